"""Tables of text with a mark between their cells."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from siting.domain.scenario import Layer
from siting.read.log import LayerLog
from siting.read.sources.encodings import decoded

Row = tuple[int, list[str]]


def read_delimited(path: Path, source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Read a table of text; blank cells stay blank text, rows without any text are left out.

    Parameters
    ----------
    path : Path
        A file whose cells stand between commas, or tabs where its head has tabs and no comma.
    source : Layer
        ``encoding`` and ``header`` are used here. Without ``header`` the head is the first row, below titles (rows of
        a single cell above a row of several).
    log : LayerLog
        Takes the facts ``driver``, ``encoding``, ``encoding_by``, ``header_row``, the note ``rows_above_head``, and the
        faults of encoding, ``no_head``, ``ragged_row`` and ``column_twice``.
    """
    log.fact(driver="CSV")
    text = decoded(path.read_bytes(), source.encoding, log)
    if text is None:
        return None
    first = text.partition("\n")[0]
    lines = csv.reader(
        io.StringIO(text, newline=""), strict=True, delimiter="\t" if "\t" in first and "," not in first else ","
    )
    rows = [(lines.line_num, cells) for cells in lines if any(map(str.strip, cells))]
    at = _head(rows, source.header)
    if at is None:
        log.fault("no_head", field="header", found=str(source.header), expected=str(rows[-1][0] if rows else 0))
        return None
    if at:
        titles = [cell.strip() for _, cells in rows[:at] for cell in cells if cell.strip()]
        log.note("rows_above_head", count=at, row=rows[at][0], titles=", ".join(titles))
    if rows:
        log.fact(header_row=rows[at][0])
    return _table(rows[at:], log)


def _head(rows: Sequence[Row], stated: int | None) -> int | None:
    """Return which of the rows holds the names of the columns; None where the stated one is not there."""
    if stated is not None:
        return next((position for position, (line, _) in enumerate(rows) if line == stated), None)
    filled = [sum(bool(cell.strip()) for cell in cells) for _, cells in rows]
    at = next((position for position, count in enumerate(filled) if count != 1), 0)
    return at if at < len(rows) else 0


def _table(rows: Sequence[Row], log: LayerLog) -> pd.DataFrame | None:
    head = [name.strip() for name in rows[0][1]] if rows else []
    whole = []
    for line, cells in rows[1:]:
        if len(cells) == len(head):
            whole.append(cells)
        else:
            log.fault("ragged_row", row=str(line), found=str(len(cells)), expected=str(len(head)))
    # A spreadsheet leaves columns behind that hold nothing and have no name.
    empty = {at for at, name in enumerate(head) if not name and not any(cells[at].strip() for cells in whole)}
    kept = [at for at in range(len(head)) if at not in empty]
    names = [head[at] or f"#{at + 1}" for at in kept]
    twice = sorted({name for name in names if names.count(name) > 1})
    for name in twice:
        log.fault("column_twice", field=name, found=name)
    return None if twice else pd.DataFrame([[cells[at] for at in kept] for cells in whole], columns=names, dtype=object)
