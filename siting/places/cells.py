"""How the cells of a grid lie in polygons: exact covered fractions."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from scipy.sparse import coo_array, csr_array

from siting.domain.nouns import Floats, Grid, Ints


def cell_shares(grid: Grid, polygons: gpd.GeoSeries, cells: Ints) -> csr_array:
    """Return the share of each cell's area that lies in each polygon.

    Parameters
    ----------
    grid : Grid
        A north-up grid; fractions are exact in its own CRS, to which the polygons are brought.
    polygons : geopandas.GeoSeries
        Polygons in any CRS, as rows of the result.
    cells : ndarray of int
        Cell numbers (row × columns + column), ascending, as columns of the result; other cells are left out.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (polygons, cells), values in (0, 1].
    """
    shape = (len(polygons), len(cells))
    if not all(shape):
        return csr_array(shape, dtype=np.float64)
    found = _coverage(grid, _on_grid(polygons, grid))
    position = np.searchsorted(cells, found.cell)
    known = position < len(cells)
    known[known] = cells[position[known]] == found.cell[known]
    entries = (found.share[known], (found.polygon[known], position[known].astype(np.int64)))
    return csr_array(coo_array(entries, shape=shape))


def touched_cells(grid: Grid, polygons: gpd.GeoSeries) -> Ints:
    """Return the numbers of the cells that any polygon touches, ascending."""
    return np.unique(_coverage(grid, _on_grid(polygons, grid)).cell)


def cell_centres(grid: Grid, cells: Ints, crs: CRS) -> pd.DataFrame:
    """Return the centres of cells in a metric CRS, and the half diagonal of each.

    The half diagonal is the longest way from the centre to one of the four corners, metres.
    """
    row, column = np.divmod(cells, grid.shape[1])
    move = Transformer.from_crs(grid.crs, crs, always_xy=True)

    def at(dx: float, dy: float) -> tuple[Floats, Floats]:
        x = grid.transform.c + grid.transform.a * (column + dx)
        y = grid.transform.f + grid.transform.e * (row + dy)
        moved_x, moved_y = move.transform(x, y)
        return np.asarray(moved_x, dtype=np.float64), np.asarray(moved_y, dtype=np.float64)

    x, y = at(0.5, 0.5)
    corners = [at(dx, dy) for dx in (0.0, 1.0) for dy in (0.0, 1.0)]
    half_diagonal = np.max([np.hypot(cx - x, cy - y) for cx, cy in corners], axis=0)
    return pd.DataFrame({"x": x, "y": y, "half_diagonal_m": half_diagonal}, index=pd.Index(cells, name="cell"))


def bring_to(values: Floats, source: Grid, target: Grid) -> tuple[Floats, Grid]:
    """Move persons per cell from one grid to another by exact area fractions; the sum is kept.

    Parameters
    ----------
    values : ndarray
        Persons per cell of ``source``; NaN counts nobody.
    source, target : Grid
        The grids; CRS may differ. Where people lie beyond ``target`` it is grown by whole cells.

    Returns
    -------
    values, grid
        Persons per cell of the (grown) target, and that grid.
    """
    cells = np.flatnonzero(np.nan_to_num(values).ravel() > 0)
    if not len(cells):
        return np.zeros(target.shape), target
    squares = gpd.GeoSeries(_squares(source, cells), crs=source.crs).to_crs(target.crs)
    grown = _grow(target, squares.total_bounds)
    found = _coverage(grown, squares)
    # A source cell hands its people out in proportion to the area that it shares with each target cell.
    total = np.bincount(found.polygon, weights=found.share, minlength=len(cells))
    handed = values.ravel()[cells][found.polygon] * found.share / total[found.polygon]
    size = grown.shape[0] * grown.shape[1]
    moved = np.bincount(found.cell, weights=handed, minlength=size).astype(np.float64)
    return moved.reshape(grown.shape), grown


def grow_values(values: Floats, grid: Grid, grown: Grid) -> Floats:
    """Lay values of a grid onto a grown one with the same cells; new cells hold NaN."""
    column = round((grid.transform.c - grown.transform.c) / grown.transform.a)
    row = round((grid.transform.f - grown.transform.f) / grown.transform.e)
    out = np.full(grown.shape, np.nan)
    out[row : row + grid.shape[0], column : column + grid.shape[1]] = values
    return out


def _on_grid(polygons: gpd.GeoSeries, grid: Grid) -> gpd.GeoSeries:
    """Bring polygons to the grid's CRS, their long edges bent as the projection bends them."""
    if polygons.crs == grid.crs:
        return polygons
    west, south, east, north = polygons.total_bounds
    back = Transformer.from_crs(polygons.crs, grid.crs, always_xy=True)
    there = Transformer.from_crs(grid.crs, polygons.crs, always_xy=True)
    x, y = back.transform((west + east) / 2, (south + north) / 2)
    xs, ys = there.transform([x, x + grid.transform.a], [y, y])
    return polygons.segmentize(float(np.hypot(xs[1] - xs[0], ys[1] - ys[0]))).to_crs(grid.crs)


def _grow(grid: Grid, bounds: NDArray[np.float64]) -> Grid:
    transform, (rows, columns) = grid.transform, grid.shape
    corner_x, corner_y = transform.c, transform.f
    left = max(0, int(np.ceil((corner_x - bounds[0]) / transform.a)))
    right = max(0, int(np.ceil((bounds[2] - corner_x) / transform.a)) - columns)
    top = max(0, int(np.ceil((bounds[3] - corner_y) / -transform.e)))
    bottom = max(0, int(np.ceil((corner_y - bounds[1]) / -transform.e)) - rows)
    moved = Affine(transform.a, 0.0, corner_x - left * transform.a, 0.0, transform.e, corner_y - top * transform.e)
    return Grid(moved, (rows + top + bottom, columns + left + right), grid.crs)


def _squares(grid: Grid, cells: Ints) -> NDArray[np.object_]:
    row, column = np.divmod(cells, grid.shape[1])
    left = grid.transform.c + column * grid.transform.a
    top = grid.transform.f + row * grid.transform.e
    squares: NDArray[np.object_] = shapely.box(left, top + grid.transform.e, left + grid.transform.a, top)
    return squares


@dataclass(frozen=True)
class _Coverage:
    """One entry a polygon and cell that it touches: polygon (position), cell number, share of the cell."""

    polygon: Ints
    cell: Ints
    share: Floats


def _coverage(grid: Grid, polygons: gpd.GeoSeries) -> _Coverage:
    transform, (rows, columns) = grid.transform, grid.shape
    # Only the geometry of the raster matters here; one byte a cell keeps it small.
    raster = NumPyRasterSource(
        np.ones(grid.shape, dtype=np.uint8),
        xmin=transform.c,
        ymin=transform.f + rows * transform.e,
        xmax=transform.c + columns * transform.a,
        ymax=transform.f,
        srs_wkt=grid.crs.to_wkt(),
    )
    filled = np.flatnonzero(~polygons.is_empty.to_numpy())
    frame = gpd.GeoDataFrame(geometry=polygons.iloc[filled].reset_index(drop=True), crs=grid.crs)
    table = exact_extract(raster, frame, ["cell_id", "coverage"], output="pandas")
    counts = table["cell_id"].map(len).to_numpy()
    if not counts.sum():
        nothing = np.zeros(0, dtype=np.int64)
        return _Coverage(nothing, nothing, np.zeros(0))
    return _Coverage(
        polygon=np.repeat(filled, counts),
        cell=np.concatenate(list(table["cell_id"])).astype(np.int64),
        share=np.concatenate(list(table["coverage"])).astype(np.float64),
    )
