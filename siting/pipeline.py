"""The hallway: read → places → travel → assess → locate → travel, assess again.

Only this module knows the order of the rooms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from siting import places
from siting.assess import assess
from siting.assess.audit import audit_table
from siting.assess.explain import candidates_table, find_subject, gains_of, standing_of, uncovered_people
from siting.assess.funding import funding_lines
from siting.assess.sensitivity import Mode, covered_people, sensitivity_table, settings_around
from siting.domain.explained import Explained
from siting.domain.nouns import (
    Access,
    Assessment,
    Demand,
    Floats,
    Inputs,
    Note,
    Population,
    Progress,
    Proposal,
    Selection,
    Times,
    quiet,
)
from siting.domain.scenario import LandBasis, Scenario, fingerprint, walker_of
from siting.errors import Faults
from siting.locate import gains_in_order, propose_covering, stations_table
from siting.read import read_inputs
from siting.read.plan import PlanFile, read_plan
from siting.travel import StraightLines, Surface, WalkingNetwork, prepare_network, prepare_surface
from siting.travel.access import reach_s
from siting.travel.cache import Ways, decides
from siting.travel.coverage import Doors, covered_cells
from siting.travel.routes import minutes_to, way_to_nearest
from siting.units import SECONDS_PER_MINUTE


def check(scenario: Scenario, progress: Progress | None = None) -> Assessment:
    """Read a scenario's layers and judge its places."""
    report = progress or quiet
    ground = _prepare(scenario, report)
    return _measure(ground, ground.facilities, report)


def audit(scenario: Scenario, progress: Progress | None = None) -> pd.DataFrame:
    """Check a scenario and lay the clauses out; at a planned horizon today stands beside it."""
    planned = audit_table(check(scenario, progress))
    if scenario.scenario.horizon == "current":
        return planned
    head = scenario.scenario.model_copy(update={"horizon": "current"})
    people = scenario.population
    basis = None if people.land_basis == "resident_planned" else people.land_basis
    population = people.model_copy(update={"land_basis": basis})
    today = audit_table(check(scenario.model_copy(update={"scenario": head, "population": population}), progress))
    names = {"measured_low": "current_low", "measured_high": "current_high", "verdict": "current_verdict"}
    keys = ["clause_id", "level"]
    return planned.merge(today[[*keys, *names]].rename(columns=names), on=keys, how="left", validate="one_to_one")


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
    ground = _prepare(scenario, report)
    before = _measure(ground, ground.facilities, report)
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


def sensitivity(scenario: Scenario, progress: Progress | None = None) -> pd.DataFrame:
    """Read a scenario's layers and tell how coverage changes with what no document says."""
    report = progress or quiet
    inputs = read_inputs(scenario, report)
    demand = _demand(inputs, _basis(inputs), report)
    return sensitivity_of(inputs, demand, places.open_facilities(inputs.facilities, scenario.scenario), report)


def sensitivity_of(
    inputs: Inputs, demand: Demand, facilities: gpd.GeoDataFrame, progress: Progress | None = None
) -> pd.DataFrame:
    """Tell how the coverage of facilities changes with the walker, slopes, the direction and the mode."""
    report, scenario = progress or quiet, inputs.scenario
    own, counting = scenario.walking, _in_circle(facilities, scenario)
    known: dict[Mode, Any] = {"network": inputs.network, "surface": inputs.surface}
    settings = settings_around(own, [mode for mode, ground in known.items() if ground is not None])
    near = (demand.cells["inside"] > 0).to_numpy()
    doors = Doors(
        shapely.get_coordinates(facilities.geometry.to_numpy()[counting]), demand.cells[near], own.attach_limit_m
    )
    scale = float(reach_s(counting, own, _cutoff_s(facilities, scenario))[1].max(initial=0.0))
    made: dict[Any, WalkingNetwork | Surface | StraightLines] = {}
    found: dict[Any, dict[str, float]] = {}
    counts, speeds = [], []
    for done, setting in enumerate(settings):
        report("sensitivity", done, len(settings))
        walking = setting.walking
        under = replace(inputs, scenario=scenario.model_copy(update={"walking": walking}))
        ground = (walking.mode, walking.walker, walking.slope and _is_hilly(inputs, walking.mode))
        if ground not in made:
            made[ground] = _ways(under)
        if (ground, walking.direction) not in found:
            covered = covered_cells(made[ground], doors, walking, scale_s=scale)
            found[ground, walking.direction] = covered_people(demand, near, covered)
        counts.append(found[ground, walking.direction])
        speeds.append(walker_of(under.scenario).flat)
    report("sensitivity", len(settings), len(settings))
    return sensitivity_table(own, settings, counts, speeds=speeds, hilly=_is_hilly(inputs, own.mode))


def _is_hilly(inputs: Inputs, mode: Mode) -> bool:
    """Tell whether slopes can change anything: there are heights, and the ground does not hold their cost already."""
    within = mode == "surface" and inputs.surface is not None and inputs.surface.slopes_within
    return inputs.terrain is not None and mode != "straight_line" and not within


def measure_plan(scenario: Scenario, path: Path, progress: Progress | None = None) -> Proposal:
    """Read a plan back and measure it with the same ruler as everything else."""
    report = progress or quiet
    file = read_plan(path)
    ground = _prepare(scenario, report)
    _refuse_plan(file, path, ground.inputs.candidates.index, ground.refused)
    before = _measure(ground, ground.facilities, report)
    chosen = ground.inputs.candidates.loc[list(file.candidates)]
    walked = _walk(ground.inputs, ground.demand, ground.ways, chosen, np.zeros(len(chosen), dtype=bool), report)
    gains = gains_in_order(walked.within, _uncovered_elderly(before, ground.demand))
    own = file.members.get("scenario", {}).get("sha256") == fingerprint(scenario, ground.inputs.digests)
    notes = () if own else (Note("plan_of_other_scenario", {}),)
    selection = _selection_of(file, ground.inputs.candidates, gains, own=own)
    return _proposal(ground, before, chosen, selection, file.members["request"], notes, report)


def explain(scenario: Scenario, what: str | tuple[float, float], progress: Progress | None = None) -> Explained:
    """Read a scenario's layers and tell of one place why it is covered or not."""
    ground = _prepare(scenario, progress or quiet)
    inputs, demand, facilities = ground.inputs, ground.demand, ground.facilities
    subject = find_subject(inputs, what)
    counting = _in_circle(facilities, scenario)
    access = _walk(inputs, demand, ground.ways, facilities, counting, progress or quiet)
    standing = standing_of(subject, inputs, demand, access, ground.basis)
    # A facility is asked for the nearest other one.
    itself = (facilities.index == subject.id) & (subject.level == "facility")
    circle = facilities[counting & ~itself]
    serves = bool((counting & itself).any()) if subject.level == "facility" else None
    way = way_to_nearest(ground.network, standing.spot, circle, scenario.walking)
    refused = inputs.candidates.loc[ground.refused.index.unique()]
    barred = _walk(inputs, demand, ground.ways, refused, np.zeros(len(refused), dtype=bool), progress or quiet)
    gained = (standing.uncovered, uncovered_people(demand, access, standing.who))
    return Explained(
        inputs=inputs,
        subject=subject,
        standing=standing,
        way=way,
        candidates=candidates_table(
            inputs.candidates,
            pd.concat([gains_of(each.within, *gained) for each in (ground.reached, barred)]),
            minutes_to(ground.network, standing.spot, inputs.candidates, scenario.walking),
            ground.refused,
            scenario.walking.minutes,
            lived=bool(standing.people.any()),
        ),
        serves=serves,
    )


@dataclass(frozen=True)
class _Ground:
    """What does not change between before and after."""

    inputs: Inputs
    demand: Demand
    basis: LandBasis
    ways: Ways
    holders: Mapping[str, pd.Series]
    facilities: gpd.GeoDataFrame
    refused: pd.DataFrame
    permitted: gpd.GeoDataFrame
    reached: Access
    warnings: tuple[str, ...]

    @property
    def network(self) -> WalkingNetwork | Surface | StraightLines:
        """What is walked on, made ready."""
        return self.ways.ready


def _prepare(scenario: Scenario, progress: Progress) -> _Ground:
    inputs = read_inputs(scenario, progress)
    basis = _basis(inputs)
    demand = _demand(inputs, basis, progress)
    holders = places.holding_units(_areas(inputs))
    ways = _kept_ways(inputs, progress)
    facilities = places.open_facilities(inputs.facilities, scenario.scenario)
    warnings = tuple(_warnings(scenario, demand, basis, planned=_is_planned(scenario, inputs.population)))
    refused = _refused(inputs)
    permitted = inputs.candidates.drop(index=refused.index.unique())
    reached = _walk(inputs, demand, ways, permitted, np.zeros(len(permitted), dtype=bool), progress)
    return _Ground(inputs, demand, basis, ways, holders, facilities, refused, permitted, reached, warnings)


def _basis(inputs: Inputs) -> LandBasis:
    scenario = inputs.scenario
    return places.land_basis(scenario.population, planned=_is_planned(scenario, inputs.population))


def _areas(inputs: Inputs) -> dict[str, gpd.GeoDataFrame]:
    return {"residential_area": inputs.residential_areas, **inputs.units}


def _demand(inputs: Inputs, basis: LandBasis, progress: Progress) -> Demand:
    people, walking = inputs.scenario.population, inputs.scenario.walking
    progress("places", 0, 1)
    demand = places.make_demand(
        inputs.population,
        _areas(inputs),
        inputs.crs,
        basis=basis,
        elderly_share=people.elderly_share,
        spread=people.spread,
        context_m=2 * walking.minutes * SECONDS_PER_MINUTE * walker_of(inputs.scenario).flat,
    )
    progress("places", 1, 1)
    return demand


def _kept_ways(inputs: Inputs, progress: Progress) -> Ways:
    """Return what is walked on; it is made ready only when somebody walks where nobody has walked before."""
    walking = inputs.scenario.walking
    ground = {"network": inputs.network, "surface": inputs.surface}.get(walking.mode)
    terrain, speeds = inputs.terrain if walking.slope else None, walker_of(inputs.scenario)
    return Ways(lambda: _ways(inputs), lambda: decides(ground, terrain, speeds, inputs.crs), progress)


def _ways(inputs: Inputs) -> WalkingNetwork | Surface | StraightLines:
    """Make ready what is walked on: a network, open ground, or nothing (straight lines)."""
    walking = inputs.scenario.walking
    speeds, terrain = walker_of(inputs.scenario), inputs.terrain if walking.slope else None
    if walking.mode == "network" and inputs.network is not None:
        return prepare_network(inputs.network, terrain, speeds, inputs.crs)
    if walking.mode == "surface" and inputs.surface is not None:
        return prepare_surface(inputs.surface, terrain, speeds)
    return StraightLines(speeds.flat)


def _is_planned(scenario: Scenario, population: Population) -> bool:
    """Tell whether those whose heads count are those of a planned horizon: given, derived, or carried there."""
    people = scenario.population
    if scenario.scenario.horizon == "current":
        return False
    if people.planned_residents is not None:
        return True
    who = "elderly" if people.residents is None else "residents"
    if population.growth is not None and bool(population.growth.factors[who].notna().any()):
        return True
    cohorts = people.projection is not None and people.projection.method == "cohort"
    return who == "elderly" and people.elderly_share is not None and (people.planned_elderly is not None or cohorts)


def _warnings(scenario: Scenario, demand: Demand, basis: LandBasis, *, planned: bool) -> list[str]:
    told = {
        "elderly_basis": basis.startswith("elderly"),
        "residents_derived": demand.residents_derived,
        "elderly_derived": demand.elderly_derived,
        "elderly_unknown": bool(demand.cells["elderly"].isna().all()),
        "not_binding_current": scenario.scenario.horizon == "current" and not basis.startswith("elderly"),
        "planned_people_missing": scenario.scenario.horizon != "current" and not planned,
        "straight_line": scenario.walking.mode == "straight_line",
        "incomplete": not scenario.facilities.complete,
    }
    return [code for code, holds in told.items() if holds]


def _measure(ground: _Ground, facilities: gpd.GeoDataFrame, progress: Progress) -> Assessment:
    """Measure a set of facilities: the one ruler, for before and after."""
    counted = facilities.assign(land_m2=places.counted_land(facilities))
    homes = places.home_units(counted, ground.inputs.units)
    inputs, demand = ground.inputs, ground.demand
    access = _walk(inputs, demand, ground.ways, counted, _in_circle(counted, inputs.scenario), progress)
    premises = None if inputs.scenario.candidates is None else (ground.permitted, ground.reached.within)
    return assess(
        inputs, demand, access, counted, homes, ground.holders, ground.basis, ground.warnings, premises=premises
    )


def _walk(
    inputs: Inputs,
    demand: Demand,
    ways: Ways,
    sites: gpd.GeoDataFrame,
    counting: np.ndarray[Any, np.dtype[np.bool_]],
    progress: Progress,
) -> Access:
    scenario = inputs.scenario
    cutoff = _cutoff_s(sites, scenario)
    return ways.walk_to(sites, counting, demand.cells, scenario.walking, cutoff_s=cutoff, progress=progress)


def _cutoff_s(sites: gpd.GeoDataFrame, scenario: Scenario) -> Floats:
    cutoff = np.full(len(sites), scenario.walking.minutes * SECONDS_PER_MINUTE)
    if scenario.land.institution_minutes is not None and "tier" in sites:
        institutions = (sites["tier"] == "institution").to_numpy(dtype=bool)
        cutoff[institutions] = scenario.land.institution_minutes * SECONDS_PER_MINUTE
    return cutoff


def _in_circle(facilities: gpd.GeoDataFrame, scenario: Scenario) -> np.ndarray[Any, np.dtype[np.bool_]]:
    serves = facilities["serves_community"].fillna(value=False).astype(bool)
    counts = facilities["tier"].isin(scenario.circle.tiers) | ((facilities["tier"] == "institution") & serves)
    return counts.to_numpy(dtype=bool)


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


def _refused(inputs: Inputs) -> pd.DataFrame:
    layers = inputs.scenario.constraints.exclude
    rules = {name: layer.clause for name, layer in layers.items()}
    sides = {name: layer.side for name, layer in layers.items()}
    return places.screen_candidates(inputs.candidates, inputs.exclusions, rules, sides)


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
    ground: _Ground,
    before: Assessment,
    chosen: gpd.GeoDataFrame,
    selection: Selection,
    request: Mapping[str, Any],
    notes: tuple[Note, ...],
    progress: Progress,
) -> Proposal:
    inputs, facilities = ground.inputs, ground.facilities
    after = _measure(ground, places.with_stations(facilities, chosen), progress)
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
