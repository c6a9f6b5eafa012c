"""The location of a table's rows: coordinates in its columns."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from siting.domain.scenario import Layer, PlacedLayer
from siting.read.log import LayerLog, listed, quoted
from siting.read.sources.wkt import Shapes, read_geometries
from siting.read.tables.aliases import PLACE_KEYS, find_columns
from siting.read.tables.cells import is_blank, plain, positions, row_labels
from siting.read.tables.converters import converted
from siting.read.tables.missing import missing_word


@dataclass(frozen=True)
class Placed:
    """The geometries of a table's rows, which rows were refused, and the CRS that the cells themselves name.

    ``heads`` are the names of the columns of the coordinates.
    """

    shapes: Shapes
    refused: NDArray[np.bool_]
    crs: CRS | None = None
    heads: tuple[str, ...] = ()


def placed(table: pd.DataFrame, source: Layer, log: LayerLog) -> Placed | None:
    """Return the geometries of a table with coordinates in its columns, and which rows were refused.

    Parameters
    ----------
    table : pandas.DataFrame
        The table with its own columns.
    source : Layer
        ``columns`` names the columns, otherwise known names are sought. Rows of a :class:`PlacedLayer` may lack
        coordinates, and so may the whole table.
    log : LayerLog
        Takes the faults ``column_not_found``, ``two_columns_for_key``, ``no_coordinates``, ``coordinate_missing``,
        ``coordinate_not_number``, ``not_wkt``, ``geometry_of_other_type``, ``several_srids``, ``unknown_crs``, and the
        note ``curves_made_lines``.

    Returns
    -------
    Placed or None
        One geometry for each row, two-dimensional, None if a row has none or was refused; ``refused`` marks the rows
        with a fault noted here. None if a fault leaves nothing to use.
    """
    named = _columns(table, source, log)
    if named is None:
        return None
    ids = find_columns([str(name) for name in table.columns], ("id",), source.columns, log.key)["id"]
    labels = row_labels(table[ids[0]] if len(ids) == 1 else [None] * len(table), table.index)
    log.learn_rows(labels, table.index, named)
    if "wkt" in named:
        return _from_wkt(_known(table[named["wkt"]], "wkt", log), labels, log)
    if "lon" in named and "lat" in named:
        return _points(table, named, source, labels, log)
    if isinstance(source, PlacedLayer) and not named:
        return Placed(np.full(len(table), None, dtype=object), np.zeros(len(table), dtype=bool))
    log.fault("no_coordinates", found=listed(table.columns), expected="lon, lat; wkt")
    return None


def _columns(table: pd.DataFrame, source: Layer, log: LayerLog) -> dict[str, str] | None:
    """Return lon, lat, wkt → their column, for those that exist; None if a fault was noted."""
    # A key that is mapped to nothing is not sought.
    mapped = {key: source.columns[key] for key in PLACE_KEYS if source.columns.get(key)}
    lost = [key for key, name in mapped.items() if name and name not in table.columns]
    for key in lost:
        log.fault("column_not_found", field=key, found=mapped[key], expected=listed(table.columns))
    found = find_columns([str(name) for name in table.columns], PLACE_KEYS, source.columns, log.key)
    # Names in the scenario take precedence over existing columns; WKT over points.
    wkt_counts = found["wkt"] and not {"lon", "lat"} & set(mapped)
    found = {key: names for key, names in found.items() if (key == "wkt") == bool(wkt_counts)}
    several = {key: names for key, names in found.items() if len(names) > 1}
    for key, names in several.items():
        log.fault("two_columns_for_key", field=key, found=listed(names), expected=key)
    return None if lost or several else {key: names[0] for key, names in found.items() if names}


def _known(cells: pd.Series, key: str, log: LayerLog) -> pd.Series:
    """Return cells, with words for "no value" as blanks; these are counted."""
    words = cells.map(missing_word)
    counts = Counter(word for word in words.tolist() if isinstance(word, str))
    if not counts:
        return cells
    shown = " ".join(f"{word} ×{count}" for word, count in sorted(counts.items()))
    log.note("missing_words", columns=f"{key} {shown}")
    return cells.astype(object).mask(words.notna(), None)


def _points(table: pd.DataFrame, named: dict[str, str], source: Layer, labels: list[str], log: LayerLog) -> Placed:
    lon, lat = (_known(table[named[key]], key, log) for key in ("lon", "lat"))
    blank = np.array([is_blank(x) and is_blank(y) for x, y in zip(lon, lat, strict=True)], dtype=bool)
    may_lack = blank & isinstance(source, PlacedLayer)
    x = _coordinates(lon, "lon", labels, log, may_lack)
    y = _coordinates(lat, "lat", labels, log, may_lack)
    points: Shapes = np.asarray(shapely.points(x, y), dtype=object)
    lacking = ~(np.isfinite(x) & np.isfinite(y))
    points[lacking] = None
    return Placed(points, lacking & ~may_lack, heads=(named["lon"], named["lat"]))


def _coordinates(
    cells: pd.Series, key: str, labels: list[str], log: LayerLog, may_lack: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return one column of coordinates, NaN for cells without one."""
    values = converted(cells.map(plain).astype(object), "number").values.to_numpy(dtype=np.float64, na_value=np.nan)
    for position in positions(~np.isfinite(values) & ~may_lack):
        cell = cells.iloc[position]
        if is_blank(cell):
            log.fault("coordinate_missing", row=labels[position], field=key)
        else:
            log.fault("coordinate_not_number", row=labels[position], field=key, found=quoted(cell))
    return values


def _from_wkt(cells: pd.Series, labels: list[str], log: LayerLog) -> Placed | None:
    given = [None if is_blank(cell) else cell for cell in cells.tolist()]
    found = read_geometries(given)
    refused = shapely.is_missing(found.shapes) & np.array([cell is not None for cell in given], dtype=bool)
    for position in positions(refused):
        kind = found.types[position]
        if kind is None:
            log.fault("not_wkt", row=labels[position], field="wkt", found=quoted(given[position]))
        else:
            log.fault("geometry_of_other_type", row=labels[position], field="wkt", found=kind)
    if found.curves:
        log.note("curves_made_lines", count=found.curves)
    if len(found.srids) > 1:
        log.fault("several_srids", field="wkt", found=listed(found.srids))
        return None
    crs = None
    if found.srids:
        try:
            crs = CRS.from_epsg(found.srids[0])
        except CRSError:
            log.fault("unknown_crs", field="wkt", found=f"SRID {found.srids[0]}")
            return None
    return Placed(found.shapes, refused, crs)
