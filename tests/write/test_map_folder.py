"""The map as a folder: an index of the coarser units that leads to a page of each part, all offline."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siting.assess.part import part_of, plan_part_of
from siting.domain.nouns import Assessment, Proposal
from siting.results import GapReport, Plan
from siting.text import LANGS, say
from siting.write.webmap import Cut, write_map_folder
from siting.write.webmap.folder import level_of_parts, overview
from siting.write.webmap.overlay import draw_grid, uncovered_density
from siting.write.webmap.parts import Image
from tests.browser import opened
from tests.cli.test_commands import run
from tests.firefox import firefox
from tests.laws.folders import write_district

CUT = Cut(part_of, plan_part_of)
LOCAL = {"file", "data", "blob"}


@pytest.fixture(scope="module")
def whole(gaps: GapReport) -> Assessment:
    return gaps.assessment


@pytest.fixture(scope="module")
def proposal(plan: Plan) -> Proposal:
    return plan.proposal


@pytest.fixture(scope="module")
def pages(whole: Assessment, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    done: list[tuple[int, int]] = []
    folder = tmp_path_factory.mktemp("map")
    found = write_map_folder(folder, whole, cut=CUT, progress=lambda *each: done.append(each))
    assert done == [(number, len(found)) for number in range(1, len(found) + 1)]
    return found


@pytest.fixture(scope="module")
def planned(proposal: Proposal, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_map_folder(tmp_path_factory.mktemp("planned"), proposal.before, proposal, cut=CUT, lang="en")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; yield its address."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_there_is_a_page_for_each_unit_of_the_coarsest_level_with_several(whole: Assessment, pages: list[Path]) -> None:
    assert level_of_parts(whole) == "street"
    streets = whole.inputs.units["street"].index
    assert [page.name for page in pages] == ["index.html", *(f"{street}.html" for street in streets)]
    alone = replace(whole, inputs=replace(whole.inputs, units={"district": whole.inputs.units["district"]}))
    assert level_of_parts(alone) == "district"


def test_the_index_shows_units_without_what_the_pages_of_parts_show(whole: Assessment) -> None:
    seen = overview(whole, "street")
    assert set(seen.places["level"]) == {"district", "street", "community"}
    assert seen.cells.empty
    assert seen.inputs.residential_areas.empty
    assert seen.totals == whole.totals


def test_the_index_links_to_each_part_and_back_and_nothing_is_fetched(pages: list[Path]) -> None:
    with opened(pages[0], width=1366, height=768) as (page, heard):
        links = page.locator("section.parts a")
        assert links.count() == len(pages) - 1
        cells = page.locator("section.parts td:nth-child(2)").all_inner_texts()
        uncovered = [int(text.replace(",", "")) for text in cells]
        assert uncovered == sorted(uncovered, reverse=True)
        name = links.first.inner_text()
        page.click("#language")
        links.first.click()
        page.wait_for_url(lambda url: "index.html" not in url)
        page.wait_for_selector("body[data-ready]", state="attached")
        assert name in page.locator("h1").inner_text()
        # The language goes along.
        assert page.get_attribute("html", "class") == "en"
        page.locator("section.parts a").first.click()
        page.wait_for_url("**/index.html*")
        page.wait_for_selector("body[data-ready]", state="attached")
        assert page.get_attribute("html", "class") == "en"
    assert heard.complaints == []
    assert {url.split(":")[0] for url in heard.requests} <= LOCAL


def test_what_is_found_in_the_index_leads_to_its_place_on_the_page_of_its_part(
    whole: Assessment, pages: list[Path]
) -> None:
    """A community is named by its id; the page of the street that holds it opens with it."""
    place = whole.places.loc["community"].iloc[7]
    with opened(pages[0], width=1366, height=768) as (page, heard):
        page.wait_for_selector("body[data-ready]", state="attached")
        page.fill("#find", str(place["id"]))
        page.keyboard.press("Enter")
        page.wait_for_selector(".popup .lead")
        page.click(".popup .lead")
        page.wait_for_url(lambda url: "index.html" not in url)
        assert f"/{place['unit_id']}.html" in page.url
        page.wait_for_selector(".popup h3")
        assert page.inner_text(".popup h3") == place["name"]
        assert page.locator(".popup .lead").count() == 0
    assert heard.complaints == []


def test_the_index_colours_units_by_coverage_and_lists_the_most_uncovered_first(
    whole: Assessment, pages: list[Path]
) -> None:
    with opened(pages[0], width=1366, height=768) as (page, _):
        page.wait_for_selector("body[data-ready]", state="attached")
        chosen = page.eval_on_selector_all("input[name=coverage]:checked", "(all) => all.map((one) => one.id)")
        assert chosen == ["layer-covered_community"]
        drawn = page.evaluate("Object.keys(siting.found).length")
        assert drawn == sum(whole.places["level"].isin(["district", "street", "community"]))
        page.select_option("#places-level", "community")
        told = page.locator("#places tbody td:nth-child(2)").all_inner_texts()
    rows = whole.places.loc["community"]
    assert len(told) == len(rows)
    figures = [float(re.sub(r"[^0-9.]", "", text) or 0) for text in told]
    assert figures == sorted(figures, reverse=True)
    assert figures[0] == pytest.approx(rows["elderly_uncovered"].max(), abs=0.5)


@pytest.mark.parametrize("which", [0, 1])
def test_pages_share_their_code_which_the_policy_lets_in_by_a_nonce_of_the_page_alone(
    pages: list[Path], which: int
) -> None:
    folder, text = pages[0].parent, pages[which].read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    nonce = re.search(r"'nonce-([0-9a-f]{32})'", policy[1])
    assert nonce
    named = re.findall(rf'nonce="{nonce[1]}" (?:href|src)="([^"]*)"', text)
    assert sorted(named) == sorted(str(each.relative_to(folder)) for each in (folder / "assets").iterdir())
    # Nothing else has it: once in each of two directives, and in the elements of these files.
    assert text.count(nonce[1]) == 2 + len(named)
    assert "'self'" not in policy[1]
    assert "unsafe" not in policy[1]
    others = {re.search(r"'nonce-([0-9a-f]+)'", each.read_text(encoding="utf-8"))[1] for each in pages}  # type: ignore[index]
    assert len(others) == len(pages)


def test_an_element_without_the_nonce_does_not_run(pages: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "map"
    (folder / "assets").mkdir(parents=True)
    for each in (pages[0].parent / "assets").iterdir():
        (folder / "assets" / each.name).write_bytes(each.read_bytes())
    (folder / "assets" / "other.js").write_text("document.title = 'other';", encoding="utf-8")
    text = pages[1].read_text(encoding="utf-8")
    (folder / "page.html").write_text(
        text.replace("</body>", '<script nonce="0" src="assets/other.js"></script></body>'), encoding="utf-8"
    )
    with opened(folder / "page.html") as (page, heard):
        page.wait_for_selector("body[data-ready]", state="attached")
        assert page.title() != "other"
    assert any("Content Security Policy" in told for told in heard.complaints)


def test_the_folder_opens_from_a_server_too(pages: list[Path]) -> None:
    with served(pages[0].parent) as address, opened(pages[0]) as (page, heard):
        page.context.set_offline(False)
        page.goto(f"{address}/index.html")
        page.wait_for_selector("body[data-ready]", state="attached")
        assert page.evaluate("Object.keys(siting.found).length") > 0
    assert heard.complaints == []


def test_the_folder_opens_in_firefox(pages: list[Path]) -> None:
    with firefox(pages[0].parent) as fox:
        for page in pages[:2]:
            fox.go(page)
            fox.wait_for_timeout(2500)
            assert fox.evaluate("() => document.body.dataset.ready") == ""
            colour = fox.evaluate("() => getComputedStyle(document.querySelector('.panel')).display")
            assert colour == "flex"


def test_a_unit_that_is_called_as_the_index_has_a_page_of_its_own(whole: Assessment, tmp_path: Path) -> None:
    """Small and capital letters are the same to some systems."""
    streets = whole.inputs.units["street"]
    renamed = streets.rename(index={streets.index[0]: "INDEX"})
    named = replace(whole, inputs=replace(whole.inputs, units={**whole.inputs.units, "street": renamed}))

    def part(_: Assessment, level: Any, unit: object) -> Assessment:
        return part_of(whole, level, streets.index[0] if unit == "INDEX" else unit)

    places = whole.places.rename(index={streets.index[0]: "INDEX"}, level=1)
    named = replace(named, places=places)
    found = write_map_folder(tmp_path, named, cut=replace(CUT, assessment=part))
    assert len({each.name.casefold() for each in found}) == len(found) == len(streets) + 1


def test_the_grid_of_a_part_is_the_same_as_in_the_whole(whole: Assessment) -> None:
    """Its picture holds just the rows and columns of its cells, and at each of its cells the colour of the whole."""
    part = part_of(whole, "street", whole.inputs.units["street"].index[1])
    (layer,) = draw_grid(part, clickable=True, part=True).layers
    (same,) = draw_grid(part, clickable=True).layers
    small, large = layer.parts[0], same.parts[0]
    assert isinstance(small, Image)
    assert isinstance(large, Image)
    assert small.rgba.size < large.rgba.size / 2
    density = uncovered_density(part.cells, part.demand.grid)
    assert (small.rgba[..., 3] > 0).any()
    rows, columns = np.nonzero(np.isfinite(density))
    colours = _colours_at(small, part, rows, columns)
    assert (colours[:, 3] > 0).all()
    assert (colours == _colours_at(large, part, rows, columns)).all(axis=1).mean() > 0.99


def _colours_at(image: Image, part: Assessment, rows: Any, columns: Any) -> Any:
    """Return the colours of a picture at the middle of some cells."""
    from pyproj import Transformer

    grid = part.demand.grid
    x, y = grid.transform * (columns + 0.5, rows + 0.5)
    (south, west), (north, east) = image.bounds
    to = Transformer.from_crs(grid.crs, 3857, always_xy=True).transform
    (left, right), (bottom, top) = Transformer.from_crs(4326, 3857, always_xy=True).transform(
        [west, east], [south, north]
    )
    east_m, north_m = to(x, y)
    height, width = image.rgba.shape[:2]
    across = np.clip(((np.asarray(east_m) - left) / (right - left) * width).astype(int), 0, width - 1)
    down = np.clip(((top - np.asarray(north_m)) / (top - bottom) * height).astype(int), 0, height - 1)
    return image.rgba[down, across]


def test_a_click_on_a_cell_of_a_part_tells_the_figures_of_the_whole(whole: Assessment, pages: list[Path]) -> None:
    part = part_of(whole, "street", whole.inputs.units["street"].index[0])
    cell = int(part.cells["elderly"].fillna(0).idxmax())
    with opened(pages[1], width=1366, height=768) as (page, heard):
        page.wait_for_selector("body[data-ready]", state="attached")
        numbers = page.evaluate("siting.data.cells.n")
        at = numbers.index(cell)
        row = page.evaluate("siting.data.cells.keys").index("elderly")
        told = page.evaluate(f"siting.data.cells.values[{row}][{at}]")
        assert told == pytest.approx(whole.cells.loc[cell, "elderly"], abs=0.5)
    assert set(numbers) <= set(part.cells.index)
    assert heard.complaints == []


def test_pages_with_a_plan_show_the_stations_that_reach_the_part(proposal: Proposal, planned: list[Path]) -> None:
    streets = proposal.before.inputs.units["street"].index
    shown: set[str] = set()
    for street, path in zip(streets, planned[1:], strict=True):
        page = path.read_text(encoding="utf-8")
        ranked = re.findall(r'data-find="proposed/([^"]*)"', page)
        assert ranked == plan_part_of(proposal, "street", street).stations.index.tolist()
        shown |= set(ranked)
    assert shown == set(proposal.stations.index)


def test_the_index_with_a_plan_tells_before_and_after(proposal: Proposal, planned: list[Path]) -> None:
    with opened(planned[0], width=1366, height=768) as (page, heard):
        page.wait_for_selector("body[data-ready]", state="attached")
        assert page.locator("ol.ranking li").count() == len(proposal.stations)
        told = page.locator("section.parts td:nth-child(2) .after").all_inner_texts()
        before, after = (each.places.loc["street"]["elderly_uncovered"] for each in (proposal.before, proposal.after))
        assert len(told) == int((after.round() != before.round()).sum())
        page.check("#layer-covered_after_community")
        assert page.evaluate("map_main.hasLayer(window.feature_group_covered_after_community)")
        assert not page.evaluate("map_main.hasLayer(window.feature_group_covered_community)")
    assert heard.complaints == []


def test_the_page_of_a_part_has_no_what_if_and_says_how_to_get_it_in_both_languages(pages: list[Path]) -> None:
    text = pages[1].read_text(encoding="utf-8")
    assert 'id="tab-what-if"' not in text
    assert 'id="siting-what-if"' not in text
    for lang in LANGS:
        assert escape(say("map.parts.without", lang)) in text


def test_the_command_draws_a_folder_if_the_name_is_not_that_of_a_page(tmp_path: Path) -> None:
    scenario, out = write_district(tmp_path, 7), tmp_path / "map-1.0"
    assert run("map", scenario, "-o", out, "--quiet") == 0
    assert (out / "index.html").is_file()
    assert (out / "assets" / "siting.js").is_file()
    assert len(list(out.glob("*.html"))) > 1
    # Again into the same folder, which is there now, and into one that is called as a page.
    assert run("map", scenario, "-o", out, "--quiet") == 0
    there = tmp_path / "there.html"
    there.mkdir()
    assert run("map", scenario, "-o", there, "--quiet") == 0
    assert (there / "index.html").is_file()
