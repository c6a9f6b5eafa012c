"""Who is served by whom: a column for each group of points and row that may serve it (capacity, walking time)."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.coverage import ServiceVariables, is_whole
from siting.locate.milp.demand_groups import Groups, grouped
from siting.locate.problem import Bools, Problem

# Shares of a group that a linear programme leaves at less than this are none.
DUST: Final = 1e-9


def assignment_variables(
    problem: Problem, *, by_unit: bool, timed: bool, beyond_s: float = math.inf
) -> ServiceVariables:
    r"""Return which share of each group each row serves: :math:`0 \le a_{gj} \le 1` for j within the cut-off of g.

    .. math::

        & \sum_{j \in N(g)} a_{gj} \le 1 && \forall g \\
        & a_{gj} \le \min(1, K_j / n_g) \, x_j && \forall g, j \in N(g) \\
        & \sum_g n_g a_{gj} \le K_j x_j && \forall j

    with :math:`n_g` the persons of group g and :math:`K_j` the capacity of row j; the flow of persons is :math:`f_{gj}
    = n_g a_{gj}`. The second rows follow from the third where each group has one row, and are what makes the linear
    relaxation strong. Rows that could serve all whom they reach have no third row. Where walking time does not count,
    groups that a kept row without limit reaches are no columns: they are served whatever is chosen.

    Parameters
    ----------
    problem : Problem
        With or without capacity.
    by_unit : bool
        Whether the shares of units are asked for.
    timed : bool
        Whether walking time counts.
    beyond_s : float, default inf
        Seconds from which on a pair is as good as none.

    Returns
    -------
    ServiceVariables
        A column for each pair of group and row; ``pair_group`` and ``pair_row`` have the two of each.

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
    boundless = problem.kept & np.isinf(capacity)
    served = np.zeros(groups.count, dtype=np.bool_)
    if timed:
        stays = (groups.seconds < beyond_s) & _useful(groups, boundless)
    else:
        served[group[boundless[groups.row]]] = True
        stays = ~served[group]
    stays &= capacity[groups.row] > 0
    pairs, row = group[stays], groups.row[stays]
    people, value = groups.people[pairs], groups.value[pairs]
    point_served = np.append(served, values=False)[groups.group_of]
    most = _most(capacity, row, people)
    return ServiceVariables(
        groups=groups,
        persons=people,
        value=value,
        seconds=value * groups.seconds[stays],
        units=csr_array(groups.units[:, pairs]),
        base_persons=math.fsum(problem.people[point_served]),
        base_value=math.fsum(problem.value[point_served]),
        base_units=np.asarray(groups.units[:, served].sum(axis=1), dtype=np.float64).ravel(),
        blocks=_blocks(problem, (pairs, row, people), most),
        fill=None if limited else _nearest(pairs, row, groups.seconds[stays]),
        whole=is_whole(problem.value) and is_whole(problem.people) and is_whole(most[np.isfinite(most)]),
        pair_group=pairs,
        pair_row=row,
    )


def _useful(groups: Groups, boundless: Bools) -> Bools:
    """Leave out pairs that are no nearer than a kept row without limit, but for the nearest such row itself."""
    group, standing = groups.group, boundless[groups.row]
    best = np.full(groups.count, np.inf)
    np.minimum.at(best, group[standing], groups.seconds[standing])
    nearest = standing & (groups.seconds == best[group])
    own = np.full(groups.count, np.iinfo(np.int64).max)
    np.minimum.at(own, group[nearest], groups.row[nearest])
    return np.asarray((groups.seconds < best[group]) | (nearest & (groups.row == own[group])))


def _most(capacity: Floats, row: Ints, people: Floats) -> Floats:
    """Return the capacity of each row, inf where it could serve all whom it reaches."""
    reached = np.bincount(row, weights=people, minlength=len(capacity))
    return np.where(capacity >= reached, np.inf, capacity)


def _blocks(problem: Problem, pair: tuple[Ints, Ints, Floats], most: Floats) -> tuple[ConstraintBlock, ...]:
    """Return the rows: each group once, only from open rows, and no more than the capacity."""
    group, row, people = pair
    rows, columns = problem.sites, np.arange(len(row))
    width, kept = rows + len(row), problem.kept
    names, which = np.unique(group, return_inverse=True)
    once = csr_array((np.ones(len(row)), (which, rows + columns)), shape=(len(names), width))
    chosen = np.flatnonzero(~kept[row])
    share = np.minimum(1.0, most[row[chosen]] / np.maximum(people[chosen], np.finfo(float).tiny))
    own = np.arange(len(chosen))
    ties = csr_array(
        (np.concatenate([np.ones(len(own)), -share]), (np.tile(own, 2), np.concatenate([rows + chosen, row[chosen]]))),
        shape=(len(own), width),
    )
    blocks = [
        ConstraintBlock(None, once, np.full(len(names), -np.inf), np.ones(len(names))),
        ConstraintBlock(None, ties, np.full(len(own), -np.inf), np.zeros(len(own))),
    ]
    limited = np.flatnonzero(np.isfinite(most))
    if len(limited):
        place = np.full(rows, -1)
        place[limited] = np.arange(len(limited))
        within = np.flatnonzero(place[row] >= 0)
        # In powers of two of the capacity, lest the tolerance of rows mean whole persons of small ones.
        scale = 2.0 ** np.floor(np.log2(most[limited]))
        data = np.concatenate([people[within] / scale[place[row[within]]], -most[limited] / scale])
        line = np.concatenate([place[row[within]], np.arange(len(limited))])
        column = np.concatenate([rows + within, limited])
        matrix = csr_array((data, (line, column)), shape=(len(limited), width))
        blocks.append(ConstraintBlock("capacity", matrix, np.full(len(limited), -np.inf), np.zeros(len(limited))))
    return tuple(blocks)


def _nearest(groups: Ints, rows: Ints, seconds: Floats) -> Callable[[Floats], Floats]:
    """Each group is served by its nearest open row, of equals by the lower."""
    order = np.lexsort((rows, seconds, groups))
    group, row = groups[order], rows[order]

    def fill(opened: Floats) -> Floats:
        pairs = np.flatnonzero(opened[row] > 0)
        _, first = np.unique(group[pairs], return_index=True)
        served = np.zeros(len(order))
        served[order[pairs[first]]] = 1.0
        return served

    return fill


def served_by(problem: Problem, service: ServiceVariables, shares: Floats) -> csr_array:
    """Return the persons of each point whom each row serves, shape (rows, points).

    Parameters
    ----------
    problem : Problem
        With capacity.
    service : ServiceVariables
        The columns.
    shares : ndarray
        Their values. Points of one group are served in their order, by its rows in theirs; who is served whatever is
        chosen goes to the nearest kept row without limit.

    Returns
    -------
    csr_array
        Persons; no stored zeros.
    """
    columns = np.flatnonzero(shares > DUST)
    group, row = service.pair_group[columns], service.pair_row[columns]
    persons = service.persons[columns] * shares[columns]
    members = _members(service.groups.group_of, service.groups.count)
    poured = [
        _pour(problem.people, members[each], row[group == each], persons[group == each]) for each in np.unique(group)
    ]
    standing = _standing(problem, service)
    pairs = np.concatenate([*poured, standing], axis=1) if poured else standing
    served = csr_array((pairs[2], (pairs[0].astype(np.int64), pairs[1].astype(np.int64))), shape=problem.times.shape)
    served.sum_duplicates()
    return served


def _members(group_of: Ints, groups: int) -> list[Ints]:
    """Return the points of each group."""
    order = np.argsort(group_of, kind="stable")
    return np.split(order, np.searchsorted(group_of[order], np.arange(groups)))[1:]


def _pour(people: Floats, points: Ints, rows: Ints, persons: Floats) -> Floats:
    """Return (row, point, persons) where rows serve the persons of points one after the other."""
    reached, given = np.cumsum(people[points]), np.cumsum(persons)
    total = min(float(given[-1]), float(reached[-1]))
    cuts = np.unique(np.concatenate([reached, given]))
    cuts = np.append(cuts[cuts < total], total)
    amounts = np.diff(cuts, prepend=0.0)
    row = rows[np.minimum(np.searchsorted(given, cuts), len(rows) - 1)]
    point = points[np.minimum(np.searchsorted(reached, cuts), len(points) - 1)]
    return np.stack([row, point, amounts])[:, amounts > 0]


def _standing(problem: Problem, service: ServiceVariables) -> Floats:
    """Return (row, point, persons) of points that are served whatever is chosen, by their nearest kept row."""
    capacity = problem.rules.capacity
    boundless = np.flatnonzero(problem.kept if capacity is None else problem.kept & np.isinf(capacity))
    in_columns = np.zeros(service.groups.count + 1, dtype=np.bool_)
    in_columns[service.pair_group] = True
    nearest = np.full(len(problem.people), np.inf)
    by = np.full(len(problem.people), -1)
    for row in boundless.tolist():
        points = problem.points_of(row)
        seconds = problem.times.data[problem.times.indptr[row] : problem.times.indptr[row + 1]]
        nearer = seconds < nearest[points]
        nearest[points[nearer]], by[points[nearer]] = seconds[nearer], row
    base = np.flatnonzero((by >= 0) & ~in_columns[service.groups.group_of] & (problem.people > 0))
    return np.stack([by[base].astype(np.float64), base.astype(np.float64), problem.people[base]])
