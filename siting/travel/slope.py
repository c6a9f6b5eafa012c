"""The effect of slope on walking: elevations along edges, Tobler's ratio, stairs and machines, seconds of each edge."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.ndimage import map_coordinates
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from siting.crs import WGS84, carry, transform_points
from siting.domain.nouns import Floats, Ints, Note, Raster
from siting.domain.walkers import WalkerSpeeds
from siting.listing import MOST_NAMED, first_of
from siting.travel.crossings import CROSSING, crossing_shares

Bools = NDArray[np.bool_]

# Only stairs are steeper: a steeper slope elsewhere is an error of the terrain (a roof, a viaduct, a cliff).
STEEPEST: Final = 0.45
# Bridges and tunnels have a straight grade between their ends: the terrain below or above them is not walked on.
SPANS: Final = ("bridge", "footbridge", "tunnel")
# Escalators run in both directions (or the direction is unknown), along their line, or against it.
ESCALATORS: Final = ("escalator", "escalator_forward", "escalator_backward")
# These kinds are not limited by slope: they may be steep, and have one piece.
CLIMBS: Final = ("stairs", "lift", *ESCALATORS)
# Assumptions without a source: the speed of a lift, and the time of a ride if its rise is unknown.
LIFT_M_S: Final = 1.0
LIFT_RIDE_S: Final = 20.0
# A smaller rise is less than a storey: the terrain does not contain the rise.
_STOREY_M: Final = 3.0
# Kinds with times of their own.
_TIMED: Final = (CROSSING, "stairs", "lift", *ESCALATORS)
_CROSSING, _STAIRS, _LIFT, _ESCALATOR, _FORWARD, _BACKWARD = range(len(_TIMED))
# Floating-point slopes meet a limit such as 1:12 only within this tolerance.
_SAME_SLOPE: Final = 1e-9


def tobler_ratio(slope: Floats) -> Floats:
    """Return v ÷ v₀ at a slope: Tobler's T(s) ÷ T(0), at most 1 (no gain downhill).

    Examples
    --------
    >>> import numpy as np
    >>> from siting.travel.slope import tobler_ratio
    >>> tobler_ratio(np.array([0.0, 0.05, -0.05, -0.2])).round(3).tolist()
    [1.0, 0.839, 1.0, 0.705]
    """
    return np.minimum(1.0, np.exp(-3.5 * np.abs(slope + 0.05) + 3.5 * 0.05))


@dataclass(frozen=True)
class EdgeSeconds:
    """Seconds along each edge, piece by piece.

    Edge e has ``pieces[e]`` equal pieces. ``ahead[start[e] + i]`` are the seconds from u to the end of its first i
    pieces, ``back`` those from there to u, and ``rise_m`` its elevation above u, as walked; all are finite. Edges of
    ``shut_ahead`` cannot be walked from u to v, those of ``shut_back`` not from v to u, whatever the seconds are.
    ``steep`` is aligned with ``ahead``: true at the end of a piece that is too steep for the walker.
    """

    length_m: Floats
    pieces: Ints
    start: Ints
    ahead: Floats
    back: Floats
    rise_m: Floats
    shut_ahead: Bools
    shut_back: Bools
    steep: Bools

    def at(self, edge: Ints, position_m: Floats) -> tuple[Floats, Floats]:
        """Return the seconds from u to a position on an edge, and from there back to u; inf in closed directions."""
        pieces = self.pieces[edge]
        along = np.clip(position_m / self.length_m[edge], 0.0, 1.0) * pieces
        piece = np.minimum(along.astype(np.int64), pieces - 1)
        low, part = self.start[edge] + piece, along - piece

        def between(seconds: Floats) -> Floats:
            return seconds[low] + part * (seconds[low + 1] - seconds[low])

        there, again = between(self.ahead), between(self.back)
        return np.where(self.shut_ahead[edge], np.inf, there), np.where(self.shut_back[edge], np.inf, again)

    @property
    def totals(self) -> tuple[Floats, Floats]:
        """Seconds from u to v and from v to u of every edge; inf if it is closed."""
        last = self.start + self.pieces
        return (
            np.where(self.shut_ahead, np.inf, self.ahead[last]),
            np.where(self.shut_back, np.inf, self.back[last]),
        )


def edge_seconds(
    edges: gpd.GeoDataFrame, crs: CRS, terrain: Raster | None, speeds: WalkerSpeeds
) -> tuple[EdgeSeconds, tuple[Note, ...]]:
    """Compute the seconds of every edge, in both directions.

    Parameters
    ----------
    edges : geopandas.GeoDataFrame
        ``kind``, ``length_m`` and the LineStrings, in ``crs`` (metres).
    crs : pyproj.CRS
        The edges' CRS.
    terrain : Raster or None
        Elevations in metres; None walks on the flat.
    speeds : WalkerSpeeds
        Speeds, waits, and the limits of the walker.

    Returns
    -------
    EdgeSeconds, notes
        Notes tell about edges without elevations (walked flat), about slopes beyond ±45 % that were replaced by the
        edge's mean, and about a slope limit that cannot be applied without elevations.
    """
    length = edges["length_m"].to_numpy(dtype=np.float64)
    kind = edges["kind"].to_numpy()
    climbs = np.isin(kind, CLIMBS)
    # Pieces are at least as long as a terrain cell: finer slopes would be noise of the grid.
    cell_m = np.inf if terrain is None else _cell_size_m(terrain, edges, crs)
    whole = climbs | np.isin(kind, SPANS)
    pieces = np.where(whole, 1, np.maximum(1, length // cell_m)).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(pieces + 1)])
    owner = np.repeat(np.arange(len(edges)), pieces + 1)
    step = np.arange(len(owner)) - start[owner]
    heights, unknown, notes = _heights(edges, crs, terrain, owner, step / pieces[owner])
    heights = _straight_spans(heights, unknown, edges, np.isin(kind, SPANS), start[:-1])
    inner = np.flatnonzero(step > 0)
    edge = owner[inner]
    rise, run = heights[inner] - heights[inner - 1], length[edge] / pieces[edge]
    slope, too_steep = _plausible(rise / run, edge, climbs, heights, start, pieces, length)
    replaced: tuple[Note, ...] = (_steep_note(edges, too_steep, crs),) if len(too_steep) else ()
    steep = np.zeros(len(owner), dtype=bool)
    if speeds.max_slope is not None:
        steep[inner] = (np.abs(slope) > speeds.max_slope + _SAME_SLOPE) & ~climbs[edge]
        if terrain is None:
            replaced += (Note("slope_limit_without_heights", {"limit": f"{speeds.max_slope:.1%}"}),)
    level = unknown[inner] | unknown[inner - 1] | (np.abs(rise) < _STOREY_M)
    wait = speeds.crossing_wait * (crossing_shares(edges) if speeds.crossing_wait else np.ones(len(edges))) / pieces
    walked = _Pieces(_codes(kind)[edge], run, rise, slope, wait[edge], level)

    def seconds(direction: float) -> tuple[Floats, Bools]:
        pace = np.zeros(len(owner))
        pace[inner], shut = _pace(walked, speeds, direction)
        total: Floats = np.cumsum(pace)
        since_u: Floats = total - total[start[owner]]
        return since_u, np.bincount(edge, weights=shut | steep[inner], minlength=len(edges)) > 0

    (ahead, shut_ahead), (back, shut_back) = seconds(1.0), seconds(-1.0)
    climbed = np.zeros(len(owner))
    climbed[inner] = np.where(climbs[edge], rise, slope * run)
    total_climb = np.cumsum(climbed)
    rise_m = total_climb - total_climb[start[owner]]
    found = EdgeSeconds(length, pieces, start[:-1], ahead, back, rise_m, shut_ahead, shut_back, steep)
    return found, notes + replaced


class _Pieces(NamedTuple):
    """Pieces of edges.

    Code of the kind, horizontal length and rise (metres), slope as walked, the wait for a crossing, and whether the
    terrain shows less than a storey between both ends.
    """

    kind: NDArray[np.int8]
    run: Floats
    rise: Floats
    slope: Floats
    wait: Floats
    level: Bools


def _codes(kind: NDArray[np.object_]) -> NDArray[np.int8]:
    """Return the index of each kind in ``_TIMED``, -1 for kinds whose speed follows their slope."""
    codes = np.full(len(kind), -1, dtype=np.int8)
    for code, name in enumerate(_TIMED):
        codes[kind == name] = code
    return codes


def _pace(pieces: _Pieces, speeds: WalkerSpeeds, direction: float) -> tuple[Floats, Bools]:
    """Return the finite seconds of each piece in a direction (1: from u to v), and whether it cannot be walked so."""
    kind, along = pieces.kind, np.hypot(pieces.run, pieces.rise)
    seconds: Floats = pieces.run / (speeds.flat * tobler_ratio(direction * pieces.slope))
    shut = np.zeros(len(kind), dtype=bool)
    seconds += np.where(kind == _CROSSING, pieces.wait, 0.0)
    stairs = kind == _STAIRS
    # On level stairs (without elevations) the speed upstairs is used.
    speed = np.where(direction * pieces.rise >= 0, speeds.stairs_up, speeds.stairs_down)
    shut |= stairs & (speed <= 0)
    seconds = np.where(stairs, along / np.where(speed > 0, speed, speeds.flat), seconds)
    # The ways into and out of the lift are walked on the flat; so a lift with a long line is no short cut.
    ride = np.where(pieces.level, LIFT_RIDE_S, np.abs(pieces.rise) / LIFT_M_S)
    seconds = np.where(kind == _LIFT, pieces.run / speeds.flat + speeds.lift_wait + ride, seconds)
    escalator = kind >= _ESCALATOR
    against = kind == (_BACKWARD if direction > 0 else _FORWARD)
    shut |= escalator & (against | (speeds.escalator is None))
    return np.where(escalator, along / (speeds.escalator or speeds.flat), seconds), shut


def _heights(
    edges: gpd.GeoDataFrame, crs: CRS, terrain: Raster | None, owner: Ints, fraction: Floats
) -> tuple[Floats, NDArray[np.bool_], tuple[Note, ...]]:
    """Return elevations along the edges, also where the terrain has none, and a note on edges without any.

    Missing elevations are interpolated along the edge; an edge without any is at 0.
    """
    if terrain is None:
        return np.zeros(len(owner)), np.zeros(len(owner), dtype=bool), ()
    points = shapely.line_interpolate_point(edges.geometry.to_numpy()[owner], fraction, normalized=True)
    heights = sample_heights(terrain, shapely.get_coordinates(points), crs)
    unknown = np.isnan(heights)
    flat = 0
    for e in np.unique(owner[unknown]):
        mine = slice(*np.searchsorted(owner, [e, e + 1]))
        known = ~np.isnan(heights[mine])
        if known.any():
            heights[mine] = np.interp(fraction[mine], fraction[mine][known], heights[mine][known])
        else:
            heights[mine] = 0.0
            flat += 1
    return heights, unknown, (Note("edges_without_height", {"count": flat}),) if flat else ()


def _straight_spans(
    heights: Floats, unknown: NDArray[np.bool_], edges: gpd.GeoDataFrame, spans: NDArray[np.bool_], start: Ints
) -> Floats:
    """Set the nodes inside bridges and tunnels of several edges to the straight grade between their ends.

    Such a node touches only bridges and tunnels. Along a chain its elevation is interpolated by length. At a fork it is
    the mean of its neighbours, each weighted by one over the length (so that the grades balance). The same applies to
    an end without a known elevation: the bridge or tunnel is level there.
    """
    edge = np.flatnonzero(spans)
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    nodes, local = np.unique(np.concatenate([u[edge], v[edge]]), return_inverse=True)
    one, other = local[: len(edge)], local[len(edge) :]
    free = (np.bincount(local, minlength=len(nodes)) > 1) & ~np.isin(nodes, np.concatenate([u[~spans], v[~spans]]))
    height, anchored = np.zeros(len(nodes)), np.zeros(len(nodes), dtype=bool)
    for end, at in ((one, start[edge]), (other, start[edge] + 1)):
        known = ~unknown[at]
        height[end[known]], anchored[end[known]] = heights[at[known]], True
    pull = 1.0 / edges["length_m"].to_numpy(dtype=np.float64)[edge]
    links = coo_array((pull, (one, other)), shape=(len(nodes), len(nodes))).tocsr()
    links = links + links.T
    _, part = connected_components(links, directed=False)
    free |= ~anchored
    # A closed ring of bridges or tunnels has no end: the nodes with known elevation determine the rest.
    ring = ~np.isin(part, part[~free])
    free[ring] = ~anchored[ring]
    free &= np.isin(part, part[~free])
    if free.any():
        balance: csr_array = diags_array(np.asarray(links.sum(axis=1)).ravel()).tocsr() - links
        height[free] = spsolve(balance[free][:, free].tocsc(), -(balance[free][:, ~free] @ height[~free]))
    lifted = heights.copy()
    lifted[start[edge]], lifted[start[edge] + 1] = height[one], height[other]
    return lifted


def _plausible(
    slope: Floats, edge: Ints, climbs: Bools, heights: Floats, start: Ints, pieces: Ints, length: Floats
) -> tuple[Floats, Ints]:
    """Return slopes within the limit, and the edges that had a steeper piece."""
    faulty = (np.abs(slope) > STEEPEST) & ~climbs[edge]
    first = start[:-1]
    mean = np.clip((heights[first + pieces] - heights[first]) / length, -STEEPEST, STEEPEST)
    return np.where(faulty, mean[edge], slope), np.unique(edge[faulty])


def _steep_note(edges: gpd.GeoDataFrame, steep: Ints, crs: CRS) -> Note:
    """Name edges by a point in their middle, longitude and latitude, from west to east."""
    lines = edges.geometry.to_numpy()[steep]
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    lon, lat = transform_points(middle[:, 0], middle[:, 1], crs, WGS84)
    order = np.lexsort((lat, lon))
    places = [f"{lon[at]:.6f}, {lat[at]:.6f}" for at in order[: MOST_NAMED + 1]]
    return Note("edges_too_steep", {"count": len(steep), "edges": "; ".join(first_of(places))})


def sample_heights(terrain: Raster, xy: Floats, crs: CRS) -> Floats:
    """Return bilinear elevations at points of a CRS; NaN outside the raster and beside its voids."""
    x, y = carry(crs, terrain.grid.crs).transform(xy[:, 0], xy[:, 1])
    transform = terrain.grid.transform
    column = (np.asarray(x) - transform.c) / transform.a - 0.5
    row = (np.asarray(y) - transform.f) / transform.e - 0.5
    found: Floats = map_coordinates(terrain.values, [row, column], order=1, mode="constant", cval=np.nan)
    return found


def _cell_size_m(terrain: Raster, edges: gpd.GeoDataFrame, crs: CRS) -> float:
    west, south, east, north = edges.total_bounds
    back = carry(crs, terrain.grid.crs)
    there = carry(terrain.grid.crs, crs)
    x, y = back.transform((west + east) / 2, (south + north) / 2)
    transform = terrain.grid.transform
    xs, ys = there.transform([x, x + transform.a, x], [y, y, y + transform.e])
    return float(max(np.hypot(xs[1] - xs[0], ys[1] - ys[0]), np.hypot(xs[2] - xs[0], ys[2] - ys[0])))
