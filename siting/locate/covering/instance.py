"""Covering instances: which site covers which group of points, as packed lists both ways; and what lists contain."""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.compiled import compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.generator import STEP, scattered
from siting.locate.problem import Bools
from siting.locate.tolerances import INTEGER_TOLERANCE

Numbers = NDArray[np.int32]
_Words = NDArray[np.uint64]

# Sums of whole numbers up to this are exact in floats, in any order.
EXACT_SUM: Final = 2.0**52
# Sets of sites have two hashes; this number tells the second from the first.
_SEED: Final = np.uint64(0xD1B54A32D192ED03)


class Cover(NamedTuple):
    """Which site covers which group, both ways, the weight of each group and the cost of each site.

    Site r covers the groups ``group[start[r]:start[r + 1]]``; the sites that cover group g are
    ``site[group_start[g]:group_start[g + 1]]``; both ascend. Where only the number of sites counts, each costs 1.
    """

    start: Ints
    group: Numbers
    group_start: Ints
    site: Numbers
    weight: Floats
    cost: Floats

    @property
    def sites(self) -> int:
        """The number of sites."""
        return len(self.start) - 1

    @property
    def groups(self) -> int:
        """The number of groups."""
        return len(self.weight)

    @property
    def matrix(self) -> csr_array:
        """Shape (sites, groups): 1 where a site covers a group."""
        return csr_array((np.ones(len(self.group)), self.group, self.start), shape=(self.sites, self.groups))

    def covered(self, sites: Ints | Numbers) -> Bools:
        """Return which groups some sites cover."""
        return np.asarray(_covered(self, sites.astype(np.int32)), dtype=np.bool_)

    def covered_weight(self, sites: Ints | Numbers) -> float:
        """Return the weight of the groups that some sites cover."""
        return float(self.weight[self.covered(sites)].sum())


@dataclass(frozen=True)
class CoveringInstance:
    """Minimise ``cost · x`` such that the uncovered groups weigh at most ``slack`` together.

    Parameters
    ----------
    cover : Cover
        Which site covers which group, and the costs. Weights are whole and positive, with an exact sum; costs are not
        negative.
    slack : float
        The largest weight of uncovered groups together; 0 requires full cover.
    whole : bool
        Whether all costs are whole numbers, so that a bound may be rounded up.
    """

    cover: Cover
    slack: float
    whole: bool

    @property
    def sites(self) -> int:
        """The number of sites."""
        return self.cover.sites

    @property
    def groups(self) -> int:
        """The number of groups."""
        return self.cover.groups

    @property
    def must(self) -> Bools:
        """Groups too heavy to stay uncovered."""
        return self.cover.weight > self.slack

    @property
    def priority(self) -> Floats:
        """What each group counts in a greedy choice: its weight, or 1 if all must be covered."""
        return self.cover.weight if self.slack > 0 else np.ones(self.groups)

    def cost_of(self, chosen: Ints | Bools) -> float:
        """Return what some sites cost together."""
        return float(self.cover.cost[chosen].sum())

    def uncovered(self, chosen: Ints) -> float:
        """Return the weight of the groups that no chosen site covers."""
        return float(self.cover.weight[~self.cover.covered(chosen)].sum())

    def rounded_up(self, bound: float) -> float:
        """Return the least possible cost of a choice that is at least ``bound``."""
        return float(math.ceil(bound - INTEGER_TOLERANCE)) if self.whole and math.isfinite(bound) else bound

    def part(self, sites: Ints, groups: Ints, slack: float) -> Self:
        """Return the instance of some sites and some groups."""
        cover, number = self.cover, np.full(self.groups, -1, dtype=np.int32)
        number[groups] = np.arange(len(groups), dtype=np.int32)
        start, group = picked(cover.start, cover.group, sites)
        group = number[group]
        inside = group >= 0
        counts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(inside)])
        lists = both_ways(counts[start], group[inside], len(groups))
        return type(self)(Cover(*lists, cover.weight[groups], cover.cost[sites]), slack, self.whole)


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


@compiled
def _covered(cover: Cover, sites: Numbers) -> Bools:
    covered = np.zeros(len(cover.weight), np.bool_)
    for site in sites:
        for at in range(cover.start[site], cover.start[site + 1]):
            covered[cover.group[at]] = True
    return covered
