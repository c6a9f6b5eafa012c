"""Open ground to walk over: land cover or friction on a grid of the working CRS, barriers, and ways that cross them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import rasterio.features
import rasterio.warp
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import Resampling

from siting.crs import crs_name
from siting.domain.nouns import Floats, Grid, OpenGround, Raster
from siting.domain.scenario import SurfaceSource
from siting.listing import first_of
from siting.read.geometry.projections import Bounds, carry_bounds
from siting.read.log import LayerLog, listed
from siting.read.people.rasters import Around, Reading, cells_around, grid_bounds, part_grid, read_raster
from siting.units import SECONDS_PER_MINUTE

# A grid with more cells would take gigabytes: a district at 3 m.
_MOST_CELLS: Final = 100_000_000
# With coarser cells a walk of a quarter of an hour cannot be computed.
_COARSE_M: Final = 100.0
# Lines are widened by this share of a cell, so that a line through a corner contains the cells beside it too.
_WIDER: Final = 1e-3
# Friction may exceed the reference speed by this share, because of rounding.
_FASTER: Final = 1.02
_KMH_PER_M_S: Final = 3.6
# The most classes that a note names.
_NAMED: Final = 12

Slowness = NDArray[np.float32]


@dataclass(frozen=True)
class SurfaceLayers:
    """Barriers, and ways that cross them (bridges, roads), by the name of their layer, in the working CRS."""

    barriers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    over: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)


def read_surface(source: SurfaceSource, layers: SurfaceLayers, around: Around, log: LayerLog) -> OpenGround | None:
    """Read open ground.

    Parameters
    ----------
    source : SurfaceSource
        The source. In ``cover`` a class is walked at its share of the speed on a street, and classes without
        ``factors`` are barriers; ``friction`` is minutes per metre, for a walker of ``reference_m_s``.
    layers : SurfaceLayers
        Barriers are burnt first, then the ways that cross them, at the speed on a street; all cells that a shape
        touches.
    around : Around
        The units in the working CRS (metres), and the margin that is kept.
    log : LayerLog
        Takes the faults of reading a raster; ``surface_class`` (a factor for a value that is not a whole number),
        ``surface_not_positive`` and ``surface_too_fast`` (friction), ``raster_too_large``, ``surface_all_barred``; and
        notes on assumptions.

    Returns
    -------
    OpenGround or None
        Cells of the file if it is in the working CRS and no ``cell_m`` is given; otherwise square cells with the
        nearest values of the file. None if there is a fault, or no working CRS.
    """
    factors = _factors(source, log)
    holds = Reading(source.crs, source.nodata, around, "friction" if source.kind == "friction" else "classes")
    raster = read_raster(source.path, holds, log)
    if raster is None or factors is None or around.crs is None:
        return None
    brought = _brought(raster, source.cell_m, around, log)
    if brought is None:
        return None
    slowness = _cover(brought.values, factors, log) if source.kind == "cover" else _friction(brought, source, log)
    if slowness is None:
        return None
    spans = _burn(slowness, brought.grid, layers, log)
    if not np.isfinite(slowness).any():
        log.fault("surface_all_barred")
        return None
    slowness.flags.writeable = False
    return OpenGround(brought.grid, slowness, slopes_within=source.kind == "friction", spans=spans)


def _factors(source: SurfaceSource, log: LayerLog) -> dict[int, float] | None:
    """Return the factors by class; None if a key is no class."""
    factors = source.factors or {}
    wrong = [name for name in factors if not name.strip().removeprefix("-").isdecimal()]
    for name in wrong:
        log.fault("surface_class", field=f"factors.{name}", found=name, expected="10, 20, …")
    return None if wrong else {int(name): factor for name, factor in factors.items()}


def _brought(raster: Raster, cell_m: float | None, around: Around, log: LayerLog) -> Raster | None:
    """Resample a raster to the grid of the working CRS for walking."""
    assert around.crs is not None  # noqa: S101 - asked before
    grid = _walked_grid(raster.grid, around.crs, around, cell_m)
    rows, columns = (0, 0) if grid is None else grid.shape
    if grid is None or not rows or not columns:
        log.fault("no_overlap", found="–", expected="–")
        return None
    if rows * columns > _MOST_CELLS:
        log.fault("raster_too_large", found=f"{rows} × {columns}", expected=f"≤ {_MOST_CELLS}")
        return None
    cell = max(grid.transform.a, -grid.transform.e)
    if cell > _COARSE_M:
        log.note("surface_coarse", cell_m=f"{cell:.0f}")
    values = np.full(grid.shape, np.nan)
    rasterio.warp.reproject(
        raster.values,
        values,
        src_transform=raster.grid.transform,
        src_crs=raster.grid.crs.to_wkt(),
        src_nodata=np.nan,
        dst_transform=grid.transform,
        dst_crs=grid.crs.to_wkt(),
        dst_nodata=np.nan,
        resampling=Resampling.nearest,
    )
    own = raster.grid.crs.equals(grid.crs, ignore_axis_order=True)
    if cell_m is not None or not own:
        log.note("surface_resampled", crs=crs_name(raster.grid.crs), cell_m=f"{cell:.1f}")
    return Raster(grid, values)


def _walked_grid(grid: Grid, crs: CRS, around: Around, cell_m: float | None) -> Grid | None:
    """Return the grid for walking: the file's own cells around the units if possible, otherwise squares."""
    whole = grid_bounds(grid)
    if grid.crs.equals(crs, ignore_axis_order=True) and cell_m is None:
        part = cells_around(grid, _grown(around) or whole)
        return part_grid(grid, part)
    there = carry_bounds(whole, grid.crs, crs)
    if there is None:
        return None
    wanted = _grown(around) or there
    west, south = max(there[0], wanted[0]), max(there[1], wanted[1])
    east, north = min(there[2], wanted[2]), min(there[3], wanted[3])
    if west >= east or south >= north:
        return None
    size = _cell_size_m(grid, crs, (west, south, east, north)) if cell_m is None else cell_m
    # Grid lines are at multiples of the cell size, so that they do not depend on the extent of the units.
    left, top = np.floor(west / size) * size, np.ceil(north / size) * size
    shape = (max(1, int(np.ceil((top - south) / size))), max(1, int(np.ceil((east - left) / size))))
    return Grid(Affine(size, 0.0, left, 0.0, -size, top), shape, crs)


def _grown(around: Around) -> Bounds | None:
    if around.bounds is None:
        return None
    west, south, east, north = around.bounds
    more = around.margin_m
    return west - more, south - more, east + more, north + more


def _cell_size_m(grid: Grid, crs: CRS, bounds: Bounds) -> float:
    """Return the smaller side of the file's cells in the middle of a rectangle, metres, to the decimetre."""
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    spot = carry_bounds((x - 1, y - 1, x + 1, y + 1), crs, grid.crs)
    if spot is None:
        return _COARSE_M
    x, y, move = (spot[0] + spot[2]) / 2, (spot[1] + spot[3]) / 2, grid.transform
    edges = gpd.GeoSeries(
        [shapely.LineString([(x, y), (x + move.a, y)]), shapely.LineString([(x, y), (x, y - move.e)])], crs=grid.crs
    ).to_crs(crs)
    return max(0.1, round(float(edges.length.min()), 1))


def _cover(values: Floats, factors: Mapping[int, float], log: LayerLog) -> Slowness:
    """Return the slowness of each class; classes without a factor are barriers, which is noted."""
    slowness = np.full(values.shape, np.inf, dtype=np.float32)
    for name, factor in factors.items():
        slowness[values == name] = 1.0 / factor
    barred = np.isinf(slowness)
    if barred.any():
        known = values[barred & ~np.isnan(values)]
        classes, counts = np.unique(known, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        named = [f"{classes[k]:g} ({counts[k] / values.size:.1%})" for k in order[: _NAMED + 1]]
        void = int(np.isnan(values).sum())
        log.note(
            "surface_classes_barred",
            share=f"{barred.mean():.1%}",
            classes=listed(first_of(named, _NAMED)) or "–",
            void=f"{void / values.size:.1%}",
        )
    absent = [name for name in factors if not (values == name).any()]
    if absent:
        log.note("surface_classes_absent", classes=listed(sorted(absent)))
    return slowness


def _friction(raster: Raster, source: SurfaceSource, log: LayerLog) -> Slowness | None:
    """Return how slow friction is relative to its reference walker on the flat."""
    values = raster.values
    least = float(np.nanmin(values, initial=np.inf))
    if least <= 0:
        log.fault("surface_not_positive", found=f"{least:g}", expected="> 0")
        return None
    slowness = (values * SECONDS_PER_MINUTE * source.reference_m_s).astype(np.float32)
    slowness[np.isnan(slowness)] = np.inf
    fastest = float(slowness.min())
    if fastest * _FASTER < 1:
        log.fault(
            "surface_too_fast",
            found=f"{source.reference_m_s / fastest * _KMH_PER_M_S:.1f} km/h",
            expected=f"≤ {source.reference_m_s * _KMH_PER_M_S:.1f} km/h",
        )
        return None
    log.note("surface_friction_scaled", reference=f"{source.reference_m_s:g}")
    if np.isinf(slowness).any():
        log.note("surface_friction_void", share=f"{np.isinf(slowness).mean():.1%}")
    return np.maximum(slowness, np.float32(1.0))


def _burn(slowness: Slowness, grid: Grid, layers: SurfaceLayers, log: LayerLog) -> NDArray[np.bool_]:
    """Burn barriers, then the ways that cross them; return the crossing cells, and note how much area changed."""
    barred = _touched(grid, layers.barriers)
    slowness[barred] = np.inf
    opened = _touched(grid, layers.over)
    bridged: NDArray[np.bool_] = opened & np.isinf(slowness)
    slowness[opened] = 1.0
    if layers.barriers or layers.over:
        log.note("surface_burnt", barred=int(barred.sum()), over=int(opened.sum()), opened=int(bridged.sum()))
    return bridged


def _touched(grid: Grid, layers: Mapping[str, gpd.GeoDataFrame]) -> NDArray[np.bool_]:
    """Tell which cells the geometries of some layers touch."""
    shapes = [shape for frame in layers.values() for shape in frame.geometry if shape is not None]
    if not shapes:
        return np.zeros(grid.shape, dtype=bool)
    size = min(grid.transform.a, -grid.transform.e)
    wider = shapely.buffer(np.array(shapes, dtype=object), _WIDER * size, quad_segs=1)
    wider = wider[~shapely.is_empty(wider)]
    if not len(wider):
        return np.zeros(grid.shape, dtype=bool)
    burnt = rasterio.features.rasterize(
        wider, out_shape=grid.shape, transform=grid.transform, all_touched=True, dtype=np.uint8
    )
    return np.asarray(burnt == 1)
