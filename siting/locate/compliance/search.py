"""The steps of compliance: least shortfall of a stage, least cost, each with what is proved of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from siting.domain.nouns import Floats
from siting.locate.compliance.first import Room, pruned, settled
from siting.locate.compliance.stages import Stages
from siting.locate.compliance.system import System
from siting.locate.deadline import Deadline
from siting.locate.highs import Run, Stopped
from siting.locate.milp.constraints import ConstraintBlock, money_unit
from siting.locate.problem import NOISE, Bools, Effort, Problem, Stage
from siting.locate.tolerances import BOUND_ROUNDING, INTEGER_TOLERANCE

# What is left of a gap between whole numbers, once it is below one, is proof.
_NEAR_ONE: Final = 1.0 - INTEGER_TOLERANCE
_HALF: Final = 0.5

Key = Callable[[Bools], tuple[float, ...]]


@dataclass(frozen=True)
class Step:
    """Open rows (kept ones too; None where none were found), the stage that chose them, and why it ended."""

    opened: Bools | None
    stage: Stage
    ended: Stopped


@dataclass(frozen=True)
class Search:
    """All that the steps share. ``costs`` are those of rows (1 for each that counts, where rows have no costs)."""

    problem: Problem
    system: System
    blocks: tuple[ConstraintBlock, ...]
    costs: Floats
    by_cost: bool
    deadline: Deadline

    @property
    def room(self) -> Room:
        """What the rules leave."""
        return Room(self.problem, self.blocks)

    def cost(self, opened: Bools) -> float:
        """Return what open rows cost."""
        return math.fsum(self.costs[opened])

    def least_short(self, opened: Bools | None, stage: int, caps: Floats, seconds: float) -> Step:
        """Lower the shortfalls of one clause without raising those of the clauses before it."""
        system, mine = self.system, self.system.stage == stage
        floor = float(system.least[mine].sum())
        if opened is not None:
            value = float(system.values(opened)[stage])
            if value <= floor + NOISE * max(1.0, floor):
                return Step(opened, Stage("shortfall", "min", value, value), "proved")
        whole = _is_counted(system, mine)
        program = Stages(self.problem, system, self.blocks, 1.0, _NEAR_ONE if whole else 0.0)
        run = program.minimise(program.over(needs=mine * 1.0), self.deadline.effort, seconds, opened, caps)
        found = self._better(run, opened, lambda rows: tuple(system.values(rows)[: stage + 1]))
        value = math.inf if found is None else float(system.values(found)[stage])
        bound = _bound(run.bound, value, floor, 1.0 if whole else 0.0)
        return Step(found, Stage("shortfall", "min", value, bound), run.stopped_by)

    def cheapest(self, opened: Bools | None, caps: Floats | None, seconds: float) -> Step:
        """Lower the cost without letting anything fall shorter; with ``caps`` None everything must hold."""
        unit = money_unit(self.costs) if bool(self.costs.any()) else 1.0
        prices = self.costs / unit
        whole = bool(np.all(prices == np.rint(prices)))
        program = Stages(self.problem, self.system, self.blocks, unit, _NEAR_ONE if whole else 0.0)
        run = program.minimise(program.over(rows=prices), self.deadline.effort, seconds, opened, caps)
        found = self._better(run, opened, lambda rows: (*self.system.values(rows), self.cost(rows)))
        if found is not None and caps is None and self.system.shortfalls(found).any():
            found = None
        if found is not None:
            found = pruned(self.system, self.room, self.costs, found)
            found = settled(self.system, self.room, self.costs, found)
        value = math.inf if found is None else self.cost(found)
        bound = _bound(run.bound * unit, value, 0.0, unit if whole else 0.0)
        return Step(found, Stage("cost" if self.by_cost else "stations", "min", value, bound), run.stopped_by)

    def _better(self, run: Run, opened: Bools | None, key: Key) -> Bools | None:
        """Return the better of what HiGHS found, if it keeps to the rules exactly, and what was there."""
        if run.values is None:
            return opened
        found = run.values[: self.problem.sites] > _HALF
        if not self.room.keeps(found):
            return opened
        if opened is None:
            return found
        for one, other in zip(key(found), key(opened), strict=True):
            if abs(one - other) > NOISE * max(1.0, abs(other)):
                return found if one < other else opened
        return opened


def search_of(problem: Problem, system: System, blocks: tuple[ConstraintBlock, ...], effort: Effort) -> Search:
    """Return what all steps share; the clock runs from now."""
    given = problem.rules.costs
    by_cost = given is not None and bool(np.any(given[~problem.kept] > 0))
    costs = given if given is not None and by_cost else problem.counted.astype(np.float64)
    return Search(problem, system, blocks, np.where(problem.kept, 0.0, costs), by_cost, Deadline(effort))


def _is_counted(system: System, mine: Bools) -> bool:
    """Tell whether the shortfalls of some requirements are whole: each asks for one row of some."""
    rows = np.flatnonzero(mine)
    counted = np.all(system.deficit[rows] == 1.0) and np.all(system.add[rows].data == 1.0)
    return bool(counted) and system.worth[rows].nnz == 0


def _bound(found: float, value: float, floor: float, unit: float) -> float:
    """Return what no choice goes below: rounded outward, and up to the next multiple of the unit of whole numbers."""
    bound = max(found - BOUND_ROUNDING * abs(found) if math.isfinite(found) else floor, floor)
    if unit > 0 and math.isfinite(bound):
        bound = math.ceil(bound / unit - (1.0 - _NEAR_ONE)) * unit
    return min(bound, value)
