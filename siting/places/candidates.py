"""Candidates: screened, priced, put in order, and, once chosen, counted as stations."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.nouns import Ints


def screen_candidates(
    candidates: gpd.GeoDataFrame, exclusions: Mapping[str, gpd.GeoDataFrame], clauses: Mapping[str, str]
) -> pd.DataFrame:
    """Return the candidates on excluded ground and the layer that refuses each.

    Parameters
    ----------
    candidates : geopandas.GeoDataFrame
        Candidates, indexed by id.
    exclusions : mapping of str to geopandas.GeoDataFrame
        Excluded ground by the name of its layer, in the same CRS; its border is excluded too.
    clauses : mapping of str to str
        The rule behind each layer.

    Returns
    -------
    pandas.DataFrame
        Indexed by candidate id, with ``layer``, ``clause`` and ``reason`` (``excluded_ground``); one row a candidate
        and layer, in the order of the candidates.
    """
    rows = []
    for name, ground in exclusions.items():
        hit, _ = ground.sindex.query(candidates.geometry, predicate="intersects")
        refused = sorted(set(hit.tolist()))
        rows += [(candidates.index[i], i, name, clauses[name], "excluded_ground") for i in refused]
    rows.sort(key=lambda row: row[1])
    table = pd.DataFrame(
        [(key, *rest) for key, _, *rest in rows], columns=["id", "layer", "clause", "reason"], dtype="object"
    )
    return table.set_index("id")


def candidate_costs(candidates: pd.DataFrame) -> pd.Series:
    """Return what each candidate costs in yuan: capital cost + lease years × rent; NaN where a part is missing.

    A candidate that is not leased pays no rent; a leased one needs rent and years.

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


def place_order(candidates: gpd.GeoDataFrame) -> Ints:
    """Rank candidates by place, then by id, so that neither the order nor the names of rows decide ties.

    Parameters
    ----------
    candidates : geopandas.GeoDataFrame
        Points in a metric CRS, indexed by id.

    Returns
    -------
    ndarray of int
        A rank a row, lower first: from west to east, then from south to north, then by id.
    """
    points = candidates.geometry
    order = np.lexsort((candidates.index.astype(str).to_numpy(), points.y.to_numpy(), points.x.to_numpy()))
    return np.argsort(order).astype(np.int64)


def with_stations(facilities: gpd.GeoDataFrame, chosen: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the facilities with the chosen candidates as open stations.

    Parameters
    ----------
    facilities, chosen : geopandas.GeoDataFrame
        Facilities that count, and candidates in rank order, in one CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns of ``facilities``; the new rows stand last and bear :func:`station_ids`.
    """
    shared = [name for name in ("name", "land_m2", "floor_area_m2", "building_floor_area_m2", "far") if name in chosen]
    new = gpd.GeoDataFrame(chosen[shared].copy(), geometry=chosen.geometry, crs=facilities.crs)
    new.index = station_ids(chosen)
    new = new.assign(tier="station", status="planned").reindex(columns=facilities.columns)
    new = new.astype({name: kind for name, kind in facilities.dtypes.items() if name != "geometry"})
    return gpd.GeoDataFrame(pd.concat([facilities, new]), crs=facilities.crs) if len(new) else facilities


def station_ids(chosen: gpd.GeoDataFrame) -> pd.Index:
    """Return the ids that chosen candidates bear as stations.

    Parameters
    ----------
    chosen : geopandas.GeoDataFrame
        Candidates, indexed by id.

    Returns
    -------
    pandas.Index
        ``new-`` and the candidate's id.
    """
    return pd.Index([f"new-{key}" for key in chosen.index], name="id", dtype=chosen.index.dtype)
