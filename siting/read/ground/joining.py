"""Lines are cut where they meet and joined there."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from siting.domain.nouns import Floats, Ints
from siting.read.ground.crossings import (
    SAME_M,
    Bools,
    Meetings,
    Segments,
    Shapes,
    groups_of,
    judge,
    meetings_of,
    places_of,
    segments_of,
)
from siting.read.ground.snapping import Ground, grown_together, near_meetings

# A vertex this close to a cut, metres, is the cut.
_VERTEX_M: Final = 1e-6
_MM_PER_M: Final = 1000.0


@dataclass(frozen=True)
class Pieces:
    """Lines cut where they meet.

    ``line`` is the original row of each piece, ``ends`` its nodes, shape (pieces, 2). ``node_xy`` has shape (nodes, 2),
    rounded to the millimetre. ``joined`` counts the places where a line was cut to meet another, ``left`` those where
    lines pass over or under each other, ``doubled`` the pieces that lay on another, ``snapped`` the places at which
    ends were joined to what they just miss. ``swallowed`` are the lines that vanished, because both ends are one node.
    """

    lines: Shapes
    line: Ints
    ends: Ints
    node_xy: Floats
    joined: int
    left: int
    doubled: int
    snapped: int
    swallowed: Ints


@dataclass(frozen=True)
class _Stops:
    """Where lines begin, end and are cut, in order: the line, the distance along it, the node."""

    line: Ints
    along: Floats
    node: Ints


def lines_that_meet_unjoined(lines: Shapes, level: Ints, span: Bools, snap_m: float = 0.0) -> int:
    """Count the lines that cross or touch another of their level elsewhere than end to end, except bridges, tunnels.

    Parameters
    ----------
    lines : numpy.ndarray
        LineStrings with a length.
    level, span : numpy.ndarray
        The level of each line, and whether it is a bridge, footbridge or tunnel.
    snap_m : float
        A meeting this close to a line's end is at the end.
    """
    segments = segments_of(lines)
    met = meetings_of(segments)
    near = max(snap_m, SAME_M)
    ends = np.ones(len(met), dtype=bool)
    for line, metres in ((met.one, met.one_m), (met.other, met.other_m)):
        ends &= (metres <= near) | (metres >= segments.length_m[line] - near)
    even = (level[met.one] == level[met.other]) & ~span[met.one] & ~span[met.other] & ~ends & (met.one != met.other)
    return len(np.unique(np.concatenate([met.one[even], met.other[even]])))


def joined_pieces(lines: Shapes, level: Ints, span: Bools, snap_m: float = 0.0) -> Pieces:
    """Cut lines where they cross, touch or leave an overlap, and join them there.

    Parameters
    ----------
    lines : numpy.ndarray
        LineStrings with a length, metres.
    level, span : numpy.ndarray
        The level of each line, and whether it is a bridge, footbridge or tunnel.
    snap_m : float
        Ends that miss others, or another line, by at most this are joined to them, metres.

    Returns
    -------
    Pieces
        In the order of the lines and along them. The pieces of a line have its total length, unless both of its ends
        are one node; of pieces that lie on each other on one level the first is kept.
    """
    segments = segments_of(lines)
    met = meetings_of(segments)
    verdicts = judge(met, segments.length_m, level, span)
    join = met.where(verdicts.join)
    near = _snapped(lines, segments, join, near_meetings(segments, met, verdicts, Ground(level, span), snap_m), snap_m)
    stops, node_xy, cut = _stops(lines, segments, join.and_others(near), snap_m)
    joined = len(np.unique(cut[: len(join)][~verdicts.ends[verdicts.join]]))
    snapped = len(np.unique(cut[len(join) :]))
    goes_on = np.flatnonzero(stops.line[1:] == stops.line[:-1])
    ends = np.column_stack([stops.node[goes_on], stops.node[goes_on + 1]])
    owner = stops.line[goes_on]
    pieces = _cut(lines, segments, stops, goes_on)
    keep = ~_doubled(pieces, ends, level[owner] * 2 + span[owner])
    nodes, ends = np.unique(ends[keep], return_inverse=True)
    return Pieces(
        pieces[keep],
        owner[keep],
        ends.reshape(-1, 2).astype(np.int64),
        node_xy[nodes],
        joined,
        places_of(met.where(~verdicts.join)),
        int((~keep).sum()),
        snapped,
        np.setdiff1d(np.arange(len(lines)), owner),
    )


@dataclass(frozen=True)
class _Entries:
    """Ends of lines and places of meetings, those of meeting k at ``meeting[k]`` and the next, then points on lines.

    ``order`` runs along the lines; ``near`` tells whether an entry is at the place of the one before it.
    """

    line: Ints
    along: Floats
    xy: Floats
    order: Ints
    near: Bools
    group: Ints
    meeting: Ints


def _entries(lines: Shapes, segments: Segments, join: Meetings, spots: Meetings) -> _Entries:
    """Return the ends of lines, the places of meetings and points on lines, and the groups that meetings form.

    The points on lines are what ends just miss: the ``other`` of meetings that are not made.
    """
    count = len(lines)
    line = np.concatenate(
        [np.repeat(np.arange(count), 2), np.column_stack([join.one, join.other]).ravel(), spots.other]
    )
    ends_m = np.column_stack([np.zeros(count), segments.length_m]).ravel()
    along = np.concatenate([ends_m, np.column_stack([join.one_m, join.other_m]).ravel(), spots.other_m])
    order = np.lexsort((along, line))
    near = (line[order][1:] == line[order][:-1]) & (np.diff(along[order]) <= SAME_M)
    meeting = 2 * count + 2 * np.arange(len(join))
    group = groups_of(
        len(line),
        np.concatenate([order[:-1][near], meeting]),
        np.concatenate([order[1:][near], meeting + 1]),
    )
    ends_xy = np.stack([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)], axis=1)
    xy = np.concatenate([ends_xy.reshape(-1, 2), np.repeat(join.xy, 2, axis=0), spots.xy])
    return _Entries(line, along, xy, order, near, group, meeting)


def _snapped(lines: Shapes, segments: Segments, join: Meetings, near: Meetings, snap_m: float) -> Meetings:
    """Return those near meetings whose places may become one node."""
    if not len(near):
        return near
    exact = _entries(lines, segments, join, near)
    _, first = np.unique(exact.group, return_index=True)
    # Places that several ends just miss at one point of a line are one place.
    mine, theirs = exact.group[2 * near.one + (near.one_m > 0)], exact.group[len(exact.group) - len(near) :]
    amid = (near.other_m > 0) & (near.other_m < segments.length_m[near.other])
    hub = np.zeros(len(first), dtype=bool)
    hub[theirs[amid]] = True
    together = grown_together(exact.xy[first], mine, theirs, snap_m, hub)
    return near.where(together[mine] == together[theirs])


def _stops(lines: Shapes, segments: Segments, join: Meetings, snap_m: float) -> tuple[_Stops, Floats, Ints]:
    """Return the stops of every line, the place of each node, and the node of each meeting.

    Nodes are numbered by place. Two nodes at one place are on different levels.
    """
    entries = _entries(lines, segments, join, join.where(np.empty(0, dtype=np.int64)))
    line, along, order, group = entries.line, entries.along, entries.order, entries.group
    # If a line reaches one node twice in a row within the tolerance, that is one stop.
    again = (group[order][1:] == group[order][:-1]) & (np.diff(along[order]) <= snap_m)
    near = entries.near | (again & (line[order][1:] == line[order][:-1]))
    node, node_xy = _numbered(group, np.round(entries.xy * _MM_PER_M) / _MM_PER_M)
    first = order[np.append(True, ~near)]
    stops_along = along[first]
    # The last stop of a line is at its end, not at a cut just before it.
    last = np.append(line[first][1:] != line[first][:-1], True)
    stops_along[last] = segments.length_m[line[first][last]]
    return _Stops(line[first].astype(np.int64), stops_along, node[first]), node_xy, node[entries.meeting]


def _numbered(group: Ints, xy: Floats) -> tuple[Ints, Floats]:
    """Return the node of each stop, numbered from west to east, and each node's place: its south-westernmost."""
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    _, first = np.unique(group[order], return_index=True)
    place = xy[order[first]]
    rank = np.lexsort((place[:, 1], place[:, 0]))
    number = np.empty(len(rank), dtype=np.int64)
    number[rank] = np.arange(len(rank))
    return number[group], place[rank]


def _cut(lines: Shapes, segments: Segments, stops: _Stops, begins: Ints) -> Shapes:
    """Return the pieces from each stop of ``begins`` to the next one, with the vertices between."""
    # Lines are concatenated a metre apart, which gives one scale for stops and vertices.
    offset = np.concatenate([[0.0], np.cumsum(segments.length_m + 1.0)[:-1]])
    scale = offset[stops.line] + stops.along
    inner = ~segments.first
    vertex = offset[segments.line[inner]] + segments.before_m[inner]
    after = np.clip(np.searchsorted(scale, vertex), 1, len(scale) - 1)
    piece_of = np.full(len(scale), -1, dtype=np.int64)
    piece_of[begins] = np.arange(len(begins))
    between = (vertex - scale[after - 1] > _VERTEX_M) & (scale[after] - vertex > _VERTEX_M) & (piece_of[after - 1] >= 0)
    stop_xy = shapely.get_coordinates(shapely.line_interpolate_point(lines[stops.line], stops.along))
    number = np.arange(len(begins))
    piece = np.concatenate([number, piece_of[after - 1][between], number])
    at = np.concatenate([scale[begins], vertex[between], scale[begins + 1]])
    xy = np.concatenate([stop_xy[begins], segments.a[inner][between], stop_xy[begins + 1]])
    order = np.lexsort((at, piece))
    pieces: Shapes = np.asarray(shapely.linestrings(xy[order], indices=piece[order]), dtype=object)
    return pieces


def _doubled(pieces: Shapes, ends: Ints, ground: Ints) -> Bools:
    """Tell which pieces lie on an earlier one between the same nodes, on the same level."""
    low, high = ends.min(axis=1), ends.max(axis=1)
    length = shapely.length(pieces)
    order = np.lexsort((length, ground, high, low))
    same = np.ones(max(len(pieces) - 1, 0), dtype=bool)
    for key in (low, high, ground):
        same &= key[order][1:] == key[order][:-1]
    same &= np.diff(length[order]) <= 2 * SAME_M
    here = np.flatnonzero(same)
    near = shapely.hausdorff_distance(pieces[order[here]], pieces[order[here + 1]]) <= 2 * SAME_M
    # Of pieces that lie on each other the first in the order of the lines is kept.
    twins = here[near]
    group = groups_of(len(pieces), order[twins], order[twins + 1])
    _, first = np.unique(group, return_index=True)
    doubled = np.ones(len(pieces), dtype=bool)
    doubled[first] = False
    return doubled
