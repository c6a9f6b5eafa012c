"""All districts of Chongqing: districts as a bureau hands them out, a grid of the centre, people of a census."""

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

import siting
from siting.results import GapReport
from tests.realdata.chongqing import make_ledger, prepare, read_districts

LAND = "cq-2019-129/2-3-land"
CIRCLE = "cq-2019-129/2-9-circle"
NURSING = "cq-2019-129/1-nursing-beds"
SOCIAL = "cq-2019-129/1-social-beds"
# The one that the grid covers whole; residents as the grid counts them.
WHOLE = "渝中区"
# Of the census, but not of the districts of 2011: renamed since, or a part of one.
RENAMED = {"璧山区", "铜梁区", "潼南区", "荣昌区", "梁平区", "武隆区", "开州区", "綦江区(不含万盛)"}
TOTAL = "重庆市"
PEOPLE = "units.district.people"
UNKNOWN = ("no_data", "grid_incomplete")


@pytest.fixture(scope="module")
def kit(shared: Path) -> Path:
    return shared / "realdata" / "chongqing_core"


@pytest.fixture(scope="module")
def districts(kit: Path) -> gpd.GeoDataFrame:
    """The districts, read by other means."""
    return read_districts(kit)


@pytest.fixture(scope="module")
def census(kit: Path) -> pd.DataFrame:
    return pd.read_csv(kit / "census2020_by_district.csv", index_col="unit")


@pytest.fixture(scope="module")
def ledger(districts: gpd.GeoDataFrame) -> pd.DataFrame:
    return make_ledger(districts)


@pytest.fixture(scope="module")
def scenario(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return siting.read_scenario(prepare(shared, tmp_path_factory.mktemp("chongqing")))


@pytest.fixture(scope="module")
def report(scenario: Any) -> GapReport:
    return siting.check(scenario)


@pytest.fixture(scope="module")
def places(report: GapReport) -> pd.DataFrame:
    return report.units.set_index("name", drop=False)


def notes(report: GapReport) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.values) for note in report.assessment.notes}


def listed(note: dict[str, Any]) -> set[str]:
    return set(note["names"].split(", "))


def check_of(report: GapReport, name: str, clause: str) -> pd.Series:
    key = report.units.loc[report.units["name"] == name, "id"].iloc[0]
    rows = report.clauses[(report.clauses["id"] == key) & (report.clauses["clause_id"] == clause)]
    assert len(rows) == 1
    return rows.iloc[0]


def exact(census: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    return [name for name in places.index if name in census.index and name != WHOLE]


def test_names_are_read_right(places: pd.DataFrame) -> None:
    assert len(places) == 38
    assert {"开县", "渝中区", "石柱土家族自治县", "酉阳土家族苗族自治县"} <= set(places.index)
    assert all(re.fullmatch(r"[一-鿿]+[区县]", name) for name in places.index)
    assert places.loc["开县", "id"] == "500234"


def test_the_audit_runs(scenario: Any, report: GapReport) -> None:
    table = siting.audit(scenario)
    land = table[(table["clause_id"] == LAND) & (table["level"] == "district")].iloc[0]
    assert land["places"] == 38
    counted = report.clauses[report.clauses["clause_id"] == LAND]["verdict"].value_counts()
    assert [land[verdict] for verdict in ("met", "gap", "no_data")] == [
        counted.get(verdict, 0) for verdict in ("met", "gap", "no_data")
    ]
    assert min(land["met"], land["gap"]) > 0


def test_only_one_district_lies_whole_under_the_grid(
    kit: Path, districts: gpd.GeoDataFrame, report: GapReport, places: pd.DataFrame
) -> None:
    with rasterio.open(kit / "ghspop_chongqing_54009_100m.tif") as raster:
        # Mollweide keeps areas.
        extent, there = shapely.box(*raster.bounds), districts.to_crs(raster.crs.to_wkt())
    share = there.intersection(extent).area / there.area
    assert share.index[share >= 0.999].tolist() == [WHOLE]
    assert ((share > 0) & (share < 0.999)).sum() == 9
    demand = report.assessment.demand
    names = places.set_index("id")["name"].reindex(demand.place_ids["district"])
    np.testing.assert_allclose(demand.grid_share["district"], share.loc[names], atol=1e-4)
    assert notes(report)["grid_covers_part"]["count"] == 37


def test_the_district_under_the_grid_has_the_people_of_the_census(
    kit: Path, report: GapReport, places: pd.DataFrame
) -> None:
    with rasterio.open(kit / "ghspop_chongqing_54009_100m.tif") as raster:
        values = raster.read(1, masked=True).filled(0.0)
        extent = gpd.GeoSeries(places.geometry, crs=report.units.crs).to_crs(raster.crs.to_wkt())[WHOLE]
        row, column = np.nonzero(values > 0)
        east, north = rasterio.transform.xy(raster.transform, row, column, offset="ul")
    squares = shapely.box(east, north - 100.0, east + 100.0, north)
    near = shapely.intersects(squares, extent)
    share = shapely.area(shapely.intersection(squares[near], extent)) / 100.0**2
    people = float(values[row, column][near] @ share)
    # The census goes before the grid, which is scaled to it.
    census = pd.read_csv(kit / "census2020_by_district.csv").set_index("unit")["resident"][WHOLE]
    assert places.loc[WHOLE, "residents"] == pytest.approx(census, abs=1e-6)
    calibrated = report.totals["people_account"]["residents"]["calibrated"]
    # Cells on its border are scaled in between, and part of them lies in other districts.
    assert calibrated == pytest.approx(census - people, rel=0.05)
    assert places.loc[WHOLE, "elderly"] == pytest.approx(0.22 * census, rel=1e-9)
    assert check_of(report, WHOLE, CIRCLE)["verdict"] in ("met", "gap")


def test_other_districts_have_the_census_where_the_name_is_the_same(
    census: pd.DataFrame, report: GapReport, places: pd.DataFrame
) -> None:
    joined = exact(census, places)
    assert len(joined) == 18
    assert places.loc[joined, "residents"].tolist() == census.loc[joined, "resident"].tolist()
    assert notes(report)["people_from_table"]["count"] == len(joined)
    # 60+ stand in the census for one of these.
    assert places.loc[joined, "elderly"].dropna().to_dict() == {"长寿区": 175_773.0}
    for name in joined:
        assert check_of(report, name, LAND)["verdict"] in ("met", "gap")
        assert tuple(check_of(report, name, CIRCLE)[["verdict", "reason"]]) == UNKNOWN


def test_all_others_are_no_data(census: pd.DataFrame, report: GapReport, places: pd.DataFrame) -> None:
    others = [name for name in places.index if name != WHOLE and name not in census.index]
    assert len(others) == 19
    assert places.loc[others, ["residents", "elderly"]].isna().all(axis=None)
    for name in others:
        for clause in (LAND, CIRCLE):
            assert tuple(check_of(report, name, clause)[["verdict", "reason"]]) == UNKNOWN
        assert places.loc[name, "land_provided_m2"] > 0


def test_renamed_districts_and_the_total_are_told_and_not_joined(
    census: pd.DataFrame, report: GapReport, places: pd.DataFrame
) -> None:
    told = notes(report)
    assert listed(told["people_rows_unmatched"]) == RENAMED
    assert listed(told["people_total_rows"]) == {TOTAL}
    assert listed(told["people_units_unmatched"]) == set(places.index) - set(census.index)
    assert {"开县", "璧山县", "铜梁县", "潼南县", "荣昌县", "梁平县", "武隆县"} <= listed(
        told["people_units_unmatched"]
    )
    assert all(note["layer"] == PEOPLE for code, note in told.items() if code.startswith("people_rows"))


@pytest.mark.parametrize(("name", "residents"), [("长寿区", 692_960), ("万州区", 1_564_449), ("南岸区", 1_197_639)])
def test_figures_by_hand(
    name: str, residents: int, ledger: pd.DataFrame, report: GapReport, places: pd.DataFrame
) -> None:
    mine = ledger[ledger["district"] == places.loc[name, "id"]]
    assert len(mine) == 3
    row, land = places.loc[name], float(mine["land_m2"].sum())
    assert (row["residents"], row["land_provided_m2"]) == (residents, land)
    assert row["land_required_02_m2"] == pytest.approx(0.2 * residents)
    assert row["land_m2_per_resident"] == pytest.approx(land / residents)
    check = check_of(report, name, LAND)
    assert (check["required"], check["provided_low"]) == (pytest.approx(0.2 * residents), land)
    assert check["verdict"] == ("met" if land >= 0.2 * residents else "gap")
    assert check["shortfall"] == pytest.approx(max(0.0, 0.2 * residents - land))
    beds = mine["beds"].sum()
    for clause, part, floor in (
        (NURSING, mine["nursing_beds"].sum(), 0.5),
        (SOCIAL, mine["beds"][mine["operator_kind"] != "government"].sum(), 0.6),
    ):
        check = check_of(report, name, clause)
        assert check["provided_low"] == check["provided_high"] == pytest.approx(part / beds)
        assert check["verdict"] == ("met" if part / beds >= floor else "gap")


def test_totals_are_the_grids(report: GapReport) -> None:
    totals = report.totals
    assert totals["people_read"] == pytest.approx(1_817_248, abs=1)
    account = totals["people_account"]["residents"]
    assert totals["residents"] == pytest.approx(account["read"] + account["calibrated"] - account["outside"])
    assert totals["elderly"] == pytest.approx(0.22 * totals["residents"])


def test_nothing_is_amiss_with_the_people(report: GapReport) -> None:
    amiss = {"people_dense", "people_sparse", "elderly_few", "elderly_exceed_residents_by_cell", "nodata_by_convention"}
    assert not amiss & set(notes(report))
