"""The walking network: the plan's lines split at crossings, joined at exact nodes, with kinds."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
import shapely.ops
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from . import config
from .grid import Bools, Floats, Ints, plain_line, spline, stage_rng
from .roads import Course
from .terrain import Land, Settlement
from .trace import Tracer, course_field

SNAP_M = 0.01
SHORTEST_M = 9.0  # shorter edges are drawn together to one node
STUB_M = 26.0  # shorter dead ends are dropped
STAIRS_SLOPE = 0.13  # lanes steeper than this are stairs
REMOVED = 0.13  # part of the lanes that are left out, since real blocks are not complete
ISLET_PLACES = 6  # small scraps of network that join nothing

Node = tuple[float, float]


@dataclass
class Edge:
    """One edge between two nodes."""

    points: Floats
    level: int
    kind: str
    name: str

    @property
    def ends(self) -> tuple[Node, Node]:
        """Give the two nodes."""
        first, last = self.points[0], self.points[-1]
        return (float(first[0]), float(first[1])), (float(last[0]), float(last[1]))

    @property
    def length(self) -> float:
        """Give the length in metres."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())


def _split(courses: list[Course]) -> list[Edge]:
    """Split all lines where they meet; each piece takes its facts from the course that it lies on."""
    spans = [course for course in courses if course.level == 0]
    ground = [course for course in courses if course.level > 0]
    net = shapely.unary_union([course.line for course in ground], grid_size=SNAP_M)
    pieces = shapely.get_parts(net)
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    tree = shapely.STRtree([course.line for course in ground])
    piece, source = tree.query(middles, predicate="dwithin", distance=0.6)
    level = np.array([course.level for course in ground])
    order = np.lexsort((source, level[source], piece))
    _, first = np.unique(piece[order], return_index=True)
    owner = source[order][first]
    edges = [
        Edge(
            np.round(shapely.get_coordinates(line), 2),
            ground[own].level,
            ground[own].kind,
            ground[own].name,
        )
        for line, own in zip(pieces, owner, strict=True)
    ]
    edges += [Edge(np.round(shapely.get_coordinates(s.line), 2), 0, s.kind, s.name) for s in spans]
    return edges


def _numbered(edges: list[Edge]) -> tuple[Ints, Floats]:
    """Give the nodes numbers, with each edge's two, and the nodes' coordinates."""
    number: dict[Node, int] = {}
    pairs = [[number.setdefault(end, len(number)) for end in edge.ends] for edge in edges]
    return np.array(pairs, np.int64), np.array(list(number), np.float64)


def _components(pairs: Ints, count: int) -> Ints:
    triple = (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1]))
    _, label = csgraph.connected_components(sparse.coo_matrix(triple, shape=(count, count)), directed=False)
    return np.asarray(label, np.int64)


def _drawn_together(edges: list[Edge]) -> list[Edge]:
    """Merge nodes that short edges join, and drop doubles."""
    pairs, nodes = _numbered(edges)
    short = np.array([edge.length < SHORTEST_M and edge.level > 0 for edge in edges])
    label = _components(pairs[short], len(nodes))
    fixed = np.zeros(len(nodes), bool)
    fixed[pairs[[edge.level == 0 for edge in edges]].ravel()] = True
    weight = np.where(fixed, 1e9, 1.0)  # a bridge's end stays where it is
    size = np.bincount(label, weight)
    centre = np.stack([np.bincount(label, weight * axis) / size for axis in nodes.T], axis=1)
    merged = np.round(centre[label], 2)
    merged[fixed] = nodes[fixed]
    found: dict[tuple[Node, Node, int], Edge] = {}
    for edge, (start, end), dropped in zip(edges, pairs, short, strict=True):
        if dropped or label[start] == label[end]:
            continue
        edge.points[0], edge.points[-1] = merged[start], merged[end]
        first, last = sorted(edge.ends)
        found.setdefault((first, last, int(edge.length / 15)), edge)
    return list(found.values())


def _uncrossed(edges: list[Edge]) -> list[Edge]:
    """Drop the lesser of two edges that cross where drawing together left no node."""
    lines = [shapely.LineString(edge.points) for edge in edges]
    dropped = set()
    for first, second in shapely.STRtree(lines).query(lines, predicate="crosses").T:
        if first < second and min(edges[first].level, edges[second].level) > 0:
            dropped.add(int(max((first, second), key=lambda one: (edges[one].level, one))))
    return [edge for number, edge in enumerate(edges) if number not in dropped]


def _thinned(edges: list[Edge], rng: np.random.Generator) -> list[Edge]:
    """Leave out some lanes, so that blocks differ."""
    return [edge for edge in edges if edge.level != 3 or rng.random() > REMOVED]


def _without_stubs(edges: list[Edge]) -> list[Edge]:
    """Drop short dead ends until none is left."""
    for _ in range(4):
        pairs, nodes = _numbered(edges)
        degree = np.bincount(pairs.ravel(), minlength=len(nodes))
        loose = degree[pairs].min(axis=1) == 1
        edges = [e for e, end in zip(edges, loose, strict=True) if not end or e.length > STUB_M or e.level == 0]
    return edges


def _largest(edges: list[Edge]) -> list[Edge]:
    """Keep what hangs together with most of the network."""
    pairs, nodes = _numbered(edges)
    label = _components(pairs, len(nodes))[pairs[:, 0]]
    most = np.argmax(np.bincount(label))
    return [edge for edge, own in zip(edges, label, strict=True) if own == most]


def _slopes(land: Land, edges: list[Edge]) -> Floats:
    ends = np.array([edge.points[[0, -1]] for edge in edges])
    rise = land.grid.between(land.height, *ends[:, 1].T) - land.grid.between(land.height, *ends[:, 0].T)
    return np.asarray(np.abs(rise) / np.array([edge.length for edge in edges]))


def _classify(land: Land, settlement: Settlement, edges: list[Edge], estates: Iterable[shapely.Polygon]) -> None:
    """Tell stairs and paths from streets."""
    rng = stage_rng(12)
    slope = _slopes(land, edges)
    home = land.grid.burn([(estate.buffer(-4), 1.0) for estate in estates])
    for edge, steep in zip(edges, slope, strict=True):
        x, y = edge.points[len(edge.points) // 2]
        new = float(land.grid.at(settlement.new_town, x, y))
        chance = rng.random()
        if edge.level == 3:
            if steep > STAIRS_SLOPE and edge.length < 170:
                edge.kind = "stairs"
            elif land.grid.at(home, x, y) > 0 or chance < 0.35 + 0.25 * new:
                edge.kind = "path"
        elif (edge.level == 4 and steep > 0.22 and chance < 0.5) or (edge.level == 2 and steep > 0.19):
            edge.kind = "stairs" if edge.length < 220 else "path"


def _over_roads(settlement: Settlement, land: Land, edges: list[Edge]) -> list[Edge]:
    """Part crossings and footbridges from the lanes that meet main roads."""
    rng = stage_rng(13)
    main = {end for edge in edges if edge.level == 1 for end in edge.ends}
    found, bridges = [], 0
    for edge in edges:
        start, end = edge.ends
        busy = edge.level in {2, 3} and edge.kind in {"street", "path"} and (start in main) != (end in main)
        chance = rng.random()
        if not busy or edge.length < 75 or chance > 0.42 or land.grid.at(settlement.density, *start) < 25:
            found.append(edge)
            continue
        points = edge.points if start in main else edge.points[::-1]
        line = shapely.LineString(points)
        high = chance < 0.05 and bridges < 26
        bridges += high
        cut = 38.0 if high else 15.0
        near = shapely.get_coordinates(shapely.ops.substring(line, 0, cut))
        far = shapely.get_coordinates(shapely.ops.substring(line, cut, line.length))
        near, far = np.round(near, 2), np.round(far, 2)
        near[0], far[-1] = points[0], points[-1]
        far[0] = near[-1]
        found.append(Edge(near, edge.level, "footbridge" if high else "crossing", ""))
        found.append(Edge(far, edge.level, edge.kind, edge.name))
    return found


def _on_island(land: Land) -> list[Edge]:
    """Draw the lanes of the island's hamlet, which no bridge reaches."""
    rng = stage_rng(14)
    allowed = land.grid.mask(land.island.buffer(-38))
    course = course_field(land, stage_rng(4))
    spacing = np.full(land.grid.shape, 165.0)
    tracer = Tracer(land.grid, course, spacing, allowed, rng)
    x, y = config.ISLAND[:2]
    lines = tracer.draw(np.array([[x, y], [x - 250, y], [x + 250, y + 10]]))
    courses = [Course(plain_line(line, 1.2), 3, "path") for line, _ in lines]
    return _largest(_without_stubs(_drawn_together(_split(courses))))


def _islets(land: Land, district: shapely.Polygon, edges: list[Edge]) -> list[Edge]:
    """Draw scraps of paths in the hills that join nothing, as mapped networks have them."""
    rng, grid = stage_rng(15), land.grid
    net = grid.burn([(shapely.LineString(edge.points), 1.0) for edge in edges], touched=True)
    away = ndimage.distance_transform_edt(net == 0) * grid.cell
    free: Bools = grid.mask(district.buffer(-250)) & (away > 130) & (land.bank > 180) & (land.slope < 0.3)
    x, y = grid.centres()
    found: list[Edge] = []
    for _ in range(ISLET_PLACES):
        cells = np.flatnonzero(free)
        if not len(cells):
            break
        cell = int(rng.choice(cells))
        centre = np.array([x.ravel()[cell], y.ravel()[cell]])
        free &= np.hypot(x - centre[0], y - centre[1]) > 600
        for turn in rng.uniform(0, 2 * np.pi) + np.array([0, 2.0, 4.2])[: rng.integers(2, 4)]:
            bend = turn + rng.uniform(-0.6, 0.6)
            middle = centre + 45 * np.array([np.cos(turn), np.sin(turn)])
            last = middle + 45 * np.array([np.cos(bend), np.sin(bend)])
            points = np.round(spline(np.array([centre, middle, last])), 2)
            found.append(Edge(points, 4, "path", ""))
    return found


def build(
    land: Land,
    settlement: Settlement,
    district: shapely.Polygon,
    courses: list[Course],
    estates: list[shapely.Polygon],
) -> list[Edge]:
    """Build the walking network from the plan's lines."""
    edges = _uncrossed(_drawn_together(_split(courses)))
    edges = _largest(_without_stubs(_thinned(edges, stage_rng(11))))
    _classify(land, settlement, edges, estates)
    edges = _over_roads(settlement, land, edges)
    edges += _on_island(land)
    return edges + _islets(land, district, edges)


def table(edges: list[Edge]) -> tuple[pd.DataFrame, list[shapely.LineString]]:
    """Order and name the edges from north-west to south-east; also give their lines."""
    middle = np.array([edge.points[len(edge.points) // 2] for edge in edges])
    order = np.lexsort((middle[:, 0], -np.floor(middle[:, 1] / 250)))
    rows = [edges[place] for place in order]
    facts = pd.DataFrame(
        {
            "id": [f"W{number:05d}" for number in range(1, len(rows) + 1)],
            "kind": [edge.kind for edge in rows],
            "name": [edge.name or None for edge in rows],
        }
    )
    return facts, [shapely.LineString(edge.points) for edge in rows]
