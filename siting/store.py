"""A folder of the user that keeps arrays between runs; if it fails in any way, results are computed again."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from siting.files import is_file_of_ours, is_ours, replacing, write_fault_code

Arrays = Mapping[str, NDArray[Any]]

# The limit for all files together; the least recently used are removed first.
MOST_BYTES: Final = 2 * 1024**3
_OFF: Final = ("off", "0", "no", "none", "false")
_ENDING: Final = ".npz"
_NAME: Final = "key"

_switched_off: ContextVar[bool] = ContextVar("switched_off", default=False)
_troubles: ContextVar["list[Trouble] | None"] = ContextVar("troubles", default=None)


@contextmanager
def cache_off() -> Iterator[None]:
    """Neither read nor write the cache inside this context."""
    before = _switched_off.set(True)
    try:
        yield
    finally:
        _switched_off.reset(before)


def folder() -> Path | None:
    """Return the folder of the cache; None if it is off.

    ``SITING_CACHE`` names the folder, or is ``off``. Without it, the folder is ``siting`` within ``XDG_CACHE_HOME`` or
    ``~/.cache``, ``~/Library/Caches`` (macOS) or ``%LOCALAPPDATA%`` (Windows).
    """
    wanted = os.environ.get("SITING_CACHE", "").strip()
    if _switched_off.get() or wanted.lower() in _OFF:
        return None
    if wanted:
        return Path(wanted)
    try:
        return _home() / "siting"
    except RuntimeError:  # the home folder is unknown
        return None


def _home() -> Path:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    given = os.environ.get("XDG_CACHE_HOME", "")
    return Path(given) if Path(given).is_absolute() else Path.home() / ".cache"


def load(key: str) -> Arrays | None:
    """Return the arrays of a key; None if there are none, they cannot be read, or another user wrote them."""
    home = folder()
    if home is None:
        return None
    path = home / f"{key}{_ENDING}"
    try:
        if not is_file_of_ours(path.stat()):
            return None
        # Opened here, so that the file is always closed.
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
        whole = str(found.pop(_NAME)) == key
    except Exception:  # noqa: BLE001 - a broken cache file may fail in any way, and is treated as missing
        return None
    with suppress(OSError):  # the folder is read-only
        # It was just used, so it is the last to be removed.
        os.utime(path)
    return found if whole else None


def keep(key: str, arrays: Arrays) -> None:
    """Keep arrays under a key; if that fails, only :func:`troubles` reports it.

    The file is put in place only when complete, so that simultaneous runs do not disturb one another.
    """
    home = folder()
    if home is None or sum(array.nbytes for array in arrays.values()) > MOST_BYTES // 2:
        return
    if any(array.dtype.hasobject for array in arrays.values()):
        message = "objects are not kept: reading them back could run anything"
        raise TypeError(message)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_ours(home.stat()):
            _trouble(Trouble("of_another", home))
            return
        # A file that a power failure truncates is detected when it is read.
        with replacing(home / f"{key}{_ENDING}", lasting=False) as file:
            np.savez(file, **{**arrays, _NAME: np.array(key)})  # type: ignore[arg-type] # its stubs take names for flags
        _trim(home)
    except OSError as error:
        _trouble(Trouble(write_fault_code(error), Path(error.filename2 or error.filename or home), str(error.strerror)))
    except (ValueError, MemoryError):
        return


@dataclass(frozen=True)
class Trouble:
    """Why something was not cached: ``of_another`` user or a code of ``write_fault_code``; the path; the cause."""

    code: str
    path: Path
    cause: str = ""


@contextmanager
def troubles() -> Iterator[list[Trouble]]:
    """Yield a list that receives the reasons why something was not cached."""
    found: list[Trouble] = []
    before = _troubles.set(found)
    try:
        yield found
    finally:
        _troubles.reset(before)


def _trouble(one: Trouble) -> None:
    found = _troubles.get()
    if found is not None:
        found.append(one)


def _trim(home: Path) -> None:
    """Remove the least recently used files until the others are within the limit."""
    found = []
    for path in home.iterdir():
        try:
            facts = path.stat()
        except OSError:  # another run removed it
            continue
        if path.suffix == _ENDING:
            found.append((facts.st_mtime, facts.st_size, path))
    left = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if left <= MOST_BYTES:
            break
        _remove(path)
        left -= size


def _remove(path: Path) -> None:
    with suppress(OSError):  # in use, or not ours
        path.unlink(missing_ok=True)
