"""What a choice of sites is worth: who is served, and the objective of every stage, added up anew."""

import math
import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.highs import minimise
from siting.locate.problem import Effort, Problem
from siting.locate.programme.fair import least_share
from siting.locate.programme.rows import Block
from siting.locate.programme.sheet import Aim, Sheet, over_part

# What a linear programme may be off a row.
_LP_NOISE: Final = 1e-8
# What was found last when Ctrl-C came is measured in so many seconds, or not at all.
IN_HASTE_S: Final = 0.5
# Flows of whole persons that are off a whole number by less are that number.
_NEAR: Final = 1e-5


@dataclass(frozen=True)
class Measured:
    """A choice that keeps to all rules: its rows beside those kept, all columns, and the objective of each aim."""

    chosen: Ints
    values: Floats
    objectives: tuple[float, ...]


def measured(sheet: Sheet, chosen: Ints, seconds: float = math.inf) -> Measured | None:
    """Return what a choice is worth, None where it breaks a rule or lacks a share, or where that is not known in time.

    Without capacity the columns follow from the choice. With capacity they are those of a linear programme for each aim
    in turn, with the sites given; where no aim looks at persons, most are served.
    """
    if not sheet.keeps(chosen):
        return None
    opened = sheet.opened(chosen)
    if sheet.part.fill is None:
        return _by_flows(sheet, chosen, opened, seconds)
    values = _whole_point(sheet, opened, sheet.part.fill(opened))
    if not sheet.meets(values):
        return None
    return Measured(chosen, values, tuple(aim.worth(values) for aim in sheet.aims))


def better(sheet: Sheet, one: Measured | None, other: Measured | None) -> Measured | None:
    """Return the choice that is better in the first aim in which they differ, the first if they differ in none."""
    if one is None or other is None:
        return other if one is None else one
    for aim, here, there in zip(sheet.aims, one.objectives, other.objectives, strict=True):
        if aim.betters(there, here):
            return other
        if aim.betters(here, there):
            return one
    return one


def since_kept(sheet: Sheet) -> float:
    """Return what kept rows with a limit could serve alone at most; what is newly covered leaves it out.

    Those whom kept rows without a limit serve are in no column.
    """
    capacity = sheet.problem.rules.capacity
    if capacity is None or not sheet.problem.kept.any():
        return 0.0
    bare = Sheet(sheet.problem, sheet.part, (), (), (_served_aim(sheet, sheet.part.value),), sheet.least_share)
    alone = measured(bare, np.zeros(0, dtype=np.int64))
    return 0.0 if alone is None else alone.objectives[0]


def lent(sheet: Sheet, number: int, plan: Measured, locks: tuple[Block, ...]) -> float:
    """Return by how much the hairs of rows better an objective of a plan, its sites as they are.

    Rows of shares and of earlier stages are eased by a hair where sites are open to choice. A hair of a person who
    walks far is then left at home, or with capacity gives his place to another, who counts for more or lives where more
    are missing: only a linear programme knows what that is worth. The bound of a stage allows each choice as much.

    Parameters
    ----------
    sheet : Sheet
        The programme.
    number : int
        The stage.
    plan : Measured
        The plan.
    locks : tuple of Block
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
    aim = sheet.aims[number]
    if not aim.weights[sheet.problem.rows :].any():
        return 0.0
    programme = sheet.programme(aim, locks, sheet.opened(plan.chosen), eased=True)
    run = minimise(programme, Effort(time_limit_s=math.inf))
    if run.stopped_by == "interrupt":
        raise KeyboardInterrupt
    return 0.0 if run.values is None else abs(aim.worth(run.values) - plan.objectives[number])


def _served_aim(sheet: Sheet, weights: Floats) -> Aim:
    return Aim("covered", "max", over_part(sheet.problem.rows, weights, more=int(sheet.least_share)))


def _by_flows(sheet: Sheet, chosen: Ints, opened: Floats, seconds: float) -> Measured | None:
    rows, end = sheet.problem.rows, time.monotonic() + seconds
    locks: tuple[Block, ...] = ()
    objectives: list[float] = []
    values = np.zeros(sheet.columns)
    looks = any(bool(aim.weights[rows:].any()) for aim in sheet.aims)
    for aim in sheet.aims if looks else (*sheet.aims, _served_aim(sheet, sheet.part.persons)):
        run = minimise(sheet.programme(aim, locks, opened), Effort(time_limit_s=end - time.monotonic()))
        if run.stopped_by == "interrupt":
            # Half a linear programme tells nothing of a choice.
            raise KeyboardInterrupt
        if run.values is None or run.stopped_by == "time":
            return None
        values = _cleaned(sheet, opened, run.values)
        objectives.append(aim.worth(values))
        locks = (*locks, aim.locked(objectives[-1]))
    if not sheet.meets(values, _LP_NOISE):
        return None
    return Measured(chosen, values, tuple(objectives[: len(sheet.aims)]))


def _cleaned(sheet: Sheet, opened: Floats, values: Floats) -> Floats:
    """Return a point with its flows made whole where they are but for noise, and nothing below 0 or above 1."""
    rows, part = sheet.problem.rows, sheet.part
    shares = np.clip(values[rows : rows + part.columns], 0.0, 1.0)
    flows = shares * part.persons
    if part.whole and bool(np.all(np.abs(flows - np.rint(flows)) <= _NEAR)):
        shares = np.where(part.persons > 0, np.rint(flows) / np.where(part.persons > 0, part.persons, 1.0), 0.0)
    return _whole_point(sheet, opened, shares)


def _whole_point(sheet: Sheet, opened: Floats, shares: Floats) -> Floats:
    least = [np.array([least_share(sheet, shares)])] if sheet.least_share else []
    return np.concatenate([opened, shares, *least])


def unserved(problem: Problem) -> Ints:
    """Return the points with persons that no row reaches that is kept or may be chosen."""
    allowed = problem.kept | problem.open_to_choice
    reached = np.zeros(len(problem.people), dtype=np.bool_)
    reached[problem.times.indices[np.repeat(allowed, np.diff(problem.times.indptr))]] = True
    return np.flatnonzero(~reached & (problem.people > 0)).astype(np.int64)
