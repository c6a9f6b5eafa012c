"""The p-median problem bared: what it costs to serve each point by each site that helps it, from both sides."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.compiled import compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Bools, Problem

States = NDArray[np.int8]
Numbers = NDArray[np.int32]
# What is known of a site: it may be opened or not, it is in every better choice, it is in none.
FREE, INSIDE, OUTSIDE = 0, 1, -1


class Core(NamedTuple):
    """Minimise, over at most so many sites, the sum over points of the least of ``base`` and the open sites' costs.

    Costs are weighted (persons times seconds). A point is ``base`` to serve when no open site is nearer; only pairs
    that cost less stand here. Point i is served by ``site[start[i]:start[i + 1]]``, cheapest first (equals: the lower
    site first), for ``cost[...]``; site j serves ``point[site_start[j]:site_start[j + 1]]`` for ``site_cost[...]``.
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
        """How many sites there are."""
        return len(self.site_start) - 1

    @property
    def whole(self) -> bool:
        """Whether every sum of costs is a whole number that a float holds exactly."""
        whole = bool(np.all(self.base == np.floor(self.base))) and bool(np.all(self.cost == np.floor(self.cost)))
        return whole and float(self.base.sum()) < 2.0**40


class Costs(NamedTuple):
    """Weighted costs as they are given, one entry for each point: of rows, and without any of them."""

    rows: csr_array
    base: Floats


def useful(costs: Costs, given: Bools, free: Bools) -> Ints:
    """Return the free rows that serve some point better than the rows given, and than none, ascending."""
    base, row = _standing(costs, given)
    return np.unique(row[free[row] & (costs.rows.data < base[costs.rows.indices])]).astype(np.int64)


def representatives(costs: Costs, rows: Ints) -> Ints:
    """Return, for each of some ascending rows, the first of them that serves the same points at the same costs.

    Two rooms of one building are one site: an exchange of one for the other would save nothing but rounding.
    """
    start, point, cost = costs.rows.indptr, costs.rows.indices, costs.rows.data
    first: dict[tuple[int, float, float], list[int]] = {}
    found = rows.copy()
    for place, row in enumerate(rows):
        pairs = slice(start[row], start[row + 1])
        alike = first.setdefault((pairs.stop - pairs.start, float(cost[pairs].sum()), float(point[pairs].sum())), [])
        for other in alike:
            theirs = slice(start[other], start[other + 1])
            if np.array_equal(point[pairs], point[theirs]) and np.array_equal(cost[pairs], cost[theirs]):
                found[place] = other
                break
        else:
            alike.append(int(row))
    return found


def bare(costs: Costs, given: Bools, rows: Ints) -> Core:
    """Return the problem of what is left to choose: its sites stand for ``rows``.

    Parameters
    ----------
    costs : Costs
        Of each row and point, and of each point that no row serves.
    given : ndarray of bool
        Rows that are open whatever is chosen (kept or forced): what they serve lowers ``base``.
    rows : ndarray of int
        Rows that may be chosen, ascending.
    """
    base, row = _standing(costs, given)
    place = np.full(costs.rows.shape[0], -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    counts = (place[row] >= 0) & (costs.rows.data < base[costs.rows.indices])
    return packed(
        base, place[row[counts]], costs.rows.indices[counts].astype(np.int64), costs.rows.data[counts], len(rows)
    )


def _standing(costs: Costs, given: Bools) -> tuple[Floats, Ints]:
    """Return what it costs to serve each point by the rows given or by none, and the row of each pair."""
    base, lengths = costs.base.copy(), np.diff(costs.rows.indptr)
    row = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    standing = given[row]
    np.minimum.at(base, costs.rows.indices[standing], costs.rows.data[standing])
    return base, row


def packed(base: Floats, site: Ints, point: Ints, cost: Floats, sites: int) -> Core:
    """Return a core from pairs that stand by site."""
    order = np.lexsort((site, cost, point))
    return Core(
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
    """Return persons times seconds, ``beyond_s`` where nothing reaches a person or only from farther away."""
    times = problem.times
    data = problem.value[times.indices] * np.minimum(times.data.astype(np.float64), beyond_s)
    return Costs(csr_array((data, times.indices, times.indptr), shape=times.shape), problem.value * beyond_s)


def shrunk(core: Core, state: States) -> tuple[Core, Ints]:
    """Return the problem when sites are fixed, and the sites that stay free; the fixed ones serve through ``base``.

    Points stay as they are and keep their order.
    """
    free = np.flatnonzero(state == FREE)
    place = (np.cumsum(state == FREE) - 1).astype(np.int32)
    base = _base_with(core, state)
    start, site, cost = _side(core.start, core.site, core.cost, base, state, place)
    site_start, point, site_cost = _other_side(core, base, free)
    return Core(base, start, site, cost, site_start, point, site_cost), free


@compiled
def _base_with(core: Core, state: States) -> Floats:
    base = core.base.copy()
    for site in range(len(state)):
        if state[site] == INSIDE:
            for pair in range(core.site_start[site], core.site_start[site + 1]):
                base[core.point[pair]] = min(base[core.point[pair]], core.site_cost[pair])
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
def _other_side(core: Core, base: Floats, free: Ints) -> tuple[Ints, Numbers, Floats]:
    begin = np.zeros(len(free) + 1, dtype=np.int64)
    points, costs = np.empty_like(core.point), np.empty_like(core.site_cost)
    count = 0
    for place in range(len(free)):
        for pair in range(core.site_start[free[place]], core.site_start[free[place] + 1]):
            if core.site_cost[pair] < base[core.point[pair]]:
                points[count], costs[count] = core.point[pair], core.site_cost[pair]
                count += 1
        begin[place + 1] = count
    return begin, points[:count].copy(), costs[:count].copy()
