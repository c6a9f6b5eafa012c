"""Cells in polygons and grids on grids, against areas that shapely intersects."""

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod

from siting.domain.nouns import Grid
from siting.places.cells import Held, bring_to, cell_centres, cell_shares, grow, on_grid, point_cells
from tests.drawing import examples
from tests.helpers import CORNER, METRIC, X0, Y0

SEEDS = st.integers(0, 1_000_000)
DEGREES = CRS.from_epsg(4490)


def grid(rows: int, columns: int, cell: float = 100.0, left: float = 0.0, top: float = 0.0) -> Grid:
    return Grid(Affine(cell, 0, X0 + left, 0, -cell, Y0 + top), (rows, columns), METRIC)


def squares(of: Grid) -> list[shapely.Polygon]:
    """The cells of a grid, row by row from the north."""
    move = of.transform
    return [
        shapely.box(move.c + j * move.a, move.f + (i + 1) * move.e, move.c + (j + 1) * move.a, move.f + i * move.e)
        for i in range(of.shape[0])
        for j in range(of.shape[1])
    ]


def random_polygon(rng: np.random.Generator, width: float, height: float) -> shapely.Geometry:
    """A star-shaped polygon with a hole, which may lie partly beyond the grid."""
    centre = rng.uniform([-100, -height - 100], [width + 100, 100])
    angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
    radius = rng.uniform(20, 400, 9)
    ring = centre + np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius[:, None] + CORNER
    hole = shapely.Point(centre + CORNER).buffer(rng.uniform(5, 60))
    return shapely.Polygon(ring).buffer(0).difference(hole)


@given(SEEDS)
def test_shares_are_the_areas_of_intersection(seed: int) -> None:
    rng = np.random.default_rng(seed)
    on = grid(7, 9)
    shapes = [random_polygon(rng, 900, 700) for _ in range(4)]
    found = cell_shares(on, gpd.GeoSeries(shapes, crs=METRIC), np.arange(63)).toarray()
    expected = [[cell.intersection(shape).area / 10_000 for cell in squares(on)] for shape in shapes]
    assert found == pytest.approx(np.array(expected), abs=2e-6)


@settings(deadline=None, max_examples=examples(25))
@given(SEEDS)
def test_only_the_cells_asked_for_are_columns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    on = grid(7, 9)
    shapes = gpd.GeoSeries([random_polygon(rng, 900, 700)], crs=METRIC)
    some = np.flatnonzero(rng.random(63) < 0.4)
    every = cell_shares(on, shapes, np.arange(63)).toarray()
    assert cell_shares(on, shapes, some).toarray().tolist() == every[:, some].tolist()


@settings(deadline=None, max_examples=examples(25))
@given(SEEDS)
def test_a_partition_adds_up_to_one_in_every_inner_cell(seed: int) -> None:
    rng = np.random.default_rng(seed)
    region = shapely.box(X0 + 130, Y0 - 640, X0 + 820, Y0 - 70)
    points = shapely.MultiPoint(rng.uniform([X0, Y0 - 700], [X0 + 900, Y0], (12, 2)))
    parts = [cell.intersection(region) for cell in shapely.voronoi_polygons(points, extend_to=region).geoms]
    on = grid(7, 9)
    total = cell_shares(on, gpd.GeoSeries(parts, crs=METRIC), np.arange(63)).toarray().sum(axis=0)
    expected = [cell.intersection(region).area / 10_000 for cell in squares(on)]
    assert total == pytest.approx(np.array(expected), abs=1e-5)


def test_a_polygon_beyond_the_grid_shares_nothing_and_no_polygon_is_no_row() -> None:
    on = grid(2, 2)
    far = gpd.GeoSeries([shapely.box(X0 + 5000, Y0, X0 + 6000, Y0 + 100)], crs=METRIC)
    assert cell_shares(on, far, np.arange(4)).toarray().tolist() == [[0.0] * 4]
    assert cell_shares(on, far.iloc[:0], np.arange(4)).shape == (0, 4)
    assert cell_shares(on, far, np.arange(0)).shape == (1, 0)


def test_a_whole_cell_is_exactly_one() -> None:
    over = gpd.GeoSeries([shapely.box(X0 - 50, Y0 - 250, X0 + 250, Y0 + 50)], crs=METRIC)
    assert cell_shares(grid(2, 2), over, np.arange(4)).toarray().tolist() == [[1.0] * 4]


def test_polygons_are_brought_to_the_crs_of_the_grid() -> None:
    on = Grid(Affine(0.001, 0, 107.9, 0, -0.001, 29.7), (4, 4), DEGREES)
    shape = gpd.GeoSeries([shapely.box(107.9005, 29.6975, 107.902, 29.699)], crs=DEGREES)
    expected = [[cell.intersection(shape[0]).area / 1e-6 for cell in squares(on)]]
    found = cell_shares(on, shape.to_crs(METRIC), np.arange(16)).toarray()
    assert found == pytest.approx(np.array(expected), abs=1e-5)


def test_centres_and_half_diagonals_in_metres() -> None:
    on = grid(2, 3, 100.0)
    found = cell_centres(on, np.array([0, 5]), METRIC)
    assert found["x"].tolist() == [X0 + 50, X0 + 250]
    assert found["y"].tolist() == [Y0 - 50, Y0 - 150]
    assert found["half_diagonal_m"].tolist() == pytest.approx([50 * 2**0.5] * 2)
    assert found.index.tolist() == [0, 5]
    there = Grid(Affine(0.001, 0, 108.0, 0, -0.001, 29.7), (1, 1), DEGREES)
    degrees = cell_centres(there, np.array([0]), METRIC)
    _, _, half = Geod(ellps="GRS80").inv(108.0005, 29.6995, 108.001, 29.699)
    assert degrees["half_diagonal_m"].tolist() == pytest.approx([half], rel=1e-3)


# --- one grid brought to another --------------------------------------------------------------------------------------


def people(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    values = rng.integers(0, 2, shape) * rng.uniform(0, 90, shape)
    values[rng.random(shape) < 0.2] = np.nan
    values.ravel()[0] = 7.5
    return values


def brought(values: Any, source: Grid, target: Grid) -> tuple[np.ndarray[Any, np.dtype[np.float64]], Grid]:
    """People of a whole grid, brought to another: persons of all of its cells."""
    cells = np.flatnonzero(values.ravel() > 0)
    onto, handed = bring_to(Held(source, cells, values.ravel()[cells]), target)
    moved = np.zeros(onto.grid.shape)
    moved.ravel()[onto.cell] = onto.people
    # What each cell gives away is what it had.
    given = np.bincount(handed.giver, weights=handed.people, minlength=len(cells))
    assert given == pytest.approx(values.ravel()[cells], rel=1e-12)
    return moved, onto.grid


@given(SEEDS, st.sampled_from([30.0, 70.0, 100.0, 250.0]), st.floats(-500, 500), st.floats(-500, 500))
def test_people_are_handed_out_by_area_and_none_is_lost(seed: int, cell: float, left: float, top: float) -> None:
    rng = np.random.default_rng(seed)
    source, target = grid(4, 5, cell, left, top), grid(6, 6)
    values = people(rng, (4, 5))
    moved, grown = brought(values, source, target)
    assert moved.sum() == pytest.approx(np.nansum(values))
    # The grown grid holds the target's own cells.
    shift = (target.transform.c - grown.transform.c) / 100, (grown.transform.f - target.transform.f) / 100
    assert shift == (pytest.approx(round(shift[0]), abs=1e-6), pytest.approx(round(shift[1]), abs=1e-6))
    assert (grown.transform.a, grown.crs) == (100.0, METRIC)
    expected = np.zeros(len(squares(grown)))
    for square, count in zip(squares(source), np.nan_to_num(values).ravel(), strict=True):
        expected += count * np.array([each.intersection(square).area for each in squares(grown)]) / square.area
    assert moved.ravel() == pytest.approx(expected, abs=1e-3)


@settings(deadline=None, max_examples=examples(20))
@given(SEEDS)
def test_people_of_a_grid_in_degrees_keep_their_sum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = Grid(Affine(0.0009, 0, 107.999, 0, -0.0008, 29.73), (6, 7), DEGREES)
    values = people(rng, (6, 7))
    moved, grown = brought(values, source, grid(6, 6))
    assert moved.sum() == pytest.approx(np.nansum(values))
    cell = gpd.GeoSeries(squares(source), crs=DEGREES).to_crs(METRIC).iloc[0]
    held = np.array([each.intersection(cell).area / cell.area for each in squares(grown)]) * 7.5
    lone = np.full((6, 7), np.nan)
    lone[0, 0] = 7.5
    alone, alone_grid = brought(lone, source, grid(6, 6))
    assert alone.sum() == pytest.approx(held.sum()) == pytest.approx(7.5)
    centre = gpd.GeoSeries(squares(alone_grid), crs=METRIC).centroid
    where = np.average(centre.x, weights=alone.ravel()), np.average(centre.y, weights=alone.ravel())
    assert where == (pytest.approx(cell.centroid.x, abs=60), pytest.approx(cell.centroid.y, abs=60))


def test_a_grown_grid_keeps_people_in_their_places() -> None:
    small, large = grid(2, 2), grid(4, 5, left=-200, top=100)
    found = Held(small, np.arange(4), np.array([1.0, 2.0, 3.0, 4.0])).on(large)
    # Two columns further east, one row further south.
    assert found.cell.tolist() == [7, 8, 12, 13]
    assert found.people.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert found.grid == large


def test_a_grid_of_nobody_brings_nobody() -> None:
    moved, grown = brought(np.zeros((2, 2)), grid(2, 2, 70.0), grid(3, 3))
    assert moved.sum() == 0.0
    assert grown == grid(3, 3)


# --- points and rectangles on a grid ----------------------------------------------------------------------------------


def test_a_point_lies_in_its_cell_and_beyond_the_border_in_the_nearest() -> None:
    on = grid(2, 3)
    x = np.array([0.0, 99.0, 100.0, 250.0, -40.0, 400.0, 150.0, 150.0])
    y = np.array([-50.0, -50.0, -100.0, -199.0, -150.0, -50.0, 30.0, -270.0])
    assert point_cells(on, X0 + x, Y0 + y).tolist() == [0, 0, 4, 5, 3, 2, 1, 4]


def test_a_grid_grows_to_a_rectangle_by_whole_cells_and_stays_if_it_holds_it() -> None:
    on = grid(2, 3)
    assert grow(on, np.array([X0 + 10, Y0 - 190, X0 + 290, Y0 - 10])) == on
    # West by 1 cell, south by 2, east by 3, north by 4.
    found = grow(on, np.array([X0 - 1, Y0 - 400, X0 + 600, Y0 + 301]))
    assert found == grid(2 + 2 + 4, 3 + 1 + 3, left=-100.0, top=400.0)


def test_long_edges_get_vertices_as_near_as_cells_before_they_are_transformed() -> None:
    degrees = Grid(Affine(0.001, 0, 108.0, 0, -0.001, 29.8), (100, 100), DEGREES)
    square = gpd.GeoSeries([shapely.box(X0, Y0, X0 + 2000, Y0 + 2000)], crs=METRIC)
    found = on_grid(square, degrees)
    # A cell is 96.7 m wide, which goes 20.7 times into an edge.
    assert shapely.get_num_coordinates(found[0]) == 4 * 21 + 1
    assert on_grid(square, grid(2, 2)) is square
