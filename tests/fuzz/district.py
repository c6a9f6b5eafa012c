"""A small valid district: tables, rasters, ways and a scenario in memory, which mutations change, then as files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from tests.fuzz.writing import TABLES, write_osm, write_raster, write_table

CRS: Final = "EPSG:4545"
# South-west corner and side of the district, metres; near 107.4 E, 29.7 N.
X, Y, SIDE = 436_000.0, 3_281_000.0, 1000.0
CELLS: Final = 10
_MODELS: Final = ("mclp", "lscp", "p_median", "p_center", "fair", "compliance")
_POINT_TABLES: Final = ("csv", "xlsx", "geojson", "gpkg")
_SHAPES: Final = ("gpkg", "geojson", "csv", "shp", "parquet", "fgb")


@dataclass
class Table:
    """Rows of cells, and their shapes in metres, or None where places are cells.

    A shape may be raw: WKT for a CSV, the member ``geometry`` for GeoJSON.
    """

    rows: list[dict[str, Any]]
    shapes: list[Any] | None
    suffix: str


@dataclass
class Raster:
    """Values, first row north, and how they are written."""

    values: NDArray[Any]
    transform: Affine
    crs: str | None = CRS
    nodata: float | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Node:
    """A node of OpenStreetMap: attributes of the element (``lon`` and ``lat`` among them), and tags."""

    attributes: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Way:
    """A way of OpenStreetMap."""

    attributes: dict[str, Any]
    nodes: list[Any]
    tags: dict[str, str]


@dataclass
class District:
    """All that stands in a folder."""

    scenario: dict[str, Any]
    tables: dict[str, Table] = field(default_factory=dict)
    rasters: dict[str, Raster] = field(default_factory=dict)
    osm: tuple[list[Node], list[Way]] | None = None
    # What is done to the files once they are written.
    afterwards: list[Callable[[Path], None]] = field(default_factory=list)

    def write(self, folder: Path) -> Path:
        """Write everything into a folder and return the scenario."""
        for name, table in self.tables.items():
            write_table(folder / f"{name}.{table.suffix}", table.rows, table.shapes)
        for name, raster in self.rasters.items():
            write_raster(folder / f"{name}.tif", raster)
        if self.osm is not None:
            write_osm(folder / "walk.osm", *self.osm)
        path = folder / "scenario.toml"
        path.write_bytes(toml(self.scenario).encode("utf-8", "surrogatepass"))
        for change in self.afterwards:
            change(folder)
        return path


def drawn(rng: Random) -> District:
    """Draw a valid district: the layers that it has, and their formats."""
    district = District(_scenario())
    _units(district, rng)
    _people(district, rng)
    _ledgers(district, rng)
    _ways(district, rng)
    for add, chance in (
        (_estates, 0.4), (_exclusions, 0.3), (_terrain, 0.35), (_preferred, 0.1), (_land_use, 0.1), (_basemap, 0.1),
        (_sizes, 0.2), (_context, 0.1), (_groups, 0.1), (_growth, 0.1),
    ):  # fmt: skip
        if rng.random() < chance:
            add(district, rng)
    district.scenario["plan"] |= _request(rng)
    return district


def box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """Return a rectangle, metres from the corner."""
    return shapely.box(X + west, Y + south, X + east, Y + north)


def at(x: float, y: float) -> BaseGeometry:
    """Return a point, metres from the corner."""
    return shapely.Point(X + x, Y + y)


def toml(raw: Mapping[str, Any]) -> str:
    """Return a scenario as TOML, whatever stands in it."""
    plain = [f"{_key(key)} = {_value(each)}" for key, each in raw.items() if not isinstance(each, dict)]
    for name, section in raw.items():
        if isinstance(section, dict):
            plain += [f"[{_key(name)}]", *(f"{_key(key)} = {_value(each)}" for key, each in section.items())]
    return "\n".join(plain) + "\n"


def _key(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)


def _scenario() -> dict[str, Any]:
    return {
        "scenario": {"title": "示例", "date": "2026-01-01"},
        "standards": {"place": "重庆市"},
        "population": {},
        "units": {},
        "facilities": {},
        "walking": {"minutes": 5, "max_minutes": 15},
        "plan": {},
        "constraints": {},
    }


def _put(district: District, name: str, table: Table) -> dict[str, Any]:
    """Take in a table and return the keys that name it."""
    district.tables[name] = table
    keys: dict[str, Any] = {"path": f"{name}.{table.suffix}"}
    if table.suffix in TABLES and (table.shapes is not None or (table.rows and "x" in table.rows[0])):
        keys["crs"] = CRS
    if table.shapes is None and table.rows and "x" in table.rows[0]:
        keys["columns"] = {"lon": "x", "lat": "y"}
    return keys


def _places(rng: Random, rows: list[dict[str, Any]], places: list[tuple[float, float]]) -> Table:
    """Return a table of points, whose places are cells where the format has no shapes."""
    suffix = rng.choice(_POINT_TABLES)
    if suffix in TABLES:
        return Table([row | {"x": X + x, "y": Y + y} for row, (x, y) in zip(rows, places, strict=True)], None, suffix)
    return Table(rows, [at(x, y) for x, y in places], suffix)


def _units(district: District, rng: Random) -> None:
    half = SIDE / 2
    streets = [{"id": f"S{i}", "name": f"第{i}街道"} for i in (1, 2)]
    shapes = [box(0, 0, half, SIDE), box(half, 0, SIDE, SIDE)]
    keys = _put(district, "street", Table(streets, shapes, rng.choice(_SHAPES)))
    district.scenario["units"]["street"] = keys
    if rng.random() < 0.3:
        district.scenario["units"]["district"] = {"union_of": "street", "name": "示例区"}
    if rng.random() < 0.6:
        rows = [{"id": f"C{i}{j}", "name": f"社区{i}{j}", "kind": "社区"} for i in range(2) for j in range(2)]
        quarters = [box(i * half, j * half, (i + 1) * half, (j + 1) * half) for i in range(2) for j in range(2)]
        keys = _put(district, "community", Table(rows, quarters, rng.choice(_SHAPES)))
        district.scenario["units"]["community"] = keys
        if rng.random() < 0.4:
            known = [{"id": row["id"], "residents": 500 + 100 * at} for at, row in enumerate(rows)]
            keys["people"] = _put(district, "people", Table(known, None, rng.choice(TABLES)))
            if rng.random() < 0.6:
                district.scenario["population"]["calibrate"] = "community"


def _people(district: District, rng: Random) -> None:
    numbers = np.random.default_rng(rng.getrandbits(32)).integers(0, 40, (CELLS, CELLS)).astype("float32")
    numbers[4:6, 4:6] = 30
    people = district.scenario["population"]
    people["residents"] = _raster(district, "residents", numbers)
    kind = rng.choice(("raster", "bands", "points", "areas", "share"))
    if kind == "raster":
        people["elderly"] = _raster(district, "elderly", numbers / 4)
    elif kind == "bands":
        for age, part in ((60, 8), (65, 8)):
            _raster(district, f"elderly_{age}", numbers / part)
        people["elderly"] = {"pattern": "elderly_{age}.tif", "unit": "persons per cell"}
    elif kind == "points":
        places = [(rng.uniform(1, SIDE - 1), rng.uniform(1, SIDE - 1)) for _ in range(30)]
        rows = [{"people": rng.randint(1, 9)} for _ in places]
        table = Table(rows, [at(x, y) for x, y in places], rng.choice(("gpkg", "geojson")))
        people["elderly"] = {"points": _put(district, "elderly", table)["path"]}
    elif kind == "areas":
        shapes = [box(200.0 * i, 250.0 * j, 200.0 * i + 200, 250.0 * j + 250) for i in range(5) for j in range(4)]
        rows = [{"id": f"B{i}", "people": rng.randint(1, 20)} for i in range(len(shapes))]
        table = Table(rows, list(shapes), rng.choice(("gpkg", "geojson")))
        people["elderly"] = {"polygons": _put(district, "elderly", table)["path"]}
    else:
        people["elderly_share"] = 0.2


def _raster(district: District, name: str, values: NDArray[Any], cell: float = SIDE / CELLS) -> dict[str, Any]:
    district.rasters[name] = Raster(values, Affine(cell, 0, X, 0, -cell, Y + SIDE))
    return {"path": f"{name}.tif", "unit": "persons per cell"}


def _ledgers(district: District, rng: Random) -> None:
    tiers = ("station", "station", "centre", "institution")
    rows = [
        {"id": f"F{i}", "name": f"{i}号站", "tier": tier, "status": "existing", "land_m2": 200 + 50 * i}
        | {"beds": 10 * i, "nursing_beds": 4 * i, "opens": "2019-09-01", "med_link": "agreement"}
        for i, tier in enumerate(tiers, start=1)
    ]
    places = [(rng.uniform(50, SIDE - 50), rng.uniform(50, SIDE - 50)) for _ in rows]
    district.scenario["facilities"] = {**_put(district, "facilities", _places(rng, rows, places)), "complete": True}
    if rng.random() < 0.1:
        district.scenario["candidates"] = {"generate": {"spacing_m": 250, "within": "units", "near_network_m": 300}}
        return
    sites = [
        {"id": f"P{i}", "name": f"{i}号用房", "kind": "shop", "tenure": "own", "land_m2": 300, "detached": "是"}
        | {"floor_area_m2": 150.0 + i, "capital_cost_cny": 100_000 * (i + 1)}
        for i in range(5)
    ]
    places = [(rng.uniform(50, SIDE - 50), rng.uniform(50, SIDE - 50)) for _ in sites]
    district.scenario["candidates"] = _put(district, "candidates", _places(rng, sites, places))


def _ways(district: District, rng: Random) -> None:
    """Add a lattice of ways, or what else people walk over."""
    mode = rng.choices(("lines", "osm", "straight", "surface"), (5, 4, 2, 1))[0]
    ends = [(100 + 200.0 * i, 100 + 200.0 * j) for i in range(5) for j in range(5)]
    pairs = [(here, there) for here in ends for there in ends if there in ((here[0] + 200, here[1]),
                                                                           (here[0], here[1] + 200))]  # fmt: skip
    if mode == "straight":
        district.scenario["walking"]["mode"] = "straight_line"
    elif mode == "surface":
        cover = np.ones((2 * CELLS, 2 * CELLS), dtype="uint8")
        cover[6:8, 3:9] = 2
        keys = _raster(district, "cover", cover, SIDE / CELLS / 2)
        district.scenario["surface"] = {"path": keys["path"], "factors": {"1": 1.0, "2": 0.5}}
        district.scenario["walking"]["mode"] = "surface"
    elif mode == "lines":
        shapes = [shapely.LineString([(X + x, Y + y) for x, y in pair]) for pair in pairs]
        rows = [{"kind": rng.choice(("street", "street", "path", "stairs"))} for _ in shapes]
        keys = _put(district, "walk", Table(rows, list(shapes), rng.choice(_SHAPES)))
        district.scenario["network"] = keys | ({"split_at_crossings": True} if rng.random() < 0.3 else {})
    else:
        district.scenario["network"] = {"path": "walk.osm"}
        district.osm = _lattice(rng, ends, pairs)


def _lattice(rng: Random, ends: list[tuple[float, float]], pairs: list[Any]) -> tuple[list[Node], list[Way]]:
    from pyproj import Transformer

    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    nodes = []
    for number, (x, y) in enumerate(ends, start=1):
        lon, lat = back.transform(X + x, Y + y)
        nodes.append(Node({"id": number, "version": 1, "lon": f"{lon:.7f}", "lat": f"{lat:.7f}"}))
    values = ("residential", "residential", "footway", "steps")
    ways = [
        Way({"id": i, "version": 1}, [ends.index(each) + 1 for each in pair], {"highway": rng.choice(values)})
        for i, pair in enumerate(pairs, start=1)
    ]
    return nodes, ways


def _estates(district: District, rng: Random) -> None:
    rows = [
        {"id": "E1", "name": "一小区", "status": "existing", "households": 100, "year_built": 1998},
        {"id": "E2", "name": "二小区", "status": "new", "households": 200, "provided_m2": 30},
        {"id": "E3", "name": "三小区", "status": "existing", "residents": 120},
    ]
    shapes = [box(80, 80, 330, 300), box(520, 130, 810, 420), box(420, 610, 640, 880)]
    district.scenario["residential_areas"] = _put(district, "estates", Table(rows, shapes, rng.choice(_SHAPES)))
    district.scenario["population"]["spread"] = rng.random() < 0.2


def _grounds(district: District, rng: Random, name: str) -> dict[str, Any]:
    rows = [{"name": f"{name}{i}"} for i in range(2)]
    return _put(district, name, Table(rows, [box(0, 700, 200, 900), box(600, 0, 700, 100)], rng.choice(_SHAPES)))


def _terrain(district: District, rng: Random) -> None:
    x, y = np.meshgrid(np.arange(44) * 30.0, np.arange(44) * 30.0)
    heights = 200 + 12 * np.sin(x / 250) * np.cos(y / 300 + rng.random())
    district.rasters["dem"] = Raster(heights.astype("float32"), Affine(30, 0, X - 150, 0, -30, Y + SIDE + 150))
    district.scenario["terrain"] = {"path": "dem.tif"}


def _exclusions(district: District, rng: Random) -> None:
    keys = _grounds(district, rng, "flood") | {"clause": "河道管理范围", "buffer_m": rng.choice((0, 10.0))}
    district.scenario["constraints"]["exclude"] = {"flood": keys}


def _preferred(district: District, rng: Random) -> None:
    district.scenario["constraints"]["prefer"] = {"parks": _grounds(district, rng, "parks")}


def _land_use(district: District, _: Random) -> None:
    table = Table([{"kind": "R2"}, {"kind": "A6"}], [box(0, 0, 500, 1000), box(500, 0, 1000, 1000)], "gpkg")
    district.scenario["constraints"]["land_use"] = _put(district, "uses", table) | {"allowed": ["A6", "R2"]}


def _basemap(district: District, rng: Random) -> None:
    district.scenario["basemap"] = {"water": _grounds(district, rng, "water") | {"style": "water"}}


def _sizes(district: District, rng: Random) -> None:
    rows = [
        {"size": "小", "land_m2": 200, "floor_area_m2": 150, "capacity": 40, "cost_cny": 200_000},
        {"size": "大", "land_m2": 300, "floor_area_m2": 300, "capacity": 90, "cost_cny": 500_000},
    ]
    district.scenario["plan"]["sizes"] = _put(district, "sizes", Table(rows, None, rng.choice(TABLES)))


def _context(district: District, rng: Random) -> None:
    rows = [{"id": "G1", "name": "邻区站", "tier": "station", "status": "existing", "land_m2": 100}]
    table = _places(rng, rows, [(SIDE + 60, 500)])
    district.scenario["context"] = {"complete": True, "facilities": _put(district, "around", table)}


def _groups(district: District, rng: Random) -> None:
    district.scenario["population"]["groups"] = {"失能": {"share": rng.choice((0.1, 0.5))}}


def _growth(district: District, rng: Random) -> None:
    rows = [{"id": f"S{i}", "residents_growth": 0.01 * i, "elderly_growth": 0.03} for i in (1, 2)]
    keys = _put(district, "growth", Table(rows, None, rng.choice(TABLES)))
    district.scenario["population"]["projection"] = keys | {"base_year": 2020}
    district.scenario["scenario"]["horizon"] = 2030


def _request(rng: Random) -> dict[str, Any]:
    model = rng.choices(_MODELS, (4, 2, 2, 1, 1, 1))[0]
    keys: dict[str, Any] = {"model": model, "time_limit_s": 20}
    if model == "lscp":
        keys["share"] = rng.choice((0.5, 0.8))
    elif model != "compliance":
        keys["stations"] = rng.choice((1, 2, 3))
    if model == "fair":
        keys["unit_level"] = "street"
    rules = (("spacing_m", 200, 0.15), ("budget_cny", 700_000, 0.15), ("capacity", 120, 0.1), ("max_nodes", 50, 0.1))
    keys |= {key: value for key, value, chance in rules if rng.random() < chance}
    if model == "compliance":
        keys.pop("capacity", None)
    return keys
