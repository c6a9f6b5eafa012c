"""A set covering instance for the kernels: free sites, groups of points, costs, the weight left uncovered."""

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.reduction import Numbers, alike, hashed, transposed
from siting.locate.problem import Bools
from siting.locate.tolerances import INTEGER_TOLERANCE

# Sums of whole numbers up to this are exact in floats, in any order.
EXACT_SUM: Final = 2.0**52


@dataclass(frozen=True)
class CoveringInstance:
    """Minimise ``cost · x`` such that the uncovered groups weigh at most ``slack`` together.

    Site r covers the groups ``group[start[r]:start[r + 1]]``; the sites that cover group g are
    ``site[group_start[g]:group_start[g + 1]]``; both ascend. Weights are whole numbers with an exact sum.

    Parameters
    ----------
    start, group, group_start, site : ndarray of int
        Which site covers which group, both ways.
    weight : ndarray
        The weight of each group, whole and positive.
    cost : ndarray
        The cost of each site, not negative.
    slack : float
        The largest weight of uncovered groups together; 0 requires full cover.
    whole : bool
        Whether all costs are whole numbers, so that a bound may be rounded up.
    """

    start: Ints
    group: Numbers
    group_start: Ints
    site: Numbers
    weight: Floats
    cost: Floats
    slack: float
    whole: bool

    @property
    def sites(self) -> int:
        """The number of sites."""
        return len(self.start) - 1

    @property
    def groups(self) -> int:
        """The number of groups."""
        return len(self.weight)

    @property
    def must(self) -> Bools:
        """Groups too heavy to stay uncovered."""
        return self.weight > self.slack

    @property
    def matrix(self) -> csr_array:
        """Shape (sites, groups): 1 where a site covers a group."""
        return csr_array((np.ones(len(self.group)), self.group, self.start), shape=(self.sites, self.groups))

    @property
    def step(self) -> float:
        """The least difference by which a choice is better."""
        return 1.0 if self.whole else 0.0

    def uncovered(self, chosen: Ints) -> float:
        """Return the weight of the groups that no chosen site covers."""
        return float(self.weight[~self.covered(chosen)].sum())

    def covered(self, chosen: Ints) -> Bools:
        """Return the groups that some chosen site covers."""
        covered = np.zeros(self.groups, dtype=np.bool_)
        covered[self.group[places(self.start, chosen)]] = True
        return covered

    def rounded_up(self, bound: float) -> float:
        """Return the least possible cost of a choice that is at least ``bound``."""
        return float(math.ceil(bound - INTEGER_TOLERANCE)) if self.whole and math.isfinite(bound) else bound

    def part(self, sites: Ints, groups: Ints, slack: float) -> Self:
        """Return the instance of some sites and some groups."""
        number = np.full(self.groups, -1, dtype=np.int32)
        number[groups] = np.arange(len(groups), dtype=np.int32)
        start, group = picked(self.start, self.group, sites)
        group = number[group]
        inside = group >= 0
        counts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(inside)])
        lists = (counts[start], group[inside])
        return type(self)(*both_ways(*lists, len(groups)), self.weight[groups], self.cost[sites], slack, self.whole)


def both_ways(start: Ints, group: Numbers, groups: int) -> tuple[Ints, Numbers, Ints, Numbers]:
    """Return packed lists, and the same from the other side."""
    degree = np.bincount(group, minlength=groups).astype(np.int32)
    return start, group, *transposed(start, group, degree)


def places(start: Ints, sites: Ints) -> Ints:
    """Return the positions of the items of some sites in packed lists."""
    lengths = np.diff(start)[sites]
    end = np.cumsum(lengths)
    return np.repeat(start[sites] - end + lengths, lengths) + np.arange(end[-1] if len(end) else 0)


def picked(start: Ints, item: Numbers, sites: Ints) -> tuple[Ints, Numbers]:
    """Return packed lists of some sites only."""
    begin = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.diff(start)[sites])])
    return begin, item[places(start, sites)]


def merged(instance: CoveringInstance) -> CoveringInstance:
    """Return the instance with groups of equal sites merged, in the order of the first of each."""
    wanted = np.ones(instance.groups, dtype=np.bool_)
    label, first = alike(hashed(instance.start, instance.group, wanted)[0], instance.group_start, instance.site)
    if len(first) == instance.groups:
        return instance
    weight = np.bincount(label, weights=instance.weight, minlength=len(first)).astype(np.float64)
    one = instance.part(np.arange(instance.sites), np.sort(first), instance.slack)
    # Labels number first occurrences, so they ascend.
    return CoveringInstance(
        one.start, one.group, one.group_start, one.site, weight, instance.cost, instance.slack, instance.whole
    )
