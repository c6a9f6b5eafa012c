"""Exact reduction of a covering problem: the same choices are possible, and each covers as much as before.

Points that kept or forced sites cover, points without value and points that no free site reaches are removed. Points
with the same sites become one group. Sites that reach no group, and sites that another one dominates, are removed
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
    """Return two hashes of the set of sites that reach each wanted point, their number and the lowest."""
    hashes = np.zeros((len(wanted), 2), np.uint64)
    degree = np.zeros(len(wanted), np.int32)
    lowest = np.zeros(len(wanted), np.int32)
    for site in range(len(start) - 1):
        one = _scattered(np.uint64(site + 1) * _STEP)
        other = _scattered(one + _SEED)
        for at in range(start[site], start[site + 1]):
            each = point[at]
            if wanted[each]:
                if degree[each] == 0:
                    lowest[each] = site
                hashes[each, 0] += one
                hashes[each, 1] += other
                degree[each] += 1
    return hashes, degree, lowest


@compiled
def transposed(start: Ints, item: Numbers, degree: Numbers) -> tuple[Ints, Numbers]:
    """Return packed lists from the other side, of the items with a degree."""
    begin = np.zeros(len(degree) + 1, np.int64)
    for each in range(len(degree)):
        begin[each + 1] = begin[each] + degree[each]
    place = begin[:-1].copy()
    owner = np.empty(begin[-1], np.int32)
    for site in range(len(start) - 1):
        for at in range(start[site], start[site + 1]):
            each = item[at]
            if degree[each] > 0:
                owner[place[each]] = site
                place[each] += 1
    return begin, owner


@compiled
def _same(group_start: Ints, site: Numbers, one: int, other: int) -> bool:
    length = group_start[one + 1] - group_start[one]
    if group_start[other + 1] - group_start[other] != length:
        return False
    return bool(
        np.all(site[group_start[one] : group_start[one + 1]] == site[group_start[other] : group_start[other + 1]])
    )


@compiled
def alike(hashes: _Words, group_start: Ints, site: Numbers) -> tuple[Numbers, Ints]:
    """Return a number for each set of sites (-1 for the empty one) by point, and the first point of each."""
    points = len(group_start) - 1
    used = 0
    for each in range(points):
        used += group_start[each + 1] > group_start[each]
    size = 16
    while size < 2 * used:
        size *= 2
    table = np.full(size, -1, np.int32)
    label = np.full(points, -1, np.int32)
    first = np.empty(used, np.int64)
    found = 0
    for each in range(points):
        if group_start[each + 1] == group_start[each]:
            continue
        place = np.int64(hashes[each, 0] & np.uint64(size - 1))
        while table[place] >= 0:
            other = first[table[place]]
            alike = hashes[each, 0] == hashes[other, 0] and hashes[each, 1] == hashes[other, 1]
            if alike and _same(group_start, site, each, other):
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
    """Tell whether the ascending list of one site is part of the other's, and how many entries were read."""
    at, end = start[other], start[other + 1]
    for place in range(start[one], start[one + 1]):
        while at < end and item[at] < item[place]:
            at += 1
        if at == end or item[at] != item[place]:
            return False, at - start[other]
    return True, at - start[other]


def dominated_lists(
    start: Ints, item: Numbers, group_start: Ints, site: Numbers, should_stop: Callable[[], bool] | None = None
) -> Bools:
    """Return the sites whose list is empty, or part of another's (for equal lists, of a lower site's).

    If ``should_stop`` says so, only those found so far.
    """
    lists, place = (start, item, group_start, site), np.zeros(1, dtype=np.int64)
    dropped = np.zeros(len(start) - 1, dtype=np.bool_)
    by_turns(lambda work: bool(_dominated(lists, dropped, place, work)), should_stop)
    return dropped


@compiled
def _dominated(lists: _Lists, dropped: Bools, place: Ints, work: int) -> bool:
    """Examine sites until so much work is done; tell whether any is left."""
    start, item, group_start, site = lists
    while place[0] < len(dropped) and work > 0:
        each = place[0]
        place[0] += 1
        length = start[each + 1] - start[each]
        if length == 0:
            dropped[each] = True
            continue
        work -= length
        # A site that dominates this one also covers its group with the fewest sites.
        rarest = item[start[each]]
        for at in range(start[each], start[each + 1]):
            if group_start[item[at] + 1] - group_start[item[at]] < group_start[rarest + 1] - group_start[rarest]:
                rarest = item[at]
        for at in range(group_start[rarest], group_start[rarest + 1]):
            other = site[at]
            more = start[other + 1] - start[other] - length
            if more > 0 or (more == 0 and other < each):
                within, looked = _within(start, item, each, other)
                work -= looked
                if within:
                    dropped[each] = True
                    break
    return bool(place[0] < len(dropped))


# Sums of whole numbers below this are exact, in any order.
_EXACT_SUM: Final = 2.0**52


class Cover(NamedTuple):
    """Which site covers which group, both ways, and the weight of each group.

    Site r covers the groups ``group[start[r]:start[r + 1]]``; the sites that cover group g are
    ``site[group_start[g]:group_start[g + 1]]``; both ascend.
    """

    start: Ints
    group: Numbers
    group_start: Ints
    site: Numbers
    weight: Floats


@dataclass(frozen=True)
class Reduction:
    """A reduced covering problem.

    Parameters
    ----------
    cover : Cover
        Free sites and the groups of points that they alone can cover.
    sites : ndarray of int
        The original number of each site of ``cover``, ascending: ties go to the lower site here too.
    group_of : ndarray of int
        The group of each point; -1 where it is covered already, has no value or is reached by no free site.
    forced : ndarray of int
        Sites that are open beside those kept, and no longer in ``cover``.
    base : float
        Value of the points that forced sites cover and kept sites do not.
    whole : bool
        Whether the values of all points are whole numbers, so that every sum of them is exact.
    """

    cover: Cover
    sites: Ints
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
        """Shape (sites, groups): 1 where a site covers a group."""
        cover = self.cover
        shape = (len(self.sites), self.groups)
        return csr_array((np.ones(len(cover.group)), cover.group, cover.start), shape=shape)


def reduced(problem: Problem, *, value: Floats | None = None, dominated: bool = True) -> Reduction:
    """Reduce a covering problem exactly.

    Parameters
    ----------
    problem : Problem
        The walking times; which sites are kept, forced and forbidden. Other rules are ignored.
    value : ndarray, optional
        What each point counts; ``problem.value`` if absent.
    dominated : bool, default True
        Whether to drop a site if another one covers all its groups too (ties to the lowest): valid if all sites cost
        the same.

    Returns
    -------
    Reduction
        It depends neither on the order of the points nor, except for ties, on that of the sites. Equality of sets is
        verified; hashes only find the pairs to compare.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Problem
    >>> from siting.locate.covering.reduction import reduced
    >>> reach = csr_array(np.array([[1.0, 1, 0, 0], [0, 0, 1, 0], [1, 1, 1, 0]]))
    >>> found = reduced(Problem(reach, np.array([3.0, 4.0, 9.0, 5.0])))
    >>> found.sites.tolist(), found.cover.weight.tolist(), found.group_of.tolist()
    ([2], [16.0], [0, 0, 0, -1])
    """
    value = problem.value if value is None else value
    kept = problem.kept
    forced = np.zeros(problem.sites, dtype=np.bool_) if problem.rules.forced is None else problem.rules.forced & ~kept
    free = problem.open_to_choice & ~forced
    by_kept = problem.reached_by(np.zeros(0, dtype=np.int64))
    by_forced = problem.reached_by(np.flatnonzero(forced)) & ~by_kept if forced.any() else np.zeros_like(by_kept)
    sites, start, point = _of_sites(problem, free)
    label, lists = _grouped(start, point, (value > 0) & ~by_kept & ~by_forced)
    whole = bool(np.all(value == np.floor(value))) and float(value.sum()) < _EXACT_SUM
    cover = _both_ways(lists, len(sites), _sums(label, value, len(lists[0]) - 1, whole=whole))
    stays = ~dominated_sites(cover) if dominated else np.diff(cover.start) > 0
    if not stays.all():
        # Without some sites, groups that differed may be equal.
        cover, again = restricted(cover, np.flatnonzero(stays))
        label = np.append(again, np.int32(-1))[label]
        sites = sites[stays]
        if not whole:
            cover = cover._replace(weight=_sums(label, value, len(cover.weight), whole=False))
    return Reduction(
        cover=cover,
        sites=sites,
        group_of=label,
        forced=np.flatnonzero(forced).astype(np.int64),
        base=math.fsum(value[by_forced]),
        whole=whole,
    )


def dominated_sites(cover: Cover, should_stop: Callable[[], bool] | None = None) -> Bools:
    """Return the sites all of whose groups one other site covers too; ties keep the lowest.

    If ``should_stop`` says so, only those found so far.
    """
    return dominated_lists(cover.start, cover.group, cover.group_start, cover.site, should_stop)


def restricted(cover: Cover, sites: Ints, wanted: Bools | None = None) -> tuple[Cover, Numbers]:
    """Return a cover with some of its sites only, and the new group of each group (-1: none).

    Parameters
    ----------
    cover : Cover
        Sites and groups.
    sites : ndarray of int
        Sites that stay, ascending; the new sites are numbered so.
    wanted : ndarray of bool, optional
        Groups that still count; all if absent.
    """
    start, group = _picked(cover.start, cover.group, sites)
    label, lists = _grouped(start, group, np.ones(len(cover.weight), dtype=np.bool_) if wanted is None else wanted)
    weight = np.bincount(label[label >= 0], weights=cover.weight[label >= 0], minlength=len(lists[0]) - 1)
    return _both_ways(lists, len(sites), weight.astype(np.float64)), label


def _of_sites(problem: Problem, free: Bools) -> tuple[Ints, Ints, Numbers]:
    """Return the free sites, and the points that each reaches as packed lists."""
    start = np.asarray(problem.times.indptr, dtype=np.int64)
    point = np.asarray(problem.times.indices, dtype=np.int32)
    sites = np.flatnonzero(free).astype(np.int64)
    if len(sites) == problem.sites:
        return sites, start, point
    return sites, *_picked(start, point, sites)


def _picked(start: Ints, item: Numbers, sites: Ints) -> tuple[Ints, Numbers]:
    """Return packed lists of some sites only."""
    lengths = np.diff(start)[sites]
    picked = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    place = np.repeat(start[sites] - picked[:-1], lengths) + np.arange(picked[-1])
    return picked, item[place]


def _grouped(start: Ints, point: Numbers, wanted: Bools) -> tuple[Numbers, tuple[Ints, Numbers]]:
    """Return the group of each point (-1: none), and the sites of each group as packed lists.

    Groups are in the order of their lowest site, then of their hashes, independent of their points.
    """
    hashes, degree, lowest = hashed(start, point, wanted)
    group_start, site = transposed(start, point, degree)
    label, first = alike(hashes, group_start, site)
    order = np.lexsort((hashes[first, 1], hashes[first, 0], lowest[first]))
    place = np.empty(len(first) + 1, dtype=np.int32)
    place[order], place[-1] = np.arange(len(first), dtype=np.int32), -1
    return place[label], _picked(group_start, site, first[order])


def _both_ways(lists: tuple[Ints, Numbers], sites: int, weight: Floats) -> Cover:
    group_start, site = lists
    start, group = transposed(group_start, site, np.bincount(site, minlength=sites).astype(np.int32))
    return Cover(start, group, group_start, site, weight)


def _sums(label: Numbers, value: Floats, groups: int, *, whole: bool) -> Floats:
    """Return the value of each group, identical to the last bit in any order of its points."""
    counted = label >= 0
    label, value = label[counted], value[counted]
    if not whole:
        order = np.lexsort((value, label))
        label, value = label[order], value[order]
    return np.bincount(label, weights=value, minlength=groups).astype(np.float64)
