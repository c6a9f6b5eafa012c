"""What stands in a request: which facilities count, what closing is worth, and what spacing bars."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siting.domain.nouns import Inputs, Least
from siting.errors import InputError
from siting.locate.problem import Effort, Solution, Stage
from siting.locate.series import Optimum, coverage_curve
from siting.pipeline import measure_plan
from siting.pipeline.studying import alternatives_to, curve_of, order_of
from siting.results import Plan
from tests.helpers import box, raster, units
from tests.pipeline.test_planning import CELL, PEOPLE, covered, ids, proposed, sizes, strip


def with_institution(given: Inputs) -> Inputs:
    """The same with the facilities as institutions that serve nobody around them."""
    ledger = given.facilities.assign(tier="institution", serves_community=False)
    return replace(given, facilities=ledger)


@pytest.mark.parametrize("model", ["mclp", "lscp"])
def test_what_does_not_count_for_the_circle_covers_nobody_when_it_grows(model: str) -> None:
    large = sizes({"size": "large", "for": "existing", "floor_area_m2": 1e5, "land_m2": 1e5, "cost_cny": 1.0})
    given = replace(with_institution(strip(stands=(0,), upgradable=["f0"], stations=1, share=0.5)), sizes=large)
    found = proposed(given, model=model)
    assert found.proposal.before.totals["elderly_covered"] == 0
    # The sites alone are worth their cells; the institution in cell 0 is worth nothing, in whatever size.
    assert covered(found) == sum(PEOPLE[int(key[1:])] for key in ids(found))
    assert covered(found) >= (0.5 * sum(PEOPLE) if model == "lscp" else PEOPLE[0])
    assert found.solution.objective == (covered(found) if model == "mclp" else len(ids(found)))


def test_closing_what_serves_nobody_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        proposed(with_institution(strip(stands=(0,), closable=["f0"])))
    assert [(fault.code, fault.field) for fault in caught.value.faults] == [("plan_closable_serves_nobody", "closable")]


@pytest.mark.parametrize("least", ["stations", "cost"])
def test_nothing_is_closed_where_no_number_makes_room(least: str) -> None:
    asked: dict[str, Any] = {"stations": None, "share": 0.6, "least": least}
    free = proposed(strip(stands=(3,), closable=["f3"], **asked), model="lscp")
    kept = proposed(strip(stands=(3,), **asked), model="lscp")
    assert ids(free) == ids(kept)
    assert free.solution.objective == kept.solution.objective
    assert free.proposal.changes.empty
    budget = proposed(strip(stands=(3,), closable=["f3"], stations=None, budget_cny=1e6))
    assert (ids(budget), len(budget.proposal.changes)) == (["c0"], 0)


def test_what_stands_takes_no_place_among_the_new_stations_of_a_unit() -> None:
    found = proposed(strip(stands=(9,), closable=["f9"], stations=0, most_per_unit=0))
    assert (ids(found), len(found.proposal.changes)) == ([], 0)
    assert covered(found) == PEOPLE[9]
    # One station in each community: c5 may be built beside f9, so that the model counts both.
    west = [f"c{i}" for i in range(5)]
    beside = proposed(strip(stands=(9,), closable=["f9"], stations=1, most_per_unit=1, forbidden=west))
    assert (ids(beside), len(beside.proposal.changes)) == (["c5"], 0)
    assert beside.proposal.selection.objective == PEOPLE[5] == covered(beside) - PEOPLE[9]


def test_sites_beside_what_stands_are_barred_by_the_spacing_and_said_to_be() -> None:
    found = proposed(strip(stands=(2,), stations=None, spacing_m=600.0, share=0.9), model="lscp")
    blocked = found.proposal.blocked
    assert blocked is not None
    # Cells 1 and 3 lie 500 m from the station in cell 2: 390 of 550 can be covered, but for the spacing all.
    assert set(blocked.rules) == {"spacing", "share"}
    assert "spacing" in blocked.remedies
    assert blocked.unreached_elderly == 0
    assert found.proposal.selection.status == "infeasible"


@pytest.mark.parametrize(("spacing_m", "built"), [(500.0, {"c1", "c5"}), (500.5, {"c5"})])
def test_at_the_spacing_to_what_stands_a_station_may_be_built(spacing_m: float, built: set[str]) -> None:
    # c1 lies 500 m from the station in cell 2, c5 1,500 m; between the two are 2,000 m.
    others = [f"c{i}" for i in range(10) if i not in (1, 5)]
    found = proposed(strip(stands=(2,), stations=2, spacing_m=spacing_m, forbidden=others))
    assert {*ids(found)} == built


def test_a_forced_site_is_not_barred_by_what_stands() -> None:
    assert "c1" in ids(proposed(strip(stands=(2,), spacing_m=600.0, forced=["c1"])))


def test_without_any_candidate_there_is_nothing_to_propose() -> None:
    given = strip()
    with pytest.raises(InputError) as caught:
        proposed(replace(given, candidates=given.candidates.iloc[:0]))
    assert [fault.code for fault in caught.value.faults] == ["plan_no_candidates"]


def test_another_cut_off_leaves_the_rows_as_they_are() -> None:
    # Nobody is near the only station, until the walk is three times as long.
    given = strip(stands=(9,), share=1.0, forbidden=["c0"])
    far = given.facilities.set_geometry(given.facilities.geometry.translate(1500.0, 0.0))
    found = proposed(replace(given, facilities=far), model="lscp")
    assert found.proposal.selection.status == "infeasible"
    assert found.question.standing == 1
    blocked = found.proposal.blocked
    assert blocked is not None
    # From c1 it is 500 m to cell 0, and 450 m were walked.
    assert blocked.unreached_elderly == PEOPLE[0]
    assert blocked.least["minutes"].value == pytest.approx(math.ceil(500 / 0.8 / 60))


def test_a_share_is_of_what_people_count() -> None:
    asked = {"stands": (), "stations": None, "share": 0.45}
    plain = proposed(strip(**asked), model="lscp")
    # Of 550 persons 247.5 live in the three cells with most.
    assert len(ids(plain)) == 3
    given = strip(**asked, weights={"old": 100.0})
    cells = [0.0] * 9 + [PEOPLE[9]]
    population = replace(given.population, groups={"old": raster([cells], CELL)})
    weighed = proposed(replace(given, population=population), model="lscp")
    # 540 persons count once and ten a hundredfold: of 1,540 at least 693 are asked for.
    assert ids(weighed) == ["c9"]
    assert weighed.proposal.stations["elderly_new"].tolist() == [PEOPLE[9]]


def test_whom_nothing_reaches_is_told_of_a_share_that_can_be_met() -> None:
    found = proposed(strip(stands=(), stations=None, share=0.5, forbidden=["c8", "c9"]), model="lscp")
    assert found.proposal.selection.status == "optimal"
    told = {note.code: note.values for note in found.proposal.notes}["people_beyond_reach"]
    assert told == {"people": "30", "units": "east 30"}


def test_each_station_says_whom_it_serves_within_its_capacity(tmp_path: Path) -> None:
    given = strip(stands=(), stations=3, capacity=50.0)
    found = proposed(given)
    assert found.proposal.stations["elderly_served"].tolist() == [50.0, 50.0, 50.0]
    assert found.solution.objective == 150
    Plan(found).to_file(tmp_path / "plan.geojson")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        again = measure_plan(given.scenario, tmp_path / "plan.geojson")
    assert again.proposal.stations["elderly_served"].tolist() == [50.0, 50.0, 50.0]
    assert proposed(strip()).proposal.stations["elderly_served"].isna().all()


def test_what_is_idle_is_said() -> None:
    found = proposed(strip(stands=(9,), stations=None, closable=["f9"], capacity=10.0), model="compliance")
    (note,) = [each for each in found.proposal.notes if each.code == "plan_settings_unused"]
    assert note.values["names"] == "capacity, closable"


def test_studies_count_whom_nobody_covers_today_where_facilities_change() -> None:
    table = sizes({"size": "large", "for": "existing", "capacity": 80.0, "cost_cny": 1.0})
    settings: dict[str, Any] = {"stations": 2, "capacity": 60.0, "existing_capacity": 20.0, "upgradable": ["f0", "f1"]}
    found = proposed(replace(strip(stands=(0, 1), **settings), sizes=table))
    # Forty are served today; enlarged, the two serve 160, and two stations 60 each.
    assert found.proposal.selection.objective == 160 - 40 + 120
    curve = curve_of(found, points=[0, 1, 2])
    assert curve["newly_covered"].tolist() == [120, 180, 240]
    assert (curve["bound"] >= curve["newly_covered"] - 1e-6).all()
    order = order_of(found)
    assert order["cumulative"].iloc[-1] == found.proposal.selection.objective
    assert set(order["candidate_id"][order["rank"] > 0]) == set(ids(found))
    assert alternatives_to(found, count=1, within=0.5).plans["objective"].iloc[0] == found.proposal.selection.objective


def test_a_curve_by_money_goes_on_to_full_cover_whatever_the_number() -> None:
    found = proposed(strip(stands=(), stations=2))
    # Ten sites cost 14.5 million, and each covers its own cell.
    assert curve_of(found, by="budget", points=[1.45e7])["newly_covered"].tolist() == [sum(PEOPLE)]


def test_a_facility_is_not_closed_for_nothing() -> None:
    # A budget for one site: three stations might be opened, and the station in cell 9 adds nobody to c9's.
    given = strip(stands=(9,), closable=["f9"], stations=3, budget_cny=1e6, forced=[])
    found = proposed(given)
    assert (ids(found), len(found.proposal.changes)) == (["c0"], 0)
    near = given.facilities.set_geometry(given.facilities.geometry.translate(0.0, 5000.0))
    far = proposed(replace(given, facilities=near))
    assert (ids(far), len(far.proposal.changes)) == (["c0"], 0)
    full = proposed(replace(strip(stands=(9,), closable=["f9"], stations=0), facilities=near))
    assert (ids(full), full.proposal.changes["action"].tolist()) == (["c0"], ["close"])


def test_the_least_number_is_the_one_that_a_planner_gives() -> None:
    # Four must be built; the two that may be closed make room for two of them.
    asked: dict[str, Any] = {"closable": ["f2", "f3"], "forced": ["c5", "c6", "c7", "c8"]}
    for number in (0, 1):
        found = proposed(strip(stands=(2, 3), **asked, stations=number)).proposal
        assert found.blocked is not None
        assert found.blocked.least["stations"] == Least(2.0)
        assert (len(found.changes), found.changes.columns[0]) == (0, "action")
    enough = proposed(strip(stands=(2, 3), **asked, stations=2)).proposal
    assert (enough.blocked, len(enough.changes)) == (None, 2)


@pytest.mark.parametrize("spacing_m", [None, 1.0])
def test_other_plans_differ_in_what_is_built_and_close_nothing_for_nothing(spacing_m: float | None) -> None:
    # Whoever f9 serves c9 would serve too; room is there for all, by kernels (no spacing) and as a programme.
    found = proposed(strip(stands=(9,), closable=["f9"], stations=12, spacing_m=spacing_m))
    assert found.proposal.changes.empty
    other = alternatives_to(found, count=2, within=1.0)
    assert other.plans["closed"].tolist() == [[], [], []]
    assert other.plans["stations"].tolist() == [len(row) for row in other.plans["candidates"]]
    assert "f9" not in {*other.sites["candidate_id"]}
    assert {len({*ids(found)} - {*row}) for row in other.plans["candidates"].iloc[1:]} == {1}


def test_studies_under_clauses_know_no_capacity_either() -> None:
    table = sizes({"size": "small", "capacity": 1.0, "cost_cny": 1.0})
    found = proposed(replace(strip(stands=(), stations=3), sizes=table), model="compliance")
    assert found.proposal.stations["capacity"].tolist() == [1.0] * len(ids(found))
    assert order_of(found)["cumulative"].iloc[-1] == covered(found)


@pytest.mark.parametrize("points", [[], [-1], [1.5], [math.nan]])
def test_points_that_cannot_be_are_refused(points: list[float]) -> None:
    with pytest.raises(InputError) as caught:
        curve_of(proposed(strip(stations=1)), points=points)
    assert [fault.code for fault in caught.value.faults] == ["curve_points"]


def test_the_curve_of_served_people_ends_where_all_within_reach_are_served() -> None:
    found = proposed(strip(stands=(0, 1), stations=2, capacity=60.0, existing_capacity=20.0))
    curve = curve_of(found, points=[0, 2, 10])
    # Forty are served today; ten stations of sixty serve what their cells hold, but for what stands there.
    assert curve["covered"].tolist() == [40, 160, 40 + 60 + 60 + 60 + 60 + 60 + 50 + 40 + 30 + 20 + 10]
    assert curve["covered_share"].tolist() == pytest.approx((curve["covered"] / sum(PEOPLE)).tolist())
    assert curve["value_share"].tolist() == pytest.approx(curve["covered_share"].tolist())


def test_no_point_of_the_curve_falls_behind_the_plan_in_hand() -> None:
    found = proposed(strip(stands=(), stations=3, capacity=60.0))

    def poor(*_: object) -> Solution:
        return Solution(np.zeros(0, dtype=np.int64), "feasible", (Stage("covered", "max", 0.0, 550.0),), "time", "")

    curve = coverage_curve(found.question.problem, Effort(), points=[2, 3, 4], solver=poor)
    assert curve["newly_covered"].tolist() == [0, 0, 0]
    known = Optimum(0.0, found.solution.chosen, 180.0, math.inf, "time", found.solution.served)
    better = coverage_curve(found.question.problem, Effort(), points=[2, 3, 4], known=known, solver=poor)
    assert better["newly_covered"].tolist() == [0, 180, 180]
    assert (better["bound"] >= better["newly_covered"]).all()
    assert better["stations"].tolist() == [0, 3, 3]


def test_the_curve_is_given_the_plan_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    found = proposed(strip(stands=(), stations=3, capacity=60.0))
    given: list[Optimum] = []

    def curve(*args: Any, known: Optimum, **more: Any) -> pd.DataFrame:
        given.append(known)
        return coverage_curve(*args, known=known, **more)

    monkeypatch.setattr("siting.pipeline.studying.coverage_curve", curve)
    curve_of(found, points=[3])
    (known,) = given
    assert known.chosen is not None
    assert known.chosen.tolist() == found.solution.chosen.tolist()
    assert known.objective == found.solution.objective == 180


def test_slivers_of_reach_do_not_bind_the_least_share() -> None:
    # Of both communities somebody is reached, but of the east a hundredth of a person.
    given = strip(stands=(), stations=1, forbidden=["c5", "c6", "c7", "c8", "c9"])
    cells = [*PEOPLE[:4], 0.01, *PEOPLE[5:]]
    west = box(0, 0, 4 * CELL, CELL)
    east = box(4 * CELL, 0, 10 * CELL, CELL)
    places = given.units | {"community": units({"west": west, "east": east})}
    population = replace(given.population, elderly=raster([cells], CELL))
    found = proposed(replace(given, population=population, units=places), model="fair")
    assert ids(found) == ["c0"]
    assert {note.code: note.values for note in found.proposal.notes}["units_beyond_reach"]["ids"] == "east"
