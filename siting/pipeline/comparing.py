"""How coverage depends on settings that no document specifies."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from siting import places
from siting.assess.sensitivity import Mode, covered_people, sensitivity_table, settings_around
from siting.assess.withholding import withheld_table
from siting.domain.nouns import Demand, Inputs, Progress, quiet
from siting.domain.scenario import Scenario
from siting.pipeline.ground import assessed_people, basis_of, cutoffs_s, walking_ground
from siting.read import read_inputs
from siting.travel.access import reach_s
from siting.travel.coverage import Doors, covered_cells

if TYPE_CHECKING:
    from siting.travel import StraightLines, Surface, WalkingNetwork

_PERSONS = ("elderly", "elderly_covered", "elderly_covered_high", "residents", "residents_covered")


def sensitivity(scenario: Scenario, progress: Progress | None = None) -> pd.DataFrame:
    """Read a scenario's layers and compare its coverage under settings that no document specifies."""
    report = progress or quiet
    inputs = read_inputs(scenario, report)
    inputs, demand = assessed_people(inputs, basis_of(inputs), report)
    return sensitivity_of(inputs, demand, places.open_facilities(inputs.facilities, scenario.scenario), report)


def sensitivity_of(
    inputs: Inputs, demand: Demand, facilities: gpd.GeoDataFrame, progress: Progress | None = None
) -> pd.DataFrame:
    """Compare the coverage of facilities between walkers, slopes, directions and modes."""
    report, scenario = progress or quiet, inputs.scenario
    own, counting = scenario.walking, places.in_circle(facilities, scenario)
    known: dict[Mode, Any] = {"network": inputs.network, "surface": inputs.surface}
    settings = settings_around(own, [mode for mode, ground in known.items() if ground is not None])
    near = (demand.cells["inside"] > 0).to_numpy()
    perhaps = _perhaps(inputs, facilities)

    def doors_of(sites: gpd.GeoDataFrame) -> Doors:
        xy = shapely.get_coordinates(sites.geometry.to_numpy())
        return Doors(xy, demand.cells[near], own.attach_limit_m)

    doors, more_doors = doors_of(facilities[counting]), doors_of(perhaps) if len(perhaps) else None
    scale = float(reach_s(counting, own, cutoffs_s(facilities, scenario))[1].max(initial=0.0))
    made: dict[Any, WalkingNetwork | Surface | StraightLines] = {}
    found: dict[Any, dict[str, float]] = {}
    counts, speeds = [], []
    for done, setting in enumerate(settings):
        report("sensitivity", done, len(settings))
        walking = setting.walking
        under = replace(inputs, scenario=scenario.model_copy(update={"walking": walking}))
        ground = (walking.mode, walking.walker, walking.slope and _is_hilly(inputs, walking.mode))
        if ground not in made:
            made[ground] = walking_ground(under).prepare()
        if (ground, walking.direction) not in found:
            covered = covered_cells(made[ground], doors, walking, scale_s=scale)
            more = None if more_doors is None else covered_cells(made[ground], more_doors, walking, scale_s=scale)
            found[ground, walking.direction] = covered_people(demand, near, covered, more)
        counts.append(found[ground, walking.direction])
        speeds.append(under.scenario.walker.flat)
    report("sensitivity", len(settings), len(settings))
    table = sensitivity_table(own, settings, counts, speeds=speeds, hilly=_is_hilly(inputs, own.mode))
    return withheld_table(table, _PERSONS) if scenario.scenario.share else table


def _perhaps(inputs: Inputs, facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the facilities of which it is unknown whether they count for the circle."""
    undated = places.undated_facilities(inputs.facilities, inputs.scenario.scenario)
    undated = undated[places.in_circle(undated, inputs.scenario) | places.may_serve(undated)]
    unsaid = facilities[places.may_serve(facilities)]
    return gpd.GeoDataFrame(pd.concat([unsaid, undated]), crs=facilities.crs)


def _is_hilly(inputs: Inputs, mode: Mode) -> bool:
    """Tell whether slopes can change anything: with elevations, and a surface without slopes in its cost."""
    within = mode == "surface" and inputs.surface is not None and inputs.surface.slopes_within
    return inputs.terrain is not None and mode != "straight_line" and not within
