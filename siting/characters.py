"""Invisible characters: they are no part of a name, an id or a number."""

import re
import unicodedata
from typing import Final

# Controls except tabs and line ends; Unicode's Default_Ignorable_Code_Point (zero-width characters, soft hyphens,
# direction marks, fillers, variation selectors, tags); the blank Braille pattern; annotation marks.
_UNSEEN: Final = (
    "\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u2800\ufff9-\ufffb"
)
# Spaces that do not compare as equal to a space: no-break, typographic and ideographic ones.
_SPACES: Final = "\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_DROPPED: Final = re.compile(f"[{_UNSEEN}]+")
_SPACED: Final = re.compile(f"[{_SPACES}]")
_ANY: Final = re.compile(f"[{_UNSEEN}{_SPACES}]")


def seen(text: str) -> str:
    r"""Return a text without invisible characters, with plain spaces, and without spaces at its ends.

    A text without any of them is returned unchanged.

    Examples
    --------
    >>> from siting.characters import seen
    >>> seen("床位\u200b数"), seen("\ufeffF1\u00a0"), seen("七星岗\u3000街道")
    ('床位数', 'F1', '七星岗 街道')
    """
    if text.isascii() and text.isprintable():
        return text
    found = _SPACED.sub(" ", _DROPPED.sub("", text))
    return text if found == text else found.strip()


def unseen(text: str) -> list[str]:
    r"""Return the characters of a text that :func:`seen` drops or replaces, in their order.

    Examples
    --------
    >>> from siting.characters import unseen
    >>> unseen("床位\u200b数\u3000"), unseen("plain text")
    (['\u200b', '\u3000'], [])
    """
    return [] if text.isascii() and text.isprintable() else _ANY.findall(text)


def named(character: str) -> str:
    r"""Return the name of an invisible character.

    Examples
    --------
    >>> from siting.characters import named
    >>> named("\u200b")
    'U+200B ZERO WIDTH SPACE'
    """
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def shown(text: str) -> str:
    r"""Return a text for messages, with every invisible character written as its number.

    Examples
    --------
    >>> from siting.characters import shown
    >>> shown("F1\u200b")
    'F1<U+200B>'
    """
    if text.isprintable() and not _DROPPED.search(text):
        return text
    return "".join(f"<U+{ord(each):04X}>" if _hidden(each) else each for each in text)


def _hidden(character: str) -> bool:
    return not character.isprintable() or _DROPPED.match(character) is not None
