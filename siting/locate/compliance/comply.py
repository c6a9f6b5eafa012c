"""The least cost at which the chosen clauses are met together, or the least shortfalls, clause by clause."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from siting.domain.clauses import Finding
from siting.domain.requirements import Requirement
from siting.locate.compliance.greedy import first_plan
from siting.locate.compliance.search import Search, Step, search_of
from siting.locate.compliance.system import system_of
from siting.locate.highs import solver_name
from siting.locate.milp.constraints import site_constraints
from siting.locate.problem import Bools, Effort, Ended, Problem, Solution, Stage, status_of, without_plan

_COLUMNS: Final = ("clause_id", "level", "id", "force", "required", "provided", "shortfall")
# If the first plan does not meet all requirements, this part of the time is spent on finding whether any plan does.
_TRIAL: Final = 1 / 3
# Reasons why a search ends without proof, the most serious first.
_GRAVEST: Final[tuple[Ended, ...]] = ("interrupt", "solver", "time", "nodes")


@dataclass(frozen=True)
class Outcome:
    """What a plan achieves for one requirement.

    Parameters
    ----------
    requirement : Requirement
        What is asked.
    finding : Finding
        What is provided in total, and how the clause is judged then.
    """

    requirement: Requirement
    finding: Finding


@dataclass(frozen=True)
class Compliance(Solution):
    """A plan that must meet clauses; ``status`` is ``"relaxed"`` if they cannot be met together.

    If all clauses are met, the only stage is the cost, or the number of stations if sites have no costs. Otherwise
    ``stages`` holds for each rank the sum of shortfall ÷ required, then the cost. Ranks that the standing facilities
    meet, or that repeat an earlier rank, have no stage. Each stage tells whether it is proved.

    Parameters
    ----------
    chosen : ndarray of int
        Open sites.
    status : str
        ``"optimal"``, ``"feasible"``, ``"relaxed"``, ``"infeasible"`` or ``"unknown"``.
    stages : tuple of Stage
        The objectives in order.
    stopped_by : str
        What ended the search.
    solver : str
        Its name and version.
    served : csr_array or None
        Always None: this model has no capacity.
    first_objective : float
        The objective of the first good plan.
    blocked_by : tuple of str
        Always empty.
    outcomes : tuple of Outcome
        The outcome of each requirement, in their order.
    clauses : tuple of tuple of str
        One entry for each stage: the clauses in its sum of shortfalls, as ``ID@LEVEL``; empty for the cost.
    """

    outcomes: tuple[Outcome, ...] = ()
    clauses: tuple[tuple[str, ...], ...] = ()

    @property
    def shortfalls(self) -> pd.DataFrame:
        """The requirements that are not met, by rank, the largest relative shortfall first.

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
    r"""Choose the cheapest sites that meet all requirements together, or that leave the least shortfalls.

    With :math:`x_j` = 1 if site j is open, :math:`y_i` = 1 if an open site reaches member i of a place, and :math:`c_j`
    the cost of site j (1 without costs). Requirement m asks for :math:`r_m`; the standing facilities provide
    :math:`e_m`, site j adds :math:`a_{mj}`, and member i adds :math:`w_{mi}` once reached:

    .. math::

        \min \sum_j c_j x_j \quad \text{subject to} \quad
        & e_m + \sum_j a_{mj} x_j + \sum_i w_{mi} y_i \ge r_m && \forall m \\
        & y_i \le \sum_{j \in N(i)} x_j, \quad 0 \le y_i \le 1, \quad x_j \in \{0, 1\}

    and the rules of the problem (:func:`~siting.locate.milp.constraints.site_constraints`). If these are infeasible, a
    shortfall :math:`s_m \ge 0` is added to the left side. Then each rank in turn minimises its :math:`\sum_m s_m / r_m`
    without a worse value for the ranks before it; last, the cost is minimised without a worse value for any rank.

    Parameters
    ----------
    problem : Problem
        The sites and rules. People and times are not used, since the requirements contain them; capacity is ignored.
    requirements : sequence of Requirement
        Clauses, each for one place.
    effort : Effort
        When to stop. The seconds are divided among the stages that are not yet proved. ``report`` receives values in
        the unit of each stage.

    Returns
    -------
    Compliance
        ``status`` is ``"optimal"`` if all requirements are met at a cost that is proved least, ``"feasible"`` without
        that proof, ``"relaxed"`` if a shortfall remains, and ``"infeasible"`` if the rules themselves conflict
        (``"unknown"`` if no plan that satisfies them was found in time). ``blocked_by`` is always empty.

    Raises
    ------
    ValueError
        ``add`` of a requirement is not one finite, non-negative number for each site.

    Notes
    -----
    Source: covering as in Toregas et al. 1971 and Church and ReVelle 1974; relaxed by goal programming (Charnes and
    Cooper 1961), in order of priority (Ijiri 1965). Sites that reduce no shortfall are not opened.

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
    opened = first_plan(system, search.constraints, search.costs, search.deadline.should_stop)
    found = None
    if not system.least.any():
        found = _holding(search, opened)
    if found is None:
        found = _relaxed(search, opened)
    first = math.nan if opened is None else search.cost(opened)
    return replace(found, first_objective=first, outcomes=_outcomes(problem, found, requirements))


def _holding(search: Search, opened: Bools | None) -> Compliance | None:
    """Return the cheapest sites that meet all requirements; None if there are none, or none were found."""
    holds = opened is not None and not search.system.shortfalls(opened).any()
    step = search.cheapest(opened if holds else None, None, search.deadline.seconds * (1.0 if holds else _TRIAL))
    if step.opened is None and step.ended == "interrupt":
        return _solution(search, _left(search, 0, replace(step, opened=opened)) or (step,))
    return None if step.opened is None else _solution(search, (step,))


def _relaxed(search: Search, opened: Bools | None) -> Compliance:
    """Minimise the shortfalls clause by clause, then the cost."""
    steps: tuple[Step, ...] = ()
    fixed_shortfalls = np.zeros(0)
    for stage in range(search.system.stages):
        if steps and steps[-1].ended == "interrupt":
            return _solution(search, (*steps, *_left(search, stage, steps[-1])))
        seconds = search.deadline.seconds / (search.system.stages + 1 - stage)
        steps = (*steps, search.least_short(opened, stage, fixed_shortfalls, seconds))
        opened = steps[-1].opened
        if opened is None:
            return _solution(search, steps)
        fixed_shortfalls = search.system.by_stage(np.maximum(search.system.raw(opened), search.system.least))[
            : stage + 1
        ]
    if steps and steps[-1].ended == "interrupt":
        return _solution(search, (*steps, *_left(search, search.system.stages, steps[-1])))
    return _solution(search, (*steps, search.cheapest(opened, fixed_shortfalls, search.deadline.seconds)))


def _left(search: Search, stage: int, last: Step) -> tuple[Step, ...]:
    """Return the remaining stages with the values of the last choice, without proof."""
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
    # The sums of shortfalls come first, in the order of the ranks; then the cost.
    told = (*search.system.clauses[: len(stages) - 1], ())
    return Compliance(chosen, "relaxed" if short else status_of(stages), stages, ended, solver_name(), clauses=told)


def _outcomes(problem: Problem, found: Compliance, requirements: Sequence[Requirement]) -> tuple[Outcome, ...]:
    opened = np.zeros(problem.sites, dtype=np.bool_)
    opened[found.chosen] = True
    return tuple(Outcome(each, each.finding(opened)) for each in requirements)
