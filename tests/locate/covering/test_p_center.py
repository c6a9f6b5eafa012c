"""The p-center: against all choices, known optima, and the laws."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import floyd_warshall

from siting.locate.covering import local_search, maximal_covering, set_covering
from siting.locate.covering import p_center as bisection
from siting.locate.covering.instance import CoveringInstance
from siting.locate.covering.lscp import LeastCost
from siting.locate.covering.p_center import p_center
from siting.locate.deadline import Deadline
from siting.locate.problem import Effort, PCenter, Problem, Rules, SetCovering
from tests.drawing import examples
from tests.locate.covering.cases import Small, cases, san_francisco


def dense(times: np.ndarray, people: np.ndarray, rules: Rules | None = None) -> Problem:
    """A problem in which every row reaches every point, in zero seconds too."""
    sites, points = times.shape
    lists = np.tile(np.arange(points), sites), np.arange(0, sites * points + 1, points)
    return Problem(csr_array((times.ravel(), *lists), shape=times.shape), people, rules or Rules())


@settings(max_examples=examples(25), deadline=None)
@given(cases(), st.sampled_from([0.3, 0.7, 0.9, 1.0]), st.sampled_from([None, 0, 1, 2, 3]))
def test_no_choice_is_better(case: Small, share: float, stations: int | None) -> None:
    found = p_center(case.problem(stations), PCenter(share), Effort())
    best = case.center(share, stations)
    if math.isinf(best):
        assert (found.status, found.chosen.tolist(), found.stages) == ("infeasible", [], ())
        more_forced = len(case.flagged("forced") - case.flagged("kept")) > (stations or 0)
        assert found.blocked_by == (("stations", "forced") if more_forced else ("stations", "reach"))
        return
    chosen = tuple(found.chosen.tolist())
    assert (found.objective, found.bound, found.status) == (best, best, "optimal")
    assert chosen in case.choices(stations)
    usable = case.nearest(tuple(site for site in range(len(case.seconds)) if site not in case.flagged("forbidden")))
    people = np.where(np.isfinite(usable), case.people, 0.0)
    assert best == 0 or case.covers(chosen, share, people, best)


@pytest.mark.parametrize("number", range(1, 21))
def test_or_library(shared: Path, number: int) -> None:
    folder = shared / "instances" / "orlib_pmed"
    with (folder / "optima.csv").open(encoding="utf-8") as file:
        best = {each["instance"]: float(each["p_center"]) for each in csv.DictReader(file)}
    numbers = [int(each) for each in (folder / f"pmed{number}.txt").read_text(encoding="utf-8").split()]
    nodes, _, stations = numbers[:3]
    graph = np.zeros((nodes, nodes))
    for one, other, length in zip(*[iter(numbers[3:])] * 3, strict=True):
        graph[one - 1, other - 1] = graph[other - 1, one - 1] = length
    times = floyd_warshall(graph)
    found = p_center(dense(times, np.ones(nodes), Rules(stations=stations)), PCenter(), Effort(time_limit_s=60.0))
    assert (found.objective, found.status) == (best[f"pmed{number}"], "optimal")
    assert times[found.chosen].min(axis=0).max() == found.objective
    assert len(found.chosen) <= stations


@pytest.mark.parametrize(("stations", "metres"), [(1, 11_577.279), (2, 9_130.759), (3, 7_529.986), (4, 7_403.064)])
def test_san_francisco(shared: Path, stations: int, metres: float) -> None:
    between, people = san_francisco(shared)
    found = p_center(dense(between, people, Rules(stations=stations)), PCenter(), Effort())
    assert found.objective == pytest.approx(metres, abs=1e-3)
    assert found.status == "optimal"


def test_feasible_at_it_and_infeasible_one_step_below() -> None:
    rng = np.random.default_rng(3)
    times = np.hypot(*(rng.random((20, 1, 2)) - rng.random((1, 150, 2))).transpose(2, 0, 1)) * 1000
    people = rng.integers(0, 9, 150).astype(np.float64)
    found = p_center(dense(times, people, Rules(stations=4)), PCenter(0.9), Effort())
    assert found.status == "optimal"
    near = times[found.chosen].min(axis=0)
    assert people[near <= found.objective].sum() >= 0.9 * people.sum()
    assert people[near < found.objective].sum() < 0.9 * people.sum()


def test_nobody_and_the_unreached_do_not_count() -> None:
    times = csr_array(np.array([[30.0, 500.0, 0.0], [40.0, 90.0, 0.0]]))
    problem = Problem(times, np.array([5.0, 0.0, 7.0]), Rules(stations=1))
    assert p_center(problem, PCenter(), Effort()).objective == 30.0
    empty = p_center(Problem(times, np.zeros(3), Rules(stations=1)), PCenter(), Effort())
    assert (empty.objective, empty.chosen.tolist(), empty.status) == (0.0, [], "optimal")


def test_of_equals_the_lowest_is_opened() -> None:
    times = np.array([[60.0, 9.0], [10.0, 20.0], [20.0, 10.0], [20.0, 20.0]])
    assert p_center(dense(times, np.ones(2), Rules(stations=1)), PCenter(), Effort()).chosen.tolist() == [1]


def test_stopped_early_bounds_hold() -> None:
    rng = np.random.default_rng(5)
    times = np.hypot(*(rng.random((60, 1, 2)) - rng.random((1, 400, 2))).transpose(2, 0, 1)) * 1000
    problem = dense(times, np.ones(400), Rules(stations=6))
    best = p_center(problem, PCenter(), Effort()).objective
    coverage_target = iter([False] * 3)
    part = p_center(problem, PCenter(), Effort(interrupted=lambda: next(coverage_target, True)))
    assert part.stopped_by == "interrupt"
    assert part.bound <= best <= part.objective
    at_once = p_center(problem, PCenter(), Effort(time_limit_s=0.0))
    assert at_once.bound <= best <= at_once.objective
    assert at_once.stopped_by == "time"
    told: list[tuple[float, float]] = []
    p_center(problem, PCenter(), Effort(report=lambda objective, bound: told.append((objective, bound))))
    assert told[-1] == (best, best)
    assert all(bound <= best <= objective for objective, bound in told)


def test_what_cannot_be_asked_is_refused() -> None:
    problem = dense(np.ones((2, 2)), np.ones(2))
    with pytest.raises(ValueError, match="plain"):
        p_center(problem.under(capacity=np.ones(2)), PCenter(), Effort())
    both = problem.under(forced=np.array([True, False]), forbidden=np.array([True, False]))
    assert p_center(both, PCenter(), Effort()).blocked_by == ("forced",)


@pytest.mark.parametrize("calls", [1, 3, 6])
def test_ctrl_c_anywhere_leaves_the_best_so_far(monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    rng = np.random.default_rng(0)
    problem = dense(rng.integers(60, 900, (12, 40)).astype(float), np.ones(40), Rules(stations=3))
    best = p_center(problem, PCenter(), Effort())
    coverage_target, done = bisection.coverage_target, iter(range(1000))

    def pressed(*given: object) -> object:
        if next(done) == calls:
            raise KeyboardInterrupt
        return coverage_target(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(bisection, "coverage_target", pressed)
    found = p_center(problem, PCenter(), Effort())
    assert found.stopped_by == "interrupt"
    assert found.bound <= best.objective <= found.objective


@pytest.mark.parametrize(("bound", "answer"), [(2.0, None), (3.0, False)])
def test_a_time_is_too_short_only_if_more_stations_are_proved_to_be_needed(
    bound: float, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unproved(instance: CoveringInstance, *_: object, **__: object) -> LeastCost:
        return LeastCost(np.arange(instance.sites), bound, "time", 3.0)

    monkeypatch.setattr(bisection, "least_cost", unproved)
    problem = dense(np.full((3, 3), 100.0), np.ones(3), Rules(stations=2))
    within = bisection._Within.of(problem, 1.0, Deadline(Effort()))
    assert within.decide(100.0)[0] is answer


def test_ctrl_c_while_ties_are_broken_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    problem = Problem(csr_array(rng.integers(60, 900, (9, 30)).astype(float)), np.ones(30), Rules(stations=3))
    whole = p_center(problem, PCenter(), Effort())

    def pressed(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(local_search, "_break_ties", pressed)
    found = p_center(problem, PCenter(), Effort())
    assert found.stopped_by == "interrupt"
    assert found.objective >= whole.objective >= found.bound
    assert maximal_covering(problem, Effort()).stopped_by == "interrupt"
    assert set_covering(problem, SetCovering(), Effort()).stopped_by == "interrupt"
