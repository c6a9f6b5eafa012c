"""Rasters: people per cell and heights."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS, Geod

from siting.crs import WGS84
from siting.domain.nouns import Grid
from siting.domain.scenario import PeopleSource
from siting.read.log import Log
from siting.read.people.bands import age_files, read_people
from siting.read.people.rasters import cell_areas_m2
from tests.read.case import Case, X, Y, write_raster


@pytest.fixture
def bands(case: Case) -> Iterator[Case]:
    """A case whose elderly come in bands of age."""
    for age, people in ((55, 100.0), (60, 1.0), (65, 2.0), (70, 4.0)):
        write_raster(case.folder / f"elderly_{age}.tif", np.full((10, 20), people))
    case.sections["population"] = 'elderly = { pattern = "elderly_{age}.tif", unit = "persons per cell" }'
    return case


@pytest.mark.parametrize("options", [{"nodata": -200.0}, {"nodata": -99999.0}, {"nodata": float("nan")}])
def test_nodata_becomes_nan(case: Case, options: dict[str, float]) -> None:
    values = np.full((10, 20), 5.0, dtype="float32")
    values[0, 0], values[1, 1] = options["nodata"], np.nan
    write_raster(case.folder / "residents.tif", values, **options)
    raster = case.read().population.residents
    assert raster is not None
    assert raster.values.dtype == np.float64
    assert np.isnan(raster.values).sum() == 2
    assert np.nansum(raster.values) == 198 * 5.0


def test_the_mask_of_a_file_becomes_nan(case: Case) -> None:
    import rasterio

    path = case.folder / "residents.tif"
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        mask = np.full((10, 20), 255, dtype="uint8")
        mask[:5] = 0
        file.write_mask(mask)
    raster = case.read().population.residents
    assert raster is not None
    assert np.isnan(raster.values[:5]).all()
    assert (raster.values[5:] == 5.0).all()


def test_what_is_read_cannot_be_written_to(case: Case) -> None:
    write_raster(case.folder / "dem.tif", np.full((10, 20), 250, dtype="int16"))
    case.sections["terrain"] = 'path = "dem.tif"'
    inputs = case.read()
    for raster in (inputs.population.residents, inputs.terrain):
        assert raster is not None
        with pytest.raises(ValueError, match="read-only"):
            raster.values[0, 0] = 1


def test_scale_and_offset_of_the_band_are_applied(case: Case) -> None:
    import rasterio

    path = case.folder / "residents.tif"
    write_raster(path, np.full((10, 20), 30, dtype="int16"))
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.1,), (2.0,)
    raster = case.read().population.residents
    assert raster is not None
    np.testing.assert_allclose(raster.values, 5.0)


def test_a_raster_with_south_up_is_turned(case: Case) -> None:
    values = np.arange(200.0).reshape(10, 20)
    write_raster(case.folder / "residents.tif", values[::-1], transform=Affine(100, 0, X, 0, 100, Y))
    raster = case.read().population.residents
    assert raster is not None
    np.testing.assert_array_equal(raster.values, values)
    assert raster.grid.transform == Affine(100, 0, X, 0, -100, Y + 1000)


def test_a_density_keeps_the_people_of_the_true_area(tmp_path: Path) -> None:
    # Three arc seconds at 60° N: a cell is half as wide as it is high.
    step = 1 / 1200
    path = tmp_path / "density.tif"
    write_raster(path, np.full((7, 3), 2.0), crs="EPSG:4326", transform=Affine(step, 0, 10, 0, -step, 60))
    source = PeopleSource(path=path, unit="persons per ha")
    raster = read_people(source, Log().layer("population.residents", path))
    assert raster is not None
    lon, lat = np.array([10, 10 + 3 * step, 10 + 3 * step, 10]), np.array([60 - 7 * step, 60 - 7 * step, 60, 60])
    area, _ = Geod(ellps="GRS80").polygon_area_perimeter(lon, lat)
    assert raster.values.sum() == pytest.approx(2.0 * area / 10_000, rel=1e-9)


@pytest.mark.parametrize(
    ("crs", "transform", "shape"),
    [
        ("EPSG:4545", Affine(100, 0, X, 0, -100, Y), (200, 300)),  # keeps shapes, on its meridian
        ("EPSG:3857", Affine(100, 0, 11_900_000, 0, -100, 3_460_000), (200, 300)),  # stretches by a quarter
        ("ESRI:54009", Affine(100, 0, 10_000_000, 0, -100, 3_600_000), (200, 300)),  # keeps areas
        ("EPSG:4490", Affine(0.001, 0, 107, 0, -0.001, 30), (200, 300)),
    ],
)
def test_areas_of_cells_are_those_on_the_ellipsoid(crs: str, transform: Affine, shape: tuple[int, int]) -> None:
    grid = Grid(transform, shape, CRS.from_user_input(crs))
    areas = np.broadcast_to(cell_areas_m2(grid), shape)
    # An independent sum: the outline of the whole grid, point by point of its cells.
    rows, columns = shape
    ring = [(0, row) for row in range(rows + 1)] + [(column, rows) for column in range(1, columns + 1)]
    ring += [(columns, row) for row in range(rows - 1, -1, -1)] + [(column, 0) for column in range(columns - 1, 0, -1)]
    column, row = np.array(ring, dtype=float).T
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(grid.crs, WGS84, always_xy=True).transform(
        transform.a * column + transform.c, transform.e * row + transform.f
    )
    area, _ = Geod(ellps="GRS80").polygon_area_perimeter(lon, lat)
    assert areas.sum() == pytest.approx(abs(area), rel=1e-7)


def test_a_density_in_web_mercator_does_not_invent_people(case: Case) -> None:
    write_raster(
        case.folder / "residents.tif",
        np.full((40, 60), 100.0),
        crs="EPSG:3857",
        transform=Affine(100, 0, 11_948_000, 0, -100, 3_463_000),
    )
    case.sections["population"] = 'residents = { path = "residents.tif", unit = "persons per km2" }'
    raster = case.read().population.residents
    assert raster is not None
    # 0.01 km² on the map is three quarters of that on the ground here.
    assert raster.values.mean() == pytest.approx(1.0 * np.cos(np.radians(29.65)) ** 2, rel=0.01)


def test_bands_from_an_age_on_are_added_up(bands: Case) -> None:
    holed = np.full((10, 20), 2.0)
    holed[0, :2] = np.nan
    write_raster(bands.folder / "elderly_65.tif", holed)
    first = np.full((10, 20), 1.0)
    first[0, 0] = np.nan
    write_raster(bands.folder / "elderly_60.tif", first)
    last = np.full((10, 20), 4.0)
    last[0, 0] = np.nan
    write_raster(bands.folder / "elderly_70.tif", last)
    inputs = bands.read()
    elderly = inputs.population.elderly
    assert elderly is not None
    assert np.isnan(elderly.values[0, 0])
    assert elderly.values[0, 1] == 5.0
    assert (elderly.values[1:] == 7.0).all()
    assert inputs.population.elderly_age == 60
    assert [(note.code, note.values["ages"]) for note in inputs.notes] == [("age_bands", "60, 65, 70")]
    assert [key for key in inputs.digests if key.startswith("population")] == [
        "population.elderly[60]",
        "population.elderly[65]",
        "population.elderly[70]",
    ]


def test_the_first_age_is_the_scenarios(bands: Case) -> None:
    bands.sections["population"] = bands.sections["population"].replace("unit", "from_age = 65, unit")
    population = bands.read().population
    assert population.elderly is not None
    assert (population.elderly.values == 6.0).all()
    assert population.elderly_age == 65


def test_ages_have_one_to_three_digits(tmp_path: Path) -> None:
    for name in ("e_5.tif", "e_60.tif", "e_100.tif", "e_2020.tif", "e_x.tif", "e_60.tif.aux.xml", "ee_65.tif"):
        (tmp_path / name).touch()
    assert list(age_files(str(tmp_path / "e_{age}.tif"))) == [5, 60, 100]


@pytest.mark.parametrize(
    ("change", "code", "file"),
    [
        ("rename", "no_age_band", "old_{age}.tif"),
        ("first", "first_age_band_missing", "elderly_{age}.tif"),
        ("grid", "bands_differ", "elderly_70.tif"),
        ("shape", "bands_differ", "elderly_70.tif"),
        ("negative", "negative_population", "elderly_70.tif"),
    ],
)
def test_bands_that_do_not_fit_are_told(bands: Case, change: str, code: str, file: str | None) -> None:
    last = bands.folder / "elderly_70.tif"
    if change == "rename":
        bands.sections["population"] = bands.sections["population"].replace("elderly_{", "old_{")
    elif change == "first":
        (bands.folder / "elderly_60.tif").unlink()
    elif change == "grid":
        write_raster(last, np.ones((10, 20)), origin=(X + 50, Y + 1000))
    elif change == "shape":
        write_raster(last, np.ones((10, 21)))
    else:
        write_raster(last, np.full((10, 20), -1.0))
    fault = bands.fault()
    assert (fault.code, fault.file, fault.layer) == (code, file, "population.elderly")


def test_negative_people_are_told_by_cell(case: Case) -> None:
    values = np.full((10, 20), 5.0)
    values[3, 7] = values[4, 1] = -7
    write_raster(case.folder / "residents.tif", values)
    fault = case.fault()
    assert (fault.code, fault.file, fault.row, fault.found) == (
        "negative_population",
        "residents.tif",
        "3, 7",
        "-7 (2)",
    )
    assert fault.message("en").startswith(
        "residents.tif · layer population.residents · row 3, 7: the population is negative: smallest value"
    )


@pytest.mark.parametrize(
    ("values", "options", "code"),
    [
        (np.ones((10, 20)), {"crs": None}, "missing_crs"),
        (np.ones((2, 10, 20)), {"count": 2}, "many_bands"),
        (np.ones((10, 20)), {"transform": Affine(100, 10, X, 10, -100, Y + 1000)}, "turned_grid"),
        (np.full((10, 20), np.nan), {}, "no_values"),
        (np.full((10, 20), np.inf), {}, "infinite_values"),
        (np.ones((10, 20)), {"origin": (X + 90_000, Y)}, "no_overlap"),
        (np.ones((10, 20)), {"crs": "EPSG:4490"}, "no_overlap"),
    ],
)
def test_a_raster_at_fault_is_told(case: Case, values: Any, options: dict[str, Any], code: str) -> None:
    write_raster(case.folder / "residents.tif", values, **options)
    fault = case.fault()
    assert (fault.code, fault.file, fault.layer) == (code, "residents.tif", "population.residents")


def test_the_scenario_states_a_crs_that_the_raster_lacks(case: Case) -> None:
    write_raster(case.folder / "residents.tif", np.ones((10, 20)), crs=None)
    case.sections["population"] = case.sections["population"].replace("unit", 'crs = "EPSG:4545", unit')
    raster = case.read().population.residents
    assert raster is not None
    assert raster.grid.crs.to_epsg() == 4545


def test_a_raster_that_shares_only_a_border_does_not_overlap(case: Case) -> None:
    write_raster(case.folder / "residents.tif", np.ones((10, 20)), origin=(X + 2000, Y + 1000))
    fault = case.fault()
    assert fault.code == "no_overlap"
    assert fault.found == "438000, 3281000 – 440000, 3282000"
    assert fault.expected == "436000, 3281000 – 438000, 3282000"


@pytest.mark.parametrize("content", [b"", b"II*\0garbage"])
def test_an_unreadable_raster_is_told(case: Case, content: bytes) -> None:
    (case.folder / "residents.tif").write_bytes(content)
    assert (case.fault().code, case.fault().file) == ("unreadable_file", "residents.tif")


def test_a_truncated_raster_is_told(case: Case) -> None:
    path = case.folder / "residents.tif"
    write_raster(path, np.random.default_rng(1).random((10, 20)), compress="deflate")
    path.write_bytes(path.read_bytes()[:-600])
    assert case.fault().code == "unreadable_file"


def test_terrain_must_lie_under_the_network(case: Case) -> None:
    write_raster(case.folder / "dem.tif", np.ones((10, 20)), origin=(X, Y + 9000))
    case.sections["terrain"] = 'path = "dem.tif"'
    fault = case.fault()
    assert (fault.code, fault.file, fault.layer) == ("no_overlap", "dem.tif", "terrain")


def test_a_raster_is_read_whole_strip_by_strip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siting.read.people.rasters._STRIP_CELLS", 1)
    values = np.arange(37.0 * 20).reshape(37, 20)
    path = tmp_path / "r.tif"
    write_raster(path, values, blockysize=4)
    raster = read_people(PeopleSource(path=path, unit="persons per cell"), Log().layer("x", path))
    assert raster is not None
    np.testing.assert_array_equal(raster.values, values)
