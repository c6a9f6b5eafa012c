"""What a choice of sites is worth: who is served, and the objective of every stage, added up anew."""

import math
import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.highs import minimise
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.formulation import LexicographicMilp, Objective, over_service
from siting.locate.milp.unit_shares import least_share
from siting.locate.problem import Effort, Problem

# What a linear programme may be off a row.
_LP_NOISE: Final = 1e-8
# What was found last when Ctrl-C came is measured in so many seconds, or not at all.
IN_HASTE_S: Final = 0.5
# Flows of whole persons that are off a whole number by less are that number.
_NEAR: Final = 1e-5


@dataclass(frozen=True)
class Evaluation:
    """A choice that keeps to all rules: its rows beside those kept, all columns, and the objective of each aim."""

    chosen: Ints
    values: Floats
    objective_values: tuple[float, ...]


def evaluate(milp: LexicographicMilp, chosen: Ints, seconds: float = math.inf) -> Evaluation | None:
    """Return what a choice is worth, None where it breaks a rule or lacks a share, or where that is not known in time.

    Without capacity the columns follow from the choice. With capacity they are those of a linear programme for each aim
    in turn, with the sites given; where no aim looks at persons, most are served.
    """
    if not milp.is_feasible(chosen):
        return None
    opened = milp.opened(chosen)
    if milp.service.fill is None:
        return _by_flows(milp, chosen, opened, seconds)
    values = _whole_point(milp, opened, milp.service.fill(opened))
    if not milp.meets_shares(values):
        return None
    return Evaluation(chosen, values, tuple(objective.value_at(values) for objective in milp.objectives))


def better_of(milp: LexicographicMilp, one: Evaluation | None, other: Evaluation | None) -> Evaluation | None:
    """Return the choice that is better in the first aim in which they differ, the first if they differ in none."""
    if one is None or other is None:
        return other if one is None else one
    for objective, here, there in zip(milp.objectives, one.objective_values, other.objective_values, strict=True):
        if objective.is_better(there, here):
            return other
        if objective.is_better(here, there):
            return one
    return one


def served_by_kept(milp: LexicographicMilp) -> float:
    """Return what kept rows with a limit could serve alone at most; what is newly covered leaves it out.

    Those whom kept rows without a limit serve are in no column.
    """
    capacity = milp.problem.rules.capacity
    if capacity is None or not milp.problem.kept.any():
        return 0.0
    bare = LexicographicMilp(
        milp.problem, milp.service, (), (), (_served_objective(milp, milp.service.value),), milp.least_share
    )
    alone = evaluate(bare, np.zeros(0, dtype=np.int64))
    return 0.0 if alone is None else alone.objective_values[0]


def tolerance_gain(
    milp: LexicographicMilp, number: int, plan: Evaluation, earlier: tuple[ConstraintBlock, ...]
) -> float:
    """Return by how much the hairs of rows better an objective of a plan, its sites as they are.

    Rows of shares and of earlier stages are eased by a hair where sites are open to choice. A hair of a person who
    walks far is then left at home, or with capacity gives his place to another, who counts for more or lives where more
    are missing: only a linear programme knows what that is worth. The bound of a stage allows each choice as much.

    Parameters
    ----------
    milp : LexicographicMilp
        The programme.
    number : int
        The stage.
    plan : Evaluation
        The plan.
    earlier : tuple of ConstraintBlock
        What earlier stages held this one to.

    Returns
    -------
    float
        0 where the objective looks at the sites alone.

    Raises
    ------
    KeyboardInterrupt
        It was interrupted.
    """
    objective = milp.objectives[number]
    if not objective.weights[milp.problem.sites :].any():
        return 0.0
    single = milp.single(objective, earlier, milp.opened(plan.chosen), relaxed=True)
    run = minimise(single, Effort(time_limit_s=math.inf))
    if run.stopped_by == "interrupt":
        raise KeyboardInterrupt
    return 0.0 if run.values is None else abs(objective.value_at(run.values) - plan.objective_values[number])


def _served_objective(milp: LexicographicMilp, weights: Floats) -> Objective:
    return Objective("covered", "max", over_service(milp.problem.sites, weights, more=int(milp.least_share)))


def _by_flows(milp: LexicographicMilp, chosen: Ints, opened: Floats, seconds: float) -> Evaluation | None:
    rows, end = milp.problem.sites, time.monotonic() + seconds
    earlier: tuple[ConstraintBlock, ...] = ()
    objectives: list[float] = []
    values = np.zeros(milp.columns)
    looks = any(bool(objective.weights[rows:].any()) for objective in milp.objectives)
    for objective in milp.objectives if looks else (*milp.objectives, _served_objective(milp, milp.service.persons)):
        run = minimise(milp.single(objective, earlier, opened), Effort(time_limit_s=end - time.monotonic()))
        if run.stopped_by == "interrupt":
            # Half a linear programme tells nothing of a choice.
            raise KeyboardInterrupt
        if run.values is None or run.stopped_by == "time":
            return None
        values = _cleaned(milp, opened, run.values)
        objectives.append(objective.value_at(values))
        earlier = (*earlier, objective.fixed_at(objectives[-1]))
    if not milp.meets_shares(values, _LP_NOISE):
        return None
    return Evaluation(chosen, values, tuple(objectives[: len(milp.objectives)]))


def _cleaned(milp: LexicographicMilp, opened: Floats, values: Floats) -> Floats:
    """Return a point with its flows made whole where they are but for noise, and nothing below 0 or above 1."""
    rows, service = milp.problem.sites, milp.service
    shares = np.clip(values[rows : rows + service.columns], 0.0, 1.0)
    flows = shares * service.persons
    if service.whole and bool(np.all(np.abs(flows - np.rint(flows)) <= _NEAR)):
        shares = np.where(
            service.persons > 0, np.rint(flows) / np.where(service.persons > 0, service.persons, 1.0), 0.0
        )
    return _whole_point(milp, opened, shares)


def _whole_point(milp: LexicographicMilp, opened: Floats, shares: Floats) -> Floats:
    least = [np.array([least_share(milp, shares)])] if milp.least_share else []
    return np.concatenate([opened, shares, *least])


def unserved(problem: Problem) -> Ints:
    """Return the points with persons that no row reaches that is kept or may be chosen."""
    allowed = problem.kept | problem.open_to_choice
    reached = np.zeros(len(problem.people), dtype=np.bool_)
    reached[problem.times.indices[np.repeat(allowed, np.diff(problem.times.indptr))]] = True
    return np.flatnonzero(~reached & (problem.people > 0)).astype(np.int64)
