"""The walking network of a page, so that it walks from any point as the check does: whole ticks and whole steps."""

from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siting.crs import WGS84, carry
from siting.domain.nouns import Floats, Ints
from siting.domain.tiers import gives_facility
from siting.domain.what_if import Streets
from siting.pipeline.ground import PreparedScenario
from siting.places import in_circle
from siting.travel import WalkingNetwork
from siting.travel.kernel import limit_ticks, ticks_per_second
from siting.travel.network import attach
from siting.units import SECONDS_PER_MINUTE

# Coordinates are whole hundredths of a millimetre.
STEPS_PER_M: Final = 100_000
# A larger network would make the page too large: its vertices, pieces and cells, and ends of edges.
_MOST_NUMBERS: Final = 2_000_000
# Polynomials from degrees to metres: points fitted along a side, the largest degree, and how far they may be astray.
_FITTED_POINTS: Final = 24
_LARGEST_DEGREE: Final = 9
_MOST_ASTRAY_M: Final = 1e-5
# Metres around the network where a reader may still point.
_MARGIN_M: Final = 500.0


def streets_of(ground: PreparedScenario, minutes: tuple[float, ...]) -> Streets | None:
    """Return the network with which a page walks from any point.

    Parameters
    ----------
    ground : PreparedScenario
        People, and the network prepared for the walker.
    minutes : tuple of float
        The cut-offs of the page.

    Returns
    -------
    Streets or None
        None without a network, or if it would make the page too large.
    """
    ways, walking = ground.network, ground.inputs.scenario.walking
    if not isinstance(ways, WalkingNetwork) or not ways.open_to_joining.any():
        return None
    size = int(shapely.get_num_coordinates(ways.geometry).sum() + ways.seconds.pieces.sum() + 4 * len(ways.u))
    fits = _fits(ways)
    if size + 3 * len(ground.demand.cells) > _MOST_NUMBERS or fits is None:
        return None
    longest = max(*minutes, walking.max_minutes, ground.inputs.scenario.land.institution_minutes or 0)
    both = 2.0 if walking.direction == "both_ways" else 1.0
    per_second = ticks_per_second(longest * SECONDS_PER_MINUTE * both)
    order = _by_rank(ways)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    cells = ground.demand.cells
    joined = attach(
        ways,
        cells[["x", "y"]].to_numpy(dtype=np.float64),
        walking.attach_limit_m + cells["half_diagonal_m"].to_numpy(dtype=np.float64),
    )
    scenario = ground.inputs.scenario
    by_tier = scenario.standards.coverage == "by_tier"
    station = pd.Series(["station"])
    return Streets(
        origin=tuple(np.floor(ways.node_xy.min(axis=0)).tolist()),
        fits=fits,
        per_second=per_second,
        limits=limit_ticks(np.array(minutes) * SECONDS_PER_MINUTE, per_second).astype(np.int64),
        direction=walking.direction,
        speed=ways.speed,
        attach_limit_m=walking.attach_limit_m,
        joinable=int(ways.open_to_joining.sum()),
        arrays={
            **_shapes(ways, order),
            **_ticks(ways, order, per_second),
            "cell_edge": np.where(joined.edge >= 0, number[joined.edge] + 1, 0),
            "cell_position": _whole(joined.position_m * STEPS_PER_M),
            "cell_leg": _whole(np.where(np.isfinite(joined.leg_s), joined.leg_s, 0.0) * per_second),
        },
        counts=bool(in_circle(_station(ground), scenario)[0]),
        gives={level: bool(gives_facility(station, level, by_tier=by_tier)[0]) for level in ground.inputs.units},
        land_at_most_m2=float(scenario.facilities.land_at_most_m2.get("station", np.inf)),
    )


def _station(ground: PreparedScenario) -> Any:  # noqa: ANN401 - a table of one facility
    return ground.inputs.facilities.iloc[:0].reindex([0]).assign(tier="station", status="planned", context=False)


def _by_rank(ways: WalkingNetwork) -> Ints:
    """Return the edges that may be joined by rank, which decides between equally near ones; then the others."""
    rank = np.full(len(ways.u), len(ways.u), dtype=np.int64)
    rank[ways.open_to_joining] = ways.segments[1]
    return np.argsort(rank, kind="stable").astype(np.int64)


def _whole(values: Floats) -> Ints:
    return np.rint(values).astype(np.int64)


def _shapes(ways: WalkingNetwork, order: Ints) -> dict[str, Ints]:
    """Return nodes, edges between them, and the vertices between the ends of each edge, in steps."""
    origin = np.floor(ways.node_xy.min(axis=0))
    lines = ways.geometry[order]
    xy, line = shapely.get_coordinates(lines, return_index=True)
    inner = np.ones(len(xy), dtype=bool)
    first = np.searchsorted(line, np.arange(len(lines)))
    last = np.append(first[1:], len(xy)) - 1
    inner[first], inner[last] = False, False
    nodes = _whole((ways.node_xy - origin) * STEPS_PER_M)
    # Each vertex is told by its step from the one before; the first by that from the node where the edge begins.
    whole = _whole((xy - origin) * STEPS_PER_M)
    whole[first] = nodes[ways.u[order]]
    steps = np.diff(whole, axis=0, prepend=whole[:1])[inner]
    return {
        **_far(nodes),
        "u": ways.u[order],
        "v": ways.v[order] - ways.u[order],
        "inner": np.bincount(line[inner], minlength=len(lines)).astype(np.int64),
        "x": steps[:, 0],
        "y": steps[:, 1],
    }


def _far(nodes: Ints) -> dict[str, Ints]:
    """Return nodes as whole metres, each from the one before, and the steps beyond: 32 bits hold no wide district."""
    metres, beyond = np.divmod(nodes, STEPS_PER_M)
    told = zip("xy", np.diff(metres, axis=0, prepend=0).T, beyond.T, strict=True)
    return {name: each for axis, far, near in told for name, each in ((f"node_{axis}", far), (f"node_{axis}s", near))}


def _ticks(ways: WalkingNetwork, order: Ints, per_second: int) -> dict[str, NDArray[Any]]:
    """Return the ticks of each piece of each edge in both directions, and which directions are closed."""
    seconds = ways.seconds
    pieces, start = seconds.pieces[order], seconds.start[order]
    owner = np.repeat(np.arange(len(order)), pieces)
    at = start[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    ahead, back = (_whole(each * per_second) for each in (seconds.ahead, seconds.back))
    there = ahead[at + 1] - ahead[at]
    return {
        "pieces": pieces,
        "ahead": there,
        "longer": back[at + 1] - back[at] - there,
        "shut_ahead": np.flatnonzero(seconds.shut_ahead[order]),
        "shut_back": np.flatnonzero(seconds.shut_back[order]),
    }


def _fits(ways: WalkingNetwork) -> dict[str, Any] | None:
    """Fit polynomials from degrees to metres and back; None if none is exact enough."""
    low, high = ways.node_xy.min(axis=0) - _MARGIN_M, ways.node_xy.max(axis=0) + _MARGIN_M
    origin = np.floor(ways.node_xy.min(axis=0))
    # Denser towards the borders (Chebyshev's points), where polynomials go astray first.
    spread = (1 - np.cos(np.pi * (np.arange(_FITTED_POINTS) + 0.5) / _FITTED_POINTS)) / 2
    fitted = _plane(ways, low, high, spread)
    asked = _plane(ways, low, high, np.linspace(0.0, 1.0, 2 * _FITTED_POINTS + 1))
    if not all(np.isfinite(each).all() for each in (*fitted, *asked)):
        return None
    degrees, metres = fitted
    ends = degrees.min(axis=0), degrees.max(axis=0)
    middle, half = np.round((ends[0] + ends[1]) / 2, 7), np.round((ends[1] - ends[0]) / 2 + 1e-7, 7)
    centre, side = (low + high) / 2 - origin, (high - low) / 2
    for degree in range(3, _LARGEST_DEGREE + 1):
        there = [_fitted((degrees - middle) / half, metres[:, axis] - origin[axis], degree) for axis in (0, 1)]
        found = np.column_stack([_terms((asked[0] - middle) / half, degree) @ each for each in there])
        if np.abs(found - (asked[1] - origin)).max() <= _MOST_ASTRAY_M:
            away = (metres - origin - centre) / side
            again = [_fitted(away, degrees[:, axis] - middle[axis], degree) for axis in (0, 1)]
            return {
                "degree": degree,
                "middle": middle.tolist(),
                "half": half.tolist(),
                "centre": centre.tolist(),
                "side": side.tolist(),
                "there": [each.tolist() for each in there],
                "again": [each.tolist() for each in again],
            }
    return None


def _plane(ways: WalkingNetwork, low: Floats, high: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Return points of a rectangle in degrees and in metres."""
    x, y = (each.ravel() for each in np.meshgrid(*(low[axis] + spread * (high - low)[axis] for axis in (0, 1))))
    lon, lat = carry(ways.crs, WGS84).transform(x, y)
    return np.column_stack([lon, lat]), np.column_stack([x, y])


def _terms(plane: Floats, degree: int) -> Floats:
    u, v = plane.T
    return np.column_stack([u**i * v**j for i in range(degree + 1) for j in range(degree + 1 - i)])


def _fitted(plane: Floats, wanted: Floats, degree: int) -> Floats:
    return np.asarray(np.linalg.lstsq(_terms(plane, degree), wanted, rcond=None)[0], dtype=np.float64)
