"""Candidates: screened, priced, put in order, and, once chosen, counted as stations."""

from collections.abc import Mapping
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.domain.nouns import Ints
from siting.domain.placed import STATION_PREFIX
from siting.domain.scenario import FINE_TO_COARSE
from siting.places.facilities import with_beds_of_stations

Side = Literal["inside", "outside"]


# The columns that a station takes from its candidate.
_CARRIED: Final = (
    *("name", "land_m2", "floor_area_m2", "building_floor_area_m2", "far", "beds"),
    *("operator", "operator_kind", "owner_kind"),
    *("residential_area", "community", "street", "address", "located_by", "located_within_m"),
    # The units that a plan names of a station at a point.
    *(f"{level}_id" for level in FINE_TO_COARSE),
)


def screen_candidates(
    candidates: gpd.GeoDataFrame,
    exclusions: Mapping[str, gpd.GeoDataFrame],
    clauses: Mapping[str, str],
    sides: Mapping[str, Side] | None = None,
) -> pd.DataFrame:
    """Return the candidates in excluded areas and the layer that excludes each.

    Parameters
    ----------
    candidates : geopandas.GeoDataFrame
        Candidates, indexed by id.
    exclusions : mapping of str to geopandas.GeoDataFrame
        Areas by the name of their layer, in the same CRS, buffers included.
    clauses : mapping of str to str
        The rule behind each layer.
    sides : mapping of str to {"inside", "outside"}, optional
        Which side of each layer is excluded; ``inside`` if it is not named. The border belongs to the area: it is
        excluded with side ``inside`` and permitted with side ``outside``. If the layer has no area, everything is
        ``outside``.

    Returns
    -------
    pandas.DataFrame
        Indexed by candidate id, with ``layer``, ``clause`` and ``reason`` (``excluded_ground``); one row for each
        candidate and layer, in the order of the candidates.
    """
    rows = []
    for name, ground in exclusions.items():
        outside = (sides or {}).get(name) == "outside"
        refused = np.flatnonzero(_on(candidates, ground) != outside).tolist()
        rows += [(candidates.index[i], i, name, clauses[name], "excluded_ground") for i in refused]
    rows.sort(key=lambda row: row[1])
    table = pd.DataFrame(
        [(key, *rest) for key, _, *rest in rows], columns=["id", "layer", "clause", "reason"], dtype="object"
    )
    return table.set_index("id")


def preferred_layers(candidates: gpd.GeoDataFrame, preferences: Mapping[str, gpd.GeoDataFrame]) -> pd.Series:
    """Return the layers of preferred areas in which each candidate stands.

    Parameters
    ----------
    candidates : geopandas.GeoDataFrame
        Candidates, indexed by id.
    preferences : mapping of str to geopandas.GeoDataFrame
        Areas by the name of their layer, in the same CRS, buffers included; the border belongs to the area.

    Returns
    -------
    pandas.Series
        Lists of names, in the order of ``preferences``, on the candidates' index; empty lists for candidates in none.
    """
    on = {name: _on(candidates, ground) for name, ground in preferences.items()}
    names = [[name for name, there in on.items() if there[row]] for row in range(len(candidates))]
    return pd.Series(names, index=candidates.index, name="preferred", dtype="object")


def _on(candidates: gpd.GeoDataFrame, ground: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which candidates stand in the area or on its border."""
    there = np.zeros(len(candidates), dtype=bool)
    # The area is the prepared side of the query, because it may have very many vertices.
    there[candidates.sindex.query(ground.geometry, predicate="intersects")[1]] = True
    return there


def candidate_costs(candidates: pd.DataFrame) -> pd.Series:
    """Return the cost of each candidate in yuan: capital cost + lease years × rent; NaN if a part is missing.

    A candidate that is not leased pays no rent; a leased one needs the rent and the years.

    Parameters
    ----------
    candidates : pandas.DataFrame
        With ``capital_cost_cny``, ``rent_cny_per_year``, ``lease_years``, ``tenure``.

    Returns
    -------
    pandas.Series
        Yuan, gross of subsidy, on the candidates' index.
    """
    capital, rent, years = (
        pd.to_numeric(candidates[name]).astype("float64")
        for name in ("capital_cost_cny", "rent_cny_per_year", "lease_years")
    )
    leased = (candidates["tenure"] == "lease").fillna(value=False).to_numpy(dtype=bool)
    return (capital + (rent * years).where(leased, 0.0)).rename("cost_cny")


def place_order(candidates: gpd.GeoDataFrame, preferred: pd.Series | None = None) -> Ints:
    """Rank candidates by preference, then by place, then by id, so that ties do not depend on the order of rows.

    Parameters
    ----------
    candidates : geopandas.GeoDataFrame
        Points in a metric CRS, indexed by id.
    preferred : pandas.Series, optional
        The layers of each candidate, from :func:`preferred_layers`.

    Returns
    -------
    ndarray of int
        A rank for each row, lower first: candidates on more preferred layers, then from west to east, then from south
        to north, then by id.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> from siting.places import place_order
    >>> sites = gpd.GeoDataFrame(index=["a", "b"], geometry=gpd.points_from_xy([0, 9], [0, 0]), crs="EPSG:4545")
    >>> place_order(sites).tolist(), place_order(sites, pd.Series([[], ["civic"]], index=["a", "b"])).tolist()
    ([0, 1], [1, 0])
    """
    points = candidates.geometry
    layers = np.zeros(len(candidates)) if preferred is None else np.array([len(names) for names in preferred])
    keys = (candidates.index.astype(str).to_numpy(), points.y.to_numpy(), points.x.to_numpy(), -layers)
    return np.argsort(np.lexsort(keys)).astype(np.int64)


def with_stations(facilities: gpd.GeoDataFrame, chosen: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the facilities with the chosen candidates as open stations, or as facilities of their own ``tier``.

    Parameters
    ----------
    facilities, chosen : geopandas.GeoDataFrame
        Counted facilities, and candidates in rank order, in one CRS; ``chosen`` may have ``tier`` and ``beds``.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns of ``facilities`` and ``proposed``; the new rows come last and have the ids of :func:`station_ids`.
        A station with blank ``beds`` has none, none is a home for the disabled and destitute, and no institution serves
        its community.
    """
    shared = [name for name in _CARRIED if name in chosen]
    new = gpd.GeoDataFrame(chosen[shared].copy(), geometry=chosen.geometry, crs=facilities.crs)
    new.index = station_ids(chosen.index)
    tier = chosen["tier"].to_numpy() if "tier" in chosen else "station"
    columns = dict.fromkeys([*facilities.columns, *(name for name in shared if name.endswith("_id"))])
    new = new.assign(tier=tier, status="planned", context=False).reindex(columns=list(columns))
    # If a plan leaves the beds blank, those of a centre are unknown.
    new = with_beds_of_stations(new)
    for name in ("disabled_destitute", "serves_community"):
        if name in new:
            new[name] = False
    new = new.astype({name: kind for name, kind in facilities.dtypes.items() if name != "geometry"})
    if not len(new):
        return facilities
    both = gpd.GeoDataFrame(pd.concat([facilities, new]), crs=facilities.crs)
    return both.assign(proposed=np.arange(len(both)) >= len(facilities))


def changed_facilities(facilities: gpd.GeoDataFrame, changes: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the facilities after some are closed and others enlarged.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        Counted facilities, indexed by id.
    changes : pandas.DataFrame
        Indexed by id, with ``action`` (``close`` or ``enlarge``). For enlarged facilities also ``tier``, ``land_m2``,
        ``floor_area_m2`` and ``beds``, if they are known; the land is then the counted land.

    Returns
    -------
    geopandas.GeoDataFrame
        Without the closed ones.
    """
    if not len(changes):
        return facilities
    larger = changes[changes["action"] == "enlarge"]
    stays = facilities.drop(index=changes.index[changes["action"] == "close"]).copy()
    for name in ("tier", "land_m2", "floor_area_m2", "beds"):
        known = larger[name].dropna()
        stays.loc[known.index, name] = known.astype(stays[name].dtype)
    # From now on it has its own plot: a size states how much land it uses, whatever the building is.
    sized = larger.index[larger["land_m2"].notna()]
    stays.loc[sized, [name for name in ("site_id", "plot") if name in stays]] = pd.NA
    stays.loc[sized, "building_floor_area_m2"] = stays.loc[sized, "floor_area_m2"]
    return stays


def station_ids(candidates: pd.Index) -> pd.Index:
    """Return the ids of chosen candidates as stations.

    Parameters
    ----------
    candidates : pandas.Index
        Ids of candidates.

    Returns
    -------
    pandas.Index
        ``new-`` and the candidate's id.
    """
    return pd.Index([f"{STATION_PREFIX}{key}" for key in candidates], name="id", dtype=candidates.dtype)
