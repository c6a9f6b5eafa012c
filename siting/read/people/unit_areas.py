"""Areas of people that are the units themselves: their figures are those of the units."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.domain.nouns import Floats, Ints, PeopleLayer, Population
from siting.domain.scenario import FINE_TO_COARSE, Level
from siting.read.geometry.pieces import usable
from siting.read.log import LayerLog

# An area is the unit if the intersection is at least this share of the union: two drawings of a border differ by less.
SAME: Final = 0.95


@dataclass(frozen=True)
class UnitFigures:
    """Figures of the units of one level: ``figures`` holds ``residents`` and ``elderly`` by id, NaN if unknown."""

    level: Level
    figures: pd.DataFrame


def same_areas(areas: gpd.GeoSeries, units: gpd.GeoSeries) -> Ints:
    """Return for each unit the position of the area with the same extent; -1 if there is none.

    Parameters
    ----------
    areas, units : geopandas.GeoSeries
        Polygons in one metric CRS.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> from siting.read.people.unit_areas import same_areas
    >>> areas = gpd.GeoSeries([box(0, 0, 101, 100), box(101, 0, 150, 100)])
    >>> same_areas(areas, gpd.GeoSeries([box(0, 0, 100, 100), box(100, 0, 200, 100)])).tolist()
    [0, -1]
    """
    ours, theirs = areas.to_numpy().astype(object), units.to_numpy().astype(object)
    found = np.full(len(theirs), -1, dtype=np.int64)
    ours[~usable(ours)], theirs[~usable(theirs)] = shapely.Polygon(), shapely.Polygon()
    unit, area = shapely.STRtree(ours).query(theirs, predicate="intersects")
    size, whole = shapely.area(ours)[area], shapely.area(theirs)[unit]
    near = (np.minimum(size, whole) >= SAME * np.maximum(size, whole)) & (whole > 0)
    unit, area, total = unit[near], area[near], (size + whole)[near]
    shared = shapely.area(shapely.intersection(ours[area], theirs[unit]))
    same = shared >= SAME * (total - shared)
    found[unit[same]] = area[same]
    return found


def figures_of_areas(
    people: Mapping[str, PeopleLayer], units: Mapping[str, gpd.GeoDataFrame], wanted: Level | None
) -> UnitFigures | None:
    """Return the figures that areas of people give for units, at the level at which most areas are units.

    Parameters
    ----------
    people : mapping of str to PeopleLayer
        ``residents``, ``elderly``, if they are areas.
    units : mapping of str to geopandas.GeoDataFrame
        Units by level, in the CRS of the areas.
    wanted : str, optional
        The only level to consider.

    Returns
    -------
    UnitFigures or None
        If levels have equally many, the finest; None if no area is a unit.
    """
    levels = [level for level in FINE_TO_COARSE if level in units and wanted in (None, level)]
    found = {level: _figures(people, units[level]) for level in levels}
    counts = {level: int(figures.notna().to_numpy().sum()) for level, figures in found.items()}
    best = max(levels, key=lambda level: counts[level], default=None)
    return None if best is None or not counts[best] else UnitFigures(best, found[best])


def _figures(people: Mapping[str, PeopleLayer], units: gpd.GeoDataFrame) -> pd.DataFrame:
    table = pd.DataFrame(np.nan, index=units.index, columns=["residents", "elderly"])
    for who, layer in people.items():
        at = same_areas(layer.frame.geometry, units.geometry)
        persons: Floats = layer.frame["people"].to_numpy(dtype=np.float64)
        table.loc[at >= 0, who] = persons[at[at >= 0]]
    return table


def with_ground_of_units(layer: PeopleLayer, units: gpd.GeoDataFrame) -> PeopleLayer:
    """Return a layer in which areas without a figure have the shape of the units that they are.

    Otherwise a neighbour would be partly unknown if the borders were drawn twice.
    """
    if layer.unknown is None:
        return layer
    at = same_areas(layer.unknown, units.geometry)
    shapes = layer.unknown.to_numpy().astype(object)
    shapes[at[at >= 0]] = units.geometry.to_numpy()[at >= 0]
    return replace(layer, unknown=gpd.GeoSeries(shapes, crs=units.crs))


def with_own_figures(units: Mapping[str, gpd.GeoDataFrame], population: Population) -> dict[str, gpd.GeoDataFrame]:
    """Return the units with the figures that areas of people give for them, in addition to those of a table."""
    found = dict(units)
    level, figures = population.calibrate, population.figures
    if level is None or figures is None or level not in found:
        return found
    frame = found[level]
    for who in figures:
        own = f"own_{who}"
        if own not in frame or figures[who].notna().any():
            frame = frame.assign(**{own: figures[who].reindex(frame.index).astype("float64")})
    found[level] = frame
    return found


def tell_figures(figures: pd.DataFrame, level: Level, logs: Mapping[str, LayerLog]) -> None:
    """Note that areas are units of a level, which keep their figures."""
    for who, log in logs.items():
        count = int(figures[who].notna().sum())
        if count:
            log.note("people_areas_are_units", level=level, count=count, of=len(figures))
