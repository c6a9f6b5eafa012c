"""The people of a scenario: residents, elderly and groups among them, of today or of the planned horizon."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from siting.domain.nouns import Growth, PeopleLayer, Population, Raster
from siting.domain.scenario import FINE_TO_COARSE, Level, PeopleSource, Projection, Scenario
from siting.read.geometry.projections import Bounds
from siting.read.log import LayerLog, Log
from siting.read.people.agreement import Pair, check_density, check_parts, check_share, multiplied
from siting.read.people.bands import DEFAULT_AGE, Weights, add_bands, find_bands, read_people, tell_bands
from siting.read.people.cohorts import check_cohorts, cohort_weights, read_stays, youngest
from siting.read.people.groups import group_bands, read_group
from siting.read.people.growth import WHO, read_growth
from siting.read.people.layers import read_people_layer, read_people_of_level
from siting.read.people.rasters import MARGIN_M, Around
from siting.read.people.unit_areas import UnitFigures, figures_of_areas, tell_figures, with_ground_of_units
from siting.read.sources.files import take
from siting.units import SECONDS_PER_MINUTE

# Faster than any walker: people farther away than two walks at this speed are irrelevant.
_FASTEST_M_S: Final = 1.5
_PROJECTION: Final = "population.projection"


@dataclass(frozen=True)
class _Source:
    """Whose people a source counts, its key in the scenario, and whether they are planned."""

    key: str
    source: PeopleSource
    planned: bool


@dataclass
class _Reading:
    """One reading of people in progress."""

    scenario: Scenario
    crs: CRS | None
    bounds: Bounds | None
    units: Mapping[str, gpd.GeoDataFrame]
    log: Log
    step: Callable[[], None]

    @property
    def around(self) -> Around:
        """The area whose people are relevant: that of the units and of the people who walk to and from them."""
        reach = 2 * self.scenario.walking.minutes * SECONDS_PER_MINUTE * _FASTEST_M_S
        return Around(self.bounds, self.crs, max(MARGIN_M, reach))


def read_population(
    scenario: Scenario,
    crs: CRS | None,
    bounds: Bounds | None,
    units: Mapping[str, gpd.GeoDataFrame],
    log: Log,
    step: Callable[[], None],
) -> Population:
    """Read the people of a scenario.

    At a planned horizon the planned people, if they are given; otherwise the current ones, projected to the horizon by
    ``population.projection`` if there is one, or unchanged (with a note) if not.

    Parameters
    ----------
    scenario : Scenario
        What to read.
    crs : pyproj.CRS or None
        Working CRS, metres; None if the units are at fault: then only the other faults are sought.
    bounds : tuple of float or None
        The units' rectangle in the working CRS, or None.
    units : mapping of str to geopandas.GeoDataFrame
        Units by level, indexed by id, with ``name``.
    log : Log
        Takes faults, notes and facts of every source.
    step : callable
        Called without arguments after each of the :func:`count_sources` sources.

    Returns
    -------
    Population
        Rasters are read-only, persons per cell; layers are in the working CRS. Faulty sources are None.
    """
    reading = _Reading(scenario, crs, bounds, units, log, step)
    given = _sources(scenario)
    projection = _projection(scenario, given)
    if scenario.population.projection is not None and projection is None:
        log.layer(_PROJECTION).note("projection_unused")
    sound = projection if projection is not None and _is_before(projection, reading) else None
    found, groups = _everybody(reading, given, sound)
    growth = _growth(reading, given, sound)
    _note_current(reading, given, projection, growth)
    elderly = given.get("elderly")
    kept = _kept(reading, given, found)
    people = {who: _on_units(source, reading, kept.level) for who, source in found.items()}
    _check_agreement(reading, given, people, groups, scaled=kept.by_table)
    return Population(
        residents=people.get("residents"),
        elderly=people.get("elderly"),
        elderly_age=65 if elderly is not None and elderly.source.from_age == 65 else 60,  # noqa: PLR2004 - years
        groups=groups,
        growth=growth,
        calibrate=kept.level,
        figures=kept.figures,
        cell_m=scenario.population.cell_m,
        nobody_outside=frozenset(who for who, each in given.items() if each.source.outside == "nobody"),
        outside_at_most=_outside_at_most(given, people),
    )


def _outside_at_most(given: Mapping[str, _Source], people: Mapping[str, Raster | PeopleLayer]) -> float:
    """Return the share of a unit that may be unknown in the scenario: the smallest of several sources."""
    shares = [
        each.source.outside if isinstance(each.source.outside, float) else 0.0
        for each in given.values()
        if each.source.is_raster and each.source.outside != "nobody"
    ]
    blank = any(isinstance(each, PeopleLayer) and each.unknown is not None for each in people.values())
    return 0.0 if blank else min(shares, default=0.0)


def count_sources(scenario: Scenario) -> int:
    """Return how many sources :func:`read_population` reads, which is how often it calls ``step``."""
    given = _sources(scenario)
    rasters = sum(group.path is not None for group in scenario.population.groups.values())
    return len(given) + (_projection(scenario, given) is not None) + rasters


def _sources(scenario: Scenario) -> Mapping[str, _Source]:
    """Return the sources that the horizon needs, by the people that they count."""
    people, found = scenario.population, {}
    for who in WHO:
        planned: PeopleSource | None = getattr(people, f"planned_{who}")
        current: PeopleSource | None = getattr(people, who)
        if scenario.scenario.horizon != "current" and planned is not None:
            found[who] = _Source(f"population.planned_{who}", planned, planned=True)
        elif current is not None:
            found[who] = _Source(f"population.{who}", current, planned=False)
    return found


def _projection(scenario: Scenario, given: Mapping[str, _Source]) -> Projection | None:
    """Return the projection, if it projects any people to the horizon."""
    source = scenario.population.projection
    if source is None or scenario.scenario.horizon == "current":
        return None
    carried = WHO if source.method == "growth" else ("elderly",)
    if source.method == "cohort" and "elderly" not in given:
        return source  # reported as a fault when the bands are sought
    return source if any(who in given and not given[who].planned for who in carried) else None


def _is_before(source: Projection, reading: _Reading) -> bool:
    """Tell whether the year of the people is not after the horizon; note a fault otherwise."""
    if source.base_year <= _horizon(reading):
        return True
    reading.log.layer(_PROJECTION, source.called).fault(
        "base_year_after_horizon", field="base_year", found=str(source.base_year), expected=f"≤ {_horizon(reading)}"
    )
    reading.step()
    return False


def _horizon(reading: _Reading) -> int:
    """Return the horizon as a year; called only for a planned one."""
    horizon = reading.scenario.scenario.horizon
    return horizon if isinstance(horizon, int) else 0


def _everybody(
    reading: _Reading, given: Mapping[str, _Source], projection: Projection | None
) -> tuple[dict[str, Raster | PeopleLayer], dict[str, Raster | float]]:
    """Read residents, elderly and groups."""
    cohorts = projection if projection is not None and projection.method == "cohort" else None
    found: dict[str, Raster | PeopleLayer | None] = {}
    by_age: dict[str, Raster] = {}
    if cohorts is not None and ("elderly" not in given or given["elderly"].source.pattern is None):
        reading.log.layer(_PROJECTION, cohorts.called).fault("cohort_without_bands", field="method")
        reading.step()
    for who, each in given.items():
        log = reading.log.layer(each.key, each.source.file)
        if who == "elderly" and each.source.pattern is not None:
            by_age = _by_age(each, reading, None if each.planned else cohorts, log)
            found[who] = by_age.pop(_ALL, None)
        elif each.source.is_raster:
            found[who] = read_people(each.source, log, DEFAULT_AGE if who == "elderly" else 0, reading.around)
        elif each.source.level is not None:
            place = reading.scenario.standards.place
            found[who] = read_people_of_level(each.source, who, reading.units, place, log)
        else:
            found[who] = read_people_layer(each.source, reading.crs, reading.bounds, log)
        raster = found[who]
        if isinstance(raster, Raster):
            log.fact(people=float(np.nansum(raster.values)))
        reading.step()
    groups = _groups(reading, given, by_age)
    return {who: people for who, people in found.items() if people is not None}, groups


# The name of the sum of all elderly; TOML has no empty section name that a group could have.
_ALL: Final = ""


def _by_age(each: _Source, reading: _Reading, cohorts: Projection | None, log: LayerLog) -> dict[str, Raster]:
    """Read the elderly in bands: all of them, and the groups that consist of some bands."""
    first = each.source.from_age or DEFAULT_AGE
    years = 0 if cohorts is None else _horizon(reading) - cohorts.base_year
    stays_log = reading.log.layer(_PROJECTION, None if cohorts is None else cohorts.called)
    stays = None if cohorts is None else read_stays(cohorts, stays_log)
    if cohorts is not None:
        reading.step()
    ladder = find_bands(each.source, first, log, youngest(first, years))
    if ladder is None or (cohorts is not None and stays is None):
        return {}
    ages = list(ladder)
    horizon: Mapping[int, Mapping[int, float]] = {age: {age: 1.0} for age in ages}
    if stays is not None:
        if not check_cohorts(ages, stays, stays_log):
            return {}
        horizon = cohort_weights(ages, stays, years)
    weights = _weights(reading, horizon, first)
    tell_bands(ladder, first, log)
    bands = add_bands(each.source, ladder, weights, reading.around, log)
    if cohorts is not None and _ALL in bands.sums:
        _tell_cohorts(cohorts, reading, bands.sums[_ALL], sum(n for age, n in bands.people.items() if age >= first))
    return dict(bands.sums)


def _weights(reading: _Reading, horizon: Mapping[int, Mapping[int, float]], first: int) -> Weights:
    """Return the bands of the elderly and of the groups by age."""
    counted = [age for age in horizon if age >= first]
    weights = {_ALL: _together(horizon, counted)}
    for name, group in reading.scenario.population.groups.items():
        if group.from_age is not None:
            bands = group_bands(group, counted, reading.log.layer(f"population.groups.{name}"))
            if bands:
                weights[name] = _together(horizon, bands)
    return weights


def _together(horizon: Mapping[int, Mapping[int, float]], bands: list[int]) -> Mapping[int, float]:
    """Return the weights of today's bands in the sum of some bands of the horizon."""
    found: dict[int, float] = {}
    for band in bands:
        for age, weight in horizon[band].items():
            found[age] = found.get(age, 0.0) + weight
    return found


def _tell_cohorts(cohorts: Projection, reading: _Reading, elderly: Raster, before: float) -> None:
    reading.log.layer(_PROJECTION).note(
        "cohorts_projected",
        base_year=cohorts.base_year,
        horizon=_horizon(reading),
        before=round(before),
        after=round(float(np.nansum(elderly.values))),
    )


def _groups(reading: _Reading, given: Mapping[str, _Source], by_age: Mapping[str, Raster]) -> dict[str, Raster | float]:
    """Return the groups among the elderly, without faulty ones."""
    found: dict[str, Raster | float] = {}
    errors = reading.scenario.population.stated_errors
    for name, other in ({} if errors is None else errors.alternatives).items():
        # The grid itself is read when populations are drawn.
        take(other.path, reading.log.layer(f"population.uncertainty.alternatives.{name}", other.path))
    banded = "elderly" in given and given["elderly"].source.pattern is not None
    for name, group in reading.scenario.population.groups.items():
        log = reading.log.layer(f"population.groups.{name}", group.path)
        if group.share is not None:
            found[name] = group.share
        elif group.path is not None:
            raster = read_group(group, reading.around, log)
            reading.step()
            if raster is not None:
                found[name] = raster
        elif name in by_age:
            found[name] = by_age[name]
        elif not banded:
            log.fault("group_without_bands", field="from_age")
    return found


def _check_agreement(
    reading: _Reading,
    given: Mapping[str, _Source],
    found: Mapping[str, Raster | PeopleLayer],
    groups: Mapping[str, Raster | float],
    *,
    scaled: bool,
) -> None:
    """Report where people are inconsistent with one another or with the area of the units."""
    logs = {who: reading.log.layer(each.key, each.source.file) for who, each in given.items()}
    # Figures of tables replace those of the files for each unit; tables are checked row by row.
    units = {} if reading.bounds is None or scaled else reading.units
    elderly, residents = found.get("elderly"), found.get("residents")
    for who, people in found.items():
        check_density(who, people, units, logs[who])
    share = reading.scenario.population.elderly_share
    if elderly is not None and residents is None and share is not None:
        check_density(
            "residents", multiplied(elderly, 1.0 / share), units, reading.log.layer("population.elderly_share")
        )
    if elderly is not None and residents is not None:
        check_parts(Pair(elderly, residents, logs["elderly"], of_residents=True), units)
        check_share(elderly, residents, units, logs["elderly"])
    for name, group in groups.items():
        if elderly is not None and isinstance(group, Raster):
            path = reading.scenario.population.groups[name].path
            log = reading.log.layer(f"population.groups.{name}", path)
            check_parts(Pair(group, elderly, log, of_residents=False), units)


def _growth(reading: _Reading, given: Mapping[str, _Source], projection: Projection | None) -> Growth | None:
    """Read the growth of today's people; planned people do not grow any more."""
    if projection is None or projection.method != "growth":
        return None
    log = reading.log.layer(_PROJECTION, projection.called)
    growth = read_growth(projection, _horizon(reading), reading.units, log)
    reading.step()
    if growth is None:
        return None
    planned = {who: 1.0 for who, each in given.items() if each.planned}
    return Growth(growth.level, growth.factors.assign(**planned))


def _note_current(
    reading: _Reading, given: Mapping[str, _Source], projection: Projection | None, growth: Growth | None
) -> None:
    """Note which people are the same at the horizon as today."""
    if reading.scenario.scenario.horizon == "current":
        return
    for who, each in given.items():
        carried = projection is not None and (projection.method == "growth" or who == "elderly")
        silent = growth is not None and bool(growth.factors[who].isna().all())
        if not each.planned and (not carried or silent):
            log = reading.log.layer(each.key, each.source.file)
            log.note("current_people_at_horizon", horizon=_horizon(reading))
    # Growth applies to groups together with the elderly; for a raster, cohorts cannot tell the bands of people.
    if growth is None and ("elderly" not in given or not given["elderly"].planned):
        for name, group in reading.scenario.population.groups.items():
            if group.path is not None:
                log = reading.log.layer(f"population.groups.{name}", group.path)
                log.note("current_people_at_horizon", horizon=_horizon(reading))


@dataclass(frozen=True)
class _Kept:
    """The level at which every unit keeps its given figure, and whether a table or areas give it."""

    level: Level | None = None
    by_table: bool = False
    figures: pd.DataFrame | None = None


def _kept(reading: _Reading, given: Mapping[str, _Source], found: Mapping[str, Raster | PeopleLayer]) -> _Kept:
    """Return the level to whose own figures people are scaled: the scenario's, otherwise the finest with figures."""
    asked = reading.scenario.population.calibrate
    if asked == "none":
        return _Kept()
    log = reading.log.layer("population")
    tables = [level for level in FINE_TO_COARSE if level in reading.units and "own_residents" in reading.units[level]]
    planned = any(each.planned for each in given.values())
    areas = {who: each for who, each in found.items() if isinstance(each, PeopleLayer) and _are_areas(given[who])}
    of_areas = figures_of_areas(areas, reading.units, asked) if reading.crs is not None else None
    if asked is not None and asked not in tables and of_areas is None:
        unit = reading.scenario.units.get(asked)
        if unit is None or unit.people is None:
            log.fault("calibrate_without_people", field="calibrate", found=asked)
        return _Kept()
    if planned and tables:
        # Tables contain the present.
        log.note("calibrate_planned", level=asked or tables[0])
        tables = []
    level = _level_of(asked, tables, of_areas)
    if of_areas is None or of_areas.level != level:
        return _Kept(level, by_table=level in tables)
    figures = of_areas.figures.copy()
    for who in WHO:
        # If a table of the level gives residents, or elderly, it takes precedence over the areas.
        if level in tables and reading.units[level][f"own_{who}"].notna().any():
            figures[who] = np.nan
    tell_figures(
        figures, of_areas.level, {who: reading.log.layer(given[who].key, given[who].source.file) for who in areas}
    )
    return _Kept(level, level in tables, figures)


def _level_of(asked: Level | None, tables: list[Level], of_areas: UnitFigures | None) -> Level | None:
    """Return the finest of the levels with figures; the requested one takes precedence."""
    levels = [*tables, *([] if of_areas is None else [of_areas.level])]
    if asked is not None:
        return asked if asked in levels else None
    return min(levels, key=FINE_TO_COARSE.index, default=None)


def _are_areas(each: _Source) -> bool:
    return each.source.polygons is not None or each.source.level is not None


def _on_units(source: Raster | PeopleLayer, reading: _Reading, level: Level | None) -> Raster | PeopleLayer:
    """Return people whose areas without a figure are replaced by the units that they represent."""
    if isinstance(source, Raster) or level is None or reading.crs is None:
        return source
    return with_ground_of_units(source, reading.units[level])
