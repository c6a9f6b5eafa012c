"""The map as a folder: an index of the coarser units that links to a page of each part, all offline."""

from dataclasses import replace
from pathlib import Path

import pytest

from siting.assess.part import part_of
from siting.domain.nouns import Assessment
from siting.results import GapReport
from siting.write.webmap import write_map_folder
from siting.write.webmap.folder import level_of_parts, overview
from tests.browser import opened
from tests.cli.test_commands import run
from tests.laws.folders import write_district


@pytest.fixture(scope="module")
def whole(gaps: GapReport) -> Assessment:
    return gaps.assessment


@pytest.fixture(scope="module")
def pages(whole: Assessment, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    done: list[tuple[int, int]] = []
    folder = tmp_path_factory.mktemp("map")
    found = write_map_folder(folder, whole, part_of, progress=lambda *each: done.append(each))
    assert done == [(number, len(found)) for number in range(1, len(found) + 1)]
    return found


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
        links.first.click()
        page.wait_for_url(lambda url: not url.endswith("index.html"))
        assert name in page.locator("h1").inner_text()
        page.locator("section.parts a").first.click()
        page.wait_for_url("**/index.html")
    assert heard.complaints == []
    assert {url.split(":")[0] for url in heard.requests} <= {"file", "data", "blob"}


def test_the_command_draws_a_folder_if_the_name_has_no_ending(tmp_path: Path) -> None:
    scenario, out = write_district(tmp_path, 7), tmp_path / "map"
    assert run("map", scenario, "-o", out, "--quiet") == 0
    assert (out / "index.html").is_file()
    assert len(list(out.glob("*.html"))) > 1
    # Again into the same folder, which is there now.
    assert run("map", scenario, "-o", out, "--quiet") == 0
