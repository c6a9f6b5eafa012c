"""Solving in the page, against the library and against all choices."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import siting
from siting.pipeline.what_if import what_if
from siting.text.numbers import number
from siting.write.webmap import map_html, write_map
from siting.write.webmap.inline import manifest
from tests.browser import opened, shared_browser
from tests.what_if.conftest import Held
from tests.what_if.test_page import choose, entered, fetched, saved, share

# It takes a second or two; machines are shared.
SECONDS = 60


@pytest.fixture(scope="module", autouse=True)
def browser() -> Iterator[Any]:
    """One browser for all tests."""
    with shared_browser() as started:
        yield started


@pytest.fixture(scope="module")
def page_file(plan: siting.results.Plan, sampled: Held, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map of the sample district's plan, with the solver."""
    path = tmp_path_factory.mktemp("page") / "map.html"
    write_map(path, plan.proposal.before, plan.proposal, lang="zh", what_if=sampled.found)
    return path


def solve(page: Any, goal: str) -> str:
    """Solve, and return what the page says of the answer."""
    page.select_option("#what-if-goal", goal)
    button = page.get_by_role("button", name="求解", exact=True)
    button.click()
    until = time.monotonic() + SECONDS
    while button.is_disabled() and time.monotonic() < until:
        time.sleep(0.05)
    told: str = page.locator("section:has(#what-if-goal) [role=status]").inner_text()
    return told


def back_to_today(page: Any) -> None:
    page.get_by_role("button", name="回到现状").click()


@pytest.mark.usefixtures("walks_once")
def test_the_page_finds_the_plan_of_the_library(
    page_file: Path, plan: siting.results.Plan, sample: Path, tmp_path: Path
) -> None:
    with opened(page_file) as (page, heard):
        entered(page)
        planned = share(page)
        back_to_today(page)
        told = solve(page, "most")
        assert told == f"最优：再覆盖老年人{number(plan.objective)}名，没有更好的选择。"
        assert share(page) == planned
        exported = saved(page, "导出选址方案（GeoJSON）", tmp_path / "plan.geojson")
    again = siting.read_plan(sample, exported)
    assert again.status == "optimal"
    assert again.stages[0].objective == pytest.approx(plan.objective)
    assert again.stages[0].bound == pytest.approx(plan.objective)
    assert "HiGHS" in json.loads(exported.read_text(encoding="utf-8"))["solver"]
    assert fetched(heard) == []
    assert heard.complaints == []


@pytest.mark.usefixtures("walks_once")
def test_fewest_stations_and_a_budget_are_those_of_the_library(page_file: Path, sample: Path) -> None:
    fewest = siting.propose(sample, model="lscp", share=0.75)
    budget = siting.propose(sample, budget_cny=15_000_000)
    with opened(page_file) as (page, _):
        entered(page)
        back_to_today(page)
        page.locator("#what-if-pass").fill("0.75")
        assert solve(page, "fewest") == f"最优：新增站点{len(fewest.stations)}处，没有更少的选择。"
        back_to_today(page)
        page.fill("#what-if-stations", "")
        page.locator("#what-if-stations").blur()
        page.fill("#what-if-budget", "1500")
        page.locator("#what-if-budget").blur()
        assert solve(page, "most") == f"最优：再覆盖老年人{number(budget.objective)}名，没有更好的选择。"
        page.fill("#what-if-budget", "")
        page.locator("#what-if-budget").blur()
        assert solve(page, "most") == "请先给出站点数上限或投资上限。"
        page.locator("#what-if-pass").fill("1")
        assert solve(page, "fewest") == "即使开设所有可选候选点，也达不到这一覆盖率。"


def test_what_is_fixed_stays(page_file: Path, sampled: Held, sample: Path, tmp_path: Path) -> None:
    """One candidate is fixed as open, the best one as closed; a facility is closed."""
    with opened(page_file) as (page, _):
        entered(page)
        best = page.evaluate("sitingWhatIf.current().choice.open.find((each) => each >= 37)")
        site = int(sampled.found.choices.options["site"].iloc[best])
        back_to_today(page)
        choose(page, "candidate")
        rows = page.locator("#what-if-sites tbody tr")
        for row, opens in ((0, True), (site - 37, False)):
            boxes = rows.nth(row).locator("input[type=checkbox]")
            if opens:
                boxes.nth(0).click()
            boxes.nth(1).click()
        page.fill("#what-if-stations", "4")
        page.locator("#what-if-stations").blur()
        told = solve(page, "most")
        opened_options = page.evaluate("sitingWhatIf.current().choice.open.filter((each) => each >= 37)")
        exported = saved(page, "导出选址方案（GeoJSON）", tmp_path / "plan.geojson")
    assert 37 in opened_options
    assert best not in opened_options
    assert len(opened_options) == 4
    assert told.startswith("最优")
    request = json.loads(exported.read_text(encoding="utf-8"))["request"]
    ids = sampled.found.choices.sites["id"]
    assert request["forced"] == [ids.iloc[37]]
    assert request["forbidden"] == [ids.iloc[site]]
    theirs = siting.propose(sample, stations=4, forced=request["forced"], forbidden=request["forbidden"])
    made = json.loads(exported.read_text(encoding="utf-8"))
    assert made["objective"] == pytest.approx(theirs.objective)
    assert made["bound"] == pytest.approx(theirs.objective)


def test_a_closed_facility_allows_one_more_station(page_file: Path, sample: Path, tmp_path: Path) -> None:
    """As in a plan of the library: ``stations`` of :class:`siting.domain.scenario.PlanOptions`."""
    with opened(page_file) as (page, _):
        entered(page)
        back_to_today(page)
        page.fill("#what-if-stations", "2")
        page.locator("#what-if-stations").blur()
        page.evaluate("""() => {
            const view = sitingWhatIf.current();
            const { options, data } = view.engine;
            // The first institution does not count for the circle, and allows none.
            const closed = [data.today[0], data.today.findLast((option) => options.counts[option])];
            view.history.push({ ...view.choice, open: view.choice.open.filter((option) => !closed.includes(option)) });
            view.refresh();
        }""")
        assert solve(page, "most").startswith("最优")
        assert "超出站点数上限" not in page.inner_text(".what-if-head .over")
        exported = saved(page, "导出选址方案（GeoJSON）", tmp_path / "plan.geojson")
    made = json.loads(exported.read_text(encoding="utf-8"))
    assert (made["request"]["stations"], len(made["features"])) == (2, 3)
    (closed,) = made["request"]["closable"]
    assert [row["action"] for row in made["changes"]] == ["close", "close"]
    # Whatever the library closes, it covers no fewer: it need not close this one.
    theirs = siting.propose(sample, stations=2, closable=[closed])
    assert made["objective"] <= theirs.objective + 1e-6
    assert siting.read_plan(sample, exported).status == "optimal"


def test_no_choice_of_two_is_better(small: Path, tmp_path: Path) -> None:
    """All pairs of candidates of a small district, measured by the page itself."""
    plan = siting.propose(small)
    path = tmp_path / "map.html"
    before = plan.proposal.before
    path.write_text(map_html(before, lang="zh", what_if=what_if(before), solver=True), encoding="utf-8")
    with opened(path) as (page, _):
        entered(page)
        page.fill("#what-if-stations", "2")
        page.locator("#what-if-stations").blur()
        assert solve(page, "most").startswith("最优")
        found, best = page.evaluate(
            """() => {
                const { engine, choice } = sitingWhatIf.current();
                const covered = () => engine.coveredWhole;
                engine.set(choice.open, choice.minutes);
                const found = covered();
                const fixed = choice.open.filter((each) => engine.sites.kind[engine.options.site[each]] === "facility");
                const { today } = engine.data;
                const free = engine.options.site.map((_, each) => each).filter((each) => !today.includes(each));
                let best = 0;
                for (const one of free) for (const other of free) {
                    engine.set([...fixed, one, other], choice.minutes);
                    best = Math.max(best, covered());
                }
                return [found, best];
            }"""
        )
    assert found == best > 0


def test_the_proof_is_checked_in_the_page(page_file: Path, tmp_path: Path) -> None:
    with opened(page_file) as (page, heard):
        entered(page)
        page.get_by_role("button", name="核验证明").click()
        page.locator(".proved").wait_for()
        assert page.locator(".proved").inner_text().startswith("证明成立：方案为13,567 人")
    assert heard.complaints == []
    text = page_file.read_text(encoding="utf-8")
    start = text.index('"certificate":{')
    bound = text.index('"bound":"', start) + len('"bound":"')
    end = text.index('"', bound)
    stronger = text[:bound] + str(int(text[bound:end]) - 1000 * 2**20) + text[end:]
    path = tmp_path / "stronger.html"
    path.write_text(stronger, encoding="utf-8")
    with opened(path) as (page, _):
        entered(page)
        page.get_by_role("button", name="核验证明").click()
        page.locator("section .over", has_text="证明").wait_for()
        assert page.locator("section .over", has_text="证明").inner_text().startswith("证明在第1项不成立")
    # What the page cannot read proves nothing; a model that it does not know is left to the program.
    for before, after, told in (
        ('"sets":[', '"sets":7,"other":[', "证明不成立"),
        ('"model":"mclp","stations"', '"model":"other","stations"', "请用 siting verify 核验"),
    ):
        assert text.count(before) == 1
        path.write_text(text.replace(before, after), encoding="utf-8")
        with opened(path) as (page, heard):
            entered(page)
            button = page.get_by_role("button", name="核验证明")
            if button.count():
                button.click()
            page.locator("section", has_text=told).last.wait_for()
        assert heard.complaints == []


def test_the_solver_is_vendored_and_may_be_left_out(page_file: Path, plan: siting.results.Plan, sampled: Held) -> None:
    entry = manifest()["highs/highs.wasm"]
    assert tuple(map(int, entry["version"].split("."))) >= (1, 15)
    assert entry["licence"] == "MIT"
    text = page_file.read_text(encoding="utf-8")
    assert "'wasm-unsafe-eval'" in text
    assert "worker-src blob:" in text
    assert f"HiGHS {entry['version']}（MIT）" in text
    proposal = plan.proposal
    without = map_html(proposal.before, proposal, lang="zh", what_if=sampled.found)
    assert 'id="siting-solver"' not in without
    assert "'wasm-unsafe-eval'" not in without
    # Four megabytes, as a page that is sent by e-mail.
    assert len(without.encode()) < 4_000_000
