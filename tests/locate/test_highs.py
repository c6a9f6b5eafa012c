"""The solver's door: what HiGHS says where little is left to say."""

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from siting.locate.highs import Programme, minimise
from siting.locate.problem import Effort


def programme(cost: list[float], rows: list[list[float]], low: list[float], high: list[float]) -> Programme:
    columns = len(cost)
    return Programme(
        np.array(cost),
        csr_array(np.array(rows, dtype=float).reshape(len(low), columns)),
        np.array(low),
        np.array(high),
        np.zeros(columns),
        np.ones(columns),
        np.ones(columns, dtype=bool),
    )


@pytest.mark.parametrize(("low", "stopped_by"), [([0.0], "proved"), ([], "proved"), ([1.0], "infeasible")])
def test_a_programme_without_columns_is_solved(low: list[float], stopped_by: str) -> None:
    run = minimise(programme([], [[] for _ in low], low, [5.0] * len(low)), Effort())
    assert run.stopped_by == stopped_by
    if stopped_by == "proved":
        assert (run.objective, run.bound, list(run.values if run.values is not None else [9])) == (0.0, 0.0, [])
    else:
        assert run.values is None


def test_what_is_infeasible_stays_so_without_presolve() -> None:
    run = minimise(programme([1.0, 1.0], [[1.0, 1.0]], [3.0], [9.0]), Effort())
    assert (run.stopped_by, run.values) == ("infeasible", None)


@pytest.mark.parametrize("seed", range(5))
def test_objective_and_bound_are_those_of_another_front_end(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost, rows = rng.uniform(1, 9, 12), (rng.random((8, 12)) < 0.4).astype(float)
    rows[np.arange(8), rng.integers(0, 12, 8)] = 1.0
    run = minimise(programme(cost.tolist(), rows.tolist(), [1.0] * 8, [np.inf] * 8), Effort())
    other = milp(cost, constraints=LinearConstraint(rows, 1), integrality=np.ones(12), bounds=Bounds(0, 1))
    assert run.objective == pytest.approx(other.fun)
    assert run.bound == pytest.approx(other.fun)
    assert run.stopped_by == "proved"
