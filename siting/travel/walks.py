"""Walks over a network between attached points: the graphs for the kernel, and its results."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.domain.scenario import Direction
from siting.travel.kernel import Combine, Reached, SeededGraph, asked, pack_arcs, reach, ticks_per_second
from siting.travel.network import Attachment, WalkingNetwork

COMBINES: Final[dict[Direction, Combine]] = {
    "to_facility": "only",
    "from_facility": "only",
    "slower": "slower",
    "both_ways": "mean",
}


@dataclass(frozen=True)
class Limits:
    """How far each site walks, seconds (inclusive): to find the nearest site, and to keep its row.

    ``counting`` are the sites among which the nearest is sought, ties to the lowest ``rank``. Seconds are divided as
    finely as the longest walk allows, or one of ``scale_s`` if that is longer.
    """

    longest_s: Floats
    keep_s: Floats
    counting: NDArray[np.bool_]
    rank: Ints
    scale_s: float = 0.0

    @property
    def scale(self) -> Floats:
        """The times that must be countable."""
        return np.append(self.longest_s, self.scale_s)

    @classmethod
    def plain(cls, sites: int, seconds: float) -> "Limits":
        """Return limits that are the same for all sites; no site counts for the nearest."""
        each = np.full(sites, seconds)
        return cls(each, each, np.zeros(sites, dtype=bool), np.arange(sites))


@dataclass(frozen=True)
class Reach:
    """What sites reach: site i reaches the targets ``target[start[i]:start[i + 1]]`` (ascending) in ``seconds[...]``.

    ``nearest`` and ``second`` are, for each target, the rows of the nearest and second nearest counting sites (-1:
    none), with their seconds (inf).
    """

    start: Ints
    target: Ints
    seconds: Floats
    nearest: Ints
    nearest_s: Floats
    second: Ints
    second_s: Floats

    def rows(self, sites: Ints) -> list[Ints]:
        """Return the targets that each of some sites reaches."""
        return [self.target[self.start[site] : self.start[site + 1]] for site in sites]


def walk_between(
    network: WalkingNetwork, sites: Attachment, targets: Attachment, direction: Direction, limits: Limits
) -> Reach:
    """Compute the walks between sites and targets.

    Two points of one edge are connected directly along it; no walk leads through a site or a target.

    Parameters
    ----------
    network : WalkingNetwork
        The network.
    sites, targets : Attachment
        Where they join it; points that do not join it reach nothing and are not reached.
    direction : str
        The time that counts.
    limits : Limits
        How far each site walks, and which count.
    """
    longest = float(limits.scale.max()) * (2.0 if direction == "both_ways" else 1.0)
    per_second = ticks_per_second(longest)
    order = np.argsort(limits.rank, kind="stable")
    doors = sites.take(order)
    ways: tuple[Literal["away", "home"], ...] = ("home",) if direction == "to_facility" else ("away", "home")
    if direction == "from_facility":
        ways = ("away",)
    graphs = [graph_of(network, doors, targets, way, per_second) for way in ways]
    found = reach(
        graphs[0],
        asked(limits.longest_s[order], per_second, keep_s=limits.keep_s[order], counting=limits.counting[order]),
        nodes=network.nodes + len(targets.edge),
        first=network.nodes,
        back=graphs[1] if len(graphs) > 1 else None,
        combine=COMBINES[direction],
    )
    return in_rows(found, order, per_second, len(targets.edge))


def in_rows(found: Reached, order: Ints, per_second: int, targets: int) -> Reach:
    """Return the results of the kernel, by the rows of the sites.

    Parameters
    ----------
    found : Reached
        Sources and ranks are numbered along ``order``.
    order : ndarray of int
        The row of each source.
    per_second : int
        Ticks per second.
    targets : int
        The number of targets.
    """
    start, target, seconds = _in_order(found, found.ticks / per_second, order, targets)
    near = found.nearest
    if not len(near.rank):
        nobody, never = np.full(targets, -1), np.full(targets, np.inf)
        return Reach(start, target, seconds, nobody, never, nobody, never)
    (first, first_s), (second, second_s) = (
        (np.where(ranks >= 0, order[ranks], -1), np.where(ranks >= 0, ticks / per_second, np.inf))
        for ranks, ticks in ((near.rank, near.ticks), (near.second_rank, near.second_ticks))
    )
    return Reach(start, target, seconds, first, first_s, second, second_s)


def graph_of(
    network: WalkingNetwork, sites: Attachment, targets: Attachment, way: Literal["away", "home"], per_second: int
) -> SeededGraph:
    """Return the graph of one direction; targets are nodes that are only reached, and sites are its seeds."""
    whole = dict(zip(("ahead", "back"), network.seconds.totals, strict=True))
    # The way home is walked backwards: from the site, over arcs with the cost of the opposite direction.
    there, again = ("ahead", "back") if way == "away" else ("back", "ahead")
    joined = np.flatnonzero(targets.edge >= 0)
    edge, leaf = targets.edge[joined], network.nodes + joined
    since_u = dict(zip(("ahead", "back"), network.seconds.at(edge, targets.position_m[joined]), strict=True))
    leg = targets.leg_s[joined]
    tail = np.concatenate([network.u, network.v, network.u[edge], network.v[edge]])
    head = np.concatenate([network.v, network.u, leaf, leaf])
    from_v = whole[again][edge] - since_u[again]
    seconds = np.concatenate([whole[there], whole[again], since_u[there] + leg, from_v + leg])
    start, arcs = pack_arcs(tail, head, seconds, network.nodes, per_second)
    return SeededGraph(start, arcs, *_seeds(network, sites, targets, (there, again), per_second))


def _seeds(
    network: WalkingNetwork, sites: Attachment, targets: Attachment, ways: tuple[str, str], per_second: int
) -> tuple[Ints, Ints, NDArray[np.uint32]]:
    """Return where walks begin: both ends of the site's edge, and the targets on that edge."""
    there, again = ways
    joined = np.flatnonzero(sites.edge >= 0)
    edge, leg = sites.edge[joined], sites.leg_s[joined]
    whole = dict(zip(("ahead", "back"), network.seconds.totals, strict=True))
    site_u = dict(zip(("ahead", "back"), network.seconds.at(edge, sites.position_m[joined]), strict=True))
    to_u, to_v = site_u[again] + leg, whole[there][edge] - site_u[there] + leg
    pair, beside = _on_one_edge(edge, targets)
    at = network.seconds.at(targets.edge[beside], targets.position_m[beside])
    target_u = dict(zip(("ahead", "back"), at, strict=True))
    forwards = target_u[there] - site_u[there][pair]
    along = np.where(forwards >= 0, forwards, site_u[again][pair] - target_u[again])
    direct = along + leg[pair] + targets.leg_s[beside]
    owner = np.concatenate([joined, joined, joined[pair]])
    node = np.concatenate([network.u[edge], network.v[edge], network.nodes + beside])
    order = np.argsort(owner, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(sites.edge)))]).astype(np.int64)
    ticks = np.rint(np.concatenate([to_u, to_v, direct]) * per_second)
    return start, node[order], np.minimum(ticks, np.iinfo(np.uint32).max - 1).astype(np.uint32)[order]


def _on_one_edge(edge: Ints, targets: Attachment) -> tuple[Ints, Ints]:
    """Return the pairs of a site (by position in ``edge``) and a target that joined the same edge."""
    order = np.argsort(targets.edge, kind="stable")
    low, high = (np.searchsorted(targets.edge[order], edge, side=side) for side in ("left", "right"))
    count = high - low
    pair = np.repeat(np.arange(len(edge)), count)
    inside = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    return pair, order[low[pair] + inside].astype(np.int64)


def _in_order(found: Reached, seconds: Floats, order: Ints, targets: int) -> tuple[Ints, Ints, Floats]:
    """Put rows back into the order of the sites, each row in the order of its targets; zero times stay stored."""
    rows = csr_array((seconds, found.node, found.start), shape=(len(order), targets))[np.argsort(order)]
    rows.sort_indices()
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int64), rows.data
