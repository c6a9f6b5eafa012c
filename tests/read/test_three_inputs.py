"""An elderly grid, residential areas and facilities alone: the extent of the data stands for the district."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine

import siting
from siting.cli import main
from siting.errors import InputError
from tests.helpers import METRIC, X0, Y0, at, box

# Everybody within 720 m of the estate (15 minutes at 0.8 m/s) lives in the rectangle from 280 to 2,220 m.
ESTATE = box(1_000, 1_000, 1_500, 1_500)
PERSONS = 10.0


def grid(path: Path, columns: int, rows: int) -> None:
    """Write a raster of squares of 100 m with ten persons each, from the corner on."""
    frame = {"driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "float32", "crs": METRIC}
    with rasterio.open(path, "w", transform=Affine(100, 0, X0, 0, -100, Y0 + 100 * rows), **frame) as file:
        file.write(np.full((rows, columns), PERSONS, dtype="float32"), 1)


def folder(path: Path, columns: int = 30, rows: int = 30, *, estates: bool = True) -> Path:
    """Write the three inputs as a planner names them."""
    grid(path / "老年人口_60岁以上_人每格.tif", columns, rows)
    if estates:
        estate = gpd.GeoDataFrame({"id": ["R1"], "name": ["翠湖"]}, geometry=[ESTATE], crs=METRIC)
        estate.to_crs(4490).to_file(path / "居住区.gpkg")
    facility = {
        "id": ["F1"],
        "name": ["翠湖养老服务站"],
        "tier": ["station"],
        "status": ["existing"],
        "land_m2": [500.0],
    }
    gpd.GeoDataFrame(facility, geometry=[at(1_200, 1_200)], crs=METRIC).to_crs(4490).to_file(path / "养老设施.gpkg")
    return path


def run(*arguments: object) -> int:
    """Run a command and return its exit code."""
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def drafted(path: Path) -> Path:
    """Let ``siting new`` write the scenario, and answer its only question."""
    assert run("new", path) == 0
    written = path / "scenario.toml"
    text = written.read_text(encoding="utf-8")
    asked = re.findall(r"^# [?？] .*\n#(\w+) =", text, flags=re.MULTILINE)
    assert asked == ["complete"]
    written.write_text(text.replace("#complete =", "complete ="), encoding="utf-8")
    return written


def test_three_files_and_one_answer_make_a_check(tmp_path: Path) -> None:
    gaps = siting.check(drafted(folder(tmp_path)))
    unit = gaps.units.iloc[0]
    assert (len(gaps.units), unit["level"]) == (1, "district")
    # 19.4 × 19.4 squares of ten persons.
    assert unit["elderly"] == pytest.approx(19.4**2 * PERSONS, abs=1.0)
    assert gaps.totals["people_outside"] == pytest.approx((30 * 30 - 19.4**2) * PERSONS, abs=1.0)
    codes = [note.code for note in gaps.assessment.notes]
    assert {"unit_of_extent", "people_outside"} <= set(codes)
    assert "straight_line" in gaps.totals["warnings"]
    # Without streets and communities no clause on their coverage is read in any way.
    assert "facilities_any" not in codes


def test_the_extent_ends_where_the_people_are_known(tmp_path: Path) -> None:
    """Beyond the raster nobody knows who lives: a unit that reached there would be unknown altogether."""
    gaps = siting.check(drafted(folder(tmp_path, columns=20, rows=18)))
    # From 280 to 2,000 m across and to 1,800 m along.
    assert gaps.units.iloc[0]["elderly"] == pytest.approx(17.2 * 15.2 * PERSONS, abs=1.0)
    assert gaps.units.iloc[0]["covered_share"] == pytest.approx(gaps.totals["covered_share"])


def test_without_estates_the_facilities_are_the_extent(tmp_path: Path) -> None:
    gaps = siting.check(drafted(folder(tmp_path, estates=False)))
    # 720 m on each side of a point.
    assert gaps.units.iloc[0]["elderly"] == pytest.approx(14.4**2 * PERSONS, abs=1.0)


def test_a_lattice_takes_the_place_of_a_ledger_and_its_plan_is_read_back(tmp_path: Path) -> None:
    written, plan = drafted(folder(tmp_path)), tmp_path / "plan.geojson"
    with pytest.raises(InputError, match="--candidates generate"):
        siting.propose(written, stations=1)
    assert run("propose", written, "-o", plan, "--stations", 1, "--candidates", "generate") == 0
    again = siting.read_plan(written, plan)
    assert again.status == "optimal"
    assert (again.stations.geometry.iloc[0].x % 200, len(again.stations)) == (0.0, 1)
    # The points stand where people live, not all over the unit; those on the border by a hair.
    assert again.proposal.before.inputs.candidates.geometry.within(ESTATE.buffer(0.01)).all()


def test_candidates_are_not_named_twice() -> None:
    with pytest.raises(InputError) as told:
        siting.propose("data/sample/scenario.toml", stations=1, candidates="generate")
    assert [fault.code for fault in told.value.faults] == ["plan_candidates_given"]
