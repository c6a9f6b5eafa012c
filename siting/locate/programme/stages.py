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
from siting.locate.problem import Effort, Ended, Solution, status_of, without_plan
from siting.locate.programme.assignment import served_by
from siting.locate.programme.cuts import Cutting
from siting.locate.programme.first import first_plan, lean
from siting.locate.programme.guide import guided
from siting.locate.programme.rows import HAIR, Block, affords
from siting.locate.programme.served import IN_HASTE_S, Measured, better, lent, measured, since_kept
from siting.locate.programme.sheet import Aim, Sheet
from siting.locate.programme.ties import settled

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

    plan: Measured | None
    bound: float
    stopped_by: Ended
    nodes: int
    cutting: Cutting | None = None


def solve_sheet(sheet: Sheet, effort: Effort) -> Solution:
    """Solve a programme stage by stage, from a greedy first plan.

    HiGHS keeps to a row within a tolerance only. Each of its choices is added up anew; one that exceeds the budget is
    forbidden with all that contain it, one that lacks a share with all that it contains, and the programme solved
    again. The bounds of all solutions hold, since each programme allows every choice that keeps to the rules.

    Parameters
    ----------
    sheet : Sheet
        The programme.
    effort : Effort
        When to stop; a stage with another after it takes no more than six tenths of the seconds left.

    Returns
    -------
    Solution
        ``"infeasible"``, without stages, where it is proved that no choice keeps to the rules; ``"unknown"`` where none
        was found before the search stopped for another reason.
    """
    clock = Clock(effort)
    plan = first_plan(sheet)
    offset = since_kept(sheet)
    first = math.nan if plan is None else plan.objectives[-1] - _offset(sheet.aims[-1], offset)
    locks: tuple[Block, ...] = ()
    sites: tuple[Block, ...] = ()
    bounds: list[float] = []
    stopped: Ended = "proved"
    found = StageRun(plan, math.nan, stopped, 0)
    for number, aim in enumerate(sheet.aims):
        share = 1.0 if number + 1 == len(sheet.aims) else _STAGE_SHARE
        if stopped == "interrupt":
            bounds.append(aim.widest())
            continue
        asked = sheet.coarse.aims[0] if sheet.coarse is not None and number == 0 else aim
        teller = Teller(asked, _offset(aim, offset), effort)
        try:
            if number > 0 and plan is not None:
                locks = (*locks, sheet.aims[number - 1].locked(plan.objectives[number - 1]))
                held = _settled_sites(sheet, number, plan, found, clock.left(_HELD_SHARE))
                plan = _guided(sheet, plan, held, found, clock.left(_GUIDED_SHARE))
                sites = (*sites, *held)
            found = _stage(sheet, number, plan, (*locks, *sites), clock.left(share, teller))
        except KeyboardInterrupt:
            found = StageRun(plan, aim.widest(), "interrupt", 0)
        clock.spend(found.nodes)
        if found.plan is None:
            return nothing_found(found.stopped_by)
        plan = found.plan
        bounds.append(found.bound)
        stopped = found.stopped_by if stopped == "proved" else stopped
    assert plan is not None  # noqa: S101 - a sheet has at least one aim
    lents = [0.0] * len(bounds)
    try:
        # After Ctrl-C equals are no longer compared, nor are linear programmes solved for it.
        plan = lean(sheet, plan) if stopped != "interrupt" or sheet.part.fill is not None else plan
        plan = settled(sheet, plan) if stopped != "interrupt" else plan
        lents = [_lent(sheet, number, plan, bound, locks[:number]) for number, bound in enumerate(bounds)]
    except KeyboardInterrupt:
        stopped = "interrupt"
    return solution(sheet, plan, list(zip(bounds, lents, strict=True)), stopped, offset, first)


def _stage(sheet: Sheet, number: int, plan: Measured | None, locks: tuple[Block, ...], effort: Effort) -> StageRun:
    """Solve one aim, the first by the smaller programme if there is one."""
    if number > 0 or sheet.coarse is None:
        return run_stage(sheet, number, plan, locks, effort)
    start = None if plan is None else measured(sheet.coarse, plan.chosen)
    found = run_stage(sheet.coarse, 0, start, (), effort)
    chosen = None if found.plan is None else measured(sheet, found.plan.chosen, _haste(found.stopped_by))
    return replace(found, plan=better(sheet, plan, chosen))


def _settled_sites(sheet: Sheet, number: int, plan: Measured, found: StageRun, effort: Effort) -> tuple[Block, ...]:
    """Return the sites of a stage that are settled by the objective of the one before it."""
    if found.cutting is None:
        return ()
    return found.cutting.held_to(plan.objectives[number - 1], sheet.aims[number - 1].slack, effort)


def _guided(sheet: Sheet, plan: Measured, held: tuple[Block, ...], found: StageRun, effort: Effort) -> Measured | None:
    """Return a better plan to begin a second stage with, if there is one."""
    if found.cutting is None:
        return plan
    return guided(sheet, plan, (*held, *found.cutting.binding), effort)


def solution(
    sheet: Sheet,
    plan: Measured,
    bounds: list[tuple[float, float]],
    stopped: Ended,
    offset: float = 0.0,
    first: float = math.nan,
) -> Solution:
    """Return a plan with the bound of each stage, and what hairs of rows make of it, as a solution."""
    stages = tuple(
        aim.stage(objective - _offset(aim, offset), bound - _offset(aim, offset), hair)
        for aim, objective, (bound, hair) in zip(sheet.aims, plan.objectives, bounds, strict=True)
    )
    problem, rows = sheet.problem, sheet.problem.rows
    shares = plan.values[rows : rows + sheet.part.columns]
    served = None if problem.rules.capacity is None else served_by(problem, sheet.part, shares)
    return Solution(plan.chosen, status_of(stages), stages, stopped, solver_name(), served, first)


def _lent(sheet: Sheet, number: int, plan: Measured, bound: float, locks: tuple[Block, ...]) -> float:
    """Return by how much a bound may be off for the hair by which rows of earlier stages and of shares are eased."""
    aim = sheet.aims[number]
    if not (locks or sheet.asked) or not 0.0 < abs(bound - plan.objectives[number]) <= _TRADED * aim.span:
        return 0.0
    return lent(sheet, number, plan, locks) + HAIR * aim.span


def nothing_found(stopped: Ended) -> Solution:
    """Return the solution without a choice: there is none (``"proved"``), or none was found."""
    return Solution(np.zeros(0, dtype=np.int64), without_plan(stopped), (), stopped, solver_name())


def run_stage(sheet: Sheet, number: int, plan: Measured | None, locks: tuple[Block, ...], effort: Effort) -> StageRun:
    """Solve one aim with those before it locked."""
    aim = sheet.aims[number]
    bound, nodes = aim.widest(), 0
    end = time.monotonic() + effort.time_limit_s
    cutting: Cutting | None = None
    try:
        cutting = Cutting(sheet, aim, locks)
        cuts = cutting.rows(math.inf if plan is None else float(aim.costs @ plan.values), effort)
    except KeyboardInterrupt:
        known = bound if cutting is None else _tighter(aim, bound, aim.bound(cutting.bound))
        return StageRun(plan, known, "interrupt", 0)
    bound = _tighter(aim, bound, aim.bound(cutting.bound))
    while True:
        left = replace(effort, time_limit_s=max(end - time.monotonic(), 0.0), max_nodes=_less(effort.max_nodes, nodes))
        start = None if plan is None else plan.values
        run = minimise(sheet.programme(aim, (*locks, *cuts)), left, start=start, abs_gap=aim.abs_gap)
        nodes += run.nodes
        bound = _tighter(aim, bound, aim.bound(run.bound))
        ended = _ended(run, plan)
        try:
            found = None if run.values is None else measured(sheet, sheet.chosen(run.values), _haste(run.stopped_by))
        except KeyboardInterrupt:
            return StageRun(plan, bound, "interrupt", nodes)
        if found is not None and _falls_behind(sheet, number, plan, found):
            found = None
        if run.values is None or found is not None or run.stopped_by != "proved":
            return StageRun(better(sheet, plan, found), bound, ended, nodes, cutting)
        cuts = (*cuts, forbidding(sheet, sheet.chosen(run.values)))


def _haste(stopped: str) -> float:
    """Return the seconds that measuring a choice may take."""
    return IN_HASTE_S if stopped == "interrupt" else math.inf


def _falls_behind(sheet: Sheet, number: int, plan: Measured | None, found: Measured) -> bool:
    """Tell whether a choice is worse than a plan in an earlier aim, by the slack of its row."""
    earlier = range(number if plan is not None else 0)
    return any(sheet.aims[each].betters(plan.objectives[each], found.objectives[each]) for each in earlier if plan)


def forbidding(sheet: Sheet, chosen: Ints) -> Block:
    """Return a row that forbids a choice with all that contain it (too dear), or that it contains (too few served)."""
    rows, problem = np.zeros(sheet.columns), sheet.problem
    if not affords(problem, chosen):
        rows[chosen] = 1.0
        return Block(None, csr_array(rows[None, :]), np.array([-np.inf]), np.array([len(chosen) - 1.0]))
    rows[: problem.rows] = problem.open_to_choice
    rows[chosen] = 0.0
    return Block(None, csr_array(rows[None, :]), np.ones(1), np.array([np.inf]))


def _ended(run: Run, plan: Measured | None) -> Ended:
    if run.stopped_by == "infeasible":
        # A plan keeps to all rows: then it is the solver that lost it.
        return "proved" if plan is None else "solver"
    return run.stopped_by


def _tighter(aim: Aim, one: float, other: float) -> float:
    if math.isnan(other) or (aim.sense == "max" and other == -math.inf) or (aim.sense == "min" and other == math.inf):
        return one
    return min(one, other) if aim.sense == "max" else max(one, other)


def _less(nodes: int | None, used: int) -> int | None:
    return None if nodes is None else max(nodes - used, 0)


def _offset(aim: Aim, offset: float) -> float:
    return offset if aim.name == "covered" else 0.0


class Clock:
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


class Teller:
    """Tells of better objectives and bounds of one aim, in its own sense."""

    def __init__(self, aim: Aim, offset: float, effort: Effort) -> None:
        self._aim, self._offset, self._report = aim, offset, effort.report
        self._told: tuple[float, float] | None = None
        self._bound = math.inf if aim.sense == "max" else -math.inf

    def __call__(self, objective: float, bound: float) -> None:
        """Take what HiGHS says, scaled and to be minimised.

        Each programme begins without a bound: those of the programmes before it hold all the same.
        """
        aim = self._aim
        if self._report is None:
            return
        worst = -math.inf if aim.sense == "max" else math.inf
        found = aim.constant + objective * (-1.0 if aim.sense == "max" else 1.0) / aim.scale
        self._bound = _tighter(aim, self._bound, aim.bound(bound))
        told = (found if math.isfinite(found) else worst, self._bound)
        told = (told[0] - self._offset, told[1] - self._offset)
        if told != self._told:
            self._told = told
            self._report(*told)
