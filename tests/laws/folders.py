"""A random district as files in a folder, and the same files with their records in another order or another CRS."""

import random
import re
import shutil
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS, Transformer

from siting.domain.nouns import Inputs, Raster
from tests.helpers import METRIC, box
from tests.laws.districts import BOTTOM, LEFT, RIGHT, TOP, district
from tests.read.case import write_raster

# How the network is given: OpenStreetMap, lines that meet at their ends, or lines that also meet where they cross.
Kind = Literal["osm", "lines", "split"]

_SCENARIO = """
[scenario]
title = "示例"
date = 2026-01-01

[standards]
place = "重庆市"

[population]
residents = { path = "residents.tif", unit = "persons per cell" }
elderly = { points = "elderly.gpkg" }

[units.district]
union_of = "street"
[units.street]
path = "street.gpkg"
[units.community]
path = "community.gpkg"
[units.community.people]
path = "people.csv"

[residential_areas]
path = "residential_areas.gpkg"

[facilities]
path = "facilities.csv"
crs = "EPSG:4545"
complete = true
columns = { lon = "x", lat = "y" }

[candidates]
path = "candidates.csv"
crs = "EPSG:4545"
columns = { lon = "x", lat = "y" }

[constraints.exclude.flood]
path = "flood.gpkg"
clause = "河道管理范围"

[constraints.prefer.parks]
path = "parks.gpkg"

[basemap.water]
style = "water"
path = "flood.gpkg"

[network]
path = "NETWORK"
split_at_crossings = SPLIT

[walking]
minutes = 8
max_minutes = 25

[plan]
stations = 2
"""


def write_district(folder: Path, seed: int, kind: Kind = "lines") -> Path:
    """Write a random district with a kind of network into a folder and return its scenario."""
    given, rng = district(seed), np.random.default_rng(seed)
    population = given.population
    assert isinstance(population.residents, Raster)
    grid = population.residents.grid
    corner = (grid.transform.c, grid.transform.f)
    write_raster(folder / "residents.tif", population.residents.values, origin=corner, cell=grid.transform.a)
    _elderly(rng).to_file(folder / "elderly.gpkg")
    for level in ("street", "community"):
        _plain(given.units[level]).to_file(folder / f"{level}.gpkg")
    # Two records without an id have one bounding box, and a table of people has rows of no unit.
    names = [*given.units["community"].index, "别处一", "别处二"]
    people = pd.DataFrame({"id": names, "residents": np.arange(len(names)) * 37.0 + 100})
    people.to_csv(folder / "people.csv", index=False)
    _plain(given.residential_areas).to_file(folder / "residential_areas.gpkg")
    for name, frame in (("facilities", given.facilities), ("candidates", given.candidates)):
        _ledger(frame).to_csv(folder / f"{name}.csv", index=False)
    _grounds(rng, "洪水").to_file(folder / "flood.gpkg")
    _grounds(rng, "公园").to_file(folder / "parks.gpkg")
    network = "walk.osm" if kind == "osm" else "walk.gpkg"
    if kind == "osm":
        (folder / network).write_text(_osm(given), encoding="utf-8")
    else:
        _lines(given, rng).to_file(folder / network)
    settings = _SCENARIO.replace("NETWORK", network).replace("SPLIT", str(kind == "split").lower())
    (folder / "scenario.toml").write_text(settings, encoding="utf-8")
    return folder / "scenario.toml"


def shuffle(folder: Path, seed: int) -> None:
    """Put the records of every file of a folder into another order."""
    rng = np.random.default_rng(seed)
    for path in sorted(folder.iterdir()):
        if path.suffix == ".gpkg":
            frame = pyogrio.read_dataframe(path)
            path.unlink()
            frame.iloc[rng.permutation(len(frame))].to_file(path)
        elif path.suffix == ".csv":
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
            table.iloc[rng.permutation(len(table))].to_csv(path, index=False)
        elif path.suffix == ".osm":
            head, *elements, tail = re.split(r"\n(?=<)", path.read_text(encoding="utf-8"))
            random.Random(seed).shuffle(elements)
            path.write_text("\n".join([head, *elements, tail]), encoding="utf-8")


def in_crs(given: Path, folder: Path, crs: str) -> Path:
    """Write the files of a folder into another folder, what has corners in another CRS; return the scenario."""
    shutil.copytree(given, folder)
    there = Transformer.from_crs(METRIC, crs, always_xy=True)
    for path in sorted(folder.iterdir()):
        if path.suffix == ".gpkg":
            frame = gpd.read_file(path)
            path.unlink()
            frame.to_crs(crs).to_file(path)
        elif path.suffix == ".csv" and "x" in (table := pd.read_csv(path)):
            x, y = there.transform(table["x"].to_numpy(), table["y"].to_numpy())
            table.assign(x=x, y=y).to_csv(path, index=False)
    scenario = folder / "scenario.toml"
    text = scenario.read_text(encoding="utf-8")
    scenario.write_text(text.replace(f"EPSG:{METRIC.to_epsg()}", crs), encoding="utf-8")
    return scenario


def _elderly(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Points with numbers of people whose sum depends on the order in which floats are added."""
    x, y = rng.uniform(LEFT, RIGHT, 60), rng.uniform(BOTTOM, TOP, 60)
    shapes = [box(a, b, a, b).centroid for a, b in zip(x, y, strict=True)]
    return gpd.GeoDataFrame({"people": rng.uniform(0.1, 9.0, 60)}, geometry=shapes, crs=METRIC)


def _grounds(rng: np.random.Generator, name: str) -> gpd.GeoDataFrame:
    """Polygons that overlap; the last two have one bounding box."""
    shapes = []
    for _ in range(3):
        x, y = rng.uniform(LEFT, RIGHT - 300), rng.uniform(BOTTOM, TOP - 300)
        shapes.append(box(x, y, x + 150, y + 150))
    west, south, east, north = shapes[-1].bounds
    shapes.append(shapely.Polygon([(west, south), (east, south), (east, north), (west, north - 20)]))
    return gpd.GeoDataFrame({"name": [f"{name}{i}" for i in range(4)]}, geometry=shapes, crs=METRIC)


def _plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.dropna(axis="columns", how="all").reset_index()


def _ledger(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    table = pd.DataFrame(_plain(frame).drop(columns="geometry"))
    return table.assign(x=frame.geometry.x.to_numpy(), y=frame.geometry.y.to_numpy())


def _lines(given: Inputs, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the streets as lines whose ends miss each other by up to four centimetres."""
    assert given.network is not None
    edges = given.network.edges[["kind", "geometry"]]
    return edges.set_geometry(shapely.transform(edges.geometry, lambda xy: xy + rng.uniform(-0.014, 0.014, xy.shape)))


def _osm(given: Inputs) -> str:
    """Return the streets as OpenStreetMap's XML, an element a line."""
    way_of = {"street": "residential", "path": "footway", "stairs": "steps", "bridge": "residential"}
    assert given.network is not None
    lon, lat = Transformer.from_crs(METRIC, CRS.from_epsg(4326), always_xy=True).transform(*given.network.node_xy.T)
    nodes = [
        f'<node id="{i + 1}" version="1" lon="{x:.7f}" lat="{y:.7f}"/>'
        for i, (x, y) in enumerate(zip(lon, lat, strict=True))
    ]
    ways = [
        f'<way id="{i + 1}" version="1"><nd ref="{row.u + 1}"/><nd ref="{row.v + 1}"/>'
        f'<tag k="highway" v="{way_of[row.kind]}"/></way>'
        for i, row in enumerate(given.network.edges.itertuples())
    ]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">', *nodes, *ways, "</osm>"])
