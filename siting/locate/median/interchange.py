"""Greedy addition and interchange for the p-median over sparse rows.

Each point knows its nearest and second nearest open site, each open site what its loss would cost; so all exchanges
with one candidate are judged in one pass over its row (Whitaker 1983; Resende and Werneck 2007), and the best of them
is made at once where it helps (Schubert and Rousseeuw 2021).
"""

from typing import NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.median.core import Core, Numbers

_NOBODY = -1
# An exchange must save such a share of all costs to be made, and such a share of what all points cost without any site:
# less is rounding, since losses are differences of such costs.
_LEAST, _ROUNDING = 1e-12, 4e-15
# A local search ends after so many exchanges, and so many for each open site, and so many pairs: rounding may make a
# circle of exchanges, and who waits must be asked whether to go on.
_EXCHANGES, _EXCHANGES_A_SLOT, _PAIRS = 100, 20, 200_000_000


class Choice(NamedTuple):
    """Open sites by slot (-1: empty), the slot of each site, and each point's two nearest slots and what they cost."""

    opened: Ints
    slot: Ints
    near: Numbers
    near_cost: Floats
    second: Numbers
    second_cost: Floats
    loss: Floats


def chosen(core: Core, most: int, sites: Ints) -> Choice:
    """Return a choice that holds some sites."""
    opened, slot = np.full(most, _NOBODY, dtype=np.int64), np.full(core.sites, _NOBODY, dtype=np.int64)
    opened[: len(sites)] = sites
    slot[sites] = np.arange(len(sites))
    points = len(core.base)
    choice = Choice(
        opened,
        slot,
        np.full(points, _NOBODY, dtype=np.int32),
        core.base.copy(),
        np.full(points, _NOBODY, dtype=np.int32),
        core.base.copy(),
        np.zeros(most),
    )
    measure(core, choice)
    return choice


@compiled
def least_saving(core: Core, choice: Choice) -> float:
    """Return what an exchange must save to be made: more than rounding."""
    return float(_LEAST * choice.near_cost.sum() + _ROUNDING * core.base.sum())


@compiled
def most_exchanges(choice: Choice) -> int:
    """Return after how many exchanges a local search ends."""
    return _EXCHANGES + _EXCHANGES_A_SLOT * len(choice.opened)


@compiled
def most_pairs() -> int:
    """Return after how many pairs that were looked at a local search ends."""
    return _PAIRS


@compiled
def measure(core: Core, choice: Choice) -> None:
    """Find each point's two nearest open sites anew, and what the loss of each open site would cost."""
    choice.loss[:] = 0.0
    for point in range(len(core.base)):
        _look(core, choice, point)
        if choice.near[point] != _NOBODY:
            choice.loss[choice.near[point]] += choice.second_cost[point] - choice.near_cost[point]


@compiled
def _look(core: Core, choice: Choice, point: int) -> None:
    """Find the two nearest open sites of a point."""
    choice.near[point] = choice.second[point] = _NOBODY
    choice.near_cost[point] = choice.second_cost[point] = core.base[point]
    for pair in range(core.start[point], core.start[point + 1]):
        slot = choice.slot[core.site[pair]]
        if slot != _NOBODY:
            if choice.near[point] == _NOBODY:
                choice.near[point], choice.near_cost[point] = slot, core.cost[pair]
            else:
                choice.second[point], choice.second_cost[point] = slot, core.cost[pair]
                break


@compiled
def _count(choice: Choice, point: int, sign: float) -> None:
    """Add a point to, or take it from, what the loss of its nearest site would cost."""
    if choice.near[point] != _NOBODY:
        choice.loss[choice.near[point]] += sign * (choice.second_cost[point] - choice.near_cost[point])


@compiled
def close(core: Core, choice: Choice, slot: int) -> None:
    """Empty a slot."""
    site = choice.opened[slot]
    choice.opened[slot] = choice.slot[site] = _NOBODY
    for pair in range(core.site_start[site], core.site_start[site + 1]):
        point = core.point[pair]
        if choice.near[point] == slot or choice.second[point] == slot:
            _count(choice, point, -1.0)
            _look(core, choice, point)
            _count(choice, point, 1.0)


@compiled
def open_site(core: Core, choice: Choice, slot: int, site: int) -> None:
    """Put a site into an empty slot."""
    choice.opened[slot], choice.slot[site] = site, slot
    for pair in range(core.site_start[site], core.site_start[site + 1]):
        point, cost = core.point[pair], core.site_cost[pair]
        if cost >= choice.second_cost[point]:
            continue
        _count(choice, point, -1.0)
        if cost < choice.near_cost[point]:
            choice.second[point], choice.second_cost[point] = choice.near[point], choice.near_cost[point]
            choice.near[point], choice.near_cost[point] = slot, cost
        else:
            choice.second[point], choice.second_cost[point] = slot, cost
        _count(choice, point, 1.0)


@compiled
def exchange(core: Core, choice: Choice, slot: int, site: int) -> None:
    """Put a site into a slot in place of the one that is there, if any."""
    if choice.opened[slot] != _NOBODY:
        close(core, choice, slot)
    open_site(core, choice, slot, site)


@compiled
def judge(core: Core, choice: Choice, site: int, less: Floats) -> tuple[int, float]:
    """Return the slot best given to a site, and what that saves (``less`` is room for one number a slot)."""
    gain = 0.0
    less[:] = choice.loss
    for pair in range(core.site_start[site], core.site_start[site + 1]):
        point, cost = core.point[pair], core.site_cost[pair]
        if cost < choice.near_cost[point]:
            gain += choice.near_cost[point] - cost
            if choice.near[point] != _NOBODY:
                less[choice.near[point]] -= choice.second_cost[point] - choice.near_cost[point]
        elif cost < choice.second_cost[point]:
            less[choice.near[point]] -= choice.second_cost[point] - cost
    slot = 0
    for other in range(len(less)):
        if less[other] < less[slot]:
            slot = other
    return slot, gain - less[slot]


@compiled
def improve(core: Core, choice: Choice, first: int, least: float) -> int:
    """Exchange until no exchange of two sites saves more than ``least``, or work ends it; return what was looked at."""
    sites = len(core.site_start) - 1
    less = np.empty(len(choice.opened))
    made, idle, site, looked = 0, 0, first, 0
    most = most_exchanges(choice)
    if len(choice.opened) == 0:
        return 0
    while idle < sites and made < most and looked < most_pairs():
        looked += core.site_start[site + 1] - core.site_start[site] + len(less)
        if choice.slot[site] == _NOBODY:
            slot, saved = judge(core, choice, site, less)
            if saved > least:
                exchange(core, choice, slot, site)
                made += 1
                idle = 0
        idle += 1
        site = site + 1 if site + 1 < sites else 0
    return looked


def add(core: Core, choice: Choice) -> None:
    """Fill empty slots, each with the site that then saves most (of equals the lower), as long as one saves anything.

    What a site saves only falls as others open, so that what it saved once bounds what it saves now (Minoux 1978).
    """
    most, place = np.full(core.sites, np.inf), np.zeros(1, dtype=np.int64)
    by_turns(lambda work: bool(_added(core, choice, most, place, work)))


@compiled
def _added(core: Core, choice: Choice, most: Floats, place: Ints, work: int) -> bool:
    """Fill slots until so much work is done; tell whether any is left to look at."""
    while place[0] < len(choice.opened):
        slot = place[0]
        if choice.opened[slot] != _NOBODY:
            place[0] += 1
            continue
        while True:
            if work <= 0:
                return True
            work -= 2 * len(most)
            site = np.argmax(most)
            saves = 0.0
            if choice.slot[site] == _NOBODY:
                work -= core.site_start[site + 1] - core.site_start[site]
                for pair in range(core.site_start[site], core.site_start[site + 1]):
                    saves += max(choice.near_cost[core.point[pair]] - core.site_cost[pair], 0.0)
            most[site] = saves
            if saves >= most.max():
                break
        if saves <= 0.0:
            return False
        exchange(core, choice, slot, site)
        place[0] += 1
    return False
