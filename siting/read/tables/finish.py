"""A layer as in its file becomes a finished table: our columns, checked geometry, the working CRS."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siting.crs import WGS84, carry, transform_points
from siting.domain.scenario import AreaLayer, PlacedLayer
from siting.domain.tables import Column
from siting.read.geometry.pieces import land_m2, shown_m2, some, usable
from siting.read.geometry.projections import Bounds, carry_bounds, show_bounds
from siting.read.geometry.shapes import POLYGONAL, Family, beyond_mending, checked_shapes
from siting.read.ordering import content_order
from siting.read.sources.vectors import Raw
from siting.read.tables.columns import empty_table, typed_table, with_ids

# A metric CRS covers this many degrees on each side of its meridian, and of the equator: no district is as wide. Sides
# created by the cut are straight over this many degrees.
_WIDE: Final = 20.0
_POLAR: Final = 85.0
_BEND: Final = 0.05
# The same in metres.
_WIDE_M: Final = 2_000_000.0
_BEND_M: Final = 5_000.0


def finished(raw: Raw, columns: Sequence[Column], family: Family, crs: CRS | None) -> gpd.GeoDataFrame:
    """Return only the table of :func:`labelled`."""
    table, _ = labelled(raw, columns, family, crs)
    return table


def labelled(
    raw: Raw, columns: Sequence[Column], family: Family, crs: CRS | None
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Return a layer's table, and the names of its records in messages.

    The table is indexed by ``id`` and has all ``columns`` in their order, then ``geometry``. Records are in the order
    of their ids if ids are required, otherwise by place, never in that of the file.

    Parameters
    ----------
    raw : Raw
        The layer; its log takes every fault of columns and geometry, and the facts ``rows_used`` and ``extent``.
        Records of a ``PlacedLayer`` may lack geometry, which is None then.
    columns : sequence of Column
        The columns of the table.
    family : {"points", "polygons", "lines", "any"}
        The kind of its geometry.
    crs : pyproj.CRS or None
        The working CRS; None keeps the layer's own (if the units are at fault and only the faults of the other layers
        are sought).

    Returns
    -------
    table : geopandas.GeoDataFrame
    labels : dict of str to str
        The given id, otherwise the row of the sheet or the number of the record in the file.
    """
    table, labels = typed_table(raw.frame.drop(columns="geometry"), columns, raw.source, raw.log)
    raw, table, labels = _without_invalid(raw, table, labels)
    shapes = _shapes(raw, family, labels)
    if crs is not None:
        if isinstance(raw.source, AreaLayer):
            shapes = _without_wide(shapes, labels, raw)
        given, shapes = shapes, moved(shapes, crs)
        _tell_off_earth(given, shapes, labels, raw)
    key = next(column for column in columns if column.key == "id")
    if not key.required:
        # Missing ids become numbers: these must not depend on the file either.
        order = content_order(shapes.to_numpy(), [table[name] for name in table.columns])
        table, shapes = table.iloc[order], gpd.GeoSeries(shapes.iloc[order])
        labels = [labels[position] for position in order]
    table = with_ids(table, key, raw.log)
    raw.log.fact(rows_used=len(table), **_extent(shapes))
    found = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes.to_numpy(), index=table.index, crs=shapes.crs))
    called = dict(zip(found.index, labels, strict=True))
    return (found.sort_index(kind="stable") if key.required else found), called


def _tell_off_earth(given: gpd.GeoSeries, shapes: gpd.GeoSeries, labels: list[str], raw: Raw) -> None:
    """Report geometries with vertices that the working CRS does not transform to finite places and back to degrees."""
    crs = CRS(shapes.crs)
    corners = shapes.bounds.to_numpy()
    x, y = corners[:, [0, 0, 2, 2]].ravel(), corners[:, [1, 3, 1, 3]].ravel()
    lon, lat = transform_points(x, y, crs, WGS84)
    on_earth = np.isfinite([x, y, lon, lat]).all(axis=0).reshape(-1, 4).all(axis=1)
    there = ~(shapes.isna() | shapes.is_empty).to_numpy()
    for position in np.flatnonzero(~on_earth & there):
        raw.log.fault(
            "coordinates_out_of_range",
            row=labels[position],
            field="geometry",
            found=show_bounds(given.iloc[position].bounds, CRS(given.crs)),
            expected=crs.name,
        )


def _without_wide(shapes: gpd.GeoSeries, labels: list[str], raw: Raw) -> gpd.GeoSeries:
    """Refuse geometries that are too large for any metric CRS, and leave them out of the following steps."""
    wide = _are_wide(shapes)
    for position in np.flatnonzero(wide):
        found = show_bounds(shapes.iloc[position].bounds, CRS(shapes.crs))
        most = f"{_WIDE:.0f}°" if CRS(shapes.crs).is_geographic else f"{_WIDE_M / 1000:,.0f} km"
        raw.log.fault("area_too_wide", row=labels[position], field="geometry", found=found, expected=most)
    return gpd.GeoSeries(shapes.mask(wide, shapely.Polygon())) if wide.any() else shapes


def _without_invalid(raw: Raw, table: pd.DataFrame, labels: list[str]) -> tuple[Raw, pd.DataFrame, list[str]]:
    """Return a layer without the polygons that cannot be repaired, if the scenario leaves them out; it is noted.

    If none would remain, all are kept, and refused.
    """
    if not isinstance(raw.source, AreaLayer) or raw.source.on_invalid != "leave_out":
        return raw, table, labels
    shapes = raw.frame.geometry.to_numpy()
    out = beyond_mending(shapes)
    if not out.any() or out.all():
        return raw, table, labels
    drawn = shapely.make_valid(shapes[out & ~shapely.is_missing(shapes)], method="structure", keep_collapsed=False)
    area = land_m2(drawn[usable(drawn)], raw.frame.crs).sum()
    given = next((name for name in ("people", "residents", "elderly") if name in table), None)
    told = table.loc[out, given].sum(min_count=1) if given is not None else np.nan
    gone = [labels[position] for position in np.flatnonzero(out)]
    figures = {"count": len(gone), "area": shown_m2(float(area)), "ids": some(gone)}
    if pd.isna(told):
        raw.log.note("invalid_left_out", **figures)
    else:
        raw.log.note("invalid_left_out_with_people", people=f"{told:,.0f}", **figures)
    # Tables that are joined by id or name know by these why a row has no place.
    raw.log.fact(invalid=sorted({*gone, *(table.loc[out, "name"].dropna() if "name" in table else ())}))
    kept = [label for label, gone in zip(labels, out, strict=True) if not gone]
    return replace(raw, frame=raw.frame[~out]), table[~out], kept


def _shapes(raw: Raw, family: Family, labels: list[str]) -> gpd.GeoSeries:
    """Return checked geometries; if a layer's records may be located by name, missing ones stay None."""
    if not isinstance(raw.source, PlacedLayer):
        return checked_shapes(raw.frame.geometry, family, labels, raw.log, raw.refused)
    found = raw.frame.geometry.to_numpy().astype(object)
    there = np.flatnonzero(~(shapely.is_missing(found) | shapely.is_empty(found)))
    given = gpd.GeoSeries(found[there], crs=raw.frame.crs)
    checked = checked_shapes(given, family, [labels[row] for row in there], raw.log)
    found[:] = None
    found[there] = checked.to_numpy()
    # What cannot be read is not what is absent: no name stands for it.
    found[raw.frame.index.isin(raw.refused)] = shapely.Point()
    return gpd.GeoSeries(found, index=raw.frame.index, crs=raw.frame.crs)


def _extent(shapes: gpd.GeoSeries) -> dict[str, Bounds]:
    """Return the rectangle around geometries in degrees of WGS84; None if there is none.

    It is that of the points themselves: one far-off point stretches a rectangle in metres beyond any map.
    """
    west, south, east, north = shapes.total_bounds.tolist()
    if not np.isfinite([west, south, east, north]).all():
        return {}
    there = shapes.to_numpy()[~(shapes.isna() | shapes.is_empty).to_numpy()]
    if (shapely.get_type_id(there) == shapely.GeometryType.POINT).all():
        lon, lat = transform_points(shapely.get_x(there), shapely.get_y(there), CRS(shapes.crs), WGS84)
        box = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
        return {"extent": box} if np.isfinite(box).all() else {}
    found = carry_bounds((west, south, east, north), CRS(shapes.crs), WGS84)
    return {} if found is None else {"extent": found}


def absent(columns: Sequence[Column], crs: CRS) -> gpd.GeoDataFrame:
    """Return the table of a layer that is absent from the scenario, or declared empty: all columns, no rows."""
    table = empty_table(columns)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([], index=table.index, crs=crs))


def moved(shapes: gpd.GeoSeries, crs: CRS) -> gpd.GeoSeries:
    """Return geometries in another CRS; polygons that became invalid on the way are repaired.

    Areas that span about half of the Earth are cut first: no metric CRS covers them.
    """
    shapes = _cut(shapes, crs)
    there = shapes.to_crs(crs)
    polygonal = np.isin(shapely.get_type_id(there.to_numpy()), POLYGONAL)
    # Geometry that is no longer finite cannot be repaired; the caller reports it.
    finite = np.isfinite(there.bounds.to_numpy()).all(axis=1)
    broken = polygonal & finite & ~there.is_valid.to_numpy() & shapes.is_valid.to_numpy()
    if not broken.any():
        return there
    found = there.to_numpy().astype(object)
    found[broken] = shapely.make_valid(found[broken], method="structure", keep_collapsed=False)
    return gpd.GeoSeries(found, index=there.index, crs=crs)


def _cut(shapes: gpd.GeoSeries, crs: CRS) -> gpd.GeoSeries:
    """Return areas cut to the extent of a metric CRS, if they extend far beyond it."""
    wide = _are_wide(shapes)
    if not wide.any() or crs.is_geographic:
        return shapes
    found, given = shapes.to_numpy().astype(object), CRS(shapes.crs)
    lon = _meridian(crs)
    ground = shapely.box(lon - _WIDE, -_POLAR, lon + _WIDE, _POLAR)
    if not given.is_geographic:
        there = carry(WGS84, given)
        sides = shapely.segmentize(ground, _BEND)
        ground = shapely.transform(sides, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1])))
    whole = shapely.make_valid(found[wide], method="structure", keep_collapsed=False)
    near = shapely.intersection(whole, shapely.make_valid(ground))
    # Extra vertices keep long sides on their true line.
    bent = shapely.segmentize(near, _BEND if given.is_geographic else _BEND_M)
    found[wide] = np.where(shapely.is_empty(near), found[wide], bent)
    return gpd.GeoSeries(found, index=shapes.index, crs=shapes.crs)


def _are_wide(shapes: gpd.GeoSeries) -> NDArray[np.bool_]:
    """Tell which geometries are areas that extend farther than a metric CRS."""
    found = shapes.to_numpy().astype(object)
    if shapes.crs is None:
        return np.zeros(len(found), dtype=bool)
    most = _WIDE if CRS(shapes.crs).is_geographic else _WIDE_M
    west, south, east, north = shapely.bounds(found).T
    wide = (east - west > most) | (north - south > most)
    return np.asarray(wide & np.isin(shapely.get_type_id(found), POLYGONAL), dtype=bool)


def _meridian(crs: CRS) -> float:
    """Return the central longitude of a metric CRS: that of its area of use, otherwise of its definition."""
    area = crs.area_of_use
    if area is not None and area.west < area.east:
        return (area.west + area.east) / 2
    operation = crs.coordinate_operation
    named = [] if operation is None else [each for each in operation.params if each.name.startswith("Longitude of")]
    return float(named[0].value) if named else 0.0
