"""Choices that are equally good: the one whose rows stand first."""

from typing import Final

import numpy as np

from siting.locate.milp.evaluate import Evaluation, better_of, evaluate
from siting.locate.milp.formulation import LexicographicMilp

# Trials (each adds up all columns) beyond which equals are left as they are.
_MOST_WORK: Final = 50_000_000


def break_ties(milp: LexicographicMilp, plan: Evaluation) -> Evaluation:
    """Exchange chosen rows, one for one, for equals that stand before them.

    Without capacity only: there each trial is a sum, with capacity a linear programme. Large problems are left as they
    are too, by a limit of work.
    """
    trials = len(plan.chosen) * int(milp.problem.open_to_choice.sum())
    if milp.service.fill is None or trials * milp.columns > _MOST_WORK:
        return plan
    for row in plan.chosen.tolist():
        plan = _exchanged(milp, plan, row)
    return plan


def _exchanged(milp: LexicographicMilp, plan: Evaluation, row: int) -> Evaluation:
    rest = plan.chosen[plan.chosen != row]
    for other in np.flatnonzero(milp.problem.open_to_choice[:row]).tolist():
        if other in rest:
            continue
        trial = evaluate(milp, np.sort(np.append(rest, other)))
        if trial is not None and better_of(milp, trial, plan) is trial:
            return trial
    return plan
