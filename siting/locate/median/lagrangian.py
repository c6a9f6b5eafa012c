"""The Lagrangian bound of the p-median: its value, subgradient ascent, and reduced cost fixing.

The constraint that each point is served once is relaxed with a multiplier for each point. A site then has the reduced
cost ``rho_j = sum of min(0, c_ij - lambda_i)``, and the p sites of least reduced cost are optimal (Cornuejols, Fisher
and Nemhauser 1977; Beasley 1985). Costs ascend, so only pairs below the multiplier are examined.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats
from siting.locate.median.instance import INSIDE, OUTSIDE, MedianInstance, States
from siting.locate.problem import Bools
from siting.locate.tolerances import TERM_ROUNDING

# The part of the last direction in the next one (Crowder 1976).
_KEPT = 0.7
_FEW = 64
# The part of the selection frequency that the next iteration keeps.
_REMEMBERED = 0.95
# A multiplier is scaled by at least this share of the mean multiplier.
_SMALL = 0.1
# The most that a multiplier moves in one iteration, as a share of its scale.
_FARTHEST = 0.3
# Shorter steps no longer improve a bound.
_SHORTEST = 1e-4


class Ascent(NamedTuple):
    """The best multipliers, their bound and reduced costs, fixed states, and how often each site was selected.

    ``step`` is the step with which to continue.
    """

    multipliers: Floats
    bound: float
    reduced_cost: Floats
    state: States
    selected_often: Floats
    step: float


@compiled
def evaluate(instance: MedianInstance, most: int, multipliers: Floats, reduced_cost: Floats, selected: Bools) -> float:
    """Return the bound at multipliers; fill in the reduced costs and the selected sites (at most ``most``)."""
    reduced_cost[:] = 0.0
    total, size = 0.0, 0.0
    for point in range(len(multipliers)):
        paid = multipliers[point]
        total += paid
        size += abs(paid)
        for pair in range(instance.start[point], instance.start[point + 1]):
            if instance.cost[pair] >= paid:
                break
            reduced_cost[instance.site[pair]] += instance.cost[pair] - paid
    best = _select(most, reduced_cost, selected)
    value: float = total + best - (_FEW + len(multipliers)) * TERM_ROUNDING * (size - best)
    return value


@compiled
def _select(most: int, reduced_cost: Floats, selected: Bools) -> float:
    """Select the sites of least negative reduced cost, ties to the lower; return their sum."""
    selected[:] = False
    if most <= 0:
        return 0.0
    limit = np.partition(reduced_cost, most - 1)[most - 1] if most < len(reduced_cost) else 0.0
    total, count = 0.0, 0
    for site in range(len(reduced_cost)):
        if reduced_cost[site] < min(limit, 0.0):
            selected[site] = True
            total += reduced_cost[site]
            count += 1
    for site in range(len(reduced_cost)):
        if count < most and reduced_cost[site] == limit and limit < 0.0:
            selected[site] = True
            total += reduced_cost[site]
            count += 1
    return total


@compiled
def _fix_sites(bound: float, most: int, reduced_cost: Floats, selected: Bools, goal: float, state: States) -> None:
    """Fix the sites without which, or with which, no choice is below ``goal``."""
    count, last, following = 0, -np.inf, 0.0
    for site in range(len(reduced_cost)):
        if selected[site]:
            count += 1
            last = max(last, reduced_cost[site])
        else:
            following = min(following, reduced_cost[site])
    if count < most:
        last = 0.0
    for site in range(len(reduced_cost)):
        if selected[site]:
            if bound - reduced_cost[site] + following >= goal:
                state[site] = INSIDE
        elif bound + reduced_cost[site] - last >= goal:
            state[site] = OUTSIDE


@compiled
def _scaled(multipliers: Floats, scale: Floats) -> None:
    """Scale each multiplier by its own size, but at least by a share of the mean."""
    least = _SMALL * multipliers.mean()
    for point in range(len(multipliers)):
        scale[point] = max(multipliers[point], least)
        if scale[point] <= 0.0:
            scale[point] = 1.0


@compiled
def _subgradient(
    instance: MedianInstance, multipliers: Floats, scale: Floats, selected: Bools, direction: Floats
) -> float:
    """Update the direction by the subgradient (1 minus the number of servings); return its scaled squared length."""
    length = 0.0
    for point in range(len(multipliers)):
        paid = multipliers[point]
        times = 0.0
        for pair in range(instance.start[point], instance.start[point + 1]):
            if instance.cost[pair] >= paid:
                break
            if selected[instance.site[pair]]:
                times += 1.0
        subgradient = 1.0 - times
        if paid >= instance.base[point] and subgradient > 0.0:
            subgradient = 0.0
        turned = subgradient * scale[point] + _KEPT * direction[point]
        if paid >= instance.base[point] and turned > 0.0:
            turned = 0.0
        direction[point] = turned
        length += turned * turned / scale[point]
    return length


class Rounds(NamedTuple):
    """The most iterations, the first step, and the iterations without progress after which the step is halved."""

    most: int
    step: float
    patience: int


def ascend(
    instance: MedianInstance,
    most: int,
    multipliers: Floats,
    goal: float,
    rounds: Rounds,
    stops: Callable[[], bool] | None = None,
) -> Ascent:
    """Raise the bound by subgradient steps until it reaches ``goal``, the iterations end, or the search must stop.

    ``state`` of the result fixes the sites with which, and without which, no choice is below ``goal``. The step is a
    share of the gap to the goal over the squared subgradient (Polyak 1969), halved after some iterations without
    progress. Subgradients are scaled by the multipliers: multipliers of points that few sites reach are many times
    larger than others, and converge too slowly with one step length for all.
    """
    paid, sites = np.minimum(multipliers, instance.base), instance.sites
    best, reduced_cost, selected_often = paid.copy(), np.zeros(sites), np.zeros(sites)
    state = np.zeros(sites, dtype=np.int8)
    scale = np.empty(len(paid))
    _scaled(paid, scale)
    now = _AscentState(paid, np.zeros(len(paid)), scale, np.array([-np.inf, rounds.step, 0.0, 0.0]))
    found = (best, reduced_cost, state, selected_often)

    def ascend_turn(work: int) -> bool:
        return bool(_ascended(instance, most, goal, rounds, now, found, work))

    by_turns(ascend_turn, stops)
    return Ascent(best, float(now.place[0]), reduced_cost, state, selected_often, float(now.place[1]))


class _AscentState(NamedTuple):
    """State of an ascent: multipliers, direction, scale; ``place`` has bound, step, stalled iterations, iterations."""

    paid: Floats
    direction: Floats
    scale: Floats
    place: Floats


@compiled
def _ascended(
    instance: MedianInstance,
    most: int,
    goal: float,
    rounds: Rounds,
    now: _AscentState,
    found: tuple[Floats, Floats, States, Floats],
    work: int,
) -> bool:
    """Raise the bound until so much work is done; tell whether to continue.

    Fills in the best multipliers, their reduced costs, the fixed states and the selection frequencies.
    """
    (paid, direction, scale, place), (best, best_reduced_cost, state, selected_often) = now, found
    sites = len(instance.site_start) - 1
    reduced_cost, selected = np.zeros(sites), np.zeros(sites, dtype=np.bool_)
    bound, step, waited, done = place[0], place[1], int(place[2]), int(place[3])
    over = False
    while not over and done < rounds.most and work > 0:
        done += 1
        work -= 2 * (len(instance.cost) + len(paid))
        value = evaluate(instance, most, paid, reduced_cost, selected)
        selected_often *= _REMEMBERED
        for site in range(sites):
            if selected[site]:
                selected_often[site] += 1.0 - _REMEMBERED
        _fix_sites(value, most, reduced_cost, selected, goal, state)
        if value > bound:
            waited = waited if value < bound + 1e-6 * abs(goal - bound) else 0
            bound = value
            best[:], best_reduced_cost[:] = paid, reduced_cost
        else:
            waited += 1
        if bound >= goal or step < _SHORTEST:
            over = True
            break
        if waited >= rounds.patience:
            step, waited = step / 2.0, 0
            paid[:] = best
            direction[:] = 0.0
            value = evaluate(instance, most, paid, reduced_cost, selected)
        length = _subgradient(instance, paid, scale, selected, direction)
        if length == 0.0:
            over = True
            break
        size = step * (goal - value) / length
        for point in range(len(paid)):
            farthest = _FARTHEST * scale[point]
            move = min(max(size * direction[point], -farthest), farthest)
            paid[point] = min(paid[point] + move, instance.base[point])
    place[0], place[1], place[2], place[3] = bound, step, waited, done
    return not over and done < rounds.most
