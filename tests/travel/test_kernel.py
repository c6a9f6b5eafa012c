"""The compiled walks: against all simple paths, networkx, scipy and dense matrices."""

import math
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.domain.nouns import Floats, Ints
from siting.travel import kernel
from siting.travel.heap import NEVER, pop, push
from siting.travel.kernel import (
    Combine,
    Reached,
    SeededGraph,
    asked,
    in_parts,
    pack_arcs,
    reach,
    space_order,
    ticks_per_second,
)
from tests.drawing import examples

PER_SECOND = 1_000_000
Seeds = list[list[tuple[int, float]]]


class Graph(NamedTuple):
    """Arcs, and how many nodes are walked through of how many."""

    tail: Ints
    head: Ints
    seconds: Floats
    through: int
    nodes: int

    def turned(self) -> "Graph":
        """All arcs the other way round; only where every node is walked through."""
        return self._replace(tail=self.head, head=self.tail)


def walks(graph: Graph, seeds: Seeds, per_second: int = PER_SECOND) -> SeededGraph:
    start, arcs = pack_arcs(graph.tail, graph.head, graph.seconds, graph.through, per_second)
    lengths = np.cumsum([0, *(len(each) for each in seeds)]).astype(np.int64)
    node = np.array([node for each in seeds for node, _ in each], dtype=np.int64)
    ticks = np.array([round(seconds * per_second) for each in seeds for _, seconds in each], dtype=np.uint32)
    return SeededGraph(start, arcs, lengths, node, ticks)


def matrix(found: Reached, nodes: int, per_second: int = PER_SECOND) -> Floats:
    """Seconds of every source and node, inf where it is not reached; no node stands twice in a row."""
    dense = np.full((len(found.start) - 1, nodes), np.inf)
    for source in range(len(dense)):
        row = slice(found.start[source], found.start[source + 1])
        assert len(np.unique(found.node[row])) == row.stop - row.start
        dense[source, found.node[row]] = found.ticks[row] / per_second
    return dense


def same(got: Floats, expected: Floats, limit: float, within: float = 1e-3) -> None:
    """Times agree, and so do the nodes but for those within a millisecond of the limit."""
    clear = np.abs(expected - min(limit, 1e9)) > 1e-3
    assert np.array_equal(np.isfinite(got)[clear], (expected < limit)[clear])
    both = np.isfinite(got) & np.isfinite(expected)
    assert np.abs(got[both] - expected[both]).max(initial=0.0) <= within


def street_grid(side: int, seed: int, *, leaves: int = 0) -> Graph:
    """Squares of streets with gaps, other times each way; leaves hang on single arcs."""
    rng = np.random.default_rng(seed)
    grid = np.arange(side * side).reshape(side, side)
    pairs = np.vstack([np.c_[grid[:, :-1].ravel(), grid[:, 1:].ravel()], np.c_[grid[:-1].ravel(), grid[1:].ravel()]])
    u, v = pairs[rng.random(len(pairs)) < 0.85].T
    tail = np.concatenate([u, v, rng.integers(0, side * side, 3 * leaves)])
    head = np.concatenate([v, u, side * side + rng.integers(0, max(leaves, 1), 3 * leaves)])
    return Graph(tail, head, rng.uniform(20, 180, len(tail)), side * side, side * side + leaves)


def by_networkx(graph: Graph, source: list[tuple[int, float]], limit: float) -> Floats:
    found = nx.DiGraph()
    found.add_nodes_from(range(graph.nodes))
    found.add_node("door")
    arcs = zip(graph.tail.tolist(), graph.head.tolist(), graph.seconds.tolist(), strict=True)
    for u, v, seconds in [*arcs, *(("door", node, seconds) for node, seconds in source)]:
        if not found.has_edge(u, v) or found[u][v]["weight"] > seconds:
            found.add_edge(u, v, weight=seconds)
    times = nx.single_source_dijkstra_path_length(found, "door", cutoff=limit + 0.01)
    return np.array([times.get(node, math.inf) for node in range(graph.nodes)])


def over_all_paths(graph: Graph, source: list[tuple[int, float]]) -> Floats:
    """Brute force: walk every path that meets no node twice."""
    least = np.full(graph.nodes, np.inf)

    def on(node: int, seconds: float, behind: frozenset[int]) -> None:
        least[node] = min(least[node], seconds)
        if node < graph.through:
            for arc in np.flatnonzero(graph.tail == node):
                if graph.head[arc] not in behind:
                    on(int(graph.head[arc]), seconds + graph.seconds[arc], behind | {int(graph.head[arc])})

    for node, seconds in source:
        on(node, seconds, frozenset([node]))
    return least


@st.composite
def tiny(draw: Any, *, leaves: bool) -> tuple[Graph, Seeds]:
    """A graph of up to six nodes, arcs in parallel and of no time among them, and up to four sources."""
    through, hanging = draw(st.integers(1, 4)), draw(st.integers(0, 2)) if leaves else 0
    nodes = through + hanging
    # Quarters of seconds are exact in ticks and in floating point.
    arc = st.tuples(st.integers(0, through - 1), st.integers(0, nodes - 1), st.integers(0, 12))
    arcs = np.array(draw(st.lists(arc, max_size=12)), dtype=np.int64).reshape(-1, 3)
    seed = st.tuples(st.integers(0, nodes - 1), st.integers(0, 8).map(lambda quarters: quarters / 4))
    seeds = draw(st.lists(st.lists(seed, max_size=3), min_size=1, max_size=4))
    return Graph(arcs[:, 0], arcs[:, 1], arcs[:, 2] / 4, through, nodes), seeds


@settings(deadline=None, max_examples=examples(30))
@given(tiny(leaves=True), st.integers(0, 16).map(lambda quarters: quarters / 4), st.integers(0, 2))
def test_every_simple_path_tried(case: tuple[Graph, Seeds], limit: float, first: int) -> None:
    graph, seeds = case
    first = min(first, graph.through)
    ask = asked(np.full(len(seeds), limit), PER_SECOND)
    got = matrix(reach(walks(graph, seeds), ask, nodes=graph.nodes, first=first), graph.nodes - first)
    expected = np.array([over_all_paths(graph, each) for each in seeds])[:, first:]
    assert np.array_equal(got, np.where(expected <= limit, expected, np.inf))


@settings(deadline=None, max_examples=examples(30))
@given(tiny(leaves=False), st.integers(0, 12).map(lambda quarters: quarters / 4), st.sampled_from(["slower", "mean"]))
def test_both_ways_by_the_least_sums(case: tuple[Graph, Seeds], limit: float, combine: Combine) -> None:
    graph, seeds = case
    # Floyd and Warshall's least sums over all nodes.
    least = np.full((graph.nodes, graph.nodes), np.inf)
    np.minimum.at(least, (graph.tail, graph.head), graph.seconds)
    np.fill_diagonal(least, 0.0)
    for via in range(graph.nodes):
        least = np.minimum(least, least[:, via : via + 1] + least[via])
    expected = np.full((len(seeds), graph.nodes), np.inf)
    for source, each in enumerate(seeds):
        there = np.min([seconds + least[node] for node, seconds in each], axis=0, initial=np.inf)
        home = np.min([seconds + least[:, node] for node, seconds in each], axis=0, initial=np.inf)
        expected[source] = np.maximum(there, home) if combine == "slower" else (there + home) / 2
    back = walks(graph.turned(), seeds)
    ask = asked(np.full(len(seeds), limit), PER_SECOND)
    got = matrix(reach(walks(graph, seeds), ask, nodes=graph.nodes, back=back, combine=combine), graph.nodes)
    assert np.array_equal(got, np.where(expected <= limit, expected, np.inf))


@pytest.mark.parametrize(("side", "sources", "limit"), [(12, 40, 500.0), (70, 12, 1_800.0)])
def test_times_as_networkx(side: int, sources: int, limit: float) -> None:
    graph = street_grid(side, side, leaves=side)
    rng = np.random.default_rng(3)
    seeds: Seeds = [
        [
            (int(node), float(leg))
            for node, leg in zip(rng.integers(0, graph.nodes, 2), rng.uniform(0, 90, 2), strict=True)
        ]
        for _ in range(sources)
    ]
    # The same sources again: what one leaves behind would be found by the next.
    ask = asked(np.full(2 * sources, limit), PER_SECOND)
    got = matrix(reach(walks(graph, seeds + seeds[::-1]), ask, nodes=graph.nodes), graph.nodes)
    expected = np.array([by_networkx(graph, each, limit) for each in seeds])
    same(got, np.vstack([expected, expected[::-1]]), limit, 0.01)
    assert np.isfinite(got).sum() > 20 * sources


def test_times_as_scipy_on_the_yardstick(shared: Path, tmp_path: Path) -> None:
    file = tmp_path / "network.npz"
    words = [sys.executable, str(shared / "instances" / "yardstick.py"), "network", "20000", str(file)]
    subprocess.run(words, check=True, capture_output=True)
    with np.load(file) as made:
        indptr, heads, seconds, chosen = (made[key] for key in ("indptr", "indices", "data", "sources_10000"))
    nodes, chosen = len(indptr) - 1, chosen[:150]
    graph = Graph(np.repeat(np.arange(nodes), np.diff(indptr)), heads.astype(np.int64), seconds, nodes, nodes)
    got = matrix(
        reach(
            walks(graph, [[(int(node), 0.0)] for node in chosen]), asked(np.full(150, 900.0), PER_SECOND), nodes=nodes
        ),
        nodes,
    )
    expected = dijkstra(csr_array((seconds, heads, indptr), shape=(nodes, nodes)), indices=chosen, limit=901.0)
    same(got, expected, 900.0)
    assert np.isfinite(got).sum() > 10_000


def _nearest(times: Floats, taken: Ints | None = None) -> tuple[Ints, Floats]:
    times = times.copy()
    if taken is not None:
        times[taken, np.arange(times.shape[1])] = np.inf
    row = np.argmin(times, axis=0)
    least = times[row, np.arange(times.shape[1])]
    return np.where(np.isfinite(least), row, -1), least


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_nearest_and_second_nearest_as_a_dense_matrix_has_them(threads: int) -> None:
    rng = np.random.default_rng(8)
    # Whole minutes on squares, so that many are equally near: then the first is.
    graph = street_grid(20, 8)
    graph = graph._replace(seconds=np.full(len(graph.tail), 60.0))
    seeds: Seeds = [[(int(node), 0.0)] for node in rng.integers(0, graph.nodes, 60)]
    counting = rng.random(60) < 0.6
    limit = rng.choice([300.0, 600.0], 60)
    ask = asked(limit, PER_SECOND, keep_s=np.full(60, 240.0), counting=counting)
    found = reach(walks(graph, seeds), ask, nodes=graph.nodes, threads=threads)
    expected = np.array([by_networkx(graph, each, 600.0) for each in seeds])
    assert np.array_equal(matrix(found, graph.nodes), np.where(expected <= 240.0, expected, np.inf))
    times = np.where((expected <= limit[:, None]) & counting[:, None], expected, np.inf)
    first, first_s = _nearest(times)
    second, second_s = _nearest(times, first)
    near = found.nearest
    assert near.rank.tolist() == first.tolist()
    assert near.second_rank.tolist() == second.tolist()
    assert np.array_equal(np.where(near.ticks == NEVER, np.inf, near.ticks / PER_SECOND), first_s)
    assert np.array_equal(np.where(near.second_ticks == NEVER, np.inf, near.second_ticks / PER_SECOND), second_s)


@pytest.mark.parametrize("threads", [2, 3, 40])
def test_no_figure_depends_on_the_number_of_threads(threads: int) -> None:
    graph = street_grid(25, 4)
    rng = np.random.default_rng(5)
    # Some sources stand nowhere, and come neither first nor last.
    seeds: Seeds = [[(int(node), 0.0)] if node % 7 else [] for node in rng.integers(0, graph.nodes, 35)]
    one, many = (
        reach(
            walks(graph, seeds),
            asked(np.linspace(100.0, 900.0, 35), PER_SECOND, counting=np.ones(35, dtype=bool)),
            nodes=graph.nodes,
            threads=each,
        )
        for each in (1, threads)
    )
    # Even the order within a row is the same.
    assert one.start.tolist() == many.start.tolist()
    assert one.node.tolist() == many.node.tolist()
    assert one.ticks.tolist() == many.ticks.tolist()
    assert all(np.array_equal(here, there) for here, there in zip(one.nearest, many.nearest, strict=True))


def test_rows_stand_by_source_in_the_order_given() -> None:
    # A street of 50 nodes, 10 s apart; the sources jump to and fro on it.
    u = np.arange(49)
    graph = Graph(np.r_[u, u + 1], np.r_[u + 1, u], np.full(98, 10.0), 50, 50)
    places = [40, 3, 49, 3, 0, 25]
    seeds: Seeds = [[(place, 0.0)] for place in places]
    got = matrix(reach(walks(graph, seeds), asked(np.full(6, 30.0), PER_SECOND), nodes=50), 50)
    for place, row in zip(places, got, strict=True):
        away = 10.0 * np.abs(np.arange(50) - place)
        assert np.array_equal(row, np.where(away <= 30.0, away, np.inf))


def test_no_walk_leads_through_a_leaf() -> None:
    # 0 → 2 → 1 would be short, but 2 is only reached; arcs out of it cannot even be given.
    graph = Graph(np.array([0, 0, 1]), np.array([2, 1, 2]), np.array([1.0, 50.0, 1.0]), 2, 3)
    found = reach(walks(graph, [[(0, 0.0)], [(2, 0.0)]]), asked(np.full(2, 60.0), PER_SECOND), nodes=3)
    assert matrix(found, 3).tolist() == [[0.0, 50.0, 1.0], [math.inf, math.inf, 0.0]]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12)), max_size=40), st.booleans())
def test_arcs_are_packed_alike_in_parts_and_in_any_order(ends: list[tuple[int, int]], ordered: bool) -> None:  # noqa: FBT001 - drawn
    ends = sorted(ends, key=lambda pair: pair[0]) if ordered else ends
    tail, head = (np.array([pair[side] for pair in ends], dtype=np.int64) for side in (0, 1))
    with pytest.MonkeyPatch.context() as patch:
        # A few arcs are enough for every core to pack a part.
        patch.setattr(kernel, "_FEW_ARCS", 3)
        start, arcs = pack_arcs(tail, head, np.arange(len(tail)) + 0.5, 10, 1000)
    assert len(start) == 11
    for node in range(10):
        row = [(int(arc) >> 32, int(arc) & 0xFFFFFFFF) for arc in arcs[start[node] : start[node + 1]]]
        assert row == [(500 + 1000 * arc, pair[1]) for arc, pair in enumerate(ends) if pair[0] == node]


def test_arcs_are_packed_as_scipy_packs_them() -> None:
    rng = np.random.default_rng(9)
    tail, head, seconds = rng.integers(0, 30, 200), rng.integers(0, 50, 200), rng.uniform(0, 100, 200)
    start, arcs = pack_arcs(tail, head, seconds, 30, PER_SECOND)
    # By tail, and of one tail in the order given: numbers of arcs from 1, for scipy drops none then.
    packed = csr_array((np.arange(1, 201), (tail, np.arange(200))), shape=(30, 200))
    order = packed.data - 1
    assert start.tolist() == packed.indptr.tolist()
    assert (arcs & np.uint64(0xFFFFFFFF)).tolist() == head[order].tolist()
    assert (arcs >> np.uint64(32)).tolist() == np.rint(seconds[order] * PER_SECOND).tolist()


def test_arcs_longer_than_can_be_counted_are_left_out() -> None:
    tail, head = np.zeros(4, dtype=np.int64), np.arange(4)
    seconds = np.array([4_294.967294, 4_294.967295, 1e12, math.inf])
    start, arcs = pack_arcs(tail, head, seconds, 2, PER_SECOND)
    assert start.tolist() == [0, 1, 1]
    assert arcs.tolist() == [0xFFFFFFFE << 32]


def test_limits_are_inclusive_to_a_millisecond() -> None:
    seconds = np.array([899.9985, 900.0, 900.0009, 900.0011])
    graph = Graph(np.zeros(4, dtype=np.int64), np.arange(1, 5), seconds, 5, 5)
    for limit, keep in ((950.0, 900.0), (900.0, 950.0)):
        ask = asked(np.array([limit]), PER_SECOND, keep_s=np.array([keep]), counting=np.array([True]))
        found = reach(walks(graph, [[(0, 0.0)]]), ask, nodes=5)
        assert sorted(found.node.tolist()) == [0, 1, 2, 3]
        assert np.flatnonzero(found.nearest.rank < 0).tolist() == ([4] if limit < keep else [])


def test_a_second_is_cut_as_finely_as_the_longest_time_allows() -> None:
    longest = (2_000.0, 2_000.001, 20_000.0, 20_000.001, 200_000.0)
    assert [ticks_per_second(each) for each in longest] == [1_000_000, 100_000, 100_000, 10_000, 10_000]
    with pytest.raises(ValueError, match="longer than can be counted"):
        ticks_per_second(200_000.1)


@pytest.mark.parametrize("combine", ["only", "slower", "mean"])
def test_times_near_the_longest_that_is_counted(combine: Combine) -> None:
    # 2,000 s are 2 × 10⁹ ticks. Sums up to twice that must neither wrap round nor be taken for "never".
    tail, head = np.array([0, 0, 0, 0, 1]), np.array([1, 2, 3, 4, 5])
    there = np.array([2_000.0, 1.0, 3_999.0, 4_000.0, 2_500.0])
    home = np.array([2_000.0, 3_999.0, 1.0, 0.5, 0.0])
    away, back = Graph(tail, head, there, 6, 6), Graph(tail, head, home, 6, 6)
    ask = asked(np.array([2_000.0, math.inf]), ticks_per_second(2_000.0))
    seeds: Seeds = [[(0, 0.0)], [(0, 0.0)]]
    found = reach(walks(away, seeds), ask, nodes=6, back=walks(back, seeds), combine=combine)
    never = math.inf
    # There and back on average: 4: (4,000 + 0.5) ÷ 2 = 2,000.25 s; 5: 4,500 s there are more than is counted at all.
    expected = {
        "only": [[0.0, 2_000.0, 1.0, never, never, never]] * 2,
        "slower": [[0.0, 2_000.0, never, never, never, never]] * 2,
        "mean": [
            [0.0, 2_000.0, 2_000.0, 2_000.0, never, never],
            [0.0, 2_000.0, 2_000.0, 2_000.0, 2_000.25, never],
        ],
    }
    assert matrix(found, 6).tolist() == expected[combine]


@pytest.mark.parametrize("combine", ["slower", "mean"])
def test_one_way_alone_is_no_way_there_and_back(combine: Combine) -> None:
    graph = Graph(np.array([0]), np.array([1]), np.array([1.0]), 2, 2)
    seeds: Seeds = [[(0, 0.0)]]
    ask = asked(np.array([1e6]), 1_000)
    found = reach(walks(graph, seeds), ask, nodes=2, back=walks(graph.turned(), seeds), combine=combine)
    assert matrix(found, 2, PER_SECOND).tolist() == [[0.0, math.inf]]


def test_nothing_to_walk() -> None:
    none = np.zeros(0, dtype=np.int64)
    graph = Graph(none, none, np.zeros(0), 0, 0)
    found = reach(walks(graph, []), asked(np.zeros(0), PER_SECOND), nodes=0)
    assert found.start.tolist() == [0]
    assert len(found.node) == len(found.ticks) == 0
    assert len(space_order(np.zeros((0, 2)))) == 0


# Compiled again each time: what numba keeps is judged by the file of the function alone, not by the heap's.
@numba.njit
def _drained(entries: NDArray[np.uint64], heap: NDArray[np.uint64], pushed: int) -> NDArray[np.uint64]:
    """Push some entries, then take one away and push the next, then take away the rest."""
    size, taken = 0, np.empty_like(entries)
    for entry in entries[:pushed]:
        size = push(heap, size, entry)
    for at in range(len(entries)):
        taken[at] = heap[0]
        size = pop(heap, size)
        if pushed + at < len(entries):
            size = push(heap, size, entries[pushed + at])
    return taken


@settings(deadline=None, max_examples=examples(30))
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=60), st.integers(1, 60))
def test_a_heap_gives_the_least_each_time(entries: list[int], pushed: int) -> None:
    pushed = min(pushed, len(entries))
    got = _drained(np.array(entries, dtype=np.uint64), np.empty(len(entries), dtype=np.uint64), pushed)
    held, rest, expected = sorted(entries[:pushed]), entries[pushed:], []
    while held:
        expected.append(held.pop(0))
        held = sorted([*held, *rest[:1]])
        rest = rest[1:]
    assert got.tolist() == expected


def test_points_along_the_curve_are_neighbours() -> None:
    x, y = np.meshgrid(np.arange(4.0), np.arange(4.0))
    order = space_order(np.c_[x.ravel(), y.ravel()])
    # Quarter by quarter, and in each quarter the same.
    assert order.tolist() == [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_walks_with_the_parts_at_hand(workers: int) -> None:
    # Parts of which none has more than some hundred sources; the first one presses Ctrl-C.
    done, presses, pause = [0], [signal.SIGINT], threading.Event()

    def begin(worker: int) -> Callable[[Ints], int]:
        def part(span: Ints) -> int:
            assert 0 < span[1] - span[0] <= 250
            done[0] += 1
            if worker == 0 and presses:
                signal.raise_signal(presses.pop())
            pause.wait(0.001)
            return int(span[0])

        return part

    with pytest.raises(KeyboardInterrupt):
        in_parts(begin, 1_000_000, workers)
    assert done[0] < 1_000


def test_parts_come_in_order_whoever_works_on_them() -> None:
    parts = in_parts(lambda _: lambda span: span.tolist(), 1001, 3)
    assert parts[0][0] == 0
    assert parts[-1][1] == 1001
    assert all(one[1] == other[0] for one, other in pairwise(parts))
