"""Chongqing's districts as a scenario: real districts, people and a census, made-up facilities."""

from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

SCENARIO: Final = """
[scenario]
title = "重庆市各区县"
date = 2026-01-01
[standards]
place = "重庆市"
[population]
residents = {{ path = "{kit}/ghspop_chongqing_54009_100m.tif", unit = "persons per cell" }}
elderly_share = 0.22 # the scenario's own assumption: the grid knows no ages
[units.district]
path = "{kit}/districts_gbk_shp/区县界_area.shp"
columns = {{ name = "NAME", id = "ADMINCODE" }}
[units.district.people]
path = "{kit}/census2020_by_district.csv"
columns = {{ name = "unit", residents = "resident", elderly = "pop60" }}
[facilities]
path = "facilities.csv"
crs = "EPSG:4326"
complete = true
defaults = {{ status = "existing" }}
[walking]
mode = "straight_line"
"""


def prepare(shared: Path, made: Path) -> Path:
    """Write the facilities and the scenario, and return the scenario's path."""
    kit = shared / "realdata" / "chongqing_core"
    make_ledger(read_districts(kit)).drop(columns="district").to_csv(made / "facilities.csv")
    path = made / "scenario.toml"
    path.write_text(SCENARIO.format(kit=kit.resolve().as_posix()), encoding="utf-8")
    return path


def read_districts(kit: Path) -> gpd.GeoDataFrame:
    """Return the districts by name."""
    found = gpd.read_file(next((kit / "districts_gbk_shp").glob("*.shp")), encoding="gbk")
    return found.set_index("NAME")


def make_ledger(districts: gpd.GeoDataFrame) -> pd.DataFrame:
    """Three facilities a district, made up, each inside its polygon."""
    random = np.random.default_rng(20260101)
    rows: list[dict[str, Any]] = []
    for code, shape in zip(districts["ADMINCODE"], districts.geometry, strict=True):
        for number, tier in enumerate(("institution", "centre", "station")):
            point = _inside(shape, random)
            beds = int(random.integers(20, 400))
            rows.append(
                {
                    "id": f"{code}-{number}",
                    "tier": tier,
                    "lon": point.x,
                    "lat": point.y,
                    "land_m2": float(random.integers(500, 150_000)),
                    "beds": beds,
                    "nursing_beds": int(random.integers(0, beds + 1)),
                    "operator_kind": str(random.choice(["government", "public_private", "private"])),
                    "district": code,
                }
            )
    return pd.DataFrame(rows).set_index("id")


def _inside(shape: Any, random: np.random.Generator) -> shapely.Point:
    west, south, east, north = shape.bounds
    while True:
        point = shapely.Point(random.uniform(west, east), random.uniform(south, north))
        if shape.contains(point):
            return point
