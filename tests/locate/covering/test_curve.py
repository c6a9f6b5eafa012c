"""The curve: every point a valid choice with a valid bound, ascending, and as good as alone where that is small."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from siting.locate import deadline
from siting.locate.covering import covering_curve, maximal_covering
from siting.locate.problem import Effort, Problem, Rules
from tests.locate.covering.test_mclp import covered, district


def test_points_ascend_and_hold_the_optimum_between_objective_and_bound() -> None:
    problem = district(0)
    points = covering_curve(problem, [0, 1, 2, 5, 9, 20, problem.sites + 3], Effort())
    assert [each.stations for each in points] == [0, 1, 2, 5, 9, 20, problem.sites + 3]
    for each in points:
        best = maximal_covering(problem.under(stations=each.stations), Effort())
        assert best.status == "optimal"
        assert each.objective <= best.objective <= each.bound
        assert each.bound <= 1.02 * each.objective
        assert len(each.chosen) <= each.stations
        assert each.objective == pytest.approx(covered(problem, each.chosen))
    for values in ([each.objective for each in points], [each.bound for each in points]):
        assert values == sorted(values)


def test_forced_and_kept_rows_hold_at_every_point() -> None:
    problem = district(1)
    forced, kept, forbidden = (np.isin(np.arange(problem.sites), each) for each in ([3, 4], [7], [8, 9]))
    ruled = problem.under(forced=forced, kept=kept, forbidden=forbidden)
    for each in covering_curve(ruled, [2, 4, 6], Effort()):
        assert {3, 4} <= set(each.chosen)
        assert not {7, 8, 9} & set(each.chosen)
        best = maximal_covering(ruled.under(stations=each.stations), Effort()).objective
        assert each.objective <= best <= each.bound


def test_fewer_stations_than_are_forced_are_refused() -> None:
    problem = district(1)
    with pytest.raises(ValueError, match="1 sites"):
        covering_curve(problem.under(forced=np.arange(problem.sites) < 2), [1, 5], Effort())
    assert covering_curve(problem, [], Effort()) == []


def test_without_time_the_curve_is_filled_greedily_with_valid_bounds() -> None:
    problem = district(2)
    for effort in (Effort(time_limit_s=0.0), Effort(interrupted=lambda: True)):
        for each in covering_curve(problem, [3, 6, 12], effort):
            best = maximal_covering(problem.under(stations=each.stations), Effort()).objective
            assert 0.8 * best < each.objective <= best <= each.bound


def test_the_same_curve_twice() -> None:
    problem = district(3, whole=False)
    one, other = (covering_curve(problem, range(1, 12), Effort()) for _ in range(2))
    assert [(a.chosen.tolist(), a.objective, a.bound) for a in one] == [
        (b.chosen.tolist(), b.objective, b.bound) for b in other
    ]


def test_a_slow_and_a_fast_clock_see_the_same_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = district(5, sites=120, points=1_500)
    found, asked = [], [1]
    for share in (0.0, 0.9):
        calls = iter(range(1_000_000_000))
        tick = share * 1e6 / asked[-1]
        monkeypatch.setattr(deadline, "clock", lambda calls=calls, tick=tick: tick * next(calls))
        points = covering_curve(problem, range(1, 40, 4), Effort(time_limit_s=1e6))
        found.append([(each.chosen.tolist(), each.objective, each.bound) for each in points])
        asked.append(next(calls))
    assert found[0] == found[1]
    assert asked[1] == asked[2] > 100


def test_without_time_the_bound_is_all_people_who_are_not_covered_yet() -> None:
    # 2 of 15 people are covered already; two stations cover 12 of the others.
    reach = csr_array(np.array([[0, 1, 1, 0, 1, 0], [1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1]]) * 60.0)
    kept = np.array([False, False, False, True])
    problem = Problem(reach, np.array([3.0, 3.0, 3.0, 3.0, 1.0, 2.0]), Rules(kept=kept))
    (found,) = covering_curve(problem, [2], Effort(time_limit_s=0.0))
    assert (found.objective, found.bound) == (12.0, 13.0)
