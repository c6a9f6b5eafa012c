"""Cells become values of a type: what is blank or wrong becomes NA, what is wrong is told."""

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from siting.read.tables.cells import as_text
from siting.read.tables.measures import Factor
from siting.read.tables.words import truth

# The type that pandas itself gives to text: ``str`` from pandas 3 on, ``object`` before.
TEXT_DTYPE: Final = pd.Series(["text"]).dtype
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_TIME: Final = r"(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?"
_DAY: Final = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d{2})(\d{2}))" + _TIME)
_MONTH: Final = re.compile(r"(\d{4})(?:[-/.](\d{1,2})|年(\d{1,2})月)")
_YEAR: Final = re.compile(r"(\d{4})年?")
# Beyond every figure that a district can have: all of the earth's surface is 5.1e14 m². Sums of such stay numbers.
MOST: Final = 1e15
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
# A workbook counts days; these are of the years 1954 to 2119.
_SERIAL_EPOCH: Final = dt.date(1899, 12, 30)
_SERIALS: Final = range(20_000, 80_001)


@dataclass(frozen=True)
class Converted:
    """Cells in their type, NA where blank or wrong; which are wrong; and how many were read in a special way.

    Of numbers ``huge`` tells which are greater than any figure can be; they are NA as well.
    """

    values: pd.Series
    bad: pd.Series
    told: Mapping[str, int] = field(default_factory=dict)
    huge: pd.Series | None = None


def converted(cells: pd.Series, kind: str, factor: Factor | None = None, ours: pd.Series | None = None) -> Converted:
    """Convert cells to a type.

    Parameters
    ----------
    cells : pandas.Series
        Plain values, NA where blank.
    kind : {"text", "number", "integer", "boolean", "date"}
        The type of the column.
    factor : (float, float), optional
        Numbers are multiplied by the first and divided by the second.
    ours : pandas.Series of bool, optional
        Cells that are in our unit already.

    Returns
    -------
    Converted
        ``told`` counts ``thousands`` (numbers with separators), ``serial`` (dates that a workbook counts in days) and
        ``period`` (months and years that stand for their first day).
    """
    if kind in ("number", "integer"):
        return _integers(cells, factor, ours) if kind == "integer" else _numbers(cells, factor, ours)
    return _CONVERTERS[kind](cells)


def _none(cells: pd.Series) -> pd.Series:
    return pd.Series(data=False, index=cells.index)


def _texts(cells: pd.Series) -> Converted:
    values = [None if pd.isna(cell) else as_text(cell) for cell in cells.tolist()]
    return Converted(pd.Series(values, index=cells.index, dtype=TEXT_DTYPE), _none(cells))


def _numbers(cells: pd.Series, factor: Factor | None = None, ours: pd.Series | None = None) -> Converted:
    counts: Counter[str] = Counter()
    bare, odd = cells, pd.Series(_is_odd(cells), index=cells.index)
    if cells.dtype == object or pd.api.types.is_string_dtype(cells):
        bare = cells.map(lambda cell: _bare_number(cell, counts)).astype(object)
        odd = cells.map(lambda cell: isinstance(cell, bool | dt.date | dt.time | dt.timedelta)).astype(bool)
    values = pd.to_numeric(bare.mask(odd), errors="coerce").astype("float64")
    bad = cells.notna() & (~np.isfinite(values) | odd)
    values = values.mask(bad | cells.isna())
    if factor is not None:
        measured = values * factor[0] / factor[1]
        values = measured if ours is None else values.where(ours, measured)
    huge = values.abs() > MOST
    # Nobody tells -0.0 from 0.0, but it is written otherwise.
    return Converted(values.mask(huge) + 0.0, bad, counts, huge)


def _is_odd(cells: pd.Series) -> bool:
    """Tell whether a column holds truths or dates, which are no numbers."""
    return pd.api.types.is_bool_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells)


def _bare_number(cell: object, counts: Counter[str]) -> object:
    """Write a number that is text as a program would: without full-width digits and separators of thousands."""
    if not isinstance(cell, str):
        return cell
    text = unicodedata.normalize("NFKC", cell).strip()
    if _THOUSANDS.fullmatch(text):
        counts["thousands"] += 1
        return text.replace(",", "")
    return text


def _integers(cells: pd.Series, factor: Factor | None, ours: pd.Series | None) -> Converted:
    found = _numbers(cells, factor, ours)
    # 1.23 万人 are 12300 persons, whatever binary fractions make of it.
    values = found.values if factor is None else found.values.round(6)
    bad = found.bad | (values.notna() & (values % 1 != 0))
    return Converted(values.mask(bad).astype("Int64"), bad, found.told, found.huge)


def _booleans(cells: pd.Series) -> Converted:
    return _each(cells, truth, "boolean")


def _dates(cells: pd.Series) -> Converted:
    if pd.api.types.is_datetime64_any_dtype(cells):
        plain = cells.dt.tz_localize(None) if cells.dt.tz is not None else cells
        return Converted(plain.astype("datetime64[s]"), _none(cells))
    counts: Counter[str] = Counter()
    found = _each(cells, lambda cell: _as_date(cell, counts), "datetime64[s]")
    return Converted(found.values, found.bad, counts)


def _each(cells: pd.Series, convert: Callable[[object], object], dtype: str) -> Converted:
    values = [None if pd.isna(cell) else convert(cell) for cell in cells.tolist()]
    found = pd.Series(values, index=cells.index, dtype=dtype)
    return Converted(found, cells.notna() & found.isna())


def _as_date(cell: object, counts: Counter[str]) -> pd.Timestamp | None:
    if isinstance(cell, dt.date):
        return pd.Timestamp(cell)
    text = unicodedata.normalize("NFKC", as_text(cell)).strip()
    parts = _date_parts(text, counts)
    if parts is None:
        return None
    try:
        return pd.Timestamp(dt.date(*parts))
    except ValueError:
        return None


def _date_parts(text: str, counts: Counter[str]) -> tuple[int, int, int] | None:
    """Return year, month and day of a date in words or figures."""
    day = _DAY.fullmatch(text)
    if day:
        year, _, *rest = day.groups()
        month, date = (int(part) for part in rest if part is not None)
        return int(year), month, date
    if text.isascii() and text.isdigit() and int(text) in _SERIALS:
        counts["serial"] += 1
        found = _SERIAL_EPOCH + dt.timedelta(days=int(text))
        return found.year, found.month, found.day
    month_only, year_only = _MONTH.fullmatch(text), _YEAR.fullmatch(text)
    if month_only:
        counts["period"] += 1
        return int(month_only[1]), int(month_only[2] or month_only[3]), 1
    if year_only and _FIRST_YEAR <= int(year_only[1]) <= _LAST_YEAR:
        counts["period"] += 1
        return int(year_only[1]), 1, 1
    return None


_CONVERTERS: Final[dict[str, Callable[[pd.Series], Converted]]] = {
    "text": _texts,
    "boolean": _booleans,
    "date": _dates,
}
