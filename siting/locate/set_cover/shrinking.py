"""Exact reduction: rows and groups that cannot matter, rows that every choice needs, and independent parts."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_array, csr_array
from scipy.sparse.csgraph import connected_components

from siting.compiled import compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.merging import Numbers
from siting.locate.problem import Bools
from siting.locate.set_cover.core import Core, merged


@dataclass(frozen=True)
class Shrunk:
    """What is left of a core: ``core`` with the rows ``rows`` of the old one, when those of ``taken`` are opened.

    ``core`` is None where no choice of rows will do.
    """

    core: Core | None
    rows: Ints
    taken: Ints


def shrunk(core: Core, *, closed: Bools | None = None, opened: Bools | None = None) -> Shrunk:
    """Reduce a core until nothing more follows; the least cost of what is left and of ``taken`` is the old one's.

    A row goes when another covers all its groups and costs no more (of equals the lowest stays); a group goes when all
    rows of another that must be covered cover it too; the only row of a group that must be covered is taken (the rules
    of Toregas & ReVelle 1973). Groups of the same rows become one.

    Parameters
    ----------
    core : Core
        The programme.
    closed, opened : ndarray of bool, optional
        Rows that are known to stay closed, or to be open, in every choice that is wanted.
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
        core = _without_implied(core)
        leaving = dominated_rows(core.start, core.group, core.row_start, core.row, core.cost)
        taking = np.zeros(core.rows, dtype=np.bool_)
        alone = (np.diff(core.row_start) == 1) & core.must
        taking[core.row[core.row_start[:-1][alone]]] = True
        if not (leaving.any() or taking.any()):
            return Shrunk(core, rows, np.flatnonzero(taken))


def _without(core: Core, leaving: Bools, taking: Bools) -> Core | None:
    """Return the core without some rows, and without what those taken cover; None where too much stays uncovered."""
    left = ~core.covered(np.flatnonzero(taking))
    staying = np.flatnonzero(~(leaving | taking))
    smaller = core.part(staying, np.flatnonzero(left), core.slack)
    lost = np.diff(smaller.row_start) == 0
    slack = core.slack - float(smaller.weight[lost].sum())
    if slack < 0:
        return None
    return smaller.part(np.arange(smaller.rows), np.flatnonzero(~lost), slack) if lost.any() else smaller


def _without_implied(core: Core) -> Core:
    implied = implied_groups(core.start, core.group, core.row_start, core.row, core.must)
    return core.part(np.arange(core.rows), np.flatnonzero(~implied), core.slack) if implied.any() else core


def components(core: Core) -> list[tuple[Ints, Ints]]:
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


@compiled
def dominated_rows(start: Ints, group: Numbers, row_start: Ints, row: Numbers, cost: Floats) -> Bools:
    """Return the rows whose groups another row covers too at no more cost (of equals, a lower row)."""
    rows = len(start) - 1
    dropped = np.zeros(rows, np.bool_)
    marked = np.zeros(len(row_start) - 1, np.int64)
    for each in range(rows):
        length = start[each + 1] - start[each]
        if length == 0:
            dropped[each] = True
            continue
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
            for place in range(start[other], start[other + 1]):
                common += marked[group[place]] == each + 1
            if common == length:
                dropped[each] = True
                break
    return dropped


@compiled
def _within(row: Numbers, begin: int, end: int, place: int, last: int) -> bool:
    """Tell whether one ascending stretch of a list is part of another."""
    for mine in range(begin, end):
        while place < last and row[place] < row[mine]:
            place += 1
        if place == last or row[place] != row[mine]:
            return False
    return True


@compiled
def implied_groups(start: Ints, group: Numbers, row_start: Ints, row: Numbers, must: Bools) -> Bools:
    """Return the groups that are covered whenever some other group, which must be, is (no two have the same rows)."""
    groups = len(row_start) - 1
    dropped = np.zeros(groups, np.bool_)
    for each in range(groups):
        # What a dropped group implies, the group that implies it implies too.
        if not must[each] or dropped[each]:
            continue
        begin, end = row_start[each], row_start[each + 1]
        smallest = row[begin]
        for at in range(begin, end):
            if start[row[at] + 1] - start[row[at]] < start[smallest + 1] - start[smallest]:
                smallest = row[at]
        for at in range(start[smallest], start[smallest + 1]):
            other = group[at]
            longer = row_start[other + 1] - row_start[other] > end - begin
            if not dropped[other] and longer and _within(row, begin, end, row_start[other], row_start[other + 1]):
                dropped[other] = True
    return dropped
