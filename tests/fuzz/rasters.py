"""Rasters of people, and terrain."""

from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from affine import Affine

from tests.fuzz.district import District, Raster
from tests.fuzz.mutations import harmless, mutation

_TYPES: Final = ("uint8", "int16", "uint16", "int32", "uint32", "float32", "float64", "int64", "uint64", "int8")
_VALUES: Final = (
    float("nan"),
    float("inf"),
    float("-inf"),
    -1.0,
    -9999.0,
    -99999.0,
    1e20,
    3.4e38,
    255.0,
    65535.0,
    9999.0,
    1e6,
    0.0,
    1e-40,
    -0.0,
    19999.0,
    20001.0,
)


def _people(district: District, rng: Random) -> Raster | None:
    found = [raster for name, raster in district.rasters.items() if name not in ("dem", "cover")]
    return rng.choice(found) if found else None


def _any(district: District, rng: Random) -> Raster | None:
    return rng.choice(list(district.rasters.values())) if district.rasters else None


def _dem(district: District) -> Raster | None:
    return district.rasters.get("dem")


@mutation
def strange_values(district: District, rng: Random) -> bool | None:
    raster = _any(district, rng)
    if raster is None:
        return False
    values = raster.values.astype("float64" if rng.random() < 0.5 else "float32")
    rows, columns = values.shape[-2:]
    for _ in range(rng.choice((1, 5, 60))):
        with np.errstate(over="ignore"):
            values[..., rng.randrange(rows), rng.randrange(columns)] = rng.choice(_VALUES)
    raster.values = values
    return None


@mutation
def one_value(district: District, rng: Random) -> bool | None:
    raster = _any(district, rng)
    if raster is None:
        return False
    with np.errstate(over="ignore"):
        raster.values = np.full_like(raster.values, rng.choice(_VALUES), dtype="float32")
    raster.nodata = rng.choice((None, None, 0.0, -9999.0, float("nan"), 255.0))
    return None


@mutation
def ends_of_types(district: District, rng: Random) -> bool | None:
    raster = _any(district, rng)
    if raster is None:
        return False
    kind = np.dtype(rng.choice(_TYPES))
    values = raster.values.astype(kind)
    ends = np.iinfo(kind) if kind.kind in "iu" else np.finfo(kind)
    values[..., 0, : rng.choice((1, 3, 10))] = rng.choice((ends.min, ends.max))
    raster.values = values
    raster.nodata = rng.choice((None, None, float(ends.max) if kind.itemsize < 8 else None))
    return None


@mutation
def declared_nodata(district: District, rng: Random) -> bool | None:
    raster = _any(district, rng)
    if raster is None:
        return False
    raster.values = raster.values.astype("float64")
    raster.nodata = rng.choice((0.0, 30.0, float("nan"), float("inf"), -1e308, 1e-30))
    return None


@mutation
def cut(district: District, rng: Random) -> bool | None:
    """One pixel, one row, half of the ground."""
    raster = _any(district, rng)
    if raster is None:
        return False
    rows, columns = rng.choice(((1, 1), (1, None), (None, 1), (5, None), (None, 5), (2, 2)))
    raster.values = raster.values[..., :rows, :columns]
    return None


@mutation
def strange_transform(district: District, rng: Random) -> bool | None:
    raster = _any(district, rng)
    if raster is None:
        return False
    transform = raster.transform
    raster.transform = rng.choice(
        (
            transform * Affine.rotation(rng.choice((1e-7, 1.0, 90.0))),
            transform * Affine.shear(5.0),
            transform * Affine.scale(1, -1),
            transform * Affine.scale(-1, 1),
            Affine.identity(),
            transform * Affine.scale(1e-6),
            transform * Affine.scale(1e4),
            transform * Affine.translation(0.5, 0.5),
            transform * Affine.translation(1e5, 0),
            transform * Affine.scale(1, 2),
            Affine(0, 0, 0, 0, 0, 0),
            Affine(float("nan"), 0, 0, 0, -1, 0),
            transform * Affine.translation(0, -1e9),
            Affine(100, 0, 1e308, 0, -100, 0),
            transform * Affine.scale(1 / 3),
            transform * Affine.translation(5, 0),
        )
    )
    return None


@mutation
def strange_crs(district: District, rng: Random) -> bool | None:
    raster = _any(district, rng)
    if raster is None:
        return False
    raster.crs = rng.choice(
        (
            None,
            "EPSG:4326",
            "EPSG:3857",
            "EPSG:4546",
            "EPSG:4490",
            "EPSG:2343",
            "EPSG:4979",
            "EPSG:32748",
            "+proj=moll",
            "+proj=laea +lat_0=90",
            "+proj=tmerc +lon_0=108 +x_0=36500000 +ellps=krass",
        )
    )
    return None


@mutation
def bands(district: District, rng: Random) -> bool | None:
    raster = _any(district, rng)
    if raster is None or raster.values.ndim == 3:
        return False
    raster.values = np.stack([raster.values] * rng.choice((2, 4)))
    raster.options |= rng.choice(({}, {"photometric": "RGB"}, {"interleave": "pixel"}))
    return None


@mutation
def complex_values(district: District, rng: Random) -> bool | None:
    raster = _any(district, rng)
    if raster is None:
        return False
    raster.values = raster.values.astype("complex64")
    return None


@mutation
def vast(district: District, rng: Random) -> bool | None:
    """Declare far more cells than are written."""
    name = rng.choice(list(district.rasters) or [""])
    if not name:
        return False
    size = rng.choice((20_000, 200_000, 2_000_000))
    shrunk = rng.random() < 0.5

    def write(folder: Path) -> None:
        import rasterio

        raster = district.rasters[name]
        scale = Affine.scale(10 / size) if shrunk else Affine.identity()
        with rasterio.open(
            folder / f"{name}.tif",
            "w",
            driver="GTiff",
            dtype="float32",
            count=1,
            height=size,
            width=size,
            crs=raster.crs,
            transform=raster.transform * scale,
            tiled=True,
            blockxsize=4096,
            blockysize=4096,
            SPARSE_OK=True,
            BIGTIFF="YES",
            compress="deflate",
        ):
            pass

    district.afterwards.append(write)
    return None


@mutation
def other_bytes(district: District, rng: Random) -> bool | None:
    """Cut the file, or put another kind of file under its name."""
    name = rng.choice(list(district.rasters) or [""])
    if not name:
        return False
    change = rng.choice(
        (
            lambda raw: raw[: len(raw) // 2],
            lambda raw: raw[:-20],
            lambda _: b"",
            lambda raw: b"II*\x00" + raw[4:8] + b"\xff" * 60,
            lambda _: b"\x89PNG\r\n\x1a\n",
            lambda _: b"ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2\n3 4\n",
            lambda _: b"<VRTDataset rasterXSize='10' rasterYSize='10'></VRTDataset>",
            lambda raw: raw[:8] + b"\x08\x00\x00\x00" + raw[12:],
        )
    )
    district.afterwards.append(
        lambda folder: _rewritten(folder / f"{name}.tif", change),
    )
    return None


def _rewritten(path: Path, change: Any) -> None:
    path.write_bytes(change(path.read_bytes()))


@mutation
def cliffs(district: District, rng: Random) -> bool | None:
    raster = _dem(district)
    if raster is None:
        return False
    values = raster.values.copy()
    step = rng.choice((100, 5000, 8000, 1e5, -500))
    how = rng.choice(("wall", "checkers", "spike", "all"))
    if how == "wall":
        values[:, 20:] += step
    elif how == "checkers":
        values[::2, ::2] += step
    elif how == "spike":
        values[rng.randrange(44), rng.randrange(44)] = step
    else:
        values *= step
    raster.values = values
    return None


@mutation
def holes_in_terrain(district: District, rng: Random) -> bool | None:
    raster = _dem(district)
    if raster is None:
        return False
    values, mark = raster.values.copy(), rng.choice((-9999.0, float("nan"), 0.0, -32768.0, 3.4e38))
    part = rng.choice((slice(0, 22), slice(10, 30), slice(0, 44)))
    values[part, rng.choice((part, slice(0, 44)))] = mark
    raster.values, raster.nodata = values, rng.choice((mark, None))
    return None


@mutation
def terrain_elsewhere(district: District, rng: Random) -> bool | None:
    raster = _dem(district)
    if raster is None:
        return False
    raster.transform = raster.transform * rng.choice((Affine.translation(25, 0), Affine.scale(0.3), Affine.scale(40)))
    return None


# --- what means nothing ----------------------------------------------------------------------------------------------


@harmless
def tiled(district: District, rng: Random) -> bool | None:
    raster = _any(district, rng)
    if raster is None:
        return False
    raster.options |= rng.choice(
        (
            {"tiled": True, "blockxsize": 16, "blockysize": 16},
            {"compress": "lzw"},
            {"compress": "deflate", "predictor": 2},
            {"BIGTIFF": "YES"},
            {"interleave": "band"},
            {"blockysize": 1},
        )
    )
    if raster.options.get("predictor") == 2:
        raster.options["predictor"] = 1
    return None


@harmless
def wider_type(district: District, rng: Random) -> bool | None:
    raster = _people(district, rng)
    if raster is None:
        return False
    raster.values = raster.values.astype("float64")
    return None


@harmless
def rim_without_data(district: District, rng: Random) -> bool | None:
    """Add a rim where nobody lives, or nothing is known."""
    raster = district.rasters.get("residents")
    if raster is None or raster.values.ndim != 2:
        return False
    mark = rng.choice((0.0, -9999.0, -99999.0))
    raster.values = np.pad(raster.values.astype("float32"), 2, constant_values=mark)
    raster.transform = raster.transform * Affine.translation(-2, -2)
    raster.nodata = mark or None
    return None
