"""The map of a comparison, in a browser without a network: colours, legend and popups say what the table says."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

import siting
from siting.results import Comparison
from siting.text import say
from siting.write.change_map import parts_of_page
from tests.laws.folders import write_district

WHITE, GREY = "#ffffff", "#e9ebed"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Two checks of a district: another cut-off, and a facility less."""
    small = write_district(tmp_path_factory.mktemp("compared"), 7)
    ledger = pd.read_csv(small.parent / "facilities.csv", dtype=str)
    ledger.iloc[1:].to_csv(small.parent / "map_fewer.csv", index=False)
    text = small.read_text(encoding="utf-8").replace("facilities.csv", "map_fewer.csv")
    other = small.with_name("map_next.toml")
    other.write_text(text.replace("minutes = 8", "minutes = 14"), encoding="utf-8")
    return siting.compare(small, other)


@pytest.fixture
def page(found: Comparison, browser: Browser, tmp_path: Path) -> Any:
    found.to_file(tmp_path / "changes.html", lang="en")
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 800})
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto((tmp_path / "changes.html").as_uri())
    yield opened
    assert said == []
    context.close()


def _data(page: Page) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(page.locator("#change-data").text_content() or "")
    return content


def _fills(page: Page) -> dict[str, str]:
    """Return the colour of every place that is drawn, by id."""
    found: dict[str, str] = page.evaluate(
        "() => { const told = {}; const keep = (layer) => { if (layer.feature)"
        " told[layer.feature.properties.id] = layer.options.fillColor; }; siting_map.eachLayer(keep); return told; }"
    )
    return found


@pytest.mark.parametrize("figure", ["covered_share", "elderly_uncovered", "residents"])
def test_places_are_coloured_by_their_change(page: Page, found: Comparison, figure: str) -> None:
    page.select_option("#change-figure", figure)
    data = _data(page)
    diverging = data["colours"]["diverging"]
    for level in [each["key"] for each in data["levels"]]:
        page.select_option("#change-level", level)
        page.select_option("#change-side", "change")
        table = found.changes.table
        rows = table[(table["level"] == level) & (table["figure"] == figure)].set_index("id")["change"]
        fills = _fills(page)
        assert set(fills) == set(rows.index)
        better = next(each["better"] for each in data["figures"] if each["key"] == figure)
        for key, change in rows.items():
            if pd.isna(change):
                assert fills[key] == GREY
            elif change == 0:
                assert fills[key] == WHITE
            else:
                good = diverging.index(fills[key]) >= 3
                assert good == (change > 0 if better >= 0 else change < 0), (level, key, change)
        # The larger the change, the stronger the colour.
        up = rows[rows > 0].sort_values()
        strength = [diverging.index(fills[key]) for key in up.index]
        assert strength == sorted(strength, reverse=better < 0)


def test_before_and_after_are_on_the_map_too_and_the_legend_names_their_classes(page: Page, found: Comparison) -> None:
    page.select_option("#change-figure", "covered_share")
    page.select_option("#change-level", "community")
    table = found.changes.table
    rows = table[(table["level"] == "community") & (table["figure"] == "covered_share")].set_index("id")
    for side in ("before", "after"):
        page.select_option("#change-side", side)
        fills, sequential = _fills(page), _data(page)["colours"]["sequential"]
        values = rows[side].dropna().sort_values()
        strength = [sequential.index(fills[key]) for key in values.index if fills[key] in sequential]
        assert strength == sorted(strength)
        assert page.locator("#change-legend li").count() == len(set(fills.values()))


def test_a_popup_tells_before_after_and_the_parts(page: Page, found: Comparison) -> None:
    page.select_option("#change-level", "district")
    page.locator("#change-map").scroll_into_view_if_needed()
    page.evaluate("siting_map.eachLayer((layer) => { if (layer.feature) layer.openPopup(); })")
    told = page.locator(".leaflet-popup-content").inner_text()
    whole = found.changes.table
    row = whole[(whole["level"] == "district") & (whole["figure"] == "covered_share")].iloc[0]
    for side in ("before", "after"):
        assert f"{100 * row[side]:.1f}%" in told
    assert say("change.map.parts", "en") in told
    assert re.search(r"settings [+-][\d.]+", told)


def test_markup_in_names_is_text(found: Comparison) -> None:
    places = found.changes.places.assign(name="</script><img src=x onerror=alert(1)>")
    drawn = parts_of_page(replace(found.changes, places=places), "zh")
    assert drawn is not None
    assert "</script><img" not in drawn[0]
    assert "\\u003c/script\\u003e" in drawn[0]


def test_places_without_shapes_have_no_map(found: Comparison) -> None:
    places = found.changes.places.set_geometry([None] * len(found.changes.places), crs="EPSG:4326")
    assert parts_of_page(replace(found.changes, places=places), "zh") is None
