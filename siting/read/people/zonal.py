"""People of polygons by exact covered fraction, directly from a raster file."""

from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio.io
import rasterio.windows
import shapely

from siting.covered import covered_shares
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
    opened,
    part_grid,
    read_cells,
    reason,
    strips,
)
from siting.units import DENSITY_AREA_M2

# Between vertices a kilometre apart a border deviates by centimetres from its line in another projection.
_STRAIGHT_M: Final = 1_000.0
_STRAIGHT_DEGREES: Final = 0.01


def zonal_people(
    path: Path, polygons: gpd.GeoSeries, source: PeopleSource | GroupSource, log: LayerLog
) -> pd.Series | None:
    """Return the people of each polygon, each cell by the exact share of it that the polygon covers.

    The file is read block by block, never completely. Polygons are transformed to its CRS; extra vertices on long edges
    keep them on their true line.

    Parameters
    ----------
    path : Path
        A raster file of one band.
    polygons : geopandas.GeoSeries
        Polygons in any CRS; they may overlap. Empty ones and those beyond the file have no people.
    source : PeopleSource or GroupSource
        The file's unit, CRS and nodata value, as for :func:`siting.read.people.bands.read_people`.
    log : LayerLog
        Takes the faults of the file: unreadable, its CRS, more than one band, a rotated grid.

    Returns
    -------
    pandas.Series or None
        Persons, float64, on the index of ``polygons``. Values that are not declared as nodata count unchanged, even if
        negative: reading the population refuses them.
    """
    try:
        with opened(path) as file:
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
    if (there.is_empty | there.isna()).all():
        return people
    part = cells_around(grid, _rectangle(there))
    if not part.rows * part.columns:
        return people
    cells = _Cells(file, grid, part, source)
    shapes = there.to_numpy().astype(object)
    bounds = shapely.bounds(shapes)
    values = people.to_numpy(copy=True)
    for top, height in strips(part.top, part, file.block_shapes[0][0]):
        strip = part_grid(grid, Part(top, part.left, height, part.columns))
        _, south, _, north = grid_bounds(strip)
        met = np.flatnonzero((bounds[:, 3] > south) & (bounds[:, 1] < north))
        found = covered_shares(shapes[met], strip.transform, strip.shape)
        held = cells.read(top - part.top, height).ravel()[found.cell]
        known = ~np.isnan(held)
        np.add.at(values, met[found.polygon[known]], held[known] * found.share[known])
    return pd.Series(values, index=polygons.index)


def _rectangle(shapes: gpd.GeoSeries) -> Bounds:
    west, south, east, north = shapes.total_bounds.tolist()
    return west, south, east, north


def raster_people(raster: Raster, polygons: gpd.GeoSeries) -> Floats:
    """Return the people of each polygon from a raster in memory, each cell by the share that it covers.

    Parameters
    ----------
    raster : Raster
        Persons per cell.
    polygons : geopandas.GeoSeries
        Polygons in any CRS, none of them empty; those beyond the raster have no people.
    """
    if not len(polygons):
        return np.zeros(0)
    there = on_grid(polygons, raster.grid)
    part = cells_around(raster.grid, _rectangle(there))
    if not part.rows * part.columns:
        return np.zeros(len(polygons))
    within = part_grid(raster.grid, part)
    found = covered_shares(there.to_numpy().astype(object), within.transform, within.shape)
    values = raster.values[part.top : part.top + part.rows, part.left : part.left + part.columns]
    held = np.nan_to_num(values.ravel()[found.cell]) * found.share
    people: Floats = np.bincount(found.polygon, held, minlength=len(polygons)).astype(np.float64)
    return people


def on_grid(polygons: gpd.GeoSeries, grid: Grid) -> gpd.GeoSeries:
    """Return polygons in a grid's CRS, with vertices so dense that their edges stay on their true line."""
    if polygons.crs == grid.crs:
        return polygons
    step = _STRAIGHT_DEGREES if polygons.crs is not None and polygons.crs.is_geographic else _STRAIGHT_M
    return polygons.segmentize(step).to_crs(grid.crs)


class _Cells:
    """A part of an open file as persons per cell, north up."""

    def __init__(
        self, file: rasterio.io.DatasetReader, grid: Grid, part: Part, source: PeopleSource | GroupSource
    ) -> None:
        self._file, self._part = file, part
        self._how = Reading(source.crs, source.nodata, None, "people", source.unit)
        self._south_up = file.transform.e > 0
        per = DENSITY_AREA_M2.get(source.unit or "")
        self._areas: AreaLattice | None = None if per is None else area_lattice(part_grid(grid, part))
        self._per = per or 1.0

    def read(self, first: int, rows: int) -> Floats:
        """Return some rows of the part, NaN without data."""
        top = self._part.top + first
        row = self._file.height - top - rows if self._south_up else top
        window = rasterio.windows.Window(self._part.left, row, self._part.columns, rows)
        values = read_cells(self._file, window, self._how, Findings())
        if self._south_up:
            values = values[::-1].copy()
        if self._areas is not None:
            values *= self._areas.of(first, 0, (rows, self._part.columns)) / self._per
        return values
