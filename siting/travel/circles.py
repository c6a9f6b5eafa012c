"""Service circles: the area from which a site is reached in time, drawn from walks to a lattice of points."""

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
from siting.travel.cutting import cut, moved, ways_in
from siting.travel.kernel import space_order
from siting.travel.nearest import nearest_lines
from siting.travel.network import Attachment, WalkingNetwork
from siting.travel.walks import Limits, walk_between
from siting.units import SECONDS_PER_MINUTE

Shapes = NDArray[np.object_]

# Spacing of the lattice, metres.
LATTICE_M: Final = 7.5
# Between two lattice points the border is interpolated only if the farther one is reached at most this long after the
# cut-off. A point that is reached later, or never, belongs to another part of the town: the circle ends at the last
# point that is reached, and does not jump over a river.
SLACK_S: Final = 15.0
_NEVER_S: Final = 1e7
# The sites that are drawn together, and the most lattice points around them that fit well into memory. For a site with
# more points the lattice is processed in square tiles with this many points a side.
_CHUNK: Final = 32
_MOST_POINTS: Final = 16_000_000
_TILE: Final = 1024
# A circle with more points than this takes many minutes.
_MOST_A_CIRCLE: Final = 400_000_000
# Borders are moved inwards by this distance, and then simplified by at most half of it.
_INWARDS_M: Final = 3.0
_FINE_M: Final = 1.5
# The border is bent by at most this distance to put a demand point on its correct side; a point farther away gets a
# separate small area.
_BEND_M: Final = 15.0
# Radius around such a point and around the site itself; and around a point for which the border is bent.
_FOOTPRINT_M: Final = 3.0
_CLEAR_M: Final = 1.0


def round_circles(xy: Floats, radius_m: float) -> Shapes:
    """Return circles in straight lines around points, metres."""
    return np.asarray(shapely.buffer(shapely.points(xy), radius_m, quad_segs=32), dtype=object)


def walked_circles(
    network: WalkingNetwork, sites: Attachment, xy: Floats, walking: Walking, cells: Floats, covered: Sequence[Ints]
) -> Shapes:
    """Return the area from which each site is reached within ``walking.minutes``.

    Between two lattice points that are reached at about the cut-off, the border is interpolated. If one is reached in
    time and the other much later or never, the border lies at the first. Then the border is bent so that demand points
    are on the side that their times require.

    Parameters
    ----------
    network : WalkingNetwork
        The network.
    sites, xy
        The sites, all attached, and where they stand.
    walking : Walking
        Cut-off, direction, limits.
    cells : ndarray
        Shape (cells, 2): the demand points, metres.
    covered : sequence of ndarray of int
        The rows of ``cells`` that each site reaches in time.

    Returns
    -------
    ndarray of object
        One polygon or multipolygon for each site; it contains the site.

    Raises
    ------
    InputError
        ``circles_too_large``: one circle would take more than 400 million points.
    """
    cutoff = walking.minutes * SECONDS_PER_MINUTE
    # No walk is faster.
    span = int(np.ceil((cutoff + SLACK_S) * network.fastest / LATTICE_M))
    points = (2 * span + 2) ** 2
    circles = np.empty(len(xy), dtype=object)
    if not len(xy):
        return circles
    if points > _MOST_POINTS:
        for site in range(len(xy)):
            ground = _smoothed(_tiled(network, sites.take([site]), xy[[site]], walking, span))
            circles[site] = sided(ground, xy[site], cells, covered[site], span * LATTICE_M)
        return circles
    chunks = max(1, -(-len(xy) // min(_CHUNK, _MOST_POINTS // points)))
    # Neighbours are drawn together, over the ways around them: the whole network would be prepared for each chunk.
    for chunk in np.array_split(space_order(xy), chunks):
        corners = np.floor(xy[chunk] / LATTICE_M).astype(np.int64) - span
        shape = (2 * span + 2, 2 * span + 2)
        there = ways_in(network, _around(xy[chunk], (span + 2) * LATTICE_M + 2 * walking.attach_limit_m))
        fields = _fields(cut(network, there), moved(sites.take(chunk), there), corners, shape, walking)
        for site, corner, seconds in zip(chunk, corners, fields, strict=True):
            ground = _smoothed(_within(corner, seconds, cutoff))
            circles[site] = sided(ground, xy[site], cells, covered[site], span * LATTICE_M)
    return circles


def _around(xy: Floats, far_m: float) -> Floats:
    return np.concatenate([xy.min(axis=0) - far_m, xy.max(axis=0) + far_m])


def _tiled(network: WalkingNetwork, site: Attachment, xy: Floats, walking: Walking, span: int) -> shapely.Geometry:
    """Return the area around one site, tile by tile where the network can be joined.

    Tiles share the points of their borders, so that their outlines meet there and the pieces are one area.
    """
    box = np.reshape(shapely.total_bounds(network.geometry[network.open_to_joining]), (2, 2))
    middle = np.floor(xy[0] / LATTICE_M).astype(np.int64)
    # Points farther than twice the limit from the network are not attached, so nothing is reached there.
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
    """Return for each site the seconds at the lattice points from a corner on: the given number of rows and columns."""
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
    limit = walking.minutes * SECONDS_PER_MINUTE + SLACK_S
    found = walk_between(network, sites, probes, walking.direction, Limits.plain(len(corners), limit))
    fields, seconds = [], np.full(len(points), _NEVER_S)
    for site, where in enumerate(place.reshape(len(corners), -1)):
        row = slice(found.start[site], found.start[site + 1])
        seconds[found.target[row]] = found.seconds[row]
        fields.append(seconds[where].reshape(shape))
        seconds[found.target[row]] = _NEVER_S
    return fields


def _attached(network: WalkingNetwork, xy: Floats, limit_m: float) -> Attachment:
    """Attach points like :func:`siting.travel.network.attach`, in a tenth of the time."""
    lines = np.flatnonzero(network.open_to_joining)
    segments, rank = network.segments
    edge, away_m, position_m = nearest_lines(segments, rank, xy, limit_m)
    joined = edge >= 0
    edge[joined] = lines[edge[joined]]
    component = np.where(joined, network.component[edge], -1) if len(network.component) else edge
    return Attachment(edge, position_m, away_m / network.speed, component)


def _within(corner: Ints, seconds: Floats, cutoff: float) -> shapely.Geometry:
    """Return the area where a field of seconds is at most the cut-off."""
    x, y = ((number + np.arange(count)) * LATTICE_M for number, count in zip(corner, seconds.shape[::-1], strict=True))
    lines = contour_generator(x=x, y=y, z=seconds, fill_type=FillType.OuterOffset).filled(-1.0, cutoff)
    parts = [
        shapely.Polygon(points[: offsets[1]], [points[low:high] for low, high in pairwise(offsets[1:])])
        for points, offsets in zip(*lines, strict=True)
    ]
    return shapely.union_all(shapely.make_valid(np.array(parts, dtype=object)))


def _smoothed(ground: shapely.Geometry) -> shapely.Geometry:
    """Return an area with its border moved inwards and simplified."""
    return shapely.simplify(shapely.buffer(ground, -_INWARDS_M, join_style="mitre"), _FINE_M)


def sided(ground: shapely.Geometry, site: Floats, cells: Floats, covered: Ints, reach_m: float) -> shapely.Geometry:
    """Put every demand point on the side that its time requires, and the site itself inside.

    Parameters
    ----------
    ground : shapely.Geometry
        The circle as drawn from the lattice.
    site : ndarray
        Where the site stands.
    cells, covered
        The demand points, and the rows of those that the site reaches in time.
    reach_m : float
        Up to this distance from the site along either axis, demand points are considered, metres.

    Returns
    -------
    shapely.Geometry
        The border is bent where it passes near such a point; a point far from the border gets a small disc of its own.
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
    """Return the area that changes sides because of a point: between the point and what lies ``beyond`` the border."""
    point = shapely.Point(xy)
    away = shapely.distance(border, point)
    # The distance to an empty border is NaN.
    if not away <= _BEND_M:
        return shapely.buffer(point, _FOOTPRINT_M, quad_segs=2)
    other = beyond(shapely.buffer(point, away + _FOOTPRINT_M, quad_segs=4))
    return shapely.convex_hull(shapely.union(other, shapely.buffer(point, _CLEAR_M, quad_segs=2)))
