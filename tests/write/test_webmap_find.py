"""The map answers: which clause, how far, why, and where a place is."""

import re
from pathlib import Path
from typing import Any

import pytest

from siting.results import Plan
from siting.write.webmap import write_map
from siting.write.webmap.style import VERDICT_COLOURS
from tests.write.conftest import X, Y
from tests.write.pages import FILLS, at, shapes

NUMBER = r"(?:[<>≤≥] )?[0-9,.]+%?(?:–[0-9,.]+%?)?"
SENTENCES = {
    "zh": re.compile(rf"要求 [≥≤] ({NUMBER}).*?，现有 ({NUMBER}).*?，(?:短缺|超出) ({NUMBER})"),
    "en": re.compile(rf"[≥≤] ({NUMBER}).*? is required, there is ({NUMBER}).*?(?:and|exceeds it by) ({NUMBER})"),
}


@pytest.fixture(scope="module")
def district(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map of the sample district."""
    path = tmp_path_factory.mktemp("district") / "map.html"
    write_map(path, plan.before.assessment, plan.proposal)
    return path


@pytest.fixture(scope="module")
def page(browser: Any, district: Path) -> Any:
    return _open(browser, district.as_uri())


def _open(browser: Any, address: str, **settings: Any) -> Any:
    page = browser.new_context(offline=True, viewport={"width": 1440, "height": 900}, **settings).new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.on("console", lambda told: pytest.fail(told.text) if told.type == "error" else None)
    page.goto(address)
    page.wait_for_timeout(300)
    return page


def test_verdicts_are_coloured_by_the_clause_that_is_chosen(browser: Any, map_file: Path) -> None:
    """Of 80 m² there is half a square metre, of nine tenths covered five: below a quarter, and below three quarters."""
    page = _open(browser, map_file.as_uri())
    page.check("[data-layer=unit_street]")
    assert page.evaluate(FILLS, "unit_street") == [VERDICT_COLOURS["gap"], VERDICT_COLOURS["met"]]
    page.select_option("#clause", "test/land")
    assert page.evaluate(FILLS, "unit_street") == ["#8c510a"] * 2
    assert page.locator("[data-layer=unit_street] ~ .samples").inner_text().count("%") == 8
    page.select_option("#clause", "test/circle")
    assert page.evaluate(FILLS, "unit_street") == ["#dfb85f"] * 2
    # The pointer leaves no other colour behind.
    page.mouse.move(*at(page, X + 950, Y + 900))
    page.wait_for_timeout(80)
    page.mouse.move(5, 5)
    assert page.evaluate(FILLS, "unit_street") == ["#dfb85f"] * 2
    page.select_option("#clause", "")
    assert page.evaluate(FILLS, "unit_street") == [VERDICT_COLOURS["gap"], VERDICT_COLOURS["met"]]
    page.context.close()


def test_a_clause_is_seen_at_once(browser: Any, map_file: Path) -> None:
    page = _open(browser, map_file.as_uri())
    page.select_option("#clause", "test/circle")
    assert shapes(page, "area_verdict") == 3
    assert page.evaluate(FILLS, "area_verdict") == ["#dfb85f"] * 3
    assert "一刻钟服务圈" in page.locator("#clause").inner_text()
    page.click("#language")
    assert "15-minute service circle" in page.locator("#clause").inner_text()
    assert page.locator("#clause").input_value() == "test/circle"
    page.context.close()


def test_the_sentences_hold_the_figures_of_the_report(page: Any, plan: Plan) -> None:
    """Each sentence on a gap, read back, gives what the checks require, have and lack."""
    told = page.evaluate(
        """() => Object.keys(siting.data.popups).flatMap((key) => [...siting.popup(key).querySelectorAll(".clause")]
            .map((node, i) => {
                const sentence = node.querySelector(".why");
                const text = (lang) => {
                    const copy = sentence.cloneNode(true);
                    copy.querySelectorAll(`[lang=${lang === "zh" ? "en" : "zh"}]`).forEach((other) => other.remove());
                    return copy.textContent;
                };
                return [key, i, sentence ? text("zh") : "", sentence ? text("en") : ""];
            })
        )"""
    )
    checks: dict[str, list[Any]] = {}
    for place, row in plan.before.assessment.checks.iterrows():
        checks.setdefault("/".join(map(str, place)), []).append(row)
    read = 0
    for key, number, *texts in told:
        row = checks[key][number]
        if row["verdict"] != "gap":
            assert not any(re.search("短缺|is short:", text) for text in texts)
            continue
        for lang, text in zip(SENTENCES, texts, strict=True):
            found = SENTENCES[lang].search(text)
            assert found, text
            for figure, low, high in zip(
                found.groups(),
                ("required", "provided_low", "shortfall_low"),
                ("required_high", "provided_high", "shortfall_high"),
                strict=True,
            ):
                assert _reads(figure, row[low], row[high], row["unit"]), (key, text, row[low], row[high])
            read += 1
    assert read > 500


def _reads(text: str, low: float, high: float, unit: str) -> bool:
    """Tell whether a figure reads as a number or an interval, to half its last digit."""
    scale = 100 if unit == "share" else 1
    ends = [scale * end for end in (low, high)]
    numbers = [float(each) for each in re.findall(r"[0-9.]+", text.replace(",", ""))]
    half = 0.5 * 10.0 ** -len(re.search(r"[0-9]+(?:\.([0-9]*))?", text.replace(",", ""))[1] or "") + 1e-9
    wanted = {"≤": ends[1:], "≥": ends[:1], "<": ends[1:]}.get(text[0], ends if "–" in text else ends[:1])
    return all(abs(number - end) <= half for number, end in zip(numbers, wanted, strict=True))


def test_no_code_is_shown(page: Any) -> None:
    """Words stand for names of columns, keys and choices in popups, panel and switches, in both languages."""
    told = page.evaluate(
        """() => [
            ...Object.keys(siting.data.popups).map((key) => siting.popup(key).textContent),
            document.getElementById("panel").textContent,
            document.getElementById("card").textContent,
        ]"""
    )
    codes = re.compile(r"\b[a-z0-9]+_[a-z0-9_]+\b|\b(?:farmland|undefined|null|NaN)\b")
    found = {code for text in told for code in codes.findall(text)}
    assert found == set()


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("江湾街道养老", "facility/F013"),
        ("c081", "candidate/C081"),
        ("gdjd", "street/500199001"),
        ("江景华庭", "residential_area/R001"),
    ],
)
def test_a_place_is_found_by_name_id_or_initials(page: Any, asked: str, key: str) -> None:
    page.fill("#find", asked)
    keys = page.locator("#found li").evaluate_all("(rows) => rows.map((row) => row.dataset.key)")
    assert key in keys
    for _ in range(keys.index(key) + 1):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_timeout(900)
    assert page.locator("#found").is_hidden()
    assert page.evaluate("map_main._popup._source.key") == key
    assert page.evaluate("decodeURIComponent(location.hash)") == f"#place={key}"
    # The keyboard is in the popup, and goes back to where it was.
    assert page.evaluate("document.activeElement.closest('.leaflet-popup') !== null")
    box = page.locator(".leaflet-popup").bounding_box()
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= page.locator("#card").bounding_box()["x"]
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "find"
    assert page.evaluate("map_main._popup === null || !map_main._popup.isOpen()")


def test_names_wait_until_the_map_has_arrived(page: Any) -> None:
    page.evaluate("void map_main.setView(L.latLngBounds(siting.data.extent).getCenter(), 12, { animate: false })")
    page.wait_for_timeout(100)
    assert page.locator(".leaflet-names-pane span").count() > 0
    page.fill("#find", "f013")
    page.keyboard.press("Enter")
    # A layer that is switched on meanwhile places no names where they were.
    page.evaluate("void map_main.fire('layeradd')")
    page.wait_for_timeout(120)
    assert page.locator(".leaflet-names-pane span").count() == 0
    page.wait_for_timeout(900)
    assert page.locator(".leaflet-names-pane span").count() > 0


def test_what_is_not_there_is_not_found(page: Any) -> None:
    page.fill("#find", "没有这个地方")
    assert page.locator("#found").inner_text() == "没有找到"
    page.keyboard.press("Escape")
    assert page.locator("#found").is_hidden()


def test_a_link_opens_one_place(browser: Any, district: Path) -> None:
    page = _open(browser, f"{district.as_uri()}#place=residential_area%2FR001")
    page.locator(".popup").wait_for()
    assert page.locator(".popup h3").inner_text() == "江景华庭"
    page.evaluate("location.hash = '#place=facility/F013'")
    page.wait_for_timeout(100)
    assert page.locator(".popup h3").last.inner_text() == "江湾街道养老服务中心"
    for odd in ("%E0%A4%A", "no/such", "__proto__/x"):
        page.evaluate("(odd) => { location.hash = `#place=${odd}`; }", odd)
        page.wait_for_timeout(50)
    page.context.close()


def test_the_table_is_sorted_and_linked_with_the_map(page: Any, plan: Plan) -> None:
    streets = plan.before.assessment.places.loc["street"]
    page.select_option("#places-level", "street")
    head = page.locator("#places thead button").nth(2)
    assert "空间覆盖率" in head.inner_text()
    for ascending in (False, True):
        page.locator("#places thead button").nth(2).click()
        names = page.locator("#places tbody .link").all_inner_texts()
        # Equal as written, in any order.
        shares = (streets.set_index("name")["covered_share"][names] * 100).round(1)
        assert list(shares) == sorted(shares, reverse=not ascending)
    assert page.locator("#places th").nth(2).get_attribute("aria-sort") == "ascending"
    page.locator("#places tbody .link").first.click()
    page.wait_for_timeout(900)
    assert page.locator(".popup h3").inner_text() == names[0]
    assert page.locator("#places tr.current .link").inner_text() == names[0]
    # And from the map to the table.
    page.evaluate("void siting.found['proposed/new-C081'][0].layer.openPopup()")
    page.wait_for_timeout(400)
    assert page.locator("#places-level").input_value() == "proposed"
    assert page.locator("#places tr.current").get_attribute("data-key") == "proposed/new-C081"


def test_candidates_of_a_popup_lead_to_themselves(page: Any) -> None:
    page.fill("#find", "r001")
    page.keyboard.press("Enter")
    page.wait_for_timeout(900)
    link = page.locator(".popup .link").first
    name = link.inner_text()
    assert not re.fullmatch(r"C\d+", name)
    link.click()
    page.wait_for_timeout(900)
    assert page.locator(".popup h3").inner_text() == name
    assert page.locator("[data-layer=candidates]").is_checked()
