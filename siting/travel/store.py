"""A folder of the user's in which arrays are kept between runs; whatever is wrong with it, work is done anew."""

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

# All files together; the least recently used go first.
MOST_BYTES: Final = 2 * 1024**3
_OFF: Final = ("off", "0", "no", "none", "false")
_ENDING: Final = ".npz"
_NAME: Final = "key"

_switched_off: ContextVar[bool] = ContextVar("switched_off", default=False)
_troubles: ContextVar["list[Trouble] | None"] = ContextVar("troubles", default=None)


@contextmanager
def cache_off() -> Iterator[None]:
    """Neither read nor write the cache for a while."""
    before = _switched_off.set(True)
    try:
        yield
    finally:
        _switched_off.reset(before)


def folder() -> Path | None:
    """Return the folder of the cache; None where it is off.

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
    except RuntimeError:  # nobody's home is known
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
    """Return the arrays kept under a key; None if there are none, they cannot be read, or another user wrote them."""
    home = folder()
    if home is None:
        return None
    path = home / f"{key}{_ENDING}"
    try:
        if not is_file_of_ours(path.stat()):
            return None
        # Opened here, so that it is closed whatever it holds.
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
        whole = str(found.pop(_NAME)) == key
    except Exception:  # noqa: BLE001 - a broken file of the cache may fail in any way, and is as good as none
        return None
    with suppress(OSError):  # a folder that is only read from
        # Used just now: the last to be removed.
        os.utime(path)
    return found if whole else None


def keep(key: str, arrays: Arrays) -> None:
    """Keep arrays under a key; where that cannot be done, only :func:`troubles` learns of it.

    A file takes its place whole, so that runs at the same time do not disturb one another.
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
        # A file that a loss of power cuts short is found out on reading.
        with replacing(home / f"{key}{_ENDING}", lasting=False) as file:
            np.savez(file, **{**arrays, _NAME: np.array(key)})  # type: ignore[arg-type] # its stubs take names for flags
        _trim(home)
    except OSError as error:
        _trouble(Trouble(write_fault_code(error), Path(error.filename2 or error.filename or home), str(error.strerror)))
    except (ValueError, MemoryError):
        return


@dataclass(frozen=True)
class Trouble:
    """Why something was not kept: ``of_another`` user or as :func:`siting.files.write_fault_code`; where; the cause."""

    code: str
    path: Path
    cause: str = ""


@contextmanager
def troubles() -> Iterator[list[Trouble]]:
    """Yield a list to which is added why something was not kept."""
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
    """Remove the files that were not used for the longest time, until the rest is small enough."""
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
