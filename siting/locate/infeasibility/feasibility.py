"""Whether a request can be met, also without some of its rules, and the smallest numbers with which it can.

The numbers are stations, budget, capacity and minutes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Ints
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.milp.assignment import is_whole
from siting.locate.milp.constraints import money_unit
from siting.locate.milp.lexicographic import solve_lexicographic
from siting.locate.milp.models import milp_of
from siting.locate.milp.objectives import Objective
from siting.locate.milp.p_center import persons_reached
from siting.locate.milp.p_center import probe as ask
from siting.locate.problem import Effort, FairCovering, Model, PCenter, Problem, Rule, SetCovering
from siting.units import SECONDS_PER_MINUTE

Answer = Literal["yes", "no", "unknown"]

NONE: Final = np.zeros(0, dtype=np.int64)
# Walks are tried up to so many times the cut-off.
LONGEST: Final = 3


def unserved(problem: Problem) -> Ints:
    """Return the points with persons that no allowed site (kept, or open to choice) reaches."""
    return np.flatnonzero(~problem.reachable & (problem.people > 0)).astype(np.int64)


def without_rules(problem: Problem, model: Model, rules: set[Rule]) -> tuple[Problem, Model]:
    """Return a request without some of its rules, as :func:`~siting.locate.infeasibility.explain_infeasible` tells."""
    names: dict[Rule, dict[str, None]] = {
        "stations": {"stations": None},
        "budget": {"budget": None},
        "per_unit": {"unit": None, "most_per_unit": None},
        "spacing": {"apart": None},
        "capacity": {"capacity": None},
        "forced": {"forced": None, "occupied": None},
    }
    gone = {name: None for rule in rules for name in names.get(rule, {})}
    problem = problem.under(**gone)
    if "reach" in rules:
        problem = _without(problem, unserved(problem))
    if "share" in rules and isinstance(model, SetCovering | PCenter):
        model = replace(model, share=0.0)
    if "unit_share" in rules and isinstance(model, SetCovering):
        model = replace(model, unit_share=None)
    if "unit_share" in rules and isinstance(model, FairCovering):
        model = FairCovering(None)
    return problem, model


def _without(problem: Problem, points: Ints) -> Problem:
    """Return the problem without the persons of some points."""
    there = np.ones(len(problem.people))
    there[points] = 0.0
    units = None if problem.units is None else csr_array(problem.units.multiply(there[None, :]))
    return replace(problem, people=problem.people * there, units=units)


def coverage_targets(problem: Problem, model: Model) -> SetCovering:
    """Return the shares that a model asks for, as a set covering: they decide whether the request is feasible."""
    match model:
        case SetCovering():
            return replace(model, by_cost=False)
        case PCenter():
            total = math.fsum(problem.people)
            return SetCovering(share=model.share * persons_reached(problem) / total if total > 0 else 0.0)
        case FairCovering():
            return SetCovering(share=0.0, unit_share=model.floor)
        case _:
            return SetCovering(share=0.0)


class FeasibilityOracle:
    """Tells whether requests are feasible, within one effort for all."""

    def __init__(self, effort: Effort) -> None:
        self._deadline, self.sure, self._interrupted = Deadline(effort), True, False
        self.last = NONE

    def answer(self, problem: Problem, model: Model) -> Answer:
        """Tell whether a request is feasible; ``last`` is then a feasible choice. After an interrupt: unknown."""
        with Interruptible():
            return "unknown" if self._interrupted else self._answer(problem, model)
        self.sure, self._interrupted = False, True
        return "unknown"

    def _answer(self, problem: Problem, model: Model) -> Answer:
        milp = milp_of(problem, coverage_targets(problem, model))
        nothing = Objective("stations", "min", np.zeros(milp.variables), step=1.0)
        plan, stopped, nodes = ask(replace(milp, objectives=(nothing,)), self._deadline.left())
        self._deadline.spend(nodes)
        if plan is not None:
            self.last = plan.chosen
            return "yes"
        self.sure &= stopped == "proved"
        self._interrupted |= stopped == "interrupt"
        return "no" if stopped == "proved" else "unknown"

    def least(self, problem: Problem, model: SetCovering) -> tuple[float, Ints] | None:
        """Return the fewest stations or the least cost that was found, and a choice."""
        if self._interrupted:
            return None
        found = solve_lexicographic(milp_of(problem, model), self._deadline.left())
        self._interrupted |= found.stopped_by == "interrupt"
        return (found.objective, found.chosen) if found.stages else None


@dataclass(frozen=True)
class Smallest:
    """The smallest value of one number with which a request, otherwise unchanged, is feasible.

    ``chosen`` is a feasible choice. ``proved`` tells that ``value - step`` is proved infeasible.
    """

    value: float
    step: float
    chosen: Ints
    proved: bool


def least_stations(oracle: FeasibilityOracle, problem: Problem, model: Model) -> Smallest | None:
    """Return the fewest stations; None without a limit of them, or if no number is feasible."""
    if problem.rules.stations is None:
        return None
    found = oracle.least(problem.under(stations=None), coverage_targets(problem, model))
    if found is None:
        return None
    below = problem.under(stations=round(found[0]) - 1)
    return Smallest(found[0], 1.0, found[1], oracle.answer(below, model) == "no")


def least_budget(oracle: FeasibilityOracle, problem: Problem, model: Model) -> Smallest | None:
    """Return the least budget; None without one, or if none is feasible."""
    costs = problem.rules.costs
    if problem.rules.budget is None or costs is None:
        return None
    found = oracle.least(problem.under(budget=None), replace(coverage_targets(problem, model), by_cost=True))
    if found is None:
        return None
    step = money_unit(costs) if is_whole(costs) and bool(costs.any()) else 1.0
    below = problem.under(budget=found[0] - step)
    return Smallest(found[0], step, found[1], found[0] < step or oracle.answer(below, model) == "no")


def least_capacity(oracle: FeasibilityOracle, problem: Problem, model: Model) -> Smallest | None:
    """Return the least capacity of each station that has one; None without any, or if none is feasible.

    It is found by bisection, since each capacity needs a choice of its own.
    """
    own = problem.rules.capacity
    if own is None:
        return None
    raised = ~problem.kept & np.isfinite(own)
    if not raised.any():
        return None

    def with_capacity(persons: int) -> Problem:
        return problem.under(capacity=np.where(raised, np.maximum(own, persons), own))

    # The least capacity given is infeasible, because it changes nothing; one for all persons is no limit.
    most = max(math.ceil(math.fsum(problem.people)), math.floor(own[raised].min()) + 1)
    return _by_bisection(oracle, math.floor(own[raised].min()), most, lambda persons: (with_capacity(persons), model))


def least_minutes(
    oracle: FeasibilityOracle, model: Model, at: Callable[[float], Problem], cutoff_s: float
) -> Smallest | None:
    """Return the fewest whole minutes to walk, up to three times the cut-off; None if none is feasible."""
    low, high = math.floor(cutoff_s / SECONDS_PER_MINUTE), math.floor(LONGEST * cutoff_s / SECONDS_PER_MINUTE)

    def walking(minutes: int) -> tuple[Problem, Model]:
        return at(minutes * float(SECONDS_PER_MINUTE)), model

    if not isinstance(model, PCenter):
        return _by_bisection(oracle, low, high, walking)
    # Longer walks reach more persons, so the required share grows too: feasibility is not monotone in the minutes.
    for minutes in range(low + 1, high + 1):
        if oracle.answer(*walking(minutes)) == "yes":
            chosen = oracle.last
            return Smallest(float(minutes), 1.0, chosen, oracle.answer(*walking(minutes - 1)) == "no")
    return None


def _by_bisection(
    oracle: FeasibilityOracle, low: int, high: int, request: Callable[[int], tuple[Problem, Model]]
) -> Smallest | None:
    """Return the smallest whole number above ``low``, up to ``high``, with which a request is feasible."""
    if high <= low or oracle.answer(*request(high)) != "yes":
        return None
    chosen = oracle.last
    while low + 1 < high:
        middle = (low + high) // 2
        answer = oracle.answer(*request(middle))
        if answer == "unknown":
            return Smallest(float(high), 1.0, chosen, proved=False)
        if answer == "yes":
            high, chosen = middle, oracle.last
        else:
            low = middle
    return Smallest(float(high), 1.0, chosen, oracle.answer(*request(high - 1)) == "no")


def cutoff_of(problem: Problem) -> float:
    """Return the longest time, up to the whole minute."""
    longest = float(problem.times.data.max(initial=0.0))
    return math.ceil(longest / SECONDS_PER_MINUTE) * float(SECONDS_PER_MINUTE)
