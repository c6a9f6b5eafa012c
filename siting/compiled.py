"""How kernels are compiled."""

import signal
import threading
from collections.abc import Callable
from typing import Any

import numba
from numba.core import event


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function at its first call, and keep it beside its file or in the user's cache for later processes.

    What is kept is judged by the date of the function's own file: after a change of what it takes in from elsewhere,
    remove ``__pycache__``.

    What Python calls for a long while writes to arrays that it is given, and returns numbers. Ctrl-C may raise
    ``KeyboardInterrupt`` while numba makes arrays and named tuples for Python, which it does not look for: the process
    ends with a segmentation fault, or with a ``SystemError``.
    """
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # Neither place can be written to: each process compiles anew.
        return numba.njit(nogil=True)(function)


class _Undisturbed(event.Listener):
    """Keeps Ctrl-C waiting while numba compiles: an exception there leaves kernels half made, for the whole process."""

    def __init__(self) -> None:
        self._depth, self._pressed = 0, False
        self._before: Any = None

    def on_start(self, event: event.Event) -> None:  # noqa: ARG002 - numba's interface
        """Begin to wait."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._depth += 1
        if self._depth == 1:
            self._pressed, self._before = False, signal.getsignal(signal.SIGINT)
            if callable(self._before):
                signal.signal(signal.SIGINT, self._press)

    def on_end(self, event: event.Event) -> None:  # noqa: ARG002 - numba's interface
        """Let what was pressed through."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._depth -= 1
        if self._depth == 0 and callable(self._before):
            signal.signal(signal.SIGINT, self._before)
            if self._pressed:
                signal.raise_signal(signal.SIGINT)

    def _press(self, *_: object) -> None:
        self._pressed = True


event.register("numba:compile", _Undisturbed())  # type: ignore[no-untyped-call]
