"""What libraries warn of while they read is told with the layer, unless it means nothing here."""

import json
import warnings
import zipfile
from pathlib import Path

import openpyxl
import pytest

from siting.domain.nouns import Note
from siting.domain.scenario import Layer
from siting.read.log import Log
from siting.read.sources.vectors import read_table, read_vector
from siting.read.sources.warned import heard


def _geojson(path: Path, ring: list[list[float]], *ids: int | None) -> Path:
    shape = {"type": "Polygon", "coordinates": [ring]}
    features = [
        {"type": "Feature", "properties": {"name": "x"}, "geometry": shape} | ({} if each is None else {"id": each})
        for each in ids
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def _notes(path: Path) -> list[Note]:
    log = Log()
    assert read_vector(Layer(path=path), log.layer("units.street", path)) is not None
    return [note for note in log.notes if note.code == "reader_warned"]


RING = [[106.5, 29.5], [106.6, 29.5], [106.6, 29.6], [106.5, 29.5]]


def test_what_gdal_warns_of_is_told(tmp_path: Path) -> None:
    (note,) = _notes(_geojson(tmp_path / "a.geojson", RING, None, 7, 7))
    assert note.values["layer"] == "units.street"
    assert "Several features with id = 7" in str(note.values["words"])


def test_a_ring_that_is_left_open_is_closed_without_a_word(tmp_path: Path) -> None:
    assert _notes(_geojson(tmp_path / "a.geojson", RING[:3], None)) == []


def test_a_sheet_that_is_lost_is_told_and_a_lost_drop_down_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.worksheets[0].append(["id", "name"])
    book.worksheets[0].append(["F1", "甲"])
    book.save(path)
    with zipfile.ZipFile(path) as file:
        parts = {each: file.read(each) for each in file.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"<sheets>", b'<sheets><sheet name="B" sheetId="9"/>')
    sheet = "xl/worksheets/sheet1.xml"
    drop_down = b'<extLst><ext uri="{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'
    parts[sheet] = parts[sheet].replace(b"</worksheet>", drop_down)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    log = Log()
    read_table(Layer(path=path), log.layer("facilities", path))
    (note,) = [note for note in log.notes if note.code == "reader_warned"]
    assert note.values["count"] == 1
    assert "invalid specification" in str(note.values["words"])


def _warn_twice(words: list[str]) -> None:
    with heard(RuntimeWarning, words):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        warnings.warn("torn", RuntimeWarning, stacklevel=1)


def test_warnings_of_another_kind_go_on_their_way() -> None:
    words: list[str] = []
    with pytest.warns(DeprecationWarning, match="old"):
        _warn_twice(words)
    assert words == ["torn"]
