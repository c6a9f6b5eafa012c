"""Tables of a report: heads with units, rows of figures that know where they come from."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from siting.domain.intervals import ENDS
from siting.text import Lang, knows, say
from siting.write.report.records import BLANK, Cell, Record

Style = Literal[
    "text", "long", "code", "count", "people", "area", "rate", "share", "minutes", "money", "year", "date", "verdict",
    "number",
]  # fmt: skip
# The records of a row, by role.
Row = Mapping[str, Record]
# How close both ends are if the figure is known: those of GeoJSON are rounded to six decimals.
_SAME: Final = 1e-6


@dataclass(frozen=True)
class Field:
    """A column of a table: its head, the form of its cells, how each is read from the records of a row, and a name."""

    head: str
    style: Style
    cell: Callable[[Row], Cell]
    key: str = ""


@dataclass(frozen=True)
class Styled:
    """A cell with the form in which it is shown."""

    cell: Cell
    style: Style


@dataclass(frozen=True)
class Chart:
    """A native chart of a sheet: the columns that it shows, by key."""

    kind: Literal["column", "bar", "line"]
    title: str
    category: str
    series: tuple[str, ...]
    style: Style


@dataclass(frozen=True)
class Sheet:
    """A table with its title.

    ``whole`` are rows below the table, such as the whole district, that no filter hides. ``keep`` is the number of
    columns that stay in view.
    """

    key: str
    title: str
    note: str
    heads: tuple[str, ...]
    styles: tuple[Style, ...]
    keys: tuple[str, ...]
    rows: tuple[tuple[Styled, ...], ...]
    whole: tuple[tuple[Styled, ...], ...] = ()
    keep: int = 1
    charts: tuple[Chart, ...] = ()


def sheet_of(
    key: str,
    lang: Lang,
    fields: Sequence[Field],
    rows: Iterable[Row],
    *,
    note: str = "",
    whole: Iterable[Row] = (),
    keep: int = 1,
    charts: tuple[Chart, ...] = (),
    blank: bool = False,
) -> Sheet:
    """Return a table from its columns and records; its title is ``report.sheet.KEY``.

    A column without any value is left out, unless ``blank`` columns are to be seen (a register that is not filled in).
    """
    rows = list(rows)
    fields = [each for each in fields if blank or any(each.cell(row).value is not None for row in rows)]

    def laid(row: Row) -> tuple[Styled, ...]:
        return tuple(Styled(field.cell(row), field.style) for field in fields)

    return Sheet(
        key=key,
        title=say(f"report.sheet.{key}", lang),
        note=note,
        heads=tuple(field.head for field in fields),
        styles=tuple(field.style for field in fields),
        keys=tuple(field.key for field in fields),
        rows=tuple(map(laid, rows)),
        whole=tuple(map(laid, whole)),
        keep=keep,
        charts=charts,
    )


class Columns:
    """Makes the columns of a table in one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def head(self, key: str, unit: str = "", end: str = "") -> str:
        """Return a head: the name of a figure, which end of an interval it is, and its unit."""
        name = next(say(each, self.lang) for each in (f"report.head.{key}", f"field.{key}") if knows(each))
        name += say(f"report.end.{end}", self.lang) if end else ""
        return f"{name}/{say(f'report.unit.{unit}', self.lang)}" if unit else name

    def text(self, role: str, key: str, style: Style = "text") -> Field:
        """Make a column of texts of a record."""
        return Field(self.head(key), style, lambda row: _text_cell(row.get(role), key), key)

    def word(self, role: str, key: str, group: str, style: Style = "text") -> Field:
        """Make a column of codes in words; several codes are separated by semicolons."""
        return Field(self.head(key), style, lambda row: Cell(self.words(row.get(role), key, group) or None), key)

    def words(self, record: Record | None, key: str, group: str) -> str:
        """Return the words of a member that holds codes, separated by semicolons."""
        codes = record.text(key).split(";") if record is not None else []
        join = say("table.and", self.lang)
        return join.join(
            say(f"{group}.{code}", self.lang) if knows(f"{group}.{code}") else code for code in codes if code
        )

    def flag(self, role: str, key: str) -> Field:
        """Make a column of yes and no."""

        def cell(row: Row) -> Cell:
            value = row[role].values.get(key) if role in row else None
            return BLANK if value is None else Cell(say("table.yes" if value else "table.no", self.lang))

        return Field(self.head(key), "text", cell, key)

    def made(self, key: str, make: Callable[[Row], str], style: Style = "text") -> Field:
        """Make a column of texts that are made from the records of a row."""
        return Field(self.head(key), style, lambda row: Cell(make(row) or None), key)

    def one(self, role: str, key: str, style: Style, unit: str = "") -> Field:
        """Make a column of figures."""
        return Field(self.head(key, unit), style, lambda row: _cell(row.get(role), key), key)

    def figure(self, role: str, key: str, style: Style, unit: str, rows: Sequence[Row]) -> list[Field]:
        """Make one column for a figure that is known in all rows, otherwise one for each end of its interval."""
        ends = ENDS[key]
        pairs = [(_cell(row.get(role), ends.low).value, _cell(row.get(role), ends.high).value) for row in rows]
        if all(map(_same, pairs)):
            return [Field(self.head(key, unit), style, lambda row: _cell(row.get(role), key), key)]
        return [
            Field(self.head(key, unit, "low"), style, lambda row: _cell(row.get(role), ends.low), ends.low),
            Field(self.head(key, unit, "high"), style, lambda row: _cell(row.get(role), ends.high), ends.high),
        ]


def _same(pair: tuple[object, object]) -> bool:
    low, high = pair
    if isinstance(low, int | float) and isinstance(high, int | float):
        return low == high or (math.isfinite(low) and math.isfinite(high) and abs(low - high) <= _SAME)
    return low is None and high is None


def _cell(record: Record | None, key: str) -> Cell:
    return BLANK if record is None else record.cell(key)


def _text_cell(record: Record | None, key: str) -> Cell:
    return BLANK if record is None or not record.text(key) else Cell(record.text(key))
