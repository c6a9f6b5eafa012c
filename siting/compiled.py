"""How kernels are compiled."""

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function at its first call, and keep it beside its file or in the user's cache for later processes.

    What is kept is judged by the date of the function's own file: after a change of what it takes in from elsewhere,
    remove ``__pycache__``.
    """
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # Neither place can be written to: each process compiles anew.
        return numba.njit(nogil=True)(function)
