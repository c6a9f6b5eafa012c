r"""Valid inequalities for sites of limited capacity, violated by fractional points of the linear relaxation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csc_array, csr_array

from siting.domain.nouns import Bools, Floats, Ints
from siting.locate.milp.flows import Flows
from siting.locate.milp.separation import most_violated_cut, opening_weight, units_and_rest
from siting.locate.tolerances import LEAST_VIOLATION, OPENING_TOLERANCE

# So many capacities serve as units: those of the most opened sites.
_UNITS: Final = 3
# The most cuts of one separation, and the most neighbourhoods that it starts from.
_ROWS: Final = 60
_SEEDS: Final = 600


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
