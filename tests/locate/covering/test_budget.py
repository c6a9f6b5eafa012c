"""Maximal covering within a budget on large problems, against all choices and HiGHS alone."""

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.locate.covering import budget
from siting.locate.covering.budget import budget_covering, is_large_budget
from siting.locate.covering.lagrangian import bound_within
from siting.locate.covering.reduction import reduced
from siting.locate.milp import solve_milp
from siting.locate.milp.constraints import within_budget
from siting.locate.problem import Effort, MaximalCovering, Problem
from siting.locate.solve import solve
from tests.drawing import examples
from tests.locate.covering.test_mclp import covered, district, problems, same


@st.composite
def priced(draw: st.DrawFn) -> Problem:
    problem = draw(problems())
    values = st.sampled_from(draw(st.sampled_from([(1.0, 2.0, 5.0), (0.0, 3.0, 7.0), (0.1, 0.2, 0.7)])))
    costs = np.array(draw(st.lists(values, min_size=problem.sites, max_size=problem.sites)))
    return problem.under(stations=None, costs=costs, budget=draw(st.sampled_from([0.0, 0.3, 3.0, 7.0, 12.0])))


def choices(problem: Problem) -> list[np.ndarray]:
    """Return all choices within the budget."""
    assert problem.rules.forced is not None
    forced = np.flatnonzero(problem.rules.forced & ~problem.kept)
    free = np.setdiff1d(np.flatnonzero(problem.open_to_choice), forced)
    every = chain.from_iterable(combinations(free.tolist(), size) for size in range(len(free) + 1))
    found = (np.sort(np.concatenate([forced, np.array(each, dtype=np.int64)])) for each in every)
    return [each for each in found if within_budget(problem, each)]


@settings(max_examples=examples(60), deadline=None)
@given(priced())
def test_no_choice_within_the_budget_is_better(problem: Problem) -> None:
    if problem.clash or not choices(problem):
        return
    found = budget_covering(problem, Effort())
    best = max(covered(problem, each) for each in choices(problem))
    assert found.status == "optimal"
    assert found.objective == pytest.approx(best)
    assert any(np.array_equal(found.chosen, each) for each in choices(problem))


@settings(max_examples=examples(60), deadline=None)
@given(priced(), st.integers(0, 2**32 - 1))
def test_any_multipliers_bound_every_choice(problem: Problem, seed: int) -> None:
    if problem.clash or not choices(problem):
        return
    reduction = reduced(problem, dominated=False)
    costs = problem.rules.costs
    assert costs is not None
    cover = reduction.cover._replace(cost=costs[reduction.sites])
    left = float(problem.rules.budget or 0.0) - float(costs[reduction.forced].sum())
    multipliers = cover.weight * np.random.default_rng(seed).random(len(cover.weight))
    bound, profit, _ = bound_within(cover, max(left, 0.0), multipliers)
    for chosen in choices(problem):
        value = covered(problem, chosen) - reduction.base
        assert value <= bound + 1e-9
        opened = np.isin(reduction.sites, chosen)
        # What opening a site of negative profit costs, and closing one of positive profit.
        assert value <= bound + 1e-9 + min(profit[opened].min(initial=0.0), -profit[~opened].max(initial=0.0))


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_highs_alone(seed: int, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    problem = district(seed, whole=whole)
    costs = np.random.default_rng(seed).integers(100, 400, problem.sites) * (1.0 if whole else 0.37)
    problem = problem.under(stations=None, costs=costs, budget=8.0 * float(costs.mean()))
    alone = solve_milp(problem, MaximalCovering(), Effort())
    assert not is_large_budget(problem)
    monkeypatch.setattr(budget, "_LARGE", 0)
    found, again = (solve(problem, MaximalCovering(), Effort()) for _ in range(2))
    assert found.status == "optimal"
    assert found.objective == pytest.approx(alone.objective, rel=1e-9)
    assert within_budget(problem, found.chosen)
    assert same(found, again)
    started = budget_covering(problem, Effort(start=alone.chosen, time_limit_s=1e-6))
    assert started.objective == pytest.approx(alone.objective, rel=1e-9)
    assert started.bound >= alone.objective * (1.0 - 1e-9)


def test_other_rules_and_forced_sites_over_the_budget_go_to_highs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "_LARGE", 0)
    costs = np.full(60, 5.0)
    problem = district(0).under(stations=None, costs=costs, budget=20.0)
    assert is_large_budget(problem)
    forced = np.arange(60) < 5
    for changed in (
        problem.under(stations=3),
        problem.under(forced=forced),
        problem.under(capacity=np.full(60, 9.0)),
        replace(problem, rules=replace(problem.rules, at_most=((np.arange(3), 1),))),
    ):
        assert not is_large_budget(changed)
    assert solve(problem.under(forced=forced), MaximalCovering(), Effort()).status == "infeasible"
