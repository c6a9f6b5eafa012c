"""Sentences made from figures: each number keeps the pointer to its source, and becomes a bookmark in a document."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from siting.text import Lang, say
from siting.text.numbers import UNKNOWN, between, number, percent
from siting.write.report.records import Cell, clean

# Characters of the private use area: they stand for figures while a sentence is put together.
_MARK: Final = "\ue000{}\ue001"
_MARKED: Final = re.compile("\ue000(\\d+)\ue001")
FIRST_ID: Final = 1_000_000
_FORMS: Final[Mapping[str, Callable[[float | None], str]]] = {
    "whole": number,
    "rate": lambda value: number(value, 3),
    "tenth": lambda value: number(value, 1),
    "share": percent,
    "plain": lambda value: UNKNOWN if value is None else f"{value:g}",
}


@dataclass(frozen=True)
class Figure:
    """A number as it is written, and the pointer to its source."""

    text: str
    path: str


Piece = str | Figure


@dataclass(frozen=True)
class Passage:
    """A text with figures in it."""

    pieces: tuple[Piece, ...] = ()

    @property
    def text(self) -> str:
        """The text as it is read."""
        return "".join(each if isinstance(each, str) else each.text for each in self.pieces)

    @property
    def figures(self) -> list[Figure]:
        """The figures in it."""
        return [each for each in self.pieces if isinstance(each, Figure)]


def unmarked(text: str) -> Passage:
    """Return a passage without figures."""
    return Passage((text,) if text else ())


def figure(cell: Cell, form: str) -> Passage:
    """Return one number; a dash if it is unknown, a word if it has no limit.

    Examples
    --------
    >>> from siting.write.report.passages import figure
    >>> from siting.write.report.records import Cell
    >>> figure(Cell(0.584, "a.json#/x"), "share").pieces
    (Figure(text='58.4%', path='a.json#/x'),)
    """
    if not cell.is_number:
        return unmarked(UNKNOWN)
    return Passage((Figure(_FORMS[form](float(cell.value or 0)), cell.path),))


def ends(low: Cell, high: Cell, form: str, *, most: float = math.inf) -> Passage:
    """Return a figure that may be an interval, in the words that all outputs use (``≥``, ``≤``, both ends).

    Examples
    --------
    >>> from siting.write.report.passages import ends
    >>> from siting.write.report.records import Cell
    >>> ends(Cell(0, "a#/low"), Cell(1200, "a#/high"), "whole").pieces
    ('≤ ', Figure(text='1,200', path='a#/high'))
    """
    write = _FORMS[form]
    values = [math.nan if cell.value is None else float(cell.value) for cell in (low, high)]
    text = between(values[0], values[1], write, most=most)
    told = {"low": write(values[0]), "high": write(values[1])}
    if text == UNKNOWN:
        return unmarked(UNKNOWN)
    if text == told["low"]:
        return figure(low, form)
    for sign, end, cell in (("≥ ", "low", low), ("≤ ", "high", high)):
        if text == sign + told[end]:
            return Passage((sign, *figure(cell, form).pieces))
    return Passage((*figure(low, form).pieces, "–", *figure(high, form).pieces))


@dataclass(frozen=True)
class _Told:
    """A passage while it is a value of a text: it writes a mark, and a plural hangs on its number."""

    at: int
    passage: Passage

    def __format__(self, form: str) -> str:
        return _MARK.format(self.at)

    def __str__(self) -> str:
        return self.passage.text


def sentence(key: str, lang: Lang, /, **values: "Passage | str") -> Passage:
    """Return a text of the catalogue with its placeholders filled by passages.

    Parameters
    ----------
    key : str
        Dotted key of the text.
    lang : {"zh", "en"}
        Language.
    **values : Passage or str
        What the placeholders hold.
    """
    passages = {name: unmarked(value) if isinstance(value, str) else value for name, value in values.items()}
    told = {name: _Told(at, passage) for at, (name, passage) in enumerate(passages.items())}
    listed = list(passages.values())
    pieces: list[Piece] = []
    for at, part in enumerate(_MARKED.split(say(key, lang, **told))):
        # The splitting leaves texts at even places, and the numbers of marks between them.
        pieces += listed[int(part)].pieces if at % 2 else (part,) if part else ()
    return Passage(tuple(pieces))


def joined(passages: Iterable[Passage], by: str) -> Passage:
    """Return passages one after another, with a text between them."""
    pieces: list[Piece] = []
    for each in passages:
        pieces += [by] if pieces and by else []
        pieces += each.pieces
    return Passage(tuple(pieces))


class Bookmarks:
    """Writes passages as runs of WordprocessingML; each figure is a bookmark.

    ``paths`` maps the name of each bookmark that was written to the pointer of its number.
    """

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}

    def runs(self, passage: Passage) -> "Runs":
        """Return the runs of a passage; blank ones keep their place."""
        return Runs("".join(self._runs(passage)) or "<w:r><w:t></w:t></w:r>")

    def _runs(self, passage: Passage) -> Iterator[str]:
        for piece in passage.pieces:
            if isinstance(piece, str):
                yield _run(piece)
                continue
            name = f"n{len(self.paths) + 1:06d}"
            self.paths[name] = piece.path
            # Far from the ids of the bookmarks that a template may have.
            mark = f'w:id="{FIRST_ID + len(self.paths)}"'
            yield f'<w:bookmarkStart {mark} w:name="{name}"/>{_run(piece.text)}<w:bookmarkEnd {mark}/>'


@dataclass(frozen=True)
class Runs:
    """Markup that a template inserts as it is: its texts are escaped already."""

    xml: str

    def __html__(self) -> str:
        """Return the markup: a template engine that escapes texts inserts it unchanged."""
        return self.xml

    def __str__(self) -> str:
        """Return the markup."""
        return self.xml


def _run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{escape(clean(text), quote=False)}</w:t></w:r>'
