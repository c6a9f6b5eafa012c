"""Workbooks (XLSX): texts that stay texts, and the same bytes for the same content."""

import datetime as dt
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.writer.excel import ExcelWriter

# A spreadsheet takes a text that begins with one of these for a formula.
FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
# The earliest day that an archive can hold; without a day of its own a workbook says when it was written.
_DAY: Final = (1980, 1, 1)


def put(cell: Cell | MergedCell, text: str) -> None:
    """Write a text that stays a text, however it begins."""
    cell.value = text
    if text.startswith(FORMULA_MARKS):
        cell.data_type = "s"
        cell.quotePrefix = True


def content_of(book: Workbook) -> bytes:
    """Return the file of a workbook: the same bytes for the same content, whenever it is written.

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
