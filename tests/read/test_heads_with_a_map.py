"""Heads of tables that say from which map the coordinates below them are."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from openpyxl import Workbook
from pyproj import Transformer

from siting.domain.tables import CANDIDATE_COLUMNS
from siting.read.geometry.gcj02 import gcj02_from_wgs84
from siting.read.survey import survey
from siting.read.tables.aliases import normalised
from siting.read.tables.words import choice_words
from tests.read.case import Case, X, Y


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


@pytest.mark.parametrize(("head", "system"), [("位置（高德坐标）", "GCJ-02"), ("百度坐标", "BD-09"), ("位置", None)])
def test_the_map_that_a_merged_head_names_is_the_crs_of_the_coordinates_below(
    case: Case, head: str, system: str | None
) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["编号", "类型", "状态", "用地面积", head, None], [None, None, None, None, "经度", "纬度"]):
        sheet.append(row)
    for name in "ABCD":
        sheet.merge_cells(f"{name}1:{name}2")
    sheet.merge_cells("E1:F1")
    lon, lat = Transformer.from_crs(4545, 4326, always_xy=True).transform(X + 300, Y + 300)
    there = (float(each[0]) for each in gcj02_from_wgs84(np.array([lon]), np.array([lat])))
    sheet.append(["F1", "station", "existing", 500, *there])
    book.save(case.folder / "养老设施台账.xlsx")
    case.sections["facilities"] = 'path = "养老设施台账.xlsx"\ncomplete = true'
    if system is None:
        assert case.fault().code == "missing_crs"
        return
    inputs = case.read()
    told = {note.code: note.values for note in inputs.notes}
    assert (told["crs_from_head"]["system"], told["crs_from_head"]["layer"]) == (system, "facilities")
    place = inputs.facilities.to_crs(4545).geometry.iloc[0]
    if system == "GCJ-02":
        assert place.distance(shapely.Point(X + 300, Y + 300)) < 0.1
    (case.folder / "facilities.csv").unlink()
    draft = survey(case.folder)
    assert draft.filled["facilities.crs"] == {"GCJ-02": "gcj02", "BD-09": "bd09"}[system]
    assert "facilities.crs" not in draft.asked


@pytest.mark.parametrize(
    ("word", "tenure"), [("購置", "own"), ("购置", "own"), ("国有闲置收回", "state"), ("租赁", "lease")]
)
def test_words_for_how_premises_are_obtained(word: str, tenure: str) -> None:
    column = next(column for column in CANDIDATE_COLUMNS if column.key == "tenure")
    assert choice_words(column)[normalised(word)] == tenure
