"""Valid inequalities for sites of limited capacity, violated by fractional points of the linear relaxation.

Groups that the same sites can serve merge into areas. A local search finds the neighbourhood (a set of areas) whose cut
a point violates most.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from scipy.sparse import csc_array, csr_array

from siting.compiled import compiled
from siting.domain.nouns import Bools, Floats, Ints
from siting.locate.tolerances import BETTER_CUT, CLOSED, LEAST_VIOLATION, OPENING_TOLERANCE, REMAINDER_TOLERANCE

# Start, site, flow and persons by area; place and area by site; capacity and opening of each site.
Graph: TypeAlias = tuple[Ints, Ints, Floats, Floats, Ints, Ints, Floats, Floats]
# The most moves of one search.
_MOVES: Final = 60
# So many capacities serve as units: those of the most opened sites.
_UNITS: Final = 3
# The most cuts of one separation, and the most neighbourhoods that it starts from.
_ROWS: Final = 60
_SEEDS: Final = 600


@dataclass(frozen=True)
class Flows:
    """Areas (merged groups that the same sites can serve), sites, and the pairs of the two.

    ``persons`` has the persons of each area, ``capacity`` that of each site. Pairs are ordered by area, then by site:
    area a has the sites ``site[start[a]:start[a + 1]]``, site j the areas ``area[place[j]:place[j + 1]]``. ``pair_of``
    is the pair of each assignment variable, which counts ``variable_persons`` at 1.
    """

    persons: Floats
    capacity: Floats
    start: Ints
    site: Ints
    place: Ints
    area: Ints
    pair_of: Ints
    variable_persons: Floats

    @property
    def pairs(self) -> int:
        """The number of pairs."""
        return len(self.site)

    @property
    def pair_area(self) -> Ints:
        """The area of each pair."""
        return np.repeat(np.arange(len(self.persons)), np.diff(self.start))

    def of(self, shares: Floats) -> Floats:
        """Return the persons of each pair from the values of the assignment variables."""
        flows = np.bincount(self.pair_of, weights=np.maximum(shares, 0.0) * self.variable_persons, minlength=self.pairs)
        return flows.astype(np.float64)


def flows_of(group: Ints, site: Ints, persons: Floats, capacity: Floats) -> Flows:
    """Merge the groups that the same sites can serve.

    Parameters
    ----------
    group, site : ndarray of int
        The group and the site of each assignment variable; each pair once.
    persons : ndarray
        Persons of the group of each variable.
    capacity : ndarray
        The most persons that each site can serve; inf without limit.

    Returns
    -------
    Flows
        Areas in the order of their first group.
    """
    order = np.lexsort((site, group))
    names, number = np.unique(group, return_inverse=True)
    bounds = np.searchsorted(number[order], np.arange(len(names) + 1))
    data, width = site[order].tobytes(), site.itemsize
    keys: dict[bytes, int] = {}
    spans = pairwise((bounds * width).tolist())
    area_of = np.fromiter((keys.setdefault(data[a:b], len(keys)) for a, b in spans), dtype=np.int64, count=len(names))
    first = np.unique(area_of, return_index=True)[1]
    lengths = np.diff(bounds)[first]
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    sites = np.concatenate([site[order[bounds[each] : bounds[each + 1]]] for each in first] or [site[:0]])
    place = np.arange(len(order)) - bounds[number[order]]
    pair_of = np.zeros(len(group), dtype=np.int64)
    pair_of[order] = start[area_of[number[order]]] + place
    people = np.zeros(len(names))
    people[number] = persons
    ones = csr_array((np.ones(len(sites)), sites.copy(), start), shape=(len(first), len(capacity))).tocsc()
    return Flows(
        persons=np.bincount(area_of, weights=people, minlength=len(first)).astype(np.float64),
        capacity=capacity,
        start=start,
        site=sites.astype(np.int64),
        place=ones.indptr.astype(np.int64),
        area=ones.indices.astype(np.int64),
        pair_of=pair_of,
        variable_persons=persons,
    )


@compiled
def units_and_rest(total: float, unit: float) -> tuple[float, float]:
    """Return m and r of ``total = unit · (m − 1) + r`` with 0 < r ≤ unit."""
    units = math.ceil(total / unit - REMAINDER_TOLERANCE)
    return units, total - unit * (units - 1.0)


@compiled
def opening_weight(most: float, unit: float, rest: float) -> float:
    """Return the coefficient of a site that can serve so many: r for each whole unit, at most r for the remainder."""
    whole = math.floor(most / unit)
    return rest * whole + min(rest, most - unit * whole)


@compiled
def _violation(total: float, unit: float, sites: Ints, flow: Floats, reached: Floats, graph: Graph) -> float:
    """Return the violation of the cut of a neighbourhood; negative if the point satisfies it."""
    capacity, opened = graph[6], graph[7]
    units, rest = units_and_rest(total, unit)
    if units <= 1.0 or rest < REMAINDER_TOLERANCE * unit or rest > unit * (1.0 - REMAINDER_TOLERANCE):
        return -np.inf
    violation = -(unit - rest) * (units - 1.0)
    for site in sites:
        violation += max(
            flow[site] - opening_weight(min(capacity[site], reached[site]), unit, rest) * opened[site], 0.0
        )
    return float(violation)


@compiled
def _move(area: int, inside: Bools, flow: Floats, reached: Floats, graph: Graph) -> float:
    """Add or remove an area, and return the change of persons in the neighbourhood."""
    start, site, flows, persons = graph[0], graph[1], graph[2], graph[3]
    sign = -1.0 if inside[area] else 1.0
    inside[area] = not inside[area]
    for pair in range(start[area], start[area + 1]):
        flow[site[pair]] += sign * flows[pair]
        reached[site[pair]] += sign * persons[area]
    return float(sign * persons[area])


@compiled
def _extend(
    area: int, known: tuple[Bools, Bools], sites: Ints, areas: Ints, counts: tuple[int, int], graph: Graph
) -> tuple[int, int]:
    """Add the open sites of an area to the known sites, and their areas to the known areas."""
    start, site, place, area_of, opened = graph[0], graph[1], graph[4], graph[5], graph[7]
    many_sites, many_areas = counts
    for pair in range(start[area], start[area + 1]):
        own = site[pair]
        if opened[own] <= CLOSED or known[0][own]:
            continue
        known[0][own] = True
        sites[many_sites] = own
        many_sites += 1
        for other in range(place[own], place[own + 1]):
            if not known[1][area_of[other]]:
                known[1][area_of[other]] = True
                areas[many_areas] = area_of[other]
                many_areas += 1
    return many_sites, many_areas


@compiled
def most_violated_cut(seed: Ints, unit: float, graph: Graph, inside: Bools) -> float:
    """Add or remove the best area, one by one, as long as the violation grows.

    Parameters
    ----------
    seed : ndarray of int
        The areas to start from.
    unit : float
        The capacity unit.
    graph : tuple of ndarray
        ``start, site, flow, persons`` (pairs by area, flows of the pairs, persons of the areas), ``place, area`` (by
        site), ``capacity, opened`` (of the sites; openings from 0 to 1).
    inside : ndarray of bool
        Which areas are in the neighbourhood; overwritten.

    Returns
    -------
    float
        By how many persons the row of the neighbourhood is broken; -inf or negative if it is not.
    """
    many = len(graph[6])
    flow, reached = np.zeros(many), np.zeros(many)
    known = (np.zeros(many, dtype=np.bool_), np.zeros(len(inside), dtype=np.bool_))
    sites, areas, counts = np.empty(many, dtype=np.int64), np.empty(len(inside), dtype=np.int64), (0, 0)
    inside[:] = False
    total = 0.0
    for area in seed:
        total += _move(area, inside, flow, reached, graph)
        counts = _extend(area, known, sites, areas, counts, graph)
    trivial_bound = _violation(total, unit, sites[: counts[0]], flow, reached, graph)
    for _ in range(_MOVES):
        chosen, found = -1, trivial_bound
        for area in areas[: counts[1]]:
            moved = _move(area, inside, flow, reached, graph)
            own = _violation(total + moved, unit, sites[: counts[0]], flow, reached, graph)
            _move(area, inside, flow, reached, graph)
            if own > found + BETTER_CUT:
                chosen, found = area, own
        if chosen < 0:
            break
        trivial_bound = found
        total += _move(chosen, inside, flow, reached, graph)
        counts = _extend(chosen, known, sites, areas, counts, graph)
    return float(trivial_bound)


@dataclass(frozen=True)
class CapacityCut:
    """One cut, ``Σ persons · share (variables) − Σ weight · opening (sites) ≤ most``, and its violation."""

    variables: Ints
    persons: Floats
    sites: Ints
    weights: Floats
    most: float
    violation: float


def violated_cuts(flows: Flows, opened: Floats, shares: Floats) -> list[CapacityCut]:
    r"""Return valid inequalities that a fractional point violates.

    .. math::

        \sum_{j \in J} \Bigl( \sum_{g \in A} f_{gj} - c_j x_j \Bigr) \le (K - r)(m - 1), \qquad
        c_j = r \lfloor u_j / K \rfloor + \min(r, \, u_j - K \lfloor u_j / K \rfloor)

    for any set of areas :math:`A` with :math:`n(A) = K (m - 1) + r` persons, :math:`0 < r \le K`, any set of sites
    :math:`J`, and any unit :math:`K` (a capacity), with :math:`u_j = \min(K_j, n(A \cap N_j))` what site j can serve of
    the neighbourhood. It is the mixed-integer rounding of :math:`n(A) - \sum f_{gj} + \sum u_j x_j \ge n(A)`: with
    m - 1 full stations of capacity K, r persons remain, and a fraction of one more station serves at most that fraction
    of r. With stations of equal capacity it is the residual capacity inequality.

    For given A the best J are the sites whose bracket is positive. A is found by local search: areas are added and
    removed, from the neighbourhoods of fractional sites, and from the areas of which several such sites together serve
    more than the fractional part of their number.

    Parameters
    ----------
    flows : Flows
        Which site can serve which area.
    opened : ndarray
        How far each site is open, from 0 to 1.
    shares : ndarray
        The values of the assignment variables.

    Returns
    -------
    list of CapacityCut
        The most violated first; none if all sites are integral.

    References
    ----------
    Magnanti, T. L., Mirchandani, P. and Vachani, R. (1993). The convex hull of two core capacitated network design
    problems. Mathematical Programming 60, 233-250. Aardal, K., Pochet, Y. and Wolsey, L. A. (1995). Capacitated
    facility location: valid inequalities and facets. Mathematics of Operations Research 20, 562-582. Nemhauser, G. L.
    and Wolsey, L. A. (1990). A recursive procedure to generate all cuts for 0-1 mixed integer programs. Mathematical
    Programming 46, 379-390.
    """
    carried = flows.of(shares)
    graph = (flows.start, flows.site, carried, flows.persons, flows.place, flows.area, flows.capacity, opened)
    inside = np.zeros(len(flows.persons), dtype=np.bool_)
    found: dict[tuple[bytes, float], tuple[float, Bools]] = {}
    for unit in _units(flows, opened):
        for seed in _seeds(flows, opened, carried):
            violation = float(most_violated_cut(seed, unit, graph, inside))
            if violation > LEAST_VIOLATION * unit:
                found[(inside.tobytes(), unit)] = (violation, inside.copy())
    ranked = sorted(found.items(), key=lambda each: (-each[1][0], each[0]))[:_ROWS]
    cuts = (cut_of(flows, within, unit, opened, carried) for (_, unit), (_, within) in ranked)
    return [each for each in cuts if each.violation > LEAST_VIOLATION]


def cut_of(flows: Flows, within: Bools, unit: float, opened: Floats, carried: Floats) -> CapacityCut:
    """Return the most violated cut of a neighbourhood over all sets of sites."""
    inside = within[flows.pair_area]
    count = len(flows.capacity)
    total = float(flows.persons[within].sum())
    units, rest = units_and_rest(total, unit)
    reached = np.bincount(flows.site[inside], weights=flows.persons[flows.pair_area[inside]], minlength=count)
    served = np.bincount(flows.site[inside], weights=carried[inside], minlength=count)
    most = np.minimum(flows.capacity, reached)
    weight = np.array([opening_weight(each, unit, rest) for each in most])
    gain = served - weight * opened
    pays = gain > 0
    variables = np.flatnonzero((inside & pays[flows.site])[flows.pair_of])
    sites = np.flatnonzero(pays)
    side = (unit - rest) * (units - 1.0)
    return CapacityCut(
        variables, flows.variable_persons[variables], sites, weight[sites], side, float(gain[sites].sum() - side)
    )


def _units(flows: Flows, opened: Floats) -> list[float]:
    """Return the capacities of the most opened sites."""
    limited = np.isfinite(flows.capacity) & (flows.capacity > 0)
    sizes, which = np.unique(flows.capacity[limited], return_inverse=True)
    openings = np.bincount(which, weights=opened[limited], minlength=len(sizes))
    order = np.lexsort((sizes, -openings))[:_UNITS]
    return [float(sizes[each]) for each in order if openings[each] > 0]


def _seeds(flows: Flows, opened: Floats, carried: Floats) -> Iterator[Ints]:
    """Yield sets of areas to start from."""
    serves = csr_array((carried, flows.site.copy(), flows.start), shape=(len(flows.persons), len(opened))).tocsc()
    fractional = np.flatnonzero((opened > OPENING_TOLERANCE) & (opened < 1.0 - OPENING_TOLERANCE))
    count = 0
    for site in fractional.tolist():
        own = flows.area[flows.place[site] : flows.place[site + 1]]
        neighbours = np.unique(np.concatenate([flows.site[flows.start[a] : flows.start[a + 1]] for a in own] or [own]))
        neighbours = neighbours[opened[neighbours] > OPENING_TOLERANCE]
        for some in (None, neighbours, *(np.array([site, neighbour]) for neighbour in neighbours if neighbour != site)):
            seed = own if some is None else _areas_of(flows, opened, serves, some)
            if len(seed):
                yield seed
            count += 1
            if count >= _SEEDS:
                return


def _areas_of(flows: Flows, opened: Floats, serves: csc_array, sites: Ints) -> Ints:
    """Return the areas of whose persons some sites serve more than the fractional part of their number."""
    number = float(opened[sites].sum())
    served = np.asarray(serves[:, sites].sum(axis=1)).ravel()
    return np.flatnonzero(served > max(number - np.floor(number), OPENING_TOLERANCE) * flows.persons).astype(np.int64)
