"""The nouns of location: problems with their rules, models, effort and solutions."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import NOISE as NOISE  # noqa: PLC0414 - re-exported
from siting.domain.nouns import Bools as Bools  # noqa: PLC0414 - re-exported
from siting.domain.nouns import Floats, Ints, PlanStatus
from siting.domain.nouns import Stage as Stage  # noqa: PLC0414 - re-exported

Ended = Literal["proved", "nodes", "time", "interrupt", "solver"]
# The rules that can make a request infeasible, by the names that the explanation uses.
Rule = Literal["stations", "budget", "forced", "spacing", "per_unit", "capacity", "share", "unit_share", "reach"]


@dataclass(frozen=True)
class Rules:
    """The rules that a choice of sites must satisfy; arrays have one entry for each site of the problem.

    Parameters
    ----------
    stations : int or None
        The largest number of counted sites that may be opened.
    budget : float or None
        The largest total cost of the opened sites.
    costs : ndarray or None
        Cost of each site, finite and not negative; needed with a budget, and for the least cost. Kept sites are free.
    kept : ndarray of bool or None
        Existing sites that stay open; they are never counted and cost nothing.
    counted : ndarray of bool or None
        Sites that count as stations; if absent, all sites that are not kept. A facility that may be closed counts like
        a candidate, and ``stations`` is raised by the number of such facilities: closing one allows one more to open.
    forced, forbidden : ndarray of bool or None
        Sites that must be opened, and sites that must not.
    place : ndarray of int or None
        The place of each site: sites of one place are its sizes, of which at most one is open. All differ if absent.
    occupied : ndarray of bool or None
        Sites whose place must have one open site (a facility that may be enlarged but not closed).
    apart : ndarray of int or None
        Shape (pairs, 2): sites that may not both be open, because they are too close to each other.
    unit, most_per_unit : ndarray of int or None
        The unit of each site (-1: none), and the largest number of counted sites that may be open in each unit.
    capacity : ndarray or None
        The largest number of persons that each site can serve; inf without limit. Several sites may serve the persons
        of one point.
    at_most : tuple of (ndarray of int, int)
        Sets of sites, without kept ones, and how many sites of each set may be open together.
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
    """A location problem: walking times, persons and rules.

    Parameters
    ----------
    times : csr_array
        Shape (sites, points): seconds from each site to the points that it reaches within the cut-off, columns
        ascending, each pair once. An absent pair is not reached; a stored zero is a real time.
    people : ndarray
        Persons at each point, finite and not negative, whether covered already or not.
    rules : Rules
        The rules of a choice.
    weights : ndarray or None
        The value of covering each point, if not its persons (groups with higher weights).
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
        """Refuse values that no problem can have."""
        sites, points = self.times.shape
        numbers = {"people": (self.people, points), "weights": (self.weights, points)}
        numbers["costs"] = (self.rules.costs, sites)
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
        """The number of sites (each size of a site is one)."""
        return int(self.times.shape[0])

    @property
    def value(self) -> Floats:
        """The value of covering each point."""
        return self.people if self.weights is None else self.weights

    @property
    def kept(self) -> Bools:
        """Existing sites that stay open."""
        return _or(self.rules.kept, self.sites, filled=False)

    @property
    def counted(self) -> Bools:
        """Sites that count as stations."""
        return _or(self.rules.counted, self.sites, filled=True) & ~self.kept

    @property
    def open_to_choice(self) -> Bools:
        """Sites that may be opened: neither kept nor forbidden."""
        return ~self.kept & ~_or(self.rules.forbidden, self.sites, filled=False)

    @property
    def is_plain(self) -> bool:
        """Whether the only rules are a number of stations and forced, forbidden or kept sites."""
        rules = self.rules
        special = (rules.place, rules.occupied, rules.apart, rules.unit, rules.capacity, rules.budget)
        free = all(each is None for each in special) and not rules.at_most
        return free and bool(np.all(self.counted | self.kept))

    def points_of(self, site: int) -> Ints:
        """Return the points that a site reaches."""
        return np.asarray(self.times.indices[self.times.indptr[site] : self.times.indptr[site + 1]], dtype=np.int64)

    def reached_by(self, sites: Ints) -> Bools:
        """Return which points the given sites or the kept sites reach."""
        reached = np.zeros(len(self.people), dtype=np.bool_)
        for site in (*np.flatnonzero(self.kept), *sites):
            reached[self.points_of(int(site))] = True
        return reached

    @property
    def reachable(self) -> Bools:
        """Points that some site reaches that is kept or open to choice."""
        reached = np.zeros(len(self.people), dtype=np.bool_)
        allowed = self.kept | self.open_to_choice
        reached[self.times.indices[np.repeat(allowed, np.diff(self.times.indptr))]] = True
        return reached

    @property
    def clash(self) -> tuple[Rule, ...]:
        """The rules on forced sites that no choice satisfies: one is forbidden, or too many are forced."""
        if self.rules.forced is None:
            return ()
        forced = self.rules.forced & ~self.kept
        if np.any(forced & ~self.open_to_choice):
            return ("forced",)
        too_many = self.rules.stations is not None and int(forced.sum()) > self.rules.stations
        return ("stations", "forced") if too_many else ()

    def with_pairs(self, stays: Bools) -> "Problem":
        """Return the same problem with some pairs of a site and a point only, given in the order of ``times``."""
        times = self.times
        start = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(stays)])[times.indptr]
        return replace(self, times=csr_array((times.data[stays], times.indices[stays], start), shape=times.shape))

    def nearest(self, sites: Ints) -> Floats:
        """Return the seconds from each point to the nearest of the given sites alone; inf if none reaches it."""
        times, nearest = self.times, np.full(len(self.people), np.inf)
        for site in sites:
            pairs = slice(times.indptr[site], times.indptr[site + 1])
            points = times.indices[pairs]
            nearest[points] = np.minimum(nearest[points], times.data[pairs])
        return nearest

    def under(self, **rules: Any) -> "Problem":
        """Return the same problem with some rules replaced."""
        return replace(self, rules=replace(self.rules, **rules))


def _or(given: Bools | None, length: int, *, filled: bool) -> Bools:
    return np.full(length, filled) if given is None else given


# Models -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MaximalCovering:
    """Most persons (by value) within the cut-off; the objective counts those newly covered."""


@dataclass(frozen=True)
class SetCovering:
    """Fewest stations, or least cost with ``by_cost``, such that a share of *all* persons is covered.

    ``share`` is a share of all persons, ``unit_share`` of the persons of every unit; persons that no site reaches count
    too. ``by_cost`` minimises the cost instead of the number of stations.
    """

    share: float = 1.0
    unit_share: float | None = None
    by_cost: bool = False


@dataclass(frozen=True)
class PMedian:
    """Least walking time.

    Without ``beyond_s`` there are two stages: fewest persons beyond the cut-off, then least person-seconds of the
    others. With it there is one stage, in which a person beyond the cut-off counts as that many seconds.
    """

    beyond_s: float | None = None


@dataclass(frozen=True)
class PCenter:
    """Smallest worst walking time of a share of the persons that some site reaches."""

    share: float = 1.0


@dataclass(frozen=True)
class FairCovering:
    """Fair shares of the units.

    Without ``floor``: first the greatest least covered share over the units, then most persons. With ``floor``: most
    persons such that every unit has that share.
    """

    floor: float | None = None


Model = MaximalCovering | SetCovering | PMedian | PCenter | FairCovering


# Solutions ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effort:
    """When to stop without a proof: a work limit (the same on every machine) and a time limit.

    The search ends at a relative optimality gap of ``rel_gap``; 0 asks for the optimum. ``report`` is called as
    ``report(objective, bound)`` whenever either improves; ``interrupted`` is called repeatedly. ``start`` are the open
    sites of a choice, without kept ones, from which the search starts if it satisfies the rules.
    """

    max_nodes: int | None = None
    time_limit_s: float = 600.0
    seed: int = 0
    rel_gap: float = 0.0
    report: Callable[[float, float], None] | None = None
    interrupted: Callable[[], bool] | None = None
    start: Ints | None = None


@dataclass(frozen=True)
class Solution:
    """A choice of sites, with objectives and bounds.

    ``chosen`` are the open sites without the kept ones, ascending. It is empty if no choice is feasible (``status`` is
    ``"infeasible"``; ``blocked_by`` names the rules), or if no choice was found before the search ended
    (``"unknown"``). ``stages`` are the objectives in order (at least one if there is a plan). ``served``, with
    capacity, has the persons of each point (column) that each site (row) serves. ``first_objective`` is that of the
    first plan.
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


# What solves a problem by a model.
Solver = Callable[[Problem, Model, Effort], Solution]


def without_plan(stopped: str) -> PlanStatus:
    """Return ``"infeasible"`` only if the absence of a plan is proved, otherwise ``"unknown"``."""
    return "infeasible" if stopped == "proved" else "unknown"


def nothing_found(stopped: Ended, solver: str, *blocked_by: Rule) -> Solution:
    """Return the solution without a plan: none is feasible (``"proved"``), or none was found."""
    none = np.zeros(0, dtype=np.int64)
    return Solution(none, without_plan(stopped), (), stopped, solver, blocked_by=blocked_by)


def status_of(stages: tuple[Stage, ...]) -> PlanStatus:
    """Return ``"optimal"`` only if every stage is proved."""
    return "optimal" if all(stage.proved for stage in stages) else "feasible"
