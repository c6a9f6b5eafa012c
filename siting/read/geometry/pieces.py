"""Pieces of an area: their width, size, distance, and names in messages."""

from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from siting.crs import WGS84, geodesic_area_m2
from siting.domain.nouns import Floats, Ints
from siting.read.geometry.shapes import POLYGONAL, Shapes
from siting.read.log import listed

# Areas that are narrower on average (area ÷ half of the perimeter, metres) are drawing differences.
SLIVER_WIDTH_M: Final = 2.0
# A message names this many pieces, the largest first, and counts the others.
_NAMED: Final = 20
# Below this a figure is shown with one decimal.
_SMALL_M2: Final = 10.0


def usable(shapes: Shapes) -> NDArray[np.bool_]:
    """Tell which geometries are polygons that can be overlaid; refused ones cannot."""
    polygonal = np.isin(shapely.get_type_id(shapes), POLYGONAL)
    sound: NDArray[np.bool_] = polygonal & shapely.is_valid(shapes) & ~shapely.is_empty(shapes)
    return sound


def widths(shapes: Shapes) -> Floats:
    """Return the mean width of polygons, in their unit of length: area ÷ half of the perimeter.

    For a long strip it is the width, for a square half of its side. Empty polygons have the width 0.

    Examples
    --------
    >>> import numpy as np
    >>> from shapely import box
    >>> from siting.read.geometry.pieces import widths
    >>> widths(np.array([box(0, 0, 1000, 2), box(0, 0, 8, 8)])).round(2).tolist()
    [2.0, 4.0]
    """
    half = np.asarray(shapely.length(shapes)) / 2.0
    return np.divide(shapely.area(shapes), half, out=np.zeros(len(half)), where=half > 0)


def polygons_of(shape: shapely.Geometry) -> Shapes:
    """Return the polygons of a geometry one by one; lines and points from an overlay are ignored."""
    parts: Shapes = np.asarray(shapely.get_parts(shapely.get_parts(shape)), dtype=object)
    polygons: Shapes = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return polygons


def land_m2(shapes: Shapes, crs: CRS | None) -> Floats:
    """Return the area on the ellipsoid, m², of polygons in any CRS."""
    if not len(shapes):
        return np.zeros(0)
    # The area on the ellipsoid is signed: holes are subtracted only if rings have the right orientation.
    there = shapely.orient_polygons(gpd.GeoSeries(shapes, crs=crs).to_crs(WGS84).to_numpy())
    return np.array([geodesic_area_m2(shape) for shape in there])


def spots(shapes: Shapes, crs: CRS | None) -> list[str]:
    """Return a point inside each polygon as ``lon,lat`` in degrees, WGS84, for a look at a map."""
    points = gpd.GeoSeries(shapely.point_on_surface(shapes), crs=crs).to_crs(WGS84)
    return [f"{x:.5f},{y:.5f}" for x, y in zip(points.x, points.y, strict=True)]


def shown_m2(area: float) -> str:
    """Format an area for a message.

    Examples
    --------
    >>> from siting.read.geometry.pieces import shown_m2
    >>> shown_m2(0.44), shown_m2(1234.5)
    ('0.4 m²', '1234 m²')
    """
    return f"{area:.1f} m²" if area < _SMALL_M2 else f"{area:.0f} m²"


def some(items: Sequence[object]) -> str:
    """Join the first items for a message and count the rest.

    Examples
    --------
    >>> from siting.read.geometry.pieces import some
    >>> some(["a", "b"]), some(range(22))[-12:]
    ('a, b', '18, 19, +2 …')
    """
    more = [f"+{len(items) - _NAMED} …"] if len(items) > _NAMED else []
    return listed([*items[:_NAMED], *more])


def far_parts(shapes: Shapes, apart_m: float) -> Ints:
    """Return the positions of the polygons with parts farther than ``apart_m`` from all the others."""
    several = np.flatnonzero(shapely.get_num_geometries(shapes) > 1)
    bounds = shapely.bounds(shapes[several])
    wide = np.hypot(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) > apart_m
    return np.array([row for row in several[wide] if _groups(shapes[row], apart_m) > 1], dtype=np.int64)


def _groups(shape: shapely.Geometry, apart_m: float) -> int:
    parts: Shapes = np.asarray(shapely.get_parts(shape), dtype=object)
    one, other = shapely.STRtree(parts).query(parts, predicate="dwithin", distance=apart_m)
    near = csr_array((np.ones(len(one)), (one, other)), shape=(len(parts), len(parts)))
    groups, _ = connected_components(near, directed=False)
    return int(groups)
