"""Layers read by GDAL become tables with geometry; the evidence determines the encoding of text."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from siting.crs import same_crs
from siting.domain.scenario import Layer, NetworkLayer
from siting.files import temporary_folder
from siting.read.log import LayerLog, listed, quoted
from siting.read.sources.dbf import NAME_BYTES, decoded_names, encoding_of, numbered
from siting.read.sources.encodings import GB18030, UTF8, Encoding, by_content, codec, decodes, tell, untorn
from siting.read.sources.files import SHAPEFILE_PARTS, has_few_columns
from siting.read.sources.warned import GDAL, OF_GDAL, heard, tell_warnings
from siting.read.tables.cut_names import NAMES_ALIKE, NAMES_FULL

# Reads each byte as one character, so that nothing is lost before the encoding is decided.
_RAW: Final = "ISO-8859-1"
# Columns that GDAL adds to every KML and DXF.
_KML_EXTRAS: Final = (
    "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon",
)  # fmt: skip
_DXF_EXTRAS: Final = ("PaperSpace", "SubClasses", "ExtendedEntity")
# From this version on a DXF is UTF-8.
_DXF_UTF8: Final = "AC1021"
_HEAD_BYTES: Final = 65536
_GEOJSON: Final = (".geojson", ".json")


def read_ogr(path: Path, source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Read one layer of a file or folder that GDAL opens.

    Parameters
    ----------
    path : Path
        The file; for a FileGDB its folder.
    source : Layer
        ``layer`` and ``encoding`` are used here.
    log : LayerLog
        Takes the facts ``driver``, ``layer``, ``encoding``, ``encoding_by``, and the faults of layers and encodings.

    Returns
    -------
    pandas.DataFrame or None
        A GeoDataFrame if the layer has geometry, two-dimensional; a broken geometry becomes None.
    """
    if _is_pipeline(path):
        log.fault("file_is_pipeline")
        return None
    suffix = path.suffix.lower()
    if suffix in {".shp", ".dbf"}:
        return _read_shapefile(path, source, log)
    if suffix == ".dxf":
        return _read_dxf(path, source, log)
    table = _read_layer(path, source, source.encoding, log)
    if table is not None and suffix == ".kml":
        table = _plain_kml(table)
    if isinstance(table, gpd.GeoDataFrame) and suffix in _GEOJSON:
        table = _with_crs_member(table, path, log)
    return table


def _is_pipeline(path: Path) -> bool:
    """Tell whether GDAL would execute a file as commands on other files, whatever its name."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b"gdal_streamed_alg" in file.read(_HEAD_BYTES)


def _read_layer(path: Path, source: Layer, encoding: str | None, log: LayerLog) -> pd.DataFrame | None:
    words: list[str] = []
    with heard(OF_GDAL, words):
        table = _layer_of(path, source, encoding, log)
    # GDAL renumbers the second of two features with the same number.
    twice = next(filter(None, map(_ID_TWICE.search, words)), None)
    if twice is not None and table is not None and _is_numbered(path):
        log.fault("feature_numbers_twice", row=twice[1], field="id", found=twice[1])
        return None
    tell_warnings(words, GDAL, path, log)
    return table


def _layer_of(path: Path, source: Layer, encoding: str | None, log: LayerLog) -> pd.DataFrame | None:
    layer = _pick_layer(pyogrio.list_layers(path).tolist(), source, log)
    if layer is None:
        return None
    log.fact(driver=_DRIVERS.get(path.suffix.lower(), path.suffix.lower().lstrip(".").upper()), layer=layer)
    width = len(pyogrio.read_info(path, layer=layer, encoding=encoding)["fields"])
    # Every record would hold a cell for every name.
    if not has_few_columns(width, log, layer):
        return None
    numbered = _is_numbered(path)
    table: pd.DataFrame = pyogrio.read_dataframe(
        path,
        layer=layer,
        encoding=encoding,
        force_2d=True,
        on_invalid="ignore",
        use_arrow=False,
        fid_as_index=numbered,
    )
    if not numbered:
        return table
    return table.reset_index(drop=True) if "id" in table.columns else table.reset_index(names="id")


def _is_numbered(path: Path) -> bool:
    return path.suffix.lower() in _GEOJSON and _has_numbers_for_ids(path)


def _has_numbers_for_ids(path: Path) -> bool:
    """Tell whether the features of a GeoJSON have numbers as ids, which GDAL does not give as a column."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).decode("utf-8", "replace")
    start = _FIRST_FEATURE.search(head)
    if start is None:
        return False
    try:
        feature = json.JSONDecoder().raw_decode(head[start.end() - 1 :])[0]
    except ValueError:
        # It is longer than the part that was read; its id precedes its geometry.
        found = _ID_BEFORE_GEOMETRY.match(head, start.end() - 1)
        return found is not None
    return isinstance(feature.get("id"), int) and not isinstance(feature["id"], bool)


_FIRST_FEATURE: Final = re.compile(r'"features"\s*:\s*\[\s*\{')
_ID_TWICE: Final = re.compile(r"Several features with id = (\d+)")
_ID_BEFORE_GEOMETRY: Final = re.compile(r'\{\s*(?:"type"\s*:\s*"Feature"\s*,\s*)?"id"\s*:\s*\d+\s*,')


_DRIVERS: Final = {
    ".shp": "ESRI Shapefile", ".dbf": "dBASE", ".gpkg": "GPKG", ".gdb": "OpenFileGDB", ".geojson": "GeoJSON",
    ".json": "GeoJSON", ".fgb": "FlatGeobuf", ".kml": "KML", ".dxf": "DXF", ".tab": "MapInfo File",
}  # fmt: skip


def _pick_layer(layers: Sequence[Sequence[object]], source: Layer, log: LayerLog) -> str | None:
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


# --- shapefile ----------------------------------------------------------------------------------------------------


def _read_shapefile(path: Path, source: Layer, log: LayerLog) -> pd.DataFrame | None:
    prj, dbf = _beside(path, ".prj"), _beside(path, ".dbf")
    is_foreign = prj is not None and not decodes([prj.read_bytes()], UTF8)
    table = _with_foreign_prj(path, prj, source, log) if prj and is_foreign else _read_layer(path, source, _RAW, log)
    if table is None or dbf is None:
        return table
    found = encoding_of(dbf, source.encoding, log)
    if found is None:
        return None
    if found.by:
        tell(found, log)
    else:
        log.fact(encoding=found.name.upper())
    return _decoded(table, codec(found.name), log)


def _beside(path: Path, suffix: str) -> Path | None:
    found = (each for each in path.parent.iterdir() if each.stem == path.stem and each.suffix.lower() == suffix)
    return next(found, None)


def _with_foreign_prj(path: Path, prj: Path, source: Layer, log: LayerLog) -> pd.DataFrame | None:
    """Read a shapefile whose .prj has Chinese names that are not UTF-8, which GDAL's wrapper cannot read."""
    try:
        crs = CRS.from_wkt(prj.read_bytes().decode(GB18030, "replace"))
    except CRSError as error:
        log.fault("unknown_crs", field="crs", found=quoted(str(error)))
        return None
    with temporary_folder() as folder:
        for part in path.parent.iterdir():
            if part.stem == path.stem and part.suffix.lower() in SHAPEFILE_PARTS and part != prj:
                shutil.copyfile(part, folder / part.name)
        table = _read_layer(folder / path.name, source, _RAW, log)
    return table.set_crs(crs) if isinstance(table, gpd.GeoDataFrame) else table


def _decoded(table: pd.DataFrame, encoding: str, log: LayerLog) -> pd.DataFrame | None:
    """Return a table with byte-by-byte text decoded in its own encoding; a truncated character is dropped."""
    shape = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else None
    raw = {name: str(name).encode("latin-1") for name in table.columns if name != shape}
    names, torn = decoded_names(list(raw.values()), encoding)
    told = {name: names[raw[name]] if name in raw else name for name in table.columns}
    _tell_cut(names, log)
    table = table.copy(deep=False)
    for column in table.columns:
        cells = table[column]
        if column != shape and (cells.dtype == object or isinstance(cells.dtype, pd.StringDtype)):
            texts = {cell for cell in cells.unique().tolist() if isinstance(cell, str) and not cell.isascii()}
            if texts:
                words, cut = untorn(f"{told[column]}: ", sorted(texts), encoding)
                table[column] = cells.map(lambda cell, words=words: words.get(cell, cell))
                torn += cut
    if torn:
        log.note("text_torn", count=len(torn), names=listed(torn))
    table.columns = pd.Index([told[name] for name in table.columns])
    twice = sorted(set(table.columns[table.columns.duplicated()]))
    for name in twice:
        log.fault("column_twice", field=name, found=name)
    return None if twice else table


def _tell_cut(names: Mapping[bytes, str], log: LayerLog) -> None:
    """Record which names fill their ten bytes, and may have been longer, and which were cut to an existing one."""
    full = [text for name, text in names.items() if len(name) >= NAME_BYTES]
    alike: dict[str, list[str]] = {}
    for name, first in numbered(names).items():
        alike.setdefault(names[first], []).append(names[name])
    if full:
        log.fact(**{NAMES_FULL: full})
    if alike:
        log.fact(**{NAMES_ALIKE: alike})


# --- DXF ----------------------------------------------------------------------------------------------------------


def _read_dxf(path: Path, source: Layer, log: LayerLog) -> pd.DataFrame | None:
    with _gdal_option("DXF_ENCODING", _RAW):
        table = _read_layer(path, source, None, log)
    if table is None:
        return None
    table = table.drop(columns=[name for name in _DXF_EXTRAS if name in table.columns])
    cells = sorted(
        {
            text.encode("latin-1")
            for name in table.columns
            if name != "geometry"
            for text in table[name].unique().tolist()
            if isinstance(text, str) and not text.isascii()
        }
    )
    if not cells:
        return table
    found = _dxf_encoding(path, source, cells)
    if found is None:
        log.fault("encoding_undecided", field="encoding")
        return None
    tell(found, log)
    return _decoded(table, codec(found.name), log)


def _dxf_encoding(path: Path, source: Layer, cells: Sequence[bytes]) -> Encoding | None:
    """Decide the encoding of a DXF: as stated, otherwise by its bytes; the code page in its head is seldom true."""
    if source.encoding is not None:
        return Encoding(source.encoding, "stated")
    with path.open("rb") as file:
        head = file.read(4096)
    version = re.search(rb"\$ACADVER\s+1\s+(AC\d{4})", head)
    if version and version[1].decode() >= _DXF_UTF8:
        return Encoding("utf-8", "utf8")
    return by_content(cells)


def polygons_of_rings(table: pd.DataFrame, source: Layer, log: LayerLog) -> pd.DataFrame:
    """Return a drawing with only closed lines as polygons, with a note; any other table unchanged.

    A drawing has no polygons: a boundary is a polyline that ends where it begins. Points (labels) do not affect the
    decision and are kept; a network keeps its lines.
    """
    if not isinstance(table, gpd.GeoDataFrame) or isinstance(source, NetworkLayer):
        return table
    shapes = table.geometry.to_numpy().astype(object)
    lines = shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING
    fewest = 4
    closed = shapely.is_closed(shapes[lines]) & (shapely.get_num_points(shapes[lines]) >= fewest)
    if not lines.any() or not closed.all():
        return table
    corners, ring = shapely.get_coordinates(shapes[lines], return_index=True)
    rings = shapely.linearrings(corners, indices=ring)
    shapes[lines] = shapely.polygons(rings)
    log.note("rings_as_polygons", count=int(lines.sum()))
    return table.set_geometry(gpd.GeoSeries(shapes, index=table.index, crs=table.crs))


@contextmanager
def _gdal_option(name: str, value: str) -> Iterator[None]:
    """Set an option of GDAL during one reading."""
    before = pyogrio.get_gdal_config_option(name)
    pyogrio.set_gdal_config_options({name: value})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({name: before})


# --- KML and GeoJSON ----------------------------------------------------------------------------------------------


def _plain_kml(table: pd.DataFrame) -> pd.DataFrame:
    """Return a KML without the columns that GDAL adds to every KML; ``id2`` is a column that its author named id."""
    extras = [name for name in _KML_EXTRAS if name in table.columns]
    if "description" in table.columns and table["description"].isna().all():
        extras.append("description")
    if "id2" in table.columns:
        extras.append("id")
    found: pd.DataFrame = table.drop(columns=[name for name in extras if name in table.columns])
    return found.rename(columns={"id2": "id"})


def _with_crs_member(table: gpd.GeoDataFrame, path: Path, log: LayerLog) -> gpd.GeoDataFrame | None:
    """Return a GeoJSON in the CRS of its ``crs`` member.

    GDAL follows the member, but interprets an unknown one, or null (no CRS), as degrees in WGS84.
    """
    found, member = _crs_member(path)
    if not found:
        return table
    if member is None:
        shapes = gpd.GeoSeries(table.geometry.to_numpy(), index=table.index)
        return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=shapes)
    name = _crs_word(member)
    try:
        said = CRS.from_user_input(name)
    except CRSError:
        log.fault("unknown_crs", field="crs", found=quoted(name))
        return None
    if table.crs is not None and not same_crs(said, table.crs):
        table = table.set_crs(said, allow_override=True)
    return table


def _crs_member(path: Path) -> tuple[bool, Any]:
    """Return whether a GeoJSON has its own ``crs`` member, and its value."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        file.seek(max(0, path.stat().st_size - _HEAD_BYTES))
        tail = file.read()
    features = head.find(b'"features"')
    decoder = json.JSONDecoder()
    for part, before in ((head, True), (tail, False)):
        for match in re.finditer(rb'"crs"\s*:\s*', part):
            try:
                member = decoder.raw_decode(part[match.end() :].decode("utf-8", "replace"))[0]
            except ValueError:
                continue
            # After the features the name may be that of an attribute, which contains no object of this form.
            own = (before and match.start() < features) or (isinstance(member, dict) and "properties" in member)
            if own:
                return True, member
    return False, None


def _crs_word(member: Any) -> str:  # noqa: ANN401 - any JSON value
    inside = member.get("properties", {}) if isinstance(member, dict) else {}
    if not isinstance(inside, dict):
        return str(member)
    if "code" in inside:
        return f"EPSG:{inside['code']}"
    return str(inside.get("name", json.dumps(member, ensure_ascii=False)))
