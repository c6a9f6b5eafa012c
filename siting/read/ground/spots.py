"""Places of a network that a message names, and segments that are too long to be real."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siting.crs import WGS84, geodesic_m, transform_points
from siting.domain.nouns import Floats, Ints
from siting.listing import first_of
from siting.read.log import LayerLog

MOST_NAMED: Final = 10
# More than this between two neighbouring vertices is a wrong coordinate, metres.
LONGEST_SEGMENT_M: Final = 5000.0


def spots(xy: Floats, crs: CRS, *, before: Sequence[str] = (), after: Sequence[str] = ()) -> str:
    """Name the first places by longitude and latitude, with a remark on each.

    Parameters
    ----------
    xy : numpy.ndarray
        Shape (places, 2), metres.
    crs : pyproj.CRS
        The working CRS.
    before, after : sequence of str
        The text before and after each place; nothing if there is none.
    """
    lon, lat = transform_points(xy[: MOST_NAMED + 1, 0], xy[: MOST_NAMED + 1, 1], crs, WGS84)
    none = [""] * len(xy)
    # Values slightly west of Greenwich are shown as 0.
    lon, lat = np.round(lon, 6) + 0.0, np.round(lat, 6) + 0.0
    named = zip(before or none, lon, lat, after or none, strict=False)
    found = [f"{first}{x:.6f}, {y:.6f}{last}" for first, x, y, last in named]
    return "; ".join(first_of(found, MOST_NAMED))


def note_long_segments(lines: NDArray[np.object_], called: Callable[[int], str], crs: CRS, log: LayerLog) -> None:
    """Note the vertices that are more than ``LONGEST_SEGMENT_M`` from the next one of their line.

    Parameters
    ----------
    lines : numpy.ndarray
        LineStrings in the working CRS.
    called : callable
        Names the way or the record of a line by its position.
    crs : pyproj.CRS
        The working CRS.
    log : LayerLog
        Takes the note ``segments_too_long``: of the two ends of a segment it names the one farther from the middle of
        the network, once for each way, the farthest first.
    """
    xy, line = shapely.get_coordinates(lines, return_index=True)
    begins = np.flatnonzero((line[1:] == line[:-1]) & ~(np.hypot(*np.diff(xy, axis=0).T) <= LONGEST_SEGMENT_M))
    if not len(begins):
        return
    ends = np.column_stack([begins, begins + 1])
    off = np.hypot(*(xy - np.median(xy, axis=0)).T)[ends]
    far = ends[np.arange(len(ends)), off.argmax(axis=1)]
    longest: dict[tuple[str, float, float], float] = {}
    for at, metres in zip(far, _metres(xy, ends, crs), strict=True):
        key = called(int(line[at])), float(xy[at, 0]), float(xy[at, 1])
        longest[key] = max(longest.get(key, 0.0), float(metres))
    told = sorted(longest.items(), key=lambda item: (-item[1], item[0]))
    log.note(
        "segments_too_long",
        count=len(told),
        most_km=f"{LONGEST_SEGMENT_M / 1000:g}",
        places=spots(
            np.array([key[1:] for key, _ in told]),
            crs,
            before=[f"{key[0]}: " for key, _ in told],
            after=[f" ({metres / 1000:,.1f} km)" for _, metres in told],
        ),
    )


def _metres(xy: Floats, ends: Ints, crs: CRS) -> Floats:
    """Return the lengths of segments on the ellipsoid: in the plane, lengths far from the meridian are distorted."""
    x, y = xy[ends.ravel()].T
    lon, lat = transform_points(x, y, crs, WGS84)
    return geodesic_m(lon.reshape(-1, 2), lat.reshape(-1, 2))
