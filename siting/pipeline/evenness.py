"""How evenly the units of a level are covered, before and after a plan."""

import math
from collections.abc import Collection

import pandas as pd

from siting.domain.nouns import Assessment, Evenness
from siting.locate.fairness import gini, lorenz

# Shares that differ by less are equal.
_ALIKE = 1e-9


def unit_shares(before: Assessment, after: Assessment, level: str) -> pd.DataFrame:
    """Return the covered share of every unit of a level whose people are known, before and after.

    Returns
    -------
    pandas.DataFrame
        ``id``, ``name``, ``elderly``, ``covered_share_before`` and ``covered_share_after``; 0 for units without people.
    """
    now, then = (_shares(each, level) for each in (before, after))
    return now.assign(covered_share_after=then["covered_share"]).rename(
        columns={"covered_share": "covered_share_before"}
    )


def gini_of(units: pd.DataFrame) -> tuple[float, float]:
    """Return the Gini coefficients of the covered shares of :func:`unit_shares`, before and after."""
    people = units["elderly"]
    return gini(units["covered_share_before"], people), gini(units["covered_share_after"], people)


def lorenz_of(units: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the Lorenz curves of the covered shares of :func:`unit_shares`, before and after."""
    people = units["elderly"]
    return lorenz(units["covered_share_before"], people), lorenz(units["covered_share_after"], people)


def evenness(before: Assessment, after: Assessment, level: str, left_out: Collection[str] = ()) -> Evenness:
    """Return how evenly the units of a level are covered, before and after a plan.

    Parameters
    ----------
    before, after : Assessment
        The check without and with the plan.
    level : str
        The level of the units.
    left_out : collection of str
        Ids of units that a fair plan ignores; the least share is taken over the others.

    Returns
    -------
    Evenness
        Of the units of that level.
    """
    units = unit_shares(before, after, level)
    lived_in = units[(units["elderly"] > 0) & ~units["id"].astype(str).isin([*left_out])]
    least_before, least_after = (_least(lived_in, f"covered_share_{when}") for when in ("before", "after"))
    return Evenness(level, *gini_of(units), *least_before, *least_after)


def _least(units: pd.DataFrame, column: str) -> tuple[float, tuple[str, ...]]:
    """Return the least share of units, NaN without units, and the ids of all that have it."""
    shares = units[column]
    least = float(shares.min()) if len(shares) else math.nan
    return least, tuple(str(key) for key in units["id"][shares <= least + _ALIKE])


def _shares(assessment: Assessment, level: str) -> pd.DataFrame:
    places = assessment.places
    rows = places[(places["level"] == level).to_numpy() & places["elderly"].notna().to_numpy()]
    table = pd.DataFrame(rows[["id", "name", "elderly", "covered_share"]]).reset_index(drop=True)
    return table.assign(covered_share=table["covered_share"].fillna(0.0))
