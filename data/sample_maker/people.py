"""Residents and elderly by age band on the population grid, whole persons that add up."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from . import config
from .estates import Estate, count_households
from .grid import Floats, Grid, Ints, stage_rng
from .network import Edge
from .terrain import Land, Settlement
from .zones import Zones

REACH_M = 330.0  # nobody lives farther from a path
CROWDED = 820.0  # residents per hectare that no estate exceeds
OWN_FIGURES = 12  # residential areas with a count of their own
BLOCK = round(config.CELL_M / config.WORK_M)


@dataclass(frozen=True)
class People:
    """Whole persons per cell of the population grid; row 0 is the southernmost."""

    grid: Grid
    residents: Ints
    bands: Ints  # age band, row, column
    inside: npt.NDArray[np.bool_]

    @property
    def elderly(self) -> Ints:
        """Persons aged 60 and over."""
        return np.asarray(self.bands.sum(axis=0))


def _summed(fine: Floats) -> Floats:
    """Add the working grid up to the population grid."""
    edge = round(config.MARGIN_M / config.WORK_M)
    inner = fine[edge:-edge, edge:-edge]
    rows, columns = inner.shape[0] // BLOCK, inner.shape[1] // BLOCK
    return np.asarray(inner.reshape(rows, BLOCK, columns, BLOCK).sum(axis=(1, 3)))


def _spread_out(coarse: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Repeat the population grid's cells on the working grid."""
    edge = round(config.MARGIN_M / config.WORK_M)
    return np.pad(np.kron(coarse, np.ones((BLOCK, BLOCK))).astype(bool), edge)


def _whole(values: Floats, total: int) -> Ints:
    """Round to whole persons with a given total (largest remainders first)."""
    scaled: Floats = values / values.sum() * total
    base: Ints = np.floor(scaled).astype(np.int64)
    left = total - int(base.sum())
    order = np.argsort(-(scaled - base), axis=None, kind="stable")[:left]
    base.ravel()[order] += 1
    return base


def _weights(land: Land, settlement: Settlement, estates: list[Estate], edges: list[Edge]) -> Floats:
    """Put people into estates first, then into old lanes and hamlets."""
    grid, rng = land.grid, stage_rng(19)
    lines = [(shapely.LineString(edge.points), 1.0) for edge in edges if edge.kind not in {"bridge", "tunnel"}]
    net = grid.burn(lines, touched=True)
    away = ndimage.distance_transform_edt(net == 0) * grid.cell
    near = np.exp(-away / 140) * (away < REACH_M)
    clumps = np.exp(0.9 * grid.noise(rng, 120) - 0.4)
    level = np.exp(-((land.slope / 0.2) ** 2))
    scattered = (0.14 * settlement.density * (settlement.density > 10) + 7 * clumps) * near * level
    homes = grid.burn([(estate.ground, estate.crowding) for estate in estates])
    dry = (land.bank > 40) & (land.stream > 20)
    return np.where(dry, np.where(homes > 0, homes, scattered), 0.0)


def _calibrated(land: Land, zones: Zones, weights: Floats) -> Floats:
    """Scale the people of each street, and of the island, to their number."""
    island = land.grid.mask(land.island)
    scaled = np.zeros(land.grid.shape)
    most = CROWDED * (config.WORK_M / 100) ** 2
    for plan, ground in zip(config.STREETS, zones.streets, strict=True):
        own = np.where(land.grid.mask(ground) & ~island, weights, 0)
        for _ in range(6):
            own = np.minimum(own * plan.residents / own.sum(), most)
        scaled += own
    hamlet = np.where(island, weights, 0) * config.HAMLET_RESIDENTS / weights[island].sum()
    return np.asarray(scaled + hamlet)


def _banded(settlement: Settlement, fine: Floats, residents: Ints) -> Ints:
    """Draw each cell's elderly by age band; where more are old, more are very old."""
    rng = stage_rng(30)
    share = _summed(fine * settlement.old) / np.maximum(_summed(fine), 1e-9)
    share = np.clip(share * rng.normal(1, 0.07, share.shape), 0.04, 0.6)
    wanted = share * residents
    elderly = np.minimum(_whole(wanted, round(config.RESIDENTS * config.ELDERLY_SHARE)), residents)
    tilt = np.exp(np.linspace(-1, 1, 5)[None, None, :] * (share[..., None] - config.ELDERLY_SHARE) * 3)
    chance = np.array(config.BAND_SHARE) * tilt
    drawn = rng.multinomial(elderly, chance / chance.sum(axis=-1, keepdims=True))
    return np.moveaxis(drawn, -1, 0).astype(np.int64)


def _inside(grid: Grid, district: shapely.Polygon) -> npt.NDArray[np.bool_]:
    """Tell the cells that lie wholly in the district."""
    x, y = grid.centres()
    half = grid.cell / 2
    shapely.prepare(district)
    boxes = shapely.box(x - half, y - half, x + half, y + half)
    return np.asarray(shapely.contains(district, boxes))


def _count_into(people: People, estates: list[Estate]) -> None:
    """Give estates their households, and some a count of their own that differs a little from the grid."""
    rng = stage_rng(31)
    own = set(rng.choice(len(estates), OWN_FIGURES, replace=False).tolist())
    for number, estate in enumerate(estates):
        residents, elderly = within(people, estate.ground)
        count_households(estate, residents)
        factor, other = rng.uniform(0.92, 1.09, 2)
        if number in own:
            estate.residents = round(residents * factor)
            estate.elderly = round(elderly * factor * (0.5 + 0.5 * other))


def within(people: People, ground: BaseGeometry) -> tuple[float, float]:
    """Count the residents and elderly in a polygon by the exact parts of cells."""
    grid = people.grid
    west, south, east, north = ground.bounds
    rows, columns = grid.index(np.array([west, east]), np.array([south, north]))
    window = slice(rows[0], rows[1] + 1), slice(columns[0], columns[1] + 1)
    x, y = (axis[window] for axis in grid.centres())
    half = grid.cell / 2
    part = shapely.area(shapely.intersection(shapely.box(x - half, y - half, x + half, y + half), ground))
    part = part / grid.cell**2
    return float((part * people.residents[window]).sum()), float((part * people.elderly[window]).sum())


def populate(land: Land, settlement: Settlement, zones: Zones, estates: list[Estate], edges: list[Edge]) -> People:
    """Count the people of the district into cells."""
    grid = Grid.over(config.CELL_M, 0.0)
    inside = _inside(grid, zones.district)
    wet = _summed((~land.dry).astype(float)) / BLOCK**2
    fine = _weights(land, settlement, estates, edges)
    fine = np.where(_spread_out(inside & (wet < 0.45)), fine, 0.0)
    fine = _calibrated(land, zones, fine)
    coarse = _summed(fine)
    residents = _whole(coarse, config.RESIDENTS)
    people = People(grid, residents, _banded(settlement, fine, residents), inside)
    _count_into(people, estates)
    return people
