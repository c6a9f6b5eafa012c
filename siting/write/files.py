"""Results as files: complete or not at all, each refusal with its cause."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from siting.characters import shown
from siting.errors import Fault, InputError
from siting.files import can_name_a_file, remember_written, replacing, usual_mode, write_fault_code


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a draft; it replaces ``path`` only if everything succeeded.

    Parameters
    ----------
    path : pathlib.Path
        The file; missing folders are created. Links are followed: the target is replaced. An existing file keeps its
        permissions.

    Raises
    ------
    InputError
        The file cannot be written, with the cause; nothing is left behind, and an earlier file stays as it is.
    """
    if fault := refusal(path):
        raise InputError([fault])
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else usual_mode(target.parent)
        with replacing(target, mode=mode) as file:
            yield file
    except OSError as error:
        raise InputError([_fault(path, error)]) from error
    remember_written(path)


def refusal(path: Path) -> Fault | None:
    """Return why a file cannot be written, as far as that is known beforehand; None if there is no reason.

    Parameters
    ----------
    path : pathlib.Path
        The file to be written.
    """
    if can_name_a_file(str(path)):
        return _refusal_of_file(path, Path(os.path.realpath(path)))
    return Fault(code="impossible_name", file=shown(str(path)))


def _refusal_of_file(path: Path, target: Path) -> Fault | None:
    """Return why nothing can be written at the target of a name."""
    try:
        there = target.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return _refusal_of_folder(path, target.parent)
    except OSError as error:
        return _fault(path, error)
    if stat.S_ISDIR(there):
        return Fault(code="target_is_folder", file=str(path))
    if not stat.S_ISREG(there):
        # A device or a pipe would be replaced by a file.
        return Fault(code="target_is_no_file", file=str(path))
    if os.access(target, os.W_OK):
        return _refusal_of_folder(path, target.parent)
    return Fault(code="write_refused", file=str(path), found=str(target))


def _refusal_of_folder(path: Path, folder: Path) -> Fault | None:
    """Return why nothing can be written into a folder, or into its nearest existing parent, where it is created."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not there.is_dir():
        return Fault(code="folder_is_file", file=str(path), found=str(there))
    if not os.access(there, os.W_OK | os.X_OK):
        return Fault(code="write_refused", file=str(path), found=str(there))
    return None


def remove_file(path: Path) -> None:
    """Remove a file, if it is there; of a link only the link.

    Raises
    ------
    InputError
        It cannot be removed, with the cause.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError([_fault(path, error)]) from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file."""
    with whole_file(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, with the same line ends everywhere."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a small JSON file for people to read."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")


def _fault(path: Path, error: OSError) -> Fault:
    code = write_fault_code(error)
    found = str(error.strerror or error) if code == "cannot_write" else str(error.filename or path.parent)
    return Fault(code=code, file=str(path), found=found)
