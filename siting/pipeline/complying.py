"""Plans that must meet clauses: the requirements of the check as constraints of the optimiser."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from siting.domain.nouns import Assessment, Bools, Note, Progress
from siting.locate.milp import comply
from siting.locate.problem import Solver
from siting.pipeline.asking import Question, homes_of
from siting.pipeline.ground import PreparedScenario, measure, walk
from siting.pipeline.requirements import Unjudged, offers_of, requirements_of, wanted_of

# The most places that a note names.
_MOST_NAMED = 10


def complying(
    question: Question, ground: PreparedScenario, before: Assessment, progress: Progress
) -> tuple[Solver, tuple[Note, ...]]:
    """Return the solver for the cheapest sites that meet the clauses, and notes on clauses that it ignores."""
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
    asked, unjudged = requirements_of(standing, offers, wanted_of(standing, plan.clauses), outside)
    return lambda problem, _, effort: comply(problem, asked, effort), _notes(unjudged)


def _land_reach(question: Question, ground: PreparedScenario, changing: Bools, progress: Progress) -> csr_array | None:
    """Return the cells that sites reach with their land, if changeable institutions have their own cut-off for land."""
    sites, facilities = question.sites, ground.facilities[changing]
    own = (sites["tier"] == "institution").to_numpy(dtype=bool)
    if ground.inputs.scenario.land.institution_minutes is None or not own.any():
        return None
    nobody = np.zeros(len(facilities), dtype=bool)
    times = walk(ground.inputs, ground.demand, ground.ways, facilities, nobody, progress).within
    theirs = csr_array((times.seconds, times.cell, times.start), shape=(len(facilities), question.reach.shape[1]))
    rows = np.where(
        own, len(sites) + facilities.index.get_indexer(pd.Index(sites["candidate_id"])), np.arange(len(sites))
    )
    return csr_array(csr_array(vstack([question.reach, theirs], format="csr"))[rows])


def _notes(unjudged: tuple[Unjudged, ...]) -> tuple[Note, ...]:
    if not unjudged:
        return ()
    named = [" ".join(filter(None, (each.clause, each.level, each.place))) for each in unjudged]
    more = ["…"] if len(named) > _MOST_NAMED else []
    return (
        Note("clauses_not_planned_for", {"count": len(named), "clauses": ", ".join([*named[:_MOST_NAMED], *more])}),
    )
