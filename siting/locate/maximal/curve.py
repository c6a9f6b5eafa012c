"""Covered persons against the number of stations: each point begins where the one before it ended."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.maximal.bound import bound_at
from siting.locate.maximal.core import undominated
from siting.locate.maximal.covering import clash_of, in_words
from siting.locate.maximal.race import Race
from siting.locate.maximal.search import descend, fill
from siting.locate.maximal.settled import settled
from siting.locate.maximal.state import close_row, covered_by, state_of
from siting.locate.problem import Effort, Problem
from siting.locate.reduction import Reduction, reduced

# Steps towards the first bound and towards each later one, exchanges looked at for each point, and the lengths and
# heats of both: those of later points are small, for they begin near.
_FIRST_STEPS: Final = 500
_STEPS: Final = 150
_PROPOSALS: Final = 80_000
_LENGTHS: Final = ((0.5, 0.002), (0.1, 0.005))
_HEATS: Final = ((0.1, 0.005), (0.05, 0.005))
# Up to so many stations a gap wider than this is worth so many times as many exchanges, anew.
_FEW: Final = 60
_WIDE: Final = 0.004
_MORE: Final = 3


class CurvePoint(NamedTuple):
    """A good choice of so many stations at most.

    Parameters
    ----------
    stations : int
        How many may be open.
    chosen : ndarray of int
        Rows that are open beside those kept.
    objective : float
        What they cover newly.
    bound : float
        What no choice of so many exceeds.
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
        A plain one; its own number of stations is not looked at.
    sizes : sequence of int
        Numbers of stations, not fewer than the rows that are forced; in any order, each answered once.
    effort : Effort
        When to stop: ``time_limit_s`` is for all together; points that are left then are filled greedily. ``rel_gap``
        is good enough for each point. Nothing is reported.

    Returns
    -------
    list of CurvePoint
        By number of stations, ascending; objectives and bounds ascend too.

    Raises
    ------
    ValueError
        A row is forced and forbidden, or more are forced than a size allows.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.maximal import covering_curve
    >>> from siting.locate.problem import Effort, Problem
    >>> reach = csr_array(np.array([[60.0, 60, 0, 0], [0, 60, 60, 0], [0, 0, 60, 60]]))
    >>> problem = Problem(reach, np.array([40.0, 50.0, 60.0, 30.0]))
    >>> [(each.stations, each.objective, each.bound) for each in covering_curve(problem, [0, 1, 2], Effort())]
    [(0, 0.0, 0.0), (1, 110.0, 110.0), (2, 180.0, 180.0)]
    """
    asked = sorted(set(sizes))
    if not asked:
        return []
    if clash_of(problem.under(stations=asked[0])):
        message = f"no choice of {asked[0]} rows keeps to what is forced and forbidden"
        raise ValueError(message)
    reduction = reduced(problem, dominated=False)
    run = _Curve(reduction, [size - len(reduction.forced) for size in asked], effort)
    run.forward()
    run.backward()
    found = []
    for size, chosen, bound in zip(asked, run.chosen, run.bounds, strict=True):
        rows, objective = in_words(problem, reduction, settled(reduction.cover, chosen, run.noise))
        found.append(CurvePoint(size, rows, objective, max(reduction.base + bound, objective)))
    return found


class _Curve:
    """Choices and bounds for many numbers of stations, in the reduced problem."""

    def __init__(self, reduction: Reduction, sizes: list[int], effort: Effort) -> None:
        self.reduction, self.effort = reduction, replace(effort, report=None)
        self.core = undominated(reduction.cover, 0)
        self.sizes = [min(size, len(self.core.rows)) for size in sizes]
        self.bounds = [float(reduction.cover.weight.sum())] * len(sizes)
        self.chosen = [np.zeros(0, dtype=np.int64)] * len(sizes)
        self.begun, self.noise = time.perf_counter(), 0.0

    def forward(self) -> None:
        """Go from the fewest to the most stations."""
        chosen, price, stopped = self.chosen[0], None, False
        for place, size in enumerate(self.sizes):
            left = 0.0 if stopped else self.effort.time_limit_s - (time.perf_counter() - self.begun)
            race = self._race(size, left)
            self.noise = race.noise
            race.offer(_filled(race, chosen))
            race.bound = max(min(race.bound, self.bounds[place]), race.value)
            try:
                if 0 < size < len(self.core.rows) and race.goes_on():
                    price = self._bettered(race, price)
            except KeyboardInterrupt:
                race.ended = "interrupt"
            stopped = race.ended in ("interrupt", "time")
            chosen = self.chosen[place] = race.chosen
            self.bounds[place] = min(self.bounds[place], race.bound)

    def _race(self, size: int, seconds: float) -> Race:
        core = replace(self.core, stations=size)
        effort = replace(self.effort, time_limit_s=seconds)
        return Race(self.reduction.cover, core, self.reduction.whole, self.reduction.base, effort)

    def _bettered(self, race: Race, price: Floats | None) -> Floats:
        """Lower the bounds, better the choice; return the prices."""
        later = price is not None
        if price is None:
            inside = np.searchsorted(self.core.rows, np.intersect1d(race.chosen, self.core.rows)).astype(np.int32)
            price = self.core.cover.weight / np.maximum(state_of(self.core.cover, inside).times, 1)
        race.price = price
        price = race.lower(_STEPS if later else _FIRST_STEPS, _LENGTHS[later])
        # The same prices bound every size: only that more or fewer of the most profitable rows are open.
        bound, profit = bound_at(self.core.cover, 0, price)
        sums = bound + np.concatenate([np.zeros(1), np.cumsum(np.sort(profit)[::-1])])
        self.bounds = np.minimum(self.bounds, [race.rounded(sums[size]) for size in self.sizes]).tolist()
        if race.goes_on():
            race.search(_PROPOSALS, _HEATS[later], anew=False)
        if race.goes_on() and race.stations <= _FEW and race.bound - race.value > _WIDE * race.value:
            race.search(_MORE * _PROPOSALS, _HEATS[0], anew=True)
            if race.goes_on():
                race.lower(_STEPS, _LENGTHS[1])
        return price

    def backward(self) -> None:
        """Go back: a choice of one size without what is missed least may be better than that of the size below."""
        cover, values = self.reduction.cover, [self._value(chosen) for chosen in self.chosen]
        for place in range(len(self.sizes) - 1, 0, -1):
            if self.sizes[place] == self.sizes[place - 1]:
                continue
            state = state_of(cover, self.chosen[place].astype(np.int32))
            while state.size[0] > self.sizes[place - 1]:
                rows = np.sort(state.chosen[: state.size[0]])
                close_row(cover, state, int(rows[np.argmin(state.worth[rows])]))
            descend(cover, state, self.noise)
            left = np.sort(state.chosen[: state.size[0]]).astype(np.int64)
            if self._value(left) > values[place - 1] + self.noise:
                self.chosen[place - 1], values[place - 1] = left, self._value(left)
        for place in range(len(self.sizes) - 1, 0, -1):
            self.bounds[place - 1] = min(self.bounds[place - 1], self.bounds[place])

    def _value(self, chosen: Ints) -> float:
        return float(self.reduction.cover.weight[covered_by(self.reduction.cover, chosen.astype(np.int32))].sum())


def _filled(race: Race, chosen: Ints) -> Ints:
    """Return a choice with what adds most beside it, exchanged as long as that betters it."""
    state = state_of(race.cover, chosen.astype(np.int32))
    fill(race.cover, state, race.stations)
    descend(race.cover, state, race.noise)
    return state.chosen[: state.size[0]].astype(np.int64)
