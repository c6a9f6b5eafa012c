"""Searches that start from a plan's file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import siting
from siting.errors import InputError
from siting.locate.incumbent import feasible, not_behind
from siting.locate.problem import (
    Effort,
    FairCovering,
    MaximalCovering,
    Model,
    PMedian,
    Problem,
    Rules,
    SetCovering,
    Solution,
    Stage,
)
from siting.locate.solve import solve

MODELS: list[Model] = [MaximalCovering(), SetCovering(0.8), PMedian(900.0), FairCovering()]


def problem_of(seed: int, *, spaced: bool = False, stations: int = 5) -> Problem:
    """Return a random problem of 30 sites and 120 points, in 4 units."""
    random = np.random.default_rng(seed)
    reach = (random.random((30, 120)) < 0.08) * random.uniform(60, 900, (30, 120))
    people = random.integers(1, 60, 120).astype(np.float64)
    apart = np.array([[0, 1], [2, 3], [4, 5]]) if spaced else None
    units = csr_array(np.repeat(np.eye(4), 30, axis=1) * people)
    return Problem(csr_array(reach), people, Rules(stations=stations, apart=apart), units=units)


@pytest.mark.parametrize("spaced", [False, True])
@pytest.mark.parametrize("model", MODELS, ids=lambda each: type(each).__name__)
def test_the_optimum_does_not_depend_on_the_start(model: Model, spaced: bool) -> None:  # noqa: FBT001
    stations = 20 if isinstance(model, SetCovering) else 5
    problem = problem_of(3, spaced=spaced, stations=stations)
    plain = solve(problem, model, Effort())
    assert plain.status == "optimal"
    for start in (plain.chosen, plain.chosen[:1], np.array([6, 7]), np.arange(25)):
        again = solve(problem, model, Effort(start=start))
        assert again.status == "optimal"
        assert [stage.objective for stage in again.stages] == pytest.approx([stage.objective for stage in plain.stages])


@pytest.mark.parametrize("spaced", [False, True])
def test_a_search_that_may_do_nothing_keeps_the_start(spaced: bool) -> None:  # noqa: FBT001
    """With no time and no nodes the best known choice comes back, which greedy addition does not find."""
    better = 0
    for seed in range(40):
        problem = problem_of(seed, spaced=spaced)
        best = solve(problem, MaximalCovering(), Effort())
        none = Effort(max_nodes=0, time_limit_s=1e-9)
        alone = solve(problem, MaximalCovering(), none)
        begun = solve(problem, MaximalCovering(), replace(none, start=best.chosen))
        assert begun.objective == pytest.approx(best.objective)
        better += alone.objective < best.objective - 0.5
    assert better > 5


@pytest.mark.parametrize("model", [SetCovering(0.8), PMedian(900.0)])
def test_a_result_behind_the_start_makes_way(model: Model) -> None:
    problem = problem_of(5, stations=20)
    best = solve(problem, model, Effort())
    name, objective = best.stages[0].name, best.stages[0].objective
    all_sites = np.arange(20)
    behind = Solution(all_sites, "feasible", (Stage(name, "min", objective * 2 + 1, objective * 0.9),), "time", "")
    found = not_behind(problem, model, Effort(start=best.chosen), behind)
    assert found.chosen.tolist() == best.chosen.tolist()
    assert found.stages[0].objective == pytest.approx(objective)
    assert found.stages[0].bound == behind.stages[0].bound
    assert not_behind(problem, model, Effort(), behind) is behind
    assert not_behind(problem, model, Effort(start=best.chosen), best) is best


def test_what_breaks_the_rules_is_no_start() -> None:
    problem = problem_of(1, spaced=True)
    assert feasible(problem, MaximalCovering(), np.array([0, 2, 9]))
    assert not feasible(problem, MaximalCovering(), np.array([0, 1]))
    assert not feasible(problem, MaximalCovering(), np.arange(6, 12))


# --- files ---


def written(folder: Path, candidates: list[str], **told: Any) -> Path:
    features = [
        {"type": "Feature", "geometry": None, "properties": {"candidate_id": key, "rank": rank + 1}}
        for rank, key in enumerate(candidates)
    ]
    path = folder / "start.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "result": "plan", "features": features, **told}))
    return path


def notes(plan: siting.results.Plan, code: str) -> list[Any]:
    return [note.values for note in plan.proposal.notes if note.code == code]


def test_a_plans_file_that_is_missing_is_named(sample: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        siting.read_plan(siting.read_scenario(sample), tmp_path / "none.geojson")
    (fault,) = refused.value.faults
    assert (fault.code, fault.file, fault.found) == ("missing_file", "none.geojson", str(tmp_path / "none.geojson"))


@pytest.mark.usefixtures("walks_once")
def test_a_plan_that_starts_from_a_file_tells_what_differs(
    sample: Path, plan: siting.results.Plan, tmp_path: Path
) -> None:
    named = plan.stations["candidate_id"].tolist()
    others = [key for key in plan.proposal.before.inputs.candidates.index if key not in named]
    refused = set(plan.proposal.refused.index)
    other = next(key for key in others if key not in refused)
    start = written(tmp_path, [*named[:11], other])
    found = siting.propose(sample, start=start)
    assert found.objective == pytest.approx(plan.objective)
    (told,) = notes(found, "plan_started")
    assert (told["stations"], told["kept"], told["dropped"], told["added"]) == (12, 11, other, named[11])
    before, after = (float(str(told[name]).replace(",", "")) for name in ("before", "after"))
    assert after == pytest.approx(plan.objective, abs=0.51)
    measured = siting.read_plan(sample, start)
    gained = measured.after.totals["elderly_covered"] - measured.before.totals["elderly_covered"]
    assert before == pytest.approx(gained, abs=0.51)
    assert before < after
    assert notes(found, "plan_start_outside") == []
    assert "start.geojson" in "".join(found.notes("zh"))
    fewer = siting.propose(sample, start=start, stations=3)
    assert len(notes(fewer, "plan_start_outside")) == 1
    assert len(fewer.stations) == 3


@pytest.mark.parametrize(
    ("candidates", "options", "code"),
    [
        (["C001", "nowhere"], {}, "plan_names_unknown_candidate"),
        (["C001"], {"model": "p_center"}, "plan_start_model"),
        (["C001"], {"model": "network"}, "plan_start_model"),
        ([None], {}, "plan_station_without_point"),
    ],
)
@pytest.mark.usefixtures("walks_once")
def test_wrong_starts_are_refused(
    sample: Path, tmp_path: Path, candidates: list[Any], options: dict[str, Any], code: str
) -> None:
    with pytest.raises(InputError) as refused:
        siting.propose(sample, start=written(tmp_path, candidates), **{"stations": 3, **options})
    assert code in [fault.code for fault in refused.value.faults]


@pytest.mark.usefixtures("walks_once")
def test_a_start_with_a_station_at_a_point_is_refused(sample: Path, tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [107.42, 29.7]}
    content = {"result": "plan", "features": [{"properties": {"id": "own"}, "geometry": point}]}
    path = tmp_path / "start.geojson"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        siting.propose(sample, start=path)
    assert [fault.code for fault in refused.value.faults] == ["plan_start_places_stations"]
