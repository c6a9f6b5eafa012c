"""Faults marked in the workbook that contains them."""

from collections.abc import Iterable, Sequence
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from siting.errors import Fault, together
from siting.text import Lang, say
from siting.write.account import faults_table
from siting.write.tables import fill_sheet
from siting.write.workbooks import content_of

_FILL: Final = PatternFill("solid", fgColor="FFE08A")
_AUTHOR: Final = "siting"
# The list has no column for the file: it is the workbook itself.
_HEADS: Final = ("layer", "sheet", "cell", "row", "field", "found", "what", "advice")


def marked_up(book: Workbook, faults: Iterable[Fault], lang: Lang) -> bytes:
    """Return a copy of a workbook in which every cell with a fault is coloured and has a comment.

    Parameters
    ----------
    book : openpyxl.Workbook
        The workbook with its formulas; it is changed.
    faults : iterable of Fault
        The faults of this workbook, each with its sheet and cells.
    lang : {"zh", "en"}
        Language of the texts.

    Returns
    -------
    bytes
        The file. Its first sheet lists the faults, one line for each kind and value, with a link to the first cell. An
        existing comment of a faulty cell is kept above the new one; pictures and charts are not kept.
    """
    found = list(faults)
    told: dict[tuple[str, str], list[str]] = {}
    for fault in found:
        text = "\n".join([fault.part("what", lang), fault.part("advice", lang)])
        for name in fault.cells:
            lines = told.setdefault((str(fault.sheet), name), [])
            lines += [text] if text not in lines else []
    for (title, name), texts in told.items():
        _mark(_anchor(book[title], name), texts)
    _list(book, together(found), lang)
    return content_of(book)


def _anchor(sheet: Worksheet, name: str) -> Cell | MergedCell:
    """Return a cell, or the visible cell of the range with which it is merged."""
    cell: Cell | MergedCell = sheet[name]
    if isinstance(cell, MergedCell):
        for each in sheet.merged_cells.ranges:
            if name in each:
                return sheet.cell(each.min_row, each.min_col)
    return cell


def _mark(cell: Cell | MergedCell, texts: Sequence[str]) -> None:
    before = [] if cell.comment is None else [str(cell.comment.text)]
    cell.fill = _FILL
    cell.comment = Comment("\n\n".join([*before, *texts]), _AUTHOR, height=120, width=360)


def _list(book: Workbook, faults: Sequence[Fault], lang: Lang) -> None:
    """Put the list of faults before the other sheets."""
    sheet = book.create_sheet(_free(book.sheetnames, say("inspect.marked.sheet", lang)), 0)
    table = faults_table(faults, lang)[list(_HEADS)]
    fill_sheet(sheet, table.set_axis([say(f"inspect.column.{key}", lang) for key in _HEADS], axis=1))
    for row, fault in enumerate(faults, start=2):
        if fault.cells:
            link = sheet.cell(row, _HEADS.index("cell") + 1)
            title = str(fault.sheet).replace("'", "''")
            link.style = "Hyperlink"
            link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{title}'!{fault.cells[0]}")
    book.active = 0
    for each in book.worksheets:
        # If several sheets were selected, typed text would go into all of them.
        each.sheet_view.tabSelected = each is sheet


def _free(taken: Iterable[str], title: str) -> str:
    names = {name.casefold() for name in taken}
    number = 1
    while (name := title if number == 1 else f"{title} {number}").casefold() in names:
        number += 1
    return name
