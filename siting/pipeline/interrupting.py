"""Ctrl-C during long work of many parts: it ends what runs, and the whole learns of it."""

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
        """Tell whether work should end, as ``Effort.interrupted`` asks it."""
        return self.happened


@contextmanager
def watched() -> Iterator[Watch]:
    """Keep a watch on Ctrl-C, which does what it would do otherwise (``KeyboardInterrupt`` ends the part that runs).

    Solvers that catch it keep the best so far; whoever runs many of them then knows by the watch to begin no more. In
    threads other than the main one, and where Ctrl-C is ignored, nothing is watched.
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
