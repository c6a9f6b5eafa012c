"""A part of a network: the ways in a box, with the numbers, seconds and order that they have in the whole."""

from dataclasses import replace

import numpy as np

from siting.domain.nouns import Bools, Floats, Ints
from siting.travel.network import Attachment, WalkingNetwork
from siting.travel.slope import EdgeSeconds


def ways_in(network: WalkingNetwork, box: Floats) -> Bools:
    """Tell which edges lie in a box (west, south, east, north) or touch it."""
    return touching(network.bounds, box)


def touching(bounds: Floats, box: Floats) -> Bools:
    """Tell which bounds, shape (n, 4), touch a box."""
    return np.asarray(((bounds[:, :2] <= box[2:]) & (bounds[:, 2:] >= box[:2])).all(axis=1))


def cut(network: WalkingNetwork, edges: Bools, scraps: Bools | None = None) -> WalkingNetwork:
    """Return some edges of a network with their nodes; their order and the numbers of components stay.

    Parameters
    ----------
    network : WalkingNetwork
        The whole.
    edges : ndarray of bool
        Which edges stay.
    scraps : ndarray of bool, optional
        Which of the components that were left out as too short stay; none if absent.
    """
    u, v = network.u[edges], network.v[edges]
    used = np.zeros(network.nodes, dtype=np.bool_)
    used[u] = used[v] = True
    number = np.cumsum(used) - 1
    return replace(
        network,
        node_xy=network.node_xy[used],
        u=number[u],
        v=number[v],
        kind=network.kind[edges],
        component=network.component[edges],
        open_to_joining=network.open_to_joining[edges],
        geometry=network.geometry[edges],
        seconds=_seconds_of(network.seconds, np.flatnonzero(edges)),
        notes=(),
        scraps=network.scraps[:0] if scraps is None else network.scraps[scraps],
    )


def moved(points: Attachment, edges: Bools) -> Attachment:
    """Return attachments to edges of the whole as attachments to the edges that stay; others are attached to none."""
    number = np.where(edges, np.cumsum(edges) - 1, -1)
    edge = np.where(points.edge >= 0, number[points.edge], -1)
    return replace(points, edge=edge)


def _seconds_of(seconds: EdgeSeconds, edges: Ints) -> EdgeSeconds:
    pieces = seconds.pieces[edges]
    long = pieces + 1
    start = np.cumsum(long) - long
    ends = np.repeat(seconds.start[edges] - start, long) + np.arange(int(long.sum()))
    return EdgeSeconds(
        length_m=seconds.length_m[edges],
        pieces=pieces,
        start=start,
        ahead=seconds.ahead[ends],
        back=seconds.back[ends],
        rise_m=seconds.rise_m[ends],
        shut_ahead=seconds.shut_ahead[edges],
        shut_back=seconds.shut_back[edges],
        steep=seconds.steep[ends],
    )
