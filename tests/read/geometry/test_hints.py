"""What coordinates say of their CRS, told and never acted upon."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer
from shapely import Point

from siting.domain.scenario import Layer
from siting.read.geometry import hints
from siting.read.geometry.projections import georeferenced
from siting.read.log import Log
from siting.text import LANGS
from tests.read.case import Case, squares, write_raster

# Within 3-degree zone 36 (108 E) and 35 (105 E) alike: Chongqing's boundary between them is 106.5 E.
PLACE = (106.55, 29.56)


def at(code: int | str, lon: float = PLACE[0], lat: float = PLACE[1]) -> tuple[float, float]:
    x, y = Transformer.from_crs(4490, CRS.from_user_input(code), always_xy=True).transform(lon, lat)
    return x, y


def told(place: tuple[float, float], crs: Any = None, axes: str = "east_north", *, count: int = 5) -> Log:
    log = Log()
    x, y = place
    step = 0.001 if max(abs(x), abs(y)) < 360 else 100.0
    shapes = np.array([Point(x + i * step, y + i * step) for i in range(count)], dtype=object)
    tagged = None if crs is None else CRS.from_user_input(crs)
    georeferenced(shapes, tagged, Layer(path=Path("f.shp"), axes=axes), log.layer("facilities", "f.shp"))
    for fault in log.faults.found:
        for lang in LANGS:
            assert fault.message(lang)
    return log


def fault(log: Log) -> tuple[str, str]:
    (found,) = log.faults.found
    return found.code, found.expected


# --- no CRS -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "likely"),
    [
        (PLACE, "EPSG:4490, EPSG:4326, gcj02, bd09"),
        (PLACE[::-1], 'EPSG:4490, EPSG:4326, gcj02, bd09; axes = "north_east"'),
        ((-51.2, -30.0), "EPSG:4326"),
        (at(4524), "EPSG:4524 (CGCS2000), EPSG:2360 (Xian 1980), EPSG:2412 (Beijing 1954)"),
        (at(4523), "EPSG:4523 (CGCS2000), EPSG:2359 (Xian 1980), EPSG:2411 (Beijing 1954)"),
        (at(4524)[::-1], 'EPSG:4524 (CGCS2000), EPSG:2360 (Xian 1980), EPSG:2412 (Beijing 1954); axes = "north_east"'),
        (at(4496), "EPSG:4496 (CGCS2000), EPSG:2332 (Xian 1980), EPSG:21418 (Beijing 1954)"),
        (at(4545), "EPSG:4534 – 4554 (3°), EPSG:4502 – 4512 (6°)"),
        (at(4545)[::-1], 'EPSG:4534 – 4554 (3°), EPSG:4502 – 4512 (6°); axes = "north_east"'),
        (at(3857), "EPSG:3857"),
        ((12.0, 5e7), hints._USUAL),
    ],
)
def test_a_layer_without_crs_hears_what_it_may_be_in(place: tuple[float, float], likely: str) -> None:
    assert fault(told(place)) == ("missing_crs", likely)


@pytest.mark.parametrize("lon", range(75, 136, 3))
def test_every_zone_is_told_by_its_number(lon: int) -> None:
    """The prefixed easting of each zone that PROJ knows leads to that zone's own code, and no other of CGCS2000."""
    code = 4513 + (lon - 75) // 3
    crs = CRS.from_epsg(code)
    area = crs.area_of_use
    lat = (area.south + area.north) / 2
    found = hints.likely_crs(shapely.points([at(code, lon + 0.2, lat)]))
    assert found.startswith(f"EPSG:{code} (CGCS2000)")
    assert found.count("CGCS2000") == 1


@pytest.mark.parametrize("geographic", [4490, 4610, 4214])
@pytest.mark.parametrize("zone", [*range(13, 24), *range(25, 46)])
def test_codes_are_those_of_their_zones(geographic: int, zone: int) -> None:
    family = hints._FAMILIES[geographic]
    meridian = 6 * zone - 3 if zone < 24 else 3 * zone
    for code, easting in ((family.prefixed(zone), zone * 1e6 + 5e5), (family.short(zone), 5e5)):
        crs = CRS.from_epsg(code)
        known = {each.name: each.value for each in crs.coordinate_operation.params}
        assert crs.geodetic_crs.to_epsg() == geographic
        assert (known["Longitude of natural origin"], known["False easting"]) == (meridian, easting)


# --- a CRS that the coordinates contradict ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "crs", "right"),
    [
        (at(4524), 4545, 4524),
        (at(4523), 4545, 4523),
        (at(4545), 4524, 4545),
        (at(4523), 4524, 4523),
        (at(2360), 2381, 2360),
        (at(2381), 2360, 2381),
        (at(2412), 2433, 2412),
        (at(4507), 4496, 4507),
        (at(4524), 32648, 4524),
    ],
)
def test_the_zone_number_is_there_or_not(place: tuple[float, float], crs: int, right: int) -> None:
    assert fault(told(place, crs)) == ("zone_prefix", f"EPSG:{right} {CRS.from_epsg(right).name}")


def test_the_code_that_is_named_leads_to_the_place() -> None:
    """Read by the code that the fault names, prefixed coordinates lie where the short ones do."""
    x, y = at(4524)
    code = int(fault(told((x, y), 4545))[1].split()[0].removeprefix("EPSG:"))
    moved = Transformer.from_crs(code, 4545, always_xy=True).transform(x, y)
    np.testing.assert_allclose(moved, (x - 36_000_000, y), rtol=0, atol=1e-6)
    np.testing.assert_allclose(moved, at(4545), rtol=0, atol=1e-6)


@pytest.mark.parametrize("crs", [4490, 4326, 4610, 4545, 4524, 32648])
def test_swapped_axes(crs: int) -> None:
    assert fault(told(at(crs)[::-1], crs)) == ("swapped_axes", "north_east")
    # The scenario turns what stood right.
    assert fault(told(at(crs), crs, "north_east")) == ("swapped_axes", "east_north")
    assert told(at(crs)[::-1], crs, "north_east").faults.found == []
    assert told(at(crs), crs).faults.found == []


def test_western_china_swapped_is_not_taken_for_the_arctic() -> None:
    assert fault(told((37.1, 79.9), 4326)) == ("swapped_axes", "north_east")  # 和田
    assert told((15.6, 78.2), 4326).faults.found == []  # Longyearbyen


def test_swapped_axes_and_a_zone_number() -> None:
    log = told(at(4524)[::-1], 4545)
    assert [(each.code, each.expected[:10]) for each in log.faults.found] == [
        ("zone_prefix", "EPSG:4524 "),
        ("swapped_axes", "north_east"),
    ]


@pytest.mark.parametrize("crs", [4545, 4524, 3857, 32648, "ESRI:54009"])
def test_degrees_in_a_crs_of_metres(crs: Any) -> None:
    assert fault(told(PLACE, crs)) == ("degrees_as_metres", "EPSG:4490, EPSG:4326, gcj02, bd09")


def test_degrees_in_a_local_system() -> None:
    local = "+proj=tmerc +lat_0=29.5 +lon_0=106.5 +x_0=0 +y_0=0 +ellps=GRS80 +units=m +type=crs"
    assert fault(told(PLACE, local))[0] == "degrees_as_metres"
    # Two places may stand by chance some tens of metres from its origin; places far from it are usual.
    assert told(PLACE, local, count=2).faults.found == []
    assert told((4_000.0, 6_000.0), local).faults.found == []


@pytest.mark.parametrize("crs", [4490, 4326])
def test_metres_in_a_crs_of_degrees(crs: int) -> None:
    code, likely = fault(told(at(4524), crs))
    assert code == "metres_as_degrees"
    assert likely.startswith("EPSG:4524 (CGCS2000)")


def test_coordinates_far_from_where_a_crs_is_used() -> None:
    assert fault(told(at(3857), 4545)) == ("outside_area_of_use", "EPSG:3857")
    log = told((-51.2, -30.0), 4490)
    assert log.faults.found == []
    assert [note.code for note in log.notes] == ["outside_area_of_use"]


def test_a_neighbouring_zone_is_common_practice() -> None:
    for lon, expected in ((105.3, []), (110.2, []), (103.0, ["outside_area_of_use"])):
        log = told(at(4545, lon), 4545)
        assert log.faults.found == []
        assert [note.code for note in log.notes] == expected


def test_single_stray_records_do_not_condemn_the_layer() -> None:
    log = Log()
    shapes = np.array([Point(*PLACE)] * 19 + [Point(PLACE[1], PLACE[0])], dtype=object)
    found = georeferenced(shapes, CRS.from_epsg(4490), Layer(path=Path("f.shp")), log.layer("facilities"))
    assert found is not None
    assert log.faults.found == []


@pytest.mark.parametrize(
    ("place", "crs"),
    [
        ((-51.2, -30.0), 4326),
        (at(32722, -51.2, -30.0), 32722),
        (at(3857, -51.2, -30.0), 3857),
        (at("ESRI:54009", -51.2, -30.0), "ESRI:54009"),
        (at(4545), 4545),
        (at(4496), 4496),
        ((179.9, -16.5), 4326),
        (at(3832, 179.9, -16.5), 3832),
    ],
)
def test_what_is_right_is_left_alone(place: tuple[float, float], crs: Any) -> None:
    log = told(place, crs)
    assert log.faults.found == []
    assert log.notes == []


@pytest.mark.parametrize(
    ("columns", "name", "marks"),
    [
        ({"adcode": 500103, "acroutes": "a", "parent": "b"}, "streets.geojson", "adcode, acroutes"),
        ({"subFeatureIndex": 1, "childrenNum": 0}, "streets.geojson", "subFeatureIndex, childrenNum"),
        ({"parent": "b"}, "streets_GCJ-02.geojson", "GCJ-02"),
        ({"parent": "b"}, "streets.geojson", None),
    ],
)
def test_what_looks_like_a_web_map_is_told_until_it_is_declared(
    case: Case, columns: dict[str, Any], name: str, marks: str | None
) -> None:
    squares().assign(**columns).to_crs(4326).to_file(case.folder / name)
    case.sections["units.street"] = f'path = "{name}"'
    found = [note.values["marks"] for note in case.read().notes if note.code == "looks_gcj02"]
    assert found == ([] if marks is None else [marks])
    case.sections["units.street"] += '\ncrs = "gcj02"'
    assert "looks_gcj02" not in {note.code for note in case.read().notes}


def test_displacement_and_its_signs_are_told_before_anything_else(case: Case) -> None:
    squares().assign(adcode=1, childrenNum=0).to_crs(4326).to_file(case.folder / "streets.geojson")
    case.sections["units.street"] = (
        'path = "streets.geojson"\nrows = { id = ["S1", "S2"], name = ["S1街道", "S2街道"] }'
    )
    values = np.full((10, 20), 5.0)
    values[0, 0] = -9999.0
    write_raster(case.folder / "residents.tif", values)
    codes = [note.code for note in case.read().notes]
    assert codes[:2] == ["looks_gcj02", "nodata_by_convention"]
