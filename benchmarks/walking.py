"""Walking from many sources: the compiled kernel beside scipy, networkx and pandana.

    python benchmarks/walking.py [--parts NAME …] [--runs N]

Parts (all if none is named):

- ``near``, ``dense``: all nodes within 900 s of 10,000 sources, 300,000 nodes 80 m and 15 m apart; beside
  ``scipy.sparse.csgraph.dijkstra`` with a limit and networkx with a cut-off;
- ``range``: the same on 50,000 nodes, beside pandana's range query, its preprocessing left out;
- ``large``: 20,000 sources on 2,000,000 nodes, packing included, beside scipy; memory; the time per source beside that
  on 50,000 nodes;
- ``every``: every one of 300,000 nodes a source; memory;
- ``start``: what the first use costs (compiling), and each later start.

The networks are made by ``instances/yardstick.py`` of the folder named by ``SITING_SHARED`` (else ``shared`` beside the
repository) and walked in the order in which it numbers them; ``large`` also in ours. The peers are too slow for all
sources: they walk from the first few, as the tables say, and seconds per source are compared. Runs alternate; figures
are medians. "Picked" adds what scipy's user still has to do, for its rows hold every node: pick out the finite times.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.travel.kernel import Reached, SeededGraph, asked, pack_arcs, reach, space_order

_LIMIT_S = 900.0
_PER_SECOND = 1_000_000
_LONGEST_S = 100_000.0
# Kilobytes on Linux, bytes on macOS.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
# Sources from which the peers walk, and how many scipy is given at once.
_SCIPY, _CHUNKS, _NETWORKX, _PANDANA = 500, (10, 100, 500), 30, 1_000
_MANY, _SCIPY_LARGE, _CHUNK_LARGE = 20_000, 20, 5

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Network:
    """A network of the yardstick."""

    tail: Ints
    head: Ints
    seconds: NDArray[np.float64]
    xy: NDArray[np.float64]
    sources: Ints

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.xy)

    def packed(self, sources: Ints, per_second: int = _PER_SECOND) -> SeededGraph:
        """Return the kernel's graph."""
        start, arcs = pack_arcs(self.tail, self.head, self.seconds, self.nodes, per_second)
        none_behind = np.zeros(len(sources), dtype=np.uint32)
        return SeededGraph(start, arcs, np.arange(len(sources) + 1), sources, none_behind)

    def matrix(self) -> csr_array:
        """Return scipy's graph."""
        return csr_array((self.seconds, (self.tail, self.head)), shape=(self.nodes, self.nodes))

    def along_curve(self) -> "Network":
        """Return the same network numbered along a space-filling curve, as siting numbers what it reads."""
        order = space_order(self.xy)
        number = np.empty(self.nodes, dtype=np.int64)
        number[order] = np.arange(self.nodes)
        ends = number[self.tail], number[self.head]
        return Network(*ends, self.seconds, self.xy[order], number[self.sources])


def load(folder: Path, nodes: int, spacing: int = 80) -> Network:
    """Return a network; it is made first where it is not there yet."""
    file = folder / f"{nodes}-{spacing}.npz"
    if not file.exists():
        shared = Path(os.environ.get("SITING_SHARED", Path(__file__).resolve().parents[2] / "shared"))
        script = str(shared / "instances" / "yardstick.py")
        words = [sys.executable, script, "network", str(nodes), str(file), "--spacing", str(spacing)]
        subprocess.run(words, check=True, capture_output=True)  # noqa: S603 - our own words
    with np.load(file) as made:
        tail = np.repeat(np.arange(len(made["x"])), np.diff(made["indptr"]))
        ends = tail, made["indices"].astype(np.int64)
        sources = made["sources_10000"].astype(np.int64)
        return Network(*ends, made["data"], np.column_stack([made["x"], made["y"]]), sources)


def compare(ways: dict[str, tuple[int, Callable[[], Any]]], runs: int) -> None:
    """Run all ways in turn; print microseconds per source, and how many times as long as the first way each takes."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, (sources, way) in ways.items():
            wall, processor = time.perf_counter(), time.process_time()
            way()
            seconds = time.perf_counter() - wall, time.process_time() - processor
            taken[name].append((seconds[0] / sources * 1e6, seconds[1] / sources * 1e6))
    print(f"{'':<28}{'sources':>10}{'wall, µs/source':>18}{'ratio':>8}{'processor':>12}{'ratio':>8}")
    medians = {name: [statistics.median(column) for column in zip(*each, strict=True)] for name, each in taken.items()}
    own = next(iter(medians.values()))
    for name, (wall, processor) in medians.items():
        ratios = wall / own[0], processor / own[1]
        print(f"{name:<28}{ways[name][0]:>10,}{wall:>18,.2f}{ratios[0]:>8.1f}{processor:>12,.2f}{ratios[1]:>8.1f}")


def walk(network: Network, walks: SeededGraph, threads: int | None = None) -> Reached:
    """Walk 900 s from all sources."""
    ask = asked(np.full(len(walks.seed_node), _LIMIT_S), _PER_SECOND)
    return reach(walks, ask, nodes=network.nodes, threads=threads)


def rows_of_scipy(graph: csr_array, sources: Ints, chunk: int, *, picked: bool) -> None:
    """Walk from sources chunk by chunk."""
    for begin in range(0, len(sources), chunk):
        found = dijkstra(graph, indices=sources[begin : begin + chunk], limit=_LIMIT_S)
        if picked:
            flat = found.ravel()
            flat[np.flatnonzero(flat <= _LIMIT_S)]


def differences(found: Reached, graph: csr_array, sources: Ints) -> tuple[float, int]:
    """Return the largest difference to scipy's times, seconds, and how many nodes only one of both reaches.

    Nodes within a millisecond of the limit are left out.
    """
    largest, other = 0.0, 0
    for row, source in enumerate(sources):
        expected = dijkstra(graph, indices=np.array([source]), limit=_LIMIT_S + 1.0)[0]
        got = np.full(len(expected), np.inf)
        here = slice(found.start[row], found.start[row + 1])
        got[found.node[here]] = found.ticks[here] / _PER_SECOND
        clear = np.abs(expected - _LIMIT_S) > 1e-3  # noqa: PLR2004 - a millisecond
        both = np.isfinite(got) & np.isfinite(expected)
        largest = max(largest, float(np.abs(got[both] - expected[both]).max(initial=0.0)))
        other += int(((np.isfinite(got) != (expected < _LIMIT_S)) & clear).sum())
    return largest, other


def beside_scipy(folder: Path, runs: int, spacing: int) -> None:
    """Print the parts ``near`` and ``dense``."""
    import networkx as nx  # noqa: PLC0415 - wanted here alone

    network = load(folder, 300_000, spacing)
    graph, walks = network.matrix(), network.packed(network.sources)
    few, fewer = network.sources[:_SCIPY], network.sources[:_NETWORKX]
    found = walk(network, walks)
    times = f"{len(found.node):,} times within 900 s"
    print(f"\n## {network.nodes:,} nodes, {spacing} m apart: {times} (scipy {scipy.__version__})")
    net = nx.DiGraph()
    arcs = zip(network.tail.tolist(), network.head.tolist(), network.seconds.tolist(), strict=True)
    net.add_weighted_edges_from(arcs)
    ways: dict[str, tuple[int, Callable[[], Any]]] = {
        "siting": (len(walks.seed_node), lambda: walk(network, walks)),
        "siting, one thread": (len(walks.seed_node), lambda: walk(network, walks, 1)),
    }
    for chunk in _CHUNKS:
        for picked in (False, True):
            way = partial(rows_of_scipy, graph, few, chunk, picked=picked)
            ways[f"scipy, {chunk} at once{', picked' if picked else ''}"] = (_SCIPY, way)
    ways["networkx"] = (
        _NETWORKX,
        lambda: [nx.single_source_dijkstra_path_length(net, int(each), cutoff=_LIMIT_S) for each in fewer],
    )
    compare(ways, runs)
    largest, other = differences(found, graph, few)
    print(f"largest difference to scipy {largest:.1e} s; nodes that only one reaches: {other}")


def beside_pandana(folder: Path, runs: int) -> None:
    """Print the part ``range``."""
    network = load(folder, 50_000)
    print(f"\n## {network.nodes:,} nodes, 80 m apart, beside pandana")
    try:
        import pandana  # noqa: PLC0415 - may be absent
        import pandas as pd  # noqa: PLC0415 - wanted here alone
    except ImportError:
        print("pandana cannot be imported: install the extra `benchmarks` to compare with it")
        return
    columns = (pd.Series(each) for each in (*network.xy.T, network.tail, network.head))
    begin = time.perf_counter()
    net = pandana.Network(*columns, pd.DataFrame({"seconds": network.seconds}), twoway=False)
    net.precompute(_LIMIT_S)
    print(f"pandana's preprocessing, left out below: {time.perf_counter() - begin:.1f} s")
    walks, few = network.packed(network.sources), network.sources[:_PANDANA].tolist()
    ways: dict[str, tuple[int, Callable[[], Any]]] = {
        "siting": (len(walks.seed_node), lambda: walk(network, walks)),
        "siting, one thread": (len(walks.seed_node), lambda: walk(network, walks, 1)),
        "pandana": (_PANDANA, lambda: net.nodes_in_range(few, _LIMIT_S)),
    }
    walk(network, walks)
    compare(ways, runs)


def large(folder: Path, runs: int) -> None:
    """Print the part ``large``."""
    network, small = load(folder, 2_000_000), load(folder, 50_000)
    curve, small_curve = network.along_curve(), small.along_curve()
    sources, few = (np.random.default_rng(0).choice(each.nodes, _MANY, replace=False) for each in (network, small))
    graph = network.matrix()
    print(f"\n## {network.nodes:,} nodes, 80 m apart")
    walk(network, network.packed(sources))
    way = partial(rows_of_scipy, graph, sources[:_SCIPY_LARGE], _CHUNK_LARGE, picked=False)
    compare(
        {
            "siting, packing included": (_MANY, lambda: walk(network, network.packed(sources))),
            f"scipy, {_CHUNK_LARGE} at once": (_SCIPY_LARGE, way),
        },
        runs,
    )
    print("\nWalking alone, one thread, nodes numbered along the curve or by the yardstick:")
    walking: dict[str, tuple[int, Callable[[], Any]]] = {}
    for name, net, chosen in (
        ("50,000, curve", small_curve, few),
        ("50,000, yardstick", small, few),
        ("2,000,000, curve", curve, sources),
        ("2,000,000, yardstick", network, sources),
    ):
        walking[name] = (_MANY, partial(walk, net, net.packed(chosen), 1))
    compare(walking, runs)
    print(f"peak memory of a process that packs and walks: {alone('large', folder)['memory']:,.0f} MiB")


def every(folder: Path, runs: int) -> None:
    """Print the part ``every``."""
    load(folder, 300_000)
    taken = [alone("every", folder) for _ in range(min(runs, 3))]
    wall, processor, memory = (
        statistics.median(each[key] for each in taken) for key in ("wall", "processor", "memory")
    )
    print("\n## Every one of 300,000 nodes a source")
    print(f"{taken[0]['times']:,.0f} times: {wall:.2f} s wall, {processor:.2f} s processor, {memory:,.0f} MiB at most")


def alone(part: str, folder: Path) -> dict[str, float]:
    """Do a part in a process of its own, and return what it told."""
    words = [sys.executable, __file__, "--alone", part, str(folder)]
    told: dict[str, float] = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)  # noqa: S603
    return told


def by_itself(part: str, folder: Path) -> None:
    """Pack and walk in this process; print seconds and peak memory in MiB."""
    network = load(folder, 2_000_000 if part == "large" else 300_000)
    sources = np.arange(network.nodes)
    if part == "large":
        sources = np.random.default_rng(0).choice(network.nodes, _MANY, replace=False)
    wall, processor = time.perf_counter(), time.process_time()
    found = walk(network, network.packed(sources))
    told = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor, "times": len(found.node)}
    print(json.dumps({**told, "memory": peak_mib()}))


def peak_mib() -> float:
    """Return the largest resident set of this process; what its parent held before is no part of it."""
    status = Path("/proc/self/status")
    if status.exists():
        return float(status.read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT / 2**20


_FIRST_USE = """
import time, numba, numpy as np
from siting.travel.kernel import SeededGraph, asked, pack_arcs, reach
begin, processor = time.perf_counter(), time.process_time()
one = np.zeros(1, dtype=np.int64)
walks = SeededGraph(*pack_arcs(one, one + 1, np.ones(1), 2, 1000), np.arange(2), one, one.astype(np.uint32))
for mode in ("only", "mean"):
    reach(walks, asked(np.full(1, 9.0), 1000, counting=one == 0), nodes=2, back=walks, combine=mode, threads=2)
print(time.perf_counter() - begin, time.process_time() - processor)
"""


def start(_: Path, runs: int) -> None:
    """Print the part ``start``."""
    taken: dict[str, list[tuple[float, float]]] = {"compiling": [], "later": []}
    for _run in range(min(runs, 3)):
        with tempfile.TemporaryDirectory() as cache:
            for each in taken.values():
                words = [sys.executable, "-c", _FIRST_USE]
                given = {**os.environ, "NUMBA_CACHE_DIR": cache}
                told = subprocess.run(words, check=True, capture_output=True, text=True, env=given).stdout  # noqa: S603
                wall, processor = map(float, told.split())
                each.append((wall, processor))
    print("\n## First use, imports left out")
    for state, each in taken.items():
        wall, processor = (statistics.median(column) for column in zip(*each, strict=True))
        print(f"{state:<12}{wall:>8.2f} s wall{processor:>8.2f} s processor")


_PARTS: dict[str, Callable[[Path, int], None]] = {
    "near": lambda folder, runs: beside_scipy(folder, runs, 80),
    "dense": lambda folder, runs: beside_scipy(folder, min(runs, 3), 15),
    "range": beside_pandana,
    "large": large,
    "every": every,
    "start": start,
}


def main() -> None:
    """Make the networks, run the parts, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=list(_PARTS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where networks are kept; a temporary folder if absent")
    parser.add_argument("--alone", nargs=2, metavar=("PART", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        by_itself(given.alone[0], Path(given.alone[1]))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        for part in given.parts:
            _PARTS[part](folder, given.runs)


if __name__ == "__main__":
    main()
