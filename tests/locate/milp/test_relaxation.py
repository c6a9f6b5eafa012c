"""Rows of limited stations, and sites settled for later stages: a tighter bound, and the same answers."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from siting.locate.highs import Relaxation, Run, minimise
from siting.locate.milp import p_center, solve_milp
from siting.locate.milp import relaxation as relaxations
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.evaluate import evaluate
from siting.locate.milp.greedy import greedy_plan
from siting.locate.milp.lexicographic import improve_by_surrogate, run_stage
from siting.locate.milp.models import fewest_beyond, maximal_covering, p_median
from siting.locate.milp.relaxation import StageRelaxation
from siting.locate.problem import (
    Effort,
    FairCovering,
    MaximalCovering,
    Model,
    PCenter,
    PMedian,
    Problem,
    Rules,
    SetCovering,
)
from tests.locate.milp import brute
from tests.locate.milp.test_effort import spread


def town(*, seed: int = 2, rows: int = 14, stations: int = 6, capacity: float = 160.0) -> Problem:
    """Neighbours share their people, and stations fill: what fractions of stations profit from."""
    rng = np.random.default_rng(seed)
    sites, homes = rng.random((rows, 2)), rng.random((60, 2))
    metres = np.linalg.norm(sites[:, None] - homes[None, :], axis=2)
    times = csr_array(np.where(metres < 0.25, np.rint(metres * 3000), 0.0))
    people = rng.integers(1, 40, 60).astype(float)
    units = csr_array((people, (np.arange(60) % 3, np.arange(60))), shape=(3, 60))
    return Problem(times, people, Rules(stations=stations, capacity=np.full(rows, capacity)), None, units)


def test_rows_tighten_the_bound_and_keep_the_best_choice() -> None:
    milp = maximal_covering(town())
    objective = milp.objectives[0]
    plain = Relaxation(milp.single(objective)).solve(Effort()).objective
    best = minimise(milp.single(objective), Effort()).objective
    relaxation = StageRelaxation(milp, objective, ())
    rows = relaxation.cuts(math.inf, Effort())
    assert plain < best - 1.0
    assert relaxation.bound <= best + 1e-6
    assert best - relaxation.bound < 0.2 * (best - plain)
    with_rows = minimise(milp.single(objective, rows), Effort())
    assert with_rows.objective == pytest.approx(best)


@pytest.mark.parametrize(
    "model",
    [MaximalCovering(), PMedian(), PMedian(1200.0), FairCovering(), FairCovering(0.3), SetCovering(0.55)],
    ids=str,
)
@pytest.mark.parametrize("kind", ["stations", "budget", "sizes", "kept", "weights"])
def test_answers_are_those_without_rows(model: Model, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = town()
    if kind == "budget":
        problem = problem.under(stations=None, budget=60.0, costs=np.linspace(7.0, 20.0, problem.sites))
    if kind == "sizes":
        sizes = np.array([90.0, 160.0, 210.0])[np.arange(problem.sites) % 3]
        problem = problem.under(capacity=sizes, place=np.arange(problem.sites) // 2)
    if kind == "kept":
        problem = problem.under(kept=np.arange(problem.sites) < 2, stations=4)
    if kind == "weights":
        weights = problem.people * (1.0 + np.arange(60) % 3)
        problem = Problem(problem.times, problem.people + 0.25, problem.rules, weights, problem.units)
    found = solve_milp(problem, model, Effort())
    monkeypatch.setattr(relaxations, "violated_cuts", lambda *_: [])
    monkeypatch.setattr(StageRelaxation, "fixings", lambda *_: ())
    other = solve_milp(problem, model, Effort())
    assert found.status == other.status
    assert [each.name for each in found.stages] == [each.name for each in other.stages]
    for one, two in zip(found.stages, other.stages, strict=True):
        assert one.objective == pytest.approx(two.objective, rel=1e-6)
        assert one.bound == pytest.approx(two.bound, rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_settled_sites_are_those_of_every_choice_that_reaches_the_objective(seed: int) -> None:
    problem = town(seed=seed, rows=8, stations=3, capacity=200.0)
    worths = {chosen: brute.value_at(problem, PMedian(), chosen)[0][2] for chosen in brute.choices(problem)}
    for fixed in sorted(set(worths.values()))[:3]:
        milp = fewest_beyond(problem)
        relaxation = StageRelaxation(milp, milp.objectives[0], ())
        relaxation.cuts(math.inf, Effort())
        break_ties = relaxation.fixings(fixed, milp.objectives[0].slack, Effort())
        for chosen, beyond in worths.items():
            if beyond <= fixed + 1e-9:
                assert all(_keeps(block, chosen, problem.sites) for block in break_ties)


def _keeps(block: ConstraintBlock, chosen: tuple[int, ...], rows: int) -> bool:
    opened = np.isin(np.arange(rows), chosen).astype(float)
    sides = block.over(rows) @ opened
    return bool(np.all((sides >= block.low) & (sides <= block.high)))


@pytest.mark.parametrize("lost", [Run(None, math.inf, math.inf, "infeasible", 0), None])
def test_numbers_that_deny_a_plan_there_is_settle_nothing(lost: Run | None, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = town()
    milp = fewest_beyond(problem)
    best = solve_milp(problem, PMedian(), Effort()).stages[0].objective
    relaxation = StageRelaxation(milp, milp.objectives[0], ())
    relaxation.cuts(math.inf, Effort())
    solve, calls = Relaxation.solve, itertools.count()

    def failing(relaxation: Relaxation, effort: Effort) -> Run:
        run = solve(relaxation, effort)
        if next(calls) < 1:
            return run
        return lost or replace(run, objective=run.objective + abs(run.objective))

    monkeypatch.setattr(Relaxation, "solve", failing)
    monkeypatch.setattr(StageRelaxation, "_fix_by_probing", lambda *_: None)
    monkeypatch.setattr(relaxations, "_LEAST_FIXED", -1.0)
    assert relaxation.fixings(best, milp.objectives[0].slack, Effort()) == ()


def test_most_sites_are_settled_where_the_best_is_asked_for() -> None:
    problem = town()
    milp = fewest_beyond(problem)
    best = solve_milp(problem, PMedian(), Effort()).stages[0].objective
    relaxation = StageRelaxation(milp, milp.objectives[0], ())
    relaxation.cuts(math.inf, Effort())
    (block,) = relaxation.fixings(best, milp.objectives[0].slack, Effort())
    assert block.matrix.shape[0] >= problem.sites // 2
    assert set(block.low.tolist()) <= {0.0, 1.0}


def test_the_same_rows_every_time() -> None:
    one, two = (solve_milp(town(seed=3), PMedian(), Effort()) for _ in range(2))
    assert (one.chosen.tolist(), one.stages) == (two.chosen.tolist(), two.stages)


@pytest.mark.parametrize("where", ["violated_cuts", "flows_of"])
def test_an_interrupt_while_rows_are_sought_keeps_plan_and_bound(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(relaxations, where, pressed)
    for model in (MaximalCovering(), PMedian()):
        found = solve_milp(town(), model, Effort())
        assert found.stopped_by == "interrupt"
        assert math.isfinite(found.objective)
        assert brute.allowed(town(), tuple(found.chosen.tolist()))
        assert all(math.isfinite(each.bound) for each in found.stages)


@pytest.mark.parametrize("model", [MaximalCovering(), PMedian(), PMedian(1200.0), SetCovering(0.55)], ids=str)
def test_an_interrupt_before_anything_is_known_leaves_a_finite_bound(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = Run(None, math.inf, -math.inf, "interrupt", 0)
    monkeypatch.setattr(Relaxation, "solve", lambda *_: nothing)
    found = solve_milp(town(), model, Effort())
    assert found.stopped_by == "interrupt"
    assert found.status == "feasible"
    assert brute.allowed(town(), tuple(found.chosen.tolist()))
    assert all(math.isfinite(each.bound) for each in found.stages)


def test_an_interrupt_while_the_rows_of_a_center_are_sought_is_none_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(relaxations, "flows_of", pressed)
    monkeypatch.setattr(p_center, "greedy_plan", lambda *_: None)
    found = solve_milp(town(), PCenter(0.5), Effort())
    assert (found.status, found.stopped_by) == ("unknown", "interrupt")


def test_an_interrupt_between_two_stages_keeps_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    whole = solve_milp(town(), PMedian(), Effort())
    monkeypatch.setattr(StageRelaxation, "fixings", pressed)
    found = solve_milp(town(), PMedian(), Effort())
    assert found.stopped_by == "interrupt"
    assert found.stages[0] == whole.stages[0]
    assert found.stages[1].bound <= whole.objective <= found.stages[1].objective


def test_rows_are_reported_as_they_tighten() -> None:
    told: list[tuple[float, float]] = []
    found = solve_milp(town(), MaximalCovering(), Effort(max_nodes=0, report=lambda *pair: told.append(pair)))
    bounds = [bound for _, bound in told if math.isfinite(bound)]
    assert len(set(bounds)) > 2
    assert bounds == sorted(bounds, reverse=True)
    assert min(bounds) >= found.objective - 1e-6


@pytest.mark.parametrize("model", [MaximalCovering(), PMedian(1200.0), SetCovering(0.55)], ids=str)
def test_no_bound_that_was_told_is_taken_back(model: Model) -> None:
    told: list[tuple[float, float]] = []
    found = solve_milp(town(), model, Effort(report=lambda *pair: told.append(pair)))
    bounds = [bound for _, bound in told]
    assert math.isfinite(bounds[-1])
    assert bounds == sorted(bounds, reverse=found.stages[0].sense == "max")


def test_nobody_beyond_is_no_reason_to_give_up_a_better_walk() -> None:
    # 0.5 + 3.3 persons, all served, leave a hair of nothing: it is no difference between choices.
    times = csr_array((np.array([0.0, 0.0, 0.0, 100.0]), np.array([0, 1, 0, 1]), np.array([0, 2, 3, 4])), shape=(3, 2))
    problem = Problem(times, np.array([0.5, 3.3]), Rules(capacity=np.array([3.0, 5.0, 3.0])))
    brute.check(problem, PMedian(), solve_milp(problem, PMedian(), Effort()))


def test_a_relaxation_goes_on_from_where_it_was_left() -> None:
    milp = maximal_covering(spread(stations=5, capacity=np.full(25, 300.0)))
    single = milp.single(milp.objectives[0])
    relaxation = Relaxation(single)
    first = relaxation.solve(Effort())
    row = np.zeros(milp.variables)
    row[: milp.problem.sites] = 1.0
    relaxation.add(csr_array(row[None, :]), np.array([3.0]))
    second = relaxation.solve(Effort())
    assert first.values is not None
    assert second.values is not None
    assert second.objective > first.objective
    assert second.values @ row <= 3.0 + 1e-6
    assert relaxation.prices().shape == (1,)
    assert abs(relaxation.prices()[0]) > 0
    relaxation.bound(0, 1.0, 1.0)
    third = relaxation.solve(Effort())
    assert third.values is not None
    assert third.values[0] == pytest.approx(1.0)
    assert third.objective >= second.objective - 1e-9
    assert relaxation.solve(Effort(interrupted=lambda: True)).stopped_by in {"proved", "interrupt"}


def test_the_guide_betters_the_walk_and_nothing_else() -> None:
    milp = p_median(town(capacity=120.0), PMedian())
    first = run_stage(milp.aggregated, 0, greedy_plan(milp.aggregated), (), Effort()).plan
    plan = evaluate(milp, first.chosen)
    found = improve_by_surrogate(milp, plan, (), Effort())
    assert found.objective_values[0] == plan.objective_values[0]
    assert found.objective_values[1] < plan.objective_values[1]
    assert improve_by_surrogate(milp, None, (), Effort()) is None
    assert improve_by_surrogate(replace(milp, aggregated=None), plan, (), Effort()) is plan


def test_one_person_of_forty_million_who_finds_no_room_is_counted() -> None:
    # A hair of a capacity of forty million is a person or more: stages that differ by him would deny one another.
    times = np.array(
        [
            [269, 589, 466, 637, 258, 0, 694, 546, 578, 526],
            [0, 275, 539, 512, 0, 182, 258, 512, 356, 513],
            [0, 0, 0, 161, 0, 0, 0, 185, 318, 197],
            [0, 144, 413, 585, 0, 296, 147, 564, 423, 561],
            [660, 635, 0, 118, 666, 602, 694, 26, 160, 9],
            [462, 433, 421, 465, 457, 654, 530, 383, 374, 365],
            [0, 135, 412, 618, 0, 298, 117, 598, 456, 595],
            [0, 0, 0, 186, 0, 0, 0, 241, 347, 257],
        ]
    )
    capacity = np.array([25e6, 20e6, 20e6, 30e6, 25e6, 10e6, 40e6, 20e6]) - 1.0
    weights = 5e6 * np.array([1, 1, 3.5, 3.5, 3.5, 1, 2, 1, 1, 3.5])
    problem = Problem(csr_array(times * 1.0), np.full(10, 5e6), Rules(stations=1, capacity=capacity), weights)
    found = solve_milp(problem, PMedian(), Effort())
    assert found.status == "optimal"
    assert found.stages[0].objective == pytest.approx(22_500_001.0, abs=1e-2)
