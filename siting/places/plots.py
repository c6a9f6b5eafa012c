"""Records that may be on one plot although none of them says so."""

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from siting.domain.plots import SAME_PLACE_M, one_plot_m


def with_plots(facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Mark the facilities that may be on one plot, because ``site_id`` is blank (methods, 2).

    Two facilities may be on one plot if they are within 5 m of each other, or if they give the same land and are no
    farther apart than the width of one such plot. They may not if both name a site, or if both were located by a name.
    What one facility of a site may share, the whole site may share.

    Parameters
    ----------
    facilities : geopandas.GeoDataFrame
        Points in metres with ``site_id`` and ``land_m2``; perhaps with ``located_within_m``.

    Returns
    -------
    geopandas.GeoDataFrame
        With the column ``plot``: the same text for facilities that may be on one plot, blank for all others.
    """
    site, land = facilities["site_id"], pd.to_numeric(facilities["land_m2"]).astype("float64").to_numpy()
    reach = one_plot_m(facilities).to_numpy()
    one, other = facilities.sindex.query(facilities.geometry, predicate="dwithin", distance=reach)
    points = facilities.geometry.to_numpy()
    near = gpd.GeoSeries(points[one]).distance(gpd.GeoSeries(points[other])).to_numpy() <= SAME_PLACE_M
    unsaid, by_name = site.isna().to_numpy(), np.zeros(len(site), dtype=bool)
    if "located_within_m" in facilities:
        by_name = facilities["located_within_m"].to_numpy(dtype=np.float64, na_value=0.0) > 0
    near, unsaid_of = near | (land[one] == land[other]), unsaid[one] | unsaid[other]
    perhaps = (one != other) & near & unsaid_of & ~(by_name[one] & by_name[other])
    codes, _ = pd.factorize(site)
    first = pd.Series(np.arange(len(site))).groupby(codes).transform("first").to_numpy()
    rows = np.concatenate([one[perhaps], np.flatnonzero(~unsaid)])
    columns = np.concatenate([other[perhaps], first[~unsaid]])
    joined = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(site),) * 2)
    _, group = connected_components(joined, directed=False)
    doubted = np.isin(group, group[one[perhaps]])
    name = pd.Series(facilities.index.astype(str), index=facilities.index).groupby(group).transform("first")
    return facilities.assign(plot=name.where(doubted).astype(site.dtype))
