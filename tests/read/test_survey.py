"""What the files of a folder are taken for, and that the scenario written from them runs."""

import datetime as dt
import os
import re
import shutil
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from openpyxl import Workbook, load_workbook

import siting
from siting.cli import main
from siting.domain.scenario import Layer, StandardsChoice
from siting.errors import InputError
from siting.read import load_standards
from siting.read.log import Log
from siting.read.sources.vectors import read_vector
from siting.read.survey import survey
from siting.text import LANGS, Lang
from siting.write.template import remark_text, scenario_template
from tests.read.case import CRS, X, Y, lines, squares, write_raster


@pytest.fixture
def district(sample: Path, tmp_path: Path) -> Path:
    """The sample's files without its scenario."""
    folder = tmp_path / "district"
    shutil.copytree(sample.parent, folder, ignore=shutil.ignore_patterns("scenario.toml"))
    return folder


def answered(text: str) -> str:
    """Take the # away below every question: the examples happen to be the answers here."""
    found, asked = [], False
    for line in text.splitlines():
        if re.match(r"# [?？]", line):
            asked = True
        elif asked and re.match(r"#\w", line):
            line, asked = line[1:], False  # noqa: PLW2901
        found.append(line)
    return "\n".join(found)


def new(folder: Path, lang: Lang = "zh") -> int:
    with pytest.raises(SystemExit) as left:
        main(["new", str(folder), "--lang", lang, "--quiet", "--date", "2026-01-01"])
    return int(left.value.code or 0)


def squares_named(*names: str) -> gpd.GeoDataFrame:
    return squares(len(names)).assign(name=list(names))


def table(path: Path, **columns: Any) -> None:
    pd.DataFrame(columns).to_csv(path, index=False)


@pytest.mark.parametrize("lang", ["zh"])
def test_the_scenario_of_the_sample_folder_gives_the_totals_of_its_own(
    lang: Lang, district: Path, sample: Path
) -> None:
    assert new(district, lang) == 0
    file = district / "scenario.toml"
    with pytest.raises(InputError) as refused:
        siting.read_scenario(file)
    # What it cannot know it does not guess.
    assert {fault.field for fault in refused.value.faults} == {
        "population.residents", "population.elderly", "facilities.complete",
    }  # fmt: skip
    file.write_text(answered(file.read_text(encoding="utf-8")), encoding="utf-8")
    ours, own = siting.check(siting.read_scenario(file)), siting.check(siting.read_scenario(sample))
    assert dict(ours.totals) == dict(own.totals)
    assert list(ours.units["id"]) == list(own.units["id"])


def test_a_crs_that_a_table_lacks_is_asked_and_never_filled_in(district: Path) -> None:
    draft = survey(district)
    assert {"facilities.crs", "candidates.crs", "facilities.complete"} <= set(draft.asked)
    assert not any(key.endswith(".crs") for key in draft.filled)
    whole = tomllib.loads(scenario_template("zh", draft))
    assert "crs" not in whole["facilities"]
    assert "unit" not in whole["population"]["residents"]


def test_a_folder_gives_the_same_draft_twice_and_the_same_text(district: Path) -> None:
    one, other = survey(district), survey(district)
    assert one == other
    assert scenario_template("en", one) == scenario_template("en", other)


@pytest.mark.parametrize("lang", LANGS)
def test_an_empty_folder_gives_the_template(lang: Lang, tmp_path: Path) -> None:
    assert new(tmp_path / "nothing", lang) == 0
    assert (tmp_path / "nothing" / "scenario.toml").read_text(encoding="utf-8") == scenario_template(lang)


def test_a_scenario_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text("mine")
    assert new(tmp_path) == 2
    assert (tmp_path / "scenario.toml").read_text() == "mine"


@pytest.mark.parametrize("lang", LANGS)
def test_our_own_forms_are_known(tmp_path: Path, lang: Lang) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["new", str(tmp_path), "--forms", "--lang", lang, "--quiet"])
    squares().to_file(tmp_path / "居住区.gpkg")
    found = survey(tmp_path)
    # Nobody has filled them in.
    assert [remark.code for remark in found.rest] == ["blank_form"] * 3
    assert set(found.remarks) & {"facilities", "candidates"} == set()
    assert "residential_areas.attributes" not in found.filled
    for file in tmp_path.glob("*.xlsx"):
        book = load_workbook(file)
        book.worksheets[0]["A2"] = "1"
        book.save(file)
    found = survey(tmp_path)
    assert {"facilities", "candidates"} <= set(found.remarks)
    assert not found.rest
    assert "residential_areas.attributes" in found.filled


def test_what_is_not_understood_is_listed_and_opened_no_further(tmp_path: Path) -> None:
    squares().to_file(tmp_path / "streets.gpkg")
    (tmp_path / "笔记.docx").write_bytes(b"\0")
    (tmp_path / "broken.gpkg").write_bytes(b"no database")
    table(tmp_path / "prices.csv", when=["a"], price=[3])
    draft = survey(tmp_path)
    assert {remark.values["file"] for remark in draft.rest} == {"笔记.docx", "broken.gpkg", "prices.csv"}
    text = scenario_template("zh", draft)
    assert "· prices.csv" in text
    assert set(tomllib.loads(text)["units"]) == {"street", "district"}


def test_names_of_units_tell_their_level_where_the_file_does_not(tmp_path: Path) -> None:
    squares_named("南坪街道", "峡口镇").to_file(tmp_path / "a.gpkg")
    squares_named("花园社区", "石马村").to_file(tmp_path / "b.gpkg")
    draft = survey(tmp_path)
    assert draft.filled["units.street.path"] == "a.gpkg"
    assert draft.filled["units.community.path"] == "b.gpkg"
    assert any(remark.code == "because_values" for remark in draft.remarks["units.street"])


def test_a_name_goes_before_what_values_say_whatever_the_order_of_files(tmp_path: Path) -> None:
    squares_named("南坪街道", "峡口镇").to_file(tmp_path / "a_result.gpkg")
    squares_named("南坪街道", "峡口镇").to_file(tmp_path / "街道.gpkg")
    draft = survey(tmp_path)
    assert draft.filled["units.street.path"] == "街道.gpkg"
    assert [remark.code for remark in draft.rest] == ["spare"]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("永久基本农田.gpkg", "constraints.exclude.farmland"),
        ("生态保护红线.gpkg", "constraints.exclude.ecology"),
        ("河道管理范围.gpkg", "constraints.exclude.flood"),
        ("城镇开发边界.gpkg", "constraints.exclude.growth"),
        ("居住区.gpkg", "residential_areas"),
        ("绿地.gpkg", "basemap.green"),
        ("规划用地.gpkg", "constraints.land_use"),
        ("社区.gpkg", "units.community"),
        ("区县界.gpkg", "units.district"),
    ],
)
def test_names_of_polygons_tell_their_role(name: str, role: str, tmp_path: Path) -> None:
    squares().to_file(tmp_path / name)
    assert survey(tmp_path).filled[f"{role}.path"] == name


def test_beyond_a_growth_boundary_one_may_not_build(tmp_path: Path) -> None:
    squares().to_file(tmp_path / "城镇开发边界.gpkg")
    assert survey(tmp_path).filled["constraints.exclude.growth.side"] == "outside"


def test_lines_and_points_and_tables(tmp_path: Path) -> None:
    lines().to_file(tmp_path / "streets.gpkg")
    places = gpd.GeoDataFrame({"床位数": [3]}, geometry=[shapely.Point(X, Y)], crs=CRS)
    places.to_file(tmp_path / "p.gpkg")
    table(tmp_path / "闲置资源.csv", 名称=["甲"], 经度=[107.4], 纬度=[29.7])
    draft = survey(tmp_path)
    assert draft.filled["network.path"] == "streets.gpkg"
    assert draft.filled["facilities.path"] == "p.gpkg"
    assert draft.filled["facilities.columns"] == {"beds": "床位数"}
    assert "facilities.crs" not in draft.asked
    assert draft.filled["candidates.columns"] == {"id": "名称", "name": "名称"}


@pytest.mark.parametrize(
    ("column", "values", "asked"),
    [
        ("备注", ["梯道", "解放路", "人民路"], "备注: 梯道 ×1"),
        ("道路类型", ["步行梯道", "城市支路", "城市支路"], None),
        ("kind", ["stairs", "street", "street"], None),
    ],
)
def test_only_words_for_stairs_in_a_column_that_is_not_recognised_are_asked_about(
    tmp_path: Path, column: str, values: list[str], asked: str | None
) -> None:
    lines().drop(columns="kind").assign(**{column: values}).to_file(tmp_path / "道路.gpkg")
    found = survey(tmp_path).asked.get("network.columns.kind")
    assert (None if found is None else found.values["columns"]) == asked


def test_a_ledger_without_coordinates_is_placed_by_the_names_it_gives(tmp_path: Path) -> None:
    table(tmp_path / "台账.csv", 名称=["甲站", "乙站"], 床位数=[3, 4], 所在社区=["花园社区", "石马社区"])
    draft = survey(tmp_path)
    assert draft.filled["facilities.path"] == "台账.csv"
    assert "facilities.crs" not in draft.asked


def test_names_that_stand_twice_are_no_ids(tmp_path: Path) -> None:
    table(tmp_path / "台账.csv", 名称=["甲站", "甲站"], 床位数=[3, 4], 所在社区=["花园社区", "石马社区"])
    assert "id" not in survey(tmp_path).filled["facilities.columns"]


def test_a_table_of_people_joins_the_units_that_were_found(tmp_path: Path) -> None:
    squares_named("南坪街道", "峡口镇").to_file(tmp_path / "街道.gpkg")
    table(tmp_path / "七普.csv", 街道=["南坪街道", "峡口镇"], 常住人口=[3, 4])
    draft = survey(tmp_path)
    assert draft.filled["population.residents.attributes"] == "七普.csv"
    assert draft.filled["population.residents.level"] == "street"
    assert not [key for key in draft.asked if key.startswith(("units", "population"))]


# --- rasters ----------------------------------------------------------------------------------------------------------


def raster(path: Path, values: Any = None) -> None:
    write_raster(path, np.ones((4, 4)) if values is None else values)


def test_bands_of_age_become_a_pattern(tmp_path: Path) -> None:
    for age in (0, 1, 60, 65):
        for sex in "fm":
            raster(tmp_path / f"chn_{sex}_{age}_2020.tif")
    draft = survey(tmp_path)
    assert draft.filled["population.elderly.pattern"] == "chn_{sex}_{age}_2020.tif"
    assert draft.filled["population.elderly.from_age"] == 60
    assert draft.filled["population.residents.pattern"] == "chn_{sex}_{age}_2020.tif"
    assert "population.residents.from_age" not in draft.filled
    # The producer's form of names says what a cell holds.
    assert draft.filled["population.elderly.unit"] == "persons per cell"


def test_ranges_of_age_that_follow_one_another_are_added_up(tmp_path: Path) -> None:
    raster(tmp_path / "age60_64.tif")
    raster(tmp_path / "age65above.tif")
    raster(tmp_path / "residents.tif")
    draft = survey(tmp_path)
    assert draft.filled["population.elderly.bands"] == ("age60_64.tif", "age65above.tif")
    assert draft.filled["population.elderly.from_age"] == 60
    assert "population.elderly.path" not in draft.filled
    assert draft.filled["population.residents.path"] == "residents.tif"
    assert tomllib.loads(scenario_template("zh", draft))["population"]["elderly"]["bands"] == [
        "age60_64.tif", "age65above.tif",
    ]  # fmt: skip


def test_ranges_of_age_with_a_hole_are_not_added_up(tmp_path: Path) -> None:
    raster(tmp_path / "age60_64.tif")
    raster(tmp_path / "age70above.tif")
    draft = survey(tmp_path)
    assert "population.elderly.bands" not in draft.filled
    assert draft.filled["population.elderly.path"] == "age60_64.tif"


@pytest.mark.parametrize(
    ("name", "age"),
    [("pop 60+", 60), ("pop 60", 60), ("60 +", 60), ("ppp_65plus", 65), ("population_over_60", 60), ("elderly", None)],
)
def test_an_age_in_a_name_tells_the_elderly(name: str, age: int | None, tmp_path: Path) -> None:
    raster(tmp_path / f"{name}.tif")
    raster(tmp_path / "pop_60m_2060.tif")
    raster(tmp_path / "人口80岁.tif")
    draft = survey(tmp_path)
    assert draft.filled["population.elderly.path"] == f"{name}.tif"
    assert draft.filled.get("population.elderly.from_age") == age
    assert ("population.elderly.from_age" in draft.optional) == (age is None)
    assert draft.filled["population.residents.path"] == "pop_60m_2060.tif"
    # Those from 80 are neither the residents nor all the elderly.
    assert [(each.code, each.values["file"]) for each in draft.rest] == [("bands_without_start", "人口80岁.tif")]


def test_names_that_are_not_utf8_are_told_and_the_rest_is_taken(tmp_path: Path) -> None:
    raster(tmp_path / "pop.tif")
    (tmp_path / os.fsdecode("台账.csv".encode("gbk"))).write_text("id\n", encoding="utf-8")
    (tmp_path / os.fsdecode("试验".encode("gbk"))).mkdir()
    assert new(tmp_path) == 0
    draft = survey(tmp_path)
    assert draft.filled["population.residents.path"] == "pop.tif"
    assert [each.values["reason"].code for each in draft.rest] == ["name_not_utf8"] * 2  # type: ignore[union-attr]


def test_a_folder_whose_name_is_not_utf8_is_refused_by_its_name(sample: Path, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode("试验".encode("gbk"))
    folder.mkdir()
    shutil.copy(sample, folder / "scenario.toml")
    for read in (lambda: siting.read_scenario(folder / "scenario.toml"), lambda: survey(folder)):
        with pytest.raises(InputError) as refused:
            read()
        assert [fault.code for fault in refused.value.faults] == ["name_not_utf8"]
        assert "<U+DCCA>" in str(refused.value)


def test_a_year_is_no_age(tmp_path: Path) -> None:
    for year in (2015, 2020):
        raster(tmp_path / f"pop_{year}.tif")
    draft = survey(tmp_path)
    assert draft.filled["population.residents.path"] == "pop_2015.tif"
    assert [remark.code for remark in draft.rest] == ["spare"]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("pop_per_ha.tif", "persons per ha"),
        ("人口_人每平方公里.tif", "persons per km2"),
        ("chn_ppp_2020.tif", "persons per cell"),
        ("pop.tif", None),
    ],
)
def test_the_unit_of_a_raster_is_taken_from_its_name_or_asked(name: str, unit: str | None, tmp_path: Path) -> None:
    raster(tmp_path / name)
    draft = survey(tmp_path)
    assert draft.filled.get("population.residents.unit") == unit
    assert ("population.residents.unit" in draft.asked) == (unit is None)


def test_values_tell_heights_from_people_where_names_do_not(tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:60, 0:60]
    raster(tmp_path / "a.tif", 200 + 40 * np.sin(rows / 20) + columns * 1.5)
    crowd = np.zeros((60, 60))
    crowd[::7, ::5] = 30.0
    raster(tmp_path / "b.tif", crowd)
    raster(tmp_path / "c.tif", np.full((60, 60), 7.0))
    draft = survey(tmp_path)
    assert draft.filled["terrain.path"] == "a.tif"
    assert draft.filled["population.residents.path"] == "b.tif"
    assert [(remark.code, remark.values["file"]) for remark in draft.rest] == [("raster_unclear", "c.tif")]


# --- real folders -----------------------------------------------------------------------------------------------------


def test_real_folders_are_recognised(shared: Path) -> None:
    porto = survey(shared / "realdata" / "porto_alegre").filled
    assert porto["network.path"] == "poa_osm.pbf"
    assert porto["terrain.path"] == "poa_elevation.tif"
    assert porto["population.residents.path"] == "ghspop_poa_54009_100m.tif"
    assert porto["facilities.path"] == "facilities_existing_wgs84.csv"
    assert porto["candidates.path"] == "facilities_candidates_wgs84.csv"
    chongqing = survey(shared / "realdata" / "chongqing_core")
    assert chongqing.filled["units.district.path"] == "districts_gbk_shp/区县界_area.shp"
    assert chongqing.filled["population.residents.path"] == "ghspop_chongqing_54009_100m.tif"
    tomllib.loads(scenario_template("zh", chongqing))


# --- formats and kinds of shapes --------------------------------------------------------------------------------------


def units(kind: str = "") -> gpd.GeoDataFrame:
    """Two streets, drawn as a plane or in space, as single polygons or several."""
    flat = squares_named("南坪街道", "峡口镇")
    shapes = flat.geometry.to_numpy()
    if "Z" in kind:
        shapes = shapely.force_3d(shapes, 5.0)
    if "Multi" in kind:
        shapes = np.array([shapely.MultiPolygon([shape]) for shape in shapes], dtype=object)
    if "mixed" in kind:
        shapes = np.array([shapes[0], shapely.MultiPolygon([shapes[1]])], dtype=object)
    return gpd.GeoDataFrame(flat.drop(columns="geometry"), geometry=shapes, crs=CRS)


def test_the_three_files_that_were_not_seen(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = shared / "cases" / "new-sees-nothing"
    for file in ("communities.parquet", "communities_mixed.geojson", "edges.gpkg"):
        folder = tmp_path / file
        folder.mkdir()
        shutil.copy(case / file, folder)
        draft = survey(folder)
        role = "network" if file.startswith("edges") else "units.community"
        assert draft.filled[f"{role}.path"] == file
        assert draft.remarks[role][1].code.startswith("because_")
        source = Layer(path=folder / file)
        found = read_vector(source, Log().layer(role, file))
        assert found is not None
        assert len(found.frame) == 2
        with pytest.raises(SystemExit, match=r"^0$"):
            main(["new", str(folder), "--lang", "en"])
        assert f"{role} ← {file}" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["Polygon", "PolygonZ", "MultiPolygon", "MultiPolygonZ", "mixed", "mixedZ"])
@pytest.mark.parametrize("file", ["a.gpkg", "a.geojson", "a.fgb", "a.kml", "a.gdb", "a.shp", "a.parquet"])
def test_polygons_of_every_kind_are_units_in_every_format(kind: str, file: str, tmp_path: Path) -> None:
    # A FileGDB holds one kind of shape.
    frame, path = units(kind.replace("mixed", "Multi") if file.endswith(".gdb") else kind), tmp_path / file
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        driver = {".gdb": "OpenFileGDB", ".kml": "KML"}.get(path.suffix)
        frame.to_crs(4326).to_file(path, driver=driver)
    draft = survey(tmp_path)
    assert draft.filled["units.street.path"] == file
    assert "units.street.crs" not in draft.asked
    assert draft.rest == ()


def test_points_of_several_parts_and_plots_are_sites(tmp_path: Path) -> None:
    point, plot = shapely.MultiPoint([(X, Y)]), shapely.box(X, Y, X + 50, Y + 50)
    for folder, shapes in (("points", [point, point]), ("plots", [plot, plot]), ("both", [point, plot])):
        path = tmp_path / folder / "p.gpkg"
        path.parent.mkdir()
        gpd.GeoDataFrame({"床位数": [3, 4]}, geometry=shapes, crs=CRS).to_file(path)
        assert survey(path.parent).filled["facilities.path"] == "p.gpkg"


def test_shapes_of_no_one_kind_are_told(tmp_path: Path) -> None:
    both = [shapely.Point(X, Y), shapely.LineString([(X, Y), (X + 1, Y)])]
    gpd.GeoDataFrame({"n": [1, 2]}, geometry=both, crs=CRS).to_file(tmp_path / "both.geojson")
    whole = [shapely.GeometryCollection(both)]
    gpd.GeoDataFrame({"n": [1]}, geometry=whole, crs=CRS).to_file(tmp_path / "collection.geojson")
    told = {remark.values["file"]: remark for remark in survey(tmp_path).rest}
    assert told["both.geojson"].code == told["collection.geojson"].code == "kinds_mixed"
    assert told["both.geojson"].values["kinds"] == "LineString, Point"


@pytest.mark.parametrize("names", [["街道.gpkg"], ["街道.gpkg", "x/communities.shp"]])
def test_what_a_zip_holds_is_known_and_read_by_the_name_that_is_written(names: list[str], tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    for name in names:
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        squares_named("甲", "乙").to_file(inside / name)
    folder = tmp_path / "folder"
    folder.mkdir()
    with zipfile.ZipFile(folder / "边界.zip", "w") as archive:
        for file in sorted(inside.rglob("*.*")):
            archive.write(file, file.relative_to(inside).as_posix())
    draft = survey(folder)
    roles = ["units.street", "units.community"][: len(names)]
    for role in roles:
        source = Layer(path=folder / str(draft.filled[f"{role}.path"]), layer=draft.filled.get(f"{role}.layer"))
        found = read_vector(source, Log().layer(role, "边界.zip"))
        assert found is not None
        assert sorted(found.frame["name"]) == ["乙", "甲"]


def test_tables_of_every_kind(tmp_path: Path) -> None:
    units().to_file(tmp_path / "街道.gpkg")
    pd.DataFrame({"街道": ["南坪街道", "峡口镇"], "常住人口": [3, 4]}).to_parquet(tmp_path / "七普.parquet")
    shapes = squares_named("甲社区", "乙社区")
    table(tmp_path / "s.csv", name=shapes["name"], wkt=shapes.geometry.to_wkt())
    (tmp_path / "站点.tsv").write_text("name\t床位数\t经度\t纬度\n甲\t3\t107.4\t29.7\n", encoding="utf-8")
    draft = survey(tmp_path)
    assert draft.filled["population.residents.attributes"] == "七普.parquet"
    assert draft.filled["units.community.path"] == "s.csv"
    assert "units.community.crs" in draft.asked
    assert draft.filled["facilities.path"] == "站点.tsv"


WAY = '<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="footway"/></way>'
NODES = '<node id="1" lat="29" lon="107"/><node id="2" lat="29" lon="107.01"/>'


@pytest.mark.parametrize("name", ["a.osm", "a.osm.xml"])
def test_openstreetmap_as_text(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(f'<osm version="0.6">{NODES}{WAY}</osm>')
    assert survey(tmp_path).filled["network.path"] == name
    (tmp_path / name).write_text(f'<osm version="0.6">{NODES}</osm>')
    assert [remark.code for remark in survey(tmp_path).rest] == ["osm_without_ways"]


def test_ways_are_known_by_their_columns(tmp_path: Path) -> None:
    ways = lines().drop(columns="kind").assign(osm_id=["1", "2", "3"], highway=["footway", "motorway", "residential"])
    ways.to_file(tmp_path / "e.gpkg")
    rivers = lines().drop(columns="kind").assign(osm_id=["4", "5", "6"], waterway="river")
    rivers.to_file(tmp_path / "w.gpkg")
    draft = survey(tmp_path)
    assert draft.filled["network.path"] == "e.gpkg"
    # Reading leaves the motorway out by itself: nothing is asked.
    assert "network.rows" not in draft.asked
    assert [remark.values["file"] for remark in draft.rest] == ["w.gpkg"]


def test_what_cannot_be_opened_is_told_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_bytes(b"no database")
    (tmp_path / "b.osm.pbf").write_bytes(b"no osm")
    (tmp_path / "c.zip").write_bytes(b"PK")
    (tmp_path / "d.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "e.parquet").write_bytes(b"PAR1")
    (tmp_path / "f.csv").write_bytes(b"\xff\xff\x00\x81")
    (tmp_path / "g.docx").write_bytes(b"")
    (tmp_path / "x" / "y" / "z").mkdir(parents=True)
    rest = survey(tmp_path).rest
    opened = {str(remark.values["file"]): remark for remark in rest if remark.code == "not_opened"}
    assert sorted(opened) == ["a.gpkg", "b.osm.pbf", "c.zip", "d.xls", "e.parquet", "f.csv"]
    assert {remark.code for remark in rest} == {"not_opened", "not_known", "too_deep"}
    for lang in LANGS:
        for name, remark in opened.items():
            text = remark_text(remark, lang)
            assert text.startswith(name)
            assert str(tmp_path) not in text
    assert ".xlsx" in remark_text(opened["d.xls"], "en")


@pytest.mark.parametrize(("lang", "word"), [("zh", "没有识别出任何数据"), ("en", "No data were recognised")])
def test_where_nothing_is_known_it_says_so_and_what_it_looked_for(
    lang: Lang, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table(tmp_path / "prices.csv", when=["a"], price=[3])
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["new", str(tmp_path), "--lang", lang])
    told = capsys.readouterr().out.replace("\n", "")
    assert word in told
    assert "GeoPackage" in told
    assert "prices.csv" in told
    assert "prices.csv" in (tmp_path / "scenario.toml").read_text(encoding="utf-8")


# --- the standards, and coordinates that are shifted ------------------------------------------------------------------


def boundaries(lon: float, lat: float, *names: str) -> gpd.GeoDataFrame:
    shapes = [shapely.box(lon + i * 0.01, lat, lon + (i + 1) * 0.01, lat + 0.01) for i in range(len(names))]
    codes = [str(500101 + i) for i in range(len(names))]
    return gpd.GeoDataFrame({"adcode": codes, "name": names}, geometry=shapes, crs=4326)


@pytest.mark.parametrize(
    ("lon", "lat", "names", "place", "asked"),
    [
        (106.55, 29.53, ("甲街道", "乙街道"), "重庆市", None),
        (106.55, 29.53, ("南岸区",), "重庆市南岸区", None),
        (106.55, 29.53, ("南岸区", "渝中区"), "重庆市", None),
        (106.55, 29.53, ("渝中区",), "重庆市", None),
        (116.4, 39.9, ("东城区",), None, "standards.ids"),
        (-3.7, 40.4, ("Centro", "Retiro"), None, "standards.files"),
    ],
)
def test_the_place_of_the_standards_comes_from_the_data_or_is_asked(
    lon: float, lat: float, names: tuple[str, ...], place: str | None, asked: str | None, tmp_path: Path
) -> None:
    boundaries(lon, lat, *names).to_file(tmp_path / "districts.gpkg")
    draft = survey(tmp_path)
    assert draft.filled.get("standards.place") == place
    assert [key for key in draft.asked if key.startswith("standards.")] == ([] if asked is None else [asked])
    for lang in LANGS:
        written = tomllib.loads(scenario_template(lang, draft))["standards"]
        assert written == ({} if place is None else {"place": place})
    if place is not None:
        assert load_standards(StandardsChoice(place=place), dt.date(2026, 1, 1))


def test_a_place_that_no_file_tells_is_asked(tmp_path: Path) -> None:
    squares_named("甲街道", "乙街道").to_file(tmp_path / "a.shp", encoding="gbk")
    (tmp_path / "a.prj").unlink()
    assert "standards.place" in survey(tmp_path).asked


def test_coordinates_in_a_table_tell_the_place(tmp_path: Path) -> None:
    table(tmp_path / "养老设施.csv", 名称=["甲", "乙"], 经度=[-3.7, -3.6], 纬度=[40.4, 40.5])
    assert "standards.files" in survey(tmp_path).asked


def test_the_standard_that_is_asked_for_abroad_can_be_made(tmp_path: Path) -> None:
    boundaries(-3.7, 40.4, "Centro").to_file(tmp_path / "districts.gpkg")
    draft = survey(tmp_path)
    (name,) = draft.suggested["standards.files"]  # type: ignore[misc]
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["standards", "new", str(tmp_path / name), "--quiet"])
    assert load_standards(StandardsChoice(files=(tmp_path / name,)), dt.date(2026, 1, 1))


def test_chongqing_lies_within_the_extent_that_is_taken_for_it(shared: Path) -> None:
    file = shared / "realdata" / "chongqing_core" / "districts_gbk_shp" / "区县界_area.shp"
    whole = gpd.read_file(file, encoding="gbk").to_crs(4326)
    west, south, east, north = whole.total_bounds
    assert (west >= 105.18, south >= 28.16, east <= 110.2, north <= 32.22) == (True, True, True, True)
    # And it is no larger than that: the rectangle ends within some kilometres of the municipality.
    assert max(west - 105.18, south - 28.16, 110.19 - east, 32.22 - north) < 0.15


def test_the_code_of_published_boundaries_is_an_id_and_their_shift_is_asked_about(tmp_path: Path) -> None:
    frame = boundaries(106.55, 29.53, "南岸区", "渝中区").assign(acroutes="[100000]", subFeatureIndex=[0, 1])
    frame.to_file(tmp_path / "500000_full.json", driver="GeoJSON")
    draft = survey(tmp_path)
    assert draft.filled["units.district.columns"] == {"id": "adcode"}
    assert draft.asked["units.district.crs"].code == "ask_gcj02"
    assert "adcode" in str(draft.asked["units.district.crs"].values["sign"])
    assert "units.district.crs" not in draft.filled
    text = scenario_template("zh", draft)
    assert "crs" not in tomllib.loads(text)["units"]["district"]
    assert tomllib.loads(answered(text))["units"]["district"]["crs"] == "gcj02"


@pytest.mark.parametrize("name", ["streets_gcj02.geojson", "街道-GCJ-02.geojson", "街道（火星坐标）.geojson"])
def test_a_name_that_says_gcj02_is_asked_about(name: str, tmp_path: Path) -> None:
    boundaries(106.55, 29.53, "甲街道").drop(columns="adcode").to_file(tmp_path / name)
    draft = survey(tmp_path)
    assert draft.suggested["units.street.crs"] == "gcj02"


def test_the_year_of_old_estates_is_asked_where_years_are_and_nothing_says_which_are_old(district: Path) -> None:
    draft = survey(district)
    assert draft.asked["standards.old_estate_before_year"].code == "ask_old_estate"
    # Without it old areas are not judged; nothing must be filled in.
    assert "standards.old_estate_before_year" in draft.optional
    assert "standards.old_estate_before_year" not in draft.needed
    assert "#old_estate_before_year = 2000" in scenario_template("zh", draft)
    file = district / "residential_areas.gpkg"
    areas = gpd.read_file(file)
    areas.assign(老旧小区="否").to_file(file)
    assert "standards.old_estate_before_year" not in survey(district).asked
    areas.drop(columns="year_built", errors="ignore").drop(columns="建成年份", errors="ignore").to_file(file)
    assert "standards.old_estate_before_year" not in survey(district).asked


def test_how_coverage_is_read_is_asked_where_units_and_facilities_are(district: Path) -> None:
    draft = survey(district)
    assert draft.asked["standards.coverage"].code == "ask_coverage"
    assert "standards.coverage" in draft.optional
    # It may be left as it is.
    text = scenario_template("zh", draft)
    assert "coverage" not in tomllib.loads(text)["standards"]
    assert '#coverage = "any_facility"' in text
    (district / "facilities.csv").unlink()
    assert "standards.coverage" not in survey(district).asked


def test_people_by_unit_stand_for_the_raster_that_lacks(tmp_path: Path) -> None:
    squares_named("甲社区", "乙社区").to_file(tmp_path / "社区.gpkg")
    (tmp_path / "人口.csv").write_text(
        "所属街道,社区名称,常住人口,60岁以上,65岁以上\n丙街道,甲社区,10,4,3\n丙街道,乙社区,20,5,4\n合计,,30,9,7\n",
        "utf-8",
    )
    filled = survey(tmp_path).filled
    table = {"level": "community", "attributes": "人口.csv"}
    for who in ("residents", "elderly"):
        assert {key: filled.get(f"population.{who}.{key}") for key in table} == table
    assert filled["population.elderly.from_age"] == 60
    assert not [key for key in filled if key.startswith("units.community.people")]


@pytest.mark.parametrize("head", ["60岁以上", "65岁以上"])
def test_the_layer_of_the_units_may_give_their_people(tmp_path: Path, head: str) -> None:
    squares_named("甲社区", "乙社区").assign(**{"常住人口": [10, 20], head: [3, 4]}).to_file(tmp_path / "社区.gpkg")
    filled = survey(tmp_path).filled
    assert filled["population.residents.polygons"] == filled["population.elderly.polygons"] == "社区.gpkg"
    assert filled["population.elderly.from_age"] == int(head[:2])


def test_a_table_beside_a_raster_of_people_stays_the_table_of_the_units(tmp_path: Path) -> None:
    squares_named("甲社区", "乙社区").to_file(tmp_path / "社区.gpkg")
    write_raster(tmp_path / "residents_per_cell.tif", np.ones((4, 4)))
    (tmp_path / "人口.csv").write_text("社区名称,常住人口\n甲社区,10\n乙社区,20\n", "utf-8")
    filled = survey(tmp_path).filled
    assert filled["units.community.people.path"] == "人口.csv"
    assert "population.residents.level" not in filled


def census(path: Path) -> None:
    """Write a sheet of one row a community, under a head of two rows, whose streets are merged cells."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["街道（镇）", "社区（村）", "常住人口（人）", "60岁及以上（人）", None, None, "65岁及以上"])
    sheet.append([None, None, None, "合计", "男", "女", None])
    for column in "ABCG":
        sheet.merge_cells(f"{column}1:{column}2")
    sheet.merge_cells("D1:F1")
    for street, name, *figures in (
        ("丙街道", "甲社区", 100, 20, 9, 11, 15),
        (None, "乙社区", 200, 30, 14, 16, 22),
        ("丁镇", "戊村", 300, 40, 19, 21, 29),
        ("合计", None, 600, 91, 42, 48, 66),
    ):
        sheet.append([street, name, *figures])
    sheet.merge_cells("A3:A4")
    book.save(path)


def test_a_sheet_of_communities_below_merged_streets_is_of_communities(tmp_path: Path) -> None:
    squares_named("甲社区", "乙社区", "戊村").to_file(tmp_path / "社区.gpkg")
    squares_named("丙街道", "丁镇").to_file(tmp_path / "街道.gpkg")
    census(tmp_path / "七普.xlsx")
    filled = survey(tmp_path).filled
    assert filled["population.residents.level"] == filled["population.elderly.level"] == "community"
    # Two ages stand there; 60 goes first, whose column for both sexes is named by the row above.
    assert filled["population.elderly.from_age"] == 60


def test_the_screen_says_from_which_age_the_elderly_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    squares_named("甲社区", "乙社区", "戊村").to_file(tmp_path / "社区.gpkg")
    census(tmp_path / "七普.xlsx")
    with pytest.raises(SystemExit):
        main(["new", str(tmp_path), "--lang", "en"])
    told = capsys.readouterr()
    assert "population.elderly ← 七普.xlsx, 60+\n" in told.out + told.err


def test_columns_that_a_ledger_must_have_and_lacks_are_asked_for(tmp_path: Path) -> None:
    table(tmp_path / "养老设施.csv", 编号=["1"], 名称=["一号站"], 床位数=[10], lon=[106.5], lat=[29.5])
    draft = survey(tmp_path)
    assert draft.asked["facilities.defaults"].values["keys"] == "tier, status"
    written = tomllib.loads(answered(scenario_template("zh", draft)))
    assert written["facilities"]["defaults"] == {"tier": "station", "status": "existing"}


@pytest.mark.parametrize("lang", LANGS)
def test_which_of_two_columns_is_meant_is_asked(tmp_path: Path, lang: Lang) -> None:
    squares().drop(columns="name").assign(名称=["一街道", "二街道"], XZQMC=["一", "二"]).to_file(tmp_path / "街道.gpkg")
    draft = survey(tmp_path)
    remark = draft.asked["units.street.columns.name"]
    assert (remark.code, remark.values["columns"]) == ("ask_which", "名称, XZQMC")
    before, after = scenario_template(lang, draft), answered(scenario_template(lang, draft))
    assert "name" not in tomllib.loads(before)["units"]["street"].get("columns", {})
    assert tomllib.loads(after)["units"]["street"]["columns"]["name"] == "名称"


def test_residential_areas_without_ids_and_with_names_that_stand_twice_ask_for_their_ids(tmp_path: Path) -> None:
    areas = squares().drop(columns=["id", "name"])
    areas.assign(名称=["花园", "花园"], 宗地=["7", "8"]).to_file(tmp_path / "居住区.gpkg")
    draft = survey(tmp_path)
    remark = draft.asked["residential_areas.columns.id"]
    assert (remark.code, remark.values["columns"]) == ("ask_column", "名称, 宗地")


@pytest.mark.parametrize(("said", "system"), [("坐标由高德地图拾取", "gcj02"), ("百度坐标", "bd09"), ("实测", None)])
def test_the_map_that_a_ledger_names_is_proposed_as_its_crs(said: str, system: str | None, tmp_path: Path) -> None:
    head = ["编号", "设施名称", "设施类型", "运营状态", "经度", "纬度", "备注"]
    rows = [[f"F{at}", f"{at}号站", "社区养老服务站", "在用", 107.3 + at / 100, 29.7, said] for at in range(4)]
    pd.DataFrame(rows, columns=head).to_excel(tmp_path / "养老设施台账.xlsx", index=False)
    draft = survey(tmp_path)
    asked = draft.asked["facilities.crs"]
    assert draft.suggested.get("facilities.crs") == system
    assert asked.code == ("ask_crs" if system is None else "ask_web_map")
    assert asked.values.get("said") == (None if system is None else said)
