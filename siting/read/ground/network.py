"""Lines of any origin become a walking network: nodes, and edges that meet only at nodes."""

from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siting.domain.nouns import Floats, Ints, Network

# Ends of lines that round to the same millimetre are one node.
MM_PER_M: Final = 1000.0
DEFAULT_KIND: Final = "street"


def build_network(
    lines: NDArray[np.object_], kinds: NDArray[np.object_], ends: Ints, node_xy: Floats, crs: CRS
) -> Network:
    """Put a network together from lines and the nodes at their ends.

    Parameters
    ----------
    lines : numpy.ndarray
        LineStrings in the working CRS, one an edge, from u to v.
    kinds : numpy.ndarray
        The kind of each edge.
    ends : numpy.ndarray
        Shape (edges, 2): node numbers u and v.
    node_xy : numpy.ndarray
        Shape (nodes, 2), metres; made read-only here.
    crs : pyproj.CRS
        The working CRS.
    """
    edges = gpd.GeoDataFrame(
        {"u": ends[:, 0], "v": ends[:, 1], "kind": kinds, "length_m": shapely.length(lines)},
        geometry=gpd.GeoSeries(lines, crs=crs),
    )
    node_xy.flags.writeable = False
    return Network(node_xy, edges)


def network_from_lines(frame: gpd.GeoDataFrame, crs: CRS) -> tuple[Network, int]:
    """Build a network from a layer of lines.

    Lines meet where their ends round to the same millimetre, and nowhere else: a line that crosses another
    without an end there passes over or under it.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        LineStrings and MultiLineStrings in the working CRS, with ``kind``; blank kinds are ``street``.
    crs : pyproj.CRS
        The working CRS.

    Returns
    -------
    network : Network
    dropped : int
        Lines without length that were left out.
    """
    lines, source = shapely.get_parts(frame.geometry.to_numpy(), return_index=True)
    kinds = frame["kind"].astype(object).where(frame["kind"].notna(), DEFAULT_KIND).to_numpy()[source]
    long = np.round(shapely.length(lines) * MM_PER_M) > 0
    lines, kinds = lines[long], kinds[long]
    ends = np.stack([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)], axis=1)
    millimetres = np.round(ends * MM_PER_M).astype(np.int64).reshape(-1, 2)
    nodes, number = np.unique(millimetres, axis=0, return_inverse=True)
    network = build_network(lines, kinds, number.reshape(-1, 2).astype(np.int64), nodes / MM_PER_M, crs)
    return network, int((~long).sum())
