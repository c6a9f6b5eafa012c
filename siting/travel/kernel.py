"""Bounded shortest paths from many sources over packed arrays: compiled, on all cores.

Times are whole ticks, so that sums are exact whatever their order. A tick is a microsecond, or longer if the longest
time requires it. An arc is one number, ``ticks << 32 | head``, and so is an entry of the heap (Dijkstra 1959, with a
4-ary heap without decrease-key: stale entries are skipped). After each source only the touched entries are reset, so
the cost of a source depends on what it reaches and not on the size of the network.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from siting.compiled import compiled
from siting.domain.nouns import Floats, Ints
from siting.travel.heap import HALF, LOW, NEVER, Numbers, Packed, Ticks, fetch, pop, push

Combine = Literal["only", "slower", "mean"]
MODES: Final = ("only", "slower", "mean")
ONLY, _SLOWER, MEAN = range(3)

# The possible ticks per second, and the most ticks of the longest time. A limit may have 31 bits, because for a mean
# one way may take twice the limit. An arc may have 32 bits, less the value ``NEVER``.
_TICKS_PER_SECOND: Final = (1_000_000, 100_000, 10_000)
_MOST_TICKS: Final = 2_000_000_000
_LIMIT_TICKS: Final = 0x7FFFFFFF
_ARC_TICKS: Final = 0xFFFFFFFE
# An arrival this much after the limit still counts as within it.
TOLERANCE_S: Final = 1e-3
# One core packs this many arcs as quickly as several cores.
_FEW_ARCS: Final = 200_000
# The parts that each thread takes one by one, so that no thread waits long for another; and the most sources of a part,
# so that Ctrl-C does not wait long.
_PARTS: Final = 8
_SOURCES: Final = 250
# Coordinates of 16 bits are interleaved into a position on a space-filling curve.
_ONE: Final = np.uint64(1)
_CURVE: Final = ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555))


class SeededGraph(NamedTuple):
    """A directed graph, and the positions of the sources in it.

    The arcs out of node i are ``arcs[start[i]:start[i + 1]]``. Walks pass through nodes below ``len(start) - 1``; the
    other nodes are only reached. Source s begins at ``seed_node[seed_start[s]:seed_start[s + 1]]``, and
    ``seed_ticks[...]`` have already passed there.
    """

    start: Ticks
    arcs: Packed
    seed_start: Ints
    seed_node: Ints
    seed_ticks: Ticks


class Nearest(NamedTuple):
    """The nearest and second nearest source of each reported node: their ranks (-1: none) and the ticks."""

    rank: Numbers
    ticks: Ticks
    second_rank: Numbers
    second_ticks: Ticks


class Asked(NamedTuple):
    """The task of each source.

    The ticks up to which it walks (``limit``) and up to which its row is kept (``keep``), both inclusive, and whether
    it counts for the nearest.
    """

    limit: Ticks
    keep: Ticks
    counting: NDArray[np.bool_]


class _Room(NamedTuple):
    """The working memory of one direction: the time of each node, the touched nodes, the heap."""

    ticks: Ticks
    touched: Numbers
    heap: Packed


@dataclass(frozen=True)
class Reached:
    """What sources reach: source s reaches the nodes ``node[start[s]:start[s + 1]]``, unsorted, in ``ticks[...]``."""

    start: Ints
    node: Numbers
    ticks: Ticks
    nearest: Nearest


def ticks_per_second(longest_s: float) -> int:
    """Return the ticks of a second that are the finest with which the longest time can be counted.

    Raises
    ------
    ValueError
        It is longer than 55 hours.

    Examples
    --------
    >>> from siting.travel.kernel import ticks_per_second
    >>> ticks_per_second(900.0), ticks_per_second(3600.0)
    (1000000, 100000)
    """
    for found in _TICKS_PER_SECOND:
        if longest_s * found <= _MOST_TICKS:
            return found
    message = f"{longest_s} s is longer than can be counted"
    raise ValueError(message)


def pack_arcs(tail: Ints, head: Ints, seconds: Floats, through: int, per_second: int) -> tuple[Ticks, Packed]:
    """Return ``start`` and ``arcs`` of :class:`SeededGraph`; arcs longer than can be counted are left out.

    Parameters
    ----------
    tail, head : ndarray of int
        Ends of the arcs; tails are below ``through``.
    seconds : ndarray
        Not negative.
    through : int
        The number of nodes through which walks pass.
    per_second : int
        The result of :func:`ticks_per_second`.
    """
    if not seconds.max(initial=0.0) * per_second <= _ARC_TICKS:
        counted = seconds * per_second <= _ARC_TICKS
        tail, head, seconds = tail[counted], head[counted], seconds[counted]
    start, arcs = np.zeros(through + 1, dtype=np.uint32), np.empty(len(tail), dtype=np.uint64)
    workers = min(os.cpu_count() or 1, 1 + len(tail) // _FEW_ARCS)
    bounds = np.linspace(0, len(tail), workers + 1).astype(np.int64)

    def work(worker: int) -> bool:
        span = (bounds[worker], bounds[worker + 1])
        return bool(_pack_sorted(tail, head, seconds, float(per_second), span, start, arcs))

    # The rows of a sparse matrix are sorted by tail, so that each core can pack a part.
    if not all(on_threads(work, workers)):
        _pack(tail, head, seconds, float(per_second), start, arcs)
    return start, arcs


def space_order(xy: Floats) -> Ints:
    """Return the order of points along a space-filling curve (Morton 1966), so that neighbours are close in memory."""
    if not len(xy):
        return np.zeros(0, dtype=np.int64)
    side = max(float(np.ptp(xy, axis=0).max()), 1.0)
    cells = ((xy - xy.min(axis=0)) / side * 0xFFFF).astype(np.uint64)
    for shift, mask in _CURVE:
        cells = (cells | (cells << np.uint64(shift))) & np.uint64(mask)
    return np.argsort(cells[:, 0] | (cells[:, 1] << np.uint64(1)), kind="stable").astype(np.int64)


def asked(
    limit_s: Floats,
    per_second: int,
    *,
    keep_s: Floats | None = None,
    counting: NDArray[np.bool_] | None = None,
) -> Asked:
    """Return the tasks of sources, from seconds (inclusive, to a millisecond).

    Parameters
    ----------
    limit_s : ndarray
        How far each source walks.
    per_second : int
        The result of :func:`ticks_per_second`.
    keep_s : ndarray, optional
        The time up to which a row is kept; ``limit_s`` if absent. Beyond it a source is only a possible nearest source.
    counting : ndarray of bool, optional
        Sources among which the nearest are sought; none if absent.
    """
    keep, none = limit_s if keep_s is None else keep_s, np.zeros(len(limit_s), dtype=bool)
    limit = limit_ticks(limit_s, per_second)
    return Asked(limit, np.minimum(limit, limit_ticks(keep, per_second)), none if counting is None else counting)


def reach(
    away: SeededGraph,
    asked: Asked,
    *,
    nodes: int,
    first: int = 0,
    back: SeededGraph | None = None,
    combine: Combine = "only",
    threads: int | None = None,
) -> Reached:
    """Walk from every source up to its limit.

    Parameters
    ----------
    away : SeededGraph
        The graph and the sources.
    asked : Asked
        How far each source walks, and what is kept.
    nodes : int
        The number of nodes, with those that are only reached.
    first : int
        Walks pass through nodes below it, which are not reported; reported nodes are numbered from it.
    back : SeededGraph, optional
        The same graph with all arcs reversed, for the way back.
    combine : {"only", "slower", "mean"}
        The time that counts: that of ``away``, the longer of both, or their mean.
    threads : int, optional
        All cores if absent; the result is the same whatever their number.

    Returns
    -------
    Reached
        The memory used is proportional to what is kept.
    """
    count = len(asked.limit)
    mode = MODES.index(combine)
    ways = (away, away if back is None else back)
    workers = max(1, min(threads or os.cpu_count() or 1, count))
    order = _along(away, count)
    near = [nobody(nodes - first if asked.counting.any() else 0) for _ in range(workers)]

    def begin(worker: int) -> Callable[[Ints], Any]:
        rooms = (_room(ways[0], nodes), _room(ways[1], nodes if mode else 0))
        return lambda span: _rows(ways, mode, asked, first, order[slice(*span)], rooms, near[worker])

    rows = in_parts(begin, count, workers)
    for other in near[1:]:
        merge(near[0], other)
    return Reached(*_in_place(rows, order, workers), near[0])


def _along(walks: SeededGraph, count: int) -> Ints:
    """Return sources in the order of the nodes where they begin: successive neighbours use cached memory."""
    begin = walks.seed_start[:count]
    seeded = begin < walks.seed_start[1 : count + 1]
    first = np.full(count, -1, dtype=np.int64)
    first[seeded] = walks.seed_node[begin[seeded]]
    return np.argsort(first, kind="stable").astype(np.int64)


def _in_place(rows: list[Any], order: Ints, workers: int) -> tuple[Ints, Numbers, Ticks]:
    """Return the rows of all sources, found along ``order``, by source; ``rows`` is emptied during the process."""
    lengths = np.concatenate([part[0] for part in rows])
    start = np.zeros(len(order) + 1, dtype=np.int64)
    start[order + 1] = lengths
    np.cumsum(start, out=start)
    node, ticks = np.empty(start[-1], dtype=np.int32), np.empty(start[-1], dtype=np.uint32)
    bounds = np.concatenate([[0], np.cumsum([len(part[0]) for part in rows])])

    def work(worker: int) -> None:
        for part in range(worker, len(rows), workers):
            _put(*rows[part], start[order[bounds[part] : bounds[part + 1]]], node, ticks)
            rows[part] = None

    on_threads(work, workers)
    return start, node, ticks


def limit_ticks(seconds: Floats, per_second: int) -> Ticks:
    """Return limits in ticks, with the tolerance."""
    ticks = np.floor((seconds + TOLERANCE_S) * per_second)
    return np.minimum(ticks, _LIMIT_TICKS).astype(np.uint32)


def nobody(nodes: int) -> Nearest:
    """Return the nearest sources of nodes before any walk."""
    rank, ticks = np.full(nodes, -1, dtype=np.int32), np.full(nodes, NEVER, dtype=np.uint32)
    return Nearest(rank, ticks, rank.copy(), ticks.copy())


def _room(walks: SeededGraph, nodes: int) -> _Room:
    # Memory pages of the heap that are never touched cost nothing.
    heap = np.empty(len(walks.arcs) + len(walks.seed_node) + 1 if nodes else 0, dtype=np.uint64)
    # One entry more: the entry after the last touched node is written before it is known whether it counts.
    return _Room(np.full(nodes, NEVER, dtype=np.uint32), np.empty(nodes + 1, dtype=np.int32), heap)


def in_parts(begin: Callable[[int], Callable[[Ints], Any]], count: int, workers: int) -> list[Any]:
    """Let threads process parts with the given number of sources, one by one; return the result of each part, in order.

    Parameters
    ----------
    begin : callable
        Called once on each thread with its number; the returned function is called with the start and end of each part.
    count : int
        The number of sources.
    workers : int
        The number of threads. After Ctrl-C they end with the parts at hand.
    """
    parts = workers * max(_PARTS, -(-count // (workers * _SOURCES)))
    bounds = np.linspace(0, count, parts + 1).astype(np.int64)
    stopped = threading.Event()

    def one(worker: int) -> list[Any]:
        work, found = begin(worker), []
        for part in range(worker, parts, workers):
            if stopped.is_set():
                break
            found.append(work(bounds[part : part + 2]))
        return found

    found = on_threads(one, workers, stopped)
    return [found[part % workers][part // workers] for part in range(parts)]


def on_threads(work: Callable[[int], Any], workers: int, stopped: threading.Event | None = None) -> list[Any]:
    """Call ``work`` with the number of each worker, each on its own thread; return the results, in order.

    ``stopped`` is set if Ctrl-C or an error ends the wait for them.
    """
    if workers == 1:
        return [work(0)]
    with ThreadPoolExecutor(workers) as pool:
        try:
            return list(pool.map(work, range(workers)))
        except BaseException:
            if stopped is not None:
                stopped.set()
            raise


@compiled
def _pack_sorted(
    tail: Ints, head: Ints, seconds: Floats, per_second: float, span: tuple[int, int], start: Ticks, arcs: Packed
) -> bool:
    """Pack a part of the arcs; tell whether they are sorted by tail (if not, the result is useless)."""
    before = tail[span[0] - 1] if span[0] > 0 else np.int64(0)
    for arc in range(span[0], span[1]):
        node = tail[arc]
        if node < before:
            return False
        for begun in range(before + 1, node + 1):
            start[begun] = arc
        before = node
        arcs[arc] = (np.uint64(np.rint(seconds[arc] * per_second)) << HALF) | np.uint64(head[arc])
    if span[1] == len(tail):
        for begun in range(before + 1, len(start)):
            start[begun] = len(tail)
    return True


@compiled
def _pack(tail: Ints, head: Ints, seconds: Floats, per_second: float, start: Ticks, arcs: Packed) -> None:
    """Pack arcs in any order; arcs of one tail keep their order."""
    start[:] = 0
    for each in tail:
        start[each + 1] += 1
    for node in range(len(start) - 1):
        start[node + 1] += start[node]
    place = start[:-1].copy()
    for arc in range(len(tail)):
        ticks = np.uint64(np.rint(seconds[arc] * per_second))
        arcs[place[tail[arc]]] = (ticks << HALF) | np.uint64(head[arc])
        place[tail[arc]] += 1


@compiled
def _put(lengths: Ints, nodes: Numbers, times: Ticks, places: Ints, node: Numbers, ticks: Ticks) -> None:
    """Copy rows to their final positions."""
    begin = 0
    for row in range(len(lengths)):
        place, end = places[row], begin + lengths[row]
        node[place : place + lengths[row]] = nodes[begin:end]
        ticks[place : place + lengths[row]] = times[begin:end]
        begin = end


@compiled
def _walk(walks: SeededGraph, source: int, limit: np.uint64, room: _Room) -> int:
    """Walk from one source; return the number of touched nodes. ``room.ticks`` holds their times."""
    # Inlined by hand: a call costs more than a step of the walk. Nodes and arcs are unsigned, as indices in the heap
    # are.
    start, arcs, best, list_, heap = walks.start, walks.arcs, room.ticks, room.touched, room.heap
    through, size, touched = np.uint64(len(start) - 1), 0, np.uint64(0)
    beyond = np.uint32(limit + _ONE)
    for seed in range(walks.seed_start[source], walks.seed_start[source + 1]):
        head, ticks = np.uint64(walks.seed_node[seed]), np.uint64(walks.seed_ticks[seed])
        before = best[head]
        if ticks < np.uint64(min(before, beyond)):
            list_[touched] = head
            touched += np.uint64(before == NEVER)
            best[head] = np.uint32(ticks)
            if head < through:
                size = push(heap, size, (ticks << HALF) | head)
    while size > 0:
        top = heap[0]
        size = pop(heap, size)
        node, so_far = top & LOW, top >> HALF
        if so_far > np.uint64(best[node]):
            continue
        for arc in range(np.uint64(start[node]), np.uint64(start[node + _ONE])):
            ticks, head = so_far + (arcs[arc] >> HALF), arcs[arc] & LOW
            before = best[head]
            if ticks < np.uint64(min(before, beyond)):
                list_[touched] = head
                touched += np.uint64(before == NEVER)
                best[head] = np.uint32(ticks)
                if head < through:
                    fetch(arcs, np.uint64(start[head]))
                    size = push(heap, size, (ticks << HALF) | head)
    return int(touched)


@numba.njit(inline="always")
def combined(mode: int, ticks: np.uint32, back: np.uint32) -> np.uint32:
    """Return the time that counts of the way there and the way back; NEVER if one of them is not possible."""
    if mode == ONLY:
        return ticks
    if back == NEVER:
        return NEVER
    if mode == _SLOWER:
        return max(ticks, back)
    return np.uint32((np.uint64(ticks) + np.uint64(back) + np.uint64(1)) >> np.uint64(1))


@compiled
def _rows(
    ways: tuple[SeededGraph, SeededGraph],
    mode: int,
    asked: Asked,
    first: int,
    sources: Ints,
    rooms: tuple[_Room, _Room],
    near: Nearest,
) -> tuple[Ints, Numbers, Ticks]:
    """Walk from some sources; return the length of each row, and the nodes and ticks of all rows."""
    there, home = rooms
    lengths = np.zeros(len(sources), np.int64)
    nodes, times = np.empty(1024, np.int32), np.empty(1024, np.uint32)
    used = 0
    for row, source in enumerate(sources):
        limit, keep, counts = np.uint64(asked.limit[source]), asked.keep[source], asked.counting[source]
        # A mean within the limit may have one way of up to twice as long.
        farthest = limit * np.uint64(2) if mode == MEAN else limit
        touched = _walk(ways[0], source, farthest, there)
        touched_home = _walk(ways[1], source, farthest, home) if mode != ONLY else 0
        if used + touched > len(nodes):
            nodes, times = longer(nodes, used + touched), longer(times, used + touched)
        begin = used
        for node in there.touched[:touched]:
            at = np.uint64(node)
            ticks = combined(mode, there.ticks[at], home.ticks[at] if mode != ONLY else NEVER)
            there.ticks[at] = NEVER
            if node < first or np.uint64(ticks) > limit:
                continue
            if counts:
                closer(near, node - first, source, ticks)
            if ticks <= keep:
                nodes[used], times[used] = node - first, ticks
                used += 1
        for node in home.touched[:touched_home]:
            home.ticks[np.uint64(node)] = NEVER
        lengths[row] = used - begin
    # The memory pages of the rest were never touched, so they cost nothing.
    return lengths, nodes[:used], times[:used]


@compiled
def longer(array: NDArray[Any], least: int) -> NDArray[Any]:
    """Return an array of at least twice the length with the same beginning."""
    longer = np.empty(max(2 * len(array), least), array.dtype)
    longer[: len(array)] = array
    return longer


@compiled
def closer(near: Nearest, node: int, rank: int, ticks: np.uint32) -> None:
    """Insert a source into the two nearest of a node, if it is near enough."""
    if ticks < near.ticks[node] or (ticks == near.ticks[node] and rank < near.rank[node]):
        near.second_rank[node], near.second_ticks[node] = near.rank[node], near.ticks[node]
        near.rank[node], near.ticks[node] = rank, ticks
    elif ticks < near.second_ticks[node] or (ticks == near.second_ticks[node] and rank < near.second_rank[node]):
        near.second_rank[node], near.second_ticks[node] = rank, ticks


@compiled
def merge(near: Nearest, other: Nearest) -> None:
    """Insert the two nearest of every node that another thread found."""
    for node in range(len(near.rank)):
        if other.rank[node] >= 0:
            closer(near, node, other.rank[node], other.ticks[node])
        if other.second_rank[node] >= 0:
            closer(near, node, other.second_rank[node], other.second_ticks[node])
