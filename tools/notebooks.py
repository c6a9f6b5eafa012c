"""``python -m tools.notebooks [FILE …]``: run the notebooks and keep what they show, for readers without Jupyter.

Maps are left out: they are pages of some megabytes, and a viewer does not run their scripts. CI runs the notebooks too.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final
from unittest import mock

import nbformat
from nbclient import NotebookClient

ROOT: Final = Path(__file__).resolve().parents[1]
_LARGEST: Final = 200_000
_TIMEOUT: Final = 600
_WIDGET: Final = "application/vnd.jupyter.widget-view+json"


def run(path: Path) -> None:
    """Run a notebook, and write it with its outputs.

    Parameters
    ----------
    path : pathlib.Path
        The notebook; it is replaced.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, SITING_CACHE=folder, SITING_LANG="zh"):
        NotebookClient(notebook, timeout=_TIMEOUT, resources={"metadata": {"path": str(path.parent)}}).execute()
    for cell in notebook.cells:
        # When a cell ran says nothing to a reader, and would change the file each time.
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [shown for shown in map(_light, cell.outputs) if shown is not None]
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, path)


def _light(output: Any) -> Any:  # noqa: ANN401 - nbformat's own
    """Return an output without what is too large for a viewer; None if nothing is left, or if it is progress."""
    if output.get("name") == "stderr" or _WIDGET in output.get("data", {}):
        return None
    for kind, data in list(output.get("data", {}).items()):
        if len(str(data)) > _LARGEST:
            del output.data[kind]
    return output


def main() -> int:
    """Run all notebooks, or those that are named."""
    for path in map(Path, sys.argv[1:]) if sys.argv[1:] else sorted((ROOT / "notebooks").glob("*.ipynb")):
        run(path.resolve())
        print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
