"""Empty ledgers: what they ask for, what a spreadsheet refuses, and that a filled one is read back as it was filled."""

import datetime as dt
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from siting.errors import InputError
from siting.read import all_standards
from siting.text import LANGS, Lang
from siting.write.forms import FIRST_ROW, LEDGERS, Ledger, clauses_of, form, ledger_fields, write_forms
from siting.write.workbooks import put
from tests.read.case import Case, squares

STANDARDS = all_standards()
ROWS: dict[Ledger, list[dict[str, Any]]] = {
    "facilities": [
        {
            "id": "007", "name": "一号站", "tier": "station", "status": "existing", "opens": dt.date(2015, 3, 1),
            "land_m2": 612.5, "floor_area_m2": 300, "beds": 12, "nursing_beds": 4, "operator": "=1+1",
            "operator_kind": "public_private", "owner_kind": "government", "tenure": "lease", "lease_years": 5,
            "med_link": "agreement", "demonstration": True, "serves_community": False, "rating_kind": "star",
            "lon": 107.342, "lat": 29.647,
        },
        {
            "id": "F002", "name": "二号院", "tier": "institution", "status": "under_construction",
            "closes": dt.date(2040, 12, 31), "owner_kind": "collective", "operator_kind": "private", "tenure": "own",
            "med_link": "internal", "disabled_destitute": True, "lon": 107.346, "lat": 29.648,
        },
    ],
    "candidates": [
        {
            "id": "C1", "name": "原粮站", "tenure": "state", "floor_area_m2": 870, "land_m2": 829, "far": 1.05,
            "detached": True, "capital_cost_cny": 2_070_000, "lon": 107.343, "lat": 29.6475,
        },
    ],
    "residential_areas": [
        {"id": "S1", "name": "甲小区", "status": "new", "households": 800, "residents": 2400, "provided_m2": 150},
        {"id": "S2", "name": "乙小区", "status": "existing", "households": 500, "year_built": 1998},
    ],
}  # fmt: skip


def ledger_sheet(book: Workbook) -> Worksheet:
    sheet = book.worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


def fill(path: Path, ledger: Ledger, lang: Lang) -> None:
    """Fill a form in as a planner does: by its heads and with the words of its drop-downs."""
    book = load_workbook(path)
    sheet = ledger_sheet(book)
    fields = ledger_fields(ledger, STANDARDS, lang)
    columns = {column.key: column for column in LEDGERS[ledger]}
    for number, row in enumerate(ROWS[ledger], start=FIRST_ROW):
        for at, field in enumerate(fields, start=1):
            value = row.get(field.key)
            if field.choices and value is not None:
                choices = (True, False) if field.type == "boolean" else columns[field.key].choices
                value = field.choices[list(choices).index(value)]
            cell = sheet.cell(number, at)
            cell.value = value
            if isinstance(value, str) and value.startswith("="):
                cell.data_type = "s"
    book.save(path)


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dt.date):
        return bool(found.date() == wanted)
    return bool(found == pytest.approx(wanted)) if isinstance(wanted, float) else bool(found == wanted)


@pytest.mark.parametrize("lang", LANGS)
def test_a_filled_ledger_is_read_back_as_it_was_filled(lang: Lang, tmp_path: Path) -> None:
    case = Case(tmp_path)
    files = write_forms(tmp_path, STANDARDS, lang)
    for ledger, path in files.items():
        fill(path, ledger, lang)
    areas = squares()[["id", "geometry"]].rename(columns={"id": "小区号"})
    gpd.GeoDataFrame(areas).to_file(tmp_path / "areas.gpkg")
    case.sections["facilities"] = f'path = "{files["facilities"].name}"\ncrs = "EPSG:4490"\ncomplete = true'
    case.sections["candidates"] = f'path = "{files["candidates"].name}"\ncrs = "EPSG:4490"'
    head = ledger_sheet(load_workbook(files["residential_areas"])).cell(1, 1).value
    case.sections["residential_areas"] = (
        f'path = "areas.gpkg"\ncolumns = {{ id = "小区号" }}\nattributes = "{files["residential_areas"].name}"\n'
        f'attributes_on = ["小区号", "{head}"]'
    )
    inputs = case.read()
    tables: dict[Ledger, gpd.GeoDataFrame] = {
        "facilities": inputs.facilities,
        "candidates": inputs.candidates,
        "residential_areas": inputs.residential_areas,
    }
    for ledger, table in tables.items():
        assert list(table.index) == [row["id"] for row in ROWS[ledger]]
        places = table.geometry.to_crs("EPSG:4490").representative_point()
        for key, row in zip(table.index, ROWS[ledger], strict=True):
            for column in LEDGERS[ledger]:
                if column.key == "id":
                    continue
                found = table.loc[key, column.key]
                wanted = row.get(column.key)
                if wanted is None:
                    assert pd.isna(found), (ledger, key, column.key)
                else:
                    assert same(found, wanted), (ledger, key, column.key, found)
            if "lon" in row:
                assert places[key].x == pytest.approx(row["lon"])
                assert places[key].y == pytest.approx(row["lat"])


# What a spreadsheet calls each type.
KINDS = {"number": "decimal", "integer": "whole", "year": "whole", "date": "date", "place": "decimal"}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("ledger", list(LEDGERS))
def test_every_choice_has_its_drop_down_and_every_head_its_comment(ledger: Ledger, lang: Lang) -> None:
    sheet = ledger_sheet(form(ledger, STANDARDS, lang))
    fields = ledger_fields(ledger, STANDARDS, lang)
    rules = {str(rule.sqref).partition(str(FIRST_ROW))[0]: rule for rule in sheet.data_validations.dataValidation}
    for cell, field in zip(sheet[1], fields, strict=True):
        assert field.name in str(cell.value)
        assert str(cell.value).endswith("*") == field.required
        assert cell.comment is not None
        assert field.meaning in cell.comment.text
        rule = rules.get(str(cell.column_letter))
        if field.choices:
            assert rule is not None
            assert rule.formula1 == '"' + ",".join(field.choices) + '"'
            assert len(rule.formula1) <= 255, "spreadsheets take no longer list"
        elif field.type in KINDS:
            assert rule is not None
            assert rule.type == KINDS[field.type]
        else:
            assert rule is None


def test_ids_stay_text_and_dates_are_shown_as_dates() -> None:
    sheet = ledger_sheet(form("facilities", STANDARDS, "zh"))
    assert sheet.column_dimensions["A"].number_format == "@"
    opens = [column.key for column in LEDGERS["facilities"]].index("opens")
    assert sheet.column_dimensions["ABCDEFG"[opens]].number_format == "yyyy-mm-dd"


@pytest.mark.parametrize("ledger", list(LEDGERS))
def test_the_guide_names_every_clause_of_every_column(ledger: Ledger) -> None:
    guide = form(ledger, STANDARDS, "zh").worksheets[1]
    rows = {str(row[1]): str(row[6]) for row in guide.iter_rows(values_only=True) if row[1] and row[6]}
    for field in ledger_fields(ledger, STANDARDS, "zh"):
        assert set(field.clauses) <= set(rows[field.key].split("、"))
        assert bool(field.clauses) == ("没有条款" not in rows[field.key])


def test_the_guide_of_residential_areas_says_how_rows_find_their_polygons() -> None:
    guide = form("residential_areas", STANDARDS, "zh").worksheets[1]
    told = "\n".join(str(cell) for row in guide.iter_rows(values_only=True) for cell in row if cell)
    assert "attributes_on" in told
    assert "多边形" in told


def test_clauses_of_a_column_are_those_that_the_documents_name() -> None:
    by_id = {clause.id: clause for standard in STANDARDS for clause in standard.clauses}
    shares = clauses_of("facilities", "nursing_beds", STANDARDS)
    assert "cq-2017-162/3-nursing-beds" in shares
    assert all("nursing_beds" in by_id[key].needs for key in shares)
    assert "cq-2019-129/2-3-land" in clauses_of("facilities", "far", STANDARDS)
    assert "cq-2017-162/24-leased-beds" in clauses_of("facilities", "lease_years", STANDARDS)
    assert clauses_of("facilities", "address", STANDARDS) == ()
    every = {key for column in LEDGERS["facilities"] for key in clauses_of("facilities", column.key, STANDARDS)}
    assert {by_id[key].treatment for key in every} <= {"computed", "advice"}
    # Nothing that a clause of the ledger asks for is left out.
    for clause in by_id.values():
        if clause.treatment != "out_of_scope":
            for column in LEDGERS["facilities"]:
                if column.key in clause.needs:
                    assert clause.id in clauses_of("facilities", column.key, STANDARDS)


def test_nothing_is_overwritten_and_then_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "居住区台账.xlsx").write_text("mine")
    with pytest.raises(InputError, match="居住区台账"):
        write_forms(tmp_path, STANDARDS, "zh")
    assert [path.name for path in tmp_path.iterdir()] == ["居住区台账.xlsx"]


@pytest.mark.parametrize("text", ["=1+1", "+8613", "-3", "@cmd", "\tx"])
def test_a_text_stays_a_text_however_it_begins(text: str, tmp_path: Path) -> None:
    book = Workbook()
    put(ledger_sheet(book).cell(1, 1), text)
    book.save(tmp_path / "b.xlsx")
    cell = ledger_sheet(load_workbook(tmp_path / "b.xlsx")).cell(1, 1)
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)
