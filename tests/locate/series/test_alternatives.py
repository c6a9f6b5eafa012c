"""Alternatives: each is as good and as different as asked, and where fewer come back none is missing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.problem import Effort, MaximalCovering, Model, PMedian, Problem, Rules, SetCovering, Solution, Stage
from siting.locate.series import alternatives, stability
from tests.drawing import examples
from tests.locate.series.reference import NONE, by_trial, choices, problems, stages

FEW = settings(deadline=None, max_examples=examples(25))
MODELS = st.sampled_from([MaximalCovering(), PMedian(beyond_s=1800.0), PMedian(), SetCovering(share=0.4)])


def lacks(problem: Problem, first: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many sites of a choice another does without, whatever their sizes."""
    place = np.arange(problem.sites) if problem.rules.place is None else problem.rules.place
    return len({place[row] for row in first} - {place[row] for row in other})


def near(problem: Problem, model: Model, first: Solution, rows: tuple[int, ...], within: float) -> bool:
    found = stages(problem, model, rows)
    if found is None:
        return False
    for ours, best in zip(found, first.stages, strict=True):
        worse = (best.objective - ours.objective) * (1 if best.sense == "max" else -1)
        if worse > within * abs(best.objective) + 1e-9:
            return False
    return True


@FEW
@given(problems(most=5), MODELS, st.integers(1, 2), st.sampled_from([0.0, 0.1, 0.4]), st.integers(1, 4))
def test_alternatives_against_all_choices(
    problem: Problem, model: Model, differ: int, within: float, stations: int
) -> None:
    problem = problem if isinstance(model, SetCovering) else problem.under(stations=stations)
    best = by_trial(problem, model, Effort())
    if not best.stages:
        return
    found = alternatives(problem, model, best, Effort(), count=3, within=within, differ=differ, solver=by_trial)
    plans = [tuple(rows) for rows in found.plans["chosen"]]
    assert plans[0] == tuple(best.chosen.tolist())
    for earlier, later in itertools.combinations(plans, 2):
        assert lacks(problem, earlier, later) >= differ
    for rows in plans:
        assert rows in choices(problem)
        assert near(problem, model, best, rows, within)
    if found.complete and len(plans) <= 3:
        missing = [
            rows
            for rows in choices(problem)
            if near(problem, model, best, rows, within) and all(lacks(problem, plan, rows) >= differ for plan in plans)
        ]
        assert missing == []
    if not isinstance(model, PMedian) or model.beyond_s is not None:
        assert found.complete or len(plans) == 4
    stays = [sum(lacks(problem, (row,), plan) == 0 for plan in plans[1:]) for row in plans[0]]
    assert found.sites["kept_in"].tolist() == stays
    assert found.sites["row"].tolist() == list(plans[0])
    assert found.plans["differs"].tolist() == [lacks(problem, plans[0], plan) for plan in plans]


def line(people: list[float], **rules: object) -> Problem:
    return Problem(csr_array(np.eye(len(people)) * 60.0), np.array(people), Rules(**rules))  # type: ignore[arg-type]


def test_plans_come_best_first_and_none_beyond_the_share() -> None:
    problem = line([100.0, 99, 98, 90], stations=1)
    best = by_trial(problem, MaximalCovering(), Effort())
    found = alternatives(problem, MaximalCovering(), best, Effort(), within=0.02, solver=by_trial)
    assert found.plans["chosen"].tolist() == [(0,), (1,), (2,)]
    assert found.plans["loss_share"].tolist() == pytest.approx([0, 0.01, 0.02])
    assert found.complete
    fewer = alternatives(problem, MaximalCovering(), best, Effort(), within=0.02, count=1, solver=by_trial)
    assert fewer.plans["objective"].tolist() == [100, 99]
    assert not fewer.complete


def test_another_size_of_a_site_is_no_other_site() -> None:
    reach = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]])
    problem = Problem(csr_array(reach * 60.0), np.array([30.0, 40, 29]), Rules(stations=1, place=np.array([0, 0, 1])))
    best = by_trial(problem, MaximalCovering(), Effort())
    found = alternatives(problem, MaximalCovering(), best, Effort(), within=0.1, solver=by_trial)
    assert found.plans["chosen"].tolist() == [(0,), (2,)]
    assert found.sites.to_numpy().tolist() == [[0, 0, 1]]


def test_a_forced_site_stays_in_all() -> None:
    problem = line([50.0, 49, 48], stations=2, forced=np.array([True, False, False]))
    best = by_trial(problem, MaximalCovering(), Effort())
    found = alternatives(problem, MaximalCovering(), best, Effort(), within=0.05, solver=by_trial)
    assert found.plans["chosen"].tolist() == [(0, 1), (0, 2)]
    assert found.sites["kept_in"].tolist() == [1, 0]
    none = alternatives(problem, MaximalCovering(), best, Effort(), within=0.05, differ=2, solver=by_trial)
    assert (len(none.plans), none.complete) == (1, True)


def test_a_bound_that_is_open_proves_nothing() -> None:
    problem = line([100.0, 50], stations=1)
    best = by_trial(problem, MaximalCovering(), Effort())

    def loose(problem: Problem, model: Model, effort: Effort) -> Solution:
        exact = by_trial(problem, model, effort)
        stage = Stage("covered", "max", exact.objective, 1000.0)
        return Solution(exact.chosen, "feasible", (stage,), "time", "")

    found = alternatives(problem, MaximalCovering(), best, Effort(), solver=loose)
    assert (len(found.plans), found.complete) == (1, False)


def test_no_time_and_an_interrupt_find_nothing_and_prove_nothing() -> None:
    problem = line([100.0, 99], stations=1)
    best = by_trial(problem, MaximalCovering(), Effort())
    for effort in (Effort(time_limit_s=0.0), Effort(interrupted=lambda: True)):
        found = alternatives(problem, MaximalCovering(), best, effort, solver=by_trial)
        assert (len(found.plans), found.complete) == (1, False)


def test_ctrl_c_keeps_what_was_found() -> None:
    problem = line([100.0, 99, 98], stations=1)
    best = by_trial(problem, MaximalCovering(), Effort())

    def solver(problem: Problem, model: Model, effort: Effort) -> Solution:
        if not problem.open_to_choice[1]:
            raise KeyboardInterrupt
        return by_trial(problem, model, effort)

    found = alternatives(problem, MaximalCovering(), best, Effort(), within=0.05, solver=solver)
    assert found.plans["chosen"].tolist() == [(0,), (1,)]
    assert not found.complete


def test_plain_problems_and_cuts_find_plans_as_good() -> None:
    rng = np.random.default_rng(4)
    reach = rng.random((7, 30)) < 0.3
    problem = Problem(csr_array(reach * 60.0), rng.integers(1, 50, 30) * 1.0, Rules(stations=3))
    best = by_trial(problem, MaximalCovering(), Effort())
    far = problem.under(apart=np.zeros((0, 2), dtype=np.int64))
    assert problem.is_plain
    assert not far.is_plain
    for differ in (1, 2, 3):
        plain, cut = (
            alternatives(each, MaximalCovering(), best, Effort(), within=0.2, differ=differ, count=6, solver=by_trial)
            for each in (problem, far)
        )
        # Of equals either may come first, and then others follow; the first to follow is as good.
        assert plain.plans["objective"][:2].tolist() == cut.plans["objective"][:2].tolist()
        assert (plain.plans["status"] == "optimal").all()
    one, other = (
        alternatives(each, MaximalCovering(), best, Effort(), within=0.2, count=6, solver=by_trial)
        for each in (problem, far)
    )
    assert one.plans["objective"].tolist() == other.plans["objective"].tolist()


def test_what_no_alternative_can_mean_is_refused() -> None:
    problem = line([1.0], stations=1)
    best = by_trial(problem, MaximalCovering(), Effort())
    for wrong in ({"differ": 0}, {"count": -1}, {"within": -0.1}):
        with pytest.raises(ValueError, match="alternatives"):
            alternatives(problem, MaximalCovering(), best, Effort(), solver=by_trial, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="alternatives"):
        alternatives(problem, MaximalCovering(), NONE, Effort(), solver=by_trial)


def test_sites_stay_at_the_speeds_at_which_they_are_chosen() -> None:
    problem = Problem(csr_array(np.array([[600.0, 800, 0], [0, 500, 700]])), np.array([5.0, 4, 3]), Rules(stations=1))

    def at(speed: float) -> Solution:
        seconds = problem.times.toarray() / speed
        slower = Problem(csr_array(np.where(seconds <= 1000, seconds, 0)), problem.people, problem.rules)
        return by_trial(slower, MaximalCovering(), Effort())

    table = stability(at, [0.6, 0.8, 1.0], [0])
    # At 0.6 m/s row 0 reaches the first point alone (5), row 1 the second alone (4); at 0.8 m/s 9 and 7.
    assert table.to_dict("records") == [{"row": 0, 0.6: True, 0.8: True, 1.0: True, "stays_at": 3}]
    other = stability(lambda speed: at(speed) if speed > 0.7 else NONE, [0.6, 1.0], [0, 1])
    assert other["stays_at"].tolist() == [1, 0]
