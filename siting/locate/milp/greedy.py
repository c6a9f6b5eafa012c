"""A good first plan: row by row the best that the rules allow, and what is then of no use taken out again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csc_array, csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.milp.constraints import BUDGET_NOISE, stacked
from siting.locate.milp.evaluate import Evaluation, better_of, evaluate
from siting.locate.milp.formulation import SHARE, LexicographicMilp
from siting.locate.milp.unit_shares import unit_totals
from siting.locate.problem import Bools

# How often the least share is halved between one that greed reaches and one that it does not.
_HALVINGS: Final = 12
_EPS: Final = 1e-9

# From what is left of each group (1: nobody served) to what serving it is worth; all zeros: enough is served.
Score = Callable[[Floats], Floats]


def greedy_plan(milp: LexicographicMilp) -> Evaluation | None:
    """Return the best of some greedy choices, or None where none keeps to the rules and has the shares.

    Each choice opens what is forced, then the best row of each occupied place, then row by row what is worth most (by
    row, or by cost), as long as the limits allow and it is worth something. Where a share is asked for, or is to be
    greatest, persons of units that lack it come first. Rows of no use are taken out again.
    """
    ground = _ground(milp)
    best: Evaluation | None = None
    for value_at in _scores(milp, ground):
        for per_cost in (False, True) if milp.problem.rules.costs is not None else (False,):
            found = evaluate(milp, _greedy(ground, value_at, per_cost=per_cost))
            best = better_of(milp, best, found)
    return None if best is None else without_redundant(milp, best)


def without_redundant(milp: LexicographicMilp, plan: Evaluation) -> Evaluation:
    """Take out rows without which the rules and the shares still hold and no objective is worse, the dearest first."""
    rules = milp.problem.rules
    cost = np.zeros(milp.problem.sites) if rules.costs is None else rules.costs
    for row in sorted(plan.chosen.tolist(), key=lambda each: (-cost[each], -each)):
        if milp.service.fill is None and _serves(milp, plan, row):
            continue
        less = evaluate(milp, plan.chosen[plan.chosen != row])
        if less is not None and better_of(milp, less, plan) is less:
            plan = less
    return plan


def _serves(milp: LexicographicMilp, plan: Evaluation, row: int) -> bool:
    """Tell whether persons go to a row."""
    shares = plan.values[milp.problem.sites : milp.problem.sites + milp.service.columns]
    return bool(np.any(shares[milp.service.pair_row == row] > _EPS))


@dataclass(frozen=True)
class _Ground:
    """What greed looks at: who reaches which group, what rows may serve, and the rules over rows."""

    milp: LexicographicMilp
    reach: csr_array
    people: Floats
    capacity: Floats
    rivals: Floats
    limits: csc_array
    high: Floats
    required: list[Ints]
    costs: Floats


def _ground(milp: LexicographicMilp) -> _Ground:
    problem, groups, service = milp.problem, milp.service.groups, milp.service
    paired = service.fill is None or len(service.pair_row) > 0
    group, row = (service.pair_group, service.pair_row) if paired else (groups.group, groups.row)
    reach = csr_array((np.ones(len(row)), (row, group)), shape=(problem.sites, groups.count))
    matrix, low, high = stacked(milp.rules, problem.sites)
    upper, least = np.flatnonzero(np.isfinite(high)), np.flatnonzero(low > 0)
    capacity = problem.rules.capacity
    return _Ground(
        milp=milp,
        reach=reach,
        people=groups.people,
        capacity=np.full(problem.sites, np.inf) if capacity is None else capacity,
        rivals=np.bincount(group, minlength=groups.count).astype(np.float64),
        limits=csc_array(matrix[upper]),
        high=high[upper] * (1.0 + BUDGET_NOISE),
        required=[matrix.indices[matrix.indptr[line] : matrix.indptr[line + 1]].astype(np.int64) for line in least],
        costs=np.ones(problem.sites) if problem.rules.costs is None else problem.rules.costs,
    )


def _scores(milp: LexicographicMilp, ground: _Ground) -> Iterator[Score]:
    """Return what greed shall look for: the shares that are asked for, or the value of persons."""
    groups = milp.service.groups
    if milp.least_share:
        yield _fairest(milp, ground)
    share_constraints = {block.rule: block for block in milp.share_constraints}
    if "share" in share_constraints:
        totals = unit_totals(milp.problem)[0] if "unit_share" in share_constraints else np.ones(0)
        by_unit = (
            csr_array(groups.units.multiply((1.0 / totals)[:, None])) if "unit_share" in share_constraints else None
        )
        yield _lacking(milp, by_unit)
    elif "unit_share" in share_constraints and not milp.least_share:
        yield _floored(milp, float(np.max(_floor_of(milp), initial=0.0)))
    yield lambda left: groups.value * left


def _floor_of(milp: LexicographicMilp) -> Floats:
    """Return the share that is asked of each unit, kept rows included."""
    totals, wanted = unit_totals(milp.problem)
    block = next(each for each in milp.share_constraints if each.rule == "unit_share")
    return np.asarray(block.low / SHARE + milp.service.base_units[wanted] / totals[wanted])


def _floored(milp: LexicographicMilp, floor: float) -> Score:
    """Return a worth by which units below the floor come first, and the value of persons after that."""
    groups = milp.service.groups
    totals, _ = unit_totals(milp.problem)
    shares = csr_array(groups.units.multiply((1.0 / totals)[:, None]))
    base = milp.service.base_units / totals
    first = 1.0 + float(groups.value.sum())

    def value_at(left: Floats) -> Floats:
        lack = np.maximum(floor - base - shares @ (1.0 - left), 0.0)
        urgent = (lack > _EPS).astype(np.float64) @ shares
        return np.asarray((first * urgent + groups.value) * left)

    return value_at


def _lacking(milp: LexicographicMilp, by_unit: csr_array | None) -> Score:
    """Return a worth that counts only persons whom a share still lacks."""
    groups, service = milp.service.groups, milp.service
    need = milp.need
    floor = _floor_of(milp) if by_unit is not None else np.zeros(0)

    def value_at(left: Floats) -> Floats:
        lacks = need - groups.people @ (1.0 - left) > _EPS * max(need, 1.0)
        total = groups.people * left if lacks else np.zeros(groups.count)
        if by_unit is None:
            return total
        totals, wanted = unit_totals(milp.problem)
        lack = floor - (service.base_units / totals + by_unit @ (1.0 - left))[wanted] > _EPS
        return np.asarray(total + (lack * totals[wanted]) @ by_unit[wanted] * left)

    return value_at


def _fairest(milp: LexicographicMilp, ground: _Ground) -> Score:
    """Return the worth of the greatest floor that greed reaches, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = evaluate(milp, _greedy(ground, _floored(milp, middle), per_cost=False))
        reached = found is not None and found.objective_values[0] >= middle - _EPS
        low, high = (middle, high) if reached else (low, middle)
    return _floored(milp, low)


def _greedy(ground: _Ground, value_at: Score, *, per_cost: bool) -> Ints:
    """Open rows one by one; of equals the lower."""
    milp = ground.milp
    left = np.ones(milp.service.groups.count)
    for row in np.flatnonzero(milp.problem.kept):
        _serve(ground, int(row), left)
    slack = ground.high - ground.limits @ milp.problem.kept.astype(np.float64)
    opened = milp.problem.kept.copy()

    def take(row: int) -> None:
        opened[row] = True
        np.subtract(slack, ground.limits[:, [row]].toarray()[:, 0], out=slack)
        _serve(ground, row, left)

    for must in sorted(ground.required, key=len):
        if not opened[must].any():
            keys = _keys(ground, value_at(left), left, per_cost=per_cost)
            able = _allowed(ground, opened, slack)[must] | (len(must) == 1)
            if able.any():
                take(int(must[able][np.argmax(keys[must[able]])]))
    while True:
        keys = np.where(_allowed(ground, opened, slack), _keys(ground, value_at(left), left, per_cost=per_cost), 0.0)
        if not len(keys) or keys.max() <= 0.0:
            return np.flatnonzero(opened & ~milp.problem.kept).astype(np.int64)
        take(int(np.argmax(keys)))


def _keys(ground: _Ground, value_at: Floats, left: Floats, *, per_cost: bool) -> Floats:
    gains = ground.reach @ value_at
    if np.isfinite(ground.capacity).any():
        reached = ground.reach @ (ground.people * left)
        gains = gains * np.minimum(1.0, ground.capacity / np.where(reached > 0, reached, 1.0))
    if not per_cost:
        return np.asarray(gains)
    return np.asarray(gains / np.maximum(ground.costs, _EPS * max(1.0, float(ground.costs.max(initial=0.0)))))


def _allowed(ground: _Ground, opened: Bools, slack: Floats) -> Bools:
    """Return the rows that the limits still allow."""
    allowed = ground.milp.problem.open_to_choice & ~opened
    limits = ground.limits
    over = limits.data > slack[limits.indices] + _EPS * np.maximum(limits.data, 1.0)
    column = np.repeat(np.arange(limits.shape[1]), np.diff(limits.indptr))
    allowed[column[over]] = False
    return np.asarray(allowed, dtype=np.bool_)


def _serve(ground: _Ground, row: int, left: Floats) -> None:
    """Serve from a row whom it can, those with the fewest other rows first."""
    groups = ground.reach.indices[ground.reach.indptr[row] : ground.reach.indptr[row + 1]]
    if np.isinf(ground.capacity[row]):
        left[groups] = 0.0
        return
    order = groups[np.argsort(ground.rivals[groups], kind="stable")]
    persons = ground.people[order] * left[order]
    before = np.cumsum(persons) - persons
    given = np.clip(ground.capacity[row] - before, 0.0, persons)
    left[order] = np.where(persons > 0, left[order] - given / np.where(persons > 0, ground.people[order], 1.0), 0.0)
    np.maximum(left, 0.0, out=left)
