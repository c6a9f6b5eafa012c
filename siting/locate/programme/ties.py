"""Choices that are equally good: the one whose rows stand first."""

from typing import Final

import numpy as np

from siting.locate.programme.served import Measured, better, measured
from siting.locate.programme.sheet import Sheet

# Trials (each adds up all columns) beyond which equals are left as they are.
_MOST_WORK: Final = 50_000_000


def settled(sheet: Sheet, plan: Measured) -> Measured:
    """Exchange chosen rows, one for one, for equals that stand before them.

    Without capacity only: there each trial is a sum, with capacity a linear programme. Large problems are left as they
    are too, by a limit of work.
    """
    trials = len(plan.chosen) * int(sheet.problem.open_to_choice.sum())
    if sheet.part.fill is None or trials * sheet.columns > _MOST_WORK:
        return plan
    for row in plan.chosen.tolist():
        plan = _exchanged(sheet, plan, row)
    return plan


def _exchanged(sheet: Sheet, plan: Measured, row: int) -> Measured:
    rest = plan.chosen[plan.chosen != row]
    for other in np.flatnonzero(sheet.problem.open_to_choice[:row]).tolist():
        if other in rest:
            continue
        trial = measured(sheet, np.sort(np.append(rest, other)))
        if trial is not None and better(sheet, trial, plan) is trial:
            return trial
    return plan
