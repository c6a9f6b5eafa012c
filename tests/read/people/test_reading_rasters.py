"""Rasters as bureaus hand them out: larger than needed, with undeclared nodata, cut off or damaged."""

import struct
import warnings
from pathlib import Path
from typing import Any, NoReturn

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import rasterio.errors
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from siting.domain.scenario import PeopleSource, TerrainSource
from siting.read.log import Log
from siting.read.people import rasters, zonal
from siting.read.people.bands import read_people
from siting.read.people.rasters import Around, Reading, cell_areas_m2, grid_bounds, read_raster, read_terrain
from siting.read.people.zonal import zonal_people
from tests.drawing import examples
from tests.read.case import X, Y, write_raster

METRIC = CRS.from_epsg(4545)


def read(path: Path, log: Log | None = None, around: Around | None = None, **given: Any) -> Any:
    source = PeopleSource(path=path, **{"unit": "persons per cell", **given})
    return read_people(source, (log or Log()).layer("population.residents", path), around=around)


def codes(log: Log) -> list[str]:
    return [note.code for note in log.notes]


# --- nodata ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-99999.0, -9999.0, -200.0, -3.4028234663852886e38, -3.4e38, -1.7976931348623157e308])
def test_a_conventional_value_that_is_not_declared_is_no_data(tmp_path: Path, value: float) -> None:
    values = np.full((10, 20), 5.0)
    values[2, :3] = value
    path = tmp_path / "people.tif"
    write_raster(path, values)
    log = Log()
    raster = read(path, log)
    assert np.isnan(raster.values[2, :3]).all()
    assert np.nansum(raster.values) == 197 * 5.0
    (note,) = log.notes
    assert (note.code, note.values["count"], float(note.values["value"])) == (
        "nodata_by_convention",
        3,
        pytest.approx(value, rel=1e-5),
    )


@pytest.mark.parametrize("value", [-1.0, -199.999, -201.0, -32766.0])
def test_any_other_negative_value_is_a_fault(tmp_path: Path, value: float) -> None:
    values = np.full((10, 20), 5.0)
    values[2, 3] = value
    write_raster(tmp_path / "people.tif", values)
    log = Log()
    assert read(tmp_path / "people.tif", log) is None
    (fault,) = log.faults.found
    assert (fault.code, fault.row) == ("negative_population", "2, 3")


def test_a_conventional_value_stands_for_no_data_before_scale_and_offset(tmp_path: Path) -> None:
    path = tmp_path / "people.tif"
    values = np.full((10, 20), 30, dtype="int32")
    values[0, 0] = -9999
    write_raster(path, values)
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.1,), (2.0,)
    raster = read(path)
    assert np.isnan(raster.values[0, 0])
    assert np.nansum(raster.values) == pytest.approx(199 * 5.0)


def test_a_scaled_value_that_is_not_negative_is_people_whatever_stands_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "people.tif"
    write_raster(path, np.full((10, 20), -200, dtype="int16"))
    with rasterio.open(path, "r+") as file:
        file.offsets = (205.0,)
    raster = read(path)
    assert (raster.values == 5.0).all()


def test_the_nodata_value_of_the_scenario_wins_over_the_files(tmp_path: Path) -> None:
    values = np.full((10, 20), 5.0, dtype="float32")
    values[0, :4] = 0.0
    values[1, :2] = 77.7
    write_raster(tmp_path / "people.tif", values, nodata=0.0)
    log = Log()
    raster = read(tmp_path / "people.tif", log, nodata=77.7)
    assert np.isnan(raster.values[1, :2]).all()
    assert (raster.values[0, :4] == 0.0).all()
    (note,) = log.notes
    told = {"layer": "population.residents", "value": "77.7", "count": 2, "declared": "0"}
    assert (note.code, note.values) == ("nodata_stated", told)


def test_a_mask_of_the_file_holds_beside_the_scenarios_nodata(tmp_path: Path) -> None:
    path = tmp_path / "people.tif"
    values = np.full((10, 20), 5.0)
    values[9, 9] = 7.0
    write_raster(path, values)
    mask = np.full((10, 20), 255, dtype="uint8")
    mask[:5] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        file.write_mask(mask)
    raster = read(path, nodata=7.0)
    assert np.isnan(raster.values[:5]).all()
    assert np.isnan(raster.values[9, 9])
    assert np.nansum(raster.values) == 99 * 5.0


# --- windows --------------------------------------------------------------------------------------------------------


def degrees(tmp_path: Path) -> tuple[Path, np.ndarray[Any, Any]]:
    """A grid of degrees of 300 × 400 cells of 0.001° around the case's district."""
    lon, lat = Transformer.from_crs(METRIC, 4326, always_xy=True).transform(X + 1000, Y + 500)
    values = np.random.default_rng(3).random((300, 400)).astype("float32")
    path = tmp_path / "people.tif"
    move = Affine(0.001, 0, round(lon, 3) - 0.2, 0, -0.001, round(lat, 3) + 0.15)
    write_raster(path, values, crs="EPSG:4326", transform=move, tiled=True, blockxsize=64, blockysize=64)
    return path, values


BOUNDS = (X, Y, X + 2000, Y + 1000)


@pytest.mark.parametrize("unit", ["persons per cell", "persons per km2"])
@pytest.mark.parametrize("south_up", [False, True])
def test_a_large_file_is_read_only_around_the_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str, *, south_up: bool
) -> None:
    path, _ = degrees(tmp_path)
    if south_up:
        with rasterio.open(path) as file:
            values, move, profile = file.read(1), file.transform, file.profile
        turned = Affine(move.a, 0, move.c, 0, -move.e, move.f + move.e * file.height)
        profile.update(transform=turned)
        with rasterio.open(path, "w", **profile) as file:
            file.write(values[::-1], 1)
    around = Around(BOUNDS, METRIC, margin_m=500.0)
    whole = read(path, around=around, unit=unit)
    assert whole.grid.shape == (300, 400)
    monkeypatch.setattr(rasters, "_WHOLE_CELLS", 1_000)
    log = Log()
    part = read(path, log, around, unit=unit)
    rows, columns = part.grid.shape
    # 3 km × 2 km, where 0.001° is 97 m × 111 m, and the axes are turned by a little.
    assert 30 <= columns <= 34
    assert 18 <= rows <= 22
    top = round((part.grid.transform.f - whole.grid.transform.f) / whole.grid.transform.e)
    left = round((part.grid.transform.c - whole.grid.transform.c) / whole.grid.transform.a)
    same = whole.values[top : top + rows, left : left + columns]
    np.testing.assert_allclose(part.values, same, rtol=1e-6 if unit != "persons per cell" else 0)
    # Each corner of the wanted rectangle lies within the part.
    x, y = Transformer.from_crs(METRIC, 4326, always_xy=True).transform(
        [X - 500, X - 500, X + 2500, X + 2500], [Y - 500, Y + 1500, Y - 500, Y + 1500]
    )
    west, south, east, north = grid_bounds(part.grid)
    assert west <= min(x)
    assert max(x) <= east
    assert south <= min(y)
    assert max(y) <= north
    (note,) = log.notes
    assert note.code == "raster_windowed"
    assert (note.values["rows"], note.values["file_columns"]) == (rows, 400)
    facts = log.layers["population.residents"]
    assert (facts["shape"], facts["window"], facts["driver"]) == ((300, 400), (rows, columns), "GTiff")


def test_a_window_ends_where_the_file_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasters, "_WHOLE_CELLS", 10)
    values = np.arange(200.0).reshape(10, 20)
    write_raster(tmp_path / "people.tif", values)
    log = Log()
    raster = read(tmp_path / "people.tif", log, Around(BOUNDS, METRIC))
    np.testing.assert_array_equal(raster.values, values)
    assert codes(log) == []


@settings(max_examples=examples(25), deadline=None)
@given(
    left=st.floats(0.0, 1900.0),
    bottom=st.floats(0.0, 900.0),
    width=st.floats(1.0, 1000.0),
    height=st.floats(1.0, 900.0),
    strip=st.integers(1, 300),
)
def test_a_window_holds_what_the_file_holds_there(
    tmp_path_factory: pytest.TempPathFactory, left: float, bottom: float, width: float, height: float, strip: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "windows.tif"
    values = np.arange(200.0).reshape(10, 20)
    if not path.exists():
        write_raster(path, values, blockysize=3)
    bounds = (X + left, Y + bottom, X + left + width, Y + bottom + height)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rasters, "_WHOLE_CELLS", 0)
        patch.setattr(rasters, "_STRIP_CELLS", strip)
        part = read(path, around=Around(bounds, METRIC, margin_m=0.0))
    # By hand: cells whose square meets the rectangle.
    west = X + 100.0 * np.arange(20)
    north = Y + 1000.0 - 100.0 * np.arange(10)
    columns = (west < bounds[2]) & (west + 100.0 > bounds[0])
    rows = (north > bounds[1]) & (north - 100.0 < bounds[3])
    np.testing.assert_array_equal(part.values, values[rows][:, columns])


def test_a_fault_in_a_window_names_the_cell_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasters, "_WHOLE_CELLS", 10)
    values = np.full((10, 20), 5.0)
    values[7, 15] = -3.0
    write_raster(tmp_path / "people.tif", values)
    log = Log()
    assert read(tmp_path / "people.tif", log, Around((X + 1300, Y, X + 1900, Y + 400), METRIC, 0.0)) is None
    assert [fault.row for fault in log.faults.found] == ["7, 15"]


def test_a_part_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_raster(tmp_path / "people.tif", np.ones((10, 20)))
    monkeypatch.setattr(rasters, "_MOST_CELLS", 199)
    log = Log()
    assert read(tmp_path / "people.tif", log) is None
    (fault,) = log.faults.found
    assert (fault.code, fault.found) == ("raster_too_large", "10 × 20")


def test_a_large_file_is_left_unread_while_nobody_knows_where_the_units_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_raster(tmp_path / "people.tif", np.ones((10, 20)))
    monkeypatch.setattr(rasters, "_WHOLE_CELLS", 199)
    log = Log()
    assert read(tmp_path / "people.tif", log, Around(None, None)) is None
    assert log.faults.found == []


# --- files at fault -------------------------------------------------------------------------------------------------


def claim(path: Path, width: int, height: int) -> None:
    """Change what a TIFF says of its width and height."""
    data = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from("<H", data, entry)
        if tag in (256, 257):
            struct.pack_into("<HII", data, entry + 2, 4, 1, width if tag == 256 else height)
    path.write_bytes(data)


@pytest.mark.parametrize(
    "size", [(2**31 - 1, 2**31 - 1), (2**31 - 1, 5), (5, 2**31 - 1), (10**6, 10**6), (70_000, 70_000)]
)
@pytest.mark.parametrize("around", [None, Around(BOUNDS, METRIC)])
def test_a_file_that_claims_an_absurd_size_is_refused(
    tmp_path: Path, size: tuple[int, int], around: Around | None
) -> None:
    path = tmp_path / "people.tif"
    write_raster(path, np.ones((40, 60)), compress="deflate", blockysize=4)
    claim(path, *size)
    log = Log()
    assert read(path, log, around) is None
    assert {fault.code for fault in log.faults.found} <= {"raster_too_large", "unreadable_file"}
    assert len(log.faults.found) == 1


def test_a_damaged_file_is_at_most_a_fault(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    path = tmp_path / "people.tif"
    write_raster(path, rng.random((40, 60)), compress="deflate", blockysize=4)
    sound = path.read_bytes()
    seen = set()
    for turn in range(150):
        data = bytearray(sound)
        if turn % 3 == 0:
            data = data[: rng.integers(0, len(data))]
        else:
            for place in rng.integers(0, 500, 3):
                data[place] = rng.integers(0, 256)
        path.write_bytes(data)
        log = Log()
        raster = read(path, log, Around(BOUNDS, METRIC), unit="persons per ha")
        assert (raster is None) == bool(log.faults.found)
        seen |= {fault.code for fault in log.faults.found}
    assert "unreadable_file" in seen


def test_a_complex_raster_is_refused(tmp_path: Path) -> None:
    write_raster(tmp_path / "people.tif", np.full((10, 20), 1 + 2j, dtype="complex64"))
    log = Log()
    assert read(tmp_path / "people.tif", log) is None
    assert [(fault.code, fault.found) for fault in log.faults.found] == [("unreadable_file", "complex64")]


# --- terrain --------------------------------------------------------------------------------------------------------


def test_terrain_honours_the_scenarios_nodata_and_tells_its_voids(tmp_path: Path) -> None:
    values = np.full((10, 20), -154.0)
    values[0] = 9999.0
    values[1, 0] = -9999.0
    path = tmp_path / "dem.tif"
    write_raster(path, values)
    log = Log()
    raster = read_terrain(TerrainSource(path=path, nodata=9999.0), log.layer("terrain", path))
    assert raster is not None
    assert np.isnan(raster.values[0]).all()
    assert np.isnan(raster.values[1, 0])
    assert (raster.values[2:] == -154.0).all()
    assert codes(log) == ["nodata_stated", "nodata_by_convention", "terrain_voids"]
    assert (log.notes[2].values["count"], log.notes[2].values["share"]) == (21, "10.50%")


def test_terrain_at_minus_200_m_is_ground(tmp_path: Path) -> None:
    path = tmp_path / "dem.tif"
    write_raster(path, np.full((10, 20), -200.0))
    raster = read_terrain(TerrainSource(path=path), Log().layer("terrain", path))
    assert raster is not None
    assert (raster.values == -200.0).all()


def test_terrain_is_read_around_the_ground_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasters, "_WHOLE_CELLS", 10)
    path = tmp_path / "dem.tif"
    write_raster(path, np.arange(200.0).reshape(10, 20))
    ground = Around((X + 510, Y + 510, X + 590, Y + 590), METRIC, 0.0)
    raster = read_terrain(TerrainSource(path=path), Log().layer("terrain", path), ground)
    assert raster is not None
    assert raster.values.tolist() == [[4 * 20 + 5]]


# --- densities ------------------------------------------------------------------------------------------------------


@settings(max_examples=examples(20), deadline=None)
@given(density=st.floats(0.01, 5_000), lat=st.floats(-60, 60), step=st.sampled_from([1 / 1200, 1 / 120, 0.01]))
def test_density_times_area_is_people(
    tmp_path_factory: pytest.TempPathFactory, density: float, lat: float, step: float
) -> None:
    path = tmp_path_factory.getbasetemp() / "density.tif"
    write_raster(path, np.full((6, 5), density), crs="EPSG:4326", transform=Affine(step, 0, 107, 0, -step, lat))
    raw = read_raster(path, Reading(), Log().layer("x"))
    assert raw is not None
    area = float(np.broadcast_to(cell_areas_m2(raw.grid), (6, 5)).sum())
    for unit, each in (("persons per ha", 10_000.0), ("persons per km2", 1_000_000.0)):
        assert read(path, unit=unit).values.sum() == pytest.approx(density * area / each, rel=1e-9)


def test_cells_beyond_the_globe_are_told(tmp_path: Path) -> None:
    # The corners of a Mollweide map of the world are no ground.
    move = Affine(1_800_000, 0, -18_000_000, 0, -1_800_000, 9_000_000)
    write_raster(tmp_path / "world.tif", np.ones((10, 20)), crs="ESRI:54009", transform=move)
    log = Log()
    raster = read(tmp_path / "world.tif", log, unit="persons per km2")
    lost = int(np.isnan(raster.values).sum())
    assert 0 < lost < 100
    assert [(note.code, note.values["count"]) for note in log.notes] == [("cells_off_the_globe", lost)]


# --- warnings -------------------------------------------------------------------------------------------------------


def warned(*_: object, **__: object) -> NoReturn:
    warnings.warn("the file is odd", UserWarning, stacklevel=1)
    raise OSError


def test_a_file_without_georeference_lacks_a_crs_and_warns_of_nothing(tmp_path: Path) -> None:
    path, log = tmp_path / "people.tif", Log()
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        write_raster(path, np.full((10, 20), 5.0), crs=None, transform=Affine.identity())
    shapes = gpd.GeoSeries([shapely.box(X, Y, X + 1, Y + 1)], crs=METRIC)
    # Warnings are errors here.
    assert read(path, log) is None
    assert zonal_people(path, shapes, PeopleSource(path=path, unit="persons per cell"), log.layer("x", path)) is None
    assert [fault.code for fault in log.faults.found] == ["missing_crs"] * 2


def test_numbers_that_overflow_once_they_are_scaled_are_infinite_and_warn_of_nothing(tmp_path: Path) -> None:
    path, log = tmp_path / "people.tif", Log()
    write_raster(path, np.full((10, 20), 3e10))
    with rasterio.open(path, "r+") as file:
        file.scales = (1e300,)
    assert read(path, log) is None
    assert [fault.code for fault in log.faults.found] == ["infinite_values"]


def test_whatever_else_a_library_warns_of_while_a_raster_is_read_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, log = tmp_path / "people.tif", Log()
    write_raster(path, np.full((10, 20), 5.0))
    shapes = gpd.GeoSeries([shapely.box(X, Y, X + 1, Y + 1)], crs=METRIC)
    monkeypatch.setattr(rasters, "open_grid", warned)
    monkeypatch.setattr(zonal, "open_grid", warned)
    with pytest.warns(UserWarning, match="the file is odd"):
        read(path, log)
    with pytest.warns(UserWarning, match="the file is odd"):
        zonal_people(path, shapes, PeopleSource(path=path, unit="persons per cell"), log.layer("x", path))
    monkeypatch.setattr(rasterio, "open", warned)
    with pytest.warns(UserWarning, match="the file is odd"):
        read(path, log)
