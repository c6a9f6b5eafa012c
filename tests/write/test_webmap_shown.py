"""What is seen of the map on screens of many sizes: by pixels, and by what lies over what."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siting.results import Plan
from siting.write.webmap import write_map
from tests.write.conftest import X, Y
from tests.write.pages import at
from tests.write.seen import Spot, look, pixels_of, spots_of

SCREENS = [(1366, 768, 1), (1440, 900, 1), (1920, 1080, 1), (2560, 1440, 1), (1440, 900, 2)]
HANDHELD = [(390, 844), (820, 1180)]
# Land within reach of 0, 0.1 and 0.25 m²: drawn at 78 % over the paper.
AREAS = {150: (0x8C, 0x51, 0x0A), 750: (0x80, 0xCD, 0xC1), 1350: (0x01, 0x66, 0x5E)}


@pytest.fixture(scope="module")
def district(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map of the sample district."""
    path = tmp_path_factory.mktemp("district") / "map.html"
    write_map(path, plan.before.assessment, plan.proposal)
    return path


@pytest.fixture(scope="module")
def spots(plan: Plan) -> list[Spot]:
    return spots_of(plan)


@pytest.mark.parametrize(("width", "height", "scale"), SCREENS)
def test_every_layer_is_seen_at_every_zoom_and_after_pans(
    browser: Any, plan: Plan, district: Path, spots: list[Any], width: int, height: int, scale: int
) -> None:
    page = _page(browser, district, width, height, scale)
    _all_names(page, plan)
    page.click("#fold-card")
    look(page, spots, scale, least=40)
    # Every zoom on one screen; on the others, where a look costs more, the second of them.
    for closer, least in ((0.7, 30), (0.7, 10), (0.7, 3)) if (width, scale) == (1920, 1) else ((1.4, 10),):
        page.evaluate(f"void map_main.setZoom(map_main.getZoom() + {closer}, {{ animate: false }})")
        look(page, spots, scale, least=least)
    for pan in range(10):
        shift = [(-1) ** pan * (90 + 40 * pan), 70 * (pan % 3 - 1)]
        page.evaluate(f"void map_main.panBy({shift}, {{ animate: false }})")
    look(page, spots, scale, least=3)
    page.context.close()


def _all_names(page: Any, plan: Plan) -> None:
    """All streets are named at first sight, and no name lies over another."""
    page.wait_for_timeout(150)
    names = page.locator(".leaflet-names-pane span")
    assert sorted(names.all_inner_texts()) == sorted(plan.before.assessment.places.loc["street"]["name"])
    boxes = names.evaluate_all("(spans) => spans.map((span) => span.getBoundingClientRect().toJSON())")
    for i, one in enumerate(boxes):
        assert not any(_over_one_another(one, other) for other in boxes[:i])


def test_what_is_switched_on_last_stays_in_its_place(browser: Any, map_file: Path) -> None:
    """Areas stay above units and borders above both, in whatever order they were switched on."""
    page = _page(browser, map_file, 1366, 768, 1)
    for layer in ("relief", "network"):
        page.uncheck(f"[data-layer={layer}]")
    page.check("[data-layer=unit_street]")
    page.wait_for_timeout(200)
    pixels = pixels_of(page.screenshot())
    for east, colour in AREAS.items():
        left, top = at(page, X + east, Y + 150)
        assert np.abs(pixels[int(top), int(left)] - np.array(colour)).max() < 60
    left, top = at(page, X + 1000, Y + 850)
    near = pixels[int(top), int(left) - 3 : int(left) + 4]
    assert near.max(axis=1).min() < 150
    page.context.close()


@pytest.mark.parametrize(("width", "height"), HANDHELD)
def test_handheld_the_map_comes_first(browser: Any, map_file: Path, width: int, height: int) -> None:
    page = _page(browser, map_file, width, height, 1, touch=True)
    frame = page.locator("#map_main").bounding_box()
    assert frame["height"] > 0.75 * height
    assert frame["width"] == width
    # The district fills the map across, and lies clear of the sheet.
    west, east = at(page, X, Y)[0], at(page, X + 2000, Y)[0]
    assert east - west > 0.85 * width
    assert frame["y"] < at(page, X, Y + 1000)[1] < at(page, X, Y)[1] < frame["y"] + frame["height"]
    assert page.locator(".leaflet-names-pane .name").count() == 2
    parts = [".leaflet-control-zoom", "#card", ".leaflet-control-scale", "#panel"]
    _apart(page, parts)
    for state in ("half", "full", "peek"):
        page.click("#grip")
        assert page.evaluate("document.body.dataset.sheet") == state
        page.wait_for_timeout(150)
        if state != "full":
            _apart(page, parts)
            assert at(page, X + 1000, Y)[1] < page.locator("#panel").bounding_box()["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for where in ("#grip", "#language", "#fold-card", ".leaflet-control-zoom-in", ".leaflet-control-zoom-out"):
        box = page.locator(where).bounding_box()
        assert min(box["width"], box["height"]) >= 44, where
    page.click("#fold-card")
    for row in page.locator("#switches .layer label, #clause, #find").all():
        assert row.bounding_box()["height"] >= 44
    _apart(page, [".leaflet-control-zoom", "#card"])
    page.context.close()


@pytest.mark.parametrize(("width", "height"), HANDHELD)
def test_handheld_a_popup_is_never_covered(browser: Any, map_file: Path, width: int, height: int) -> None:
    page = _page(browser, map_file, width, height, 1, touch=True)
    for mark in (".mark-institution_existing", ".mark-proposed", ".mark-station_closing"):
        page.click("#fold-card")
        page.click("#fold-card")
        page.locator(mark).click()
        page.wait_for_timeout(450)
        _apart(page, [".leaflet-popup", ".leaflet-control-zoom", "#card", "#panel"])
        box = page.locator(".leaflet-popup-content-wrapper").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        close = page.locator(".leaflet-popup-close-button")
        assert min(close.bounding_box()["width"], close.bounding_box()["height"]) >= 44
        close.click()
        page.wait_for_timeout(350)
        assert page.locator(".leaflet-popup").count() == 0
    page.context.close()


def test_handheld_all_streets_are_named_at_first_sight(browser: Any, plan: Plan, district: Path) -> None:
    page = _page(browser, district, 390, 844, 1, touch=True)
    _all_names(page, plan)
    page.context.close()


def test_folded_the_district_fills_the_map(browser: Any, map_file: Path) -> None:
    page = _page(browser, map_file, 1100, 768, 1)
    page.click("#fold-card")
    for _ in range(2):
        page.click("#fold-panel")
        page.wait_for_timeout(150)
        frame = page.locator("#map_main").bounding_box()
        west, east = at(page, X, Y)[0], at(page, X + 2000, Y)[0]
        assert frame["x"] < west < east < frame["x"] + frame["width"]
        assert east - west > 0.6 * frame["width"]
    page.context.close()


HELD = """() => {
    const read = Response.prototype.arrayBuffer;
    const gate = new Promise((done) => { window.go = done; });
    Response.prototype.arrayBuffer = async function () { await gate; return read.call(this); };
}"""


def test_what_is_clicked_before_the_data_are_read_is_done_afterwards(browser: Any, map_file: Path) -> None:
    context = browser.new_context(offline=True, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.add_init_script(f"({HELD})()")
    page.goto(map_file.as_uri())
    assert page.locator("#loading").inner_text() == "正在读取…"
    assert page.evaluate("document.body.getAttribute('aria-busy')") == "true"
    page.click("#language")
    page.locator("[data-layer=water], [data-layer=network]").first.click(force=True)
    shown = page.evaluate("document.querySelector('[data-layer=water], [data-layer=network]').checked")
    page.evaluate("window.go()")
    page.wait_for_function("'ready' in document.body.dataset")
    assert page.locator("#loading").is_hidden()
    assert page.evaluate("document.documentElement.lang") == "en"
    after = "document.querySelector('[data-layer=water], [data-layer=network]').checked"
    assert page.evaluate(after) != shown
    context.close()


def test_a_page_that_is_cut_says_so(browser: Any, map_file: Path, tmp_path: Path) -> None:
    text = map_file.read_text(encoding="utf-8")
    start = text.index('"packed":"') + 2_000
    cut = tmp_path / "cut.html"
    cut.write_text(text[:start] + text[start + 40 :], encoding="utf-8")
    page = browser.new_context(offline=True).new_page()
    page.goto(cut.as_uri())
    page.locator("#broken").wait_for()
    assert page.locator("#loading").is_hidden()
    page.context.close()


def test_a_finger_pulls_the_sheet(browser: Any, map_file: Path) -> None:
    page = _page(browser, map_file, 390, 844, 1)
    box = page.locator("#grip").bounding_box()
    for height, state in ((420, "half"), (60, "full"), (420, "half"), (830, "peek")):
        page.mouse.move(195, page.locator("#grip").bounding_box()["y"] + 6)
        page.mouse.down()
        page.mouse.move(195, height, steps=6)
        page.mouse.up()
        assert page.evaluate("document.body.dataset.sheet") == state
    assert page.locator("#grip").bounding_box() == box
    page.context.close()


def _page(browser: Any, path: Path, width: int, height: int, scale: int, *, touch: bool = False) -> Any:
    context = browser.new_context(
        offline=True, viewport={"width": width, "height": height}, device_scale_factor=scale, has_touch=touch
    )
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(path.as_uri())
    page.wait_for_timeout(250)
    return page


def _over_one_another(one: Any, other: Any) -> bool:
    across = one["x"] < other["x"] + other["width"] - 1 and other["x"] < one["x"] + one["width"] - 1
    along = one["y"] < other["y"] + other["height"] - 1 and other["y"] < one["y"] + one["height"] - 1
    return bool(across and along)


def _apart(page: Any, parts: list[str]) -> None:
    boxes = [page.locator(where).bounding_box() for where in parts]
    for i, one in enumerate(boxes):
        for j, other in enumerate(boxes[:i]):
            assert not _over_one_another(one, other), (parts[i], parts[j], one, other)
