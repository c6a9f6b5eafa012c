"""The answer to a question: the solution of its problem, why there is none, and what is proved."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from siting.domain.nouns import Assessment, Blocked, Floats, Ints, Progress, Selection, Stage
from siting.domain.plan_models import PlanModel
from siting.locate.problem import Effort, Solution, Solver
from siting.pipeline.asking import Question
from siting.pipeline.blocking import blocked_of
from siting.pipeline.certifying import certified, is_proved, with_bound
from siting.pipeline.complying import ComplianceMethod
from siting.pipeline.ground import PreparedScenario
from siting.pipeline.method import Method
from siting.pipeline.networking import NetworkMethod
from siting.pipeline.phasing import PhasedMethod
from siting.pipeline.requesting import STEPS
from siting.pipeline.standing import served_today
from siting.pipeline.uncertainty import RobustMethod, is_robust

# How each model answers a question.
METHODS: Final[Mapping[PlanModel, Callable[[Question, PreparedScenario, Assessment, Progress], Method]]] = {
    "mclp": Method,
    "lscp": Method,
    "p_median": Method,
    "p_center": Method,
    "fair": Method,
    "compliance": ComplianceMethod,
    "phased": PhasedMethod,
    "network": NetworkMethod,
}


@dataclass(frozen=True)
class Answer:
    """The solution of a question's problem, what of it is chosen and proved, and what blocks the request if it is."""

    solution: Solution
    selection: Selection
    blocked: Blocked | None


def method_of(question: Question, ground: PreparedScenario, before: Assessment, progress: Progress) -> Method:
    """Return how the question is answered: by its model, or for uncertain people if the plan is to be robust."""
    kind = RobustMethod if is_robust(question, ground) else METHODS[question.plan.model]
    return kind(question, ground, before, progress)


def answered(method: Method, effort: Effort, start: Ints | None = None, *, solver: Solver | None = None) -> Answer:
    """Return the answer to a question.

    Parameters
    ----------
    method : Method
        How it is answered.
    effort : Effort
        When to stop early, and what receives the objective and the bound.
    start : ndarray of int, optional
        The sites of the problem from which the search starts.
    solver : callable, optional
        What solves the problem instead of the method's own solver.
    """
    question, ground, progress = method.question, method.ground, method.progress
    solution = (solver or method.solve)(question.problem, question.model, replace(effort, start=start))
    progress("solve", STEPS, STEPS)
    blocked = blocked_of(question, ground, solution, effort, progress)
    if blocked is not None and blocked.rules and blocked.proved:
        solution = replace(solution, status="infeasible")
    certificate, stage = certified(question, solution, effort, progress)
    solution = with_bound(solution, stage)
    today = served_today(question, replace(effort, report=None))
    selection = _selection(method, solution, today)
    # As it is verified: by the people newly covered.
    optimal = stage is not None and is_proved(_newly(stage, today))
    return Answer(solution, replace(selection, certificate=certificate, certified=optimal), blocked)


def _selection(method: Method, solution: Solution, today: float) -> Selection:
    """Return the chosen new stations, best first, and the people that each one adds."""
    question, ranked = method.question, method.ranked(solution)
    names = [stage.name for stage in solution.stages]
    return Selection(
        chosen=question.sites_of(ranked.sites),
        gains=ranked.gains,
        status=solution.status,
        stages=tuple(_newly(stage, today) for stage in solution.stages),
        stopped_by=solution.stopped_by,
        solver=solution.solver,
        first_objective=solution.first_objective - (today if names[-1:] == ["covered"] else 0.0),
        served=_loads(solution, ranked.sites),
        opens=ranked.opens,
    )


def _loads(solution: Solution, sites: Ints) -> Floats | None:
    """Return the persons that each site serves; None without capacity."""
    return None if solution.served is None else np.asarray(solution.served[sites].sum(axis=1), dtype=np.float64).ravel()


def _newly(stage: Stage, today: float) -> Stage:
    """Return a stage that counts newly covered people: those that changeable facilities cover today are not new."""
    if stage.name != "covered":
        return stage
    return replace(stage, objective=stage.objective - today, bound=stage.bound - today)
