"""Single cells of a table, and the names of rows for messages."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# The name of an index with the numbers of a sheet's rows.
SHEET_ROWS: Final = "sheet_row"


def positions(mask: NDArray[np.bool_]) -> list[int]:
    """Return the positions at which a mask is true."""
    return [int(position) for position in np.flatnonzero(mask)]


def is_blank(cell: object) -> bool:
    """Tell whether a cell is blank: None, NaN, NaT, NA or white space."""
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell))


def plain(cell: object) -> object:
    """Return a cell as a plain value, text without surrounding white space; None if it is blank."""
    if is_blank(cell):
        return None
    if isinstance(cell, (list, tuple, dict, np.ndarray)):
        return str(cell)
    return cell.strip() if isinstance(cell, str) else cell


def mapped(cells: pd.Series, change: Callable[[object], object]) -> pd.Series:
    """Return cells changed one by one, each with its type: pandas would make numbers with units plain ones."""
    return pd.Series([change(cell) for cell in cells.tolist()], index=cells.index, dtype=object)


def as_text(cell: object) -> str:
    """Write a cell as text; a whole number without the point that its column's type added.

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


def row_labels(ids: Iterable[object], rows: pd.Index | None = None) -> list[str]:
    """Name the rows of a table for messages.

    Parameters
    ----------
    ids : iterable
        The id of each row, blank if it has none.
    rows : pandas.Index, optional
        The table's index; with the name :data:`SHEET_ROWS` it holds the numbers of a sheet's rows.

    Returns
    -------
    list of str
        The id; without one ``A`` and the number of the sheet's row, like the name of its first cell in a spreadsheet;
        or ``#`` and the number of the record, counted from 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.read.tables.cells import SHEET_ROWS, row_labels
    >>> row_labels(["F1", None]), row_labels(["F1", None], pd.Index([4, 6], name=SHEET_ROWS))
    (['F1', '#2'], ['F1', 'A6'])
    """
    numbers = [f"A{row}" for row in rows] if rows is not None and rows.name == SHEET_ROWS else None
    return [
        as_text(cell) if not is_blank(cell) else f"#{number}" if numbers is None else numbers[number - 1]
        for number, cell in enumerate(ids, start=1)
    ]


def renumbered(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table on a RangeIndex, or on the numbers of its sheet's rows if it has them, for messages.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.read.tables.cells import renumbered
    >>> renumbered(pd.DataFrame({"a": [1, 2]}, index=[5, 7])).index.tolist()
    [0, 1]
    """
    return table if table.index.name == SHEET_ROWS else table.reset_index(drop=True)
