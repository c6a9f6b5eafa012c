"""Maximal covering, ours beside plain HiGHS: seconds, people covered, bound.

    python benchmarks/covering.py [--demand N] [--candidates N] [--mean N] [--stations P] [--runs N] [--limit S]

Each run makes a problem of its own seed and solves it twice in this process: by `siting.locate.propose_covering`
(reduction, greedy start, HiGHS), and by `scipy.optimize.milp` given the whole programme as it stands, one row a demand
point. Building is included in both, and both look for a proved optimum until the limit. The table holds every run and
the medians. Nothing is asserted.
"""

import argparse
import statistics
import time
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack
from scipy.spatial import KDTree

from siting.locate import propose_covering

_SIDE_M = 20_000.0
_TOWNS = 30
_OUTSIDE = 0.2
_PROBE = 200


@dataclass(frozen=True)
class Result:
    """One solution: how long it took, whom it covers at least and at most."""

    seconds: float
    objective: float
    bound: float

    @property
    def gap(self) -> float:
        """Optimality gap."""
        return (self.bound - self.objective) / self.objective if self.objective else float("inf")


def problem(demand: int, candidates: int, mean: float, seed: int) -> tuple[csr_array, NDArray[np.float64]]:
    """Make a district of towns and scattered farms, candidates among the people, and whole persons.

    The radius is such that a candidate covers ``mean`` demand points on average.
    """
    rng = np.random.default_rng(seed)
    towns = rng.uniform(0.1, 0.9, (_TOWNS, 2)) * _SIDE_M
    size = rng.lognormal(0.0, 0.8, _TOWNS)
    town = rng.choice(_TOWNS, demand, p=size / size.sum())
    width = np.sqrt(size / size.mean()) * 0.05 * _SIDE_M
    xy = towns[town] + rng.normal(size=(demand, 2)) * width[town][:, None]
    outside = rng.random(demand) < _OUTSIDE
    xy[outside] = rng.uniform(0, _SIDE_M, (int(outside.sum()), 2))
    sites = xy[rng.choice(demand, candidates, replace=False)] + rng.normal(size=(candidates, 2)) * 10.0
    nearest, _ = KDTree(xy).query(sites[:_PROBE], k=round(4 * mean))
    radius = float(np.interp(mean, *_reach(np.asarray(nearest))))
    pairs = KDTree(sites).sparse_distance_matrix(KDTree(xy), radius, output_type="coo_matrix")
    covers = csr_array((np.ones(pairs.nnz, dtype=bool), (pairs.row, pairs.col)), shape=(candidates, demand))
    return covers, (1 + rng.poisson(rng.gamma(1.2, 5.0, demand))).astype(np.float64)


def _reach(nearest: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many points a site of the probe has within each of many radii, on average, and the radii."""
    radii = np.sort(nearest, axis=None)
    return np.arange(1, radii.size + 1) / len(nearest), radii


def ours(covers: csr_array, weights: NDArray[np.float64], stations: int, limit: float) -> Result:
    """Solve by this package."""
    start = time.perf_counter()
    plan = propose_covering(covers, weights, stations=stations, time_limit_s=limit)
    return Result(time.perf_counter() - start, plan.objective, plan.bound)


def plain(covers: csr_array, weights: NDArray[np.float64], stations: int, limit: float) -> Result:
    """Solve the programme as it stands in the books."""
    start = time.perf_counter()
    candidates, demand = covers.shape
    number = csr_array(np.concatenate([np.ones(candidates), np.zeros(demand)])[None, :])
    rows = vstack([hstack([-csr_array(covers.T).astype(np.float64), eye_array(demand)]), number], format="csc")
    upper = np.concatenate([np.zeros(demand), [float(stations)]])
    found = milp(
        np.concatenate([np.zeros(candidates), -weights]),
        integrality=np.concatenate([np.ones(candidates), np.zeros(demand)]),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows, -np.inf, upper),
        options={"time_limit": limit, "mip_rel_gap": 0.0},
    )
    objective = 0.0 if found.fun is None else -found.fun
    bound = float(weights.sum()) if found.mip_dual_bound is None else -found.mip_dual_bound
    return Result(time.perf_counter() - start, objective, bound)


def _line(name: str, results: list[Result]) -> str:
    seconds, objective, bound, gap = (
        statistics.median(getattr(result, figure) for result in results)
        for figure in ("seconds", "objective", "bound", "gap")
    )
    return f"{name:<16}{seconds:>10.2f}{objective:>14,.0f}{bound:>14,.0f}{gap:>10.3%}"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demand", type=int, default=20_000)
    parser.add_argument("--candidates", type=int, default=1_000)
    parser.add_argument("--mean", type=float, default=140.0, help="demand points that a candidate covers")
    parser.add_argument("--stations", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3, help="problems, of seeds 0, 1, 2 …")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for each solution")
    given = parser.parse_args()
    size = f"{given.demand:,} × {given.candidates:,} (mean {given.mean:g}), p = {given.stations}"
    print(f"{size}; SciPy {scipy.__version__}")
    print(f"{'':<16}{'seconds':>10}{'objective':>14}{'bound':>14}{'gap':>10}")
    here: list[Result] = []
    there: list[Result] = []
    for seed in range(given.runs):
        covers, weights = problem(given.demand, given.candidates, given.mean, seed)
        here.append(ours(covers, weights, given.stations, given.limit))
        there.append(plain(covers, weights, given.stations, given.limit))
        print(_line(f"siting, seed {seed}", here[-1:]))
        print(_line(f"milp, seed {seed}", there[-1:]))
    print(_line("siting, median", here))
    print(_line("milp, median", there))
    ratio = statistics.median(other.seconds / own.seconds for own, other in zip(here, there, strict=True))
    print(f"ratio of seconds, median, where the limit ended a solution the limit counts: {ratio:.1f}")


if __name__ == "__main__":
    main()
