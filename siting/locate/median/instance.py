"""Sparse p-median instances: the cost of serving each point from each site, by point and by site."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.compiled import compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Bools, Problem

States = NDArray[np.int8]
Numbers = NDArray[np.int32]
# A site is free, fixed open (in every better choice) or fixed closed (in none).
FREE, INSIDE, OUTSIDE = 0, 1, -1


class MedianInstance(NamedTuple):
    """Minimise, over at most p sites, the sum over points of the least of ``base`` and the costs of the open sites.

    Costs are weighted (persons times seconds). A point costs ``base`` if no open site is cheaper; only cheaper pairs
    are stored. Point i has the sites ``site[start[i]:start[i + 1]]`` at ``cost[...]``, ascending by cost, then by site;
    site j has the points ``point[site_start[j]:site_start[j + 1]]`` at ``site_cost[...]``.
    """

    base: Floats
    start: Ints
    site: Numbers
    cost: Floats
    site_start: Ints
    point: Numbers
    site_cost: Floats

    @property
    def sites(self) -> int:
        """The number of sites."""
        return len(self.site_start) - 1

    @property
    def whole(self) -> bool:
        """Whether every sum of costs is a whole number that a float holds exactly."""
        whole = bool(np.all(self.base == np.floor(self.base))) and bool(np.all(self.cost == np.floor(self.cost)))
        return whole and float(self.base.sum()) < 2.0**40


class Costs(NamedTuple):
    """Weighted costs of a problem: by site and point (``by_site``), and of each point without a site (``base``)."""

    by_site: csr_array
    base: Floats


def useful_sites(costs: Costs, given: Bools, free: Bools) -> Ints:
    """Return the free sites, ascending, that serve some point at less than the given sites and ``base``."""
    base, site = _base_costs(costs, given)
    return np.unique(site[free[site] & (costs.by_site.data < base[costs.by_site.indices])]).astype(np.int64)


def distinct_sites(costs: Costs, sites: Ints) -> Ints:
    """Return, for each of some ascending sites, the first one with the same points at the same costs.

    Candidates in one building are equal: an exchange of one for the other saves nothing but rounding errors.
    """
    start, point, cost = costs.by_site.indptr, costs.by_site.indices, costs.by_site.data
    first: dict[tuple[int, float, float], list[int]] = {}
    found = sites.copy()
    for place, site in enumerate(sites):
        pairs = slice(start[site], start[site + 1])
        alike = first.setdefault((pairs.stop - pairs.start, float(cost[pairs].sum()), float(point[pairs].sum())), [])
        for other in alike:
            theirs = slice(start[other], start[other + 1])
            if np.array_equal(point[pairs], point[theirs]) and np.array_equal(cost[pairs], cost[theirs]):
                found[place] = other
                break
        else:
            alike.append(int(site))
    return found


def instance_of(costs: Costs, given: Bools, sites: Ints) -> MedianInstance:
    """Return the instance that is left to solve; its sites represent ``sites``.

    Parameters
    ----------
    costs : Costs
        The costs.
    given : ndarray of bool
        Sites that are always open (kept or forced): they lower ``base``.
    sites : ndarray of int
        Sites that may be chosen, ascending.
    """
    base, site = _base_costs(costs, given)
    place = np.full(costs.by_site.shape[0], -1, dtype=np.int64)
    place[sites] = np.arange(len(sites))
    counts = (place[site] >= 0) & (costs.by_site.data < base[costs.by_site.indices])
    return packed(
        base,
        place[site[counts]],
        costs.by_site.indices[counts].astype(np.int64),
        costs.by_site.data[counts],
        len(sites),
    )


def _base_costs(costs: Costs, given: Bools) -> tuple[Floats, Ints]:
    """Return the cost of each point with the given sites alone, and the site of each pair."""
    base, lengths = costs.base.copy(), np.diff(costs.by_site.indptr)
    site = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    always_open = given[site]
    np.minimum.at(base, costs.by_site.indices[always_open], costs.by_site.data[always_open])
    return base, site


def packed(base: Floats, site: Ints, point: Ints, cost: Floats, sites: int) -> MedianInstance:
    """Return an instance from pairs that are ordered by site."""
    order = np.lexsort((site, cost, point))
    return MedianInstance(
        base=base,
        start=_starts(point, len(base)),
        site=site[order].astype(np.int32),
        cost=cost[order].astype(np.float64),
        site_start=_starts(site, sites),
        point=point.astype(np.int32),
        site_cost=cost.astype(np.float64),
    )


def _starts(which: Ints, count: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(which, minlength=count))]).astype(np.int64)


def weighted(problem: Problem, beyond_s: float) -> Costs:
    """Return persons times seconds, where ``beyond_s`` replaces longer or missing walks."""
    times = problem.times
    data = problem.value[times.indices] * np.minimum(times.data.astype(np.float64), beyond_s)
    return Costs(csr_array((data, times.indices, times.indptr), shape=times.shape), problem.value * beyond_s)


def reduced(instance: MedianInstance, state: States) -> tuple[MedianInstance, Ints]:
    """Return the instance of the free sites, and those sites; sites fixed open lower ``base``.

    Points keep their order.
    """
    free = np.flatnonzero(state == FREE)
    place = (np.cumsum(state == FREE) - 1).astype(np.int32)
    base = _base_with(instance, state)
    start, site, cost = _side(instance.start, instance.site, instance.cost, base, state, place)
    site_start, point, site_cost = _other_side(instance, base, free)
    return MedianInstance(base, start, site, cost, site_start, point, site_cost), free


@compiled
def _base_with(instance: MedianInstance, state: States) -> Floats:
    base = instance.base.copy()
    for site in range(len(state)):
        if state[site] == INSIDE:
            for pair in range(instance.site_start[site], instance.site_start[site + 1]):
                base[instance.point[pair]] = min(base[instance.point[pair]], instance.site_cost[pair])
    return base


@compiled
def _side(
    start: Ints, site: Numbers, cost: Floats, base: Floats, state: States, place: Numbers
) -> tuple[Ints, Numbers, Floats]:
    begin, sites, costs = np.zeros_like(start), np.empty_like(site), np.empty_like(cost)
    count = 0
    for point in range(len(base)):
        for pair in range(start[point], start[point + 1]):
            if cost[pair] >= base[point]:
                break
            if state[site[pair]] == FREE:
                sites[count], costs[count] = place[site[pair]], cost[pair]
                count += 1
        begin[point + 1] = count
    return begin, sites[:count].copy(), costs[:count].copy()


@compiled
def _other_side(instance: MedianInstance, base: Floats, free: Ints) -> tuple[Ints, Numbers, Floats]:
    begin = np.zeros(len(free) + 1, dtype=np.int64)
    points, costs = np.empty_like(instance.point), np.empty_like(instance.site_cost)
    count = 0
    for place in range(len(free)):
        for pair in range(instance.site_start[free[place]], instance.site_start[free[place] + 1]):
            if instance.site_cost[pair] < base[instance.point[pair]]:
                points[count], costs[count] = instance.point[pair], instance.site_cost[pair]
                count += 1
        begin[place + 1] = count
    return begin, points[:count].copy(), costs[:count].copy()
