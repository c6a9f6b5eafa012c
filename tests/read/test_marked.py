"""Workbooks whose faults are marked: the cells, their comments, and the list that leads to them."""

from pathlib import Path

import openpyxl
import pytest

import siting
from siting.cli import main
from tests.read.case import Case, squares

HEAD = ["编号", "设施名称", "设施类型", "运营状态", "横坐标", "纵坐标", "床位数", "合计"]
ROWS = [
    ["F1", "一号站", "养老服务站", "现状", 436100, 3281100, "很多", "=G3*2"],
    ["F2", "二号院", "敬老院", "现状", "不详处", 3281100, 20, 40],
    [None, "=三号", "月球站", "现状", 436900, 3281500, "很多", 0],
    ["F4", "四号站", "养老服务站", "现状", 436900, 3281500, 12, 24],
]


@pytest.fixture
def ledger(case: Case) -> Path:
    """A ledger with six faults in six cells, a title above it, formulas, a format, and a comment of its author."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "养老'机构"
    sheet.append(["养老设施台账"])
    sheet.append(HEAD)
    for row in ROWS:
        sheet.append(row)
    sheet["B5"].data_type = "s"
    sheet["G3"].comment = openpyxl.comments.Comment("待核", "民政")
    sheet["G6"].number_format = "0.00"
    path = case.folder / "ledger.xlsx"
    book.save(path)
    case.sections["facilities"] = f'path = "ledger.xlsx"\ncrs = "EPSG:4545"\ncomplete = true\nlayer = "{sheet.title}"'
    return path


def _marked(case: Case, ledger: Path) -> openpyxl.Workbook:
    (path,) = siting.inspect(case.path(), lang="zh").mark_up(case.folder / "marked")
    assert path == case.folder / "marked" / f"{ledger.stem}（已标注）.xlsx"
    return openpyxl.load_workbook(path)


def test_every_cell_at_fault_is_coloured_and_says_what_is_wrong(case: Case, ledger: Path) -> None:
    sheet = _marked(case, ledger)["养老'机构"]
    comments = {cell.coordinate: cell.comment.text for row in sheet for cell in row if cell.comment is not None}
    coloured = {cell.coordinate for row in sheet for cell in row if cell.fill.fill_type == "solid"}
    # Counted by hand: beds 很多 twice, an x that is none, no id, a kind that nobody knows, a formula without its value.
    assert set(comments) == coloured == {"G3", "H3", "E4", "A5", "C5", "G5"}
    assert comments["G3"].startswith("待核\n\n值为 '很多'，应为整数")
    assert "月球站" in comments["C5"]


def test_what_the_author_wrote_is_kept(case: Case, ledger: Path) -> None:
    sheet, own = _marked(case, ledger)["养老'机构"], openpyxl.load_workbook(ledger).worksheets[0]
    values = {cell.coordinate: cell.value for row in own for cell in row}
    assert {cell.coordinate: cell.value for row in sheet for cell in row} == values
    assert (sheet["H3"].data_type, sheet["B5"].data_type) == ("f", own["B5"].data_type)
    assert sheet["G6"].number_format == "0.00"


def test_the_list_has_a_line_for_each_kind_and_value(case: Case, ledger: Path) -> None:
    book = _marked(case, ledger)
    assert book.sheetnames == ["问题清单", "养老'机构"]
    head, *lines = book["问题清单"].iter_rows(values_only=True)
    assert head == ("图层", "工作表", "单元格", "行", "字段", "读到", "问题", "处理办法")
    told = {(line[2], line[3], line[5]) for line in lines}
    assert ("G3, G5", "F1, G5", "'很多'") in told
    assert len(lines) == 5
    link = next(row[2] for row in book["问题清单"].iter_rows(min_row=2) if row[2].value == "G3, G5")
    assert link.hyperlink.location == "'养老''机构'!G3"


def test_the_screen_names_sheet_and_cell(case: Case, ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = case.folder / "marked"
    with pytest.raises(SystemExit, match="2"):
        main(["inspect", str(case.path()), "--mark-up", str(folder), "--lang", "zh"])
    out, _ = capsys.readouterr()
    said = "".join(out.split())
    assert "ledger.xlsx·图层养老设施（facilities）·工作表养老'机构·记录F2·单元格E4·字段lon(横坐标)" in said
    assert f"标注副本:{folder}" in said
    assert [path.name for path in folder.iterdir()] == [f"{ledger.stem}（已标注）.xlsx"]


def test_nothing_is_written_where_no_workbook_is_at_fault(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["inspect", str(case.path()), "--mark-up", str(case.folder / "marked"), "--lang", "en"])
    assert "No workbook has faults in its cells" in capsys.readouterr()[0]
    assert not (case.folder / "marked").exists()


def test_copies_of_one_name_do_not_meet_and_have_the_same_bytes_twice(case: Case, ledger: Path) -> None:
    (case.folder / "other").mkdir()
    (case.folder / "other" / ledger.name).write_bytes(ledger.read_bytes())
    section = case.sections["facilities"].replace("ledger.xlsx", "other/ledger.xlsx").replace("complete = true\n", "")
    case.sections["candidates"] = section
    paths = siting.inspect(case.path(), lang="en").mark_up(case.folder / "one")
    assert [path.name for path in paths] == ["ledger (marked).xlsx", "ledger other (marked).xlsx"]
    again = siting.inspect(case.path(), lang="en").mark_up(case.folder / "two")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


def test_a_marked_copy_that_was_mended_is_read_in_place_of_the_ledger(case: Case, ledger: Path) -> None:
    book = _marked(case, ledger)
    sheet = book["养老'机构"]
    for name, value in {"G3": 8, "G5": 9, "E4": 436500, "A5": "F3", "C5": "敬老院", "H3": 16}.items():
        sheet[name] = value
    book.save(ledger)
    case.sections["facilities"] = 'path = "ledger.xlsx"\ncrs = "EPSG:4545"\ncomplete = true'
    assert case.read().facilities["beds"].tolist() == [8, 20, 9, 12]


def test_a_row_of_totals_needs_no_values(case: Case, ledger: Path) -> None:
    book = openpyxl.load_workbook(ledger)
    book.worksheets[0].append(["合计", None, None, None, None, None, "=SUM(G3:G6)", "=SUM(H3:H6)"])
    book.save(ledger)
    assert "G7" not in {cell for fault in siting.inspect(case.path()).log.faults.found for cell in fault.cells}


def test_only_the_list_is_chosen_when_the_copy_is_opened(case: Case, ledger: Path) -> None:
    book = _marked(case, ledger)
    assert [sheet.sheet_view.tabSelected for sheet in book.worksheets] == [True, False]
    assert book.active is book["问题清单"]


def test_two_records_of_one_id_are_marked_for_their_own_faults_alone(case: Case, ledger: Path) -> None:
    book = openpyxl.load_workbook(ledger)
    book.worksheets[0]["A6"] = "F1"
    book.save(ledger)
    found = siting.inspect(case.path()).log.faults.found
    assert [fault.cells for fault in found if fault.code == "not_integer"] == [("G3",), ("G5",)]
    (twice,) = (fault for fault in found if fault.code == "duplicate_id")
    assert (twice.cells, twice.found) == (("A3", "A6"), "A3, A6")


def test_faults_of_a_table_that_is_joined_stand_in_its_cells(case: Case) -> None:
    book = openpyxl.Workbook()
    for row in (["小区编号", "常住人口"], ["R1", 100], ["R2", "许多"]):
        book.worksheets[0].append(row)
    book.save(case.folder / "areas.xlsx")
    squares().assign(id=["R1", "R2"])[["id", "name", "geometry"]].to_file(case.folder / "areas.gpkg")
    case.sections["residential_areas"] = (
        'path = "areas.gpkg"\nattributes = "areas.xlsx"\nattributes_on = ["id", "小区编号"]'
    )
    (fault,) = case.faults()
    assert (fault.file, fault.row, fault.cells) == ("areas.xlsx", "R2", ("B3",))
    (path,) = siting.inspect(case.path(), lang="en").mark_up(case.folder / "marked")
    assert openpyxl.load_workbook(path)["Sheet"]["B3"].comment is not None


def test_the_account_is_told_though_the_copies_cannot_be_written(
    case: Case, ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (case.folder / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        main(["inspect", str(case.path()), "--mark-up", str(case.folder / "taken" / "in"), "--lang", "en"])
    out, err = capsys.readouterr()
    assert "E4" in out
    assert "taken" in err
    assert ledger.exists()


def test_a_name_that_stands_twice_in_a_head_is_marked_there(case: Case, ledger: Path) -> None:
    book = openpyxl.load_workbook(ledger)
    book.worksheets[0]["H2"] = "床位数"
    book.save(ledger)
    (fault,) = (each for each in case.faults() if each.code == "column_twice")
    assert (fault.sheet, fault.cells, fault.field) == ("养老'机构", ("G2", "H2"), "床位数")
    comments = {cell.coordinate for row in _marked(case, ledger)["养老'机构"] for cell in row if cell.comment}
    assert {"G2", "H2"} <= comments


def test_notes_name_the_first_cells(case: Case) -> None:
    """Read off the rows below: 约 in G3 to G6, a slash in H3 and H5; 敬老院 in C4."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["养老设施台账"])
    sheet.append([*HEAD[:7], "护理型床位数"])
    beds = [
        ("约12", "/", "养老服务站"),
        ("约20", 4, "敬老院"),
        ("约 30", "/", "养老服务站"),
        ("40左右", 5, "养老服务站"),
    ]
    for at, (number, nursing, tier) in enumerate(beds):
        sheet.append([f"F{at}", f"{at}号", tier, "现状", 436100 + 10 * at, 3281100, number, nursing])
    book.save(case.folder / "ledger.xlsx")
    case.sections["facilities"] = 'path = "ledger.xlsx"\ncrs = "EPSG:4545"\ncomplete = true'
    told = {note.code: note.values for note in case.read().notes if note.values.get("layer") == "facilities"}
    assert told["numbers_about"]["columns"] == "beds (床位数) ×4 [G3, G4, G5, …]"
    assert told["missing_words"]["columns"] == "nursing_beds (护理型床位数) / ×2 [H3, H5]"
    assert "敬老院 → institution ×1 [C4]" in told["words_recognised"]["words"]
