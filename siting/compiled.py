"""How kernels are compiled, and cached for later processes."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from types import FrameType
from typing import Any, Final

import numba
from numba.core import event, types
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.registry import CPUDispatcher

from siting.files import is_file_of_ours, replacing

_DIGEST_BYTES: Final = 32
# The list entries that a kernel processes in one call: a few hundredths of a second, a few tenths on a busy machine.
WORK: Final = 20_000_000


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function at its first call, and cache it beside its file or in the user's cache for later processes.

    Cached code is stale if the function's own file, or any file with kernels, changes: kernels are inlined into one
    another. Code that cannot be cached, or is stale or damaged, is compiled again.

    Ctrl-C takes effect after the kernel has returned: a kernel that may run for long is called by :func:`by_turns`.
    """
    dispatcher: Any = numba.njit(nogil=True)(function)
    with suppress(RuntimeError):  # no folder is writable: each process compiles again
        dispatcher._cache = _Kept(function)  # noqa: SLF001 - what numba's own cache=True does
    dispatcher.__class__ = _Calm
    found: Callable[..., Any] = dispatcher
    return found


def by_turns(turn: Callable[[int], bool], stops: Callable[[], bool] | None = None) -> bool:
    """Call a kernel repeatedly until nothing is left, or ``stops`` is true; tell whether nothing is left.

    A kernel that may run for long processes the given number of entries in each call, keeps its position in arrays, and
    tells whether anything is left. The number of calls does not change its result. Between two calls Ctrl-C takes
    effect, and ``stops`` is called.

    Parameters
    ----------
    turn : callable
        Called with the number of entries to process; returns whether anything is left.
    stops : callable, optional
        Whether to stop although something is left.

    Examples
    --------
    >>> from siting.compiled import by_turns
    >>> numbers = iter(range(3))
    >>> by_turns(lambda work: next(numbers) < 2), by_turns(lambda work: True, lambda: True)
    (True, False)
    """
    while turn(WORK):
        if stops is not None and stops():
            return False
    return True


@contextmanager
def unbroken(press: Callable[[], None] | None = None) -> Iterator[None]:
    """Delay Ctrl-C, in the main thread, while an exception would leave objects incomplete.

    Parameters
    ----------
    press : callable, optional
        Called immediately at Ctrl-C. A caller that watches Ctrl-C then knows of it at once, and nothing is raised
        afterwards; otherwise the effect is as if Ctrl-C came at the end.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    late: list[int] = []

    def pressed(number: int, frame: FrameType | None) -> None:
        if press is None:
            late.append(number)
            return
        press()
        with suppress(KeyboardInterrupt):
            before(number, frame)

    signal.signal(signal.SIGINT, pressed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if late:
            signal.raise_signal(signal.SIGINT)


class _Calm(CPUDispatcher):
    """A kernel that Ctrl-C does not interrupt.

    Numba creates arrays and named tuples for Python without checking for exceptions: a KeyboardInterrupt there ends the
    process with a segmentation fault, or with a ``SystemError``. Numbers are safe.
    """

    _safe = False

    def __call__(self, *given: Any) -> Any:  # noqa: ANN401 - any kernel
        if self._safe:
            return super().__call__(*given)
        with unbroken():
            found = super().__call__(*given)
            self._safe = all(_is_number(each.return_type) for each in self.nopython_signatures)
        return found


def _is_number(kind: types.Type) -> bool:
    return isinstance(kind, types.Number | types.Boolean | types.NoneType)


class _Kept(FunctionCache):
    """Numba's cache, without its exceptions if a disk is full or a file is damaged."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = (self._impl.locator.get_source_stamp(), kernels_digest())
        self._cache_file = _Files(self.cache_path, self._impl.filename_base, stamp)

    def save_overload(self, sig: Any, data: Any) -> None:  # noqa: ANN401 - numba has no types
        with suppress(OSError):
            super().save_overload(sig, data)


@cache
def kernels_digest() -> str:
    """Return a digest of all files of this package with kernels."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        content = path.read_bytes()
        if b"@compiled" in content:
            digest.update(content)
    return digest.hexdigest()


class _Files(IndexDataCacheFile):
    """Numba's files, each ending in the hash of the rest: they contain pickles and machine code.

    Files that are damaged, or that another user may have written, are treated as missing.
    """

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[BytesIO]:
        content = BytesIO()
        yield content
        with replacing(Path(filepath), lasting=False) as file:
            file.write(content.getvalue() + _digest(content.getvalue()))

    def _load_index(self) -> Any:  # noqa: ANN401 - numba has no types
        if not _is_sound(Path(self._index_path)):
            return {}
        try:
            return super()._load_index()
        except (ImportError, AttributeError):
            # Its types belong to a module that has been moved since.
            return {}

    def _load_data(self, name: str) -> Any:  # noqa: ANN401 - numba has no types
        path = Path(self._data_path(name))
        if not _is_sound(path):
            # Numba's own signal for a missing file.
            raise FileNotFoundError(path)
        return super()._load_data(name)


def _is_sound(path: Path) -> bool:
    try:
        if not is_file_of_ours(path.stat()):
            return False
        content = path.read_bytes()
    except OSError:
        return False
    return content[-_DIGEST_BYTES:] == _digest(content[:-_DIGEST_BYTES])


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST_BYTES).digest()


class _Undisturbed(event.Listener):
    """Delays Ctrl-C while numba compiles: an exception there leaves kernels incomplete for the whole process.

    It also measures how long this thread compiles: ``seconds``, without kernels that are being compiled now.
    """

    def __init__(self) -> None:
        self._waiting: list[AbstractContextManager[None]] = []
        self._own = threading.local()

    @property
    def seconds(self) -> float:
        """The seconds for which numba has compiled in this thread."""
        return float(getattr(self._own, "seconds", 0.0))

    def on_start(self, event: event.Event) -> None:  # noqa: ARG002 - the interface of numba
        """Begin to wait."""
        begun: list[float] = self._own.__dict__.setdefault("begun", [])
        begun.append(time.monotonic())
        if threading.current_thread() is threading.main_thread():
            self._waiting.append(unbroken())
            self._waiting[-1].__enter__()

    def on_end(self, event: event.Event) -> None:  # noqa: ARG002 - the interface of numba
        """Raise a delayed Ctrl-C."""
        begun = self._own.begun.pop()
        # A kernel compiles those that it calls: only the outermost counts.
        if not self._own.begun:
            self._own.seconds = self.seconds + time.monotonic() - begun
        if threading.current_thread() is threading.main_thread():
            self._waiting.pop().__exit__(None, None, None)


_undisturbed: Final = _Undisturbed()
event.register("numba:compile", _undisturbed)


def clock() -> float:
    """Return seconds that pass as those of a watch, but stand still while this thread compiles kernels.

    Time limits are measured by it: the first search on a machine has as many seconds as the later ones.
    """
    return time.monotonic() - _undisturbed.seconds
