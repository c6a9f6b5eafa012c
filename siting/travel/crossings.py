"""Which edges form one crossing: a line drawn across a street is split where both meet, but has only one wait."""

from itertools import combinations
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.domain.nouns import Floats, Ints

CROSSING: Final = "crossing"
# A crossing that turns by less than this continues beyond a node; at a corner another crossing begins.
_STRAIGHT_DEGREES: Final = 30.0


def crossing_shares(edges: gpd.GeoDataFrame) -> Floats:
    """Return each edge's share of one wait: the pieces of a crossing share it in proportion to their length.

    Two edges belong to one crossing if nothing else meets them at their node, or if they continue straight on.

    Parameters
    ----------
    edges : geopandas.GeoDataFrame
        ``u``, ``v``, ``kind``, ``length_m`` and the LineStrings from u to v.

    Returns
    -------
    numpy.ndarray
        1 for crossings of one piece, and for edges that are no crossing.
    """
    rows = np.flatnonzero(edges["kind"].to_numpy() == CROSSING)
    share = np.ones(len(edges))
    if len(rows) > 1:
        one, other = _going_on(edges, rows)
        links = coo_array((np.ones(len(one)), (one, other)), shape=(len(rows), len(rows)))
        _, whole = connected_components(links, directed=False)
        length = edges["length_m"].to_numpy(dtype=np.float64)[rows]
        share[rows] = length / np.bincount(whole, length)[whole]
    return share


def _going_on(edges: gpd.GeoDataFrame, rows: Ints) -> tuple[Ints, Ints]:
    """Return the pairs of edges of one crossing, by index in ``rows``; each end continues in at most one other."""
    ends = edges[["u", "v"]].to_numpy(dtype=np.int64)
    meeting = np.bincount(ends.ravel())
    lines = edges.geometry.to_numpy()[rows]
    points = [shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, 1, -1, -2)]
    away = np.concatenate([points[1] - points[0], points[3] - points[2]])
    length = np.hypot(*away.T)[:, None]
    away = np.divide(away, length, out=np.zeros_like(away), where=length > 0)
    node, row = ends[rows].T.ravel(), np.tile(np.arange(len(rows)), 2)
    order = np.argsort(node, kind="stable")
    found = [
        (-1.0 if meeting[node[a]] == 2 else float(away[a] @ away[b]), int(a), int(b))  # noqa: PLR2004 - the two
        for same in np.split(order, np.flatnonzero(np.diff(node[order])) + 1)
        for a, b in combinations(same, 2)
    ]
    taken: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for cosine, a, b in sorted(found):
        if cosine <= -np.cos(np.radians(_STRAIGHT_DEGREES)) and not {a, b} & taken:
            taken |= {a, b}
            pairs.append((int(row[a]), int(row[b])))
    one, other = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return one, other
