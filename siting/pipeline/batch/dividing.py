"""Which part of the area points and places belong to: every point to exactly one."""

import geopandas as gpd
import numpy as np
import shapely

from siting.domain.nouns import Floats, Ints


def part_of_points(units: gpd.GeoDataFrame, xy: Floats) -> Ints:
    """Return the part of each point: the row of the unit that contains it, or else of the nearest unit.

    Parameters
    ----------
    units : geopandas.GeoDataFrame
        The units by which an area is divided; of units that overlap the first counts.
    xy : ndarray
        Shape (points, 2), in the CRS of the units.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import numpy as np
    >>> from shapely import box
    >>> from siting.pipeline.batch.dividing import part_of_points
    >>> units = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs="EPSG:4545")
    >>> part_of_points(units, np.array([[0.5, 0.5], [1.0, 0.5], [1.5, 0.5], [9.0, 0.5]])).tolist()
    [0, 0, 1, 1]
    """
    found = np.full(len(xy), -1, dtype=np.int64)
    if not len(xy):
        return found
    points, shapes = np.asarray(shapely.points(xy), dtype=object), units.geometry.to_numpy()
    unit, point = shapely.STRtree(points).query(shapes, predicate="intersects")
    # In reverse, so that the first unit remains.
    found[point[::-1]] = unit[::-1]
    outside = np.flatnonzero(found < 0)
    if len(outside):
        found[outside] = shapely.STRtree(shapes).nearest(points[outside])
    return found


def part_of_places(units: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> Ints:
    """Return the part of each place: that of a point inside it."""
    inside = places.geometry.representative_point()
    return part_of_points(units, np.column_stack([inside.x, inside.y]).reshape(-1, 2))
