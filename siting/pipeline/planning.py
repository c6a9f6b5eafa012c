"""Plans: candidates chosen, and before and after measured alike."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from siting import places
from siting.assess.funding import funding_lines
from siting.domain.nouns import Assessment, Demand, Floats, Note, Progress, Proposal, Selection, Times, quiet
from siting.domain.scenario import Scenario, fingerprint
from siting.errors import Faults
from siting.locate import gains_in_order, propose_covering, stations_table
from siting.pipeline.ground import Ground, measure, prepare, walk
from siting.read.plan import PlanFile, read_plan


def propose(
    scenario: Scenario,
    *,
    stations: int | None = None,
    budget_cny: float | None = None,
    progress: Progress | None = None,
) -> Proposal:
    """Propose stations for the elderly who are not covered, and measure before and after alike."""
    report = progress or quiet
    if stations is None and budget_cny is None:
        stations, budget_cny = scenario.plan.stations, scenario.plan.budget_cny
    _refuse_call(scenario, stations, budget_cny)
    ground = prepare(scenario, report)
    before = measure(ground, ground.facilities, report)
    permitted, walked = ground.permitted, ground.reached
    costs = places.candidate_costs(permitted)
    _refuse_data(before, costs, budget_cny)
    people = _uncovered_elderly(before, ground.demand)
    options = scenario.plan
    selection = propose_covering(
        _covers(walked.within, people > 0),
        people,
        stations=stations,
        budget=budget_cny,
        costs=None if budget_cny is None else costs.to_numpy(),
        order=places.place_order(permitted, places.preferred_layers(permitted, ground.inputs.preferences)),
        max_nodes=options.max_nodes,
        time_limit_s=options.time_limit_s,
        seed=options.seed,
        progress=report,
    )
    chosen = permitted.iloc[selection.chosen]
    request = {"model": options.model, "stations": stations, "budget_cny": budget_cny}
    off_network = tuple(map(str, walked.unattached))
    notes = (Note("candidates_off_network", {"ids": ", ".join(off_network)}),) if off_network else ()
    return _proposal(ground, before, chosen, selection, request, notes, report)


def measure_plan(scenario: Scenario, path: Path, progress: Progress | None = None) -> Proposal:
    """Read a plan back and measure it with the same ruler as everything else."""
    report = progress or quiet
    file = read_plan(path)
    ground = prepare(scenario, report)
    _refuse_plan(file, path, ground.inputs.candidates.index, ground.refused)
    before = measure(ground, ground.facilities, report)
    chosen = ground.inputs.candidates.loc[list(file.candidates)]
    walked = walk(ground.inputs, ground.demand, ground.ways, chosen, np.zeros(len(chosen), dtype=bool), report)
    gains = gains_in_order(walked.within, _uncovered_elderly(before, ground.demand))
    own = file.members.get("scenario", {}).get("sha256") == fingerprint(scenario, ground.inputs.digests)
    notes = () if own else (Note("plan_of_other_scenario", {}),)
    selection = _selection_of(file, ground.inputs.candidates, gains, own=own)
    return _proposal(ground, before, chosen, selection, file.members["request"], notes, report)


def _refuse_call(scenario: Scenario, stations: int | None, budget_cny: float | None) -> None:
    faults = Faults()
    if stations is None and budget_cny is None:
        faults.add("plan_without_size")
    if scenario.candidates is None:
        faults.add("plan_without_candidates")
    faults.stop_if_any()


def _refuse_data(before: Assessment, costs: pd.Series, budget_cny: float | None) -> None:
    faults = Faults()
    if np.isnan(before.totals["elderly"]):
        faults.add("plan_without_elderly")
    if budget_cny is not None and costs.isna().any():
        for key in costs.index[costs.isna()]:
            faults.add("candidate_without_cost", row=str(key))
    faults.stop_if_any()


def _refuse_plan(file: PlanFile, path: Path, ledger: pd.Index, refused: pd.DataFrame) -> None:
    faults = Faults()
    for key in file.candidates:
        if key not in ledger:
            faults.add("plan_names_unknown_candidate", file=str(path), found=key)
        elif key in refused.index:
            layers = ", ".join(refused.loc[[key], "layer"])
            faults.add("plan_names_refused_candidate", file=str(path), found=f"{key}: {layers}")
    faults.stop_if_any()


def _uncovered_elderly(before: Assessment, demand: Demand) -> np.ndarray[Any, np.dtype[np.float64]]:
    cells = before.cells.reindex(demand.cells.index)
    return (cells["elderly"].fillna(0.0) * (1.0 - cells["covered"].fillna(0.0))).to_numpy()


def _covers(within: Times, wanted: np.ndarray[Any, np.dtype[np.bool_]]) -> csr_array:
    shape = (len(within.site_ids), len(wanted))
    data = wanted[within.cell]
    covers = csr_array((data, within.cell, within.start), shape=shape)
    covers.eliminate_zeros()
    return covers


def _proposal(
    ground: Ground,
    before: Assessment,
    chosen: gpd.GeoDataFrame,
    selection: Selection,
    request: Mapping[str, Any],
    notes: tuple[Note, ...],
    progress: Progress,
) -> Proposal:
    inputs, facilities = ground.inputs, ground.facilities
    after = measure(ground, places.with_stations(facilities, chosen), progress)
    homes = places.home_units(chosen, inputs.units)
    finest = next((level for level in places.FINE_TO_COARSE if level in homes), None)
    stations = stations_table(
        chosen,
        after.facilities.loc[places.station_ids(chosen)],
        selection,
        costs=places.candidate_costs(chosen),
        unit=None if finest is None else homes[finest],
        centres=facilities[facilities["tier"] == "centre"],
        before=before.totals,
        preferred=places.preferred_layers(chosen, inputs.preferences),
    )
    lines = funding_lines(inputs.standards, pd.DataFrame(stations.drop(columns="geometry")), what="station")
    told = lines.groupby("site_id")[["clause_id", "line", "status", "amount_cny"]]
    by_station = {key: rows.to_dict("records") for key, rows in told}
    stations["funding"] = pd.Series([by_station.get(key, []) for key in stations.index], index=stations.index)
    return Proposal(stations, ground.refused, selection, request, before, after, notes)


def _selection_of(file: PlanFile, candidates: gpd.GeoDataFrame, gains: Floats, *, own: bool) -> Selection:
    """Return what a plan's file says was proved; of another scenario's plan nothing is proved here."""
    members, objective = file.members, float(gains.sum())
    return Selection(
        chosen=candidates.index.get_indexer(pd.Index(file.candidates)).astype(np.int64),
        gains=gains,
        status=members["status"] if own else "feasible",
        objective=objective,
        bound=max(float(members["bound"]), objective) if own else float("inf"),
        stopped_by=members["stopped_by"],
        solver=members["solver"],
        greedy_objective=members["greedy_objective"],
    )
