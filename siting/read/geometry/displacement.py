"""Layers that are displaced against the others by the shift of GCJ-02, although their files do not say so.

The rule. Points of one layer (its records, or points at regular steps along its outlines) are compared with another
layer that they should fit: facilities, candidates and outlines with ways; facilities and candidates with estates;
outlines of units outside of estates; outlines with the outlines of finer levels; facilities with the units that they
name. The misfit of a point is ln(1 + distance / 10 m), for distances up to 100 m. It is computed unchanged, with the
local shift of GCJ-02 undone, with it applied, and with shifts as long and half as long again in ten other directions,
which show the effect of chance. A fit counts only if it is better than the best of chance by a fifth of its gain over
the mean of chance. That gain is divided by its standard error, for single records, or, for outlines, whose points
depend on each other, by the standard deviation of the means of chance; the amount above 2 counts as evidence, up to 8.
Among all hypotheses of which layers are displaced, the one with the most evidence is chosen, and for equal evidence the
one with the fewest layers (levels of units together count as one, layers shifted back without need as one and a half).
It is reported if the evidence grows by 3 compared with no displacement.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siting.crs import WGS84, carry
from siting.domain.nouns import Floats, Network
from siting.read.geometry.gcj02 import gcj02_from_wgs84, in_china_box
from siting.read.log import Log

# Returns the displacement of places (shape (n, 2), metres) if shifted coordinates are taken for true ones; NaN where
# there is no shift.
Offset = Callable[[Floats], Floats]

# Fewer records than this are no evidence.
LEAST_RECORDS: Final = 8
# The most points of each layer.
_SAMPLE: Final = 300
_SCALE_M: Final = 10.0
_FARTHEST_M: Final = 100.0
_TURNS: Final = (30.0, 60.0, 90.0, 120.0, 150.0, 210.0, 240.0, 270.0, 300.0, 330.0)
_LENGTHS: Final = (1.0, 1.5)
_CHANCE: Final = 2.0
_CAP: Final = 8.0
_TELLING: Final = 3.0
# Coordinates that were shifted back without need are rarer than shifted ones taken for true.
_SHIFTED_BACK: Final = 1.5
# The share of its gain over chance by which a fit must be better than the best of chance.
_MARGIN: Final = 0.2
# The smallest error that a mean fit is assumed to have.
_LEAST_ERROR: Final = 0.03
_POINT_LAYERS: Final = ("facilities", "candidates")
_ESTATES: Final = "residential_areas"
_NETWORK: Final = "network"
_UNITS: Final = "units."
_LEVELS: Final = ("community", "street", "planning", "district", "city")


@dataclass(frozen=True)
class Displaced:
    """A layer that seems displaced: ``sign`` 1 if GCJ-02 was taken for WGS84, -1 if WGS84 was shifted back."""

    layer: str
    sign: int
    east_m: float
    north_m: float
    records: int


@dataclass(frozen=True)
class _Evidence:
    """How well one layer fits another if it is displaced against it by -1, 0 or 1 times the shift."""

    one: str
    other: str
    of: Mapping[int, float]


def note_displacement(layers: Mapping[str, gpd.GeoDataFrame], network: Network | None, log: Log) -> None:
    """Note each layer that is displaced against the others by the shift of GCJ-02, in either direction.

    Parameters
    ----------
    layers : mapping of str to geopandas.GeoDataFrame
        Layers in one metric CRS by their key in the scenario (``facilities``, ``candidates``, ``residential_areas``,
        ``units.LEVEL`` of levels with their own layer); others are ignored.
    network : Network or None
        The walking network in the same CRS.
    log : Log
        Takes the notes ``layer_displaced`` (shifted coordinates taken for true ones) and ``layer_displaced_back`` (true
        ones taken for shifted): the layer, and its displacement in metres to the east and north.

    Notes
    -----
    At least eight records are needed, and another layer that they should touch. If half of the layers agree with each
    other and the other half too, it is unknown which are right; the smaller group is named. If all layers are displaced
    in the same way, this cannot be detected.
    """
    frames = [frame for frame in layers.values() if len(frame)]
    crs = next((CRS(frame.crs) for frame in frames if frame.crs is not None), None)
    if crs is None:
        return
    for found in displaced(layers, network, gcj02_offset(crs)):
        log.layer(found.layer).note(
            "layer_displaced" if found.sign > 0 else "layer_displaced_back",
            metres=round(float(np.hypot(found.east_m, found.north_m))),
            east=round(found.east_m),
            north=round(found.north_m),
            count=found.records,
        )


def gcj02_offset(crs: CRS) -> Offset:
    """Return the shift of GCJ-02 at places in metres of a projected CRS; NaN outside of its box."""
    there = carry(crs, WGS84)

    def offset(xy: Floats) -> Floats:
        lon, lat = there.transform(xy[:, 0], xy[:, 1])
        inside = in_china_box(lon, lat)
        x, y = there.transform(*gcj02_from_wgs84(lon, lat), direction="INVERSE")
        return np.where(inside[:, None], np.column_stack([x, y]) - xy, np.nan)

    return offset


def displaced(layers: Mapping[str, gpd.GeoDataFrame], network: Network | None, offset: Offset) -> list[Displaced]:
    """Return the layers that are displaced against the others by an offset, or by its opposite.

    Parameters
    ----------
    layers, network
        As for :func:`note_displacement`.
    offset : callable
        The possible shift at each place.
    """
    evidence = list(_evidence(layers, network, offset))
    names = sorted({name for each in evidence for name in (each.one, each.other)})
    if not names:
        return []
    weight = _weights(names)
    best = max(
        (_best(names, evidence, sign, weight) for sign in (1, -1)),
        key=lambda moves: (round(_sum(evidence, moves), 6), -_cost(moves, weight)),
    )
    return [
        _described(name, best[name], layers, network, offset)
        for group in _groups(evidence, list(best))
        if _gain(evidence, best, group) >= _TELLING
        for name in group
    ]


def _weights(names: list[str]) -> dict[str, float]:
    """Return how unlikely each layer is to be displaced: levels of units usually have one source."""
    levels = sum(name.startswith(_UNITS) for name in names)
    return {name: 1 / levels if name.startswith(_UNITS) else 1.0 for name in names}


def _cost(moves: Mapping[str, int], weight: Mapping[str, float]) -> float:
    return sum(weight[name] * (1.0 if sign > 0 else _SHIFTED_BACK) for name, sign in moves.items())


def _best(names: list[str], evidence: list[_Evidence], sign: int, weight: Mapping[str, float]) -> dict[str, int]:
    """Return the layers whose displacement by one sign explains most; none if that explains no more than chance."""
    choices = np.array(list(product((0, 1), repeat=len(names))), dtype=np.int64)
    total = np.zeros(len(choices))
    for each in evidence:
        moved = sign * (choices[:, names.index(each.one)] - choices[:, names.index(each.other)])
        total += np.array([each.of[-1], each.of[0], each.of[1]])[moved + 1]
    cost = choices @ np.array([weight[name] for name in names])
    order = np.lexsort((cost, -np.round(total, 6)))
    if total[order[0]] - total[0] < _TELLING:
        return {}
    return {name: sign for name, moved in zip(names, choices[order[0]].tolist(), strict=True) if moved}


def _sum(evidence: list[_Evidence], moves: Mapping[str, int]) -> float:
    return sum(each.of.get(moves.get(each.one, 0) - moves.get(each.other, 0), 0.0) for each in evidence)


def _groups(evidence: list[_Evidence], names: list[str]) -> list[list[str]]:
    """Return the displaced layers in groups that fit each other unchanged."""
    groups = [[name] for name in names]
    for each in evidence:
        touching = [group for group in groups if each.one in group or each.other in group]
        if each.of[0] > 0 and len(touching) > 1:
            groups = [group for group in groups if group not in touching] + [touching[0] + touching[1]]
    return groups


def _gain(evidence: list[_Evidence], moves: Mapping[str, int], group: list[str]) -> float:
    """Return the evidence gained if a group is considered displaced, in addition to the other displaced ones."""
    rest = {name: sign for name, sign in moves.items() if name not in group}
    return _sum(evidence, moves) - _sum(evidence, rest)


def _described(
    name: str, sign: int, layers: Mapping[str, gpd.GeoDataFrame], network: Network | None, offset: Offset
) -> Displaced:
    frame = network.edges if name == _NETWORK and network is not None else layers[name]
    west, south, east, north = frame.total_bounds.tolist()
    move = sign * offset(np.array([[(west + east) / 2, (south + north) / 2]]))[0]
    return Displaced(name, sign, float(move[0]), float(move[1]), len(frame))


# --- evidence ---------------------------------------------------------------------------------------------------------


def _evidence(layers: Mapping[str, gpd.GeoDataFrame], network: Network | None, offset: Offset) -> Iterator[_Evidence]:
    """Yield the evidence of each pair of layers that should touch."""
    points = {key: _points(_measured(frame)) for key in _POINT_LAYERS if (frame := layers.get(key)) is not None}
    levels = [f"{_UNITS}{level}" for level in _LEVELS if len(layers.get(f"{_UNITS}{level}", ()))]
    outlined = [key for key in (_ESTATES, *levels) if len(layers.get(key, ()))]
    outlines = {key: _segments(layers[key]) for key in outlined}
    points |= {key: _along(outlines[key]) for key in outlined}
    if network is not None and len(network.edges):
        ways = shapely.STRtree(network.edges.geometry.to_numpy())
        for key, at in points.items():
            yield from _compared(key, _NETWORK, at, _to_nearest(ways), offset)
    if _ESTATES in outlines:
        estates = shapely.STRtree(layers[_ESTATES].geometry.to_numpy())
        for key in _POINT_LAYERS:
            yield from _compared(key, _ESTATES, points.get(key), _to_nearest(estates), offset)
        for key in levels:
            yield from _compared(key, _ESTATES, points[key], _inside(estates), offset)
    for i, fine in enumerate(levels):
        tree = shapely.STRtree(outlines[fine])
        for coarse in levels[i + 1 :]:
            yield from _compared(coarse, fine, points[coarse], _to_nearest(tree), offset)
    for key in levels:
        yield from _named(key, layers, offset)


def _named(key: str, layers: Mapping[str, gpd.GeoDataFrame], offset: Offset) -> Iterator[_Evidence]:
    """Yield the evidence of facilities and the units that they name."""
    facilities, column = layers.get("facilities"), f"{key.removeprefix(_UNITS)}_id"
    if facilities is None or column not in facilities:
        return
    units = layers[key].geometry
    naming = _measured(facilities)
    naming = naming[naming[column].isin(units.index)]
    naming = naming.iloc[_even(len(naming))]
    homes = units.to_numpy()[units.index.get_indexer(pd.Index(naming[column]))]

    def distances(at: Floats) -> Floats:
        found: Floats = shapely.distance(shapely.points(at), homes)
        return found

    yield from _compared("facilities", key, _points(naming), distances, offset)


def _compared(
    one: str, other: str, at: Floats | None, distances: Callable[[Floats], Floats], offset: Offset
) -> Iterator[_Evidence]:
    """Yield the evidence of points and another layer, if there are enough of them."""
    if at is None or len(at) < LEAST_RECORDS:
        return
    move = offset(at)
    if not np.isfinite(move).all():
        return

    def misfit(shift: Floats) -> Floats:
        found: Floats = np.log1p(np.minimum(distances(at + shift), _FARTHEST_M) / _SCALE_M)
        return found

    chance = np.array([misfit(length * _turned(move, turn)) for turn in _TURNS for length in _LENGTHS])
    alone = one in _POINT_LAYERS
    # A displaced layer fits once the shift is undone.
    yield _Evidence(one, other, {sign: _better(misfit(-sign * move), chance, alone=alone) for sign in (-1, 0, 1)})


def _better(given: Floats, chance: Floats, *, alone: bool) -> float:
    """Return the evidence of a fit against chance, which has one row for each direction; records may be independent."""
    by_chance = chance.mean(axis=1)
    gain = float(by_chance.mean() - given.mean())
    if float(by_chance.min() - given.mean()) < _MARGIN * gain:
        return 0.0
    # Points along one outline depend on each other, so the variation of their mean is taken from chance itself.
    error = (
        float((chance.mean(axis=0) - given).std(ddof=1)) / np.sqrt(len(given))
        if alone
        else float(by_chance.std(ddof=1))
    )
    return float(min(max(gain / max(error, _LEAST_ERROR) - _CHANCE, 0.0), _CAP))


def _turned(move: Floats, degrees: float) -> Floats:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned: Floats = move @ turn.T
    return turned


def _to_nearest(tree: shapely.STRtree) -> Callable[[Floats], Floats]:
    def distances(at: Floats) -> Floats:
        _, found = tree.query_nearest(shapely.points(at), all_matches=False, return_distance=True)
        return np.asarray(found, dtype=np.float64)

    return distances


def _inside(tree: shapely.STRtree) -> Callable[[Floats], Floats]:
    """Return a measure for points that should be outside of areas: the full distance if they are inside one."""

    def inside(at: Floats) -> Floats:
        hit = np.zeros(len(at))
        hit[tree.query(shapely.points(at), predicate="within")[0]] = _FARTHEST_M
        return hit

    return inside


def _measured(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the records with their own coordinates, not those that were located by name."""
    return frame[(frame["located_by"] == "coordinates").to_numpy(dtype=bool)] if "located_by" in frame else frame


def _points(frame: gpd.GeoDataFrame) -> Floats:
    """Return the points of a layer; if there are many, those at regular steps of the table."""
    xy: Floats = shapely.get_coordinates(frame.geometry.to_numpy())
    return xy[_even(len(xy))]


def _segments(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the straight segments of all outlines of a layer."""
    rings = shapely.get_parts(shapely.boundary(frame.geometry.to_numpy()))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    inner = ring[1:] == ring[:-1]
    ends = np.stack([xy[:-1][inner], xy[1:][inner]], axis=1)
    return np.asarray(shapely.linestrings(ends), dtype=object)


def _along(segments: NDArray[np.object_]) -> Floats:
    """Return points at regular steps along outlines."""
    reach = np.cumsum(shapely.length(segments))
    if not len(reach) or reach[-1] <= 0:
        return np.zeros((0, 2))
    steps = (np.arange(_SAMPLE) + 0.5) / _SAMPLE * reach[-1]
    on = np.searchsorted(reach, steps)
    before = np.where(on > 0, reach[on - 1], 0.0)
    found: Floats = shapely.get_coordinates(shapely.line_interpolate_point(segments[on], steps - before))
    return found


def _even(count: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).round().astype(np.int64))
