"""What `siting new` sees in tables is what reading will see: curves, WKB, marks between cells, odd workbooks."""

import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import shapely

from siting.read.survey_files import looks
from siting.read.survey_layers import Look

CURVED = "CURVEPOLYGON (COMPOUNDCURVE (CIRCULARSTRING (106.5 29.5, 106.6 29.6, 106.7 29.5), (106.7 29.5, 106.5 29.5)))"
WKB = shapely.to_wkb(shapely.set_srid(shapely.Point(106.5, 29.5), 4490), hex=True, include_srid=True)


def _look(folder: Path) -> Look:
    (found,) = looks(folder)
    return found


@pytest.mark.parametrize(
    ("head", "cell", "form", "has_crs"),
    [
        ("wkt", CURVED, "polygons", False),
        ("wkt", "CIRCULARSTRING (106.5 29.5, 106.6 29.6, 106.7 29.5)", "lines", False),
        ("geom", WKB, "points", True),
        ("geom", "SRID=4490;POINT (106.5 29.5)", "points", True),
    ],
)
def test_shapes_of_tables_are_known(tmp_path: Path, head: str, cell: str, form: str, *, has_crs: bool) -> None:
    pd.DataFrame({"id": ["a"], head: [cell]}).to_csv(tmp_path / "a.csv", index=False)
    found = _look(tmp_path)
    assert (found.form, found.has_crs) == (form, has_crs)


@pytest.mark.parametrize("text", ["id;name;beds\nF1;甲;5\n", "sep=|\nid|name|beds\nF1|甲|5\n"])
def test_cells_are_found_whatever_stands_between_them(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    found = _look(tmp_path)
    assert (found.columns, found.rows) == (("id", "name", "beds"), (("F1", "甲", "5"),))


def _workbook(path: Path, old: bytes, new: bytes) -> None:
    """Write a workbook, and put one word for another in the names and the texts of all parts."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(["id", "name"])
    book.worksheets[0].append(["F1", "甲"])
    book.save(path)
    with zipfile.ZipFile(path) as file:
        parts = {each: file.read(each) for each in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name.replace(old.decode(), new.decode()), content.replace(old, new))


def test_a_strict_workbook_is_known(tmp_path: Path) -> None:
    _workbook(
        tmp_path / "a.xlsx",
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    assert _look(tmp_path).columns == ("id", "name")


def test_a_workbook_that_would_spread_out_is_not_opened(tmp_path: Path) -> None:
    _workbook(
        tmp_path / "a.xlsx",
        b"</sheetData>",
        b'</sheetData><mergeCells count="1"><mergeCell ref="A3:XFD1048576"/></mergeCells>',
    )
    found = _look(tmp_path)
    assert found.form == "unknown"
    assert found.why is not None
    assert found.why.values["reason"].code == "sheet_merged_too_much"


def test_attributes_beyond_all_tables_are_not_read(tmp_path: Path) -> None:
    features = ",".join(
        f'{{"type": "Feature", "properties": {{"k{at}": 1}}, "geometry": {{"type": "Point", "coordinates": [1, 2]}}}}'
        for at in range(2_001)
    )
    (tmp_path / "a.geojson").write_text(f'{{"type": "FeatureCollection", "features": [{features}]}}', encoding="utf-8")
    found = _look(tmp_path)
    assert found.why is not None
    assert found.why.values["reason"].code == "too_many_columns"
