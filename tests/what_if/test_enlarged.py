"""Facilities in larger sizes: page against library, and a plan that enlarges some."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import siting
from siting.domain.scenario import Scenario
from siting.pipeline.what_if import what_if
from siting.text.numbers import number, percent
from siting.write.webmap import map_html
from siting.write.webmap.what_if import what_if_data
from tests.browser import opened
from tests.what_if.conftest import Held, held
from tests.what_if.edits import Edit, told
from tests.what_if.test_differential import compare, differ, page
from tests.what_if.test_page import choose, entered, saved

SIZES = pd.DataFrame(
    {
        "size": ["grown", "centre"],
        "for": "existing",
        "tier": ["station", "centre"],
        "land_m2": [1_500.0, 2_600.0],
        "floor_area_m2": [2_000.0, 4_000.0],
        "beds": [20.0, 60.0],
        "capacity": [400.0, 900.0],
        "cost_cny": [900_000.0, 2_500_000.0],
    }
)


@pytest.fixture(scope="module")
def scenario(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The sample district, whose stations may be enlarged within a budget."""
    folder = tmp_path_factory.mktemp("sizes")
    SIZES.to_csv(folder / "sizes.csv", index=False)
    read = siting.read_scenario(sample)
    facilities = siting.check(read).assessment.facilities
    stations = facilities.index[facilities["tier"] == "station"][:12]
    plan = {"sizes": {"path": str(folder / "sizes.csv")}, "upgradable": [*map(str, stations)], "stations": 4}
    return siting.change(read, plan={**plan, "capacity": 500.0, "existing_capacity": 300.0, "time_limit_s": 20.0})


@pytest.fixture(scope="module")
def enlarging(scenario: Scenario) -> siting.results.Plan:
    return siting.propose(scenario)


@pytest.fixture(scope="module")
def data(enlarging: siting.results.Plan, tmp_path_factory: pytest.TempPathFactory) -> Held:
    return held(enlarging, tmp_path_factory.mktemp("enlarged"))


def test_random_edits_with_larger_facilities(data: Held) -> None:
    larger = data.found.choices.options.index[data.found.choices.options["size"].isin(SIZES["size"])].difference(
        data.found.plans.today
    )
    assert len(larger) > 12
    assert differ(data, 12, seed=2) > 6_000


def test_a_plan_that_enlarges_stands_beside_the_choice(enlarging: siting.results.Plan, data: Held) -> None:
    assert (enlarging.changes["action"] == "enlarge").sum() > 0
    found = data.found
    assert found.plans.planned is not None
    (ours,) = page(data, [Edit(found.plans.planned, found.reach.own, found.rules.pass_share)])
    compare(ours, told(enlarging.proposal.after))


@pytest.mark.usefixtures("walks_once")
def test_a_facility_is_enlarged_in_the_page(
    scenario: Scenario, enlarging: siting.results.Plan, data: Held, tmp_path: Path
) -> None:
    proposal = enlarging.proposal
    path = tmp_path / "map.html"
    path.write_text(map_html(proposal.before, proposal, lang="zh", what_if=data.found), encoding="utf-8")
    with opened(path) as (page_, heard):
        entered(page_)
        cost = float(proposal.stations["cost_cny"].sum() + proposal.changes["cost_cny"].sum())
        assert number(cost / 10_000, 1) in page_.inner_text(".compared")
        page_.get_by_role("button", name="回到现状").click()
        choose(page_, "facility")
        page_.locator("#what-if-sites select").first.select_option(label="centre")
        page_.wait_for_timeout(100)
        compared = page_.inner_text(".compared")
        assert "250.0" in compared
        # The list of sizes follows what is undone and done again.
        size = "document.querySelector('#what-if-sites select').selectedOptions[0].text"
        shown = f"(same) => ({size} === 'centre') === same"
        for button, same in (("撤销", False), ("重做", True)):
            page_.get_by_role("button", name=button, exact=True).click()
            page_.wait_for_function(shown, arg=same)
        exported = saved(page_, "导出选址方案（GeoJSON）", tmp_path / "plan.geojson")
    assert heard.complaints == []
    (change,) = json.loads(exported.read_text(encoding="utf-8"))["changes"]
    assert (change["action"], change["size"]) == ("enlarge", "centre")
    again = siting.read_plan(scenario, exported)
    assert again.changes.index.tolist() == [change["id"]]
    totals = again.after.totals
    for figure in (percent(totals["covered_share"]), number(totals["land_gap_02_m2"])):
        assert figure in compared


def test_what_the_page_cannot_show_it_says(enlarging: siting.results.Plan) -> None:
    """A plan that enlarges a facility of which the options know no such size."""
    proposal = enlarging.proposal
    changes = proposal.changes.assign(size="unheard of")
    found = what_if(proposal.before, replace(proposal, changes=changes))
    assert found is not None
    assert found.plans.planned is None
    assert found.plans.unshown
    assert what_if_data(found)["plan_unshown"]
