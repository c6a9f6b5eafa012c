"""The what-if in a real browser with the network cut."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

import siting
from siting.cli import main
from siting.domain.nearest import nearest_facilities
from siting.pipeline.what_if import what_if
from siting.text.numbers import number, percent
from siting.write.webmap import map_html
from tests.browser import opened, shared_browser
from tests.what_if.conftest import Held
from tests.what_if.edits import Edit, Library

HOSTILE = (
    "${title}",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "$$ {{x}} {zh}",
    "a\u2028b\u2029c",
    "\u202eright to left\u202c",
    "长" * 200,
)


@pytest.fixture(scope="module", autouse=True)
def browser() -> Iterator[Any]:
    """One browser for all tests."""
    with shared_browser() as started:
        yield started


@pytest.fixture(scope="module")
def page_file(plan: siting.results.Plan, sampled: Held, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map of the sample district's plan, with all that a reader may change."""
    path = tmp_path_factory.mktemp("page") / "map.html"
    proposal = plan.proposal
    path.write_text(map_html(proposal.before, proposal, lang="zh", what_if=sampled.found), encoding="utf-8")
    return path


def entered(page: Any) -> None:
    """Open the tab and wait for its data."""
    page.click("#tab-what-if")
    page.locator("#what-if-sites tbody tr").first.wait_for()


def share(page: Any) -> str:
    found: str = page.inner_text(".what-if-head .big .now")
    return found


def saved(page: Any, button: str, path: Path) -> Path:
    """Click a button of the page that gives a file."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    download.value.save_as(path)
    return path


def choose(page: Any, kind: str) -> None:
    page.select_option("#what-if-kind", kind)


def tick(page: Any, name: str) -> None:
    page.get_by_role("checkbox", name=f"开设{name}", exact=True).click()


def named(held: Held, site: int) -> str:
    return str(held.found.choices.sites["name"].iloc[site])


def fetched(heard: Any) -> list[str]:
    """Return requests for anything but what lies inside the page."""
    return [url for url in heard.fetched if not url.startswith("blob:")]


def test_nothing_is_fetched_and_every_control_works(page_file: Path) -> None:
    with opened(page_file) as (page, heard):
        entered(page)
        first = share(page)
        page.locator("#what-if-minutes").fill("20")
        assert "25分钟" in page.inner_text(".what-if-head")
        assert share(page) != first
        page.locator("#what-if-pass").fill("0.5")
        page.select_option("#what-if-floor", "01")
        assert "0.1 m²/人" in page.inner_text(".compared")
        page.fill("#what-if-stations", "3.5")
        page.fill("#what-if-budget", "100")
        page.locator("#what-if-budget").blur()
        assert "超出站点数上限9处" in page.inner_text(".what-if-head .over")
        page.get_by_role("button", name="回到现状").click()
        page.get_by_role("button", name="回到方案").click()
        for colours in page.locator("#what-if-colours option").all():
            page.select_option("#what-if-colours", colours.get_attribute("value"))
            page.wait_for_timeout(60)
            assert page.locator("#what-if-card li").count() > 6
        for level in ("community", "residential_area", "district"):
            page.select_option("#what-if-level", level)
            assert page.locator("#what-if-places tbody tr").count() > 0
        page.fill("#what-if-filter", "机床")
        assert page.locator("#what-if-sites tbody tr").count() >= 1
        page.fill("#what-if-filter", "")
        for column in page.locator("#what-if-sites thead button").all():
            column.click()
        page.get_by_role("button", name="存为备选").click()
        page.locator(".variants").get_by_role("button", name="采用").click()
        page.locator(".variants").get_by_role("button", name="删除").click()
        while page.get_by_role("button", name="撤销").is_enabled():
            page.get_by_role("button", name="撤销").click()
        assert share(page) == first
        funding = page.locator("#what-if section").filter(has_text="资金条款").inner_text()
        assert "存量改造利用" in funding
        assert "conversion" not in funding
        page.click("#language")
        assert "Your choice" in page.inner_text("#what-if")
        page.click("#tab-results")
        assert page.locator("#results").is_visible()
        page.wait_for_timeout(200)
    assert heard.fetched == []
    assert heard.complaints == []


def test_figures_on_the_page_are_those_of_the_check(page_file: Path, sampled: Held) -> None:
    """Two facilities closed, three candidates opened, one of them by a click on the map, at twelve minutes."""
    found = sampled.found
    new = [int(found.choices.options["site"].iloc[each]) for each in (50, 111, 160)]
    gone = [20, 31]
    with opened(page_file) as (page, _):
        entered(page)
        page.get_by_role("button", name="回到现状").click()
        for site in new[:2]:
            tick(page, named(sampled, site))
        lon, lat = page.evaluate("(i) => sitingWhatIf.current().engine.sites.lon_lat[i]", new[2])
        # Nearer, so that no other mark is under the pointer.
        page.evaluate("([lon, lat]) => { map_main.setView([lat, lon], 17, { animate: false }); }", [lon, lat])
        page.wait_for_timeout(300)
        box = page.locator("#map_main").bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        choose(page, "facility")
        for site in gone:
            tick(page, named(sampled, site))
        page.locator("#what-if-minutes").fill(str(found.reach.minutes.index(12.0)))
        page.wait_for_timeout(100)
        told = page.inner_text(".compared")
        streets = page.inner_text("#what-if-places")
    stays = [each for each in found.plans.today if each not in gone]
    edit = Edit((*stays, 50, 111, 160), found.reach.minutes.index(12.0), found.rules.pass_share)
    checked = Library(sampled.inputs, found).measured(edit)
    for figure in (
        percent(checked.totals["covered_share"]),
        number(checked.totals["elderly_covered"]),
        number(checked.totals["land_provided_m2"]),
        number(checked.totals["land_gap_02_m2"]),
    ):
        assert figure in told
    for row in checked.places.loc["street"].to_dict("records"):
        line = next(line for line in streets.splitlines() if line.startswith(row["name"]))
        assert percent(row["covered_share"]) in line
        assert number(row["land_gap_02_m2"]) in line


def test_undone_edits_leave_the_same_bytes(page_file: Path, tmp_path: Path) -> None:
    with opened(page_file) as (page, _):
        entered(page)
        before = saved(page, "另存网页", tmp_path / "before.html").read_bytes()
        for row in range(0, 60, 6):
            page.locator("#what-if-sites input[type=checkbox]").nth(row).click()
        page.locator("#what-if-minutes").fill("30")
        changed = saved(page, "另存网页", tmp_path / "changed.html").read_bytes()
        for _ in range(11):
            page.keyboard.press("Control+z")
        after = saved(page, "另存网页", tmp_path / "after.html").read_bytes()
        for _ in range(11):
            page.keyboard.press("Control+Shift+z")
        again = saved(page, "另存网页", tmp_path / "again.html").read_bytes()
    assert before == after != changed
    assert changed == again


def test_a_saved_page_holds_choice_and_variants(page_file: Path, tmp_path: Path) -> None:
    with opened(page_file) as (page, _):
        entered(page)
        page.locator("#what-if-sites input[type=checkbox]").nth(3).click()
        for name in HOSTILE:
            page.fill("#what-if-variant", name)
            page.get_by_role("button", name="存为备选").click()
        page.locator("#what-if-minutes").fill("4")
        told, table = share(page), page.locator(".variants tbody th").all_inner_texts()
        first = saved(page, "另存网页", tmp_path / "saved.html")
    with opened(first) as (page, heard):
        page.locator("#what-if-sites tbody tr").first.wait_for()
        assert share(page) == told
        page.wait_for_timeout(100)
        assert page.locator(".variants tbody th").all_inner_texts() == table
        second = saved(page, "另存网页", tmp_path / "second.html")
        page.click("#tab-results")
        assert page.locator(".figures").is_visible()
    assert second.read_bytes() == first.read_bytes()
    assert heard.complaints == []
    assert fetched(heard) == []


@pytest.mark.usefixtures("walks_once")
def test_the_exported_plan_is_checked_by_the_program(
    page_file: Path, sampled: Held, sample: Path, tmp_path: Path
) -> None:
    with opened(page_file) as (page, _):
        entered(page)
        page.locator("#what-if-sites input[type=checkbox]").nth(7).click()
        choose(page, "facility")
        tick(page, named(sampled, 30))
        page.wait_for_timeout(100)
        told = page.inner_text(".compared")
        exported = saved(page, "导出选址方案（GeoJSON）", tmp_path / "plan.geojson")
        table = saved(page, "导出表格（CSV）", tmp_path / "table.csv").read_text(encoding="utf-8-sig")
    made = json.loads(exported.read_text(encoding="utf-8"))
    assert [each["properties"]["rank"] for each in made["features"]] == list(range(1, len(made["features"]) + 1))
    totals = siting.check(sample, plan=exported).totals
    for figure in (
        percent(totals["covered_share"]),
        number(totals["elderly_covered"]),
        number(totals["land_gap_02_m2"]),
        number(totals["land_provided_m2"]),
    ):
        assert figure in told
        assert figure in table
    plan = siting.read_plan(sample, exported)
    assert plan.stations["elderly_new"].tolist() == pytest.approx(
        [each["properties"]["elderly_new"] for each in made["features"]]
    )
    assert plan.changes.index.tolist() == [str(sampled.found.choices.sites["id"].iloc[30])]
    assert plan.stages[0].objective == pytest.approx(made["objective"])
    assert plan.stages[0].bound >= plan.stages[0].objective
    # `siting propose --start` searches on from it, `siting map --with` draws it.
    limits = {"stations": len(plan.stations), "closable": plan.changes.index.tolist()}
    further = siting.propose(sample, start=exported, **limits)
    assert further.objective >= plan.objective - 1e-6
    assert any(note.code == "plan_started" for note in further.proposal.notes)
    drawn = tmp_path / "again.html"
    with suppress(SystemExit):
        main(["map", str(sample), "--with", str(exported), "-o", str(drawn), "--without-solver", "--lang", "zh"])
    with opened(drawn) as (page, heard):
        entered(page)
        assert page.inner_text(".compared").count(percent(totals["covered_share"])) == 2
    assert heard.complaints == []


def place(page: Any) -> Any:
    """Place a station at the middle of the map; return its mark."""
    page.get_by_role("button", name="在地图中央新增站点").click()
    return page.locator(".what-if-own").last


def drag(page: Any, mark: Any, across: int, down: int) -> None:
    box = mark.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across / 2, y + down / 2, steps=3)
    page.mouse.move(x + across, y + down, steps=3)
    page.mouse.up()
    page.wait_for_timeout(100)


def choice(page: Any) -> Any:
    return page.evaluate("sitingWhatIf.current().choice")


def test_a_station_is_dragged_along_the_ways(page_file: Path) -> None:
    with opened(page_file) as (page, heard):
        entered(page)
        page.get_by_role("button", name="回到现状").click()
        first = share(page)
        mark = place(page)
        begun = choice(page)["placed"]
        drag(page, mark, 150, 40)
        assert choice(page)["placed"] != begun
        drag(page, mark, -30, 90)
        (station,) = choice(page)["placed"]
        lon, lat = station["lon"], station["lat"]
        # It stands on a way, and so does its mark.
        assert page.evaluate("([lon, lat]) => sitingWhatIf.current().engine.streets.snapped(lon, lat)", [lon, lat]) == [
            lon,
            lat,
        ]
        at = page.evaluate("([lon, lat]) => map_main.latLngToContainerPoint([lat, lon])", [lon, lat])
        stage = page.locator("#map_main").bounding_box()
        box = mark.bounding_box()
        assert abs(stage["x"] + at["x"] - box["x"] - box["width"] / 2) < 2
        assert abs(stage["y"] + at["y"] - box["y"] - box["height"] / 2) < 2
        # Each drag is one step.
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+z")
        assert choice(page)["placed"] == begun
        page.keyboard.press("Control+z")
        page.wait_for_timeout(50)
        assert share(page) == first
        assert mark.count() == 0
        for _ in range(3):
            page.keyboard.press("Control+Shift+z")
        assert choice(page)["placed"] == [station]
    assert heard.complaints == []


def test_a_station_is_moved_by_the_keyboard_and_has_land_and_cost(page_file: Path) -> None:
    with opened(page_file) as (page, heard):
        entered(page)
        page.get_by_role("button", name="回到现状").click()
        place(page)
        assert "what-if-own" in page.evaluate("document.activeElement.className")
        before = choice(page)["placed"][0]
        for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
            page.keyboard.press(key)
        after = choice(page)["placed"][0]
        assert after["lon"] > before["lon"]
        rows = page.locator(".placed tbody tr")
        rows.locator("input").nth(0).fill("640")
        rows.locator("input").nth(1).fill("80")
        rows.locator("input").nth(1).blur()
        assert "80.0" in page.inner_text(".compared")
        land = page.evaluate("sitingWhatIf.current().found.whole.low - sitingWhatIf.current().today.whole.low")
        assert land == pytest.approx(640)
        place(page)
        page.wait_for_timeout(50)
        assert rows.count() == 2
        page.keyboard.press("Delete")
        page.wait_for_timeout(50)
        assert rows.count() == 1
        page.get_by_role("button", name="删除 自选站点1").click()
        page.wait_for_timeout(50)
        assert rows.count() == 0
        assert choice(page)["placed"] == []
    assert heard.complaints == []


@pytest.mark.usefixtures("walks_once")
def test_a_dragged_station_is_kept_and_checked_by_the_program(page_file: Path, sample: Path, tmp_path: Path) -> None:
    with opened(page_file) as (page, _):
        entered(page)
        drag(page, place(page), 120, -60)
        drag(page, place(page), -160, 120)
        page.locator(".placed input").first.fill("480")
        page.locator(".placed input").first.blur()
        page.wait_for_timeout(100)
        told, stand = page.inner_text(".compared"), choice(page)["placed"]
        exported = saved(page, "导出选址方案（GeoJSON）", tmp_path / "plan.geojson")
        kept = saved(page, "另存网页", tmp_path / "saved.html")
    with opened(kept) as (page, heard):
        page.locator("#what-if-sites tbody tr").first.wait_for()
        page.wait_for_timeout(100)
        assert page.inner_text(".compared") == told
        assert page.locator(".what-if-own").count() == 2
        assert saved(page, "另存网页", tmp_path / "again.html").read_bytes() == kept.read_bytes()
    assert heard.complaints == []
    content = json.loads(exported.read_text(encoding="utf-8"))
    own = [each for each in content["features"] if each["properties"]["candidate_id"] is None]
    assert sorted(each["geometry"]["coordinates"] for each in own) == sorted(
        [each["lon"], each["lat"]] for each in stand
    )
    plan = siting.read_plan(sample, exported)
    totals = plan.after.totals
    for figure in (
        percent(totals["covered_share"]),
        number(totals["elderly_covered"]),
        number(totals["land_gap_02_m2"]),
        number(totals["land_provided_m2"]),
    ):
        assert figure in told
    assert {"自选站点1", "自选站点2"} <= set(plan.stations["name"])
    by_rank = [each["properties"]["elderly_new"] for each in content["features"]]
    assert plan.stations["elderly_new"].tolist() == pytest.approx(by_rank)


def test_a_popup_leads_to_the_nearest_facility(page_file: Path, plan: siting.results.Plan) -> None:
    before, after = (nearest_facilities(each.assessment) for each in (plan.before, plan.after))
    moved = next(key for key in before.index if before[key] != after[key] and str(after[key]).startswith("new-"))
    names = plan.proposal.before.inputs.facilities["name"]
    candidate = plan.proposal.before.inputs.candidates["name"][str(after[moved]).removeprefix("new-")]
    with opened(page_file) as (page, heard):
        page.evaluate("(key) => { location.hash = `#place=residential_area/${key}`; }", moved)
        row = page.locator(".popup tr", has_text="最近的设施")
        row.wait_for()
        assert names[before[moved]] in row.inner_text()
        row.get_by_role("button", name=candidate).click()
        page.locator(".popup h3", has_text=candidate).wait_for()
    assert heard.complaints == []


def test_a_sheet_of_paper_shows_the_choice(page_file: Path) -> None:
    with opened(page_file) as (page, heard):
        entered(page)
        page.get_by_role("button", name="回到现状").click()
        page.evaluate("sitingPrint.prepare('a4-landscape', null)")
        sheet = page.inner_text("#print")
        page.evaluate("sitingPrint.restore()")
        page.click("#tab-results")
        page.evaluate("sitingPrint.prepare('a4-landscape', null)")
        results = page.inner_text("#print")
    assert "本次选择 · 空间覆盖率 58.4% · 15分钟 · 新增站点 0" in sheet
    assert "新增覆盖" in sheet
    assert "如果…" not in sheet
    assert "拟新增站点" not in sheet
    assert "本次选择" not in results
    assert "拟新增站点" in results
    assert heard.complaints == []


def test_the_keyboard_alone_suffices(page_file: Path) -> None:
    with opened(page_file) as (page, _):
        page.focus("#tab-results")
        page.keyboard.press("ArrowRight")
        page.locator("#what-if-sites tbody tr").first.wait_for()
        assert page.evaluate("document.activeElement.id") == "tab-what-if"
        seen = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("document.activeElement.id"))
        assert {"what-if", "what-if-minutes", "what-if-floor", "what-if-pass", "what-if-kind"} <= seen
        page.focus("#what-if-sites input[type=checkbox] >> nth=0")
        first = page.inner_text(".compared")
        page.keyboard.press("Space")
        page.wait_for_timeout(50)
        changed = page.inner_text(".compared")
        page.keyboard.press("Control+z")
        assert page.inner_text(".compared") == first != changed


def test_hostile_names_are_text(plan: siting.results.Plan, tmp_path: Path) -> None:
    before = plan.proposal.before

    def spoiled(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return frame.assign(name=[HOSTILE[row % len(HOSTILE)] + str(row) for row in range(len(frame))])

    inputs = before.inputs
    inputs = replace(
        inputs,
        candidates=spoiled(inputs.candidates),
        facilities=spoiled(inputs.facilities),
        units={key: spoiled(frame) for key, frame in inputs.units.items()},
        residential_areas=spoiled(inputs.residential_areas),
    )
    before = replace(before, inputs=inputs)
    path = tmp_path / "map.html"
    path.write_text(map_html(before, lang="zh", what_if=what_if(before)), encoding="utf-8")
    with opened(path) as (page, heard):
        entered(page)
        names = page.locator("#what-if-sites tbody th").all_text_contents()
        page.locator("#what-if-sites input[type=checkbox]").nth(1).click()
        page.wait_for_timeout(100)
        streets = page.locator("#what-if-places tbody th").all_text_contents()
        assert page.evaluate("document.querySelectorAll('#what-if img, #what-if script').length") == 0
        page.select_option("#what-if-level", "residential_area")
        table = saved(page, "导出表格（CSV）", tmp_path / "table.csv").read_text(encoding="utf-8-sig")
    ids = inputs.candidates.index
    assert {name.strip() for name in names} <= {str(each).strip() for each in spoiled(inputs.candidates)["name"]}
    assert len(names) == len(what_if_candidates(before, ids))
    assert streets[0].startswith("${title}")
    assert "</script><script>alert(1)</script>" in table
    assert heard.complaints == []
    assert fetched(heard) == []
    assert re.search(r"default-src 'none'", path.read_text(encoding="utf-8"))


def what_if_candidates(before: Any, ids: Any) -> set[str]:
    found = what_if(before)
    assert found is not None
    return set(map(str, ids)) & set(found.choices.sites["id"])
