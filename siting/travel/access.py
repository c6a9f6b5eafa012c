"""From sites to cells: who is within the cut-off of which site, and how far the nearest two are."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siting.domain.nouns import Access, Floats, Ints, Progress, Times, quiet
from siting.domain.scenario import Walking
from siting.domain.walkers import WALKERS
from siting.travel.circles import Shapes, round_circles, walked_circles
from siting.travel.kernel import TOLERANCE_S
from siting.travel.network import Attachment, WalkingNetwork, attach
from siting.travel.open_ground import Surface, crossed_circles, parts_of, stand, walk_surface
from siting.travel.straight import walk_straight
from siting.travel.walks import Limits, Reach, walk_between
from siting.units import SECONDS_PER_MINUTE

_STAGE = "walk"


@dataclass(frozen=True)
class _Walked:
    """What one mode of walking gives: times, which sites could set out, circles of those that count, reasons."""

    reach: Reach
    attached: NDArray[np.bool_]
    circled: Ints
    circles: Shapes
    reasons: NDArray[np.object_]


def walk_to(
    ways: WalkingNetwork | Surface | None,
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
    ways : WalkingNetwork, Surface or None
        A network, or open ground; None walks in straight lines × ``walking.detour``, labelled optimistic.
    sites : geopandas.GeoDataFrame
        Points in the working CRS, indexed by id.
    counting : ndarray of bool
        Sites that count for the circle: the nearest two are sought among them, to ``walking.max_minutes``.
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
        Times within the cut-off (inclusive, to a millisecond), the nearest two counting sites of each cell, circles of
        the counting sites.
    """
    progress(_STAGE, 0, 1)
    keep = np.full(len(sites), walking.minutes * SECONDS_PER_MINUTE) if cutoff_s is None else cutoff_s
    longest = np.where(counting, np.maximum(keep, walking.max_minutes * SECONDS_PER_MINUTE), keep)
    xy = shapely.get_coordinates(sites.geometry.to_numpy()).reshape(-1, 2)
    # Ties of the nearest break by place, then by id, whatever the order of the rows.
    rank = np.empty(len(sites), dtype=np.int64)
    rank[np.lexsort((sites.index.astype(str).to_numpy(), xy[:, 1], xy[:, 0]))] = np.arange(len(sites))
    limits = Limits(longest, keep, counting, rank)
    if ways is None:
        walked = _straight(xy, cells, walking, limits)
    elif isinstance(ways, Surface):
        walked = _over(ways, xy, cells, walking, limits)
    else:
        walked = _along(ways, xy, cells, walking, limits)
    ids = sites.index.to_numpy(dtype=object)
    table = pd.DataFrame({"seconds": walked.reach.nearest_s}, index=cells.index)
    table["nearest"] = _named(ids, walked.reach.nearest, cells.index)
    table["second_seconds"] = walked.reach.second_s
    table["second"] = _named(ids, walked.reach.second, cells.index)
    table["reason"] = walked.reasons
    progress(_STAGE, 1, 1)
    return Access(
        within=Times(sites.index, walked.reach.start, walked.reach.target, walked.reach.seconds),
        cells=table,
        circles=gpd.GeoDataFrame(geometry=walked.circles, index=sites.index[walked.circled], crs=sites.crs),
        unattached=sites.index[~walked.attached],
        notes=() if ways is None else ways.notes,
    )


def _straight(xy: Floats, cells: pd.DataFrame, walking: Walking, limits: Limits) -> _Walked:
    """Walk in straight lines × a detour factor."""
    pace = walking.detour / WALKERS[walking.walker].flat
    reach = walk_straight(xy, cells[["x", "y"]].to_numpy(dtype=np.float64), pace, limits)
    cutoff = walking.minutes * SECONDS_PER_MINUTE
    circled = np.flatnonzero(limits.counting)
    circles = round_circles(xy[circled], cutoff / pace)
    return _Walked(reach, np.ones(len(xy), dtype=bool), circled, circles, _reasons(reach.nearest_s, cutoff))


def _along(network: WalkingNetwork, xy: Floats, cells: pd.DataFrame, walking: Walking, limits: Limits) -> _Walked:
    """Walk over a network."""
    places = cells[["x", "y"]].to_numpy(dtype=np.float64)
    people = attach(network, places, walking.attach_limit_m + cells["half_diagonal_m"].to_numpy())
    doors = attach(network, xy, np.full(len(xy), walking.attach_limit_m))
    attached = doors.edge >= 0
    reach = walk_between(network, doors, people, walking.direction, limits)
    circled = np.flatnonzero(limits.counting & attached)
    circles = walked_circles(network, doors.take(circled), xy[circled], walking, places, reach.rows(circled))
    reasons = _reasons(reach.nearest_s, walking.minutes * SECONDS_PER_MINUTE)
    reasons[np.isinf(reach.nearest_s) & _cut_off(people, doors.take(circled))] = "cut_off"
    reasons[people.edge < 0] = "off_network"
    return _Walked(reach, attached, circled, circles, reasons)


def _over(surface: Surface, xy: Floats, cells: pd.DataFrame, walking: Walking, limits: Limits) -> _Walked:
    """Walk over open ground."""
    places = cells[["x", "y"]].to_numpy(dtype=np.float64)
    people = stand(surface, places, walking.attach_limit_m + cells["half_diagonal_m"].to_numpy())
    doors = stand(surface, xy, np.full(len(xy), walking.attach_limit_m))
    attached = doors.row >= 0
    reach = walk_surface(surface, doors, people, walking.direction, limits)
    circled = np.flatnonzero(limits.counting & attached)
    circles = crossed_circles(surface, doors.take(circled), xy[circled], walking, places, reach.rows(circled))
    reasons = _reasons(reach.nearest_s, walking.minutes * SECONDS_PER_MINUTE)
    cut_off = ~np.isin(parts_of(surface, people), parts_of(surface, doors.take(circled)))
    reasons[np.isinf(reach.nearest_s) & cut_off] = "cut_off"
    reasons[people.row < 0] = "off_network"
    return _Walked(reach, attached, circled, circles, reasons)


def _cut_off(people: Attachment, doors: Attachment) -> NDArray[np.bool_]:
    """Tell who joined a component on which no site stands that counts."""
    return ~np.isin(people.component, doors.component)


def _reasons(seconds: Floats, cutoff: float) -> NDArray[np.object_]:
    """Say of every cell why it is not covered."""
    reasons = np.full(len(seconds), "beyond_circle", dtype=object)
    reasons[np.isinf(seconds)] = "beyond_max_minutes"
    reasons[seconds <= cutoff + TOLERANCE_S] = "covered"
    return reasons


def _named(ids: NDArray[np.object_], rows: Ints, index: pd.Index) -> pd.Series:
    named = [*ids, None]
    return pd.Series([named[row] for row in rows], index=index, dtype="object")
