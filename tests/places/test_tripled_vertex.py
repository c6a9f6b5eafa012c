"""A polygon that repeats a vertex is the polygon without the repeats, and ends no process."""

import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

import siting


@pytest.mark.parametrize("case", ["runtimeerror", "segfault"])
def test_the_cases_of_tripled_vertices(case: str, shared: Path, tmp_path: Path) -> None:
    for name in ("given", "plain"):
        shutil.copytree(shared / "cases" / "tripled-vertex" / case, tmp_path / name)
    areas = gpd.read_file(tmp_path / "plain" / "residential.gpkg")
    areas.geometry = shapely.remove_repeated_points(areas.geometry.to_numpy())
    areas.to_file(tmp_path / "plain" / "residential.gpkg")
    # In a process of its own: a crash must fail the test and not end the run.
    command = [sys.executable, "-m", "siting", "check", "scenario.toml", "-o", "gaps.geojson", "--quiet"]
    assert subprocess.run(command, cwd=tmp_path / "given", check=False).returncode == 0
    given, plain = (
        siting.check(siting.read_scenario(tmp_path / name / "scenario.toml")) for name in ("given", "plain")
    )
    assert given.totals["elderly_covered"] == plain.totals["elderly_covered"]
    assert given.places.drop(columns="geometry").equals(plain.places.drop(columns="geometry"))
