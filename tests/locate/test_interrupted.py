"""Ctrl-C and SIGTERM while a plan is looked for: the search ends soon with the best so far, whatever the model."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import numpy as np
import pytest

from siting.domain.requirements import Requirement
from siting.locate.deadline import keeps_first_plan
from siting.locate.milp import comply
from siting.locate.problem import (
    Effort,
    FairCovering,
    MaximalCovering,
    Model,
    PCenter,
    PMedian,
    Problem,
    SetCovering,
    Solution,
)
from siting.locate.solve import solve
from tests.locate.milp import brute
from tests.locate.test_no_time import PROBLEMS

# Large enough that no search ends by itself; small problems first, so that nothing is compiled when the signal comes.
CODE = """
import sys
import time
import numpy as np
from scipy.sparse import csr_array
from siting.locate.problem import *
from siting.cli import end_as_interrupted
from siting.locate.solve import solve

MODELS = {
    "mclp": (MaximalCovering(), dict(stations=120)),
    "lscp": (SetCovering(0.9), dict()),
    "p_median": (PMedian(900.0), dict(stations=120)),
    "two_stages": (PMedian(None), dict(stations=120)),
    "p_center": (PCenter(0.9), dict(stations=120)),
    "fair": (FairCovering(None), dict(stations=60)),
    "capacity": (PMedian(900.0), dict(stations=30, capacity=400.0)),
}

def problem(points, sites, rules, seed=1):
    rng = np.random.default_rng(seed)
    people, places = rng.random((points, 2)), rng.random((sites, 2))
    seconds = 6000 * np.hypot(*(places[:, None, :] - people[None, :, :]).transpose(2, 0, 1))
    times = csr_array(np.where(seconds <= 900, seconds, 0.0))
    persons = rng.integers(1, 20, points).astype(float)
    units = csr_array((persons, (rng.integers(0, 12, points), np.arange(points))), shape=(12, points))
    if rules.pop("capacity", None) is not None:
        rules["capacity"] = np.full(sites, 400.0)
    return Problem(times, persons, Rules(**rules), units=units)

model, rules = MODELS[sys.argv[1]]
few = dict(rules, stations=3) if "stations" in rules else dict(rules)
solve(problem(40, 12, few), model, Effort(time_limit_s=5))
large = problem(4000 if "capacity" not in rules else 1500, 1200 if "capacity" not in rules else 300, dict(rules))
end_as_interrupted()
for _ in range(2):
    told = "none"
    print("begun", flush=True)
    try:
        plan = solve(large, model, Effort(time_limit_s=300))
        told = f"{plan.status} {plan.stopped_by} {len(plan.chosen)}"
        if plan.stopped_by != "interrupt":
            # It ended by itself: the signal is still to come.
            time.sleep(10.0)
    except KeyboardInterrupt:
        pass
    print(told, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGINT cannot be sent to one process there")
@pytest.mark.parametrize("model", ["mclp", "lscp", "p_median", "two_stages", "p_center", "fair", "capacity"])
def test_ctrl_c_and_sigterm_end_every_model_with_its_best_plan(model: str) -> None:
    told = []
    with subprocess.Popen([sys.executable, "-c", CODE, model], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # Two seconds are what is promised; a busy machine may take longer, a search that does not listen never ends.
        limit = threading.Timer(120.0, process.kill)
        limit.start()
        for number, seconds in ((signal.SIGINT, 0.05), (signal.SIGTERM, 1.0)):
            assert process.stdout.readline() == "begun\n"
            time.sleep(seconds)
            process.send_signal(number)
            told.append(process.stdout.readline().split()[0])
        limit.cancel()
    assert process.returncode == 0
    assert set(told) <= {"optimal", "feasible"}


MODELS = [MaximalCovering(), PMedian(), PMedian(900.0), PCenter(0.6), FairCovering(), SetCovering(0.2), "comply"]


def asked(problem: Problem, model: Model | str) -> Callable[[], Solution]:
    """Return the search; nothing but it is interrupted."""
    if not isinstance(model, str):
        return partial(solve, problem, model, Effort())
    land = np.linspace(100.0, 400.0, problem.sites)
    need = Requirement("x/land", "district", "d", "mandatory", "land", 450.0, 0.0, land)
    return partial(comply, problem.under(stations=None), [need], Effort())


@contextmanager
def pressed_at(call: int) -> Iterator[list[int]]:
    """Press Ctrl-C once, at the given call of a function of ``siting.locate``; the calls are counted."""
    calls = [0]

    def look(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        # What is raised while a generator is cleared up goes nowhere; the catching itself takes no time.
        outside = "<" in code.co_name or code.co_filename.endswith("deadline.py")
        if event == "call" and "/siting/locate/" in code.co_filename and not outside:
            calls[0] += 1
            if calls[0] == call:
                raise KeyboardInterrupt

    sys.setprofile(look)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize("name", PROBLEMS)
def test_ctrl_c_at_any_moment_leaves_a_plan_and_its_bound(name: str, model: Model | str) -> None:
    problem = PROBLEMS[name]
    search = asked(problem, model)
    with pressed_at(0) as calls:
        whole = search()
    for call in np.unique(np.geomspace(3, calls[0], 12).astype(int)).tolist():
        with pressed_at(call):
            found = search()
        if whole.status == "infeasible":
            assert found.status in {"infeasible", "unknown"}
            continue
        assert found.status in {"optimal", "feasible", "relaxed"}, call
        assert isinstance(model, str) or brute.allowed(problem, tuple(found.chosen.tolist()))
        stage, best = found.stages[0], whole.stages[0].objective
        noise = 1e-6 * max(1.0, abs(best))
        assert (stage.bound >= best - noise) if stage.sense == "max" else (stage.bound <= best + noise)
        assert (stage.objective <= best + noise) if stage.sense == "max" else (stage.objective >= best - noise)


def test_a_second_ctrl_c_ends_the_search() -> None:
    presses = iter([KeyboardInterrupt, KeyboardInterrupt])

    @keeps_first_plan
    def search(_: Effort) -> Solution:
        raise next(presses)

    with pytest.raises(KeyboardInterrupt):
        search(Effort())
