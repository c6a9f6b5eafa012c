"""Lines of any origin become a walking network: nodes, and edges that meet only at nodes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siting.domain.nouns import Floats, Ints, Network
from siting.read.ground.crossings import SPANS
from siting.read.ground.joining import joined_pieces, lines_that_meet_unjoined
from siting.read.ground.snapping import Edges, Ground, Misses, near_misses, snapped_nodes
from siting.read.ground.spots import note_long_segments, spots
from siting.read.log import LayerLog
from siting.read.ordering import content_order

# Ends of lines that round to the same millimetre are one node.
MM_PER_M: Final = 1000.0
DEFAULT_KIND: Final = "street"
# If a larger share of lines meets others elsewhere than end to end, they were meant to be joined there.
UNJOINED_SHARE: Final = 0.2


@dataclass(frozen=True)
class Joins:
    """Where lines meet apart from their ends, to the millimetre.

    ``split``: wherever they cross or touch. ``vertices``: where they share a vertex, as ways of OpenStreetMap do.
    ``snap_m``: the largest distance between ends that still meet, metres.
    """

    split: bool = False
    vertices: bool = False
    snap_m: float = 0.0


@dataclass(frozen=True)
class LineAccount:
    """The results for a layer of lines.

    ``lines`` have a length, ``dropped`` have none. For split lines: ``joined`` places at which a line was cut to meet
    another, ``left`` places at which lines pass over or under each other, ``doubled`` pieces that lay on another,
    ``shared`` the vertices at which ways of OpenStreetMap meet, ``swallowed`` the places (shape (lines, 2), from west
    to east) of lines that vanished because their ends became one node. For lines that were not split: ``unjoined``
    lines that cross or touch others of their level elsewhere than end to end. For both: ``snapped`` nodes at which ends
    were joined to what they just miss, and ``misses``, nodes that lie near a line without meeting it.
    """

    lines: int
    dropped: int
    joined: int = 0
    shared: int = 0
    left: int = 0
    doubled: int = 0
    unjoined: int = 0
    snapped: int = 0
    misses: Misses | None = None
    swallowed: Floats = field(default_factory=lambda: np.empty((0, 2)))


def build_network(
    lines: NDArray[np.object_], kinds: NDArray[np.object_], ends: Ints, node_xy: Floats, crs: CRS
) -> Network:
    """Build a network from lines and the nodes at their ends; both are ordered by place, not by input order.

    Parameters
    ----------
    lines : numpy.ndarray
        LineStrings in the working CRS, one for each edge, from u to v.
    kinds : numpy.ndarray
        The kind of each edge.
    ends : numpy.ndarray
        Shape (edges, 2): node numbers u and v.
    node_xy : numpy.ndarray
        Shape (nodes, 2), metres; made read-only here.
    crs : pyproj.CRS
        The working CRS.
    """
    order = content_order(lines, [kinds])
    lines, kinds = lines[order], kinds[order]
    ends, node_xy = _numbered(ends[order], node_xy)
    edges = gpd.GeoDataFrame(
        {"u": ends[:, 0], "v": ends[:, 1], "kind": kinds, "length_m": shapely.length(lines)},
        geometry=gpd.GeoSeries(lines, crs=crs),
    )
    node_xy.flags.writeable = False
    return Network(node_xy, edges)


def _numbered(ends: Ints, node_xy: Floats) -> tuple[Ints, Floats]:
    """Return the ends and the places of nodes numbered from west to east; nodes at one place by their first edge."""
    used, first = np.unique(ends, return_index=True)
    order = np.lexsort((first, node_xy[used, 1], node_xy[used, 0]))
    number = np.empty(len(node_xy), dtype=np.int64)
    number[used[order]] = np.arange(len(used))
    return number[ends], node_xy[used[order]]


def network_from_lines(frame: gpd.GeoDataFrame, crs: CRS, joins: Joins | None = None) -> tuple[Network, LineAccount]:
    """Build a network from a layer of lines.

    Lines meet if their ends round to the same millimetre, or are within ``snap_m`` of each other. Without ``split``
    they meet nowhere else, except at shared vertices with ``vertices``: a line that crosses another without an end
    there passes over or under it. With ``split`` they are cut and joined wherever they cross or touch in the plane, to
    the millimetre (their ends within ``snap_m``), unless their ``level`` differs or one of them is a bridge, footbridge
    or tunnel. Those meet others only at their ends, and if such an end meets no other end, it joins the line on the
    ground that it touches. Of lines that lie on each other on one level one is kept.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        LineStrings and MultiLineStrings in the working CRS, with ``kind`` (blank ones are ``street``) and perhaps
        ``level`` (blank ones are 0).
    crs : pyproj.CRS
        The working CRS.
    joins : Joins, optional
        Where lines meet; only at their ends if absent. All places of a node are within ``snap_m`` of each other, or of
        the point on a line that ends just miss.

    Returns
    -------
    network : Network
        Nodes are numbered from west to east.
    account : LineAccount

    Examples
    --------
    >>> import geopandas as gpd
    >>> from pyproj import CRS
    >>> from shapely import LineString
    >>> from siting.read.ground.network import Joins, network_from_lines
    >>> crs = CRS.from_epsg(4545)
    >>> cross = [LineString([(0, 0), (2, 2)]), LineString([(0, 2), (2, 0)])]
    >>> frame = gpd.GeoDataFrame({"kind": ["street", "path"]}, geometry=cross, crs=crs)
    >>> network, account = network_from_lines(frame, crs, Joins(split=True))
    >>> network.edges[["u", "v", "kind"]].values.tolist(), account.joined
    ([[0, 2, 'street'], [1, 2, 'path'], [2, 3, 'path'], [2, 4, 'street']], 1)
    """
    joins = joins or Joins()
    snap_m = joins.snap_m
    lines, source = shapely.get_parts(frame.geometry.to_numpy(), return_index=True)
    shared = 0
    if joins.vertices:
        lines, piece_of, shared = cut_at_shared_vertices(lines)
        source = source[piece_of]
    kinds = frame["kind"].astype(object).where(frame["kind"].notna(), DEFAULT_KIND).to_numpy()[source]
    level = _levels(frame)[source]
    long = np.round(shapely.length(lines) * MM_PER_M) > 0
    dropped = int((~long).sum())
    lines, kinds, level = lines[long], kinds[long], level[long]
    span = np.isin(kinds.astype(str), list(SPANS))
    ground = Ground(level, span)
    if not len(lines):
        return build_network(lines, kinds, np.empty((0, 2), dtype=np.int64), np.empty((0, 2)), crs), LineAccount(
            0, dropped
        )
    if joins.split:
        pieces = joined_pieces(lines, level, span, snap_m)
        edges = Edges(pieces.lines, pieces.ends, ground.take(pieces.line), pieces.node_xy)
        account = LineAccount(
            len(lines),
            dropped,
            joined=pieces.joined,
            left=pieces.left,
            doubled=pieces.doubled,
            snapped=pieces.snapped,
            misses=near_misses(edges),
            shared=shared,
            swallowed=_from_west(shapely.get_coordinates(shapely.get_point(lines[pieces.swallowed], 0))),
        )
        return build_network(pieces.lines, kinds[pieces.line], pieces.ends, pieces.node_xy, crs), account
    tips = np.stack([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)], axis=1)
    millimetres = np.round(tips * MM_PER_M).astype(np.int64).reshape(-1, 2)
    places, number = np.unique(millimetres, axis=0, return_inverse=True)
    ends = number.reshape(-1, 2).astype(np.int64)
    stands = snapped_nodes(ends, places / MM_PER_M, ground, shapely.length(lines), snap_m)
    nodes, ends = np.unique(stands[ends], return_inverse=True)
    ends, node_xy = ends.reshape(-1, 2).astype(np.int64), places[nodes] / MM_PER_M
    account = LineAccount(
        len(lines),
        dropped,
        unjoined=lines_that_meet_unjoined(lines, level, span, snap_m),
        shared=shared,
        snapped=int((np.bincount(stands) > 1).sum()),
        misses=near_misses(Edges(lines, ends, ground, node_xy)),
    )
    return build_network(lines, kinds, ends, node_xy, crs), account


def cut_at_shared_vertices(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], Ints, int]:
    """Cut lines at the vertices that they share with others, or with themselves, as ways of OpenStreetMap meet.

    Parameters
    ----------
    lines : numpy.ndarray
        LineStrings.

    Returns
    -------
    pieces : numpy.ndarray
        LineStrings, in the order of the lines and along them.
    line : numpy.ndarray
        The line of each piece.
    shared : int
        The number of places at which lines were cut.

    Examples
    --------
    >>> import numpy as np
    >>> from shapely import LineString
    >>> from siting.read.ground.network import cut_at_shared_vertices
    >>> cross = np.array([LineString([(0, 0), (1, 1), (2, 2)]), LineString([(0, 2), (1, 1), (2, 0)])])
    >>> pieces, line, shared = cut_at_shared_vertices(cross)
    >>> line.tolist(), shared
    ([0, 0, 1, 1], 1)
    """
    xy, line = shapely.get_coordinates(lines, return_index=True)
    # A repeated vertex counts once, except in a line that has no other.
    again = np.append(False, (xy[1:] == xy[:-1]).all(axis=1) & (line[1:] == line[:-1]))
    lone = np.bincount(line[~again], minlength=len(lines)) < 2  # noqa: PLR2004 - a line has two ends
    keep = ~again | lone[line]
    xy, line = xy[keep], line[keep]
    _, place = np.unique(np.round(xy * MM_PER_M).astype(np.int64), axis=0, return_inverse=True)
    changes = np.append(True, line[1:] != line[:-1])
    tip = changes | np.append(changes[1:], True)
    new = changes | np.append(True, place[1:] != place[:-1])
    cut = (np.bincount(place[new])[place] > 1) & ~tip & new
    at = np.repeat(np.arange(len(xy)), 1 + cut)
    begins = np.append(True, at[1:] == at[:-1]) | changes[at] if len(at) else np.zeros(0, dtype=bool)
    piece = np.cumsum(begins) - 1
    found = shapely.linestrings(xy[at], indices=piece) if len(at) else lines
    return np.asarray(found, dtype=object), line[at[begins]].astype(np.int64), len(np.unique(place[cut]))


def _from_west(xy: Floats) -> Floats:
    return xy[np.lexsort((xy[:, 1], xy[:, 0]))]


def _levels(frame: gpd.GeoDataFrame) -> Ints:
    if "level" not in frame:
        return np.zeros(len(frame), dtype=np.int64)
    return frame["level"].fillna(0).to_numpy(dtype=np.int64)


def read_lines(frame: gpd.GeoDataFrame, labels: Sequence[str], crs: CRS, log: LayerLog, joins: Joins) -> Network | None:
    """Build the walking network from a layer of lines, and report what happened to them.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        The layer's table, in the working CRS.
    labels : sequence of str
        The names of its rows in messages.
    crs : pyproj.CRS
        The working CRS.
    log : LayerLog
        Takes the notes ``lines_without_length``, ``segments_too_long``, ``lines_joined``, ``lines_doubled``,
        ``lines_swallowed``, ``lines_cross_unjoined``, ``lines_share_vertices``, ``lines_snapped``, ``lines_just_miss``
        and the fault ``no_walkable_way``.
    joins : Joins
        Where lines meet.

    Returns
    -------
    Network or None
        None if no line has a length.
    """
    network, account = network_from_lines(frame, crs, joins)
    snap_m = joins.snap_m
    if account.dropped:
        log.note("lines_without_length", count=account.dropped)
    if network.edges.empty:
        log.fault("no_walkable_way")
        return None
    lines, row = shapely.get_parts(frame.geometry.to_numpy(), return_index=True)
    note_long_segments(lines, lambda line: labels[row[line]], crs, log)
    if account.shared:
        log.note("lines_share_vertices", count=account.shared, edges=len(network.edges))
    if joins.split:
        log.note(
            "lines_joined", lines=account.lines, edges=len(network.edges), joined=account.joined, left=account.left
        )
    if account.doubled:
        log.note("lines_doubled", count=account.doubled)
    if len(account.swallowed):
        log.note("lines_swallowed", count=len(account.swallowed), places=spots(account.swallowed, crs))
    if account.unjoined > UNJOINED_SHARE * account.lines:
        log.note("lines_cross_unjoined", count=account.unjoined, lines=account.lines)
    if account.snapped:
        log.note("lines_snapped", count=account.snapped, snap_m=f"{snap_m:g}")
    if account.misses is not None and len(account.misses.xy):
        gaps = [f" ({metres:.2g} m)" for metres in account.misses.away_m]
        places = spots(account.misses.xy, crs, after=gaps)
        log.note("lines_just_miss", count=len(gaps), places=places, snap_m=f"{snap_m:g}")
    return network
