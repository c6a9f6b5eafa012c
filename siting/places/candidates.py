"""Candidates are screened: where one may not build is never proposed."""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd


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
