"""The report that a bureau files: every number from the gap report, texts as texts, the same bytes."""

import ast
import json
import math
import re
import shutil
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import docx
import numpy as np
import pandas as pd
import pyogrio
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

import siting
from siting.cli import main
from siting.errors import InputError
from siting.pipeline.filing import filing_of
from siting.results import GapReport, Plan
from siting.text import LANGS, Lang, say, texts
from siting.write.report import Asked, volume, write_report
from siting.write.report.filing import Filing
from siting.write.report.records import Record, resolve
from siting.write.report.tables import Columns, Sheet, sheet_of
from siting.write.report.workbook import workbook_bytes
from tests.browser import opened
from tests.write.volumes import W, body, bookmarked, data_files, words_of, wrong_figures
from tools.make_report_templates import FOLDER, template

# Names that spreadsheets, pages and XML take for something else.
HOSTILE: Final = (
    '=HYPERLINK("http://x.example","x")',
    "+1+1",
    "@SUM(A1)",
    "http://x.example/",
    "<script>alert(1)</script>",
    "R&D \"x\" 'y'",
    "_x0041_",
    "{{7*191}}{% raw %}",
    "a\u0000b\u0007c",
    "字" * 40_000,
)
HEAD: Final = 3


@pytest.fixture(scope="module")
def folder(report_folder: Path) -> Path:
    """The report on the sample district with its plan, in Chinese."""
    return report_folder


@pytest.fixture(scope="module")
def files(folder: Path) -> dict[str, Any]:
    """The data of the report, by the names that pointers use."""
    return data_files(folder)


@pytest.fixture(scope="module")
def book(folder: Path) -> Workbook:
    return load_workbook(folder / "tables.xlsx")


def numbers(page: Worksheet) -> list[Cell]:
    """The cells of a sheet that hold a number."""
    cells = (cell for row in page.iter_rows() for cell in row)
    return [cell for cell in cells if isinstance(cell.value, int | float) and not isinstance(cell.value, bool)]


def table(page: Worksheet) -> pd.DataFrame:
    """A sheet's table, and the rows below it, by its heads."""
    heads = [cell.value for cell in page[HEAD]]
    return pd.DataFrame(page.iter_rows(min_row=HEAD + 1, values_only=True), columns=heads)


def test_every_number_of_the_workbook_is_read_from_the_results(
    folder: Path, files: dict[str, Any], book: Workbook
) -> None:
    trace = json.loads((folder / "data" / "trace.json").read_text(encoding="utf-8"))["tables.xlsx"]
    told = {(page.title, cell.coordinate): float(cell.value) for page in book for cell in numbers(page)}
    assert len(told) > 3_000
    paths = {(title, cell): path for title, cells in trace.items() for cell, path in cells.items()}
    assert set(told) == set(paths)
    assert {where: value for where, value in told.items() if value != float(resolve(paths[where], files))} == {}


def test_a_place_has_the_figures_of_its_feature(files: dict[str, Any], book: Workbook) -> None:
    """Read by name, without the pointers."""
    features = [each["properties"] for each in files["data/gaps.geojson"]["features"]]
    for title, level in (("街道（镇）一览表", "street"), ("社区（村）一览表", "community")):
        found = table(book[title]).set_index("编号")
        places = {row["id"]: row for row in features if row["level"] == level}
        assert set(found.index) == {*places, "合计"}
        for key, row in places.items():
            told = found.loc[key]
            assert told["老年人口/人"] == row["elderly"]
            assert told["空间覆盖率"] == row["covered_share"]
            assert told["判定"] == say(f"verdict.{row['verdict']}", "zh")
            high = row["land_provided_high_m2"]
            assert told["已有养老用地上限/m²"] == ("不限" if high is None else high)


def test_gaps_are_sorted_by_people_and_complete(files: dict[str, Any], book: Workbook) -> None:
    found = table(book["居住区缺口清单"])
    features = [each["properties"] for each in files["data/gaps.geojson"]["features"]]
    short = {
        row["id"] for row in features if row["level"] == "residential_area" and row["verdict"] in ("gap", "no_data")
    }
    assert set(found["编号"]) == short
    assert found["服务圈外老年人/人"].is_monotonic_decreasing
    assert found["序号"].tolist() == list(range(1, len(short) + 1))


def test_the_nearest_facility_is_that_of_most_people(plan: Plan, book: Workbook) -> None:
    """Of the walks from every facility to every cell, sought again one facility at a time."""
    found = table(book["居住区缺口清单"]).set_index("编号")
    assessment = plan.before.assessment
    cells = assessment.cells.assign(at=assessment.demand.cells.index.get_indexer(assessment.cells.index))
    shares = assessment.demand.shares["residential_area"].toarray()
    for key in found.index[:20]:
        row = assessment.demand.place_ids["residential_area"].get_loc(key)
        people = cells["elderly"] / assessment.demand.cells["inside"].iloc[cells["at"]].to_numpy()
        held = (people * shares[row, cells["at"]]).groupby(cells["nearest"], observed=True).sum()
        assert found.loc[key, "最近设施"].endswith(f"（{held.idxmax()}）")


@pytest.mark.parametrize("key", ["R134", "R041", "R193"])
def test_the_nearest_of_a_cell_is_where_the_way_of_an_explanation_leads(sample: Path, plan: Plan, key: str) -> None:
    told = siting.explain(sample, key).explained
    assessment = plan.before.assessment
    cells = assessment.demand.cells
    away = np.hypot(cells["x"] - told.standing.spot.x, cells["y"] - told.standing.spot.y)
    assert assessment.cells.loc[away.idxmin(), "nearest"] == told.way.nearest


def test_the_totals_of_a_plan_stand_below_its_stations(plan: Plan, book: Workbook) -> None:
    found = table(book["推荐选址表"])
    assert found["候选点编号"].tolist() == [*plan.stations["candidate_id"], "合计"]
    assert found["费用/元"].iloc[-1] == pytest.approx(plan.stations["cost_cny"].sum())
    assert found["累计新增覆盖老年人/人"].iloc[-2] == plan.stations["elderly_cumulative"].iloc[-1]


def test_facilities_are_retained_converted_or_withdrawn(plan: Plan, book: Workbook) -> None:
    found = table(book["设施一览表"]).set_index("编号")
    ledger = plan.before.assessment.inputs.facilities
    assert set(found.index) == {*ledger.index, *plan.stations["id"]}
    words = {"existing": "保留", "closing": "撤销", "planned": "新建", "under_construction": "新建"}
    for key, status in ledger["status"].items():
        assert found.loc[key, "安排"] == words[status]
    for key in plan.stations["id"]:
        assert found.loc[key, "安排"] == "改建"


def test_sheets_are_tables_that_filter_and_print(book: Workbook) -> None:
    for page in book:
        if page.title in ("目录", "图表"):
            continue
        (listed,) = page.tables.values()
        assert listed.autoFilter is not None
        assert page.freeze_panes is not None
        assert page.print_title_rows == f"${HEAD}:${HEAD}"
        assert page.print_area
        assert page.page_setup.orientation == "landscape"
        assert page.sheet_properties.pageSetUpPr.fitToPage
        assert int(page.page_setup.fitToHeight) == 0  # as many pages as it takes, one wide
        assert {cell.font.name for cell in page[HEAD + 1]} == {"宋体"}
    assert len(book["街道（镇）一览表"].conditional_formatting) > 0
    assert len(book["图表"]._charts) == 3  # type: ignore[attr-defined]


def test_notes_have_the_page_for_themselves(book: Workbook) -> None:
    notes, others = book["说明事项"], book["其他条款"]
    assert notes.max_column == 1
    assert notes.column_dimensions["A"].width > 100
    assert max(each.width for each in others.column_dimensions.values()) < 40


def test_the_same_report_has_the_same_bytes(plan: Plan, folder: Path, tmp_path: Path) -> None:
    plan.before.report(tmp_path, plan=plan, lang="zh")
    one, two = (sorted(each.rglob("*.*")) for each in (folder, tmp_path))
    assert [path.relative_to(folder) for path in one] == [path.relative_to(tmp_path) for path in two]
    assert [path.name for path, other in zip(one, two, strict=True) if path.read_bytes() != other.read_bytes()] == []


def _sheet(texts: tuple[str, ...]) -> Sheet:
    columns = Columns("zh")
    rows = [{"row": Record("a.json", (), {"name": text})} for text in texts]
    return sheet_of("notes", "zh", [columns.text("row", "name")], rows)


def test_hostile_texts_come_through_as_texts() -> None:
    content, trace = workbook_bytes([_sheet(HOSTILE)], title="=1+1 & <b>", as_of="", lang="zh")
    assert trace == {}
    page = load_workbook(BytesIO(content))["说明事项"]
    told = [page.cell(HEAD + 1 + number, 1) for number in range(len(HOSTILE))]
    assert {cell.data_type for cell in told} == {"s"}
    assert [cell.value for cell in told[:8]] == list(HOSTILE[:8])
    assert told[8].value == "a<U+0000>b<U+0007>c"
    assert told[9].value.startswith("字" * 32_000)
    assert told[9].value.endswith(say("report.cut", "zh"))
    assert len(told[9].value) == 32_767
    with ZipFile(BytesIO(content)) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/"))


def test_intervals_keep_both_ends() -> None:
    columns = Columns("zh")
    rows = [
        {"row": Record("a.json", (), {"elderly": 3.0, "elderly_high": None, "unlimited": ["elderly_high"]})},
        {"row": Record("a.json", (), {"elderly": None, "elderly_high": None})},
    ]
    fields = columns.figure("row", "elderly", "people", "persons", rows)
    assert [field.head for field in fields] == ["老年人口下限/人", "老年人口上限/人"]
    assert fields[1].cell(rows[0]).value == math.inf
    content, _ = workbook_bytes([sheet_of("notes", "zh", fields, rows)], title="", as_of="", lang="zh")
    page = load_workbook(BytesIO(content))["说明事项"]
    assert [[cell.value for cell in row] for row in page.iter_rows(min_row=HEAD + 1)] == [[3, "不限"], ["–", "–"]]
    known = [{"row": Record("a.json", (), {"elderly": 3.0, "elderly_high": 3.0})}]
    assert [field.head for field in columns.figure("row", "elderly", "people", "persons", known)] == ["老年人口/人"]


# How QGIS 3 looks for the style of a layer.
ASKED: Final = """SELECT styleQML FROM layer_styles
WHERE f_table_schema='' AND f_table_name=? AND f_geometry_column='geom'
ORDER BY CASE WHEN useAsDefault THEN 1 ELSE 2 END, update_time DESC LIMIT 1"""


def test_layers_have_styles_and_aliases(folder: Path, files: dict[str, Any]) -> None:
    path = folder / "layers.gpkg"
    layers = dict(pyogrio.list_layers(path).tolist())
    drawn = {name for name, kind in layers.items() if kind is not None}
    assert drawn >= {"unit_district", "unit_street_after", "places", "circles_after", "facilities", "stations"}
    words = {"gap": "未达标", "no_data": "数据不足", "met": "达标", "not_applicable": "不适用"}
    with closing(sqlite3.connect(path)) as file:
        for name in drawn:
            ((qml,),) = file.execute(ASKED, (name,)).fetchall()
            style = ET.fromstring(qml)  # noqa: S314 - our own file
            fields = pyogrio.read_info(path, layer=name)["fields"].tolist()
            assert [each.get("field") for each in style.iter("alias")] == fields
            symbols = {each.get("name") for each in style.iter("symbol")}
            assert {each.get("symbol") for each in style.iter("category")} <= symbols
            if name.startswith("unit"):
                assert {each.get("value"): each.get("label") for each in style.iter("category")} == words
        told = "SELECT title FROM gpkg_data_columns WHERE table_name='unit_street' AND column_name='residents'"
        assert file.execute(told).fetchone() == ("常住人口",)
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    streets = pyogrio.read_dataframe(path, layer="unit_street_after").set_index("id")
    for feature in files["data/gaps-after.geojson"]["features"]:
        if (row := feature["properties"])["level"] == "street":
            assert streets.loc[row["id"], "covered_share"] == pytest.approx(row["covered_share"], abs=1e-6)


def test_the_index_links_all_that_was_written(folder: Path) -> None:
    with opened(folder / "index.html", width=390, height=800) as (page, heard):
        links = page.eval_on_selector_all("a", "each => each.map(one => one.getAttribute('href'))")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
    assert set(links) == written - {"index.html"}
    assert heard.fetched == []
    assert heard.complaints == []


def test_the_command_writes_a_report_without_a_plan(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["report", str(sample), "-o", str(tmp_path / "out"), "--lang", "en"])
    assert left.value.code == 0
    assert "index.html" in capsys.readouterr().out
    found = load_workbook(tmp_path / "out" / "tables.xlsx")
    assert "Streets and towns" in found.sheetnames
    assert "Proposed stations" not in found.sheetnames
    assert not (tmp_path / "out" / "data" / "plan.geojson").exists()
    assert json.loads((tmp_path / "out" / "report.run.json").read_text())["siting"] == siting.__version__


def test_a_plan_of_another_scenario_is_refused(plan: Plan, sample: Path, tmp_path: Path) -> None:
    other = siting.check(siting.change(sample, walking={"minutes": 10}))
    with pytest.raises(InputError) as refused:
        other.report(tmp_path, plan=plan)
    assert [fault.code for fault in refused.value.faults] == ["report_plan_of_other_scenario"]
    assert list(tmp_path.iterdir()) == []


# --- the volume -------------------------------------------------------------------------------------------------------


def test_every_number_of_the_volume_is_read_from_the_results(folder: Path) -> None:
    assert len(bookmarked(body(folder / "volume.docx"))) > 900
    assert wrong_figures(folder) == {}


def test_the_texts_of_the_volume_hold_no_number_of_their_own() -> None:
    """Apart from the standards per person; so every other number in a sentence comes from the results."""
    for key, pair in texts().items():
        if key.startswith("report.volume.say."):
            for lang in LANGS:
                bare = re.sub(r"\{[^}]*\}|0\.[12] ?m²|附表2|Table 2", "", pair[lang])
                assert not re.search(r"\d", bare), key


def test_the_volume_has_its_chapters_and_none_is_empty(folder: Path) -> None:
    children = list(next(body(folder / "volume.docx").iter(f"{W}body")))
    styles = [(child.find(f"{W}pPr/{W}pStyle"), child) for child in children]
    heads = [at for at, (style, _) in enumerate(styles) if style is not None and style.get(f"{W}val") == "Heading1"]
    titles = [words_of(children[at]) for at in heads]
    assert titles == [
        *("一、总则与依据", "二、现状", "三、评估", "四、需求与缺口", "五、目标指标", "六、布局方案", "七、资金与政策"),
        *("八、数据与方法", "附表", "附图"),
    ]
    for start, end in pairwise([*heads, len(children)]):
        assert any(words_of(child) or child.find(f".//{W}drawing") is not None for child in children[start + 1 : end])
    for table in next(body(folder / "volume.docx").iter(f"{W}body")).iter(f"{W}tbl"):
        assert len(list(table.iter(f"{W}tr"))) > 1
    assert "{" not in words_of(children[0])


def test_a_target_tells_a_ceiling_from_a_floor(folder: Path) -> None:
    """At most half of the beds are those of the government; land is at least 0.2 m² for each of 300,000."""
    rows = [[words_of(cell) for cell in row.iter(f"{W}tc")] for row in body(folder / "volume.docx").iter(f"{W}tr")]
    head = next(row for row in rows if row[:4] == ["指标", "口径", "依据", "要求"])
    asked = {row[0]: row[3] for row in rows[rows.index(head) + 1 :] if len(row) == len(head)}
    assert asked["政府运营床位占比"] == "≤ 50.0%"
    assert asked["人均养老用地"] == "≥ 60,000 m²"


def test_an_unmet_clause_counts_the_places_that_it_binds(folder: Path, files: dict[str, Any]) -> None:
    """Villages are reported only: 二（九） binds the other communities."""
    held: dict[tuple[str, ...], list[str]] = {}
    for feature in files["data/gaps.geojson"]["features"]:
        for check in feature["properties"]["checks"]:
            if check["binding"]:
                key = tuple(str(check[name]) for name in ("clause_id", "level", "basis", "extent"))
                held.setdefault(key, []).append(check["verdict"])
    several = Counter(len(each) for each in held.values() if "gap" in each and len(each) > 1)
    lines = [words_of(each) for each in body(folder / "volume.docx").iter(f"{W}p")]
    told = [re.search(r"提出要求，未达标：(\d+)个中", line) for line in lines]
    assert Counter(int(each[1]) for each in told if each) == several
    assert 51 in several


def test_notes_are_those_of_the_check_and_the_plan_tells_its_own(
    plan: Plan, book: Workbook, files: dict[str, Any]
) -> None:
    told = table(book["说明事项"])["说明"]
    added = told.str.startswith("计入选址方案：")
    assert [note for note in told[~added] if note] == plan.before.notes("zh")
    later = {note["zh"] for note in files["data/plan.geojson"]["notes"]}
    assert set(told[added].str.removeprefix("计入选址方案：")) == later - set(plan.before.notes("zh"))


def test_a_proposed_station_has_the_street_of_its_community(plan: Plan, book: Workbook) -> None:
    found, communities = (table(book[name]).set_index("编号") for name in ("设施一览表", "社区（村）一览表"))
    streets = dict(zip(communities["名称"], communities["街道（镇）"], strict=True))
    for key in plan.stations["id"]:
        assert found.loc[key, "街道（镇）"] == streets[found.loc[key, "社区（村）"]]


def test_a_report_without_a_plan_at_a_planned_year(sample: Path, tmp_path: Path) -> None:
    found = siting.check(siting.change(sample, scenario={"horizon": "2035"})).assessment
    ledger = found.inputs.facilities
    gone = ledger.index[ledger["status"] == "closing"][:1]
    GapReport(replace(found, undated=ledger.loc[gone])).report(tmp_path, lang="zh")
    counted = table(load_workbook(tmp_path / "tables.xlsx")["设施一览表"]).set_index("编号")["计入"]
    assert counted[counted == "不定"].index.tolist() == gone.tolist()
    assert set(counted[counted == "是"].index) == set(found.facilities.index)
    root = body(tmp_path / "volume.docx")
    lines = [words_of(each) for each in root.iter(f"{W}p")]
    assert any("评估时点为2035年末" in line for line in lines)
    assert "计入选址方案" not in lines
    assert not any("选址方案文件" in line for line in lines)
    heads = [[words_of(cell) for cell in next(each.iter(f"{W}tr")).iter(f"{W}tc")] for each in root.iter(f"{W}tbl")]
    assert ["指标", "口径", "依据", "要求", "实际", "判定"] in heads


def test_the_worst_streets_come_first(folder: Path, files: dict[str, Any]) -> None:
    streets = [
        row for each in files["data/gaps.geojson"]["features"] if (row := each["properties"])["level"] == "street"
    ]
    worst = sorted(streets, key=lambda row: -row["elderly_uncovered"])[:5]
    lines = [words_of(each) for each in body(folder / "volume.docx").iter(f"{W}p")]
    at = [next(n for n, line in enumerate(lines) if line.startswith(f"{row['name']}：圈外")) for row in worst]
    assert at == list(range(at[0], at[0] + 5))
    assert f"圈外老年人{worst[0]['elderly_uncovered']:,.0f}人" in lines[at[0]]


def test_hostile_names_are_texts_of_the_volume(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = plan.before.assessment
    places = found.places.copy()
    streets = places.index[places["level"] == "street"]
    names = [text for text in HOSTILE if len(text) < 100][: len(streets)]
    places.loc[streets[: len(names)], "name"] = names
    hostile = GapReport(replace(found, places=places))
    monkeypatch.chdir(tmp_path)
    hostile.report(tmp_path / "out", lang="zh")
    text = "\n".join(words_of(each) for each in body(tmp_path / "out" / "volume.docx").iter(f"{W}p"))
    for name in names[:-1]:
        assert name in text, name
    assert "1337" not in text
    assert load_workbook(tmp_path / "out" / "tables.xlsx")["街道（镇）一览表"].cell(HEAD + 1, 2).value == names[0]
    with opened(tmp_path / "out" / "index.html") as (_, heard):
        assert heard.complaints == []


@pytest.fixture(scope="module")
def filing(gaps: GapReport) -> Filing:
    """What a report without a plan shows, for those that go no further than the template."""
    return filing_of(gaps.assessment, None)


def own_template(path: Path, *lines: str) -> Path:
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    document.save(str(path))
    return path


def test_a_template_of_ones_own_replaces_ours(plan: Plan, tmp_path: Path, files: dict[str, Any]) -> None:
    lines = ("本局文本", "{%p for line in present.paragraphs %}", "{{r line }}", "{%p endfor %}", "{{r needs.title }}")
    template = own_template(tmp_path / "own.docx", *lines, "{%p if layout %}", "有方案", "{%p endif %}")
    plan.before.report(tmp_path / "out", plan=plan, template=template, lang="zh")
    root = body(tmp_path / "out" / "volume.docx")
    told = [words_of(each) for each in root.iter(f"{W}p")]
    assert told[0] == "本局文本"
    assert told[1].startswith("常住人口300,000人")
    assert told[-1] == "有方案"
    trace = json.loads((tmp_path / "out" / "data" / "trace.json").read_text(encoding="utf-8"))["volume.docx"]
    assert set(bookmarked(root)) == set(trace)
    assert resolve(trace["n000001"], files) == 300_000


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{{r nothing_there }}", "template_wrong"),
        ("{{ ''.__class__.__mro__ }}", "template_wrong"),
        ("{% for %}", "template_wrong"),
        ("{{ 1/0 }}", "template_wrong"),
        ("{% for i in range(99999999) %}{% endfor %}", "template_wrong"),
    ],
)
def test_a_template_that_cannot_be_run_is_refused(filing: Filing, tmp_path: Path, line: str, code: str) -> None:
    template = own_template(tmp_path / "own.docx", "text", line, "text")
    with pytest.raises(InputError) as refused:
        write_report(tmp_path / "out", filing, "zh", asked=Asked(template=template))
    (fault,) = refused.value.faults
    assert fault.code == code
    assert str(fault.found).replace(" ", "") == line.replace(" ", "").replace("{{r", "{{")
    assert not (tmp_path / "out").exists()


def test_a_template_without_end_is_stopped(filing: Filing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine bounds one range, not one within another, nor a text repeated."""
    monkeypatch.setattr(volume, "SECONDS", 8.0)
    loop = "{% for i in range(99999) %}" * 3 + "{% endfor %}" * 3
    template = own_template(tmp_path / "own.docx", "text", loop)
    begun = time.monotonic()
    with pytest.raises(InputError) as refused:
        write_report(tmp_path / "out", filing, "zh", asked=Asked(template=template))
    assert [fault.code for fault in refused.value.faults] == ["template_endless"]
    assert "8" in refused.value.message("zh")
    assert time.monotonic() - begun < 60
    assert not (tmp_path / "out").exists()


def test_a_template_that_takes_all_memory_is_refused(filing: Filing, tmp_path: Path) -> None:
    template = own_template(tmp_path / "own.docx", "text", "{{ 'a' * 999999999999 }}")
    with pytest.raises(InputError) as refused:
        write_report(tmp_path / "out", filing, "zh", asked=Asked(template=template))
    assert [fault.code for fault in refused.value.faults] == ["template_wrong"]
    assert not (tmp_path / "out").exists()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


def test_nothing_of_an_earlier_report_stays_beside_a_new_one(plan: Plan, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "out")
    (tmp_path / "out" / "data" / "own.geojson").write_text("{}")
    before = contents(tmp_path / "out")
    with pytest.raises(InputError):
        plan.before.report(tmp_path / "out", template=own_template(tmp_path / "own.docx", "{{ 1/0 }}"), lang="zh")
    assert contents(tmp_path / "out") == before
    plan.before.report(tmp_path / "out", lang="zh")
    assert set(before) - set(contents(tmp_path / "out")) == {
        "data/plan.geojson",
        "data/gaps-after.geojson",
        "data/stations.parquet",
    }


def test_files_that_no_report_wrote_stay(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "plan.geojson").write_text("{}")
    plan.before.report(tmp_path, lang="zh")
    assert (tmp_path / "data" / "plan.geojson").read_text() == "{}"


def test_a_folder_that_cannot_be_written_is_one_fault(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as left:
        main(["report", str(sample), "-o", str(tmp_path / "file" / "out"), "--lang", "en"])
    assert left.value.code == 2
    assert capsys.readouterr().err.count("tables.xlsx") == 1


def test_what_is_no_word_document_is_refused_before_any_work(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "own.docx").write_text("text")
    with ZipFile(tmp_path / "other.docx", "w") as archive:
        archive.writestr("a.txt", "text")
    for name in ("own.docx", "other.docx", "missing.docx"):
        with pytest.raises(SystemExit) as left:
            main(["report", str(sample), "-o", str(tmp_path / "out"), "--template", str(tmp_path / name), "--quiet"])
        assert left.value.code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("lang", LANGS)
def test_the_templates_in_the_package_are_those_that_the_script_makes(lang: Lang) -> None:
    assert (FOLDER / f"volume.{lang}.docx").read_bytes() == template(lang)


def test_every_sentence_of_the_volume_has_a_text_and_every_text_a_sentence() -> None:
    """Keys are given without the part that they share."""
    folder = Path(siting.__file__).parent / "write" / "report"
    sources = [folder / name for name in ("chapters.py", "phase_chapter.py", "plan_passages.py")]
    nodes = [node for each in sources for node in ast.walk(ast.parse(each.read_text(encoding="utf-8")))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "self.tell"]
    asked = [inner for node in calls for inner in ast.walk(node.args[0])]
    literal = {node.value for node in asked if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    known = {key.removeprefix("report.volume.say.") for key in texts() if key.startswith("report.volume.say.")}
    assert {key for key in known if "." not in key and not key.startswith("account_")} == {
        key for key in literal if not key.endswith((".", "_"))
    }
    heads = {key.rstrip("._") for key in literal if key.endswith((".", "_"))}
    assert heads == {"count", "tier", "of_places", "account", "other", "other_not_feasible"}


@pytest.mark.parametrize(
    "sections",
    [
        {"residential_areas": None, "candidates": None},
        {"units": {"street": None, "community": None, "district": {"of_extent": True, "union_of": None, "name": "区"}}},
        {"population": {"elderly": None}},
        {"population": {"residents": None}},
        {"facilities": {"complete": False}},
    ],
    ids=["no_estates", "extent", "no_elderly", "no_residents", "incomplete"],
)
def test_a_district_with_less_data_has_a_report_too(sample: Path, tmp_path: Path, sections: dict[str, Any]) -> None:
    gaps = siting.check(siting.change(sample, **sections))
    gaps.report(tmp_path, lang="zh")
    trace = json.loads((tmp_path / "data" / "trace.json").read_text(encoding="utf-8"))
    told = bookmarked(body(tmp_path / "volume.docx"))
    assert set(told) == set(trace["volume.docx"])
    assert not {"nan", "None", "inf"} & {word for text in told.values() for word in text.split()}
    book = load_workbook(tmp_path / "tables.xlsx")
    assert {cell.value for page in book for row in page.iter_rows() for cell in row} & {"nan", "None", "inf"} == set()


def test_a_plan_without_stations_is_told(sample: Path, tmp_path: Path) -> None:
    plan = siting.propose(sample, model="lscp", share=1.0)
    assert plan.status == "infeasible"
    plan.before.report(tmp_path, plan=plan, lang="zh")
    lines = [words_of(each) for each in body(tmp_path / "volume.docx").iter(f"{W}p")]
    assert "没有拟新增站点（求解结果：无解）。" in lines
    assert "推荐选址表" not in load_workbook(tmp_path / "tables.xlsx").sheetnames


def test_a_unit_without_a_name_does_not_bear_the_title_of_the_assessment(sample: Path) -> None:
    """A title is that of a work: the volume tells of a place."""
    extent = {"district": {"of_extent": True, "union_of": None, "name": None}, "street": None, "community": None}
    for title, name in (("江峡区养老服务设施布局", "评估范围"), ("Layout of care", "study area")):
        gaps = siting.check(siting.change(sample, scenario={"title": title}, units=extent))
        assert gaps.units["name"].tolist() == [name]


def test_a_unit_merged_from_units_with_chinese_names_has_a_chinese_one(sample: Path) -> None:
    """A new scenario has the name of its folder for a title."""
    district = {"district": {"union_of": "street", "name": None}}
    gaps = siting.check(siting.change(sample, scenario={"title": "district-7"}, units=district))
    assert gaps.units.loc[gaps.units["level"] == "district", "name"].tolist() == ["评估范围"]
