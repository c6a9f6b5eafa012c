"""Ties between choices of equal cost are broken towards the sites that come first, without redundant ones."""

from collections.abc import Callable

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Ints
from siting.locate.deadline import Interruptible
from siting.locate.median.instance import MedianInstance
from siting.locate.median.interchange import Choice, best_exchange, chosen, close, exchange
from siting.locate.tolerances import SUM_TOLERANCE


def break_ties(instance: MedianInstance, sites: Ints, stops: Callable[[], bool] | None = None) -> Ints:
    """Exchange chosen sites, one for one, for equally good ones that come before them, and drop redundant ones.

    The result is incomplete if the search is stopped or interrupted.

    Parameters
    ----------
    instance : MedianInstance
        The instance; its order of sites breaks ties.
    sites : ndarray of int
        A choice.
    stops : callable, optional
        Stopping criterion.

    Returns
    -------
    ndarray of int
        Sites that cost no more together, ascending. Exchanges of two for two are not made.
    """
    choice = chosen(instance, len(sites), np.sort(sites))
    noise, place = SUM_TOLERANCE * float(choice.near_cost.sum()), np.zeros(1, dtype=np.int64)
    many = -1
    with Interruptible():
        # An exchange can make another site redundant.
        while by_turns(lambda work: bool(_drop_redundant(instance, choice, noise, work)), stops):
            before, many = many, int((choice.opened >= 0).sum())
            if many == before:
                break
            place[0] = 0
            if not by_turns(lambda work: bool(_prefer_lower(instance, choice, noise, place, work)), stops):
                break
    return np.sort(choice.opened[choice.opened >= 0])


@compiled
def _drop_redundant(instance: MedianInstance, choice: Choice, noise: float, work: int) -> bool:
    """Close redundant sites, the last first, until so much work is done; tell whether to continue."""
    while work > 0:
        idle = -1
        for slot in range(len(choice.opened)):
            later = idle < 0 or choice.opened[slot] > choice.opened[idle]
            if choice.opened[slot] >= 0 and choice.loss[slot] <= noise and later:
                idle = slot
        if idle < 0:
            return False
        site = choice.opened[idle]
        work -= len(choice.opened) + instance.site_start[site + 1] - instance.site_start[site]
        close(instance, choice, idle)
    return True


@compiled
def _prefer_lower(instance: MedianInstance, choice: Choice, noise: float, place: Ints, work: int) -> bool:
    """Exchange sites for equal ones that come first until so much work is done; tell whether to continue."""
    slots, sites = len(choice.opened), len(instance.site_start) - 1
    less = np.empty(slots)
    while place[0] < sites and work > 0:
        site, later = place[0], -1
        place[0] += 1
        work -= 2 * slots + instance.site_start[site + 1] - instance.site_start[site]
        if choice.slot[site] < 0:
            slot, saved = best_exchange(instance, choice, site, less)
            for other in range(slots):
                equal = less[slot] + saved - less[other] >= -noise
                if equal and choice.opened[other] > site and (later < 0 or choice.opened[other] > choice.opened[later]):
                    later = other
        if later >= 0:
            exchange(instance, choice, later, site)
            place[0] = 0
    return bool(place[0] < sites)
