"""The cheapest choice that meets all clauses, and the least relaxation, against every choice there is."""

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.domain.requirements import Requirement, Sharing
from siting.locate.highs import Run
from siting.locate.milp import comply, lexicographic
from siting.locate.milp.compliance import shortfall_objective
from siting.locate.milp.requirements import system_of
from siting.locate.problem import Effort, Problem, Rules, without_plan
from tests.drawing import examples

SEEDS = st.integers(0, 10_000_000)
POINTS = 6


def problem_of(rules: Rules, rows: int) -> Problem:
    return Problem(csr_array((rows, 1)), np.ones(1), rules)


def land(required: float, add: list[float], *, provided: float = 0.0, rank: int = 0, place: str = "d") -> Requirement:
    return Requirement(
        f"x/{rank}",
        "district",
        place,
        "mandatory",
        "land",
        required,
        provided,
        np.array(add, dtype=np.float64),
        None,
        rank,
    )


def sharing(rows: int, reach: np.ndarray[Any, Any], members: list[int], worth: list[float], rank: int) -> Requirement:
    shared = Sharing(csr_array(reach.astype(np.float64)), np.array(members), np.array(worth))
    stands = 1.0 - sum(worth)
    return Requirement("x/c", "street", "s", "target", "covered_share", 0.75, stands, np.zeros(rows), shared, rank)


def case(seed: int) -> tuple[Problem, list[Requirement]]:
    """Draw a small request: sizes of places, land of two units, a share of people, a facility, and some rules."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(3, 8))
    kept = np.zeros(rows, dtype=bool)
    kept[0] = rng.random() < 0.3
    rules = Rules(costs=rng.integers(0, 9, rows).astype(np.float64) if rng.random() < 0.8 else None, kept=kept)
    if rng.random() < 0.5:
        rules = replace(rules, place=np.arange(rows) // 2)
        rules = replace(rules, occupied=np.arange(rows) == (2 if rng.random() < 0.3 else -1))
    if rng.random() < 0.4:
        rules = replace(rules, stations=int(rng.integers(0, 4)))
    if rules.costs is not None and rng.random() < 0.4:
        rules = replace(rules, budget=float(rng.integers(3, 16)))
    if rng.random() < 0.3:
        rules = replace(rules, apart=np.array([[1, rows - 1]]))
    if rng.random() < 0.3:
        rules = replace(rules, unit=rng.integers(-1, 2, rows), most_per_unit=np.array([1, 2]))
    if rng.random() < 0.3:
        forced = np.zeros(rows, dtype=bool)
        forced[rows - 1] = True
        forced[1] = rng.random() < 0.5
        rules = replace(rules, forced=forced)
    if rng.random() < 0.3:
        forbidden = np.zeros(rows, dtype=bool)
        forbidden[1] = True
        rules = replace(rules, forbidden=forbidden)
    if rng.random() < 0.2:
        rules = replace(rules, at_most=((np.arange(1, rows), 2),))
    own = ~kept
    reach = (rng.random((rows, POINTS)) < 0.4) & own[:, None]
    members = [0, 1, 2, 4] if rng.random() < 0.5 else list(range(POINTS))
    ranks = rng.permutation(4)
    needs = [
        land(8.0, (rng.integers(0, 6, rows) * own).tolist(), provided=float(rng.integers(0, 4)), rank=int(ranks[0])),
        land(4.0, (rng.integers(0, 3, rows) * own).tolist(), rank=int(ranks[0]), place="e"),
        land(1.0, ((rng.random(rows) < 0.4) & own).tolist(), rank=int(ranks[1])),
        sharing(rows, reach, members, [0.125] * len(members), int(ranks[2])),
        land(1.0, ((rng.random(rows) < 0.7) & own).tolist(), rank=int(ranks[3])),
    ]
    return problem_of(rules, rows), [needs[at] for at in rng.permutation(len(needs))[: int(rng.integers(1, 6))]]


def allowed(problem: Problem, chosen: tuple[int, ...]) -> bool:
    """Tell by the words of each rule whether a choice of rows beside the kept ones keeps to it."""
    rules, kept = problem.rules, np.flatnonzero(problem.kept).tolist()
    opened = set(chosen) | set(kept)
    breaks = any(problem.kept[row] for row in chosen)
    if rules.forbidden is not None:
        breaks |= any(rules.forbidden[row] for row in chosen)
    if rules.forced is not None:
        breaks |= not set(np.flatnonzero(rules.forced)) <= opened
    if rules.stations is not None:
        breaks |= len(chosen) > rules.stations
    if rules.budget is not None and rules.costs is not None:
        breaks |= sum(rules.costs[row] for row in chosen) > rules.budget
    if rules.place is not None:
        breaks |= len({rules.place[row] for row in opened}) < len(opened)
        if rules.occupied is not None:
            breaks |= not {rules.place[row] for row in np.flatnonzero(rules.occupied)} <= {
                rules.place[row] for row in opened
            }
    breaks |= any(len(opened & set(rows.tolist())) > most for rows, most in rules.at_most)
    if rules.apart is not None:
        breaks |= any(one in opened and other in opened for one, other in rules.apart.tolist())
    if rules.unit is not None and rules.most_per_unit is not None:
        breaks |= any(sum(rules.unit[row] == u for row in chosen) > most for u, most in enumerate(rules.most_per_unit))
    return not breaks


def short(need: Requirement, chosen: tuple[int, ...]) -> float:
    """Return shortfall ÷ required, from the definition."""
    provided = need.provided + sum(need.add[row] for row in chosen)
    if need.sharing is not None:
        reach = need.sharing.reach.toarray()
        near = [reach[list(chosen), member].any() for member in need.sharing.members]
        provided += sum(worth for worth, there in zip(need.sharing.worth, near, strict=True) if there)
    return max(0.0, (need.required - provided) / need.required)


def best_of_all(problem: Problem, needs: list[Requirement]) -> tuple[tuple[float, ...], float] | None:
    """Return the lexicographically least shortfalls by rank, and the least cost with them."""
    costs = problem.rules.costs
    ranks = sorted({need.rank for need in needs})
    keys = []
    for count in range(problem.sites + 1):
        for chosen in itertools.combinations(range(problem.sites), count):
            if allowed(problem, chosen):
                sums = (sum(short(need, chosen) for need in needs if need.rank == rank) for rank in ranks)
                free = costs is None or not np.any(costs[~problem.kept] > 0)
                cost = float(count) if free or costs is None else float(sum(costs[row] for row in chosen))
                keys.append((tuple(round(each, 9) for each in sums), cost))
    return min(keys, default=None)


@settings(deadline=None, max_examples=examples(25), derandomize=True)
@given(st.lists(SEEDS, min_size=6, max_size=6))
def test_the_choice_is_the_best_of_all_choices(seeds: list[int]) -> None:
    for seed in seeds:
        problem, needs = case(seed)
        best, found = best_of_all(problem, needs), comply(problem, needs, Effort())
        assert found.stopped_by == "proved"
        if best is None:
            assert (found.status, found.stages, len(found.chosen)) == ("infeasible", (), 0)
            continue
        shorts, cost = best
        assert allowed(problem, tuple(found.chosen))
        assert found.status == ("relaxed" if any(shorts) else "optimal")
        assert all(stage.proved for stage in found.stages)
        ranks = sorted({need.rank for need in needs})
        mine = [sum(short(each, tuple(found.chosen)) for each in needs if each.rank == rank) for rank in ranks]
        assert mine == pytest.approx(shorts, abs=1e-8)
        assert found.objective == pytest.approx(cost, abs=1e-9)
        for outcome in found.outcomes:
            lack = short(outcome.requirement, tuple(found.chosen))
            assert outcome.finding.verdict == ("met" if lack < 1e-9 else "gap")
            assert outcome.finding.shortfall == pytest.approx(lack * outcome.requirement.required, abs=1e-9)


def test_the_cases_hold_relax_and_clash() -> None:
    ends = [comply(*case(seed), Effort()).status for seed in range(80)]
    assert min(ends.count(each) for each in ("optimal", "relaxed", "infeasible")) >= 3


def test_equality_meets() -> None:
    problem = problem_of(Rules(costs=np.array([1.0, 1.0, 5.0])), 3)
    tenths = land(0.3, [0.1, 0.2, 0.4])
    found = comply(problem, [tenths], Effort())
    assert (found.status, found.chosen.tolist()) == ("optimal", [0, 1])
    short_of_it = comply(problem, [land(0.3 + 1e-7, [0.1, 0.2, 0.4])], Effort())
    assert (short_of_it.status, short_of_it.chosen.tolist()) == ("optimal", [2])


def test_what_is_met_needs_no_row_and_no_stage() -> None:
    found = comply(problem_of(Rules(), 2), [land(3.0, [1.0, 1.0], provided=3.0)], Effort())
    assert (found.status, found.chosen.tolist(), found.objective) == ("optimal", [], 0.0)
    assert found.outcomes[0].finding.verdict == "met"
    assert [stage.name for stage in found.stages] == ["stations"]
    assert found.clauses == ((),)


def test_a_rank_goes_before_all_that_later_ones_could_gain() -> None:
    first, later = land(10.0, [1.0, 0.0], rank=0), land(10.0, [0.0, 10.0], rank=1)
    problem = problem_of(Rules(stations=1), 2)
    assert comply(problem, [first, later], Effort()).chosen.tolist() == [0]
    swapped = [replace(first, rank=1), replace(later, rank=0)]
    found = comply(problem, swapped, Effort())
    assert found.chosen.tolist() == [1]
    assert [stage.objective for stage in found.stages] == pytest.approx([0.0, 1.0, 1.0])
    assert [stage.name for stage in found.stages] == ["shortfall", "shortfall", "stations"]
    assert found.clauses == (("x/1@district",), ("x/0@district",), ())


def test_of_one_place_one_size_is_open() -> None:
    rules = Rules(costs=np.array([1.0, 3.0, 9.0]), place=np.array([0, 0, 1]))
    found = comply(problem_of(rules, 3), [land(4.0, [1.0, 3.0, 4.0])], Effort())
    assert (found.chosen.tolist(), found.objective) == ([2], 9.0)


def test_clauses_that_say_the_same_are_one_stage() -> None:
    need = land(5.0, [1.0, 2.0])
    found = comply(problem_of(Rules(), 2), [need, replace(need, clause="y", rank=1)], Effort())
    assert [stage.name for stage in found.stages] == ["shortfall", "stations"]
    assert found.clauses == (("x/0@district",), ())
    assert [each.finding.shortfall for each in found.outcomes] == [2.0, 2.0]
    assert found.shortfalls[["clause_id", "id", "provided", "shortfall"]].to_numpy().tolist() == [
        ["x/0", "d", 3.0, 2.0],
        ["y", "d", 3.0, 2.0],
    ]


def test_rows_that_mend_nothing_stay_closed_though_they_cost_nothing() -> None:
    rules = Rules(costs=np.array([0.0, 0.0, 2.0]))
    found = comply(problem_of(rules, 3), [land(2.0, [0.0, 1.0, 1.0])], Effort())
    assert found.chosen.tolist() == [1, 2]


def test_of_equal_rows_the_first_are_opened() -> None:
    rules = Rules(costs=np.full(5, 2.0), forbidden=np.array([True, False, False, False, False]))
    found = comply(problem_of(rules, 5), [land(2.0, [1.0] * 5)], Effort())
    assert found.chosen.tolist() == [1, 2]


@pytest.mark.parametrize("end", ["interrupt", "time"])
def test_a_search_that_is_cut_off_returns_the_best_so_far(end: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # What mends most for its cost comes first, and leaves no room for what both need.
    rules = Rules(stations=2, costs=np.array([1.0, 4.0, 4.0]))
    needs = [land(4.0, [3.0, 2.0, 2.0]), land(4.0, [0.0, 2.0, 2.0], place="e", rank=1)]
    whole = comply(problem_of(rules, 3), needs, Effort())
    assert (whole.status, whole.chosen.tolist()) == ("optimal", [1, 2])
    monkeypatch.setattr(lexicographic, "minimise", lambda *_, **__: Run(None, math.inf, -math.inf, end, 0))
    found = comply(problem_of(rules, 3), needs, Effort())
    assert (found.status, found.stopped_by, found.chosen.tolist()) == ("relaxed", end, [0, 1])
    assert [(stage.name, stage.objective, stage.bound) for stage in found.stages] == [
        ("shortfall", 0.0, 0.0),
        ("shortfall", 0.5, 0.0),
        ("cost", 5.0, 0.0),
    ]
    assert found.clauses == (("x/0@district",), ("x/1@district",), ())
    nothing = comply(problem_of(replace(rules, forced=np.full(3, fill_value=True)), 3), needs, Effort())
    assert (nothing.status, nothing.stopped_by) == (without_plan(end), end)


def test_the_report_is_in_the_unit_of_the_stage() -> None:
    told: list[tuple[float, float]] = []
    rng = np.random.default_rng(4)
    rows = 30
    costs = rng.integers(10, 99, rows) * 1000.0
    reach = rng.random((rows, 80)) < 0.15
    need = Requirement(
        "x/c", "street", "s", "target", "covered_share", 0.9, 0.0, np.zeros(rows),
        Sharing(csr_array(reach * 1.0), np.arange(80), np.full(80, 1 / 80)),
    )  # fmt: skip
    found = comply(
        problem_of(Rules(costs=costs), rows), [need], Effort(report=lambda one, two: told.append((one, two)))
    )
    assert found.status == "optimal"
    assert found.first_objective >= found.objective
    assert all(objective >= found.objective - 1e-3 for objective, _ in told if math.isfinite(objective))
    assert all(bound <= found.objective + 1e-3 for _, bound in told if math.isfinite(bound))


def test_the_same_request_gives_the_same_bytes() -> None:
    problem, needs = case(7)
    one, two = (comply(problem, needs, Effort()) for _ in range(2))
    assert one.chosen.tobytes() == two.chosen.tobytes()
    assert one.stages == two.stages


def test_what_rows_add_must_fit() -> None:
    with pytest.raises(ValueError, match="must hold 2 finite numbers"):
        comply(problem_of(Rules(), 2), [land(1.0, [1.0])], Effort())
    with pytest.raises(ValueError, match="none negative"):
        comply(problem_of(Rules(), 2), [land(1.0, [1.0, -1.0])], Effort())


def test_missing_facilities_are_counted_in_whole_numbers_and_missing_land_is_not() -> None:
    none, reach = np.zeros(3), csr_array(60.0 * np.eye(3))
    asked = [
        Requirement("station", "community", "c", "mandatory", "facility", 1.0, 0.0, np.array([1.0, 1, 0]), None, 0),
        Requirement("land", "district", "d", "mandatory", "land", 900.0, 200.0, np.array([300.0, 400, 500]), None, 1),
    ]
    system = system_of(Problem(reach, none), asked)
    assert [shortfall_objective(system, rank, 3, 5).step for rank in (0, 1)] == [1.0, 0.0]
