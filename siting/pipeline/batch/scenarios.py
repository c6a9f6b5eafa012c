"""Many scenarios, each a part of its own: read, checked and written by a worker, and their reports merged.

So a country is carried: no process holds more than one part. The context of a part is what its own files hold across
its border (people, network, facilities of ``context.facilities``).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.crs import WGS84
from siting.domain.nouns import Assessment, Progress, quiet
from siting.domain.scenario import Scenario
from siting.errors import Fault, InputError
from siting.locate.allocation import Allocation, PartCurve, share_out
from siting.locate.covering.parts import PartProblem, amounts_of, curve_of_part, is_divisible
from siting.locate.problem import MaximalCovering
from siting.pipeline.asking import Question, ask
from siting.pipeline.batch.by_units import cells_of
from siting.pipeline.batch.engine import Engine
from siting.pipeline.batch.job import COLUMNS, STAGE, BatchResult, Job, SharedPlan
from siting.pipeline.batch.walking import faults_of
from siting.pipeline.checking import check
from siting.pipeline.ground import prepare
from siting.pipeline.planning import propose
from siting.pipeline.requesting import effort_of, merge_options
from siting.read import read_whole
from siting.read.trust import named_files
from siting.version import __version__
from siting.write.files import write_bytes, write_text
from siting.write.layers import parquet_bytes, save_gaps, save_plan
from siting.write.naming import file_names
from siting.write.parts import PLACES, PLACES_WGS84, write_part

_DONE: Final = "part.json"
_CURVE: Final = "curve.json"
_PLANNED: Final = "plan.json"
# Bytes of a file that are hashed at once.
_BLOCK: Final = 1 << 20


def scenarios_in(folder: Path) -> dict[str, Path]:
    """Return the scenario files of a folder by part: ``NAME.toml``, and ``NAME/scenario.toml``.

    Raises
    ------
    InputError
        ``batch_no_scenarios``: there are none.
    """
    files = sorted([*folder.glob("*.toml"), *folder.glob("*/scenario.toml")])
    if not files:
        raise InputError([Fault(code="batch_no_scenarios", file=str(folder))])
    names = file_names([path.parent.name if path.parent != folder else path.stem for path in files])
    return dict(zip(names, files, strict=True))


def of_scenarios(
    files: Mapping[str, Path], job: Job, engine: Engine, progress: Progress, *, untrusted: bool = False
) -> BatchResult:
    """Check scenarios, and share out stations if that is asked.

    Raises
    ------
    InputError
        One or more faults for each part that failed, with its name. Parts that are finished are not computed again by
        the next run, unless their files changed.
    """
    asked = {name: (path.resolve(), job.folder_of(name), untrusted) for name, path in files.items()}
    rows = _all(engine, check_part, asked, progress)
    plan = _planned(engine, asked, job, rows, progress) if job.plans else None
    table = pd.DataFrame([rows[name] for name in files])[list(COLUMNS)]
    written = _merged(job, list(files))
    return BatchResult(table, (*written, *(job.folder_of(name) for name in files)), plan=plan)


def _all(
    engine: Engine, task: Callable[..., Any], asked: Mapping[str, tuple[Any, ...]], progress: Progress
) -> dict[str, Any]:
    """Run a task for every part; all faults are raised together."""
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    progress(STAGE, 0, len(asked))
    for number, done in enumerate(engine.each(task, asked), 1):
        if done.error is None:
            found[done.name] = done.result
        else:
            faults += faults_of(done)
        progress(STAGE, number, len(asked))
    if faults:
        failed = len(asked) - len(found)
        raise InputError([*faults, Fault(code="batch_resume", found=str(failed), expected=str(len(asked)))])
    return found


def check_part(path: Path, folder: Path, untrusted: bool) -> dict[str, Any]:  # noqa: FBT001 - arguments of a task
    """Check one scenario and write its results, unless they are there already; run on a worker."""
    key = key_of(path, untrusted=untrusted)
    kept = _load(folder / _DONE)
    if kept is not None and kept.get("key") == key:
        return dict(kept["row"])
    found = check(read_whole(path, untrusted=untrusted))
    save_gaps(folder / "gaps.geojson", found)
    write_part(folder, found.places, cells_of(found))
    row = _row(folder.name, found)
    # Written last: the part is finished.
    write_text(folder / _DONE, json.dumps({"key": key, "row": row}, ensure_ascii=False))
    return row


def key_of(path: Path, *, untrusted: bool) -> str:
    """Return the hash of a scenario's file, of all files that it names, and of the version."""
    found = blake2b(__version__.encode(), digest_size=20)
    named = named_files(read_whole(path, untrusted=untrusted))
    for each in (path, *sorted(named)):
        found.update(each.name.encode())
        if each.is_file():
            with each.open("rb") as content:
                for block in iter(partial(content.read, _BLOCK), b""):
                    found.update(block)
    return found.hexdigest()


def _row(name: str, found: Assessment) -> dict[str, Any]:
    totals, places = found.totals, found.places
    return {
        "part": name,
        "name": found.inputs.scenario.scenario.title,
        **{key: _plain(totals[key]) for key in ("residents", "elderly", "elderly_covered", "covered_share")},
        "places": len(places),
        "places_with_gap": int((places["verdict"] == "gap").sum()),
        "stations": 0,
    }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _load(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


# --- plans ------------------------------------------------------------------------------------------------------------


def _planned(
    engine: Engine,
    asked: Mapping[str, tuple[Path, Path, bool]],
    job: Job,
    rows: dict[str, dict[str, Any]],
    progress: Progress,
) -> SharedPlan:
    """Share out stations or money over the curves of all parts, and make the plan of each part."""
    limit = (job.stations, job.budget)
    total = float(job.stations if job.stations is not None else job.budget or 0.0)
    elderly = {name: float(row["elderly"] or 0.0) for name, row in rows.items()}
    whole = sum(elderly.values())
    shares = {name: people / whole if whole else 0.0 for name, people in elderly.items()}
    curves = _all(engine, curve_of, {name: (*each, limit, shares[name]) for name, each in asked.items()}, progress)
    found = share_out(
        [PartCurve(*map(np.array, curves[name])) for name in asked], total, whole=job.stations is not None
    )
    amounts = {
        name: (int(amount), None) if job.stations is not None else (None, amount)
        for name, amount in zip(asked, found.amount.tolist(), strict=True)
    }
    plans = _all(engine, plan_part, {name: (*each, amounts[name]) for name, each in asked.items()}, progress)
    for name, row in rows.items():
        row["stations"] = plans[name][0]
    return _plan_of(found, plans, by_money=job.stations is None)


def _plan_of(found: Allocation, plans: Mapping[str, tuple[int, float]], *, by_money: bool) -> SharedPlan:
    objective = float(sum(value for _, value in plans.values()))
    stations = sum(number for number, _ in plans.values())
    return SharedPlan(stations, objective, max(found.bound, objective), found.price, by_money)


# A number of stations, or an amount of money; the other one is None.
Limit = tuple[int | None, float | None]


def curve_of(
    path: Path,
    folder: Path,
    untrusted: bool,  # noqa: FBT001 - arguments of a task
    limit: Limit,
    share: float,
) -> tuple[list[float], list[float], list[float]]:
    """Return the coverage curve of a part (amount, objective, bound), and keep it; run on a worker."""
    key = f"{key_of(path, untrusted=untrusted)} {limit} {share}"
    kept = _load(folder / _CURVE)
    if kept is None or kept.get("key") != key:
        question = _question(read_whole(path, untrusted=untrusted), limit)
        problem = question.problem
        costs = problem.rules.costs if problem.rules.budget is not None else None
        own = problem.under(stations=None, budget=None, costs=costs)
        part = PartProblem(own, np.arange(own.sites), amounts_of(own, problem.rules, share))
        points = curve_of_part(part, effort_of(question.plan))
        kept = {"key": key, "curve": [(point.amount, point.objective, point.bound) for point in points]}
        write_text(folder / _CURVE, json.dumps(kept))
    amounts, objectives, bounds = zip(*kept["curve"], strict=True)
    return [*map(float, amounts)], list(objectives), list(bounds)


def _question(scenario: Scenario, limit: Limit) -> Question:
    """Return the request of a part for most people within a limit."""
    if scenario.candidates is None:
        raise InputError([Fault(code="plan_without_candidates")])
    plan = merge_options(scenario.plan, model="mclp", **_named(limit))
    question = ask(prepare(scenario, quiet), plan, quiet)
    if not (isinstance(question.model, MaximalCovering) and is_divisible(question.problem)):
        raise InputError([Fault(code="batch_plan_model", field="plan")])
    return question


def _named(limit: Limit) -> dict[str, Any]:
    stations, budget = limit
    return {"budget_cny": budget} if stations is None else {"stations": stations}


def plan_part(path: Path, folder: Path, untrusted: bool, limit: Limit) -> tuple[int, float]:  # noqa: FBT001
    """Make the plan of a part, and return its stations and the people that they newly cover; run on a worker."""
    key = f"{key_of(path, untrusted=untrusted)} {limit}"
    kept = _load(folder / _PLANNED)
    if kept is not None and kept.get("key") == key:
        return int(kept["stations"]), float(kept["covered"])
    planned = propose(read_whole(path, untrusted=untrusted), model="mclp", **_named(limit)).proposal
    save_plan(folder / "plan.geojson", planned)
    covered = planned.selection.objective if planned.selection.stages else 0.0
    kept = {"key": key, "stations": len(planned.stations), "covered": covered}
    write_text(folder / _PLANNED, json.dumps(kept))
    return len(planned.stations), covered


# --- merged -----------------------------------------------------------------------------------------------------------


def _merged(job: Job, names: Sequence[str]) -> list[Path]:
    """Merge the places of all parts, in WGS84, with the name of the part: as GeoParquet and GeoJSON."""
    tables = []
    for name in names:
        table = gpd.read_parquet(job.folder_of(name) / PLACES).to_crs(WGS84)
        table.insert(0, "part", name)
        tables.append(table)
    merged = gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=WGS84)
    written = [job.out / PLACES, job.out / PLACES_WGS84]
    write_bytes(written[0], parquet_bytes(merged))
    write_text(written[1], merged.to_json(drop_id=True, to_wgs84=False))
    return written
