"""Tables that people open in a spreadsheet hold words: no codes, no names of columns, no lists of Python."""

import json
import re
import time
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import siting
from siting.text import LANGS, Lang
from siting.write.tables import write_table
from siting.write.worded import in_words
from tests.codes import codes_in

pytestmark = pytest.mark.usefixtures("walks_once")

# A name of a column, and a list as Python writes it.
_CODE = re.compile(r"[a-z]+(_[a-z0-9]+)+|[\[{].*[\]}]")
# Columns of ids, which stand as they are.
_IDS = {
    *("standard_id", "clause_id", "site_id", "candidate_id", "unit_id", "candidates"),
    *("group", "excludes", "adds_to"),
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Every table that a command writes, of the sample district."""
    scenario = siting.read_scenario("data/sample/scenario.toml")
    gaps, plan = siting.check(scenario), siting.propose(scenario, stations=3)
    kinds = ("facility", "candidate")
    return {
        "audit": siting.audit(scenario),
        "funding": pd.concat([gaps.funding(kind).assign(what=kind) for kind in kinds]),
        "sensitivity": siting.sensitivity(scenario).table,
        "curve": plan.curve().table,
        "order": plan.build_order().table,
        "alternatives": plan.alternatives().table,
        "fairness": plan.fairness().table,
    }


@pytest.mark.parametrize("lang", LANGS)
def test_no_code_reaches_a_reader(tables: dict[str, pd.DataFrame], lang: Lang) -> None:
    for name, table in tables.items():
        worded = in_words(table, lang)
        assert len(worded) == len(table)
        assert len(set(worded.columns)) == len(worded.columns)
        words = worded.drop(columns=in_words(table[[name for name in table if name in _IDS]], lang).columns)
        cells = {str(cell) for cell in words.to_numpy().ravel()}
        found = {text for text in {*map(str, worded.columns)} | cells if _CODE.fullmatch(text)}
        if lang == "zh":
            # In English most codes are words.
            found |= {code for cell in cells for code in codes_in(cell)}
        assert not found, name


def test_heads_are_chinese(tables: dict[str, pd.DataFrame]) -> None:
    for name, table in tables.items():
        latin = [head for head in in_words(table, "zh").columns if not re.search(r"[一-鿿]|^[0-9.]+$", head)]
        assert not latin, name


def test_figures_stay_figures() -> None:
    table = pd.DataFrame({"required": [0.5, 30.0], "binding": [True, False], "target_year": [2020.0, None]})
    assert in_words(table, "zh").to_numpy().tolist() == [[0.5, "是", 2020], [30, "否", ""]]


def test_a_workbook_holds_texts_and_numbers_and_no_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "table.xlsx"
    table = pd.DataFrame({"quote": ["=1+1", "不低于0.2平方米"], "required": [0.2, 1.0], "missing": [["beds"], []]})
    write_table(target, table, "zh")
    first = target.read_bytes()
    sheet = openpyxl.load_workbook(target).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["原文", "要求", "缺少的数据"],
        ["=1+1", 0.2, "床位数"],
        ["不低于0.2平方米", 1, None],
    ]
    assert sheet["A2"].data_type == "s"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:C3")
    # Whenever it is written: the clock of a file system tells two seconds apart.
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(1_000_000_000))
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    write_table(target, table, "zh")
    assert target.read_bytes() == first


def test_what_is_without_limit_is_not_what_nobody_knows(tmp_path: Path) -> None:
    table = pd.DataFrame({"measured_low": [1.5, float("nan")], "measured_high": [float("inf"), float("nan")]})
    write_table(tmp_path / "t.csv", table, "zh")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8-sig").splitlines()[1:] == ["1.5,不限", ","]
    write_table(tmp_path / "t.xlsx", table, "en")
    cells = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0].iter_rows(min_row=2, values_only=True)
    assert list(cells) == [(1.5, "unlimited"), (None, None)]
    write_table(tmp_path / "t.json", table, "zh")
    assert json.loads((tmp_path / "t.json").read_text(encoding="utf-8")) == [
        {"measured_low": 1.5, "measured_high": None, "unlimited": ["measured_high"]},
        {"measured_low": None, "measured_high": None, "unlimited": []},
    ]
