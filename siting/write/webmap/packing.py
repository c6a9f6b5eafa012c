"""Arrays of numbers inside a page: bytes of like rank side by side, compressed by zlib, in base64."""

import base64
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# The kinds of numbers that the page's script knows.
KINDS: Final = ("u1", "u2", "u4", "i4", "f8")


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
    return {"arrays": listed, "bytes": base64.b64encode(zlib.compress(b"".join(parts), 9)).decode("ascii")}


def unpacked(held: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the arrays of :func:`packed`."""
    content = zlib.decompress(base64.b64decode(held["bytes"]))
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
