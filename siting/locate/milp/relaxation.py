"""Rows of limited stations, found where the linear relaxation breaks them, before the search begins."""

import math
import time
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats
from siting.locate.highs import Relaxation, Run
from siting.locate.milp.capacity_cuts import CapacityCut, violated_cuts
from siting.locate.milp.constraints import ROW_TOLERANCE, ConstraintBlock
from siting.locate.milp.flows import flows_of
from siting.locate.milp.formulation import LexicographicMilp, Objective, over_service
from siting.locate.problem import NOISE, Effort

# Linear programmes at most, and how many may follow one another without bettering the bound by a part of what is open.
_ROUNDS: Final = 80
_IDLE: Final = 20
_PART: Final = 0.002
# The part of the seconds that may go into rows.
_SHARE: Final = 0.3
_DUST: Final = 1e-9
# What the price of each column may be off.
_PRICE_NOISE: Final = 1e-7
# How often all sites are tried, how many steps of linear programmes that may take, and what part must be settled.
_PASSES: Final = 4
_MOST_STEPS: Final = 200_000
_SETTLED: Final = 0.1


class StageRelaxation:
    """The linear relaxation of one stage of a programme with capacity, and what bettered it.

    Parameters
    ----------
    milp : LexicographicMilp
        The programme.
    objective : Objective
        The stage.
    more : tuple of ConstraintBlock
        What earlier stages hold it to.
    """

    def __init__(self, milp: LexicographicMilp, objective: Objective, more: tuple[ConstraintBlock, ...]) -> None:
        service, capacity = milp.service, milp.problem.rules.capacity
        self._sheet = milp
        # Where nothing is to be made best, rows are sought for where most persons are served.
        self._real = bool(objective.weights.any())
        self._aim = objective if self._real else Objective("covered", "max", _persons(milp))
        self._bound_found = -math.inf
        self._found: list[CapacityCut] = []
        self._relaxation: Relaxation | None = None
        # The rows that bound the relaxation when last asked for.
        self.binding: tuple[ConstraintBlock, ...] = ()
        if capacity is not None and len(service.pair_row):
            self._flows = flows_of(service.pair_group, service.pair_row, service.persons, capacity)
            self._relaxation = Relaxation(milp.single(self._aim, more))

    @property
    def bound(self) -> float:
        """What no point costs less than, as HiGHS sees it; -inf where nothing is known."""
        return self._bound_found if self._real else -math.inf

    def rows(self, best: float, effort: Effort) -> tuple[ConstraintBlock, ...]:
        """Return rows that bind the relaxation; none without capacity, or where nothing is open any more.

        Parameters
        ----------
        best : float
            What the best plan so far costs, as HiGHS sees it; inf without one.
        effort : Effort
            When to stop: besides seconds and interrupts the rounds are limited, by number and by what they better.

        Raises
        ------
        KeyboardInterrupt
            It was interrupted; ``bound`` holds all the same.
        """
        if self._relaxation is None:
            return ()
        end = time.monotonic() + _SHARE * effort.time_limit_s
        idle = 0
        for _ in range(_ROUNDS):
            run = self._solved(self._relaxation, end, effort)
            if run.values is None:
                break
            idle = idle + 1 if run.objective < self._bound_found + _PART * abs(best - run.objective) else 0
            self._bound_found = max(self._bound_found, run.objective)
            if self._real and effort.report is not None:
                effort.report(best, self._bound_found)
            proved = self._real and run.objective > best - self._aim.abs_gap
            if idle >= _IDLE or proved or not self._cut(self._relaxation, run.values):
                break
        prices = self._relaxation.prices().tolist()
        binding = [row for row, price in zip(self._found, prices, strict=False) if abs(price) > _DUST]
        self.binding = (self._block(binding),) if binding else ()
        return self.binding

    def fixings(self, value: float, slack: float, effort: Effort) -> tuple[ConstraintBlock, ...]:
        """Return rows that open and close sites as every choice does that reaches an objective of this stage.

        A site is settled where the relaxation, with more and more rows, costs more than the objective once the site is
        closed (or opened): by its reduced cost alone, or by solving it so.

        Parameters
        ----------
        value : float
            What later stages are held to.
        slack : float
            By how much they may fall short of it.
        effort : Effort
            When to stop: besides seconds and interrupts the steps of linear programmes are limited.

        Raises
        ------
        KeyboardInterrupt
            It was interrupted.
        """
        if self._relaxation is None or not self._real:
            return ()
        objective, problem = self._aim, self._sheet.problem
        most = ((value - objective.constant) * (-1.0 if objective.sense == "max" else 1.0) + slack) * objective.scale
        most += _PRICE_NOISE * self._sheet.columns + NOISE * abs(most)
        end = time.monotonic() + effort.time_limit_s
        open_sites = int(problem.open_to_choice.sum())
        sides: dict[int, float] = {}
        for _ in range(_PASSES):
            values = self._fix_by_reduced_cost(self._relaxation, most, sides, end, effort)
            before = len(sides)
            if values is None:
                break
            self._fix_by_probing(self._relaxation, (most, values), sides, end, effort)
            if len(sides) - before <= _SETTLED * (open_sites - before) or self._spent(end):
                break
        return self._fixings(sides)

    def _fix_by_reduced_cost(
        self, relaxation: Relaxation, most: float, sides: dict[int, float], end: float, effort: Effort
    ) -> Floats | None:
        """Settle sites by their reduced costs, with more rows as long as some are broken; return the last point."""
        values = None
        for _ in range(_ROUNDS):
            run = self._solved(relaxation, end, effort)
            if run.stopped_by == "infeasible" or (run.values is not None and run.objective > most):
                # Some choice reaches the objective: where the numbers say that none does, they settle nothing.
                sides.clear()
                return None
            if run.values is None or self._spent(end):
                return None
            values = run.values
            rises = np.abs(relaxation.reduced_costs()[: self._sheet.problem.sites])
            far = self._sheet.problem.open_to_choice & (rises > most - run.objective)
            for site in np.flatnonzero(far).tolist():
                self._fix(relaxation, site, float(np.rint(values[site])), sides)
            if not self._cut(relaxation, values):
                break
        return values

    def _fix_by_probing(
        self, relaxation: Relaxation, known: tuple[float, Floats], sides: dict[int, float], end: float, effort: Effort
    ) -> None:
        """Settle sites by closing or opening each, as the last point does not."""
        most, values = known
        for site in np.flatnonzero(self._sheet.problem.open_to_choice).tolist():
            for side in (0.0, 1.0):
                if site in sides or abs(values[site] - side) < _DUST or self._spent(end):
                    continue
                relaxation.bound(site, side, side)
                run = self._solved(relaxation, end, effort)
                relaxation.bound(site, 0.0, 1.0)
                if run.stopped_by == "infeasible" or (run.values is not None and run.objective > most):
                    self._fix(relaxation, site, 1.0 - side, sides)

    def _fix(self, relaxation: Relaxation, site: int, side: float, sides: dict[int, float]) -> None:
        if site not in sides:
            sides[site] = side
            relaxation.bound(site, side, side)

    def _fixings(self, sides: dict[int, float]) -> tuple[ConstraintBlock, ...]:
        if not sides:
            return ()
        count, column = len(sides), np.array(list(sides), dtype=np.int64)
        matrix = csr_array(
            (np.ones(count), (np.arange(count), column)), shape=(count, len(self._sheet.problem.open_to_choice))
        )
        side = np.array(list(sides.values()))
        return (ConstraintBlock(None, matrix, side, side),)

    def _spent(self, end: float) -> bool:
        """Tell whether no more sites are to be tried."""
        spent = self._relaxation is None or self._relaxation.iterations > _MOST_STEPS
        return spent or time.monotonic() > end

    def _solved(self, relaxation: Relaxation, end: float, effort: Effort) -> Run:
        run = relaxation.solve(replace(effort, time_limit_s=max(end - time.monotonic(), 0.0)))
        if run.stopped_by == "interrupt":
            raise KeyboardInterrupt
        return run

    def _cut(self, relaxation: Relaxation, values: Floats) -> bool:
        """Add rows that a point breaks; tell whether there are any."""
        sites = self._sheet.problem.sites
        new = violated_cuts(self._flows, values[:sites], values[sites : sites + self._sheet.service.columns])
        if new:
            self._found += new
            block = self._block(new)
            relaxation.add(block.matrix, block.high)
        return bool(new)

    def _block(self, rows: list[CapacityCut]) -> ConstraintBlock:
        """Return rows in powers of two of their largest weight, eased by a hair where persons are not whole."""
        sites = self._sheet.problem.sites
        scale = [2.0 ** -math.floor(math.log2(float(each.persons.max()))) for each in rows]
        data = [np.concatenate([each.persons, -each.weights]) * by for each, by in zip(rows, scale, strict=True)]
        column = [np.concatenate([sites + each.columns, each.sites]) for each in rows]
        start = np.concatenate([[0], np.cumsum([len(each) for each in column])])
        shape = (len(rows), self._sheet.columns)
        matrix = csr_array((np.concatenate(data), np.concatenate(column), start), shape=shape)
        relaxation_width = 0.0 if self._sheet.service.whole else ROW_TOLERANCE
        high = [
            each.most * by + relaxation_width * float(np.abs(own).max())
            for each, by, own in zip(rows, scale, data, strict=True)
        ]
        return ConstraintBlock(None, matrix, np.full(len(rows), -np.inf), np.array(high))


def _persons(milp: LexicographicMilp) -> Floats:
    return over_service(milp.problem.sites, milp.service.persons, more=int(milp.least_share))
