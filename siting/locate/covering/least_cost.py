"""The least cost of a covering instance: alternating reduction, local search and bounds, then HiGHS on the rest."""

import math
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.choice import greedy_choice, lists_of
from siting.locate.covering.exact import solve_instance
from siting.locate.covering.instance import CoveringInstance, ReducedInstance, components, reduced_instance
from siting.locate.covering.lagrangian import first_multipliers, proved_bound, slack_value, subgradient_ascent
from siting.locate.covering.lscp_local_search import Annealing, WeightingSearch
from siting.locate.deadline import Deadline
from siting.locate.problem import NOISE, Bools, Effort, Ended
from siting.locate.tolerances import INTEGER_TOLERANCE

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
        return float(self.instance.cost[self.best].sum())

    @property
    def open(self) -> bool:
        """Whether a gap is left."""
        return self.bound < self.cost - (1.0 - INTEGER_TOLERANCE if self.instance.whole else NOISE * self.cost)

    def raise_bound(self, bound: float) -> None:
        """Accept a bound if it is better."""
        self.bound = min(max(self.bound, self.instance.rounded_up(bound)), self.cost)

    def take(self, best: Bools) -> None:
        """Accept a choice if it is better."""
        if float(self.instance.cost[best].sum()) < self.cost:
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
        small = reduced_instance(instance, opened=instance.cost <= 0, should_stop=deadline.should_stop)
        assert small.instance is not None, "choosing all sites is feasible"  # noqa: S101
        self.taken = small.taken
        self.parts: list[Part] = []
        self._told = (math.inf, -math.inf)
        self.first = math.nan
        for sites, groups in components(small.instance):
            if len(groups):
                part = small.instance.part(sites, groups, small.instance.slack)
                priority = part.weight if part.slack > 0 else np.ones(part.groups)
                best = greedy_choice(lists_of(part), np.zeros(part.sites, dtype=np.bool_), priority, part.slack)
                self.parts.append(Part(part, small.sites[sites], np.asarray(best)))
        self.first = self.cost

    @property
    def chosen(self) -> Ints:
        """The sites of the best choice."""
        return np.sort(np.concatenate([self.taken, *(part.sites[part.best] for part in self.parts)]))

    @property
    def cost(self) -> float:
        """The cost of the best choice."""
        return float(self.instance.cost[self.chosen].sum())

    @property
    def bound(self) -> float:
        """The lower bound."""
        return float(self.instance.cost[self.taken].sum()) + math.fsum(part.bound for part in self.parts)

    def run(self) -> LeastCost:
        """Search until optimality is proved, or the search must stop."""
        try:
            for part in self.parts:
                self._look(part)
            for part in sorted(self.parts, key=lambda each: len(each.instance.group)):
                self._finish(part)
        except KeyboardInterrupt:
            self.deadline.stop("interrupt")
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
        weight = part.instance.weight if part.instance.slack > 0 else np.ones(part.instance.groups)
        for _ in range(rounds):
            if not part.open or self._stops():
                return
            before = found.bound
            subgradient_ascent(part.instance, found, part.cost, _STEPS, self.deadline.should_stop)
            bound, reduced = proved_bound(part.instance, found.best)
            part.raise_bound(bound)
            part.multipliers = found.best
            part.take(np.asarray(greedy_choice(lists_of(part.instance), reduced < 0, weight, part.instance.slack)))
            if found.pace < _SLOWEST or (found.pace < _SLOW and found.bound - before < _SLOWEST * (part.cost - bound)):
                break

    def _finish(self, part: Part) -> None:
        """Prove a part, or get as close as the effort allows."""
        if not part.open or self._stops():
            return
        if len(part.instance.group) > _FEW_PAIRS or not self._exact(part, few=True):
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
            slack_value(part.multipliers[free], instance.weight[free], instance.slack)[1]
            if len(part.multipliers)
            else 0.0
        )
        unit_value = unit_value or float(instance.cost.mean()) * instance.sites / float(instance.weight.sum())
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
        if few and len(small.instance.group) > _FEW_PAIRS:
            return False
        base = float(instance.cost[small.taken].sum())
        begin = np.asarray(
            greedy_choice(lists_of(small.instance), part.best[small.sites], small.instance.weight, small.instance.slack)
        )
        self._take_rest(part, small.taken, small.sites[begin])
        if not small.instance.groups:
            part.raise_bound(base)
            return True
        self._rest(part, small, small.instance, np.flatnonzero(begin))
        return True

    def _rest(self, part: Part, small: ReducedInstance, instance: CoveringInstance, begin: Ints) -> None:
        """Let HiGHS solve the rest of a part, up to the best known cost."""
        base = float(part.instance.cost[small.taken].sum())
        # If HiGHS is stopped because of a reported value that its result does not confirm, it continues to the end.
        for early in (True, False):
            told: list[bool] = []
            begin, run = solve_instance(instance, begin, self._effort(part, base, told if early else None))
            self._take_rest(part, small.taken, small.sites[begin])
            self.deadline.spend(run.nodes)
            if run.stopped_by == "proved":
                part.raise_bound(base + float(instance.cost[begin].sum()))
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
