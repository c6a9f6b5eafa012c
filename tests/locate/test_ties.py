"""Ties are broken by one rule, whatever solves: nothing redundant is open, and no earlier site does as well."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.milp import solve_milp
from siting.locate.milp.evaluate import evaluate
from siting.locate.milp.models import milp_of
from siting.locate.milp.ties import without_redundant
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


def test_with_capacity_a_site_that_serves_nobody_is_closed_and_one_that_serves_stays() -> None:
    # Everybody walks to site 0; the walk to site 1 is longer.
    times, room = np.array([[60.0, 60.0], [0.0, 600.0]]), np.array([7.0, 7.0])
    problem = Problem(csr_array(times), np.array([4.0, 3.0]), Rules(stations=2, capacity=room))
    milp = milp_of(problem, PMedian(BEYOND_S))
    both = evaluate(milp, np.array([0, 1]))
    assert both is not None
    assert without_redundant(milp, both).chosen.tolist() == [0]
    # Three people have no room at site 0.
    tight = milp_of(replace(problem, rules=Rules(stations=2, capacity=np.array([4.0, 7.0]))), PMedian(BEYOND_S))
    needed = evaluate(tight, np.array([0, 1]))
    assert needed is not None
    assert without_redundant(tight, needed).chosen.tolist() == [0, 1]
