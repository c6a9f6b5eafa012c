"""All layers of a scenario together."""

import hashlib
import warnings
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from siting.domain.tables import (
    CANDIDATE_COLUMNS,
    FACILITY_COLUMNS,
    GROUND_COLUMNS,
    RESIDENTIAL_COLUMNS,
    UNIT_COLUMNS,
    Column,
)
from siting.errors import InputError
from siting.text import LANGS, say
from tests.read.case import CRS, FACILITIES, Case, X, Y, squares, write_raster


def _keys(columns: tuple[Column, ...]) -> list[str]:
    return [column.key for column in columns if column.key != "id"] + ["geometry"]


def _codes(case: Case) -> dict[str, Any]:
    return {note.code: note.values for note in case.read().notes}


def test_every_table_has_its_columns_and_the_working_crs(case: Case) -> None:
    squares().to_file(case.folder / "water.gpkg")
    case.sections["constraints.exclude.farmland"] = 'path = "water.gpkg"\nclause = "永久基本农田"'
    case.sections["basemap.water"] = 'path = "water.gpkg"\nstyle = "water"'
    inputs = case.read()
    assert inputs.crs.to_epsg() == 4545
    for table, columns in (
        (inputs.units["street"], UNIT_COLUMNS),
        (inputs.residential_areas, RESIDENTIAL_COLUMNS),
        (inputs.facilities, FACILITY_COLUMNS),
        (inputs.candidates, CANDIDATE_COLUMNS),
        (inputs.exclusions["farmland"], GROUND_COLUMNS),
        (inputs.basemap["water"], GROUND_COLUMNS),
    ):
        # What reading adds: how records were placed, and which lie in the surroundings.
        own = [key for key in table.columns if key not in ("located_by", "located_within_m", "context")]
        assert own == _keys(columns)
        assert table.index.name == "id"
        assert table.crs == inputs.crs
    assert len(inputs.residential_areas) == len(inputs.candidates) == 0
    assert inputs.terrain is None
    assert inputs.facilities.index.tolist() == ["F001", "F002", "F003"]
    assert inputs.notes == ()
    assert {each.id for each in inputs.standards} >= {"cq-2017-162", "cq-2019-129"}


def test_files_are_told_apart_by_their_digests(case: Case) -> None:
    digests = case.read().digests
    assert list(digests) == ["facilities", "network", "population.residents", "units.street"]
    content = (case.folder / "facilities.csv").read_bytes()
    assert digests["facilities"] == hashlib.sha256(content).hexdigest()


def test_layers_in_other_crs_come_to_the_same_place(case: Case) -> None:
    expected = case.read().units["street"]
    squares().to_crs("EPSG:3857").to_file(case.folder / "streets.gpkg")
    found = case.read().units["street"]
    assert found.crs == expected.crs
    assert (shapely.hausdorff_distance(found.geometry, expected.geometry) < 1e-6).all()


def test_units_elsewhere_are_measured_in_their_own_zone(case: Case) -> None:
    case.sections["walking"] = 'mode = "straight_line"'
    del case.sections["network"]
    place = gpd.GeoSeries([shapely.box(-51.3, -30.1, -51.1, -29.9)], crs="EPSG:4326")
    gpd.GeoDataFrame({"id": ["P"], "name": ["Porto Alegre"]}, geometry=place).to_file(case.folder / "streets.gpkg")
    write_raster(
        case.folder / "residents.tif",
        np.full((10, 20), 1000.0),
        crs="EPSG:4326",
        origin=(-51.3, -29.9),
        cell=0.01,
    )
    inputs = case.read()
    assert inputs.crs.to_epsg() == 32722
    assert inputs.network is None
    # The ledger still lies in China.
    told = {note.code: note.values for note in inputs.notes}
    assert set(told) == {"facilities_outside_units"}
    assert told["facilities_outside_units"]["far"] == 3


def test_a_level_may_be_the_union_of_another(case: Case) -> None:
    case.sections = {"units.district": 'union_of = "street"\nname = "江峡区"', **case.sections}
    inputs = case.read()
    assert list(inputs.units) == ["district", "street"]
    district = inputs.units["district"]
    assert list(district.columns) == _keys(UNIT_COLUMNS)
    assert district.index.tolist() == ["district"]
    assert district["name"].tolist() == ["江峡区"]
    assert district.geometry["district"].equals(shapely.box(X, Y, X + 2000, Y + 1000))
    assert district.dtypes.equals(inputs.units["street"].dtypes)


def test_a_union_takes_its_id_from_the_defaults_and_is_called_the_study_area(case: Case) -> None:
    case.sections["units.district"] = 'union_of = "street"\ndefaults = { id = "500199", kind = "区" }'
    district = case.read().units["district"]
    assert district[["name", "kind"]].reset_index().to_dict("records") == [
        {"id": "500199", "name": "评估范围", "kind": "区"}
    ]


@pytest.mark.parametrize("other", ["planning", "district"])
def test_a_union_of_what_has_no_layer_is_told(case: Case, other: str) -> None:
    case.sections["units.city"] = f'union_of = "{other}"'
    case.sections["units.district"] = 'union_of = "street"'
    fault = case.fault()
    assert (fault.code, fault.layer, fault.field, fault.expected) == (
        "union_without_layer",
        "units.city",
        "union_of",
        "street",
    )


def test_a_scenario_without_any_unit_is_told(case: Case) -> None:
    case.sections["units.street"] += "\nempty = true"
    squares().iloc[:0].to_file(case.folder / "streets.gpkg")
    assert [fault.code for fault in case.faults()] == ["no_units"]


def test_planned_people_are_read_for_a_planned_horizon(case: Case) -> None:
    write_raster(case.folder / "planned.tif", np.full((10, 20), 9.0))
    write_raster(case.folder / "elderly.tif", np.full((10, 20), 2.0))
    case.sections["population"] = """
    residents = { path = "residents.tif", unit = "persons per cell" }
    planned_residents = { path = "planned.tif", unit = "persons per cell" }
    elderly = { path = "elderly.tif", from_age = 65, unit = "persons per cell" }"""
    current = case.read()
    assert current.population.residents is not None
    assert current.population.residents.values.max() == 5.0
    assert current.population.elderly_age == 65
    case.sections["scenario"] += "\nhorizon = 2035"
    planned = case.read()
    assert planned.population.residents is not None
    assert planned.population.residents.values.max() == 9.0
    assert "population.planned_residents" in planned.digests
    assert [(note.code, note.values) for note in planned.notes] == [
        ("current_people_at_horizon", {"layer": "population.elderly", "horizon": 2035})
    ]


def test_progress_ends_when_all_is_read(case: Case) -> None:
    write_raster(case.folder / "dem.tif", np.ones((10, 20)))
    case.sections["terrain"] = 'path = "dem.tif"'
    squares().to_file(case.folder / "water.gpkg")
    case.sections["basemap.water"] = 'path = "water.gpkg"\nstyle = "water"'
    told: list[tuple[str, int, int]] = []
    case.read(progress=lambda *step: told.append(step))
    assert told == [("read", i, 6) for i in range(1, 7)]


def test_lines_may_lie_under_the_map(case: Case) -> None:
    case.sections["basemap.roads"] = 'path = "walk.gpkg"\nstyle = "line"'
    assert len(case.read().basemap["roads"]) == 3


# --- the ledger ----------------------------------------------------------------------------------------------------


def test_a_parent_that_is_not_in_the_ledger_is_noted(case: Case) -> None:
    case.add_columns(parent_id=["F003", "F999", None])
    assert _codes(case)["parent_unknown"]["ids"] == "F002 → F999"


@pytest.mark.parametrize(
    ("parents", "circle"),
    [
        (["F001", None, None], "F001 → F001"),
        (["F002", "F001", "F001"], "F001 → F002 → F001"),
        (["F002", "F003", "F001"], "F001 → F002 → F003 → F001"),
    ],
)
def test_facilities_are_not_their_own_parents(case: Case, parents: list[str | None], circle: str) -> None:
    case.add_columns(parent_id=parents)
    fault = case.fault()
    assert (fault.code, fault.field, fault.found) == ("parents_in_circle", "parent_id", circle)


def test_a_column_that_lacks_is_told_once_though_its_words_are_explained(case: Case) -> None:
    case.facilities("id,name,tier,x,y\nF1,站,station,436100,3281100\nF2,站,station,436900,3281100\n")
    case.sections["facilities"] += '\nvalues.status = { "在用" = "existing" }'
    assert [(fault.code, fault.field) for fault in case.faults()] == [("column_missing", "status")]


def test_parents_may_have_parents(case: Case) -> None:
    case.add_columns(parent_id=["F002", "F003", None])
    assert case.read().facilities["parent_id"].tolist()[:2] == ["F002", "F003"]


def test_more_new_beds_than_beds_are_noted(case: Case) -> None:
    case.add_columns(beds=[10, 10, 10], new_beds=[10, 11, None])
    assert _codes(case)["new_beds_exceed_beds"]["ids"] == "F002 (11 > 10)"


def test_a_unit_that_is_not_in_its_level_is_told(case: Case) -> None:
    case.add_columns(street_id=["S1", "S9", None], community_id=["C1", "C1", "C1"])
    fault = case.fault()
    assert (fault.code, fault.row, fault.field, fault.found) == ("unknown_unit_id", "F002", "street_id", "S9")


def test_units_without_kinds_are_told_with_the_clauses_that_ask(case: Case) -> None:
    assert "unit_kinds_missing" not in _codes(case)
    case.sections["units.street"] = 'path = "streets.gpkg"'
    squares().assign(name=["东", "西"]).to_file(case.folder / "streets.gpkg")
    note = _codes(case)["unit_kinds_missing"]
    assert (note["section"], note["count"]) == ("units.street", 2)
    assert "cq-2019-129/1-facility-coverage" in note["clauses"]


def test_kinds_are_those_that_all_names_end_in(case: Case) -> None:
    case.sections["units.street"] = 'path = "streets.gpkg"'
    assert case.read().units["street"]["kind"].tolist() == ["街道", "街道"]
    told = _codes(case)
    assert (told["kinds_from_names"]["count"], told["kinds_from_names"]["kinds"]) == (2, "街道")
    assert "unit_kinds_missing" not in told
    # Where one name says nothing, none is taken.
    squares().assign(name=["S1街道", "工人新村"]).to_file(case.folder / "streets.gpkg")
    assert case.read().units["street"]["kind"].isna().all()


def test_facilities_outside_every_unit_are_noted(case: Case) -> None:
    case.facilities(
        FACILITIES + "F004,远站,station,existing,439100,3281100\nF005,近站,station,existing,438100,3281100\n"
    )
    note = _codes(case)["facilities_outside_units"]
    assert (note["count"], note["far"], note["reach_m"], note["ids"]) == (2, 1, 720, "F004, F005")


@pytest.mark.parametrize(
    ("row", "pair"),
    [
        ("F004,一号站,centre,existing,437900,3281900", "F001 + F004"),
        ("F004,四号站,station,existing,436103,3281104", "F001 + F004"),
        ("F004,四号站,station,existing,436106,3281100", None),
        ("F004,四号中心,centre,existing,436103,3281104", None),
        ("F004,,station,existing,437900,3281900\nF005,,station,existing,437800,3281900", None),
    ],
)
def test_suspected_doubles_are_noted(case: Case, row: str, pair: str | None) -> None:
    case.facilities(f"{FACILITIES}{row}\n")
    notes = _codes(case)
    assert notes.get("suspected_doubles", {}).get("ids") == pair


def test_facilities_of_one_site_are_no_doubles(case: Case) -> None:
    case.facilities(
        "id,tier,status,site_id,x,y\nA,station,existing,P1,436100,3281100\nB,station,existing,P1,436100,3281100\n"
    )
    assert _codes(case) == {}


def test_a_floor_area_ratio_of_nothing_is_told(case: Case) -> None:
    case.add_columns(far=[2.5, 0, None])
    fault = case.fault()
    assert (fault.code, fault.file, fault.row, fault.field) == ("out_of_range", "facilities.csv", "F002", "far")


# --- together ------------------------------------------------------------------------------------------------------


def _spoil(case: Case) -> None:
    """Put one fault of each kind into the case."""
    streets = squares(3)
    x, y, right, top = streets.geometry[2].bounds
    streets.loc[2, "geometry"] = shapely.Polygon([(x, y), (right, top), (right, y), (x, top)])
    streets.to_file(case.folder / "streets.gpkg")
    case.facilities(FACILITIES.replace("F002,二号站,station", "F001,二号站,站点"))
    write_raster(case.folder / "residents.tif", np.full((10, 20), -3.0))
    write_raster(case.folder / "dem.tif", np.ones((10, 20)), origin=(X + 90_000, Y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        squares().set_crs(None, allow_override=True).to_file(case.folder / "areas.gpkg")
    squares().iloc[:0].to_file(case.folder / "farmland.gpkg")
    case.sections |= {
        "standards": 'ids = ["cq-2099-1"]',
        "residential_areas": 'path = "areas.gpkg"',
        "candidates": f'path = "nowhere.csv"\ncrs = "{CRS}"',
        "constraints.exclude.farmland": 'path = "farmland.gpkg"\nclause = "永久基本农田"',
        "terrain": 'path = "dem.tif"',
    }


def test_the_faults_of_all_files_come_together(case: Case) -> None:
    _spoil(case)
    found = {(fault.code, fault.file, fault.row, fault.field) for fault in case.faults()}
    assert found == {
        ("unknown_standard", None, None, "standards.ids"),
        ("invalid_polygon", "streets.gpkg", "S3", "geometry"),
        ("negative_population", "residents.tif", "0, 0", None),
        ("missing_crs", "areas.gpkg", None, "crs"),
        ("not_among_choices", "facilities.csv", "F001", "tier"),
        ("duplicate_id", "facilities.csv", "F001", "id"),
        ("missing_file", "nowhere.csv", None, None),
        ("empty_layer", "farmland.gpkg", None, None),
        ("no_overlap", "dem.tif", None, None),
    }


@pytest.mark.parametrize("lang", LANGS)
def test_the_message_names_every_fault(case: Case, lang: Any) -> None:
    _spoil(case)
    error = InputError(case.faults())
    message = error.message(lang)
    assert len(message.splitlines()) == len(error.faults) + 1
    for word in ("cq-2099-1", "S3", "residents.tif", "areas.gpkg", "'站点'", "nowhere.csv", "farmland.gpkg", "dem.tif"):
        assert word in message


def test_layers_are_checked_even_when_the_units_are_at_fault(case: Case) -> None:
    (case.folder / "streets.gpkg").unlink()
    case.add_columns(tier=["hotel", "station", "centre"])
    assert [fault.code for fault in case.faults()] == ["missing_file", "not_among_choices"]


@pytest.mark.parametrize("lang", LANGS)
def test_notes_are_told_in_words(case: Case, lang: Any) -> None:
    case.add_columns(parent_id=["F009", None, None])
    case.facilities(
        "id,name,tier,status,parent_id,x,y\n"
        "A,站,station,existing,Z,436100,3281100\nB,站,station,existing,,436100,3281100\nC,,station,existing,,1,1\n"
    )
    notes = case.read().notes
    assert [note.code for note in notes] == ["facilities_outside_units", "parent_unknown", "suspected_doubles"]
    for note in notes:
        assert "{" not in say(f"note.{note.code}", lang, **note.values)
