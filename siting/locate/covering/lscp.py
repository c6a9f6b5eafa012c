"""Set covering: the fewest stations, or the least money, such that a share of all persons is covered."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.choice import break_ties, lists_of
from siting.locate.covering.cover import EXACT_SUM
from siting.locate.covering.exact import solve_instance
from siting.locate.covering.instance import CoveringInstance
from siting.locate.covering.least_cost import LeastCost, least_cost
from siting.locate.covering.reduction import Reduction, reduced
from siting.locate.deadline import Deadline
from siting.locate.highs import solver_name
from siting.locate.problem import Effort, Problem, SetCovering, Solution, Stage, nothing_found, status_of
from siting.locate.tolerances import SUM_TOLERANCE

_NO_SITES: Final = np.zeros(0, dtype=np.int64)
# The size of the largest cost, if costs are not whole numbers.
_LARGEST: Final = 1000.0


@dataclass(frozen=True)
class CoverageTarget:
    """The share of persons that must be covered, as a covering instance.

    Parameters
    ----------
    free : ndarray of int
        The sites of ``instance``: those that may be opened or not, ascending.
    forced : ndarray of int
        Sites that are opened in addition.
    instance : CoveringInstance
        The groups that neither kept nor forced sites cover; each site costs 1. Its slack is negative if no site reaches
        too many persons.
    """

    free: Ints
    forced: Ints
    instance: CoveringInstance

    @property
    def reachable(self) -> bool:
        """Whether all sites together are enough."""
        return self.instance.slack >= 0

    def plan(self, instance: CoveringInstance, chosen: Ints, should_stop: Callable[[], bool] | None = None) -> Ints:
        """Return the opened sites, with lower ones instead of higher ones if nothing else changes.

        Parameters
        ----------
        instance : CoveringInstance
            :attr:`instance` at its costs.
        chosen : ndarray of int
            A feasible choice of its sites.
        should_stop : callable, optional
            Whether to stop with the exchanges made so far.
        """
        begin = np.zeros(instance.sites, dtype=np.bool_)
        begin[chosen] = True
        lower = np.flatnonzero(break_ties(lists_of(instance), begin, instance.slack, should_stop))
        return np.sort(np.concatenate([self.free[lower], self.forced])).astype(np.int64)


def set_covering(problem: Problem, model: SetCovering, effort: Effort) -> Solution:
    r"""Choose the fewest sites, or those of least cost, that cover a share of all persons, and prove the result.

    The location set covering problem, in part if the share is below 1:

    .. math::

        \min \sum_j c_j x_j \quad \text{subject to} \quad
        z_i + \sum_{j \in N(i)} x_j \ge 1 \;\forall i, \quad \sum_i w_i z_i \le (1 - \alpha) \sum_i w_i, \quad
        \sum_j x_j \le p, \quad x_j \in \{0, 1\}, \; 0 \le z_i \le 1

    - :math:`x_j` is 1 if site j is opened (1 for kept and forced, 0 for forbidden sites),
    - :math:`z_i` is 1 if the persons at point i stay uncovered,
    - :math:`w_i` are the persons at i (``people``),
    - :math:`N(i)` are the sites that reach i within the cut-off,
    - :math:`c_j` is 1, or with ``by_cost`` the cost of j, and 0 for kept sites,
    - :math:`\alpha` is the ``share``, and p the most ``stations``, if the rules say.

    Exact reduction comes first (groups of points with equal sites; sites and groups that others imply; sites that a
    group needs; independent parts); then greedy choices and local search, a Lagrangian bound by subgradient steps,
    sites fixed by their reduced costs, and HiGHS on the rest.

    Parameters
    ----------
    problem : Problem
        A plain problem: ``rules`` has only kept, forced and forbidden sites, the most stations, and costs.
    model : SetCovering
        The share, and whether costs count. ``unit_share`` is None.
    effort : Effort
        When to stop.

    Returns
    -------
    Solution
        One stage, ``"stations"`` (the opened sites, with forced ones) or ``"cost"``. Infeasible, blocked by ``"reach"``
        if all sites together cover too few, by ``"stations"`` and ``"share"`` if it is proved that so many stations
        cover too few, by ``"stations"`` and ``"forced"`` if more are forced, by ``"forced"`` if a forced site is
        forbidden. If the search was stopped before it found a plan with so many stations, ``status`` is ``"unknown"``,
        and the stage's objective is infinite.

    Raises
    ------
    ValueError
        The problem is not plain, the model asks for a share in each unit, or for the least cost without costs.

    References
    ----------
    Toregas, C., Swain, R., ReVelle, C. and Bergman, L. (1971). The location of emergency service facilities. Operations
    Research 19(6), 1363-1373. Caprara, A., Fischetti, M. and Toth, P. (1999). A heuristic method for the set covering
    problem. Operations Research 47(5), 730-743. Daskin, M. and Owen, S. (1999). Two new location covering problems: the
    partial p-center problem and the partial set covering problem. Geographical Analysis 31(3), 217-235.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Effort, Ended, Problem, SetCovering
    >>> from siting.locate.covering import set_covering
    >>> reach = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    >>> problem = Problem(csr_array(reach * 60.0), np.array([40.0, 50.0, 60.0, 30.0]))
    >>> found = set_covering(problem, SetCovering(), Effort())
    >>> found.chosen.tolist(), found.objective, found.status
    ([0, 2], 2.0, 'optimal')
    >>> set_covering(problem, SetCovering(share=0.6), Effort()).chosen.tolist()
    [1]
    """
    _refuse(problem, model)
    clash = problem.clash
    if clash == ("forced",):
        return nothing_found("proved", solver_name(), *clash)
    deadline, wanted = Deadline(effort), coverage_target(problem, model.share)
    if not wanted.reachable:
        return nothing_found("proved", solver_name(), "reach")
    if clash:
        return nothing_found("proved", solver_name(), *clash)
    most = math.inf if problem.rules.stations is None else problem.rules.stations - len(wanted.forced)
    if model.by_cost:
        return _by_cost(problem, wanted, deadline, most)
    found = least_cost(wanted.instance, deadline, most=most)
    return _of_number(wanted, found, deadline, most)


def _refuse(problem: Problem, model: SetCovering) -> None:
    if not problem.is_plain or model.unit_share is not None:
        message = "set_covering takes plain problems and no share by unit"
        raise ValueError(message)
    if model.by_cost and problem.rules.costs is None:
        message = "the least cost needs costs"
        raise ValueError(message)


def _unknown(found: LeastCost, stage: Literal["stations", "cost"], bound: float) -> Solution:
    stages = (Stage(stage, "min", math.inf, bound),)
    return Solution(_NO_SITES, "unknown", stages, found.ended, solver_name())


def _of_number(wanted: CoverageTarget, found: LeastCost, deadline: Deadline, most: float) -> Solution:
    forced = len(wanted.forced)
    if found.bound > most:
        return nothing_found("proved", solver_name(), "stations", "share")
    if len(found.chosen) > most:
        return _unknown(found, "stations", forced + found.bound)
    chosen = wanted.plan(wanted.instance, found.chosen, deadline.should_stop)
    stages = (Stage("stations", "min", float(len(chosen)), forced + found.bound),)
    ended, first = found.ended, forced + found.first
    return Solution(chosen, status_of(stages), stages, ended, solver_name(), first_objective=first)


def _by_cost(problem: Problem, wanted: CoverageTarget, deadline: Deadline, most: float) -> Solution:
    costs = problem.rules.costs
    assert costs is not None  # noqa: S101 - refused before
    instance, unit = priced(wanted.instance, costs[wanted.free])
    base = math.fsum(costs[wanted.forced])
    found = least_cost(instance, deadline)
    if len(found.chosen) > most:
        fewest = least_cost(wanted.instance, deadline, most=most, any_will_do=True)
        if fewest.bound > most:
            return nothing_found("proved", solver_name(), "stations", "share")
        if len(fewest.chosen) > most:
            return _unknown(fewest, "cost", base + unit * found.bound)
        found = _of_so_many(instance, fewest.chosen, found, deadline, int(most))
    chosen = wanted.plan(instance, found.chosen, deadline.should_stop)
    objective = math.fsum(costs[chosen])
    # The objective is a sum of other floats than the bound.
    proved = found.bound >= float(instance.cost[found.chosen].sum())
    bound = objective if proved else min(base + unit * found.bound, objective)
    stages = (Stage("cost", "min", objective, bound),)
    first = base + unit * found.first
    return Solution(chosen, status_of(stages), stages, found.ended, solver_name(), first_objective=first)


def _of_so_many(instance: CoveringInstance, begin: Ints, free: LeastCost, deadline: Deadline, most: int) -> LeastCost:
    """Return the least cost of at most so many sites, from an initial choice and the least cost of any number."""
    effort = replace(deadline.left(report=deadline.effort.report), rel_gap=0.0)
    chosen, run = solve_instance(instance, begin, effort, most)
    cost, first = float(instance.cost[chosen].sum()), float(instance.cost[begin].sum())
    if run.stopped_by == "infeasible":
        # A choice exists: HiGHS lost it, so its result proves nothing.
        return LeastCost(chosen, free.bound, "solver", first)
    bound = cost if run.stopped_by == "proved" else max(free.bound, instance.rounded_up(run.bound))
    return LeastCost(chosen, bound, run.stopped_by, first)


def coverage_target(problem: Problem, share: float) -> CoverageTarget:
    """Return the covering instance for a share of all persons, including those that no site reaches.

    If persons are not whole numbers, they are counted in units so small that their sums stay exact; a share is reached
    if it is missed by at most the possible float error.
    """
    people = problem.people
    found = reduced(problem, value=people, dominated=False)
    total = math.fsum(people)
    sites = np.concatenate([np.flatnonzero(problem.kept), found.forced, found.sites])
    reached = np.zeros(len(people), dtype=np.bool_)
    for site in sites:
        reached[problem.points_of(int(site))] = True
    lost = math.fsum(people[~reached])
    weight = found.cover.weight
    if share >= 1:
        slack = 0.0 if lost == 0 else -1.0
        weight = weight if found.whole else np.ones(len(weight))
    elif found.whole:
        slack = total - math.ceil(share * total * (1.0 - SUM_TOLERANCE)) - lost
    else:
        off = max(SUM_TOLERANCE, 2.0 * len(weight) / EXACT_SUM) * total
        unit = 2.0 ** (math.floor(math.log2(EXACT_SUM / total)) - 1)
        weight = np.maximum(np.rint(weight * unit), 1.0)
        slack = float(math.floor((total * (1.0 - share) + off - lost) * unit))
    return CoverageTarget(found.sites, found.forced, _core(found, weight, slack))


def _core(found: Reduction, weight: Floats, slack: float) -> CoveringInstance:
    cover, ones = found.cover, np.ones(len(found.sites))
    return CoveringInstance(cover.start, cover.group, cover.group_start, cover.site, weight, ones, slack, whole=True)


def priced(instance: CoveringInstance, costs: Floats) -> tuple[CoveringInstance, float]:
    """Return an instance with costs in units, and the unit: the greatest common divisor of whole costs."""
    if np.all(costs == np.rint(costs)) and costs.sum() < EXACT_SUM:
        unit, whole = float(np.gcd.reduce(costs.astype(np.int64), initial=0)) or 1.0, True
    else:
        unit, whole = 2.0 ** math.floor(math.log2(float(costs.max()) / _LARGEST)), False
    lists = (instance.start, instance.group, instance.group_start, instance.site)
    return CoveringInstance(*lists, instance.weight, costs / unit, instance.slack, whole), unit
