"""Greedy addition and interchange for sparse p-median instances.

Each point stores its nearest and second nearest open site, each open site the cost of its removal. So all exchanges
with one candidate are evaluated in one pass over its points (Whitaker 1983; Resende and Werneck 2007), and the best of
them is made at once if it improves (Schubert and Rousseeuw 2021).
"""

from typing import NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.median.instance import MedianInstance, Numbers
from siting.locate.tolerances import SAVING_ROUNDING, SUM_TOLERANCE

_NONE = -1
# Work limits of one local search: exchanges, exchanges for each open site, and pairs. Rounding errors could make it
# cycle, and the stopping criterion must be checked in between.
_EXCHANGES, _EXCHANGES_A_SLOT, _PAIRS = 100, 20, 200_000_000


class Choice(NamedTuple):
    """Open sites by slot (-1: empty), the slot of each site, and each point's two nearest slots with their costs."""

    opened: Ints
    slot: Ints
    near: Numbers
    near_cost: Floats
    second: Numbers
    second_cost: Floats
    loss: Floats


def chosen(instance: MedianInstance, most: int, sites: Ints) -> Choice:
    """Return a choice of some sites."""
    opened, slot = np.full(most, _NONE, dtype=np.int64), np.full(instance.sites, _NONE, dtype=np.int64)
    opened[: len(sites)] = sites
    slot[sites] = np.arange(len(sites))
    points = len(instance.base)
    choice = Choice(
        opened,
        slot,
        np.full(points, _NONE, dtype=np.int32),
        instance.base.copy(),
        np.full(points, _NONE, dtype=np.int32),
        instance.base.copy(),
        np.zeros(most),
    )
    recompute(instance, choice)
    return choice


@compiled
def least_saving(instance: MedianInstance, choice: Choice) -> float:
    """Return the least saving of an exchange: more than rounding errors."""
    return float(SUM_TOLERANCE * choice.near_cost.sum() + SAVING_ROUNDING * instance.base.sum())


@compiled
def most_exchanges(choice: Choice) -> int:
    """Return the most exchanges of a local search."""
    return _EXCHANGES + _EXCHANGES_A_SLOT * len(choice.opened)


@compiled
def most_pairs() -> int:
    """Return the most pairs that a local search examines."""
    return _PAIRS


@compiled
def recompute(instance: MedianInstance, choice: Choice) -> None:
    """Recompute each point's two nearest open sites, and the cost of removing each open site."""
    choice.loss[:] = 0.0
    for point in range(len(instance.base)):
        _find_two_nearest(instance, choice, point)
        if choice.near[point] != _NONE:
            choice.loss[choice.near[point]] += choice.second_cost[point] - choice.near_cost[point]


@compiled
def _find_two_nearest(instance: MedianInstance, choice: Choice, point: int) -> None:
    """Find the two nearest open sites of a point."""
    choice.near[point] = choice.second[point] = _NONE
    choice.near_cost[point] = choice.second_cost[point] = instance.base[point]
    for pair in range(instance.start[point], instance.start[point + 1]):
        slot = choice.slot[instance.site[pair]]
        if slot != _NONE:
            if choice.near[point] == _NONE:
                choice.near[point], choice.near_cost[point] = slot, instance.cost[pair]
            else:
                choice.second[point], choice.second_cost[point] = slot, instance.cost[pair]
                break


@compiled
def _add_loss(choice: Choice, point: int, sign: float) -> None:
    """Add a point to, or subtract it from, the removal cost of its nearest site."""
    if choice.near[point] != _NONE:
        choice.loss[choice.near[point]] += sign * (choice.second_cost[point] - choice.near_cost[point])


@compiled
def close(instance: MedianInstance, choice: Choice, slot: int) -> None:
    """Empty a slot."""
    site = choice.opened[slot]
    choice.opened[slot] = choice.slot[site] = _NONE
    for pair in range(instance.site_start[site], instance.site_start[site + 1]):
        point = instance.point[pair]
        if choice.near[point] == slot or choice.second[point] == slot:
            _add_loss(choice, point, -1.0)
            _find_two_nearest(instance, choice, point)
            _add_loss(choice, point, 1.0)


@compiled
def open_site(instance: MedianInstance, choice: Choice, slot: int, site: int) -> None:
    """Put a site into an empty slot."""
    choice.opened[slot], choice.slot[site] = site, slot
    for pair in range(instance.site_start[site], instance.site_start[site + 1]):
        point, cost = instance.point[pair], instance.site_cost[pair]
        if cost >= choice.second_cost[point]:
            continue
        _add_loss(choice, point, -1.0)
        if cost < choice.near_cost[point]:
            choice.second[point], choice.second_cost[point] = choice.near[point], choice.near_cost[point]
            choice.near[point], choice.near_cost[point] = slot, cost
        else:
            choice.second[point], choice.second_cost[point] = slot, cost
        _add_loss(choice, point, 1.0)


@compiled
def exchange(instance: MedianInstance, choice: Choice, slot: int, site: int) -> None:
    """Put a site into a slot, and close the one that is there."""
    if choice.opened[slot] != _NONE:
        close(instance, choice, slot)
    open_site(instance, choice, slot, site)


@compiled
def best_exchange(instance: MedianInstance, choice: Choice, site: int, less: Floats) -> tuple[int, float]:
    """Return the best slot for a site, and the saving (``less`` is a buffer with one number per slot)."""
    gain = 0.0
    less[:] = choice.loss
    for pair in range(instance.site_start[site], instance.site_start[site + 1]):
        point, cost = instance.point[pair], instance.site_cost[pair]
        if cost < choice.near_cost[point]:
            gain += choice.near_cost[point] - cost
            if choice.near[point] != _NONE:
                less[choice.near[point]] -= choice.second_cost[point] - choice.near_cost[point]
        elif cost < choice.second_cost[point]:
            less[choice.near[point]] -= choice.second_cost[point] - cost
    slot = 0
    for other in range(len(less)):
        if less[other] < less[slot]:
            slot = other
    return slot, gain - less[slot]


@compiled
def improve(instance: MedianInstance, choice: Choice, first: int, least: float) -> int:
    """Interchange to a local optimum or a work limit; return the pairs examined."""
    sites = len(instance.site_start) - 1
    less = np.empty(len(choice.opened))
    made, idle, site, looked = 0, 0, first, 0
    most = most_exchanges(choice)
    if len(choice.opened) == 0:
        return 0
    while idle < sites and made < most and looked < most_pairs():
        looked += instance.site_start[site + 1] - instance.site_start[site] + len(less)
        if choice.slot[site] == _NONE:
            slot, saved = best_exchange(instance, choice, site, less)
            if saved > least:
                exchange(instance, choice, slot, site)
                made += 1
                idle = 0
        idle += 1
        site = site + 1 if site + 1 < sites else 0
    return looked


def add(instance: MedianInstance, choice: Choice) -> None:
    """Fill empty slots greedily, each with the site that saves most (ties to the lower), while one saves anything.

    Savings only fall as sites open, so earlier savings are upper bounds (lazy evaluation, Minoux 1978).
    """
    most, place = np.full(instance.sites, np.inf), np.zeros(1, dtype=np.int64)
    by_turns(lambda work: bool(_added(instance, choice, most, place, work)))


@compiled
def _added(instance: MedianInstance, choice: Choice, most: Floats, place: Ints, work: int) -> bool:
    """Fill slots until so much work is done; tell whether to continue."""
    while place[0] < len(choice.opened):
        slot = place[0]
        if choice.opened[slot] != _NONE:
            place[0] += 1
            continue
        while True:
            if work <= 0:
                return True
            work -= 2 * len(most)
            site = np.argmax(most)
            saves = 0.0
            if choice.slot[site] == _NONE:
                work -= instance.site_start[site + 1] - instance.site_start[site]
                for pair in range(instance.site_start[site], instance.site_start[site + 1]):
                    saves += max(choice.near_cost[instance.point[pair]] - instance.site_cost[pair], 0.0)
            most[site] = saves
            if saves >= most.max():
                break
        if saves <= 0.0:
            return False
        exchange(instance, choice, slot, site)
        place[0] += 1
    return False
