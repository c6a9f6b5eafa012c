"""Ground where nothing may be built, and parks."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from . import config
from .estates import Estate, blocks
from .grid import patches, polygons, stage_rng
from .roads import Course
from .terrain import Land, Settlement
from .zones import Zones

FLOOD_M = 68.0  # width of the managed strip along the big river
BROOK_FLOOD_M = 20.0
SMALLEST_M2 = 18_000.0
PARKS = (2, 2, 2, 3, 2, 1, 0, 0)  # of each street
PARK_TAILS = ("公园", "体育公园", "社区公园")


@dataclass(frozen=True)
class Ground:
    """Named polygons by layer."""

    farmland: list[tuple[str, BaseGeometry]]
    ecology: list[tuple[str, BaseGeometry]]
    flood: list[tuple[str, BaseGeometry]]
    green: list[tuple[str, BaseGeometry]]

    @property
    def excluded(self) -> BaseGeometry:
        """All ground that is kept from building."""
        layers = (*self.farmland, *self.ecology, *self.flood)
        return shapely.unary_union([shape for _, shape in layers])


def _flood(land: Land, zones: Zones) -> list[tuple[str, BaseGeometry]]:
    """Strip both banks, named by the street that they lie in."""
    found = []
    for water, width, name in ((land.river, FLOOD_M, "岚江"), (land.tributary, BROOK_FLOOD_M, "桐溪")):
        strip = water.buffer(width).difference(shapely.union(land.river, land.tributary))
        for plan, street in zip(config.STREETS, zones.streets, strict=True):
            parts = [part for part in polygons(strip.intersection(street)) if part.area > 2_000]
            for number, part in enumerate(parts, start=1):
                again = "" if len(parts) == 1 else f"{number}"
                found.append(
                    (f"{name}河道管理范围（{plan.name[:-1].removesuffix('街')}段{again}）", part.simplify(1.5))
                )
    return found


def _named(shapes: list[shapely.Polygon], zones: Zones, label: str) -> list[tuple[str, BaseGeometry]]:
    """Name shapes by number within the street that holds most of each."""
    count: dict[str, int] = {}
    found: list[tuple[str, BaseGeometry]] = []
    for shape in sorted(shapes, key=lambda one: (-one.centroid.y, one.centroid.x)):
        shares = [shape.intersection(street).area for street in zones.streets]
        street = config.STREETS[int(np.argmax(shares))].name
        count[street] = count.get(street, 0) + 1
        found.append((f"{street}{label}{count[street]:02d}", shape))
    return found


def _parks(land: Land, zones: Zones, roads: list[Course], estates: list[Estate]) -> list[tuple[str, BaseGeometry]]:
    rng = stage_rng(41)
    homes = shapely.unary_union([estate.ground for estate in estates])
    free = [block for block in blocks(land, roads) if block.area > 12_000 and not block.intersects(homes)]
    found: list[tuple[str, BaseGeometry]] = []
    for plan, street, wanted in zip(config.STREETS, zones.streets, PARKS, strict=True):
        seeds = shapely.MultiPoint(plan.seeds)
        mine = sorted((block for block in free if street.contains(block)), key=lambda block: block.distance(seeds))[:12]
        for number, place in enumerate(rng.choice(len(mine), min(wanted, len(mine)), replace=False)):
            round_park = mine[place].buffer(-18).buffer(16).simplify(1)
            found.append((plan.name.removesuffix("街道").removesuffix("镇") + PARK_TAILS[number], round_park))
    return found


def make_ground(land: Land, settlement: Settlement, zones: Zones, roads: list[Course], estates: list[Estate]) -> Ground:
    """Draw farmland, ecological land, flood strips and parks."""
    grid, rng = land.grid, stage_rng(40)
    built = grid.burn([(estate.ground.buffer(60), 1.0) for estate in estates]) > 0
    roadside = grid.burn([(item.line.buffer(22), 1.0) for item in roads], touched=True) > 0
    inside = grid.mask(zones.district)
    around = ndimage.gaussian_filter(settlement.density, 80 / grid.cell)
    wild = inside & ~built & ~roadside & (land.bank > FLOOD_M + 25) & (land.stream > BROOK_FLOOD_M + 15)
    crest = land.ridge + 260 * np.maximum(land.slope - 0.22, 0) + 16 * grid.noise(rng, 160)
    crest = ndimage.gaussian_filter(crest, 45 / grid.cell)
    ecology = inside & (crest > 84) & (around < 4) & ~built & (land.bank > FLOOD_M + 25)
    ecology = ndimage.binary_opening(ecology, iterations=3)
    fields = grid.noise(rng, 110) + 0.5 * grid.noise(rng, 330) > 0.25
    farmland = wild & fields & (land.slope < 0.17) & (around < 7) & ~ndimage.binary_dilation(ecology, iterations=3)
    farmland = ndimage.binary_opening(farmland, iterations=2)
    clip = zones.district
    ecological = [part for one in patches(grid, ecology, 4 * SMALLEST_M2) for part in polygons(one.intersection(clip))]
    fields_cut = [part for one in patches(grid, farmland, SMALLEST_M2) for part in polygons(one.intersection(clip))]
    return Ground(
        _named([part for part in fields_cut if part.area > SMALLEST_M2], zones, "永久基本农田"),
        _named([part for part in ecological if part.area > SMALLEST_M2], zones, "生态保护红线"),
        _flood(land, zones),
        _parks(land, zones, roads, estates),
    )
