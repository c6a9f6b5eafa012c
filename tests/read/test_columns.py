"""Columns: matched, filled, converted, checked."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from siting.domain.scenario import Layer
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS, GROUND_COLUMNS, Column
from siting.errors import Fault
from siting.read.log import Log
from siting.read.tables.columns import empty_table, typed_table, with_ids
from siting.read.tables.converters import TEXT_DTYPE

COLUMNS = (
    Column("id", "text", required=True),
    Column("tier", "text", required=True, choices=("centre", "station")),
    Column("land_m2", "number", minimum=0),
    Column("beds", "integer", minimum=0),
    Column("opens", "date"),
    Column("detached", "boolean"),
)


def _typed(raw: dict[str, list[Any]], **source: Any) -> tuple[pd.DataFrame, list[Fault]]:
    log = Log()
    layer = Layer(path=Path("facilities.csv"), **source)
    frame = pd.DataFrame(raw)
    table, _ = typed_table(frame, COLUMNS, layer, log.layer("facilities", layer.path))
    return table, log.faults.found


def test_text_of_a_csv_becomes_typed() -> None:
    table, faults = _typed(
        {
            "id": ["a", "b"],
            "tier": ["centre", " station "],
            "land_m2": ["350.5", ""],
            "beds": ["12", " "],
            "opens": ["2019-09-01", ""],
            "detached": ["是", ""],
        }
    )
    assert faults == []
    assert table["tier"].tolist() == ["centre", "station"]
    assert table["land_m2"].tolist()[0] == 350.5
    assert table["beds"].tolist() == [12, pd.NA]
    assert table["opens"].tolist() == [pd.Timestamp("2019-09-01"), pd.NaT]
    assert table["detached"].tolist() == [True, pd.NA]
    assert table.dtypes.astype(str).tolist()[2:] == ["float64", "Int64", "datetime64[s]", "boolean"]
    assert table["id"].dtype == TEXT_DTYPE


def test_absent_columns_are_there_and_hold_nothing() -> None:
    table, faults = _typed({"id": ["a"], "tier": ["centre"], "colour": ["red"]})
    assert faults == []
    assert table.columns.tolist() == [column.key for column in COLUMNS]
    assert table.loc[0, ["land_m2", "beds", "opens", "detached"]].isna().all()


@pytest.mark.parametrize("columns", [FACILITY_COLUMNS, CANDIDATE_COLUMNS, GROUND_COLUMNS])
def test_an_empty_table_has_the_types_of_a_full_one(columns: tuple[Column, ...]) -> None:
    log = Log().layer("x")
    layer = Layer(path=Path("x"))
    full, _ = typed_table(pd.DataFrame({"nothing": [1]}), columns, layer, log)
    pd.testing.assert_series_equal(full.set_index("id").dtypes, empty_table(columns).dtypes)


def test_their_names_are_mapped_and_told_with_ours() -> None:
    table, faults = _typed({"BH": [1.0, 2.0], "类型": ["centre", "站点"]}, columns={"id": "BH", "tier": "类型"})
    assert table["id"].tolist() == ["1", "2"]
    (fault,) = faults
    choices = "centre (养老服务中心), station (养老服务站)"
    assert (fault.row, fault.field, fault.found, fault.expected) == ("2", "tier (类型)", "'站点'", choices)
    assert fault.message("en") == (
        "facilities.csv · layer facilities · row 2 · field tier (类型): found '站点', expected one of "
        "centre (养老服务中心), station (养老服务站). "
        "Correct the value; or state its meaning under this layer in the scenario: values.tier = { '站点' = \"…\" } "
        "(write one of these words, without brackets, in the quotation marks); "
        "if another column holds this content, name it under `columns`."
    )


def test_defaults_fill_absent_columns_and_blank_cells() -> None:
    table, faults = _typed(
        {"id": ["a", "b"], "land_m2": [None, 4.0]}, defaults={"tier": "station", "land_m2": 7, "beds": 3}
    )
    assert faults == []
    assert table["tier"].tolist() == ["station", "station"]
    assert table["land_m2"].tolist() == [7.0, 4.0]
    assert table["beds"].tolist() == [3, 3]


def test_a_default_is_checked_like_a_cell() -> None:
    _, faults = _typed({"id": ["a"]}, defaults={"tier": "hotel"})
    assert [fault.code for fault in faults] == ["not_among_choices"]


def test_a_mapped_column_that_is_not_there_is_told_once() -> None:
    _, faults = _typed({"id": ["a", "b"], "KIND": ["centre"] * 2}, columns={"tier": "Kind", "beds": "CW"})
    assert [(fault.code, fault.field, fault.found, fault.expected) for fault in faults] == [
        ("column_not_found", "tier", "Kind", "id, KIND"),
        ("column_not_found", "beds", "CW", "id, KIND"),
    ]


def test_a_required_column_that_is_not_there_is_told_once() -> None:
    _, faults = _typed({"id": ["a", "b"]})
    assert [(fault.code, fault.field, fault.expected) for fault in faults] == [("column_missing", "tier", "id")]


@pytest.mark.parametrize("section", ["columns", "defaults"])
def test_an_unknown_key_of_ours_names_the_nearest(section: str) -> None:
    _, faults = _typed({"id": ["a"], "tier": ["centre"]}, **{section: {"bed": "id"}})
    assert [(fault.code, fault.field, fault.expected) for fault in faults] == [
        ("unknown_column_key", f"{section}.bed", "beds")
    ]


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("tier", "", "missing_value"),
        ("tier", None, "missing_value"),
        ("tier", "hotel", "not_among_choices"),
        ("land_m2", "350 ft", "not_number"),
        ("land_m2", "300-400", "not_number"),
        ("land_m2", "1,20", "decimal_comma"),
        ("land_m2", dt.date(2019, 9, 1), "not_number"),
        ("land_m2", "inf", "not_number"),
        ("beds", "1e300", "out_of_range"),
        ("land_m2", True, "not_number"),
        ("land_m2", [1, 2], "not_number"),
        ("land_m2", "-1", "out_of_range"),
        ("beds", "1.5", "not_integer"),
        ("beds", -3, "out_of_range"),
        ("opens", "2019-13-01", "not_date"),
        ("opens", "去年", "not_date"),
        ("opens", "2019-09-01 30:30", "not_date"),
        ("detached", "perhaps", "not_boolean"),
        ("detached", 2, "not_boolean"),
    ],
)
def test_a_wrong_cell_is_told_by_row_and_field(key: str, value: Any, code: str) -> None:
    raw = {"id": ["a", "b"], "tier": ["centre", "centre"]}
    right = {"tier": "centre", "land_m2": 1, "beds": 1, "opens": "2019-09-01", "detached": "no"}[key]
    table, faults = _typed(raw | {key: [right, value]})
    assert [(fault.code, fault.file, fault.row, fault.field) for fault in faults] == [
        (code, "facilities.csv", "b", key)
    ]
    assert table[key].isna().tolist() == [False, True]


@pytest.mark.parametrize("value", ["2019-09-01", "2019/9/1", "2019.9.1", "2019年9月1日", "2019-09-01T00:00:00"])
def test_dates_are_read_in_the_usual_ways(value: str) -> None:
    table, faults = _typed({"id": ["a"], "tier": ["centre"], "opens": [value]})
    assert faults == []
    assert table.loc[0, "opens"] == pd.Timestamp("2019-09-01")


@pytest.mark.parametrize(
    "values",
    [
        [dt.date(2019, 9, 1)],
        pd.to_datetime(["2019-09-01"]),
        pd.to_datetime(["2019-09-01"]).tz_localize("UTC"),
    ],
)
def test_dates_of_a_database_stay_dates(values: Any) -> None:
    table, faults = _typed({"id": ["a"], "tier": ["centre"], "opens": values})
    assert faults == []
    assert table.loc[0, "opens"] == pd.Timestamp("2019-09-01")
    assert str(table["opens"].dtype) == "datetime64[s]"


@pytest.mark.parametrize("values", [[True, False], [1, 0], ["1", "0"], ["是", "否"], ["Yes", "no"], [1.0, 0.0]])
def test_truth_is_read_in_the_usual_ways(values: list[Any]) -> None:
    table, faults = _typed({"id": ["a", "b"], "tier": ["centre"] * 2, "detached": values})
    assert faults == []
    assert table["detached"].tolist() == [True, False]


def test_every_record_of_a_double_id_is_named() -> None:
    log = Log()
    table = pd.DataFrame({"id": ["a", "b", "a", "b", "c"]})
    with_ids(table, Column("id", "text", required=True), log.layer("units.street", Path("s.gpkg")))
    assert [(fault.code, fault.row, fault.found) for fault in log.faults.found] == [
        ("duplicate_id", "a", "#1, #3"),
        ("duplicate_id", "b", "#2, #4"),
    ]


@pytest.mark.parametrize("ids", [["a", "a"], ["a", None]])
def test_where_ids_are_free_numbers_stand_for_bad_ones(ids: list[Any]) -> None:
    log = Log()
    table = pd.DataFrame({"id": pd.Series(ids, dtype=TEXT_DTYPE), "name": ["x", "y"]})
    found = with_ids(table, Column("id", "text"), log.layer("basemap.water"))
    assert found.index.tolist() == ["1", "2"]
    assert found.index.name == "id"
    assert log.faults.found == []


def _of_facilities(raw: dict[str, list[Any]]) -> list[Fault]:
    log = Log()
    layer = log.layer("facilities", "facilities.csv")
    given = {"id": ["a", "b"], "tier": ["centre", "centre"], "status": ["existing", None], **raw}
    typed_table(pd.DataFrame(given), FACILITY_COLUMNS, Layer(path=Path("facilities.csv")), layer)
    return [fault for fault in log.faults.found if fault.code != "missing_value"]


def test_square_metres_in_a_column_of_mu_are_refused_with_both_units() -> None:
    (fault,) = _of_facilities({"用地面积（亩）": [750, 8000]})
    assert (fault.code, fault.row, fault.field) == ("area_too_large", "b", "land_m2 (用地面积（亩）)")
    assert (fault.found, fault.expected) == ("8000 亩 = 5,333,333 m²", "500,000 m²")


def test_an_area_without_a_unit_has_the_same_limit() -> None:
    (fault,) = _of_facilities({"floor_area_m2": [500_000, 500_001]})
    assert (fault.code, fault.row, fault.found) == ("area_too_large", "b", "500001 = 500,001 m²")


@pytest.mark.parametrize("word", ["在建", "规划", "筹建", "建设中"])
def test_a_status_in_a_column_of_dates_is_sent_to_its_column(word: str) -> None:
    (fault,) = _of_facilities({"投用时间": ["2019-09-01", word]})
    assert (fault.code, fault.row, fault.field) == ("status_as_date", "b", "opens (投用时间)")
