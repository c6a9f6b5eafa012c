"""Text of a file without invisible characters, which are reported once for each layer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from siting.characters import named, seen, unseen
from siting.listing import first_of
from siting.read.log import LayerLog, listed

# ="500199001001" prevents a spreadsheet from reading a code as a number.
_GUARDED: Final = re.compile(r'\s*="((?:[^"]|"")*)"\s*')
# The most places of each kind in a note; the count gives their number.
_SHOWN: Final = 10


@dataclass
class Cleaning:
    """The cleaning of one layer's text in progress: what was removed, and where.

    Examples
    --------
    >>> from siting.read.log import Log
    >>> from siting.read.tables.cleaning import Cleaning
    >>> cleaning = Cleaning(Log().layer("facilities"))
    >>> cleaning.clean('="F1"', "A2"), cleaning.clean("F2", "A3")
    ('F1', 'F2')
    """

    log: LayerLog
    # What was removed → how often, and where (in the order of the file).
    _counts: dict[str, int] = field(default_factory=dict)
    _places: dict[str, dict[str, None]] = field(default_factory=dict)
    _guards: dict[str, int] = field(default_factory=dict)

    def clean(self, cell: str, where: str) -> str:
        """Return the text of a cell without invisible characters; ``where`` names its place."""
        text = seen(cell)
        for character in unseen(cell):
            name = named(character)
            self._counts[name] = self._counts.get(name, 0) + 1
            self._places.setdefault(name, {})[where] = None
        if guarded := _GUARDED.fullmatch(text):
            self._guards[where] = self._guards.get(where, 0) + 1
            return guarded[1].replace('""', '"')
        return text

    def tell(self) -> None:
        """Note what was removed, once for all cells."""
        for name, count in sorted(self._counts.items()):
            self.log.note("unseen_characters", character=name, count=count, places=_shortened(list(self._places[name])))
        if self._guards:
            self.log.note("guards_removed", count=sum(self._guards.values()), places=_shortened(list(self._guards)))


def clean_grid(rows: Sequence[Sequence[object]], numbers: Sequence[int], log: LayerLog) -> list[list[object]]:
    """Return the cells of a sheet without invisible characters; places are named as in a spreadsheet.

    Parameters
    ----------
    rows : sequence of sequences
        The cells.
    numbers : sequence of int
        The number of each row in its file, from 1.
    log : LayerLog
        Takes the notes ``unseen_characters`` and ``guards_removed``.
    """
    cleaning = Cleaning(log)
    found = [
        [
            cleaning.clean(str(cell), f"{column_letters(at)}{number}") if _is_odd(cell) else cell
            for at, cell in enumerate(cells, start=1)
        ]
        for number, cells in zip(numbers, rows, strict=True)
    ]
    cleaning.tell()
    return found


def column_letters(number: int) -> str:
    """Return the name of a column in a spreadsheet.

    Examples
    --------
    >>> from siting.read.tables.cleaning import column_letters
    >>> column_letters(1), column_letters(27), column_letters(702)
    ('A', 'AA', 'ZZ')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def clean_table(table: pd.DataFrame, log: LayerLog) -> pd.DataFrame | None:
    """Return a table with names of columns and texts without invisible characters.

    Parameters
    ----------
    table : pandas.DataFrame
        The file's own columns; geometry is ignored.
    log : LayerLog
        Takes the notes ``unseen_characters`` and ``guards_removed``, and the fault ``column_twice`` if two names differ
        only in invisible characters.

    Returns
    -------
    pandas.DataFrame or None
        None when a fault was noted.
    """
    cleaning = Cleaning(log)
    names = {name: cleaning.clean(str(name), seen(str(name))) for name in table}
    told = list(names.values())
    twice = sorted({name for name in told if told.count(name) > 1})
    for name in twice:
        log.fault("column_twice", field=name, found=name)
    found = table.copy(deep=False)
    for name in table.columns:
        cells = table[name]
        if (cells.dtype == object or pd.api.types.is_string_dtype(cells)) and any(map(_is_odd, cells.tolist())):
            whole = [cleaning.clean(cell, names[name]) if isinstance(cell, str) else cell for cell in cells.tolist()]
            found[name] = pd.Series(whole, index=cells.index, dtype=cells.dtype)
    cleaning.tell()
    if twice:
        return None
    return found.rename(columns=names)


def _is_odd(cell: object) -> bool:
    return isinstance(cell, str) and (not (cell.isascii() and cell.isprintable()) or cell.lstrip()[:1] == "=")


def _shortened(places: list[str]) -> str:
    return listed(first_of(places, _SHOWN, count=True))
