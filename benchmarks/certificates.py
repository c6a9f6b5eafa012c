"""Measure certificates: their size, the seconds to make and to check one, and how much of the gap they close.

    python benchmarks/certificates.py [--points 20000] [--sites 1000] [--stations 20]

Points and sites are spread over a square at random (fixed seed), with 1 to 39 people at a point, and a site reaches the
points within a share of its side. Each plan is solved first; the table gives its objective, the bound of the solver and
of the certificate, and medians of three checks.
"""

import argparse
import json
import statistics
import time
from typing import Final

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from siting.locate.certificate import Certificate, Served, check_certificate
from siting.locate.certificate_search import certificate_of
from siting.locate.problem import Effort, MaximalCovering, Model, PMedian, Problem, Rules, SetCovering
from siting.locate.solve import solve

CUTOFF_S: Final = 900.0
# The reach of a site as a share of the square's side.
REACHES: Final = (0.04, 0.08)
MODELS: Final[tuple[tuple[str, Model], ...]] = (
    ("maximal covering", MaximalCovering()),
    ("maximal covering, budget", MaximalCovering()),
    ("maximal covering, capacity", MaximalCovering()),
    ("p-median", PMedian(1200.0)),
    ("set covering", SetCovering(0.6)),
)
# The most seconds for a plan, and as many again for its certificate.
SECONDS: Final = 60.0


def problem_of(points: int, sites: int, stations: int, reach: float, name: str) -> Problem:
    """Return a problem with points and sites at random."""
    rng = np.random.default_rng(5)
    where, offered = rng.random((points, 2)), rng.random((sites, 2))
    people = rng.integers(1, 40, points).astype(np.float64)
    near = [np.sort(each).astype(np.int64) for each in cKDTree(where).query_ball_point(offered, reach)]
    start = np.concatenate([[0], np.cumsum([len(each) for each in near])])
    column = np.concatenate(near)
    apart = np.linalg.norm(where[column] - np.repeat(offered, np.diff(start), axis=0), axis=1)
    times = csr_array((apart * CUTOFF_S / reach, column, start), shape=(sites, points))
    rules = Rules(stations=None if name == "set covering" else stations)
    if name.endswith("budget"):
        # Costs from 0.5 to 2 million: the budget pays for about so many stations.
        costs = rng.integers(5, 21, sites).astype(np.float64) * 100_000.0
        rules = Rules(costs=costs, budget=1_250_000.0 * stations)
    if name.endswith("capacity"):
        rules = Rules(stations=stations, capacity=np.full(sites, np.rint(0.5 * np.mean(times.astype(bool) @ people))))
    return Problem(times, people, rules)


def main() -> None:
    """Print a row for each model and reach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("points", 20_000), ("sites", 1_000), ("stations", 20)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    print("| model | reach | objective | solver's bound | certified bound | sets | KB | solve s | make s | check s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for reach in REACHES:
        for name, model in MODELS:
            problem = problem_of(given.points, given.sites, given.stations, reach, name)
            start = time.perf_counter()
            plan = solve(problem, model, Effort(time_limit_s=SECONDS))
            solved = time.perf_counter()
            served = None if plan.served is None else Served.of(plan.served)
            made = certificate_of(problem, model, plan.chosen, Effort(time_limit_s=SECONDS), served)
            ready = time.perf_counter()
            assert made is not None, "these models have certificates"  # noqa: S101
            text = json.dumps(made.to_json())
            seconds = []
            for _ in range(3):
                begin = time.perf_counter()
                bound = check_certificate(problem, model, Certificate.from_json(json.loads(text)))
                seconds.append(time.perf_counter() - begin)
            figures = f"{plan.objective:,.0f} | {plan.bound:,.0f} | {bound:,.2f} | {len(made.multipliers)}"
            spent = f"{solved - start:.1f} | {ready - solved:.1f} | {statistics.median(seconds):.2f}"
            print(f"| {name} | {reach:g} | {figures} | {len(text) // 1000:,} | {spent} |", flush=True)


if __name__ == "__main__":
    main()
