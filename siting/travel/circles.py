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
# Sites drawn at a time: the lattice around this many fits well into memory.
_CHUNK: Final = 32
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
    """
    cutoff = walking.minutes * SECONDS_PER_MINUTE
    # Nobody is faster.
    span = int(np.ceil((cutoff + _SLACK_S) * network.fastest / LATTICE_M))
    circles = np.empty(len(xy), dtype=object)
    for chunk in np.array_split(np.arange(len(xy)), max(1, -(-len(xy) // _CHUNK))):
        fields = _fields(network, sites.take(chunk), xy[chunk], walking, cutoff + _SLACK_S, span)
        for site, (corner, seconds) in zip(chunk, fields, strict=True):
            ground = _within(corner, seconds, cutoff)
            circles[site] = sided(ground, xy[site], cells, covered[site], span * LATTICE_M)
    return circles


def _fields(
    network: WalkingNetwork, sites: Attachment, xy: Floats, walking: Walking, limit: float, span: int
) -> list[tuple[Ints, Floats]]:
    """Return for each site the lattice numbers of its corner and the seconds of the points around it."""
    if not len(xy):
        return []
    corners = np.floor(xy / LATTICE_M).astype(np.int64) - span
    side = np.arange(2 * span + 2)
    columns = corners[:, 0, None, None] + side[None, None, :]
    lines = corners[:, 1, None, None] + side[None, :, None]
    low, high = lines.min(), lines.max()
    numbers = (columns * (high - low + 1) + (lines - low)).reshape(len(xy), -1)
    points, place = np.unique(numbers, return_inverse=True)
    places = np.stack(np.divmod(points, high - low + 1), axis=1) + np.array([0, low])
    probes = _attached(network, places * LATTICE_M, walking.attach_limit_m)
    found = walk_between(network, sites, probes, walking.direction, Limits.plain(len(xy), limit))
    fields, seconds = [], np.full(len(points), _NEVER_S)
    for site, where in enumerate(place.reshape(len(xy), -1)):
        row = slice(found.start[site], found.start[site + 1])
        seconds[found.target[row]] = found.seconds[row]
        fields.append((corners[site], seconds[where].reshape(len(side), len(side))))
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
    x, y = ((number + np.arange(len(seconds))) * LATTICE_M for number in corner)
    lines = contour_generator(x=x, y=y, z=seconds, fill_type=FillType.OuterOffset).filled(-1.0, cutoff)
    parts = [
        shapely.Polygon(points[: offsets[1]], [points[low:high] for low, high in pairwise(offsets[1:])])
        for points, offsets in zip(*lines, strict=True)
    ]
    ground = shapely.union_all(shapely.make_valid(np.array(parts, dtype=object)))
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
