"""Sheets of a workbook (XLSX) become tables; columns keep the sheet's names."""

import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import openpyxl
import pandas as pd
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from siting.domain.scenario import Layer
from siting.listing import first_of
from siting.read.log import LayerLog, listed
from siting.read.sources.files import has_few_columns
from siting.read.sources.packed import megabytes
from siting.read.sources.runs import has_struck_runs, text_of_runs
from siting.read.sources.warned import OPENPYXL, heard, tell_warnings
from siting.read.sources.workbooks import extent_of, in_usual_names, parts_of, title_of
from siting.read.tables.cells import SHEET_ROWS, is_blank
from siting.read.tables.cleaning import clean_grid
from siting.read.tables.heads import Head, Merge, find_head, label
from siting.read.tables.number_formats import as_shown
from siting.read.tables.totals import total_rows

_MOST_CELLS: Final = 2_000_000
_MOST_LOOKED_AT: Final = 5 * _MOST_CELLS
_MOST_BYTES: Final = 500 * 2**20
# Sheets of one repeated value compress well; small ones are harmless at any ratio.
_MOST_PRESSED: Final = 200
_PRESSED_FROM_BYTES: Final = 20 * 2**20
# Cells that appear when a sheet is opened: merged cells are expanded. Ledgers merge titles and groups of rows.
_MOST_MERGED: Final = 200_000
# The largest text of a workbook cell, by the format itself.
_LONGEST_TEXT: Final = 32_767
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[ >/]")
_OLD: Final = bytes.fromhex("D0CF11E0A1B11AE1")
# Lines of remarks below a table.
_REMARK: Final = re.compile(r"^\s*(?:备注|说明|填表|制表|审核|填报|联系人|单位负责|负责人|数据来源|资料来源)|[:：]")
_REMARK_LENGTH: Final = 6
# Headings within a table; no record of a table this wide looks like them.
_SECTION: Final = re.compile(r"\s*(?:[一二三四五六七八九十]+[、．.]|[（(][一二三四五六七八九十]+[）)])")
_SECTION_COLUMNS: Final = 3
# Sheets that explain the others. The list of faults is in our own marked copies, which are corrected and read again.
_GUIDE: Final = re.compile(
    r"说明$|须知$|^(?:guide|read ?me|instructions)$|^(?:问题清单|faults)(?: \d+)?$", re.IGNORECASE
)
_SHOWN: Final = 10

Grid = list[list[object]]


@dataclass(frozen=True)
class _Sheet:
    """A sheet's cells, with all rows as wide as the sheet, its merged cells and the places of its errors."""

    title: str
    cells: Grid
    merges: tuple[Merge, ...]
    errors: frozenset[tuple[int, int]]
    hidden: frozenset[int]


def read_sheet(path: Path, source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Read a sheet of a workbook.

    Parameters
    ----------
    path : Path
        The workbook. Values are read, never formulas.
    source : Layer
        ``layer`` names the sheet (otherwise it is the only visible one with content, without guides), ``header`` the
        row of the names (otherwise it is found by evidence: titles may precede it, and it may have several rows of
        merged cells).
    log : LayerLog
        Takes the facts ``driver``, ``layer``, ``header_row`` and ``rows``; notes on what was filled in or left out; the
        faults of the workbook, its sheets, its head and its cells.

    Returns
    -------
    pandas.DataFrame or None
        Plain values under the sheet's own names, None for blank cells; text merged over several rows is in each of
        them, blank rows and remarks below the table are left out. The index, named
        :data:`~siting.read.tables.cells.SHEET_ROWS`, holds the numbers of the sheet's rows: keep it, and messages name
        rows as the user sees them. None if a noted fault leaves nothing to use.
    """
    log.fact(driver="XLSX")
    if not is_sound(path, source, log):
        return None
    sheet = _pick(path, source, log)
    if sheet is None:
        return None
    log.fact(layer=sheet.title)
    if not sheet.cells:
        return pd.DataFrame()
    head = find_head(sheet.cells, sheet.merges, source, log.key)
    if head is None:
        log.fault("header_not_found", field="header", found=str(source.header or 1))
        return None
    log.fact(header_row=head.bottom + 1)
    return _table(sheet, head, path, source, log)


# --- the workbook -----------------------------------------------------------------------------------------------------


def is_sound(path: Path, source: Layer, log: LayerLog) -> bool:
    """Tell whether a file is a workbook that can be opened safely, and note a fault otherwise."""
    if path.suffix.lower() in (".xls", ".et"):
        log.fault("old_workbook", found=path.suffix)
        return False
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            begins = file.read(len(_OLD))
        log.fault("not_a_workbook", found="OLE" if begins == _OLD else source.called)
        return False
    try:
        return _is_harmless(path, source, log)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        log.fault("unreadable_file", found=str(error))
    return False


def _is_harmless(path: Path, source: Layer, log: LayerLog) -> bool:
    """Tell whether a zip contains a workbook of a readable size."""
    with zipfile.ZipFile(path) as file:
        parts = file.infolist()
        size, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
        pressed = size > _PRESSED_FROM_BYTES and size > _MOST_PRESSED * max(packed, 1)
        if size > _MOST_BYTES:
            log.fault("workbook_too_large", found=f"{size / 2**20:.0f} MiB", expected=f"{_MOST_BYTES // 2**20} MiB")
            return False
        if pressed:
            most = max(_PRESSED_FROM_BYTES, _MOST_PRESSED * packed)
            log.fault("workbook_pressed", found=megabytes(packed), expected=megabytes(most))
            return False
        extents = {part.filename: extent_of(file, part) for part in parts if part.filename.endswith((".xml", ".rels"))}
        odd = next((name for name, extent in extents.items() if extent is None), None)
        found = None if odd is not None else parts_of(file)
        if found is None:
            log.fault("not_a_workbook", found=odd or source.called)
            return False
        sheets = {name: extent for name in found[1] if (extent := extents.get(name)) is not None}
        # Shared texts of cells are in a separate part.
        shared = [each for name, each in extents.items() if name.endswith("sharedStrings.xml") and each is not None]
        cells = sum(each.cells for each in (*sheets.values(), *shared))
        if cells > _MOST_CELLS:
            log.fault("workbook_too_large", found=f"{cells:,}", expected=f"{_MOST_CELLS:,}")
        vast = [name for name, extent in sheets.items() if extent.spread > _MOST_MERGED]
        for name in vast:
            title, merged = title_of(file, found[0], name), sheets[name].spread
            log.fault("sheet_merged_too_much", found=f"{title}: {merged:,}", expected=f"{_MOST_MERGED:,}")
        longest = max((extent.longest for extent in (*sheets.values(), *shared)), default=0)
        if longest > _LONGEST_TEXT:
            log.fault("cell_too_long", found=f"{longest:,}", expected=f"{_LONGEST_TEXT:,}")
        return cells <= _MOST_CELLS and not vast and longest <= _LONGEST_TEXT


def load(path: Path, *, values: bool, quickly: bool = False) -> openpyxl.Workbook:
    """Open a checked workbook: its values or its formulas, in fast mode if only some rows are needed."""
    with zipfile.ZipFile(path) as file:
        found = parts_of(file)
    return openpyxl.load_workbook(
        path if found is None else in_usual_names(path, found[0]), data_only=values, read_only=quickly, rich_text=True
    )


def _pick(path: Path, source: Layer, log: LayerLog) -> _Sheet | None:
    """Return the intended sheet, None if that is ambiguous or it cannot be read."""
    words: list[str] = []
    try:
        with heard(UserWarning, words):
            book = load(path, values=True)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 — a broken workbook may fail anywhere in openpyxl
        log.fault("unreadable_file", found=f"{type(error).__name__}: {error}")
        return None
    tell_warnings(words, OPENPYXL, path, log)
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if source.layer is not None:
        if source.layer not in sheets:
            log.fault("layer_not_found", field="layer", found=source.layer, expected=listed(sheets))
            return None
        return _taken(sheets[source.layer], log)
    sheet = _only(sheets, log)
    return None if sheet is None else _taken(sheet, log)


def _only(sheets: Mapping[str, Worksheet], log: LayerLog) -> Worksheet | None:
    """Return the only visible sheet with content, without guides; None with a fault otherwise."""
    seen = _with_values(sheets, log)
    if seen is None:
        return None
    guides = [title for title in seen if _GUIDE.search(title)]
    if 0 < len(guides) == len(seen) - 1:
        log.note("guide_sheets_left_out", count=len(guides), sheets=listed(guides))
        seen = {title: sheet for title, sheet in seen.items() if title not in guides}
    if len(seen) > 1:
        log.fault("layer_not_named", field="layer", expected=listed(seen))
        return None
    sheet = next(iter((seen or sheets).values()), None)
    if sheet is None:
        log.fault("unreadable_file", found="0")
    return sheet


def _with_values(sheets: Mapping[str, Worksheet], log: LayerLog) -> dict[str, Worksheet] | None:
    """Return the visible sheets with content; None if they have too many cells to be examined."""
    visible = {title: sheet for title, sheet in sheets.items() if sheet.sheet_state == "visible"}
    if sum(sheet.max_row * sheet.max_column for sheet in visible.values() if not _is_vast(sheet)) > _MOST_LOOKED_AT:
        log.fault("layer_not_named", field="layer", expected=listed(visible))
        return None
    return {title: sheet for title, sheet in visible.items() if _holds(sheet)}


def merges_of(sheet: Worksheet) -> tuple[Merge, ...]:
    """Return the merged cells of a sheet that was read completely."""
    return tuple(
        Merge(each.min_row - 1, each.max_row - 1, each.min_col - 1, each.max_col - 1)
        for each in sheet.merged_cells.ranges
    )


def _is_vast(sheet: Worksheet) -> bool:
    """Tell whether a sheet would be too large if all cells up to its last row and column existed."""
    return sheet.max_row * sheet.max_column > _MOST_CELLS


def _holds(sheet: Worksheet) -> bool:
    """Tell whether a sheet holds any value."""
    return _is_vast(sheet) or any(not is_blank(cell) for row in sheet.iter_rows(values_only=True) for cell in row)


def _taken(sheet: Worksheet, log: LayerLog) -> _Sheet | None:
    """Extract the cells of a sheet."""
    if _is_vast(sheet):
        size = f"{sheet.title}: {sheet.max_row:,} × {sheet.max_column:,}"
        log.fault("workbook_too_large", found=size, expected=f"{_MOST_CELLS:,}")
        return None
    grid: Grid = []
    errors = set()
    struck: list[str] = []
    for at, row in enumerate(sheet.iter_rows()):
        grid.append([_as_seen(cell) for cell in row])
        errors |= {(at, column) for column, cell in enumerate(row) if cell.data_type == "e"}
        struck += [_name(at, column) for column, cell in enumerate(row) if has_struck_runs(cell.value)]
    if struck:
        log.note("struck_text_left_out", count=len(struck), cells=_shortened(struck))
    seen = clean_grid(grid, range(1, len(grid) + 1), log)
    cells: Grid = [[None if is_blank(cell) else cell for cell in row] for row in seen]
    while cells and all(cell is None for cell in cells[-1]):
        cells.pop()
    # Formats extend farther than values.
    width = max((at for row in cells for at, cell in enumerate(row, start=1) if cell is not None), default=0)
    if not has_few_columns(width, log, sheet.title):
        return None
    cells = [row[:width] for row in cells]
    merges = merges_of(sheet)
    hidden = frozenset(row - 1 for row, size in sheet.row_dimensions.items() if size.hidden)
    return _Sheet(sheet.title, cells, merges, frozenset(errors), hidden)


def _as_seen(cell: Cell | MergedCell) -> object:
    """Return the displayed value of a cell: raised figures as such, a number with the unit of its format."""
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and cell.has_style:
        return as_shown(value, cell.number_format)
    return text_of_runs(value)


# --- the table --------------------------------------------------------------------------------------------------------


def _table(sheet: _Sheet, head: Head, path: Path, source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Return the rows below the head under its names."""
    body = [at for at in range(head.bottom + 1, len(sheet.cells)) if not _is_empty(sheet.cells[at])]
    remarks = _remarks(sheet.cells, body)
    sections = [at for at in body if at not in remarks and _is_section(sheet, at)]
    rows = [at for at in body if at not in remarks and at not in sections]
    if sections:
        told = listed(f"A{at + 1} {_first_text(sheet.cells[at])}" for at in sections)
        log.note("section_rows_left_out", count=len(sections), rows=told)
    if remarks:
        told = listed(f"A{at + 1} {_first_text(sheet.cells[at])}" for at in remarks)
        log.note("footer_rows_left_out", count=len(remarks), rows=told)
    columns = [
        column
        for column, name in enumerate(head.names)
        if name or any(sheet.cells[at][column] is not None for at in rows)
    ]
    names = [head.names[column] or f"#{column + 1}" for column in columns]
    letters = [get_column_letter(column + 1) for column in columns]
    log.is_sheet(path, sheet.title, dict(zip(names, letters, strict=True)))
    twice = log.names_twice(names, letters, head.bottom + 1)
    _tell_titles(sheet, head, log)
    _tell_hidden(sheet, rows, log)
    filled = _filled(sheet, rows, columns, log)
    log.fact(rows=len(rows))
    index = pd.Index([at + 1 for at in rows], name=SHEET_ROWS, dtype="int64")
    cells = [[filled[at][column] for column in columns] for at in rows]
    table = pd.DataFrame(cells, columns=names, index=index, dtype=object)
    # Rows of totals are left out later, whatever their cells hold.
    sums = {} if twice else total_rows(table, source, log.key)
    records = [at for position, at in enumerate(rows) if position not in sums]
    _check_values(sheet, path, [(at, column) for at in records for column in columns], log)
    return None if twice else table


def _is_empty(row: Iterable[object]) -> bool:
    return all(cell is None for cell in row)


def _first_text(row: Iterable[object]) -> str:
    return next((label(cell) for cell in row if cell is not None), "")


def _remarks(cells: Grid, body: Sequence[int]) -> list[int]:
    """Return the remark rows at the end of a table: 填表人：…, or a line of text below a blank row."""
    start = len(body)
    while start and _is_remark(cells[body[start - 1]]):
        start -= 1
    while start < len(body) and not (_is_form_line(cells[body[start]]) or _is_empty(cells[body[start] - 1])):
        start += 1
    return list(body[start:])


def _is_section(sheet: _Sheet, at: int) -> bool:
    """Tell whether a row is a heading within the table: one text, numbered 一、 or merged over half of the columns."""
    row = sheet.cells[at]
    filled = [column for column, cell in enumerate(row) if cell is not None]
    if len(filled) != 1 or not isinstance(row[filled[0]], str) or len(row) < _SECTION_COLUMNS:
        return False
    wide = any(
        each.top == each.bottom == at and each.left == filled[0] and 2 * (each.right - each.left + 1) >= len(row)
        for each in sheet.merges
    )
    return wide or _SECTION.match(str(row[filled[0]])) is not None


def _is_form_line(row: Sequence[object]) -> bool:
    """Tell whether all texts of a row are of the kind 填表人：…, and it is not a complete record."""
    filled = [cell for cell in row if cell is not None]
    return 2 * len(filled) <= len(row) and all(isinstance(cell, str) and _REMARK.search(cell) for cell in filled)


def _is_remark(row: Sequence[object]) -> bool:
    filled = [cell for cell in row if cell is not None]
    is_line = len(row) > 1 and len(filled) == 1 and isinstance(row[0], str) and len(row[0].strip()) >= _REMARK_LENGTH
    return is_line or _is_form_line(row)


def _tell_titles(sheet: _Sheet, head: Head, log: LayerLog) -> None:
    titles = [label(cell) for row in sheet.cells[: head.top] for cell in row if cell is not None]
    if titles:
        log.note("rows_above_head", count=head.top, row=head.bottom + 1, titles=listed(titles))


def _tell_hidden(sheet: _Sheet, rows: Sequence[int], log: LayerLog) -> None:
    hidden = [f"A{at + 1}" for at in rows if at in sheet.hidden]
    if hidden:
        log.note("hidden_rows_read", count=len(hidden), rows=_shortened(hidden))


def _check_values(sheet: _Sheet, path: Path, places: Sequence[tuple[int, int]], log: LayerLog) -> None:
    """Note the cells of the table with errors, and formulas that were saved without their values."""
    wrong = [_name(at, column) for at, column in places if (at, column) in sheet.errors]
    if wrong:
        log.fault("cell_error", row=wrong[0], found=_shortened(wrong), cells=wrong)
    blank = [(at, column) for at, column in places if sheet.cells[at][column] is None]
    if not blank or not _has_formulas(path):
        return
    # The warnings of openpyxl were reported when the values were read.
    with heard(UserWarning, []):
        formulas = load(path, values=False)[sheet.title]
    lost = [_name(at, column) for at, column in blank if formulas.cell(at + 1, column + 1).data_type == "f"]
    if lost:
        log.fault("formula_without_value", row=lost[0], found=_shortened(lost), cells=lost)


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as file:
        sheets = [part for part in file.namelist() if part.startswith("xl/worksheets/")]
        return any(_FORMULA.search(file.read(part)) for part in sheets)


def _name(at: int, column: int) -> str:
    return f"{get_column_letter(column + 1)}{at + 1}"


def _shortened(items: Sequence[str]) -> str:
    return listed(first_of(items, _SHOWN, count=True))


def _filled(sheet: _Sheet, rows: Sequence[int], columns: Sequence[int], log: LayerLog) -> Grid:
    """Return the cells; text that is merged over several rows is in each of them."""
    cells = [list(row) for row in sheet.cells]
    there = set(rows)
    told, numbers = [], []
    for each in sheet.merges:
        covered = [at for at in range(each.top, min(each.bottom, len(cells) - 1) + 1) if at in there]
        if each.top not in there or len(covered) < 2 or each.left not in columns:  # noqa: PLR2004 — more than its own
            continue
        value = cells[each.top][each.left]
        where = f"{_name(each.top, each.left)}:{_name(each.bottom, each.right)}"
        if isinstance(value, int | float) and not isinstance(value, bool):
            numbers.append(where)
        elif value is not None:
            told.append(where)
            for at in covered:
                cells[at][each.left] = value
    if told:
        log.note("merged_cells_filled", count=len(told), cells=_shortened(sorted(told)))
    if numbers:
        first = [each.partition(":")[0] for each in sorted(numbers)]
        log.fault("merged_numbers", row=first[0], found=_shortened(sorted(numbers)), cells=first)
    return cells
