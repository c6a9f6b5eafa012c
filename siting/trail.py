"""What is read next, recorded in a file for the process that reports a crash."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

# Names the file; without it nothing is recorded.
FILE: Final = "SITING_TRAIL"


def mark(layer: str, file: str | None) -> None:
    """Record what is read next: its dotted key in the scenario, and the name of its file in messages."""
    if FILE not in os.environ:
        return
    # On a full disk reading continues, and reports missing data itself.
    with suppress(OSError):
        Path(os.environ[FILE]).write_text(f"{layer}\n{file or ''}", encoding="utf-8")


def last(path: Path) -> tuple[str, str]:
    """Return layer and file of the last record, empty if there is none."""
    if not path.exists():
        return "", ""
    layer, _, file = path.read_text(encoding="utf-8").partition("\n")
    return layer, file
