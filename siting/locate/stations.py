"""The table of the chosen stations, in rank order."""

import math
from collections.abc import Collection
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.nouns import Floats, Ints, Selection
from siting.domain.tables import PLAN_COLUMNS
from siting.domain.totals import Totals
from siting.locate.problem import Problem

# Premises with tenure "own" are owned already, so they have no remedy.
_REMEDY_OF_TENURE: Final = {"lease": "lease", "state": "reclaim_state_idle"}


def stations_table(
    chosen: gpd.GeoDataFrame,
    added: gpd.GeoDataFrame,
    selection: Selection,
    *,
    unit: pd.Series | None,
    centres: gpd.GeoDataFrame,
    before: Totals,
    perhaps: Floats,
    preferred: pd.Series,
    recovered: Collection[object] = (),
) -> gpd.GeoDataFrame:
    """Return the chosen candidates as a table with ``PLAN_COLUMNS``.

    Parameters
    ----------
    chosen : geopandas.GeoDataFrame
        Candidates in rank order, with ``size``, ``tier``, ``capacity``, ``beds``, ``cost_cny`` and ``generated`` of
        what would be built there.
    added : geopandas.GeoDataFrame
        The same candidates as stations, indexed by their new ids, ``land_m2`` as counted.
    selection : Selection
        The people that each station adds.
    unit : pandas.Series or None
        The finest unit in which each station stands.
    centres : geopandas.GeoDataFrame
        Open centres: the nearest one could lead a station (by straight line; advice only).
    before : mapping
        Totals without the plan: ``elderly`` and ``elderly_covered``.
    perhaps : ndarray
        How many more elderly may be covered once each station stands, because the ledger leaves something unknown.
    preferred : pandas.Series
        Names of the preferred areas in which each station stands, on the candidates' index.
    recovered : collection
        Candidates whose idle state-owned premises are reclaimed for an old residential area; the others are leased.

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
            "opens_year": pd.NA if selection.opens is None else selection.opens,
            "candidate_id": chosen.index,
            "tier": chosen["tier"].to_numpy(),
            "kind": chosen["kind"].to_numpy(),
            "size": chosen["size"].to_numpy(),
            "tenure": chosen["tenure"].to_numpy(),
            "unit_id": None if unit is None else unit.to_numpy(),
            "elderly_new": selection.gains,
            "elderly_cumulative": cumulative,
            "capacity": chosen["capacity"].to_numpy(),
            "elderly_served": np.nan if selection.served is None else selection.served,
            "covered_share_after": _share(covered + cumulative, total),
            "covered_share_after_high": _share((covered + cumulative) + perhaps, total),
            "land_m2": added["land_m2"].to_numpy(),
            "floor_area_m2": chosen["floor_area_m2"].to_numpy(),
            "beds": chosen["beds"].to_numpy(),
            "cost_cny": chosen["cost_cny"].to_numpy(),
            "remedy": [
                "lease" if way == "reclaim_state_idle" and key not in recovered else way
                for key, way in chosen["tenure"].map(_REMEDY_OF_TENURE).items()
            ],
            "parent_id": _nearest(centres.sort_index(), chosen),
            # The caller, which knows the standards, fills in the money.
            **dict.fromkeys(("subsidy_cny", "net_cost_cny", "subsidy_conditional_cny"), np.nan),
            "funding": None,
            "generated": chosen["generated"].to_numpy(dtype=bool),
            "preferred": preferred.to_numpy(),
        },
        index=added.index,
    )
    columns = [column.key for column in PLAN_COLUMNS]
    frame = gpd.GeoDataFrame(table[columns], geometry=chosen.geometry.to_numpy(), crs=chosen.crs)
    return frame.assign(name=chosen["name"].to_numpy())


def ranked_by_gain(problem: Problem, new: Ints, chosen: Ints, *, keep_order: bool = False) -> tuple[Ints, Floats]:
    """Put new stations in rank order: the next is the one that adds most people to those before it.

    Parameters
    ----------
    problem : Problem
        Its times tell which points each site reaches.
    new : ndarray of int
        The sites of the new stations.
    chosen : ndarray of int
        All open sites beside the kept ones. Points that the others of them reach are not added by a new station.
    keep_order : bool, default False
        Keep the sites in the given order.

    Returns
    -------
    sites, gains : ndarray
        The new sites, best first, ties to the lower site; and the people that each one adds.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Problem
    >>> from siting.locate.stations import ranked_by_gain
    >>> reach = Problem(csr_array(np.array([[1.0, 0, 0], [1.0, 1.0, 0], [0, 1.0, 1.0]])), np.array([5.0, 3.0, 4.0]))
    >>> sites, gains = ranked_by_gain(reach, np.array([0, 1, 2]), np.array([0, 1, 2]))
    >>> sites.tolist(), gains.tolist()
    ([1, 2, 0], [8.0, 4.0, 0.0])
    """
    left = np.where(problem.reached_by(np.setdiff1d(chosen, new)), 0.0, problem.people)
    waiting, order, gains = [int(site) for site in new], [], []
    while waiting:
        worth = [math.fsum(left[problem.points_of(site)]) for site in (waiting[:1] if keep_order else waiting)]
        best = int(np.argmax(worth))
        gains.append(worth[best])
        order.append(waiting.pop(best))
        left[problem.points_of(order[-1])] = 0.0
    return np.array(order, dtype=np.int64), np.array(gains)


def _share(covered: Floats, total: float) -> Floats:
    return np.clip(covered / total, 0.0, 1.0) if total > 0 else np.full(len(covered), np.nan)


def _nearest(centres: gpd.GeoDataFrame, chosen: gpd.GeoDataFrame) -> list[str | None]:
    if centres.empty:
        return [None] * len(chosen)
    return [str(centres.index[int(centres.distance(point).to_numpy().argmin())]) for point in chosen.geometry]
