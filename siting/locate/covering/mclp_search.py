"""An incumbent and a bound that run towards each other, until they meet or whoever asked has had enough."""

import math
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.fixing import ReducedCovering, fixed, part
from siting.locate.covering.lagrangian import bound_at, tighten, way_from
from siting.locate.covering.local_search import anneal, descend, fill
from siting.locate.covering.reduction import Cover, Numbers
from siting.locate.covering.state import State, covered_by, empty, state_of
from siting.locate.problem import NOISE, Bools, Effort, Ended

# Pairs that one call of a compiled loop may look at, so that nobody waits for long.
_AT_ONCE: Final = 60_000_000
_PROPOSALS_AT_ONCE: Final = 40_000
# Work is counted in pairs that a step of prices looks at (somewhat less than a nanosecond each). Beside them it does as
# much for each group as for so many pairs; what a search touches lies scattered, and takes as long as so many.
_BESIDE: Final = 3
_SCATTERED: Final = 3
# Exchanges are sought among rows whose profit lacks at most this share of the gap to the last one chosen.
_NEAR: Final = 0.3
# Bound and incumbent are the same within this share: a little less than the noise that a proof allows.
_SAME: Final = 0.9 * NOISE
# So many candidates are few, however many points there are: points merge into few groups.
_FEW: Final = 150
# How many choices are remembered, to be merged.
_REMEMBERED: Final = 8
_SEED: Final = 0x9E3779B97F4A7C15


@dataclass
class Race:
    """What is known so far of one problem.

    Parameters
    ----------
    cover : Cover
        The whole problem.
    core : ReducedCovering
        The rows that may be opened, and the most that may.
    whole : bool
        Whether all weights are whole numbers.
    base : float
        What is covered beside, whatever is chosen here.
    effort : Effort
        When to stop, and whom to tell.
    work : int
        What was done so far, counted: the same on every machine.
    """

    cover: Cover
    core: ReducedCovering
    whole: bool
    base: float
    effort: Effort
    price: Floats = field(init=False)
    chosen: Ints = field(init=False)
    value: float = field(init=False, default=0.0)
    bound: float = field(init=False)
    first: float = field(init=False, default=0.0)
    ended: Ended | None = field(init=False, default=None)
    work: int = field(init=False, default=0)
    found: list[tuple[float, Ints]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Begin with nothing chosen."""
        self.begun = perf_counter()
        self.stations = self.core.stations
        self.chosen = np.zeros(0, dtype=np.int64)
        self.price = np.zeros_like(self.core.cover.weight)
        self.bound = self.rounded(float(self.cover.weight.sum()))
        self.random = np.array([_SEED + 2 * self.effort.seed], dtype=np.uint64)

    @property
    def few(self) -> bool:
        """Whether there are few candidates: the solver then proves soon, and needs neither presolve nor heuristics."""
        return len(self.cover.start) - 1 <= _FEW

    @property
    def left_s(self) -> float:
        """Seconds until the limit."""
        return self.effort.time_limit_s - (perf_counter() - self.begun)

    @property
    def needed(self) -> float:
        """The weight that a better choice covers at least."""
        return self.value + (0.5 if self.whole else 0.5 * NOISE * (self.base + self.value))

    @property
    def proved(self) -> bool:
        """Whether bound and incumbent are as close as was asked."""
        total = self.base + self.value
        return self.bound - self.value <= max(self.effort.rel_gap, _SAME) * total

    def rounded(self, bound: float) -> float:
        """Return what a bound says of whole persons."""
        return math.floor(bound + NOISE) if self.whole and math.isfinite(bound) else bound

    def goes_on(self) -> bool:
        """Tell whether there is more to do, and note why not."""
        if self.proved:
            self.ended = "proved"
        return not self.stops() and self.ended is None

    def stops(self) -> bool:
        """Tell whether to stop though nothing is proved, and note why."""
        if self.ended is None:
            if self.effort.interrupted is not None and self.effort.interrupted():
                self.ended = "interrupt"
            elif self.left_s <= 0:
                self.ended = "time"
        return self.ended in ("interrupt", "time")

    @property
    def remembered(self) -> Ints:
        """Rows of the choices remembered."""
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(chosen for _, chosen in self.found)]))

    def remember(self, chosen: Ints) -> None:
        """Remember a choice of rows of the whole, ascending, if it is among the best."""
        if not any(np.array_equal(chosen, other) for _, other in self.found):
            self.found.append((self.value_of(chosen), chosen))
            self.found = sorted(self.found, key=lambda each: -each[0])[:_REMEMBERED]

    def value_of(self, chosen: Ints) -> float:
        """Return what rows of the whole cover."""
        return float(self.cover.weight[covered_by(self.cover, chosen.astype(np.int32))].sum())

    def offer(self, chosen: Ints) -> None:
        """Take a choice of rows of the whole if it covers more."""
        value = self.value_of(chosen)
        if value > self.value * (1.0 + 1e-12):
            self.value, self.chosen = value, np.sort(chosen)
            self.bound = max(self.bound, value)
            self._tell()

    def limit(self, bound: float) -> None:
        """Take a bound of the core, if it is lower: elsewhere nothing covers more than the incumbent."""
        bound = max(self.rounded(bound + self.core.base), self.value)
        if bound < self.bound:
            self.bound = bound
            self._tell()

    def _tell(self) -> None:
        if self.effort.report is not None and len(self.chosen):
            self.effort.report(self.base + self.value, self.base + self.bound)

    def start(self) -> None:
        """Choose greedily, exchange what betters, and set the first prices."""
        state = empty(self.cover)
        first = np.sort(state.worth)[::-1][: self.stations]
        try:
            fill(self.cover, state, self.stations, self.stops)
            self.limit(float(first.sum()) * (1.0 + 0.1 * NOISE))
            self.offer(state.chosen[: state.size[0]].astype(np.int64))
            self.first = self.value
            descend(self.cover, state, self.noise, self.stops)
        finally:
            # After Ctrl-C too.
            self.offer(state.chosen[: state.size[0]].astype(np.int64))
        inside = np.searchsorted(self.core.rows, np.intersect1d(self.chosen, self.core.rows)).astype(np.int32)
        times = state_of(self.core.cover, inside).times
        self.price = self.core.cover.weight / np.maximum(times, 1)

    @property
    def noise(self) -> float:
        """What sums of weights may be off by."""
        return 0.5 if self.whole else 1e-12 * float(self.cover.weight.sum())

    def lower(self, steps: int, lengths: tuple[float, float]) -> Floats:
        """Lower the bound by so many steps; drop the rows that it shows to be of no use.

        Returns
        -------
        ndarray
            The best prices of the groups of the core as it was.
        """
        core, way = self.core, way_from(self.price)
        at_once = max(_AT_ONCE // max(core.pairs, 1), 10)
        shrink = (lengths[1] / lengths[0]) ** (1.0 / steps)
        least, best = math.inf, self.price
        for done in range(0, steps, at_once):
            many = min(at_once, steps - done)
            ends = (many, lengths[0] * shrink**done, lengths[0] * shrink ** (done + many))
            self.work += many * (core.pairs + _BESIDE * len(core.cover.weight))
            found = tighten(core.cover, core.stations, self.value - core.base, ends, way, self.stops)
            if found < least:
                least, best = found, way.best.copy()
                self.limit(bound_at(core.cover, core.stations, best)[0])
            if not self.goes_on():
                break
        self.price = best
        self.shrink()
        return best

    def shrink(self) -> None:
        """Drop the rows of the core that are in no better choice, and open those that are in all."""
        if not self.proved:
            self.core, self.price = fixed(self.core, self.price, self.needed - self.core.base)

    def search(self, proposals: int, heats: tuple[float, float], *, anew: bool, merging: bool = False) -> bool:
        """Anneal exchanges among the rows of the core whose profits are near; from the incumbent, or anew.

        Parameters
        ----------
        proposals : int
            How many exchanges to look at.
        heats : tuple of float
            First and last heat, as a share of what an open row is worth.
        anew : bool
            Whether to begin with a greedy choice instead of the incumbent.
        merging : bool, default False
            Whether to look only among the rows of the best choices remembered: where those agree nothing needs to be
            sought, and where they differ each is the best in some place.

        Returns
        -------
        bool
            Whether there is anything to exchange.
        """
        core = self._among(np.isin(self.core.rows, self.remembered)) if merging else self._nearby()
        if not 0 < core.stations < len(core.rows):
            return False
        state = empty(core.cover)
        if not anew:
            inside = np.searchsorted(core.rows, np.intersect1d(self.chosen, core.rows)).astype(np.int32)
            state = state_of(core.cover, inside[: core.stations])
        fill(core.cover, state, core.stations, self.stops)
        descend(core.cover, state, self.noise, self.stops)
        best = state.chosen[: state.size[0]].copy()
        if 0 < len(best) < len(core.rows):
            scale = float(np.median(state.worth[best]))
            if scale > 0.0:
                self._anneal(core, state, proposals, (heats[0] * scale, heats[1] * scale), best)
        last = state_of(core.cover, best)
        descend(core.cover, last, self.noise, self.stops)
        self.work += _SCATTERED * int(state.touched[0] + last.touched[0])
        chosen = core.whole(last.chosen[: last.size[0]])
        self.remember(chosen)
        self.offer(chosen)
        return True

    def _anneal(
        self, core: ReducedCovering, state: State, proposals: int, heats: tuple[float, float], best: Numbers
    ) -> None:
        tally = np.zeros(2)
        rounds = max(proposals // _PROPOSALS_AT_ONCE, 1)
        falls = (heats[1] / heats[0]) ** (1.0 / rounds)
        for each in range(rounds):
            ends = heats[0] * falls**each, heats[0] * falls ** (each + 1)
            anneal(core.cover, state, self.random, proposals // rounds, ends, best, tally, self.stops)
            if not self.goes_on():
                return

    def _nearby(self) -> ReducedCovering:
        core = self.core
        if not 0 < core.stations < len(core.rows):
            return core
        bound, profit = bound_at(core.cover, core.stations, self.price)
        last = np.partition(profit, len(profit) - core.stations)[len(profit) - core.stations]
        near = profit >= last - _NEAR * max(bound + core.base - self.value, 0.0)
        return self._among(near)

    def _among(self, rows: Bools) -> ReducedCovering:
        return part(self.core, rows | np.isin(self.core.rows, self.chosen))[0]
