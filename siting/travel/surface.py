"""Bounded least times over a raster of paces, with slope: compiled, on all cores.

A step leads to one of 8 or 16 neighbours. Every source walks in its own window, just large enough for its limit at the
fastest pace of the raster. So the cost of a source depends on what it may reach and not on the size of the raster.
Times are whole ticks, as in :mod:`siting.travel.kernel`.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from siting.compiled import compiled
from siting.domain.nouns import Floats, Ints
from siting.domain.scenario import Direction
from siting.travel.heap import HALF, LOW, NEVER, Numbers, Ticks, pop, push
from siting.travel.kernel import (
    MEAN,
    MODES,
    ONLY,
    Asked,
    Nearest,
    Reached,
    asked,
    closer,
    combined,
    in_parts,
    longer,
    merge,
    nobody,
    ticks_per_second,
)
from siting.travel.slope import STEEPEST
from siting.travel.walks import COMBINES

Neighbours = Literal[8, 16]
# Top, left, bottom and right of a part of the raster; bottom and right are exclusive.
Window = tuple[int, int, int, int]

# The kinds of ground: flat, sloped away from the source, sloped towards it.
_FLAT, _AWAY, _HOME = 0, 1, -1
# Outside this range of slopes Tobler's ratio is below 1: it is 0.05 on either side of the slope of highest speed; no
# gain is given.
_LEVEL: Final = (-0.1, 0.0)
_TOBLER: Final = 3.5
_GAIN: Final = 0.05
# Elevations are float32: a slope that exceeds the steepest by at most this is allowed.
_WITHIN: Final = 1e-6
# Steps to the four sides, over the four corners, and knight's steps; and the cells between the ends of each.
_SIDES: Final = ((-1, 0), (0, -1), (0, 1), (1, 0))
_CORNERS: Final = ((-1, -1), (-1, 1), (1, -1), (1, 1))
_KNIGHTS: Final = ((-2, -1), (-2, 1), (-1, -2), (-1, 2), (1, -2), (1, 2), (2, -1), (2, 1))
# The margin around a window, in cells, into which a step may lead; these cells are barriers.
_RIM: Final = 2


class CostSurface(NamedTuple):
    """The raster to walk over.

    ``pace`` has shape (rows, columns), float32: seconds per metre on the flat, above 0, inf for barriers. ``height``
    has the same shape, float32, metres (NaN: unknown, steps to and from there are level), or shape (0, 0) on the flat.
    ``cell_m`` are the height and the width of a cell, metres. Steps whose slope (rise over run, clamped) is beyond
    ``steepest``, up or down, are not possible.
    """

    pace: NDArray[np.float32]
    height: NDArray[np.float32]
    cell_m: tuple[float, float]
    steepest: float = np.inf


class Seeds(NamedTuple):
    """Where sources begin: the cell, ticks to its centre, and their own position in the raster.

    Row and column of the cell (row -1: none); ``y`` and ``x`` in metres down and right from any fixed point.
    """

    row: Ints
    column: Ints
    ticks: Ticks
    y: Floats
    x: Floats


class Ends(NamedTuple):
    """Targets, ascending by ``cell`` (row × columns + column): number, ticks from the centre, position."""

    cell: Ints
    number: Ints
    ticks: Ticks
    y: Floats
    x: Floats


@dataclass(frozen=True)
class Crossed:
    """What sources reach: source s reaches the cells ``cell[start[s]:start[s + 1]]``, ascending, in ``seconds[...]``.

    A cell's number is row × columns + column.
    """

    start: Ints
    cell: Ints
    seconds: Floats


class _Rules(NamedTuple):
    """The possible steps.

    ``step`` has shape (neighbours, 2), ``between`` (neighbours, 2, 2): the two cells on either side of a diagonal step,
    or those that a knight's step passes; ``metres`` is the length of each step.
    """

    step: Ints
    between: Ints
    metres: Floats
    per_second: float
    fastest: float
    squeeze: int


class _Room(NamedTuple):
    """The window of one direction of one source: ticks (0 on barriers), paces, elevations."""

    ticks: Ticks
    pace: NDArray[np.float32]
    height: NDArray[np.float32]


def cross(
    ground: CostSurface,
    sources: tuple[Ints, Ints],
    limit_s: Floats,
    *,
    neighbours: Neighbours = 16,
    direction: Direction = "from_facility",
    squeeze: bool = False,
    leg_s: Floats | None = None,
    threads: int | None = None,
) -> Crossed:
    """Walk from the centres of cells to those of all cells within a limit.

    A step to a side or over a corner costs its length × the mean pace of both ends. A knight's step also passes two
    cells, each for a quarter of its length: it costs its length × the mean pace of the four, and both must be open.
    Uphill and steeply downhill a step takes longer by Tobler's ratio at the slope between its ends (no gain downhill;
    slopes are clamped to ±45 %).

    Parameters
    ----------
    ground : CostSurface
        The raster.
    sources : (ndarray of int, ndarray of int)
        Rows and columns. A source on a barrier reaches nothing.
    limit_s : ndarray
        How far each walks, seconds, inclusive to a millisecond.
    neighbours : {16, 8}
        Whether knight's steps are possible.
    direction : str
        The time that counts: ``from_facility`` away from the source, ``to_facility`` towards it, ``slower`` the longer
        of both, ``both_ways`` their mean. On the flat they are the same.
    squeeze : bool
        Whether a step over a corner may pass between two barriers; otherwise lines of barriers that meet at corners are
        closed.
    leg_s : ndarray, optional
        Seconds that have already passed at the centre of each source's cell; none if absent.
    threads : int, optional
        All cores if absent; the result is the same whatever their number.

    Returns
    -------
    Crossed
        The memory used is proportional to what is reached, plus one window for each thread.

    Raises
    ------
    ValueError
        A pace is not above 0, or a limit is longer than 55 hours.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.travel.surface import CostSurface, cross
    >>> pace = np.array([[1.0, np.inf, 2.0], [1.0, 1.0, 1.0]], dtype=np.float32)
    >>> ground = CostSurface(pace, np.zeros((0, 0), dtype=np.float32), (10.0, 10.0))
    >>> found = cross(ground, (np.array([0]), np.array([0])), np.array([60.0]))
    >>> found.cell.tolist(), found.seconds.round(1).tolist()
    ([0, 2, 3, 4, 5], [0.0, 35.4, 10.0, 14.1, 24.1])
    """
    rows, columns = (np.asarray(each, dtype=np.int64) for each in sources)
    nowhere = np.zeros(len(rows))
    per_second = finest_ticks(limit_s, direction)
    begin = in_ticks(nowhere if leg_s is None else leg_s, per_second)
    rules = _rules(ground, neighbours, per_second, squeeze=squeeze)
    seeds = Seeds(rows, columns, begin, nowhere, nowhere)
    ground, leans = _ways(ground, direction)
    ask, mode = asked(limit_s, per_second), MODES.index(COMBINES[direction])

    def work(span: Ints, rooms: tuple[_Room, _Room]) -> tuple[Ints, ...]:
        found: tuple[Ints, ...] = _cells(ground, rules, leans, mode, seeds, ask, span, rooms)
        return found

    parts = _in_parts(work, ground, rules, ask, mode, threads)
    lengths, cell, ticks = (np.concatenate(column) for column in zip(*parts, strict=True))
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Crossed(start, cell, ticks / per_second)


def reach_ends(
    ground: CostSurface,
    seeds: Seeds,
    ends: Ends,
    ask: Asked,
    per_second: int,
    direction: Direction,
    *,
    targets: int,
    threads: int | None = None,
) -> Reached:
    """Walk from sources to targets, each through the centre of its cell, with steps to 16 neighbours.

    Within one cell the way from a source to a target is straight, at the pace of the cell.

    Parameters
    ----------
    ground, direction, threads
        As for :func:`cross`.
    seeds : Seeds
        The sources, in order of rank.
    ends : Ends
        The targets.
    ask : Asked
        How far each source walks, which part of its row is kept, and whether it counts for the nearest.
    per_second : int
        The result of :func:`siting.travel.kernel.ticks_per_second` for the longest time (twice that with
        ``both_ways``).

    targets : int
        The number of targets; those that are not among the ends are not reached.

    Returns
    -------
    Reached
        Nodes are the numbers of targets, in the order of their cells.
    """
    rules = _rules(ground, 16, per_second, squeeze=False)
    ground, leans = _ways(ground, direction)
    mode = MODES.index(COMBINES[direction])
    near: list[Nearest] = []

    def work(span: Ints, rooms: tuple[_Room, _Room], mine: Nearest) -> tuple[Ints, ...]:
        found: tuple[Ints, ...] = _targets(ground, rules, leans, mode, (seeds, ends), ask, span, (rooms, mine))
        return found

    def begun() -> Nearest:
        near.append(nobody(targets if ask.counting.any() else 0))
        return near[-1]

    parts = _in_parts(work, ground, rules, ask, mode, threads, begun)
    lengths, number, ticks = (np.concatenate(column) for column in zip(*parts, strict=True))
    for other in near[1:]:
        merge(near[0], other)
    return Reached(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), number, ticks, near[0])


def finest_ticks(limit_s: Floats, direction: Direction) -> int:
    """Return the ticks per second for the walks of a direction."""
    return ticks_per_second(float(limit_s.max(initial=0.0)) * (2.0 if direction == "both_ways" else 1.0))


def in_ticks(seconds: Floats, per_second: int) -> Ticks:
    """Return seconds as the nearest ticks; times that cannot be counted become NEVER."""
    return np.minimum(np.rint(seconds * per_second), NEVER - 1).astype(np.uint32)


def _rules(ground: CostSurface, neighbours: Neighbours, per_second: int, *, squeeze: bool) -> _Rules:
    fastest = float(ground.pace.min(initial=np.inf))
    if not fastest > 0:
        message = f"a pace of {fastest} s/m: paces must be above 0"
        raise ValueError(message)
    steps = (*_SIDES, *_CORNERS, *(_KNIGHTS if neighbours > len(_SIDES + _CORNERS) else ()))
    between = [_passed(down, right) for down, right in steps]
    step = np.array(steps, dtype=np.int64)
    metres = np.hypot(step[:, 0] * ground.cell_m[0], step[:, 1] * ground.cell_m[1])
    return _Rules(step, np.array(between, dtype=np.int64), metres, float(per_second), fastest, int(squeeze))


def _passed(down: int, right: int) -> Sequence[tuple[int, int]]:
    """Return the two cells that lie between the ends of a step."""
    if abs(down) > 1:
        return ((down // 2, 0), (down // 2, right))
    if abs(right) > 1:
        return ((0, right // 2), (down, right // 2))
    return ((down, 0), (0, right))


def _ways(ground: CostSurface, direction: Direction) -> tuple[CostSurface, tuple[int, int]]:
    """Return the ground for the kernel, and the slope of the first and second walk; on the flat one walk is enough."""
    pace, height = (np.ascontiguousarray(each, dtype=np.float32) for each in (ground.pace, ground.height))
    leans = (_FLAT, _FLAT)
    if height.size:
        leans = (_HOME, _HOME) if direction == "to_facility" else (_AWAY, _HOME)
    down, right = ground.cell_m
    return CostSurface(pace, height, (float(down), float(right)), float(ground.steepest)), leans


def _in_parts(
    work: Callable[..., Any],
    ground: CostSurface,
    rules: _Rules,
    ask: Asked,
    mode: int,
    threads: int | None,
    begun: Callable[[], Any] | None = None,
) -> list[Any]:
    """Let threads process parts of the sources one by one; return the result of each part, in order."""
    count = len(ask.limit)
    workers = max(1, min(threads or os.cpu_count() or 1, count))
    cells = _window_cells(ground, rules, int(ask.limit.max(initial=0)) * (2 if mode == MEAN else 1))
    # Made before the threads start, so that their order is that of the threads.
    own = [() if begun is None else (begun(),) for _ in range(workers)]
    rooms = [(_room(cells, ground), _room(0 if mode == ONLY else cells, ground)) for _ in range(workers)]
    return in_parts(lambda worker: lambda span: work(span, rooms[worker], *own[worker]), count, workers)


def _window_cells(ground: CostSurface, rules: _Rules, limit: int) -> int:
    """Return the number of cells of the largest window, with its margin."""
    far = limit / (rules.fastest * rules.per_second)
    sides = [
        min(many, 2 * (int(far / size) + 1) + 1) + 2 * _RIM
        for many, size in zip(ground.pace.shape, ground.cell_m, strict=True)
    ]
    return int(sides[0] * sides[1])


def _room(cells: int, ground: CostSurface) -> _Room:
    heights = cells if ground.height.size else 0
    return _Room(
        np.empty(cells, dtype=np.uint32), np.empty(cells, dtype=np.float32), np.empty(heights, dtype=np.float32)
    )


@compiled
def _open_window(ground: CostSurface, row: int, column: int, far: float, room: _Room) -> Window:
    """Copy the ground around a source into its window; return top, left, bottom and right of the copied part."""
    whole, heights, sloped = ground.pace, ground.height, ground.height.size > 0
    ticks, pace, height = room.ticks, room.pace, room.height
    # One cell more, because every step is rounded to a tick.
    down, across = int(far / ground.cell_m[0]) + 1, int(far / ground.cell_m[1]) + 1
    top, bottom = max(0, row - down), min(whole.shape[0], row + down + 1)
    left, right = max(0, column - across), min(whole.shape[1], column + across + 1)
    width = right - left + 2 * _RIM
    cells = (bottom - top + 2 * _RIM) * width
    pace[:cells] = np.inf
    ticks[:cells] = 0
    for line in range(top, bottom):
        first = (line - top + _RIM) * width + _RIM - left
        for place in range(left, right):
            found = whole[line, place]
            pace[first + place] = found
            # A cell with 0 ticks can never be reached sooner, so barriers need no test of their own.
            ticks[first + place] = NEVER if found < np.inf else np.uint32(0)
            if sloped:
                height[first + place] = heights[line, place]
    return top, left, bottom, right


@compiled
def _spread(  # noqa: C901, PLR0912, PLR0915 - see below
    ground: CostSurface, rules: _Rules, lean: int, seed: tuple[int, int, np.uint64], limit: np.uint64, room: _Room
) -> Window:
    """Walk from one source; return its window. ``room.ticks`` holds the times of its cells."""
    # Inlined by hand: a call costs more than a step of the walk.
    row, column, begin = seed
    if row < 0 or not ground.pace[row, column] < np.inf:
        return 0, 0, 0, 0
    left_over = float(limit) - float(begin) if begin < limit else 0.0
    window: Window = _open_window(ground, row, column, left_over / (rules.fastest * rules.per_second), room)
    best, pace, height = room.ticks, room.pace, room.height
    squeeze, steepest = rules.squeeze, ground.steepest + _WITHIN
    width, many = window[3] - window[1] + 2 * _RIM, len(rules.metres)
    to, one, other = np.empty(many, np.int64), np.empty(many, np.int64), np.empty(many, np.int64)
    metres, ends, quarters = rules.metres, np.empty(many), np.empty(many)
    for k in range(many):
        to[k] = rules.step[k, 0] * width + rules.step[k, 1]
        one[k] = rules.between[k, 0, 0] * width + rules.between[k, 0, 1]
        other[k] = rules.between[k, 1, 0] * width + rules.between[k, 1, 1]
        ends[k], quarters[k] = metres[k] * rules.per_second / 2, metres[k] * rules.per_second / 4
    first = (row - window[0] + _RIM) * width + column - window[1] + _RIM
    best[first] = np.uint32(min(begin, np.uint64(NEVER - 1)))
    # The heap grows when needed, because its largest size is not known in advance.
    heap, size = np.empty(64 * many, np.uint64), 0
    if begin <= limit:
        size = push(heap, size, (begin << HALF) | np.uint64(first))
    while size > 0:
        top = heap[0]
        size = pop(heap, size)
        node, so_far = np.int64(top & LOW), top >> HALF
        if so_far > np.uint64(best[node]):
            continue
        if size + many > len(heap):
            heap = longer(heap, 2 * len(heap))
        # Sums in float64, which are the same from either end.
        here, room_left = np.float64(pace[node]), float(limit - so_far)
        for k in range(many):
            head = node + to[k]
            before = np.uint64(best[head])
            if so_far >= before:
                continue
            if k < 8:  # noqa: PLR2004 - knight's steps come after the 8 neighbours
                if k >= 4 and squeeze == 0 and pace[node + one[k]] == np.inf and pace[node + other[k]] == np.inf:  # noqa: PLR2004
                    continue
                cost = ends[k] * (here + pace[head])
            else:
                cost = quarters[k] * (here + pace[node + one[k]] + pace[node + other[k]] + pace[head])
            # A slope only adds to the time; infinite times and times beyond the limit end here.
            if not cost <= room_left + 0.5:
                continue
            if lean != _FLAT:
                slope = lean * (height[head] - height[node]) / metres[k]
                # The comparison is written so that an unknown slope (NaN) stays unknown and costs nothing.
                if slope > STEEPEST:
                    slope = STEEPEST
                elif slope < -STEEPEST:
                    slope = -STEEPEST
                if abs(slope) > steepest:
                    continue
                if slope > _LEVEL[1] or slope < _LEVEL[0]:
                    cost *= np.exp(_TOBLER * (abs(slope + _GAIN) - _GAIN))
                    if not cost <= room_left + 0.5:
                        continue
            ticks = so_far + np.uint64(cost + 0.5)
            if ticks < before and ticks <= limit:
                best[head] = np.uint32(ticks)
                size = push(heap, size, (ticks << HALF) | np.uint64(head))
    return window


@compiled
def _both(
    ground: CostSurface,
    rules: _Rules,
    leans: tuple[int, int],
    mode: int,
    seed: tuple[int, int, np.uint64],
    limit: np.uint64,
    rooms: tuple[_Room, _Room],
) -> Window:
    """Walk there and, if both count, back; the time that counts goes to the first window, NEVER on barriers too."""
    # A mean within the limit may have one way of up to twice as long.
    farthest = limit * np.uint64(2) if mode == MEAN else limit
    window: Window = _spread(ground, rules, leans[0], seed, farthest, rooms[0])
    ticks, pace = rooms[0].ticks, rooms[0].pace
    cells = (window[2] - window[0] + 2 * _RIM) * (window[3] - window[1] + 2 * _RIM)
    twice = mode != ONLY and leans[1] != leans[0]
    if twice:
        _spread(ground, rules, leans[1], seed, farthest, rooms[1])
    again = rooms[1].ticks if twice else ticks
    for cell in range(cells):
        if not pace[cell] < np.inf:
            ticks[cell] = NEVER
        elif ticks[cell] != NEVER and twice:
            ticks[cell] = combined(mode, ticks[cell], again[cell])
    return window


@compiled
def _cells(
    ground: CostSurface,
    rules: _Rules,
    leans: tuple[int, int],
    mode: int,
    seeds: Seeds,
    ask: Asked,
    span: Ints,
    rooms: tuple[_Room, _Room],
) -> tuple[Ints, Ints, Ticks]:
    """Walk from a range of sources; return the length of each row, and the cells and ticks of all rows."""
    lengths = np.zeros(span[1] - span[0], np.int64)
    cells, times = np.empty(1024, np.int64), np.empty(1024, np.uint32)
    columns, used, ticks = ground.pace.shape[1], 0, rooms[0].ticks
    for source in range(span[0], span[1]):
        limit = ask.limit[source]
        seed = (seeds.row[source], seeds.column[source], np.uint64(seeds.ticks[source]))
        top, left, bottom, right = _both(ground, rules, leans, mode, seed, np.uint64(limit), rooms)
        most = used + (bottom - top) * (right - left)
        if most > len(cells):
            cells, times = longer(cells, most), longer(times, most)
        begin = used
        for line in range(top, bottom):
            first = (line - top + _RIM) * (right - left + 2 * _RIM) + _RIM - left
            for place in range(left, right):
                if ticks[first + place] <= limit:
                    cells[used], times[used] = line * columns + place, ticks[first + place]
                    used += 1
        lengths[source - span[0]] = used - begin
    return lengths, cells[:used].copy(), times[:used].copy()


@compiled
def _targets(  # noqa: C901 - one loop over the cells of a window
    ground: CostSurface,
    rules: _Rules,
    leans: tuple[int, int],
    mode: int,
    between: tuple[Seeds, Ends],
    ask: Asked,
    span: Ints,
    rooms_near: tuple[tuple[_Room, _Room], Nearest],
) -> tuple[Ints, Numbers, Ticks]:
    """Walk from a range of sources; return the length of each row, and the targets and ticks of all rows."""
    (seeds, ends), (rooms, near) = between, rooms_near
    lengths = np.zeros(span[1] - span[0], np.int64)
    numbers, times = np.empty(1024, np.int32), np.empty(1024, np.uint32)
    columns, used, ticks = ground.pace.shape[1], 0, rooms[0].ticks
    for source in range(span[0], span[1]):
        row, column, limit = seeds.row[source], seeds.column[source], np.uint64(ask.limit[source])
        seed = (row, column, np.uint64(seeds.ticks[source]))
        top, left, bottom, right = _both(ground, rules, leans, mode, seed, limit, rooms)
        own, begin = row * columns + column, used
        for line in range(top, bottom):
            first = (line - top + _RIM) * (right - left + 2 * _RIM) + _RIM - left - line * columns
            end = np.searchsorted(ends.cell, line * columns + left)
            while end < len(ends.cell) and ends.cell[end] < line * columns + right:
                cell, target = ends.cell[end], ends.number[end]
                found = np.uint64(ticks[first + cell])
                if found != np.uint64(NEVER):
                    found += np.uint64(ends.ticks[end])
                if cell == own:
                    straight = np.hypot(ends.y[end] - seeds.y[source], ends.x[end] - seeds.x[source])
                    straight *= ground.pace[row, column] * rules.per_second
                    if straight <= float(limit):
                        found = min(found, np.uint64(straight + 0.5))
                end += 1
                if found > limit:
                    continue
                if ask.counting[source]:
                    closer(near, target, source, np.uint32(found))
                if found <= np.uint64(ask.keep[source]):
                    if used == len(numbers):
                        numbers, times = longer(numbers, 2 * used), longer(times, 2 * used)
                    numbers[used], times[used] = target, found
                    used += 1
        lengths[source - span[0]] = used - begin
    return lengths, numbers[:used].copy(), times[:used].copy()
