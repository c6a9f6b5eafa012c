"""Ties are broken by one rule, whatever solves: nothing redundant is open, and no earlier site does as well."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.milp import solve_milp
from siting.locate.problem import Effort, MaximalCovering, Model, PMedian, Problem, Rules, SetCovering, Solver
from siting.locate.solve import solve
from tests.drawing import examples

SHARE = 0.7
BEYOND_S = 900.0
MODELS: dict[str, Model] = {"mclp": MaximalCovering(), "lscp": SetCovering(SHARE), "p_median": PMedian(BEYOND_S)}


def value_of(problem: Problem, model: Model, chosen: list[int]) -> float:
    """What a choice costs, by hand: fewer is better, inf if it covers too few."""
    times = problem.times.toarray()
    reached = times[chosen] > 0
    if isinstance(model, PMedian):
        nearest = np.where(reached, times[chosen], BEYOND_S).min(axis=0, initial=BEYOND_S)
        return float(problem.people @ nearest)
    covered = float(problem.people @ reached.any(axis=0))
    if isinstance(model, MaximalCovering):
        return -covered
    return float(len(chosen)) if covered >= SHARE * problem.people.sum() * (1 - 1e-12) else math.inf


@pytest.mark.parametrize("by", [solve, solve_milp])
@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=examples(25), deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_open_site_can_go_or_be_exchanged_for_an_earlier_one(name: str, by: Solver, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sites, points = int(rng.integers(3, 9)), int(rng.integers(3, 9))
    # Few different times and equal people, so that there are many ties.
    times = rng.choice([60.0, 300.0], (sites, points)) * (rng.random((sites, points)) < 0.5)
    stations = None if name == "lscp" else int(rng.integers(1, sites))
    problem, model = Problem(csr_array(times), np.ones(points), Rules(stations=stations)), MODELS[name]
    found = by(problem, model, Effort())
    if found.status == "infeasible":
        return
    assert found.status == "optimal"
    chosen = found.chosen.tolist()
    value = value_of(problem, model, chosen)
    for site in chosen:
        rest = [each for each in chosen if each != site]
        assert value_of(problem, model, rest) > value
        for earlier in set(range(site)) - {*chosen}:
            assert value_of(problem, model, sorted([*rest, earlier])) > value, (site, earlier)
