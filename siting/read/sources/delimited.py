"""Delimited text tables (CSV, TSV)."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd
from openpyxl.utils import get_column_letter

from siting.domain.scenario import Layer
from siting.read.log import LayerLog
from siting.read.sources.encodings import decoded
from siting.read.sources.files import has_few_columns
from siting.read.tables.cells import SHEET_ROWS
from siting.read.tables.cleaning import clean_grid


class Row(NamedTuple):
    """A row: the line of the file, the row in a spreadsheet, and its cells."""

    line: int
    number: int
    cells: list[str]


_MARKS: Final = (",", "\t", ";", "|")
# Spreadsheets write and understand this line: sep=;
_STATED: Final = re.compile(r"sep=(\\t|[,;|\t])", re.IGNORECASE)
_LOOKED_AT: Final = 20
_LONGEST: Final = 100_000


def read_delimited(path: Path, source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Read a delimited text table; blank cells are blank text, empty rows are left out.

    Parameters
    ----------
    path : Path
        A file with cells separated by commas; otherwise by tabs, semicolons or bars, whichever is most frequent in its
        first lines if no comma separates cells there. A first line ``sep=;`` states the delimiter.
    source : Layer
        ``encoding`` and ``header`` are used here. Without ``header`` the head is the first row below titles
        (single-cell rows above a row with several cells).
    log : LayerLog
        Takes the facts ``driver``, ``encoding``, ``encoding_by``, ``header_row``, the note ``rows_above_head``, and the
        faults of encoding, ``no_head``, ``too_many_columns``, ``ragged_row`` and ``column_twice``.
    """
    log.fact(driver="CSV")
    text = decoded(path.read_bytes(), source.encoding, log)
    if text is None:
        return None
    text, mark = mark_of(text)
    lines = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=mark)
    read = [(lines.line_num, cells) for cells in lines]
    grid = clean_grid([cells for _, cells in read], [line for line, _ in read], log)
    rows = [
        Row(line, number, texts)
        for number, ((line, _), cells) in enumerate(zip(read, grid, strict=True), start=1)
        if any(map(str.strip, texts := [str(cell) for cell in cells]))
    ]
    at = _head(rows, source.header)
    if at is None:
        log.fault("no_head", field="header", found=str(source.header), expected=str(rows[-1].line if rows else 0))
        return None
    if at:
        titles = [cell.strip() for row in rows[:at] for cell in row.cells if cell.strip()]
        log.note("rows_above_head", count=at, row=rows[at].line, titles=", ".join(titles))
    if rows:
        log.fact(header_row=rows[at].line)
    return _table(rows[at:], path, log)


def mark_of(text: str) -> tuple[str, str]:
    """Return a text without the line that states the delimiter, and that delimiter.

    Without such a line it is the delimiter that is most frequent and regular in the first lines; ties go to the comma.
    """
    first, _, rest = text.partition("\n")
    if stated := _STATED.fullmatch(first.strip()):
        # The line stays as a blank one, so that line numbers in messages are those of the file.
        return f"\n{rest}", "\t" if stated[1] == r"\t" else stated[1]
    lines = [line[:_LONGEST] for line in text.splitlines()[:_LOOKED_AT] if line.strip()]
    widths = {mark: [len(cells) for cells in csv.reader(lines, delimiter=mark)] for mark in _MARKS}
    return text, max(_MARKS, key=lambda mark: (_width(widths[mark]), -_MARKS.index(mark)))


def _width(counts: Sequence[int]) -> tuple[int, int]:
    """Return in how many lines a delimiter gives the most common number of cells, if above one; and the number."""
    several = Counter(count for count in counts if count > 1)
    return (0, 0) if not several else max((lines, count) for count, lines in several.items())


def _head(rows: Sequence[Row], stated: int | None) -> int | None:
    """Return which of the rows holds the names of the columns; None if the stated one does not exist."""
    if stated is not None:
        return next((position for position, row in enumerate(rows) if row.line == stated), None)
    filled = [sum(bool(cell.strip()) for cell in row.cells) for row in rows]
    at = next((position for position, count in enumerate(filled) if count != 1), 0)
    return at if at < len(rows) else 0


def _table(rows: Sequence[Row], path: Path, log: LayerLog) -> pd.DataFrame | None:
    head = [name.strip() for name in rows[0].cells] if rows else []
    if not has_few_columns(len(head), log):
        return None
    whole = []
    for row in rows[1:]:
        if len(row.cells) == len(head):
            whole.append(row)
        else:
            log.fault("ragged_row", row=str(row.line), found=str(len(row.cells)), expected=str(len(head)))
    if len(rows) > 1 and not whole:
        # A layer with only unreadable rows is not empty.
        return None
    # Spreadsheets leave empty columns without names.
    empty = {at for at, name in enumerate(head) if not name and not any(row.cells[at].strip() for row in whole)}
    kept = [at for at in range(len(head)) if at not in empty]
    names = [head[at] or f"#{at + 1}" for at in kept]
    letters = [get_column_letter(at + 1) for at in kept]
    log.is_sheet(path, None, dict(zip(names, letters, strict=True)))
    twice = log.names_twice(names, letters, rows[0].number if rows else 0)
    index = pd.Index([row.number for row in whole], name=SHEET_ROWS, dtype="int64")
    cells = [[row.cells[at] for at in kept] for row in whole]
    return None if twice else pd.DataFrame(cells, columns=names, index=index, dtype=object)
