"""The reference pages and the scenario that `siting new` writes say all that the schema and the columns hold."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any
from unicodedata import east_asian_width

import pytest

import siting
from siting.domain.scenario import Scenario
from siting.errors import InputError
from siting.read.scenario import all_keys
from siting.results import Plan
from siting.text import LANGS, Lang, knows, texts
from siting.write.reference import choice_text, column_text, headings, unit_text
from siting.write.template import scenario_template

pytestmark = pytest.mark.usefixtures("walks_once")

ROOT = Path(__file__).resolve().parents[2]


def load_printer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("print_reference", ROOT / "docs" / "print_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def printer() -> ModuleType:
    return load_printer()


def uncommented(text: str) -> str:
    """Take the # away from every optional key and section; explanations begin with # and a space."""
    return re.sub(r"^#(?! )", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("page", ["scenario.md", "gap-report.md", "standards.md", "data.md"])
def test_pages_are_as_printed(printer: ModuleType, page: str) -> None:
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == printer.pages()[page], (
        "run python docs/print_reference.py"
    )


def test_nothing_of_a_standard_is_left_out_of_its_page(printer: ModuleType) -> None:
    page = printer.pages()["standards.md"]
    for standard in siting.standards():
        # A name of a clause may occur in several standards.
        part = page.partition(f"\n## {standard.id}\n")[2].partition("\n## ")[0]
        for clause in standard.clauses:
            assert f"| `{clause.id.partition('/')[2]}` | {clause.article} | {clause.quote}" in part
            assert clause.why_zh in part
            assert clause.note_en in part
            if clause.funding is not None:
                assert "；".join(clause.funding.conditions_zh) in part
        assert all(f"| {each.article} | {each.quote} |" in part for each in standard.unclaused)
        assert standard.number in part


def test_every_key_of_the_schema_is_there() -> None:
    found = {f"{heading.name}.{key.name}" for heading in headings() for key in heading.keys}
    below = {heading.name for heading in headings()}
    # all_keys names sections too, without the * of their names.
    parents = {re.sub(r"\.\*$", "", name) for name in below} | {"constraints"}
    assert found == set(all_keys()) - parents


def test_every_key_section_column_unit_and_choice_has_a_text() -> None:
    lacking = [key.text_key for heading in headings() for key in heading.keys if not knows(key.text_key)] + [
        heading.name for heading in headings() if not knows(f"scenario_section.{heading.group}")
    ]
    assert lacking == []
    for heading in headings():
        for column in heading.columns:
            for lang in LANGS:
                assert column_text(heading.group, column, lang)
                assert bool(unit_text(column, lang)) == bool(column.unit)
                assert all(choice_text(column, choice, lang) for choice in column.choices)


def test_no_text_of_a_key_or_column_is_left_over() -> None:
    used = {key.text_key for heading in headings() for key in heading.keys}
    used |= {f"scenario_section.{heading.group}" for heading in headings()}
    used |= {f"scenario_column.{heading.group}.{column.key}" for heading in headings() for column in heading.columns}
    held = {key for key in texts() if key.startswith(("scenario_key.", "scenario_section.", "scenario_column."))}
    assert held - used == set()


@pytest.mark.parametrize("lang", LANGS)
def test_template_is_read_as_it_is(lang: Lang, tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(scenario_template(lang), encoding="utf-8")
    scenario = siting.read_scenario(file)
    assert scenario.facilities.path == tmp_path / "facilities.csv"
    assert set(scenario.units) == {"district", "street", "community"}
    assert scenario.residential_areas is None
    assert scenario.candidates is None


def filled_section(whole: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the section of a scenario that stands for a heading."""
    for path in (
        name.replace("*", own)
        for own in ("street", "farmland", "water", "renewal", "aged_80", "rivers", "bridges", "with_stick", "worldpop")
    ):
        part: Any = whole
        for step in path.split("."):
            part = part[0] if isinstance(part, list) else part.get(step, {})
        if part:
            return dict(part)
    return {}


@pytest.mark.parametrize("lang", LANGS)
def test_template_holds_every_key(lang: Lang, tmp_path: Path) -> None:
    whole = tomllib.loads(uncommented(scenario_template(lang)))
    explained: set[str] = set()
    ahead = [heading for heading in headings() if heading.name == "standards.exclude_area"]
    for heading in (*(each for each in headings() if each not in ahead), *ahead):
        part = filled_section(whole, heading.name)
        # What all layers share stands at the first of them; an optional one before it names the file alone.
        lacking = [key for key in heading.keys if key.name not in part]
        assert all(key.text_key in explained and not key.required for key in lacking), heading.name
        explained |= {key.text_key for key in heading.keys}
        if heading.columns:
            assert set(part["columns"]) >= {column.key for column in heading.columns}
    # Of those that exclude each other one stays.
    whole["standards"].pop("ids")
    for grid in ("residents", "elderly", "planned_residents", "planned_elderly"):
        for key in ("pattern", "bands", "points", "polygons", "level", "attributes", "attributes_on"):
            whole["population"][grid].pop(key, None)
    for key in ("to_age", "from_age", "path"):
        whole["population"]["groups"]["aged_80"].pop(key)
    for key in ("database", "query"):
        whole["population"]["projection"].pop(key)
    for level, extra in (("street", "union_of"), ("community", "union_of"), ("district", "path")):
        whole["units"][level].pop(extra)
    # Without an example, a plan has no phases.
    assert whole["plan"].pop("phases")
    full = Scenario.model_validate(whole)
    file = tmp_path / "scenario.toml"
    file.write_text(scenario_template(lang), encoding="utf-8")
    plain = siting.read_scenario(file)
    # Defaults are written as what they are.
    whole_circle = {**plain.circle.model_dump(), "shared_from": full.circle.shared_from}
    assert (full.walking, full.circle.model_dump()) == (plain.walking, whole_circle)
    assert full.context.complete == plain.context.complete
    assert full.scenario == plain.scenario
    assert full.population.spread == plain.population.spread
    for usual, given in ((plain.plan, full.plan), (plain.plan.links, full.plan.links)):
        defaults = {key: value for key, value in usual if value is not None and key != "links"}
        assert {key: value for key, value in given if key in defaults} == defaults


@pytest.mark.parametrize("lang", LANGS)
def test_template_wraps_its_explanations(lang: Lang) -> None:
    for line in scenario_template(lang).splitlines():
        width = sum(2 if east_asian_width(character) in "WF" else 1 for character in line)
        assert width <= 106 or not line.startswith("# ")
        assert line == line.rstrip()


def test_template_leaves_an_unknown_key_an_error(tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(scenario_template("en").replace("#slope = true", "slopes = true"), encoding="utf-8")
    with pytest.raises(InputError, match="slopes"):
        siting.read_scenario(file)


def test_members_of_the_results_are_those_described(printer: ModuleType, plan: Plan, tmp_path: Path) -> None:
    plan.before.to_file(tmp_path / "gap_report.geojson")
    plan.to_file(tmp_path / "plan.geojson")
    members = printer.MEMBERS
    for kind in ("gap_report", "plan"):
        content = json.loads((tmp_path / f"{kind}.geojson").read_text(encoding="utf-8"))
        assert set(content) == {*members["both"], *members[kind]}
        totals = content["totals"] if kind == "gap_report" else content["totals_after"]
        assert set(totals) == set(members["totals"])


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_figures_of_the_readme_are_those_of_the_demo(page: str, plan: Plan) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert f"{plan.before.totals['residents']:,.0f}" in text
    assert f"{plan.before.totals['elderly']:,.0f}" in text
    rows = {
        "covered_share": lambda value: f"{value:.1%}".replace("%", " %"),
        "land_m2_per_resident": lambda value: f"{value:.3f} m²",
        "land_gap_02_m2": lambda value: f"{value:,.0f} m²",
    }
    for key, shown in rows.items():
        before, after = (shown(report.totals[key]) for report in (plan.before, plan.after))
        assert f"| {before} | {after} |" in text
    assert plan.status == "optimal"
    assert plan.after.totals["land_gap_02_m2"] > 0
