"""The p-median against all choices, known optima and its own laws."""

import csv
import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from siting.locate.median import p_median
from siting.locate.problem import Effort, PMedian, Problem, Rules

NO_MORE = 1e-9


def problem_of(times: NDArray[np.float64], value: NDArray[np.float64], **rules: object) -> Problem:
    """Times with nan where a row does not reach a point."""
    row, point = np.nonzero(~np.isnan(times))
    start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(times)))])
    pairs = csr_array((times[row, point], point, start), shape=times.shape)
    return Problem(pairs, np.ones(times.shape[1]), Rules(**rules), weights=value)  # type: ignore[arg-type]


def nearest(problem: Problem, rows: tuple[int, ...]) -> NDArray[np.float64]:
    times = np.full(problem.times.shape, np.inf)
    for row in range(problem.rows):
        times[row, problem.points_of(row)] = problem.times.data[problem.times.indptr[row] : problem.times.indptr[row + 1]]
    stand = [*np.flatnonzero(problem.kept), *rows]
    return times[stand].min(axis=0) if stand else np.full(times.shape[1], np.inf)


def choices(problem: Problem) -> list[tuple[int, ...]]:
    """Return every choice that keeps to the rules."""
    forced = [] if problem.rules.forced is None else list(np.flatnonzero(problem.rules.forced & ~problem.kept))
    if not np.all(problem.open_to_choice[forced]):
        return []
    free = [row for row in np.flatnonzero(problem.open_to_choice) if row not in forced]
    most = problem.rows if problem.rules.stations is None else problem.rules.stations
    return [
        tuple(sorted([*forced, *more]))
        for count in range(most - len(forced) + 1)
        for more in itertools.combinations(free, count)
    ]


def seconds(problem: Problem, rows: tuple[int, ...], beyond_s: float) -> float:
    return math.fsum(problem.value * np.minimum(nearest(problem, rows), beyond_s))


def staged(problem: Problem, rows: tuple[int, ...]) -> tuple[float, float]:
    near = nearest(problem, rows)
    reached = np.isfinite(near)
    return math.fsum(problem.value[~reached]), math.fsum(problem.value[reached] * near[reached])


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    seed = draw(st.integers(0, 2**32 - 1))
    rows, points = draw(st.integers(1, 8)), draw(st.integers(1, 12))
    made = np.random.default_rng(seed)
    whole = draw(st.booleans())
    times = made.integers(0, 20, (rows, points)).astype(float) if whole else made.uniform(0, 900, (rows, points))
    times[made.random((rows, points)) < draw(st.sampled_from([0.0, 0.4, 0.8]))] = np.nan
    value = made.integers(0, 6, points).astype(float) if whole else made.gamma(1.0, 5.0, points)
    share = draw(st.sampled_from([0.0, 0.25]))
    stations = draw(st.one_of(st.none(), st.integers(0, 4)))
    kept, forced, forbidden = (made.random(rows) < share for _ in range(3))
    forbidden &= ~kept if draw(st.booleans()) else ~kept & ~forced
    return problem_of(times, value, stations=stations, kept=kept, forced=forced, forbidden=forbidden)


@settings(max_examples=25, deadline=None)
@given(problems(), st.sampled_from([0.0, 7.0, 15.0, 600.0, 2000.0]))
def test_total_time_is_the_least_of_all_choices(problem: Problem, beyond_s: float) -> None:
    found = p_median(problem, PMedian(beyond_s), Effort())
    every = choices(problem)
    if not every:
        assert found.status == "infeasible"
        assert "forced" in found.blocked_by
        return
    best = min(seconds(problem, rows, beyond_s) for rows in every)
    assert found.status == "optimal"
    assert found.stopped_by == "proved"
    assert found.objective == pytest.approx(best, rel=NO_MORE, abs=1e-9)
    assert found.bound <= best * (1 + NO_MORE)
    assert tuple(found.chosen) in set(every)
    assert found.objective == seconds(problem, tuple(found.chosen), beyond_s)


@settings(max_examples=25, deadline=None)
@given(problems())
def test_two_stages_are_the_least_of_all_choices(problem: Problem) -> None:
    found = p_median(problem, PMedian(), Effort())
    every = choices(problem)
    if not every:
        assert found.status == "infeasible"
        return
    best = min(staged(problem, rows) for rows in every)
    beyond = best[0] * (1 + NO_MORE) + NO_MORE
    walked = min(walk for left, walk in (staged(problem, rows) for rows in every) if left <= beyond)
    assert [stage.name for stage in found.stages] == ["beyond", "seconds"]
    assert found.status == "optimal"
    assert found.stages[0].objective == pytest.approx(best[0], rel=NO_MORE, abs=1e-9)
    assert found.objective == pytest.approx(walked, rel=NO_MORE, abs=1e-9)
    assert tuple(found.chosen) in set(every)
    assert staged(problem, tuple(found.chosen)) == (found.stages[0].objective, found.objective)
