"""Two hundred changed districts, each in a process of its own: what comes out is right, or a fault of ours."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.fuzz import judging
from tests.fuzz.mutations import known
from tests.fuzz.runs import judged

RUNS: Final = int(os.environ.get("SITING_FUZZ_RUNS", "80"))
FIRST: Final = RUNS * (int(os.environ.get("SITING_FUZZ_SEED", "1")) - 1)
ROOT: Final = Path(__file__).resolve().parents[2]


def fuzz(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.fuzz", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="forks that have run something, and limits of address space")
def test_changed_districts_end_right_or_with_faults_of_ours() -> None:
    ended = fuzz("--runs", str(RUNS), "--first", str(FIRST), "--jobs", "2", "--brief")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    # What is refused at once, or never, tests nothing.
    counts = dict(word.split(": ") for word in ended.stdout.partition("{")[2].rstrip("}\n").split(", "))
    done, refused = (sum(int(each) for key, each in counts.items() if key.endswith(f" {code}'")) for code in (0, 2))
    assert min(done, refused) > RUNS / 5


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a run without changes that wrote a gap report."""
    folder = tmp_path_factory.mktemp("kept")
    ended = fuzz("--runs", "1", "--first", "43", "--unchanged", "--keep", str(folder))
    assert ended.returncode == 0, ended.stdout
    return next(folder.glob("*/gaps.geojson")).parent


def _more_covered_than_live(gaps: Any) -> None:
    gaps["features"][0]["properties"]["elderly_covered"] = 1e6


def _lost(gaps: Any) -> None:
    gaps["totals"]["people_account"]["residents"]["inside"] -= 1


def _negative(gaps: Any) -> None:
    gaps["features"][-1]["properties"]["residents"] = -1


def _no_number(gaps: Any) -> None:
    gaps["totals"]["residents"] = float("nan")


def _reasons(gaps: Any) -> None:
    gaps["totals"]["elderly_uncovered"] += 1


@pytest.mark.skipif(sys.platform != "linux", reason="forks that have run something, and limits of address space")
@pytest.mark.parametrize("spoil", [_more_covered_than_live, _lost, _negative, _no_number, _reasons])
def test_wrong_figures_are_seen(kept: Path, tmp_path: Path, spoil: Callable[[Any], None]) -> None:
    scenario, path = kept / "district" / "scenario.toml", tmp_path / "gaps.geojson"
    gaps = json.loads((kept / "gaps.geojson").read_text(encoding="utf-8"))
    ended = judging.Ended(("check", "-o", str(path)), 0, "", "")
    path.write_text(json.dumps(gaps), encoding="utf-8")
    assert list(judging.wrongs(ended, scenario, "en")) == []
    spoil(gaps)
    path.write_text(json.dumps(gaps), encoding="utf-8")
    assert list(judged(ended, scenario, "en")) != []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "RuntimeWarning: overflow"),
        (0, "Traceback (most recent call last)"),
        (1, "Internal fault: KeyError"),
        (3, ""),
        (2, ""),
        (2, "The input has faults (1):\n  - something is wrong somewhere"),
        (2, "The input has faults (1):\n  - facilities.csv: GEOSException Error('x')"),
    ],
)
def test_wrong_words_are_seen(code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "facilities.csv").touch()
    scenario = tmp_path / "scenario.toml"
    assert list(judged(judging.Ended(("inspect",) if not code else ("audit",), code, said, ""), scenario, "en")) != []
    right = judging.Ended(("audit",), 2, "The input has faults (1):\n  - facilities.csv: no rows", "")
    assert list(judged(right, scenario, "en")) == []


def test_every_part_of_a_district_is_changed() -> None:
    kinds = {each.name.partition(".")[0] for each in known()}
    assert kinds == {"keys", "cells", "shapes", "rasters", "networks"}
    assert {each.name.partition(".")[0] for each in known() if each.same} == kinds
