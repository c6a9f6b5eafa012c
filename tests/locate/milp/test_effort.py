"""Limits, interrupts, reports, and what HiGHS' tolerances could spoil."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_array

from siting.domain.nouns import Ints
from siting.locate.highs import Run
from siting.locate.milp import evaluate as evaluation
from siting.locate.milp import lexicographic, solve_milp
from siting.locate.milp.constraints import cliques_of, site_constraints
from siting.locate.milp.demand_groups import grouped
from siting.locate.milp.evaluate import Evaluation, evaluate, tolerance_gain
from siting.locate.milp.formulation import LexicographicMilp
from siting.locate.milp.greedy import greedy_plan
from siting.locate.milp.lexicographic import no_good_cut
from siting.locate.milp.models import maximal_covering, milp_of
from siting.locate.problem import Effort, FairCovering, MaximalCovering, PCenter, PMedian, Problem, Rules, SetCovering
from siting.locate.tolerances import ROW_TOLERANCE
from tests.conftest import ROUNDS
from tests.locate.milp import brute


def spread(rows: int = 25, points: int = 120, *, seed: int = 0, **rules: object) -> Problem:
    """Many rows that each reach some points: enough to keep HiGHS busy."""
    rng = np.random.default_rng(seed)
    reach = rng.random((rows, points)) < 0.12
    times = csr_array(np.where(reach, rng.integers(60, 900, reach.shape), 0).astype(float))
    people = rng.integers(1, 100, points).astype(float)
    homes = np.arange(points) * 4 // points
    units = csr_array((people, (homes, np.arange(points))), shape=(4, points))
    return Problem(times, people, Rules(**rules), None, units)  # type: ignore[arg-type]


HARD = spread(stations=8, capacity=np.full(25, 500.0), costs=np.linspace(1, 9, 25), budget=40.0)


@pytest.mark.parametrize("model", [MaximalCovering(), PMedian(), PMedian(900.0), FairCovering()])
def test_an_interrupt_returns_the_first_plan_with_a_bound(model: MaximalCovering | PMedian | FairCovering) -> None:
    found = solve_milp(HARD, model, Effort(interrupted=lambda: True))
    assert found.status in {"feasible", "optimal"}
    assert brute.allowed(HARD, tuple(found.chosen.tolist()))
    for stage in found.stages:
        assert math.isfinite(stage.objective)
        assert stage.bound >= stage.objective if stage.sense == "max" else stage.bound <= stage.objective


@pytest.mark.parametrize("model", [PMedian(), PMedian(900.0)])
def test_no_bound_promises_less_than_no_time_and_fewer_than_nobody(model: PMedian) -> None:
    # The linear program of a search that hardly began may say anything.
    milp = milp_of(HARD, model)
    for objective in milp.objectives:
        assert milp.trivial_bound(objective) <= 0.0
        assert objective.stage(1e6, milp.trivial_bound(objective)).bound == 0.0


def test_a_limit_of_nodes_stops_with_a_valid_bound_everywhere_alike() -> None:
    least = solve_milp(HARD, MaximalCovering(), Effort(max_nodes=0))
    again = solve_milp(HARD, MaximalCovering(), Effort(max_nodes=0))
    assert (least.objective, least.bound, least.chosen.tolist()) == (
        again.objective,
        again.bound,
        again.chosen.tolist(),
    )
    assert least.stopped_by in {"nodes", "proved"}
    best = solve_milp(HARD, MaximalCovering(), Effort(rel_gap=0.01))
    assert least.objective <= best.bound
    assert best.objective <= least.bound


def test_without_time_the_first_plan_is_returned() -> None:
    found = solve_milp(HARD, MaximalCovering(), Effort(time_limit_s=0.0))
    assert found.objective >= 0.9 * found.first_objective > 0.0
    assert found.bound >= found.objective


def test_reports_tighten_in_the_sense_of_the_stage() -> None:
    told: list[tuple[float, float]] = []
    problem = spread(stations=5)
    found = solve_milp(problem, MaximalCovering(), Effort(report=lambda *pair: told.append(pair)))
    assert told
    for (one, above), (other, below) in pairwise(told):
        assert other >= one - 1e-6
        assert below <= above + 1e-6
    assert told[-1][0] <= found.objective + 1e-6
    assert all(bound >= found.objective - 1e-6 for _, bound in told)


def test_the_first_plan_is_good() -> None:
    for rules in ({"stations": 5}, {"costs": np.linspace(1, 9, 25), "budget": 20.0}):
        found = solve_milp(spread(**rules), MaximalCovering(), Effort())  # type: ignore[arg-type]
        assert found.status == "optimal"
        assert found.first_objective >= (1 - 1 / math.e) * found.objective


def test_a_budget_is_kept_to_the_last_digit() -> None:
    # Three times 1.1 is more than 3.3 in floats by a hair, which is no reason to refuse; by a thousandth it is.
    problem = Problem(csr_array(np.eye(3)), np.array([5.0, 6.0, 7.0]), Rules(costs=np.full(3, 1.1), budget=3.3))
    assert solve_milp(problem, MaximalCovering(), Effort()).objective == 18.0
    less = solve_milp(problem.under(budget=3.3 - 3e-9), MaximalCovering(), Effort())
    assert (less.objective, less.chosen.tolist()) == (13.0, [1, 2])


def test_choices_too_dear_or_too_small_are_cut_off_and_no_others() -> None:
    problem = Problem(csr_array(np.eye(3)), np.array([5.0, 6.0, 7.0]), Rules(costs=np.ones(3), budget=1.0))
    milp = maximal_covering(problem)
    dear = no_good_cut(milp, np.array([0, 1]))
    rows = np.zeros(milp.variables)
    for chosen, stays in (([0, 1], False), ([0, 1, 2], False), ([0, 2], True), ([1], True)):
        rows[:3] = np.isin(np.arange(3), chosen)
        assert bool((dear.over(milp.variables) @ rows)[0] <= dear.high[0]) == stays
    small = no_good_cut(milp, np.array([1]))
    for chosen, stays in (([1], False), ([], False), ([1, 2], True), ([0], True)):
        rows[:3] = np.isin(np.arange(3), chosen)
        assert bool((small.over(milp.variables) @ rows)[0] >= small.low[0]) == stays


def test_a_share_that_needs_every_point_is_no_reason_to_give_up() -> None:
    # HiGHS' presolve takes such rows for infeasible when they are eased by a hair less than its tolerance.
    nan = np.nan
    seconds = np.array([[nan, 250, nan, 600], [250, 250, nan, nan], [250, nan, 0, 600], [250, nan, 0, 100]])
    row, column = np.nonzero(~np.isnan(seconds))
    start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=4))])
    times = csr_array((seconds[row, column], column, start), shape=(4, 4))
    problem = Problem(times, np.ones(4), Rules(stations=2), weights=np.zeros(4))
    brute.check(problem, PCenter(share=1.0), solve_milp(problem, PCenter(share=1.0), Effort()))
    brute.check(problem, SetCovering(share=1.0), solve_milp(problem, SetCovering(share=1.0), Effort()))


def test_of_equals_the_lower_row_is_chosen() -> None:
    reach = csr_array(np.array([[0, 0, 60.0], [60.0, 60.0, 0], [60.0, 60.0, 0], [0, 0, 60.0]]))
    problem = Problem(reach, np.array([3.0, 4.0, 5.0]), Rules(stations=2, apart=np.array([[0, 3]])))
    assert solve_milp(problem, MaximalCovering(), Effort()).chosen.tolist() == [0, 1]


def test_cliques_hold_each_pair_and_only_pairs_that_are_too_near() -> None:
    rng = np.random.default_rng(4)
    pairs = np.array([(a, b) for a in range(12) for b in range(a + 1, 12) if rng.random() < 0.4])
    cliques = cliques_of(pairs)
    fixed = {(int(a), int(b)) for clique in cliques for a in clique for b in clique if a < b}
    assert fixed == {(int(a), int(b)) for a, b in pairs}
    assert len(cliques) < len(pairs)


def test_rows_are_named_after_their_rules() -> None:
    rules = Rules(
        stations=1,
        budget=1.0,
        costs=np.ones(3),
        forced=np.array([True, False, False]),
        apart=np.array([[0, 1]]),
        unit=np.zeros(3, dtype=np.int64),
        most_per_unit=np.array([1]),
    )
    named = [block.rule for block in site_constraints(Problem(csr_array(np.eye(3)), np.ones(3), rules))]
    assert sorted(map(str, named)) == ["budget", "forced", "per_unit", "spacing", "stations"]


def test_points_merge_only_if_nothing_tells_them_apart() -> None:
    reach = csr_array(np.array([[60.0, 60.0, 90.0, 60.0], [60.0, 60.0, 60.0, 0.0]]))
    problem = Problem(reach, np.array([1.0, 2.0, 4.0, 8.0]), Rules(), np.array([1.0, 2.0, 8.0, 8.0]))
    assert grouped(problem, timed=False, split=False, by_unit=False).group_of.tolist() == [0, 0, 0, 1]
    assert grouped(problem, timed=True, split=False, by_unit=False).group_of.tolist() == [0, 0, 1, 2]
    assert grouped(problem, timed=False, split=True, by_unit=False).group_of.tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize("model", [SetCovering(by_cost=True), SetCovering(unit_share=0.5), FairCovering()])
def test_what_is_asked_for_must_be_there(model: SetCovering | FairCovering) -> None:
    with pytest.raises(ValueError, match="need"):
        solve_milp(Problem(csr_array(np.eye(2)), np.ones(2)), model, Effort())


def test_an_interrupt_while_a_choice_is_measured_keeps_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    first = solve_milp(HARD, MaximalCovering(), Effort(max_nodes=0))
    times = iter(range(1000))

    def interrupted(milp: LexicographicMilp, chosen: Ints, seconds: float) -> Evaluation | None:
        if next(times) == 0:
            raise KeyboardInterrupt
        return evaluate(milp, chosen, seconds)

    monkeypatch.setattr(lexicographic, "evaluate", interrupted)
    found = solve_milp(HARD, MaximalCovering(), Effort())
    assert found.stopped_by == "interrupt"
    assert found.status == "feasible" or found.objective == found.bound
    assert found.first_objective <= found.objective <= found.bound
    assert first.objective <= found.bound


@pytest.mark.parametrize("where", ["without_redundant", "break_ties", "_stage"])
def test_an_interrupt_beside_the_solver_keeps_the_plan(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lexicographic, where, pressed)
    found = solve_milp(HARD, MaximalCovering(), Effort(max_nodes=0))
    assert found.stopped_by == "interrupt"
    assert found.bound >= found.objective >= found.first_objective > 0.0


@pytest.mark.parametrize("seed", range(8 * ROUNDS))
def test_a_centre_stopped_early_tells_the_time_that_its_sites_need(seed: int) -> None:
    # One probe, at the longest time of all: what the plan was made for says nothing of what it does.
    rng = np.random.default_rng(seed)
    reach = rng.random((5, 7)) < 0.6
    times = csr_array(np.where(reach, rng.integers(60, 900, reach.shape), 0).astype(float))
    problem = Problem(times, rng.integers(1, 9, 7).astype(float), Rules(stations=3, capacity=np.full(5, 12.0)))
    model = PCenter(share=0.5)
    found = solve_milp(problem, model, Effort(time_limit_s=0.0))
    if not found.stages:
        assert found.status == "unknown" or brute.best(problem, model) is None
        return
    ((_, _, seconds),) = brute.value_at(problem, model, tuple(found.chosen.tolist()))
    assert found.objective == seconds
    assert found.bound <= brute.best(problem, model)[0][2]
    brute.check_served(problem, model, found)


def test_nobody_served_is_worth_nothing_and_no_less() -> None:
    # A fifth of 7 persons, and again: floats add up to a hair less than all of them.
    problem = Problem(csr_array(np.eye(6)), np.full(6, 0.7), Rules(stations=6, capacity=np.full(6, 0.7)))
    found = solve_milp(problem, PMedian(), Effort())
    assert found.stages[0].objective == 0.0


def test_a_hair_of_a_share_given_to_who_counts_more_leaves_no_gap() -> None:
    # Eight places: five for half of ten persons who count nothing, three for four who count 9 together.
    times = csr_array(np.array([[60.0, 60.0]]))
    people = np.array([10.0, 4.0])
    problem = Problem(times, people, Rules(capacity=np.array([8.0])), np.array([0.0, 9.0]), csr_array(np.diag(people)))
    found = solve_milp(problem, FairCovering(0.5), Effort())
    assert found.status == "optimal"
    assert found.objective == pytest.approx(6.75)
    brute.check(problem, FairCovering(0.5), found)


def test_what_hairs_lend_is_what_a_plan_with_its_own_sites_gains_by_them() -> None:
    people = np.array([10.0, 4.0])
    problem = Problem(
        csr_array(np.array([[60.0, 60.0]])),
        people,
        Rules(capacity=np.array([8.0])),
        np.array([0.0, 9.0]),
        csr_array(np.diag(people)),
    )
    milp = milp_of(problem, FairCovering(0.5))
    plan = evaluate(milp, np.array([0]))
    # A hair of ten persons, each making room for one who counts 9/4.
    assert tolerance_gain(milp, 0, plan, ()) == pytest.approx(ROW_TOLERANCE * 10 * 9 / 4, rel=0.01)


def test_a_hair_of_a_person_who_stays_at_home_leaves_no_gap() -> None:
    # Two persons who count 3 together walk 100 s: a hair less of those within reach is a hair less of walking.
    times = csr_array(np.array([[0.0, 100.0, 0.0], [0.0, 0.0, 0.0]]))
    for weights, walked in ((np.array([0.0, 1.0, 2.0]), 100.0), (np.array([1.0, 4.0, 1.0]), 400.0)):
        problem = Problem(times, np.full(3, 0.5), Rules(stations=1), weights)
        found = solve_milp(problem, PMedian(), Effort())
        assert (found.status, found.objective) == ("optimal", walked)


@pytest.mark.parametrize("capacity", [None, 4000.0])
def test_the_least_share_is_what_the_shares_come_to_however_many_are_added_up(capacity: float | None) -> None:
    # Thousands of groups: what their sum is off by is no share that is lacking, for which a choice would be forbidden.
    problem = spread(rows=30, points=4000, stations=6)
    problem = problem if capacity is None else problem.under(capacity=np.full(30, capacity))
    milp = milp_of(problem, FairCovering())
    plan = greedy_plan(milp)
    assert plan is not None
    persons = milp.service.units @ plan.values[problem.sites : problem.sites + milp.service.variables]
    assert plan.objective_values[0] == pytest.approx(min(persons / problem.units.sum(axis=1)))


def test_measuring_that_takes_too_long_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    milp, given = milp_of(HARD, MaximalCovering()), []
    assert evaluate(milp, np.arange(4)) is not None

    def slow(_: object, effort: Effort) -> Run:
        given.append(effort.time_limit_s)
        return Run(np.zeros(milp.variables), 0.0, -math.inf, "time", 0)

    monkeypatch.setattr(evaluation, "minimise", slow)
    assert evaluate(milp, np.arange(4), seconds=0.5) is None
    assert given[0] <= 0.5
