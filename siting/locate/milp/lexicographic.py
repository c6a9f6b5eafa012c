"""A programme solved by HiGHS, one stage after the other, each choice of its added up anew."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Ints
from siting.locate.highs import Run, minimise, solver_name
from siting.locate.milp.assignment import served_by
from siting.locate.milp.constraints import ROW_TOLERANCE, ConstraintBlock, within_budget
from siting.locate.milp.evaluate import IN_HASTE_S, Evaluation, better_of, evaluate, served_by_kept, tolerance_gain
from siting.locate.milp.formulation import LexicographicMilp, Objective
from siting.locate.milp.greedy import greedy_plan, without_redundant
from siting.locate.milp.relaxation import StageRelaxation
from siting.locate.milp.surrogate import improve_by_surrogate
from siting.locate.milp.ties import break_ties
from siting.locate.problem import Effort, Ended, Solution, status_of, without_plan

# The part of the seconds left that a stage may take when another follows.
_STAGE_SHARE: Final = 0.6
# The part of the seconds left that may go into sites which a stage settles for those after it.
_HELD_SHARE: Final = 0.3
# The part that may go into a better plan to begin the second stage with.
_GUIDED_SHARE: Final = 0.25
# The part of all that is added up that hairs of rows may be worth: wider gaps are left open.
_TRADED: Final = 1e-5


@dataclass(frozen=True)
class StageRun:
    """The best plan so far, what no plan can better, why the search ended, and the nodes it took."""

    plan: Evaluation | None
    bound: float
    stopped_by: Ended
    nodes: int
    relaxation: StageRelaxation | None = None


def solve_lexicographic(milp: LexicographicMilp, effort: Effort) -> Solution:
    """Solve a programme stage by stage, from a greedy first plan.

    HiGHS keeps to a row within a tolerance only. Each of its choices is added up anew; one that exceeds the budget is
    forbidden with all that contain it, one that lacks a share with all that it contains, and the programme solved
    again. The bounds of all solutions hold, since each programme allows every choice that keeps to the rules.

    Parameters
    ----------
    milp : LexicographicMilp
        The programme.
    effort : Effort
        When to stop; a stage with another after it takes no more than six tenths of the seconds left.

    Returns
    -------
    Solution
        ``"infeasible"``, without stages, where it is proved that no choice keeps to the rules; ``"unknown"`` where none
        was found before the search stopped for another reason.
    """
    remaining = RemainingEffort(effort)
    plan = greedy_plan(milp)
    offset = served_by_kept(milp)
    first = math.nan if plan is None else plan.objective_values[-1] - _offset(milp.objectives[-1], offset)
    earlier: tuple[ConstraintBlock, ...] = ()
    sites: tuple[ConstraintBlock, ...] = ()
    bounds: list[float] = []
    stopped: Ended = "proved"
    found = StageRun(plan, math.nan, stopped, 0)
    for number, objective in enumerate(milp.objectives):
        share = 1.0 if number + 1 == len(milp.objectives) else _STAGE_SHARE
        if stopped == "interrupt":
            bounds.append(objective.trivial_bound())
            continue
        share_constraints = milp.aggregated.objectives[0] if milp.aggregated is not None and number == 0 else objective
        reporter = ProgressReporter(share_constraints, _offset(objective, offset), effort)
        try:
            if number > 0 and plan is not None:
                earlier = (*earlier, milp.objectives[number - 1].fixed_at(plan.objective_values[number - 1]))
                fixed = _fixed_sites(milp, number, plan, found, remaining.left(_HELD_SHARE))
                plan = _improved(milp, plan, fixed, found, remaining.left(_GUIDED_SHARE))
                sites = (*sites, *fixed)
            found = _stage(milp, number, plan, (*earlier, *sites), remaining.left(share, reporter))
        except KeyboardInterrupt:
            found = StageRun(plan, objective.trivial_bound(), "interrupt", 0)
        remaining.spend(found.nodes)
        if found.plan is None:
            return nothing_found(found.stopped_by)
        plan = found.plan
        bounds.append(found.bound)
        stopped = found.stopped_by if stopped == "proved" else stopped
    assert plan is not None  # noqa: S101 - a sheet has at least one aim
    gains = [0.0] * len(bounds)
    try:
        # After Ctrl-C equals are no longer compared, nor are linear programmes solved for it.
        plan = without_redundant(milp, plan) if stopped != "interrupt" or milp.service.fill is not None else plan
        plan = break_ties(milp, plan) if stopped != "interrupt" else plan
        gains = [_tolerance_gain(milp, number, plan, bound, earlier[:number]) for number, bound in enumerate(bounds)]
    except KeyboardInterrupt:
        stopped = "interrupt"
    return solution(milp, plan, list(zip(bounds, gains, strict=True)), stopped, offset, first)


def _stage(
    milp: LexicographicMilp, number: int, plan: Evaluation | None, earlier: tuple[ConstraintBlock, ...], effort: Effort
) -> StageRun:
    """Solve one aim, the first by the smaller programme if there is one."""
    if number > 0 or milp.aggregated is None:
        return run_stage(milp, number, plan, earlier, effort)
    start = None if plan is None else evaluate(milp.aggregated, plan.chosen)
    found = run_stage(milp.aggregated, 0, start, (), effort)
    chosen = None if found.plan is None else evaluate(milp, found.plan.chosen, _haste(found.stopped_by))
    return replace(found, plan=better_of(milp, plan, chosen))


def _fixed_sites(
    milp: LexicographicMilp, number: int, plan: Evaluation, found: StageRun, effort: Effort
) -> tuple[ConstraintBlock, ...]:
    """Return the sites of a stage that are settled by the objective of the one before it."""
    if found.relaxation is None:
        return ()
    return found.relaxation.fixings(plan.objective_values[number - 1], milp.objectives[number - 1].slack, effort)


def _improved(
    milp: LexicographicMilp, plan: Evaluation, fixed: tuple[ConstraintBlock, ...], found: StageRun, effort: Effort
) -> Evaluation | None:
    """Return a better plan to begin a second stage with, if there is one."""
    if found.relaxation is None:
        return plan
    return improve_by_surrogate(milp, plan, (*fixed, *found.relaxation.binding), effort)


def solution(
    milp: LexicographicMilp,
    plan: Evaluation,
    bounds: list[tuple[float, float]],
    stopped: Ended,
    offset: float = 0.0,
    first: float = math.nan,
) -> Solution:
    """Return a plan with the bound of each stage, and what hairs of rows make of it, as a solution."""
    stages = tuple(
        objective.stage(value - _offset(objective, offset), bound - _offset(objective, offset), hair)
        for objective, value, (bound, hair) in zip(milp.objectives, plan.objective_values, bounds, strict=True)
    )
    problem, rows = milp.problem, milp.problem.sites
    shares = plan.values[rows : rows + milp.service.columns]
    served = None if problem.rules.capacity is None else served_by(problem, milp.service, shares)
    return Solution(plan.chosen, status_of(stages), stages, stopped, solver_name(), served, first)


def _tolerance_gain(
    milp: LexicographicMilp, number: int, plan: Evaluation, bound: float, earlier: tuple[ConstraintBlock, ...]
) -> float:
    """Return by how much a bound may be off for the hair by which rows of earlier stages and of shares are eased."""
    objective = milp.objectives[number]
    if (
        not (earlier or milp.share_constraints)
        or not 0.0 < abs(bound - plan.objective_values[number]) <= _TRADED * objective.span
    ):
        return 0.0
    return tolerance_gain(milp, number, plan, earlier) + ROW_TOLERANCE * objective.span


def nothing_found(stopped: Ended) -> Solution:
    """Return the solution without a choice: there is none (``"proved"``), or none was found."""
    return Solution(np.zeros(0, dtype=np.int64), without_plan(stopped), (), stopped, solver_name())


def run_stage(
    milp: LexicographicMilp, number: int, plan: Evaluation | None, earlier: tuple[ConstraintBlock, ...], effort: Effort
) -> StageRun:
    """Solve one aim with those before it locked."""
    objective = milp.objectives[number]
    bound, nodes = objective.trivial_bound(), 0
    end = time.monotonic() + effort.time_limit_s
    relaxation: StageRelaxation | None = None
    try:
        relaxation = StageRelaxation(milp, objective, earlier)
        cuts = relaxation.rows(math.inf if plan is None else float(objective.costs @ plan.values), effort)
    except KeyboardInterrupt:
        known = bound if relaxation is None else _tighter(objective, bound, objective.bound(relaxation.bound))
        return StageRun(plan, known, "interrupt", 0)
    bound = _tighter(objective, bound, objective.bound(relaxation.bound))
    while True:
        left = replace(effort, time_limit_s=max(end - time.monotonic(), 0.0), max_nodes=_less(effort.max_nodes, nodes))
        start = None if plan is None else plan.values
        run = minimise(milp.single(objective, (*earlier, *cuts)), left, start=start, abs_gap=objective.abs_gap)
        nodes += run.nodes
        bound = _tighter(objective, bound, objective.bound(run.bound))
        ended = _ended(run, plan)
        try:
            found = None if run.values is None else evaluate(milp, milp.chosen(run.values), _haste(run.stopped_by))
        except KeyboardInterrupt:
            return StageRun(plan, bound, "interrupt", nodes)
        if found is not None and _falls_behind(milp, number, plan, found):
            found = None
        if run.values is None or found is not None or run.stopped_by != "proved":
            return StageRun(better_of(milp, plan, found), bound, ended, nodes, relaxation)
        cuts = (*cuts, no_good_cut(milp, milp.chosen(run.values)))


def _haste(stopped: str) -> float:
    """Return the seconds that measuring a choice may take."""
    return IN_HASTE_S if stopped == "interrupt" else math.inf


def _falls_behind(milp: LexicographicMilp, number: int, plan: Evaluation | None, found: Evaluation) -> bool:
    """Tell whether a choice is worse than a plan in an earlier aim, by the slack of its row."""
    earlier = range(number if plan is not None else 0)
    return any(
        milp.objectives[each].is_better(plan.objective_values[each], found.objective_values[each])
        for each in earlier
        if plan
    )


def no_good_cut(milp: LexicographicMilp, chosen: Ints) -> ConstraintBlock:
    """Return a row that forbids a choice with all that contain it (too dear), or that it contains (too few served)."""
    rows, problem = np.zeros(milp.columns), milp.problem
    if not within_budget(problem, chosen):
        rows[chosen] = 1.0
        return ConstraintBlock(None, csr_array(rows[None, :]), np.array([-np.inf]), np.array([len(chosen) - 1.0]))
    rows[: problem.sites] = problem.open_to_choice
    rows[chosen] = 0.0
    return ConstraintBlock(None, csr_array(rows[None, :]), np.ones(1), np.array([np.inf]))


def _ended(run: Run, plan: Evaluation | None) -> Ended:
    if run.stopped_by == "infeasible":
        # A plan keeps to all rows: then it is the solver that lost it.
        return "proved" if plan is None else "solver"
    return run.stopped_by


def _tighter(objective: Objective, one: float, other: float) -> float:
    if (
        math.isnan(other)
        or (objective.sense == "max" and other == -math.inf)
        or (objective.sense == "min" and other == math.inf)
    ):
        return one
    return min(one, other) if objective.sense == "max" else max(one, other)


def _less(nodes: int | None, used: int) -> int | None:
    return None if nodes is None else max(nodes - used, 0)


def _offset(objective: Objective, offset: float) -> float:
    return offset if objective.name == "covered" else 0.0


class RemainingEffort:
    """What is left of the seconds and nodes of an effort."""

    def __init__(self, effort: Effort) -> None:
        self._effort, self._end, self._nodes = effort, time.monotonic() + effort.time_limit_s, 0

    def left(self, share: float = 1.0, report: Callable[[float, float], None] | None = None) -> Effort:
        """Return the effort that is left, with a share of its seconds."""
        seconds = max(self._end - time.monotonic(), 0.0) * share
        nodes = _less(self._effort.max_nodes, self._nodes)
        return replace(self._effort, time_limit_s=seconds, max_nodes=nodes, report=report)

    def spend(self, nodes: int) -> None:
        """Take nodes off what is left."""
        self._nodes += nodes


class ProgressReporter:
    """Tells of better objectives and bounds of one aim, in its own sense."""

    def __init__(self, objective: Objective, offset: float, effort: Effort) -> None:
        self._aim, self._offset, self._report = objective, offset, effort.report
        self._told: tuple[float, float] | None = None
        self._bound = math.inf if objective.sense == "max" else -math.inf

    def __call__(self, value: float, bound: float) -> None:
        """Take what HiGHS says, scaled and to be minimised.

        Each programme begins without a bound: those of the programmes before it hold all the same.
        """
        objective = self._aim
        if self._report is None:
            return
        worst = -math.inf if objective.sense == "max" else math.inf
        found = objective.constant + value * (-1.0 if objective.sense == "max" else 1.0) / objective.scale
        self._bound = _tighter(objective, self._bound, objective.bound(bound))
        told = (found if math.isfinite(found) else worst, self._bound)
        told = (told[0] - self._offset, told[1] - self._offset)
        if told != self._told:
            self._told = told
            self._report(*told)
