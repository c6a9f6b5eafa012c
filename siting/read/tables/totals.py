"""Rows of totals are no records: they are noted and left out."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from siting.domain.scenario import Layer
from siting.read.log import LayerLog, listed
from siting.read.tables.aliases import find_columns
from siting.read.tables.cells import as_text, is_blank, positions

_SUMS: Final = frozenset({"合计", "总计", "小计", "共计", "总数", "total", "subtotal", "sum", "grandtotal"})
# These words are also locations: a facility of the city may have 全市 as its street.
_WHOLES: Final = frozenset({"全市", "全区", "全县", "全镇"})
# These add up some of the rows.
_PARTS: Final = frozenset({"小计", "subtotal"})
# The rounding of figures; the tolerance of equal numbers; and the share of a total that rounding may explain.
_STEPS: Final = tuple(10.0**power for power in range(5, -7, -1))
_SAME: Final = 1e-6
_MOST_ROUNDED: Final = 0.01
# No word for a total is longer, with any characters between its letters.
_LONGEST: Final = 40
_STRIPPED: Final = re.compile(r"[\s:;.,*_()\-]")


def is_total(cell: object) -> bool:
    """Tell whether a cell is a word for a total and nothing else.

    Examples
    --------
    >>> from siting.read.tables.totals import is_total
    >>> is_total("合 计："), is_total("Total"), is_total("全市老年活动中心"), is_total(None)
    (True, True, False, False)
    """
    return _word(cell) in _SUMS | _WHOLES


def without_totals(table: pd.DataFrame, source: Layer, log: LayerLog) -> pd.DataFrame:
    """Return a table without its rows of totals.

    A row is a total if its id or its name is exactly a word for a total (合计, 小计, 全市, total …, with any spaces and
    colons), or if its first non-blank cell is: 合计 and similar words always, 全市 and similar words only if the row
    has no name. A name that only contains such a word is kept.

    Parameters
    ----------
    table : pandas.DataFrame
        The file's own columns; ``geometry`` is ignored. Its index is kept.
    source : Layer
        Its ``columns`` tell which column is the id or the name.
    log : LayerLog
        Takes the note ``total_rows_left_out``, the fact ``total_rows``, and the rows for :func:`grand_total`.
    """
    found = total_rows(table, source, log.key)
    if not found:
        return table
    log.note("total_rows_left_out", count=len(found), names=listed(found.values()))
    log.fact(total_rows=list(found.values()))
    log.log.totals[log.key] = table.iloc[list(found)]
    kept = np.ones(len(table), dtype=bool)
    kept[list(found)] = False
    return table.iloc[positions(kept)]


def grand_total(source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Return the only left-out row that adds up all others of a table; None if there is none or several."""
    rows = log.log.totals.get(log.key)
    if rows is None:
        return None
    words = total_rows(rows, source, log.key)
    whole = [at for at, word in words.items() if _word(word) not in _PARTS]
    return rows.iloc[whole] if len(whole) == 1 else None


def differs(stated: float, figures: Sequence[float]) -> bool:
    """Tell whether a stated total is not the sum of figures, allowing for rounding in both.

    If all figures are multiples of a step (hundreds, if they are in 万人 with two decimals), each may be wrong by half
    of it; the sum may be wrong by one part in a hundred at most.

    Examples
    --------
    >>> from siting.read.tables.totals import differs
    >>> differs(66000, [11000, 22000, 33100]), differs(6600, [1101, 2200, 3298]), differs(6600, [1101, 2200])
    (False, True, True)
    """
    known = [*figures, stated]
    step = next((step for step in _STEPS if all(abs(each / step - round(each / step)) < _SAME for each in known)), 0.0)
    # Persons are whole numbers, not rounded.
    rounding = step / 2 * (1 if step == 1 else len(known))
    return abs(sum(figures) - stated) > max(min(rounding, _MOST_ROUNDED * abs(stated)), _SAME)


def total_rows(table: pd.DataFrame, source: Layer, key: str) -> dict[int, str]:
    """Return the positions of the rows that :func:`without_totals` leaves out, each with its word."""
    columns = [name for name in table.columns if name != "geometry"]
    if not columns or table.empty:
        return {}
    keys = find_columns([str(name) for name in columns], ("id", "name"), source.columns, key)
    ids, names = keys["id"], keys["name"]
    # Few rows contain such a word at all; only those are examined.
    held = np.zeros(len(table), dtype=bool)
    for name in columns:
        if table[name].dtype == object or pd.api.types.is_string_dtype(table[name]):
            held |= [
                isinstance(cell, str) and len(cell) <= _LONGEST and is_total(cell) for cell in table[name].tolist()
            ]
    rows = positions(held)
    cells = table[columns].iloc[rows].astype(object).to_numpy()
    where = {str(name): position for position, name in enumerate(columns)}
    return {
        row: total
        for row, each in zip(rows, cells, strict=True)
        if (total := _total(each, [where[name] for name in ids], [where[name] for name in names])) is not None
    }


def _total(cells: "np.ndarray[tuple[int], np.dtype[np.object_]]", ids: list[int], names: list[int]) -> str | None:
    """Return the word by which a row is a total, None if it is a record."""
    for position in (*ids, *names):
        if is_total(cells[position]):
            return as_text(cells[position]).strip()
    first = next((cell for cell in cells if not is_blank(cell)), None)
    if not isinstance(first, str):
        return None
    nameless = all(is_blank(cells[position]) for position in names)
    if _word(first) in _SUMS or (nameless and _word(first) in _WHOLES):
        return first.strip()
    return None


def _word(cell: object) -> str:
    return _STRIPPED.sub("", unicodedata.normalize("NFKC", cell)).lower() if isinstance(cell, str) else ""
