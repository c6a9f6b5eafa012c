"""Water, heights, and where people settle."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from scipy import ndimage
from scipy.spatial import KDTree

from . import config
from .grid import Bools, Floats, Grid, biggest, spline, stage_rng


@dataclass(frozen=True)
class Land:
    """The ground: heights and water on the working grid."""

    grid: Grid
    height: Floats
    bank: Floats  # metres to the big river, negative in it
    stream: Floats  # metres to the tributary, negative in it
    flow: Floats  # direction of the nearest river reach in radians
    ridge: Floats  # height that the ridges add
    river: shapely.Polygon
    tributary: shapely.Polygon
    island: shapely.Polygon

    @cached_property
    def slope(self) -> Floats:
        """Steepness as a ratio."""
        down, right = np.gradient(self.height, self.grid.cell)
        return np.asarray(np.hypot(down, right))

    @cached_property
    def dry(self) -> Bools:
        """Tell land from water."""
        return (self.bank > 0) & (self.stream > 0)


@dataclass(frozen=True)
class Settlement:
    """Where people are meant to live, on the working grid."""

    density: Floats  # residents per hectare before calibration
    grain: Floats  # metres between parallel footways
    old: Floats  # share aged 60 and over
    new_town: Floats  # 0 to 1


def _ribbon(curve: Floats) -> shapely.Polygon:
    """Widen a curve of x, y and half width to a polygon."""
    along = np.gradient(curve[:, :2], axis=0)
    normal = np.c_[-along[:, 1], along[:, 0]] / np.hypot(*along.T)[:, None]
    left = curve[:, :2] + normal * curve[:, 2:]
    right = curve[:, :2] - normal * curve[:, 2:]
    ribbon = shapely.Polygon(np.vstack([left, right[::-1]])).buffer(0)
    return biggest(ribbon)


def _island() -> shapely.Polygon:
    x, y, long, short, turn = config.ISLAND
    angle = np.linspace(0, 2 * np.pi, 73)[:-1]
    wobble = 1 + 0.07 * np.sin(3 * angle + 1) + 0.04 * np.sin(5 * angle)
    spindle = np.abs(np.sin(angle)) ** 1.25 * np.sign(np.sin(angle))
    body = np.c_[long * np.cos(angle) * wobble, short * spindle * wobble]
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return shapely.Polygon(body @ np.array([[cos, sin], [-sin, cos]]) + (x, y))


def _signed_distance(grid: Grid, polygon: shapely.Polygon) -> Floats:
    """Give metres to a polygon's edge, negative inside."""
    inside = grid.mask(polygon)
    edge = shapely.segmentize(polygon.boundary, 8.0)
    x, y = grid.centres()
    distance, _ = KDTree(shapely.get_coordinates(edge)).query(np.c_[x.ravel(), y.ravel()])
    return np.asarray(np.where(inside, -1.0, 1.0) * np.asarray(distance).reshape(grid.shape))


def _ridges(grid: Grid, rng: np.random.Generator) -> Floats:
    x, y = grid.centres()
    total = np.zeros(grid.shape)
    for line, height, width in config.RIDGES:
        distance, _ = KDTree(spline(line)).query(np.c_[x.ravel(), y.ravel()])
        wavy = np.asarray(distance).reshape(grid.shape) + 60 * grid.noise(rng, 260)
        crest = height * (1 + 0.16 * grid.noise(rng, 650))
        total = np.maximum(total, crest * np.exp(-0.5 * (wavy / width) ** 2))
    return total


def _heights(grid: Grid, bank: Floats, stream: Floats, ridge: Floats) -> Floats:
    """Raise banks, terraces, hills and ridges from the river."""
    rng = stage_rng(2)
    inland = 1 - np.exp(-np.maximum(bank, 0) / 420)
    hills = 24 * grid.noise(rng, 620) + 11 * grid.noise(rng, 300) + 3.2 * grid.noise(rng, 130)
    rise = 16 * np.clip(bank / 70, 0, 1) + 52 * (1 - np.exp(-np.maximum(bank, 0) / 1100))
    upland = config.WATER_LEVEL + rise + inland * (18 + hills + ridge)
    valley = config.WATER_LEVEL + 6 + 0.045 * np.maximum(bank, 0) ** 0.92 + 0.11 * np.maximum(stream - 15, 0)
    soft = 14.0
    height = -soft * np.logaddexp(-upland / soft, -valley / soft)
    step = 21.0  # metres of rise between two terraces
    phase = 2 * np.pi * height / step + 1.2 * grid.noise(rng, 500)
    height = height + 0.68 * inland * step / (2 * np.pi) * np.sin(phase)
    height = ndimage.gaussian_filter(height, 22 / grid.cell)
    bed = config.WATER_LEVEL - 4 - 9 * (1 - np.exp(np.minimum(bank, 0) / 90))
    height = np.where(bank > 0, np.maximum(height, config.WATER_LEVEL + 1), bed)
    height = np.where((stream < 0) & (bank > 0), height - 2.5, height)
    return _eased(grid, ndimage.gaussian_filter(height, 16 / grid.cell))


def _eased(grid: Grid, height: Floats) -> Floats:
    """Wear down what is steeper than hillsides are."""
    for _ in range(40):
        slope = np.hypot(*np.gradient(height, grid.cell))
        share = ndimage.gaussian_filter(np.clip((slope - 0.33) / 0.06, 0, 1), 1.5)
        height = height + share * (ndimage.gaussian_filter(height, 2.5) - height)
    return np.asarray(height)


def make_land() -> Land:
    """Draw the river, its tributary and island, and raise the ground around them."""
    grid = Grid.over(config.WORK_M)
    curve, brook = spline(config.RIVER), spline(config.TRIBUTARY)
    island = _island()
    river = biggest(_ribbon(curve).difference(island))
    tributary = biggest(_ribbon(brook).difference(_ribbon(curve)))
    x, y = grid.centres()
    _, nearest = KDTree(curve[:, :2]).query(np.c_[x.ravel(), y.ravel()])
    along = np.gradient(curve[:, :2], axis=0)
    flow = np.arctan2(along[:, 1], along[:, 0])[nearest].reshape(grid.shape)
    bank = _signed_distance(grid, river)
    stream = _signed_distance(grid, tributary)
    ridge = _ridges(grid, stage_rng(1))
    height = _heights(grid, bank, stream, ridge)
    return Land(grid, height, bank, stream, flow, ridge, river, tributary, island)


def settle(land: Land) -> Settlement:
    """Spread towns over the ground that can be built on."""
    grid, rng = land.grid, stage_rng(3)
    x, y = grid.centres()
    weights = [
        town.peak * np.exp(-0.5 * (((x - town.x) / town.reach_x) ** 2 + ((y - town.y) / town.reach_y) ** 2))
        for town in config.TOWNS
    ]
    total = np.sum(weights, axis=0)
    rural = 2.0
    steep = ndimage.gaussian_filter(land.slope, 60 / grid.cell)
    fit = np.exp(-((steep / 0.21) ** 2)) * np.clip((land.bank - 60) / 60, 0, 1) * (land.stream > 25)
    fit = fit * np.clip(1 - (land.ridge - 85) / 50, 0, 1)  # nobody builds on the high crests
    density = total * fit * np.exp(0.42 * grid.noise(rng, 240) + 0.34 * grid.noise(rng, 520) - 0.15)
    grain = (sum(w * town.grain for w, town in zip(weights, config.TOWNS, strict=True)) + rural * 110) / (total + rural)
    old = (sum(w * town.old for w, town in zip(weights, config.TOWNS, strict=True)) + rural * config.RURAL_OLD) / (
        total + rural
    )
    planned = sum(w for w, town in zip(weights, config.TOWNS, strict=True) if town.grid_turn is not None)
    return Settlement(density, grain, old * np.exp(0.10 * grid.noise(rng, 350)), planned / (total + rural))
