"""What lies in a folder: every layer, table and raster with as much of it as tells what it is."""

import csv
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyogrio
import rasterio
from rasterio.windows import Window

Form = Literal["points", "lines", "polygons", "table", "raster", "osm", "unknown"]

_VECTORS: Final = (
    ".gpkg",
    ".shp",
    ".geojson",
    ".json",
    ".fgb",
    ".kml",
    ".gdb",
    ".tab",
    ".mif",
    ".parquet",
    ".zip",
    ".dxf",
)
_TABLES: Final = (".csv", ".xlsx")
_RASTERS: Final = (".tif", ".tiff", ".img", ".asc")
_OSM: Final = (".pbf", ".osm", ".osm.gz", ".osm.bz2", ".o5m")
# Parts of other files, and what this software writes itself.
_PARTS: Final = (
    ".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qmd", ".xml", ".ovr", ".tfw", ".toml", "-wal", "-shm",
)  # fmt: skip
_DEEPEST: Final = 3
_MOST_FILES: Final = 2000
_ROWS: Final = 40
# Cells along each side of the picture of a raster that its values are looked at in.
_PICTURE: Final = 256
_MOST_CELLS: Final = 2048


@dataclass(frozen=True)
class Look:
    """One layer, table or raster: ``path`` counts from the folder, ``rows`` are a few records, as text.

    Of a raster ``values`` holds a small picture of it, NaN where there is no data, and ``unit`` the unit of its band.
    """

    path: str
    form: Form
    layer: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    has_crs: bool = False
    several: bool = False
    values: Any = None
    unit: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called, in small letters: its layer where the file has several, then its file."""
        file = self.path.rpartition("/")[2].lower()
        return (self.layer.lower(), file) if self.several and self.layer else (file,)

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.path} · {self.layer}" if self.several and self.layer else self.path


def looks(folder: Path) -> Iterator[Look]:
    """Yield what lies in a folder and below it, in the order of names; parts of other files are left out.

    Parameters
    ----------
    folder : Path
        Where to look; hidden folders are not entered, and none deeper than three levels.

    Yields
    ------
    Look
        One a layer, sheet, raster or network. A file that cannot be opened or is of no known kind is ``unknown``.
    """
    for file in islice(_files(folder), _MOST_FILES):
        name = file.relative_to(folder).as_posix()
        try:
            yield from _look(file, name)
        except Exception:  # noqa: BLE001 - whatever a file holds, the others are looked at
            yield Look(name, "unknown")


def _files(folder: Path, depth: int = 1) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~$")):
            continue
        if path.is_dir() and path.suffix.lower() != ".gdb":
            if depth < _DEEPEST:
                yield from _files(path, depth + 1)
        elif not path.name.lower().endswith(_PARTS):
            yield path


def _look(file: Path, name: str) -> Iterator[Look]:
    low = file.name.lower()
    if low.endswith(_OSM):
        yield Look(name, "osm", has_crs=True)
    elif low.endswith(_RASTERS):
        yield _raster(file, name)
    elif low.endswith(_VECTORS):
        yield from _vectors(file, name)
    elif low.endswith(_TABLES):
        sheets = _csv(file) if low.endswith(".csv") else _xlsx(file)
        several = len(sheets) > 1
        for layer, rows in sheets:
            columns, records = _headed(rows)
            yield Look(name, "table", layer, columns, records, several=several)
    else:
        yield Look(name, "unknown")


def _vectors(file: Path, name: str) -> Iterator[Look]:
    with warnings.catch_warnings():
        # Reading tells of all that is amiss; here it is only asked what a file is.
        warnings.simplefilter("ignore")
        layers = [(str(layer), str(kind or "")) for layer, kind in pyogrio.list_layers(file)]
        for layer, kind in layers:
            info = pyogrio.read_info(file, layer=layer)
            form: Form = _form(kind)
            table = pyogrio.read_dataframe(file, layer=layer, max_features=_ROWS, read_geometry=False, use_arrow=False)
            rows = tuple(tuple(str(cell) for cell in row) for row in table.to_numpy().tolist())
            columns = tuple(map(str, table.columns))
            yield Look(name, form, layer, columns, rows, info["crs"] is not None, len(layers) > 1)


def _form(kind: str) -> Form:
    for word, form in (("Polygon", "polygons"), ("Line", "lines"), ("Point", "points")):
        if word in kind:
            return form  # type: ignore[return-value]
    return "table" if kind in ("", "None") else "unknown"


def _raster(file: Path, name: str) -> Look:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(file) as source:
            # Of a grid of a whole country its middle tells as much.
            rows, columns = (min(size, _MOST_CELLS) for size in source.shape)
            window = Window((source.width - columns) // 2, (source.height - rows) // 2, columns, rows)
            shape = min(rows, _PICTURE), min(columns, _PICTURE)
            picture = source.read(1, window=window, out_shape=shape, masked=True).astype("float64").filled(np.nan)
            unit = (source.units[0] or "") + " ".join(str(value) for value in source.tags(1).values())
            return Look(name, "raster", has_crs=source.crs is not None, values=picture, unit=unit)


def _csv(file: Path) -> list[tuple[str | None, list[list[str]]]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with file.open(encoding=encoding, newline="") as text:
                return [(None, list(islice(csv.reader(text), _ROWS)))]
        except UnicodeDecodeError:
            continue
    return []


def _xlsx(file: Path) -> list[tuple[str | None, list[list[str]]]]:
    from openpyxl import load_workbook  # noqa: PLC0415 - only where there is such a file

    book = load_workbook(file, read_only=True, data_only=True)
    try:
        sheets = [
            (sheet.title, [["" if cell is None else str(cell) for cell in row] for row in rows])
            for sheet in book.worksheets
            if (rows := list(sheet.iter_rows(max_row=_ROWS, values_only=True)))
        ]
    finally:
        book.close()
    return [(title if len(sheets) > 1 else None, rows) for title, rows in sheets]


def _headed(rows: list[list[str]]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the names of columns and the records: the head is the first row most of which says something in words."""
    width = max((len(row) for row in rows), default=0)
    for number, row in enumerate(rows):
        words = [cell for cell in row if cell.strip() and not re.fullmatch(r"[-+.\d\s]+", cell)]
        if len(words) * 2 > width:
            return tuple(cell.strip() for cell in row), tuple(tuple(row) for row in rows[number + 1 :])
    return (), ()
