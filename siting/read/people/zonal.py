"""People of polygons by exact covered fraction, straight from a raster file."""

import warnings
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import rasterio.io
import rasterio.windows
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource, RasterSource

from siting.domain.nouns import Floats, Grid, Raster
from siting.domain.scenario import GroupSource, PeopleSource
from siting.read.geometry.projections import Bounds
from siting.read.log import LayerLog
from siting.read.people.rasters import (
    BROKEN,
    AreaLattice,
    Findings,
    Part,
    Reading,
    area_lattice,
    cells_around,
    grid_bounds,
    open_grid,
    part_grid,
    read_cells,
    reason,
)
from siting.units import DENSITY_AREA_M2

# Between vertices a kilometre apart a border lies within centimetres of where another projection draws it.
_STRAIGHT_M: Final = 1_000.0
_STRAIGHT_DEGREES: Final = 0.01
# Cells held at a time: 32 MB of float64, and about as much again for the fractions.
_MOST_CELLS: Final = 4_000_000


def zonal_people(
    path: Path, polygons: gpd.GeoSeries, source: PeopleSource | GroupSource, log: LayerLog
) -> pd.Series | None:
    """Return the people of each polygon, each cell by the exact share of it that the polygon covers.

    The file is read block by block, never whole. Polygons are brought to its CRS, their long edges bent as the
    projection bends them.

    Parameters
    ----------
    path : Path
        A raster file of one band.
    polygons : geopandas.GeoSeries
        Polygons in any CRS; they may overlap. Empty ones and those beyond the file hold nobody.
    source : PeopleSource or GroupSource
        Says the file's unit, CRS and nodata value, as for :func:`siting.read.people.bands.read_people`.
    log : LayerLog
        Takes the faults of the file: that it cannot be read, its CRS, more than one band, a turned grid.

    Returns
    -------
    pandas.Series or None
        Persons, float64, on the index of ``polygons``. Values that are not declared as nodata count as they stand, even
        if negative: reading the population refuses them.
    """
    try:
        with warnings.catch_warnings():
            # A file without georeference is told as a missing CRS.
            warnings.simplefilter("ignore")
            with rasterio.open(path) as file:
                return _zonal(file, polygons, source, log)
    except BROKEN as error:
        log.fault("unreadable_file", found=reason(error))
        return None


def _zonal(
    file: rasterio.io.DatasetReader, polygons: gpd.GeoSeries, source: PeopleSource | GroupSource, log: LayerLog
) -> pd.Series | None:
    grid = open_grid(file, source.crs, log)
    if grid is None:
        return None
    people = pd.Series(0.0, index=polygons.index)
    there = on_grid(polygons, grid)
    filled = np.flatnonzero(~(there.is_empty | there.isna()).to_numpy())
    if not len(filled):
        return people
    part = cells_around(grid, _rectangle(there))
    if not part.rows * part.columns:
        return people
    cells = _Cells(file, grid, part, source)
    frame = gpd.GeoDataFrame(geometry=there.iloc[filled].reset_index(drop=True), crs=grid.crs)
    # Neighbours share blocks: going by the raster, each is unpacked once.
    found = exact_extract(
        cells, frame, ["sum"], output="pandas", strategy="raster-sequential", max_cells_in_memory=_MOST_CELLS
    )
    values = people.to_numpy(copy=True)
    values[filled] = np.nan_to_num(found["sum"].to_numpy(dtype=np.float64))
    return pd.Series(values, index=polygons.index)


def _rectangle(shapes: gpd.GeoSeries) -> Bounds:
    west, south, east, north = shapes.total_bounds.tolist()
    return west, south, east, north


def raster_people(raster: Raster, polygons: gpd.GeoSeries) -> Floats:
    """Return the people of each polygon of a raster that is read already, each cell by the share that it covers.

    Parameters
    ----------
    raster : Raster
        Persons per cell.
    polygons : geopandas.GeoSeries
        Polygons in any CRS, none of them empty; those beyond the raster hold nobody.
    """
    if not len(polygons):
        return np.zeros(0)
    there = on_grid(polygons, raster.grid)
    part = cells_around(raster.grid, _rectangle(there))
    if not part.rows * part.columns:
        return np.zeros(len(polygons))
    west, south, east, north = grid_bounds(part_grid(raster.grid, part))
    values = raster.values[part.top : part.top + part.rows, part.left : part.left + part.columns]
    cells = NumPyRasterSource(values, west, south, east, north, srs_wkt=raster.grid.crs.to_wkt())
    frame = gpd.GeoDataFrame(geometry=there.reset_index(drop=True), crs=raster.grid.crs)
    found = exact_extract(cells, frame, ["sum"], output="pandas", max_cells_in_memory=_MOST_CELLS)
    return np.asarray(np.nan_to_num(found["sum"].to_numpy(dtype=np.float64)))


def on_grid(polygons: gpd.GeoSeries, grid: Grid) -> gpd.GeoSeries:
    """Return polygons in a grid's CRS, with vertices so close that their edges bend as the projection bends them."""
    # exactextract fails on a vertex that is repeated twice.
    polygons = polygons.remove_repeated_points()
    if polygons.crs == grid.crs:
        return polygons
    step = _STRAIGHT_DEGREES if polygons.crs is not None and polygons.crs.is_geographic else _STRAIGHT_M
    return polygons.segmentize(step).to_crs(grid.crs)


class _Cells(RasterSource):  # type: ignore[misc]
    """A part of an open file as persons per cell, in the words of exactextract."""

    def __init__(
        self, file: rasterio.io.DatasetReader, grid: Grid, part: Part, source: PeopleSource | GroupSource
    ) -> None:
        super().__init__()
        self._file, self._part, self._grid = file, part, part_grid(grid, part)
        self._how = Reading(source.crs, source.nodata, None, "people", source.unit)
        self._south_up = file.transform.e > 0
        per = DENSITY_AREA_M2.get(source.unit or "")
        self._areas: AreaLattice | None = None if per is None else area_lattice(self._grid)
        self._per = per or 1.0

    def res(self) -> tuple[float, float]:
        """Return the size of a cell."""
        return self._grid.transform.a, -self._grid.transform.e

    def extent(self) -> Bounds:
        """Return the outer rectangle."""
        move, (rows, columns) = self._grid.transform, self._grid.shape
        return move.c, move.f + rows * move.e, move.c + columns * move.a, move.f

    def srs_wkt(self) -> str:
        """Return the CRS."""
        return self._grid.crs.to_wkt()

    def nodata_value(self) -> None:
        """Return no value: cells without data are NaN."""
        return

    def read_window(self, x0: int, y0: int, nx: int, ny: int) -> Floats:
        """Return a window of the part as persons per cell, NaN where there is no data."""
        top = self._part.top + y0
        first = self._file.height - top - ny if self._south_up else top
        window = rasterio.windows.Window(self._part.left + x0, first, nx, ny)
        values = read_cells(self._file, window, self._how, Findings())
        if self._south_up:
            values = values[::-1].copy()
        if self._areas is not None:
            values *= self._areas.of(y0, x0, (ny, nx)) / self._per
        return values
