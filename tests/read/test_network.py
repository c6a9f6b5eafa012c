"""Networks from lines and from OpenStreetMap."""

import re
import warnings
from collections import Counter
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import affinity

from siting.domain.nouns import Network
from siting.domain.tables import NETWORK_COLUMNS
from siting.read.ground.network import Joins, LineAccount, cut_at_shared_vertices, network_from_lines
from siting.read.ground.osm import is_osm, read_osm
from siting.read.ground.osm_tags import kind, refusal
from siting.read.log import Log
from siting.write.account import layers_table
from siting.write.account_page import fact_texts
from tests.conftest import ROUNDS
from tests.drawing import examples
from tests.read.case import Case, X, Y

METRIC = CRS.from_epsg(4545)
LON, LAT, STEP = 107.35, 29.65, 0.001


def _from_lines(*lines: shapely.Geometry, kinds: list[str | None] | None = None) -> tuple[Network, int]:
    frame = gpd.GeoDataFrame({"kind": kinds or [None] * len(lines)}, geometry=list(lines), crs=METRIC)
    network, account = network_from_lines(frame, METRIC)
    return network, account.dropped


def _degrees(network: Network) -> Counter[int]:
    edges = network.edges
    return Counter(Counter([*edges["u"], *edges["v"]]).values())


def test_lines_meet_at_equal_ends_and_nowhere_else() -> None:
    cross = shapely.LineString([(0, 0), (10, 10)]), shapely.LineString([(0, 10), (10, 0)])
    assert len(_from_lines(*cross)[0].node_xy) == 4
    network, _ = _from_lines(shapely.LineString([(0, 0), (5, 5)]), shapely.LineString([(5.0004, 5), (9, 5)]))
    assert len(network.node_xy) == 3
    network, _ = _from_lines(shapely.LineString([(0, 0), (5, 5)]), shapely.LineString([(5.002, 5), (9, 5)]))
    assert len(network.node_xy) == 4


def test_edges_run_from_u_to_v() -> None:
    network, _ = _from_lines(
        shapely.LineString([(5, 5), (0, 0)]), shapely.LineString([(0, 0), (3, 4), (6, 0)]), kinds=["stairs", None]
    )
    edges = network.edges
    assert list(edges.columns) == ["u", "v", "kind", "length_m", "geometry"]
    assert (edges["u"].dtype, edges["v"].dtype) == (np.int64, np.int64)
    assert edges["kind"].tolist() == ["stairs", "street"]
    assert edges["length_m"].tolist() == pytest.approx([50**0.5, 10.0])
    lines = edges.geometry.to_numpy()
    for column, at in (("u", 0), ("v", -1)):
        ends = shapely.get_coordinates(shapely.get_point(lines, at))
        np.testing.assert_allclose(ends, network.node_xy[edges[column]], atol=5e-4)
    with pytest.raises(ValueError, match="read-only"):
        network.node_xy[0, 0] = 1


def test_parts_become_edges_and_what_has_no_length_goes() -> None:
    network, dropped = _from_lines(
        shapely.MultiLineString([[(0, 0), (1, 0)], [(1, 0), (2, 0)]]),
        shapely.LineString([(7, 7), (7, 7)]),
        kinds=["path", "path"],
    )
    assert (len(network.edges), dropped) == (2, 1)
    assert network.edges["kind"].tolist() == ["path", "path"]


def test_the_order_of_lines_does_not_move_nodes() -> None:
    lines = [shapely.LineString([(i, 0), (i + 1, i % 3)]) for i in range(9)]
    one, other = _from_lines(*lines)[0], _from_lines(*lines[::-1])[0]
    np.testing.assert_array_equal(one.node_xy, other.node_xy)


def test_a_layer_of_lines_is_read(case: Case) -> None:
    network = case.read().network
    assert network is not None
    assert network.edges["kind"].tolist() == ["path", "stairs", "street"]
    assert len(network.node_xy) == 4
    assert network.edges.crs.to_epsg() == 4545


def test_a_kind_that_is_not_known_is_told(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg")
    lines.assign(kind=["path", "lane to the well", None]).to_file(case.folder / "walk.gpkg")
    fault = case.fault()
    assert (fault.code, fault.file, fault.row, fault.field) == ("not_among_choices", "walk.gpkg", "#2", "kind")


@pytest.mark.parametrize("stated", [False, True])
def test_values_of_osm_in_the_column_of_kinds_are_understood(case: Case, *, stated: bool) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg").drop(columns="kind")
    lines.assign(**{"way" if stated else "kind": ["steps", "residential", "motorway"]}).to_file(
        case.folder / "walk.gpkg"
    )
    if stated:
        case.sections["network"] += '\ncolumns = { kind = "way" }'
    inputs = case.read()
    assert inputs.network is not None
    assert sorted(inputs.network.edges["kind"]) == ["stairs", "street"]
    (note,) = [note for note in inputs.notes if note.code == "ways_by_values"]
    assert note.values["key"] == "highway"


def test_kinds_that_the_scenario_translates_stay_kinds(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg")
    lines.assign(kind=["residential", "tertiary", "tertiary"]).to_file(case.folder / "walk.gpkg")
    case.sections["network"] += '\nvalues.kind = { residential = "path", tertiary = "tunnel" }'
    inputs = case.read()
    assert inputs.network is not None
    assert sorted(inputs.network.edges["kind"]) == ["path", "tunnel", "tunnel"]


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (["台阶", "次干路", "隧道"], ["stairs", "street", "tunnel"]),
        (["Steps", "residential", "residential"], ["stairs", "street", "street"]),
        (["stairway", "footpath", None], ["stairs", "path", "street"]),
    ],
)
def test_a_column_of_kinds_is_known_by_its_values(case: Case, values: list[str | None], kinds: list[str]) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg").drop(columns="kind")
    lines.assign(道路种别=values).to_file(case.folder / "walk.gpkg")
    inputs = case.read()
    assert inputs.network is not None
    assert sorted(inputs.network.edges["kind"]) == sorted(kinds)
    (note,) = [note for note in inputs.notes if note.code == "ways_by_values"]
    assert note.values["column"] == "道路种别"


def test_a_column_with_few_words_for_kinds_is_asked_about(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg").drop(columns="kind")
    lines.assign(备注=["台阶", "解放路", "人民路"]).to_file(case.folder / "walk.gpkg")
    inputs = case.read()
    assert inputs.network is not None
    assert set(inputs.network.edges["kind"]) == {"street"}
    assert [note.values["columns"] for note in inputs.notes if note.code == "ways_look_alike"] == ["备注: 台阶 ×1"]


def test_values_that_end_in_a_word_for_a_kind_are_asked_about(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg").drop(columns="kind")
    twice = gpd.GeoDataFrame(pd.concat([lines, lines], ignore_index=True), crs=lines.crs)
    twice.assign(t=["石梯坎", "阶梯道路", "跨线桥"] * 2).to_file(case.folder / "walk.gpkg")
    (note,) = [note for note in case.read().notes if note.code == "ways_look_alike"]
    assert all(word in note.values["columns"] for word in ("石梯坎 ×2", "阶梯道路 ×2", "跨线桥 ×2"))


def test_names_of_streets_are_no_kinds(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg").drop(columns="kind")
    lines.assign(路名=["长江大桥", "十八梯", "石板坡隧道"]).to_file(case.folder / "walk.gpkg")
    assert not [note for note in case.read().notes if note.code.startswith("ways_")]


def test_the_account_says_how_many_edges_of_which_kind_were_understood(case: Case) -> None:
    inputs = case.read()
    table = layers_table(inputs.scenario, inputs.layers, inputs.notes, inputs, "en").set_index("key")
    assert table.loc["network", "kinds"] == {"path": 1, "stairs": 1, "street": 1}
    row = table.reset_index().to_dict("records")[table.index.get_loc("network")]
    assert any("stairs 1" in text for text in fact_texts(row, "en"))


def test_a_network_elsewhere_is_told(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg")
    lines.set_geometry(lines.translate(50_000, 0)).to_file(case.folder / "walk.gpkg")
    assert (case.fault().code, case.fault().layer) == ("no_overlap", "network")


def test_lines_without_length_are_noted(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg")
    lines.loc[0, "geometry"] = shapely.LineString([(X, Y), (X, Y)])
    lines.to_file(case.folder / "walk.gpkg")
    assert [(note.code, note.values["count"]) for note in case.read().notes] == [("lines_without_length", 1)]


# --- lines that are joined where they cross ---------------------------------------------------------------------------


def _joined(
    *lines: shapely.Geometry, kinds: list[str | None] | None = None, levels: list[int | None] | None = None
) -> tuple[Network, LineAccount]:
    columns = {"kind": kinds or [None] * len(lines)}
    frame = gpd.GeoDataFrame(columns, geometry=list(lines), crs=METRIC)
    if levels is not None:
        frame["level"] = pd.array(levels, dtype="Int64")
    return network_from_lines(frame, METRIC, Joins(split=True))


def _parts(network: Network) -> int:
    count = len(network.node_xy)
    links = coo_array((np.ones(len(network.edges)), (network.edges["u"], network.edges["v"])), shape=(count, count))
    return int(connected_components(links, directed=False)[0])


LEVEL_STREET = shapely.LineString([(0, 0), (10, 0)])
ACROSS = shapely.LineString([(5, -5), (5, 5)])
UP_TO = shapely.LineString([(5, 0), (5, 5)])


def test_lines_are_joined_where_they_cross() -> None:
    network, account = _joined(LEVEL_STREET, ACROSS, kinds=["street", "stairs"])
    assert _degrees(network) == {1: 4, 4: 1}
    assert network.edges["kind"].tolist() == ["street", "stairs", "stairs", "street"]
    assert network.edges["length_m"].tolist() == [5.0, 5.0, 5.0, 5.0]
    assert network.node_xy.tolist() == [[0, 0], [5, -5], [5, 0], [5, 5], [10, 0]]
    assert (account.joined, account.left, account.doubled) == (1, 0, 0)


def test_an_end_splits_the_line_that_it_touches() -> None:
    assert _degrees(_joined(LEVEL_STREET, UP_TO)[0]) == {1: 3, 3: 1}
    # Half a millimetre short of it is still there; two millimetres are not.
    for gap, parts in ((0.0005, 1), (0.002, 2)):
        network, account = _joined(LEVEL_STREET, shapely.LineString([(5, gap), (5, 5)]))
        assert (_parts(network), account.joined) == (parts, 2 - parts)


@pytest.mark.parametrize(
    ("kinds", "levels", "across", "joined", "left"),
    [
        ([None, None], None, ACROSS, 1, 0),
        ([None, None], [1, 1], ACROSS, 1, 0),
        ([None, None], [None, 0], ACROSS, 1, 0),
        ([None, None], [0, 1], ACROSS, 0, 1),
        (["bridge", None], None, ACROSS, 0, 1),
        ([None, "footbridge"], None, ACROSS, 0, 1),
        (["tunnel", "tunnel"], None, ACROSS, 0, 1),
        # A span lands by its end; nothing lands on a span from below.
        ([None, "footbridge"], None, UP_TO, 1, 0),
        ([None, "footbridge"], [0, 1], UP_TO, 1, 0),
        (["footbridge", "footbridge"], None, UP_TO, 1, 0),
        (["footbridge", None], None, UP_TO, 0, 1),
        (["bridge", None], [1, 0], UP_TO, 0, 1),
        ([None, None], [0, 1], UP_TO, 1, 0),
        ([None, None], [1, 0], UP_TO, 0, 1),
        (["footbridge", "footbridge"], [0, 1], UP_TO, 0, 1),
    ],
)
def test_levels_and_spans_stay_apart(
    kinds: list[str | None], levels: list[int | None] | None, across: shapely.LineString, joined: int, left: int
) -> None:
    network, account = _joined(LEVEL_STREET, across, kinds=kinds, levels=levels)
    assert (account.joined, account.left) == (joined, left)
    assert _parts(network) == (1 if joined else 2)


def test_a_viaduct_in_parts_does_not_land_on_what_it_crosses() -> None:
    halves = [shapely.LineString([(5, -5), (5, 0)]), UP_TO]
    network, account = _joined(LEVEL_STREET, *halves, kinds=[None, "bridge", "bridge"])
    assert _parts(network) == 2
    assert (account.joined, account.left) == (0, 1 + 1)
    # Lines of two levels that meet end to end are joined there as always.
    network, _ = _joined(LEVEL_STREET, shapely.LineString([(10, 0), (20, 0)]), levels=[0, 1])
    assert _parts(network) == 1


def test_crossings_above_each_other_are_two_nodes() -> None:
    network, account = _joined(LEVEL_STREET, ACROSS, LEVEL_STREET.reverse(), ACROSS.reverse(), levels=[0, 0, 1, 1])
    assert account.joined == 2
    assert (network.node_xy == (5, 0)).all(axis=1).sum() == 2
    # Their ends coincide, so the two levels are one network; no edge is lost.
    assert len(network.edges) == 8


def test_of_lines_that_lie_on_each_other_one_stays() -> None:
    over = shapely.LineString([(5, 0), (15, 0)])
    network, account = _joined(LEVEL_STREET, over)
    assert network.edges["length_m"].tolist() == [5.0, 5.0, 5.0]
    assert account.doubled == 1
    assert _degrees(network) == {1: 2, 2: 2}
    network, account = _joined(LEVEL_STREET, LEVEL_STREET.reverse())
    assert (len(network.edges), account.doubled) == (1, 1)
    assert (network.edges["length_m"] > 0).all()


def test_a_line_that_crosses_itself_is_cut_there() -> None:
    loop = shapely.LineString([(0, 0), (10, 0), (10, 5), (5, 5), (5, -5)])
    network, _ = _joined(loop)
    assert sorted(network.edges["length_m"]) == [5.0, 5.0, 20.0]
    assert _joined(loop, kinds=["bridge"])[0].edges["length_m"].tolist() == [30.0]


points = st.tuples(st.integers(0, 6), st.integers(0, 6))


def _goes_on(line: list[tuple[int, int]]) -> bool:
    """Tell whether a line has a length everywhere and never turns back on its own last step."""
    steps = np.diff(np.array(line), axis=0)
    turned = steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0]
    back = (turned == 0) & ((steps[:-1] * steps[1:]).sum(axis=1) < 0)
    return bool(steps.any(axis=1).all() and not back.any())


some_lines = st.lists(st.lists(points, min_size=2, max_size=4).filter(_goes_on), min_size=1, max_size=7)


@settings(max_examples=examples(100) * ROUNDS, deadline=None, derandomize=True)
@given(some_lines, st.data())
def test_joined_lines_are_those_of_a_plain_overlay(drawn: list[list[tuple[int, int]]], data: st.DataObject) -> None:
    levels = data.draw(st.lists(st.integers(0, 1), min_size=len(drawn), max_size=len(drawn)))
    flat = [shapely.LineString(line) for line in drawn]
    # Turned and far from the origin, so that no coordinate is round.
    turned = [affinity.translate(affinity.rotate(line, 17.3, origin=(0, 0)), X, Y) for line in flat]
    network, account = _joined(*turned, levels=list(levels))
    overlay = [
        shapely.unary_union([line for line, mine in zip(flat, levels, strict=True) if mine == level])
        for level in (0, 1)
    ]
    assert network.edges["length_m"].sum() == pytest.approx(sum(each.length for each in overlay), abs=1e-6)
    assert (network.edges["length_m"] > 0.001).all()
    # Wherever two lines of one level touch there is a node, and every edge runs between its nodes.
    nodes = shapely.multipoints(network.node_xy)
    for i, j in combinations(range(len(flat)), 2):
        if levels[i] == levels[j]:
            for corner in shapely.get_coordinates(flat[i].intersection(flat[j])):
                spot = affinity.translate(affinity.rotate(shapely.Point(corner), 17.3, origin=(0, 0)), X, Y)
                assert spot.distance(nodes) < 2e-3
    ends = shapely.get_coordinates(shapely.get_point(network.edges.geometry.to_numpy(), 0))
    np.testing.assert_allclose(ends, network.node_xy[network.edges["u"]], atol=2e-3)
    # No edge touches another of one level but at its ends: cutting again changes nothing.
    if len(set(levels)) == 1:
        again, second = _joined(*network.edges.geometry)
        assert (len(again.edges), second.doubled, _parts(again)) == (len(network.edges), 0, _parts(network))
        assert _parts(network) == len(shapely.get_parts(shapely.unary_union([line.buffer(1e-3) for line in flat])))
    assert account.lines == len(flat)


def test_many_lines_are_joined_as_another_library_cuts_them() -> None:
    rng = np.random.default_rng(7)
    begin = rng.uniform(0, 10_000, (10_000, 1, 2))
    lines = shapely.linestrings(begin + np.cumsum(rng.normal(0, 30, (10_000, 6, 2)), axis=1))
    network, account = _joined(*lines)
    crossed = shapely.union_all(lines)
    assert network.edges["length_m"].sum() == pytest.approx(crossed.length, rel=1e-6)
    assert account.joined > 10_000


def test_the_scenario_asks_for_joined_lines(case: Case) -> None:
    shapes = [
        shapely.LineString([(X, Y + 500), (X + 1000, Y + 500)]),
        shapely.LineString([(X + 500, Y), (X + 500, Y + 900)]),
    ]
    gpd.GeoDataFrame({"level": [0, 0]}, geometry=shapes, crs=METRIC).to_file(case.folder / "walk.gpkg")
    before = case.read()
    (note,) = before.notes
    assert (note.code, note.values["count"], note.values["lines"]) == ("lines_cross_unjoined", 2, 2)
    case.sections["network"] += "\nsplit_at_crossings = true"
    after = case.read()
    assert after.network is not None
    assert len(after.network.edges) == 4
    (note,) = after.notes
    assert dict(note.values) == {"layer": "network", "lines": 2, "edges": 4, "joined": 1, "left": 0}
    gpd.GeoDataFrame({"level": [0, 1]}, geometry=shapes, crs=METRIC).to_file(case.folder / "walk.gpkg")
    (note,) = case.read().notes
    assert (note.values["joined"], note.values["left"]) == (0, 1)


def test_doubled_lines_are_noted(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg")
    pd.concat([lines, lines.iloc[:1]]).to_file(case.folder / "walk.gpkg")
    case.sections["network"] += "\nsplit_at_crossings = true"
    notes = {note.code: note.values for note in case.read().notes}
    assert notes["lines_doubled"]["count"] == 1


# --- OpenStreetMap -------------------------------------------------------------------------------------------------

Way = tuple[list[int], dict[str, str]]


def _write_osm(path: Path, ways: list[Way], nodes: dict[int, tuple[float, float]] | None = None) -> None:
    """Write ways over nodes that stand on a grid: node 10 × row + column, unless ``nodes`` says where they stand."""
    refs = sorted({ref for way, _ in ways for ref in way})
    places = {ref: (LON + ref % 10 * STEP, LAT + ref // 10 * STEP) for ref in refs} if nodes is None else nodes
    with osmium.SimpleWriter(str(path)) as writer:
        for ref, place in sorted(places.items()):
            writer.add_node(osmium.osm.mutable.Node(id=ref, version=1, location=place))
        for number, (way, tags) in enumerate(ways, start=1):
            writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=way, tags=tags))


def _read_osm(path: Path) -> tuple[Network | None, Log]:
    log = Log()
    return read_osm(path, METRIC, log.layer("network", path)), log


def _osm(tmp_path: Path, *ways: Way) -> Network:
    path = tmp_path / "w.osm.pbf"
    _write_osm(path, list(ways))
    network, log = _read_osm(path)
    assert log.faults.found == []
    assert network is not None
    return network


STREET = {"highway": "residential"}


def test_ways_are_cut_where_they_share_a_node(tmp_path: Path) -> None:
    network = _osm(tmp_path, ([11, 12, 13], STREET), ([2, 12, 22], {"highway": "footway"}))
    assert network.edges["kind"].tolist() == ["street", "path", "street", "path"]
    assert _degrees(network) == {1: 4, 4: 1}
    assert network.node_xy.shape == (5, 2)


def test_a_bend_stays_in_its_edge(tmp_path: Path) -> None:
    network = _osm(tmp_path, ([11, 12, 22, 23], STREET))
    (line,) = network.edges.geometry
    assert len(line.coords) == 4
    assert network.edges["length_m"].iloc[0] == pytest.approx(line.length)
    # Two steps of longitude and one of latitude here.
    assert line.length == pytest.approx(2 * 96.84 + 110.85, abs=0.1)


def test_a_bridge_shares_no_node_with_what_it_crosses(tmp_path: Path) -> None:
    bridge = {"highway": "footway", "bridge": "yes", "layer": "1"}
    network = _osm(tmp_path, ([11, 13], STREET), ([2, 22], bridge))
    assert _degrees(network) == {1: 4}
    assert network.edges["kind"].tolist() == ["street", "footbridge"]


def test_a_way_is_cut_where_it_meets_itself(tmp_path: Path) -> None:
    network = _osm(tmp_path, ([11, 12, 13, 23, 22, 12], STREET))
    assert len(network.edges) == 2
    assert (network.edges["u"] == network.edges["v"]).tolist() == [False, True]


def test_a_closed_way_is_an_edge_from_its_first_node_to_itself(tmp_path: Path) -> None:
    network = _osm(tmp_path, ([11, 12, 22, 11], STREET))
    assert len(network.edges) == len(network.node_xy) == 1
    assert network.edges["length_m"].iloc[0] > 300


def test_a_node_named_twice_in_a_row_is_no_junction(tmp_path: Path) -> None:
    network = _osm(tmp_path, ([11, 12, 12, 13], STREET))
    assert len(network.edges) == 1
    assert len(network.edges.geometry.iloc[0].coords) == 3


def test_nodes_at_one_place_do_not_tear_the_network(tmp_path: Path) -> None:
    path = tmp_path / "w.osm.pbf"
    places = {1: (LON, LAT), 2: (LON + STEP, LAT), 3: (LON + STEP, LAT), 4: (LON + 2 * STEP, LAT), 5: (LON, LAT + STEP)}
    _write_osm(path, [([1, 2, 3, 4], STREET), ([3, 5], STREET)], places)
    network, _ = _read_osm(path)
    assert network is not None
    assert (network.edges["length_m"] > 0).all()
    assert _degrees(network) == {1: 3, 3: 1}


def test_a_way_ends_where_the_extract_ends(tmp_path: Path) -> None:
    path = tmp_path / "w.osm.pbf"
    places = {ref: (LON + ref * STEP, LAT) for ref in (1, 2, 4, 5)}
    _write_osm(path, [([1, 2, 3, 4, 5], STREET)], places)
    network, log = _read_osm(path)
    assert network is not None
    assert _degrees(network) == {1: 4}
    assert [note.code for note in log.notes] == ["osm_ways_left_out", "osm_nodes_missing"]
    assert log.notes[1].values["count"] == 1


def test_xml_and_pbf_say_the_same(tmp_path: Path) -> None:
    ways: list[Way] = [([11, 12, 13], STREET), ([2, 12, 22], {"highway": "steps"})]
    found = []
    for name in ("w.osm.pbf", "w.osm", "w.osm.gz"):
        _write_osm(tmp_path / name, ways)
        network, _ = _read_osm(tmp_path / name)
        assert network is not None
        found.append(network)
    for other in found[1:]:
        assert found[0].edges.equals(other.edges)
        np.testing.assert_array_equal(found[0].node_xy, other.node_xy)


def test_a_file_written_by_hand_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hand.osm"
    path.write_text(
        """<osm version="0.6"><node id="1" version="1" lat="29.65" lon="107.35"/>
        <node id="2" version="1" lat="29.65" lon="107.36"/>
        <way id="7" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="steps"/></way></osm>""",
        encoding="utf-8",
    )
    network, _ = _read_osm(path)
    assert network is not None
    assert network.edges["kind"].tolist() == ["stairs"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.pbf", True), ("a.osm.PBF", True), ("a.osm.xml", True), ("a.osm", True), ("a.gpkg", False), ("osm.shp", False)],
)
def test_extracts_are_known_by_name(name: str, expected: bool) -> None:  # noqa: FBT001
    assert is_osm(Path(name)) is expected


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ("highway=residential", None),
        ("highway=motorway", "road"),
        ("highway=motorway_link foot=yes", "road"),
        ("highway=trunk", "road"),
        ("highway=trunk foot=designated", None),
        ("highway=trunk_link sidewalk=both", None),
        ("highway=trunk sidewalk:left=yes", None),
        ("highway=trunk sidewalk=no", "road"),
        ("highway=construction", "absent"),
        ("highway=corridor", "road"),
        ("highway=primary motorroad=yes", "road"),
        ("highway=footway foot=no", "access"),
        ("highway=service foot=use_sidepath", "access"),
        ("highway=service access=private", "access"),
        ("highway=service access=private foot=permissive", None),
        ("highway=service access=no foot=private", "access"),
        ("highway=steps area=yes", "area"),
        ("highway=pedestrian area=no", None),
        ("highway=crossing", None),
    ],
)
def test_the_walking_filter(tags: str, reason: str | None) -> None:
    assert refusal(dict(tag.split("=") for tag in tags.split())) == reason


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("highway=steps bridge=yes", "stairs"),
        ("highway=footway bridge=yes", "footbridge"),
        ("highway=living_street bridge=viaduct", "footbridge"),
        ("highway=primary bridge=yes", "bridge"),
        ("highway=footway bridge=no", "path"),
        ("highway=primary tunnel=yes", "tunnel"),
        ("highway=footway tunnel=building_passage", "path"),
        ("highway=service tunnel=covered", "street"),
        ("highway=footway footway=crossing", "crossing"),
        ("highway=crossing", "crossing"),
        ("highway=track", "path"),
        ("highway=cycleway", "path"),
        ("highway=bridleway", "path"),
        ("highway=tertiary", "street"),
    ],
)
def test_what_a_way_is_to_a_walker(tags: str, expected: str) -> None:
    found = kind(dict(tag.split("=") for tag in tags.split()))
    assert found == expected
    assert found in next(column.choices for column in NETWORK_COLUMNS if column.key == "kind")


def test_ways_left_out_are_counted_and_do_not_cut_others(tmp_path: Path) -> None:
    path = tmp_path / "w.osm.pbf"
    _write_osm(
        path,
        [
            ([11, 12, 13], STREET),
            ([2, 12], {"highway": "motorway"}),
            ([22, 12], {"highway": "service", "access": "private"}),
            ([31, 32], {"waterway": "river"}),
        ],
    )
    network, log = _read_osm(path)
    assert network is not None
    assert len(network.edges) == 1
    (note,) = log.notes
    assert dict(note.values) == {
        "layer": "network",
        "kept": 1,
        "count": 2,
        "road": 1,
        "absent": 0,
        "access": 1,
        "area": 0,
    }


def test_an_extract_is_read_with_the_scenario(case: Case) -> None:
    _write_osm(case.folder / "walk.osm.pbf", [([0, 1, 2], STREET), ([1, 11], STREET)])
    case.sections["network"] = 'path = "walk.osm.pbf"'
    inputs = case.read()
    assert inputs.network is not None
    assert len(inputs.network.edges) == 3
    assert "network" in inputs.digests


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"nothing of the kind", "", "unreadable_file"),
        (b"", "", "unreadable_file"),
        (None, "", "missing_file"),
        ([([1, 2], {"highway": "motorway"})], "", "no_walkable_way"),
        ([([1, 2], {"waterway": "river"})], "", "no_walkable_way"),
        ([([1, 2], STREET)], 'crs = "EPSG:4545"', "crs_conflict"),
    ],
)
def test_an_extract_at_fault_is_told(case: Case, content: list[Way] | bytes | None, line: str, code: str) -> None:
    path = case.folder / "walk.osm.pbf"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        _write_osm(path, content)
    case.sections["network"] = f'path = "walk.osm.pbf"\n{line}'
    fault = case.fault()
    assert (fault.code, fault.file, fault.layer) == (code, "walk.osm.pbf", "network")


BROKEN = """<osm version="0.6">
  <node id="1" version="1" lat="29.65" lon="107.35"/><node id="2" version="1" lat="29.65" lon="107.36"/>
  <node id="3" version="1" lat="29.66" lon="107.36"/><node id="9" version="1" lat="29.67" lon="107.37"/>
  <way id="10" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="footway"/></way>
  <way id="11" version="1"><nd ref="2"/><nd ref="404"/><tag k="highway" v="steps"/></way>
  <way id="12" version="1"><nd ref="405"/><nd ref="406"/><tag k="highway" v="path"/></way>
  <way id="13" version="1"><nd ref="3"/><tag k="highway" v="path"/></way>
  <way id="14" version="1"><tag k="highway" v="path"/></way>
  <way id="15" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/>
    <tag k="highway" v="pedestrian"/><tag k="area" v="yes"/></way>
  <way id="16" version="1"><nd ref="2"/><nd ref="9"/><tag k="highway" v="elevator"/></way>
  <way id="17" version="1"><nd ref="3"/><nd ref="9"/><tag k="route" v="ferry"/></way>
  <relation id="20" version="1"><member type="way" ref="10" role="outer"/><member type="way" ref="999" role="inner"/>
    <member type="node" ref="404" role=""/><member type="relation" ref="21" role=""/>
    <tag k="type" v="multipolygon"/><tag k="highway" v="pedestrian"/></relation>
  <relation id="21" version="1"><tag k="type" v="route"/><tag k="highway" v="footway"/></relation>
</osm>"""


@pytest.mark.parametrize("name", ["broken.osm", "broken.osm.pbf"])
def test_broken_relations_and_missing_nodes_are_survived(tmp_path: Path, name: str) -> None:
    written = tmp_path / "broken.osm"
    written.write_text(BROKEN, encoding="utf-8")
    path = tmp_path / name
    if path != written:
        with osmium.SimpleWriter(str(path)) as writer:
            for entity in osmium.FileProcessor(str(written)):
                writer.add(entity)
    network, log = _read_osm(path)
    assert network is not None
    assert log.faults.found == []
    # The footway and the outline of the square, cut where they meet each other and the elevator; the steps end where
    # the extract does; the ferry is no way.
    assert network.edges["kind"].tolist() == ["path"] * 5 + ["lift"]
    assert _degrees(network) == {1: 1, 3: 2, 5: 1}
    notes = {note.code: note.values for note in log.notes}
    assert notes["osm_nodes_missing"]["count"] == 3
    assert (notes["osm_ways_left_out"]["kept"], notes["osm_ways_left_out"]["area"]) == (7, 0)


def test_the_extract_of_a_real_city_is_read_as_another_reader_reads_its_lines(shared: Path) -> None:
    path = shared / "realdata" / "porto_alegre" / "poa_osm.pbf"
    network, log = _read_osm(path)
    assert network is not None
    assert "segments_too_long" not in {note.code for note in log.notes}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lines = gpd.read_file(path, layer="lines", use_arrow=False)
        areas = gpd.read_file(path, layer="multipolygons", use_arrow=False)
    tags = [_tags(*row) for row in zip(*(lines[key].fillna("") for key in ("highway", "other_tags")), strict=True)]
    walked = lines[[tag["highway"] != "" and refusal(tag) is None for tag in tags]]
    squares = areas[
        [tag.get("highway", "") != "" and refusal(tag) is None for tag in map(_others, areas["other_tags"])]
    ]
    rings = shapely.get_exterior_ring(squares.explode().to_crs(METRIC).geometry.to_numpy())
    length = walked.to_crs(METRIC).length.sum() + shapely.length(rings).sum()
    assert network.edges["length_m"].sum() == pytest.approx(length, rel=1e-3)


def _tags(highway: str, others: str) -> dict[str, str]:
    return {"highway": highway, **_others(others)}


def _others(tags: object) -> dict[str, str]:
    return dict(re.findall(r'"([^"]+)"=>"([^"]*)"', tags)) if isinstance(tags, str) else {}


@settings(deadline=None, max_examples=examples(40))
@given(st.integers(0, 10_000_000))
def test_lines_are_cut_where_they_share_a_vertex_and_nowhere_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Corners of a grid of 5 × 5, so that many are shared, some twice running, some at ends.
    corners = [rng.integers(0, 5, (int(rng.integers(2, 8)), 2)) for _ in range(6)]
    lines = [shapely.LineString(each) for each in corners if len(np.unique(each, axis=0)) > 1]
    pieces, line, shared = cut_at_shared_vertices(np.array(lines, dtype=object))
    # A vertex that is written twice running is one.
    seen = [[p for i, p in enumerate(each.coords) if i == 0 or p != each.coords[i - 1]] for each in lines]
    counts = Counter(point for points in seen for point in points)
    expected = set()
    for number, points in enumerate(seen):
        edges: set[tuple[int, tuple[tuple[float, ...], ...]]] = set()
        part = [points[0]]
        for place in points[1:]:
            part.append(place)
            if counts[place] > 1 or place is points[-1]:
                edges.add((number, tuple(part)))
                part = [place]
        expected |= edges
    found = {
        (int(of), tuple(p for i, p in enumerate(piece.coords) if i == 0 or p != piece.coords[i - 1]))
        for of, piece in zip(line, pieces, strict=True)
        if piece.length > 0
    }
    assert found == expected
    inner = {point for points in seen for point in points[1:-1] if counts[point] > 1}
    assert shared == len(inner)


@pytest.mark.parametrize("column", ["highway", "fclass"])
def test_ways_of_openstreetmap_meet_at_vertices_and_a_bridge_passes_over(case: Case, column: str) -> None:
    # Two streets share a vertex; a third crosses both without one.
    shapes = [
        shapely.LineString([(X, Y + 500), (X + 500, Y + 500), (X + 1900, Y + 500)]),
        shapely.LineString([(X + 500, Y), (X + 500, Y + 500), (X + 500, Y + 900)]),
        shapely.LineString([(X + 300, Y + 100), (X + 300, Y + 900)]),
    ]
    ways = gpd.GeoDataFrame({column: ["residential"] * 3}, geometry=shapes, crs=METRIC)
    ways.to_file(case.folder / "walk.gpkg")
    inputs = case.read()
    assert inputs.network is not None
    assert len(inputs.network.edges) == 5
    told = {note.code: dict(note.values) for note in inputs.notes}
    assert told["lines_share_vertices"] == {"layer": "network", "count": 1, "edges": 5}
    # That most of them cross without a vertex in common is told all the same, and to be split only adds joints.
    assert "lines_cross_unjoined" in told
    case.sections["network"] += "\nsplit_at_crossings = true"
    split = case.read().network
    assert split is not None
    assert len(split.edges) == 7
    case.sections["network"] = 'path = "walk.gpkg"'
    # Other lines meet at their ends alone.
    ways.rename(columns={column: "road"}).assign(road="支路").to_file(case.folder / "walk.gpkg")
    plain = case.read()
    assert plain.network is not None
    assert len(plain.network.edges) == 3
    assert "lines_cross_unjoined" in {note.code for note in plain.notes}


def test_a_bridge_is_joined_where_it_shares_a_vertex_though_lines_are_split() -> None:
    bridge = shapely.LineString([(0, 0), (50, 0), (100, 0)])
    stairs, street = shapely.LineString([(50, 0), (50, 30)]), shapely.LineString([(25, -20), (25, 20)])
    frame = gpd.GeoDataFrame(
        {"kind": ["footbridge", "stairs", "street"]}, geometry=[bridge, stairs, street], crs=METRIC
    )
    for split in (False, True):
        network, account = network_from_lines(frame, METRIC, Joins(split=split, vertices=True))
        assert len(network.edges) == 4
        assert account.shared == 1


def test_a_last_vertex_that_is_written_twice_makes_no_piece() -> None:
    line = shapely.LineString([(0, 0), (5, 0), (9, 0), (9, 0)])
    other = shapely.LineString([(9, 0), (9, 5)])
    pieces, of, _ = cut_at_shared_vertices(np.array([line, other]))
    assert of.tolist() == [0, 1]
    assert shapely.length(pieces).tolist() == [9.0, 5.0]


# As bureaus head and fill them: (value, kind of the edge; None: not walked).
CLASSES_OF_ROADS = [
    *(("步行梯道", "stairs"), ("城市支路", "street"), ("城市次干道", "street"), ("主干道", "street")),
    *(("快速路", None), ("高架桥", None), ("铁路", None), ("高速公路", None)),
    *(("国道", "street"), ("省道", "street"), ("县道", "street"), ("乡道", "street"), ("村道", "street")),
    *(("步行街", "street"), ("过街通道", "tunnel"), ("人行天桥", "footbridge"), ("地下通道", "tunnel")),
    *(("巷道", "street"), ("内部道路", "street"), ("登山步道", "path"), ("等外路", "street"), (None, "street")),
]


@pytest.mark.parametrize("head", ["道路类型", "道路类别", "类别", "等级", "路型", "类型", "道路等级", "RTEG", "type"])
def test_classes_of_roads_are_understood_under_any_usual_head(case: Case, head: str) -> None:
    values = [value for value, _ in CLASSES_OF_ROADS]
    lines = [shapely.LineString([(X + 40 * i, Y + 100), (X + 40 * i, Y + 300)]) for i in range(len(values))]
    gpd.GeoDataFrame({head: values}, geometry=lines, crs=4545).to_file(case.folder / "walk.gpkg")
    inputs = case.read()
    assert inputs.network is not None
    wanted = [kind for _, kind in CLASSES_OF_ROADS if kind is not None]
    assert sorted(inputs.network.edges["kind"]) == sorted(wanted)
    notes = {note.code: note.values for note in inputs.notes}
    # 类型 is a usual name of the column whatever is in it.
    assert head == "类型" or notes["ways_by_values"]["column"] == head
    assert notes["ways_unknown"]["columns"] == f"{head}: 等外路 ×1"
    assert notes["motorways_by_values"]["count"] == notes["lines_left_out"]["road"] == 4


def test_one_flight_of_stairs_among_unknown_classes_is_stairs(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg").drop(columns="kind")
    lines.assign(道路类型=["梯道", "甲类", "乙类"]).to_file(case.folder / "walk.gpkg")
    inputs = case.read()
    assert inputs.network is not None
    assert sorted(inputs.network.edges["kind"]) == ["stairs", "street", "street"]


def test_an_unknown_class_that_looks_like_stairs_is_asked_for(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg").drop(columns="kind")
    lines.assign(道路类型=["梯道", "老城梯坎路", "支路"]).to_file(case.folder / "walk.gpkg")
    fault = case.fault()
    assert (fault.code, fault.found, fault.field) == ("not_among_choices", "'老城梯坎路'", "kind (道路类型)")
    case.sections["network"] += '\nvalues.kind = { "老城梯坎路" = "stairs" }'
    inputs = case.read()
    assert inputs.network is not None
    assert sorted(inputs.network.edges["kind"]) == ["stairs", "stairs", "street"]
