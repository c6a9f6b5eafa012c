"""The parts of a workbook and their sizes, examined before it is opened."""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from xml.parsers import expat

from openpyxl.utils import range_boundaries

_TYPES: Final = "[Content_Types].xml"
_MAIN: Final = re.compile(
    r"(?:spreadsheetml\.(?:sheet|template)|ms-excel\.(?:sheet|template)\.macroEnabled)\.main\+xml$"
)
_SHEET: Final = re.compile(r"spreadsheetml\.worksheet\+xml$")
_CHUNK: Final = 2**20
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576
# openpyxl visits every cell of these ranges when it opens a workbook.
_SPREAD: Final = ("mergeCell", "hyperlink")
# A cell of a sheet, and a shared text of cells.
_CELLS: Final = ("c", "si")
# The names in a strict workbook, and the older ones that all others use.
_STRICT: Final[Mapping[bytes, bytes]] = {
    b"http://purl.oclc.org/ooxml/spreadsheetml/main": b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    b"http://purl.oclc.org/ooxml/officeDocument/": b"http://schemas.openxmlformats.org/officeDocument/2006/",
    b"http://purl.oclc.org/ooxml/drawingml/": b"http://schemas.openxmlformats.org/drawingml/2006/",
}


@dataclass
class Extent:
    """The cells in a part of a workbook, the cells of its merged ranges and links, and its longest text."""

    cells: int = 0
    spread: int = 0
    longest: int = 0
    _text: int | None = None

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        """Handle the beginning of an element."""
        kind = name.rpartition(":")[2]
        if kind in _CELLS:
            self.cells, self._text = self.cells + 1, 0
        elif kind in _SPREAD:
            self.spread += _area(attributes.get("ref", ""))

    def text(self, text: str) -> None:
        """Measure the text of a cell, which may come in pieces."""
        if self._text is not None:
            self._text += len(text)
            self.longest = max(self.longest, self._text)

    def end(self, name: str) -> None:
        """Leave a cell: text between cells belongs to none."""
        if name.rpartition(":")[2] in _CELLS:
            self._text = None


class _EntitiesError(Exception):
    """A part declares entities."""


def parts_of(file: zipfile.ZipFile) -> tuple[str, tuple[str, ...]] | None:
    """Return the main part of a workbook, whatever its name, and its sheets; None if a zip is no workbook."""
    try:
        # Entities were refused before.
        types = ET.fromstring(file.read(_TYPES))  # noqa: S314
    except (KeyError, ET.ParseError):
        return None
    named = {each.get("PartName", "").lstrip("/"): each.get("ContentType", "") for each in types}
    there = set(file.namelist())
    main = next((name for name, kind in named.items() if _MAIN.search(kind) and name in there), None)
    sheets = tuple(name for name, kind in named.items() if _SHEET.search(kind) and name in there)
    return None if main is None else (main, sheets)


def extent_of(file: zipfile.ZipFile, part: zipfile.ZipInfo) -> Extent | None:
    """Measure a part of a workbook piece by piece; None if it declares entities, as no workbook does.

    A part that is not well-formed is measured up to the error: no reader gets further.
    """

    def refuse(*_: object) -> None:
        raise _EntitiesError

    found = Extent()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.CharacterDataHandler = found.begin, found.text
    parser.EndElementHandler = found.end
    parser.StartDoctypeDeclHandler = refuse
    try:
        with file.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk, False)  # noqa: FBT003 - the signature of expat
    except _EntitiesError:
        return None
    except expat.ExpatError:
        pass
    return found


def _area(ref: str) -> int:
    """Return how many cells a range covers, as openpyxl reads it; 0 for no range."""
    try:
        left, top, right, bottom = range_boundaries(ref)
    except ValueError:
        return 0
    width = (right or _MOST_COLUMNS) - (left or 1)
    height = (bottom or _MOST_ROWS) - (top or 1)
    return (abs(width) + 1) * (abs(height) + 1)


def title_of(file: zipfile.ZipFile, main: str, sheet: str) -> str:
    """Return the title of a sheet; its part's name if the workbook has none."""
    folder, name = PurePosixPath(main).parent, PurePosixPath(main).name
    try:
        book = ET.fromstring(file.read(main))  # noqa: S314 - entities were refused before
        links = ET.fromstring(file.read(str(folder / "_rels" / f"{name}.rels")))  # noqa: S314
    except (KeyError, ET.ParseError):
        return sheet
    targets = {each.get("Id"): each.get("Target", "") for each in links}
    for each in book.iter():
        if each.tag.endswith("}sheet"):
            link = next((value for key, value in each.attrib.items() if key.endswith("}id")), None)
            target = targets.get(link, "")
            if sheet in (target.lstrip("/"), str(folder / target)):
                return each.get("name", sheet)
    return sheet


def in_usual_names(path: Path, main: str) -> Path | io.BytesIO:
    """Return a workbook that openpyxl can read: a strict one with the names that all others use."""
    with zipfile.ZipFile(path) as file:
        if not any(name in file.read(main) for name in _STRICT):
            return path
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as usual:
            for part in file.infolist():
                content = file.read(part)
                if part.filename.endswith((".xml", ".rels")):
                    for strict, name in _STRICT.items():
                        content = content.replace(strict, name)
                usual.writestr(part.filename, content)
    copy.seek(0)
    return copy
