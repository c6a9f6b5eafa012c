"""The certificate of a plan: made beside the plan, and checked before it is written."""

from dataclasses import replace
from typing import Final

import numpy as np

from siting.domain.certificates import CertificateValues
from siting.domain.nouns import NOISE, Progress, Stage
from siting.domain.plan_models import TRAITS
from siting.locate.certificate import Served, check_certificate
from siting.locate.certificate_search import certificate_of
from siting.locate.problem import Effort, Solution, status_of
from siting.pipeline.asking import Question

# A certificate rounds people, times and costs: so much more than the error of float sums.
_ROUNDED = 100.0 * NOISE
# Steps of the progress bar.
_STEPS: Final = 1000


def certified(
    question: Question, solution: Solution, effort: Effort, progress: Progress
) -> tuple[CertificateValues | None, Stage | None]:
    """Return the certificate of a plan as JSON values, and its first stage with the bound that it proves.

    Parameters
    ----------
    question : Question
        The request.
    solution : Solution
        Its plan.
    effort : Effort
        When to stop early.
    progress : Progress
        Called during the work.

    Returns
    -------
    certificate : mapping or None
        None without a plan, after an interrupt, for models that have none, and where facilities have a capacity.
    stage : Stage or None
        None without a certificate.
    """
    without = TRAITS[question.plan.model].own_program or question.plan.robust is not None
    if not solution.stages or solution.stopped_by == "interrupt" or without:
        return None, None
    problem, model = question.problem, question.model
    capacity = problem.rules.capacity
    if capacity is not None and np.any(np.isfinite(capacity[question.changeable])):
        return None, None
    served = None if solution.served is None else Served.of(solution.served)

    def told(part: float) -> None:
        progress("certify", min(round(_STEPS * part), _STEPS - 1), _STEPS)

    found = certificate_of(problem, model, solution.chosen, replace(effort, report=None), served, told)
    progress("certify", _STEPS, _STEPS)
    if found is None:
        return None, None
    return found.to_json(), replace(solution.stages[0], bound=check_certificate(problem, model, found))


def with_bound(solution: Solution, certified: Stage | None) -> Solution:
    """Return a solution with the bound of its certificate, if that is better than the solver's."""
    if certified is None or solution.status == "optimal":
        return solution
    stage, rest = solution.stages[0], solution.stages[1:]
    best = min if stage.sense == "max" else max
    bound = certified.objective if is_proved(certified) else best(stage.bound, certified.bound)
    stages = (replace(stage, bound=bound), *rest)
    found = replace(solution, stages=stages, status=status_of(stages))
    return replace(found, stopped_by="proved") if found.status == "optimal" else found


def is_proved(stage: Stage) -> bool:
    """Tell whether a bound that a certificate proves leaves no gap."""
    gap = stage.bound - stage.objective if stage.sense == "max" else stage.objective - stage.bound
    return gap <= _ROUNDED * abs(stage.objective)
