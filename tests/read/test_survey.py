"""What the files of a folder are taken for, and that the scenario written from them runs."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import siting
from siting.cli import main
from siting.errors import InputError
from siting.read.survey import survey
from siting.text import LANGS, Lang
from siting.write.template import scenario_template
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
        main(["new", str(folder), "--lang", lang, "--quiet"])
    return int(left.value.code or 0)


def squares_named(*names: str) -> gpd.GeoDataFrame:
    return squares(len(names)).assign(name=list(names))


def table(path: Path, **columns: Any) -> None:
    pd.DataFrame(columns).to_csv(path, index=False)


@pytest.mark.parametrize("lang", LANGS)
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
    found = survey(tmp_path)
    assert {"facilities", "candidates"} <= set(found.remarks)
    assert [remark.code for remark in found.rest] == ["without_polygons"]
    squares().to_file(tmp_path / "居住区.gpkg")
    assert "residential_areas.attributes" in survey(tmp_path).filled


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
    assert draft.filled["candidates.columns"] == {"name": "名称"}


def test_a_table_of_people_joins_the_units_that_were_found(tmp_path: Path) -> None:
    squares_named("南坪街道", "峡口镇").to_file(tmp_path / "街道.gpkg")
    table(tmp_path / "七普.csv", 街道=["南坪街道", "峡口镇"], 常住人口=[3, 4])
    draft = survey(tmp_path)
    assert draft.filled["units.street.people.path"] == "七普.csv"
    assert "units.street.people.crs" not in draft.asked


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
