"""A choice laid out as a table of stations, in rank order."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.nouns import Floats, Selection, Times
from siting.domain.tables import PLAN_COLUMNS

_REMEDY_OF_TENURE: Final = {"own": "purchase", "lease": "lease", "state": "reclaim_state_idle"}


def stations_table(
    chosen: gpd.GeoDataFrame,
    added: gpd.GeoDataFrame,
    selection: Selection,
    *,
    costs: pd.Series,
    unit: pd.Series | None,
    centres: gpd.GeoDataFrame,
    before: Mapping[str, Any],
    preferred: pd.Series,
) -> gpd.GeoDataFrame:
    """Lay the chosen candidates out with ``PLAN_COLUMNS``.

    Parameters
    ----------
    chosen : geopandas.GeoDataFrame
        Candidates in rank order.
    added : geopandas.GeoDataFrame
        The same as stations, indexed by their new ids, ``land_m2`` as counted.
    selection : Selection
        Whom each adds.
    costs : pandas.Series
        Yuan, on the candidates' index.
    unit : pandas.Series or None
        The finest unit in which each stands.
    centres : geopandas.GeoDataFrame
        Open centres: the nearest could lead a station (by straight line; advice only).
    before : mapping
        Totals without the plan: ``elderly`` and ``elderly_covered``.
    preferred : pandas.Series
        Names of the preferred ground on which each stands, on the candidates' index.

    Returns
    -------
    geopandas.GeoDataFrame
        Points in the CRS of ``chosen``, indexed by station id, with ``PLAN_COLUMNS`` and ``name``.
    """
    cumulative = np.cumsum(selection.gains)
    covered, total = before["elderly_covered"], before["elderly"]
    table = pd.DataFrame(
        {
            "id": added.index,
            "rank": np.arange(1, len(chosen) + 1),
            "candidate_id": chosen.index,
            "tier": "station",
            "kind": chosen["kind"].to_numpy(),
            "tenure": chosen["tenure"].to_numpy(),
            "unit_id": None if unit is None else unit.to_numpy(),
            "elderly_new": selection.gains,
            "elderly_cumulative": cumulative,
            "covered_share_after": (covered + cumulative) / total if total > 0 else np.nan,
            "land_m2": added["land_m2"].to_numpy(),
            "floor_area_m2": chosen["floor_area_m2"].to_numpy(),
            "cost_cny": costs.to_numpy(),
            "remedy": chosen["tenure"].map(_REMEDY_OF_TENURE).to_numpy(),
            "parent_id": _nearest(centres.sort_index(), chosen),
            "funding": None,
            "generated": False,
            "preferred": preferred.to_numpy(),
        },
        index=added.index,
    )
    columns = [column.key for column in PLAN_COLUMNS]
    frame = gpd.GeoDataFrame(table[columns], geometry=chosen.geometry.to_numpy(), crs=chosen.crs)
    return frame.assign(name=chosen["name"].to_numpy())


def gains_in_order(within: Times, people: Floats) -> Floats:
    """Return the people whom each site, in the order of its rows, adds to those before it.

    Parameters
    ----------
    within : Times
        Who is within the cut-off of which site.
    people : ndarray
        Persons per cell.

    Returns
    -------
    ndarray
        Persons per site; their sum is the people whom all sites cover together.
    """
    left = people.copy()
    gains = np.zeros(len(within.site_ids))
    for row in range(len(gains)):
        cells, _ = within.of(row)
        gains[row] = left[cells].sum()
        left[cells] = 0.0
    return gains


def _nearest(centres: gpd.GeoDataFrame, chosen: gpd.GeoDataFrame) -> list[str | None]:
    if centres.empty:
        return [None] * len(chosen)
    return [str(centres.index[int(centres.distance(point).to_numpy().argmin())]) for point in chosen.geometry]
