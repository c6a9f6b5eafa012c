"""What a workbook's cell shows counts: units and scales of number formats, raised figures, struck-out text."""

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from siting.domain.scenario import Layer
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS, UNIT_COLUMNS
from siting.errors import Fault
from siting.read.log import Log
from siting.read.sources.sheets import load, read_sheet
from siting.read.tables.columns import typed_table
from siting.read.tables.number_formats import Measured, as_shown

RAISED, LOWERED = InlineFont(vertAlign="superscript"), InlineFont(vertAlign="subscript")
MU = 2000 / 3


def _read(
    folder: Path, head: str, cell: object, form: str = "General", layer: str = "facilities", **keys: Any
) -> tuple[pd.DataFrame, list[Fault], Log]:
    """Read a ledger of one record, whose last cell has a number format."""
    path = folder / "ledger.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["编号", "设施名称", "类型", "状态", head])
    sheet.append(["F1", "一号站", "station", "existing", cell])
    sheet.cell(2, 5).number_format = form
    book.save(path)
    log, source = Log(), Layer(path=path, **keys)
    raw = read_sheet(path, source, log.layer(layer, path.name))
    assert raw is not None
    columns = {"facilities": FACILITY_COLUMNS, "candidates": CANDIDATE_COLUMNS, "units.street": UNIT_COLUMNS}[layer]
    table, _ = typed_table(raw, columns, source, log.layer(layer, path.name))
    return table, log.faults.found, log


# By hand, from what the cell shows: value, format, what is seen without rounding.
SEEN = [
    (350, '0.0"亩"', "350亩"),
    (350, '#,##0.00"公顷"', "350公顷"),
    (350, 'General"㎡"', "350㎡"),
    (350, r"0\亩", "350亩"),
    (350, "0!亩", "350亩"),
    (350, "0亩", "350亩"),
    (350, '[Red][>100]0"亩";[<=100]0.0"㎡"', "350亩"),
    (50, '[Red][>100]0"亩";[<=100]0.0"㎡"', "50㎡"),
    (-5, '0"亩";-0"㎡";0"公顷"', "-5㎡"),
    (0, '0"亩";-0"㎡";0"公顷"', "0公顷"),
    (5, '0"亩";-0"㎡";0"公顷"', "5亩"),
    (350000, "0.0,", "350"),
    (350000, '#,##0,"千元"', "350千元"),
    (3500000, "0.00,,", "3.5"),
    # The usual way to show 万: a comma divides by a thousand, and a point that is only text stands before one digit.
    (123456, "0!.0,", "12.3456"),
    (123456, r'0\.0,"万元"', "12.3456万元"),
    (123456, '0"."0000"万"', "12.3456万"),
    (0.05, "0.0%", "5%"),
    (350, '#,##0.00" 元/㎡"', "350元/㎡"),
    (350, "#,##0.00\\ [$€-407]", "350€"),
]
# Of these the number is all that counts.
PLAIN = [
    "General", "0", "0.00", "#,##0", "#,##0.00_ ", "#,##0.00_);(#,##0.00)", "0.00E+00", "# ?/?", "@", "000", ";;;",
    '"约"0', "[$¥-804]#,##0.00", '"￥"#,##0', "[$-804]0", "0;[Red]-0",
    '_ "¥"* #,##0.00_ ;_ "¥"* -#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ ',
]  # fmt: skip


@pytest.mark.parametrize(("value", "form", "text"), SEEN)
def test_a_format_shows_what_a_spreadsheet_shows(value: float, form: str, text: str) -> None:
    cell = as_shown(value, form)
    assert isinstance(cell, Measured)
    assert (cell.text, float(cell)) == (text, value)


@pytest.mark.parametrize("form", PLAIN)
@pytest.mark.parametrize("value", [350, -350.5, 0, 10**17])
def test_formats_that_only_arrange_digits_change_nothing(value: float, form: str) -> None:
    assert not isinstance(as_shown(value, form), Measured)


@pytest.mark.parametrize(
    ("head", "key", "value", "form", "right"),
    [
        ("用地面积", "land_m2", 350, '0.0"亩"', 350 * MU),
        ("用地面积（亩）", "land_m2", 350, '0.0"亩"', 350 * MU),
        ("用地面积", "land_m2", 350, '0"㎡"', 350),
        ("用地面积", "land_m2", 0.35, '#,##0.00"公顷"', 3500),
        ("床位数", "beds", 120, '0"张"', 120),
        ("床位数（张）", "beds", 120, '0"床"', 120),
        # The cell holds yuan and shows 万元.
        ("造价", "capital_cost_cny", 1234560, '0!.0,"万元"', 1234560),
        ("造价", "capital_cost_cny", 12.5, '0.0"万元"', 125000),
        ("造价（万元）", "capital_cost_cny", 12.5, '0.0"万元"', 125000),
        ("租期", "lease_years", 18, '0"个月"', 1.5),
        ("容积率", "far", 2.5, "0%", 2.5),
    ],
)
def test_the_unit_that_is_seen_counts(
    tmp_path: Path, head: str, key: str, value: float, form: str, right: float
) -> None:
    layer = "facilities" if key in {column.key for column in FACILITY_COLUMNS} else "candidates"
    table, faults, log = _read(tmp_path, head, value, form, layer, columns={key: head})
    assert [fault for fault in faults if fault.field and fault.field.startswith(key)] == []
    assert table.loc[2, key] == pytest.approx(right, rel=1e-12)
    assert ("numbers_with_units" in {note.code for note in log.notes}) == ('"' in form)


@pytest.mark.parametrize(
    ("head", "value", "form", "code", "found"),
    [
        ("用地面积（㎡）", 350, '0.0"亩"', "unit_of_cell", "'350亩'"),
        ("用地面积", 350, '0"张"', "not_number", "'350张'"),
        ("用地面积", 350000, "0.0,", "scaled_by_format", "'350'"),
        ("容积率", 5, '0"万"', "not_number", "'5万'"),
    ],
)
def test_what_is_seen_and_cannot_be_is_a_fault(
    tmp_path: Path, head: str, value: float, form: str, code: str, found: str
) -> None:
    key = "far" if head == "容积率" else "land_m2"
    _, (fault,), _ = _read(tmp_path, head, value, form, columns={key: head})
    assert (fault.code, fault.found, fault.cells) == (code, found, ("E2",))
    assert found in fault.message("zh")


@pytest.mark.parametrize("font", [RAISED, LOWERED])
@pytest.mark.parametrize("head", ["用地面积", "床位数"])
def test_a_raised_or_lowered_figure_is_no_digit(tmp_path: Path, head: str, font: InlineFont) -> None:
    _, (fault,), _ = _read(tmp_path, head, CellRichText("350", TextBlock(font, "1")))
    assert fault.code in {"not_number", "not_integer"}
    assert fault.found in {"'350¹'", "'350₁'"}


def test_a_date_with_a_raised_figure_is_no_date(tmp_path: Path) -> None:
    _, (fault,), _ = _read(tmp_path, "启用日期", CellRichText("2026-1-1", TextBlock(RAISED, "1")))
    assert (fault.code, fault.found) == ("not_date", "'2026-1-1¹'")


def test_raised_figures_of_units_are_read(tmp_path: Path) -> None:
    table, faults, _ = _read(tmp_path, "用地面积", CellRichText("350 m", TextBlock(RAISED, "2")))
    assert faults == []
    assert table.loc[2, "land_m2"] == 350


def test_coloured_text_is_text(tmp_path: Path) -> None:
    table, faults, _ = _read(
        tmp_path, "用地面积", CellRichText("3", TextBlock(InlineFont(b=True, color="FF0000"), "50"))
    )
    assert faults == []
    assert table.loc[2, "land_m2"] == 350


def test_struck_out_text_is_left_out_and_told(tmp_path: Path) -> None:
    table, faults, log = _read(tmp_path, "床位数", CellRichText(TextBlock(InlineFont(strike=True), "350"), "420"))
    assert faults == []
    assert table.loc[2, "beds"] == 420
    assert [note.values["cells"] for note in log.notes if note.code == "struck_text_left_out"] == ["E2"]


def test_a_marked_copy_keeps_raised_figures(tmp_path: Path) -> None:
    _read(tmp_path, "床位数", CellRichText("350", TextBlock(RAISED, "1")))
    load(tmp_path / "ledger.xlsx", values=False).save(tmp_path / "copy.xlsx")
    cell = load(tmp_path / "copy.xlsx", values=False).worksheets[0].cell(2, 5).value
    assert isinstance(cell, CellRichText)
    assert [getattr(run, "font", None) and run.font.vertAlign for run in cell][-1] == "superscript"
