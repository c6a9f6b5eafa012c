"""Single cells of a table, and the names of rows for messages."""

import datetime as dt
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def positions(mask: NDArray[np.bool_]) -> list[int]:
    """Return the positions at which a mask is true."""
    return [int(position) for position in np.flatnonzero(mask)]


def is_blank(cell: object) -> bool:
    """Tell whether a cell holds nothing: None, NaN, NaT, NA or white space."""
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell))


def plain(cell: object) -> object:
    """Return a cell as a plain value, text without white space around it; None if it is blank."""
    if is_blank(cell):
        return None
    if isinstance(cell, (list, tuple, dict, np.ndarray)):
        return str(cell)
    return cell.strip() if isinstance(cell, str) else cell


def as_text(cell: object) -> str:
    """Write a cell as text; a whole number without the point that its column's type gave it.

    Examples
    --------
    >>> from siting.read.tables.cells import as_text
    >>> as_text(500199001.0), as_text("F012")
    ('500199001', 'F012')
    """
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell == dt.datetime.combine(cell.date(), dt.time()):
        return str(cell.date())
    return str(cell)


def row_labels(ids: Iterable[object]) -> list[str]:
    """Name the rows of a table: by id, or ``#`` and the number of the record, counted from 1, where it has none."""
    return [f"#{number}" if is_blank(cell) else as_text(cell) for number, cell in enumerate(ids, start=1)]
