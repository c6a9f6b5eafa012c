"""Who is served: one variable for each demand group, or with capacity and walking time for each group and site."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.demand_groups import Groups, grouped
from siting.locate.problem import Bools, Problem
from siting.locate.tolerances import NEAR_ZERO


@dataclass(frozen=True)
class ServiceVariables:
    """The variables that follow the sites: who is served, and what that counts.

    Each variable runs from 0 to 1; at 1 it counts ``persons``, ``value``, ``seconds`` (weighted by value) and, in each
    unit, ``units`` (shape (units, variables)). ``base_...`` counts what every choice serves. ``blocks`` are the
    constraints that link the variables to the sites. ``fill`` gives the best variables for fixed sites; where it is
    None, they need a linear program. ``whole`` tells whether all persons are whole numbers. Where a variable is a pair
    of a demand group and a site, ``pair_group`` and ``pair_site`` tell which.
    """

    groups: Groups
    persons: Floats
    value: Floats
    seconds: Floats
    units: csr_array
    base_persons: float
    base_value: float
    base_units: Floats
    blocks: tuple[ConstraintBlock, ...]
    fill: Callable[[Floats], Floats] | None
    whole: bool
    pair_group: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    pair_site: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def variables(self) -> int:
        """The number of variables."""
        return len(self.persons)


def coverage_variables(problem: Problem, *, by_unit: bool) -> ServiceVariables:
    r"""Return who is covered: :math:`0 \le y_g \le 1` for each group of points that the same sites reach.

    .. math:: y_g \le \sum_{j \in N(g)} x_j \quad \forall g

    with :math:`N(g)` the sites that reach group g. What kept sites reach has no variable: every choice covers it.

    Parameters
    ----------
    problem : Problem
        Without capacity.
    by_unit : bool
        Whether the shares of units are asked for.

    Returns
    -------
    ServiceVariables
        Its seconds are 0.
    """
    groups = grouped(problem, timed=False, split=False, by_unit=by_unit)
    standing = np.zeros(groups.count, dtype=np.bool_)
    standing[groups.group[problem.kept[groups.site]]] = True
    free = np.flatnonzero(~standing)
    pair = ~standing[groups.group]
    place = (np.cumsum(~standing) - 1)[groups.group[pair]]
    reach = csr_array((np.ones(len(place)), (place, groups.site[pair])), shape=(len(free), problem.sites))
    point_standing = np.append(standing, values=False)[groups.group_of]
    return ServiceVariables(
        groups=_only(groups, free),
        persons=groups.people[free],
        value=groups.value[free],
        seconds=np.zeros(len(free)),
        units=csr_array(groups.units[:, free]),
        base_persons=math.fsum(problem.people[point_standing]),
        base_value=math.fsum(problem.value[point_standing]),
        base_units=np.asarray(groups.units[:, standing].sum(axis=1), dtype=np.float64).ravel(),
        blocks=(_linked(reach, len(free)),),
        fill=lambda opened: np.asarray(reach @ opened > 0, dtype=np.float64),
        whole=is_whole(problem.value) and is_whole(problem.people),
    )


def is_whole(values: Floats) -> bool:
    """Tell whether all values are whole numbers."""
    return bool(np.all(values == np.rint(values)))


def _linked(reach: csr_array, groups: int) -> ConstraintBlock:
    """Return ``y_g − Σ x_j ≤ 0``."""
    sites = reach.shape[1]
    pairs = reach.tocoo()
    own = np.arange(groups)
    data = np.concatenate([-np.ones(pairs.nnz), np.ones(groups)])
    site, column = np.concatenate([pairs.coords[0], own]), np.concatenate([pairs.coords[1], sites + own])
    matrix = csr_array((data, (site, column)), shape=(groups, sites + groups))
    return ConstraintBlock(None, matrix, np.full(groups, -np.inf), np.zeros(groups))


def _only(groups: Groups, which: Ints) -> Groups:
    """Return some of the groups."""
    stays: Bools = np.zeros(groups.count, dtype=np.bool_)
    stays[which] = True
    pair = stays[groups.group]
    start = np.concatenate([[0], np.cumsum(np.diff(groups.start)[which])]).astype(np.int64)
    number = np.where(stays, np.cumsum(stays) - 1, -1)
    return Groups(
        start=start,
        site=groups.site[pair],
        seconds=groups.seconds[pair],
        group_of=np.append(number, -1)[groups.group_of],
        people=groups.people[which],
        value=groups.value[which],
        units=csr_array(groups.units[:, which]),
    )


def assignment_variables(
    problem: Problem, *, by_unit: bool, timed: bool, beyond_s: float = math.inf
) -> ServiceVariables:
    r"""Return which share of each group each site serves: :math:`0 \le a_{gj} \le 1` for j within the cut-off of g.

    .. math::

        & \sum_{j \in N(g)} a_{gj} \le 1 && \forall g \\
        & a_{gj} \le \min(1, K_j / n_g) \, x_j && \forall g, j \in N(g) \\
        & \sum_g n_g a_{gj} \le K_j x_j && \forall j

    with :math:`n_g` the persons of group g and :math:`K_j` the capacity of site j; the flow of persons is
    :math:`f_{gj} = n_g a_{gj}`. The second constraints are implied by the others in integers, and make the linear
    relaxation strong. Sites that can serve all persons they reach have no third constraint. Where walking time does not
    count, groups that a kept site without capacity limit reaches have no variables: every choice serves them.

    Parameters
    ----------
    problem : Problem
        With or without capacity.
    by_unit : bool
        Whether the shares of units are asked for.
    timed : bool
        Whether walking time counts.
    beyond_s : float, default inf
        Pairs of this time or longer are left out.

    Returns
    -------
    ServiceVariables
        One variable for each pair of a group and a site: see ``pair_group`` and ``pair_site``.

    References
    ----------
    Current, J. R. and Storbeck, J. E. (1988). Capacitated covering models. Environment and Planning B 15, 153-163.
    Pirkul, H. and Schilling, D. A. (1991). The maximal covering location problem with capacities on total workload.
    Management Science 37, 233-248.
    """
    limited = problem.rules.capacity is not None
    groups = grouped(problem, timed=timed, split=limited, by_unit=by_unit)
    capacity = np.full(problem.sites, np.inf) if problem.rules.capacity is None else problem.rules.capacity
    group = groups.group
    unlimited = problem.kept & np.isinf(capacity)
    served = np.zeros(groups.count, dtype=np.bool_)
    if timed:
        stays = (groups.seconds < beyond_s) & _useful(groups, unlimited)
    else:
        served[group[unlimited[groups.site]]] = True
        stays = ~served[group]
    stays &= capacity[groups.site] > 0
    pairs, site = group[stays], groups.site[stays]
    people, value = groups.people[pairs], groups.value[pairs]
    point_served = np.append(served, values=False)[groups.group_of]
    most = _most(capacity, site, people)
    return ServiceVariables(
        groups=groups,
        persons=people,
        value=value,
        seconds=value * groups.seconds[stays],
        units=csr_array(groups.units[:, pairs]),
        base_persons=math.fsum(problem.people[point_served]),
        base_value=math.fsum(problem.value[point_served]),
        base_units=np.asarray(groups.units[:, served].sum(axis=1), dtype=np.float64).ravel(),
        blocks=_blocks(problem, (pairs, site, people), most),
        fill=None if limited else _nearest(pairs, site, groups.seconds[stays]),
        whole=is_whole(problem.value) and is_whole(problem.people) and is_whole(most[np.isfinite(most)]),
        pair_group=pairs,
        pair_site=site,
    )


def _useful(groups: Groups, unlimited: Bools) -> Bools:
    """Leave out pairs that are not nearer than a kept site without limit; the nearest such site stays."""
    group, standing = groups.group, unlimited[groups.site]
    best = np.full(groups.count, np.inf)
    np.minimum.at(best, group[standing], groups.seconds[standing])
    nearest = standing & (groups.seconds == best[group])
    own = np.full(groups.count, np.iinfo(np.int64).max)
    np.minimum.at(own, group[nearest], groups.site[nearest])
    return np.asarray((groups.seconds < best[group]) | (nearest & (groups.site == own[group])))


def _most(capacity: Floats, site: Ints, people: Floats) -> Floats:
    """Return the capacity of each site, inf where it can serve all persons it reaches."""
    reached = np.bincount(site, weights=people, minlength=len(capacity))
    return np.where(capacity >= reached, np.inf, capacity)


def _blocks(problem: Problem, pair: tuple[Ints, Ints, Floats], most: Floats) -> tuple[ConstraintBlock, ...]:
    """Return the constraints: each group is served once, by open sites, within their capacity."""
    group, site, people = pair
    sites, columns = problem.sites, np.arange(len(site))
    width, kept = sites + len(site), problem.kept
    names, which = np.unique(group, return_inverse=True)
    once = csr_array((np.ones(len(site)), (which, sites + columns)), shape=(len(names), width))
    chosen = np.flatnonzero(~kept[site])
    share = np.minimum(1.0, most[site[chosen]] / np.maximum(people[chosen], np.finfo(float).tiny))
    own = np.arange(len(chosen))
    ties = csr_array(
        (
            np.concatenate([np.ones(len(own)), -share]),
            (np.tile(own, 2), np.concatenate([sites + chosen, site[chosen]])),
        ),
        shape=(len(own), width),
    )
    blocks = [
        ConstraintBlock(None, once, np.full(len(names), -np.inf), np.ones(len(names))),
        ConstraintBlock(None, ties, np.full(len(own), -np.inf), np.zeros(len(own))),
    ]
    limited = np.flatnonzero(np.isfinite(most))
    if len(limited):
        place = np.full(sites, -1)
        place[limited] = np.arange(len(limited))
        within = np.flatnonzero(place[site] >= 0)
        # Scaled by powers of two, so that the row tolerance of HiGHS is far below a person.
        scale = 2.0 ** np.floor(np.log2(most[limited]))
        data = np.concatenate([people[within] / scale[place[site[within]]], -most[limited] / scale])
        line = np.concatenate([place[site[within]], np.arange(len(limited))])
        column = np.concatenate([sites + within, limited])
        matrix = csr_array((data, (line, column)), shape=(len(limited), width))
        blocks.append(ConstraintBlock("capacity", matrix, np.full(len(limited), -np.inf), np.zeros(len(limited))))
    return tuple(blocks)


def _nearest(groups: Ints, sites: Ints, seconds: Floats) -> Callable[[Floats], Floats]:
    """Return a function that assigns each group to its nearest open site, ties to the lower one."""
    order = np.lexsort((sites, seconds, groups))
    group, site = groups[order], sites[order]

    def fill(opened: Floats) -> Floats:
        pairs = np.flatnonzero(opened[site] > 0)
        _, first = np.unique(group[pairs], return_index=True)
        served = np.zeros(len(order))
        served[order[pairs[first]]] = 1.0
        return served

    return fill


def served_by(problem: Problem, service: ServiceVariables, shares: Floats) -> csr_array:
    """Return the persons of each point that each site serves, shape (sites, points).

    Parameters
    ----------
    problem : Problem
        With capacity.
    service : ServiceVariables
        The variables.
    shares : ndarray
        Their values. The points of a group are served in order, by its sites in order. Persons that every choice serves
        go to the nearest kept site without limit.

    Returns
    -------
    csr_array
        Persons; no stored zeros.
    """
    columns = np.flatnonzero(shares > NEAR_ZERO)
    group, site = service.pair_group[columns], service.pair_site[columns]
    persons = service.persons[columns] * shares[columns]
    members = _members(service.groups.group_of, service.groups.count)
    parts = _members(group, service.groups.count)
    allocated = [
        _allocate(problem.people, points, site[part], persons[part])
        for points, part in zip(members, parts, strict=True)
        if len(part)
    ]
    standing = _standing(problem, service)
    pairs = np.concatenate([*allocated, standing], axis=1) if allocated else standing
    served = csr_array((pairs[2], (pairs[0].astype(np.int64), pairs[1].astype(np.int64))), shape=problem.times.shape)
    served.sum_duplicates()
    return served


def _members(group_of: Ints, groups: int) -> list[Ints]:
    """Return the points of each group."""
    order = np.argsort(group_of, kind="stable")
    return np.split(order, np.searchsorted(group_of[order], np.arange(groups)))[1:]


def _allocate(people: Floats, points: Ints, sites: Ints, persons: Floats) -> Floats:
    """Return (site, point, persons) where sites serve the persons of points one after the other."""
    reached, given = np.cumsum(people[points]), np.cumsum(persons)
    total = min(float(given[-1]), float(reached[-1]))
    cuts = np.unique(np.concatenate([reached, given]))
    cuts = np.append(cuts[cuts < total], total)
    amounts = np.diff(cuts, prepend=0.0)
    site = sites[np.minimum(np.searchsorted(given, cuts), len(sites) - 1)]
    point = points[np.minimum(np.searchsorted(reached, cuts), len(points) - 1)]
    return np.stack([site, point, amounts])[:, amounts > 0]


def _standing(problem: Problem, service: ServiceVariables) -> Floats:
    """Return (site, point, persons) of points that every choice serves, by their nearest kept site."""
    capacity = problem.rules.capacity
    unlimited = np.flatnonzero(problem.kept if capacity is None else problem.kept & np.isinf(capacity))
    has_variable = np.zeros(service.groups.count + 1, dtype=np.bool_)
    has_variable[service.pair_group] = True
    nearest = np.full(len(problem.people), np.inf)
    by = np.full(len(problem.people), -1)
    for site in unlimited.tolist():
        points = problem.points_of(site)
        seconds = problem.times.data[problem.times.indptr[site] : problem.times.indptr[site + 1]]
        nearer = seconds < nearest[points]
        nearest[points[nearer]], by[points[nearer]] = seconds[nearer], site
    base = np.flatnonzero((by >= 0) & ~has_variable[service.groups.group_of] & (problem.people > 0))
    return np.stack([by[base].astype(np.float64), base.astype(np.float64), problem.people[base]])
