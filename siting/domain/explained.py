"""Why a place is covered or not: the contents of an explanation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import geopandas as gpd
import pandas as pd
import shapely

from siting.domain.nouns import Floats, Inputs

# Beyond the longest time, the nearest facility is sought up to this many times as long.
FARTHER: Final = 3.0
# The reason of cells that are covered by facilities of which it is unknown whether they count.
PERHAPS: Final = "perhaps_covered"

LEG_COLUMNS: Final = ("edge", "kind", "metres", "up_m", "down_m", "seconds", "slope_seconds", "flat_seconds")


@dataclass(frozen=True)
class Route:
    """The route between a place and a facility, in one direction.

    ``legs`` has one row for each leg in walking order, LineStrings in the working CRS: ``edge`` (row of the walking
    network, -1 off it), ``kind`` (that of the edge; ``approach`` to and from the network, ``straight_line``,
    ``open_ground``), ``metres``, ``up_m`` and ``down_m`` (climbed and descended), ``seconds`` (what counts),
    ``slope_seconds`` (stairs, lifts and escalators walked as a level street) and ``flat_seconds`` (slopes too).
    """

    way: Literal["to_facility", "from_facility"]
    legs: gpd.GeoDataFrame

    @property
    def seconds(self) -> float:
        """Seconds of the whole route."""
        return float(self.legs["seconds"].sum())

    @property
    def line(self) -> shapely.Geometry:
        """The whole route as one line."""
        return shapely.line_merge(shapely.union_all(self.legs.geometry.to_numpy()))


@dataclass(frozen=True)
class Joining:
    """Where a point joins the network or surface.

    ``metres`` to it (inf: nothing can be joined) and their limit (``limit_m``); ``size`` of the connected part joined:
    kilometres of a network, km² of open ground; whether a facility of the circle is on that part (``linked``); whether
    a part of the network that was left out as too short is near enough (``beside_scraps``).
    """

    metres: float
    limit_m: float
    size: float
    linked: bool
    beside_scraps: bool = False


@dataclass(frozen=True)
class Subject:
    """The subject of the explanation.

    ``level`` is ``residential_area``, a level of units, ``facility``, ``candidate`` or ``point``; the geometry is in
    the working CRS.
    """

    level: str
    id: str
    name: str
    geometry: shapely.Geometry

    @property
    def is_area(self) -> bool:
        """Whether it is a place where people live, and not a point."""
        return self.level not in ("facility", "candidate", "point")


@dataclass(frozen=True)
class Spot:
    """The starting point of the walks: a subject's own point, or the centre of one of its cells.

    ``cell`` is the cell's row and column (None: no cell), ``people`` the people of the subject who live there.
    """

    x: float
    y: float
    half_diagonal_m: float
    cell: tuple[int, int] | None
    people: float


@dataclass(frozen=True)
class Standing:
    """The people of a subject that the circle does not cover, and the point to look from.

    ``who`` tells who is counted: ``elderly``, or ``residents`` if elderly are unknown. ``people`` is aligned with
    ``Demand.cells`` and holds the people of the subject (zero for points), ``uncovered`` those of them who are not
    covered. ``whole`` tells whether the population grid covers the subject completely, ``in_part`` whether the scenario
    accepts what lies outside, so that its people are an interval, ``known`` whether all its people are known.
    ``reasons`` is indexed by reason (with ``PERHAPS``), with ``people`` and ``cells``.
    """

    who: Literal["elderly", "residents"]
    whole: bool
    in_part: bool
    known: bool
    people: Floats
    uncovered: Floats
    reasons: pd.DataFrame
    spot: Spot


@dataclass(frozen=True)
class Way:
    """How a point reaches the nearest facility of the circle.

    ``nearest`` is its id (None: none within ``FARTHER`` × the longest time, ``sought_s``), ``seconds`` the time that
    counts (inf), ``there_s`` and ``back_s`` the times of both directions, ``straight_m`` the straight-line distance in
    metres to the facility that is nearest in a straight line. ``reason`` is a key of ``REASON_CODES``; ``route`` is the
    route that counts.
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

    ``candidates`` is indexed by id, the best first: ``name``, ``minutes`` between it and the point (NaN beyond the
    longest time), ``people_here`` (of the subject, newly covered; NaN if nobody lives there), ``people_new`` (of all),
    ``refused_by`` and ``clause`` (None if it is permitted). ``serves`` tells whether a facility itself counts for the
    circle (None: the subject is no facility), ``joined`` whether it could join the network or surface. ``figures`` are
    those of the gap report (``PLACE_COLUMNS``); None for subjects without people. ``perhaps`` are the facilities that
    would cover the point or people of the subject, but of which it is unknown whether they count; indexed by id, with
    ``name``, ``minutes`` and ``people_here`` as for candidates.
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
