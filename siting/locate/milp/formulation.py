"""A model and its rules as one mixed-integer programme: its columns, its named rows, its aims in order."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.sparse import csr_array, hstack

from siting.domain.nouns import Floats, Ints
from siting.locate.highs import Milp
from siting.locate.milp.constraints import ROW_TOLERANCE, ConstraintBlock, satisfies, stacked
from siting.locate.milp.coverage import ServiceVariables
from siting.locate.problem import NOISE, Bools, Problem, Stage

StageName = Literal["covered", "beyond", "seconds", "worst_s", "stations", "cost", "least_share", "shortfall"]

# The size of the largest coefficient of an objective or of a row of persons, as HiGHS sees it.
_LARGEST: Final = 1000.0
# What adding up in floats can lose of a share.
_SUM_NOISE: Final = 1e-12
# What adding up in a linear programme can lose of all that is added up.
_LP_NOISE: Final = 1e-11
# By what rows of shares are multiplied, lest HiGHS' tolerance of a row be a milliardth of a share.
SHARE: Final = 1024.0
_UNDER_ONE: Final = 0.99
_UP: Final = 1e-3

# Objectives that count seconds walked and persons out of reach; their weights are what is saved, and are negative.
_NEVER_BELOW_NOTHING: Final = ("seconds", "beyond")


@dataclass(frozen=True)
class Objective:
    """One objective: ``constant + weights · columns``; ``step`` is what its values are whole multiples of, or 0."""

    name: StageName
    sense: Literal["max", "min"]
    weights: Floats
    constant: float = 0.0
    step: float = 0.0

    @property
    def scale(self) -> float:
        """A power of two (it changes no digit) that makes the largest weight about a thousand."""
        return power_to(float(np.abs(self.weights).max(initial=0.0)))

    @property
    def costs(self) -> Floats:
        """What HiGHS minimises."""
        return self.weights * (-self.scale if self.sense == "max" else self.scale)

    @property
    def abs_gap(self) -> float:
        """The difference of objective and bound that proves, as HiGHS sees it."""
        return _UNDER_ONE * self.step * self.scale

    def value_at(self, values: Floats) -> float:
        """Return the objective of a point, rounded once.

        Shares of persons are quotients: what they are off by makes no person, and none less than nobody.
        """
        used = np.flatnonzero(self.weights)
        value_at = math.fsum([self.constant, *(self.weights[used] * values[used]).tolist()])
        near = self.step * round(value_at / self.step) if self.step else 0.0
        return near if abs(value_at - near) <= _SUM_NOISE * self.span else value_at

    @property
    def span(self) -> float:
        """The size of what is added up, of which sums in floats lose a part."""
        return abs(self.constant) + float(np.abs(self.weights).sum())

    def is_better(self, one: float, other: float) -> bool:
        """Tell whether an objective is better than another, by more than noise, that of adding up included."""
        noise = NOISE * max(abs(one), abs(other)) + _SUM_NOISE * self.span
        return one > other + noise if self.sense == "max" else one < other - noise

    def bound(self, scaled: float) -> float:
        """Return a bound from one of HiGHS, to the next value that is possible."""
        if not math.isfinite(scaled):
            return math.inf if self.sense == "max" else -math.inf
        bound = self.constant + (-scaled if self.sense == "max" else scaled) / self.scale
        if self.step == 0.0:
            return bound + _SUM_NOISE * self.span * (1.0 if self.sense == "max" else -1.0)
        steps = bound / self.step
        return self.step * (math.floor(steps + _UP) if self.sense == "max" else math.ceil(steps - _UP))

    def trivial_bound(self) -> float:
        """Return what no point can better, whatever the rows: columns run from 0 to 1."""
        side = np.maximum(self.weights, 0.0) if self.sense == "max" else np.minimum(self.weights, 0.0)
        return math.fsum([self.constant, *side.tolist()])

    def stage(self, value: float, bound: float, tolerance_gain: float = 0.0) -> Stage:
        """Return the stage; a bound is never on the wrong side of what was found, nor off it by mere noise."""
        if abs(bound - value) <= _LP_NOISE * self.span + tolerance_gain:
            bound = value
        if self.name in _NEVER_BELOW_NOTHING:
            # A relaxation that was hardly begun promises less than nothing.
            bound = max(bound, 0.0)
        bound = max(bound, value) if self.sense == "max" else min(bound, value)
        return Stage(self.name, self.sense, value, bound)

    @property
    def slack(self) -> float:
        """By how much later stages may fall short of this one's objective."""
        return ROW_TOLERANCE * float(np.abs(self.weights).max(initial=0.0))

    def fixed_at(self, value: float) -> ConstraintBlock:
        """Return the row that holds later stages to this one's objective."""
        side, slack = (value - self.constant) * self.scale, self.slack * self.scale
        low, high = (side - slack, np.inf) if self.sense == "max" else (-np.inf, side + slack)
        return ConstraintBlock(None, csr_array((self.weights * self.scale)[None, :]), np.array([low]), np.array([high]))


@dataclass(frozen=True)
class LexicographicMilp:
    """A model and its rules as one programme.

    Columns are the sites (``problem.sites``), those of ``service``, and perhaps one more (the least share). ``rules`` are
    the rows over sites alone, ``share_constraints`` those of the model (shares) with sides as they are asked for, ``need`` the
    persons whom a share of all still lacks when only those are served who are served whatever is chosen. ``aggregated`` is
    a smaller programme of the first aim alone, of equal worth for every choice of sites; its ``surrogate`` stands for the
    second aim where a good plan is sought, but is not the same.
    """

    problem: Problem
    service: ServiceVariables
    rules: tuple[ConstraintBlock, ...]
    share_constraints: tuple[ConstraintBlock, ...]
    objectives: tuple[Objective, ...]
    least_share: bool = False
    need: float = 0.0
    aggregated: "LexicographicMilp | None" = None
    surrogate: Objective | None = None

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return self.problem.sites + self.service.columns + int(self.least_share)

    @property
    def integer(self) -> Bools:
        """Which columns take whole values: the sites that may be chosen."""
        whole = np.zeros(self.columns, dtype=np.bool_)
        whole[: self.problem.sites] = self.problem.open_to_choice
        return whole

    def single(
        self,
        objective: Objective,
        more: tuple[ConstraintBlock, ...] = (),
        opened: Floats | None = None,
        *,
        relaxed: bool = False,
    ) -> Milp:
        """Return the programme of one aim, with more rows, and with its sites given or open to choice.

        Shares are asked for as they are where sites are given, and eased where they are open to choice, or ``relaxed``.
        """
        share_constraints = (
            tuple(_relaxed(block) for block in self.share_constraints)
            if relaxed or opened is None
            else self.share_constraints
        )
        blocks = [*self.rules, *self.service.blocks, *share_constraints, *more]
        matrix, low, high = stacked(blocks, self.columns)
        lower, upper = np.zeros(self.columns), np.ones(self.columns)
        rows = self.problem.sites
        lower[:rows] = self.problem.kept if opened is None else opened
        upper[:rows] = self.problem.kept | self.problem.open_to_choice if opened is None else opened
        integer = self.integer if opened is None else np.zeros(self.columns, dtype=np.bool_)
        return Milp(objective.costs, matrix, low, high, lower, upper, integer)

    def opened(self, chosen: Ints) -> Floats:
        """Return 1 for the rows that are open with a choice."""
        opened = self.problem.kept.astype(np.float64)
        opened[chosen] = 1.0
        return opened

    def chosen(self, values: Floats) -> Ints:
        """Return the rows that a point opens beside those kept."""
        opened = values[: self.problem.sites] > 0.5  # noqa: PLR2004 - HiGHS means 0 or 1
        return np.flatnonzero(opened & self.problem.open_to_choice).astype(np.int64)

    def is_feasible(self, chosen: Ints) -> bool:
        """Tell whether a choice keeps to the rules over sites alone."""
        return satisfies(self.problem, chosen, self.rules)

    def meets_shares(self, values: Floats, noise: float = _SUM_NOISE) -> bool:
        """Tell whether a point has the shares that are asked for; the least share is what they come to."""
        if self.least_share:
            return True
        for block in self.share_constraints:
            sides = block.over(self.columns) @ values
            if np.any(sides < block.low - noise * np.maximum(np.abs(block.low), 1.0)):
                return False
        return True


def share_rows(service: ServiceVariables, rows: int, totals: Floats) -> csr_array:
    """Return the persons of each unit whom columns serve, as shares of its persons in 1024ths (see :data:`SHARE`)."""
    matrix = csr_array(service.units.multiply((SHARE / totals)[:, None]))
    return csr_array(hstack([csr_array((len(totals), rows)), matrix], format="csr"))


def over_service(rows: int, weights: Floats, *, more: int = 0) -> Floats:
    """Return weights of all columns from those of a part's."""
    return np.concatenate([np.zeros(rows), weights, np.zeros(more)])


def power_to(largest: float) -> float:
    """Return the power of two that brings a number to about a thousand."""
    return 2.0 ** math.floor(math.log2(_LARGEST / largest)) if largest > 0.0 else 1.0


def _relaxed(block: ConstraintBlock) -> ConstraintBlock:
    """Return rows of shares wider, lest adding up in another order lose a choice."""
    return ConstraintBlock(block.rule, block.matrix, block.low - block.relaxation_width, block.high)
