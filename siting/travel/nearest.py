"""The nearest of many lines to each of very many points: compiled, over bins that hold the segments of the lines."""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import shapely
from numpy.typing import NDArray

from siting.compiled import compiled
from siting.domain.nouns import Floats, Ints

# Side of a bin, metres: each bin holds a few segments of streets.
_BIN_M: Final = 50.0
# The points of one call, so that Ctrl-C does not wait long.
_AT_ONCE: Final = 100_000


@dataclass(frozen=True)
class Segments:
    """Segments of lines, sorted into square bins.

    ``ends`` has shape (segments, 5): both ends, and the distance along its line at which the segment begins, metres.
    ``line`` is the row of the line, ``held[start[b]:start[b + 1]]`` are the segments whose bounds touch bin b.
    """

    ends: Floats
    line: Ints
    corner: Floats
    shape: tuple[int, int]
    start: Ints
    held: Ints


def segments_of(lines: NDArray[np.object_]) -> Segments:
    """Sort the segments of LineStrings into bins."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    goes_on = line[1:] == line[:-1]
    a, b, owner = xy[:-1][goes_on], xy[1:][goes_on], line[1:][goes_on].astype(np.int64)
    length = np.hypot(*(b - a).T)
    before = np.cumsum(length) - length
    first = np.flatnonzero(np.append(True, owner[1:] != owner[:-1])[: len(owner)])
    before -= np.repeat(before[first], np.diff(np.append(first, len(owner))))
    ends = np.column_stack([a, b, before])
    corner = xy.min(axis=0) if len(xy) else np.zeros(2)
    low = np.floor((np.minimum(a, b) - corner) / _BIN_M).astype(np.int64)
    high = np.floor((np.maximum(a, b) - corner) / _BIN_M).astype(np.int64)
    columns, rows = (int(most) + 1 for most in high.max(axis=0)) if len(high) else (1, 1)
    start, held = _binned(low, high, columns, rows)
    return Segments(ends, owner, corner, (columns, rows), start, held)


def nearest_lines(segments: Segments, rank: Ints, xy: Floats, limit_m: float) -> tuple[Ints, Floats, Floats]:
    """Return the nearest line of each point (-1: none within the limit), how far it is, and the place along it.

    Parameters
    ----------
    segments : Segments
        What :func:`segments_of` returns.
    rank : ndarray of int
        Of lines at the same distance the one of the lowest rank is taken.
    xy : ndarray
        Shape (points, 2), metres.
    limit_m : float
        How far a line may be, metres (inclusive).

    Examples
    --------
    >>> import numpy as np
    >>> from shapely import linestrings
    >>> from siting.travel.nearest import nearest_lines, segments_of
    >>> segments = segments_of(linestrings([[[0, 0], [100, 0]], [[0, 50], [100, 50]]]))
    >>> nearest_lines(segments, np.arange(2), np.array([[30.0, 10.0], [30.0, 26.0]]), 20.0)[0].tolist()
    [0, -1]
    """
    s = segments
    line, away, along = np.empty(len(xy), dtype=np.int64), np.empty(len(xy)), np.empty(len(xy))
    held = (s.ends, s.line, s.corner, s.shape, s.start, s.held)
    for begin in range(0, len(xy), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        _nearest(held, rank, xy[part], limit_m, (line[part], away[part], along[part]))
    return line, away, along


@compiled
def _binned(low: Ints, high: Ints, columns: int, rows: int) -> tuple[Ints, Ints]:
    start = np.zeros(columns * rows + 1, np.int64)
    for segment in range(len(low)):
        for row in range(low[segment, 1], high[segment, 1] + 1):
            for column in range(low[segment, 0], high[segment, 0] + 1):
                start[row * columns + column + 1] += 1
    for place in range(columns * rows):
        start[place + 1] += start[place]
    filled, held = start[:-1].copy(), np.empty(start[-1], np.int64)
    for segment in range(len(low)):
        for row in range(low[segment, 1], high[segment, 1] + 1):
            for column in range(low[segment, 0], high[segment, 0] + 1):
                held[filled[row * columns + column]] = segment
                filled[row * columns + column] += 1
    return start, held


@numba.njit(inline="always")
def _foot(ends: Floats, segment: int, x: float, y: float) -> tuple[float, float]:
    """Return the squared distance to a segment, and the distance along its line of the nearest point."""
    ax, ay = ends[segment, 0], ends[segment, 1]
    dx, dy = ends[segment, 2] - ax, ends[segment, 3] - ay
    square = dx * dx + dy * dy
    part = ((x - ax) * dx + (y - ay) * dy) / square if square > 0.0 else 0.0
    # At an end, the coordinates of the end itself are used, so that all lines that meet there are equally near.
    if part <= 0.0:
        part, fx, fy = 0.0, ax, ay
    elif part >= 1.0:
        part, fx, fy = 1.0, ends[segment, 2], ends[segment, 3]
    else:
        fx, fy = ax + part * dx, ay + part * dy
    return (x - fx) ** 2 + (y - fy) ** 2, ends[segment, 4] + part * np.sqrt(square)


@compiled
def _nearest(
    segments: tuple[Floats, Ints, Floats, tuple[int, int], Ints, Ints],
    rank: Ints,
    xy: Floats,
    limit_m: float,
    found: tuple[Ints, Floats, Floats],
) -> None:
    ends, line, corner, (columns, rows), start, held = segments
    for point in range(len(xy)):
        x, y = xy[point]
        column, row = int(np.floor((x - corner[0]) / _BIN_M)), int(np.floor((y - corner[1]) / _BIN_M))
        # The distance from the point to the nearest border of its own bin; each ring of bins around it adds one bin
        # side.
        inner = min(x - corner[0] - column * _BIN_M, y - corner[1] - row * _BIN_M)
        inner = min(inner, (column + 1) * _BIN_M - x + corner[0], (row + 1) * _BIN_M - y + corner[1])
        best, away, along = -1, limit_m * limit_m, 0.0
        ring, clear = 0, 0.0
        while clear * clear <= away:
            for j in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
                step = 1 if abs(j - row) == ring else max(2 * ring, 1)
                for i in range(column - ring, column + ring + 1, step):
                    if i < 0 or i >= columns:
                        continue
                    for place in range(start[j * columns + i], start[j * columns + i + 1]):
                        segment = held[place]
                        square, at = _foot(ends, segment, x, y)
                        owner = line[segment]
                        if square < away or (square == away and (best < 0 or rank[owner] < rank[best])):
                            best, away, along = owner, square, at
            clear = inner + ring * _BIN_M
            ring += 1
        found[0][point], found[1][point], found[2][point] = best, np.sqrt(away) if best >= 0 else np.inf, along
