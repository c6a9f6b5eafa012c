"""Remedies: what the documents allow to a place that falls short, and the premises that could serve it."""

from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Times
from siting.domain.old_estates import asks_for_old
from siting.domain.standards import Clause, Standard

# How premises of each tenure can be had, in the documents' words; what is one's own is not bought again.
_WAYS: Final = {"own": "own", "lease": "lease", "state": "reclaim_state_idle"}
# Premises of which nobody knows whose they are may be had one way or another.
UNKNOWN_WAY: Final = "unknown"
# 129, 二（三） recovers idle premises of the state for old residential areas; others may lease them.
_OTHERWISE: Final = {True: {}, False: {"state": "lease"}}
# A list that a planner reads; the nearest come first.
_MOST: Final = 5
NONE: Final = "none"


def allowed(rules: Sequence[tuple[Standard, Clause]], level: str, status: object, old: object) -> str | None:
    """Return the remedies that the documents allow to a place, joined by ";".

    Parameters
    ----------
    rules : sequence of (Standard, Clause)
        Remedy clauses in force.
    level : str
        Level of the place; a unit holds old and new estates alike.
    status : object
        ``existing`` or ``new`` of an estate; anything else is unknown, and all remedies are named.
    old : object
        Whether an estate is old: what clauses say of old ones alone is offered to no other.
    """
    found: dict[str, None] = {}
    for _, clause in rules:
        if level == "residential_area" and asks_for_old(clause) and old is not True:
            continue
        if level != "residential_area" or clause.applies_to == status or status not in ("existing", "new"):
            found |= dict.fromkeys(clause.remedies)
    return ";".join(found) or None


def recovered(places: pd.DataFrame) -> frozenset[str]:
    """Return the premises of the state that are recovered for an old residential area.

    ``places`` are those of a check, with ``remedy_candidates`` (:func:`premises`).
    """
    named = places["remedy_candidates"].dropna().str.split(";").explode().str.partition(":")
    return frozenset(named.loc[named[0] == _WAYS["state"], 2]) if len(named) else frozenset()


def premises(
    estates: pd.DataFrame, shares: csr_array, candidates: gpd.GeoDataFrame, within: Times, floor_m2: Floats
) -> pd.Series:
    """Name the premises within the cut-off of each estate whose floor area meets what it lacks.

    Parameters
    ----------
    estates : pandas.DataFrame
        Estates, as rows of ``shares``, with ``old_estate``: idle premises of the state are recovered for old ones, and
        leased for others.
    shares : scipy.sparse.csr_array
        Share of each cell in each estate.
    candidates : geopandas.GeoDataFrame
        Permitted candidates, rows of ``within``, with ``floor_area_m2`` and ``tenure``.
    within : Times
        Who is within the cut-off of which candidate.
    floor_m2 : ndarray
        Floor area that each estate lacks, m²; NaN where the scenario gives no figure: then any floor area will do.

    Returns
    -------
    pandas.Series
        The nearest first, at most five, as ``way:id`` joined by ";"; ``none`` where there is none. The way is
        ``unknown`` where the tenure is blank.
    """
    floor = pd.to_numeric(candidates["floor_area_m2"]).astype("float64").to_numpy()
    tenure = candidates["tenure"].astype("object")
    ways = {old: tenure.map(_WAYS | _OTHERWISE[old]).fillna(UNKNOWN_WAY).to_numpy() for old in (False, True)}
    is_old = estates["old_estate"].astype("boolean").fillna(value=False).tolist()
    seconds = np.full((len(candidates), shares.shape[1]), np.inf)
    for row in range(len(candidates)):
        cells, taken = within.of(row)
        seconds[row, cells] = taken
    named = []
    for estate in range(len(estates)):
        part = slice(*shares.indptr[estate : estate + 2])
        # The estate is reached where the larger part of its ground is within the cut-off.
        weight, times = shares.data[part], seconds[:, shares.indices[part]]
        reached = (
            np.isfinite(times) @ weight >= 0.5 * weight.sum() if weight.size else np.zeros(len(candidates), dtype=bool)
        )
        lacks = np.nan_to_num(floor_m2[estate])
        fits = np.flatnonzero(reached & (floor >= lacks))
        nearest = fits[np.argsort([times[row][np.isfinite(times[row])].mean() for row in fits], kind="stable")][:_MOST]
        named.append(";".join(f"{ways[is_old[estate]][row]}:{candidates.index[row]}" for row in nearest) or NONE)
    return pd.Series(named, index=estates.index, dtype="object")
