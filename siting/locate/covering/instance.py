"""A set covering instance (free sites, groups of points, costs, the weight left uncovered), and its exact reduction.

Irrelevant sites and groups are removed, sites that every choice needs are taken, independent parts are separated.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.cover import Numbers, alike, both_ways, dominated, hashed, picked, places, within
from siting.locate.problem import Bools
from siting.locate.tolerances import INTEGER_TOLERANCE

# Which site covers which group, both ways.
_Lists = tuple[Ints, Numbers, Ints, Numbers]


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


@dataclass(frozen=True)
class ReducedInstance:
    """The remaining instance, once the sites ``taken`` are open: ``instance``, with ``sites`` of the old one.

    ``instance`` is None if no choice of sites is feasible.
    """

    instance: CoveringInstance | None
    sites: Ints
    taken: Ints


def reduced_instance(
    instance: CoveringInstance,
    *,
    closed: Bools | None = None,
    opened: Bools | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> ReducedInstance:
    """Reduce an instance as far as possible; its least cost plus that of ``taken`` is unchanged.

    A site is removed if another one covers all its groups and costs no more (ties to the lowest). A group is removed if
    all sites of another group that must be covered cover it too. The only site of a group that must be covered is taken
    (the rules of Toregas & ReVelle 1973). Groups with equal sites are merged.

    Parameters
    ----------
    instance : CoveringInstance
        The instance.
    closed, opened : ndarray of bool, optional
        Sites that are known to be closed, or open, in every relevant choice.
    should_stop : callable, optional
        Whether to stop with the result so far.
    """
    sites = np.arange(instance.sites)
    taken = np.zeros(instance.sites, dtype=np.bool_)
    leaving = np.zeros(instance.sites, dtype=np.bool_) if closed is None else closed.copy()
    taking = np.zeros(instance.sites, dtype=np.bool_) if opened is None else opened.copy()
    while True:
        taken[sites[taking]] = True
        smaller = _without(instance, leaving & ~taking, taking)
        if smaller is None:
            return ReducedInstance(None, sites[:0], np.flatnonzero(taken))
        sites, instance = sites[~(leaving | taking)], merged(smaller)
        if instance.groups == 0 or instance.weight.sum() <= instance.slack:
            return ReducedInstance(
                instance.part(sites[:0], sites[:0], instance.slack), sites[:0], np.flatnonzero(taken)
            )
        instance = _without_implied(instance, should_stop)
        leaving = dominated_sites(instance, should_stop)
        taking = np.zeros(instance.sites, dtype=np.bool_)
        alone = (np.diff(instance.group_start) == 1) & instance.must
        taking[instance.site[instance.group_start[:-1][alone]]] = True
        if not (leaving.any() or taking.any()) or (should_stop is not None and should_stop()):
            return ReducedInstance(instance, sites, np.flatnonzero(taken))


def _without(instance: CoveringInstance, leaving: Bools, taking: Bools) -> CoveringInstance | None:
    """Return the instance without some sites and without the groups that ``taken`` covers; None if it is infeasible."""
    left = ~instance.covered(np.flatnonzero(taking))
    staying = np.flatnonzero(~(leaving | taking))
    smaller = instance.part(staying, np.flatnonzero(left), instance.slack)
    lost = np.diff(smaller.group_start) == 0
    slack = instance.slack - float(smaller.weight[lost].sum())
    if slack < 0:
        return None
    return smaller.part(np.arange(smaller.sites), np.flatnonzero(~lost), slack) if lost.any() else smaller


def _without_implied(instance: CoveringInstance, should_stop: Callable[[], bool] | None) -> CoveringInstance:
    implied = implied_groups(instance, should_stop)
    return (
        instance.part(np.arange(instance.sites), np.flatnonzero(~implied), instance.slack)
        if implied.any()
        else instance
    )


def components(instance: CoveringInstance) -> list[tuple[Ints, Ints]]:
    """Return the sites and groups of each independent part, in the order of their lowest sites.

    Only full cover can be split into parts; otherwise the slack connects all groups.
    """
    if instance.slack > 0:
        return [(np.arange(instance.sites), np.arange(instance.groups))]
    both: csr_array = csr_array(block_array([[None, instance.matrix], [instance.matrix.T, None]], format="csr"))
    count, label = connected_components(both, directed=False)
    site_label, group_label = label[: instance.sites], label[instance.sites :]
    sites, groups = np.argsort(site_label, kind="stable"), np.argsort(group_label, kind="stable")
    site_end = np.cumsum(np.bincount(site_label, minlength=count))[:-1]
    group_end = np.cumsum(np.bincount(group_label, minlength=count))[:-1]
    return list(zip(np.split(sites, site_end), np.split(groups, group_end), strict=True))


def dominated_sites(instance: CoveringInstance, should_stop: Callable[[], bool] | None = None) -> Bools:
    """Return the sites whose groups another site covers too at no higher cost (ties to the lower site).

    If ``should_stop`` says so, only those found so far.
    """
    return dominated(instance.start, instance.group, instance.group_start, instance.site, instance.cost, should_stop)


def implied_groups(instance: CoveringInstance, should_stop: Callable[[], bool] | None = None) -> Bools:
    """Return the groups that are covered whenever some other group, which must be, is (no two have the same sites).

    If ``should_stop`` says so, only those found so far.
    """
    lists = (instance.start, instance.group, instance.group_start, instance.site)
    dropped, place = np.zeros(instance.groups, dtype=np.bool_), np.zeros(1, dtype=np.int64)
    by_turns(lambda work: bool(_implied(lists, instance.must, dropped, place, work)), should_stop)
    return dropped


@compiled
def _implied(lists: _Lists, must: Bools, dropped: Bools, place: Ints, work: int) -> bool:
    """Examine groups until so much work is done; tell whether any is left."""
    start, group, group_start, site = lists
    while place[0] < len(dropped) and work > 0:
        each = place[0]
        place[0] += 1
        work -= 1
        # A group that is implied by a dropped group is also implied by the group that implies the dropped one.
        if not must[each] or dropped[each]:
            continue
        begin, end = group_start[each], group_start[each + 1]
        work -= end - begin
        smallest = site[begin]
        for at in range(begin, end):
            if start[site[at] + 1] - start[site[at]] < start[smallest + 1] - start[smallest]:
                smallest = site[at]
        for at in range(start[smallest], start[smallest + 1]):
            other = group[at]
            longer = group_start[other + 1] - group_start[other] > end - begin
            work -= 1
            if not dropped[other] and longer:
                work -= group_start[other + 1] - group_start[other]
                if within(site, begin, end, group_start[other], group_start[other + 1])[0]:
                    dropped[other] = True
    return bool(place[0] < len(dropped))
