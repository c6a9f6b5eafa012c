"""Who is covered, without capacity: a column for each group of points, whole without being asked to be."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.demand_groups import Groups, grouped
from siting.locate.problem import Bools, Problem


@dataclass(frozen=True)
class ServiceVariables:
    """The columns of a programme beside its sites: who is served, and what that counts.

    Each column runs from 0 to 1 and counts ``persons``, ``value``, ``seconds`` (weighted) and, in each unit, ``units``
    (shape (units, columns)) when it is 1. ``base_...`` counts what is served whatever is chosen. ``blocks`` tie the
    columns to the sites, whose columns stand before them. ``fill`` gives the columns that are best for a choice of
    sites; where it is None, that takes a linear programme. ``whole`` says whether all that is counted of persons is
    whole numbers. Where columns are pairs of a group and a row, ``pair_group`` and ``pair_row`` say which.
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
    pair_row: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return len(self.persons)


def coverage_variables(problem: Problem, *, by_unit: bool) -> ServiceVariables:
    r"""Return who is covered: :math:`0 \le y_g \le 1` of each group of points that the same rows reach.

    .. math:: y_g \le \sum_{j \in N(g)} x_j \quad \forall g

    with :math:`N(g)` the rows that reach group g. What kept rows reach is no column: it is covered whatever is chosen.

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
    standing[groups.group[problem.kept[groups.row]]] = True
    free = np.flatnonzero(~standing)
    pair = ~standing[groups.group]
    place = (np.cumsum(~standing) - 1)[groups.group[pair]]
    reach = csr_array((np.ones(len(place)), (place, groups.row[pair])), shape=(len(free), problem.sites))
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
    rows = reach.shape[1]
    pairs = reach.tocoo()
    own = np.arange(groups)
    data = np.concatenate([-np.ones(pairs.nnz), np.ones(groups)])
    row, column = np.concatenate([pairs.coords[0], own]), np.concatenate([pairs.coords[1], rows + own])
    matrix = csr_array((data, (row, column)), shape=(groups, rows + groups))
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
        row=groups.row[pair],
        seconds=groups.seconds[pair],
        group_of=np.append(number, -1)[groups.group_of],
        people=groups.people[which],
        value=groups.value[which],
        units=csr_array(groups.units[:, which]),
    )
