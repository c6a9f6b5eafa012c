"""Stations for the whole of one scenario, found in parts: the coverage curve of each part on a worker."""

from dataclasses import replace
from typing import Any

import numpy as np

from siting.domain.nouns import Ints, Progress
from siting.domain.scenario import Level, Scenario
from siting.errors import Fault, InputError
from siting.locate.covering.parts import (
    PartPoint,
    PartProblem,
    curve_of_part,
    is_divisible,
    parts_of_problem,
    solution_of_parts,
)
from siting.locate.problem import Effort, MaximalCovering, Model, Problem, Solution
from siting.pipeline.asking import Question
from siting.pipeline.batch.dividing import part_of_points
from siting.pipeline.batch.engine import Engine
from siting.pipeline.batch.job import STAGE, Job, SharedPlan
from siting.pipeline.batch.walking import faults_of
from siting.pipeline.ground import PreparedScenario, WalkerOf
from siting.pipeline.planning import Planned, propose
from siting.write.naming import file_names


def plan_by_units(
    scenario: Scenario, level: Level, job: Job, engine: Engine, walker_of: WalkerOf, progress: Progress
) -> tuple[Planned, SharedPlan]:
    """Plan stations that cover most, a number of them or money shared out among the units of a level.

    Raises
    ------
    InputError
        ``batch_plan_model``: the plan has another model, or rules that couple sites (spacing, capacity, sizes,
        units, or both a number and money). Or one fault for each part that failed.
    """
    shared: list[SharedPlan] = []

    def divided(question: Question, ground: PreparedScenario) -> "_DividedSolver":
        units = ground.inputs.units[level]
        xy = np.column_stack([question.sites.geometry.x, question.sites.geometry.y]).reshape(-1, 2)
        # Kept facilities come first among the sites, and belong to every part.
        part = np.concatenate([np.full(question.standing, -1), part_of_points(units, xy)]).astype(np.int64)
        return _DividedSolver(engine, part, file_names(units.index), progress, shared)

    limit: dict[str, Any] = {"budget_cny": job.budget} if job.stations is None else {"stations": job.stations}
    planned = propose(scenario, progress=progress, walker_of=walker_of, divided=divided, model="mclp", **limit)
    return planned, shared[-1]


class _DividedSolver:
    """Solves a problem of maximal covering part by part."""

    def __init__(
        self, engine: Engine, part: Ints, names: tuple[str, ...], progress: Progress, shared: list[SharedPlan]
    ) -> None:
        self.engine, self.part, self.names, self.progress, self.shared = engine, part, names, progress, shared

    def __call__(self, problem: Problem, model: Model, effort: Effort) -> Solution:
        """Return the joined choice, with the bound of the parts."""
        if not (isinstance(model, MaximalCovering) and is_divisible(problem)):
            raise InputError([Fault(code="batch_plan_model", field="plan")])
        parts = parts_of_problem(problem, self.part)
        curves = self._curves(parts, replace(effort, report=None, interrupted=None, start=None))
        solution, allocation = solution_of_parts(problem, parts, curves)
        self.shared.append(
            SharedPlan(
                len(solution.chosen),
                solution.objective,
                solution.bound,
                allocation.price,
                problem.rules.budget is not None,
            )
        )
        return solution

    def _curves(self, parts: dict[int, PartProblem], effort: Effort) -> dict[int, list[PartPoint]]:
        asked = {self.names[part]: (problem, effort) for part, problem in parts.items()}
        number = {self.names[part]: part for part in parts}
        found: dict[int, list[PartPoint]] = {}
        faults: list[Fault] = []
        for done, each in enumerate(self.engine.each(curve_of_part, asked), 1):
            if each.error is None:
                found[number[each.name]] = each.result
            else:
                faults += faults_of(each)
            self.progress(STAGE, done, len(asked))
        if faults:
            raise InputError(faults)
        return found
