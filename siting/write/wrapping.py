"""Text wrapped to a given width: Chinese may be cut between any two characters, other scripts between words."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

# A word, or one character of a script without spaces, with the punctuation that must not begin, or end, a line.
_WIDE: Final = r"\u2e80-\u9fff\uff00-\uffef"
_TOKEN: Final = re.compile(rf"“*(?:[{_WIDE}]|[^\s{_WIDE}“]+)[，。、：；！？）”]*|“+|\s+")


def wrapped(text: str, width: int) -> Iterator[str]:
    """Yield a one-line text as lines of at most so many columns; a word that is wider has its own line.

    Parameters
    ----------
    text : str
        Without line breaks.
    width : int
        Columns; a Chinese character takes two.

    Yields
    ------
    str
        Without trailing blanks.

    Examples
    --------
    >>> from siting.write.wrapping import wrapped
    >>> list(wrapped("面图层（GeoPackage）和表", 12)), list(wrapped("a layer of lines", 8))
    (['面图层（', 'GeoPackage）', '和表'], ['a layer', 'of lines'])
    """
    line, used = "", 0
    for token in _TOKEN.findall(text):
        wide = width_of(token)
        if used + wide > width and line:
            yield line.rstrip()
            line, used = "", 0
            if token.isspace():
                continue
        line, used = line + token, used + wide
    if line:
        yield line.rstrip()


def width_of(text: str) -> int:
    """Return how many columns a text takes in a terminal.

    Examples
    --------
    >>> from siting.write.wrapping import width_of
    >>> width_of("街道 a")
    6
    """
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
