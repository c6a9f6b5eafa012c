"""The rules of a request as named rows over the sites, and whether a choice keeps to them exactly."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array, vstack

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Bools, Problem, Rule, Rules

# By what, of the largest coefficient, a row that sums of floats only just keep to is eased. Less than a milliardth is
# worse than nothing: HiGHS' presolve (1.15) takes a column that must be 1 but for such a hair for infeasible.
ROW_TOLERANCE: Final = 1e-8
# A sum of money may exceed the budget by what adding up in floats can lose: a yuan in a billion billions.
BUDGET_NOISE: Final = 1e-12
_LARGEST_COST: Final = 1000.0
_LARGEST_WHOLE: Final = 2.0**53
# Rows over sites alone have whole sides, but for that of money; a whole number off by less is that number.
_HALF: Final = 0.5


@dataclass(frozen=True)
class ConstraintBlock:
    """Rows that stand for one rule: ``low ≤ matrix · columns ≤ high``; ``rule`` is None for what no rule can lift.

    ``matrix`` has a column for each site, and perhaps more for what is decided beside the sites. ``relaxation_width`` is by how
    much HiGHS may stay below ``low``: choices that do are found afterwards and forbidden.
    """

    rule: Rule | None
    matrix: csr_array
    low: Floats
    high: Floats
    relaxation_width: float = 0.0

    def over(self, columns: int) -> csr_array:
        """Return the rows over so many columns, those beyond its own empty."""
        shape = (self.matrix.shape[0], columns)
        return csr_array((self.matrix.data, self.matrix.indices, self.matrix.indptr), shape=shape)


def site_constraints(problem: Problem) -> tuple[ConstraintBlock, ...]:
    r"""Return what the rules ask of the sites alone.

    With :math:`x_j` = 1 if row j is open (kept rows are, forbidden ones are not; both are bounds, no rows):

    .. math::

        & \sum_{j \in C} x_j \le p && \text{stations} \\
        & \sum_j c_j x_j \le B && \text{budget} \\
        & x_j \ge 1 \;\forall j \in F, \quad \sum_{j \in P_k} x_j \ge 1 \;\forall k \in O && \text{forced} \\
        & \sum_{j \in Q} x_j \le 1 \;\forall Q && \text{spacing} \\
        & \sum_{j \in C \cap U_k} x_j \le m_k \;\forall k && \text{per unit} \\
        & \sum_{j \in P_k} x_j \le 1 \;\forall k, \quad \sum_{j \in S} x_j \le n_S \;\forall S && \text{no rule}

    with :math:`C` the counted rows, :math:`p` the most stations, :math:`c_j` the cost of row j and :math:`B` the
    budget, :math:`F` the forced rows, :math:`P_k` the rows (sizes) of place k and :math:`O` the occupied places,
    :math:`Q` cliques of rows too near to one another (each pair is in one: stronger than pair by pair), :math:`U_k` the
    rows in unit k and :math:`m_k` the most there, :math:`S` other sets of rows of which at most :math:`n_S` are open.
    Kept rows are not in :math:`C`, cost nothing, fill their place and forbid what is too near to them; what kept rows
    break among themselves is nobody's choice and asks nothing.

    Parameters
    ----------
    problem : Problem
        The rows and the rules.

    Returns
    -------
    tuple of ConstraintBlock
        Only those that ask something.
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
        most = rules.budget * (1.0 + BUDGET_NOISE) / unit
        # Whole costs stay whole; of others some are let in that are over the budget, which is found afterwards.
        high = np.array([np.floor(most) if np.all(costs == np.rint(costs)) else most + ROW_TOLERANCE * _LARGEST_COST])
        blocks.append(ConstraintBlock("budget", csr_array((costs / unit)[None, :]), np.array([-np.inf]), high))
    return tuple(_wide(block, problem.sites) for block in blocks if len(block.low))


def satisfies(problem: Problem, chosen: Ints, blocks: tuple[ConstraintBlock, ...]) -> bool:
    """Tell whether chosen rows keep to the rules exactly: money is added up anew and rounded once."""
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
    """Tell whether chosen rows cost at most the budget together."""
    rules = problem.rules
    if rules.budget is None or rules.costs is None:
        return True
    return math.fsum(rules.costs[chosen]) <= rules.budget * (1.0 + BUDGET_NOISE)


def money_unit(costs: Floats) -> float:
    """Return the greatest common divisor of whole costs (they stay whole), else a share of the dearest."""
    if np.all(costs == np.rint(costs)) and costs.max() < _LARGEST_WHOLE:
        return float(np.gcd.reduce(costs.astype(np.int64)))
    return float(costs.max()) / _LARGEST_COST


def stacked(blocks: Iterable[ConstraintBlock], columns: int) -> tuple[csr_array, Floats, Floats]:
    """Return the rows of all blocks over so many columns, and their two sides."""
    given = list(blocks)
    if not given:
        return csr_array((0, columns)), np.zeros(0), np.zeros(0)
    matrix = csr_array(vstack([block.over(columns) for block in given], format="csr"))
    return matrix, np.concatenate([block.low for block in given]), np.concatenate([block.high for block in given])


def _at_most(rule: Rule | None, sets: list[Ints], most: list[int]) -> ConstraintBlock:
    """Return one row a set: no more than so many of it; sets that are too small to break it have none."""
    used = [(rows, limit) for rows, limit in zip(sets, most, strict=True) if len(rows) > limit]
    high = np.array([limit for _, limit in used], dtype=np.float64)
    return ConstraintBlock(rule, _members([rows for rows, _ in used]), np.full(len(used), -np.inf), high)


def _at_least(sets: list[Ints]) -> ConstraintBlock:
    return ConstraintBlock("forced", _members(sets), np.ones(len(sets)), np.full(len(sets), np.inf))


def _members(sets: list[Ints]) -> csr_array:
    start = np.concatenate([[0], np.cumsum([len(each) for each in sets])]).astype(np.int64)
    rows = np.concatenate([np.sort(each) for each in sets]).astype(np.int64) if sets else np.zeros(0, dtype=np.int64)
    return csr_array((np.ones(len(rows)), rows, start), shape=(len(sets), int(rows.max(initial=-1)) + 1))


def _wide(block: ConstraintBlock, rows: int) -> ConstraintBlock:
    return ConstraintBlock(block.rule, block.over(rows), block.low, block.high)


def _places(rules: Rules, kept: Bools) -> Ints:
    return np.arange(len(kept), dtype=np.int64) if rules.place is None else rules.place


def _sets_of(labels: Ints, rows: Ints) -> dict[int, Ints]:
    """Return which of the rows bear each label."""
    order = rows[np.argsort(labels[rows], kind="stable")]
    names, start = np.unique(labels[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, start[1:]), strict=True)) if len(order) else {}


def _place_sets(rules: Rules, kept: Bools) -> tuple[list[Ints], list[int]]:
    """Return the rows of each place that may be chosen, and how many of them may be open: none beside a kept one."""
    if rules.place is None:
        return [], []
    filled = set(rules.place[kept].tolist())
    sets = _sets_of(rules.place, np.flatnonzero(~kept))
    return list(sets.values()), [int(place not in filled) for place in sets]


def _occupied_sets(rules: Rules, kept: Bools) -> tuple[list[Ints]]:
    """Return the sets of rows of which one must be open: forced rows alone, and the places that are occupied."""
    sets = [] if rules.forced is None else [np.array([row]) for row in np.flatnonzero(rules.forced & ~kept)]
    if rules.occupied is not None and bool(rules.occupied.any()):
        place = _places(rules, kept)
        of_place = _sets_of(place, np.flatnonzero(~kept))
        wanted = sorted(set(place[rules.occupied].tolist()) - set(place[kept].tolist()))
        sets += [of_place[each] for each in wanted]
    return (sets,)


def _near_sets(rules: Rules, kept: Bools) -> tuple[list[Ints], list[int]]:
    """Return rows near a kept one, of which none, and cliques of rows near one another, of which one may be open."""
    if rules.apart is None or not len(rules.apart):
        return [], []
    first, second = rules.apart[:, 0], rules.apart[:, 1]
    barred = np.unique(np.concatenate([second[kept[first] & ~kept[second]], first[kept[second] & ~kept[first]]]))
    free = ~kept[first] & ~kept[second] & (first != second)
    cliques = cliques_of(rules.apart[free])
    return [*([barred] if len(barred) else []), *cliques], [*([0] if len(barred) else []), *([1] * len(cliques))]


def cliques_of(pairs: Ints) -> list[Ints]:
    """Return sets of rows that are pairwise too near, such that each pair is within one; greedily, lower rows first.

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
