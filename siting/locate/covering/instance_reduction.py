"""Exact reduction: sites and groups that cannot matter, sites that every choice needs, and independent parts."""

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
    """What is left of a core: ``core`` with the sites ``sites`` of the old one, when those of ``taken`` are opened.

    ``core`` is None where no choice of sites will do.
    """

    core: CoveringInstance | None
    sites: Ints
    taken: Ints


def reduced_instance(
    core: CoveringInstance,
    *,
    closed: Bools | None = None,
    opened: Bools | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> ReducedInstance:
    """Reduce a core as far as possible; its least cost plus that of ``taken`` is unchanged.

    A site is removed if another one covers all its groups and costs no more (of equals the lowest stays). A group is
    removed if all sites of another group that must be covered cover it too. The only site of a group that must be
    covered is taken (the rules of Toregas & ReVelle 1973). Groups with the same sites become one.

    Parameters
    ----------
    core : CoveringInstance
        The programme.
    closed, opened : ndarray of bool, optional
        Sites that are known to stay closed, or to be open, in every choice that is wanted.
    should_stop : callable, optional
        Whether to leave it at what was found so far.
    """
    sites = np.arange(core.sites)
    taken = np.zeros(core.sites, dtype=np.bool_)
    leaving = np.zeros(core.sites, dtype=np.bool_) if closed is None else closed.copy()
    taking = np.zeros(core.sites, dtype=np.bool_) if opened is None else opened.copy()
    while True:
        taken[sites[taking]] = True
        smaller = _without(core, leaving & ~taking, taking)
        if smaller is None:
            return ReducedInstance(None, sites[:0], np.flatnonzero(taken))
        sites, core = sites[~(leaving | taking)], merged(smaller)
        if core.groups == 0 or core.weight.sum() <= core.slack:
            return ReducedInstance(core.part(sites[:0], sites[:0], core.slack), sites[:0], np.flatnonzero(taken))
        core = _without_implied(core, should_stop)
        leaving = dominated_sites(core, should_stop)
        taking = np.zeros(core.sites, dtype=np.bool_)
        alone = (np.diff(core.group_start) == 1) & core.must
        taking[core.site[core.group_start[:-1][alone]]] = True
        if not (leaving.any() or taking.any()) or (should_stop is not None and should_stop()):
            return ReducedInstance(core, sites, np.flatnonzero(taken))


def _without(core: CoveringInstance, leaving: Bools, taking: Bools) -> CoveringInstance | None:
    """Return the core without some sites and without the groups that ``taken`` covers; None if it is infeasible."""
    left = ~core.covered(np.flatnonzero(taking))
    staying = np.flatnonzero(~(leaving | taking))
    smaller = core.part(staying, np.flatnonzero(left), core.slack)
    lost = np.diff(smaller.group_start) == 0
    slack = core.slack - float(smaller.weight[lost].sum())
    if slack < 0:
        return None
    return smaller.part(np.arange(smaller.sites), np.flatnonzero(~lost), slack) if lost.any() else smaller


def _without_implied(core: CoveringInstance, should_stop: Callable[[], bool] | None) -> CoveringInstance:
    implied = implied_groups(core, should_stop)
    return core.part(np.arange(core.sites), np.flatnonzero(~implied), core.slack) if implied.any() else core


def components(core: CoveringInstance) -> list[tuple[Ints, Ints]]:
    """Return the sites and groups of each independent part, in the order of their lowest sites.

    Only full cover falls apart; what may stay uncovered binds all groups together.
    """
    if core.slack > 0:
        return [(np.arange(core.sites), np.arange(core.groups))]
    both: csr_array = csr_array(block_array([[None, core.matrix], [core.matrix.T, None]], format="csr"))
    count, label = connected_components(both, directed=False)
    site_label, group_label = label[: core.sites], label[core.sites :]
    sites, groups = np.argsort(site_label, kind="stable"), np.argsort(group_label, kind="stable")
    site_end = np.cumsum(np.bincount(site_label, minlength=count))[:-1]
    group_end = np.cumsum(np.bincount(group_label, minlength=count))[:-1]
    return list(zip(np.split(sites, site_end), np.split(groups, group_end), strict=True))


def dominated_sites(core: CoveringInstance, should_stop: Callable[[], bool] | None = None) -> Bools:
    """Return the sites whose groups another site covers too at no more cost (of equals, a lower site).

    Where ``should_stop`` says so, those among the first ones.
    """
    lists = (core.start, core.group, core.group_start, core.site)
    dropped, marked = np.zeros(core.sites, dtype=np.bool_), np.zeros(core.groups, dtype=np.int64)
    place = np.zeros(1, dtype=np.int64)
    by_turns(lambda work: bool(_dominated(lists, core.cost, dropped, marked, place, work)), should_stop)
    return dropped


@compiled
def _dominated(lists: _Lists, cost: Floats, dropped: Bools, marked: Ints, place: Ints, work: int) -> bool:
    """Look at sites until so much work is done; tell whether any is left."""
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
    """Tell whether one ascending stretch of a list is part of another."""
    for mine in range(begin, end):
        while place < last and site[place] < site[mine]:
            place += 1
        if place == last or site[place] != site[mine]:
            return False
    return True


def implied_groups(core: CoveringInstance, should_stop: Callable[[], bool] | None = None) -> Bools:
    """Return the groups that are covered whenever some other group, which must be, is (no two have the same sites).

    Where ``should_stop`` says so, those that the first ones imply.
    """
    lists = (core.start, core.group, core.group_start, core.site)
    dropped, place = np.zeros(core.groups, dtype=np.bool_), np.zeros(1, dtype=np.int64)
    by_turns(lambda work: bool(_implied(lists, core.must, dropped, place, work)), should_stop)
    return dropped


@compiled
def _implied(lists: _Lists, must: Bools, dropped: Bools, place: Ints, work: int) -> bool:
    """Look at groups until so much work is done; tell whether any is left."""
    start, group, group_start, site = lists
    while place[0] < len(dropped) and work > 0:
        each = place[0]
        place[0] += 1
        work -= 1
        # What a dropped group implies, the group that implies it implies too.
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
