"""The steps of compliance: the least shortfall of each stage, then the least cost, each with its proof."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from siting.domain.nouns import Floats
from siting.locate.compliance.formulation import ComplianceMilp
from siting.locate.compliance.greedy import SiteConstraints, break_ties, without_redundant
from siting.locate.compliance.system import RequirementSystem
from siting.locate.deadline import Deadline
from siting.locate.highs import Run, Stopped
from siting.locate.milp.constraints import ConstraintBlock, money_unit
from siting.locate.problem import NOISE, Bools, Effort, Problem, Stage
from siting.locate.tolerances import BOUND_ROUNDING, INTEGER_TOLERANCE

# A gap below one between whole numbers is a proof.
_NEAR_ONE: Final = 1.0 - INTEGER_TOLERANCE
_HALF: Final = 0.5

Key = Callable[[Bools], tuple[float, ...]]


@dataclass(frozen=True)
class Step:
    """The open sites (kept ones too; None if none were found), the stage that chose them, and why it ended."""

    opened: Bools | None
    stage: Stage
    ended: Stopped


@dataclass(frozen=True)
class Search:
    """What all steps share. ``costs`` has one entry for each site (without costs 1 for each counted site)."""

    problem: Problem
    system: RequirementSystem
    blocks: tuple[ConstraintBlock, ...]
    costs: Floats
    by_cost: bool
    deadline: Deadline

    @property
    def constraints(self) -> SiteConstraints:
        """The constraints of the rules on the sites."""
        return SiteConstraints(self.problem, self.blocks)

    def cost(self, opened: Bools) -> float:
        """Return the cost of the open sites."""
        return math.fsum(self.costs[opened])

    def least_short(self, opened: Bools | None, stage: int, fixed_shortfalls: Floats, seconds: float) -> Step:
        """Minimise the shortfalls of one clause without raising those of the clauses before it."""
        system, mine = self.system, self.system.stage == stage
        floor = float(system.least[mine].sum())
        if opened is not None:
            value = float(system.values(opened)[stage])
            if value <= floor + NOISE * max(1.0, floor):
                return Step(opened, Stage("shortfall", "min", value, value), "proved")
        whole = _is_counted(system, mine)
        milp = ComplianceMilp(self.problem, system, self.blocks, 1.0, _NEAR_ONE if whole else 0.0)
        run = milp.minimise(milp.over(requirements=mine * 1.0), self.deadline.effort, seconds, opened, fixed_shortfalls)
        found = self._better(run, opened, lambda sites: tuple(system.values(sites)[: stage + 1]))
        value = math.inf if found is None else float(system.values(found)[stage])
        bound = _bound(run.bound, value, floor, 1.0 if whole else 0.0)
        return Step(found, Stage("shortfall", "min", value, bound), run.stopped_by)

    def cheapest(self, opened: Bools | None, fixed_shortfalls: Floats | None, seconds: float) -> Step:
        """Minimise the cost without raising any shortfall; with ``fixed_shortfalls`` None no shortfall is allowed."""
        unit = money_unit(self.costs) if bool(self.costs.any()) else 1.0
        prices = self.costs / unit
        whole = bool(np.all(prices == np.rint(prices)))
        milp = ComplianceMilp(self.problem, self.system, self.blocks, unit, _NEAR_ONE if whole else 0.0)
        run = milp.minimise(milp.over(sites=prices), self.deadline.effort, seconds, opened, fixed_shortfalls)
        found = self._better(run, opened, lambda sites: (*self.system.values(sites), self.cost(sites)))
        if found is not None and fixed_shortfalls is None and self.system.shortfalls(found).any():
            found = None
        if found is not None:
            found = without_redundant(self.system, self.constraints, self.costs, found)
            found = break_ties(self.system, self.constraints, self.costs, found)
        value = math.inf if found is None else self.cost(found)
        bound = _bound(run.bound * unit, value, 0.0, unit if whole else 0.0)
        return Step(found, Stage("cost" if self.by_cost else "stations", "min", value, bound), run.stopped_by)

    def _better(self, run: Run, opened: Bools | None, key: Key) -> Bools | None:
        """Return the better of the choice of HiGHS, if it satisfies the rules exactly, and the given one."""
        if run.values is None:
            return opened
        found = run.values[: self.problem.sites] > _HALF
        if not self.constraints.satisfied_by(found):
            return opened
        if opened is None:
            return found
        for one, other in zip(key(found), key(opened), strict=True):
            if abs(one - other) > NOISE * max(1.0, abs(other)):
                return found if one < other else opened
        return opened


def search_of(
    problem: Problem, system: RequirementSystem, blocks: tuple[ConstraintBlock, ...], effort: Effort
) -> Search:
    """Return what all steps share; the clock starts now."""
    given = problem.rules.costs
    by_cost = given is not None and bool(np.any(given[~problem.kept] > 0))
    costs = given if given is not None and by_cost else problem.counted.astype(np.float64)
    return Search(problem, system, blocks, np.where(problem.kept, 0.0, costs), by_cost, Deadline(effort))


def _is_counted(system: RequirementSystem, mine: Bools) -> bool:
    """Tell whether the shortfalls of the given requirements are whole numbers: each asks for one site of a set."""
    sites = np.flatnonzero(mine)
    counted = np.all(system.deficit[sites] == 1.0) and np.all(system.add[sites].data == 1.0)
    return bool(counted) and system.worth[sites].nnz == 0


def _bound(found: float, value: float, floor: float, unit: float) -> float:
    """Return the lower bound: rounded outward, then up to the next multiple of the unit if values are whole."""
    bound = max(found - BOUND_ROUNDING * abs(found) if math.isfinite(found) else floor, floor)
    if unit > 0 and math.isfinite(bound):
        bound = math.ceil(bound / unit - (1.0 - _NEAR_ONE)) * unit
    return min(bound, value)
