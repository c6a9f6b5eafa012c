"""Land within reach: the two-step floating catchment (methods, definition 3)."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.nouns import Demand, Floats, Ints, Times
from siting.domain.requirements import district_catchment
from siting.domain.scenario import Scenario


@dataclass(frozen=True)
class LandReach:
    """Land within reach of the people of every cell.

    ``low`` and ``high`` are m² per person with the known land and with the most land of all facilities; ``missing[j]``
    are the cells that facility j reaches, if its land is missing or known only as an interval. ``unreached`` lists
    facilities with land that reach nobody.
    """

    low: Floats
    high: Floats
    missing: Mapping[str, Ints]
    unreached: tuple[str, ...]


def land_reach(
    facilities: gpd.GeoDataFrame, homes: pd.DataFrame, times: Times, demand: Demand, scenario: Scenario
) -> LandReach:
    """Distribute each facility's land over the people that it reaches.

    For facility j with land S_j and catchment C_j: R_j = S_j ÷ Σ_{k∈C_j} P_k, and for the people of cell k
    A_k = Σ_{j∋k} R_j, so that Σ P_k A_k = Σ S_j over the facilities that reach someone.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        Facilities that count, ``tier``, ``land_m2`` as counted (NaN if missing) and ``land_high_m2``, the most.
    homes : pandas.DataFrame
        Unit of each facility, one column for each level.
    times : Times
        Which cells are within the cut-off of which facility.
    demand : Demand
        People of the land basis in the column ``basis``.
    scenario : Scenario
        ``land.institution_minutes`` (absent: an institution reaches its whole district).

    Notes
    -----
    Source: two-step floating catchment areas, Radke and Mu 2000; Luo and Wang 2003.
    """
    people = np.nan_to_num(demand.cells["basis"].to_numpy())
    low, high = np.zeros(len(people)), np.zeros(len(people))
    missing: dict[str, Ints] = {}
    unreached = []
    rows = times.site_ids.get_indexer(facilities.index)
    ledger = zip(
        facilities.index, rows, *(facilities[name] for name in ("tier", "land_m2", "land_high_m2")), strict=True
    )
    for key, row, tier, land, most in ledger:
        if tier == "institution" and scenario.land.institution_minutes is None:
            cells, served, part = district_catchment(homes.loc[key].get("district"), demand)
        else:
            cells, _ = times.of(int(row))
            served = part = np.ones(len(cells))
        heads = float(people[cells] @ served)
        if heads <= 0:
            if land > 0:
                unreached.append(str(key))
            continue
        if land != most:
            missing[str(key)] = cells
        low[cells] += np.nan_to_num(land) / heads * part
        high[cells] += most / heads * part
    if not scenario.facilities.complete:
        high[:] = np.inf
    return LandReach(low, high, missing, tuple(unreached))
