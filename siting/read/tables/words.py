"""Words in cells: other words for our choices, and words for yes and no."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Final

from siting.domain.tables import Column
from siting.read.log import listed
from siting.read.tables.aliases import normalised
from siting.read.tables.cells import as_text
from siting.text import LANGS, Lang, texts

_TRUE: Final = frozenset({"true", "t", "1", "yes", "y", "是", "有", "√", "✓", "✔"})
_FALSE: Final = frozenset({"false", "f", "0", "no", "n", "否", "无", "×", "✗", "✘"})
TRUTHS: Final = "true, false, 1, 0, 是, 否, 有, 无, √, ×"


def truth(cell: object) -> bool | None:
    """Return the truth value that a cell states, None if it states none.

    Examples
    --------
    >>> from siting.read.tables.words import truth
    >>> truth("是"), truth(0.0), truth("×"), truth("perhaps")
    (True, False, False, None)
    """
    word = as_text(cell).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def choice_words(column: Column) -> Mapping[str, str]:
    """Return the words for a column's choices: as :func:`~siting.read.tables.aliases.normalised` → choice.

    A word that would mean two choices of the column means none.

    Examples
    --------
    >>> from siting.domain.tables import FACILITY_COLUMNS
    >>> from siting.read.tables.words import choice_words
    >>> tier = next(column for column in FACILITY_COLUMNS if column.key == "tier")
    >>> choice_words(tier)["日间照料中心"]
    'station'
    """
    return _choice_words(column.key, column.choices)


def shown_choices(column: Column) -> str:
    """Return a column's choices for a message, each with its Chinese word.

    Examples
    --------
    >>> from siting.domain.tables import Column
    >>> from siting.read.tables.words import shown_choices
    >>> shown_choices(Column("tier", "text", choices=("centre", "station")))
    'centre (养老服务中心), station (养老服务站)'
    """
    words = ((choice, next(_catalogue(column.key, choice, ("zh",)), None)) for choice in column.choices)
    return listed(choice if word is None or word == choice else f"{choice} ({word})" for choice, word in words)


@cache
def _choice_words(key: str, choices: tuple[str, ...]) -> Mapping[str, str]:
    meant: dict[str, set[str]] = {}
    for choice in choices:
        for word in (choice, *_catalogue(key, choice, LANGS), *_common().get(key, {}).get(choice, ())):
            meant.setdefault(normalised(word), set()).add(choice)
    return {word: next(iter(found)) for word, found in meant.items() if len(found) == 1}


def _catalogue(key: str, choice: str, langs: tuple[Lang, ...]) -> Iterator[str]:
    """Yield the names of a choice in the text catalogue."""
    for name in (f"scenario_choice.{key}.{choice}", f"{key}.{choice}"):
        if name in texts():
            yield from (texts()[name][lang] for lang in langs)


@cache
def _common() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    text = resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
