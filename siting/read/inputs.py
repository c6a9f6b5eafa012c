"""All files of a scenario are read, checked and transformed to one metric CRS."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from siting.crs import WGS84, crs_name
from siting.domain.note_order import by_importance
from siting.domain.nouns import Inputs, Network, OpenGround, Progress, Raster, quiet
from siting.domain.scenario import CandidateLayer, NetworkLayer, PlacedLayer, Scenario, Section
from siting.domain.standards import Standard
from siting.domain.tables import (
    CANDIDATE_COLUMNS,
    FACILITY_COLUMNS,
    GROUND_COLUMNS,
    NETWORK_COLUMNS,
    RESIDENTIAL_COLUMNS,
    UNIT_COLUMNS,
    Column,
)
from siting.read import ledger
from siting.read.extent_unit import cut_to_people, extent_levels, with_extent
from siting.read.geometry.displacement import note_displacement
from siting.read.geometry.overlaps import check_places
from siting.read.geometry.projections import (
    Bounds,
    carry_bounds,
    choose_working_crs,
    frame_bounds,
    overlap,
    resolve_crs,
    show_bounds,
)
from siting.read.geometry.shapes import Family
from siting.read.ground import kept
from siting.read.ground.constraints import Constraints, read_constraints
from siting.read.ground.line_tags import walked_lines
from siting.read.ground.network import Joins, read_lines
from siting.read.ground.osm import is_osm, read_osm
from siting.read.ground.surface import SurfaceLayers, read_surface
from siting.read.ground.way_columns import with_ways_known
from siting.read.ledger import with_context
from siting.read.locating import locate
from siting.read.log import LayerLog, Log
from siting.read.people.population import count_sources, read_population
from siting.read.people.rasters import Around, read_terrain
from siting.read.people.unit_areas import with_own_figures
from siting.read.people.unit_people import read_unit_people, with_people
from siting.read.references import with_known_references
from siting.read.reporting_units import check_unions, tell_kinds, with_kinds, with_unions
from siting.read.sizes import read_sizes
from siting.read.sources.files import take
from siting.read.sources.vectors import Raw, Source, read_vector
from siting.read.standards import check_circle, choose_standards
from siting.read.tables.finish import absent, finished, labelled

_STAGE = "read"
T = TypeVar("T")


@dataclass(frozen=True)
class _Kind:
    """The required contents of a layer."""

    columns: Sequence[Column]
    family: Family


_UNITS = _Kind(UNIT_COLUMNS, "polygons")
_RESIDENTIAL = _Kind(RESIDENTIAL_COLUMNS, "polygons")
_FACILITIES = _Kind(FACILITY_COLUMNS, "points")
_CANDIDATES = _Kind(CANDIDATE_COLUMNS, "points")
_BASEMAP = _Kind(GROUND_COLUMNS, "any")
_AREA = _Kind(GROUND_COLUMNS, "polygons")


# What was read of a source for an area, what was logged, and the number of sources.
Memory = dict[tuple[object, ...], tuple[Any, Log, int]]


@dataclass
class _Reading:
    """A reading in progress: what is read so far, and the findings."""

    scenario: Scenario
    progress: Progress
    total: int
    log: Log = field(default_factory=Log)
    done: int = 0
    raws: dict[str, Raw | None] = field(default_factory=dict)
    crs: CRS | None = None
    bounds: Bounds | None = None
    memory: Memory | None = None

    def step(self) -> None:
        """Report that one more source is read."""
        self.done += 1
        self.progress(_STAGE, self.done, self.total)

    def raw(self, key: str, source: Source, kind: _Kind | None = None) -> Raw | None:
        """Read one layer unchanged from its file, once."""
        if key not in self.raws:
            columns = () if kind is None else kind.columns
            self.raws[key] = read_vector(source, self.log.layer(key, source.called), columns)
            self.step()
        return self.raws[key]

    def table(self, key: str, source: Source | None, kind: _Kind) -> gpd.GeoDataFrame:
        """Read and finish one layer; a missing or faulty layer has no rows."""
        raw = None if source is None else self.raw(key, source, kind)
        return self.finish(raw, kind)

    def once(self, source: Section | None, needs: object, read: Callable[["_Reading"], T]) -> T | None:
        """Read ground; the same source for the same area is read once, and what was logged is logged again."""
        if source is None or self.memory is None:
            return read(self)
        key = (source.model_dump_json(), self.crs and self.crs.to_wkt(), needs)
        if key not in self.memory:
            apart = replace(self, log=Log(), progress=quiet, raws={}, done=0)
            self.memory[key] = read(apart), apart.log, apart.done
        found, told, sources = self.memory[key]
        self.log.take(told)
        for _ in range(sources):
            self.step()
        return cast("T", found)

    def finish(self, raw: Raw | None, kind: _Kind) -> gpd.GeoDataFrame:
        """Transform a layer to the working CRS."""
        return (
            absent(kind.columns, self.crs or WGS84)
            if raw is None
            else finished(raw, kind.columns, kind.family, self.crs)
        )


def read_inputs(
    scenario: Scenario,
    progress: Progress = quiet,
    *,
    in_force_on: dt.date | None = None,
    memory: Memory | None = None,
) -> Inputs:
    """Read all files of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario; its paths must be absolute or openable.
    progress : callable
        Called as ``progress("read", done, total)`` after each source.
    in_force_on : datetime.date, optional
        The day on which the standards must be in force; that of the scenario if absent.
    memory : dict, optional
        Networks, surfaces and elevations of earlier readings: those of the same source and area are not read again.

    Returns
    -------
    Inputs
        Tables indexed by ``id`` with all columns of :mod:`siting.domain.tables` (text as text, numbers float64, whole
        numbers Int64, truth values boolean, dates datetime64[s]; NA for missing values) and two-dimensional, valid
        ``geometry`` in one metric CRS, which is chosen from the centre of the units. Grids keep their own CRS, hold
        persons per cell or metres, and NaN without data; they are read-only. At a planned horizon the planned people
        are read, or the current ones (with a note) if none are given.

    Raises
    ------
    InputError
        Contains all faults of all files.
    """
    inputs, log = inspect_inputs(scenario, progress, in_force_on=in_force_on, memory=memory)
    log.faults.stop_if_any()
    assert inputs is not None  # noqa: S101 - without a fault there are inputs
    return inputs


def inspect_inputs(
    scenario: Scenario,
    progress: Progress = quiet,
    *,
    in_force_on: dt.date | None = None,
    memory: Memory | None = None,
) -> tuple[Inputs | None, Log]:
    """Read all files of a scenario and report the findings, whatever the faults.

    Parameters
    ----------
    scenario : Scenario
        As for :func:`read_inputs`.
    progress : callable
        As for :func:`read_inputs`.
    in_force_on : datetime.date, optional
        As for :func:`read_inputs`.
    memory : dict, optional
        As for :func:`read_inputs`.

    Returns
    -------
    inputs : Inputs or None
        None if there is a fault.
    log : Log
        The findings on each layer, what was repaired or left out, and every fault.
    """
    reading = _Reading(scenario, progress, _count(scenario), memory=memory)
    standards = choose_standards(scenario.standards, in_force_on or scenario.scenario.date, reading.log)
    check_circle(standards, scenario, reading.log)
    units = _with_people(reading, _units(reading, standards))
    tell_kinds(standards, units, reading.log)
    population = read_population(scenario, reading.crs, reading.bounds, units, reading.log, reading.step)
    units = with_own_figures(units, population)
    if reading.crs is not None:
        units = cut_to_people(scenario, units, population, reading.crs, reading.log)
    units, tables = _placed(reading, units, _with_known_references(reading, units, _tables(reading)))
    network = reading.once(scenario.network, reading.bounds, _kept_network)
    surface = reading.once(scenario.surface, reading.bounds, _surface)
    ground = _ground(reading, network if surface is None else None)
    terrain = reading.once(scenario.terrain, ground, lambda apart: _terrain(apart, ground))
    sizes = _sizes(reading)
    _check_ledgers(reading, tables, units)
    if not reading.log.faults.found:
        _note_displaced(reading, units, tables, network)
    reading.log.notes = by_importance(reading.log.notes)
    if reading.log.faults.found:
        return None, reading.log
    inputs = Inputs(
        scenario=scenario,
        crs=reading.crs or WGS84,
        standards=standards,
        population=population,
        units=units,
        residential_areas=tables.residential_areas,
        facilities=tables.facilities,
        candidates=tables.candidates,
        exclusions=tables.constraints.exclusions,
        network=network,
        surface=surface,
        terrain=terrain,
        basemap=tables.basemap,
        digests=dict(sorted(reading.log.digests.items())),
        notes=tuple(reading.log.notes),
        layers=reading.log.layers,
        land_use=tables.constraints.land_use,
        preferences=tables.constraints.preferences,
        sizes=sizes,
        exclude_area=tables.exclude_area,
    )
    return inputs, reading.log


def _count(scenario: Scenario) -> int:
    """Return the number of sources to read."""
    single = (
        scenario.residential_areas,
        _ledger_of_candidates(scenario),
        scenario.network,
        scenario.surface,
        scenario.terrain,
        scenario.context.facilities,
        scenario.constraints.land_use,
        scenario.standards.exclude_area,
        scenario.plan.sizes,
    )
    return (
        sum((not unit.is_made) + (unit.people is not None) for unit in scenario.units.values())
        + count_sources(scenario)
        + sum(source is not None for source in single)
        + len(scenario.constraints.exclude)
        + len(scenario.constraints.prefer)
        + len(scenario.basemap)
        + (0 if scenario.surface is None else len(scenario.surface.barriers) + len(scenario.surface.over))
        + 1
    )


def _ledger_of_candidates(scenario: Scenario) -> CandidateLayer | None:
    """Return the ledger of candidates to read; None if they are only generated, or there are none."""
    layer = scenario.candidates
    return layer if layer is not None and layer.has_ledger else None


def _units(reading: _Reading, standards: Sequence[Standard]) -> Mapping[str, gpd.GeoDataFrame]:
    """Read the units first: they determine the working CRS."""
    scenario = reading.scenario
    check_unions(scenario, reading.log)
    raws = {
        level: reading.raw(f"units.{level}", unit, _UNITS) for level, unit in scenario.units.items() if not unit.is_made
    }
    around = _around(reading) if extent_levels(scenario) else {}
    frames = [raw.frame for raw in (*raws.values(), *around.values()) if raw is not None]
    reading.crs = choose_working_crs(frames)
    if reading.crs is not None:
        reading.log.working_crs = crs_name(reading.crs)
    layers: dict[str, gpd.GeoDataFrame] = {
        level: with_kinds(level, reading.finish(raw, _UNITS), standards, reading.log.layer(f"units.{level}"))
        for level, raw in raws.items()
    }
    if reading.crs is None and not reading.log.faults.found:
        reading.log.layer("units").fault("no_units")
    if reading.crs is None:
        return layers
    units = with_unions(scenario, layers, reading.crs)
    if extent_levels(scenario):
        units = with_extent(scenario, units, frames, reading.crs, scenario.reach_m)
    reading.bounds = frame_bounds(list(units.values()), reading.crs)
    return units


def _around(reading: _Reading) -> Mapping[str, Raw | None]:
    """Read the layers whose extent replaces a unit without boundaries."""
    areas, facilities = reading.scenario.residential_areas, reading.scenario.facilities
    if areas is not None:
        return {"residential_areas": reading.raw("residential_areas", areas, _RESIDENTIAL)}
    return {"facilities": reading.raw("facilities", facilities, _FACILITIES)}


def _with_people(reading: _Reading, units: Mapping[str, gpd.GeoDataFrame]) -> Mapping[str, gpd.GeoDataFrame]:
    """Add the people of the scenario's tables to the units."""
    found = dict(units)
    for level, unit in reading.scenario.units.items():
        if unit.people is None:
            continue
        log = reading.log.layer(f"units.{level}.people", unit.people.called)
        rows = read_unit_people(unit.people, log, _elderly_from(reading.scenario))
        reading.step()
        # Faults of the units are already reported; missing rows because of them are not reported again.
        if rows is not None and level in units and len(units[level]):
            found[level] = with_people(level, units[level], rows, reading.scenario.standards.place, log)
    return found


def _elderly_from(scenario: Scenario) -> int:
    """Return the age from which the elderly are counted."""
    elderly = scenario.population.elderly
    return 60 if elderly is None else elderly.from_age or 60


@dataclass(frozen=True)
class _Tables:
    residential_areas: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    context: gpd.GeoDataFrame | None
    constraints: Constraints
    basemap: Mapping[str, gpd.GeoDataFrame]
    exclude_area: gpd.GeoDataFrame | None


def _tables(reading: _Reading) -> _Tables:
    scenario = reading.scenario
    return _Tables(
        residential_areas=reading.table("residential_areas", scenario.residential_areas, _RESIDENTIAL),
        facilities=reading.table("facilities", scenario.facilities, _FACILITIES),
        candidates=reading.table("candidates", _ledger_of_candidates(scenario), _CANDIDATES),
        context=(
            None
            if scenario.context.facilities is None
            else reading.table("context.facilities", scenario.context.facilities, _FACILITIES)
        ),
        constraints=read_constraints(
            scenario,
            lambda key, source, columns, family: reading.table(key, source, _Kind(columns, family)),
            reading.crs,
            reading.log,
        ),
        basemap={name: reading.table(f"basemap.{name}", layer, _BASEMAP) for name, layer in scenario.basemap.items()},
        exclude_area=(
            None
            if scenario.standards.exclude_area is None
            else reading.table("standards.exclude_area", scenario.standards.exclude_area, _AREA)
        ),
    )


def _with_known_references(reading: _Reading, units: Mapping[str, gpd.GeoDataFrame], tables: _Tables) -> _Tables:
    """Write the references of the ledgers like the ids of the layers, if leading zeros were lost."""
    scenario, log = reading.scenario, reading.log
    places = {**units, "residential_area": tables.residential_areas}
    own, around = tables.facilities, tables.context
    parents = own.index if around is None else [*own.index, *around.index]
    premises, beyond = _ledger_of_candidates(scenario), scenario.context.facilities
    return replace(
        tables,
        facilities=with_known_references(own, places, parents, log.layer("facilities", scenario.facilities.called)),
        candidates=tables.candidates
        if premises is None
        else with_known_references(tables.candidates, places, (), log.layer("candidates", premises.called)),
        context=around
        if around is None or beyond is None
        else with_known_references(around, places, parents, log.layer("context.facilities", beyond.called)),
    )


def _placed(
    reading: _Reading, units: Mapping[str, gpd.GeoDataFrame], tables: _Tables
) -> tuple[Mapping[str, gpd.GeoDataFrame], _Tables]:
    """Repair units and residential areas, and locate the records without coordinates by the names of these."""
    scenario, log = reading.scenario, reading.log
    mended, areas = check_places(units, tables.residential_areas, scenario, log)
    units = dict(mended)
    at_fault = any((fault.layer or "").startswith(("units", "residential_areas")) for fault in log.faults.found)
    if reading.crs is None or at_fault:
        # Otherwise records in faulty units would be reported as not located.
        return units, replace(tables, residential_areas=areas)

    def located(key: str, frame: gpd.GeoDataFrame, source: PlacedLayer) -> gpd.GeoDataFrame:
        return locate(frame, units, areas, source, log.layer(key, source.called))

    facilities = located("facilities", tables.facilities, scenario.facilities)
    context, around = tables.context, scenario.context.facilities
    if context is not None and around is not None:
        context = located("context.facilities", context, around)
    log_of_context = log.layer("context.facilities", None if around is None else around.called)
    candidates, premises = tables.candidates, _ledger_of_candidates(scenario)
    if premises is not None:
        candidates = located("candidates", candidates, premises)
    return units, replace(
        tables,
        residential_areas=areas,
        facilities=with_context(facilities, context, units, log_of_context),
        candidates=candidates,
    )


def _note_displaced(
    reading: _Reading, units: Mapping[str, gpd.GeoDataFrame], tables: _Tables, network: Network | None
) -> None:
    """Warn about layers that seem displaced relative to the others."""
    own = {f"units.{level}": units[level] for level, unit in reading.scenario.units.items() if not unit.is_made}
    layers = {
        "facilities": tables.facilities,
        "candidates": tables.candidates,
        "residential_areas": tables.residential_areas,
    }
    note_displacement(layers | own, network, reading.log)


def _kept_network(reading: _Reading) -> Network | None:
    """Return the network as it was read before, or read it and keep it."""
    source = reading.scenario.network
    key = None if source is None else kept.key_of(source, reading.crs, reading.bounds)
    if key is None:
        return _network(reading)
    found = kept.load(key)
    if found is None:
        apart = replace(reading, log=Log(), progress=quiet, raws={}, done=0)
        network, log = _network(apart), apart.log
        if network is not None:
            kept.keep(key, network, log)
    else:
        network, log = found
    reading.log.take(log)
    reading.step()
    return network


def _network(reading: _Reading) -> Network | None:
    source = reading.scenario.network
    if source is None:
        return None
    log = reading.log.layer("network", source.called)
    if source.path is not None and is_osm(source.path):
        network = _osm(source.path, source.crs, reading, log)
        reading.step()
    else:
        network = _lines(source, reading, log)
    if network is not None and reading.bounds is not None and reading.crs is not None:
        there = frame_bounds([network.edges], reading.crs)
        if there is None or not overlap(there, reading.bounds):
            log.fault(
                "no_overlap",
                found="–" if there is None else _degrees(there, reading.crs),
                expected=_degrees(reading.bounds, reading.crs),
            )
    return network


def _surface(reading: _Reading) -> OpenGround | None:
    source = reading.scenario.surface
    if source is None:
        return None
    layers = SurfaceLayers(
        *(
            {name: reading.table(f"surface.{key}.{name}", layer, _BASEMAP) for name, layer in named.items()}
            for key, named in (("barriers", source.barriers), ("over", source.over))
        )
    )
    found = read_surface(
        source, layers, Around(reading.bounds, reading.crs), reading.log.layer("surface", source.path)
    )  # fmt: skip
    reading.step()
    return found


def _degrees(bounds: Bounds, crs: CRS) -> str:
    moved = carry_bounds(bounds, crs, WGS84)
    return "–" if moved is None else show_bounds(moved, WGS84)


def _osm(path: Path, stated: str | None, reading: _Reading, log: LayerLog) -> Network | None:
    if not take(path, log) or resolve_crs(WGS84, stated, log) is None:
        return None
    return read_osm(path, reading.crs or WGS84, log)


def _lines(source: NetworkLayer, reading: _Reading, log: LayerLog) -> Network | None:
    faults = len(reading.log.faults.found)
    raw = reading.raw("network", source)
    if raw is None:
        return None
    known, of_osm = with_ways_known(raw)
    frame, labels = labelled(known, NETWORK_COLUMNS, "lines", reading.crs)
    if len(reading.log.faults.found) > faults or reading.crs is None:
        return None
    walked = walked_lines(frame, log)
    if len(reading.log.faults.found) > faults:
        return None
    called = [labels[each] for each in walked.index]
    joins = Joins(split=source.split_at_crossings, snap_m=source.snap_m, vertices=of_osm)
    return read_lines(walked, called, reading.crs, log, joins)


def _ground(reading: _Reading, network: Network | None) -> Bounds | None:
    """Return where elevations are needed: along the network, otherwise over the units."""
    if network is not None and reading.crs is not None:
        return frame_bounds([network.edges], reading.crs)
    return reading.bounds


def _terrain(reading: _Reading, ground: Bounds | None) -> Raster | None:
    source = reading.scenario.terrain
    if source is None:
        return None
    log = reading.log.layer("terrain", source.path)
    raster = read_terrain(source, log, Around(ground, reading.crs))
    reading.step()
    return raster


def _sizes(reading: _Reading) -> pd.DataFrame | None:
    source = reading.scenario.plan.sizes
    if source is None:
        return None
    found = read_sizes(source, reading.log.layer("plan.sizes", source.called))
    reading.step()
    return found


def _check_ledgers(reading: _Reading, tables: _Tables, units: Mapping[str, gpd.GeoDataFrame]) -> None:
    scenario, log = reading.scenario, reading.log
    facilities = log.layer("facilities", scenario.facilities.called)
    premises = _ledger_of_candidates(scenario)
    ledger.check_lattice(scenario, log)
    ledger.check_unit_ids(tables.facilities, {level: frame for level, frame in units.items() if len(frame)}, facilities)
    ledger.check_parents(tables.facilities, facilities)
    if log.faults.found:
        return
    ledger.check_crowds(tables.facilities, facilities)
    if premises is not None:
        ledger.check_crowds(tables.candidates, log.layer("candidates", premises.called))
    if log.faults.found:
        return
    ledger.note_parents(tables.facilities, facilities)
    ledger.note_new_beds(tables.facilities, facilities)
    ledger.note_dates(tables.facilities, scenario.scenario.date, facilities)
    ledger.note_plots(tables.facilities, facilities)
    ledger.note_unsized(tables.facilities, facilities)
    ledger.note_sizes(tables.facilities, facilities)
    ledger.note_outside(tables.facilities[~tables.facilities["context"]], units, scenario.reach_m, facilities)
    ledger.note_coarse(tables.facilities, scenario, facilities)
    ledger.note_doubles(tables.facilities, facilities)
    if premises is not None:
        ledger.note_doubles(tables.candidates, log.layer("candidates", premises.called))
        ledger.note_plots(tables.candidates, log.layer("candidates", premises.called))
        ledger.note_sizes(tables.candidates, log.layer("candidates", premises.called))
        ledger.note_kinds(tables.candidates, log.layer("candidates", premises.called))
