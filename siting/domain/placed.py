"""Stations of a plan that stand at a point and name no candidate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from siting.domain.scenario import Tier

# The figures that a plan's file may give of such a station.
PLACED_FIGURES: Final = ("land_m2", "floor_area_m2", "beds", "cost_cny")
# What stands before the id of a candidate in that of its station.
STATION_PREFIX: Final = "new-"


@dataclass(frozen=True)
class PlacedStation:
    """A station at a point of the plan's file.

    Parameters
    ----------
    id : str
        Its id, without the prefix of stations.
    name : str or None
        Its name.
    tier : {"station", "centre", "institution"}
        What it would be.
    lon, lat : float
        Degrees (WGS 84).
    figures : mapping of str to float
        ``PLACED_FIGURES``; NaN if unknown.
    homes : mapping of str to str
        By level the unit in which it counts, if the file names it; otherwise its point decides.
    """

    id: str
    name: str | None
    tier: Tier
    lon: float
    lat: float
    figures: Mapping[str, float]
    homes: Mapping[str, str]
