"""Files are written whole or not at all."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from siting.errors import Fault, InputError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside the wanted one; what is written there takes its place only when all went well.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    except OSError as error:
        raise InputError([Fault(code="cannot_write", file=str(path), found=str(error.strerror))]) from error
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        # mkstemp makes files private; what is handed on gets the usual rights.
        draft.chmod(0o666 & ~_umask())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, with the same line ends everywhere."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a small JSON file for people to read."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
