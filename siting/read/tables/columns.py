"""A file's columns become ours: matched by the scenario's mapping, filled, converted and checked."""

import datetime as dt
import difflib
import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd

from siting.domain.tables import Column
from siting.read.log import LayerLog, listed, quoted
from siting.read.sources.vectors import PLACE_KEYS, Source
from siting.read.tables.cells import as_text, plain, positions, row_labels

# The type that pandas itself gives to text: ``str`` from pandas 3 on, ``object`` before.
TEXT_DTYPE: Final = pd.Series(["text"]).dtype
DTYPES: Final = {
    "text": TEXT_DTYPE,
    "number": "float64",
    "integer": "Int64",
    "boolean": "boolean",
    "date": "datetime64[s]",
}
_FORMS: Final = {
    "number": ("not_number", "12.5"),
    "integer": ("not_integer", "12"),
    "boolean": ("not_boolean", "true, false, 1, 0, 是, 否"),
    "date": ("not_date", "2026-01-01"),
}
_TRUE: Final = frozenset({"true", "1", "yes", "y", "是"})
_FALSE: Final = frozenset({"false", "0", "no", "n", "否"})
_DATE: Final = re.compile(r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日)(?:[ T]00:00(?::00)?)?")

Converted = tuple[pd.Series, pd.Series]


def empty_table(columns: Sequence[Column]) -> pd.DataFrame:
    """Return a table without rows that has all columns, indexed by ``id``."""
    table = pd.DataFrame({each.key: pd.Series(dtype=DTYPES[each.type]) for each in columns})
    return table.set_index("id")


def typed_table(
    raw: pd.DataFrame, columns: Sequence[Column], source: Source, log: LayerLog
) -> tuple[pd.DataFrame, list[str]]:
    """Return a layer's columns under our keys, converted and checked, and a name for each row.

    Parameters
    ----------
    raw : pandas.DataFrame
        The file's own columns, on a RangeIndex.
    columns : sequence of Column
        What the table has to hold. All of them are there afterwards, in this order; those that the file lacks
        hold NA. Text is pandas' own text type, numbers float64, integers Int64, truth values boolean, dates
        datetime64[s].
    source : Layer or UnitLayer
        Says which of the file's columns are meant (``columns``), and what fills absent columns and blank
        cells (``defaults``).
    log : LayerLog
        Takes the faults, each with row and field.

    Returns
    -------
    table : pandas.DataFrame
        On the RangeIndex of ``raw``.
    labels : list of str
        The id of each row, or ``#`` and its number where it has none.
    """
    names = _match(raw, columns, source, log)
    cells = {each.key: _cells(raw, each.key, names, source) for each in columns}
    labels = row_labels(cells["id"].tolist())
    table = pd.DataFrame(index=raw.index)
    for column in columns:
        field = _field(column.key, names)
        given = cells[column.key]
        if column.required and not names.get(column.key) and given.isna().all():
            # A column that the mapping names in vain was told already.
            if column.key not in names:
                log.fault("column_missing", field=field, expected=listed(raw.columns))
            table[column.key] = _convert(given, column.type)[0]
            continue
        table[column.key] = _checked(given, column, field, labels, log)
    return table, labels


def _match(raw: pd.DataFrame, columns: Sequence[Column], source: Source, log: LayerLog) -> dict[str, str]:
    """Return our key → their column, for the columns that the file has."""
    keys = [each.key for each in columns]
    for given, section in ((source.columns, "columns"), (source.defaults, "defaults")):
        for key in given:
            if key not in keys and not (section == "columns" and key in PLACE_KEYS):
                near = difflib.get_close_matches(key, keys, n=1) or keys
                log.fault("unknown_column_key", field=f"{section}.{key}", found=key, expected=listed(near))
    names = {}
    for key in keys:
        name = source.columns.get(key, key)
        if name in raw.columns:
            names[key] = name
        elif key in source.columns:
            log.fault("column_not_found", field=key, found=name, expected=listed(raw.columns))
            # Told once; the column's absence is not told again.
            names[key] = ""
    return names


def _field(key: str, names: dict[str, str]) -> str:
    name = names.get(key)
    return f"{key} ({name})" if name and name != key else key


def _cells(raw: pd.DataFrame, key: str, names: dict[str, str], source: Source) -> pd.Series:
    """Return a column's cells as plain values; None where blank and no default fills it."""
    name = names.get(key)
    if name:
        cells = raw[name] if _is_plain(raw[name]) else raw[name].map(plain).astype(object)
    else:
        cells = pd.Series([None] * len(raw), index=raw.index, dtype=object)
    if key in source.defaults and cells.isna().any():
        cells = cells.astype(object).where(cells.notna(), source.defaults[key])
    return cells


def _is_plain(cells: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells)


def _checked(cells: pd.Series, column: Column, field: str, labels: list[str], log: LayerLog) -> pd.Series:
    """Return a column converted to its type, NA where a value was refused."""
    values, bad = _convert(cells, column.type)
    code, form = _FORMS.get(column.type, ("not_text", ""))
    _tell(log, bad, (code, field, form), cells, labels)
    if column.required:
        _tell(log, cells.isna(), ("missing_value", field, ""), cells, labels)
    if column.choices:
        wrong = values.notna() & ~values.isin(column.choices)
        _tell(log, wrong, ("not_among_choices", field, listed(column.choices)), cells, labels)
        values = values.mask(wrong)
    if column.minimum is not None:
        low = (values < column.minimum).fillna(value=False).astype(bool)
        _tell(log, low, ("out_of_range", field, f"≥ {column.minimum:g}"), cells, labels)
        values = values.mask(low)
    return values


def _tell(log: LayerLog, rows: pd.Series, what: tuple[str, str, str], cells: pd.Series, labels: list[str]) -> None:
    code, field, expected = what
    for position in positions(rows.to_numpy(dtype=bool)):
        cell = cells.iloc[position]
        found = "" if pd.isna(cell) else quoted(cell)
        log.fault(code, row=labels[position], field=field, found=found, expected=expected)


def _convert(cells: pd.Series, kind: str) -> Converted:
    """Return the cells in the column's type, NA where blank or wrong, and which are wrong."""
    return _CONVERTERS[kind](cells)


def _texts(cells: pd.Series) -> Converted:
    values = [None if pd.isna(cell) else as_text(cell) for cell in cells.tolist()]
    return pd.Series(values, index=cells.index, dtype=TEXT_DTYPE), pd.Series(data=False, index=cells.index)


def _numbers(cells: pd.Series) -> Converted:
    values = pd.to_numeric(cells, errors="coerce").astype("float64")
    truths = cells.map(lambda cell: isinstance(cell, bool)).astype(bool)
    bad = cells.notna() & (~np.isfinite(values) | truths)
    return values.mask(bad | cells.isna()), bad


def _integers(cells: pd.Series) -> Converted:
    values, bad = _numbers(cells)
    bad |= values.notna() & (values % 1 != 0)
    return values.mask(bad).astype("Int64"), bad


def _booleans(cells: pd.Series) -> Converted:
    return _each(cells, _as_boolean, "boolean")


def _dates(cells: pd.Series) -> Converted:
    if pd.api.types.is_datetime64_any_dtype(cells):
        plain = cells.dt.tz_localize(None) if cells.dt.tz is not None else cells
        return plain.astype("datetime64[s]"), pd.Series(data=False, index=cells.index)
    return _each(cells, _as_date, "datetime64[s]")


def _each(cells: pd.Series, convert: Callable[[object], object], dtype: str) -> Converted:
    values = [None if pd.isna(cell) else convert(cell) for cell in cells.tolist()]
    found = pd.Series(values, index=cells.index, dtype=dtype)
    return found, cells.notna() & found.isna()


def _as_boolean(cell: object) -> bool | None:
    word = as_text(cell).lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _as_date(cell: object) -> pd.Timestamp | None:
    if isinstance(cell, dt.date):
        return pd.Timestamp(cell)
    found = _DATE.fullmatch(str(cell))
    if found is None:
        return None
    try:
        return pd.Timestamp(dt.date(*(int(part) for part in found.groups() if part is not None)))
    except ValueError:
        return None


_CONVERTERS: Final[dict[str, Callable[[pd.Series], Converted]]] = {
    "text": _texts,
    "number": _numbers,
    "integer": _integers,
    "boolean": _booleans,
    "date": _dates,
}


def with_ids(table: pd.DataFrame, log: LayerLog, *, required: bool) -> pd.DataFrame:
    """Return a table indexed by its column ``id``.

    Where ids are required, one that stands twice is a fault. Elsewhere ids that are missing or stand twice
    give way to the number of the record.
    """
    ids = table["id"]
    if required:
        for value in sorted(set(ids[ids.duplicated() & ids.notna()])):
            rows = listed(f"#{position + 1}" for position in positions((ids == value).to_numpy(dtype=bool)))
            log.fault("duplicate_id", row=value, field="id", found=rows)
    elif ids.isna().any() or ids.duplicated().any():
        ids = pd.Series([str(position + 1) for position in range(len(table))], index=table.index, dtype=TEXT_DTYPE)
    return table.drop(columns="id").set_index(pd.Index(ids, name="id"))
