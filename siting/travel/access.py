"""From sites to cells: who is within the cut-off of which site, and how far the nearest is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from siting.domain.nouns import Access, Floats, Ints, Note, Progress, Times, quiet
from siting.domain.scenario import Direction, Walking
from siting.domain.walkers import WALKERS
from siting.travel.network import Attachment, WalkingNetwork, attach, graph, line_pieces
from siting.units import SECONDS_PER_MINUTE

# Sites walked at a time: the dense rows of this many fit well into memory.
_CHUNK: Final = 32
# Sums of float seconds; a microsecond is no distance on foot.
TOLERANCE_S: Final = 1e-6
# Circles are drawn from pieces of street this long, widened by what is left of the time, up to this many metres.
_PIECE_M: Final = 60.0
_WIDEST_M: Final = 90.0


@dataclass(frozen=True)
class _Reach:
    """One site's row: cells reached within the longest limit asked, and seconds."""

    cell: Ints
    seconds: Floats


def walk_to(
    network: WalkingNetwork | None,
    sites: gpd.GeoDataFrame,
    counting: NDArray[np.bool_],
    cells: pd.DataFrame,
    walking: Walking,
    *,
    cutoff_s: NDArray[np.float64] | None = None,
    progress: Progress = quiet,
) -> Access:
    """Walk between sites and cells.

    Parameters
    ----------
    network : WalkingNetwork or None
        None walks in straight lines × ``walking.detour``, labelled optimistic.
    sites : geopandas.GeoDataFrame
        Points in the working CRS, indexed by id.
    counting : ndarray of bool
        Sites that count for the circle: the nearest is sought among them, to ``walking.max_minutes``.
    cells : pandas.DataFrame
        ``x``, ``y``, ``half_diagonal_m`` of the demand cells, metres.
    walking : Walking
        Walker, cut-off, direction, limits.
    cutoff_s : ndarray, optional
        A cut-off of its own for each site; ``walking.minutes`` if absent.
    progress : callable
        Told ``("walk", done, total)``.

    Returns
    -------
    Access
        Times within the cut-off (inclusive), the nearest counting site of each cell, circles of the counting sites.
    """
    speeds = WALKERS[walking.walker]
    cut_off = np.full(len(sites), walking.minutes * SECONDS_PER_MINUTE) if cutoff_s is None else cutoff_s
    longest = np.where(counting, np.maximum(cut_off, walking.max_minutes * SECONDS_PER_MINUTE), cut_off)
    xy = shapely.get_coordinates(sites.geometry.to_numpy())
    if network is None:
        pace = walking.detour / speeds.flat
        ways: _Ways = _Straight(xy, cells[["x", "y"]].to_numpy(), pace)
    else:
        ways = _Walked.between(network, xy, cells, walking)
    seconds, nearest = np.full(len(cells), np.inf), np.full(len(cells), -1)
    rows: dict[int, _Reach] = {}
    circles = {}
    # Ties of the nearest break by place, then by id, whatever the order of the rows; counting sites walk farther,
    # so they go together.
    order = np.lexsort((sites.index.astype(str).to_numpy(), xy[:, 1], xy[:, 0], ~counting))
    for done, (site, to_cells, circle) in enumerate(ways.walk(order, longest, walking.minutes, counting)):
        reached = to_cells <= cut_off[site] + TOLERANCE_S
        rows[site] = _Reach(np.flatnonzero(reached), to_cells[reached])
        if counting[site]:
            closer = to_cells < seconds - TOLERANCE_S
            seconds[closer], nearest[closer] = to_cells[closer], site
            if circle is not None:
                circles[site] = circle
        progress("walk", done + 1, len(sites))
    unattached = sites.index[~ways.attached]
    table = pd.DataFrame({"seconds": seconds}, index=cells.index)
    ids = sites.index.to_numpy(dtype=object)
    found = np.where(nearest >= 0, ids[nearest], None) if len(ids) else np.full(len(cells), None)
    table["nearest"] = pd.Series(found, index=cells.index, dtype="object")
    table["reason"] = ways.reasons(seconds, walking.minutes * SECONDS_PER_MINUTE, counting)
    return Access(
        within=_times(sites.index, rows),
        cells=table,
        circles=_circles(circles, sites),
        unattached=unattached,
        notes=ways.notes,
    )


class _Ways:
    """How cells are reached; one subclass a mode."""

    attached: NDArray[np.bool_]
    notes: tuple[Note, ...] = ()

    def walk(
        self, order: Ints, longest: Floats, minutes: float, circled: NDArray[np.bool_]
    ) -> Iterator[tuple[int, Floats, shapely.Geometry | None]]:
        """Yield each site, the seconds to every cell (inf beyond the limit) and its circle."""
        raise NotImplementedError

    def reasons(self, seconds: Floats, cutoff: float, counting: NDArray[np.bool_]) -> NDArray[np.object_]:  # noqa: ARG002
        """Say of every cell why it is not covered."""
        reasons = np.full(len(seconds), "beyond_circle", dtype=object)
        reasons[np.isinf(seconds)] = "beyond_max_minutes"
        reasons[seconds <= cutoff + TOLERANCE_S] = "covered"
        return reasons


class _Straight(_Ways):
    """Straight lines × a detour factor."""

    def __init__(self, xy: Floats, cells: Floats, pace: float) -> None:
        self.xy, self.cells, self.pace = xy, cells, pace
        self.attached = np.ones(len(xy), dtype=bool)

    def walk(
        self, order: Ints, longest: Floats, minutes: float, circled: NDArray[np.bool_]
    ) -> Iterator[tuple[int, Floats, shapely.Geometry | None]]:
        for site in order:
            seconds = np.hypot(*(self.cells - self.xy[site]).T) * self.pace
            seconds[seconds > longest[site] + TOLERANCE_S] = np.inf
            radius = minutes * SECONDS_PER_MINUTE / self.pace
            yield int(site), seconds, shapely.Point(self.xy[site]).buffer(radius) if circled[site] else None


class _Walked(_Ways):
    """Walks over a network."""

    def __init__(
        self, network: WalkingNetwork, sites: Attachment, cells: Attachment, xy: Floats, direction: Direction
    ) -> None:
        self.network, self.sites, self.cells, self.xy, self.direction = network, sites, cells, xy, direction
        self.attached = sites.edge >= 0
        self.notes = network.notes
        self.pieces = line_pieces(network.geometry, _PIECE_M)

    @classmethod
    def between(cls, network: WalkingNetwork, xy: Floats, cells: pd.DataFrame, walking: Walking) -> "_Walked":
        """Attach sites and cells."""
        people_limit = walking.attach_limit_m + cells["half_diagonal_m"].to_numpy()
        people = attach(network, cells[["x", "y"]].to_numpy(), people_limit)
        sites = attach(network, xy, np.full(len(xy), walking.attach_limit_m))
        return cls(network, sites, people, xy, walking.direction)

    def walk(
        self, order: Ints, longest: Floats, minutes: float, circled: NDArray[np.bool_]
    ) -> Iterator[tuple[int, Floats, shapely.Geometry | None]]:
        pieces = Attachment(
            self.pieces["edge"].to_numpy(),
            self.pieces["middle_m"].to_numpy(),
            np.zeros(len(self.pieces)),
            np.zeros(len(self.pieces), dtype=np.int64),
        )
        joined = order[self.attached[order]]
        for chunk in np.array_split(joined, max(1, -(-len(joined) // _CHUNK))):
            doors = self.sites.take(chunk)
            # A mean within the limit may have one way of up to twice as long.
            limit = float(longest[chunk].max(initial=0.0)) * (2.0 if self.direction == "both_ways" else 1.0)
            nodes = [self._node_seconds(doors, limit, outward=outward) for outward in (True, False)]
            for row, site in enumerate(chunk):
                here = self.sites.take([site])
                away, back = nodes[0][row], nodes[1][row]
                seconds = self._to(here, self.cells, away, back) + self.cells.leg_s
                seconds[seconds > longest[site] + TOLERANCE_S] = np.inf
                circle = None
                if circled[site]:
                    left = minutes * SECONDS_PER_MINUTE - self._to(here, pieces, away, back)
                    circle = self._circle(self.xy[site], left)
                yield int(site), seconds, circle
        for site in order[~self.attached[order]]:
            yield int(site), np.full(len(self.cells.edge), np.inf), None

    def reasons(self, seconds: Floats, cutoff: float, counting: NDArray[np.bool_]) -> NDArray[np.object_]:
        reasons = super().reasons(seconds, cutoff, counting)
        served = np.unique(self.sites.component[counting & self.attached])
        cut_off = np.isinf(seconds) & ~np.isin(self.cells.component, served)
        reasons[cut_off] = "cut_off"
        reasons[self.cells.edge < 0] = "off_network"
        return reasons

    def _node_seconds(self, doors: Attachment, limit: float, *, outward: bool) -> Floats:
        arcs = graph(self.network, doors, outward=outward)
        starts = self.network.nodes + np.arange(len(doors.edge))
        seconds: Floats = dijkstra(arcs, directed=True, indices=starts, limit=limit + TOLERANCE_S)
        return seconds[:, : self.network.nodes]

    def _to(self, site: Attachment, targets: Attachment, away: Floats, back: Floats) -> Floats:
        """Return the seconds between a site and the targets' places on their edges, by the direction asked."""
        measure, edge = self.network.seconds, targets.edge
        ahead, home = measure.at(edge, targets.position_m)
        whole_ahead, whole_home = (total[edge] for total in measure.totals)
        u, v = self.network.u[edge], self.network.v[edge]
        outward = np.minimum(away[u] + ahead, away[v] + whole_home - home)
        inward = np.minimum(back[u] + home, back[v] + whole_ahead - ahead)
        same = np.flatnonzero(edge == site.edge[0])
        if len(same):
            # Two points of one edge walk along it: forwards on the one cumulative clock, backwards on the other.
            site_ahead, site_home = measure.at(site.edge, site.position_m)
            d_ahead, d_home = ahead[same] - site_ahead, home[same] - site_home
            outward[same] = np.minimum(outward[same], np.where(d_ahead >= 0, d_ahead, -d_home) + site.leg_s)
            inward[same] = np.minimum(inward[same], np.where(d_ahead >= 0, d_home, -d_ahead) + site.leg_s)
        seconds = _combine(outward, inward, self.direction)
        seconds[edge < 0] = np.inf
        return seconds

    def _circle(self, xy: Floats, left_s: Floats) -> shapely.Geometry:
        within = left_s >= 0
        width = np.clip(left_s[within] * self.network.speed, 8.0, _WIDEST_M)
        shapes = shapely.buffer(self.pieces.geometry.to_numpy()[within], width, quad_segs=3)
        whole = shapely.union_all([*shapes, shapely.Point(xy).buffer(_WIDEST_M)])
        # Closing fills the slits between neighbouring streets.
        return whole.buffer(30, quad_segs=3).buffer(-30, quad_segs=3).simplify(5)


def _combine(outward: Floats, inward: Floats, direction: Direction) -> Floats:
    if direction == "from_facility":
        return outward
    if direction == "to_facility":
        return inward
    return np.maximum(outward, inward) if direction == "slower" else (outward + inward) / 2


def _times(ids: pd.Index, rows: dict[int, _Reach]) -> Times:
    reaches = [rows[i] for i in range(len(ids))]
    start = np.concatenate([[0], np.cumsum([len(reach.cell) for reach in reaches])]).astype(np.int64)
    return Times(
        site_ids=ids,
        start=start,
        cell=np.concatenate([reach.cell for reach in reaches] or [np.zeros(0, dtype=np.int64)]),
        seconds=np.concatenate([reach.seconds for reach in reaches] or [np.zeros(0)]),
    )


def _circles(circles: dict[int, shapely.Geometry], sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    rows = sorted(circles)
    return gpd.GeoDataFrame(geometry=[circles[row] for row in rows], index=sites.index[rows], crs=sites.crs)
