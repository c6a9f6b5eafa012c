"""Small districts built in memory, so that every figure can be known beforehand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from numpy.typing import ArrayLike
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from siting import pipeline
from siting.domain.nouns import Assessment, Grid, Inputs, Network, Population, Proposal, Raster
from siting.domain.scenario import Scenario
from siting.domain.standards import Standard
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS, RESIDENTIAL_COLUMNS, UNIT_COLUMNS, Column
from siting.read import all_standards
from siting.read.tables.columns import DTYPES

# A metric CRS of the Chongqing area; small districts lie about a round corner of it.
METRIC = CRS.from_epsg(4545)
X0, Y0 = 500_000.0, 3_290_000.0
CORNER = np.array([X0, Y0])

Point = tuple[float, float]


def box(left: float, bottom: float, right: float, top: float) -> shapely.Polygon:
    """Return a rectangle, metres from the corner."""
    return shapely.box(X0 + left, Y0 + bottom, X0 + right, Y0 + top)


def at(x: float, y: float) -> shapely.Point:
    """Return a point, metres from the corner."""
    return shapely.Point(X0 + x, Y0 + y)


def frozen(values: ArrayLike) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a read-only array: no room may write to what it is given."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def raster(rows: ArrayLike, cell: float = 100.0, left: float = 0.0, bottom: float = 0.0) -> Raster:
    """Return a raster, first row north, whose lower left corner lies at a place."""
    values = np.atleast_2d(np.array(rows, dtype=np.float64))
    top = Y0 + bottom + cell * values.shape[0]
    grid = Grid(Affine(cell, 0, X0 + left, 0, -cell, top), (values.shape[0], values.shape[1]), METRIC)
    return Raster(grid, frozen(values))


def table(
    columns: Sequence[Column], rows: Mapping[str, Mapping[str, Any]], shapes: Mapping[str, BaseGeometry]
) -> gpd.GeoDataFrame:
    """Return a table as reading leaves it: every column, typed, NA where nothing is given."""
    index = pd.Index(list(rows), name="id", dtype=pd.Series(["text"]).dtype)
    data = {
        column.key: pd.Series([row.get(column.key) for row in rows.values()], index=index, dtype=DTYPES[column.type])
        for column in columns
        if column.key != "id"
    }
    geometry = gpd.GeoSeries([shapes[key] for key in rows], index=index, crs=METRIC)
    return gpd.GeoDataFrame(data, index=index, geometry=geometry)


def units(shapes: Mapping[str, BaseGeometry]) -> gpd.GeoDataFrame:
    """Return units, each named by its id."""
    return table(UNIT_COLUMNS, {key: {"name": key} for key in shapes}, shapes)


def estates(rows: Mapping[str, tuple[BaseGeometry, Mapping[str, Any]]]) -> gpd.GeoDataFrame:
    """Return residential areas."""
    return table(
        RESIDENTIAL_COLUMNS,
        {key: {"name": key, **row} for key, (_, row) in rows.items()},
        {key: shape for key, (shape, _) in rows.items()},
    )


def facilities(rows: Mapping[str, tuple[Point, Mapping[str, Any]]]) -> gpd.GeoDataFrame:
    """Return facilities, existing stations unless a row says otherwise."""
    return table(
        FACILITY_COLUMNS,
        {key: {"tier": "station", "status": "existing", **row} for key, (_, row) in rows.items()},
        {key: at(*place) for key, (place, _) in rows.items()},
    )


def candidates(rows: Mapping[str, tuple[Point, Mapping[str, Any]]]) -> gpd.GeoDataFrame:
    """Return candidates."""
    return table(
        CANDIDATE_COLUMNS,
        {key: {"tenure": "own", "capital_cost_cny": 1e6, **row} for key, (_, row) in rows.items()},
        {key: at(*place) for key, (place, _) in rows.items()},
    )


def network(lines: Iterable[Sequence[Point] | tuple[Sequence[Point], str]]) -> Network:
    """Return a network of lines (with a kind, else streets) that meet where their ends are equal."""
    nodes: dict[Point, int] = {}
    rows = []
    for entry in lines:
        line, kind = entry if isinstance(entry[1], str) else (entry, "street")
        ends = [nodes.setdefault((float(x), float(y)), len(nodes)) for x, y in (line[0], line[-1])]
        shape = shapely.LineString([(X0 + x, Y0 + y) for x, y in line])
        rows.append({"u": ends[0], "v": ends[1], "kind": kind, "length_m": shape.length, "geometry": shape})
    edges = gpd.GeoDataFrame(rows, geometry="geometry", crs=METRIC)
    return Network(frozen([(X0 + x, Y0 + y) for x, y in nodes]), edges)


def scenario(**sections: Any) -> Scenario:
    """Return a scenario whose paths nobody opens; sections replace or add keys."""
    raw: dict[str, Any] = {
        "scenario": {"title": "t", "date": "2026-01-01"},
        "standards": {"ids": ["cq-2017-162", "cq-2019-129"]},
        "population": {
            "residents": {"path": "r.tif", "unit": "persons per cell"},
            "elderly": {"path": "e.tif", "unit": "persons per cell"},
        },
        "units": {"district": {"path": "d.gpkg"}},
        "facilities": {"path": "f.csv", "complete": True},
        "network": {"path": "n.gpkg"},
        "candidates": {"path": "c.csv"},
    }
    for key, value in sections.items():
        raw[key] = {**raw.get(key, {}), **value} if isinstance(value, dict) else value
    return Scenario.model_validate(raw)


def straight(**keys: Any) -> dict[str, Any]:
    """Return a walking section in straight lines: times are distances ÷ 0.8 m/s."""
    return {"mode": "straight_line", **keys}


# The two land floors, the circle and the remedies: cases rest on these, however the catalogue grows.
CORE_CLAUSES = (
    "cq-2017-162/22-land",
    "cq-2017-162/22-existing-areas",
    "cq-2017-162/22-new-areas",
    "cq-2019-129/2-3-land",
    "cq-2019-129/2-9-circle",
    "cq-2019-129/2-3-old-estates",
    "cq-2019-129/2-3-new-estates",
)


def core_standards() -> tuple[Standard, ...]:
    """Return the city's two documents with the core clauses alone."""
    found = []
    for standard in all_standards():
        clauses = tuple(clause for clause in standard.clauses if clause.id in CORE_CLAUSES)
        if clauses:
            found.append(standard.model_copy(update={"clauses": clauses}))
    return tuple(found)


def inputs(  # noqa: PLR0913 - one argument a layer
    *,
    settings: Scenario | None = None,
    residents: Raster | None = None,
    elderly: Raster | None = None,
    places: Mapping[str, gpd.GeoDataFrame],
    areas: gpd.GeoDataFrame | None = None,
    ledger: gpd.GeoDataFrame | None = None,
    premises: gpd.GeoDataFrame | None = None,
    exclusions: Mapping[str, gpd.GeoDataFrame] | None = None,
    streets: Network | None = None,
    terrain: Raster | None = None,
    standards: tuple[Standard, ...] | None = None,
    elderly_age: int = 60,
) -> Inputs:
    """Return what reading would have returned."""
    return Inputs(
        scenario=settings or scenario(walking=straight()),
        crs=METRIC,
        standards=core_standards() if standards is None else standards,
        population=Population(residents, elderly, 65 if elderly_age == 65 else 60),
        units=places,
        residential_areas=estates({}) if areas is None else areas,
        facilities=facilities({}) if ledger is None else ledger,
        candidates=candidates({}) if premises is None else premises,
        exclusions=exclusions or {},
        network=streets,
        terrain=terrain,
        basemap={},
        digests={},
        notes=(),
    )


def check(given: Inputs) -> Assessment:
    """Run the whole check on inputs in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        return pipeline.check(given.scenario)


def propose(given: Inputs, stations: int) -> Proposal:
    """Run the whole proposal on inputs in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        return pipeline.propose(given.scenario, stations=stations).proposal


def with_settings(given: Inputs, **sections: Mapping[str, Any]) -> Inputs:
    """Return inputs under changed settings of the scenario."""
    changed = {name: getattr(given.scenario, name).model_copy(update=dict(update)) for name, update in sections.items()}
    return replace(given, scenario=given.scenario.model_copy(update=changed))


def settings_of(given: Scenario, **sections: Mapping[str, Any]) -> Scenario:
    """Return a scenario with changed settings, validated again."""
    raw = given.model_dump()
    for name, update in sections.items():
        raw[name] = {**raw[name], **update}
    return Scenario.model_validate(raw)
