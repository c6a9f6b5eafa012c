"""How much of each grid cell lies in each polygon: exact covered fractions."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import coo_array, csr_array

from siting.covered import Coverage, covered_shares
from siting.crs import carry
from siting.domain.nouns import Floats, Grid, Ints

_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7


def cell_shares(grid: Grid, polygons: gpd.GeoSeries, cells: Ints) -> csr_array:
    """Return the share of each cell's area that lies in each polygon.

    Parameters
    ----------
    grid : Grid
        A north-up grid; fractions are exact in its own CRS, to which the polygons are transformed.
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
    found = _coverage(grid, on_grid(polygons, grid))
    position = np.searchsorted(cells, found.cell)
    known = position < len(cells)
    known[known] = cells[position[known]] == found.cell[known]
    entries = (found.share[known], (found.polygon[known], position[known].astype(np.int64)))
    return csr_array(coo_array(entries, shape=shape))


def people_shares(grid: Grid, polygons: gpd.GeoSeries, cells: Ints, ground: gpd.GeoDataFrame | None) -> csr_array:
    """Return the share of each cell's people that live in each polygon.

    Within a cell people are spread evenly. If they were given for areas, they are spread evenly within each area, and
    nowhere else: no person of a border cell lives beyond the border of an area.

    Parameters
    ----------
    grid, polygons, cells
        As for :func:`cell_shares`.
    ground : geopandas.GeoDataFrame or None
        Where people live, in the CRS of ``polygons``, with ``density`` (persons per m²). For a cell without any of it
        the area counts; if it is None, for all cells.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (polygons, cells), values in (0, 1].

    Examples
    --------
    >>> import geopandas as gpd
    >>> import numpy as np
    >>> from affine import Affine
    >>> from pyproj import CRS
    >>> from shapely import box
    >>> from siting.domain.nouns import Grid
    >>> from siting.places.cells import people_shares
    >>> grid = Grid(Affine(100, 0, 0, 0, -100, 100), (1, 1), CRS(4545))
    >>> west = gpd.GeoSeries([box(0, 0, 50, 100)], crs=4545)
    >>> people_shares(grid, west, np.array([0]), None).toarray().tolist()
    [[0.5]]
    >>> ground = gpd.GeoDataFrame({"density": [0.1]}, geometry=west)
    >>> people_shares(grid, west, np.array([0]), ground).toarray().tolist()
    [[1.0]]
    """
    shares = cell_shares(grid, polygons, cells)
    # Float32 fractions may exceed one by rounding.
    shares.data = shares.data.clip(0.0, 1.0)
    if ground is None or not all(shares.shape):
        return shares
    density = ground["density"].to_numpy(dtype=np.float64)
    lived = cell_shares(grid, ground.geometry, cells).T @ density
    row, part = shapely.STRtree(ground.geometry.to_numpy()).query(polygons.to_numpy(), predicate="intersects")
    pieces = polygonal(shapely.intersection(polygons.to_numpy()[row], ground.geometry.to_numpy()[part]))
    keeps = shapely.area(pieces) > 0
    row, part = row[keeps], part[keeps]
    held_by = csr_array((density[part], (row, np.arange(len(row)))), shape=(len(polygons), len(row)))
    people = csr_array(held_by @ cell_shares(grid, gpd.GeoSeries(pieces[keeps], crs=polygons.crs), cells))
    each = np.divide(1.0, lived, out=np.zeros_like(lived), where=lived > 0)
    found = csr_array(people.multiply(each[None, :]) + shares.multiply((lived <= 0)[None, :]))
    found.data = found.data.clip(0.0, 1.0)
    found.eliminate_zeros()
    return found


def polygonal(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Remove the lines and points from collections, which intersections leave where shapes touch."""
    for i in np.flatnonzero(shapely.get_type_id(shapes) == _COLLECTION):
        parts = shapely.get_parts(shapes[i])
        shapes[i] = shapely.union_all(parts[np.isin(shapely.get_type_id(parts), (_POLYGON, _MULTIPOLYGON))])
    return shapes


def touched_cells(grid: Grid, polygons: gpd.GeoSeries) -> Ints:
    """Return the numbers of the cells that any polygon touches, ascending."""
    return np.unique(_coverage(grid, on_grid(polygons, grid)).cell)


def cell_centres(grid: Grid, cells: Ints, crs: CRS) -> pd.DataFrame:
    """Return the centres of cells in a metric CRS, and the half diagonal of each.

    The half diagonal is the longest distance from the centre to one of the four corners, metres.
    """
    row, column = np.divmod(cells, grid.shape[1])
    move = carry(grid.crs, crs)

    def at(dx: float, dy: float) -> tuple[Floats, Floats]:
        x = grid.transform.c + grid.transform.a * (column + dx)
        y = grid.transform.f + grid.transform.e * (row + dy)
        moved_x, moved_y = move.transform(x, y)
        return np.asarray(moved_x, dtype=np.float64), np.asarray(moved_y, dtype=np.float64)

    x, y = at(0.5, 0.5)
    corners = [at(dx, dy) for dx in (0.0, 1.0) for dy in (0.0, 1.0)]
    half_diagonal = np.max([np.hypot(cx - x, cy - y) for cx, cy in corners], axis=0)
    return pd.DataFrame({"x": x, "y": y, "half_diagonal_m": half_diagonal}, index=pd.Index(cells, name="cell"))


@dataclass(frozen=True)
class Held:
    """Persons of the populated cells of a grid: cell numbers, ascending, and persons of each."""

    grid: Grid
    cell: Ints
    people: Floats

    @property
    def total(self) -> float:
        """Persons of all cells."""
        return float(self.people.sum())

    def on(self, grid: Grid) -> "Held":
        """Return the same persons on an enlarged grid, whose cells are the same but have other numbers."""
        row, column = np.divmod(self.cell, self.grid.shape[1])
        right = round((self.grid.transform.c - grid.transform.c) / grid.transform.a)
        down = round((self.grid.transform.f - grid.transform.f) / grid.transform.e)
        return Held(grid, (row + down) * grid.shape[1] + column + right, self.people)


def held(grid: Grid, cell: Ints, people: Floats) -> Held:
    """Add persons up cell by cell; repeated cells in ``cell`` are added together.

    Examples
    --------
    >>> import numpy as np
    >>> from affine import Affine
    >>> from pyproj import CRS
    >>> from siting.domain.nouns import Grid
    >>> from siting.places.cells import held
    >>> found = held(Grid(Affine.identity(), (2, 2), CRS(4545)), np.array([3, 1, 3]), np.array([1.0, 2.0, 4.0]))
    >>> found.cell.tolist(), found.people.tolist()
    ([1, 3], [2.0, 5.0])
    """
    numbers, position = np.unique(cell, return_inverse=True)
    persons = np.bincount(position, weights=people, minlength=len(numbers)).astype(np.float64)
    return Held(grid, numbers.astype(np.int64), persons)


@dataclass(frozen=True)
class Handed:
    """Distributed persons: the giver (position), the cell, the number; one entry for each giver and cell."""

    giver: Ints
    cell: Ints
    people: Floats


def bring_to(source: Held, target: Grid) -> tuple[Held, Handed]:
    """Move persons from one grid to another by exact area fractions; the sum is preserved.

    Parameters
    ----------
    source : Held
        Persons of the cells of a grid.
    target : Grid
        The other grid; the CRS may differ. If people live beyond it, it is enlarged by whole cells.

    Returns
    -------
    held : Held
        Persons of the cells of the (enlarged) target.
    handed : Handed
        How many persons go from which source cell to which target cell.
    """
    squares = gpd.GeoSeries(_squares(source.grid, source.cell), crs=source.grid.crs).to_crs(target.crs)
    grown = grow(target, squares.total_bounds) if len(squares) else target
    handed = hand_out(source.people, squares, np.arange(len(squares)), grown)
    return held(grown, handed.cell, handed.people), handed


def hand_out(people: Floats, polygons: gpd.GeoSeries, giver: Ints, grid: Grid) -> Handed:
    """Distribute persons to the cells that their polygons cover, in proportion to the covered area.

    Parameters
    ----------
    people : ndarray
        Persons of each giver.
    polygons : geopandas.GeoSeries
        In the CRS of the grid and within it; a giver may have several.
    giver : ndarray of int
        The giver of each polygon; every giver has one. If all polygons of a giver have no area, its people go to the
        cell of the representative point of the first.
    grid : Grid
        North-up grid.

    Returns
    -------
    Handed
        The persons of each giver add up to its ``people``.
    """
    found = _coverage(grid, polygons)
    by = giver[found.polygon]
    total = np.bincount(by, weights=found.share, minlength=len(people))
    flat, first = np.unique(giver, return_index=True)
    points = gpd.GeoSeries(polygons.iloc[first[total[flat] <= 0]], crs=grid.crs).representative_point()
    flat, covers = flat[total[flat] <= 0], total[by] > 0
    by, cell, share = by[covers], found.cell[covers], found.share[covers]
    return Handed(
        np.concatenate([by, flat]),
        np.concatenate([cell, point_cells(grid, points.x.to_numpy(), points.y.to_numpy())]),
        np.concatenate([people[by] * share / total[by], people[flat]]),
    )


def point_cells(grid: Grid, x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> Ints:
    """Return the numbers of the cells that hold points of a grid's CRS.

    A point between two cells belongs to the eastern and the southern one; a point on or beyond the outer border belongs
    to the nearest cell.
    """
    column = np.floor((x - grid.transform.c) / grid.transform.a).clip(0, grid.shape[1] - 1).astype(np.int64)
    row = np.floor((y - grid.transform.f) / grid.transform.e).clip(0, grid.shape[0] - 1).astype(np.int64)
    return np.asarray(row * grid.shape[1] + column, dtype=np.int64)


def grow(grid: Grid, bounds: NDArray[np.float64]) -> Grid:
    """Enlarge a grid by whole cells until it contains a rectangle (west, south, east, north) of its CRS."""
    transform, (rows, columns) = grid.transform, grid.shape
    corner_x, corner_y = transform.c, transform.f
    left = max(0, int(np.ceil((corner_x - bounds[0]) / transform.a)))
    right = max(0, int(np.ceil((bounds[2] - corner_x) / transform.a)) - columns)
    top = max(0, int(np.ceil((bounds[3] - corner_y) / -transform.e)))
    bottom = max(0, int(np.ceil((corner_y - bounds[1]) / -transform.e)) - rows)
    moved = Affine(transform.a, 0.0, corner_x - left * transform.a, 0.0, transform.e, corner_y - top * transform.e)
    return Grid(moved, (rows + top + bottom, columns + left + right), grid.crs)


def cell_size_m(grid: Grid, crs: CRS, x: float, y: float) -> float:
    """Return the longer side of a grid's cell near a point of a metric CRS, metres."""
    there = carry(crs, grid.crs)
    back = carry(grid.crs, crs)
    east, north = there.transform(x, y)
    xs, ys = back.transform([east, east + grid.transform.a, east], [north, north, north + grid.transform.e])
    return float(np.hypot(np.subtract(xs[1:], xs[0]), np.subtract(ys[1:], ys[0])).max())


def on_grid(polygons: gpd.GeoSeries, grid: Grid) -> gpd.GeoSeries:
    """Transform polygons to the grid's CRS; extra vertices on long edges keep them on their true line."""
    if polygons.crs == grid.crs:
        return polygons
    west, south, east, north = polygons.total_bounds
    back = carry(polygons.crs, grid.crs)
    there = carry(grid.crs, polygons.crs)
    x, y = back.transform((west + east) / 2, (south + north) / 2)
    xs, ys = there.transform([x, x + grid.transform.a], [y, y])
    return polygons.segmentize(float(np.hypot(xs[1] - xs[0], ys[1] - ys[0]))).to_crs(grid.crs)


def _squares(grid: Grid, cells: Ints) -> NDArray[np.object_]:
    row, column = np.divmod(cells, grid.shape[1])
    left = grid.transform.c + column * grid.transform.a
    top = grid.transform.f + row * grid.transform.e
    squares: NDArray[np.object_] = shapely.box(left, top + grid.transform.e, left + grid.transform.a, top)
    return squares


def _coverage(grid: Grid, polygons: gpd.GeoSeries) -> Coverage:
    return covered_shares(polygons.to_numpy().astype(object), grid.transform, grid.shape)
