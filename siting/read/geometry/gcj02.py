"""The shifted coordinates of Chinese web maps: GCJ-02 (AMap, Tencent) and BD-09 (Baidu), and their exact inverses.

GCJ-02 moves every place within a box around China by 100 to 700 m, by a publicly known formula; BD-09 moves GCJ-02
again, everywhere. Outside the box GCJ-02 equals WGS84. Longitudes and latitudes are degrees throughout.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from siting.domain.nouns import Floats

Pair = tuple[Floats, Floats]
Way = Callable[[Floats, Floats], Pair]

# Within this box (west, south, east, north; WGS84, borders included) GCJ-02 differs from WGS84. China's land lies at
# least a degree inside.
CHINA_BOX: Final = (72.004, 0.8293, 137.8347, 55.8271)

# The Krasovsky ellipsoid, by which the formula converts metres to degrees.
_AXIS: Final = 6_378_245.0
_ECCENTRICITY: Final = 0.00669342162296594323
_CENTRE: Final = (105.0, 35.0)
_BAIDU: Final = (0.0065, 0.006)
_BAIDU_WAVE: Final = np.pi * 3000.0 / 180.0
# Each iteration reduces the error of the inverse at least 20-fold; the precision of doubles is reached within 12.
_ROUNDS: Final = 30
_SETTLED: Final = 1e-12


def gcj02_from_wgs84(lon: Floats, lat: Floats) -> Pair:
    """Shift WGS84 to GCJ-02.

    Parameters
    ----------
    lon, lat : numpy.ndarray
        WGS84, degrees; values that are not finite are unchanged.

    Returns
    -------
    lon, lat : numpy.ndarray
        GCJ-02, degrees; places outside :data:`CHINA_BOX` are not shifted.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.read.geometry.gcj02 import gcj02_from_wgs84
    >>> lon, lat = gcj02_from_wgs84(np.array([106.55, -51.2]), np.array([29.56, -30.0]))
    >>> lon.round(4).tolist(), lat.round(4).tolist()
    ([106.5537, -51.2], [29.5572, -30.0])
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    east, north = _shift(lon, lat)
    inside = in_china_box(lon, lat)
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def wgs84_from_gcj02(lon: Floats, lat: Floats) -> Pair:
    """Undo the shift of GCJ-02, to less than 1e-10 degree.

    At the border of the box the formula is discontinuous. A place that can be reached from inside the box is assumed to
    come from there (so that every place of the box is restored), any other place is assumed not to be shifted: a strip
    of at most 1 km outside the border is moved inside, all of it at sea or abroad.

    Parameters
    ----------
    lon, lat : numpy.ndarray
        GCJ-02, degrees; values that are not finite are unchanged.

    Returns
    -------
    lon, lat : numpy.ndarray
        WGS84, degrees.
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    found_lon, found_lat = _inverse(_shift, lon, lat)
    inside = in_china_box(found_lon, found_lat)
    return np.where(inside, found_lon, lon), np.where(inside, found_lat, lat)


def bd09_from_gcj02(lon: Floats, lat: Floats) -> Pair:
    """Shift GCJ-02 to BD-09, degrees; there is no box."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    east, north = _baidu_shift(lon, lat)
    return lon + east, lat + north


def gcj02_from_bd09(lon: Floats, lat: Floats) -> Pair:
    """Undo the shift of BD-09, to less than 1e-10 degree."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    return _inverse(_baidu_shift, lon, lat)


def wgs84_from_bd09(lon: Floats, lat: Floats) -> Pair:
    """Undo the shifts of BD-09 and of GCJ-02, degrees."""
    return wgs84_from_gcj02(*gcj02_from_bd09(lon, lat))


def in_china_box(lon: Floats, lat: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Tell which places (WGS84, degrees) lie within the box in which GCJ-02 shifts, borders included."""
    west, south, east, north = CHINA_BOX
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _inverse(shift: Way, lon: Floats, lat: Floats) -> Pair:
    """Find the places that a shift moves to the given ones: both shifts change far more slowly than the place does."""
    found_lon, found_lat = lon, lat
    for _ in range(_ROUNDS):
        east, north = shift(found_lon, found_lat)
        known_lon, known_lat = found_lon, found_lat
        found_lon, found_lat = lon - east, lat - north
        if _close(found_lon, known_lon) and _close(found_lat, known_lat):
            break
    return found_lon, found_lat


def _close(one: Floats, other: Floats) -> bool:
    # Values that are not finite are unchanged, and compare as equal.
    return bool(np.allclose(one, other, rtol=0.0, atol=_SETTLED, equal_nan=True))


def _shift(lon: Floats, lat: Floats) -> Pair:
    """Return by how many degrees GCJ-02 lies east and north of WGS84, ignoring the box."""
    finite = np.isfinite(lon) & np.isfinite(lat)
    # Far from China the formula is meaningless; values that are not finite must not raise.
    x = np.where(finite, lon, _CENTRE[0]) - _CENTRE[0]
    y = np.where(finite, lat, _CENTRE[1]) - _CENTRE[1]
    north_m, east_m = _metres(x, y)
    rad = np.radians(y + _CENTRE[1])
    flat = 1.0 - _ECCENTRICITY * np.sin(rad) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY) / (flat * np.sqrt(flat))
    parallel = _AXIS / np.sqrt(flat) * np.cos(rad)
    east = np.where(finite, np.degrees(east_m / parallel), 0.0)
    north = np.where(finite, np.degrees(north_m / meridian), 0.0)
    return east, north


def _metres(x: Floats, y: Floats) -> Pair:
    """Return the shift to the north and to the east in metres; ``x``, ``y`` are degrees from 105° E, 35° N."""
    both = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    root = np.sqrt(np.abs(x))
    north = (
        (-100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + both)
        + (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
        + (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    )
    east = (
        (300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + both)
        + (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
        + (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    )
    return north, east


def _baidu_shift(lon: Floats, lat: Floats) -> Pair:
    finite = np.isfinite(lon) & np.isfinite(lat)
    x, y = np.where(finite, lon, 0.0), np.where(finite, lat, 0.0)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BAIDU_WAVE)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BAIDU_WAVE)
    east = radius * np.cos(angle) + _BAIDU[0] - x
    north = radius * np.sin(angle) + _BAIDU[1] - y
    return np.where(finite, east, 0.0), np.where(finite, north, 0.0)
