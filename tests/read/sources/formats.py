"""One district in every format that bureaus hand out."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from tests.read.case import CRS, X, Y
from tests.read.sources.conftest import Server

# Names with Hanzi that are not in common use, too (綦, 涪, 潼, 璧, 垭).
NAMES: Final = (
    "龙门浩街道", "海棠溪街道", "綦江路社区", "涪滨社区", "潼南村", "璧山街道",
    "石垭村", "南坪镇", "弹子石街道", "上新街社区", "黄桷垭镇", "峡口镇",
)  # fmt: skip
_SIDE = 500.0


def units() -> gpd.GeoDataFrame:
    """Twelve squares with id, name and kind, EPSG:4545."""
    corners = [(X + _SIDE * (i % 4), Y + _SIDE * (i // 4)) for i in range(12)]
    shapes = [shapely.box(x, y, x + _SIDE, y + _SIDE) for x, y in corners]
    table = {
        "id": [f"5001080{i:02d}" for i in range(12)],
        "name": list(NAMES),
        "kind": ["街道" if i % 2 else "社区" for i in range(12)],
    }
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)


def facilities() -> gpd.GeoDataFrame:
    """Six points with id, name, tier and status, EPSG:4545."""
    random = np.random.default_rng(4)
    points = shapely.points(X + random.uniform(0, 2000, 6), Y + random.uniform(0, 1500, 6))
    table = {
        "id": [f"F{i:03d}" for i in range(6)],
        "name": [f"{name}养老服务站" for name in NAMES[:6]],
        "tier": ["station", "centre"] * 3,
        "status": ["existing"] * 6,
    }
    return gpd.GeoDataFrame(table, geometry=points, crs=CRS)


Writer = Callable[[gpd.GeoDataFrame, Path, str], str]


def _shapefile(encoding: str, *, cpg: bool) -> Writer:
    def write(frame: gpd.GeoDataFrame, folder: Path, name: str) -> str:
        frame.to_file(folder / f"{name}.shp", encoding=encoding)
        if not cpg:
            (folder / f"{name}.cpg").unlink()
        return f'path = "{name}.shp"'

    return write


def _file(suffix: str, driver: str) -> Writer:
    def write(frame: gpd.GeoDataFrame, folder: Path, name: str) -> str:
        pyogrio.write_dataframe(frame, folder / f"{name}{suffix}", driver=driver)
        return f'path = "{name}{suffix}"'

    return write


def _kml(frame: gpd.GeoDataFrame, folder: Path, name: str) -> str:
    pyogrio.write_dataframe(frame.to_crs(4326).rename(columns={"name": "Name"}), folder / f"{name}.kml", driver="KML")
    return f'path = "{name}.kml"\ncolumns = {{ name = "Name" }}'


def _parquet(frame: gpd.GeoDataFrame, folder: Path, name: str) -> str:
    frame.set_index("id").to_parquet(folder / f"{name}.parquet")
    return f'path = "{name}.parquet"'


def _with_wkt(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.assign(wkt=frame.geometry.to_wkt()).drop(columns="geometry"))


def _csv(frame: gpd.GeoDataFrame, folder: Path, name: str) -> str:
    _with_wkt(frame).to_csv(folder / f"{name}.csv", index=False, encoding="gb18030")
    return f'path = "{name}.csv"\ncrs = "{CRS}"'


def _xlsx(frame: gpd.GeoDataFrame, folder: Path, name: str) -> str:
    _with_wkt(frame).to_excel(folder / f"{name}.xlsx", index=False)
    return f'path = "{name}.xlsx"\ncrs = "{CRS}"'


def _dxf(frame: gpd.GeoDataFrame, folder: Path, name: str) -> str:
    shapes = [
        shapely.LineString(each.exterior.coords) if each.geom_type == "Polygon" else each for each in frame.geometry
    ]
    drawing = gpd.GeoDataFrame({"Layer": frame["id"]}, geometry=shapes)
    pyogrio.write_dataframe(drawing.set_crs(CRS), folder / f"{name}.dxf", driver="DXF")
    table = frame.drop(columns="geometry").rename(columns={"id": "图层"})
    table.to_csv(folder / f"{name}_attributes.csv", index=False, encoding="gb18030")
    return (
        f'path = "{name}.dxf"\ncrs = "{CRS}"\nattributes = "{name}_attributes.csv"\n'
        'attributes_on = ["Layer", "图层"]\ncolumns = { id = "Layer" }'
    )


def _zip(frame: gpd.GeoDataFrame, folder: Path, name: str) -> str:
    inside = folder / f"{name}_zip"
    inside.mkdir()
    frame.to_file(inside / "图层.gdb", driver="OpenFileGDB", layer="区划")
    with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(inside.rglob("*")):
            archive.write(file, f"资料/{file.relative_to(inside).as_posix()}")
    return f'path = "{name}.zip"'


WRITERS: Final[dict[str, Writer]] = {
    "shapefile in GBK": _shapefile("GBK", cpg=False),
    "shapefile in UTF-8": _shapefile("UTF-8", cpg=True),
    "geopackage": _file(".gpkg", "GPKG"),
    "filegdb": _file(".gdb", "OpenFileGDB"),
    "geojson": _file(".geojson", "GeoJSON"),
    "geoparquet": _parquet,
    "flatgeobuf": _file(".fgb", "FlatGeobuf"),
    "kml": _kml,
    "csv": _csv,
    "xlsx": _xlsx,
    "dxf": _dxf,
    "zip": _zip,
}


def postgis(server: Server) -> Writer:
    """Return what writes a layer into a database."""

    def write(frame: gpd.GeoDataFrame, _folder: Path, name: str) -> str:
        return f'database = "{server.url()}"\nlayer = "{server.load(frame, name, "资料")}"'

    return write
