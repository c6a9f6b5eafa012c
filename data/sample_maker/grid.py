"""The working grid: row 0 is the southernmost; coordinates are metres in the frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from rasterio import features
from scipy import ndimage
from scipy.interpolate import make_interp_spline
from shapely.geometry.base import BaseGeometry

from . import config

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """Square cells from a south-west corner."""

    x0: float
    y0: float
    cell: float
    columns: int
    rows: int

    @classmethod
    def over(cls, cell: float, margin: float = config.MARGIN_M) -> "Grid":
        """Cover the frame and a margin."""
        columns, rows = (round((side + 2 * margin) / cell) for side in config.FRAME_M)
        return cls(-margin, -margin, cell, columns, rows)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def transform(self) -> Affine:
        """From column and row to metres, rows going north."""
        return Affine(self.cell, 0, self.x0, 0, self.cell, self.y0)

    def centres(self) -> tuple[Floats, Floats]:
        """Give the coordinates of all cell centres."""
        x = self.x0 + (np.arange(self.columns) + 0.5) * self.cell
        y = self.y0 + (np.arange(self.rows) + 0.5) * self.cell
        grid_x, grid_y = np.meshgrid(x, y)
        return grid_x, grid_y

    def index(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Ints, Ints]:
        """Give row and column of points, those outside moved to the rim."""
        column = np.clip(np.floor((np.asarray(x) - self.x0) / self.cell), 0, self.columns - 1)
        row = np.clip(np.floor((np.asarray(y) - self.y0) / self.cell), 0, self.rows - 1)
        return row.astype(np.int64), column.astype(np.int64)

    def at(self, values: npt.NDArray[np.generic], x: npt.ArrayLike, y: npt.ArrayLike) -> Floats:
        """Read the cells under points."""
        return np.asarray(values[self.index(x, y)], dtype=np.float64)

    def between(self, values: Floats, x: npt.ArrayLike, y: npt.ArrayLike) -> Floats:
        """Interpolate bilinearly."""
        row = (np.asarray(y) - self.y0) / self.cell - 0.5
        column = (np.asarray(x) - self.x0) / self.cell - 0.5
        return np.asarray(ndimage.map_coordinates(values, [row, column], order=1, mode="nearest"))

    def burn(self, shapes: Sequence[tuple[BaseGeometry, float]], *, touched: bool = False) -> Floats:
        """Rasterise shapes with their values, 0 elsewhere."""
        if not shapes:
            return np.zeros(self.shape)
        burnt = features.rasterize(
            shapes, out_shape=self.shape, transform=self.transform, all_touched=touched, dtype="float64"
        )
        return np.asarray(burnt)

    def mask(self, shape: BaseGeometry) -> Bools:
        """Tell the cells whose centre a shape holds."""
        return self.burn([(shape, 1.0)]) > 0

    def noise(self, rng: np.random.Generator, scale: float) -> Floats:
        """Make smooth noise of unit deviation whose bumps are `scale` metres wide."""
        raw = ndimage.gaussian_filter(rng.standard_normal(self.shape), scale / self.cell, truncate=3)
        return np.asarray((raw - raw.mean()) / raw.std())


def stage_rng(stage: int) -> np.random.Generator:
    """Give each stage its own stream, so that a change in one leaves the others as they are."""
    return np.random.default_rng([config.SEED, stage])


def spline(points: npt.ArrayLike, step: float = 15.0) -> Floats:
    """Draw a smooth curve through rows of coordinates (and further values) at an even step."""
    knots = np.asarray(points, dtype=np.float64)
    along = np.r_[0, np.cumsum(np.hypot(*np.diff(knots[:, :2], axis=0).T))]
    curve = make_interp_spline(along, knots, k=min(3, len(knots) - 1))
    return np.asarray(curve(np.linspace(0, along[-1], int(along[-1] / step) + 1)))


def smooth_ring(ring: Floats, sigma: float = 1.5) -> Floats:
    """Round a closed ring given as rows of coordinates, the last equal to the first."""
    soft = ndimage.gaussian_filter1d(ring[:-1], sigma, axis=0, mode="wrap")
    return np.vstack([soft, soft[:1]])


def patches(grid: Grid, mask: Bools, smallest: float, tolerance: float = 4.0) -> list[shapely.Polygon]:
    """Turn a mask into smooth polygons of at least so many square metres."""
    found = []
    for geometry, _ in features.shapes(mask.astype(np.uint8), mask=mask, transform=grid.transform):
        polygon = shapely.geometry.shape(geometry)
        if polygon.area < smallest:
            continue
        dense = biggest(polygon.simplify(grid.cell * 0.75).segmentize(grid.cell * 2))
        soft = shapely.Polygon(
            smooth_ring(np.asarray(dense.exterior.coords)),
            [smooth_ring(np.asarray(hole.coords)) for hole in dense.interiors if len(hole.coords) > 8],
        )
        found += [part for part in polygons(soft.buffer(0).simplify(tolerance)) if part.area >= smallest]
    return found


def biggest(shape: BaseGeometry) -> shapely.Polygon:
    """Give the largest polygon of any geometry, an empty one if there is none."""
    return max(polygons(shape), key=lambda part: part.area, default=shapely.Polygon())


def plain_line(points: npt.ArrayLike, tolerance: float) -> shapely.LineString:
    """Draw a line through points without those that add nothing."""
    line = shapely.LineString(np.asarray(points)).simplify(tolerance)
    return shapely.LineString(shapely.get_coordinates(line))


def polygons(shape: BaseGeometry) -> list[shapely.Polygon]:
    """List the polygons of any geometry."""
    parts = shapely.get_parts(shape)
    return [part for part in parts if isinstance(part, shapely.Polygon) and not part.is_empty]
