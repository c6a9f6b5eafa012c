"""Areas that units omit or exceed relative to coarser units, and residential areas on borders or outside."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siting.domain.nouns import Floats, Ints
from siting.domain.scenario import Level, Scenario
from siting.read.geometry.pieces import SLIVER_WIDTH_M, land_m2, polygons_of, shown_m2, some, spots, widths
from siting.read.geometry.shapes import Shapes
from siting.read.log import LayerLog, Log

# A smaller part in a second unit comes from a border drawn past a fence.
SECOND_SHARE: Final = 0.01
SECOND_M2: Final = 50.0
# If all gaps of a level together are smaller than this, they are rounding errors.
_LEAST_M2: Final = 1.0
# The grid to which vertices are snapped before two areas are overlaid.
_CORNER_M: Final = 0.001

# The levels in which each lies, nearest first. Planning units need not cover streets or communities.
_COARSER: Final[dict[Level, tuple[Level, ...]]] = {
    "community": ("street", "district", "city"),
    "street": ("district", "city"),
    "planning": ("district", "city"),
    "district": ("city",),
    "city": (),
}


def check_levels(units: Mapping[Level, gpd.GeoDataFrame], scenario: Scenario, log: Log) -> None:
    """Note where the units of one level and of the next coarser level with a layer do not cover the same area.

    Parameters
    ----------
    units : mapping of str to geopandas.GeoDataFrame
        Valid units of every level, indexed by id, in one metric CRS. Levels that are unions or overlap on purpose are
        not compared.
    scenario : Scenario
        Tells which levels have a layer.
    log : Log
        Takes the notes ``units_leave_gaps`` (area of the coarser level in no finer unit), ``units_stick_out`` (the
        reverse), ``units_across`` (a finer unit in two coarser ones) and, if there is no coarser layer,
        ``units_enclose_gaps`` (area in no unit, enclosed by units).
    """
    given = _compared(units, scenario)
    wholes = {level: whole(frame.geometry.to_numpy()) for level, frame in given.items()}
    for level, frame in given.items():
        here = log.layer(f"units.{level}", scenario.units[level].called)
        above = next((coarser for coarser in _COARSER[level] if coarser in given), None)
        if above is None:
            if found := _ground(enclosed(wholes[level]), frame, wholes[level]):
                here.note("units_enclose_gaps", **found)
            continue
        coarse = given[above]
        if found := _ground(beyond(wholes[above], wholes[level]), coarse, wholes[above]):
            here.note("units_leave_gaps", other=above, **found)
        if found := _ground(beyond(wholes[level], wholes[above]), frame, wholes[level]):
            here.note("units_stick_out", other=above, **found)
        if found := _across(frame, coarse, hold(frame, coarse)):
            here.note("units_across", other=above, **found)


def check_residential_in_units(
    residential: gpd.GeoDataFrame, units: Mapping[Level, gpd.GeoDataFrame], scenario: Scenario, log: LayerLog
) -> None:
    """Note the residential areas that lie in two units of a level, and those outside all units.

    Parameters
    ----------
    residential : geopandas.GeoDataFrame
        Residential areas, indexed by id.
    units : mapping of str to geopandas.GeoDataFrame
        Units of every level, in the same metric CRS.
    scenario : Scenario
        Tells which levels have a layer and which overlap on purpose.
    log : LayerLog
        Takes the notes ``residential_across`` (one for each level), ``residential_outside`` and
        ``residential_partly_outside``.
    """
    if not len(residential) or not any(map(len, units.values())):
        return
    held = np.zeros(len(residential))
    for level, frame in units.items():
        if scenario.units[level].is_made or not len(frame):
            continue
        found = hold(residential, frame)
        held = np.maximum(held, np.minimum(found.share, 1.0))
        if not scenario.units[level].overlap and (figures := _across(residential, frame, found)):
            log.note("residential_across", other=level, **figures)
    _note_outside(residential, held, log)


def _compared(units: Mapping[Level, gpd.GeoDataFrame], scenario: Scenario) -> dict[Level, gpd.GeoDataFrame]:
    return {
        level: frame
        for level, frame in units.items()
        if len(frame) and not scenario.units[level].is_made and not scenario.units[level].overlap
    }


def whole(shapes: Shapes) -> shapely.Geometry:
    """Return the union of polygons; much faster if their sides match exactly."""
    fit = shapely.is_empty(shapely.coverage_invalid_edges(shapes))
    try:
        matching = shapely.coverage_union_all(shapes[fit])
    except shapely.errors.GEOSException:
        return shapely.union_all(shapes)
    return shapely.union_all([*shapes[~fit], matching])


def beyond(ground: shapely.Geometry, other: shapely.Geometry) -> shapely.Geometry:
    """Return the difference of two areas; vertices are snapped to a millimetre, which keeps this fast."""
    if shapely.equals_identical(shapely.normalize(ground), shapely.normalize(other)):
        return shapely.Polygon()
    return shapely.difference(ground, other, grid_size=_CORNER_M)


def enclosed(ground: shapely.Geometry) -> shapely.Geometry:
    """Return the holes of an area, without the islands in them.

    Examples
    --------
    >>> from shapely import box, union_all
    >>> from siting.read.geometry.coverage import enclosed
    >>> lake = box(0, 0, 9, 9) - box(1, 1, 8, 8)
    >>> enclosed(lake).area, enclosed(union_all([lake, box(2, 2, 4, 4)])).area
    (49.0, 45.0)
    """
    parts = polygons_of(ground)
    shells: Shapes = np.asarray(shapely.polygons(shapely.get_exterior_ring(parts)), dtype=object)
    holes: Shapes = np.array([shapely.Polygon(ring) for part in parts for ring in part.interiors], dtype=object)
    hole, island = shapely.STRtree(shells).query(holes, predicate="contains")
    for row in np.unique(hole):
        holes[row] = shapely.difference(holes[row], shapely.union_all(shells[island[hole == row]]))
    return shapely.GeometryCollection(list(holes))


def _ground(ground: shapely.Geometry, frame: gpd.GeoDataFrame, all_: shapely.Geometry) -> dict[str, object]:
    """Return the total area, the part in narrow pieces, the largest piece with unit and point; {} if hardly any."""
    pieces = polygons_of(ground)
    area = land_m2(pieces, frame.crs)
    if area.sum() < _LEAST_M2:
        return {}
    west, south, _, _ = shapely.bounds(pieces).T
    order = np.lexsort((south, west, -area.round(2)))
    narrow = widths(pieces) < SLIVER_WIDTH_M
    large = [int(row) for row in order if not narrow[row]]
    total = float(land_m2(np.array([all_], dtype=object), frame.crs)[0])
    return {
        "area": shown_m2(float(area.sum())),
        "share": f"{area.sum() / total:.2%}",
        "narrow": shown_m2(float(area[narrow].sum())),
        "count": len(large),
        "ids": some(list(_pieces(pieces[large], area[large], frame))) or "–",
    }


def _pieces(pieces: Shapes, area: Floats, frame: gpd.GeoDataFrame) -> Iterator[str]:
    """Yield each piece as its area, a point in it, and the unit that contains it or touches it most closely."""
    if not len(pieces):
        return
    tree = shapely.STRtree(frame.geometry.to_numpy())
    near = tree.query_nearest(shapely.point_on_surface(pieces), all_matches=False)[1]
    for unit, size, spot in zip(frame.index[near], area, spots(pieces, frame.crs), strict=True):
        yield f"{unit} {shown_m2(size)} ({spot})"


@dataclass(frozen=True)
class Holding:
    """How units contain areas: the share of each area in all units together, and its part in the second unit.

    ``second`` is the position of the unit with the second largest part, -1 if there is none; ``second_m2`` is that
    part, working CRS.
    """

    share: Floats
    second: Ints
    second_m2: Floats


def hold(areas: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> Holding:
    """Compute how units contain areas.

    Parameters
    ----------
    areas, units : geopandas.GeoDataFrame
        Valid polygons in one metric CRS, indexed by id.

    Returns
    -------
    Holding
        In the order of ``areas``. If units contain equal parts, the one with the first id counts as the first.
    """
    shapes, ordered = areas.geometry.to_numpy(), units.geometry.to_numpy()
    size = np.asarray(shapely.area(shapes))
    within = _covered(shapes, ordered)
    area, unit, shared = _parts(shapes, np.flatnonzero(~within), ordered)
    best = np.lexsort((units.index.astype(str).to_numpy()[unit], -shared, area))
    area, unit, shared = area[best], unit[best], shared[best]
    place = pd.Series(area).groupby(area).cumcount().to_numpy()
    second, second_m2 = np.full(len(shapes), -1, dtype=np.int64), np.zeros(len(shapes))
    second[area[place == 1]], second_m2[area[place == 1]] = unit[place == 1], shared[place == 1]
    held = np.bincount(area, weights=shared, minlength=len(shapes))
    share = np.where(within, 1.0, np.divide(held, size, out=np.zeros(len(shapes)), where=size > 0))
    return Holding(share, second, second_m2)


def _covered(shapes: Shapes, units: Shapes) -> NDArray[np.bool_]:
    """Tell which areas lie completely in one unit; most do, and this is faster than an intersection."""
    covered = np.zeros(len(shapes), dtype=bool)
    covered[shapely.STRtree(shapes).query(units, predicate="covers")[1]] = True
    return covered


def _parts(shapes: Shapes, rows: Ints, units: Shapes) -> tuple[Ints, Ints, Floats]:
    unit, area = shapely.STRtree(shapes[rows]).query(units, predicate="intersects")
    shared = np.asarray(shapely.area(shapely.intersection(shapes[rows][area], units[unit])))
    kept = shared > 0
    return rows[area[kept]].astype(np.int64), unit[kept].astype(np.int64), shared[kept]


def _across(areas: gpd.GeoDataFrame, units: gpd.GeoDataFrame, found: Holding) -> dict[str, object]:
    """Return the figures of the areas that lie in two units; {} if none does."""
    size = areas.geometry.area.to_numpy()
    share = np.divide(found.second_m2, size, out=np.zeros(len(size)), where=size > 0)
    across = np.flatnonzero((found.second_m2 > SECOND_M2) & (share > SECOND_SHARE))
    if not len(across):
        return {}
    across = across[np.argsort(-share[across], kind="stable")]
    rows = zip(areas.index[across], units.index[found.second[across]], share[across], strict=True)
    return {
        "count": len(across),
        "area": shown_m2(float(found.second_m2[across].sum())),
        "people": _people(areas, across, share),
        "ids": some([f"{key} → {unit} {part:.1%}" for key, unit, part in rows]),
    }


def _note_outside(residential: gpd.GeoDataFrame, held: Floats, log: LayerLog) -> None:
    size = residential.geometry.area.to_numpy()
    off, out = 1.0 - held, size * (1.0 - held)
    # Areas that are outside except for a tiny part are outside.
    gone = np.flatnonzero((held <= SECOND_SHARE) | (size - out <= _LEAST_M2))
    if len(gone):
        people = _people(residential, gone, np.ones(len(held)))
        log.note("residential_outside", count=len(gone), people=people, ids=some(list(residential.index[gone])))
    part = np.setdiff1d(np.flatnonzero((out > SECOND_M2) & (off > SECOND_SHARE)), gone)
    if len(part):
        part = part[np.argsort(-off[part], kind="stable")]
        log.note(
            "residential_partly_outside",
            count=len(part),
            area=shown_m2(float(out[part].sum())),
            people=_people(residential, part, off),
            ids=some([f"{residential.index[row]} {off[row]:.1%}" for row in part]),
        )


def _people(areas: gpd.GeoDataFrame, rows: Ints, share: Floats) -> str:
    """Return the residents of shares of areas from their rows; ``?`` if none has a figure."""
    name = next((name for name in ("own_residents", "residents") if name in areas), None)
    if name is None:
        return "?"
    own = pd.to_numeric(areas[name]).to_numpy(dtype=np.float64, na_value=np.nan)[rows] * share[rows]
    return "?" if np.isnan(own).all() else f"{np.nansum(own):.0f}"
