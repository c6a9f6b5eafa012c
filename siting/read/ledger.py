"""Whether the ledger of facilities makes sense beside the units, and with itself."""

from collections.abc import Mapping
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.read.log import LayerLog, listed

# Facilities of one tier nearer than this are suspected to be one.
DOUBLE_M = 5.0


def check_far(table: pd.DataFrame, log: LayerLog) -> None:
    """Note a fault for each floor area ratio of 0, by which land cannot be worked out."""
    for key in table.index[(table["far"] == 0).to_numpy(dtype=bool)]:
        log.fault("zero_far", row=str(key), field="far", found="0", expected="> 0")


def check_unit_ids(facilities: gpd.GeoDataFrame, units: Mapping[str, gpd.GeoDataFrame], log: LayerLog) -> None:
    """Note a fault for each unit that a facility names and its level lacks; levels that are not given are not asked."""
    for level, frame in units.items():
        key = f"{level}_id"
        if key not in facilities:
            continue
        named = facilities[key].dropna()
        for row, value in named[~named.isin(frame.index)].items():
            log.fault("unknown_unit_id", row=str(row), field=key, found=str(value), expected=f"units.{level}")


def note_parents(facilities: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the facilities whose parent is not in the ledger."""
    parents = facilities["parent_id"].dropna()
    lost = parents[~parents.isin(facilities.index)]
    if len(lost):
        log.note("parent_unknown", count=len(lost), ids=listed(f"{row} → {parent}" for row, parent in lost.items()))


def note_outside(
    facilities: gpd.GeoDataFrame, units: Mapping[str, gpd.GeoDataFrame], reach_m: float, log: LayerLog
) -> None:
    """Note the facilities outside every unit, and how many of them are farther away than people walk.

    ``reach_m`` is how far people walk within the cut-off, metres.
    """
    frames = [frame for frame in units.values() if len(frame)]
    if not len(facilities) or not frames:
        return
    ground = shapely.STRtree(np.concatenate([frame.geometry.to_numpy() for frame in frames]))
    points = facilities.geometry.to_numpy()
    outside = np.ones(len(points), dtype=bool)
    outside[ground.query(points, predicate="intersects")[0]] = False
    if outside.any():
        _, distance = ground.query_nearest(points[outside], all_matches=False, return_distance=True)
        far = distance > reach_m
        log.note(
            "facilities_outside_units",
            count=int(outside.sum()),
            far=int(far.sum()),
            reach_m=round(reach_m),
            ids=listed(facilities.index[outside]),
        )


def note_doubles(facilities: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the facilities that bear one name, or are of one tier at one place without sharing a site."""
    pairs = sorted(_same_name(facilities) | _same_spot(facilities))
    if pairs:
        log.note("suspected_doubles", count=len(pairs), ids=listed(f"{one} + {other}" for one, other in pairs))


def _same_name(facilities: gpd.GeoDataFrame) -> set[tuple[str, str]]:
    names = facilities["name"].dropna()
    groups = names[names.duplicated(keep=False)].groupby(names)
    return {
        (str(one), str(other)) for _, group in groups for keys in [sorted(group.index)] for one, other in pairwise(keys)
    }


def _same_spot(facilities: gpd.GeoDataFrame) -> set[tuple[str, str]]:
    one, other = facilities.sindex.query(facilities.geometry, predicate="dwithin", distance=DOUBLE_M)
    tier = facilities["tier"].to_numpy(dtype=object)
    site = facilities["site_id"].to_numpy(dtype=object)
    keys = facilities.index.to_numpy(dtype=object)
    return {
        (min(keys[i], keys[j]), max(keys[i], keys[j]))
        for i, j in zip(one.tolist(), other.tolist(), strict=True)
        if i < j and tier[i] == tier[j] and (pd.isna(site[i]) or site[i] != site[j])
    }
