"""The parts of a workbook, looked at before any of it is opened: which they are, and how large."""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

_TYPES: Final = "[Content_Types].xml"
_MAIN: Final = re.compile(
    r"(?:spreadsheetml\.(?:sheet|template)|ms-excel\.(?:sheet|template)\.macroEnabled)\.main\+xml$"
)
_SHEET: Final = re.compile(r"spreadsheetml\.worksheet\+xml$")
_CHUNK: Final = 2**20
# No tag that is counted is longer.
_TAIL: Final = 256
_CELL: Final = re.compile(rb"<(?:\w+:)?c[ >]")
_MERGE: Final = re.compile(rb"<(?:\w+:)?mergeCell\s[^<>]*?ref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")
_ENTITIES: Final = re.compile(rb"<!DOCTYPE|<!ENTITY", re.IGNORECASE)
# The names by which a strict workbook calls what all others call by older ones.
_STRICT: Final[Mapping[bytes, bytes]] = {
    b"http://purl.oclc.org/ooxml/spreadsheetml/main": b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    b"http://purl.oclc.org/ooxml/officeDocument/": b"http://schemas.openxmlformats.org/officeDocument/2006/",
    b"http://purl.oclc.org/ooxml/drawingml/": b"http://schemas.openxmlformats.org/drawingml/2006/",
}


@dataclass(frozen=True)
class Extent:
    """How many cells a part of a workbook holds, and how many its merged ranges cover."""

    cells: int
    merged: int


def parts_of(file: zipfile.ZipFile) -> tuple[str, tuple[str, ...]] | None:
    """Return the main part of a workbook, whatever its name, and its sheets; None where a zip is no workbook."""
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
    """Measure a part of a workbook piece by piece; None where it declares entities, as no workbook does."""
    cells, merges = 0, set[tuple[bytes, ...]]()
    with file.open(part) as stream:
        tail = b""
        while chunk := stream.read(_CHUNK):
            text = tail + chunk
            if _ENTITIES.search(text):
                return None
            cells += len(_CELL.findall(text)) - len(_CELL.findall(tail))
            merges.update(_MERGE.findall(text))
            tail = text[-_TAIL:]
    return Extent(cells, sum(_area(*merge) for merge in merges))


def _area(left: bytes, top: bytes, right: bytes, bottom: bytes) -> int:
    return (abs(_number(right) - _number(left)) + 1) * (abs(int(bottom) - int(top)) + 1)


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def title_of(file: zipfile.ZipFile, main: str, sheet: str) -> str:
    """Return what a planner calls a sheet; its part's name where the workbook does not say."""
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
    """Return a workbook as openpyxl can read it: a strict one with the names that all others use."""
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
