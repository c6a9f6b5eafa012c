"""Same input, same bytes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from siting.results import GapReport, Plan
from tests.laws.folders import write_district

# Writes gap report, plan and map of a scenario, and of a random one, into a folder, on so many threads.
_RUN = """
import os, sys
from pathlib import Path
import siting
from siting.write.webmap import write_map
folder = Path(sys.argv[3])
os.cpu_count = lambda: int(sys.argv[4])
for name, path in (("", sys.argv[1]), ("random-", sys.argv[2])):
    scenario = siting.read_scenario(path)
    plan = siting.propose(scenario)
    plan.before.to_file(folder / f"{name}gaps.geojson")
    plan.to_file(folder / f"{name}plan.geojson")
    write_map(folder / f"{name}map.html", plan.proposal.before, plan.proposal, lang="en")
"""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "GDAL_NUM_THREADS")


@pytest.fixture(scope="module")
def runs(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs in processes of their own: strings hashed unlike, and one or two threads for all who would take more."""
    folders, processes = [], []
    district = write_district(tmp_path_factory.mktemp("district"), 7)
    for seed, threads in (("0", "1"), ("1", "2")):
        folders.append(tmp_path_factory.mktemp("run"))
        command = [sys.executable, "-c", _RUN, str(sample), str(district), str(folders[-1]), threads]
        own = {"PYTHONHASHSEED": seed, **dict.fromkeys(_THREADS, threads)}
        processes.append(subprocess.Popen(command, env={**os.environ, **own}))
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    return folders


@pytest.mark.parametrize("whose", ["", "random-"])
@pytest.mark.parametrize("what", ["gaps.geojson", "plan.geojson", "map.html"])
def test_a_rerun_gives_the_same_bytes_whatever_the_hashes_and_threads(runs: list[Path], whose: str, what: str) -> None:
    one, other = ((folder / f"{whose}{what}").read_bytes() for folder in runs)
    assert len(one) > 1000
    assert one == other


def test_a_run_within_another_process_gives_the_same_bytes(runs: list[Path], report: GapReport, tmp_path: Path) -> None:
    report.to_file(tmp_path / "gaps.geojson")
    assert (tmp_path / "gaps.geojson").read_bytes() == (runs[0] / "gaps.geojson").read_bytes()


def test_a_report_is_the_same_after_a_plan_was_made(runs: list[Path], plan: Plan, tmp_path: Path) -> None:
    plan.before.to_file(tmp_path / "gaps.geojson")
    plan.to_file(tmp_path / "plan.geojson")
    for name in ("gaps.geojson", "plan.geojson"):
        assert (tmp_path / name).read_bytes() == (runs[0] / name).read_bytes()


def test_the_checked_grid_is_the_same_bytes_twice(report: GapReport, tmp_path: Path) -> None:
    for name in ("one.tif", "two.tif"):
        report.to_file(tmp_path / name)
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "two.tif").read_bytes()
