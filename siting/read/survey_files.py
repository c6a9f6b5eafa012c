"""The contents of a folder: every layer, table and raster, with enough data to recognise its role."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import osmium
from rasterio.windows import Window

from siting.characters import shown
from siting.crs import WGS84
from siting.domain.draft import Remark
from siting.domain.scenario import Layer
from siting.errors import Fault, InputError
from siting.files import is_utf8
from siting.read.geometry.projections import carry_bounds, tagged_crs
from siting.read.ground.osm import is_osm
from siting.read.ground.osm_file import osm_file
from siting.read.log import Log
from siting.read.people.rasters import opened
from siting.read.sources.archives import unpacked
from siting.read.sources.delimited import mark_of
from siting.read.sources.warned import heard
from siting.read.survey_layers import ROWS, Look, drawn, parquet, with_wkt
from siting.read.tables.heads import Merge, find_head

_DRAWN: Final = (".gpkg", ".shp", ".geojson", ".json", ".fgb", ".kml", ".gdb", ".tab", ".mif", ".dxf")
_PARQUET: Final = (".parquet", ".geoparquet")
_DELIMITED: Final = (".csv", ".tsv")
_SHEETS: Final = (".xlsx", ".xlsm")
_OLD_SHEETS: Final = (".xls", ".et")
_RASTERS: Final = (".tif", ".tiff", ".img", ".asc")
# Parts of other files, and files that this software writes.
_PARTS: Final = (
    ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qmd", ".xml", ".ovr", ".tfw", ".toml", "-wal", "-shm",
)  # fmt: skip
_DEEPEST: Final = 3
_MOST_FILES: Final = 2000
# Cells along each side of the reduced picture of a raster that is examined.
_PICTURE: Final = 256
_MOST_CELLS: Final = 2048
_LONGEST_REASON: Final = 160
# Workbooks with more bytes than this are not read completely.
_QUICKLY_FROM: Final = 2**20

_Row = tuple[str, ...]
# The name of a sheet, its columns, and some records.
_Table = tuple[str | None, _Row, tuple[_Row, ...]]


def looks(folder: Path) -> Iterator[Look]:
    """Yield the contents of a folder and its subfolders, in the order of names, without parts of other files.

    Parameters
    ----------
    folder : Path
        The folder; hidden folders are skipped, and those deeper than three levels.

    Yields
    ------
    Look
        One for each layer, sheet, raster or network. A file that cannot be opened, has an unknown type or exceeds the
        limit, and a skipped folder, is ``unknown`` and tells why.
    """
    files = _files(folder, folder)
    for found in islice(files, _MOST_FILES):
        if isinstance(found, Look):
            yield found
            continue
        name = found.relative_to(folder).as_posix()
        try:
            yield from _look(found, name)
        except Exception as error:  # noqa: BLE001 - whatever a file contains, the others are examined
            yield _unopened(error, found, name)
    if next(files, None) is not None:
        yield Look("…", "unknown", why=Remark("too_many_files", {"count": _MOST_FILES}))


def _files(folder: Path, top: Path, depth: int = 1) -> Iterator[Path | Look]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        name = path.relative_to(top).as_posix()
        if path.name.startswith((".", "~$")):
            continue
        if not is_utf8(path.name):
            fault = Fault(code="name_not_utf8", file=shown(name), found=shown(path.name))
            yield Look(shown(name), "unknown", why=Remark("not_opened", {"file": shown(name), "reason": fault}))
        elif path.is_dir() and path.suffix.lower() != ".gdb":
            if depth < _DEEPEST:
                yield from _files(path, top, depth + 1)
            else:
                yield Look(name, "unknown", why=Remark("too_deep", {"file": f"{name}/", "levels": _DEEPEST}))
        elif is_osm(path) or not _is_part(path):
            yield path


def _is_part(path: Path) -> bool:
    """Tell whether a file belongs to another; a .dbf does if the .shp lies beside it."""
    low = path.name.lower()
    if low.endswith(".dbf"):
        return any(path.with_suffix(ending).exists() for ending in (".shp", ".SHP", ".Shp"))
    return low.endswith(_PARTS)


def _look(file: Path, name: str, inner: str = "", *, several: bool = False) -> Iterator[Look]:
    """Examine one file; ``inner`` is its name within an archive, and ``name`` then that of the archive."""
    low = (inner or file.name).lower()
    if not (file.is_file() or file.is_dir()):
        # A pipe may never end.
        message = "no ordinary file"
        raise OSError(message)
    if is_osm(file):
        yield _network(file, name)
    elif low.endswith(_RASTERS):
        yield _raster(file, name)
    elif low.endswith((*_DRAWN, ".dbf")):
        yield from drawn(file, name, inner, several=several)
    elif low.endswith(_PARQUET):
        yield parquet(file, name, inner, several=several)
    elif low.endswith((*_DELIMITED, *_SHEETS)):
        yield from _tables(file, name, inner, several=several)
    elif low.endswith(_OLD_SHEETS):
        raise InputError([Fault(code="old_workbook", found=file.suffix)])
    elif low.endswith(".zip"):
        yield from _zipped(file, name)
    else:
        yield Look(name, "unknown", why=Remark("not_known", {"file": name}))


def _unopened(error: Exception, file: Path, name: str) -> Look:
    """Return a file that could not be opened, with the error in one line, without the file's folders."""
    if isinstance(error, InputError):
        reason = replace(error.faults[0], file=name, layer=None)
    else:
        said = re.sub(r"\s+", " ", str(error).replace(str(file), file.name)).strip() or type(error).__name__
        # GDAL's advice is for programmers.
        said = said.partition("; It might help")[0].rstrip(".")
        cut = said if len(said) <= _LONGEST_REASON else f"{said[: _LONGEST_REASON - 1]}…"
        reason = Fault(code="unreadable_file", file=name, found=cut)
    return Look(name, "unknown", why=Remark("not_opened", {"file": name, "reason": reason}))


def _zipped(file: Path, name: str) -> Iterator[Look]:
    log = Log()
    with unpacked(file, log.layer("", file.name)) as sources:
        for fault in log.faults.found:
            yield _unopened(InputError([fault]), file, name)
        for inner, source in (sources or {}).items():
            try:
                yield from _look(source, name, inner, several=len(sources or {}) > 1)
            except Exception as error:  # noqa: BLE001 - whatever a member contains, the others are examined
                yield _unopened(error, source, f"{name} · {inner}")


def _network(file: Path, name: str) -> Look:
    """Look for a way with ``highway`` in an OpenStreetMap extract; reading stops there."""
    ways = osmium.FileProcessor(osm_file(file), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway"))
    if next(iter(ways), None) is None:
        return Look(name, "unknown", why=Remark("osm_without_ways", {"file": name}))
    box = ways.header.box()
    area = None
    if box.valid():
        area = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
    return Look(name, "osm", has_crs=True, area=area)


def _raster(file: Path, name: str) -> Look:
    with opened(file) as source:
        # For a grid of a whole country the middle is sufficient.
        rows, columns = (min(size, _MOST_CELLS) for size in source.shape)
        window = Window((source.width - columns) // 2, (source.height - rows) // 2, columns, rows)
        shape = min(rows, _PICTURE), min(columns, _PICTURE)
        picture = source.read(1, window=window, out_shape=shape, masked=True).astype("float64").filled(np.nan)
        unit = (source.units[0] or "") + " ".join(str(value) for value in source.tags(1).values())
        crs = tagged_crs(source.crs.to_wkt() if source.crs else None)
        area = carry_bounds(tuple(source.bounds), crs, WGS84) if crs is not None else None
        return Look(name, "raster", has_crs=crs is not None, values=picture, unit=unit, area=area)


# --- tables -----------------------------------------------------------------------------------------------------------


def _tables(file: Path, name: str, inner: str, *, several: bool) -> Iterator[Look]:
    low = (inner or file.name).lower()
    sheets = _delimited(file) if low.endswith(_DELIMITED) else _sheets(file)
    for sheet, columns, records in sheets:
        parts = [inner] if several else []
        parts += [sheet] if len(sheets) > 1 and sheet else []
        look = Look(name, "table", "/".join(parts) or None, columns, records, several=bool(parts), inner=inner)
        yield with_wkt(look)


def _delimited(file: Path) -> list[_Table]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with file.open(encoding=encoding, newline="") as text:
                head = "".join(islice(text, ROWS))
                text.seek(0)
                rest, mark = mark_of(head)
                if rest != head:
                    # The file states its delimiter.
                    text.readline()
                return [(None, *_headed(list(islice(csv.reader(text, delimiter=mark), ROWS))))]
        except UnicodeDecodeError:
            continue
    raise InputError([Fault(code="encoding_undecided")])


def _sheets(file: Path) -> list[_Table]:
    from siting.read.sources.runs import text_of_runs  # noqa: PLC0415 - only if there is such a file
    from siting.read.sources.sheets import is_sound, load, merges_of  # noqa: PLC0415 - see above

    log = Log()
    if not is_sound(file, Layer(path=file), log.layer("", file)):
        raise InputError(log.faults.found)
    # Merged cells are known only if a sheet is read completely.
    quickly = file.stat().st_size > _QUICKLY_FROM
    with heard(UserWarning, []), closing(load(file, values=True, quickly=quickly)) as book:
        sheets = [
            (sheet.title, rows, () if quickly else merges_of(sheet))
            for sheet in book.worksheets
            if (rows := [[*map(text_of_runs, row)] for row in sheet.iter_rows(max_row=ROWS, values_only=True)])
        ]
    several = len(sheets) > 1
    return [(title if several else None, *_below_head(rows, merges, file)) for title, rows, merges in sheets]


def _below_head(rows: Sequence[Sequence[object]], merges: Sequence[Merge], file: Path) -> tuple[_Row, tuple[_Row, ...]]:
    """Return the names of columns and the records of a sheet; titles may precede a head of several rows."""
    width = max(len(row) for row in rows)
    cells = [[*row, *[None] * (width - len(row))] for row in rows]
    head = find_head(cells, [each for each in merges if each.bottom < len(cells)], Layer(path=file))
    if head is None:
        return (), ()
    records = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in cells[head.bottom + 1 :])
    return head.names, records


def _headed(rows: list[list[str]]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the names of columns and the records: the head is the first row with words in most of its cells."""
    width = max((len(row) for row in rows), default=0)
    for number, row in enumerate(rows):
        words = [cell for cell in row if cell.strip() and not re.fullmatch(r"[-+.\d\s]+", cell)]
        if len(words) * 2 > width:
            return tuple(cell.strip() for cell in row), tuple(tuple(row) for row in rows[number + 1 :])
    return (), ()
