"""The map on paper: one full sheet, a true scale, and nothing that belongs to a screen."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from siting.domain.nouns import Proposal
from siting.write.webmap import write_map
from tests.write.conftest import X, Y
from tests.write.pages import at

# Millimetres of a PDF's unit, 1/72 inch.
POINT_MM = 25.4 / 72
PAPERS = {"a3-landscape": (420, 297), "a4-landscape": (297, 210), "a4-portrait": (210, 297)}


@pytest.fixture
def page(browser: Any, small: Proposal, tmp_path: Path) -> Iterator[Any]:
    scenario = small.before.inputs.scenario
    head = {"prepared_by": "小样区民政局", "sources": ("第七次人口普查 <2020>",), "review_number": "渝S(2026)001号"}
    scenario = scenario.model_copy(update={"scenario": scenario.scenario.model_copy(update=head)})
    before = replace(small.before, inputs=replace(small.before.inputs, scenario=scenario))
    write_map(tmp_path / "map.html", before, small)
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    found = context.new_page()
    found.on("pageerror", lambda error: pytest.fail(str(error)))
    found.goto((tmp_path / "map.html").as_uri())
    found.wait_for_timeout(200)
    yield found
    context.close()


@pytest.mark.parametrize("paper", PAPERS)
def test_one_full_sheet_with_a_true_scale(page: Any, paper: str) -> None:
    page.evaluate(f"sitingPrint.prepare({paper!r}, L.latLngBounds(siting.data.extent))")
    page.wait_for_timeout(100)
    sheet, frame = (page.locator(where).bounding_box() for where in (".print-sheet", ".print-map"))
    wide, high = PAPERS[paper]
    assert sheet["width"] * 25.4 / 96 == pytest.approx(wide - 16, abs=1)
    assert frame["width"] * frame["height"] > 0.5 * sheet["width"] * sheet["height"]
    # The district fills its frame, in one direction at least, and lies within it.
    (west, south), (east, north) = at(page, X, Y), at(page, X + 2000, Y + 1000)
    assert frame["x"] < west < east < frame["x"] + frame["width"]
    assert frame["y"] < north < south < frame["y"] + frame["height"]
    assert max((east - west) / frame["width"], (south - north) / frame["height"]) > 0.8
    # Two kilometres on the map are two kilometres by the bar and by the scale.
    bar = page.locator(".print-bar").bounding_box()["width"]
    length, unit = page.locator(".print-length").inner_text().split()
    metres = float(length) * (1000 if unit == "km" else 1)
    assert (east - west) / 2000 == pytest.approx(bar / metres, rel=0.01)
    denominator = int(page.locator(".print-denominator").inner_text().partition(":")[2].replace(",", ""))
    assert 2000 / ((east - west) * 0.0254 / 96) == pytest.approx(denominator, rel=0.01)
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", pdf)
    assert {tuple(round(float(side) * POINT_MM) for side in box) for box in boxes} == {(wide, high)}
    assert len(boxes) == 1


def test_the_sheet_tells_what_a_map_must(page: Any) -> None:
    page.uncheck("[data-layer=centre]")
    page.evaluate("sitingPrint.prepare('a3-landscape', null)")
    text = page.locator("#print").inner_text()
    for told in (
        "小样区",
        "编制单位：小样区民政局",
        "第七次人口普查 <2020>",
        "审图号：渝S(2026)001号",
        "测府发〔2017〕1号",
    ):
        assert told in text
    legend = page.locator(".print-legend").inner_text()
    assert "养老机构" in legend
    assert "人均可达养老用地" in legend
    assert "养老服务中心" not in legend
    assert page.locator(".print-ranking li").count() == 1
    assert page.locator("#print input, #print button").count() == 0
    for where in ("#panel", "#card", ".leaflet-control-zoom"):
        assert not page.locator(where).is_visible()


def test_the_sheet_says_by_which_clause_verdicts_are_coloured(page: Any) -> None:
    page.select_option("#clause", "test/circle")
    page.evaluate("sitingPrint.prepare('a4-landscape', null)")
    assert "一刻钟服务圈" in page.locator(".print-clause").inner_text()
    legend = page.locator(".print-legend").inner_text()
    assert "50%–75%" in legend
    assert "未达标" not in legend


def test_after_printing_the_page_is_as_before(page: Any) -> None:
    page.evaluate("void map_main.setZoom(map_main.getZoom() + 1, { animate: false })")
    state = (
        "JSON.stringify([map_main.getCenter(), map_main.getZoom(), map_main.getSize(),"
        "[...document.querySelectorAll('[data-layer]')].map((input) => input.checked)])"
    )
    before = page.evaluate(state)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#print").is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(state) == before
    assert page.locator("#panel").is_visible()


def test_where_nothing_is_printed_a_touch_brings_the_page_back(page: Any) -> None:
    page.evaluate("window.print = () => {}")
    page.click("[data-print=a4-portrait]")
    page.wait_for_timeout(350)
    assert page.locator("#print").is_visible()
    page.mouse.click(300, 300)
    assert page.locator("#panel").is_visible()
    assert page.locator("#print").is_hidden()


def test_a_long_table_follows_on_a_further_sheet(page: Any) -> None:
    page.evaluate(
        """() => {
            const list = document.querySelector(".ranking");
            for (let i = 0; i < 60; i += 1) list.append(list.firstElementChild.cloneNode(true));
            sitingPrint.prepare("a4-landscape", null);
        }"""
    )
    assert page.locator(".print-further .print-ranking li").count() == 61
    assert page.locator(".print-aside .print-sources").count() == 1
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/MediaBox", pdf)) >= 2


def test_the_browsers_own_print_hides_nothing_under_a_canvas(page: Any) -> None:
    """A canvas that is printed stroke by stroke wipes out what lies below it: each is a picture in the file."""
    page.evaluate(
        """() => window.addEventListener("beforeprint", () => {
            const drawn = [...document.querySelectorAll("#map_main canvas")];
            window.canvases = drawn.map(({ width, height }) => [width, height]);
        })"""
    )
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    canvases = page.evaluate("canvases")
    assert len(canvases) >= 3
    objects = [each for each in pdf.split(b"endobj") if b"/Subtype /Image" in each and b"/SMask" in each]
    pictures = [
        tuple(int(re.search(rb"/%s (\d+)" % side, each)[1]) for side in (b"Width", b"Height")) for each in objects
    ]
    assert Counter(map(tuple, canvases)) <= Counter(pictures)


def test_printed_twice_the_sheet_is_the_same(page: Any) -> None:
    page.evaluate(
        """() => window.addEventListener("beforeprint", () => {
            window.scale = document.querySelector(".print-denominator").textContent;
        })"""
    )
    scales = []
    for _ in range(2):
        page.pdf(prefer_css_page_size=True)
        page.wait_for_timeout(200)
        scales.append(page.evaluate("scale"))
    assert scales[0] == scales[1]
