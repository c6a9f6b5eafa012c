"""Reading the volume of a report: its paragraphs, its tables, and each number with its source."""

import json
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET
from zipfile import ZipFile

from siting.write.report.records import resolve

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DATA: Final = ("data/gaps.geojson", "data/plan.geojson", "data/gaps-after.geojson", "data/report.json")


def data_files(folder: Path) -> dict[str, Any]:
    """Return the data of a report, by the names that pointers use."""
    there = (name for name in _DATA if (folder / name).exists())
    return {name: json.loads((folder / name).read_text(encoding="utf-8")) for name in there}


def body(path: Path) -> ET.Element:
    """Return the text of a Word document."""
    with ZipFile(path) as parts:
        return ET.fromstring(parts.read("word/document.xml"))  # noqa: S314 - our own file


def words_of(element: ET.Element) -> str:
    return "".join(text.text or "" for text in element.iter(f"{W}t"))


def tables_of(root: ET.Element) -> list[list[list[str]]]:
    """Return the texts of all tables, by row and cell."""
    return [
        [[words_of(cell) for cell in row.iter(f"{W}tc")] for row in table.iter(f"{W}tr")]
        for table in root.iter(f"{W}tbl")
    ]


def bookmarked(root: ET.Element) -> dict[str, str]:
    """Return the text of each bookmark: that of the runs between its start and its end."""
    found: dict[str, str] = {}
    for paragraph in root.iter(f"{W}p"):
        name = ""
        for child in paragraph:
            if child.tag == f"{W}bookmarkStart":
                name = str(child.get(f"{W}name"))
                assert name not in found
                found[name] = ""
            elif child.tag == f"{W}bookmarkEnd":
                name = ""
            elif name:
                found[name] += "".join(text.text or "" for text in child.iter(f"{W}t"))
    return found


def sources(folder: Path) -> dict[str, str]:
    """Return the pointer of each bookmark of the volume of a report."""
    found: dict[str, str] = json.loads((folder / "data/trace.json").read_text(encoding="utf-8"))["volume.docx"]
    return found


def wrong_figures(folder: Path) -> dict[str, tuple[str, Any]]:
    """Return the numbers of a volume that are not those of the data, by their pointers; each must have a pointer."""
    told, paths, files = bookmarked(body(folder / "volume.docx")), sources(folder), data_files(folder)
    assert set(told) == set(paths)
    found = {}
    for name, text in told.items():
        number = text.replace(",", "").removesuffix("%")
        decimals = len(number.partition(".")[2])
        value = resolve(paths[name], files)
        if abs(float(number) - value * (100 if text.endswith("%") else 1)) > 0.5000001 * 10**-decimals:
            found[paths[name]] = (text, value)
    return found
