"""Service circles: the ground from which a site is reached in time, drawn from walks to a lattice of points."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from contourpy import FillType, contour_generator
from numpy.typing import NDArray

from siting.domain.nouns import Floats, Ints
from siting.domain.scenario import Walking
from siting.errors import Fault, InputError
from siting.travel.nearest import nearest_lines
from siting.travel.network import Attachment, WalkingNetwork
from siting.travel.walks import Limits, walk_between
from siting.units import SECONDS_PER_MINUTE

Shapes = NDArray[np.object_]

# Spacing of the lattice, metres.
LATTICE_M: Final = 7.5
# A line between two points of the lattice is interpolated up to this long after the cut-off. What is reached later, or
# never, is another part of the town: the circle ends at the last point that is reached, and does not leap a river.
_SLACK_S: Final = 15.0
_NEVER_S: Final = 1e7
# Sites drawn at a time, and points of the lattice around them all: so many fit well into memory. Of a site with more
# points the lattice is worked through in tiles of so many points a side.
_CHUNK: Final = 32
_MOST_POINTS: Final = 16_000_000
_TILE: Final = 1024
# More points than this take a circle many minutes.
_MOST_A_CIRCLE: Final = 400_000_000
# Borders are drawn so far inwards, and then by half of that at most straightened.
_INWARDS_M: Final = 3.0
_FINE_M: Final = 1.5
# How far a border is bent to take a point of demand to its side; a point farther from it has ground of its own.
_BEND_M: Final = 15.0
# Ground around such a point, and around the site itself; and around a point for whose sake a border is bent.
_FOOTPRINT_M: Final = 3.0
_CLEAR_M: Final = 1.0


def round_circles(xy: Floats, radius_m: float) -> Shapes:
    """Return circles in straight lines around points, metres."""
    return np.asarray(shapely.buffer(shapely.points(xy), radius_m, quad_segs=32), dtype=object)


def walked_circles(
    network: WalkingNetwork, sites: Attachment, xy: Floats, walking: Walking, cells: Floats, covered: Sequence[Ints]
) -> Shapes:
    """Return the ground from which each site is reached within ``walking.minutes``.

    The border between two points of the lattice is interpolated where both are reached in about that time, and lies at
    the one that is where the other is not. It is then bent, so that points of demand take the side that their times
    say.

    Parameters
    ----------
    network : WalkingNetwork
        The network.
    sites, xy
        The sites, all attached, and where they stand.
    walking : Walking
        Cut-off, direction, limits.
    cells : ndarray
        Shape (cells, 2): the points of demand, metres.
    covered : sequence of ndarray of int
        The rows of ``cells`` that each site reaches in time.

    Returns
    -------
    ndarray of object
        A polygon or multipolygon each; it contains its site.

    Raises
    ------
    InputError
        ``circles_too_large``: one circle would take more than 400 million points.
    """
    cutoff = walking.minutes * SECONDS_PER_MINUTE
    # Nobody is faster.
    span = int(np.ceil((cutoff + _SLACK_S) * network.fastest / LATTICE_M))
    points = (2 * span + 2) ** 2
    circles = np.empty(len(xy), dtype=object)
    if points > _MOST_POINTS:
        for site in range(len(xy)):
            ground = _smoothed(_tiled(network, sites.take([site]), xy[[site]], walking, span))
            circles[site] = sided(ground, xy[site], cells, covered[site], span * LATTICE_M)
        return circles
    chunks = max(1, -(-len(xy) // min(_CHUNK, _MOST_POINTS // points)))
    for chunk in np.array_split(np.arange(len(xy)), chunks):
        corners = np.floor(xy[chunk] / LATTICE_M).astype(np.int64) - span
        shape = (2 * span + 2, 2 * span + 2)
        fields = _fields(network, sites.take(chunk), corners, shape, walking)
        for site, corner, seconds in zip(chunk, corners, fields, strict=True):
            ground = _smoothed(_within(corner, seconds, cutoff))
            circles[site] = sided(ground, xy[site], cells, covered[site], span * LATTICE_M)
    return circles


def _tiled(network: WalkingNetwork, site: Attachment, xy: Floats, walking: Walking, span: int) -> shapely.Geometry:
    """Return the ground around one site, worked out tile by tile where the network can be joined.

    Tiles share the points of their borders, so that their outlines meet there and the pieces are one.
    """
    box = np.reshape(shapely.total_bounds(network.geometry[network.open_to_joining]), (2, 2))
    middle = np.floor(xy[0] / LATTICE_M).astype(np.int64)
    # Two points beyond the limit nothing is joined, and nothing reached.
    far = walking.attach_limit_m + 2 * LATTICE_M
    low, high = (np.round(side / LATTICE_M).astype(np.int64) for side in (box[0] - far, box[1] + far))
    low, high = np.maximum(low, middle - span), np.minimum(high, middle + span + 1)
    if np.prod((high - low + 1).astype(np.float64)) > _MOST_A_CIRCLE:
        found = f"{network.fastest:g}"
        raise InputError(
            [Fault(code="circles_too_large", field="walking.minutes", found=found, expected=f"{walking.minutes:g}")]
        )
    pieces = []
    for left in range(low[0], high[0], _TILE):
        for bottom in range(low[1], high[1], _TILE):
            corner = np.array([left, bottom])
            columns, lines = np.minimum(corner + _TILE, high) - corner + 1
            (seconds,) = _fields(network, site, corner[None, :], (int(lines), int(columns)), walking)
            pieces.append(_within(corner, seconds, walking.minutes * SECONDS_PER_MINUTE))
    return shapely.union_all(pieces)


def _fields(
    network: WalkingNetwork, sites: Attachment, corners: Ints, shape: tuple[int, int], walking: Walking
) -> list[Floats]:
    """Return for each site the seconds of the points of the lattice from a corner on: so many lines and columns."""
    if not len(corners):
        return []
    columns = corners[:, 0, None, None] + np.arange(shape[1])[None, None, :]
    lines = corners[:, 1, None, None] + np.arange(shape[0])[None, :, None]
    low, high = lines.min(), lines.max()
    numbers = (columns * (high - low + 1) + (lines - low)).reshape(len(corners), -1)
    points, place = np.unique(numbers, return_inverse=True)
    places = np.stack(np.divmod(points, high - low + 1), axis=1) + np.array([0, low])
    probes = _attached(network, places * LATTICE_M, walking.attach_limit_m)
    if not (probes.edge >= 0).any():
        return [np.full(shape, _NEVER_S) for _ in corners]
    limit = walking.minutes * SECONDS_PER_MINUTE + _SLACK_S
    found = walk_between(network, sites, probes, walking.direction, Limits.plain(len(corners), limit))
    fields, seconds = [], np.full(len(points), _NEVER_S)
    for site, where in enumerate(place.reshape(len(corners), -1)):
        row = slice(found.start[site], found.start[site + 1])
        seconds[found.target[row]] = found.seconds[row]
        fields.append(seconds[where].reshape(shape))
        seconds[found.target[row]] = _NEVER_S
    return fields


def _attached(network: WalkingNetwork, xy: Floats, limit_m: float) -> Attachment:
    """Join points as :func:`siting.travel.network.attach` does, in a tenth of the time."""
    lines = np.flatnonzero(network.open_to_joining)
    segments, rank = network.segments
    edge, away_m, position_m = nearest_lines(segments, rank, xy, limit_m)
    joined = edge >= 0
    edge[joined] = lines[edge[joined]]
    component = np.where(joined, network.component[edge], -1) if len(network.component) else edge
    return Attachment(edge, position_m, away_m / network.speed, component)


def _within(corner: Ints, seconds: Floats, cutoff: float) -> shapely.Geometry:
    """Return the ground on which a field of seconds is at most the cut-off."""
    x, y = ((number + np.arange(count)) * LATTICE_M for number, count in zip(corner, seconds.shape[::-1], strict=True))
    lines = contour_generator(x=x, y=y, z=seconds, fill_type=FillType.OuterOffset).filled(-1.0, cutoff)
    parts = [
        shapely.Polygon(points[: offsets[1]], [points[low:high] for low, high in pairwise(offsets[1:])])
        for points, offsets in zip(*lines, strict=True)
    ]
    return shapely.union_all(shapely.make_valid(np.array(parts, dtype=object)))


def _smoothed(ground: shapely.Geometry) -> shapely.Geometry:
    """Return ground with its border drawn inwards and straightened."""
    return shapely.simplify(shapely.buffer(ground, -_INWARDS_M, join_style="mitre"), _FINE_M)


def sided(ground: shapely.Geometry, site: Floats, cells: Floats, covered: Ints, reach_m: float) -> shapely.Geometry:
    """Put every point of demand on the side on which the times put it, and the site itself inside.

    Parameters
    ----------
    ground : shapely.Geometry
        The circle as the lattice draws it.
    site : ndarray
        Where the site stands.
    cells, covered
        The points of demand, and the rows of those that the site reaches in time.
    reach_m : float
        How far from the site, along either axis, points of demand are looked at, metres.

    Returns
    -------
    shapely.Geometry
        Its border is bent where it passes near such a point; a point far from the border has a small round of its own.
    """
    near = np.flatnonzero((np.abs(cells - site) <= reach_m).all(axis=1))
    inside = shapely.contains_xy(ground, cells[near])
    wanted = np.isin(near, covered)
    border = shapely.boundary(ground)
    drop = [_bend(border, cells[row], partial(_outside, ground)) for row in near[inside & ~wanted]]
    add = [_bend(border, cells[row], partial(shapely.intersection, ground)) for row in near[wanted & ~inside]]
    cut = shapely.difference(ground, shapely.union_all(drop)) if drop else ground
    return shapely.union_all([cut, *add, shapely.buffer(shapely.Point(site), _FOOTPRINT_M, quad_segs=2)])


def _outside(ground: shapely.Geometry, disc: shapely.Geometry) -> shapely.Geometry:
    return shapely.difference(disc, ground)


def _bend(
    border: shapely.Geometry, xy: Floats, beyond: Callable[[shapely.Geometry], shapely.Geometry]
) -> shapely.Geometry:
    """Return the ground that changes sides for the sake of a point: between it and what lies ``beyond`` the border."""
    point = shapely.Point(xy)
    away = shapely.distance(border, point)
    # An empty border is NaN away.
    if not away <= _BEND_M:
        return shapely.buffer(point, _FOOTPRINT_M, quad_segs=2)
    other = beyond(shapely.buffer(point, away + _FOOTPRINT_M, quad_segs=4))
    return shapely.convex_hull(shapely.union(other, shapely.buffer(point, _CLEAR_M, quad_segs=2)))
