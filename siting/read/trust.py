"""An untrusted scenario is limited to its own folder, and to formats that cannot refer to other files."""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from siting.domain.scenario import PATH_KEYS, Scenario
from siting.errors import Fault
from siting.read.log import listed
from siting.read.virtual import points_elsewhere

# Formats whose files contain their own data. A virtual format (VRT, WFS, a service description) names other files or
# hosts.
SELF_CONTAINED: Final = frozenset({
    ".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".gpkg", ".gdb", ".geojson", ".json", ".parquet",
    ".fgb", ".kml", ".dxf", ".csv", ".tsv", ".xlsx", ".xlsm", ".geoparquet", ".zip", ".tif", ".tiff",
    ".pbf", ".osm", ".gz", ".bz2", ".o5m", ".toml",
})  # fmt: skip
_TABLES_OF_VALUES: Final = ("columns", "column_units", "values", "defaults", "rows")


def confinement_faults(raw: Mapping[str, Any], folder: Path, file: str) -> list[Fault]:
    """Return the names in an untrusted scenario that are not allowed.

    Parameters
    ----------
    raw : mapping
        The contents of the scenario's file, with absolute paths.
    folder : Path
        The scenario's own folder.
    file : str
        Name of the scenario's file, for messages.

    Returns
    -------
    list of Fault
        ``untrusted_outside`` for each path that leads out of the folder, links resolved; ``untrusted_database`` for
        each database; ``untrusted_format`` for each file with a format or content that may name other files or hosts.
    """
    home = Path(os.path.realpath(folder))
    faults = []
    for dotted, key, value in _places(raw, ""):
        if key == "database":
            faults.append(Fault(code="untrusted_database", file=file, field=dotted))
            continue
        for path in _files(Path(value), pattern=key == "pattern"):
            if not Path(os.path.realpath(path)).is_relative_to(home):
                faults.append(Fault(code="untrusted_outside", file=file, field=dotted, found=path.name))
            elif not _holds_its_own(path):
                allowed = listed(sorted(SELF_CONTAINED))
                faults.append(
                    Fault(code="untrusted_format", file=file, field=dotted, found=path.name, expected=allowed)
                )
    return faults


def named_files(scenario: Scenario) -> Iterator[Path]:
    """Yield every file that a scenario names, and all files that are read with it, whether they exist or not."""
    for _, key, value in _places(scenario.model_dump(mode="json", exclude_none=True), ""):
        if key != "database":
            yield from _files(Path(value), pattern=key == "pattern")


def _places(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, str]]:
    """Yield every source that a scenario names: dotted key, key, value."""
    for key, value in table.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, dict) and key not in _TABLES_OF_VALUES:
            yield from _places(value, f"{dotted}.")
        elif key in PATH_KEYS:
            yield from ((dotted, key, each) for each in (value if isinstance(value, list) else [value]) if each)


def _files(path: Path, *, pattern: bool) -> Iterator[Path]:
    """Yield a path and all files that are read with it: parts of a shapefile, files of a folder or a pattern."""
    yield path
    # Paths that cannot be listed (a name too long, no permission) are reported when they are read.
    with contextlib.suppress(OSError):
        if pattern or path.suffix.lower() == ".shp":
            form = re.sub(r"\\\{\w+\\\}", ".*", re.escape(path.name)) if pattern else rf"{re.escape(path.stem)}\..*"
            beside = path.parent.iterdir() if path.parent.is_dir() else ()
            yield from sorted(each for each in beside if re.fullmatch(form, each.name))
        elif path.is_dir():
            yield from sorted(each for each in path.rglob("*") if not each.is_dir())


def _holds_its_own(path: Path) -> bool:
    inside_folder = any(parent.suffix.lower() == ".gdb" for parent in path.parents)
    if path.suffix.lower() not in SELF_CONTAINED and not inside_folder and not path.name.endswith(".shp.xml"):
        return not _is_file(path)
    return not _is_file(path) or not points_elsewhere(path)


def _is_file(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return path.is_file()
    return False
