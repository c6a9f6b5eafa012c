"""Local search for the neighbourhood whose capacity cut a fractional point violates most."""

import math
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from siting.compiled import compiled
from siting.locate.tolerances import BETTER_CUT, CLOSED, REMAINDER_TOLERANCE

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
# Start, site, flow and persons by area; place and area by site; capacity and opening of each site.
Graph: TypeAlias = tuple[Ints, Ints, Floats, Floats, Ints, Ints, Floats, Floats]

# The most moves of one search.
_MOVES: Final = 60


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
