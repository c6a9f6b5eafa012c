"""What looks like one facility twice, and the facilities of the surroundings."""

import datetime as dt
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from siting.domain.note_order import by_importance
from siting.domain.nouns import Note
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS
from siting.read.ledger import (
    check_crowds,
    note_coarse,
    note_dates,
    note_doubles,
    note_plots,
    note_sizes,
    note_unsized,
    with_context,
)
from siting.read.log import Log
from siting.read.tables.finish import absent
from tests.helpers import METRIC, at, box, scenario, table

Row = dict[str, Any]


def _facilities(**rows: Row) -> gpd.GeoDataFrame:
    """Stations unless told otherwise; ``at`` is where they stand, metres from the corner, one kilometre apart."""
    cells = {key: {"tier": "station", "status": "existing", **row} for key, row in rows.items()}
    shapes = {key: at(*cell.pop("at", (1000 * i, 0))) for i, (key, cell) in enumerate(cells.items())}
    located = {key: cell.pop("located_within_m", 0.0) for key, cell in cells.items()}
    found = table(FACILITY_COLUMNS, cells, shapes)
    return found.assign(located_within_m=pd.Series(located))


def _doubles(records: gpd.GeoDataFrame) -> dict[str, str]:
    log = Log()
    note_doubles(records, log.layer("facilities"))
    return {note.code: note.values["ids"] for note in log.notes}


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        ({"name": "龙溪站"}, {"name": " 龙溪 站"}, "suspected_doubles"),
        ({"name": "龙溪站"}, {"name": "龙山站"}, None),
        ({"at": (0, 0)}, {"at": (3, 4)}, "suspected_doubles"),
        ({"at": (0, 0)}, {"at": (3, 4.1)}, None),
        ({"at": (0, 0)}, {"at": (0, 0), "tier": "centre"}, None),
        ({"at": (0, 0), "site_id": "P"}, {"at": (0, 0), "site_id": "P"}, None),
        ({"at": (0, 0), "site_id": "P"}, {"at": (0, 0), "site_id": "Q"}, "suspected_doubles"),
        # Both stand where their community stands.
        ({"at": (0, 0), "located_within_m": 300.0}, {"at": (0, 0), "located_within_m": 300.0}, None),
        ({"at": (0, 0), "located_within_m": 300.0}, {"at": (0, 0)}, "suspected_doubles"),
        ({"at": (0, 0), "name": "龙溪社区养老站"}, {"at": (0, 200), "name": "龙溪养老站"}, "alike_doubles"),
        ({"at": (0, 0), "name": "龙溪社区养老站"}, {"at": (0, 201), "name": "龙溪养老站"}, None),
        ({"at": (0, 0), "name": "龙溪第一养老站"}, {"at": (0, 20), "name": "龙溪第二养老站"}, None),
        ({"at": (0, 0), "name": "龙溪社区养老站"}, {"at": (0, 20), "name": "龙溪养老站", "parent_id": "A"}, None),
        ({"at": (0, 0), "name": "龙溪养老中心", "tier": "centre"}, {"at": (0, 20), "name": "龙溪社区养老中心"}, None),
        ({"address": "民生路 12 号"}, {"address": "民生路12号"}, "address_doubles"),
        ({"address": "民生路 12 号"}, {"address": "民生路13号"}, None),
        ({"address": "渝中区"}, {"address": "渝中区"}, None),
        ({"address": "民生路 12 号"}, {"address": "民生路12号", "tier": "institution"}, None),
        # Told once, by the first reason.
        ({"name": "龙溪站", "address": "路 1 号"}, {"name": "龙溪站", "address": "路 1 号"}, "suspected_doubles"),
        ({"name": ""}, {"name": ""}, None),
    ],
)
def test_doubles_are_suspected(a: Row, b: Row, code: str | None) -> None:
    expected = {} if code is None else {code: "A + B"}
    assert _doubles(_facilities(A=a, B=b)) == expected
    assert _doubles(_facilities(B=b, A=a)) == expected


def test_of_several_of_one_name_neighbours_are_told() -> None:
    assert _doubles(_facilities(C={"name": "站"}, A={"name": "站"}, B={"name": "站"})) == {
        "suspected_doubles": "A + B, B + C"
    }


def test_candidates_are_looked_at_too() -> None:
    cells = {"A": {"name": "旧厂房"}, "B": {"name": "旧厂房"}, "C": {"name": None}, "D": {"address": "路 1 号"}}
    shapes = {"A": at(0, 0), "B": at(900, 0), "C": at(2, 0), "D": at(500, 0)}
    assert _doubles(table(CANDIDATE_COLUMNS, cells, shapes)) == {"suspected_doubles": "A + B, A + C"}
    assert _doubles(absent(CANDIDATE_COLUMNS, METRIC)) == {}


def test_a_plot_that_may_be_shared_is_named_with_both_areas() -> None:
    log = Log()
    rows = {"land_m2": 3600.0, "floor_area_m2": 380.0}
    own = {**rows, "building_floor_area_m2": 380.0}
    note_plots(_facilities(a=rows, b=own, c={"land_m2": 3600.0}), log.layer("facilities", "f.csv"))
    (note,) = log.notes
    assert (note.code, note.values["count"]) == ("plots_doubtful", 1)
    assert note.values["ids"] == "a (3,600 m² / 380 m²)"


def test_a_plot_shared_in_an_unknown_proportion_is_named() -> None:
    log = Log()
    building, far = {"land_m2": 600.0, "building_floor_area_m2": 900.0}, {"land_m2": 600.0, "far": 2.0}
    rows = _facilities(a=building, b=far, c={"land_m2": 600.0}, d=far | {"floor_area_m2": 300.0})
    note_unsized(rows, log.layer("facilities", "f.csv"))
    assert [(note.code, note.values["ids"]) for note in log.notes] == [("plots_without_floor", "a, b")]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"land_m2": 50_001.0}, "plots_large"),
        ({"land_m2": 50_000.0, "beds": 1000, "floor_area_m2": 35_000.0}, None),
        ({"land_m2": 12.0, "floor_area_m2": 5000.0, "beds": 180}, "plots_small"),
        ({"land_m2": 441.0, "beds": 1, "tier": "institution"}, "sizes_per_bed"),
        ({"land_m2": 441.0, "beds": 1, "tier": "centre"}, None),
        ({"floor_area_m2": 350.0, "beds": 101}, "sizes_per_bed"),
        ({"floor_area_m2": 3510.0, "beds": 10, "tier": "institution"}, "sizes_per_bed"),
        ({"floor_area_m2": 3510.0, "beds": 10, "tier": "station"}, None),
    ],
)
def test_sizes_that_hardly_fit_are_told(cells: Row, code: str | None) -> None:
    log = Log()
    note_sizes(_facilities(a=cells, b={"land_m2": 0.0}), log.layer("facilities", "f.csv"))
    assert [note.code for note in log.notes] == ([] if code is None else [code])


def test_a_large_plot_is_told_in_both_units() -> None:
    log = Log()
    note_sizes(_facilities(a={"land_m2": 200 * 2000 / 3}), log.layer("facilities", "f.csv"))
    assert log.notes[0].values["ids"] == "a (133,333 m² = 200 亩 / – / –)"


def test_facilities_of_the_circle_that_may_stand_far_off_are_told_first() -> None:
    given = scenario(walking={"minutes": 10})
    radius_m = 600 * given.walker.flat
    ledger = _facilities(
        a={"located_within_m": radius_m / 2 - 1},
        b={"located_within_m": radius_m / 2 + 1},
        c={"located_within_m": 953.0, "tier": "centre"},
        d={"located_within_m": 2000.0, "tier": "institution"},
    )
    log = Log()
    note_coarse(ledger, given, log.layer("facilities", "f.csv"))
    told = {"layer": "facilities", "count": 2, "of": 3, "largest_m": 953, "largest": "c", "radius_m": round(radius_m)}
    assert [(note.code, note.values) for note in log.notes] == [("circle_located_coarsely", told)]
    assert by_importance([Note("located_by_names"), *log.notes])[0].code == "circle_located_coarsely"
    note_coarse(ledger[:1], given, log.layer("facilities", "f.csv"))
    assert len(log.notes) == 1


def _with_context(own: gpd.GeoDataFrame, around: gpd.GeoDataFrame | None) -> tuple[gpd.GeoDataFrame, Log]:
    log = Log()
    units = {
        "street": gpd.GeoDataFrame({"name": ["一街"]}, geometry=[box(0, 0, 100, 100)], index=["T1"], crs=METRIC),
    }
    return with_context(own, around, units, log.layer("context.facilities")), log


def test_facilities_of_the_surroundings_stand_at_the_end() -> None:
    own = _facilities(A={"at": (50, 50), "beds": 3, "street_id": "T1"}, B={"at": (60, 50)})
    around = _facilities(X={"at": (500, 50), "beds": 7, "street_id": "T1"})
    found, log = _with_context(own, around)
    assert found.index.tolist() == ["A", "B", "X"]
    assert found["context"].tolist() == [False, False, True]
    assert found["context"].dtype == bool
    assert found.columns.tolist()[-2:] == ["context", "geometry"]
    assert found["beds"].dtype == own["beds"].dtype
    assert found.dtypes.drop("context").to_dict() == own.dtypes.to_dict()
    assert found["street_id"].isna().tolist() == [False, True, True]
    assert found.crs == METRIC
    assert log.notes == []
    assert log.faults.found == []


def test_without_surroundings_nothing_is_of_them() -> None:
    own = _facilities(A={})
    for around in (None, own.iloc[:0]):
        found, _ = _with_context(own, around)
        assert found["context"].tolist() == [False]
    found, _ = _with_context(own.iloc[:0], own)
    assert found["context"].tolist() == [True]


def test_a_facility_of_the_surroundings_with_an_id_of_the_ledger_is_refused() -> None:
    _, log = _with_context(_facilities(A={}, B={}), _facilities(B={"at": (900, 900)}))
    (fault,) = log.faults.found
    assert (fault.code, fault.layer, fault.row, fault.field) == ("context_id_twice", "context.facilities", "B", "id")


def test_a_facility_of_the_surroundings_inside_a_unit_is_noted() -> None:
    _, log = _with_context(_facilities(A={}), _facilities(X={"at": (50, 50)}, Y={"at": (500, 50)}))
    (note,) = log.notes
    assert (note.code, dict(note.values)) == (
        "context_inside_units",
        {"layer": "context.facilities", "count": 1, "ids": "X"},
    )


def _crowd(count: int, apart_m: float) -> gpd.GeoDataFrame:
    """Return stations at one place, or in a row."""
    return _facilities(**{f"F{i:05d}": {"at": (i * apart_m, 0.0), "name": f"站{i}号"} for i in range(count)})


def test_records_that_all_stand_at_one_place_are_refused() -> None:
    log = Log()
    check_crowds(_crowd(2_000, 0.0), log.layer("facilities"))
    assert log.faults.found == []
    check_crowds(_crowd(2_001, 0.0), log.layer("facilities"))
    (fault,) = log.faults.found
    assert (fault.code, fault.row, fault.found) == ("records_crowded", "F00000", "2,001")


def test_crowds_are_compared_by_name_alone_and_said_to_be() -> None:
    def told(records: gpd.GeoDataFrame) -> dict[str, object]:
        log = Log()
        note_doubles(records, log.layer("facilities"))
        return {note.code: note.values["count"] for note in log.notes}

    # Forty-one that stand 5 m apart; 101 at one place are too many.
    assert told(_crowd(41, 5.0)) == {"suspected_doubles": 40}
    assert told(_crowd(100, 0.0)) == {"suspected_doubles": 100 * 99 // 2}
    assert told(_crowd(101, 0.0)) == {"doubles_not_compared": 101}
    assert told(_crowd(101, 0.0).assign(name="一号站"))["suspected_doubles"] == 100


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"status": "existing", "opens": "2026-01-02"}, "standing_not_open"),
        ({"status": "existing", "opens": "2026-01-01"}, None),
        ({"status": "planned", "opens": "2026-01-01"}, "coming_already_open"),
        ({"status": "under_construction", "opens": "2020-05-01"}, "coming_already_open"),
        ({"status": "planned", "opens": "2026-01-02"}, None),
        ({"status": "existing", "closes": "2026-01-01"}, "standing_closed"),
        ({"status": "closing", "closes": "2026-01-02"}, None),
        ({"status": "existing"}, None),
    ],
)
def test_a_status_against_a_date_is_told(row: Row, code: str | None) -> None:
    log = Log()
    note_dates(_facilities(A=row), dt.date(2026, 1, 1), log.layer("facilities"))
    assert [(note.code, note.values["ids"][:3]) for note in log.notes] == ([] if code is None else [(code, "A (")])
