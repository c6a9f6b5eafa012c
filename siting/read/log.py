"""The findings of reading: faults, notes and digests, each with its layer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from siting import trail
from siting.characters import shown as legible
from siting.domain.nouns import Note
from siting.errors import Faults
from siting.read.sheet_cells import SheetCells
from siting.read.tables.cells import SHEET_ROWS

# Columns of a table that give the location of a record.
PLACES: Final = ("lon", "lat", "wkt")


@dataclass
class Log:
    """Faults, notes and digests of one reading."""

    faults: Faults = field(default_factory=Faults)
    notes: list[Note] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    layers: dict[str, dict[str, Any]] = field(default_factory=dict)
    # The sheets from which layers were read, by the layer's key.
    sheets: dict[str, SheetCells] = field(default_factory=dict)
    # The rows of totals that were removed from tables, as they are in the file.
    totals: dict[str, pd.DataFrame] = field(default_factory=dict)
    working_crs: str | None = None

    def take(self, other: "Log") -> None:
        """Add all that another reading told."""
        self.faults.found += other.faults.found
        self.notes += other.notes
        for ours, theirs in ((self.digests, other.digests), (self.sheets, other.sheets), (self.totals, other.totals)):
            ours.update(theirs)  # type: ignore[arg-type]
        for key, facts in other.layers.items():
            self.layers.setdefault(key, {}).update(facts)

    def layer(self, key: str, file: Path | str | None = None) -> "LayerLog":
        """Return the log of one layer: ``key`` is its dotted key in the scenario, ``file`` its name in messages."""
        called = file.name if isinstance(file, Path) else file
        trail.mark(key, called)
        return LayerLog(self, key, called)


@dataclass(frozen=True)
class LayerLog:
    """The log of one layer; it adds the file and the layer."""

    log: Log
    key: str
    file: str | None

    def fault(
        self,
        code: str,
        *,
        row: str | None = None,
        field: str | None = None,
        found: str = "",
        expected: str = "",
        cells: Iterable[str] = (),
    ) -> None:
        """Note a fault of this layer; if it was read from a sheet, the cells are found by row and field."""
        sheet = self.log.sheets.get(self.key)
        there, file = tuple(cells), self.file
        if sheet is not None and row is not None:
            there = there or (self.cells_in(row, PLACES) if field == "geometry" else ()) or sheet.of(row, field)
            field = sheet.named(field)
            # A record without an id is named by its cell.
            row = listed(there) if there and sheet.is_unnamed(row) else row
            file = sheet.path.name if there and sheet.joined else file
        self.log.faults.add(
            code,
            file=file,
            layer=self.key,
            sheet=sheet.sheet if sheet is not None and there else None,
            row=row,
            cells=there,
            field=field,
            found=found,
            expected=expected,
        )

    def note(self, code: str, **values: object) -> None:
        """Note a repair, omission or assumption in this layer."""
        self.log.notes.append(Note(code, {"layer": self.key, **values}))

    def fact(self, **facts: object) -> None:
        """Record a fact about this layer for the account: its driver, encoding, CRS, rows and others."""
        self.log.layers.setdefault(self.key, {"file": self.file}).update(facts)

    def is_sheet(self, path: Path, sheet: str | None, letters: Mapping[str, str]) -> None:
        """Record the sheet from which the layer was read, and the letters of its columns."""
        self.log.sheets[self.key] = SheetCells(path, sheet, letters)

    def is_joined_to(self, other: "LayerLog", labels: Iterable[str], rows: pd.Index) -> None:
        """Record where the joined columns of the layer are, unless the layer itself was read from a sheet."""
        sheet = self.log.sheets.get(other.key)
        if sheet is not None and rows.name == SHEET_ROWS and self.key not in self.log.sheets:
            self.log.sheets[self.key] = replace(sheet, joined=True, _rows={}, _columns={})
            self.log.sheets[self.key].learn(labels, rows.tolist(), {})

    def learn_rows(self, labels: Iterable[str], rows: pd.Index, columns: Mapping[str, str]) -> None:
        """Record the labels of the rows of a sheet, and the columns under our keys; nothing for other layers."""
        sheet = self.log.sheets.get(self.key)
        if sheet is not None:
            there = rows.name == SHEET_ROWS and not sheet.joined
            sheet.learn(labels if there else (), rows.tolist() if there else (), columns)

    def cells_at(self, rows: pd.Index, position: int, field: str) -> tuple[str, ...]:
        """Return the cell of a record by its position; None if the layer was not read from its own sheet."""
        sheet = self.log.sheets.get(self.key)
        there = sheet is not None and rows.name == SHEET_ROWS and not sheet.joined
        return sheet.at(int(rows[position]), field) if sheet is not None and there else ()

    def cells_of(self, row: str, field: str) -> str:
        """Name a record by its cells in a sheet, or by its label if the layer was not read from one."""
        sheet = self.log.sheets.get(self.key)
        return listed(() if sheet is None else sheet.of(row, field)) or row

    def cells_in(self, row: str, keys: Iterable[str]) -> tuple[str, ...]:
        """Return the cells of a record in those of the given columns that the sheet has; empty without a sheet."""
        sheet = self.log.sheets.get(self.key)
        return () if sheet is None else tuple(cell for key in keys if sheet.holds(key) for cell in sheet.of(row, key))

    def misplaced(self) -> set[str]:
        """Return the records with a reported fault in their location."""
        of_layer = (fault for fault in self.log.faults.found if fault.layer == self.key and fault.row is not None)
        fields = {"geometry", *PLACES}
        return {str(fault.row) for fault in of_layer if (fault.field or "").partition(" (")[0] in fields}

    def left_out(self, level: str) -> frozenset[str]:
        """Return the ids and names of units of a level that were left out, since their polygons are invalid."""
        return frozenset(self.log.layers.get(f"units.{level}", {}).get("invalid", ()))

    def names_twice(self, names: Sequence[str], letters: Sequence[str], line: int) -> list[str]:
        """Note a fault for each repeated name in a head, with its cells, and return these names."""
        twice = sorted({name for name in names if names.count(name) > 1})
        for name in twice:
            cells = [f"{letter}{line}" for each, letter in zip(names, letters, strict=True) if each == name]
            self.fault("column_twice", row=listed(cells), field=name, found=name, cells=cells)
        return twice

    def digest(self, value: str, part: str = "") -> None:
        """Record the digest of the layer's file, or of one part of it."""
        self.log.digests[f"{self.key}[{part}]" if part else self.key] = value


def listed(items: Iterable[object]) -> str:
    """Join items for a message.

    Examples
    --------
    >>> from siting.read.log import listed
    >>> listed(["a", 3])
    'a, 3'
    """
    return ", ".join(str(item) for item in items)


def quoted(value: object) -> str:
    """Format a value from a file: text in quotes, other values unchanged, long ones truncated.

    Examples
    --------
    >>> from siting.read.log import quoted
    >>> quoted("站点"), quoted(-3.5)
    ("'站点'", '-3.5')
    """
    longest = 80
    try:
        shown = f"'{legible(value)}'" if isinstance(value, str) else str(value)
    except ValueError:
        # Python refuses to format whole numbers with thousands of digits; so does any container of one.
        shown = hex(value) if isinstance(value, int) else type(value).__name__
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
