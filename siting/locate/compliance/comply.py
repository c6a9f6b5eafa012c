"""The least cost at which chosen clauses hold together, or the least that must be left short, clause by clause."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from siting.domain.clauses import Finding
from siting.domain.requirements import Requirement
from siting.locate.compliance.first import first_plan
from siting.locate.compliance.search import Search, Step, search_of
from siting.locate.compliance.system import system_of
from siting.locate.highs import solver_name
from siting.locate.milp.constraints import site_constraints
from siting.locate.problem import Bools, Effort, Ended, Problem, Solution, Stage, status_of, without_plan

_COLUMNS: Final = ("clause_id", "level", "id", "force", "required", "provided", "shortfall")
# Without a first plan that holds, so much of the time goes to finding whether there is one.
_TRIAL: Final = 1 / 3
# What ends an unfinished search, the gravest first.
_GRAVEST: Final[tuple[Ended, ...]] = ("interrupt", "solver", "time", "nodes")


@dataclass(frozen=True)
class Outcome:
    """What a plan makes of one requirement.

    Parameters
    ----------
    requirement : Requirement
        What is asked.
    finding : Finding
        What is provided in all, and how the clause is judged then.
    """

    requirement: Requirement
    finding: Finding


@dataclass(frozen=True)
class Compliance(Solution):
    """A plan held to clauses; ``status`` is ``"relaxed"`` where they cannot hold together.

    ``stages`` are then the sums of shortfall ÷ required of each rank that is not met by what stands (and does not say
    the same as an earlier one), and at last the cost, or the number of stations where rows have no costs; otherwise the
    cost alone. Each stage says whether it is proved.

    Parameters
    ----------
    chosen : ndarray of int
        Open rows.
    status : str
        ``"optimal"``, ``"feasible"``, ``"relaxed"``, ``"infeasible"`` or ``"unknown"``.
    stages : tuple of Stage
        The objectives in order.
    stopped_by : str
        What ended the search.
    solver : str
        Its name and version.
    served : csr_array or None
        Always None: capacity asks nothing here.
    first_objective : float
        What the first good plan reached.
    blocked_by : tuple of str
        Always empty.
    outcomes : tuple of Outcome
        What becomes of each requirement, in their order.
    clauses : tuple of tuple of str
        In step with ``stages``: of a sum of shortfalls the clauses that it stands for, as ``ID@LEVEL``; nothing of the
        cost.
    """

    outcomes: tuple[Outcome, ...] = ()
    clauses: tuple[tuple[str, ...], ...] = ()

    @property
    def shortfalls(self) -> pd.DataFrame:
        """What falls short of which clause where, by rank, the largest part of what is required first.

        ``clause_id``, ``level``, ``id``, ``force``, ``required``, ``provided`` and ``shortfall``, in the unit of the
        clause.
        """
        short = [each for each in self.outcomes if each.finding.verdict != "met"]
        short.sort(key=lambda each: (each.requirement.rank, -each.finding.shortfall / each.finding.required))
        rows = [
            (one.clause, one.level, one.place, one.force, found.required, found.provided_low, found.shortfall)
            for one, found in ((each.requirement, each.finding) for each in short)
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS))


def comply(problem: Problem, requirements: Sequence[Requirement], effort: Effort) -> Compliance:
    r"""Choose the cheapest rows such that all requirements are met together, or fall short as little as can be.

    With :math:`x_j` = 1 if row j is open, :math:`y_i` = 1 if an open row reaches member i of a place, :math:`c_j` the
    cost of row j (1 without costs), and for each requirement m what it asks (:math:`r_m`), what stands (:math:`e_m`),
    what row j adds (:math:`a_{mj}`) and what its members are worth (:math:`w_{mi}`):

    .. math::

        \min \sum_j c_j x_j \quad \text{subject to} \quad
        & e_m + \sum_j a_{mj} x_j + \sum_i w_{mi} y_i \ge r_m && \forall m \\
        & y_i \le \sum_{j \in N(i)} x_j, \quad 0 \le y_i \le 1, \quad x_j \in \{0, 1\}

    and the rules of the problem (:func:`~siting.locate.milp.constraints.site_constraints`). Where these are infeasible,
    a shortfall :math:`s_m \ge 0` joins the left side, and one rank after the other minimises its
    :math:`\sum_m s_m / r_m` without making that of a lower rank worse; then the cost, without making any worse.

    Parameters
    ----------
    problem : Problem
        The rows and rules. People and times are not looked at, since requirements bear them; capacity asks nothing.
    requirements : sequence of Requirement
        Clauses, each upon a place.
    effort : Effort
        When to stop. The seconds are shared out among what is still to be proved. ``report`` is told in the unit of
        each stage.

    Returns
    -------
    Compliance
        ``status`` is ``"optimal"`` where all hold at a cost proved to be the least, ``"feasible"`` where the proof is
        missing, ``"relaxed"`` where something falls short, ``"infeasible"`` where the rules themselves clash (or, with
        ``stopped_by`` other than ``"proved"``, where nothing that keeps to them was found in time). ``blocked_by`` is
        left empty.

    Raises
    ------
    ValueError
        What rows add is not one finite number a row, none of them negative.

    Notes
    -----
    Source: covering as in Toregas et al. 1971 and Church and ReVelle 1974; relaxed by goal programming (Charnes
    and Cooper 1961), in order of priority (Ijiri 1965). Rows that mend nothing are not opened.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.domain.requirements import Requirement
    >>> from siting.locate.compliance import comply
    >>> from siting.locate.problem import Effort, Problem, Rules
    >>> land = np.array([300.0, 500.0, 700.0])
    >>> problem = Problem(csr_array((3, 1)), np.ones(1), Rules(costs=np.array([2e6, 3e6, 6e6])))
    >>> need = Requirement("x/land", "district", "d", "mandatory", "land", 1000.0, 200.0, land)
    >>> found = comply(problem, [need], Effort())
    >>> found.chosen.tolist(), found.objective, found.status
    ([0, 1], 5000000.0, 'optimal')
    """
    for each in requirements:
        if each.add.shape != (problem.sites,) or not np.all(np.isfinite(each.add) & (each.add >= 0)):
            message = f"add of {each.clause} upon {each.place} must hold {problem.sites} finite numbers, none negative"
            raise ValueError(message)
    system = system_of(problem, requirements)
    search = search_of(problem, system, site_constraints(problem), effort)
    opened = first_plan(system, search.room, search.costs, search.deadline.should_stop)
    found = None
    if not system.least.any():
        found = _holding(search, opened)
    if found is None:
        found = _relaxed(search, opened)
    first = math.nan if opened is None else search.cost(opened)
    return replace(found, first_objective=first, outcomes=_outcomes(problem, found, requirements))


def _holding(search: Search, opened: Bools | None) -> Compliance | None:
    """Return the cheapest rows with which everything holds; None where there are none, or none were found."""
    holds = opened is not None and not search.system.shortfalls(opened).any()
    step = search.cheapest(opened if holds else None, None, search.deadline.seconds * (1.0 if holds else _TRIAL))
    if step.opened is None and step.ended == "interrupt":
        return _solution(search, _left(search, 0, replace(step, opened=opened)) or (step,))
    return None if step.opened is None else _solution(search, (step,))


def _relaxed(search: Search, opened: Bools | None) -> Compliance:
    """Take the clauses in order, each with its least shortfall, then the cost."""
    steps: tuple[Step, ...] = ()
    caps = np.zeros(0)
    for stage in range(search.system.stages):
        if steps and steps[-1].ended == "interrupt":
            return _solution(search, (*steps, *_left(search, stage, steps[-1])))
        seconds = search.deadline.seconds / (search.system.stages + 1 - stage)
        steps = (*steps, search.least_short(opened, stage, caps, seconds))
        opened = steps[-1].opened
        if opened is None:
            return _solution(search, steps)
        caps = search.system.by_stage(np.maximum(search.system.raw(opened), search.system.least))[: stage + 1]
    if steps and steps[-1].ended == "interrupt":
        return _solution(search, (*steps, *_left(search, search.system.stages, steps[-1])))
    return _solution(search, (*steps, search.cheapest(opened, caps, search.deadline.seconds)))


def _left(search: Search, stage: int, last: Step) -> tuple[Step, ...]:
    """Return the stages from one on as they are with the last rows found; nothing is proved of them."""
    system, opened = search.system, last.opened
    if opened is None:
        return ()
    values, floors = system.values(opened), system.by_stage(system.least)
    stages = [Stage("shortfall", "min", float(values[at]), float(floors[at])) for at in range(stage, system.stages)]
    cost = Stage("cost" if search.by_cost else "stations", "min", search.cost(opened), 0.0)
    return tuple(Step(opened, each, last.ended) for each in (*stages, cost))


def _solution(search: Search, steps: tuple[Step, ...]) -> Compliance:
    ends = {step.ended for step in steps}
    ended: Ended = next((each for each in _GRAVEST if each in ends), "proved")
    opened = steps[-1].opened
    if opened is None:
        return Compliance(np.zeros(0, dtype=np.int64), without_plan(ended), (), ended, solver_name())
    stages = tuple(step.stage for step in steps)
    short = bool(search.system.shortfalls(opened).any())
    chosen = np.flatnonzero(opened & ~search.problem.kept)
    # Sums of shortfalls stand first, in the order of the ranks; then the cost.
    told = (*search.system.clauses[: len(stages) - 1], ())
    return Compliance(chosen, "relaxed" if short else status_of(stages), stages, ended, solver_name(), clauses=told)


def _outcomes(problem: Problem, found: Compliance, requirements: Sequence[Requirement]) -> tuple[Outcome, ...]:
    opened = np.zeros(problem.sites, dtype=np.bool_)
    opened[found.chosen] = True
    return tuple(Outcome(each, each.finding(opened)) for each in requirements)
