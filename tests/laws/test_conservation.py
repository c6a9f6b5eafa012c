"""People and land are neither made nor lost, whatever the district."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.domain.nouns import Assessment, Inputs
from tests.helpers import X0, Y0, box, check, estates, inputs, raster, scenario, straight, units
from tests.laws.districts import BOTTOM, CELL, COLUMNS, LEFT, RIGHT, ROWS, TOP, district, with_units

SEEDS = st.integers(0, 1_000_000)
WAYS = st.sampled_from(["network", "straight_line"])
# Fractions of cells are float32.
CLOSE = 1e-6


def cell_boxes() -> dict[int, shapely.Polygon]:
    """The cells of the district's grid by number, first row north."""
    return {
        row * COLUMNS + column: box(CELL * column, CELL * (ROWS - row - 1), CELL * (column + 1), CELL * (ROWS - row))
        for row in range(ROWS)
        for column in range(COLUMNS)
    }


@settings(deadline=None, max_examples=25)
@given(SEEDS, WAYS)
def test_read_is_demand_and_outside_and_demand_is_covered_and_uncovered(seed: int, walk: str) -> None:
    district_ = district(seed, walk=walk)
    case = check(district_)
    totals = case.totals
    people = district_.population.residents.values.sum()
    assert totals["people_read"] == pytest.approx(people)
    assert totals["residents"] + totals["people_outside"] == pytest.approx(people)
    inside = box(LEFT, BOTTOM, RIGHT, TOP)
    shares = np.array([shape.intersection(inside).area / CELL**2 for shape in cell_boxes().values()])
    assert totals["residents"] == pytest.approx(district_.population.residents.values.ravel() @ shares, rel=CLOSE)
    assert totals["elderly"] == pytest.approx(district_.population.elderly.values.ravel() @ shares, rel=CLOSE)
    assert totals["elderly_covered"] + totals["elderly_uncovered"] == pytest.approx(totals["elderly"])
    assert sum(totals["uncovered_by_reason"].values()) == pytest.approx(totals["elderly_uncovered"])
    both = (case.places["elderly_covered"] + case.places["elderly_uncovered"]).fillna(0.0)
    assert both.to_numpy() == pytest.approx(case.places["elderly"].to_numpy())


@settings(deadline=None, max_examples=25)
@given(SEEDS, WAYS)
def test_communities_add_up_to_streets_to_the_district_to_the_totals(seed: int, walk: str) -> None:
    case = check(district(seed, walk=walk))
    names = ["residents", "elderly", "elderly_covered", "elderly_uncovered", "land_provided_m2", "land_required_02_m2"]
    sums = case.places[names].groupby(level="level").sum()
    for level in ("community", "street", "district"):
        for name in names:
            assert sums.loc[level, name] == pytest.approx(case.totals[name], rel=CLOSE, abs=1e-6), (level, name)


@settings(deadline=None, max_examples=25)
@given(SEEDS, WAYS)
def test_cells_times_covered_fractions_are_the_figures_of_places(seed: int, walk: str) -> None:
    district_ = district(seed, walk=walk)
    case = check(district_)
    people = {
        name: dict(enumerate(getattr(district_.population, name).values.ravel())) for name in ("residents", "elderly")
    }
    shapes = cell_boxes()
    for (level, key), place in case.places.iterrows():
        own = level == "residential_area" and not pd.isna(district_.residential_areas.loc[key, "residents"])
        parts = {
            number: shapes[number].intersection(place.geometry).area / CELL**2
            for number in case.demand.cells.index
            if shapes[number].intersects(place.geometry)
        }
        for name in ("residents", "elderly"):
            expected = sum(people[name][number] * part for number, part in parts.items())
            if own and name == "residents":
                assert place["residents"] == district_.residential_areas.loc[key, "residents"]
                assert place["grid_residents"] == pytest.approx(expected, rel=CLOSE, abs=1e-4)
            else:
                assert place[name] == pytest.approx(expected, rel=CLOSE, abs=1e-4)
        in_units = {number: part for number, part in parts.items() if number in case.cells.index}
        covered = sum(people["elderly"][n] * part * case.cells["covered"][n] for n, part in in_units.items())
        if level != "residential_area":
            assert place["elderly_covered"] == pytest.approx(covered, rel=CLOSE, abs=1e-4)
        heads = sum(people["residents"][n] * part for n, part in in_units.items())
        if heads > 0 and box(LEFT, BOTTOM, RIGHT, TOP).covers(place.geometry):
            land = sum(
                people["residents"][n] * part * case.cells["land_reach_m2_per_person"][n]
                for n, part in in_units.items()
            )
            assert place["land_reach_m2_per_person"] == pytest.approx(land / heads, rel=1e-5, abs=1e-9)


def _in_two(frame: gpd.GeoDataFrame, key: str, line: float) -> gpd.GeoDataFrame:
    """Cut one polygon at an easting."""
    shape = frame.geometry[key]
    halves = [shape.intersection(box(-9e4, -9e4, line, 9e4)), shape.intersection(box(line, -9e4, 9e4, 9e4))]
    rows = pd.concat([frame.loc[[key]].assign(geometry=[half]) for half in halves])
    rows.index = pd.Index([f"{key}-west", f"{key}-east"], name="id", dtype=frame.index.dtype)
    return gpd.GeoDataFrame(pd.concat([frame.drop(index=key), rows]), crs=frame.crs)


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.floats(0.1, 0.9))
def test_splitting_a_unit_in_two_gives_the_same_people_and_land(seed: int, part: float) -> None:
    whole = district(seed)
    west, _, east, _ = whole.units["community"].geometry["c10"].bounds
    halves = with_units(whole, "community", _in_two(whole.units["community"], "c10", west - X0 + part * (east - west)))
    # Where nobody lives, nobody is covered.
    before, after = (check(case).places.fillna({"elderly_covered": 0.0}) for case in (whole, halves))
    names = ["residents", "elderly", "elderly_covered", "land_provided_m2", "land_required_02_m2"]
    both = after.loc[[("community", "c10-west"), ("community", "c10-east")], names].sum()
    assert both.to_numpy() == pytest.approx(before.loc[("community", "c10"), names].to_numpy(float), rel=1e-5, abs=1e-4)
    others = [key for key in before.index if key != ("community", "c10")]
    pd.testing.assert_frame_equal(after.loc[others, names], before.loc[others, names])


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_splitting_an_estate_in_two_gives_the_same_people_and_land_within_reach(seed: int) -> None:
    whole = district(seed)
    areas = whole.residential_areas.assign(residents=np.nan)
    x = areas.geometry["e0"].centroid.x - X0
    one = check(replace(whole, residential_areas=areas)).places
    two = check(replace(whole, residential_areas=_in_two(areas, "e0", x))).places
    names = ["residents", "elderly", "elderly_covered", "land_provided_m2"]
    both = two.loc[[("residential_area", "e0-west"), ("residential_area", "e0-east")], names].sum()
    if one.loc[("residential_area", "e0"), "residents"] > 0:
        assert both.to_numpy() == pytest.approx(
            one.loc[("residential_area", "e0"), names].to_numpy(float), rel=1e-4, abs=1e-3
        )


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_people_spread_into_estates_keep_the_totals_of_every_unit(seed: int) -> None:
    plain = check(district(seed))
    spread = check(district(seed, population={"spread": True}))
    names = ["residents", "elderly"]
    units_ = plain.places["level"] != "residential_area"
    assert spread.places.loc[units_, names].to_numpy() == pytest.approx(
        plain.places.loc[units_, names].to_numpy(), rel=1e-5, abs=1e-4
    )
    for name in ("people_read", "people_outside", "residents", "elderly"):
        assert spread.totals[name] == pytest.approx(plain.totals[name], rel=1e-6)


def test_spreading_keeps_people_of_a_district_whose_communities_do_not_fill_it() -> None:
    def case(*, spread: bool) -> Assessment:
        given_inputs = inputs(
            settings=scenario(walking=straight(), population={"spread": spread}),
            residents=raster([[100.0, 100.0]], 500.0),
            elderly=raster([[20.0, 20.0]], 500.0),
            places={
                "community": units({"c": box(0, 0, 750, 500)}),
                "district": units({"d": box(0, 0, 1000, 500)}),
            },
            areas=estates({"e": (box(100, 100, 300, 300), {})}),
        )
        return check(given_inputs)

    assert case(spread=True).totals["residents"] == pytest.approx(case(spread=False).totals["residents"])


def test_the_corner_of_the_grid_is_where_the_cases_think_it_is() -> None:
    given_inputs: Inputs = district(0)
    grid = given_inputs.population.residents.grid
    assert (grid.transform.c, grid.transform.f) == (X0, Y0 + CELL * ROWS)
