"""Random small districts: a river of gaps, partial cells at the border, people beyond it."""

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from siting.domain.nouns import Inputs, Network, Raster
from tests.helpers import box, candidates, estates, facilities, inputs, network, raster, scenario, straight, units

CELL = 250.0
COLUMNS, ROWS = 8, 7
# The district leaves out part of the outermost cells, so that some people live outside or on the border.
LEFT, BOTTOM, RIGHT, TOP = 130.0, 90.0, 1880.0, 1640.0


@dataclass(frozen=True)
class Cuts:
    """Where the district is cut into communities (columns × rows) and streets (columns)."""

    x: tuple[float, ...]
    y: tuple[float, ...]


def cuts(rng: np.random.Generator) -> Cuts:
    """Draw the cuts."""
    x = (LEFT, *sorted(rng.uniform(LEFT + 300, RIGHT - 300, 2)), RIGHT)
    y = (BOTTOM, *sorted(rng.uniform(BOTTOM + 300, TOP - 300, 1)), TOP)
    return Cuts(x, y)


def boxes(lines: Cuts) -> dict[str, dict[str, BaseGeometry]]:
    """Return the units of every level."""
    spans = list(zip(lines.x, lines.x[1:], strict=False))
    stacks = list(zip(lines.y, lines.y[1:], strict=False))
    return {
        "community": {
            f"c{i}{j}": box(west, south, east, north)
            for i, (west, east) in enumerate(spans)
            for j, (south, north) in enumerate(stacks)
        },
        "street": {f"s{i}": box(west, BOTTOM, east, TOP) for i, (west, east) in enumerate(spans)},
        "district": {"d": box(LEFT, BOTTOM, RIGHT, TOP)},
    }


def streets(rng: np.random.Generator) -> Network:
    """Return a jittered lattice of streets with gaps, stairs and a bridge."""
    node = {
        (i, j): (260.0 * i + rng.uniform(-60, 60), 250.0 * j + rng.uniform(-60, 60)) for i in range(8) for j in range(7)
    }
    lines = []
    for (i, j), here in node.items():
        for other in ((i + 1, j), (i, j + 1)):
            # Between the fourth and fifth column runs a river with few bridges.
            river = i == 3 and other[0] == 4
            if other in node and rng.random() < (0.25 if river else 0.8):
                kind = "bridge" if river else str(rng.choice(["street", "path", "stairs"], p=[0.6, 0.3, 0.1]))
                lines.append(([here, node[other]], kind))
    return network(lines)


def hills(rng: np.random.Generator) -> Raster:
    """Return rolling ground."""
    x, y = np.meshgrid(np.arange(85) * 30.0, np.arange(75) * 30.0)
    waves = rng.uniform(200, 500, 4)
    heights = 15 * np.sin(x / waves[0]) * np.cos(y / waves[1]) + 10 * np.cos(x / waves[2] + y / waves[3])
    return raster(heights, 30.0, left=-300.0, bottom=-300.0)


def shapes_of_estates(rng: np.random.Generator) -> dict[str, tuple[BaseGeometry, dict[str, Any]]]:
    """Return skewed polygons, some with figures of their own."""
    found = {}
    for i in range(4):
        x, y = rng.uniform(LEFT, RIGHT - 400), rng.uniform(BOTTOM, TOP - 400)
        corners = [(0, 0), (rng.uniform(150, 400), 30), (rng.uniform(150, 400), rng.uniform(150, 400)), (20, 200)]
        shape = shapely.MultiPoint([box(x + dx, y + dy, x + dx, y + dy).centroid for dx, dy in corners]).convex_hull
        own = {"residents": rng.uniform(50, 500)} if rng.random() < 0.3 else {}
        found[f"e{i}"] = (shape, {"status": str(rng.choice(["existing", "new"])), **own})
    return found


def district(seed: int, *, walk: str = "network", **sections: Any) -> Inputs:
    """Return a random district."""
    rng = np.random.default_rng(seed)
    elderly = rng.integers(0, 3, (ROWS, COLUMNS)) * rng.uniform(1, 60, (ROWS, COLUMNS))
    residents = elderly + rng.integers(0, 2, (ROWS, COLUMNS)) * rng.uniform(1, 300, (ROWS, COLUMNS))
    residents[3, 3], elderly[3, 3] = 200.0, 40.0
    ledger = {
        f"f{i}": (
            (rng.uniform(0, 2000), rng.uniform(0, 1750)),
            {
                "tier": str(rng.choice(["station", "centre", "institution"], p=[0.6, 0.2, 0.2])),
                "land_m2": None if rng.random() < 0.15 else rng.uniform(20, 900),
                "serves_community": bool(rng.random() < 0.5),
            },
        )
        for i in range(4)
    }
    premises = {
        f"p{i}": ((rng.uniform(LEFT, RIGHT), rng.uniform(BOTTOM, TOP)), {"land_m2": rng.uniform(20, 200)})
        for i in range(6)
    }
    # Eight minutes, so that a small district has near and far.
    times = {"minutes": 8.0, "max_minutes": 25.0}
    walking = straight(**times) if walk == "straight_line" else times
    lines = cuts(rng)
    return inputs(
        settings=scenario(walking={**walking, **sections.pop("walking", {})}, **sections),
        residents=raster(residents, CELL),
        elderly=raster(elderly, CELL),
        places={level: units(shapes) for level, shapes in boxes(lines).items()},
        areas=estates(shapes_of_estates(rng)),
        ledger=facilities(ledger),
        premises=candidates(premises),
        streets=streets(rng),
        terrain=hills(rng),
    )


def with_units(given: Inputs, level: str, frame: gpd.GeoDataFrame) -> Inputs:
    """Return a district with other units at a level."""
    return replace(given, units={**given.units, level: frame})
