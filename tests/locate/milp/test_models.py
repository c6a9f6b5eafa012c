"""The steps of objectives, by hand: bounds are rounded to steps, so that a wrong step would be a wrong proof."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from siting.locate.milp.models import fair_covering, maximal_covering, p_median, set_covering
from siting.locate.problem import FairCovering, PMedian, Problem, Rules, SetCovering

TIMES = np.array([[60.0, 300.0, 0.0], [0.0, 120.0, 240.0]])
WHOLE = Problem(csr_array(TIMES), np.array([4.0, 3.0, 2.0]), Rules(stations=1), units=csr_array(np.eye(3)))
PEOPLE = replace(WHOLE, people=np.array([4.0, 2.5, 2.0]))
SECONDS = replace(WHOLE, times=csr_array(np.where(TIMES == 120.0, 120.5, TIMES)))


@pytest.mark.parametrize(("problem", "step"), [(WHOLE, 1.0), (PEOPLE, 0.0), (SECONDS, 1.0)])
def test_people_covered_are_whole_if_people_are(problem: Problem, step: float) -> None:
    assert maximal_covering(problem).objectives[0].step == step


@pytest.mark.parametrize(
    ("problem", "beyond_s", "step"),
    [(WHOLE, 900.0, 1.0), (WHOLE, 900.5, 0.0), (PEOPLE, 900.0, 0.0), (SECONDS, 900.0, 0.0)],
)
def test_walking_time_is_whole_if_people_and_all_times_are(problem: Problem, beyond_s: float, step: float) -> None:
    assert [each.step for each in p_median(problem, PMedian(beyond_s)).objectives] == [step]


@pytest.mark.parametrize(("problem", "steps"), [(WHOLE, [1.0, 1.0]), (PEOPLE, [0.0, 0.0]), (SECONDS, [1.0, 0.0])])
def test_people_beyond_are_whole_whatever_the_times(problem: Problem, steps: list[float]) -> None:
    assert [each.step for each in p_median(problem, PMedian()).objectives] == steps


def test_stations_are_counted_one_by_one() -> None:
    assert [each.step for each in set_covering(PEOPLE, SetCovering(0.5)).objectives] == [1.0]


@pytest.mark.parametrize(("problem", "step"), [(WHOLE, 1.0), (PEOPLE, 0.0)])
def test_shares_of_units_have_no_step(problem: Problem, step: float) -> None:
    assert [each.step for each in fair_covering(problem, FairCovering()).objectives] == [0.0, step]
