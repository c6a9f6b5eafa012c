"""What is peculiar to single formats: GeoJSON's CRS, KML's extra columns, drawings, Parquet, titles above a head."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from siting.domain.scenario import Layer, NetworkLayer
from siting.read.log import Log
from siting.read.sources.vectors import Raw, read_table, read_vector
from tests.read.case import CRS, lines, squares


def _read(path: Path, **keys: object) -> tuple[Raw | None, Log]:
    log = Log()
    return read_vector(Layer(path=path, **keys), log.layer("units.street", path.name)), log  # type: ignore[arg-type]


def _geojson(folder: Path, crs: object, *, first: bool) -> Path:
    path = folder / "streets.geojson"
    content = json.loads(squares().to_json())
    content.pop("crs", None)
    kept = {"type": content.pop("type")}
    content = kept | ({"crs": crs} | content if first else content | {"crs": crs})
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    "name", ["urn:ogc:def:crs:EPSG::4545", "EPSG:4545", "CGCS2000 / 3-degree Gauss-Kruger CM 108E"]
)
def test_the_crs_member_of_a_geojson_counts(tmp_path: Path, name: str, *, first: bool) -> None:
    raw, log = _read(_geojson(tmp_path, {"type": "name", "properties": {"name": name}}, first=first))
    assert log.faults.found == []
    assert raw is not None
    assert raw.frame.crs.to_epsg() == 4545
    assert raw.frame.total_bounds.tolist() == squares().total_bounds.tolist()


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    "crs",
    [
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::999999"}},
        {"type": "name", "properties": {"name": "our own"}},
        {"type": "link", "properties": {"href": "http://example.org/crs"}},
        {"type": "name", "properties": {}},
    ],
)
def test_a_crs_member_that_says_nothing_known_is_told(tmp_path: Path, crs: object, *, first: bool) -> None:
    raw, log = _read(_geojson(tmp_path, crs, first=first))
    assert raw is None
    assert [fault.code for fault in log.faults.found] == ["unknown_crs"]


def test_a_crs_member_of_null_means_that_there_is_none(tmp_path: Path) -> None:
    path = _geojson(tmp_path, None, first=True)
    assert [fault.code for fault in _read(path)[1].faults.found] == ["missing_crs"]
    raw, log = _read(path, crs=CRS)
    assert log.faults.found == []
    assert raw is not None
    assert raw.frame.crs.to_epsg() == 4545


def test_an_attribute_named_crs_is_no_crs(tmp_path: Path) -> None:
    path = tmp_path / "streets.geojson"
    squares().to_crs(4326).assign(crs=["EPSG:4545", None]).to_file(path)
    raw, log = _read(path)
    assert log.faults.found == []
    assert raw is not None
    assert raw.frame.crs.to_epsg() == 4326


def test_a_file_of_commands_on_other_files_is_refused(tmp_path: Path) -> None:
    other = _geojson(tmp_path, None, first=True)
    command = f"gdal vector reproject --format=stream -d EPSG:4326 --input {other} --output streamed_dataset"
    path = tmp_path / "commands.geojson"
    path.write_text(json.dumps({"type": "gdal_streamed_alg", "command_line": command}), encoding="utf-8")
    raw, log = _read(path)
    assert raw is None
    assert [fault.code for fault in log.faults.found] == ["file_is_pipeline"]


def test_a_kml_has_the_columns_of_its_author_alone(tmp_path: Path) -> None:
    frame = squares().to_crs(4326).rename(columns={"name": "Name"})
    for driver in ("KML", "LIBKML"):
        path = tmp_path / f"{driver}.kml"
        pyogrio.write_dataframe(frame, path, driver=driver)
        raw, log = _read(path)
        assert raw is not None
        assert sorted(raw.frame.columns) == ["Name", "geometry", "id"]
        assert raw.frame["id"].tolist() == ["S1", "S2"]
        assert log.layers["units.street"]["driver"] == "KML"


def _dxf(path: Path, shapes: list[shapely.Geometry], layers: list[str], encoding: str = "utf-8") -> Path:
    names = [f"LAYER{number}" for number in range(len(layers))]
    pyogrio.write_dataframe(gpd.GeoDataFrame({"Layer": names}, geometry=shapes, crs=CRS), path, driver="DXF")
    content = path.read_bytes()
    for name, layer in zip(names, layers, strict=True):
        content = content.replace(name.encode(), layer.encode(encoding))
    path.write_bytes(content)
    return path


RINGS = [shapely.LineString(square.exterior.coords) for square in squares().geometry]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_closed_lines_of_a_drawing_are_polygons(tmp_path: Path, encoding: str) -> None:
    raw, log = _read(_dxf(tmp_path / "streets.dxf", RINGS, ["龙门浩街道", "南坪街道"], encoding), crs=CRS)
    assert raw is not None
    assert raw.frame["Layer"].tolist() == ["龙门浩街道", "南坪街道"]
    assert raw.frame.geometry.area.tolist() == [1e6, 1e6]
    assert [(note.code, note.values["count"]) for note in log.notes] == [("rings_as_polygons", 2)]
    assert log.layers["units.street"]["encoding"] == encoding.upper()


def test_a_drawing_says_nothing_of_its_crs(tmp_path: Path) -> None:
    raw, log = _read(_dxf(tmp_path / "streets.dxf", RINGS, ["a", "b"]))
    assert raw is None
    assert [fault.code for fault in log.faults.found] == ["missing_crs"]


def test_lines_stay_lines_where_one_is_open_or_people_walk_on_them(tmp_path: Path) -> None:
    path = _dxf(tmp_path / "a.dxf", [*RINGS, lines().geometry[0]], ["界线", "界线", "道路"])
    raw, log = _read(path, crs=CRS)
    assert raw is not None
    assert set(raw.frame.geometry.geom_type) == {"LineString"}
    assert log.notes == []
    # The rows that count decide.
    raw, log = _read(path, crs=CRS, rows={"Layer": ("界线",)})
    assert raw is not None
    assert raw.frame.geometry.geom_type.tolist() == ["Polygon", "Polygon"]
    walked = NetworkLayer(path=_dxf(tmp_path / "b.dxf", RINGS, ["a", "b"]), crs=CRS)
    found = read_vector(walked, Log().layer("network", "b.dxf"))
    assert found is not None
    assert set(found.frame.geometry.geom_type) == {"LineString"}


def test_a_parquet_without_places_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "streets.parquet"
    frame = pd.DataFrame(squares().assign(wkt=squares().geometry.to_wkt()).drop(columns="geometry"))
    frame.to_parquet(path)
    raw, log = _read(path, crs=CRS)
    assert raw is not None
    assert raw.frame.geometry.geom_equals(squares().geometry).all()
    assert log.layers["units.street"]["driver"] == "Parquet"
    table = read_table(Layer(path=path), Log().layer("units.street.people", path.name))
    assert table is not None
    assert table["name"].tolist() == ["S1街道", "S2街道"]


def test_a_geoparquet_keeps_its_index_its_crs_and_one_geometry(tmp_path: Path) -> None:
    path = tmp_path / "streets.parquet"
    frame = squares().assign(centre=squares().centroid).set_index("id").rename_geometry("shape")
    frame.to_parquet(path)
    raw, _ = _read(path)
    assert raw is not None
    assert raw.frame.columns.tolist() == ["id", "name", "geometry"]
    assert raw.frame.crs.to_epsg() == 4545
    squares().set_crs(None, allow_override=True).to_parquet(path)
    assert [fault.code for fault in _read(path)[1].faults.found] == ["missing_crs"]


@pytest.mark.parametrize("size", [0, 4, 50, -10])
def test_a_broken_parquet_is_told(tmp_path: Path, size: int) -> None:
    path = tmp_path / "streets.parquet"
    squares().to_parquet(path)
    path.write_bytes(path.read_bytes()[:size])
    assert [fault.code for fault in _read(path)[1].faults.found] == ["unreadable_file"]


CSV = "南岸区养老设施台账,,\n填报日期：2026-01-01,,\n编号,名称,床位数\nA,甲站,3\n"


def _table(path: Path, text: str, **keys: object) -> tuple[pd.DataFrame | None, Log]:
    path.write_text(text, encoding="utf-8")
    log = Log()
    return read_table(Layer(path=path, **keys), log.layer("facilities", path.name)), log  # type: ignore[arg-type]


def test_titles_above_a_head_are_left_out_and_told(tmp_path: Path) -> None:
    table, log = _table(tmp_path / "a.csv", CSV)
    assert table is not None
    assert table.to_dict("records") == [{"编号": "A", "名称": "甲站", "床位数": "3"}]
    assert [(note.code, note.values["count"], note.values["row"]) for note in log.notes] == [("rows_above_head", 2, 3)]
    assert log.layers["facilities"]["header_row"] == 3


def test_a_head_is_where_the_scenario_says(tmp_path: Path) -> None:
    text = "甲,乙,丙\n编号,名称,床位数\nA,甲站,3\n"
    table, _ = _table(tmp_path / "a.csv", text, header=2)
    assert table is not None
    assert table.columns.tolist() == ["编号", "名称", "床位数"]
    table, log = _table(tmp_path / "a.csv", text, header=9)
    assert table is None
    assert [(fault.code, fault.found, fault.expected) for fault in log.faults.found] == [("no_head", "9", "3")]


def test_a_single_column_has_a_head_too(tmp_path: Path) -> None:
    table, log = _table(tmp_path / "a.csv", "name\n甲\n乙\n")
    assert table is not None
    assert table["name"].tolist() == ["甲", "乙"]
    assert log.notes == []


def test_columns_without_name_and_content_are_nothing(tmp_path: Path) -> None:
    table, log = _table(tmp_path / "a.csv", "id,name,,\nA,甲,,\nB,乙,,x\n")
    assert table is not None
    assert table.columns.tolist() == ["id", "name", "#4"]
    assert log.faults.found == []


def _features(path: Path, *features: dict[str, object]) -> Path:
    shape = {"type": "Point", "coordinates": [106.5, 29.5]}
    whole = [{"type": "Feature", "properties": {}, "geometry": shape, **feature} for feature in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": whole}), encoding="utf-8")
    return path


def test_numbers_of_features_are_ids(tmp_path: Path) -> None:
    path = _features(tmp_path / "a.geojson", {"id": 12}, {"id": 7})
    log = Log()
    raw = read_vector(Layer(path=path), log.layer("facilities", path))
    assert raw is not None
    assert raw.frame["id"].tolist() == [12, 7]


@pytest.mark.parametrize("other", [12, 12.5])
def test_a_number_of_two_features_is_refused(tmp_path: Path, other: float) -> None:
    path = _features(tmp_path / "a.geojson", {"id": 12}, {"id": other})
    log = Log()
    assert read_vector(Layer(path=path), log.layer("facilities", path)) is None
    assert [(fault.code, fault.row) for fault in log.faults.found] == [("feature_numbers_twice", "12")]


def test_very_many_names_of_attributes_are_refused(tmp_path: Path) -> None:
    path = _features(tmp_path / "a.geojson", *({"properties": {f"k{at}": at}} for at in range(2_001)))
    log = Log()
    assert read_vector(Layer(path=path), log.layer("facilities", path)) is None
    assert [(fault.code, fault.found) for fault in log.faults.found] == [("too_many_columns", "a: 2,001")]


def test_a_geojson_column_of_numbers_and_texts_comes_as_text_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "streets.geojson"
    squares().assign(beds=[12, "existing", *[None] * (len(squares()) - 2)]).to_file(path, driver="GeoJSON")
    content = json.loads(path.read_text(encoding="utf-8"))
    for feature, beds in zip(content["features"], (12, "existing"), strict=False):
        feature["properties"]["beds"] = beds
    path.write_text(json.dumps(content), encoding="utf-8")
    raw, log = _read(path)
    assert raw is not None
    assert raw.frame["beds"].tolist()[:2] == ["12", "existing"]
    assert log.notes == []
