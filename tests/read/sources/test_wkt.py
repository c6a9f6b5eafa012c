"""Geometry in cells: WKT and WKB of PostGIS, curves, and what cannot be read."""

import math
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siting.domain.scenario import Layer
from siting.errors import Fault
from siting.read.log import Log
from siting.read.sources.vectors import read_vector
from siting.read.sources.wkt import read_geometries

NUMBER = st.floats(-1e6, 1e6)


def read(path: Path, **source: object) -> tuple[gpd.GeoDataFrame | None, list[Fault], Log]:
    log = Log()
    layer = Layer.model_validate({"path": path, **source})
    raw = read_vector(layer, log.layer("basemap.x", path))
    return None if raw is None else raw.frame, log.faults.found, log


def table(tmp_path: Path, *cells: str, head: str = "wkt") -> Path:
    path = tmp_path / "places.csv"
    pd.DataFrame({"id": [f"P{at}" for at in range(1, len(cells) + 1)], head: cells}).to_csv(path, index=False)
    return path


def test_half_a_circle_is_as_long_as_it_should_be() -> None:
    found = read_geometries(["CIRCULARSTRING (0 0, 100 100, 200 0)"])
    # Chords of 4° are shorter than their arcs by 2° ÷ sin 2°, which is 2 in 10,000.
    assert found.shapes[0].length == pytest.approx(100 * math.pi, rel=2.1e-4)
    assert found.curves == 1


def test_a_disc_of_curves_has_its_area() -> None:
    disc = "CURVEPOLYGON (CIRCULARSTRING (0 0, 100 100, 200 0, 100 -100, 0 0))"
    assert read_geometries([disc]).shapes[0].area == pytest.approx(math.pi * 100**2, rel=1e-3)


@given(NUMBER, NUMBER, st.booleans())
def test_points_of_postgis_read_back(x: float, y: float, as_text: bool) -> None:  # noqa: FBT001
    point = shapely.set_srid(shapely.Point(x, y), 4545)
    written = (
        shapely.to_wkb(point, hex=True, include_srid=True) if as_text else shapely.to_wkb(point, include_srid=True)
    )
    found = read_geometries([written, f"SRID=4545;POINT ({x!r} {y!r})"])
    assert found.srids == (4545,)
    assert [shape.coords[0] for shape in found.shapes] == [(x, y), (x, y)]


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_cell_is_read_or_is_none(cell: str | bytes) -> None:
    found = read_geometries([cell])
    assert found.shapes[0] is None or shapely.is_geometry(found.shapes[0])


def test_the_system_of_the_cells_counts(tmp_path: Path) -> None:
    frame, faults, _ = read(table(tmp_path, "SRID=4490;POINT (106.5 29.5)", head="geom"))
    assert faults == []
    assert frame is not None
    assert frame.crs.to_epsg() == 4490


def test_a_system_that_the_scenario_contradicts_is_refused(tmp_path: Path) -> None:
    _, (fault,), _ = read(table(tmp_path, "SRID=4490;POINT (106.5 29.5)"), crs="EPSG:4545")
    assert fault.code == "crs_conflict"


def test_two_systems_are_refused(tmp_path: Path) -> None:
    _, (fault,), _ = read(table(tmp_path, "SRID=4490;POINT (106.5 29.5)", "SRID=4326;POINT (106.5 29.5)"))
    assert (fault.code, fault.found) == ("several_srids", "4326, 4490")


def test_surfaces_are_refused_by_row_and_type(tmp_path: Path) -> None:
    good = "POINT (106.5 29.5)"
    _, faults, _ = read(table(tmp_path, good, "TIN (((0 0, 1 0, 1 1, 0 0)))", "CIRCULARSTRING (0 0)"), crs="EPSG:4490")
    assert [(fault.code, fault.row, fault.found) for fault in faults] == [
        ("geometry_of_other_type", "P2", "TIN"),
        ("geometry_of_other_type", "P3", "CIRCULARSTRING"),
    ]
    assert "ST_CurveToLine" in faults[0].message("en")
    _, faults, _ = read(
        table(tmp_path, good, "GEOMETRYCOLLECTION (CURVEPOLYGON ((0 0, 1 0, 1 1, 0 0)))"), crs="EPSG:4490"
    )
    assert [(fault.code, fault.found) for fault in faults] == [("geometry_of_other_type", "CURVEPOLYGON")]
