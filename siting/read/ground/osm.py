"""OpenStreetMap extracts become a walking network, with the topology of their own nodes.

Ways are cut at their ends, at nodes that two walked ways share, and at nodes that one way visits twice. Bridges and
tunnels need no special treatment: they share no node with what they cross. Closed barriers cannot be passed: every way
ends there. Squares are walked along their outline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.crs import WGS84, transform_points
from siting.domain.nouns import Floats, Ints, Network
from siting.listing import first_of
from siting.read.ground.network import build_network
from siting.read.ground.osm_file import (
    BROKEN,
    NOWHERE,
    SUFFIXES,
    Nodes,
    Ways,
    marked_deleted,
    read_nodes,
    read_squares,
    read_ways,
)
from siting.read.ground.osm_tags import REASONS
from siting.read.ground.spots import note_long_segments
from siting.read.log import LayerLog, listed

# osmium counts degrees in these steps.
_PER_DEGREE: Final = 1e7
_MOST_NAMED: Final = 12

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class _Places:
    """The nodes of walked ways by ascending id: place (metres), whether it is known, whether they can be passed."""

    xy: Floats
    known: Bools
    shut: Bools


def is_osm(path: Path) -> bool:
    """Tell by its name whether a file is an OpenStreetMap extract."""
    return path.name.lower().endswith(SUFFIXES)


def read_osm(path: Path, crs: CRS, log: LayerLog) -> Network | None:
    """Read the walking network of an OpenStreetMap extract.

    Parameters
    ----------
    path : Path
        A file that osmium reads (``SUFFIXES``), its elements in any order.
    crs : pyproj.CRS
        The working CRS.
    log : LayerLog
        Takes the faults ``unreadable_file``, ``osm_ids_clash``, ``osm_nodes_lacking`` and ``no_walkable_way``; and
        notes on what was left out, skipped, cut or not read.

    Returns
    -------
    Network or None
        Edges follow the ids of ways, node numbers those of nodes; the ends at closed barriers come last.
    """
    try:
        marked = marked_deleted(path)
        ways = read_ways(path, read_squares(path, marked), marked)
        nodes = read_nodes(path, set(ways.refs.tolist()), marked)
    except (*BROKEN, OSError, ValueError) as error:
        log.fault("unreadable_file", found=str(error))
        return None
    _tell(ways, nodes, log)
    clashing = (*ways.clashing, *nodes.clashing)
    if clashing:
        log.fault("osm_ids_clash", found=_named(clashing))
        return None
    ids, number = np.unique(ways.refs, return_inverse=True)
    places = _places(ids, ways.placed, nodes, crs, log)
    if len(ids) and not places.known.any():
        log.fault("osm_nodes_lacking", found=str(len(ids)))
        return None
    barred = places.shut & places.known
    if barred.any():
        log.note("osm_barriers", count=int(barred.sum()))
    network = _split(ways, np.where(places.known[number], number, -1), places, crs, log) if len(ids) else None
    if network is None:
        log.fault("no_walkable_way")
    return network


def _tell(ways: Ways, nodes: Nodes, log: LayerLog) -> None:
    """Note what was left out, and why."""
    log.note(
        "osm_ways_left_out",
        kept=len(ways.kinds),
        count=sum(ways.left_out.values()),
        **{reason: ways.left_out.get(reason, 0) for reason in REASONS},
    )
    if ways.unknown:
        log.note("osm_values_unknown", count=sum(ways.unknown.values()), values=counted(ways.unknown))
    dead, older = int(nodes.dead.sum()), ways.older + nodes.older
    if ways.deleted or dead or older:
        log.note("osm_passed_over", ways=ways.deleted, nodes=dead, older=older)
    if ways.squares:
        log.note("osm_squares", count=ways.squares)
    if ways.unread:
        log.note("osm_rules_unread", count=ways.unread)


def counted(values: Mapping[str, int]) -> str:
    """Name values with their counts, the most frequent first.

    Examples
    --------
    >>> from siting.read.ground.osm import counted
    >>> counted({"footwy": 1, "byway": 3})
    'byway ×3, footwy ×1'
    """
    order = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return _named([f"{value} ×{count}" for value, count in order])


def _named(names: Sequence[str]) -> str:
    return listed(first_of(names, _MOST_NAMED))


def _places(ids: Ints, placed: Mapping[int, tuple[int, int]], nodes: Nodes, crs: CRS, log: LayerLog) -> _Places:
    """Find the place of each node: its own, otherwise the one that a way contains; note those without any."""
    place = np.full((len(ids), 2), NOWHERE, dtype=np.int64)
    shut, inside, dead = (np.zeros(len(ids), dtype=bool) for _ in range(3))
    row = np.searchsorted(ids, nodes.ids)
    place[row], shut[row], inside[row], dead[row] = nodes.place, nodes.shut, True, nodes.dead
    for at in np.flatnonzero(~inside):
        place[at] = placed.get(int(ids[at]), (NOWHERE, NOWHERE))
    place[dead] = NOWHERE
    known = (place != NOWHERE).all(axis=1)
    missing, deleted, nowhere = (int((cause & ~known).sum()) for cause in (~inside, dead, inside & ~dead))
    if missing:
        log.note("osm_nodes_missing", count=missing)
    if deleted:
        log.note("osm_nodes_deleted", count=deleted)
    if nowhere:
        log.note("osm_nodes_nowhere", count=nowhere)
    degrees = np.where(known[:, None], place, 0) / _PER_DEGREE
    xy = np.column_stack(transform_points(degrees[:, 0], degrees[:, 1], WGS84, crs))
    return _Places(xy, known, shut)


def _split(ways: Ways, number: Ints, places: _Places, crs: CRS, log: LayerLog) -> Network | None:
    """Cut ways into edges. ``number`` is the row in ``places`` of each entry of ``ways.refs``, -1 if unknown."""
    way = np.repeat(np.arange(len(ways.kinds)), np.diff(ways.start))
    xy = places.xy
    one = _same_place(number, way, xy)
    number = np.where(number >= 0, one[number], -1)
    shut = np.zeros(len(xy), dtype=bool)
    shut[one[places.shut]] = True
    stays = np.append(True, (number[1:] != number[:-1]) | (way[1:] != way[:-1]))[: len(number)]
    number, way = number[stays], way[stays]
    visits = np.bincount(number[number >= 0], minlength=len(xy))
    # Segment k runs from entry k to entry k + 1.
    whole = (way[1:] == way[:-1]) & (number[1:] >= 0) & (number[:-1] >= 0)
    if not whole.any():
        return None
    goes_on = np.append(False, whole[:-1]) & (visits[number[:-1]] == 1) & ~shut[number[:-1]]
    segment = np.flatnonzero(whole)
    begins = np.flatnonzero(~goes_on[segment])
    first = segment[begins]
    count = np.diff(np.append(begins, len(segment))) + 1
    edge = np.repeat(np.arange(len(first)), count)
    entry = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    lines = shapely.linestrings(xy[number[entry]], indices=edge)
    note_long_segments(lines, lambda line: f"way {ways.ids[way[first[line]]]}", crs, log)
    ends = np.column_stack([number[first], number[first + count - 1]])
    # Each way that ends at a closed barrier has a separate end node.
    alone = shut[ends]
    xy = np.concatenate([xy, xy[ends[alone]]])
    ends[alone] = len(places.xy) + np.arange(int(alone.sum()))
    nodes, ends = np.unique(ends, return_inverse=True)
    return build_network(lines, ways.kinds[way[first]], ends.reshape(-1, 2).astype(np.int64), xy[nodes], crs)


def _same_place(number: Ints, way: Ints, xy: Floats) -> Ints:
    """Return for each node its representative: of successive nodes at one place the first."""
    pair = (way[1:] == way[:-1]) & (number[1:] >= 0) & (number[:-1] >= 0) & (number[1:] != number[:-1])
    left, right = number[:-1][pair], number[1:][pair]
    together = (xy[left] == xy[right]).all(axis=1)
    if not together.any():
        return np.arange(len(xy))
    links = coo_array((np.ones(int(together.sum())), (left[together], right[together])), shape=(len(xy), len(xy)))
    _, group = connected_components(links, directed=False)
    _, first = np.unique(group, return_index=True)
    found: Ints = first[group].astype(np.int64)
    return found
