"""People of points and of areas, in the working CRS."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from siting.domain.nouns import PeopleLayer
from siting.domain.scenario import AreaLayer, PeopleSource
from siting.domain.tables import PEOPLE_LAYER_COLUMNS
from siting.read.geometry.overlaps import check_people_areas
from siting.read.geometry.pieces import some
from siting.read.geometry.projections import Bounds, frame_bounds, overlap, show_bounds
from siting.read.geometry.shapes import Family
from siting.read.log import LayerLog, listed
from siting.read.people.unit_people import figures_by_unit, of_age, read_people_of_units
from siting.read.sources.vectors import Raw, read_vector
from siting.read.tables.finish import finished

_POINTS: Final[Family] = "points"
_POLYGONS: Final[Family] = "polygons"
# The figure of an area may be blank, but its column is required.
_AREA_COLUMNS: Final = tuple(replace(column, required=False) for column in PEOPLE_LAYER_COLUMNS)


def read_people_layer(
    source: PeopleSource, crs: CRS | None, bounds: Bounds | None, log: LayerLog
) -> PeopleLayer | None:
    """Read people of points or areas.

    If the figure of an area is blank, its people are unknown: the area becomes part of ``unknown``, and it is noted.

    Parameters
    ----------
    source : PeopleSource
        Its ``points`` or ``polygons`` is given.
    crs : pyproj.CRS or None
        The working CRS; None (the units are at fault) keeps the layer in its own CRS.
    bounds : tuple of float or None
        The units' rectangle in the working CRS.
    log : LayerLog
        Takes the faults of the file, of its columns and geometry (for example a missing or negative number of people, a
        repeated id or area, overlapping areas), and ``no_overlap``.

    Returns
    -------
    PeopleLayer or None
        None if there is a fault.
    """
    faults = len(log.log.faults.found)
    raw = read_vector(as_layer(source), log)
    if raw is None:
        return None
    raw = _with_age(raw, source, log)
    areas = source.polygons is not None
    frame = finished(raw, _AREA_COLUMNS if areas else PEOPLE_LAYER_COLUMNS, _POLYGONS if areas else _POINTS, crs)
    if areas:
        check_people_areas(frame, log, on_purpose=source.overlap)
        _check_figures(frame, log)
    if len(log.log.faults.found) > faults:
        return None
    if not areas:
        _note_repeated(frame, log)
    log.fact(people=float(frame["people"].sum()), rows_used=len(frame))
    frame, unknown = known_and_unknown(frame, frame.index, log)
    if crs is not None and bounds is not None:
        there = frame_bounds([frame], crs)
        # A single point has no width.
        if there is None or not overlap((there[0], there[1], there[2] + 1.0, there[3] + 1.0), bounds):
            found = "–" if there is None else show_bounds(there, crs)
            log.fault("no_overlap", found=found, expected=show_bounds(bounds, crs))
            return None
    return PeopleLayer(frame, source.allocate, unknown)


def read_people_of_level(
    source: PeopleSource, who: str, units: Mapping[str, gpd.GeoDataFrame], place: str | None, log: LayerLog
) -> PeopleLayer | None:
    """Read people from a table by unit: their areas are those of the units.

    Parameters
    ----------
    source : PeopleSource
        Its ``level`` and ``attributes`` are given.
    who : {"residents", "elderly"}
        The people to read.
    units : mapping of str to geopandas.GeoDataFrame
        Units by level, in the working CRS, indexed by id, with ``name``.
    place : str or None
        Full name of the scenario's place.
    log : LayerLog
        Takes the faults and notes of the table and of the join.

    Returns
    -------
    PeopleLayer or None
        None if there is a fault.
    """
    faults, level = len(log.log.faults.found), source.level
    if level is None or level not in units:
        log.fault("level_without_units", field="level", found=str(level), expected=listed(units))
        return None
    rows = read_people_of_units(source, who, log)
    # Rows that are missing because units are at fault are not reported again.
    here = units[level] if rows is not None and len(units[level]) else None
    found = None if here is None or rows is None else figures_by_unit(level, here, rows, place, log)
    if here is None or found is None:
        return None
    frame = here[["name", "geometry"]].assign(people=found["people"].reindex(here.index).astype("float64"))
    _check_figures(frame, log)
    if len(log.log.faults.found) > faults:
        return None
    log.fact(people=float(frame["people"].sum()), rows_used=len(found))
    frame, unknown = known_and_unknown(frame, frame["name"].fillna(frame.index.to_series()), log)
    return PeopleLayer(frame, source.allocate, unknown)


def _note_repeated(frame: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note the points without ids that equal another in place and people: the file may contain them twice."""
    rows = pd.DataFrame({"x": frame.geometry.x, "y": frame.geometry.y, "people": frame["people"]})
    # A record without an id is named by its number.
    nameless = rows[(frame.index == [str(number) for number in range(1, len(rows) + 1)]) & (rows["people"] > 0)]
    repeated = nameless[nameless.duplicated()]
    if len(repeated):
        people = f"{repeated['people'].sum():,.0f}"
        log.note("people_points_repeated", count=len(repeated), of=len(rows), people=people)


def _check_figures(frame: gpd.GeoDataFrame, log: LayerLog) -> None:
    """Note a fault if no area has a figure: the column is missing, or all of its cells are blank."""
    told = any(fault.layer == log.key and fault.field in ("people", "columns") for fault in log.log.faults.found)
    if told or not len(frame) or not frame["people"].isna().all():
        return
    facts = log.log.layers.get(log.key, {})
    if "people" in facts.get("matched", {}):
        log.fault("no_figures", field="people", found=str(len(frame)))
    else:
        log.fault("column_missing", field="people", expected=listed(facts.get("unused", ())))


def known_and_unknown(
    frame: gpd.GeoDataFrame, names: Iterable[object], log: LayerLog
) -> tuple[gpd.GeoDataFrame, gpd.GeoSeries | None]:
    """Separate areas with a figure from those without, whose union is returned; these are noted by name."""
    blank = frame["people"].isna().to_numpy(dtype=bool)
    known = frame.loc[~blank, ["people", "geometry"]]
    if not blank.any():
        return known, None
    told = [str(name) for name, each in zip(names, blank, strict=True) if each]
    log.note("people_areas_unknown", count=len(told), names=some(told))
    return known, gpd.GeoSeries(frame.geometry[blank])


def _with_age(raw: Raw, source: PeopleSource, log: LayerLog) -> Raw:
    """Return a layer with its column of the elderly named, if they are counted from 65."""
    names = [str(name) for name in raw.frame.columns if name != "geometry"]
    columns = of_age(names, "people", raw.source.columns, source.from_age or 60, log)
    return replace(raw, source=raw.source.model_copy(update={"columns": columns}))


def as_layer(source: PeopleSource) -> AreaLayer:
    """Return the scenario's settings of points or areas as those of a layer."""
    return AreaLayer(
        path=source.points or source.polygons,
        on_invalid=source.on_invalid,
        layer=source.layer,
        crs=source.crs,
        encoding=source.encoding,
        columns=source.columns,
        attributes=source.attributes,
        attributes_on=source.attributes_on,
    )
