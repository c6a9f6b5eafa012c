"""Search for the second stage: who is beyond has a price, which rises and falls until just enough are reached.

A strategic oscillation (Glover 1977): interchange goes through choices that leave too many beyond, which lie between
those that do not. Prices rise for whom too expensive a choice leaves out, and fall as long as enough are reached.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.median.core import Core
from siting.locate.median.interchange import Choice, improve, least_saving
from siting.locate.median.search import STRONGEST, State, kick, restore, settle

_NOBODY = -1
# Prices change after so many kicks: up by this share of what is too much, or down by that.
_EVERY, _UP, _DOWN = 20, 0.2, 0.05
# No price is higher than so many times the least.
_HIGHEST = 1e5
# By which share a choice may cost more than the one before and still be gone on from.
_SLACK = 1e-4


class Pricing(NamedTuple):
    """The persons who may be beyond at each point (0: somebody serves it), the least prices, how many may be beyond.

    What a point costs when it is beyond is ``base`` of the core, which changes.
    """

    people: Floats
    least: Floats
    allowed: float


class Found(NamedTuple):
    """The slots of the best choice that leaves few enough beyond, and what it walks; inf: none was met."""

    opened: Ints
    walked: float


@compiled
def _many(choice: Choice, pricing: Pricing) -> float:
    """Return the persons beyond."""
    total = 0.0
    for point in range(len(pricing.people)):
        if choice.near[point] == _NOBODY:
            total += pricing.people[point]
    return total


@compiled
def _walked(choice: Choice, pricing: Pricing) -> float:
    """Return the cost without prices."""
    total = 0.0
    for point in range(len(pricing.people)):
        if choice.near[point] != _NOBODY or pricing.people[point] == 0.0:
            total += choice.near_cost[point]
    return total


@compiled
def _reprice(core: Core, choice: Choice, pricing: Pricing) -> None:
    """Raise the prices of those beyond if they are too many, lower all if they are not."""
    many = _many(choice, pricing)
    up = 1.0 + _UP * (many - pricing.allowed) / many if many > pricing.allowed else 1.0
    for point in range(len(core.base)):
        if pricing.people[point] == 0.0:
            continue
        before = core.base[point]
        if many <= pricing.allowed:
            core.base[point] = max(before * (1.0 - _DOWN), pricing.least[point])
        elif choice.near[point] == _NOBODY:
            core.base[point] = min(before * up, _HIGHEST * pricing.least[point])
        if choice.near[point] == _NOBODY:
            choice.near_cost[point] = choice.second_cost[point] = core.base[point]
        elif choice.second[point] == _NOBODY:
            choice.second_cost[point] = core.base[point]
            choice.loss[choice.near[point]] += core.base[point] - before


def oscillate(
    core: Core,
    choice: Choice,
    pricing: Pricing,
    kicks: int,
    least: float,
    state: State,
    stops: Callable[[], bool] | None = None,
) -> Found:
    """Kick and settle, go on from what is not much worse, and change prices now and then.

    Parameters
    ----------
    core : Core
        The problem; ``base`` of priced points is changed.
    choice : Choice
        Where to begin, all slots filled; in the end where one was last.
    pricing : Pricing
        Who may be beyond.
    kicks : int
        How often to kick.
    least : float
        What an exchange must save to be made.
    state : State
        Of the random generator.
    stops : callable, optional
        Whether to stop before so many kicks.
    """
    best, slots = choice.opened.copy(), len(choice.opened)
    if slots == 0 or slots >= core.sites:
        return Found(best, np.inf)
    last = choice.opened.copy()
    # What the best walks, what the last one costs, what an exchange must save, and the kicks done.
    place = np.array([np.inf, _cost(choice), least, 0.0])

    def turn(work: int) -> bool:
        return bool(_oscillated(core, choice, pricing, kicks, state, (best, last), place, work))

    by_turns(turn, stops)
    return Found(best, float(place[0]))


@compiled
def _cost(choice: Choice) -> float:
    return float(choice.near_cost.sum())


@compiled
def _oscillated(
    core: Core,
    choice: Choice,
    pricing: Pricing,
    kicks: int,
    state: State,
    known: tuple[Ints, Ints],
    place: Floats,
    work: int,
) -> bool:
    """Fill in the slots of the best choice until so much work is done; tell whether any kick is left."""
    (best, last), sites = known, len(core.site_start) - 1
    queue, queued = np.empty(sites, dtype=np.int64), np.zeros(sites, dtype=np.bool_)
    changed = np.empty(2 * STRONGEST, dtype=np.int64)
    walked, cost, least, turn = place[0], place[1], place[2], int(place[3])
    while turn < kicks and work > 0:
        work -= len(core.base)
        work -= settle(core, choice, least, changed, kick(core, choice, state, changed), queue, queued)
        if _many(choice, pricing) <= pricing.allowed and _walked(choice, pricing) < walked:
            best[:], walked = choice.opened, _walked(choice, pricing)
        after = choice.near_cost.sum()
        if after <= cost * (1.0 + _SLACK):
            last[:], cost = choice.opened, after
        else:
            restore(core, choice, last)
        if (turn + 1) % _EVERY == 0:
            _reprice(core, choice, pricing)
            least = max(least, least_saving(core, choice))
            work -= improve(core, choice, 0, least)
            last[:], cost = choice.opened, choice.near_cost.sum()
            if _many(choice, pricing) <= pricing.allowed and _walked(choice, pricing) < walked:
                best[:], walked = choice.opened, _walked(choice, pricing)
        turn += 1
    place[0], place[1], place[2], place[3] = walked, cost, least, turn
    return turn < kicks
