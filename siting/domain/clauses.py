"""The arithmetic of each clause kind: what is required, the shortfall, the verdict."""

import math
from dataclasses import dataclass, replace
from typing import Literal

Verdict = Literal["met", "gap", "no_data", "not_applicable"]
# The verdict of a place over its checks is the first of these that any of them has.
WORST_FIRST: tuple[Verdict, ...] = ("gap", "no_data", "met", "not_applicable")
# For sums of many float areas and people; far below a square metre or a person.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Finding:
    """The result of a clause for one place.

    ``provided_high`` is infinite if missing records could provide any amount. ``shortfall`` is computed from what is
    known to be provided (``provided_low``). ``required_high`` is the most that may be required, if that depends on
    people who are known as an interval; None if it equals ``required``.
    """

    required: float
    provided_low: float
    provided_high: float
    shortfall: float
    verdict: Verdict
    required_high: float | None = None

    @property
    def most_required(self) -> float:
        """The most that may be required."""
        return self.required if self.required_high is None else self.required_high


def shortfall_ends(finding: Finding, *, ceiling: bool) -> tuple[float, float]:
    """Return the least and the most shortfall below a minimum, or excess over a maximum.

    Examples
    --------
    >>> from siting.domain.clauses import at_least, at_most, shortfall_ends
    >>> shortfall_ends(at_least(2000.0, 500.0, 1900.0), ceiling=False)
    (100.0, 1500.0)
    >>> shortfall_ends(at_most(0.5, 0.4, 0.75), ceiling=True)
    (0.0, 0.25)
    """
    if finding.verdict == "met":
        return 0.0, 0.0
    low, high = finding.provided_low - finding.most_required, finding.provided_high - finding.required
    least, most = (low, high) if ceiling else (-high, -low)
    return (least if math.isnan(least) else max(0.0, least)), (most if math.isnan(most) else max(0.0, most))


def slack(required: float) -> float:
    """Return by how much the provided value may be below the required one and still meet it."""
    return _TOLERANCE * max(1.0, abs(required))


def at_least(
    required: float, provided_low: float, provided_high: float | None = None, required_high: float | None = None
) -> Finding:
    """Judge a clause of the form *provided ≥ required*; equality meets it.

    Parameters
    ----------
    required : float
        What the clause requires.
    provided_low : float
        What is known to be provided.
    provided_high : float, optional
        The most that may be provided, with missing records at their best; ``provided_low`` if absent.
    required_high : float, optional
        The most that the clause may require; ``required`` if absent.

    Returns
    -------
    Finding
        ``met`` if the worst end meets the requirement, otherwise ``gap`` if the best end fails, otherwise ``no_data``.

    Examples
    --------
    >>> from siting.domain.clauses import at_least
    >>> at_least(60_000.0, 45_000.0).shortfall
    15000.0
    >>> at_least(60_000.0, 45_000.0, float("inf")).verdict
    'no_data'
    """
    high = provided_low if provided_high is None else provided_high
    most = required if required_high is None else required_high
    if provided_low >= most - slack(most):
        verdict: Verdict = "met"
    elif high < required - slack(required):
        verdict = "gap"
    else:
        verdict = "no_data"
    shortfall = 0.0 if verdict == "met" else most - provided_low
    return Finding(required, provided_low, high, shortfall, verdict, required_high)


def at_most(limit: float, found_low: float, found_high: float | None = None) -> Finding:
    """Judge a clause of the form *found ≤ limit*; equality meets it, and the worst end is now the highest.

    Parameters
    ----------
    limit : float
        The limit.
    found_low : float
        The least possible value, with missing records at their best.
    found_high : float, optional
        The largest possible value; ``found_low`` if absent.

    Returns
    -------
    Finding
        ``met`` if the worst (highest) end meets the limit, ``gap`` if the best (lowest) end exceeds it, otherwise
        ``no_data``; ``shortfall`` is the excess of the lowest end.

    Examples
    --------
    >>> from siting.domain.clauses import at_most
    >>> at_most(0.5, 0.5).verdict, at_most(0.5, 0.625).shortfall
    ('met', 0.125)
    """
    high = found_low if found_high is None else found_high
    most = limit + slack(limit)
    if high <= most:
        verdict: Verdict = "met"
    elif found_low > most:
        verdict = "gap"
    else:
        verdict = "no_data"
    excess = max(0.0, found_low - limit) if verdict != "met" else 0.0
    return Finding(limit, found_low, high, excess, verdict)


def not_applicable() -> Finding:
    """Return the finding of a clause that does not apply to a place (for example because nobody lives there)."""
    return Finding(math.nan, math.nan, math.nan, math.nan, "not_applicable")


def perhaps_asked(finding: Finding, *, ceiling: bool) -> Finding:
    """Return the finding of a clause for a place of which it is unknown whether the clause applies.

    Parameters
    ----------
    finding : Finding
        A gap, if the clause applied.
    ceiling : bool
        Whether the clause sets a maximum; otherwise a minimum.

    Returns
    -------
    Finding
        Possibly nothing is required, or there is no limit.

    Examples
    --------
    >>> from siting.domain.clauses import at_least, perhaps_asked
    >>> found = perhaps_asked(at_least(2000.0, 500.0), ceiling=False)
    >>> found.verdict, found.required, found.most_required
    ('no_data', 0.0, 2000.0)
    """
    ends = (finding.required, math.inf) if ceiling else (0.0, finding.most_required)
    return replace(finding, verdict="no_data", required=ends[0], required_high=ends[1])


def unknown() -> Finding:
    """Return the finding of a clause without any data."""
    return Finding(math.nan, math.nan, math.nan, math.nan, "no_data")


def land_per_person(
    floor_m2: float, people: float, low_m2: float, high_m2: float | None = None, *, people_high: float | None = None
) -> Finding:
    """Judge land against a minimum per person.

    Required is ``floor_m2 × people``, and at most ``floor_m2 × people_high``; a place without people requires no land.

    Examples
    --------
    >>> from siting.domain.clauses import land_per_person
    >>> finding = land_per_person(0.2, 300_000, 45_000)
    >>> finding.required, finding.shortfall, finding.verdict
    (60000.0, 15000.0, 'gap')
    """
    most = None if people_high is None or people_high == people else floor_m2 * people_high
    return at_least(floor_m2 * people, low_m2, high_m2, most) if people > 0 or most is not None else not_applicable()


def service_circle(
    pass_share: float,
    elderly: float,
    covered: float,
    *,
    perhaps: float = 0.0,
    unseen: float = 0.0,
    complete: bool = True,
) -> Finding:
    """Judge the share of the elderly within the circle.

    ``perhaps`` are people who are covered if facilities count of which that is unknown. ``unseen`` is the most people
    who may live there in addition to the elderly, covered or not. ``complete`` is false if the ledger of facilities may
    lack some: then all uncovered people may in fact be covered.

    Examples
    --------
    >>> from siting.domain.clauses import service_circle
    >>> service_circle(0.9, 1000, 900).verdict, service_circle(0.9, 1000, 899).verdict
    ('met', 'gap')
    """
    most = elderly + unseen
    if most <= 0:
        return not_applicable()
    return at_least(
        pass_share,
        min(covered / most, 1.0),
        min((covered + perhaps + unseen) / most, 1.0) if complete else 1.0,
    )
