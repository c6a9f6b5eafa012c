"""Files are written completely or not at all, and temporary files are removed."""

import errno
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO, Final

# A draft is a hidden file beside its target. A later write there removes the drafts of killed runs.
_BEGINNING: Final = ".siting-"
_ENDING: Final = ".draft"
_DRAFT_SECONDS: Final = 3600.0
_FOLDER: Final = "siting-"
_ROOT: Final = 0

# Errors of the system during writing, as faults with their own texts.
_CAUSES: Final = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EFBIG: "file_too_large",
    errno.EACCES: "write_refused",
    errno.EPERM: "write_refused",
    errno.EROFS: "write_refused",
    errno.ENOTDIR: "folder_is_file",
    errno.EEXIST: "folder_is_file",
    errno.EISDIR: "target_is_folder",
    errno.ENAMETOOLONG: "name_too_long",
}

_written: ContextVar[list[Path] | None] = ContextVar("written", default=None)


def can_name_a_file(name: str) -> bool:
    r"""Tell whether the system allows a file of this name, whether it exists or not.

    Examples
    --------
    >>> from siting.files import can_name_a_file
    >>> can_name_a_file("gaps.geojson"), can_name_a_file("ga\0ps.geojson"), can_name_a_file("ga\ud800ps.geojson")
    (True, False, False)
    """
    try:
        return b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:  # half of a character
        return False


def is_utf8(name: str) -> bool:
    r"""Tell whether the bytes of a file's name are UTF-8: other names cannot be written into a file or passed to GDAL.

    Examples
    --------
    >>> from siting.files import is_utf8
    >>> is_utf8("台账.csv"), is_utf8("\udcca\udcd4.csv")
    (True, False)
    """
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def write_fault_code(error: OSError) -> str:
    """Return the code of the fault that tells why a file cannot be written.

    Examples
    --------
    >>> from siting.files import write_fault_code
    >>> write_fault_code(OSError(28, "No space left on device")), write_fault_code(OSError(5, "Input/output error"))
    ('disk_full', 'cannot_write')
    """
    return _CAUSES.get(error.errno or 0, "cannot_write")


@contextmanager
def written_files() -> Iterator[list[Path]]:
    """Yield a list that receives each result once it is completely written."""
    found: list[Path] = []
    before = _written.set(found)
    try:
        yield found
    finally:
        _written.reset(before)


def remember_written(path: Path) -> None:
    """Add a result to the list of :func:`written_files`, if there is one."""
    found = _written.get()
    if found is not None:
        found.append(path)


@contextmanager
def replacing(path: Path, *, lasting: bool = True, mode: int | None = None) -> Iterator[BinaryIO]:
    """Yield a draft; it replaces ``path`` only if everything succeeded.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder exists.
    lasting : bool
        Whether the content is flushed to the disk before it replaces the target, so that it survives a power failure.
    mode : int, optional
        Permissions of the file; only for its owner if absent.

    Raises
    ------
    OSError
        The file cannot be written; nothing is left behind, and an earlier file is unchanged.
    """
    _remove_old_drafts(path.parent)
    # Its name is known before it exists, so that an interrupt at any moment leaves nothing behind.
    draft = path.with_name(f"{_BEGINNING}{secrets.token_hex(8)}{_ENDING}")
    try:
        with open(draft, "xb", opener=_private) as file:
            yield file
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        if mode is not None:
            draft.chmod(mode)
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def usual_mode(folder: Path) -> int:
    """Return the permissions of a new file in a folder.

    An empty file tells them: to ask for the process's umask would change it for a moment, also for other threads.
    """
    probe = folder / f"{_BEGINNING}{secrets.token_hex(8)}{_ENDING}"
    try:
        with probe.open("xb") as file:
            return stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    finally:
        probe.unlink(missing_ok=True)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder for this user alone, which is removed at the end, also after an exception."""
    with tempfile.TemporaryDirectory(prefix=_FOLDER) as folder:
        yield Path(folder)


def is_ours(facts: os.stat_result) -> bool:
    """Tell whether a file or folder belongs to this user, or to root."""
    return not hasattr(os, "geteuid") or facts.st_uid in (os.geteuid(), _ROOT)


def is_file_of_ours(facts: os.stat_result) -> bool:
    """Tell whether nobody else can have written a file: files of other users are not trusted."""
    others_may_write = hasattr(os, "geteuid") and facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISREG(facts.st_mode) and is_ours(facts) and not others_may_write


def _remove_old_drafts(folder: Path) -> None:
    """Remove the drafts of runs that were killed."""
    oldest = time.time() - _DRAFT_SECONDS
    with suppress(OSError):
        for path in folder.glob(f"{_BEGINNING}*{_ENDING}"):
            if path.lstat().st_mtime < oldest:
                path.unlink(missing_ok=True)
