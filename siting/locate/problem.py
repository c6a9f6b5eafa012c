"""The nouns of location: sites, people, what a plan must keep to, what is asked, and what was found."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import NOISE as NOISE  # noqa: PLC0414 - handed on
from siting.domain.nouns import Bools as Bools  # noqa: PLC0414 - handed on
from siting.domain.nouns import Floats, Ints, PlanStatus
from siting.domain.nouns import Stage as Stage  # noqa: PLC0414 - handed on

Ended = Literal["proved", "nodes", "time", "interrupt", "solver"]
# The rules of a request by which it can be blocked; what explains an infeasible one names them so.
Rule = Literal["stations", "budget", "forced", "spacing", "per_unit", "capacity", "share", "unit_share", "reach"]


@dataclass(frozen=True)
class Rules:
    """What a choice of rows must keep to; arrays have one entry a row of the problem.

    Parameters
    ----------
    stations : int or None
        The most rows that may be opened among those that count.
    budget : float or None
        The most that opened rows may cost together.
    costs : ndarray or None
        Cost of each row, finite and not negative; needed with a budget, and for the least cost. Kept rows cost nothing.
    kept : ndarray of bool or None
        Rows that stand already and stay open; they never count and cost nothing.
    counted : ndarray of bool or None
        Rows that count as stations; all that are not kept if absent. A facility that may be closed counts like a
        candidate, and ``stations`` is then raised by their number: who closes one may open another.
    forced, forbidden : ndarray of bool or None
        Rows that must be opened, and rows that must not.
    place : ndarray of int or None
        The place of each row: rows of one place are its sizes, of which at most one is open. All differ if absent.
    occupied : ndarray of bool or None
        Rows whose place must have one open row (a facility that may be enlarged but not closed).
    apart : ndarray of int or None
        Shape (pairs, 2): rows that may not both be open, because they are too near to one another.
    unit, most_per_unit : ndarray of int or None
        The unit of each row (-1: in none), and the most counted rows that may be open in each unit.
    capacity : ndarray or None
        Persons whom each row can serve at most; inf without limit. Persons of one point may be served by several.
    at_most : tuple of (ndarray of int, int)
        Sets of rows, kept ones left out, of which no more than so many may be open together.
    """

    stations: int | None = None
    budget: float | None = None
    costs: Floats | None = None
    kept: Bools | None = None
    counted: Bools | None = None
    forced: Bools | None = None
    forbidden: Bools | None = None
    place: Ints | None = None
    occupied: Bools | None = None
    apart: Ints | None = None
    unit: Ints | None = None
    most_per_unit: Ints | None = None
    capacity: Floats | None = None
    at_most: tuple[tuple[Ints, int], ...] = ()


@dataclass(frozen=True)
class Problem:
    """Who walks how long to which site, how many they are, and what a plan must keep to.

    Parameters
    ----------
    times : csr_array
        Shape (rows, points): seconds from each row to the points that it reaches within the cut-off, columns ascending,
        each pair once. An absent pair is not reached; a stored zero is a real time.
    people : ndarray
        Persons at each point, finite and not negative, whether covered already or not.
    rules : Rules
        What a choice must keep to.
    weights : ndarray or None
        What a covered point counts, if not its persons (groups that count more than others).
    units : csr_array or None
        Shape (units, points): the persons of each point who live in each unit, for shares by unit.

    Raises
    ------
    ValueError
        Shapes differ, or a number is negative or not finite.
    """

    times: csr_array
    people: Floats
    rules: Rules = field(default_factory=Rules)
    weights: Floats | None = None
    units: csr_array | None = None

    def __post_init__(self) -> None:
        """Refuse what no problem can mean."""
        rows, points = self.times.shape
        numbers = {"people": (self.people, points), "weights": (self.weights, points)}
        numbers["costs"] = (self.rules.costs, rows)
        for name, (values, length) in numbers.items():
            if values is not None and values.shape != (length,):
                message = f"{name} has shape {values.shape}, expected ({length},)"
                raise ValueError(message)
            if values is not None and not np.all(np.isfinite(values) & (values >= 0)):
                message = f"{name} must be finite and not negative"
                raise ValueError(message)
        if self.rules.budget is not None and self.rules.costs is None:
            message = "a budget needs costs"
            raise ValueError(message)

    @property
    def sites(self) -> int:
        """How many rows (sites, or sizes of sites) there are."""
        return int(self.times.shape[0])

    @property
    def value(self) -> Floats:
        """What each point counts when it is covered."""
        return self.people if self.weights is None else self.weights

    @property
    def kept(self) -> Bools:
        """Rows that stand already and stay."""
        return _or(self.rules.kept, self.sites, filled=False)

    @property
    def counted(self) -> Bools:
        """Rows that count as stations."""
        return _or(self.rules.counted, self.sites, filled=True) & ~self.kept

    @property
    def open_to_choice(self) -> Bools:
        """Rows that may be opened or not: neither kept nor forbidden."""
        return ~self.kept & ~_or(self.rules.forbidden, self.sites, filled=False)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is asked but a number of stations, and rows forced, forbidden or kept."""
        rules = self.rules
        special = (rules.place, rules.occupied, rules.apart, rules.unit, rules.capacity, rules.budget)
        free = all(each is None for each in special) and not rules.at_most
        return free and bool(np.all(self.counted | self.kept))

    def points_of(self, row: int) -> Ints:
        """Return the points that a row reaches."""
        return np.asarray(self.times.indices[self.times.indptr[row] : self.times.indptr[row + 1]], dtype=np.int64)

    def reached_by(self, rows: Ints) -> Bools:
        """Return which points some rows (beside those kept) reach."""
        reached = np.zeros(len(self.people), dtype=np.bool_)
        for row in (*np.flatnonzero(self.kept), *rows):
            reached[self.points_of(int(row))] = True
        return reached

    def under(self, **rules: Any) -> "Problem":
        """Return the same problem with other rules in place of some."""
        return replace(self, rules=replace(self.rules, **rules))


def _or(given: Bools | None, length: int, *, filled: bool) -> Bools:
    return np.full(length, filled) if given is None else given


# What is asked ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MaximalCovering:
    """Most persons (by value) within the cut-off; the objective counts those newly covered."""


@dataclass(frozen=True)
class SetCovering:
    """Fewest stations, or least cost with ``by_cost``, such that a share of *all* persons is covered.

    ``share`` is of all persons, ``unit_share`` of those of every unit; persons whom no row reaches count in the whole.
    ``by_cost`` asks for the least cost instead of the fewest stations.
    """

    share: float = 1.0
    unit_share: float | None = None
    by_cost: bool = False


@dataclass(frozen=True)
class PMedian:
    """Least walking time.

    Without ``beyond_s`` in two stages: fewest persons beyond the cut-off, then least person-seconds of the others; with
    it persons beyond count as so many seconds, in one stage.
    """

    beyond_s: float | None = None


@dataclass(frozen=True)
class PCenter:
    """Smallest worst seconds of a share of the persons whom some row reaches."""

    share: float = 1.0


@dataclass(frozen=True)
class FairCovering:
    """Fair shares of the units.

    Without ``floor`` the greatest least covered share over the units, then most persons; with it most persons such that
    every unit has that share.
    """

    floor: float | None = None


Model = MaximalCovering | SetCovering | PMedian | PCenter | FairCovering


# What was found -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effort:
    """When to stop without a proof: work (the same everywhere), and seconds, as a safety stop.

    ``rel_gap`` is the optimality gap at which the proof is good enough; 0 asks for the optimum.
    ``report`` is called as ``report(objective, bound)`` whenever either betters; ``interrupted`` is asked now and then.
    """

    max_nodes: int | None = None
    time_limit_s: float = 600.0
    seed: int = 0
    rel_gap: float = 0.0
    report: Callable[[float, float], None] | None = None
    interrupted: Callable[[], bool] | None = None

    def from_now(self) -> Callable[[], bool]:
        """Return what tells whether to stop: somebody wishes it, or the seconds that begin now are over."""
        end = time.monotonic() + self.time_limit_s
        return lambda: (self.interrupted is not None and self.interrupted()) or time.monotonic() >= end


@dataclass(frozen=True)
class Solution:
    """What was chosen and what is proved.

    ``chosen`` are the open rows beside those kept, ascending; empty and ``status`` ``"infeasible"`` where no choice
    keeps to the rules, with the rules that ``blocked_by`` names, ``"unknown"`` where none was found before the search
    ended. ``stages`` are the objectives in order (at least one where there is a plan). ``served``, with capacity, holds
    the persons of each point (column) whom each row serves. ``first_objective`` is what the first good plan reached.
    """

    chosen: Ints
    status: PlanStatus
    stages: tuple[Stage, ...]
    stopped_by: Ended
    solver: str
    served: csr_array | None = None
    first_objective: float = math.nan
    blocked_by: tuple[Rule, ...] = ()

    @property
    def objective(self) -> float:
        """The objective of the last stage."""
        return self.stages[-1].objective

    @property
    def bound(self) -> float:
        """The bound of the last stage."""
        return self.stages[-1].bound


def without_plan(stopped: str) -> PlanStatus:
    """Return ``"infeasible"`` only where it is proved that there is no plan, ``"unknown"`` where none was found."""
    return "infeasible" if stopped == "proved" else "unknown"


def status_of(stages: tuple[Stage, ...]) -> PlanStatus:
    """Return ``"optimal"`` only where every stage is proved."""
    return "optimal" if all(stage.proved for stage in stages) else "feasible"
