"""Who is covered, without capacity: one variable for each demand group, integral in every optimum."""

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
