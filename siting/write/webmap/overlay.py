"""Rasters as pictures: the checked grid, cell by cell, and the relief of the terrain, both in Web Mercator."""

from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import rasterio.warp
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import Resampling
from shapely import box

from siting.crs import WGS84, carry, geodesic_area_m2
from siting.domain.nouns import Assessment, Floats, Grid, Raster
from siting.domain.tables import REASON_CODES
from siting.units import M2_PER_HECTARE
from siting.write.webmap import icons, style
from siting.write.webmap.parts import Drawing, Image, MapLayer, legend_of
from siting.write.webmap.popups import Popups, Rule, rule_of
from siting.write.webmap.wording import words

_MERCATOR: Final = CRS.from_epsg(3857)
# Pixels of one cell's side in the picture, so that cells stay square after the transformation.
_PIXELS_A_CELL: Final = 4
_LARGEST_SIDE: Final = 3000
_RELIEF_SIDE: Final = 900
_MOST_CELLS: Final = 40_000
# The largest error of a click, in cells; above it clicks on cells are disabled.
_MOST_ASTRAY: Final = 0.1
_FITTED_POINTS: Final = 12
_CELL_COLUMNS: Final = (
    "residents",
    "elderly",
    "minutes_to_nearest",
    "covered",
    "land_reach_m2_per_person",
    "land_gap_01_m2",
    "land_gap_02_m2",
)
# The page says "less than one person" for any smaller number.
_SOME: Final = 0.5


class Warped(NamedTuple):
    """An array in Web Mercator and its bounds ``[[south, west], [north, east]]`` in degrees."""

    values: NDArray[Any]
    bounds: list[list[float]]


def draw_grid(assessment: Assessment, *, clickable: bool, part: bool = False) -> Drawing:
    """Return the checked grid: elderly people outside the circle per hectare, with sharp cell borders.

    Of a ``part`` of the area only the rows and columns of its cells are drawn.
    """
    grid = assessment.demand.grid
    density = uncovered_density(assessment.cells, grid)
    transform = grid.transform
    if part and len(assessment.cells):
        (top, bottom), (left, right) = _window(assessment.cells, grid)
        density, transform = density[top:bottom, left:right], transform @ Affine.translation(left, top)
    if not np.isfinite(density).any():
        return Drawing((), {}, {})
    people = density[density > 0]
    edges = style.density_edges(float(np.quantile(people, 0.995)) if len(people) else 0.0)
    steps = style.density_steps(edges)
    warped = warp(_classes(density, edges), transform, grid.crs, Resampling.nearest, scale=_PIXELS_A_CELL)
    layer = MapLayer(
        key="grid",
        group="grid",
        title=words("map.layer.grid"),
        parts=(
            Image(
                _paint(warped.values, steps), warped.bounds, "grid", "picture-cells", "elderly outside the circle", 0.85
            ),
        ),
        show=False,
        caption=words("map.legend.grid_unit_click" if clickable else "map.legend.grid_unit"),
        legend=legend_of(steps, icons.swatch),
    )
    return Drawing((layer,), {}, {})


def _window(cells: pd.DataFrame, grid: Grid) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the rows and the columns of the grid between which some cells lie."""
    numbers = cells.index.to_numpy(dtype=np.int64)
    rows, columns = numbers // grid.shape[1], numbers % grid.shape[1]
    return (int(rows.min()), int(rows.max()) + 1), (int(columns.min()), int(columns.max()) + 1)


def uncovered_density(cells: pd.DataFrame, grid: Grid) -> Floats:
    """Return uncovered elderly people per hectare on the grid; NaN where no elderly person lives."""
    rows, columns = grid.shape
    density = np.full(rows * columns, np.nan)
    elderly = cells["elderly"].to_numpy(dtype=np.float64, na_value=np.nan)
    covered = cells["covered"].to_numpy(dtype=np.float64, na_value=np.nan)
    number = cells.index.to_numpy(dtype=np.int64)
    hectares = cell_areas_m2(grid)[number // columns] / M2_PER_HECTARE
    people = elderly > 0
    uncovered = elderly * (1 - np.clip(np.nan_to_num(covered), 0, 1))
    density[number[people]] = (uncovered / hectares)[people]
    return density.reshape(rows, columns)


def cell_areas_m2(grid: Grid) -> Floats:
    """Return the area of a cell of each row: it shrinks towards the poles if the grid is in degrees."""
    transform, rows = grid.transform, grid.shape[0]
    if not grid.crs.is_geographic:
        return np.full(rows, abs(transform.determinant) * _to_metre(grid.crs) ** 2)
    corners = [(transform * (0, row), transform * (1, row + 1)) for row in range(rows)]
    return np.array([geodesic_area_m2(box(*first, *second)) for first, second in corners])


def cell_data(assessment: Assessment, popups: Popups, *, part: bool = False) -> dict[str, Any] | None:
    """Return the data for clicks on the grid: the figures of each populated cell, and how degrees become cells.

    None if there are too many cells, or if the page cannot invert the grid's projection accurately enough; of a
    ``part`` of the area that is asked only around its cells.
    """
    cells = assessment.cells
    people = cells[["residents", "elderly"]].fillna(0).max(axis=1) > 0
    found = cells[people]
    if not 0 < len(found) <= _MOST_CELLS:
        return None
    grid = assessment.demand.grid
    locator = locate_cells(grid, _window(found, grid) if part else None)
    if locator is None:
        return None
    for key in _CELL_COLUMNS:
        popups.row(key, {key: 1.0})
    rules = {key: rule_of(key) for key in _CELL_COLUMNS}
    reasons = {int(code): popups.text(f"reason.{name}") for name, code in REASON_CODES.items()}
    columns = [_as_shown(found[key], rules[key]) for key in _CELL_COLUMNS]
    return {
        "n": np.diff(found.index.to_numpy(dtype=np.int64), prepend=0).tolist(),
        "keys": list(_CELL_COLUMNS),
        "rules": [rule._asdict() for rule in rules.values()],
        "values": columns,
        "reason": _rounded(found["reason_code"], 0),
        "reasons": reasons,
        "shape": list(grid.shape),
        "locate": locator,
        "kind": {key: words("map.popup.cell", row="{row}", col="{col}").pair()[key] for key in ("zh", "en")},
    }


def locate_cells(grid: Grid, within: tuple[tuple[int, int], tuple[int, int]] | None = None) -> dict[str, Any] | None:
    """Fit cubic polynomials from longitude and latitude to column and row; None if they would be too inaccurate.

    ``within`` are the rows and columns for which they are fitted; all of the grid if absent.
    """
    rows, columns = ((0, side) for side in grid.shape) if within is None else within
    col, row = (axis.ravel() for axis in np.meshgrid(*(np.linspace(*ends, _FITTED_POINTS) for ends in (columns, rows))))
    a, b, c, d, e, f = grid.transform[:6]
    x, y = a * col + b * row + c, d * col + e * row + f
    lon, lat = carry(grid.crs, WGS84).transform(x, y)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return None
    middle = (float(lon.mean()), float(lat.mean()))
    half = max(float(np.ptp(lon)), float(np.ptp(lat))) / 2
    u, v = (lon - middle[0]) / half, (lat - middle[1]) / half
    terms = np.column_stack([u**i * v**j for i in range(4) for j in range(4 - i)])
    fits = [np.linalg.lstsq(terms, wanted, rcond=None)[0] for wanted in (col, row)]
    if max(np.abs(terms @ fit - wanted).max() for fit, wanted in zip(fits, (col, row), strict=True)) > _MOST_ASTRAY:
        return None
    return {
        "middle": [round(value, 7) for value in middle],
        "half": round(half, 7),
        "col": [round(float(value), 6) for value in fits[0]],
        "row": [round(float(value), 6) for value in fits[1]],
    }


def relief(terrain: Raster) -> Image | None:
    """Return the relief of an elevation model: light from the north-west, as translucent grey."""
    heights = terrain.values
    if min(heights.shape) < 3 or not np.isfinite(heights).any():  # noqa: PLR2004 - a slope needs three cells
        return None
    grid = terrain.grid
    warped = warp(heights, grid.transform, grid.crs, Resampling.bilinear, scale=1, largest=_RELIEF_SIDE)
    (south, west), (north, east) = warped.bounds
    middle = np.cos(np.radians((south + north) / 2))
    metres = np.radians(east - west) * 6_371_000 * middle / warped.values.shape[1]
    down, right = np.gradient(warped.values, metres)
    # Light from the north-west, 45 degrees high; heights doubled so that gentle ground shows.
    slope = np.arctan(2 * np.hypot(down, right))
    aspect = np.arctan2(-right, down)
    light = np.cos(np.pi / 4) * np.cos(slope) + np.sin(np.pi / 4) * np.sin(slope) * np.cos(np.radians(315) - aspect)
    flat = np.cos(np.pi / 4)
    shade = np.nan_to_num(np.clip((flat - light) / flat, -0.4, 1.0))
    rgba = np.zeros((*shade.shape, 4), dtype=np.uint8)
    rgba[..., :3] = np.where(shade > 0, 40, 255)[..., None]
    # Few steps of alpha keep the picture small.
    rgba[..., 3] = (np.round(np.abs(shade) * _fade(shade.shape) * 20) * 6).clip(0, 110).astype(np.uint8)
    return Image(rgba, warped.bounds, "relief", "picture-relief", "relief")


def _fade(shape: tuple[int, ...]) -> Floats:
    """Return weights that fall to 0 at the picture's edge, so that the relief does not end abruptly."""
    along = [np.clip(np.minimum(np.arange(side), np.arange(side)[::-1]) / (0.08 * side), 0, 1) for side in shape]
    return np.outer(along[0], along[1])


def warp(
    values: NDArray[Any],
    transform: Affine,
    crs: CRS,
    resampling: Resampling,
    *,
    scale: int,
    largest: int = _LARGEST_SIDE,
) -> Warped:
    """Bring an array to Web Mercator, ``scale`` pixels a cell, no side longer than ``largest``."""
    rows, columns = values.shape
    source = _rasterio_crs(crs)
    edges = rasterio.transform.array_bounds(rows, columns, transform)
    _, width, height = rasterio.warp.calculate_default_transform(
        source, _rasterio_crs(_MERCATOR), columns, rows, *edges
    )
    shrink = min(scale, largest / max(width, height))
    width, height = max(1, round(width * shrink)), max(1, round(height * shrink))
    west, south, east, north = rasterio.warp.transform_bounds(source, _rasterio_crs(_MERCATOR), *edges)
    target = rasterio.transform.from_bounds(west, south, east, north, width, height)
    warped = np.full((height, width), np.nan)
    rasterio.warp.reproject(
        values.astype(np.float64),
        warped,
        src_transform=transform,
        src_crs=source,
        src_nodata=np.nan,
        dst_transform=target,
        dst_crs=_rasterio_crs(_MERCATOR),
        dst_nodata=np.nan,
        resampling=resampling,
    )
    lon, lat = carry(_MERCATOR, WGS84).transform((west, east), (south, north))
    return Warped(warped, [[round(lat[0], 6), round(lon[0], 6)], [round(lat[1], 6), round(lon[1], 6)]])


def _classes(density: Floats, edges: tuple[float, ...]) -> Floats:
    classes = np.searchsorted(np.asarray(edges), np.nan_to_num(density), side="right").astype(np.float64)
    classes[density <= 0] = 0
    classes[np.isnan(density)] = np.nan
    return classes


def _paint(classes: NDArray[Any], steps: tuple[style.Step, ...]) -> NDArray[np.uint8]:
    palette = np.array(
        [style.rgba(step.colour, 150 if i == 0 else 255) for i, step in enumerate(steps)], dtype=np.uint8
    )
    painted = np.zeros((*classes.shape, 4), dtype=np.uint8)
    known = np.isfinite(classes)
    painted[known] = palette[classes[known].astype(np.int64)]
    return painted


def _as_shown(values: pd.Series, rule: Rule) -> list[Any]:
    """Return figures rounded as they are shown, so that the page need not round."""
    shown = _rounded(values, rule.digits + 2 * rule.share)
    return [_SOME if rule.persons and 0 < whole < 1 else told for told, whole in zip(shown, values, strict=True)]


def _rounded(values: pd.Series, digits: int) -> list[Any]:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    told = (round(float(value), digits) if np.isfinite(value) else None for value in numbers)
    return [int(value) if value is not None and float(value).is_integer() else value for value in told]


def _to_metre(crs: CRS) -> float:
    return float(crs.axis_info[0].unit_conversion_factor)


def _rasterio_crs(crs: CRS) -> rasterio.crs.CRS:
    return rasterio.crs.CRS.from_wkt(crs.to_wkt())
