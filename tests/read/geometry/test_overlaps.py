"""Polygons that overlap, stand twice, are no areas, leave gaps, lie across borders: mended, told or refused."""

import itertools
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon, affinity, box

from siting.domain.scenario import Scenario
from siting.read.geometry.coverage import enclosed, hold, whole
from siting.read.geometry.overlaps import check_people_areas, check_places, find_overlaps
from siting.read.geometry.pieces import land_m2, widths
from siting.read.log import Log
from siting.text import LANGS, say

CRS = "EPSG:4545"
# South-west corner of all tests, metres in EPSG:4545.
X, Y = 436_000.0, 3_281_000.0


def _at(shape: Any) -> Any:
    return affinity.translate(shape, X, Y)


def _frame(shapes: dict[str, Any], **columns: list[Any]) -> gpd.GeoDataFrame:
    named = {"name": list(shapes), **columns}
    return gpd.GeoDataFrame(named, index=list(shapes), geometry=[_at(shape) for shape in shapes.values()], crs=CRS)


def _scenario(*levels: str, overlap: bool = False) -> Scenario:
    return Scenario.model_validate(
        {
            "scenario": {"title": "示例", "date": "2026-01-01"},
            "standards": {"place": "重庆市"},
            "population": {"residents": {"path": "r.tif", "unit": "persons per cell"}},
            "units": {level: {"path": f"{level}.gpkg", "overlap": overlap} for level in levels},
            "residential_areas": {"path": "r.gpkg"},
            "facilities": {"path": "f.csv", "complete": True},
            "walking": {"mode": "straight_line"},
        }
    )


def _checked(
    units: dict[str, gpd.GeoDataFrame], residential: gpd.GeoDataFrame | None = None, *, overlap: bool = False
) -> tuple[dict[str, gpd.GeoDataFrame], gpd.GeoDataFrame, Log]:
    log = Log()
    areas = _frame({}) if residential is None else residential
    found, areas = check_places(units, areas, _scenario(*units, overlap=overlap), log)
    return found, areas, log


def _notes(log: Log) -> dict[str, dict[str, Any]]:
    """The figures of each note; every note can be said in both languages."""
    for note, lang in itertools.product(log.notes, LANGS):
        assert say(f"note.{note.code}", lang, **note.values)
    return {note.code: dict(note.values) for note in log.notes}


def _codes(log: Log) -> list[tuple[str, str | None, str]]:
    for fault, lang in itertools.product(log.faults.found, LANGS):
        assert fault.message(lang)
    return [(fault.code, fault.row, fault.found) for fault in log.faults.found]


# --- overlaps of units --------------------------------------------------------------------------------------------


def test_neighbours_that_share_a_side_are_left_alone() -> None:
    units = _frame({"S1": box(0, 0, 1000, 1000), "S2": box(1000, 0, 2000, 1000)})
    found, _, log = _checked({"street": units})
    assert found["street"].geometry.geom_equals(units.geometry).all()
    assert log.notes == []
    assert log.faults.found == []


@pytest.mark.parametrize("order", list(itertools.permutations(["small", "large", "other"])))
def test_a_sliver_goes_to_the_smaller_unit_whatever_the_order(order: tuple[str, ...]) -> None:
    # 1.5 m × 900 m = 1350 m² in common, 0.15 % of the smaller unit.
    shapes = {"small": box(0, 0, 1000, 900), "large": box(998.5, 0, 2500, 900), "other": box(2500, 0, 2600, 900)}
    units = _frame({key: shapes[key] for key in order})
    found, _, log = _checked({"street": units})
    street = found["street"].geometry
    assert list(street.index) == list(order)
    assert street["small"].equals(_at(shapes["small"]))
    assert street["large"].equals(_at(box(1000, 0, 2500, 900)))
    assert street.area.sum() == pytest.approx(2600 * 900, abs=1e-3)
    note = _notes(log)["slivers_mended"]
    assert (note["count"], note["people"]) == (1, "?")
    # On the ellipsoid; the zone is some 60 km from its meridian.
    assert float(note["area"].split()[0]) == pytest.approx(1350, rel=2e-3)
    assert log.faults.found == []


def test_of_equal_units_the_first_by_id_keeps_the_sliver_and_its_people_are_told() -> None:
    units = _frame({"B": box(0, 0, 1001, 1000), "A": box(1000, 0, 2001, 1000)}, own_residents=[2002.0, 1001.0])
    found, _, log = _checked({"street": units})
    assert found["street"].geometry["A"].area == pytest.approx(1001e3)
    assert found["street"].geometry["B"].area == pytest.approx(1000e3)
    # B loses 1000 of its 1,001,000 m²: 2 of its 2002 people.
    assert _notes(log)["slivers_mended"]["people"] == "2"


def test_three_units_on_one_sliver_are_disjoint_afterwards() -> None:
    units = _frame({"a": box(0, 0, 1000, 1001), "b": box(0, 1000, 500.5, 2500), "c": box(499.5, 1000, 1200, 3000)})
    found, _, log = _checked({"street": units})
    for one, other in itertools.combinations(found["street"].geometry, 2):
        assert one.intersection(other).area == pytest.approx(0, abs=1e-6)
    assert found["street"].union_all().area == pytest.approx(units.union_all().area)
    assert _notes(log)["slivers_mended"]["count"] == 3


@pytest.mark.parametrize(
    ("other", "share"),
    [
        (box(990, 0, 2000, 1000), "1.00%"),  # ten metres wide
        (box(998.5, 0, 1010, 1000), "13.04%"),  # narrow, but much of a narrow unit
        (box(400, 400, 600, 600), "100.00%"),  # inside
    ],
)
def test_a_larger_overlap_is_refused_with_both_units_and_the_area(other: Any, share: str) -> None:
    units = _frame({"S1": box(0, 0, 1000, 1000), "S2": other})
    found, _, log = _checked({"street": units})
    assert _codes(log) == [("units_overlap", "S1", "S2")]
    (fault,) = log.faults.found
    area = box(0, 0, 1000, 1000).intersection(other).area
    assert fault.expected.split(", ")[1:] == [share, "?"]
    assert float(fault.expected.split()[0]) == pytest.approx(area, rel=2e-3)
    assert (fault.file, fault.layer) == ("street.gpkg", "units.street")
    assert found["street"].geometry.geom_equals(units.geometry).all()


def test_a_small_corner_is_a_sliver_however_square() -> None:
    units = _frame({"S1": box(0, 0, 1000, 1000), "S2": box(993, 993, 2000, 2000)})
    _, _, log = _checked({"street": units})
    assert _notes(log)["slivers_mended"]["count"] == 1  # 49 m²
    units = _frame({"S1": box(0, 0, 1000, 1000), "S2": box(992, 992, 2000, 2000)})
    _, _, log = _checked({"street": units})
    assert _codes(log) == [("units_overlap", "S1", "S2")]  # 64 m², 4 m wide


def test_the_order_of_rows_changes_nothing_that_is_told() -> None:
    random = np.random.default_rng(5)
    corners = list(itertools.product(range(0, 500, 100), range(0, 600, 100)))
    shapes = {f"S{i:02d}": box(x, y, x + 100.9, y + 100.7) for i, (x, y) in enumerate(random.permutation(corners))}
    areas = {f"R{i:02d}": box(x, y, x + 60, y + 70) for i, (x, y) in enumerate(random.uniform(0, 700, (60, 2)))}
    told = []
    for step in (1, -1):
        units, residential = _frame(dict(list(shapes.items())[::step])), _frame(dict(list(areas.items())[::step]))
        found, _, log = _checked({"street": units}, residential)
        told.append((log.notes, log.faults.found, found["street"].geometry.sort_index().to_wkt().to_list()))
    assert told[0] == told[1]
    assert {"slivers_mended", "residential_across", "residential_outside"} <= set(_notes(log))


def test_many_overlaps_are_told_largest_first_and_the_rest_counted() -> None:
    units = _frame({f"S{i:02d}": box(i * 100, 0, i * 100 + 110 + i, 1000) for i in range(25)})
    _, _, log = _checked({"street": units})
    codes = _codes(log)
    assert [code for code, _, _ in codes] == ["units_overlap"] * 20 + ["more_units_overlap"]
    assert codes[0][1:] == ("S23", "S24")
    assert codes[-1][2] == "4"


def test_units_may_overlap_on_purpose() -> None:
    units = _frame({"S1": box(0, 0, 1000, 1000), "S2": box(500, 0, 1500, 1000), "S3": box(500, 0, 1500, 1000)})
    found, _, log = _checked({"street": units}, overlap=True)
    assert found["street"].geometry.geom_equals(units.geometry).all()
    assert log.faults.found == []
    notes = _notes(log)
    assert notes["units_overlap_on_purpose"]["count"] == 3
    assert notes["units_twice"]["ids"].startswith("S2 + S3")


def test_one_polygon_under_two_ids_is_refused_for_units_and_residential_areas() -> None:
    # The second is the first but for a strip of half a metre of 1 km.
    twice = {"A": box(0, 0, 1000, 1000), "B": box(0, 0, 1000, 999.5), "C": box(2000, 0, 2500, 500)}
    _, _, log = _checked({"street": _frame(twice)})
    assert _codes(log) == [("polygon_twice", "A", "B")]
    _, _, log = _checked({"street": _frame({"S": box(-10, -10, 3000, 3000)})}, _frame(twice))
    assert _codes(log) == [("polygon_twice", "A", "B")]
    assert log.faults.found[0].layer == "residential_areas"


@pytest.mark.parametrize("seed", range(6))
def test_pairs_are_those_of_brute_force(seed: int) -> None:
    random = np.random.default_rng(seed)
    corners = random.integers(0, 30, (40, 2)) * 10.0
    sides = random.integers(1, 8, (40, 2)) * 10.0
    shapes = shapely.box(*corners.T, *(corners + sides).T)
    found = find_overlaps(shapes)
    got = dict(zip(zip(found.one.tolist(), found.other.tolist(), strict=True), found.area, strict=True))
    hand = {
        (i, j): shapes[i].intersection(shapes[j]).area
        for i, j in itertools.combinations(range(40), 2)
        if shapes[i].intersection(shapes[j]).area > 0
    }
    assert got == pytest.approx(hand)


# --- residential areas --------------------------------------------------------------------------------------------


def test_residential_areas_that_overlap_stay_and_are_told() -> None:
    areas = _frame(
        {"R1": box(0, 0, 100, 100), "R2": box(50, 0, 150, 100), "R3": box(149, 0, 300, 100)},
        residents=[400.0, None, 300.0],
    )
    _, found, log = _checked({"street": _frame({"S": box(-10, -10, 3000, 3000)})}, areas)
    notes = _notes(log)
    # R1 and R2 are of one size: 5000 of the 10,000 m² of the first are shared, with 200 of its 400 people.
    assert (notes["residential_overlap"]["count"], notes["residential_overlap"]["people"]) == (1, "200")
    assert notes["residential_overlap"]["ids"].startswith("R1 + R2 ")
    assert notes["slivers_mended"]["ids"].startswith("R2 + R3 ")
    assert found.geometry["R3"].equals(_at(box(150, 0, 300, 100)))
    assert found.geometry["R1"].equals(areas.geometry["R1"])
    assert log.faults.found == []


def test_scraps_are_left_out_unless_they_give_figures() -> None:
    areas = _frame(
        {"R1": box(0, 0, 100, 100), "tiny": box(500, 0, 500.9, 1), "thin": box(600, 0, 600.4, 500)},
        residents=[None, None, 30.0],
        households=[None, None, None],
    )
    units = {"street": _frame({"S": box(-10, -10, 3000, 3000)})}
    _, found, log = _checked(units, areas)
    assert list(found.index) == ["R1", "thin"]
    assert _notes(log)["slivers_left_out"]["ids"] == "tiny"
    assert [code[:2] for code in _codes(log)] == [("sliver_polygon", "thin")]


def test_a_unit_that_is_a_scrap_is_refused() -> None:
    _, _, log = _checked({"street": _frame({"S1": box(0, 0, 1000, 1000), "S2": box(2000, 0, 2000.4, 900)})})
    assert [code[:2] for code in _codes(log)] == [("sliver_polygon", "S2")]


def test_parts_and_holes_are_kept_and_far_parts_told() -> None:
    near = MultiPolygon([box(0, 0, 100, 100), box(4000, 0, 4100, 100), box(8000, 0, 8100, 100)])
    far = MultiPolygon([box(0, 2000, 100, 2100), box(5101, 2000, 5200, 2100)])
    holed = Polygon(box(0, 3000, 900, 3900).exterior, [box(300, 3300, 600, 3600).exterior])
    units = _frame({"near": near, "far": far, "holed": holed})
    found, _, log = _checked({"street": units})
    assert found["street"].geometry.geom_equals(units.geometry).all()
    notes = _notes(log)
    assert notes["far_parts"]["ids"] == "far"
    assert float(notes["units_enclose_gaps"]["area"].split()[0]) == pytest.approx(90_000, rel=2e-3)


def test_residential_areas_across_units_and_outside_are_told() -> None:
    units = _frame({"S1": box(0, 0, 1000, 1000), "S2": box(1000, 0, 2000, 1000)})
    areas = _frame(
        {
            "in": box(100, 100, 200, 200),
            "across": box(925, 100, 1025, 200),  # a quarter in S2
            "fence": box(900, 300, 1000.9, 400),  # 90 m² and 0.9 % in S2
            "kiosk": box(990, 500, 1005, 503),  # 15 m² in S2
            "out": box(5000, 0, 5100, 100),
            "touch": box(2000, 0, 2100, 100),
            "part": box(1950, 500, 2050, 600),
        },
        residents=[1000.0, 400.0, None, None, 70.0, None, 20.0],
    )
    _, _, log = _checked({"street": units}, areas)
    notes = _notes(log)
    across = notes["residential_across"]
    assert (across["count"], across["other"], across["people"], across["ids"]) == (
        1,
        "street",
        "100",
        "across → S2 25.0%",
    )
    outside = notes["residential_outside"]
    assert (outside["count"], outside["people"], outside["ids"]) == (2, "70", "out, touch")
    partly = notes["residential_partly_outside"]
    assert (partly["count"], partly["people"], partly["ids"]) == (1, "10", "part 50.0%")


# --- gaps ---------------------------------------------------------------------------------------------------------


def test_gaps_and_ground_beyond_are_told_against_the_coarser_level() -> None:
    streets = _frame({"T1": box(0, 0, 1000, 1000), "T2": box(1000, 0, 2000, 1000)})
    communities = _frame(
        {
            "C1": box(0, 0, 999, 1000),  # leaves a strip 1 m wide
            "C2": box(1000, 0, 1500, 1000),
            "C3": box(1500, 0, 2000, 800),  # leaves 500 m × 200 m
            "C4": box(2000, 0, 2100, 300),  # beyond
        }
    )
    _, _, log = _checked({"community": communities, "street": streets})
    notes = _notes(log)
    gaps = notes["units_leave_gaps"]
    assert float(gaps["area"].split()[0]) == pytest.approx(101_000, rel=2e-3)
    assert float(gaps["narrow"].split()[0]) == pytest.approx(1_000, rel=2e-3)
    assert (gaps["share"], gaps["count"], gaps["other"], gaps["layer"]) == ("5.05%", 1, "street", "units.community")
    assert gaps["ids"].startswith("T2 ")
    lon, lat = map(float, gaps["ids"].split("(")[1].rstrip(")").split(","))
    spot = gpd.GeoSeries(gpd.points_from_xy([lon], [lat]), crs="EPSG:4326").to_crs(CRS).iloc[0]
    assert _at(box(1500, 800, 2000, 1000)).buffer(1).contains(spot)
    beyond = notes["units_stick_out"]
    assert float(beyond["area"].split()[0]) == pytest.approx(30_000, rel=2e-3)
    assert beyond["ids"].startswith("C4 ")
    assert "units_across" not in notes


def test_a_unit_in_two_coarser_units_is_told() -> None:
    streets = _frame({"T1": box(0, 0, 1000, 1000), "T2": box(1000, 0, 2000, 1000)})
    communities = _frame({"C1": box(0, 0, 1200, 1000), "C2": box(1200, 0, 2000, 1000)}, own_residents=[600.0, 10.0])
    _, _, log = _checked({"community": communities, "street": streets})
    across = _notes(log)["units_across"]
    assert (across["count"], across["people"], across["ids"]) == (1, "100", "C1 → T2 16.7%")
    assert set(_notes(log)) == {"units_across"}


def test_planning_units_need_not_cover_streets() -> None:
    streets, planning = _frame({"T1": box(0, 0, 1000, 1000)}), _frame({"P1": box(0, 0, 300, 300)})
    _, _, log = _checked({"street": streets, "planning": planning})
    assert log.notes == []


def test_enclosed_ground_with_an_island_in_it() -> None:
    ring = shapely.difference(box(0, 0, 9, 9), box(1, 1, 8, 8))
    island = shapely.difference(box(2, 2, 6, 6), box(3, 3, 4, 4))
    found = enclosed(whole(np.array([ring, island], dtype=object)))
    assert found.area == pytest.approx(49 - 16 + 1)


@pytest.mark.parametrize("seed", range(4))
def test_holding_is_that_of_an_overlay(seed: int) -> None:
    random = np.random.default_rng(seed)
    centres = shapely.points(random.uniform(0, 300, (60, 2)))
    areas = gpd.GeoDataFrame(index=range(60), geometry=shapely.buffer(centres, random.uniform(5, 40, 60)), crs=CRS)
    cells = [box(x, y, x + 60, y + 60) for x in range(0, 240, 60) for y in range(0, 300, 60)]
    units = gpd.GeoDataFrame(index=[f"u{i:02d}" for i in range(len(cells))], geometry=cells, crs=CRS)
    found = hold(areas, units)
    pieces = gpd.overlay(areas.reset_index(), units.reset_index(names="unit"), keep_geom_type=True)
    pieces = pieces.assign(m2=pieces.area)
    for row, area in areas.geometry.items():
        mine = pieces[pieces["index"] == row].sort_values(["m2", "unit"], ascending=[False, True])
        assert found.share[row] == pytest.approx(mine["m2"].sum() / area.area)
        assert found.second_m2[row] == pytest.approx(mine["m2"].iloc[1] if len(mine) > 1 else 0.0, abs=1e-6)
        if len(mine) > 1:
            assert units.index[found.second[row]] == mine["unit"].iloc[1]


# --- what is measured ---------------------------------------------------------------------------------------------


def test_land_is_measured_on_the_ellipsoid_with_its_holes() -> None:
    holed = Polygon(box(0, 0, 900, 900).exterior, [box(300, 300, 600, 600).exterior])
    reversed_ = Polygon(list(holed.exterior.coords)[::-1], [ring.coords for ring in holed.interiors])
    there = gpd.GeoSeries([_at(holed), _at(reversed_)], crs=CRS)
    # An equal-area projection of another library agrees.
    equal = there.to_crs("+proj=laea +lat_0=29.6 +lon_0=107.3 +ellps=GRS80").area.to_numpy()
    assert land_m2(there.to_numpy(), CRS) == pytest.approx(equal, rel=1e-6)


def test_width_is_that_of_a_strip() -> None:
    strip = shapely.LineString([(0, 0), (500, 300), (900, 0)]).buffer(1.5, cap_style="flat")
    assert widths(np.array([strip]))[0] == pytest.approx(3.0, rel=0.01)


def test_what_reading_refused_is_left_as_it_is() -> None:
    bow = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    units = _frame({"S1": box(0, 0, 1000, 1000), "bow": bow, "S2": box(999, 0, 2000, 1000)})
    units.loc["none"] = {"name": "none", "geometry": None}
    found, _, log = _checked({"street": units})
    assert list(found["street"].index) == ["S1", "bow", "S2", "none"]
    assert shapely.equals_identical(found["street"].geometry["bow"], units.geometry["bow"])
    assert _notes(log)["slivers_mended"]["count"] == 1
    degrees = units.iloc[[0, 2]].to_crs("EPSG:4326")
    found, _, log = _checked({"street": degrees})
    assert found["street"] is degrees
    assert log.notes == []


def test_areas_of_people_in_degrees_are_left_as_they_are() -> None:
    # Without sound units there is no working CRS; geopandas warns of areas in degrees.
    areas, log = _frame({"A": box(0, 0, 1000, 1000)}, people=[5.0]).to_crs("EPSG:4326"), Log()
    for on_purpose in (True, False):
        check_people_areas(areas, log.layer("population.residents"), on_purpose=on_purpose)
    assert (log.faults.found, log.notes) == ([], [])


def test_nothing_but_scraps_or_nothing_at_all_is_no_trouble() -> None:
    units = {"street": _frame({"S1": box(0, 0, 1000, 1000)})}
    _, found, log = _checked(units, _frame({"tiny": box(0, 0, 0.5, 0.5)}))
    assert len(found) == 0
    assert set(_notes(log)) == {"slivers_left_out"}
    assert len(find_overlaps(_frame({}).geometry.to_numpy()).one) == 0
    _, found, log = _checked({"street": _frame({})}, _frame({"R": box(0, 0, 50, 50)}))
    assert list(found.index) == ["R"]
    assert log.notes == []
