"""People of points, areas and rasters on one grid, against intersections by brute force."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from siting.domain.nouns import Grid, PeopleLayer, Population, Raster
from siting.errors import InputError
from siting.places.gridding import Gridded, on_one_grid, same_grid
from tests.drawing import examples
from tests.helpers import METRIC, X0, Y0, at, box, estates, frozen, raster, units

SEEDS = st.integers(0, 1_000_000)
DEGREES = CRS.from_epsg(4326)
FAR = 5000.0


def layer(shapes: list[Any], people: list[float], allocate: str = "area") -> PeopleLayer:
    frame = gpd.GeoDataFrame({"people": np.array(people, dtype=np.float64)}, geometry=shapes, crs=METRIC)
    return PeopleLayer(frame, "residential" if allocate == "residential" else "area")


def gridded(
    residents: Raster | PeopleLayer | None = None,
    elderly: Raster | PeopleLayer | None = None,
    homes: Mapping[str, Any] | None = None,
    context_m: float = FAR,
    **keys: Any,
) -> Gridded:
    places = {"district": units({"d": box(0, 0, 1000, 500)})}
    if homes is not None:
        places["residential_area"] = estates({key: (shape, {}) for key, shape in homes.items()})
    return on_one_grid(Population(residents, elderly, 60, **keys), places, METRIC, context_m)


def square(found: Gridded, cell: int) -> shapely.Polygon:
    move = found.grid.transform
    row, column = divmod(cell, found.grid.shape[1])
    left, top = move.c + column * move.a, move.f + row * move.e
    return shapely.box(left, top + move.e, left + move.a, top)


def by_cell(found: Gridded, who: str) -> dict[int, float]:
    held = found.people[who]
    return dict(zip(held.cell.tolist(), held.people.tolist(), strict=True))


def star(rng: np.random.Generator) -> shapely.Geometry:
    angles = np.sort(rng.uniform(0, 2 * np.pi, 8))
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(10, 300, 8)[:, None]
    return shapely.Polygon(ring + rng.uniform([-200, -200], [1200, 700]) + [X0, Y0]).buffer(0)


@settings(deadline=None, max_examples=examples(30))
@given(SEEDS, st.sampled_from([50.0, 100.0, 137.5]))
def test_areas_are_shared_out_by_the_area_in_each_cell(seed: int, cell_m: float) -> None:
    rng = np.random.default_rng(seed)
    shapes, people = [star(rng) for _ in range(4)], rng.uniform(1, 900, 4)
    found = gridded(layer(shapes, people.tolist()), cell_m=cell_m)
    assert (found.grid.transform.a, found.grid.crs) == (cell_m, METRIC)
    assert (found.grid.transform.c / cell_m, found.grid.transform.f / cell_m) == (
        pytest.approx(round(found.grid.transform.c / cell_m)),
        pytest.approx(round(found.grid.transform.f / cell_m)),
    )
    assert found.people["residents"].total == pytest.approx(people.sum(), rel=1e-12)
    for cell, persons in by_cell(found, "residents").items():
        expected = sum(
            count * shape.intersection(square(found, cell)).area / shape.area
            for shape, count in zip(shapes, people, strict=True)
        )
        assert persons == pytest.approx(expected, rel=1e-5, abs=1e-4)


@settings(deadline=None, max_examples=examples(30))
@given(SEEDS, st.sampled_from([50.0, 100.0]))
def test_points_fall_into_the_cell_that_holds_them(seed: int, cell_m: float) -> None:
    rng = np.random.default_rng(seed)
    xy, people = rng.uniform([-900, -900], [1900, 1400], (40, 2)), rng.uniform(0.1, 9, 40)
    points = [at(x, y) for x, y in xy]
    found = gridded(layer(points, people.tolist()), cell_m=cell_m)
    for cell, persons in by_cell(found, "residents").items():
        inside = [square(found, cell).contains(point) for point in points]
        assert persons == pytest.approx(people[inside].sum(), rel=1e-12)
    assert found.people["residents"].total == pytest.approx(people.sum(), rel=1e-12)
    # In the mean a point is 0.38 of a cell from the middle of its cell, and never more than half a diagonal.
    assert 0 < found.moved_m["residents"] < cell_m * 2**0.5 / 2
    assert found.moved["residents"] == pytest.approx(people.sum())


def test_a_point_between_cells_counts_once_and_one_on_the_border_of_a_raster_is_in_it() -> None:
    corner = gridded(layer([at(100, 100)], [5.0]))
    assert list(by_cell(corner, "residents").values()) == [5.0]
    on = raster(np.ones((5, 10)))
    beside = gridded(layer([at(1000, 0), at(0, 500), at(1000, 500)], [5.0, 6.0, 7.0]), on)
    assert beside.grid == on.grid
    assert by_cell(beside, "residents") == {49: 5.0, 0: 6.0, 9: 7.0}


def test_a_layer_beyond_the_raster_grows_its_grid() -> None:
    on = raster(np.ones((5, 10)))
    found = gridded(layer([at(-150, 50), box(900, 0, 1100, 100)], [8.0, 6.0]), on)
    # Two columns more in the west, one in the east; the raster's own people stay where they are.
    assert found.grid.shape == (5, 13)
    assert by_cell(found, "residents") == pytest.approx({4 * 13: 8.0, 4 * 13 + 11: 3.0, 4 * 13 + 12: 3.0})
    assert found.people["elderly"].total == 50.0
    assert min(cell % 13 for cell in by_cell(found, "elderly")) == 2


def test_a_raster_rules_whichever_of_the_two_it_is() -> None:
    on = raster(np.ones((2, 3)), 250.0)
    for found in (gridded(on, layer([at(1, 1)], [4.0])), gridded(layer([at(1, 1)], [4.0]), on)):
        assert found.grid == on.grid
    assert by_cell(gridded(on, layer([at(1, 1)], [4.0])), "elderly") == {3: 4.0}


def test_a_layer_goes_onto_a_raster_in_degrees() -> None:
    grid = Grid(Affine(0.001, 0, 107.99, 0, -0.001, 29.75), (40, 40), DEGREES)
    shape = gpd.GeoSeries([shapely.box(108.0005, 29.7345, 108.0025, 29.7355)], crs=DEGREES).to_crs(METRIC)[0]
    found = gridded(layer([shape, shape.centroid], [300.0, 7.0]), Raster(grid, frozen(np.ones((40, 40)))))
    assert found.grid == grid
    held = by_cell(found, "residents")
    # Half a row above 29.735 and half below; columns 10 and 12 hold half of what column 11 does.
    expected = {14 * 40 + 10: 37.5, 14 * 40 + 11: 75.0, 14 * 40 + 12: 37.5}
    expected |= {cell + 40: people for cell, people in expected.items()}
    assert sum(held.values()) == pytest.approx(307.0, rel=1e-12)
    at_point = next(cell for cell in held if held[cell] == pytest.approx(expected[cell] + 7.0, abs=0.1))
    expected[at_point] += 7.0
    assert held == pytest.approx(expected, abs=0.05)


def test_people_of_areas_go_to_their_residential_areas_by_area() -> None:
    block, other = box(0, 0, 400, 400), box(500, 0, 700, 200)
    # Two estates overlap; only what lies within the block counts, and the overlap only once.
    homes = {"a": box(0, 0, 100, 100), "b": box(50, 0, 100, 100), "c": box(300, 300, 500, 350)}
    found = gridded(layer([block, other], [150.0, 80.0], "residential"), homes=homes)
    move = found.grid.transform
    expected = {(0, 0): 100.0, (300, 300): 50.0, (500, 0): 20.0, (600, 0): 20.0, (500, 100): 20.0, (600, 100): 20.0}
    seen = {}
    for cell, persons in by_cell(found, "residents").items():
        row, column = divmod(cell, found.grid.shape[1])
        seen[round(move.c + column * 100 - X0), round(move.f - (row + 1) * 100 - Y0)] = persons
    assert seen == pytest.approx(expected, rel=1e-6)
    assert {note.code: note.values["count"] for note in found.notes} == {"people_gridded": 2, "areas_without_homes": 1}


def test_areas_that_only_touch_residential_areas_keep_to_their_own() -> None:
    found = gridded(layer([box(0, 0, 100, 100)], [9.0], "residential"), homes={"a": box(100, 0, 200, 100)})
    assert by_cell(found, "residents") == pytest.approx({max(by_cell(found, "residents")): 9.0})
    assert "areas_without_homes" in {note.code for note in found.notes}


def test_areas_without_extent_fall_into_the_cell_of_a_point_on_them() -> None:
    sliver = shapely.Polygon([(X0 + 10, Y0 + 10), (X0 + 90, Y0 + 10), (X0 + 10, Y0 + 10)])
    tiny = shapely.box(X0 + 250, Y0 + 250, X0 + 250 + 1e-7, Y0 + 250 + 1e-7)
    found = gridded(layer([sliver, tiny, box(300, 0, 400, 100)], [3.0, 4.0, 5.0]))
    assert sorted(by_cell(found, "residents").values()) == pytest.approx([3.0, 4.0, 5.0])
    assert {note.code for note in found.notes} == {"people_gridded", "areas_as_points"}


def test_people_far_away_are_counted_and_not_brought() -> None:
    near, far = at(10, 10), at(90_000, 10)
    found = gridded(layer([near, far], [5.0, 11.0]), context_m=100.0)
    assert (found.people["residents"].total, found.beyond["residents"]) == (5.0, 11.0)
    assert found.grid.shape == (5, 10)
    wide = np.ones((1, 2000))
    found = gridded(raster(wide), context_m=100.0)
    assert found.beyond["residents"] + found.people["residents"].total == 2000.0
    assert found.beyond["residents"] > 1900.0


@settings(deadline=None, max_examples=examples(8))
@given(SEEDS, st.sampled_from([70.0, 1000.0]), st.floats(0, 300))
def test_what_lies_beyond_the_window_changes_nothing_within(seed: int, cell: float, context: float) -> None:
    rng = np.random.default_rng(seed)
    count = int(4000 / cell)
    values = rng.uniform(0, 9, (count, count))
    other = raster(values, cell, left=-1500 + rng.uniform(-9, 9), bottom=-1700)
    elderly = raster(np.ones((5, 10)))
    rows: dict[tuple[int, int], list[float]] = {}
    for found in (gridded(other, elderly, context_m=reach) for reach in (context, 9e5)):
        move = found.grid.transform
        for number, persons in by_cell(found, "residents").items():
            row, column = divmod(number, found.grid.shape[1])
            x, y = round(move.c + (column + 0.5) * 100 - X0), round(move.f - (row + 0.5) * 100 - Y0)
            if -context <= x <= 1000 + context and -context <= y <= 500 + context:
                rows.setdefault((x, y), []).append(persons)
        assert found.people["residents"].total + found.beyond["residents"] == pytest.approx(values.sum(), rel=1e-12)
    assert len(rows) >= 50
    assert all(one == pytest.approx(both, rel=1e-6) for one, both in rows.values())


def test_a_grid_of_too_many_cells_is_refused_before_anything_is_laid_onto_it() -> None:
    with pytest.raises(InputError) as refused:
        gridded(residents=layer([at(0, 0), at(90_000, 90_000)], [1.0, 2.0]), context_m=1e6, cell_m=0.1)
    (fault,) = refused.value.faults
    assert (fault.code, fault.field) == ("cells_too_many", "population.cell_m")
    # What the message advises works.
    found = gridded(residents=layer([at(0, 0), at(90_000, 90_000)], [1.0, 2.0]), context_m=1e6, cell_m=100.0)
    assert sum(by_cell(found, "residents").values()) == 3.0


def test_grids_are_the_same_only_with_the_same_cells_and_crs() -> None:
    one = Grid(Affine(100.0, 0, X0, 0, -100.0, Y0), (2, 3), METRIC)
    assert same_grid(one, Grid(Affine(100.0, 0, X0 + 0.05, 0, -100.0, Y0), (2, 3), METRIC))
    assert not same_grid(one, Grid(one.transform, (2, 4), METRIC))
    assert not same_grid(one, Grid(one.transform, (2, 3), CRS.from_epsg(4546)))
    # A tenth of a metre a cell is 0.3 m at the last corner, more than a thousandth of a cell.
    assert not same_grid(one, Grid(Affine(100.1, 0, X0, 0, -100.0, Y0), (2, 3), METRIC))
