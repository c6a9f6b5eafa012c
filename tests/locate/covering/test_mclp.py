"""Maximal covering of plain problems, against all choices, hand figures and what it promises."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate import deadline
from siting.locate.covering import maximal_covering, mclp
from siting.locate.covering.exact import mclp_milp
from siting.locate.covering.reduction import reduced, without_dominated
from siting.locate.highs import minimise
from siting.locate.problem import Effort, Problem, Rules, Solution
from tests.drawing import examples


@st.composite
def problems(draw: st.DrawFn, weights: tuple[float, ...] = (0.0, 1.0, 2.0, 2.5, 7.1)) -> Problem:
    sites, points = draw(st.integers(0, 8)), draw(st.integers(0, 14))
    cells = draw(st.lists(st.sampled_from([0, 0, 1]), min_size=sites * points, max_size=sites * points))
    people = draw(st.lists(st.sampled_from(weights), min_size=points, max_size=points))
    flags = [draw(st.lists(st.sampled_from([0, 0, 0, 1]), min_size=sites, max_size=sites)) for _ in range(3)]
    names = ("kept", "forced", "forbidden")
    given_flags = {name: np.array(each, dtype=bool) for name, each in zip(names, flags, strict=True)}
    stations = draw(st.one_of(st.none(), st.integers(0, sites + 1)))
    times = csr_array(np.array(cells, dtype=float).reshape(sites, points) * 60.0)
    return Problem(times, np.array(people), Rules(stations=stations, **given_flags))


def covered(problem: Problem, chosen: np.ndarray) -> float:
    newly = problem.reached_by(chosen) & ~problem.reached_by(np.zeros(0, dtype=np.int64))
    return float(problem.people[newly].sum())


def best_of_all(problem: Problem) -> float | None:
    """Return the most that any choice covers; None without a choice."""
    forced = np.flatnonzero(problem.rules.forced & ~problem.kept)
    if not problem.open_to_choice[forced].all():
        return None
    free = [site for site in np.flatnonzero(problem.open_to_choice) if site not in forced]
    most = len(free) if problem.rules.stations is None else problem.rules.stations - len(forced)
    if most < 0:
        return None
    choices = (each for size in range(min(most, len(free)) + 1) for each in combinations(free, size))
    return max(covered(problem, np.array([*forced, *each], dtype=np.int64)) for each in choices)


def greedy(problem: Problem) -> float:
    """Return what adding the best row again and again covers."""
    chosen = list(np.flatnonzero(problem.rules.forced & ~problem.kept)) if problem.rules.forced is not None else []
    free = [site for site in np.flatnonzero(problem.open_to_choice) if site not in chosen]
    most = problem.sites if problem.rules.stations is None else problem.rules.stations
    while free and len(chosen) < most:
        best = max(free, key=lambda site: (covered(problem, np.array([*chosen, site], dtype=np.int64)), -site))
        free.remove(best)
        chosen.append(best)
    return covered(problem, np.array(chosen, dtype=np.int64))


def district(seed: int, *, sites: int = 60, points: int = 2_000, stations: int = 8, whole: bool = True) -> Problem:
    rng = np.random.default_rng(seed)
    people, sites = rng.random((points, 2)), rng.random((sites, 2))
    away = np.linalg.norm(sites[:, None] - people[None], axis=2)
    value = np.ceil(rng.gamma(0.8, 6.0, points)) if whole else rng.gamma(0.8, 6.0, points)
    return Problem(csr_array(np.where(away < 0.13, 60.0 + away, 0.0)), value, Rules(stations=stations))


def same(one: Solution, other: Solution) -> bool:
    return one.chosen.tobytes() == other.chosen.tobytes() and one.stages == other.stages


@settings(max_examples=examples(25), deadline=None)
@given(problems())
def test_no_choice_of_all_is_better(problem: Problem) -> None:
    found, best = maximal_covering(problem, Effort()), best_of_all(problem)
    if best is None:
        assert found.status == "infeasible"
        assert "forced" in found.blocked_by
        return
    assert found.status == "optimal"
    assert found.objective == pytest.approx(best, abs=1e-9)
    assert found.bound == pytest.approx(best, abs=1e-9)
    assert found.objective == pytest.approx(covered(problem, found.chosen))
    assert found.first_objective == pytest.approx(greedy(problem))
    # It keeps to the rules.
    rules, chosen = problem.rules, set(found.chosen)
    assert set(np.flatnonzero(rules.forced & ~problem.kept)) <= chosen
    assert chosen <= set(np.flatnonzero(problem.open_to_choice))
    assert rules.stations is None or len(chosen) <= rules.stations
    # What adds nothing is not opened unless it is forced.
    for site in chosen - set(np.flatnonzero(rules.forced)):
        rest = np.array([other for other in found.chosen if other != site], dtype=np.int64)
        assert covered(problem, rest) < found.objective


@settings(max_examples=examples(15), deadline=None)
@given(problems((0.0, 1.0, 2.0)))
def test_single_rows_are_exchanged_for_equals_of_lower_number(problem: Problem) -> None:
    found = maximal_covering(problem, Effort())
    forced = set(np.flatnonzero(problem.rules.forced))
    for site in set(found.chosen) - forced:
        rest = [other for other in found.chosen if other != site]
        for other in set(np.flatnonzero(problem.open_to_choice)[: int(site)]) - set(found.chosen):
            if other < site:
                assert covered(problem, np.array([*rest, other], dtype=np.int64)) < found.objective


@pytest.mark.parametrize("whole", [True, False])
def test_a_district_is_proved_and_bounds_hold_on_the_way(*, whole: bool) -> None:
    problem = district(0, whole=whole)
    told: list[tuple[float, float]] = []
    found = maximal_covering(problem, Effort(report=lambda *both: told.append(both)))
    assert found.status == "optimal"
    assert found.stopped_by == "proved"
    assert greedy(problem) == pytest.approx(found.first_objective)
    assert found.objective > found.first_objective
    assert found.bound == pytest.approx(found.objective, rel=1e-9)
    assert told[0][0] == pytest.approx(found.first_objective)
    for objective, bound in told:
        assert objective <= found.objective * (1 + 1e-12)
        assert bound >= found.objective * (1 - 1e-9)


def test_it_agrees_with_another_programme() -> None:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import eye_array, hstack

    problem = district(3, sites=40, points=400, stations=6)
    sites, points = problem.times.shape
    reach = (problem.times > 0).astype(float)
    each = LinearConstraint(hstack([-reach.T, eye_array(points)], format="csr"), -np.inf, 0)
    number = LinearConstraint(np.concatenate([np.ones(sites), np.zeros(points)]), -np.inf, 6)
    cost = np.concatenate([np.zeros(sites), -problem.people])
    best = milp(cost, constraints=[each, number], bounds=Bounds(0, 1), integrality=np.ones(sites + points))
    assert maximal_covering(problem, Effort()).objective == pytest.approx(-best.fun)


def test_the_order_of_points_changes_nothing() -> None:
    problem = district(1, whole=False)
    order = np.random.default_rng(5).permutation(problem.times.shape[1])
    other = Problem(csr_array(problem.times[:, order]), problem.people[order], problem.rules)
    assert same(maximal_covering(problem, Effort()), maximal_covering(other, Effort()))


def test_the_same_question_has_the_same_answer() -> None:
    problem = district(2)
    assert same(maximal_covering(problem, Effort()), maximal_covering(problem, Effort()))


def test_a_slow_and_a_fast_clock_see_the_same_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = district(4, sites=400, points=6_000, stations=30)
    # Little enough work to end before a proof; the clock strikes nothing, a tenth, nine tenths of the limit meanwhile.
    monkeypatch.setattr(mclp, "_HANDED_OVER", ((np.inf, 150_000_000),))
    monkeypatch.setattr(mclp, "solve_exactly", lambda _: 0)
    found, asked = [], [1]
    for share in (0.0, 0.1, 0.9):
        calls = iter(range(1_000_000_000))
        tick = share * 1e6 / asked[-1]
        monkeypatch.setattr(deadline, "clock", lambda calls=calls, tick=tick: tick * next(calls))
        found.append(maximal_covering(problem, Effort(time_limit_s=1e6)))
        asked.append(next(calls))
    assert found[0].status == "feasible"
    assert found[0].objective > found[0].first_objective
    assert all(same(found[0], other) for other in found[1:])
    assert asked[1:] == 3 * asked[1:2]
    assert asked[1] > 10


def test_choices_are_merged_among_their_own_rows() -> None:
    # Each choice is the best in one place; the last row, better than all, is in neither.
    found = reduced(Problem(csr_array(np.eye(5)), np.array([10.0, 8, 10, 8, 30])))
    core = without_dominated(found.cover, 2)
    run = mclp.CoverSearch(found.cover, core, found.whole, found.base, deadline.Deadline(Effort()))
    for chosen in ([0, 3], [1, 2]):
        run.remember(np.array(chosen))
        run.update_incumbent(np.array(chosen))
    assert run.value == 18.0
    assert run.improve(100, (0.03, 0.003), from_greedy=False, merging=True)
    assert (run.chosen.tolist(), run.value) == ([0, 2], 20.0)
    assert run.work > 0


def test_more_kept_rows_leave_less_to_cover() -> None:
    problem = district(0)
    kept = np.zeros(problem.sites, dtype=bool)
    kept[:5] = True
    found = maximal_covering(problem.under(kept=kept), Effort())
    assert found.status == "optimal"
    assert not kept[found.chosen].any()
    assert found.objective == pytest.approx(covered(problem.under(kept=kept), found.chosen))
    assert found.objective < maximal_covering(problem, Effort()).objective


def test_of_sites_that_cover_the_same_the_first_is_taken() -> None:
    reach = np.zeros((6, 4))
    reach[[1, 4], :2] = 60.0
    reach[[2, 5], 2:] = 60.0
    found = maximal_covering(Problem(csr_array(reach), np.ones(4), Rules(stations=2)), Effort())
    assert found.chosen.tolist() == [1, 2]


def test_a_covered_point_counts_by_its_weight() -> None:
    reach = csr_array(np.array([[60.0, 0], [0, 60]]))
    problem = Problem(reach, np.array([9.0, 1.0]), Rules(stations=1), weights=np.array([1.0, 3.0]))
    found = maximal_covering(problem, Effort())
    assert (found.chosen.tolist(), found.objective) == ([1], 3.0)


@pytest.mark.parametrize("stations", [0, 3, 99, None])
def test_nobody_to_cover_and_nothing_to_open(stations: int | None) -> None:
    for shape, people in (((3, 0), []), ((0, 3), [1.0, 2, 3]), ((0, 0), []), ((3, 2), [0.0, 0.0])):
        problem = Problem(csr_array(np.ones(shape)), np.array(people, dtype=float), Rules(stations=stations))
        found = maximal_covering(problem, Effort())
        assert (found.chosen.tolist(), found.objective, found.bound, found.status) == ([], 0.0, 0.0, "optimal")


def test_no_station_covers_nobody_and_all_cover_all() -> None:
    problem = district(0)
    assert maximal_covering(problem.under(stations=0), Effort()).objective == 0.0
    everyone = problem.people[problem.reached_by(np.arange(problem.sites))].sum()
    for stations in (problem.sites, problem.sites + 5, None):
        assert maximal_covering(problem.under(stations=stations), Effort()).objective == everyone


def test_who_is_forced_and_forbidden_or_too_many_is_told() -> None:
    problem = district(0, stations=1)
    three = np.arange(problem.sites) < 3
    both = maximal_covering(problem.under(forced=three, forbidden=three), Effort())
    assert (both.status, both.blocked_by) == ("infeasible", ("forced",))
    many = maximal_covering(problem.under(forced=three), Effort())
    assert (many.status, many.blocked_by) == ("infeasible", ("stations", "forced"))
    assert maximal_covering(problem.under(forced=three, kept=three), Effort()).status == "optimal"


def test_an_interrupt_leaves_the_best_so_far_and_its_bound() -> None:
    problem = district(4, sites=300, points=6_000, stations=30)
    best = maximal_covering(problem, Effort(rel_gap=0.001))
    for when in (1, 2, 5):
        asked = iter(range(1_000_000))
        found = maximal_covering(problem, Effort(interrupted=lambda asked=asked, when=when: next(asked) >= when - 1))
        assert found.stopped_by == "interrupt"
        assert found.status == "feasible"
        assert found.first_objective <= found.objective <= best.bound
        assert found.bound >= best.objective


def test_ctrl_c_leaves_the_best_so_far() -> None:
    problem = district(4, sites=300, points=6_000, stations=30)

    def pressed() -> bool:
        raise KeyboardInterrupt

    found = maximal_covering(problem, Effort(interrupted=pressed))
    assert found.stopped_by == "interrupt"
    assert found.objective == pytest.approx(covered(problem, found.chosen))
    assert found.bound >= found.objective >= found.first_objective > 0


def test_no_time_leaves_a_valid_choice_and_bound() -> None:
    problem = district(4, sites=300, points=6_000, stations=30)
    found = maximal_covering(problem, Effort(time_limit_s=0.0))
    assert (found.stopped_by, found.status) == ("time", "feasible")
    assert len(found.chosen) == 30
    assert found.bound >= maximal_covering(problem, Effort(rel_gap=0.01)).objective


def test_a_gap_that_is_good_enough_ends_the_search() -> None:
    problem = district(4, sites=300, points=6_000, stations=30)
    found = maximal_covering(problem, Effort(rel_gap=0.02))
    assert found.stopped_by == "proved"
    assert 0.0 < found.stages[0].gap <= 0.02


def test_the_bound_of_whole_persons_is_whole() -> None:
    found = maximal_covering(district(4, sites=300, points=6_000, stations=30), Effort(time_limit_s=0.0))
    assert found.bound == int(found.bound)


def test_what_is_settled_at_once_is_proved_whatever_the_fractions() -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        times = csr_array(np.where(rng.random((8, 30)) < 0.3, 60.0, 0.0))
        found = maximal_covering(Problem(times, rng.random(30) * 30.0, Rules(stations=1)), Effort())
        assert found.status == "optimal"


@pytest.mark.parametrize("size", [1e-10, 1e-7, 1.0, 1e9])
def test_the_solver_proves_small_weights_as_well_as_large_ones(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    monkeypatch.setattr(mclp, "_FEW_WORK", 0)
    monkeypatch.setattr(mclp, "_STEPS", 3)
    monkeypatch.setattr(mclp, "interchange", lambda *_: 0)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        times = csr_array(np.where(rng.random((12, 60)) < 0.15, 60.0, 0.0))
        no_rules = np.zeros(12, dtype=bool)
        problem = Problem(times, rng.random(60) * 30.0 * size, Rules(stations=4, forced=no_rules))
        found = maximal_covering(problem, Effort())
        assert found.objective == pytest.approx(best_of_all(problem), rel=1e-9)
        assert found.status == "optimal"


def test_few_candidates_are_the_solvers_soon_and_many_later(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, bool]] = []

    def noted(pairs: int, *, few: bool) -> float:
        asked.append((pairs, few))
        return 0.0

    monkeypatch.setattr(mclp, "handed_over", noted)
    monkeypatch.setattr(mclp, "solve_exactly", lambda _: 0)
    for sites in (100, 400):
        maximal_covering(district(4, sites=sites, points=3_000, stations=10), Effort())
    assert [few for _, few in asked] == [True, False]
    assert dict(mclp._HANDED_OVER)[150_000] > mclp._FEW_WORK


def test_the_solver_proves_the_same_of_what_is_prepared() -> None:
    problem = district(4, sites=60, points=2_000, stations=8)
    reduction = reduced(problem, dominated=False)
    core = without_dominated(reduction.cover, 8)
    one, other = (minimise(mclp_milp(core), Effort(), prepared=prepared) for prepared in (False, True))
    assert (one.objective, one.stopped_by) == (other.objective, other.stopped_by)
    assert maximal_covering(problem, Effort()).objective == pytest.approx(-one.objective)
