"""People who do not fit one another or the ground: more elderly than residents, too many or too few for the land."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import siting
from siting.errors import InputError
from siting.read.people.agreement import MOST_PER_KM2
from tests.read.case import CRS, Case, X, Y, squares, write_raster

CASE = "09-more-elderly-than-residents"
ELDERLY = '\nelderly = { path = "elderly.tif", unit = "persons per cell" }'


def told(case: Case) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.values) for note in case.read().notes}


def given(case: Case, residents: Any, elderly: Any, **options: Any) -> None:
    write_raster(case.folder / "residents.tif", residents)
    write_raster(case.folder / "elderly.tif", elderly, **options)
    case.sections["population"] = 'residents = { path = "residents.tif", unit = "persons per cell" }' + ELDERLY


def test_the_case(cases: Path) -> None:
    scenario = siting.read_scenario(cases / CASE / "scenario.toml")
    found = siting.inspect(scenario)
    (fault,) = found.log.faults.found
    assert (fault.code, fault.found) == ("elderly_exceed_residents_in_total", "38,400 > 25,600 (150%)")
    (note,) = (note for note in found.log.notes if note.code == "elderly_exceed_residents_by_cell")
    assert (note.values["cells"], note.values["of"], note.values["people"]) == (256, 256, "12,800")
    with pytest.raises(InputError):
        siting.check(scenario)


def test_the_advice_to_derive_the_elderly_works(case: Case) -> None:
    given(case, np.full((10, 20), 5.0), np.full((10, 20), 9.0))
    assert case.fault().code == "elderly_exceed_residents_in_total"
    case.sections["population"] = case.sections["population"].replace(ELDERLY, "\nelderly_share = 0.2")
    case.read()


def test_single_cells_are_noted(case: Case) -> None:
    residents, elderly = np.full((10, 20), 50.0), np.full((10, 20), 9.0)
    residents[0, 0], residents[0, 1], residents[0, 2] = 0.0, np.nan, 8.0
    given(case, residents, elderly)
    assert told(case)["elderly_exceed_residents_by_cell"] == {
        "layer": "population.elderly",
        "cells": 3,
        "of": 200,
        "empty": 2,
        "people": "19",
    }


@pytest.mark.parametrize("same_grid", [True, False])
def test_a_unit_is_refused_though_the_total_is_sound(case: Case, same_grid: bool) -> None:  # noqa: FBT001
    residents, elderly = np.full((10, 20), 50.0), np.full((10, 20), 9.0)
    elderly[:, :10] = 60.0
    if same_grid:
        given(case, residents, elderly)
    else:
        given(case, residents, np.vstack([np.zeros((1, 20)), elderly]), origin=(X, Y + 1100))
    fault = case.fault()
    assert (fault.code, fault.found, fault.expected) == (
        "elderly_exceed_residents_by_unit",
        "S1 (6,000 > 5,000)",
        "units.street",
    )


@pytest.mark.parametrize("kind", ["points", "polygons"])
def test_points_and_areas_are_compared_by_unit(case: Case, kind: str) -> None:
    corners = [(X + 100, Y + 100), (X + 1100, Y + 100)]
    boxes = [shapely.box(x, y, x + 200, y + 200) for x, y in corners]
    shapes = [box.centroid for box in boxes] if kind == "points" else boxes
    for name, people in (("residents", [100, 900]), ("elderly", [150, 90])):
        frame = gpd.GeoDataFrame({"id": ["a", "b"], "people": people}, geometry=shapes, crs=CRS)
        frame.to_file(case.folder / f"{name}.gpkg")
    case.sections["population"] = "\n".join(
        f'{name} = {{ {kind} = "{name}.gpkg" }}' for name in ("residents", "elderly")
    )
    fault = case.fault()
    assert (fault.code, fault.found) == ("elderly_exceed_residents_by_unit", "S1 (150 > 100)")


def test_calibrated_people_are_not_compared_by_unit(case: Case) -> None:
    given(case, np.full((10, 20), 5.0), np.full((10, 20), 9.0))
    (case.folder / "people.csv").write_text("id,residents,elderly\nS1,500,90\nS2,700,80\n", encoding="utf-8")
    case.sections["units.street.people"] = 'path = "people.csv"'
    case.sections["population"] += '\ncalibrate = "street"'
    assert "elderly_exceed_residents_by_cell" in told(case)


def test_rows_of_tables_are_refused(case: Case) -> None:
    (case.folder / "people.csv").write_text("id,residents,elderly\nS1,500,501\nS2,700,700\n", encoding="utf-8")
    case.sections["units.street.people"] = 'path = "people.csv"'
    fault = case.fault()
    assert (fault.code, fault.row, fault.found, fault.expected) == ("more_than_whole", "S1", "501", "residents = 500")
    del case.sections["units.street.people"]
    square = shapely.box(X + 100, Y + 100, X + 300, Y + 300)
    rows = {"id": ["R1"], "name": ["a"], "status": ["existing"], "residents": [40], "elderly": [41]}
    gpd.GeoDataFrame(rows, geometry=[square], crs=CRS).to_file(case.folder / "estates.gpkg")
    case.sections["residential_areas"] = 'path = "estates.gpkg"'
    fault = case.fault()
    assert (fault.code, fault.layer, fault.row) == ("more_than_whole", "residential_areas", "R1")


def test_too_many_for_a_unit_and_the_unit_of_measure_mends_it(case: Case) -> None:
    # 10,000 a km², read as persons of a cell of a hectare: a hundred times too many.
    write_raster(case.folder / "residents.tif", np.full((10, 20), 10_000.0))
    fault = case.fault()
    assert (fault.code, fault.field, fault.expected) == ("overcrowded_units", "units.street", "500,000")
    assert fault.found.startswith("S1 (1,000,000/km²), S2")
    case.sections["population"] = case.sections["population"].replace("persons per cell", "persons per km2")
    raster = case.read().population.residents
    assert float(raster.values.sum()) == pytest.approx(20_000, rel=1e-3)  # type: ignore[union-attr]


def test_the_limits_of_density_hold_from_a_square_kilometre_on(case: Case) -> None:
    dense = np.full((10, 20), 0.99 * MOST_PER_KM2 / 100)
    write_raster(case.folder / "residents.tif", dense)
    assert told(case)["people_dense"]["density"] == "495,000"
    write_raster(case.folder / "residents.tif", np.full((10, 20), 900.0))
    assert "people_dense" not in told(case)


@pytest.mark.parametrize(("value", "sparse"), [(3.1, False), (2.9, True), (0.01, True)])
def test_too_few_for_any_town_is_noted(case: Case, value: float, sparse: bool) -> None:  # noqa: FBT001
    write_raster(case.folder / "residents.tif", np.full((10, 20), value))
    assert ("people_sparse" in told(case)) == sparse


def test_hardly_any_elderly_is_noted(case: Case) -> None:
    given(case, np.full((10, 20), 50.0), np.full((10, 20), 0.4))
    assert told(case)["elderly_few"]["share"] == "0.80%"
    given(case, np.full((10, 20), 50.0), np.full((10, 20), 0.6))
    assert "elderly_few" not in told(case)


# --- people that stand twice ----------------------------------------------------------------------------------------


def test_the_block_that_stands_twice(cases: Path) -> None:
    scenario = siting.read_scenario(cases / "20-block-listed-twice" / "scenario.toml")
    with pytest.raises(InputError) as caught:
        siting.check(scenario)
    (fault,) = caught.value.faults
    assert (fault.code, fault.row, fault.found) == ("people_record_twice", "500199001001", "#1, #5")


def blocks(case: Case, shapes: list[Any], ids: list[Any], more: str = "") -> None:
    frame = pd.DataFrame({"id": ids, "people": 1000, "wkt": [shape.wkt for shape in shapes]})
    frame.to_csv(case.folder / "blocks.csv", index=False)
    case.sections["population"] = f'residents = {{ polygons = "blocks.csv", crs = "EPSG:4545"{more} }}'


def box(left: float, right: float) -> shapely.Polygon:
    return shapely.box(X + left, Y, X + right, Y + 500)


def test_one_block_under_two_ids_is_refused(case: Case) -> None:
    blocks(case, [box(0, 500), box(500, 900), box(0, 500)], ["a", "b", "c"])
    fault = case.fault()
    assert (fault.code, fault.row, fault.found) == ("polygon_twice", "a", "c")
    blocks(case, [box(0, 500), box(0, 500)], ["a", "a"], ', columns = { id = "" }')
    assert case.fault().code == "polygon_twice"


def test_blocks_that_overlap_are_refused_unless_nobody_is_in_both(case: Case) -> None:
    blocks(case, [box(0, 500), box(400, 900)], ["a", "b"])
    fault = case.fault()
    assert (fault.code, fault.row, fault.found) == ("areas_overlap", "a", "b")
    assert fault.expected.endswith("20.00%, 200")
    blocks(case, [box(0, 500), box(400, 900)], ["a", "b"], ", overlap = true")
    inputs = case.read()
    assert float(inputs.population.residents.frame["people"].sum()) == 2000  # type: ignore[union-attr]
    assert "areas_overlap_on_purpose" in {note.code for note in inputs.notes}


def test_blocks_that_overlap_by_a_hair_keep_their_people(case: Case) -> None:
    blocks(case, [box(0, 500), box(499.5, 900)], ["a", None])
    inputs = case.read()
    assert float(inputs.population.residents.frame["people"].sum()) == 2000  # type: ignore[union-attr]


def test_points_at_one_place_are_people_but_not_under_one_id(case: Case) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "people": 1000, "lon": X + 500, "lat": Y + 500})
    frame.to_csv(case.folder / "points.csv", index=False)
    case.sections["population"] = 'residents = { points = "points.csv", crs = "EPSG:4545" }'
    case.read()
    frame.assign(id="a").to_csv(case.folder / "points.csv", index=False)
    assert case.fault().code == "people_record_twice"
    case.sections["population"] = case.sections["population"].replace(" }", ', columns = { id = "" } }')
    case.read()


@pytest.mark.parametrize(("cell", "code"), [("inf", "not_number"), ("nan", "missing_value"), ("1e308", "out_of_range")])
def test_numbers_that_are_none_are_refused(case: Case, cell: str, code: str) -> None:
    text = f"id,people,lon,lat\na,{cell},{X + 500},{Y + 500}\nb,{cell},{X + 600},{Y + 500}\n"
    (case.folder / "points.csv").write_text(text, encoding="utf-8")
    case.sections["population"] = 'residents = { points = "points.csv", crs = "EPSG:4545" }'
    # Both records are named in one line; "nan" is one of the words for a blank.
    fault = case.fault()
    assert (fault.code, fault.row, fault.field) == (code, "a, b", "people")


def test_a_table_of_people_of_which_no_row_matches_is_refused(case: Case) -> None:
    (case.folder / "people.csv").write_text("id,residents\nX1,500\nX2,700\n", encoding="utf-8")
    case.sections["units.street.people"] = 'path = "people.csv"'
    fault = case.fault()
    assert (fault.code, fault.layer) == ("join_matches_nothing", "units.street.people")
    assert fault.expected == "S1, S2"


def test_nobody_is_more_than_a_number_that_is_not_known(case: Case) -> None:
    def asked(residents: float) -> None:
        for name, people in (("residents", [None, residents]), ("elderly", [1_000.0, 2_000.0])):
            squares().assign(people=people).to_file(case.folder / f"{name}.gpkg")

    case.sections["population"] = "\n".join(
        f'{who} = {{ polygons = "{who}.gpkg" }}' for who in ("residents", "elderly")
    )
    asked(9_000.0)
    assert "people_areas_unknown" in told(case)
    asked(1_000.0)
    assert case.fault().found == "2,000 > 1,000 (200%)"


def test_points_that_stand_twice_are_told_where_no_id_says_that_they_are_two(case: Case) -> None:
    rows = [
        "x,y,people",
        f"{X + 50},{Y + 50},40",
        f"{X + 150},{Y + 50},55",
        f"{X + 50},{Y + 50},40",
        f"{X + 50},{Y + 50},41",
    ]
    case.sections["population"] = (
        'residents = { points = "people.csv", crs = "EPSG:4545", columns = { lon = "x", lat = "y" } }'
    )
    (case.folder / "people.csv").write_text("\n".join(rows), encoding="utf-8")
    note = told(case)["people_points_repeated"]
    assert (note["count"], note["of"], note["people"]) == (1, 4, "40")
    numbered = [f"{row},{'id' if at == 0 else f'P{at}'}" for at, row in enumerate(rows)]
    (case.folder / "people.csv").write_text("\n".join(numbered), encoding="utf-8")
    assert "people_points_repeated" not in told(case)
    named = [f"{row},{'id' if at == 0 else 'P2' if at == 2 else ''}" for at, row in enumerate(rows)]
    (case.folder / "people.csv").write_text("\n".join(named), encoding="utf-8")
    assert told(case)["people_points_repeated"]["count"] == 1


def test_residents_derived_from_a_share_must_fit_the_ground_too(case: Case) -> None:
    write_raster(case.folder / "elderly.tif", np.full((10, 20), 50.0))
    case.sections["population"] = "elderly_share = SHARE" + ELDERLY
    text = case.sections["population"]
    # 5,000 elderly a square kilometre: a hundredth of 500,000 residents.
    case.sections["population"] = text.replace("SHARE", "0.01")
    assert "people_dense" in told(case)
    case.sections["population"] = text.replace("SHARE", "0.0099")
    fault = case.fault()
    assert (fault.code, fault.layer) == ("overcrowded_units", "population.elderly_share")


def test_records_of_one_id_are_named_twenty_at_most(case: Case) -> None:
    rows = "".join(f"F1,站{at},station,existing,{X + at},{Y}\n" for at in range(30))
    case.facilities(f"id,name,tier,status,x,y\n{rows}")
    (fault,) = [each for each in case.faults() if each.code == "duplicate_id"]
    assert fault.found is not None
    assert fault.found.count(",") == 20
    assert fault.found.endswith("+10 …")
