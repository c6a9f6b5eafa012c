"""Walks of more sites added to walks that are known: the same result as all of them walked together."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siting.domain.nouns import Bools, Floats, Ints
from siting.domain.scenario import Walking
from siting.travel.access import Walked, rank_of, reach_s, reasons_of
from siting.travel.walks import Reach
from siting.units import SECONDS_PER_MINUTE


@dataclass(frozen=True)
class Known:
    """Walks that are known, with all that they were asked for."""

    ids: NDArray[np.object_]
    xy: Floats
    counting: Bools
    cutoff_s: Floats
    circles: bool
    places: Floats
    walking: str
    walked: Walked

    @classmethod
    def of(
        cls,
        walked: Walked,
        sites: gpd.GeoDataFrame,
        counting: Bools,
        cells: pd.DataFrame,
        walking: Walking,
        cutoff_s: Floats | None,
        *,
        circles: bool,
    ) -> "Known":
        """Return a walk together with its request."""
        ids, xy, asked, keep, places, settings = _asked(sites, counting, cells, walking, cutoff_s)
        return cls(ids, xy, asked, keep, circles, places, settings, walked)

    def rows_in(
        self,
        sites: gpd.GeoDataFrame,
        counting: Bools,
        cells: pd.DataFrame,
        walking: Walking,
        cutoff_s: Floats | None,
        *,
        circles: bool,
    ) -> Ints | None:
        """Return where the known sites are among others, if these ask the same of them; None otherwise.

        All people must be the same, and no new site may walk longer than the known ones: it would divide seconds
        otherwise.
        """
        ids, xy, asked, keep, places, settings = _asked(sites, counting, cells, walking, cutoff_s)
        if circles != self.circles or settings != self.walking or not np.array_equal(places, self.places):
            return None
        rows = pd.Index(ids).get_indexer(pd.Index(self.ids)) if pd.Index(ids).is_unique else np.full(1, -1)
        if not len(rows) or (rows < 0).any():
            return None
        same = (
            np.array_equal(xy[rows], self.xy)
            and np.array_equal(asked[rows], self.counting)
            and np.array_equal(keep[rows], self.cutoff_s)
        )
        longest = [reach_s(who, walking, cut)[1].max() for who, cut in ((self.counting, self.cutoff_s), (asked, keep))]
        return rows.astype(np.int64) if same and longest[0] == longest[1] else None


def _asked(
    sites: gpd.GeoDataFrame, counting: Bools, cells: pd.DataFrame, walking: Walking, cutoff_s: Floats | None
) -> tuple[NDArray[np.object_], Floats, Bools, Floats, Floats, str]:
    xy = shapely.get_coordinates(sites.geometry.to_numpy()).reshape(-1, 2)
    keep = reach_s(counting, walking, cutoff_s)[0]
    places = cells[["x", "y", "half_diagonal_m"]].to_numpy(dtype=np.float64)
    return sites.index.astype(str).to_numpy(dtype=object), xy, counting, keep, places, walking.model_dump_json()


def added(known: Walked, more: Walked, rows: Ints, sites: gpd.GeoDataFrame, walking: Walking) -> Walked:
    """Return the walks of all sites, of which ``rows`` are known and the others are ``more``.

    Parameters
    ----------
    known, more : Walked
        Walks to the same cells, with seconds divided in the same way.
    rows : ndarray of int
        The rows of the known sites among ``sites``.
    sites : geopandas.GeoDataFrame
        All sites.
    walking : Walking
        Settings of both.
    """
    others = np.setdiff1d(np.arange(len(sites)), rows)
    rank = rank_of(sites)
    nearest, second = _two_nearest(known.reach, more.reach, rows, others, rank)
    start, target, seconds = _joined_rows(known.reach, more.reach, rows, others)
    reach = Reach(start, target, seconds, *nearest, *second)
    attached = np.empty(len(sites), dtype=np.bool_)
    attached[rows], attached[others] = known.attached, more.attached
    drawn = np.concatenate([rows[known.circled], others[more.circled]])
    order = np.argsort(drawn, kind="stable")
    reasons = reasons_of(reach.nearest_s, walking.minutes * SECONDS_PER_MINUTE)
    never = np.isinf(reach.nearest_s)
    reasons[never & (known.reasons == "cut_off") & (more.reasons == "cut_off")] = "cut_off"
    reasons[known.reasons == "off_network"] = "off_network"
    return Walked(
        reach,
        attached,
        drawn[order],
        np.concatenate([known.circles, more.circles])[order],
        reasons,
        known.notes,
        known.beside_scraps,
    )


Nearest = tuple[Ints, Floats]


def _two_nearest(one: Reach, other: Reach, rows: Ints, others: Ints, rank: Ints) -> tuple[Nearest, Nearest]:
    """Return the nearest and the second nearest of all sites for each cell; ties to the lowest rank."""
    ours, theirs = np.append(rows, -1), np.append(others, -1)
    site = np.stack([ours[one.nearest], ours[one.second], theirs[other.nearest], theirs[other.second]])
    seconds = np.stack([one.nearest_s, one.second_s, other.nearest_s, other.second_s])
    ranks = np.where(site >= 0, rank[site], np.iinfo(np.int64).max)
    order = np.lexsort((ranks, seconds), axis=0)[:2]
    return tuple(  # type: ignore[return-value] # two of them
        (np.take_along_axis(site, at[None], axis=0)[0], np.take_along_axis(seconds, at[None], axis=0)[0])
        for at in order
    )


def _joined_rows(one: Reach, other: Reach, rows: Ints, others: Ints) -> tuple[Ints, Ints, Floats]:
    """Return the rows of both, each at its place."""
    long = np.empty(len(rows) + len(others), dtype=np.int64)
    long[rows], long[others] = np.diff(one.start), np.diff(other.start)
    start = np.concatenate([[0], np.cumsum(long)]).astype(np.int64)
    target, seconds = np.empty(start[-1], dtype=np.int64), np.empty(start[-1])
    for reach, places in ((one, rows), (other, others)):
        own = np.diff(reach.start)
        at = np.repeat(start[places] - reach.start[:-1], own) + np.arange(int(own.sum()))
        target[at], seconds[at] = reach.target, reach.seconds
    return start, target, seconds
