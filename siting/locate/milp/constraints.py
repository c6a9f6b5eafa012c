"""The rules of a request as named linear constraints on the sites, and an exact check of a choice."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array, vstack

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Bools, Problem, Rule, Rules
from siting.locate.tolerances import ROW_TOLERANCE, SUM_TOLERANCE

_LARGEST_COST: Final = 1000.0
_LARGEST_WHOLE: Final = 2.0**53
# Constraints on sites alone, except the budget, have whole sides: a difference below one half is a rounding error.
_HALF: Final = 0.5


@dataclass(frozen=True)
class ConstraintBlock:
    """The constraints of one rule: ``low ≤ matrix · variables ≤ high``.

    ``rule`` is None for constraints that belong to no rule of the request. ``matrix`` has a column for each site, and
    perhaps for the variables after them. HiGHS may stay below ``low`` by ``relaxed_by``; a choice that does is found
    afterwards and excluded.
    """

    rule: Rule | None
    matrix: csr_array
    low: Floats
    high: Floats
    relaxed_by: float = 0.0

    def over(self, variables: int) -> csr_array:
        """Return the matrix with so many columns; added ones are empty."""
        shape = (self.matrix.shape[0], variables)
        return csr_array((self.matrix.data, self.matrix.indices, self.matrix.indptr), shape=shape)


def site_constraints(problem: Problem) -> tuple[ConstraintBlock, ...]:
    r"""Return the constraints on the sites alone.

    With :math:`x_j` = 1 if site j is open (kept sites are, forbidden ones are not; both are variable bounds):

    .. math::

        & \sum_{j \in C} x_j \le p && \text{stations} \\
        & \sum_j c_j x_j \le B && \text{budget} \\
        & x_j \ge 1 \;\forall j \in F, \quad \sum_{j \in P_k} x_j \ge 1 \;\forall k \in O && \text{forced} \\
        & \sum_{j \in Q} x_j \le 1 \;\forall Q && \text{spacing} \\
        & \sum_{j \in C \cap U_k} x_j \le m_k \;\forall k && \text{per unit} \\
        & \sum_{j \in P_k} x_j \le 1 \;\forall k, \quad \sum_{j \in S} x_j \le n_S \;\forall S && \text{no rule}

    with :math:`C` the counted sites, :math:`p` the most stations, :math:`c_j` the cost of site j and :math:`B` the
    budget, :math:`F` the forced sites, :math:`P_k` the sites (sizes) of place k and :math:`O` the occupied places,
    :math:`Q` cliques of sites too near to one another (they contain each pair, and are stronger than pairs),
    :math:`U_k` the sites in unit k and :math:`m_k` the most there, :math:`S` other sets of sites of which at most
    :math:`n_S` are open. Kept sites are not in :math:`C`, cost nothing, occupy their place and exclude sites too near
    to them. Rules that kept sites violate among themselves give no constraint.

    Parameters
    ----------
    problem : Problem
        The sites and the rules.

    Returns
    -------
    tuple of ConstraintBlock
        Without empty ones.
    """
    rules, kept = problem.rules, problem.kept
    blocks = [
        _at_most(None, *_place_sets(rules, kept)),
        _at_least(*_occupied_sets(rules, kept)),
        _at_most("spacing", *_near_sets(rules, kept)),
        _at_most(None, [each[~kept[each]] for each, _ in rules.at_most], [most for _, most in rules.at_most]),
    ]
    if rules.stations is not None:
        blocks.append(_at_most("stations", [np.flatnonzero(problem.counted)], [rules.stations]))
    if rules.most_per_unit is not None and rules.unit is not None:
        counted, units = problem.counted, range(len(rules.most_per_unit))
        sets = [np.flatnonzero(counted & (rules.unit == unit)) for unit in units]
        blocks.append(_at_most("per_unit", sets, rules.most_per_unit.tolist()))
    if rules.budget is not None and rules.costs is not None and bool(np.any(rules.costs[~kept] > 0)):
        costs = np.where(kept, 0.0, rules.costs)
        unit = money_unit(costs)
        most = rules.budget * (1.0 + SUM_TOLERANCE) / unit
        # Whole costs stay whole. Other costs are relaxed; a choice over the budget is found and excluded afterwards.
        high = np.array([np.floor(most) if np.all(costs == np.rint(costs)) else most + ROW_TOLERANCE * _LARGEST_COST])
        blocks.append(ConstraintBlock("budget", csr_array((costs / unit)[None, :]), np.array([-np.inf]), high))
    return tuple(_wide(block, problem.sites) for block in blocks if len(block.low))


def satisfies(problem: Problem, chosen: Ints, blocks: tuple[ConstraintBlock, ...]) -> bool:
    """Tell whether chosen sites satisfy the rules exactly: money is summed without rounding and rounded once."""
    if not bool(np.all(problem.open_to_choice[chosen])) or not within_budget(problem, chosen):
        return False
    opened = problem.kept.astype(np.float64)
    opened[chosen] = 1.0
    for block in blocks:
        if block.rule == "budget":
            continue
        sides = block.matrix @ opened
        if np.any(sides > block.high + _HALF) or np.any(sides < block.low - _HALF):
            return False
    return True


def within_budget(problem: Problem, chosen: Ints) -> bool:
    """Tell whether the cost of chosen sites is within the budget."""
    rules = problem.rules
    if rules.budget is None or rules.costs is None:
        return True
    return math.fsum(rules.costs[chosen]) <= rules.budget * (1.0 + SUM_TOLERANCE)


def money_unit(costs: Floats) -> float:
    """Return the greatest common divisor of whole costs (they stay whole), else a share of the largest."""
    if np.all(costs == np.rint(costs)) and costs.max() < _LARGEST_WHOLE:
        return float(np.gcd.reduce(costs.astype(np.int64)))
    return float(costs.max()) / _LARGEST_COST


def stacked(blocks: Iterable[ConstraintBlock], variables: int) -> tuple[csr_array, Floats, Floats]:
    """Return the matrix of all blocks with so many columns, and their two sides."""
    given = list(blocks)
    if not given:
        return csr_array((0, variables)), np.zeros(0), np.zeros(0)
    matrix = csr_array(vstack([block.over(variables) for block in given], format="csr"))
    return matrix, np.concatenate([block.low for block in given]), np.concatenate([block.high for block in given])


def _at_most(rule: Rule | None, sets: list[Ints], most: list[int]) -> ConstraintBlock:
    """Return one constraint for each set: at most so many of it are open; redundant ones are left out."""
    used = [(sites, limit) for sites, limit in zip(sets, most, strict=True) if len(sites) > limit]
    high = np.array([limit for _, limit in used], dtype=np.float64)
    return ConstraintBlock(rule, _members([sites for sites, _ in used]), np.full(len(used), -np.inf), high)


def _at_least(sets: list[Ints]) -> ConstraintBlock:
    return ConstraintBlock("forced", _members(sets), np.ones(len(sets)), np.full(len(sets), np.inf))


def _members(sets: list[Ints]) -> csr_array:
    start = np.concatenate([[0], np.cumsum([len(each) for each in sets])]).astype(np.int64)
    sites = np.concatenate([np.sort(each) for each in sets]).astype(np.int64) if sets else np.zeros(0, dtype=np.int64)
    return csr_array((np.ones(len(sites)), sites, start), shape=(len(sets), int(sites.max(initial=-1)) + 1))


def _wide(block: ConstraintBlock, sites: int) -> ConstraintBlock:
    return ConstraintBlock(block.rule, block.over(sites), block.low, block.high)


def _places(rules: Rules, kept: Bools) -> Ints:
    return np.arange(len(kept), dtype=np.int64) if rules.place is None else rules.place


def _sets_of(labels: Ints, sites: Ints) -> dict[int, Ints]:
    """Return which of the sites have each label."""
    order = sites[np.argsort(labels[sites], kind="stable")]
    names, start = np.unique(labels[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, start[1:]), strict=True)) if len(order) else {}


def _place_sets(rules: Rules, kept: Bools) -> tuple[list[Ints], list[int]]:
    """Return the sites of each place that may be chosen, and how many may be open: none beside a kept one."""
    if rules.place is None:
        return [], []
    filled = set(rules.place[kept].tolist())
    sets = _sets_of(rules.place, np.flatnonzero(~kept))
    return list(sets.values()), [int(place not in filled) for place in sets]


def _occupied_sets(rules: Rules, kept: Bools) -> tuple[list[Ints]]:
    """Return the sets of sites of which one must be open: each forced site, and each occupied place."""
    sets = [] if rules.forced is None else [np.array([site]) for site in np.flatnonzero(rules.forced & ~kept)]
    if rules.occupied is not None and bool(rules.occupied.any()):
        place = _places(rules, kept)
        of_place = _sets_of(place, np.flatnonzero(~kept))
        wanted = sorted(set(place[rules.occupied].tolist()) - set(place[kept].tolist()))
        sets += [of_place[each] for each in wanted]
    return (sets,)


def _near_sets(rules: Rules, kept: Bools) -> tuple[list[Ints], list[int]]:
    """Return sites near a kept one, of which none may be open, and cliques of near sites, of which one may be."""
    if rules.apart is None or not len(rules.apart):
        return [], []
    first, second = rules.apart[:, 0], rules.apart[:, 1]
    barred = np.unique(np.concatenate([second[kept[first] & ~kept[second]], first[kept[second] & ~kept[first]]]))
    free = ~kept[first] & ~kept[second] & (first != second)
    cliques = cliques_of(rules.apart[free])
    return [*([barred] if len(barred) else []), *cliques], [*([0] if len(barred) else []), *([1] * len(cliques))]


def cliques_of(pairs: Ints) -> list[Ints]:
    """Return sets of pairwise near sites that contain every pair; greedily, lower sites first.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.locate.milp.constraints import cliques_of
    >>> [each.tolist() for each in cliques_of(np.array([[0, 1], [1, 2], [2, 0], [3, 2]]))]
    [[0, 1, 2], [2, 3]]
    """
    near: dict[int, set[int]] = {}
    for first, second in pairs.tolist():
        near.setdefault(first, set()).add(second)
        near.setdefault(second, set()).add(first)
    left = {(min(pair), max(pair)) for pair in pairs.tolist()}
    cliques = []
    for first, second in sorted(left):
        if (first, second) not in left:
            continue
        clique, common = [first, second], near[first] & near[second]
        while common:
            clique.append(min(common))
            common &= near[clique[-1]]
        clique.sort()
        left.difference_update((one, other) for place, one in enumerate(clique) for other in clique[place + 1 :])
        cliques.append(np.array(clique, dtype=np.int64))
    return cliques
