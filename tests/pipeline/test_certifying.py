"""The certificate's bound takes the place of a solver's that is worse."""

import numpy as np
import pytest

from siting.domain.nouns import Stage
from siting.locate.problem import Solution
from siting.pipeline.certifying import with_bound


def solution(objective: float, bound: float) -> Solution:
    stage = Stage("covered", "max", objective, bound)
    return Solution(np.array([1]), "feasible", (stage,), "time", "solver")


@pytest.mark.parametrize(
    ("bound", "certified", "expected"),
    [
        (7_539.0, 754.0, (754.0, "feasible", "time")),
        (753.0, 760.0, (753.0, "feasible", "time")),
        (7_539.0, 750.0, (750.0, "optimal", "proved")),
        # What rounding leaves of a gap is no gap.
        (7_539.0, 750.00001, (750.0, "optimal", "proved")),
    ],
)
def test_the_better_of_two_bounds_is_told(bound: float, certified: float, expected: tuple[float, str, str]) -> None:
    found = with_bound(solution(750.0, bound), Stage("covered", "max", 750.0, certified))
    assert (found.bound, found.status, found.stopped_by) == expected


def test_without_a_certificate_the_solver_is_believed() -> None:
    found = solution(750.0, 800.0)
    assert with_bound(found, None) is found
