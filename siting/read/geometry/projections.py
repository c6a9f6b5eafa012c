"""The CRS of a file: its own statement, or that of the scenario; never a guess."""

import warnings
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod
from pyproj.exceptions import CRSError, ProjError

from siting.crs import CGCS2000, WGS84, carry, crs_name, is_undefined, same_crs, working_crs
from siting.domain.nouns import Floats
from siting.domain.scenario import Layer
from siting.read.geometry import hints
from siting.read.geometry.gcj02 import CHINA_BOX, wgs84_from_bd09, wgs84_from_gcj02
from siting.read.log import LayerLog

Bounds = tuple[float, float, float, float]
Shapes = NDArray[np.object_]

# Points along each side of a rectangle that is transformed to another CRS.
_DENSIFY = 21
_GCJ02: Final = "GCJ-02"
_BD09: Final = "BD-09"
_SHIFTED: Final = {"gcj02": _GCJ02, "gcj-02": _GCJ02, "bd09": _BD09, "bd-09": _BD09}
_UNSHIFT: Final = {_GCJ02: wgs84_from_gcj02, _BD09: wgs84_from_bd09}
_ELLIPSOID: Final = Geod(ellps="WGS84")


def tagged_crs(definition: str | None) -> CRS | None:
    """Return the CRS that a file states (WKT or a code); None if it states none, or an undefined one.

    Examples
    --------
    >>> from siting.read.geometry.projections import tagged_crs
    >>> tagged_crs('LOCAL_CS["Unknown",UNIT["metre",1]]') is None
    True
    """
    found = CRS.from_user_input(definition) if definition else None
    return None if found is None or is_undefined(found) else found


def georeferenced(shapes: Shapes, tagged: CRS | None, source: Layer, log: LayerLog) -> gpd.GeoSeries | None:
    """Set the CRS of shapes: that of the file, otherwise that of the scenario; never a guess.

    Coordinates of ``crs = "gcj02"`` and ``"bd09"`` are converted to WGS84 exactly, and noted. A CRS with parameters to
    WGS84 (``+towgs84``, grids) is transformed immediately, because PROJ drops them on the way to CGCS2000. If the
    coordinates contradict the CRS, the layer is refused (see :mod:`siting.read.geometry.hints`).

    Parameters
    ----------
    shapes : numpy.ndarray
        Two-dimensional shapes, one for each record, in the order of axes of ``source.axes``; None if there is none.
    tagged : pyproj.CRS or None
        The CRS that the file states.
    source : Layer
        The scenario's settings of the layer: ``crs`` and ``axes``.
    log : LayerLog
        Takes the faults ``missing_crs``, ``unknown_crs``, ``crs_conflict``, ``swapped_axes``, ``zone_prefix``,
        ``metres_as_degrees``, ``degrees_as_metres``, ``outside_area_of_use``; the notes ``shifted_coordinates``,
        ``outside_area_of_use``, ``datum_without_parameters``; the facts ``crs`` and ``crs_by``.

    Returns
    -------
    geopandas.GeoSeries or None
        With the length of ``shapes``, east before north, with a CRS; None if a fault was noted.
    """
    placed: Shapes = np.asarray(shapes, dtype=object)
    if source.axes == "north_east":
        placed = shapely.transform(placed, lambda xy: xy[:, ::-1])
    system = shifted_system(source.crs)
    if system is not None:
        return _unshifted(placed, system, tagged, source, log)
    crs = _resolved(tagged, source.crs, log, placed)
    if crs is None:
        return None
    log.fact(crs=crs_name(crs), crs_by="scenario" if tagged is None else "file")
    if not hints.check_place(placed, crs, source.axes, log):
        return None
    hints.note_datum(placed, crs, log)
    if not crs.is_bound:
        return gpd.GeoSeries(placed, crs=crs)
    return _by_its_parameters(placed, crs, source.crs, log)


def shifted_system(stated: str | None) -> str | None:
    """Return the name of the shifted coordinates that a scenario states (GCJ-02, BD-09), otherwise None.

    Examples
    --------
    >>> from siting.read.geometry.projections import shifted_system
    >>> shifted_system("gcj02"), shifted_system("BD-09"), shifted_system("EPSG:4490")
    ('GCJ-02', 'BD-09', None)
    """
    return None if stated is None else _SHIFTED.get(stated.strip().lower())


def _unshifted(shapes: Shapes, system: str, tagged: CRS | None, source: Layer, log: LayerLog) -> gpd.GeoSeries | None:
    # Exports of web maps are shifted although they state WGS84.
    if tagged is not None and not any(same_crs(tagged.to_2d(), each) for each in (WGS84, CGCS2000)):
        log.fault("crs_conflict", field="crs", found=crs_name(tagged), expected=system)
        return None
    log.fact(crs=system, crs_by="scenario")
    if not hints.check_place(shapes, WGS84, source.axes, log, area=CHINA_BOX):
        return None
    undo = _UNSHIFT[system]

    def move(xy: Floats) -> Floats:
        return np.column_stack(undo(xy[:, 0], xy[:, 1]))

    moved = shapely.transform(shapes, move)
    count = int((~(shapely.is_missing(shapes) | shapely.is_empty(shapes))).sum())
    log.note("shifted_coordinates", system=system, count=count, metres=_mean_metres(shapes, moved))
    return gpd.GeoSeries(moved, crs=WGS84)


def _mean_metres(before: Shapes, after: Shapes) -> int:
    """Return the mean distance in metres by which vertices moved; 0 if there are none."""
    one, other = shapely.get_coordinates(before), shapely.get_coordinates(after)
    finite = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    if not finite.any():
        return 0
    one, other = one[finite], other[finite]
    _, _, metres = _ELLIPSOID.inv(one[:, 0], one[:, 1], other[:, 0], other[:, 1])
    return round(float(np.mean(metres)))


def _by_its_parameters(shapes: Shapes, crs: CRS, stated: str | None, log: LayerLog) -> gpd.GeoSeries | None:
    """Transform shapes to WGS84 with the parameters that their CRS contains."""
    try:
        change = carry(crs, WGS84)
        moved = shapely.transform(shapes, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1])))
    except ProjError:
        log.fault("unknown_crs", field="crs", found=stated or crs_name(crs))
        return None
    return gpd.GeoSeries(moved, crs=WGS84)


def resolve_crs(tagged: CRS | None, stated: str | None, log: LayerLog) -> CRS | None:
    """Return the CRS of a raster, or of data that cannot be moved vertex by vertex; None with a fault noted.

    Parameters
    ----------
    tagged : pyproj.CRS or None
        The CRS that the file states.
    stated : str or None
        The CRS in the scenario: an EPSG code, a PROJ string or WKT.
    log : LayerLog
        Takes the faults ``missing_crs``, ``unknown_crs``, ``crs_conflict``, and ``shifted_raster`` if the CRS is GCJ-02
        or BD-09 or contains parameters to WGS84, for which a raster would have to be resampled; the facts ``crs`` and
        ``crs_by``.
    """
    system = shifted_system(stated)
    if system is not None:
        log.fault("shifted_raster", field="crs", found=system)
        return None
    crs = _resolved(tagged, stated, log)
    if crs is None:
        return None
    if crs.is_bound:
        log.fault("shifted_raster", field="crs", found=crs_name(crs))
        return None
    log.fact(crs=crs_name(crs), crs_by="scenario" if tagged is None else "file")
    return crs


def _resolved(tagged: CRS | None, stated: str | None, log: LayerLog, shapes: Shapes | None = None) -> CRS | None:
    said = None if stated is None else _parse(stated, log)
    if stated is not None and said is None:
        return None
    found = said if tagged is None else tagged
    if found is None:
        log.fault("missing_crs", field="crs", expected=hints.likely_crs(shapes))
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
            # It is readable nevertheless.
            warnings.filterwarnings("ignore", r"'\+init=<authority>:<code>' syntax is deprecated", FutureWarning)
            return CRS.from_user_input(stated)
    except CRSError:
        log.fault("unknown_crs", field="crs", found=stated)
        return None


def carry_bounds(bounds: Bounds, source: CRS, target: CRS) -> Bounds | None:
    """Return the rectangle around another one in another CRS, or None if that CRS cannot represent it."""
    try:
        moved = carry(source, target).transform_bounds(*bounds, densify_pts=_DENSIFY)
    except ProjError:
        return None
    return moved if np.isfinite(moved).all() else None


def overlap(one: Bounds, other: Bounds) -> bool:
    """Tell whether two rectangles intersect."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def show_bounds(bounds: Bounds, crs: CRS) -> str:
    """Format a rectangle for a message: west, south – east, north."""
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
    """Return the metric CRS at the centre of the units' bounds; None if these are not on the globe."""
    bounds = frame_bounds(frames, WGS84)
    if bounds is None:
        return None
    lon, lat = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    on_globe = abs(lon) <= 180 and abs(lat) <= 90  # noqa: PLR2004 — degrees
    return working_crs(lon, lat) if on_globe else None
