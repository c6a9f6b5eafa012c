"""Comparing settings: each row is what a check under that setting says, and all of them cost little."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting import pipeline
from siting.domain.nouns import Inputs, OpenGround
from siting.pipeline import comparing as settings
from siting.pipeline import ground
from siting.results import GapReport, Plan, Sensitivity
from siting.travel import walk_to
from siting.travel.cache import WalkingGround
from tests.cli.test_commands import run
from tests.helpers import box, check, facilities, inputs, network, raster, scenario, straight, units, with_settings

pytestmark = pytest.mark.usefixtures("walks_once")

LINES = [([(0, 100), (900, 100)], "street"), ([(900, 100), (2600, 100)], "path"), ([(900, 100), (900, 900)], "stairs")]


def district(**walking: Any) -> Inputs:
    """A street of 2.6 km that climbs to the east at 8 %, and a station in its west."""
    settings = scenario(walking=walking) if walking else scenario()
    return inputs(
        settings=settings,
        residents=raster(np.full((9, 26), 5.0)),
        elderly=raster(np.full((9, 26), 1.0)),
        places={"district": units({"D": box(0, 0, 2600, 900)})},
        ledger=facilities(
            {"a": ((300, 100), {}), "i": ((2500, 100), {"tier": "institution", "serves_community": True})}
        ),
        streets=network(LINES),
        terrain=raster(np.add.outer(np.zeros(10), np.arange(27) * 8.0)),
    )


def compared(given: Inputs) -> pd.DataFrame:
    found = check(given)
    return pipeline.sensitivity_of(given, found.demand, found.facilities)


def test_a_facility_that_may_count_gives_both_ends_as_in_the_check() -> None:
    east = {"tier": "institution", "serves_community": None}
    given = district()
    ledger = facilities({"a": ((300, 100), {}), "i": ((2500, 100), east)})
    given = replace(given, facilities=ledger)
    table, totals = compared(given), check(given).totals
    own = table[table["own"]].iloc[0]
    assert own["covered_share"] < own["covered_share_high"]
    for key in ("elderly_covered", "elderly_covered_high", "covered_share", "covered_share_high"):
        assert own[key] == pytest.approx(totals[key]), key


def checked(given: Inputs, row: Mapping[Any, Any]) -> Mapping[str, float]:
    keys = ("walker", "slope", "direction", "mode")
    return check(with_settings(given, walking={key: row[key] for key in keys})).totals


@pytest.mark.parametrize(
    "given",
    [
        district,
        lambda: district(direction="to_facility", walker="frail", max_minutes=20),
        lambda: with_settings(district(), land={"institution_minutes": 30.0}),
        lambda: district(**straight(detour=1.2)),
        lambda: district(slope=False),
        lambda: over_ground(),  # noqa: PLW0108 - defined below
    ],
)
def test_every_row_is_what_a_check_under_its_setting_says(given: Callable[[], Inputs]) -> None:
    table = compared(given())
    for row in table.to_dict("records"):
        totals = checked(given(), row)
        assert row["elderly_covered"] == pytest.approx(totals["elderly_covered"], abs=1e-9), row
        assert row["covered_share"] == pytest.approx(totals["covered_share"], abs=1e-12)
        assert row["elderly"] == pytest.approx(totals["elderly"])
        assert row["residents_covered"] == pytest.approx(5.0 * row["elderly_covered"])
    # The rows differ, so that taking one for another would show.
    assert table["elderly_covered"].nunique() >= min(6, len(table) - 1)


def over_ground() -> Inputs:
    """The district with open ground beside its streets, slow in the north."""
    given = district()
    settings = scenario(walking={"mode": "surface"}, surface={"path": "s.tif", "factors": {"1": 1.0}})
    grid = raster(np.zeros((18, 52)), cell=50.0).grid
    slowness = np.ones(grid.shape, dtype=np.float32)
    slowness[:6], slowness[6:7, :40] = 2.0, np.inf
    return Inputs(**{**vars(given), "scenario": settings, "surface": OpenGround(grid, slowness)})


def test_circles_may_be_left_out_of_walks_that_are_the_same() -> None:
    given = over_ground()
    found = check(given)
    counting = np.array([True, False])
    for ways in (ground.walking_ground(given).prepare(), ground.walking_ground(district()).prepare(), None):
        drawn, bare = (
            walk_to(ways, given.facilities, counting, found.demand.cells, given.scenario.walking, circles=circles)
            for circles in (True, False)
        )
        assert len(drawn.circles) == 1
        assert len(bare.circles) == 0
        pd.testing.assert_frame_equal(drawn.cells, bare.cells)
        assert drawn.within.seconds.tolist() == bare.within.seconds.tolist()


def test_the_scenario_is_marked_in_every_group_and_straight_lines_are_called_optimistic() -> None:
    table = compared(district(walker="fit", direction="both_ways"))
    assert table.groupby("varied", sort=False).size().to_dict() == {"walker_slope": 6, "direction": 4, "mode": 2}
    assert table.loc[table["own"], "varied"].tolist() == ["walker_slope", "direction", "mode"]
    assert (table.loc[table["own"], "difference"] == 0.0).all()
    assert table.loc[table["mode"] == "straight_line", "note"].tolist() == ["optimistic"]
    assert table.loc[table["varied"] == "direction", "walker"].unique().tolist() == ["fit"]


def test_without_terrain_the_rows_with_slopes_say_so_and_equal_those_without() -> None:
    given = district()
    flat = Inputs(**{**vars(given), "terrain": None})
    table = compared(flat)
    grid = table[table["varied"] == "walker_slope"]
    sloped, level = grid[grid["slope"]], grid[~grid["slope"]]
    assert sloped["note"].tolist() == ["no_terrain"] * 3
    assert level["note"].tolist() == [None] * 3
    assert sloped["covered_share"].tolist() == level["covered_share"].tolist()


def test_in_straight_lines_neither_slope_nor_direction_is_varied() -> None:
    table = compared(district(**straight()))
    assert table["varied"].tolist() == ["walker_slope"] * 3 + ["mode"] * 2
    assert table["mode"].tolist() == ["straight_line"] * 3 + ["network", "straight_line"]
    assert table["own"].tolist() == [False, True, False, False, True]


def test_another_walker_of_the_scenario_stands_beside_the_usual_ones() -> None:
    table = compared(district(walker="wheelchair"))
    grid = table[table["varied"] == "walker_slope"]
    assert grid["walker"].tolist() == ["frail", "elder", "fit", "wheelchair"] * 2
    assert table.loc[table["own"], "speed_m_s"].tolist() == [0.69] * 3


def test_equal_settings_are_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walked, made = [], []
    covered, prepare = settings.covered_cells, WalkingGround.prepare
    monkeypatch.setattr(settings, "covered_cells", lambda *a, **k: walked.append(a[2]) or covered(*a, **k))
    monkeypatch.setattr(WalkingGround, "prepare", lambda given: made.append(given) or prepare(given))
    given = district()
    found = check(given)
    walked.clear()
    made.clear()
    pipeline.sensitivity_of(given, found.demand, found.facilities)
    # Six of the grid, three more directions, straight lines; one network a walker and slope, and the straight lines.
    assert len(walked) == 10
    assert len(made) == 7


def test_without_any_elderly_the_share_is_unknown() -> None:
    given = district()
    bare = Inputs(**{**vars(given), "population": type(given.population)(given.population.residents, None, 60)})
    found = Sensitivity(given.scenario, compared(bare))
    assert found.table["covered_share"].isna().all()
    assert found.table["residents_covered"].gt(0).all()
    assert len(found.plot("en").axes) == 3


def test_plan_stations_count_in_the_comparison_of_a_report(sample: Path, plan: Plan) -> None:
    for report in (plan.before, plan.after):
        table = report.sensitivity().table
        assert table.loc[table["own"], "covered_share"].to_numpy() == pytest.approx(report.totals["covered_share"])
    whole = siting.sensitivity(siting.read_scenario(sample)).table
    pd.testing.assert_frame_equal(whole, plan.before.sensitivity().table)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_chart_holds_every_share(lang: Any) -> None:
    from siting.text import say

    given = district()
    report = GapReport(check(given))
    figure = report.sensitivity().plot(lang)
    shares = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert sorted(shares) == sorted(f"{100 * share:.1f}" for share in report.sensitivity().table["covered_share"])
    labels = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    assert say("direction.both_ways", lang) in labels or say("direction.both_ways", "en") in labels


def test_check_writes_the_comparison_beside_the_report(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", sample, "-o", tmp_path / "g.geojson", "--sensitivity", "--lang", "en") == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["g.geojson", "g.run.json", "g.sensitivity.csv", "g.sensitivity.png"]
    table = pd.read_csv(tmp_path / "g.sensitivity.csv")
    report = json.loads((tmp_path / "g.geojson").read_text(encoding="utf-8"))
    own = table["setting of this scenario"] == "yes"
    assert table.loc[own, "elderly covered"].to_numpy() == pytest.approx(report["totals"]["elderly_covered"])
    assert (tmp_path / "g.sensitivity.png").read_bytes().startswith(b"\x89PNG")
    told = capsys.readouterr().out
    assert "straight line (optimistic)" in told
    assert str(tmp_path / "g.sensitivity.csv") in told
    slow = table[(table["walker"] == "frail older person") & (table["with slopes"] == "yes")]
    assert f"{slow['spatial coverage'].iloc[0]:.1%}" in told


def test_an_ending_that_is_not_known_is_refused(tmp_path: Path) -> None:
    found = GapReport(check(district())).sensitivity()
    found.to_file(tmp_path / "s.json")
    assert len(json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))) == 12
    with pytest.raises(siting.errors.InputError):
        found.to_file(tmp_path / "s.docx")
