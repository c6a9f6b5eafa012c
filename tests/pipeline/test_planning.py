"""Requests of every kind, from a scenario to a plan that is measured by the check."""

import itertools
import json
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting import pipeline
from siting.domain.nouns import Inputs, Least
from siting.domain.scenario import CandidateLayer, Circle, asked
from siting.domain.tables import SIZE_COLUMNS
from siting.errors import FaultOfRows, InputError
from siting.locate.problem import Solution
from siting.locate.series import coverage_curve
from siting.locate.solve import solve
from siting.pipeline import Planned, method
from siting.pipeline.evenness import gini_of
from siting.pipeline.rereading import check_with, measure_plan
from siting.pipeline.studying import (
    alternatives_to,
    curve_of,
    fairness_of,
    names_of,
    order_of,
    stability_of,
)
from siting.results import Plan
from siting.text import LANGS
from siting.write.unmet import fairness_texts, unmet_texts
from tests.helpers import box, candidates, check, facilities, inputs, raster, scenario, straight, units

# A strip of ten cells of 500 m; people walk 450 m in straight lines, so a site reaches its own cell alone.
PEOPLE = [100.0, 90.0, 80.0, 70.0, 60.0, 50.0, 40.0, 30.0, 20.0, 10.0]
CELL = 500.0
SIDES = (range(5), range(5, 10))


def strip(*, stands: tuple[int, ...] = (9,), walking: dict[str, Any] | None = None, **plan: Any) -> Inputs:
    """A candidate in the middle of every cell, and stations in some; two communities of five cells each."""
    settings = scenario(
        walking=straight(minutes=450 / 0.8 / 60, max_minutes=120, **(walking or {})),
        plan={"stations": 3, **plan},
        units={"district": {"path": "d.gpkg"}, "community": {"path": "c.gpkg"}},
    )
    middles = {f"c{i}": ((CELL * i + 250, 250), {"capital_cost_cny": 1e6 + 1e5 * i}) for i in range(10)}
    return inputs(
        settings=settings,
        residents=raster([[5 * each for each in PEOPLE]], CELL),
        elderly=raster([PEOPLE], CELL),
        places={
            "district": units({"d": box(0, 0, 10 * CELL, CELL)}),
            "community": units({"west": box(0, 0, 5 * CELL, CELL), "east": box(5 * CELL, 0, 10 * CELL, CELL)}),
        },
        premises=candidates(middles),
        ledger=facilities({f"f{i}": ((CELL * i + 250, 260), {"land_m2": 500.0}) for i in stands}),
    )


def proposed(given: Inputs, **asked: Any) -> Planned:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        return pipeline.propose(given.scenario, **asked)


def ids(planned: Planned) -> list[str]:
    return [str(key) for key in planned.proposal.stations["candidate_id"]]


def covered(planned: Planned) -> float:
    """What the check says of the plan."""
    return float(planned.proposal.after.totals["elderly_covered"])


def test_the_most_covered_with_a_number_of_stations() -> None:
    found = proposed(strip())
    assert ids(found) == ["c0", "c1", "c2"]
    assert found.proposal.stations["elderly_new"].tolist() == [100, 90, 80]
    assert (found.solution.status, found.solution.objective) == ("optimal", 270)
    assert covered(found) == 10 + 270


@pytest.mark.parametrize(
    ("plan", "chosen"),
    [
        ({"forced": ["c8"]}, ["c0", "c1", "c8"]),
        ({"forbidden": ["c0", "c1"]}, ["c2", "c3", "c4"]),
        ({"spacing_m": 600.0}, ["c0", "c2", "c4"]),
        ({"spacing_m": 500.0}, ["c0", "c1", "c2"]),
        ({"most_per_unit": 2}, ["c0", "c1", "c5"]),
        ({"most_per_unit": 1, "unit_level": "district"}, ["c0"]),
        ({"stations": None, "budget_cny": 2.3e6}, ["c0", "c2"]),
        ({"budget_cny": 1e7}, ["c0", "c1", "c2"]),
    ],
)
def test_rules_of_a_plan(plan: dict[str, Any], chosen: list[str]) -> None:
    found = proposed(strip(**plan))
    if "budget_cny" in plan and plan.get("stations", 3) is None:
        # 2.3 million buy two of them: the best pair by brute force.
        costs = {f"c{i}": 1e6 + 1e5 * i for i in range(9)}
        worth = dict(zip(costs, PEOPLE, strict=False))
        pairs = [pair for pair in itertools.combinations(costs, 2) if sum(costs[key] for key in pair) <= 2.3e6]
        chosen = sorted(max(pairs, key=lambda pair: sum(worth[key] for key in pair)))
    assert sorted(ids(found)) == chosen
    assert found.proposal.selection.status == "optimal"
    assert found.proposal.request.model == "mclp"


def test_stations_are_not_put_too_near_to_those_that_stay() -> None:
    # The facility in cell 9 keeps cell 8 free, unless it is forced.
    rich = strip(spacing_m=501.0, stands=(2,))
    assert ids(proposed(rich)) == ["c0", "c4", "c6"]
    forced = strip(spacing_m=501.0, stands=(2,), forced=["c1"])
    assert "c1" in ids(proposed(forced))


def test_who_closes_one_may_open_another() -> None:
    found = proposed(strip(closable=["f9"], stations=2))
    assert ids(found) == ["c0", "c1", "c2"]
    changes = found.proposal.changes
    assert changes["action"].to_dict() == {"f9": "close"}
    assert covered(found) == 270
    # Those that the closed one served is lost.
    assert found.proposal.stations["covered_share_after"].tolist() == pytest.approx([100 / 550, 190 / 550, 270 / 550])
    kept = proposed(strip(closable=["f9"], stations=9))
    assert covered(kept) == sum(PEOPLE)
    assert len(kept.proposal.changes) == 0


def test_who_may_be_covered_anyhow_is_so_until_a_station_stands() -> None:
    """Of homes in cells 1 and 6 nobody says whether they serve their community: 90 and 40 of 550 are perhaps so."""
    homes = {f"h{i}": ((CELL * i + 250, 240), {"tier": "institution", "serves_community": None}) for i in (1, 6)}
    given = strip()
    ledger = facilities({"f9": ((CELL * 9 + 250, 260), {"land_m2": 500.0}), **homes})
    stations = proposed(replace(given, facilities=ledger)).proposal.stations
    assert stations["candidate_id"].tolist() == ["c0", "c1", "c2"]
    assert stations["covered_share_after"].tolist() == pytest.approx([110 / 550, 200 / 550, 280 / 550])
    assert stations["covered_share_after_high"].tolist() == pytest.approx([240 / 550, 240 / 550, 320 / 550])


def test_of_a_ledger_that_is_not_complete_all_may_be_covered() -> None:
    given = strip()
    layer = given.scenario.facilities.model_copy(update={"complete": False})
    open_ended = replace(given, scenario=given.scenario.model_copy(update={"facilities": layer}))
    stations = proposed(open_ended).proposal.stations
    assert stations["covered_share_after"].tolist() == pytest.approx([110 / 550, 200 / 550, 280 / 550])
    assert stations["covered_share_after_high"].tolist() == [1.0] * 3


def test_capacity_leaves_people_within_the_circle_unserved() -> None:
    found = proposed(strip(capacity=50.0))
    assert found.solution.objective == 150
    assert found.proposal.stations["capacity"].tolist() == [50.0] * 3
    # The check itself knows no capacity.
    assert covered(found) == 10 + sum(sorted((PEOPLE[int(key[1])] for key in ids(found)), reverse=True))


def test_weights_of_a_group_move_a_station_but_persons_stay_persons() -> None:
    plain = strip(stations=1)
    cells = check(plain).demand.cells
    group = np.where(cells["elderly"] == 60.0, 60.0, 0.0)
    settings = plain.scenario.model_copy(
        update={"plan": plain.scenario.plan.model_copy(update={"weights": {"alone": 2.0}})}
    )
    given = replace(
        plain, scenario=settings, population=replace(plain.population, groups={"alone": group_raster(group)})
    )
    found = proposed(given)
    assert ids(found) == ["c4"]
    assert found.solution.objective == 120
    assert found.proposal.stations["elderly_new"].tolist() == [60.0]


def group_raster(persons: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    return raster([persons.tolist()], CELL)


def test_fewest_stations_for_a_share_of_all() -> None:
    # 10 stand; 0.8 × 550 = 440 take 100 + 90 + 80 + 70 + 60 + 50 more, the sixth station included.
    found = proposed(strip(stations=None), model="lscp", share=0.8)
    assert (found.solution.stages[0].name, found.solution.objective) == ("stations", 6)
    assert covered(found) >= 440
    cheapest = proposed(strip(stations=None, least="cost"), model="lscp", share=0.8)
    assert cheapest.solution.objective == pytest.approx(sum(1e6 + 1e5 * i for i in range(6)))
    by_unit = proposed(strip(stations=None, unit_share=0.5), model="lscp", share=0.1)
    # West needs 200 of 400, east 75 of 150 beside the 10 that stand.
    assert by_unit.solution.objective == 5


def test_the_least_share_of_the_units_is_raised_first() -> None:
    found = proposed(strip(stations=2), model="fair")
    # One each: 100 of 400 and 50 + 10 of 150.
    assert sorted(ids(found)) == ["c0", "c5"]
    assert [stage.name for stage in found.solution.stages] == ["least_share", "covered"]
    assert found.solution.stages[0].objective == pytest.approx(0.25)
    table = fairness_of(found)
    assert dict(zip(table["id"], table["covered_share_after"], strict=True)) == pytest.approx(
        {"west": 0.25, "east": 0.4}
    )
    before, after = gini_of(table)
    assert after < before


def test_walking_models_look_beyond_the_cut_off() -> None:
    center = proposed(strip(stations=1, stands=()), model="p_center")
    # From the middle of a strip of ten cells the farthest lives five cells away.
    assert center.solution.objective == pytest.approx(2500 / 0.8, rel=1e-6)
    assert ids(center)[0] in ("c4", "c5")
    # However far is looked, only the circle is covered.
    assert center.proposal.stations["elderly_new"].tolist() == [covered(center)] == [PEOPLE[int(ids(center)[0][1])]]
    assert curve_of(center, points=[1])["covered_share"].tolist() == [100 / 550]
    assert order_of(center)["cumulative"].tolist() == [covered(center)]
    median = proposed(strip(stations=1, stands=(), beyond_minutes=110), model="p_median")
    weighed = [sum(people * abs(i - j) * CELL / 0.8 for i, people in enumerate(PEOPLE)) for j in range(len(PEOPLE))]
    assert ids(median) == [f"c{int(np.argmin(weighed))}"]
    assert median.solution.objective == pytest.approx(min(weighed))
    staged = proposed(strip(stations=1, stands=()), model="p_median")
    assert ids(staged) == ["c0"]
    assert [stage.name for stage in staged.solution.stages] == ["beyond", "seconds"]
    assert staged.solution.stages[0].objective == sum(PEOPLE) - 100


def test_a_request_that_cannot_be_met_says_why_and_what_would_do() -> None:
    found = proposed(strip(), model="lscp", stations=2, share=0.8)
    blocked = found.proposal.blocked
    assert blocked is not None
    assert found.proposal.selection.status == "infeasible"
    assert ids(found) == []
    assert np.isnan(found.proposal.selection.objective)
    assert covered(found) == 10
    assert set(blocked.rules) == {"stations", "share"}
    assert blocked.least["stations"] == Least(6.0)
    assert blocked.proved
    # With six it can be met, with five it cannot.
    assert proposed(strip(), model="lscp", stations=6, share=0.8).solution.status == "optimal"
    assert proposed(strip(), model="lscp", stations=5, share=0.8).solution.status == "infeasible"


def test_whom_no_candidate_reaches_is_counted_and_named() -> None:
    given = strip(stations=None, forbidden=["c0", "c1"])
    found = proposed(given, model="lscp", share=0.9)
    blocked = found.proposal.blocked
    assert blocked is not None
    assert blocked.unreached_elderly == 190
    assert blocked.unreached_in == {"west": 190.0}
    assert "reach" in blocked.rules


def test_compliance_is_what_the_check_says_of_its_plan() -> None:
    given = strip(stations=None, stands=())
    found = proposed(given, model="compliance")
    # Candidates without land give none, so that land falls short wherever it is asked for; the circle can hold.
    assert found.proposal.selection.status == "relaxed"
    short = found.proposal.shortfalls
    assert short is not None
    told = {(row["clause_id"], row["level"], str(row["id"])) for row in short.to_dict("records")}
    checks = found.proposal.after.checks
    asked = checks[checks["clause_id"].isin(set(short["clause_id"]) | {"cq-2019-129/2-9-circle"})]
    own = {clause.id: clause.levels for standard in given.standards for clause in standard.clauses}
    levels = asked.index.get_level_values("level")
    judged = asked[[level in own[key] for level, key in zip(levels, asked["clause_id"], strict=True)]]
    assert len(judged) >= 2
    for (level, place), row in zip(judged.index, judged.to_dict("records"), strict=True):
        # What is known falls short of a gap, and of what no record tells.
        assert ((row["clause_id"], level, str(place)) in told) == (row["verdict"] in ("gap", "no_data"))
    assert covered(found) >= 0.9 * sum(PEOPLE)


def test_other_plans_under_clauses_are_held_to_them_too() -> None:
    given = strip(stations=None, stands=(), clauses=["cq-2019-129/2-9-circle"])
    given = replace(given, scenario=given.scenario.model_copy(update={"circle": Circle(pass_share=0.5)}))
    found = proposed(given, model="compliance")
    # All sites of which half of the elderly of both communities, and so of the district, are covered.
    costs = [1e6 + 1e5 * i for i in range(10)]
    holding = [
        set(sites)
        for count in range(11)
        for sites in itertools.combinations(range(10), count)
        if all(sum(PEOPLE[i] for i in sites if i in side) >= 0.5 * sum(PEOPLE[i] for i in side) for side in SIDES)
    ]
    expected: list[set[int]] = []
    for _ in range(4):
        other = [sites for sites in holding if all(before - sites for before in expected)]
        expected.append(min(other, key=lambda sites: sum(costs[i] for i in sites)))
    plans = alternatives_to(found, count=3, within=0.5, differ=1).plans
    assert plans["status"].tolist() == ["optimal"] * 4
    assert plans["objective"].tolist() == pytest.approx([sum(costs[i] for i in sites) for sites in expected])
    assert all(set(chosen) in holding for chosen in plans["chosen"])


def test_what_leaves_clauses_short_is_no_other_plan_where_they_hold() -> None:
    found = proposed(strip(stations=None, stands=(), clauses=["cq-2019-129/2-9-circle"]), model="compliance")
    # Nine tenths of both communities need all sites but the last: none can be left out.
    others = alternatives_to(found, count=3, within=1.0, differ=1)
    assert (len(others.plans), others.complete) == (1, True)


def test_sites_under_clauses_are_asked_for_again_at_other_speeds() -> None:
    found = proposed(strip(stations=None, stands=(), clauses=["cq-2019-129/2-9-circle"]), model="compliance")
    table = stability_of(found).set_index("candidate_id")
    assert table[[0.6, 0.8]].to_numpy().all()
    # At 1.0 m/s a site reaches its neighbours too, and the sites that then do are these, by brute force.
    best = min(
        (sites for count in range(11) for sites in itertools.combinations(range(10), count) if _holds_wide(sites)),
        key=lambda sites: sum(1e6 + 1e5 * i for i in sites),
    )
    assert set(table.index[table[1.0]]) == {f"c{i}" for i in best}


def _holds_wide(sites: tuple[int, ...]) -> bool:
    reached = {near for i in sites for near in (i - 1, i, i + 1)}
    return all(sum(PEOPLE[i] for i in side if i in reached) >= 0.9 * sum(PEOPLE[i] for i in side) for side in SIDES)


@pytest.mark.parametrize("reached", [True, False])
def test_units_that_no_site_reaches_do_not_bind_the_least_share(*, reached: bool) -> None:
    settings: dict[str, Any] = {} if reached else {"forbidden": [f"c{i}" for i in range(5)]}
    found = proposed(strip(stations=1, stands=(0, 9) if reached else (9,), **settings), model="fair")
    least = found.solution.stages[0].objective
    # West has 100 of 400 today; of the one station east profits: 50 + 10 of 150, or with c1 west has 190 of 400.
    assert least == pytest.approx(0.25 if reached else 60 / 150)
    notes = {note.code: note.values for note in found.proposal.notes}
    assert ("units_beyond_reach" in notes) is not reached
    assert reached or notes["units_beyond_reach"]["ids"] == "west"


def test_a_plan_that_is_read_back_says_the_same(tmp_path: Path) -> None:
    given = strip(closable=["f9"], stations=2)
    found = proposed(given)
    Plan(found).to_file(tmp_path / "plan.geojson")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        again = measure_plan(given.scenario, tmp_path / "plan.geojson")
    assert ids(again) == ids(found)
    assert again.proposal.selection.status == found.proposal.selection.status == "optimal"
    assert again.proposal.selection.stages == found.proposal.selection.stages
    pd.testing.assert_frame_equal(
        again.proposal.changes, found.proposal.changes, check_dtype=False, check_index_type=False
    )
    assert covered(again) == covered(found)
    assert again.proposal.request == found.proposal.request
    written = json.loads((tmp_path / "plan.geojson").read_text(encoding="utf-8"))
    assert written["stages"] == [{"name": "covered", "sense": "max", "objective": 260, "bound": 260}]
    assert written["changes"][0]["action"] == "close"


@pytest.mark.parametrize("share", [1e-9, 5e-324, 1 / 3])
@pytest.mark.parametrize("model", ["lscp", "p_center"])
def test_the_request_is_read_back_to_the_last_digit(tmp_path: Path, model: Any, share: float) -> None:
    given = strip(stations=2, share=share)
    found = proposed(given, model=model)
    Plan(found).to_file(tmp_path / "plan.geojson")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        again = measure_plan(given.scenario, tmp_path / "plan.geojson")
    assert again.proposal.request == found.proposal.request
    assert again.proposal.request.share == share


def test_a_plan_that_is_read_back_knows_who_stays(tmp_path: Path) -> None:
    # The facility that could be enlarged stays, so that the station forced beside it adds nobody.
    larger = sizes({"size": "big", "for": "existing", "land_m2": 900.0, "cost_cny": 5e5})
    given = replace(strip(upgradable=["f9"], forced=["c9"]), sizes=larger)
    found = proposed(given)
    Plan(found).to_file(tmp_path / "plan.geojson")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        again = measure_plan(given.scenario, tmp_path / "plan.geojson")
    gains = found.proposal.stations.set_index("candidate_id")["elderly_new"]
    assert gains["c9"] == 0
    assert again.proposal.stations.set_index("candidate_id")["elderly_new"].to_dict() == gains.to_dict()


def test_many_plans_of_one_question() -> None:
    found = proposed(strip())
    curve = curve_of(found, points=range(4))
    assert curve["newly_covered"].tolist() == [0, 100, 190, 270]
    assert (curve["bound"] >= curve["newly_covered"]).all()
    assert curve["candidates"].iloc[3] == ["c0", "c1", "c2"]
    money = curve_of(found, by="budget", points=[0.0, 1e6, 2.1e6])
    assert money["newly_covered"].tolist() == [0, 100, 190]
    order = order_of(found)
    assert order["candidate_id"].tolist() == ["c0", "c1", "c2"]
    assert order["loss"].tolist() == [0.0] * 3
    others = alternatives_to(found, count=2, within=0.2, differ=1)
    assert others.plans["candidates"].tolist() == [["c0", "c1", "c2"], ["c0", "c1", "c3"], ["c0", "c1", "c4"]] or (
        others.plans["objective"].tolist() == [270, 260, 250]
    )
    assert set(others.sites["candidate_id"]) == {"c0", "c1", "c2"}
    assert names_of(found)[found.question.standing] == "c0"


def test_a_curve_by_money_needs_costs() -> None:
    given = strip()
    bare = replace(given, candidates=given.candidates.assign(capital_cost_cny=pd.NA))
    found = proposed(bare)
    with pytest.raises(InputError) as caught:
        curve_of(found, by="budget")
    assert {fault.code for fault in caught.value.faults} == {"curve_without_cost"}
    assert [fault.count for fault in caught.value.faults if isinstance(fault, FaultOfRows)] == [10]


def test_sites_are_asked_at_other_speeds() -> None:
    told: list[tuple[str, int, int]] = []
    table = stability_of(proposed(strip()), progress=lambda *step: told.append(step))
    assert told == [("stability", done, 3) for done in (0, 1, 2, 3)]
    assert set(table["candidate_id"]) == {"c0", "c1", "c2"}
    assert table["stays_at"].between(1, 3).all()


@pytest.mark.parametrize(("asked", "code"), [({"model": "x"}, "not_a_choice"), ({"stations": -1}, "out_of_range")])
def test_a_wrong_call_is_a_fault_of_the_input(asked: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as raised:
        proposed(strip(), **asked)
    assert [(fault.code, fault.field) for fault in raised.value.faults] == [(code, f"plan.{next(iter(asked))}")]


def test_faults_of_a_request_are_told_together() -> None:
    given = strip(forced=["nobody"], closable=["f1"], unit_level="street")
    with pytest.raises(InputError) as caught:
        proposed(given)
    codes = sorted(fault.code for fault in caught.value.faults)
    assert codes == ["plan_unknown_candidate", "plan_unknown_facility", "plan_unknown_level"]


def sizes(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{column.key: row.get(column.key) for column in SIZE_COLUMNS} for row in rows])


def test_a_facility_that_may_be_enlarged_is_where_that_serves_more() -> None:
    larger = {"size": "big", "for": "existing", "capacity": 90.0, "land_m2": 900.0, "cost_cny": 5e5}
    given = replace(
        strip(stands=(0,), stations=0, capacity=30.0, existing_capacity=40.0, upgradable=["f0"]), sizes=sizes(larger)
    )
    found = proposed(given)
    assert ids(found) == []
    # Of the hundred who live there forty are served today, and ninety then.
    assert found.proposal.selection.objective == 50
    change = found.proposal.changes.loc["f0"]
    assert (change["action"], change["size"], change["land_m2"], change["cost_cny"]) == ("enlarge", "big", 900, 5e5)
    before, after = (each.totals["land_provided_m2"] for each in (found.proposal.before, found.proposal.after))
    assert (before, after) == (500, 900)


def test_sizes_are_chosen_within_the_money() -> None:
    table = sizes(
        {"size": "small", "capacity": 40.0, "land_m2": 100.0, "cost_cny": 1e6, "beds": 5},
        {"size": "large", "capacity": 100.0, "land_m2": 300.0, "cost_cny": 1.5e6, "beds": 20, "tier": "centre"},
    )
    given = replace(strip(stations=None, budget_cny=4e6, capacity=1.0), sizes=table)
    found = proposed(given)
    # Two large ones (190) and a small one (40) cost 4 million.
    assert found.solution.objective == 230
    stations = found.proposal.stations
    assert sorted(stations["size"]) == ["large", "large", "small"]
    assert sorted(stations["tier"]) == ["centre", "centre", "station"]
    assert stations["cost_cny"].sum() == 4e6
    assert stations.set_index("size").loc["small", "land_m2"] == 100
    after = found.proposal.after.facilities
    assert after.loc[[str(key).startswith("new-") for key in after.index], "beds"].sum() == 45


def test_generated_candidates_are_marked_and_compete() -> None:
    given = strip(stations=2)
    settings = given.scenario.model_copy(
        update={
            "candidates": CandidateLayer.model_validate(
                {"generate": {"spacing_m": 250.0, "within": "units", "near_network_m": 50.0}}
            )
        }
    )
    found = proposed(replace(given, scenario=settings, candidates=given.candidates.iloc[:0]))
    stations = found.proposal.stations
    assert stations["generated"].tolist() == [True, True]
    # A point between two cells reaches both middles: 190 and 150.
    assert found.solution.objective == 340
    assert stations["kind"].tolist() == ["generated"] * 2


def test_another_model_that_needs_no_size_leaves_the_scenarios_behind() -> None:
    # Three stations are the scenario's for mclp; 80 % take six.
    assert proposed(strip(), model="lscp", share=0.8).solution.objective == 6
    kept = proposed(strip(model="lscp", share=0.8, stations=3))
    assert kept.proposal.selection.status == "infeasible"


def test_settings_that_a_model_does_not_look_at_are_told() -> None:
    notes = {note.code: note.values for note in proposed(strip(share=0.5)).proposal.notes}
    assert notes["plan_settings_unused"] == {"names": "share", "model": "mclp"}
    assert "plan_settings_unused" not in {note.code for note in proposed(strip()).proposal.notes}


@pytest.mark.parametrize(
    ("own", "call", "setting", "model", "models"),
    [
        # Given with the model: in the scenario, or in the call, where the scenario's model counts if none is named.
        ({"model": "mclp", "share": 0.5}, {}, "share", "mclp", "lscp, p_center"),
        ({}, {"share": 0.5}, "share", "mclp", "lscp, p_center"),
        ({"model": "p_median"}, {"unit_share": 0.5}, "unit_share", "p_median", "lscp, fair"),
        ({"model": "fair", "least": "cost"}, {}, "least", "fair", "lscp"),
    ],
)
def test_a_setting_that_the_model_does_not_know_is_refused(
    own: dict[str, Any], call: dict[str, Any], setting: str, model: str, models: str
) -> None:
    with pytest.raises(InputError) as refused:
        proposed(strip(**own), **call)
    (fault,) = refused.value.faults
    assert (fault.code, fault.field) == ("plan_setting_of_other_model", setting)
    assert (fault.found, fault.expected) == (model, models)


def test_the_scenarios_settings_of_its_own_model_do_not_bind_another() -> None:
    found = proposed(strip(model="lscp", share=0.5), model="mclp", stations=2)
    assert "share" not in asked(found.proposal.request)
    notes = {note.code: note.values for note in found.proposal.notes}
    assert notes["plan_settings_unused"] == {"names": "share", "model": "mclp"}


def read_back(given: Inputs, found: Planned, path: Path) -> Planned:
    Plan(found).to_file(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: given)
        return measure_plan(given.scenario, path)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (strip(), {"model": "lscp", "stations": 2, "share": 0.8}),
        (strip(stations=None, forbidden=["c0", "c1"]), {"model": "lscp", "share": 0.9}),
        (strip(stations=None, stands=()), {"model": "compliance"}),
        (strip(stations=2), {"model": "fair"}),
    ],
)
def test_why_there_is_no_plan_and_what_falls_short_is_read_back(
    given: Inputs, asked: dict[str, Any], tmp_path: Path
) -> None:
    found = proposed(given, **asked)
    again = read_back(given, found, tmp_path / "plan.geojson")
    assert (found.proposal.blocked is None) == (again.proposal.blocked is None)
    assert (found.proposal.shortfalls is None) == (again.proposal.shortfalls is None)
    for lang in LANGS:
        assert unmet_texts(again.proposal, lang) == unmet_texts(found.proposal, lang)
        assert fairness_texts(again.proposal, lang) == fairness_texts(found.proposal, lang)
    assert again.proposal.notes == found.proposal.notes
    assert isinstance(again.solution, type(found.solution))
    second = tmp_path / "again.geojson"
    Plan(again).to_file(second)
    assert second.read_bytes() == (tmp_path / "plan.geojson").read_bytes()


def test_of_another_scenario_nothing_is_read_back_that_was_proved(tmp_path: Path) -> None:
    found = proposed(strip(), model="lscp", stations=2, share=0.8)
    Plan(found).to_file(tmp_path / "plan.geojson")
    other = strip(stands=(8,))
    other = replace(other, digests={"facilities": "other"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: other)
        again = measure_plan(other.scenario, tmp_path / "plan.geojson")
        checked = check_with(other.scenario, tmp_path / "plan.geojson")
    assert [note.code for note in checked.notes[:2]] == ["with_plan", "plan_of_other_scenario"]
    assert again.proposal.blocked is None
    # It may count exact people that are not to be passed on.
    assert np.isnan(again.proposal.selection.first_objective)
    assert "plan_of_other_scenario" in {note.code for note in again.proposal.notes}


def test_figures_of_fairness_are_those_of_the_units() -> None:
    found = proposed(strip(stations=2), model="fair")
    fairness = found.proposal.fairness
    assert fairness is not None
    # Before, west has none of 400 and east 10 of 150; c0 and c5 bring them to 100 and 60.
    assert (fairness.level, fairness.least_before, fairness.least_after) == ("community", ("west",), ("west",))
    assert (fairness.least_share_before, fairness.least_share_after) == (0.0, 0.25)
    # Half the relative mean difference of two groups: p q |a - b| / (p a + q b).
    assert fairness.gini_before == pytest.approx(400 * 150 * (10 / 150) / (550 * 10))
    assert fairness.gini_after == pytest.approx(400 * 150 * 0.15 / (550 * 160))


@pytest.mark.parametrize("study", ["order", "alternatives"])
@pytest.mark.parametrize("stations", [2, 0])
def test_what_needs_a_plan_is_refused_without_one(study: str, stations: int) -> None:
    asked: dict[str, Any] = {"model": "lscp", "share": 0.8} if stations else {"model": "mclp"}
    plan = Plan(proposed(strip(), stations=stations, **asked))
    with pytest.raises(InputError) as refused:
        plan.study(study)
    (fault,) = refused.value.faults
    assert fault.code == ("study_without_plan" if stations else "study_without_stations")
    assert all(fault.message(lang) for lang in LANGS)
    # The curve needs no plan.
    assert len(plan.curve().table) > stations


def test_rules_that_clash_whatever_is_limited_have_no_curve() -> None:
    plan = Plan(proposed(strip(forced=["c0", "c1"], spacing_m=600.0)))
    assert plan.status == "infeasible"
    with pytest.raises(InputError) as refused:
        plan.curve()
    assert refused.value.faults[0].code == "curve_without_points"
    assert "forced" in refused.value.message("en")


def test_facilities_that_could_be_closed_are_no_stations_to_be_built() -> None:
    stays = proposed(strip(closable=["f9"], stations=9))
    order = order_of(stays)
    assert sorted(order["candidate_id"]) == [f"c{i}" for i in range(9)]
    assert order["gain"].tolist() == PEOPLE[:9]
    assert order["best"].tolist() == pytest.approx(np.cumsum(PEOPLE[:9]))
    assert curve_of(stays, points=[0, 1])["covered"].tolist() == [10, 110]
    closed = proposed(strip(closable=["f9"], stations=2))
    # Ten persons lose their station, so that of 270 people 260 more than today are covered in the end.
    built = order_of(closed)
    assert (built["gain"].tolist(), built["cumulative"].tolist()) == ([100, 90, 80], [90, 180, 260])
    assert built["cumulative"].iloc[-1] == closed.proposal.selection.objective
    assert curve_of(closed, points=[0, 1])["covered"].tolist() == [0, 100]


def test_a_curve_tells_what_its_plans_cost() -> None:
    found = proposed(strip())
    table = curve_of(found, points=[0, 2])
    assert table["cost"].tolist() == [0, 2.1e6]
    by_money = curve_of(found, by="budget", points=[0, 1.5e6])
    assert by_money["cost"].tolist() == [0, 1e6]


def test_what_a_curve_limits_is_what_was_asked_for_unless_it_is_named() -> None:
    plan = Plan(proposed(strip(stations=None), budget_cny=2.3e6))
    assert plan.study("curve").table["limit"].max() > 1e6
    assert plan.study("curve", by="stations").table["limit"].max() == 2
    assert Plan(proposed(strip())).study("curve").table["limit"].max() == 9


def test_an_alternative_is_worse_where_it_first_differs() -> None:
    found = proposed(strip(stations=1, stands=()), model="p_median")
    plans = alternatives_to(found, count=1, within=0.2).plans
    # All within the circle walk as long: that fewer are within it is no gain.
    assert plans["compared"].tolist() == ["seconds", "beyond"]
    assert plans["loss_share"].tolist() == [0, pytest.approx((460 - 450) / 450)]


def test_an_interrupted_study_keeps_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    found = proposed(strip(spacing_m=600.0))
    asked = []

    def interrupted(*given: Any) -> Any:
        asked.append(given)
        if len(asked) == 3:
            signal.raise_signal(signal.SIGINT)
        return solve(*given)

    monkeypatch.setattr("siting.pipeline.studying.coverage_curve", partial(coverage_curve, solver=interrupted))
    table = curve_of(found, points=[0, 1, 2, 3, 4])
    assert table.attrs["interrupted"]
    assert len(asked) == 3
    assert (table["stopped_by"] == "interrupt").any()
    assert table["newly_covered"].notna().any()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_whom_nothing_reaches_adds_up_over_units(shared: Path) -> None:
    # The unit of the case holds half of a point of 100 persons.
    case = siting.read_scenario(shared / "cases" / "unreached" / "scenario.toml")
    blocked = siting.propose(case, model="lscp", share=0.9).blocked
    assert blocked is not None
    assert blocked.unreached_elderly == pytest.approx(50, rel=1e-3)
    assert blocked.unreached_in == {"U": pytest.approx(blocked.unreached_elderly)}
    told = siting.propose(case, model="lscp", share=0.5).notes("en")
    assert [note for note in told if "某区 50" in note and "50 elderly" in note]


def test_ctrl_c_before_there_is_a_plan_proves_nothing_and_nothing_more_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pressed = Solution(np.zeros(0, dtype=np.int64), "unknown", (), "interrupt", "HiGHS")
    monkeypatch.setattr(method, "solve", lambda *_: pressed)
    found = proposed(strip(), model="lscp", stations=2, share=0.8)
    assert (found.proposal.selection.status, found.proposal.blocked, ids(found)) == ("unknown", None, [])
    # What time ended is explained; where the reason is proved there is no plan.
    monkeypatch.setattr(method, "solve", lambda *_: replace(pressed, stopped_by="time"))
    ended = proposed(strip(), model="lscp", stations=2, share=0.8)
    assert ended.proposal.selection.status == "infeasible"
    assert ended.proposal.blocked is not None
    assert set(ended.proposal.blocked.rules) == {"stations", "share"}
