"""The smallest number, money, capacity or minutes with which a request can be met, and not one step below."""

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

# Longer walks are tried to so many times the cut-off.
_LONGEST: Final = 3


@dataclass(frozen=True)
class Smallest:
    """The smallest value of one number of a request with which, all else as asked, it can be met.

    ``chosen`` is a choice that shows it. ``proved``: with ``value - step`` it is proved that there is none.
    """

    value: float
    step: float
    chosen: Ints
    proved: bool


def least_stations(oracle: FeasibilityOracle, problem: Problem, model: Model) -> Smallest | None:
    """Return the fewest stations; None without a number of them, or where no number will do."""
    if problem.rules.stations is None:
        return None
    found = oracle.least(problem.under(stations=None), coverage_targets(problem, model))
    if found is None:
        return None
    below = problem.under(stations=round(found[0]) - 1)
    return Smallest(found[0], 1.0, found[1], oracle.answer(below, model) == "no")


def least_budget(oracle: FeasibilityOracle, problem: Problem, model: Model) -> Smallest | None:
    """Return the least budget; None without one, or where none will do."""
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
    """Return the least capacity of each station that has one; None without any, or where none will do.

    The search goes by halves: with whole stations to be found for each capacity, no linear programme gives it at once.
    """
    own = problem.rules.capacity
    if own is None:
        return None
    raised = ~problem.kept & np.isfinite(own)
    if not raised.any():
        return None

    def having(persons: int) -> Problem:
        return problem.under(capacity=np.where(raised, np.maximum(own, persons), own))

    # At the least of their own nothing is changed, which cannot be met; beyond all persons none is a limit.
    most = max(math.ceil(math.fsum(problem.people)), math.floor(own[raised].min()) + 1)
    return _by_halves(oracle, math.floor(own[raised].min()), most, lambda persons: (having(persons), model))


def least_minutes(
    oracle: FeasibilityOracle, model: Model, at: Callable[[float], Problem], cutoff_s: float
) -> Smallest | None:
    """Return the fewest whole minutes to walk, up to three times the cut-off; None where none will do."""
    low, high = math.floor(cutoff_s / SECONDS_PER_MINUTE), math.floor(_LONGEST * cutoff_s / SECONDS_PER_MINUTE)

    def walking(minutes: int) -> tuple[Problem, Model]:
        return at(minutes * float(SECONDS_PER_MINUTE)), model

    if not isinstance(model, PCenter):
        return _by_halves(oracle, low, high, walking)
    # With longer walks more persons are reached, of whom a share is asked: what will do need not do from there on.
    for minutes in range(low + 1, high + 1):
        if oracle.answer(*walking(minutes)) == "yes":
            chosen = oracle.last
            return Smallest(float(minutes), 1.0, chosen, oracle.answer(*walking(minutes - 1)) == "no")
    return None


def _by_halves(
    oracle: FeasibilityOracle, low: int, high: int, request: Callable[[int], tuple[Problem, Model]]
) -> Smallest | None:
    """Return the smallest whole number above ``low``, up to ``high``, with which a request can be met."""
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
