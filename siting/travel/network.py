"""The network prepared for walking: without short components and closed edges, every edge measured in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.domain.nouns import Floats, Ints, Network, Note, Raster
from siting.domain.walkers import WalkerSpeeds
from siting.travel.kernel import space_order
from siting.travel.nearest import Segments, segments_of
from siting.travel.passable import WalkableEdges, passable
from siting.travel.slope import CLIMBS, SPANS, EdgeSeconds, edge_seconds

# Shorter components are digitising fragments, to which people would be attached who really walk elsewhere.
SHORTEST_COMPONENT_M: Final = 1_000.0
# Fewer points are sought faster than they are compared with the last ones.
_WORTH_KEEPING: Final = 10_000
# Pedestrians cannot enter these ways along their length.
NO_ENTRY: Final = (*SPANS, *CLIMBS)


@dataclass(frozen=True)
class WalkingNetwork:
    """A network measured for one walker.

    Parameters
    ----------
    node_xy : ndarray
        Shape (nodes, 2), metres; numbered along a space-filling curve, so that neighbours lie near in memory.
    u, v : ndarray of int
        End nodes of the edges.
    kind : ndarray of object
        The kind of each edge (see ``NETWORK_COLUMNS``).
    component : ndarray of int
        Number of the component of each edge.
    open_to_joining : ndarray of bool
        Edges that people may join.
    geometry : ndarray of object
        LineStrings from u to v, metres.
    seconds : EdgeSeconds
        Seconds along the edges, in both directions.
    speed : float
        The walker's speed on the flat, m/s.
    crs : pyproj.CRS
        Working CRS.
    notes : tuple of Note
        Notes on what was left out or repaired.
    scraps : ndarray of object
        LineStrings of the omitted components that people might have joined.
    """

    node_xy: Floats
    u: Ints
    v: Ints
    kind: NDArray[np.object_]
    component: Ints
    open_to_joining: NDArray[np.bool_]
    geometry: NDArray[np.object_]
    seconds: EdgeSeconds
    speed: float
    crs: CRS
    notes: tuple[Note, ...]
    scraps: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))

    @cached_property
    def segments(self) -> tuple[Segments, Ints]:
        """The segments of the edges that may be joined, in bins, and the rank of these edges by place."""
        return segments_of(self.geometry[self.open_to_joining]), self.rank

    @cached_property
    def rank(self) -> Ints:
        """The rank by place of the edges that may be joined."""
        return _by_place(self.geometry[self.open_to_joining])

    @cached_property
    def bounds(self) -> Floats:
        """West, south, east and north of each edge, metres."""
        return np.asarray(shapely.bounds(self.geometry)).reshape(-1, 4)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The edges that may be joined, in a search tree."""
        return shapely.STRtree(self.geometry[self.open_to_joining])

    @cached_property
    def joined_last(self) -> "list[tuple[Floats, Floats, Joined]]":
        """The points that joined last, with their limits, and where: the same people are asked again and again."""
        return []

    @cached_property
    def fastest(self) -> float:
        """The most metres of any edge per second, at least the speed on the flat."""
        least = np.minimum(*self.seconds.totals)
        some = least > 0
        return float(np.max(self.seconds.length_m[some] / least[some], initial=self.speed))

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return len(self.node_xy)


@dataclass(frozen=True)
class Attachment:
    """Where points join the network: edge (-1: none), metres from its u, seconds of the way to it, component."""

    edge: Ints
    position_m: Floats
    leg_s: Floats
    component: Ints

    def take(self, rows: Sequence[int] | Ints | NDArray[np.bool_]) -> "Attachment":
        """Return the attachments of some points."""
        return Attachment(self.edge[rows], self.position_m[rows], self.leg_s[rows], self.component[rows])


@dataclass(frozen=True)
class Joined:
    """Where points join the network, for any walker: as :class:`Attachment`, with metres of the way to it."""

    edge: Ints
    position_m: Floats
    away_m: Floats
    component: Ints

    def at(self, speed: float) -> Attachment:
        """Return the attachment for a walking speed, m/s."""
        return Attachment(self.edge, self.position_m, self.away_m / speed, self.component)


def prepare_network(network: Network, terrain: Raster | None, speeds: WalkerSpeeds, crs: CRS) -> WalkingNetwork:
    """Leave out short components, measure the other edges, and leave out edges that the walker cannot use.

    Parameters
    ----------
    network : Network
        Nodes and edges in ``crs``.
    terrain : Raster or None
        Elevations; None walks on the flat.
    speeds : WalkerSpeeds
        The walker.
    crs : pyproj.CRS
        Working CRS, metres.

    Returns
    -------
    WalkingNetwork
        With notes on omitted components, on faults of the terrain, and on edges that the walker cannot use.
    """
    edges, nodes = network.edges, len(network.node_xy)
    ends = (edges["u"].to_numpy(), edges["v"].to_numpy())
    graph = coo_array((np.ones(len(edges)), ends), shape=(nodes, nodes))
    _, of_node = connected_components(graph, directed=False)
    length = np.bincount(of_node[ends[0]], weights=edges["length_m"].to_numpy(), minlength=of_node.max() + 1)
    long = length[of_node[ends[0]]] >= SHORTEST_COMPONENT_M
    kept, scraps = edges[long], edges[~long & ~edges["kind"].isin(NO_ENTRY)]
    left_out = np.unique(of_node[ends[0]][length[of_node[ends[0]]] < SHORTEST_COMPONENT_M])
    notes: tuple[Note, ...] = ()
    if len(left_out):
        notes = (Note("components_left_out", {"count": len(left_out), "edges": len(edges) - len(kept)}),)
    seconds, measured = edge_seconds(kept, crs, terrain, speeds)
    ways, shut = passable(
        WalkableEdges(
            edge=np.arange(len(kept)),
            u=kept["u"].to_numpy(dtype=np.int64),
            v=kept["v"].to_numpy(dtype=np.int64),
            geometry=kept.geometry.to_numpy(),
            seconds=seconds,
            node_xy=network.node_xy,
        )
    )
    kind = kept["kind"].to_numpy(dtype=object)[ways.edge]
    order = space_order(ways.node_xy)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return WalkingNetwork(
        node_xy=ways.node_xy[order],
        u=number[ways.u],
        v=number[ways.v],
        kind=kind,
        component=_components(ways),
        open_to_joining=~np.isin(kind, NO_ENTRY),
        geometry=ways.geometry,
        seconds=ways.seconds,
        speed=speeds.flat,
        crs=crs,
        notes=notes + measured + shut,
        scraps=scraps.geometry.to_numpy(dtype=object),
    )


def _components(ways: WalkableEdges) -> Ints:
    """Return the component of each edge; directions are ignored."""
    nodes = len(ways.node_xy)
    graph = coo_array((np.ones(len(ways.u)), (ways.u, ways.v)), shape=(nodes, nodes))
    _, of_node = connected_components(graph, directed=False)
    return of_node[ways.u].astype(np.int64)


def attach(network: WalkingNetwork, xy: Floats, limit_m: Floats) -> Attachment:
    """Attach points to the nearest point of the nearest edge that may be joined.

    Parameters
    ----------
    network : WalkingNetwork
        The network.
    xy : ndarray
        Shape (points, 2), metres.
    limit_m : ndarray
        The largest distance for each point, metres (inclusive).
    """
    return join(network, xy, limit_m).at(network.speed)


def join(network: WalkingNetwork, xy: Floats, limit_m: Floats) -> Joined:
    """Attach points as :func:`attach` does, independent of the walker; those that joined last are not sought again."""
    for last_xy, last_limit, found in network.joined_last:
        if np.array_equal(last_xy, xy) and np.array_equal(last_limit, limit_m):
            return found
    found = _join(network, xy, limit_m)
    if len(xy) > _WORTH_KEEPING:
        network.joined_last[:] = [(xy, limit_m, found)]
    return found


def _join(network: WalkingNetwork, xy: Floats, limit_m: Floats) -> Joined:
    count = len(xy)
    open_edges = np.flatnonzero(network.open_to_joining)
    edge = np.full(count, -1, dtype=np.int64)
    position, way = np.zeros(count), np.full(count, np.inf)
    if count and len(open_edges):
        points = np.asarray(shapely.points(xy), dtype=object)
        found, distance = network.tree.query_nearest(points, return_distance=True, all_matches=True)
        # Of equally near edges the first by place, independent of the order of the network's rows.
        order = np.lexsort((network.rank[found[1]], found[0]))
        point, first = np.unique(found[0][order], return_index=True)
        nearest, away = open_edges[found[1][order][first]], distance[order][first]
        near = away <= limit_m[point]
        point, nearest = point[near], nearest[near]
        edge[point], way[point] = nearest, away[near]
        position[point] = shapely.line_locate_point(network.geometry[nearest], points[point])
    component = np.where(edge >= 0, network.component[edge] if len(network.component) else -1, -1)
    return Joined(edge, position, way, component)


def beside_scraps(network: WalkingNetwork, xy: Floats, limit_m: Floats) -> NDArray[np.bool_]:
    """Tell which points might have joined a component that was left out as too short.

    Parameters
    ----------
    network, xy, limit_m
        As for :func:`attach`.
    """
    found = np.zeros(len(xy), dtype=bool)
    if len(xy) and len(network.scraps):
        points = np.asarray(shapely.points(xy), dtype=object)
        (point, _), away = shapely.STRtree(network.scraps).query_nearest(
            points, return_distance=True, all_matches=False
        )
        found[point] = away <= limit_m[point]
    return found


def _by_place(lines: NDArray[np.object_]) -> Ints:
    """Rank lines from west to east and from south to north; lines with the same bounds by length, then by shape."""
    _, shape = np.unique(shapely.to_wkb(shapely.normalize(lines)), return_inverse=True)
    keys = (shape, shapely.length(lines), *shapely.bounds(lines).T[::-1])
    return np.argsort(np.lexsort(keys)).astype(np.int64)
