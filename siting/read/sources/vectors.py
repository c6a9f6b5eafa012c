"""Vector files and tables become a table with geometry in the file's own CRS; columns keep the file's names."""

import csv
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siting.domain.scenario import Layer
from siting.read.geometry.projections import resolve_crs
from siting.read.log import LayerLog, listed, quoted
from siting.read.sources.files import take
from siting.read.tables.cells import is_blank, positions, row_labels

Source = Layer
Shapes = NDArray[np.object_]

LON_NAMES: Final = ("lon", "lng", "longitude")
LAT_NAMES: Final = ("lat", "latitude")
WKT_NAMES: Final = ("wkt", "WKT")
# Keys of ``columns`` that say where the coordinates stand.
PLACE_KEYS: Final = ("lon", "lat", "wkt")


@dataclass(frozen=True)
class Raw:
    """A layer as it lies in its file: their columns, geometry, the file's CRS; ``source`` says how to read them."""

    frame: gpd.GeoDataFrame
    source: Source
    log: LayerLog


def read_vector(source: Source, log: LayerLog) -> Raw | None:
    """Read a vector file, or a table with coordinates.

    Parameters
    ----------
    source : Layer or UnitLayer
        What the scenario says of the layer; its ``path`` is given.
    log : LayerLog
        Takes the faults: missing or unreadable file, layer not found or not named, wrong encoding, missing,
        unknown or conflicting CRS, coordinates that are no numbers, an empty layer not declared empty.

    Returns
    -------
    Raw or None
        None when a fault was noted that leaves nothing to go on with, or the layer is empty as declared. Geometry is
        two-dimensional.
    """
    table = _read(source, log)
    return None if table is None else _with_crs(table, source, log)


def read_table(source: Source, log: LayerLog) -> pd.DataFrame | None:
    """Read a table without places; None when a fault was noted, or the table is empty as declared."""
    table = _read(source, log)
    if table is None or _is_empty(table, source, log):
        return None
    if isinstance(table, gpd.GeoDataFrame):
        table = pd.DataFrame(table.drop(columns=table.geometry.name))
    return table.reset_index(drop=True)


def _read(source: Source, log: LayerLog) -> pd.DataFrame | None:
    path = Path(source.path or "")
    if not take(path, log):
        return None
    try:
        return _read_csv(path, source, log) if path.suffix.lower() == ".csv" else _read_ogr(path, source, log)
    except (UnicodeDecodeError, LookupError) as error:
        log.fault("bad_encoding", found=str(error), expected=source.encoding or "UTF-8")
        return None
    except (RuntimeError, OSError, ValueError, csv.Error, shapely.errors.ShapelyError) as error:
        log.fault("unreadable_file", found=str(error))
    return None


def _is_empty(table: pd.DataFrame, source: Source, log: LayerLog) -> bool:
    """Tell whether a table has no row; one that was not declared so is at fault."""
    if table.empty and not source.empty:
        log.fault("empty_layer")
    return table.empty


def _with_crs(table: pd.DataFrame, source: Source, log: LayerLog) -> Raw | None:
    if _is_empty(table, source, log):
        return None
    tagged = table.crs if isinstance(table, gpd.GeoDataFrame) else None
    crs = resolve_crs(None if tagged is None else CRS(tagged), source.crs, log)
    if isinstance(table, gpd.GeoDataFrame):
        shapes: Shapes | None = table.geometry.to_numpy()
        columns = pd.DataFrame(table.drop(columns=table.geometry.name))
    else:
        shapes, columns = _placed(table, source, log), table
    if crs is None or shapes is None:
        return None
    geometry = gpd.GeoSeries(shapely.force_2d(shapes), crs=crs)
    return Raw(gpd.GeoDataFrame(columns.reset_index(drop=True), geometry=geometry), source, log)


def _read_csv(path: Path, source: Source, log: LayerLog) -> pd.DataFrame | None:
    """Read a table of text; blank cells stay blank text."""
    with path.open(encoding=source.encoding or "utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        head = [name.strip() for name in next(lines, [])]
        rows = []
        for cells in lines:
            if not any(map(str.strip, cells)):
                continue
            if len(cells) == len(head):
                rows.append(cells)
            else:
                log.fault("ragged_row", row=str(lines.line_num), found=str(len(cells)), expected=str(len(head)))
    twice = sorted({name for name in head if head.count(name) > 1})
    for name in twice:
        log.fault("column_twice", field=name, found=name)
    return None if twice else pd.DataFrame(rows, columns=head, dtype=object)


def _read_ogr(path: Path, source: Source, log: LayerLog) -> pd.DataFrame | None:
    """Read what GDAL reads; a broken geometry comes out as None."""
    with warnings.catch_warnings():
        # GDAL reports as warnings what is checked here anyway: rings not closed, fields cut, layers not
        # named.
        warnings.simplefilter("ignore")
        layer = _pick_layer(pyogrio.list_layers(path), source, log)
        if layer is None:
            return None
        table: pd.DataFrame = pyogrio.read_dataframe(
            path, layer=layer, encoding=source.encoding, force_2d=True, on_invalid="ignore", use_arrow=False
        )
    return table


def _pick_layer(layers: Shapes, source: Source, log: LayerLog) -> str | None:
    names = [str(name) for name, _ in layers]
    if source.layer is not None:
        if source.layer in names:
            return source.layer
        log.fault("layer_not_found", field="layer", found=source.layer, expected=listed(names))
        return None
    with_geometry = [str(name) for name, geometry in layers if geometry is not None]
    candidates = with_geometry or names
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        log.fault("layer_not_named", field="layer", expected=listed(candidates))
    else:
        log.fault("unreadable_file", found="0")
    return None


def _placed(table: pd.DataFrame, source: Source, log: LayerLog) -> Shapes | None:
    """Return the geometries of a table with coordinates in its columns; None where there is no such column."""
    named = {key: _place_column(table, source, key, names) for key, names in _PLACE_NAMES.items()}
    lost = [key for key in PLACE_KEYS if key in source.columns and named[key] is None]
    for key in lost:
        log.fault("column_not_found", field=key, found=source.columns[key], expected=listed(table.columns))
    if lost:
        return None
    lon, lat, wkt = (named[key] for key in PLACE_KEYS)
    name = source.columns.get("id", "id")
    labels = row_labels(table[name] if name in table.columns else [None] * len(table))
    mapped_points = "lon" in source.columns or "lat" in source.columns
    if wkt is not None and not mapped_points:
        return _from_wkt(table[wkt], labels, log)
    if lon is None or lat is None:
        log.fault("no_coordinates", found=listed(table.columns), expected="lon, lat; wkt")
        return None
    x, y = _coordinates(table[lon], "lon", labels, log), _coordinates(table[lat], "lat", labels, log)
    points: Shapes = np.asarray(shapely.points(x, y), dtype=object)
    return points


_PLACE_NAMES: Final = {"lon": LON_NAMES, "lat": LAT_NAMES, "wkt": WKT_NAMES}


def _place_column(table: pd.DataFrame, source: Source, key: str, names: tuple[str, ...]) -> str | None:
    wanted = (source.columns[key],) if key in source.columns else names
    return next((name for name in wanted if name in table.columns), None)


def _coordinates(cells: pd.Series, key: str, labels: list[str], log: LayerLog) -> NDArray[np.float64]:
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    for position in positions(~np.isfinite(values)):
        cell = cells.iloc[position]
        if is_blank(cell):
            log.fault("missing_value", row=labels[position], field=key)
        else:
            log.fault("not_number", row=labels[position], field=key, found=quoted(cell), expected="106.55")
    # A point that was reported here must not be reported again as an empty geometry.
    return np.where(np.isfinite(values), values, 0.0)


def _from_wkt(cells: pd.Series, labels: list[str], log: LayerLog) -> Shapes:
    texts = np.array([None if is_blank(cell) else str(cell) for cell in cells], dtype=object)
    shapes = np.asarray(shapely.from_wkt(texts, on_invalid="ignore"), dtype=object)
    for position in positions(shapely.is_missing(shapes) & (texts != None)):  # noqa: E711 — elementwise
        log.fault("not_wkt", row=labels[position], field="wkt", found=quoted(texts[position]))
        shapes[position] = shapely.Point(0.0, 0.0)
    return shapes
