"""People of polygons from a raster file: ours beside plain exactextract.

    python benchmarks/zonal.py [--size N] [--polygons N] [--runs N]

A raster of 3″ cells (float32, tiled, compressed, persons per cell) and polygons that fill it are made with a fixed
seed. Each run is a process of its own, both ways in turn: `exact_extract(file, polygons, ["sum"])` with polygons that
are in the raster's CRS already, and `siting.read.people.zonal.zonal_people` with the same polygons in the metric CRS,
which it carries over itself. The table holds medians; the last lines hold the ratio of seconds and the largest
difference between the sums.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine

_SEED = 7
_CELL = 1 / 1200
_CORNER = (105.0, 32.0)
_METRIC = "EPSG:4545"
# Kilobytes on Linux, bytes on macOS.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def make(folder: Path, size: int, count: int) -> None:
    """Write the raster, and the polygons in both systems."""
    rng = np.random.default_rng(_SEED)
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 1,
        "height": size,
        "width": size,
        "crs": "EPSG:4326",
        "transform": Affine(_CELL, 0.0, _CORNER[0], 0.0, -_CELL, _CORNER[1]),
        "nodata": -99999.0,
        "tiled": True,
        "compress": "deflate",
        "predictor": 3,
    }
    with rasterio.open(folder / "people.tif", "w", **profile) as file:
        for top in range(0, size, 256):
            rows = min(256, size - top)
            strip = rng.gamma(0.5, 6.0, (rows, size)).astype(np.float32).round(2)
            strip[rng.random((rows, size)) < 0.2] = -99999.0  # noqa: PLR2004 - a share
            file.write(strip, 1, window=rasterio.windows.Window(0, top, size, rows))
    side = size * _CELL
    xy = rng.uniform(0.0, side, (count, 2)) + np.array([_CORNER[0], _CORNER[1] - side])
    frame = shapely.box(_CORNER[0], _CORNER[1] - side, _CORNER[0] + side, _CORNER[1])
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=frame))
    metric = gpd.GeoSeries(shapely.intersection(cells, frame), crs="EPSG:4326").to_crs(_METRIC)
    metric.to_frame("geometry").to_parquet(folder / "metric.parquet")
    metric.segmentize(1_000.0).to_crs("EPSG:4326").to_frame("geometry").to_parquet(folder / "degrees.parquet")


def run(way: str, folder: Path) -> None:
    """Do it one way in this process; print seconds, peak memory in MiB and the sums."""
    raster = folder / "people.tif"
    if way == "siting":
        from siting.domain.scenario import PeopleSource  # noqa: PLC0415 - each way has imports of its own
        from siting.read.log import Log  # noqa: PLC0415
        from siting.read.people.zonal import zonal_people  # noqa: PLC0415

        polygons = gpd.read_parquet(folder / "metric.parquet").geometry
        source = PeopleSource(path=raster, unit="persons per cell")
        start = time.perf_counter()
        sums = zonal_people(raster, polygons, source, Log().layer("people", raster))
        assert sums is not None  # noqa: S101 - the file is sound
    else:
        from exactextract import exact_extract  # noqa: PLC0415

        frame = gpd.read_parquet(folder / "degrees.parquet")
        start = time.perf_counter()
        sums = exact_extract(str(raster), frame, ["sum"], output="pandas")["sum"]
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT / 2**20
    print(json.dumps({"seconds": seconds, "memory": memory, "sums": sums.tolist()}))


def main() -> None:
    """Make the inputs, run both ways in turn, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=8_000, help="rows and columns of the raster")
    parser.add_argument("--polygons", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        run(given.one[0], Path(given.one[1]))
        return
    taken: dict[str, list[dict[str, float]]] = {"siting": [], "exactextract": []}
    sums = {}
    with tempfile.TemporaryDirectory() as made:
        make(Path(made), given.size, given.polygons)
        for _ in range(given.runs):
            for way, results in taken.items():
                words = [sys.executable, __file__, "--one", way, made]
                told = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)  # noqa: S603
                sums[way] = np.array(told.pop("sums"))
                results.append(told)
    print(f"{given.size:,} × {given.size:,} cells, {given.polygons:,} polygons, {given.runs} runs")
    print(f"{'':<16}{'seconds':>10}{'peak memory, MiB':>20}")
    median = {
        way: {figure: statistics.median(each[figure] for each in results) for figure in ("seconds", "memory")}
        for way, results in taken.items()
    }
    for way, figures in median.items():
        print(f"{way:<16}{figures['seconds']:>10.2f}{figures['memory']:>20.0f}")
    ratio = median["siting"]["seconds"] / median["exactextract"]["seconds"]
    print(f"ratio of seconds, siting ÷ exactextract: {ratio:.2f}")
    off = np.abs(sums["siting"] - sums["exactextract"]) / sums["exactextract"].clip(1.0)
    print(f"largest relative difference of a sum: {off.max():.1e}")


if __name__ == "__main__":
    main()
