"""The three ways of walking: over a network, over open ground, in straight lines; what they have in common."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from siting.domain.nouns import Bools, Floats, Ints, Note
from siting.domain.scenario import Direction, Walking
from siting.travel.circles import Shapes, round_circles, walked_circles
from siting.travel.network import Attachment, WalkingNetwork, attach, beside_scraps
from siting.travel.open_ground import Standing, Surface, crossed_circles, parts_of, stand, walk_surface
from siting.travel.straight import StraightLines, walk_straight
from siting.travel.walks import Limits, Reach, walk_between
from siting.units import SECONDS_PER_MINUTE

# What is prepared once for a walker.
Prepared = WalkingNetwork | Surface | StraightLines

# Points that have joined the ways.
Points = TypeVar("Points")


class Ways(Protocol[Points]):
    """How points join the ways, and how long the walks between them take."""

    @property
    def has_components(self) -> bool:
        """Whether there may be no way at all between two points."""

    @property
    def fastest(self) -> float:
        """The most metres in a second."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was repaired or assumed."""

    def join(self, xy: Floats, limit_m: Floats) -> Points:
        """Join points that lie within a limit, metres for each."""

    def component(self, points: Points) -> Ints:
        """Return the connected component of each point; -1 for points that have not joined."""

    def reach(self, sites: Points, targets: Points, direction: Direction, limits: Limits) -> Reach:
        """Compute the walks between sites and targets."""

    def circles(self, sites: Points, rows: Ints, xy: Floats, walking: Walking, cells: Floats, reach: Reach) -> Shapes:
        """Return the area from which each of some sites (``rows``) is reached; ``cells`` are the targets of walks."""

    def beside_scraps(self, xy: Floats, limit_m: Floats) -> Bools | None:
        """Tell which points lie beside ways that were left out as too short; None where none are left out."""


@dataclass(frozen=True)
class OnNetwork:
    """Walks over a network."""

    network: WalkingNetwork
    has_components: bool = True

    @property
    def fastest(self) -> float:
        """The most metres in a second."""
        return self.network.fastest

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was left out or repaired."""
        return self.network.notes

    def join(self, xy: Floats, limit_m: Floats) -> Attachment:
        """Join points to the nearest edge."""
        return attach(self.network, xy, limit_m)

    def component(self, points: Attachment) -> Ints:
        """Return the component of the edge of each point."""
        return points.component

    def reach(self, sites: Attachment, targets: Attachment, direction: Direction, limits: Limits) -> Reach:
        """Compute the walks along edges."""
        return walk_between(self.network, sites, targets, direction, limits)

    def circles(
        self, sites: Attachment, rows: Ints, xy: Floats, walking: Walking, cells: Floats, reach: Reach
    ) -> Shapes:
        """Return areas around the edges that are reached."""
        return walked_circles(self.network, sites.take(rows), xy[rows], walking, cells, reach.rows(rows))

    def beside_scraps(self, xy: Floats, limit_m: Floats) -> Bools | None:
        """Tell which points lie beside components that were left out."""
        return beside_scraps(self.network, xy, limit_m)


@dataclass(frozen=True)
class OnSurface:
    """Walks over open ground."""

    surface: Surface
    has_components: bool = True

    @property
    def fastest(self) -> float:
        """The most metres in a second."""
        least = float(np.min(self.surface.ground.pace, initial=np.inf))
        return max(self.surface.speed, 1.0 / least if least > 0 else self.surface.speed)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was repaired or assumed."""
        return self.surface.notes

    def join(self, xy: Floats, limit_m: Floats) -> Standing:
        """Put points into the nearest open cell."""
        return stand(self.surface, xy, limit_m)

    def component(self, points: Standing) -> Ints:
        """Return the connected area of each point."""
        return parts_of(self.surface, points)

    def reach(self, sites: Standing, targets: Standing, direction: Direction, limits: Limits) -> Reach:
        """Compute the walks from cell to cell."""
        return walk_surface(self.surface, sites, targets, direction, limits)

    def circles(self, sites: Standing, rows: Ints, xy: Floats, walking: Walking, cells: Floats, reach: Reach) -> Shapes:
        """Return the cells whose centres are reached, as areas."""
        return crossed_circles(self.surface, sites.take(rows), xy[rows], walking, cells, reach.rows(rows))

    def beside_scraps(self, _xy: Floats, _limit_m: Floats) -> Bools | None:
        """Return None: nothing is left out."""
        return None


@dataclass(frozen=True)
class InLines:
    """Walks in straight lines × a detour factor; every point has joined."""

    lines: StraightLines
    detour: float
    has_components: bool = False

    @property
    def fastest(self) -> float:
        """The most metres in a second."""
        return self.lines.speed

    @property
    def notes(self) -> tuple[Note, ...]:
        """Nothing is repaired."""
        return ()

    @property
    def pace(self) -> float:
        """Seconds per metre, with the detour."""
        return self.detour / self.lines.speed

    def join(self, xy: Floats, _limit_m: Floats) -> Floats:
        """Return the points themselves."""
        return xy

    def component(self, points: Floats) -> Ints:
        """Return 0 for every point."""
        return np.zeros(len(points), dtype=np.int64)

    def reach(self, sites: Floats, targets: Floats, _direction: Direction, limits: Limits) -> Reach:
        """Compute the walks; both directions take the same time."""
        return walk_straight(sites, targets, self.pace, limits)

    def circles(
        self, _sites: Floats, rows: Ints, xy: Floats, walking: Walking, _cells: Floats, _reach: Reach
    ) -> Shapes:
        """Return true circles."""
        return round_circles(xy[rows], walking.minutes * SECONDS_PER_MINUTE / self.pace)

    def beside_scraps(self, _xy: Floats, _limit_m: Floats) -> Bools | None:
        """Return None: nothing is left out."""
        return None


def ways_of(prepared: Prepared, walking: Walking) -> Ways[Any]:
    """Return how points join what people walk on, and the walks between them."""
    match prepared:
        case WalkingNetwork():
            return OnNetwork(prepared)
        case Surface():
            return OnSurface(prepared)
        case StraightLines():
            return InLines(prepared, walking.detour)
