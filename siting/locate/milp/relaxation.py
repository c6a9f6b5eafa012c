"""The linear relaxation of a stage, strengthened by capacity cuts before branch and bound, and used to fix sites."""

import math
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats
from siting.locate.deadline import Deadline
from siting.locate.highs import Relaxation, Run, uninterrupted
from siting.locate.milp.capacity_cuts import CapacityCut, flows_of, violated_cuts
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.formulation import LexicographicMilp, over_all
from siting.locate.milp.objectives import Objective
from siting.locate.problem import NOISE, Effort
from siting.locate.tolerances import DUAL_TOLERANCE, NEAR_ZERO, ROW_TOLERANCE

# The most rounds of separation, and how many may pass without closing a part of the gap.
_ROUNDS: Final = 80
_STALLED: Final = 20
_LEAST_PROGRESS: Final = 0.002
# The part of the seconds that may be spent on cuts.
_SHARE: Final = 0.3
# The most passes of probing, their most simplex iterations, and the part of the sites that a pass must fix to go on.
_PASSES: Final = 4
_ITERATION_LIMIT: Final = 200_000
_LEAST_FIXED: Final = 0.1


class StageRelaxation:
    """The linear relaxation of one stage with capacity, and the cuts that strengthen it.

    Parameters
    ----------
    milp : LexicographicMilp
        The program.
    objective : Objective
        The objective of the stage.
    more : tuple of ConstraintBlock
        The constraints from earlier stages.
    """

    def __init__(self, milp: LexicographicMilp, objective: Objective, more: tuple[ConstraintBlock, ...]) -> None:
        service, capacity = milp.service, milp.problem.rules.capacity
        self._milp = milp
        # Without an objective, cuts are separated at the point that serves most persons.
        self._has_objective = bool(objective.weights.any())
        self._objective = objective if self._has_objective else Objective("covered", "max", _all_persons(milp))
        self._bound = -math.inf
        self._found: list[CapacityCut] = []
        self._relaxation: Relaxation | None = None
        # The cuts that were binding in the last round.
        self.binding: tuple[ConstraintBlock, ...] = ()
        if capacity is not None and len(service.pair_site):
            self._flows = flows_of(service.pair_group, service.pair_site, service.persons, capacity)
            self._relaxation = Relaxation(milp.single(self._objective, more))

    @property
    def bound(self) -> float:
        """The scaled lower bound; -inf where nothing is known."""
        return self._bound if self._has_objective else -math.inf

    def cuts(self, best: float, effort: Effort) -> tuple[ConstraintBlock, ...]:
        """Return binding cuts; none without capacity, or if the bound already proves the incumbent.

        Parameters
        ----------
        best : float
            The scaled cost of the incumbent; inf without one.
        effort : Effort
            When to stop. The number of rounds is limited too, and ends when they no longer improve the bound.

        Raises
        ------
        KeyboardInterrupt
            After an interrupt; ``bound`` stays valid.
        """
        if self._relaxation is None:
            return ()
        deadline = Deadline(replace(effort, time_limit_s=_SHARE * effort.time_limit_s))
        stalled = 0
        for _ in range(_ROUNDS):
            run = self._solved(self._relaxation, deadline)
            if run.values is None:
                break
            stalled = stalled + 1 if run.objective < self._bound + _LEAST_PROGRESS * abs(best - run.objective) else 0
            self._bound = max(self._bound, run.objective)
            if self._has_objective and effort.report is not None:
                effort.report(best, self._bound)
            proved = self._has_objective and run.objective > best - self._objective.abs_gap
            if stalled >= _STALLED or proved or not self._cut(self._relaxation, run.values):
                break
        duals = self._relaxation.prices().tolist()
        binding = [cut for cut, dual in zip(self._found, duals, strict=False) if abs(dual) > NEAR_ZERO]
        self.binding = (self._block(binding),) if binding else ()
        return self.binding

    def fixings(self, value: float, slack: float, effort: Effort) -> tuple[ConstraintBlock, ...]:
        """Return constraints that fix sites as in every choice that reaches an objective value of this stage.

        A site is fixed open (or closed) if the strengthened relaxation costs more than the value once the site is
        closed (or opened). The reduced cost shows it, or probing: the relaxation is solved with the site fixed.

        Parameters
        ----------
        value : float
            The value that later stages keep.
        slack : float
            How much of it they may lose.
        effort : Effort
            When to stop. The simplex iterations are limited too.

        Raises
        ------
        KeyboardInterrupt
            After an interrupt.
        """
        if self._relaxation is None or not self._has_objective:
            return ()
        objective, problem = self._objective, self._milp.problem
        cost_limit = (
            (value - objective.constant) * (-1.0 if objective.sense == "max" else 1.0) + slack
        ) * objective.scale
        cost_limit += DUAL_TOLERANCE * self._milp.variables + NOISE * abs(cost_limit)
        deadline = Deadline(effort)
        open_sites = int(problem.open_to_choice.sum())
        fixed: dict[int, float] = {}
        for _ in range(_PASSES):
            values = self._fix_by_reduced_cost(self._relaxation, cost_limit, fixed, deadline)
            before = len(fixed)
            if values is None:
                break
            self._fix_by_probing(self._relaxation, (cost_limit, values), fixed, deadline)
            if len(fixed) - before <= _LEAST_FIXED * (open_sites - before) or self._spent(deadline):
                break
        return self._fixings(fixed)

    def _fix_by_reduced_cost(
        self, relaxation: Relaxation, cost_limit: float, fixed: dict[int, float], deadline: Deadline
    ) -> Floats | None:
        """Fix sites by their reduced costs, with more cuts while some are violated; return the last point."""
        values = None
        for _ in range(_ROUNDS):
            run = self._solved(relaxation, deadline)
            if run.stopped_by == "infeasible" or (run.values is not None and run.objective > cost_limit):
                # Some choice reaches the value: a relaxation that denies it is numerically wrong and fixes nothing.
                fixed.clear()
                return None
            if run.values is None or self._spent(deadline):
                return None
            values = run.values
            reduced = np.abs(relaxation.reduced_costs()[: self._milp.problem.sites])
            fixable = self._milp.problem.open_to_choice & (reduced > cost_limit - run.objective)
            for site in np.flatnonzero(fixable).tolist():
                self._fix(relaxation, site, float(np.rint(values[site])), fixed)
            if not self._cut(relaxation, values):
                break
        return values

    def _fix_by_probing(
        self, relaxation: Relaxation, known: tuple[float, Floats], fixed: dict[int, float], deadline: Deadline
    ) -> None:
        """Fix sites by probing: each is closed or opened where the last point does the opposite."""
        cost_limit, values = known
        for site in np.flatnonzero(self._milp.problem.open_to_choice).tolist():
            for value_fixed in (0.0, 1.0):
                if site in fixed or abs(values[site] - value_fixed) < NEAR_ZERO or self._spent(deadline):
                    continue
                relaxation.bound(site, value_fixed, value_fixed)
                run = self._solved(relaxation, deadline)
                relaxation.bound(site, 0.0, 1.0)
                if run.stopped_by == "infeasible" or (run.values is not None and run.objective > cost_limit):
                    self._fix(relaxation, site, 1.0 - value_fixed, fixed)

    def _fix(self, relaxation: Relaxation, site: int, value_fixed: float, fixed: dict[int, float]) -> None:
        if site not in fixed:
            fixed[site] = value_fixed
            relaxation.bound(site, value_fixed, value_fixed)

    def _fixings(self, fixed: dict[int, float]) -> tuple[ConstraintBlock, ...]:
        if not fixed:
            return ()
        count, column = len(fixed), np.array(list(fixed), dtype=np.int64)
        matrix = csr_array(
            (np.ones(count), (np.arange(count), column)), shape=(count, len(self._milp.problem.open_to_choice))
        )
        value_fixed = np.array(list(fixed.values()))
        return (ConstraintBlock(None, matrix, value_fixed, value_fixed),)

    def _spent(self, deadline: Deadline) -> bool:
        """Tell whether the limits of probing are reached."""
        spent = self._relaxation is None or self._relaxation.iterations > _ITERATION_LIMIT
        return spent or deadline.seconds <= 0

    def _solved(self, relaxation: Relaxation, deadline: Deadline) -> Run:
        return uninterrupted(relaxation.solve(deadline.left()))

    def _cut(self, relaxation: Relaxation, values: Floats) -> bool:
        """Add the cuts that a point violates; tell whether there are any."""
        sites = self._milp.problem.sites
        new = violated_cuts(self._flows, values[:sites], values[sites : sites + self._milp.service.variables])
        if new:
            self._found += new
            block = self._block(new)
            relaxation.add(block.matrix, block.high)
        return bool(new)

    def _block(self, cuts: list[CapacityCut]) -> ConstraintBlock:
        """Return cuts scaled by powers of two, and relaxed where persons are not whole."""
        sites = self._milp.problem.sites
        scale = [2.0 ** -math.floor(math.log2(float(each.persons.max()))) for each in cuts]
        data = [np.concatenate([each.persons, -each.weights]) * by for each, by in zip(cuts, scale, strict=True)]
        column = [np.concatenate([sites + each.variables, each.sites]) for each in cuts]
        start = np.concatenate([[0], np.cumsum([len(each) for each in column])])
        shape = (len(cuts), self._milp.variables)
        matrix = csr_array((np.concatenate(data), np.concatenate(column), start), shape=shape)
        relaxed_by = 0.0 if self._milp.service.whole else ROW_TOLERANCE
        high = [
            each.most * by + relaxed_by * float(np.abs(own).max())
            for each, by, own in zip(cuts, scale, data, strict=True)
        ]
        return ConstraintBlock(None, matrix, np.full(len(cuts), -np.inf), np.array(high))


def _all_persons(milp: LexicographicMilp) -> Floats:
    return over_all(milp.problem.sites, milp.service.persons, more=milp.dependents)
