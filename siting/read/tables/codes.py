"""Codes that a spreadsheet converted to numbers: restored if nothing is lost, refused if digits are."""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from siting.domain.tables import Column
from siting.listing import first_of
from siting.read.log import LayerLog, listed
from siting.read.tables.cells import SHEET_ROWS, as_text, is_blank, plain

# Columns with the code of a place or of a kind of land; texts of other columns are unchanged.
_CODES: Final = frozenset({"id", "kind", "residential_area", "community", "street"})
# 500199001001.0, as a program writes whole numbers in a column with blanks.
_POINT_ZERO: Final = re.compile(r"(\d+)\.0+")
_DECIMAL: Final = re.compile(r"\d+\.\d+")
# 5.00199E+11, as a spreadsheet shows numbers that are wider than their cell.
_SCIENTIFIC: Final = re.compile(r"(\d)(?:\.(\d+))?[eE]\+(\d{2,3})")
# A float represents every whole number up to here; a workbook cell stores fifteen digits.
_EXACT: Final = 2**53
_SHEET_EXACT: Final = 10**15
_LONGEST: Final = 20


@dataclass(frozen=True)
class Codes:
    """Codes as text, None for blank or damaged ones; which are damaged; and where codes were restored."""

    values: pd.Series
    spoiled: pd.Series
    restored: Sequence[int] = ()


def holds_codes(column: Column) -> bool:
    """Tell whether a column contains codes: ids, references to ids, codes of kinds."""
    return column.type == "text" and not column.choices and (column.key in _CODES or column.key.endswith("_id"))


def codes_of(cells: pd.Series) -> Codes:
    """Return the codes of cells.

    Whole numbers lose the point that a program added. Numbers in scientific notation are written out if all digits are
    present (``5.00199001001E+11``). Codes with lost digits are damaged: ``5.00199E+11``, a float above 2⁵³, a number of
    more than fifteen digits in a workbook.

    Parameters
    ----------
    cells : pandas.Series
        Cells of one column.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.read.tables.codes import codes_of
    >>> codes_of(pd.Series(["500199001001.0", None])).values.tolist()
    ['500199001001', None]
    >>> codes_of(pd.Series(["5.00199E+11"])).spoiled.tolist()
    [True]
    >>> codes_of(pd.Series(["1.0", "1.5"])).values.tolist()
    ['1.0', '1.5']
    """
    exact = _SHEET_EXACT if cells.index.name == SHEET_ROWS else _EXACT
    # Among 1.0 and 1.5 the first is not a whole number with an added point.
    kept = any(
        isinstance(cell, str) and _DECIMAL.fullmatch(cell.strip()) and not _POINT_ZERO.fullmatch(cell.strip())
        for cell in cells.tolist()
    )
    values: list[str | None] = []
    spoiled = []
    restored = []
    for position, cell in enumerate(cells.tolist()):
        code = None if is_blank(cell) else _code(cell, exact, points_stay=kept)
        spoiled.append(code is None and not is_blank(cell))
        if isinstance(cell, str) and code is not None and code != cell.strip():
            restored.append(position)
        values.append(code)
    return Codes(pd.Series(values, index=cells.index, dtype=object), pd.Series(spoiled, index=cells.index), restored)


def _code(cell: object, exact: int, *, points_stay: bool) -> str | None:
    """Return a cell's code; None if digits of it are lost."""
    if isinstance(cell, float) and abs(cell) >= _EXACT:
        return None
    if isinstance(cell, int) and exact == _SHEET_EXACT and abs(cell) >= exact:
        return None
    text = as_text(plain(cell))
    if found := _SCIENTIFIC.fullmatch(text):
        first, rest, power = found[1], (found[2] or ""), int(found[3])
        whole_number = len(rest) >= power and not rest[power:].strip("0")
        return first + rest[:power] if whole_number else None
    whole = None if points_stay else _POINT_ZERO.fullmatch(text)
    return whole[1] if whole else text


def same_codes(codes: Iterable[object], known: Iterable[Hashable]) -> Mapping[str, Hashable]:
    """Return the codes that match a known one except for leading zeros that one side lost.

    Parameters
    ----------
    codes : iterable
        Codes of a table, perhaps with blanks.
    known : iterable
        The ids that they may mean.

    Returns
    -------
    mapping
        Code → the only known one that it can be; codes that are known unchanged are not included.

    Examples
    --------
    >>> from siting.read.tables.codes import same_codes
    >>> same_codes(["501", "0502", "7"], ["0501", "502", "07", "007"])
    {'501': '0501', '0502': '502'}
    """
    there = list(known)
    as_they_stand = set(there)
    bare: dict[str, list[Hashable]] = {}
    for each in there:
        if isinstance(each, str) and each.isdecimal():
            bare.setdefault(each.lstrip("0"), []).append(each)
    found = {}
    for code in codes:
        if isinstance(code, str) and code.isdecimal() and code not in as_they_stand:
            meant = bare.get(code.lstrip("0"), [])
            if len(meant) == 1:
                found[code] = meant[0]
    return found


def with_zeros(codes: pd.Series, known: Iterable[Hashable], log: LayerLog) -> pd.Series:
    """Return codes as the other side of a join writes them, if they differ only in leading zeros; this is noted."""
    meant = same_codes(codes.tolist(), known)
    if not meant:
        return codes
    told = [f"{code} → {other}" for code, other in meant.items()]
    log.note("leading_zeros_lost", count=len(told), codes=listed(first_of(told, _LONGEST)))
    return codes.map(lambda code: meant.get(code, code) if isinstance(code, str) else code).astype(object)
