"""Communities without their own facility that share one with others."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from siting.domain.called import called, place_names
from siting.domain.nouns import Demand, Note, Times
from siting.domain.scenario import Scenario
from siting.domain.shared import SHARING_LEVEL, knows_elderly, shared_with
from siting.domain.tiers import gives_facility
from siting.listing import listed


def sharing_of(
    facilities: gpd.GeoDataFrame,
    homes: pd.DataFrame,
    circle: Times | None,
    demand: Demand,
    scenario: Scenario,
    *,
    unsaid: Times | None = None,
    tiers: pd.Series | None = None,
) -> pd.DataFrame | None:
    """Tell which communities without their own facility are served by a shared one, and by which.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        Facilities that count, points indexed by id.
    homes : pandas.DataFrame
        The unit of each facility, one column for each level.
    circle : Times or None
        The cells that facilities of the circle reach within its cut-off; needed if communities share.
    demand : Demand
        The population cells.
    scenario : Scenario
        ``circle.shared_from``: the share of a community's elderly who must live within the circle of one single
        facility (:func:`siting.domain.shared.shared_with`). With ``standards.coverage = "by_tier"`` only facilities
        that give a community its facility (:func:`siting.domain.tiers.gives_facility`) are its own, or shared.
    unsaid : Times, optional
        The cells of facilities of which it is unknown whether they count, or serve their community: they may be shared.
    tiers : pandas.Series, optional
        The tiers of these facilities, by id; those of ``facilities`` if absent.

    Returns
    -------
    pandas.DataFrame or None
        Indexed by community: ``shared`` (blank if it is unknown where its elderly live, or whether the facility
        counts), and ``shared_facility``: the id of the facility within whose circle most of them live, ties by place,
        then by id. None if the scenario allows no sharing, or has no communities.

    Raises
    ------
    ValueError
        Communities share, and ``circle`` is None.
    """
    if scenario.circle.shared_from is None or SHARING_LEVEL not in homes:
        return None
    if circle is None:
        message = "communities that share facilities need the times of the circle"
        raise ValueError(message)
    communities = demand.place_ids[SHARING_LEVEL]
    by_tier = scenario.standards.coverage == "by_tier"
    own = gives_facility(facilities["tier"], SHARING_LEVEL, by_tier=by_tier)
    without = ~communities.isin(homes[SHARING_LEVEL][own].dropna())
    near = facilities.loc[circle.site_ids]
    order = np.lexsort((circle.site_ids.astype(str).to_numpy(), near.geometry.y.to_numpy(), near.geometry.x.to_numpy()))
    order = order[gives_facility(near["tier"], SHARING_LEVEL, by_tier=by_tier)[order]]
    part = shared_with(csr_array(_reach(circle, demand)[order]), demand, scenario.circle.shared_from).tocsc()
    ids = circle.site_ids.to_numpy(dtype=object)[order]
    named = [
        ids[part.indices[start + np.argmax(part.data[start:stop])]] if lacks and stop > start else None
        for lacks, start, stop in zip(without, part.indptr[:-1], part.indptr[1:], strict=True)
    ]
    shared = pd.Series([each is not None for each in named], index=communities, dtype="boolean")
    shared = shared.mask(without & ~knows_elderly(demand))
    if unsaid is not None:
        of = (facilities["tier"] if tiers is None else tiers).reindex(unsaid.site_ids)
        gives = np.flatnonzero(gives_facility(of, SHARING_LEVEL, by_tier=by_tier))
        perhaps = shared_with(csr_array(_reach(unsaid, demand)[gives]), demand, scenario.circle.shared_from).tocsc()
        shared = shared.mask(without & (np.diff(perhaps.indptr) > 0) & ~shared.fillna(value=False).astype(bool))
    return pd.DataFrame({"shared": shared, "shared_facility": pd.Series(named, index=communities, dtype="object")})


def _reach(times: Times, demand: Demand) -> csr_array:
    """Return the cells that sites reach, shape (sites, cells)."""
    shape = (len(times.site_ids), len(demand.cells))
    return csr_array((np.ones(len(times.cell)), times.cell, times.start), shape=shape)


def sharing_notes(
    sharing: pd.DataFrame | None, scenario: Scenario, communities: pd.DataFrame, facilities: pd.DataFrame
) -> Iterator[Note]:
    """Return a note on the share from which a facility is shared, and on which communities share which."""
    if sharing is None or scenario.circle.shared_from is None:
        return
    named = sharing["shared_facility"].dropna()
    names, sites = place_names(communities), called(facilities, named)
    pairs = [f"{names.get(place, place)} ({site})" for place, site in zip(named.index, sites, strict=True)]
    share = f"{100 * scenario.circle.shared_from:g}%"
    if not len(named):
        yield Note("shared_facilities_none", {"share": share})
        return
    yield Note("shared_facilities", {"share": share, "count": len(named), "ids": listed(pairs) or "–"})
