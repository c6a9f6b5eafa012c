"""The scenario: the complete input of an assessment, as frozen, validated data.

The text catalogue has the descriptions of the keys under ``scenario_key.SECTION.KEY``; ``docs/scenario.md`` and the
file of ``siting new`` are printed from both.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from siting.characters import seen
from siting.domain.levels import FINE_TO_COARSE as FINE_TO_COARSE  # noqa: PLC0414 - re-exported
from siting.domain.levels import Level as Level  # noqa: PLC0414 - re-exported
from siting.domain.plan_models import SETTINGS_OF_MODELS, TRAITS, PlanModel
from siting.domain.walkers import LIFT_WAIT_S, WALKERS, WalkerSpeeds
from siting.files import can_name_a_file
from siting.units import SECONDS_PER_MINUTE

Tier = Literal["institution", "centre", "station"]
LandBasis = Literal["resident_current", "resident_planned", "registered", "elderly60", "elderly65"]
Horizon = Literal["current"] | Annotated[int, Field(ge=2000, le=2100)]
PopulationUnit = Literal["persons per cell", "persons per ha", "persons per km2"]
# What gives a unit its facility, if a clause names no tier.
CoverageReading = Literal["any_facility", "by_tier"]
Direction = Literal["slower", "to_facility", "from_facility", "both_ways"]
# A built-in walker, or the name of one under [walkers].
Walker = Literal["elder", "frail", "fit", "wheelchair"] | str  # noqa: PYI051 - pages list the built-in ones

# The treatment of polygons that cross themselves, are empty or have no area.
Invalid = Literal["refuse", "leave_out"]

Share = Annotated[float, Field(gt=0, le=1)]
# The largest share of a unit outside a raster for which its people are still known as an interval.
OutsideShare = Annotated[float, Field(gt=0, le=0.5)]
# Networks are rounded to the millimetre; a thousand kilometres is wider than any province.
_LEAST_M, _MOST_M = 0.001, 1_000_000
Metres = Annotated[float, Field(ge=_LEAST_M, le=_MOST_M)]
Buffer = Annotated[float, Field(ge=0, le=_MOST_M)]
# Sizes and distances are between a tenth of a metre and ten kilometres.
Cell = Annotated[float, Field(ge=0.1, le=10_000)]
# A centimetre per second is almost no movement; nobody runs 15 m/s.
SLOWEST_M_S: Final = 0.01
Speed = Annotated[float, Field(ge=SLOWEST_M_S, le=15)]
SpeedOrNone = Annotated[float, Field(ge=0, le=15)]
Wait = Annotated[float, Field(ge=0, le=86_400)]
# Sums of values multiplied by these stay exact numbers.
Amount = Annotated[float, Field(ge=0.001, le=1_000_000_000_000)]
Weight = Annotated[float, Field(ge=0.001, le=1_000_000)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
# A day is longer than any walk, and within the limit of the kernel at its coarsest resolution. The least is 0.06 s:
# times are compared to a millisecond.
Minutes = Annotated[float, Field(ge=0.001, le=1440)]


# Keys that give the location of data, not the request.
PATH_KEYS: Final = ("path", "pattern", "bands", "points", "polygons", "attributes", "files", "database")
# Words that are looked up unchanged: files, and the names of layers in a file or a database.
_VERBATIM: Final = (*PATH_KEYS, "layer", "query")


def _seen(value: Any) -> Any:  # noqa: ANN401 - the value of any key
    if isinstance(value, str):
        return seen(value)
    if isinstance(value, dict):
        return {_seen(key): _seen(each) for key, each in value.items()}
    return tuple(map(_seen, value)) if isinstance(value, tuple) else value


class Section(BaseModel):
    """A part of a scenario: frozen, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="after")
    @classmethod
    def _as_seen(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - the value of any key
        """Remove invisible characters from names of columns, ids and words."""
        if info.field_name not in _VERBATIM:
            return _seen(value)
        if not all(can_name_a_file(str(each)) for each in (value if isinstance(value, tuple) else (value,))):
            message = "a name holds a character that none can hold"
            raise ValueError(message)
        return value


class Head(Section):
    """What the assessment is called, and the moment that it describes."""

    title: str
    date: dt.date
    horizon: Horizon = "current"
    prepared_by: str = ""
    sources: tuple[str, ...] = ()
    review_number: str = ""
    share: bool = False


class Layer(Section):
    """A vector layer or table: where it lies, how its columns are named and measured, which of its rows count."""

    path: Path | None = None
    database: str | None = None
    query: str | None = None
    layer: str | None = None
    crs: str | None = None
    axes: Literal["east_north", "north_east"] = "east_north"
    encoding: str | None = None
    header: Annotated[int, Field(ge=1, le=1_048_576)] | None = None
    columns: dict[str, str] = {}
    column_units: dict[str, str] = {}
    values: dict[str, dict[str, str | int | float | bool]] = {}
    defaults: dict[str, str | int | float | bool] = {}
    rows: dict[str, tuple[str, ...]] = {}
    attributes: Path | None = None
    attributes_on: tuple[str, str] | None = None
    empty: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.database is None):
            message = "give either path or database"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _whole_pairs(self) -> Self:
        if self.query is not None and (self.database is None or self.layer is not None):
            message = "query goes with database, and without layer"
            raise ValueError(message)
        if (self.attributes is None) != (self.attributes_on is None):
            message = "attributes and attributes_on go together"
            raise ValueError(message)
        return self

    @property
    def called(self) -> str:
        """The name of the source in messages: the file's name, or the table of the database."""
        return self.path.name if self.path is not None else self.layer or "database"


class AreaLayer(Layer):
    """Polygons that stand for places: one that cannot be mended is refused, or left out with its people."""

    on_invalid: Invalid = "refuse"


class PeopleSource(Section):
    """How many people live where: a raster, bands of age that are added up, points, areas, or a table of units."""

    path: Path | None = None
    pattern: str | None = None
    bands: tuple[Path, ...] = ()
    points: Path | None = None
    polygons: Path | None = None
    level: Level | None = None
    attributes: Path | None = None
    attributes_on: tuple[str, str] | None = None
    from_age: Literal[60, 65] | None = None
    unit: PopulationUnit | None = None
    nodata: float | None = None
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    columns: dict[str, str] = {}
    allocate: Literal["area", "residential"] = "area"
    overlap: bool = False
    on_invalid: Invalid = "refuse"
    outside: Literal["unknown", "nobody"] | OutsideShare = "unknown"

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = (self.path, self.pattern, self.bands or None, self.points, self.polygons, self.level)
        if sum(each is not None for each in given) != 1:
            message = "give one of path, pattern, bands, points, polygons, level"
            raise ValueError(message)
        if self.pattern is not None and "{age}" not in self.pattern:
            message = "pattern must hold {age}"
            raise ValueError(message)
        if self.is_raster and self.unit is None:
            message = "give the unit of a raster"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _whole_pairs(self) -> Self:
        if self.level is not None:
            whole = self.attributes is not None and self.attributes_on is None
        else:
            joined = self.attributes is not None
            whole = joined == (self.attributes_on is not None) and not (joined and self.is_raster)
        if not whole:
            message = "attributes go with level, or with attributes_on and points or polygons"
            raise ValueError(message)
        return self

    @property
    def is_raster(self) -> bool:
        """Whether people come from raster files, not from points, areas or a table of units."""
        return self.points is None and self.polygons is None and self.level is None

    @property
    def file(self) -> Path:
        """The file that messages name; for a pattern its folder and form, for bands the first."""
        table = self.attributes if self.level is not None else None
        return next(
            Path(each) for each in (self.path, self.pattern, *self.bands, self.points, self.polygons, table) if each
        )


class Projection(Layer):
    """People carried to the horizon by rates: of growth a year, or of cohorts."""

    base_year: Annotated[int, Field(ge=1950, le=2100)]
    method: Literal["growth", "cohort"] = "growth"


class GroupSource(Section):
    """A group of people, carried as a weight: ages of the elderly bands, a share of the elderly, or a raster."""

    from_age: Annotated[int, Field(ge=0, le=150)] | None = None
    to_age: Annotated[int, Field(ge=0, le=150)] | None = None
    share: Share | None = None
    path: Path | None = None
    unit: PopulationUnit | None = None
    crs: str | None = None
    nodata: float | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(each is not None for each in (self.from_age, self.share, self.path)) != 1:
            message = "give one of from_age, share, path"
            raise ValueError(message)
        if self.path is not None and self.unit is None:
            message = "give the unit of a raster"
            raise ValueError(message)
        if self.to_age is not None and (self.from_age is None or self.to_age < self.from_age):
            message = "to_age must not be below from_age"
            raise ValueError(message)
        return self


class AlternativeGrid(Section):
    """Another grid of the elderly, from which populations are drawn too."""

    path: Path
    unit: PopulationUnit
    nodata: float | None = None
    crs: str | None = None


class Uncertainty(Section):
    """How wrong the people of the cells may be: errors of units and of cells, and other grids."""

    unit_error: Annotated[float, Field(ge=0, le=2)] | Literal["calibration"] = 0.0
    cell_error: Annotated[float, Field(ge=0, le=2)] = 0.0
    level: Level | None = None
    draws: Annotated[int, Field(ge=10, le=1000)] = 100
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 0
    alternatives: Annotated[dict[str, AlternativeGrid], Field(max_length=20)] = {}


class PopulationSection(Section):
    """Where people are, now and at the planned horizon."""

    residents: PeopleSource | None = None
    elderly: PeopleSource | None = None
    planned_residents: PeopleSource | None = None
    planned_elderly: PeopleSource | None = None
    elderly_share: Annotated[float, Field(ge=0.001, le=1)] | None = None
    cell_m: Cell = 100
    calibrate: Level | Literal["none"] | None = None
    projection: Projection | None = None
    groups: Annotated[dict[str, GroupSource], Field(max_length=50)] = {}
    spread: bool = False
    land_basis: LandBasis | None = None
    uncertainty: Uncertainty | None = None

    @property
    def stated_errors(self) -> Uncertainty | None:
        """How wrong the people may be; None if nothing is stated."""
        stated = self.uncertainty
        some = stated is not None and (stated.unit_error or stated.cell_error or stated.alternatives)
        return stated if some else None

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if self.residents is None and self.elderly is None:
            message = "give residents, elderly or both"
            raise ValueError(message)
        age = 60 if self.elderly is None else self.elderly.from_age or 60
        if self.land_basis in ("elderly60", "elderly65") and self.land_basis != f"elderly{age}":
            message = "land_basis names another age than the elderly grid counts from"
            raise ValueError(message)
        return self


class UnitLayer(AreaLayer):
    """Reporting areas of one level: a layer, the union of another level or the data's extent; and their people."""

    union_of: Level | None = None
    of_extent: bool = False
    name: str | None = None
    overlap: bool = False
    people: Layer | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum((self.path is not None, self.database is not None, self.is_made)) != 1 or (
            self.union_of is not None and self.of_extent
        ):
            message = "give one of path, database, union_of, of_extent"
            raise ValueError(message)
        return self

    @property
    def is_made(self) -> bool:
        """Whether the level has no layer of its own: it is the union of another one, or the extent of the data."""
        return self.union_of is not None or self.of_extent


class PlacedLayer(Layer):
    """Records that stand at a point; those without coordinates are placed by the names that they give."""

    unplaced: Literal["refuse", "leave_out"] = "refuse"


# The default spacing of the lattice: some three minutes on foot from point to point.
LATTICE_M: Final = 200.0


class Generated(Section):
    """Candidates made where no ledger lists premises: points of a lattice, on the ground of people, beside a way."""

    spacing_m: Cell
    within: Literal["residential_areas", "units"] = "residential_areas"
    near_network_m: Metres = 100


class CandidateLayer(PlacedLayer):
    """Premises and plots that could become stations: a ledger, a lattice that is made, or both."""

    generate: Generated | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if not self.has_ledger and self.generate is None:
            message = "give path, database or generate"
            raise ValueError(message)
        if self.path is not None and self.database is not None:
            message = "give either path or database"
            raise ValueError(message)
        return self

    @property
    def has_ledger(self) -> bool:
        """Whether there is a ledger to read."""
        return self.path is not None or self.database is not None


class FacilityLayer(PlacedLayer):
    """The ledger of facilities, and whether it is complete."""

    complete: bool
    land_at_most_m2: dict[Tier, Amount] = {}


class ExclusionLayer(Layer):
    """Ground on which one may not build, and the rule that says so."""

    clause: str
    side: Literal["inside", "outside"] = "inside"
    buffer_m: Buffer = 0.0


class PreferenceLayer(Layer):
    """Ground on which one would rather build."""

    buffer_m: Buffer = 0.0


class LandUseLayer(Layer):
    """The land-use plan, and the kinds of use with which facilities for the elderly conform."""

    allowed: tuple[str, ...] = Field(min_length=1)


class Constraints(Section):
    """What the ground allows."""

    exclude: dict[str, ExclusionLayer] = {}
    prefer: dict[str, PreferenceLayer] = {}
    land_use: LandUseLayer | None = None


class NetworkLayer(Layer):
    """Ways to walk: an OpenStreetMap extract, or lines."""

    split_at_crossings: bool = False
    snap_m: Annotated[float, Field(ge=0, le=1)] = 0.05


class TerrainSource(Section):
    """An elevation raster, metres."""

    path: Path
    crs: str | None = None
    nodata: float | None = None


class SurfaceSource(Section):
    """Open ground to walk over: a raster of land cover or friction, what bars the way, and what leads over it."""

    path: Path
    kind: Literal["cover", "friction"] = "cover"
    factors: dict[str, Share] | None = None
    reference_m_s: Speed = 1.39
    cell_m: Cell | None = None
    crs: str | None = None
    nodata: float | None = None
    barriers: dict[str, Layer] = {}
    over: dict[str, Layer] = {}

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.kind == "cover") != bool(self.factors):
            message = "give factors with cover, and none with friction"
            raise ValueError(message)
        return self


class OwnWalker(Section):
    """A walker of the scenario's own: speeds, what the walker cannot use, waiting, and where the figures come from."""

    flat_m_s: Speed
    stairs_up_m_s: SpeedOrNone = 0.0
    stairs_down_m_s: SpeedOrNone = 0.0
    max_slope: Annotated[float, Field(ge=0.001, le=10)] | None = None
    crossing_wait_s: Wait = 0.0
    lift_wait_s: Wait = LIFT_WAIT_S
    escalator_m_s: Speed | None = None
    source: str

    @model_validator(mode="after")
    def _moving(self) -> Self:
        if any(0 < speed < SLOWEST_M_S for speed in (self.stairs_up_m_s, self.stairs_down_m_s)):
            message = "a speed on stairs is 0 or at least 0.01"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if not self.source.strip():
            message = "give the source of a walker's speeds"
            raise ValueError(message)
        return self


class Walking(Section):
    """How people walk."""

    mode: Literal["network", "surface", "straight_line"] = "network"
    walker: Walker = "elder"
    minutes: Minutes = 15
    max_minutes: Minutes = 60
    direction: Direction = "slower"
    slope: bool = True
    attach_limit_m: Metres = 200
    detour: Annotated[float, Field(ge=1, le=100)] = 1.0

    @model_validator(mode="after")
    def _reach(self) -> Self:
        if self.max_minutes < self.minutes:
            message = "max_minutes must not be below minutes"
            raise ValueError(message)
        return self


class Circle(Section):
    """What counts for the service circle, and when a place passes."""

    tiers: tuple[Literal["centre", "station"], ...] = ("centre", "station")
    pass_share: Share = 0.9
    shared_from: Share | None = None
    villages: bool = False
    levels: tuple[Level | Literal["residential_area"], ...] = (
        "residential_area",
        "community",
        "street",
        "planning",
        "district",
        "city",
    )


class Land(Section):
    """How land within reach is shared out."""

    institution_minutes: Minutes | None = None


class Provision(Section):
    """What estates must provide, which no document of Chongqing gives in figures."""

    m2_per_100_households: Amount | None = None
    old_m2_per_100_households: Amount | None = None


class Context(Section):
    """What lies outside the units but matters to them."""

    complete: bool = False
    facilities: PlacedLayer | None = None


class ClauseOverride(Section):
    """Another number for a clause, and why."""

    clause: str
    number: Annotated[float, Field(ge=-1_000_000_000, le=1_000_000_000)]
    reason: str

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if not self.reason.strip():
            message = "give a reason for another number"
            raise ValueError(message)
        return self


class StandardsChoice(Section):
    """The standards that apply: those in force at a place, or those named, and the planner's own files beside them."""

    place: str | None = None
    ids: tuple[str, ...] | None = None
    files: tuple[Path, ...] = ()
    coverage: CoverageReading = "any_facility"
    old_estate_before_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    exclude_area: Layer | None = None
    override: tuple[ClauseOverride, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = (self.place is not None) + (self.ids is not None)
        if given > 1 or (given == 0 and not self.files):
            message = "give either place or ids"
            raise ValueError(message)
        return self


class SizesTable(Layer):
    """Sizes in which a site may be built: land, floor area, capacity, beds and cost."""


class PlanPhase(Section):
    """A phase of a plan: the year at whose end its stations are open, and the most that may be built in it."""

    year: Annotated[int, Field(ge=1950, le=2100)]
    stations: Count | None = None
    budget_cny: Annotated[float, Field(ge=0, le=1_000_000_000_000)] | None = None


class PlanLinks(Section):
    """Which facility may be the parent of which in a network of tiers: where, how far, and how many."""

    streets: Literal["same", "adjoining", "any"] = "adjoining"
    within_m: Metres | None = None
    most_children: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    centres: bool = False


class PlanOptions(Section):
    """What to propose: the model, what it must keep to, and how long to look for it."""

    model: PlanModel = "mclp"
    stations: Count | None = None
    budget_cny: Annotated[float, Field(ge=0, le=1_000_000_000_000)] | None = None
    share: Share = 1.0
    unit_share: Share | None = None
    unit_level: Level | None = None
    least: Literal["stations", "cost"] = "stations"
    beyond_minutes: Minutes | None = None
    capacity: Amount | None = None
    existing_capacity: Amount | None = None
    forced: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    closable: tuple[str, ...] = ()
    upgradable: tuple[str, ...] = ()
    spacing_m: Metres | None = None
    most_per_unit: Count | None = None
    weights: dict[str, Weight] = {}
    clauses: tuple[str, ...] = ()
    robust: Literal["mean", "worst", "quantile"] | None = None
    robust_share: Share = 0.9
    phases: tuple[PlanPhase, ...] = ()
    phases_until: Annotated[int, Field(ge=1950, le=2100)] | None = None
    discount_rate: Annotated[float, Field(ge=0, lt=1)] = 0.0
    links: PlanLinks = PlanLinks()
    sizes: SizesTable | None = None
    max_nodes: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    # Results are written with six decimals, and a plan is read again.
    time_limit_s: Annotated[float, Field(ge=0.001, le=1_000_000_000)] = 600
    # The largest seed of HiGHS.
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 0

    @property
    def asks_for_costs(self) -> bool:
        """Whether the request needs the cost of every candidate."""
        phases = self.phases if self.model == "phased" else ()
        money = self.budget_cny, *(phase.budget_cny for phase in phases)
        return any(each is not None for each in money) or self.least == "cost" or self.model == "compliance"

    @property
    def closing(self) -> tuple[str, ...]:
        """Facilities that a plan may close: none without a number of stations, because closing then frees no slot."""
        return self.closable if self.stations is not None and self.model != "lscp" else ()


def asked(options: PlanOptions) -> dict[str, Any]:
    """Return the model and the settings that are not as by default, as JSON values: the request in a plan's file.

    Examples
    --------
    >>> from siting.domain.scenario import PlanOptions, asked
    >>> asked(PlanOptions(stations=3))
    {'stations': 3, 'model': 'mclp'}
    """
    found: dict[str, Any] = options.model_dump(mode="json", exclude_defaults=True, exclude={"sizes"})
    return found | {"model": options.model}


def idle_settings(options: PlanOptions, model: PlanModel | None = None) -> list[str]:
    """Return the given settings that a model (by default the one of the options) does not use.

    Examples
    --------
    >>> from siting.domain.scenario import PlanOptions, idle_settings
    >>> idle_settings(PlanOptions(model="mclp", share=0.5)), idle_settings(PlanOptions(share=0.5), "lscp")
    (['share'], [])
    """
    usual = PlanOptions()
    others = SETTINGS_OF_MODELS - TRAITS[model or options.model].settings
    return [
        name for name in PlanOptions.model_fields if name in others and getattr(options, name) != getattr(usual, name)
    ]


class BaseLayer(Layer):
    """A layer that the map draws under everything else."""

    style: Literal["water", "green", "line"]


def _extent_alone() -> dict[Level, UnitLayer]:
    """Return the one unit of a scenario without boundaries."""
    return {"district": UnitLayer(of_extent=True)}


class Scenario(Section):
    """All that one assessment needs.

    Paths are absolute once :func:`siting.read_scenario` has read the file; a scenario built in code may use any
    path that can be opened.
    """

    scenario: Head
    standards: StandardsChoice
    population: PopulationSection
    units: dict[Level, UnitLayer] = Field(default_factory=_extent_alone, min_length=1)
    residential_areas: AreaLayer | None = None
    facilities: FacilityLayer
    candidates: CandidateLayer | None = None
    constraints: Constraints = Constraints()
    network: NetworkLayer | None = None
    surface: SurfaceSource | None = None
    terrain: TerrainSource | None = None
    walking: Walking = Walking()
    walkers: dict[str, OwnWalker] = {}
    circle: Circle = Circle()
    land: Land = Land()
    provision: Provision = Provision()
    context: Context = Context()
    plan: PlanOptions = PlanOptions()
    basemap: dict[str, BaseLayer] = {}
    # Folders of data given in memory: they exist as long as scenarios that use them.
    _kept: tuple[object, ...] = ()

    @property
    def walker(self) -> WalkerSpeeds:
        """The walker that the scenario names: a built-in one, or one of its own."""
        own = self.walkers.get(self.walking.walker)
        if own is None:
            return WALKERS[self.walking.walker]
        return WalkerSpeeds(
            flat=own.flat_m_s,
            stairs_up=own.stairs_up_m_s,
            stairs_down=own.stairs_down_m_s,
            source=own.source,
            max_slope=own.max_slope,
            crossing_wait=own.crossing_wait_s,
            lift_wait=own.lift_wait_s,
            escalator=own.escalator_m_s,
        )

    @property
    def reach_m(self) -> float:
        """How far the walker walks on the flat within the cut-off, metres."""
        return self.walker.flat * self.walking.minutes * SECONDS_PER_MINUTE

    @property
    def walks_flat(self) -> bool:
        """Whether slopes do not affect walking times on networks or open ground: no terrain, or ``slope`` is off."""
        of_friction = self.walking.mode == "surface" and self.surface is not None and self.surface.kind == "friction"
        sloped = of_friction or (self.walking.slope and self.terrain is not None)
        return self.walking.mode != "straight_line" and not sloped

    def __repr__(self) -> str:
        """Return title, date and horizon, and the sections that are given."""
        head = self.scenario
        given = ", ".join(name for name in type(self).model_fields if name in self.model_fields_set)
        return f"<Scenario {head.title}: {head.date}, {head.horizon}; {given}>"

    @model_validator(mode="after")
    def _planned_people(self) -> Self:
        if self.population.land_basis == "resident_planned" and self.scenario.horizon == "current":
            message = "land_basis is resident_planned but the horizon is current"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _known_walker(self) -> Self:
        taken = sorted(WALKERS.keys() & self.walkers.keys())
        if taken:
            message = "a walker of [walkers] bears the name of a built-in one"
            raise ValueError(message)
        known = [*WALKERS, *self.walkers]
        if self.walking.walker not in known:
            words = {"found": self.walking.walker, "expected": ", ".join(known)}
            code = "unknown_walker"
            raise PydanticCustomError(code, "walking.walker is {found}, not one of {expected}", words)
        return self

    @model_validator(mode="after")
    def _ways_to_walk(self) -> Self:
        if self.walking.mode == "network" and self.network is None:
            message = "walking.mode is network but no [network] is given; straight lines are never assumed silently"
            raise ValueError(message)
        if self.walking.mode == "surface" and self.surface is None:
            message = "walking.mode is surface but no [surface] is given"
            raise ValueError(message)
        return self


def with_lattice(scenario: Scenario) -> Scenario:
    """Return a scenario without candidates with a lattice of them.

    Its points are 200 m apart, within residential areas if there are any, otherwise within units.

    Examples
    --------
    >>> import siting
    >>> from siting.domain.scenario import with_lattice
    >>> scenario = siting.read_scenario("data/sample/scenario.toml").model_copy(update={"candidates": None})
    >>> with_lattice(scenario).candidates.generate.within
    'residential_areas'
    """
    lattice = Generated(
        spacing_m=LATTICE_M, within="units" if scenario.residential_areas is None else "residential_areas"
    )
    made = CandidateLayer(generate=lattice)
    return scenario.model_copy(update={"candidates": made})


def shared(scenario: Scenario) -> Scenario:
    """Return a scenario whose results are made to be passed on.

    Examples
    --------
    >>> import siting
    >>> from siting.domain.scenario import shared
    >>> shared(siting.read_scenario("data/sample/scenario.toml")).scenario.share
    True
    """
    return scenario.model_copy(update={"scenario": scenario.scenario.model_copy(update={"share": True})})


def fingerprint(scenario: Scenario, digests: Mapping[str, str]) -> str:
    """Return the SHA-256 of the canonical scenario: defaults written out, paths replaced by content digests.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    digests : mapping of str to str
        SHA-256 of the content of every file that it names.
    """
    asked = _without_paths(scenario.model_dump(mode="json"))
    if not scenario.scenario.share:
        # As in scenarios of versions that did not know the key.
        del asked["scenario"]["share"]
    canonical = {"scenario": asked, "files": sorted(digests.items())}
    return hashlib.sha256(json.dumps(canonical, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _without_paths(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _without_paths(inner) for key, inner in value.items() if key not in PATH_KEYS}
    return value
