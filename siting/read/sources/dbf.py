"""The text of a .dbf as bytes, and its encoding."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from siting.read.log import LayerLog
from siting.read.sources.encodings import GB18030, Encoding, by_content, codec, contradiction, decodes, whole

_HEAD, _FIELD, _LDID_AT = 32, 32, 29
NAME_BYTES: Final = 10
_STEM_BYTES: Final = 8
_NUMBER: Final = re.compile(rb"_[1-9]")
_END: Final = 0x0D
# Language drivers that name a code page. 0x57 means the code page of the writer's Windows, which is unknown.
_LDID: Final = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x4D: GB18030, 0x4E: "cp949", 0x4F: "cp950",
    0x78: "cp950", 0x79: "cp949", 0x7A: GB18030, 0x7B: "cp932", 0xC8: "cp1250", 0xC9: "cp1251", 0xCA: "cp1254",
}  # fmt: skip
_MANY_BYTES: Final = ("utf", "gb", "cp932", "cp949", "cp950", "big5", "euc", "shift")


@dataclass(frozen=True)
class Texts:
    """All distinct non-ASCII texts of a .dbf, with names of columns.

    ``cut`` fill their field, so their last character may be truncated; ``cells`` do not. ``ldid`` is the byte that
    names a language driver.
    """

    cells: tuple[bytes, ...]
    cut: tuple[bytes, ...]
    ldid: int

    @property
    def is_ascii(self) -> bool:
        """Whether every encoding reads it in the same way."""
        return not self.cells and not self.cut


def numbered(names: Iterable[bytes]) -> Mapping[bytes, bytes]:
    """Return the names that were cut to an existing name and numbered → that name.

    Of two names that are equal in ten bytes GDAL keeps the cut form of the first; the next has eight bytes and ``_1``.

    Examples
    --------
    >>> from siting.read.sources.dbf import numbered
    >>> numbered([b"community_", b"communit_1", b"people_2_1"])
    {b'communit_1': b'community_'}
    """
    full = [name for name in names if len(name) == NAME_BYTES]
    first = {name[:_STEM_BYTES]: name for name in full if not _NUMBER.fullmatch(name[_STEM_BYTES:])}
    return {
        name: first[name[:_STEM_BYTES]]
        for name in full
        if _NUMBER.fullmatch(name[_STEM_BYTES:]) and name[:_STEM_BYTES] in first
    }


def decoded_names(names: Sequence[bytes], encoding: str) -> tuple[dict[bytes, str], list[str]]:
    """Return the names of columns as text, without truncated characters at their ends; and which had some."""
    number = numbered(names)
    told, torn = {}, []
    for name in names:
        end = len(name) if name not in number else _STEM_BYTES
        text, is_torn = whole(name[:end], encoding)
        told[name] = text + name[end:].decode("ascii")
        if is_torn:
            torn.append(told[name])
    return told, torn


def texts(path: Path) -> Texts:
    """Read the texts of a .dbf.

    Raises
    ------
    ValueError
        The file is too short for its header.
    """
    content = np.fromfile(path, dtype=np.uint8)
    head = content[:_HEAD].tobytes()
    if len(head) < _HEAD:
        raise ValueError(path.name)
    rows, start, width = (int.from_bytes(head[at:to], "little") for at, to in ((4, 8), (8, 10), (10, 12)))
    at, offset = _HEAD, 1
    fields, full, short = [], set[bytes](), set[bytes]()
    while at + _FIELD <= len(content) and content[at] != _END:
        field = content[at : at + _FIELD].tobytes()
        name = field[:11].split(b"\0")[0]
        (full if len(name) >= NAME_BYTES else short).add(name)
        # Wide text stores the high byte of its length where a number stores its decimals.
        length = field[16] + 256 * field[17] if field[11:12] == b"C" else field[16]
        if field[11:12] == b"C":
            fields.append((offset, length))
        offset += length
        at += _FIELD
    for name in numbered(full):
        full = (full - {name}) | {name[:_STEM_BYTES]}
    rows = min(rows, (len(content) - start) // max(width, 1))
    records = content[start : start + max(rows, 0) * width].reshape(-1, max(width, 1))
    for offset, length in fields:
        column = records[:, offset : offset + length]
        foreign = column[(column >= 0x80).any(axis=1)]  # noqa: PLR2004 - beyond ASCII
        for cell in set(map(bytes, np.ascontiguousarray(foreign))):
            plain = cell.strip(b" \0")
            (full if len(cell.rstrip(b" \0")) == length else short).add(plain)
    cells, cut = (tuple(sorted(each for each in found if not each.isascii())) for found in (short, full))
    return Texts(cells, cut, head[_LDID_AT])


def encoding_of(path: Path, stated: str | None, log: LayerLog) -> Encoding | None:
    """Decide the encoding of a .dbf: the stated one, its .cpg, its language driver, otherwise by its bytes.

    Parameters
    ----------
    path : Path
        The .dbf; a .cpg may lie beside it.
    stated : str or None
        The encoding that the scenario states.
    log : LayerLog
        Takes the faults ``bad_encoding`` (text that is not in the stated encoding), ``encoding_contradicted`` (nor in
        the declared one) and ``encoding_undecided``.

    Returns
    -------
    Encoding or None
        ``by`` is empty if all text is ASCII and no decision was needed; None if a fault was noted.
    """
    found = texts(path)
    if stated is not None:
        return _stated(stated, found, log)
    if found.is_ascii:
        return Encoding("ascii", "")
    by_bytes = by_content(found.cells, found.cut)
    for by, declared, shown in _declared(path, found.ldid):
        try:
            name = codec(declared)
        except (LookupError, ValueError):
            name = ""
        if not name or not _holds(name, found) or (by_bytes is not None and not _many_bytes(name)):
            contradiction(shown, by_bytes, log)
            return None
        return Encoding(name, by)
    if by_bytes is None:
        log.fault("encoding_undecided", field="encoding")
    return by_bytes


def _stated(stated: str, found: Texts, log: LayerLog) -> Encoding | None:
    try:
        name = codec(stated)
    except (LookupError, ValueError) as error:
        log.fault("bad_encoding", field="encoding", found=str(error), expected=stated)
        return None
    if not _holds(name, found):
        shown = next(each for each in (*found.cells, *found.cut) if not decodes([each], name, cut=each in found.cut))
        log.fault("bad_encoding", field="encoding", found=repr(shown)[1:], expected=stated)
        return None
    return Encoding(name, "stated")


def _declared(path: Path, ldid: int) -> list[tuple[str, str, str]]:
    """Return what the file declares: how, which encoding, and how to show it."""
    beside = (each for each in path.parent.iterdir() if each.stem == path.stem and each.suffix.lower() == ".cpg")
    said = [each.read_text("ascii", "replace").strip("\ufffd \r\n\t\0") for each in beside]
    found = [("cpg", word, f".cpg ({word})") for word in said if word]
    if ldid in _LDID:
        found.append(("ldid", _LDID[ldid], f"LDID 0x{ldid:02X} ({_LDID[ldid]})"))
    return found


def _holds(name: str, found: Texts) -> bool:
    return decodes(found.cells, name) and decodes(found.cut, name, cut=True)


def _many_bytes(name: str) -> bool:
    """Tell whether an encoding can be wrong; single-byte encodings accept all bytes."""
    return name.startswith(_MANY_BYTES)
