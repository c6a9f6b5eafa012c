"""Which facilities count for the circle, and which give a unit its own facility: any, or only some tiers.

The check and the plans that must meet it both use this module, so that both use the same definition.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.domain.scenario import Scenario, Tier

# 街道有中心、社区有站: a centre may be a community's; a station is no street's, and an institution is neither's.
TIERS_OF_UNITS: Final[Mapping[str, tuple[Tier, ...]]] = {"street": ("centre",), "community": ("station", "centre")}


def gives_facility(tier: pd.Series, level: str, *, by_tier: bool) -> NDArray[np.bool_]:
    """Tell which facilities or sites give the units of a level a facility.

    Parameters
    ----------
    tier : pandas.Series
        The tier of each, shape (n,); blank if it has none: then it gives no facility by tier.
    level : str
        Level of the units.
    by_tier : bool
        The scenario sets ``standards.coverage`` to ``by_tier``: a street has a facility only if a centre is in it, a
        community only if a station or a centre is; other levels require no tier.

    Returns
    -------
    ndarray of bool
        Shape (n,); true throughout if any facility counts.

    Notes
    -----
    渝府办发〔2019〕129号, 二(一), requires a facility in each street and community, without naming a tier.

    Examples
    --------
    >>> tier = pd.Series(["station", "centre", "institution"])
    >>> gives_facility(tier, "street", by_tier=True).tolist()
    [False, True, False]
    >>> gives_facility(tier, "community", by_tier=True).tolist()
    [True, True, False]
    >>> gives_facility(tier, "street", by_tier=False).tolist()
    [True, True, True]
    """
    tiers = TIERS_OF_UNITS.get(level)
    if not by_tier or tiers is None:
        return np.ones(len(tier), dtype=np.bool_)
    return tier.isin(tiers).to_numpy(dtype=np.bool_)


def in_circle(facilities: pd.DataFrame, scenario: Scenario) -> NDArray[np.bool_]:
    """Tell which facilities count for the service circle.

    Parameters
    ----------
    facilities : pandas.DataFrame
        With ``tier`` and ``serves_community``.
    scenario : Scenario
        Its ``circle.tiers`` name the tiers that count; an institution counts also if it serves its community.

    Returns
    -------
    ndarray of bool
        One for each facility, in their order.
    """
    serves = facilities["serves_community"].fillna(value=False).astype(bool)
    counts = facilities["tier"].isin(scenario.circle.tiers) | ((facilities["tier"] == "institution") & serves)
    return counts.to_numpy(dtype=bool)
