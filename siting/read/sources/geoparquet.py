"""Parquet files, with or without geometry."""

from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import shapely

from siting.domain.scenario import Layer
from siting.read.log import LayerLog
from siting.read.sources.files import has_few_columns
from siting.read.sources.packed import megabytes, most_unpacked

# The least memory of a cell, however often its value is repeated in the file.
_CELL_BYTES: Final = 8


def read_parquet(path: Path, _source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Read a Parquet file; None with a fault noted.

    Parameters
    ----------
    path : Path
        The file. With GeoParquet metadata its primary geometry is used, any other is left out; without, it is a table.
    log : LayerLog
        Takes the fact ``driver`` and the faults ``unreadable_file``, ``too_many_columns`` and ``unpacks_too_large``.
    """
    try:
        schema = pq.read_schema(path)
        if not has_few_columns(len(schema.names), log):
            return None
        if not _unpacks_within_limits(path, log):
            return None
        has_places = b"geo" in (schema.metadata or {})
        log.fact(driver="GeoParquet" if has_places else "Parquet")
        table = gpd.read_parquet(path) if has_places else pd.read_parquet(path)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        log.fault("unreadable_file", found=str(error))
        return None
    if any(name is not None for name in table.index.names):
        table = table.reset_index()
    if isinstance(table, gpd.GeoDataFrame):
        others = [name for name in table.columns if name != table.geometry.name and table[name].dtype == "geometry"]
        table = (
            table.drop(columns=others).rename_geometry("geometry")
            if table.geometry.name != "geometry"
            else table.drop(columns=others)
        )
        table["geometry"] = gpd.GeoSeries(shapely.force_2d(table.geometry.to_numpy()), index=table.index, crs=table.crs)
    table.columns = table.columns.map(str)
    return table


def _unpacks_within_limits(path: Path, log: LayerLog) -> bool:
    """Tell whether a table takes no more memory than allowed for its file size; note a fault otherwise."""
    declared, packed = pq.read_metadata(path), path.stat().st_size
    parts = (declared.row_group(at).total_byte_size for at in range(declared.num_row_groups))
    size: int = max(declared.num_rows * declared.num_columns * _CELL_BYTES, sum(parts))
    most = most_unpacked(packed)
    if size > most:
        log.fault("unpacks_too_large", found=megabytes(packed), expected=megabytes(most))
    return size <= most
