"""A covering problem without what cannot matter: the same choices are possible, and each covers as much as before.

Points that kept or forced rows cover, points without value and points that no free row reaches are dropped; points with
the same rows become one group; rows that reach nobody, and rows whose groups another row reaches too, are dropped
(Toregas & ReVelle 1973 for the rules, which are older than any of their names).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Bools, Problem

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


# Sums of whole numbers below this are exact, whatever their order.
_EXACT: Final = 2.0**52


class Cover(NamedTuple):
    """Who covers whom, both ways, and what each group counts.

    Row r covers the groups ``group[start[r]:start[r + 1]]``; the rows that cover group g are
    ``row[row_start[g]:row_start[g + 1]]``; both ascend.
    """

    start: Ints
    group: Numbers
    row_start: Ints
    row: Numbers
    weight: Floats


@dataclass(frozen=True)
class Reduction:
    """A covering problem without what cannot matter.

    Parameters
    ----------
    cover : Cover
        Free rows and the groups of points that they alone can cover.
    rows : ndarray of int
        The original number of each row of ``cover``, ascending: ties go to the lower row here too.
    group_of : ndarray of int
        The group of each point; -1 where it is covered already, has no value or is reached by no free row.
    forced : ndarray of int
        Rows that are open beside those kept, and no longer in ``cover``.
    base : float
        Value of the points that forced rows cover and kept rows do not.
    whole : bool
        Whether the values of all points are whole numbers, so that every sum of them is exact.
    """

    cover: Cover
    rows: Ints
    group_of: Numbers
    forced: Ints
    base: float
    whole: bool

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self.cover.weight)

    @property
    def matrix(self) -> csr_array:
        """Shape (rows, groups): 1 where a row covers a group."""
        cover = self.cover
        shape = (len(self.rows), self.groups)
        return csr_array((np.ones(len(cover.group)), cover.group, cover.start), shape=shape)


def reduced(problem: Problem, *, value: Floats | None = None, dominated: bool = True) -> Reduction:
    """Return a covering problem without what cannot matter.

    Parameters
    ----------
    problem : Problem
        Who reaches whom, who is kept, forced and forbidden; other rules are not looked at.
    value : ndarray, optional
        What each point counts; ``problem.value`` if absent.
    dominated : bool, default True
        Whether to drop rows all of whose groups one other row covers too (of rows that cover the same, the lowest
        stays): right where all rows cost the same.

    Returns
    -------
    Reduction
        It depends neither on the order of the points nor, but for ties, on that of the rows. Equality of sets is
        verified; hashes only find what to compare.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Problem
    >>> from siting.locate.covering.reduction import reduced
    >>> reach = csr_array(np.array([[1.0, 1, 0, 0], [0, 0, 1, 0], [1, 1, 1, 0]]))
    >>> found = reduced(Problem(reach, np.array([3.0, 4.0, 9.0, 5.0])))
    >>> found.rows.tolist(), found.cover.weight.tolist(), found.group_of.tolist()
    ([2], [16.0], [0, 0, 0, -1])
    """
    value = problem.value if value is None else value
    kept = problem.kept
    forced = np.zeros(problem.sites, dtype=np.bool_) if problem.rules.forced is None else problem.rules.forced & ~kept
    free = problem.open_to_choice & ~forced
    by_kept = problem.reached_by(np.zeros(0, dtype=np.int64))
    by_forced = problem.reached_by(np.flatnonzero(forced)) & ~by_kept if forced.any() else np.zeros_like(by_kept)
    rows, start, point = _of_rows(problem, free)
    label, lists = _grouped(start, point, (value > 0) & ~by_kept & ~by_forced)
    whole = bool(np.all(value == np.floor(value))) and float(value.sum()) < _EXACT
    cover = _both_ways(lists, len(rows), _sums(label, value, len(lists[0]) - 1, whole=whole))
    stays = ~dominated_rows(cover) if dominated else np.diff(cover.start) > 0
    if not stays.all():
        # Without some rows, groups that differed may be alike.
        cover, again = restricted(cover, np.flatnonzero(stays))
        label = np.append(again, np.int32(-1))[label]
        rows = rows[stays]
        if not whole:
            cover = cover._replace(weight=_sums(label, value, len(cover.weight), whole=False))
    return Reduction(
        cover=cover,
        rows=rows,
        group_of=label,
        forced=np.flatnonzero(forced).astype(np.int64),
        base=math.fsum(value[by_forced]),
        whole=whole,
    )


def dominated_rows(cover: Cover, stops: Callable[[], bool] | None = None) -> Bools:
    """Return the rows all of whose groups one other row covers too; of rows that cover the same the lowest is not.

    Where ``stops`` says so, those among the first ones.
    """
    return dominated_lists(cover.start, cover.group, cover.row_start, cover.row, stops)


def restricted(cover: Cover, rows: Ints, wanted: Bools | None = None) -> tuple[Cover, Numbers]:
    """Return a cover with some of its rows only, and the new group of each group (-1: none).

    Parameters
    ----------
    cover : Cover
        Rows and groups.
    rows : ndarray of int
        Rows that stay, ascending; the new rows are numbered so.
    wanted : ndarray of bool, optional
        Groups that still count; all if absent.
    """
    start, group = _picked(cover.start, cover.group, rows)
    label, lists = _grouped(start, group, np.ones(len(cover.weight), dtype=np.bool_) if wanted is None else wanted)
    weight = np.bincount(label[label >= 0], weights=cover.weight[label >= 0], minlength=len(lists[0]) - 1)
    return _both_ways(lists, len(rows), weight.astype(np.float64)), label


def _of_rows(problem: Problem, free: Bools) -> tuple[Ints, Ints, Numbers]:
    """Return the free rows, and the points that each reaches as packed lists."""
    start = np.asarray(problem.times.indptr, dtype=np.int64)
    point = np.asarray(problem.times.indices, dtype=np.int32)
    rows = np.flatnonzero(free).astype(np.int64)
    if len(rows) == problem.sites:
        return rows, start, point
    return rows, *_picked(start, point, rows)


def _picked(start: Ints, item: Numbers, rows: Ints) -> tuple[Ints, Numbers]:
    """Return packed lists of some rows only."""
    lengths = np.diff(start)[rows]
    picked = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    place = np.repeat(start[rows] - picked[:-1], lengths) + np.arange(picked[-1])
    return picked, item[place]


def _grouped(start: Ints, point: Numbers, wanted: Bools) -> tuple[Numbers, tuple[Ints, Numbers]]:
    """Return the group of each point (-1: none), and the rows of each group as packed lists.

    Groups stand in the order of their lowest row, then of their hashes: not of their points.
    """
    hashes, degree, lowest = hashed(start, point, wanted)
    row_start, row = transposed(start, point, degree)
    label, first = alike(hashes, row_start, row)
    order = np.lexsort((hashes[first, 1], hashes[first, 0], lowest[first]))
    place = np.empty(len(first) + 1, dtype=np.int32)
    place[order], place[-1] = np.arange(len(first), dtype=np.int32), -1
    return place[label], _picked(row_start, row, first[order])


def _both_ways(lists: tuple[Ints, Numbers], rows: int, weight: Floats) -> Cover:
    row_start, row = lists
    start, group = transposed(row_start, row, np.bincount(row, minlength=rows).astype(np.int32))
    return Cover(start, group, row_start, row, weight)


def _sums(label: Numbers, value: Floats, groups: int, *, whole: bool) -> Floats:
    """Return the value of each group, the same to the last bit whatever the order of its points."""
    counted = label >= 0
    label, value = label[counted], value[counted]
    if not whole:
        order = np.lexsort((value, label))
        label, value = label[order], value[order]
    return np.bincount(label, weights=value, minlength=groups).astype(np.float64)
