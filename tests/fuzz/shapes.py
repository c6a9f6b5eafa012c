"""Geometries of layers."""

import math
from collections.abc import Callable
from random import Random
from typing import Any, Final

import numpy as np
import shapely

from tests.fuzz.district import SIDE, District, Table, X, Y, at, box
from tests.fuzz.mutations import harmless, mutation

NAN: Final = float("nan")


def _table(district: District, rng: Random, kind: type | None = None) -> Table | None:
    found = [
        table
        for table in district.tables.values()
        if table.shapes and (kind is None or any(isinstance(each, kind) for each in table.shapes))
    ]
    return rng.choice(found) if found else None


def _replaced(district: District, rng: Random, make: Callable[[Any], Any], kind: type | None = None) -> bool | None:
    """Replace one shape of a layer, now and then all."""
    table = _table(district, rng, kind)
    if table is None or table.shapes is None:
        return False
    fits = [i for i, each in enumerate(table.shapes) if isinstance(each, kind or shapely.Geometry)]
    if not fits:
        return False
    for i in fits if rng.random() < 0.15 else [rng.choice(fits)]:
        table.shapes[i] = make(table.shapes[i])
    return None


@mutation
def empty(district: District, rng: Random) -> bool | None:
    new = rng.choice(
        (
            None,
            shapely.Polygon(),
            shapely.Point(),
            shapely.MultiPolygon(),
            shapely.GeometryCollection(),
            shapely.LineString(),
        )
    )
    return _replaced(district, rng, lambda _: new)


@mutation
def nan_coordinates(district: District, rng: Random) -> bool | None:
    bad, where = rng.choice((NAN, math.inf, -math.inf, 1e308, 1e20)), rng.random()
    column = rng.randrange(2)

    def make(shape: Any) -> Any:
        def spoil(xy: Any) -> Any:
            spoilt = xy.copy()
            spoilt[int(where * len(xy)), column] = bad
            # A ring stays closed.
            if shape.geom_type == "Polygon":
                spoilt[-1] = spoilt[0]
            return spoilt

        return shapely.transform(shape, spoil) if shape.geom_type in ("Point", "LineString", "Polygon") else shape

    return _replaced(district, rng, make)


def _ring(shape: Any) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in shapely.get_coordinates(shape)]


@mutation
def spike(district: District, rng: Random) -> bool | None:
    far = rng.choice((1.0, 300.0, 1e5))

    def make(shape: Any) -> Any:
        ring = _ring(shape)
        (x, y), _ = ring[0], ring.pop()
        return shapely.Polygon([*ring[:1], (x - far, y - far), *ring])

    return _replaced(district, rng, make, shapely.Polygon)


@mutation
def bowtie(district: District, rng: Random) -> bool | None:
    def make(shape: Any) -> Any:
        ring = _ring(shape)[:-1]
        ring[0], ring[1] = ring[1], ring[0]
        return shapely.Polygon(ring)

    return _replaced(district, rng, make, shapely.Polygon)


@mutation
def sliver(district: District, rng: Random) -> bool | None:
    thin = rng.choice((1e-9, 1e-3, 0.3, 1.5))
    return _replaced(district, rng, lambda _: box(100, 100, 100 + thin, 900), shapely.Polygon)


@mutation
def tiny(district: District, rng: Random) -> bool | None:
    size = rng.choice((0.0, 1e-12, 1e-6, 0.5))
    return _replaced(district, rng, lambda _: box(500, 500, 500 + size, 500 + size), shapely.Polygon)


@mutation
def huge_ring(district: District, rng: Random) -> bool | None:
    turns = np.linspace(0, 2 * np.pi, rng.choice((2_000, 20_000)))
    wave = 400 + rng.choice((0, 5, 300)) * np.sin(turns * 997)
    shape = shapely.Polygon(np.column_stack([X + 500 + wave * np.cos(turns), Y + 500 + wave * np.sin(turns)]))
    return _replaced(district, rng, lambda _: shape, shapely.Polygon)


@mutation
def other_kind(district: District, rng: Random) -> bool | None:
    new = rng.choice(
        (
            at(500, 500),
            shapely.LineString([at(1, 1), at(500, 500)]),
            box(100, 100, 300, 300),
            shapely.MultiPoint([at(1, 1), at(9, 9)]),
            shapely.GeometryCollection([at(5, 5), box(10, 10, 400, 400)]),
            shapely.GeometryCollection([shapely.GeometryCollection([box(0, 0, 90, 90)])]),
            shapely.MultiLineString([[at(1, 1), at(2, 2)], [at(3, 3), at(400, 400)]]),
            shapely.LinearRing([at(0, 0), at(100, 0), at(9, 90)]),
        )
    )
    return _replaced(district, rng, lambda _: new)


@mutation
def swapped_axes(district: District, rng: Random) -> bool | None:
    return _replaced(district, rng, lambda shape: shapely.transform(shape, lambda xy: xy[:, ::-1]))


@mutation
def elsewhere(district: District, rng: Random) -> bool | None:
    dx, dy = rng.choice(((1e4, 0), (1e6, 0), (-436_000, -3_281_000), (1e9, 1e9), (0, 6e6), (540, -280), (3.5e7, 0)))
    return _replaced(district, rng, lambda shape: shapely.transform(shape, lambda xy: np.add(xy, (dx, dy))))


@mutation
def holes(district: District, rng: Random) -> bool | None:
    hole = rng.choice(
        (box(100, 100, 200, 200), box(2000, 2000, 2100, 2100), box(-50, 100, 100, 300), box(0, 0, SIDE, SIDE))
    )
    twice = rng.random() < 0.3

    def make(shape: Any) -> Any:
        return shapely.Polygon(_ring(shape.exterior), [_ring(hole)] * (1 + twice))

    return _replaced(district, rng, make, shapely.Polygon)


@mutation
def overlapping(district: District, rng: Random) -> bool | None:
    grown = rng.choice((0.5, 1.9, 30, 400, -3, -240))
    return _replaced(district, rng, lambda shape: shape.buffer(grown, join_style="mitre"), shapely.Polygon)


@mutation
def parts(district: District, rng: Random) -> bool | None:
    """Several parts: far apart, that share a side, that overlap, nested."""
    others = rng.choice(
        (
            [box(9000, 0, 9100, 100)],
            [box(1000, 0, 1100, 1000)],
            [box(0, 0, 400, 400)],
            [box(100, 100, 110, 110)] * 2,
            [shapely.Polygon()],
        )
    )
    return _replaced(district, rng, lambda shape: shapely.MultiPolygon([shape, *others]), shapely.Polygon)


@mutation
def raw_geojson(district: District, rng: Random) -> bool | None:
    """Members ``geometry`` that no program would write."""
    found = [table for table in district.tables.values() if table.suffix == "geojson" and table.shapes]
    if not found:
        return False
    table = rng.choice(found)
    ring = [[107.34, 29.65], [107.35, 29.65], [107.35, 29.66]]
    table.shapes[rng.randrange(len(table.shapes))] = rng.choice(
        (  # type: ignore[index]
            {"type": "Polygon", "coordinates": [ring]},
            {"type": "Polygon", "coordinates": []},
            {"type": "Polygon", "coordinates": [[]]},
            {"type": "Point", "coordinates": []},
            {"type": "Point", "coordinates": ["107", "29"]},
            {"type": "Point", "coordinates": [107.3]},
            {"type": "Polygon"},
            {"type": "Circle", "coordinates": [1, 2]},
            {"type": "Point", "coordinates": [NAN, NAN]},
            {},
            {"type": "GeometryCollection", "geometries": []},
            {"type": "Point", "coordinates": [107.34, 95]},
            {"type": "Point", "coordinates": [467.3, 29.65]},
            {"type": "Point", "coordinates": None},
            {"type": "Point", "coordinates": [[107.3, 29.6]]},
            {"type": "LineString", "coordinates": [[107.34, 29.65]]},
            {"type": "Point", "coordinates": [1e400, 1]},
            {"type": "Polygon", "coordinates": [[[107.34, 29.65]] * 4]},
            {"type": "Polygon", "coordinates": [[[-179.9, 10], [179.9, 10], [179.9, 20], [-179.9, 20], [-179.9, 10]]]},
            [],
            "Point",
            5,
            {"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]]},
            {"type": "Point", "coordinates": [107.34, 29.65, 1, 2, 3]},
            {"type": "Point", "coordinates": [107.34, 29.65, NAN]},
            _nested(rng.choice((20, 400))),
        )
    )
    return None


def _nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "Point", "coordinates": [107.34, 29.65]}
    for _ in range(depth):
        found = {"type": "GeometryCollection", "geometries": [found]}
    return found


@mutation
def raw_wkt(district: District, rng: Random) -> bool | None:
    found = [table for table in district.tables.values() if table.suffix == "csv" and table.shapes]
    if not found:
        return False
    table = rng.choice(found)
    corners = f"{X} {Y}, {X + 500} {Y}, {X + 500} {Y + 500}"
    table.shapes[rng.randrange(len(table.shapes))] = rng.choice(
        (  # type: ignore[index]
            f"POLYGON (({corners}))",
            f"POLYGON (({corners}, {X} {Y})",
            "POLYGON EMPTY",
            "POINT (nan nan)",
            "POINT (inf 0)",
            "x",
            f"CURVEPOLYGON (({corners}, {X} {Y}))",
            f"COMPOUNDCURVE (CIRCULARSTRING ({corners}))",
            f"CIRCULARSTRING ({corners})",
            "CIRCULARSTRING (0 0, 0 0, 0 0)",
            f"CIRCULARSTRING ({X} {Y}, nan nan, {X} {Y})",
            f"SRID=4326;POINT ({X} {Y})",
            "SRID=x;POINT (1 1)",
            f"LINESTRING ({X} {Y})",
            f"LINESTRING ({X} {Y}, {X} {Y})",
            f"TIN ((({corners}, {X} {Y})))",
            "00",
            "0101",
            "0" * 5000,
            f"POINT Z ({X} {Y} nan)",
            f"POINT M ({X} {Y} 1)",
            "GEOMETRYCOLLECTION (" * 200 + "POINT (1 1)" + ")" * 200,
            "POINT (1e400 1)",
            "POINT(１ ２)",
            f"MULTIPOLYGON ((({corners}, {X} {Y})), EMPTY)",
            "CIRCULARSTRING (1e308 1e308, 0 0, -1e308 1e308)",
            f"CIRCULARSTRING ({X} {Y}, {X + 1e-9} {Y}, {X + 1e7} {Y})",
        )
    )
    return None


# --- what means nothing ----------------------------------------------------------------------------------------------


@harmless
def tripled_vertices(district: District, rng: Random) -> bool | None:
    def triple(shape: Any) -> Any:
        return shapely.transform(shape, lambda xy: xy) if shape.geom_type == "Point" else _repeated(shape)

    return _replaced(district, rng, triple)


def _repeated(shape: Any) -> Any:
    if shape.geom_type == "Polygon":
        ring = _ring(shape.exterior)
        return shapely.Polygon([*ring[:2], ring[1], ring[1], *ring[2:]])
    if shape.geom_type == "LineString":
        line = _ring(shape)
        return shapely.LineString([line[0], *line, line[-1]])
    return shape


@harmless
def heights_and_measures(district: District, rng: Random) -> bool | None:
    height = rng.choice((0.0, 250.0, -1e6))
    return _replaced(district, rng, lambda shape: shapely.force_3d(shape, height))


@harmless
def turned_rings(district: District, rng: Random) -> bool | None:
    return _replaced(district, rng, lambda shape: shape.reverse())


@harmless
def wrapped(district: District, rng: Random) -> bool | None:
    """Make one part a collection of one part."""
    kinds = {"Polygon": shapely.MultiPolygon, "LineString": shapely.MultiLineString, "Point": shapely.MultiPoint}
    return _replaced(
        district, rng, lambda shape: kinds[shape.geom_type]([shape]) if shape.geom_type in kinds else shape
    )


@harmless
def other_start(district: District, rng: Random) -> bool | None:
    def turn(shape: Any) -> Any:
        ring = _ring(shape.exterior)[:-1]
        return shapely.Polygon([*ring[1:], ring[0]])

    return _replaced(district, rng, turn, shapely.Polygon)


@harmless
def corners_on_sides(district: District, rng: Random) -> bool | None:
    return _replaced(district, rng, lambda shape: shapely.segmentize(shape, 37.0), shapely.Polygon)
