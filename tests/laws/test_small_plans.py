"""Plans of random small districts, from the scenario file to the proof, beside the best of all choices there are."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import siting
from siting.results import Plan
from tests.laws.small_districts import Candidate, District, Facility, Request, drawn, written
from tests.laws.small_optima import Choice, Small, best_of, choice_of

# SITING_SMALL_PLANS=5000 tries as many at the desk.
COUNT = int(os.environ.get("SITING_SMALL_PLANS", "100"))


def plan_of(district: District, request: Request, folder: Path) -> Plan:
    return siting.propose(siting.read_scenario(written(district, request, folder)))


def chosen(small: Small, plan: Plan) -> Choice:
    """Return what a plan does, as a choice."""
    sized = plan.stations["size"].where(plan.stations["size"].notna(), "")
    stations = dict(zip(plan.stations["candidate_id"], sized, strict=True))
    changes = plan.changes
    closed = set(changes.index[changes["action"] == "close"]) if len(changes) else set()
    grown = dict(changes.loc[changes["action"] != "close", "size"]) if len(changes) else {}
    return choice_of(small, stations, closed, grown)


@pytest.mark.parametrize("block", range(20))
def test_plans_are_the_best_of_all_choices(block: int, tmp_path: Path) -> None:
    for seed in range(block, COUNT, 20):
        district, request = drawn(seed)
        agrees(seed, district, request, tmp_path / str(seed))


def agrees(seed: int, district: District, request: Request, folder: Path) -> None:
    small = Small(district, request)
    best, plan = best_of(small), plan_of(district, request, folder)
    told = tuple(stage.objective for stage in plan.stages)
    if not best.stages:
        assert plan.status == "infeasible", (seed, request, told)
        return
    assert plan.status in ("optimal", "relaxed"), (seed, request, plan.status)
    # Where the clauses hold, what falls short is no stage of the plan: it is 0.
    holds = request.model == "compliance" and plan.status == "optimal"
    stages = best.stages[1:] if holds and best.stages[0] == 0.0 else best.stages[: len(told)]
    assert told == pytest.approx(stages, rel=1e-6, abs=1e-5), (seed, request)
    assert all(stage.gap <= 1e-6 for stage in plan.stages), (seed, request)
    done = chosen(small, plan)
    assert done in set(best.feasible), (seed, request, done)
    before, after = (report.totals["elderly_covered"] for report in (plan.before, plan.after))
    assert before == pytest.approx(small.covered(small.today)), (seed, "covered today")
    assert after == pytest.approx(small.covered(done)), (seed, "covered after")


@pytest.mark.parametrize("seed", range(12))
def test_a_plan_that_may_do_nothing_is_never_worse_than_nothing(seed: int, tmp_path: Path) -> None:
    district, request = drawn(seed, "mclp")
    request = replace(request, forced=(), stations=request.stations or 0)
    plan = plan_of(district, request, tmp_path)
    assert plan.status == "optimal"
    assert plan.stages[0].objective >= -1e-9
    wider = replace(request, spacing_m=None, stations=(request.stations or 0) + 1, budget_cny=None)
    assert plan_of(district, wider, tmp_path / "wider").stages[0].objective >= plan.stages[0].objective - 1e-9


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_case_of_spacing_between_facilities_that_may_change(name: str, shared: Path, tmp_path: Path) -> None:
    shutil.copytree(shared / "cases" / "spacing-and-change", tmp_path, dirs_exist_ok=True)
    scenario = siting.read_scenario(tmp_path / f"{name}.toml")
    plan = siting.propose(scenario)
    assert (plan.status, plan.stages[0].objective) == ("optimal", 60.0)
    nothing = siting.propose(scenario, stations=0)
    assert (nothing.status, nothing.stages[0].objective) == ("optimal", 0.0)
    assert plan.stages[0].bound == pytest.approx(60.0)


@pytest.mark.parametrize(("spacing_m", "built"), [(299.0, 2), (300.0, 2), (300.1, 1)])
def test_at_exactly_the_spacing_both_may_be_built(spacing_m: float, built: int, tmp_path: Path) -> None:
    people = ((150.0, 50.0, 10.0), (450.0, 50.0, 5.0))
    sites = {f"C{i}": Candidate(x, 50.0, 300.0, 1.0, "shop") for i, x in enumerate((150.0, 450.0))}
    district = District(people, (), {"F0": Facility(1500.0, 350.0)}, sites, 3.0, 10.0, 0.9)
    plan = plan_of(district, Request("mclp", stations=2, spacing_m=spacing_m), tmp_path)
    assert (plan.status, len(plan.stations)) == ("optimal", built)
