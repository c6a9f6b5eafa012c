"""Raster files: values as float64 on a north-up grid, NaN without data; only the needed part is read."""

import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
import rasterio.enums
import rasterio.errors
import rasterio.io
import rasterio.windows
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio._err import CPLE_BaseError

from siting.crs import WGS84, carry, geodesic_area_m2
from siting.domain.nouns import Bools, Floats, Grid, Raster
from siting.domain.scenario import TerrainSource
from siting.read.geometry.projections import Bounds, carry_bounds, overlap, resolve_crs, show_bounds, tagged_crs
from siting.read.log import LayerLog, listed
from siting.read.people.voids import (
    HEIGHTS_M,
    MOST_PER_HA,
    NEAR_GREATEST,
    Kind,
    suspects,
    too_frequent,
    void_conventional,
    void_greatest,
)
from siting.read.sources.files import take
from siting.units import DENSITY_AREA_M2, M2_PER_HECTARE

# The exceptions of rasterio, GDAL and PROJ for files that are truncated, damaged or inconsistent.
BROKEN: Final = (
    rasterio.errors.RasterioError,
    CPLE_BaseError,
    OSError,
    ValueError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    SystemError,
)
# A file with more cells is read only around the units.
_WHOLE_CELLS: Final = 20_000_000
# A float64 array of this size takes 0.8 GB: a province at 100 m.
_MOST_CELLS: Final = 100_000_000
# Cells read at a time.
_STRIP_CELLS: Final = 4_000_000
# Data up to this distance beyond the units are relevant.
MARGIN_M: Final = 5_000.0
# Areas of cells change slowly over a grid: they are computed on a lattice with this many lines and interpolated.
_LATTICE: Final = 65
# Two grids are the same when their corners differ by less than this share of a cell.
_SAME_GRID: Final = 1e-6


@dataclass(frozen=True)
class Around:
    """The area of the scenario: a rectangle of a CRS in metres, and the relevant distance beyond it.

    Without bounds (the units are at fault, which is reported) a file that is too large to be read completely is not
    read.
    """

    bounds: Bounds | None
    crs: CRS | None
    margin_m: float = MARGIN_M


@dataclass(frozen=True)
class Reading:
    """How raster files are read: the scenario's settings, the area, and the allowed values.

    ``kind`` is the content of the cells: it determines which undeclared values mean no data, and which are impossible.
    ``unit`` is that of people. Without ``around`` files are read completely.
    """

    crs: str | None = None
    nodata: float | None = None
    around: Around | None = None
    kind: Kind = "classes"
    unit: str | None = None


@dataclass
class Findings:
    """The findings on the rasters of one layer, reported once however many files it has."""

    voids: Counter[float] = field(default_factory=Counter)
    stated: int = 0
    declared: set[float] = field(default_factory=set)
    windows: set[tuple[int, int, int, int]] = field(default_factory=set)

    def tell(self, how: Reading, log: LayerLog) -> None:
        """Note which values were treated as no data, and which part of the files was read."""
        if how.nodata is not None:
            declared = listed(f"{value:g}" for value in sorted(self.declared)) or "–"
            log.note("nodata_stated", value=f"{how.nodata:g}", count=self.stated, declared=declared)
        for value, count in sorted(self.voids.items()):
            log.note("nodata_by_convention", value=shown_number(value), count=count)
        for file_rows, file_columns, rows, columns in sorted(self.windows):
            log.note("raster_windowed", rows=rows, columns=columns, file_rows=file_rows, file_columns=file_columns)


@dataclass(frozen=True)
class Part:
    """A part of a north-up grid: its first row and column, and how many there are."""

    top: int
    left: int
    rows: int
    columns: int


def read_raster(
    path: Path, how: Reading, log: LayerLog, part: str = "", found: Findings | None = None
) -> Raster | None:
    """Read a raster of one band.

    Parameters
    ----------
    path : Path
        A raster file.
    how : Reading
        The scenario's settings, and the wanted part. A file of more than 20 million cells is read only within
        ``how.around``, in whole cells.
    log : LayerLog
        Takes the faults: missing or unreadable file, CRS missing, unknown or in conflict, more than one band, a rotated
        grid, a part that is too large, no overlap with the units, infinite values, negative people, no value at all;
        and the facts.
    part : str
        Name of the part of the layer that the file is (an age band).
    found : Findings, optional
        Takes the notes on a layer of many files; otherwise they are noted immediately.

    Returns
    -------
    Raster or None
        Values float64, north up, scale and offset of the band applied; NaN where the file's mask, its nodata value (or
        the scenario's instead) or a conventional value says so. Float32 numbers become float64, so that sums of bands
        and of millions of cells are exact to the last digit. They are writable.
    """
    if not take(path, log, part):
        return None
    findings = Findings() if found is None else found
    try:
        with opened(path) as file:
            raster = _read(file, how, log, findings)
    except BROKEN as error:
        log.fault("unreadable_file", found=reason(error))
        return None
    if found is None:
        findings.tell(how, log)
    return raster


@contextmanager
def opened(path: Path) -> Iterator[rasterio.io.DatasetReader]:
    """Open a raster file; a missing georeference is reported as a missing CRS, not by rasterio's warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        file = rasterio.open(path)
    with file:
        yield file


def reason(error: Exception) -> str:
    """Return what is wrong with a file, in the words of the library that knows."""
    told = error if error.__cause__ is None else error.__cause__
    return str(told) or type(told).__name__


def _read(file: rasterio.io.DatasetReader, how: Reading, log: LayerLog, found: Findings) -> Raster | None:
    grid = open_grid(file, how.crs, log)
    if grid is None:
        return None
    log.fact(driver=file.driver, shape=grid.shape, nodata=file.nodata if how.nodata is None else how.nodata)
    part = choose_part(grid, how.around, log)
    if part is None:
        return None
    # A block is decompressed completely, however little of it is wanted.
    for rows, columns in ((part.rows, part.columns), file.block_shapes[0]):
        if rows * columns > _MOST_CELLS:
            log.fault("raster_too_large", found=f"{rows} × {columns}", expected=f"≤ {_MOST_CELLS}")
            return None
    if (part.rows, part.columns) != grid.shape:
        found.windows.add((*grid.shape, part.rows, part.columns))
        log.fact(window=(part.rows, part.columns))
    if file.nodata is not None:
        found.declared.add(file.nodata)
    raster = Raster(part_grid(grid, part), _values(file, part, how, found))
    sound = _is_sound(raster, part, log)
    if sound and how.kind == "people":
        sound = _are_people(raster, part, _Type.of(file), how, found, log)
    elif sound and how.kind == "heights":
        sound = _are_heights(raster, part, _Type.of(file), found, log)
    return raster if sound else None


def open_grid(file: rasterio.io.DatasetReader, stated: str | None, log: LayerLog) -> Grid | None:
    """Return the complete north-up grid of an open file, or None with a fault noted."""
    crs = resolve_crs(tagged_crs(file.crs.to_wkt() if file.crs else None), stated, log)
    if file.count != 1:
        log.fault("many_bands", found=str(file.count))
        return None
    if np.dtype(file.dtypes[0]).kind not in "iuf":
        log.fault("unreadable_file", found=str(file.dtypes[0]))
        return None
    move = file.transform
    if not np.isfinite(move[:6]).all() or move.b or move.d or move.a <= 0 or move.e == 0:
        log.fault("turned_grid", found=listed(f"{number:g}" for number in move[:6]))
        return None
    if crs is None:
        return None
    if move.e > 0:  # south up
        move = Affine(move.a, 0.0, move.c, 0.0, -move.e, move.f + move.e * file.height)
    return Grid(move, (file.height, file.width), crs)


def choose_part(grid: Grid, around: Around | None, log: LayerLog) -> Part | None:
    """Choose the part of a file that is read: all of it, or the whole cells around the units."""
    rows, columns = grid.shape
    small = rows * columns <= _WHOLE_CELLS
    if around is None:
        return Part(0, 0, rows, columns)
    if around.bounds is None or around.crs is None:
        return Part(0, 0, rows, columns) if small else None
    if not _meets(grid, around.bounds, around.crs, log):
        return None
    if small:
        return Part(0, 0, rows, columns)
    west, south, east, north = around.bounds
    grown = (west - around.margin_m, south - around.margin_m, east + around.margin_m, north + around.margin_m)
    # The margin may extend beyond what the raster's CRS can represent; the units do not.
    wanted = carry_bounds(grown, around.crs, grid.crs) or carry_bounds(around.bounds, around.crs, grid.crs)
    assert wanted is not None  # noqa: S101 - the bounds were transformed when they met the grid
    return cells_around(grid, wanted)


def cells_around(grid: Grid, bounds: Bounds) -> Part:
    """Return the part of a grid whose cells touch a rectangle of its own CRS; it may have no cells."""
    move, (rows, columns) = grid.transform, grid.shape
    left, right = (int(np.clip(edge, 0, columns)) for edge in _lines((bounds[0] - move.c, bounds[2] - move.c), move.a))
    top, bottom = (int(np.clip(edge, 0, rows)) for edge in _lines((bounds[3] - move.f, bounds[1] - move.f), move.e))
    return Part(top, left, max(0, bottom - top), max(0, right - left))


def part_grid(grid: Grid, part: Part) -> Grid:
    """Return the grid of a part of another grid."""
    move = grid.transform
    corner = Affine(move.a, 0.0, move.c + part.left * move.a, 0.0, move.e, move.f + part.top * move.e)
    return Grid(corner, (part.rows, part.columns), grid.crs)


def _lines(offsets: tuple[float, float], size: float) -> tuple[float, float]:
    """Return the first line of cells that an interval touches, and the one after the last."""
    return float(np.floor(offsets[0] / size)), float(np.ceil(offsets[1] / size))


def _values(file: rasterio.io.DatasetReader, part: Part, how: Reading, found: Findings) -> Floats:
    """Read a part strip by strip, so that only its own float64 array is in memory as a whole."""
    south_up = file.transform.e > 0
    first = file.height - part.top - part.rows if south_up else part.top
    values = np.empty((part.rows, part.columns))
    for top, height in strips(first, part, file.block_shapes[0][0]):
        window = rasterio.windows.Window(part.left, top, part.columns, height)
        values[top - first : top - first + height] = read_cells(file, window, how, found)
    return values[::-1].copy() if south_up else values


def strips(first: int, part: Part, block: int) -> Iterator[tuple[int, int]]:
    """Divide rows into strips that end at the file's block borders: first row and height of each."""
    height = max(1, _STRIP_CELLS // (block * part.columns)) * block
    top = first
    while top < first + part.rows:
        bottom = min(first + part.rows, (top // block) * block + height)
        yield top, bottom - top
        top = bottom


def read_cells(
    file: rasterio.io.DatasetReader, window: rasterio.windows.Window, how: Reading, found: Findings
) -> Floats:
    """Read some cells of an open file as float64: scaled, NaN without data."""
    raw = file.read(1, window=window, masked=how.nodata is None)
    cells = np.ma.getdata(raw)
    missing = np.ma.getmaskarray(raw)
    if how.nodata is not None:
        stated = _equal(cells, how.nodata)
        found.stated += int(stated.sum())
        missing = stated | _masked(file, window)
    values = cells.astype(np.float64)
    if file.scales[0] != 1.0 or file.offsets[0] != 0.0:
        # An overflow is reported as infinite values; a result that is not a number is treated as no data.
        with np.errstate(over="ignore", invalid="ignore"):
            values = values * file.scales[0] + file.offsets[0]
    # -0.0 and 0.0 are equal, but are written differently.
    values += 0.0
    values[missing] = np.nan
    void_conventional(values, cells, how.kind, found.voids)
    return values


def _equal(cells: NDArray[np.generic], value: float) -> NDArray[np.bool_]:
    """Tell which cells hold a value, as exactly as the file's own type allows."""
    if cells.dtype.kind != "f":
        return np.asarray(cells == value)
    if np.isnan(value):
        return np.isnan(cells.astype(np.float64))
    near = float(np.finfo(np.float32 if cells.dtype.itemsize < np.dtype(np.float64).itemsize else np.float64).eps)
    return np.isclose(cells.astype(np.float64), value, rtol=near, atol=0.0)


def _masked(file: rasterio.io.DatasetReader, window: rasterio.windows.Window) -> NDArray[np.bool_]:
    """Return where a mask in the file hides cells, whatever its nodata value is."""
    own = {rasterio.enums.MaskFlags.per_dataset, rasterio.enums.MaskFlags.alpha}
    if not own & set(file.mask_flag_enums[0]):
        return np.zeros((int(window.height), int(window.width)), dtype=np.bool_)
    return np.asarray(file.read_masks(1, window=window) == 0)


def _is_sound(raster: Raster, part: Part, log: LayerLog) -> bool:
    """Tell whether there are values, and finite ones; note a fault otherwise."""
    infinite = np.isinf(raster.values)
    if infinite.any():
        log.fault("infinite_values", row=_cell(infinite, part), found=str(int(infinite.sum())))
        return False
    if np.isnan(raster.values).all():
        log.fault("no_values")
        return False
    return True


@dataclass(frozen=True)
class _Type:
    """The number type of a file, its scaling, and whether the file declares a value for no data."""

    dtype: np.dtype[np.generic]
    scale: float
    offset: float
    declares: bool

    @classmethod
    def of(cls, file: rasterio.io.DatasetReader) -> "_Type":
        return cls(np.dtype(file.dtypes[0]), file.scales[0], file.offsets[0], file.nodata is not None)

    def scaled(self, number: float) -> float:
        return number * self.scale + self.offset

    def written(self, value: float) -> str:
        """Return a value as it is in the file, because ``nodata`` must state that."""
        return shown_number((value - self.offset) / self.scale)


def _are_people(raster: Raster, part: Part, type_: _Type, how: Reading, found: Findings, log: LayerLog) -> bool:
    """Tell whether values can be people; note a fault otherwise. Impossible greatest values become no data."""
    values = raster.values
    impossible = _crowded(raster, how.unit)
    if impossible.any():
        void_greatest(values, impossible, type_.scale, type_.offset, found.voids)
        impossible &= ~np.isnan(values)
    negative = values < 0
    if np.isnan(values).all():
        log.fault("no_values")
    elif negative.any():
        shown = f"{type_.written(np.nanmin(values))} ({int(negative.sum())})"
        log.fault("negative_population", row=_cell(negative, part), found=shown, expected="≥ 0")
    elif impossible.any():
        shown = f"{type_.written(np.nanmax(values))} ({int(impossible.sum())})"
        most = f"{MOST_PER_HA:,.0f}"
        log.fault("impossible_density", row=_cell(impossible, part), field="nodata", found=shown, expected=most)
    elif not type_.declares and how.nodata is None:
        return _greatest_is_data(values, part, type_, log)
    else:
        return True
    return False


def _crowded(raster: Raster, unit: str | None) -> Bools:
    """Tell which cells hold more people than ever lived on that area, or, below a hectare, on a hectare."""
    area = DENSITY_AREA_M2.get(unit or "")
    most = MOST_PER_HA if area is None else MOST_PER_HA * area / M2_PER_HECTARE
    crowded: Bools = raster.values > most
    if not crowded.any():
        return crowded
    areas = cell_areas_m2(raster.grid) / M2_PER_HECTARE
    with np.errstate(invalid="ignore", over="ignore"):
        persons = raster.values if area is None else raster.values * areas * (M2_PER_HECTARE / area)
        return np.asarray(persons > MOST_PER_HA * np.fmax(areas, 1.0))


def _greatest_is_data(values: Floats, part: Part, type_: _Type, log: LayerLog) -> bool:
    """Tell whether the greatest value of a file can be a normal count; note a fault if that is doubtful."""
    greatest = float(np.nanmax(values))
    top = next((each for each in suspects(type_.dtype) if type_.scaled(each) == greatest), None)
    count = 0 if top is None else too_frequent(values, greatest, type_.scaled(top * NEAR_GREATEST))
    if top is None or not count:
        return True
    row, shown = _cell(values == greatest, part), shown_number(top)
    log.fault("greatest_value", row=row, field="nodata", found=f"{shown} ({count})", expected=shown)
    return False


def _are_heights(raster: Raster, part: Part, type_: _Type, found: Findings, log: LayerLog) -> bool:
    """Tell whether values are elevations on earth, else note a fault; impossible greatest values become no data."""
    values, (lowest, highest) = raster.values, HEIGHTS_M
    void_greatest(values, values > highest, type_.scale, type_.offset, found.voids)
    off = (values < lowest) | (values > highest)
    if np.isnan(values).all():
        log.fault("no_values")
        return False
    if off.any():
        first = values.ravel()[int(np.argmax(off))]
        expected = f"{lowest:g} – {highest:g}"
        shown = f"{type_.written(first)} ({int(off.sum())})"
        log.fault("impossible_height", row=_cell(off, part), field="nodata", found=shown, expected=expected)
        return False
    return True


def shown_number(value: float) -> str:
    """Return a number written so that it can be stated exactly.

    Examples
    --------
    >>> from siting.read.people.rasters import shown_number
    >>> shown_number(-2147483648.0), shown_number(3.4028234663852886e38), shown_number(0.1)
    ('-2147483648', '3.4028234663852886e+38', '0.1')
    """
    return repr(float(value)).removesuffix(".0")


def _cell(where: NDArray[np.bool_], part: Part) -> str:
    """Name the first cell of a mask: row and column of the whole file, counted from 0."""
    row, column = divmod(int(np.argmax(where)), part.columns)
    return f"{row + part.top}, {column + part.left}"


def frozen(raster: Raster) -> Raster:
    """Return a raster with read-only values."""
    raster.values.flags.writeable = False
    return raster


def as_persons(raster: Raster, unit: str | None, log: LayerLog) -> Raster:
    """Return persons per cell: a density is multiplied, in place, by the true area of each cell on the ellipsoid.

    Cells beyond what the raster's CRS can represent of the globe have no area; if they have a density, that is noted
    and they become no data.
    """
    area = DENSITY_AREA_M2.get(unit or "")
    if area is not None:
        before = int(np.isnan(raster.values).sum())
        np.multiply(raster.values, cell_areas_m2(raster.grid) / area, out=raster.values)
        lost = int(np.isnan(raster.values).sum()) - before
        if lost:
            log.note("cells_off_the_globe", count=lost)
    return raster


def same_grid(one: Grid, other: Grid) -> bool:
    """Tell whether two grids have the same cells."""
    if one.shape != other.shape or not one.crs.equals(other.crs, ignore_axis_order=True):
        return False
    near = _SAME_GRID * abs(one.transform.a)
    return bool(np.allclose(grid_bounds(one), grid_bounds(other), rtol=0.0, atol=near))


def show_grid(grid: Grid) -> str:
    """Describe a grid in a message: rows × columns, CRS, rectangle."""
    rows, columns = grid.shape
    return f"{rows} × {columns}, {grid.crs.name}, {show_bounds(grid_bounds(grid), grid.crs)}"


def _at(grid: Grid, column: NDArray[np.int64], row: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the coordinates of corners of a grid's cells."""
    # Written out, because the operator for this differs between versions of affine.
    move = grid.transform
    return move.a * column + move.b * row + move.c, move.d * column + move.e * row + move.f


def grid_bounds(grid: Grid) -> Bounds:
    """Return the outer rectangle of a grid in its own CRS."""
    x, y = _at(grid, np.array([0, grid.shape[1]]), np.array([grid.shape[0], 0]))
    return float(x[0]), float(y[0]), float(x[1]), float(y[1])


def cell_areas_m2(grid: Grid) -> Floats:
    """Return the true area of each cell of a grid on the ellipsoid, in m².

    The four corners of a cell are transformed to longitude and latitude and the area between them is measured there. So
    it is right in an equal-area CRS, in others, and in degrees.

    Returns
    -------
    numpy.ndarray
        Shape ``grid.shape``; shape (rows, 1) if the CRS is geographic, because its rows hold equal cells.
    """
    return area_lattice(grid).of(0, 0, grid.shape)


@dataclass(frozen=True)
class AreaLattice:
    """True areas of some cells of a grid, m², from which the others are interpolated.

    ``areas`` has shape (rows, columns); ``columns`` holds one column if the CRS is geographic.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    areas: Floats

    def of(self, top: int, left: int, shape: tuple[int, int]) -> Floats:
        """Return the areas of a part of the grid: shape (rows, columns), or (rows, 1) if rows hold equal cells."""
        down = np.arange(top, top + shape[0])
        along = np.stack([np.interp(down, self.rows, column) for column in self.areas.T], axis=1)
        if len(self.columns) == 1:
            return along
        right = np.arange(left, left + shape[1])
        place = np.interp(right, self.columns, np.arange(len(self.columns)))
        first = np.minimum(place.astype(np.int64), len(self.columns) - 2)
        share = place - first
        return np.asarray(along[:, first] * (1.0 - share) + along[:, first + 1] * share)


def area_lattice(grid: Grid) -> AreaLattice:
    """Compute the true areas of a lattice of a grid's cells on the ellipsoid."""
    rows = _lattice(grid.shape[0])
    columns = np.array([0]) if grid.crs.is_geographic else _lattice(grid.shape[1])
    down, right = np.meshgrid(rows, columns, indexing="ij")
    corners = [_at(grid, right + i, down + j) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))]
    to_degrees = carry(grid.crs, WGS84)
    ring = np.stack([np.stack(to_degrees.transform(*corner), axis=-1) for corner in corners], axis=-2)
    areas = np.array([geodesic_area_m2(shapely.Polygon(cell)) for cell in ring.reshape(-1, 4, 2)]).reshape(down.shape)
    return AreaLattice(rows, columns, areas)


def _lattice(count: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, _LATTICE)).round().astype(np.int64))


def _meets(grid: Grid, bounds: Bounds, crs: CRS, log: LayerLog) -> bool:
    wanted = carry_bounds(bounds, crs, grid.crs)
    there = grid_bounds(grid)
    if wanted is not None and overlap(there, wanted):
        return True
    expected = "–" if wanted is None else show_bounds(wanted, grid.crs)
    log.fault("no_overlap", found=show_bounds(there, grid.crs), expected=expected)
    return False


def read_terrain(source: TerrainSource, log: LayerLog, around: Around | None = None) -> Raster | None:
    """Read an elevation model, metres, on its own grid.

    Parameters
    ----------
    source : TerrainSource
        The scenario's settings; its ``nodata`` takes precedence over the file's.
    log : LayerLog
        As for :func:`read_raster`; notes the share of cells without an elevation.
    around : Around, optional
        The area for which elevations are wanted; of a file with more than 20 million cells only the part around it is
        read.

    Returns
    -------
    Raster or None
        Elevations; NaN without data.
    """
    raster = read_raster(source.path, Reading(source.crs, source.nodata, around, "heights"), log)
    if raster is None:
        return None
    voids = int(np.isnan(raster.values).sum())
    if voids:
        log.note("terrain_voids", count=voids, share=f"{voids / raster.values.size:.2%}")
    return frozen(raster)
