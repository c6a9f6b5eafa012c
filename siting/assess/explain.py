"""Why a place is not covered, from the walks: the people, the point to look from, and who could improve it."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.assess.figures import people_figures
from siting.characters import seen
from siting.crs import WGS84, transform_points
from siting.domain.explained import PERHAPS, Spot, Standing, Subject
from siting.domain.nouns import Access, Bools, Demand, Floats, Inputs, Times
from siting.domain.requirements import weights
from siting.domain.scenario import LandBasis
from siting.errors import Faults

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_FARTHEST: Final = (180.0, 90.0)


def find_subject(inputs: Inputs, what: str | tuple[float, float]) -> Subject:
    """Return the subject that an id, a name or a point names.

    Parameters
    ----------
    inputs : Inputs
        The places, facilities and candidates.
    what : str or tuple of float
        An id; ``LEVEL/ID`` if ids of several kinds are equal; a unique name; or longitude and latitude, WGS84 degrees.

    Raises
    ------
    InputError
        The name is unknown or ambiguous, or the coordinates are impossible.
    """
    faults = Faults()
    if not isinstance(what, str):
        return _point(inputs, what, faults)
    layers, what = _layers(inputs), seen(what)
    found = [(level, what) for level, frame in layers.items() if what in frame.index]
    level, _, key = what.partition("/")
    if not found and level in layers and key in layers[level].index:
        found = [(level, key)]
    if not found:
        found = [(level, str(key)) for level, frame in layers.items() for key in frame.index[frame["name"] == what]]
    if len(found) > 1:
        faults.add(
            "explain_ambiguous", field="ID", found=what, expected=", ".join(f"{level}/{key}" for level, key in found)
        )
    elif not found:
        known = [str(each) for frame in layers.values() for each in (*frame.index, *frame["name"].dropna())]
        near = get_close_matches(what, dict.fromkeys(known), n=3) or ["–"]
        faults.add("explain_unknown", field="ID", found=what, expected=", ".join(near))
    faults.stop_if_any()
    level, key = found[0]
    row: Any = layers[level].loc[key]
    name = row["name"] if isinstance(row["name"], str) and row["name"] else key
    return Subject(level, key, name, row["geometry"])


def _layers(inputs: Inputs) -> Mapping[str, gpd.GeoDataFrame]:
    areas = {"residential_area": inputs.residential_areas, **inputs.units}
    return {**areas, "facility": inputs.facilities, "candidate": inputs.candidates}


def _point(inputs: Inputs, what: tuple[float, float], faults: Faults) -> Subject:
    place = np.array([what], dtype=np.float64)
    named = ", ".join(f"{degrees:.6f}" for degrees in place[0])
    if not (np.abs(place) <= _FARTHEST).all():
        faults.add("explain_not_on_earth", field="ID", found=named)
    faults.stop_if_any()
    x, y = transform_points(place[:, 0], place[:, 1], WGS84, inputs.crs)
    return Subject("point", named, named, shapely.Point(x[0], y[0]))


def standing_of(
    subject: Subject, inputs: Inputs, demand: Demand, access: Access, basis: LandBasis, perhaps: Bools
) -> Standing:
    """Return the people of a subject that no facility covers, and the cell where most of them live.

    Parameters
    ----------
    subject : Subject
        A place, or a point without people of its own.
    inputs : Inputs
        The places and their own people.
    demand : Demand
        The population cells.
    access : Access
        Which cells are covered, and why the others are not.
    basis : str
        Land basis.
    perhaps : ndarray of bool
        Which cells are covered by facilities that may or may not count.

    Returns
    -------
    Standing
        People of a place as in the gap report. Its spot is the uncovered cell with the most people; if the place is
        completely covered, the cell with the most people; if nobody lives there, a point of the place itself.
    """
    cells = demand.cells
    who: Literal["elderly", "residents"] = "residents" if cells["elderly"].isna().all() else "elderly"
    people, whole, in_part, known = np.zeros(len(cells)), True, False, True
    if subject.is_area:
        people, whole, in_part, known = _people(subject, inputs, demand, basis, who)
    covered = (access.cells["reason"] == "covered").to_numpy(dtype=bool)
    reason = access.cells["reason"].mask(perhaps & ~covered, PERHAPS).to_numpy()
    lived = people > 0
    reasons = pd.DataFrame({"people": people[lived], "cells": 1}, index=pd.Index(reason[lived], name="reason"))
    reasons = reasons.groupby(level=0).sum().sort_values("people", ascending=False, kind="stable")
    uncovered = np.where(covered, 0.0, people)
    return Standing(who, whole, in_part, known, people, uncovered, reasons, _spot(subject, demand, people, uncovered))


def _people(
    subject: Subject, inputs: Inputs, demand: Demand, basis: LandBasis, who: str
) -> tuple[Floats, bool, bool, bool]:
    """Return the people of a place by cell, whether the grid covers it completely or in part, whether all are known."""
    level = subject.level
    frame = inputs.residential_areas if level == "residential_area" else inputs.units[level]
    row = int(demand.place_ids[level].get_indexer(pd.Index([subject.id]))[0])
    share: csr_array = weights(demand.shares[level][[row]], demand.cells[who].to_numpy())
    figures: Any = people_figures(level, frame, demand, basis).loc[subject.id]
    total = float(figures[who])
    known = not np.isnan(total)
    if not known:
        total = float((demand.shares[level][[row]] @ np.nan_to_num(demand.cells[who].to_numpy()))[0])
    people = np.zeros(len(demand.cells))
    people[share.indices] = share.data / share.data.sum() * total if share.data.sum() > 0 else 0.0
    return people, bool(figures["whole"]), bool(figures["in_part"]), known


def _spot(subject: Subject, demand: Demand, people: Floats, uncovered: Floats) -> Spot:
    counted = uncovered if uncovered.any() else people
    if not counted.any():
        point = shapely.point_on_surface(subject.geometry)
        return Spot(float(point.x), float(point.y), 0.0, None, 0.0)
    at = int(counted.argmax())
    cell = demand.cells.iloc[at]
    half = float(cell["half_diagonal_m"])
    row, column = divmod(int(demand.cells.index[at]), demand.grid.shape[1])
    return Spot(float(cell["x"]), float(cell["y"]), half, (row, column), float(counted[at]))


def uncovered_people(demand: Demand, access: Access, who: str) -> Floats:
    """Return the people inside the units that the circle does not cover, by cell."""
    persons = np.nan_to_num(demand.cells[who].to_numpy()) * demand.cells["inside"].to_numpy()
    return np.where(access.cells["reason"].to_numpy() == "covered", 0.0, persons)


def gains_of(within: Times, here: Floats, everywhere: Floats) -> pd.DataFrame:
    """Return how many people each site reaches: those of a place (``here``) and ``all``, each given by cell."""
    table, people = np.zeros((len(within.site_ids), 2)), (here, everywhere)
    for row in range(len(within.site_ids)):
        cells, _ = within.of(row)
        table[row] = [each[cells].sum() for each in people]
    return pd.DataFrame(table, index=within.site_ids, columns=["here", "all"])


def perhaps_table(facilities: gpd.GeoDataFrame, here: pd.Series, minutes: Floats, cutoff: float) -> pd.DataFrame:
    """Return the facilities that cover a spot or people of its place if they count, which is unknown.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        The facilities in question.
    here : pandas.Series
        People of the place newly covered, on the facilities' ids.
    minutes : ndarray
        Between the spot and each; inf beyond the longest time of the search.
    cutoff : float
        Minutes.

    Returns
    -------
    pandas.DataFrame
        See :class:`~siting.domain.explained.Explained`; sorted by people here, minutes and id.
    """
    table = pd.DataFrame(
        {
            "name": facilities["name"].to_numpy(),
            "minutes": np.where(np.isinf(minutes), np.nan, minutes),
            "people_here": here.reindex(facilities.index).to_numpy(),
        },
        index=facilities.index,
    )
    table = table[(table["minutes"] <= cutoff) | (table["people_here"] > 0)].sort_index()
    return table.sort_values(["people_here", "minutes"], ascending=[False, True], kind="stable")


def candidates_table(
    candidates: gpd.GeoDataFrame,
    gains: pd.DataFrame,
    minutes: Floats,
    refused: pd.DataFrame,
    cutoff: float,
    *,
    lived: bool,
) -> pd.DataFrame:
    """Return the candidates that would cover a spot or people of its place, and the nearest permitted one.

    Parameters
    ----------
    candidates : geopandas.GeoDataFrame
        All candidates.
    gains : pandas.DataFrame
        ``here`` and ``all``: people newly covered, on the candidates' ids.
    minutes : ndarray
        Between the spot and each candidate; inf beyond the longest time of the search.
    refused : pandas.DataFrame
        Indexed by candidate id, with ``layer`` and ``clause``.
    cutoff : float
        Minutes.
    lived : bool
        Whether anybody lives in the place; otherwise nobody is newly covered (NaN).

    Returns
    -------
    pandas.DataFrame
        See :class:`~siting.domain.explained.Explained`; permitted ones first, then by people here, minutes and id.
    """
    gains = gains.reindex(candidates.index)
    layers = refused["layer"].groupby(level=0).agg(", ".join).reindex(candidates.index)
    clauses = refused["clause"].groupby(level=0).agg(", ".join).reindex(candidates.index)
    table = pd.DataFrame(
        {
            "name": candidates["name"].to_numpy(),
            "minutes": np.where(np.isinf(minutes), np.nan, minutes),
            "people_here": gains["here"].to_numpy() if lived else np.nan,
            "people_new": gains["all"].to_numpy(),
            "refused_by": layers.astype("object").where(layers.notna(), None),
            "clause": clauses.astype("object").where(clauses.notna(), None),
        },
        index=candidates.index,
    )
    table["refused"] = table["refused_by"].notna()
    table = table.sort_index().sort_values(
        ["refused", "people_here", "minutes"], ascending=[True, False, True], kind="stable"
    )
    covers = (table["minutes"] <= cutoff) | (table["people_here"] > 0)
    if not (covers & ~table["refused"]).any():
        nearest = table.loc[~table["refused"], "minutes"].dropna()
        covers |= table.index == (nearest.idxmin() if len(nearest) else None)
    return table[covers].drop(columns="refused")
