"""The instance of set covering as its kernels see it: free sites, groups of points, costs, what may stay uncovered."""

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.reduction import Numbers, alike, hashed, transposed
from siting.locate.problem import Bools
from siting.locate.tolerances import INTEGER_TOLERANCE

# Sums of whole numbers up to this are exact in floats, whatever their order.
EXACT_SUM: Final = 2.0**52


@dataclass(frozen=True)
class CoveringInstance:
    """LeastCost ``cost · x`` such that groups left uncovered weigh no more than ``slack`` together.

    Site r covers the groups ``group[start[r]:start[r + 1]]``; the sites that cover group g are
    ``site[group_start[g]:group_start[g + 1]]``; both ascend. Weights are whole numbers with an exact sum.

    Parameters
    ----------
    start, group, group_start, site : ndarray of int
        Which site covers which group, both ways.
    weight : ndarray
        What each group weighs, whole and positive.
    cost : ndarray
        What each site costs, not negative.
    slack : float
        What groups left uncovered may weigh together; 0 asks for full cover.
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
        """How many sites there are."""
        return len(self.start) - 1

    @property
    def groups(self) -> int:
        """How many groups there are."""
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
        """By how much a choice must be better to be better at all."""
        return 1.0 if self.whole else 0.0

    def uncovered(self, chosen: Ints) -> float:
        """Return what the groups weigh that no chosen site covers."""
        return float(self.weight[~self.covered(chosen)].sum())

    def covered(self, chosen: Ints) -> Bools:
        """Return the groups that some chosen site covers."""
        covered = np.zeros(self.groups, dtype=np.bool_)
        covered[self.group[places(self.start, chosen)]] = True
        return covered

    def rounded_up(self, bound: float) -> float:
        """Return the least cost that a choice can have whose cost is at least ``bound``."""
        return float(math.ceil(bound - INTEGER_TOLERANCE)) if self.whole and math.isfinite(bound) else bound

    def part(self, sites: Ints, groups: Ints, slack: float) -> Self:
        """Return some sites and some groups alone."""
        number = np.full(self.groups, -1, dtype=np.int32)
        number[groups] = np.arange(len(groups), dtype=np.int32)
        start, group = picked(self.start, self.group, sites)
        group = number[group]
        inside = group >= 0
        counts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(inside)])
        lists = (counts[start], group[inside])
        return type(self)(*both_ways(*lists, len(groups)), self.weight[groups], self.cost[sites], slack, self.whole)


def both_ways(start: Ints, group: Numbers, groups: int) -> tuple[Ints, Numbers, Ints, Numbers]:
    """Return packed lists, and the same the other way round."""
    degree = np.bincount(group, minlength=groups).astype(np.int32)
    return start, group, *transposed(start, group, degree)


def places(start: Ints, sites: Ints) -> Ints:
    """Return where the items of some sites stand in packed lists."""
    lengths = np.diff(start)[sites]
    end = np.cumsum(lengths)
    return np.repeat(start[sites] - end + lengths, lengths) + np.arange(end[-1] if len(end) else 0)


def picked(start: Ints, item: Numbers, sites: Ints) -> tuple[Ints, Numbers]:
    """Return packed lists of some sites only."""
    begin = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.diff(start)[sites])])
    return begin, item[places(start, sites)]


def merged(instance: CoveringInstance) -> CoveringInstance:
    """Return the same with groups of the same sites as one; they stand in the order of their first."""
    wanted = np.ones(instance.groups, dtype=np.bool_)
    label, first = alike(hashed(instance.start, instance.group, wanted)[0], instance.group_start, instance.site)
    if len(first) == instance.groups:
        return instance
    weight = np.bincount(label, weights=instance.weight, minlength=len(first)).astype(np.float64)
    one = instance.part(np.arange(instance.sites), np.sort(first), instance.slack)
    # Labels count first occurrences, which therefore ascend.
    return CoveringInstance(
        one.start, one.group, one.group_start, one.site, weight, instance.cost, instance.slack, instance.whole
    )
