"""Reduction of covering problems: exact, or of what no better choice decides otherwise (reduced cost fixing).

Points that kept or forced sites cover, points without value and points that no free site reaches are removed. Points
with the same sites become one group. Sites that reach no group, sites that another one dominates, groups that another
one implies are removed, and sites that every choice needs are taken (Toregas & ReVelle 1973 for the rules, which are
older than any of their names). Independent parts are separated.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import (
    EXACT_SUM,
    Cover,
    CoveringInstance,
    Numbers,
    alike,
    both_ways,
    hashed,
    picked,
    transposed,
    within,
)
from siting.locate.covering.lagrangian import bound_at
from siting.locate.problem import Bools, Problem


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
        """The number of groups."""
        return self.cover.groups


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
    whole = bool(np.all(value == np.floor(value))) and float(value.sum()) < EXACT_SUM
    cover = _cover(lists, np.ones(len(sites)), _sums(label, value, len(lists[0]) - 1, whole=whole))
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
    start, group = picked(cover.start, cover.group, sites)
    label, lists = _grouped(start, group, np.ones(len(cover.weight), dtype=np.bool_) if wanted is None else wanted)
    weight = np.bincount(label[label >= 0], weights=cover.weight[label >= 0], minlength=len(lists[0]) - 1)
    return _cover(lists, cover.cost[sites], weight.astype(np.float64)), label


def _of_sites(problem: Problem, free: Bools) -> tuple[Ints, Ints, Numbers]:
    """Return the free sites, and the points that each reaches as packed lists."""
    start = np.asarray(problem.times.indptr, dtype=np.int64)
    point = np.asarray(problem.times.indices, dtype=np.int32)
    sites = np.flatnonzero(free).astype(np.int64)
    if len(sites) == problem.sites:
        return sites, start, point
    return sites, *picked(start, point, sites)


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
    return place[label], picked(group_start, site, first[order])


def _cover(lists: tuple[Ints, Numbers], cost: Floats, weight: Floats) -> Cover:
    group_start, site, start, group = both_ways(*lists, len(cost))
    return Cover(start, group, group_start, site, weight, cost)


def _sums(label: Numbers, value: Floats, groups: int, *, whole: bool) -> Floats:
    """Return the value of each group, identical to the last bit in any order of its points."""
    counted = label >= 0
    label, value = label[counted], value[counted]
    if not whole:
        order = np.lexsort((value, label))
        label, value = label[order], value[order]
    return np.bincount(label, weights=value, minlength=groups).astype(np.float64)


# --- fixing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReducedCovering:
    """A smaller problem: some sites of a whole problem are fixed open, some may be opened, the others stay closed.

    Parameters
    ----------
    cover : Cover
        Sites that may be opened, and the groups that no fixed open site covers.
    stations : int
        The largest number of sites that may be opened here.
    sites : ndarray of int
        The number of each site in the whole problem.
    opened : ndarray of int
        Sites of the whole problem that are fixed open.
    base : float
        The weight that they cover.
    """

    cover: Cover
    stations: int
    sites: Ints
    opened: Ints
    base: float

    @property
    def pairs(self) -> int:
        """The number of pairs of a site and a group."""
        return len(self.cover.group)

    def whole(self, chosen: Ints | Numbers) -> Ints:
        """Return sites of the core with those fixed open, numbered as in the whole problem, ascending."""
        return np.sort(np.concatenate([self.sites[chosen], self.opened]))


def without_dominated(cover: Cover, stations: int, should_stop: Callable[[], bool] | None = None) -> ReducedCovering:
    """Return the core of a whole problem: its undominated sites, of which so many may be opened."""
    everything = ReducedCovering(cover, stations, np.arange(len(cover.start) - 1), np.zeros(0, dtype=np.int64), 0.0)
    return part(everything, ~dominated_sites(cover, should_stop))[0]


def part(core: ReducedCovering, stays: Bools, opens: Bools | None = None) -> tuple[ReducedCovering, Numbers]:
    """Return a core with some of its sites only, and the new group of each group (-1: none).

    Parameters
    ----------
    core : ReducedCovering
        The present core.
    stays : ndarray of bool
        Sites that may be opened.
    opens : ndarray of bool, optional
        Sites that are fixed open; none of those that may be opened.
    """
    sure = np.flatnonzero(np.zeros(len(stays), dtype=np.bool_) if opens is None else opens)
    done = core.cover.covered(sure)
    sites = np.flatnonzero(stays)
    cover, label = restricted(core.cover, sites, ~done)
    return (
        replace(
            core,
            cover=cover,
            stations=min(core.stations - len(sure), len(sites)),
            sites=core.sites[sites],
            opened=np.concatenate([core.opened, core.sites[sure]]),
            base=core.base + float(core.cover.weight[done].sum()),
        ),
        label,
    )


def fix_by_reduced_cost(core: ReducedCovering, multipliers: Floats, needed: float) -> tuple[ReducedCovering, Floats]:
    """Return the core after reduced cost fixing for choices that cover as much as needed, and its multipliers.

    Parameters
    ----------
    core : ReducedCovering
        The present core.
    multipliers : ndarray
        Multipliers of its groups, from 0 to the weight.
    needed : float
        The weight that a choice must cover in the core to be relevant.

    Notes
    -----
    If a site were open that is not among the p most profitable, the bound would fall by the difference between its
    profit and the p-th. If one of those were closed, it would fall by the difference to the next profit (Beasley 1993).
    If the bound falls below the required weight, the site is fixed.
    """
    bound, profit = bound_at(core.cover, core.stations, multipliers)
    if core.stations in (0, len(profit)):
        return core, multipliers
    order = np.sort(profit)[::-1]
    last, following = order[core.stations - 1], order[core.stations]
    stays = bound - np.maximum(last - profit, 0.0) >= needed
    opens = stays & (bound - (profit - following) < needed) & (profit > following)
    if stays.all() and not opens.any():
        return core, multipliers
    left, label = part(core, stays & ~opens, opens)
    carried = np.bincount(label[label >= 0], weights=multipliers[label >= 0], minlength=len(left.cover.weight))
    return left, np.minimum(carried, left.cover.weight)


# --- least cost -------------------------------------------------------------------------------------------------------


def merged(instance: CoveringInstance) -> CoveringInstance:
    """Return the instance with groups of equal sites merged, in the order of the first of each."""
    cover, wanted = instance.cover, np.ones(instance.groups, dtype=np.bool_)
    label, first = alike(hashed(cover.start, cover.group, wanted)[0], cover.group_start, cover.site)
    if len(first) == instance.groups:
        return instance
    weight = np.bincount(label, weights=cover.weight, minlength=len(first)).astype(np.float64)
    one = instance.part(np.arange(instance.sites), np.sort(first), instance.slack)
    # Labels number first occurrences, so they ascend.
    return replace(one, cover=one.cover._replace(weight=weight))


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
        if instance.groups == 0 or instance.cover.weight.sum() <= instance.slack:
            return ReducedInstance(
                instance.part(sites[:0], sites[:0], instance.slack), sites[:0], np.flatnonzero(taken)
            )
        instance = _without_implied(instance, should_stop)
        leaving = dominated_sites(instance.cover, should_stop)
        taking = np.zeros(instance.sites, dtype=np.bool_)
        alone = (np.diff(instance.cover.group_start) == 1) & instance.must
        taking[instance.cover.site[instance.cover.group_start[:-1][alone]]] = True
        if not (leaving.any() or taking.any()) or (should_stop is not None and should_stop()):
            return ReducedInstance(instance, sites, np.flatnonzero(taken))


def _without(instance: CoveringInstance, leaving: Bools, taking: Bools) -> CoveringInstance | None:
    """Return the instance without some sites and without the groups that ``taken`` covers; None if it is infeasible."""
    left = ~instance.cover.covered(np.flatnonzero(taking))
    staying = np.flatnonzero(~(leaving | taking))
    smaller = instance.part(staying, np.flatnonzero(left), instance.slack)
    lost = np.diff(smaller.cover.group_start) == 0
    slack = instance.slack - float(smaller.cover.weight[lost].sum())
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
    matrix = instance.cover.matrix
    both: csr_array = csr_array(block_array([[None, matrix], [matrix.T, None]], format="csr"))
    count, label = connected_components(both, directed=False)
    site_label, group_label = label[: instance.sites], label[instance.sites :]
    sites, groups = np.argsort(site_label, kind="stable"), np.argsort(group_label, kind="stable")
    site_end = np.cumsum(np.bincount(site_label, minlength=count))[:-1]
    group_end = np.cumsum(np.bincount(group_label, minlength=count))[:-1]
    return list(zip(np.split(sites, site_end), np.split(groups, group_end), strict=True))


# --- sites that are dominated, groups that are implied ----------------------------------------------------------------


def dominated_sites(cover: Cover, should_stop: Callable[[], bool] | None = None) -> Bools:
    """Return the sites whose groups another site covers too at no higher cost; for equal sites the lowest stays.

    Sites without groups are dominated. If ``should_stop`` says so, only those found so far.
    """
    place, dropped = np.zeros(1, dtype=np.int64), np.zeros(cover.sites, dtype=np.bool_)
    by_turns(lambda work: bool(_dominated(cover, dropped, place, work)), should_stop)
    return dropped


@compiled
def _dominated(cover: Cover, dropped: Bools, place: Ints, work: int) -> bool:
    """Examine sites until so much work is done; tell whether any is left."""
    start, item, group_start, site, _, cost = cover
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


def implied_groups(instance: CoveringInstance, should_stop: Callable[[], bool] | None = None) -> Bools:
    """Return the groups that are covered whenever some other group, which must be, is (no two have the same sites).

    If ``should_stop`` says so, only those found so far.
    """
    cover = instance.cover
    dropped, place = np.zeros(instance.groups, dtype=np.bool_), np.zeros(1, dtype=np.int64)
    by_turns(lambda work: bool(_implied(cover, instance.must, dropped, place, work)), should_stop)
    return dropped


@compiled
def _implied(cover: Cover, must: Bools, dropped: Bools, place: Ints, work: int) -> bool:
    """Examine groups until so much work is done; tell whether any is left."""
    start, group, group_start, site, _, _ = cover
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
