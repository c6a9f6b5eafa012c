"""One unit made from the extent of the data, if a scenario has no boundaries of units."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from siting.crs import carried_rectangle
from siting.domain.nouns import Population, Raster
from siting.domain.scenario import Level, Scenario
from siting.domain.tables import UNIT_COLUMNS
from siting.read.geometry.projections import frame_bounds
from siting.read.log import Log
from siting.read.tables.finish import absent
from siting.text import Lang, say
from siting.units import M2_PER_KM2

_HAN: Final = re.compile("[\u4e00-\u9fff]")


def extent_levels(scenario: Scenario) -> tuple[Level, ...]:
    """Return the levels whose only unit is made from the extent of the data."""
    return tuple(level for level, unit in scenario.units.items() if unit.of_extent)


def with_extent(
    scenario: Scenario,
    units: Mapping[str, gpd.GeoDataFrame],
    frames: Iterable[gpd.GeoDataFrame],
    crs: CRS,
    reach_m: float,
) -> dict[str, gpd.GeoDataFrame]:
    """Return the units, with the rectangle around the data for each level that is made from their extent.

    Parameters
    ----------
    scenario : Scenario
        Tells which levels these are, and the name of the unit.
    units : mapping of str to geopandas.GeoDataFrame
        All other levels.
    frames : iterable of geopandas.GeoDataFrame
        The layers inside the rectangle, each in its own CRS.
    crs : pyproj.CRS
        Working CRS, metres.
    reach_m : float
        How far people walk: the rectangle is enlarged by this, metres.
    """
    found = dict(units)
    bounds = frame_bounds(list(frames), crs)
    for level in extent_levels(scenario):
        if bounds is None:
            found[level] = absent(UNIT_COLUMNS, crs)
            continue
        ground = shapely.box(bounds[0] - reach_m, bounds[1] - reach_m, bounds[2] + reach_m, bounds[3] + reach_m)
        found[level] = made_unit(scenario, level, ground, crs)
    return {level: found[level] for level in scenario.units if level in found}


def cut_to_people(
    scenario: Scenario, units: Mapping[str, gpd.GeoDataFrame], population: Population, crs: CRS, log: Log
) -> dict[str, gpd.GeoDataFrame]:
    """Cut units made from the extent to the area that the population rasters cover, and note it.

    Parameters
    ----------
    scenario : Scenario
        Tells which levels are made from the extent.
    units : mapping of str to geopandas.GeoDataFrame
        Units of every level in ``crs``.
    population : Population
        Beyond the rectangles of its rasters the people are unknown.
    crs : pyproj.CRS
        Working CRS, metres.
    log : Log
        Takes the note ``unit_of_extent``.
    """
    found = dict(units)
    grids = [each.grid for each in (population.residents, population.elderly) if isinstance(each, Raster)]
    for level in extent_levels(scenario):
        frame = found[level]
        if not len(frame):
            continue
        ground = frame.geometry.iloc[0]
        for grid in grids:
            move, (rows, columns) = grid.transform, grid.shape
            sides = (move.c, move.f + rows * move.e, move.c + columns * move.a, move.f)
            ground = shapely.intersection(ground, carried_rectangle(sides, grid.crs, crs, np.asarray(ground.bounds)))
        found[level] = frame.set_geometry(gpd.GeoSeries([ground], index=frame.index, crs=crs))
        log.layer(f"units.{level}").note("unit_of_extent", level=level, area_km2=f"{ground.area / M2_PER_KM2:,.1f}")
    return found


def made_unit(
    scenario: Scenario, level: Level, ground: shapely.Geometry, crs: CRS, *, names: Iterable[object] = ()
) -> gpd.GeoDataFrame:
    """Return the only row of such a unit: its id is the level's name unless ``defaults`` gives one.

    Without a name it is called the study area, in Chinese if the title or one of ``names``, those of its parts, is.
    """
    unit = scenario.units[level]
    given = unit.defaults
    # The title is that of a work, not of a place.
    lang: Lang = "zh" if any(_HAN.search(str(each)) for each in (scenario.scenario.title, *names)) else "en"
    name, kind = unit.name or given.get("name", say("whole.area", lang)), given.get("kind")
    index = pd.Index([str(given.get("id", level))], name="id")
    columns = [column.key for column in UNIT_COLUMNS if column.key != "id"]
    row = pd.DataFrame({"name": [str(name)], "kind": [None if kind is None else str(kind)]}, index=index)
    row = row.reindex(columns=columns).astype(absent(UNIT_COLUMNS, crs)[columns].dtypes)
    return gpd.GeoDataFrame(row, geometry=gpd.GeoSeries([ground], index=index, crs=crs))
