"""Sites that serve the same people at the same times are one site: a twin changes no objective and stops no search."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array, vstack

import siting
from siting.locate.median.instance import Costs, distinct_sites, useful_sites
from siting.locate.problem import Effort, MaximalCovering, Model, PCenter, PMedian, Problem, Rules, SetCovering
from siting.locate.solve import solve

MODELS: tuple[Model, ...] = (MaximalCovering(), SetCovering(0.7), PMedian(None), PMedian(900.0), PCenter(0.8))


@given(seed=st.integers(0, 10**6), model=st.sampled_from(MODELS))
def test_a_twin_of_a_site_changes_no_objective(seed: int, model: Model) -> None:
    rng = np.random.default_rng(seed)
    sites, points = int(rng.integers(2, 7)), int(rng.integers(2, 9))
    times = rng.uniform(1, 900, (sites, points)) * (rng.random((sites, points)) < 0.6)
    people = rng.choice([0.1, 1.0, 2.5, 7.0], points)
    stations = None if isinstance(model, SetCovering) else int(rng.integers(1, sites + 1))
    alone = Problem(csr_array(times), people, Rules(stations=stations))
    twins = rng.integers(0, sites, int(rng.integers(1, 4)))
    both = replace(alone, times=csr_array(vstack([alone.times, alone.times[twins]], format="csr")))
    one, other = (solve(problem, model, Effort(time_limit_s=20)) for problem in (alone, both))
    assert one.status == other.status
    assert [stage.objective for stage in other.stages] == pytest.approx([stage.objective for stage in one.stages])


def test_of_twins_the_first_stands_for_all() -> None:
    times = csr_array(np.array([[1.0, 2.0, 0], [0, 3.0, 4.0], [1.0, 2.0, 0], [1.0, 2.0000001, 0], [0, 3.0, 4.0]]))
    costs = Costs(times, np.full(3, 9.0))
    none, every = np.zeros(5, dtype=bool), np.ones(5, dtype=bool)
    rows = useful_sites(costs, none, every)
    assert distinct_sites(costs, rows).tolist() == [0, 1, 0, 3, 1]


@pytest.mark.parametrize(
    ("case", "scenario", "stages", "taken"),
    [
        ("19-p-median-with-twin-candidates", "scenario.toml", [240.0, 40_000.0 * 60], {"C1", "C2", "C3"}),
        ("19-p-median-with-twin-candidates", "no-twin.toml", [240.0, 40_000.0 * 60], {"C1", "C2", "C3"}),
        ("p-median-hang", "s.toml", None, None),
    ],
)
def test_the_cases_of_twins_end_proved(
    case: str, scenario: str, stages: list[float] | None, taken: set[str] | None, shared: Path, tmp_path: Path
) -> None:
    shutil.copytree(shared / "cases" / case, tmp_path, dirs_exist_ok=True)
    plan = siting.propose(siting.read_scenario(tmp_path / scenario))
    assert plan.status == "optimal"
    if stages is not None:
        assert [stage.objective for stage in plan.stages] == pytest.approx(stages, abs=30)
        assert set(plan.stations["candidate_id"]) == taken
