"""Names on the map: of streets, and on request of communities and facilities."""

import math
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from siting.crs import WGS84
from siting.domain.nouns import Assessment, Proposal
from siting.write.webmap.geometry import geometries, to_degrees
from siting.write.webmap.parts import MapLayer, Names
from siting.write.webmap.places import UNIT_LEVELS, at_level
from siting.write.webmap.wording import missing, words

_MOST_STREETS: Final = 150
_MOST_NAMES: Final = 3000
# Positions tried along each side of a unit for its name.
_TRIED: Final = 25
# The width of a name on the screen.
_NAME_PIXELS: Final = 90


def street_names(assessment: Assessment, proposal: Proposal | None) -> Names:
    """Return the names of streets, clear of borders and markers."""
    units, marks = at_level(assessment, "street"), _marks(assessment, proposal)
    if len(units) > _MOST_STREETS:
        units = units[:0]
    return Names(_named(assessment, units, [_anchor(shape, marks) for shape in geometries(units)]), "street", 0)


def names_by_level(assessment: Assessment) -> list[Names]:
    """Return the names of the two finest levels of units: of the coarser at once, of the finer zoomed in."""
    levels = [level for level in UNIT_LEVELS if len(at_level(assessment, level))][-2:]
    none = np.empty((0, 2))
    found = []
    for rank, level in enumerate(levels):
        units = at_level(assessment, level)
        named = _named(assessment, units, [_anchor(shape, none) for shape in geometries(units)])
        coarser = rank < len(levels) - 1
        least = _readable_from(units) if rank else 0.0
        found.append(Names(named, "district" if coarser else "street", rank, least))
    return found


def _readable_from(units: gpd.GeoDataFrame) -> float:
    """Return the zoom from which half of some units are as wide as a name."""
    bounds = units.to_crs(WGS84).bounds
    degrees = float((bounds["maxx"] - bounds["minx"]).median())
    return round(math.log2(_NAME_PIXELS * 360 / (256 * degrees)), 1) if degrees > 0 else 0.0


def draw_names(assessment: Assessment) -> list[MapLayer]:
    """Return the names that can be switched on: communities and facilities."""
    layers = []
    communities = at_level(assessment, "community")
    if 0 < len(communities) <= _MOST_NAMES:
        inside = [shape.representative_point() for shape in geometries(communities)]
        names = Names(_named(assessment, communities, inside), "community", 2)
        layers.append(MapLayer("names_community", "ground", words("map.layer.names_community"), (names,), show=False))
    facilities = assessment.inputs.facilities
    if 0 < len(facilities) <= _MOST_NAMES:
        names = Names(_named(assessment, facilities, list(geometries(facilities))), "facility", 1)
        layers.append(MapLayer("names_facility", "ground", words("map.layer.names_facility"), (names,), show=False))
    return layers


def _named(assessment: Assessment, frame: gpd.GeoDataFrame, at: list[BaseGeometry]) -> list[list[object]]:
    points = to_degrees(shapely.centroid(np.asarray(at, dtype=object)), frame.crs or assessment.inputs.crs)
    told = (key if missing(name) else name for key, name in zip(frame.index, frame["name"], strict=True))
    return [
        [point.y, point.x, str(name)] for point, name in zip(points, told, strict=True) if not shapely.is_empty(point)
    ]


def _marks(assessment: Assessment, proposal: Proposal | None) -> NDArray[np.float64]:
    """Return the positions of markers, which names avoid."""
    frames = [assessment.inputs.facilities, *([proposal.stations] if proposal is not None else [])]
    shapes = np.concatenate([geometries(frame) for frame in frames])
    return shapely.get_coordinates(shapely.centroid(shapes))


def _anchor(shape: BaseGeometry, marks: NDArray[np.float64]) -> BaseGeometry:
    """Choose the position of a unit's name: inside, clear of its border and of the markers."""
    west, south, east, north = shape.bounds
    xs, ys = np.meshgrid(np.linspace(west, east, _TRIED), np.linspace(south, north, _TRIED))
    xy = np.column_stack([xs.ravel(), ys.ravel()])
    xy = xy[shapely.contains_xy(shape, xy)]
    if not len(xy):
        return shape.representative_point()
    # A name is some three times as wide as high.
    narrow = np.array([1 / 3, 1.0])
    at = xy * narrow
    edge = shapely.transform(shape.boundary, lambda points: points * narrow)
    room = np.asarray(shapely.distance(edge, shapely.points(at)))
    if len(marks):
        away = np.sqrt(((at[:, None, :] - (marks * narrow)[None, :, :]) ** 2).sum(axis=2)).min(axis=1)
        room = np.minimum(room, away)
    return shapely.Point(*xy[int(room.argmax())])
