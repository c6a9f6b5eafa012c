"""All that a report shows, gathered from what one run has found."""

import pandas as pd

from siting.assess.audit import audit_table
from siting.domain.nearest import nearest_facilities
from siting.domain.nouns import Assessment, Progress, Proposal
from siting.pipeline.comparing import sensitivity_of
from siting.pipeline.evenness import gini_of, lorenz_of, unit_shares
from siting.pipeline.paying import promised, sites_with_funding
from siting.pipeline.what_if import what_if
from siting.write.report.filing import Filing, Lorenz


def filing_of(assessment: Assessment, proposal: Proposal | None, progress: Progress | None = None) -> Filing:
    """Return what a report shows; only the sensitivity is walked anew, with the walks that it compares."""
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
    )


def _lorenz(proposal: Proposal | None) -> Lorenz | None:
    """Return how evenly the units are covered before and after a plan; None without stations."""
    if proposal is None or proposal.fairness is None or proposal.stations.empty:
        return None
    units = unit_shares(proposal.before, proposal.after, proposal.fairness.level)
    before, after = lorenz_of(units)
    return Lorenz(before, after, gini_of(units))
