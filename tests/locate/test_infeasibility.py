"""Why requests are blocked, verified by feasibility what is named; smallest numbers, verified one step below."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.infeasibility import explain_infeasible, feasibility
from siting.locate.milp.formulation import LexicographicMilp
from siting.locate.problem import Effort, FairCovering, MaximalCovering, PCenter, PMedian, Problem, Rules, SetCovering
from tests.drawing import examples
from tests.locate.milp import brute, draw

# Two rows reach two points each, a third one that only it reaches; nobody reaches the last point.
REACH = np.array([[60.0, 60.0, 0.0, 0.0, 0.0], [0.0, 60.0, 120.0, 0.0, 0.0], [0.0, 0.0, 0.0, 240.0, 0.0]])
PEOPLE = np.array([40.0, 30.0, 20.0, 10.0, 50.0])
HOMES = csr_array(np.array([[40.0, 30.0, 0.0, 0.0, 0.0], [0.0, 0.0, 20.0, 10.0, 50.0]]))
LIFTS: dict[str, tuple[str, ...]] = {
    "stations": ("stations",),
    "budget": ("budget",),
    "per_unit": ("unit", "most_per_unit"),
    "spacing": ("apart",),
    "capacity": ("capacity",),
    "forced": ("forced", "occupied"),
}


def request(**rules: Any) -> Problem:
    return Problem(csr_array(REACH), PEOPLE, Rules(**rules), None, HOMES)


def lift(problem: Problem, model: Any, rules: set[str]) -> tuple[Problem, Any]:
    """What feasibility is said to mean, written again."""
    for rule in rules:
        problem = problem.under(**dict.fromkeys(LIFTS.get(rule, ())))
    if "reach" in rules:
        reached = np.isfinite(brute.walk(problem.under(kept=problem.kept | problem.open_to_choice), ())[1])
        there = reached.any(axis=0).astype(float)
        units = csr_array(problem.units.toarray() * there) if problem.units is not None else None
        problem = replace(problem, people=problem.people * there, units=units)
    if "share" in rules:
        model = replace(model, share=0.0)
    if "unit_share" in rules:
        model = replace(model, **({"floor": None} if isinstance(model, FairCovering) else {"unit_share": None}))
    return problem, model


def rules_of(problem: Problem, model: Any) -> set[str]:
    """The rules that can be lifted."""
    named = {rule for rule, names in LIFTS.items() if any(getattr(problem.rules, name) is not None for name in names)}
    if isinstance(model, SetCovering | PCenter):
        named.add("share")
    if getattr(model, "unit_share", None) is not None or getattr(model, "floor", None) is not None:
        named.add("unit_share")
    beyond = not brute.can(*lift(problem, model, named - {"share", "unit_share"}))
    return named | ({"reach"} if beyond else set())


def verify(problem: Problem, model: Any, blocked: Any) -> None:
    """The named rules block, each is needed for that; each remedy mends alone; smallest numbers are smallest."""
    every, named = rules_of(problem, model), set(blocked.rules)
    assert named <= every
    assert not brute.can(*lift(problem, model, every - named))
    for rule in named:
        assert brute.can(*lift(problem, model, (every - named) | {rule})), rule
    assert set(blocked.remedies) == {rule for rule in every if brute.can(*lift(problem, model, {rule}))}
    assert blocked.proved
    for name in ("stations", "budget"):
        least = getattr(blocked, name)
        if getattr(problem.rules, name) is None:
            assert least is None
        elif least is None:
            assert not brute.can(problem.under(**{name: None}), model)
        else:
            assert brute.can(problem.under(**{name: least.value}), model)
            assert not brute.can(problem.under(**{name: least.value - least.step}), model)
            assert least.proved
            assert brute.value_at(problem, model, tuple(least.chosen)) is not None


def verify_capacity(problem: Problem, model: Any, blocked: Any) -> None:
    own = problem.rules.capacity
    if own is None or not np.any(np.isfinite(own[~problem.kept])):
        assert blocked.capacity is None
        return

    def having(persons: float) -> Problem:
        return problem.under(capacity=np.where(problem.kept, own, np.maximum(own, persons)))

    if blocked.capacity is None:
        assert not brute.can(having(math.ceil(problem.people.sum())), model)
    else:
        assert brute.can(having(blocked.capacity.value), model)
        assert not brute.can(having(blocked.capacity.value - 1), model)


@pytest.mark.parametrize("kind", ["set", "center", "fair", "maximal"])
@settings(max_examples=examples(25), deadline=None)
@given(data=st.data())
def test_what_is_named_blocks_and_what_would_do_does(kind: str, data: st.DataObject) -> None:
    problem = data.draw(draw.problems(most_rows=4, most_points=4, at_once=9))
    models = {**draw.MODELS, "set": draw.set_coverings(by_cost=False), "fair": st.builds(FairCovering, draw.SHARES)}
    model = data.draw(models[kind])
    blocked = explain_infeasible(problem, model, Effort())
    if brute.can(problem, model):
        assert blocked.rules == ()
        return
    verify(problem, model, blocked)
    verify_capacity(problem, model, blocked)


YES = np.array([True, True, True])
CLASHES: dict[str, tuple[Problem, Any, set[str]]] = {
    "forced against stations": (request(stations=1, forced=YES), MaximalCovering(), {"forced", "stations"}),
    "forced against budget": (
        request(budget=5.0, costs=np.array([2.0, 2.0, 2.0]), forced=YES),
        PMedian(),
        {"forced", "budget"},
    ),
    "forced against the unit": (
        request(unit=np.array([0, 0, 1]), most_per_unit=np.array([1, 1]), forced=YES),
        FairCovering(),
        {"forced", "per_unit"},
    ),
    "forced against distance": (
        request(apart=np.array([[0, 2]]), forced=YES),
        MaximalCovering(),
        {"forced", "spacing"},
    ),
    "forced sizes of one place": (request(place=np.array([0, 0, 1]), forced=YES), MaximalCovering(), {"forced"}),
    "forced and forbidden": (request(forbidden=~YES | [True, False, False], forced=YES), PMedian(), {"forced"}),
    "an occupied place without an allowed row": (
        request(occupied=np.array([True, False, False]), forbidden=np.array([True, False, False])),
        MaximalCovering(),
        {"forced"},
    ),
    "share against stations": (request(stations=1), SetCovering(share=0.6), {"stations", "share"}),
    "share against budget": (
        request(budget=3.0, costs=np.array([2.0, 2.0, 2.0])),
        SetCovering(share=0.6),
        {"budget", "share"},
    ),
    "share against capacity": (
        request(capacity=np.array([20.0, 20.0, 20.0])),
        SetCovering(share=0.6),
        {"capacity", "share"},
    ),
    "share beyond all reach": (request(stations=3), SetCovering(share=0.8), {"share", "reach"}),
    "share of a unit beyond all reach": (
        request(stations=3),
        SetCovering(share=0.5, unit_share=0.5),
        {"unit_share", "reach"},
    ),
    "share of a unit against distance": (
        request(apart=np.array([[1, 2]])),
        SetCovering(share=0.1, unit_share=0.3),
        {"unit_share", "spacing"},
    ),
    "floor against stations": (request(stations=1), FairCovering(floor=0.3), {"unit_share", "stations"}),
    "worst time against stations": (request(stations=1), PCenter(share=0.9), {"share", "stations"}),
}


@pytest.mark.parametrize("clash", CLASHES)
def test_clashes_of_each_kind_are_named(clash: str) -> None:
    problem, model, named = CLASHES[clash]
    blocked = explain_infeasible(problem, model, Effort())
    assert set(blocked.rules) == named
    verify(problem, model, blocked)


def test_whom_nobody_reaches_is_named_and_counted() -> None:
    blocked = explain_infeasible(request(), SetCovering(share=0.5, unit_share=0.5), Effort())
    assert blocked.unreached.tolist() == [4]
    assert blocked.unreached_persons == 50.0
    assert blocked.units.tolist() == [1]


def test_rows_that_must_be_open_and_may_not_are_named() -> None:
    must = np.array([True, False, False])
    blocked = explain_infeasible(request(forced=must, forbidden=must), MaximalCovering(), Effort())
    assert blocked.stuck.tolist() == [0]


def test_the_smallest_capacity_counts_persons_of_each_station() -> None:
    # 90 of 150 are asked for; the first two rows reach 40 + 30 + 20 together, the third 10 others.
    blocked = explain_infeasible(request(capacity=np.array([20.0, 20.0, 20.0])), SetCovering(share=0.6), Effort())
    assert blocked.capacity is not None
    assert (blocked.capacity.value, blocked.capacity.step, blocked.capacity.proved) == (40.0, 1.0, True)


def test_the_smallest_budget_goes_by_the_unit_of_costs() -> None:
    costs = np.array([200.0, 300.0, 500.0])
    blocked = explain_infeasible(request(budget=100.0, costs=costs), SetCovering(share=0.5), Effort())
    assert blocked.budget is not None
    assert (blocked.budget.value, blocked.budget.step) == (500.0, 100.0)
    assert blocked.budget.chosen.tolist() == [0, 1]


@pytest.mark.parametrize(("model", "minutes"), [(SetCovering(share=0.4), 1.0), (SetCovering(share=0.6), 2.0)])
def test_the_fewest_minutes_are_found_by_longer_walks(model: SetCovering, minutes: float) -> None:
    whole = REACH.copy()
    whole[0, 2], whole[2, 4] = 130.0, 200.0

    def at(seconds: float) -> Problem:
        near = csr_array(np.where(whole <= seconds, whole, 0.0))
        near.eliminate_zeros()
        return Problem(near, PEOPLE, Rules(stations=2))

    blocked = explain_infeasible(at(50.0), model, Effort(), at=at, cutoff_s=50.0)
    least = blocked.minutes
    assert least is not None
    assert (least.value, least.step, least.proved) == (minutes, 1.0, True)
    assert brute.can(at(60.0 * minutes), model)
    assert not brute.can(at(60.0 * (minutes - 1)), model)


def test_longer_walks_end_at_three_times_the_cutoff() -> None:
    problem = request(stations=3)
    blocked = explain_infeasible(problem, SetCovering(share=0.9), Effort(), at=lambda _: problem, cutoff_s=300.0)
    assert blocked.minutes is None


def test_a_worst_time_is_sought_minute_by_minute() -> None:
    # Within a minute either row reaches one point only, within two the first reaches both, within three there is
    # another point, which only the third reaches: what would do does not do from there on.
    whole = np.array([[60.0, 120.0, 0.0], [0.0, 60.0, 0.0], [0.0, 0.0, 180.0]])

    def at(seconds: float) -> Problem:
        near = csr_array(np.where(whole <= seconds, whole, 0.0))
        near.eliminate_zeros()
        return Problem(near, np.array([10.0, 10.0, 10.0]), Rules(stations=1))

    least = explain_infeasible(at(60.0), PCenter(share=0.9), Effort(), at=at, cutoff_s=60.0).minutes
    assert least is not None
    assert (least.value, least.proved) == (2.0, True)
    assert not brute.can(at(180.0), PCenter(share=0.9))


def test_without_time_nothing_is_claimed() -> None:
    rules = Rules(stations=2, forbidden=np.array([False, False, True]))
    share_constraints = SetCovering(share=0.6)
    blocked = explain_infeasible(Problem(csr_array(REACH), PEOPLE, rules), share_constraints, Effort(time_limit_s=0.0))
    assert blocked.proved or blocked.rules == ()


@pytest.mark.parametrize("pressed", [True, False])
def test_after_an_interrupt_nothing_more_is_asked(monkeypatch: pytest.MonkeyPatch, pressed: bool) -> None:  # noqa: FBT001
    times: list[int] = []
    ask = feasibility.ask

    def interrupted(milp: LexicographicMilp, effort: Effort) -> object:
        times.append(1)
        if len(times) < 2:
            return ask(milp, effort)
        if pressed:
            raise KeyboardInterrupt
        return None, "interrupt", 0

    monkeypatch.setattr(feasibility, "ask", interrupted)
    rules = Rules(stations=1, costs=np.ones(3), budget=1.0)
    problem = Problem(csr_array(np.eye(3)), np.array([10.0, 20.0, 30.0]), rules)
    found = explain_infeasible(problem, SetCovering(share=0.8), Effort())
    assert len(times) == 2
    assert not found.proved
    assert found.rules == ("stations", "budget", "share")
    assert found.stations is None
