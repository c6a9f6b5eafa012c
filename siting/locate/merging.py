"""Kernels that compare packed lists: which points have the same rows, which row's list is part of another's."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Ints
from siting.locate.problem import Bools

Numbers = NDArray[np.int32]
_Words = NDArray[np.uint64]
_Lists = tuple[Ints, Numbers, Ints, Numbers]

# Constants of SplitMix64 (Steele, Lea & Flood 2014), which scatters numbers over 64 bits.
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_SEED: Final = np.uint64(0xD1B54A32D192ED03)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_THIRTY, _NEAR_THIRTY, _LAST = np.uint64(30), np.uint64(27), np.uint64(31)


@compiled
def _scattered(number: np.uint64) -> np.uint64:
    number = (number ^ (number >> _THIRTY)) * _FIRST
    number = (number ^ (number >> _NEAR_THIRTY)) * _SECOND
    return number ^ (number >> _LAST)


@compiled
def hashed(start: Ints, point: Numbers, wanted: Bools) -> tuple[_Words, Numbers, Numbers]:
    """Return two hashes of the set of rows that reach each wanted point, their number and the lowest."""
    hashes = np.zeros((len(wanted), 2), np.uint64)
    degree = np.zeros(len(wanted), np.int32)
    lowest = np.zeros(len(wanted), np.int32)
    for row in range(len(start) - 1):
        one = _scattered(np.uint64(row + 1) * _STEP)
        other = _scattered(one + _SEED)
        for at in range(start[row], start[row + 1]):
            each = point[at]
            if wanted[each]:
                if degree[each] == 0:
                    lowest[each] = row
                hashes[each, 0] += one
                hashes[each, 1] += other
                degree[each] += 1
    return hashes, degree, lowest


@compiled
def transposed(start: Ints, item: Numbers, degree: Numbers) -> tuple[Ints, Numbers]:
    """Return packed lists the other way round, of the items with a degree."""
    begin = np.zeros(len(degree) + 1, np.int64)
    for each in range(len(degree)):
        begin[each + 1] = begin[each] + degree[each]
    place = begin[:-1].copy()
    owner = np.empty(begin[-1], np.int32)
    for row in range(len(start) - 1):
        for at in range(start[row], start[row + 1]):
            each = item[at]
            if degree[each] > 0:
                owner[place[each]] = row
                place[each] += 1
    return begin, owner


@compiled
def _same(row_start: Ints, row: Numbers, one: int, other: int) -> bool:
    length = row_start[one + 1] - row_start[one]
    if row_start[other + 1] - row_start[other] != length:
        return False
    return bool(np.all(row[row_start[one] : row_start[one + 1]] == row[row_start[other] : row_start[other + 1]]))


@compiled
def alike(hashes: _Words, row_start: Ints, row: Numbers) -> tuple[Numbers, Ints]:
    """Return a number for each set of rows (-1 for the empty one) by point, and the first point of each."""
    points = len(row_start) - 1
    used = 0
    for each in range(points):
        used += row_start[each + 1] > row_start[each]
    size = 16
    while size < 2 * used:
        size *= 2
    table = np.full(size, -1, np.int32)
    label = np.full(points, -1, np.int32)
    first = np.empty(used, np.int64)
    found = 0
    for each in range(points):
        if row_start[each + 1] == row_start[each]:
            continue
        place = np.int64(hashes[each, 0] & np.uint64(size - 1))
        while table[place] >= 0:
            other = first[table[place]]
            alike = hashes[each, 0] == hashes[other, 0] and hashes[each, 1] == hashes[other, 1]
            if alike and _same(row_start, row, each, other):
                break
            place = (place + 1) & (size - 1)
        if table[place] < 0:
            table[place] = found
            first[found] = each
            found += 1
        label[each] = table[place]
    return label, first[:found].copy()


@compiled
def _within(start: Ints, item: Numbers, one: int, other: int) -> tuple[bool, int]:
    """Tell whether the ascending list of one row is part of the other's, and how much of that was looked at."""
    at, end = start[other], start[other + 1]
    for place in range(start[one], start[one + 1]):
        while at < end and item[at] < item[place]:
            at += 1
        if at == end or item[at] != item[place]:
            return False, at - start[other]
    return True, at - start[other]


def dominated_lists(
    start: Ints, item: Numbers, row_start: Ints, row: Numbers, stops: Callable[[], bool] | None = None
) -> Bools:
    """Return the rows whose list is empty, or part of another's (of equal lists, of a lower row's).

    Where ``stops`` says so, those among the first ones.
    """
    lists, place = (start, item, row_start, row), np.zeros(1, dtype=np.int64)
    dropped = np.zeros(len(start) - 1, dtype=np.bool_)
    by_turns(lambda work: bool(_dominated(lists, dropped, place, work)), stops)
    return dropped


@compiled
def _dominated(lists: _Lists, dropped: Bools, place: Ints, work: int) -> bool:
    """Look at rows until so much work is done; tell whether any is left."""
    start, item, row_start, row = lists
    while place[0] < len(dropped) and work > 0:
        each = place[0]
        place[0] += 1
        length = start[each + 1] - start[each]
        if length == 0:
            dropped[each] = True
            continue
        work -= length
        # Whoever covers as much covers the group with the fewest rows too.
        rarest = item[start[each]]
        for at in range(start[each], start[each + 1]):
            if row_start[item[at] + 1] - row_start[item[at]] < row_start[rarest + 1] - row_start[rarest]:
                rarest = item[at]
        for at in range(row_start[rarest], row_start[rarest + 1]):
            other = row[at]
            more = start[other + 1] - start[other] - length
            if more > 0 or (more == 0 and other < each):
                within, looked = _within(start, item, each, other)
                work -= looked
                if within:
                    dropped[each] = True
                    break
    return bool(place[0] < len(dropped))
