"""How a model answers a question: what solves it, what it leaves out, and what it adds to the plan."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from siting.domain.called import place_names
from siting.domain.nouns import Assessment, Floats, Ints, Note, Progress, Proposal
from siting.locate.problem import Effort, Model, Problem, Solution
from siting.locate.solve import solve
from siting.locate.stations import ranked_by_gain
from siting.pipeline.asking import Question
from siting.pipeline.ground import PreparedScenario
from siting.pipeline.standing import staying


@dataclass(frozen=True)
class Ranked:
    """The new sites of a solution, best first; what each adds; the years in which they open, if there are phases."""

    sites: Ints
    gains: Floats
    opens: Ints | None = None


@dataclass(frozen=True)
class Method:
    """How a model answers a question; the models that differ override what differs.

    ``starts`` tells whether the search may start from another plan, which must have the same objective.
    """

    question: Question
    ground: PreparedScenario
    before: Assessment
    progress: Progress
    starts: ClassVar[bool] = True

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the model leaves out: units that no site can reach, in a fair plan."""
        left_out = [*self.question.left_out]
        if not left_out:
            return ()
        names = place_names(self.ground.inputs.units[self.question.level])[left_out]
        return (Note("units_beyond_reach", {"count": len(left_out), "ids": ", ".join(names)}),)

    def solve(self, problem: Problem, model: Model, effort: Effort) -> Solution:
        """Return the solution of the problem of the question, or of one with other rules."""
        return staying(self.question, solve)(problem, model, effort)

    def ranked(self, solution: Solution) -> Ranked:
        """Return the new sites of a solution in order, best first."""
        question = self.question
        sites = question.sites_of(solution.chosen)
        new = sites[~question.is_facility[sites]]
        return Ranked(*ranked_by_gain(question.circle, question.problem_sites(new), solution.chosen))

    def links(self, _solution: Solution) -> pd.DataFrame | None:
        """Return the parent of each child, with ``LINK_COLUMNS``; None for a plan that is no network."""
        return None

    def completed(self, proposal: Proposal, _solution: Solution, _effort: Effort) -> Proposal:
        """Return a proposal with what only this model tells of it."""
        return proposal
