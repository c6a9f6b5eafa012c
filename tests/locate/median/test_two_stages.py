"""The second stage where it is not proved at once: bounds hold, and are near."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.locate.generator import random_state
from siting.locate.median import p_median
from siting.locate.median.instance import Costs, instance_of
from siting.locate.median.interchange import chosen
from siting.locate.median.oscillation import Pricing, oscillate
from siting.locate.problem import Effort, PMedian, Problem, Rules

CUT_OFF_S = 1200.0


def town(seed: int, sites: int, points: int, side: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times (inf beyond the cut-off) and whole persons."""
    made = np.random.default_rng(seed)
    homes, stations = made.random((points, 2)) * side, made.random((sites, 2)) * side
    times = np.linalg.norm(stations[:, None] - homes[None], axis=2) * 60.0
    times[times > CUT_OFF_S] = np.inf
    return times, np.ceil(made.gamma(0.8, 6.0, points))


def problem_of(times: NDArray[np.float64], people: NDArray[np.float64], stations: int) -> Problem:
    row, point = np.nonzero(np.isfinite(times))
    start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(times)))])
    return Problem(csr_array((times[row, point], point, start), shape=times.shape), people, Rules(stations=stations))


def staged(times: NDArray[np.float64], people: NDArray[np.float64], rows: tuple[int, ...]) -> tuple[float, float]:
    near = times[list(rows)].min(axis=0)
    reached = np.isfinite(near)
    return float(people[~reached].sum()), float(people[reached] @ near[reached])


# With the smaller side the stations reach everybody, with the larger ones they do not.
@pytest.mark.parametrize("side", [32.0, 45.0, 60.0])
def test_nothing_is_better_of_all_choices_of_four(side: float) -> None:
    for seed in range(3):
        times, people = town(seed, 22, 150, side)
        best = min(staged(times, people, rows) for rows in itertools.combinations(range(22), 4))
        found = p_median(problem_of(times, people, 4), PMedian(), Effort())
        assert found.status == "optimal"
        assert [stage.objective for stage in found.stages] == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize(("side", "stations", "all_reached"), [(60.0, 20, True), (150.0, 8, False)])
def test_a_search_that_stops_early_bounds_the_second_stage_closely(
    side: float, stations: int, *, all_reached: bool
) -> None:
    times, people = town(3, 200, 1000, side)
    problem = problem_of(times, people, stations)
    proved = p_median(problem, PMedian(), Effort())
    assert proved.status == "optimal"
    assert (proved.stages[0].objective == 0.0) == all_reached
    told: list[tuple[float, float]] = []
    hurried = p_median(problem, PMedian(), Effort(max_nodes=0, report=lambda best, bound: told.append((best, bound))))
    # Where the first stage reached fewer, more choices are allowed in the second, and its bound is the lower for it.
    assert hurried.stages[0].objective >= proved.stages[0].objective
    assert hurried.bound <= proved.objective
    assert hurried.stages[1].gap <= 0.005
    assert told
    assert all(bound <= proved.objective for _, bound in told)
    if all_reached:
        assert hurried.objective >= proved.objective


def test_oscillation_finds_what_it_says() -> None:
    times, people = town(5, 60, 400, 60.0)
    walked = np.where(np.isfinite(times), times, 0.0) * people
    row, point = np.nonzero(np.isfinite(times))
    pairs = csr_array((walked[row, point], (row, point)), shape=times.shape)
    least = people * CUT_OFF_S * 1.001
    instance = instance_of(Costs(pairs, least.copy()), np.zeros(60, dtype=np.bool_), np.arange(60))
    begun = np.arange(14)
    # At these prices nobody minds that many are beyond; the prices must rise until few enough are.
    for allowed in (staged(times, people, tuple(begun))[0] / 4.0, 0.0):
        choice = chosen(instance._replace(base=least.copy()), 14, begun)
        pricing = Pricing(people, least, allowed)
        found = oscillate(instance._replace(base=least.copy()), choice, pricing, 400, 1e-6, random_state(0))
        rows = tuple(int(each) for each in found.opened)
        assert len(set(rows)) == 14
        beyond, seconds = staged(times, people, rows)
        assert beyond <= allowed
        assert found.walked == pytest.approx(seconds)
