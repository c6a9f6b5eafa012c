"""Geometry: what is mended, what is refused."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS
from shapely import LineString, MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from siting.crs import carry
from siting.errors import InputError
from siting.read.geometry.shapes import Family, checked_shapes
from siting.read.log import Log
from siting.read.tables.finish import moved
from tests.read.case import Case, X, Y, squares

SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]


def _checked(shape: Any, family: Family = "polygons", crs: str = "EPSG:4545") -> tuple[Any, Log]:
    log = Log()
    shapes = gpd.GeoSeries([shapely.box(0, 0, 1, 1) if family == "polygons" else Point(0, 0), shape], crs=crs)
    found = checked_shapes(shapes, family, ["a", "b"], log.layer("units.street", Path("s.gpkg")))
    return found.iloc[1], log


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        (Polygon([(0, 0), (2, 0), (1, 1), (2, 2), (0, 2), (1, 1)]), 2.0),  # the ring touches itself
        (Polygon([(0, 0), (4, 0), (4, 4), (2, 4), (2, 6), (2, 4), (0, 4)]), 16.0),  # a spike
        (MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 3, 2)]), 6.0),  # parts share a side
        (Polygon([(0, 0), (10, 0), (10, 10), (0, 10), (1e-5, -1e-5)]), 100.0),  # rings cross by a hair
    ],
)
def test_what_keeps_its_area_is_mended_and_noted(shape: Any, area: float) -> None:
    assert not shape.is_valid
    found, log = _checked(shape)
    assert found.is_valid
    assert found.area == pytest.approx(area, rel=1e-6)
    assert log.faults.found == []
    assert [(note.code, dict(note.values)) for note in log.notes] == [
        ("polygon_mended", {"layer": "units.street", "count": 1, "ids": "b"})
    ]


@pytest.mark.parametrize(
    ("shape", "change"),
    [
        (Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), "100.00%"),  # a bow tie
        (MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)]), "25.00%"),  # parts overlap
        (Polygon(SQUARE, [[(5, 5), (6, 5), (6, 6), (5, 6)]]), "11.76%"),  # a hole outside
    ],
)
def test_what_would_lose_or_gain_area_is_refused(shape: Any, change: str) -> None:
    found, log = _checked(shape)
    assert shapely.equals_identical(found, shape)
    (fault,) = log.faults.found
    assert (fault.code, fault.file, fault.row, fault.expected) == ("invalid_polygon", "s.gpkg", "b", change)
    assert log.notes == []


@pytest.mark.parametrize("shape", [Polygon([(0, 0), (2, 0), (1, 0)]), Polygon(SQUARE, [SQUARE])])
def test_a_polygon_without_area_is_told_as_such(shape: Polygon) -> None:
    _, log = _checked(shape)
    assert [(fault.code, fault.row) for fault in log.faults.found] == [("polygon_without_area", "b")]


def test_a_change_of_area_too_small_to_show_is_never_shown_as_none() -> None:
    _, log = _checked(Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(4, 1), (4.01, 1), (4.01, 1.02), (4, 1.02)]]))
    assert [fault.expected for fault in log.faults.found] == ["< 0.01%"]


def test_units_that_lie_off_the_map_are_there(case: Case) -> None:
    boxes = [shapely.box(106.3, south, 106.4, south + 0.1) for south in (29.6, 29.7, 29.8, 400)]
    gpd.GeoDataFrame({"id": list("abcd"), "name": list("abcd")}, geometry=boxes, crs=4326).to_file(
        case.folder / "streets.gpkg"
    )
    with pytest.raises(InputError) as refused:
        case.read()
    told = [fault.code for fault in refused.value.faults if (fault.layer or "").startswith("units")]
    assert told == ["coordinates_out_of_range"]


@pytest.mark.parametrize("shape", [None, Polygon(), Point()])
def test_no_geometry_is_a_fault(shape: Any) -> None:
    _, log = _checked(shape)
    assert (log.faults.found[0].code, log.faults.found[0].row) == ("null_geometry", "b")


@pytest.mark.parametrize(
    ("shape", "family"),
    [
        (Point(0, 0), "polygons"),
        (LineString([(0, 0), (1, 1)]), "polygons"),
        (LineString([(0, 0), (1, 1)]), "points"),
        (MultiPoint([(0, 0), (1, 1)]), "points"),
        (shapely.box(0, 0, 1, 1), "lines"),
        (shapely.GeometryCollection([Point(0, 0)]), "any"),
    ],
)
def test_the_wrong_kind_of_geometry_is_a_fault(shape: Any, family: Family) -> None:
    _, log = _checked(shape, family)
    fault = log.faults.found[-1]
    assert (fault.code, fault.row, fault.found) == ("wrong_geometry", "b", shape.geom_type)


def test_a_point_stands_for_a_plot() -> None:
    plot = Polygon([(0, 0), (9, 0), (9, 1), (1, 1), (1, 9), (0, 9)])
    found, log = _checked(plot, "points")
    assert found.geom_type == "Point"
    assert plot.contains(found)
    assert [note.code for note in log.notes] == ["points_from_polygons"]


def test_a_multipoint_of_one_is_a_point() -> None:
    found, log = _checked(MultiPoint([(3, 4)]), "points")
    assert found == Point(3, 4)
    assert log.faults.found == []


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        (Point(106.5, float("inf")), "106.5, inf"),
        (LineString([(106, 29), (107, float("inf")), (106, 30)]), "107, inf"),
    ],
)
def test_coordinates_that_are_no_numbers_are_told_as_such(shape: BaseGeometry, found: str) -> None:
    _, log = _checked(shape, "any", "EPSG:4490")
    (fault,) = log.faults.found
    assert (fault.code, fault.row, fault.found) == ("coordinates_not_numbers", "b", found)


@pytest.mark.parametrize("point", [Point(29.5, 106.5), Point(500, 0)])
def test_degrees_off_the_globe_are_a_fault(point: Point) -> None:
    _, log = _checked(point, "points", "EPSG:4490")
    assert [(fault.code, fault.row) for fault in log.faults.found] == [("coordinates_out_of_range", "b")]


def test_a_unit_is_mended_while_it_is_read(case: Case) -> None:
    streets = squares()
    corner = streets.geometry[1].bounds
    x, y = corner[0], corner[1]
    streets.loc[1, "geometry"] = Polygon(
        [(x, y), (x + 1000, y), (x + 500, y + 500), (x + 1000, y + 1000), (x, y + 1000), (x + 500, y + 500)]
    )
    streets.to_file(case.folder / "streets.gpkg")
    inputs = case.read()
    assert inputs.units["street"].is_valid.all()
    assert inputs.units["street"].geometry["S2"].area == pytest.approx(500_000)
    told = {note.code: note.values for note in inputs.notes}
    assert set(told) == {"polygon_mended"}
    assert told["polygon_mended"]["ids"] == "S2"


def test_a_bow_tie_is_refused_while_it_is_read(case: Case) -> None:
    streets = squares()
    x, y, right, top = streets.geometry[0].bounds
    streets.loc[0, "geometry"] = Polygon([(x, y), (right, top), (right, y), (x, top)])
    streets.to_file(case.folder / "streets.gpkg")
    fault = case.fault()
    assert (fault.code, fault.file, fault.layer, fault.row) == ("invalid_polygon", "streets.gpkg", "units.street", "S1")
    assert "Self-intersection" in fault.message("zh")


def test_a_union_is_of_the_units_that_are_sound(case: Case) -> None:
    case.sections["units.district"] = 'union_of = "street"'
    assert case.read().units["district"].geometry.iloc[0].equals(squares().union_all())
    streets = squares()
    x, y, right, top = streets.geometry[0].bounds
    # GEOS cannot lay this over anything; the fault is that of the street alone.
    spike = [(x, y), (right, top), (right, y), (x, top), (right, top), (x, y), (x, y)]
    streets.loc[0, "geometry"] = MultiPolygon([Polygon(spike), shapely.box(x, y, right, top)])
    streets.to_file(case.folder / "streets.gpkg")
    fault = case.fault()
    assert (fault.code, fault.layer, fault.row) == ("invalid_polygon", "units.street", "S1")


def test_a_point_off_the_map_of_its_crs_is_told(case: Case) -> None:
    case.facilities("id,tier,status,x,y\nA,station,existing,18000000,8000000\n")
    case.sections["facilities"] = case.sections["facilities"].replace("EPSG:4545", "ESRI:54009")
    assert (case.fault().code, case.fault().file, case.fault().row) == (
        "coordinates_out_of_range",
        "facilities.csv",
        "A",
    )


def test_a_polygon_that_breaks_on_its_way_is_valid_again() -> None:
    # A corner lies on the opposite side: it crosses over when the corners, and not the sides, are moved.
    corner = (107.00329782368424, 29.00396572561739)
    notch = Polygon([(107.0, 29.0), (107.00606635775767, 29.00729496560984), (107.006, 29.02), corner, (106.99, 29.02)])
    assert notch.is_valid
    shapes = gpd.GeoSeries([notch], crs="EPSG:4490")
    assert not shapes.to_crs("EPSG:4545").is_valid.all()
    there = moved(shapes, CRS.from_epsg(4545))
    assert there.is_valid.all()
    assert there.iloc[0].area == pytest.approx(shapes.to_crs("EPSG:4545").iloc[0].area, rel=1e-6)


EMPTY = [
    "POLYGON EMPTY",
    "MULTIPOLYGON EMPTY",
    "POINT EMPTY",
    "LINESTRING EMPTY",
    "GEOMETRYCOLLECTION EMPTY",
    "MULTIPOLYGON (EMPTY)",
]


@pytest.mark.parametrize("empty", EMPTY)
def test_an_empty_polygon_is_one_fault_in_every_layer(case: Case, empty: str) -> None:
    shapes = [*(shape.wkt for shape in squares().geometry), empty]
    names = ["S1", "S2", "S3"]
    table = pd.DataFrame({"id": names, "name": names, "people": 1000, "wkt": shapes})
    for name in ("streets", "estates", "people", "floods"):
        table.to_csv(case.folder / f"{name}.csv", index=False)
    ways = [f"LINESTRING ({X} {Y}, {X + 900} {Y})", empty]
    pd.DataFrame({"id": [1, 2], "wkt": ways}).to_csv(case.folder / "walk.csv", index=False)
    case.sections |= {
        "units.street": 'path = "streets.csv"\ncrs = "EPSG:4545"',
        "residential_areas": 'path = "estates.csv"\ncrs = "EPSG:4545"',
        "population": 'residents = { polygons = "people.csv", crs = "EPSG:4545" }',
        "constraints.exclude.flood": 'path = "floods.csv"\ncrs = "EPSG:4545"\nclause = "a"',
        "network": 'path = "walk.csv"\ncrs = "EPSG:4545"',
    }
    layers = ("constraints.exclude.flood", "network", "population.residents", "residential_areas", "units.street")
    assert sorted((fault.layer, fault.code) for fault in case.faults()) == [(key, "null_geometry") for key in layers]


def test_polygons_beyond_mending_are_left_out_where_the_scenario_says_so(case: Case) -> None:
    bow = Polygon([(X, Y + 5000), (X + 200, Y + 5200), (X + 200, Y + 5000), (X, Y + 5200)])
    flat = Polygon([(X, Y), (X + 20, Y), (X + 10, Y)])
    shapes = [*squares().geometry, bow, Polygon(), flat]
    names = ["S1", "S2", "S3", "S4", "S5"]
    frame = pd.DataFrame({"id": names, "name": names, "people": 1000, "wkt": [shape.wkt for shape in shapes]})
    frame["residents"] = [10, 10, 300, 40, 5]
    for name in ("streets", "estates", "people"):
        frame.to_csv(case.folder / f"{name}.csv", index=False)
    case.sections |= {
        "units.street": 'path = "streets.csv"\ncrs = "EPSG:4545"',
        "residential_areas": 'path = "estates.csv"\ncrs = "EPSG:4545"',
        "population": 'residents = { polygons = "people.csv", crs = "EPSG:4545" }',
    }
    assert len(case.faults()) == 9
    case.sections["units.street"] += '\non_invalid = "leave_out"'
    case.sections["residential_areas"] += '\non_invalid = "leave_out"'
    case.sections["population"] = case.sections["population"].replace(" }", ', on_invalid = "leave_out" }')
    inputs = case.read()
    notes = [note for note in inputs.notes if note.code.startswith("invalid_left_out")]
    told = {note.values["layer"]: dict(note.values) for note in notes}
    assert {layer: (note["count"], note.get("people"), note["ids"]) for layer, note in told.items()} == {
        "units.street": (3, None, "S3, S4, S5"),
        "residential_areas": (3, "345", "S3, S4, S5"),
        "population.residents": (3, "3,000", "S3, S4, S5"),
    }
    # The bow tie is two triangles of 200 m by 100 m.
    assert float(told["units.street"]["area"].removesuffix(" m²")) == pytest.approx(20_000, rel=1e-3)
    assert list(inputs.units["street"].index) == ["S1", "S2"]
    assert float(inputs.population.residents.frame["people"].sum()) == 2000  # type: ignore[union-attr]


def test_the_table_of_a_unit_that_was_left_out_is_told_as_that(case: Case) -> None:
    frame = gpd.GeoDataFrame(
        {"id": ["S1", "S2"], "name": ["a", "b"]}, geometry=squares().geometry[:2].tolist(), crs=4545
    )
    crossing = Polygon([(X, Y + 5000), (X + 200, Y + 5200), (X + 200, Y + 5000), (X, Y + 5200)])
    gone = gpd.GeoDataFrame({"id": ["S3"], "name": ["c"]}, geometry=[crossing], crs=4545)
    gpd.GeoDataFrame(pd.concat([frame, gone])).to_file(case.folder / "streets.gpkg")
    rows = pd.DataFrame({"name": ["a", "b", "c", "d"], "residents": [100, 200, 6000, 7]})
    rows.to_csv(case.folder / "people.csv", index=False)
    case.sections["units.street"] = 'path = "streets.gpkg"\non_invalid = "leave_out"'
    case.sections["units.street.people"] = 'path = "people.csv"'
    told = {note.code: dict(note.values) for note in case.read().notes}
    assert (told["people_rows_left_out"]["names"], told["people_rows_left_out"]["people"]) == ("c", "6,000")
    assert (told["people_rows_unmatched"]["names"], told["people_rows_unmatched"]["people"]) == ("d", "7")
    assert told["invalid_left_out"]["ids"] == "S3"


def test_what_cannot_be_read_as_a_geometry_makes_no_other_fault(case: Case) -> None:
    names = ["S1", "S2", "S3"]
    texts = [squares().geometry.iloc[0].wkt, "POLYGON ((abc", "TIN (((0 0, 1 0, 1 1, 0 0)))"]
    pd.DataFrame({"id": names, "name": names, "wkt": texts}).to_csv(case.folder / "streets.csv", index=False)
    case.sections["units.street"] = 'path = "streets.csv"\ncrs = "EPSG:4545"'
    assert [(fault.code, fault.row) for fault in case.faults()] == [("not_wkt", "S2"), ("geometry_of_other_type", "S3")]


def test_a_layer_of_which_no_polygon_can_be_mended_is_refused(case: Case) -> None:
    frame = pd.DataFrame({"id": ["S1"], "name": ["a"], "wkt": ["POLYGON EMPTY"]})
    frame.to_csv(case.folder / "streets.csv", index=False)
    case.sections["units.street"] = 'path = "streets.csv"\ncrs = "EPSG:4545"\non_invalid = "leave_out"'
    assert "null_geometry" in {fault.code for fault in case.faults()}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e308])
def test_a_corner_that_is_no_place_is_refused(number: float) -> None:
    ring = [(0, 0), (4, 0), (4, 4), (number, 4), (0, 4)]
    with np.errstate(invalid="ignore", over="ignore"):
        _, log = _checked(Polygon(ring))
    out = "coordinates_out_of_range" if np.isfinite(number) else "coordinates_not_numbers"
    assert out in {fault.code for fault in log.faults.found} <= {out, "invalid_polygon"}


def test_points_that_repeat_are_left_out() -> None:
    ring = [(0, 0), (4, 0), (4, 0), (4, 0), (4, 4), (0, 4), (0, 4)]
    found, log = _checked(Polygon(ring))
    assert list(found.exterior.coords) == [*SQUARE, (0, 0)]
    assert not log.faults.found


@pytest.mark.parametrize("layer", ["units.street", "network", "facilities"])
def test_what_lies_where_the_working_crs_knows_no_degrees_is_told_by_row(case: Case, layer: str) -> None:
    # Most of the layer is where it should be, so that its CRS is believed.
    if layer == "facilities":
        case.facilities(
            "id,name,tier,status,x,y\nF1,a,station,existing,436100,3281100\nF2,b,station,existing,436200,3281200\n"
            "F3,c,station,existing,1000436100,1003281100\n"
        )
    else:
        name = {"units.street": "streets.gpkg", "network": "walk.gpkg"}[layer]
        frame = gpd.read_file(case.folder / name)
        frame.loc[1, "geometry"] = shapely.transform(frame.geometry[1], lambda xy: xy + 1e9)
        frame.to_file(case.folder / name)
    fault = case.fault()
    assert (fault.code, fault.layer) == ("coordinates_out_of_range", layer)
    # The second street, the second line and the third facility.
    assert (
        fault.found
        == {
            "units.street": "1000437000, 1003281000 – 1000438000, 1003282000",
            "network": "1000436500, 1003281500 – 1000437500, 1003281500",
            "facilities": "1000436100, 1003281100 – 1000436100, 1003281100",
        }[layer]
    )


def test_ground_around_the_earth_holds_the_district(case: Case) -> None:
    wide = gpd.GeoDataFrame(geometry=[shapely.box(-180, -90, 180, 90), shapely.box(0, 31, 170, 80)], crs="EPSG:4490")
    wide.to_file(case.folder / "wide.gpkg")
    case.sections["constraints.exclude.wide"] = 'path = "wide.gpkg"\nclause = "…"'
    found = case.read().exclusions["wide"].geometry
    here = shapely.Point(X + 500, Y + 500)
    assert found.contains(here).sum() == 1
    # Its border is that of the parallel, which bends away from the straight line between its ends.
    north = carry(CRS.from_epsg(4490), CRS.from_epsg(4545)).transform(107.4, 31.0)
    assert found.distance(shapely.Point(north)).max() < 5.0


@pytest.mark.parametrize("box", [(0, 0, 180, 85), (-180, -85, 180, 85)])
def test_ground_around_the_earth_in_metres_holds_the_district(case: Case, box: tuple[float, ...]) -> None:
    west, south = carry(CRS.from_epsg(4326), CRS.from_epsg(3857)).transform(*box[:2])
    east, north = carry(CRS.from_epsg(4326), CRS.from_epsg(3857)).transform(*box[2:])
    gpd.GeoDataFrame(geometry=[shapely.box(west, south, east, north)], crs=3857).to_file(case.folder / "wide.gpkg")
    case.sections["constraints.exclude.wide"] = 'path = "wide.gpkg"\nclause = "…"'
    assert case.read().exclusions["wide"].geometry.contains(shapely.Point(X + 500, Y + 500)).all()


def test_a_place_that_reaches_around_the_earth_is_refused(case: Case) -> None:
    streets = gpd.read_file(case.folder / "streets.gpkg").to_crs("EPSG:4490")
    streets.loc[1, "geometry"] = shapely.box(-180, -90, 180, 90)
    streets.to_file(case.folder / "streets.gpkg")
    fault = case.fault()
    assert (fault.code, fault.layer, fault.row) == ("area_too_wide", "units.street", "S2")
