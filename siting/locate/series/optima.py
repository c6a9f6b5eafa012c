"""The best plans under several limits of one kind, and what each of them proves about the others."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Ints, PlanStatus, Progress, quiet
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.problem import (
    NOISE,
    Effort,
    Ended,
    MaximalCovering,
    PMedian,
    Problem,
    Solver,
    without_plan,
)
from siting.locate.tolerances import SUM_TOLERANCE

Limit = Literal["stations", "budget"]
AtOnce = Callable[[Problem, Sequence[float], Effort], "list[Optimum]"]

# One point may take this many times its share of the remaining seconds.
_GENEROUS: Final = 4.0
# The share of the seconds that a sweep over all points may take; solving points one by one takes longer.
_AT_ONCE: Final = 0.85


@dataclass(frozen=True)
class Optimum:
    """The best known plan under a limit, and the bound on all plans under it.

    Parameters
    ----------
    limit : float
        Stations, or money.
    chosen : ndarray of int or None
        Sites that the plan opens; None without a plan.
    objective, bound : float
        Of the given model; NaN without a plan.
    stopped_by : str
        What ended the search.
    served : csr_array or None
        Persons of each point (column) that each site (row) serves, with capacity.
    """

    limit: float
    chosen: Ints | None
    objective: float
    bound: float
    stopped_by: Ended
    served: csr_array | None = None

    @property
    def gap(self) -> float:
        """|bound − objective| ÷ |objective|; 0 if both are equal, NaN without a plan."""
        apart = abs(self.bound - self.objective)
        if apart <= NOISE * abs(self.objective):
            return 0.0
        return apart / abs(self.objective) if self.objective else apart * math.inf

    @property
    def status(self) -> PlanStatus | Literal["unknown"]:
        """``"optimal"`` and ``"infeasible"`` only if that is proved."""
        if self.chosen is None:
            return without_plan(self.stopped_by)
        return "optimal" if self.gap == 0.0 else "feasible"


def sense_of(model: MaximalCovering | PMedian) -> float:
    """Return 1 if more is better, −1 if less is better.

    Raises
    ------
    ValueError
        The model has no single objective.
    """
    match model:
        case MaximalCovering():
            return 1.0
        case PMedian(beyond_s=float() | int()):
            return -1.0
        case _:
            message = "a series needs one objective: maximal covering, or a p-median with seconds for those beyond"
            raise ValueError(message)


def free_optima(
    problem: Problem,
    limits: Sequence[float],
    *,
    model: MaximalCovering | PMedian,
    effort: Effort,
    solver: Solver,
    by: Limit = "stations",
    at_once: AtOnce | None = None,
    progress: Progress = quiet,
) -> list[Optimum]:
    r"""Solve a problem under each limit separately, and let each bound and plan improve those of the other limits.

    Let :math:`z(p)` be the optimum under the limit p. A plan that uses less is always allowed, so z never falls:

    - the plan of a lower limit replaces that of a higher one if it is better,
    - a bound of :math:`z(q)` holds for :math:`z(p)` with p < q.

    Two more bounds hold if every subset of an allowed choice is allowed too and the objective is coverage (no forced
    sites, no occupied places, no capacity; covering only). The best p of q stations cover at least p/q of what the q
    stations cover. And q stations cover at most what p of them and the other q − p cover separately. Both hold because
    covering is submodular (Nemhauser, Wolsey and Fisher 1978, Mathematical Programming 14):

    .. math:: z(q) \le \frac{q}{p} z(p), \qquad z(q) \le z(p) + z(q - p)

    Parameters
    ----------
    problem : Problem
        The problem; the limit replaces the one in its rules.
    limits : sequence of float
        Numbers of stations or amounts of money, ascending, each once.
    model : MaximalCovering or PMedian
        The model; a p-median needs seconds for persons beyond the cut-off.
    effort : Effort
        When to stop: the nodes and the gap of one limit, the seconds of all of them together.
    solver : callable
        Called as ``solver(problem, model, effort)``.
    by : {"stations", "budget"}, default "stations"
        The limited quantity.
    at_once : callable, optional
        Called first as ``at_once(problem, limits, effort)`` with most of the seconds; returns some optima. Limits whose
        gap is then within the effort's gap are not solved again.
    progress : Progress
        Called as ``progress("curve", done, total)``.

    Returns
    -------
    list of Optimum
        One for each limit. After an interrupt or the time limit, limits without a solution of their own have the plans
        and bounds that follow from the others.
    """
    sense, deadline = sense_of(model), Deadline(effort)
    known: dict[float, Optimum] = {}
    if at_once is not None:
        known = {each.limit: each for each in at_once(problem, limits, deadline.left(_AT_ONCE))}
    todo = [limits[place] for place in _halving(len(limits))]
    todo = [limit for limit in todo if limit not in known or known[limit].gap > effort.rel_gap]
    with Interruptible(deadline):
        for done, limit in enumerate(todo):
            progress("curve", done, len(todo))
            if deadline.should_stop():
                break
            share = min(1.0, _GENEROUS / (len(todo) - done))
            found = _solved(problem, limit, by, model, deadline.left(share), solver)
            known[limit] = _together(known.get(limit), found, sense)
            if found.stopped_by == "interrupt":
                deadline.stop("interrupt")
    progress("curve", len(todo), len(todo))
    unknown = Optimum(math.nan, None, math.nan, sense * math.inf, deadline.ended or "time")
    if sense > 0 and hereditary(problem):
        unknown = replace(unknown, chosen=np.zeros(0, dtype=np.int64), objective=0.0)
    return propagate_bounds(problem, [known.get(limit, replace(unknown, limit=limit)) for limit in limits], sense, by)


def _together(one: Optimum | None, other: Optimum, sense: float) -> Optimum:
    """Return the better of two plans of one limit, with the better bound."""
    if one is None or one.chosen is None:
        return other
    bound = sense * min(sense * one.bound, sense * other.bound)
    worse = other.chosen is None or sense * other.objective < sense * one.objective
    return replace(one if worse else other, bound=bound, stopped_by=other.stopped_by)


def propagate_bounds(problem: Problem, optima: Sequence[Optimum], sense: float, by: Limit) -> list[Optimum]:
    """Return optima improved by the plans and bounds of the other limits; see :func:`free_optima`."""
    given = list(optima)
    _propagate_plans(given, sense)
    _propagate_bounds_down(given, sense)
    if sense > 0:
        _keep_within_reach(problem, given)
        if by == "stations" and hereditary(problem):
            _propagate_bounds_up(given, whole=bool(np.all(problem.value == np.floor(problem.value))))
            _propagate_bounds_down(given, sense)
    return [_consistent(each, sense) for each in given]


def hereditary(problem: Problem) -> bool:
    """Tell whether every subset of an allowed choice is allowed, and the objective depends on coverage alone."""
    rules = problem.rules
    forced = rules.forced is not None and bool(rules.forced.any())
    occupied = rules.occupied is not None and bool(rules.occupied.any())
    return not forced and not occupied and rules.capacity is None


def _halving(count: int) -> Iterator[int]:
    """Yield indices so that those yielded are spread out at any time: the last, the first, the middle, ..."""
    seen: set[int] = set()
    for parts in (1 << power for power in range(count.bit_length() + 1)):
        for part in range(parts, -1, -1):
            place = round(part * (count - 1) / parts)
            if 0 <= place < count and place not in seen:
                seen.add(place)
                yield place


def _solved(
    problem: Problem, limit: float, by: Limit, model: MaximalCovering | PMedian, effort: Effort, solver: Solver
) -> Optimum:
    sense = sense_of(model)
    if by == "stations" and limit == 0 and sense > 0 and problem.is_plain and hereditary(problem):
        return Optimum(limit, np.zeros(0, dtype=np.int64), 0.0, 0.0, "proved")
    limited = problem.under(stations=int(limit)) if by == "stations" else problem.under(budget=float(limit))
    found = solver(limited, model, effort)
    if not found.stages:
        return Optimum(limit, None, math.nan, sense * math.inf, found.stopped_by)
    return Optimum(limit, found.chosen, found.objective, found.bound, found.stopped_by, found.served)


def _propagate_plans(given: list[Optimum], sense: float) -> None:
    best: Optimum | None = None
    for place, here in enumerate(given):
        if best is not None and (here.chosen is None or sense * here.objective < sense * best.objective):
            given[place] = replace(here, chosen=best.chosen, objective=best.objective, served=best.served)
        elif here.chosen is not None:
            best = here


def _propagate_bounds_down(given: list[Optimum], sense: float) -> None:
    for place in range(len(given) - 2, -1, -1):
        bound = sense * min(sense * given[place].bound, sense * given[place + 1].bound)
        given[place] = replace(given[place], bound=bound)


def _propagate_bounds_up(given: list[Optimum], *, whole: bool) -> None:
    known = {int(each.limit): each.bound for each in given}
    for place, here in enumerate(given):
        size, bound = int(here.limit), here.bound
        for less in (less for less in known if 0 < less < size):
            parts = [known[less] * size / less]
            if size - less in known:
                parts.append(known[less] + known[size - less])
            lower = min(parts) * (1.0 + SUM_TOLERANCE)
            bound = min(bound, math.floor(lower) if whole and math.isfinite(lower) else lower)
        known[size] = bound
        given[place] = replace(here, bound=bound)


def _keep_within_reach(problem: Problem, given: list[Optimum]) -> None:
    most = within_reach(problem)
    given[:] = [replace(each, bound=min(each.bound, most)) for each in given]


def within_reach(problem: Problem) -> float:
    """Return the value that all sites open to choice reach, without what kept sites reach."""
    standing = problem.reached_by(np.zeros(0, dtype=np.int64))
    reached = problem.reached_by(np.flatnonzero(problem.open_to_choice))
    return math.fsum(problem.value[reached & ~standing])


def _consistent(each: Optimum, sense: float) -> Optimum:
    """Return an optimum whose bound is not worse than its objective, marked as proved if both are equal."""
    if each.chosen is None:
        return each
    # The plan itself proves that no bound can be worse than its objective; a difference within the tolerance is none.
    bound = sense * max(sense * each.bound, sense * each.objective)
    bounded = replace(each, bound=bound)
    return replace(bounded, bound=each.objective, stopped_by="proved") if bounded.gap == 0.0 else bounded
