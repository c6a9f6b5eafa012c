"""Curve, build order and alternatives by the solver itself, against all choices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.problem import Effort, MaximalCovering, Model, PMedian, Problem, Rules, SetCovering
from siting.locate.series import alternatives, build_order, coverage_curve
from siting.locate.solve import solve
from tests.drawing import examples
from tests.locate.series.reference import by_trial, problems

FEW = settings(deadline=None, max_examples=examples(10))


@FEW
@given(problems(), st.sampled_from(["stations", "budget"]))
def test_the_curve_as_all_choices_say(problem: Problem, by: str) -> None:
    curve = coverage_curve(problem, Effort(), by=by)  # type: ignore[arg-type]
    limits = curve["limit"].tolist()
    exact = coverage_curve(problem, Effort(), by=by, points=limits, solver=by_trial)  # type: ignore[arg-type]
    assert curve["newly_covered"].to_numpy() == pytest.approx(exact["newly_covered"].to_numpy(), abs=1e-6)
    assert curve["bound"].to_numpy() == pytest.approx(exact["bound"].to_numpy(), abs=1e-6)
    end = by_trial(problem, MaximalCovering(), Effort())
    assert curve["newly_covered"].iloc[-1] == pytest.approx(end.objective, abs=1e-6)


@FEW
@given(problems(), st.sampled_from([MaximalCovering(), PMedian(beyond_s=1800.0)]), st.integers(1, 5))
def test_the_build_order_as_all_choices_say(problem: Problem, model: MaximalCovering | PMedian, stations: int) -> None:
    table = build_order(problem, stations, Effort(), model=model)
    plan = solve(problem.under(stations=stations), model, Effort())
    exact = build_order(problem, plan, Effort(), model=model, solver=by_trial)
    for column in ("cumulative", "best", "bound", "loss"):
        assert table[column].to_numpy(float) == pytest.approx(exact[column].to_numpy(float), abs=1e-5)


@FEW
@given(
    problems(most=5),
    st.sampled_from([MaximalCovering(), PMedian(beyond_s=1800.0), SetCovering(share=0.4)]),
    st.integers(1, 2),
)
def test_the_first_alternative_as_all_choices_say(problem: Problem, model: Model, differ: int) -> None:
    problem = problem if isinstance(model, SetCovering) else problem.under(stations=3)
    best = by_trial(problem, model, Effort())
    if not best.stages:
        return
    ours, exact = (
        alternatives(problem, model, best, Effort(), count=1, within=0.3, differ=differ, solver=solver)
        for solver in (solve, by_trial)
    )
    assert ours.plans["objective"].tolist() == pytest.approx(exact.plans["objective"].tolist())
    if len(exact.plans) == 1:
        assert ours.complete == exact.complete


def test_a_curve_of_hundreds_of_sites_is_within_what_was_asked() -> None:
    rng = np.random.default_rng(8)
    at, homes = rng.random((150, 2)), rng.random((1500, 2))
    metres = np.hypot(*(at[:, None] - homes[None]).transpose(2, 0, 1))
    problem = Problem(csr_array(np.where(metres < 0.09, metres * 9000 + 1, 0)), rng.integers(1, 30, 1500) * 1.0)
    curve = coverage_curve(problem, Effort(rel_gap=0.005, time_limit_s=30), points=[*range(1, 13), 20, 40, 60])
    assert curve["gap"].max() <= 0.005
    assert np.all(np.diff(curve["newly_covered"]) >= 0)
    for point in curve.to_dict("records"):
        reached = problem.reached_by(np.array(point["chosen"], dtype=np.int64))
        assert problem.people[reached].sum() == point["newly_covered"]
        assert len(point["chosen"]) <= point["limit"]


def test_prefixes_with_capacity_serve_no_more_than_they_can() -> None:
    reach = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    rules = Rules(stations=2, capacity=np.array([50.0, 200, 60]))
    problem = Problem(csr_array(reach * 60.0), np.array([40.0, 50.0, 60.0, 30.0]), rules)
    plan = solve(problem, MaximalCovering(), Effort())
    table = build_order(problem, plan, Effort())
    # Row 1 serves 110 alone; then row 2 serves 30 more at its other point, or row 0 the 40 of its own.
    assert table["row"].tolist() == [1, 0]
    assert table["cumulative"].tolist() == pytest.approx([110, 150])
    assert table["best"].tolist() == pytest.approx([110, 150])
