"""OpenStreetMap files as they really are: any order, any ids, versions, deletions, barriers, squares."""

import bz2
import gzip
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

import siting
from siting.domain.nouns import Network
from siting.domain.scenario import Layer
from siting.domain.tables import LIFECYCLE
from siting.read.ground.osm import read_osm
from siting.read.ground.osm_tags import ABSENT, NEVER, ON_INVITATION, WALKED, bars, refusal
from siting.read.log import Log
from siting.read.sources.vectors import read_vector
from tests.drawing import examples
from tests.read.case import Case, X, Y

METRIC = CRS.from_epsg(4545)
LON, LAT, STEP = 107.35, 29.65, 0.001
CASES = {
    "01-overpass-ways-first/scenario": 4040,
    "01-overpass-ways-first/mixed": 4040,
    "02-josm-draft-negative-ids/scenario": 4040,
    "03-josm-deleted-way/scenario": 2520,
    "03-josm-deleted-way/history": 2520,
    "04-closed-gate-node/scenario": 2520,
    "04-closed-gate-node/foot-no": 2520,
    "04-closed-gate-node/bollard": 4040,
    "05-square-as-area/scenario": 3800,
    "05-square-as-area/outline": 3800,
    "06-busway-and-former-roads/scenario": 2520,
    "06-busway-and-former-roads/no": 2520,
    "06-busway-and-former-roads/disused": 2520,
    "06-busway-and-former-roads/emergency_bay": 2520,
}


@pytest.mark.parametrize("name", CASES)
def test_cases_cover_whom_they_should(shared: Path, name: str) -> None:
    report = siting.check(siting.read_scenario(shared / "cases" / f"{name}.toml"))
    assert report.totals["elderly_covered"] == pytest.approx(CASES[name])
    assert not {"osm_nodes_missing", "segments_too_long"} & {note.code for note in report.assessment.notes}


# --- files written by hand --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Node:
    """A node on a lattice, or anywhere; None where it has no coordinates."""

    id: int
    place: tuple[float, float] | None = (0, 0)
    tags: Mapping[str, str] = field(default_factory=dict)
    more: str = ""

    def xml(self) -> str:
        """Return its element."""
        where = (
            ""
            if self.place is None
            else f'lon="{LON + self.place[0] * STEP:.7f}" lat="{LAT + self.place[1] * STEP:.7f}"'
        )
        return f'<node id="{self.id}" {where} {self.more}>{_tags(self.tags)}</node>'


@dataclass(frozen=True)
class Way:
    """A way, a footway unless its tags say otherwise."""

    id: int
    refs: Sequence[int]
    tags: Mapping[str, str] = field(default_factory=lambda: {"highway": "footway"})
    more: str = ""

    def xml(self) -> str:
        """Return its element."""
        refs = "".join(f'<nd ref="{ref}"/>' for ref in self.refs)
        return f'<way id="{self.id}" {self.more}>{refs}{_tags(self.tags)}</way>'


@dataclass(frozen=True)
class Square:
    """A multipolygon whose members are outer rings."""

    id: int
    ways: Sequence[int]
    tags: Mapping[str, str]
    more: str = ""

    def xml(self) -> str:
        """Return its element."""
        members = "".join(f'<member type="way" ref="{way}" role="outer"/>' for way in self.ways)
        return f'<relation id="{self.id}" {self.more}>{members}{_tags(self.tags)}</relation>'


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


Element = Node | Way | Square


def _read(path: Path, *elements: Element | str) -> tuple[Network | None, Log]:
    parts = [each if isinstance(each, str) else each.xml() for each in elements]
    path.write_text(f'<osm version="0.6">{"".join(parts)}</osm>', encoding="utf-8")
    log = Log()
    return read_osm(path, METRIC, log.layer("network", path)), log


def _network(path: Path, *elements: Element | str) -> tuple[Network, dict[str, dict[str, Any]]]:
    network, log = _read(path, *elements)
    assert log.faults.found == []
    assert network is not None
    return network, {note.code: dict(note.values) for note in log.notes}


def _row(*ids: int) -> list[Element]:
    """Return nodes in a row."""
    return [Node(number, (at, 0)) for at, number in enumerate(ids)]


def _graph(network: Network) -> nx.MultiGraph:
    graph: nx.MultiGraph = nx.MultiGraph()
    for u, v, length in network.edges[["u", "v", "length_m"]].itertuples(index=False, name=None):
        graph.add_edge(u, v, weight=length)
    return graph


def _parts(network: Network) -> int:
    return nx.number_connected_components(_graph(network))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "walk.osm"


def test_nodes_are_known_wherever_they_stand(path: Path) -> None:
    network, notes = _network(path, Way(1, [1, 2, 3]), Node(3, (2, 0)), Way(2, [2, 4]), *_row(1, 2), Node(4, (1, 1)))
    assert (len(network.edges), _parts(network)) == (3, 1)
    assert set(notes) == {"osm_ways_left_out"}


@pytest.mark.parametrize("ids", [(-1, -2, -3), (-(2**62), 0, 2**62), (-5, 7, 2**63 - 2)])
def test_any_number_is_an_id(path: Path, ids: tuple[int, int, int]) -> None:
    network, notes = _network(path, *_row(*ids), Way(-1, ids), Way(2**62, ids[1:]))
    assert len(network.node_xy) == 3
    assert set(notes) == {"osm_ways_left_out"}


@pytest.mark.parametrize(
    "node",
    ['action="delete" lat="29.65" lon="107.35"', 'id="3" lat="29,65" lon="107.35"', 'id="3" lat="nan" lon="107"'],
)
def test_a_node_without_an_id_or_a_place_is_no_fault_of_ours(path: Path, node: str) -> None:
    network, log = _read(path, f'<node id="1" lat="29.65" lon="107.35"/><node {node}/>', Way(1, [1, 3]))
    assert network is None
    assert next(fault.code for fault in log.faults.found) in {"unreadable_file", "no_walkable_way"}


def test_an_id_that_is_no_id_is_a_fault(path: Path) -> None:
    _, log = _read(path, '<node id="9223372036854775807" lat="29.65" lon="107.35"/>', Way(1, [1, 2]))
    assert [fault.code for fault in log.faults.found] == ["unreadable_file"]


def test_places_may_stand_in_the_ways(path: Path) -> None:
    spots = "".join(f'<nd ref="{ref}" lon="{LON + ref * STEP}" lat="{LAT}"/>' for ref in (1, 2))
    network, notes = _network(path, f'<way id="1">{spots}<tag k="highway" v="path"/></way>')
    assert len(network.edges) == 1
    assert set(notes) == {"osm_ways_left_out"}


def test_ways_without_any_node_are_told_by_their_cause(path: Path) -> None:
    _, log = _read(path, Way(1, [1, 2]), Way(2, [2, 3]), Node(9, (0, 0)))
    (fault,) = log.faults.found
    assert (fault.code, fault.found) == ("osm_nodes_lacking", "3")


def test_why_a_way_ends_is_told(path: Path) -> None:
    nodes = [
        *_row(1, 2, 3, 4),
        Node(5, None),
        Node(6, None, more='visible="false"'),
        Node(7, (6, 0), more="action='delete'"),
    ]
    network, notes = _network(path, *nodes, Way(1, [1, 2, 5]), Way(2, [2, 3, 6]), Way(3, [3, 4, 7]), Way(4, [4, 8]))
    assert len(network.edges) == 3
    assert notes["osm_nodes_nowhere"]["count"] == 1
    assert notes["osm_nodes_deleted"]["count"] == 2
    assert notes["osm_nodes_missing"]["count"] == 1


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be"])
def test_marks_are_read_in_wide_letters(path: Path, code: str) -> None:
    _read(path, *_row(1, 2, 3), Way(1, [1, 2]), Way(2, [2, 3], more='action="delete"'))
    mark = {"utf-16-le": "\ufeff", "utf-16-be": "\ufeff"}.get(code, "")
    path.write_bytes((mark + path.read_text(encoding="utf-8").replace("UTF-8", "UTF-16")).encode(code))
    network = read_osm(path, METRIC, Log().layer("network"))
    assert network is not None
    assert len(network.edges) == 1


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("name", ["w.osm", "W.OSM", "w.Osm.Xml", "w.osm.gz", "w.osm.bz2"])
def test_what_an_editor_deletes_is_no_way(tmp_path: Path, quote: str, name: str) -> None:

    plain = tmp_path / "plain.osm"
    mark = f"action={quote}delete{quote}"
    _read(plain, *_row(1, 2, 3), Way(1, [1, 2]), Way(2, [2, 3], more=mark), Way(3, [1, 3], {"highway": "no-action"}))
    packed = {".gz": gzip.compress, ".bz2": bz2.compress}.get(Path(name).suffix, bytes)(plain.read_bytes())
    (tmp_path / name).write_bytes(packed)
    log = Log()
    network = read_osm(tmp_path / name, METRIC, log.layer("network"))
    assert network is not None
    assert len(network.edges) == 1
    notes = {note.code: note.values for note in log.notes}
    assert (notes["osm_passed_over"]["ways"], notes["osm_passed_over"]["older"]) == (1, 0)


def test_entities_are_refused(path: Path) -> None:
    path.write_text('<!DOCTYPE osm [<!ENTITY a "action">]><osm version="0.6"><node id="1" lat="1" lon="2"/></osm>')
    log = Log()
    assert read_osm(path, METRIC, log.layer("network")) is None
    assert [fault.code for fault in log.faults.found] == ["unreadable_file"]


HISTORY = [
    Node(1, (0, 0), more='version="1"'),
    Node(1, (0, 1), more='version="3"'),
    Node(1, (0, 5), more='version="2"'),
    Node(2, (1, 1), more='version="1"'),
    Node(3, (2, 1), more='version="1"'),
    Way(1, [1, 2], more='version="1"'),
    Way(1, [1, 2, 3], more='version="2"'),
    Way(2, [2, 3], more='version="1"'),
    Way(2, [2, 3], {"building": "yes"}, more='version="2"'),
    Way(3, [1, 3], more='version="4"'),
    Way(3, [], {}, more='version="5" visible="false"'),
    Way(4, [1, 3], {"highway": "motorway"}, more='version="1"'),
    Way(4, [1, 3], more='version="2" visible="false"'),
    Way(4, [1, 3], {"highway": "steps"}, more='version="3"'),
]


@pytest.mark.parametrize("seed", range(6))
def test_of_several_versions_the_last_counts(path: Path, seed: int) -> None:
    elements = list(HISTORY)
    random.Random(seed).shuffle(elements)
    network, notes = _network(path, *elements)
    assert network.edges["kind"].tolist() == ["stairs", "path"]
    # Node 1 lies where its third version says: two steps of longitude from node 3.
    assert network.edges["length_m"].iloc[1] == pytest.approx(2 * 96.84, abs=0.1)
    assert notes["osm_passed_over"] == {"layer": "network", "ways": 1, "nodes": 0, "older": 7}
    assert notes["osm_ways_left_out"]["count"] == 0


def test_an_object_that_stands_twice_counts_once(path: Path) -> None:
    nodes = _row(1, 2)
    network, notes = _network(path, *nodes, Way(1, [1, 2]), *nodes, Way(1, [1, 2]))
    assert len(network.edges) == 1
    assert set(notes) == {"osm_ways_left_out"}


@pytest.mark.parametrize("other", [Node(-2, (5, 5)), Way(-1, [-1, -3]), Way(-1, [-1, -2], {"highway": "steps"})])
def test_ids_that_clash_are_a_fault(path: Path, other: Element) -> None:
    _, log = _read(path, *_row(-1, -2, -3), Way(-1, [-1, -2]), Way(-4, [-2, -3]), other)
    (fault,) = log.faults.found
    assert fault.code == "osm_ids_clash"
    assert fault.found == ("node -2" if isinstance(other, Node) else "way -1")


# --- barriers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "shut"),
    [
        ("barrier=gate", False),
        ("barrier=bollard", False),
        ("barrier=turnstile", False),
        ("barrier=gate access=private locked=yes", True),
        ("barrier=gate foot=no", True),
        ("barrier=gate foot=private access=yes", True),
        ("barrier=gate access=private foot=yes", False),
        ("barrier=gate access=no", True),
        ("barrier=gate access=customers", False),
        ("barrier=gate access=permit", True),
        ("barrier=gate locked=yes", True),
        ("barrier=gate locked=yes foot=designated", False),
        ("barrier=gate locked=yes access=permissive", False),
        ("barrier=turnstile access=no", True),
        ("barrier=wall", True),
        ("barrier=hedge access=private", True),
        ("barrier=fence foot=permissive", False),
        ("barrier=fence access=yes", False),
        ("barrier=no access=private", False),
        ("access=private", False),
        ("highway=crossing foot=no", False),
    ],
)
def test_the_rule_for_ways_holds_for_barriers(tags: str, shut: bool) -> None:  # noqa: FBT001
    assert bars(dict(tag.split("=") for tag in tags.split())) is shut


def test_a_gate_cuts_every_way_there(path: Path) -> None:
    gate = Node(5, (1, 1), {"barrier": "gate", "access": "private"})
    ends = [Node(1, (0, 1)), Node(2, (2, 1)), Node(3, (1, 0)), Node(4, (1, 2))]
    network, notes = _network(path, gate, *ends, Way(1, [1, 5, 2]), Way(2, [3, 5]), Way(3, [5, 4]))
    assert (len(network.edges), len(network.node_xy), _parts(network)) == (4, 8, 4)
    assert notes["osm_barriers"]["count"] == 1
    open_gate = replace(gate, tags={"barrier": "gate"})
    network, notes = _network(path, open_gate, *ends, Way(1, [1, 5, 2]), Way(2, [3, 5]), Way(3, [5, 4]))
    assert (len(network.edges), _parts(network)) == (4, 1)
    assert "osm_barriers" not in notes


def test_a_gate_beside_its_way_bars_nobody(path: Path) -> None:
    gate = Node(5, (1, 1), {"barrier": "wall"})
    network, notes = _network(path, *_row(1, 2, 3), gate, Way(1, [1, 2, 3]))
    assert (len(network.edges), "osm_barriers" in notes) == (1, False)


def test_a_gate_at_the_place_of_its_neighbour_cuts_too(path: Path) -> None:
    network, _ = _network(
        path, *_row(1, 2), Node(5, (1, 0), {"barrier": "wall"}), Node(3, (2, 0)), Way(1, [1, 2, 5, 3])
    )
    assert _parts(network) == 2


def test_a_ring_with_a_gate_is_open_there(path: Path) -> None:
    corners = [Node(1, (0, 0), {"barrier": "wall"}), Node(2, (1, 0)), Node(3, (1, 1))]
    network, _ = _network(path, *corners, Way(1, [1, 2, 3, 1]))
    assert (len(network.edges), len(network.node_xy)) == (1, 2)


# --- squares -----------------------------------------------------------------------------------------------------

CORNERS = [Node(1, (0, 0)), Node(2, (1, 0)), Node(3, (1, 1)), Node(4, (0, 1)), Node(5, (-1, 0)), Node(6, (2, 1))]
STREETS = [Way(1, [5, 1]), Way(2, [3, 6])]
PLAZA = {"highway": "pedestrian", "area": "yes"}


def test_a_square_joins_the_ways_that_end_on_it(path: Path) -> None:
    network, notes = _network(path, *CORNERS, *STREETS, Way(3, [1, 2, 3, 4, 1], PLAZA))
    assert (len(network.edges), _parts(network)) == (4, 1)
    assert notes["osm_squares"]["count"] == 1
    assert notes["osm_ways_left_out"]["area"] == 0
    # Half of the outline is walked between the two streets.
    west, east = (int(np.argmin(network.node_xy[:, 0])), int(np.argmax(network.node_xy[:, 0])))
    walk = nx.shortest_path_length(_graph(network), west, east, weight="weight")
    assert walk == pytest.approx(3 * 96.84 + 110.85, abs=0.2)


@pytest.mark.parametrize("more", [{"access": "private"}, {"foot": "no"}, {"highway": "steps"}, {"highway": "services"}])
def test_areas_that_are_no_squares_join_nothing(path: Path, more: dict[str, str]) -> None:
    network, notes = _network(path, *CORNERS, *STREETS, Way(3, [1, 2, 3, 4, 1], PLAZA | more))
    assert _parts(network) == 2
    assert "osm_squares" not in notes
    assert notes["osm_ways_left_out"]["count"] == 1


SQUARE = {"type": "multipolygon", "highway": "pedestrian"}


@pytest.mark.parametrize(
    ("tags", "more", "parts"),
    [
        (SQUARE, "", 1),
        (SQUARE | {"access": "no"}, "", 2),
        (SQUARE | {"type": "route"}, "", 2),
        ({"type": "multipolygon", "landuse": "grass"}, "", 2),
        (SQUARE, 'visible="false"', 2),
        (SQUARE, 'action="delete"', 2),
    ],
)
def test_multipolygons_are_squares(path: Path, tags: dict[str, str], more: str, parts: int) -> None:
    rings = [Way(7, [1, 2, 3], {}), Way(8, [3, 4, 1], {"name": "ring"})]
    network, notes = _network(path, Square(1, [7, 8], tags, more), *CORNERS, *STREETS, *rings)
    assert _parts(network) == parts
    assert notes.get("osm_squares", {}).get("count") == (2 if parts == 1 else None)


@pytest.mark.parametrize("turned", [False, True])
def test_the_last_version_of_a_multipolygon_counts(path: Path, turned: bool) -> None:  # noqa: FBT001
    versions = [Square(1, [7], SQUARE, 'version="1"'), Square(1, [7], {"type": "multipolygon"}, 'version="2"')]
    ring = Way(7, [1, 2, 3, 4, 1], {})
    network, _ = _network(path, *(versions[::-1] if turned else versions), *CORNERS, *STREETS, ring)
    assert _parts(network) == 2


# --- values of highway -------------------------------------------------------------------------------------------


def test_every_value_has_one_rule() -> None:
    assert not WALKED & ON_INVITATION
    assert not (NEVER | ABSENT) & (WALKED | ON_INVITATION)
    assert not NEVER & ABSENT
    for value in WALKED:
        assert refusal({"highway": value}) is None
        assert refusal({"highway": value, "motorroad": "yes"}) == "road"
    for value in NEVER:
        assert refusal({"highway": value, "foot": "yes"}) == "road"
    for value in ABSENT:
        assert refusal({"highway": value, "foot": "yes"}) == "absent"
    for key in LIFECYCLE:
        assert refusal({"highway": "footway", key: "yes", "foot": "yes"}) == "absent"
        assert refusal({"highway": "footway", key: "no"}) is None
    for value in ON_INVITATION:
        assert refusal({"highway": value}) == "road"
        assert refusal({"highway": value, "foot": "designated"}) is None
        assert refusal({"highway": value, "sidewalk:right": "yes"}) is None


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ("highway=footwy", "road"),
        ("highway=footwy foot=yes", None),
        ("highway=footwy sidewalk=both", "road"),
        ("highway=busway foot=yes", None),
        ("highway=service access=customers", None),
        ("highway=service access=destination", None),
        ("highway=service access=delivery", "access"),
        ("highway=service access=permit", "access"),
        ("highway=service access=permit foot=permissive", None),
        ("highway=footway foot=customers", None),
        ("highway=footway foot=customers access=private", None),
        ("highway=footway foot=customers;no access=private", None),
        ("highway=trunk foot=customers", "road"),
        ("highway=footway foot=delivery", "access"),
        ("highway=service access=no foot=official", None),
        ("highway=footway indoor=yes", None),
        ("highway=elevator area=yes", "area"),
        ("highway=footway construction=footway", "absent"),
        ("highway=footway construction=minor", None),
        ("highway=service construction=widening", None),
        ("highway=residential construction=tram", None),
        ("highway=track abandoned=railway", None),
        ("highway=track proposed=residential", "absent"),
        ("highway=service access=private;customers", None),
        ("highway=service access=no;private", "access"),
        ("highway=service access=no foot=yes;designated", None),
        ("highway=service foot=no;permissive", None),
        ("highway=footway foot=No", "access"),
        ("highway=footway foot=NO;;Private", "access"),
        ("highway=Footway foot=;", None),
    ],
)
def test_who_may_walk(tags: str, reason: str | None) -> None:
    assert refusal(dict(tag.split("=") for tag in tags.split())) == reason


def test_values_without_a_rule_are_told_with_their_number(path: Path) -> None:
    odd = [Way(10 + at, [1, 2], {"highway": value}) for at, value in enumerate(("footwy", "byway", "footwy", "busway"))]
    network, notes = _network(
        path, *_row(1, 2, 3), Way(1, [2, 3]), Way(2, [1, 2], {"highway": "foo", "foot": "yes"}), *odd
    )
    assert len(network.edges) == 2
    assert notes["osm_ways_left_out"]["road"] == 4
    assert notes["osm_values_unknown"] == {"layer": "network", "count": 3, "values": "footwy ×2, byway ×1"}


@pytest.mark.parametrize("key", ["foot:conditional", "access:conditional", "oneway:foot", "foot:backward"])
def test_rules_that_are_not_applied_are_told(path: Path, key: str) -> None:
    ways = [Way(1, [1, 2], {"highway": "path", key: "no"}), Way(2, [2, 3], {"highway": "motorway", key: "no"})]
    network, notes = _network(path, *_row(1, 2, 3), *ways)
    assert (len(network.edges), notes["osm_rules_unread"]["count"]) == (1, 1)


# --- what must not matter ----------------------------------------------------------------------------------------

steps = st.lists(st.integers(1, 12), min_size=2, max_size=6)
barriers = st.dictionaries(st.integers(1, 12), st.sampled_from(["wall", "gate"]), max_size=3)


def _walks(network: Network | None) -> dict[Any, float]:
    """Return the shortest walks between all junctions, by place."""
    if network is None:
        return {}
    graph = _graph(network)
    names = {node: tuple(np.round(network.node_xy[node], 3)) for node in graph}
    found: dict[Any, float] = {}
    for one, reached in nx.all_pairs_dijkstra_path_length(graph, weight="weight"):
        for other, metres in reached.items():
            pair = (names[one], names[other])
            found[pair] = min(found.get(pair, np.inf), metres)
    return found


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=1, max_size=6), barriers, st.randoms(use_true_random=False), st.data())
def test_order_sign_and_cuts_change_nothing(
    path: Path, drawn: list[list[int]], shut: dict[int, str], chance: random.Random, data: st.DataObject
) -> None:
    spots = [(number % 4, number // 4 + (number % 3) / 7) for number in range(13)]
    nodes: list[Element] = [
        Node(number, spots[number], {"barrier": shut[number]} if number in shut else {}) for number in range(1, 13)
    ]
    ways: list[Element] = [Way(100 + number, refs) for number, refs in enumerate(drawn)]
    network, log = _read(path, *nodes, *ways)
    shuffled = [*nodes, *ways]
    chance.shuffle(shuffled)
    again, noted = _read(path, *shuffled)
    assert (again is None) == (network is None)
    assert noted.notes == log.notes
    if network is not None and again is not None:
        assert again.edges.equals(network.edges)
        np.testing.assert_array_equal(again.node_xy, network.node_xy)
    turned = [
        replace(each, id=-each.id)
        if isinstance(each, Node)
        else replace(each, id=-each.id, refs=[-ref for ref in each.refs])
        for each in shuffled
        if not isinstance(each, Square)
    ]
    negated, _ = _read(path, *turned)
    assert (negated is None) == (network is None)
    if network is not None and negated is not None:
        shapes = [
            sorted(
                zip(
                    shapely.to_wkt(shapely.normalize(each.edges.geometry.to_numpy()), 6),
                    each.edges["kind"],
                    strict=True,
                )
            )
            for each in (network, negated)
        ]
        assert shapes[0] == shapes[1]
        assert len(network.node_xy) == len(negated.node_xy)
        assert _walks(negated) == pytest.approx(_walks(network))
    # Ways cut in two at any of their nodes: the same walks between the same junctions, and some more.
    cut: list[Element] = []
    for number, refs in enumerate(drawn):
        at = data.draw(st.integers(1, len(refs) - 1))
        cut += [Way(100 + number, refs[: at + 1]), Way(200 + number, refs[at:])]
    halves, _ = _read(path, *nodes, *cut)
    assert (halves is None) == (network is None)
    if network is not None and halves is not None:
        assert halves.edges["length_m"].sum() == pytest.approx(network.edges["length_m"].sum())
        whole, parted = _walks(network), _walks(halves)
        assert {pair: parted[pair] for pair in whole} == pytest.approx(whole)


# --- other layers of an extract, through GDAL -------------------------------------------------------------------------


def test_units_may_be_areas_of_an_extract(case: Case) -> None:
    corners = [(X, Y), (X + 1000, Y), (X + 1000, Y + 1000), (X, Y + 1000), (X + 2000, Y), (X + 2000, Y + 1000)]
    lon, lat = Transformer.from_crs(METRIC, "EPSG:4326", always_xy=True).transform(*np.array(corners).T)
    nodes = "".join(
        f'<node id="{at}" version="1" lon="{x:.7f}" lat="{y:.7f}"/>'
        for at, (x, y) in enumerate(zip(lon, lat, strict=True), 1)
    )
    borough = {"boundary": "administrative", "admin_level": "8", "name": "甲街道"}
    ways = [
        Way(1, [1, 2, 3], {}, 'version="1"'),
        Way(2, [3, 4, 1], {}, 'version="1"'),
        Way(3, [2, 5, 6, 3], {}, 'version="1"'),
        Way(4, [3, 2], {}, 'version="1"'),
    ]
    areas = [
        Square(11, [1, 2], borough | {"type": "boundary"}, 'version="1"'),
        Square(12, [3, 4], borough | {"type": "boundary", "name": "乙街道"}, 'version="1"'),
        Square(13, [1, 2], {"type": "multipolygon", "landuse": "grass"}, 'version="1"'),
    ]
    text = "".join(each.xml() for each in (*ways, *areas))
    (case.folder / "units.osm").write_text(f'<osm version="0.6">{nodes}{text}</osm>', encoding="utf-8")
    case.sections["units.street"] = (
        'path = "units.osm"\nlayer = "multipolygons"\ncolumns = { id = "osm_id" }\n'
        'rows = { boundary = ["administrative"], admin_level = ["8"] }'
    )
    streets = case.read().units["street"]
    assert streets["name"].to_dict() == {"11": "甲街道", "12": "乙街道"}
    assert streets.area.tolist() == pytest.approx([1e6, 1e6], rel=1e-4)
    # Without a layer the file is asked which.
    case.sections["units.street"] = 'path = "units.osm"'
    assert "multipolygons" in case.fault().message("en")


def test_areas_of_a_real_extract_are_read(shared: Path) -> None:
    path = shared / "realdata" / "porto_alegre" / "poa_osm.pbf"
    log = Log()
    raw = read_vector(Layer(path=path, layer="multipolygons"), log.layer("basemap.areas", path))
    assert raw is not None
    assert log.faults.found == []
    assert set(raw.frame.geometry.geom_type) == {"MultiPolygon"}
    assert len(raw.frame) > 100
