"""The route from one place to one site, leg by leg, with the extra time for slopes and stairs.

The route is that of :func:`siting.travel.walks.walk_between`: from the times of the kernel it is traced back over tight
arcs (ticks at the tail + ticks of the arc = ticks at the head).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from shapely.ops import substring

from siting.domain.explained import FARTHER, LEG_COLUMNS, Joining, Route, Spot, Way
from siting.domain.nouns import Floats, Ints
from siting.domain.scenario import Direction, Walking
from siting.travel.heap import HALF, LOW, Packed, Ticks
from siting.travel.kernel import TOLERANCE_S, asked, reach, ticks_per_second
from siting.travel.network import Attachment, WalkingNetwork, attach, beside_scraps
from siting.travel.open_ground import Surface, parts_of, stand
from siting.travel.straight import StraightLines
from siting.travel.walks import Limits, graph_of
from siting.travel.ways import ways_of
from siting.units import SECONDS_PER_MINUTE

Heading = Literal["to_facility", "from_facility"]
_TURNED: Final[dict[Direction, Direction]] = {
    "to_facility": "from_facility",
    "from_facility": "to_facility",
    "slower": "slower",
    "both_ways": "both_ways",
}
_HEADINGS: Final[tuple[Heading, Heading]] = ("to_facility", "from_facility")
# The longest time that the kernel can count, seconds.
_LONGEST_S: Final = 200_000.0
# Kinds whose pace does not depend on slope.
_OWN_PACE: Final = ("stairs", "lift", "escalator")
_NEVER: Final = np.iinfo(np.int64).max // 2


class _Part(NamedTuple):
    """A piece of an edge, walked from one position to another (metres from u)."""

    edge: int
    start_m: float
    end_m: float

    def turned(self) -> "_Part":
        """Return the same piece in the other direction."""
        return _Part(self.edge, self.end_m, self.start_m)


def minutes_to(
    ways: WalkingNetwork | Surface | StraightLines, spot: Spot, sites: gpd.GeoDataFrame, walking: Walking
) -> Floats:
    """Return the minutes that count between a spot and sites; inf beyond ``walking.max_minutes``."""
    far = walking.max_minutes * SECONDS_PER_MINUTE
    return seconds_to(ways, _xy(spot), spot.half_diagonal_m, _places(sites), walking, far) / SECONDS_PER_MINUTE


def way_to_nearest(
    ways: WalkingNetwork | Surface | StraightLines, spot: Spot, circle: gpd.GeoDataFrame, walking: Walking
) -> Way:
    """Return how a place reaches the nearest facility of the circle.

    Parameters
    ----------
    ways : WalkingNetwork, Surface or StraightLines
        The network or surface.
    spot : Spot
        From where.
    circle : geopandas.GeoDataFrame
        The facilities that count, points in the working CRS, indexed by id, with ``name``.
    walking : Walking
        Walker, direction, limits. Beyond ``max_minutes`` it is sought up to ``FARTHER`` times as long.

    Returns
    -------
    Way
        Of equally near facilities the westernmost, then the southernmost, then the first by id.
    """
    xy, places, half = _xy(spot), _places(circle), spot.half_diagonal_m
    sought = _countable(walking, FARTHER * walking.max_minutes * SECONDS_PER_MINUTE)
    seconds = seconds_to(ways, xy, half, places, walking, sought)
    joined = joining(ways, xy, half, places, walking)
    straight = float(np.hypot(*(places - xy).T).min(initial=np.inf))
    nobody = Way(None, "", sought, np.inf, np.inf, np.inf, straight, "", None, joined)
    if not np.isfinite(seconds).any():
        return replace(nobody, reason=_reason(np.inf, joined, walking))
    row = int(np.lexsort((circle.index.astype(str).to_numpy(), places[:, 1], places[:, 0], seconds))[0])
    taken = float(seconds[row])
    # The direction that does not count may take longer.
    far = _countable(walking, FARTHER * taken + SECONDS_PER_MINUTE)
    there, back = (route(ways, (xy, places[[row]]), half, walking, far, way=way) for way in _HEADINGS)
    there_s, back_s = (np.inf if each is None else each.seconds for each in (there, back))
    name = circle["name"].iloc[row]
    return replace(
        nobody,
        nearest=str(circle.index[row]),
        name=name if isinstance(name, str) else str(circle.index[row]),
        seconds=taken,
        there_s=there_s,
        back_s=back_s,
        reason=_reason(taken, joined, walking),
        route=back if _counts_back(walking.direction, there_s, back_s) else there,
    )


def _counts_back(direction: Direction, there_s: float, back_s: float) -> bool:
    return direction == "from_facility" or (direction == "slower" and back_s > there_s)


def _reason(seconds: float, joined: Joining | None, walking: Walking) -> str:
    if joined is not None and not joined.metres <= joined.limit_m:
        return "off_network"
    if joined is not None and not joined.linked:
        return "cut_off"
    if seconds <= walking.minutes * SECONDS_PER_MINUTE + TOLERANCE_S:
        return "covered"
    near = seconds <= walking.max_minutes * SECONDS_PER_MINUTE + TOLERANCE_S
    return "beyond_circle" if near else "beyond_max_minutes"


def _countable(walking: Walking, seconds: float) -> float:
    """Return a time limit for the search, capped at what the kernel can count."""
    return min(seconds, _LONGEST_S / (2.0 if walking.direction == "both_ways" else 1.0))


def _xy(spot: Spot) -> Floats:
    return np.array([[spot.x, spot.y]])


def _places(sites: gpd.GeoDataFrame) -> Floats:
    return shapely.get_coordinates(sites.geometry.to_numpy()).reshape(-1, 2)


def seconds_to(
    ways: WalkingNetwork | Surface | StraightLines,
    xy: Floats,
    half_diagonal_m: float,
    sites: Floats,
    walking: Walking,
    far: float,
) -> Floats:
    """Return the seconds that count between one place and sites, walked from the place.

    Parameters
    ----------
    ways : WalkingNetwork, Surface or StraightLines
        The network or surface.
    xy : ndarray
        Shape (1, 2): the place, metres.
    half_diagonal_m : float
        The extra distance to the network that is allowed for the place, in addition to ``walking.attach_limit_m``.
    sites : ndarray
        Shape (sites, 2), metres.
    walking : Walking
        Walker, direction, limits.
    far : float
        Seconds to search up to (inclusive).

    Returns
    -------
    ndarray
        One for each site; inf for sites farther away or not connected.
    """
    walks, limits, turned = ways_of(ways, walking), Limits.plain(1, far), _TURNED[walking.direction]
    near, doors = np.array([walking.attach_limit_m + half_diagonal_m]), np.full(len(sites), walking.attach_limit_m)
    found = walks.reach(walks.join(xy, near), walks.join(sites, doors), turned, limits)
    result = np.full(len(sites), np.inf)
    result[found.target] = found.seconds
    return result


def joining(
    ways: WalkingNetwork | Surface | StraightLines, xy: Floats, half_diagonal_m: float, sites: Floats, walking: Walking
) -> Joining | None:
    """Tell where a place (shape (1, 2), metres) joins the network or surface, and whether a site is connected to it.

    None for straight lines, which join nothing.
    """
    limit, doors = walking.attach_limit_m + half_diagonal_m, np.full(len(sites), walking.attach_limit_m)
    if isinstance(ways, StraightLines):
        return None
    if isinstance(ways, Surface):
        part = int(parts_of(ways, stand(ways, xy, np.array([limit])))[0])
        if part < 0:
            return Joining(np.nan, limit, np.nan, linked=False)
        size = float((ways.part == part).sum()) * abs(ways.grid.transform.determinant) / 1e6
        return Joining(0.0, limit, size, linked=part in parts_of(ways, stand(ways, sites, doors)))
    found = attach(ways, xy, np.array([np.inf]))
    edge, beside = int(found.edge[0]), bool(beside_scraps(ways, xy, np.array([limit]))[0])
    if edge < 0:
        return Joining(np.inf, limit, np.nan, linked=False, beside_scraps=beside)
    part_m = float(ways.seconds.length_m[ways.component == ways.component[edge]].sum())
    linked = found.component[0] in attach(ways, sites, doors).component
    metres = float(found.leg_s[0] * ways.speed)
    return Joining(metres, limit, part_m / 1e3, linked=bool(linked), beside_scraps=beside)


def route(
    ways: WalkingNetwork | Surface | StraightLines,
    ends: tuple[Floats, Floats],
    half_diagonal_m: float,
    walking: Walking,
    far: float,
    *,
    way: Heading = "to_facility",
) -> Route | None:
    """Return the quickest route between a place and a site in one direction.

    Parameters
    ----------
    ways : WalkingNetwork, Surface or StraightLines
        The network or surface.
    ends : tuple of ndarray
        The place and the site, each of shape (1, 2), metres.
    half_diagonal_m : float
        The extra distance to the network that is allowed for the place, in addition to ``walking.attach_limit_m``.
    walking : Walking
        Walker and limits.
    far : float
        The time limit of the search, seconds (inclusive); a shorter limit gives finer times.
    way : {"to_facility", "from_facility"}
        The direction: from the place to the site, or back.

    Returns
    -------
    Route or None
        None if no route takes at most that many seconds. Over open ground there is one leg, drawn straight: its time is
        right, its length unknown.
    """
    one = walking.model_copy(update={"direction": way})
    place, site = ends
    walked = ends if way == "to_facility" else (site, place)
    if not isinstance(ways, WalkingNetwork):
        seconds = float(seconds_to(ways, place, half_diagonal_m, site, one, far)[0])
        return None if np.isinf(seconds) else Route(way, _single(ways, walked, seconds, walking))
    near = attach(ways, place, np.array([walking.attach_limit_m + half_diagonal_m]))
    door = attach(ways, site, np.array([walking.attach_limit_m]))
    if near.edge[0] < 0 or door.edge[0] < 0:
        return None
    parts = _parts(ways, near, door, way, far)
    if parts is None:
        return None
    begin, end = (near, door) if way == "to_facility" else (door, near)
    rows = [_approach(ways, walked[0], begin, out=True)]
    rows += [_leg(ways, part) for part in parts]
    rows.append(_approach(ways, walked[1], end, out=False))
    return Route(way, _table([row for row in rows if row["metres"] > 0], ways.crs))


def lines_to(
    ways: WalkingNetwork,
    places: Floats,
    half_diagonal_m: Floats,
    ends: tuple[Floats, Ints],
    walking: Walking,
    far: float,
) -> list[tuple[shapely.LineString, float] | None]:
    """Return the quickest way from each place to its site, as a line with its metres.

    Parameters
    ----------
    ways : WalkingNetwork
        The network.
    places : ndarray
        Shape (places, 2), metres.
    half_diagonal_m : ndarray
        The extra distance to the network that is allowed for each place.
    ends : tuple of ndarray
        The sites, shape (sites, 2), metres, and the site of each place.
    walking : Walking
        Walker and limits; the way is that to the site, unless only the way from it counts.
    far : float
        The time limit, seconds (inclusive).

    Returns
    -------
    list
        One for each place: None if no way takes at most that many seconds.
    """
    way: Heading = "from_facility" if walking.direction == "from_facility" else "to_facility"
    sites, site_of = ends
    near = attach(ways, places, walking.attach_limit_m + half_diagonal_m)
    doors = attach(ways, sites, np.full(len(sites), walking.attach_limit_m))
    found: list[tuple[shapely.LineString, float] | None] = [None] * len(places)
    for site in np.flatnonzero(doors.edge >= 0):
        door, rows = doors.take([int(site)]), np.flatnonzero(site_of == site)
        for row, parts in zip(rows, _all_parts(ways, near.take(rows), door, way, far), strict=True):
            if parts is None:
                continue
            out = parts if way == "to_facility" else [part.turned() for part in parts[::-1]]
            pieces = [shapely.get_coordinates(_line(ways, part)) for part in out]
            metres = sum(abs(part.end_m - part.start_m) for part in out)
            legs = float(near.leg_s[row] + door.leg_s[0]) * ways.speed
            line = shapely.LineString(np.concatenate([places[[row]], *pieces, sites[[site]]]))
            found[int(row)] = (line, metres + legs)
    return found


def _line(network: WalkingNetwork, part: _Part) -> Any:  # noqa: ANN401 - shapely has no types
    """Return the line of a piece of an edge."""
    line, ends = network.geometry[part.edge], (0.0, float(network.seconds.length_m[part.edge]))
    if (part.start_m, part.end_m) == ends:
        return line
    return line.reverse() if (part.end_m, part.start_m) == ends else substring(line, part.start_m, part.end_m)


def _single(
    ways: Surface | StraightLines, walked: tuple[Floats, Floats], seconds: float, walking: Walking
) -> gpd.GeoDataFrame:
    """Return a route of one leg, without details of the ground."""
    line = {"edge": -1, "seconds": seconds, "geometry": shapely.LineString(np.concatenate(walked))}
    if isinstance(ways, Surface):
        return _table([{**dict.fromkeys(LEG_COLUMNS, np.nan), **line, "kind": "open_ground"}], ways.grid.crs)
    metres = float(np.hypot(*(walked[1] - walked[0])[0])) * walking.detour
    known = {"kind": "straight_line", "metres": metres, "slope_seconds": seconds, "flat_seconds": seconds}
    return _table([{**dict.fromkeys(LEG_COLUMNS, 0.0), **line, **known}], None)


def _table(rows: list[dict[str, Any]], crs: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - the type that geopandas takes
    return gpd.GeoDataFrame(rows, columns=[*LEG_COLUMNS, "geometry"], geometry="geometry", crs=crs)


def _approach(network: WalkingNetwork, xy: Floats, joined: Attachment, *, out: bool) -> dict[str, Any]:
    """Return the leg between a point and the edge that it joins."""
    seconds = float(joined.leg_s[0])
    foot = network.geometry[joined.edge[0]].interpolate(float(joined.position_m[0]))
    ends = [tuple(xy[0]), (foot.x, foot.y)]
    return {
        "edge": -1,
        "kind": "approach",
        "metres": seconds * network.speed,
        "up_m": 0.0,
        "down_m": 0.0,
        **dict.fromkeys(("seconds", "slope_seconds", "flat_seconds"), seconds),
        "geometry": shapely.LineString(ends if out else ends[::-1]),
    }


def _leg(network: WalkingNetwork, part: _Part) -> dict[str, Any]:
    metres, kind = abs(part.end_m - part.start_m), str(network.kind[part.edge])
    flat, seconds = metres / network.speed, _seconds(network, part)
    rises = np.diff(_profile(network, part))
    return {
        "edge": part.edge,
        "kind": kind,
        "metres": metres,
        "up_m": float(rises.clip(min=0.0).sum()),
        "down_m": float((-rises).clip(min=0.0).sum()),
        "seconds": seconds,
        "slope_seconds": flat if kind.startswith(_OWN_PACE) else seconds,
        "flat_seconds": flat,
        "geometry": substring(network.geometry[part.edge], part.start_m, part.end_m),
    }


def _seconds(network: WalkingNetwork, part: _Part) -> float:
    ahead, back = network.seconds.at(np.full(2, part.edge), np.array([part.start_m, part.end_m]))
    begin, end = ahead if part.end_m >= part.start_m else back[::-1]
    # Shut that way.
    return np.inf if np.isinf(end) else float(end - begin)


def _profile(network: WalkingNetwork, part: _Part) -> Floats:
    """Return the elevations along a part at its ends and at every change of grade, metres above u."""
    times = network.seconds
    first, count = int(times.start[part.edge]), int(times.pieces[part.edge])
    known = np.linspace(0.0, float(times.length_m[part.edge]), count + 1)
    low, high = sorted((part.start_m, part.end_m))
    at = np.concatenate([[low], known[(known > low) & (known < high)], [high]])
    heights: Floats = np.interp(at, known, times.rise_m[first : first + count + 1])
    return heights if part.end_m >= part.start_m else heights[::-1]


def _parts(
    network: WalkingNetwork, place: Attachment, site: Attachment, way: Heading, far: float
) -> list[_Part] | None:
    """Return the pieces of edges of the quickest route, in walking order."""
    return next(_all_parts(network, place, site, way, far))


def _all_parts(
    network: WalkingNetwork, places: Attachment, site: Attachment, way: Heading, far: float
) -> Iterator[list[_Part] | None]:
    """Yield for each place the pieces of edges of its quickest route, in walking order."""
    per_second = ticks_per_second(far)
    graph = graph_of(network, site, places, "home" if way == "to_facility" else "away", per_second)
    count, door = network.nodes + len(places.edge), int(site.edge[0])
    found = reach(graph, asked(np.array([far]), per_second), nodes=count)
    ticks = np.full(count, _NEVER)
    ticks[found.node] = found.ticks
    at_door, seeds = float(site.position_m[0]), graph.seed_ticks.astype(np.int64)
    # Seeds are in the order u, v, then those places that joined the same edge.
    begins = {
        node: end for (node, end), mine in zip(_ends(network, door), seeds[:2], strict=True) if mine == ticks[node]
    }
    arcs, choose = _tight(graph.start, graph.arcs, ticks), _Choice(network, way, per_second)
    for row, leaf in enumerate(range(network.nodes, count)):
        if ticks[leaf] == _NEVER:
            yield None
            continue
        edge, at = int(places.edge[row]), float(places.position_m[row])
        if ((graph.seed_node[2:] == leaf) & (seeds[2:] == ticks[leaf])).any():
            path = [_Part(edge, at, at_door)]
        else:
            nodes = _followed(*arcs, leaf, begins)
            out = [_Part(edge, at, end) for node, end in _ends(network, edge) if node == nodes[1]]
            path = [choose.best(out, ticks[leaf] - ticks[nodes[1]], float(places.leg_s[row]))]
            path += [choose.best(choose.edges(a, b), ticks[a] - ticks[b], 0.0) for a, b in pairwise(nodes[1:])]
            path.append(_Part(door, begins[nodes[-1]], at_door))
        yield path if way == "to_facility" else [part.turned() for part in path[::-1]]


def _ends(network: WalkingNetwork, edge: int) -> tuple[tuple[int, float], tuple[int, float]]:
    """Return both nodes of an edge and their positions on it."""
    return (int(network.u[edge]), 0.0), (int(network.v[edge]), float(network.seconds.length_m[edge]))


def _tight(start: Ticks, arcs: Packed, ticks: Ints) -> tuple[Ints, Ints]:
    """Return tails and heads of the tight arcs, which quickest routes use, in the order of their heads."""
    tail = np.repeat(np.arange(len(start) - 1), np.diff(start))
    head, step = (arcs & LOW).astype(np.int64), (arcs >> HALF).astype(np.int64)
    on = (ticks[tail] < _NEVER) & (ticks[tail] + step == ticks[head])
    order = np.argsort(head[on], kind="stable")
    return tail[on][order], head[on][order]


def _followed(tail: Ints, head: Ints, leaf: int, begins: Mapping[int, float]) -> list[int]:
    """Return the nodes from the leaf back to a node where walks begin; arcs with time 0 may form cycles."""
    came, stack = {leaf: -1}, [leaf]
    node = leaf
    while node not in begins:
        node = stack.pop()
        low, high = np.searchsorted(head, node, side="left"), np.searchsorted(head, node, side="right")
        fresh = [int(each) for each in tail[low:high] if int(each) not in came]
        came |= dict.fromkeys(fresh, node)
        stack += fresh
    nodes = [node]
    while nodes[-1] != leaf:
        nodes.append(came[nodes[-1]])
    return nodes[::-1]


@dataclass(frozen=True)
class _Choice:
    """Finds the edge of an arc: the one with the time of the arc, the first if there are several."""

    network: WalkingNetwork
    way: Heading
    per_second: int

    def edges(self, one: int, other: int) -> list[_Part]:
        """Return the edges between two nodes, walked from the first to the second."""
        length = self.network.seconds.length_m
        ahead, back = self._between(one, other), self._between(other, one)
        parts = [_Part(int(edge), 0.0, float(length[edge])) for edge in ahead]
        parts += [_Part(int(edge), float(length[edge]), 0.0) for edge in back]
        return sorted(parts, key=lambda part: part.edge)

    @cached_property
    def _from(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.network.u, kind="stable")
        return order, self.network.u[order]

    def _between(self, u: int, v: int) -> Ints:
        """Return the edges from one node to another, ascending."""
        order, begins = self._from
        low, high = np.searchsorted(begins, u, side="left"), np.searchsorted(begins, u, side="right")
        edges = order[low:high]
        found: Ints = edges[self.network.v[edges] == v]
        return found

    def best(self, parts: list[_Part], step: int, leg_s: float) -> _Part:
        def off(part: _Part) -> float:
            walked = part if self.way == "to_facility" else part.turned()
            return abs((_seconds(self.network, walked) + leg_s) * self.per_second - step)

        return min(parts, key=off)
