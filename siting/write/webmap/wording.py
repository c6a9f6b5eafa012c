"""Texts in both languages: the page contains Chinese and English and shows one."""

import re
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import pandas as pd

from siting.text import Lang, knows, numbers, say

# A name of a column, or a key with its value, alone in brackets.
_CODE: Final = re.compile(r'\s*[（(][a-z0-9]*[a-z]+[_.][a-z0-9_.]+(?: = "?\w+"?)?[）)]')


@dataclass(frozen=True)
class Words:
    """A text in Chinese and in English."""

    zh: str
    en: str

    def html(self) -> str:
        """Return the text, escaped, as markup for the language switch."""
        if self.zh == self.en:
            return escape(self.zh)
        return f'<span lang="zh">{escape(self.zh)}</span><span lang="en">{escape(self.en)}</span>'

    def pair(self) -> dict[str, str]:
        """Return the text as a mapping for the page's data."""
        return {"zh": self.zh, "en": self.en}

    def of(self, lang: Lang) -> str:
        """Return the text in one language."""
        return self.zh if lang == "zh" else self.en


def words(key: str, **values: object) -> Words:
    """Return the text of a catalogue key in both languages.

    Values may themselves be :class:`Words`. A key that the catalogue lacks gives its last part, so that a code from the
    data (for example a facility kind) can always be shown.

    Examples
    --------
    >>> from siting.write.webmap.wording import words
    >>> words("candidate_kind.barn")
    Words(zh='barn', en='barn')
    """
    if not knows(key):
        return plain(key.rpartition(".")[2])
    return Words(_say(key, "zh", values), _say(key, "en", values))


def plain(text: object) -> Words:
    """Return a text that is the same in both languages, such as a name."""
    return Words(str(text), str(text))


def uncoded(text: str) -> str:
    """Leave out names of columns and keys in brackets: a map is read by people who edit no files.

    Examples
    --------
    >>> from siting.write.webmap.wording import uncoded
    >>> uncoded("Missing data: floor area (provided_m2) not stated for R088 (and 12 more).")
    'Missing data: floor area not stated for R088 (and 12 more).'
    """
    return _CODE.sub("", text)


def _say(key: str, lang: Lang, values: dict[str, object]) -> str:
    told = {name: value.of(lang) if isinstance(value, Words) else value for name, value in values.items()}
    return say(key, lang, **told)


def missing(value: Any) -> bool:  # noqa: ANN401 - anything that a table cell may hold
    """Tell whether a table cell is empty.

    Examples
    --------
    >>> from siting.write.webmap.wording import missing
    >>> missing(float("nan")), missing(None), missing(0), missing("")
    (True, True, False, True)
    """
    if value is None or isinstance(value, str):
        return not value
    if isinstance(value, (list, tuple, set, dict)):
        return not value
    return bool(pd.isna(value))


def number(value: Any, digits: int = 0) -> str:  # noqa: ANN401
    """Format a table cell like the other outputs; a dash if it is empty.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.write.webmap.wording import number
    >>> number(12345.678), number(0.1234, 3), number(None), number(pd.NA)
    ('12,346', '0.123', '–', '–')
    """
    return numbers.number(None if missing(value) else float(value), digits)


def percent(share: Any, digits: int = 1) -> str:  # noqa: ANN401
    """Format a share like the other outputs.

    Examples
    --------
    >>> from siting.write.webmap.wording import percent
    >>> percent(0.4567), percent(float("nan")), percent(0.9, 0)
    ('45.7%', '–', '90%')
    """
    return numbers.percent(None if missing(share) else float(share), digits)
