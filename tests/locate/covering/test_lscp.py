"""Set covering: against all choices, another formulation, known optima, and the laws."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from siting.locate.covering import local_search, lscp, set_covering
from siting.locate.covering.instance import CoveringInstance
from siting.locate.covering.local_search import WeightingSearch
from siting.locate.covering.lscp import coverage_target
from siting.locate.highs import Run
from siting.locate.problem import Effort, Problem, Rules, SetCovering
from tests.drawing import examples
from tests.locate.covering.cases import Small, cases, san_francisco

SHARES = st.sampled_from([0.0, 0.3, 0.5, 0.8, 0.95, 1.0])


def clusters(points: int, sites: int, near: float, seed: int = 0) -> Problem:
    """Points and rows on a square, and seconds by distance."""
    rng = np.random.default_rng(seed)
    at, sites = rng.random((points, 2)), rng.random((sites, 2))
    between = np.hypot(*(sites[:, None] - at[None]).transpose(2, 0, 1))
    reach = between <= near
    people = np.where(reach.any(axis=0), rng.integers(1, 30, points), 0).astype(np.float64)
    return Problem(csr_array(np.where(reach, between * 1000 + 1, 0.0)), people)


def by_milp(problem: Problem, share: float, costs: np.ndarray | None = None) -> int:
    """The same by scipy, as it stands in the books."""
    sites, points = problem.times.shape
    reach = (problem.times.T.toarray() > 0).astype(float)
    cost = np.concatenate([np.ones(sites) if costs is None else costs, np.zeros(points)])
    covered = LinearConstraint(np.hstack([reach, -np.eye(points)]), 0, np.inf)
    enough = LinearConstraint(
        np.concatenate([np.zeros(sites), problem.people])[None, :],
        math.ceil(share * problem.people.sum() - 1e-9),
        np.inf,
    )
    whole = np.concatenate([np.ones(sites), np.zeros(points)])
    found = milp(cost, constraints=[covered, enough], bounds=Bounds(0, 1), integrality=whole)
    return round(float(found.fun))


@settings(max_examples=examples(25), deadline=None)
@given(cases(), SHARES, st.booleans(), st.sampled_from([None, None, 1, 2, 3]))
def test_no_choice_is_better(case: Small, share: float, by_cost: bool, stations: int | None) -> None:  # noqa: FBT001
    found = set_covering(case.problem(stations), SetCovering(share, by_cost=by_cost), Effort())
    best = case.least(share, stations, by_cost=by_cost)
    if math.isinf(best):
        assert (found.status, found.chosen.tolist()) == ("infeasible", [])
        return
    chosen = tuple(found.chosen.tolist())
    assert chosen in case.choices(stations)
    assert case.covers(chosen, share)
    assert found.objective == pytest.approx(best)
    assert found.bound == pytest.approx(best)
    assert found.status == "optimal"


@settings(max_examples=examples(25), deadline=None)
@given(cases(), SHARES)
def test_what_blocks_is_what_blocks(case: Small, share: float) -> None:
    found = set_covering(case.problem(1), SetCovering(share), Effort())
    if found.status != "infeasible":
        return
    free = case.least(share)
    if found.blocked_by == ("reach",):
        assert math.isinf(free)
    else:
        assert found.blocked_by in {("stations", "share"), ("stations", "forced")}
        assert free > 1
        assert math.isfinite(free)
        assert ("forced" in found.blocked_by) == (len(case.flagged("forced") - case.flagged("kept")) > 1)


@settings(max_examples=examples(20), deadline=None)
@given(cases(flags=False), SHARES)
def test_rows_that_add_nothing_are_not_opened(case: Small, share: float) -> None:
    chosen = set_covering(case.problem(), SetCovering(share, by_cost=True), Effort()).chosen.tolist()
    for site in chosen:
        assert not case.covers(tuple(each for each in chosen if each != site), share)


def test_of_equals_the_lowest_is_opened() -> None:
    reach = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]])
    people = np.array([3.0, 4.0, 5.0, 6.0])
    for sites in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 1, 3, 0]):
        assert set_covering(Problem(csr_array(reach[sites]), people), SetCovering(), Effort()).chosen.tolist() == [0, 1]
        half = set_covering(Problem(csr_array(reach[sites]), people), SetCovering(0.3), Effort())
        assert half.chosen.tolist() == [0]


def test_a_kept_row_counts_people_but_no_station() -> None:
    reach = csr_array(np.array([[1.0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    kept = np.array([True, False, False])
    problem = Problem(reach, np.array([50.0, 10.0, 25.0, 15.0]), Rules(kept=kept))
    assert set_covering(problem, SetCovering(0.6), Effort()).chosen.tolist() == []
    assert set_covering(problem, SetCovering(0.7), Effort()).chosen.tolist() == [1]
    assert set_covering(problem, SetCovering(0.85), Effort()).chosen.tolist() == [1]
    assert set_covering(problem, SetCovering(0.86), Effort()).chosen.tolist() == [1, 2]


def test_persons_whom_nobody_reaches_are_part_of_all() -> None:
    problem = Problem(csr_array(np.array([[1.0, 0.0, 0.0]])), np.array([60.0, 40.0, 0.0]))
    assert set_covering(problem, SetCovering(0.6), Effort()).objective == 1
    above = set_covering(problem, SetCovering(0.61), Effort())
    assert (above.status, above.blocked_by, above.stages) == ("infeasible", ("reach",), ())


def test_a_share_that_is_met_exactly_is_met() -> None:
    people = np.full(10, 0.1)
    problem = Problem(csr_array(np.eye(10)), people)
    for count in range(1, 11):
        assert set_covering(problem, SetCovering(count / 10), Effort()).objective == count


def test_what_cannot_be_asked_is_refused() -> None:
    problem = Problem(csr_array(np.eye(2)), np.ones(2))
    with pytest.raises(ValueError, match="costs"):
        set_covering(problem, SetCovering(by_cost=True), Effort())
    with pytest.raises(ValueError, match="plain"):
        set_covering(problem, SetCovering(unit_share=0.5), Effort())
    with pytest.raises(ValueError, match="plain"):
        set_covering(problem.under(capacity=np.ones(2)), SetCovering(), Effort())
    both = problem.under(forced=np.array([True, False]), forbidden=np.array([True, False]))
    assert set_covering(both, SetCovering(), Effort()).blocked_by == ("forced",)


@pytest.mark.parametrize("share", [1.0, 0.9, 0.6])
def test_as_good_as_the_programme_of_the_books(share: float) -> None:
    problem = clusters(300, 60, 0.13)
    found = set_covering(problem, SetCovering(share), Effort())
    assert found.status == "optimal"
    assert found.objective == by_milp(problem, share)
    costs = np.random.default_rng(1).integers(3, 20, 60) * 1000.0
    cheap = set_covering(problem.under(costs=costs), SetCovering(share, by_cost=True), Effort())
    assert cheap.objective == by_milp(problem, share, costs)
    assert cheap.objective == costs[cheap.chosen].sum()


@pytest.mark.parametrize(("share", "people"), [(1.0, 1.0), (0.8, 1.0), (0.8, 0.37)])
def test_stopped_early_bounds_hold(share: float, people: float) -> None:
    problem = clusters(1500, 250, 0.08)
    problem = Problem(problem.times, problem.people * people)
    told: list[tuple[float, float]] = []
    stop = Effort(report=lambda objective, bound: told.append((objective, bound)), max_nodes=0)
    found = set_covering(problem, SetCovering(share), stop)
    whole = set_covering(problem, SetCovering(share), Effort(time_limit_s=1.0))
    assert found.bound <= whole.objective
    assert whole.bound <= found.objective <= found.first_objective
    assert all(bound <= whole.objective for _, bound in told)
    assert all(objective >= whole.bound for objective, _ in told)
    covered = problem.people[problem.reached_by(found.chosen)].sum()
    assert covered >= share * problem.people.sum() * (1 - 1e-9)


def test_an_interrupt_leaves_the_best_so_far() -> None:
    problem = clusters(3000, 400, 0.06)
    found = set_covering(problem, SetCovering(0.8), Effort(interrupted=lambda: True))
    assert (found.status, found.stopped_by) == ("feasible", "interrupt")
    assert problem.people[problem.reached_by(found.chosen)].sum() >= 0.8 * problem.people.sum()
    at_once = set_covering(problem, SetCovering(0.8), Effort(time_limit_s=0.0))
    assert (at_once.status, at_once.stopped_by) == ("feasible", "time")


def test_the_same_bytes_again() -> None:
    problem = clusters(700, 120, 0.1)
    first, second = (set_covering(problem, SetCovering(0.95), Effort(max_nodes=5)) for _ in range(2))
    assert first.chosen.tobytes() == second.chosen.tobytes()
    assert first.stages == second.stages


@pytest.mark.parametrize(("metres", "stores"), [(5000, 8), (6000, 5), (8000, 3), (10_000, 2)])
def test_san_francisco(shared: Path, metres: int, stores: int) -> None:
    between, people = san_francisco(shared)
    problem = Problem(csr_array(np.where(between <= metres, between, 0.0)), people)
    found = set_covering(problem, SetCovering(), Effort())
    assert (found.objective, found.status) == (stores, "optimal")


@pytest.mark.parametrize(("seed", "share"), [(0, 0.9), (4, 0.8)])
def test_a_gap_is_not_good_enough_for_more_stations_than_are_allowed(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    times = csr_array(np.where(rng.random((15, 40)) < 0.25, 60.0, 0.0))
    problem = Problem(times, rng.integers(1, 30, 40).astype(float))
    fewest = by_milp(problem, share)
    found = set_covering(problem.under(stations=fewest), SetCovering(share), Effort(rel_gap=0.4))
    assert found.objective == fewest
    none = set_covering(problem.under(stations=fewest - 1), SetCovering(share), Effort(rel_gap=0.4))
    assert (none.status, none.blocked_by) == ("infeasible", ("stations", "share"))


def test_what_the_solver_loses_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two cheap rows do what one dear row does, which is all that is allowed.
    reach = csr_array(np.array([[60.0, 0.0], [0.0, 60.0], [60.0, 60.0]]))
    problem = Problem(reach, np.ones(2), Rules(stations=1, costs=np.array([1.0, 1.0, 9.0])))

    def lost(_: CoveringInstance, chosen: np.ndarray, *_more: object) -> tuple[np.ndarray, Run]:
        return chosen, Run(None, math.inf, math.inf, "infeasible", 0)

    assert set_covering(problem, SetCovering(by_cost=True), Effort()).status == "optimal"
    monkeypatch.setattr(lscp, "solve_instance", lost)
    found = set_covering(problem, SetCovering(by_cost=True), Effort())
    assert (found.objective, found.bound, found.status, found.stopped_by) == (9.0, 2.0, "feasible", "solver")


@pytest.mark.parametrize("seed", range(3))
def test_turns_of_exchanges_end_where_one_long_turn_does(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    reach = rng.random((40, 120)) < 0.08
    reach[rng.integers(0, 40, 120), np.arange(120)] = True
    instance = coverage_target(Problem(csr_array(reach * 60.0), np.ones(120)), 1.0).instance
    found = []
    for work in (10**9, 200):
        monkeypatch.setattr(local_search, "_WORK_TURN", work)
        one = WeightingSearch(instance, np.zeros(instance.sites, dtype=np.bool_), 400, seed)
        turns = 1
        while one.turn():
            turns += 1
        found.append((one.best.tolist(), turns))
    assert found[0] == (found[1][0], 1)
    assert found[1][1] > 10
    assert instance.cover.covered(np.flatnonzero(found[0][0])).all()


def test_no_turn_begins_once_somebody_asked_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    reach = rng.random((60, 200)) < 0.06
    reach[rng.integers(0, 60, 200), np.arange(200)] = True
    problem = Problem(csr_array(reach * 60.0), np.ones(200))
    monkeypatch.setattr(local_search, "_WORK_TURN", 100)
    turn, asks, turns = WeightingSearch.turn, [0], [0]

    def counted(self: WeightingSearch, should_stop: Callable[[], bool]) -> bool:
        assert asks[0] < 5, "a turn began after the fifth ask said stop"
        turns[0] += 1
        return turn(self, should_stop)

    def stop() -> bool:
        asks[0] += 1
        return asks[0] >= 5

    monkeypatch.setattr(WeightingSearch, "turn", counted)
    found = set_covering(problem, SetCovering(), Effort(interrupted=stop))
    assert (found.stopped_by, turns[0]) == ("interrupt", 3)
    assert problem.reached_by(found.chosen).all()


@pytest.mark.parametrize(("stations", "status"), [(2, "infeasible"), (3, "optimal")])
def test_forced_sites_are_part_of_the_stations(stations: int, status: str) -> None:
    forced = np.array([True, False, False])
    problem = Problem(csr_array(60.0 * np.eye(3)), np.ones(3), Rules(stations=stations, forced=forced))
    found = set_covering(problem, SetCovering(), Effort())
    assert (found.status, len(found.chosen)) == (status, 3 if status == "optimal" else 0)
