"""Walking minutes and coverage of Porto Alegre, calculated a second time and by means of its own.

Nothing of the product is imported here, and the tools differ where they can: one graph edge for each pair
of consecutive OpenStreetMap nodes instead of one for each stretch between junctions, shapely's tree for
attaching, and networkx for walking. The rules are those of ``docs/methods.md``, definitions 4 to 8, with
slope off.

**Who walks where.** A way is walked when it has a ``highway`` tag, other than motorway, motorway_link,
trunk, trunk_link, construction, proposed, planned, abandoned, razed, raceway, bus_guideway, escape,
corridor, platform, rest_area, services and via_ferrata; trunk and trunk_link stay when foot is yes,
designated or permissive, or sidewalk is both, left, right or yes. It is left out all the same when foot
is no, private or use_sidepath; when access is no or private, unless foot is yes, designated or
permissive; when motorroad is yes. Areas are walked along their outline, those of multipolygons with a
highway along the ways of their outer rings.

**Where a way is cut.** At a node with a barrier that refuses walkers: by the rule of foot and access
above, when it is locked, or when it is a wall, fence or hedge. Both sides of it are dead ends.

**What an edge is.** highway=steps: stairs. Else a bridge tag other than no: bridge. Else a tunnel tag
other than no, building_passage and covered: tunnel. Else ground. Nobody attaches to anything but ground.
Nodes that the extract does not hold end a stretch. Components, connected by common nodes, with less than
1 km of edges are left out first.

**How fast.** 0.8 m/s, also on the way to the network; 0.485 m/s on stairs over their horizontal length.
Both directions alike. Lengths are planar, in EPSG:32722.

**Who is where.** People stand in the centre of their raster cell; they join within 200 m beyond the
cell's half diagonal (the largest distance from the centre to a corner, both transformed), facilities
within 200 m.

**What is inside.** Squares of 2 km, aligned to multiples of 2 km, that hold an end of a kept edge; a cell
counts by the share of its area that lies in them.
"""

import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

WORKING_CRS = "EPSG:32722"
SQUARE_M = 2000.0
SPEED_M_S = 0.8
STAIRS_M_S = 0.485
LIMIT_M = 200.0
SHORTEST_COMPONENT_M = 1000.0
CUT_OFF_MINUTES = 15.0
ELDERLY_SHARE = 0.15

NOT_FOR_WALKING = frozenset(
    {
        "motorway",
        "motorway_link",
        "trunk",
        "trunk_link",
        "construction",
        "proposed",
        "planned",
        "abandoned",
        "razed",
        "raceway",
        "bus_guideway",
        "escape",
        "corridor",
        "platform",
        "rest_area",
        "services",
        "via_ferrata",
    }
)
INVITED = frozenset({"yes", "designated", "permissive"})
SIDEWALK = frozenset({"both", "left", "right", "yes"})

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Recomputed:
    """The second calculation.

    ``cells`` is indexed by row × columns + column and holds ``x``, ``y``, ``row``, ``col``, ``people``,
    ``share`` (of the cell's area inside the squares), ``minutes`` (inf when nothing is reached),
    ``off_network``, and for those who look closer ``gap_m`` (to the nearest edge that may be joined) and
    ``limit_m``. ``facilities`` has ``x``, ``y`` and ``gap_m``, too. ``totals`` are people.
    """

    cells: pd.DataFrame
    facilities: pd.DataFrame
    squares: gpd.GeoDataFrame
    totals: dict[str, float]


def recompute(folder: Path) -> Recomputed:
    """Calculate minutes for every populated cell, and the people covered, from the files of the folder."""
    edges = walking_edges(folder / "poa_osm.pbf")
    squares = squares_around(edges)
    cells = people(folder / "ghspop_poa_54009_100m.tif")
    cells["share"] = shares_inside(cells, squares)
    facilities = sites(folder / "facilities_existing_wgs84.csv")
    _walk(edges, cells, facilities)
    inside = cells["people"] * cells["share"]
    covered = inside[cells["minutes"] <= CUT_OFF_MINUTES].sum()
    totals = {
        "read": cells["people"].sum(),
        "inside": inside.sum(),
        "outside": cells["people"].sum() - inside.sum(),
        "covered": covered,
        "uncovered": inside.sum() - covered,
        "off_network": inside[cells["off_network"]].sum(),
    }
    cells = cells.drop(columns="corners")
    return Recomputed(cells, facilities, squares, {key: float(value) for key, value in totals.items()})


def make_squares(folder: Path) -> gpd.GeoDataFrame:
    """Return the 2 km squares, with ``id`` and ``name``, that cover the network of the folder."""
    return squares_around(walking_edges(folder / "poa_osm.pbf"))


def prepare(shared: Path, made: Path) -> Path:
    """Write the squares and the scenario, its folders filled in, and return the scenario's path."""
    made.mkdir(parents=True, exist_ok=True)
    make_squares(shared / "realdata" / "porto_alegre").to_file(made / "squares.gpkg")
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    for name, folder in (("{shared}", shared), ("{made}", made)):
        text = text.replace(name, folder.resolve().as_posix())
    path = made / "porto_alegre.toml"
    path.write_text(text, encoding="utf-8")
    return path


def walking_edges(path: Path) -> pd.DataFrame:
    """Return one row for each pair of consecutive nodes of a walked way, short components left out."""
    to_working = Transformer.from_crs("EPSG:4326", WORKING_CRS, always_xy=True)
    rows: list[tuple[Any, Any, str]] = []
    places: dict[Any, tuple[float, float]] = {}
    squares = _multipolygons(path)
    shut: set[int] = set()
    for each in osmium.FileProcessor(str(path)).with_locations():
        if isinstance(each, osmium.osm.Node):
            if _is_shut(each.tags):
                shut.add(each.id)
            continue
        if not isinstance(each, osmium.osm.Way):
            continue
        tags = each.tags if "highway" in each.tags else squares.get(each.id)
        if tags is None or not _is_walked(tags):
            continue
        kind = _kind(tags)
        for position, (a, b) in enumerate(pairwise(each.nodes)):
            if a.ref == b.ref or not (a.location.valid() and b.location.valid()):
                continue
            # A node that nobody passes is another one for every step that ends there.
            u, v = ((node.ref, each.id, position) if node.ref in shut else node.ref for node in (a, b))
            places |= {u: (a.lon, a.lat), v: (b.lon, b.lat)}
            rows.append((u, v, kind))
    names = {name: number for number, name in enumerate(places)}
    places = {names[name]: place for name, place in places.items()}
    rows = [(names[u], names[v], kind) for u, v, kind in rows]
    edges = pd.DataFrame(rows, columns=["u", "v", "kind"])
    lon, lat = np.array([places[ref] for ref in places]).T
    x, y = to_working.transform(lon, lat)
    nodes = pd.DataFrame({"x": x, "y": y}, index=list(places))
    for end in "uv":
        edges[[f"x_{end}", f"y_{end}"]] = nodes.loc[edges[end]].to_numpy()
    edges["length_m"] = np.hypot(edges["x_u"] - edges["x_v"], edges["y_u"] - edges["y_v"])
    return _without_short_components(edges)


def squares_around(edges: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the aligned squares that hold at least one end of an edge."""
    ends = np.vstack([edges[["x_u", "y_u"]].to_numpy(), edges[["x_v", "y_v"]].to_numpy()])
    corners = np.unique(np.floor(ends / SQUARE_M).astype(int), axis=0)
    names = [f"{east}-{north}" for east, north in corners]
    left, bottom = corners.T * SQUARE_M
    shapes = shapely.box(left, bottom, left + SQUARE_M, bottom + SQUARE_M)
    labels = [f"Quadrado {name}" for name in names]
    return gpd.GeoDataFrame({"id": names, "name": labels}, geometry=shapes, crs=WORKING_CRS)


def people(path: Path) -> pd.DataFrame:
    """Return the populated cells: centre, corners, half diagonal and people."""
    with rasterio.open(path) as raster:
        values = raster.read(1).astype(float)
        transform = raster.transform
        to_working = Transformer.from_crs(raster.crs, WORKING_CRS, always_xy=True)
    row, col = np.nonzero(values > 0)

    def at(down: float, right: float) -> Floats:
        east = transform.c + transform.a * (col + right) + transform.b * (row + down)
        north = transform.f + transform.d * (col + right) + transform.e * (row + down)
        return np.column_stack(to_working.transform(east, north))

    centre = at(0.5, 0.5)
    corners = np.stack([at(0, 0), at(0, 1), at(1, 1), at(1, 0)], axis=1)
    cells = pd.DataFrame(
        {"x": centre[:, 0], "y": centre[:, 1], "row": row, "col": col, "people": values[row, col]},
        index=pd.Index(row * values.shape[1] + col, name="cell"),
    )
    cells["limit_m"] = LIMIT_M + np.linalg.norm(corners - centre[:, None], axis=2).max(axis=1)
    cells["corners"] = np.asarray(shapely.polygons(corners), dtype=object)
    return cells


def shares_inside(cells: pd.DataFrame, squares: gpd.GeoDataFrame) -> Floats:
    """Return the share of each cell's area that lies in any of the squares."""
    ground = shapely.union_all(squares.geometry.to_numpy())
    shapely.prepare(ground)
    shapes = cells["corners"].to_numpy()
    return shapely.area(shapely.intersection(shapes, ground)) / shapely.area(shapes)


def sites(path: Path) -> pd.DataFrame:
    """Return the facilities in the working CRS."""
    table = pd.read_csv(path, index_col="id")
    to_working = Transformer.from_crs("EPSG:4326", WORKING_CRS, always_xy=True)
    x, y = to_working.transform(table["lng"].to_numpy(), table["lat"].to_numpy())
    return pd.DataFrame({"x": x, "y": y, "limit_m": LIMIT_M}, index=table.index)


def _is_walked(tags: Any) -> bool:
    highway, foot, access = tags.get("highway"), tags.get("foot"), tags.get("access")
    invited = foot in INVITED
    if highway in {"trunk", "trunk_link"}:
        if not (invited or tags.get("sidewalk") in SIDEWALK):
            return False
    elif highway in NOT_FOR_WALKING:
        return False
    if foot in {"no", "private", "use_sidepath"} or (access in {"no", "private"} and not invited):
        return False
    return bool(tags.get("motorroad") != "yes")


def _is_shut(tags: Any) -> bool:
    barrier, foot, access = tags.get("barrier"), tags.get("foot"), tags.get("access")
    if barrier is None or foot in INVITED:
        return False
    if foot in {"no", "private"} or access in {"no", "private"}:
        return True
    return access not in INVITED and (tags.get("locked") == "yes" or barrier in {"wall", "fence", "hedge"})


def _multipolygons(path: Path) -> dict[int, dict[str, str]]:
    """Return the tags of multipolygons with a highway by the ways of their outer rings."""
    found: dict[int, dict[str, str]] = {}
    for each in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        if isinstance(each, osmium.osm.Relation) and each.tags.get("type") == "multipolygon" and "highway" in each.tags:
            tags = {tag.k: tag.v for tag in each.tags}
            found |= {member.ref: tags for member in each.members if member.type == "w" and member.role != "inner"}
    return found


def _kind(tags: Any) -> str:
    if tags.get("highway") == "steps":
        return "stairs"
    if tags.get("bridge", "no") != "no":
        return "bridge"
    if tags.get("tunnel", "no") not in {"no", "building_passage", "covered"}:
        return "tunnel"
    return "ground"


def _without_short_components(edges: pd.DataFrame) -> pd.DataFrame:
    graph = nx.Graph(list(zip(edges["u"], edges["v"], strict=True)))
    component = {node: number for number, part in enumerate(nx.connected_components(graph)) for node in part}
    number = edges["u"].map(component)
    length = edges["length_m"].groupby(number).sum()
    return edges[number.map(length) >= SHORTEST_COMPONENT_M].reset_index(drop=True)


def _walk(edges: pd.DataFrame, cells: pd.DataFrame, facilities: pd.DataFrame) -> None:
    """Add ``gap_m`` to both tables, ``off_network`` and ``minutes`` to the cells."""
    ground = edges.index[edges["kind"] == "ground"].to_numpy()
    ends = edges.loc[ground, ["x_u", "y_u", "x_v", "y_v"]].to_numpy()
    lines = np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)), dtype=object)
    tree = shapely.STRtree(lines)
    for table in (cells, facilities):
        points = shapely.points(table["x"], table["y"])
        nearest = tree.nearest(points)
        table["edge"] = ground[nearest]
        table["along_m"] = shapely.line_locate_point(lines[nearest], points)
        table["gap_m"] = shapely.distance(lines[nearest], points)
        table["off_network"] = table["gap_m"] > table["limit_m"]
    graph = _graph(edges, cells, facilities)
    sources = [("facility", key) for key in facilities.index[~facilities["off_network"]]]
    seconds = nx.multi_source_dijkstra_path_length(graph, sources, weight="seconds")
    reached = np.array([seconds.get(("cell", key), np.inf) for key in cells.index])
    cells["minutes"] = (reached + cells["gap_m"] / SPEED_M_S) / 60
    cells.loc[cells["off_network"], "minutes"] = np.inf


def _graph(edges: pd.DataFrame, cells: pd.DataFrame, facilities: pd.DataFrame) -> nx.Graph:
    """Return the graph of seconds, each edge cut where somebody joins it; facilities hang on their cuts."""
    cuts: dict[int, list[tuple[float, Any]]] = {}
    graph = nx.Graph()
    for label, table in (("cell", cells), ("cut", facilities)):
        joined = table[~table["off_network"]]
        for key, edge, along in zip(joined.index, joined["edge"], joined["along_m"], strict=True):
            cuts.setdefault(edge, []).append((along, (label, key)))
    for key, gap in facilities.loc[~facilities["off_network"], "gap_m"].items():
        graph.add_edge(("facility", key), ("cut", key), seconds=gap / SPEED_M_S)
    for edge, u, v, kind, length in edges[["u", "v", "kind", "length_m"]].itertuples(name=None):
        speed = STAIRS_M_S if kind == "stairs" else SPEED_M_S
        stops = [(0.0, u), *sorted(cuts.get(edge, []), key=lambda cut: cut[0]), (length, v)]
        for (here, a), (there, b) in pairwise(stops):
            _join(graph, a, b, (there - here) / speed)
    return graph


def _join(graph: nx.Graph, a: Any, b: Any, seconds: float) -> None:
    """Add an edge, or keep the faster of two between the same nodes."""
    seconds = max(seconds, 0.0)
    if not graph.has_edge(a, b) or graph[a][b]["seconds"] > seconds:
        graph.add_edge(a, b, seconds=seconds)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), Path(sys.argv[2]))
