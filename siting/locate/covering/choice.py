"""A choice of rows while it changes: who covers which group, and what each row's entering or leaving would mean."""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import CoveringInstance
from siting.locate.covering.reduction import Numbers
from siting.locate.problem import Bools


class Lists(NamedTuple):
    """Which site covers which group, as in a covering instance, with the weights and costs."""

    start: Ints
    group: Numbers
    row_start: Ints
    row: Numbers
    weight: Floats
    cost: Floats


class Choice(NamedTuple):
    """A choice of rows while it changes.

    ``score`` is what a row's entering would gain or its leaving lose, in ``priority`` of groups; ``times`` how many
    chosen rows cover each group. The first ``tally[0]`` of ``missing`` are the uncovered groups that are ``listed``,
    ``where`` their places; ``sums`` what all uncovered groups weigh, and what the chosen rows cost. ``tally[1]`` counts
    the entries of lists that were looked at.
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


class Held(NamedTuple):
    """The chosen rows in a list, of length ``many[0]``, and where each stands in it."""

    row: Ints
    place: Ints
    many: Ints


def lists_of(core: CoveringInstance) -> Lists:
    """Return what the kernels read."""
    return Lists(core.start, core.group, core.row_start, core.row, core.weight, core.cost)


@compiled
def flip(lists: Lists, choice: Choice, row: int) -> None:
    """Let a row enter that is not chosen, or leave that is."""
    start, group, row_start, rows, weight, cost = lists
    chosen, score, priority, times, listed, missing, where, tally, sums = choice
    entering = not chosen[row]
    chosen[row] = entering
    sums[1] += cost[row] if entering else -cost[row]
    score[row] = 0.0
    looked = start[row + 1] - start[row]
    for at in range(start[row], start[row + 1]):
        each = group[at]
        others = times[each] if entering else times[each] - 1
        times[each] += 1 if entering else -1
        if others > 1:
            continue
        change = -priority[each] if entering else priority[each]
        looked += row_start[each + 1] - row_start[each]
        if others == 1:
            # The one other row that covers the group is needed for it no more, or again.
            for place in range(row_start[each], row_start[each + 1]):
                if rows[place] != row and chosen[rows[place]]:
                    score[rows[place]] += change
                    break
            continue
        score[row] += priority[each]
        for place in range(row_start[each], row_start[each + 1]):
            if rows[place] != row:
                score[rows[place]] += change
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
def opened(lists: Lists, begin: Bools, priority: Floats, listed: Bools) -> Choice:
    """Return a choice to begin with."""
    rows, groups = len(lists.cost), len(lists.weight)
    choice = Choice(
        np.zeros(rows, np.bool_),
        np.zeros(rows),
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
        for at in range(lists.row_start[each], lists.row_start[each + 1]):
            choice.score[lists.row[at]] += priority[each]
    for row in range(rows):
        if begin[row]:
            flip(lists, choice, row)
    return choice


def complete(lists: Lists, choice: Choice, slack: float) -> None:
    """Let rows enter by gain and cost (of equals the lowest) until no more than the slack is uncovered."""
    by_turns(lambda work: bool(_completed(lists, choice, slack, work)))


@compiled
def _completed(lists: Lists, choice: Choice, slack: float, work: int) -> bool:
    end = choice.tally[1] + work
    while choice.sums[0] > slack:
        if choice.tally[1] >= end:
            return True
        best, most = -1, -1.0
        choice.tally[1] += len(lists.cost)
        for row in range(len(lists.cost)):
            if not choice.chosen[row] and choice.score[row] > 0:
                gain = choice.score[row] / lists.cost[row] if lists.cost[row] > 0 else np.inf
                if gain > most:
                    best, most = row, gain
        if best < 0:
            return False
        flip(lists, choice, best)
    return False


@compiled
def held_rows(choice: Choice) -> Held:
    """Return the chosen rows in a list."""
    rows = len(choice.chosen)
    held = Held(np.empty(rows, np.int64), np.zeros(rows, np.int64), np.zeros(1, np.int64))
    for row in np.flatnonzero(choice.chosen):
        held.row[held.many[0]], held.place[row] = row, held.many[0]
        held.many[0] += 1
    return held


@compiled
def swap(lists: Lists, choice: Choice, held: Held, row: int) -> None:
    """Let a row enter or leave, in the list too."""
    flip(lists, choice, row)
    if choice.chosen[row]:
        held.row[held.many[0]], held.place[row] = row, held.many[0]
        held.many[0] += 1
    else:
        held.many[0] -= 1
        last = held.row[held.many[0]]
        held.row[held.place[row]], held.place[last] = last, held.place[row]


@compiled
def leaver(lists: Lists, choice: Choice, held: Held, since: Ints, but: int) -> int:
    """Return the chosen row that loses least by cost, of equals the one that moved longest ago; -1 without one."""
    best, least = -1, np.inf
    for row in held.row[: held.many[0]]:
        if row != but:
            lost = choice.score[row] / lists.cost[row] if lists.cost[row] > 0 else choice.score[row] * np.inf
            if best < 0 or lost < least or (lost == least and since[row] < since[best]):
                best, least = row, lost
    return best


def greedy_choice(lists: Lists, begin: Bools, priority: Floats, slack: float) -> Bools:
    """Return a feasible choice, greedily from a first one; rows that can go afterwards go, the worst first."""
    choice: Choice = opened(lists, begin, priority, np.zeros(len(priority), np.bool_))
    complete(lists, choice, slack)
    order, place = _dearest_first(lists.cost), np.zeros(1, np.int64)
    by_turns(lambda work: bool(_lightened(lists, choice, order, slack, place, work)))
    return choice.chosen


@compiled
def _dearest_first(cost: Floats) -> Ints:
    return np.argsort(-cost)


@compiled
def _lightened(lists: Lists, choice: Choice, order: Ints, slack: float, place: Ints, work: int) -> bool:
    """Let rows go in order, from a place in it on, as long as no more than the slack is uncovered."""
    end = choice.tally[1] + work
    while place[0] < len(order):
        if choice.tally[1] >= end:
            return True
        row = order[place[0]]
        if choice.chosen[row]:
            flip(lists, choice, row)
            if choice.sums[0] > slack:
                flip(lists, choice, row)
        place[0] += 1
    return False


def settled_choice(lists: Lists, begin: Bools, slack: float, stops: Callable[[], bool] | None = None) -> Bools:
    """Return as good a choice in which lower rows stand for higher ones, and without rows that add nothing.

    Where somebody says stop, or after Ctrl-C, some of that is left undone.
    """
    choice: Choice = opened(lists, begin, lists.weight, np.zeros(len(lists.weight), np.bool_))
    # The row whose turn it is, and whether any row was changed since the last one was looked at.
    place = np.array([len(lists.cost) - 1, 0])
    with suppress(KeyboardInterrupt):
        by_turns(lambda work: bool(_settled(lists, choice, slack, place, work)), stops)
    return choice.chosen


@compiled
def _settled(lists: Lists, choice: Choice, slack: float, place: Ints, work: int) -> bool:
    cost, end = lists.cost, choice.tally[1] + work
    while True:
        if place[0] < 0:
            if place[1] == 0:
                return False
            place[0], place[1] = len(cost) - 1, 0
        if choice.tally[1] >= end:
            return True
        row = place[0]
        place[0] -= 1
        if not choice.chosen[row]:
            continue
        flip(lists, choice, row)
        excess = choice.sums[0] - slack
        if excess <= 0:
            place[1] = 1
            continue
        lower = 0
        while lower < row:
            # Weights are whole numbers: their sums are exact.
            if not choice.chosen[lower] and cost[lower] <= cost[row] and choice.score[lower] >= excess:
                break
            lower += 1
        choice.tally[1] += lower
        flip(lists, choice, lower)
        if lower < row:
            place[1] = 1
