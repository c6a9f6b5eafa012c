"""What parts need and leave, as files that all workers reach: a folder, or any place that fsspec opens."""

import io
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from siting.errors import Fault, InputError

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Storage:
    """A place for arrays under names, each written whole or not at all.

    Parameters
    ----------
    url : str
        A folder, or a URL of fsspec such as ``s3://bucket/run``; every worker must reach it under this name.
    """

    url: str

    def refuse(self) -> None:
        """Refuse a place that cannot be opened.

        Raises
        ------
        InputError
            ``batch_storage``: no such kind of place is known, or the package for it is not installed.
        """
        try:
            self._opened()
        except (ImportError, ValueError, OSError) as error:
            raise InputError([Fault(code="batch_storage", found=self.url, expected=str(error))]) from None

    def load(self, name: str) -> Arrays | None:
        """Return the arrays under a name; None if there are none, or the file is not whole."""
        files, root = self._opened()
        try:
            with files.open(f"{root}/{name}.npz", "rb") as content, np.load(content, allow_pickle=False) as found:
                return {key: found[key] for key in found.files}
        except Exception:  # noqa: BLE001 - a broken file may fail in any way, and is treated as missing
            return None

    def save(self, name: str, arrays: Arrays) -> None:
        """Write arrays under a name; they appear there only when complete.

        Raises
        ------
        OSError
            They cannot be written; nothing is left behind.
        """
        files, root = self._opened()
        files.makedirs(root, exist_ok=True)
        content = io.BytesIO()
        np.savez(content, **arrays)  # type: ignore[arg-type] # its stubs take names for flags
        draft = f"{root}/.{uuid4().hex}.draft"
        try:
            files.pipe_file(draft, content.getvalue())
            files.mv(draft, f"{root}/{name}.npz")
        except BaseException:
            with suppress(Exception):
                files.rm(draft)
            raise

    def drop(self, name: str) -> None:
        """Remove the arrays under a name, if there are any."""
        files, root = self._opened()
        with suppress(FileNotFoundError):
            files.rm(f"{root}/{name}.npz")

    def _opened(self) -> tuple[Any, str]:
        """Return the file system and the folder in it."""
        # An extra: fsspec comes with dask.
        import fsspec  # type: ignore[import-untyped] # noqa: PLC0415

        files, root = fsspec.core.url_to_fs(self.url)
        return files, str(root).rstrip("/")
