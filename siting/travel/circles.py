"""Service circles: the ground from which a site is reached in time, drawn from walks to a lattice of points."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from contourpy import FillType, contour_generator
from numpy.typing import NDArray

from siting.domain.nouns import Floats, Ints
from siting.domain.scenario import Walking
from siting.travel.network import Attachment, WalkingNetwork, attach
from siting.travel.walks import Limits, walk_between
from siting.units import SECONDS_PER_MINUTE

Shapes = NDArray[np.object_]

# Spacing of the lattice, metres: half a minute of the slowest walker holds it.
LATTICE_M: Final = 15.0
# Sites drawn at a time: the lattice around this many fits well into memory.
_CHUNK: Final = 64
# Where nobody arrives, so that a circle ends at the last point that is reached and does not leap a river.
_NEVER_S: Final = 1e7
# Ground around a point of demand that takes the side on which the times put it; and around the site itself.
_FOOTPRINT_M: Final = 5.0


def round_circles(xy: Floats, radius_m: float) -> Shapes:
    """Return circles in straight lines around points, metres."""
    return np.asarray(shapely.buffer(shapely.points(xy), radius_m, quad_segs=32), dtype=object)


def walked_circles(
    network: WalkingNetwork, sites: Attachment, xy: Floats, walking: Walking, cells: Floats, covered: Sequence[Ints]
) -> Shapes:
    """Return the ground from which each site is reached within ``walking.minutes``.

    The edge between two points of the lattice is interpolated where both are reached, and lies at the one that is where
    the other is not. Points of demand then take the side that their times say.

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
    margin = 2 * LATTICE_M / network.speed
    # Nobody walks faster than on the flat.
    span = int(np.ceil((cutoff + margin) * network.speed / LATTICE_M))
    circles = np.empty(len(xy), dtype=object)
    for chunk in np.array_split(np.arange(len(xy)), max(1, -(-len(xy) // _CHUNK))):
        fields = _fields(network, sites.take(chunk), xy[chunk], walking, cutoff + margin, span)
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
    probes = attach(network, places * LATTICE_M, np.full(len(points), walking.attach_limit_m))
    found = walk_between(network, sites, probes, walking.direction, Limits.plain(len(xy), limit))
    fields = []
    for site, where in enumerate(place.reshape(len(xy), -1)):
        row = slice(found.start[site], found.start[site + 1])
        seconds = np.full(len(points), _NEVER_S)
        seconds[found.target[row]] = found.seconds[row]
        fields.append((corners[site], seconds[where].reshape(len(side), len(side))))
    return fields


def _within(corner: Ints, seconds: Floats, cutoff: float) -> shapely.Geometry:
    """Return the ground on which a field of seconds is at most the cut-off."""
    x, y = ((number + np.arange(len(seconds))) * LATTICE_M for number in corner)
    lines = contour_generator(x=x, y=y, z=seconds, fill_type=FillType.OuterOffset).filled(-1.0, cutoff)
    parts = [
        shapely.Polygon(points[: offsets[1]], [points[low:high] for low, high in pairwise(offsets[1:])])
        for points, offsets in zip(*lines, strict=True)
    ]
    return shapely.union_all(shapely.make_valid(np.array(parts, dtype=object)))


def sided(ground: shapely.Geometry, site: Floats, cells: Floats, covered: Ints, reach_m: float) -> shapely.Geometry:
    """Put every point of demand on the side on which the times put it, and the site itself inside."""
    near = np.flatnonzero((np.abs(cells - site) <= reach_m).all(axis=1))
    inside = shapely.contains_xy(ground, cells[near])
    wanted = np.isin(near, covered)
    drop = shapely.union_all(shapely.buffer(shapely.points(cells[near[inside & ~wanted]]), _FOOTPRINT_M, quad_segs=2))
    add = shapely.points(np.concatenate([cells[near[wanted & ~inside]], site[None, :]]))
    footprints = shapely.union_all(shapely.buffer(add, _FOOTPRINT_M, quad_segs=2))
    return shapely.union(shapely.difference(ground, drop), footprints)
