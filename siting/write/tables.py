"""Tables as CSV, XLSX or JSON."""

import json
from pathlib import Path
from typing import Final

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from siting.domain.withheld import ROUNDED
from siting.text import Lang, say
from siting.write.endings import ending_of
from siting.write.files import write_bytes, write_text
from siting.write.geojson import is_unlimited, plain, unlimited
from siting.write.worded import in_words
from siting.write.workbooks import FORMULA_MARKS, content_of, put

# Columns of long texts are wrapped at this width.
_WIDEST: Final = 60
_LATIN: Final = 0x2E7F


def neutral(cell: object) -> object:
    """Return a cell that no spreadsheet interprets as a formula: such a text gets an apostrophe before it.

    Examples
    --------
    >>> from siting.write.tables import neutral
    >>> neutral("=1+1"), neutral(-3.5), neutral("站点")
    ("'=1+1", -3.5, '站点')
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_MARKS) else cell


def write_table(path: Path, table: pd.DataFrame, lang: Lang) -> None:
    """Write a table for people as CSV or XLSX, or for programs as JSON, by the file's ending.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv`` (UTF-8 with a byte order mark, so that spreadsheets read Chinese) and ``.xlsx`` hold words, ``.json``
        names of columns and codes, and in each row the figures that are null because they have no limit
        (``unlimited``); it is replaced whole. In CSV and XLSX a text that begins like a formula (``=``, ``+``, ``-``,
        ``@``) stays a text.
    table : pandas.DataFrame
        The table; its index is left out.
    lang : {"zh", "en"}
        Language of heads and words.

    Raises
    ------
    InputError
        Another ending, or the file cannot be written.
    """
    ending = ending_of(path, "table")
    if table.attrs.get(ROUNDED):
        table = table.assign(people_rounded=True if ending == ".json" else say("table.people_rounded", lang))
    rows = table.to_dict("records")
    if ending == ".json":
        write_text(path, json.dumps([plain(row) | unlimited(row) for row in rows], ensure_ascii=False, indent=1) + "\n")
        return
    cells = [{key: value if is_unlimited(value) else plain(value) for key, value in row.items()} for row in rows]
    worded = in_words(pd.DataFrame(cells, columns=list(table.columns), dtype="object"), lang)
    if ending == ".xlsx":
        write_sheet(path, worded, say("table.sheet", lang))
    else:
        write_text(path, "\ufeff" + worded.map(neutral).to_csv(index=False, lineterminator="\n"))


def write_sheet(path: Path, table: pd.DataFrame, title: str) -> None:
    """Write a table as a workbook of one sheet; the file is replaced whole."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    fill_sheet(sheet, table)
    write_bytes(path, content_of(book))


def fill_sheet(sheet: Worksheet, table: pd.DataFrame) -> None:
    """Write a table into an empty sheet, with a frozen head that filters the rows.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        The sheet.
    table : pandas.DataFrame
        Texts, numbers and blanks; its index is left out.
    """
    for row, cells in enumerate([list(table.columns), *table.itertuples(index=False)], start=1):
        for column, value in enumerate(cells, start=1):
            cell = sheet.cell(row, column)
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            if not isinstance(value, str):
                cell.value = value
            elif value:
                put(cell, value)
            if row == 1:
                cell.font = Font(bold=True)
    for column, name in enumerate(table.columns, start=1):
        longest = max([_width(name), *(_width(value) for value in table[name])])
        sheet.column_dimensions[get_column_letter(column)].width = min(longest + 2, _WIDEST)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _width(value: object) -> int:
    """Return the width of a cell in Latin letters; a Chinese character takes two."""
    return sum(2 if ord(letter) > _LATIN else 1 for letter in str(value))
