"""The volume as a page says what the Word document says; its figures of the curve and of the tiers."""

import json
import re
import zipfile
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import docx
import pytest
from lxml import etree
from playwright.sync_api import Browser

import siting
from siting.pipeline.filing import filing_of
from siting.results import Plan
from siting.text import say
from siting.write.map_figures import draw_tiers
from siting.write.report import FILES
from siting.write.report.records import resolve
from siting.write.report.web_volume import volume_page

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module")
def folder(report_folder: Path) -> Path:
    return report_folder


class _Page(HTMLParser):
    """The texts of a page by block, and the text after each anchor."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.after: dict[str, str] = {}
        self.pictures = 0
        self.inside = False
        self.anchor = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.pictures += tag == "img"
        if tag in ("p", "h1", "h2"):
            self.blocks.append("")
            self.inside = True
        if tag == "a" and values.get("id"):
            self.anchor = str(values["id"])

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("p", "h1", "h2")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.blocks[-1] += data
            if self.anchor:
                self.after[self.anchor] = data
                self.anchor = ""


@pytest.fixture(scope="module")
def page(folder: Path) -> _Page:
    found = _Page()
    found.feed((folder / "volume.html").read_text(encoding="utf-8"))
    return found


def test_the_page_has_every_sentence_of_the_document_in_its_order(folder: Path, page: _Page) -> None:
    with zipfile.ZipFile(folder / "volume.docx") as parts:
        body = etree.fromstring(parts.read("word/document.xml"))
        pictures = sum(name.startswith("word/media/") for name in parts.namelist())
    paragraphs = ("".join(text.text or "" for text in each.iter(f"{WORD}t")) for each in body.iter(f"{WORD}p"))
    told = [text for text in paragraphs if text.strip()]
    assert len(told) > 500
    assert [text for text in page.blocks if text.strip()] == told
    assert page.pictures == pictures


def test_every_number_of_the_page_has_the_name_by_which_the_trace_knows_it(folder: Path, page: _Page) -> None:
    trace = json.loads((folder / "data/trace.json").read_text(encoding="utf-8"))[FILES["volume"]]
    assert set(trace) == set(page.after)
    names = [name for name in FILES.values() if name.endswith("json")]
    files = {name: json.loads((folder / name).read_text(encoding="utf-8")) for name in names}
    numbers = 0
    for name, pointer in trace.items():
        value, text = resolve(pointer, files), page.after[name]
        written = re.match(r"[-–]?[\d,]+(\.\d+)?%?", text)
        assert written is not None, text
        shown = float(written[0].rstrip("%").replace(",", "")) / (100 if written[0].endswith("%") else 1)
        digits = len(written[1] or ".") - 1 + (2 if written[0].endswith("%") else 0)
        assert shown == pytest.approx(value, abs=0.51 * 10**-digits)
        numbers += 1
    assert numbers > 500


def test_the_page_fits_a_phone_and_fetches_nothing(folder: Path, browser: Browser) -> None:
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 800})
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto((folder / "volume.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.locator("h1").count() > 8
    context.close()


def test_markup_in_a_name_is_text(plan: Plan, tmp_path: Path) -> None:
    hostile = {"title": "<script>alert(1)</script><table>"}
    scenario = siting.change(plan.before.assessment.inputs.scenario, scenario=hostile)
    siting.check(scenario).report(tmp_path, lang="en")
    text = (tmp_path / "volume.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "&lt;table&gt;" in text


def test_a_document_without_our_styles_is_a_page_too() -> None:
    document, content = docx.Document(), BytesIO()
    document.add_heading("标题", 1)
    document.add_paragraph("正文 < 100", style="Quote")
    document.add_table(1, 2).rows[0].cells[1].text = "42"
    document.save(content)
    found = volume_page(content.getvalue(), "标题", "zh")
    assert "<h1>标题</h1><p>正文 &lt; 100</p>" in found
    assert '<div class="scroll"><table><tr><td></td><td><p>42</p></td></tr></table></div>' in found


def test_the_curve_has_the_best_plans_and_the_plan_is_on_it(plan: Plan) -> None:
    curve = filing_of(plan.before.assessment, plan.planned).curve
    assert curve is not None
    assert curve.of_all
    shares = curve.table.set_index("limit")["covered_share"]
    assert shares.index.tolist() == [float(each) for each in range(2 * len(plan.stations) + 1)]
    assert shares.loc[float(len(plan.stations))] == pytest.approx(plan.after.totals["covered_share"])
    assert shares.loc[0.0] == pytest.approx(plan.before.totals["covered_share"])
    assert (shares.diff().dropna() >= 0).all()
    # Each is the best: no fewer stations of the plan cover more.
    gains = plan.proposal.selection.gains.cumsum() + plan.before.totals["elderly_covered"]
    assert (shares.iloc[1 : len(gains) + 1] * plan.before.totals["elderly"] >= gains - 1e-6).all()


def test_the_tiers_have_a_line_for_each_parent_that_counts(plan: Plan) -> None:
    found = plan.before.assessment
    chart = draw_tiers(found, "zh", plan.proposal)
    lines = chart.axes[0].collections[-1].get_segments()
    facilities = found.facilities
    led = facilities["parent_id"].isin(facilities.index).sum()
    assert len(lines) == led + plan.stations["parent_id"].isin(facilities.index).sum()
    one = facilities.loc[facilities.index[facilities["parent_id"].isin(facilities.index)][0]]
    above = facilities.geometry.loc[one["parent_id"]]
    assert [[one.geometry.x, one.geometry.y], [above.x, above.y]] in [line.tolist() for line in lines]
    told = [text.get_text() for text in chart.legends[0].get_texts()]
    assert say("report.map.leads", "zh") in told
