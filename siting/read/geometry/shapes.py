"""Checks of geometry: present, of the layer's kind, inside its CRS, valid polygons."""

from collections.abc import Collection
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siting.read.log import LayerLog, listed

Family = Literal["points", "polygons", "lines", "any"]
Shapes = NDArray[np.object_]

# A polygon is repaired if its area changes by at most this share.
LOSSLESS: Final = 1e-6

_TYPES: Final[dict[Family, tuple[str, ...]]] = {
    "points": ("Point", "MultiPoint", "Polygon", "MultiPolygon"),
    "polygons": ("Polygon", "MultiPolygon"),
    "lines": ("LineString", "MultiLineString"),
    "any": ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"),
}
POLYGONAL: Final = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_FULL_TURN, _POLE = 360.0, 90.0
# No projected coordinate is larger, with any unit and any prefix; beyond it areas overflow.
_FARTHEST = 1e12
# Smaller changes of area are reported as smaller than this.
_SHOWN = 1e-4


def checked_shapes(
    shapes: gpd.GeoSeries, family: Family, labels: list[str], log: LayerLog, refused: Collection[int] = ()
) -> gpd.GeoSeries:
    """Return a layer's geometries, checked and repaired, in their own CRS.

    Repeated points are removed. Points may be given as polygons (a plot): their representative point replaces them,
    which is noted. An invalid polygon is repaired by the structure of its rings, if its area stays what its rings
    enclose to one part in a million (a ring that touches itself, a spike, parts that share a side). If rings cross,
    overlap or cancel each other, only the author knows what was meant, and it is refused.

    Parameters
    ----------
    shapes : geopandas.GeoSeries
        Geometries with a CRS.
    family : {"points", "polygons", "lines", "any"}
        The required kind of geometry.
    labels : list of str
        The name of each row for messages.
    log : LayerLog
        Takes the faults ``null_geometry``, ``wrong_geometry``, ``coordinates_out_of_range``,
        ``invalid_polygon`` and the notes ``polygon_mended``, ``points_from_polygons``.
    refused : collection of int
        Index labels of geometries that are missing for a reason that was told.

    Returns
    -------
    geopandas.GeoSeries
        With the length of ``shapes``; refused geometries are unchanged, or None if they are outside their CRS.
    """
    found: Shapes = shapes.to_numpy().astype(object)
    usable = _present(found, shapes.index.isin(list(refused)), labels, log)
    # Absent geometry is reported once, whatever its kind should be.
    usable &= _of_family(found, usable, family, labels, log)
    inside = _in_range(found, CRS(shapes.crs), labels, log)
    # Geometry outside its CRS cannot be transformed.
    found[~inside] = None
    usable &= inside
    found = _without_repeats(_mended(found, usable, labels, log), usable)
    if family == "points":
        found = _as_points(found, usable, labels, log)
    return gpd.GeoSeries(found, index=shapes.index, crs=shapes.crs)


def _present(shapes: Shapes, refused: NDArray[np.bool_], labels: list[str], log: LayerLog) -> NDArray[np.bool_]:
    present: NDArray[np.bool_] = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    for position in np.flatnonzero(~present & ~refused):
        log.fault("null_geometry", row=labels[position], field="geometry")
    return present


def _of_family(
    shapes: Shapes, present: NDArray[np.bool_], family: Family, labels: list[str], log: LayerLog
) -> NDArray[np.bool_]:
    allowed = _TYPES[family]
    right = np.array([shape is None or shape.geom_type in allowed for shape in shapes], dtype=bool) | ~present
    if family == "points":
        right &= ~(
            (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (shapely.get_num_geometries(shapes) > 1)
        )
    for position in np.flatnonzero(~right):
        log.fault(
            "wrong_geometry",
            row=labels[position],
            field="geometry",
            found=shapes[position].geom_type,
            expected=listed(allowed),
        )
    return right


def _in_range(shapes: Shapes, crs: CRS, labels: list[str], log: LayerLog) -> NDArray[np.bool_]:
    bounds = shapely.bounds(shapes)
    right = np.asarray(np.isfinite(bounds).all(axis=1))
    corners, owner = shapely.get_coordinates(shapes, return_index=True)
    # The bounds of a geometry ignore vertices that are not numbers.
    right[owner[~(np.abs(corners) < _FARTHEST).all(axis=1)]] = False
    if crs.is_geographic:
        right &= (np.abs(bounds[:, [0, 2]]) <= _FULL_TURN).all(axis=1)
        right &= (np.abs(bounds[:, [1, 3]]) <= _POLE).all(axis=1)
    filled = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    right |= ~filled
    for position in np.flatnonzero(~right):
        own = corners[owner == position]
        odd = own[~np.isfinite(own).all(axis=1)]
        if len(odd):
            found = listed(f"{value:.6g}" for value in odd[0])
            log.fault("coordinates_not_numbers", row=labels[position], field="geometry", found=found)
            continue
        found = listed(f"{value:.6g}" for value in bounds[position, :2])
        log.fault("coordinates_out_of_range", row=labels[position], field="geometry", found=found, expected=crs.name)
    return right


def _mended(shapes: Shapes, usable: NDArray[np.bool_], labels: list[str], log: LayerLog) -> Shapes:
    polygonal = np.isin(shapely.get_type_id(shapes), POLYGONAL)
    broken = np.flatnonzero(usable & polygonal & ~shapely.is_valid(shapes))
    mended, rows = shapes.copy(), []
    for position in broken:
        given = shapes[position]
        whole = shapely.make_valid(given, method="structure", keep_collapsed=False)
        if _is_lossless(given, whole):
            mended[position] = whole
            rows.append(labels[position])
        elif not max(whole.area, given.area):
            log.fault("polygon_without_area", row=labels[position], field="geometry")
        else:
            change = abs(whole.area - given.area) / max(whole.area, given.area)
            log.fault(
                "invalid_polygon",
                row=labels[position],
                field="geometry",
                found=shapely.is_valid_reason(given),
                expected=f"{change:.2%}" if change >= _SHOWN else f"< {_SHOWN:.2%}",
            )
    if rows:
        log.note("polygon_mended", count=len(rows), ids=listed(sorted(rows)))
    return mended


def _is_lossless(given: shapely.Geometry, whole: shapely.Geometry) -> bool:
    before, after = float(shapely.area(given)), float(shapely.area(whole))
    return before > 0 and abs(after - before) <= LOSSLESS * before


def beyond_mending(shapes: Shapes) -> NDArray[np.bool_]:
    """Tell which geometries :func:`checked_shapes` would refuse as polygons: absent, empty, crossing, without area."""
    found: NDArray[np.bool_] = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    broken = np.isin(shapely.get_type_id(shapes), POLYGONAL) & ~shapely.is_valid(shapes) & ~found
    for position in np.flatnonzero(broken):
        whole = shapely.make_valid(shapes[position], method="structure", keep_collapsed=False)
        found[position] = not _is_lossless(shapes[position], whole)
    return found


def _without_repeats(shapes: Shapes, usable: NDArray[np.bool_]) -> Shapes:
    """Return geometries without repeated points, which have no meaning and can crash native libraries."""
    plain = np.flatnonzero(usable & shapely.is_valid(shapes))
    found = shapes.copy()
    found[plain] = shapely.remove_repeated_points(shapes[plain])
    return found


def _as_points(shapes: Shapes, usable: NDArray[np.bool_], labels: list[str], log: LayerLog) -> Shapes:
    kinds = shapely.get_type_id(shapes)
    plots = usable & np.isin(kinds, POLYGONAL)
    if plots.any():
        log.note(
            "points_from_polygons",
            count=int(plots.sum()),
            ids=listed(labels[row] for row in np.flatnonzero(plots)),
        )
    points = shapes.copy()
    points[plots] = shapely.point_on_surface(shapes[plots])
    single = usable & (kinds == shapely.GeometryType.MULTIPOINT)
    points[single] = shapely.get_geometry(shapes[single], 0)
    return points
