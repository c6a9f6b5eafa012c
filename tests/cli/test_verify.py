"""What an auditor meets of `siting verify`: a proof that holds, one that does not, and plans without one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siting.locate.certificate import packed, unpacked
from siting.text import say
from tests.cli.test_commands import run
from tests.cli.test_propose import scenario_of

pytestmark = pytest.mark.usefixtures("walks_once")


def refused(content: dict[str, Any], scenario: Path, folder: Path, lang: str = "en") -> None:
    """See that a plan's file is refused."""
    other = folder / "other.geojson"
    other.write_text(json.dumps(content), encoding="utf-8")
    assert run("verify", other, scenario, "--lang", lang) == 5


@pytest.fixture(scope="module")
def plan(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plan") / "plan.geojson"
    assert run("propose", sample, "-o", path, "--stations", 5, "--quiet") == 0
    return path


def content_of(plan: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(plan.read_text(encoding="utf-8"))
    return found


def test_a_plan_is_proved_without_a_solver(plan: Path, sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = content_of(plan)
    assert (content["status"], content["proof"]) == ("optimal", "certificate")
    assert run("verify", plan, sample, "--lang", "zh") == 0
    told = capsys.readouterr().out
    covered = f"{content['stages'][0]['objective']:,.0f} 人"
    assert told.startswith(f"证书成立。新增覆盖老年人：{covered}；任何选法都不会多于 {covered}（相差 0.00%）")


@pytest.mark.parametrize(
    "request_",
    [
        'model = "mclp"\nbudget_cny = 20_000_000',
        'model = "mclp"\nstations = 4\nclosable = ["F010", "F020"]',
        'model = "lscp"\nshare = 0.6\ncapacity = 900',
    ],
)
def test_plans_with_other_rules_are_proved_too(
    request_: str, sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, path = scenario_of(sample, tmp_path, request_), tmp_path / "plan.geojson"
    assert run("propose", asked, "-o", path, "--quiet") == 0
    content = content_of(path)
    assert (content["status"], content["proof"]) == ("optimal", "certificate")
    capsys.readouterr()
    assert run("verify", path, asked, "--lang", "en") == 0
    assert capsys.readouterr().out.startswith("The certificate holds")
    content["certificate"]["bound"] += -(2**40) if content["certificate"]["model"] == "mclp" else 2**40
    refused(content, asked, tmp_path)


def test_stations_that_serve_more_than_they_can_are_told(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = scenario_of(sample, tmp_path, 'model = "mclp"\nstations = 8\ncapacity = 600')
    path = tmp_path / "plan.geojson"
    assert run("propose", asked, "-o", path, "--quiet") == 0
    content = content_of(path)
    persons = unpacked(content["certificate"]["served"][2]).view(np.float64)
    content["certificate"]["served"][2] = packed(persons * 1.01)
    refused(content, asked, tmp_path)
    assert "the sites cannot serve the people as stated" in " ".join(capsys.readouterr().out.split())


def _other_station(content: dict[str, Any]) -> None:
    # A twin of the last station with another candidate: fewer people, the same claim.
    taken = {feature["properties"]["candidate_id"] for feature in content["features"]}
    excluded = {row["candidate_id"] for row in content["excluded"]}
    free = next(key for at in range(1, 201) if (key := f"C{at:03}") not in taken | excluded)
    content["features"][-1]["properties"]["candidate_id"] = free


def _one_more(content: dict[str, Any]) -> None:
    content["request"]["stations"] = 4


def _too_much(content: dict[str, Any]) -> None:
    content["certificate"]["bound"] -= 2**21


def _endless(content: dict[str, Any]) -> None:
    content["certificate"]["bound"] = 10**400


def _half_a_tree(content: dict[str, Any]) -> None:
    content["certificate"]["tree"] = {"site": 1, "open": {"by": 0}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [(_one_more, "breaks_rules"), (_too_much, "weak"), (_half_a_tree, "tree"), (_endless, "large")],
)
def test_a_proof_that_fails_is_told_with_the_reason(
    change: Callable[[dict[str, Any]], None],
    reason: str,
    plan: Path,
    sample: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = content_of(plan)
    change(content)
    refused(content, sample, tmp_path)
    told = capsys.readouterr().out
    assert told.startswith("The certificate does not hold: ")
    assert say(f"proof.refuted.{reason}", "en").split("{")[0] in told


def _more_covered(content: dict[str, Any]) -> None:
    content["stages"][0]["objective"] += 100


def _a_stronger_bound(content: dict[str, Any]) -> None:
    content["stages"][0]["bound"] -= 100


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_other_station, "states an objective of"),
        (_more_covered, "states an objective of"),
        (_a_stronger_bound, "states a bound of"),
    ],
)
def test_what_the_file_states_and_the_certificate_refutes_is_told(
    change: Callable[[dict[str, Any]], None],
    words: str,
    plan: Path,
    sample: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = content_of(plan)
    change(content)
    refused(content, sample, tmp_path)
    assert words in " ".join(capsys.readouterr().out.split())


def test_a_plan_for_other_data_is_told_as_such(
    plan: Path, sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = sample.read_text(encoding="utf-8")
    assert "minutes = 15" in text
    for file in sample.parent.iterdir():
        if file.suffix != ".toml":
            (tmp_path / file.name).symlink_to(file)
    shorter = tmp_path / "scenario.toml"
    shorter.write_text(text.replace("minutes = 15", "minutes = 10"), encoding="utf-8")
    content = content_of(plan)
    content["certificate"]["bound"] = 2**20
    refused(content, shorter, tmp_path, "zh")
    assert "选址方案是按另一评估文件或另一批数据作出的" in "".join(capsys.readouterr().out.split())


def test_a_plan_of_another_model_says_that_it_has_no_certificate(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, path = scenario_of(sample, tmp_path, 'model = "p_center"\nstations = 3\nshare = 0.5'), tmp_path / "p.geojson"
    assert run("propose", asked, "-o", path, "--quiet") == 0
    assert content_of(path)["certificate"] is None
    capsys.readouterr()
    assert run("verify", path, asked, "--lang", "zh") == 2
    assert "没有证书" in capsys.readouterr().err


def test_a_file_with_broken_parts_is_told_as_such(
    plan: Path, sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.geojson"
    for name, value in (("stages", [1]), ("stages", {}), ("request", 3), ("scenario", [1]), ("features", [3])):
        path.write_text(json.dumps({**content_of(plan), name: value}), encoding="utf-8")
        assert run("verify", path, sample, "--lang", "en") == 2
        assert f"not a plan file ({name})" in capsys.readouterr().err
    for figure in ("a", None, 10**400, [1]):
        content = content_of(plan)
        content["stages"][0]["objective"] = figure
        refused(content, sample, tmp_path)
        assert "states an objective of –" in capsys.readouterr().out
