"""What compiled walks share: packed numbers, a 4-ary heap of them, and how functions are compiled."""

from collections.abc import Callable
from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.uint32]
Numbers = NDArray[np.int32]
Packed = NDArray[np.uint64]

# The time of what is not reached; the low half of a packed number, and how far its high half stands from it.
NEVER: Final = np.uint32(0xFFFFFFFF)
LOW: Final = np.uint64(0xFFFFFFFF)
HALF: Final = np.uint64(32)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function at its first call, and keep it beside this file or in the user's cache for later processes."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # Neither place can be written to: each process compiles anew.
        return numba.njit(nogil=True)(function)


@numba.njit(inline="always")
def push(heap: Packed, size: int, entry: np.uint64) -> int:
    """Add an entry to a heap; return its new size."""
    place = size
    while place > 0:
        above = (place - 1) >> 2
        if heap[above] <= entry:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = entry
    return size + 1


@numba.njit(inline="always")
def pop(heap: Packed, size: int) -> int:
    """Take the least entry away, which the caller has read at 0; return the new size."""
    size -= 1
    last, place = heap[size], 0
    while True:
        child = 4 * place + 1
        if child >= size:
            break
        least, entry = child, heap[child]
        for other in range(child + 1, min(child + 4, size)):
            if heap[other] < entry:
                least, entry = other, heap[other]
        if entry >= last:
            break
        heap[place] = entry
        place = least
    heap[place] = last
    return size
