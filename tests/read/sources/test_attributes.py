"""Rows that the scenario asks for, and columns that another table adds."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.domain.scenario import Layer
from siting.read.log import Log
from siting.read.sources.attributes import kept_rows, with_attributes
from siting.read.sources.vectors import Raw, read_vector
from tests.read.case import Case, squares


def _layer(folder: Path) -> Path:
    path = folder / "ground.gpkg"
    squares(4).assign(类型=["永久基本农田", "林地", " 永久基本农田 ", None], code=[1.0, 2.0, 3.0, None]).to_file(path)
    return path


def _read(path: Path, **keys: object) -> tuple[Raw | None, Log]:
    log = Log()
    return read_vector(Layer(path=path, **keys), log.layer("units.street", path.name)), log  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ({"类型": ("永久基本农田",)}, ["S1", "S3"]),
        ({"类型": ("永久基本农田", "林地")}, ["S1", "S2", "S3"]),
        ({"类型": ("永久基本农田",), "code": ("3", "2")}, ["S3"]),
        ({"id": ("S1", "S2", "S3", "S4")}, ["S1", "S2", "S3", "S4"]),
    ],
)
def test_only_the_rows_asked_for_count(tmp_path: Path, rows: dict[str, tuple[str, ...]], kept: list[str]) -> None:
    raw, log = _read(_layer(tmp_path), rows=rows)
    assert raw is not None
    assert raw.frame["id"].tolist() == kept
    assert raw.frame.index.tolist() == list(range(len(kept)))
    assert (log.layers["units.street"]["rows"], log.layers["units.street"]["rows_left_out"]) == (4, 4 - len(kept))
    assert [note.values["count"] for note in log.notes] == ([4 - len(kept)] if len(kept) < 4 else [])


def test_rows_that_are_not_there_are_told(tmp_path: Path) -> None:
    path = _layer(tmp_path)
    for rows, code, found in (
        ({"类别": ("林地",)}, "row_column_not_found", "类别"),
        ({"类型": ("湿地",)}, "no_row_kept", "类型 = 永久基本农田, 林地"),
    ):
        raw, log = _read(path, rows=rows)
        assert raw is None
        assert [(fault.code, fault.found) for fault in log.faults.found] == [(code, found)]


@given(st.lists(st.sampled_from(["a", "b", "c"])), st.sets(st.sampled_from(["a", "b", "d"])))
def test_every_row_is_kept_or_counted(values: list[str], wanted: set[str]) -> None:
    log = Log()
    found = kept_rows(pd.DataFrame({"x": values}, dtype=object), {"x": sorted(wanted)}, log.layer("x"))
    kept = [value for value in values if value in wanted]
    assert (found is None) == (not kept)
    if found is not None:
        assert found["x"].tolist() == kept
        assert sum(note.values["count"] for note in log.notes) == len(values) - len(kept)


def _attributes(case: Case, text: str, on: str = '["id", "编号"]') -> None:
    (case.folder / "more.csv").write_text(text, encoding="utf-8")
    squares().drop(columns="name").to_file(case.folder / "streets.gpkg")
    case.sections["units.street"] = f'path = "streets.gpkg"\nattributes = "more.csv"\nattributes_on = {on}'


def test_columns_of_another_table_stand_beside_the_layer(case: Case) -> None:
    _attributes(case, "编号,name,kind\nS2,乙街道,街道\nS1,甲镇,镇\n")
    inputs = case.read()
    found = inputs.units["street"]
    assert found["name"].to_dict() == {"S1": "甲镇", "S2": "乙街道"}
    assert found["kind"].to_dict() == {"S1": "镇", "S2": "街道"}
    assert {"units.street", "units.street.attributes"} <= set(inputs.digests)


def test_what_does_not_match_is_told_on_both_sides(case: Case) -> None:
    _attributes(case, "编号,kind\nS1,镇\nS7,街道\n,街道\n")
    squares().to_file(case.folder / "streets.gpkg")
    inputs = case.read()
    assert inputs.units["street"]["kind"].isna().tolist() == [False, True]
    told = {note.code: (note.values["count"], note.values["names"]) for note in inputs.notes}
    assert told["layer_without_attributes"] == (1, "S2")
    assert told["attributes_without_layer"] == (2, "S7, –")


@pytest.mark.parametrize(
    ("text", "on", "code", "found"),
    [
        ("编号,name\nS1,甲\nS2,乙\nS1,丙\n", '["id", "编号"]', "attributes_twice", "A2, A4"),
        ("编号,name\nS1,甲\n", '["id", "代码"]', "attribute_column_not_found", "代码"),
        ("编号,name\nS1,甲\n", '["code", "编号"]', "attribute_column_not_found", "code"),
        ("编号,name\n甲,S1\n", '["id", "编号"]', "join_matches_nothing", "S1, S2"),
    ],
)
def test_what_cannot_be_joined_is_told(case: Case, text: str, on: str, code: str, found: str) -> None:
    _attributes(case, text, on)
    assert [(fault.code, fault.found) for fault in case.faults() if fault.layer == "units.street"] == [(code, found)]


def test_a_table_that_is_missing_is_told_under_its_own_name(case: Case) -> None:
    _attributes(case, "")
    (case.folder / "more.csv").unlink()
    fault = case.fault()
    assert (fault.code, fault.file, fault.layer) == ("missing_file", "more.csv", "units.street.attributes")


def test_a_column_that_both_have_must_say_the_same() -> None:
    layer = pd.DataFrame({"id": ["1", "2"], "name": ["甲", "乙"], "kind": [None, None]}, dtype=object)
    other = pd.DataFrame({"key": [1.0, 2.0], "name": ["甲", "乙"], "kind": ["x", "y"]})
    log = Log()
    found = with_attributes(layer, other, ("id", "key"), log.layer("x"))
    assert found is not None
    assert found.to_dict("list") == {"id": ["1", "2"], "name": ["甲", "乙"], "kind": ["x", "y"]}
    assert with_attributes(layer, other.assign(name=["甲", "丙"]), ("id", "key"), log.layer("x")) is None
    assert [(fault.code, fault.field, fault.found, fault.expected) for fault in log.faults.found] == [
        ("attributes_differ", "name", "乙", "丙")
    ]


def test_rows_may_be_chosen_by_a_joined_column(tmp_path: Path) -> None:
    path = _layer(tmp_path)
    (tmp_path / "more.csv").write_text("编号,状态\nS1,有效\nS2,废止\nS3,有效\nS4,有效\n", encoding="utf-8")
    raw, log = _read(
        path,
        attributes=tmp_path / "more.csv",
        attributes_on=("id", "编号"),
        rows={"状态": ("有效",), "类型": ("永久基本农田", "林地")},
    )
    assert raw is not None
    assert isinstance(raw.frame, gpd.GeoDataFrame)
    assert raw.frame["id"].tolist() == ["S1", "S3"]
    assert log.layers["units.street"]["rows_left_out"] == 2
