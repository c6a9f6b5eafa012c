"""What a planner meets of `siting propose`: studies, refusals, interrupts, and wrong calls in Chinese."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting.cli.studies import told
from siting.errors import Fault
from tests.cli.test_commands import run

pytestmark = pytest.mark.usefixtures("walks_once")


def scenario_of(sample: Path, folder: Path, plan: str) -> Path:
    """Return the sample's scenario with another request, beside links to its data."""
    for file in sample.parent.iterdir():
        if file.suffix != ".toml":
            (folder / file.name).symlink_to(file)
    text = sample.read_text(encoding="utf-8")
    asked = '[plan]\nmodel = "mclp"\nstations = 12\n'
    assert asked in text
    target = folder / "scenario.toml"
    target.write_text(text.replace(asked, f"[plan]\n{plan}\n"), encoding="utf-8")
    return target


def priced(scenario: Path, folder: Path) -> Path:
    """Return a copy of a scenario whose candidates cost from 600,000 by steps of 200,000."""
    shutil.copytree(scenario.parent, folder)
    candidates = pd.read_csv(folder / "candidates.csv")
    costs = 600_000 + 200_000 * np.arange(len(candidates))
    candidates.assign(capital_cost_cny=costs, rent_cny_per_year=0).to_csv(folder / "candidates.csv", index=False)
    return folder / scenario.name


@pytest.mark.parametrize(
    ("options", "limits"),
    [
        (("--stations", 2), "stations"),
        (("--budget", 2_500_000, "--curve-by", "budget"), "money"),
    ],
)
def test_a_curve_is_by_stations_or_by_money(
    small: Path, tmp_path: Path, options: tuple[Any, ...], limits: str, capsys: pytest.CaptureFixture[str]
) -> None:
    curve = tmp_path / "curve.json"
    assert (
        run(
            "propose",
            priced(small, tmp_path / "priced"),
            "-o",
            tmp_path / "p.geojson",
            "--curve",
            curve,
            *options,
            "--lang",
            "zh",
        )
        == 0
    )
    stations = json.loads((tmp_path / "p.geojson").read_text(encoding="utf-8"))["features"]
    spent = sum(station["properties"]["cost_cny"] for station in stations)
    assert 0 < spent <= 2_500_000 or limits == "stations"
    table = pd.read_json(curve)
    assert (table["limit"] == table["stations"]).all() == (limits == "stations")
    assert (table["cost"] <= table["limit"]).all() == (limits == "money")
    assert table["newly_covered"].is_monotonic_increasing
    heard = capsys.readouterr()
    assert "10 分钟" in heard.err
    assert f"{len(table)} 个点" in heard.err
    assert str(curve) in heard.out


def test_without_a_plan_what_needs_one_is_refused_and_the_rest_written(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / f"{name}.csv" for name in ("order", "alternatives")}
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    asked = scenario_of(sample, tmp_path, 'model = "lscp"\nshare = 1.0')
    plan = tmp_path / "p.geojson"
    assert run("propose", asked, "-o", plan, *options, "--lang", "zh") == 4
    heard = capsys.readouterr()
    assert heard.err.count("[plan] 一节") == 1
    assert "（order, alternatives）" in heard.err
    assert "图层" not in heard.err
    assert plan.exists()
    assert not any(path.exists() for path in files.values())
    written = json.loads(plan.read_text(encoding="utf-8"))
    name = "柏树村"
    assert written["blocked"]["level"] == "community"
    assert name in heard.out, "units are told by name"
    assert run("map", asked, "-o", tmp_path / "map.html", "--with", plan, "--quiet") == 0
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    (line,) = [line.strip() for line in heard.out.splitlines() if name in line]
    assert line in page, "the map says the same"


def test_an_interrupt_during_a_study_keeps_plan_and_part_and_ends_with_130(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from siting.locate.series import optima

    solved = optima._solved
    count = 0

    def interrupted(*given: Any) -> Any:
        nonlocal count
        count += 1
        if count == 3:
            signal.raise_signal(signal.SIGINT)
        return solved(*given)

    monkeypatch.setattr(optima, "_solved", interrupted)
    plan, curve, order = tmp_path / "p.geojson", tmp_path / "curve.json", tmp_path / "order.csv"
    options = ("--budget", 2_000_000, "--curve", curve, "--order", order, "--quiet", "--lang", "zh")
    assert run("propose", sample, "-o", plan, *options) == 130
    assert json.loads(plan.read_text(encoding="utf-8"))["status"] == "optimal"
    assert "interrupt" in set(pd.read_json(curve)["stopped_by"])
    assert not order.exists()
    heard = capsys.readouterr().err
    assert "覆盖曲线只输出已得部分" in heard
    assert "建设时序没有输出" in heard


def test_an_interrupt_before_there_is_anything_leaves_no_study(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("siting.pipeline.studying.build_order", interrupted)
    plan = tmp_path / "p.geojson"
    assert run("propose", small, "-o", plan, "--stations", 2, "--order", tmp_path / "o.csv", "--lang", "en") == 130
    assert "not written" in capsys.readouterr().err
    assert plan.exists()
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("propose", "--curv", "x"), ("没有选项 --curv", "--curve")),
        (("propose",), ("缺少参数 SCENARIO",)),
        (("propose", "x.toml"), ("缺少选项 -o/--out",)),
        (("propose", "x.toml", "-o"), ("选项 -o 后面缺少值",)),
        (("propose", "x.toml", "-o", "a", "--model", "best"), ("--model 不能是 best", "mclp, lscp")),
        (("propose", "x.toml", "-o", "a", "--stations", "-1"), ("--stations 为 -1", "x>=0")),
        (("propose", "x.toml", "-o", "a", "--stations", "few"), ("--stations 为 few，应为整数",)),
        (("propose", "x.toml", "-o", "a", "--budget", "much"), ("--budget 为 much，应为数字",)),
        (("propose", "x.toml", "y.toml", "-o", "a"), ("多余的参数：y.toml",)),
        (("propose", "x.toml", "-o", "/"), ("-o/--out 应为文件，而 / 是文件夹",)),
        (("standards", "compare", "a", "b", "--date", "today"), ("--date 为 today，应为日期",)),
        (("propse",), ("没有命令 propse", "propose")),
        (("propose", "x.toml", "-o", "a", "--curve-by", "budget"), ("没有 --curve",)),
    ],
)
def test_wrong_calls_are_told_in_chinese(
    arguments: tuple[str, ...], words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--lang", "zh", *arguments) == 2
    heard = capsys.readouterr().err
    for word in words:
        assert word in heard
    assert not {"Error", "Invalid", "Missing", "option", "such"} & set(heard.split())


def test_wrong_calls_are_told_in_english_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("propose", "x.toml", "-o", "a", "--model", "best", "--lang", "en") == 2
    assert "--model cannot be best" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "[plan] 一节 · 字段 forced"), ("en", "section [plan] · field forced")]
)
def test_faults_in_a_section_name_the_section(lang: Any, words: str) -> None:
    fault = Fault(code="plan_forced_and_forbidden", layer="plan", field="forced", found="C1")
    assert words in fault.message(lang)
    assert "facilities" in Fault(code="missing_crs", layer="facilities").message(lang)


def test_refusals_for_one_reason_are_told_once() -> None:
    faults = [Fault(code="study_without_stations", layer="plan", found=name) for name in ("order", "alternatives")]
    assert "order, alternatives" in told(faults, "en")


def test_it_is_written_at_which_speeds_sites_stay(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "speeds.json"
    assert run("propose", small, "-o", tmp_path / "p.geojson", "--stations", 2, "--stability", target) == 0
    table = pd.read_json(target)
    assert list(table) == ["candidate_id", "0.6", "0.8", "1.0", "stays_at", "unlimited"]
    assert table["0.8"].all(), "the scenario's own speed"
    assert (table[["0.6", "0.8", "1.0"]].sum(axis=1) == table["stays_at"]).all()
    assert str(target) in capsys.readouterr().out


def test_the_other_site_is_asked_for_on_the_command_line(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.geojson"
    assert run("propose", small, "-o", out, "--stations", 2, "--force", "p0", "--forbid", "p4", "--quiet") == 0
    written = json.loads(out.read_text(encoding="utf-8"))
    assert "p0" in {each["properties"]["candidate_id"] for each in written["features"]}
    assert (written["request"]["forced"], written["request"]["forbidden"]) == (["p0"], ["p4"])


def test_a_plan_tells_the_notes_that_matter_most(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("propose", small, "-o", tmp_path / "plan.geojson", "--lang", "en")
    said = "".join(capsys.readouterr()[0].split())
    # Sums of land gaps are those with the plan, as the figures above the notes are.
    notes = [note for note in siting.check(small).notes("en") if not note.startswith("Land gaps do not add up")]
    assert len(notes) > 6
    there = ["".join(note.split()) in said for note in notes]
    assert there[:5] == [True] * 5
    after = siting.read_plan(small, tmp_path / "plan.geojson").after.notes("en")
    assert all("".join(note.split()) in said for note in after if note.startswith("Land gaps do not add up"))
    assert not all(there)
