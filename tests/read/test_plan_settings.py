"""What a scenario asks of a plan, read and held against its data: candidates, sizes, requests that cannot be."""

import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from siting.domain.nouns import Inputs
from siting.domain.plan_models import SETTINGS_OF_MODELS, TRAITS, PlanModel
from siting.domain.scenario import PlanOptions, SizesTable
from siting.errors import Fault, InputError
from siting.places import (
    place_order,
    plan_faults,
    plan_level,
    plan_notes,
    plan_sites,
    screen_candidates,
    with_generated,
)
from siting.read import read_scenario
from siting.read.log import Log
from siting.read.sizes import read_sizes
from siting.text import LANGS
from siting.write.account import layer_sources
from siting.write.naming import layer_name
from tests.read.case import CRS, Case, X, Y

CANDIDATES = """id,name,kind,tenure,land_m2,floor_area_m2,capital_cost_cny,x,y
C1,一号房,hotel,own,600,800,1000000,436450,3281450
C2,二号房,hotel,own,300,200,400000,436550,3281550
C3,三号房,idle_school,own,,,,436650,3281450
"""
SIZES = """size,for,land_m2,floor_area_m2,capacity,beds,cost_cny,cost_cny_per_m2,tier
small,,150,200,60,,200000,,
large,hotel,400,600,150,20,,2000,centre
grid,generated,250,300,90,,900000,,
more,existing,800,900,200,30,500000,,
"""
CSV = 'path = "{}"\ncrs = "EPSG:4545"\ncolumns = {{ lon = "x", lat = "y" }}'


def ledger(case: Case, text: str = CANDIDATES) -> None:
    (case.folder / "candidates.csv").write_text(text, encoding="utf-8")
    case.sections["candidates"] = CSV.format("candidates.csv")


def sizes(case: Case, text: str = SIZES, more: str = "") -> None:
    (case.folder / "sizes.csv").write_text(text, encoding="utf-8")
    case.sections["plan.sizes"] = f'path = "sizes.csv"\n{more}'


def estates(case: Case) -> None:
    frame = gpd.GeoDataFrame(
        {"id": ["R1"], "name": ["翠湖"]}, geometry=[shapely.box(X + 400, Y + 400, X + 700, Y + 600)], crs=CRS
    )
    frame.to_file(case.folder / "estates.gpkg")
    case.sections["residential_areas"] = 'path = "estates.gpkg"'


def exclude(case: Case, *corners: float) -> None:
    gpd.GeoDataFrame(geometry=[shapely.box(*corners)], crs=CRS).to_file(case.folder / "farm.gpkg")
    case.sections["constraints.exclude.farm"] = 'path = "farm.gpkg"\nclause = "永久基本农田"'


def refused_of(inputs: Inputs) -> pd.DataFrame:
    rules = {name: layer.clause for name, layer in inputs.scenario.constraints.exclude.items()}
    return screen_candidates(inputs.candidates, inputs.exclusions, rules)


Request = tuple[Inputs, pd.DataFrame, gpd.GeoDataFrame]


def asked(inputs: Inputs, options: PlanOptions | None = None) -> Request:
    """Lay out the sites from which a plan chooses."""
    made = with_generated(inputs)
    refused = refused_of(made)
    return made, refused, plan_sites(made, made.candidates.drop(index=refused.index.unique()), options)


def faults(inputs: Inputs, plan: str) -> list[Fault]:
    """Return what is wrong with a [plan]."""
    options = PlanOptions.model_validate(tomllib.loads(plan))
    return list(plan_faults(*asked(inputs, options), options))


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """Three candidates, one on excluded ground, and three facilities, one of them closed."""
    case = Case(tmp_path_factory.mktemp("district"))
    ledger(case)
    exclude(case, X + 640, Y + 440, X + 660, Y + 460)
    case.sections["population"] += "\nelderly_share = 0.2"
    case.sections["population.groups.disabled"] = "share = 0.1"
    case.add_columns(closes=["", "", "2025-01-01"], land_m2=[100, 900, 100])
    return case.read()


@pytest.fixture(scope="module")
def lattice(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """Candidates that are generated, and none else."""
    case = Case(tmp_path_factory.mktemp("lattice"))
    estates(case)
    case.sections["candidates"] = "generate = { spacing_m = 50, near_network_m = 60 }"
    return case.read()


def table_of(text: str) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Read a table of sizes."""
    log = Log()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sizes.csv"
        path.write_text(text, encoding="utf-8")
        table = read_sizes(SizesTable(path=path), log.layer("plan.sizes", path))
    return table, log.faults.found


def sized(inputs: Inputs, text: str) -> Inputs:
    """Return inputs with a table of sizes."""
    table, found = table_of(text)
    assert found == []
    return replace(inputs, sizes=table)


def told(found: Iterable[Fault]) -> list[tuple[str, str | None, str]]:
    return [(fault.code, fault.field, fault.found) for fault in found]


def notes(inputs: Inputs) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.values) for note in inputs.notes}


# --- candidates -------------------------------------------------------------------------------------------------------


def test_candidates_are_generated_alone(lattice: Inputs) -> None:
    inputs = with_generated(lattice)
    made = inputs.candidates
    # Ways lead from (500, 500) to the south-west corner and to the east; the way north are stairs.
    street = shapely.LineString([(X + 500, Y + 500), (X + 1500, Y + 500)])
    path = shapely.LineString([(X + 500, Y + 500), (X, Y)])
    spots = [(X + x, Y + y) for x in range(400, 701, 50) for y in range(400, 601, 50)]
    near = [spot for spot in spots if min(way.distance(shapely.Point(spot)) for way in (street, path)) <= 60]
    assert 0 < len(near) < len(spots)
    assert [tuple(spot) for spot in shapely.get_coordinates(made.geometry.to_numpy())] == near
    assert made.index.tolist() == [f"G{x / 50:.0f}_{y / 50:.0f}" for x, y in near]
    assert made["name"].tolist() == [f"翠湖 {key}" for key in made.index]
    assert made["located_by"].tolist() == ["coordinates"] * len(near)
    assert notes(inputs)["candidates_generated"]["away"] == len(spots) - len(near)


def test_candidates_are_generated_beside_a_ledger_and_screened_like_it(case: Case) -> None:
    estates(case)
    ledger(case)
    exclude(case, X + 400, Y + 400, X + 560, Y + 600)
    case.sections["candidates"] += "\ngenerate = { spacing_m = 100 }"
    inputs, refused, sites = asked(case.read())
    # Of 4 × 3 points one lies farther than 100 m from any way: beside the stairs.
    assert inputs.candidates["generated"].tolist() == [False] * 3 + [True] * 11
    spots = inputs.candidates.geometry.x
    assert set(refused.index) == set(spots.index[spots <= X + 560])
    assert set(sites["candidate_id"]) == set(spots.index[spots > X + 560])
    order = place_order(inputs.candidates.loc[sites["candidate_id"]])
    assert (np.diff(order) > 0).all()


def test_generating_within_units_needs_no_residential_areas(case: Case) -> None:
    case.sections["candidates"] = 'generate = { spacing_m = 250, within = "units", near_network_m = 10000 }'
    made = with_generated(case.read()).candidates
    assert len(made) == 9 * 5
    assert {name.split()[0] for name in made["name"]} == {"S1街道", "S2街道"}


@pytest.mark.parametrize(
    ("section", "code", "field"),
    [
        ("generate = { spacing_m = 100 }", "lattice_without_areas", "generate.within"),
        ('crs = "EPSG:4545"', "no_candidates_given", "candidates"),
        (
            'path = "a.csv"\ndatabase = "postgresql://h/d"\ngenerate = { spacing_m = 9 }',
            "path_or_database",
            "candidates",
        ),
        ("generate = { spacing_m = 0 }", "out_of_range", "candidates.generate.spacing_m"),
        ('generate = { spacing_m = 9, within = "parks" }', "not_a_choice", "candidates.generate.within"),
    ],
)
def test_what_cannot_be_generated_is_refused(case: Case, section: str, code: str, field: str) -> None:
    case.sections["candidates"] = section
    fault = case.fault()
    assert (fault.code, fault.field) == (code, field)


def test_a_scenario_without_candidates_has_none(case: Case) -> None:
    inputs = with_generated(case.read())
    assert len(inputs.candidates) == 0
    assert inputs.sizes is None


# --- the table of sizes -----------------------------------------------------------------------------------------------


def test_sizes_are_read_with_their_types(case: Case) -> None:
    sizes(case)
    inputs = case.read()
    table = inputs.sizes
    assert table is not None
    assert table["size"].tolist() == ["grid", "large", "more", "small"]
    assert table["for"].isna().tolist() == [False, False, False, True]
    assert table["cost_cny_per_m2"].tolist()[1] == 2000.0
    assert table.dtypes[["land_m2", "capacity", "cost_cny", "beds"]].astype(str).tolist() == ["float64"] * 3 + ["Int64"]
    assert table.index.equals(pd.RangeIndex(4))
    assert "plan.sizes" in inputs.digests
    assert inputs.layers["plan.sizes"]["rows"] == 4


def test_chinese_columns_are_known_and_units_converted(case: Case) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(
        [
            "规模",
            "适用类型",
            "用地面积（亩）",
            "建筑面积（㎡）",
            "服务人数",
            "床位数（张）",
            "投资估算（万元）",
            "单方造价（万元/㎡）",
            "设施类别",
        ]
    )
    sheet.append(["标准", "宾馆", 3, "1,200", 120, 30, 45.5, 0.25, "养老服务中心"])
    sheet.append(["合计", None, 3, 1200, 120, 30, 45.5, None, None])
    book.save(case.folder / "sizes.xlsx")
    case.sections["plan.sizes"] = 'path = "sizes.xlsx"\nvalues.for = { "宾馆" = "hotel" }'
    table = case.read().sizes
    assert table is not None
    assert table.astype(object).to_numpy().tolist() == [
        ["标准", "hotel", "centre", 2000.0, 1200.0, 120.0, 30, 455_000.0, 2500.0]
    ]


@pytest.mark.parametrize(
    ("text", "code", "field", "row"),
    [
        ("size,land_m2\nA,-1\n", "out_of_range", "land_m2", "B2"),
        ("size,cost_cny\nA,-1\n", "out_of_range", "cost_cny", "B2"),
        ("size,cost_cny_per_m2\nA,-0.5\n", "out_of_range", "cost_cny_per_m2", "B2"),
        ("size,land_m2\nA,1\n ,2\n", "missing_value", "size", "A3"),
        ("size,tier\nA,hospital\n", "not_among_choices", "tier", "B2"),
        ("size,beds\nA,1.5\n", "not_integer", "beds", "B2"),
        ("size,capacity\nA,many\n", "not_number", "capacity", "B2"),
        ("land_m2\n5\n", "column_missing", "size", None),
        ("size,for\nA,hotel\nB,hotel\nA,hotel\n", "size_twice", "size", "A"),
        ("size,for\nA,\nA,\n", "size_twice", "size", "A"),
        ("size,for\nA,\nA,hotel\n", "size_twice", "size", "A"),
        ("size,land_m2\n", "empty_layer", None, None),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(text: str, code: str, field: str | None, row: str | None) -> None:
    _, (fault,) = table_of(text)
    assert (fault.code, fault.layer, fault.field, fault.row) == (code, "plan.sizes", field, row)
    assert all(fault.message(lang) for lang in LANGS)


def test_one_name_may_stand_for_different_sites() -> None:
    table, found = table_of("size,for\nA,hotel\nA,generated\nA,existing\nB,\nB,existing\n")
    assert found == []
    assert table is not None
    assert len(table) == 5


def test_sizes_that_are_not_there_are_told_with_everything_else(case: Case) -> None:
    case.sections["plan.sizes"] = 'path = "nowhere.csv"'
    case.add_columns(land_m2=[-1, 2, 3])
    assert {(fault.code, fault.layer) for fault in case.faults()} == {
        ("missing_file", "plan.sizes"),
        ("out_of_range", "facilities"),
    }


def test_the_bytes_of_the_sizes_are_part_of_the_scenario(case: Case) -> None:
    sizes(case)
    before = case.read().digests["plan.sizes"]
    sizes(case, SIZES.replace("900000", "900001"))
    assert case.read().digests["plan.sizes"] != before


def test_the_account_names_the_sizes_and_no_ledger_that_is_not_there(lattice: Inputs) -> None:
    assert "candidates" not in layer_sources(lattice.scenario)
    plan = PlanOptions(sizes=SizesTable(path=Path("sizes.csv")))
    assert layer_sources(lattice.scenario.model_copy(update={"plan": plan}))["plan.sizes"] == "sizes.csv"
    assert layer_name("plan.sizes", "en") == "table of sizes"


# --- the sites to choose from -----------------------------------------------------------------------------------------


def test_sites_are_facilities_that_may_change_then_candidates_by_size(district: Inputs) -> None:
    options = PlanOptions(
        stations=1, capacity=50, existing_capacity=80, upgradable=("F002", "F001"), closable=("F002",)
    )
    inputs, refused, sites = asked(sized(district, SIZES), options)
    columns = ["candidate_id", "size", "tier", "land_m2", "capacity", "cost_cny", "place", "standing", "occupied"]
    rows = sites[columns].astype(object)
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        ["F001", None, "station", 100, 80, 0, 0, True, True],
        ["F001", "more", "station", 800, 200, 5e5, 0, False, True],
        ["F002", None, "station", 900, 80, 0, 1, True, False],
        ["C1", "small", "station", 150, 60, 2e5, 2, False, False],
        ["C1", "large", "centre", 400, 150, 1.2e6, 2, False, False],
        ["C2", "small", "station", 150, 60, 2e5, 3, False, False],
    ]
    assert sites["facility"].tolist() == [True] * 3 + [False] * 3
    # F002 is larger than the one size for existing facilities.
    assert told(plan_faults(inputs, refused, sites, options)) == [("plan_upgrade_without_size", "upgradable", "F002")]


def test_generated_without_sizes_are_told(lattice: Inputs) -> None:
    inputs, refused, sites = asked(lattice)
    count = len(inputs.candidates)
    assert count > 5
    (note,) = plan_notes(inputs, inputs.candidates, sites)
    lacking = {"without_land": count, "without_cost": count}
    assert (note.code, dict(note.values)) == ("generated_without_land", lacking)
    # Money cannot be counted then: one fault for all of them.
    (fault,) = plan_faults(inputs, refused, sites, PlanOptions(budget_cny=1e6))
    assert fault.code == "candidate_without_cost"
    assert fault.row is not None
    assert fault.row.endswith(f"({count})")
    assert plan_faults(inputs, refused, sites, PlanOptions(stations=3)) == ()


def test_generated_have_land_and_cost_through_the_sizes(lattice: Inputs) -> None:
    inputs, refused, sites = asked(sized(lattice, SIZES))
    count = len(inputs.candidates)
    assert sites["cost_cny"].tolist() == [2e5, 9e5] * count
    assert sites["land_m2"].tolist() == [150, 250] * count
    assert plan_faults(inputs, refused, sites, PlanOptions(budget_cny=1e6)) == ()
    (note,) = plan_notes(inputs, inputs.candidates, sites)
    assert (note.code, dict(note.values)) == ("sizes_for_nobody", {"count": 1, "names": "large (hotel)"})


def test_sizes_that_are_too_large_or_for_nobody_are_told(district: Inputs) -> None:
    text = "size,for,land_m2\nhuge,hotel,5000\nother,barn,1\nmine,generated,1\nmore,existing,9999\n"
    inputs, refused, sites = asked(sized(district, text))
    permitted = inputs.candidates.drop(index=refused.index)
    assert {note.code: dict(note.values) for note in plan_notes(inputs, permitted, sites)} == {
        "larger_sizes_only": {"count": 2, "ids": "C1, C2"},
        "sizes_for_nobody": {"count": 2, "names": "mine (generated), other (barn)"},
    }
    assert sites["size"].isna().all()


# --- requests that cannot be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "code", "field", "found", "expected"),
    [
        ('forced = ["C9"]', "plan_unknown_candidate", "forced", "C9", ["C1", "C2", "C3"]),
        ('forbidden = ["Z"]', "plan_unknown_candidate", "forbidden", "Z", ["–"]),
        ('forced = ["C2"]\nforbidden = ["C2"]', "plan_forced_and_forbidden", "forced", "C2", [""]),
        ('forced = ["C3"]', "plan_forced_on_excluded_ground", "forced", "C3", ["farm (永久基本农田)"]),
        ('closable = ["F01"]', "plan_unknown_facility", "closable", "F01", ["F001", "F002", "F003"]),
        ('upgradable = ["C1"]', "plan_unknown_facility", "upgradable", "C1", ["–"]),
        ('closable = ["F003"]', "plan_facility_not_counted", "closable", "F003", [""]),
        ('upgradable = ["F002"]', "plan_upgrade_without_size", "upgradable", "F002", [""]),
        ('unit_level = "community"\nunit_share = 0.5', "plan_unknown_level", "unit_level", "community", ["street"]),
        ('model = "fair"\nunit_level = "city"', "plan_unknown_level", "unit_level", "city", ["street"]),
        ("weights = { aged_90 = 2 }", "plan_unknown_group", "weights.aged_90", "aged_90", ["disabled"]),
        ("existing_capacity = 90", "plan_capacity_missing", "capacity", "C1, C2", [""]),
        ('model = "fair"\nbeyond_minutes = 45', "plan_setting_of_other_model", "beyond_minutes", "fair", ["p_median"]),
        ('model = "p_median"\nbeyond_minutes = 14', "plan_beyond_below_minutes", "beyond_minutes", "14", ["≥ 15"]),
    ],
)
def test_each_request_that_cannot_be_is_told(
    district: Inputs, plan: str, code: str, field: str, found: str, expected: list[str]
) -> None:
    (fault,) = faults(district, f"stations = 2\n{plan}")
    assert (fault.layer, fault.code, fault.field, fault.found) == ("plan", code, field, found)
    assert sorted(fault.expected.split(", ")) == expected
    for lang in LANGS:
        assert found in fault.message(lang)


def test_a_clause_that_does_not_apply_is_told_with_those_like_it(district: Inputs) -> None:
    plan = 'model = "compliance"\nclauses = ["cq-2019-129/2-3-land", "cq-2019-129/2-3-lend"]'
    (fault,) = faults(district, plan)
    assert (fault.code, fault.field, fault.found) == ("plan_unknown_clause", "clauses", "cq-2019-129/2-3-lend")
    assert fault.expected.startswith("cq-2019-129/2-3-land, ")


def test_a_clause_may_be_asked_for_at_one_level_that_is_given(district: Inputs) -> None:
    names = [f'"cq-2019-129/2-3-land@{level}"' for level in ("street", "residential_area", "city")]
    found = faults(district, f'model = "compliance"\nclauses = [{", ".join(names)}]')
    assert told(found) == [("plan_unknown_level", "clauses", "city")]


@pytest.mark.parametrize(
    ("plan", "codes"),
    [
        ("", ["plan_without_size"]),
        ("budget_cny = 1e6", []),
        ("stations = 0", []),
        ('model = "fair"', ["plan_without_size"]),
        ('model = "fair"\nstations = 3', []),
        ('model = "fair"\nbudget_cny = 1e6', []),
        ('model = "p_median"', ["plan_without_size"]),
        ('model = "p_median"\nbudget_cny = 1e6', ["plan_budget_alone"]),
        ('model = "p_center"\nbudget_cny = 1e6', ["plan_budget_alone"]),
        ('model = "p_center"\nstations = 2\nbudget_cny = 1e6', []),
        ('model = "p_median"\nstations = 2\nbeyond_minutes = 15', []),
        ('model = "lscp"', []),
        ('model = "lscp"\nleast = "cost"\nunit_share = 0.5\nmost_per_unit = 2', []),
        ('model = "compliance"', []),
        ("stations = 1\ncapacity = 50\nexisting_capacity = 50", []),
        ("stations = 1\ncapacity = 50", []),
        ('stations = 1\nforced = ["C1"]\nforbidden = ["C3"]\nclosable = ["F001"]', []),
    ],
)
def test_each_model_needs_what_it_needs(district: Inputs, plan: str, codes: list[str]) -> None:
    assert [fault.code for fault in faults(district, plan)] == codes


@pytest.mark.parametrize(
    ("plan", "rows"),
    [
        ("budget_cny = 1e6", ["C1", "C2"]),
        ('model = "lscp"\nleast = "cost"', ["C1", "C2"]),
        ('model = "compliance"', ["C1", "C2"]),
        ('budget_cny = 1e6\nforbidden = ["C2"]', ["C1"]),
        ("stations = 1", []),
        ('model = "lscp"', []),
    ],
)
def test_where_money_counts_every_candidate_needs_a_cost(district: Inputs, plan: str, rows: list[str]) -> None:
    poor = replace(district, candidates=district.candidates.assign(capital_cost_cny=np.nan))
    found = faults(poor, plan)
    assert [(fault.code, fault.row) for fault in found] == [("candidate_without_cost", row) for row in rows]


# For each setting that only some models use, another value than the usual one.
OTHER_THAN_USUAL: dict[str, str] = {
    "share": "0.5",
    "unit_share": "0.5",
    "least": '"cost"',
    "beyond_minutes": "45",
    "capacity": "90",
    "existing_capacity": "90",
    "weights": "{ disabled = 2 }",
    "clauses": '["gb50180-2018/4"]',
    "robust": '"mean"',
    "robust_share": "0.5",
    "phases": "[{ year = 2030, stations = 1 }]",
    "phases_until": "2035",
    "discount_rate": "0.05",
    "links": "{ centres = true }",
}


@pytest.mark.parametrize("model", TRAITS)
def test_a_setting_that_a_model_does_not_use_is_refused_with_its_name(district: Inputs, model: PlanModel) -> None:
    assert OTHER_THAN_USUAL.keys() == SETTINGS_OF_MODELS
    for name, value in OTHER_THAN_USUAL.items():
        told = faults(district, f'model = "{model}"\n{name} = {value}')
        refused = [each.field for each in told if each.code == "plan_setting_of_other_model"]
        assert refused == ([] if name in TRAITS[model].settings else [name]), name


def test_all_are_told_together(district: Inputs) -> None:
    plan = (
        'model = "p_median"\nforced = ["A", "B"]\nclosable = ["Q"]\nunit_level = "city"\nclauses = ["x"]\n'
        "weights = { young = 3 }\nbeyond_minutes = 1\nexisting_capacity = 9\n"
    )
    assert [fault.code for fault in faults(district, plan)] == [
        *("plan_setting_of_other_model", "plan_without_size"),
        *("plan_unknown_candidate", "plan_unknown_candidate", "plan_unknown_facility"),
        *("plan_unknown_group", "plan_unknown_clause", "plan_unknown_level"),
        *("plan_beyond_below_minutes", "plan_capacity_missing"),
    ]


def test_sizes_with_a_capacity_ask_for_that_of_all_others(district: Inputs) -> None:
    some = sized(district, "size,for,capacity\nA,idle_school,50\nB,hotel,60\n")
    kinds = some.candidates.assign(kind=["hotel", "shop", "idle_school"])
    assert told(faults(replace(some, candidates=kinds), "stations = 2")) == [
        ("plan_capacity_missing", "capacity", "C2")
    ]
    assert faults(replace(some, candidates=kinds), "stations = 2\ncapacity = 10") == []
    # Those that a plan must not build need none.
    assert faults(replace(some, candidates=kinds), 'stations = 2\nforbidden = ["C2"]') == []


def test_generated_candidates_may_be_forced(lattice: Inputs) -> None:
    first = with_generated(lattice).candidates.index[0]
    assert faults(lattice, f'stations = 2\nforced = ["{first}"]') == []
    assert told(faults(lattice, 'stations = 2\nforced = ["G1_1"]')) == [("plan_unknown_candidate", "forced", "G1_1")]


def test_facilities_of_the_surroundings_are_nobodys_to_close(district: Inputs) -> None:
    around = replace(district, facilities=district.facilities.assign(context=[False, True, False]))
    assert told(faults(around, 'stations = 1\nclosable = ["F002"]')) == [
        ("plan_facility_not_counted", "closable", "F002")
    ]


def test_the_level_of_units_is_that_asked_for_else_the_finest(district: Inputs) -> None:
    units = {"district": district.units["street"], "street": district.units["street"]}
    assert plan_level(replace(district, units=units)) == "street"
    assert plan_level(replace(district, units=units), PlanOptions(unit_level="district")) == "district"


def test_a_scenario_says_what_is_asked_and_a_call_may_ask_otherwise(case: Case) -> None:
    ledger(case)
    sizes(case)
    case.sections = {"plan": 'model = "p_center"\nforced = ["C9"]', **case.sections}
    inputs, refused, sites = asked(case.read())
    found = plan_faults(inputs, refused, sites)
    assert [fault.code for fault in found] == ["plan_without_size", "plan_unknown_candidate"]
    assert plan_faults(inputs, refused, sites, PlanOptions(stations=1)) == ()


def test_keys_of_the_plan_keep_to_their_bounds(case: Case) -> None:
    case.sections["plan"] = 'share = 1.5\nleast = "time"\nspacing_m = 0\nweights = { a = 0 }\nmost_per_unit = -1'
    with pytest.raises(InputError) as refused:
        read_scenario(case.path())
    assert {fault.field for fault in refused.value.faults} == {
        *("plan.share", "plan.least", "plan.spacing_m", "plan.weights.a", "plan.most_per_unit")
    }
