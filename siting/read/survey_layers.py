"""The layers of a file: the kind of their shapes, their extent, their columns and a few records."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siting.crs import WGS84
from siting.domain.draft import Remark
from siting.domain.scenario import Layer
from siting.errors import InputError
from siting.read.geometry.projections import Bounds, carry_bounds, tagged_crs
from siting.read.log import Log, listed
from siting.read.sources.dbf import encoding_of
from siting.read.sources.encodings import codec
from siting.read.sources.files import has_few_columns
from siting.read.sources.ogr import polygons_of_rings
from siting.read.sources.warned import OF_GDAL, heard
from siting.read.sources.wkt import read_geometries
from siting.read.tables.aliases import find_columns

Form = Literal["points", "lines", "polygons", "table", "raster", "osm", "unknown"]

# The number of records that are examined; and of shapes if the file does not state their kind.
ROWS: Final = 40
_SHAPES: Final = 1000
_KINDS: Final[tuple[tuple[str, Form], ...]] = (("Polygon", "polygons"), ("Line", "lines"), ("Point", "points"))


@dataclass(frozen=True)
class Look:
    """One layer, table or raster: ``path`` is relative to the folder, ``rows`` are a few records, as text.

    ``layer`` is what the scenario must state if the file has ``several`` layers, ``inner`` the name within an archive,
    ``area`` west, south, east, north of the examined part (degrees, WGS84), None if unknown. For a raster ``values``
    holds a small picture of it, NaN without data, and ``unit`` the unit of its band. If it is ``unknown``, ``why``
    tells the reason.
    """

    path: str
    form: Form
    layer: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    has_crs: bool = False
    several: bool = False
    values: Any = None
    unit: str = ""
    inner: str = ""
    area: Bounds | None = None
    why: Remark | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Its name in lower case: its layer if the file has several, otherwise its member, otherwise its file."""
        layer = self.layer if self.several else None
        called = (layer, self.inner, self.path.rpartition("/")[2])
        return tuple(dict.fromkeys(name.lower() for name in called if name))

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"{self.path} · {self.layer}" if self.several and self.layer else self.path

    def column(self, *names: str) -> tuple[str, ...]:
        """Return the values of the first column with one of these names (in lower case), without blanks."""
        for at, name in enumerate(self.columns):
            if name.lower() in names:
                return tuple(row[at].strip() for row in self.rows if len(row) > at and row[at].strip())
        return ()


def form_of(kinds: Iterable[str]) -> Form | None:
    """Return the kind of a layer from its kinds of shapes; None if they are of different families.

    Points may be drawn as plots, so points among polygons are a layer of points.

    Examples
    --------
    >>> from siting.read.survey_layers import form_of
    >>> form_of(["Polygon", "MultiPolygon Z"]), form_of(["2.5D MultiPoint"]), form_of(["Point", "LineString"])
    ('polygons', 'points', None)
    """
    families = {next((form for word, form in _KINDS if word in kind), None) for kind in kinds}
    if families == {"points", "polygons"}:
        return "points"
    return next(iter(families)) if len(families) == 1 else None


def drawn(file: Path, name: str, inner: str = "", *, several: bool = False) -> Iterator[Look]:
    """Yield the layers of a file or folder that GDAL opens.

    Parameters
    ----------
    file : Path
        The file.
    name : str
        Its name in the scenario: the path within the user's folder, or that of the archive that contains it.
    inner : str
        Its name within the archive.
    several : bool
        Whether the archive contains others.

    Yields
    ------
    Look
        One a layer.
    """
    with heard(OF_GDAL, []):
        layers = [(str(layer), None if kind is None else str(kind)) for layer, kind in pyogrio.list_layers(file)]
    for layer, kind in layers:
        parts = [inner] if several else []
        parts += [layer] if len(layers) > 1 else []
        said = None if kind is None else form_of([kind])
        table = _head_of(file, layer, ROWS if kind is None or said else _SHAPES)
        look = Look(name, "table", "/".join(parts) or None, several=bool(parts), inner=inner)
        if isinstance(table, gpd.GeoDataFrame):
            if file.suffix.lower() == ".dxf":
                table = polygons_of_rings(table, Layer(path=file), Log().layer("", file))
            crs = None if table.crs is None else tagged_crs(CRS(table.crs).to_wkt())
            look = _with_shapes(look, table.geometry.to_numpy(), crs, [] if said is None else [str(kind)])
            table = table.drop(columns=table.geometry.name)
        yield _with_records(look, table.head(ROWS))


def _head_of(file: Path, layer: str, rows: int) -> pd.DataFrame:
    """Return the first rows of a layer; faults are reported when it is read, except too many columns."""
    log, encoding = Log(), _encoding(file)
    with heard(OF_GDAL, []):
        if has_few_columns(
            len(pyogrio.read_info(file, layer=layer, encoding=encoding)["fields"]), log.layer(""), layer
        ):
            table: pd.DataFrame = pyogrio.read_dataframe(
                file,
                layer=layer,
                max_features=rows,
                encoding=encoding,
                force_2d=True,
                on_invalid="ignore",
                use_arrow=False,
            )
            return table
    raise InputError(log.faults.found)


def _encoding(file: Path) -> str | None:
    """Return the encoding of a shapefile's text; None if GDAL or the file itself knows better."""
    if file.suffix.lower() not in {".shp", ".dbf"}:
        return None
    beside = (each for each in file.parent.iterdir() if each.stem == file.stem and each.suffix.lower() == ".dbf")
    dbf = next(beside, None)
    found = None if dbf is None else encoding_of(dbf, None, Log().layer("", file))
    return None if found is None else codec(found.name)


def parquet(file: Path, name: str, inner: str = "", *, several: bool = False) -> Look:
    """Return the contents of a Parquet file: a layer if it has GeoParquet metadata, otherwise a table.

    Parameters
    ----------
    file, name, inner, several
        See :func:`drawn`.
    """
    source = pq.ParquetFile(file)
    first = next(source.iter_batches(batch_size=_SHAPES), None)
    look = Look(name, "table", inner if several else None, several=several, inner=inner)
    table = pa.table({}) if first is None else pa.Table.from_batches([first])
    said = json.loads((source.schema_arrow.metadata or {}).get(b"geo", b"null"))
    if said is not None:
        own = said["columns"][said["primary_column"]]
        # Longitude and latitude in WGS84 if the file states nothing; null means that the CRS is unknown.
        given = own.get("crs", WGS84)
        crs = None if given is None else tagged_crs(CRS.from_user_input(given).to_wkt())
        shapes = np.array([], dtype=object)
        if own.get("encoding") == "WKB" and len(table):
            shapes = shapely.from_wkb(table[said["primary_column"]].to_numpy(zero_copy_only=False))
        look = _with_shapes(look, shapes, crs, own.get("geometry_types", []))
        table = table.drop_columns([each for each in said["columns"] if each in table.column_names])
    return _with_records(look, table.slice(0, ROWS).to_pandas())


def with_wkt(look: Look) -> Look:
    """Return a table with shapes in a WKT column as a layer; any other table unchanged."""
    column = find_columns(look.columns, ("wkt",), {})["wkt"]
    if len(column) != 1:
        return look
    read = read_geometries([cell or None for cell in look.column(column[0].lower())])
    # Its coordinates are in the table's own CRS, which only the user knows if the cells do not state it.
    crs = tagged_crs(CRS.from_epsg(read.srids[0]).to_wkt()) if len(read.srids) == 1 else None
    found = _with_shapes(look, read.shapes, crs, [])
    return look if found.form in {"table", "unknown"} else found


def _with_shapes(look: Look, shapes: NDArray[np.object_], crs: CRS | None, said: Iterable[str]) -> Look:
    """Return a summary of shapes: their kind is that of the file, if it is one of ours, otherwise their own."""
    there = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    kinds = list(said) or sorted({shape.geom_type for shape in there})
    form = form_of(kinds)
    area = None
    if len(there) and crs is not None:
        area = carry_bounds(tuple(shapely.total_bounds(there).tolist()), crs, WGS84)
    if form is None:
        code = "kinds_mixed" if kinds else "no_shapes"
        why = Remark(code, {"file": look.title, "kinds": listed(kinds)})
        return replace(look, form="unknown", has_crs=crs is not None, area=area, why=why)
    return replace(look, form=form, has_crs=crs is not None, area=area)


def _with_records(look: Look, table: pd.DataFrame) -> Look:
    cells = table.astype(object).where(table.notna(), "").to_numpy().tolist()
    rows = tuple(tuple(str(cell) for cell in row) for row in cells)
    return replace(look, columns=tuple(map(str, table.columns)), rows=rows)
