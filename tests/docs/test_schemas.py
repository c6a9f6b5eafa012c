"""The JSON Schemas hold for what is written and read, and tell what is unknown from what has no limit."""

import importlib.util
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import siting
from siting.cli import main
from siting.results import GapReport, Plan
from siting.text import LANGS, Lang
from siting.write.template import scenario_template
from tests.helpers import box, check, facilities, inputs, raster, scenario, units

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "siting" / "schemas"
KINDS = ("scenario", "gap_report", "plan", "comparison", "run")


def schema(kind: str) -> Any:
    return json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))


def faults(kind: str, content: Any) -> list[str]:
    checker = jsonschema.Draft202012Validator(schema(kind), format_checker=jsonschema.FormatChecker())
    return [f"{each.json_path}: {each.message[:200]}" for each in checker.iter_errors(content)]


def written(result: GapReport | Plan, folder: Path) -> Any:
    result.to_file(folder / "result.geojson")
    return json.loads((folder / "result.geojson").read_text(encoding="utf-8"))


def from_toml(text: str) -> Any:
    """Return a scenario as JSON holds it: days are texts."""
    return json.loads(json.dumps(tomllib.loads(text), default=str))


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(each)


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_schemas_and_as_printed(kind: str) -> None:
    spec = importlib.util.spec_from_file_location("print_schemas", ROOT / "docs" / "print_schemas.py")
    assert spec is not None
    assert spec.loader is not None
    printer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(printer)
    jsonschema.Draft202012Validator.check_schema(schema(kind))
    text = (SCHEMAS / f"{kind}.json").read_text(encoding="utf-8")
    assert text == printer.pages()[f"{kind}.json"], "run python docs/print_schemas.py"


def test_results_of_the_sample_district_hold_to_them(plan: Plan, tmp_path: Path) -> None:
    assert faults("gap_report", written(plan.before, tmp_path)) == []
    assert faults("plan", written(plan, tmp_path)) == []


def test_a_command_writes_the_record_of_its_run(small: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["check", str(small), "-o", str(tmp_path / "gaps.geojson"), "--quiet"])
    assert faults("gap_report", json.loads((tmp_path / "gaps.geojson").read_text(encoding="utf-8"))) == []
    assert faults("run", json.loads((tmp_path / "gaps.run.json").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("asked", [{"model": "compliance"}, {"model": "lscp", "share": 1.0, "stations": 1}])
def test_plans_that_fall_short_hold_to_them(small: Path, asked: dict[str, Any], tmp_path: Path) -> None:
    found = siting.propose(small, **asked)
    assert faults("plan", written(found, tmp_path)) == []


@pytest.mark.parametrize("lang", LANGS)
def test_scenarios_hold_to_theirs(lang: Lang, sample: Path) -> None:
    assert faults("scenario", from_toml(scenario_template(lang))) == []
    assert faults("scenario", from_toml(sample.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("complete = true", "complet = true"), ("[walking]", "[walkin]"), ("date = ", "date = 7 #")],
)
def test_what_no_scenario_may_hold_is_refused(sample: Path, old: str, new: str) -> None:
    text = sample.read_text(encoding="utf-8")
    assert old in text
    assert faults("scenario", from_toml(text.replace(old, new)))


def test_what_has_no_limit_is_told_from_what_is_unknown(tmp_path: Path) -> None:
    """The ledger is not complete: there may be any land; of the elderly nobody knows."""
    given = inputs(
        settings=scenario(facilities={"path": "f.csv", "complete": False}),
        elderly=None,
        residents=raster(np.full((10, 10), 5.0)),
        places={"district": units({"d": box(0, 0, 1000, 1000)})},
        ledger=facilities({"f": ((100, 100), {"land_m2": 50.0})}),
    )
    content = written(GapReport(check(given)), tmp_path)
    assert faults("gap_report", content) == []
    for each in (content["features"][0]["properties"], content["totals"]):
        assert each["land_provided_high_m2"] is None
        assert "land_provided_high_m2" in each["unlimited"]
        assert each["elderly"] is None
        assert "elderly" not in each["unlimited"]
    for each in objects(content):
        assert all(each[key] is None for key in each.get("unlimited", ()))


@pytest.mark.parametrize("change", [{"walking": {"minutes": 20}, "standards": {"coverage": "by_tier"}}, {}], ids=str)
@pytest.mark.parametrize("share", [False, True])
def test_comparisons_hold_to_theirs(small: Path, change: dict[str, Any], *, share: bool, tmp_path: Path) -> None:
    old = siting.change(small, scenario={"share": share})
    found = siting.compare(old, siting.change(old, **change))
    found.to_file(tmp_path / "changes.geojson")
    content = json.loads((tmp_path / "changes.geojson").read_text(encoding="utf-8"))
    assert faults("comparison", content) == []
    assert content["split"]
    assert content["differ"] == (["rules", "settings"] if change else [])


def test_a_comparison_of_two_reports_holds_to_it_and_a_foreign_member_does_not(small: Path, tmp_path: Path) -> None:
    for name, minutes in (("old", 8), ("new", 20)):
        siting.check(siting.change(small, walking={"minutes": minutes})).to_file(tmp_path / f"{name}.geojson")
    found = siting.compare(tmp_path / "old.geojson", tmp_path / "new.geojson")
    found.to_file(tmp_path / "changes.geojson")
    content = json.loads((tmp_path / "changes.geojson").read_text(encoding="utf-8"))
    assert faults("comparison", content) == []
    assert not content["split"]
    content["features"][0]["properties"]["more"] = 1
    assert len(faults("comparison", content)) == 1


def test_scenarios_that_are_shared_hold_to_theirs(small: Path, tmp_path: Path) -> None:
    shared = siting.change(small, scenario={"share": True})
    assert faults("gap_report", written(siting.check(shared), tmp_path)) == []
    assert faults("plan", written(siting.propose(shared), tmp_path)) == []
