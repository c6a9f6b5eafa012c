"""What a reader may change in the map without a computer that has this program: sites, minutes, floors, shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypedDict

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Grid, Ints

# The figures of an option, and the texts.
OPTION_COLUMNS: Final = (
    *("site", "size", "tier", "counts", "serves", "land_m2", "land_high_m2", "floor_area_m2", "beds", "capacity"),
    *("cost_cny", "subsidy_cny", "subsidy_conditional_cny", "catchment"),
)
# How an option's land reaches people: within the minutes that the reader sets, or as the scenario fixes it.
MOVING: Final = "moving"
FIXED: Final = "fixed"


def column_of(group: str) -> str:
    """Return the column of cells that holds the people of a group."""
    return f"group_{group}"


@dataclass(frozen=True)
class WhatIfLevel:
    """The places of a level, in the order of ``places``.

    ``shares`` has shape (places, cells): the share of each cell in each place. ``places`` is indexed by id and holds
    ``name``, ``elderly``, ``elderly_high``, ``basis``, ``basis_high`` (persons, NaN if unknown), ``land_floor`` (the
    minimum that governs, m² per person), ``circle_known`` and ``reach_known`` (whether the cells locate the people),
    ``in_part`` (whether some people outside the grid are accepted), and ``circle`` (whether a clause on the
    service circle is judged there).
    """

    places: pd.DataFrame
    shares: csr_array


@dataclass(frozen=True)
class WhatIfGroup:
    """A group among the elderly: whether all its people are ``known``, and its ``weight`` in the plan."""

    known: bool
    weight: float


@dataclass(frozen=True)
class SharedPlot:
    """Facilities whose land depends on which of them are open, because they may be on one plot.

    ``members`` are rows of the options. ``low`` and ``high`` have shape (2^members, members): the land of each member,
    where bit i of the row says that member i is open.
    """

    members: tuple[int, ...]
    low: Floats
    high: Floats


@dataclass(frozen=True)
class UnitClause:
    """A clause by which each unit of a level must have a facility.

    ``counts`` and ``may_count`` tell for each unit whether it surely, or perhaps, counts; ``serving`` that an
    institution counts only if it serves its community.
    """

    clause: str
    standard: str
    level: str
    serving: bool
    counts: NDArray[np.bool_]
    may_count: NDArray[np.bool_]


@dataclass(frozen=True)
class Streets:
    """The walking network, with which a page walks from a station at any point.

    Parameters
    ----------
    origin : tuple of float
        Metres of the working CRS from which steps are counted.
    fits : mapping
        Polynomials from degrees to metres from ``origin``, and back.
    per_second : int
        The ticks of a second (:func:`siting.travel.kernel.ticks_per_second`).
    limits : ndarray of int
        The ticks of each cut-off (inclusive).
    direction : str
        The direction of ``walking``.
    speed, attach_limit_m : float
        The speed on the flat, m/s, and how far from a way a station may be.
    joinable : int
        How many edges may be joined: they come first, ordered by the rank that decides between equally near ones.
    arrays : mapping
        Whole numbers: nodes, edges, vertices, ticks of pieces, and where cells join.
    counts : bool
        Whether a station counts for the service circle.
    gives : mapping
        By level, whether a station is a facility of the unit.
    land_at_most_m2 : float
        The most land of a station whose land is unknown.
    """

    origin: tuple[float, ...]
    fits: Mapping[str, Any]
    per_second: int
    limits: Ints
    direction: str
    speed: float
    attach_limit_m: float
    joinable: int
    arrays: Mapping[str, NDArray[Any]]
    counts: bool
    gives: Mapping[str, bool]
    land_at_most_m2: float


class FundingLine(TypedDict):
    """A line that a standard promises to an option; the amount is NaN if no figure follows from it."""

    clause_id: str
    line: str
    status: str
    amount_cny: float


class PlanLimits(TypedDict):
    """The limits of the scenario's plan; None without one."""

    stations: int | None
    budget_cny: float | None


class SiteSet(TypedDict):
    """Sites of the problem of which at most so many may be open."""

    sites: list[int]
    most: int


class ProofProblem(TypedDict):
    """A certificate with the problem that it is checked against.

    ``certificate`` has its large whole numbers as texts, because a browser reads numbers as floats. ``today`` are the
    people that facilities which may change cover today. ``chosen`` are the open sites; ``sites`` has the candidate of
    each site (None for facilities, and for sizes that do not count for the circle). ``arrays`` has those of rules only
    with such rules.
    """

    certificate: dict[str, object]
    model: str
    stations: int | None
    budget: float | None
    sets: list[SiteSet]
    share: float | None
    by_cost: bool
    beyond_s: float | None
    weights: dict[str, float]
    objective: float
    today: float
    chosen: list[int]
    sites: list[str | None]
    arrays: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class WhatIfReach:
    """Which cells each site reaches, and how soon.

    Parameters
    ----------
    minutes : tuple of float
        The cut-offs that can be chosen, ascending; ``own`` is the position of the scenario's.
    start, cell, step : ndarray of int
        Site i reaches the cells ``cell[start[i]:start[i + 1]]`` (positions, ascending) within
        ``minutes[step[...]]``.
    """

    minutes: tuple[float, ...]
    own: int
    start: Ints
    cell: Ints
    step: Ints


@dataclass(frozen=True)
class WhatIfPeople:
    """The people by cell, by place and of all units together.

    Parameters
    ----------
    grid : Grid
        The grid of the cells.
    cells : pandas.DataFrame
        Indexed by cell number: ``elderly``, ``inside``, ``basis`` and ``group_NAME``, without unknown values.
    groups : mapping
        By the name of a group whether all its people are known, and its weight in the plan.
    levels : mapping
        Places by level.
    whole : mapping
        ``elderly``, ``elderly_high``, ``basis``, ``basis_high`` and ``land_floor`` of all units together.
    """

    grid: Grid
    cells: pd.DataFrame
    groups: Mapping[str, WhatIfGroup]
    levels: Mapping[str, WhatIfLevel]
    whole: Mapping[str, float]


@dataclass(frozen=True)
class WhatIfChoices:
    """The sites, and what may be switched on each.

    Parameters
    ----------
    sites : geopandas.GeoDataFrame
        One row for each place where something may be switched: ``kind`` (``candidate`` or ``facility``), ``id``,
        ``name``, ``tenure``, ``premises``, ``refused`` and ``geometry`` in the working CRS.
    options : pandas.DataFrame
        On a RangeIndex, ``OPTION_COLUMNS``, ``home_LEVEL`` (position of the unit, -1 for none) and ``gives_LEVEL``.
        A site has one option for each size; at most one is open.
    fixed : mapping
        By option whose catchment is ``fixed``: its persons, and the share of its land that each residential area's
        people have (weights × part, before division by the persons).
    plots : tuple of SharedPlot
        Options whose land depends on one another.
    funding : mapping
        By option the lines that standards promise: clause, line, status, amount.
    """

    sites: gpd.GeoDataFrame
    options: pd.DataFrame
    fixed: Mapping[int, tuple[float, Floats]]
    plots: tuple[SharedPlot, ...]
    funding: Mapping[int, list[FundingLine]]


@dataclass(frozen=True)
class WhatIfRules:
    """By what the check judges.

    Parameters
    ----------
    clauses : tuple of UnitClause
        Clauses on units that must have a facility.
    pass_share : float
        The covered share at which a place passes.
    shared_from : float or None
        From which share of its elderly a community shares a facility elsewhere.
    complete : bool
        Whether the ledger of facilities is complete.
    unsaid : tuple of str
        Facilities of which it is unknown whether they count: figures leave them out.
    """

    clauses: tuple[UnitClause, ...]
    pass_share: float
    shared_from: float | None
    complete: bool
    unsaid: tuple[str, ...]


@dataclass(frozen=True)
class WhatIfPlans:
    """The choices that are known before the reader makes one, and what the plan was asked for.

    Parameters
    ----------
    today, planned : tuple of int
        The open options today, and with the plan; ``planned`` is None without one.
    unshown : bool
        Whether there is a plan that no choice of options is: it enlarges a facility that shares its plot.
    request : PlanLimits
        The stations and the budget of the scenario's plan.
    proof : ProofProblem or None
        The problem of the plan's certificate, in the whole numbers in which it is checked.
    """

    today: tuple[int, ...]
    planned: tuple[int, ...] | None
    unshown: bool
    request: PlanLimits
    proof: ProofProblem | None


@dataclass(frozen=True)
class WhatIf:
    """All that a page needs to measure any choice of sites as the check does.

    Parameters
    ----------
    reach : WhatIfReach
        Which cells each site reaches.
    people : WhatIfPeople
        People by cell and place.
    choices : WhatIfChoices
        Sites, and what may be switched on each.
    rules : WhatIfRules
        By what the check judges.
    plans : WhatIfPlans
        What is open today and with the plan.
    facts : mapping
        What a plan's file states of the run (:func:`siting.write.geojson.facts`).
    streets : Streets or None
        The walking network; without it stations stand on candidates only.
    ways : mapping
        The ways from residential areas to their nearest facilities ``today``, and those that the ``plan`` changes:
        lines by area, with ``facility``, ``minutes`` and ``metres``.
    """

    reach: WhatIfReach
    people: WhatIfPeople
    choices: WhatIfChoices
    rules: WhatIfRules
    plans: WhatIfPlans
    facts: Mapping[str, object]
    streets: Streets | None
    ways: Mapping[Literal["today", "plan"], gpd.GeoDataFrame]
