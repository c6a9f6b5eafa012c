"""Exact reduction: rows and groups that cannot matter, rows that every choice needs, and independent parts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import CoveringInstance, merged
from siting.locate.covering.reduction import Numbers
from siting.locate.problem import Bools

# Who covers whom, both ways.
_Lists = tuple[Ints, Numbers, Ints, Numbers]


@dataclass(frozen=True)
class Shrunk:
    """What is left of a core: ``core`` with the rows ``rows`` of the old one, when those of ``taken`` are opened.

    ``core`` is None where no choice of rows will do.
    """

    core: CoveringInstance | None
    rows: Ints
    taken: Ints


def shrunk(
    core: CoveringInstance,
    *,
    closed: Bools | None = None,
    opened: Bools | None = None,
    stops: Callable[[], bool] | None = None,
) -> Shrunk:
    """Reduce a core until nothing more follows; the least cost of what is left and of ``taken`` is the old one's.

    A row goes when another covers all its groups and costs no more (of equals the lowest stays); a group goes when all
    rows of another that must be covered cover it too; the only row of a group that must be covered is taken (the rules
    of Toregas & ReVelle 1973). Groups of the same rows become one.

    Parameters
    ----------
    core : CoveringInstance
        The programme.
    closed, opened : ndarray of bool, optional
        Rows that are known to stay closed, or to be open, in every choice that is wanted.
    stops : callable, optional
        Whether to leave it at what was found so far.
    """
    rows = np.arange(core.rows)
    taken = np.zeros(core.rows, dtype=np.bool_)
    leaving = np.zeros(core.rows, dtype=np.bool_) if closed is None else closed.copy()
    taking = np.zeros(core.rows, dtype=np.bool_) if opened is None else opened.copy()
    while True:
        taken[rows[taking]] = True
        smaller = _without(core, leaving & ~taking, taking)
        if smaller is None:
            return Shrunk(None, rows[:0], np.flatnonzero(taken))
        rows, core = rows[~(leaving | taking)], merged(smaller)
        if core.groups == 0 or core.weight.sum() <= core.slack:
            return Shrunk(core.part(rows[:0], rows[:0], core.slack), rows[:0], np.flatnonzero(taken))
        core = _without_implied(core, stops)
        leaving = dominated_rows(core, stops)
        taking = np.zeros(core.rows, dtype=np.bool_)
        alone = (np.diff(core.row_start) == 1) & core.must
        taking[core.row[core.row_start[:-1][alone]]] = True
        if not (leaving.any() or taking.any()) or (stops is not None and stops()):
            return Shrunk(core, rows, np.flatnonzero(taken))


def _without(core: CoveringInstance, leaving: Bools, taking: Bools) -> CoveringInstance | None:
    """Return the core without some rows, and without what those taken cover; None where too much stays uncovered."""
    left = ~core.covered(np.flatnonzero(taking))
    staying = np.flatnonzero(~(leaving | taking))
    smaller = core.part(staying, np.flatnonzero(left), core.slack)
    lost = np.diff(smaller.row_start) == 0
    slack = core.slack - float(smaller.weight[lost].sum())
    if slack < 0:
        return None
    return smaller.part(np.arange(smaller.rows), np.flatnonzero(~lost), slack) if lost.any() else smaller


def _without_implied(core: CoveringInstance, stops: Callable[[], bool] | None) -> CoveringInstance:
    implied = implied_groups(core, stops)
    return core.part(np.arange(core.rows), np.flatnonzero(~implied), core.slack) if implied.any() else core


def components(core: CoveringInstance) -> list[tuple[Ints, Ints]]:
    """Return the rows and groups of each independent part, in the order of their lowest rows.

    Only full cover falls apart; what may stay uncovered binds all groups together.
    """
    if core.slack > 0:
        return [(np.arange(core.rows), np.arange(core.groups))]
    both: csr_array = csr_array(block_array([[None, core.matrix], [core.matrix.T, None]], format="csr"))
    count, label = connected_components(both, directed=False)
    row_label, group_label = label[: core.rows], label[core.rows :]
    rows, groups = np.argsort(row_label, kind="stable"), np.argsort(group_label, kind="stable")
    row_end = np.cumsum(np.bincount(row_label, minlength=count))[:-1]
    group_end = np.cumsum(np.bincount(group_label, minlength=count))[:-1]
    return list(zip(np.split(rows, row_end), np.split(groups, group_end), strict=True))


def dominated_rows(core: CoveringInstance, stops: Callable[[], bool] | None = None) -> Bools:
    """Return the rows whose groups another row covers too at no more cost (of equals, a lower row).

    Where ``stops`` says so, those among the first ones.
    """
    lists = (core.start, core.group, core.row_start, core.row)
    dropped, marked = np.zeros(core.rows, dtype=np.bool_), np.zeros(core.groups, dtype=np.int64)
    place = np.zeros(1, dtype=np.int64)
    by_turns(lambda work: bool(_dominated(lists, core.cost, dropped, marked, place, work)), stops)
    return dropped


@compiled
def _dominated(lists: _Lists, cost: Floats, dropped: Bools, marked: Ints, place: Ints, work: int) -> bool:
    """Look at rows until so much work is done; tell whether any is left."""
    start, group, row_start, row = lists
    while place[0] < len(dropped) and work > 0:
        each = place[0]
        place[0] += 1
        length = start[each + 1] - start[each]
        if length == 0:
            dropped[each] = True
            continue
        work -= length
        rarest = group[start[each]]
        for at in range(start[each], start[each + 1]):
            item = group[at]
            marked[item] = each + 1
            if row_start[item + 1] - row_start[item] < row_start[rarest + 1] - row_start[rarest]:
                rarest = item
        for at in range(row_start[rarest], row_start[rarest + 1]):
            other = row[at]
            more = start[other + 1] - start[other] - length
            if other == each or more < 0 or cost[other] > cost[each]:
                continue
            if more == 0 and cost[other] == cost[each] and other > each:
                continue
            common = 0
            work -= start[other + 1] - start[other]
            for item in group[start[other] : start[other + 1]]:
                common += marked[item] == each + 1
            if common == length:
                dropped[each] = True
                break
    return bool(place[0] < len(dropped))


@compiled
def _within(row: Numbers, begin: int, end: int, place: int, last: int) -> bool:
    """Tell whether one ascending stretch of a list is part of another."""
    for mine in range(begin, end):
        while place < last and row[place] < row[mine]:
            place += 1
        if place == last or row[place] != row[mine]:
            return False
    return True


def implied_groups(core: CoveringInstance, stops: Callable[[], bool] | None = None) -> Bools:
    """Return the groups that are covered whenever some other group, which must be, is (no two have the same rows).

    Where ``stops`` says so, those that the first ones imply.
    """
    lists = (core.start, core.group, core.row_start, core.row)
    dropped, place = np.zeros(core.groups, dtype=np.bool_), np.zeros(1, dtype=np.int64)
    by_turns(lambda work: bool(_implied(lists, core.must, dropped, place, work)), stops)
    return dropped


@compiled
def _implied(lists: _Lists, must: Bools, dropped: Bools, place: Ints, work: int) -> bool:
    """Look at groups until so much work is done; tell whether any is left."""
    start, group, row_start, row = lists
    while place[0] < len(dropped) and work > 0:
        each = place[0]
        place[0] += 1
        work -= 1
        # What a dropped group implies, the group that implies it implies too.
        if not must[each] or dropped[each]:
            continue
        begin, end = row_start[each], row_start[each + 1]
        work -= end - begin
        smallest = row[begin]
        for at in range(begin, end):
            if start[row[at] + 1] - start[row[at]] < start[smallest + 1] - start[smallest]:
                smallest = row[at]
        for at in range(start[smallest], start[smallest + 1]):
            other = group[at]
            longer = row_start[other + 1] - row_start[other] > end - begin
            work -= 1
            if not dropped[other] and longer:
                work -= row_start[other + 1] - row_start[other]
                if _within(row, begin, end, row_start[other], row_start[other + 1]):
                    dropped[other] = True
    return bool(place[0] < len(dropped))
