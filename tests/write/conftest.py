"""A small assessment and a plan made by hand: three residential areas, two streets, three facilities, 10 × 20 cells."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from pyproj import CRS
from scipy.sparse import csr_array
from shapely import LineString, Point, Polygon, box

from siting.domain.nouns import (
    Assessment,
    Demand,
    Grid,
    Inputs,
    Network,
    Population,
    Proposal,
    Raster,
    Selection,
    Stage,
)
from siting.domain.scenario import PlanOptions, Scenario
from siting.domain.standards import Clause, Standard
from siting.domain.tables import (
    CANDIDATE_COLUMNS,
    CHECK_COLUMNS,
    FACILITY_COLUMNS,
    PLACE_COLUMNS,
    PLAN_COLUMNS,
    RESIDENTIAL_COLUMNS,
    UNIT_COLUMNS,
    Column,
)
from tests.browser import shared_browser

METRIC = CRS.from_epsg(4545)
X, Y = 436_000.0, 3_281_000.0
ROWS, COLUMNS = 10, 20
GRID = Grid(Affine(100, 0, X, 0, -100, Y + 1000), (ROWS, COLUMNS), METRIC)
QUOTE = "按照人均用地不少于0.1平方米的标准"


def scenario() -> Scenario:
    """Return a scenario whose paths nobody opens."""
    file = {"path": "nowhere.gpkg"}
    return Scenario.model_validate(
        {
            "scenario": {"title": "小样区", "date": dt.date(2026, 1, 1)},
            "standards": {"ids": ("test",)},
            "population": {"residents": {"path": "residents.tif", "unit": "persons per cell"}},
            "units": {"street": file},
            "residential_areas": file,
            "facilities": {**file, "complete": True},
            "candidates": file,
            "constraints": {"exclude": {"farmland": {**file, "clause": "永久基本农田"}}},
            "network": file,
            "basemap": {"river": {**file, "style": "water"}},
            "plan": {"stations": 1},
        }
    )


def standard() -> Standard:
    """Return a standard with a land floor and the circle."""
    land = Clause(
        id="test/land", kind="land_per_person", article="（二十二）", quote=QUOTE, number=0.1, force="mandatory"
    )
    circle = Clause(
        id="test/circle", kind="service_circle", article="二（九）", quote="“一刻钟”服务圈", number=15, force="target"
    )
    return Standard(
        id="test",
        number="测府发〔2017〕1号",
        title="测试文件",
        issuer="测试机关",
        jurisdiction="小样区",
        issued=dt.date(2017, 1, 1),
        in_force=dt.date(2017, 1, 1),
        source="tests",
        clauses=(land, circle),
    )


def frame(columns: tuple[Column, ...], rows: list[dict[str, object]], shapes: list[object]) -> gpd.GeoDataFrame:
    """Lay rows out as a table of the house: every column, indexed by id."""
    table = pd.DataFrame(rows, columns=[column.key for column in columns])
    return gpd.GeoDataFrame(table.set_index("id", drop=False).rename_axis(None), geometry=shapes, crs=METRIC)


def facilities(name: str) -> gpd.GeoDataFrame:
    """Return an institution, a planned centre and a station."""
    rows: list[dict[str, object]] = [
        {"id": "F1", "name": name, "tier": "institution", "status": "existing", "land_m2": 900.0, "beds": 120},
        {"id": "F2", "name": "东街中心", "tier": "centre", "status": "planned", "land_m2": 400.0, "parent_id": "F1"},
        {"id": "F3", "name": "西街站", "tier": "station", "status": "closing", "land_m2": np.nan, "parent_id": "F2"},
    ]
    return frame(FACILITY_COLUMNS, rows, [Point(X + 300, Y + 300), Point(X + 1500, Y + 700), Point(X + 700, Y + 750)])


def inputs(name: str) -> Inputs:
    """Return the inputs, the hostile or friendly name in every place where data name things."""
    streets = frame(
        UNIT_COLUMNS,
        [{"id": "S1", "name": name, "kind": "街道"}, {"id": "S2", "name": "东街", "kind": "街道"}],
        [box(X, Y, X + 1000, Y + 1000), box(X + 1000, Y, X + 2000, Y + 1000)],
    )
    areas = frame(
        RESIDENTIAL_COLUMNS,
        [{"id": f"A{i}", "name": f"{name}{i}", "status": "existing"} for i in range(1, 4)],
        [box(X + 100 + 600 * i, Y + 100, X + 500 + 600 * i, Y + 500) for i in range(3)],
    )
    candidates = frame(
        CANDIDATE_COLUMNS,
        [
            {"id": "C1", "name": f"{name}候选", "kind": "idle_school", "tenure": "state", "floor_area_m2": 500.0},
            {"id": "C2", "name": "农田边", "kind": "hotel", "tenure": "lease", "floor_area_m2": 300.0},
        ],
        [Point(X + 1700, Y + 300), Point(X + 1200, Y + 200)],
    )
    ground = gpd.GeoDataFrame({"name": [name]}, geometry=[box(X + 1150, Y + 150, X + 1250, Y + 250)], crs=METRIC)
    river = gpd.GeoDataFrame(geometry=[Polygon([(X, Y + 450), (X + 2000, Y + 550), (X + 2000, Y + 600)])], crs=METRIC)
    edges = gpd.GeoDataFrame(
        {"u": [0, 1], "v": [1, 2], "kind": ["street", "stairs"], "length_m": [1000.0, 1000.0]},
        geometry=[
            LineString([(X, Y + 300), (X + 1000, Y + 320)]),
            LineString([(X + 1000, Y + 320), (X + 2000, Y + 300)]),
        ],
        crs=METRIC,
    )
    node_xy = np.array([[X, Y + 300], [X + 1000, Y + 320], [X + 2000, Y + 300]])
    heights = np.add.outer(np.arange(20.0), np.sin(np.arange(30.0))) * 10
    return Inputs(
        scenario=scenario(),
        crs=METRIC,
        standards=(standard(),),
        population=Population(None, None, 60),
        units={"street": streets},
        residential_areas=areas,
        facilities=facilities(name),
        candidates=candidates,
        exclusions={"farmland": ground},
        network=Network(node_xy, edges),
        terrain=Raster(Grid(Affine(100, 0, X - 500, 0, -100, Y + 1500), (20, 30), METRIC), heights),
        basemap={"river": river},
        digests={},
        notes=(),
    )


def assessment(name: str = "西街", covered: float = 0.5) -> Assessment:
    """Return what was found; ``covered`` is the covered share of every place."""
    read = inputs(name)
    places = pd.concat(
        [_places(read.residential_areas, "residential_area", covered), _places(read.units["street"], "street", covered)]
    )
    number = np.arange(ROWS * COLUMNS)
    lived_in = (number % COLUMNS % 6 < 4) & (number // COLUMNS > 4)
    cells = pd.DataFrame(
        {
            "residents": np.where(lived_in, 40.0, 0.0),
            "elderly": np.where(lived_in, 10.0, 0.0),
            "minutes_to_nearest": 5.0 + number % COLUMNS,
            "covered": (number % COLUMNS < 10).astype(np.float64),
            "land_reach_m2_per_person": 0.05,
            "land_gap_01_m2": 2.0,
            "land_gap_02_m2": 6.0,
            "reason_code": np.where(number % COLUMNS < 10, 0, 1),
        },
        index=number,
    )
    circle = gpd.GeoDataFrame(geometry=[Point(X + 300, Y + 300).buffer(250)], index=["F1"], crs=METRIC)
    elderly = 600.0
    return Assessment(
        inputs=read,
        demand=Demand(
            grid=GRID,
            cells=cells[["residents", "elderly"]],
            place_ids={},
            shares={"street": csr_array((2, len(cells)))},
            grid_share={"street": np.ones(2)},
            account={},
            elderly_derived=False,
            residents_derived=False,
        ),
        places=gpd.GeoDataFrame(places, crs=METRIC),
        checks=_checks(places),
        cells=cells,
        facilities=read.facilities,
        circles=circle,
        totals=MappingProxyType(
            {
                "residents": 2400.0,
                "elderly": elderly,
                "elderly_covered": elderly * covered,
                "elderly_uncovered": elderly * (1 - covered),
                "covered_share": covered,
                "land_basis": "resident_current",
                "land_provided_m2": 123.0,
                "land_m2_per_resident": 0.0512,
                "land_m2_per_elderly": 0.205,
                "land_required_01_m2": 240.0,
                "land_gap_01_m2": 117.0,
                "land_required_02_m2": 480.0,
                "land_gap_02_m2": 357.0,
                "binding": False,
                "warnings": ["not_binding_current"],
            }
        ),
        notes=(),
    )


def proposal(name: str = "西街") -> Proposal:
    """Return a plan of one station, and one candidate refused."""
    before, after = assessment(name), assessment(name, covered=0.9)
    station = {
        "id": "new-C1",
        "rank": 1,
        "candidate_id": "C1",
        "tier": "station",
        "kind": "idle_school",
        "tenure": "state",
        "elderly_new": 240.0,
        "elderly_cumulative": 240.0,
        "covered_share_after": 0.9,
        "floor_area_m2": 500.0,
    }
    stations = frame(PLAN_COLUMNS, [station], [Point(X + 1700, Y + 300)])
    circles = gpd.GeoDataFrame(geometry=[Point(X + 1700, Y + 300).buffer(250)], index=["new-C1"], crs=METRIC)
    grown = gpd.GeoDataFrame(pd.concat([before.circles, circles]), crs=METRIC)
    after = Assessment(**{**after.__dict__, "circles": grown})
    refused = pd.DataFrame(
        {"layer": ["farmland"], "clause": ["永久基本农田"], "reason": ["excluded_ground"]},
        index=pd.Index(["C2"], name="id"),
    )
    chosen = Selection(
        np.array([0]), np.array([240.0]), "optimal", (Stage("covered", "max", 240.0, 240.0),), "proved", "HiGHS", 240.0
    )
    return Proposal(stations, refused, chosen, PlanOptions(stations=1), before, after, ())


def _places(frame_: gpd.GeoDataFrame, level: str, covered: float) -> pd.DataFrame:
    reach = level == "residential_area"
    table = pd.DataFrame(index=frame_.index, columns=[column.key for column in PLACE_COLUMNS])
    figures = {
        "residents": 800.0,
        "residents_high": 800.0,
        "elderly": 200.0,
        "elderly_high": 200.0,
        "land_basis": "resident_current",
        "land_method": "reach" if reach else "within",
        "land_provided_m2": 41.0,
        "land_m2_per_resident": 0.051,
        "land_m2_per_elderly": 0.205,
        "land_gap_01_m2": 39.0,
        "land_gap_02_m2": 119.0,
        "land_reach_m2_per_person": [0.0, 0.1, 0.25][: len(frame_)] if reach else 0.05,
        "minutes_to_nearest": 12.34,
        "covered_share": covered,
        "elderly_covered": 200.0 * covered,
        "elderly_uncovered": 200.0 * (1 - covered),
        "verdict": ["gap", "met", "no_data"][: len(frame_)],
        "verdict_binding": "not_applicable",
        "reason": "land_short;beyond_circle",
        "remedies": "purchase;lease",
        "edge_effect": True,
    }
    table = table.assign(**figures, id=frame_.index, name=frame_["name"], level=level, geometry=frame_.geometry)
    table.index = pd.MultiIndex.from_arrays([[level] * len(table), table.index], names=["level", "id"])
    return table


def _checks(places: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "clause_id": clause,
            "standard_id": "test",
            "kind": kind,
            "method": "walking",
            "level": level,
            "force": "mandatory",
            "binding": False,
            "basis": "elderly",
            "required": required,
            "required_high": required,
            "provided_low": 0.5,
            "provided_high": 0.5,
            "shortfall": 0.4,
            "unit": unit,
            "people": 200.0,
            "verdict": "gap",
            "reason": "beyond_circle",
            "missing": [],
        }
        for level, _ in places.index
        for clause, kind, required, unit in (
            ("test/land", "land_per_person", 80.0, "m2"),
            ("test/circle", "service_circle", 0.9, "share"),
        )
    ]
    table = pd.DataFrame(rows, columns=[column.key for column in CHECK_COLUMNS])
    table.index = pd.MultiIndex.from_tuples([place for place in places.index for _ in range(2)], names=["level", "id"])
    return table


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests of a module."""
    with shared_browser() as started:
        yield started


@pytest.fixture(scope="session")
def small() -> Proposal:
    """The plan made by hand, with the assessment before it."""
    return proposal()


@pytest.fixture(scope="session")
def map_file(small: Proposal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map of the plan made by hand."""
    from siting.write.webmap import write_map

    path = tmp_path_factory.mktemp("map") / "map.html"
    write_map(path, small.before, small)
    return path
