"""Of choices that cost alike the one whose sites stand first, without those that add nothing."""

import numpy as np

from siting.compiled import compiled
from siting.domain.nouns import Ints
from siting.locate.median.core import Core
from siting.locate.median.interchange import Choice, chosen, close, exchange, judge

# Sums of the same costs in another order differ by less than this share.
_NOISE = 1e-12


def settled(core: Core, sites: Ints) -> Ints:
    """Exchange chosen sites, one for one, for equals that stand before them, and leave out those that add nothing.

    Parameters
    ----------
    core : Core
        The problem; its sites stand in the order that breaks ties.
    sites : ndarray of int
        A choice.

    Returns
    -------
    ndarray of int
        Sites that cost no more together, ascending. Where two had to be exchanged for two at once, they stay.
    """
    choice = chosen(core, len(sites), np.sort(sites))
    _settle(core, choice, _NOISE * float(choice.near_cost.sum()))
    return np.sort(choice.opened[choice.opened >= 0])


@compiled
def _settle(core: Core, choice: Choice, noise: float) -> None:
    slots = len(choice.opened)
    less = np.empty(slots)
    while True:
        # Of those that add nothing the last leaves first.
        idle = -1
        for slot in range(slots):
            later = idle < 0 or choice.opened[slot] > choice.opened[idle]
            if choice.opened[slot] >= 0 and choice.loss[slot] <= noise and later:
                idle = slot
        if idle < 0:
            break
        close(core, choice, idle)
    site = 0
    while site < len(core.site_start) - 1:
        later = -1
        if choice.slot[site] < 0:
            slot, saved = judge(core, choice, site, less)
            for other in range(slots):
                equal = less[slot] + saved - less[other] >= -noise
                if equal and choice.opened[other] > site and (later < 0 or choice.opened[other] > choice.opened[later]):
                    later = other
        if later >= 0:
            exchange(core, choice, later, site)
            site = -1
        site += 1
