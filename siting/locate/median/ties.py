"""Of choices that cost alike the one whose sites stand first, without those that add nothing."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Ints
from siting.locate.median.core import Core
from siting.locate.median.interchange import Choice, chosen, close, exchange, judge

# Sums of the same costs in another order differ by less than this share.
_NOISE = 1e-12


def settled(core: Core, sites: Ints, stops: Callable[[], bool] | None = None) -> Ints:
    """Exchange chosen sites, one for one, for equals that stand before them, and leave out those that add nothing.

    Where somebody says stop, or after Ctrl-C, some of that is left undone.

    Parameters
    ----------
    core : Core
        The problem; its sites stand in the order that breaks ties.
    sites : ndarray of int
        A choice.
    stops : callable, optional
        Whether to leave it at what was done so far.

    Returns
    -------
    ndarray of int
        Sites that cost no more together, ascending. Where two had to be exchanged for two at once, they stay.
    """
    choice = chosen(core, len(sites), np.sort(sites))
    noise, place = _NOISE * float(choice.near_cost.sum()), np.zeros(1, dtype=np.int64)
    with suppress(KeyboardInterrupt):
        by_turns(lambda work: bool(_leave(core, choice, noise, work)), stops)
        by_turns(lambda work: bool(_lower(core, choice, noise, place, work)), stops)
    return np.sort(choice.opened[choice.opened >= 0])


@compiled
def _leave(core: Core, choice: Choice, noise: float, work: int) -> bool:
    """Let sites leave that add nothing, the last first, until so much work is done; tell whether any may be left."""
    while work > 0:
        idle = -1
        for slot in range(len(choice.opened)):
            later = idle < 0 or choice.opened[slot] > choice.opened[idle]
            if choice.opened[slot] >= 0 and choice.loss[slot] <= noise and later:
                idle = slot
        if idle < 0:
            return False
        site = choice.opened[idle]
        work -= len(choice.opened) + core.site_start[site + 1] - core.site_start[site]
        close(core, choice, idle)
    return True


@compiled
def _lower(core: Core, choice: Choice, noise: float, place: Ints, work: int) -> bool:
    """Exchange sites for equals that stand before them until so much work is done; tell whether any is left."""
    slots, sites = len(choice.opened), len(core.site_start) - 1
    less = np.empty(slots)
    while place[0] < sites and work > 0:
        site, later = place[0], -1
        place[0] += 1
        work -= 2 * slots + core.site_start[site + 1] - core.site_start[site]
        if choice.slot[site] < 0:
            slot, saved = judge(core, choice, site, less)
            for other in range(slots):
                equal = less[slot] + saved - less[other] >= -noise
                if equal and choice.opened[other] > site and (later < 0 or choice.opened[other] > choice.opened[later]):
                    later = other
        if later >= 0:
            exchange(core, choice, later, site)
            place[0] = 0
    return bool(place[0] < sites)
