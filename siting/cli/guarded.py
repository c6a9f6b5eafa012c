"""An untrusted scenario runs in its own process: if a library crashes on its files, that is reported as an error.

The process may use at most :data:`MOST_MEMORY` bytes (not on Windows). Before each layer it records what it reads next
(:mod:`siting.trail`), so that the message can name it.
"""

import contextlib
import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from siting import trail
from siting.errors import Fault, InputError
from siting.files import temporary_folder

FLAG: Final = "--untrusted"
# Address space. `siting propose` takes 2.2 GB on the sample district, most of it for libraries.
MOST_MEMORY: Final = 8 * 2**30
# On Windows, exit codes from here on are crashes.
_WINDOWS_CRASH: Final = 0xC0000000

# GDAL drivers that follow references in a file to other files; file contents are checked too (siting.read.virtual).
_POINTING: Final = (
    *("OGR_VRT", "GTI", "STACIT", "STACTA", "WMS", "WCS", "WMTS", "OGCAPI", "HTTP", "WFS", "OAPIF", "CSW", "EEDA"),
    *("EEDAI", "PLMOSAIC", "PLSCENES", "Carto", "AmigoCloud", "Elasticsearch", "NGW", "DAAS", "GDALG", "GML"),
)
# Messages of the library loader, and of Python when a thread cannot start, in this case.
_WITHOUT_MEMORY: Final = re.compile(r"failed to map segment|annot allocate memory|can't start new thread")


def is_guarded() -> bool:
    """Tell whether this process was started by :func:`run_guarded`."""
    return trail.FILE in os.environ


def limit_memory() -> None:
    """Limit this process's address space, where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def lacks_memory(error: BaseException) -> bool:
    """Tell whether an error comes from a lack of memory, also if a library cannot be loaded or a thread started.

    Examples
    --------
    >>> from siting.cli.guarded import lacks_memory
    >>> lacks_memory(MemoryError()), lacks_memory(ImportError("libgdal.so: failed to map segment from shared object"))
    (True, True)
    >>> lacks_memory(ImportError("No module named 'siting.x'"))
    False
    """
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, MemoryError) or (isinstance(found, OSError) and found.errno == errno.ENOMEM):
            return True
        if isinstance(found, ImportError | OSError | RuntimeError) and _WITHOUT_MEMORY.search(str(found)):
            return True
        found = found.__cause__ or found.__context__
    return False


def run_guarded(arguments: Sequence[str]) -> int:
    """Run the command line again in its own process, and return its exit code.

    Parameters
    ----------
    arguments : sequence of str
        The arguments of this command line.

    Raises
    ------
    InputError
        If the process crashed: ``untrusted_crash`` names the layer that was read last, ``untrusted_crash_unread`` tells
        that no layer was read.
    """
    with temporary_folder() as folder:
        marks = folder / "trail"
        ours = {trail.FILE: str(marks), "GDAL_SKIP": ",".join(_POINTING)}
        code = _ended([sys.executable, "-m", "siting", *arguments], os.environ | ours)
        if 0 <= code < _WINDOWS_CRASH:
            return code
        layer, file = trail.last(marks)
    if not layer:
        raise InputError([Fault(code="untrusted_crash_unread")])
    raise InputError([Fault(code="untrusted_crash", file=file or None, layer=layer)])


def _ended(command: Sequence[str], environment: dict[str, str]) -> int:
    # In its own process group, so that it receives Ctrl-C only once: from here.
    process = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - this program
    with process, _passing_on(process):
        return process.wait()


@contextlib.contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Forward the handling of Ctrl-C and SIGTERM to the process."""

    def pass_on(number: int, _: object) -> None:
        if os.name != "nt":
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
