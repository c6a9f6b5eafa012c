"""The columns of every table that is read or written.

The text catalogue holds a column's meaning under ``field.KEY``; readers validate by these lists, writers write by them,
and ``docs/scenario.md`` and ``docs/gap-report.md`` are printed from them.
"""

from dataclasses import dataclass
from typing import Final, Literal

Type = Literal["text", "number", "integer", "boolean", "date", "year", "list"]


@dataclass(frozen=True)
class Column:
    """One column: key, type, unit, and for inputs what is allowed; the values of a ``unique`` column differ.

    A number is at least ``minimum``, greater than ``above``, and at most ``maximum``.
    """

    key: str
    type: Type
    unit: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    unique: bool = False

    @property
    def limits(self) -> str:
        """The allowed numbers, for example ``≥ 0``; blank without a limit."""
        signs = (("≥", self.minimum), (">", self.above), ("≤", self.maximum))
        return ", ".join(f"{sign} {limit:g}" for sign, limit in signs if limit is not None)


@dataclass(frozen=True)
class Relation:
    """Two columns of a table: in a row with both, ``part`` is not greater (for dates: not later) than ``whole``."""

    part: str
    whole: str


# Contradictions within a row are refused in every table that has both columns.
RELATIONS: Final = (
    Relation("elderly", "residents"),
    Relation("nursing_beds", "beds"),
    Relation("certified_staff", "staff"),
    Relation("floor_area_m2", "building_floor_area_m2"),
    Relation("opens", "closes"),
    Relation("housing_accepted_on", "housing_handed_over_on"),
    Relation("premises_accepted_on", "premises_handed_over_on"),
)
# Upper limit of the plot and floor area of one facility: ten times the 5 ha that guidance on land allows for an
# institution with medical care (国土资厅发〔2014〕11号).
_LARGEST_M2: Final = 500_000.0
# Stars and leaves go up to five: 五星级, 五叶级 (开州府办发〔2024〕16号, articles 10 and 20).
_BEST: Final = 5

# What money was paid for, and by which body; each pair has its own column, because each has its own limits.
PAID_FOR: Final = ("construction", "operation", "rating", "chain")
PAYERS: Final = ("city", "district")
# OpenStreetMap values for ways that are not built yet, or no longer in use: as values of ``highway``, and as keys.
LIFECYCLE: Final = (
    "construction", "proposed", "planned", "abandoned", "razed", "demolished", "removed", "dismantled", "destroyed",
    "disused",
)  # fmt: skip


def paid_column(line: str, payer: str) -> str:
    """Return the column of the amount that a payer has paid a site so far for a purpose.

    Examples
    --------
    >>> from siting.domain.tables import paid_column
    >>> paid_column("construction", "district")
    'construction_paid_district_cny'
    """
    return f"{line}_paid_{payer}_cny"


def paid_columns(line: str, payer: str) -> tuple[str, ...]:
    """Return the columns of the amounts that a payer has paid a site for a purpose; both payers' for ``either``.

    Examples
    --------
    >>> from siting.domain.tables import paid_columns
    >>> paid_columns("chain", "either")
    ('chain_paid_city_cny', 'chain_paid_district_cny')
    """
    return tuple(paid_column(line, each) for each in (PAYERS if payer == "either" else (payer,)))


PAID_COLUMNS: Final = tuple(paid_column(line, payer) for line in PAID_FOR for payer in PAYERS)
# Columns of earlier versions, and their present names.
RETIRED: Final = dict.fromkeys(
    ("subsidy_paid_cny", "该场址已领建设补贴", "award_paid_cny", "已领等级奖励"), PAID_COLUMNS
)

UNIT_COLUMNS: Final = (
    Column("id", "text", required=True),
    Column("name", "text", required=True),
    Column("kind", "text"),
    Column("teaching_point", "boolean"),
    Column("served", "boolean"),
)
# A table of the people of units; a row names its unit by id or by name.
PEOPLE_COLUMNS: Final = (
    Column("id", "text"),
    Column("name", "text"),
    Column("residents", "number", "persons", minimum=0),
    Column("elderly", "number", "persons", minimum=0),
)
# People of points or areas.
PEOPLE_LAYER_COLUMNS: Final = (
    Column("id", "text", unique=True),
    Column("people", "number", "persons", required=True, minimum=0),
)
# A table of the people of units, residents or elderly; a row names its unit by id or by name.
PEOPLE_OF_UNITS_COLUMNS: Final = (
    Column("id", "text"),
    Column("name", "text"),
    Column("people", "number", "persons", required=True, minimum=0),
)
# Annual growth of the people of units, or of all people if a row names no unit; 0.02 is 2 % a year.
GROWTH_COLUMNS: Final = (
    Column("id", "text"),
    Column("name", "text"),
    Column("residents_growth", "number", minimum=-1),
    Column("elderly_growth", "number", minimum=-1),
)
# For the age band that begins at an age, the share that is in the next band five years later.
COHORT_COLUMNS: Final = (
    Column("age", "integer", required=True, minimum=0),
    Column("stays", "number", required=True, minimum=0),
)
# The progress of housing, or of its premises for elderly care: 规划、许可、在建、验收、移交.
STAGES: Final = ("planned", "permitted", "under_construction", "accepted", "handed_over")
RESIDENTIAL_COLUMNS: Final = (
    Column("id", "text", required=True),
    Column("name", "text", required=True),
    Column("status", "text", choices=("existing", "new")),
    Column("households", "number", minimum=0),
    Column("year_built", "year"),
    Column("old_estate", "boolean"),
    Column("residents", "number", "persons", minimum=0),
    Column("elderly", "number", "persons", minimum=0),
    Column("provided_m2", "number", "m²", minimum=0),
    Column("housing_stage", "text", choices=STAGES),
    Column("premises_stage", "text", choices=STAGES),
    Column("housing_accepted_on", "date"),
    Column("premises_accepted_on", "date"),
    Column("housing_handed_over_on", "date"),
    Column("premises_handed_over_on", "date"),
    Column("premises_parts", "integer", minimum=1),
    Column("premises_recipient", "text"),
    Column("premises_facility", "text"),
)
# The kinds of operators and of funding bodies of a facility.
_RUN_BY: Final = (
    Column("operator", "text"),
    Column("operator_kind", "text", choices=("government", "public_private", "private")),
    Column("owner_kind", "text", choices=("government", "collective", "private")),
)
FACILITY_COLUMNS: Final = (
    Column("id", "text", required=True),
    Column("name", "text"),
    Column("tier", "text", required=True, choices=("institution", "centre", "station")),
    Column("status", "text", required=True, choices=("existing", "under_construction", "planned", "closing")),
    Column("opens", "date"),
    Column("closes", "date"),
    Column("land_m2", "number", "m²", minimum=0, maximum=_LARGEST_M2),
    Column("floor_area_m2", "number", "m²", minimum=0, maximum=_LARGEST_M2),
    Column("building_floor_area_m2", "number", "m²", minimum=0),
    Column("far", "number", above=0),
    Column("beds", "integer", minimum=0),
    Column("nursing_beds", "integer", minimum=0),
    *_RUN_BY,
    Column("tenure", "text", choices=("own", "lease")),
    Column("lease_years", "number", "years", minimum=0),
    Column("new_beds", "integer", minimum=0),
    *(Column(name, "number", "CNY", minimum=0) for name in PAID_COLUMNS),
    Column("award_rating", "integer", minimum=0, maximum=_BEST),
    Column("med_link", "text", choices=("internal", "agreement", "nearby", "none")),
    Column("staff", "integer", "persons", minimum=0),
    Column("certified_staff", "integer", "persons", minimum=0),
    Column("demonstration", "boolean"),
    Column("disabled_destitute", "boolean"),
    Column("rating_kind", "text", choices=("star", "leaf")),
    Column("rating", "integer", minimum=0, maximum=_BEST),
    Column("parent_id", "text"),
    Column("site_id", "text"),
    Column("community_id", "text"),
    Column("street_id", "text"),
    Column("district_id", "text"),
    Column("serves_community", "boolean"),
    Column("residential_area", "text"),
    Column("community", "text"),
    Column("street", "text"),
    Column("address", "text"),
)
CANDIDATE_COLUMNS: Final = (
    Column("id", "text", required=True),
    Column("name", "text"),
    Column("kind", "text"),
    Column("tenure", "text", choices=("own", "lease", "state")),
    Column("floor_area_m2", "number", "m²", minimum=0, maximum=_LARGEST_M2),
    Column("land_m2", "number", "m²", minimum=0, maximum=_LARGEST_M2),
    Column("building_floor_area_m2", "number", "m²", minimum=0),
    Column("far", "number", above=0),
    Column("detached", "boolean"),
    Column("available_from", "date"),
    Column("capital_cost_cny", "number", "CNY", minimum=0),
    Column("rent_cny_per_year", "number", "CNY a year", minimum=0),
    Column("lease_years", "number", "years", minimum=0),
    *_RUN_BY,
    Column("residential_area", "text"),
    Column("community", "text"),
    Column("street", "text"),
    Column("address", "text"),
)
# Sizes in which a site may be built. ``for`` is a kind of candidate, ``generated`` or ``existing``.
SIZE_COLUMNS: Final = (
    Column("size", "text", required=True),
    Column("for", "text"),
    Column("tier", "text", choices=("station", "centre", "institution")),
    Column("land_m2", "number", "m²", minimum=0),
    Column("floor_area_m2", "number", "m²", minimum=0),
    Column("capacity", "number", "persons", minimum=0),
    Column("beds", "integer", minimum=0),
    Column("cost_cny", "number", "CNY", minimum=0),
    Column("cost_cny_per_m2", "number", "CNY per m²", minimum=0),
)
GROUND_COLUMNS: Final = (Column("id", "text"), Column("name", "text"))
LAND_USE_COLUMNS: Final = (Column("id", "text"), Column("kind", "text", required=True))
NETWORK_COLUMNS: Final = (
    Column("id", "text"),
    Column(
        "kind",
        "text",
        choices=(
            "street",
            "path",
            "stairs",
            "footbridge",
            "bridge",
            "tunnel",
            "crossing",
            "lift",
            "escalator",
            # An escalator that runs one way: with its line as it is drawn, or against it.
            "escalator_forward",
            "escalator_backward",
        ),
    ),
    Column("level", "integer"),
    # OpenStreetMap tags in layers that were made from it.
    Column("highway", "text"),
    Column("foot", "text"),
    Column("access", "text"),
    Column("bridge", "text"),
    Column("tunnel", "text"),
    Column("motorroad", "text"),
    Column("sidewalk", "text"),
    *(Column(key, "text") for key in LIFECYCLE),
)

PLACE_COLUMNS: Final = (
    Column("id", "text"),
    Column("name", "text"),
    Column("level", "text"),
    Column("kind", "text"),
    Column("unit_id", "text"),
    Column("residents", "number", "persons"),
    Column("residents_high", "number", "persons"),
    Column("elderly", "number", "persons"),
    Column("elderly_high", "number", "persons"),
    Column("land_basis", "text"),
    Column("land_method", "text"),
    Column("land_provided_m2", "number", "m²"),
    Column("land_provided_high_m2", "number", "m²"),
    Column("land_m2_per_resident", "number", "m² per resident"),
    Column("land_m2_per_elderly", "number", "m² per elderly"),
    Column("land_high_m2_per_resident", "number", "m² per resident"),
    Column("land_high_m2_per_elderly", "number", "m² per elderly"),
    Column("land_required_01_m2", "number", "m²"),
    Column("land_gap_01_m2", "number", "m²"),
    Column("land_gap_01_low_m2", "number", "m²"),
    Column("land_required_02_m2", "number", "m²"),
    Column("land_gap_02_m2", "number", "m²"),
    Column("land_gap_02_low_m2", "number", "m²"),
    Column("land_floor", "number", "m² per person"),
    Column("land_required_m2", "number", "m²"),
    Column("land_gap_m2", "number", "m²"),
    Column("land_gap_low_m2", "number", "m²"),
    Column("land_reach_m2_per_person", "number", "m² per person"),
    Column("land_reach_high_m2_per_person", "number", "m² per person"),
    Column("minutes_to_nearest", "number", "min"),
    Column("minutes_p90", "number", "min"),
    Column("reached_share", "number"),
    Column("elderly_covered", "number", "persons"),
    Column("elderly_covered_high", "number", "persons"),
    Column("elderly_uncovered", "number", "persons"),
    Column("elderly_uncovered_low", "number", "persons"),
    Column("covered_share", "number"),
    Column("covered_share_high", "number"),
    Column("verdict", "text"),
    Column("verdict_binding", "text"),
    Column("reason", "text"),
    Column("remedies", "text"),
    Column("remedy_candidates", "text"),
    Column("shared_facility", "text"),
    Column("edge_effect", "boolean"),
)
CHECK_COLUMNS: Final = (
    Column("clause_id", "text"),
    Column("standard_id", "text"),
    Column("kind", "text"),
    Column("method", "text"),
    Column("level", "text"),
    Column("force", "text"),
    Column("binding", "boolean"),
    Column("extent", "text"),
    Column("for_comparison", "boolean"),
    Column("basis", "text"),
    Column("required", "number"),
    Column("required_high", "number"),
    Column("provided_low", "number"),
    Column("provided_high", "number"),
    Column("shortfall", "number"),
    Column("shortfall_low", "number"),
    Column("shortfall_high", "number"),
    Column("unit", "text"),
    Column("people", "number", "persons"),
    Column("verdict", "text"),
    Column("reason", "text"),
    Column("missing", "list"),
)
PLAN_COLUMNS: Final = (
    Column("id", "text"),
    Column("rank", "integer"),
    Column("opens_year", "year"),
    Column("candidate_id", "text"),
    Column("tier", "text"),
    Column("kind", "text"),
    Column("size", "text"),
    Column("tenure", "text"),
    Column("unit_id", "text"),
    Column("elderly_new", "number", "persons"),
    Column("elderly_cumulative", "number", "persons"),
    Column("capacity", "number", "persons"),
    Column("elderly_served", "number", "persons"),
    Column("covered_share_after", "number"),
    Column("covered_share_after_high", "number"),
    Column("land_m2", "number", "m²"),
    Column("floor_area_m2", "number", "m²"),
    Column("beds", "integer"),
    Column("cost_cny", "number", "CNY"),
    Column("subsidy_cny", "number", "CNY"),
    Column("net_cost_cny", "number", "CNY"),
    Column("subsidy_conditional_cny", "number", "CNY"),
    Column("remedy", "text"),
    Column("parent_id", "text"),
    Column("funding", "list"),
    Column("generated", "boolean"),
    Column("preferred", "list"),
)
# The links of a plan for a network: stations (and centres) that open or had no parent, and their new parents.
LINK_COLUMNS: Final = (
    Column("child_id", "text"),
    Column("child_tier", "text"),
    Column("parent_id", "text"),
    Column("parent_tier", "text"),
    Column("distance_m", "number", "m"),
)
# The phases of a plan: the people of the year, covered without the plan and with all stations that are open then, and
# the money of the stations that open in it.
PHASE_COLUMNS: Final = (
    Column("year", "year"),
    Column("years_counted", "number", "years"),
    Column("elderly", "number", "persons"),
    Column("elderly_covered_without", "number", "persons"),
    Column("elderly_covered", "number", "persons"),
    Column("covered_share_without", "number"),
    Column("covered_share", "number"),
    Column("stations", "integer"),
    Column("stations_limit", "integer"),
    Column("cost_cny", "number", "CNY"),
    Column("budget_cny", "number", "CNY"),
    Column("subsidy_cny", "number", "CNY"),
    Column("subsidy_conditional_cny", "number", "CNY"),
    Column("net_cost_cny", "number", "CNY"),
)
GRID_COLUMNS: Final = (
    Column("residents", "number", "persons"),
    Column("elderly", "number", "persons"),
    Column("minutes_to_nearest", "number", "min"),
    Column("covered", "number"),
    Column("land_reach_m2_per_person", "number", "m² per person"),
    Column("land_gap_01_m2", "number", "m²"),
    Column("land_gap_02_m2", "number", "m²"),
    Column("reason_code", "integer"),
)

# Why elderly people of a cell are not covered; 0 is covered. The integers are those of the grid's last band.
REASON_CODES: Final = {
    "covered": 0,
    "beyond_circle": 1,
    "beyond_max_minutes": 2,
    "off_network": 3,
    "cut_off": 4,
}
