"""Parquet files, with places or without."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import shapely

from siting.domain.scenario import Layer
from siting.read.log import LayerLog
from siting.read.sources.files import has_few_columns


def read_parquet(path: Path, _source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Read a Parquet file; None with a fault noted.

    Parameters
    ----------
    path : Path
        The file. With metadata of GeoParquet its primary geometry counts, any other is left out; without it is a
        table.
    log : LayerLog
        Takes the fact ``driver`` and the faults ``unreadable_file`` and ``too_many_columns``.
    """
    try:
        schema = pq.read_schema(path)
        if not has_few_columns(len(schema.names), log):
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
