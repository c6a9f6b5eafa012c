"""Every model with every rule against all choices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.milp import solve_milp
from siting.locate.problem import Effort, FairCovering, Model, PCenter, Problem, Rules, SetCovering
from siting.locate.solve import solve
from tests.drawing import examples
from tests.locate.milp import brute, draw

EXAMPLES = settings(max_examples=examples(25), deadline=None)


def _with_costs(problem: Problem, model: Model) -> Problem:
    """The least cost needs costs."""
    if isinstance(model, SetCovering) and model.by_cost and problem.rules.costs is None:
        return problem.under(costs=np.arange(1.0, problem.sites + 1))
    return problem


@pytest.mark.parametrize("kind", draw.MODELS)
@EXAMPLES
@given(data=st.data())
def test_a_model_with_any_rules_is_what_all_choices_say(kind: str, data: st.DataObject) -> None:
    problem, model = data.draw(draw.problems()), data.draw(draw.MODELS[kind])
    problem = _with_costs(problem, model)
    solution = solve_milp(problem, model, Effort())
    brute.check(problem, model, solution)
    if solution.status == "optimal" and problem.rules.capacity is None:
        brute.check_lean(problem, model, solution)


@pytest.mark.parametrize("kind", draw.MODELS)
@EXAMPLES
@given(data=st.data())
def test_a_plain_problem_through_the_one_door_is_what_all_choices_say(kind: str, data: st.DataObject) -> None:
    problem = data.draw(draw.problems(("kept", "forced", "forbidden")))
    plain = {"set": draw.set_coverings(by_cost=False), "center": st.builds(PCenter, draw.SHARES.filter(bool))}
    model = data.draw({**draw.MODELS, **plain}[kind])
    brute.check(problem, model, solve(problem, model, Effort()))


@pytest.mark.parametrize("kind", draw.MODELS)
@EXAMPLES
@given(data=st.data())
def test_a_model_with_capacity_is_what_all_choices_say(kind: str, data: st.DataObject) -> None:
    problem, model = data.draw(draw.problems(("kept", "forced", "costs"), most_rows=4)), data.draw(draw.MODELS[kind])
    rows = problem.sites
    limits = data.draw(st.lists(st.sampled_from([3.0, 5.0, 8.0, 12.0, np.inf]), min_size=rows, max_size=rows))
    problem = _with_costs(problem.under(capacity=np.array(limits)), model)
    brute.check(problem, model, solve_milp(problem, model, Effort()))


@pytest.mark.parametrize("share", [[0.5, 0.0, 0.0], [0.0, 0.5, 1.0], [0.5, 0.5, 0.0], [1.0, 0.0, 0.5]], ids=str)
def test_what_rows_of_shares_are_eased_by_is_no_gap_with_capacity(share: list[float]) -> None:
    # A hair less for one unit makes room for some of the other who count more.
    people = np.array([4.0, 1.0, 4.0])
    units = csr_array(np.array([people * share, people * (1.0 - np.array(share))]))
    rules = Rules(capacity=np.array([3.0]))
    problem = Problem(csr_array(np.array([[250.0, 0.0, 100.0]])), people, rules, np.array([1.0, 0.0, 0.0]), units)
    for model in (FairCovering(), FairCovering(0.25)):
        brute.check(problem, model, solve_milp(problem, model, Effort()))
