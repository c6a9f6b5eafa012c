"""Sheets of workbooks: heads, merged cells, remarks, and what is refused."""

import datetime as dt
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

import siting
from siting.domain.scenario import Layer
from siting.domain.tables import FACILITY_COLUMNS
from siting.errors import Fault
from siting.read.log import Log
from siting.read.sources import sheets
from siting.read.sources.sheets import read_sheet
from siting.read.tables.columns import typed_table
from siting.read.tables.heads import header_row
from siting.text import LANGS, knows, say
from tests.drawing import examples
from tests.read.case import Case, squares

HEAD = ["编号", "设施名称", "类型", "床位数（张）", "街道"]
ROWS: list[list[Any]] = [
    ["F1", "一号站", "station", 5, "东街"],
    ["F2", "二号站", "station", 7, "东街"],
    ["F3", "三号院", "institution", 100, "西街"],
]


@pytest.fixture
def book(tmp_path: Path) -> "Book":
    return Book(tmp_path / "ledger.xlsx")


class Book:
    """A workbook of the test's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = openpyxl.Workbook()

    @property
    def sheet(self) -> Worksheet:
        sheet = self.book.active
        assert isinstance(sheet, Worksheet)
        return sheet

    def write(self, rows: Sequence[Sequence[Any]], *merges: str, sheet: Worksheet | None = None) -> "Book":
        there = sheet or self.sheet
        for row in rows:
            there.append(list(row))
        for merge in merges:
            there.merge_cells(merge)
        return self

    def read(self, group: str = "facilities", **source: Any) -> tuple[pd.DataFrame | None, list[Fault], Log]:
        self.book.save(self.path)
        return read(self.path, group, **source)


def read(path: Path, group: str = "facilities", **source: Any) -> tuple[pd.DataFrame | None, list[Fault], Log]:
    log = Log()
    layer = Layer(path=path, **source)
    table = read_sheet(path, layer, log.layer(group, path))
    for fault in log.faults.found:
        assert all(fault.message(lang) for lang in LANGS)
    for note in log.notes:
        if knows(f"note.{note.code}"):
            assert all("{" not in say(f"note.{note.code}", lang, **note.values) for lang in LANGS)
    return table, log.faults.found, log


def good(found: tuple[pd.DataFrame | None, list[Fault], Log]) -> tuple[pd.DataFrame, Log]:
    table, faults, log = found
    assert faults == []
    assert table is not None
    return table, log


def codes(log: Log) -> list[str]:
    return [note.code for note in log.notes]


def test_a_plain_sheet_is_read_as_pandas_reads_it(book: Book) -> None:
    table, log = good(book.write([HEAD, *ROWS]).read())
    expected = pd.read_excel(book.path, dtype=object)
    assert table.to_numpy().tolist() == expected.to_numpy().tolist()
    assert table.columns.tolist() == HEAD
    assert table.index.tolist() == [2, 3, 4]
    assert log.layers["facilities"] == {
        "file": "ledger.xlsx",
        "driver": "XLSX",
        "layer": "Sheet",
        "header_row": 1,
        "rows": 3,
    }
    assert log.notes == []


@settings(deadline=None, max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(st.sampled_from(["养老设施台账", "（2026年1月）", "", "单位：张"]), max_size=6))
def test_titles_above_change_nothing_but_the_numbers_of_rows(tmp_path: Path, titles: list[str]) -> None:
    book = Book(tmp_path / "titles.xlsx")
    table, log = good(book.write([*([title or None] for title in titles), HEAD, *ROWS]).read())
    assert table.to_numpy().tolist() == ROWS
    assert table.columns.tolist() == HEAD
    assert log.layers["facilities"]["header_row"] == len(titles) + 1
    assert table.index.tolist() == [len(titles) + 2 + i for i in range(3)]
    assert ("rows_above_head" in codes(log)) == any(titles)


def test_a_merged_title_and_a_line_of_a_form_are_no_head(book: Book) -> None:
    rows = [["养老设施台账"], ["填报单位：民政局", None, None, "日期：2026年1月"], HEAD, *ROWS]
    table, log = good(book.write(rows, "A1:E1", "A2:C2", "D2:E2").read())
    assert table.columns.tolist() == HEAD
    assert log.layers["facilities"]["header_row"] == 3


def test_a_head_that_nobody_knows_is_the_first_wide_row(book: Book) -> None:
    table, _ = good(book.write([["标题"], ["甲", "乙", "丙"], ["x", "街道", "社区"], ["y", 1, 2]]).read())
    assert table.columns.tolist() == ["甲", "乙", "丙"]
    assert len(table) == 2


def test_the_scenario_may_state_the_head(book: Book) -> None:
    book.write([HEAD, ["名称甲", "名称乙", "丙", "丁", "戊"], *ROWS])
    table, log = good(book.read(header=2))
    assert table.columns.tolist()[:2] == ["名称甲", "名称乙"]
    assert log.layers["facilities"]["header_row"] == 2
    for row in (9, 6):
        _, (fault,), _ = book.read(header=row)
        assert (fault.code, fault.found) == ("header_not_found", str(row))


def test_names_lose_their_line_breaks(book: Book) -> None:
    table, _ = good(book.write([["编号", "设施\n名称", " 床位数\r\n（张） "], ["F1", "x", 5]]).read())
    assert table.columns.tolist() == ["编号", "设施名称", "床位数（张）"]


# --- heads of several rows --------------------------------------------------------------------------------------------

TWO_ROWS = [
    ["养老设施台账"],
    ["编号", "名称", "类型", "状态", "床位数", None, "用地面积（亩）"],
    [None, None, None, None, "合计", "护理型", None],
    ["F1", "一号院", "养老院", "现状", 100, 55, 3],
]
MERGES = ("A1:G1", "A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:F2", "G2:G3")


def check_two_rows(table: pd.DataFrame, log: Log) -> None:
    names = ["编号", "名称", "类型", "状态", "床位数 / 合计", "床位数 / 护理型", "用地面积（亩）"]
    assert table.columns.tolist() == names
    assert log.layers["facilities"]["header_row"] == 3
    typed, _ = typed_table(table, FACILITY_COLUMNS, Layer(path=Path("x.xlsx")), log.layer("facilities"))
    assert log.faults.found == []
    assert typed.iloc[0][["id", "name", "tier", "status", "beds", "nursing_beds", "land_m2"]].tolist() == [
        "F1", "一号院", "institution", "existing", 100, 55, 2000.0,
    ]  # fmt: skip


def test_a_head_of_two_merged_rows_is_joined(book: Book) -> None:
    check_two_rows(*good(book.write(TWO_ROWS, *MERGES).read()))


def test_a_head_of_two_rows_needs_no_merged_cells(book: Book) -> None:
    check_two_rows(*good(book.write(TWO_ROWS).read()))


def test_the_last_row_of_a_head_may_be_stated(book: Book) -> None:
    check_two_rows(*good(book.write(TWO_ROWS, *MERGES).read(header=3)))


def test_three_rows_of_people_of_streets(book: Book) -> None:
    rows = [
        ["街道", "人口", None, None],
        [None, "常住人口", "老年人口", None],
        [None, None, "60岁以上", "65岁以上"],
        ["S1街道", "1,000", 200, 150],
    ]
    table, log = good(book.write(rows, "A1:A3", "B1:D1", "B2:B3", "C2:D2").read("units.street.people"))
    assert table.columns.tolist() == [
        "街道",
        "人口 / 常住人口",
        "人口 / 老年人口 / 60岁以上",
        "人口 / 老年人口 / 65岁以上",
    ]
    assert log.layers["units.street.people"]["header_row"] == 3


def test_a_name_that_the_scenario_gives_is_written_as_it_gives_it(book: Book) -> None:
    for name in ("护理型", "床位数护理型", "床位数/护理型", "床位数 / 护理型"):
        again = Book(book.path).write(TWO_ROWS, *MERGES)
        table, _ = good(again.read(columns={"nursing_beds": name}))
        assert table.columns.tolist()[5] == name
    table, _ = good(Book(book.path).write(TWO_ROWS, *MERGES).read(rows={"护理型": ("55",)}))
    assert "护理型" in table.columns


def test_groups_that_repeat_their_names_stay_apart(book: Book) -> None:
    rows = [
        ["名称", "现状", None, "规划", None],
        [None, "床位数", "用地面积", "床位数", "用地面积"],
        ["甲", 1, 2, 3, 4],
    ]
    table, log = good(book.write(rows, "A1:A2", "B1:C1", "D1:E1").read())
    assert table.columns.tolist() == ["名称", "现状 / 床位数", "现状 / 用地面积", "规划 / 床位数", "规划 / 用地面积"]
    typed, _ = typed_table(
        table, FACILITY_COLUMNS[1:2] + FACILITY_COLUMNS[6:11], Layer(path=Path("x")), log.layer("facilities")
    )
    # Which of the two is meant is for the planner to say.
    assert typed[["beds", "land_m2"]].isna().all(axis=None)


def test_a_body_with_gaps_is_no_second_row_of_the_head(book: Book) -> None:
    table, _ = good(book.write([HEAD, ["F1", "一号站", "station", None, None], *ROWS[1:]]).read())
    assert len(table) == 3


def test_two_columns_of_one_name_are_refused(book: Book) -> None:
    _, (fault,), _ = book.write([["编号", "备注", "名称", "备注"], ["F1", 1, 2, 3]]).read()
    assert (fault.code, fault.found) == ("column_twice", "备注")


def test_a_column_without_a_name_is_kept_only_if_it_holds_something(book: Book) -> None:
    table, _ = good(book.write([["编号", None, "名称", None], ["F1", None, "甲", "x"]]).read())
    assert table.columns.tolist() == ["编号", "名称", "#4"]


@given(st.integers(0, 8), st.permutations(HEAD))
def test_the_row_of_names_is_found_wherever_it_stands(titles: int, head: list[str]) -> None:
    rows = [["台账", "", "", "", ""]] * titles + [head, *ROWS]
    assert header_row(rows, Layer(path=Path("a.csv")), "facilities") == titles


# --- the body ---------------------------------------------------------------------------------------------------------


def test_text_merged_over_rows_stands_in_each_of_them(book: Book) -> None:
    rows = [HEAD, ROWS[0], [*ROWS[1][:4], None], ROWS[2], ["F4", "四号站", "station", 1, None]]
    table, log = good(book.write(rows, "E2:E3").read())
    assert table["街道"].tolist() == ["东街", "东街", "西街", None]
    (note,) = log.notes
    assert (note.code, note.values["count"], note.values["cells"]) == ("merged_cells_filled", 1, "E2:E3")


def test_a_number_merged_over_rows_is_refused(book: Book) -> None:
    rows = [HEAD, ROWS[0], ["F2", "二号站", "station", None, "东街"]]
    _, (fault,), _ = book.write(rows, "D2:D3").read()
    assert (fault.code, fault.row, fault.found) == ("merged_numbers", "D2", "D2:D3")


def test_a_record_that_takes_two_rows_is_one(book: Book) -> None:
    table, log = good(book.write([HEAD, ROWS[0], [], ROWS[1]], *(f"{c}2:{c}3" for c in "ABCDE")).read())
    assert table.to_numpy().tolist() == ROWS[:2]
    assert log.notes == []


def test_values_come_as_they_are(book: Book) -> None:
    day = dt.datetime(2026, 1, 1)  # noqa: DTZ001 — sheets know no zones
    table, _ = good(book.write([["编号", "名称", "启用日期", "独栋"], [500199001.0, "１２００", day, True]]).read())
    assert table.iloc[0].tolist() == [500199001, "１２００", day, True]
    typed, labels = typed_table(table, FACILITY_COLUMNS[:5], Layer(path=Path("x")), Log().layer("facilities"))
    assert labels == ["500199001"]
    assert typed["opens"].tolist() == [pd.Timestamp(day)]


def test_faults_name_the_cell_of_the_sheet(book: Book) -> None:
    table, log = good(book.write([["标题"], HEAD, [], ["", "甲", "station", -5, "东街"]]).read())
    typed_table(
        table, FACILITY_COLUMNS, Layer(path=book.path, defaults={"status": "existing"}), log.layer("facilities")
    )
    assert [(fault.code, fault.row) for fault in log.faults.found] == [("missing_value", "A4"), ("out_of_range", "D4")]


@pytest.mark.parametrize(
    "footer",
    [
        [["填表人：张三"]],
        [["填表人：张三", None, "审核人：李四"]],
        [[], ["本表按实际运营情况填写并由街道核对"]],
        [[], ["备注"], ["一、本表由各街道填写"], ["二、按季度更新，由民政部门汇总"]],
    ],
)
def test_remarks_below_the_table_are_told_and_left_out(book: Book, footer: list[list[Any]]) -> None:
    table, log = good(book.write([HEAD, *ROWS, *footer]).read())
    assert table.to_numpy().tolist() == ROWS
    (note,) = log.notes
    assert note.code == "footer_rows_left_out"
    assert note.values["count"] == sum(bool(row) for row in footer)


@pytest.mark.parametrize(
    "row", [["F4"], ["F4", None, "station"], [None, "一个没有编号的设施名称"], ["没有空行隔开的很长的一格文字"]]
)
def test_a_short_record_is_no_remark(book: Book, row: list[Any]) -> None:
    table, log = good(book.write([HEAD, *ROWS, row]).read())
    assert len(table) == 4
    assert log.notes == []


def test_headings_within_a_table_are_told_and_are_no_records(book: Book) -> None:
    rows = [HEAD, ["一、养老机构"], ROWS[0], ["社区养老设施"], *ROWS[1:]]
    table, log = good(book.write(rows, "A4:C4").read())
    assert table.to_numpy().tolist() == ROWS
    (note,) = log.notes
    assert (note.code, note.values["rows"]) == ("section_rows_left_out", "A2 一、养老机构, A4 社区养老设施")


def test_hidden_rows_are_read_and_told(book: Book) -> None:
    book.write([HEAD, *ROWS]).sheet.row_dimensions[3].hidden = True
    table, log = good(book.read())
    assert len(table) == 3
    assert [note.values["rows"] for note in log.notes] == ["A3"]


# --- which sheet ------------------------------------------------------------------------------------------------------


def test_the_only_visible_sheet_with_data_is_meant(book: Book) -> None:
    book.book.create_sheet("空表")
    hidden = book.book.create_sheet("字典")
    hidden.append(["养老院"])
    hidden.sheet_state = "hidden"
    table, _ = good(book.write([HEAD, *ROWS]).read())
    assert len(table) == 3
    table, log = good(book.read(layer="字典"))
    assert log.layers["facilities"]["layer"] == "字典"


def test_several_sheets_with_data_must_be_told_apart(book: Book) -> None:
    book.write([HEAD, *ROWS])
    book.write([HEAD, ROWS[0]], sheet=book.book.create_sheet("二"))
    _, (fault,), _ = book.read()
    assert (fault.code, fault.expected) == ("layer_not_named", "Sheet, 二")
    assert len(good(book.read(layer="二"))[0]) == 1
    _, (fault,), _ = book.read(layer="三")
    assert (fault.code, fault.found) == ("layer_not_found", "三")


def test_a_sheet_that_explains_the_others_is_left_out_and_told(book: Book) -> None:
    book.write([HEAD, *ROWS])
    book.write([["在台账表中填写"]], sheet=book.book.create_sheet("填表说明"))
    table, log = good(book.read())
    assert len(table) == 3
    assert [note.values["sheets"] for note in log.notes] == ["填表说明"]
    table, log = good(book.read(layer="填表说明"))
    assert log.layers["facilities"]["layer"] == "填表说明"
    book.sheet.title = "总说明"
    _, (fault,), _ = book.read()
    assert fault.code == "layer_not_named"


def test_an_empty_workbook_is_an_empty_table(book: Book) -> None:
    table, _ = good(book.read())
    assert table.empty
    table, _ = good(book.write([HEAD]).read())
    assert (len(table), table.columns.tolist()) == (0, HEAD)


# --- what is refused --------------------------------------------------------------------------------------------------


def edit(path: Path, part: str, change: Callable[[str], str]) -> None:
    """Change one part of a workbook."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)


def test_values_of_formulas_are_read_and_formulas_without_one_refused(book: Book) -> None:
    _, (fault,), _ = book.write([HEAD, *ROWS, ["F4", "四号站", "station", "=D2+D3", "东街"]]).read()
    assert (fault.code, fault.row, fault.found) == ("formula_without_value", "D5", "D5")
    edit(book.path, "xl/worksheets/sheet1.xml", lambda text: re.sub(r"</f><v ?/?>(</v>)?", "</f><v>12</v>", text))
    table, _ = good(read(book.path))
    assert table["床位数（张）"].tolist() == [5, 7, 100, 12]


def test_cells_that_hold_errors_are_refused(book: Book) -> None:
    _, (fault,), _ = book.write([HEAD, ["F1", "#N/A", "station", "#REF!", "东街"]]).read()
    assert (fault.code, fault.row, fault.found) == ("cell_error", "B2", "B2, D2")


@pytest.mark.parametrize("name", ["old.xls", "old.XLS", "old.et"])
def test_old_workbooks_are_refused_with_the_way_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600))
    _, (fault,), _ = read(path)
    assert fault.code == "old_workbook"
    assert ".xlsx" in fault.message("zh")


@pytest.mark.parametrize(
    "content", [b"", b"id,name\n1,2\n", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), b"PK\x03\x04" + bytes(40)]
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    _, (fault,), _ = read(path)
    assert fault.code == "not_a_workbook"


def test_another_zip_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "x")
    _, (fault,), _ = read(path)
    assert fault.code == "not_a_workbook"


def test_entities_are_refused(book: Book) -> None:
    good(book.write([HEAD, *ROWS]).read())
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    edit(book.path, "xl/worksheets/sheet1.xml", lambda text: bomb + text)
    _, (fault,), _ = read(book.path)
    assert fault.code == "not_a_workbook"


def test_broken_workbooks_are_refused(book: Book) -> None:
    good(book.write([HEAD, *ROWS]).read())
    whole = book.path.read_bytes()
    random = np.random.default_rng(1)
    for _ in range(40):
        broken = bytearray(whole)
        for at in random.integers(0, len(broken), 12):
            broken[at] = random.integers(0, 256)
        book.path.write_bytes(bytes(broken))
        table, faults, _ = read(book.path)
        assert faults or table is not None
    edit_free = whole[: len(whole) // 2]
    book.path.write_bytes(edit_free)
    assert read(book.path)[1]


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", " " * 30 * 2**20)
    _, (fault,), _ = read(path)
    assert (fault.code, fault.found, fault.expected) == ("workbook_pressed", "0.03 MiB", "20 MiB")


def test_too_many_cells_are_refused(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_MOST_CELLS", 19)
    _, (fault,), _ = book.write([HEAD, *ROWS]).read()
    assert (fault.code, fault.found, fault.expected) == ("workbook_too_large", "20", "19")
    monkeypatch.setattr(sheets, "_MOST_CELLS", 20)
    good(book.read())


def test_a_stray_cell_far_away_is_refused(book: Book) -> None:
    book.write([HEAD, *ROWS]).sheet["XFD1048576"] = "x"
    _, (fault,), _ = book.read()
    assert (fault.code, fault.found) == ("workbook_too_large", "Sheet: 1,048,576 × 16,384")


_ADDRESS_SPACE = """
import resource, sys
from pathlib import Path
from siting.domain.scenario import Layer
from siting.read.log import Log
from siting.read.sources.sheets import read_sheet
now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + 512 * 2**20, now + 512 * 2**20))
log = Log()
path = Path(sys.argv[1])
read_sheet(path, Layer(path=path), log.layer("facilities", path))
print(*(f"{fault.code}|{fault.found}" for fault in log.faults.found))
"""


def _read_in_half_a_gibibyte(path: Path) -> str:
    run = subprocess.run(
        [sys.executable, "-c", _ADDRESS_SPACE, str(path)], capture_output=True, text=True, timeout=120, check=True
    )
    return run.stdout.strip()


_MERGED = '<mergeCells count="1"><mergeCell {}/></mergeCells>'
_AREA = (1_048_576 - 8) * 16_384
# openpyxl makes every cell of what is merged or linked, however its range is written.
_SPREAD = {
    "plain": (_MERGED.format('ref="A9:XFD1048576"'), _AREA),
    "absolute": (_MERGED.format('ref="$A$9:$XFD$1048576"'), _AREA),
    "a character by its number": (_MERGED.format('ref="&#65;9:XFD1048576"'), _AREA),
    "spaces": (_MERGED.format("ref = 'A9:XFD1048576'"), _AREA),
    "linked": ('<hyperlinks><hyperlink ref="A9:XFD1048576" location="x"/></hyperlinks>', _AREA),
    "one upon another": ("<mergeCells>" + '<mergeCell ref="A3:J1900"/>' * 20_000 + "</mergeCells>", 379_600_000),
}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limits of memory are those of Linux")
@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("way", _SPREAD)
def test_cells_spread_over_a_whole_sheet_are_refused_before_they_are_made(book: Book, way: str, coding: str) -> None:
    good(book.write([HEAD, *ROWS]).read())
    more, area = _SPREAD[way]
    part = "xl/worksheets/sheet1.xml"
    edit(book.path, part, lambda text: text.replace("</sheetData>", f"</sheetData>{more}"))
    if coding == "utf-16":
        with zipfile.ZipFile(book.path) as file:
            parts = {each: file.read(each) for each in file.namelist()}
        parts[part] = parts[part].decode("utf-8").replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
        with zipfile.ZipFile(book.path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in parts.items():
                file.writestr(name, content)
    assert book.path.stat().st_size < 20_000
    if way == "plain" and coding == "utf-8":
        assert _read_in_half_a_gibibyte(book.path) == f"sheet_merged_too_much|Sheet: {area:,}"
    else:
        _, (fault,), _ = read(book.path)
        assert (fault.code, fault.found) == ("sheet_merged_too_much", f"Sheet: {area:,}")


def test_a_text_longer_than_a_cell_may_hold_is_refused(book: Book) -> None:
    good(book.write([HEAD, *ROWS]).read())
    row = f'<row r="9"><c r="A9" t="inlineStr"><is><t>{"长" * 32_768}</t></is></c></row></sheetData>'
    edit(book.path, "xl/worksheets/sheet1.xml", lambda text: text.replace("</sheetData>", row))
    _, (fault,), _ = read(book.path)
    assert (fault.code, fault.found, fault.expected) == ("cell_too_long", "32,768", "32,767")


def test_texts_outside_of_cells_are_no_texts_of_cells(book: Book) -> None:
    book.write([HEAD, *ROWS])
    for row in range(2, 300):
        book.sheet.cell(row, 9).comment = Comment("请核对这一行的数字，并与台账管理员联系。" * 10, "张三")
    good(book.read())


def test_more_columns_than_any_table_has_are_refused(book: Book) -> None:
    _, (fault,), _ = book.write([[f"c{at}" for at in range(2_001)], ["x"] * 2_001]).read()
    assert (fault.code, fault.found) == ("too_many_columns", "Sheet: 2,001")


def test_formats_that_reach_farther_than_values_are_no_columns(book: Book) -> None:
    book.write([HEAD, *ROWS]).sheet["ZZZ1"].number_format = "0.00"
    good(book.read())


def test_a_main_part_of_any_name_is_read(book: Book) -> None:
    before, _ = good(book.write([HEAD, *ROWS]).read())
    with zipfile.ZipFile(book.path) as file:
        parts = {each: file.read(each) for each in file.namelist()}
    with zipfile.ZipFile(book.path, "w") as file:
        for name, content in parts.items():
            file.writestr(
                name.replace("workbook.xml", "workbook22.xml"), content.replace(b"workbook.xml", b"workbook22.xml")
            )
    pd.testing.assert_frame_equal(good(read(book.path))[0], before)


def test_a_strict_workbook_is_read(book: Book) -> None:
    before, _ = good(book.write([HEAD, *ROWS]).read())
    with zipfile.ZipFile(book.path) as file:
        parts = {each: file.read(each) for each in file.namelist()}
    # ISO 29500-1, annex A: the namespaces of strict documents.
    strict = {
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        b"http://schemas.openxmlformats.org/officeDocument/2006/": b"http://purl.oclc.org/ooxml/officeDocument/",
        b"http://schemas.openxmlformats.org/drawingml/2006/": b"http://purl.oclc.org/ooxml/drawingml/",
    }
    with zipfile.ZipFile(book.path, "w") as file:
        for name, content in parts.items():
            changed = reduce(lambda text, pair: text.replace(*pair), strict.items(), content)
            file.writestr(name, changed)
    pd.testing.assert_frame_equal(good(read(book.path))[0], before)


# --- in a scenario ----------------------------------------------------------------------------------------------------


def test_people_of_streets_come_from_a_workbook(case: Case) -> None:
    squares(3).to_file(case.folder / "streets.gpkg")
    rows = [
        ["2026年人口统计表"],
        ["镇街", "人口（万人）", None],
        [None, "常住人口", "60岁以上"],
        ["S1街道", 1.2, 0.3],
        ["S2街道", "2", 0.5],
        ["S3街道", 3, None],
        ["合 计", 6.2, 0.8],
        ["填表人：张三"],
    ]
    book = Book(case.folder / "people.xlsx").write(rows, "A1:C1", "A2:A3", "B2:C2")
    book.book.save(book.path)
    case.sections["units.street.people"] = (
        'path = "people.xlsx"\ncolumn_units = { residents = "万人", elderly = "万人" }'
    )
    own = case.read().units["street"][["own_residents", "own_elderly"]]
    assert own.fillna(-1).to_numpy().tolist() == [[12_000, 3_000], [20_000, 5_000], [30_000, -1]]
    told = {note.code: note.values for note in case.read().notes}
    assert told["total_rows_left_out"]["names"] == "合 计"
    assert told["columns_by_alias"]["columns"] == (
        "镇街 → name, 人口（万人） / 常住人口 → residents, 人口（万人） / 60岁以上 → elderly"
    )


def test_a_ledger_comes_from_a_workbook_and_its_faults_name_rows(case: Case) -> None:
    rows = [
        ["养老设施台账", None, None, None, None],
        ["序号", "设施名称", "设施类型", "运营状态", "横坐标", "纵坐标", "床位数", "用地面积（亩）"],
        [1, "一号站", "养老服务站", "现状", 436100, 3281100, 10, 3],
        [2, "二号院", "敬老院", "在建", 436900, "3281100", "1,200", None],
        ["小计", None, None, None, None, None, 1210, 3],
    ]
    book = Book(case.folder / "ledger.xlsx").write(rows, "A1:H1")
    book.book.save(book.path)
    case.sections["facilities"] = 'path = "ledger.xlsx"\ncrs = "EPSG:4545"\ncomplete = true'
    inputs = case.read()
    found = inputs.facilities
    assert found.index.tolist() == ["1", "2"]
    assert found["tier"].tolist() == ["station", "institution"]
    assert found["status"].tolist() == ["existing", "under_construction"]
    assert found["beds"].tolist() == [10, 1200]
    assert found["land_m2"].fillna(-1).tolist() == [2000.0, -1.0]
    assert [(shape.x, shape.y) for shape in found.geometry] == [(436100, 3281100), (436900, 3281100)]
    told = {note.code for note in inputs.notes if note.values.get("layer") == "facilities"}
    assert told >= {
        "rows_above_head",
        "columns_by_alias",
        "words_recognised",
        "column_units",
        "numbers_with_separators",
        "total_rows_left_out",
    }

    book.sheet["A4"] = None
    book.sheet["E4"] = "不详"
    book.book.save(book.path)
    assert {(fault.code, fault.row) for fault in case.faults()} == {
        ("missing_value", "A4"),
        ("coordinate_missing", "E4"),
    }


def test_every_fault_of_tables_is_told_somewhere() -> None:
    house = Path(siting.__file__).parent
    source = "\n".join(file.read_text(encoding="utf-8") for file in (house / "read").rglob("*.py"))
    table = tomllib.loads((house / "text" / "faults_tables.toml").read_text(encoding="utf-8"))["fault"]
    assert {code for code in table if f'"{code}"' not in source} == set()
    for code in table:
        for lang in LANGS:
            message = Fault(code=code, file="f.xlsx", found="<found>", expected="<expected>").message(lang)
            assert "。。" not in message
            assert ".." not in message.replace("…", "")


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        # Two known words make a head, wherever it stands; one alone may be a title or a name.
        ([["某区台账", ""], ["设施名称", "床位数"], ["一号站", "5"]], 1),
        ([["甲", "乙"], ["名称", "丙", "丁"], ["戊", "己", "庚"]], 0),
        # A row above that is as full as the head would be a record.
        ([["一号站", "5"], ["设施名称", "床位数"]], 0),
    ],
)
def test_a_row_with_two_known_words_is_the_head(rows: list[list[str]], at: int) -> None:
    assert header_row(rows, Layer(path=Path("a.csv")), "facilities") == at
