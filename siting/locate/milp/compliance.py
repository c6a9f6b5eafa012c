"""Compliance: the cheapest sites that meet clauses together, or the least shortfalls, as lexicographic objectives."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import pandas as pd
from scipy.sparse import block_array, csr_array, eye_array

from siting.domain.clauses import Finding
from siting.domain.nouns import Floats
from siting.domain.requirements import Requirement
from siting.locate.deadline import Deadline, keeps_first_plan
from siting.locate.milp.assignment import ServiceVariables
from siting.locate.milp.constraints import ConstraintBlock, satisfies
from siting.locate.milp.demand_groups import Groups
from siting.locate.milp.evaluate import Evaluation, evaluate
from siting.locate.milp.formulation import DependentVariables, LexicographicMilp
from siting.locate.milp.greedy import SiteLimits, site_limits
from siting.locate.milp.lexicographic import solve_from
from siting.locate.milp.models import cost_objective, stations_objective
from siting.locate.milp.objectives import Objective
from siting.locate.milp.requirements import RequirementSystem, system_of
from siting.locate.milp.ties import without_redundant
from siting.locate.problem import Bools, Effort, Ended, Problem, Solution
from siting.locate.tolerances import SUM_TOLERANCE

_COLUMNS: Final = ("clause_id", "level", "id", "force", "required", "provided", "shortfall")
# If the first plan does not meet all requirements, this part of the time is spent on finding whether any plan does.
_TRIAL: Final = 1 / 3
# HiGHS satisfies rows within 1e-9: in rows of this scale that is less than the slack of a clause.
ROW_SCALE: Final = 16.0


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


@keeps_first_plan
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
    >>> from siting.locate.milp import comply
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
    problem = problem.under(capacity=None)
    system = system_of(problem, requirements)
    deadline = Deadline(effort)
    relaxed = compliance_milp(problem, system, relaxed=True)
    first = _first_plan(relaxed, system, deadline.should_stop)
    found = None
    if not system.least.any():
        strict = compliance_milp(problem, system, relaxed=False)
        plan = None if first is None else evaluate(strict, first.chosen)
        found = solve_from(strict, plan, deadline.left(1.0 if plan is not None else _TRIAL, effort.report))
    if found is None or not found.stages:
        stopped: Ended = "interrupt" if found is not None and found.stopped_by == "interrupt" else "proved"
        found = solve_from(relaxed, first, deadline.left(report=effort.report), stopped)
    opened = relaxed.opened(found.chosen) > 0
    told = {each.name: getattr(found, each.name) for each in fields(Solution)}
    if found.stages and system.shortfalls(opened).any():
        told["status"] = "relaxed"
    told["first_objective"] = math.nan if first is None else first.objective_values[-1]
    # The sums of shortfalls come first, in the order of the ranks; then the cost.
    clauses = (*system.clauses[: len(found.stages) - 1], ()) if found.stages else ()
    return Compliance(**told, outcomes=outcomes_of(problem, requirements, opened), clauses=clauses)


def outcomes_of(problem: Problem, requirements: Sequence[Requirement], opened: Bools) -> tuple[Outcome, ...]:
    """Return what the open sites achieve for each requirement."""
    return tuple(Outcome(each, each.finding(opened & ~problem.kept)) for each in requirements)


def compliance_milp(problem: Problem, system: RequirementSystem, *, relaxed: bool) -> LexicographicMilp:
    r"""Return the program of compliance; the variables are sites x, groups y and shortfalls s.

    .. math::

        & \sum_j a_{mj} x_j + \sum_g w_{mg} y_g + s_m \ge d_m, \quad l_m \le s_m \le d_m && \forall m \\
        & y_g \le \sum_{j \in N(g)} x_j, \quad 0 \le y_g \le 1 && \forall g

    Parameters
    ----------
    problem : Problem
        The sites and rules.
    system : RequirementSystem
        The requirements.
    relaxed : bool
        Whether shortfalls are allowed: then those of each rank are minimised before the cost. Otherwise s = 0.

    Returns
    -------
    LexicographicMilp
        The objectives ``"shortfall"`` of each rank if relaxed, then ``"cost"``, or ``"stations"`` without costs.
    """
    sites, (groups, needs) = problem.sites, (system.reach.shape[0], len(system.deficit))
    width = sites + groups + needs
    need = csr_array(block_array([[system.add, system.worth, eye_array(needs)]], format="csr"))
    need.data = np.asarray(need.data, dtype=np.float64) * ROW_SCALE
    none = np.zeros(needs)
    shortfalls = DependentVariables(
        lower=system.least if relaxed else none,
        upper=np.maximum(system.deficit, system.least) if relaxed else none,
        tolerance=system.slack,
        of=lambda opened, _: np.maximum(system.raw(opened > 0), system.least),
    )
    costs = problem.rules.costs
    by_cost = costs is not None and bool(np.any(costs[~problem.kept] > 0))
    last = cost_objective(problem, width) if by_cost else stations_objective(problem, width)
    ranks = range(system.stages if relaxed else 0)
    return LexicographicMilp(
        problem,
        _reached(system),
        (ConstraintBlock(None, need, system.deficit * ROW_SCALE, np.full(needs, np.inf)),),
        (*(shortfall_objective(system, rank, width - needs, width) for rank in ranks), last),
        dependent=shortfalls,
    )


def _reached(system: RequirementSystem) -> ServiceVariables:
    """Return which groups of members open sites reach, as variables that count nothing by themselves."""
    groups = system.reach.shape[0]
    link = csr_array(block_array([[-system.reach, eye_array(groups)]], format="csr"))
    nothing, none = np.zeros(groups), np.zeros(0, dtype=np.int64)
    no_units = csr_array((0, groups))
    return ServiceVariables(
        groups=Groups(np.zeros(groups + 1, dtype=np.int64), none, np.zeros(0), none, nothing, nothing, no_units),
        persons=nothing,
        value=nothing,
        seconds=nothing,
        units=no_units,
        base_persons=0.0,
        base_value=0.0,
        base_units=np.zeros(0),
        blocks=(ConstraintBlock(None, link, np.full(groups, -np.inf), np.zeros(groups)),),
        fill=lambda opened: system.reached(opened > 0),
        whole=True,
    )


def shortfall_objective(system: RequirementSystem, rank: int, first: int, width: int) -> Objective:
    """Return the sum of shortfalls of one rank; its step is 1 if each of them asks for one site of a set.

    The shortfalls are the variables from ``first`` on, of ``width`` in total.
    """
    mine = system.stage == rank
    weights, negligible = np.zeros(width), np.zeros(width)
    own = slice(first, first + len(mine))
    weights[own], negligible[own] = mine, system.slack
    numbers = np.flatnonzero(mine)
    counted = np.all(system.deficit[numbers] == 1.0) and np.all(system.add[numbers].data == 1.0)
    whole = bool(counted) and system.worth[numbers].nnz == 0
    return Objective("shortfall", "min", weights, step=float(whole), negligible=negligible)


def _first_plan(
    milp: LexicographicMilp, system: RequirementSystem, should_stop: Callable[[], bool]
) -> Evaluation | None:
    """Open the required sites, then rank by rank the site with the highest gain for its cost; remove redundant sites.

    Returns
    -------
    Evaluation or None
        None if the required sites violate a rule.
    """
    problem = milp.problem
    costs = milp.objectives[-1].weights[: problem.sites]
    limits = site_limits(milp)
    opened = required_sites(problem, limits, costs)
    if not _satisfied(milp, opened):
        return None
    # A free site is better than any site that costs something.
    prices = np.maximum(costs, costs.max(initial=0.0) * SUM_TOLERANCE + SUM_TOLERANCE)
    barred = np.zeros_like(opened)
    for stage in range(system.stages):
        wanted = np.flatnonzero(system.stage == stage)
        add, worth = csr_array(system.add[wanted]), csr_array(system.worth[wanted])
        while not should_stop():
            lacks = system.shortfalls(opened)[wanted]
            may = limits.allowed(opened, limits.slack(opened)) & ~barred
            gains = np.where(may, gains_of(add, worth, system, opened, lacks), 0.0)
            if gains.max(initial=0.0) <= SUM_TOLERANCE:
                break
            best = np.argmax(np.where(gains > SUM_TOLERANCE, gains / prices, 0.0))
            opened[best] = True
            # Only this check adds costs up exactly.
            barred[best] = not _satisfied(milp, opened)
            opened[best] = not barred[best]
    plan = evaluate(milp, np.flatnonzero(opened & ~problem.kept))
    return None if plan is None else without_redundant(milp, plan)


def _satisfied(milp: LexicographicMilp, opened: Bools) -> bool:
    return satisfies(milp.problem, np.flatnonzero(opened & ~milp.problem.kept), milp.site_constraints)


def required_sites(problem: Problem, limits: SiteLimits, costs: Floats) -> Bools:
    """Return the kept and forced sites, and the cheapest site of each occupied place."""
    opened = problem.kept.copy()
    for must in limits.required:
        sites = must[problem.open_to_choice[must]]
        if len(sites) and not opened[sites].any():
            opened[sites[np.argmin(costs[sites])]] = True
    return opened


def gains_of(add: csr_array, worth: csr_array, system: RequirementSystem, opened: Bools, lacks: Floats) -> Floats:
    """Return by how much each site alone lowers the shortfalls of the given requirements."""
    unreached = 1.0 - system.reached(opened)
    more = csr_array(add + worth.multiply(unreached[None, :]).tocsr() @ system.reach)
    capped = np.minimum(more.data, np.repeat(lacks, np.diff(more.indptr)))
    return np.bincount(more.indices, weights=capped, minlength=add.shape[1]).astype(np.float64)
