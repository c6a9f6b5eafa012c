"""From sites to cells: which cells are within the cut-off of which site, and the two nearest sites of each cell."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siting.domain.nouns import Access, Bools, Floats, Ints, Note, Progress, Times, quiet
from siting.domain.scenario import Walking
from siting.domain.walkers import WALKERS
from siting.travel.circles import Shapes
from siting.travel.kernel import TOLERANCE_S
from siting.travel.straight import StraightLines
from siting.travel.walks import Limits, Reach
from siting.travel.ways import Prepared, Ways, ways_of
from siting.units import SECONDS_PER_MINUTE

_STAGE = "walk"


@dataclass(frozen=True)
class Walked:
    """The result of the walks, by row numbers of sites and cells.

    Times; which sites are attached; the rows of sites that have a circle, and their circles; why cells are not covered;
    notes on the network or surface; and which cells that are not attached lie beside a part of the network that was
    left out as too short.
    """

    reach: Reach
    attached: NDArray[np.bool_]
    circled: Ints
    circles: Shapes
    reasons: NDArray[np.object_]
    notes: tuple[Note, ...] = ()
    beside_scraps: NDArray[np.bool_] | None = None

    def access(self, sites: gpd.GeoDataFrame, cells: pd.DataFrame) -> Access:
        """Return the result by the ids of the sites and the numbers of the cells."""
        ids = sites.index.to_numpy(dtype=object)
        table = pd.DataFrame({"seconds": self.reach.nearest_s}, index=cells.index)
        table["nearest"] = _named(ids, self.reach.nearest, cells.index)
        table["second_seconds"] = self.reach.second_s
        table["second"] = _named(ids, self.reach.second, cells.index)
        table["reason"] = self.reasons
        table["beside_scraps"] = False if self.beside_scraps is None else self.beside_scraps
        return Access(
            within=Times(sites.index, self.reach.start, self.reach.target, self.reach.seconds),
            cells=table,
            circles=gpd.GeoDataFrame(geometry=self.circles, index=sites.index[self.circled], crs=sites.crs),
            unattached=sites.index[~self.attached],
            notes=self.notes,
        )


def walk_to(
    ways: Prepared | None,
    sites: gpd.GeoDataFrame,
    counting: NDArray[np.bool_],
    cells: pd.DataFrame,
    walking: Walking,
    *,
    cutoff_s: NDArray[np.float64] | None = None,
    circles: bool = True,
    progress: Progress = quiet,
) -> Access:
    """Compute the walks between sites and cells.

    Parameters
    ----------
    ways : WalkingNetwork, Surface, StraightLines or None
        A network, or open ground; straight lines are walked × ``walking.detour``, labelled optimistic. None: straight
        lines at the speed of the built-in walker that ``walking`` names.
    sites : geopandas.GeoDataFrame
        Points in the working CRS, indexed by id.
    counting : ndarray of bool
        Sites that count for the circle: the two nearest of each cell are sought among them, up to
        ``walking.max_minutes``.
    cells : pandas.DataFrame
        ``x``, ``y``, ``half_diagonal_m`` of the demand cells, metres.
    walking : Walking
        Walker, cut-off, direction, limits.
    cutoff_s : ndarray, optional
        A separate cut-off for each site; ``walking.minutes`` if absent.
    circles : bool
        Draw the circles, which takes longer than all walks; otherwise there are none.
    progress : callable
        Called as ``("walk", done, total)``.

    Returns
    -------
    Access
        Times within the cut-off (inclusive, to a millisecond), the two nearest counting sites of each cell, circles of
        the counting sites.
    """
    progress(_STAGE, 0, 1)
    walked = walk(ways, sites, counting, cells, walking, cutoff_s=cutoff_s, circles=circles)
    progress(_STAGE, 1, 1)
    return walked.access(sites, cells)


def walk(
    ways: Prepared | None,
    sites: gpd.GeoDataFrame,
    counting: NDArray[np.bool_],
    cells: pd.DataFrame,
    walking: Walking,
    *,
    cutoff_s: NDArray[np.float64] | None = None,
    circles: bool | Bools = True,
    scale_s: float = 0.0,
    served: Ints | None = None,
) -> Walked:
    """Compute the walks between sites and cells as :func:`walk_to` does, and return row numbers instead of ids.

    Walks of a part of an area take from the whole: ``circles``, the sites whose circles are drawn; ``scale_s``, the
    longest walk, seconds; ``served``, what :func:`served_components` returns.
    """
    xy = shapely.get_coordinates(sites.geometry.to_numpy()).reshape(-1, 2)
    keep, longest = reach_s(counting, walking, cutoff_s)
    limits, drawn = Limits(longest, keep, counting, rank_of(sites), scale_s), counting & circles
    prepared = StraightLines(WALKERS[walking.walker].flat) if ways is None else ways
    return _walked(ways_of(prepared, walking), xy, cells, walking, limits, drawn, served)


def rank_of(sites: gpd.GeoDataFrame) -> Ints:
    """Return the rank of each site, by which ties are broken: by place, then by id, whatever the order of the rows."""
    xy = shapely.get_coordinates(sites.geometry.to_numpy()).reshape(-1, 2)
    rank = np.empty(len(sites), dtype=np.int64)
    rank[np.lexsort((sites.index.astype(str).to_numpy(), xy[:, 1], xy[:, 0]))] = np.arange(len(sites))
    return rank


def served_components(ways: Prepared, xy: Floats, walking: Walking) -> Ints:
    """Return the connected components of a network or surface that points join; 0 for straight lines."""
    walks = ways_of(ways, walking)
    found = walks.component(walks.join(xy, np.full(len(xy), walking.attach_limit_m)))
    return np.unique(found[found >= 0])


def reach_s(counting: NDArray[np.bool_], walking: Walking, cutoff_s: Floats | None) -> tuple[Floats, Floats]:
    """Return how far each site walks, in seconds: the cut-off, and the overall limit."""
    keep = np.full(len(counting), walking.minutes * SECONDS_PER_MINUTE) if cutoff_s is None else cutoff_s
    return keep, np.where(counting, np.maximum(keep, walking.max_minutes * SECONDS_PER_MINUTE), keep)


def _walked(
    ways: Ways[Any],
    xy: Floats,
    cells: pd.DataFrame,
    walking: Walking,
    limits: Limits,
    drawn: Bools,
    served: Ints | None,
) -> Walked:
    """Compute the walks of any kind."""
    places = cells[["x", "y"]].to_numpy(dtype=np.float64)
    limit_m = walking.attach_limit_m + cells["half_diagonal_m"].to_numpy()
    people, doors = ways.join(places, limit_m), ways.join(xy, np.full(len(xy), walking.attach_limit_m))
    home, component = ways.component(people), ways.component(doors)
    attached, alone = component >= 0, home < 0
    reach = ways.reach(doors, people, walking.direction, limits)
    circled = np.flatnonzero(drawn & attached)
    circles = ways.circles(doors, circled, xy, walking, places, reach)
    reasons = reasons_of(reach.nearest_s, walking.minutes * SECONDS_PER_MINUTE)
    if ways.has_components:
        served = component[limits.counting & attached] if served is None else served
        reasons[np.isinf(reach.nearest_s) & ~np.isin(home, served)] = "cut_off"
        reasons[alone] = "off_network"
    scraps, beside = ways.beside_scraps(places[alone], limit_m[alone]), None
    if scraps is not None:
        beside = np.zeros(len(alone), dtype=bool)
        beside[alone] = scraps
    return Walked(reach, attached, circled, circles, reasons, ways.notes, beside)


def reasons_of(seconds: Floats, cutoff: float) -> NDArray[np.object_]:
    """Return for every cell why it is not covered."""
    reasons = np.full(len(seconds), "beyond_circle", dtype=object)
    reasons[np.isinf(seconds)] = "beyond_max_minutes"
    reasons[seconds <= cutoff + TOLERANCE_S] = "covered"
    return reasons


def _named(ids: NDArray[np.object_], rows: Ints, index: pd.Index) -> pd.Series:
    named = [*ids, None]
    return pd.Series([named[row] for row in rows], index=index, dtype="object")
