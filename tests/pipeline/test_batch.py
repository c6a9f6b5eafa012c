"""A batch: parts on workers give the figures of one run, failures name their part, and finished parts are kept."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

import siting
from siting.domain.nouns import quiet
from siting.errors import InputError
from siting.locate.covering.parts import curve_of_part, parts_of_problem, solution_of_parts
from siting.locate.problem import Effort, Problem, Rules
from siting.pipeline.batch.by_units import by_units
from siting.pipeline.batch.engine import Done, connected
from siting.pipeline.batch.job import Job
from siting.pipeline.batch.scenarios import of_scenarios, scenarios_in
from siting.pipeline.batch.storage import Storage
from siting.pipeline.batch.walking import walk_stored
from siting.write.layers import save_gaps
from tests.laws.folders import write_district


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests kept would not be computed here."""
    monkeypatch.setenv("SITING_CACHE", "off")


class Serial:
    """Runs tasks here, one after the other; some fail as asked. It counts what it ran."""

    def __init__(self, failing: Mapping[str, BaseException] | None = None) -> None:
        self.failing, self.ran = dict(failing or {}), list[str]()

    def each(self, task: Callable[..., Any], asked: Mapping[str, tuple[Any, ...]]) -> Iterator[Done]:
        for name, given_ in asked.items():
            self.ran.append(f"{task.__name__} {name}")
            if task is walk_stored and name in self.failing:
                yield Done(name, error=self.failing[name])
                continue
            try:
                yield Done(name, task(*given_))
            except InputError as error:
                yield Done(name, error=error)


def test_a_district_by_street_is_one_run_to_the_byte(sample: Path, tmp_path: Path) -> None:
    """All figures, verdicts and notes of the merged report; the parts' files hold every place and cell once."""
    scenario = siting.read_scenario(sample)
    found = by_units(scenario, "street", Job(tmp_path / "out"), Serial(), quiet)
    whole = siting.check(scenario)
    save_gaps(tmp_path / "whole.geojson", whole.assessment)
    assert (tmp_path / "out" / "gaps.geojson").read_bytes() == (tmp_path / "whole.geojson").read_bytes()
    folders = [tmp_path / "out" / "parts" / name for name in found.parts["part"]]
    places = pd.concat([gpd.read_parquet(folder / "places.parquet") for folder in folders])
    assert sorted(places["id"]) == sorted(whole.assessment.places.query("level != 'district'")["id"].astype(str))
    cells = pd.concat([gpd.read_parquet(folder / "cells.parquet") for folder in folders]).set_index("cell").sort_index()
    assert cells.index.tolist() == whole.grid.index.tolist()
    assert cells["elderly"].tolist() == whole.grid["elderly"].tolist()
    assert found.parts["elderly_covered"].sum() == pytest.approx(whole.totals["elderly_covered"])
    again = gpd.read_file(folders[0] / "places.geojson")
    assert again["id"].tolist() == gpd.read_parquet(folders[0] / "places.parquet")["id"].tolist()
    assert again.crs == "EPSG:4326"


def test_parts_that_fail_are_named_and_the_others_are_not_computed_again(small: Path, tmp_path: Path) -> None:
    scenario = siting.read_scenario(small)
    level = next(level for level in ("community", "street") if level in scenario.units)
    job = Job(tmp_path / "out")
    parts = by_units(scenario, level, Job(tmp_path / "other"), Serial(), quiet).parts["part"].tolist()
    full = OSError(28, "No space left on device")
    failing = Serial({parts[0]: full, parts[-1]: RuntimeError("lost")})
    with pytest.raises(InputError) as error:
        by_units(scenario, level, job, failing, quiet)
    told = [(fault.code, fault.found) for fault in error.value.faults]
    assert told == [("part_disk_full", parts[0]), ("part_failed", parts[-1]), ("batch_resume", "2")]
    assert not (tmp_path / "out" / "gaps.geojson").exists()
    again = Serial()
    by_units(scenario, level, job, again, quiet)
    first = again.ran[: again.ran.index(f"walk_stored {parts[-1]}") + 1]
    assert first == [f"walk_stored {parts[0]}", f"walk_stored {parts[-1]}"]
    for name in ("gaps.geojson", "gaps.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    last = Serial()
    by_units(scenario, level, job, last, quiet)
    assert not any(each.startswith("walk_stored") for each in last.ran)


def test_a_broken_result_is_computed_again(small: Path, tmp_path: Path) -> None:
    scenario = siting.read_scenario(small)
    level = next(iter(scenario.units))
    job = Job(tmp_path / "out")
    by_units(scenario, level, job, Serial(), quiet)
    whole = (tmp_path / "out" / "gaps.geojson").read_bytes()
    for path in (tmp_path / "out" / "work").glob("*.npz"):
        path.write_bytes(path.read_bytes()[:-9])
    again = Serial()
    by_units(scenario, level, job, again, quiet)
    assert any(each.startswith("walk_stored") for each in again.ran)
    assert (tmp_path / "out" / "gaps.geojson").read_bytes() == whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three equal scenarios: one as a file, two as folders."""
    many = tmp_path / "many"
    for name in ("b", "c"):
        (many / name).mkdir(parents=True)
        write_district(many / name, 7).rename(many / name / "scenario.toml")
    path = write_district(many, 7)
    path.rename(many / "a.toml")
    return many


def test_a_folder_of_scenarios_is_checked_merged_and_resumed(folder: Path, small: Path, tmp_path: Path) -> None:
    files = scenarios_in(folder)
    assert list(files) == ["a", "b", "c"]
    engine, job = Serial(), Job(tmp_path / "out", stations=4)
    found = of_scenarios(files, job, engine, quiet)
    gaps = siting.check(small)
    assert found.parts["elderly"].tolist() == pytest.approx([gaps.totals["elderly"]] * 3)
    merged = gpd.read_parquet(tmp_path / "out" / "places.parquet")
    assert merged.groupby("part").size().tolist() == [len(gaps.assessment.places)] * 3
    again = Serial()
    assert found.plan is not None
    assert found.plan.stations == found.parts["stations"].sum() <= 4
    # Three equal parts share four stations: no sharing covers more than the bound.
    plans = [siting.propose(small, model="mclp", stations=number) for number in range(5)]
    covers = [plan.stages[-1].objective for plan in plans]
    best = max(covers[a] + covers[b] + covers[4 - a - b] for a in range(5) for b in range(5 - a))
    assert best - 1e-6 <= found.plan.bound
    assert found.plan.objective <= best + 1e-6
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "parts").glob("*/*")}
    of_scenarios(files, job, again, quiet)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_faults_of_one_scenario_of_a_folder_name_it_and_leave_the_others(folder: Path, tmp_path: Path) -> None:
    path = folder / "b" / "scenario.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("minutes", "minuts", 1), encoding="utf-8")
    with pytest.raises(InputError) as error:
        of_scenarios(scenarios_in(folder), Job(tmp_path / "out"), Serial(), quiet)
    codes = [fault.code for fault in error.value.faults]
    assert codes[0] == "part_faults"
    assert error.value.faults[0].found == "b"
    assert codes[-1] == "batch_resume"
    assert (tmp_path / "out" / "parts" / "a" / "part.json").exists()
    assert not (tmp_path / "out" / "parts.csv").exists()
    path.write_text(text, encoding="utf-8")
    again = Serial()
    found = of_scenarios(scenarios_in(folder), Job(tmp_path / "out"), again, quiet)
    assert found.parts["part"].tolist() == ["a", "b", "c"]


def test_money_is_shared_out_too(small: Path, tmp_path: Path) -> None:
    """The plan is within the money, and neither it nor the undivided one exceeds the other's bound."""
    scenario = siting.read_scenario(small)
    level = next(level for level in ("community", "street") if level in scenario.units)
    every = siting.propose(scenario, model="mclp", stations=99).stations["cost_cny"].sum()
    found = by_units(scenario, level, Job(tmp_path / "out", budget=0.6 * every), Serial(), quiet)
    assert found.planned is not None
    assert found.plan is not None
    assert 0 < found.planned.proposal.stations["cost_cny"].sum() <= 0.6 * every
    stage = found.planned.proposal.selection.stages[-1]
    whole = siting.propose(scenario, model="mclp", budget_cny=0.6 * every).stages[-1]
    assert whole.objective <= stage.bound + 1e-6
    assert 0 < stage.objective <= whole.bound + 1e-6
    assert found.plan.by_money
    with pytest.raises(InputError) as error:
        siting.batch(small, tmp_path / "both", by=level, stations=3, budget_cny=6e6)
    assert [fault.code for fault in error.value.faults] == ["batch_two_limits"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"by": None}, "batch_by_missing"), ({"by": "city"}, "batch_level")],
)
def test_a_scenario_is_divided_by_a_level_that_it_has(
    small: Path, tmp_path: Path, asked: dict[str, Any], code: str
) -> None:
    with pytest.raises(InputError) as error:
        siting.batch(small, tmp_path / "out", **asked)
    assert [fault.code for fault in error.value.faults] == [code]


@pytest.mark.parametrize("url", ["nothing://bucket/x", "s3://bucket/x"])
def test_a_storage_that_cannot_be_opened_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Also where the package for it is installed.
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(InputError) as error:
        Storage(url).refuse()
    assert [(fault.code, fault.found) for fault in error.value.faults] == [("batch_storage", url)]


def test_a_folder_is_not_divided_and_needs_scenarios(tmp_path: Path) -> None:
    for by, code in (("street", "batch_by_of_folder"), (None, "batch_no_scenarios")):
        with pytest.raises(InputError) as error:
            siting.batch(tmp_path, tmp_path / "out", by=by)  # type: ignore[arg-type]
        assert [fault.code for fault in error.value.faults] == [code]


def test_rules_that_couple_sites_are_refused(sample: Path, tmp_path: Path) -> None:
    scenario = siting.change(sample, plan={"spacing_m": 300.0})
    with pytest.raises(InputError) as error:
        by_units(scenario, "street", Job(tmp_path / "out", stations=3), Serial(), quiet)
    assert [fault.code for fault in error.value.faults] == ["batch_plan_model"]


@st.composite
def divided(draw: st.DrawFn) -> tuple[Problem, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    sites, points = draw(st.integers(2, 8)), draw(st.integers(1, 10))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    reach = rng.random((sites, points)) < draw(st.sampled_from([0.2, 0.5]))
    kept = rng.random(sites) < 0.2
    forbidden = (rng.random(sites) < 0.1) & ~kept
    costs = np.where(kept, 0.0, rng.integers(1, 9, sites)).astype(float)
    by_money = draw(st.booleans())
    rules = Rules(
        stations=None if by_money else draw(st.integers(0, 4)),
        budget=float(draw(st.integers(0, 20))) if by_money else None,
        costs=costs if by_money else None,
        kept=kept,
        forbidden=forbidden,
    )
    people = rng.integers(0, 30, points).astype(float)
    part = np.where(kept, -1, rng.integers(0, 3, sites))
    return Problem(csr_array(reach * 60.0), people, rules), part.astype(np.int64)


@given(divided())
def test_the_bound_of_parts_holds_for_every_choice_of_the_whole(
    asked: tuple[Problem, np.ndarray[tuple[int], np.dtype[np.int64]]],
) -> None:
    problem, part = asked
    rules = problem.rules
    parts = parts_of_problem(problem, part)
    curves = {each: curve_of_part(own, Effort()) for each, own in parts.items()}
    solution, _ = solution_of_parts(problem, parts, curves)
    free = np.flatnonzero(problem.open_to_choice)
    standing = problem.reached_by(np.zeros(0, dtype=np.int64))

    def covers(sites: tuple[int, ...]) -> float:
        return float(problem.people[problem.reached_by(np.array(sites, dtype=np.int64)) & ~standing].sum())

    def allowed(sites: tuple[int, ...]) -> bool:
        if rules.costs is None:
            return len(sites) <= (rules.stations or 0)
        return float(rules.costs[list(sites)].sum()) <= (rules.budget or 0.0)

    every = (sites for number in range(len(free) + 1) for sites in combinations(free.tolist(), number))
    best = max(covers(sites) for sites in every if allowed(sites))
    assert solution.stages[0].bound >= best - 1e-6
    assert solution.objective == covers(tuple(solution.chosen.tolist())) <= best
    assert allowed(tuple(solution.chosen.tolist()))
    assert not problem.kept[solution.chosen].any()
    if len(np.unique(part[free])) == 1 and solution.status == "optimal":
        assert solution.objective == best


def test_storage_writes_whole_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in (str(tmp_path / "a"), (tmp_path / "b").as_uri(), "memory://siting"):
        storage = Storage(url)
        assert storage.load("k") is None
        storage.save("k", {"x": np.arange(3)})
        found = storage.load("k")
        assert found is not None
        assert found["x"].tolist() == [0, 1, 2]
        storage.drop("k")
        storage.drop("k")
        assert storage.load("k") is None

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.mv", full)
    with pytest.raises(OSError, match="No space"):
        Storage(str(tmp_path / "a")).save("k", {"x": np.arange(3)})
    assert list((tmp_path / "a").iterdir()) == []


# --- Dask -------------------------------------------------------------------------------------------------------------


def slow(folder: Path, name: str) -> str:
    """Leave the number of the process, and wait a little."""
    (folder / f"{name}.{os.getpid()}").touch()
    time.sleep(0.4)
    return name


def environment() -> dict[str, str]:
    root = Path(__file__).resolve().parents[2]
    return os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", "SITING_CACHE": "off"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and three workers as processes of their own on loopback."""
    pytest.importorskip("distributed")
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    quiet_ = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment()}
    started = [
        subprocess.Popen(
            [*dask, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)],
            **quiet_,  # type: ignore[call-overload]
        )
    ]
    try:
        _until(lambda: file.exists() and file.stat().st_size > 0)
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
        started += [
            subprocess.Popen([*worker, "--no-dashboard", "--local-directory", str(tmp_path)], **quiet_)  # type: ignore[call-overload]
            for _ in range(3)
        ]
        yield address, started[1:]
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_and_a_stopped_worker_do_not_change_the_outcome(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    """A real scheduler: the task of the killed worker is repeated, and the stopped one goes on later."""
    address, workers = cluster
    (tmp_path / "marks").mkdir()
    names = [f"t{number}" for number in range(12)]
    with connected(address, None) as engine:
        _until(lambda: len(engine.client.scheduler_info()["workers"]) == 3)  # type: ignore[attr-defined]
        done = []
        for each in engine.each(slow, {name: (tmp_path / "marks", name) for name in names}):
            done.append(each)
            if len(done) == 2:
                workers[0].kill()
                workers[1].send_signal(signal.SIGSTOP)
            if len(done) == 6:
                workers[1].send_signal(signal.SIGCONT)
    assert sorted(each.result for each in done) == sorted(names)
    assert not any(each.error for each in done)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_run_that_is_killed_goes_on_and_ends_with_the_same_bytes(small: Path, tmp_path: Path) -> None:
    """From the command line, with processes of this machine; killed at two moments, then left alone."""
    level = next(level for level in ("community", "street") if level in siting.read_scenario(small).units)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "siting", "batch", str(small), "--by", level, "--workers", "2", "--quiet"]
    for _ in range(2):
        run = subprocess.Popen([*command, "-o", str(out)], env=environment(), start_new_session=True)
        before = len(list(out.glob("work/*-out.npz")))
        _until(lambda: len(list(out.glob("work/*-out.npz"))) > before or run.poll() is not None)  # noqa: B023
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    subprocess.run([*command, "-o", str(out)], env=environment(), check=True)
    siting.check(small).to_file(tmp_path / "whole.geojson")
    assert (out / "gaps.geojson").read_bytes() == (tmp_path / "whole.geojson").read_bytes()
    assert not list(out.glob("work/*.draft"))
