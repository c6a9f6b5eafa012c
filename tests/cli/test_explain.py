"""Why a place is covered or not: figures as the check and the plan have them, said in both languages, in every form."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from matplotlib.collections import LineCollection

import siting
from siting.cli import main
from siting.domain.nouns import Inputs
from siting.errors import InputError
from siting.results import Explanation
from siting.text import LANGS, number
from siting.write.explanation import draw, leg_table
from tests.assess.test_grid_part import accepted
from tests.codes import codes_in
from tests.helpers import (
    X0,
    Y0,
    box,
    candidates,
    check,
    estates,
    facilities,
    inputs,
    network,
    propose,
    raster,
    scenario,
    straight,
    units,
)

HOSTILE = '<script>alert("x")</script>'
CHOICE = {"constraints": {"exclude": {"ecology": {"path": "x.gpkg", "clause": "生态保护红线"}}}}


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def district(**changed: Any) -> Inputs:
    """A street of 4 km with 100 m cells on it; a station at its west end, premises along it, an island in the north."""
    streets = network([[(0, 50), (2000, 50)], [(2000, 50), (4000, 50)], [(0, 2050), (1500, 2050)]])
    people = np.zeros((21, 40))
    people[20, :] = 10.0
    people[20, 14] = 30.0
    people[0, 3] = 7.0
    people[8, 3] = 5.0
    given: dict[str, Any] = {
        "settings": scenario(**CHOICE),
        "elderly": raster(people),
        "residents": raster(5 * people),
        "places": {"district": units({"D": box(0, 0, 4000, 2100)})},
        "areas": estates(
            {
                "east": (box(1000, 0, 2000, 100), {"name": HOSTILE, "elderly": 240}),
                "west": (box(0, 0, 300, 100), {}),
                "north": (box(0, 2000, 1000, 2100), {}),
                "field": (box(0, 1200, 1000, 1300), {}),
                "moor": (box(2500, 1500, 2600, 1600), {}),
            }
        ),
        "ledger": facilities({"F1": ((0, 50), {"name": "一号站"}), "F2": ((3900, 50), {"tier": "institution"})}),
        "premises": candidates(
            {
                "C1": ((1500, 50), {"name": "一号房"}),
                "C2": ((1900, 50), {}),
                "C3": ((1400, 50), {}),
                "C4": ((9000, 50), {}),
            }
        ),
        "exclusions": {"ecology": district_hole()},
        "streets": streets,
    }
    return inputs(**{**given, **changed})


def district_hole() -> Any:
    return units({"x": box(1350, 0, 1450, 100)})


def explain(given: Inputs, what: str | tuple[float, float]) -> Explanation:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        return siting.explain(given.scenario, what)


@pytest.fixture(scope="module")
def given() -> Inputs:
    return district()


@pytest.fixture(scope="module")
def east(given: Inputs) -> Explanation:
    return explain(given, "east")


def test_people_are_those_of_the_gap_report(given: Inputs, east: Explanation) -> None:
    places = check(given).places
    for level, key in (("residential_area", "east"), ("residential_area", "west"), ("district", "D")):
        told = east if key == "east" else explain(given, key)
        row = places.loc[(level, key)]
        standing = told.explained.standing
        assert standing.people.sum() == pytest.approx(row["elderly"])
        assert standing.uncovered.sum() == pytest.approx(row["elderly_uncovered"])
        assert told.reasons["people"].sum() == pytest.approx(row["elderly"])
    # Its own 240 elderly: 30 + 9 × 10 cells of the grid, doubled.
    assert east.reasons["people"].to_dict() == pytest.approx({"beyond_circle": 240.0})
    assert east.reasons["cells"].to_dict() == {"beyond_circle": 10}


def test_the_mean_walk_of_a_place_and_the_walk_from_a_cell_of_it_bear_their_own_names(
    given: Inputs, east: Explanation
) -> None:
    # Cells every 100 m from 1,050 m on, ten persons in each but 30 in the fifth, at 0.8 m/s.
    metres, people = np.arange(1050.0, 2000.0, 100.0), np.array([10.0] * 4 + [30.0] + [10.0] * 5)
    mean = float(np.average(metres, weights=people)) / 0.8 / 60
    assert f"Walk to the nearest facility: on average {mean:.1f} minutes;" in east.text("en")
    assert f"步行至最近设施：平均 {mean:.1f} 分钟" in east.text("zh")
    assert f"The nearest facility of the circle from this cell is 一号站 (F1): {1450 / 48:.1f} minutes" in east.text(
        "en"
    )
    row = check(given).places.loc[("residential_area", "east")]
    figures = east.explained.figures
    assert figures is not None
    assert {key: figures[key] for key in ("minutes_to_nearest", "verdict")} == {
        key: row[key] for key in ("minutes_to_nearest", "verdict")
    }
    assert explain(given, "F1").explained.figures is None


def test_premises_that_fit_are_those_of_the_map_and_not_all_that_cover_it() -> None:
    """C2 reaches a part of the place, and C1 alone has floor area: it fits, both would cover."""
    rows = {"C1": ((1500, 50), {"floor_area_m2": 200.0}), "C2": ((1900, 50), {})}
    told = explain(district(premises=candidates(rows)), "east")
    assert "nearest first: C1." in told.text("en")
    assert "whatever their floor area (2): C1" in told.text("en")


def test_a_facility_that_cannot_join_the_network_does_not_count() -> None:
    ledger = facilities({"F1": ((0, 50), {"name": "一号站"}), "F3": ((1000, 900), {"name": "三号站"})})
    given = district(ledger=ledger)
    told = explain(given, "F3")
    assert "cannot" not in explain(given, "F1").text("en")
    assert "counts for the circle, but it cannot join the walking network" in told.text("en")
    assert "未能接入" in told.text("zh")
    assert "itself counts for the circle" not in told.text("en")
    assert not told.explained.joined


def test_nobody_is_told_that_slopes_add_less_than_nothing() -> None:
    assert [number(value, 1) for value in (-0.04, -0.0, 0.04, -0.05001)] == ["0.0", "0.0", "0.0", "-0.1"]
    assert (number(-0.4), number(-1234.5678, 2)) == ("0", "-1,234.57")


def test_without_heights_nobody_is_told_of_climbs_of_nothing(given: Inputs, east: Explanation) -> None:
    assert given.scenario.terrain is None
    assert "walked_flat" in check(given).totals["warnings"]
    assert "Slopes are not included" in east.text("en")
    assert "未计坡度" in east.text("zh")
    assert "累计爬升" not in east.text("zh").partition("\n\n")[0]


@pytest.mark.parametrize(
    ("sections", "flat"),
    [
        ({}, True),
        ({"terrain": {"path": "dem.tif"}}, False),
        ({"terrain": {"path": "dem.tif"}, "walking": {"slope": False}}, True),
        ({"walking": {"mode": "straight_line"}}, False),
        ({"walking": {"mode": "surface"}, "surface": {"path": "f.tif", "kind": "friction"}}, False),
        ({"walking": {"mode": "surface"}, "surface": {"path": "c.tif", "factors": {"10": 1.0}}}, True),
    ],
)
def test_slopes_count_where_there_are_heights_or_friction(sections: dict[str, Any], flat: bool) -> None:  # noqa: FBT001
    assert scenario(**sections).walks_flat is flat


def test_the_route_starts_where_most_of_the_uncovered_live(east: Explanation) -> None:
    way, spot = east.explained.way, east.explained.standing.spot
    assert (spot.cell, spot.people) == ((20, 14), pytest.approx(60.0))
    assert (way.nearest, way.name) == ("F1", "一号站")
    assert way.seconds == pytest.approx(1450 / 0.8)
    assert east.route is not None
    assert east.route["metres"].sum() == pytest.approx(1450)


def test_the_picture_shows_the_network_around_the_route(east: Explanation) -> None:
    (axes,) = draw(east.explained, "en").axes
    (ways,) = (each for each in axes.collections if each.get_label() == "network")
    assert isinstance(ways, LineCollection)
    (west, _), (_, north) = axes.get_xlim(), axes.get_ylim()
    # Not the street in the north, which is beyond the frame; and the frame is that of the route.
    assert sorted(tuple(line[:, 0] - X0) for line in ways.get_segments()) == [(0.0, 2000.0), (2000.0, 4000.0)]
    assert west > X0 - 500
    assert north < Y0 + 1000


def test_candidates_are_those_that_would_cover_it_and_what_a_plan_counts(given: Inputs, east: Explanation) -> None:
    table = east.candidates
    # All within 720 m; C3 stands on excluded ground.
    assert table.index.tolist() == ["C1", "C2", "C3"]
    assert table["refused_by"].tolist() == [None, None, "ecology"]
    assert table["minutes"].tolist() == pytest.approx([50 / 48, 450 / 48, 50 / 48])
    # C1 reaches all ten cells, C2 those from 1,180 m on.
    assert table["people_here"].tolist() == pytest.approx([240.0, 200.0, 240.0])
    plan = propose(given, stations=1)
    best = plan.stations.iloc[0]
    assert table.loc[best["candidate_id"], "people_new"] == pytest.approx(best["elderly_new"])
    before, after = (
        each.places.loc[("residential_area", "east"), "elderly_covered"] for each in (plan.before, plan.after)
    )
    assert table.loc[best["candidate_id"], "people_here"] == pytest.approx(after - before)


def test_every_reason_is_said_with_its_figures(given: Inputs) -> None:
    for key, reason, said in (
        ("north", "cut_off", "1.5 km"),
        ("field", "off_network", "800 m"),
        ("west", "covered", "15"),
        ("moor", "off_network", "1,163 m"),
    ):
        told = explain(given, key)
        assert told.explained.way.reason == reason, key
        assert said in told.text("en"), told.text("en")
        assert said.replace(" km", " 公里").replace(" m", " 米") in told.text("zh")
    assert (explain(given, "north").route, explain(given, "moor").explained.standing.people.any()) == (None, False)


def test_the_limit_of_joining_is_that_of_the_check(given: Inputs) -> None:
    told = explain(given, "field")
    joining = told.explained.way.joining
    assert joining is not None
    # From the cell's centre to the street in the north; half the cell's diagonal is allowed besides 200 m.
    assert (joining.metres, joining.limit_m) == pytest.approx((800.0, 200 + 50 * 2**0.5), abs=0.01)


def test_a_facility_beside_a_part_that_is_left_out_is_not_far_away() -> None:
    # A street of 3.9 km, and one of 400 m that is too short to count, 1 km north of it.
    streets = network([[(0, 50), (3900, 50)], [(0, 1050), (400, 1050)]])
    told = explain(district(streets=streets, ledger=facilities({"F1": ((200, 1060), {})})), "F1")
    joining = told.explained.way.joining
    assert joining is not None
    assert (joining.beside_scraps, joining.metres) == (True, pytest.approx(1010.0))
    assert "shorter than 1 km" in told.text("en")
    assert "不足 1 公里" in told.text("zh")


def test_a_facility_is_asked_for_the_nearest_other_one(given: Inputs) -> None:
    one, other = explain(given, "F1"), explain(given, "F2")
    assert (one.explained.serves, one.explained.way.nearest) == (True, None)
    assert (other.explained.serves, other.explained.way.nearest) == (False, "F1")
    assert other.explained.way.seconds == pytest.approx(3900 / 0.8)
    assert other.explained.way.reason == "beyond_max_minutes"
    assert "180" in other.text("en")


def test_a_candidate_tells_whether_it_is_permitted_and_whom_it_would_cover(given: Inputs) -> None:
    one, refused = explain(given, "C1"), explain(given, "C3")
    assert f"{one.candidates.loc['C1', 'people_new']:,.0f}" in one.text("zh")
    assert "生态保护红线" in refused.text("en")
    assert one.candidates["people_here"].isna().all()


def test_a_point_is_longitude_and_latitude(given: Inputs) -> None:
    from siting.crs import WGS84, transform_points

    lon, lat = transform_points(np.array([X0 + 800.0]), np.array([Y0 + 50.0]), given.crs, WGS84)
    told = explain(given, (float(lon[0]), float(lat[0])))
    assert told.explained.way.seconds == pytest.approx(1000, abs=0.1)
    assert told.explained.subject.level == "point"
    assert told.reasons.empty


def test_what_is_not_known_or_not_clear_is_refused(given: Inputs) -> None:
    twice = district(premises=candidates({"F1": ((1500, 50), {}), "C9": ((1500, 50), {})}))
    for data, what, code, said in (
        (given, "easd", "explain_unknown", "east"),
        (twice, "F1", "explain_ambiguous", "facility/F1, candidate/F1"),
        (given, (29.7, 107.4), "explain_not_on_earth", "29.700000, 107.400000"),
    ):
        with pytest.raises(InputError) as refused:
            explain(data, what)
        assert [fault.code for fault in refused.value.faults] == [code]
        assert all(said in refused.value.message(lang) for lang in LANGS)
    assert explain(twice, "candidate/F1").explained.subject.level == "candidate"
    assert explain(given, "一号站").explained.subject.id == "F1"
    # As it is copied from a workbook.
    assert explain(given, "F\u200b1\u00a0").explained.subject.id == "F1"


def test_what_slopes_add_is_the_difference_of_what_is_told() -> None:
    hill = raster([[0.000_04 * column**2 * 30 for column in range(140)]] * 4, 30.0, bottom=-15.0)
    settings = scenario(**CHOICE, terrain={"path": "hill.tif"})
    for row in ("east", "C1", "C2", "C3"):
        found = explain(district(terrain=hill, settings=settings), row)
        assert found.explained.way.route is not None
        flat, slope, whole = (float(cell) for cell in leg_table(found.explained.way.route, "en")[-1][-3:])
        line = next(line for line in found.text("en").splitlines() if "On the flat" in line)
        parts = f"{slope - flat:.1f} minutes, stairs (including lifts and escalators) add {whole - slope:.1f} minutes"
        assert f"{flat:.1f} minutes; slopes add {parts}" in line


def test_a_candidate_without_a_name_leaves_no_gap() -> None:
    found = explain(district(premises=candidates({"C7": ((3000, 50), {})})), "F1")
    assert " ," not in found.text("en")
    named = explain(district(premises=candidates({"C7": ((1500, 50), {}), "C8": ((1400, 50), {})})), "east")
    assert "  (" not in named.text("en")
    assert "C7 (" in named.text("en")


def test_a_place_west_of_greenwich_is_no_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("explain", tmp_path / "none.toml", "-51.2,-30.05", "--lang", "en")
    told = capsys.readouterr().err
    assert "There is no option" not in told
    assert "none.toml" in told
    run("explain", tmp_path / "none.toml", "--names", "--lang", "en")
    assert "There is no option --names" in capsys.readouterr().err


def test_in_straight_lines_the_time_is_called_optimistic() -> None:
    told = explain(district(settings=scenario(walking=straight(), **CHOICE)), "east")
    assert "optimistic" in told.text("en")
    assert "偏乐观" in told.text("zh")
    assert told.explained.way.seconds == pytest.approx(1450 / 0.8)


def test_without_elderly_residents_are_counted() -> None:
    told = explain(district(elderly=None, areas=estates({"east": (box(1000, 0, 2000, 100), {})})), "east")
    assert told.explained.standing.who == "residents"
    assert told.explained.standing.uncovered.sum() == pytest.approx(600.0)


def test_files_hold_what_was_found_and_names_are_escaped(east: Explanation, tmp_path: Path) -> None:
    east.to_file(tmp_path / "e.geojson")
    east.to_file(tmp_path / "e.html", "zh")
    content = json.loads((tmp_path / "e.geojson").read_text(encoding="utf-8"))
    by_kind: dict[str, list[Any]] = {}
    for feature in content["features"]:
        by_kind.setdefault(feature["properties"]["what"], []).append(feature)
    assert {kind: len(found) for kind, found in by_kind.items()} == {
        "subject": 1, "spot": 1, "leg": 1, "facility": 1, "candidate": 3,
    }  # fmt: skip
    assert by_kind["subject"][0]["properties"]["uncovered"] == pytest.approx(240)
    assert content["text"] == {lang: east.text(lang).splitlines() for lang in LANGS}
    shape = shapely.geometry.shape(by_kind["leg"][0]["geometry"])
    assert 107.5 < shape.bounds[0] < 108.5
    page = (tmp_path / "e.html").read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert HOSTILE not in east._repr_html_()
    with pytest.raises(InputError, match=r"\.geojson"):
        east.to_file(tmp_path / "e.xlsx")
    east.to_file(tmp_path / "again.geojson")
    assert (tmp_path / "again.geojson").read_bytes() == (tmp_path / "e.geojson").read_bytes()


def test_the_command_tells_and_writes(
    given: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
    monkeypatch.setattr("siting.pipeline.opening.read_whole", lambda *_, **__: given.scenario)
    for lang, words in (
        ("zh", ("未覆盖 240 人", "一号站", "生态保护红线", "合计")),
        ("en", ("240 elderly", "生态保护红线", "total")),
    ):
        out = tmp_path / f"{lang}.html"
        assert run("explain", "s.toml", "east", "-o", out, "--lang", lang) == 0
        said = "".join(capsys.readouterr().out.split("\n"))
        assert all(word in said for word in words), said
        assert lang == "en" or codes_in(said) == set()
        assert out.is_file()
        assert (tmp_path / f"{lang}.run.json").is_file()
    assert run("explain", "s.toml", "108.0，29.7", "--lang", "zh", "--quiet") == 0
    assert capsys.readouterr().out == ""
    assert run("explain", "s.toml", "nobody", "--lang", "en") == 2
    assert "nobody" in capsys.readouterr().err


def test_a_facility_that_may_count_is_named_with_the_people_whom_it_would_cover() -> None:
    """Nobody says of the institution F2 whether it serves its community: it would cover the last 720 m."""
    ledger = facilities({"F1": ((0, 50), {}), "F2": ((3900, 50), {"tier": "institution", "serves_community": None})})
    told = explain(district(ledger=ledger), "D")
    row = check(district(ledger=ledger)).places.loc[("district", "D")]
    perhaps = row["elderly_uncovered"] - row["elderly_uncovered_low"]
    assert perhaps > 0
    assert told.reasons["people"].sum() == pytest.approx(row["elderly"])
    assert told.reasons.loc["perhaps_covered", "people"] == pytest.approx(perhaps)
    assert told.explained.perhaps["people_here"].to_dict() == pytest.approx({"F2": perhaps})
    for lang, text in (("en", "it is not known whether a facility nearby counts"), ("zh", "附近设施是否计入不明")):
        assert text in told.text(lang)
        assert f"F2（{perhaps:.0f} 人）" in told.text(lang) or f"F2 ({perhaps:.0f} persons)" in told.text(lang)
    assert f"{row['elderly_covered']:.0f}–{row['elderly_covered_high']:.0f}" in told.text("en")
    assert "It is not known whether this facility counts" in explain(district(ledger=ledger), "F2").text("en")


def test_people_of_whom_nothing_is_known_are_not_called_nobody() -> None:
    areas = {"west": box(0, 0, 400, 100), "east": box(400, 0, 800, 100)}
    grid = raster(np.full((1, 4), 100.0), 100.0)
    data = inputs(
        settings=scenario(walking=straight()),
        residents=grid,
        elderly=grid,
        places={"street": units(areas | {"half": box(300, 0, 500, 100)})},
        ledger=facilities({"F1": ((50, 50), {})}),
    )
    for key, words in (("east", "人口未知"), ("half", "有一部分老年人未知"), ("west", "服务圈内")):
        first = explain(data, key).text("zh").splitlines()[0]
        assert words in first
        assert "无人居住" not in first
        assert ("%" in first) == (key == "west")


def test_people_of_a_place_partly_outside_the_grid_are_the_interval_of_the_report() -> None:
    """A tenth of b lies outside: 380 elderly are known, and at most 220 live outside."""
    told = explain(accepted(0.1), "b").text("en")
    assert "380–600" in told.splitlines()[0]
    assert "figures are intervals" in told
    assert "only people on the grid" not in told
    reported = accepted(0.1, own_residents=[math.nan, 2500.0], own_elderly=[math.nan, 500.0])
    told = explain(reported, "b").text("en")
    assert "the figures are those reported for this place" in told
