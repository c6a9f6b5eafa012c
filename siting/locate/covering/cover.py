"""Which site covers which group, as packed lists both ways; equal lists, and lists that another one contains."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.generator import STEP, scattered
from siting.locate.problem import Bools

Numbers = NDArray[np.int32]
_Words = NDArray[np.uint64]
_Lists = tuple[Ints, Numbers, Ints, Numbers]

# Sums of whole numbers up to this are exact in floats, in any order.
EXACT_SUM: Final = 2.0**52
# Sets of sites have two hashes; this number tells the second from the first.
_SEED: Final = np.uint64(0xD1B54A32D192ED03)


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


def places(start: Ints, sites: Ints) -> Ints:
    """Return the positions of the items of some sites in packed lists."""
    lengths = np.diff(start)[sites]
    end = np.cumsum(lengths)
    return np.repeat(start[sites] - end + lengths, lengths) + np.arange(end[-1] if len(end) else 0)


def picked(start: Ints, item: Numbers, sites: Ints) -> tuple[Ints, Numbers]:
    """Return packed lists of some sites only."""
    begin = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.diff(start)[sites])])
    return begin, item[places(start, sites)]


def both_ways(start: Ints, group: Numbers, groups: int) -> tuple[Ints, Numbers, Ints, Numbers]:
    """Return packed lists, and the same from the other side."""
    degree = np.bincount(group, minlength=groups).astype(np.int32)
    return start, group, *transposed(start, group, degree)


@compiled
def hashed(start: Ints, point: Numbers, wanted: Bools) -> tuple[_Words, Numbers, Numbers]:
    """Return two hashes of the set of sites that reach each wanted point, their number and the lowest."""
    hashes = np.zeros((len(wanted), 2), np.uint64)
    degree = np.zeros(len(wanted), np.int32)
    lowest = np.zeros(len(wanted), np.int32)
    for site in range(len(start) - 1):
        one = scattered(np.uint64(site + 1) * STEP)
        other = scattered(one + _SEED)
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
def within(item: Numbers, begin: int, end: int, place: int, last: int) -> tuple[bool, int]:
    """Tell whether one ascending section of a list is part of another, and how many entries were read."""
    first = place
    for mine in range(begin, end):
        while place < last and item[place] < item[mine]:
            place += 1
        if place == last or item[place] != item[mine]:
            return False, place - first
    return True, place - first


def dominated(
    start: Ints,
    item: Numbers,
    group_start: Ints,
    site: Numbers,
    cost: Floats | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Bools:
    """Return the sites whose groups another site covers too at no higher cost; for equal sites the lowest stays.

    Sites without groups are dominated. If ``should_stop`` says so, only those found so far.

    Parameters
    ----------
    start, item, group_start, site : ndarray of int
        Which site covers which group, both ways; the lists ascend.
    cost : ndarray, optional
        The cost of each site; all are equal if absent.
    should_stop : callable, optional
        Whether to stop.
    """
    lists, place = (start, item, group_start, site), np.zeros(1, dtype=np.int64)
    dropped = np.zeros(len(start) - 1, dtype=np.bool_)
    costs = np.zeros(len(dropped)) if cost is None else cost
    by_turns(lambda work: bool(_dominated(lists, costs, dropped, place, work)), should_stop)
    return dropped


@compiled
def _dominated(lists: _Lists, cost: Floats, dropped: Bools, place: Ints, work: int) -> bool:
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
            if other == each or more < 0 or cost[other] > cost[each]:
                continue
            if more == 0 and cost[other] == cost[each] and other > each:
                continue
            inside, looked = within(item, start[each], start[each + 1], start[other], start[other + 1])
            work -= looked
            if inside:
                dropped[each] = True
                break
    return bool(place[0] < len(dropped))
