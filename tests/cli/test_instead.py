"""A layer of the scenario may be taken from another file."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from siting.cli import main
from siting.text import say

pytestmark = pytest.mark.usefixtures("walks_once")


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    return int(ended.value.code or 0)


def totals(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))["totals"]


def test_a_ledger_as_a_layer_of_a_geopackage_gives_the_same_figures(sample: Path, tmp_path: Path) -> None:
    ledger = pd.read_csv(sample.parent / "facilities.csv", dtype=str)
    places = gpd.points_from_xy(ledger["lon"].astype(float), ledger["lat"].astype(float), crs="EPSG:4490")
    layers = tmp_path / "layers.gpkg"
    gpd.GeoDataFrame(ledger.drop(columns=["lon", "lat"]), geometry=places).to_file(layers, layer="设施")
    assert run("check", sample, "-o", tmp_path / "one.geojson", "--quiet") == 0
    given = f"facilities={layers}|layername=设施"
    assert run("check", sample, "-o", tmp_path / "other.geojson", "--layer", given, "--quiet") == 0
    one, other = totals(tmp_path / "one.geojson"), totals(tmp_path / "other.geojson")
    assert one["covered_share"] == other["covered_share"]
    assert one["land_provided_m2"] == other["land_provided_m2"]


def test_fewer_facilities_cover_fewer(sample: Path, tmp_path: Path) -> None:
    ledger = (sample.parent / "facilities.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "few.csv").write_text("\n".join(ledger[:12]) + "\n", encoding="utf-8")
    assert (
        run("check", sample, "-o", tmp_path / "one.geojson", "--layer", f"facilities={tmp_path / 'few.csv'}", "--quiet")
        == 0
    )
    assert 0 < totals(tmp_path / "one.geojson")["facilities_counted"] <= 11


@pytest.mark.parametrize("given", ["facilities", "facilities=", "nothing=a.csv", "units.village=a.gpkg", "=a.csv"])
def test_what_names_no_layer_is_refused(
    sample: Path, tmp_path: Path, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", sample, "-o", tmp_path / "a.geojson", "--layer", given, "--lang", "en") == 2
    assert say("fault.layer_option.what", "en") in capsys.readouterr().err


def test_a_layer_is_no_output_and_is_not_for_scenarios_of_others(sample: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.geojson"
    ledger.write_text("{}", encoding="utf-8")
    assert run("check", sample, "-o", ledger, "--layer", f"facilities={ledger}") == 2
    assert ledger.read_text(encoding="utf-8") == "{}"
    assert run("check", sample, "-o", tmp_path / "a.geojson", "--layer", f"facilities={ledger}", "--untrusted") == 2
