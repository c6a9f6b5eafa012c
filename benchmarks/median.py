"""The p-median, ours beside HiGHS on the whole programme and FasterPAM: seconds, person-seconds, bound, gap.

    python benchmarks/median.py [--parts district complete] [--seeds 0 1 2] [--stations P …] [--limit S]
                                [--peer-limit S] [--two-stages] [--reach K]

`district`: 20,000 points in clusters and 1,000 sites, each with the points within three times the walk in which it
reaches 140 on average; who is beyond counts as 2,700 s away. `complete`: 900 places on a random network of the kind of
OR-Library's pmed36–40, each a point and a site, of which all reach all. Each is solved in this process by
`siting.locate.median.solve`, by HiGHS given the whole programme (a row for each pair), building included, and, where
`kmedoids` is installed, by FasterPAM, which gives no bound (ten random starts; complete problems only). The table holds
every run; ratios compare with ours: how many times as many seconds, and as wide a gap. Nothing is asserted.

With `--two-stages` the districts alone are solved in two stages, by ours alone: fewest beyond, then least walking of
the others. `--reach` makes the cut-off so many times the walk in which a site reaches 140 on average, instead of three.
"""

import argparse
import importlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack
from scipy.sparse.csgraph import shortest_path
from scipy.spatial import KDTree

from siting.locate.highs import Milp, minimise, solver_name
from siting.locate.median import p_median
from siting.locate.problem import Effort, PMedian, Problem, Rules

_BEYOND_S = 2700.0
_POINTS, _SITES, _MEAN, _REACH = 20_000, 1_000, 140.0, 3.0
_NODES, _STATIONS = 900, {"district": (20, 50, 100, 200), "complete": (5, 10, 90)}
_STARTS = 10


@dataclass(frozen=True)
class Result:
    """One solution: how long it took, what it costs, and what no choice can cost less than."""

    seconds: float
    objective: float
    bound: float

    @property
    def gap(self) -> float:
        """Optimality gap."""
        return (self.objective - self.bound) / self.objective if np.isfinite(self.objective) else float("inf")


def district(seed: int, reach: float = _REACH) -> tuple[Problem, float]:
    """Make a district: clusters of people with scattered ones between them, and sites among them."""
    made = np.random.default_rng(seed)
    centre, spread = made.random((40, 2)) * 100.0, made.uniform(1.5, 8.0, 40)
    cluster = made.choice(40, _POINTS, p=made.dirichlet(np.full(40, 2.0)))
    points = centre[cluster] + made.normal(size=(_POINTS, 2)) * spread[cluster][:, None]
    scattered = made.random(_POINTS) < 0.15  # noqa: PLR2004 - a share
    points[scattered] = made.random((int(scattered.sum()), 2)) * 100.0
    sites = points[made.choice(_POINTS, _SITES, replace=False)] + made.normal(size=(_SITES, 2)) * 0.05
    people = np.ceil(made.gamma(0.8, 6.0, _POINTS))
    nearest = np.sort(KDTree(points).query(sites, k=1000)[0], axis=None)
    radius = float(nearest[round(_MEAN * _SITES)])
    pairs = KDTree(sites).sparse_distance_matrix(KDTree(points), radius * reach, output_type="coo_matrix")
    times = csr_array((pairs.data / radius * 900.0, (pairs.row, pairs.col)), shape=(_SITES, _POINTS))
    times.sort_indices()
    return Problem(times, people), _BEYOND_S


def complete(seed: int) -> tuple[Problem, float]:
    """Make a network of places: a random tree and arcs of length 1 to 100, a fiftieth of the square of the nodes."""
    made = np.random.default_rng(seed)
    arcs = np.zeros((_NODES, _NODES))
    order = made.permutation(_NODES)
    ends = np.vstack([np.c_[order[:-1], order[1:]], made.integers(0, _NODES, (_NODES**2 // 50 - _NODES + 1, 2))])
    for one, other in ends[ends[:, 0] != ends[:, 1]]:
        arcs[one, other] = arcs[other, one] = made.integers(1, 101)
    far = shortest_path(arcs)
    start = np.arange(0, _NODES**2 + 1, _NODES)
    times = csr_array((far.ravel(), np.tile(np.arange(_NODES), _NODES), start), shape=far.shape)
    return Problem(times, np.ones(_NODES)), float(far.max())


def ours(problem: Problem, beyond_s: float, limit: float) -> Result:
    """Solve by this package."""
    begun = time.perf_counter()
    found = p_median(problem, PMedian(beyond_s), Effort(time_limit_s=limit))
    return Result(time.perf_counter() - begun, found.objective, found.bound)


def highs(problem: Problem, beyond_s: float, limit: float) -> Result:
    """Solve the programme as it stands in the books: open sites, then pairs, then points that no site serves."""
    begun = time.perf_counter()
    times, (rows, points) = problem.times, problem.times.shape
    row = np.repeat(np.arange(rows), np.diff(times.indptr))
    pairs = len(times.data)
    ones, each = np.ones(pairs), np.arange(pairs)
    serving = csr_array((ones, (times.indices, each)), shape=(points, pairs))
    opening = csr_array((ones, (each, row)), shape=(pairs, rows))
    nobody = csr_array((pairs, points))
    matrix = vstack(
        [
            hstack([csr_array((points, rows)), serving, eye_array(points)]),
            hstack([-opening, eye_array(pairs), nobody]),
            csr_array(np.concatenate([np.ones(rows), np.zeros(pairs + points)])[None, :]),
        ],
        format="csr",
    )
    scale = float(problem.value.max()) * beyond_s
    seconds = np.minimum(times.data, beyond_s) * problem.value[times.indices]
    programme = Milp(
        cost=np.concatenate([np.zeros(rows), seconds, problem.value * beyond_s]) / scale,
        matrix=matrix,
        row_low=np.concatenate([np.ones(points), np.full(pairs + 1, -np.inf)]),
        row_high=np.concatenate([np.ones(points), np.zeros(pairs), [float(problem.rules.stations or rows)]]),
        lower=np.zeros(rows + pairs + points),
        upper=np.ones(rows + pairs + points),
        integer=np.arange(rows + pairs + points) < rows,
    )
    run = minimise(programme, Effort(time_limit_s=max(limit - (time.perf_counter() - begun), 1.0)))
    return Result(time.perf_counter() - begun, run.objective * scale, max(run.bound, 0.0) * scale)


def fasterpam(problem: Problem) -> Result | None:
    """Interchange by kmedoids from random starts, if it is installed: no bound."""
    try:
        kmedoids = importlib.import_module("kmedoids")
    except ImportError:
        return None
    begun, far = time.perf_counter(), problem.times.toarray()
    losses = [kmedoids.fasterpam(far, problem.rules.stations, random_state=start).loss for start in range(_STARTS)]
    return Result(time.perf_counter() - begun, float(min(losses)), 0.0)


def _line(name: str, result: Result, own: Result) -> str:
    wider = f"{result.gap / own.gap:>10,.0f}" if own.gap and np.isfinite(result.gap) else f"{'–':>10}"
    times = f"{result.seconds / own.seconds:>10,.1f}{wider}" if result is not own else ""
    figures = f"{result.seconds:>9.2f}{result.objective:>16,.0f}{result.bound:>16,.0f}{result.gap:>10.3%}"
    return f"{name:<34}{figures}{times}"


def _rows(part: str, make: Callable[[int], tuple[Problem, float]], given: argparse.Namespace) -> Iterator[str]:
    for seed in given.seeds:
        base, beyond_s = make(seed)
        for stations in given.stations or _STATIONS[part]:
            problem = base.under(stations=stations)
            name = f"{part}, seed {seed}, p = {stations}"
            own = ours(problem, beyond_s, given.limit)
            yield _line(f"{name}: siting", own, own)
            if given.peer_limit > 0:
                yield _line(f"{name}: HiGHS", highs(problem, beyond_s, given.peer_limit), own)
            other = fasterpam(problem) if part == "complete" else None
            if other is not None:
                yield _line(f"{name}: FasterPAM", other, own)


def _in_two_stages(given: argparse.Namespace) -> Iterator[str]:
    yield f"{'':<34}{'seconds':>9}{'beyond':>10}{'at least':>10}{'person-seconds':>16}{'bound':>16}{'gap':>10}"
    for seed in given.seeds:
        base, _ = district(seed, given.reach)
        for stations in given.stations or _STATIONS["district"]:
            begun = time.perf_counter()
            found = p_median(base.under(stations=stations), PMedian(), Effort(time_limit_s=given.limit))
            beyond, walked = found.stages
            name = f"reach {given.reach:g}, seed {seed}, p = {stations}"
            figures = (
                f"{beyond.objective:>10,.0f}{beyond.bound:>10,.0f}{walked.objective:>16,.0f}{walked.bound:>16,.0f}"
            )
            yield f"{name:<34}{time.perf_counter() - begun:>9.2f}{figures}{walked.gap:>10.3%}"


def main() -> None:
    """Run and print."""
    parts: dict[str, Callable[[int], tuple[Problem, float]]] = {"district": district, "complete": complete}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=list(parts), default=list(parts))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--stations", nargs="+", type=int, help="instead of those of each part")
    parser.add_argument("--limit", type=float, default=30.0, help="seconds for each of ours")
    parser.add_argument("--peer-limit", type=float, default=60.0, help="seconds for each of HiGHS; 0 leaves it out")
    parser.add_argument("--two-stages", action="store_true", help="districts in two stages, ours alone")
    parser.add_argument("--reach", type=float, default=_REACH, help="of a site in two stages")
    given = parser.parse_args()
    small = Problem(csr_array(np.ones((3, 3))), np.ones(3), Rules(stations=1))
    p_median(small, PMedian(2.0), Effort())  # compiled, or fetched from where compiled code is kept
    if given.two_stages:
        for line in _in_two_stages(given):
            print(line, flush=True)
        return
    print(f"{solver_name()}; people beyond {_BEYOND_S:.0f} s count as so far away")
    print(f"{'':<34}{'seconds':>9}{'person-seconds':>16}{'bound':>16}{'gap':>10}{'× seconds':>10}{'× gap':>10}")
    for part in given.parts:
        for line in _rows(part, parts[part], given):
            print(line, flush=True)


if __name__ == "__main__":
    main()
