"""Maximal covering: seconds and optimality gaps, ours beside spopt and HiGHS.

    python benchmarks/covering.py [--parts NAME …] [--seeds S …] [--limit-scale X] [--processor] [--longer X]
                                  [--stations P …] [--peers NAME …]

Parts (all if none is named):

- ``small``: 20,000 points × 1,000 candidates (mean cover 140), p = 20 to a gap of 0.1 %, beside spopt's MCLP with
  HiGHS, HiGHS given the programme as it stands (``scipy.optimize.milp``), and HiGHS given merged demand, building
  included;
- ``small-gaps``: the same problems, gaps at p = 50, 100, 300 within 60 s;
- ``medium``: 200,000 × 5,000 (330), gaps at p = 20, 100, 300 within 60 s;
- ``large``: 2,000,000 × 10,000 (270), the same;
- ``network``: a network of 300,000 nodes, 10,000 candidates among them, clustered people, 900 s of walking, gaps at
  p = 20, 50, 100, 300 within 15 s once the times are there;
- ``town``: 2,000,000 nodes × 20,000 candidates, p = 60 within 30 s;
- ``few``: 100 candidates and 5,000 to 100,000 points, to the proof, beside HiGHS given merged demand;
- ``budget``: 200,000 × 5,000 with costs of 100 to 399 and money for about 20 and 100 candidates, beside HiGHS on the
  whole programme with merged demand (siting's own), within 60 s;
- ``curve``: p = 1 … 300 on 200,000 × 5,000: seconds, and the widest gaps.

Problems and networks are made by ``instances/yardstick.py`` of the folder named by ``SITING_SHARED`` (else ``shared``
beside the repository). spopt and pulp are peers that need not be there. "Processor" is the seconds that this process
was given: on a busy machine limits are reached with less work done; ``--limit-scale`` stretches them, and with
``--processor`` they are limits of processor seconds. ``--longer X`` solves again with X times the limit what the limit
leaves open, and says how much of that gap is bound and how much incumbent: with z between the best objective and the
least bound known, (bound at the limit − z) ÷ gap and (z − objective at the limit) ÷ gap.
"""

import argparse
import importlib
import importlib.util
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
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack
from scipy.spatial import KDTree

from siting.locate.covering import covering_curve, maximal_covering
from siting.locate.covering.reduction import reduced
from siting.locate.milp import solve_milp
from siting.locate.problem import Effort, MaximalCovering, Problem, Solution
from siting.locate.solve import solve
from siting.travel.kernel import SeededGraph, asked, pack_arcs, reach

Floats = NDArray[np.float64]
_LIMIT_S = 900.0
_PER_SECOND = 1_000_000
_GAP = 0.001
_NO_GAP = 1e-9
_PEER_LIMIT_S = 600.0
_CLUSTERS, _BACKGROUND = 40, 0.15
# Wall seconds that a limit of processor seconds may take at most, as many times.
_PATIENCE = 30.0


@dataclass(frozen=True)
class Given:
    """What was asked for on the command line."""

    folder: Path
    seeds: list[int]
    scale: float
    peers: list[str]
    processor: bool = False
    longer: float | None = None
    stations: list[int] | None = None


@dataclass(frozen=True)
class Result:
    """One solution: wall seconds, processor seconds, how many people it covers at least and at most."""

    seconds: float
    processor: float
    objective: float
    bound: float

    @property
    def gap(self) -> float:
        """Optimality gap."""
        return (self.bound - self.objective) / self.objective if self.objective else float("inf")


def made(folder: Path, *words: object) -> dict[str, NDArray[Any]]:
    """Return arrays of the yardstick, made first where they are not there yet."""
    file = folder / ("-".join(str(word) for word in words) + ".npz")
    if not file.exists():
        shared = Path(os.environ.get("SITING_SHARED", Path(__file__).resolve().parents[2] / "shared"))
        script, (kind, *numbers, seed) = str(shared / "instances" / "yardstick.py"), words
        line = [sys.executable, script, str(kind), *map(str, numbers), str(file), "--seed", str(seed)]
        subprocess.run(line, check=True, capture_output=True)  # noqa: S603 - our own words
    with np.load(file) as arrays:
        return dict(arrays)


def covering(folder: Path, demand: int, sites: int, mean: int, seed: int) -> Problem:
    """Return a covering problem of the yardstick."""
    arrays = made(folder, "cover", demand, sites, mean, seed)
    times = csr_array((arrays["seconds"], arrays["indices"], arrays["indptr"]), shape=(sites, demand))
    return Problem(times, arrays["weights"])


def walked(folder: Path, nodes: int, sites: int, seed: int) -> Problem:
    """Return people on a network of the yardstick, as many points as nodes, and who is within 900 s of candidates.

    People live in Gaussian clusters with some background, each at the nearest node, with the weights of the yardstick's
    covering problems; candidates are nodes drawn at random.
    """
    net = made(folder, "network", nodes, seed)
    rng = np.random.default_rng(seed)
    xy = np.column_stack([net["x"], net["y"]])
    low, side = xy.min(axis=0), np.ptp(xy, axis=0).max()
    centre, spread = rng.random((_CLUSTERS, 2)) * side, rng.uniform(0.015, 0.08, _CLUSTERS) * side
    cluster = rng.choice(_CLUSTERS, len(xy), p=rng.dirichlet(np.full(_CLUSTERS, 2.0)))
    home = centre[cluster] + rng.normal(size=xy.shape) * spread[cluster][:, None]
    outside = rng.random(len(xy)) < _BACKGROUND
    home[outside] = rng.random((int(outside.sum()), 2)) * side
    weights = np.ceil(rng.gamma(0.8, 6, len(xy)))
    people = np.zeros(len(xy))
    np.add.at(people, KDTree(xy).query(home + low)[1], weights)
    sources = net["sources_10000"].astype(np.int64)
    if sites != len(sources):
        sources = rng.choice(len(xy), sites, replace=False)
    tail = np.repeat(np.arange(len(xy)), np.diff(net["indptr"]))
    start, arcs = pack_arcs(tail, net["indices"].astype(np.int64), net["data"], len(xy), _PER_SECOND)
    walks = SeededGraph(start, arcs, np.arange(sites + 1), sources, np.zeros(sites, dtype=np.uint32))
    found = reach(walks, asked(np.full(sites, _LIMIT_S), _PER_SECOND), nodes=len(xy))
    times = csr_array((found.ticks / _PER_SECOND, found.node, found.start), shape=(sites, len(xy)))
    times.sort_indices()
    return Problem(times, people)


def timed(solve: Callable[[], tuple[float, float]]) -> Result:
    """Return what a solver found, and how long it took."""
    wall, processor = time.perf_counter(), time.process_time()
    objective, bound = solve()
    return Result(time.perf_counter() - wall, time.process_time() - processor, objective, bound)


def ours(problem: Problem, stations: int, limit: float, gap: float = 0.0, *, processor: bool = False) -> Result:
    """Solve by this package; the limit is of wall seconds, or of processor seconds."""

    def solve() -> tuple[float, float]:
        found = maximal_covering(problem.under(stations=stations), within(limit, gap, processor=processor))
        return found.objective, found.bound

    return timed(solve)


def within(limit: float, gap: float = 0.0, *, processor: bool = False) -> Effort:
    """Return the effort that ends after so many wall seconds, or so many processor seconds."""
    if not processor:
        return Effort(time_limit_s=limit, rel_gap=gap)
    end = time.process_time() + limit
    return Effort(time_limit_s=_PATIENCE * limit, rel_gap=gap, interrupted=lambda: time.process_time() >= end)


def plain(covers: csr_array, weights: Floats, stations: int, gap: float = _GAP) -> tuple[float, float]:
    """Solve the programme as it stands in the books by HiGHS."""
    candidates, demand = covers.shape
    number = csr_array(np.concatenate([np.ones(candidates), np.zeros(demand)])[None, :])
    rows = vstack([hstack([-csr_array(covers.T).astype(np.float64), eye_array(demand)]), number], format="csc")
    found = milp(
        np.concatenate([np.zeros(candidates), -weights]),
        integrality=np.concatenate([np.ones(candidates), np.zeros(demand)]),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows, -np.inf, np.concatenate([np.zeros(demand), [float(stations)]])),
        options={"time_limit": _PEER_LIMIT_S, "mip_rel_gap": gap},
    )
    return (0.0 if found.fun is None else -found.fun), (
        float(weights.sum()) if found.mip_dual_bound is None else -found.mip_dual_bound
    )


def direct(problem: Problem, stations: int) -> tuple[float, float]:
    """Give HiGHS one row a demand point."""
    covers = csr_array((np.ones(problem.times.nnz), problem.times.indices, problem.times.indptr), problem.times.shape)
    return plain(covers, problem.people, stations)


def merged(problem: Problem, stations: int, gap: float = _GAP) -> tuple[float, float]:
    """Give HiGHS demand merged by the candidates that reach it; the merging is ours."""
    reduction = reduced(problem, dominated=False)
    return plain(reduction.cover.matrix, reduction.cover.weight, stations, gap)


def by_spopt(problem: Problem, stations: int) -> tuple[float, float]:
    """Let spopt build and HiGHS solve; its bound is not told, so that the objective stands for it."""
    pulp, locate = importlib.import_module("pulp"), importlib.import_module("spopt.locate")
    cost = np.full(problem.times.shape[::-1], 2 * _LIMIT_S)
    rows = np.repeat(np.arange(problem.sites), np.diff(problem.times.indptr))
    cost[problem.times.indices, rows] = problem.times.data
    model = locate.MCLP.from_cost_matrix(cost, problem.people, _LIMIT_S, p_facilities=stations)
    model = model.solve(pulp.HiGHS(msg=False, gapRel=_GAP, timeLimit=_PEER_LIMIT_S))
    covered = float(model.problem.objective.value())
    return covered, covered


def peers_of(given: Given) -> dict[str, Callable[[Problem, int], tuple[float, float]]]:
    """Return the peers asked for that are there."""
    ways = {"merged": merged, "direct": direct, "spopt": by_spopt}
    if "spopt" in given.peers and importlib.util.find_spec("spopt") is None:
        print("spopt cannot be imported: install spopt, pulp and highspy to compare with it")
        del ways["spopt"]
    return {name: way for name, way in ways.items() if name in given.peers}


_HEAD = f"{'':<26}{'seconds':>10}{'processor':>11}{'objective':>14}{'bound':>14}{'gap':>10}"


def line(name: str, results: list[Result]) -> str:
    """Return a line of a table: medians."""
    figures = ("seconds", "processor", "objective", "bound", "gap")
    seconds, processor, objective, bound, gap = (
        statistics.median(getattr(result, figure) for result in results) for figure in figures
    )
    return f"{name:<26}{seconds:>10.3f}{processor:>11.3f}{objective:>14,.0f}{bound:>14,.0f}{gap:>10.3%}"


def gaps(
    title: str, given: Given, problem: Callable[[int], Problem], asked_for: dict[int, float], limit: float
) -> None:
    """Print the gap for each number of stations within a limit of seconds, and the gap that is aimed at."""
    limit *= given.scale
    aims = {each: aim for each, aim in asked_for.items() if given.stations is None or each in given.stations}
    print(f"\n## {title}, within {limit:g} {'processor seconds' if given.processor else 's'}\n{_HEAD}")
    results: dict[int, list[Result]] = {stations: [] for stations in aims}
    for seed in given.seeds:
        made_now = problem(seed)
        for stations, taken in results.items():
            taken.append(ours(made_now, stations, limit, processor=given.processor))
            print(line(f"p = {stations}, seed {seed}", taken[-1:]), flush=True)
            if given.longer is not None and taken[-1].gap > _NO_GAP:
                again = ours(made_now, stations, given.longer * limit, processor=given.processor)
                print(line(f"  in {given.longer:g} times as long", [again]))
                print(parts_of_gap(taken[-1], again), flush=True)
    for stations, taken in results.items():
        print(line(f"p = {stations}, median", taken) + f"  (aim: ≤ {aims[stations]:.2%})")
    print(f"peak memory of this process {peak_mib():,.0f} MiB")


def parts_of_gap(here: Result, longer: Result) -> str:
    """Say how much of a gap is bound and how much incumbent, as far as a longer run tells."""
    gap = here.bound - here.objective
    most, least = min(here.bound, longer.bound), max(here.objective, longer.objective)
    bound = (here.bound - most) / gap, (here.bound - least) / gap
    incumbent = (least - here.objective) / gap, (most - here.objective) / gap
    return f"  of that gap {bound[0]:.0%} to {bound[1]:.0%} bound, {incumbent[0]:.0%} to {incumbent[1]:.0%} incumbent"


def small(given: Given) -> None:
    """Print the part ``small``."""
    problems = {seed: covering(given.folder, 20_000, 1_000, 140, seed) for seed in given.seeds}
    first = next(iter(problems.values()))
    ours(first, 20, 60.0)  # compiles
    print(f"\n## 20,000 × 1,000 (140), p = 20 to {_GAP:.1%}, SciPy {scipy.__version__}\n{_HEAD}")
    peers = peers_of(given)
    taken: dict[str, list[Result]] = {"siting": [], **{name: [] for name in peers}}
    for seed, problem in problems.items():
        taken["siting"].append(ours(problem, 20, 60.0, _GAP))
        print(line(f"siting, seed {seed}", taken["siting"][-1:]))
        for name, way in peers.items():
            taken[name].append(timed(partial(way, problem, 20)))
            print(line(f"{name}, seed {seed}", taken[name][-1:]), flush=True)
    for name, results in taken.items():
        pairs = list(zip(results, taken["siting"], strict=True))
        wall = statistics.median(each.seconds / own.seconds for each, own in pairs)
        processor = statistics.median(each.processor / own.processor for each, own in pairs)
        print(f"{line(name + ', median', results)}  {wall:,.0f} times ours, by processor {processor:,.0f}")


def small_gaps(given: Given) -> None:
    """Print the part ``small-gaps``."""
    aims = {50: 0.0015, 100: 0.0035, 300: 0.0015}
    gaps("20,000 × 1,000 (140)", given, partial(covering, given.folder, 20_000, 1_000, 140), aims, 60.0)


def medium(given: Given) -> None:
    """Print the part ``medium``."""
    aims = {20: 0.0045, 100: 0.012, 300: 0.0175}
    problem = partial(covering, given.folder, 200_000, 5_000, 330)
    gaps("200,000 × 5,000 (330)", given, problem, aims, 60.0)


def large(given: Given) -> None:
    """Print the part ``large``."""
    aims = {20: 0.0075, 100: 0.015, 300: 0.0135}
    problem = partial(covering, given.folder, 2_000_000, 10_000, 270)
    gaps("2,000,000 × 10,000 (270)", given, problem, aims, 60.0)


def network(given: Given) -> None:
    """Print the part ``network``."""
    aims = {20: 0.0006, 50: 0.0012, 100: 0.005, 300: 0.012}
    problem = partial(walked, given.folder, 300_000, 10_000)
    gaps("network of 300,000 nodes × 10,000 candidates, clustered people", given, problem, aims, 15.0)


def town(given: Given) -> None:
    """Print the part ``town``."""
    problem = partial(walked, given.folder, 2_000_000, 20_000)
    gaps("network of 2,000,000 nodes × 20,000 candidates, clustered people", given, problem, {60: 0.001}, 30.0)


def curve(given: Given) -> None:
    """Print the part ``curve``."""
    print("\n## p = 1 … 300 on 200,000 × 5,000 (330)")
    print(f"{'':<10}{'seconds':>10}{'processor':>11}{'widest gap':>12}{'to p = 50':>12}")
    for seed in given.seeds:
        problem = covering(given.folder, 200_000, 5_000, 330, seed)
        wall, processor = time.perf_counter(), time.process_time()
        effort = within(180.0 * given.scale, processor=given.processor)
        points = covering_curve(problem, range(1, 301), effort)
        spent = time.perf_counter() - wall, time.process_time() - processor
        widest = [(each.bound - each.objective) / each.objective for each in points]
        print(f"seed {seed:<5}{spent[0]:>10.1f}{spent[1]:>11.1f}{max(widest):>12.3%}{max(widest[:50]):>12.3%}")


def budget(given: Given) -> None:
    """Print the part ``budget``."""
    limit = 60.0 * given.scale
    print(f"\n## 200,000 × 5,000 (330) with money, within {limit:g} s\n{_HEAD}")
    for seed in given.seeds:
        problem = covering(given.folder, 200_000, 5_000, 330, seed)
        costs = np.random.default_rng(seed).integers(100, 400, problem.sites).astype(float)
        for stations in given.stations or (20, 100):
            asked_for = problem.under(costs=costs, budget=float(round(stations * costs.mean())))
            for name, way in (("siting", solve), ("HiGHS", solve_milp)):
                effort = within(limit, processor=given.processor)

                def told(way: Callable[..., Solution] = way, effort: Effort = effort) -> tuple[float, float]:
                    found = way(asked_for, MaximalCovering(), effort)  # noqa: B023 - called at once
                    return found.objective, found.bound

                print(line(f"money for {stations}, {name}, {seed}", [timed(told)]), flush=True)


def few(given: Given) -> None:
    """Print the part ``few``: points and 100 candidates at random in a square of side 30."""
    print(f"\n## 100 candidates, to the proof, SciPy {scipy.__version__}\n{_HEAD}")
    for points, radius, stations in product((5_000, 20_000, 50_000, 100_000), (4.0, 5.5), (10, 20)):
        for seed in given.seeds:
            rng = np.random.default_rng(seed)
            people, places = rng.uniform(0, 30, (points, 2)), rng.uniform(0, 30, (100, 2))
            far = np.hypot(*(places[:, None, :] - people[None, :, :]).transpose(2, 0, 1))
            reach = csr_array(np.where(far <= radius, 1.0 + far, 0.0))
            problem = Problem(reach, rng.integers(1, 101, points).astype(float))
            ours(problem, stations, 0.1)  # compiles
            own, peer = ours(problem, stations, _LIMIT_S), timed(partial(merged, problem, stations, 0.0))
            name = f"{points:,}, {radius}, p = {stations}"
            print(f"{line(name, [own])}\n{line('  merged', [peer])}  {peer.processor / own.processor:.2f} times ours")


def peak_mib() -> float:
    """Return the largest resident set of this process."""
    status = Path("/proc/self/status")
    if status.exists():
        return float(status.read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**20


_PARTS: dict[str, Callable[[Given], None]] = {
    "small": small,
    "small-gaps": small_gaps,
    "medium": medium,
    "large": large,
    "network": network,
    "town": town,
    "few": few,
    "budget": budget,
    "curve": curve,
}


def main() -> None:
    """Make the problems, run the parts, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=list(_PARTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--folder", type=Path, help="where problems are kept; a temporary folder if absent")
    parser.add_argument("--limit-scale", type=float, default=1.0, help="how many times as long the limits are")
    parser.add_argument("--processor", action="store_true", help="limits are of processor seconds")
    parser.add_argument(
        "--longer", type=float, metavar="X", help="solve again with X times the limit; say what the gap is"
    )
    parser.add_argument("--stations", nargs="+", type=int, metavar="P", help="only these numbers of stations")
    parser.add_argument("--peers", nargs="*", default=["merged", "direct", "spopt"], help="merged, direct, spopt")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        for part in given.parts:
            asked = Given(
                folder, given.seeds, given.limit_scale, given.peers, given.processor, given.longer, given.stations
            )
            _PARTS[part](asked)


if __name__ == "__main__":
    main()
