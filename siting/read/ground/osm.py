"""OpenStreetMap extracts become a walking network, with the topology of their own nodes.

The filter keeps ways that elderly people may walk:

* ``highway`` is given and not one of ``NOT_WALKED``; a trunk road only with an invitation to walkers or a
sidewalk;
* ``foot`` is not ``no``, ``private`` or ``use_sidepath``;
* ``access`` is not ``no`` or ``private``, unless ``foot`` invites;
* neither ``area=yes`` nor ``motorroad=yes``.

Ways are cut at their ends, at nodes that two kept ways share, and at nodes that one way visits twice. Bridges
and tunnels need nothing more: they share no node with what they cross.
"""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.crs import WGS84, transform_points
from siting.domain.nouns import Floats, Ints, Network
from siting.read.ground.network import build_network
from siting.read.log import LayerLog

SUFFIXES: Final = (".pbf", ".osm", ".osm.xml", ".osm.gz", ".osm.bz2", ".o5m")

NOT_WALKED: Final = frozenset({
    "motorway", "motorway_link", "construction", "proposed", "planned", "abandoned", "razed", "raceway",
    "bus_guideway", "escape", "corridor", "platform", "rest_area", "services", "via_ferrata",
})  # fmt: skip
TRUNK: Final = frozenset({"trunk", "trunk_link"})
SIDEWALK_KEYS: Final = ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")
SIDEWALK: Final = frozenset({"both", "left", "right", "yes"})
FOOT_INVITED: Final = frozenset({"yes", "designated", "permissive"})
FOOT_REFUSED: Final = frozenset({"no", "private", "use_sidepath"})
ACCESS_REFUSED: Final = frozenset({"no", "private"})

FOOTBRIDGE_WAYS: Final = frozenset({"footway", "path", "pedestrian", "cycleway", "living_street"})
PATH_WAYS: Final = frozenset({"footway", "path", "pedestrian", "track", "cycleway", "bridleway"})
# Which way an escalator runs, by the direction of its line; ``yes`` and ``reversible`` do not say.
CONVEYING: Final = {"forward": "escalator_forward", "backward": "escalator_backward"}
NO_TUNNEL: Final = frozenset({"no", "building_passage", "covered"})


# osmium counts degrees in these steps, and gives this number where it does not know a node's place.
_PER_DEGREE: Final = 1e7
_NOWHERE: Final = 2**31 - 1


class Tags(Protocol):
    """What is asked of an OSM object's tags."""

    def get(self, key: str, default: str | None = None, /) -> str | None:
        """Return the value of a key."""


@dataclass(frozen=True)
class Ways:
    """Kept ways: the node ids of all ways strung together, way i from ``start[i]`` to ``start[i + 1]``.

    ``place`` has shape (ids, 2): longitude and latitude of each, in ten millionths of a degree.
    """

    refs: Ints
    place: Ints
    start: Ints
    kinds: NDArray[np.object_]
    left_out: Mapping[str, int]


def is_osm(path: Path) -> bool:
    """Tell by its name whether a file is an OpenStreetMap extract."""
    return path.name.lower().endswith(SUFFIXES)


def refusal(tags: Tags) -> str | None:
    """Return why a way is not walked: ``road``, ``access`` or ``area``; None if it is."""
    highway, foot = tags.get("highway"), tags.get("foot")
    if tags.get("area") == "yes":
        return "area"
    if highway in NOT_WALKED or tags.get("motorroad") == "yes":
        return "road"
    invited = foot in FOOT_INVITED
    if highway in TRUNK and not (invited or any(tags.get(key) in SIDEWALK for key in SIDEWALK_KEYS)):
        return "road"
    if foot in FOOT_REFUSED or (tags.get("access") in ACCESS_REFUSED and not invited):
        return "access"
    return None


def kind(tags: Tags) -> str:
    """Return what a way is to a walker: one of the kinds of ``NETWORK_COLUMNS``."""
    highway = tags.get("highway")
    if highway == "steps":
        conveying = tags.get("conveying", "no")
        return "stairs" if conveying == "no" else CONVEYING.get(str(conveying), "escalator")
    if highway == "elevator":
        return "lift"
    if tags.get("bridge", "no") != "no":
        return "footbridge" if highway in FOOTBRIDGE_WAYS else "bridge"
    if tags.get("tunnel", "no") not in NO_TUNNEL:
        return "tunnel"
    if highway == "crossing" or tags.get("footway") == "crossing":
        return "crossing"
    return "path" if highway in PATH_WAYS else "street"


def read_osm(path: Path, crs: CRS, log: LayerLog) -> Network | None:
    """Read the walking network of an OpenStreetMap extract.

    Parameters
    ----------
    path : Path
        A file that osmium reads (``SUFFIXES``).
    crs : pyproj.CRS
        The working CRS.
    log : LayerLog
        Takes the faults ``unreadable_file`` and ``no_walkable_way``, and notes how many ways were left out.

    Returns
    -------
    Network or None
        Node numbers ascend with the ids of OSM.
    """
    try:
        ways = _read_ways(path)
    except (RuntimeError, OSError) as error:
        log.fault("unreadable_file", found=str(error))
        return None
    log.note(
        "osm_ways_left_out",
        kept=len(ways.kinds),
        count=sum(ways.left_out.values()),
        **{reason: ways.left_out.get(reason, 0) for reason in ("road", "access", "area")},
    )
    ids, first, number = np.unique(ways.refs, return_index=True, return_inverse=True)
    place = ways.place[first]
    known = (place != _NOWHERE).all(axis=1)
    if not known.all():
        log.note("osm_nodes_missing", count=int((~known).sum()))
    degrees = np.where(known[:, None], place, 0) / _PER_DEGREE
    xy = np.column_stack(transform_points(degrees[:, 0], degrees[:, 1], WGS84, crs))
    network = _split(ways, np.where(known[number], number, -1), xy, crs) if len(ids) else None
    if network is None:
        log.fault("no_walkable_way")
    return network


def _read_ways(path: Path) -> Ways:
    # Arrays that grow, for there are many nodes: no tuple is made of any.
    refs, x, y, start = array("q"), array("q"), array("q"), array("q", [0])
    kinds = []
    left_out: Counter[str] = Counter()
    ways = (
        osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY)
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        .with_filter(osmium.filter.KeyFilter("highway"))
    )
    for way in ways:
        tags = way.tags
        reason = refusal(tags)
        if reason is not None:
            left_out[reason] += 1
            continue
        nodes = way.nodes  # type: ignore[union-attr]  # the filter lets nothing but ways through
        # By number: osmium's own iterator takes longer.
        for at in range(len(nodes)):
            node = nodes[at]
            location = node.location
            refs.append(node.ref)
            x.append(location.x)
            y.append(location.y)
        start.append(len(refs))
        kinds.append(kind(tags))
    return Ways(
        np.array(refs, dtype=np.int64),
        np.column_stack([np.array(x, dtype=np.int64), np.array(y, dtype=np.int64)]),
        np.array(start, dtype=np.int64),
        np.array(kinds, dtype=object),
        left_out,
    )


def _split(ways: Ways, number: Ints, xy: Floats, crs: CRS) -> Network | None:
    """Cut ways into edges. ``number`` is the row in ``xy`` of each entry of ``ways.refs``, -1 where it is not known."""
    way = np.repeat(np.arange(len(ways.kinds)), np.diff(ways.start))
    number = _same_place(number, way, xy)
    stays = np.append(True, (number[1:] != number[:-1]) | (way[1:] != way[:-1]))[: len(number)]
    number, way = number[stays], way[stays]
    visits = np.bincount(number[number >= 0], minlength=len(xy))
    # Segment k runs from entry k to entry k + 1.
    whole = (way[1:] == way[:-1]) & (number[1:] >= 0) & (number[:-1] >= 0)
    if not whole.any():
        return None
    goes_on = np.append(False, whole[:-1]) & (visits[number[:-1]] == 1)
    segment = np.flatnonzero(whole)
    begins = np.flatnonzero(~goes_on[segment])
    first = segment[begins]
    count = np.diff(np.append(begins, len(segment))) + 1
    edge = np.repeat(np.arange(len(first)), count)
    entry = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    lines = shapely.linestrings(xy[number[entry]], indices=edge)
    ends = np.column_stack([number[first], number[first + count - 1]])
    nodes, ends = np.unique(ends, return_inverse=True)
    return build_network(lines, ways.kinds[way[first]], ends.reshape(-1, 2).astype(np.int64), xy[nodes], crs)


def _same_place(number: Ints, way: Ints, xy: Floats) -> Ints:
    """Let nodes that follow each other on a way at one and the same place be one node: the first of them."""
    pair = (way[1:] == way[:-1]) & (number[1:] >= 0) & (number[:-1] >= 0) & (number[1:] != number[:-1])
    left, right = number[:-1][pair], number[1:][pair]
    together = (xy[left] == xy[right]).all(axis=1)
    if not together.any():
        return number
    links = coo_array((np.ones(int(together.sum())), (left[together], right[together])), shape=(len(xy), len(xy)))
    _, group = connected_components(links, directed=False)
    _, first = np.unique(group, return_index=True)
    return np.where(number >= 0, first[group][number], -1)
