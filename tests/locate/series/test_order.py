"""The build order: against all permutations, and the laws."""

import itertools
import math
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.problem import Effort, MaximalCovering, PMedian, Problem, Rules, Solution, Stage
from siting.locate.series import build_order, coverage_curve, sequence
from siting.locate.series.order import objective_of
from siting.locate.series.sequence import SubsetCosts, best_sequence, losses_of, subset_costs
from siting.locate.solve import solve
from tests.drawing import examples
from tests.locate.series.reference import NONE, by_trial, covered, problems, walked

FEW = settings(deadline=None, max_examples=examples(25))
MODELS = st.sampled_from([MaximalCovering(), PMedian(beyond_s=1800.0)])


def value_of(problem: Problem, model: MaximalCovering | PMedian, rows: list[int]) -> float:
    """How good rows are, more being better."""
    return covered(problem, rows) if isinstance(model, MaximalCovering) else -walked(problem, rows, 1800.0)


def judged(problem: Problem, model: MaximalCovering | PMedian, order: list[int]) -> tuple[float, float]:
    """The largest loss of a prefix and the sum of the losses, against all choices."""
    losses = []
    for size in range(1, len(order) + 1):
        best = by_trial(problem.under(stations=size), model, Effort()).objective
        loss = abs(best) - abs(value_of(problem, model, order[:size]))
        loss = loss if isinstance(model, MaximalCovering) else -loss
        losses.append(loss / abs(best) if best else 0.0)
    return max(losses, default=0.0), sum(losses)


@FEW
@given(problems(), MODELS, st.integers(1, 5))
def test_no_other_order_loses_less(problem: Problem, model: MaximalCovering | PMedian, size: int) -> None:
    table = build_order(problem, size, Effort(), model=model, solver=by_trial)
    order = table["row"].tolist()
    assert sorted(order) == by_trial(problem.under(stations=size), model, Effort()).chosen.tolist()
    ours = judged(problem, model, order)
    best = min((judged(problem, model, list(other)) for other in itertools.permutations(order)), default=(0.0, 0.0))
    assert ours == pytest.approx(best, abs=1e-7)
    assert table["loss_share"].max() == pytest.approx(ours[0], abs=1e-7) or table.empty
    assert table["loss_share"].sum() == pytest.approx(ours[1], abs=1e-7)


@FEW
@given(problems(), MODELS, st.integers(0, 2**20))
def test_the_table_is_what_its_prefixes_say(problem: Problem, model: MaximalCovering | PMedian, any_rows: int) -> None:
    rows = [row for row in np.flatnonzero(problem.open_to_choice).tolist() if any_rows >> row & 1]
    stage = Stage("cost", "min", 1.0, 1.0)
    plan = Solution(np.array(rows, dtype=np.int64), "feasible", (stage,), "nodes", "")
    free = problem.under(place=None, apart=None)
    table = build_order(free, plan, Effort(), model=model, solver=by_trial)
    assert sorted(table["row"]) == rows
    before = value_of(free, model, [])
    for place, step in enumerate(table.to_dict("records")):
        now = value_of(free, model, table["row"].tolist()[: place + 1])
        best = by_trial(free.under(stations=place + 1), model, Effort()).objective
        assert step["rank"] == place + 1
        assert abs(step["cumulative"]) == pytest.approx(abs(now))
        assert step["gain"] == pytest.approx(now - before, abs=1e-6)
        assert step["best"] == pytest.approx(best)
        assert step["bound"] == pytest.approx(best)
        assert step["loss"] == pytest.approx(abs(best - abs(now)), abs=1e-6)
        before = now


@FEW
@given(problems(), MODELS, st.integers(0, 2**20))
def test_what_parts_leave_undone_is_counted_point_by_point(
    problem: Problem, model: MaximalCovering | PMedian, any_rows: int
) -> None:
    rows = np.array([row for row in np.flatnonzero(problem.open_to_choice) if any_rows >> row & 1], dtype=np.int64)
    left = subset_costs(problem, rows, model)
    every = left.of_all_subsets()
    nothing = value_of(problem, model, [])
    total = nothing if isinstance(model, PMedian) else covered(problem, list(range(problem.sites)))
    unreached = math.fsum(problem.value[~problem.reached_by(np.arange(problem.sites))])
    for part in range(1 << rows.size):
        inside = [int(row) for place, row in enumerate(rows) if part >> place & 1]
        now = value_of(problem, model, inside)
        expected = -now if isinstance(model, PMedian) else total + unreached - now
        assert every[part] == pytest.approx(expected, abs=1e-6)
    order = np.random.default_rng(any_rows).permutation(rows.size)
    parts = [sum(1 << int(place) for place in order[:size]) for size in range(rows.size + 1)]
    assert left.along(order) == pytest.approx(every[parts], abs=1e-6)


def test_walks_to_kept_rows_are_no_loss() -> None:
    seconds = np.array([[100.0, 0, 300], [50, 400, 0], [500, 0, 200]])
    rules = Rules(kept=np.array([True, False, False]))
    problem = Problem(csr_array(seconds), np.array([1.0, 10, 100]), rules)
    left = subset_costs(problem, np.array([1, 2]), PMedian(beyond_s=1000.0))
    # Nothing, row 1, row 2, both: the first walks 100 or 50, the second 1000 or 400, the third 300 or 200.
    assert left.of_all_subsets().tolist() == [40_100, 34_050, 30_100, 24_050]


@pytest.mark.parametrize("seed", range(12))
def test_the_largest_loss_comes_before_the_sum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sets = csr_array(np.array([[bool(part >> row & 1) for row in range(5)] for part in range(1, 32)]))
    left = SubsetCosts(sets, rng.integers(0, 3, 31) ** 6 * 1.0, 0.0)
    allowed = rng.integers(0, 40, 6) * 1.0
    scale = rng.integers(50, 100, 6) * 1.0

    def key(order: Iterable[int]) -> tuple[float, float]:
        loss = losses_of(left.along(np.array(list(order))), np.arange(6), allowed, scale)
        return float(loss.max()), float(loss.sum())

    ours = key(best_sequence(left, allowed, scale))
    assert ours == pytest.approx(min(key(order) for order in itertools.permutations(range(5))))


def test_sizes_that_a_curve_leaves_out_are_not_judged_but_bounded() -> None:
    problem = Problem(csr_array(np.eye(5) * 60.0), np.array([9.0, 8, 7, 6, 5]))
    curve = coverage_curve(problem, Effort(), points=[1, 3, 5], solver=by_trial)
    plan = by_trial(problem.under(stations=4), MaximalCovering(), Effort())
    table = build_order(problem, plan, Effort(), curve=curve, solver=by_trial)
    assert table["best"].isna().tolist() == [False, True, False, True]
    assert table["bound"].tolist() == [9, 24, 24, 35]
    assert table["loss"].isna().tolist() == [False, True, False, True]


def test_a_prefix_that_betters_a_poor_curve_is_the_best_known() -> None:
    problem = Problem(csr_array(np.eye(3) * 60.0), np.array([9.0, 8, 7]))
    curve = coverage_curve(problem, Effort(), points=[1, 2, 3], solver=by_trial)
    curve = curve.assign(newly_covered=[7.0, 15, 24], chosen=[(2,), (1, 2), (0, 1, 2)], status="feasible")
    plan = by_trial(problem, MaximalCovering(), Effort())
    table = build_order(problem, plan, Effort(), curve=curve, solver=by_trial)
    assert (table["best"] >= table["cumulative"]).all()
    assert table["loss"].tolist() == [0, 0, 0]


def town(rows: int, seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    reach = rng.random((rows, 150)) < 0.12
    return Problem(csr_array(reach * rng.integers(60, 900, reach.shape) * 1.0), rng.integers(1, 60, 150) * 1.0)


@pytest.mark.parametrize("seed", range(4))
def test_the_heuristic_order_is_near_the_exact_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = town(9, seed)
    left = subset_costs(problem, np.arange(9), MaximalCovering())
    whole = problem.people.sum()
    best = np.array(
        [0.0, *(by_trial(problem.under(stations=k), MaximalCovering(), Effort()).objective for k in range(1, 10))]
    )

    def worst(order: np.ndarray) -> float:
        return float(losses_of(left.along(order), np.arange(10), whole - best, best).max())

    exact = worst(best_sequence(left, whole - best, best))
    monkeypatch.setattr(sequence, "EXACT_UP_TO", 2)
    heuristic = worst(best_sequence(left, whole - best, best))
    greedy = worst(sequence._from_the_front(left))
    assert exact - 1e-9 <= heuristic <= greedy
    assert heuristic <= exact + 0.01


def test_a_long_order_is_no_worse_than_the_greedy_one_and_stays_nested() -> None:
    problem = town(60, 7)
    rows = np.arange(0, 60, 2)
    left = subset_costs(problem, rows, MaximalCovering())
    whole = problem.people.sum()
    # Half of what all within reach could be is a scale as good as any.
    best = whole * (1 - 0.9 ** np.arange(31.0))
    order = best_sequence(left, whole - best, best)
    assert sorted(order.tolist()) == list(range(30))

    def worst(order: np.ndarray) -> float:
        return float(losses_of(left.along(order), np.arange(31), whole - best, best).max())

    assert worst(order) <= min(worst(sequence._from_the_front(left)), worst(sequence._from_the_back(left)))
    assert order.tolist() == best_sequence(left, whole - best, best).tolist()


def test_the_first_to_be_built_need_not_be_the_largest() -> None:
    # Rows 1 and 2 cover all; row 0, the best alone, is not in the plan.
    reach = np.array([[0, 1, 1, 1, 0], [1, 1, 0, 0, 0], [0, 0, 1, 1, 1]])
    problem = Problem(csr_array(reach * 60.0), np.array([10.0, 30, 30, 30, 10]))
    table = build_order(problem, 2, Effort(), solver=by_trial)
    assert table["row"].tolist() == [2, 1]
    assert table["cumulative"].tolist() == [70, 110]
    assert table["best"].tolist() == [90, 110]
    assert table["loss"].tolist() == [20, 0]
    assert table["loss_share"].tolist() == pytest.approx([2 / 9, 0])


def test_a_curve_that_is_given_is_not_solved_again() -> None:
    problem = town(7, 3)
    curve = coverage_curve(problem, Effort(), solver=by_trial)
    plan = by_trial(problem.under(stations=4), MaximalCovering(), Effort())

    def refuse(*_: object) -> Solution:
        raise AssertionError

    with_curve = build_order(problem, plan, Effort(), curve=curve, solver=refuse)
    alone = build_order(problem, plan, Effort(), solver=by_trial)
    assert with_curve.equals(alone)


def test_rows_that_do_not_count_stand_first() -> None:
    counted = np.array([True, False, True])
    problem = Problem(csr_array(np.eye(3) * 60.0), np.array([5.0, 1, 9]), Rules(counted=counted))
    table = build_order(problem, 2, Effort(), solver=by_trial)
    assert table["row"].tolist() == [1, 2, 0]
    assert table["rank"].tolist() == [0, 1, 2]
    assert table["cumulative"].tolist() == [1, 10, 15]
    assert math.isnan(table["best"].iloc[0])


def test_sizes_at_which_forced_rows_leave_no_plan_are_not_judged() -> None:
    problem = Problem(csr_array(np.eye(3) * 60.0), np.array([5.0, 1, 9]), Rules(forced=np.array([True, True, False])))
    table = build_order(problem, 3, Effort(), solver=by_trial)
    assert table["best"].isna().tolist() == [True, False, False]
    # Nothing is asked of the first alone; the forced rows together are the best two.
    assert sorted(table["row"].tolist()[:2]) == [0, 1]
    assert table["loss"].tolist()[1:] == [0, 0]


def test_a_plan_of_nothing_has_an_empty_order() -> None:
    problem = Problem(csr_array(np.zeros((2, 2))), np.ones(2))
    table = build_order(problem, 2, Effort(), solver=by_trial)
    assert table.empty
    assert "loss_share" in table


def test_what_has_no_order_is_refused() -> None:
    problem = town(3, 1)
    with pytest.raises(ValueError, match="infeasible"):
        build_order(problem, NONE, Effort(), solver=by_trial)
    with pytest.raises(ValueError, match="objective"):
        build_order(problem, 2, Effort(), model=PMedian(), solver=by_trial)
    assert objective_of(problem, np.array([0]), MaximalCovering()) == covered(problem, [0])


def test_who_walks_longer_than_those_beyond_counts_as_beyond() -> None:
    rng = np.random.default_rng(0)
    times = csr_array(np.where(rng.random((6, 20)) < 0.5, rng.integers(1, 9, (6, 20)) * 100.0, 0.0))
    problem = Problem(times, rng.integers(1, 9, 20).astype(float), Rules(stations=3))
    model = PMedian(beyond_s=300.0)
    found = solve(problem, model, Effort())
    order = build_order(problem, 3, Effort(), model=model)
    assert order["cumulative"].iloc[-1] == order["best"].iloc[-1] == found.objective
    assert (order["gain"] >= 0.0).all()
    left = subset_costs(problem, found.chosen, model)
    assert left.along(np.arange(found.chosen.size))[[0, -1]].tolist() == [300.0 * problem.people.sum(), found.objective]


def test_a_loss_is_relative_and_none_within_the_tolerance_or_where_nothing_is_allowed() -> None:
    left, allowed = np.array([5.0, 6.0, 5.0 + 1e-12, 7.0]), np.array([5.0, 5.0, 5.0, np.nan])
    assert losses_of(left, np.arange(4), allowed, np.array([1.0, 2.0, 1.0, 1.0])).tolist() == [0.0, 0.5, 0.0, 0.0]


def test_from_the_back_the_site_goes_whose_people_the_others_cover() -> None:
    # Sites 0 and 2 cover what site 1 covers. Without it, site 0 alone covers 5 + 1 people, site 2 alone 3 + 4.
    sets = csr_array(np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=float))
    costs = SubsetCosts(sets, np.array([5.0, 1.0, 3.0, 4.0]), 0.0)
    assert sequence._from_the_back(costs).tolist() == [2, 0, 1]


@pytest.mark.parametrize(("count", "worst"), [(2, 0), (5, 2), (6, 6), (7, 1)])
def test_pairs_to_exchange_are_those_around_the_worst_prefix_and_all_near_ones_once(count: int, worst: int) -> None:
    pairs = list(sequence._pairs(count, worst))
    every = {(i, j) for i in range(count) for j in range(i + 1, count)}
    assert {*pairs} == {(i, j) for i, j in every if i < worst <= j or j - i <= 2}
    assert len(pairs) == len({*pairs})
