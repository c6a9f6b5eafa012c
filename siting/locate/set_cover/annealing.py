"""Local search where some groups may stay uncovered: simulated annealing below the best cost met."""

from typing import Final, NamedTuple

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.compiled import compiled
from siting.locate.problem import Bools
from siting.locate.set_cover.choice import Choice, Lists, flip, leaver, lists_of, opened
from siting.locate.set_cover.core import LITTLE, Core

# Costs of an average row at which a worsening is taken e times as rarely as a bettering, first and last.
_HOT: Final = 0.1
_COLD: Final = 0.01
# Proposals between two looks at the clock.
_TURN: Final = 500_000
# How far below the best cost a choice must be, at least, relative to it.
_BELOW: Final = 1e-12


class _Open(NamedTuple):
    """The chosen rows in a list, whose length is ``count[0]``, and where each stands in it."""

    row: Ints
    place: Ints
    count: Ints


class Heat:
    """Annealing in turns, from hot to cold (Kirkpatrick, Gelatt & Vecchi 1983).

    Some row leaves and some other enters - one that shares a group with it, or one that covers a group left out - if
    the cost stays below the best met; what is then uncovered is worth ``price`` by weight. Whenever no more than the
    slack is uncovered the choice is the best, and rows leave until it is not.

    Parameters
    ----------
    core : Core
        The programme.
    best : ndarray of bool
        A feasible choice.
    price : float
        What a unit of weight is worth in costs.
    steps : int
        How many exchanges to propose.
    seed : int
        Random seed.
    """

    def __init__(self, core: Core, best: Bools, price: float, steps: int, seed: int) -> None:
        self.best = best
        self._now = best
        self._core, self._price, self._seed = core, price, seed
        self._turns = max(1, round(steps / _TURN))
        self._steps = -(-steps // self._turns)
        self._done = 0

    def turn(self) -> bool:
        """Take a turn; tell whether any is left."""
        core = self._core
        dear = float(core.cost.mean())
        heats = [dear * _HOT * (_COLD / _HOT) ** (turn / self._turns) for turn in (self._done, self._done + 1)]
        below = 1.0 - LITTLE if core.whole else _BELOW * float(core.cost[self.best].sum())
        limits = (core.slack, below, self._price, heats[0], heats[1])
        seed = self._seed + self._done
        self.best, self._now = _annealed(lists_of(core), self.best, self._now, limits, self._steps, seed)
        self._done += 1
        return self._done < self._turns


@compiled
def _swap(lists: Lists, choice: Choice, held: _Open, row: int) -> None:
    """Let a row enter or leave, in the list too."""
    flip(lists, choice, row)
    if choice.chosen[row]:
        held.row[held.count[0]], held.place[row] = row, held.count[0]
        held.count[0] += 1
    else:
        held.count[0] -= 1
        last = held.row[held.count[0]]
        held.row[held.place[row]], held.place[last] = last, held.place[row]


@compiled
def _proposed(lists: Lists, choice: Choice, held: _Open) -> tuple[int, int]:
    """Return a row to leave, one of the less useful, and one to enter."""
    cost, score = lists.cost, choice.score
    out = held.row[np.random.randint(held.count[0])]  # noqa: NPY002 - the compiler's own generator
    for _ in range(2):
        other = held.row[np.random.randint(held.count[0])]  # noqa: NPY002
        if score[other] * cost[out] < score[out] * cost[other]:
            out = other
    if np.random.random() < 0.5:  # noqa: NPY002, PLR2004 - a coin
        each = np.int64(lists.group[np.random.randint(lists.start[out], lists.start[out + 1])])  # noqa: NPY002
    else:
        each = choice.missing[np.random.randint(choice.tally[0])]  # noqa: NPY002
    return out, lists.row[np.random.randint(lists.row_start[each], lists.row_start[each + 1])]  # noqa: NPY002


@compiled
def _more_uncovered(lists: Lists, choice: Choice, out: int, into: int, mark: Ints, stamp: int) -> float:
    """Return how much more weight is uncovered after an exchange."""
    for at in range(lists.start[out], lists.start[out + 1]):
        mark[lists.group[at]] = stamp
    common = 0.0
    for at in range(lists.start[into], lists.start[into + 1]):
        each = lists.group[at]
        if choice.times[each] == 1 and mark[each] == stamp:
            common += lists.weight[each]
    return float(choice.score[out] - choice.score[into] - common)


@compiled
def _annealed(
    lists: Lists, best: Bools, begin: Bools, limits: tuple[float, float, float, float, float], steps: int, seed: int
) -> tuple[Bools, Bools]:
    slack, below, price, heat, coldest = limits
    cost, rows, groups = lists.cost, len(lists.cost), len(lists.weight)
    np.random.seed(seed)  # noqa: NPY002 - the compiler's own generator
    choice = opened(lists, begin, lists.weight, np.ones(groups, np.bool_))
    held = _Open(np.empty(rows, np.int64), np.zeros(rows, np.int64), np.zeros(1, np.int64))
    for row in np.flatnonzero(begin):
        held.row[held.count[0]], held.place[row] = row, held.count[0]
        held.count[0] += 1
    since, mark = np.zeros(rows, np.int64), np.full(groups, -1, np.int64)
    best, lowest = best.copy(), cost[best].sum()
    cooling = (coldest / heat) ** (1.0 / max(steps, 1))
    for step in range(steps):
        heat *= cooling
        while choice.sums[0] <= slack:
            if choice.sums[1] < lowest:
                best[:] = choice.chosen
                lowest = choice.sums[1]
            if held.count[0] == 0:
                return best, choice.chosen
            _swap(lists, choice, held, leaver(lists, choice, since, -1))
        if held.count[0] == 0:
            return best, choice.chosen
        out, into = _proposed(lists, choice, held)
        if choice.chosen[into]:
            continue
        added = choice.sums[1] + cost[into] <= lowest - below
        if added:
            worse = cost[into] - price * choice.score[into]
        elif choice.sums[1] + cost[into] - cost[out] <= lowest - below:
            worse = price * _more_uncovered(lists, choice, out, into, mark, step) + cost[into] - cost[out]
        else:
            continue
        if worse <= 0 or np.random.random() < np.exp(-worse / heat):  # noqa: NPY002
            if not added:
                _swap(lists, choice, held, out)
            _swap(lists, choice, held, into)
    return best, choice.chosen
