"""The objectives of the lexicographic stages: their scale for HiGHS, their exact values and their bounds."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, StageName
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.problem import NOISE, Stage
from siting.locate.tolerances import (
    LP_OBJECTIVE_TOLERANCE,
    ROW_TOLERANCE,
    STEP_TOLERANCE,
    SUM_TOLERANCE,
    UNDER_ONE_STEP,
)

# The size of the largest coefficient of an objective, or of a constraint on persons, after scaling for HiGHS.
_LARGEST: Final = 1000.0

# These count seconds walked and persons out of reach, and are never negative; their weights are savings, so negative.
_NEVER_NEGATIVE: Final = ("seconds", "beyond")


@dataclass(frozen=True)
class Objective:
    """One objective: ``constant + weights · variables``; its values are multiples of ``step`` unless that is 0.

    Variables up to ``negligible`` count as 0 (a shortfall that the check does not see).
    """

    name: StageName
    sense: Literal["max", "min"]
    weights: Floats
    constant: float = 0.0
    step: float = 0.0
    negligible: Floats | None = None

    @property
    def scale(self) -> float:
        """A power of two (it changes no digit) that makes the largest weight about a thousand."""
        return power_of_two_scale(float(np.abs(self.weights).max(initial=0.0)))

    @property
    def costs(self) -> Floats:
        """The scaled costs that HiGHS minimises."""
        return self.weights * (-self.scale if self.sense == "max" else self.scale)

    @property
    def abs_gap(self) -> float:
        """The scaled gap between incumbent and bound that proves optimality."""
        return UNDER_ONE_STEP * self.step * self.scale

    def value_at(self, values: Floats) -> float:
        """Return the objective at a point, rounded once.

        Shares of persons are quotients, so their sum is rounded to the next whole step if it is within tolerance.
        """
        used = np.flatnonzero(self.weights)
        own = values[used]
        if self.negligible is not None:
            own = np.where(own <= self.negligible[used], 0.0, own)
        value = math.fsum([self.constant, *(self.weights[used] * own).tolist()])
        near = self.step * round(value / self.step) if self.step else 0.0
        return near if abs(value - near) <= SUM_TOLERANCE * self.span else value

    @property
    def span(self) -> float:
        """The sum of the absolute terms, to which errors of summation are relative."""
        return abs(self.constant) + float(np.abs(self.weights).sum())

    def is_better(self, one: float, other: float) -> bool:
        """Tell whether one value is better than another by more than rounding errors."""
        noise = NOISE * max(abs(one), abs(other)) + SUM_TOLERANCE * self.span
        return one > other + noise if self.sense == "max" else one < other - noise

    def bound(self, scaled: float) -> float:
        """Return the bound that follows from a scaled bound of HiGHS, rounded to the next possible value."""
        if not math.isfinite(scaled):
            return math.inf if self.sense == "max" else -math.inf
        bound = self.constant + (-scaled if self.sense == "max" else scaled) / self.scale
        if self.step == 0.0:
            return bound + SUM_TOLERANCE * self.span * (1.0 if self.sense == "max" else -1.0)
        steps = bound / self.step
        rounded = math.floor(steps + STEP_TOLERANCE) if self.sense == "max" else math.ceil(steps - STEP_TOLERANCE)
        return self.step * rounded

    def stage(self, value: float, bound: float, tolerance_gain: float = 0.0) -> Stage:
        """Return the stage. Its bound never crosses the value, and equals it if they differ by tolerances alone."""
        if abs(bound - value) <= LP_OBJECTIVE_TOLERANCE * self.span + tolerance_gain:
            bound = value
        if self.name in _NEVER_NEGATIVE:
            # A relaxation that is stopped early can give a negative bound.
            bound = max(bound, 0.0)
        bound = max(bound, value) if self.sense == "max" else min(bound, value)
        return Stage(self.name, self.sense, value, bound)

    @property
    def slack(self) -> float:
        """How much of this objective later stages may lose to row tolerance, and to what is negligible."""
        row = ROW_TOLERANCE * float(np.abs(self.weights).max(initial=0.0))
        return row if self.negligible is None else row + float(np.abs(self.weights) @ self.negligible)

    def fixed_at(self, value: float) -> ConstraintBlock:
        """Return the constraint that keeps later stages at this objective's value."""
        side, slack = (value - self.constant) * self.scale, self.slack * self.scale
        low, high = (side - slack, np.inf) if self.sense == "max" else (-np.inf, side + slack)
        return ConstraintBlock(None, csr_array((self.weights * self.scale)[None, :]), np.array([low]), np.array([high]))


def power_of_two_scale(largest: float) -> float:
    """Return the power of two that scales a number to about a thousand."""
    return 2.0 ** math.floor(math.log2(_LARGEST / largest)) if largest > 0.0 else 1.0
