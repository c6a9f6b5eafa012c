"""Same input, same bytes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import siting
from siting.results import GapReport

# Writes the gap report and the plan of a scenario (first argument) into a folder (second argument).
_RUN = """
import sys
from pathlib import Path
import siting
scenario, folder = siting.read_scenario(sys.argv[1]), Path(sys.argv[2])
siting.check(scenario).to_file(folder / "gaps.geojson")
siting.propose(scenario).to_file(folder / "plan.geojson")
"""


@pytest.fixture(scope="module")
def runs(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs in processes of their own, whose sets and dictionaries of strings are hashed unlike."""
    folders, processes = [], []
    for seed in ("1", "271828"):
        folders.append(tmp_path_factory.mktemp("run"))
        command = [sys.executable, "-c", _RUN, str(sample), str(folders[-1])]
        processes.append(subprocess.Popen(command, env={**os.environ, "PYTHONHASHSEED": seed}))
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    return folders


@pytest.mark.parametrize("name", ["gaps.geojson", "plan.geojson"])
def test_a_rerun_gives_the_same_bytes_whatever_the_hashes(runs: list[Path], name: str) -> None:
    one, other = ((folder / name).read_bytes() for folder in runs)
    assert len(one) > 1000
    assert one == other


def test_a_run_within_another_process_gives_the_same_bytes(runs: list[Path], report: GapReport, tmp_path: Path) -> None:
    report.to_file(tmp_path / "gaps.geojson")
    assert (tmp_path / "gaps.geojson").read_bytes() == (runs[0] / "gaps.geojson").read_bytes()


def test_a_report_is_the_same_after_a_plan_was_made(runs: list[Path], sample: Path, tmp_path: Path) -> None:
    plan = siting.propose(siting.read_scenario(sample))
    plan.before.to_file(tmp_path / "gaps.geojson")
    plan.to_file(tmp_path / "plan.geojson")
    for name in ("gaps.geojson", "plan.geojson"):
        assert (tmp_path / name).read_bytes() == (runs[0] / name).read_bytes()


def test_the_checked_grid_is_the_same_bytes_twice(report: GapReport, tmp_path: Path) -> None:
    for name in ("one.tif", "two.tif"):
        report.to_file(tmp_path / name)
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "two.tif").read_bytes()
