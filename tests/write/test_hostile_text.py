"""Text of the data is text in every output: it runs nothing, breaks no page, and comes through letter by letter."""

import io
import json
import shutil
from contextlib import redirect_stdout
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import siting
from siting.cli import main
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS, RESIDENTIAL_COLUMNS, UNIT_COLUMNS
from siting.write.webmap.skeleton import as_name, as_numbers
from tests.browser import opened
from tools.check_templates import check

pytestmark = pytest.mark.usefixtures("walks_once")

# Jinja2 runs the first in folium's templates; the second ends scripts, tags, formulas and markup of terminals.
LEAVES_A_FILE = "{{lipsum.__globals__.os.system('echo > PWNED')}}"
BREAKS = (
    """</script><img src=x onerror="document.title='PWNED'"><!-- {% raw %} {# ${title} $$ `x` $\\frac{ [/bold] &amp;"""
)
LEDGERS = (
    ("facilities.csv", FACILITY_COLUMNS),
    ("candidates.csv", CANDIDATE_COLUMNS),
    ("residential_areas.gpkg", RESIDENTIAL_COLUMNS),
    ("communities.gpkg", UNIT_COLUMNS),
    ("streets.gpkg", UNIT_COLUMNS),
)
ALIASES = {"XZQDM": "id", "XZQMC": "name"}


def hostile_district(folder: Path, sample: Path, text: str) -> Path:
    """Copy the sample district; add a text to every string of its layers, its scenario and a standard of its own."""
    shutil.copytree(sample.parent, folder, dirs_exist_ok=True)
    for name, columns in LEDGERS:
        free = {column.key for column in columns if column.type == "text" and not column.choices}
        _spoil(folder / name, free, text)
    quoted = json.dumps(text, ensure_ascii=False)
    scenario = (folder / "scenario.toml").read_text(encoding="utf-8")
    for layer in ("farmland", "ecology", "flood"):
        scenario = scenario.replace(
            f"[constraints.exclude.{layer}]", f"[constraints.exclude.{json.dumps(layer + text)}]"
        )
    for layer in ("water", "green"):
        scenario = scenario.replace(f"[basemap.{layer}]", f"[basemap.{json.dumps(layer + text)}]")
    for key in ("title", "name", "clause"):
        scenario = _lengthen(scenario, key, text)
    scenario = scenario.replace('place = "重庆市"', 'place = "重庆市"\nfiles = ["own.toml"]')
    (folder / "scenario.toml").write_text(scenario, encoding="utf-8")
    assert quoted[1:-1] in scenario
    with redirect_stdout(io.StringIO()), pytest.raises(SystemExit):
        main(["standards", "new", str(folder / "own.toml"), "--lang", "zh", "--quiet"])
    own = (folder / "own.toml").read_text(encoding="utf-8")
    for key in ("number", "title", "issuer", "source", "article", "quote"):
        own = _lengthen(own, key, text)
    (folder / "own.toml").write_text(own, encoding="utf-8")
    return folder / "scenario.toml"


def _spoil(path: Path, free: set[str], text: str) -> None:
    table = pd.read_csv(path, dtype="str") if path.suffix == ".csv" else gpd.read_file(path)
    for column in table.columns:
        if ALIASES.get(column, column) in free:
            given = table[column].notna()
            table.loc[given, column] = table.loc[given, column].astype(str) + text
    if isinstance(table, gpd.GeoDataFrame):
        table.to_file(path, driver="GPKG")
    else:
        table.to_csv(path, index=False)


def _lengthen(toml: str, key: str, text: str) -> str:
    """Add a text to each plain string of a key."""
    lines = toml.splitlines()
    for number, line in enumerate(lines):
        if line.startswith(f'{key} = "'):
            value = json.loads(line.partition("=")[2])
            lines[number] = f"{key} = {json.dumps(value + text, ensure_ascii=False)}"
    return "\n".join(lines) + "\n"


def test_every_string_of_the_data_is_only_text(
    tmp_path: Path, sample: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"{LEAVES_A_FILE}{BREAKS}"
    path = hostile_district(tmp_path / "district", sample, text)
    scenario = siting.read_scenario(path)
    monkeypatch.chdir(tmp_path)
    plan = siting.propose(scenario, stations=3)
    report = plan.before
    facility = next(iter(report.assessment.inputs.facilities.index))
    area = next(iter(report.assessment.inputs.residential_areas.index))
    assert facility.endswith(text)
    pages = {name: tmp_path / f"{name}.html" for name in ("map", "account", "why")}
    plan.explore("en").save(pages["map"])
    siting.inspect(scenario).to_file(pages["account"])
    siting.explain(scenario, area).to_file(pages["why"], "en")
    for chart in (report.plot("zh"), plan.plot("en"), plan.fairness().plot("zh")):
        chart.savefig(tmp_path / "chart.png")
    pages["changes"] = tmp_path / "changes.html"
    siting.compare(scenario, siting.change(scenario, walking={"minutes": 5})).to_file(pages["changes"], "en")
    for command in ("check", "propose", "inspect", "audit", "funding"):
        out = (
            () if command == "inspect" else ("-o", f"{command}.csv" if command in ("audit", "funding") else "out.json")
        )
        more = ("--stations", "3") if command == "propose" else ()
        with pytest.raises(SystemExit) as left:
            main([command, str(path), *out, *more, "--lang", "en"])
        assert left.value.code == 0
    assert text in capsys.readouterr().out
    assert not list(tmp_path.rglob("PWNED"))
    for name, page_file in pages.items():
        with opened(page_file) as (page, heard):
            if name == "map":
                _walk_map(page, text)
            assert text in page.locator("body").inner_text()
            assert page.title() != "PWNED"
            assert page.locator("img[src=x]").count() == 0
        assert heard.fetched == []
        assert heard.complaints == []


def _walk_map(page, text: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - playwright's
    """Find the text letter by letter where the map shows names: title, ranking, popups, labels, documents."""
    for where in ("h1", ".ranking .name", "#panel"):
        assert text in page.locator(where).first.inner_text()
    assert any(text in told for told in page.locator(".documents li").all_inner_texts())
    assert all(text in told for told in page.locator(".name span").all_text_contents())
    assert all(text in told for told in page.locator("#places tbody .link").all_inner_texts())
    page.fill("#find", text[:12])
    assert text in page.locator("#found [role=option]").first.inner_text()
    page.keyboard.press("Escape")
    page.evaluate("sitingPrint.prepare('a4-landscape', null)")
    assert text in page.locator("#print h1").inner_text()
    assert text in page.locator("#print .print-documents").inner_text()
    page.evaluate("sitingPrint.restore()")
    page.locator(".ranking button").first.click()
    page.wait_for_timeout(1200)
    assert text in page.locator(".popup h3").inner_text()


@pytest.mark.parametrize("case", ["case", "case_crash", "case_lost"])
def test_the_cases_of_injection(case: str, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(shared / "cases" / "map-template-injection" / case, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["map", "scenario.toml", "-o", "map.html", "--quiet", "--untrusted"])
    assert left.value.code == 0
    assert not list(tmp_path.rglob("PWNED"))
    ledger = pd.read_csv("facilities.csv", dtype="str")
    told = (ledger["name"] + ledger["id"]).str.contains(r"[{%]")
    with opened(tmp_path / "map.html") as (page, heard):
        popups = page.evaluate(
            "Object.fromEntries(Object.entries(siting.data.popups).map(([key, one]) => [key, one.n]))"
        )
        for identity, name in ledger.loc[told, ["id", "name"]].itertuples(index=False):
            assert popups[f"facility/{identity}"] == name
    assert heard.complaints == []


def test_only_names_and_numbers_of_ours_reach_a_template() -> None:
    for text in ("{{x}}", "a%b", "Ａ", "", "a\n", "#"):
        with pytest.raises(ValueError, match="template engine"):
            as_name(text)
    with pytest.raises(ValueError, match="could not convert"):
        as_numbers(["{{x}}"])


@pytest.mark.parametrize(
    "call", ["folium.Map(title)", "folium.Popup(html=f'<b>{name}</b>')", "L.Marker(tooltip=str(row))"]
)
def test_text_of_the_data_in_a_call_of_folium_is_found(call: str) -> None:
    assert list(check(f"import folium\nimport folium as L\n{call}\n", "module"))


def test_literals_and_guarded_values_pass() -> None:
    source = "import folium\nfolium.Map(location=as_numbers(xy), tiles=None, name=as_name(key), padding=(1, 2))\n"
    assert not list(check(source, "module"))
