"""Remedies: what the documents allow for a place with a gap, and the premises that could serve it."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from siting.domain.nouns import Demand, Floats, Inputs, Ints, Times
from siting.domain.old_estates import asks_for_old
from siting.domain.standards import Clause, Standard

# Permitted candidates, and which cells are within the cut-off of which.
Ledger = tuple[gpd.GeoDataFrame, Times]

# How premises of each tenure can be acquired, in the documents' words; owned premises are not bought again.
_WAYS: Final = {"own": "own", "lease": "lease", "state": "reclaim_state_idle"}
# Premises of unknown tenure may be acquired in one way or another.
UNKNOWN_WAY: Final = "unknown"
# 129, 二（三） reclaims idle state-owned premises for old residential areas; others may lease them.
_OTHERWISE: Final = {True: {}, False: {"state": "lease"}}
# Lists for planners are short; the nearest come first.
_MOST: Final = 5
NONE: Final = "none"


def allowed(
    rules: Sequence[tuple[Standard, Clause]], level: str, status: object, old: object, village: object
) -> str | None:
    """Return the remedies that the documents allow for a place, joined by ";".

    Parameters
    ----------
    rules : sequence of (Standard, Clause)
        Remedy clauses in force.
    level : str
        Level of the place; a unit contains old and new estates.
    status : object
        ``existing`` or ``new`` for an estate; otherwise unknown, and all remedies are named.
    old : object
        Whether an estate is old: clauses on old estates apply to no other estate, and to no unit.
    village : object
        Whether an estate is in a village: clauses on urban estates do not apply to it.
    """
    found: dict[str, None] = {}
    for _, clause in rules:
        if asks_for_old(clause) and old is not True:
            continue
        if clause.urban and village is True:
            continue
        if level != "residential_area" or clause.applies_to == status or status not in ("existing", "new"):
            found |= dict.fromkeys(clause.remedies)
    return ";".join(found) or None


def premises(places: pd.DataFrame, demand: Demand, ledger: Ledger, inputs: Inputs) -> pd.Series:
    """Name the premises within the cut-off of each existing estate with a gap, if their floor area is sufficient.

    Parameters
    ----------
    places : pandas.DataFrame
        Places of a check, by level and id, with ``verdict``, ``kind`` and ``old_estate``: idle state-owned premises are
        reclaimed for old estates, and leased for others.
    demand : Demand
        The population cells, and their shares in estates.
    ledger : tuple of geopandas.GeoDataFrame and Times
        Permitted candidates with ``floor_area_m2`` and ``tenure``, and which cells are within the cut-off of which.
    inputs : Inputs
        The households and premises of estates, and the scenario's figures for both; if it gives none, or the existing
        premises are unknown, any floor area is sufficient.

    Returns
    -------
    pandas.Series
        On the index of ``places``: the nearest first, at most five, as ``way:id`` joined by ";"; ``none`` if there is
        none, and blank for places that are no estate with a gap. The way is ``unknown`` if the tenure is blank.
    """
    candidates = ledger[0]
    tenure = candidates["tenure"].astype("object")
    ways = {old: tenure.map(_WAYS | _OTHERWISE[old]).fillna(UNKNOWN_WAY).to_numpy() for old in (False, True)}
    estates = _short(places)
    named = {
        place: ";".join(f"{ways[old][row]}:{candidates.index[row]}" for row in rows[:_MOST]) or NONE
        for place, old, rows in _fitting(estates, demand, ledger, inputs, np.arange(len(candidates)))
    }
    return pd.Series([named.get(place) for place in places.index], index=places.index, dtype="object")


def recovered(places: pd.DataFrame, demand: Demand, ledger: Ledger, inputs: Inputs) -> frozenset[object]:
    """Return the state-owned premises that may be reclaimed for an old residential area, without the limit of five.

    The parameters are those of :func:`premises`, which names the nearest five of each.
    """
    estates = _short(places)
    estates = estates[_are_old(estates)]
    candidates = ledger[0]
    of_state = np.flatnonzero((candidates["tenure"] == "state").fillna(value=False).to_numpy(dtype=bool))
    fitting = _fitting(estates, demand, ledger, inputs, of_state) if of_state.size else ()
    return frozenset(candidates.index[row] for _, _, rows in fitting for row in rows)


def _short(places: pd.DataFrame) -> pd.DataFrame:
    """Return the existing estates with a gap; an estate of unknown status may exist."""
    return places[(places["level"] == "residential_area") & (places["verdict"] == "gap") & (places["kind"] != "new")]


def _are_old(estates: pd.DataFrame) -> NDArray[np.bool_]:
    return estates["old_estate"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)


def _fitting(
    estates: pd.DataFrame, demand: Demand, ledger: Ledger, inputs: Inputs, rows: Ints
) -> Iterator[tuple[Hashable, bool, Ints]]:
    """Yield each estate, whether it is old, and which rows of the ledger fit it, the nearest first."""
    if estates.empty:
        return
    candidates, within = ledger
    floor = candidates["floor_area_m2"].to_numpy(np.float64, na_value=np.nan)[rows]
    positions = demand.place_ids["residential_area"].get_indexer(pd.Index(estates["id"]))
    shares = demand.shares["residential_area"][positions]
    reach = csr_array((within.seconds, within.cell, within.start), shape=(len(candidates), shares.shape[1]))
    by_cell = csc_array(reach[rows])
    ends = zip(shares.indptr[:-1], shares.indptr[1:], strict=True)
    old = _are_old(estates)
    for place, is_old, lacks, (start, stop) in zip(estates.index, old, _lacks(estates, old, inputs), ends, strict=True):
        # An estate is reached if most of its area is within the cut-off.
        weight = shares.data[start:stop]
        near, times = _times(by_cell, shares.indices[start:stop].astype(np.int64))
        fits = np.flatnonzero((np.isfinite(times) @ weight >= 0.5 * weight.sum()) & (floor[near] >= lacks))
        nearest = np.argsort([times[row][np.isfinite(times[row])].mean() for row in fits], kind="stable")
        yield place, bool(is_old), rows[near[fits[nearest]]]


def _times(by_cell: csc_array, cells: Ints) -> tuple[Ints, Floats]:
    """Return which sites reach some of the cells, and their seconds to each; inf if they do not."""
    parts = [slice(by_cell.indptr[cell], by_cell.indptr[cell + 1]) for cell in cells]
    sites = [by_cell.indices[part] for part in parts]
    near = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *sites])).astype(np.int64)
    times = np.full((len(near), len(cells)), np.inf)
    for column, (part, some) in enumerate(zip(parts, sites, strict=True)):
        times[np.searchsorted(near, some), column] = by_cell.data[part]
    return near, times


def _lacks(estates: pd.DataFrame, old: NDArray[np.bool_], inputs: Inputs) -> Floats:
    """Return the floor area that each estate lacks, m²; 0 if the scenario gives no figure."""
    table = inputs.residential_areas.loc[estates["id"]]
    per_100 = inputs.scenario.provision.m2_per_100_households
    old_per_100 = inputs.scenario.provision.old_m2_per_100_households or per_100
    each = np.where(old, *(np.nan if number is None else number for number in (old_per_100, per_100)))
    households, provided = (table[name].to_numpy(np.float64, na_value=np.nan) for name in ("households", "provided_m2"))
    lacks: Floats = np.nan_to_num(np.clip(households / 100.0 * each - np.nan_to_num(provided), 0.0, None))
    return lacks
