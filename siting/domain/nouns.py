"""The data that pass between the packages: frozen records of tables and arrays."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import csr_array

from siting.domain.certificates import CertificateValues
from siting.domain.scenario import Level, PlanOptions, Scenario
from siting.domain.standards import Standard
from siting.domain.totals import Totals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Called as progress(stage, done, total); stage is a key of the text catalogue under ``progress``.
Progress = Callable[[str, int, int], None]


def quiet(stage: str, done: int, total: int) -> None:
    """Report no progress."""


@dataclass(frozen=True)
class Grid:
    """Where the cells of a raster are.

    Parameters
    ----------
    transform : affine.Affine
        From column and row of a cell's corner, counted from the left of the first row, to ``crs``.
    shape : tuple of int
        Rows and columns.
    crs : pyproj.CRS
        Coordinate reference system.
    """

    transform: Affine
    shape: tuple[int, int]
    crs: CRS


@dataclass(frozen=True)
class Raster:
    """Values on a grid.

    Parameters
    ----------
    grid : Grid
        Where the cells are.
    values : ndarray of float64
        Persons per cell, metres or another quantity, shape ``grid.shape``; NaN if unknown.
    """

    grid: Grid
    values: Floats


@dataclass(frozen=True)
class PeopleLayer:
    """Persons of points or of areas, in the working CRS: ``frame`` holds ``people`` (float, no NA) and ``geometry``.

    ``allocate`` tells how the people of an area are distributed within it: evenly by ``area``, or in its
    ``residential`` areas. ``unknown`` is the union of the areas with a blank figure, where the people are unknown.
    """

    frame: gpd.GeoDataFrame
    allocate: Literal["area", "residential"] = "area"
    unknown: gpd.GeoSeries | None = None


@dataclass(frozen=True)
class Growth:
    """The growth of people until the horizon.

    ``factors`` holds ``residents`` and ``elderly`` (float, NaN if the table has no value), indexed by the id of units
    of ``level``; with ``level`` None it has one row, for all people.
    """

    level: Level | None
    factors: pd.DataFrame


@dataclass(frozen=True)
class Population:
    """Residents and elderly, each as persons per cell on its own grid or as a layer; at least one is given.

    ``elderly_age`` is the age from which the elderly are counted. ``groups`` maps the name of a group to its persons
    per cell, or to its share of the elderly. ``growth`` projects people to the horizon. ``calibrate`` is the level to
    whose own figures (``own_residents``, ``own_elderly``) people are first scaled; ``figures`` holds the figures that
    the population layers themselves give (``residents``, ``elderly``, indexed by id, NaN if none does).
    ``nobody_outside`` names the people whose raster is complete: nobody lives beyond it. ``outside_at_most`` is the
    largest share of a unit outside the rasters for which its people are still known as an interval.
    """

    residents: Raster | PeopleLayer | None
    elderly: Raster | PeopleLayer | None
    elderly_age: Literal[60, 65]
    groups: Mapping[str, Raster | float] = field(default_factory=dict)
    growth: Growth | None = None
    calibrate: Level | None = None
    figures: pd.DataFrame | None = None
    cell_m: float = 100.0
    nobody_outside: frozenset[str] = frozenset()
    outside_at_most: float = 0.0


@dataclass(frozen=True)
class Network:
    """A walking network: nodes, and edges that meet only at nodes.

    ``edges`` has one row for each edge: ``u``, ``v`` (node numbers), ``kind`` (see ``NETWORK_COLUMNS``), ``length_m``
    and the LineString ``geometry`` from u to v, in the working CRS. ``node_xy`` has shape (nodes, 2), metres.
    """

    node_xy: Floats
    edges: gpd.GeoDataFrame


@dataclass(frozen=True)
class OpenGround:
    """Open ground, cell by cell, on a grid of the working CRS.

    ``slowness`` has the shape of the grid, float32: the time of a walk on the flat relative to a street (inf: barrier).
    With ``slopes_within`` it already contains the cost of slopes. ``spans`` are the cells where a way crosses a
    barrier; there the terrain does not apply.
    """

    grid: Grid
    slowness: NDArray[np.float32]
    slopes_within: bool = False
    spans: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Note:
    """A repair, omission or assumption: a code of the catalogue (``note.CODE``) and its figures."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


# The notes that say how clauses on unit coverage are read (``standards.coverage``), and the reading.
READINGS: Final[Mapping[str, str]] = {
    "facilities_by_tier": "by_tier",
    "facilities_by_tier_all": "by_tier",
    "facilities_any": "any_facility",
    "facilities_any_all": "any_facility",
}


@dataclass(frozen=True)
class Inputs:
    """All that a scenario's files hold, validated, in one metric CRS (grids keep their own).

    Tables are indexed by ``id`` and hold the columns of :mod:`siting.domain.tables` (all of them; absent ones are
    filled with NA) and ``geometry``. Facilities and candidates also have ``located_by`` (``coordinates``,
    ``residential_area``, ``community`` or ``street``) and ``located_within_m`` (the possible error of the location,
    metres, 0 for coordinates). Units of a level with a table of people (``units.LEVEL.people``) also have
    ``own_residents`` and ``own_elderly``, float, NaN if the table has no value. ``digests`` maps each file's key in the
    scenario to the SHA-256 of its content. ``layers`` maps each layer's key to the results of reading: file, driver,
    encoding, CRS, rows, matched columns and others. ``preferences`` holds the preferred areas, ``exclude_area`` the
    area that standards exclude from their jurisdiction (None: not given). Facilities of ``context.facilities`` are at
    the end of ``facilities``, with ``context`` true. ``sizes`` holds ``SIZE_COLUMNS``, one row for each size, on a
    RangeIndex; None if ``plan.sizes`` is not given. Candidates have ``generated`` (bool) once
    :func:`siting.places.with_generated` has added the generated ones.
    """

    scenario: Scenario
    crs: CRS
    standards: tuple[Standard, ...]
    population: Population
    units: Mapping[str, gpd.GeoDataFrame]
    residential_areas: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    exclusions: Mapping[str, gpd.GeoDataFrame]
    network: Network | None
    terrain: Raster | None
    basemap: Mapping[str, gpd.GeoDataFrame]
    digests: Mapping[str, str]
    notes: tuple[Note, ...]
    land_use: gpd.GeoDataFrame | None = None
    preferences: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    surface: OpenGround | None = None
    sizes: pd.DataFrame | None = None
    exclude_area: gpd.GeoDataFrame | None = None


@dataclass(frozen=True)
class Demand:
    """The population cells, and their shares in places.

    ``cells`` is indexed by cell number (row × columns + column of ``grid``) and holds ``x``, ``y`` (working CRS,
    metres), ``half_diagonal_m``, ``residents``, ``elderly`` (persons of the whole cell; NaN throughout if unknown),
    ``basis`` (the persons of the land basis), ``inside`` (share of the cell within any unit), and ``group_NAME``
    (persons) of each group among the elderly. ``shares[level]`` has shape (places of the level, cells): the share of
    each cell's area in each place, places in the order of ``place_ids[level]``. ``grid_share[level]`` is, in the same
    order, the share of each place's area within the outer rectangles of all given population grids, except grids beyond
    which nobody lives; if it is below 1, the grid does not give all people of the place.

    ``account`` follows residents and elderly from the files to the cells, persons (NaN if unknown): ``WHO_read``,
    ``_calibrated`` and ``_grown`` (change of the total), ``_inside`` the units, and ``_outside`` them, which is the sum
    of ``_outside_units`` (near enough to be context) and ``_outside_window`` (farther away); read + calibrated + grown
    = inside + outside. ``unseen[level]`` holds, for the units whose unknown share is small enough for the scenario, the
    most ``residents`` and ``elderly`` that may live there in addition to those of the cells (NaN for all other units).
    ``_moved`` are persons in another cell than given, and ``_moved_m`` the mean distance by which those of rasters and
    points were moved (metres). ``factors`` holds one row for each unit and each calibrated kind of people: ``level``,
    ``unit``, ``who``, ``before``, ``after``, ``factor``.
    """

    # From this share of its area on, the grid covers a place completely: the rest comes from borders drawn differently.
    WHOLE: ClassVar[float] = 0.999

    grid: Grid
    cells: pd.DataFrame
    place_ids: Mapping[str, pd.Index]
    shares: Mapping[str, csr_array]
    grid_share: Mapping[str, Floats]
    account: Mapping[str, float]
    elderly_derived: bool
    residents_derived: bool
    factors: pd.DataFrame = field(default_factory=pd.DataFrame)
    unseen: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Times:
    """Walking times from sites to cells, seconds.

    ``site_ids`` names the rows. Row i reaches the cells ``cell[start[i]:start[i + 1]]`` (positions in ``Demand.cells``,
    ascending) in ``seconds[...]``. Cells that are absent are not reached within the cut-off; zero is a real time.
    """

    site_ids: pd.Index
    start: Ints
    cell: Ints
    seconds: Floats

    def of(self, site: int) -> tuple[Ints, Floats]:
        """Return the cells that a site (by row number) reaches, and the seconds."""
        part = slice(self.start[site], self.start[site + 1])
        return self.cell[part], self.seconds[part]


@dataclass(frozen=True)
class Access:
    """The walking results of a set of sites and of every cell.

    ``within`` holds the times within the cut-off. ``cells`` is aligned with ``Demand.cells``: ``seconds`` to the
    nearest counting site (inf if none within the longest time), ``nearest`` (its id or None), ``second_seconds`` and
    ``second`` for the second nearest, ``reason`` (a key of ``REASON_CODES``), ``beside_scraps`` (whether a cell that is
    not attached is beside a part of the network that was left out as too short). ``circles`` holds one polygon for each
    attached counting site, indexed by its id. ``unattached`` lists the sites that could not join the network.
    """

    within: Times
    cells: pd.DataFrame
    circles: gpd.GeoDataFrame
    unattached: pd.Index
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Jurisdiction:
    """Where each of the standards in force holds.

    ``compared`` are the standards of districts that the scenario does not contain: their figures are for comparison.
    ``elsewhere`` names, by standard, the districts of the scenario where it does not hold, although it holds in others.
    ``district_of`` is the district of every place, by level. ``notes`` report all of this.
    """

    compared: frozenset[str] = frozenset()
    elsewhere: Mapping[str, frozenset[object]] = field(default_factory=dict)
    district_of: Mapping[str, pd.Series] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def beyond(self, standard: str, level: str) -> pd.Series:
        """Tell for the places of a level whether a standard does not hold there, or, for a city, in a part of it."""
        others, districts = self.elsewhere.get(standard, frozenset()), self.district_of[level]
        return pd.Series(bool(others), index=districts.index) if level == "city" else districts.isin(others)


@dataclass(frozen=True)
class Assessment:
    """The gap report as tables.

    ``places`` is indexed by (level, id) and holds ``PLACE_COLUMNS`` and the geometry in the working CRS; ``checks`` has
    one row for each clause and place, with the same index and ``CHECK_COLUMNS``; ``cells`` is indexed as
    ``Demand.cells`` and holds ``GRID_COLUMNS`` (only persons inside the units) and ``nearest``, the id of the nearest
    facility of the circle (NaN if none is reached). ``facilities`` holds the facilities that count, with ``land_m2`` as
    counted and ``home_LEVEL`` (unit ids). ``circles`` holds one polygon for each facility of the circle.
    ``undated`` are the facilities of which it is unknown whether they are open at the horizon, or None.
    ``jurisdiction`` tells which standards hold where. ``outside`` is the same assessment without the area that
    standards exclude, if the scenario gives one: their clauses are judged on it, and on the whole only for comparison.
    ``certainty`` has, if the scenario states how wrong the people may be, for each verdict ``met`` or ``gap`` how sure
    it is: ``level``, ``id``, ``clause_id``, ``verdict``, ``certainty`` (``sure``, ``likely``, ``open``) and
    ``same_share``, the share of the drawn populations with the same verdict.
    """

    inputs: Inputs
    demand: Demand
    places: gpd.GeoDataFrame
    checks: pd.DataFrame
    cells: pd.DataFrame
    facilities: gpd.GeoDataFrame
    circles: gpd.GeoDataFrame
    totals: Totals
    notes: tuple[Note, ...]
    jurisdiction: Jurisdiction = Jurisdiction()
    outside: "Assessment | None" = None
    undated: gpd.GeoDataFrame | None = None
    certainty: pd.DataFrame | None = None


StageName = Literal[
    "covered",
    "elderly_years",
    "beyond",
    "seconds",
    "worst_s",
    "stations",
    "cost",
    "least_share",
    "shortfall",
    "unled",
    "promised",
]
PlanStatus = Literal["optimal", "feasible", "relaxed", "infeasible", "unknown"]
# Bound and objective are sums of many floats and results of a linear program; closer than this they are equal.
NOISE: Final = 1e-9


@dataclass(frozen=True)
class Stage:
    """One objective of a model with stages: its value, its bound, and whether it is proved."""

    name: StageName
    sense: Literal["max", "min"]
    objective: float
    bound: float

    @property
    def gap(self) -> float:
        """|bound − objective| ÷ |objective|; 0 if both are equal."""
        if abs(self.bound - self.objective) <= NOISE * abs(self.objective):
            return 0.0
        return abs(self.bound - self.objective) / abs(self.objective) if self.objective else math.inf

    @property
    def proved(self) -> bool:
        """Whether the objective is proved optimal."""
        return self.gap == 0.0


@dataclass(frozen=True)
class Selection:
    """What the optimiser chose and what it proved.

    ``chosen`` are row numbers of the sites, best first; ``gains`` are the people newly covered at each step of that
    order. ``stages`` are the objectives of the model in order; none if no choice satisfies the request.
    ``first_objective`` is the objective of the first good plan, before improvement and proof. ``clauses`` tells, for
    each stage of a plan for clauses, which clauses it stands for (``ID@LEVEL``). ``served`` are the persons that each
    of ``chosen`` serves, if sites have a capacity. ``certificate`` proves a bound of the first stage to everyone who
    computes it again; ``certified`` tells that it proves the stage optimal. None for models without certificates.
    ``opens`` are the years in which ``chosen`` open, if the plan has phases.
    """

    chosen: Ints
    gains: Floats
    status: PlanStatus
    stages: tuple[Stage, ...]
    stopped_by: str
    solver: str
    first_objective: float
    clauses: tuple[tuple[str, ...], ...] = ()
    served: Floats | None = None
    certificate: CertificateValues | None = None
    certified: bool = False
    opens: Ints | None = None

    @property
    def objective(self) -> float:
        """The objective of the last stage; NaN without a plan."""
        return self.stages[-1].objective if self.stages else math.nan

    @property
    def bound(self) -> float:
        """The bound of the last stage; NaN without a plan."""
        return self.stages[-1].bound if self.stages else math.nan

    @property
    def optimality_gap(self) -> float:
        """|bound − objective| ÷ |objective| of the last stage; 0 if both are 0, NaN without a plan."""
        return self.stages[-1].gap if self.stages else math.nan


@dataclass(frozen=True)
class Verification:
    """What the certificate of a plan proves: the objective of its stations, and the bound; or why it proves nothing.

    ``refuted`` is the key of a text, with ``values``; the stage is then None.
    """

    stage: Stage | None
    refuted: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Least:
    """The smallest number with which a request is feasible, or the smallest that was found (not ``proved``)."""

    value: float
    proved: bool = True


@dataclass(frozen=True)
class Blocked:
    """Why no choice satisfies a request, and what would.

    Parameters
    ----------
    rules : tuple of str
        Rules that cannot hold together; none where no reason was found.
    remedies : tuple of str
        Rules of which each alone, if lifted, makes the request feasible.
    proved : bool
        Whether the search for reasons was complete.
    least : mapping of str to Least
        By ``stations``, ``budget``, ``capacity``, ``minutes`` or ``max_minutes`` the least that suffices alone.
    unreached_elderly : float
        Elderly that no site reaches.
    unreached_in : mapping of str to float
        The same by unit, the most first.
    level : str or None
        Level of ``units`` and ``unreached_in``.
    units : tuple of str
        Ids of the units that fall short of a share.
    stuck : tuple of str
        Ids of forced candidates that break a rule together.
    """

    rules: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    proved: bool = True
    least: Mapping[str, Least] = field(default_factory=dict)
    unreached_elderly: float = 0.0
    unreached_in: Mapping[str, float] = field(default_factory=dict)
    level: str | None = None
    units: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evenness:
    """How evenly the units of a level are covered, before and after a plan.

    The Gini coefficients are NaN if nobody is covered. The least covered shares are NaN without units with elderly;
    ``least_before`` and ``least_after`` are the ids of all units with that share.
    """

    level: str
    gini_before: float
    gini_after: float
    least_share_before: float
    least_before: tuple[str, ...]
    least_share_after: float
    least_after: tuple[str, ...]


@dataclass(frozen=True)
class Robustness:
    """What a robust plan does in populations that were not used to make it; people are newly covered ones.

    ``measure`` is ``mean``, ``worst`` or ``quantile``; ``draws`` populations were used to make the plan, ``held_out``
    others to try it. ``promised`` is the objective; ``held_share`` the share of the held-out populations in which it
    holds. ``at_least`` is the lower end, with ``confidence``, of what is covered in ``share`` of all populations;
    ``mean`` and ``worst`` are those of the held-out ones, and ``given_...`` the same of the plan for the people as
    given. ``chosen_in`` tells for each candidate in which share of ``own_plans`` populations the best plan of that
    population has it, the most frequent first.
    """

    measure: str
    share: float
    draws: int
    held_out: int
    confidence: float
    promised: float
    held_share: float
    at_least: float
    mean: float
    worst: float
    given_at_least: float
    given_mean: float
    own_plans: int
    chosen_in: Mapping[str, float]


@dataclass(frozen=True)
class Proposal:
    """A plan: the proposed stations, the refused candidates with reasons, and the check before and after.

    ``request`` are the settings of the plan. ``stations`` is indexed by ``id`` in rank order and holds ``PLAN_COLUMNS``
    and point geometry in the working CRS; ``refused`` is indexed by candidate id with ``layer``, ``clause`` and
    ``reason``. ``changes`` are the facilities that the plan closes or enlarges, by id, with ``action`` (``close`` or
    ``enlarge``), ``size``, their new values and ``cost_cny``. ``blocked`` tells why no choice satisfies the request,
    and what would; ``shortfalls`` what a relaxed plan leaves unmet, by clause and unit. ``fairness`` holds for the
    units of the plan's ``level`` the Gini coefficient (NaN if nobody is covered) and the least covered share with the
    units that have it, each before and after; None if there is no plan. ``phases`` has, for a plan with phases, one row
    for each with ``PHASE_COLUMNS``; ``other_plans`` are the objectives of two plans that are made without phases, by
    ``each_alone`` and ``greedy_order`` (NaN where such a plan breaks a rule). ``links`` has, for a network, the parent
    of each child, with ``LINK_COLUMNS``. ``robustness`` tells what a robust plan does in other populations;
    None without one.
    """

    stations: gpd.GeoDataFrame
    refused: pd.DataFrame
    selection: Selection
    request: PlanOptions
    before: Assessment
    after: Assessment
    notes: tuple[Note, ...]
    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    blocked: Blocked | None = None
    shortfalls: pd.DataFrame | None = None
    fairness: Evenness | None = None
    phases: pd.DataFrame | None = None
    other_plans: Mapping[str, float] = field(default_factory=dict)
    links: pd.DataFrame | None = None
    robustness: Robustness | None = None
