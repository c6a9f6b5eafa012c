"""HiGHS for mixed-integer and linear programs; the only module that imports a solver."""

import itertools
import math
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, Literal

import highspy
import numpy as np
from scipy.sparse import csr_array

from siting.compiled import unbroken
from siting.domain.nouns import Floats
from siting.errors import Fault, InputError
from siting.locate.deadline import Deadline
from siting.locate.problem import Bools, Effort
from siting.locate.tolerances import ANSWER_TOLERANCE, FEASIBILITY_TOLERANCE
from siting.threads import start_native

Stopped = Literal["proved", "infeasible", "nodes", "time", "interrupt", "solver"]

_POLL_S: Final = 0.1
# HiGHS does not check for interrupts during its dominated-column presolve (1.16: 10 s for 1,200 sites by 4,000 points).
# If it has not stopped this long after it should have, it is abandoned and its result is lost.
_PATIENCE_S: Final = 0.8
# The heuristics that HiGHS runs beside its tree; most of them solve sub-programs.
_HEURISTICS: Final = tuple(
    f"mip_heuristic_run_{each}" for each in ("feasibility_jump", "rins", "rens", "root_reduced_cost")
)
# The status of a primal feasible solution.
_HAS_POINT: Final = 2
_ENDS: Final[dict[str, Stopped]] = {
    "kOptimal": "proved",
    "kInfeasible": "infeasible",
    "kUnboundedOrInfeasible": "infeasible",
    "kSolutionLimit": "nodes",
    "kTimeLimit": "time",
    "kInterrupt": "interrupt",
}


@dataclass(frozen=True)
class Milp:
    """Minimise ``cost · x`` subject to ``row_low ≤ matrix · x ≤ row_high`` and ``lower ≤ x ≤ upper``.

    Variables of ``integer`` take whole values. Scale coefficients that are far from 1: HiGHS works with an absolute
    tolerance (:data:`FEASIBILITY_TOLERANCE`) for constraints and integrality.
    """

    cost: Floats
    matrix: csr_array
    row_low: Floats
    row_high: Floats
    lower: Floats
    upper: Floats
    integer: Bools


@dataclass(frozen=True)
class Run:
    """The result of HiGHS.

    ``values`` is its best point (None without one), ``objective`` the cost of that point (inf without one), ``bound``
    the lower bound (-inf if unknown, inf if infeasible), ``nodes`` the number of nodes. ``sound`` tells that point,
    objective and bound agree: the objective is recomputed from the point.
    """

    values: Floats | None
    objective: float
    bound: float
    stopped_by: Stopped
    nodes: int
    sound: bool = True


def solver_name() -> str:
    """Return the name and version of the solver."""
    return f"HiGHS {_new().version()}"


def minimise(
    program: Milp, effort: Effort, *, start: Floats | None = None, abs_gap: float = 0.0, prepared: bool = False
) -> Run:
    """Solve a mixed-integer program on one thread, deterministically except for the time limit.

    Parameters
    ----------
    program : Milp
        The program.
    effort : Effort
        When to stop. ``report`` gets each better objective or bound, ``interrupted`` is called ten times a second.
    start : ndarray, optional
        A feasible point to start from.
    abs_gap : float, default 0
        The absolute gap that proves optimality (nearly 1 if objectives are whole numbers).
    prepared : bool, default False
        Whether the program is already reduced and ``start`` is good: HiGHS then runs without presolve and heuristics,
        which would take longer than they save.

    Returns
    -------
    Run
        ``stopped_by`` is also ``"interrupt"`` after Ctrl-C while HiGHS ran.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.highs import Milp, minimise
    >>> from siting.locate.problem import Effort
    >>> one = np.ones(2)
    >>> rows = csr_array(np.array([[1.0, 1.0]]))
    >>> best = minimise(Milp(np.array([2.0, 3.0]), rows, one[:1], 9 * one[:1], 0 * one, one, one > 0), Effort())
    >>> best.values.tolist(), best.objective, best.stopped_by
    ([1.0, 0.0], 2.0, 'proved')
    """
    if program.matrix.shape[1] == 0:
        return _of_nothing(program)
    check_solver()
    deadline = Deadline(effort)
    run = _once(program, effort, start, abs_gap, presolve=not prepared, heuristics=not prepared)
    # Given a start, HiGHS 1.16 can return the point of the start with the objective of a better point. Its presolve
    # calls some feasible programs infeasible if a side is off by a rounding error. Doubtful runs are repeated without
    # start and presolve.
    for again in (True, False) if start is not None and run.stopped_by != "infeasible" else (False,):
        if run.sound and run.stopped_by != "infeasible":
            break
        left = deadline.left(report=effort.report)
        run = _once(program, left, None if not run.sound else start, abs_gap, presolve=again)
    return run if run.sound else replace(run, stopped_by="solver", bound=-math.inf)


def uninterrupted(run: Run) -> Run:
    """Return an answer unless Ctrl-C cut it short: a program that is no longer solved tells nothing.

    Raises
    ------
    KeyboardInterrupt
        It was interrupted.
    """
    if run.stopped_by == "interrupt":
        raise KeyboardInterrupt
    return run


def _of_nothing(program: Milp) -> Run:
    """Return the result of a program without variables, which HiGHS refuses."""
    if np.any(program.row_low > 0) or np.any(program.row_high < 0):
        return Run(None, math.inf, math.inf, "infeasible", 0)
    return Run(np.zeros(0), 0.0, 0.0, "proved", 0)


def _once(
    program: Milp,
    effort: Effort,
    start: Floats | None,
    abs_gap: float,
    *,
    presolve: bool = True,
    heuristics: bool = True,
) -> Run:
    highs = _new()
    options: dict[str, Any] = {
        "output_flag": False,
        "threads": 1,
        "presolve": "choose" if presolve else "off",
        "random_seed": effort.seed,
        "mip_rel_gap": effort.rel_gap,
        "mip_abs_gap": abs_gap,
        "mip_feasibility_tolerance": FEASIBILITY_TOLERANCE,
        "primal_feasibility_tolerance": FEASIBILITY_TOLERANCE,
        "time_limit": max(effort.time_limit_s, 0.0),
    }
    if effort.max_nodes is not None:
        options["mip_max_nodes"] = effort.max_nodes
    if not heuristics:
        options |= dict.fromkeys(_HEURISTICS, False)
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.passModel(_model(program))
    if start is not None:
        point = highspy.HighsSolution()
        point.col_value = start
        highs.setSolution(point)
    stopped = _run(highs, effort)
    if stopped.left:
        return Run(None, math.inf, -math.inf, stopped.why, 0)
    info, ended = highs.getInfo(), _ended(highs)
    if ended == "infeasible":
        nodes = max(int(info.mip_node_count), 0)
        bound, ended = (-math.inf, "interrupt") if stopped.asked else (math.inf, ended)
        return Run(None, math.inf, bound, ended, nodes)
    found = (
        bool(info.valid) and math.isfinite(info.objective_function_value) and info.primal_solution_status == _HAS_POINT
    )
    # Adding 0.0 turns the -0.0 that HiGHS returns for some zeros into 0.0.
    values = np.asarray(highs.getSolution().col_value, dtype=np.float64) + 0.0 if found else None
    objective = math.inf if values is None else _sum(program.cost * values)
    told = float(info.objective_function_value)
    bound = _bound(program, effort, info, ended, abs_gap) if info.valid and ended != "solver" else -math.inf
    sound = values is None or _agrees(program, values, told, bound)
    # A run that ended by itself at the moment of the stop request is proved by its bound, but no further run may
    # follow.
    why: Stopped = "interrupt" if stopped.asked else ended
    return Run(values, objective, bound, why, max(int(info.mip_node_count), 0), sound)


def _sum(terms: Floats) -> float:
    """Return the exact sum of the given terms, rounded once."""
    return math.fsum(terms[terms != 0.0])


def _agrees(program: Milp, values: Floats, told: float, bound: float) -> bool:
    """Tell whether a point satisfies all rows and has the reported objective, which the bound does not exceed."""
    objective = _sum(program.cost * values)
    noise = ANSWER_TOLERANCE * (1.0 + _sum(np.abs(program.cost * values)))
    rows, size = program.matrix @ values, abs(program.matrix) @ np.abs(values)
    off = np.maximum(program.row_low - rows, rows - program.row_high)
    sides = np.maximum(program.lower - values, values - program.upper)
    parts = np.abs(values - np.round(values))[program.integer]
    keeps = np.all(off <= ANSWER_TOLERANCE * (1.0 + size)) and np.all(
        sides <= ANSWER_TOLERANCE * (1.0 + np.abs(values))
    )
    return (
        bool(keeps and np.all(parts <= ANSWER_TOLERANCE))
        and abs(told - objective) <= noise
        and bound <= objective + noise
    )


@dataclass(frozen=True)
class Canary:
    """A tiny covering problem: people of points, which sites reach them, and weights of sites of at most ``most``."""

    people: Floats
    reached: Floats
    weights: Floats
    most: float

    @property
    def best(self) -> float:
        """The most people, by counting every choice."""
        choices = np.array(list(itertools.product((0.0, 1.0), repeat=len(self.weights))))
        covered = (choices[choices @ self.weights <= self.most] @ self.reached.T > 0) @ self.people
        return float(covered.max())

    @property
    def milp(self) -> Milp:
        """Its program; columns are the sites, then the covered people of points."""
        points, sites = self.reached.shape
        limit = np.concatenate([self.weights, np.zeros(points)])
        matrix = csr_array(np.vstack([limit, np.hstack([-self.reached, np.eye(points)])]))
        return Milp(
            cost=np.concatenate([np.zeros(sites), -self.people]),
            matrix=matrix,
            row_low=np.full(points + 1, -np.inf),
            row_high=np.concatenate([[self.most], np.zeros(points)]),
            lower=np.zeros(sites + points),
            upper=np.ones(sites + points),
            integer=np.arange(sites + points) < sites,
        )


def canaries() -> Iterator[Canary]:
    """Yield fifty tiny problems: two for which the presolve of highspy 1.14.0 calls a worse plan optimal, and others.

    See HiGHS issues 2957, 3002, 3043 and 3073. Of the drawn ones half limit the number of sites, half their cost.
    """
    one = np.ones(2)
    yield Canary(np.array([8.0, 3.0, 2.0]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), one, 1.0)
    yield Canary(np.array([7.0, 6.0, 2.0]), np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), one, 1.0)
    rng = np.random.default_rng(0)
    for number in range(48):
        sites, points = int(rng.integers(2, 6)), int(rng.integers(3, 6))
        weights = np.ones(sites) if number % 2 else rng.integers(1, 6, sites).astype(np.float64)
        people = rng.integers(1, 10, points).astype(np.float64)
        reached = rng.integers(0, 2, (points, sites)).astype(np.float64)
        yield Canary(people, reached, weights, float(rng.integers(1, int(weights.sum()))))


@cache
def check_solver() -> None:
    """Refuse a solver that returns wrong optima; checked once per process, in some 50 ms.

    Raises
    ------
    InputError
        The solver did not find a known optimum.
    """
    for each in canaries():
        run = _once(each.milp, Effort(), None, 0.0)
        if run.stopped_by != "proved" or abs(run.objective + each.best) > ANSWER_TOLERANCE:
            raise InputError([Fault(code="wrong_solver", found=f"highspy {_new().version()}")])


def _bound(program: Milp, effort: Effort, info: highspy.HighsInfo, ended: Stopped, abs_gap: float) -> float:
    objective = float(info.objective_function_value)
    if not program.integer.any():
        return objective
    # If presolve finds nothing better than the start, HiGHS returns "optimal" but no bound.
    least = objective - max(abs_gap, effort.rel_gap * abs(objective)) if ended == "proved" else -math.inf
    return max(float(info.mip_dual_bound), least)


class Relaxation:
    """A linear program that is solved repeatedly with more rows or other bounds, each time from the last basis.

    Integrality is ignored.

    Parameters
    ----------
    program : Milp
        The program.
    """

    def __init__(self, program: Milp) -> None:
        check_solver()
        self._rows = len(program.row_low)
        self._highs = _new()
        for name, value in (
            ("output_flag", False),
            ("threads", 1),
            ("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE),
        ):
            self._highs.setOptionValue(name, value)
        self._highs.passModel(_model(replace(program, integer=np.zeros_like(program.integer))))
        self.iterations = 0
        self._stopped = _Stopped()

    def solve(self, effort: Effort) -> Run:
        """Return the best point and ``"proved"``, unless there is none, or seconds or an interrupt ended the run.

        Nothing is reported. ``iterations`` counts the simplex iterations of all runs so far.
        """
        if self._stopped.left:
            return Run(None, math.inf, -math.inf, self._stopped.why, 0)
        highs = self._highs
        highs.setOptionValue("time_limit", max(highs.getRunTime() + effort.time_limit_s, 0.0))
        stopped = self._stopped = _run(highs, replace(effort, report=None))
        if stopped.left:
            return Run(None, math.inf, -math.inf, stopped.why, 0)
        info, ended = highs.getInfo(), "interrupt" if stopped.asked else _ended(highs)
        self.iterations += max(int(info.simplex_iteration_count), 0)
        if ended != "proved":
            return Run(None, math.inf, math.inf if ended == "infeasible" else -math.inf, ended, 0)
        objective = float(info.objective_function_value)
        return Run(np.asarray(highs.getSolution().col_value), objective, objective, "proved", 0)

    def add(self, matrix: csr_array, high: Floats) -> None:
        """Add rows ``matrix · x ≤ high``."""
        if self._stopped.left:
            return
        low = np.full(len(high), -np.inf)
        start = np.asarray(matrix.indptr[:-1], dtype=np.int32)
        self._highs.addRows(len(high), low, high, matrix.nnz, start, matrix.indices.astype(np.int32), matrix.data)

    def bound(self, column: int, low: float, high: float) -> None:
        """Give a column other bounds."""
        if not self._stopped.left:
            self._highs.changeColBounds(column, low, high)

    def prices(self) -> Floats:
        """Return the dual price of each added row at the last point; an empty array once HiGHS is abandoned."""
        if self._stopped.left:
            return np.zeros(0)
        return np.asarray(self._highs.getSolution().row_dual, dtype=np.float64)[self._rows :]

    def reduced_costs(self) -> Floats:
        """Return the reduced costs: the least rise of the cost per unit that a column leaves its bound."""
        return np.asarray(self._highs.getSolution().col_dual, dtype=np.float64)


class _Silent(highspy.Highs):
    """HiGHS that prints nothing: 1.16 prints its name to standard output before any option can be set."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the name in the binding, called by its constructor
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def _new() -> highspy.Highs:
    return _Silent()  # type: ignore[no-untyped-call]


def _model(program: Milp) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = program.matrix.shape
    lp.sense_ = highspy.ObjSense.kMinimize
    lp.col_cost_ = program.cost
    lp.col_lower_, lp.col_upper_ = program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_low, program.row_high
    if program.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in program.integer]
    matrix = csr_array(program.matrix)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data.astype(np.float64)
    return lp


@dataclass(frozen=True)
class _Stopped:
    """Whether HiGHS was asked to stop, and whether it was abandoned because it did not react."""

    asked: bool = False
    left: bool = False

    @property
    def why(self) -> Stopped:
        """Why HiGHS was abandoned."""
        return "interrupt" if self.asked else "time"


def _ended(highs: highspy.Highs) -> Stopped:
    """Return what ended a run, from the status of HiGHS."""
    return _ENDS.get(highs.getModelStatus().name, "solver")


def _run(highs: highspy.Highs, effort: Effort) -> _Stopped:
    """Run HiGHS in its own thread; tell whether it was asked to stop and did so.

    HiGHS keeps one scheduler per thread: a new thread never meets a scheduler that was made with other options.
    """
    stop, done = threading.Event(), threading.Event()
    questions = _listen(highs, effort, stop)
    end = time.monotonic() + max(effort.time_limit_s, 0.0)

    def work() -> None:
        try:
            highs.run()
            highspy.Highs.resetGlobalScheduler(False)  # noqa: FBT003 - the parameter has no name in the binding
        finally:
            done.set()

    # If the main thread ended while HiGHS still runs, the process would crash: Python kills a thread that calls it from
    # C++.
    with unbroken(stop.set):
        start_native(work)
        # Not Thread.join: before Python 3.13 it treats an interrupted thread as ended.
        while not done.wait(_POLL_S):
            if effort.interrupted is not None and effort.interrupted():
                stop.set()
            if stop.is_set() and time.monotonic() < end:
                # Some steps of HiGHS check the time limit but do not call back.
                highs.setOptionValue("time_limit", 0.0)
                end = time.monotonic()
            if time.monotonic() > end + _PATIENCE_S:
                for question in questions:
                    # From here on HiGHS makes no callback: a thread that calls Python while Python shuts down crashes
                    # the process.
                    question.clear()
                highs.setOptionValue("time_limit", 0.0)
                return _Stopped(asked=stop.is_set(), left=True)
    return _Stopped(asked=stop.is_set())


def _listen(highs: highspy.Highs, effort: Effort, stop: threading.Event) -> tuple[Any, ...]:
    """Register the callbacks by which HiGHS asks whether to stop and reports what it finds."""

    def ask(event: highspy.highs.HighsCallbackEvent) -> None:
        if stop.is_set() and event.data_in is not None:
            event.data_in.user_interrupt = True

    def tell(event: highspy.highs.HighsCallbackEvent) -> None:
        ask(event)
        if effort.report is not None and event.data_out is not None:
            effort.report(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)

    questions = (highs.cbSimplexInterrupt, highs.cbIpmInterrupt, highs.cbMipInterrupt)
    for question in questions:
        question.subscribe(tell if question is questions[-1] else ask)
    return questions
