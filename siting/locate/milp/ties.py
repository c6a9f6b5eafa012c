"""Ties between optimal choices are broken towards the sites that come first."""

from typing import Final

import numpy as np

from siting.locate.milp.evaluate import Evaluation, better_of, evaluate
from siting.locate.milp.formulation import LexicographicMilp

# Beyond so many operations ties are left as they are.
_WORK_LIMIT: Final = 50_000_000


def break_ties(milp: LexicographicMilp, plan: Evaluation) -> Evaluation:
    """Exchange chosen sites, one for one, for equally good ones that come before them.

    Only without capacity, where a trial is a sum; with capacity it is a linear program. A work limit excludes large
    problems.
    """
    trials = len(plan.chosen) * int(milp.problem.open_to_choice.sum())
    if milp.service.fill is None or trials * milp.variables > _WORK_LIMIT:
        return plan
    for site in plan.chosen.tolist():
        plan = _exchanged(milp, plan, site)
    return plan


def _exchanged(milp: LexicographicMilp, plan: Evaluation, site: int) -> Evaluation:
    rest = plan.chosen[plan.chosen != site]
    for other in np.flatnonzero(milp.problem.open_to_choice[:site]).tolist():
        if other in rest:
            continue
        trial = evaluate(milp, np.sort(np.append(rest, other)))
        if trial is not None and better_of(milp, trial, plan) is trial:
            return trial
    return plan
