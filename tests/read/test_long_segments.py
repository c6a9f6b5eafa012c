"""Vertices that lie so far from the next that nobody walks there: wrong coordinates, told with way, place and km."""

import json
import re
from math import asin, cos, hypot, radians, sin, sqrt
from pathlib import Path

import geopandas as gpd
import osmium
import pytest
import shapely

from siting.domain.note_order import by_importance
from siting.domain.nouns import Note
from tests.read.case import CRS, Case, X, Y

STREET = {"highway": "residential"}
Place = tuple[float, float]
LON, LAT = 107.345, 29.645
NEAR = {number: (LON + number * 0.001, LAT) for number in range(1, 6)}
# Nothing was entered; a digit was lost; one of the tenths is wrong.
LOST = {6: (0.0, 0.0), 7: (17.35, 29.65), 8: (LON + 0.1, LAT)}
WAYS = {21: [1, 2, 3], 22: [2, 6, 4], 23: [3, 7], 24: [4, 8, 5]}


def _km(one: Place, other: Place) -> float:
    """Return the way over a ball: within half of a hundredth of that over the ellipsoid."""
    (lon, lat), (lon2, lat2) = ([radians(each) for each in place] for place in (one, other))
    half = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lon2 - lon) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(half))


def _write_osm(path: Path, places: dict[int, Place]) -> None:
    with osmium.SimpleWriter(str(path)) as writer:
        for ref, place in places.items():
            writer.add_node(osmium.osm.mutable.Node(id=ref, version=1, location=place))
        for number, refs in WAYS.items():
            writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=refs, tags=STREET))


def _write_lines(path: Path, places: dict[int, Place], names: str) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {names: f"L{number}", "kind": "street"},
            "geometry": {"type": "LineString", "coordinates": [places[ref] for ref in refs]},
        }
        for number, refs in WAYS.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def _told(case: Case) -> list[Note]:
    return [note for note in by_importance(case.read().notes) if note.code == "segments_too_long"]


@pytest.mark.parametrize(
    ("file", "names", "called"),
    [
        ("w.osm", "", ("way 22", "way 23", "way 24")),
        ("w.osm.pbf", "", ("way 22", "way 23", "way 24")),
        ("w.geojson", "id", ("L22", "L23", "L24")),
        ("w.geojson", "memo", ("#2", "#3", "#4")),
    ],
)
def test_vertices_far_away_are_told_first(case: Case, file: str, names: str, called: tuple[str, ...]) -> None:
    places = NEAR | LOST
    if names:
        _write_lines(case.folder / file, places, names)
    else:
        _write_osm(case.folder / file, places)
    case.sections["network"] = f'path = "{file}"'
    inputs = case.read()
    note = by_importance(inputs.notes)[0]
    assert (note.code, note.values["layer"], note.values["count"]) == ("segments_too_long", "network", 3)
    told = [re.fullmatch(r"(.*): (\S+), (\S+) \((\S+) km\)", each) for each in str(note.values["places"]).split("; ")]
    found = [each.groups() for each in told if each is not None]
    assert tuple(each[0] for each in found) == called
    assert "-0.0" not in str(note.values["places"])
    assert [(float(lon), float(lat)) for _, lon, lat, _ in found] == [pytest.approx(LOST[ref]) for ref in (6, 7, 8)]
    # The longer of the two segments at each of them.
    nearest = {6: (4,), 7: (3,), 8: (4, 5)}
    for ref, (*_, km) in zip((6, 7, 8), found, strict=True):
        longest = max(_km(places[other], LOST[ref]) for other in nearest[ref])
        assert float(km.replace(",", "")) == pytest.approx(longest, rel=5e-3)


def test_a_sound_network_has_none(case: Case) -> None:
    _write_osm(case.folder / "w.osm", NEAR | {6: (LON, LAT + 0.01), 7: (LON + 0.04, LAT), 8: (LON, LAT - 0.01)})
    case.sections["network"] = 'path = "w.osm"'
    assert _told(case) == []


@pytest.mark.parametrize(("metres", "count"), [(4_999.0, 0), (5_001.0, 1)])
def test_the_bound_is_five_kilometres(case: Case, metres: float, count: int) -> None:
    case.sections["network"] += "\nsplit_at_crossings = true"
    lines = gpd.read_file(case.folder / "walk.gpkg")
    long = shapely.LineString([(X + 500, Y + 500), (X + 500 + metres * 0.6, Y + 500 + metres * 0.8)])
    assert hypot(metres * 0.6, metres * 0.8) == pytest.approx(metres)
    gpd.GeoDataFrame({"kind": ["path"] * 4}, geometry=[*lines.geometry, long], crs=CRS).to_file(
        case.folder / "walk.gpkg"
    )
    assert [note.values["count"] for note in _told(case)] == [1] * count


def test_of_many_the_farthest_ten_are_named(case: Case) -> None:
    far = [shapely.LineString([(X, Y), (X + 10_000 + 1_000 * i, Y)]) for i in range(12)]
    lines = gpd.read_file(case.folder / "walk.gpkg")
    gpd.GeoDataFrame(geometry=[*lines.geometry, *far], crs=CRS).to_file(case.folder / "walk.gpkg")
    (note,) = _told(case)
    places = str(note.values["places"]).split("; ")
    assert note.values["count"] == 12
    assert [each.partition(":")[0] for each in places] == [*(f"#{number}" for number in range(15, 5, -1)), "…"]


def test_a_layer_of_which_lines_are_left_out_names_the_right_rows(case: Case) -> None:
    lines = gpd.read_file(case.folder / "walk.gpkg").geometry.tolist()
    far = shapely.LineString([(X, Y), (X + 20_000, Y)])
    # A river may be as straight as it likes.
    river = shapely.LineString([(X, Y + 10), (X + 30_000, Y + 10)])
    tags = [None, "footway", "footway", "footway", "path"]
    gpd.GeoDataFrame({"highway": tags}, geometry=[river, *lines, far], crs=CRS).to_file(case.folder / "walk.gpkg")
    (note,) = _told(case)
    assert str(note.values["places"]).startswith("#5: ")
    assert str(note.values["places"]).endswith("(20.0 km)")
