"""Stations at random points of the network: how the page walks from them, and how the library does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.crs import WGS84, transform_points
from siting.domain.nouns import quiet
from siting.domain.placed import PlacedStation
from siting.pipeline.ground import prepared, walk
from siting.places import home_units
from siting.travel.kernel import TOLERANCE_S
from siting.units import SECONDS_PER_MINUTE
from tests.what_if.conftest import Held
from tests.what_if.edits import Edit, edits
from tests.what_if.nodes import run_node

WALK = Path(__file__).with_name("walk.mjs")
# Unknown land, some, and much.
LANDS = (np.nan, 350.0, 1234.5)


def random_places(held: Held, count: int, seed: int) -> list[list[float]]:
    """Return points all over the ways and somewhat beyond: longitude, latitude."""
    random = np.random.default_rng(seed)
    assert held.inputs.network is not None
    west, south, east, north = held.inputs.network.edges.total_bounds
    x, y = random.uniform(west - 300, east + 300, count), random.uniform(south - 300, north + 300, count)
    found: list[list[float]] = np.column_stack(transform_points(x, y, held.inputs.crs, WGS84)).round(7).tolist()
    return found


def walked(held: Held, given: list[list[float]]) -> list[dict[str, Any]]:
    """Return where the page puts stations, and the cells that each reaches, with their steps."""
    found: list[dict[str, Any]] = run_node(WALK, held.data, given=given)
    return found


def sites_at(held: Held, given: list[list[float]]) -> gpd.GeoDataFrame:
    """Return places as points in the working CRS."""
    x, y = transform_points(*np.array(given).T, WGS84, held.inputs.crs)
    return gpd.GeoDataFrame(index=range(len(given)), geometry=shapely.points(x, y), crs=held.inputs.crs)


def library_walks(held: Held, given: list[list[float]]) -> list[dict[int, int]]:
    """Return the steps of the cells (by number) that the library reaches from each place."""
    minutes = held.found.reach.minutes
    walking = held.inputs.scenario.walking.model_copy(update={"minutes": minutes[-1]})
    scenario = held.inputs.scenario.model_copy(update={"walking": walking})
    ground = prepared(replace(held.inputs, scenario=scenario), quiet)
    limits = np.array(minutes) * SECONDS_PER_MINUTE
    nobody, farthest = np.zeros(len(given), dtype=bool), np.full(len(given), limits[-1])
    sites = sites_at(held, given)
    times = walk(ground.inputs, ground.demand, ground.ways, sites, nobody, quiet, cutoff_s=farthest).within
    numbers, rows = ground.demand.cells.index.to_numpy(), []
    for row in range(len(given)):
        cells, seconds = times.of(row)
        steps = np.searchsorted(limits + TOLERANCE_S, seconds, side="left")
        rows.append(dict(zip(numbers[cells].tolist(), steps.tolist(), strict=True)))
    return rows


def placed_edits(held: Held, count: int, seed: int) -> Iterator[Edit]:
    """Yield random edits, each with one to three stations that the page has put on its ways."""
    random = np.random.default_rng(seed)
    stand = [each["place"] for each in walked(held, random_places(held, 3 * count, seed))]
    for number, edit in enumerate(edits(held.found, count, seed)):
        some = stand[3 * number : 3 * number + random.integers(1, 4)]
        lands = random.choice(LANDS, len(some))
        figures = [{"land_m2": land, "floor_area_m2": np.nan, "beds": np.nan, "cost_cny": np.nan} for land in lands]
        yield replace(
            edit,
            placed=tuple(
                PlacedStation(f"placed-{row + 1}", None, "station", lon, lat, figures[row], {})
                for row, (lon, lat) in enumerate(some)
            ),
        )


def in_page(held: Held, edit: Edit) -> dict[str, Any]:
    """Return an edit as the page takes it: its stations with the units in which their points lie."""
    asked = {"options": edit.options, "minutes": edit.minutes, "pass_share": edit.pass_share}
    if not edit.placed:
        return asked
    homes = home_units(sites_at(held, [[each.lon, each.lat] for each in edit.placed]), held.inputs.units)
    homes = homes.astype(object).where(homes.notna(), None)
    stations = [
        {
            "slot": row,
            "lon": each.lon,
            "lat": each.lat,
            "land": None if pd.isna(each.figures["land_m2"]) else each.figures["land_m2"],
            "cost": None,
            "home": homes.iloc[row].to_dict(),
        }
        for row, each in enumerate(edit.placed)
    ]
    return {**asked, "placed": stations}
