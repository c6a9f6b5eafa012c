"""A lexicographic program is solved by HiGHS stage by stage, and every choice is evaluated exactly."""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Ints
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.highs import Run, minimise, solver_name, uninterrupted
from siting.locate.milp.assignment import served_by
from siting.locate.milp.constraints import ConstraintBlock, within_budget
from siting.locate.milp.evaluate import (
    AFTER_INTERRUPT_S,
    Evaluation,
    better_of,
    evaluate,
    served_by_kept,
    tolerance_gain,
)
from siting.locate.milp.formulation import LexicographicMilp
from siting.locate.milp.greedy import greedy_plan
from siting.locate.milp.objectives import Objective
from siting.locate.milp.relaxation import StageRelaxation
from siting.locate.milp.ties import break_ties, without_redundant
from siting.locate.problem import Effort, Ended, Solution, nothing_found, status_of
from siting.locate.tolerances import MOST_ROW_GAIN, ROW_TOLERANCE

# A stage may take so many times its equal part of the remaining seconds.
_STAGE_SHARE: Final = 1.2
# The part of the remaining seconds that may be spent on fixing sites for later stages.
_FIXING_SHARE: Final = 0.3
# The part of the remaining seconds that may be spent on a better incumbent for the second stage.
_SURROGATE_SHARE: Final = 0.25
# The surrogate is only an approximation, so it is not solved to optimality.
_GAP: Final = 1e-3
_NODES: Final = 50


@dataclass(frozen=True)
class StageRun:
    """The incumbent and the bound of a stage, why the search ended, and the nodes it took."""

    plan: Evaluation | None
    bound: float
    stopped_by: Ended
    nodes: int
    relaxation: StageRelaxation | None = None


def solve_lexicographic(milp: LexicographicMilp, effort: Effort) -> Solution:
    """Solve a program stage by stage, from a greedy plan, or from the choice of the effort if that is better.

    HiGHS satisfies constraints within a tolerance only, so each of its choices is evaluated exactly. A no-good cut
    excludes a choice over the budget with all its supersets, and a choice that lacks a share with all its subsets; then
    the stage is solved again. All bounds are valid, because no feasible choice is ever excluded.

    Parameters
    ----------
    milp : LexicographicMilp
        The program.
    effort : Effort
        When to stop. A stage takes at most 1.2 times its equal part of the remaining seconds.

    Returns
    -------
    Solution
        ``"infeasible"``, without stages, if it is proved that no choice is feasible; ``"unknown"`` if none was found
        before the search stopped for another reason.
    """
    deadline = Deadline(effort)
    plan = greedy_plan(milp)
    if effort.start is not None:
        plan = better_of(milp, plan, evaluate(milp, effort.start))
    return solve_from(milp, plan, deadline.left(report=effort.report))


def solve_from(milp: LexicographicMilp, plan: Evaluation | None, effort: Effort, stopped: Ended = "proved") -> Solution:
    """Solve a program stage by stage, from a plan if there is one; nothing is searched if ``stopped`` by an interrupt.

    The other parameters, and the result, are those of :func:`solve_lexicographic`.
    """
    if plan is None and stopped == "interrupt":
        return nothing_found(stopped, solver_name())
    deadline = Deadline(effort)
    offset = served_by_kept(milp)
    first = math.nan if plan is None else plan.objective_values[-1] - _offset(milp.objectives[-1], offset)
    earlier: tuple[ConstraintBlock, ...] = ()
    sites: tuple[ConstraintBlock, ...] = ()
    bounds: list[float] = []
    found = StageRun(plan, math.nan, stopped, 0)
    for number, objective in enumerate(milp.objectives):
        share = min(_STAGE_SHARE / (len(milp.objectives) - number), 1.0)
        if stopped == "interrupt":
            bounds.append(milp.trivial_bound(objective))
            continue
        first_part = milp.aggregated if milp.aggregated is not None and number == 0 else milp
        solved = first_part.objectives[number]
        reporter = ProgressReporter(solved, _offset(objective, offset), effort)
        with Interruptible() as part:
            if number > 0 and plan is not None:
                earlier = (*earlier, milp.objectives[number - 1].fixed_at(plan.objective_values[number - 1]))
                fixed = _fixed_sites(milp, number, plan, found, deadline.left(_FIXING_SHARE))
                plan = _improve_incumbent(milp, plan, fixed, found, deadline.left(_SURROGATE_SHARE))
                sites = (*sites, *fixed)
            least = first_part.trivial_bound(solved)
            if _is_trivial(milp, number, plan, least):
                found = StageRun(plan, least, "proved", 0)
            else:
                found = _stage(milp, number, plan, (*earlier, *sites), deadline.left(share, reporter))
        if part.interrupted:
            found = StageRun(plan, milp.trivial_bound(objective), "interrupt", 0)
        deadline.spend(found.nodes)
        if found.plan is None:
            return nothing_found(found.stopped_by, solver_name())
        plan = found.plan
        bounds.append(found.bound)
        stopped = found.stopped_by if stopped == "proved" else stopped
    assert plan is not None  # noqa: S101 - there is at least one objective
    gains = [0.0] * len(bounds)
    with Interruptible() as part:
        # After an interrupt no ties are broken and no linear programs are solved.
        plan = without_redundant(milp, plan) if stopped != "interrupt" or milp.service.fill is not None else plan
        plan = break_ties(milp, plan) if stopped != "interrupt" else plan
        gains = [_tolerance_gain(milp, number, plan, bound, earlier[:number]) for number, bound in enumerate(bounds)]
    if part.interrupted:
        stopped = "interrupt"
    return solution(milp, plan, list(zip(bounds, gains, strict=True)), stopped, offset, first)


def _is_trivial(milp: LexicographicMilp, number: int, plan: Evaluation | None, bound: float) -> bool:
    """Tell whether a plan already reaches the best value that the ranges of the variables allow.

    With capacity the stage is solved all the same: its relaxation fixes sites for the next one.
    """
    if plan is None or milp.problem.rules.capacity is not None:
        return False
    return not milp.objectives[number].is_better(bound, plan.objective_values[number])


def _stage(
    milp: LexicographicMilp, number: int, plan: Evaluation | None, earlier: tuple[ConstraintBlock, ...], effort: Effort
) -> StageRun:
    """Solve one objective, the first by the aggregated program if there is one."""
    if number > 0 or milp.aggregated is None:
        return run_stage(milp, number, plan, earlier, effort)
    start = None if plan is None else evaluate(milp.aggregated, plan.chosen)
    found = run_stage(milp.aggregated, 0, start, (), effort)
    chosen = None if found.plan is None else evaluate(milp, found.plan.chosen, _evaluation_seconds(found.stopped_by))
    return replace(found, plan=better_of(milp, plan, chosen))


def _fixed_sites(
    milp: LexicographicMilp, number: int, plan: Evaluation, found: StageRun, effort: Effort
) -> tuple[ConstraintBlock, ...]:
    """Return the constraints that fix sites, which follow from the value of the stage before."""
    if found.relaxation is None:
        return ()
    return found.relaxation.fixings(plan.objective_values[number - 1], milp.objectives[number - 1].slack, effort)


def _improve_incumbent(
    milp: LexicographicMilp, plan: Evaluation, fixed: tuple[ConstraintBlock, ...], found: StageRun, effort: Effort
) -> Evaluation | None:
    """Return a better incumbent for the second stage, if the surrogate finds one."""
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
    """Return a plan as a solution, with the bound and the tolerance gain of each stage."""
    stages = tuple(
        objective.stage(value - _offset(objective, offset), bound - _offset(objective, offset), gain)
        for objective, value, (bound, gain) in zip(milp.objectives, plan.objective_values, bounds, strict=True)
    )
    problem, sites = milp.problem, milp.problem.sites
    shares = plan.values[sites : sites + milp.service.variables]
    served = None if problem.rules.capacity is None else served_by(problem, milp.service, shares)
    return Solution(plan.chosen, status_of(stages), stages, stopped, solver_name(), served, first)


def _tolerance_gain(
    milp: LexicographicMilp, number: int, plan: Evaluation, bound: float, earlier: tuple[ConstraintBlock, ...]
) -> float:
    """Return how much relaxed constraints can improve a bound."""
    objective = milp.objectives[number]
    if (
        not (earlier or milp.share_constraints)
        or not 0.0 < abs(bound - plan.objective_values[number]) <= MOST_ROW_GAIN * objective.span
    ):
        return 0.0
    return tolerance_gain(milp, number, plan, earlier) + ROW_TOLERANCE * objective.span


def run_stage(
    milp: LexicographicMilp, number: int, plan: Evaluation | None, earlier: tuple[ConstraintBlock, ...], effort: Effort
) -> StageRun:
    """Solve one objective with the values of those before it fixed."""
    objective = milp.objectives[number]
    bound, nodes = milp.trivial_bound(objective), 0
    deadline = Deadline(effort)
    relaxation: StageRelaxation | None = None
    with Interruptible() as part:
        relaxation = StageRelaxation(milp, objective, earlier)
        cuts = relaxation.cuts(math.inf if plan is None else float(objective.costs @ plan.values), effort)
    if part.interrupted or relaxation is None:
        known = bound if relaxation is None else _tighter(objective, bound, objective.bound(relaxation.bound))
        return StageRun(plan, known, "interrupt", 0)
    bound = _tighter(objective, bound, objective.bound(relaxation.bound))
    while True:
        left = deadline.left(report=effort.report)
        start = None if plan is None else plan.values
        run = minimise(milp.single(objective, (*earlier, *cuts)), left, start=start, abs_gap=objective.abs_gap)
        nodes += run.nodes
        deadline.spend(run.nodes)
        bound = _tighter(objective, bound, objective.bound(run.bound))
        ended = _ended(run, plan)
        found: Evaluation | None = None
        with Interruptible() as part:
            if run.values is not None:
                found = evaluate(milp, milp.chosen(run.values), _evaluation_seconds(run.stopped_by))
        if part.interrupted:
            return StageRun(plan, bound, "interrupt", nodes)
        if found is not None and _falls_behind(milp, number, plan, found):
            found = None
        if run.values is None or found is not None or run.stopped_by != "proved":
            return StageRun(better_of(milp, plan, found), bound, ended, nodes, relaxation)
        cuts = (*cuts, no_good_cut(milp, milp.chosen(run.values)))


def _evaluation_seconds(stopped: str) -> float:
    """Return the seconds that the evaluation of a choice may take."""
    return AFTER_INTERRUPT_S if stopped == "interrupt" else math.inf


def _falls_behind(milp: LexicographicMilp, number: int, plan: Evaluation | None, found: Evaluation) -> bool:
    """Tell whether a choice is worse than the plan in an earlier objective, as the slack of its constraint allows."""
    earlier = range(number if plan is not None else 0)
    return any(
        milp.objectives[each].is_better(plan.objective_values[each], found.objective_values[each])
        for each in earlier
        if plan
    )


def no_good_cut(milp: LexicographicMilp, chosen: Ints) -> ConstraintBlock:
    """Return a cut that excludes a choice and its supersets (over the budget) or its subsets (too few served)."""
    rows, problem = np.zeros(milp.variables), milp.problem
    if not within_budget(problem, chosen):
        rows[chosen] = 1.0
        return ConstraintBlock(None, csr_array(rows[None, :]), np.array([-np.inf]), np.array([len(chosen) - 1.0]))
    rows[: problem.sites] = problem.open_to_choice
    rows[chosen] = 0.0
    return ConstraintBlock(None, csr_array(rows[None, :]), np.ones(1), np.array([np.inf]))


def _ended(run: Run, plan: Evaluation | None) -> Ended:
    if run.stopped_by == "infeasible":
        # The plan is feasible, so the solver is wrong.
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


def _offset(objective: Objective, offset: float) -> float:
    return offset if objective.name == "covered" else 0.0


class ProgressReporter:
    """Reports better incumbents and bounds of one objective, in its own sense."""

    def __init__(self, objective: Objective, offset: float, effort: Effort) -> None:
        self._objective, self._offset, self._report = objective, offset, effort.report
        self._reported: tuple[float, float] | None = None
        self._bound = math.inf if objective.sense == "max" else -math.inf

    def __call__(self, value: float, bound: float) -> None:
        """Receive a scaled incumbent and bound of a minimisation by HiGHS.

        Each run of HiGHS begins without a bound, but bounds of earlier runs stay valid.
        """
        objective = self._objective
        if self._report is None:
            return
        worst = -math.inf if objective.sense == "max" else math.inf
        found = objective.constant + value * (-1.0 if objective.sense == "max" else 1.0) / objective.scale
        self._bound = _tighter(objective, self._bound, objective.bound(bound))
        told = (found if math.isfinite(found) else worst, self._bound)
        told = (told[0] - self._offset, told[1] - self._offset)
        if told != self._reported:
            self._reported = told
            self._report(*told)


def improve_by_surrogate(
    milp: LexicographicMilp, plan: Evaluation | None, fixed: tuple[ConstraintBlock, ...], effort: Effort
) -> Evaluation | None:
    """Return the better of a plan and of the choice that the surrogate objective finds.

    Parameters
    ----------
    milp : LexicographicMilp
        The program; without an aggregated one that has a surrogate the plan is returned.
    plan : Evaluation or None
        The best plan of the first stage.
    fixed : tuple of ConstraintBlock
        Constraints of the aggregated program that every plan satisfies that is as good in the first stage.
    effort : Effort
        When to stop; besides, nodes are limited.

    Returns
    -------
    Evaluation or None
        None only if there was no plan.

    Raises
    ------
    KeyboardInterrupt
        It was interrupted.
    """
    aggregated = milp.aggregated
    if plan is None or aggregated is None or aggregated.surrogate is None:
        return plan
    start = evaluate(aggregated, plan.chosen)
    if start is None:
        return plan
    single = aggregated.single(
        aggregated.surrogate, (aggregated.objectives[0].fixed_at(start.objective_values[0]), *fixed)
    )
    nodes = _NODES if effort.max_nodes is None else min(_NODES, effort.max_nodes)
    cheap = replace(effort, report=None, rel_gap=_GAP, max_nodes=nodes)
    run = uninterrupted(minimise(single, cheap, start=start.values))
    return plan if run.values is None else better_of(milp, plan, evaluate(milp, aggregated.chosen(run.values)))
