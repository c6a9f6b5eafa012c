"""Structural advice: which facility leads which, and operators; lists, never verdicts."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

# The tiers that may lead a facility of a tier.
ABOVE: Final = {"station": ("centre", "institution"), "centre": ("institution",)}


def hierarchy(facilities: pd.DataFrame) -> pd.DataFrame:
    """List the facilities that break the chain institution → centre → station.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Facilities that count, indexed by id, with ``tier`` and ``parent_id``.

    Returns
    -------
    pandas.DataFrame
        Indexed by facility id, with ``fault``: ``orphan`` (a centre or station without a parent that counts),
        ``wrong_tier`` (a parent that is not above it), ``cycle`` (it leads itself through others). One row for each
        facility, with the first of these that applies.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.assess.structure import hierarchy
    >>> table = pd.DataFrame({"tier": ["institution", "station"], "parent_id": [None, None]}, index=["i", "s"])
    >>> hierarchy(table)["fault"].to_dict()
    {'s': 'orphan'}
    """
    tiers, parents = facilities["tier"].to_dict(), facilities["parent_id"].to_dict()
    rows = {key: fault for key in facilities.index if (fault := _fault(key, tiers, parents)) is not None}
    return pd.DataFrame({"fault": pd.Series(rows, dtype="object")}, index=pd.Index(list(rows), name="id"))


def operators(facilities: pd.DataFrame, streets: pd.Series) -> pd.DataFrame:
    """List the operators of the centres and stations of each street.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Facilities that count, with ``tier`` and ``operator``.
    streets : pandas.Series
        Street of each facility.

    Returns
    -------
    pandas.DataFrame
        Indexed by street, with ``operators`` (how many), ``names`` (sorted, joined by "; ") and ``unknown`` (facilities
        without one).

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.assess.structure import operators
    >>> table = pd.DataFrame({"tier": ["station", "station"], "operator": ["甲", "乙"]}, index=["a", "b"])
    >>> operators(table, pd.Series(["s", "s"], index=["a", "b"]))["operators"].to_dict()
    {'s': 2}
    """
    near = facilities[facilities["tier"].isin(["centre", "station"]).to_numpy()]
    groups = near["operator"].groupby(streets.reindex(near.index))
    names = groups.agg(lambda found: "; ".join(sorted(set(found.dropna().astype(str)))))
    table = pd.DataFrame(
        {"operators": groups.nunique(), "names": names, "unknown": groups.agg(lambda f: f.isna().sum())}
    )
    table.index.name = "id"
    return table


def scattered(facilities: pd.DataFrame, homes: pd.Series, streets: gpd.GeoDataFrame) -> pd.Series:
    """List the operators of centres and stations whose streets do not adjoin one another.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Facilities that count, with ``tier`` and ``operator``.
    homes : pandas.Series
        Street of each facility.
    streets : geopandas.GeoDataFrame
        Polygons, indexed by id; streets adjoin if they share a stretch of border.

    Returns
    -------
    pandas.Series
        By operator, the ids of its streets, sorted and joined by "; ".

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> from shapely import box
    >>> from siting.assess.structure import scattered
    >>> streets = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1), box(5, 0, 6, 1)], index=["x", "y"])
    >>> table = pd.DataFrame({"tier": ["station", "station"], "operator": ["甲", "甲"]}, index=["a", "b"])
    >>> scattered(table, pd.Series(["x", "y"], index=["a", "b"]), streets).to_dict()
    {'甲': 'x; y'}
    """
    near = facilities[facilities["tier"].isin(["centre", "station"]).to_numpy()]
    found = {}
    for operator, places in homes.reindex(near.index).dropna().groupby(near["operator"]):
        ids = sorted(set(places))
        if streets.loc[ids].geometry.union_all().geom_type != "Polygon":
            found[str(operator)] = "; ".join(map(str, ids))
    return pd.Series(found, dtype="object")


def off_plan(sites: gpd.GeoDataFrame, land_use: gpd.GeoDataFrame, allowed: tuple[str, ...]) -> pd.Index:
    """List the sites in no area whose planned use allows them.

    Parameters
    ----------
    sites : geopandas.GeoDataFrame
        Points, indexed by id.
    land_use : geopandas.GeoDataFrame
        Polygons with ``kind``, in the same CRS; a border belongs to both sides.
    allowed : tuple of str
        Kinds of use that allow them.

    Returns
    -------
    pandas.Index
        Ids, in the order of the sites.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point, box
    >>> from siting.assess.structure import off_plan
    >>> plan = gpd.GeoDataFrame({"kind": ["R22", "E2"]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)])
    >>> sites = gpd.GeoDataFrame(geometry=[Point(0.5, 0.5), Point(1.5, 0.5)], index=["a", "b"])
    >>> off_plan(sites, plan, ("R22",)).tolist()
    ['b']
    """
    fitting = land_use[land_use["kind"].isin(allowed).to_numpy(dtype=bool)]
    on, _ = fitting.sindex.query(sites.geometry, predicate="intersects")
    return sites.index[~np.isin(np.arange(len(sites)), on)]


def _fault(key: object, tiers: dict[object, str], parents: dict[object, object]) -> str | None:
    above = ABOVE.get(tiers[key])
    if above is None:
        return None
    parent = parents[key]
    if parent not in tiers:
        return "orphan"
    seen, walker = {key}, parent
    while walker in tiers:
        if walker in seen:
            return "cycle"
        seen.add(walker)
        walker = parents[walker]
    return None if tiers[parent] in above else "wrong_tier"
