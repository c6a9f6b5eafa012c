"""Walks split into parts of the area, each with its context, and joined again: the same walks as undivided.

A part has its own cells and sites. Its context are all sites, cells and ways from which a walk may come or to which one
may lead. Networks are cut after they are prepared: which components are left out, elevations and seconds are those of
the whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import NDArray

from siting.domain.nouns import Bools, Floats, Grid, Ints
from siting.domain.scenario import Walking
from siting.travel.access import Walked, reach_s, served_components, walk
from siting.travel.circles import SLACK_S
from siting.travel.cutting import cut, touching, ways_in
from siting.travel.network import WalkingNetwork
from siting.travel.open_ground import Surface
from siting.travel.straight import StraightLines
from siting.travel.walks import Reach
from siting.travel.ways import Prepared, ways_of
from siting.units import SECONDS_PER_MINUTE

# Added to every distance, metres: rounding must not leave anything out.
_MARGIN_M: Final = 10.0
# Cells of a surface around a part that only serve as its border.
_RIM: Final = 4


@dataclass(frozen=True)
class PartRows:
    """The sites and cells of a part and its context, by their rows in the whole, ascending.

    ``own_site`` and ``own_cell`` tell which of them belong to the part; the others are context.
    """

    site: Ints
    own_site: Bools
    cell: Ints
    own_cell: Bools


@dataclass(frozen=True)
class WalkPart:
    """All that the walks of one part depend on: its sites and cells, and those of its context.

    Parameters
    ----------
    ways : WalkingNetwork, Surface or StraightLines
        What people walk on, as far as the part needs it.
    rows : PartRows
        Its sites and cells.
    xy : ndarray
        Shape (sites, 2), metres.
    ids : ndarray of str
        The ids of the sites.
    counting, drawn : ndarray of bool
        Sites among which the nearest is sought, and sites whose circles are drawn.
    cutoff_s : ndarray
        The cut-off of each site, seconds.
    places : ndarray
        Shape (cells, 3): ``x``, ``y`` and ``half_diagonal_m``, metres.
    walking : str
        The settings of walking, JSON.
    scale_s : float
        The longest walk of the whole, seconds: it decides how finely seconds are divided.
    served : ndarray of int
        The connected components that have a counting site, anywhere in the whole.
    """

    ways: Prepared
    rows: PartRows
    xy: Floats
    ids: NDArray[np.object_]
    counting: Bools
    drawn: Bools
    cutoff_s: Floats
    places: Floats
    walking: str
    scale_s: float
    served: Ints


def split_walks(
    ways: Prepared,
    sites: gpd.GeoDataFrame,
    counting: Bools,
    cells: pd.DataFrame,
    walking: Walking,
    parts: tuple[Ints, Ints],
    *,
    cutoff_s: Floats | None = None,
    circles: bool = True,
    scale_s: float = 0.0,
) -> Iterator[tuple[int, WalkPart]]:
    """Yield each part that has sites or cells, with all that its walks depend on.

    Parameters
    ----------
    ways, sites, counting, cells, walking, cutoff_s, circles, scale_s
        As for :func:`siting.travel.access.walk`.
    parts : tuple of ndarray of int
        The part of each site, and of each cell.

    Yields
    ------
    part : int
        The part.
    walks : WalkPart
        Its context reaches as far as the longest walk from a site of the whole, and as far as the circles of its own
        sites.
    """
    part_of_site, part_of_cell = parts
    xy = shapely.get_coordinates(sites.geometry.to_numpy()).reshape(-1, 2)
    ids = sites.index.astype(str).to_numpy(dtype=object)
    places = cells[["x", "y", "half_diagonal_m"]].to_numpy(dtype=np.float64)
    keep, longest = reach_s(counting, walking, cutoff_s)
    longest_s = float(longest.max(initial=0.0))
    drawn_s = walking.minutes * SECONDS_PER_MINUTE + SLACK_S if circles and counting.any() else 0.0
    speed = ways_of(ways, walking).fastest
    joins_m = 2 * walking.attach_limit_m + float(places[:, 2].max(initial=0.0)) + _MARGIN_M
    # Of the mean of both ways, one may take up to twice as long.
    there = 2.0 if walking.direction == "both_ways" else 1.0
    far, circle = there * max(longest_s, drawn_s) * speed + joins_m, there * drawn_s * speed + joins_m
    served = served_components(ways, xy[counting], walking)
    whole = _Whole(ways)
    for part in np.union1d(part_of_site, part_of_cell).tolist():
        own_site, own_cell = part_of_site == part, part_of_cell == part
        box = _box(np.concatenate([xy[own_site], places[own_cell, :2]]))
        near_site = own_site | _in(xy, _wider(_box(places[own_cell, :2]), far))
        context = _in(places[:, :2], _wider(_box(xy[own_site & counting]), circle)) if drawn_s else own_cell
        near_cell = own_cell | context
        site, cell = np.flatnonzero(near_site), np.flatnonzero(near_cell)
        yield (
            int(part),
            WalkPart(
                ways=whole.cut_to(_wider(box, far)),
                rows=PartRows(site, own_site[site], cell, own_cell[cell]),
                xy=xy[site],
                ids=ids[site],
                counting=counting[site],
                drawn=(own_site & counting)[site] & circles,
                cutoff_s=keep[site],
                places=places[cell],
                walking=walking.model_dump_json(),
                scale_s=max(longest_s, scale_s),
                served=served,
            ),
        )


def walk_part(part: WalkPart) -> Walked:
    """Compute the walks of one part, by the rows of its sites and cells."""
    sites = gpd.GeoDataFrame(geometry=shapely.points(part.xy), index=pd.Index(part.ids, dtype="object"))
    cells = pd.DataFrame(part.places, columns=["x", "y", "half_diagonal_m"])
    return walk(
        part.ways,
        sites,
        part.counting,
        cells,
        Walking.model_validate_json(part.walking),
        cutoff_s=part.cutoff_s,
        circles=part.drawn,
        scale_s=part.scale_s,
        served=part.served,
    )


def join_walks(ways: Prepared, sites: int, cells: int, parts: Iterable[tuple[PartRows, Walked]]) -> Walked:
    """Join the walks of all parts: every cell has those of its own part, every site the circle of its own part."""
    nearest, second = np.full(cells, -1, dtype=np.int64), np.full(cells, -1, dtype=np.int64)
    nearest_s, second_s = np.full(cells, np.inf), np.full(cells, np.inf)
    reasons, attached = np.empty(cells, dtype=object), np.zeros(sites, dtype=np.bool_)
    beside = np.zeros(cells, dtype=np.bool_)
    pairs: list[tuple[Ints, Ints, Floats]] = []
    circled: list[Ints] = []
    circles: list[NDArray[np.object_]] = []
    for part, found in parts:
        cell, own = part.cell[part.own_cell], part.own_cell
        reach = found.reach
        for whole, local in ((nearest, reach.nearest), (second, reach.second)):
            # No site (-1) is the last of the rows.
            whole[cell] = np.append(part.site, -1)[local[own]]
        nearest_s[cell], second_s[cell] = reach.nearest_s[own], reach.second_s[own]
        reasons[cell] = found.reasons[own]
        if found.beside_scraps is not None:
            beside[cell] = found.beside_scraps[own]
        attached[part.site[part.own_site]] = found.attached[part.own_site]
        kept = own[reach.target]
        row = np.repeat(part.site, np.diff(reach.start))[kept]
        pairs.append((row, part.cell[reach.target[kept]], reach.seconds[kept]))
        circled.append(part.site[found.circled])
        circles.append(found.circles)
    nothing = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    site, target, seconds = (np.concatenate(each) for each in zip(nothing, *pairs, strict=True))
    order = np.lexsort((target, site))
    start = np.concatenate([[0], np.cumsum(np.bincount(site, minlength=sites))]).astype(np.int64)
    reach = Reach(start, target[order], seconds[order], nearest, nearest_s, second, second_s)
    drawn = np.concatenate([np.zeros(0, dtype=np.int64), *circled])
    turn = np.argsort(drawn, kind="stable")
    shapes = np.concatenate([np.zeros(0, dtype=object), *circles])[turn]
    scraps = beside if isinstance(ways, WalkingNetwork) else None
    notes = () if isinstance(ways, StraightLines) else ways.notes
    return Walked(reach, attached, drawn[turn], shapes, reasons, notes, scraps)


class _Whole:
    """What people walk on, of which boxes are cut out."""

    def __init__(self, ways: Prepared) -> None:
        self.ways = ways
        if isinstance(ways, WalkingNetwork):
            self.scraps = shapely.bounds(ways.scraps)

    def cut_to(self, box: Floats) -> Prepared:
        """Return what lies in a box or touches it."""
        if isinstance(self.ways, WalkingNetwork):
            return cut(self.ways, ways_in(self.ways, box), touching(self.scraps, box))
        return _part_of_surface(self.ways, box) if isinstance(self.ways, Surface) else self.ways


def _part_of_surface(surface: Surface, box: Floats) -> Surface:
    """Return the cells of a surface within a box; the numbers of its connected areas stay."""
    move, (rows, columns) = surface.grid.transform, surface.grid.shape
    west, south, east, north = box
    left, right = np.clip(
        [np.floor((west - move.c) / move.a) - _RIM, np.ceil((east - move.c) / move.a) + _RIM], 0, columns
    ).astype(int).tolist()  # fmt: skip
    top, bottom = np.clip(
        [np.floor((north - move.f) / move.e) - _RIM, np.ceil((south - move.f) / move.e) + _RIM], 0, rows
    ).astype(int).tolist()  # fmt: skip
    here = (slice(top, bottom), slice(left, right))
    ground = surface.ground
    height = ground.height[here] if ground.height.size else ground.height
    moved = Affine(move.a, move.b, move.c + left * move.a, move.d, move.e, move.f + top * move.e)
    return replace(
        surface,
        ground=ground._replace(pace=np.ascontiguousarray(ground.pace[here]), height=np.ascontiguousarray(height)),
        grid=Grid(moved, (bottom - top, right - left), surface.grid.crs),
        part=np.ascontiguousarray(surface.part[here]),
        notes=(),
    )


def _box(xy: Floats) -> Floats:
    """Return the bounds of points; of none an empty box."""
    if not len(xy):
        return np.array([np.inf, np.inf, -np.inf, -np.inf])
    return np.concatenate([xy.min(axis=0), xy.max(axis=0)])


def _wider(box: Floats, by_m: float) -> Floats:
    return np.asarray(box + np.array([-by_m, -by_m, by_m, by_m]))


def _in(xy: Floats, box: Floats) -> Bools:
    return np.asarray(((xy >= box[:2]) & (xy <= box[2:])).all(axis=1))
