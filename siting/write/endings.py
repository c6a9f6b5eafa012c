"""The file types of each result: the ending decides, and any other ending is refused before any work."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from siting.errors import Fault, InputError

Result = Literal[
    "gaps", "grid", "plan", "account", "explanation", "table", "study", "comparison", "page", "volume", "archive",
    "drawing", "run",
]  # fmt: skip

_LAYERS: Final = (".geojson", ".json", ".gpkg", ".parquet")
ENDINGS: Final[Mapping[Result, tuple[str, ...]]] = {
    "gaps": _LAYERS,
    "grid": (".tif", ".tiff"),
    "plan": _LAYERS,
    "account": (".json", ".csv", ".xlsx", ".html", ".htm", ".png"),
    "explanation": (".geojson", ".json", ".html", ".htm"),
    "table": (".csv", ".xlsx", ".json"),
    "study": (".csv", ".xlsx", ".json", ".png"),
    "comparison": (".csv", ".xlsx", ".json", ".geojson", ".html", ".htm", ".png"),
    "page": (".html", ".htm"),
    "volume": (".docx",),
    "archive": (".zip",),
    "drawing": (".dxf",),
    "run": (".json",),
}


def all_endings() -> frozenset[str]:
    """Return the endings of all results.

    Examples
    --------
    >>> from siting.write.endings import all_endings
    >>> ".html" in all_endings(), ".0" in all_endings()
    (True, False)
    """
    return frozenset(ending for endings in ENDINGS.values() for ending in endings)


def ending_of(path: Path, *results: Result) -> str:
    """Return a file's ending in small letters.

    Parameters
    ----------
    path : pathlib.Path
        The file to be written.
    *results : str
        What it may hold.

    Raises
    ------
    InputError
        None of these results can be written with this ending.

    Examples
    --------
    >>> from pathlib import Path
    >>> from siting.write.endings import ending_of
    >>> ending_of(Path("gaps.GPKG"), "gaps", "grid")
    '.gpkg'
    """
    if fault := refusal_of_ending(path, *results):
        raise InputError([fault])
    return path.suffix.lower()


def refusal_of_ending(path: Path, *results: Result) -> Fault | None:
    """Return why none of some results can be written with a file's ending; None if one can."""
    known = [ending for result in results for ending in ENDINGS[result]]
    if path.suffix.lower() in known:
        return None
    found = path.suffix or path.name
    return Fault(code="unknown_ending", file=str(path), found=found, expected=", ".join(dict.fromkeys(known)))
