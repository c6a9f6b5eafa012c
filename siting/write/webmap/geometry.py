"""From tables in the working CRS to GeoJSON features that are small enough for a browser."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from siting.crs import WGS84

Feature = dict[str, Any]
Properties = Mapping[str, Any]

_POINT_DECIMALS: Final = 6  # 0.1 m
_SHAPE_DECIMALS: Final = 5  # 1 m, below what a screen shows
_COARSEST_M: Final = 500.0
# The most coordinates of one layer: some 20 bytes each.
SHAPE_BUDGET: Final = 60_000
LINE_BUDGET: Final = 100_000


def features(
    frame: gpd.GeoDataFrame,
    crs: CRS,
    properties: Callable[[int], Properties] | None = None,
    *,
    tolerance_m: float = 1.0,
    shared_borders: bool = False,
) -> list[Feature]:
    """Return one GeoJSON feature for each row, simplified and rounded; rows without geometry are left out.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Rows with geometry in ``crs``.
    crs : pyproj.CRS
        The working CRS, for a frame that does not name its own.
    properties : callable, optional
        Gives the properties of a row by its position.
    tolerance_m : float
        The tolerance of simplification; it grows if the layer is too large.
    shared_borders : bool
        The polygons partition the area and must still meet after simplification.
    """
    geometry = _simplified(geometries(frame), tolerance_m, shared_borders=shared_borders)
    moved = to_degrees(geometry, frame.crs or crs)
    return [
        {"type": "Feature", "properties": dict(properties(row)) if properties else {}, "geometry": mapping(shape)}
        for row, shape in enumerate(moved)
        if shape is not None and not shape.is_empty
    ]


def feature(shape: BaseGeometry, crs: CRS, properties: Properties, *, tolerance_m: float = 1.0) -> list[Feature]:
    """Return one geometry as a list of at most one feature."""
    frame = gpd.GeoDataFrame(geometry=[shape], crs=crs)
    return features(frame, crs, same(properties), tolerance_m=tolerance_m)


def same(properties: Properties) -> Callable[[int], Properties]:
    """Return a function that gives every row the same properties."""
    return lambda _row: properties


def geometries(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the geometry column as an array."""
    return np.asarray(frame.geometry.array, dtype=object)


def to_degrees(geometry: NDArray[np.object_], crs: CRS) -> NDArray[np.object_]:
    """Transform geometries to WGS84 and round them; points keep one more decimal than shapes."""
    moved = np.asarray(gpd.GeoSeries(list(geometry), crs=crs).to_crs(WGS84).array, dtype=object)
    points = shapely.get_dimensions(moved) == 0
    rounded = moved.copy()
    for mask, decimals in ((points, _POINT_DECIMALS), (~points, _SHAPE_DECIMALS)):
        if mask.any():
            rounded[mask] = shapely.transform(moved[mask], partial(_rounded, decimals=decimals))
    return rounded


def compact(found: Iterable[Feature]) -> list[dict[str, Any]]:
    """Return features in the form of the page's script: coordinates as whole steps from one to the next.

    A third as long as GeoJSON; a step is 10⁻⁵ degrees, for points 10⁻⁶, so that nothing is lost.

    Examples
    --------
    >>> from siting.write.webmap.geometry import compact
    >>> line = {"type": "LineString", "coordinates": ((106.5, 29.5), (106.50002, 29.49999))}
    >>> compact([{"type": "Feature", "properties": {"s": "a"}, "geometry": line}])
    [{'p': {'s': 'a'}, 't': 'LineString', 'c': [10650000, 2950000, 2, -1]}]
    """
    return [_compact(one["properties"], one["geometry"]) for one in found]


def _compact(properties: Properties, geometry: Mapping[str, Any]) -> dict[str, Any]:
    kind = geometry["type"]
    if kind == "GeometryCollection":
        return {"p": properties, "g": geometry}
    decimals = _POINT_DECIMALS if kind in ("Point", "MultiPoint") else _SHAPE_DECIMALS
    return {"p": properties, "t": kind, "c": _steps(geometry["coordinates"], decimals)}


def _steps(coordinates: Any, decimals: int) -> list[Any]:  # noqa: ANN401 - a position, or lists of them
    if isinstance(coordinates[0], float | int):
        coordinates = [coordinates]
    elif not isinstance(coordinates[0][0], float | int):
        return [_steps(part, decimals) for part in coordinates]
    whole = np.rint(np.asarray(coordinates, dtype=np.float64)[:, :2] * 10**decimals).astype(np.int64)
    steps: list[int] = np.diff(whole, axis=0, prepend=0).ravel().tolist()
    return steps


def _rounded(xy: NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
    return np.round(xy, decimals)


def bounds(shapes: Iterable[BaseGeometry], crs: CRS) -> list[list[float]]:
    """Return ``[[south, west], [north, east]]`` in degrees around geometries of the working CRS."""
    box = shapely.box(*shapely.total_bounds(np.asarray(list(shapes), dtype=object)))
    west, south, east, north = to_degrees(np.asarray([box], dtype=object), crs)[0].bounds
    return [[south, west], [north, east]]


def merged_lines(shapes: NDArray[np.object_], tolerance_m: float = 2.0) -> BaseGeometry:
    """Join lines that meet end to end, and simplify them, so that thousands of pieces are drawn as one."""
    joined = shapely.line_merge(shapely.MultiLineString(list(shapely.get_parts(shapes))))
    return joined.simplify(tolerance_m)


def _simplified(
    geometry: NDArray[np.object_], tolerance_m: float, *, shared_borders: bool = False
) -> NDArray[np.object_]:
    if not len(geometry) or (shapely.get_dimensions(geometry) < 1).all():
        return geometry
    coverage = shared_borders and _is_coverage(geometry)
    while True:
        lighter = _simplify_once(geometry, tolerance_m, coverage=coverage)
        if shapely.get_num_coordinates(lighter).sum() <= SHAPE_BUDGET or tolerance_m > _COARSEST_M:
            return lighter
        tolerance_m *= 2


def _simplify_once(geometry: NDArray[np.object_], tolerance_m: float, *, coverage: bool) -> NDArray[np.object_]:
    if coverage:
        return np.asarray(shapely.coverage_simplify(geometry, tolerance_m), dtype=object)
    return np.asarray(shapely.simplify(geometry, tolerance_m), dtype=object)


def _is_coverage(geometry: NDArray[np.object_]) -> bool:
    if (shapely.get_dimensions(geometry) != 2).any():  # noqa: PLR2004 - polygons
        return False
    return bool(shapely.coverage_is_valid(geometry))
