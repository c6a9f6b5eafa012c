"""Lagrangian multipliers for certificates: subgradient steps for plain problems, and for those with other rules."""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from siting.compiled import compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.certificate import SiteLimits, nearest_of, site_limits
from siting.locate.covering.instance import CoveringInstance
from siting.locate.covering.lagrangian import (
    first_multipliers,
    knapsack_threshold,
    slack_value,
    subgradient_ascent,
    subgradient_descent,
    subgradient_from,
)
from siting.locate.covering.lscp import coverage_target
from siting.locate.covering.reduction import Reduction, reduced, restricted
from siting.locate.highs import Milp, Relaxation
from siting.locate.median.instance import FREE, INSIDE, States, instance_of, weighted
from siting.locate.median.instance import reduced as reduced_median
from siting.locate.median.lagrangian import Rounds, ascend
from siting.locate.problem import Bools, Effort, MaximalCovering, Model, PMedian, Problem, SetCovering

_LENGTHS: Final = ((0.5, 0.0005), (0.1, 0.001))
# With other rules: the share of the last direction in each step; steps without gain until they become shorter, and the
# factor; the length at which they end.
_MEMORY: Final = 0.7
_PATIENCE: Final = 12
_SLOWER: Final = 0.7
_SHORTEST: Final = 1e-3
# Halvings of the range in which the price of money is sought.
_HALVINGS: Final = 40
# A bound that is better by less than this part of the gap is no gain.
_GAIN: Final = 1e-4
# So many times the greatest price of a person is the price of one that no site reaches.
_BEYOND: Final = 100.0
# Costs below this are free of charge.
_FREE_OF_CHARGE: Final = 1e-9

# For the states of the sites, initial multipliers by point, the number of steps and the goal of the bound: better
# multipliers by point, and the price of leaving a person out, or of money.
Multipliers = tuple[Floats, float]
Stops = Callable[[], bool]
Maker = Callable[[States, Floats | None, int, float, Stops], Multipliers]


def maker_of(problem: Problem, model: Model) -> Maker:
    """Return what makes multipliers of a problem by a model that has certificates."""
    if not problem.is_plain:
        return _of_rules(problem, model)
    match model:
        case SetCovering():
            return _of_least_cost(problem, model)
        case PMedian(beyond_s=float() as beyond_s):
            return _of_median(problem, beyond_s)
        case _:
            return _of_covering(problem)


def _shared(found: Reduction, weight: Floats, multipliers: Floats) -> Floats:
    """Return multipliers of groups as multipliers of their points, in proportion to the weights of the points."""
    inside = found.group_of >= 0
    total = np.bincount(found.group_of[inside], weights=weight[inside], minlength=len(multipliers))
    shared = np.zeros(len(weight))
    group = found.group_of[inside]
    shared[inside] = multipliers[group] * weight[inside] / total[group]
    return shared


def _gathered(found: Reduction, values: Floats) -> Floats:
    """Return values of points added up by group."""
    inside = found.group_of >= 0
    return np.bincount(found.group_of[inside], weights=values[inside], minlength=found.groups).astype(np.float64)


def _reached(found: Reduction, sites: Ints) -> Bools:
    """Return the groups that some of the sites, by their original numbers, cover."""
    return found.cover.covered(np.searchsorted(found.sites, sites[np.isin(sites, found.sites)]))


def _of_covering(problem: Problem) -> Maker:
    """Return what makes multipliers of maximal covering by subgradient descent."""
    found = reduced(problem.under(forced=None), dominated=False)
    unreached = problem.value * (found.group_of < 0)
    stations = site_limits(problem, MaximalCovering()).most

    def make(state: States, hint: Floats | None, steps: int, goal: float, stops: Stops) -> Multipliers:
        opened, free = np.flatnonzero(state == INSIDE), np.flatnonzero(state[found.sites] == FREE)
        reached = _reached(found, opened)
        cover, label = restricted(found.cover, free, ~reached)
        # A group that no free site covers pays all that it counts: it cannot be covered.
        paid = np.where(reached, 0.0, found.cover.weight)
        many, inside = min(stations - len(opened), len(free)), label >= 0
        if many > 0 and inside.any():
            begin = 0.5 * cover.weight
            if hint is not None:
                gathered = _gathered(found, hint)[inside]
                begin = np.bincount(label[inside], gathered, len(cover.weight)).astype(np.float64)
            start = subgradient_from(np.minimum(begin, cover.weight))
            target = goal - float(found.cover.weight[reached].sum())
            subgradient_descent(cover, many, target, (steps, *_LENGTHS[hint is not None]), start, stops)
            paid[inside] = start.best[label[inside]] * found.cover.weight[inside] / cover.weight[label[inside]]
        return _shared(found, problem.value, paid) + unreached, 0.0

    return make


def _of_least_cost(problem: Problem, model: SetCovering) -> Maker:
    """Return what makes multipliers of set covering by subgradient ascent, and the price of leaving people out."""
    free_problem = problem.under(forced=None)
    wanted = coverage_target(free_problem, model.share)
    found = reduced(free_problem, value=problem.people, dominated=False)
    costs = problem.rules.costs if model.by_cost else None
    cost = (np.ones(problem.sites) if costs is None else costs)[wanted.free]
    instance = CoveringInstance(wanted.instance.cover._replace(cost=cost), wanted.instance.slack, whole=False)
    unreached = problem.people * ((found.group_of < 0) & ~problem.reached_by(np.zeros(0, dtype=np.int64)))
    # The instance counts people in units of its own.
    unit = float(instance.cover.weight.sum()) / max(float(found.cover.weight.sum()), 1e-300)

    def make(state: States, hint: Floats | None, steps: int, goal: float, stops: Stops) -> Multipliers:
        opened, free = np.flatnonzero(state == INSIDE), np.flatnonzero(state[wanted.free] == FREE)
        open_groups, coverable = ~_reached(found, opened), instance.cover.covered(free)
        lost, left = np.flatnonzero(open_groups & ~coverable), np.flatnonzero(open_groups & coverable)
        weight = instance.cover.weight
        slack, paid = instance.slack - float(weight[lost].sum()), np.zeros(found.groups)
        if slack < 0:
            # Too many people can no longer be covered: a high price of leaving them out proves it.
            price = (1.0 - 2.0 * goal) / -slack
        else:
            part = instance.part(free, left, slack)
            price = 0.0
            if len(left):
                ascent = first_multipliers(part)
                if hint is not None:
                    ascent.now[:] = _gathered(found, hint)[left]
                spent = len(opened) if costs is None else math.fsum(costs[opened])
                subgradient_ascent(part, ascent, max(-goal - spent, 0.0), steps, stops)
                paid[left] = np.maximum(ascent.best, 0.0)
                price = slack_value(paid[left][~part.must], part.cover.weight[~part.must], part.slack)[1]
        paid[lost] = price * weight[lost]
        return _shared(found, problem.people, paid) + price * unit * unreached, price * unit

    return make


def _of_median(problem: Problem, beyond_s: float) -> Maker:
    """Return what makes multipliers of the p-median by subgradient ascent."""
    everything = np.arange(problem.sites)
    instance = instance_of(weighted(problem, beyond_s), problem.kept, everything)
    stations = site_limits(problem, PMedian(beyond_s)).most

    def make(state: States, hint: Floats | None, steps: int, goal: float, stops: Stops) -> Multipliers:
        part, _ = reduced_median(instance, state)
        many = max(stations - int((state == INSIDE).sum()), 0)
        begin = part.base.copy() if hint is None else np.minimum(hint, part.base)
        rounds = Rounds(steps, 0.5, 8 if hint is not None else 20)
        found = ascend(part, many, begin, -goal, rounds, stops)
        return found.multipliers, 0.0

    return make


# --- other rules ------------------------------------------------------------------------------------------------------


class _Terms(NamedTuple):
    """A model as costs: of each point without a new site, of each pair, and of each site.

    Set covering has no cost of points; it leaves at most ``room`` people out. ``offset`` is added to every bound.
    """

    alone: Floats
    pair: Floats
    site: Floats
    offset: float
    room: float | None


def _terms(problem: Problem, model: Model) -> _Terms:
    none = np.zeros(0, dtype=np.int64)
    reached, pairs, sites = problem.reached_by(none), len(problem.times.data), np.zeros(problem.sites)
    if isinstance(model, SetCovering):
        costs = problem.rules.costs if model.by_cost else None
        cost = problem.counted.astype(np.float64) if costs is None else costs
        room = math.fsum(problem.people) * (1.0 - model.share)
        return _Terms(np.where(reached | (problem.people <= 0), 0.0, np.inf), np.zeros(pairs), cost, 0.0, room)
    if isinstance(model, PMedian):
        assert model.beyond_s is not None  # noqa: S101 - the models that have certificates
        alone = problem.value * np.minimum(nearest_of(problem, none), model.beyond_s)
        walked = problem.value[problem.times.indices] * np.minimum(problem.times.data, model.beyond_s)
        return _Terms(alone, walked, sites, 0.0, None)
    alone = np.where(reached, 0.0, problem.value)
    return _Terms(alone, np.zeros(pairs), sites, math.fsum(alone), None)


def _of_rules(problem: Problem, model: Model) -> Maker:
    """Return what makes multipliers under any rules, by subgradient steps over all points."""
    terms, limits, times = _terms(problem, model), site_limits(problem, model), problem.times
    capacity = np.full(problem.sites, np.inf) if problem.rules.capacity is None else problem.rules.capacity
    begin = _first_multipliers(problem, terms)

    def make(state: States, hint: Floats | None, steps: int, goal: float, stops: Stops) -> Multipliers:
        opened, free = state == INSIDE, state == FREE
        stays = np.repeat(opened | free, np.diff(times.indptr))
        start = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(stays)])[times.indptr]
        point, cost = times.indices[stays], terms.pair[stays]
        people, long = problem.people[point], np.diff(start)
        if not free.any():
            pairs = (np.repeat(np.arange(problem.sites), long), point, cost)
            return _of_fixed_sites(problem.people, terms, capacity, pairs, goal)

        def bound_at(now: Floats) -> tuple[float, float, Floats]:
            """Return the bound for multipliers, its price, and its subgradient."""
            gain, part = _filled(start, np.maximum(now[point] - cost, 0.0), people, capacity)
            opening = _best_opening(limits, gain - terms.site, opened, free)
            flow = np.bincount(point, np.repeat(opening.part, long) * part, len(now))
            left_out, price, spared = _left_out(now, problem.people, terms.room)
            total = terms.offset - float(now.sum()) + left_out + opening.total
            return total, price + opening.price, flow + spared - 1.0

        return _descended(
            np.minimum(begin if hint is None else hint, terms.alone), terms.alone, bound_at, (steps, goal), stops
        )

    return make


def _of_fixed_sites(
    everyone: Floats, terms: _Terms, capacity: Floats, pairs: tuple[Ints, Ints, Floats], goal: float
) -> Multipliers:
    """Return the dual values of who is served best where no site is left to choose.

    Subgradient steps would only come near to them.
    """
    site, point, cost = pairs
    persons = everyone[point]
    counts = np.where(np.isinf(terms.alone), everyone, 0.0)
    worth = counts[point] if terms.room is not None else terms.alone[point] - cost
    limited, pair = np.isfinite(capacity), np.arange(len(site))
    names, row = np.unique(site[limited[site]], return_inverse=True)
    scale = 2.0 ** -np.floor(np.log2(np.maximum(persons.max(initial=0.0), 1.0)))
    within = csr_array((persons[limited[site]] * scale, (row, pair[limited[site]])), shape=(len(names), len(pair)))
    most = capacity[names] * scale
    program = Milp(
        -worth,
        within,
        np.full(len(names), -np.inf),
        most,
        np.zeros(len(pair)),
        np.full(len(pair), np.inf),
        np.zeros(len(pair), dtype=np.bool_),
    )
    once = csr_array((np.ones(len(pair)), (point, pair)), shape=(len(everyone), len(pair)))
    spared, most_served = np.zeros(len(everyone)), 0.0
    if len(pair):
        relaxation = Relaxation(program)
        relaxation.add(once, np.ones(len(everyone)))
        most_served = -relaxation.solve(Effort()).objective
        spared = np.abs(relaxation.prices())
    if terms.room is None:
        return np.maximum(terms.alone - spared, 0.0), 0.0
    short = math.fsum(counts) - terms.room - most_served
    if short <= 0:
        return np.zeros(len(counts)), 0.0
    # Too few people can be served: a high price of leaving them out proves it.
    price = (1.0 - 2.0 * goal) / short
    return price * np.maximum(counts - spared, 0.0), price


def _descended(
    begin: Floats,
    upper: Floats,
    bound_at: Callable[[Floats], tuple[float, float, Floats]],
    ends: tuple[int, float],
    stops: Stops,
) -> Multipliers:
    """Return the multipliers of the least bound that subgradient steps (Polyak 1969) find, and its price.

    Steps end after so many, at the goal of the bound, or when they have become short.
    """
    steps, goal = ends
    # Points with many people move farther: with the same steps for all, ten times as many are needed.
    scale = np.sqrt(np.where(np.isfinite(upper), upper, begin))
    now, best, best_price, least = begin, begin, 0.0, math.inf
    direction, length, idle = np.zeros(len(now)), 1.0, 0
    for _ in range(steps):
        bound, price, slope = bound_at(now)
        slope = slope * scale
        idle = 0 if bound < least - _GAIN * (least - goal) or least == math.inf else idle + 1
        if bound < least:
            best, best_price, least = now, price, bound
        direction = slope + _MEMORY * direction
        if idle >= _PATIENCE:
            # Begin again at the best multipliers, with shorter steps.
            now, direction, length, idle = best, np.zeros(len(now)), length * _SLOWER, 0
            continue
        size = float(direction @ direction)
        if bound <= goal or size <= 0 or length < _SHORTEST or stops():
            break
        now = np.clip(now - length * (bound - goal) / size * direction * scale, 0.0, upper)
    return best, best_price


def _first_multipliers(problem: Problem, terms: _Terms) -> Floats:
    """Return initial multipliers: half the cost of a point, or its share of the cheapest site that reaches it."""
    if terms.room is None:
        return 0.5 * terms.alone
    times, capacity = problem.times, problem.rules.capacity
    of_pair = np.repeat(np.arange(problem.sites), np.diff(times.indptr))
    served = np.bincount(of_pair, problem.people[times.indices], problem.sites)
    served = served if capacity is None else np.minimum(served, capacity)
    price = np.full(len(problem.people), np.inf)
    np.minimum.at(price, times.indices, (terms.site / np.maximum(served, 1.0))[of_pair])
    known = np.isfinite(price)
    # People that no site reaches are left out: the more that costs the better.
    price[~known] = _BEYOND * price[known].max(initial=0.0)
    return price * problem.people


def _left_out(now: Floats, people: Floats, room: float | None) -> tuple[float, float, Floats]:
    """Return the most multipliers of people left out, their price by person, and the part of each point left out."""
    part = np.zeros(len(now))
    if not room:
        return 0.0, 0.0, part
    value, price = slack_value(now, people, room)
    worth = now / np.where(people > 0, people, 1.0)
    part[(worth > price) & (people > 0)] = 1.0
    equal = (now > 0) & (worth == price) & (people > 0)
    rest, weight = room - float(people @ part), float(people[equal].sum())
    part[equal] = min(max(rest / weight, 0.0), 1.0) if weight > 0 else 0.0
    return value, price, part


class _Opening(NamedTuple):
    """A relaxed choice: the part of each site that is open, the sum of gains, and the price of money."""

    part: Floats
    total: float
    price: float


def _best_opening(limits: SiteLimits, gain: Floats, opened: Bools, free: Bools) -> _Opening:
    """Return the best choice within the limits, where the budget may open two sites in part (a price of money)."""
    part, left = opened.astype(np.float64), limits.most - int((opened & limits.counted).sum())
    added = limits.affordable(opened, free)
    if left < 0 or added is None:
        return _Opening(part, -math.inf, 0.0)
    total, taken = float(gain[opened].sum()), limits.largest(gain, added, left, opened)
    if limits.costs is None:
        part[taken] = 1.0
        return _Opening(part, total + float(gain[taken].sum()), 0.0)
    costs, money = limits.costs, limits.money - math.fsum(limits.costs[opened])
    cheap, low, high = taken, 0.0, float((gain[taken] / np.maximum(costs[taken], _FREE_OF_CHARGE)).max(initial=0.0))
    if costs[taken].sum() <= money:
        high = 0.0
    else:
        cheap = limits.largest(gain - high * costs, added, left, opened)
        for _ in range(_HALVINGS):
            price = 0.5 * (low + high)
            found = limits.largest(gain - price * costs, added, left, opened)
            if costs[found].sum() > money:
                low, taken = price, found
            else:
                high, cheap = price, found
    more, less = float(costs[taken].sum()), float(costs[cheap].sum())
    mixed = (money - less) / (more - less) if more > max(money, less) else 1.0
    part[taken] += mixed
    part[cheap] += 1.0 - mixed
    return _Opening(part, total + high * max(money, 0.0) + float((gain - high * costs)[cheap].sum()), high)


@compiled
def _filled(start: Ints, saved: Floats, people: Floats, capacity: Floats) -> tuple[Floats, Floats]:
    """Return the largest sum of each site within its capacity (a continuous knapsack), and the part of each pair."""
    gain, part = np.zeros(len(capacity)), np.zeros(len(saved))
    for site in range(len(capacity)):
        begin, end = start[site], start[site + 1]
        total = people[begin:end].sum()
        if capacity[site] >= total:
            gain[site] = saved[begin:end].sum()
            part[begin:end] = saved[begin:end] > 0
            continue
        room = (np.empty(end - begin, dtype=np.int64), np.zeros(end - begin))
        price = knapsack_threshold(saved[begin:end], people[begin:end], capacity[site], room[0], room[1])
        used, equal = 0.0, 0.0
        for at in range(begin, end):
            if people[at] <= 0 or saved[at] / people[at] > price:
                gain[site] += saved[at] - price * people[at]
                part[at] = 1.0
                used += people[at]
            elif saved[at] > 0 and saved[at] / people[at] == price:
                part[at] = -1.0
                equal += people[at]
        rest = min(max(capacity[site] - used, 0.0) / equal, 1.0) if equal > 0 else 0.0
        for at in range(begin, end):
            if part[at] < 0:
                part[at] = rest
        gain[site] += price * capacity[site]
    return gain, part
