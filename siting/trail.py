"""What is read next, kept in a file for the process that must tell of a crash."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

# Names the file; without it nothing is kept.
FILE: Final = "SITING_TRAIL"


def mark(layer: str, file: str | None) -> None:
    """Keep what is read next: its dotted key in the scenario, and what messages call its file."""
    if FILE not in os.environ:
        return
    # On a full disk reading goes on, and says itself what it lacks.
    with suppress(OSError):
        Path(os.environ[FILE]).write_text(f"{layer}\n{file or ''}", encoding="utf-8")


def last(path: Path) -> tuple[str, str]:
    """Return layer and file of the last mark, empty where there is none."""
    if not path.exists():
        return "", ""
    layer, _, file = path.read_text(encoding="utf-8").partition("\n")
    return layer, file
