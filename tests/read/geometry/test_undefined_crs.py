"""A layer whose CRS is called undefined has none: what the scenario states is taken, and it is asked for otherwise."""

from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS

import siting
from siting.errors import InputError
from siting.read.geometry.gcj02 import gcj02_from_wgs84
from siting.read.geometry.projections import tagged_crs
from siting.read.survey_files import looks
from tests.read.case import Case, squares, write_raster

CASE = "10-geopackage-without-a-crs"
LOCAL = 'LOCAL_CS["Unknown",UNIT["metre",1,AUTHORITY["EPSG","9001"]]]'


@pytest.mark.parametrize("name", ["scenario", "geographic", "raster"])
def test_what_is_stated_is_taken(cases: Path, name: str) -> None:
    report = siting.check(siting.read_scenario(cases / CASE / f"{name}.toml"))
    assert report.totals["residents"] == pytest.approx(25_600)
    assert report.totals["elderly"] * report.totals["covered_share"] == pytest.approx(3_200)
    assert report.totals["covered_share"] == pytest.approx(0.625)


def test_undefined_degrees_are_asked_for_and_the_advice_works(cases: Path) -> None:
    folder = cases / CASE
    with pytest.raises(InputError) as caught:
        siting.check(siting.read_scenario(folder / "geographic-unstated.toml"))
    (fault,) = caught.value.faults
    assert (fault.code, fault.layer) == ("missing_crs", "units.community")
    assert fault.expected == "EPSG:4490, EPSG:4326, gcj02, bd09"
    # The stated one differs by nothing but the line that the advice asks for.
    stated, unstated = (
        Counter((folder / f"{name}.toml").read_text(encoding="utf-8").splitlines())
        for name in ("geographic", "geographic-unstated")
    )
    assert list((stated - unstated).elements()) == ['crs = "EPSG:4490"']


@pytest.mark.parametrize("identifier", [-1, 0])
def test_gcj02_may_be_stated_for_an_undefined_layer(case: Case, identifier: int) -> None:
    there = squares().to_crs(4326)
    shifted = there.geometry.transform(lambda xy: np.column_stack(gcj02_from_wgs84(xy[:, 0], xy[:, 1])))
    name = {-1: "Undefined Cartesian SRS", 0: "Undefined geographic SRS"}[identifier]
    undefined = (
        CRS.from_wkt(LOCAL.replace("Unknown", name))
        if identifier
        else CRS.from_wkt(
            f'GEOGCS["{name}",DATUM["unknown",SPHEROID["unknown",6378137,298.257223563]],'
            'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
        )
    )
    gpd.GeoDataFrame(there.drop(columns="geometry"), geometry=shifted.to_numpy(), crs=undefined).to_file(
        case.folder / "streets.gpkg"
    )
    assert case.fault().code == "missing_crs"
    case.sections["units.street"] += '\ncrs = "gcj02"'
    inputs = case.read()
    wanted = squares().to_crs(inputs.crs).geometry.to_numpy()
    np.testing.assert_allclose(
        [shape.centroid.coords[0] for shape in inputs.units["street"].geometry],
        [shape.centroid.coords[0] for shape in wanted],
        rtol=0,
        atol=0.01,
    )


def test_a_raster_with_a_local_cs_is_asked_for_its_crs(case: Case) -> None:
    write_raster(case.folder / "residents.tif", np.full((10, 20), 5.0), crs=LOCAL)
    assert case.fault().code == "missing_crs"
    case.sections["population"] = case.sections["population"].replace(" }", ', crs = "EPSG:4545" }')
    raster = case.read().population.residents
    assert raster is not None
    assert float(raster.values.sum()) == pytest.approx(1_000)


def test_a_survey_asks_for_the_crs_of_undefined_layers(case: Case) -> None:
    write_raster(case.folder / "residents.tif", np.full((10, 20), 5.0), crs=LOCAL)
    found = {look.path: look.has_crs for look in looks(case.folder)}
    assert not found["residents.tif"]
    assert found["streets.gpkg"]


@pytest.mark.parametrize(
    "definition",
    ["EPSG:4545", "EPSG:4490", "OGC:CRS84", "+proj=longlat +datum=WGS84", "+proj=longlat +ellps=GRS80 +no_defs"],
)
def test_what_names_a_place_on_earth_is_taken(definition: str) -> None:
    assert tagged_crs(CRS.from_user_input(definition).to_wkt()) is not None
