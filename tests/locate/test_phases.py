"""Plans over phases: against a search of all nested choices, the laws of phases, and other models."""

import itertools
import math
import os
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from siting.locate.phases import Phase, PhasedSolution, solve_phases
from siting.locate.problem import Effort, MaximalCovering, Problem, Rules
from siting.locate.solve import solve

SITES, POINTS, PHASES = 12, 15, 3
RUNS = int(os.environ.get("SITING_FUZZ_RUNS", "200"))


@dataclass(frozen=True)
class Case:
    """A small problem over three phases."""

    problem: Problem
    phases: tuple[Phase, ...]

    def solved(self, effort: Effort | None = None) -> PhasedSolution:
        return solve_phases(self.problem, self.phases, solve, effort or Effort())


def made(seed: int) -> Case:
    """Return a random problem: people and facilities change, sites cost, are too close, forced or not there yet."""
    rng = np.random.default_rng(seed)
    reach = csr_array((rng.random((SITES, POINTS)) < 0.25) * 60.0)
    costs = rng.integers(1, 9, SITES) * (1.0 if seed % 3 else 0.7)
    near = np.array([pair for pair in itertools.combinations(range(SITES), 2) if rng.random() < 0.06]).reshape(-1, 2)
    forced = rng.random(SITES) < (0.1 if seed % 4 == 0 else 0.0)
    problem = Problem(
        reach,
        np.ones(POINTS),
        Rules(costs=costs, apart=near if len(near) else None, forced=forced if forced.any() else None),
    )
    people = rng.integers(0, 50, POINTS).astype(float)
    since = rng.integers(0, PHASES, SITES) * (rng.random(SITES) < 0.3)
    phases = tuple(
        Phase(
            value=np.where(rng.random(POINTS) < 0.2, 0.0, people * 1.1**number),
            available=since <= number,
            factor=float(rng.integers(1, 4)) / 1.03**number,
            stations=int(rng.integers(0, 4)) if seed % 2 else None,
            budget=float(rng.integers(0, 16)) if seed % 5 != 1 or not seed % 2 else None,
        )
        for number in range(PHASES)
    )
    return Case(problem, phases)


def best_of_all(case: Case) -> float:
    """Return the best objective over all nested choices; -inf without any. Sets of sites are numbers of bits."""
    masks = np.arange(1 << SITES)
    reach = case.problem.times.toarray() > 0
    covered = np.zeros((len(masks), POINTS), dtype=bool)
    for site in range(SITES):
        covered |= ((masks >> site) & 1)[:, None].astype(bool) & reach[site]
    best = np.full(len(masks), -np.inf)
    best[0] = 0.0
    for phase in case.phases:
        after = np.full(len(masks), -np.inf)
        for size in range(SITES + 1 if phase.stations is None else phase.stations + 1):
            for new in itertools.combinations(np.flatnonzero(phase.available).tolist(), size):
                money = sum(case.problem.rules.costs[list(new)])
                if phase.budget is not None and money > phase.budget + 1e-9:
                    continue
                added = sum(1 << site for site in new)
                before = masks[(masks & added) == 0]
                after[before | added] = np.maximum(after[before | added], best[before])
        best = after + phase.factor * (covered @ phase.value)
    allowed = np.ones(len(masks), dtype=bool)
    for one, other in case.problem.rules.apart if case.problem.rules.apart is not None else ():
        allowed &= ~(((masks >> one) & 1) & ((masks >> other) & 1)).astype(bool)
    for site in np.flatnonzero(case.problem.rules.forced) if case.problem.rules.forced is not None else ():
        allowed &= ((masks >> site) & 1).astype(bool)
    return float(best[allowed].max(initial=-np.inf))


def value_of(case: Case, opened: tuple[np.ndarray, ...]) -> float:
    """Add up what a plan covers, phase by phase."""
    reach, there, total = case.problem.times.toarray() > 0, [], 0.0
    for phase, new in zip(case.phases, opened, strict=True):
        there += new.tolist()
        total += phase.factor * phase.value[reach[there].any(axis=0)].sum()
    return total


@pytest.mark.parametrize("seed", range(RUNS))
def test_the_best_of_all_nested_choices_is_found_and_proved(seed: int) -> None:
    case = made(seed)
    best, found = best_of_all(case), case.solved()
    if best == -math.inf:
        assert found.status == "infeasible"
        assert not found.stages
        return
    assert found.status == "optimal"
    assert found.objective == pytest.approx(best, rel=1e-9)
    assert value_of(case, found.opened) == pytest.approx(best, rel=1e-9)
    for other in (found.alone, found.greedy):
        assert not other > best * (1 + 1e-9)


def test_the_made_cases_are_of_all_kinds() -> None:
    found = [case.solved() for case in map(made, range(40))]
    assert {each.status for each in found} == {"optimal", "infeasible"}
    lost = [each.objective - each.alone for each in found if each.stages and not math.isnan(each.alone)]
    behind = [each.objective - each.greedy for each in found if each.stages and not math.isnan(each.greedy)]
    for losses in (lost, behind):
        assert min(losses) == pytest.approx(0.0, abs=1e-9)
        assert max(losses) > 1.0


@pytest.mark.parametrize("seed", range(1, 20, 2))
def test_one_phase_is_maximal_covering(seed: int) -> None:
    case = made(seed)
    phase = replace(case.phases[0], stations=3, budget=None)
    one = solve_phases(case.problem, [phase], solve, Effort())
    plain = replace(case.problem.under(stations=3, forbidden=~phase.available), people=phase.value)
    assert one.objective == pytest.approx(phase.factor * solve(plain, MaximalCovering(), Effort()).objective)


def test_money_that_is_left_is_not_carried_over() -> None:
    problem = Problem(csr_array(np.eye(2) * 60.0), np.ones(2), Rules(costs=np.array([3.0, 2.0])))
    phases = [Phase(np.array([9.0, 1.0]), np.ones(2, dtype=bool), budget=money) for money in (2.0, 2.0)]
    found = solve_phases(problem, phases, solve, Effort())
    assert [each.tolist() for each in found.opened] == [[1], []]


def test_facilities_that_stand_count_by_phase_and_not_by_the_problem() -> None:
    """The kept site reaches the first point. Its people count in the first phase, when it does not stand yet."""
    times = csr_array(np.array([[60.0, 0.0], [60.0, 0.0], [0.0, 60.0]]))
    problem = Problem(times, np.ones(2), Rules(kept=np.array([True, False, False])))
    every = np.ones(3, dtype=bool)
    phases = [Phase(np.array(value), every, stations=1) for value in ([50.0, 30.0], [0.0, 30.0])]
    found = solve_phases(problem, phases, solve, Effort())
    assert [each.tolist() for each in found.opened] == [[1], [2]]
    assert found.objective == 80.0


def test_without_time_the_better_of_the_two_other_plans_is_returned() -> None:
    case = made(3)
    found = case.solved(Effort(time_limit_s=0.0))
    assert found.status in {"feasible", "unknown", "optimal"}
    assert found.status == "unknown" or found.objective <= best_of_all(case) * (1 + 1e-9) <= found.bound * (1 + 1e-9)


def test_an_interrupt_keeps_the_best_plan_so_far() -> None:
    case = made(3)

    def interrupted(problem: Problem, _: object, effort: Effort) -> object:
        return replace(solve(problem, MaximalCovering(), replace(effort, interrupted=None)), stopped_by="interrupt")

    found = solve_phases(case.problem, case.phases, interrupted, Effort())  # type: ignore[arg-type]
    assert (found.status, found.stopped_by) == ("feasible", "interrupt")
    assert found.objective == pytest.approx(value_of(case, found.opened))
    assert found.bound >= best_of_all(case)
