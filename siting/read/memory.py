"""Tables and rasters in memory used in place of files: they are stored as files, which are read as usual."""

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import rasterio

from siting.domain.nouns import Raster
from siting.domain.scenario import PATH_KEYS
from siting.errors import Faults

# The name of a source in memory, in messages and in the record of a run.
NAME: Final = "memory"


class Kept:
    """A folder that exists as long as this object."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="siting-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def as_files(sections: Mapping[str, Any]) -> tuple[dict[str, Any], Kept | None]:
    """Return the sections of a scenario with paths instead of tables and rasters.

    Parameters
    ----------
    sections : mapping
        Keys nested as in a scenario's file. Every path may be replaced by a :class:`pandas.DataFrame`, a
        :class:`geopandas.GeoDataFrame` or a :class:`~siting.domain.nouns.Raster`; a source may also be one of them,
        instead of its keys.

    Returns
    -------
    sections : dict
        The same keys. Each table is a Parquet file, each raster a GeoTIFF of float64; a table's index is a column of it
        if it has a name.
    kept : Kept or None
        To be kept as long as the files are needed; None if there are none.

    Raises
    ------
    siting.errors.InputError
        A table cannot be stored, for example with numbers and texts in one column; all faults together.

    Examples
    --------
    >>> import pandas as pd
    >>> from siting.read.memory import as_files
    >>> sections, kept = as_files({"facilities": {"path": pd.DataFrame({"id": ["F1"]}), "complete": True}})
    >>> sections["facilities"]["path"].name, sections["facilities"]["complete"]
    ('memory.parquet', True)
    """
    kept, faults = Kept(), Faults()
    found: dict[str, Any] = _filed(sections, "", kept.path, faults)
    faults.stop_if_any()
    return found, kept if any(kept.path.iterdir()) else None


def _filed(value: Any, key: str, folder: Path, faults: Faults) -> Any:  # noqa: ANN401 - the value of any key
    """Return the value of a dotted key, with paths in it."""
    name = key.rpartition(".")[2]
    if isinstance(value, Mapping):
        return {each: _filed(inner, f"{key}.{each}".lstrip("."), folder, faults) for each, inner in value.items()}
    if isinstance(value, list | tuple) and name in PATH_KEYS:
        return [_filed(each, f"{key}.{at}", folder, faults) for at, each in enumerate(value)]
    if not isinstance(value, pd.DataFrame | Raster):
        return value
    file = folder / key
    file.mkdir()
    if isinstance(value, Raster):
        path = _raster(value, file / f"{NAME}.tif")
    else:
        path = _table(value, file / f"{NAME}.parquet", key, faults)
    return path if name in PATH_KEYS or name.isdigit() else {"path": path}


def _table(table: pd.DataFrame, path: Path, key: str, faults: Faults) -> Path:
    table = table.set_axis(table.columns.map(str), axis="columns")
    if not all(name is None or name in table.columns for name in table.index.names):
        table = table.reset_index()
    places = isinstance(table, gpd.GeoDataFrame) and table.active_geometry_name is not None
    try:
        (table if places else pd.DataFrame(table)).to_parquet(path, index=False)
    except (pa.ArrowException, ValueError, TypeError) as error:
        faults.add("unreadable_table", file=NAME, layer=key, found=str(error).splitlines()[0])
    return path


def _raster(raster: Raster, path: Path) -> Path:
    rows, columns = raster.grid.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=columns,
        count=1,
        dtype="float64",
        nodata=float("nan"),
        crs=raster.grid.crs,
        transform=raster.grid.transform,
    ) as file:
        file.write(raster.values, 1)
    return path
