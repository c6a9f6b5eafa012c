"""Stations of a plan that name no candidate become candidates at their points, in the size that the plan states."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.crs import WGS84, transform_points
from siting.domain.nouns import Inputs
from siting.domain.placed import PlacedStation
from siting.errors import Faults

# Tells candidates that a plan placed from those of the ledger.
BY_PLAN: Final = "by_plan"
_TOLD: Final = 5


def with_placed(inputs: Inputs, placed: Sequence[PlacedStation], file: str) -> Inputs:
    """Return inputs whose candidates hold a plan's stations that stand at a point.

    Parameters
    ----------
    inputs : Inputs
        With generated candidates (:func:`siting.places.with_generated`).
    placed : sequence of PlacedStation
        The stations; without any the inputs are returned unchanged.
    file : str
        The plan's file, for faults.

    Returns
    -------
    Inputs
        ``candidates`` has the further rows, and the columns ``by_plan``, ``tier``, ``beds`` and ``LEVEL_id``.

    Raises
    ------
    InputError
        ``plan_station_id_taken``: an id is that of a candidate, or stands twice. ``plan_station_unknown_unit``: a
        station names a unit that does not exist.
    """
    if not placed:
        return inputs
    _check(inputs, placed, file)
    ledger = inputs.candidates
    degrees = np.array([[each.lon, each.lat] for each in placed])
    x, y = transform_points(degrees[:, 0], degrees[:, 1], WGS84, inputs.crs)
    told = pd.DataFrame(
        {
            "name": [each.name for each in placed],
            "land_m2": [each.figures["land_m2"] for each in placed],
            "floor_area_m2": [each.figures["floor_area_m2"] for each in placed],
            "capital_cost_cny": [each.figures["cost_cny"] for each in placed],
            "located_by": "coordinates",
            "located_within_m": 0.0,
            "generated": False,
        },
        index=pd.Index([each.id for each in placed], name=ledger.index.name, dtype=object),
    )
    told = told.reindex(columns=ledger.columns.drop("geometry"))
    told = told.astype({name: kind for name, kind in ledger.dtypes.items() if name != "geometry"})
    rows = gpd.GeoDataFrame(told, geometry=shapely.points(x, y), crs=inputs.crs)
    both = gpd.GeoDataFrame(pd.concat([ledger, rows]) if len(ledger) else rows, crs=inputs.crs)
    own = {each.id: each for each in placed}
    levels = sorted({level for each in placed for level in each.homes})
    more: dict[str, Any] = {
        BY_PLAN: both.index.isin([*own]),
        "tier": [own[key].tier if key in own else None for key in both.index],
        "beds": pd.array([own[key].figures["beds"] if key in own else None for key in both.index], dtype="Float64"),
        **{
            f"{level}_id": [own[key].homes.get(level) if key in own else None for key in both.index] for level in levels
        },
    }
    return replace(inputs, candidates=both.assign(**more))


def _check(inputs: Inputs, placed: Sequence[PlacedStation], file: str) -> None:
    faults, seen = Faults(), set(map(str, inputs.candidates.index))
    for each in placed:
        if each.id in seen:
            faults.add("plan_station_id_taken", file=file, found=each.id)
        seen.add(each.id)
        for level, unit in each.homes.items():
            known = inputs.units[level].index if level in inputs.units else pd.Index([])
            if unit not in known:
                told = ", ".join(sorted(map(str, known))[:_TOLD])
                faults.add(
                    "plan_station_unknown_unit", file=file, row=each.id, field=f"{level}_id", found=unit, expected=told
                )
    faults.stop_if_any()
