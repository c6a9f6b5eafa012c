"""Threads in native code that cannot be stopped: while one runs, the normal end of Python would crash the process."""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_NAME: Final = "siting-native"


def start_native(work: Callable[[], None]) -> None:
    """Run work that Python cannot interrupt in its own thread."""
    threading.Thread(target=work, daemon=True, name=_NAME).start()


def leave(code: int) -> None:
    """End the process immediately if native work is still running; all files must be closed."""
    if any(each.name == _NAME for each in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code)
