"""Every field of every record left blank, one at a time: no verdict turns from a gap into met, or from met into a gap.

The fields are those of the tables of columns, so that a new column is walked without being named here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest

from siting.domain.measures import MEASURES
from siting.domain.tables import FACILITY_COLUMNS, RESIDENTIAL_COLUMNS, UNIT_COLUMNS, Column
from siting.read import all_standards, standard
from tests.domain.documents import DOCUMENTS
from tests.helpers import box, check, estates, facilities, inputs, raster, scenario, straight
from tests.helpers import table as table_of

STANDARDS: Final = tuple(sorted(DOCUMENTS))
CLAUSES: Final = {clause.id: clause for each in all_standards() for clause in each.clauses if clause.gives_verdict}
METHODS: Final = Path(__file__).parents[2] / "docs" / "methods.md"
LEVELS: Final = ("street", "community", "district")
COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "facility": FACILITY_COLUMNS,
    "context": FACILITY_COLUMNS,
    "residential_area": RESIDENTIAL_COLUMNS,
    **dict.fromkeys(LEVELS, UNIT_COLUMNS),
}
# Blanks that say something, so that another value may give another verdict, and the sentence of docs/methods.md that
# says what. Each is seen to turn a verdict below: what does not is no exception.
SAYS_SOMETHING: Final[Mapping[tuple[str, str], str]] = {
    # It is filled in for a shared building: a record without it has its building alone.
    ("facility", "building_floor_area_m2"): "without `building_floor_area_m2` its own building",
    # Where a facility stands is known: by its point.
    ("facility", "community_id"): "A record that names no unit counts where it is located",
    # The status says that it is there.
    ("facility", "opens"): "an existing facility without dates is open and stays open",
    ("facility", "closes"): "an existing facility without dates is open and stays open",
    # Of stations alone; a station with nursing beds has beds.
    ("facility", "beds"): "A record of tier station with blank `beds` has no beds",
}
# Apart from one another by more than people walk.
WIDE: Final = 4000.0
Row = dict[str, Any]
Layers = Mapping[str, Mapping[str, Row]]
Verdicts = dict[tuple[Any, ...], str]


@dataclass(frozen=True)
class Scene:
    """A small district of two streets and two communities, 1,000 m by 500 m each; 200 people live in either.

    ``places`` says where its facilities stand, metres from its corner; ``alike`` are records like others, of which
    nothing is left blank.
    """

    layers: Layers
    places: Mapping[str, tuple[float, float]]
    alike: tuple[str, ...] = ()
    horizon: int | None = None
    settings: Mapping[str, Row] = field(default_factory=dict)


def typical(column: Column) -> Any:
    """Return something that may stand in a column."""
    if column.choices:
        return column.choices[0]
    return {"text": "x", "number": 1.0, "integer": 1, "boolean": False, "date": "2019-05-01", "year": 2000}[column.type]


def full(layer: str, **facts: Any) -> Row:
    """Return a record without a blank."""
    columns = [each for each in COLUMNS[layer] if not each.required and each.key not in NAMING]
    return {column.key: typical(column) for column in columns} | facts


# What names another record stands where there is one.
NAMING: Final = ("parent_id", "site_id", "community_id", "street_id", "district_id", "premises_facility")


# --- scenes -----------------------------------------------------------------------------------------------------------

YES: Final = {
    "land_m2": 900.0,
    "beds": 40,
    "nursing_beds": 30,
    "operator_kind": "private",
    "owner_kind": "government",
    "med_link": "internal",
    "staff": 8,
    "certified_staff": 8,
    "demonstration": True,
    "disabled_destitute": True,
    "opens": "2019-05-01",
}
NO: Final = YES | {
    "land_m2": 2.0,
    "beds": 1,
    "nursing_beds": 0,
    "operator_kind": "government",
    "med_link": "none",
    "certified_staff": 7,
    "demonstration": False,
    "disabled_destitute": False,
    "opens": "2016-05-01",
}
# Of an institution whose plot is its own, all that no clause asks for is said too.
OWN_PLOT: Final = {"far": 1.0, "closes": "2040-01-01"}


def all_or_nothing(*, good: bool) -> Scene:
    """Return a district of which each thing is just enough, or just too little.

    In the first community stand the station and, if all is good, the centres; in the second the institution, which
    alone covers most of it, if it serves its community.
    """
    facts = YES if good else NO
    floor = dict.fromkeys(("floor_area_m2", "building_floor_area_m2"), facts["land_m2"])
    institution = full("facility", **OWN_PLOT) | facts | floor | {"serves_community": good, "certified_staff": 8}
    here = {"community_id": "m1", "street_id": "s1", "district_id": "", "site_id": "p"}
    ledger = {
        "i": {"tier": "institution", **institution, **here},
        "s": {"tier": "station", "parent_id": "i" if good else "elsewhere", **facts, "disabled_destitute": False},
    }
    nothing = {"beds": 0, "nursing_beds": 0, "land_m2": 0.0, "disabled_destitute": False}
    centre = {"tier": "centre", "parent_id": "i", **facts, **nothing}
    ledger |= {f"c{at}": centre for at in range(6 if good else 0)}
    # One of two units without is too few.
    has = [{"served": each, "teaching_point": each} for each in (good, True)]
    estate = {
        "status": "new",
        "old_estate": False,
        "year_built": 2020,
        "households": 500.0,
        "provided_m2": 100.0 if good else 99.0,
        "housing_stage": "handed_over",
        "premises_stage": "handed_over" if good else "accepted",
        "premises_parts": 1 if good else 2,
        "premises_facility": "i",
        "housing_accepted_on": "2026-01-05",
        "premises_accepted_on": "2026-01-05",
        "housing_handed_over_on": "2026-02-05",
        "premises_handed_over_on": "2026-02-05" if good else None,
    }
    old = {
        "status": "existing",
        "old_estate": True,
        "households": 500.0,
        "provided_m2": 100.0 if good else 99.0,
        "residents": 300.0,
        "elderly": 60.0,
    }
    return Scene(
        {
            "facility": ledger,
            "street": {f"s{at}": full("street", kind="街道", **has[at]) for at in range(2)},
            "community": {f"m{at}": full("community", kind="社区", **has[at]) for at in range(2)},
            "district": {"": full("district", kind="区")},
            "residential_area": {"e": full("residential_area", **estate), "o": old},
        },
        {"i": (1500.0, 250.0), "s": (100.0, 250.0), **{f"c{at}": (750.0, 250.0) for at in range(6)}},
        ("c1", "c2", "c3", "c4", "c5", "s1"),
    )


def of_plots() -> Scene:
    """Return a district of which the land hangs on whose the plots are, and the circle on what a village is.

    0.2 m² of land for each of 400 people are 80 m², 0.1 m² for each of 200 in a street are 20 m².
    """
    nothing = {"beds": 0, "nursing_beds": 0, "staff": 0, "certified_staff": 0}
    station = {"tier": "station", **nothing}
    ledger = {
        # On one plot of 20 m², 5 m from one another: 20 m² together, and not 40.
        "a": {**station, "land_m2": 20.0, "site_id": "p"},
        "b": {**station, "land_m2": 20.0, "site_id": "p"},
        # On one plot of 12 m².
        "c": {**station, "land_m2": 12.0, "site_id": "q"},
        "d": {**station, "land_m2": 10.0, "site_id": "q"},
        # Of a large building, by its floor area or by the ratio: 1 m² each; from 1 to 20 m².
        "e": {**station, "land_m2": 40.0, "floor_area_m2": 20.0, "building_floor_area_m2": 800.0},
        "f": {**station, "land_m2": 50.0, "floor_area_m2": 10.0, "far": 10.0},
        "g": {**station, "land_m2": 20.0, "floor_area_m2": 10.0, "far": 10.0},
        # It stands in the western street, and belongs to the eastern one. All have 60 to 79 m².
        "h": {**station, "land_m2": 25.0, "community_id": "m1", "street_id": "s1"},
    }
    kinds = ("社区", "村")
    return Scene(
        {
            "facility": ledger,
            "street": {f"s{at}": {"kind": kind} for at, kind in enumerate(("街道", "园区"))},
            "community": {f"m{at}": {"kind": kind} for at, kind in enumerate(kinds)},
            "district": {"": {"kind": "区"}},
            "residential_area": {},
        },
        {key: (10.0 + 100.0 * number, 250.0) for number, key in enumerate("acefgh")}
        | {"b": (15.0, 250.0), "d": (114.0, 250.0)},
    )


def of_days() -> Scene:
    """Return a district at a planned year: what is planned, and what has closed."""
    home = YES | {"tier": "institution", "land_m2": 60.0, "serves_community": True}
    ledger = {
        "p": home | {"status": "planned", "opens": "2032-01-01"},
        "q": home | {"status": "closing", "closes": "2032-01-01"},
        "r": home | {"status": "existing", "closes": "2029-01-01"},
        "s": home | {"status": "existing", "opens": "2032-01-01"},
    }
    bare = all_or_nothing(good=True).layers
    return Scene(
        {"facility": ledger, **{level: bare[level] for level in LEVELS}, "residential_area": {}},
        {"p": (1500.0, 250.0), "q": (100.0, 250.0), "r": (100.0, 400.0), "s": (100.0, 100.0)},
        ("s0", "s1", "m0", "m1", ""),
        2030,
    )


def of_sharing() -> Scene:
    """Return a district that is judged by tier, shares its station, and has a home across the border.

    The station stands where all of the western community walk to it, and is the eastern one's; the home serves the
    eastern end.
    """
    nothing = {"beds": 0, "nursing_beds": 0, "staff": 0, "certified_staff": 0}
    station = {"tier": "station", **nothing, "land_m2": 12.0, "community_id": "m1", "street_id": "s1", "site_id": "p"}
    home = full("context", **OWN_PLOT) | YES | {"tier": "institution", "serves_community": True}
    names = {"parent_id": "s", "site_id": "q", "community_id": "m1", "street_id": "s1", "district_id": ""}
    return Scene(
        {
            "facility": {"s": station, "c": {"tier": "centre", **nothing, "land_m2": 15.0}},
            "context": {"x": home | names},
            "street": {f"s{at}": {"kind": "街道"} for at in range(2)},
            "community": {f"m{at}": {"kind": "社区"} for at in range(2)},
            "district": {"": {"kind": "区"}},
            "residential_area": {},
        },
        {"s": (950.0, 250.0), "c": (250.0, 250.0), "x": (2400.0, 250.0)},
        settings={"standards": {"coverage": "by_tier"}, "circle": {"shared_from": 0.9}},
    )


def of_beds() -> Scene:
    """Return a district of which half of the beds are for nursing; those of the station are the other half."""
    home = YES | {"tier": "institution", "beds": 10, "nursing_beds": 10, "serves_community": True}
    station = YES | {"tier": "station", "beds": 10, "nursing_beds": 0, "disabled_destitute": False}
    bare = all_or_nothing(good=True).layers
    return Scene(
        {"facility": {"i": home, "s": station}, **{level: bare[level] for level in LEVELS}, "residential_area": {}},
        {"i": (1500.0, 250.0), "s": (100.0, 250.0)},
        ("s0", "s1", "m0", "m1", ""),
    )


SCENES: Final = {
    "beds": of_beds(),
    "sharing": of_sharing(),
    "good": all_or_nothing(good=True),
    "bad": all_or_nothing(good=False),
    "plots": of_plots(),
    "days": of_days(),
}


# --- the whole check --------------------------------------------------------------------------------------------------


LEDGERS: Final = ("facility", "context")


def judged(scene: Scene, variants: Sequence[Layers]) -> list[Verdicts]:
    """Return the verdicts upon districts that lie side by side: of each check, and of each place over its checks."""
    rows: dict[str, dict[str, Row]] = {layer: {} for layer in COLUMNS}
    shapes: dict[str, dict[str, Any]] = {layer: {} for layer in COLUMNS}
    points = {}
    for at, variant in enumerate(variants):
        left, mark = at * WIDE, f"d{at}:"
        for layer, found in variant.items():
            for number, (key, row) in enumerate(found.items()):
                own = {
                    name: mark + value if name in NAMING and value is not None else value for name, value in row.items()
                }
                rows[layer][mark + key] = {"name": mark + key} | own
                start, width = left + 1000 * number, 1000 if layer in LEVELS else 400
                shapes[layer][mark + key] = box(start, 0, start + (2000 if layer == "district" else width), 500)
                if layer in LEDGERS:
                    x, y = scene.places[key]
                    points[mark + key] = (left + x, y)
    heads = np.tile([100.0] * 4 + [0.0] * 4, len(variants))
    settings = scenario(
        walking=straight(),
        scenario={"horizon": scene.horizon} if scene.horizon else {},
        provision={"m2_per_100_households": 20},
        circle=scene.settings.get("circle", {}),
        standards={"old_estate_before_year": 2000, **scene.settings.get("standards", {})},
    )
    ledger = facilities({key: (points[key], row) for each in LEDGERS for key, row in rows[each].items()})
    ledger["context"] = ledger.index.isin([*rows["context"]])
    found = check(
        inputs(
            settings=settings,
            residents=raster([heads], 500.0),
            elderly=raster([heads / 5], 500.0),
            places={level: table_of(UNIT_COLUMNS, rows[level], shapes[level]) for level in LEVELS},
            areas=estates(
                {key: (shapes["residential_area"][key], row) for key, row in rows["residential_area"].items()}
            ),
            ledger=ledger,
            standards=tuple(standard(each) for each in STANDARDS),
        )
    )
    verdicts: list[Verdicts] = [{} for _ in variants]
    checks, places = found.checks, found.places
    told = [("clause_id", "basis", "verdict", checks), *((None, None, name, places) for name in OVER)]
    for clause, basis, name, table in told:
        names = [table[each] if each else pd.Series(name, table.index) for each in (clause, basis)]
        for (level, key), *said, verdict in zip(table.index, *names, table[name], strict=True):
            mark, _, own = key.partition(":")
            verdicts[int(mark[1:])][said[0], level, own, said[1]] = verdict
    return verdicts


OVER: Final = ("verdict", "verdict_binding")


def blanks(scene: Scene) -> Iterator[tuple[tuple[str, str, str], Layers]]:
    """Each field of each record left blank, one at a time; reading refuses what is required and blank."""
    for layer, found in scene.layers.items():
        for key, row in found.items():
            for column in COLUMNS[layer]:
                if key not in scene.alike and not column.required and row.get(column.key) is not None:
                    yield (layer, key, column.key), {**scene.layers, layer: {**found, key: row | {column.key: None}}}


@dataclass(frozen=True)
class Walk:
    """What became of the verdicts of a scene when one field after the other was left blank."""

    whole: Verdicts
    others: Mapping[tuple[str, str, str], Verdicts]

    def turned(self) -> list[tuple[tuple[str, str, str], tuple[Any, ...], str]]:
        return [
            (field, key, verdict)
            for field, other in self.others.items()
            for key, verdict in self.whole.items()
            if "gap" in {verdict, other.get(key)} and {verdict, other.get(key)} & {"met", "not_applicable"}
        ]


@pytest.fixture(scope="module")
def walks() -> Mapping[str, Walk]:
    found = {}
    for name, scene in SCENES.items():
        fields, variants = zip(*blanks(scene), strict=True)
        whole, *others = judged(scene, [scene.layers, *variants])
        found[name] = Walk(whole, dict(zip(fields, others, strict=True)))
    return found


def test_every_column_that_may_be_blank_is_left_blank(walks: Mapping[str, Walk]) -> None:
    walked = {(layer, name) for walk in walks.values() for layer, _, name in walk.others}
    columns = {(layer, column.key) for layer, every in COLUMNS.items() for column in every if not column.required}
    assert walked == columns


@pytest.mark.parametrize("good", [True, False])
def test_every_computed_kind_of_clause_is_decided_by_the_scenes(walks: Mapping[str, Walk], *, good: bool) -> None:
    kinds = {clause.kind for clause in CLAUSES.values()} & {*MEASURES}
    whole = walks["good" if good else "bad"].whole
    decided = {
        CLAUSES[key].kind
        for (key, *_), found in whole.items()
        if key in CLAUSES and found == ("met" if good else "gap")
    }
    assert kinds - decided == {"beds_total"}


@pytest.mark.parametrize("name", SCENES)
def test_no_blank_turns_a_gap_into_met_or_met_into_a_gap(walks: Mapping[str, Walk], name: str) -> None:
    assert [each for each in walks[name].turned() if not _says(SCENES[name], *each[0])] == []


def _says(scene: Scene, layer: str, key: str, column: str) -> bool:
    """Tell whether the blank is a value by definition: of beds only that of a station."""
    of_station = scene.layers[layer][key].get("tier") == "station"
    return (layer, column) in SAYS_SOMETHING and (of_station or column != "beds")


def test_what_a_blank_says_is_said_by_the_methods_and_decides(walks: Mapping[str, Walk]) -> None:
    methods = " ".join(METHODS.read_text(encoding="utf-8").split())
    assert [each for each in SAYS_SOMETHING.values() if " ".join(each.split()) not in methods] == []
    turned = {(layer, column) for walk in walks.values() for (layer, _, column), *_ in walk.turned()}
    assert turned == {*SAYS_SOMETHING}


def test_what_clauses_need_opens_some_of_their_verdicts(walks: Mapping[str, Walk]) -> None:
    opened = {
        name
        for walk in walks.values()
        for (_, _, name), other in walk.others.items()
        if any(other.get(key) == "no_data" != verdict for key, verdict in walk.whole.items())
    }
    needed = {"land_m2", "nursing_beds", "operator_kind", "med_link", "certified_staff", "disabled_destitute", "kind"}
    needed |= {"served", "teaching_point", "status", "households", "provided_m2", "serves_community", "old_estate"}
    needed |= {"premises_parts", "premises_stage", "demonstration", "opens", "parent_id", "site_id", "far", "closes"}
    needed |= {f"{what}_{step}_on" for what in ("housing", "premises") for step in ("accepted", "handed_over")}
    assert opened >= needed
