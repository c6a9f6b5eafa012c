"""The coverage curve: covered people against the number of stations, or against money."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from siting.domain.nouns import Bools, Floats, Ints, Progress, quiet
from siting.locate.covering import covering_curve
from siting.locate.deadline import Deadline
from siting.locate.problem import NOISE, Effort, MaximalCovering, Problem, Rules, SetCovering, Solver
from siting.locate.series.optima import AtOnce, Limit, Optimum, free_optima, propagate_bounds, within_reach
from siting.locate.solve import solve

# Up to this number of stations each number is a point of the curve; beyond, each point is a tenth above the last.
_EACH_UP_TO: Final = 50
_STEP: Final = 10
_MONEY_STEPS: Final = 200
_MONEY_EACH_UP_TO: Final = 20
# The share of the seconds that the search for the end of the curve may take.
_FOR_THE_END: Final = 0.25
_ROUND: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


def coverage_curve(
    problem: Problem,
    effort: Effort,
    *,
    by: Limit = "stations",
    points: Sequence[float] | None = None,
    known: Optimum | None = None,
    solver: Solver = solve,
    progress: Progress = quiet,
) -> pd.DataFrame:
    """Return the most that each number of stations, or each amount of money, can cover, with bounds.

    Each point is a separate maximal covering problem (Church and ReVelle 1974): the plan of one point need not be part
    of the plan of the next (see :func:`~siting.locate.series.order.build_order` for that). Objectives never fall, since
    a plan that uses less is always allowed. Bounds never fall either, and each is valid by itself;
    :func:`~siting.locate.series.optima.free_optima` tells what the points prove about one another.

    Parameters
    ----------
    problem : Problem
        The walking times, the people and the rules. The limit of the curve replaces the same limit in the rules; the
        other limit (the budget for a curve by stations, and the reverse) stays.
    effort : Effort
        When to stop: the nodes and the gap of one point, the seconds of the whole curve.
    by : {"stations", "budget"}, default "stations"
        The limited quantity.
    points : sequence of float, optional
        The limits. If absent, they go from 0 to the least number of stations that covers the most possible: each number
        up to 50, then in steps of a tenth. By money they go from 0 to the least cost of that, in about as many round
        amounts. If that least value is not found within a quarter of the seconds, the curve ends at the best known
        value.
    known : Optimum, optional
        A known plan. No point with the same limit or a higher one is worse.
    solver : callable
        Called as ``solver(problem, model, effort)``.
    progress : Progress
        Called as ``progress("curve", done, total)``.

    Returns
    -------
    pandas.DataFrame
        One row for each limit, ascending: ``limit`` (stations or money), ``stations`` (counted sites that the plan
        opens, at most the limit), ``cost`` (NaN without costs), ``newly_covered`` (value, the objective), ``covered``
        (all covered persons, with those of kept sites; with capacity those who are served), ``covered_share`` (of all
        persons), ``value_share`` (of all value, the same without weights), ``bound`` (of ``newly_covered``),
        ``bound_share`` (of ``value_share``), ``gap``, ``status``, ``stopped_by`` and ``chosen`` (sites, a tuple). If no
        plan satisfies the rules (``"infeasible"``), or none was found in time (``"unknown"``), these figures are NaN.

    Raises
    ------
    ValueError
        A curve by money without costs, or a limit that is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Effort, Problem
    >>> from siting.locate.series import coverage_curve
    >>> reach = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    >>> problem = Problem(csr_array(reach * 60.0), np.array([40.0, 50.0, 60.0, 30.0]))
    >>> curve = coverage_curve(problem, Effort())
    >>> curve[["limit", "newly_covered", "bound"]].to_numpy().tolist()
    [[0.0, 0.0, 0.0], [1.0, 110.0, 110.0], [2.0, 180.0, 180.0]]
    """
    if by == "budget" and problem.rules.costs is None:
        message = "a curve by money needs costs"
        raise ValueError(message)
    deadline = Deadline(effort)
    last = None
    if points is None:
        last = _end(problem, deadline.left(_FOR_THE_END), by, solver)
        limits = sizes_up_to(last.limit) if by == "stations" else _by_money(last.limit)
    else:
        limits = sorted(set(points))
    if not all(math.isfinite(limit) and limit >= 0 for limit in limits):
        message = "limits must be finite and not negative"
        raise ValueError(message)
    if by == "stations":
        limits = [float(int(limit)) for limit in limits]
    before = limits if last is None else limits[:-1]
    found = free_optima(
        problem,
        before,
        model=MaximalCovering(),
        effort=deadline.left(report=effort.report),
        solver=solver,
        by=by,
        at_once=by_kernels(problem, solver) if by == "stations" else None,
        progress=progress,
    )
    if last is not None:
        found = propagate_bounds(problem, [*found, last], 1.0, by)
    return _table(problem, _with_known(problem, found, known, by), by)


def _with_known(problem: Problem, found: list[Optimum], known: Optimum | None, by: Limit) -> list[Optimum]:
    """Return optima after adding the plan that is known beforehand."""
    if known is None or known.chosen is None:
        return found
    # For its own limit, the only known bound is the value of all people within reach.
    spent = _spent(problem, known.chosen, by)
    before = [each for each in found if each.limit < spent]
    own = replace(known, limit=spent, bound=within_reach(problem), stopped_by="time")
    both = propagate_bounds(problem, [*before, own, *found[len(before) :]], 1.0, by)
    return [*both[: len(before)], *both[len(before) + 1 :]]


def by_kernels(problem: Problem, solver: Solver) -> AtOnce | None:
    """Return the sweep over all numbers of stations, if the problem is plain and the solver is the default."""
    forced = np.zeros(problem.sites, dtype=np.bool_) if problem.rules.forced is None else problem.rules.forced
    fewest = int(forced.sum())
    if solver is not solve or not problem.is_plain or np.any(forced & ~problem.open_to_choice):
        return None

    def sweep(problem: Problem, limits: Sequence[float], effort: Effort) -> list[Optimum]:
        sizes = [int(limit) for limit in limits if limit >= fewest]
        points = covering_curve(problem, sizes, effort)
        return [Optimum(float(each.stations), each.chosen, each.objective, each.bound, "nodes") for each in points]

    return sweep


def _end(problem: Problem, effort: Effort, by: Limit, solver: Solver) -> Optimum:
    """Return the plan at the end of the curve: full cover with the least, or otherwise the most that the rules allow.

    Its bound is the value of all people within reach.
    """
    free = problem.under(stations=None) if by == "stations" else problem.under(budget=None)
    most = within_reach(free)
    standing = free.reached_by(np.zeros(0, dtype=np.int64))
    everybody = free.reached_by(np.flatnonzero(free.open_to_choice))
    total = math.fsum(free.people)
    # Slightly less than the share within reach, which a float may not represent exactly.
    share = math.fsum(free.people[everybody | standing]) / total * (1.0 - NOISE**2) if total > 0 else 0.0
    full = solver(free, SetCovering(share=min(share, 1.0), by_cost=by == "budget"), effort)
    found = most if full.stages and full.served is None else -1.0
    if found >= 0:
        found = math.fsum(free.value[free.reached_by(full.chosen) & ~standing])
    if found < most * (1.0 - NOISE):
        counted = int(free.counted.sum())
        limited = free.under(stations=counted) if by == "stations" else free.under(budget=_all_money(free))
        full = solver(limited, MaximalCovering(), effort)
        if not full.stages:
            return Optimum(0.0, None, math.nan, most, full.stopped_by)
        return Optimum(
            _spent(free, full.chosen, by), full.chosen, full.objective, full.bound, full.stopped_by, full.served
        )
    return Optimum(_spent(free, full.chosen, by), full.chosen, found, most, "proved")


def _all_money(problem: Problem) -> float:
    return math.fsum(_costs(problem)[problem.open_to_choice])


def _costs(problem: Problem) -> Floats:
    return np.full(problem.sites, np.nan) if problem.rules.costs is None else problem.rules.costs


def _spent(problem: Problem, chosen: Ints, by: Limit) -> float:
    return float(problem.counted[chosen].sum()) if by == "stations" else math.fsum(_costs(problem)[chosen])


def sizes_up_to(end: float) -> list[float]:
    """Return 0, 1, 2, ... 50, then steps of a tenth, and the end."""
    return [float(number) for number in _growing(_EACH_UP_TO, int(end))]


def _by_money(end: float) -> list[float]:
    """Return 0, twenty round steps, steps of a tenth, and the end: the first amounts of money bring most."""
    if end <= 0:
        return [0.0]
    rough = end / _MONEY_STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in _ROUND if times * power >= rough * (1.0 - NOISE))
    counts = _growing(_MONEY_EACH_UP_TO, math.ceil(end / step))
    return [*(step * count for count in counts if step * count < end * (1.0 - NOISE)), end]


def _growing(each_up_to: int, last: int) -> list[int]:
    """Return 0, 1, 2, ..., then steps of a tenth, and the last."""
    numbers = list(range(min(last, each_up_to) + 1))
    while numbers[-1] < last:
        numbers.append(min(numbers[-1] + -(-numbers[-1] // _STEP), last))
    return numbers


def _table(problem: Problem, found: Sequence[Optimum], by: Limit) -> pd.DataFrame:
    people, value = math.fsum(problem.people), math.fsum(problem.value)
    valued = _standing_value(problem)
    rows = []
    for each in found:
        chosen = np.zeros(0, dtype=np.int64) if each.chosen is None else each.chosen
        covered = math.nan if each.chosen is None else _covered(problem, each)
        rows.append(
            {
                "limit": int(each.limit) if by == "stations" else each.limit,
                "stations": int(problem.counted[chosen].sum()),
                "cost": math.fsum(_costs(problem)[chosen]) if problem.rules.costs is not None else math.nan,
                "newly_covered": each.objective,
                "covered": covered,
                "covered_share": _share(covered, people),
                "value_share": _share(valued + each.objective, value),
                "bound": each.bound,
                "bound_share": _share(valued + each.bound, value),
                "gap": each.gap,
                "status": each.status,
                "stopped_by": each.stopped_by,
                "chosen": tuple(chosen.tolist()),
            }
        )
    return pd.DataFrame(rows)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan


def _covered(problem: Problem, plan: Optimum) -> float:
    """Return all persons that a plan covers, or with capacity serves."""
    chosen = np.zeros(0, dtype=np.int64) if plan.chosen is None else plan.chosen
    if plan.served is None:
        return math.fsum(problem.people[problem.reached_by(chosen)])
    served = np.asarray(plan.served.sum(axis=0)).ravel()
    freely = _reached_freely(problem)
    return math.fsum(problem.people[freely]) + math.fsum(served[~freely])


def _reached_freely(problem: Problem) -> Bools:
    """Return the points that a kept site without capacity limit reaches: all people there are served."""
    capacity = problem.rules.capacity
    free = problem.kept if capacity is None else problem.kept & np.isinf(capacity)
    return problem.under(kept=free, capacity=None).reached_by(np.zeros(0, dtype=np.int64))


def _standing_value(problem: Problem) -> float:
    """Return the value of the people that kept sites cover, or with capacity the most that they can serve."""
    freely = _reached_freely(problem)
    worth = math.fsum(problem.value[freely])
    capacity = problem.rules.capacity
    limited = problem.kept if capacity is None else problem.kept & np.isfinite(capacity)
    if capacity is None or not limited.any():
        return worth
    left = np.where(freely, 0.0, 1.0)
    alone = replace(
        problem,
        people=problem.people * left,
        weights=None if problem.weights is None else problem.weights * left,
        rules=Rules(forced=limited, forbidden=~limited, capacity=capacity),
    )
    return worth + solve(alone, MaximalCovering(), Effort()).objective
