"""A first plan: the rows that mend most for their cost, clause by clause, and none that is not needed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.compliance.system import System
from siting.locate.milp.constraints import ConstraintBlock, satisfies
from siting.locate.problem import Bools, Problem
from siting.locate.tolerances import SUM_TOLERANCE

# Numbers added up in exchanging equals, beyond which they are left as they are.
_MOST_WORK: Final = 100_000_000


@dataclass(frozen=True)
class Room:
    """How much the rules leave: what a further row may take of each of their upper sides."""

    problem: Problem
    blocks: tuple[ConstraintBlock, ...]

    def admits(self, opened: Bools) -> Bools:
        """Return the closed rows of which each alone may be opened beside the open ones."""
        may = self.problem.open_to_choice & ~opened
        for block in self.blocks:
            if np.isfinite(block.high).any():
                left = block.high - block.matrix @ opened.astype(np.float64)
                over = block.matrix.data > np.repeat(left, np.diff(block.matrix.indptr)) + SUM_TOLERANCE
                may[block.matrix.indices[over]] = False
        return may

    def keeps(self, opened: Bools) -> bool:
        """Tell whether open rows keep to all rules."""
        return satisfies(self.problem, np.flatnonzero(opened & ~self.problem.kept), self.blocks)


def first_plan(system: System, room: Room, costs: Floats, stopped: Callable[[], bool]) -> Bools | None:
    """Open what must be open, then stage by stage the row that mends most for its cost, then close what is not needed.

    Returns
    -------
    ndarray of bool or None
        Kept and chosen rows; None where what must be open breaks a rule.
    """
    opened = _must(room, costs)
    if not room.keeps(opened):
        return None
    # What costs nothing is better than all that costs something.
    prices = np.maximum(costs, costs.max(initial=0.0) * SUM_TOLERANCE + SUM_TOLERANCE)
    barred = np.zeros_like(opened)
    for stage in range(system.stages):
        wanted = np.flatnonzero(system.stage == stage)
        add, worth = csr_array(system.add[wanted]), csr_array(system.worth[wanted])
        while not stopped():
            lacks = system.shortfalls(opened)[wanted]
            may = room.admits(opened) & ~barred
            gains = np.where(may, _gains(add, worth, system, opened, lacks), 0.0)
            if gains.max(initial=0.0) <= SUM_TOLERANCE:
                break
            best = np.argmax(np.where(gains > SUM_TOLERANCE, gains / prices, 0.0))
            opened[best] = True
            # Money is added up exactly only here.
            barred[best] = not room.keeps(opened)
            opened[best] = not barred[best]
    return pruned(system, room, costs, opened)


def pruned(system: System, room: Room, costs: Floats, opened: Bools) -> Bools:
    """Close rows without which nothing falls shorter, the dearest first and of equal ones the later."""
    opened = opened.copy()
    before = system.shortfalls(opened)
    chosen = np.flatnonzero(opened & ~room.problem.kept)
    for row in chosen[np.lexsort((-chosen, -costs[chosen]))]:
        opened[row] = False
        if np.any(system.shortfalls(opened) > before + SUM_TOLERANCE) or not room.keeps(opened):
            opened[row] = True
    return opened


def settled(system: System, room: Room, costs: Floats, opened: Bools) -> Bools:
    """Exchange rows, one for one, for equals that stand before them; with much to try equals are left as they are."""
    opened = opened.copy()
    before = system.shortfalls(opened)
    chosen = np.flatnonzero(opened & ~room.problem.kept)
    may = room.problem.open_to_choice
    trials = [np.flatnonzero(may[:row] & (costs[:row] == costs[row])) for row in chosen]
    size = system.add.nnz + system.reach.nnz + system.worth.nnz + sum(block.matrix.nnz for block in room.blocks)
    if sum(len(each) for each in trials) * size > _MOST_WORK:
        return opened
    for row, others in zip(chosen, trials, strict=True):
        for other in others[~opened[others]]:
            opened[[row, other]] = False, True
            if np.all(system.shortfalls(opened) <= before + SUM_TOLERANCE) and room.keeps(opened):
                break
            opened[[row, other]] = True, False
    return opened


def _must(room: Room, costs: Floats) -> Bools:
    """Return kept and forced rows, and of each occupied place the cheapest row."""
    opened = room.problem.kept.copy()
    for block in room.blocks:
        if block.rule == "forced":
            for part in range(len(block.low)):
                rows: Ints = block.matrix.indices[slice(*block.matrix.indptr[part : part + 2])].astype(np.int64)
                rows = rows[room.problem.open_to_choice[rows]]
                if len(rows) and not opened[rows].any():
                    opened[rows[np.argmin(costs[rows])]] = True
    return opened


def _gains(add: csr_array, worth: csr_array, system: System, opened: Bools, lacks: Floats) -> Floats:
    """Return by how much each row alone lowers the shortfalls of some requirements."""
    unreached = 1.0 - system.reached(opened)
    more = csr_array(add + worth.multiply(unreached[None, :]).tocsr() @ system.reach)
    capped = np.minimum(more.data, np.repeat(lacks, np.diff(more.indptr)))
    return np.bincount(more.indices, weights=capped, minlength=add.shape[1]).astype(np.float64)
