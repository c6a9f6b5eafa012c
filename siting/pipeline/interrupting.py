"""Ctrl-C during work of several parts: it ends the running part, and the whole work notices it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Watch:
    """Whether Ctrl-C was pressed since the watch began."""

    happened: bool = False

    def asked(self) -> bool:
        """Tell whether work should end; used as ``Effort.interrupted``."""
        return self.happened


@contextmanager
def watched() -> Iterator[Watch]:
    """Record Ctrl-C without changing its effect (``KeyboardInterrupt`` ends the running part).

    A solver that catches it keeps the best plan so far; work of several parts then sees from the watch that it must not
    start another part. In threads other than the main one, and if Ctrl-C is ignored, nothing is recorded.
    """
    watch = Watch()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield watch
        return

    def pressed(number: int, frame: FrameType | None) -> None:
        watch.happened = True
        before(number, frame)

    signal.signal(signal.SIGINT, pressed)
    try:
        yield watch
    finally:
        signal.signal(signal.SIGINT, before)
