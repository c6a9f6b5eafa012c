"""Make the sample district: `python data/make_sample.py` writes data/sample/ from one seed."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from sample_maker import config, output
from sample_maker.candidates import make_candidates
from sample_maker.estates import Estate, choose_grounds, expected, make_estates, provided_m2
from sample_maker.facilities import make_facilities, serving
from sample_maker.grid import Grid
from sample_maker.ground import Ground, make_ground
from sample_maker.network import build, table
from sample_maker.people import People, populate
from sample_maker.roads import plan_lanes, plan_roads
from sample_maker.terrain import Land, make_land, settle
from sample_maker.zones import Zones, divide, outline, share_streets
from shapely.geometry.base import BaseGeometry

TARGET = Path(__file__).with_name("sample")
EDGE_CELLS = 2
NODATA = -9999


def _write_zones(folder: Path, zones: Zones) -> None:
    streets = pd.DataFrame(
        [(plan.code, plan.name, plan.kind) for plan in config.STREETS], columns=["XZQDM", "XZQMC", "类型"]
    )
    streets["teaching_point"] = ~streets["XZQMC"].isin(config.UNTAUGHT_STREETS)
    streets["served"] = ~streets["XZQMC"].isin(config.UNSERVED_STREETS)
    output.write_layer(folder / "streets.gpkg", streets, zones.streets)
    members = sorted(zones.communities, key=lambda one: one.code)
    communities = pd.DataFrame([(one.code, one.name, one.kind) for one in members], columns=["id", "name", "kind"])
    name, village = communities["name"], communities["kind"] == "村"
    communities["teaching_point"] = name.isin(config.TAUGHT_VILLAGES).where(
        village, ~name.isin(config.UNTAUGHT_COMMUNITIES)
    )
    communities["served"] = ~name.isin(config.UNSERVED_COMMUNITIES)
    output.write_layer(folder / "communities.gpkg", communities, [one.ground for one in members])


def _write_estates(folder: Path, estates: list[Estate]) -> None:
    facts = ["status", "households", "year_built", "residents", "elderly"]
    rows = [(one.code, one.name, *(getattr(one, fact) for fact in facts)) for one in estates]
    areas = pd.DataFrame(rows, columns=["id", "name", *facts])
    areas = areas.astype({"residents": "Int64", "elderly": "Int64"})
    areas["provided_m2"] = pd.Series(provided_m2(estates), dtype="Int64")
    output.write_layer(folder / "residential_areas.gpkg", areas, [one.ground for one in estates])


def _write_people(folder: Path, people: People) -> None:
    layers = {"residents": people.residents}
    layers |= {f"elderly_{age}": band for age, band in zip(config.AGE_BANDS, people.bands, strict=True)}
    grid = people.grid
    # The district bulges a little out of the frame; an edge without people lets the grid cover it whole.
    side = EDGE_CELLS * grid.cell
    wider = Grid(grid.x0 - side, grid.y0 - side, grid.cell, grid.columns + 2 * EDGE_CELLS, grid.rows + 2 * EDGE_CELLS)
    for name, values in layers.items():
        cells = np.pad(np.where(people.inside, values, NODATA), EDGE_CELLS, constant_values=NODATA).astype(np.int32)
        output.write_grid(folder / f"{name}.tif", wider, cells, NODATA, 2)


def _write_named(file: Path, layer: str, prefix: str, shapes: Sequence[tuple[str, BaseGeometry]]) -> None:
    rows = [(f"{prefix}{number:02d}", name) for number, (name, _) in enumerate(shapes, start=1)]
    facts = pd.DataFrame(rows, columns=["id", "name"])
    output.write_layer(file, facts, [shape for _, shape in shapes], layer)


def _write_ground(folder: Path, land: Land, zones: Zones, ground: Ground) -> None:
    exclusions, base = folder / "exclusions.gpkg", folder / "water.gpkg"
    _write_named(exclusions, "farmland", "A", ground.farmland)
    _write_named(exclusions, "ecology", "E", ground.ecology)
    _write_named(exclusions, "flood", "K", ground.flood)
    around = zones.district.buffer(600)
    water = [("岚江", land.river.intersection(around)), ("桐溪", land.tributary.intersection(around))]
    _write_named(base, "water", "H", water)
    _write_named(base, "green", "G", ground.green)


def _put_in_place(folder: Path) -> None:
    """Move the files made over the old ones, each in one step, and take away those that are made no more."""
    made = sorted(folder.iterdir())
    for file in made:
        file.replace(TARGET / file.name)
    kept = {file.name for file in made}
    for old in (*TARGET.glob("*.gpkg"), *TARGET.glob("*.tif"), *TARGET.glob("*.csv")):
        if old.name not in kept:
            old.unlink()


def _make(folder: Path) -> None:
    """Make all layers and write them into a folder."""
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
    _write_zones(folder, zones)
    _write_estates(folder, estates)
    _write_people(folder, people)
    output.write_layer(folder / "walk.gpkg", *table(edges))
    output.write_terrain(folder / "dem.tif", land)
    output.write_points(folder / "facilities.csv", facilities, places)
    output.write_points(folder / "candidates.csv", candidates, premises)
    _write_ground(folder, land, zones, ground)


def main() -> None:
    """Make the sample beside its place, then move it there: who reads meanwhile finds whole files."""
    TARGET.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix=".sample-", dir=TARGET.parent) as folder:
        _make(Path(folder))
        _put_in_place(Path(folder))


if __name__ == "__main__":
    main()
