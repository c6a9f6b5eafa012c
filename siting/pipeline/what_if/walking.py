"""The walks of a page: which cells each site reaches within which of the cut-offs that a reader may choose."""

import math
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.nouns import Floats, Ints, Progress
from siting.domain.requirements import district_catchment, weights
from siting.domain.what_if import FIXED
from siting.pipeline.ground import PreparedScenario, walk
from siting.pipeline.what_if.options import Options
from siting.places import home_units
from siting.travel.kernel import TOLERANCE_S
from siting.units import SECONDS_PER_MINUTE

# The shortest cut-off that a reader may choose.
_LEAST_MINUTES: Final = 5
# More pairs of sites and cells than this would make the page too large: the longest cut-offs are left out.
_MOST_PAIRS: Final = 1_200_000
# So many pairs, as far as they can be told before walking, are walked at most.
_MOST_WALKED: Final = 12_000_000
# More cells than this are too many for a page.
_MOST_CELLS: Final = 400_000


@dataclass(frozen=True)
class Walks:
    """Which cells each site reaches, and within which of the cut-offs."""

    minutes: tuple[float, ...]
    start: Ints
    cell: Ints
    step: Ints


def cut_offs(ground: PreparedScenario, sites: int) -> tuple[tuple[float, ...], int]:
    """Return the cut-offs that can be chosen, whole minutes and the scenario's own, and the position of the own.

    Parameters
    ----------
    ground : PreparedScenario
        People and walking.
    sites : int
        How many sites are walked from.

    Returns
    -------
    minutes : tuple of float
        Ascending, as long as not too many pairs are to be walked; empty if a page could not hold the scenario's own.
    own : int
        The position of the scenario's own.
    """
    scenario, cells = ground.inputs.scenario, ground.demand.cells
    own, most = float(scenario.walking.minutes), int(scenario.walking.max_minutes)
    area_m2 = 2.0 * float((cells["half_diagonal_m"] ** 2).mean())
    speed = scenario.walker.flat

    def pairs(minutes: float) -> float:
        return sites * min(len(cells), math.pi * (speed * minutes * SECONDS_PER_MINUTE) ** 2 / area_m2)

    if len(cells) > _MOST_CELLS or pairs(own) > _MOST_WALKED:
        return (), 0
    whole = (float(each) for each in range(_LEAST_MINUTES, most + 1))
    found = sorted({own, *(each for each in whole if pairs(each) <= _MOST_WALKED)})
    return tuple(found), found.index(own)


def walks(ground: PreparedScenario, options: Options, minutes: tuple[float, ...], progress: Progress) -> Walks:
    """Walk from every site to every cell, up to the longest cut-off for which the page stays small."""
    sites = options.sites
    longest = np.full(len(sites), max(minutes) * SECONDS_PER_MINUTE)
    places = gpd.GeoDataFrame(index=pd.Index(range(len(sites))), geometry=sites.geometry.to_numpy(), crs=sites.crs)
    nobody = np.zeros(len(sites), dtype=bool)
    times = walk(ground.inputs, ground.demand, ground.ways, places, nobody, progress, cutoff_s=longest).within
    limits = np.array(minutes) * SECONDS_PER_MINUTE + TOLERANCE_S
    step = np.searchsorted(limits, times.seconds, side="left")
    kept = _kept(step, minutes, ground.inputs.scenario.walking.minutes)
    near = step < len(kept)
    start = np.concatenate([[0], np.cumsum(near)])[times.start]
    return Walks(kept, start.astype(np.int64), times.cell[near], step[near].astype(np.int64))


def _kept(step: Ints, minutes: tuple[float, ...], own: float) -> tuple[float, ...]:
    """Return the cut-offs up to the longest for which there are not too many pairs; never less than the own."""
    pairs = np.cumsum(np.bincount(step, minlength=len(minutes)))
    fits = [each for each, count in zip(minutes, pairs, strict=False) if count <= _MOST_PAIRS or each <= own]
    return tuple(fits)


def catchments(ground: PreparedScenario, options: Options, progress: Progress) -> dict[int, tuple[float, Floats]]:
    """Return for each option that reaches people however far they may walk its persons and its share of each area.

    Institutions reach their district, or as far as the scenario lets them (methods, definition 3).
    """
    shares = ground.demand.shares.get("residential_area")
    rows = np.flatnonzero((options.table["catchment"] == FIXED).to_numpy(dtype=bool))
    if shares is None or not len(rows):
        return {}
    people = np.nan_to_num(ground.demand.cells["basis"].to_numpy(dtype=np.float64))
    by_place = weights(shares, people)
    found = {}
    for row, (cells, served, part) in zip(rows.tolist(), _reached(ground, options, rows, progress), strict=True):
        spread = np.zeros(len(people))
        spread[cells] = part
        found[row] = (float(people[cells] @ served), np.asarray(by_place @ spread))
    return found


def _reached(
    ground: PreparedScenario, options: Options, rows: Ints, progress: Progress
) -> list[tuple[Ints, Floats, Floats]]:
    minutes = ground.inputs.scenario.land.institution_minutes
    institutions = options.records.iloc[rows]
    if minutes is None:
        homes = home_units(institutions, ground.inputs.units)
        districts = homes["district"] if "district" in homes else pd.Series(None, homes.index, dtype="object")
        return [district_catchment(each, ground.demand) for each in districts]
    cutoff, nobody = np.full(len(rows), minutes * SECONDS_PER_MINUTE), np.zeros(len(rows), dtype=bool)
    times = walk(ground.inputs, ground.demand, ground.ways, institutions, nobody, progress, cutoff_s=cutoff).within
    return [(cells, np.ones(len(cells)), np.ones(len(cells))) for cells, _ in map(times.of, range(len(rows)))]
