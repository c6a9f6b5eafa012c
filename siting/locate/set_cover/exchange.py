"""Local search for full cover: groups that stay uncovered for long weigh more and more."""

import numpy as np

from siting.compiled import compiled
from siting.domain.nouns import Ints
from siting.locate.problem import Bools
from siting.locate.set_cover.choice import Choice, Lists, completed, held_rows, leaver, lists_of, opened, swap
from siting.locate.set_cover.core import LITTLE, Core


def exchanged(core: Core, begin: Bools, steps: int, seed: int) -> Bools:
    """Return a choice that covers all groups, at best cheaper than ``begin``.

    Rows enter greedily until all is covered. Then, as often as ``steps`` says, rows leave that lose least and others
    enter that cover some group left out, always below the best cost met; what stays uncovered gains priority (the
    scheme of Gao, Weise & Li 2015, with costs).

    Parameters
    ----------
    core : Core
        The programme; choosing all rows covers all groups.
    begin : ndarray of bool
        Rows to begin with.
    steps : int
        How often to exchange.
    seed : int
        Random seed.
    """
    least = 1.0 - LITTLE if core.whole else 0.0
    return np.asarray(_exchanged(lists_of(core), begin, least, steps, seed))


@compiled
def _moved(lists: Lists, row: int, step: int, since: Ints, may: Bools) -> None:
    """Note a row's move: it may not come back before some row that shares a group with it moves (Cai & Su 2011)."""
    since[row] = step
    for at in range(lists.start[row], lists.start[row + 1]):
        each = lists.group[at]
        for place in range(lists.row_start[each], lists.row_start[each + 1]):
            may[lists.row[place]] = True
    may[row] = False


@compiled
def _enterer(lists: Lists, choice: Choice, since: Ints, may: Bools) -> int:
    """Return the row of some uncovered group that gains most by cost, of equals the one that moved longest ago."""
    best, most = -1, 0.0
    each = choice.missing[np.random.randint(choice.tally[0])]  # noqa: NPY002 - the compiler's own generator
    for at in range(lists.row_start[each], lists.row_start[each + 1]):
        row = lists.row[at]
        gain = choice.score[row] / lists.cost[row] if lists.cost[row] > 0 else np.inf
        if may[row] and (best < 0 or gain > most or (gain == most and since[row] < since[best])):
            best, most = row, gain
    return best


@compiled
def _exchanged(lists: Lists, begin: Bools, least: float, steps: int, seed: int) -> Bools:
    rows, groups = len(lists.cost), len(lists.weight)
    np.random.seed(seed)  # noqa: NPY002 - the compiler's own generator
    choice: Choice = opened(lists, begin, np.ones(groups), np.ones(groups, np.bool_))
    since, may = np.zeros(rows, np.int64), np.ones(rows, np.bool_)
    completed(lists, choice, 0.0)
    held = held_rows(choice)
    best, lowest, last = choice.chosen.copy(), np.inf, -1
    for step in range(1, steps + 2):
        while choice.tally[0] == 0:
            if choice.sums[1] < lowest:
                best[:] = choice.chosen
                lowest = choice.sums[1]
            out = leaver(lists, choice, held, since, -1)
            if out < 0:
                return best
            swap(lists, choice, held, out)
            _moved(lists, out, step, since, may)
        out = leaver(lists, choice, held, since, last)
        if out >= 0:
            swap(lists, choice, held, out)
            _moved(lists, out, step, since, may)
        while choice.tally[0] > 0:
            row = _enterer(lists, choice, since, may)
            if row < 0 or choice.sums[1] + lists.cost[row] > lowest - least:
                break
            swap(lists, choice, held, row)
            _moved(lists, row, step, since, may)
            may[row] = True
            last = row
            for at in range(choice.tally[0]):
                each = choice.missing[at]
                choice.priority[each] += 1.0
                for place in range(lists.row_start[each], lists.row_start[each + 1]):
                    choice.score[lists.row[place]] += 1.0
    return best
