"""The exact evaluation of a choice of sites: who is served, and the value of every objective."""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.deadline import Deadline
from siting.locate.highs import minimise, uninterrupted
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.formulation import LexicographicMilp, over_all
from siting.locate.milp.objectives import Objective
from siting.locate.problem import Effort, Rules
from siting.locate.tolerances import FLOW_TOLERANCE, LP_ROW_TOLERANCE

# After an interrupt, the last choice is evaluated within so many seconds, or not at all.
AFTER_INTERRUPT_S: Final = 0.5


@dataclass(frozen=True)
class Evaluation:
    """A feasible choice: its sites beside those kept, all variables, and the value of each objective."""

    chosen: Ints
    values: Floats
    objective_values: tuple[float, ...]


def evaluate(milp: LexicographicMilp, chosen: Ints, seconds: float = math.inf) -> Evaluation | None:
    """Return the evaluation of a choice, or None where it is infeasible or the seconds do not suffice.

    Without capacity the service variables follow from the choice. With capacity they are those of a linear program for
    each objective in turn, with the sites fixed; if no objective depends on persons, most persons are served.
    """
    if not milp.is_feasible(chosen):
        return None
    opened = milp.opened(chosen)
    if milp.service.fill is None:
        return _by_flows(milp, chosen, opened, seconds)
    values = milp.point(opened, milp.service.fill(opened))
    if not milp.meets_shares(values):
        return None
    return Evaluation(chosen, values, tuple(objective.value_at(values) for objective in milp.objectives))


def better_of(milp: LexicographicMilp, one: Evaluation | None, other: Evaluation | None) -> Evaluation | None:
    """Return the choice that is better in the first objective in which they differ; the first if they are equal."""
    if one is None or other is None:
        return other if one is None else one
    for objective, here, there in zip(milp.objectives, one.objective_values, other.objective_values, strict=True):
        if objective.is_better(there, here):
            return other
        if objective.is_better(here, there):
            return one
    return one


def served_by_kept(milp: LexicographicMilp) -> float:
    """Return the most that kept sites with limited capacity can serve alone, which is not newly covered.

    Persons that kept sites without limit serve have no variable.
    """
    rules = milp.problem.rules
    if rules.capacity is None or not milp.problem.kept.any():
        return 0.0
    # No site opens here, whatever the other rules ask for.
    problem = replace(milp.problem, rules=Rules(kept=rules.kept, capacity=rules.capacity))
    served = _served_objective(milp, milp.service.value)
    bare = LexicographicMilp(problem, milp.service, (), (served,), milp.dependent)
    alone = evaluate(bare, np.zeros(0, dtype=np.int64))
    return 0.0 if alone is None else alone.objective_values[0]


def tolerance_gain(
    milp: LexicographicMilp, number: int, plan: Evaluation, earlier: tuple[ConstraintBlock, ...]
) -> float:
    """Return how much the row tolerance improves an objective of a plan, with its sites fixed.

    Share constraints and those of earlier stages are relaxed by the row tolerance where sites are open to choice. A
    tiny part of a person who walks far can then stay unserved, or give its place to persons who count for more; a
    linear program finds what that gains. The bound of a stage allows every choice as much.

    Parameters
    ----------
    milp : LexicographicMilp
        The program.
    number : int
        The stage.
    plan : Evaluation
        The plan.
    earlier : tuple of ConstraintBlock
        The constraints from earlier stages.

    Returns
    -------
    float
        0 if the objective depends on the sites alone.

    Raises
    ------
    KeyboardInterrupt
        It was interrupted.
    """
    objective = milp.objectives[number]
    if not objective.weights[milp.problem.sites :].any():
        return 0.0
    single = milp.single(objective, earlier, milp.opened(plan.chosen), relaxed=True)
    run = uninterrupted(minimise(single, Effort(time_limit_s=math.inf)))
    return 0.0 if run.values is None else abs(objective.value_at(run.values) - plan.objective_values[number])


def _served_objective(milp: LexicographicMilp, weights: Floats) -> Objective:
    return Objective("covered", "max", over_all(milp.problem.sites, weights, more=milp.dependents))


def _by_flows(milp: LexicographicMilp, chosen: Ints, opened: Floats, seconds: float) -> Evaluation | None:
    sites, deadline = milp.problem.sites, Deadline(Effort(time_limit_s=seconds))
    earlier: tuple[ConstraintBlock, ...] = ()
    objectives: list[float] = []
    values = np.zeros(milp.variables)
    depends = any(bool(objective.weights[sites:].any()) for objective in milp.objectives)
    for objective in milp.objectives if depends else (*milp.objectives, _served_objective(milp, milp.service.persons)):
        run = uninterrupted(minimise(milp.single(objective, earlier, opened), deadline.left()))
        if run.values is None or run.stopped_by == "time":
            return None
        values = _cleaned(milp, opened, run.values)
        objectives.append(objective.value_at(values))
        earlier = (*earlier, objective.fixed_at(objectives[-1]))
    if not milp.meets_shares(values, LP_ROW_TOLERANCE):
        return None
    return Evaluation(chosen, values, tuple(objectives[: len(milp.objectives)]))


def _cleaned(milp: LexicographicMilp, opened: Floats, values: Floats) -> Floats:
    """Return a point with flows rounded within tolerance, and all variables between 0 and 1."""
    sites, service = milp.problem.sites, milp.service
    shares = np.clip(values[sites : sites + service.variables], 0.0, 1.0)
    flows = shares * service.persons
    if service.whole and bool(np.all(np.abs(flows - np.rint(flows)) <= FLOW_TOLERANCE)):
        shares = np.where(
            service.persons > 0, np.rint(flows) / np.where(service.persons > 0, service.persons, 1.0), 0.0
        )
    return milp.point(opened, shares)
