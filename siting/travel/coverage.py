"""Which cells are within the cut-off of any site, and nothing else: for the comparison of many settings."""

import operator
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siting.domain.nouns import Floats
from siting.domain.scenario import Walking
from siting.travel.kernel import TOLERANCE_S
from siting.travel.network import Joined, WalkingNetwork, join
from siting.travel.open_ground import Surface, stand, walk_surface
from siting.travel.straight import StraightLines, walk_straight
from siting.travel.walks import Limits, walk_between
from siting.units import SECONDS_PER_MINUTE

_SHAPES: Final = ("u", "v", "component", "open_to_joining")


class Doors:
    """Where sites and people join networks, computed once for networks that differ only in the walker.

    Parameters
    ----------
    xy : ndarray
        Shape (sites, 2), metres: the sites that count.
    cells : pandas.DataFrame
        ``x``, ``y``, ``half_diagonal_m`` of the demand cells, metres.
    attach_limit_m : float
        How far sites may be from the network, metres; cells may be half their diagonal farther.
    """

    def __init__(self, xy: Floats, cells: pd.DataFrame, attach_limit_m: float) -> None:
        self.xy, self.places = xy, cells[["x", "y"]].to_numpy(dtype=np.float64)
        self.site_limit_m = np.full(len(xy), attach_limit_m)
        self.cell_limit_m = attach_limit_m + cells["half_diagonal_m"].to_numpy()
        self._network: WalkingNetwork | None = None
        self._joined: tuple[Joined, Joined] | None = None

    def joined(self, network: WalkingNetwork) -> tuple[Joined, Joined]:
        """Return where the sites and the people join a network."""
        if self._joined is None or self._network is None or not _alike(network, self._network):
            sites, people = join(network, self.xy, self.site_limit_m), join(network, self.places, self.cell_limit_m)
            self._network, self._joined = network, (sites, people)
        return self._joined


def _alike(one: WalkingNetwork, other: WalkingNetwork) -> bool:
    """Tell whether points join two networks in the same way: the same edges, open to the same extent."""
    same = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in _SHAPES)
    return same and all(map(operator.is_, one.geometry, other.geometry))


def covered_cells(
    ways: WalkingNetwork | Surface | StraightLines, doors: Doors, walking: Walking, *, scale_s: float
) -> NDArray[np.bool_]:
    """Tell which cells are within ``walking.minutes`` of some site, as :func:`siting.travel.walk_to` would.

    Parameters
    ----------
    ways : WalkingNetwork, Surface or StraightLines
        The network or surface.
    doors : Doors
        The sites and the cells.
    walking : Walking
        Cut-off, direction, detour.
    scale_s : float
        The longest time that the compared walk uses, seconds: times are rounded in the same way, and agree to the last
        digit.

    Returns
    -------
    ndarray of bool
        One a cell.
    """
    cutoff, sites = walking.minutes * SECONDS_PER_MINUTE, len(doors.xy)
    limit = np.full(sites, cutoff)
    nobody, rank = np.zeros(sites, dtype=bool), np.arange(sites)
    if isinstance(ways, StraightLines):
        nearest = Limits(limit, np.zeros(sites), ~nobody, rank)
        reach = walk_straight(doors.xy, doors.places, walking.detour / ways.speed, nearest)
        return reach.nearest_s <= cutoff + TOLERANCE_S
    limits = Limits(limit, limit, nobody, rank, scale_s)
    if isinstance(ways, Surface):
        stood = stand(ways, doors.xy, doors.site_limit_m), stand(ways, doors.places, doors.cell_limit_m)
        reach = walk_surface(ways, *stood, walking.direction, limits)
    else:
        joined, people = doors.joined(ways)
        reach = walk_between(ways, joined.at(ways.speed), people.at(ways.speed), walking.direction, limits)
    covered = np.zeros(len(doors.places), dtype=bool)
    covered[reach.target] = True
    return covered
