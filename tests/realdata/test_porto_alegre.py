"""The main job on real input, and a second calculation of what it finds."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest
import shapely

import siting
from siting.domain.nouns import quiet
from siting.domain.tables import REASON_CODES
from siting.pipeline.batch.by_units import by_units
from siting.pipeline.batch.job import Job
from siting.results import Plan
from tests.pipeline.test_batch import Serial
from tests.realdata.porto_alegre import ELDERLY_SHARE, Recomputed

pytestmark = pytest.mark.usefixtures("walks_once")

ROOT = Path(__file__).resolve().parents[2]
# Persons of the residents' grid: by the second calculation, slope off.
READ = 1_671_101.49
INSIDE = 941_537.11
OUTSIDE = 729_564.38
COVERED = 108_173.58
SITES = 15
LAND = ("cq-2019-129/2-3-land", "cq-2017-162/22-land")
CIRCLE = "cq-2019-129/2-9-circle"


@pytest.fixture(scope="module")
def scenario(porto_alegre: Path) -> Any:
    return siting.read_scenario(porto_alegre)


@pytest.fixture(scope="module")
def flat(scenario: Any) -> Any:
    """The gap report with slope off."""
    walking = scenario.walking.model_copy(update={"slope": False})
    return siting.check(scenario.model_copy(update={"walking": walking}))


@pytest.fixture(scope="module")
def hilly(planned: Plan) -> Any:
    """The gap report with slope on."""
    return planned.before


def test_second_calculation_keeps_its_totals(recomputed: Recomputed) -> None:
    expected = {"read": READ, "inside": INSIDE, "outside": OUTSIDE, "covered": COVERED}
    found = {key: recomputed.totals[key] for key in expected}
    assert found == pytest.approx(expected, abs=0.01)


def test_minutes_agree_with_the_second_calculation(flat: Any, recomputed: Recomputed) -> None:
    other = recomputed.cells
    near = other[(other["minutes"] <= 60) & (other["share"] > 0)]
    drawn = near.loc[np.random.default_rng(20260101).choice(near.index.to_numpy(), 200, replace=False)]
    minutes = flat.grid.loc[drawn.index, "minutes_to_nearest"].to_numpy(dtype=float)
    np.testing.assert_allclose(minutes, drawn["minutes"].to_numpy(), rtol=0.01, atol=1 / 60)


def test_reach_agrees_with_the_second_calculation(flat: Any, recomputed: Recomputed) -> None:
    other = recomputed.cells.loc[flat.grid.index]
    # A second's difference at the hour's end may fall on either side of it.
    clear = (other["minutes"] - 60).abs() > 1 / 60
    reached = flat.grid["minutes_to_nearest"].notna()
    pd.testing.assert_series_equal(reached[clear], (other["minutes"] <= 60)[clear], check_names=False)


def test_reasons_agree_with_the_second_calculation(flat: Any, recomputed: Recomputed) -> None:
    """The limit of attachment and the components left out move these cells, and few others."""
    other = recomputed.cells.loc[flat.grid.index]
    reason = flat.grid["reason_code"]
    cut_off = np.isinf(other["minutes"]) & ~other["off_network"]
    assert set(reason.index[reason == REASON_CODES["off_network"]]) == set(other.index[other["off_network"]])
    assert set(reason.index[reason == REASON_CODES["cut_off"]]) == set(other.index[cut_off])


def test_totals_agree_with_the_second_calculation(flat: Any) -> None:
    totals = flat.totals
    assert totals["people_read"] == pytest.approx(READ, abs=0.01)
    assert totals["people_outside"] == pytest.approx(OUTSIDE, rel=1e-3)
    assert totals["residents"] == pytest.approx(INSIDE, rel=1e-3)
    assert totals["elderly_covered"] / ELDERLY_SHARE == pytest.approx(COVERED, rel=1e-3)
    assert totals["covered_share"] == pytest.approx(COVERED / INSIDE, rel=1e-3)


@pytest.mark.parametrize("name", ["flat", "hilly"])
def test_people_are_conserved(name: str, request: pytest.FixtureRequest) -> None:
    totals = request.getfixturevalue(name).totals
    assert totals["residents"] + totals["people_outside"] == pytest.approx(totals["people_read"])
    assert totals["elderly"] == pytest.approx(totals["residents"] * ELDERLY_SHARE)
    assert totals["elderly_covered"] + totals["elderly_uncovered"] == pytest.approx(totals["elderly"])


def test_a_slope_never_quickens(flat: Any, hilly: Any) -> None:
    level = flat.grid["minutes_to_nearest"].fillna(math.inf)
    slope = hilly.grid["minutes_to_nearest"].fillna(math.inf)
    assert (slope >= level - 1e-9).all()
    assert hilly.totals["covered_share"] < flat.totals["covered_share"]


def test_the_circle_is_both_met_and_missed(hilly: Any) -> None:
    clauses = hilly.clauses
    for level in ("street", "residential_area"):
        circle = clauses[(clauses["clause_id"] == CIRCLE) & (clauses["level"] == level)]
        assert {"met", "gap"} <= set(circle["verdict"])
        assert (circle["required"].dropna() == 0.25).all()


def test_land_that_nobody_recorded_is_no_data(hilly: Any) -> None:
    clauses = hilly.clauses
    land = clauses[clauses["clause_id"].isin(LAND)]
    district = land[land["level"] == "district"]
    assert set(district["clause_id"]) == set(LAND)
    assert set(district["verdict"]) == {"no_data"}
    assert [len(missing) for missing in district["missing"]] == [SITES] * len(district)
    # Two squares lie beyond the grid and three on its edge, so that the whole is not covered either.
    assert set(district["reason"]) == {"grid_incomplete"}
    streets = land[(land["level"] == "street") & (land["verdict"] == "no_data")]
    assert set(streets["reason"]) == {"grid_incomplete", "land_missing"}
    assert "met" not in set(land["verdict"])
    # A square whose sites lack their land may have enough; one without a site has none.
    with_sites = land[(land["level"] == "street") & (land["missing"].map(len) > 0)]
    assert set(with_sites["verdict"]) == {"no_data"}
    assert sum(map(len, with_sites["missing"])) == SITES * len(LAND)


def test_check_propose_and_map_run(porto_alegre: Path, tmp_path: Path) -> None:
    gaps, plan, page = tmp_path / "gaps.geojson", tmp_path / "plan.geojson", tmp_path / "map.html"
    _siting("check", porto_alegre, "-o", gaps)
    told = _siting("propose", porto_alegre, "-o", plan, "--lang", "en")
    # Nothing is excluded here, and nothing said to be refused.
    assert "Proposed stations" in told
    assert "refused" not in told
    _siting("map", porto_alegre, "--with", plan, "-o", page)
    report = _geojson(gaps)
    levels = [feature["properties"]["level"] for feature in report["features"]]
    squares = levels.count("street")
    assert sorted(set(levels)) == ["district", "residential_area", "street"]
    assert squares == levels.count("residential_area") == 47
    assert levels.count("district") == 1
    assert report["totals"]["people_read"] == pytest.approx(READ, abs=0.01)
    chosen = _geojson(plan)["features"]
    assert [feature["properties"]["rank"] for feature in chosen] == list(range(1, 11))
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"<(?:script|link|img|iframe)[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//", text)


def test_the_plan_is_proved_and_raises_coverage(planned: Plan, hilly: Any) -> None:
    assert planned.status == "optimal"
    assert len(planned.stations) == 10
    gained = planned.stations["elderly_new"].sum()
    assert planned.bound == pytest.approx(gained, rel=1e-6)
    before, after = hilly.totals["elderly_covered"], planned.after.totals["elderly_covered"]
    assert after - before == pytest.approx(gained, rel=1e-6)
    assert planned.stations["elderly_new"].is_monotonic_decreasing


def _siting(*words: object) -> str:
    """Run the command as a planner does, and return what it tells."""
    call = [sys.executable, "-m", "siting", *map(str, words)]
    done = subprocess.run(call, capture_output=True, text=True, encoding="utf-8", check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _geojson(path: Path) -> dict[str, Any]:
    """Read a file as strict JSON and hold it against RFC 7946."""
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    assert report["type"] == "FeatureCollection"
    assert "crs" not in report
    keys = [feature["id"] for feature in report["features"]]
    assert len(set(keys)) == len(keys)
    for feature in report["features"]:
        assert feature["type"] == "Feature"
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert shape.is_valid
        assert shapely.box(-51.4, -30.2, -51.0, -29.9).contains(shape)
        for polygon in shapely.get_parts(shape):
            if polygon.geom_type == "Polygon":
                assert polygon.exterior.is_ccw
                assert not any(ring.is_ccw for ring in polygon.interiors)
    return report


def _refuse(constant: str) -> NoReturn:
    message = f"{constant} is not JSON"
    raise ValueError(message)


def test_nothing_is_amiss_with_the_people(flat: Any) -> None:
    amiss = {"people_dense", "people_sparse", "elderly_few", "elderly_exceed_residents_by_cell", "nodata_by_convention"}
    assert not amiss & {note.code for note in flat.assessment.notes}


def test_split_by_square_it_is_one_run_to_the_byte(scenario: Any, tmp_path: Path) -> None:
    level = next(iter(scenario.units))
    by_units(scenario, level, Job(tmp_path / "out"), Serial(), quiet)
    siting.check(scenario).to_file(tmp_path / "whole.geojson")
    assert (tmp_path / "out" / "gaps.geojson").read_bytes() == (tmp_path / "whole.geojson").read_bytes()
    assert len(list((tmp_path / "out" / "parts").iterdir())) == (siting.check(scenario).units["level"] == level).sum()
