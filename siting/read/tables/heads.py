"""The position of the names of a table's columns: below titles, in one row or in several that belong together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from siting.domain.scenario import Layer
from siting.read.tables.aliases import HEAD_JOIN, forms, known_names, normalised
from siting.read.tables.cells import as_text, is_blank
from siting.read.tables.measures import unit_of_name

Row = Sequence[object]

# The most rows of titles and remarks above a table, and of a head.
_LOOKED_AT: Final = 40
_HIGHEST: Final = 3
_BREAKS: Final = re.compile(r"\s*[\r\n]+\s*")
# 填报单位：… is a line of a form, not a head.
_FORM_LINE: Final = re.compile(r"[:：]\s*\S")


@dataclass(frozen=True)
class Merge:
    """Merged cells: first and last row, first and last column, from 0, inclusive."""

    top: int
    bottom: int
    left: int
    right: int

    def covers(self, row: int, column: int) -> bool:
        """Tell whether a cell is one of them."""
        return self.top <= row <= self.bottom and self.left <= column <= self.right


@dataclass(frozen=True)
class Head:
    """The head of a table: its first and last row, from 0, and the name of each column ("" if it has none)."""

    top: int
    bottom: int
    names: tuple[str, ...]


def label(cell: object) -> str:
    r"""Return a cell of a head as a name: one line, without surrounding white space.

    Examples
    --------
    >>> from siting.read.tables.heads import label
    >>> label(" 床位数\n（张） "), label(2035.0), label(None)
    ('床位数（张）', '2035', '')
    """
    return "" if is_blank(cell) else _BREAKS.sub("", as_text(cell)).strip()


def header_row(rows: Sequence[Row], source: Layer, group: str = "") -> int:
    """Return which row holds the names of the columns, from 0.

    Parameters
    ----------
    rows : sequence of sequences
        The cells of a table from its first row on.
    source : Layer
        Its ``header`` decides; else the names in ``columns``, ``rows`` and ``attributes_on`` are evidence.
    group : str
        Key of the layer in the scenario: the names that are known for it are evidence.

    Returns
    -------
    int
        The row with most known names, if there are at least two and no row above it has as many cells; otherwise the
        first that is at least half as wide as the widest, 0 for an empty table.

    Examples
    --------
    >>> from pathlib import Path
    >>> from siting.domain.scenario import Layer
    >>> from siting.read.tables.heads import header_row
    >>> rows = [["养老设施台账", ""], ["设施名称", "床位数"], ["一号站", "5"]]
    >>> header_row(rows, Layer(path=Path("a.csv")), "facilities")
    1
    """
    if source.header is not None:
        return source.header - 1
    looked = rows[:_LOOKED_AT]
    filled = [sum(not is_blank(cell) for cell in row) for row in looked]
    known, stated = known_names(group), _stated(source)
    scores = [len({word for cell in row if (word := _known(cell, known, stated))}) for row in looked]
    best = max(scores, default=0)
    if best > 1:
        at = scores.index(best)
        if all(count < filled[at] for count in filled[:at]):
            return at
    widest = max(filled, default=0)
    return next((at for at, count in enumerate(filled) if count and 2 * count >= widest), 0)


def find_head(rows: Sequence[Row], merges: Sequence[Merge], source: Layer, group: str = "") -> Head | None:
    """Return the head of a sheet, None if the row that the scenario states does not exist or is empty.

    Parameters
    ----------
    rows : sequence of sequences
        All cells of the sheet, every row as wide as the sheet.
    merges : sequence of Merge
        Its merged cells.
    source : Layer
        As in :func:`header_row`; in a head of several rows ``header`` is the last.
    group : str
        As in :func:`header_row`.

    Returns
    -------
    Head or None
        Names of several rows are joined by :data:`~siting.read.tables.aliases.HEAD_JOIN`, or are written like in the
        scenario if it names them.
    """
    bottom = header_row(rows, source, group)
    if bottom >= len(rows) or all(is_blank(cell) for cell in rows[bottom]):
        return None
    if source.header is None:
        bottom = _last(rows, merges, bottom)
    top = _first(rows, merges, bottom)
    names = _names(rows, merges, top, bottom)
    stated = _stated(source)
    return Head(top, bottom, tuple(_as_stated(name, names, stated) for name in names))


def _stated(source: Layer) -> frozenset[str]:
    """Return the names of the file's columns that the scenario gives."""
    return frozenset((*source.columns.values(), *source.rows, *(source.attributes_on or ()))) - {""}


def _known(cell: object, known: frozenset[str], stated: frozenset[str]) -> str | None:
    """Return a cell's name if it is known, in a uniform spelling."""
    if not isinstance(cell, str) or is_blank(cell):
        return None
    name = label(cell)
    if name in stated:
        return name
    return next((each for each in (normalised(name), normalised(unit_of_name(name).bare)) if each in known), None)


def _last(rows: Sequence[Row], merges: Sequence[Merge], at: int) -> int:
    """Return the last row of the head that begins at a row or contains it."""
    last = at
    while last + 1 < len(rows) and last - at < _HIGHEST - 1:
        reached = max((each.bottom for each in merges if each.top <= last < each.bottom), default=last)
        if reached > last:
            last = min(reached, len(rows) - 1)
        elif _is_split(rows, merges, last) or _goes_on(rows, last):
            last += 1
        else:
            break
    return last


def _is_split(rows: Sequence[Row], merges: Sequence[Merge], at: int) -> bool:
    """Tell whether a name of a row spans columns with names of their own below it."""
    spans = [each for each in merges if each.bottom == at and each.right > each.left]
    below = rows[at + 1]
    return any(all(_is_name(below[column]) for column in range(each.left, each.right + 1)) for each in spans)


def _goes_on(rows: Sequence[Row], at: int) -> bool:
    """Tell whether the row below has names in exactly the columns that a row leaves open."""
    here, below = rows[at], rows[at + 1]
    used = [column for column in range(len(here)) if any(not is_blank(row[column]) for row in rows[at + 1 :])]
    blank = {column for column in used if is_blank(here[column])}
    if not blank or not all(_is_name(below[column]) for column in blank):
        return False
    others = [column for column in used if column not in blank and not is_blank(below[column])]
    return all(_is_name(below[column]) and column + 1 in blank for column in others)


def _is_name(cell: object) -> bool:
    return isinstance(cell, str) and not is_blank(cell)


def _first(rows: Sequence[Row], merges: Sequence[Merge], bottom: int) -> int:
    """Return the first row of the head that ends at a row."""
    top = bottom
    while top > 0 and bottom - top < _HIGHEST - 1:
        reached = min((each.top for each in merges if each.top < top <= each.bottom), default=top)
        if reached < top:
            top = reached
        elif _is_above(rows, merges, top - 1):
            top -= 1
        else:
            break
    return top


def _is_above(rows: Sequence[Row], merges: Sequence[Merge], at: int) -> bool:
    """Tell whether a row groups the names of the row below it: no title, no line of a form."""
    here, below = rows[at], [label(cell) for cell in rows[at + 1]]
    filled = [cell for cell in here if not is_blank(cell)]
    if not all(isinstance(cell, str) and not _FORM_LINE.search(cell) for cell in filled):
        return False
    width = sum(bool(name) for name in below)
    spans = [each for each in merges if each.top <= at <= each.bottom and each.right > each.left]
    if any(each.right - each.left + 1 < width for each in spans):
        return True
    names = [name for name in below if name]
    repeated = len(names) != len(set(names))
    gaps = [cell for cell, name in zip(here, below, strict=True) if not name]
    return len(filled) > 1 and (repeated or not all(is_blank(cell) for cell in gaps))


def _names(rows: Sequence[Row], merges: Sequence[Merge], top: int, bottom: int) -> list[str]:
    """Return the name of each column: the contents of its rows of the head, from above."""
    parts: list[list[str]] = [[] for _ in rows[bottom]]
    for at in range(top, bottom + 1):
        spans = [each for each in merges if each.top <= at <= each.bottom]
        for column, words in enumerate(_labels(rows, spans, at, is_last=at == bottom)):
            if words and words not in parts[column][-1:]:
                parts[column].append(words)
    return [HEAD_JOIN.join(each) for each in parts]


def _labels(rows: Sequence[Row], spans: Sequence[Merge], at: int, *, is_last: bool) -> list[str]:
    """Return the names in a row of a head; a name over several columns applies to each, but not in the last row."""
    found = []
    for column, cell in enumerate(rows[at]):
        span = next((each for each in spans if each.covers(at, column)), None)
        if span is not None:
            whole = span.left == column or not (is_last or span.bottom > at)
            found.append(label(rows[span.top][span.left]) if whole else "")
        elif is_blank(cell) and not is_last and not any(each.right > each.left for each in spans) and column:
            # Without merged cells: a group's name is over its first column.
            below = label(rows[at + 1][column])
            found.append(found[-1] if below else "")
        else:
            found.append(label(cell))
    return found


def _as_stated(name: str, names: Sequence[str], stated: frozenset[str]) -> str:
    """Return a name in the scenario's spelling, if the scenario names it."""
    parts = name.split(HEAD_JOIN)
    ways = [name, *forms(name, names), "/".join(parts), " ".join(parts)]
    return next((way for way in ways if way in stated), name)
