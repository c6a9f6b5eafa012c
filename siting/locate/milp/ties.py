"""Ties between equally good plans are broken towards fewer sites, then towards the sites that come first."""

from typing import Final

import numpy as np

from siting.locate.milp.evaluate import Evaluation, better_of, evaluate
from siting.locate.milp.formulation import LexicographicMilp
from siting.locate.tolerances import NEAR_ZERO

# Beyond so many operations ties are left as they are.
_WORK_LIMIT: Final = 50_000_000


def without_redundant(milp: LexicographicMilp, plan: Evaluation) -> Evaluation:
    """Remove sites whose removal keeps a plan feasible and makes no objective worse, the most expensive first."""
    rules = milp.problem.rules
    cost = np.zeros(milp.problem.sites) if rules.costs is None else rules.costs
    for site in sorted(plan.chosen.tolist(), key=lambda each: (-cost[each], -each)):
        if milp.service.fill is None and _serves(milp, plan, site):
            continue
        less = evaluate(milp, plan.chosen[plan.chosen != site])
        if less is not None and better_of(milp, less, plan) is less:
            plan = less
    return plan


def _serves(milp: LexicographicMilp, plan: Evaluation, site: int) -> bool:
    """Tell whether a site serves persons."""
    shares = plan.values[milp.problem.sites : milp.problem.sites + milp.service.variables]
    return bool(np.any(shares[milp.service.pair_site == site] > NEAR_ZERO))


def break_ties(milp: LexicographicMilp, plan: Evaluation) -> Evaluation:
    """Exchange chosen sites, one for one, for equally good ones that come before them, and close redundant ones.

    Only without capacity, where a trial is a sum; with capacity it is a linear program. A work limit excludes large
    problems.
    """
    trials = len(plan.chosen) * int(milp.problem.open_to_choice.sum())
    if milp.service.fill is None or trials * milp.variables > _WORK_LIMIT:
        return plan
    before: Evaluation | None = None
    while before is not plan:
        before = plan
        for site in plan.chosen.tolist():
            plan = _exchanged(milp, plan, site)
        # An exchange can make another site redundant.
        plan = without_redundant(milp, plan)
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
