"""Why no choice satisfies a request, and the least that would do."""

from dataclasses import replace

from siting.domain.nouns import Blocked, Least, Progress
from siting.locate.infeasibility import LONGEST, explain_infeasible
from siting.locate.problem import Effort, Solution
from siting.pipeline.asking import Question, at_cut_offs, longest_of, people_at
from siting.pipeline.ground import PreparedScenario


def blocked_of(
    question: Question, ground: PreparedScenario, solution: Solution, effort: Effort, progress: Progress
) -> Blocked | None:
    """Return what blocks a request, if the search found no plan; None with a plan, and after Ctrl-C."""
    # After Ctrl-C no further search starts.
    if solution.status not in ("infeasible", "unknown") or solution.stopped_by == "interrupt":
        return None
    return _blocked(question, ground, effort, progress)


def _blocked(question: Question, ground: PreparedScenario, effort: Effort, progress: Progress) -> Blocked:
    """Return why no choice satisfies the request, and the least stations, money, minutes or capacity that would do."""
    cutoff_s = longest_of(question.plan, ground)
    found = explain_infeasible(
        question.problem,
        question.model,
        replace(effort, report=None),
        at=at_cut_offs(question, ground, LONGEST * cutoff_s, progress),
        cutoff_s=cutoff_s,
    )
    units = ground.demand.place_ids[question.level]
    least = {name: getattr(found, name) for name in ("stations", "budget", "capacity")}
    if found.stations is not None and question.plan.stations is not None:
        # Facilities that may be closed count in the rule, but not in the number that the user gives.
        closable = (question.problem.rules.stations or 0) - question.plan.stations
        least["stations"] = replace(found.stations, value=found.stations.value - closable)
    # The longest walk of p_center is a setting of its own.
    least["max_minutes" if question.plan.model == "p_center" else "minutes"] = found.minutes
    people, where = people_at(question, ground, found.unreached)
    return Blocked(
        rules=tuple(found.rules),
        remedies=tuple(found.remedies),
        proved=found.proved,
        least={name: Least(each.value, each.proved) for name, each in least.items() if each},
        unreached_elderly=people,
        unreached_in=where,
        level=question.level,
        units=tuple(str(units[unit]) for unit in found.units),
        stuck=tuple(str(question.sites["candidate_id"].iloc[site]) for site in question.sites_of(found.stuck)),
    )
