"""Cells become values of a type: blank or wrong cells become NA, wrong ones are reported."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from siting.read.tables.cells import as_text
from siting.read.tables.codes import codes_of
from siting.read.tables.dates import YEARS, has_two_readings, read_date, read_year
from siting.read.tables.measures import ONE, Factor, scales, unit_word
from siting.read.tables.number_formats import Measured
from siting.read.tables.numerals import UNIT, Written, has_decimal_comma, read_number
from siting.read.tables.words import truth

# The type that pandas itself gives to text: ``str`` from pandas 3 on, ``object`` before.
TEXT_DTYPE: Final = pd.Series(["text"]).dtype
# Above every figure of a district: the whole surface of the earth is 5.1e14 m². Sums of such numbers stay finite.
MOST: Final = 1e15
_LARGEST: Final = 10**300


@dataclass(frozen=True)
class Converted:
    """Cells in their type, NA for blank or wrong ones.

    ``bad`` gives the wrong cells by the code of the fault; ``told`` gives the positions of cells with special readings.
    """

    values: pd.Series
    bad: Mapping[str, pd.Series]
    told: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Manner:
    """How the cells of a column are read.

    ``factor`` is the column's unit if one is stated (times, by), ``ours`` marks cells that are already in our unit,
    ``units`` are those that may follow a number; ``codes`` tells that text contains codes.
    """

    factor: Factor | None = None
    ours: pd.Series | None = None
    units: Mapping[str, Factor] = field(default_factory=dict)
    codes: bool = False


_PLAIN: Final = Manner()


def converted(cells: pd.Series, kind: str, manner: Manner = _PLAIN) -> Converted:
    """Convert cells to a type.

    Parameters
    ----------
    cells : pandas.Series
        Plain values, NA for blanks.
    kind : {"text", "number", "integer", "boolean", "date", "year"}
        The type of the column.
    manner : Manner, optional
        Units, and whether text contains codes.

    Returns
    -------
    Converted
        ``told`` has ``thousands`` (numbers with separators), ``about`` (words of approximation), ``unit`` (a unit after
        the number), ``numeral`` (Chinese numerals), ``serial`` (dates that a workbook counts in days), ``period``
        (months and years for their first day), ``time`` and ``zone`` (moments with a time of day, with a time zone),
        ``year`` (dates of which only the year counts) and ``code`` (restored codes).
    """
    return _CONVERTERS[kind](cells, manner)


def _none(cells: pd.Series) -> pd.Series:
    return pd.Series(data=False, index=cells.index)


def _texts(cells: pd.Series, manner: Manner) -> Converted:
    if manner.codes:
        found = codes_of(cells)
        values = pd.Series(found.values.tolist(), index=cells.index, dtype=TEXT_DTYPE)
        return Converted(values, {"code_lost_digits": found.spoiled}, {"code": found.restored})
    texts = [None if pd.isna(cell) else as_text(cell) for cell in cells.tolist()]
    return Converted(pd.Series(texts, index=cells.index, dtype=TEXT_DTYPE), {})


# --- numbers ----------------------------------------------------------------------------------------------------------


def _numbers(cells: pd.Series, manner: Manner) -> Converted:
    odd = _odd(cells)
    shown = _measured(cells)
    values = pd.to_numeric(_floats(cells.mask(odd | shown)), errors="coerce").astype("float64")
    measured = values if manner.factor is None else values * manner.factor[0] / manner.factor[1]
    if manner.ours is not None:
        measured = measured.where(~manner.ours, values)
    # Everything that is no plain number is examined closely.
    still = cells.notna() & values.isna() & ~odd
    comma, other_unit, scaled = _none(cells), _none(cells), _none(cells)
    ways: dict[str, list[int]] = {}
    for position in np.flatnonzero(still.to_numpy(dtype=bool)).tolist():
        cell = cells.iloc[position]
        written = _written(cell, manner)
        if written is None:
            scaled.iloc[position] = isinstance(cell, Measured) and not cell.unit
            comma.iloc[position] = isinstance(cell, str) and has_decimal_comma(cell)
            continue
        factor = manner.units[written.unit] if written.unit else manner.factor or ONE
        if written.unit and manner.factor not in (None, factor):
            other_unit.iloc[position] = True
            continue
        for way in written.ways:
            ways.setdefault(way, []).append(position)
        measured.iloc[position] = written.value * factor[0] / factor[1]
    wrong = cells.notna() & ~np.isfinite(measured) & ~comma & ~other_unit & ~scaled
    huge = pd.Series(np.isfinite(measured) & (measured.abs() > MOST), index=cells.index)
    bad: dict[str, pd.Series] = {
        "decimal_comma": comma,
        "unit_of_cell": other_unit,
        "scaled_by_format": scaled,
        "not_number": wrong,
        "out_of_range": huge,
    }
    # -0.0 and 0.0 are equal, but are written differently.
    return Converted(measured.mask(~np.isfinite(measured) | huge) + 0.0, bad, ways)


def _measured(cells: pd.Series) -> pd.Series:
    """Tell which cells a workbook shows with a unit, or scaled."""
    if cells.dtype != object:
        return _none(cells)
    return pd.Series([isinstance(cell, Measured) for cell in cells.tolist()], index=cells.index, dtype=bool)


def _written(cell: object, manner: Manner) -> Written | None:
    """Return the value of a cell that is no plain number; None if it has no possible value."""
    if isinstance(cell, str):
        return read_number(cell, manner.units)
    if not isinstance(cell, Measured) or not cell.unit:
        return None
    unit, held = unit_word(cell.unit), Written(float(cell))
    if unit == "%" and cell.scale != 1 and (unit not in manner.units or manner.factor is None):
        # The cell holds 0.05 where it shows 5%.
        return held
    if unit in manner.units:
        return Written(cell / cell.scale, unit, (UNIT,))
    # A column without units contains counts and ratios: 5人, 3层. A unit that would scale them is refused.
    return held if not manner.units and cell.scale == 1 and not scales(unit) else None


def _floats(cells: pd.Series) -> pd.Series:
    """Return cells in which a whole number too large for a float is replaced by one that is only out of range."""
    if cells.dtype != object:
        return cells
    large = [isinstance(cell, int) and abs(cell) > _LARGEST for cell in cells.tolist()]
    return cells.mask(pd.Series(large, index=cells.index, dtype=bool), float(_LARGEST)) if any(large) else cells


def _odd(cells: pd.Series) -> pd.Series:
    """Tell which cells hold truth values, dates or lists, which are no numbers."""
    if pd.api.types.is_bool_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells):
        return pd.Series(data=True, index=cells.index)
    if cells.dtype != object:
        return _none(cells)
    kinds = bool | dt.date | dt.time | dt.timedelta
    return pd.Series([isinstance(cell, kinds) for cell in cells.tolist()], index=cells.index, dtype=bool)


def _integers(cells: pd.Series, manner: Manner) -> Converted:
    found = _numbers(cells, manner)
    # 1.23 万人 are 12300 persons, without the error of binary fractions.
    is_measured = manner.factor not in (None, ONE) or "unit" in found.told
    values = found.values.round(6) if is_measured else found.values
    broken = values.notna() & (values % 1 != 0)
    bad = {**found.bad, "not_integer": found.bad["not_number"] | broken}
    del bad["not_number"]
    return Converted(values.mask(broken).astype("Int64"), bad, found.told)


# --- truths and dates -------------------------------------------------------------------------------------------------


def _booleans(cells: pd.Series, _: Manner) -> Converted:
    found = _each(cells, truth, "boolean")
    return Converted(found, {"not_boolean": cells.notna() & found.isna()})


def _dates(cells: pd.Series, _: Manner) -> Converted:
    days = [None if pd.isna(cell) else read_date(cell) for cell in cells.tolist()]
    ways: dict[str, list[int]] = {}
    for position, day in enumerate(days):
        for way in () if day is None else day.ways:
            ways.setdefault(way, []).append(position)
    dates = [None if day is None else pd.Timestamp(day.date) for day in days]
    found = pd.Series(dates, index=cells.index, dtype="datetime64[s]")
    lost = cells.notna() & found.isna()
    several = lost & cells.map(lambda cell: not pd.isna(cell) and has_two_readings(cell)).astype(bool)
    return Converted(found, {"date_of_two_readings": several, "not_date": lost & ~several}, ways)


def _years(cells: pd.Series, manner: Manner) -> Converted:
    found = _integers(cells, manner)
    values = found.values.where(found.values.between(*YEARS))
    dates = []
    for position in np.flatnonzero((cells.notna() & values.isna()).to_numpy(dtype=bool)).tolist():
        year = read_year(cells.iloc[position])
        if year is not None:
            values.iloc[position] = year
            dates.append(position)
    lost = cells.notna() & values.isna()
    return Converted(values, {"not_year": lost}, {**found.told, "year": dates})


def _each(cells: pd.Series, convert: Callable[[object], object], dtype: str) -> pd.Series:
    values = [None if pd.isna(cell) else convert(cell) for cell in cells.tolist()]
    return pd.Series(values, index=cells.index, dtype=dtype)


_CONVERTERS: Final[dict[str, Callable[[pd.Series, Manner], Converted]]] = {
    "text": _texts,
    "number": _numbers,
    "integer": _integers,
    "boolean": _booleans,
    "date": _dates,
    "year": _years,
}
