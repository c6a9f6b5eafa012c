r"""Rows that every choice of whole stations keeps to, and a point of fractions of stations breaks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csc_array, csr_array

from siting.domain.nouns import Bools, Floats, Ints
from siting.locate.milp.flows import Flows
from siting.locate.milp.separation import most_violated_cut, rest_of, weight_of

# A row is worth having if it is broken by so many parts of the capacity it counts in.
_WORTH: Final = 1e-5
# Openings nearer to 0 or 1 than this are whole.
_WHOLE: Final = 1e-4
# Capacities that stations are counted in: those of the most opened sites.
_UNITS: Final = 3
# The most rows of one search, and the most neighbourhoods it begins with.
_ROWS: Final = 60
_SEEDS: Final = 600


@dataclass(frozen=True)
class CapacityCut:
    """One row: ``Σ persons · share (columns) − Σ weight · opening (sites) ≤ most``, and by how much it is broken."""

    columns: Ints
    persons: Floats
    sites: Ints
    weights: Floats
    most: float
    excess: float


def violated_cuts(flows: Flows, opened: Floats, shares: Floats) -> list[CapacityCut]:
    r"""Return rows that a point breaks though every choice of whole sites keeps to them.

    .. math::

        \sum_{j \in J} \Bigl( \sum_{g \in A} f_{gj} - c_j x_j \Bigr) \le (K - r)(m - 1), \qquad
        c_j = r \lfloor u_j / K \rfloor + \min(r, \, u_j - K \lfloor u_j / K \rfloor)

    for any set of areas :math:`A` with :math:`n(A) = K (m - 1) + r` persons, :math:`0 < r \le K`, any set of sites
    :math:`J`, and any unit :math:`K` (a capacity), with :math:`u_j = \min(K_j, n(A \cap N_j))` what site j can serve of
    the neighbourhood. It is the mixed-integer rounding of :math:`n(A) - \sum f_{gj} + \sum u_j x_j \ge n(A)`: with m
    - 1 stations of K all are full and r persons are left over; a fraction of one more must not serve more than that
    fraction of r, though it has the room. With stations of one size it is the residual capacity inequality.

    For given A the best J are the sites whose bracket is positive. A is searched for by putting areas in and taking
    them out, from the neighbourhoods of sites that are open in part, and from the sets that are best for some such
    sites together (areas of which they serve more than the fraction of their number).

    Parameters
    ----------
    flows : Flows
        Who may be served by whom.
    opened : ndarray
        How far each site is open, from 0 to 1.
    shares : ndarray
        The columns: the share of each group that each row serves.

    Returns
    -------
    list of CapacityCut
        Those broken most first; none where all sites are open or closed.

    References
    ----------
    Magnanti, T. L., Mirchandani, P. and Vachani, R. (1993). The convex hull of two core capacitated network design
    problems. Mathematical Programming 60, 233-250. Aardal, K., Pochet, Y. and Wolsey, L. A. (1995). Capacitated
    facility location: valid inequalities and facets. Mathematics of Operations Research 20, 562-582. Nemhauser, G. L.
    and Wolsey, L. A. (1990). A recursive procedure to generate all cuts for 0-1 mixed integer programs. Mathematical
    Programming 46, 379-390.
    """
    carried = flows.of(shares)
    ground = (flows.start, flows.site, carried, flows.persons, flows.place, flows.area, flows.capacity, opened)
    inside = np.zeros(len(flows.persons), dtype=np.bool_)
    found: dict[tuple[bytes, float], tuple[float, Bools]] = {}
    for unit in _units(flows, opened):
        for seed in _seeds(flows, opened, carried):
            excess = float(most_violated_cut(seed, unit, ground, inside))
            if excess > _WORTH * unit:
                found[(inside.tobytes(), unit)] = (excess, inside.copy())
    ranked = sorted(found.items(), key=lambda each: (-each[1][0], each[0]))[:_ROWS]
    rows = (cut_of(flows, within, unit, opened, carried) for (_, unit), (_, within) in ranked)
    return [each for each in rows if each.excess > _WORTH]


def cut_of(flows: Flows, within: Bools, unit: float, opened: Floats, carried: Floats) -> CapacityCut:
    """Return the row of a neighbourhood: of all sets of sites that which the point breaks most."""
    inside = within[flows.pair_area]
    rows = len(flows.capacity)
    total = float(flows.persons[within].sum())
    units, rest = rest_of(total, unit)
    reached = np.bincount(flows.site[inside], weights=flows.persons[flows.pair_area[inside]], minlength=rows)
    served = np.bincount(flows.site[inside], weights=carried[inside], minlength=rows)
    most = np.minimum(flows.capacity, reached)
    weight = np.array([weight_of(each, unit, rest) for each in most])
    gain = served - weight * opened
    pays = gain > 0
    columns = np.flatnonzero((inside & pays[flows.site])[flows.pair_of])
    sites = np.flatnonzero(pays)
    side = (unit - rest) * (units - 1.0)
    return CapacityCut(
        columns, flows.column_persons[columns], sites, weight[sites], side, float(gain[sites].sum() - side)
    )


def _units(flows: Flows, opened: Floats) -> list[float]:
    """Return the capacities that are opened most."""
    limited = np.isfinite(flows.capacity) & (flows.capacity > 0)
    sizes, which = np.unique(flows.capacity[limited], return_inverse=True)
    often = np.bincount(which, weights=opened[limited], minlength=len(sizes))
    order = np.lexsort((sizes, -often))[:_UNITS]
    return [float(sizes[each]) for each in order if often[each] > 0]


def _seeds(flows: Flows, opened: Floats, carried: Floats) -> Iterator[Ints]:
    """Return sets of areas to begin with."""
    serves = csr_array((carried, flows.site.copy(), flows.start), shape=(len(flows.persons), len(opened))).tocsc()
    parted = np.flatnonzero((opened > _WHOLE) & (opened < 1.0 - _WHOLE))
    count = 0
    for site in parted.tolist():
        own = flows.area[flows.place[site] : flows.place[site + 1]]
        mates = np.unique(np.concatenate([flows.site[flows.start[a] : flows.start[a + 1]] for a in own] or [own]))
        mates = mates[opened[mates] > _WHOLE]
        for some in (None, mates, *(np.array([site, mate]) for mate in mates if mate != site)):
            seed = own if some is None else _best_for(flows, opened, serves, some)
            if len(seed):
                yield seed
            count += 1
            if count >= _SEEDS:
                return


def _best_for(flows: Flows, opened: Floats, serves: csc_array, sites: Ints) -> Ints:
    """Return the areas of whose persons some sites serve more than the fraction of their number."""
    number = float(opened[sites].sum())
    served = np.asarray(serves[:, sites].sum(axis=1)).ravel()
    return np.flatnonzero(served > max(number - np.floor(number), _WHOLE) * flows.persons).astype(np.int64)
