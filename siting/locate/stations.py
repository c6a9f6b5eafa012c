"""A choice laid out as a table of stations, in rank order."""

import math
from collections.abc import Collection, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.nouns import Floats, Ints, Selection
from siting.domain.tables import PLAN_COLUMNS
from siting.locate.problem import Problem

# Premises that are one's own need not be had.
_REMEDY_OF_TENURE: Final = {"lease": "lease", "state": "reclaim_state_idle"}


def stations_table(
    chosen: gpd.GeoDataFrame,
    added: gpd.GeoDataFrame,
    selection: Selection,
    *,
    unit: pd.Series | None,
    centres: gpd.GeoDataFrame,
    before: Mapping[str, Any],
    perhaps: Floats,
    preferred: pd.Series,
    recovered: Collection[object] = (),
) -> gpd.GeoDataFrame:
    """Lay the chosen candidates out with ``PLAN_COLUMNS``.

    Parameters
    ----------
    chosen : geopandas.GeoDataFrame
        Candidates in rank order, with ``size``, ``tier``, ``capacity``, ``beds``, ``cost_cny`` and ``generated`` of
        what would be built there.
    added : geopandas.GeoDataFrame
        The same as stations, indexed by their new ids, ``land_m2`` as counted.
    selection : Selection
        Whom each adds.
    unit : pandas.Series or None
        The finest unit in which each stands.
    centres : geopandas.GeoDataFrame
        Open centres: the nearest could lead a station (by straight line; advice only).
    before : mapping
        Totals without the plan: ``elderly`` and ``elderly_covered``.
    perhaps : ndarray
        How many elderly more may be covered, for what nobody knows of the ledger, once each stands.
    preferred : pandas.Series
        Names of the preferred ground on which each stands, on the candidates' index.
    recovered : collection
        Candidates whose idle premises of the state are recovered for an old residential area; others are leased.

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
            # Money is for whoever knows the standards.
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
    """Put new stations in the order of whom each adds to those before it.

    Parameters
    ----------
    problem : Problem
        Its times say whom each row reaches.
    new : ndarray of int
        Rows of the new stations.
    chosen : ndarray of int
        All rows that are open beside those kept: whom the others of them reach, no new station adds.
    keep_order : bool, default False
        Take the rows in the order in which they are given.

    Returns
    -------
    rows, gains : ndarray
        The new rows, best first, the lower row among equals; and the persons whom each adds.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Problem
    >>> from siting.locate.stations import ranked_by_gain
    >>> reach = Problem(csr_array(np.array([[1.0, 0, 0], [1.0, 1.0, 0], [0, 1.0, 1.0]])), np.array([5.0, 3.0, 4.0]))
    >>> rows, gains = ranked_by_gain(reach, np.array([0, 1, 2]), np.array([0, 1, 2]))
    >>> rows.tolist(), gains.tolist()
    ([1, 2, 0], [8.0, 4.0, 0.0])
    """
    left = np.where(problem.reached_by(np.setdiff1d(chosen, new)), 0.0, problem.people)
    waiting, order, gains = [int(row) for row in new], [], []
    while waiting:
        worth = [math.fsum(left[problem.points_of(row)]) for row in (waiting[:1] if keep_order else waiting)]
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
