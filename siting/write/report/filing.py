"""What a report is made of: everything that one run has found."""

from dataclasses import dataclass

import pandas as pd

from siting.domain.nouns import Assessment, Proposal
from siting.domain.what_if import WhatIf


@dataclass(frozen=True)
class Lorenz:
    """The Lorenz curves of coverage before and after a plan, and their Gini coefficients."""

    before: pd.DataFrame
    after: pd.DataFrame
    gini: tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """The most that each number of stations covers, with bounds.

    ``table`` is that of :func:`siting.locate.series.coverage_curve`; ``of_all`` tells whether it counts the same people
    as the check.
    """

    table: pd.DataFrame
    of_all: bool


@dataclass(frozen=True)
class Filing:
    """The findings of one run.

    Parameters
    ----------
    assessment : Assessment
        The gap report, without the plan.
    proposal : Proposal or None
        The plan.
    audit : pandas.DataFrame
        See :func:`siting.assess.audit.audit_table`.
    funding : pandas.DataFrame
        Funding lines of facilities and proposed stations (:func:`siting.assess.funding.funding_lines`), with ``what``
        the site is.
    sensitivity : pandas.DataFrame
        See :func:`siting.assess.sensitivity.sensitivity_table`.
    nearest : pandas.Series
        The nearest facility of each residential area, by id.
    lorenz : Lorenz or None
        How evenly the units are covered before and after the plan; None without stations.
    what_if : WhatIf or None
        What a reader may change in the map.
    curve : Curve or None
        The curve around the plan's number of stations; None if it was not computed.
    """

    assessment: Assessment
    proposal: Proposal | None
    audit: pd.DataFrame
    funding: pd.DataFrame
    sensitivity: pd.DataFrame
    nearest: pd.Series
    lorenz: Lorenz | None = None
    what_if: WhatIf | None = None
    curve: Curve | None = None
