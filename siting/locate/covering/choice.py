"""The state of a choice of sites: which groups are covered, and what each site would gain or lose."""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.cover import Cover, Numbers
from siting.locate.covering.instance import CoveringInstance
from siting.locate.problem import Bools


class CoverLists(NamedTuple):
    """Which site covers which group, as in a covering instance, with the weights and costs."""

    start: Ints
    group: Numbers
    group_start: Ints
    site: Numbers
    weight: Floats
    cost: Floats


class Choice(NamedTuple):
    """A choice of sites that changes during the search.

    ``score`` is the gain of a closed site or the loss without an open one, by ``priority``; ``times`` is how many
    chosen sites cover each group. The first ``tally[0]`` of ``missing`` are the uncovered groups that are ``listed``,
    ``where`` their positions; ``sums`` is the weight of uncovered groups and the cost of the chosen sites. ``tally[1]``
    counts the list entries that were read.
    """

    chosen: Bools
    score: Floats
    priority: Floats
    times: Numbers
    listed: Bools
    missing: Ints
    where: Ints
    tally: Ints
    sums: Floats


class ChosenList(NamedTuple):
    """The chosen sites in a list, of length ``many[0]``, and the position of each in it."""

    site: Ints
    place: Ints
    many: Ints


def lists_of(given: CoveringInstance | Cover) -> CoverLists:
    """Return the input of the kernels; the sites of a cover cost nothing."""
    cost = np.zeros(len(given.start) - 1) if isinstance(given, Cover) else given.cost
    return CoverLists(given.start, given.group, given.group_start, given.site, given.weight, cost)


@compiled
def flip(lists: CoverLists, choice: Choice, site: int) -> None:
    """Add a site to the choice, or remove it."""
    start, group, group_start, sites, weight, cost = lists
    chosen, score, priority, times, listed, missing, where, tally, sums = choice
    entering = not chosen[site]
    chosen[site] = entering
    sums[1] += cost[site] if entering else -cost[site]
    score[site] = 0.0
    looked = start[site + 1] - start[site]
    for at in range(start[site], start[site + 1]):
        each = group[at]
        others = times[each] if entering else times[each] - 1
        times[each] += 1 if entering else -1
        if others > 1:
            continue
        change = -priority[each] if entering else priority[each]
        looked += group_start[each + 1] - group_start[each]
        if others == 1:
            # The score of the one other site that covers the group changes.
            for place in range(group_start[each], group_start[each + 1]):
                if sites[place] != site and chosen[sites[place]]:
                    score[sites[place]] += change
                    break
            continue
        score[site] += priority[each]
        for place in range(group_start[each], group_start[each + 1]):
            if sites[place] != site:
                score[sites[place]] += change
        sums[0] += -weight[each] if entering else weight[each]
        if listed[each]:
            if entering:
                last = missing[tally[0] - 1]
                missing[where[each]], where[last] = last, where[each]
                tally[0] -= 1
            else:
                missing[tally[0]], where[each] = each, tally[0]
                tally[0] += 1
    tally[1] += looked


@compiled
def choice_from(lists: CoverLists, begin: Bools, priority: Floats, listed: Bools) -> Choice:
    """Return an initial choice."""
    sites, groups = len(lists.cost), len(lists.weight)
    choice = Choice(
        np.zeros(sites, np.bool_),
        np.zeros(sites),
        priority.copy(),
        np.zeros(groups, np.int32),
        listed,
        np.zeros(groups, np.int64),
        np.zeros(groups, np.int64),
        np.zeros(2, np.int64),
        np.zeros(2),
    )
    for each in range(groups):
        choice.sums[0] += lists.weight[each]
        if listed[each]:
            choice.missing[choice.tally[0]], choice.where[each] = each, choice.tally[0]
            choice.tally[0] += 1
        for at in range(lists.group_start[each], lists.group_start[each + 1]):
            choice.score[lists.site[at]] += priority[each]
    for site in range(sites):
        if begin[site]:
            flip(lists, choice, site)
    return choice


def complete(lists: CoverLists, choice: Choice, slack: float) -> None:
    """Let sites enter by gain and cost (ties to the lowest) until at most the slack is uncovered."""
    by_turns(lambda work: bool(_completed(lists, choice, slack, work)))


@compiled
def _completed(lists: CoverLists, choice: Choice, slack: float, work: int) -> bool:
    end = choice.tally[1] + work
    while choice.sums[0] > slack:
        if choice.tally[1] >= end:
            return True
        best, most = -1, -1.0
        choice.tally[1] += len(lists.cost)
        for site in range(len(lists.cost)):
            if not choice.chosen[site] and choice.score[site] > 0:
                gain = choice.score[site] / lists.cost[site] if lists.cost[site] > 0 else np.inf
                if gain > most:
                    best, most = site, gain
        if best < 0:
            return False
        flip(lists, choice, best)
    return False


@compiled
def chosen_list(choice: Choice) -> ChosenList:
    """Return the chosen sites in a list."""
    sites = len(choice.chosen)
    held = ChosenList(np.empty(sites, np.int64), np.zeros(sites, np.int64), np.zeros(1, np.int64))
    for site in np.flatnonzero(choice.chosen):
        held.site[held.many[0]], held.place[site] = site, held.many[0]
        held.many[0] += 1
    return held


@compiled
def swap(lists: CoverLists, choice: Choice, held: ChosenList, site: int) -> None:
    """Let a site enter or leave, in the list too."""
    flip(lists, choice, site)
    if choice.chosen[site]:
        held.site[held.many[0]], held.place[site] = site, held.many[0]
        held.many[0] += 1
    else:
        held.many[0] -= 1
        last = held.site[held.many[0]]
        held.site[held.place[site]], held.place[last] = last, held.place[site]


@compiled
def leaver(lists: CoverLists, choice: Choice, held: ChosenList, since: Ints, but: int) -> int:
    """Return the chosen site with the least loss for its cost, ties to the one that moved first; -1 without one."""
    best, least = -1, np.inf
    for site in held.site[: held.many[0]]:
        if site != but:
            lost = choice.score[site] / lists.cost[site] if lists.cost[site] > 0 else choice.score[site] * np.inf
            if best < 0 or lost < least or (lost == least and since[site] < since[best]):
                best, least = site, lost
    return best


def greedy_choice(lists: CoverLists, begin: Bools, priority: Floats, slack: float) -> Bools:
    """Return a feasible choice, greedily from an initial one; redundant sites are then removed, the worst first."""
    choice: Choice = choice_from(lists, begin, priority, np.zeros(len(priority), np.bool_))
    complete(lists, choice, slack)
    order, place = _dearest_first(lists.cost), np.zeros(1, np.int64)
    by_turns(lambda work: bool(_lightened(lists, choice, order, slack, place, work)))
    return choice.chosen


@compiled
def _dearest_first(cost: Floats) -> Ints:
    return np.argsort(-cost)


@compiled
def _lightened(lists: CoverLists, choice: Choice, order: Ints, slack: float, place: Ints, work: int) -> bool:
    """Remove sites in order, from a position in it on, as long as at most the slack is uncovered."""
    end = choice.tally[1] + work
    while place[0] < len(order):
        if choice.tally[1] >= end:
            return True
        site = order[place[0]]
        if choice.chosen[site]:
            flip(lists, choice, site)
            if choice.sums[0] > slack:
                flip(lists, choice, site)
        place[0] += 1
    return False


def break_ties(lists: CoverLists, begin: Bools, slack: float, should_stop: Callable[[], bool] | None = None) -> Bools:
    """Exchange sites, one for one, for sites of lower number that do as well, and remove sites that add nothing.

    Parameters
    ----------
    lists : CoverLists
        Which site covers which group; the order of the sites breaks ties. Without costs all cost the same.
    begin : ndarray of bool
        The chosen sites.
    slack : float
        The largest weight of uncovered groups together.
    should_stop : callable, optional
        Whether to stop; after that, or after Ctrl-C, the exchanges made so far are kept.

    Returns
    -------
    ndarray of bool
        A choice that costs no more. Exchanges of two sites for two at once are not tried.
    """
    choice: Choice = choice_from(lists, begin, lists.weight, np.zeros(len(lists.weight), np.bool_))
    # The current site, and whether any site was changed since the last one was examined.
    place = np.array([len(lists.cost) - 1, 0])
    with suppress(KeyboardInterrupt):
        by_turns(lambda work: bool(_break_ties(lists, choice, slack, place, work)), should_stop)
    return choice.chosen


@compiled
def _break_ties(lists: CoverLists, choice: Choice, slack: float, place: Ints, work: int) -> bool:
    cost, end = lists.cost, choice.tally[1] + work
    while True:
        if place[0] < 0:
            if place[1] == 0:
                return False
            place[0], place[1] = len(cost) - 1, 0
        if choice.tally[1] >= end:
            return True
        site = place[0]
        place[0] -= 1
        if not choice.chosen[site]:
            continue
        flip(lists, choice, site)
        excess = choice.sums[0] - slack
        if excess <= 0:
            place[1] = 1
            continue
        lower = 0
        while lower < site:
            # Sums of whole weights are exact; for others the slack is above their rounding errors.
            if not choice.chosen[lower] and cost[lower] <= cost[site] and choice.score[lower] >= excess:
                break
            lower += 1
        choice.tally[1] += lower
        flip(lists, choice, lower)
        if lower < site:
            place[1] = 1
