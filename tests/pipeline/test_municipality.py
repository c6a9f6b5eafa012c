"""A hundredth of a made municipality by both engines: in one run, and in parts on the workers of Dask."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def hundredth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("municipality")
    words = [sys.executable, str(ROOT / "benchmarks" / "municipality.py"), str(folder), "--part", "0.01", "--make"]
    subprocess.run(words, check=True, capture_output=True)
    return folder / "0.01" / "scenario.toml"


def siting(*words: object, cache: Path) -> None:
    environment = os.environ | {"SITING_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "siting", *map(str, words), "--quiet"]
    subprocess.run(command, check=True, env=environment)


def test_check_plan_map_and_batch_agree(hundredth: Path, tmp_path: Path) -> None:
    """The second check reads what the first kept; the batch has a cache of its own, and computes all walks in parts."""
    kept = tmp_path / "kept"
    siting("check", hundredth, "-o", tmp_path / "one.geojson", cache=kept)
    siting("check", hundredth, "-o", tmp_path / "again.geojson", cache=kept)
    whole = (tmp_path / "one.geojson").read_bytes()
    assert (tmp_path / "again.geojson").read_bytes() == whole
    siting("propose", hundredth, "-o", tmp_path / "plan.geojson", "--stations", 5, cache=kept)
    plan = json.loads((tmp_path / "plan.geojson").read_text(encoding="utf-8"))
    siting("map", hundredth, "-o", tmp_path / "map", cache=kept)
    streets = len(list((tmp_path / "map").glob("*.html"))) - 1
    out = tmp_path / "batch"
    siting(
        *("batch", hundredth, "--by", "street", "-o", out, "--stations", 5, "--workers", 2), cache=tmp_path / "other"
    )
    assert (out / "gaps.geojson").read_bytes() == whole
    assert len(list((out / "parts").iterdir())) == streets
    shared = json.loads((out / "plan.geojson").read_text(encoding="utf-8"))
    one, parts = plan["stages"][-1], shared["stages"][-1]
    # Neither choice is better than the other's bound.
    assert one["objective"] <= parts["bound"] + 1e-6
    assert parts["objective"] <= one["bound"] + 1e-6
    assert parts["bound"] >= parts["objective"] > 0


def test_zones_that_overlap_districts_and_ways_of_an_extract(hundredth: Path, tmp_path: Path) -> None:
    scenario = hundredth.with_name("zones.toml")
    siting("check", scenario, "-o", tmp_path / "one.geojson", cache=tmp_path / "kept")
    siting(*("batch", scenario, "--by", "planning", "-o", tmp_path / "batch", "--workers", 2), cache=tmp_path / "other")
    whole = (tmp_path / "one.geojson").read_bytes()
    assert (tmp_path / "batch" / "gaps.geojson").read_bytes() == whole
    lines = json.loads((tmp_path / "one.geojson").read_text(encoding="utf-8"))
    zones = [each["properties"] for each in lines["features"] if each["properties"]["level"] == "planning"]
    assert len(zones) == 3
    assert 0.5 < sum(zone["residents"] for zone in zones) / lines["totals"]["residents"] < 1.0
