"""Consistency of people with each other and with the land: more elderly than residents, too many or too few people.

``docs/data.md`` has the limits and their sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from siting.domain.nouns import Bools, Floats, PeopleLayer, Raster
from siting.read.geometry.pieces import some, usable
from siting.read.geometry.projections import carry_bounds
from siting.read.log import LayerLog
from siting.read.people.rasters import area_lattice, cells_around, part_grid, same_grid
from siting.read.people.zonal import raster_people
from siting.units import M2_PER_KM2

People = Raster | PeopleLayer

# Sums of floats differ in their last digits.
_MORE: Final = 1.0 + 1e-6
# Two data products never distribute people in exactly the same way: only larger differences of a unit are reported.
_CLEARLY: Final = 1.01
_PERSONS: Final = 10.0
# The highest density of a square kilometre: Dharavi has at most a million people on 2.1 to 2.4 km².
MOST_PER_KM2: Final = 500_000.0
# The densest city, Manila, had 73,920 people per km² in 2020.
DENSE_PER_KM2: Final = 100_000.0
# Tibet, the sparsest province, had 3.0 people per km² in 2020.
SPARSE_PER_KM2: Final = 3.0
# The Degree of Urbanisation calls a cell of a square kilometre below this rural; every county seat is above it.
RURAL_PER_KM2: Final = 300.0
# The lowest share of people aged 60 or over: the United Arab Emirates and Qatar have 2 to 4 %.
FEW_ELDERLY: Final = 0.01
# Two drawings of a border share this part of a unit.
_HAIR: Final = 0.01
# The smallest land area for which such limits are meaningful.
_LEAST_M2: Final = M2_PER_KM2


@dataclass(frozen=True)
class Pair:
    """People who are part of others: ``few`` (elderly; a group) cannot exceed ``many`` (residents; elderly)."""

    few: People
    many: People
    log: LayerLog
    of_residents: bool


def check_parts(pair: Pair, units: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Report where a part of the people exceeds all of them: for cells a note, for units and in total a fault.

    Parameters
    ----------
    pair : Pair
        The part and the whole. Its log takes a note for cells if both are on one grid, and the faults for units (one
        for each level) and in total.
    units : mapping of str to geopandas.GeoDataFrame
        The units of every level in one metric CRS, indexed by id; units that cannot be measured are skipped. If people
        are scaled to tables afterwards, none are given.
    """
    _by_cell(pair)
    totals: list[tuple[float, float, float]] = []
    told: dict[str, list[str]] = {}
    for level, frame in units.items():
        shapes = _sound(frame)
        # If the whole is unknown for a unit, nothing can be checked.
        shapes = gpd.GeoSeries(shapes[~_unknown_within(pair.many, shapes)])
        few, many = _within(pair.few, shapes), _within(pair.many, shapes)
        totals.append((float(shapes.area.sum()), float(few.sum()), float(many.sum())))
        more = np.flatnonzero(_exceeds(few, many))
        more = more[np.argsort(many[more] - few[more], kind="stable")]
        told[level] = [f"{shapes.index[row]} ({few[row]:,.0f} > {many[row]:,.0f})" for row in more.tolist()]
    _, part, whole = max(totals, default=(0.0, 0.0, 0.0))
    if _exceeds(np.array([part]), np.array([whole]))[0]:
        share = f" ({part / whole:.0%})" if whole else ""
        pair.log.fault(
            "elderly_exceed_residents_in_total" if pair.of_residents else "group_exceeds_elderly_in_total",
            found=f"{part:,.0f} > {whole:,.0f}{share}",
        )
        return
    for level, names in told.items():
        if names:
            pair.log.fault(
                "elderly_exceed_residents_by_unit" if pair.of_residents else "group_exceeds_elderly_by_unit",
                found=some(names),
                expected=f"units.{level}",
            )


def _exceeds(few: Floats, many: Floats) -> Bools:
    return (few > many * _CLEARLY) & (few > many + _PERSONS)


def _by_cell(pair: Pair) -> None:
    few, many = pair.few, pair.many
    if not (isinstance(few, Raster) and isinstance(many, Raster) and same_grid(few.grid, many.grid)):
        return
    part, whole = np.nan_to_num(few.values), np.nan_to_num(many.values)
    more = part > whole * _MORE
    if more.any():
        pair.log.note(
            "elderly_exceed_residents_by_cell" if pair.of_residents else "group_exceeds_elderly_by_cell",
            cells=int(more.sum()),
            of=int((part > 0).sum()),
            empty=int((more & (whole <= 0)).sum()),
            people=f"{float((part - whole)[more].sum()):,.0f}",
        )


def check_density(who: str, people: People, units: Mapping[str, gpd.GeoDataFrame], log: LayerLog) -> None:
    """Report where units have too many people for their area, or so few that their unit of measure may be wrong.

    Parameters
    ----------
    who : {"residents", "elderly"}
        Only for residents it is reported that they are few.
    people : Raster or PeopleLayer
        The people to check.
    units : mapping of str to geopandas.GeoDataFrame
        As for :func:`check_parts`.
    log : LayerLog
        Takes the fault ``overcrowded_units`` (one for each level) and the notes ``people_dense`` and ``people_sparse``.
    """
    totals: list[tuple[float, float]] = []
    for level, frame in units.items():
        shapes = _sound(frame)
        area, persons = shapes.area.to_numpy(), _within(people, shapes)
        totals.append((float(area.sum()), float(persons.sum())))
        per_km2 = persons / area * M2_PER_KM2
        crowded = np.flatnonzero((area >= _LEAST_M2) & (per_km2 > MOST_PER_KM2))
        if len(crowded):
            crowded = crowded[np.argsort(-per_km2[crowded], kind="stable")]
            names = some([f"{shapes.index[row]} ({per_km2[row]:,.0f}/km²)" for row in crowded.tolist()])
            log.fault("overcrowded_units", field=f"units.{level}", found=names, expected=f"{MOST_PER_KM2:,.0f}")
    area_m2, whole = max(totals, default=(0.0, 0.0))
    if area_m2 < _LEAST_M2:
        return
    mean = whole / area_m2 * M2_PER_KM2
    if mean > DENSE_PER_KM2:
        log.note("people_dense", density=f"{mean:,.0f}", limit=f"{DENSE_PER_KM2:,.0f}")
    if who != "residents":
        return
    lived = _lived_density(people, units)
    if mean < SPARSE_PER_KM2 or lived < RURAL_PER_KM2:
        shown = "–" if np.isinf(lived) else f"{lived:,.1f}"
        log.note("people_sparse", density=f"{mean:,.1f}", lived=shown, limit=f"{RURAL_PER_KM2:g}")


def multiplied(people: People, factor: float) -> People:
    """Return the people multiplied by a factor."""
    if isinstance(people, Raster):
        return replace(people, values=people.values * factor)
    return replace(people, frame=people.frame.assign(people=people.frame["people"] * factor))


def check_share(elderly: People, residents: People, units: Mapping[str, gpd.GeoDataFrame], log: LayerLog) -> None:
    """Note elderly whose share of the residents of the units is so small that their unit of measure may be wrong."""
    if not units:
        return
    shapes = max(map(_sound, units.values()), key=lambda each: float(each.area.sum()))
    shapes = gpd.GeoSeries(shapes[~(_unknown_within(elderly, shapes) | _unknown_within(residents, shapes))])
    part, whole = float(_within(elderly, shapes).sum()), float(_within(residents, shapes).sum())
    if part < FEW_ELDERLY * whole:
        log.note("elderly_few", elderly=f"{part:,.0f}", residents=f"{whole:,.0f}", share=f"{part / whole:.2%}")


def _sound(frame: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the shapes of units that can be measured."""
    shapes = frame.geometry
    return gpd.GeoSeries(shapes[usable(shapes.to_numpy()) & (shapes.area.to_numpy() > 0)], crs=shapes.crs)


def _within(people: People, shapes: gpd.GeoSeries) -> Floats:
    """Return the people within each polygon: cells and areas by the share that lies there."""
    if isinstance(people, Raster):
        return raster_people(people, shapes)
    persons, where = people.frame["people"].to_numpy(dtype=np.float64), people.frame.geometry.to_numpy()
    polygons = shapes.to_numpy()
    unit, row = shapely.STRtree(where).query(polygons, predicate="intersects")
    area = shapely.area(where[row])
    shared = shapely.area(shapely.intersection(where[row], polygons[unit]))
    share = np.divide(shared, area, out=np.ones(len(row)), where=area > 0)
    return np.bincount(unit, weights=persons[row] * share, minlength=len(polygons)).astype(np.float64)


def _unknown_within(people: People, shapes: gpd.GeoSeries) -> Bools:
    """Tell which polygons contain an area with unknown people, except tiny overlaps."""
    ground = None if isinstance(people, Raster) else people.unknown
    if ground is None:
        return np.zeros(len(shapes), dtype=np.bool_)
    shared: Floats = shapely.area(shapely.intersection(shapes.to_numpy(), shapely.union_all(ground.to_numpy())))
    return np.asarray(shared > _HAIR * shapes.area.to_numpy(), dtype=np.bool_)


def _lived_density(people: People, units: Mapping[str, gpd.GeoDataFrame]) -> float:
    """Return the density at which the average person of a raster near the units lives, per km²; inf for layers."""
    if not isinstance(people, Raster):
        return float("inf")
    frames = [frame.geometry for frame in units.values() if len(frame)]
    west, south, east, north = np.array([frame.total_bounds for frame in frames]).T
    rectangle = float(west.min()), float(south.min()), float(east.max()), float(north.max())
    bounds = carry_bounds(rectangle, CRS(frames[0].crs), people.grid.crs)
    if bounds is None:
        return float("inf")
    part = cells_around(people.grid, bounds)
    values = np.nan_to_num(people.values[part.top : part.top + part.rows, part.left : part.left + part.columns])
    total = float(values.sum())
    if total <= 0:
        return float("inf")
    areas = area_lattice(part_grid(people.grid, part)).of(0, 0, values.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.nansum(values * values / areas) / total * M2_PER_KM2)
