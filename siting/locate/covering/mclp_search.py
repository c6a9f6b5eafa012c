"""The search for maximal covering: an incumbent and a bound, until they meet or the effort is spent."""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.cover import Cover, Numbers
from siting.locate.covering.lagrangian import bound_at, subgradient_descent, subgradient_from
from siting.locate.covering.local_search import anneal, fill, interchange
from siting.locate.covering.reduction import ReducedCovering, fix_by_reduced_cost, part
from siting.locate.covering.state import State, covered_by, empty, state_of
from siting.locate.deadline import Deadline
from siting.locate.problem import NOISE, Bools, Ended

# The most pairs that one call of a compiled loop reads, so that it returns soon.
_AT_ONCE: Final = 60_000_000
_PROPOSALS_AT_ONCE: Final = 40_000
# Work is counted in pairs that a subgradient step reads (somewhat less than a nanosecond each). A group takes as long
# as so many pairs, and so does each entry that local search reads, because it lies scattered in memory.
_BESIDE: Final = 3
_SCATTERED: Final = 3
# Exchanges are considered among sites whose profit is below that of the last chosen one by at most this share of the
# gap.
_NEAR: Final = 0.3
# Bound and incumbent are equal within this share, slightly less than the tolerance of a proof.
_RELATIVE_GAP: Final = 0.9 * NOISE
# The largest number of candidates that counts as few, with any number of points: points merge into few groups.
_FEW: Final = 150
# The number of choices that are stored for merging.
_REMEMBERED: Final = 8
_SEED: Final = 0x9E3779B97F4A7C15


@dataclass
class CoverSearch:
    """The incumbent, the bound and the multipliers of one problem.

    Parameters
    ----------
    cover : Cover
        The whole problem.
    core : ReducedCovering
        The sites that may be opened, and the largest number of them.
    whole : bool
        Whether all weights are whole numbers.
    base : float
        The weight that is covered in addition, by every choice.
    deadline : Deadline
        When to stop, and the callable for progress.
    work : int
        The work done so far, counted: the same on every machine.
    """

    cover: Cover
    core: ReducedCovering
    whole: bool
    base: float
    deadline: Deadline
    multipliers: Floats = field(init=False)
    chosen: Ints = field(init=False)
    value: float = field(init=False, default=0.0)
    bound: float = field(init=False)
    first: float = field(init=False, default=0.0)
    ended: Ended | None = field(init=False, default=None)
    work: int = field(init=False, default=0)
    found: list[tuple[float, Ints]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Start with an empty choice."""
        self.report = self.deadline.effort.report
        self.stations = self.core.stations
        self.chosen = np.zeros(0, dtype=np.int64)
        self.multipliers = np.zeros_like(self.core.cover.weight)
        self.bound = self.rounded(float(self.cover.weight.sum()))
        self.random = np.array([_SEED + 2 * self.deadline.effort.seed], dtype=np.uint64)

    @property
    def few(self) -> bool:
        """Whether there are few candidates: the solver then needs little time, and neither presolve nor heuristics."""
        return len(self.cover.start) - 1 <= _FEW

    @property
    def needed(self) -> float:
        """The weight that a better choice covers at least."""
        return self.value + (0.5 if self.whole else 0.5 * NOISE * (self.base + self.value))

    @property
    def proved(self) -> bool:
        """Whether bound and incumbent are as close as requested."""
        total = self.base + self.value
        return self.bound - self.value <= max(self.deadline.effort.rel_gap, _RELATIVE_GAP) * total

    def rounded(self, bound: float) -> float:
        """Return a bound rounded to whole persons."""
        return math.floor(bound + NOISE) if self.whole and math.isfinite(bound) else bound

    def should_continue(self) -> bool:
        """Tell whether to continue; if not, record why."""
        if self.proved:
            self.ended = "proved"
        return not self.should_stop() and self.ended is None

    def should_stop(self) -> bool:
        """Tell whether to stop without a proof, and record why."""
        if self.ended is None:
            self.ended = self.deadline.check()
        return self.ended in ("interrupt", "time")

    @property
    def remembered(self) -> Ints:
        """Sites of the stored choices."""
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(chosen for _, chosen in self.found)]))

    def remember(self, chosen: Ints) -> None:
        """Store a choice of sites of the whole, ascending, if it is among the best."""
        if not any(np.array_equal(chosen, other) for _, other in self.found):
            self.found.append((self.value_of(chosen), chosen))
            self.found = sorted(self.found, key=lambda each: -each[0])[:_REMEMBERED]

    def value_of(self, chosen: Ints) -> float:
        """Return the weight that sites of the whole cover."""
        return float(self.cover.weight[covered_by(self.cover, chosen.astype(np.int32))].sum())

    def update_incumbent(self, chosen: Ints) -> None:
        """Make a choice of sites of the whole the incumbent if it covers more."""
        value = self.value_of(chosen)
        if value > self.value * (1.0 + 1e-12):
            self.value, self.chosen = value, np.sort(chosen)
            self.bound = max(self.bound, value)
            self._tell()

    def update_bound(self, bound: float) -> None:
        """Accept a bound of the core if it is lower: outside the core nothing covers more than the incumbent."""
        bound = max(self.rounded(bound + self.core.base), self.value)
        if bound < self.bound:
            self.bound = bound
            self._tell()

    def _tell(self) -> None:
        if self.report is not None and len(self.chosen):
            self.report(self.base + self.value, self.base + self.bound)

    def start(self) -> None:
        """Choose greedily, improve by interchange, and set the first multipliers."""
        state = empty(self.cover)
        first = np.sort(state.gain)[::-1][: self.stations]
        try:
            fill(self.cover, state, self.stations, self.should_stop)
            self.update_bound(float(first.sum()) * (1.0 + 0.1 * NOISE))
            self.update_incumbent(state.chosen[: state.size[0]].astype(np.int64))
            self.first = self.value
            interchange(self.cover, state, self.noise, self.should_stop)
        finally:
            # After Ctrl-C too.
            self.update_incumbent(state.chosen[: state.size[0]].astype(np.int64))
        inside = np.searchsorted(self.core.sites, np.intersect1d(self.chosen, self.core.sites)).astype(np.int32)
        times = state_of(self.core.cover, inside).times
        self.multipliers = self.core.cover.weight / np.maximum(times, 1)

    @property
    def noise(self) -> float:
        """The possible error of sums of weights."""
        return 0.5 if self.whole else 1e-12 * float(self.cover.weight.sum())

    def lower_bound(self, steps: int, lengths: tuple[float, float]) -> Floats:
        """Lower the bound by so many subgradient steps; fix sites by reduced cost.

        Returns
        -------
        ndarray
            The best multipliers of the groups of the core as it was.
        """
        core, subgradient = self.core, subgradient_from(self.multipliers)
        at_once = max(_AT_ONCE // max(core.pairs, 1), 10)
        fix_sites = (lengths[1] / lengths[0]) ** (1.0 / steps)
        least, best = math.inf, self.multipliers
        for done in range(0, steps, at_once):
            many = min(at_once, steps - done)
            ends = (many, lengths[0] * fix_sites**done, lengths[0] * fix_sites ** (done + many))
            self.work += many * (core.pairs + _BESIDE * len(core.cover.weight))
            found = subgradient_descent(
                core.cover, core.stations, self.value - core.base, ends, subgradient, self.should_stop
            )
            if found < least:
                least, best = found, subgradient.best.copy()
                self.update_bound(bound_at(core.cover, core.stations, best)[0])
            if not self.should_continue():
                break
        self.multipliers = best
        self.fix_sites()
        return best

    def fix_sites(self) -> None:
        """Close the sites of the core that no better choice opens, and open those that every one opens."""
        if not self.proved:
            self.core, self.multipliers = fix_by_reduced_cost(self.core, self.multipliers, self.needed - self.core.base)

    def improve(
        self, proposals: int, temperatures: tuple[float, float], *, from_greedy: bool, merging: bool = False
    ) -> bool:
        """Anneal exchanges among the sites of the core with similar profits, from the incumbent or a greedy choice.

        Parameters
        ----------
        proposals : int
            The number of exchanges to examine.
        temperatures : tuple of float
            First and last temperature, as a share of the median gain of the open sites.
        from_greedy : bool
            Whether to start from a greedy choice instead of the incumbent.
        merging : bool, default False
            Whether to search only among the sites of the best stored choices: sites in all of them are probably right,
            and where they differ each may be the best somewhere.

        Returns
        -------
        bool
            Whether there is anything to exchange.
        """
        core = self._among(np.isin(self.core.sites, self.remembered)) if merging else self._nearby()
        if not 0 < core.stations < len(core.sites):
            return False
        state = empty(core.cover)
        if not from_greedy:
            inside = np.searchsorted(core.sites, np.intersect1d(self.chosen, core.sites)).astype(np.int32)
            state = state_of(core.cover, inside[: core.stations])
        fill(core.cover, state, core.stations, self.should_stop)
        interchange(core.cover, state, self.noise, self.should_stop)
        best = state.chosen[: state.size[0]].copy()
        if 0 < len(best) < len(core.sites):
            scale = float(np.median(state.gain[best]))
            if scale > 0.0:
                self._anneal(core, state, proposals, (temperatures[0] * scale, temperatures[1] * scale), best)
        last = state_of(core.cover, best)
        interchange(core.cover, last, self.noise, self.should_stop)
        self.work += _SCATTERED * int(state.touched[0] + last.touched[0])
        chosen = core.whole(last.chosen[: last.size[0]])
        self.remember(chosen)
        self.update_incumbent(chosen)
        return True

    def _anneal(
        self, core: ReducedCovering, state: State, proposals: int, temperatures: tuple[float, float], best: Numbers
    ) -> None:
        tally = np.zeros(2)
        rounds = max(proposals // _PROPOSALS_AT_ONCE, 1)
        falls = (temperatures[1] / temperatures[0]) ** (1.0 / rounds)
        for each in range(rounds):
            ends = temperatures[0] * falls**each, temperatures[0] * falls ** (each + 1)
            anneal(core.cover, state, self.random, proposals // rounds, ends, best, tally, self.should_stop)
            if not self.should_continue():
                return

    def _nearby(self) -> ReducedCovering:
        core = self.core
        if not 0 < core.stations < len(core.sites):
            return core
        bound, profit = bound_at(core.cover, core.stations, self.multipliers)
        last = np.partition(profit, len(profit) - core.stations)[len(profit) - core.stations]
        near = profit >= last - _NEAR * max(bound + core.base - self.value, 0.0)
        return self._among(near)

    def _among(self, sites: Bools) -> ReducedCovering:
        return part(self.core, sites | np.isin(self.core.sites, self.chosen))[0]
