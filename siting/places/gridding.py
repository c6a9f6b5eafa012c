"""People of rasters, points and areas put on one grid, with exact sums (methods, definition 8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from siting.crs import carry
from siting.domain.nouns import Floats, Grid, Ints, Note, PeopleLayer, Population, Raster
from siting.errors import Fault, InputError
from siting.places.cells import (
    Handed,
    Held,
    bring_to,
    cell_centres,
    cell_size_m,
    grow,
    hand_out,
    held,
    on_grid,
    point_cells,
    polygonal,
)

# Grids whose corners differ by less than this share of a cell are the same grid.
_SAME_CELL = 1e-3
# Rows of a raster are added up in strips of this many cells, so that the raster is not copied.
_STRIP_CELLS = 1 << 22
# A grid with more cells than this is refused before anything is put on it.
MOST_CELLS = 100_000_000


@dataclass(frozen=True)
class Window:
    """The rectangle (west, south, east, north) of the working CRS that contains all people relevant to the units."""

    bounds: Floats
    crs: CRS


@dataclass(frozen=True)
class Gridded:
    """The people of each cell of one grid.

    ``people`` holds ``residents``, ``elderly`` and ``group_NAME`` as far as they were given. ``beyond`` holds the
    persons of each beyond the window, who are only counted. ``moved`` holds the persons who were not given on this
    grid, and ``moved_m`` the mean distance by which they were moved (metres; NaN if it is not known). ``ground`` holds
    the areas where people live, with ``density`` (persons per m²), if all were given for areas; otherwise None.
    ``grounds`` holds the same of each source that was given for areas.
    """

    grid: Grid
    people: Mapping[str, Held]
    beyond: Mapping[str, float]
    moved: Mapping[str, float]
    moved_m: Mapping[str, float]
    notes: tuple[Note, ...]
    ground: gpd.GeoDataFrame | None = None
    grounds: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class _Found:
    """People of one source, on a grid that may have been enlarged."""

    held: Held
    moved: float = 0.0
    moved_m: float = float("nan")
    notes: tuple[Note, ...] = ()
    ground: gpd.GeoDataFrame | None = None


def on_one_grid(population: Population, places: Mapping[str, gpd.GeoDataFrame], crs: CRS, context_m: float) -> Gridded:
    """Put residents, elderly and groups on one grid.

    The grid is that of the elderly raster, otherwise that of the residents. If neither is a raster, it is a new grid of
    cells of ``population.cell_m`` in the working CRS, aligned to multiples of it. Rasters are resampled by exact area
    fractions, points go to their cell, and areas are divided by the area that each cell covers of them.

    Parameters
    ----------
    population : Population
        The given people and their sources.
    places : mapping of str to geopandas.GeoDataFrame
        Polygons of every level in ``crs``; areas may be divided over those of ``residential_area``.
    crs : pyproj.CRS
        Working CRS, metres.
    context_m : float
        People farther than this from the bounds of the units are counted but not put on the grid.

    Returns
    -------
    Gridded
        For each source, ``people`` and ``beyond`` add up to the given number.
    """
    sources: dict[str, Raster | PeopleLayer] = {
        name: source
        for name, source in (("elderly", population.elderly), ("residents", population.residents))
        if source is not None
    }
    sources |= {f"group_{name}": group for name, group in population.groups.items() if isinstance(group, Raster)}
    window = _window(sources, places, crs, context_m, population.cell_m)
    split = {name: _within(source, window) for name, source in sources.items()}
    heads = [sources[name] for name in ("elderly", "residents") if isinstance(sources.get(name), Raster)]
    grid = heads[0].grid if heads and isinstance(heads[0], Raster) else None
    if grid is None:
        frames = [part.frame for part, _ in split.values() if isinstance(part, PeopleLayer) and len(part.frame)]
        grid = _new_grid([*places.values(), *frames], crs, population.cell_m)
    found: dict[str, _Found] = {}
    for name, (part, _) in split.items():
        homes = places.get("residential_area")
        found[name] = _brought(part, grid, crs) if isinstance(part, Held) else _laid(name, part, grid, homes)
        grid = found[name].held.grid
    return Gridded(
        grid=grid,
        people={name: each.held.on(grid) for name, each in found.items()},
        beyond={name: beyond for name, (_, beyond) in split.items()},
        moved={name: each.moved for name, each in found.items()},
        moved_m={name: each.moved_m for name, each in found.items()},
        notes=tuple(note for each in found.values() for note in each.notes),
        ground=_ground(found),
        grounds={name: each.ground for name, each in found.items() if each.ground is not None},
    )


def _ground(found: Mapping[str, _Found]) -> gpd.GeoDataFrame | None:
    """Return the areas of residents, or otherwise of the elderly, if all people were given for areas."""
    # Groups are part of the elderly, wherever the elderly are.
    given = {name: found[name].ground for name in ("residents", "elderly") if name in found}
    if any(ground is None for ground in given.values()):
        return None
    return given.get("residents", given.get("elderly"))


def _window(
    sources: Mapping[str, Raster | PeopleLayer],
    places: Mapping[str, gpd.GeoDataFrame],
    crs: CRS,
    context_m: float,
    cell_m: float,
) -> Window:
    """Return the bounds of the units, widened so that no relevant cell gets people from beyond."""
    units = [frame.geometry for level, frame in places.items() if level != "residential_area"]
    west, south, east, north = gpd.GeoSeries(pd.concat(units), crs=crs).total_bounds
    x, y = (west + east) / 2, (south + north) / 2
    sizes = [cell_size_m(source.grid, crs, x, y) for source in sources.values() if isinstance(source, Raster)]
    far = context_m + 2 * max(cell_m, float(np.nan_to_num(sizes, nan=np.inf).max(initial=0.0)))
    return Window(np.array([west - far, south - far, east + far, north + far]), crs)


def _within(source: Raster | PeopleLayer, window: Window) -> tuple[Held | PeopleLayer, float]:
    """Split the people of a source: those within the window, and the number of the others."""
    return _raster_within(source, window) if isinstance(source, Raster) else _layer_within(source, window)


def _raster_within(raster: Raster, window: Window) -> tuple[Held, float]:
    rows, columns = _part(raster.grid, window)
    part = raster.values[rows, columns]
    row, column = np.nonzero(part > 0)
    here = Held(
        raster.grid, (row + rows.start) * raster.grid.shape[1] + column + columns.start, part[row, column].astype(float)
    )
    if part.shape == raster.values.shape:
        return here, 0.0
    return here, max(0.0, _total(raster.values) - here.total)


def _part(grid: Grid, window: Window) -> tuple[slice, slice]:
    """Return the rows and columns of a grid that a window meets, with a margin of two on each side."""
    there = carry(window.crs, grid.crs)
    west, south, east, north = there.transform_bounds(*window.bounds)
    if not np.isfinite([west, south, east, north]).all() or west > east:
        return slice(0, grid.shape[0]), slice(0, grid.shape[1])
    column = (np.array([west, east]) - grid.transform.c) / grid.transform.a
    row = (np.array([north, south]) - grid.transform.f) / grid.transform.e
    ends = [
        np.array([np.floor(low) - 2, np.ceil(high) + 2]).clip(0, count).astype(int).tolist()
        for (low, high), count in zip((row, column), grid.shape, strict=True)
    ]
    return slice(*ends[0]), slice(*ends[1])


def _total(values: Floats) -> float:
    """Add up the positive values of an array without copying it."""
    strip = max(1, _STRIP_CELLS // max(1, values.shape[1]))
    parts = (values[top : top + strip] for top in range(0, values.shape[0], strip))
    return float(sum(np.sum(part, where=part > 0) for part in parts))


def _layer_within(layer: PeopleLayer, window: Window) -> tuple[PeopleLayer, float]:
    west, south, east, north = window.bounds
    bounds = layer.frame.geometry.bounds
    near = (
        (bounds["minx"] <= east) & (bounds["maxx"] >= west) & (bounds["miny"] <= north) & (bounds["maxy"] >= south)
    ).to_numpy()
    beyond = float(layer.frame["people"].to_numpy(dtype=np.float64)[~near].sum())
    return PeopleLayer(layer.frame[near], layer.allocate), beyond


def _new_grid(frames: list[gpd.GeoDataFrame], crs: CRS, cell_m: float) -> Grid:
    """Return the grid of cells at multiples of ``cell_m`` that holds all frames."""
    bounds = np.array([frame.total_bounds for frame in frames if len(frame)])
    west, south = np.floor(bounds[:, :2].min(axis=0) / cell_m)
    east, north = np.ceil(bounds[:, 2:].max(axis=0) / cell_m)
    shape = max(1, int(north - south)), max(1, int(east - west))
    if shape[0] * shape[1] > MOST_CELLS:
        found = f"{shape[0]} × {shape[1]}"
        most = f"{MOST_CELLS}"
        raise InputError([Fault(code="cells_too_many", field="population.cell_m", found=found, expected=most)])
    return Grid(Affine(cell_m, 0.0, west * cell_m, 0.0, -cell_m, north * cell_m), shape, crs)


def _brought(source: Held, grid: Grid, crs: CRS) -> _Found:
    """Put a raster's people on the grid."""
    if same_grid(source.grid, grid):
        return _Found(Held(grid, source.cell, source.people))
    onto, handed = bring_to(source, grid)
    if not len(handed.cell):
        return _Found(onto)
    start = cell_centres(source.grid, source.cell, crs)[["x", "y"]].to_numpy()[handed.giver]
    end = cell_centres(onto.grid, handed.cell, crs)[["x", "y"]].to_numpy()
    return _Found(onto, onto.total, _mean_distance(start, end, handed.people))


def same_grid(one: Grid, other: Grid) -> bool:
    """Tell whether two grids have the same cells."""
    if one.shape != other.shape or one.crs != other.crs:
        return False
    # Compared at both corners, so that slightly different cell sizes do not drift apart across the grid.
    a, b, (rows, columns) = one.transform, other.transform, one.shape
    drift = (a.c - b.c, a.f - b.f, a.c - b.c + columns * (a.a - b.a), a.f - b.f + rows * (a.e - b.e))
    return float(max(map(abs, drift))) < _SAME_CELL * abs(float(a.a))


def _laid(name: str, layer: PeopleLayer, grid: Grid, residential: gpd.GeoDataFrame | None) -> _Found:
    """Put a layer's people on the grid: points into their cell, areas by the area that cells cover of them."""
    frame = layer.frame[layer.frame["people"] > 0]
    if frame.empty:
        return _Found(Held(grid, np.zeros(0, dtype=np.int64), np.zeros(0)))
    key, total = f"population.{name}", float(frame["people"].sum())
    notes = [Note("people_gridded", {"layer": key, "count": len(frame), "people": f"{total:,.0f}"})]
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    flat = (shapely.area(shapes) <= 0) & (shapely.get_dimensions(shapes) > 0)
    if flat.any():
        notes.append(Note("areas_as_points", {"layer": key, "count": int(flat.sum())}))
    pieces, giver = shapes, np.arange(len(shapes), dtype=np.int64)
    if layer.allocate == "residential":
        pieces, giver, lacking = _homes(shapes, residential)
        if lacking:
            notes.append(Note("areas_without_homes", {"layer": key, "count": lacking}))
    people = frame["people"].to_numpy(dtype=np.float64)
    grown, handed = _onto(people, gpd.GeoSeries(pieces, crs=frame.crs), giver, grid)
    there = held(grown, handed.cell, handed.people)
    areas = gpd.GeoSeries(pieces, crs=frame.crs)
    return _Found(there, total, _moved_points(frame, grown, handed), tuple(notes), _lived_in(people, areas, giver))


def _lived_in(people: Floats, pieces: gpd.GeoSeries, giver: Ints) -> gpd.GeoDataFrame | None:
    """Return the pieces of areas with their density; None if all are points or have no extent."""
    area = pieces.area.to_numpy()
    solid = area > 0
    if not solid.any():
        return None
    whole = np.bincount(giver, weights=area, minlength=len(people))
    density = np.divide(people, whole, out=np.zeros(len(people)), where=whole > 0)[giver]
    return gpd.GeoDataFrame({"density": density[solid]}, geometry=pieces.to_numpy()[solid], crs=pieces.crs)


def _onto(people: Floats, pieces: gpd.GeoSeries, giver: Ints, grid: Grid) -> tuple[Grid, Handed]:
    """Distribute the people of points and areas to cells; if they lie beyond the grid, it is enlarged."""
    solid = shapely.area(np.asarray(pieces.to_numpy(), dtype=object)) > 0
    polygons, others = (gpd.GeoSeries(pieces[part], crs=pieces.crs) for part in (solid, ~solid))
    there = on_grid(polygons, grid) if solid.any() else polygons.to_crs(grid.crs)
    points = others.representative_point().to_crs(grid.crs)
    bounds = np.array([each.total_bounds for each in (there, points) if len(each)])
    grown = grow(grid, np.concatenate([bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)]))
    areas = hand_out(people, there, giver[solid], grown)
    at = point_cells(grown, points.x.to_numpy(), points.y.to_numpy())
    return grown, Handed(
        np.concatenate([areas.giver, giver[~solid]]),
        np.concatenate([areas.cell, at]),
        np.concatenate([areas.people, people[giver[~solid]]]),
    )


def _moved_points(frame: gpd.GeoDataFrame, grid: Grid, handed: Handed) -> float:
    """Return the mean distance from points to the centres of their cells; NaN for areas."""
    if frame.crs is None or (frame.geom_type != "Point").any():
        return float("nan")
    start = np.stack([frame.geometry.x, frame.geometry.y], axis=1)[handed.giver]
    end = cell_centres(grid, handed.cell, frame.crs)[["x", "y"]].to_numpy()
    return _mean_distance(start, end, handed.people)


def _mean_distance(start: Floats, end: Floats, people: Floats) -> float:
    return float(np.average(np.hypot(*(end - start).T), weights=people))


def _homes(shapes: NDArray[np.object_], residential: gpd.GeoDataFrame | None) -> tuple[NDArray[np.object_], Ints, int]:
    """Cut areas to the residential areas within them.

    Returns
    -------
    pieces : ndarray
        Polygons that do not overlap; an area without residential area stays whole.
    giver : ndarray of int
        The position of the area of each piece.
    lacking : int
        How many areas contain no residential area.
    """
    every = np.arange(len(shapes), dtype=np.int64)
    if residential is None or residential.empty:
        return shapes, every, len(shapes)
    ground = shapely.get_parts(residential.geometry.union_all())
    giver, part = shapely.STRtree(ground).query(shapes, predicate="intersects")
    pieces = polygonal(shapely.intersection(shapes[giver], ground[part]))
    keeps = shapely.area(pieces) > 0
    lacking = np.setdiff1d(every, giver[keeps])
    return (
        np.concatenate([pieces[keeps], shapes[lacking]]),
        np.concatenate([giver[keeps].astype(np.int64), lacking]),
        len(lacking),
    )
