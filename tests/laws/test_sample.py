"""The laws on the sample district."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

import siting
from siting.domain.tables import GRID_COLUMNS
from siting.results import GapReport, Plan

UNITS = ("community", "street", "district")


def test_people_are_conserved(report: GapReport) -> None:
    totals = report.totals
    assert totals["people_read"] == pytest.approx(totals["residents"] + totals["people_outside"])
    assert totals["elderly_covered"] + totals["elderly_uncovered"] == pytest.approx(totals["elderly"])
    assert sum(totals["uncovered_by_reason"].values()) == pytest.approx(totals["elderly_uncovered"])


def test_people_read_are_those_of_the_files(report: GapReport, sample: Path) -> None:
    def people(name: str) -> float:
        with rasterio.open(sample.parent / name) as file:
            return float(file.read(1, masked=True).astype("float64").filled(0.0).clip(0).sum())

    assert report.totals["people_read"] == pytest.approx(people("residents.tif"))
    elderly = sum(people(f"elderly_{age}.tif") for age in (60, 65, 70, 75, 80))
    assert report.assessment.demand.account["elderly_read"] == pytest.approx(elderly)


def test_communities_add_up_to_streets_to_the_district(report: GapReport) -> None:
    names = ["residents", "elderly", "elderly_covered", "elderly_uncovered", "land_provided_m2", "land_required_02_m2"]
    sums = report.units.groupby("level")[names].sum()
    for level in UNITS:
        for name in names:
            assert sums.loc[level, name] == pytest.approx(report.totals[name], rel=1e-6), (level, name)


def test_cells_times_exact_fractions_are_the_figures_of_units(report: GapReport) -> None:
    demand, cells = report.assessment.demand, report.grid
    grid = demand.grid
    row, column = np.divmod(cells.index.to_numpy(), grid.shape[1])
    left, top = grid.transform.c + column * grid.transform.a, grid.transform.f + row * grid.transform.e
    squares = shapely.box(left, top + grid.transform.e, left + grid.transform.a, top)
    people = demand.cells.loc[cells.index]
    tree = shapely.STRtree(squares)
    places = gpd.GeoDataFrame(report.assessment.places).to_crs(grid.crs)
    size = grid.transform.a * -grid.transform.e
    for (level, key), place in places.iterrows():
        near = tree.query(place.geometry)
        part = shapely.area(shapely.intersection(squares[near], place.geometry)) / size
        elderly, residents = (people[name].to_numpy()[near] * part for name in ("elderly", "residents"))
        covered, land = (cells[name].to_numpy()[near] for name in ("covered", "land_reach_m2_per_person"))
        assert place["grid_residents"] == pytest.approx(residents.sum(), rel=1e-5, abs=1e-3), (level, key)
        assert place["grid_elderly"] == pytest.approx(elderly.sum(), rel=1e-5, abs=1e-3), (level, key)
        if elderly.sum() > 0:
            share = elderly @ covered / elderly.sum()
            assert place["covered_share"] == pytest.approx(share, rel=1e-4, abs=1e-6), (level, key)
        if residents.sum() > 0:
            reach = residents @ land / residents.sum()
            assert place["land_reach_m2_per_person"] == pytest.approx(reach, rel=1e-4, abs=1e-9), (level, key)


def test_the_checked_grid_is_read_back_and_adds_up(report: GapReport, sample: Path, tmp_path: Path) -> None:
    report.to_file(tmp_path / "grid.tif")
    with rasterio.open(tmp_path / "grid.tif") as file, rasterio.open(sample.parent / "elderly_60.tif") as source:
        assert list(file.descriptions) == [column.key for column in GRID_COLUMNS]
        assert (file.shape, file.crs) == (source.shape, source.crs)
        assert file.transform.almost_equals(source.transform)
        band = {name: file.read(i, masked=True) for i, name in enumerate(file.descriptions, start=1)}
    totals = report.totals
    assert band["residents"].sum() == pytest.approx(totals["residents"])
    assert band["elderly"].sum() == pytest.approx(totals["elderly"])
    assert (band["elderly"] * band["covered"]).sum() == pytest.approx(totals["elderly_covered"])
    uncovered = band["elderly"][band["reason_code"] != 0].sum()
    assert uncovered == pytest.approx(totals["elderly_uncovered"])
    assert ((band["reason_code"] == 0) == (band["covered"] == 1)).all()
    covered = band["covered"].filled(0) == 1
    assert band["minutes_to_nearest"][covered].max() <= 15 + 1e-6
    beyond = band["reason_code"].filled(0) == 1
    assert band["minutes_to_nearest"][beyond].min() > 15
    assert np.ma.getmaskarray(band["minutes_to_nearest"])[band["reason_code"].filled(0) > 1].all()
    short = band["land_gap_02_m2"].filled(0) > 0
    gap, people, land = (band[key].data[short] for key in ("land_gap_02_m2", "residents", "land_reach_m2_per_person"))
    assert np.allclose(gap, (0.2 - land) * people)


def test_elderly_grids_alone_show_both_floors_the_label_and_the_warning(
    sample: Path, report: GapReport, tmp_path: Path
) -> None:
    scenario = siting.read_scenario(sample)
    people = scenario.population.model_copy(update={"residents": None})
    alone = siting.check(scenario.model_copy(update={"population": people}))
    assert alone.totals["land_basis"] == "elderly60"
    assert alone.totals["binding"] is False
    assert "elderly_basis" in alone.totals["warnings"]
    assert np.isnan(alone.totals["residents"])
    assert alone.totals["elderly_covered"] == pytest.approx(report.totals["elderly_covered"])
    elderly = alone.totals["elderly"]
    assert alone.totals["land_required_01_m2"] == pytest.approx(0.1 * elderly)
    assert alone.totals["land_required_02_m2"] == pytest.approx(0.2 * elderly)
    # 22 % of the residents are elderly: the land required is understated four- to fivefold.
    assert report.totals["land_required_02_m2"] / alone.totals["land_required_02_m2"] == pytest.approx(
        1 / 0.22, rel=0.02
    )
    land = alone.clauses[alone.clauses["kind"] == "land_per_person"]
    assert set(land["basis"]) == {"elderly60"}
    assert not land["binding"].any()
    assert set(alone.places["land_basis"]) | set(alone.units["land_basis"]) == {"elderly60"}
    alone.to_file(tmp_path / "gaps.geojson")
    told = json.loads((tmp_path / "gaps.geojson").read_text(encoding="utf-8"))
    warning = next(each for each in told["warnings"] if each["code"] == "elderly_basis")
    assert "五分之一" in warning["zh"]
    assert "one fifth" in warning["en"]
    properties = told["features"][0]["properties"]
    assert properties["land_basis"] == "elderly60"
    for floor in ("01", "02"):
        assert properties[f"land_required_{floor}_m2"] is not None
        assert properties[f"land_gap_{floor}_m2"] is not None


def test_a_plan_keeps_what_exists_and_is_measured_by_the_same_ruler(plan: Plan, report: GapReport) -> None:
    assert plan.before.totals == report.totals
    assert set(plan.before.assessment.facilities.index) < set(plan.after.assessment.facilities.index)
    gained = plan.after.totals["elderly_covered"] - plan.before.totals["elderly_covered"]
    assert gained == pytest.approx(plan.objective)
    assert plan.stations["elderly_cumulative"].iloc[-1] == pytest.approx(plan.objective)
    assert plan.stations["covered_share_after"].iloc[-1] == pytest.approx(plan.after.totals["covered_share"])
    assert not set(plan.stations["candidate_id"]) & set(plan.refused.index)
    # For want of data, stations that are built move no verdict.
    before, after = (each.assessment.checks for each in (plan.before, plan.after))
    assert after["clause_id"].tolist() == before["clause_id"].tolist()
    pairs = set(zip(before["verdict"], after["verdict"], strict=True))
    assert {one for one, other in pairs if other == "no_data"} == {"no_data"}
    assert ("met", "gap") not in pairs
