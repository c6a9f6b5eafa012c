"""The cells of a layer's records in the sheet from which it was read."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

# The columns to use if a fault names none that exists.
_FIRST: Final = "A"
_FIRST_CELL: Final = re.compile(r"A(\d{1,7})")


@dataclass(frozen=True)
class SheetCells:
    """The cells of a sheet, by the names of records and columns in messages.

    Parameters
    ----------
    path : pathlib.Path
        The workbook, or the CSV file.
    sheet : str or None
        The sheet's title; None if the file is a single sheet.
    letters : mapping of str to str
        Name of a column → its letter.
    joined : bool
        Whether the sheet is joined to the layer: it has some of the layer's columns, and the others have no cells.

    Examples
    --------
    >>> from pathlib import Path
    >>> from siting.read.sheet_cells import SheetCells
    >>> cells = SheetCells(Path("a.xlsx"), "2026", {"编号": "A", "床位": "C"})
    >>> cells.learn(["F1", "A6"], [5, 6], {"beds": "床位"})
    >>> cells.of("F1", "beds (床位)"), cells.of("A6", "beds"), cells.of("F9", "beds")
    (('C5',), ('C6',), ())
    """

    path: Path
    sheet: str | None
    letters: Mapping[str, str]
    joined: bool = False
    # Name of a record → its rows.
    _rows: dict[str, list[int]] = field(default_factory=dict)
    # Our key → the sheet's column.
    _columns: dict[str, str] = field(default_factory=dict)

    def learn(self, labels: Iterable[str], rows: Iterable[int], columns: Mapping[str, str]) -> None:
        """Record the names of records and columns in messages: the label of each row, and our keys for the columns."""
        for label, row in zip(labels, rows, strict=True):
            known = self._rows.setdefault(label, [])
            if row not in known:
                known.append(row)
        self._columns.update(columns)

    def is_unnamed(self, row: str) -> bool:
        """Tell whether a label is not an id but names rows by their first cells."""
        return all(f"{_FIRST}{at}" == label for label in row.split(", ") for at in self._at(label) or (0,))

    def named(self, column: str | None) -> str | None:
        """Return the name of one or several columns in messages: our key, and the sheet's own name if it differs."""
        return None if column is None else ", ".join(map(self._called, column.split(", ")))

    def _called(self, column: str) -> str:
        name = self._columns.get(column)
        return column if name in (None, column) else f"{column} ({name})"

    def holds(self, key: str) -> bool:
        """Tell whether a key names one of the sheet's columns."""
        return self._columns.get(key) in self.letters

    def at(self, row: int, column: str | None) -> tuple[str, ...]:
        """Return the cell of a row in a column; the first cell if there is no such column, None if joined."""
        key, _, name = (column or "").removesuffix(")").partition(" (")
        letter = self.letters.get(name) or self.letters.get(self._columns.get(key, key))
        if letter is None and self.joined:
            return ()
        return (f"{letter or _FIRST}{row}",)

    def of(self, row: str, column: str | None) -> tuple[str, ...]:
        """Return the cells of a record in a column, like :meth:`at`."""
        labels = [row] if row in self._rows else row.split(", ")
        return tuple(cell for label in labels for at in self._at(label) for cell in self.at(at, column))

    def _at(self, label: str) -> list[int]:
        """Return the rows of a label, which is an id or a first cell."""
        first = _FIRST_CELL.fullmatch(label)
        return self._rows.get(label) or ([] if first is None else [int(first[1])])
