"""The certificate of a plan: made beside the plan, and checked before it is written."""

from dataclasses import replace
from typing import Final

import numpy as np

from siting.domain.certificates import CertificateValues
from siting.domain.nouns import NOISE, Progress, Stage
from siting.domain.plan_models import TRAITS
from siting.locate.certificate import Served, check_certificate
from siting.locate.certificate_search import certificate_of
from siting.locate.problem import Effort, Solution
from siting.pipeline.asking import Question

# A certificate rounds people, times and costs: so much more than the error of float sums.
_ROUNDED = 100.0 * NOISE
# Steps of the progress bar.
_STEPS: Final = 1000


def certified(
    question: Question, solution: Solution, effort: Effort, progress: Progress
) -> tuple[CertificateValues | None, bool]:
    """Return the certificate of a plan as JSON values, and whether it proves the plan optimal.

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
    optimal : bool
        Whether no choice is better than the plan, within the rounding of the certificate.
    """
    without = TRAITS[question.plan.model].own_program or question.plan.robust is not None
    if not solution.stages or solution.stopped_by == "interrupt" or without:
        return None, False
    problem, model = question.problem, question.model
    capacity = problem.rules.capacity
    if capacity is not None and np.any(np.isfinite(capacity[question.changeable])):
        return None, False
    served = None if solution.served is None else Served.of(solution.served)

    def told(part: float) -> None:
        progress("certify", min(round(_STEPS * part), _STEPS - 1), _STEPS)

    found = certificate_of(problem, model, solution.chosen, replace(effort, report=None), served, told)
    progress("certify", _STEPS, _STEPS)
    if found is None:
        return None, False
    stage = replace(solution.stages[0], bound=check_certificate(problem, model, found))
    return found.to_json(), is_proved(stage)


def is_proved(stage: Stage) -> bool:
    """Tell whether a bound that a certificate proves leaves no gap."""
    gap = stage.bound - stage.objective if stage.sense == "max" else stage.objective - stage.bound
    return gap <= _ROUNDED * abs(stage.objective)
