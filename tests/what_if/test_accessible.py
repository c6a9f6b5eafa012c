"""No serious finding of axe-core on the map, in either tab, on a desk and on a phone."""

import hashlib
from pathlib import Path

import pytest

import siting
from siting.write.webmap import write_map
from tests.browser import opened
from tests.what_if.conftest import Held
from tests.what_if.test_page import entered

AXE = Path(__file__).resolve().parents[1] / "assets" / "axe-core"
# What a finger may touch, with its label or the cell around it, and is less than 44 pixels high or wide.
SMALL = """() => [...document.querySelectorAll("button, input, select, a, [role=button]")].filter((node) => {
    if (!node.checkVisibility() || node.matches(".mark, .what-if-own")) return false; // an area is around marks
    const around = node.closest("label") || document.querySelector(`label[for="${node.id}"]`)
        || (node.type === "checkbox" ? node.closest("td") : null);
    const boxes = [node, around].filter(Boolean).map((each) => each.getBoundingClientRect());
    if (!boxes[0].width || !boxes[0].height) return false;
    return Math.max(...boxes.map(({ width, height }) => Math.min(width, height))) < 43.5;
}).map((node) => node.outerHTML.slice(0, 120))"""


def test_axe_is_the_one_that_was_vendored() -> None:
    digest = hashlib.sha256((AXE / "axe.min.js").read_bytes()).hexdigest()
    assert digest in (AXE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)])
def test_nothing_serious_is_found(
    plan: siting.results.Plan, sampled: Held, tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "map.html"
    write_map(path, plan.proposal.before, plan.proposal, lang="zh", what_if=sampled.found)
    source, found = (AXE / "axe.min.js").read_text(encoding="utf-8"), []
    with opened(path, width=size[0], height=size[1]) as (page, _):
        page.evaluate(source)
        for tab in ("results", "what-if"):
            if tab == "what-if":
                entered(page)
                page.get_by_role("button", name="在地图中央新增站点").click()
                page.locator(".placed tbody tr").wait_for()
            told = page.evaluate("axe.run({ resultTypes: ['violations'] })")
            found += [(tab, each["id"], each["nodes"][0]["html"][:200]) for each in told["violations"]]
            assert len(told["passes"]) > 10
            if size[0] < 900:  # a finger's screen
                assert page.evaluate(SMALL) == []
        if size[0] < 900:
            page.click("#tab-results")
            page.evaluate("location.hash = '#place=residential_area/R001'")
            page.locator(".popup .link").first.wait_for()
            assert page.evaluate(SMALL) == []
    assert found == []
