"""Make a municipality the size of Chongqing, or a part of it, and measure what a check and a plan of it take.

    python benchmarks/municipality.py FOLDER [--part 0.01] [--make]

The whole (``--part 1``) has 82,400 km², 32 million residents in about 1.5 million populated cells of 100 m (cities,
towns and villages in valleys), 38 districts, 1,030 streets and towns, 11,000 communities and villages, 60,000
residential areas, 6,000 facilities, 20,000 candidates, and a walking network of about 2 million nodes on a terrain. A
part has all of it in proportion, on an area that is as much smaller. The seed is fixed: the same part is the same to
the byte. ``zones.toml`` is a second scenario, with three zones that overlap districts (``units.planning``) and the same
ways as an OpenStreetMap extract.

With ``--make`` the inputs are only made. Otherwise ``siting check`` (with an empty cache, then with what it kept),
``propose --stations 60`` and ``300``, ``map`` (a folder) and ``report`` run on them, each in a process of its own; a
table gives wall seconds, processor seconds and the largest resident set.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import osmium
import osmium.osm.mutable
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.transform import from_origin
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay, cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Box = tuple[int, int, int, int]

# The whole: Chongqing in round figures (seventh census 2020; 82,400 km²).
AREA_M2: Final = 82_400e6
RESIDENTS: Final = 32e6
POPULATED: Final = 1_500_000
UNITS: Final = {"district": 38, "street": 1_030, "community": 11_000}
AREAS, FACILITIES, CANDIDATES = 60_000, 6_000, 20_000
CELL_M: Final = 100.0
# Metres between two nodes of a road between settlements.
ROAD_M: Final = 150.0
# The share of links between neighbouring settlements that are roads beside the spanning tree.
MORE_ROADS: Final = 0.15
NEW_AREAS: Final = 0.1
# The lower left corner, in CGCS2000 / 3-degree Gauss-Kruger CM 108E.
EAST, NORTH = 400_000.0, 3_200_000.0
CRS: Final = "EPSG:4545"
# Maximum resident set in kilobytes on Linux, in bytes on macOS.
MAXRSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Settlements:
    """Settlements: the cell of each centre, its residents, and its radius in cells."""

    row: Ints
    column: Ints
    residents: Floats
    radius: Floats


def counted(whole: float, part: float) -> int:
    """Return how many of something a part of the municipality has."""
    return max(round(whole * part), 1)


def terrain(side: int, rng: np.random.Generator) -> Floats:
    """Return heights in metres, shape (side, side): ridges of some kilometres with valleys between."""
    noise = rng.standard_normal((side, side))
    scales = (6.0, 15.0, 40.0)
    smooth = np.add.reduce([gaussian_filter(noise, scale, mode="wrap") * scale for scale in scales])
    spread = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return np.asarray(180.0 + 900.0 * spread**1.5, dtype=np.float64)


def settle(heights: Floats, part: float, rng: np.random.Generator) -> Settlements:
    """Return settlements in valleys: cities with 45 % of the residents, towns with 25 %, villages with the rest."""
    kinds = ((UNITS["district"], 0.45, 26.0), (UNITS["street"], 0.25, 7.0), (UNITS["community"], 0.30, 2.6))
    low = np.exp(-(heights - heights.min()) / 120.0).ravel()
    odds = np.cumsum(low / low.sum())
    rows, columns, residents, radius = [], [], [], []
    for whole, share, size in kinds:
        many = counted(whole, part)
        at = np.searchsorted(odds, rng.random(many))
        weight = rng.lognormal(0.0, 0.5, many)
        rows.append(at // heights.shape[1])
        columns.append(at % heights.shape[1])
        residents.append(RESIDENTS * part * share * weight / weight.sum())
        radius.append(np.full(many, size) * np.sqrt(weight))
    return Settlements(*(np.concatenate(each) for each in (rows, columns, residents, radius)))


def people(heights: Floats, found: Settlements, part: float, rng: np.random.Generator) -> Floats:
    """Return residents by cell, whole persons; nobody in most cells."""
    density = np.zeros_like(heights)
    for row, column, residents, radius in zip(found.row, found.column, found.residents, found.radius, strict=True):
        reach = int(3 * radius) + 1
        down, right = np.arange(-reach, reach + 1)[:, None], np.arange(-reach, reach + 1)[None, :]
        bell = np.exp(-(down**2 + right**2) / (2.0 * radius**2))
        top, left = max(row - reach, 0), max(column - reach, 0)
        inside = np.s_[top : row + reach + 1, left : column + reach + 1]
        bell = bell[top - (row - reach) :, left - (column - reach) :][
            : density[inside].shape[0], : density[inside].shape[1]
        ]
        density[inside] += residents * bell / bell.sum()
    density *= rng.gamma(0.8, 1.25, density.shape)
    many = min(counted(POPULATED, part), density.size)
    density[density < np.partition(density.ravel(), -many)[-many]] = 0.0
    return np.asarray(np.ceil(density * RESIDENTS * part / density.sum()), dtype=np.float64)


def divide(weight: Floats, box: Box, many: int) -> Iterator[Box]:
    """Yield ``many`` boxes of about the same weight, by cuts across the longer side."""
    if many <= 1:
        yield box
        return
    top, left, bottom, right = box
    first = many // 2
    down = bottom - top >= right - left
    along = weight[top:bottom, left:right].sum(axis=1 if down else 0) + 1e-9
    share = np.cumsum(along) / along.sum()
    cut = int(np.clip(np.searchsorted(share, first / many) + 1, 1, len(along) - 1)) if len(along) > 1 else 0
    if cut == 0:
        yield box
        return
    one = (top, left, top + cut, right) if down else (top, left, bottom, left + cut)
    other = (top + cut, left, bottom, right) if down else (top, left + cut, bottom, right)
    yield from divide(weight, one, first)
    yield from divide(weight, other, many - first)


def nested(weight: Floats, part: float) -> dict[str, list[tuple[str, Box]]]:
    """Return districts, their streets and their communities, as ids and boxes of cells."""
    found: dict[str, list[tuple[str, Box]]] = {level: [] for level in UNITS}
    whole: Box = (0, 0, *weight.shape)
    for number, district in enumerate(divide(weight, whole, counted(UNITS["district"], part))):
        found["district"].append((f"5001{number:02}", district))
    for level, above, digits in (("street", "district", 3), ("community", "street", 3)):
        units, many = found[above], counted(UNITS[level], part)
        for place, (key, box) in enumerate(units):
            own = many // len(units) + (place < many % len(units))
            for number, each in enumerate(divide(weight, box, max(own, 1))):
                found[level].append((f"{key}{number + 1:0{digits}}", each))
    return found


def east_north(row: NDArray[Any], column: NDArray[Any], side: int) -> Floats:
    """Return coordinates of positions in cells, rows from the top."""
    return np.column_stack([EAST + column * CELL_M, NORTH + (side - row) * CELL_M])


def polygons(units: list[tuple[str, Box]], side: int) -> NDArray[np.object_]:
    """Return the polygons of boxes; borders lie off the lines of cells."""
    top, left, bottom, right = np.array([box for _, box in units], dtype=np.float64).T
    inner = [np.where((each > 0) & (each < side), each + 0.37, each) for each in (top, left, bottom, right)]
    low, high = east_north(inner[2], inner[1], side), east_north(inner[0], inner[3], side)
    return shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])


def network(residents: Floats, found: Settlements, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return streets among neighbouring populated cells, and roads between settlements, as lines of two points."""
    side = len(residents)
    row, column = np.nonzero(residents)
    number = np.full(residents.shape, -1, dtype=np.int64)
    number[row, column] = np.arange(len(row))
    off = rng.uniform(0.3, 0.7, (2, len(row)))
    nodes = east_north(row + off[0], column + off[1], side)
    pairs = []
    for down, right, odds in ((0, 1, 0.92), (1, 0, 0.92), (1, 1, 0.12)):
        one, other = number[: side - down, : side - right], number[down:, right:]
        both = (one >= 0) & (other >= 0) & (rng.random(one.shape) < odds)
        pairs.append(np.column_stack([one[both], other[both]]))
    centres = cKDTree(nodes).query(east_north(found.row + 0.5, found.column + 0.5, side))[1]
    centres = np.unique(centres)
    corners = Delaunay(nodes[centres]).simplices
    links = np.unique(np.sort(corners[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0)
    length = np.linalg.norm(nodes[centres[links[:, 0]]] - nodes[centres[links[:, 1]]], axis=1)
    graph = csr_array((length, (links[:, 0], links[:, 1])), shape=(len(centres), len(centres)))
    tree = minimum_spanning_tree(graph).tocoo()
    more = links[rng.random(len(links)) < MORE_ROADS]
    roads = np.concatenate([np.column_stack([tree.row, tree.col]), more])
    lines = [nodes[np.concatenate(pairs)].reshape(-1, 2, 2)]
    for one, other in centres[roads]:
        steps = max(int(np.linalg.norm(nodes[one] - nodes[other]) // ROAD_M), 1)
        bent = np.linspace(nodes[one], nodes[other], steps + 1)
        bent[1:-1] += rng.normal(0.0, 15.0, bent[1:-1].shape)
        lines.append(np.stack([bent[:-1], bent[1:]], axis=1))
    ends = np.concatenate(lines).reshape(-1, 2)
    many = len(ends) // 2
    shapes = shapely.linestrings(ends, indices=np.repeat(np.arange(many), 2))
    return gpd.GeoDataFrame({"kind": "street"}, geometry=shapes, crs=CRS, index=pd.RangeIndex(many))


def residential_areas(residents: Floats, part: float, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return squares of two cells by two where many live, none upon another."""
    side = len(residents) // 2 * 2
    blocks = residents[:side, :side].reshape(side // 2, 2, side // 2, 2).sum(axis=(1, 3))
    many = min(counted(AREAS, part), int((blocks > 0).sum()))
    best = np.argpartition(blocks.ravel(), -many)[-many:]
    row, column = np.divmod(np.sort(best), side // 2)
    low, high = (
        east_north(2 * row + 1.9, 2 * column + 0.1, len(residents)),
        east_north(2 * row + 0.1, 2 * column + 1.9, len(residents)),
    )
    keys = [f"R{number:06}" for number in range(many)]
    facts = {
        "id": keys,
        "name": keys,
        "status": np.where(rng.random(many) < NEW_AREAS, "new", "existing"),
        "households": np.ceil(blocks.ravel()[np.sort(best)] / 2.6).astype(int),
    }
    return gpd.GeoDataFrame(facts, geometry=shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]), crs=CRS)


def points(residents: Floats, many: int, letter: str, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return points in populated cells, more where more live."""
    row, column = np.nonzero(residents)
    odds = np.cumsum(np.sqrt(residents[row, column]))
    at = np.searchsorted(odds, rng.random(many) * odds[-1])
    xy = east_north(row[at] + rng.random(many), column[at] + rng.random(many), len(residents))
    keys = [f"{letter}{number:05}" for number in range(many)]
    return gpd.GeoDataFrame({"id": keys, "name": keys}, geometry=shapely.points(xy), crs=CRS)


def ledger(residents: Floats, part: float, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return facilities of three tiers with their plots."""
    found = points(residents, counted(FACILITIES, part), "F", rng)
    many = len(found)
    tier = rng.choice(["institution", "centre", "station"], many, p=[0.06, 0.17, 0.77])
    land = np.select([tier == "institution", tier == "centre"], [4000.0, 900.0], 350.0) * rng.lognormal(0.0, 0.3, many)
    beds = np.select([tier == "institution", tier == "centre"], [150, 20], 0)
    return found.assign(
        tier=tier,
        status="existing",
        land_m2=land.round(),
        floor_area_m2=(1.2 * land).round(),
        beds=beds,
        nursing_beds=beds // 2,
        operator_kind=rng.choice(["government", "public_private", "private"], many),
        serves_community=rng.choice([True, False], many),
    )


SCENARIO: Final = """
[scenario]
title = "Made municipality"
date = 2026-01-01
[standards]
place = "重庆市"
[population]
residents = {{ path = "residents.tif", unit = "persons per cell" }}
elderly = {{ path = "elderly.tif", unit = "persons per cell" }}
{units}
[residential_areas]
path = "residential_areas.parquet"
[facilities]
path = "facilities.parquet"
complete = true
[candidates]
path = "candidates.parquet"
[network]
path = "network.parquet"
[terrain]
path = "dem.tif"
[walking]
walker = "elder"
minutes = 15
[plan]
model = "mclp"
stations = 60
"""


def make(folder: Path, part: float) -> None:
    """Write the inputs of a part of the municipality."""
    rng = np.random.default_rng(20_260_101)
    folder.mkdir(parents=True, exist_ok=True)
    side = int(np.ceil(np.sqrt(AREA_M2 * part) / CELL_M))
    heights = terrain(side, rng)
    settlements = settle(heights, part, rng)
    residents = people(heights, settlements, part, rng)
    share = np.clip(0.2 + 0.05 * gaussian_filter(rng.standard_normal(residents.shape), 30.0) * 30.0, 0.1, 0.35)
    elderly = np.minimum(np.round(residents * share), residents)
    for name, values, kind in (
        ("residents", residents, "float32"),
        ("elderly", elderly, "float32"),
        ("dem", heights, "float32"),
    ):
        place = from_origin(EAST, NORTH + side * CELL_M, CELL_M, CELL_M)
        shape = {"height": side, "width": side, "count": 1, "tiled": True, "compress": "deflate"}
        with rasterio.open(
            folder / f"{name}.tif", "w", driver="GTiff", dtype=kind, crs=CRS, transform=place, **shape
        ) as out:
            out.write(values.astype(kind), 1)
    texts = []
    for level, units in nested(residents, part).items():
        kinds = {"district": "区", "street": "街道", "community": "社区"}
        keys = [key for key, _ in units]
        frame = gpd.GeoDataFrame(
            {"id": keys, "name": [f"{key}{kinds[level]}" for key in keys], "kind": kinds[level]},
            geometry=polygons(units, side),
            crs=CRS,
        )
        frame.to_parquet(folder / f"{level}.parquet")
        texts.append(f'[units.{level}]\npath = "{level}.parquet"')
    network(residents, settlements, rng).to_parquet(folder / "network.parquet")
    residential_areas(residents, part, rng).to_parquet(folder / "residential_areas.parquet")
    ledger(residents, part, rng).to_parquet(folder / "facilities.parquet")
    candidates = points(residents, counted(CANDIDATES, part), "C", rng)
    candidates.assign(kind="community_premises", floor_area_m2=350.0, far=2.5).to_parquet(folder / "candidates.parquet")
    (folder / "scenario.toml").write_text(SCENARIO.format(units="\n".join(texts)), encoding="utf-8")
    other(folder, side, texts)
    print(f"part {part:g}: {int((residents > 0).sum()):,} populated cells, {int(residents.sum()):,} residents")


def other(folder: Path, side: int, texts: list[str]) -> None:
    """Write a second scenario: with three zones that overlap districts, and the ways as an OpenStreetMap extract."""
    third = side // 3
    boxes = [(0, at * third + 2, side - 5, (at + 1) * third + 2) for at in range(3)]
    zones = [
        (f"zone{at}", (top, left, bottom, min(right, side))) for at, (top, left, bottom, right) in enumerate(boxes)
    ]
    frame = gpd.GeoDataFrame({"id": [key for key, _ in zones]}, geometry=polygons(zones, side), crs=CRS)
    frame.assign(name=frame["id"]).to_parquet(folder / "planning.parquet")
    osm_extract(folder / "network.osm.pbf", gpd.read_parquet(folder / "network.parquet"))
    text = SCENARIO.format(units="\n".join([*texts, '[units.planning]\npath = "planning.parquet"']))
    (folder / "zones.toml").write_text(text.replace("network.parquet", "network.osm.pbf"), encoding="utf-8")


def osm_extract(path: Path, lines: gpd.GeoDataFrame) -> None:
    """Write lines of two points as ways of an OpenStreetMap extract; ends at the same place are one node."""
    ends = shapely.get_coordinates(lines.to_crs(4326).geometry.to_numpy()).round(7)
    places, number = np.unique(ends, axis=0, return_inverse=True)
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path)) as writer:
        for key, (lon, lat) in enumerate(places.tolist(), 1):
            writer.add_node(osmium.osm.mutable.Node(id=key, location=(lon, lat), version=1))
        for key, pair in enumerate((number.reshape(-1, 2) + 1).tolist(), 1):
            writer.add_way(osmium.osm.mutable.Way(id=key, nodes=pair, tags={"highway": "residential"}, version=1))


def measured(environment: Mapping[str, str], *words: object) -> tuple[float, float, float]:
    """Run a command of siting; return wall seconds, processor seconds and the largest resident set in MiB."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "siting", *map(str, words), "--quiet"]
    process = subprocess.Popen(command, env=environment)  # noqa: S603
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        sys.exit(f"siting {words[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * MAXRSS_UNIT / 1024 / 1024


def main() -> None:
    """Make the inputs, and measure the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", type=float, default=0.01)
    parser.add_argument("--make", action="store_true")
    given = parser.parse_args()
    folder = given.folder / f"{given.part:g}"
    if not (folder / "scenario.toml").exists():
        start = time.perf_counter()
        make(folder, given.part)
        print(f"made in {time.perf_counter() - start:.0f} s")
    if given.make:
        return
    scenario = folder / "scenario.toml"
    print("| command | wall s | processor s | MiB |\n|---|---|---|---|")
    kept, out = os.environ | {"SITING_CACHE": str(folder / "kept")}, folder / "out"
    shutil.rmtree(folder / "kept", ignore_errors=True)
    steps = (
        ("check, cold", "check", scenario, "-o", out / "gaps.geojson"),
        ("check, warm", "check", scenario, "-o", out / "gaps.geojson"),
        ("propose --stations 60", "propose", scenario, "-o", out / "plan.geojson", "--stations", 60),
        ("propose --stations 300", "propose", scenario, "-o", out / "plan300.geojson", "--stations", 300),
        ("map, a folder", "map", scenario, "-o", out / "map"),
        ("report", "report", scenario, "-o", out / "report"),
    )
    for name, *words in steps:
        wall, processor, most = measured(kept, *words)
        print(f"| {name} | {wall:.1f} | {processor:.1f} | {most:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
