"""A greedy first plan: site by site the best that the rules allow, then without redundant sites."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csc_array, csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.milp.constraints import stacked
from siting.locate.milp.evaluate import Evaluation, better_of, evaluate
from siting.locate.milp.formulation import LexicographicMilp
from siting.locate.milp.ties import without_redundant
from siting.locate.milp.unit_shares import SHARE, unit_totals
from siting.locate.problem import Bools
from siting.locate.tolerances import NEAR_ZERO, SUM_TOLERANCE

# Bisection steps for the greatest least share that the greedy heuristic reaches.
_HALVINGS: Final = 12

# From the unserved part of each group (1: nobody is served) to the value of serving it; all zeros: enough are served.
Score = Callable[[Floats], Floats]


def greedy_plan(milp: LexicographicMilp) -> Evaluation | None:
    """Return the best of several greedy choices, or None if none is feasible.

    Each choice opens the forced sites, then the best site of each occupied place, then site by site the one with the
    highest score (per site, or per cost), while the limits allow it and the score is positive. Where shares of units
    are constrained or maximised, persons of units below them come first. Redundant sites are then removed.
    """
    data = _greedy_data(milp)
    best: Evaluation | None = None
    for value_at in _scores(milp, data):
        for per_cost in (False, True) if milp.problem.rules.costs is not None else (False,):
            found = evaluate(milp, _greedy(data, value_at, per_cost=per_cost))
            best = better_of(milp, best, found)
    return None if best is None else without_redundant(milp, best)


@dataclass(frozen=True)
class SiteLimits:
    """The site constraints for greedy choices: upper limits (by site), and sets of which one site must be open."""

    may: Bools
    matrix: csc_array
    high: Floats
    required: list[Ints]

    def slack(self, opened: Bools) -> Floats:
        """Return how much the open sites leave of each limit."""
        left: Floats = self.high - self.matrix @ opened.astype(np.float64)
        return left

    def allowed(self, opened: Bools, slack: Floats) -> Bools:
        """Return the closed sites that may each be opened alone beside the open ones."""
        allowed = self.may & ~opened
        over = self.matrix.data > slack[self.matrix.indices] + NEAR_ZERO * np.maximum(self.matrix.data, 1.0)
        allowed[np.repeat(np.arange(len(allowed)), np.diff(self.matrix.indptr))[over]] = False
        return np.asarray(allowed, dtype=np.bool_)


def site_limits(milp: LexicographicMilp) -> SiteLimits:
    """Return the site constraints of a program for greedy choices."""
    matrix, low, high = stacked(milp.site_constraints, milp.problem.sites)
    upper, least = np.flatnonzero(np.isfinite(high)), np.flatnonzero(low > 0)
    required = [matrix.indices[matrix.indptr[line] : matrix.indptr[line + 1]].astype(np.int64) for line in least]
    return SiteLimits(
        milp.problem.open_to_choice, csc_array(matrix[upper]), high[upper] * (1.0 + SUM_TOLERANCE), required
    )


@dataclass(frozen=True)
class _GreedyData:
    """The data of the heuristic: which site reaches which group, capacities, and limits on the sites."""

    milp: LexicographicMilp
    reach: csr_array
    people: Floats
    capacity: Floats
    alternatives: Floats
    limits: SiteLimits
    costs: Floats


def _greedy_data(milp: LexicographicMilp) -> _GreedyData:
    problem, groups, service = milp.problem, milp.service.groups, milp.service
    paired = service.fill is None or len(service.pair_site) > 0
    group, site = (service.pair_group, service.pair_site) if paired else (groups.group, groups.site)
    reach = csr_array((np.ones(len(site)), (site, group)), shape=(problem.sites, groups.count))
    capacity = problem.rules.capacity
    return _GreedyData(
        milp=milp,
        reach=reach,
        people=groups.people,
        capacity=np.full(problem.sites, np.inf) if capacity is None else capacity,
        alternatives=np.bincount(group, minlength=groups.count).astype(np.float64),
        limits=site_limits(milp),
        costs=np.ones(problem.sites) if problem.rules.costs is None else problem.rules.costs,
    )


def _scores(milp: LexicographicMilp, data: _GreedyData) -> Iterator[Score]:
    """Return the scores to try: the shares that are asked for, and the value of persons."""
    groups = milp.service.groups
    if milp.dependent is not None:
        yield _fairest(milp, data)
    share_constraints = {block.rule: block for block in milp.share_constraints}
    if "share" in share_constraints:
        totals = unit_totals(milp.problem)[0] if "unit_share" in share_constraints else np.ones(0)
        by_unit = (
            csr_array(groups.units.multiply((1.0 / totals)[:, None])) if "unit_share" in share_constraints else None
        )
        yield _lacking(milp, by_unit)
    elif "unit_share" in share_constraints and milp.dependent is None:
        yield _floored(milp, float(np.max(_floor_of(milp), initial=0.0)))
    yield lambda unserved: groups.value * unserved


def _floor_of(milp: LexicographicMilp) -> Floats:
    """Return the share that each unit needs, kept sites included."""
    totals, wanted = unit_totals(milp.problem)
    block = next(each for each in milp.share_constraints if each.rule == "unit_share")
    return np.asarray(block.low / SHARE + milp.service.base_units[wanted] / totals[wanted])


def _floored(milp: LexicographicMilp, floor: float) -> Score:
    """Return the score by which units below the floor come first, then the value of persons."""
    groups = milp.service.groups
    totals, _ = unit_totals(milp.problem)
    shares = csr_array(groups.units.multiply((1.0 / totals)[:, None]))
    base = milp.service.base_units / totals
    first = 1.0 + float(groups.value.sum())

    def value_at(unserved: Floats) -> Floats:
        shortfall = np.maximum(floor - base - shares @ (1.0 - unserved), 0.0)
        urgent = (shortfall > NEAR_ZERO).astype(np.float64) @ shares
        return np.asarray((first * urgent + groups.value) * unserved)

    return value_at


def _lacking(milp: LexicographicMilp, by_unit: csr_array | None) -> Score:
    """Return the score that counts only persons that a share still needs."""
    groups, service = milp.service.groups, milp.service
    need = milp.need
    floor = _floor_of(milp) if by_unit is not None else np.zeros(0)

    def value_at(unserved: Floats) -> Floats:
        short = need - groups.people @ (1.0 - unserved) > NEAR_ZERO * max(need, 1.0)
        total = groups.people * unserved if short else np.zeros(groups.count)
        if by_unit is None:
            return total
        totals, wanted = unit_totals(milp.problem)
        shortfall = floor - (service.base_units / totals + by_unit @ (1.0 - unserved))[wanted] > NEAR_ZERO
        return np.asarray(total + (shortfall * totals[wanted]) @ by_unit[wanted] * unserved)

    return value_at


def _fairest(milp: LexicographicMilp, data: _GreedyData) -> Score:
    """Return the score of the greatest floor that the heuristic reaches, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = evaluate(milp, _greedy(data, _floored(milp, middle), per_cost=False))
        reached = found is not None and found.objective_values[0] >= middle - NEAR_ZERO
        low, high = (middle, high) if reached else (low, middle)
    return _floored(milp, low)


def _greedy(data: _GreedyData, value_at: Score, *, per_cost: bool) -> Ints:
    """Open sites one by one; ties go to the lower one."""
    milp = data.milp
    unserved = np.ones(milp.service.groups.count)
    for site in np.flatnonzero(milp.problem.kept):
        _serve(data, int(site), unserved)
    opened = milp.problem.kept.copy()
    slack = data.limits.slack(opened)

    def take(site: int) -> None:
        opened[site] = True
        np.subtract(slack, data.limits.matrix[:, [site]].toarray()[:, 0], out=slack)
        _serve(data, site, unserved)

    for must in sorted(data.limits.required, key=len):
        if not opened[must].any():
            keys = _keys(data, value_at(unserved), unserved, per_cost=per_cost)
            able = data.limits.allowed(opened, slack)[must] | (len(must) == 1)
            if able.any():
                take(int(must[able][np.argmax(keys[must[able]])]))
    while True:
        keys = np.where(
            data.limits.allowed(opened, slack), _keys(data, value_at(unserved), unserved, per_cost=per_cost), 0.0
        )
        if not len(keys) or keys.max() <= 0.0:
            return np.flatnonzero(opened & ~milp.problem.kept).astype(np.int64)
        take(int(np.argmax(keys)))


def _keys(data: _GreedyData, value_at: Floats, unserved: Floats, *, per_cost: bool) -> Floats:
    gains = data.reach @ value_at
    if np.isfinite(data.capacity).any():
        reached = data.reach @ (data.people * unserved)
        gains = gains * np.minimum(1.0, data.capacity / np.where(reached > 0, reached, 1.0))
    if not per_cost:
        return np.asarray(gains)
    return np.asarray(gains / np.maximum(data.costs, NEAR_ZERO * max(1.0, float(data.costs.max(initial=0.0)))))


def _serve(data: _GreedyData, site: int, unserved: Floats) -> None:
    """Serve from a site as many persons as it can, those with the fewest other sites first."""
    groups = data.reach.indices[data.reach.indptr[site] : data.reach.indptr[site + 1]]
    if np.isinf(data.capacity[site]):
        unserved[groups] = 0.0
        return
    order = groups[np.argsort(data.alternatives[groups], kind="stable")]
    persons = data.people[order] * unserved[order]
    before = np.cumsum(persons) - persons
    given = np.clip(data.capacity[site] - before, 0.0, persons)
    unserved[order] = np.where(
        persons > 0, unserved[order] - given / np.where(persons > 0, data.people[order], 1.0), 0.0
    )
    np.maximum(unserved, 0.0, out=unserved)
