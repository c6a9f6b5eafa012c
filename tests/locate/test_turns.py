"""Kernels work in turns: how long a turn is changes nothing of a plan, and between two turns one may stop."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from siting import compiled
from siting.compiled import by_turns
from siting.locate.covering.local_search import Annealing, break_ties, greedy_choice
from siting.locate.covering.lscp import coverage_target
from siting.locate.covering.mclp import lowest_equal
from siting.locate.covering.reduction import reduced
from siting.locate.median.instance import instance_of, weighted
from siting.locate.median.ties import break_ties as settled_sites
from siting.locate.problem import Effort, MaximalCovering, Model, PCenter, PMedian, Problem, Rules, SetCovering
from siting.locate.solve import solve

MODELS: dict[str, tuple[Model, int | None]] = {
    "mclp": (MaximalCovering(), 8),
    "lscp": (SetCovering(0.9), None),
    "lscp of all": (SetCovering(1.0), None),
    "lscp by cost": (SetCovering(0.9, by_cost=True), None),
    "p_median": (PMedian(900.0), 8),
    "p_median in two stages": (PMedian(None), 8),
    "p_center": (PCenter(0.9), 8),
}
SHORT = 200


def problem(stations: int | None) -> Problem:
    rng = np.random.default_rng(11)
    people, places = rng.random((160, 2)), rng.random((60, 2))
    seconds = 6000 * np.hypot(*(places[:, None, :] - people[None, :, :]).transpose(2, 0, 1))
    times = csr_array(np.where(seconds <= 1300, seconds, 0.0))
    costs = np.round(rng.random(60) * 10 + 1, 3)
    return Problem(times, rng.integers(1, 20, 160).astype(float), Rules(stations=stations, costs=costs))


def test_turns_go_on_until_nothing_is_left_or_somebody_says_stop() -> None:
    works: list[int] = []

    def turn(work: int) -> bool:
        works.append(work)
        return len(works) < 3

    assert by_turns(turn)
    assert works == [compiled.WORK] * 3
    assert not by_turns(lambda _: True, lambda: True)


@pytest.mark.parametrize("name", MODELS)
def test_a_plan_is_the_same_however_short_a_turn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, stations = MODELS[name]
    plans, asks = [], []
    for work in (compiled.WORK, SHORT):
        monkeypatch.setattr(compiled, "WORK", work)
        asks.append(0)

        def stop() -> bool:
            asks[-1] += 1
            return False

        plan = solve(problem(stations), model, Effort(max_nodes=2, interrupted=stop))
        plans.append((plan.chosen.tolist(), plan.status, plan.stages, plan.stopped_by, plan.first_objective))
    assert plans[0] == plans[1]
    assert asks[1] > asks[0]


@pytest.mark.parametrize("name", MODELS)
def test_a_search_that_is_stopped_within_its_first_turns_has_a_plan(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, stations = MODELS[name]
    monkeypatch.setattr(compiled, "WORK", 1)
    plan = solve(problem(stations), model, Effort(interrupted=lambda: True))
    assert plan.stopped_by == "interrupt"
    assert plan.status in ("feasible", "optimal", "unknown")
    assert stations is None or len(plan.chosen) <= stations


def test_annealing_that_is_stopped_holds_a_choice_that_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    core = coverage_target(problem(None), 0.8).instance
    begin = greedy_choice(core, np.zeros(core.sites, dtype=np.bool_), core.priority)
    found = []
    for turns in (1, 5, 10**9):
        monkeypatch.setattr(compiled, "WORK", SHORT)
        left = [turns]

        def stop(left: list[int] = left) -> bool:
            left[0] -= 1
            return left[0] <= 0

        temperature = Annealing(core, begin, core.sites / core.cover.weight.sum(), 10_000, 1)
        temperature.turn(stop)
        assert core.uncovered(np.flatnonzero(temperature.best)) <= core.slack
        found.append(core.cost_of(temperature.best))
    assert core.cost_of(begin) >= found[0] >= found[1] >= found[2]


def pressed() -> bool:
    raise KeyboardInterrupt


def test_ctrl_c_while_ties_are_settled_keeps_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "WORK", 1)
    given = problem(6)
    high = np.arange(54, 60)

    cover = reduced(given, dominated=False).cover
    sites = lowest_equal(cover, high, 0.5, pressed)
    assert given.reached_by(sites) @ given.people >= given.reached_by(high) @ given.people

    core = instance_of(weighted(given, 900.0), np.zeros(60, dtype=np.bool_), np.arange(60))
    assert len(settled_sites(core, high, pressed)) == 6

    wanted = coverage_target(given, 0.8).instance
    left = break_ties(wanted.cover, np.arange(wanted.sites), wanted.slack, pressed)
    assert wanted.uncovered(left) <= wanted.slack
    assert len(left) < wanted.sites
