"""People moved into residential areas: every unit keeps its people, and nobody stays outside the areas."""

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from scipy.sparse import csr_array
from shapely import box

from siting.domain.nouns import Demand, Grid, Population, Raster
from siting.places import make_demand
from siting.places.spread import spread_people

NO_GROUPS = np.zeros((6, 0))
UTM = CRS.from_epsg(32648)
GRID = Grid(Affine(100.0, 0.0, 0.0, 0.0, -100.0, 400.0), (4, 4), UTM)


def frame(shapes: dict[str, object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": list(shapes)}, geometry=list(shapes.values()), index=list(shapes), crs=UTM)


def demand(residents: np.ndarray, residential: dict[str, object], *, spread: bool) -> Demand:
    # The border of the two units runs through the middle of the second column of cells.
    units = frame({"west": box(0, 0, 150, 400), "east": box(150, 0, 400, 400)})
    places = {"residential_area": frame(residential), "street": units}
    people = Population(Raster(GRID, residents), None, 60)
    return make_demand(people, places, UTM, basis="resident_current", elderly_share=0.2, context_m=0.0, spread=spread)


def test_units_keep_their_people_and_cells_without_homes_lose_theirs() -> None:
    residents = np.arange(16.0).reshape(4, 4)
    homes = {"a": box(20, 20, 80, 80), "b": box(310, 310, 390, 390)}
    before, after = (demand(residents, homes, spread=spread) for spread in (False, True))
    for name in ("residents", "elderly"):
        moved = after.shares["street"] @ after.cells[name].to_numpy()
        assert moved == pytest.approx(before.shares["street"] @ before.cells[name].to_numpy())
    assert after.account["residents_read"] == before.account["residents_read"] == residents.sum()
    inhabited = after.cells.index[after.cells["residents"] > 1e-9]
    assert inhabited.tolist() == [3, 12], "cells of home b (top right) and home a (bottom left)"


def test_people_go_by_the_area_of_homes() -> None:
    residents = np.zeros((4, 4))
    residents[0, 3] = 90.0
    homes = {"big": box(200, 0, 300, 100), "small": box(300, 0, 400, 50)}
    after = demand(residents, homes, spread=True)
    assert after.cells["residents"].loc[[14, 15]].tolist() == pytest.approx([60.0, 30.0])


def test_a_unit_without_homes_keeps_its_pattern() -> None:
    residents = np.ones((4, 4))
    after = demand(residents, {"a": box(310, 10, 390, 90)}, spread=True)
    west = after.cells["residents"].loc[[0, 4, 8, 12]]
    assert west.tolist() == pytest.approx([west.iloc[0]] * 4)
    assert (after.shares["street"] @ after.cells["residents"].to_numpy())[0] == pytest.approx(6.0)


def test_people_stay_where_homes_lie_in_a_neighbours_cells_alone() -> None:
    shares = csr_array([[0.5, 0.0], [0.5, 1.0]])
    people = np.array([0.0, 1.0])
    weights = csr_array([[0.0, 0.0], [0.5, 0.0]])
    assert spread_people(people, NO_GROUPS[:2], shares, weights, np.ones(2))[0].tolist() == people.tolist()


@given(
    people=st.lists(st.floats(0, 1000), min_size=6, max_size=6),
    left=st.lists(st.floats(0, 1), min_size=6, max_size=6),
    homes=st.lists(st.floats(0, 1), min_size=12, max_size=12),
)
def test_totals_hold_for_any_overlap_of_cells(people: list[float], left: list[float], homes: list[float]) -> None:
    shares = csr_array(np.array([left, [1 - share for share in left]]))
    # Homes of a unit lie in cells of the unit.
    weights = csr_array(shares.multiply(np.array(homes).reshape(2, 6)))
    moved, _ = spread_people(np.array(people), NO_GROUPS, shares, weights, np.ones(6))
    assert (moved >= 0).all()
    assert shares @ moved == pytest.approx(shares @ np.array(people), rel=1e-6, abs=1e-5)
    assert moved.sum() == pytest.approx(sum(people), rel=1e-6, abs=1e-5)
