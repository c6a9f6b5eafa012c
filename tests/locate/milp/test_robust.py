"""The promise over drawn populations against every choice of sites."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.domain.nouns import Floats
from siting.locate.milp.robust import solve_robust
from siting.locate.problem import Effort, MaximalCovering, Problem
from siting.locate.solve import solve
from tests.drawing import examples
from tests.locate.milp.test_compliance import allowed, case

SEEDS = st.integers(0, 10_000_000)
SHARES = st.sampled_from([1.0, 0.9, 0.75, 0.5])


def drawn(seed: int) -> tuple[Problem, Floats]:
    """Draw sites with the rules of compliance cases, and populations of seven points."""
    rules = case(seed)[0].rules
    rng = np.random.default_rng(seed + 2)
    sites = case(seed)[0].sites
    problem = Problem(csr_array((rng.random((sites, 7)) < 0.4) * 60.0), np.ones(7), rules)
    base = rng.integers(0, 40, 7).astype(np.float64)
    whole = rng.random() < 0.5
    factors = rng.integers(0, 4, (int(rng.integers(1, 9)), 7)) if whole else rng.lognormal(0.0, 0.7, (8, 7))
    return problem, base * factors


def newly(problem: Problem, people: Floats, chosen: tuple[int, ...]) -> float:
    reach = problem.times.toarray() > 0
    standing = reach[problem.kept].any(axis=0)
    return float(people[reach[list(chosen)].any(axis=0) & ~standing].sum())


def best_of_all(problem: Problem, draws: Floats, share: float) -> tuple[float, float] | None:
    """Return the highest promise, and the highest mean with it."""
    found = []
    for count in range(problem.sites + 1):
        for chosen in itertools.combinations(range(problem.sites), count):
            if allowed(problem, chosen):
                covered = sorted((newly(problem, people, chosen) for people in draws), reverse=True)
                holds = covered[math.ceil(share * len(draws) - 1e-9) - 1]
                found.append((round(holds, 9), float(np.mean(covered))))
    return max(found, default=None)


@settings(deadline=None, max_examples=examples(60), derandomize=True)
@given(st.lists(st.tuples(SEEDS, SHARES), min_size=6, max_size=6))
def test_the_promise_is_the_best_of_all(cases: list[tuple[int, float]]) -> None:
    for seed, share in cases:
        problem, draws = drawn(seed)
        best, found = best_of_all(problem, draws, share), solve_robust(problem, draws, share, solve, Effort())
        if best is None:
            assert (found.status, found.stages) == ("infeasible", ())
            continue
        assert (found.status, found.stopped_by) == ("optimal", "proved")
        assert allowed(problem, tuple(found.chosen.tolist()))
        assert [stage.name for stage in found.stages] == ["promised", "covered"]
        assert [stage.objective for stage in found.stages] == pytest.approx(list(best), abs=1e-6)


@settings(deadline=None, max_examples=examples(40), derandomize=True)
@given(SEEDS)
def test_one_population_is_maximal_covering(seed: int) -> None:
    problem, draws = drawn(seed)
    one = Problem(problem.times, draws[0], problem.rules)
    plain, robust = solve(one, MaximalCovering(), Effort()), solve_robust(problem, draws[:1], 0.9, solve, Effort())
    assert robust.status == plain.status
    if plain.stages:
        assert [stage.objective for stage in robust.stages] == pytest.approx([plain.objective] * 2, abs=1e-6)


@settings(deadline=None, max_examples=examples(40), derandomize=True)
@given(SEEDS)
def test_a_promise_in_fewer_populations_is_never_lower(seed: int) -> None:
    problem, draws = drawn(seed)
    found = [solve_robust(problem, draws, share, solve, Effort()) for share in (1.0, 0.75, 0.5)]
    if found[0].stages:
        promised = [each.stages[0].objective for each in found]
        assert promised == sorted(promised)
