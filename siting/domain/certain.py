"""How sure verdicts are: one row for each check that is met or a gap, in the order of the checks."""

import pandas as pd

from siting.domain.nouns import Assessment, Bools


def certainty_of(assessment: Assessment, kept: Bools) -> pd.DataFrame | None:
    """Return the rows of ``certainty`` for the checks that are kept; None if the scenario states no errors.

    Parameters
    ----------
    assessment : Assessment
        With all checks.
    kept : ndarray of bool
        For each check, whether it is kept.
    """
    if assessment.certainty is None:
        return None
    judged = assessment.checks["verdict"].isin(assessment.certainty["verdict"].unique()).to_numpy(dtype=bool)
    return assessment.certainty[kept[judged]]
