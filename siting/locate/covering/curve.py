"""Covered persons against the number of stations: each point starts from the choice of the one before it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.lagrangian import bound_at
from siting.locate.covering.local_search import fill, interchange
from siting.locate.covering.mclp import CoverSearch, in_words, lowest_equal
from siting.locate.covering.reduction import Reduction, reduced, without_dominated
from siting.locate.covering.state import close_site, opened, state_of
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.problem import Effort, Problem

# Steps of the first bound, of each later bound and of a repeated point, with their lengths. Exchanges of each point,
# with their temperatures: those of later points are low, because they start from a good choice.
_BOUNDS: Final = ((500, (0.5, 0.002)), (150, (0.1, 0.005)), (400, (0.1, 0.0005)))
_PROPOSALS: Final = 80_000
_TEMPERATURES: Final = ((0.1, 0.005), (0.05, 0.005))
# The number of exchanges that merge the choices of a point and of its neighbours.
_NEIGHBOURS: Final = 3
_MERGED: Final = (60_000, (0.03, 0.003))
# Up to this number of stations, points with gaps above this are repeated, at most this many times in all. Beyond it,
# each of this many points is repeated once. Exchanges of a restart: this many for each station, but at least this many.
_FEW: Final = 60
_WIDE: Final = 0.004
_AGAIN: Final = 60
_EVERY: Final = 25
_MORE: Final = (2_000, 240_000)
# Stored multipliers use half the memory.
StoredMultipliers = NDArray[np.float32]


class CurvePoint(NamedTuple):
    """A good choice of at most so many stations.

    Parameters
    ----------
    stations : int
        The number of stations that may be open.
    chosen : ndarray of int
        Sites that are open beside those kept.
    objective : float
        The value that they newly cover.
    bound : float
        The bound on choices of that many stations.
    """

    stations: int
    chosen: Ints
    objective: float
    bound: float


def covering_curve(problem: Problem, sizes: Sequence[int], effort: Effort) -> list[CurvePoint]:
    """Return a good choice for each of many numbers of stations, with its bound.

    Parameters
    ----------
    problem : Problem
        A plain problem; its own number of stations is ignored.
    sizes : sequence of int
        Numbers of stations, at least the number of forced sites; in any order, each answered once.
    effort : Effort
        When to stop: ``time_limit_s`` is for all together; remaining points are then filled greedily. ``rel_gap`` is
        the target gap of each point. Nothing is reported.

    Returns
    -------
    list of CurvePoint
        By number of stations, ascending; objectives and bounds ascend too.

    Raises
    ------
    ValueError
        A site is forced and forbidden, or more are forced than a size allows.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.covering import covering_curve
    >>> from siting.locate.problem import Effort, Problem
    >>> reach = csr_array(np.array([[60.0, 60, 0, 0], [0, 60, 60, 0], [0, 0, 60, 60]]))
    >>> problem = Problem(reach, np.array([40.0, 50.0, 60.0, 30.0]))
    >>> [(each.stations, each.objective, each.bound) for each in covering_curve(problem, [0, 1, 2], Effort())]
    [(0, 0.0, 0.0), (1, 110.0, 110.0), (2, 180.0, 180.0)]
    """
    asked = sorted(set(sizes))
    if not asked:
        return []
    if problem.under(stations=asked[0]).clash:
        message = f"no choice of {asked[0]} sites keeps to what is forced and forbidden"
        raise ValueError(message)
    reduction = reduced(problem, dominated=False)
    run = _Curve(reduction, [size - len(reduction.forced) for size in asked], effort)
    run.forward()
    run.restart_some()
    run.backward()
    run.merged()
    run.restart_widest()
    run.backward()
    found = []
    for size, chosen, bound in zip(asked, run.chosen, run.bounds, strict=True):
        sites, objective = in_words(problem, reduction, lowest_equal(reduction.cover, chosen, run.noise))
        found.append(CurvePoint(size, sites, objective, max(reduction.base + bound, objective)))
    return found


class _Curve:
    """Choices and bounds for many numbers of stations, in the reduced problem."""

    def __init__(self, reduction: Reduction, sizes: list[int], effort: Effort) -> None:
        self.reduction, self.deadline = reduction, Deadline(replace(effort, report=None))
        self.core = without_dominated(reduction.cover, 0, self.deadline.should_stop)
        self.sizes = [min(size, len(self.core.sites)) for size in sizes]
        self.bounds = [float(reduction.cover.weight.sum())] * len(sizes)
        self.chosen = [np.zeros(0, dtype=np.int64)] * len(sizes)
        self.multipliers: Floats | None = None
        self.stored: dict[int, StoredMultipliers] = {}
        self.noise = 0.0

    def forward(self) -> None:
        """Go from the fewest to the most stations."""
        chosen = self.chosen[0]
        for place in range(len(self.sizes)):
            search = self._search(place, chosen)
            search.update_incumbent(_filled(search, chosen))
            later = self.multipliers is not None
            self._tried(
                search,
                place,
                partial(self._lower, search, place, _BOUNDS[later]),
                partial(search.improve, _PROPOSALS, _TEMPERATURES[later], from_greedy=False),
                partial(self._merge, search, place),
            )
            chosen = self.chosen[place]

    def restart_some(self) -> None:
        """Restart the search for some of the points with many stations; the others use the results."""
        many = [place for place, size in enumerate(self.sizes) if size > _FEW and place in self.stored]
        for place in many[::-_EVERY]:
            self._restart(place, 0)

    def merged(self) -> None:
        """Go forward once more, and merge the choices of each point and of its neighbours on both sides."""
        for place in range(len(self.sizes)):
            search = self._search(place, self.chosen[place])
            if place > 0 and not self.deadline.should_stop():
                search.update_incumbent(_filled(search, self.chosen[place - 1]))
            self._tried(search, place, partial(self._merge, search, place))

    def restart_widest(self) -> None:
        """Repeat the points with the widest gaps among few stations, less often the more often that was done."""
        few = [place for place, size in enumerate(self.sizes) if size <= _FEW and place in self.stored]
        times, wide = dict.fromkeys(few, 0), max(_WIDE, self.deadline.effort.rel_gap)
        gaps = {place: self.bounds[place] / self._value(self.chosen[place]) - 1.0 for place in few}
        for _ in range(_AGAIN if few else 0):
            place = max(few, key=lambda at: (gaps[at] / (1.0 + times[at]), -at))
            if self.deadline.should_stop() or gaps[place] <= wide:
                return
            times[place] += 1
            self._restart(place, times[place])
            gaps[place] = self.bounds[place] / self._value(self.chosen[place]) - 1.0

    def _restart(self, place: int, times: int) -> None:
        search = self._search(place, self.chosen[place])
        # Another random sequence each time.
        search.random += np.uint64(1 + place + len(self.sizes) * times)
        # A bound that was rounded up must not exceed the weight.
        self.multipliers = np.minimum(self.stored[place], self.core.cover.weight)
        search.multipliers = self.multipliers
        self._tried(
            search,
            place,
            partial(search.improve, max(_MORE[0] * search.stations, _MORE[1]), _TEMPERATURES[0], from_greedy=True),
            partial(self._lower, search, place, _BOUNDS[2]),
            partial(self._merge, search, place),
        )

    def _tried(self, search: CoverSearch, place: int, *steps: Callable[[], object]) -> None:
        """Do the steps in order until the search ends, and keep its incumbent and bound."""
        with Interruptible(self.deadline):
            for step in steps if 0 < self.sizes[place] < len(self.core.sites) else ():
                if search.should_continue():
                    step()
        self.chosen[place] = search.chosen
        self.bounds[place] = min(self.bounds[place], search.bound)

    def _search(self, place: int, chosen: Ints) -> CoverSearch:
        """Return a search that starts from a choice and a bound."""
        core = replace(self.core, stations=self.sizes[place])
        search = CoverSearch(self.reduction.cover, core, self.reduction.whole, self.reduction.base, self.deadline)
        search.update_incumbent(chosen)
        search.bound = max(min(search.bound, self.bounds[place]), search.value)
        self.noise = search.noise
        return search

    def _lower(self, search: CoverSearch, place: int, by: tuple[int, tuple[float, float]]) -> None:
        """Lower the bound of one number of stations, and thereby those of the others.

        The same multipliers give a bound for every number: only more or fewer of the most profitable sites are open.
        """
        multipliers = self.multipliers
        if multipliers is None:
            inside = np.searchsorted(self.core.sites, np.intersect1d(search.chosen, self.core.sites))
            multipliers = self.core.cover.weight / np.maximum(state_of(self.core.cover, inside).times, 1)
        search.multipliers = multipliers
        self.multipliers = search.lower_bound(*by)
        bound, profit = bound_at(self.core.cover, 0, self.multipliers)
        sums = bound + np.concatenate([np.zeros(1), np.cumsum(np.sort(profit)[::-1])])
        self.bounds = np.minimum(self.bounds, [search.rounded(sums[size]) for size in self.sizes]).tolist()
        self.stored[place] = self.multipliers.astype(np.float32)

    def _merge(self, search: CoverSearch, place: int) -> None:
        """Search among the sites of the choices of the point and its neighbours."""
        for near in range(max(place - _NEIGHBOURS, 0), min(place + _NEIGHBOURS + 1, len(self.sizes))):
            search.remember(self.chosen[near])
        search.improve(*_MERGED, from_greedy=False, merging=True)

    def backward(self) -> None:
        """Go back: a choice without its site of least loss may be better than the choice for one station less."""
        cover, values = self.reduction.cover, [self._value(chosen) for chosen in self.chosen]
        for place in range(len(self.sizes) - 1, 0, -1):
            if self.sizes[place] == self.sizes[place - 1]:
                continue
            state = state_of(cover, self.chosen[place])
            while state.size[0] > self.sizes[place - 1]:
                sites = opened(state)
                close_site(cover, state, int(sites[np.argmin(state.gain[sites])]))
            interchange(cover, state, self.noise)
            left = opened(state)
            if self._value(left) > values[place - 1] + self.noise:
                self.chosen[place - 1], values[place - 1] = left, self._value(left)
        for place in range(len(self.sizes) - 1, 0, -1):
            self.bounds[place - 1] = min(self.bounds[place - 1], self.bounds[place])

    def _value(self, chosen: Ints) -> float:
        return self.reduction.cover.covered_weight(chosen)


def _filled(search: CoverSearch, chosen: Ints) -> Ints:
    """Return a choice with the sites added that gain most, then improved by exchanges."""
    state = state_of(search.cover, chosen)
    fill(search.cover, state, search.stations)
    interchange(search.cover, state, search.noise, search.should_stop)
    return opened(state)
