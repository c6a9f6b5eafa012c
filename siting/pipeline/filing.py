"""All that a report shows, gathered from what one run has found."""

from dataclasses import replace
from typing import Final

import pandas as pd

from siting.assess.audit import audit_table
from siting.domain.nearest import nearest_facilities
from siting.domain.nouns import Assessment, Progress, Proposal
from siting.errors import InputError
from siting.pipeline.comparing import sensitivity_of
from siting.pipeline.evenness import gini_of, lorenz_of, unit_shares
from siting.pipeline.paying import promised, sites_with_funding
from siting.pipeline.planning import Planned
from siting.pipeline.studying import curve_of
from siting.pipeline.what_if import what_if
from siting.write.report.filing import Curve, Filing, Lorenz

# Seconds that the search for the curve may take.
_LIMIT_S: Final = 20.0
# The fewest points that are a curve.
_POINTS: Final = 4


def filing_of(assessment: Assessment, planned: Planned | None, progress: Progress | None = None) -> Filing:
    """Return what a report shows; only the sensitivity needs walks of its own."""
    proposal = None if planned is None else planned.proposal
    lines = [promised(assessment, sites_with_funding(assessment, "facility"), "facility").assign(what="facility")]
    if proposal is not None:
        lines.append(promised(assessment, proposal.stations, "station").assign(what="station"))
    held = [table for table in lines if len(table)] or lines[:1]
    return Filing(
        assessment=assessment,
        proposal=proposal,
        audit=audit_table(assessment),
        funding=pd.concat(held, ignore_index=True),
        sensitivity=sensitivity_of(assessment.inputs, assessment.demand, assessment.facilities, progress),
        nearest=nearest_facilities(assessment),
        lorenz=_lorenz(proposal),
        what_if=what_if(assessment, proposal, progress),
        curve=None if planned is None else _curve(planned, progress),
    )


def _curve(planned: Planned, progress: Progress | None) -> Curve | None:
    """Return the most that fewer and more stations than the plan's cover, up to twice as many.

    Only what is proved optimal: the rest depends on how fast the machine is, and a report has the same bytes.
    """
    count, question = len(planned.proposal.stations), planned.question
    if not count or planned.proposal.selection.status not in ("optimal", "feasible"):
        return None
    plan = question.plan.model_copy(update={"time_limit_s": min(question.plan.time_limit_s, _LIMIT_S)})
    try:
        table = curve_of(
            replace(planned, question=replace(question, plan=plan)), points=range(2 * count + 1), progress=progress
        )
    except InputError:
        # Without stations of a cost, or with rules that no point meets, there is no curve.
        return None
    proved = table[table["status"] == "optimal"]
    problem = question.problem
    of_all = problem.weights is None and problem.rules.capacity is None and planned.proposal.changes.empty
    return Curve(proved, of_all) if len(proved) >= _POINTS else None


def _lorenz(proposal: Proposal | None) -> Lorenz | None:
    """Return how evenly the units are covered before and after a plan; None without stations."""
    if proposal is None or proposal.fairness is None or proposal.stations.empty:
        return None
    units = unit_shares(proposal.before, proposal.after, proposal.fairness.level)
    before, after = lorenz_of(units)
    return Lorenz(before, after, gini_of(units))
