"""Rasters: persons per cell and heights, as float64 with NaN where there is no data."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
import rasterio.errors
import rasterio.io
import rasterio.windows
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from siting.crs import WGS84, geodesic_area_m2
from siting.domain.nouns import Floats, Grid, Raster
from siting.domain.scenario import PeopleSource, TerrainSource
from siting.read.geometry.projections import Bounds, carry_bounds, overlap, resolve_crs, show_bounds
from siting.read.log import LayerLog, listed
from siting.read.sources.files import take
from siting.units import DENSITY_AREA_M2

AGE_PLACE: Final = "{age}"
DEFAULT_AGE: Final = 60
# Areas of cells change slowly over a grid: they are measured on a lattice of this many lines and
# interpolated.
_LATTICE: Final = 65
# Cells read at a time.
_STRIP_CELLS: Final = 4_000_000
# Two grids are the same when their corners differ by less than this share of a cell.
_SAME_GRID: Final = 1e-6


def read_raster(path: Path, stated: str | None, log: LayerLog, part: str = "") -> Raster | None:
    """Read a raster of one band, north up.

    Parameters
    ----------
    path : Path
        A raster file.
    stated : str or None
        The CRS that the scenario states for it.
    log : LayerLog
        Takes the faults: missing or unreadable file, CRS missing, unknown or in conflict, more than one band,
        a turned grid, infinite values, no value at all.
    part : str
        Name of the part that the file is of the layer (an age band).

    Returns
    -------
    Raster or None
        Values float64, scale and offset of the band applied; NaN where the file's mask or nodata value says
        so.
    """
    if not take(path, log, part):
        return None
    try:
        with warnings.catch_warnings():
            # A file without georeference is told as a missing CRS.
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            with rasterio.open(path) as file:
                return _read(file, stated, log)
    except (rasterio.errors.RasterioError, OSError) as error:
        log.fault("unreadable_file", found=str(error))
        return None


def _read(file: rasterio.io.DatasetReader, stated: str | None, log: LayerLog) -> Raster | None:
    tagged = CRS.from_wkt(file.crs.to_wkt()) if file.crs else None
    crs = resolve_crs(tagged, stated, log)
    if file.count != 1:
        log.fault("many_bands", found=str(file.count))
        return None
    if file.transform.b or file.transform.d or file.transform.a <= 0:
        log.fault("turned_grid", found=listed(f"{number:g}" for number in file.transform[:6]))
        return None
    if crs is None:
        return None
    values, transform = np.empty(file.shape), file.transform
    for window in _strips(file):
        cells = file.read(1, window=window, masked=True).astype(np.float64)
        values[window.row_off : window.row_off + window.height] = cells.filled(np.nan)
    values *= file.scales[0]
    values += file.offsets[0]
    if transform.e > 0:  # south up
        values = values[::-1].copy()
        transform = Affine(transform.a, 0.0, transform.c, 0.0, -transform.e, transform.f + transform.e * file.height)
    if np.isinf(values).any():
        log.fault("infinite_values", row=_cell(np.isinf(values)), found=str(int(np.isinf(values).sum())))
    if np.isnan(values).all():
        log.fault("no_values")
        return None
    return frozen(Raster(Grid(transform, (file.height, file.width), crs), values))


def _strips(file: rasterio.io.DatasetReader) -> Iterator[Any]:
    """Cut a raster into strips of whole blocks."""
    block = file.block_shapes[0][0]
    height = max(1, _STRIP_CELLS // (block * file.width)) * block
    for top in range(0, file.height, height):
        yield rasterio.windows.Window(0, top, file.width, min(height, file.height - top))


def _cell(where: NDArray[np.bool_]) -> str:
    """Name the first cell of a mask: row and column, counted from 0."""
    row, column = (int(axis[0]) for axis in np.nonzero(where))
    return f"{row}, {column}"


def frozen(raster: Raster) -> Raster:
    """Return a raster whose values can no longer be written to."""
    raster.values.flags.writeable = False
    return raster


def read_people(source: PeopleSource, log: LayerLog, first_age: int = DEFAULT_AGE) -> Raster | None:
    """Read a population grid as persons per cell.

    A single file, or every file of the pattern whose ``{age}`` is at least ``from_age`` (``first_age`` if not
    stated), added up cell by cell; a cell without data in some bands counts what the others say. A density is
    multiplied by the true area of each cell on the ellipsoid.

    Parameters
    ----------
    source : PeopleSource
        What the scenario says of the grid.
    first_age : int
        Age from which bands count where the source states none: 60 for the elderly, 0 for all residents.
    log : LayerLog
        Takes the faults of :func:`read_raster`, and ``no_age_band``, ``first_age_band_missing``,
        ``bands_differ``, ``negative_population``; notes which bands were added up.

    Returns
    -------
    Raster or None
        Persons per cell; NaN where no file has data.
    """
    raster = (
        _read_bands(source, log, source.from_age or first_age)
        if source.path is None
        else read_raster(source.path, source.crs, log)
    )
    if raster is None:
        return None
    area = DENSITY_AREA_M2.get(source.unit or "")
    if area is None:
        return raster
    return frozen(Raster(raster.grid, raster.values * (cell_areas_m2(raster.grid) / area)))


def check_people(raster: Raster | None, log: LayerLog) -> bool:
    """Tell whether a raster holds no negative number of people; note the fault if it does."""
    if raster is None:
        return False
    negative = raster.values < 0
    if negative.any():
        found = f"{np.nanmin(raster.values):g} ({int(negative.sum())})"
        log.fault("negative_population", row=_cell(negative), found=found, expected="≥ 0")
        return False
    return True


def _read_bands(source: PeopleSource, log: LayerLog, first: int) -> Raster | None:
    pattern = source.pattern or ""
    files = {age: file for age, file in age_files(pattern).items() if age >= first}
    if not files:
        log.fault("no_age_band", field="pattern", found=Path(pattern).name, expected=str(first))
        return None
    if min(files) != first:
        log.fault("first_age_band_missing", field="pattern", found=listed(files), expected=str(first))
        return None
    total: Raster | None = None
    for age, file in files.items():
        band_log = LayerLog(log.log, log.key, file.name)
        band = read_raster(file, source.crs, band_log, part=str(age))
        if check_people(band, band_log) and band is not None:
            total = band if total is None else _sum(total, band, band_log)
    log.note("age_bands", ages=listed(files), from_age=first, count=len(files))
    return total


def age_files(pattern: str) -> dict[int, Path]:
    """Return the files that match a pattern with ``{age}``, one to three digits, by age in ascending order."""
    wanted = re.compile("([0-9]{1,3})".join(map(re.escape, Path(pattern).name.split(AGE_PLACE, 1))))
    folder = Path(pattern).parent
    found = {}
    for file in sorted(folder.glob("*")) if folder.is_dir() else []:
        match = wanted.fullmatch(file.name)
        if match:
            found[int(match[1])] = file
    return dict(sorted(found.items()))


def _sum(total: Raster, band: Raster, log: LayerLog) -> Raster:
    if not _same_grid(total.grid, band.grid):
        log.fault("bands_differ", found=_describe(band.grid), expected=_describe(total.grid))
        return total
    both = np.where(np.isnan(total.values), band.values, total.values + np.nan_to_num(band.values))
    return frozen(Raster(total.grid, both))


def _same_grid(one: Grid, other: Grid) -> bool:
    if one.shape != other.shape or not one.crs.equals(other.crs, ignore_axis_order=True):
        return False
    near = _SAME_GRID * abs(one.transform.a)
    return bool(np.allclose(grid_bounds(one), grid_bounds(other), rtol=0.0, atol=near))


def _describe(grid: Grid) -> str:
    rows, columns = grid.shape
    return f"{rows} × {columns}, {grid.crs.name}, {show_bounds(grid_bounds(grid), grid.crs)}"


def _at(grid: Grid, column: NDArray[np.int64], row: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the coordinates of corners of a grid's cells."""
    # Written out, since the operator for this is not the same in all versions of affine.
    move = grid.transform
    return move.a * column + move.b * row + move.c, move.d * column + move.e * row + move.f


def grid_bounds(grid: Grid) -> Bounds:
    """Return the outer rectangle of a grid in its own CRS."""
    x, y = _at(grid, np.array([0, grid.shape[1]]), np.array([grid.shape[0], 0]))
    return float(x[0]), float(y[0]), float(x[1]), float(y[1])


def cell_areas_m2(grid: Grid) -> Floats:
    """Return the true area of each cell of a grid on the ellipsoid, in m².

    The four corners of a cell are carried to longitude and latitude and the area between them is measured
    there, so that it is right in a CRS that keeps areas, in one that does not, and in degrees alike.

    Returns
    -------
    numpy.ndarray
        Shape ``grid.shape``; shape (rows, 1) where the CRS is geographic, since its rows hold equal cells.
    """
    rows = _lattice(grid.shape[0])
    columns = np.array([0]) if grid.crs.is_geographic else _lattice(grid.shape[1])
    down, right = np.meshgrid(rows, columns, indexing="ij")
    corners = [_at(grid, right + i, down + j) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))]
    to_degrees = Transformer.from_crs(grid.crs, WGS84, always_xy=True)
    ring = np.stack([np.stack(to_degrees.transform(*corner), axis=-1) for corner in corners], axis=-2)
    areas = np.array([geodesic_area_m2(shapely.Polygon(cell)) for cell in ring.reshape(-1, 4, 2)]).reshape(down.shape)
    along = np.stack([np.interp(np.arange(grid.shape[0]), rows, column) for column in areas.T], axis=1)
    if grid.crs.is_geographic:
        return along
    return np.stack([np.interp(np.arange(grid.shape[1]), columns, row) for row in along])


def _lattice(count: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, _LATTICE)).round().astype(np.int64))


def check_overlap(raster: Raster, bounds: Bounds, crs: CRS, log: LayerLog) -> bool:
    """Tell whether a raster shares ground with a rectangle of the working CRS; note the fault if it does not."""
    wanted = carry_bounds(bounds, crs, raster.grid.crs)
    there = grid_bounds(raster.grid)
    if wanted is not None and overlap(there, wanted):
        return True
    expected = "–" if wanted is None else show_bounds(wanted, raster.grid.crs)
    log.fault("no_overlap", found=show_bounds(there, raster.grid.crs), expected=expected)
    return False


def read_terrain(source: TerrainSource, log: LayerLog) -> Raster | None:
    """Read an elevation model, metres, on its own grid."""
    return read_raster(source.path, source.crs, log)
