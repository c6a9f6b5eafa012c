"""What every test may ask for."""

import gc
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import siting
from siting.results import GapReport, Plan
from siting.text import LANGS, Lang
from tests.drawing import examples
from tests.laws.folders import write_district
from tests.phased import PHASED, write_phased_sample

# CI draws the same examples every time, so that what it says hangs on the change alone; at the desk they are new.
# How long one takes says nothing: machines are shared.
settings.register_profile("desk", deadline=None)
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=examples(50))
settings.load_profile("desk")
if os.environ.get("SITING_REQUIRE"):
    settings.load_profile("repeatable")

# Tests test the code and leave the user's cache alone; those of the cache name a folder of their own.
os.environ["SITING_CACHE"] = "off"
# Processes that run tests side by side state a width, which screens would obey.
os.environ.pop("COLUMNS", None)

ROOT = Path(__file__).resolve().parents[1]

# Garbage is looked for seldom, and never among what was there before the first test.
gc.set_threshold(50_000, 20, 100)

# How often tests repeat what takes long with other random numbers.
ROUNDS = int(os.environ.get("SITING_ROUNDS", "1"))


def pytest_collection_finish() -> None:
    """Leave all that was imported out of the search for garbage."""
    gc.freeze()


@pytest.fixture(scope="session")
def _walks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("walks")


@pytest.fixture
def walks_once(_walks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what was walked from test to test: for those that run commands on large districts, and not on walks."""
    monkeypatch.setenv("SITING_CACHE", str(_walks))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real inputs and known optima; skips where it is absent."""
    folder = Path(os.environ.get("SITING_SHARED", ROOT.parent / "shared"))
    if not (folder / "realdata").is_dir():
        pytest.skip("shared data is absent (set SITING_SHARED)")
    return folder


@pytest.fixture(scope="session")
def sample() -> Path:
    """The scenario of the sample district."""
    return ROOT / "data" / "sample" / "scenario.toml"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario of a small random district with gaps, candidates and elderly people."""
    return write_district(tmp_path_factory.mktemp("small"), 7)


@pytest.fixture(scope="session")
def plan(sample: Path, _walks: Path) -> Plan:
    """The plan of the sample district, as its scenario asks for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITING_CACHE", str(_walks))
        return siting.propose(sample)


@pytest.fixture(scope="session")
def gaps(plan: Plan) -> GapReport:
    """The gap report of the sample district before any plan."""
    return plan.before


@pytest.fixture(scope="session")
def report_folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on the sample district with its plan, in Chinese; only to be read."""
    found = tmp_path_factory.mktemp("report")
    plan.before.report(found, plan=plan, lang="zh")
    return found


@pytest.fixture(scope="session")
def phased_sample(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample with elderly people who grow, and a horizon for plans with phases."""
    return write_phased_sample(sample.parent, tmp_path_factory.mktemp("phases") / "sample")


@pytest.fixture(scope="session")
def phased_plan(phased_sample: Path) -> Plan:
    """A plan with three phases."""
    return siting.propose(phased_sample / "scenario.toml", **PHASED)


@pytest.fixture(scope="session")
def phased_reports(phased_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> dict[Lang, Path]:
    """The report with a plan with phases in each language; only to be read."""
    found = {}
    for lang in LANGS:
        found[lang] = tmp_path_factory.mktemp(f"phased-{lang}")
        phased_plan.before.report(found[lang], plan=phased_plan, lang=lang)
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Turn a skip into a failure where its cause (a word of ``SITING_REQUIRE``) must not be missing, as in CI."""
    report = yield
    needed = os.environ.get("SITING_REQUIRE", "").split()
    reason = str(call.excinfo.value) if call.excinfo is not None else ""
    if report.skipped and any(word in reason for word in needed):
        report.outcome = "failed"
        report.longrepr = f"skipped although required: {reason}"
    return report
