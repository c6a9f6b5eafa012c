"""Shapefiles and the drawing of a report, read by other libraries, say what its GeoPackage says."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import ezdxf
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

import siting
from siting.domain.tables import PLACE_COLUMNS
from siting.results import Plan
from siting.write.shapefiles import ENCODINGS, Encoding, short_names, write_shapefiles
from tests.cli.test_commands import run

HOSTILE = ("=HYPERLINK(1)", "<script>", "a&b", "%%c^I{\\P}", "行\n行", "塞北𠮷", "长" * 40_000, "é€")


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filed")
    plan.before.report(folder, plan=plan, shapefiles="gbk", drawing=True, lang="zh")
    return folder


@pytest.fixture(scope="module")
def aliases(folder: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(folder / "layers-shp.zip") as archive:
        text = archive.read("fields.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_shapefiles_hold_what_the_geopackage_holds(folder: Path, aliases: list[dict[str, str]]) -> None:
    archive = f"/vsizip/{folder / 'layers-shp.zip'}"
    names = [name for name, _ in pyogrio.list_layers(folder / "layers.gpkg")]
    kept = [name for name in names if name != "layer_styles"]
    assert len(kept) > 8
    for name in kept:
        whole = pyogrio.read_dataframe(folder / "layers.gpkg", layer=name)
        ending = "shp" if "geometry" in whole else "dbf"
        found = pyogrio.read_dataframe(f"{archive}/{name}.{ending}")
        told = {row["field"]: row["column"] for row in aliases if row["layer"] == name}
        assert all(len(each.encode()) <= 10 for each in told)
        assert len(set(told)) == len(told)
        found = found.rename(columns=told)
        assert set(found.columns) == set(whole.columns)
        for key in told.values():
            for one, other in zip(whole[key], found[key], strict=True):
                _same(one, other)
        if "geometry" in whole:
            assert found.crs == whole.crs
            assert (found.geometry.symmetric_difference(whole.geometry).area < 1e-3).all()


def _same(one: Any, other: Any) -> None:
    if pd.isna(one) or one == "":
        # The format has no blank flags and texts.
        assert pd.isna(other) or other in ("", 0, False)
    elif isinstance(one, pd.Timestamp):
        assert str(other) == one.strftime("%Y-%m-%d")
    elif isinstance(one, str):
        assert other == one.encode("gbk", "replace")[:254].decode("gbk", "ignore").rstrip()
    else:
        assert float(other) == pytest.approx(float(one), rel=1e-12, abs=1e-9)


def test_the_encoding_is_named_beside_the_tables(folder: Path) -> None:
    with zipfile.ZipFile(folder / "layers-shp.zip") as archive:
        assert {archive.read(each) for each in archive.namelist() if each.endswith(".cpg")} == {b"GBK"}
        # 0x4D: code page 936, for programs that read no .cpg.
        assert archive.read("places.dbf")[29] in (0x4D, 0)
        assert "江".encode("gbk") in archive.read("unit_district.dbf")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_hostile_texts_come_through_as_far_as_the_format_holds_them(encoding: Encoding, tmp_path: Path) -> None:
    table = gpd.GeoDataFrame(
        {"name": list(HOSTILE)}, geometry=gpd.points_from_xy(range(len(HOSTILE)), [0] * len(HOSTILE))
    )
    write_shapefiles(tmp_path / "a.zip", {"names": table.set_crs(4545)}, encoding, "2026-01-01")
    found = pyogrio.read_dataframe(f"/vsizip/{tmp_path / 'a.zip'}/names.shp")["name"]
    for one, other in zip(HOSTILE, found, strict=True):
        assert other == one.encode(encoding, "replace")[:254].decode(encoding, "ignore")


def test_no_two_columns_get_one_name() -> None:
    keys = [f"{word}_{number}_m2" for word in ("land_required", "land_remaining", "landlord") for number in range(40)]
    keys += [column.key for column in PLACE_COLUMNS]
    found = short_names(keys)
    assert len(set(found.values())) == len(keys)
    assert all(len(name) <= 10 for name in found.values())
    assert all(found[key] == key for key in keys if len(key) <= 10)


def test_the_drawing_read_by_gdal_has_every_site_circle_and_gap_in_its_layer(folder: Path, plan: Plan) -> None:
    drawn = pyogrio.read_dataframe(folder / "layers.dxf")
    found, stations = plan.proposal.before, plan.proposal.stations
    layers = drawn.groupby("Layer")
    points = layers.get_group("拟新增站点")
    points = points[points.geom_type == "Point"]
    where = points[points["Text"].isna() | (points["Text"] == "")]
    assert np.allclose(where.geometry.get_coordinates(), stations.geometry.get_coordinates(), atol=1e-6)
    named = points[~points.index.isin(where.index)]["Text"].tolist()
    assert named == [f"{rank} {name}" for rank, name in zip(stations["rank"], stations["name"], strict=True)]
    sites = sum((drawn["Layer"].str.startswith("设施_") & drawn["SubClasses"].str.contains("AcDbPoint")).to_numpy())
    assert sites == len(found.facilities)
    circles = layers.get_group("服务圈").geometry
    rings = sum(1 + len(part.interiors) for part in found.circles.geometry.explode() if part.geom_type == "Polygon")
    assert len(circles) == rings
    short = found.places[(found.places["level"] == "residential_area") & (found.places["verdict"] == "gap")]
    hatches = layers.get_group("居住区_未达标")
    hatches = hatches[hatches["SubClasses"].str.contains("Hatch")]
    assert len(hatches) == len(short)
    assert hatches.geometry.area.sum() == pytest.approx(short.geometry.area.sum(), rel=1e-9)
    title = layers.get_group("图名")["Text"].tolist()
    assert any("EPSG:4545" in each for each in title)


def test_the_drawing_is_sound_and_in_metres(folder: Path) -> None:
    drawing = ezdxf.readfile(folder / "layers.dxf")
    assert drawing.audit().errors == []
    assert drawing.header["$INSUNITS"] == 6
    # A set of ezdxf would put them in another order in each process.
    classes = [name for name, _ in drawing.classes.classes]
    assert classes == sorted(classes)
    assert len(classes) > 5


def test_hostile_names_are_one_line_of_text(plan: Plan, tmp_path: Path) -> None:
    scenario = siting.change(plan.before.assessment.inputs.scenario, scenario={"title": "%%u^J=<&>é𠮷" + "长" * 500})
    gaps = siting.check(scenario)
    gaps.report(tmp_path, drawing=True, lang="zh")
    texts = [each.dxf.text for each in ezdxf.readfile(tmp_path / "layers.dxf").modelspace().query("TEXT")]
    title = next(each for each in texts if "=<&>é〓" in each)
    assert "%%" not in title
    assert len(title) <= 70


def test_the_same_layers_have_the_same_bytes(folder: Path, plan: Plan, tmp_path: Path) -> None:
    plan.before.report(tmp_path, plan=plan, shapefiles="gbk", drawing=True, lang="zh")
    for name in ("layers-shp.zip", "layers.dxf", "data/places.parquet", "data/stations.parquet"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_geoparquet_of_the_report_is_that_of_the_gap_report(folder: Path, plan: Plan) -> None:
    places = gpd.read_parquet(folder / "data/places.parquet")
    assert places["id"].tolist() == plan.before.assessment.places["id"].tolist()
    assert gpd.read_parquet(folder / "data/stations.parquet")["rank"].tolist() == plan.stations["rank"].tolist()


def test_the_command_writes_them_only_if_asked(sample: Path, tmp_path: Path) -> None:
    run("report", str(sample), "-o", str(tmp_path), "--shp", "--quiet")
    assert (tmp_path / "layers-shp.zip").exists()
    assert not (tmp_path / "layers.dxf").exists()
    assert "layers-shp.zip" in (tmp_path / "index.html").read_text(encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "layers-shp.zip") as archive:
        assert archive.read("places.cpg") == b"UTF-8"
