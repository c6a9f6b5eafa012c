"""The Lagrangian bound of the p-median: its value, its ascent, and what it fixes.

The rule that each point is served once is relaxed with a multiplier for each point. Then a site is worth
``rho_j = sum of min(0, c_ij - lambda_i)`` and the best choice is the p sites of least worth (Cornuejols, Fisher and
Nemhauser 1977; Beasley 1985). Costs stand cheapest first, so that only pairs below the multiplier are looked at.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats
from siting.locate.median.core import INSIDE, OUTSIDE, Core, States
from siting.locate.problem import Bools

# Of a direction so much is kept in the next one (Crowder 1976).
_KEPT = 0.7
# More than half of what the rounding of one sum can make, as a share of it: bounds are rounded down by it.
_ROUNDING = 1.2e-16
_FEW = 64
# Of how often a site was picked so much is kept at the next round.
_REMEMBERED = 0.95
# A multiplier moves at least as far as if it were such a share of what they are on average.
_SMALL = 0.1
# In one round it moves by such a share of itself at most.
_FARTHEST = 0.3
# Shorter steps no longer better a bound.
_SHORTEST = 1e-4


class Ascent(NamedTuple):
    """The best multipliers, their bound, each site's worth there, what is fixed, and how often each site was picked.

    ``step`` is the share of the step with which to go on.
    """

    multipliers: Floats
    bound: float
    worth: Floats
    state: States
    picked: Floats
    step: float


@compiled
def evaluate(core: Core, most: int, multipliers: Floats, worth: Floats, pick: Bools) -> float:
    """Return the bound at multipliers; fill in each site's worth and the sites picked (at most ``most``)."""
    worth[:] = 0.0
    total, size = 0.0, 0.0
    for point in range(len(multipliers)):
        paid = multipliers[point]
        total += paid
        size += abs(paid)
        for pair in range(core.start[point], core.start[point + 1]):
            if core.cost[pair] >= paid:
                break
            worth[core.site[pair]] += core.cost[pair] - paid
    best = _pick(most, worth, pick)
    value: float = total + best - (_FEW + len(multipliers)) * _ROUNDING * (size - best)
    return value


@compiled
def _pick(most: int, worth: Floats, pick: Bools) -> float:
    """Pick the sites of least worth below 0, of equals the lower ones; return their sum."""
    pick[:] = False
    if most <= 0:
        return 0.0
    limit = np.partition(worth, most - 1)[most - 1] if most < len(worth) else 0.0
    total, count = 0.0, 0
    for site in range(len(worth)):
        if worth[site] < min(limit, 0.0):
            pick[site] = True
            total += worth[site]
            count += 1
    for site in range(len(worth)):
        if count < most and worth[site] == limit and limit < 0.0:
            pick[site] = True
            total += worth[site]
            count += 1
    return total


@compiled
def _fix(bound: float, most: int, worth: Floats, pick: Bools, goal: float, state: States) -> None:
    """Note the sites without which, or with which, no choice comes below ``goal``."""
    count, last, following = 0, -np.inf, 0.0
    for site in range(len(worth)):
        if pick[site]:
            count += 1
            last = max(last, worth[site])
        else:
            following = min(following, worth[site])
    if count < most:
        last = 0.0
    for site in range(len(worth)):
        if pick[site]:
            if bound - worth[site] + following >= goal:
                state[site] = INSIDE
        elif bound + worth[site] - last >= goal:
            state[site] = OUTSIDE


@compiled
def _scaled(multipliers: Floats, scale: Floats) -> None:
    """Measure each multiplier by its own size, but at least by a small share of all."""
    least = _SMALL * multipliers.mean()
    for point in range(len(multipliers)):
        scale[point] = max(multipliers[point], least)
        if scale[point] <= 0.0:
            scale[point] = 1.0


@compiled
def _slope(core: Core, multipliers: Floats, scale: Floats, pick: Bools, direction: Floats) -> float:
    """Turn the direction towards how often each point is served too little; return its length squared, as scaled."""
    length = 0.0
    for point in range(len(multipliers)):
        paid = multipliers[point]
        times = 0.0
        for pair in range(core.start[point], core.start[point + 1]):
            if core.cost[pair] >= paid:
                break
            if pick[core.site[pair]]:
                times += 1.0
        slope = 1.0 - times
        if paid >= core.base[point] and slope > 0.0:
            slope = 0.0
        turned = slope * scale[point] + _KEPT * direction[point]
        if paid >= core.base[point] and turned > 0.0:
            turned = 0.0
        direction[point] = turned
        length += turned * turned / scale[point]
    return length


class Rounds(NamedTuple):
    """How often to raise a bound at most, the share of the step to begin with, and after how many in vain it halves."""

    most: int
    step: float
    patience: int


def ascend(
    core: Core, most: int, multipliers: Floats, goal: float, rounds: Rounds, stops: Callable[[], bool] | None = None
) -> Ascent:
    """Raise the bound for some rounds, or until it reaches ``goal``, the cost that is to be bettered, or one says stop.

    ``state`` of what is returned holds the sites with which, and without which, no choice comes below ``goal``. The
    step is a share of what lacks to the goal over the slope squared (Polyak 1969), halved whenever some rounds brought
    nothing. Slopes are measured by the size of the multipliers: those of points that few sites reach are
    many times the others, and with one length for all it is they that never get there.
    """
    paid, sites = np.minimum(multipliers, core.base), core.sites
    best, worth, picked = paid.copy(), np.zeros(sites), np.zeros(sites)
    state = np.zeros(sites, dtype=np.int8)
    scale = np.empty(len(paid))
    _scaled(paid, scale)
    now = _Now(paid, np.zeros(len(paid)), scale, np.array([-np.inf, rounds.step, 0.0, 0.0]))
    found = (best, worth, state, picked)

    def climb(work: int) -> bool:
        return bool(_ascended(core, most, goal, rounds, now, found, work))

    by_turns(climb, stops)
    return Ascent(best, float(now.place[0]), worth, state, picked, float(now.place[1]))


class _Now(NamedTuple):
    """Where an ascent is: its multipliers, direction and scale; ``place`` holds bound, step, rounds in vain, rounds."""

    paid: Floats
    direction: Floats
    scale: Floats
    place: Floats


@compiled
def _ascended(
    core: Core,
    most: int,
    goal: float,
    rounds: Rounds,
    now: _Now,
    found: tuple[Floats, Floats, States, Floats],
    work: int,
) -> bool:
    """Raise the bound until so much work is done; tell whether to go on.

    Fills in the best multipliers, the worth of sites there, what is fixed and what was picked.
    """
    (paid, direction, scale, place), (best, best_worth, state, picked) = now, found
    sites = len(core.site_start) - 1
    worth, pick = np.zeros(sites), np.zeros(sites, dtype=np.bool_)
    bound, step, waited, done = place[0], place[1], int(place[2]), int(place[3])
    over = False
    while not over and done < rounds.most and work > 0:
        done += 1
        work -= 2 * (len(core.cost) + len(paid))
        value = evaluate(core, most, paid, worth, pick)
        picked *= _REMEMBERED
        for site in range(sites):
            if pick[site]:
                picked[site] += 1.0 - _REMEMBERED
        _fix(value, most, worth, pick, goal, state)
        if value > bound:
            waited = waited if value < bound + 1e-6 * abs(goal - bound) else 0
            bound = value
            best[:], best_worth[:] = paid, worth
        else:
            waited += 1
        if bound >= goal or step < _SHORTEST:
            over = True
            break
        if waited >= rounds.patience:
            step, waited = step / 2.0, 0
            paid[:] = best
            direction[:] = 0.0
            value = evaluate(core, most, paid, worth, pick)
        length = _slope(core, paid, scale, pick, direction)
        if length == 0.0:
            over = True
            break
        size = step * (goal - value) / length
        for point in range(len(paid)):
            farthest = _FARTHEST * scale[point]
            move = min(max(size * direction[point], -farthest), farthest)
            paid[point] = min(paid[point] + move, core.base[point])
    place[0], place[1], place[2], place[3] = bound, step, waited, done
    return not over and done < rounds.most
