"""Data inside a page: compressed by zlib, and told in printable characters that neither JSON nor HTML reads as its own.

Thirteen bits are two of 91 characters, which takes 24 % more room than the bytes themselves (base64 takes 33 %).
"""

import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# The kinds of numbers that the page's script knows.
KINDS: Final = ("u1", "u2", "u4", "i4", "f8")
# The printable characters of ASCII but those that end a text of JSON, or begin something in HTML.
_CHARACTERS: Final = np.array([each for each in range(32, 127) if chr(each) not in '"&<>'], dtype=np.uint8)
# The bits that two characters hold, and one.
_BITS: Final = 13
_ALONE: Final = 6


def text_of(content: bytes) -> str:
    """Return bytes as text: each 13 bits, lowest first, as two characters; up to 6 at the end as one.

    Examples
    --------
    >>> from siting.write.webmap.packing import bytes_of, text_of
    >>> text_of(b"map"), bytes_of(text_of(b"map"))
    ('!%t+', b'map')
    """
    bits = np.unpackbits(np.frombuffer(content, dtype=np.uint8), bitorder="little")
    single = 0 < len(bits) % _BITS <= _ALONE
    filled = np.pad(bits, (0, -len(bits) % _BITS)).reshape(-1, _BITS)
    numbers = filled.astype(np.int64) @ (1 << np.arange(_BITS))
    places = np.column_stack(np.divmod(numbers, len(_CHARACTERS))[::-1]).ravel()
    told: bytes = _CHARACTERS[places[: len(places) - single]].tobytes()
    return told.decode("ascii")


def bytes_of(text: str) -> bytes:
    """Return the bytes of :func:`text_of`."""
    place = np.zeros(128, dtype=np.int64)
    place[_CHARACTERS] = np.arange(len(_CHARACTERS))
    places = place[np.frombuffer(text.encode("ascii"), dtype=np.uint8)]
    pairs = np.pad(places, (0, len(text) % 2)).reshape(-1, 2)
    numbers = pairs @ np.array([1, len(_CHARACTERS)])
    bits = (numbers[:, None] >> np.arange(_BITS) & 1).astype(np.uint8).ravel()
    held = len(bits) - (_BITS - _ALONE) * (len(text) % 2)
    return np.packbits(bits[: held // 8 * 8], bitorder="little").tobytes()


def pressed(content: bytes) -> str:
    """Return bytes compressed, as text."""
    return text_of(zlib.compress(content, 9))


def packed(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return arrays as JSON values: for each its kind and length, and the bytes of all of them.

    All first bytes of an array's numbers come first, then all second bytes and so on, because alike bytes compress
    better.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.write.webmap.packing import packed, unpacked
    >>> held = packed({"a": np.array([1, 2, 70_000]), "b": np.array([0.5])})
    >>> held["arrays"], unpacked(held)["a"].tolist(), unpacked(held)["b"].tolist()
    ([['a', 'u4', 3], ['b', 'f8', 1]], [1, 2, 70000], [0.5])
    """
    listed, parts = [], []
    for name, values in arrays.items():
        kind = _kind(values)
        flat = np.ascontiguousarray(values, dtype=f"<{kind}")
        listed.append([name, kind, len(flat)])
        parts.append(flat.view(np.uint8).reshape(len(flat), -1).T.tobytes() if len(flat) else b"")
    return {"arrays": listed, "bytes": pressed(b"".join(parts))}


def unpacked(held: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the arrays of :func:`packed`."""
    content = zlib.decompress(bytes_of(held["bytes"]))
    found, at = {}, 0
    for name, kind, length in held["arrays"]:
        size = int(kind[1]) * length
        planes = np.frombuffer(content[at : at + size], dtype=np.uint8).reshape(int(kind[1]), length)
        found[name] = np.ascontiguousarray(planes.T).view(f"<{kind}").ravel()
        at += size
    return found


def _kind(values: NDArray[Any]) -> str:
    """Return the shortest kind that holds the values."""
    if values.dtype.kind == "b":
        return "u1"
    if values.dtype.kind == "f":
        return "f8"
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if low < 0:
        return "i4"
    return next(kind for kind in ("u1", "u2", "u4") if high < 256 ** int(kind[1]))
