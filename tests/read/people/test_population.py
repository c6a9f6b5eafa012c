"""The people of a scenario as a whole: points, areas, groups, calibration, the account."""

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from siting.domain.nouns import PeopleLayer, Raster
from siting.errors import InputError
from siting.read import read_scenario
from siting.read.inputs import inspect_inputs
from siting.read.people.population import count_sources
from tests.read.case import CRS, Case, X, Y, write_raster


def points(case: Case, people: list[Any], crs: str = CRS) -> None:
    """Write points 100 m apart, from the south-west on."""
    shapes = [shapely.Point(X + 50 + 100 * number, Y + 50) for number in range(len(people))]
    frame = gpd.GeoDataFrame({"population": people}, geometry=shapes, crs=CRS).to_crs(crs)
    frame.to_file(case.folder / "blocks.gpkg", layer="centres")
    case.sections["population"] = (
        'residents = { points = "blocks.gpkg", columns = { people = "population" } }\ncell_m = 250'
    )


def test_points_come_in_the_working_crs(case: Case) -> None:
    points(case, [3.5, 0.0, 7.0], "EPSG:4326")
    inputs = case.read()
    residents = inputs.population.residents
    assert isinstance(residents, PeopleLayer)
    assert residents.frame.columns.tolist() == ["people", "geometry"]
    assert residents.frame["people"].tolist() == [3.5, 0.0, 7.0]
    assert residents.frame.crs == inputs.crs
    assert residents.frame.geometry.x.tolist() == pytest.approx([X + 50, X + 150, X + 250], abs=1e-3)
    assert inputs.population.cell_m == 250
    assert inputs.layers["population.residents"]["people"] == 10.5


def test_areas_come_with_how_people_lie_in_them(case: Case) -> None:
    shapes = [shapely.box(X, Y, X + 500, Y + 500), shapely.box(X + 500, Y, X + 900, Y + 500)]
    gpd.GeoDataFrame({"people": [10, 20]}, geometry=shapes, crs=CRS).to_file(case.folder / "blocks.gpkg")
    case.sections["population"] = 'elderly = { polygons = "blocks.gpkg", allocate = "residential", from_age = 65 }'
    population = case.read().population
    assert isinstance(population.elderly, PeopleLayer)
    assert population.elderly.allocate == "residential"
    assert population.elderly.frame["people"].dtype == np.float64
    assert population.elderly.frame.area.sum() == pytest.approx(450_000.0)
    assert population.elderly_age == 65


@pytest.mark.parametrize(
    ("people", "code"), [([1.0, -2.0], "out_of_range"), ([1.0, None], "missing_value"), (["1", "x"], "not_number")]
)
def test_people_of_points_at_fault_are_told(case: Case, people: list[Any], code: str) -> None:
    points(case, people)
    fault = case.fault()
    assert (fault.code, fault.layer, fault.row) == (code, "population.residents", "#2")


def test_points_far_away_are_told(case: Case) -> None:
    frame = gpd.GeoDataFrame({"people": [1.0]}, geometry=[shapely.Point(X - 9000, Y)], crs=CRS)
    frame.to_file(case.folder / "blocks.gpkg")
    case.sections["population"] = 'residents = { points = "blocks.gpkg" }'
    assert case.fault().code == "no_overlap"


def test_polygons_given_as_areas_must_be_polygons(case: Case) -> None:
    points(case, [1.0])
    case.sections["population"] = case.sections["population"].replace("points", "polygons")
    assert case.fault().layer == "population.residents"


def test_a_raster_may_know_everybody(case: Case) -> None:
    assert case.read().population.nobody_outside == frozenset()
    case.sections["population"] = case.sections["population"].replace(
        "residents = {", 'residents = { outside = "nobody",'
    )
    assert case.read().population.nobody_outside == {"residents"}


# --- groups ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def banded(case: Case) -> Case:
    """A case whose elderly come in bands of 1, 2, 4 and 8 a cell."""
    for age, people in ((60, 1.0), (65, 2.0), (70, 4.0), (75, 8.0)):
        write_raster(case.folder / f"e_{age}.tif", np.full((10, 20), people))
    case.sections["population"] = 'elderly = { pattern = "e_{age}.tif", unit = "persons per cell" }'
    return case


@pytest.mark.parametrize(("ages", "each"), [((60, 69), 3.0), ((65, None), 14.0), ((75, None), 8.0), ((70, 74), 4.0)])
def test_a_group_by_age_is_the_sum_of_its_bands(banded: Case, ages: tuple[int, int | None], each: float) -> None:
    first, last = ages
    banded.sections["population.groups.some"] = f"from_age = {first}" + (f"\nto_age = {last}" if last else "")
    population = banded.read().population
    group = population.groups["some"]
    assert isinstance(group, Raster)
    assert isinstance(population.elderly, Raster)
    assert (group.values == each).all()
    assert (population.elderly.values == 15.0).all()
    assert group.grid == population.elderly.grid
    with pytest.raises(ValueError, match="read-only"):
        group.values[0, 0] = 1


@pytest.mark.parametrize(
    ("ages", "field"), [((62, None), "from_age"), ((60, 67), "to_age"), ((75, 84), "to_age"), ((50, 64), "from_age")]
)
def test_a_group_that_cuts_a_band_is_refused(banded: Case, ages: tuple[int, int | None], field: str) -> None:
    first, last = ages
    banded.sections["population.groups.some"] = f"from_age = {first}" + (f"\nto_age = {last}" if last else "")
    fault = banded.fault()
    assert (fault.code, fault.field, fault.layer) == ("group_ages_between_bands", field, "population.groups.some")


def test_a_group_by_age_needs_bands(case: Case) -> None:
    case.sections["population.groups.some"] = "from_age = 80"
    assert case.fault().code == "group_without_bands"


def test_groups_by_share_and_by_raster(banded: Case) -> None:
    write_raster(banded.folder / "disabled.tif", np.full((10, 20), 2.0))
    banded.sections["population.groups.disabled"] = 'path = "disabled.tif"\nunit = "persons per cell"'
    banded.sections["population.groups.alone"] = "share = 0.25"
    inputs = banded.read()
    assert inputs.population.groups["alone"] == 0.25
    assert inputs.population.groups["disabled"].values.sum() == 400.0  # type: ignore[union-attr]
    assert "population.groups.disabled" in inputs.digests
    assert "group_exceeds_elderly_by_cell" not in {note.code for note in inputs.notes}


def test_a_group_larger_than_the_elderly_in_single_cells_is_noted(banded: Case) -> None:
    elderly = banded.read().population.elderly
    assert isinstance(elderly, Raster)
    values = np.zeros((10, 20))
    values[0, :3] = elderly.values[0, :3] + 4.0
    write_raster(banded.folder / "disabled.tif", values)
    banded.sections["population.groups.disabled"] = 'path = "disabled.tif"\nunit = "persons per cell"'
    told = [dict(note.values) for note in banded.read().notes if note.code == "group_exceeds_elderly_by_cell"]
    assert told == [{"layer": "population.groups.disabled", "cells": 3, "of": 3, "empty": 0, "people": "12"}]


@pytest.mark.parametrize("shape", [(10, 20), (11, 20)])
def test_a_group_larger_than_all_elderly_is_refused(banded: Case, shape: tuple[int, int]) -> None:
    write_raster(banded.folder / "disabled.tif", np.full(shape, 999.0))
    banded.sections["population.groups.disabled"] = 'path = "disabled.tif"\nunit = "persons per cell"'
    fault = banded.fault()
    assert (fault.code, fault.layer) == ("group_exceeds_elderly_in_total", "population.groups.disabled")
    banded.sections["population.groups.disabled"] = "share = 0.3"
    assert banded.read().population.groups["disabled"] == 0.3


# --- calibration, counting, the account -----------------------------------------------------------------------------


def table_of_people(case: Case) -> None:
    (case.folder / "people.csv").write_text("id,residents\nS1,500\nS2,700\n", encoding="utf-8")
    case.sections["units.street.people"] = 'path = "people.csv"'


def test_calibration_needs_a_table_of_people(case: Case) -> None:
    case.sections["population"] += '\ncalibrate = "street"'
    fault = case.fault()
    assert (fault.code, fault.field, fault.found) == ("calibrate_without_people", "calibrate", "street")
    table_of_people(case)
    assert case.read().population.calibrate == "street"


def test_planned_people_are_not_scaled_to_todays(case: Case) -> None:
    case.sections["scenario"] += "\nhorizon = 2030"
    case.sections["population"] += (
        '\ncalibrate = "street"\nplanned_residents = { path = "residents.tif", unit = "persons per cell" }'
    )
    table_of_people(case)
    inputs = case.read()
    assert inputs.population.calibrate is None
    assert "calibrate_planned" in {note.code for note in inputs.notes}


def test_every_source_is_a_step(case: Case) -> None:
    write_raster(case.folder / "disabled.tif", np.full((10, 20), 2.0))
    (case.folder / "growth.csv").write_text("residents_growth\n0.02\n", encoding="utf-8")
    case.sections["scenario"] += "\nhorizon = 2030"
    case.sections["population.groups.disabled"] = 'path = "disabled.tif"\nunit = "persons per cell"'
    case.sections["population.projection"] = 'path = "growth.csv"\nbase_year = 2020'
    assert count_sources(read_scenario(case.path())) == 3
    seen: list[tuple[str, int, int]] = []
    case.read(progress=lambda *told: seen.append(told))
    assert seen[-1][1] == seen[-1][2] == len(seen)


@pytest.mark.parametrize(
    "projection",
    ["", "base_year = 2031", 'base_year = 2020\nmethod = "cohort"', 'base_year = 2031\nmethod = "cohort"'],
)
def test_every_source_is_a_step_whatever_the_faults(case: Case, projection: str) -> None:
    case.sections["scenario"] += "\nhorizon = 2030"
    case.sections["population"] = 'elderly = { path = "nowhere.tif", unit = "persons per cell" }'
    if projection:
        (case.folder / "growth.csv").write_text("x\n1\n", encoding="utf-8")
        case.sections["population.projection"] = f'path = "growth.csv"\n{projection}'
    seen: list[tuple[str, int, int]] = []
    with pytest.raises(InputError):
        case.read(progress=lambda *told: seen.append(told))
    assert seen[-1][1] == seen[-1][2] == len(seen)


def test_units_at_fault_do_not_hide_faults_of_people(case: Case) -> None:
    (case.folder / "streets.gpkg").unlink()
    write_raster(case.folder / "residents.tif", np.full((10, 20), -1.0))
    assert {fault.code for fault in case.faults()} == {"missing_file", "negative_population"}


def test_the_account_tells_what_was_found(case: Case) -> None:
    write_raster(case.folder / "residents.tif", np.full((10, 20), 5.0), nodata=-1.0)
    _, log = inspect_inputs(read_scenario(case.path()))
    facts = log.layers["population.residents"]
    assert (facts["driver"], facts["shape"], facts["nodata"], facts["people"]) == ("GTiff", (10, 20), -1.0, 1000.0)
    assert facts["file"] == "residents.tif"


def test_a_share_outside_the_raster_may_be_accepted(case: Case) -> None:
    given = case.sections["population"]
    case.sections["population"] = given.replace("residents = {", "residents = { outside = 0.05,")
    population = case.read().population
    assert (population.outside_at_most, population.nobody_outside) == (0.05, frozenset())
    # Of two rasters the one that accepts less decides, and one that says nothing accepts nothing.
    case.sections["population"] += '\nelderly = { path = "residents.tif", unit = "persons per cell" }'
    assert case.read().population.outside_at_most == 0.0


@pytest.mark.parametrize("outside", ["0.6", "0", '"some"'])
def test_no_other_share_is_accepted(case: Case, outside: str) -> None:
    given = case.sections["population"]
    case.sections["population"] = given.replace("residents = {", f"residents = {{ outside = {outside},")
    fault = case.fault()
    assert (fault.code, fault.field) == ("not_a_choice", "population.residents.outside")
