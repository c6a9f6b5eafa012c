"""Where lines of a plan meet: crossings, touches and overlaps, and which of them become nodes.

Lines are split into straight segments; all positions are distances along the line, so the course of a line is never
changed.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.domain.nouns import Floats, Ints

Bools = NDArray[np.bool_]
Shapes = NDArray[np.object_]

# Points closer than this are one place, metres.
SAME_M: Final = 1e-3
# Bridges and tunnels pass over or under what they cross.
SPANS: Final = frozenset({"bridge", "footbridge", "tunnel"})
# Segments whose directions differ by less than this (sine) are parallel: they do not cross.
_PARALLEL: Final = 1e-9


@dataclass(frozen=True)
class Segments:
    """The straight segments of lines, concatenated line after line.

    ``a`` and ``b`` are the ends, shape (segments, 2); ``line`` is the row of the line; ``before_m`` the distance along
    its line at which a segment begins; ``first`` and ``last`` tell whether it begins or ends its line. ``length_m`` is
    that of each line.
    """

    a: Floats
    b: Floats
    line: Ints
    before_m: Floats
    first: Bools
    last: Bools
    length_m: Floats


@dataclass(frozen=True)
class Meetings:
    """Places at which two lines meet: the lines, the distance along each, metres, and the place."""

    one: Ints
    one_m: Floats
    other: Ints
    other_m: Floats
    xy: Floats

    def __len__(self) -> int:
        """Return the number of meetings."""
        return len(self.one)

    def where(self, keep: Bools | Ints) -> "Meetings":
        """Return some of the meetings."""
        return Meetings(self.one[keep], self.one_m[keep], self.other[keep], self.other_m[keep], self.xy[keep])

    def and_others(self, others: "Meetings") -> "Meetings":
        """Return these meetings and then others."""
        return Meetings(
            *(np.concatenate([getattr(self, each.name), getattr(others, each.name)]) for each in fields(Meetings))
        )


def segments_of(lines: Shapes) -> Segments:
    """Split lines into segments; repeated vertices count once.

    Parameters
    ----------
    lines : numpy.ndarray
        LineStrings with a length.
    """
    xy, line = shapely.get_coordinates(lines, return_index=True)
    inner = line[1:] == line[:-1]
    a, b, line = xy[:-1][inner], xy[1:][inner], line[1:][inner]
    long = (a != b).any(axis=1)
    a, b, line = a[long], b[long], line[long].astype(np.int64)
    first = np.append(True, line[1:] != line[:-1])
    along = np.cumsum(np.hypot(*(b - a).T))
    begin = np.append(0.0, along[:-1])
    before = begin - begin[first][np.cumsum(first) - 1]
    last = np.append(first[1:], True)
    length = np.zeros(len(lines))
    length[line[last]] = before[last] + np.hypot(*(b - a)[last].T)
    return Segments(a, b, line, before, first, last, length)


def meetings_of(segments: Segments) -> Meetings:
    """Find where lines meet in the plane, also with themselves: crossings, touches, and the ends of overlaps.

    Parameters
    ----------
    segments : Segments
        Of all lines.

    Returns
    -------
    Meetings
        A place may be found more than once (at a vertex). Ends that meet ends are included.
    """
    one, other = _near_pairs(segments)
    found = [
        _touches(segments, one, other, at_start=True),
        _touches(segments, one, other, at_start=False),
        _touches(segments, other, one, at_start=True),
        _touches(segments, other, one, at_start=False),
    ]
    touched = np.zeros(len(one), dtype=bool)
    for _, hit in found:
        touched |= hit
    every = [each for each, _ in found]
    every.append(_crossings(segments, one[~touched], other[~touched]))
    joined = Meetings(
        *(
            np.concatenate([getattr(each, name) for each in every])
            for name in ("one", "one_m", "other", "other_m", "xy")
        )
    )
    # A line meets itself where it returns, not where it continues.
    return joined.where((joined.one != joined.other) | (np.abs(joined.one_m - joined.other_m) > 3 * SAME_M))


def _near_pairs(segments: Segments) -> tuple[Ints, Ints]:
    """Return the pairs of segments whose bounding boxes are close; successive segments of a line do not count."""
    low, high = np.minimum(segments.a, segments.b) - SAME_M, np.maximum(segments.a, segments.b) + SAME_M
    boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    one, other = shapely.STRtree(boxes).query(boxes)
    follows = (other - one == 1) & (segments.line[one] == segments.line[other])
    keep = (one < other) & ~follows
    return one[keep], other[keep]


def _touches(segments: Segments, mine: Ints, theirs: Ints, *, at_start: bool) -> tuple[Meetings, Bools]:
    """Find the segments that begin (or end) on another one, and tell for each pair whether it does."""
    xy = (segments.a if at_start else segments.b)[mine]
    start, course = segments.a[theirs], segments.b[theirs] - segments.a[theirs]
    length = np.hypot(*course.T)
    part = np.clip(((xy - start) * course).sum(axis=1) / length**2, 0.0, 1.0)
    hit = np.hypot(*(start + part[:, None] * course - xy).T) <= SAME_M
    own = segments.before_m[mine]
    if not at_start:
        own = own + np.hypot(*(segments.b[mine] - segments.a[mine]).T)
    met = Meetings(
        segments.line[mine], own, segments.line[theirs], segments.before_m[theirs] + part * length, np.asarray(xy)
    )
    return met.where(hit), hit


def _crossings(segments: Segments, one: Ints, other: Ints) -> Meetings:
    """Find the pairs that cross inside both segments."""
    a, c = segments.a[one], segments.a[other]
    r, s = segments.b[one] - a, segments.b[other] - c
    sine = r[:, 0] * s[:, 1] - r[:, 1] * s[:, 0]
    r_length, s_length = np.hypot(*r.T), np.hypot(*s.T)
    slanted = np.abs(sine) > _PARALLEL * r_length * s_length
    safe, gap = np.where(slanted, sine, 1.0), c - a
    t = (gap[:, 0] * s[:, 1] - gap[:, 1] * s[:, 0]) / safe
    u = (gap[:, 0] * r[:, 1] - gap[:, 1] * r[:, 0]) / safe
    cross = slanted & (t > 0) & (t < 1) & (u > 0) & (u < 1)
    return Meetings(
        segments.line[one],
        segments.before_m[one] + t * r_length,
        segments.line[other],
        segments.before_m[other] + u * s_length,
        a + t[:, None] * r,
    ).where(cross)


@dataclass(frozen=True)
class Verdicts:
    """The result for meetings: ``join`` makes a node of them; ``ends`` are those at which both lines end."""

    join: Bools
    ends: Bools


def judge(meetings: Meetings, length_m: Floats, level: Ints, span: Bools) -> Verdicts:
    """Tell which meetings join lines.

    Ends always join ends. Lines of one level that are no bridges or tunnels join wherever they meet. A bridge or
    tunnel, or a line of another level, otherwise passes over or under. But if its end meets nothing else, it joins the
    line that it touches, if that line is no bridge or tunnel (or both are, on one level) and is no farther from the
    ground.

    Parameters
    ----------
    meetings : Meetings
        All places where lines meet.
    length_m : numpy.ndarray
        The length of each line.
    level, span : numpy.ndarray
        The level of each line, and whether it is a bridge, footbridge or tunnel.
    """
    one, other = meetings.one, meetings.other
    one_end, other_end = _which_end(meetings.one_m, length_m[one]), _which_end(meetings.other_m, length_m[other])
    even = (level[one] == level[other]) & ~span[one] & ~span[other]
    ends = (one_end >= 0) & (other_end >= 0)
    held = np.zeros((len(length_m), 2), dtype=bool)
    for line, end in ((one, one_end), (other, other_end)):
        holds = (even | ends) & (end >= 0)
        held[line[holds], end[holds]] = True
    lands = np.zeros(len(meetings), dtype=bool)
    for mine, end, theirs in ((one, one_end, other), (other, other_end, one)):
        loose = (end >= 0) & ~held[mine, np.maximum(end, 0)]
        ground = np.abs(level[mine]) >= np.abs(level[theirs])
        both = span[mine] & (level[mine] == level[theirs])
        lands |= loose & ground & (~span[theirs] | both)
    join = even | ends | lands
    return Verdicts(join, ends)


def _which_end(metres: Floats, length_m: Floats) -> Ints:
    """Return 0 at a line's first point, 1 at its last, -1 between."""
    return np.where(metres <= SAME_M, 0, np.where(metres >= length_m - SAME_M, 1, -1)).astype(np.int64)


def places_of(meetings: Meetings) -> int:
    """Count meetings; those of the same two lines at one place count once."""
    if not len(meetings):
        return 0
    low, high = np.minimum(meetings.one, meetings.other), np.maximum(meetings.one, meetings.other)
    place = np.round(meetings.xy / SAME_M).astype(np.int64)
    return len(np.unique(np.column_stack([low, high, place]), axis=0))


def groups_of(count: int, one: Ints, other: Ints) -> Ints:
    """Return for each of ``count`` items the number of its group under the links."""
    links = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(count, count))
    groups: Ints = connected_components(links, directed=False)[1].astype(np.int64)
    return groups
