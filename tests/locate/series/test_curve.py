"""The curve of what stations or money can cover: against all choices, and the laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.problem import Effort, MaximalCovering, Model, Problem, Rules, Solution, Stage
from siting.locate.series import coverage_curve
from siting.locate.series.curve import sizes_up_to
from tests.drawing import examples
from tests.locate.series.reference import by_trial, choices, covered, persons, problems

FEW = settings(deadline=None, max_examples=examples(25))


def sloppy(seed: int) -> object:
    """A solver whose plans are any that keep to the rules, and whose bounds hold but are loose."""
    rng = np.random.default_rng(seed)

    def solve(problem: Problem, model: Model, effort: Effort) -> Solution:
        best = by_trial(problem, model, effort)
        if not isinstance(model, MaximalCovering) or not best.stages:
            return best
        plans = choices(problem)
        rows = plans[int(rng.integers(len(plans)))]
        stage = Stage("covered", "max", covered(problem, rows), best.objective * rng.uniform(1.0, 1.5))
        return Solution(np.array(rows, dtype=np.int64), "feasible", (stage,), "nodes", "sloppy")

    return solve


@FEW
@given(problems(), st.sampled_from(["stations", "budget"]))
def test_every_point_is_the_best_of_all_choices(problem: Problem, by: str) -> None:
    curve = coverage_curve(problem, Effort(), by=by, solver=by_trial)  # type: ignore[arg-type]
    assert curve["limit"].iloc[0] == 0
    for point in curve.to_dict("records"):
        limited = problem.under(**{by: int(point["limit"]) if by == "stations" else point["limit"]})
        best = by_trial(limited, MaximalCovering(), Effort())
        assert point["newly_covered"] == pytest.approx(best.objective, abs=1e-9)
        assert point["bound"] == pytest.approx(best.objective, abs=1e-9)
        assert point["status"] == "optimal"
        assert covered(problem, point["chosen"]) == pytest.approx(point["newly_covered"])
        assert persons(problem, point["chosen"]) == pytest.approx(point["covered"])
        assert point["chosen"] in choices(limited)
    unlimited = by_trial(problem, MaximalCovering(), Effort())
    assert curve["newly_covered"].iloc[-1] == pytest.approx(unlimited.objective, abs=1e-9)


@FEW
@given(problems(), st.integers(0, 1000), st.sampled_from(["stations", "budget"]))
def test_points_of_a_poor_solver_serve_one_another_and_stay_true(problem: Problem, seed: int, by: str) -> None:
    curve = coverage_curve(problem, Effort(), by=by, solver=sloppy(seed))  # type: ignore[arg-type]
    assert np.all(np.diff(curve["newly_covered"]) >= 0)
    assert np.all(np.diff(curve["bound"]) >= -1e-9)
    assert np.all(curve["bound"] >= curve["newly_covered"])
    for point in curve.to_dict("records"):
        limited = problem.under(**{by: int(point["limit"]) if by == "stations" else point["limit"]})
        best = by_trial(limited, MaximalCovering(), Effort())
        assert point["newly_covered"] <= best.objective + 1e-9
        assert point["bound"] >= best.objective - 1e-9
        assert covered(problem, point["chosen"]) == pytest.approx(point["newly_covered"])
        assert point["chosen"] in choices(limited)


def blocks(sizes: list[float]) -> Problem:
    """Each row reaches the people of one point."""
    return Problem(csr_array(np.eye(len(sizes)) * 60.0), np.array(sizes), Rules(costs=np.full(len(sizes), 2.5e5)))


def test_a_bound_of_fewer_stations_bounds_more_of_them() -> None:
    def solver(problem: Problem, model: Model, effort: Effort) -> Solution:
        best = by_trial(problem, model, effort)
        if problem.rules.stations in {1, 2}:
            return best
        stage = best.stages[0]
        return Solution(best.chosen, "feasible", (Stage(stage.name, stage.sense, stage.objective, 1e9),), "time", "")

    curve = coverage_curve(blocks([40.0, 30, 20, 10, 8, 6]), Effort(), points=[1, 2, 3, 4], solver=solver)
    # Two stations cover 70; a third at most half of that more, and no more than the best alone.
    assert curve["bound"].tolist() == [40, 70, 105, 114]
    assert curve["newly_covered"].tolist() == [40, 70, 90, 100]
    assert curve["gap"].tolist() == pytest.approx([0, 0, 15 / 90, 14 / 100])
    assert curve["status"].tolist() == ["optimal", "optimal", "feasible", "feasible"]


def test_forced_rows_lend_no_bounds_upwards_and_fewer_stations_have_no_plan() -> None:
    problem = blocks([1.0, 50, 40]).under(forced=np.array([True, False, False]))
    curve = coverage_curve(problem, Effort(), points=[0, 1, 2, 3], solver=by_trial)
    assert curve["status"].tolist() == ["infeasible", "optimal", "optimal", "optimal"]
    assert curve["newly_covered"].tolist()[1:] == [1, 51, 91]
    assert math.isnan(curve["newly_covered"].iloc[0])
    assert curve["chosen"].iloc[0] == ()


def test_shares_are_of_all_people_and_of_all_value() -> None:
    problem = Problem(
        csr_array(np.array([[60.0, 0, 0, 0], [0, 60.0, 60.0, 0]])),
        np.array([10.0, 20, 30, 40]),
        Rules(kept=np.array([True, False])),
        weights=np.array([1.0, 1, 2, 6]),
    )
    last = coverage_curve(problem, Effort(), solver=by_trial).iloc[-1]
    assert (last["limit"], last["stations"], last["newly_covered"]) == (1, 1, 3)
    assert (last["covered"], last["covered_share"]) == (60, 0.6)
    assert (last["value_share"], last["bound_share"]) == (0.4, 0.4)
    assert math.isnan(last["cost"])


def test_nobody_left_to_cover_is_one_point() -> None:
    problem = Problem(csr_array(np.zeros((2, 3))), np.array([1.0, 2, 3]))
    curve = coverage_curve(problem, Effort(), solver=by_trial)
    assert curve[["limit", "newly_covered", "bound", "gap"]].to_numpy().tolist() == [[0, 0, 0, 0]]


def test_an_interrupted_curve_keeps_what_it_has() -> None:
    asked = []

    def interrupted() -> bool:
        asked.append(1)
        return len(asked) > 3

    problem = blocks([float(40 - row) for row in range(8)])
    curve = coverage_curve(problem, Effort(interrupted=interrupted), points=list(range(9)), solver=by_trial)
    assert np.all(np.diff(curve["newly_covered"].dropna()) >= 0)
    assert np.all(curve["bound"] >= curve["newly_covered"].fillna(0))
    assert (curve["stopped_by"] == "interrupt").any()
    assert curve.loc[curve["limit"] == 8, "status"].item() == "optimal"


def test_ctrl_c_between_two_points_keeps_what_is_there() -> None:
    asked = []

    def solver(problem: Problem, model: Model, effort: Effort) -> Solution:
        asked.append(1)
        if len(asked) > 2:
            raise KeyboardInterrupt
        return by_trial(problem, model, effort)

    curve = coverage_curve(blocks([5.0, 4, 3, 2]), Effort(), points=[1, 2, 3, 4], solver=solver)
    assert curve["newly_covered"].tolist() == [5, 5, 5, 14]
    assert curve["bound"].tolist() == [5, 10, 14, 14]
    assert curve["stopped_by"].tolist() == ["proved", "interrupt", "interrupt", "proved"]


def test_no_time_leaves_a_bound_all_the_same() -> None:
    curve = coverage_curve(blocks([5.0, 4.0]), Effort(time_limit_s=0.0), points=[1, 2], solver=by_trial)
    assert curve["bound"].tolist() == [9, 9]
    assert curve["newly_covered"].tolist() == [0, 0]
    assert curve["stopped_by"].tolist() == ["time", "time"]
    forced = blocks([5.0, 4.0]).under(forced=np.array([True, False]))
    assert coverage_curve(forced, Effort(time_limit_s=0.0), points=[1], solver=by_trial)["status"].item() == "unknown"


def test_numbers_go_one_by_one_and_then_by_tenths() -> None:
    assert sizes_up_to(0) == [0]
    assert sizes_up_to(3) == [0, 1, 2, 3]
    assert sizes_up_to(60)[-4:] == [49, 50, 55, 60]
    long = sizes_up_to(2000)
    assert long[-1] == 2000
    assert len(long) < 100
    assert np.all(np.diff(long) >= 1)


def test_money_goes_in_round_steps_to_the_cost_of_all() -> None:
    curve = coverage_curve(blocks([5.0, 4.0, 3.0]), Effort(), by="budget", solver=by_trial)
    limits = curve["limit"].tolist()
    assert (limits[0], limits[1], limits[-1]) == (0, 5_000, 750_000)
    assert limits[19:24] == [95_000, 100_000, 110_000, 125_000, 140_000]
    assert len(limits) < 60
    assert curve["stations"].iloc[-1] == 3
    assert (curve["cost"] <= curve["limit"]).all()
    assert curve.loc[curve["limit"] == 265_000, "newly_covered"].item() == 5


def test_money_ends_at_the_least_cost_of_all_not_at_the_fewest_stations() -> None:
    reach = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]])
    problem = Problem(csr_array(reach * 60.0), np.ones(4), Rules(costs=np.array([9e5, 2e5, 3e5])))
    assert coverage_curve(problem, Effort(), by="budget", solver=by_trial)["limit"].iloc[-1] == 5e5
    assert coverage_curve(problem, Effort(), solver=by_trial)["limit"].iloc[-1] == 1


def test_what_no_curve_can_mean_is_refused() -> None:
    problem = Problem(csr_array(np.eye(2) * 60.0), np.ones(2))
    with pytest.raises(ValueError, match="costs"):
        coverage_curve(problem, Effort(), by="budget", solver=by_trial)
    with pytest.raises(ValueError, match="finite"):
        coverage_curve(problem, Effort(), points=[-1], solver=by_trial)


def test_a_curve_of_stations_with_capacity_ends_where_more_of_them_serve_no_more() -> None:
    # Three sites with room for 4 of the 5 people that each reaches; no costs are given.
    reach = np.repeat(np.eye(3), 5, axis=1)
    problem = Problem(csr_array(reach * 60.0), np.ones(15), Rules(capacity=np.full(3, 4.0)))
    curve = coverage_curve(problem, Effort())
    assert curve["limit"].tolist() == [0, 1, 2, 3]
    assert curve["newly_covered"].tolist() == pytest.approx([0.0, 4.0, 8.0, 12.0])
    assert curve["bound"].tolist() == pytest.approx([0.0, 4.0, 8.0, 12.0])
