"""How much of each place the population grids cover."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from siting.crs import carried_rectangle
from siting.domain.nouns import Floats, Grid


def covered_shares(
    grids: Sequence[Grid],
    places: Mapping[str, gpd.GeoDataFrame],
    crs: CRS,
    unknown: gpd.GeoSeries | None = None,
) -> dict[str, Floats]:
    """Return the share of each place's area that lies within the outer rectangles of all grids and is known.

    Parameters
    ----------
    grids : sequence of Grid
        The grids as they were given, north up. Without any (only people of points or areas) every place is fully
        covered.
    places : mapping of str to geopandas.GeoDataFrame
        Polygons of every level in ``crs``.
    crs : pyproj.CRS
        Working CRS, metres.
    unknown : geopandas.GeoSeries, optional
        Areas in which layers mark the people as unknown, in ``crs``.

    Returns
    -------
    dict of str to ndarray
        By level, values in [0, 1] in the order of the places.
    """
    if not grids and unknown is None:
        return {level: np.ones(len(frame)) for level, frame in places.items()}
    bounds = gpd.GeoSeries(pd.concat([frame.geometry for frame in places.values()]), crs=crs).total_bounds
    ground = shapely.intersection_all([shapely.box(*bounds), *(_rectangle(grid, crs, bounds) for grid in grids)])
    if unknown is not None:
        ground = shapely.difference(ground, unknown.union_all())
    shapely.prepare(ground)
    return {level: _shares(frame.geometry, ground) for level, frame in places.items()}


def _rectangle(grid: Grid, crs: CRS, bounds: Floats) -> BaseGeometry:
    """Return the outer rectangle of a grid in another CRS, limited to the bounds."""
    left, right = grid.transform.c, grid.transform.c + grid.shape[1] * grid.transform.a
    top, bottom = grid.transform.f, grid.transform.f + grid.shape[0] * grid.transform.e
    return carried_rectangle((left, bottom, right, top), grid.crs, crs, bounds)


def _shares(places: gpd.GeoSeries, ground: BaseGeometry) -> Floats:
    shapes = places.to_numpy()
    shares = np.ones(len(shapes))
    cut = np.flatnonzero(~shapely.covers(ground, shapes))
    parts, whole = shapely.area(shapely.intersection(shapes[cut], ground)), shapely.area(shapes[cut])
    shares[cut] = np.divide(parts, whole, out=np.zeros(len(cut)), where=whole > 0)
    return shares
