"""Local search for the second stage: persons beyond have a penalty, which rises and falls around feasibility.

A strategic oscillation (Glover 1977): interchange passes through infeasible choices, which leave too many persons
beyond, between feasible ones. Penalties of points beyond rise while a choice is infeasible, and all fall while it is
feasible.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.generator import State
from siting.locate.median.instance import MedianInstance
from siting.locate.median.interchange import Choice, improve, least_saving
from siting.locate.median.iterated_search import MOST_EXCHANGES, descend, perturb, restore

_NONE = -1
# Penalties change after so many perturbations: up by this share of the excess, or down by that share.
_EVERY, _UP, _DOWN = 20, 0.2, 0.05
# No penalty is higher than so many times the least.
_HIGHEST = 1e5
# The share by which an accepted choice may cost more than the one before.
_SLACK = 1e-4


class Pricing(NamedTuple):
    """The persons at each point who can be beyond (0: always served), the least penalties, and how many may be beyond.

    The penalty of a point is ``base`` of the instance, which changes.
    """

    people: Floats
    least: Floats
    allowed: float


class Found(NamedTuple):
    """The best feasible choice and its walking cost; inf if none was found."""

    opened: Ints
    walked: float


@compiled
def _beyond(choice: Choice, pricing: Pricing) -> float:
    """Return the persons beyond."""
    total = 0.0
    for point in range(len(pricing.people)):
        if choice.near[point] == _NONE:
            total += pricing.people[point]
    return total


@compiled
def _walking_cost(choice: Choice, pricing: Pricing) -> float:
    """Return the cost without penalties."""
    total = 0.0
    for point in range(len(pricing.people)):
        if choice.near[point] != _NONE or pricing.people[point] == 0.0:
            total += choice.near_cost[point]
    return total


@compiled
def _reprice(instance: MedianInstance, choice: Choice, pricing: Pricing) -> None:
    """Raise the penalties of points beyond if the choice is infeasible, else lower all penalties."""
    beyond = _beyond(choice, pricing)
    up = 1.0 + _UP * (beyond - pricing.allowed) / beyond if beyond > pricing.allowed else 1.0
    for point in range(len(instance.base)):
        if pricing.people[point] == 0.0:
            continue
        before = instance.base[point]
        if beyond <= pricing.allowed:
            instance.base[point] = max(before * (1.0 - _DOWN), pricing.least[point])
        elif choice.near[point] == _NONE:
            instance.base[point] = min(before * up, _HIGHEST * pricing.least[point])
        if choice.near[point] == _NONE:
            choice.near_cost[point] = choice.second_cost[point] = instance.base[point]
        elif choice.second[point] == _NONE:
            choice.second_cost[point] = instance.base[point]
            choice.loss[choice.near[point]] += instance.base[point] - before


def oscillate(
    instance: MedianInstance,
    choice: Choice,
    pricing: Pricing,
    perturbations: int,
    least: float,
    state: State,
    stops: Callable[[], bool] | None = None,
) -> Found:
    """Perturb and descend, accept what is not much worse, and update the penalties periodically.

    Parameters
    ----------
    instance : MedianInstance
        The instance; ``base`` of points with a penalty changes.
    choice : Choice
        The start, all slots filled; afterwards the last accepted choice.
    pricing : Pricing
        Who may be beyond.
    perturbations : int
        The number of perturbations.
    least : float
        The least saving of an exchange.
    state : State
        State of the random generator.
    stops : callable, optional
        Whether to stop before so many kicks.
    """
    best, slots = choice.opened.copy(), len(choice.opened)
    if slots == 0 or slots >= instance.sites:
        return Found(best, np.inf)
    last = choice.opened.copy()
    # What the best walks, what the last one costs, what an exchange must save, and the kicks done.
    place = np.array([np.inf, _cost(choice), least, 0.0])

    def turn(work: int) -> bool:
        return bool(_oscillated(instance, choice, pricing, perturbations, state, (best, last), place, work))

    by_turns(turn, stops)
    return Found(best, float(place[0]))


@compiled
def _cost(choice: Choice) -> float:
    return float(choice.near_cost.sum())


@compiled
def _oscillated(
    instance: MedianInstance,
    choice: Choice,
    pricing: Pricing,
    perturbations: int,
    state: State,
    known: tuple[Ints, Ints],
    place: Floats,
    work: int,
) -> bool:
    """Perturb and descend until so much work is done; tell whether to continue."""
    (best, last), sites = known, len(instance.site_start) - 1
    queue, queued = np.empty(sites, dtype=np.int64), np.zeros(sites, dtype=np.bool_)
    changed = np.empty(2 * MOST_EXCHANGES, dtype=np.int64)
    walked, cost, least, turn = place[0], place[1], place[2], int(place[3])
    while turn < perturbations and work > 0:
        work -= len(instance.base)
        work -= descend(instance, choice, least, changed, perturb(instance, choice, state, changed), queue, queued)
        if _beyond(choice, pricing) <= pricing.allowed and _walking_cost(choice, pricing) < walked:
            best[:], walked = choice.opened, _walking_cost(choice, pricing)
        after = choice.near_cost.sum()
        if after <= cost * (1.0 + _SLACK):
            last[:], cost = choice.opened, after
        else:
            restore(instance, choice, last)
        if (turn + 1) % _EVERY == 0:
            _reprice(instance, choice, pricing)
            least = max(least, least_saving(instance, choice))
            work -= improve(instance, choice, 0, least)
            last[:], cost = choice.opened, choice.near_cost.sum()
            if _beyond(choice, pricing) <= pricing.allowed and _walking_cost(choice, pricing) < walked:
                best[:], walked = choice.opened, _walking_cost(choice, pricing)
        turn += 1
    place[0], place[1], place[2], place[3] = walked, cost, least, turn
    return turn < perturbations
