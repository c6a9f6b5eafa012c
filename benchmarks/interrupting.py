"""Ctrl-C at random moments of every model: how long until the best plan so far is told, and what it is.

    python benchmarks/interrupting.py [--models NAME …] [--moments N] [--within S] [--seed S] [--points N] [--sites N]
                                      [--where]

Each moment is a process of its own, which solves the same problem (what numba compiles is there already) and is sent
SIGINT between 0.05 and ``--within`` seconds after it began, as likely in each part of that time on a scale of
logarithms. ``--where`` prints where it was half a second after the signal, where it did not answer by then.
"""

import argparse
import faulthandler
import math
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from siting.domain.requirements import Requirement, Sharing
from siting.locate.milp import comply
from siting.locate.problem import (
    Effort,
    FairCovering,
    MaximalCovering,
    Model,
    PCenter,
    PMedian,
    Problem,
    Rules,
    SetCovering,
)
from siting.locate.solve import solve

_MODELS: dict[str, tuple[Model, dict[str, Any]]] = {
    "mclp": (MaximalCovering(), {"stations": 0.1}),
    "lscp": (SetCovering(0.9), {}),
    "lscp all": (SetCovering(1.0), {}),
    "p_median": (PMedian(900.0), {"stations": 0.1}),
    "p_median in two stages": (PMedian(None), {"stations": 0.1}),
    "p_center": (PCenter(0.9), {"stations": 0.1}),
    "fair": (FairCovering(None), {"stations": 0.05}),
    "fair with a floor": (FairCovering(0.5), {"stations": 0.05}),
}
_SHORT_S = 900.0
_LATE_S = 0.5


@dataclass(frozen=True)
class Answer:
    """When Ctrl-C came, how long the answer took, what was answered, and where it was meanwhile."""

    moment: float
    seconds: float
    told: str
    where: str


def places(points: int, sites: int, seed: int) -> tuple[csr_array, np.ndarray, csr_array]:
    """Return seconds of walking, persons, and the units in which they live."""
    rng = np.random.default_rng(seed)
    people, at = rng.random((points, 2)), rng.random((sites, 2))
    seconds = 6000 * np.hypot(*(at[:, None, :] - people[None, :, :]).transpose(2, 0, 1))
    persons = rng.integers(1, 20, points).astype(float)
    units = csr_array((persons, (rng.integers(0, 12, points), np.arange(points))), shape=(12, points))
    return csr_array(np.where(seconds <= _SHORT_S, seconds, 0.0)), persons, units


def asked(name: str, points: int, sites: int, seed: int) -> Callable[[Effort], Any]:
    """Return what solves a request of so many points and sites."""
    times, persons, units = places(points, sites, seed)
    if name == "compliance":
        return _complying(times, persons, units)
    model, rules = _MODELS[name.removesuffix(", capacity")]
    made = {key: max(round(value * sites), 1) for key, value in rules.items()}
    if name.endswith(", capacity"):
        made["capacity"] = np.full(sites, 1.2 * persons.sum() / (made.get("stations", 0.1 * sites)))
    problem = Problem(times, persons, Rules(**made), units=units)
    return lambda effort: solve(problem, model, effort)


def _complying(times: csr_array, persons: np.ndarray, units: csr_array) -> Callable[[Effort], Any]:
    """Return what solves compliance: land for all, and most people of each unit within a walk."""
    sites = times.shape[0]
    rng = np.random.default_rng(1)
    land = rng.choice([300.0, 500.0, 700.0], sites)
    costs = np.rint(land * rng.uniform(5.0, 15.0, sites)) * 1e3
    needs = [Requirement("x/land", "district", "d", "mandatory", "land", 0.5 * land.sum(), 0.0, land)]
    for unit in range(units.shape[0]):
        members = units.indices[units.indptr[unit] : units.indptr[unit + 1]].astype(np.int64)
        sharing = Sharing(times, members, persons[members])
        need = 0.95 * float(persons[members].sum())
        needs.append(
            Requirement("x/circle", "street", str(unit), "target", "covered_share", need, 0.0, np.zeros(sites), sharing)
        )
    problem = Problem(times, persons, Rules(costs=costs))
    return lambda effort: comply(problem, needs, effort)


def interrupted(run: Callable[[Effort], Any], moment: float, traces: Path) -> Answer:
    """Solve in a process of its own, press Ctrl-C, and wait for the answer."""
    traces.write_text("", encoding="ascii")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _child(run, writing, traces)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        pipe.readline()
        time.sleep(moment)
        begun = time.perf_counter()
        os.kill(child, signal.SIGINT)
        time.sleep(_LATE_S)
        os.kill(child, signal.SIGUSR1)
        told = pipe.read().strip()
    seconds, _, words = told.partition(" ")
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    late = float(seconds) - begun if seconds else math.inf
    return Answer(moment, late, words if code == 0 else f"exit {code} {words}", _innermost(traces))


def _child(run: Callable[[Effort], Any], writing: int, traces: Path) -> None:
    with traces.open("w") as file:
        faulthandler.register(signal.SIGUSR1, file=file, all_threads=False)
        os.write(writing, b"begun\n")
        try:
            plan = run(Effort(time_limit_s=600.0))
            told = f"{plan.status} {plan.stopped_by} {len(plan.chosen)} {[(s.objective, s.bound) for s in plan.stages]}"
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
            told = f"{type(error).__name__}"
        os.write(writing, f"{time.perf_counter()} {told}\n".encode())
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        os._exit(0)


def _innermost(traces: Path) -> str:
    lines = [
        each.strip() for each in traces.read_text(encoding="utf-8").splitlines() if "siting" in each and "File" in each
    ]
    return " < ".join(each.split("siting/")[-1].replace('", line ', ":") for each in lines[:6])


def main() -> None:
    """Press Ctrl-C, and print how long each model took."""
    names = [*_MODELS, *(f"{name}, capacity" for name in _MODELS), "compliance"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=names, default=names)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--within", type=float, default=20.0)
    parser.add_argument("--points", type=int, default=4_000)
    parser.add_argument("--sites", type=int, default=1_200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--where", action="store_true", help="print where slow answers were")
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    print(f"{'':<34}{'median':>8}{'longest':>9}   answers")
    with tempfile.TemporaryDirectory() as folder:
        for name in given.models:
            asked(name, 40, 12, 1)(Effort(time_limit_s=5.0))
            asked(name, 600, 200, 1)(Effort(time_limit_s=5.0))
            run = asked(name, given.points, given.sites, 1)
            moments = 0.05 * (given.within / 0.05) ** rng.random(given.moments)
            answers = [interrupted(run, float(moment), Path(folder) / "trace") for moment in moments]
            own = [each.seconds for each in answers]
            kinds = sorted({" ".join(each.told.split()[:2]) for each in answers})
            print(f"{name:<34}{statistics.median(own):>8.2f}{max(own):>9.2f}   {', '.join(kinds)}", flush=True)
            if given.where:
                for each in answers:
                    if each.seconds > _LATE_S or "infeasible" in each.told or "exit" in each.told:
                        print(
                            f"    at {each.moment:.2f}: {each.seconds:.2f} {each.told[:200]} {each.where}",
                            file=sys.stderr,
                        )


if __name__ == "__main__":
    main()
