"""The facility that is nearest to most people of a place."""

import numpy as np
import pandas as pd

from siting.domain.nouns import Assessment


def nearest_facilities(assessment: Assessment, level: str = "residential_area") -> pd.Series:
    """Return for each place the facility that is nearest to the largest number of its elderly people.

    Parameters
    ----------
    assessment : Assessment
        A gap report; nothing is walked again.
    level : str, default "residential_area"
        The level of the places.

    Returns
    -------
    pandas.Series
        Ids of facilities, on the ids of the places from which people reach one; of equal numbers the first id. If
        nobody elderly is known there, area counts instead of people.

    Examples
    --------
    >>> import siting
    >>> from siting.domain.nearest import nearest_facilities
    >>> gaps = siting.check(siting.read_scenario("data/sample/scenario.toml"))
    >>> nearest_facilities(gaps.assessment).loc["R001"]
    'F036'
    """
    demand, found = assessment.demand, assessment.cells["nearest"]
    if level not in demand.shares:
        return pd.Series(dtype="object")
    nearest = found.reindex(demand.cells.index).astype("object").to_numpy()
    shares = demand.shares[level].tocoo()
    elderly = np.nan_to_num(demand.cells["elderly"].to_numpy(dtype=np.float64))[shares.col]
    table = pd.DataFrame(
        {
            "place": demand.place_ids[level].to_numpy()[shares.row],
            "facility": nearest[shares.col],
            "people": elderly * shares.data,
            "area": shares.data,
        }
    ).dropna(subset=["facility"])
    sums = table.groupby(["place", "facility"], as_index=False)[["people", "area"]].sum()
    ordered = sums.sort_values(["place", "people", "area", "facility"], ascending=[True, False, False, True])
    return ordered.drop_duplicates("place").set_index("place")["facility"]
