"""Make the sample district: `python data/make_sample.py` writes data/sample/ anew from one seed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sample_maker import config, output
from sample_maker.candidates import make_candidates
from sample_maker.estates import Estate, choose_grounds, expected, make_estates
from sample_maker.facilities import make_facilities, serving
from sample_maker.ground import Ground, make_ground
from sample_maker.network import build, table
from sample_maker.people import People, populate
from sample_maker.roads import plan_lanes, plan_roads
from sample_maker.terrain import Land, make_land, settle
from sample_maker.zones import Zones, divide, outline, share_streets
from shapely.geometry.base import BaseGeometry

TARGET = Path(__file__).with_name("sample")
NODATA = -9999


def _write_zones(zones: Zones) -> None:
    streets = pd.DataFrame(
        [(plan.code, plan.name, plan.kind) for plan in config.STREETS], columns=["XZQDM", "XZQMC", "类型"]
    )
    output.write_layer(TARGET / "streets.gpkg", streets, zones.streets)
    members = sorted(zones.communities, key=lambda one: one.code)
    communities = pd.DataFrame([(one.code, one.name, one.kind) for one in members], columns=["id", "name", "kind"])
    output.write_layer(TARGET / "communities.gpkg", communities, [one.ground for one in members])


def _write_estates(estates: list[Estate]) -> None:
    facts = ["status", "households", "year_built", "residents", "elderly"]
    rows = [(one.code, one.name, *(getattr(one, fact) for fact in facts)) for one in estates]
    areas = pd.DataFrame(rows, columns=["id", "name", *facts])
    areas = areas.astype({"residents": "Int64", "elderly": "Int64"})
    output.write_layer(TARGET / "residential_areas.gpkg", areas, [one.ground for one in estates])


def _write_people(people: People) -> None:
    layers = {"residents": people.residents}
    layers |= {f"elderly_{age}": band for age, band in zip(config.AGE_BANDS, people.bands, strict=True)}
    for name, values in layers.items():
        cells = np.where(people.inside, values, NODATA).astype(np.int32)
        output.write_grid(TARGET / f"{name}.tif", people.grid, cells, NODATA, 2)


def _write_named(file: str, layer: str, prefix: str, shapes: Sequence[tuple[str, BaseGeometry]]) -> None:
    rows = [(f"{prefix}{number:02d}", name) for number, (name, _) in enumerate(shapes, start=1)]
    facts = pd.DataFrame(rows, columns=["id", "name"])
    output.write_layer(TARGET / file, facts, [shape for _, shape in shapes], layer)


def _write_ground(land: Land, zones: Zones, ground: Ground) -> None:
    _write_named("exclusions.gpkg", "farmland", "A", ground.farmland)
    _write_named("exclusions.gpkg", "ecology", "E", ground.ecology)
    _write_named("exclusions.gpkg", "flood", "K", ground.flood)
    around = zones.district.buffer(600)
    water = [("岚江", land.river.intersection(around)), ("桐溪", land.tributary.intersection(around))]
    _write_named("water.gpkg", "water", "H", water)
    _write_named("water.gpkg", "green", "G", ground.green)


def main() -> None:
    """Make all layers and write them."""
    TARGET.mkdir(exist_ok=True)
    for old in (*TARGET.glob("*.gpkg"), *TARGET.glob("*.tif"), *TARGET.glob("*.csv")):
        old.unlink()
    land = make_land()
    settlement = settle(land)
    edge = outline(land)
    roads = plan_roads(land, settlement, edge)
    streets = share_streets(land, edge, roads)
    grounds = choose_grounds(land, settlement, edge, streets, roads)
    zones = divide(land, expected(land, settlement, grounds), edge, streets, roads)
    estates = make_estates(land, settlement, zones, grounds)
    courses = plan_lanes(land, settlement, edge, roads)
    edges = build(land, settlement, zones.district, courses, [one.ground for one in estates])
    people = populate(land, settlement, zones, estates, edges)
    ground = make_ground(land, settlement, zones, roads, estates)
    facilities, places = make_facilities(zones, people, edges)
    served = places[serving(facilities).to_numpy()]
    candidates, premises = make_candidates(zones, people, ground, edges, served)
    _write_zones(zones)
    _write_estates(estates)
    _write_people(people)
    output.write_layer(TARGET / "walk.gpkg", *table(edges))
    output.write_terrain(TARGET / "dem.tif", land)
    output.write_points(TARGET / "facilities.csv", facilities, places)
    output.write_points(TARGET / "candidates.csv", candidates, premises)
    _write_ground(land, zones, ground)


if __name__ == "__main__":
    main()
