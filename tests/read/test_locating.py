"""Records without coordinates are placed by the names that they give, and never by a guess."""

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siting.domain.scenario import PlacedLayer
from siting.domain.tables import FACILITY_COLUMNS
from siting.errors import Fault
from siting.read.locating import locate
from siting.read.log import Log
from siting.read.names import alike, bare, held_names, normal
from siting.read.sources.vectors import Raw
from siting.read.tables.finish import finished
from tests.helpers import METRIC, at, box, table

# Two streets side by side, 1 km each; two communities in each, north and south; 阳光社区 stands in both streets.
STREETS = {
    "T1": ("七星岗街道", box(0, 0, 1000, 1000)),
    "T2": ("人和镇", box(1000, 0, 2000, 1000)),
}
COMMUNITIES = {
    "C1": ("捍卫路社区", box(0, 0, 1000, 500)),
    "C2": ("阳光社区", box(0, 500, 1000, 1000)),
    "C3": ("阳光社区", box(1000, 0, 2000, 500)),
    "C4": ("新华村", box(1000, 500, 2000, 1000)),
}
AREAS = {
    "R1": ("华府小区", box(100, 100, 300, 200)),
    "R2": ("锦绣花园", box(600, 600, 700, 700)),
    "R3": ("锦绣花园", box(1600, 600, 1700, 700)),
    "R4": ("长寿苑", box(990, 600, 1090, 700)),
}


def _layer(places: dict[str, tuple[str, shapely.Polygon]]) -> gpd.GeoDataFrame:
    names = [name for name, _ in places.values()]
    shapes = [shape for _, shape in places.values()]
    return gpd.GeoDataFrame({"name": names}, geometry=shapes, index=list(places), crs=METRIC).rename_axis("id")


UNITS = {"street": _layer(STREETS), "community": _layer(COMMUNITIES)}


def _locate(
    *rows: dict[str, Any], unplaced: str = "refuse", units: dict[str, gpd.GeoDataFrame] | None = None
) -> tuple[gpd.GeoDataFrame, Log]:
    """Locate rows F1, F2, …; ``at`` gives coordinates."""
    ids = [f"F{number}" for number in range(1, len(rows) + 1)]
    cells = {key: {"tier": "station", **row} for key, row in zip(ids, rows, strict=True)}
    shapes = {key: cell.pop("at", None) for key, cell in cells.items()}
    frame = table(FACILITY_COLUMNS, cells, shapes)
    log = Log()
    source = PlacedLayer.model_validate({"path": "f.csv", "unplaced": unplaced})
    layer = log.layer("facilities", "f.csv")
    return locate(frame, UNITS if units is None else units, _layer(AREAS), source, layer), log


def _by(*rows: dict[str, Any], **options: Any) -> list[str]:
    found, log = _locate(*rows, **options)
    assert log.faults.found == []
    return found["located_by"].tolist()


def _faults(log: Log) -> list[Fault]:
    return log.faults.found


def _notes(log: Log) -> dict[str, Any]:
    return {note.code: note.values for note in log.notes}


def test_coordinates_stay_and_are_exact() -> None:
    found, log = _locate({"at": at(5, 5)}, {"at": at(1500, 5), "community": "阳光社区", "street": "人和镇"})
    assert found["located_by"].tolist() == ["coordinates", "coordinates"]
    assert found["located_within_m"].tolist() == [0.0, 0.0]
    assert found.geometry.tolist() == [at(5, 5), at(1500, 5)]
    assert log.layers["facilities"]["located"] == {"coordinates": 2}
    assert list(found.columns)[-3:] == ["located_by", "located_within_m", "geometry"]


def test_the_smallest_place_named_is_taken() -> None:
    found, log = _locate(
        {"residential_area": "华府小区", "community": "捍卫路社区", "street": "七星岗街道"},
        {"community": "捍卫路社区", "street": "七星岗街道"},
        {"street": "七星岗街道"},
        {"at": at(1, 1)},
    )
    assert found["located_by"].tolist() == ["residential_area", "community", "street", "coordinates"]
    assert found.geometry.tolist()[:3] == [at(200, 150), at(500, 250), at(500, 500)]
    assert found["located_within_m"].tolist() == pytest.approx(
        [math.hypot(100, 50), math.hypot(500, 250), math.hypot(500, 500), 0]
    )
    note = _notes(log)["located_by_names"]
    assert (note["count"], note["residential_area"], note["community"], note["street"]) == (3, 1, 1, 1)
    assert (note["address"], note["largest"], note["ids"]) == (0, "F3", "F1, F2, F3")
    assert note["largest_m"] == 707
    expected = {"residential_area": 1, "community": 1, "street": 1, "coordinates": 1}
    assert log.layers["facilities"]["located"] == expected


def test_where_the_centroid_lies_outside_the_widest_spot_is_taken() -> None:
    # A horseshoe, 100 m deep on three sides and 300 m on the fourth.
    shoe = box(0, 0, 1000, 1000).difference(box(100, 300, 1100, 900))
    assert not shoe.contains(shoe.centroid)
    found, _ = _locate({"street": "人和镇"}, units={"street": _layer({"T1": ("人和镇", shoe)})})
    (place,) = found.geometry
    assert shoe.contains(place)
    assert place.distance(shoe.boundary) >= 145
    farthest = max(math.dist(place.coords[0], corner) for corner in shapely.get_coordinates(shoe))
    assert found["located_within_m"].iloc[0] == pytest.approx(farthest)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=8, unique=True))
def test_a_place_by_name_lies_inside_and_no_corner_is_farther_than_told(corners: list[tuple[int, int]]) -> None:
    area = shapely.concave_hull(shapely.MultiPoint(corners), ratio=0.3)
    if area.geom_type != "Polygon":
        return
    units = {"street": _layer({"T1": ("人和镇", area)})}
    found, _ = _locate({"street": "人和"}, units=units)
    (place,), (within,) = found.geometry, found["located_within_m"]
    assert area.contains(place)
    assert area.difference(place.buffer(within + 1e-6, quad_segs=200)).area == pytest.approx(0, abs=area.area * 1e-3)


@pytest.mark.parametrize(
    ("cells", "level"),
    [
        ({"community": "C1"}, "community"),
        ({"community_id": "C1"}, "community"),
        ({"community": " 捍卫路　社区 "}, "community"),
        ({"community": "捍卫路社区居委会"}, "community"),
        ({"community": "捍卫路"}, "community"),
        ({"community": "新华社区"}, "community"),
        ({"street": "七星岗"}, "street"),
        ({"street": "七星岗街道办事处"}, "street"),
        ({"street_id": "T2"}, "street"),
        ({"residential_area": "华府"}, "residential_area"),
        ({"residential_area": "R2"}, "residential_area"),
        # A name that stands twice is told apart by what is named beside it, or gives way to it.
        ({"community": "阳光社区", "street": "人和镇"}, "community"),
        ({"residential_area": "锦绣花园", "street": "人和"}, "residential_area"),
        ({"residential_area": "锦绣花园", "community": "C2"}, "residential_area"),
        ({"residential_area": "锦绣花园", "community": "捍卫路社区"}, "community"),
        ({"residential_area": "不知名", "community": "捍卫路社区"}, "community"),
        # It lies in both streets: a tenth is enough.
        ({"residential_area": "长寿苑", "street": "七星岗街道"}, "residential_area"),
        # One that lies elsewhere than its community is another one of the name.
        ({"residential_area": "华府小区", "community": "新华村"}, "community"),
        ({"community": "捍卫路社区", "street": "人和镇"}, "street"),
    ],
)
def test_names_are_understood(cells: dict[str, str], level: str) -> None:
    assert _by(cells) == [level]


def test_of_two_of_a_name_the_one_in_the_street_is_taken() -> None:
    found, _ = _locate(
        {"community": "阳光社区", "street": "人和镇"}, {"residential_area": "锦绣花园", "community": "C2"}
    )
    assert COMMUNITIES["C3"][1].contains(found.geometry.iloc[0])
    assert AREAS["R2"][1].contains(found.geometry.iloc[1])


@pytest.mark.parametrize(
    ("cells", "field", "found", "expected"),
    [
        ({"community": "阳光社区"}, "community", "阳光社区", "阳光社区 (C2), 阳光社区 (C3)"),
        ({"community": "捍卫社区"}, "community", "捍卫社区", "捍卫路社区 (C1), 阳光社区 (C2), 阳光社区 (C3)"),
        ({"residential_area": "锦绣花园"}, "residential_area", "锦绣花园", "锦绣花园 (R2), 锦绣花园 (R3)"),
        # The street is not one of ours: a community of the name may well lie there.
        (
            {"community": "捍卫路社区", "street": "石桥铺街道"},
            "street, community",
            "石桥铺街道, 捍卫路社区",
            "捍卫路社区 (C1)",
        ),
        ({"address": "某处 3 号"}, "address", "某处 3 号", "–"),
    ],
)
def test_what_leads_to_no_single_place_is_refused(cells: dict[str, str], field: str, found: str, expected: str) -> None:
    placed, log = _locate(cells, {"at": at(1, 1)})
    (fault,) = _faults(log)
    assert (fault.code, fault.row, fault.field, fault.found) == ("not_placed", "F1", field, found)
    assert expected in fault.expected
    assert placed.index.tolist() == ["F2"]


def test_a_row_that_names_nothing_is_refused() -> None:
    _, log = _locate({"name": "一号站"})
    assert [(fault.code, fault.row) for fault in _faults(log)] == [("nothing_to_place_by", "F1")]


def test_what_cannot_be_placed_is_left_out_when_asked() -> None:
    placed, log = _locate({"community": "阳光社区"}, {"at": at(1, 1)}, {}, unplaced="leave_out")
    assert _faults(log) == []
    assert placed.index.tolist() == ["F2"]
    assert dict(_notes(log)["unplaced_left_out"]) == {"layer": "facilities", "count": 2, "ids": "F1, F3"}
    assert log.layers["facilities"]["located"] == {"coordinates": 1}


@pytest.mark.parametrize(
    ("address", "level"),
    [
        ("重庆市渝中区七星岗街道捍卫路社区华府小区3栋", "residential_area"),
        ("重庆市渝中区七星岗街道捍卫路社区民生巷 3 号", "community"),
        ("七星岗街道中山一路 3 号", "street"),
        ("七星岗街道锦绣花园", "residential_area"),
        # The road of that name is not the estate.
        ("七星岗街道华府小区路 8 号", "street"),
        ("人和镇华府小区", "street"),
    ],
)
def test_an_address_is_searched_for_full_names(address: str, level: str) -> None:
    found, log = _locate({"address": address})
    assert found["located_by"].tolist() == [level]
    assert _notes(log)["located_by_names"]["address"] == 1


def test_columns_go_before_the_address() -> None:
    found, log = _locate(
        {"community": "新华村", "address": "七星岗街道华府小区"}, {"street": "人和镇", "address": "长寿苑"}
    )
    assert found["located_by"].tolist() == ["community", "street"]
    assert _notes(log)["located_by_names"]["address"] == 0
    # What the columns leave open, the address may close, but only within what they say.
    assert _by({"residential_area": "不知名", "address": "捍卫路社区"}) == ["community"]
    _, log = _locate({"street": "石桥铺街道", "address": "捍卫路社区"})
    assert [fault.code for fault in _faults(log)] == ["not_placed"]


def test_ids_of_units_are_filled_by_names() -> None:
    found, log = _locate(
        {"at": at(1, 1), "community": "捍卫路"},
        {"at": at(1, 1), "community": "阳光社区"},
        {"at": at(1, 1), "community": "阳光社区", "street": "七星岗街道"},
        {"at": at(1, 1), "community_id": "C1", "community": "新华村"},
        {"residential_area": "华府小区"},
    )
    ids = found[["community_id", "street_id"]].astype(object).where(found[["community_id", "street_id"]].notna(), None)
    assert ids.to_numpy().tolist() == [["C1", None], [None, None], ["C2", "T1"], ["C1", None], [None, None]]
    assert _notes(log)["unit_ids_from_names"]["ids"] == "F1 → C1, F3 → C2, F3 → T1"
    assert _notes(log)["named_units_unknown"]["ids"] == "F2 → 阳光社区"
    assert found["community_id"].dtype == found["name"].dtype


def test_coordinates_outside_the_unit_named_are_noted() -> None:
    _, log = _locate(
        {"at": at(1500, 100), "community": "捍卫路社区"},
        {"at": at(1500, 100), "street_id": "T1"},
        {"at": at(1500, 100), "street": "人和镇"},
        {"at": at(1000, 100), "street": "七星岗街道"},
        {"residential_area": "长寿苑", "street": "人和镇"},
    )
    assert dict(_notes(log)["named_units_elsewhere"]) == {
        "layer": "facilities",
        "count": 2,
        "ids": "F1 → 捍卫路社区, F2 → T1",
    }


def test_levels_that_the_scenario_lacks_are_not_asked() -> None:
    streets = {"street": UNITS["street"]}
    assert _by({"community": "不知名", "street": "七星岗街道"}, units=streets) == ["street"]
    _, log = _locate({"community": "捍卫路社区"}, units=streets)
    assert [fault.code for fault in _faults(log)] == ["not_placed"]
    _, log = _locate({"at": at(1, 1), "community": "不知名"}, units=streets)
    assert log.notes == []


def test_tables_without_rows_and_with_ids_twice_are_borne() -> None:
    found, log = _locate()
    assert found.empty
    assert {"located_by", "located_within_m"} <= set(found.columns)
    frame = table(FACILITY_COLUMNS, {"A": {"community": "C1"}, "B": {"community": "C4"}}, {"A": None, "B": None})
    frame.index = ["A", "A"]
    layer = log.layer("facilities", "f.csv")
    source = PlacedLayer.model_validate({"path": "f.csv"})
    twice = locate(frame, UNITS, _layer(AREAS), source, layer)
    assert len(twice) == 2
    assert [COMMUNITIES[key][1].contains(place) for key, place in zip(("C1", "C4"), twice.geometry, strict=True)]


# --- tables of a placed layer -----------------------------------------------------------------------------------------


def _finished(source: PlacedLayer, *shapes: shapely.Geometry | None) -> tuple[gpd.GeoDataFrame, Log]:
    log = Log()
    columns = {"id": [f"F{i}" for i in range(len(shapes))], "tier": "station", "status": "existing"}
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4490)
    raw = Raw(frame, source, log.layer("facilities", "f.csv"))
    return finished(raw, FACILITY_COLUMNS, "points", METRIC), log


def test_records_of_a_placed_layer_may_lack_geometry() -> None:
    source = PlacedLayer.model_validate({"path": "f.csv"})
    found, log = _finished(source, shapely.Point(108.0, 29.0), None, shapely.Point(), shapely.Point(108.1, 29.2))
    assert log.faults.found == []
    assert found.geometry.isna().tolist() == [False, True, True, False]
    assert found.geometry.iloc[0].x == pytest.approx(500_000, abs=0.01)
    facts = log.layers["facilities"]
    assert facts["rows_used"] == 4
    np.testing.assert_allclose(facts["extent"], (108.0, 29.0, 108.1, 29.2), atol=1e-4)
    found, log = _finished(source, None)
    assert log.faults.found == []
    assert "extent" not in log.layers["facilities"]


def test_faults_of_a_placed_layer_name_their_row() -> None:
    source = PlacedLayer.model_validate({"path": "f.csv"})
    _, log = _finished(source, None, shapely.LineString([(108, 29), (108, 30)]), shapely.Point(108, 120))
    assert [(fault.code, fault.row) for fault in log.faults.found] == [
        ("wrong_geometry", "F1"),
        ("coordinates_out_of_range", "F2"),
    ]


# --- names ------------------------------------------------------------------------------------------------------------


def test_normal_names_are_one() -> None:
    assert normal("Ａ区 （一期）") == normal("a区(一期)")
    assert bare("大石镇", "street") == bare("大石街道", "street") == "大石"
    assert bare("镇", "street") == "镇"
    assert bare("大石镇", "residential_area") == "大石镇"


def test_the_longest_name_of_an_address_is_held() -> None:
    assert held_names("新华府小区 3 号", ["华府小区", "新华府小区"]) == ["新华府小区"]
    assert held_names("甲苑与乙苑之间", ["甲苑", "乙苑", "苑"]) == ["乙苑", "甲苑"]
    assert held_names("人民街 3 号", ["人民"]) == []
    assert held_names("人民街道 3 号", ["人民"]) == ["人民"]
    assert held_names("a(b 3 号", ["a(b"]) == ["a(b"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("龙溪社区养老服务站", "龙溪养老服务站", True),
        ("夕阳红养老院（总部）", "夕阳红养老院", True),
        ("龙溪社区养老服务站", "龙山社区养老服务站", False),
        ("一号站", "二号站", False),
        ("夕阳红养老院", "夕阳红养老院二院", False),
        ("养老站", "北养老站", False),
        ("站", "站", False),
    ],
)
def test_alike_names(one: str, other: str, expected: bool) -> None:  # noqa: FBT001
    assert alike(one, other) is expected
    assert alike(other, one) is expected
