"""Names of columns that shapefiles cut at ten bytes, as GDAL cuts and numbers them."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siting.domain.scenario import Layer
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS, RESIDENTIAL_COLUMNS
from siting.errors import Fault
from siting.read.log import Log
from siting.read.sources.dbf import numbered
from siting.read.sources.vectors import read_vector
from siting.read.tables.columns import typed_table

ROW = {"id": "F1", "tier": "station", "status": "existing"}


def _read(path: Path, **stated: str) -> tuple[pd.DataFrame | None, list[Fault]]:
    log = Log()
    layer = log.layer("facilities", path)
    source = Layer(path=path, columns=stated)
    raw = read_vector(source, layer)
    if raw is None:
        return None, log.faults.found
    table, _ = typed_table(pd.DataFrame(raw.frame.drop(columns="geometry")), FACILITY_COLUMNS, source, layer)
    return table, log.faults.found


def _shapefile(folder: Path, encoding: str, columns: Mapping[str, float]) -> Path:
    path = folder / "facilities.shp"
    frame = gpd.GeoDataFrame([ROW | dict(columns)], geometry=[shapely.Point(106.5, 29.5)], crs=4490)
    with pytest.warns(RuntimeWarning, match="Normalized/laundered field name"):
        frame.to_file(path, encoding=encoding)
    return path


@pytest.mark.parametrize(
    ("encoding", "first", "second"),
    [("UTF-8", "护理型", "护理_1"), ("GBK", "护理型床位", "护理型床_1")],
)
def test_names_that_were_cut_to_one_are_asked_for(tmp_path: Path, encoding: str, first: str, second: str) -> None:
    # The share comes first, and takes the name that the beds would have had.
    path = _shapefile(tmp_path, encoding, {"护理型床位占比": 0.5, "护理型床位数": 40})
    _, faults = _read(path)
    assert [(fault.code, fault.found) for fault in faults] == [("cut_names_alike", f"{first}, {second}")]
    assert "→ nursing_beds" in faults[0].expected
    table, faults = _read(path, nursing_beds=second)
    assert faults == []
    assert table is not None
    assert table["nursing_beds"].tolist() == [40]
    table, faults = _read(path, nursing_beds="")
    assert faults == []
    assert table is not None
    assert table["nursing_beds"].isna().all()


def test_names_with_a_number_of_their_own_are_no_doubles() -> None:
    assert numbered([b"people_2_1", b"people_2_2", b"id"]) == {}


def _matched(columns: pd.DataFrame, group: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    log = Log().layer(group)
    layer = {"facilities": FACILITY_COLUMNS, "residential_areas": RESIDENTIAL_COLUMNS, "candidates": CANDIDATE_COLUMNS}
    typed_table(columns, layer[group], Layer(path=Path("x.gpkg")), log)
    return log.log.layers[group]["matched"], [(fault.code, fault.found) for fault in log.log.faults.found]


@pytest.mark.parametrize(
    ("group", "name"),
    [("residential_areas", "60岁以上人"), ("facilities", "所在街"), ("candidates", "候选点")],
)
def test_what_was_a_shapefile_once_is_asked_for_too(group: str, name: str) -> None:
    _, faults = _matched(pd.DataFrame({name: ["7"]}), group)
    assert ("cut_name_of_several", name) in faults


@pytest.mark.parametrize(
    ("group", "name", "key"),
    [("facilities", "新增床", "new_beds"), ("residential_areas", "已配建", "provided_m2")],
)
def test_the_words_of_our_own_forms_are_known_when_they_are_cut(group: str, name: str, key: str) -> None:
    matched, _ = _matched(pd.DataFrame({name: ["7"]}), group)
    assert matched.get(key) == name


def test_cut_names_of_a_table_of_attributes_are_asked_for() -> None:
    log = Log()
    log.layer("facilities.attributes").fact(names_full=["床位数"])
    typed_table(pd.DataFrame({"床位数": ["7"]}), FACILITY_COLUMNS, Layer(path=Path("x.shp")), log.layer("facilities"))
    assert ("cut_name_of_several", "床位数") in [(fault.code, fault.found) for fault in log.faults.found]


def test_a_figure_that_nearly_has_its_name_is_told() -> None:
    names = {"总用地面积": ["7"], "老年人口占比": ["0.2"], "备注": ["x"]}

    def told(**stated: str) -> list[object]:
        log = Log().layer("facilities")
        typed_table(pd.DataFrame(names), FACILITY_COLUMNS, Layer(path=Path("x.csv"), columns=stated), log)
        return [note.values["columns"] for note in log.log.notes if note.code == "columns_nearly_known"]

    assert told() == ["总用地面积 → land_m2?"]
    assert told(land_m2="总用地面积") == []
    assert told(land_m2="") == []
