"""The data that are the same before and after a plan, and the one function that measures both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siting import places
from siting.assess import assess
from siting.assess.figures import perhaps_covered
from siting.domain.jurisdiction import jurisdiction_of
from siting.domain.nouns import Access, Assessment, Bools, Demand, Floats, Inputs, Population, Progress, Times
from siting.domain.placed import PlacedStation
from siting.domain.scenario import LandBasis, Scenario, Walking, fingerprint
from siting.domain.standards import Standard
from siting.read import read_inputs
from siting.travel import StraightLines, Surface, WalkingNetwork
from siting.travel.cache import CachedTravel, Walker, WalkingGround
from siting.units import SECONDS_PER_MINUTE


@dataclass(frozen=True)
class PreparedScenario:
    """The data that are the same before and after a plan.

    ``outside`` is the part outside the area that some standards exclude; None if no standard excludes one. ``undated``
    are facilities that may or may not count at the horizon; None if there are none. ``unshared`` is the fingerprint of
    the same scenario with exact people, if its results are to be shared.
    """

    inputs: Inputs
    demand: Demand
    basis: LandBasis
    ways: CachedTravel
    holders: Mapping[str, pd.Series]
    facilities: gpd.GeoDataFrame
    refused: pd.DataFrame
    permitted: gpd.GeoDataFrame
    reached: Access
    warnings: tuple[str, ...]
    outside: places.Outside | None = None
    undated: gpd.GeoDataFrame | None = None
    unshared: str = ""

    @property
    def network(self) -> WalkingNetwork | Surface | StraightLines:
        """The network or surface for walking, prepared."""
        return self.ways.ready


# Makes, for the inputs of a scenario, what computes its walks in parts.
WalkerOf = Callable[[Inputs], Walker]


def prepare(
    scenario: Scenario,
    progress: Progress,
    *,
    placed: Sequence[PlacedStation] = (),
    file: str = "",
    walker_of: WalkerOf | None = None,
) -> PreparedScenario:
    """Read a scenario's layers, and prepare people, travel and candidates; with those that a plan's file places."""
    inputs = read_inputs(scenario, progress)
    if placed:
        inputs = places.with_placed(places.with_generated(inputs), placed, file)
    return prepared(inputs, progress, walker_of=walker_of)


def prepared(inputs: Inputs, progress: Progress, *, walker_of: WalkerOf | None = None) -> PreparedScenario:
    """Prepare people, travel and candidates of inputs that are read."""
    inputs, scenario = places.with_generated(inputs), inputs.scenario
    basis, unshared = basis_of(inputs), ""
    if scenario.scenario.share:
        exact = scenario.model_copy(update={"scenario": scenario.scenario.model_copy(update={"share": False})})
        unshared = fingerprint(exact, inputs.digests)
    planned = is_planned(scenario, inputs.population)
    inputs, demand = assessed_people(inputs, basis, progress)
    holders = places.holding_units(areas_of(inputs))
    ways = CachedTravel(walking_ground(inputs), progress, None if walker_of is None else walker_of(inputs))
    facilities = places.with_plots(places.open_facilities(inputs.facilities, scenario.scenario))
    warnings = tuple(warnings_of(scenario, demand, basis, planned=planned))
    refused = refused_of(inputs)
    permitted = inputs.candidates.drop(index=refused.index.unique())
    reached = walk(inputs, demand, ways, permitted, np.zeros(len(permitted), dtype=bool), progress)
    outside = outside_of(inputs, demand)
    if scenario.scenario.share:
        inputs = places.without_sources(inputs)
        outside = None if outside is None else replace(outside, demand=places.with_unseen(outside.demand))
    perhaps = places.undated_facilities(inputs.facilities, scenario.scenario)
    undated = places.with_plots(perhaps) if len(perhaps) else None
    return PreparedScenario(
        inputs,
        demand,
        basis,
        ways,
        holders,
        facilities,
        refused,
        permitted,
        reached,
        warnings,
        outside,
        undated,
        unshared,
    )


def assessed_people(inputs: Inputs, basis: LandBasis, progress: Progress) -> tuple[Inputs, Demand]:
    """Return inputs and people; those that may be passed on if the scenario is to be shared."""
    demand = demand_of(inputs, basis, progress)
    return places.released(inputs, demand) if inputs.scenario.scenario.share else (inputs, demand)


def outside_of(inputs: Inputs, demand: Demand) -> places.Outside | None:
    """Return the part outside the area that standards exclude; None if no standard excludes one, or it is not given."""
    area = inputs.exclude_area
    asked = any(standard.excludes for standard in inputs.standards)
    return None if area is None or area.empty or not asked else places.outside_of(area, inputs, demand)


def measure(
    ground: PreparedScenario, facilities: gpd.GeoDataFrame, progress: Progress, *, circles: bool = True
) -> Assessment:
    """Measure a set of facilities; before and after use the same function.

    Without ``circles`` their polygons are not drawn; no figure depends on them. The part outside an excluded area is
    measured first, because the standards that exclude the area are judged there. Circles of that part are never drawn,
    since they take longer than its walks and are not used.
    """
    left = ground.outside
    if left is None:
        return _measured(ground, facilities, progress, None, circles=circles)
    units = {level: frame for level, frame in left.places.items() if level != "residential_area"}
    standards = _asked_there(ground.inputs.standards)
    estates = left.places["residential_area"]
    inputs = replace(ground.inputs, units=units, residential_areas=estates, standards=standards)
    undated = None if ground.undated is None else ground.undated[left.holds(ground.undated)]
    undated = None if undated is None or undated.empty else undated
    part = replace(ground, inputs=inputs, demand=left.demand, holders=left.holders, outside=None, undated=undated)
    found = _measured(part, facilities[left.holds(facilities)], progress, None, circles=False)
    return _measured(ground, facilities, progress, found, circles=circles)


def _asked_there(standards: Sequence[Standard]) -> tuple[Standard, ...]:
    """Return the standards to judge outside an excluded area; the others with the clauses that may govern there."""
    own = {(clause.kind, clause.of) for each in standards if each.excludes for clause in each.clauses}

    def of(standard: Standard) -> Standard:
        rival = tuple(clause for clause in standard.clauses if (clause.kind, clause.of) in own)
        return standard if standard.excludes else standard.model_copy(update={"clauses": rival})

    return tuple(map(of, standards))


def _measured(
    ground: PreparedScenario,
    facilities: gpd.GeoDataFrame,
    progress: Progress,
    outside: Assessment | None,
    *,
    circles: bool = True,
) -> Assessment:
    inputs, demand = ground.inputs, ground.demand
    land = places.land_span(facilities, inputs.scenario.facilities.land_at_most_m2)
    counted = facilities.assign(**{str(name): values for name, values in land.items()})
    homes = places.home_units(counted, inputs.units)
    counting = places.in_circle(counted, inputs.scenario)
    undated = ground.undated
    if undated is not None:
        most = places.more_land(facilities, undated, inputs.scenario.facilities.land_at_most_m2)
        undated = undated.assign(land_m2=0.0, land_high_m2=most)
    asked = _asked(counted, undated)
    walking = np.concatenate([counting, np.zeros(len(asked) - len(counted), dtype=bool)])
    access = walk(inputs, demand, ground.ways, asked, walking, progress, circles=circles)
    premises = None if inputs.scenario.candidates is None else (ground.permitted, ground.reached.within)
    return assess(
        inputs,
        demand,
        access,
        counted,
        homes,
        ground.holders,
        ground.basis,
        ground.warnings,
        premises=premises,
        circle=_circle(ground, counted[counting], progress),
        unsaid=unsaid_times(ground, counted, progress),
        undated=None if undated is None else (undated, places.home_units(undated, inputs.units)),
        jurisdiction=jurisdiction_of(inputs.standards, inputs.scenario, inputs.units, ground.holders),
        outside=outside,
    )


def _circle(ground: PreparedScenario, facilities: gpd.GeoDataFrame, progress: Progress) -> Times | None:
    """Return the cells that facilities reach within the cut-off of the circle; None if facilities are not shared.

    Institutions may have their own cut-off for land; for the circle all facilities have the same.
    """
    return None if ground.inputs.scenario.circle.shared_from is None else _within(ground, facilities, progress)


def may_cover(ground: PreparedScenario, facilities: gpd.GeoDataFrame, progress: Progress) -> Bools:
    """Tell which cells may be covered by facilities that are not known; all cells if the ledger is incomplete."""
    if not ground.inputs.scenario.facilities.complete:
        return np.ones(len(ground.demand.cells), dtype=np.bool_)
    return perhaps_covered(ground.demand, unsaid_times(ground, facilities, progress))


def _asked(facilities: gpd.GeoDataFrame, undated: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Return facilities together with those that may no longer exist at the horizon."""
    return facilities if undated is None else gpd.GeoDataFrame(pd.concat([facilities, undated]), crs=facilities.crs)


def unsaid_times(ground: PreparedScenario, facilities: gpd.GeoDataFrame, progress: Progress) -> Times | None:
    """Return the cells of facilities of which it is not known whether they exist, or serve their community."""
    asked = _asked(facilities, ground.undated)
    serving = places.in_circle(asked, ground.inputs.scenario)
    perhaps = asked[places.may_serve(asked) | (~asked.index.isin(facilities.index) & serving)]
    return _within(ground, perhaps, progress) if len(perhaps) else None


def _within(ground: PreparedScenario, facilities: gpd.GeoDataFrame, progress: Progress) -> Times:
    """Return the cells that facilities reach within the cut-off of the circle."""
    scenario = ground.inputs.scenario
    cutoff = np.full(len(facilities), scenario.walking.minutes * SECONDS_PER_MINUTE)
    nobody = np.zeros(len(facilities), dtype=bool)
    return walk(ground.inputs, ground.demand, ground.ways, facilities, nobody, progress, cutoff_s=cutoff).within


def walk(
    inputs: Inputs,
    demand: Demand,
    ways: CachedTravel,
    sites: gpd.GeoDataFrame,
    counting: np.ndarray[Any, np.dtype[np.bool_]],
    progress: Progress,
    *,
    walking: Walking | None = None,
    cutoff_s: Floats | None = None,
    circles: bool = False,
) -> Access:
    """Compute the walks from sites to cells, by default with the scenario's settings.

    The polygons of circles take longer than the walks, so they are drawn only with ``circles``.
    """
    scenario = inputs.scenario
    cutoff = cutoffs_s(sites, scenario) if cutoff_s is None else cutoff_s
    asked = walking or scenario.walking
    return ways.walk_to(sites, counting, demand.cells, asked, cutoff_s=cutoff, circles=circles, progress=progress)


def cutoffs_s(sites: gpd.GeoDataFrame, scenario: Scenario) -> Floats:
    """Return the cut-off of each site, in seconds."""
    cutoff = np.full(len(sites), scenario.walking.minutes * SECONDS_PER_MINUTE)
    if scenario.land.institution_minutes is not None and "tier" in sites:
        institutions = (sites["tier"] == "institution").to_numpy(dtype=bool)
        cutoff[institutions] = scenario.land.institution_minutes * SECONDS_PER_MINUTE
    return cutoff


def basis_of(inputs: Inputs) -> LandBasis:
    """Return the people by which land per person is computed."""
    scenario = inputs.scenario
    return places.land_basis(scenario.population, planned=is_planned(scenario, inputs.population))


def areas_of(inputs: Inputs) -> dict[str, gpd.GeoDataFrame]:
    """Return residential areas and units by level."""
    return {"residential_area": inputs.residential_areas, **inputs.units}


def demand_of(inputs: Inputs, basis: LandBasis, progress: Progress) -> Demand:
    """Return the population cells, with the context of two cut-offs around the units."""
    people = inputs.scenario.population
    progress("places", 0, 1)
    demand = places.make_demand(
        inputs.population,
        areas_of(inputs),
        inputs.crs,
        basis=basis,
        elderly_share=people.elderly_share,
        spread=people.spread,
        context_m=2 * inputs.scenario.reach_m,
    )
    progress("places", 1, 1)
    return demand


def walking_ground(inputs: Inputs) -> WalkingGround:
    """Return what people walk on in a scenario, and who walks."""
    walking = inputs.scenario.walking
    ground = {"network": inputs.network, "surface": inputs.surface}.get(walking.mode)
    return WalkingGround(ground, inputs.terrain if walking.slope else None, inputs.scenario.walker, inputs.crs)


def is_planned(scenario: Scenario, population: Population) -> bool:
    """Tell whether the people of the land basis are those of a planned horizon: given, derived, or projected."""
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


def warnings_of(scenario: Scenario, demand: Demand, basis: LandBasis, *, planned: bool) -> list[str]:
    """Return the keys of the warnings that every report on this scenario shows."""
    told = {
        "people_rounded": scenario.scenario.share,
        "elderly_basis": basis.startswith("elderly"),
        "residents_derived": demand.residents_derived,
        "elderly_derived": demand.elderly_derived,
        "elderly_unknown": bool(demand.cells["elderly"].isna().all()),
        "not_binding_current": scenario.scenario.horizon == "current" and not basis.startswith("elderly"),
        "planned_people_missing": scenario.scenario.horizon != "current" and not planned,
        "straight_line": scenario.walking.mode == "straight_line",
        "walked_flat": scenario.walks_flat,
        "incomplete": not scenario.facilities.complete,
        "shared_facilities": scenario.circle.shared_from is not None,
        "facilities_by_tier": scenario.standards.coverage == "by_tier",
    }
    return [code for code, holds in told.items() if holds]


def refused_of(inputs: Inputs) -> pd.DataFrame:
    """Return the candidates in excluded areas, and the reasons."""
    layers = inputs.scenario.constraints.exclude
    rules = {name: layer.clause for name, layer in layers.items()}
    sides = {name: layer.side for name, layer in layers.items()}
    return places.screen_candidates(inputs.candidates, inputs.exclusions, rules, sides)
