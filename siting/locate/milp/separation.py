"""Search for the neighbourhood whose row a point of fractions breaks most."""

import math
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from siting.compiled import compiled

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
# Start, site, flow and persons by area; place and area by site; capacity and opening of each site.
Ground: TypeAlias = tuple[Ints, Ints, Floats, Floats, Ints, Ints, Floats, Floats]

# Areas put in or taken out of one neighbourhood at most.
_MOVES: Final = 60
# Openings of less are none.
_CLOSED: Final = 1e-7
# Remainders of less than this part of the unit (or that far from a whole one) give no row worth having.
_REST: Final = 1e-6
_BETTER: Final = 1e-6


@compiled
def rest_of(total: float, unit: float) -> tuple[float, float]:
    """Return m and r of ``total = unit · (m − 1) + r`` with 0 < r ≤ unit."""
    units = math.ceil(total / unit - _REST)
    return units, total - unit * (units - 1.0)


@compiled
def weight_of(most: float, unit: float, rest: float) -> float:
    """Return what opening a site that can serve so many takes: r for each whole unit, at most r for what is left."""
    whole = math.floor(most / unit)
    return rest * whole + min(rest, most - unit * whole)


@compiled
def _excess(total: float, unit: float, sites: Ints, flow: Floats, reached: Floats, ground: Ground) -> float:
    """Return by how much a point breaks the row of a neighbourhood; negative if it keeps to it."""
    capacity, opened = ground[6], ground[7]
    units, rest = rest_of(total, unit)
    if units <= 1.0 or rest < _REST * unit or rest > unit * (1.0 - _REST):
        return -np.inf
    excess = -(unit - rest) * (units - 1.0)
    for site in sites:
        excess += max(flow[site] - weight_of(min(capacity[site], reached[site]), unit, rest) * opened[site], 0.0)
    return float(excess)


@compiled
def _move(area: int, inside: Bools, flow: Floats, reached: Floats, ground: Ground) -> float:
    """Put an area in, or take it out; return by how many persons the neighbourhood grows."""
    start, site, flows, persons = ground[0], ground[1], ground[2], ground[3]
    sign = -1.0 if inside[area] else 1.0
    inside[area] = not inside[area]
    for pair in range(start[area], start[area + 1]):
        flow[site[pair]] += sign * flows[pair]
        reached[site[pair]] += sign * persons[area]
    return float(sign * persons[area])


@compiled
def _welcome(
    area: int, known: tuple[Bools, Bools], sites: Ints, areas: Ints, counts: tuple[int, int], ground: Ground
) -> tuple[int, int]:
    """Take up the open sites of an area, and their areas."""
    start, site, place, area_of, opened = ground[0], ground[1], ground[4], ground[5], ground[7]
    many_sites, many_areas = counts
    for pair in range(start[area], start[area + 1]):
        own = site[pair]
        if opened[own] <= _CLOSED or known[0][own]:
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
def most_violated_cut(seed: Ints, unit: float, ground: Ground, inside: Bools) -> float:
    """Put areas in and take them out, one by one, as long as the breach widens.

    Parameters
    ----------
    seed : ndarray of int
        The areas to begin with.
    unit : float
        The capacity by whose multiples stations are counted.
    ground : tuple of ndarray
        ``start, site, flow, persons`` (pairs by area, flows of the pairs, persons of the areas), ``place, area`` (by
        site), ``capacity, opened`` (of the sites; openings from 0 to 1).
    inside : ndarray of bool
        Which areas are in the neighbourhood; overwritten.

    Returns
    -------
    float
        By how many persons the row of the neighbourhood is broken; -inf or negative if it is not.
    """
    many = len(ground[6])
    flow, reached = np.zeros(many), np.zeros(many)
    known = (np.zeros(many, dtype=np.bool_), np.zeros(len(inside), dtype=np.bool_))
    sites, areas, counts = np.empty(many, dtype=np.int64), np.empty(len(inside), dtype=np.int64), (0, 0)
    inside[:] = False
    total = 0.0
    for area in seed:
        total += _move(area, inside, flow, reached, ground)
        counts = _welcome(area, known, sites, areas, counts, ground)
    trivial_bound = _excess(total, unit, sites[: counts[0]], flow, reached, ground)
    for _ in range(_MOVES):
        chosen, found = -1, trivial_bound
        for area in areas[: counts[1]]:
            moved = _move(area, inside, flow, reached, ground)
            own = _excess(total + moved, unit, sites[: counts[0]], flow, reached, ground)
            _move(area, inside, flow, reached, ground)
            if own > found + _BETTER:
                chosen, found = area, own
        if chosen < 0:
            break
        trivial_bound = found
        total += _move(chosen, inside, flow, reached, ground)
        counts = _welcome(chosen, known, sites, areas, counts, ground)
    return float(trivial_bound)
