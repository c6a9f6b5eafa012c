"""How kernels are compiled, and kept for later processes."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numba
from numba.core import event
from numba.core.caching import FunctionCache, IndexDataCacheFile

from siting.files import is_file_of_ours, replacing

_DIGEST_BYTES: Final = 32


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function at its first call, and keep it beside its file or in the user's cache for later processes.

    What is kept is judged by the date of the function's own file: after a change of what it takes in from elsewhere,
    remove ``__pycache__``. What cannot be kept, or is damaged, is compiled anew.

    What Python calls for a long while writes to arrays that it is given, and returns numbers. Ctrl-C may raise
    ``KeyboardInterrupt`` while numba makes arrays and named tuples for Python, which it does not look for: the process
    ends with a segmentation fault, or with a ``SystemError``.
    """
    dispatcher: Any = numba.njit(nogil=True)(function)
    with suppress(RuntimeError):  # no place can be written to: each process compiles anew
        dispatcher._cache = _Kept(function)  # noqa: SLF001 - what numba's own cache=True does
    found: Callable[..., Any] = dispatcher
    return found


class _Kept(FunctionCache):
    """Numba's cache, which raises where a disk is full or a file damaged; this one does not."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _Files(self.cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp())

    def save_overload(self, sig: Any, data: Any) -> None:  # noqa: ANN401 - numba has no types
        with suppress(OSError):
            super().save_overload(sig, data)


class _Files(IndexDataCacheFile):
    """Numba's files, each ending in the hash of the rest: they hold pickles and machine code.

    Those that are damaged, or that another user may have written, are as good as none.
    """

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[BytesIO]:
        content = BytesIO()
        yield content
        with replacing(Path(filepath), lasting=False) as file:
            file.write(content.getvalue() + _digest(content.getvalue()))

    def _load_index(self) -> Any:  # noqa: ANN401 - numba has no types
        return super()._load_index() if _is_sound(Path(self._index_path)) else {}

    def _load_data(self, name: str) -> Any:  # noqa: ANN401 - numba has no types
        path = Path(self._data_path(name))
        if not _is_sound(path):
            # Numba's own sign for one that is gone.
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


event.register("numba:compile", _Undisturbed())
