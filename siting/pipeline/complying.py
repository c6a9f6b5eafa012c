"""Plans that must meet clauses: the requirements of the check as constraints of the optimiser."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from siting.domain.nouns import Assessment, Bools, Note, Progress, Proposal
from siting.domain.requirements import Requirement
from siting.listing import listed
from siting.locate.milp import Compliance, comply
from siting.locate.problem import Effort, Model, Problem, Solution
from siting.pipeline.asking import Question, homes_of
from siting.pipeline.ground import PreparedScenario, measure, walk
from siting.pipeline.method import Method
from siting.pipeline.requirements import DEFAULT_KINDS, Unjudged, offers_of, requirements_of, wanted_of
from siting.pipeline.standing import staying


@dataclass(frozen=True)
class ComplianceMethod(Method):
    """The cheapest sites that meet the clauses of the request, or those of ``kinds`` if it names none."""

    kinds: ClassVar[tuple[str, ...]] = DEFAULT_KINDS

    @cached_property
    def required(self) -> tuple[tuple[Requirement, ...], tuple[Note, ...]]:
        """The clauses as requirements, and notes on those that are ignored."""
        return required_of(self.question, self.ground, self.before, self.progress, self.kinds)

    @property
    def notes(self) -> tuple[Note, ...]:
        """The clauses that the plan ignores."""
        return self.required[1]

    def solve(self, problem: Problem, model: Model, effort: Effort) -> Solution:
        """Return the cheapest sites that meet the clauses."""
        return staying(self.question, self._complying)(problem, model, effort)

    def _complying(self, problem: Problem, _: Model, effort: Effort) -> Solution:
        return comply(problem, self.required[0], effort)

    def completed(self, proposal: Proposal, solution: Solution, _effort: Effort) -> Proposal:
        """Return a proposal with the clauses of its stages, and what it leaves unmet."""
        if not isinstance(solution, Compliance):
            return proposal
        selection = replace(proposal.selection, clauses=solution.clauses)
        shortfalls = solution.shortfalls if solution.status == "relaxed" else None
        return replace(proposal, selection=selection, shortfalls=shortfalls)


def required_of(
    question: Question,
    ground: PreparedScenario,
    before: Assessment,
    progress: Progress,
    kinds: Sequence[str],
) -> tuple[tuple[Requirement, ...], tuple[Note, ...]]:
    """Return the clauses of a request as requirements (of ``kinds`` if it names none), and notes on ignored ones."""
    plan = question.plan
    changing = ground.facilities.index.isin([*plan.upgradable, *plan.closing])
    # The facilities that stay in every plan.
    standing = measure(ground, ground.facilities[~changing], progress) if changing.any() else before
    sites = question.sites
    homes = homes_of(ground, sites)
    land = _land_reach(question, ground, changing, progress)
    offers = offers_of(sites, homes, question.reach, question.in_circle, standing=question.standing, land_within=land)
    outside = None
    if ground.outside is not None:
        stands = np.ones(question.standing, dtype=np.bool_)
        outside = np.concatenate([stands, ground.outside.holds(sites)])
    asked, unjudged = requirements_of(standing, offers, wanted_of(standing, plan.clauses, kinds), outside)
    return asked, _notes(unjudged)


def _land_reach(question: Question, ground: PreparedScenario, changing: Bools, progress: Progress) -> csr_array | None:
    """Return the cells that sites reach with their land, if institutions among them have their own cut-off for land."""
    sites, facilities = question.sites, ground.facilities[changing]
    own = (sites["tier"] == "institution").to_numpy(dtype=bool)
    if ground.inputs.scenario.land.institution_minutes is None or not own.any():
        return None
    built = ground.permitted.loc[sites["candidate_id"][own & ~sites["facility"]].unique()].assign(tier="institution")
    both = gpd.GeoDataFrame(pd.concat([facilities, built]), crs=built.crs)
    nobody = np.zeros(len(both), dtype=bool)
    times = walk(ground.inputs, ground.demand, ground.ways, both, nobody, progress).within
    theirs = csr_array((times.seconds, times.cell, times.start), shape=(len(both), question.reach.shape[1]))
    ids, theirs_from = pd.Index(sites["candidate_id"]), np.where(sites["facility"], 0, len(facilities))
    found = np.where(sites["facility"], facilities.index.get_indexer(ids), built.index.get_indexer(ids))
    rows = np.where(own, len(sites) + theirs_from + found, np.arange(len(sites)))
    return csr_array(csr_array(vstack([question.reach, theirs], format="csr"))[rows])


def _notes(unjudged: tuple[Unjudged, ...]) -> tuple[Note, ...]:
    if not unjudged:
        return ()
    named = [" ".join(filter(None, (each.clause, each.level, each.place))) for each in unjudged]
    return (Note("clauses_not_planned_for", {"count": len(named), "clauses": listed(named)}),)
