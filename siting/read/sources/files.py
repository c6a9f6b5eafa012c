"""Files: whether they exist, their parts, and their digests."""

import hashlib
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from siting.read.log import LayerLog
from siting.read.sources.packed import unpacks_within_limits

# The parts of a shapefile that determine its content; indexes and metadata do not.
SHAPEFILE_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
# No ledger is wider: ages 0 to 100 of both sexes for several years are some hundreds of columns.
MOST_COLUMNS: Final = 2_000
# SQLite's file header: how the journal is kept, a counter of writes, and of which count and version the header is.
# QGIS changes these bytes of a GeoPackage when it only shows it (https://www.sqlite.org/fileformat.html, 1.3).
_SQLITE: Final = b"SQLite format 3\0"
_SQLITE_BOOKKEEPING: Final = (slice(18, 20), slice(24, 28), slice(92, 100))


def has_few_columns(width: int, log: LayerLog, layer: str = "") -> bool:
    """Tell whether a table is within the width limit, and note a fault otherwise."""
    if width > MOST_COLUMNS:
        log.fault(
            "too_many_columns", found=f"{layer}: {width:,}" if layer else f"{width:,}", expected=f"{MOST_COLUMNS:,}"
        )
    return width <= MOST_COLUMNS


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content as hexadecimal text; of a GeoPackage without SQLite's count of writes."""
    with path.open("rb") as file:
        head = bytearray(file.read(100))
        if head.startswith(_SQLITE):
            for each in _SQLITE_BOOKKEEPING:
                head[each] = bytes(len(head[each]))
        digest = hashlib.sha256(head)
        while block := file.read(1 << 20):
            digest.update(block)
        return digest.hexdigest()


def parts(path: Path) -> Mapping[str, Path]:
    """Return the files of a data source: name of the part → file, in a fixed order.

    A shapefile has one part for each existing one of ``SHAPEFILE_PARTS``, a folder (FileGDB) one for each file in it,
    any other source a single part without a name. What another program has written to a GeoPackage that it holds open
    stands in a file beside it: the part ``wal``.
    """
    if path.is_dir():
        return {file.relative_to(path).as_posix(): file for file in sorted(path.rglob("*")) if file.is_file()}
    if path.suffix.lower() != ".shp":
        pending = path.with_name(f"{path.name}-wal")
        return {"": path, "wal": pending} if pending.is_file() and pending.stat().st_size else {"": path}
    beside = {file.suffix.lower(): file for file in sorted(path.parent.iterdir()) if file.stem == path.stem}
    return {suffix[1:]: beside[suffix] for suffix in SHAPEFILE_PARTS if suffix in beside}


def take(path: Path, log: LayerLog, part: str = "") -> bool:
    """Note the digests of a data source; tell whether it can be opened safely, and note a fault otherwise."""
    try:
        kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        log.fault("missing_file", found=str(path))
        return False
    except OSError as error:
        log.fault("unreadable_file", found=error.strerror or str(error))
        return False
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        # It is read more than once, and a pipe or a device may never end.
        log.fault("no_ordinary_file", found=str(path))
        return False
    try:
        for name, file in parts(path).items():
            log.digest(sha256(file), part or name)
    except OSError as error:
        log.fault("unreadable_file", found=str(error))
        return False
    return unpacks_within_limits(path, log)
