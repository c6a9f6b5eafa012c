"""A search that has no time at all ends with a valid choice, or says that it knows none; it never claims too much."""

import math

import numpy as np
import pytest

from siting.locate.problem import Effort, FairCovering, MaximalCovering, Model, PCenter, PMedian, Problem, SetCovering
from siting.locate.solve import solve
from tests.locate.milp import brute
from tests.locate.milp.test_effort import spread

COSTS = np.linspace(1.0, 9.0, 7)
PROBLEMS = {
    "plain": spread(7, 20, stations=3, costs=COSTS),
    "budget": spread(7, 20, stations=4, costs=COSTS, budget=15.0),
    "capacity": spread(7, 20, stations=3, capacity=np.full(7, 90.0), costs=COSTS),
}
MODELS = [
    *(MaximalCovering(), PMedian(), PMedian(900.0), PCenter(0.6), FairCovering(), FairCovering(0.2)),
    *(SetCovering(0.2), SetCovering(0.2, by_cost=True), SetCovering(0.1, 0.05), SetCovering(1.0)),
]


@pytest.mark.parametrize("seconds", [1e-9, 1e-3])
@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize("name", PROBLEMS)
def test_without_time_nothing_false_is_claimed(name: str, model: Model, seconds: float) -> None:
    problem: Problem = PROBLEMS[name]
    found, best = solve(problem, model, Effort(time_limit_s=seconds)), brute.best(problem, model)
    assert found.status in {"optimal", "feasible", "infeasible", "unknown"}
    assert (found.status in {"optimal", "infeasible"}) <= (found.stopped_by == "proved")
    if found.status == "infeasible":
        assert best is None
    if found.status not in {"optimal", "feasible"}:
        assert len(found.chosen) == 0
        return
    chosen = tuple(found.chosen.tolist())
    assert brute.allowed(problem, chosen)
    assert brute.value_at(problem, model, chosen) is not None
    for stage in found.stages:
        assert math.isfinite(stage.objective)
        assert stage.bound >= stage.objective if stage.sense == "max" else stage.bound <= stage.objective
    first, (_, sense, true) = found.stages[0], best[0]
    noise = 1e-6 * max(1.0, abs(true))
    assert first.bound >= true - noise if sense == "max" else first.bound <= true + noise
    if found.status == "optimal":
        assert [stage.objective for stage in found.stages] == pytest.approx([each[2] for each in best], rel=1e-6)
