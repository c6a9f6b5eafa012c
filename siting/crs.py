"""Coordinate systems: the metric CRS of a scenario, and true areas."""

from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from shapely.geometry.base import BaseGeometry

WGS84: Final = CRS.from_epsg(4326)
CGCS2000: Final = CRS.from_epsg(4490)
_ELLIPSOID: Final = Geod(ellps="GRS80")
# Lon/lat box around China; a neighbouring country inside it is measured equally well in these zones.
_CHINA: Final = (73.0, 3.0, 136.0, 54.0)
# CGCS2000 3-degree Gauss-Krüger zones without zone prefix: EPSG:4534 (75° E) to EPSG:4554 (135° E).
_CGCS2000_FIRST_ZONE: Final = (4534, 75)
# Names differ between writers; this is PROJ's own confidence that two definitions mean the same EPSG code.
_SURE: Final = 70
# A transformed rectangle extends this much beyond the wanted area, so that only its own border cuts that area.
_MARGIN: Final = 0.05
# Its sides are divided into this many pieces, and follow the projection.
_PIECES: Final = 500


def working_crs(lon: float, lat: float) -> CRS:
    """Choose the metric CRS for a scenario around a point.

    Parameters
    ----------
    lon, lat : float
        Centre of the data, degrees, WGS84.

    Returns
    -------
    pyproj.CRS
        In China the CGCS2000 3-degree zone whose meridian is nearest, elsewhere the UTM zone. Metres.

    Examples
    --------
    >>> from siting.crs import working_crs
    >>> working_crs(107.4, 29.7).to_epsg(), working_crs(-51.2, -30.0).to_epsg()
    (4545, 32722)
    """
    west, south, east, north = _CHINA
    if west <= lon <= east and south <= lat <= north:
        epsg, meridian = _CGCS2000_FIRST_ZONE
        zone = min(max(round((lon - meridian) / 3), 0), 20)
        return CRS.from_epsg(epsg + zone)
    zone = min(int((lon + 180) // 6) + 1, 60)
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


@lru_cache(maxsize=256)
def carry(one: CRS, other: CRS) -> Transformer:
    """Return the transformation of coordinates (x or longitude first) between CRSs; PROJ needs 0.1 s for a pair."""
    return Transformer.from_crs(one, other, always_xy=True)


def transform_points(
    x: NDArray[np.float64], y: NDArray[np.float64], source: CRS, target: CRS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Transform point coordinates, east before north in both systems."""
    moved_x, moved_y = carry(source, target).transform(x, y)
    return np.asarray(moved_x, dtype=np.float64), np.asarray(moved_y, dtype=np.float64)


def carried_rectangle(
    rectangle: tuple[float, float, float, float], source: CRS, target: CRS, wanted: NDArray[np.float64]
) -> BaseGeometry:
    """Transform a rectangle to another CRS, where its sides may be curved.

    Parameters
    ----------
    rectangle : tuple of float
        West, south, east and north in ``source``.
    source, target : pyproj.CRS
        The CRS of the rectangle, and the target CRS.
    wanted : ndarray
        West, south, east and north in ``target``; the rectangle is cut far beyond them.

    Returns
    -------
    shapely.Polygon
        Empty if no part of the rectangle is near the wanted area.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.crs import WGS84, carried_rectangle, working_crs
    >>> near = np.array([500_000.0, 3_280_000.0, 510_000.0, 3_290_000.0])
    >>> carried_rectangle((107.0, 29.0, 108.0, 30.0), WGS84, working_crs(107.4, 29.7), near).is_valid
    True
    """
    west, south, east, north = carry(target, source).transform_bounds(*wanted)
    margin = _MARGIN * max(east - west, north - south)
    left, right = max(rectangle[0], west - margin), min(rectangle[2], east + margin)
    bottom, top = max(rectangle[1], south - margin), min(rectangle[3], north + margin)
    if left >= right or bottom >= top:
        return shapely.Polygon()
    sides = shapely.segmentize(shapely.box(left, bottom, right, top), max(right - left, top - bottom) / _PIECES)
    change = carry(source, target)
    return shapely.transform(sides, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1])))


def geodesic_area_m2(geometry: BaseGeometry) -> float:
    """Area in m² on the GRS80 ellipsoid of a geometry in degrees; never negative.

    Examples
    --------
    >>> from shapely import box
    >>> from siting.crs import geodesic_area_m2
    >>> round(geodesic_area_m2(box(107.0, 29.0, 107.01, 29.01)))
    1079920
    """
    area, _ = _ELLIPSOID.geometry_area_perimeter(geometry)
    return abs(float(area))


def geodesic_m(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the length in metres on the GRS80 ellipsoid of segments, their ends in degrees, shape (segments, 2).

    Examples
    --------
    >>> import numpy as np
    >>> from siting.crs import geodesic_m
    >>> geodesic_m(np.array([[0.0, 0.0]]), np.array([[0.0, 1.0]])).round().tolist()
    [110574.0]
    """
    _, _, metres = _ELLIPSOID.inv(lon[:, 0], lat[:, 0], lon[:, 1], lat[:, 1])
    return np.asarray(metres, dtype=np.float64)


def same_crs(one: CRS, other: CRS) -> bool:
    """Tell whether two definitions mean the same CRS, whatever their names and order of axes."""
    if one.equals(other, ignore_axis_order=True):
        return True
    code = one.to_epsg(min_confidence=_SURE)
    return code is not None and code == other.to_epsg(min_confidence=_SURE)


def is_undefined(crs: CRS) -> bool:
    """Tell whether a definition is only a placeholder: it does not say where on earth its origin is.

    A GeoPackage must name a CRS, and programs write "Undefined Cartesian SRS" (-1) or "Undefined geographic SRS" (0) if
    they know none; a GeoTIFF then has LOCAL_CS "Unknown".

    Examples
    --------
    >>> from pyproj import CRS
    >>> from siting.crs import is_undefined
    >>> is_undefined(CRS.from_wkt('LOCAL_CS["Unknown",UNIT["metre",1]]')), is_undefined(CRS.from_epsg(4490))
    (True, False)
    """
    if crs.is_engineering:
        return True
    return crs.is_geographic and crs.datum is not None and crs.datum.name.casefold() == "unknown"


def crs_name(crs: CRS) -> str:
    """Return the name of a CRS for a message."""
    authority = crs.to_authority(min_confidence=_SURE)
    return f"{':'.join(authority)} {crs.name}" if authority else crs.name
