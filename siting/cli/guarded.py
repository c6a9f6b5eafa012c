"""An untrusted scenario runs in a process of its own: where a library crashes on its files, that is a told error.

The process is given at most :data:`MOST_MEMORY` bytes (not on Windows). Before each layer it leaves a mark of what it
reads next (:mod:`siting.trail`), so that the message can name it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from siting import trail
from siting.text import Lang, say

FLAG: Final = "--untrusted"
EXIT_INPUT: Final = 2
# Address space: a municipality takes a quarter of it.
MOST_MEMORY: Final = 8 * 2**30
# What Windows makes of a crash is an exit code from here on.
_WINDOWS_CRASH: Final = 0xC0000000


def is_guarded() -> bool:
    """Tell whether this process is the one that :func:`run_guarded` began."""
    return trail.FILE in os.environ


def limit_memory() -> None:
    """Hold this process to so much address space, where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def run_guarded(arguments: Sequence[str], lang: Lang) -> tuple[int, str | None]:
    """Run the command line again in a process of its own.

    Parameters
    ----------
    arguments : sequence of str
        Of this command line.
    lang : {"zh", "en"}
        Of the message.

    Returns
    -------
    int
        The exit code of the command; 2 where its process crashed.
    str or None
        What to tell of a crash.
    """
    with tempfile.TemporaryDirectory(prefix="siting-") as folder:
        marks = Path(folder) / "trail"
        code = _ended([sys.executable, "-m", "siting", *arguments], os.environ | {trail.FILE: str(marks)})
        if 0 <= code < _WINDOWS_CRASH:
            return code, None
        layer, file = trail.last(marks)
        return EXIT_INPUT, say("cli.crashed" if layer else "cli.crashed_unread", lang, layer=layer, file=file)


def _ended(command: Sequence[str], environment: dict[str, str]) -> int:
    # In a session of its own, so that Ctrl-C arrives once: from here.
    process = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - ourselves
    with process, _passing_on(process):
        return process.wait()


@contextlib.contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let the process decide what Ctrl-C and SIGTERM do."""

    def pass_on(number: int, _: object) -> None:
        if os.name != "nt":
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
