"""The encoding of text: stated or declared, otherwise proved by the bytes; never a default."""

import codecs
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from siting.read.log import LayerLog, listed

UTF8: Final = "utf-8"
# A superset of GB 2312 and GBK.
GB18030: Final = "gb18030"
ASCII: Final = "ascii"
_CHINESE: Final = frozenset({"gb2312", "gbk", "936", "cp936", "ms936", "gb18030", "54936", "hz", "euccn"})
# For text to be accepted as Chinese, of all non-ASCII characters (without punctuation) these shares must be Hanzi of GB
# 2312, and Hanzi in common use. Names of places contain rare ones (綦, 涪, 垭); text of another encoding that happens
# to decode contains mostly characters of neither kind.
_HANZI_SHARE: Final = 0.9
_COMMON_SHARE: Final = 0.6
_FEWEST_HANZI: Final = 2
# Rows of GB 2312: level 1 holds the 3755 characters in common use, level 2 the others; rows 1 and 3 punctuation and
# full-width forms.
_LEVEL_1: Final = range(0xB0, 0xD8)
_LEVELS: Final = range(0xB0, 0xF8)
_PUNCTUATION_ROWS: Final = (0xA1, 0xA3)
_CELLS: Final = range(0xA1, 0xFF)
_MARKS: Final = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Encoding:
    """An encoding and how it was found: ``stated``, ``cpg``, ``ldid``, ``bom``, ``utf8`` or ``hanzi``."""

    name: str
    by: str


def codec(name: str) -> str:
    """Return Python's name of an encoding; GB 2312 and GBK are read as GB 18030, their superset.

    Parameters
    ----------
    name : str
        As in user input, ``.cpg`` files and code pages: ``UTF-8``, ``65001``, ``ANSI 936``, ``88591``.

    Raises
    ------
    LookupError
        There is no such text encoding.

    Examples
    --------
    >>> from siting.read.sources.encodings import codec
    >>> codec("GBK"), codec("65001"), codec("88591"), codec("OEM 850")
    ('gb18030', 'utf-8', 'iso8859-1', 'cp850')
    """
    word = re.sub(r"^(ansi|oem)[\s_]*", "", name.strip().lower())
    bare = re.sub(r"[\s_-]", "", word)
    if bare in _CHINESE:
        return GB18030
    if bare in {"65001", "utf8", "utf8sig"}:
        return UTF8
    if found := re.fullmatch(r"(?:iso)?8859(\d{1,2})", bare):
        return codecs.lookup(f"iso8859-{found[1]}").name
    # A codec that is no text encoding, such as hex, is not accepted by Python either.
    "".encode(word := f"cp{bare}" if bare.isdigit() else word)
    return codecs.lookup(word).name


def whole(cell: bytes, encoding: str) -> tuple[str, bool]:
    """Decode text whose last character may be truncated; tell whether it was.

    Raises
    ------
    UnicodeDecodeError
        The bytes are no text of that encoding, whatever follows them.

    Examples
    --------
    >>> from siting.read.sources.encodings import whole
    >>> whole("行政区".encode()[:-1], "utf-8")
    ('行政', True)
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    text = decoder.decode(cell)
    return text, bool(decoder.getstate()[0])


def decodes(cells: Iterable[bytes], encoding: str, *, cut: bool = False) -> bool:
    """Tell whether all texts decode; with ``cut`` the last character of each may be truncated."""
    try:
        for cell in cells:
            if cut:
                whole(cell, encoding)
            else:
                cell.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def by_content(cells: Sequence[bytes], cut: Sequence[bytes] = ()) -> Encoding | None:
    """Decide from the bytes: strict UTF-8, otherwise GB 18030 if most characters are Hanzi in common use.

    Parameters
    ----------
    cells : sequence of bytes
        Texts that end with a complete character.
    cut : sequence of bytes
        Texts that fill their field, so that the last character may be truncated.

    Returns
    -------
    Encoding or None
        None if the bytes prove nothing.
    """
    if decodes(cells, UTF8) and decodes(cut, UTF8, cut=True):
        return Encoding(UTF8, "utf8")
    if not (decodes(cells, GB18030) and decodes(cut, GB18030, cut=True)):
        return None
    text = "".join([*(cell.decode(GB18030) for cell in cells), *(whole(cell, GB18030)[0] for cell in cut)])
    return Encoding(GB18030, "hanzi") if is_chinese(text) else None


def is_chinese(text: str) -> bool:
    """Tell whether the non-ASCII characters of a text are mostly Hanzi in common use."""
    common, hanzi, punctuation = (_characters(rows) for rows in (_LEVEL_1, _LEVELS, _PUNCTUATION_ROWS))
    foreign = [character for character in text if not character.isascii() and character not in punctuation]
    usual, known = (sum(character in held for character in foreign) for held in (common, hanzi))
    return usual >= max(_FEWEST_HANZI, _COMMON_SHARE * len(foreign)) and known >= _HANZI_SHARE * len(foreign)


@cache
def _characters(rows: Sequence[int]) -> frozenset[str]:
    """Return the characters of some rows of GB 2312."""
    pairs = bytes(byte for row in rows for cell in _CELLS for byte in (row, cell))
    return frozenset(pairs.decode("gb2312", "ignore"))


def by_mark(text: bytes) -> Encoding | None:
    """Decide by the byte order mark at the beginning of a file."""
    return next((Encoding(name, "bom") for mark, name in _MARKS if text.startswith(mark)), None)


def decoded(text: bytes, stated: str | None, log: LayerLog) -> str | None:
    """Return a complete file as text, without a byte order mark.

    Parameters
    ----------
    text : bytes
        The file.
    stated : str or None
        The encoding that the scenario states; otherwise a byte order mark decides, strict UTF-8, then common Hanzi.
    log : LayerLog
        Takes the facts, and the faults ``bad_encoding`` and ``encoding_undecided``.
    """
    found = Encoding(stated, "stated") if stated is not None else by_mark(text)
    if found is None and text.isascii():
        log.fact(encoding="ASCII")
        return text.decode(ASCII)
    found = found or by_content([text])
    if found is None:
        log.fault("encoding_undecided", field="encoding")
        return None
    try:
        plain = text.decode(codec(found.name))
    except (UnicodeDecodeError, LookupError) as error:
        log.fault("bad_encoding", found=str(error), expected=found.name)
        return None
    tell(found, log)
    return plain.removeprefix("\ufeff")


def tell(found: Encoding, log: LayerLog) -> None:
    """Record which encoding was found, and how."""
    log.fact(encoding=found.name.upper(), encoding_by=found.by)


def untorn(name: str, texts: Iterable[object], encoding: str) -> tuple[dict[object, object], list[str]]:
    """Return raw texts, read byte by byte as ISO 8859-1, in their own encoding; and which were truncated."""
    found: dict[object, object] = {}
    torn = []
    for text in texts:
        if isinstance(text, str):
            found[text], is_torn = whole(text.encode("latin-1"), encoding)
            if is_torn:
                torn.append(f"{name}{found[text]}")
    return found, torn


def contradiction(declared: str, by_bytes: Encoding | None, log: LayerLog) -> None:
    """Note that the bytes are not in the encoding that the file declares."""
    log.fault(
        "encoding_contradicted", field="encoding", found=declared, expected=listed([by_bytes.name] if by_bytes else "–")
    )
