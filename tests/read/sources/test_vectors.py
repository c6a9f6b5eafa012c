"""Vector files and tables: one layer in many formats, and every way in which a file can be at fault."""

import os
import warnings
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from siting.domain.scenario import FacilityLayer, Layer
from siting.read import read_scenario
from siting.read.log import Log
from siting.read.sources.vectors import Raw, read_vector
from siting.read.survey_files import looks
from siting.read.trust import named_files
from tests.read.case import CRS, Case, X, Y, squares


def _without_crs(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        squares().set_crs(None, allow_override=True).to_file(path)


def _points(case: Case) -> gpd.GeoDataFrame:
    case.facilities(
        "id,name,tier,status,land_m2,opens,x,y\n"
        "F001,一号站,station,existing,350.5,2019-09-01,436100,3281100\n"
        "F002,二号站,station,existing,,,436900,3281100\n"
    )
    return case.read().facilities


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("f.gpkg", CRS),
        ("f.gpkg", "EPSG:4490"),
        ("f.geojson", "EPSG:4326"),
        ("f.fgb", CRS),
        ("f.shp", CRS),
        ("wkt.csv", CRS),
        ("degrees.csv", "EPSG:4490"),
    ],
)
def test_one_layer_reads_alike_from_every_format(case: Case, name: str, crs: str) -> None:
    expected = _points(case)
    table = expected.reset_index()[["id", "name", "tier", "status", "land_m2", "opens", "geometry"]].to_crs(crs)
    path, section = case.folder / name, f'path = "{name}"\ncomplete = true'
    if name == "wkt.csv":
        table.assign(wkt=table.geometry.to_wkt()).drop(columns="geometry").to_csv(path, index=False)
        section += f'\ncrs = "{crs}"'
    elif name == "degrees.csv":
        table.assign(lng=table.geometry.x, latitude=table.geometry.y).drop(columns="geometry").to_csv(path, index=False)
        section += f'\ncrs = "{crs}"'
    else:
        table.assign(opens=table["opens"].dt.strftime("%Y-%m-%d")).to_file(path, encoding="utf-8")
    case.sections["facilities"] = section
    found = case.read().facilities.loc[expected.index]  # FlatGeobuf has an order of its own
    assert found.drop(columns="geometry").equals(expected.drop(columns="geometry"))
    assert found.crs == expected.crs
    assert (found.distance(expected) < 1e-3).all()


def test_heights_are_dropped(case: Case) -> None:
    streets = squares()
    streets["geometry"] = shapely.force_3d(streets.geometry.to_numpy(), 250.0)
    streets.to_file(case.folder / "streets.gpkg")
    assert not case.read().units["street"].has_z.any()


def test_a_layer_without_crs_is_told(case: Case) -> None:
    _without_crs(case.folder / "streets.gpkg")
    fault = case.fault()
    assert (fault.code, fault.file, fault.layer, fault.field) == ("missing_crs", "streets.gpkg", "units.street", "crs")
    assert fault.message("en").startswith(
        "streets.gpkg · layer units.street · field crs: the layer has no coordinate system."
    )


def test_a_table_without_crs_is_told(case: Case) -> None:
    case.sections["facilities"] = 'path = "facilities.csv"\ncomplete = true\ncolumns = { lon = "x", lat = "y" }'
    assert case.fault().code == "missing_crs"


def test_the_scenario_states_a_crs_that_the_file_lacks(case: Case) -> None:
    _without_crs(case.folder / "streets.gpkg")
    case.sections["units.street"] += f'\ncrs = "{CRS}"'
    assert case.read().units["street"].geometry["S1"].bounds == pytest.approx((X, Y, X + 1000, Y + 1000))


def test_two_crs_for_one_layer_are_told(case: Case) -> None:
    case.sections["units.street"] += '\ncrs = "EPSG:4490"'
    fault = case.fault()
    assert fault.code == "crs_conflict"
    assert "EPSG:4545" in fault.found
    assert "EPSG:4490" in fault.expected


def test_one_crs_under_two_names_is_no_conflict(case: Case) -> None:
    squares().to_file(case.folder / "streets.shp", encoding="utf-8")
    case.sections["units.street"] = f'path = "streets.shp"\ncrs = "{CRS}"'
    assert len(case.read().units["street"]) == 2


@pytest.mark.parametrize("crs", ["EPSG:999999", "the usual one", "EPSG:4978"])
def test_an_unusable_crs_is_told(case: Case, crs: str) -> None:
    case.sections["facilities"] = case.sections["facilities"].replace(CRS, crs)
    fault = case.fault()
    assert (fault.code, fault.file, fault.field) == ("unknown_crs", "facilities.csv", "crs")


def test_a_missing_file_is_told_with_its_path(case: Case) -> None:
    (case.folder / "facilities.csv").unlink()
    fault = case.fault()
    assert (fault.code, fault.file, fault.layer) == ("missing_file", "facilities.csv", "facilities")
    assert str(case.folder / "facilities.csv") in fault.message("zh")


@pytest.mark.parametrize("name", ["x.gpkg", "x.geojson", "x.shp", "x.unknown", "folder"])
def test_an_unreadable_file_is_told(case: Case, name: str) -> None:
    path = case.folder / name
    if name == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"nothing of the kind")
    case.sections["units.street"] = f'path = "{name}"'
    assert {(fault.code, fault.file) for fault in case.faults()} == {("unreadable_file", name)}


def test_layers_of_a_file_are_listed_when_the_one_asked_for_is_not_there(case: Case) -> None:
    path = case.folder / "streets.gpkg"
    squares().to_file(path, layer="other")
    case.sections["units.street"] += '\nlayer = "stret"'
    fault = case.fault()
    assert (fault.code, fault.field, fault.found, fault.expected) == (
        "layer_not_found",
        "layer",
        "stret",
        "streets, other",
    )


def test_one_of_several_layers_must_be_named(case: Case) -> None:
    squares(1).to_file(case.folder / "streets.gpkg", layer="other")
    assert (case.fault().code, case.fault().expected) == ("layer_not_named", "streets, other")
    case.sections["units.street"] += '\nlayer = "other"'
    assert case.read().units["street"].index.tolist() == ["S1"]


def test_a_table_without_geometry_beside_the_layer_is_no_second_layer(case: Case) -> None:
    styles = pd.DataFrame({"style": ["x"]})
    path = case.folder / "streets.gpkg"
    pyogrio.write_dataframe(styles, path, layer="layer_styles", append=True)
    assert len(case.read().units["street"]) == 2


@pytest.mark.parametrize("section", ["units.street", "facilities", "network"])
def test_an_empty_layer_must_be_declared(case: Case, section: str) -> None:
    name = {"units.street": "streets.gpkg", "facilities": "facilities.csv", "network": "walk.gpkg"}[section]
    path = case.folder / name
    if section == "facilities":
        case.facilities("id,name,tier,status,x,y\n")
    else:
        gpd.read_file(path).iloc[:0].to_file(path)
    faults = {fault.code: fault for fault in case.faults()}
    assert (faults["empty_layer"].file, faults["empty_layer"].layer) == (name, section)
    assert "empty = true" in faults["empty_layer"].message("en")


def test_an_empty_layer_that_is_declared_has_all_columns(case: Case) -> None:
    full = case.read().facilities
    case.facilities("")
    case.sections["facilities"] += "\nempty = true"
    found = case.read().facilities
    assert len(found) == 0
    assert found.dtypes.equals(full.dtypes)
    assert found.crs == full.crs


def test_a_layer_that_must_have_places_lists_its_columns_where_it_has_none(case: Case) -> None:
    (case.folder / "areas.csv").write_text("id,name,people\nA,甲,3\n", encoding="utf-8")
    case.sections["residential_areas"] = 'path = "areas.csv"\ncrs = "EPSG:4490"'
    fault = case.fault()
    assert (fault.code, fault.found) == ("no_coordinates", "id, name, people")


def _facilities(folder: Path, text: str, **keys: object) -> tuple[Raw | None, Log]:
    (folder / "ledger.csv").write_text(text, encoding="utf-8")
    log = Log()
    source = FacilityLayer(path=folder / "ledger.csv", complete=True, **keys)  # type: ignore[arg-type]
    return read_vector(source, log.layer("facilities", "ledger.csv")), log


def test_a_ledger_without_coordinates_is_placed_elsewhere(tmp_path: Path) -> None:
    raw, log = _facilities(tmp_path, "编号,名称,所在社区\nA,甲站,龙门浩社区\nB,乙站,上新街社区\n")
    assert raw is not None
    assert raw.frame.geometry.isna().all()
    assert raw.frame.crs.to_epsg() == 4326
    assert raw.frame["名称"].tolist() == ["甲站", "乙站"]
    assert log.faults.found == []


def test_records_of_a_ledger_may_lack_both_coordinates_but_not_one(tmp_path: Path) -> None:
    text = "编号,经度,纬度\nA,106.57,29.55\nB,,\nC,106.58,\n"
    raw, log = _facilities(tmp_path, text, crs="EPSG:4490")
    assert raw is not None
    assert raw.frame.geometry.isna().tolist() == [False, True, True]
    assert raw.refused == {raw.frame.index[2]}
    assert raw.frame.geometry.iloc[0].equals(shapely.Point(106.57, 29.55))
    assert [(fault.code, fault.row, fault.field) for fault in log.faults.found] == [
        ("coordinate_missing", "C", "lat (纬度)")
    ]


def test_coordinates_in_wkt_may_be_blank_in_a_ledger_only(case: Case, tmp_path: Path) -> None:
    raw, log = _facilities(tmp_path, "id,wkt\nA,POINT (106.57 29.55)\nB,\n", crs="EPSG:4490")
    assert raw is not None
    assert raw.frame.geometry.isna().tolist() == [False, True]
    assert log.faults.found == []
    table = squares().assign(wkt=squares().geometry.to_wkt()).drop(columns="geometry")
    table.loc[1, "wkt"] = ""
    table.to_csv(case.folder / "streets.csv", index=False)
    case.sections["units.street"] = f'path = "streets.csv"\ncrs = "{CRS}"'
    assert {(fault.code, fault.row) for fault in case.faults()} == {("null_geometry", "S2")}


def test_two_columns_for_one_coordinate_are_told(tmp_path: Path) -> None:
    raw, log = _facilities(tmp_path, "id,经度,纬度,lng\nA,106.57,29.55,3\n", crs="EPSG:4490")
    assert raw is None
    assert [(fault.code, fault.field, fault.found) for fault in log.faults.found] == [
        ("two_columns_for_key", "lon", "经度, lng")
    ]
    raw, log = _facilities(tmp_path, "id,经度,纬度,lng\nA,106.57,29.55,3\n", crs="EPSG:4490", columns={"lon": "经度"})
    assert raw is not None
    assert log.faults.found == []


def test_a_coordinate_mapped_to_nothing_is_not_sought(tmp_path: Path) -> None:
    text = "id,wkt,lon,lat\nA,bad,106.57,29.55\n"
    raw, log = _facilities(tmp_path, text, crs="EPSG:4490", columns={"wkt": ""})
    assert log.faults.found == []
    assert raw is not None
    assert raw.frame.geometry.iloc[0].equals(shapely.Point(106.57, 29.55))


def test_rows_of_totals_are_left_out_of_tables(tmp_path: Path) -> None:
    raw, log = _facilities(tmp_path, "编号,名称,经度,纬度\nA,甲站,106.57,29.55\n合计,,,\n", crs="EPSG:4490")
    assert raw is not None
    assert raw.frame["编号"].tolist() == ["A"]
    assert log.layers["facilities"]["rows"] == 2
    assert [note.code for note in log.notes] == ["total_rows_left_out"]


def test_a_mapped_coordinate_that_is_not_there_is_told(case: Case) -> None:
    case.sections["facilities"] = case.sections["facilities"].replace('"x"', '"东"')
    fault = case.fault()
    assert (fault.code, fault.field, fault.found) == ("column_not_found", "lon", "东")


def test_wrong_coordinates_are_told_by_row_and_field(case: Case) -> None:
    case.facilities("id,tier,status,x,y\nA,station,existing,here,3281100\n,station,existing,436100,\n")
    assert [(fault.code, fault.row, fault.field) for fault in case.faults()] == [
        ("coordinate_not_number", "A", "lon (x)"),
        ("coordinate_missing", "E3", "lat (y)"),
        ("missing_value", "A3", "id"),
    ]


def test_swapped_degrees_are_told(case: Case) -> None:
    case.facilities("id,tier,status,x,y\nA,station,existing,29.7,107.4\n")
    case.sections["facilities"] = case.sections["facilities"].replace(CRS, "EPSG:4490")
    assert case.fault().code == "swapped_axes"


def test_wrong_wkt_is_told_by_row(case: Case) -> None:
    case.facilities('id,tier,status,wkt\nA,station,existing,"POINT (436100 3281100)"\nB,station,existing,POINT(1\n')
    case.sections["facilities"] = f'path = "facilities.csv"\ncrs = "{CRS}"\ncomplete = true'
    assert (case.fault().code, case.fault().row, case.fault().field) == ("not_wkt", "B", "wkt")


def test_ragged_rows_are_told_by_line_and_blank_ones_left_out(case: Case) -> None:
    case.facilities("id,tier,status,x,y\nA,station,existing,436100,3281100\n,,,,\n\nB,station,existing,1,2,3\nC\n")
    assert [(fault.code, fault.row, fault.found, fault.expected) for fault in case.faults()] == [
        ("ragged_row", "5", "6", "5"),
        ("ragged_row", "6", "1", "5"),
    ]


def test_a_table_of_which_no_row_is_whole_is_not_called_empty(case: Case) -> None:
    case.facilities("id,tier,status,x,y\nA,station,existing,436100,3281100,1,2,3\n")
    assert [(fault.code, fault.row) for fault in case.faults()] == [("ragged_row", "2")]


def test_a_column_that_is_named_twice_is_told(case: Case) -> None:
    case.facilities("id,id,tier,status,x,y\nA,B,station,existing,436100,3281100\n")
    assert (case.fault().code, case.fault().field) == ("column_twice", "id")


def test_the_encoding_is_what_the_scenario_says(case: Case) -> None:
    path = case.folder / "facilities.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    case.sections["facilities"] += '\nencoding = "UTF-8"'
    fault = case.fault()
    assert (fault.code, fault.file, fault.expected) == ("bad_encoding", "facilities.csv", "UTF-8")
    case.sections["facilities"] = case.sections["facilities"].replace("UTF-8", "gb18030")
    assert case.read().facilities["name"].tolist() == ["一号站", "二号站", "三号中心"]
    case.sections["facilities"] = case.sections["facilities"].replace("gb18030", "gb-what")
    assert (case.fault().code, case.fault().expected) == ("bad_encoding", "gb-what")


def test_a_shapefile_reads_in_the_encoding_that_is_stated(case: Case) -> None:
    squares().to_file(case.folder / "streets.shp", encoding="gb18030")
    (case.folder / "streets.cpg").unlink()
    case.sections["units.street"] = 'path = "streets.shp"\nencoding = "gb18030"'
    inputs = case.read()
    assert inputs.units["street"]["name"].tolist() == ["S1街道", "S2街道"]
    assert {key for key in inputs.digests if key.startswith("units")} == {
        "units.street[dbf]",
        "units.street[prj]",
        "units.street[shp]",
        "units.street[shx]",
    }


def test_a_ring_that_is_not_closed_is_told_as_broken(case: Case) -> None:
    ring = "[[107.34,29.65],[107.36,29.65],[107.36,29.66]]"
    (case.folder / "streets.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"S1","name":"x"},'
        f'"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}]}}',
        encoding="utf-8",
    )
    case.sections["units.street"] = 'path = "streets.geojson"'
    assert ("null_geometry", "S1") in {(fault.code, fault.row) for fault in case.faults()}


def test_a_null_geometry_is_told_by_row(case: Case) -> None:
    streets = squares()
    streets.loc[1, "geometry"] = None
    streets.to_file(case.folder / "streets.gpkg")
    fault = case.fault()
    assert (fault.code, fault.file, fault.row) == ("null_geometry", "streets.gpkg", "S2")


def test_a_duplicate_id_is_told_by_row(case: Case) -> None:
    squares().assign(id="S1").to_file(case.folder / "streets.gpkg")
    fault = case.fault()
    assert (fault.code, fault.file, fault.row, fault.field) == ("duplicate_id", "streets.gpkg", "S1", "id")
    assert fault.message("zh").startswith(
        "streets.gpkg · 图层 单元：街道（镇）（units.street） · 行 S1 · 字段 id：编号重复，出现在 #1, #2"
    )


def test_the_name_of_the_file_is_told_and_not_the_folder(case: Case, tmp_path: Path) -> None:
    case.add_columns(tier=["hotel", "station", "centre"])
    assert str(tmp_path) not in case.fault().message("en")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".geoparquet"])
def test_no_table_has_more_columns_than_the_page_says(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    table = pd.DataFrame([[0] * 2_001], columns=[f"k{at}" for at in range(2_001)])
    if suffix == ".csv":
        table.to_csv(path, index=False)
    elif suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        frame = gpd.GeoDataFrame(table.iloc[:, :2_000], geometry=[shapely.Point(0, 0)], crs=4490)
        frame.to_parquet(path, index=False)
    log = Log()
    assert read_vector(Layer(path=path), log.layer("facilities", path)) is None
    assert [(fault.code, fault.found) for fault in log.faults.found] == [("too_many_columns", "2,001")]


@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders there")
@pytest.mark.parametrize("kind", ["pipe", "device", "loop", "long", "none"])
def test_what_is_no_ordinary_file_is_told_and_not_waited_for(case: Case, kind: str) -> None:
    path = case.folder / "sites.csv"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    name = "长" * 300 if kind == "long" else "sites"
    case.sections["candidates"] = f'path = "{name}.csv"\ncrs = "EPSG:4545"'
    case.sections["terrain"] = f'path = "{name}.csv"'
    expected = {"pipe": "no_ordinary_file", "device": "no_ordinary_file", "none": "missing_file"}
    told = [(fault.code, fault.layer) for fault in case.faults()]
    code = expected.get(kind, "unreadable_file")
    assert sorted(told) == [(code, "candidates"), (code, "terrain")]
    found = list(named_files(read_scenario(case.path())))
    assert case.folder / f"{name}.csv" in found


@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders there")
def test_a_pipe_in_a_folder_is_not_waited_for(case: Case) -> None:
    for name in ("a.csv", "b.osm", "c.tif", "d.gpkg"):
        os.mkfifo(case.folder / name)
    told = {look.path: look.form for look in looks(case.folder)}
    assert [told[name] for name in ("a.csv", "b.osm", "c.tif", "d.gpkg")] == ["unknown"] * 4


def test_a_pattern_in_a_folder_that_is_not_there_is_told(case: Case) -> None:
    case.sections["population"] = f'residents = {{ pattern = "{"长" * 300}/r_{{age}}.tif", unit = "persons per cell" }}'
    assert [fault.layer for fault in case.faults()] == ["population.residents"]
