"""The part of a network that a walker can use: edges are cut at too steep pieces; closed edges are left out."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from siting.domain.nouns import Floats, Ints, Note
from siting.travel.slope import EdgeSeconds

_M_PER_KM = 1_000.0


@dataclass(frozen=True)
class WalkableEdges:
    """Edges that can be walked in at least one direction, and their end nodes.

    ``edge`` is the row of the original edge of each edge or part; the other columns are those of
    :class:`siting.travel.network.WalkingNetwork`.
    """

    edge: Ints
    u: Ints
    v: Ints
    geometry: NDArray[np.object_]
    seconds: EdgeSeconds
    node_xy: Floats


def passable(ways: WalkableEdges) -> tuple[WalkableEdges, tuple[Note, ...]]:
    """Cut edges at pieces that are too steep, and leave out edges that are closed in both directions.

    A cut edge ends in a node of its own there. One-way edges stay.

    Parameters
    ----------
    ways : WalkableEdges
        All edges, uncut.

    Returns
    -------
    WalkableEdges, notes
        A note tells how many edges and kilometres cannot be walked; if all can be, the edges are unchanged.
    """
    seconds = ways.seconds
    shut = seconds.shut_ahead & seconds.shut_back
    if not shut.any():
        return ways, ()
    edge, low, high = _walked_runs(seconds, shut)
    pieces = seconds.pieces[edge]
    whole = high - low == pieces
    u, v, geometry = ways.u[edge], ways.v[edge], ways.geometry[edge].copy()
    for part in np.flatnonzero(~whole):
        ends = (low[part] / pieces[part], high[part] / pieces[part])
        geometry[part] = substring(geometry[part], *ends, normalized=True)
    added, nodes = [ways.node_xy], len(ways.node_xy)
    for node, cut, at in ((u, low > 0, 0), (v, high < pieces, -1)):
        node[cut] = nodes + np.arange(int(cut.sum()))
        nodes += int(cut.sum())
        added.append(shapely.get_coordinates(shapely.get_point(geometry[cut], at)).reshape(-1, 2))
    found = WalkableEdges(edge, u, v, geometry, _parts(seconds, edge, low, high), np.concatenate(added))
    return found, (_told(seconds, shut, float(found.seconds.length_m.sum())),)


def _walked_runs(seconds: EdgeSeconds, shut: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Return the runs of pieces that can be walked: the edge, the first piece, and the one after the last."""
    edge = np.repeat(np.arange(len(seconds.pieces)), seconds.pieces)
    first = np.cumsum(seconds.pieces) - seconds.pieces
    piece = np.arange(len(edge)) - first[edge]
    steep = seconds.steep[seconds.start[edge] + piece + 1]
    # Edges that are closed although no piece is too steep are closed completely.
    has_steep = np.bincount(edge, weights=steep, minlength=len(shut)) > 0
    walked = ~steep & ~(shut & ~has_steep)[edge]
    begins = walked & ((piece == 0) | ~np.append(False, walked[:-1]))
    ends = walked & ((piece == seconds.pieces[edge] - 1) | ~np.append(walked[1:], False))
    return edge[begins], piece[begins], piece[ends] + 1


def _parts(seconds: EdgeSeconds, edge: Ints, low: Ints, high: Ints) -> EdgeSeconds:
    """Return the seconds along parts of edges."""
    pieces = high - low
    start = np.cumsum(pieces + 1) - (pieces + 1)
    owner = np.repeat(np.arange(len(edge)), pieces + 1)
    begin = seconds.start[edge] + low
    taken = begin[owner] + np.arange(len(owner)) - start[owner]
    whole = pieces == seconds.pieces[edge]
    return EdgeSeconds(
        length_m=np.where(whole, seconds.length_m[edge], seconds.length_m[edge] * pieces / seconds.pieces[edge]),
        pieces=pieces,
        start=start,
        ahead=seconds.ahead[taken] - seconds.ahead[begin][owner],
        back=seconds.back[taken] - seconds.back[begin][owner],
        rise_m=seconds.rise_m[taken] - seconds.rise_m[begin][owner],
        # Only steep pieces split an edge, and these are removed.
        shut_ahead=seconds.shut_ahead[edge] & whole,
        shut_back=seconds.shut_back[edge] & whole,
        steep=np.zeros(len(owner), dtype=bool),
    )


def _told(seconds: EdgeSeconds, shut: NDArray[np.bool_], walked_m: float) -> Note:
    steep = np.add.reduceat(seconds.steep, seconds.start)
    lost = float(seconds.length_m.sum()) - walked_m
    steep_m = float((seconds.length_m * steep / seconds.pieces).sum())
    return Note(
        "edges_not_walked",
        {
            "count": int(shut.sum()),
            "km": f"{lost / _M_PER_KM:z.1f}",
            "steep_km": f"{steep_m / _M_PER_KM:z.1f}",
            "other_km": f"{(lost - steep_m) / _M_PER_KM:z.1f}",
        },
    )
