"""Plans that are held to clauses: what the check asks of each place, put to the optimiser."""

from siting.domain.nouns import Assessment, Note, Progress
from siting.locate.compliance import Unjudged, comply, offers_of, requirements_of, wanted_of
from siting.locate.series import Solver
from siting.pipeline.asking import Question, homes_of
from siting.pipeline.ground import Ground, in_circle, measure

# A note names no more places than these.
_MOST_NAMED = 10


def complying(
    question: Question, ground: Ground, before: Assessment, progress: Progress
) -> tuple[Solver, tuple[Note, ...]]:
    """Return what chooses the cheapest sites with which the clauses hold, and tell of clauses that could not be put."""
    plan = question.plan
    changing = ground.facilities.index.isin([*plan.upgradable, *plan.closable])
    # What stays whatever is chosen.
    standing = measure(ground, ground.facilities[~changing], progress) if changing.any() else before
    sites = question.sites
    serves = sites["candidate_id"].map(ground.facilities["serves_community"][changing]).astype("boolean")
    in_reach = in_circle(sites.assign(serves_community=serves), ground.inputs.scenario)
    homes = homes_of(ground, sites)
    offers = offers_of(sites, homes, question.reach, in_reach, standing=question.standing)
    asked, unjudged = requirements_of(standing, offers, wanted_of(standing, plan.clauses))
    return lambda problem, _, effort: comply(problem, asked, effort), _notes(unjudged)


def _notes(unjudged: tuple[Unjudged, ...]) -> tuple[Note, ...]:
    if not unjudged:
        return ()
    named = [" ".join(filter(None, (each.clause, each.level, each.place))) for each in unjudged]
    more = ["…"] if len(named) > _MOST_NAMED else []
    return (
        Note("clauses_not_planned_for", {"count": len(named), "clauses": ", ".join([*named[:_MOST_NAMED], *more])}),
    )
