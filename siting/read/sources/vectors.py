"""The doors to layers: any file, archive or table of a database becomes a table in its own columns and CRS."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from siting.crs import WGS84
from siting.domain.scenario import Layer, PlacedLayer
from siting.domain.tables import Column
from siting.read.geometry.hints import note_web_map, web_map_named
from siting.read.geometry.projections import georeferenced, shifted_system, tagged_crs
from siting.read.log import LayerLog
from siting.read.sources import archives
from siting.read.sources.attributes import kept_rows, keys_of, with_attributes
from siting.read.sources.databases import read_database
from siting.read.sources.delimited import read_delimited
from siting.read.sources.files import take
from siting.read.sources.geoparquet import read_parquet
from siting.read.sources.ogr import polygons_of_rings, read_ogr
from siting.read.sources.placed import Placed, placed
from siting.read.sources.sheets import read_sheet
from siting.read.tables.cells import renumbered
from siting.read.tables.cleaning import clean_table
from siting.read.tables.columns import typed_table, with_ids
from siting.read.tables.totals import without_totals

Source = Layer


@dataclass(frozen=True)
class Raw:
    """A layer as in its file: its columns, geometry, the file's CRS; ``source`` tells how to read them.

    ``refused`` are the index labels of the rows whose geometry is missing since it cannot be read, which is told.
    """

    frame: gpd.GeoDataFrame
    source: Source
    log: LayerLog
    refused: frozenset[int] = frozenset()


def read_vector(source: Source, log: LayerLog, columns: Sequence[Column] = ()) -> Raw | None:
    """Read a layer: a vector file, a table with coordinates, a zip with one, or a table of a database.

    Parameters
    ----------
    source : Layer
        The scenario's settings of the layer; its ``path`` or ``database`` is given.
    log : LayerLog
        Takes the facts ``driver``, ``layer``, ``encoding``, ``encoding_by``, ``rows``, ``rows_left_out``, what was
        mended or left out, and the faults: missing or unreadable file, layer not found or not named, an encoding that
        the evidence does not bear out, missing, unknown or conflicting CRS, coordinates that are no numbers, an empty
        layer not declared empty.
    columns : sequence of Column
        What the layer has to hold: where its places are at fault, what is wrong in its columns is noted all the same.

    Returns
    -------
    Raw or None
        None when a fault was noted that leaves nothing to go on with, or the layer is empty as declared. Geometry is
        two-dimensional. Records of a :class:`~siting.domain.scenario.PlacedLayer` that come in a table may lack
        coordinates: their geometry is None, and a layer with none at all is in WGS84. Rows of totals are left out of
        tables, never of layers that were drawn.
    """
    table = _read(source, log)
    if table is None:
        return None
    raw = _with_crs(table, source, log)
    if raw is None and columns:
        _check_columns(table, columns, source, log)
    return raw


def _check_columns(table: pd.DataFrame, columns: Sequence[Column], source: Source, log: LayerLog) -> None:
    """Note faults in the columns of a layer whose geometry is at fault."""
    if isinstance(table, gpd.GeoDataFrame):
        table = pd.DataFrame(table.drop(columns=table.geometry.name))
    typed, _ = typed_table(renumbered(table), columns, source, log)
    with_ids(typed, next(column for column in columns if column.key == "id"), log)


def read_table(source: Source, log: LayerLog) -> pd.DataFrame | None:
    """Read a table without geometry; None if a fault was noted, or the table is empty as declared."""
    table = _read(source, log)
    if table is None:
        return None
    if isinstance(table, gpd.GeoDataFrame):
        table = pd.DataFrame(table.drop(columns=table.geometry.name))
    return renumbered(table)


def _read(source: Source, log: LayerLog) -> pd.DataFrame | None:
    """Return the selected rows of a layer, with all their columns."""
    table = (
        read_database(source, log) if source.database is not None else _from_path(Path(source.path or ""), source, log)
    )
    if table is None:
        return None
    log.fact(rows=len(table))
    if table.empty:
        if not source.empty:
            log.fault("empty_layer")
        return None
    table = clean_table(table, log)
    table = None if table is None else _narrowed(table, source, log)
    if table is None:
        return None
    if log.log.layers.get(log.key, {}).get("driver") == "DXF":
        table = polygons_of_rings(table, source, log)
    return table if isinstance(table, gpd.GeoDataFrame) else without_totals(table, source, log)


def _from_path(path: Path, source: Source, log: LayerLog) -> pd.DataFrame | None:
    if not take(path, log):
        return None
    if path.suffix.lower() != ".zip":
        return _from_file(path, source, log)
    with archives.opened(path, source, log) as inside:
        return None if inside is None else _from_file(*inside, log)


def _from_file(path: Path, source: Source, log: LayerLog) -> pd.DataFrame | None:
    try:
        return _READERS.get(path.suffix.lower(), read_ogr)(path, source, log)
    except (UnicodeDecodeError, LookupError) as error:
        log.fault("bad_encoding", found=str(error), expected=source.encoding or "UTF-8")
    except _UNREADABLE as error:
        log.fault("unreadable_file", found=str(error))
    return None


# pyogrio raises a NameError for the name of a CRS that is no UTF-8.
_UNREADABLE: Final = (
    RuntimeError, OSError, ValueError, OverflowError, NameError, csv.Error, shapely.errors.ShapelyError,
)  # fmt: skip


_READERS: Final[Mapping[str, Callable[[Path, Source, LayerLog], pd.DataFrame | None]]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".xlsx": read_sheet,
    ".xlsm": read_sheet,
    ".xls": read_sheet,
    ".et": read_sheet,
    ".parquet": read_parquet,
    ".geoparquet": read_parquet,
}


def _narrowed(table: pd.DataFrame, source: Source, log: LayerLog) -> pd.DataFrame | None:
    """Return the rows that ``rows`` selects, with the columns that ``attributes`` adds.

    Rows are first selected by the layer's own columns, so that the join reports only on those.
    """
    count = len(table)
    own = {name: values for name, values in source.rows.items() if source.attributes is None or name in table.columns}
    found = kept_rows(table, own, log) if own else table
    if found is not None and source.attributes is not None:
        found = _with_attributes(found, source, log)
        joined = {name: values for name, values in source.rows.items() if name not in own}
        found = kept_rows(found, joined, log) if found is not None and joined else found
    if found is not None and source.rows:
        log.fact(rows_left_out=count - len(found))
    return found


def _with_attributes(table: pd.DataFrame, source: Source, log: LayerLog) -> pd.DataFrame | None:
    other = Layer(path=source.attributes)
    inner = log.log.layer(f"{log.key}.attributes", other.called)
    beside = read_table(other, inner)
    if beside is None or source.attributes_on is None:
        return None
    if (theirs := source.attributes_on[1]) in beside.columns:
        log.is_joined_to(inner, map(str, keys_of(beside[theirs])), beside.index)
    return with_attributes(table, beside, source.attributes_on, log)


def _with_crs(table: pd.DataFrame, source: Source, log: LayerLog) -> Raw | None:
    if isinstance(table, gpd.GeoDataFrame):
        tagged = None if table.crs is None else tagged_crs(CRS(table.crs).to_wkt())
        columns = pd.DataFrame(table.drop(columns=table.geometry.name))
        geometry = georeferenced(shapely.force_2d(table.geometry.to_numpy()), tagged, source, log)
        refused = np.zeros(len(table), dtype=np.bool_)
    else:
        found = placed(table, source, log)
        if found is None:
            return None
        columns, geometry, refused = table, _positioned(found, source, log), found.refused
    if geometry is None:
        return None
    if shifted_system(source.crs) is None:
        note_web_map(map(str, columns.columns), log.file, CRS(geometry.crs), log)
    columns = renumbered(columns)
    frame = gpd.GeoDataFrame(columns, geometry=geometry.set_axis(columns.index))
    return Raw(frame, source, log, frozenset(columns.index[refused].tolist()))


def _positioned(found: Placed, source: Source, log: LayerLog) -> gpd.GeoSeries | None:
    if isinstance(source, PlacedLayer) and shapely.is_missing(found.shapes).all() and not found.refused.any():
        return gpd.GeoSeries(found.shapes, crs=WGS84)
    named = web_map_named(found.heads) if source.crs is None else None
    if named is None:
        return georeferenced(found.shapes, found.crs, source, log)
    system, head = named
    geometry = georeferenced(found.shapes, found.crs, source.model_copy(update={"crs": system}), log)
    log.fact(crs_by="file")
    log.note("crs_from_head", system=shifted_system(system), head=head)
    return geometry
