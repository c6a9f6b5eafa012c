"""The command line as a planner types it: exit codes, messages, files."""

import datetime as dt
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from siting.cli import main
from tests.laws.folders import write_district

pytestmark = pytest.mark.usefixtures("walks_once")


def run(*arguments: object) -> int:
    """Run the command line in this process and return its exit code."""
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def test_help_imports_nothing_heavy() -> None:
    heavy = "geopandas pandas numpy shapely rasterio folium scipy matplotlib pydantic highspy osmium rich"
    code = (
        "import sys\n"
        "from siting.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print('HEAVY', sorted(set({heavy.split()!r}) & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "HEAVY []" in out


@pytest.mark.parametrize(("lang", "word"), [("zh", "核查"), ("en", "Check")])
def test_help_speaks_the_language(lang: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--lang", lang, "--help") == 0
    assert word in capsys.readouterr().out


def test_no_command_is_told_in_part(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run("--lang", "en", "--help") == 0
    told = capsys.readouterr().out
    assert "..." not in told.partition("Commands:")[2]
    assert "the candidates that can cover it." in " ".join(told.split())


def test_check_writes_report_grid_and_run(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, grid = tmp_path / "gaps.geojson", tmp_path / "grid.tif"
    assert run("check", small, "-o", out, "--grid", grid, "--lang", "zh") == 0
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["result"] == "gap_report"
    assert grid.stat().st_size > 0
    assert json.loads((tmp_path / "gaps.run.json").read_text(encoding="utf-8"))["seconds"] > 0
    told = capsys.readouterr().out
    assert "空间覆盖率" in told
    assert str(out) in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gaps.geojson", "gaps.run.json", "grid.tif"]


@pytest.mark.parametrize(("option", "code"), [("--fail-on-gap", 3), ("--fail-on-gap=binding", 3), ("--quiet", 0)])
def test_exit_code_when_there_is_a_gap(small: Path, tmp_path: Path, option: str, code: int) -> None:
    assert run("check", small, "-o", tmp_path / "g.geojson", option) == code
    assert (tmp_path / "g.geojson").exists()


def test_plan_is_written_read_back_and_counted(small: Path, tmp_path: Path) -> None:
    plan, after = tmp_path / "plan.geojson", tmp_path / "after.geojson"
    assert run("propose", small, "-o", plan, "--stations", 3, "--quiet") == 0
    assert run("check", small, "-o", after, "--with", plan, "--quiet") == 0
    said = json.loads(plan.read_text(encoding="utf-8"))
    counted = json.loads(after.read_text(encoding="utf-8"))
    assert said["status"] == "optimal"
    assert counted["totals"]["elderly_covered"] == pytest.approx(said["totals_after"]["elderly_covered"])
    gained = said["totals_after"]["elderly_covered"] - said["totals_before"]["elderly_covered"]
    assert gained == pytest.approx(said["objective"], abs=1e-3)


def test_wrong_call_ends_with_2_and_leaves_no_file(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.geojson"
    assert run("check", tmp_path / "missing.toml", "-o", out, "--lang", "en") == 2
    assert "missing.toml" in capsys.readouterr().err
    assert run("check", sample) == 2
    assert run("propose", sample, "-o", out, "--stations", "-1") == 2
    assert run("standards", "show", "no-such-standard", "--lang", "en") == 2
    assert "cq-2019-129" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bad", ["a\0", "a\ud800"])
@pytest.mark.parametrize(
    "words",
    [
        ["check", "BAD.toml", "-o", "OUT/a.geojson"],
        ["check", "SCENARIO", "-o", "OUT/a.geojson", "--with", "OUT/BAD.geojson"],
        ["inspect", "SCENARIO", "--mark-up", "OUT/BAD"],
        ["new", "OUT/BAD"],
        ["new", "OUT/BAD", "--forms"],
        ["standards", "new", "OUT/BAD.toml"],
        ["explain", "SCENARIO", "BAD"],
        ["propose", "SCENARIO", "-o", "OUT/a.geojson", "--curve", "OUT/BAD.csv", "--untrusted"],
        ["map", "SCENARIO", "-o", "OUT/a.html", "--tiles", "BAD"],
    ],
)
def test_words_with_impossible_characters_are_told(
    sample: Path, tmp_path: Path, words: list[str], bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [each.replace("SCENARIO", str(sample)).replace("OUT", str(tmp_path)).replace("BAD", bad) for each in words]
    with pytest.raises(SystemExit) as left:
        main([*given, "--lang", "en"])
    assert left.value.code == 2
    assert "the name contains a character that a file name cannot contain" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_word_of_bytes_that_are_no_text_is_an_unknown_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["explain", str(write_district(tmp_path, 3)), "F\udcff", "--lang", "en"])
    assert left.value.code == 2
    assert "F\ufffd" in capsys.readouterr().err


def test_a_gap_report_is_no_plan(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gaps = tmp_path / "gaps.geojson"
    gaps.write_text('{"type": "FeatureCollection", "result": "gap_report", "features": []}', encoding="utf-8")
    assert run("check", sample, "-o", tmp_path / "x.geojson", "--with", gaps, "--lang", "en") == 2
    assert "siting propose" in capsys.readouterr().err


def test_no_traceback_without_debug(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        message = "the gears are stuck"
        raise RuntimeError(message)

    monkeypatch.setattr("siting.check", broken)
    assert run("check", sample, "-o", tmp_path / "g.geojson", "--lang", "en") == 1
    told = capsys.readouterr().err
    assert "the gears are stuck" in told
    assert "Traceback" not in told
    with pytest.raises(RuntimeError):
        main(["check", str(sample), "-o", str(tmp_path / "g.geojson"), "--debug"])


def test_an_interrupt_ends_with_130_and_leaves_no_file(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("siting.pipeline.ground.assess", interrupted)
    assert run("check", small, "-o", tmp_path / "g.geojson", "--quiet") == 130
    assert list(tmp_path.iterdir()) == []


def test_standards_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("standards", "list") == 0
    assert "渝府办发〔2017〕162号" in capsys.readouterr().out
    assert run("standards", "show", "cq-2019-129", "--lang", "en") == 0
    told = capsys.readouterr().out
    assert "人均不低于0.2平方米养老用地" in told
    assert "≥ 0.2 m² per person  [mandatory · computed · district]" in told
    assert "[target · advice · facility]" in told


@pytest.mark.parametrize(("lang", "word"), [("zh", "每张"), ("en", "new beds ≥ 50")])
def test_two_standards_are_compared_and_conflicts_listed(
    lang: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("standards", "compare", "cq-2017-162", "nanan-2018-180", "--date", "2026-01-01", "--lang", lang) == 0
    told = capsys.readouterr().out
    assert word in told
    assert "cq-2017-162/24-leased-beds" in told
    assert "住建" in told
    assert run("standards", "compare", "cq-2017-162", "cq-1900-1", "--lang", lang) == 2
    assert "kaizhou-2024-16" in capsys.readouterr().err
    assert run("standards", "compare", "cq-2019-129", "cq-2019-129", "--lang", lang) == 0


def test_a_new_standard_is_written_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    assert run("standards", "new", file, "--lang", "zh") == 0
    assert run("standards", "new", file, "--lang", "zh") == 2
    assert "[[clauses]]" in file.read_text(encoding="utf-8")


def test_new_names_on_the_screen_what_was_not_found(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(sample.parent / "facilities.csv", tmp_path)
    assert run("new", tmp_path, "--lang", "en", "--date", "2025-05-06") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Required data not found; please add them: population" in said
    assert "The date of the assessment is written as 2025-05-06" in said
    assert "\ndate = 2025-05-06\n" in (tmp_path / "scenario.toml").read_text(encoding="utf-8")
    shutil.copy(sample.parent / "residents.tif", tmp_path)
    (tmp_path / "scenario.toml").unlink()
    assert run("new", tmp_path, "--lang", "en") == 0
    assert "Required data" not in capsys.readouterr().out


def test_new_writes_the_date_of_today(tmp_path: Path) -> None:
    before = dt.datetime.now().astimezone().date()
    assert run("new", tmp_path, "--lang", "en", "--quiet") == 0
    written = tomllib.loads((tmp_path / "scenario.toml").read_text(encoding="utf-8"))["scenario"]["date"]
    assert before <= written <= dt.datetime.now().astimezone().date()


def test_new_refuses_to_overwrite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("new", tmp_path / "mine", "--lang", "zh") == 0
    assert (tmp_path / "mine" / "scenario.toml").is_file()
    assert run("new", tmp_path / "mine", "--lang", "en") == 2
    assert "already exists" in capsys.readouterr().err


def test_demo_says_where_things_lie(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", "-o", tmp_path / "demo", "--lang", "en") == 0
    told = capsys.readouterr().out
    for name in ("map.html", "gaps.geojson", "plan.geojson", "grid.tif"):
        assert (tmp_path / "demo" / name).stat().st_size > 0
        assert str(tmp_path / "demo" / name) in told


def test_a_reader_who_leaves_is_no_fault_of_ours() -> None:
    code = "from siting.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "standards", "list", "--lang", "en"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        said = command.stderr.read()
    assert (command.returncode, said) == (141, b"")


def test_demo_gives_the_files_of_the_sample_without_its_scenario(tmp_path: Path) -> None:
    assert run("demo", "--files", tmp_path / "district", "--lang", "en") == 0
    names = {each.name for each in (tmp_path / "district").iterdir()}
    assert {"facilities.csv", "residents.tif", "walk.gpkg"} <= names
    assert names & {"scenario.toml", "README.md"} == set()
    # Nothing of the user's is replaced.
    (tmp_path / "district" / "facilities.csv").write_text("mine", encoding="utf-8")
    assert run("demo", "--files", tmp_path / "district", "--lang", "en") == 2
    assert (tmp_path / "district" / "facilities.csv").read_text(encoding="utf-8") == "mine"
