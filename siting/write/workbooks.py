"""Workbooks (XLSX): texts stay texts, and the same content gives the same bytes."""

import datetime as dt
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.writer.excel import ExcelWriter

# A spreadsheet interprets a text that begins with one of these as a formula.
FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
# The earliest date that an archive can hold; otherwise a workbook would contain the time of writing.
_DAY: Final = (1980, 1, 1)


def put(cell: Cell | MergedCell, text: str) -> None:
    """Write a text that stays a text, whatever its first character is."""
    cell.value = text
    if text.startswith(FORMULA_MARKS):
        cell.data_type = "s"
        cell.quotePrefix = True


def content_of(book: Workbook) -> bytes:
    """Return the file of a workbook: the same bytes for the same content, at any time.

    Examples
    --------
    >>> from openpyxl import Workbook
    >>> from siting.write.workbooks import content_of
    >>> content_of(Workbook()) == content_of(Workbook())
    True
    """
    book.properties.created = book.properties.modified = dt.datetime(*_DAY)  # noqa: DTZ001 - openpyxl takes no zone
    drawn, fixed = BytesIO(), BytesIO()
    ExcelWriter(book, ZipFile(drawn, "w")).save()
    with ZipFile(drawn) as parts, ZipFile(fixed, "w") as archive:
        for name in parts.namelist():
            archive.writestr(ZipInfo(name, (*_DAY, 0, 0, 0)), parts.read(name), ZIP_DEFLATED)
    return fixed.getvalue()
