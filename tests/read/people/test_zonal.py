"""People of polygons straight from a file."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer

from siting.domain.scenario import PeopleSource
from siting.read.log import Log
from siting.read.people.bands import read_people
from siting.read.people.zonal import zonal_people
from tests.read.case import CRS, X, Y, write_raster


def zonal(path: Path, shapes: list[Any], crs: str = CRS, **given: Any) -> pd.Series:
    source = PeopleSource(path=path, **{"unit": "persons per cell", **given})
    index = pd.Index([f"U{number}" for number in range(len(shapes))], name="id")
    found = zonal_people(path, gpd.GeoSeries(shapes, index=index, crs=crs), source, Log().layer("people", path))
    assert found is not None
    assert found.index.equals(index)
    return found


def test_cells_are_shared_by_the_area_that_is_covered(tmp_path: Path) -> None:
    values = np.arange(200.0).reshape(10, 20)
    values[9, 1] = np.nan
    values[9, 2] = -9999.0
    write_raster(tmp_path / "people.tif", values)
    shapes = [
        shapely.box(X + 25, Y + 50, X + 400, Y + 100),  # 3/4 × 1/2 of the first cell of the last row, 1/2 of the next
        shapely.box(X - 500, Y - 500, X + 50, Y + 50),  # beyond the file but for a quarter of that cell
        shapely.box(X - 500, Y - 500, X - 100, Y - 100),
        shapely.Polygon(),
    ]
    people = zonal(tmp_path / "people.tif", shapes)
    assert people.tolist() == pytest.approx([180 * 0.375 + 183 * 0.5, 180 * 0.25, 0.0, 0.0])


@pytest.mark.parametrize("south_up", ["north", "south"])
@pytest.mark.parametrize(
    ("unit", "crs"), [("persons per cell", 4326), ("persons per ha", 4326), ("persons per km2", 3857)]
)
def test_polygons_that_fill_a_file_hold_all_its_people(tmp_path: Path, unit: str, crs: int, south_up: str) -> None:
    rng = np.random.default_rng(4)
    values = rng.random((90, 120)).astype("float32") * 10
    values[rng.random((90, 120)) < 0.3] = -200.0
    x, y = Transformer.from_crs(CRS, crs, always_xy=True).transform(X, Y)
    step = 0.001 if crs == 4326 else 100.0
    move = Affine(step, 0, x, 0, -step, y + 90 * step)
    if south_up == "south":
        values, move = values[::-1], Affine(step, 0, x, 0, step, y)
    path = tmp_path / "people.tif"
    write_raster(path, values, crs=pyproj.CRS.from_epsg(crs), transform=move, tiled=True, blockxsize=32, blockysize=32)
    with rasterio.open(path, "r+") as file:
        file.nodata = -200.0
    centres = shapely.multipoints(rng.random((30, 2)) * [120 * step, 90 * step] + [x, y])
    frame = shapely.box(x, y, x + 120 * step, y + 90 * step)
    cells = shapely.get_parts(shapely.voronoi_polygons(centres, extend_to=frame))
    shapes = gpd.GeoSeries(shapely.intersection(cells, frame), crs=crs)
    # Edges are cut up first, so that they lie alike in both systems.
    there = shapes.segmentize(step).to_crs(CRS)
    people = zonal(path, list(there), unit=unit)
    whole = read_people(PeopleSource(path=path, unit=unit), Log().layer("people", path))  # type: ignore[arg-type]
    assert whole is not None
    assert people.sum() == pytest.approx(np.nansum(whole.values), rel=1e-6)
    # One polygon by brute force: cells cut as polygons.
    where = shapes.iloc[7]
    rows, columns = np.indices((90, 120))
    grid = whole.grid.transform
    west, north = grid.c + columns * grid.a, grid.f + rows * grid.e
    squares = shapely.box(west, north + grid.e, west + grid.a, north)
    shares = shapely.area(shapely.intersection(squares, where)) / step**2
    assert people.iloc[7] == pytest.approx(np.nansum(shares * whole.values), rel=1e-5)


def test_a_file_at_fault_is_told(tmp_path: Path) -> None:
    path = tmp_path / "people.tif"
    path.write_bytes(b"II*\0nothing")
    log = Log()
    shapes = gpd.GeoSeries([shapely.box(X, Y, X + 1, Y + 1)], crs=CRS)
    assert zonal_people(path, shapes, PeopleSource(path=path, unit="persons per cell"), log.layer("x", path)) is None
    assert [fault.code for fault in log.faults.found] == ["unreadable_file"]
