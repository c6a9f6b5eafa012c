"""The catalogue of every text for people, in Chinese and English.

The texts stand in the TOML files beside this module, one file a subject; a key is the path of tables that leads
to a pair ``zh`` / ``en``.
"""

import locale
import os
import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from siting.text.numbers import number as number

Lang = Literal["zh", "en"]
LANGS: Final[tuple[Lang, Lang]] = ("zh", "en")


def default_lang() -> Lang:
    """Return the language of ``SITING_LANG``, else of the system's locale, else Chinese."""
    wanted = os.environ.get("SITING_LANG") or locale.getlocale()[0] or ""
    return "en" if wanted.lower().startswith("en") else "zh"


def say(key: str, lang: Lang | None = None, /, **values: object) -> str:
    """Return the text of a key, its placeholders filled.

    Parameters
    ----------
    key : str
        Dotted key, for example ``"verdict.met"``.
    lang : {"zh", "en"}, optional
        Language; :func:`default_lang` if absent.
    **values
        Values of the placeholders. ``{count:|place|places}`` becomes the first word where the count is 1, else the
        second.

    Raises
    ------
    KeyError
        The catalogue has no such key.

    Examples
    --------
    >>> from siting.text import say
    >>> say("verdict.gap", "zh"), say("verdict.gap", "en")
    ('未达标', 'gap')
    """
    template = texts()[key][lang or default_lang()]
    return _FORMATTER.vformat(template, (), values) if values else template


def knows(key: str) -> bool:
    """Tell whether the catalogue has a key."""
    return key in texts()


class _Formatter(string.Formatter):
    """Fills templates; a placeholder with a format ``|one|more`` gives the word that suits its number."""

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - whatever a text is given
        if not format_spec.startswith("|"):
            return str(super().format_field(value, format_spec))
        one, _, more = format_spec[1:].partition("|")
        return one if str(value) == "1" else more


_FORMATTER: Final = _Formatter()


@cache
def texts() -> Mapping[str, Mapping[Lang, str]]:
    """Return the whole catalogue: dotted key → language → text."""
    found: dict[str, Mapping[Lang, str]] = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda path: path.name):
        if entry.name.endswith(".toml"):
            for key, pair in _leaves(tomllib.loads(entry.read_text(encoding="utf-8")), ""):
                if key in found:
                    message = f"text {key!r} stands twice in the catalogue"
                    raise ValueError(message)
                found[key] = pair
    return found


def _leaves(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[Lang, str]]]:
    for name, value in table.items():
        key = f"{prefix}.{name}" if prefix else name
        if set(value) == set(LANGS) and all(isinstance(text, str) for text in value.values()):
            yield key, value
        else:
            yield from _leaves(value, key)
