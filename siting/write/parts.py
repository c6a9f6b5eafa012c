"""The results of one part of a batch as files: its places and its cells."""

from pathlib import Path
from typing import Final

import geopandas as gpd

from siting.crs import WGS84
from siting.domain.tables import GRID_COLUMNS, PLACE_COLUMNS
from siting.write.files import write_bytes, write_text
from siting.write.layers import parquet_bytes, table_of

PLACES: Final = "places.parquet"
PLACES_WGS84: Final = "places.geojson"
CELLS: Final = "cells.parquet"


def write_part(folder: Path, places: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> None:
    """Write the places and the populated cells of a part.

    Parameters
    ----------
    folder : pathlib.Path
        It is made if it is missing; each file is replaced whole.
    places : geopandas.GeoDataFrame
        ``PLACE_COLUMNS`` and polygons: ``places.parquet`` in their CRS, ``places.geojson`` in WGS84.
    cells : geopandas.GeoDataFrame
        ``cell`` (its number in the grid), ``GRID_COLUMNS``, ``nearest`` and the centre: ``cells.parquet``.

    Raises
    ------
    siting.errors.InputError
        A file cannot be written.
    """
    table = gpd.GeoDataFrame(table_of(places, PLACE_COLUMNS))
    write_bytes(folder / PLACES, parquet_bytes(table))
    write_text(folder / PLACES_WGS84, table.to_crs(WGS84).to_json(drop_id=True, to_wgs84=False))
    keys = ["cell", *(column.key for column in GRID_COLUMNS), "nearest", "geometry"]
    write_bytes(folder / CELLS, parquet_bytes(cells[keys]))
