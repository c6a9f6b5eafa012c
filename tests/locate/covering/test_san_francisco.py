"""Known optima of maximal covering: San Francisco, proved by enumeration elsewhere."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from siting.locate.covering import maximal_covering
from siting.locate.milp import solve_milp
from siting.locate.problem import Effort, MaximalCovering, Problem, Rules
from tests.locate.covering.cases import san_francisco


@pytest.mark.parametrize(
    ("km", "stations", "people"),
    [
        *((5, p, people) for p, people in enumerate((448_255, 671_938, 791_499, 875_247), 1)),
        *((3, p, people) for p, people in enumerate((239_817, 377_803, 481_826, 557_571), 1)),
    ],
)
def test_the_most_people_within_some_kilometres(shared: Path, km: int, stations: int, people: float) -> None:
    metres, persons = san_francisco(shared)
    row, point = np.nonzero(metres <= 1000.0 * km)
    times = csr_array((metres[row, point], (row, point)), shape=metres.shape)
    problem = Problem(times, persons, Rules(stations=stations))
    for found in (maximal_covering(problem, Effort()), solve_milp(problem, MaximalCovering(), Effort())):
        assert (found.objective, found.bound, found.status) == (people, people, "optimal")
