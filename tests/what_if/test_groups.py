"""Groups among the elderly, and their weights: page against library."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import siting
from siting.domain.scenario import Scenario
from siting.text.numbers import number, percent
from siting.write.webmap import write_map
from tests.browser import opened
from tests.what_if.conftest import Held, held
from tests.what_if.edits import Library, edits
from tests.what_if.nodes import run_node
from tests.what_if.test_differential import MEASURE, PRINTED
from tests.what_if.test_page import entered, fetched, saved
from tests.what_if.test_solving import back_to_today, solve

ODD = "${x} </script> 失能"
WEIGHTS = {"aged_80": 3.0, ODD: 0.5}


@pytest.fixture(scope="module")
def scenario(sample: Path) -> Scenario:
    """The sample district with those of eighty and more, and a tenth of all."""
    groups = {"aged_80": {"from_age": 80}, ODD: {"share": 0.1}}
    return siting.change(siting.read_scenario(sample), population={"groups": groups})


@pytest.fixture(scope="module")
def weighted(scenario: Scenario) -> siting.results.Plan:
    """Its plan, with weights."""
    return siting.propose(scenario, weights=WEIGHTS)


@pytest.fixture(scope="module")
def data(weighted: siting.results.Plan, tmp_path_factory: pytest.TempPathFactory) -> Held:
    return held(weighted, tmp_path_factory.mktemp("groups"))


def test_groups_and_weighted_people_of_random_edits(data: Held) -> None:
    """Each edit with weights of its own: groups as the report has them, weighted people summed again here."""
    assert {name: group.weight for name, group in data.found.people.groups.items()} == WEIGHTS
    rng, library = np.random.default_rng(3), Library(data.inputs, data.found)
    choices = list(edits(data.found, 12, seed=5))
    weights = [rng.choice([0.001, 0.5, 1.0, 2.0, 7.25], 2).tolist() for _ in choices]
    weights[0] = [1.0, 1.0]
    given = [
        {"options": each.options, "minutes": each.minutes, "pass_share": each.pass_share, "weights": own}
        for each, own in zip(choices, weights, strict=True)
    ]
    for edit, own, ours in zip(choices, weights, run_node(MEASURE, data.data, given=given), strict=True):
        theirs = library.measured(edit)
        told = theirs.totals["groups"]
        for (near, share), name in zip(ours["groups"], WEIGHTS, strict=True):
            assert near == pytest.approx(told[name]["covered"], abs=PRINTED)
            assert share == pytest.approx(told[name]["covered_share"], abs=PRINTED)
        cells = theirs.demand.cells
        extra = sum((w - 1) * cells[f"group_{name}"] for w, name in zip(own, WEIGHTS, strict=True))
        value = ((cells["elderly"] + extra) * cells["inside"]).fillna(0.0).clip(lower=0.0)
        covered = (theirs.cells["reason_code"] == 0).reindex(cells.index, fill_value=False).to_numpy(dtype=bool)
        assert ours["weighted"] == pytest.approx(float(value.to_numpy()[covered].sum()), abs=PRINTED)


@pytest.mark.usefixtures("walks_once")
def test_the_page_weighs_solves_and_proves_as_the_library(
    weighted: siting.results.Plan, scenario: Scenario, data: Held, tmp_path: Path
) -> None:
    path = tmp_path / "map.html"
    write_map(path, weighted.proposal.before, weighted.proposal, lang="zh", what_if=data.found)
    with opened(path) as (page, heard):
        entered(page)
        told = page.inner_text(".compared")
        for group in weighted.after.totals["groups"].values():
            assert f"{number(group['covered'])} · {percent(group['covered_share'])}" in told
        assert ODD in told
        page.get_by_role("button", name="核验证明").click()
        page.locator(".proved").wait_for()
        back_to_today(page)
        answer = solve(page, "most")
        assert answer == f"最优：再覆盖加权人数{number(weighted.objective)}，没有更好的选择。"
        exported = saved(page, "导出选址方案（GeoJSON）", tmp_path / "plan.geojson")
        kept = saved(page, "另存网页", tmp_path / "saved.html")
        _weigh(page, 1)
        assert "加权" not in page.inner_text(".compared")
        page.keyboard.press("Control+z")
        assert "加权" in page.inner_text(".compared")
    assert fetched(heard) == []
    assert heard.complaints == []
    request = json.loads(exported.read_text(encoding="utf-8"))["request"]
    assert request["weights"] == WEIGHTS
    again = siting.read_plan(scenario, exported)
    assert again.status == "optimal"
    assert again.objective == pytest.approx(weighted.objective, abs=1e-5)
    assert sorted(again.stations["candidate_id"]) == sorted(weighted.stations["candidate_id"])
    with opened(kept) as (page, _):
        page.locator("#what-if-sites tbody tr").first.wait_for()
        assert page.locator("#what-if-weight-0").input_value() == "3"
        assert page.locator("#what-if-weight-1").input_value() == "0.5"


def _weigh(page: Any, weight: float) -> None:
    for row in (0, 1):
        page.fill(f"#what-if-weight-{row}", str(weight))
        page.locator(f"#what-if-weight-{row}").blur()
