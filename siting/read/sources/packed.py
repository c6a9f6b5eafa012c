"""Packed files (gzip, bzip2, PBF): their unpacked size is measured before they are used."""

import bz2
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

from siting.read.log import LayerLog
from siting.read.sources.blobs import blob_sizes, has_blobs

_MIB: Final = 2**20
MOST_BYTES: Final = 2048 * _MIB
# The allowed ratio of unpacked to packed size, above a minimum size.
MOST_GROWTH: Final = 200
SMALL_BYTES: Final = 50 * _MIB
_CHUNK: Final = _MIB
_SIGN_BYTES: Final = 10
# Whatever their names: libraries unpack by content. The second signature of bzip2 is that of an empty part.
_SIGNS: Final[tuple[tuple[re.Pattern[bytes], Callable[[Path], Any]], ...]] = (
    (re.compile(rb"\x1f\x8b\x08"), gzip.open),
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), bz2.open),
)
# The exceptions for a truncated file, or one that is no such file.
BROKEN: Final = (OSError, EOFError, zlib.error)


def most_unpacked(packed: int) -> int:
    """Return the allowed unpacked size for a packed size, bytes.

    Examples
    --------
    >>> from siting.read.sources.packed import most_unpacked
    >>> [most_unpacked(packed) // 2**20 for packed in (5_000, 2**20, 2**30)]
    [50, 200, 2048]
    """
    return min(MOST_BYTES, max(SMALL_BYTES, MOST_GROWTH * packed))


def megabytes(size: int) -> str:
    """Write a size for people.

    Examples
    --------
    >>> from siting.read.sources.packed import megabytes
    >>> megabytes(5_120), megabytes(50 * 2**20)
    ('0.005 MiB', '50 MiB')
    """
    return f"{size / _MIB:.4g} MiB" if size >= _MIB else f"{size / _MIB:.1g} MiB"


def opener_of(path: Path) -> Callable[[Path], IO[bytes]] | None:
    """Return the function that opens a completely packed file; None for any other."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        head = file.read(_SIGN_BYTES)
    return next((opener for sign, opener in _SIGNS if sign.match(head)), None)


def head_of(path: Path, size: int) -> bytes:
    """Return the first bytes of a file's content, unpacked."""
    opener = opener_of(path) or _plain
    try:
        with opener(path) as content:
            return content.read(size)
    except BROKEN:
        return b""


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def unpacks_within_limits(path: Path, log: LayerLog) -> bool:
    """Tell whether a file, if it is packed, unpacks to at most :func:`most_unpacked`.

    Parameters
    ----------
    path : Path
        Any file or folder; true for one that is not packed.
    log : LayerLog
        Takes the faults ``unpacks_too_large`` and ``unreadable_file``.
    """
    try:
        parts = _unpacked_parts(path)
        if parts is None:
            return True
        packed = path.stat().st_size
        most, size = most_unpacked(packed), 0
        while size <= most and (part := next(parts, None)) is not None:
            size += part
    except BROKEN as error:
        log.fault("unreadable_file", found=str(error))
        return False
    if size > most:
        log.fault("unpacks_too_large", found=megabytes(packed), expected=megabytes(most))
    return size <= most


def _unpacked_parts(path: Path) -> Iterator[int] | None:
    """Return the unpacked sizes of a file, part by part; None for one that is not packed."""
    opener = opener_of(path)
    if opener is not None:
        return _chunk_sizes(path, opener)
    return blob_sizes(path) if path.is_file() and has_blobs(path) else None


def _chunk_sizes(path: Path, opener: Callable[[Path], IO[bytes]]) -> Iterator[int]:
    with opener(path) as content:
        while chunk := content.read(_CHUNK):
            yield len(chunk)
