"""Writes the layers: vectors in degrees, grids in metres."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import pyproj
import rasterio
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from . import config
from .grid import Floats, Grid
from .terrain import Land

DIGITS = 7  # of a degree: about a centimetre
WRITTEN = "2026-01-01T00:00:00.000Z"  # a fixed time, so that a rerun gives the same bytes
_TO_DEGREES = pyproj.Transformer.from_crs(config.METRIC_CRS, config.DEGREE_CRS, always_xy=True)


def to_degrees(points: Floats) -> Floats:
    """Turn frame coordinates into longitude and latitude."""
    lon, lat = _TO_DEGREES.transform(points[:, 0] + config.ORIGIN_X, points[:, 1] + config.ORIGIN_Y)
    return np.asarray(np.round(np.c_[lon, lat], DIGITS), dtype=np.float64)


def write_layer(path: Path, table: pd.DataFrame, shapes: Sequence[BaseGeometry], layer: str | None = None) -> None:
    """Write a table and the shapes of its rows as a layer of a GeoPackage."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN})
    geometry = [shapely.transform(shape, to_degrees) for shape in shapes]
    frame = gpd.GeoDataFrame(table, geometry=geometry, crs=config.DEGREE_CRS)
    frame.to_file(path, layer=layer or path.stem, driver="GPKG", engine="pyogrio")


def write_points(path: Path, table: pd.DataFrame, places: Floats) -> None:
    """Write a table with its places as CSV."""
    degrees = to_degrees(places)
    table.assign(lon=degrees[:, 0], lat=degrees[:, 1]).to_csv(path, index=False, lineterminator="\n")


def write_grid(path: Path, grid: Grid, values: npt.NDArray[np.generic], nodata: float, predictor: int) -> None:
    """Write cells, row 0 southernmost, as a GeoTIFF."""
    north = config.ORIGIN_Y + grid.y0 + grid.rows * grid.cell
    profile = {
        "driver": "GTiff",
        "width": grid.columns,
        "height": grid.rows,
        "count": 1,
        "dtype": values.dtype.name,
        "crs": config.METRIC_CRS,
        "transform": Affine(grid.cell, 0, config.ORIGIN_X + grid.x0, 0, -grid.cell, north),
        "nodata": nodata,
        "compress": "deflate",
        "predictor": predictor,
        "zlevel": 9,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(values[::-1], 1)


def write_terrain(path: Path, land: Land) -> None:
    """Write the terrain model, which covers the frame and its margin."""
    inner = config.MARGIN_M // config.DEM_M * config.DEM_M  # whole cells inside the working grid
    columns, rows = (int((side + 2 * inner) // config.DEM_M) for side in config.FRAME_M)
    grid = Grid(-inner, -inner, config.DEM_M, columns, rows)
    x, y = grid.centres()
    height = np.round(land.grid.between(land.height, x.ravel(), y.ravel()), 1)
    write_grid(path, grid, height.reshape(grid.shape).astype(np.float32), -9999.0, 3)
