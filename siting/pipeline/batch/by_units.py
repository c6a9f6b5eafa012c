"""One scenario in parts: one for each unit of a level, with the walks of each on a worker.

People, standards, working CRS, the network with its components, and elevations are prepared once, before the split. The
parts' walks are joined, and the whole is judged once: so all figures are those of an undivided run, also where a rule
looks at the whole (calibrated or rounded people, units of coarser levels, clauses that count units).
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.domain.called import place_names
from siting.domain.nouns import Assessment, Inputs, Ints, Progress
from siting.domain.scenario import FINE_TO_COARSE, Level, Scenario
from siting.errors import Fault, InputError
from siting.pipeline.batch.dividing import part_of_places, part_of_points
from siting.pipeline.batch.engine import Engine
from siting.pipeline.batch.job import COLUMNS, STAGE, BatchResult, Job
from siting.pipeline.batch.plans import plan_by_units
from siting.pipeline.batch.storage import Storage
from siting.pipeline.batch.walking import PartedWalker, faults_of
from siting.pipeline.checking import check
from siting.write.layers import save_gaps, save_plan
from siting.write.naming import file_names
from siting.write.parts import write_part


def by_units(scenario: Scenario, level: Level, job: Job, engine: Engine, progress: Progress) -> BatchResult:
    """Check a scenario in parts, and share out stations if that is asked.

    Raises
    ------
    InputError
        Faults of the inputs, or one fault for each part that failed; parts that are finished are not computed again by
        the next run.
    """
    walker_of = partial(_walker, engine, job, level, progress)
    planned, plan = None, None
    if not job.plans:
        found = check(scenario, progress, walker_of=walker_of)
    else:
        planned, plan = plan_by_units(scenario, level, job, engine, walker_of, progress)
        found = planned.proposal.before
    files = [job.out / "gaps.geojson", job.out / "gaps.parquet"]
    for path in files:
        save_gaps(path, found)
    if planned is not None:
        files.append(job.out / "plan.geojson")
        save_plan(files[-1], planned.proposal)
    files += _written(engine, job, found, level, progress)
    stations = None if planned is None else planned.proposal.stations
    return BatchResult(_table(found, level, stations), tuple(files), found, planned, plan)


def _walker(engine: Engine, job: Job, level: Level, progress: Progress, inputs: Inputs) -> PartedWalker:
    units = inputs.units[level]
    return PartedWalker(engine, Storage(job.work), units, file_names(units.index), progress)


def _written(engine: Engine, job: Job, found: Assessment, level: Level, progress: Progress) -> list[Path]:
    """Write the results of each part on the workers, and return the folders."""
    asked = {name: (job.folder_of(name), places, cells) for name, places, cells in _parts(found, level)}
    faults: list[Fault] = []
    for number, done in enumerate(engine.each(write_part, asked), 1):
        if done.error is not None:
            faults += faults_of(done)
        progress(STAGE, number, len(asked))
    if faults:
        raise InputError(faults)
    return [folder for folder, *_ in asked.values()]


def _parts(found: Assessment, level: Level) -> Iterator[tuple[str, gpd.GeoDataFrame, gpd.GeoDataFrame]]:
    """Yield the name, the places and the cells of each part; units of coarser levels are only in the whole."""
    units = found.inputs.units[level]
    coarser = FINE_TO_COARSE[FINE_TO_COARSE.index(level) + 1 :]
    inside = found.places[~found.places["level"].isin(coarser)]
    of_place = part_of_places(units, inside)
    own = (inside["level"] == level).to_numpy(dtype=bool)
    of_place[own] = units.index.get_indexer(pd.Index(inside["id"][own]))
    cells = cells_of(found)
    of_cell = part_of_points(units, np.column_stack([cells.geometry.x, cells.geometry.y]))
    for part, name in enumerate(file_names(units.index)):
        yield name, inside[of_place == part], cells[of_cell == part]


def cells_of(found: Assessment) -> gpd.GeoDataFrame:
    """Return the populated cells with their numbers and their centres."""
    xy = found.demand.cells.loc[found.cells.index]
    table = found.cells.assign(nearest=found.cells["nearest"].astype("object"))
    table.insert(0, "cell", found.cells.index.to_numpy())
    points = gpd.points_from_xy(xy["x"], xy["y"])
    return gpd.GeoDataFrame(table.reset_index(drop=True), geometry=points, crs=found.inputs.crs)


def _table(found: Assessment, level: Level, stations: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return a row for each part."""
    units = found.inputs.units[level]
    rows = found.places.loc[level].reindex(units.index)
    parts = {name: places for name, places, _ in _parts(found, level)}
    table = rows[["residents", "elderly", "elderly_covered", "covered_share"]].reset_index(drop=True)
    table.insert(0, "part", list(parts))
    table.insert(1, "name", place_names(units).to_numpy())
    table["places"] = [len(places) for places in parts.values()]
    table["places_with_gap"] = [int((places["verdict"] == "gap").sum()) for places in parts.values()]
    table["stations"] = 0 if stations is None else _counted(units, stations)
    return pd.DataFrame(table[list(COLUMNS)])


def _counted(units: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> Ints:
    of = part_of_points(units, np.column_stack([stations.geometry.x, stations.geometry.y]).reshape(-1, 2))
    return np.bincount(of, minlength=len(units))
