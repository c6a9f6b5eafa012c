"""Iterated interchange: kicked out of a local optimum near by, and down into the next (Lourenço et al. 2003)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.median.core import Core
from siting.locate.median.interchange import Choice, close, exchange, judge, most_exchanges, most_pairs, open_site
from siting.locate.problem import Bools

_NOBODY = -1
# So many neighbours are exchanged at most in one kick; more are lost again more often than they help.
STRONGEST = 3
_TRIES = 20
# Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators.
_ADD, _MIX, _MIX_AGAIN = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_BY_30, _BY_27, _BY_31 = np.uint64(30), np.uint64(27), np.uint64(31)

State = NDArray[np.uint64]


def random_state(seed: int) -> State:
    """Return the state of a random generator, which :func:`iterate` carries on."""
    return np.array([seed % 2**64], dtype=np.uint64)


@compiled
def _draw(state: State, below: int) -> int:
    """Return a random number from 0 to below ``below``."""
    state[0] += _ADD
    mixed = (state[0] ^ (state[0] >> _BY_30)) * _MIX
    mixed = (mixed ^ (mixed >> _BY_27)) * _MIX_AGAIN
    return int(np.int64((mixed ^ (mixed >> _BY_31)) % np.uint64(below)))


@compiled
def _neighbour(core: Core, choice: Choice, slot: int, state: State) -> int:
    """Return the slot that serves a random point of an open site second best, or a random slot."""
    site = choice.opened[slot]
    begin, end = core.site_start[site], core.site_start[site + 1]
    if begin == end:
        return int(_draw(state, len(choice.opened)))
    point = core.point[begin + _draw(state, end - begin)]
    other = int(choice.second[point] if choice.near[point] == slot else choice.near[point])
    return other if other != _NOBODY else int(_draw(state, len(choice.opened)))


@compiled
def _substitute(core: Core, choice: Choice, site: int, state: State) -> int:
    """Return a closed site that serves a point which an open one serves (-1: none was met)."""
    begin, end = core.site_start[site], core.site_start[site + 1]
    for _ in range(_TRIES if end > begin else 0):
        point = core.point[begin + _draw(state, end - begin)]
        first = core.start[point]
        other = int(core.site[first + _draw(state, core.start[point + 1] - first)])
        if choice.slot[other] == _NOBODY:
            return other
    return _NOBODY


@compiled
def kick(core: Core, choice: Choice, state: State, changed: Ints) -> int:
    """Exchange some neighbouring open sites for substitutes; return how many sites changed."""
    slot, count = _draw(state, len(choice.opened)), 0
    for turn in range(1 + _draw(state, STRONGEST)):
        if turn:
            slot = _neighbour(core, choice, slot, state)
        gone = choice.opened[slot]
        site = _substitute(core, choice, gone, state)
        if site != _NOBODY:
            exchange(core, choice, slot, site)
            changed[count], changed[count + 1] = gone, site
            count += 2
    return count


@compiled
def _gather(core: Core, choice: Choice, site: int, queue: Ints, queued: Bools, end: int) -> int:
    """Queue the closed sites that may serve better some point that a site which changed serves; return the new end."""
    closed = choice.slot[site] == _NOBODY
    for pair in range(core.site_start[site], core.site_start[site + 1]):
        point = core.point[pair]
        limit = choice.second_cost[point]
        if closed and core.site_cost[pair] >= limit:
            continue
        for other in range(core.start[point], core.start[point + 1]):
            if core.cost[other] >= limit:
                break
            near = core.site[other]
            if not queued[near] and choice.slot[near] == _NOBODY:
                queued[near] = True
                queue[end % len(queue)] = near
                end += 1
    return end


@compiled
def settle(core: Core, choice: Choice, least: float, changed: Ints, count: int, queue: Ints, queued: Bools) -> int:
    """Improve around the sites that changed until nothing helps or work ends it; return the pairs looked at."""
    head, end, looked, left, most = 0, 0, 0, most_exchanges(choice), most_pairs()
    less = np.empty(len(choice.opened))
    for place in range(count):
        end = _gather(core, choice, changed[place], queue, queued, end)
    while head < end:
        site = queue[head % len(queue)]
        head, queued[site] = head + 1, False
        if choice.slot[site] != _NOBODY or left == 0 or looked >= most:
            continue
        slot, saved = judge(core, choice, site, less)
        looked += core.site_start[site + 1] - core.site_start[site]
        if saved > least:
            gone = choice.opened[slot]
            exchange(core, choice, slot, site)
            left -= 1
            end = _gather(core, choice, gone, queue, queued, end)
            end = _gather(core, choice, site, queue, queued, end)
    return looked


@compiled
def restore(core: Core, choice: Choice, opened: Ints) -> None:
    """Return to what was open."""
    for slot in range(len(opened)):
        if choice.opened[slot] != opened[slot]:
            close(core, choice, slot)
    for slot in range(len(opened)):
        if choice.opened[slot] != opened[slot]:
            open_site(core, choice, slot, opened[slot])


def iterate(
    core: Core,
    choice: Choice,
    kicks: int,
    work: int,
    least: float,
    slack: float,
    state: State,
    stops: Callable[[], bool] | None = None,
) -> Floats:
    """Kick and settle, and return to where one was if that is too bad.

    Parameters
    ----------
    core : Core
        The problem.
    choice : Choice
        A local optimum with all slots filled; in the end the best choice found.
    kicks : int
        How often to kick at most.
    work : int
        How many pairs to look at, at most.
    least : float
        What an exchange must save to be made.
    slack : float
        By which share a choice may cost more than the best one and still be gone on from; less and less, until at the
        last kick nothing is allowed (threshold accepting, Dueck and Scheuer 1990).
    state : State
        Of the random generator.
    stops : callable, optional
        Whether to stop before that.

    Returns
    -------
    ndarray
        Costs before and after.
    """
    slots = len(choice.opened)
    cost = _cost(choice)
    costs = np.array([cost, cost])
    if slots == 0 or slots >= core.sites:
        return costs
    best, last = choice.opened.copy(), choice.opened.copy()
    # Kicks, and pairs that may still be looked at.
    place = np.array([0, work])
    limits = (kicks, least, slack)

    def turn(work: int) -> bool:
        return bool(_iterated(core, choice, limits, state, (best, last), costs, place, work))

    try:
        by_turns(turn, stops)
    finally:
        restore(core, choice, best)
    return costs


@compiled
def _cost(choice: Choice) -> float:
    return float(choice.near_cost.sum())


@compiled
def _iterated(
    core: Core,
    choice: Choice,
    limits: tuple[int, float, float],
    state: State,
    known: tuple[Ints, Ints],
    costs: Floats,
    place: Ints,
    work: int,
) -> bool:
    """Kick and settle until so much work is done; tell whether to go on."""
    (kicks, least, slack), (best, last), sites = limits, known, len(core.site_start) - 1
    queue, queued = np.empty(sites, dtype=np.int64), np.zeros(sites, dtype=np.bool_)
    changed = np.empty(2 * STRONGEST, dtype=np.int64)
    end = place[1] - work
    while place[0] < kicks:
        if place[1] <= end:
            return True
        turn = place[0]
        place[0] += 1
        count = kick(core, choice, state, changed)
        place[1] -= settle(core, choice, least, changed, count, queue, queued) + len(core.base)
        cost = choice.near_cost.sum()
        if cost < costs[1]:
            costs[1] = cost
            best[:] = choice.opened
        if cost <= costs[1] * (1.0 + slack * (1.0 - (turn + 1.0) / kicks)):
            last[:] = choice.opened
        else:
            restore(core, choice, last)
        if place[1] < 0:
            break
    return False
