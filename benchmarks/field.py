"""Ours beside the field: the same problems, the same stop, each solver in a process of its own, on one thread.

    python benchmarks/field.py --python FILE [--limit S] [--solvers NAME …] [--problems NAME …]
                               [--table FILE] [--picture FILE]

``--python`` is the Python of an environment with the peers: spopt, highspy, pyscipopt, ortools, lokigi, pbp-pmedian.
The extra ``benchmarks`` holds the ranges that were tried; siting needs none of them. What cannot be imported there is
left out. Every run ends by itself with a proof, or is ended after ``--limit`` seconds of processor (of wall time four
times as many), building of the model included and imports left out. So a busy machine changes nothing but the time
this takes. Ours has compiled its kernels before.

Problems are read from ``instances`` in the folder named by ``SITING_SHARED`` (else ``shared`` beside the repository);
those that are not there are left out:

- ``pmed16``, ``pmed20`` (``orlib_pmed``): p-median of OR-Library, 400 nodes, p = 5 and 133;
- ``rl1304``, ``pcb3038`` (``tsplib``): p-median on the rounded distances of TSPLIB, p = 100;
- ``SJC818`` (``sjc``): maximal covering in São José dos Campos, 400 m, p = 20;
- ``pcb3038 cover``: maximal covering of as many points as there are, within 250, p = 40;
- ``BDS 50000``: maximal covering by the recipe of Cordeau, Furini and Ljubić (2019), seed 0: 50,000 customers of 1 to
  100 persons and 100 sites in a square of side 30, radius 4.0, p = 15.

A solver tells each better plan and bound as it finds them. spopt, lokigi and pbp-pmedian tell their answer only.
"""

import argparse
import contextlib
import importlib
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# What a solver calls when it has a plan or a bound: objective and bound, None for what it does not know.
Tell = Callable[[float | None, float | None], None]

_LIMIT_S, _PATIENCE, _START_S = 10.0, 4.0, 300.0
_MEMORY = 6 * 2**30
_RELATIVE = 1e-6
_SOLVERS = ("siting", "HiGHS", "SCIP", "CP-SAT", "spopt", "pbp-pmedian", "lokigi")


@dataclass(frozen=True)
class Given:
    """A problem: distances of complete p-medians, or which site covers which point; weights; the number of sites."""

    stations: int
    weights: Floats
    far: Floats | None = None
    start: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    point: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))

    @property
    def sites(self) -> int:
        """The number of sites."""
        return len(self.start) - 1 if self.far is None else len(self.far)

    @property
    def site(self) -> NDArray[np.int64]:
        """The site of each pair of a site and a point that it covers."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


@dataclass
class Outcome:
    """What a solver told: seconds of processor, objective and bound of each better one; and whether it ended."""

    told: list[tuple[float, float | None, float | None]] = field(default_factory=list)
    ended: bool = False
    seconds: float = math.nan

    def last(self, place: int) -> float | None:
        """Return the last objective (1) or bound (2)."""
        known = [each[place] for each in self.told if each[place] is not None]
        return known[-1] if known else None


# --- problems ---------------------------------------------------------------------------------------------------------


def _instances() -> Path:
    shared = os.environ.get("SITING_SHARED", Path(__file__).resolve().parents[2] / "shared")
    return Path(shared) / "instances"


def _orlib(name: str) -> Given:
    from scipy.sparse.csgraph import floyd_warshall  # noqa: PLC0415 - not needed by the solvers' processes

    numbers = (_instances() / "orlib_pmed" / f"{name}.txt").read_text(encoding="ascii").split()
    nodes, _, stations = (int(each) for each in numbers[:3])
    arcs = np.full((nodes, nodes), np.inf)
    for one, other, cost in np.array(numbers[3:], dtype=float).reshape(-1, 3):
        arcs[int(one) - 1, int(other) - 1] = arcs[int(other) - 1, int(one) - 1] = cost
    return Given(stations, np.ones(nodes), far=np.asarray(floyd_warshall(arcs)))


def _tsplib(name: str) -> Floats:
    lines = (_instances() / "tsplib" / f"{name}.tsp").read_text(encoding="ascii").splitlines()
    first = lines.index("NODE_COORD_SECTION") + 1
    return np.array([line.split()[1:3] for line in lines[first:] if len(line.split()) == 3], dtype=float)  # noqa: PLR2004


def _away(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.hypot(*(one[:, None, :] - other[None, :, :]).transpose(2, 0, 1)))


def _median(name: str, stations: int) -> Given:
    places = _tsplib(name)
    return Given(stations, np.ones(len(places)), far=np.rint(_away(places, places)))


def _cover(sites: Floats, points: Floats, weights: Floats, radius: float, stations: int) -> Given:
    near = [np.flatnonzero(row <= radius).astype(np.int32) for row in _away(sites, points)]
    start = np.concatenate([[0], np.cumsum([len(each) for each in near])]).astype(np.int64)
    return Given(stations, weights, start=start, point=np.concatenate(near))


def _sjc() -> Given:
    folder = _instances() / "sjc"
    places = np.loadtxt(folder / "SJC818.txt", skiprows=1)
    weights = np.loadtxt(folder / "demand-SJC818.dat").ravel()
    return _cover(places, places, weights[: len(places)], 400.0, 20)


def _pcb() -> Given:
    places = _tsplib("pcb3038")
    return _cover(places, places, np.ones(len(places)), 250.0, 40)


def _bds() -> Given:
    rng = np.random.default_rng(0)
    sites, points = rng.uniform(0, 30, (100, 2)), rng.uniform(0, 30, (50_000, 2))
    return _cover(sites, points, rng.integers(1, 101, len(points)).astype(float), 4.0, 15)


PROBLEMS: dict[str, Callable[[], Given]] = {
    "pmed16": lambda: _orlib("pmed16"),
    "pmed20": lambda: _orlib("pmed20"),
    "rl1304": lambda: _median("rl1304", 100),
    "pcb3038": lambda: _median("pcb3038", 100),
    "SJC818": _sjc,
    "pcb3038 cover": _pcb,
    "BDS 50000": _bds,
}


# --- solvers, each in a process of its own ----------------------------------------------------------------------------


def _by_siting(given: Given, tell: Tell) -> None:
    from scipy.sparse import csr_array  # noqa: PLC0415 - the peers' processes do not have siting

    from siting.locate.problem import Effort, MaximalCovering, PMedian, Problem, Rules  # noqa: PLC0415
    from siting.locate.solve import solve  # noqa: PLC0415

    rules = Rules(stations=given.stations)
    if given.far is None:
        shape = (given.sites, len(given.weights))
        times: Any = csr_array((np.ones(len(given.point)), given.point, given.start), shape=shape)
        model: Any = MaximalCovering()
    else:
        count = len(given.far)
        every = (np.tile(np.arange(count), count), np.arange(0, count * count + 1, count))
        times = csr_array((given.far.ravel(), *every), shape=given.far.shape)
        model = PMedian(float(given.far.max()))
    found = solve(Problem(times, given.weights, rules), model, Effort(time_limit_s=1e6, report=tell))
    tell(found.objective, found.bound)


def _program(given: Given) -> tuple[Floats, Any, Floats, Floats, int]:
    """Return the programme of the books, to be minimised: costs, rows, their sides, and how many columns are sites."""
    from scipy.sparse import csr_array, eye_array, hstack, vstack  # noqa: PLC0415 - not for those without programmes

    points = len(given.weights)
    if given.far is None:
        count = given.sites
        covers: Any = csr_array((np.ones(len(given.point)), (given.point, given.site)), shape=(points, count))
        number: Any = csr_array(np.concatenate([np.ones(count), np.zeros(points)])[None, :])
        rows = csr_array(vstack([hstack([-covers, eye_array(points)]), number]))
        high = np.append(np.zeros(points), float(given.stations))
        return np.concatenate([np.zeros(count), -given.weights]), rows, np.full(points + 1, -np.inf), high, count
    count = len(given.far)
    pairs = np.arange(count * points)
    ones = np.ones(len(pairs))
    served = csr_array((ones, (pairs % points, pairs)), shape=(points, len(pairs)))
    opens = csr_array((-ones, (pairs, pairs // points)), shape=(len(pairs), count))
    rows = csr_array(
        vstack(
            [
                hstack([csr_array((points, count)), served]),
                hstack([opens, eye_array(len(pairs))]),
                csr_array(np.concatenate([np.ones(count), np.zeros(len(pairs))])[None, :]),
            ]
        )
    )
    low = np.concatenate([np.ones(points), np.full(len(pairs) + 1, -np.inf)])
    high = np.concatenate([np.ones(points), np.zeros(len(pairs)), [float(given.stations)]])
    return np.concatenate([np.zeros(count), (given.far * given.weights[None, :]).ravel()]), rows, low, high, count


def _by_highs(given: Given, tell: Tell) -> None:
    highspy = importlib.import_module("highspy")
    cost, rows, low, high, sites = _program(given)
    sign = -1.0 if given.far is None else 1.0
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = rows.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(len(cost)), np.ones(len(cost))
    lp.row_lower_, lp.row_upper_ = low, high
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[column < sites] for column in range(len(cost))]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    highs = highspy.Highs()
    for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", _RELATIVE)):
        highs.setOptionValue(name, value)
    highs.passModel(lp)

    def told(event: Any) -> None:  # noqa: ANN401 - of a peer
        out = event.data_out
        tell(*(sign * each if abs(each) < 1e300 else None for each in (out.mip_primal_bound, out.mip_dual_bound)))  # noqa: PLR2004

    highs.cbMipInterrupt.subscribe(told)
    highs.run()
    info = highs.getInfo()
    tell(sign * info.objective_function_value, sign * info.mip_dual_bound)


def _by_scip(given: Given, tell: Tell) -> None:
    scip = importlib.import_module("pyscipopt")
    cost, rows, low, high, sites = _program(given)
    sign = -1.0 if given.far is None else 1.0
    model = scip.Model()
    model.hideOutput()
    model.setParam("parallel/maxnthreads", 1)
    names = ("C", "B")
    columns = [
        model.addVar(vtype=names[column < sites], lb=0.0, ub=1.0, obj=each) for column, each in enumerate(cost.tolist())
    ]
    for row in range(rows.shape[0]):
        place = slice(rows.indptr[row], rows.indptr[row + 1])
        side = scip.quicksum(
            v * columns[c] for c, v in zip(rows.indices[place], rows.data[place].tolist(), strict=True)
        )
        model.addCons(side == high[row] if low[row] == high[row] else side <= high[row])

    class Listener(scip.Eventhdlr):  # type: ignore[misc, name-defined]
        """Tells what SCIP finds."""

        kinds = scip.SCIP_EVENTTYPE.BESTSOLFOUND | scip.SCIP_EVENTTYPE.NODESOLVED | scip.SCIP_EVENTTYPE.LPSOLVED

        def eventinit(self) -> None:
            """Begin."""
            self.model.catchEvent(self.kinds, self)

        def eventexec(self, _: object) -> None:
            """Tell."""
            known = (self.model.getPrimalbound(), self.model.getDualbound())
            tell(*(sign * each if abs(each) < 1e19 else None for each in known))  # noqa: PLR2004 - its infinity is 1e20

    model.includeEventhdlr(Listener(), "listener", "tells")
    model.optimize()
    tell(sign * model.getPrimalbound(), sign * model.getDualbound())


def _by_cp_sat(given: Given, tell: Tell) -> None:
    cp_model = importlib.import_module("ortools.sat.python.cp_model")
    cost, rows, low, high, _ = _program(given)
    sign = -1.0 if given.far is None else 1.0
    model = cp_model.CpModel()
    columns = [model.new_bool_var("") for _ in range(len(cost))]
    for row in range(rows.shape[0]):
        place = slice(rows.indptr[row], rows.indptr[row + 1])
        mine, by = rows.indices[place].tolist(), rows.data[place].astype(int).tolist()
        side = cp_model.LinearExpr.weighted_sum([columns[each] for each in mine], by)
        model.add(side == int(high[row]) if low[row] == high[row] else side <= int(high[row]))
    model.minimize(cp_model.LinearExpr.weighted_sum(columns, np.rint(cost).astype(int).tolist()))

    class Listener(cp_model.CpSolverSolutionCallback):  # type: ignore[misc, name-defined]
        """Tells what CP-SAT finds."""

        def on_solution_callback(self) -> None:
            """Tell."""
            tell(sign * self.objective_value, sign * self.best_objective_bound)

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.best_bound_callback = lambda bound: tell(None, sign * bound)
    solver.solve(model, Listener())
    tell(sign * solver.objective_value, sign * solver.best_objective_bound)


def _dense(given: Given) -> Floats:
    """Return distances of points to sites; 1 or 3 where only covering counts."""
    if given.far is not None:
        return given.far.T
    far = np.full((len(given.weights), given.sites), 3.0)
    far[given.point, given.site] = 1.0
    return far


def _by_spopt(given: Given, tell: Tell) -> None:
    locate, pulp = importlib.import_module("spopt.locate"), importlib.import_module("pulp")
    far, solver = _dense(given), pulp.HiGHS(msg=False, threads=1, gapRel=_RELATIVE)
    if given.far is None:
        model = locate.MCLP.from_cost_matrix(far, given.weights, 2.0, p_facilities=given.stations)
    else:
        model = locate.PMedian.from_cost_matrix(far, given.weights, p_facilities=given.stations)
    value = float(model.solve(solver).problem.objective.value())
    tell(value, value)


def _by_pbp(given: Given, tell: Tell) -> None:
    solve = importlib.import_module("pbp_pmedian").solve
    if given.far is None:
        raise ImportError
    value, _, _, status, _ = solve(given.far * given.weights[None, :], p=given.stations)
    tell(float(value), float(value) if status == 0 else None)


def _by_lokigi(given: Given, tell: Tell) -> None:
    pandas, site = importlib.import_module("pandas"), importlib.import_module("lokigi.site")
    far = _dense(given)
    points, sites = (
        [f"{letter}{each}" for each in range(count)] for letter, count in zip("ps", far.shape, strict=True)
    )
    problem = site.SiteProblem(debug_mode=False)
    problem.add_demand(pandas.DataFrame({"point": points, "people": given.weights}), "people", "point")
    where = {"site": sites, "lat": np.zeros(len(sites)), "long": np.zeros(len(sites))}
    problem.add_sites(pandas.DataFrame(where), "site", crs="EPSG:27700")
    matrix = pandas.DataFrame(far, columns=sites)
    matrix.insert(0, "point", points)
    problem.add_travel_matrix(matrix, "point")
    ways: dict[str, Any] = {"objectives": "p_median"}
    if given.far is None:
        ways = {"objectives": "mclp", "threshold_for_coverage": 2.0}
    found = problem.solve(p=given.stations, search_strategy="greedy", show_progress=False, **ways)
    best = found.solution_df.iloc[0]
    chosen = np.array([sites.index(name) for name in best["site_names"]])
    nearest = far[:, chosen].min(axis=1)
    covered = float(given.weights[nearest <= 2.0].sum())  # noqa: PLR2004 - between 1 and 3
    tell(covered if given.far is None else float(nearest @ given.weights), None)


_WAYS: dict[str, Callable[[Given, Tell], None]] = {
    "siting": _by_siting,
    "HiGHS": _by_highs,
    "SCIP": _by_scip,
    "CP-SAT": _by_cp_sat,
    "spopt": _by_spopt,
    "pbp-pmedian": _by_pbp,
    "lokigi": _by_lokigi,
}
_MODULES = {"HiGHS": "highspy", "SCIP": "pyscipopt", "CP-SAT": "ortools.sat.python.cp_model", "spopt": "spopt.locate"}
_MODULES |= {"pbp-pmedian": "pbp_pmedian", "lokigi": "lokigi.site", "siting": "siting.locate.solve"}


def child(name: str, file: Path) -> None:
    """Solve a problem in this process, and print what is found as lines of JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    importlib.import_module(_MODULES[name])
    with np.load(file) as arrays:
        given = Given(int(arrays["stations"]), **{key: arrays[key] for key in arrays.files if key != "stations"})
    if name == "siting":
        places = np.random.default_rng(1).random((200, 2))
        _by_siting(Given(20, np.ones(200), far=np.rint(1e3 * _away(places, places))), lambda *_: None)
        _by_siting(_cover(places, places, np.ones(200), 0.1, 20), lambda *_: None)
    begun, best = time.process_time(), [math.nan, math.nan]

    def tell(*known: float | None) -> None:
        new = [math.nan if each is None or not math.isfinite(each) else float(each) for each in known]
        if any(not math.isnan(each) and each != old for each, old in zip(new, best, strict=True)):
            best[:] = [old if math.isnan(each) else each for each, old in zip(new, best, strict=True)]
            line = [time.process_time() - begun, *(None if math.isnan(each) else each for each in best)]
            print(json.dumps(line), flush=True)

    print(json.dumps("begun"), flush=True)
    _WAYS[name](given, tell)
    print(json.dumps({"seconds": time.process_time() - begun}), flush=True)


# --- the run ----------------------------------------------------------------------------------------------------------


def _processor(process: int) -> float:
    """Return the seconds of processor that a process had."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(python: str, name: str, file: Path, limit: float) -> Outcome | None:
    """Run a solver in a process of its own until it ends or the limit is reached; None if it cannot be imported."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    words = [python, __file__, "--solve", name, str(file)]
    env = {**os.environ, **threads, "PYTHONPATH": os.environ.get("PYTHONPATH", "") if name == "siting" else ""}
    outcome, used = Outcome(), [math.nan]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env) as process:  # noqa: S603

        def read() -> None:
            for line in process.stdout or ():
                with contextlib.suppress(ValueError):
                    _take(json.loads(line), outcome, used, process.pid)

        reader = threading.Thread(target=read)
        reader.start()
        wall, most = time.monotonic(), _START_S
        while process.poll() is None:
            time.sleep(0.05)
            if math.isfinite(used[0]) and most == _START_S:
                wall, most = time.monotonic(), _PATIENCE * limit
            with contextlib.suppress(OSError):
                if _processor(process.pid) - used[0] > limit or time.monotonic() - wall > most:
                    process.kill()
        reader.join()
    return None if math.isnan(used[0]) else outcome


def _take(line: object, outcome: Outcome, used: list[float], process: int) -> None:
    match line:
        case "begun":
            used[0] = _processor(process)
        case {"seconds": float(seconds)}:
            outcome.ended, outcome.seconds = True, seconds
        case [float(seconds), (float() | None) as objective, (float() | None) as bound]:
            outcome.told.append((float(seconds), objective, bound))


def gap(objective: float | None, bound: float | None) -> float:
    """Return the optimality gap, as a share of the objective."""
    if objective is None or bound is None or not objective:
        return math.inf
    return abs(objective - bound) / abs(objective)


def proved_at(outcome: Outcome) -> float:
    """Return the seconds until bound and objective met; inf if they did not."""
    known: list[float | None] = [None, None]
    for seconds, *both in outcome.told:
        known = [old if new is None else new for old, new in zip(known, both, strict=True)]
        if gap(*known) <= 2.0 * _RELATIVE:
            return seconds
    return math.inf


def rows(problem: str, outcomes: dict[str, Outcome]) -> Iterable[str]:
    """Return the lines of the table of a problem."""
    covers = problem in ("SJC818", "pcb3038 cover", "BDS 50000")
    values = [value for each in outcomes.values() if (value := each.last(1)) is not None]
    best = (max if covers else min)(values) if values else math.nan
    own = proved_at(outcomes["siting"]) if "siting" in outcomes else math.inf
    for name, outcome in outcomes.items():
        value, bound, proved = outcome.last(1), outcome.last(2), proved_at(outcome)
        told = "–" if value is None else f"{value:,.0f}"
        behind = "–" if value is None else f"{abs(value - best) / best:.2%}"
        apart = "–" if math.isinf(gap(value, bound)) else f"{gap(value, bound):.2%}"
        ratio = "–" if math.isinf(proved) or math.isinf(own) else f"{proved / own:,.2g}"
        ended = f"{outcome.seconds:.1f}" if outcome.ended else "limit"
        seconds = f"{proved:.1f}" if math.isfinite(proved) else ended
        yield f"| {problem} | {name} | {told} | {behind} | {apart} | {seconds} | {ratio} |"


def draw(found: dict[str, dict[str, Outcome]], picture: Path) -> None:
    """Draw the gap of each solver over time, a panel for each problem."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    pyplot.rcParams["font.family"] = ["DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP"]
    pyplot.rcParams["axes.unicode_minus"] = False
    across = 4
    figure, axes = pyplot.subplots(-(-len(found) // across), across, figsize=(12.0, 5.8), squeeze=False, sharey=True)
    colours = dict(
        zip(_SOLVERS, ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"), strict=True)
    )
    for panel, (problem, outcomes) in zip(axes.ravel(), found.items(), strict=False):
        for name, outcome in outcomes.items():
            known: list[float | None] = [None, None]
            curve = []
            for seconds, *both in outcome.told:
                known = [old if new is None else new for old, new in zip(known, both, strict=True)]
                if math.isfinite(gap(*known)):
                    curve.append((max(seconds, 0.01), min(max(gap(*known), 1e-6), 1.0)))
            if curve:
                ends = [*curve, (max(curve[-1][0], outcome.seconds if outcome.ended else _LIMIT_S), curve[-1][1])]
                wide = 2.2 if name == "siting" else 1.3
                panel.step(*zip(*ends, strict=True), where="post", label=name, color=colours[name], linewidth=wide)
                panel.plot(*curve[-1], "o", color=colours[name], markersize=3)
        panel.set(xscale="log", yscale="log", title=problem, xlim=(0.01, 1.3 * _LIMIT_S), ylim=(5e-7, 1.5))
        panel.grid(visible=True, color="#dddddd", linewidth=0.5)
    for panel in axes.ravel()[len(found) :]:
        panel.axis("off")
    handles = [pyplot.Line2D([], [], color=colours[name], label=name) for name in _SOLVERS]
    axes.ravel()[-1].legend(handles=handles, loc="center", frameon=False)
    figure.supxlabel("处理器秒 · seconds of processor")
    figure.supylabel("间隙（目标与界之差）· gap of objective and bound")
    figure.tight_layout()
    figure.savefig(picture, dpi=110)


def main() -> None:
    """Run every solver on every problem, print the table, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="the Python of an environment with the peers")
    parser.add_argument("--limit", type=float, default=_LIMIT_S, help="seconds of processor for each")
    parser.add_argument("--solvers", nargs="+", choices=_SOLVERS, default=list(_SOLVERS))
    parser.add_argument("--problems", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--table", type=Path, help="where the table is written too")
    parser.add_argument("--picture", type=Path, help="where the picture is drawn")
    parser.add_argument("--solve", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.solve:
        child(given.solve[0], Path(given.solve[1]))
        return
    found: dict[str, dict[str, Outcome]] = {}
    lines = ["| problem | solver | objective | behind the best | gap | seconds | × siting |"]
    lines.append("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for problem in given.problems:
            try:
                made = PROBLEMS[problem]()
            except FileNotFoundError as missing:
                print(f"{problem} is left out: {missing.filename} is not there")
                continue
            file = Path(folder) / "problem.npz"
            np.savez(file, **{key: value for key, value in vars(made).items() if value is not None})
            outcomes = {}
            for name in given.solvers:
                python = sys.executable if name == "siting" else given.python
                outcome = run(python, name, file, given.limit) if python else None
                if outcome is not None and not (name == "pbp-pmedian" and made.far is None):
                    outcomes[name] = outcome
            found[problem] = outcomes
            lines += rows(problem, outcomes)
            print("\n".join(lines[-len(outcomes) :]), flush=True)
    if given.table is not None:
        given.table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if given.picture is not None:
        draw(found, given.picture)


if __name__ == "__main__":
    main()
