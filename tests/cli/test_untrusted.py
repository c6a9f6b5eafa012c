"""The shared options of commands that read a scenario: ``--untrusted`` and ``--no-cache``."""

from pathlib import Path

import pytest

from tests.cli.test_commands import run
from tests.read.case import Case

READING = {
    "inspect": (),
    "check": ("-o", "gaps.geojson"),
    "explain": ("S1",),
    "audit": (),
    "funding": (),
    "propose": ("-o", "plan.geojson", "--stations", "1"),
    "map": ("-o", "map.html"),
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A scenario that names a ledger outside its own folder."""
    (tmp_path / "case").mkdir()
    case = Case(tmp_path / "case")
    (case.folder / "facilities.csv").rename(tmp_path / "facilities.csv")
    case.sections["facilities"] = case.sections["facilities"].replace('"facilities.csv"', '"../facilities.csv"')
    return case.path()


@pytest.mark.parametrize("command", READING)
def test_an_untrusted_scenario_is_held_to_its_folder(
    command: str, outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(command, outside, *READING[command], "--untrusted", "--lang", "en") == 2
    assert "facilities.csv" in capfd.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case", "facilities.csv"]


@pytest.mark.parametrize("turn", [1, -1])
def test_both_scenarios_of_a_comparison_are_held_to_their_folders(
    turn: int, outside: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    pair = (outside, Case(tmp_path / "other").path())[::turn]
    assert run("compare", *pair, "--untrusted", "--lang", "en") == 2
    assert "facilities.csv" in capfd.readouterr().err
    assert run("compare", *pair, "--quiet") == 0


def test_a_trusted_one_is_not(outside: Path, tmp_path: Path) -> None:
    assert run("check", outside, "-o", tmp_path / "gaps.geojson", "--quiet") == 0


def test_commands_that_read_no_scenario_do_not_take_them() -> None:
    assert run("standards", "list", "--untrusted") == 2
    assert run("demo", "--untrusted") == 2


def test_no_cache_neither_reads_nor_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "case").mkdir()
    scenario, home = Case(tmp_path / "case").path(), tmp_path / "cache"
    monkeypatch.setenv("SITING_CACHE", str(home))
    assert run("check", scenario, "-o", tmp_path / "g.geojson", "--no-cache", "--quiet") == 0
    assert not home.exists()
    plain = (tmp_path / "g.geojson").read_bytes()
    for _ in range(2):
        assert run("check", scenario, "-o", tmp_path / "g.geojson", "--quiet") == 0
        assert (tmp_path / "g.geojson").read_bytes() == plain
    assert any(home.iterdir())
