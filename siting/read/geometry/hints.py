"""Evidence of coordinates on their CRS: suggested if it is missing, refused if it contradicts the stated CRS.

Nothing is guessed here: a hint is part of a fault, so that the user can ask the provider of the data. A layer is judged
by the centres of its shapes' bounds; a rule holds if nine in ten of them satisfy it, so that a few wrong records do not
condemn the layer (these are reported with shapes and ledgers).
"""

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import ProjError
from pyproj.transformer import TransformerGroup

from siting.crs import CGCS2000, WGS84, carry, crs_name
from siting.domain.nouns import Floats
from siting.read.log import LayerLog, listed

Area = tuple[float, float, float, float]
Mask = NDArray[np.bool_]

_MOST: Final = 0.9
_WORLD: Final[Area] = (-180.0, -90.0, 180.0, 90.0)
# Degrees around China's land and sea.
_CHINA: Final[Area] = (73.0, 3.0, 136.0, 54.0)
# Degrees beyond the area of use: a neighbouring zone is common practice; farther, it is noted; beyond the last limit it
# is refused.
_NEIGHBOUR, _FAR = 2.0, 10.0
_DEGREES: Final = 360.0
_ZONE_M: Final = 1_000_000.0
_FALSE_EASTING: Final = 500_000.0
# Eastings within a zone, and northings, that occur in China, with margins.
_EASTINGS: Final = (100_000.0, 900_000.0)
_NORTHINGS: Final = (300_000.0, 6_100_000.0)
_SIX_DEGREE_ZONES: Final = range(13, 24)
_THREE_DEGREE_ZONES: Final = range(25, 46)
_LEAST_CUSTOM: Final = 3
# If longitude and latitude are exchanged, western China lies in the Arctic Ocean, where nobody lives.
_ARCTIC: Final[Area] = (26.0, 71.5, 54.0, 136.0)
_GULF: Final[Area] = (-0.01, -0.01, 0.01, 0.01)
# Columns of the boundaries from DataV.GeoAtlas, drawn in GCJ-02; a shapefile cuts their names at 10 bytes.
_SHIFTED_COLUMNS: Final = ("adcode", "acroutes", "subfeatureindex", "subfeature", "childrennum", "childrennu")
_FEWEST_SHIFTED: Final = 2
_SHIFTED_NAME: Final = re.compile(r"gcj[-_ ]?0?2(?!\d)|火星坐标", re.IGNORECASE)
# Words for the map from which coordinates were taken.
_WEB_MAPS: Final = {
    "gcj02": re.compile(r"(高德|腾讯)(地图|坐标)|火星坐标|gcj[-_ ]?0?2(?!\d)", re.IGNORECASE),
    "bd09": re.compile(r"百度(地图|坐标)|bd[-_ ]?0?9(?!\d)", re.IGNORECASE),
}
# Ellipsoids closer than this to WGS84 (semi-major axis, metres) belong to datums that equal it for planning purposes.
_SAME_AXIS_M: Final = 1.0


@dataclass(frozen=True)
class _Family:
    """EPSG codes of one datum's Gauss-Krüger zones: the first of each series, with and without zone prefix."""

    name: str
    six_prefixed: int
    six: int
    three_prefixed: int
    three: int

    def prefixed(self, zone: int) -> int:
        """Return the code of a zone with its number before the easting."""
        if zone in _SIX_DEGREE_ZONES:
            return self.six_prefixed + zone - _SIX_DEGREE_ZONES[0]
        return self.three_prefixed + zone - _THREE_DEGREE_ZONES[0]

    def short(self, zone: int) -> int:
        """Return the code of the same zone without its number before the easting."""
        if zone in _SIX_DEGREE_ZONES:
            return self.six + zone - _SIX_DEGREE_ZONES[0]
        return self.three + zone - _THREE_DEGREE_ZONES[0]


# By the EPSG code of the geographic CRS.
_FAMILIES: Final = {
    4490: _Family("CGCS2000", 4491, 4502, 4513, 4534),
    4610: _Family("Xian 1980", 2327, 2338, 2349, 2370),
    4214: _Family("Beijing 1954", 21413, 21453, 2401, 2422),
}
_NEWEST: Final = _FAMILIES[4490]
# The CRSs that offices commonly use, if the coordinates indicate none.
_USUAL: Final = "EPSG:4490, EPSG:4513 – 4554, EPSG:4326"


@dataclass(frozen=True)
class _Places:
    """Centres of shapes as given, and their position by the CRS (WGS84 degrees; inf where it is undefined)."""

    x: Floats
    y: Floats

    def swapped(self) -> "_Places":
        return _Places(self.y, self.x)

    def shown(self) -> str:
        """Format the range of the coordinates for a message."""
        digits = 4 if _most(np.maximum(np.abs(self.x), np.abs(self.y)) <= _DEGREES) else 0
        low_x, high_x, low_y, high_y = (
            f"{value:.{digits}f}" for value in (self.x.min(), self.x.max(), self.y.min(), self.y.max())
        )
        return f"x {low_x} – {high_x}, y {low_y} – {high_y}"

    def degrees(self, crs: CRS) -> "_Places":
        """Return the positions by the CRS."""
        try:
            lon, lat = carry(crs, WGS84).transform(self.x, self.y)
        except ProjError:
            lon = lat = np.full(self.x.shape, np.inf)
        return _Places(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))

    def within(self, area: Area, margin: float = 0.0) -> Mask:
        """Tell which are within a rectangle with a margin; values that are not finite are not."""
        west, south, east, north = area
        # An area across the date line ends west of its beginning.
        east = east + _DEGREES if east < west else east
        turned = np.where(self.x < west - margin, self.x + _DEGREES, self.x)
        inside = (turned <= east + margin) & (self.y >= south - margin) & (self.y <= north + margin)
        return np.isfinite(self.x) & np.isfinite(self.y) & inside


def likely_crs(shapes: NDArray[np.object_] | None) -> str:
    """Return the possible CRSs for the coordinates of a layer without one, for the user to ask about.

    Parameters
    ----------
    shapes : numpy.ndarray or None
        Shapes as in the file; None if nothing is known of them.

    Returns
    -------
    str
        EPSG codes and other values of ``crs``, with the order of axes; without words of any language.

    Examples
    --------
    >>> import shapely
    >>> from siting.read.geometry.hints import likely_crs
    >>> likely_crs(shapely.points([[36_435_000.0, 3_281_000.0]]))
    'EPSG:4524 (CGCS2000), EPSG:2360 (Xian 1980), EPSG:2412 (Beijing 1954)'
    """
    places = None if shapes is None else _centres(shapes)
    return _USUAL if places is None else _likely(places)


def gcj02_sign(file: str, columns: Iterable[str]) -> str | None:
    """Return the evidence that a layer may be in GCJ-02 although its file says otherwise; None without any.

    Parameters
    ----------
    file : str
        Name of the file.
    columns : iterable of str
        Names of its columns.

    Returns
    -------
    str or None
        The word in the file's name, or the columns of DataV's boundaries (at least two of them: ``adcode`` alone may
        come from anywhere).

    Examples
    --------
    >>> from siting.read.geometry.hints import gcj02_sign
    >>> gcj02_sign("streets_gcj02.geojson", []), gcj02_sign("500108.json", ["adcode", "name", "acroutes"])
    ('gcj02', 'adcode, acroutes')
    >>> gcj02_sign("streets.geojson", ["adcode", "name"]) is None
    True
    """
    named = _SHIFTED_NAME.search(file)
    if named:
        return named[0]
    found = [name for name in columns if name.lower() in _SHIFTED_COLUMNS]
    return listed(found) if len(found) >= _FEWEST_SHIFTED else None


def web_map_named(texts: Iterable[str]) -> tuple[str, str] | None:
    """Return the shifted coordinates of a web map that one of some texts names, and that text; None if none does.

    Examples
    --------
    >>> from siting.read.geometry.hints import web_map_named
    >>> web_map_named(["东路站", "注：坐标由高德地图拾取"]), web_map_named(["百度坐标"]), web_map_named(["高德路 3 号"])
    (('gcj02', '注：坐标由高德地图拾取'), ('bd09', '百度坐标'), None)
    """
    for text in texts:
        for system, word in _WEB_MAPS.items():
            if word.search(text):
                return system, text.strip()
    return None


def check_place(shapes: NDArray[np.object_], crs: CRS, axes: str, log: LayerLog, area: Area | None = None) -> bool:
    """Tell whether the coordinates are possible in their CRS; otherwise note the fault, and what they seem to be.

    Parameters
    ----------
    shapes : numpy.ndarray
        Shapes, the first coordinate taken as east.
    crs : pyproj.CRS
        The CRS that the file or the scenario states.
    axes : {"east_north", "north_east"}
        The order of axes with which ``shapes`` were read.
    log : LayerLog
        Takes the faults ``metres_as_degrees``, ``degrees_as_metres``, ``zone_prefix``, ``swapped_axes``,
        ``outside_area_of_use`` and the note ``outside_area_of_use``.
    area : tuple of float, optional
        West, south, east, north (degrees) that must contain the layer, instead of the CRS's own area of use.
    """
    places = _centres(shapes)
    if places is None:
        return True
    if crs.is_geographic:
        return _check_degrees(places, crs, axes, log, area)
    # Extents larger than any degrees are in metres, wherever their centre is.
    bounds = shapely.bounds(shapes)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    small: Mask = np.asarray((np.abs(bounds) <= _DEGREES).all(axis=1))
    return _check_metres(places, crs, axes, log, area, large=not _most(small))


def note_web_map(columns: Iterable[str], file: str | None, crs: CRS, log: LayerLog) -> None:
    """Note that a layer in degrees has signs of DataV or AMap, whose coordinates are always GCJ-02.

    Parameters
    ----------
    columns : iterable of str
        The layer's own columns.
    file : str or None
        The name of the file; ``gcj02`` in it is a sign too.
    crs : pyproj.CRS
        The assumed CRS of the layer; a layer in metres was made by an expert.
    log : LayerLog
        Takes the note ``looks_gcj02``.
    """
    sign = gcj02_sign(file or "", list(columns))
    if sign is not None and crs.is_geographic:
        log.note("looks_gcj02", crs=crs_name(crs), marks=sign)


def note_datum(shapes: NDArray[np.object_], crs: CRS, log: LayerLog) -> None:
    """Note a datum without a known transformation to CGCS2000 or WGS84: places may be wrong by 100 m and more.

    Xi'an 1980 and Beijing 1954 are such datums (parameters are local and restricted); a CRS with ``+towgs84`` or a grid
    is not.
    """
    places = _centres(shapes)
    if crs.is_bound or places is None:
        return
    base = crs.geodetic_crs
    if base is None or base.ellipsoid is None:
        return
    if abs(base.ellipsoid.semi_major_metre - _wgs84_axis()) < _SAME_AXIS_M:
        return
    degrees = places.degrees(crs)
    target = CGCS2000 if _most(degrees.within(_CHINA)) else WGS84
    if _best_accuracy(base, target) < 0:
        log.note("datum_without_parameters", crs=crs_name(crs), datum=base.name)


def _best_accuracy(base: CRS, target: CRS) -> float:
    """Return PROJ's best accuracy between two CRSs in metres; negative without known parameters."""
    with warnings.catch_warnings():
        # PROJ warns of grids that are not installed; they could not be used either.
        warnings.filterwarnings("ignore", "Best transformation is not available", UserWarning)
        ways = TransformerGroup(base, target, always_xy=True).transformers
    return max((way.accuracy for way in ways), default=-1.0)


def _wgs84_axis() -> float:
    return 0.0 if WGS84.ellipsoid is None else float(WGS84.ellipsoid.semi_major_metre)


def _centres(shapes: NDArray[np.object_]) -> _Places | None:
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return None
    return _Places((bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2)


def _most(mask: Mask) -> bool:
    return bool(mask.mean() >= _MOST)


# --- what a layer without CRS may be in -------------------------------------------------------------------------------


def _likely(places: _Places) -> str:
    for order, swapped in ((places, False), (places.swapped(), True)):
        found = _in_order(order)
        if found:
            return _with_axes(found) if swapped else found
    if _most(places.within(_WORLD)):
        return "EPSG:4326"
    return _USUAL


def _with_axes(found: str) -> str:
    return f'{found}; axes = "north_east"'


def _in_order(places: _Places) -> str:
    """Return the possible CRSs of the coordinates, in China; empty if they are like none of these."""
    if _most(places.within(_CHINA)):
        return "EPSG:4490, EPSG:4326, gcj02, bd09"
    found = [
        f"EPSG:{family.prefixed(zone)} ({family.name})" for zone in _zones(places) for family in _FAMILIES.values()
    ]
    if _most(places.degrees(CRS.from_epsg(3857)).within(_CHINA)) and not _is_short(places):
        found.append("EPSG:3857")
    if _is_short(places):
        first, last = _THREE_DEGREE_ZONES[0], _THREE_DEGREE_ZONES[-1]
        low, high = _SIX_DEGREE_ZONES[0], _SIX_DEGREE_ZONES[-1]
        found.append(f"EPSG:{_NEWEST.short(first)} – {_NEWEST.short(last)} (3°)")
        found.append(f"EPSG:{_NEWEST.short(low)} – {_NEWEST.short(high)} (6°)")
    return ", ".join(found)


def _zones(places: _Places) -> list[int]:
    """Return the zone whose number precedes the eastings, if China's part of that zone contains the places."""
    zone = int(np.median(places.x) // _ZONE_M)
    if zone not in _SIX_DEGREE_ZONES and zone not in _THREE_DEGREE_ZONES:
        return []
    if not _is_short(_Places(places.x - zone * _ZONE_M, places.y)):
        return []
    crs = CRS.from_epsg(_NEWEST.prefixed(zone))
    return [zone] if _most(places.degrees(crs).within(_area(crs) or _WORLD, _NEIGHBOUR)) else []


def _is_short(places: _Places) -> bool:
    """Tell whether eastings are those within one zone, without its number."""
    x_there = (places.x >= _EASTINGS[0]) & (places.x <= _EASTINGS[1])
    return _most(x_there & (places.y >= _NORTHINGS[0]) & (places.y <= _NORTHINGS[1]))


# --- what contradicts a CRS -------------------------------------------------------------------------------------------


def _check_degrees(places: _Places, crs: CRS, axes: str, log: LayerLog, area: Area | None) -> bool:
    if _most(np.maximum(np.abs(places.x), np.abs(places.y)) > _DEGREES):
        log.fault("metres_as_degrees", field="crs", found=_told(places, crs), expected=_likely(places))
        return False
    home = area or _area(crs) or _WORLD
    if _is_swapped(places, places.swapped(), home):
        return _swapped(places, axes, log)
    away = ~places.within(home, _NEIGHBOUR)
    if _most(away) and area is not None:
        log.fault("outside_area_of_use", field="crs", found=_told(places, crs), expected=_likely(places))
        return False
    if _most(away):
        log.note("outside_area_of_use", crs=crs_name(crs), found=places.shown())
    return True


def _check_metres(places: _Places, crs: CRS, axes: str, log: LayerLog, area: Area | None, *, large: bool) -> bool:
    if _has_other_prefix(places, crs, log):
        return False
    home = area or _area(crs)
    there = places.degrees(crs)
    if not large and _are_degrees(places, there, home):
        log.fault("degrees_as_metres", field="crs", found=_told(places, crs), expected=_likely(places))
        return False
    if home is None:
        return True
    if _is_swapped(there, places.swapped().degrees(crs), home):
        return _swapped(places, axes, log)
    if not _most(there.within(home, _FAR)) and _has_other_prefix(places.swapped(), crs, log):
        return _swapped(places, axes, log)
    return _is_near(places, there, home, crs, log)


def _is_near(places: _Places, there: _Places, home: Area, crs: CRS, log: LayerLog) -> bool:
    known = np.isfinite(there.x) & np.isfinite(there.y)
    if not _most(known):
        return True  # places that the CRS cannot contain at all are reported record by record
    if _most(~there.within(home, _FAR)):
        log.fault("outside_area_of_use", field="crs", found=_told(places, crs), expected=_likely(places))
        return False
    if _most(~there.within(home, _NEIGHBOUR)):
        log.note("outside_area_of_use", crs=crs_name(crs), found=there.shown())
    return True


def _is_swapped(there: _Places, swapped: _Places, home: Area) -> bool:
    """Tell whether places are outside their CRS as given, and inside it with exchanged axes."""
    if not _most(swapped.within(home)):
        return False
    if _most(~there.within(home, _NEIGHBOUR)):
        return True
    return _most(swapped.within(_CHINA)) and _most(there.within(_ARCTIC))


def _swapped(places: _Places, axes: str, log: LayerLog) -> bool:
    other = "north_east" if axes == "east_north" else "east_north"
    log.fault("swapped_axes", field="axes", found=places.shown(), expected=other)
    return False


def _are_degrees(places: _Places, there: _Places, home: Area | None) -> bool:
    """Tell whether coordinates of a CRS in metres are degrees: only places at its very origin would look like that."""
    if home is not None:
        # The origin of the global systems lies in the Gulf of Guinea.
        return _most(places.within(_WORLD)) and _most(~there.within(home) | there.within(_GULF))
    # A local system may begin anywhere; three places within some tens of metres that look like China are not enough.
    in_china = _most(places.within(_CHINA)) or _most(places.swapped().within(_CHINA))
    return in_china and len(places.x) >= _LEAST_CUSTOM


def _has_other_prefix(places: _Places, crs: CRS, log: LayerLog) -> bool:
    """Tell, and note the fault, if eastings begin with another zone number than that of the CRS, or with none."""
    prefix = _prefix(crs)
    if prefix is None:
        return False
    zones = _zones(places)
    family = _family(crs)
    if zones and zones[0] != prefix:
        right = family.prefixed(zones[0])
    elif prefix and _is_short(places):
        right = family.short(prefix)
    else:
        return False
    found = _told(places, crs)
    log.fault("zone_prefix", field="crs", found=found, expected=crs_name(CRS.from_epsg(right)))
    return True


def _prefix(crs: CRS) -> int | None:
    """Return the zone number before the eastings of a Gauss-Krüger or UTM zone, 0 for none; None for other CRSs."""
    plane = crs.source_crs if crs.is_bound and crs.source_crs is not None else crs
    operation = plane.coordinate_operation
    if operation is None or operation.method_name != "Transverse Mercator":
        return None
    easting = next((float(each.value) for each in operation.params if each.name == "False easting"), 0.0)
    prefix, rest = divmod(easting, _ZONE_M)
    zones = (0, *_SIX_DEGREE_ZONES, *_THREE_DEGREE_ZONES)
    return int(prefix) if rest == _FALSE_EASTING and int(prefix) in zones else None


def _family(crs: CRS) -> _Family:
    base = crs.geodetic_crs
    return _NEWEST if base is None else _FAMILIES.get(base.to_epsg(min_confidence=70) or 0, _NEWEST)


def _area(crs: CRS) -> Area | None:
    area = crs.area_of_use
    return None if area is None else (area.west, area.south, area.east, area.north)


def _told(places: _Places, crs: CRS) -> str:
    return f"{crs_name(crs)}: {places.shown()}"
