"""Set covering on a walking network, ours beside plain HiGHS: stations, bound, gap, seconds.

    python benchmarks/set_covering.py [--seeds N …] [--share S] [--reach S] [--persons N] [--limit S] [--peer S]
                                      [--network FILE]

The network (300,000 nodes) and its 10,000 candidates are made by ``instances/yardstick.py`` of the folder named by
``SITING_SHARED`` (else ``shared`` beside the repository), or read from FILE. A seed lays persons into 40
Gaussian clusters, some of them anywhere, each at the nearest node. Everybody within
``--reach`` seconds of a candidate is to be covered by the fewest stations, or ``--share`` of them. Each seed is solved
twice in this process: by ``siting.locate.covering`` until ``--limit``, and by ``scipy.optimize.milp`` (HiGHS) given the
whole program, one constraint a node, until ``--peer``. Building is included in both.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack
from scipy.spatial import KDTree

from siting.locate.covering import set_covering
from siting.locate.problem import Effort, Problem, SetCovering
from siting.travel.kernel import SeededGraph, asked, pack_arcs, reach

_CLUSTERS, _ANYWHERE = 40, 0.15
_PER_SECOND = 1_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Result:
    """One solution: how many stations, how few at least, and how long that took."""

    objective: float
    bound: float
    seconds: float
    processor: float

    @property
    def gap(self) -> float:
        """Optimality gap."""
        return (self.objective - self.bound) / self.objective


def made(folder: Path) -> Path:
    """Make the network."""
    shared = Path(os.environ.get("SITING_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    file = folder / "network.npz"
    words = [sys.executable, str(shared / "instances" / "yardstick.py"), "network", "300000", str(file)]
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603 - our own words
    return file


def walked(file: Path, seconds: float) -> tuple[csr_array, Floats]:
    """Return the times from candidates to nodes, and where the nodes are."""
    with np.load(file) as net:
        nodes = len(net["x"])
        tail, head = np.repeat(np.arange(nodes), np.diff(net["indptr"])), net["indices"].astype(np.int64)
        start, arcs = pack_arcs(tail, head, net["data"], nodes, _PER_SECOND)
        sources, xy = net["sources_10000"].astype(np.int64), np.column_stack([net["x"], net["y"]])
    many = len(sources)
    walks = SeededGraph(start, arcs, np.arange(many + 1), sources, np.zeros(many, dtype=np.uint32))
    found = reach(walks, asked(np.full(many, seconds), _PER_SECOND), nodes=nodes)
    times = csr_array((found.ticks / _PER_SECOND, found.node.astype(np.int64), found.start), shape=(many, nodes))
    times.sort_indices()
    return times, xy


def people(xy: Floats, persons: int, seed: int) -> Floats:
    """Return the persons at each node."""
    rng = np.random.default_rng(seed)
    side = float(xy.max())
    centre, spread = rng.random((_CLUSTERS, 2)) * side, rng.uniform(0.015, 0.08, _CLUSTERS) * side
    cluster = rng.choice(_CLUSTERS, persons, p=rng.dirichlet(np.full(_CLUSTERS, 2.0)))
    at = centre[cluster] + rng.normal(size=(persons, 2)) * spread[cluster][:, None]
    anywhere = rng.random(persons) < _ANYWHERE
    at[anywhere] = rng.random((int(anywhere.sum()), 2)) * side
    at = at[((at > 0) & (at < side)).all(axis=1)]
    return np.bincount(KDTree(xy).query(at)[1], minlength=len(xy)).astype(np.float64)


def ours(problem: Problem, share: float, limit: float) -> Result:
    """Solve by this package."""
    wall, processor = time.perf_counter(), time.process_time()
    found = set_covering(problem, SetCovering(share), Effort(time_limit_s=limit))
    return Result(found.objective, found.bound, time.perf_counter() - wall, time.process_time() - processor)


def plain(problem: Problem, share: float, limit: float) -> Result:
    """Solve the programme as it stands in the books."""
    wall, processor = time.perf_counter(), time.process_time()
    there = problem.people > 0
    times = problem.times
    # A time of zero is a time.
    there_is = csr_array((np.ones(times.nnz), times.indices, times.indptr), shape=times.shape)
    covers = csr_array(there_is.T)[np.flatnonzero(there)]
    points, rows = covers.shape
    if share >= 1:
        limits, columns = [LinearConstraint(covers, 1, np.inf)], rows
    else:
        persons = problem.people[there]
        enough = np.concatenate([np.zeros(rows), persons])[None, :]
        limits = [
            LinearConstraint(hstack([covers, -eye_array(points)]), 0, np.inf),
            LinearConstraint(csr_array(enough), share * persons.sum(), np.inf),
        ]
        columns = rows + points
    whole = (np.arange(columns) < rows).astype(np.int64)
    left = max(limit - (time.perf_counter() - wall), 1.0)
    found = milp(whole * 1.0, constraints=limits, bounds=Bounds(0, 1), integrality=whole, options={"time_limit": left})
    objective = float("inf") if found.x is None else float(found.fun)
    bound = float("nan") if found.mip_dual_bound is None else float(np.ceil(found.mip_dual_bound - 1e-6))
    return Result(objective, bound, time.perf_counter() - wall, time.process_time() - processor)


def main() -> None:
    """Make the problems, solve them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--reach", type=float, default=900.0)
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--peer", type=float, default=60.0, help="seconds for plain HiGHS; 0 leaves it out")
    parser.add_argument("--network", type=Path, help="made by the yardstick; made if absent")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times, xy = walked(given.network or made(Path(folder)), given.reach)
    reached = np.bincount(times.indices, minlength=len(xy)) > 0
    # Compiling, which happens once, is no part of the figures.
    few = Problem(times[:2000], np.where(np.bincount(times[:2000].indices, minlength=len(xy)) > 0, 1.0, 0.0))
    for share in (1.0, 0.7):
        ours(few, share, 5.0)
    print(f"{'seed':>4}  {'by':<8}{'stations':>9}{'bound':>9}{'gap, %':>8}{'wall, s':>9}{'processor, s':>14}")
    gaps: dict[str, list[float]] = {}
    for seed in given.seeds:
        problem = Problem(times, np.where(reached, people(xy, given.persons, seed), 0.0))
        ways = {"siting": ours(problem, given.share, given.limit)}
        if given.peer > 0:
            ways["HiGHS"] = plain(problem, given.share, given.peer)
        for name, result in ways.items():
            gaps.setdefault(name, []).append(result.gap)
            numbers = f"{result.objective:>9,.0f}{result.bound:>9,.0f}{result.gap:>8.2%}".replace("%", " ")
            print(f"{seed:>4}  {name:<8}{numbers}{result.seconds:>9.2f}{result.processor:>14.2f}", flush=True)
    for name, each in gaps.items():
        print(f"{name}: median gap {statistics.median(each):.2%}")


if __name__ == "__main__":
    main()
