"""What to build in which phase: maximal covering over several years, exact.

Beside it stand two plans that are made without it, so that their loss can be told: each phase planned alone, and the
plan of the last phase built in greedy order.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, kron

from siting.domain.nouns import Floats, Ints
from siting.locate.deadline import Deadline, Interruptible, keeps_first_plan
from siting.locate.highs import Milp, Stopped, minimise, solver_name
from siting.locate.milp.constraints import ConstraintBlock, money_unit, satisfies, site_constraints, stacked
from siting.locate.milp.demand_groups import grouped
from siting.locate.milp.lexicographic import ProgressReporter
from siting.locate.milp.objectives import Objective
from siting.locate.problem import (
    Bools,
    Effort,
    Ended,
    MaximalCovering,
    Model,
    Problem,
    Solution,
    Solver,
    status_of,
    without_plan,
)
from siting.locate.tolerances import SUM_TOLERANCE

Opened = tuple[Ints, ...]

# The part of the seconds that each of the two other plans may take.
_OTHERS_SHARE: Final = 0.1
_HALF: Final = 0.5


@dataclass(frozen=True)
class Phase:
    """The people of a phase, and what may be built in it.

    Parameters
    ----------
    value : ndarray
        Shape (points,): persons at each point that no facility of the phase covers; not negative.
    available : ndarray of bool
        Shape (sites,): sites that may open in this phase.
    factor : float
        The (discounted) years for which the phase counts; positive.
    stations : int or None
        The most stations that open in this phase.
    budget : float or None
        The most money for this phase; what is left of it is not carried over.
    """

    value: Floats
    available: Bools
    factor: float = 1.0
    stations: int | None = None
    budget: float | None = None


@dataclass(frozen=True)
class PhasedSolution(Solution):
    """A plan over phases.

    ``opened`` are the sites that open in each phase, ascending. ``alone`` and ``greedy`` are the objectives of two
    other plans, NaN where such a plan breaks a rule: each phase planned alone, and the best sites of the last phase
    built in greedy order.
    """

    opened: Opened = ()
    alone: float = math.nan
    greedy: float = math.nan

    @property
    def other_plans(self) -> dict[str, float]:
        """The objectives of the two other plans by name."""
        return {"each_alone": self.alone, "greedy_order": self.greedy}


@keeps_first_plan
def solve_phases(problem: Problem, phases: Sequence[Phase], solver: Solver, effort: Effort) -> PhasedSolution:
    r"""Choose what opens in which phase, so that the most elderly-years are covered.

    With :math:`x_{tj}` = 1 if site j is open in phase t, and :math:`y_{tg}` the covered share of the points g, which
    the same sites :math:`N_g` reach:

    .. math::

        \max\; & \sum_t f_t \sum_g v_{tg} y_{tg} \\
        & y_{tg} \le \sum_{j \in N_g} x_{tj}, \quad x_{t-1,j} \le x_{tj} \\
        & \sum_j (x_{tj} - x_{t-1,j}) \le p_t, \quad \sum_j c_j (x_{tj} - x_{t-1,j}) \le B_t \\
        & x_{tj} = x_{t-1,j} \text{ where j may not open in t}, \quad x_T \in R

    with :math:`f_t` the factor, :math:`v_{tg}` the persons, :math:`p_t` and :math:`B_t` the limits of a phase, and
    :math:`R` the rules of the request (:func:`~siting.locate.milp.constraints.site_constraints`), which hold for all
    that is open at the end: none of them can be broken by fewer sites, except that forced ones are open at the end.
    It is the multi-period form of the maximal covering problem (Schilling 1980).

    Parameters
    ----------
    problem : Problem
        Times and rules. Its people are not used, nor what its kept sites reach.
    phases : sequence of Phase
        In the order of time, at least one.
    solver : callable
        Solves one phase, for the two other plans: :func:`siting.locate.solve.solve`.
    effort : Effort
        When to stop.

    Returns
    -------
    PhasedSolution
        Its stage is ``"elderly_years"``.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.phases import Phase, solve_phases
    >>> from siting.locate.problem import Effort, Problem
    >>> from siting.locate.solve import solve
    >>> every = np.array([True, True])
    >>> phases = [Phase(np.array(people), every, stations=1) for people in ([50.0, 40.0], [50.0, 90.0])]
    >>> found = solve_phases(Problem(csr_array(np.eye(2) * 60.0), np.ones(2)), phases, solve, Effort())
    >>> [each.tolist() for each in found.opened], found.objective, found.status
    ([[0], [1]], 190.0, 'optimal')
    """
    deadline = Deadline(effort)
    program = PhasedMilp(problem, phases)
    alone, greedy = (_other(make, program, solver, deadline) for make in (each_alone, greedy_order))
    best = max((plan for plan in (alone, greedy) if plan is not None), key=program.value_of, default=None)
    first = math.nan if best is None else program.value_of(best)
    found, bound, stopped = _optimise(program, best, deadline)
    if found is not None and (best is None or program.value_of(found) > program.value_of(best)):
        best = found
    if best is None:
        ended: Ended = "proved" if stopped == "infeasible" else stopped
        return PhasedSolution(np.zeros(0, dtype=np.int64), without_plan(ended), (), ended, solver_name())
    stages = (program.objective.stage(program.value_of(best), bound),)
    return PhasedSolution(
        chosen=np.sort(_joined(best)),
        status=status_of(stages),
        stages=stages,
        # A solver that calls the program infeasible although a plan is known is wrong.
        stopped_by="solver" if stopped == "infeasible" else stopped,
        solver=solver_name(),
        first_objective=first,
        opened=best,
        alone=math.nan if alone is None else program.value_of(alone),
        greedy=math.nan if greedy is None else program.value_of(greedy),
    )


def each_alone(problem: Problem, phases: Sequence[Phase], solver: Solver, effort: Effort) -> Opened | None:
    """Return the plan that opens the best sites of each phase beside those of the phases before; None without one."""
    opened: list[Ints] = []
    for number, phase in enumerate(phases):
        found = solver(_of_phase(problem, phase, _joined(opened), last=number + 1 == len(phases)), _MODEL, effort)
        if not found.stages:
            return None
        opened.append(np.setdiff1d(found.chosen, _joined(opened)))
    return tuple(opened)


def greedy_order(problem: Problem, phases: Sequence[Phase], solver: Solver, effort: Effort) -> Opened | None:
    """Return the plan that builds the best sites of the last phase in greedy order, as far as the limits allow."""
    stations, budget = _total([phase.stations for phase in phases]), _total([phase.budget for phase in phases])
    some = np.logical_or.reduce([phase.available for phase in phases])
    whole = replace(phases[-1], stations=None if stations is None else int(stations), budget=budget, available=some)
    found = solver(_of_phase(problem, whole, _joined([]), last=True), _MODEL, effort)
    if not found.stages:
        return None
    waiting: list[int] = found.chosen.tolist()
    opened: list[Ints] = []
    for phase in phases:
        left = np.where(problem.reached_by(_joined(opened)), 0.0, phase.value)
        new: list[int] = []
        while fitting := [site for site in waiting if _fits(problem, phase, [*new, site])]:
            best = max(fitting, key=lambda site: (math.fsum(left[problem.points_of(site)]), -site))
            left[problem.points_of(best)] = 0.0
            new.append(best)
            waiting.remove(best)
        opened.append(np.array(sorted(new), dtype=np.int64))
    return tuple(opened)


_MODEL: Final = MaximalCovering()


def _other(
    make: Callable[[Problem, Sequence[Phase], Solver, Effort], Opened | None],
    program: "PhasedMilp",
    solver: Solver,
    deadline: Deadline,
) -> Opened | None:
    """Return one of the two other plans; None if it breaks a rule, or after an interrupt."""

    def watched(problem: Problem, model: Model, effort: Effort) -> Solution:
        found = solver(problem, model, effort)
        if found.stopped_by == "interrupt":
            deadline.stop("interrupt")
        return found

    if deadline.should_stop():
        return None
    found: Opened | None = None
    with Interruptible(deadline):
        found = make(program.problem, program.phases, watched, replace(deadline.left(_OTHERS_SHARE), report=None))
    return found if found is not None and program.is_feasible(found) else None


def _optimise(program: "PhasedMilp", start: Opened | None, deadline: Deadline) -> tuple[Opened | None, float, Stopped]:
    """Return the best plan that HiGHS finds, the bound, and why it stopped."""
    bound = math.fsum(program.value.ravel().tolist())
    cuts: tuple[ConstraintBlock, ...] = ()
    reporter = ProgressReporter(program.objective, 0.0, deadline.effort)
    point = None if start is None else program.point_of(start)
    while not deadline.should_stop():
        run = minimise(program.milp(cuts), deadline.left(1.0, reporter), start=point)
        deadline.spend(run.nodes)
        bound = min(bound, program.objective.bound(run.bound))
        plan = None if run.values is None else program.opened_by(run.values)
        if plan is None or run.stopped_by != "proved" or program.is_feasible(plan):
            return (plan if plan is not None and program.is_feasible(plan) else None), bound, run.stopped_by
        # HiGHS keeps to a budget within its tolerance only.
        cuts = (*cuts, program.no_good_cut(plan))
    return None, bound, deadline.ended or "time"


class PhasedMilp:
    """The program of :func:`solve_phases`.

    Variables: the sites of each phase, then the covered shares of each phase's groups of points. A group has the points
    that the same sites reach.
    """

    def __init__(self, problem: Problem, phases: Sequence[Phase]) -> None:
        # Which people facilities cover depends on the phase: the kept sites reach nobody here.
        reaches = np.repeat(~problem.kept, np.diff(problem.times.indptr))
        self.problem, self.phases = problem.with_pairs(reaches), tuple(phases)
        self.rules = site_constraints(problem)
        self.kept = problem.kept.astype(np.float64)
        value = np.vstack([phase.value * phase.factor for phase in phases])
        self.reached, self.value = _grouped(self.problem, value)
        sites = np.zeros(len(phases) * problem.sites)
        self.objective = Objective("elderly_years", "max", np.concatenate([sites, self.value.ravel()]))
        self._low, self._high = self._bounds()

    def _bounds(self) -> tuple[Floats, Floats]:
        """Return the bounds of the variables: a site that may not open up to a phase is closed in it."""
        free, since = self.problem.open_to_choice, np.zeros(self.problem.sites, dtype=np.bool_)
        low, high = [], []
        for phase in self.phases:
            since |= phase.available
            low.append(self.kept)
            high.append(np.maximum(self.kept, free & since))
        groups = self.value.size
        return np.concatenate([*low, np.zeros(groups)]), np.concatenate([*high, np.ones(groups)])

    @property
    def blocks(self) -> list[ConstraintBlock]:
        """The constraints: coverage, phases one after the other, their limits, and the rules of the last phase."""
        last = (len(self.phases) - 1) * self.problem.sites
        of_last = [replace(block, matrix=_shifted(block.matrix, last)) for block in self.rules]
        return [self._coverage(), *self._nested(), *self._limits(), *of_last]

    def milp(self, cuts: tuple[ConstraintBlock, ...] = ()) -> Milp:
        """Return the program with cuts."""
        matrix, low, high = stacked([*self.blocks, *cuts], len(self._low))
        integer = np.zeros(len(self._low), dtype=np.bool_)
        integer[: len(self.phases) * self.problem.sites] = True
        return Milp(self.objective.costs, matrix, low, high, self._low, self._high, integer)

    def _coverage(self) -> ConstraintBlock:
        count, groups = len(self.phases), self.reached.shape[0]
        by_site = kron(eye_array(count), -self.reached.astype(np.float64))
        matrix = csr_array(hstack([by_site, eye_array(count * groups)], format="csr"))
        return _block(matrix, np.zeros(count * groups))

    def _nested(self) -> list[ConstraintBlock]:
        """Return that nothing closes, and that nothing opens in a phase in which it may not."""
        sites = np.flatnonzero(self.problem.open_to_choice)
        blocks = []
        for number in range(1, len(self.phases)):
            step = self._opening(number, sites)
            blocks.append(_block(-step, np.zeros(len(sites))))
            barred = ~self.phases[number].available[sites]
            if barred.any():
                blocks.append(_block(csr_array(step[np.flatnonzero(barred)]), np.zeros(int(barred.sum()))))
        return blocks

    def _opening(self, number: int, sites: Ints) -> csr_array:
        """Return one row for each site: 1 if it opens in a phase."""
        rows, ones, width = np.arange(len(sites)), np.ones(len(sites)), self.problem.sites
        found = csr_array((ones, (rows, number * width + sites)), shape=(len(sites), len(self._low)))
        if number == 0:
            return found
        return csr_array(found - csr_array((ones, (rows, (number - 1) * width + sites)), shape=found.shape))

    def _limits(self) -> list[ConstraintBlock]:
        """Return the most stations and the most money of each phase."""
        free, blocks = np.flatnonzero(self.problem.open_to_choice), []
        counted = self.problem.counted[free].astype(np.float64)
        costs = _costs(self.problem)[free]
        for number, phase in enumerate(self.phases):
            opening = self._opening(number, free)
            if phase.stations is not None:
                blocks.append(_block(csr_array(counted[None, :] @ opening), np.array([float(phase.stations)])))
            if phase.budget is not None and bool(np.any(costs > 0)):
                unit = money_unit(costs)
                most = phase.budget * (1.0 + SUM_TOLERANCE) / unit
                high = np.floor(most) if np.all(costs == np.rint(costs)) else most
                blocks.append(_block(csr_array((costs / unit)[None, :] @ opening), np.array([high])))
        return blocks

    def opened_by(self, values: Floats) -> Opened:
        """Return the sites that a point opens in each phase."""
        count, width = len(self.phases), self.problem.sites
        is_open = values[: count * width].reshape(count, width) > _HALF
        before = np.vstack([self.kept > 0, is_open[:-1]])
        return tuple(np.flatnonzero(new).astype(np.int64) for new in is_open & ~before)

    def is_feasible(self, opened: Opened) -> bool:
        """Tell whether a plan satisfies all rules and limits exactly."""
        chosen = _joined(opened)
        return (
            len(np.unique(chosen)) == len(chosen)
            and satisfies(self.problem, chosen, self.rules)
            and all(_fits(self.problem, phase, new) for phase, new in zip(self.phases, opened, strict=True))
        )

    def no_good_cut(self, opened: Opened) -> ConstraintBlock:
        """Return a cut that excludes a plan over a budget, and all plans that open more in the same phase."""
        over = [n for n, new in enumerate(opened) if not _fits(self.problem, self.phases[n], new)]
        parts = [self._opening(number, opened[number]) for number in over or range(len(opened))]
        row = np.sum([part.sum(axis=0) for part in parts], axis=0)
        most = sum(part.shape[0] for part in parts) - 1.0
        return _block(csr_array(row[None, :]), np.array([most]))

    def _covered(self, opened: Opened) -> Iterable[Bools]:
        """Yield the groups that are covered in each phase."""
        is_open = np.zeros(self.problem.sites)
        for new in opened:
            is_open[new] = 1.0
            yield np.asarray(self.reached @ is_open > 0)

    def value_of(self, opened: Opened) -> float:
        """Return the objective of a plan, rounded once."""
        parts = [value[covered] for value, covered in zip(self.value, self._covered(opened), strict=True)]
        return math.fsum(np.concatenate(parts).tolist())

    def point_of(self, opened: Opened) -> Floats:
        """Return the variables of a plan."""
        is_open, sites = self.kept.copy(), []
        for new in opened:
            is_open[new] = 1.0
            sites.append(is_open.copy())
        shares = [covered.astype(np.float64) for covered in self._covered(opened)]
        return np.concatenate([*sites, *shares])


def _of_phase(problem: Problem, phase: Phase, opened: Ints, *, last: bool) -> Problem:
    """Return one phase as a problem of its own: what is open costs nothing more and stays."""
    there = np.zeros(problem.sites, dtype=np.bool_)
    there[opened] = True
    forced = problem.rules.forced
    costs = np.where(there, 0.0, _costs(problem))
    barred = ~phase.available & ~there
    forbidden = barred if problem.rules.forbidden is None else barred | problem.rules.forbidden
    # Rules that forced sites break before they may open are left to the whole plan.
    wanted = there if forced is None or not last else there | forced
    return replace(
        problem.under(
            stations=None if phase.stations is None else phase.stations + len(opened),
            budget=phase.budget,
            costs=costs if phase.budget is not None or problem.rules.costs is not None else None,
            forced=wanted if wanted.any() else None,
            forbidden=forbidden if forbidden.any() else None,
        ),
        people=phase.value,
        weights=None,
        units=None,
    )


def _fits(problem: Problem, phase: Phase, new: Sequence[int] | Ints) -> bool:
    """Tell whether sites may open together in a phase."""
    sites = np.asarray(new, dtype=np.int64)
    counted = int(problem.counted[sites].sum())
    money = math.fsum(_costs(problem)[sites].tolist())
    return (
        bool(phase.available[sites].all())
        and (phase.stations is None or counted <= phase.stations)
        and (phase.budget is None or money <= phase.budget * (1.0 + SUM_TOLERANCE))
    )


def _costs(problem: Problem) -> Floats:
    costs = np.zeros(problem.sites) if problem.rules.costs is None else problem.rules.costs
    return np.where(problem.kept, 0.0, costs)


def _grouped(problem: Problem, value: Floats) -> tuple[csr_array, Floats]:
    """Return which sites reach each group of points, shape (groups, sites), and the people, shape (phases, groups)."""
    groups = grouped(replace(problem, people=value.sum(axis=0), weights=None), timed=False, split=False, by_unit=False)
    reached = csr_array((np.ones(len(groups.site)), groups.site, groups.start), shape=(groups.count, problem.sites))
    there = groups.group_of >= 0
    totals = [np.bincount(groups.group_of[there], weights=row[there], minlength=groups.count) for row in value]
    return reached, np.array(totals, dtype=np.float64).reshape(len(value), groups.count)


def _block(matrix: csr_array, high: Floats) -> ConstraintBlock:
    return ConstraintBlock(None, matrix, np.full(len(high), -np.inf), high)


def _shifted(matrix: csr_array, columns: int) -> csr_array:
    """Return a matrix with so many empty columns before its own."""
    return csr_array(
        (matrix.data, matrix.indices + columns, matrix.indptr), shape=(matrix.shape[0], matrix.shape[1] + columns)
    )


def _total(limits: Sequence[float | None]) -> float | None:
    given = [limit for limit in limits if limit is not None]
    return math.fsum(given) if len(given) == len(limits) else None


def _joined(opened: Iterable[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *opened])
