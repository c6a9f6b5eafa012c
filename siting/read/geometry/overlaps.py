"""Polygons of units and of residential areas that overlap, are repeated, or have no area: repaired, noted or refused.

``docs/data.md`` has the rules and their reasons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siting.domain.nouns import Floats, Ints
from siting.domain.scenario import Level, Scenario
from siting.read.geometry.coverage import check_levels, check_residential_in_units
from siting.read.geometry.pieces import SLIVER_WIDTH_M, far_parts, land_m2, polygons_of, shown_m2, some, usable, widths
from siting.read.geometry.shapes import Shapes
from siting.read.geometry.tangles import are_tangled
from siting.read.log import LayerLog, Log

# The intersection of two polygons is a sliver if each of its parts is narrow or smaller than this (half of a hundredth
# of a cell of 100 m), and all of it is a small share of the smaller polygon: two metres along one side are 2 % of a
# hectare.
SLIVER_M2: Final = 50.0
UNIT_SLIVER: Final = 0.01
RESIDENTIAL_SLIVER: Final = 0.05
# Polygons with a smaller intersection are neighbours: sides with different vertices differ by this much after
# transformation.
NOISE_M2: Final = 0.1
# Two polygons are equal if their intersection is more than this share of their union.
SAME: Final = 0.999
# A polygon that is smaller or narrower on average has no real area.
SMALLEST_M2: Final = 1.0
NARROWEST_M: Final = 0.5
# Parts of one unit, or of one residential area, that lie farther from the others are worth a look.
UNIT_APART_M: Final = 5000.0
RESIDENTIAL_APART_M: Final = 1000.0

# So many overlaps of one layer are told one by one, the largest first.
_MOST_FAULTS: Final = 20
_FIGURES: Final = ("households", "residents", "elderly", "provided_m2")


def check_places(
    units: Mapping[str, gpd.GeoDataFrame], residential: gpd.GeoDataFrame, scenario: Scenario, log: Log
) -> tuple[dict[str, gpd.GeoDataFrame], gpd.GeoDataFrame]:
    """Return the units and residential areas with slivers repaired; report what overlaps, is missing or sticks out.

    Parameters
    ----------
    units : mapping of str to geopandas.GeoDataFrame
        The units of every level, indexed by id, in the working CRS (metres). A level that is the union of another has
        nothing to repair. ``own_residents``, if present, gives the affected people.
    residential : geopandas.GeoDataFrame
        Residential areas, indexed by id, in the same CRS; may be empty.
    scenario : Scenario
        Tells which levels overlap on purpose (``units.LEVEL.overlap``).
    log : Log
        Takes the faults ``borders_tangled``, ``sliver_polygon``, ``units_overlap``, ``more_units_overlap``,
        ``polygon_twice`` and the notes ``slivers_left_out``, ``far_parts``, ``slivers_mended``,
        ``residential_overlap``, ``units_overlap_on_purpose``, ``units_twice`` and those of
        :mod:`siting.read.geometry.coverage`.

    Returns
    -------
    units : dict of str to geopandas.GeoDataFrame
    residential : geopandas.GeoDataFrame
        The same tables without slivers: small intersections are cut from the larger polygon (of equals from the one
        with the later id), and residential areas without real area and without figures are left out. Tables in degrees
        are unchanged: without valid units there is no working CRS.
    """
    sound: dict[Level, gpd.GeoDataFrame] = {
        level: _sound(units[level]) for level, layer in scenario.units.items() if level in units and not layer.is_made
    }
    for level, frame in sound.items():
        if not len(frame):
            continue
        layer = scenario.units[level]
        here = log.layer(f"units.{level}", layer.called)
        sound[level] = frame.iloc[:0] if _tangled(frame, here) else _units(frame, here, on_purpose=layer.overlap)
    check_levels(sound, scenario, log)
    found = dict(units) | {level: _put_back(frame, units[level]) for level, frame in sound.items()}
    source = scenario.residential_areas
    areas = _sound(residential)
    if source is None or not len(areas):
        return found, residential
    here = log.layer("residential_areas", source.called)
    if _tangled(areas, here):
        return found, residential
    out = _slivers(areas, here)
    areas = _residential(areas.drop(index=out), here)
    check_residential_in_units(areas, sound, scenario, here)
    return found, _put_back(areas, residential.drop(index=out))


def check_people_areas(frame: gpd.GeoDataFrame, log: LayerLog, *, on_purpose: bool) -> None:
    """Refuse areas of people that are repeated or overlap, like units: the people there would count twice.

    Slivers are kept: each area keeps its people.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Areas with ``people``, indexed by id, in the working CRS.
    log : LayerLog
        Takes the faults ``borders_tangled``, ``polygon_twice``, ``areas_overlap`` and ``more_areas_overlap``; or the
        notes ``areas_overlap_on_purpose`` and ``units_twice`` if areas overlap on purpose.
    on_purpose : bool
        Whether the scenario says that they do.
    """
    areas = _sound(frame)
    if not len(areas) or _tangled(areas, log):
        return
    pairs = find_overlaps(areas.geometry.to_numpy(), UNIT_SLIVER)
    if on_purpose:
        _note_purpose(areas, pairs.only(~pairs.sliver), log, areas=True)
        return
    _refuse_twice(areas, pairs, log)
    _refuse_overlaps(areas, pairs.only(~pairs.sliver & ~pairs.twice), log, areas=True)


def _tangled(frame: gpd.GeoDataFrame, log: LayerLog) -> bool:
    """Tell whether borders cross each other too often to be compared, which is a fault."""
    shapes: Shapes = frame.geometry.to_numpy().astype(object)
    if not are_tangled(shapes):
        return False
    corners = int(shapely.get_num_coordinates(shapes).sum())
    log.fault("borders_tangled", field="geometry", found=str(len(shapes)), expected=f"{corners:,}")
    return True


def _sound(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows that can be overlaid, by id, none for a table in degrees: the others are already refused."""
    metric = frame.crs is not None and frame.crs.is_projected
    sound = usable(frame.geometry.to_numpy()) & metric & ~frame.index.duplicated(keep=False)
    return frame[sound & frame.index.notna()].sort_index()


def _put_back(mended: gpd.GeoDataFrame, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return all rows of a table, the repaired ones with their new shapes."""
    if not len(mended):
        return frame
    shapes: Shapes = frame.geometry.to_numpy().astype(object)
    shapes[frame.index.get_indexer_for(mended.index)] = mended.geometry.to_numpy()
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _units(frame: gpd.GeoDataFrame, log: LayerLog, *, on_purpose: bool) -> gpd.GeoDataFrame:
    for row in _no_areas(frame):
        _refuse_sliver(frame, int(row), log)
    _note_far_parts(frame, UNIT_APART_M, log)
    pairs = find_overlaps(frame.geometry.to_numpy(), UNIT_SLIVER)
    if on_purpose:
        _note_purpose(frame, pairs, log)
        return frame
    _refuse_twice(frame, pairs, log)
    _refuse_overlaps(frame, pairs.only(~pairs.sliver & ~pairs.twice), log)
    return _mended(frame, pairs.only(pairs.sliver), log)


def _residential(frame: gpd.GeoDataFrame, log: LayerLog) -> gpd.GeoDataFrame:
    _note_far_parts(frame, RESIDENTIAL_APART_M, log)
    pairs = find_overlaps(frame.geometry.to_numpy(), RESIDENTIAL_SLIVER)
    _refuse_twice(frame, pairs, log)
    _note_overlaps(frame, pairs.only(~pairs.sliver & ~pairs.twice), log)
    return _mended(frame, pairs.only(pairs.sliver), log)


# --- polygons that are no areas -----------------------------------------------------------------------------------


def _no_areas(frame: gpd.GeoDataFrame) -> Ints:
    shapes = frame.geometry.to_numpy()
    small = (shapely.area(shapes) < SMALLEST_M2) | (widths(shapes) < NARROWEST_M)
    return np.flatnonzero(small).astype(np.int64)


def _refuse_sliver(frame: gpd.GeoDataFrame, row: int, log: LayerLog) -> None:
    shape = frame.geometry.to_numpy()[[row]]
    log.fault(
        "sliver_polygon",
        row=str(frame.index[row]),
        field="geometry",
        found=f"{land_m2(shape, frame.crs)[0]:.2g} m², {widths(shape)[0]:.2g} m",
        expected=f"{SMALLEST_M2:g} m², {NARROWEST_M:g} m",
    )


def _slivers(frame: gpd.GeoDataFrame, log: LayerLog) -> pd.Index:
    """Return the residential areas to leave out; those with figures are refused, so that the figures are not lost."""
    rows = _no_areas(frame)
    told = frame[[name for name in _FIGURES if name in frame]].notna().any(axis=1).to_numpy(dtype=bool)
    for row in rows[told[rows]]:
        _refuse_sliver(frame, int(row), log)
    out = rows[~told[rows]]
    if len(out):
        area = land_m2(frame.geometry.to_numpy()[out], frame.crs).sum()
        log.note("slivers_left_out", count=len(out), area=shown_m2(area), ids=some(list(frame.index[out])))
    return frame.index[out]


def _note_far_parts(frame: gpd.GeoDataFrame, apart_m: float, log: LayerLog) -> None:
    rows = far_parts(frame.geometry.to_numpy(), apart_m)
    if len(rows):
        log.note("far_parts", count=len(rows), km=f"{apart_m / 1000:g}", ids=some(list(frame.index[rows])))


# --- polygons that overlap ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Overlaps:
    """Pairs of intersecting polygons: positions ``one`` < ``other``, the intersection, and the kind of pair.

    ``area`` is in square metres of the working CRS, ``share`` relative to the smaller polygon. ``twice`` marks pairs
    that are one polygon, ``sliver`` those with a small intersection.
    """

    one: Ints
    other: Ints
    shapes: Shapes
    area: Floats
    share: Floats
    twice: NDArray[np.bool_]
    sliver: NDArray[np.bool_]

    def only(self, kept: NDArray[np.bool_]) -> "Overlaps":
        """Return some of the pairs, those with the largest intersection first."""
        rows = np.flatnonzero(kept)
        rows = rows[np.lexsort((self.other[rows], self.one[rows], -self.area[rows]))]
        return Overlaps(
            *(getattr(self, name)[rows] for name in ("one", "other", "shapes", "area", "share", "twice", "sliver"))
        )


def find_overlaps(shapes: Shapes, sliver_share: float = UNIT_SLIVER) -> Overlaps:
    """Find the pairs of intersecting polygons of a layer.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        Valid polygons in a metric CRS.
    sliver_share : float
        A sliver is less than this share of the smaller polygon.

    Returns
    -------
    Overlaps
        Each pair once. Pairs that share less than 0.1 m² are neighbours and left out.

    Examples
    --------
    >>> import numpy as np
    >>> from shapely import box
    >>> from siting.read.geometry.overlaps import find_overlaps
    >>> found = find_overlaps(np.array([box(0, 0, 100, 100), box(99.5, 0, 200, 100), box(200, 0, 300, 100)]))
    >>> found.one.tolist(), found.other.tolist(), found.area.tolist(), found.sliver.tolist()
    ([0], [1], [50.0], [True])
    """
    one, other = _suspects(shapes)
    shared: Shapes = np.asarray(shapely.intersection(shapes[one], shapes[other]), dtype=object)
    area = np.asarray(shapely.area(shared))
    kept = area >= NOISE_M2
    one, other, shared, area = one[kept], other[kept], shared[kept], area[kept]
    first, second = np.asarray(shapely.area(shapes[one])), np.asarray(shapely.area(shapes[other]))
    share = area / np.minimum(first, second)
    twice = area > SAME * (first + second - area)
    narrow = np.array([_is_narrow(shape) for shape in shared], dtype=bool)
    return Overlaps(one, other, shared, area, share, twice, narrow & (share < sliver_share) & ~twice)


def _suspects(shapes: Shapes) -> tuple[Ints, Ints]:
    """Return the pairs that may intersect: those that touch, except neighbours whose sides match exactly."""
    # Of intersecting polygons at least one has an edge that does not match; examining edges is fast.
    unfit = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes)))
    near, with_ = shapely.STRtree(shapes).query(shapes[unfit], predicate="intersects")
    pairs = np.sort(np.column_stack([unfit[near], with_]), axis=1).astype(np.int64)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    return pairs[:, 0], pairs[:, 1]


def _is_narrow(shape: shapely.Geometry) -> bool:
    parts = polygons_of(shape)
    return bool(((widths(parts) < SLIVER_WIDTH_M) | (np.asarray(shapely.area(parts)) < SLIVER_M2)).all())


def _mended(frame: gpd.GeoDataFrame, pairs: Overlaps, log: LayerLog) -> gpd.GeoDataFrame:
    """Cut slivers from the larger of two polygons; all cuts use the original polygons, so their order is irrelevant."""
    if not len(pairs.one):
        return frame
    given: Shapes = frame.geometry.to_numpy().astype(object)
    rank = np.empty(len(frame), dtype=np.int64)
    rank[np.lexsort((frame.index.astype(str).to_numpy(), shapely.area(given)))] = np.arange(len(frame))
    smaller = np.where(rank[pairs.one] < rank[pairs.other], pairs.one, pairs.other)
    larger = pairs.one + pairs.other - smaller
    shapes = given.copy()
    for row in np.unique(larger):
        cut = shapely.difference(given[row], shapely.union_all(given[smaller[larger == row]]))
        shapes[row] = shapely.multipolygons(polygons_of(cut)) if cut.geom_type == "GeometryCollection" else cut
    area = land_m2(pairs.shapes, frame.crs)
    log.note(
        "slivers_mended",
        count=len(area),
        area=shown_m2(float(area.sum())),
        people=_people(frame, larger, pairs),
        ids=some(_named(frame, pairs, area)),
    )
    mended = gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs)
    return frame.set_geometry(mended)


def _refuse_twice(frame: gpd.GeoDataFrame, pairs: Overlaps, log: LayerLog) -> None:
    twice = pairs.only(pairs.twice)
    for one, other, area in zip(twice.one, twice.other, land_m2(twice.shapes, frame.crs), strict=True):
        log.fault(
            "polygon_twice",
            row=str(frame.index[one]),
            field="geometry",
            found=str(frame.index[other]),
            expected=shown_m2(area),
        )


def _refuse_overlaps(frame: gpd.GeoDataFrame, pairs: Overlaps, log: LayerLog, *, areas: bool = False) -> None:
    area = land_m2(pairs.shapes, frame.crs)
    smaller = _smaller(frame, pairs)
    for pair in range(min(len(area), _MOST_FAULTS)):
        one = _one(pairs, pair)
        log.fault(
            "areas_overlap" if areas else "units_overlap",
            row=str(frame.index[pairs.one[pair]]),
            field="geometry",
            found=str(frame.index[pairs.other[pair]]),
            expected=f"{shown_m2(area[pair])}, {pairs.share[pair]:.2%}, {_people(frame, smaller[[pair]], one)}",
        )
    if len(area) > _MOST_FAULTS:
        rest = area[_MOST_FAULTS:]
        log.fault(
            "more_areas_overlap" if areas else "more_units_overlap",
            field="geometry",
            found=str(len(rest)),
            expected=shown_m2(float(rest.sum())),
        )


def _note_purpose(frame: gpd.GeoDataFrame, pairs: Overlaps, log: LayerLog, *, areas: bool = False) -> None:
    area = land_m2(pairs.shapes, frame.crs)
    if len(area):
        total = shown_m2(float(area.sum()))
        log.note(
            "areas_overlap_on_purpose" if areas else "units_overlap_on_purpose",
            count=len(area),
            area=total,
            ids=some(_named(frame, pairs, area)),
        )
    twice = pairs.only(pairs.twice)
    if len(twice.one):
        log.note("units_twice", count=len(twice.one), ids=some(_named(frame, twice, land_m2(twice.shapes, frame.crs))))


def _note_overlaps(frame: gpd.GeoDataFrame, pairs: Overlaps, log: LayerLog) -> None:
    if not len(pairs.one):
        return
    area = land_m2(pairs.shapes, frame.crs)
    log.note(
        "residential_overlap",
        count=len(area),
        area=shown_m2(float(area.sum())),
        people=_people(frame, _smaller(frame, pairs), pairs),
        ids=some(_named(frame, pairs, area)),
    )


def _one(pairs: Overlaps, pair: int) -> Overlaps:
    return pairs.only(np.arange(len(pairs.one)) == pair)


def _smaller(frame: gpd.GeoDataFrame, pairs: Overlaps) -> Ints:
    area = frame.geometry.area.to_numpy()
    return np.where(area[pairs.one] <= area[pairs.other], pairs.one, pairs.other)


def _named(frame: gpd.GeoDataFrame, pairs: Overlaps, area: Floats) -> list[str]:
    rows = zip(frame.index[pairs.one], frame.index[pairs.other], area, strict=True)
    return [f"{one} + {other} {shown_m2(shared)}" for one, other, shared in rows]


def _people(frame: gpd.GeoDataFrame, rows: Ints, pairs: Overlaps) -> str:
    """Return the residents of the intersection, by area, from the figures of the rows; ``?`` if none has a figure."""
    name = next((name for name in ("own_residents", "residents", "people") if name in frame), None)
    if name is None:
        return "?"
    own = pd.to_numeric(frame[name]).to_numpy(dtype=np.float64, na_value=np.nan)[rows]
    shared = own * pairs.area / frame.geometry.area.to_numpy()[rows]
    return "?" if np.isnan(shared).all() else f"{np.nansum(shared):.0f}"
