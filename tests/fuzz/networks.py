"""Ways to walk: lines, and OpenStreetMap."""

import copy
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import shapely

from tests.fuzz.district import District, Node, Table, Way, X, Y, at
from tests.fuzz.mutations import harmless, mutation

_VALUES: Final = (
    "motorway",
    "trunk",
    "no",
    "proposed",
    "corridor",
    "elevator",
    "via_ferrata",
    "",
    "住宅",
    "RESIDENTIAL",
    "yes",
    "x" * 300,
    "steps;path",
    "crossing",
    "escape",
    "road",
    "platform",
)
_KINDS: Final = (
    "street",
    "stairs",
    "escalator",
    "lift",
    "bridge",
    "tunnel",
    "footbridge",
    "crossing",
    "path",
    "",
    "无",
    "unknown",
    5,
)
_TAGS: Final = (
    ("foot", "no"),
    ("foot", "yes"),
    ("access", "private"),
    ("area", "yes"),
    ("conveying", "forward"),
    ("conveying", "backward"),
    ("conveying", "reversible"),
    ("bridge", "yes"),
    ("tunnel", "yes"),
    ("layer", "nan"),
    ("level", "0;1"),
    ("oneway", "-1"),
    ("motorroad", "yes"),
    ("footway", "crossing"),
    ("incline", "up"),
    ("indoor", "yes"),
    ("foot:conditional", "no @ (22:00-06:00)"),
    ("barrier", "gate"),
)


def _lines(district: District) -> Table | None:
    table = district.tables.get("walk")
    return table if table is not None and table.shapes else None


def _put(table: Table, shape: Any, **cells: Any) -> None:
    assert table.shapes is not None
    table.rows.append(dict.fromkeys(table.rows[0] if table.rows else {"kind": None}) | cells)
    table.shapes.append(shape)


@mutation
def strange_line(district: District, rng: Random) -> bool | None:
    """Add a line that loops, has no length, crosses itself, or is far away."""
    table = _lines(district)
    if table is None:
        return False
    here, there = at(100, 100), at(500, 500)
    _put(
        table,
        rng.choice(
            (
                shapely.LineString([here, here]),
                shapely.LineString([here, there, here]),
                shapely.LineString([here, there, at(100, 500), at(500, 100)]),
                shapely.LineString([here, at(100, 100.00001)]),
                shapely.LineString([here, at(1e6, 1e6)]),
                shapely.LineString([at(1e9, 0), at(1e9, 1)]),
                shapely.LineString([at(100 + 80 * (i % 7), 100 + 61 * (i % 11)) for i in range(3000)]),
                shapely.LineString([here, at(1e308, 0)]),
                shapely.LineString([at(5000, 5000), at(5001, 5000)]),
                shapely.LineString([here, there] * 500),
                shapely.LineString(),
                shapely.LineString([(X, Y, 0), (X + 100, Y, 5000)]),
                shapely.LineString([at(i * 1e-6, 0) for i in range(500)]),
            )
        ),
    )
    return None


@mutation
def few_lines(district: District, rng: Random) -> bool | None:
    table = _lines(district)
    if table is None or table.shapes is None:
        return False
    left = rng.choice((0, 1, 2, 6))
    order = rng.sample(range(len(table.rows)), left)
    table.rows[:], table.shapes[:] = [table.rows[i] for i in order], [table.shapes[i] for i in order]
    return None


@mutation
def kinds_of_lines(district: District, rng: Random) -> bool | None:
    table = _lines(district)
    if table is None:
        return False
    key, pool = rng.choice(
        (
            ("kind", _KINDS),
            ("highway", _VALUES),
            ("level", (0, 1, -1, 0.5, "0;1", 1e9, None)),
            ("foot", ("no", "yes", "")),
            ("bridge", ("yes", "T", 1)),
            ("length_m", (-5, 0, float("nan"), 1e308)),
            ("id", (1, 1, "a")),
            ("conveying", ("forward", "x")),
            ("direction", ("both", "x")),
        )
    )
    for row in table.rows:
        if rng.random() < 0.5:
            row[key] = rng.choice(pool)
    return None


@mutation
def loose_ends(district: District, rng: Random) -> bool | None:
    """Move all lines a little, so that ends nearly meet."""
    table = _lines(district)
    if table is None or table.shapes is None:
        return False
    far = rng.choice((1e-4, 0.02, 0.06, 0.9, 30.0))
    table.shapes[:] = [
        shapely.transform(each, lambda xy: np.add(xy, (rng.uniform(-far, far), rng.uniform(-far, far))))
        if isinstance(each, shapely.Geometry)
        else each
        for each in table.shapes
    ]
    district.scenario.get("network", {})["snap_m"] = rng.choice((0, 0.05, 1))
    return None


@mutation
def all_in_one_place(district: District, rng: Random) -> bool | None:
    table = _lines(district)
    if table is None or table.shapes is None:
        return False
    table.shapes[:] = [
        shapely.LineString([at(500, 500), at(500 + rng.choice((0, 0.01, 1)), 500)]) for _ in table.shapes
    ]
    return None


@mutation
def many_crossings(district: District, rng: Random) -> bool | None:
    table = _lines(district)
    if table is None:
        return False
    for _ in range(rng.choice((10, 150))):
        ends = [at(rng.uniform(0, 1000), rng.uniform(0, 1000)) for _ in range(2)]
        _put(table, shapely.LineString(ends), kind=rng.choice(("street", "bridge", "tunnel")))
    district.scenario["network"]["split_at_crossings"] = rng.random() < 0.8
    return None


@mutation
def strange_nodes(district: District, rng: Random) -> bool | None:
    if district.osm is None:
        return False
    node = rng.choice(district.osm[0])
    node.attributes |= rng.choice(
        (
            {"lat": 95},
            {"lat": "nan"},
            {"lon": "x"},
            {"lat": ""},
            {"id": 0},
            {"id": -7},
            {"id": 2**63 - 1},
            {"id": 2**64},
            {"id": "a"},
            {"id": 1},
            {"version": 0},
            {"version": -1},
            {"visible": "false"},
            {"action": "delete"},
            {"lat": 0, "lon": 0},
            {"timestamp": "x"},
            {"lon": 1e300},
            {"lon": 500},
        )
    )
    return None


@mutation
def lost_nodes(district: District, rng: Random) -> bool | None:
    if district.osm is None:
        return False
    nodes, _ = district.osm
    del nodes[: rng.choice((1, 5, len(nodes)))]
    return None


@mutation
def strange_ways(district: District, rng: Random) -> bool | None:
    if district.osm is None:
        return False
    nodes, ways = district.osm
    known = [node.attributes["id"] for node in nodes]
    if not ways or not known:
        return False
    way = rng.choice(ways)
    first = way.nodes[0] if way.nodes else known[0]
    way.nodes = rng.choice(
        (
            [],
            [first],
            [first, first],
            [first] * 50,
            known[:3] + known[:1],
            known * 3,
            [999_999],
            [first, 999_999],
            [-1, first],
            ["x"],
            known[:2] * 1500,
        )
    )
    way.attributes |= rng.choice(({}, {"id": 1}, {"id": -5}, {"version": 2}, {"visible": "false"}, {"id": 2**63}))
    return None


@mutation
def values_of_highway(district: District, rng: Random) -> bool | None:
    if district.osm is None:
        return False
    for way in district.osm[1]:
        if rng.random() < 0.4:
            way.tags["highway"] = rng.choice(_VALUES)
    return None


@mutation
def tags(district: District, rng: Random) -> bool | None:
    if district.osm is None:
        return False
    nodes, ways = district.osm
    for each in (*nodes, *ways):
        if rng.random() < 0.15:
            key, value = rng.choice((*_TAGS, ("highway", rng.choice(_VALUES)), ("name", "x" * 5000), ("", "")))
            each.tags[key] = value
    return None


@mutation
def ways_twice(district: District, rng: Random) -> bool | None:
    if district.osm is None:
        return False
    nodes, ways = district.osm
    way = copy.deepcopy(rng.choice(ways)) if ways else Way({"id": 1}, [1, 2], {"highway": "path"})
    way.tags["highway"] = rng.choice(("path", "steps", "residential"))
    way.attributes |= rng.choice(({}, {"version": 2}, {"version": 1}, {"id": 777}))
    ways.insert(rng.randrange(len(ways) + 1), way)
    if nodes and rng.random() < 0.3:
        nodes.append(Node(dict(nodes[0].attributes) | {"lat": "29.6512345"}))
    return None


def _relation(members: bytes) -> bytes:
    tags = b'<tag k="type" v="multipolygon"/><tag k="highway" v="pedestrian"/>'
    return b'<relation id="1">' + members + tags + b"</relation></osm>"


@mutation
def raw_osm(district: District, rng: Random) -> bool | None:
    """Write XML that no program would."""
    if district.osm is None:
        return False
    bomb = (
        b'<!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
        + b"]>"
    )
    change = rng.choice(
        (
            lambda raw: raw.replace(b"<osm", bomb + b"<osm", 1).replace(b'v="residential"', b'v="&j;"', 1),
            lambda raw: raw[: len(raw) // 2],
            lambda _: b"",
            lambda raw: raw.replace(b'encoding="UTF-8"', b'encoding="x"'),
            lambda raw: raw.replace(b"<osm", b"<gpx"),
            lambda raw: b"\n" + raw,
            lambda raw: raw.replace(
                b"</osm>",
                _relation(b'<member type="relation" ref="1" role=""/>'),
            ),
            lambda raw: raw.replace(
                b"</osm>",
                _relation(b'<member type="way" ref="1" role="outer"/><member type="way" ref="99" role="outer"/>'),
            ),
            lambda raw: raw.replace(b'version="0.6"', b'version="0.9"'),
            lambda raw: raw.replace(b"<nd ", b"<xx "),
            lambda raw: raw + raw,
            lambda raw: raw.replace(b"</osm>", b"<a>" * 5000),
            lambda raw: raw.replace(b"<osm", b"<!DOCTYPE osm SYSTEM 'file:///etc/hostname'><osm", 1),
            lambda raw: raw.decode().encode("utf-16"),
        )
    )
    district.afterwards.append(lambda folder: _rewritten(folder / "walk.osm", change))
    return None


def _rewritten(path: Path, change: Any) -> None:
    path.write_bytes(change(path.read_bytes()))


# --- what means nothing ----------------------------------------------------------------------------------------------


@harmless
def turned_lines(district: District, rng: Random) -> bool | None:
    table = _lines(district)
    if table is None or table.shapes is None:
        return False
    table.shapes[:] = [
        each.reverse() if rng.random() < 0.5 and isinstance(each, shapely.Geometry) else each for each in table.shapes
    ]
    return None


@harmless
def no_length(district: District, rng: Random) -> bool | None:
    """Add lines of no length, and lines that stand twice."""
    table = _lines(district)
    if table is None or table.shapes is None or "terrain" in district.scenario:
        return False
    i = rng.randrange(len(table.rows))
    _put(table, table.shapes[i], **table.rows[i])
    return None


@harmless
def far_away(district: District, _: Random) -> bool | None:
    """Add ways that nothing near by joins."""
    table = _lines(district)
    if table is None:
        return False
    _put(table, shapely.LineString([at(30_000, 0), at(30_000, 2_000)]), kind="street")
    return None


@harmless
def shuffled_elements(district: District, rng: Random) -> bool | None:
    if district.osm is None:
        return False
    nodes, ways = district.osm
    rng.shuffle(nodes)
    rng.shuffle(ways)
    for way in ways:
        if rng.random() < 0.5:
            way.nodes.reverse()
    return None


@harmless
def repeated_nodes(district: District, rng: Random) -> bool | None:
    if district.osm is None:
        return False
    for way in district.osm[1]:
        if way.nodes and rng.random() < 0.5:
            way.nodes.insert(0, way.nodes[0])
    return None


@harmless
def tags_without_meaning(district: District, rng: Random) -> bool | None:
    if district.osm is None:
        return False
    nodes, ways = district.osm
    for each in (*nodes, *ways):
        if rng.random() < 0.3:
            each.tags |= rng.choice(
                ({"name": "人民路"}, {"surface": "asphalt"}, {"lit": "yes"}, {"name": "<b>{{x}}</b>"})
            )
    return None
