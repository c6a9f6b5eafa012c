"""Tables, rasters and ways as files, whatever stands in them: what the readers must bear is written as it is."""

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import pandas as pd
import rasterio
import shapely
from openpyxl import Workbook
from pyproj import Transformer

if TYPE_CHECKING:
    from tests.fuzz.district import Node, Raster, Way

CRS: Final = "EPSG:4545"
# Formats without shapes.
TABLES: Final = ("csv", "xlsx")
_TO_DEGREES: Final = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def write_table(path: Path, rows: list[dict[str, Any]], shapes: list[Any] | None) -> None:
    """Write rows and their shapes in the format of the path."""
    kind = path.suffix
    if kind == ".geojson":
        _write_geojson(path, rows, shapes or [])
    elif kind in (".csv", ".xlsx"):
        cells = (
            rows if shapes is None else [row | {"wkt": _wkt(shape)} for row, shape in zip(rows, shapes, strict=True)]
        )
        (_write_csv if kind == ".csv" else _write_xlsx)(path, cells)
    else:
        _write_layer(path, rows, shapes or [])


def _wkt(shape: Any) -> str:
    if shape is None or isinstance(shape, str):
        return shape or ""
    return str(shapely.to_wkt(shape, rounding_precision=-1))


def _heads(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        writer = csv.writer(file)
        # A name may stand twice: what follows a tab tells one from the other here alone.
        writer.writerow([key.partition("\t")[0] for key in _heads(rows)])
        writer.writerows([["" if row.get(key) is None else row[key] for key in _heads(rows)] for row in rows])


def _write_xlsx(path: Path, rows: list[dict[str, Any]]) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([key.partition("\t")[0] for key in _heads(rows)])
    for row in rows:
        sheet.append([each if _fits(each) else str(each) for each in (row.get(key) for key in _heads(rows))])
    book.save(path)


def _fits(cell: Any) -> bool:
    return cell is None or isinstance(cell, str | float | bool) or (isinstance(cell, int) and abs(cell) < 2**63)


def _write_geojson(path: Path, rows: list[dict[str, Any]], shapes: list[Any]) -> None:
    features = [
        {"type": "Feature", "properties": row, "geometry": _mapped(shape)}
        for row, shape in zip(rows, shapes, strict=True)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def _mapped(shape: Any) -> Any:
    if shape is None or isinstance(shape, dict):
        return shape
    moved = shapely.transform(shape, _moved, include_z=bool(shape.has_z))
    return json.loads(json.dumps(shapely.geometry.mapping(moved)))


def _moved(xy: Any) -> Any:
    moved = xy.copy()
    moved[:, 0], moved[:, 1] = _TO_DEGREES.transform(xy[:, 0], xy[:, 1])
    return moved


def _write_layer(path: Path, rows: list[dict[str, Any]], shapes: list[Any]) -> None:
    table = pd.DataFrame(rows, columns=_heads(rows), dtype=object)
    columns = {key: _column(table[key].tolist()) for key in table}
    geometry = gpd.GeoSeries([None if isinstance(each, str | dict) else each for each in shapes], crs=CRS)
    frame = gpd.GeoDataFrame(columns, geometry=geometry, crs=CRS)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, **({"encoding": "UTF-8"} if path.suffix == ".shp" else {}))


def _column(values: list[Any]) -> Any:
    """Return values as a column of one type: as texts where they are of several."""
    kinds = {type(each) for each in values if each is not None}
    if kinds <= {int, float} and all(each is None or abs(each) < 2**53 for each in values):
        return pd.Series(values, dtype="float64" if float in kinds or None in values else "int64")
    if kinds <= {bool} and None not in values:
        return pd.Series(values, dtype=bool)
    return pd.Series([each if each is None else str(each) for each in values], dtype=object)


def write_raster(path: Path, raster: "Raster") -> None:
    """Write a raster as it is."""
    values = raster.values if raster.values.ndim == 3 else raster.values[None]
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "dtype": values.dtype,
        "count": values.shape[0],
        "height": values.shape[1],
        "width": values.shape[2],
        "crs": raster.crs,
        "transform": raster.transform,
        "nodata": raster.nodata,
    } | raster.options
    with rasterio.open(path, "w", **profile) as file:
        file.write(values)


def write_osm(path: Path, nodes: list["Node"], ways: list["Way"]) -> None:
    """Write nodes and ways as OpenStreetMap's XML."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    lines += [f"<node{_attributes(node.attributes)}>{_tags(node.tags)}</node>" for node in nodes]
    for way in ways:
        refs = "".join(f'<nd ref="{each}"/>' for each in way.nodes)
        lines.append(f"<way{_attributes(way.attributes)}>{refs}{_tags(way.tags)}</way>")
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")


def _attributes(attributes: dict[str, Any]) -> str:
    return "".join(f" {key}={quoteattr(str(each))}" for key, each in attributes.items())


def _tags(tags: dict[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(each)}/>" for key, each in tags.items())
