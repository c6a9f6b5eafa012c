"""Layers get their CRS: from the file, from the scenario, by parameters, from shifted coordinates; never by guess."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod, Transformer
from shapely import Point

from siting.crs import carry, working_crs
from siting.domain.scenario import Layer
from siting.read.geometry import gcj02
from siting.read.geometry.projections import choose_working_crs, georeferenced, resolve_crs
from siting.read.log import Log
from tests.read.case import Case, squares, write_raster

KEY = "facilities"
# Around Chongqing's 江北: degrees, WGS84.
LON, LAT = np.array([106.55, 106.56, 106.57]), np.array([29.56, 29.57, 29.58])


def bd09(lon: Any, lat: Any) -> gcj02.Pair:
    return gcj02.bd09_from_gcj02(*gcj02.gcj02_from_wgs84(lon, lat))


def points(x: Any, y: Any) -> Any:
    return shapely.points(np.asarray(x, dtype=float), np.asarray(y, dtype=float))


def placed(
    shapes: Any, crs: str | None = None, *, tagged: int | str | None = None, axes: str = "east_north"
) -> tuple[gpd.GeoSeries | None, Log]:
    log = Log()
    source = Layer(path=Path("f.csv"), crs=crs, axes=axes)
    tag = None if tagged is None else CRS.from_user_input(tagged)
    return georeferenced(np.asarray(shapes, dtype=object), tag, source, log.layer(KEY, "f.csv")), log


def codes(log: Log) -> list[str]:
    return [fault.code for fault in log.faults.found] + [note.code for note in log.notes]


def test_the_file_says_it() -> None:
    found, log = placed([Point(107.4, 29.7), None], tagged=4490)
    assert found is not None
    assert found.crs.to_epsg() == 4490
    assert found.iloc[1] is None
    assert log.layers[KEY]["crs"] == "EPSG:4490 China Geodetic Coordinate System 2000"
    assert log.layers[KEY]["crs_by"] == "file"
    assert codes(log) == []


def test_the_scenario_says_it() -> None:
    found, log = placed([Point(436_100, 3_281_100)], "EPSG:4545")
    assert found is not None
    assert found.crs.to_epsg() == 4545
    assert log.layers[KEY]["crs_by"] == "scenario"


def test_a_layer_without_any_shape_has_its_crs() -> None:
    found, log = placed([None, None], "EPSG:4545")
    assert found is not None
    assert len(found) == 2
    assert codes(log) == []


def test_axes_that_stand_the_other_way_round_are_turned() -> None:
    found, log = placed(shapely.linestrings([[[29.7, 107.4], [29.8, 107.5]]]), "EPSG:4490", axes="north_east")
    assert found is not None
    assert shapely.get_coordinates(found.iloc[0]).tolist() == [[107.4, 29.7], [107.5, 29.8]]
    assert codes(log) == []


@pytest.mark.parametrize("stated", ["gcj02", "GCJ-02", "Gcj02", " gcj02 "])
@pytest.mark.parametrize("tagged", [None, 4326, 4490, "OGC:CRS84", 4979])
def test_gcj02_is_brought_to_wgs84(stated: str, tagged: Any) -> None:
    shifted = gcj02.gcj02_from_wgs84(LON, LAT)
    found, log = placed([*points(*shifted), None], stated, tagged=tagged)
    assert found is not None
    assert found.crs.to_epsg() == 4326
    np.testing.assert_allclose(shapely.get_coordinates(found), np.column_stack([LON, LAT]), rtol=0, atol=1e-10)
    assert found.iloc[3] is None
    (note,) = log.notes
    assert (note.code, note.values["system"], note.values["count"]) == ("shifted_coordinates", "GCJ-02", 3)
    # By another library: the mean geodesic distance of the three places.
    metres = Transformer.from_crs(4326, 32648, always_xy=True)
    moved = np.column_stack(metres.transform(*shifted)) - np.column_stack(metres.transform(LON, LAT))
    assert note.values["metres"] == pytest.approx(np.hypot(*moved.T).mean(), abs=1.0)
    assert log.layers[KEY] == {"file": "f.csv", "crs": "GCJ-02", "crs_by": "scenario"}


def test_bd09_outlines_are_brought_to_wgs84() -> None:
    area = shapely.Polygon(
        [(106.5, 29.5), (106.6, 29.5), (106.6, 29.6)], [[(106.56, 29.52), (106.58, 29.52), (106.58, 29.54)]]
    )
    shifted = shapely.transform(area, lambda xy: np.column_stack(bd09(xy[:, 0], xy[:, 1])))
    found, log = placed([shifted], "BD-09")
    assert found is not None
    assert shapely.equals_exact(found.iloc[0], area, 1e-9)
    assert 800 < log.notes[0].values["metres"] < 2000


def test_shifted_coordinates_that_stand_the_other_way_round() -> None:
    shifted = gcj02.gcj02_from_wgs84(LON, LAT)
    found, _ = placed(points(shifted[1], shifted[0]), "gcj02", axes="north_east")
    assert found is not None
    np.testing.assert_allclose(shapely.get_coordinates(found)[:, 0], LON, rtol=0, atol=1e-10)
    nothing, log = placed(points(shifted[1], shifted[0]), "gcj02")
    assert nothing is None
    assert [(fault.code, fault.expected) for fault in log.faults.found] == [("swapped_axes", "north_east")]


@pytest.mark.parametrize("tagged", [4545, 4214, 3857])
def test_shifted_coordinates_contradict_any_other_crs(tagged: int) -> None:
    found, log = placed([Point(107, 29)], "gcj02", tagged=tagged)
    assert found is None
    assert codes(log) == ["crs_conflict"]


def test_shifted_coordinates_are_degrees_in_china() -> None:
    assert codes(placed([Point(436_100, 3_281_100)], "gcj02")[1]) == ["metres_as_degrees"]
    assert codes(placed([Point(-51.2, -30.0)], "gcj02")[1]) == ["outside_area_of_use"]


@pytest.mark.parametrize("stated", ["EPSG:4326+gcj02", "gcj", "mars"])
def test_what_only_sounds_like_it_is_unknown(stated: str) -> None:
    assert codes(placed([Point(107, 29)], stated)[1]) == ["unknown_crs"]


@pytest.mark.parametrize("stated", ["gcj02", "BD09", "+proj=longlat +ellps=krass +towgs84=15,-120,-80 +type=crs"])
def test_a_raster_in_shifted_coordinates_is_refused(stated: str) -> None:
    log = Log()
    assert resolve_crs(None, stated, log.layer("terrain", "dem.tif")) is None
    assert codes(log) == ["shifted_raster"]


def test_a_raster_says_its_crs() -> None:
    log = Log()
    found = resolve_crs(CRS.from_epsg(4545), None, log.layer("terrain", "dem.tif"))
    assert found is not None
    assert log.layers["terrain"]["crs_by"] == "file"


def test_a_raster_without_crs_is_told() -> None:
    log = Log()
    assert resolve_crs(None, None, log.layer("terrain", "dem.tif")) is None
    assert codes(log) == ["missing_crs"]


# --- systems of one's own ---------------------------------------------------------------------------------------------

LOCAL = "+proj=tmerc +lat_0=0 +lon_0=106.5 +k=1 +x_0=50000 +y_0=-3200000 +ellps=GRS80 +units=m +type=crs"


def test_a_local_system_differs_from_its_zone_by_a_known_translation() -> None:
    # The 3-degree zone of 106.5 degrees, its false easting 450 km and its northing 3200 km less.
    found, log = placed([Point(50_000, 80_000), Point(62_345.678, 91_234.567)], LOCAL)
    assert found is not None
    zone = CRS.from_proj4("+proj=tmerc +lat_0=0 +lon_0=106.5 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m")
    moved = shapely.get_coordinates(found.to_crs(zone))
    np.testing.assert_allclose(moved, [[500_000, 3_280_000], [512_345.678, 3_291_234.567]], rtol=0, atol=1e-6)
    assert codes(log) == []


def test_parameters_to_wgs84_are_applied_on_the_way_to_cgcs2000() -> None:
    # On the meridian of 90 degrees at the equator x, y, z of the earth's centre are (0, a, 0): a translation by
    # (100, 0, 0) goes 100 m west there, (0, 0, 50) goes 50 m north, by hand.
    system = "+proj=longlat +ellps=GRS80 +towgs84=100,0,50 +type=crs"
    found, log = placed([Point(90.0, 0.0)], system)
    assert found is not None
    assert found.crs.to_epsg() == 4326
    lon, lat = shapely.get_coordinates(found)[0]
    assert np.radians(lon - 90.0) * 6_378_137.0 == pytest.approx(-100.0, abs=0.01)
    # The radius of curvature along the meridian at the equator is a (1 - e2).
    assert np.radians(lat) * 6_335_439.0 == pytest.approx(50.0, abs=0.01)
    assert "datum_without_parameters" not in codes(log)
    # Carried to the working CRS the translation is still there.
    east, north = (
        found.to_crs(32646).get_coordinates().iloc[0]
        - gpd.GeoSeries(points([90.0], [0.0]), crs=4326).to_crs(32646).get_coordinates().iloc[0]
    )
    assert (east, north) == (pytest.approx(-100.0, abs=0.2), pytest.approx(50.0, abs=0.2))


def test_a_bound_local_system_goes_to_cgcs2000_with_its_parameters() -> None:
    plain = LOCAL.replace("+ellps=GRS80", "+ellps=krass")
    bound = plain.replace("+units", "+towgs84=24,-123,-94,0,0,0,0 +units")
    with_parameters, log = placed([Point(50_000, 80_000)], bound)
    without, other = placed([Point(50_000, 80_000)], plain)
    assert with_parameters is not None
    assert without is not None
    expected = Transformer.from_crs(CRS.from_user_input(bound), 4326, always_xy=True).transform(50_000, 80_000)
    target = Transformer.from_crs(4326, 32648, always_xy=True).transform(*expected)
    there = with_parameters.to_crs(4545).to_crs(4490).to_crs(32648).get_coordinates().to_numpy()[0]
    np.testing.assert_allclose(there, target, rtol=0, atol=0.01)
    off = with_parameters.to_crs(4545).distance(without.to_crs(4545)).iloc[0]
    assert 15 < off < 60
    assert codes(log) == []
    assert codes(other) == ["datum_without_parameters"]


@pytest.mark.parametrize("code", [4610, 2349 + 11, 2370 + 11, 4214, 2401 + 11, 2422 + 11, 4555])
def test_old_datums_are_told(code: int) -> None:
    crs = CRS.from_epsg(code)
    at = Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True).transform(107.4, 29.7)
    found, log = placed([Point(*at)], tagged=code)
    assert found is not None
    (note,) = log.notes
    assert note.code == "datum_without_parameters"
    assert note.values["crs"] == f"EPSG:{code} {crs.name}"
    assert note.values["datum"] == crs.geodetic_crs.name


@pytest.mark.parametrize(
    ("code", "at"), [(4230, (10, 50)), (4490, (107, 29)), (4326, (-51, -30)), (3857, (11.9e6, 3.4e6))]
)
def test_datums_that_are_known_are_not_told(code: int, at: tuple[float, float]) -> None:
    assert codes(placed([Point(*at)], tagged=code)[1]) == []


# --- the working CRS --------------------------------------------------------------------------------------------------


def units(lon: float, lat: float) -> list[gpd.GeoDataFrame]:
    return [gpd.GeoDataFrame(geometry=[shapely.box(lon - 0.05, lat - 0.05, lon + 0.05, lat + 0.05)], crs=4490)]


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (106.499, 29.56, 4544),
        (106.501, 29.56, 4545),
        (109.499, 30.0, 4545),
        (109.501, 30.0, 4546),
        (-51.2, -30.03, 32722),
    ],
)
def test_the_nearest_meridian_is_measured_in(lon: float, lat: float, epsg: int) -> None:
    found = choose_working_crs(units(lon, lat))
    assert found is not None
    assert found.to_epsg() == epsg


@pytest.mark.parametrize("lon", [74.0, 106.49, 106.51, 121.47, 134.9])
def test_the_zone_of_a_place_lies_within_a_degree_and_a_half(lon: float) -> None:
    crs = working_crs(lon, 35.0)
    meridian = crs.coordinate_operation.params[1]
    assert meridian.name == "Longitude of natural origin"
    assert abs(meridian.value - lon) <= 1.5
    # The centre of the zone lies at 500 km by definition; a degree and a half from it at most 137 km away.
    x, _ = Transformer.from_crs(4490, crs, always_xy=True).transform(lon, 35.0)
    assert abs(x - 500_000) < 137_000


# --- through the whole reading ----------------------------------------------------------------------------------------


def ledger(lon: Any, lat: Any) -> str:
    rows = [f"F{i},一号站,station,existing,{x:.10f},{y:.10f}" for i, (x, y) in enumerate(zip(lon, lat, strict=True))]
    return "\n".join(["id,name,tier,status,x,y", *rows, ""])


@pytest.mark.parametrize(("crs", "way"), [("gcj02", gcj02.gcj02_from_wgs84), ("bd09", bd09)])
def test_a_ledger_in_shifted_coordinates_comes_to_its_place(case: Case, crs: str, way: gcj02.Way) -> None:
    expected = case.read().facilities
    degrees = expected.to_crs(4490).get_coordinates()
    case.facilities(ledger(*way(degrees["x"].to_numpy(), degrees["y"].to_numpy())))
    case.sections["facilities"] = case.sections["facilities"].replace("EPSG:4545", crs)
    inputs = case.read()
    apart = inputs.facilities.geometry.to_numpy()
    assert (shapely.distance(apart, expected.geometry.to_numpy()) < 0.001).all()
    (note,) = [note for note in inputs.notes if note.code == "shifted_coordinates"]
    assert (note.values["layer"], note.values["count"]) == ("facilities", 3)
    assert inputs.layers["facilities"]["crs_by"] == "scenario"


def test_a_raster_in_shifted_coordinates_stops_the_reading(case: Case) -> None:
    write_raster(case.folder / "residents.tif", np.ones((10, 20)), crs=None)
    case.sections["population"] = case.sections["population"].replace("unit", 'crs = "gcj02", unit')
    fault = case.fault()
    assert (fault.code, fault.layer, fault.field) == ("shifted_raster", "population.residents", "crs")


def test_units_in_another_zone_measure_alike(case: Case) -> None:
    expected = case.read().units["street"]
    squares().to_crs(4524).to_file(case.folder / "streets.gpkg")
    found = case.read().units["street"]
    assert found.crs.to_epsg() == 4545
    np.testing.assert_allclose(shapely.area(found.geometry), shapely.area(expected.geometry), rtol=1e-9)
    # What calls itself by the short zone, and begins with the zone's number, is refused.
    squares().to_crs(4524).set_crs(4545, allow_override=True).to_file(case.folder / "streets.gpkg")
    assert "zone_prefix" in {fault.code for fault in case.faults()}


@pytest.mark.parametrize(("metres", "by_geodesic", "by_degrees"), [(1e3, 0.0005, 0.0125), (1e4, 0.045, 1.25)])
def test_borders_are_straight_in_the_working_crs_by_as_much_as_is_said(
    metres: float, by_geodesic: float, by_degrees: float
) -> None:
    """The table of docs/methods.md, part 9."""
    ellipsoid, crs = Geod(ellps="GRS80"), working_crs(108.0, 29.6)
    carry = Transformer.from_crs(4490, crs, always_xy=True)
    share = np.linspace(0.0, 1.0, 101)
    worst = np.zeros(2)
    for azimuth in range(0, 180, 5):
        (x, y), (u, v) = (ellipsoid.fwd(109.5, 29.6, azimuth + turn, metres / 2)[:2] for turn in (180, 0))
        forward = ellipsoid.inv(x, y, u, v)[0]
        geodesic = np.array([ellipsoid.fwd(x, y, forward, part * metres)[:2] for part in share])
        degrees = np.column_stack([x + (u - x) * share, y + (v - y) * share])
        side = shapely.LineString(np.column_stack(carry.transform([x, u], [y, v])))
        for number, line in enumerate((geodesic, degrees)):
            there = shapely.points(np.column_stack(carry.transform(line[:, 0], line[:, 1])))
            worst[number] = max(worst[number], float(shapely.distance(there, side).max()))
    assert worst[0] == pytest.approx(by_geodesic, rel=0.15)
    assert worst[1] == pytest.approx(by_degrees, rel=0.05)


def test_how_to_go_from_one_crs_to_another_is_looked_up_once() -> None:
    # Each layer brings a CRS of its own that says the same.
    assert carry(CRS.from_epsg(4545), CRS.from_epsg(4326)) is carry(CRS.from_epsg(4545), CRS.from_epsg(4326))
