"""The scenario's own text: keys, values, files that it names."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from siting.domain.scenario import Scenario
from tests.fuzz.district import District
from tests.fuzz.mutations import harmless, mutation

_WORDS: Final = (
    "",
    " ",
    "无",
    "x" * 100_000,
    "a\u200bb",
    "\x00",
    "\x1b[31m",
    "<script>",
    "{{7*7}}",
    "../..",
    "/",
    "\ud800",
    "1e400",
    "NaN",
    "-",
    "EPSG:4326",
    "2026-02-30",
    "𠀀",
)
_NUMBERS: Final = (
    0,
    -1,
    1,
    1e-9,
    1e-300,
    5e-324,
    0.001,
    0.0999,
    1440,
    1441,
    1e6,
    1e9,
    1e15,
    1e308,
    -1e308,
    2**31,
    2**63,
    2**64,
    10**400,
    float("nan"),
    float("inf"),
    float("-inf"),
    -0.0,
)
_OTHERS: Final[tuple[Any, ...]] = (True, [], {}, [[]], {"": ""}, [1, "a"], "text", 3, 2.5)
_CRS: Final = (
    "EPSG:4326",
    "EPSG:4490",
    "EPSG:3857",
    "EPSG:4545",
    "EPSG:4546",
    "EPSG:4524",
    "EPSG:32648",
    "EPSG:0",
    "EPSG:99999999",
    "EPSG:4979",
    "EPSG:5773",
    "EPSG:9518",
    "EPSG:4936",
    "EPSG:2343",
    "EPSG:4555",
    "gcj02",
    "bd09",
    "WGS84",
    "CRS84",
    "+proj=longlat",
    "+proj=tmerc",
    "+proj=utm +zone=48 +towgs84=1,2,3",
    "+proj=nonsense",
    'LOCAL_CS["x"]',
    "",
    "OGC:CRS84",
    "ESRI:102100",
    "EPSG:3395",
    "+proj=moll",
    "+proj=laea +lat_0=90",
    "EPSG:4214",
    "EPSG:4610",
    "urn:ogc:def:crs:EPSG::4545",
    "+proj=geocent",
    "+proj=ortho",
)
Leaf = tuple[Any, Any]


def _leaves(raw: Any) -> Iterator[Leaf]:
    """Every place where a value stands: what holds it, and its key there."""
    for key, value in list(raw.items() if isinstance(raw, dict) else enumerate(raw)):
        if isinstance(value, dict | list) and value:
            yield from _leaves(value)
        yield raw, key


def _leaf(district: District, rng: Random, *kinds: type) -> Leaf | None:
    found = [
        (holder, key)
        for holder, key in _leaves(district.scenario)
        if not kinds or (isinstance(holder[key], kinds) and not isinstance(holder[key], bool))
    ]
    return rng.choice(found) if found else None


def _section(district: District, rng: Random) -> dict[str, Any]:
    sections = [holder[key] for holder, key in _leaves(district.scenario) if isinstance(holder[key], dict)]
    chosen: dict[str, Any] = rng.choice(sections)
    return chosen


@mutation
def wrong_type(district: District, rng: Random) -> bool | None:
    holder, key = _leaf(district, rng) or (None, None)
    holder[key] = rng.choice(_OTHERS)
    return None


@mutation
def end_of_range(district: District, rng: Random) -> bool | None:
    found = _leaf(district, rng, int, float)
    if found is None:
        return False
    found[0][found[1]] = rng.choice(_NUMBERS)
    return None


@mutation
def strange_word(district: District, rng: Random) -> bool | None:
    holder, key = _leaf(district, rng, str) or (None, None)
    holder[key] = rng.choice(_WORDS)
    return None


@mutation
def unknown_key(district: District, rng: Random) -> None:
    _section(district, rng)[rng.choice(("colour", "", "路径", "a.b", "path ", "__class__", "model_config"))] = 1


@mutation
def lost_key(district: District, rng: Random) -> None:
    holder, key = rng.choice(list(_leaves(district.scenario)))
    del holder[key]


def _drawn_by(schema: dict[str, Any], rng: Random, depth: int = 0) -> Any:  # noqa: PLR0911 - one a kind
    """Draw a value that a schema allows, most often at an end of its range."""
    if "$ref" in schema:
        return _drawn_by(_SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], rng, depth)
    if "anyOf" in schema:
        kinds = [each for each in schema["anyOf"] if each.get("type") != "null"]
        return _drawn_by(rng.choice(kinds), rng, depth)
    if "enum" in schema or "const" in schema:
        return rng.choice(schema.get("enum") or [schema["const"]])
    kind = schema.get("type")
    if kind in ("number", "integer"):
        return _number(schema, rng, whole=kind == "integer")
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "array":
        items = schema.get("items") or rng.choice(schema.get("prefixItems") or [{"type": "string"}])
        return [_drawn_by(items, rng, depth + 1) for _ in range(rng.choice((0, 1, 1, 2)))]
    if kind == "object":
        return _object(schema, rng, depth)
    return rng.choice(_NAMES)


_NAMES: Final = (
    "id",
    "name",
    "tier",
    "S1",
    "S2",
    "C00",
    "F1",
    "F2",
    "P0",
    "P1",
    "E1",
    "station",
    "street",
    "elder",
    "residents.tif",
    "facilities.csv",
    "people",
    "land_m2",
    "亩",
    "万人",
    "UTF-8",
    "GBK",
    "cq-2019-129/2-9-circle",
    "cq-2019-129",
    "existing",
)
_SCHEMA: Final = Scenario.model_json_schema()


def _number(schema: dict[str, Any], rng: Random, *, whole: bool) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1e9))
    high = schema.get("maximum", schema.get("exclusiveMaximum", 1e9))
    drawn = rng.choice((low, high, low + (high - low) * rng.random(), max(low, min(high, rng.choice((1, 2, 10, 0.5))))))
    if "exclusiveMinimum" in schema and drawn == low:
        drawn = min(high, rng.choice((5e-324, 1e-300, 1e-9)))
    return int(drawn) if whole else drawn


def _object(schema: dict[str, Any], rng: Random, depth: int) -> dict[str, Any]:
    if depth > 3:
        return {}
    if "properties" not in schema:
        inner = schema.get("additionalProperties")
        return {rng.choice(_NAMES): _drawn_by(inner, rng, depth + 1) if isinstance(inner, dict) else "x"}
    required = schema.get("required", [])
    return {
        key: _drawn_by(each, rng, depth + 1)
        for key, each in schema["properties"].items()
        if key in required or rng.random() < 0.1
    }


@mutation
def key_of_the_schema(district: District, rng: Random) -> None:
    """Give a key that the schema knows a value that it allows."""
    top = _SCHEMA["properties"]
    name = rng.choice(list(top))
    schema = top[name]
    ref = schema.get("$ref") or next((each["$ref"] for each in schema.get("anyOf", ()) if "$ref" in each), None)
    section = district.scenario.setdefault(name, {})
    if ref is None or not isinstance(section, dict):
        district.scenario[name] = _drawn_by(schema, rng)
        return
    for key, each in rng.sample(list(_SCHEMA["$defs"][ref.rpartition("/")[2]]["properties"].items()), 1):
        section[key] = _drawn_by(each, rng)


key_of_the_schema_again = mutation(key_of_the_schema)


@mutation
def plan_of_the_schema(district: District, rng: Random) -> None:
    """Ask for a plan with some rules at their ends."""
    known = _SCHEMA["$defs"]["PlanOptions"]["properties"]
    for key in rng.sample([each for each in known if each not in ("sizes", "time_limit_s")], rng.choice((1, 2, 4))):
        district.scenario["plan"][key] = _drawn_by(known[key], rng)


@mutation
def walking_of_the_schema(district: District, rng: Random) -> None:
    """Walk at the ends of what is allowed."""
    known = _SCHEMA["$defs"]["Walking"]["properties"]
    for key in rng.sample([each for each in known if each != "mode"], rng.choice((1, 2, 3))):
        district.scenario["walking"][key] = _drawn_by(known[key], rng)


@mutation
def own_walker(district: District, rng: Random) -> None:
    walker = _drawn_by(_SCHEMA["$defs"]["OwnWalker"], rng) | {"source": "测"}
    district.scenario["walkers"] = {"own": walker}
    district.scenario["walking"]["walker"] = "own"


@mutation
def circle_of_the_schema(district: District, rng: Random) -> None:
    for name in ("circle", "land", "provision"):
        known = _SCHEMA["$defs"][name.capitalize()]["properties"]
        key = rng.choice(list(known))
        district.scenario.setdefault(name, {})[key] = _drawn_by(known[key], rng)


@mutation
def strange_crs(district: District, rng: Random) -> bool | None:
    held = [section for section in _sections_with_files(district) if "union_of" not in section]
    rng.choice(held)["crs"] = rng.choice(_CRS)


def _sections_with_files(district: District) -> list[dict[str, Any]]:
    found = [holder for holder, key in _leaves(district.scenario) if key in ("path", "points", "polygons", "pattern")]
    return [each for each in found if isinstance(each, dict)]


def _path_of(section: dict[str, Any]) -> str:
    return next(key for key in ("path", "points", "polygons", "pattern") if key in section)


@mutation
def missing_file(district: District, rng: Random) -> bool | None:
    section = rng.choice(_sections_with_files(district))
    section[_path_of(section)] = rng.choice(("missing.gpkg", ".", "", "scenario.toml", "a/b.csv", "x" * 300 + ".csv"))


@mutation
def no_plain_file(district: District, rng: Random) -> None:
    """Name what is no file: a device, a pipe, an empty file, a link to itself, a folder with a suffix."""
    section, name = rng.choice(_sections_with_files(district)), rng.choice(("walk.gpkg", "a.csv", "b.tif", "c.osm.pbf"))
    section[_path_of(section)] = name
    how = rng.choice(("null", "zero", "pipe", "empty", "loop", "folder"))

    def put(folder: Path) -> None:
        path = folder / name
        path.unlink(missing_ok=True)
        if how in ("null", "zero"):
            path.symlink_to(f"/dev/{how}")
        elif how == "loop":
            path.symlink_to(path)
        elif how == "pipe":
            os.mkfifo(path)
        elif how == "folder":
            path.mkdir()
        else:
            path.write_bytes(b"")

    district.afterwards.append(put)


@mutation
def swapped_layers(district: District, rng: Random) -> bool | None:
    sections = _sections_with_files(district)
    if len(sections) < 2:
        return False
    one, other = rng.sample(sections, 2)
    a, b = _path_of(one), _path_of(other)
    one[a], other[b] = other[b], one[a]
    return None


@mutation
def deep_nesting(district: District, rng: Random) -> None:
    deep = rng.choice((100, 2_000, 100_000))
    text = rng.choice(("[" * deep + "]" * deep, "{a=" * deep + "1" + "}" * deep))
    line = rng.choice((f"\n[scenario.x]\ndeep = {text}\n", f"\n[{'.'.join('a' * deep)}]\n"))
    district.afterwards.append(_edited(lambda raw: raw + line.encode()))


def _edited(change: Any) -> Any:
    def put(folder: Path) -> None:
        path = folder / "scenario.toml"
        path.write_bytes(change(path.read_bytes()))

    return put


@mutation
def raw_text(district: District, rng: Random) -> None:
    """Write what editors leave behind, and worse."""
    extra = rng.choice(
        (
            b"\n[plan]\nstations = 1\n",
            b"\n[walking]\nminutes = 5\n",
            b"\nx = 0x" + b"f" * 5000,
            b"\nx = 1" + b"0" * 5000,
            b"\n\x00",
            b"\n\xff\xfe",
            b"\nx = 1979-05-27T07:32:00Z",
            b'\nx = """',
            b"\n" + b"#" * 1_000_000,
            b"\nx = 1e99999",
        )
    )
    district.afterwards.append(_edited(lambda raw: raw + extra))


@harmless
def line_ends(district: District, rng: Random) -> None:
    changes = (
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: b"\xef\xbb\xbf" + raw.lstrip(b"\xef\xbb\xbf"),
        lambda raw: raw + b"\n# \xe9\x87\x8d",
    )
    district.afterwards.append(_edited(rng.choice(changes)))


@mutation
def strange_columns(district: District, rng: Random) -> None:
    """Rename, convert, replace and filter columns in ways that do not fit."""
    section = rng.choice(_sections_with_files(district))
    column = rng.choice(("id", "name", "tier", "land_m2", "residents", "kind", "people", "x", "lon", "geometry", "wkt"))
    other = rng.choice(("id", "name", "", "没有", "land_m2", "x", "\u200bid"))
    key, value = rng.choice(
        (
            ("columns", {column: other}),
            ("columns", {column: "id", "name": "id"}),
            ("values", {column: {"1": "existing"}}),
            ("values", {column: {"station": other}}),
            ("defaults", {column: rng.choice(_NUMBERS)}),
            ("defaults", {column: other}),
            ("rows", {column: [other]}),
            ("rows", {column: []}),
            ("header", rng.choice((1, 2, 5))),
            ("column_units", {column: rng.choice(("亩", "万人", "m²", "kg", ""))}),
            ("layer", other),
            ("empty", True),
            ("encoding", rng.choice(("UTF-8", "GBK", "utf-16", "rot13", "base64", "idna", "x", "undefined", "zlib"))),
            ("attributes", "facilities.csv"),
            ("axes", "north_east"),
            ("on_invalid", "leave_out"),
            ("unplaced", "leave_out"),
        )
    )
    section[key] = value
    if key == "attributes":
        section["attributes_on"] = [column, other]


@mutation
def strange_standards(district: District, rng: Random) -> None:
    clause = rng.choice(("cq-2019-129/2-9-circle", "cq-2019-129/2-3-land", "cq-2017-162/22-land", "no/such", ""))
    district.scenario["standards"] = rng.choice(
        (
            {"place": rng.choice(("", "北京市", "重庆市渝北区", "重庆", "x" * 1000))},
            {"ids": []},
            {"ids": ["cq-2019-129"] * 3},
            {"ids": ["none"]},
            {"place": "重庆市", "files": ["scenario.toml"]},
            {"files": ["missing.toml"]},
            {"place": "重庆市", "override": [{"clause": clause, "number": rng.choice(_NUMBERS), "reason": "试"}]},
        )
    )


@mutation
def dates_of_the_scenario(district: District, rng: Random) -> None:
    district.scenario["scenario"] |= rng.choice(
        (
            {"date": "0001-01-01"},
            {"date": "9999-12-31"},
            {"date": "1900-01-01"},
            {"horizon": 2000},
            {"horizon": 2100},
            {"date": "2262-05-01"},
            {"date": "1677-01-01"},
        )
    )


@harmless
def invisible_title(district: District, rng: Random) -> None:
    district.scenario["scenario"]["title"] = rng.choice(("示\u200b例", "示例" * 50, "a\"'\\</script>", "{{ x }}"))
