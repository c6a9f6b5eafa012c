"""The smallest number of stations, budget, capacity or minutes with which a request is feasible."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.infeasibility.feasibility import FeasibilityOracle, coverage_targets
from siting.locate.milp.constraints import money_unit
from siting.locate.milp.coverage import is_whole
from siting.locate.problem import Model, PCenter, Problem
from siting.units import SECONDS_PER_MINUTE

# Walks are tried up to so many times the cut-off.
LONGEST: Final = 3


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
