"""The solver's door: what HiGHS says where little is left to say, and what is believed of it."""

import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

import siting
from siting.errors import InputError
from siting.locate import highs
from siting.locate.highs import Milp, Run, check_solver, minimise
from siting.locate.problem import Effort


def programme(cost: list[float], rows: list[list[float]], low: list[float], high: list[float]) -> Milp:
    columns = len(cost)
    return Milp(
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


# Two sites, three points; site 0 is the better one.
CHOICE = programme([2.0, 3.0], [[1.0, 1.0]], [1.0], [2.0])


def test_what_highs_tells_must_agree_with_its_point() -> None:
    right = np.array([1.0, 0.0])
    assert highs._agrees(CHOICE, right, 2.0, 2.0)
    assert not highs._agrees(CHOICE, right, 1.9, 1.9), "another objective than the point's"
    assert not highs._agrees(CHOICE, right, 2.0, 2.1), "a bound above the objective"
    assert not highs._agrees(CHOICE, np.zeros(2), 0.0, 0.0), "a row is broken"
    assert not highs._agrees(CHOICE, np.array([0.5, 0.5]), 2.5, 2.0), "parts of whole numbers"
    assert not highs._agrees(CHOICE, np.array([2.0, -1.0]), 1.0, 1.0), "beyond a side"


def test_what_does_not_agree_is_solved_again_without_start_and_presolve(monkeypatch: pytest.MonkeyPatch) -> None:
    check_solver()
    asked: list[tuple[bool, bool]] = []
    once, truthful = highs._once, [0]

    def lying(
        programme: Milp, effort: Effort, start: Any, gap: float, *, presolve: bool = True, heuristics: bool = True
    ) -> Run:
        asked.append((start is not None, presolve))
        run = once(programme, effort, start, gap, presolve=presolve, heuristics=heuristics)
        return run if len(asked) == truthful[0] else replace(run, sound=False, bound=run.objective)

    monkeypatch.setattr(highs, "_once", lying)
    for truthful[0], expected in ((1, [(True, True)]), (2, [(True, True), (False, True)])):
        asked.clear()
        run = minimise(CHOICE, Effort(), start=np.array([0.0, 1.0]))
        assert (asked, run.stopped_by, run.bound) == (expected, "proved", 2.0)
    truthful[0] = -1
    asked.clear()
    run = minimise(CHOICE, Effort(), start=np.array([0.0, 1.0]))
    assert asked == [(True, True), (False, True), (False, False)]
    assert (run.stopped_by, run.bound) == ("solver", -np.inf), "nothing is claimed"


def test_a_start_is_never_taken_for_the_best(shared: Path) -> None:
    plan = siting.propose(siting.read_scenario(shared / "cases" / "capacity-start" / "s.toml"))
    assert plan.status == "optimal"
    assert plan.stations["candidate_id"].tolist() == ["C11"]
    assert plan.stages[-1].objective == pytest.approx(97_914, abs=1)


def test_a_solver_with_wrong_optima_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    worse = Run(np.zeros(5), -5.0, -5.0, "proved", 0)
    monkeypatch.setattr(highs, "_once", lambda *_, **__: worse)
    check_solver.cache_clear()
    try:
        with pytest.raises(InputError) as caught:
            minimise(CHOICE, Effort())
        # It stands in no file: the line begins with what is wrong.
        assert "\n  - the solver highspy " in caught.value.message("en")
    finally:
        check_solver.cache_clear()


def test_the_fifty_problems_are_solved_by_another_solver_too() -> None:
    """SciPy's own build of HiGHS has another version; the optima by counting are those of that one."""
    found = list(highs.canaries())
    assert len(found) == 50
    assert [found[0].best, found[1].best] == [10.0, 13.0]
    for each in found:
        program = each.milp
        within = LinearConstraint(program.matrix, program.row_low, program.row_high)
        other = milp(program.cost, integrality=program.integer, bounds=Bounds(0, 1), constraints=within)
        assert -other.fun == pytest.approx(each.best)
    assert len({each.best for each in found}) > 15


def test_nothing_is_printed() -> None:
    code = "from siting.locate.highs import solver_name, check_solver; check_solver(); solver_name()"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (told.stdout, told.stderr) == (b"", b"")


def test_a_relaxation_prints_nothing_either(capfd: pytest.CaptureFixture[str]) -> None:
    run = highs.Relaxation(programme([1.0, 1.0], [[1.0, 1.0]], [1.0], [9.0])).solve(Effort())
    assert run.objective == pytest.approx(1.0)
    assert capfd.readouterr() == ("", "")


class Deaf:
    """A solver that answers nobody while it runs, as HiGHS while it looks for columns that others dominate."""

    def __init__(self) -> None:
        self.running, self.told, self.asks = threading.Event(), dict[str, float](), 3
        self.cbSimplexInterrupt = self.cbIpmInterrupt = self.cbMipInterrupt = self

    def subscribe(self, _: object) -> None:
        """Take nothing up."""

    def clear(self) -> None:
        self.asks -= 1

    def setOptionValue(self, name: str, value: float) -> None:  # noqa: N802 - the binding's name
        self.told[name] = value

    def run(self) -> None:
        self.running.wait()


@pytest.mark.parametrize(
    ("effort", "asked"), [(Effort(interrupted=lambda: True), True), (Effort(time_limit_s=0.0), False)]
)
def test_a_solver_that_does_not_answer_is_left_to_itself(
    effort: Effort, asked: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(highs, "_PATIENCE_S", 0.0)
    deaf = Deaf()
    stopped = highs._run(deaf, effort)
    # It calls nobody from there on, and stops where it looks at the clock.
    assert (stopped.asked, stopped.left, deaf.asks, deaf.told) == (asked, True, 0, {"time_limit": 0.0})
    deaf.running.set()


@pytest.mark.parametrize("why", ["interrupt", "time"])
def test_nothing_is_believed_of_a_solver_left_to_itself(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = programme([1.0, 1.0], [[1.0, 1.0]], [1.0], [9.0])
    relaxation = highs.Relaxation(given)
    monkeypatch.setattr(highs, "_run", lambda *_: highs._Stopped(asked=why == "interrupt", left=True))
    for run in (minimise(given, Effort()), relaxation.solve(Effort()), relaxation.solve(Effort())):
        assert (run.values, run.objective, run.bound, run.stopped_by) == (None, np.inf, -np.inf, why)
    # Its rows are no longer touched: it may read them still.
    monkeypatch.setattr(relaxation, "_highs", None)
    relaxation.add(csr_array(np.ones((1, 2))), np.ones(1))
    relaxation.bound(0, 0.0, 0.0)
    assert len(relaxation.prices()) == 0


def test_ctrl_c_while_the_solver_runs_is_heard_by_all_and_raises_nothing() -> None:
    heard = threading.Event()

    def before(*_: object) -> None:
        heard.set()
        raise KeyboardInterrupt

    class Pressed(Deaf):
        def run(self) -> None:
            signal.raise_signal(signal.SIGINT)
            heard.wait()

    usual = signal.signal(signal.SIGINT, before)
    try:
        stopped = highs._run(Pressed(), Effort())
        assert (stopped.asked, stopped.left, signal.getsignal(signal.SIGINT)) == (True, False, before)
    finally:
        signal.signal(signal.SIGINT, usual)


def test_who_ends_just_when_asked_to_stop_has_proved_it_and_nothing_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    run = highs._run

    def pressed(solver: Any, effort: Effort) -> Any:
        run(solver, effort)
        return highs._Stopped(asked=True)

    check_solver()
    monkeypatch.setattr(highs, "_run", pressed)
    found = minimise(programme([1.0, 2.0], [[1.0, 1.0]], [1.0], [9.0]), Effort())
    assert (found.objective, found.bound, found.stopped_by) == (1.0, 1.0, "interrupt")
    none = minimise(programme([1.0, 1.0], [[1.0, 1.0]], [3.0], [9.0]), Effort())
    assert (none.values, none.stopped_by) == (None, "interrupt")


def test_the_heuristics_left_out_are_options_of_this_highs(monkeypatch: pytest.MonkeyPatch) -> None:
    solvers, new = [], highs._new

    def noted() -> Any:
        solvers.append(new())
        return solvers[-1]

    check_solver()
    monkeypatch.setattr(highs, "_new", noted)
    one = programme([-2.0, -3.0], [[1.0, 1.0]], [-np.inf], [1.0])
    for prepared in (False, True):
        assert minimise(one, Effort(), prepared=prepared).objective == -3.0
    for name in highs._HEURISTICS:
        assert [solver.getOptionValue(name)[1] for solver in solvers] == [True, False], name
