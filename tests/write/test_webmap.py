"""The web map, in a real browser with the network cut."""

import hashlib
import io
import re
import tomllib
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siting.domain.nouns import Assessment, Proposal
from siting.write.webmap import map_html, write_map
from siting.write.webmap.inline import UnknownAssetError, asset, manifest, script, style
from siting.write.webmap.overlay import locate_cells, uncovered_density
from siting.write.webmap.style import density_edges, reach_key, share_key
from tests.browser import opened
from tests.write.conftest import GRID, QUOTE, X, Y, proposal
from tests.write.pages import FILLS, at, shapes

# One browser for all tests.
pytestmark = pytest.mark.usefixtures("browser")

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
ASSETS = Path(__file__).resolve().parents[2] / "siting" / "write" / "webmap" / "assets"


def test_opens_without_a_network_and_without_complaint(map_file: Path) -> None:
    with opened(map_file) as (page, heard):
        assert page.title() == "小样区 · 养老服务设施评估图"
        for box in page.locator("[data-layer]").all():
            box.click()
        page.wait_for_timeout(300)
    assert heard.requests[0] == map_file.as_uri()
    assert heard.fetched == []
    assert heard.complaints == []


def test_layers_can_be_switched(map_file: Path) -> None:
    with opened(map_file) as (page, _):
        drawn = {
            "institution": ".mark-institution_existing",
            "centre": ".mark-centre_planned",
            "station": ".mark-station_closing",
            "stations": ".mark-proposed",
            "borders": ".leaflet-names-pane .name",
            "relief": ".picture-relief",
        }
        counts = {layer: page.locator(where).count() for layer, where in drawn.items()}
        assert counts == {
            "institution": 1,
            "centre": 1,
            "station": 1,
            "stations": 1,
            "borders": 2,
            "relief": 1,
        }
        assert shapes(page, "area_reach") == 3
        page.click("[data-layer=area_none]")
        assert shapes(page, "area_reach") == 0
        for layer in counts:
            page.uncheck(f"[data-layer={layer}]")
        page.wait_for_timeout(100)
        assert {page.locator(where).count() for where in drawn.values()} == {0}
        hidden = {"candidates": ".leaflet-candidates-pane .mark", "grid": ".picture-cells"}
        for layer, count in {"candidates": 2, "grid": 1}.items():
            assert page.locator(hidden[layer]).count() == 0
            page.check(f"[data-layer={layer}]")
            assert page.locator(hidden[layer]).count() == count
            page.uncheck(f"[data-layer={layer}]")
        for layer, count in {"circles_before": 2, "circles_after": 3, "unit_street": 2, "excluded": 1}.items():
            assert shapes(page, layer) == 0
            page.check(f"[data-layer={layer}]")
            assert shapes(page, layer) == count
            page.uncheck(f"[data-layer={layer}]")


def test_only_one_colouring_of_areas_is_on(map_file: Path) -> None:
    with opened(map_file) as (page, _):
        fills = {}
        for layer in ("area_reach", "area_covered", "area_covered_after", "area_verdict"):
            page.check(f"[data-layer={layer}]")
            fills[layer] = page.evaluate(FILLS, layer)
            assert len(fills[layer]) == 3
            assert sum(shapes(page, other) for other in fills) == 3
        # Land within reach of 0, 0.1 and 0.25 m² falls into three classes; half are covered before, nine tenths after.
        assert len(set(fills["area_reach"])) == 3
        assert len(set(fills["area_covered"])) == 1
        assert set(fills["area_covered"]) != set(fills["area_covered_after"])


def test_a_popup_shows_figures_and_the_clause(map_file: Path) -> None:
    with opened(map_file) as (page, _):
        page.mouse.click(*at(page, X + 150, Y + 150))
        popup = page.locator(".popup")
        popup.wait_for()
        text = popup.inner_text()
        for told in (
            "西街1",
            "未达标",
            "常住人口",
            "800 人",
            "50.0%",
            "90.0%",
            "12.3 分钟",
            "0.051 m²/人",
            "用地不足、到最近设施的步行时间超过时限",
        ):
            assert told in text
        for told in ("测府发〔2017〕1号", "（二十二）", QUOTE, "要求 ≥ 80 m²", "购置、租赁"):
            assert told in text


def test_a_click_on_the_grid_tells_the_cell(map_file: Path) -> None:
    with opened(map_file) as (page, _):
        page.check("[data-layer=area_none]")
        page.check("[data-layer=grid]")
        box = page.locator(".picture-cells").bounding_box()
        assert box is not None
        # Row 7 of 10, column 14 of 20: beyond every other thing on the map.
        page.mouse.click(box["x"] + box["width"] * 14.5 / 20, box["y"] + box["height"] * 7.5 / 10)
        popup = page.locator(".popup")
        popup.wait_for()
        text = popup.inner_text()
        assert "格网单元 7-14" in text
        assert "19.0 分钟" in text
        assert "到最近设施的步行时间超过时限" in text


def test_figures_of_a_cell_are_written_as_everywhere(small: Proposal, tmp_path: Path) -> None:
    """Ties go to the even digit and a part of a person is less than one, as in tables and other popups."""
    figures = {"residents": 1234.5, "elderly": 0.3, "minutes_to_nearest": 19.0, "covered": 0.58361}
    figures |= {"land_reach_m2_per_person": 0.0625, "land_gap_01_m2": 2.5, "land_gap_02_m2": 0.0}
    before = replace(small.before, cells=small.before.cells.assign(**figures))
    path = tmp_path / "map.html"
    path.write_text(map_html(before, lang="zh"), encoding="utf-8")
    with opened(path) as (page, _):
        page.check("[data-layer=area_none]")
        page.check("[data-layer=grid]")
        box = page.locator(".picture-cells").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] * 14.5 / 20, box["y"] + box["height"] * 7.5 / 10)
        page.locator(".popup").wait_for()
        text = page.locator(".popup").inner_text()
    for told in ("1,234 人", "<1 人", "19.0 分钟", "58.4%", "0.062 m²/人", "2 m²", "0 m²"):
        assert told in text, (told, text)


def test_the_language_can_be_switched(map_file: Path) -> None:
    with opened(map_file) as (page, _):
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        panel = page.locator("#panel")
        assert "人均养老用地" in panel.inner_text()
        assert "Elderly-care land" not in panel.inner_text()
        page.click("#language")
        assert page.locator("html").get_attribute("lang") == "en"
        assert "Elderly-care land per person" in panel.inner_text()
        assert "人均养老用地" not in panel.inner_text()
        assert page.title() == "小样区 · elderly-care assessment map"
        page.locator(".mark-proposed").click()
        assert "coverage after it is built" in page.locator(".popup").inner_text()
        assert page.locator(".mark-proposed").get_attribute("aria-label") == "Proposed station · rank 1 西街候选"


def test_the_page_opens_in_the_language_asked_for(small: Proposal) -> None:
    page = map_html(small.before, small, lang="en")
    assert '<html lang="en" class="en">' in page


def test_icons_are_visible(map_file: Path) -> None:
    colours = {
        ".mark-institution_existing": (0x25, 0x34, 0x94),
        ".mark-centre_planned": (0x0B, 0x6E, 0x6E),
        ".mark-proposed": (0xB2, 0x42, 0x7A),
    }
    with opened(map_file) as (page, _):
        for where, colour in colours.items():
            pixels = _pixels(page.locator(where).screenshot())
            near = np.abs(pixels - np.array(colour)).max(axis=2) < 24
            assert near.sum() > 40, where
        # Where the icons are off, their colours are gone.
        page.uncheck("[data-layer=institution]")
        page.click("#fold-card")
        whole = _pixels(page.locator("#map_main").screenshot())
        assert not (np.abs(whole - np.array(colours[".mark-institution_existing"])).max(axis=2) < 6).any()


def test_the_ranking_finds_the_station(map_file: Path) -> None:
    with opened(map_file) as (page, _):
        page.locator(".ranking button").first.click()
        popup = page.locator(".popup")
        popup.wait_for()
        assert "240" in popup.inner_text()


def test_refused_candidates_name_the_rule(map_file: Path) -> None:
    with opened(map_file) as (page, _):
        page.check("[data-layer=candidates]")
        page.locator(".mark-refused").click()
        text = page.locator(".popup").inner_text()
        assert "永久基本农田" in text
        assert "farmland" not in text


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768)])
def test_nothing_of_the_frame_overlaps(map_file: Path, size: tuple[int, int]) -> None:
    with opened(map_file, width=size[0], height=size[1]) as (page, _):
        boxes = [
            page.locator(where).bounding_box() for where in ("#panel", "#card", ".leaflet-control-zoom", ".review")
        ]
        boxes.append(page.locator(".leaflet-control-scale").bounding_box())
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            assert not _overlap(one, other)


def test_names_from_data_are_only_text(tmp_path: Path) -> None:
    plan = proposal(HOSTILE)
    path = tmp_path / "hostile.html"
    write_map(path, plan.before, plan)
    assert "<script>alert" not in path.read_text(encoding="utf-8")
    assert escape(f"{HOSTILE}候选") in path.read_text(encoding="utf-8")
    with opened(path) as (page, heard):
        page.on("dialog", lambda told: heard.complaints.append(told.message))
        page.locator(".mark-institution_existing").click()
        assert HOSTILE in page.locator(".popup").inner_text()
        page.mouse.move(*at(page, X + 150, Y + 150))
        page.locator(".leaflet-tooltip").wait_for()
        assert HOSTILE in page.locator(".leaflet-tooltip").inner_text()
        assert page.locator("img[src=x]").count() == 0
        assert page.locator(".name span").first.inner_text() == HOSTILE
    assert heard.fetched == []
    assert heard.complaints == []


def test_same_input_same_bytes(small: Proposal, map_file: Path) -> None:
    again = map_html(small.before, small)
    assert again.encode() == map_file.read_bytes()
    assert map_html(small.before) == map_html(small.before)


def test_a_map_without_a_plan_has_no_plan(small: Proposal, tmp_path: Path) -> None:
    path = tmp_path / "check.html"
    write_map(path, small.before)
    with opened(path) as (page, heard):
        assert page.locator(".mark-proposed").count() == 0
        assert page.locator("[data-layer=circles_after]").count() == 0
        assert page.locator(".plan").count() == 0
    assert heard.complaints == []


def test_what_is_absent_is_left_out(small: Proposal, tmp_path: Path) -> None:
    before = small.before
    bare = {"residential_areas": before.inputs.residential_areas[:0], "facilities": before.inputs.facilities[:0]}
    bare |= {
        "candidates": before.inputs.candidates[:0],
        "exclusions": {},
        "basemap": {},
        "network": None,
        "terrain": None,
    }
    inputs = replace(before.inputs, **bare)
    nothing = {
        "facilities": inputs.facilities,
        "circles": before.circles[:0],
        "places": before.places[3:],
        "checks": before.checks[6:],
    }
    empty = replace(before, inputs=inputs, **nothing, cells=before.cells.assign(residents=0.0, elderly=0.0))
    unknown = dict.fromkeys(before.totals, float("nan")) | {
        "land_basis": "resident_current",
        "binding": False,
        "warnings": [],
    }
    empty = replace(empty, totals=unknown)
    path = tmp_path / "empty.html"
    write_map(
        path, empty, replace(small, before=empty, after=empty, stations=small.stations[:0], refused=small.refused[:0])
    )
    with opened(path) as (page, heard):
        assert page.locator(".name").count() > 0
        assert page.locator(".mark").count() == 0
        assert "没有拟新增站点" in page.locator(".plan").inner_text()
    assert heard.complaints == []


def test_elderly_basis_stands_in_a_banner(small: Proposal, tmp_path: Path) -> None:
    totals = {**small.before.totals, "land_basis": "elderly60", "warnings": ["elderly_basis"]}
    path = tmp_path / "elderly.html"
    write_map(path, Assessment(**{**small.before.__dict__, "totals": totals}))
    with opened(path) as (page, _):
        assert "低估" in page.locator(".banner.loud").inner_text()
        assert "60岁及以上老年人口" in page.locator(".kpi").nth(1).inner_text()


def test_tiles_are_stated_and_nothing_else_is_asked_for(small: Proposal, tmp_path: Path) -> None:
    path = tmp_path / "tiles.html"
    write_map(path, small.before, tiles="tiles/{z}/{x}/{y}.png")
    with opened(path) as (page, heard):
        assert "tiles/{z}/{x}/{y}.png" in page.locator("#panel footer").inner_text()
    assert heard.fetched
    assert all(re.search(r"/tiles/\d+/\d+/\d+\.png$", url) for url in heard.fetched)


def test_serious_rules_of_accessible_names(map_file: Path) -> None:
    with opened(map_file) as (page, _):
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('button, .mark, input, a')].filter((node) => {
                const label = node.labels && node.labels.length ? node.labels[0].textContent : "";
                return !(node.getAttribute("aria-label") || node.title || label || node.textContent).trim();
            }).map((node) => node.outerHTML.slice(0, 80))"""
        )
        assert nameless == []
        assert page.locator(".mark-proposed").get_attribute("aria-label") == "拟新增站点 · 第 1 位 西街候选"


@pytest.mark.parametrize("name", ["https://example.org/a.js", "../static/page.js", "unknown.css"])
def test_what_is_not_vendored_is_refused(name: str) -> None:
    for read in (script, style):
        with pytest.raises(UnknownAssetError):
            read(name)


def test_assets_are_what_the_manifest_says() -> None:
    listed = tomllib.loads((ASSETS / "MANIFEST.toml").read_text(encoding="utf-8"))["asset"]
    found = {path.relative_to(ASSETS).as_posix() for path in ASSETS.rglob("*") if path.is_file()} - {"MANIFEST.toml"}
    assert {entry["file"] for entry in listed} == found
    for entry in listed:
        assert hashlib.sha256((ASSETS / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
        assert asset(entry["file"])
        assert f"{entry['package']}/LICENSE" in manifest()
        assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])


def test_density_counts_only_the_uncovered(small: Proposal) -> None:
    density = uncovered_density(small.before.cells, GRID)
    # Ten elderly people in a hectare: covered in the west half, not in the east half; nobody in the north half.
    assert density[7, 0] == 0.0
    assert density[7, 12] == 10.0
    assert np.isnan(density[0]).all()


def test_clicks_find_their_cell() -> None:
    found = locate_cells(GRID)
    assert found is not None
    assert found["half"] > 0


def test_classes_at_their_boundaries() -> None:
    assert [reach_key(ratio) for ratio in (0.1, 0.2, 0.19999)] == ["reach3", "reach4", "reach3"]
    assert [share_key(share, 0.6) for share in (0.599, 0.6, 0.5)] == ["share3", "share_pass", "share3"]
    assert density_edges(0.0) == (0.0,)


def _pixels(png: bytes) -> Any:
    from matplotlib.image import imread

    return (imread(io.BytesIO(png))[..., :3] * 255).astype(int)


def _overlap(one: Any, other: Any) -> bool:
    apart_x = one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
    apart_y = one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1
    return not (apart_x or apart_y)
