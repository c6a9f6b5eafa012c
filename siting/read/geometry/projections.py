"""Which CRS a file is in: its own tag, or what the scenario states; never a guess."""

import warnings

import geopandas as gpd
import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from siting.crs import WGS84, working_crs
from siting.read.log import LayerLog

Bounds = tuple[float, float, float, float]

# Names differ between writers; PROJ's own measure of how sure it is that two definitions mean one EPSG code.
_SURE = 70
# Points along each side of a rectangle that is carried into another CRS.
_DENSIFY = 21


def resolve_crs(tagged: CRS | None, stated: str | None, log: LayerLog) -> CRS | None:
    """Return the CRS of a layer, or None with a fault noted.

    Parameters
    ----------
    tagged : pyproj.CRS or None
        What the file says of itself.
    stated : str or None
        What the scenario says of the layer: an EPSG code, a PROJ string or WKT.
    log : LayerLog
        Takes the faults ``missing_crs``, ``unknown_crs`` and ``crs_conflict``.
    """
    said = None if stated is None else _parse(stated, log)
    if stated is not None and said is None:
        return None
    found = said if tagged is None else tagged
    if found is None:
        log.fault("missing_crs", field="crs")
        return None
    if not (found.is_geographic or found.is_projected):
        log.fault("unknown_crs", field="crs", found=found.name)
        return None
    if said is not None and tagged is not None and not same_crs(said, tagged):
        log.fault("crs_conflict", field="crs", found=crs_name(tagged), expected=crs_name(said))
        return None
    return found.to_2d() if len(found.axis_info) > 2 else found  # noqa: PLR2004 — with heights


def _parse(stated: str, log: LayerLog) -> CRS | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return CRS.from_user_input(stated)
    except CRSError:
        log.fault("unknown_crs", field="crs", found=stated)
        return None


def same_crs(one: CRS, other: CRS) -> bool:
    """Tell whether two definitions mean the same CRS, whatever they call it and in whichever order its axes stand."""
    if one.equals(other, ignore_axis_order=True):
        return True
    code = one.to_epsg(min_confidence=_SURE)
    return code is not None and code == other.to_epsg(min_confidence=_SURE)


def crs_name(crs: CRS) -> str:
    """Name a CRS for a message."""
    authority = crs.to_authority(min_confidence=_SURE)
    return f"{':'.join(authority)} {crs.name}" if authority else crs.name


def carry_bounds(bounds: Bounds, source: CRS, target: CRS) -> Bounds | None:
    """Return the rectangle around another one in another CRS, or None where that one cannot hold it."""
    try:
        moved = Transformer.from_crs(source, target, always_xy=True).transform_bounds(*bounds, densify_pts=_DENSIFY)
    except ProjError:
        return None
    return moved if np.isfinite(moved).all() else None


def overlap(one: Bounds, other: Bounds) -> bool:
    """Tell whether two rectangles share any ground."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def show_bounds(bounds: Bounds, crs: CRS) -> str:
    """Write a rectangle for a message: west, south – east, north."""
    digits = 4 if crs.is_geographic else 0
    west, south, east, north = (f"{value:.{digits}f}" for value in bounds)
    return f"{west}, {south} – {east}, {north}"


def frame_bounds(frames: list[gpd.GeoDataFrame], crs: CRS) -> Bounds | None:
    """Return the rectangle around all geometries of several layers in one CRS; None if there are none."""
    found = [moved for frame in frames if (moved := _carried(frame, crs)) is not None]
    if not found:
        return None
    corners = np.array(found)
    west, south = corners[:, :2].min(axis=0).tolist()
    east, north = corners[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def _carried(frame: gpd.GeoDataFrame, crs: CRS) -> Bounds | None:
    west, south, east, north = frame.total_bounds.tolist()
    known = np.isfinite([west, south, east, north]).all()
    return carry_bounds((west, south, east, north), CRS(frame.crs), crs) if known else None


def choose_working_crs(frames: list[gpd.GeoDataFrame]) -> CRS | None:
    """Return the metric CRS around the centre of the units' bounds; None if they have none on the globe."""
    bounds = frame_bounds(frames, WGS84)
    if bounds is None:
        return None
    lon, lat = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    on_globe = abs(lon) <= 180 and abs(lat) <= 90  # noqa: PLR2004 — degrees
    return working_crs(lon, lat) if on_globe else None
