"""Why a place is (not) covered: what an explanation holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import geopandas as gpd
import pandas as pd
import shapely

from siting.domain.nouns import Floats, Inputs

# Beyond the longest time sought the nearest facility is sought up to this many times as long.
FARTHER: Final = 3.0
# The reason of cells that facilities cover of which it is not known whether they count.
PERHAPS: Final = "perhaps_covered"

LEG_COLUMNS: Final = ("edge", "kind", "metres", "up_m", "down_m", "seconds", "slope_seconds", "flat_seconds")


@dataclass(frozen=True)
class Route:
    """The way between a place and a facility, in one direction.

    ``legs`` has one row a leg in the order walked, LineStrings in the working CRS: ``edge`` (row of the walking
    network, -1 off it), ``kind`` (that of the edge; ``approach`` to and from the network, ``straight_line``,
    ``open_ground``), ``metres``, ``up_m`` and ``down_m`` (climbed and descended), ``seconds`` (what counts),
    ``slope_seconds`` (stairs, lifts and escalators walked as a level street) and ``flat_seconds`` (slopes too).
    """

    way: Literal["to_facility", "from_facility"]
    legs: gpd.GeoDataFrame

    @property
    def seconds(self) -> float:
        """Seconds of the whole way."""
        return float(self.legs["seconds"].sum())

    @property
    def line(self) -> shapely.Geometry:
        """The whole way as one line."""
        return shapely.line_merge(shapely.union_all(self.legs.geometry.to_numpy()))


@dataclass(frozen=True)
class Joining:
    """Where a point joins what is walked on.

    ``metres`` to it (inf: nothing can be joined) and the most that they may be (``limit_m``); ``size`` of the connected
    part joined: kilometres of a network, km² of open ground; whether a facility of the circle stands on that part
    (``linked``); whether a part of the network that was left out as too short is near enough (``beside_scraps``).
    """

    metres: float
    limit_m: float
    size: float
    linked: bool
    beside_scraps: bool = False


@dataclass(frozen=True)
class Subject:
    """What is explained.

    ``level`` is ``residential_area``, a level of units, ``facility``, ``candidate`` or ``point``; the geometry lies in
    the working CRS.
    """

    level: str
    id: str
    name: str
    geometry: shapely.Geometry

    @property
    def is_area(self) -> bool:
        """Whether it is a place where people live, rather than a point."""
        return self.level not in ("facility", "candidate", "point")


@dataclass(frozen=True)
class Spot:
    """The point from which is walked: a subject's own, or the centre of one of its cells.

    ``cell`` is the cell's row and column (None: no cell), ``people`` those of the subject who live there.
    """

    x: float
    y: float
    half_diagonal_m: float
    cell: tuple[int, int] | None
    people: float


@dataclass(frozen=True)
class Standing:
    """Whom of a subject the circle leaves out, and from where to look.

    ``who`` are counted: ``elderly``, or ``residents`` where elderly are unknown; ``people`` follow ``Demand.cells`` and
    are those of the subject (zero for points), ``uncovered`` those of them who are not covered. ``whole`` tells whether
    the grid of people covers the subject whole, ``known`` whether all its people are known. ``reasons`` is indexed by
    reason (``PERHAPS`` among them), with ``people`` and ``cells``.
    """

    who: Literal["elderly", "residents"]
    whole: bool
    known: bool
    people: Floats
    uncovered: Floats
    reasons: pd.DataFrame
    spot: Spot


@dataclass(frozen=True)
class Way:
    """How a spot reaches the nearest facility of the circle.

    ``nearest`` is its id (None: none within ``FARTHER`` × the longest time sought, ``sought_s``), ``seconds`` the time
    that counts (inf), ``there_s`` and ``back_s`` those of both ways, ``straight_m`` metres as the crow flies to the
    facility that is nearest so. ``reason`` is a key of ``REASON_CODES``; ``route`` that of the way that counts.
    """

    nearest: str | None
    name: str
    sought_s: float
    seconds: float
    there_s: float
    back_s: float
    straight_m: float
    reason: str
    route: Route | None
    joining: Joining | None


@dataclass(frozen=True)
class Explained:
    """Why a place is covered or not.

    ``candidates`` is indexed by id, the best first: ``name``, ``minutes`` between it and the spot (NaN beyond the
    longest time sought), ``people_here`` (of the subject, newly covered; NaN where nobody lives), ``people_new`` (of
    all), ``refused_by`` and ``clause`` (None where it is permitted). ``serves`` tells whether a facility counts for the
    circle itself (None: it is none), ``joined`` whether it could join the ways that are walked. ``figures`` are those
    of the gap report (``PLACE_COLUMNS``); None where nobody is counted. ``perhaps`` are the facilities that cover the
    spot or people of the subject, if they count, which is not known; indexed by id, with ``name``, ``minutes`` and
    ``people_here`` as for candidates.
    """

    inputs: Inputs
    subject: Subject
    standing: Standing
    way: Way
    candidates: pd.DataFrame
    perhaps: pd.DataFrame
    serves: bool | None = None
    joined: bool = True
    figures: Mapping[Any, Any] | None = None
