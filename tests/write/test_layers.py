"""What is written for a GIS says what the GeoJSON says, in the format that its ending names."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

import siting
from siting.domain.tables import CHECK_COLUMNS, FACILITY_COLUMNS, PLACE_COLUMNS, PLAN_COLUMNS
from siting.errors import InputError
from siting.results import Plan
from tests.cli.test_commands import run


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layers")
    for ending in (".geojson", ".gpkg", ".parquet"):
        plan.before.to_file(folder / f"gaps{ending}")
        plan.to_file(folder / f"plan{ending}")
    return folder


def _same(table: pd.DataFrame, features: list[dict[str, Any]], keys: list[str]) -> None:
    """Every figure and word is that of the GeoJSON, which rounds to a millionth."""
    assert len(table) == len(features)
    for (_, row), feature in zip(table.iterrows(), features, strict=True):
        for key in keys:
            told, found = feature["properties"][key], row[key]
            if isinstance(told, list):
                continue
            assert (
                pd.isna(found)
                if told is None
                else found == (pytest.approx(told, abs=1e-6) if isinstance(told, float | int) else told)
            ), key


def test_a_geopackage_holds_what_the_geojson_holds(folder: Path) -> None:
    features = json.loads((folder / "gaps.geojson").read_text(encoding="utf-8"))["features"]
    estates = [each for each in features if each["properties"]["level"] == "residential_area"]
    units = [each for each in features if each["properties"]["level"] != "residential_area"]
    keys = [column.key for column in PLACE_COLUMNS]
    for name, told in (("places", estates), ("units", units)):
        layer = gpd.read_file(folder / "gaps.gpkg", layer=name)
        assert layer.columns.tolist() == [*keys, "geometry"]
        assert layer.crs == "EPSG:4545"
        _same(layer, told, keys)
        own = gpd.GeoDataFrame.from_features(told, crs="EPSG:4326").to_crs(layer.crs).geometry
        assert (layer.geometry.symmetric_difference(own).area < 1e-3 * layer.area).all()
    checks = gpd.read_file(folder / "gaps.gpkg", layer="checks")
    assert len(checks) == sum(len(each["properties"]["checks"]) for each in features)
    assert set(checks.columns) >= {"level", "id", *(column.key for column in CHECK_COLUMNS)}


def test_a_plan_as_geopackage_has_its_stations_first(folder: Path, plan: Plan) -> None:
    layers = pyogrio.list_layers(folder / "plan.gpkg")
    assert layers[:, 0].tolist() == ["stations", "places", "units", "facilities", "checks"]
    features = json.loads((folder / "plan.geojson").read_text(encoding="utf-8"))["features"]
    stations = gpd.read_file(folder / "plan.gpkg", layer="stations")
    _same(stations, features, [column.key for column in PLAN_COLUMNS])
    facilities = gpd.read_file(folder / "plan.gpkg", layer="facilities")
    assert len(facilities) == len(plan.after.assessment.facilities)
    assert facilities.columns[: len(FACILITY_COLUMNS)].tolist() == [column.key for column in FACILITY_COLUMNS]


def test_geoparquet_holds_places_and_units_or_stations(folder: Path) -> None:
    for name, columns in (("gaps", PLACE_COLUMNS), ("plan", PLAN_COLUMNS)):
        features = json.loads((folder / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
        table = gpd.read_parquet(folder / f"{name}.parquet")
        assert table.crs == "EPSG:4545"
        _same(table, features, [column.key for column in columns])


@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
def test_the_bytes_do_not_hang_on_the_clock(folder: Path, plan: Plan, ending: str, tmp_path: Path) -> None:
    plan.to_file(tmp_path / f"plan{ending}")
    assert (tmp_path / f"plan{ending}").read_bytes() == (folder / f"plan{ending}").read_bytes()
    # GeoPackages tell when they were changed.
    day = plan.before.assessment.inputs.scenario.scenario.date.isoformat()
    assert f"{day}T00:00:00".encode() in (folder / "plan.gpkg").read_bytes()


@pytest.mark.parametrize("name", ["plan.shp", "plan.xlsx", "plan.tif", "plan"])
def test_another_ending_is_refused(plan: Plan, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as refused:
        plan.to_file(tmp_path / name)
    assert [fault.code for fault in refused.value.faults] == ["unknown_ending"]
    assert ".gpkg" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("check", "-o", "x.shp"),
        ("check", "-o", "x.geojson", "--grid", "x.geojson.gpkg"),
        ("propose", "-o", "x.shp"),
        ("propose", "-o", "x.geojson", "--curve", "x.gpkg"),
        ("explain", "R001", "-o", "x.gpkg"),
        ("audit", "-o", "x.gpkg"),
        ("funding", "-o", "x.docx"),
        ("inspect", "-o", "x.gpkg"),
        ("map", "-o", "x.gpkg"),
    ],
)
def test_every_command_refuses_before_any_work(
    words: tuple[str, ...],
    sample: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in ("check", "propose", "explain", "audit", "inspect"):
        monkeypatch.setattr(siting, verb, None)
    assert run(words[0], sample, *words[1:], "--lang", "en") == 2
    assert "Use one of these endings" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
