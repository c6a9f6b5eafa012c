"""Iterated local search: a perturbation of the local optimum, then interchange (Lourenço et al. 2003)."""

from collections.abc import Callable

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.generator import State, draw
from siting.locate.median.instance import MedianInstance
from siting.locate.median.interchange import (
    Choice,
    best_exchange,
    close,
    exchange,
    most_exchanges,
    most_pairs,
    open_site,
)
from siting.locate.problem import Bools

_NONE = -1
# The most exchanges in one perturbation; more are undone more often than they help.
MOST_EXCHANGES = 3
_TRIES = 20


@compiled
def _neighbour(instance: MedianInstance, choice: Choice, slot: int, state: State) -> int:
    """Return the slot that is second nearest to a random point of an open site, or a random slot."""
    site = choice.opened[slot]
    begin, end = instance.site_start[site], instance.site_start[site + 1]
    if begin == end:
        return int(draw(state, len(choice.opened)))
    point = instance.point[begin + draw(state, end - begin)]
    other = int(choice.second[point] if choice.near[point] == slot else choice.near[point])
    return other if other != _NONE else int(draw(state, len(choice.opened)))


@compiled
def _substitute(instance: MedianInstance, choice: Choice, site: int, state: State) -> int:
    """Return a closed site that shares a random point with an open one (-1: none was found)."""
    begin, end = instance.site_start[site], instance.site_start[site + 1]
    for _ in range(_TRIES if end > begin else 0):
        point = instance.point[begin + draw(state, end - begin)]
        first = instance.start[point]
        other = int(instance.site[first + draw(state, instance.start[point + 1] - first)])
        if choice.slot[other] == _NONE:
            return other
    return _NONE


@compiled
def perturb(instance: MedianInstance, choice: Choice, state: State, changed: Ints) -> int:
    """Exchange some neighbouring open sites for substitutes; return the number of changed sites."""
    slot, count = draw(state, len(choice.opened)), 0
    for turn in range(1 + draw(state, MOST_EXCHANGES)):
        if turn:
            slot = _neighbour(instance, choice, slot, state)
        gone = choice.opened[slot]
        site = _substitute(instance, choice, gone, state)
        if site != _NONE:
            exchange(instance, choice, slot, site)
            changed[count], changed[count + 1] = gone, site
            count += 2
    return count


@compiled
def _enqueue_neighbours(
    instance: MedianInstance, choice: Choice, site: int, queue: Ints, queued: Bools, end: int
) -> int:
    """Queue the closed sites that could improve a point of a changed site; return the new end of the queue."""
    closed = choice.slot[site] == _NONE
    for pair in range(instance.site_start[site], instance.site_start[site + 1]):
        point = instance.point[pair]
        limit = choice.second_cost[point]
        if closed and instance.site_cost[pair] >= limit:
            continue
        for other in range(instance.start[point], instance.start[point + 1]):
            if instance.cost[other] >= limit:
                break
            near = instance.site[other]
            if not queued[near] and choice.slot[near] == _NONE:
                queued[near] = True
                queue[end % len(queue)] = near
                end += 1
    return end


@compiled
def descend(
    instance: MedianInstance, choice: Choice, least: float, changed: Ints, count: int, queue: Ints, queued: Bools
) -> int:
    """Interchange around the changed sites to a local optimum or a work limit; return the pairs examined."""
    head, end, looked, left, most = 0, 0, 0, most_exchanges(choice), most_pairs()
    less = np.empty(len(choice.opened))
    for place in range(count):
        end = _enqueue_neighbours(instance, choice, changed[place], queue, queued, end)
    while head < end:
        site = queue[head % len(queue)]
        head, queued[site] = head + 1, False
        if choice.slot[site] != _NONE or left == 0 or looked >= most:
            continue
        slot, saved = best_exchange(instance, choice, site, less)
        looked += instance.site_start[site + 1] - instance.site_start[site]
        if saved > least:
            gone = choice.opened[slot]
            exchange(instance, choice, slot, site)
            left -= 1
            end = _enqueue_neighbours(instance, choice, gone, queue, queued, end)
            end = _enqueue_neighbours(instance, choice, site, queue, queued, end)
    return looked


@compiled
def restore(instance: MedianInstance, choice: Choice, opened: Ints) -> None:
    """Restore the open sites."""
    for slot in range(len(opened)):
        if choice.opened[slot] != opened[slot]:
            close(instance, choice, slot)
    for slot in range(len(opened)):
        if choice.opened[slot] != opened[slot]:
            open_site(instance, choice, slot, opened[slot])


def iterate(
    instance: MedianInstance,
    choice: Choice,
    perturbations: int,
    work: int,
    least: float,
    slack: float,
    state: State,
    stops: Callable[[], bool] | None = None,
) -> Floats:
    """Perturb and descend; go back if the result is too bad.

    Parameters
    ----------
    instance : MedianInstance
        The problem.
    choice : Choice
        A local optimum with all slots filled; afterwards the best choice found.
    perturbations : int
        The most perturbations.
    work : int
        The most pairs to examine.
    least : float
        The least saving of an exchange.
    slack : float
        The share by which an accepted choice may cost more than the best one. It falls to 0 (threshold accepting, Dueck
        and Scheuer 1990).
    state : State
        State of the random generator.
    stops : callable, optional
        Stopping criterion.

    Returns
    -------
    ndarray
        Costs before and after.
    """
    slots = len(choice.opened)
    cost = _cost(choice)
    costs = np.array([cost, cost])
    if slots == 0 or slots >= instance.sites:
        return costs
    best, last = choice.opened.copy(), choice.opened.copy()
    # Perturbations made, and pairs left to examine.
    place = np.array([0, work])
    limits = (perturbations, least, slack)

    def turn(work: int) -> bool:
        return bool(_iterated(instance, choice, limits, state, (best, last), costs, place, work))

    try:
        by_turns(turn, stops)
    finally:
        restore(instance, choice, best)
    return costs


@compiled
def _cost(choice: Choice) -> float:
    return float(choice.near_cost.sum())


@compiled
def _iterated(
    instance: MedianInstance,
    choice: Choice,
    limits: tuple[int, float, float],
    state: State,
    known: tuple[Ints, Ints],
    costs: Floats,
    place: Ints,
    work: int,
) -> bool:
    """Perturb and descend until so much work is done; tell whether to continue."""
    (perturbations, least, slack), (best, last), sites = limits, known, len(instance.site_start) - 1
    queue, queued = np.empty(sites, dtype=np.int64), np.zeros(sites, dtype=np.bool_)
    changed = np.empty(2 * MOST_EXCHANGES, dtype=np.int64)
    end = place[1] - work
    while place[0] < perturbations:
        if place[1] <= end:
            return True
        turn = place[0]
        place[0] += 1
        count = perturb(instance, choice, state, changed)
        place[1] -= descend(instance, choice, least, changed, count, queue, queued) + len(instance.base)
        cost = choice.near_cost.sum()
        if cost < costs[1]:
            costs[1] = cost
            best[:] = choice.opened
        if cost <= costs[1] * (1.0 + slack * (1.0 - (turn + 1.0) / perturbations)):
            last[:] = choice.opened
        else:
            restore(instance, choice, last)
        if place[1] < 0:
            break
    return False
