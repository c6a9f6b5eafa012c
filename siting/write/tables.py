"""Tables as CSV or JSON."""

import json
from pathlib import Path
from typing import Final

import pandas as pd

from siting.write.endings import ending_of
from siting.write.files import write_text
from siting.write.geojson import plain

# A spreadsheet takes a text that begins with one of these for a formula.
_FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")


def neutral(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: such a text gets an apostrophe before it.

    Examples
    --------
    >>> from siting.write.tables import neutral
    >>> neutral("=1+1"), neutral(-3.5), neutral("站点")
    ("'=1+1", -3.5, '站点')
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_MARKS) else cell


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV (UTF-8 with a mark, so that spreadsheets read Chinese) or as JSON, by the file's ending.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv`` or ``.json``; it is replaced whole. In a CSV a text that begins like a formula (``=``, ``+``, ``-``,
        ``@``) gets an apostrophe before it.
    table : pandas.DataFrame
        The table; its index is left out.

    Raises
    ------
    InputError
        Another ending, or the file cannot be written.
    """
    ending = ending_of(path, "table")
    rows = [plain(row) for row in table.to_dict("records")]
    if ending == ".json":
        write_text(path, json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    else:
        clean = pd.DataFrame(rows, columns=list(table.columns), dtype="object").map(neutral)
        write_text(path, "\ufeff" + clean.to_csv(index=False, lineterminator="\n"))
