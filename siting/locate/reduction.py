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
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.merging import Numbers, alike, dominated_lists, hashed, transposed
from siting.locate.problem import Bools, Problem

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
    >>> from siting.locate.reduction import reduced
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
