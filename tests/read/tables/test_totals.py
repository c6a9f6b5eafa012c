"""Rows of totals are left out; what merely holds such a word stays."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from siting.domain.scenario import Layer
from siting.read.log import Log
from siting.read.tables.totals import is_total, without_totals


def kept(rows: list[dict[str, Any]], **columns: str) -> tuple[list[int], Log]:
    log = Log()
    layer = Layer(path=Path("ledger.csv"), columns=columns)
    found = without_totals(pd.DataFrame(rows), layer, log.layer("facilities", layer.path))
    return found.index.tolist(), log


@pytest.mark.parametrize(
    "word", ["合计", "合 计", " 总计：", "小计", "全市", "全镇", "共计", "总数", "TOTAL", "Sub-total", "sum", "合　计"]
)
def test_a_row_named_as_a_total_is_left_out_and_told(word: str) -> None:
    rows, log = kept([{"名称": "一号站", "床位数": 5}, {"名称": word, "床位数": 5}])
    assert rows == [0]
    assert [(note.code, note.values["count"], note.values["names"]) for note in log.notes] == [
        ("total_rows_left_out", 1, word.strip())
    ]
    assert log.layers["facilities"]["total_rows"] == [word.strip()]


@pytest.mark.parametrize("word", ["全市老年活动中心", "合计镇", "小计划街道", "Totals", "", None, 5.0])
def test_a_name_that_merely_holds_the_word_stays(word: object) -> None:
    assert not is_total(word)
    rows, log = kept([{"名称": word, "床位数": 5}])
    assert (rows, log.notes) == ([0], [])


def test_the_word_may_stand_in_the_first_cell_beside_a_count() -> None:
    rows, _ = kept(
        [{"街道": "东街", "名称": "一号站"}, {"街道": "小计", "名称": "共1家"}, {"街道": None, "名称": "合计"}]
    )
    assert rows == [0]


def test_a_facility_of_the_whole_city_stays() -> None:
    rows, _ = kept([{"街道": "全市", "名称": "市第一福利院"}, {"街道": "全市", "名称": None}])
    assert rows == [0]


def test_the_scenario_says_which_column_is_the_name() -> None:
    table = [{"甲": "x", "乙": "合计"}]
    assert kept(table)[0] == [0]
    assert kept(table, name="乙")[0] == []


def test_a_word_in_another_column_is_no_total() -> None:
    assert kept([{"名称": "一号站", "备注": "合计"}])[0] == [0]


def test_a_table_of_nothing_stays_as_it_is() -> None:
    layer = Layer(path=Path("x.csv"))
    for table in (pd.DataFrame(), pd.DataFrame({"name": []})):
        assert without_totals(table, layer, Log().layer("facilities")) is table
