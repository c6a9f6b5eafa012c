"""Exact reduction: irrelevant sites and groups, sites that every choice needs, and independent parts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import CoveringInstance, merged
from siting.locate.covering.reduction import Numbers
from siting.locate.problem import Bools

# Which site covers which group, both ways.
_Lists = tuple[Ints, Numbers, Ints, Numbers]


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
    lists = (instance.start, instance.group, instance.group_start, instance.site)
    dropped, marked = np.zeros(instance.sites, dtype=np.bool_), np.zeros(instance.groups, dtype=np.int64)
    place = np.zeros(1, dtype=np.int64)
    by_turns(lambda work: bool(_dominated(lists, instance.cost, dropped, marked, place, work)), should_stop)
    return dropped


@compiled
def _dominated(lists: _Lists, cost: Floats, dropped: Bools, marked: Ints, place: Ints, work: int) -> bool:
    """Examine sites until so much work is done; tell whether any is left."""
    start, group, group_start, site = lists
    while place[0] < len(dropped) and work > 0:
        each = place[0]
        place[0] += 1
        length = start[each + 1] - start[each]
        if length == 0:
            dropped[each] = True
            continue
        work -= length
        rarest = group[start[each]]
        for at in range(start[each], start[each + 1]):
            item = group[at]
            marked[item] = each + 1
            if group_start[item + 1] - group_start[item] < group_start[rarest + 1] - group_start[rarest]:
                rarest = item
        for at in range(group_start[rarest], group_start[rarest + 1]):
            other = site[at]
            more = start[other + 1] - start[other] - length
            if other == each or more < 0 or cost[other] > cost[each]:
                continue
            if more == 0 and cost[other] == cost[each] and other > each:
                continue
            common = 0
            work -= start[other + 1] - start[other]
            for item in group[start[other] : start[other + 1]]:
                common += marked[item] == each + 1
            if common == length:
                dropped[each] = True
                break
    return bool(place[0] < len(dropped))


@compiled
def _within(site: Numbers, begin: int, end: int, place: int, last: int) -> bool:
    """Tell whether one ascending section of a list is part of another."""
    for mine in range(begin, end):
        while place < last and site[place] < site[mine]:
            place += 1
        if place == last or site[place] != site[mine]:
            return False
    return True


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
                if _within(site, begin, end, group_start[other], group_start[other + 1]):
                    dropped[other] = True
    return bool(place[0] < len(dropped))
