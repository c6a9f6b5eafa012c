"""The unpacked sizes of the blobs of an OpenStreetMap file (PBF), as declared in their heads."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Final, NoReturn

_SIZE_BYTES: Final = 4
# No head of a blob is longer.
_MOST_HEAD: Final = 2**16
_FIRST_TYPE: Final = b"OSMHeader"
# Fields of BlobHeader and of Blob.
_DATA_SIZE: Final = 3
_RAW, _RAW_SIZE = 1, 2
# Wire types of protobuf.
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_FIXED_BYTES: Final = {_FIXED_64: 8, _FIXED_32: 4}
_MOST_VARINT_BYTES: Final = 10


def has_blobs(path: Path) -> bool:
    """Tell from its content whether a file consists of blobs."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(_SIZE_BYTES), "big")
        return _FIRST_TYPE in file.read(min(size, _MOST_HEAD))


def blob_sizes(path: Path) -> Iterator[int]:
    """Yield the unpacked size of each blob of a file, bytes.

    Parameters
    ----------
    path : Path
        A file for which :func:`has_blobs` is true.

    Raises
    ------
    EOFError
        The file is truncated, or is no such file.
    """
    whole = path.stat().st_size
    with path.open("rb") as file:
        while begin := file.read(_SIZE_BYTES):
            head = _fields(file, int.from_bytes(begin, "big"), whole)
            if not head.get(_DATA_SIZE):
                _break_off(file)
            blob = _fields(file, head[_DATA_SIZE], whole)
            yield max(blob.get(_RAW, 0), blob.get(_RAW_SIZE, 0))


def _fields(file: IO[bytes], size: int, whole: int) -> Mapping[int, int]:
    """Skip a message with the given number of bytes; return by field its whole numbers, and for bytes their length."""
    end = file.tell() + size
    if end > whole:
        _break_off(file)
    found: dict[int, int] = {}
    while file.tell() < end:
        field, wire = divmod(_varint(file), 8)
        skipped = _FIXED_BYTES.get(wire, 0)
        if wire in {_VARINT, _BYTES}:
            found[field] = _varint(file)
            skipped = found[field] if wire == _BYTES else 0
        elif not skipped:
            _break_off(file)
        if file.tell() + skipped > end:
            _break_off(file)
        file.seek(skipped, 1)
    return found


def _varint(file: IO[bytes]) -> int:
    value = 0
    for place in range(_MOST_VARINT_BYTES):
        byte = file.read(1)
        if not byte:
            break
        value |= (byte[0] & 0x7F) << 7 * place
        if byte[0] < 0x80:  # noqa: PLR2004 - the last byte of a number
            return value
    return _break_off(file)


def _break_off(file: IO[bytes]) -> NoReturn:
    message = f"PBF: broken near byte {file.tell()}"
    raise EOFError(message)
