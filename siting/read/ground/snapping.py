"""Ends of lines that just miss what they should meet: they are joined within a tolerance, and reported beyond it.

Lines are never moved: joined lines share a node. Nodes are merged in pairs, the nearest first, and only while all
places of a node are within the tolerance of each other, or of the point on a line that they miss, so that no long chain
of ends is merged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

import numpy as np
import shapely

from siting.domain.nouns import Floats, Ints
from siting.read.ground.crossings import SAME_M, Bools, Meetings, Segments, Shapes, Verdicts

# Ends closer than this to a line that they do not meet are reported, metres: two junctions are never drawn so close.
NEAR_M: Final = 1.0
# Lines that are connected by such a short walk are no miss, metres: an overshoot, or the tip of a sharp fork.
_SHORT_WALK_M: Final = 5.0
_MM_PER_M: Final = 1000.0
# The floating-point error of a distance far from the origin, metres.
_ROUNDING_M: Final = 1e-6


@dataclass(frozen=True)
class Ground:
    """The level of each line, and whether it is a bridge, footbridge or tunnel."""

    level: Ints
    span: Bools

    def take(self, rows: Ints) -> "Ground":
        """Return that of some lines."""
        return Ground(self.level[rows], self.span[rows])

    def joins(self, mine: Ints, theirs: Ints, loose: Bools) -> Bools:
        """Tell whether ends of lines may be joined to other lines that they nearly meet.

        Lines of one level that are no bridges or tunnels may. A bridge or tunnel, or a line of another level, may only
        join with an end that meets nothing else (``loose``), and only to a line that is no farther from the ground and
        is no bridge or tunnel unless both are.
        """
        same = self.level[mine] == self.level[theirs]
        even = same & ~self.span[mine] & ~self.span[theirs]
        ground = np.abs(self.level[mine]) >= np.abs(self.level[theirs])
        found: Bools = even | (loose & ground & (~self.span[theirs] | (self.span[mine] & same)))
        return found


def grown_together(xy: Floats, one: Ints, other: Ints, most_m: float, hub: Bools | None = None) -> Ints:
    """Return the group of each place: pairs are joined, the nearest first, while a group stays within ``most_m``.

    Parameters
    ----------
    xy : numpy.ndarray
        Shape (places, 2), metres.
    one, other : numpy.ndarray
        Pairs that may be joined.
    most_m : float
        The largest distance between two places of one group.
    hub : numpy.ndarray, optional
        Points on lines; a group may be around one of them, within ``most_m`` of it.

    Returns
    -------
    numpy.ndarray
        Numbers of groups; the groups do not depend on the order of places and pairs.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.read.ground.snapping import grown_together
    >>> xy = np.array([[0.0, 0.0], [0.03, 0.0], [0.07, 0.0]])
    >>> grown_together(xy, np.array([0, 1]), np.array([1, 2]), 0.05).tolist()
    [0, 0, 2]
    """
    group = np.arange(len(xy))
    members: dict[int, list[int]] = {}
    swap = (xy[one, 0] > xy[other, 0]) | ((xy[one, 0] == xy[other, 0]) & (xy[one, 1] > xy[other, 1]))
    low, high = np.where(swap, other, one), np.where(swap, one, other)
    away = np.hypot(*(xy[low] - xy[high]).T)
    centre = np.zeros(len(xy), dtype=bool) if hub is None else hub
    order = np.lexsort((xy[high, 1], xy[high, 0], xy[low, 1], xy[low, 0], away))
    for a, b in zip(low[order].tolist(), high[order].tolist(), strict=True):
        mine, theirs = int(group[a]), int(group[b])
        if mine == theirs:
            continue
        both = [*members.get(mine, [mine]), *members.get(theirs, [theirs])]
        spots = xy[both]
        farthest = np.hypot(*np.moveaxis(spots[:, None] - spots[None], -1, 0)).max(axis=1)
        if min(farthest.max(), farthest[centre[both]].min(initial=np.inf)) <= most_m + _ROUNDING_M:
            members[min(mine, theirs)] = both
            group[both] = min(mine, theirs)
    return group


def pairs_within(xy: Floats, most_m: float) -> tuple[Ints, Ints]:
    """Return the pairs of places that lie within some metres of each other, each pair once."""
    points = np.asarray(shapely.points(xy), dtype=object)
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=most_m + _ROUNDING_M)
    once = one < other
    return one[once].astype(np.int64), other[once].astype(np.int64)


def snapped_nodes(ends: Ints, node_xy: Floats, ground: Ground, length_m: Floats, snap_m: float) -> Ints:
    """Return for each node its representative, after ends that just miss each other are joined.

    Parameters
    ----------
    ends : numpy.ndarray
        Shape (lines, 2): the nodes at the ends of each line.
    node_xy : numpy.ndarray
        Shape (nodes, 2), metres, from west to east.
    ground : Ground
        Of the lines.
    length_m : numpy.ndarray
        The length of each line.
    snap_m : float
        The tolerance; 0 joins nothing.

    Returns
    -------
    numpy.ndarray
        The westernmost node (then the southernmost) of each group.
    """
    node = np.arange(len(node_xy))
    if not snap_m:
        return node
    one, other = pairs_within(node_xy, snap_m)
    if not len(one):
        return node
    order = np.argsort(ends.ravel(), kind="stable")
    start = np.searchsorted(ends.ravel()[order], np.arange(len(node_xy) + 1))
    loose = np.diff(start) == 1
    may = np.zeros(len(one), dtype=bool)
    for at, (a, b) in enumerate(zip(one.tolist(), other.tolist(), strict=True)):
        mine, theirs = (order[start[each] : start[each + 1]] // 2 for each in (a, b))
        left, right = np.repeat(mine, len(theirs)), np.tile(theirs, len(mine))
        # The two ends of one short line are no miss.
        apart = (left != right) | (length_m[left] > 3 * snap_m)
        there = ground.joins(left, right, np.full(len(left), loose[a]))
        back = ground.joins(right, left, np.full(len(left), loose[b]))
        may[at] = bool((apart & (there | back)).any())
    return grown_together(node_xy, one[may], other[may], snap_m)


def near_meetings(segments: Segments, met: Meetings, verdicts: Verdicts, ground: Ground, snap_m: float) -> Meetings:
    """Find where ends of lines are within the tolerance of other lines that they do not meet, and may be joined.

    Parameters
    ----------
    segments : Segments
        Of all lines.
    met, verdicts : Meetings, Verdicts
        Where lines meet to the millimetre, and the result for each meeting.
    ground : Ground
        Of the lines.
    snap_m : float
        The tolerance.

    Returns
    -------
    Meetings
        ``one`` is the line that ends, ``xy`` the place on the other line; at an end of the other line if that is near.
    """
    length = segments.length_m
    end = np.concatenate([np.flatnonzero(segments.first), np.flatnonzero(segments.last)])
    count = len(end) // 2
    line = segments.line[end]
    own_m = np.where(np.arange(len(end)) < count, 0.0, length[line])
    xy = np.concatenate([segments.a[end[:count]], segments.b[end[count:]]])
    courses = np.asarray(shapely.linestrings(np.stack([segments.a, segments.b], axis=1)), dtype=object)
    mine, hit = shapely.STRtree(courses).query(shapely.points(xy), predicate="dwithin", distance=snap_m + _ROUNDING_M)
    start, course = segments.a[hit], segments.b[hit] - segments.a[hit]
    run = np.hypot(*course.T)
    part = np.clip(((xy[mine] - start) * course).sum(axis=1) / run**2, 0.0, 1.0)
    place = start + part[:, None] * course
    found = Meetings(line[mine], own_m[mine], segments.line[hit], segments.before_m[hit] + part * run, place)
    found = _at_ends(found, xy[mine], segments, snap_m)
    # An end always lies on its own line.
    elsewhere = (found.one != found.other) | (np.abs(found.one_m - found.other_m) > 3 * snap_m)
    found, mine = found.where(elsewhere), mine[elsewhere]
    away = np.hypot(*(found.xy - xy[mine]).T)
    # Of the places of one line the nearest to an end, the first along it.
    order = np.lexsort((found.other_m, away, found.other, mine))
    first = np.append(True, (np.diff(mine[order]) != 0) | (np.diff(found.other[order]) != 0))[: len(order)]
    best = order[first]
    found, away, mine = found.where(best), away[best], mine[best]
    loose = ~_held(met.where(verdicts.join), length, line, own_m)[mine]
    joins = ground.joins(found.one, found.other, loose)
    return found.where((away > SAME_M) & joins & ~_met_nearby(found, met, snap_m))


def _at_ends(found: Meetings, xy: Floats, segments: Segments, snap_m: float) -> Meetings:
    """Move places near an end of their line to that end, if it is within the tolerance too."""
    length = segments.length_m[found.other]
    at_start, at_end = found.other_m <= snap_m, found.other_m >= length - snap_m
    first_xy, last_xy = (np.empty((len(segments.length_m), 2)) for _ in range(2))
    first_xy[segments.line[segments.first]] = segments.a[segments.first]
    last_xy[segments.line[segments.last]] = segments.b[segments.last]
    other_m, place = found.other_m.copy(), found.xy.copy()
    for near, tip, metres in ((at_start, first_xy, np.zeros(len(length))), (at_end, last_xy, length)):
        tip_xy = tip[found.other]
        moved = near & (np.hypot(*(tip_xy - xy).T) <= snap_m + _ROUNDING_M)
        other_m[moved], place[moved] = metres[moved], tip_xy[moved]
    return Meetings(found.one, found.one_m, found.other, other_m, place)


def _held(join: Meetings, length_m: Floats, line: Ints, own_m: Floats) -> Bools:
    """Tell which ends already meet something."""
    held = np.zeros((len(length_m), 2), dtype=bool)
    for which, metres in ((join.one, join.one_m), (join.other, join.other_m)):
        held[which[metres <= SAME_M], 0] = True
        held[which[metres >= length_m[which] - SAME_M], 1] = True
    found: Bools = held[line, (own_m > 0).astype(np.int64)]
    return found


def _met_nearby(found: Meetings, met: Meetings, snap_m: float) -> Bools:
    """Tell which ends belong to a line that meets the other one to the millimetre just beside: it overshot."""
    if not len(found) or not len(met):
        return np.zeros(len(found), dtype=bool)
    one = np.concatenate([met.one, met.other])
    other = np.concatenate([met.other, met.one])
    along = np.concatenate([met.one_m, met.other_m])
    most = int(max(one.max(), other.max(), found.one.max(), found.other.max())) + 1
    key = one * most + other
    order = np.lexsort((along, key))
    key, along = key[order], along[order]
    wanted = found.one * most + found.other
    low, high = np.searchsorted(key, wanted, "left"), np.searchsorted(key, wanted, "right")
    return np.array(
        [
            bool((np.abs(along[a:b] - metres) <= 3 * snap_m).any())
            for a, b, metres in zip(low, high, found.one_m, strict=True)
        ],
        dtype=bool,
    )


@dataclass(frozen=True)
class Edges:
    """A network's edges: their lines, nodes (shape (edges, 2)), and their levels."""

    lines: Shapes
    ends: Ints
    ground: Ground
    node_xy: Floats


@dataclass(frozen=True)
class Misses:
    """Nodes that lie near a line without meeting it: place (shape (misses, 2)) and distance, the nearest first."""

    xy: Floats
    away_m: Floats


def near_misses(edges: Edges, most_m: float = NEAR_M) -> Misses:
    """Find the nodes near an edge that cannot be reached from there by a short walk.

    Parameters
    ----------
    edges : Edges
        The network.
    most_m : float
        The largest distance, metres.
    """
    points = np.asarray(shapely.points(edges.node_xy), dtype=object)
    node, edge = shapely.STRtree(edges.lines).query(points, predicate="dwithin", distance=most_m)
    beside = (edges.ends[edge] != node[:, None]).all(axis=1)
    node, edge = node[beside], edge[beside]
    walks = _walks(edges)
    found: dict[int, float] = {}
    for at, other in zip(node.tolist(), edge.tolist(), strict=True):
        if walks.allows(at, other) and not walks.short(at, other):
            metres = float(shapely.distance(points[at], edges.lines[other]))
            found[at] = min(found.get(at, np.inf), metres)
    nodes, away = np.array(list(found), dtype=np.int64), np.array(list(found.values()))
    xy = edges.node_xy[nodes].reshape(-1, 2)
    order = np.lexsort((xy[:, 1], xy[:, 0], np.round(away * _MM_PER_M)))
    return Misses(xy[order], away[order])


@dataclass(frozen=True)
class _Walks:
    """The edges that meet at a node, the allowed joins, and what a short walk reaches."""

    allows: Callable[[int, int], bool]
    short: Callable[[int, int], bool]


def _walks(edges: Edges) -> _Walks:
    order = np.argsort(edges.ends.ravel(), kind="stable")
    start = np.searchsorted(edges.ends.ravel()[order], np.arange(len(edges.node_xy) + 1))
    length = shapely.length(edges.lines)

    def at(node: int) -> Ints:
        found: Ints = order[start[node] : start[node + 1]] // 2
        return found

    def allows(node: int, other: int) -> bool:
        mine = at(node)
        return bool(edges.ground.joins(mine, np.full(len(mine), other), np.full(len(mine), len(mine) == 1)).any())

    def short(node: int, other: int) -> bool:
        goals, reached, heap = set(edges.ends[other].tolist()), {node: 0.0}, [(0.0, node)]
        while heap:
            metres, here = heappop(heap)
            if here in goals:
                return True
            for edge in at(here).tolist():
                far = metres + float(length[edge])
                for there in edges.ends[edge].tolist():
                    if far <= _SHORT_WALK_M and far < reached.get(there, np.inf):
                        reached[there] = far
                        heappush(heap, (far, there))
        return False

    return _Walks(allows, short)
