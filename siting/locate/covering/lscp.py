"""Set covering (LSCP): the fewest stations, or the least money, such that a share of all persons is covered.

Reduction, local search and bounds alternate until the least cost is proved; HiGHS proves the rest.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.exact import solve_instance
from siting.locate.covering.instance import EXACT_SUM, CoveringInstance
from siting.locate.covering.lagrangian import first_multipliers, proved_bound, slack_value, subgradient_ascent
from siting.locate.covering.local_search import Annealing, WeightingSearch, break_ties, greedy_choice
from siting.locate.covering.reduction import ReducedInstance, components, reduced, reduced_instance
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.highs import solver_name
from siting.locate.problem import (
    NOISE,
    Bools,
    Effort,
    Ended,
    Problem,
    SetCovering,
    Solution,
    Stage,
    nothing_found,
    status_of,
)
from siting.locate.tolerances import INTEGER_TOLERANCE, SUM_TOLERANCE

_NO_SITES: Final = np.zeros(0, dtype=np.int64)
# The size of the largest cost, if costs are not whole numbers.
_LARGEST: Final = 1000.0
# Rounds of subgradient steps, each followed by a greedy choice; the last rounds gain little.
_ROUNDS: Final = 36
_STEPS: Final = 50
_SLOW, _SLOWEST = 0.03, 1e-3
# Exchanges for each site at first, and in each later run.
_FIRST_BY_ROW: Final = 20
_LONG_BY_ROW: Final = 100
# Proposals of annealing: of the first run, and the growth factor of later runs.
_PROPOSALS: Final = 300_000
_LONGER: Final = 6
_RUNS: Final = 3
# Up to this number of pairs of site and group HiGHS is used before the long search.
_FEW_PAIRS: Final = 20_000


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

    def plan(self, instance: CoveringInstance, chosen: Ints, deadline: Deadline) -> Ints:
        """Return the opened sites, with lower ones instead of higher ones if nothing else changes.

        Parameters
        ----------
        instance : CoveringInstance
            :attr:`instance` at its costs.
        chosen : ndarray of int
            A feasible choice of its sites.
        deadline : Deadline
            When to stop with the exchanges made so far.
        """
        lower = break_ties(instance.cover, chosen, instance.slack, deadline.should_stop, deadline)
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


def _unknown(found: "LeastCost", stage: Literal["stations", "cost"], bound: float) -> Solution:
    stages = (Stage(stage, "min", math.inf, bound),)
    return Solution(_NO_SITES, "unknown", stages, found.ended, solver_name())


def _of_number(wanted: CoverageTarget, found: "LeastCost", deadline: Deadline, most: float) -> Solution:
    forced = len(wanted.forced)
    if found.bound > most:
        return nothing_found("proved", solver_name(), "stations", "share")
    if len(found.chosen) > most:
        return _unknown(found, "stations", forced + found.bound)
    chosen = wanted.plan(wanted.instance, found.chosen, deadline)
    stages = (Stage("stations", "min", float(len(chosen)), forced + found.bound),)
    ended, first = _last(found.ended, deadline), forced + found.first
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
    chosen = wanted.plan(instance, found.chosen, deadline)
    objective = math.fsum(costs[chosen])
    # The objective is a sum of other floats than the bound.
    proved = found.bound >= instance.cost_of(found.chosen)
    bound = objective if proved else min(base + unit * found.bound, objective)
    stages = (Stage("cost", "min", objective, bound),)
    first = base + unit * found.first
    return Solution(
        chosen, status_of(stages), stages, _last(found.ended, deadline), solver_name(), first_objective=first
    )


def _last(ended: Ended, deadline: Deadline) -> Ended:
    """Return why a search ended, whose ties may have been broken until Ctrl-C."""
    return "interrupt" if deadline.ended == "interrupt" else ended


def _of_so_many(
    instance: CoveringInstance, begin: Ints, free: "LeastCost", deadline: Deadline, most: int
) -> "LeastCost":
    """Return the least cost of at most so many sites, from an initial choice and the least cost of any number."""
    effort = replace(deadline.left(report=deadline.effort.report), rel_gap=0.0)
    chosen, run = solve_instance(instance, begin, effort, most)
    cost, first = instance.cost_of(chosen), instance.cost_of(begin)
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
    cover = found.cover._replace(weight=weight)
    return CoverageTarget(found.sites, found.forced, CoveringInstance(cover, slack, whole=True))


def priced(instance: CoveringInstance, costs: Floats) -> tuple[CoveringInstance, float]:
    """Return an instance with costs in units, and the unit: the greatest common divisor of whole costs."""
    if np.all(costs == np.rint(costs)) and costs.sum() < EXACT_SUM:
        unit, whole = float(np.gcd.reduce(costs.astype(np.int64), initial=0)) or 1.0, True
    else:
        unit, whole = 2.0 ** math.floor(math.log2(float(costs.max()) / _LARGEST)), False
    return CoveringInstance(instance.cover._replace(cost=costs / unit), instance.slack, whole), unit


# --- least cost -------------------------------------------------------------------------------------------------------


@dataclass
class Part:
    """An independent part of an instance, the best choice of its sites so far, and its lower bound.

    ``sites`` are its sites' numbers in the whole instance. ``multipliers`` are the best so far.
    """

    instance: CoveringInstance
    sites: Ints
    best: Bools
    bound: float = 0.0
    multipliers: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def cost(self) -> float:
        """The cost of the best choice."""
        return self.instance.cost_of(self.best)

    @property
    def open(self) -> bool:
        """Whether a gap is left."""
        return self.bound < self.cost - (1.0 - INTEGER_TOLERANCE if self.instance.whole else NOISE * self.cost)

    def raise_bound(self, bound: float) -> None:
        """Accept a bound if it is better."""
        self.bound = min(max(self.bound, self.instance.rounded_up(bound)), self.cost)

    def take(self, best: Bools) -> None:
        """Accept a choice if it is better."""
        if self.instance.cost_of(best) < self.cost:
            self.best = best


@dataclass(frozen=True)
class LeastCost:
    """The best choice of an instance's sites, its lower bound, and why the search ended."""

    chosen: Ints
    bound: float
    ended: Ended
    first: float


class LeastCostSearch:
    """The search for an instance's least cost.

    Parameters
    ----------
    instance : CoveringInstance
        The instance; choosing all sites is feasible.
    deadline : Deadline
        When to stop.
    most : float, default inf
        The search ends when it is proved that every choice costs more.
    any_will_do : bool, default False
        Whether it ends too when some choice costs no more than that.
    """

    def __init__(
        self, instance: CoveringInstance, deadline: Deadline, *, most: float = math.inf, any_will_do: bool = False
    ) -> None:
        self.instance, self.deadline, self.most, self.any_will_do = instance, deadline, most, any_will_do
        small = reduced_instance(instance, opened=instance.cover.cost <= 0, should_stop=deadline.should_stop)
        assert small.instance is not None, "choosing all sites is feasible"  # noqa: S101
        self.taken = small.taken
        self.parts: list[Part] = []
        self._told = (math.inf, -math.inf)
        self.first = math.nan
        for sites, groups in components(small.instance):
            if len(groups):
                part = small.instance.part(sites, groups, small.instance.slack)
                begin = np.zeros(part.sites, dtype=np.bool_)
                self.parts.append(Part(part, small.sites[sites], greedy_choice(part, begin, part.priority)))
        self.first = self.cost

    @property
    def chosen(self) -> Ints:
        """The sites of the best choice."""
        return np.sort(np.concatenate([self.taken, *(part.sites[part.best] for part in self.parts)]))

    @property
    def cost(self) -> float:
        """The cost of the best choice."""
        return self.instance.cost_of(self.chosen)

    @property
    def bound(self) -> float:
        """The lower bound."""
        return self.instance.cost_of(self.taken) + math.fsum(part.bound for part in self.parts)

    def run(self) -> LeastCost:
        """Search until optimality is proved, or the search must stop."""
        with Interruptible(self.deadline):
            for part in self.parts:
                self._look(part)
            for part in sorted(self.parts, key=lambda each: len(each.instance.cover.group)):
                self._finish(part)
        done = not any(part.open for part in self.parts)
        return LeastCost(self.chosen, self.cost if done else self.bound, self._ended(), self.first)

    def _ended(self) -> Ended:
        if not any(part.open for part in self.parts) or self.deadline.ended is None:
            return "proved"
        return self.deadline.ended

    def _stops(self) -> bool:
        """Tell whether to stop, and report a better cost or bound."""
        cost, bound = self.cost, self.bound
        if self.deadline.effort.report is not None and (cost, -bound) < (self._told[0], -self._told[1]):
            self.deadline.effort.report(cost, bound)
        self._told = (cost, bound)
        return self._enough(cost, bound) or self.deadline.should_stop()

    def _enough(self, cost: float, bound: float) -> bool:
        if bound > self.most or (self.any_will_do and cost <= self.most):
            return True
        # A gap within ``rel_gap`` is enough only for an allowed choice.
        return cost <= self.most and cost - bound <= self.deadline.effort.rel_gap * cost

    def _look(self, part: Part, rounds: int = _ROUNDS) -> None:
        """Raise the bound by subgradient steps, and construct a choice from the reduced costs of each round."""
        if part.instance.slack <= 0:
            self._exchange(part, _FIRST_BY_ROW, self.deadline.effort.seed)
        found = first_multipliers(part.instance)
        if len(part.multipliers):
            found.now[:] = part.multipliers
        for _ in range(rounds):
            if not part.open or self._stops():
                return
            before = found.bound
            subgradient_ascent(part.instance, found, part.cost, _STEPS, self.deadline.should_stop)
            bound, reduced = proved_bound(part.instance, found.best)
            part.raise_bound(bound)
            part.multipliers = found.best
            part.take(greedy_choice(part.instance, reduced < 0, part.instance.priority))
            if found.pace < _SLOWEST or (found.pace < _SLOW and found.bound - before < _SLOWEST * (part.cost - bound)):
                break

    def _finish(self, part: Part) -> None:
        """Prove a part, or get as close as the effort allows."""
        if not part.open or self._stops():
            return
        if len(part.instance.cover.group) > _FEW_PAIRS or not self._exact(part, few=True):
            self._search_long(part)
            if part.open and not self._stops():
                self._look(part)
            if part.open and not self._stops():
                self._exact(part, few=False)

    def _exchange(self, part: Part, by_row: int, seed: int) -> None:
        """Exchange sites, the given number of times for each site."""
        exchange, more = WeightingSearch(part.instance, part.best, by_row * part.instance.sites, seed), part.open
        while more and not self._stops():
            try:
                more = exchange.turn(self.deadline.should_stop)
            finally:
                part.take(exchange.best.copy())

    def _search_long(self, part: Part) -> None:
        instance, seed = part.instance, self.deadline.effort.seed
        if instance.slack <= 0:
            for run in range(_RUNS):
                self._exchange(part, _LONG_BY_ROW, seed + run + 1)
            return
        free = ~instance.must
        unit_value = (
            slack_value(part.multipliers[free], instance.cover.weight[free], instance.slack)[1]
            if len(part.multipliers)
            else 0.0
        )
        cover = instance.cover
        unit_value = unit_value or float(cover.cost.mean()) * cover.sites / float(cover.weight.sum())
        for run in range(_RUNS):
            temperature = Annealing(instance, part.best, unit_value, _PROPOSALS * _LONGER**run, seed + run)
            more = part.open
            while more and not self._stops():
                try:
                    more = temperature.turn(self.deadline.should_stop)
                finally:
                    part.take(temperature.best.copy())

    def _exact(self, part: Part, *, few: bool) -> bool:
        """Fix sites by reduced cost and let HiGHS prove the rest; tell whether that was tried."""
        instance = part.instance
        bound, reduced = proved_bound(instance, part.multipliers)
        room = part.cost - (1.0 - INTEGER_TOLERANCE if instance.whole else 0.0) - bound
        small = reduced_instance(
            instance, closed=reduced > room, opened=-reduced > room, should_stop=self.deadline.should_stop
        )
        if small.instance is None:
            part.raise_bound(math.inf)
            return True
        if few and len(small.instance.cover.group) > _FEW_PAIRS:
            return False
        base = instance.cost_of(small.taken)
        begin = greedy_choice(small.instance, part.best[small.sites], small.instance.cover.weight)
        self._take_rest(part, small.taken, small.sites[begin])
        if not small.instance.groups:
            part.raise_bound(base)
            return True
        self._rest(part, small, small.instance, np.flatnonzero(begin))
        return True

    def _rest(self, part: Part, small: ReducedInstance, instance: CoveringInstance, begin: Ints) -> None:
        """Let HiGHS solve the rest of a part, up to the best known cost."""
        base = part.instance.cost_of(small.taken)
        # If HiGHS is stopped because of a reported value that its result does not confirm, it continues to the end.
        for early in (True, False):
            told: list[bool] = []
            begin, run = solve_instance(instance, begin, self._effort(part, base, told if early else None))
            self._take_rest(part, small.taken, small.sites[begin])
            self.deadline.spend(run.nodes)
            if run.stopped_by == "proved":
                part.raise_bound(base + instance.cost_of(begin))
                return
            part.raise_bound(base + run.bound * (1.0 - NOISE) if math.isfinite(run.bound) else -math.inf)
            if self._stops():
                return
            if not told:
                self.deadline.stop("solver" if run.stopped_by == "infeasible" else run.stopped_by)
                return

    def _take_rest(self, part: Part, taken: Ints, chosen: Ints) -> None:
        best = np.zeros(part.instance.sites, dtype=np.bool_)
        best[taken], best[chosen] = True, True
        part.take(best)

    def _effort(self, part: Part, base: float, told: list[bool] | None) -> Effort:
        """Return the effort for HiGHS on a part: it reports values of the whole, and ends early if allowed."""
        cost, bound = self.cost - part.cost, self.bound - part.bound
        now = [part.cost, part.bound]

        def report(objective: float, below: float) -> None:
            now[0], now[1] = min(now[0], base + objective), max(now[1], part.instance.rounded_up(base + below))
            if self.deadline.effort.report is not None:
                self.deadline.effort.report(cost + now[0], bound + min(now))

        def asked() -> bool:
            if told is not None and self._enough(cost + now[0], bound + min(now)):
                told.append(True)
            return bool(told) or self.deadline.should_stop()

        return replace(self.deadline.left(report=report), interrupted=asked, rel_gap=0.0)


def least_cost(
    instance: CoveringInstance, deadline: Deadline, *, most: float = math.inf, any_will_do: bool = False
) -> LeastCost:
    """Return the choice of least cost, as :class:`LeastCostSearch` finds it."""
    return LeastCostSearch(instance, deadline, most=most, any_will_do=any_will_do).run()
