"""People of points and of areas, in the working CRS."""

from typing import Final

from pyproj import CRS

from siting.domain.nouns import PeopleLayer
from siting.domain.scenario import AreaLayer, PeopleSource
from siting.domain.tables import PEOPLE_LAYER_COLUMNS
from siting.read.geometry.overlaps import check_people_areas
from siting.read.geometry.projections import Bounds, frame_bounds, overlap, show_bounds
from siting.read.geometry.shapes import Family
from siting.read.log import LayerLog
from siting.read.sources.vectors import read_vector
from siting.read.tables.finish import finished

_POINTS: Final[Family] = "points"
_POLYGONS: Final[Family] = "polygons"


def read_people_layer(
    source: PeopleSource, crs: CRS | None, bounds: Bounds | None, log: LayerLog
) -> PeopleLayer | None:
    """Read people who stand in points or areas.

    Parameters
    ----------
    source : PeopleSource
        Its ``points`` or ``polygons`` is given.
    crs : pyproj.CRS or None
        The working CRS; None (the units are at fault) leaves the layer in its own.
    bounds : tuple of float or None
        The units' rectangle in the working CRS.
    log : LayerLog
        Takes the faults of the file, of its columns and geometry (a number of people that lacks or is negative among
        them, an id or an area that stands twice, areas that overlap), and ``no_overlap``.

    Returns
    -------
    PeopleLayer or None
        None where anything is at fault.
    """
    faults = len(log.log.faults.found)
    raw = read_vector(as_layer(source), log)
    if raw is None:
        return None
    frame = finished(raw, PEOPLE_LAYER_COLUMNS, _POLYGONS if source.points is None else _POINTS, crs)
    if source.polygons is not None:
        check_people_areas(frame, log, on_purpose=source.overlap)
    if len(log.log.faults.found) > faults:
        return None
    log.fact(people=float(frame["people"].sum()), rows_used=len(frame))
    if crs is not None and bounds is not None:
        there = frame_bounds([frame], crs)
        # A single point has no width.
        if there is None or not overlap((there[0], there[1], there[2] + 1.0, there[3] + 1.0), bounds):
            found = "–" if there is None else show_bounds(there, crs)
            log.fault("no_overlap", found=found, expected=show_bounds(bounds, crs))
            return None
    return PeopleLayer(frame[["people", "geometry"]], source.allocate)


def as_layer(source: PeopleSource) -> AreaLayer:
    """Return what the scenario says of points or areas as it says it of any layer."""
    return AreaLayer(
        path=source.points or source.polygons,
        on_invalid=source.on_invalid,
        layer=source.layer,
        crs=source.crs,
        encoding=source.encoding,
        columns=source.columns,
    )
