"""Covered shares of cells: against cutting every cell, and against exactextract where it can be trusted."""

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from siting.covered import covered_shares

ROWS, COLUMNS, SIZE = 6, 8, 100.0
NORTH = Affine(SIZE, 0.0, 0.0, 0.0, -SIZE, ROWS * SIZE)
CELLS = np.array(
    [
        shapely.box(SIZE * column, SIZE * (ROWS - 1 - row), SIZE * (column + 1), SIZE * (ROWS - row))
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
)
# float32
NEAR = 2.0**-24 + 2e-9

_ROUND = st.sampled_from([-250.0, -100.0, 0.0, 50.0, 100.0, 125.0, 300.0, 333.25, 600.0, 800.0, 950.0])
_ANY = st.floats(-300, 1100).map(lambda value: round(value, 6))
_CORNER = st.tuples(_ROUND | _ANY, _ROUND | _ANY)


def dense(polygons: list[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    found = covered_shares(np.array(polygons, dtype=object), NORTH, (ROWS, COLUMNS))
    shares = np.zeros((len(polygons), ROWS * COLUMNS))
    shares[found.polygon, found.cell] = found.share
    assert ((found.share > 0) & (found.share <= 1)).all()
    number = found.polygon * ROWS * COLUMNS + found.cell
    assert (np.diff(number) > 0).all()
    return shares


def cut(polygon: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(shapely.area(shapely.intersection(CELLS, polygon)) / SIZE**2)


@given(st.lists(st.lists(_CORNER, min_size=3, max_size=9), min_size=1, max_size=4))
def test_shares_are_those_of_every_cell_cut_out(corners: list[list[tuple[float, float]]]) -> None:
    hulls = [shapely.MultiPoint(points).convex_hull for points in corners]
    whole = shapely.union_all([hull for hull in hulls if hull.geom_type == "Polygon"], grid_size=1e-6)
    holed = whole.difference(shapely.box(120, 80, 380, 333.25), grid_size=1e-6)
    polygons = [shape for shape in (whole, holed) if shape.geom_type in {"Polygon", "MultiPolygon"}]
    for shares, polygon in zip(dense(polygons), polygons, strict=True):
        assert shares == pytest.approx(cut(polygon), abs=NEAR)


@given(st.lists(_CORNER, min_size=3, max_size=9), st.integers(0, 8), st.integers(1, 5), _CORNER)
def test_repeats_and_spikes_change_nothing(
    corners: list[tuple[float, float]], where: int, times: int, tip: tuple[float, float]
) -> None:
    """Such rings ended exactextract, and Python with it."""
    plain = shapely.MultiPoint(corners).convex_hull
    if plain.geom_type != "Polygon":
        return
    ring = list(plain.exterior.coords)[:-1]
    at = where % len(ring)
    repeated = [*ring[:at], *[ring[at]] * (times + 1), *ring[at + 1 :]]
    spiked = [*ring[: at + 1], tip, ring[at], *ring[at + 1 :]]
    one, two, three = dense([plain, shapely.Polygon(repeated), shapely.Polygon(spiked)])
    assert one.tolist() == two.tolist()
    assert three == pytest.approx(one, abs=NEAR)


def test_a_large_layer_is_what_exactextract_makes_of_it() -> None:
    rng = np.random.default_rng(7)
    shapes = shapely.buffer(shapely.points(rng.uniform(0, 20_000, (400, 2))), rng.uniform(20, 1500, 400))
    shapes[3] = shapely.MultiPolygon([shapes[3], shapely.box(-900, -900, -500, 25_000), shapely.box(0, 0, 7, 0.5)])
    raster = NumPyRasterSource(
        np.zeros((200, 200), dtype=np.uint8), xmin=0, ymin=0, xmax=20_000, ymax=20_000, srs_wkt=CRS(4545).to_wkt()
    )
    frame = gpd.GeoDataFrame(geometry=shapes, crs=4545)
    table = exact_extract(raster, frame, ["cell_id", "coverage"], output="pandas")
    found = covered_shares(shapes, Affine(SIZE, 0, 0, 0, -SIZE, 20_000), (200, 200))
    for polygon, (cells, shares) in enumerate(zip(table["cell_id"], table["coverage"], strict=True)):
        ours, theirs = np.zeros(40_000), np.zeros(40_000)
        mine = found.polygon == polygon
        ours[found.cell[mine]] = found.share[mine]
        theirs[cells] = shares
        assert np.abs(ours - theirs).max() <= 1e-6


def test_nothing_covers_nothing() -> None:
    for polygons in ([], [None, shapely.Polygon()], [shapely.box(-9, -9, -1, -1)]):
        assert not dense(polygons).any()


def test_what_the_grid_does_not_hold_covers_nothing() -> None:
    lost = shapely.Polygon([(0, 0), (np.inf, 0), (np.inf, np.inf), (0, 50)])
    square = shapely.box(0, 0, 100, 100)
    assert dense([lost, square, lost]).sum(axis=1).tolist() == [0.0, 1.0, 0.0]


def test_parts_that_overlap_count_a_cell_once() -> None:
    twice = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(0, 0, 100, 100)])
    assert dense([twice]).max() == 1.0


def test_very_large_polygons_cost_what_the_grid_costs() -> None:
    assert dense([shapely.box(-1e12, -1e12, 1e12, 1e12)]).min() == 1.0
