"""A layer as it lies in its file becomes a table of the house: our columns, checked geometry, the working CRS."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from siting.domain.tables import Column
from siting.read.geometry.shapes import POLYGONAL, Family, checked_shapes
from siting.read.sources.vectors import Raw
from siting.read.tables.columns import empty_table, typed_table, with_ids


def finished(raw: Raw, columns: Sequence[Column], family: Family, crs: CRS | None) -> gpd.GeoDataFrame:
    """Return a layer's table: indexed by ``id``, all ``columns`` in their order, then ``geometry``.

    Parameters
    ----------
    raw : Raw
        The layer; its log takes every fault of columns and geometry.
    columns : sequence of Column
        What the table holds.
    family : {"points", "polygons", "lines", "any"}
        The kind of its geometry.
    crs : pyproj.CRS or None
        The working CRS; None leaves the layer in its own (when the units are at fault and all there is to do
        is to find the faults of the other layers).
    """
    table, labels = typed_table(raw.frame.drop(columns="geometry"), columns, raw.source, raw.log)
    shapes = checked_shapes(raw.frame.geometry, family, labels, raw.log)
    if crs is not None:
        shapes = moved(shapes, crs)
        for position in np.flatnonzero(~np.isfinite(shapes.bounds.to_numpy()).all(axis=1) & ~shapes.isna().to_numpy()):
            raw.log.fault("coordinates_out_of_range", row=labels[position], field="geometry", expected=crs.name)
    required = next(column.required for column in columns if column.key == "id")
    table = with_ids(table, raw.log, required=required)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes.to_numpy(), index=table.index, crs=shapes.crs))


def absent(columns: Sequence[Column], crs: CRS) -> gpd.GeoDataFrame:
    """Return the table of a layer that the scenario does not have, or declares empty: all columns, no row."""
    table = empty_table(columns)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([], index=table.index, crs=crs))


def moved(shapes: gpd.GeoSeries, crs: CRS) -> gpd.GeoSeries:
    """Return geometries in another CRS; polygons that broke on the way are valid again."""
    there = shapes.to_crs(crs)
    polygonal = np.isin(shapely.get_type_id(there.to_numpy()), POLYGONAL)
    broken = polygonal & ~there.is_valid.to_numpy() & shapes.is_valid.to_numpy()
    if not broken.any():
        return there
    found = there.to_numpy().astype(object)
    found[broken] = shapely.make_valid(found[broken], method="structure", keep_collapsed=False)
    return gpd.GeoSeries(found, index=there.index, crs=crs)
