"""The covering programme, solved by HiGHS; the only file that imports a solver."""

import math
import threading
import time
from dataclasses import dataclass, replace
from typing import Final, Literal

import highspy
import numpy as np
from scipy.sparse import block_array, csr_array, eye_array

from siting.domain.nouns import Floats, Ints
from siting.locate.instance import CoveringInstance

Ended = Literal["proved", "nodes", "time", "interrupt", "solver"]

# HiGHS counts a row as kept, and a number as whole, when it is off by no more than this.
_TOLERANCE: Final = 1e-9
# The size of the largest weight and of the largest cost that is no whole number, as HiGHS sees them.
_LARGEST_WEIGHT: Final = 1000.0
_LARGEST_COST: Final = 1000.0
_LARGEST_WHOLE: Final = 2.0**53
_LARGEST_POWER: Final = 1000
# Where persons are whole a gap of less than one proves, and a bound loses its fraction.
_UNDER_ONE: Final = 0.999
_UP: Final = 1e-3
_HALF: Final = 0.5
_POLL_S: Final = 0.1
_ENDS: Final[dict[str, Ended]] = {
    "kOptimal": "proved",
    "kSolutionLimit": "nodes",
    "kTimeLimit": "time",
}


@dataclass(frozen=True)
class Limits:
    """When to stop without a proof (nodes searched; seconds, as a safety stop), and the random seed."""

    max_nodes: int | None = None
    time_limit_s: float = math.inf
    seed: int = 0


@dataclass(frozen=True)
class Solved:
    """What HiGHS found: a choice that keeps to the limits, what no choice can exceed, and why it ended.

    ``ended`` is ``"proved"`` if HiGHS holds its own choice to be optimal, else the limit that it met:
    ``"nodes"``, ``"time"``, ``"interrupt"``, or ``"solver"`` when it gave up (numerical trouble, memory).
    """

    chosen: Ints
    bound: float
    ended: Ended


def _new() -> highspy.Highs:
    return highspy.Highs()  # type: ignore[no-untyped-call]


def solver_name() -> str:
    """Return the name and version of the solver."""
    return f"HiGHS {_new().version()}"


def solve(instance: CoveringInstance, incumbent: Ints, limits: Limits) -> Solved:
    r"""Solve the maximal covering programme of Church and ReVelle.

    .. math::

        \max \sum_g w_g y_g \quad \text{subject to} \quad
        y_g \le \sum_{j \in N(g)} x_j \;\forall g, \quad \sum_j x_j \le p, \quad \sum_j c_j x_j \le B, \quad
        x_j \in \{0, 1\}, \; 0 \le y_g \le 1

    with :math:`x_j` = 1 if candidate j is opened, :math:`y_g` = 1 if demand g is covered (whole without
    being asked to be), :math:`w_g` its persons, :math:`N(g)` the candidates that reach it, :math:`p` the
    most stations, :math:`c_j` the cost of j and :math:`B` the budget; the rows of p and B stand there where
    they are given.

    HiGHS keeps to a row within a tolerance only. Its choice is added up anew; one that exceeds the budget
    is forbidden, with all that contain it, by :math:`\sum_{j \in S} x_j \le |S| - 1`, and the programme
    solved again. The bounds of all solutions hold, since each programme allows every choice that keeps to
    the budget.

    Parameters
    ----------
    instance : CoveringInstance
        A reduced problem with at least one candidate and one demand point.
    incumbent : Ints
        Candidates that keep to the limits; what HiGHS starts from.
    limits : Limits
        When to stop.

    Returns
    -------
    Solved
        The better of the incumbent and what HiGHS found, and the bound.

    References
    ----------
    Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science
    Association 32, 101-118.
    """
    end = time.monotonic() + limits.time_limit_s
    bound, left = math.inf, limits
    too_dear: list[Ints] = []
    while True:
        run = _solve_once(instance, too_dear, incumbent, left)
        bound = min(bound, run.bound)
        if instance.affords(run.chosen):
            chosen = max(incumbent, run.chosen, key=instance.covered_by)
            return Solved(chosen, bound, run.ended)
        if run.ended != "proved":
            return Solved(incumbent, bound, run.ended)
        too_dear.append(run.chosen)
        nodes = None if left.max_nodes is None else max(left.max_nodes - run.nodes, 0)
        left = replace(left, time_limit_s=max(end - time.monotonic(), 0.0), max_nodes=nodes)


@dataclass(frozen=True)
class _Run:
    """What one programme gave: a choice, a bound, why it ended and how many nodes it took."""

    chosen: Ints
    bound: float
    ended: Ended
    nodes: int


def _solve_once(instance: CoveringInstance, too_dear: list[Ints], incumbent: Ints, limits: Limits) -> _Run:
    """Build, solve and read one programme. Weights are scaled by a power of two, which changes no digit of them."""
    scale = 2.0 ** min(math.floor(math.log2(_LARGEST_WEIGHT) - math.log2(instance.weights.max())), _LARGEST_POWER)
    highs = _solver(instance, scale, limits)
    highs.passModel(_programme(instance, scale, too_dear))
    start = highspy.HighsSolution()
    start.col_value = _point(instance, incumbent)
    highs.setSolution(start)
    interrupted = _run(highs)
    info = highs.getInfo()
    ended = _ENDS.get(highs.getModelStatus().name, "interrupt" if interrupted else "solver")
    known = info.valid and ended != "solver"
    values = np.asarray(highs.getSolution().col_value[: instance.covers.shape[0]])
    return _Run(
        chosen=np.flatnonzero(values > _HALF).astype(np.int64),
        bound=_bound(instance, info.mip_dual_bound / scale) if known else math.inf,
        ended=ended,
        nodes=max(int(info.mip_node_count), 0),
    )


def _solver(instance: CoveringInstance, scale: float, limits: Limits) -> highspy.Highs:
    """Return HiGHS, silent, on one thread, with no gap allowed."""
    options: dict[str, bool | int | float] = {
        "output_flag": False,
        "threads": 1,
        "random_seed": limits.seed,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": _UNDER_ONE * scale if _whole(instance) else 0.0,
        "mip_feasibility_tolerance": _TOLERANCE,
        "time_limit": limits.time_limit_s,
    }
    if limits.max_nodes is not None:
        options["mip_max_nodes"] = limits.max_nodes
    highs = _new()
    for name, value in options.items():
        highs.setOptionValue(name, value)
    return highs


def _whole(instance: CoveringInstance) -> bool:
    return bool(np.all(instance.weights == np.rint(instance.weights)))


def _bound(instance: CoveringInstance, bound: float) -> float:
    """Return the bound, without its fraction where persons are whole."""
    return float(math.floor(bound + _UP)) if _whole(instance) and math.isfinite(bound) else bound


def _programme(instance: CoveringInstance, scale: float, too_dear: list[Ints]) -> highspy.HighsLp:
    """Return the programme with a column for each candidate, then one for each demand point."""
    sites, groups = instance.covers.shape
    over_sites, upper = _limit_rows(instance, too_dear)
    rows = block_array(
        [
            [-instance.covers.T.astype(np.float64), eye_array(groups)],
            [csr_array(over_sites), csr_array((len(upper), groups))],
        ],
        format="csr",
    )
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = rows.shape
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = np.concatenate([np.zeros(sites), instance.weights * scale])
    lp.col_lower_ = np.zeros(sites + groups)
    lp.col_upper_ = np.ones(sites + groups)
    lp.row_lower_ = np.full(rows.shape[0], -highspy.kHighsInf)
    lp.row_upper_ = np.concatenate([np.zeros(groups), upper])
    lp.integrality_ = [highspy.HighsVarType.kInteger] * sites + [highspy.HighsVarType.kContinuous] * groups
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = rows.indptr
    lp.a_matrix_.index_ = rows.indices
    lp.a_matrix_.value_ = rows.data.astype(np.float64)
    return lp


def _limit_rows(instance: CoveringInstance, too_dear: list[Ints]) -> tuple[Floats, Floats]:
    """Return the rows over candidates alone (number, money, choices found too dear) and their upper sides."""
    rows: list[Floats] = []
    upper: list[float] = []
    if instance.stations is not None:
        rows.append(np.ones(instance.covers.shape[0]))
        upper.append(float(instance.most))
    if instance.budget is not None and instance.costs is not None and instance.costs.any():
        unit = _money_unit(instance.costs)
        # A hair wider than the budget, lest division round a choice away; what is over it is found afterwards.
        rows.append(instance.costs / unit)
        upper.append(instance.budget * (1.0 + _TOLERANCE) / unit)
    for choice in too_dear:
        rows.append(np.isin(np.arange(instance.covers.shape[0]), choice).astype(np.float64))
        upper.append(len(choice) - 1.0)
    return np.array(rows).reshape(len(rows), instance.covers.shape[0]), np.array(upper)


def _money_unit(costs: Floats) -> float:
    """Return the greatest common divisor of whole costs (they stay whole), else a share of the dearest."""
    if np.all(costs == np.rint(costs)) and costs.max() < _LARGEST_WHOLE:
        return float(np.gcd.reduce(costs.astype(np.int64)))
    return float(costs.max()) / _LARGEST_COST


def _point(instance: CoveringInstance, chosen: Ints) -> Floats:
    """Return the values of all columns for a choice."""
    opened = np.zeros(instance.covers.shape[0])
    opened[chosen] = 1.0
    return np.concatenate([opened, (instance.covers.T @ opened > 0).astype(np.float64)])


def _run(highs: highspy.Highs) -> bool:
    """Run HiGHS in a thread of its own, and tell whether a KeyboardInterrupt made it stop at its next chance.

    HiGHS keeps one scheduler a thread: in a thread of its own it does not meet one made with other options.
    """
    stop, done = threading.Event(), threading.Event()

    def ask(event: highspy.highs.HighsCallbackEvent) -> None:
        if stop.is_set() and event.data_in is not None:
            event.data_in.user_interrupt = True

    def work() -> None:
        try:
            highs.run()
            highspy.Highs.resetGlobalScheduler(False)  # noqa: FBT003 - the binding takes no name
        finally:
            done.set()

    for question in (highs.cbMipInterrupt, highs.cbSimplexInterrupt, highs.cbIpmInterrupt):
        question.subscribe(ask)
    threading.Thread(target=work, daemon=True).start()
    while True:
        try:
            # Not Thread.join, which takes the thread for ended once it is interrupted (before Python 3.13).
            if done.wait(_POLL_S):
                return stop.is_set()
        except KeyboardInterrupt:
            stop.set()
