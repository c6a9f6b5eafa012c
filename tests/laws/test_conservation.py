"""People and land are neither made nor lost, whatever the district."""

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from siting.domain.nouns import Assessment, Demand, Grid, Growth, Inputs, PeopleLayer, Population, Raster
from siting.places import make_demand
from tests.drawing import examples
from tests.helpers import METRIC, X0, Y0, box, check, estates, frozen, inputs, raster, scenario, straight, units
from tests.laws.districts import BOTTOM, CELL, COLUMNS, LEFT, RIGHT, ROWS, TOP, district, with_units

SEEDS = st.integers(0, 1_000_000)
WAYS = st.sampled_from(["network", "straight_line"])
# Fractions of cells are float32.
CLOSE = 1e-6
# Persons per person that may be made or lost on the way from the files to the cells.
EVEN = 1e-9


def cell_boxes() -> dict[int, shapely.Polygon]:
    """The cells of the district's grid by number, first row north."""
    return {
        row * COLUMNS + column: box(CELL * column, CELL * (ROWS - row - 1), CELL * (column + 1), CELL * (ROWS - row))
        for row in range(ROWS)
        for column in range(COLUMNS)
    }


@settings(deadline=None, max_examples=examples(6))
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


@settings(deadline=None, max_examples=examples(6))
@given(SEEDS, WAYS)
def test_communities_add_up_to_streets_to_the_district_to_the_totals(seed: int, walk: str) -> None:
    case = check(district(seed, walk=walk))
    names = ["residents", "elderly", "elderly_covered", "elderly_uncovered", "land_provided_m2", "land_required_02_m2"]
    sums = case.places[names].groupby(level="level").sum()
    for level in ("community", "street", "district"):
        for name in names:
            assert sums.loc[level, name] == pytest.approx(case.totals[name], rel=CLOSE, abs=1e-6), (level, name)


@settings(deadline=None, max_examples=examples(6))
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


def in_two(frame: gpd.GeoDataFrame, key: str, line: float) -> gpd.GeoDataFrame:
    """Cut one polygon at an easting."""
    shape = frame.geometry[key]
    halves = [shape.intersection(box(-9e4, -9e4, line, 9e4)), shape.intersection(box(line, -9e4, 9e4, 9e4))]
    rows = pd.concat([frame.loc[[key]].assign(geometry=[half]) for half in halves])
    rows.index = pd.Index([f"{key}-west", f"{key}-east"], name="id", dtype=frame.index.dtype)
    return gpd.GeoDataFrame(pd.concat([frame.drop(index=key), rows]), crs=frame.crs)


@settings(deadline=None, max_examples=examples(5))
@given(SEEDS, st.floats(0.1, 0.9))
def test_splitting_a_unit_in_two_gives_the_same_people_and_land(seed: int, part: float) -> None:
    whole = district(seed)
    west, _, east, _ = whole.units["community"].geometry["c10"].bounds
    halves = with_units(whole, "community", in_two(whole.units["community"], "c10", west - X0 + part * (east - west)))
    # Where nobody lives, nobody is covered.
    before, after = (check(case).places.fillna({"elderly_covered": 0.0}) for case in (whole, halves))
    names = ["residents", "elderly", "elderly_covered", "land_provided_m2", "land_required_02_m2"]
    both = after.loc[[("community", "c10-west"), ("community", "c10-east")], names].sum()
    assert both.to_numpy() == pytest.approx(before.loc[("community", "c10"), names].to_numpy(float), rel=1e-5, abs=1e-4)
    others = [key for key in before.index if key != ("community", "c10")]
    pd.testing.assert_frame_equal(after.loc[others, names], before.loc[others, names])


@settings(deadline=None, max_examples=examples(5))
@given(SEEDS)
def test_splitting_an_estate_in_two_gives_the_same_people_and_land_within_reach(seed: int) -> None:
    whole = district(seed)
    areas = whole.residential_areas.assign(residents=np.nan)
    x = areas.geometry["e0"].centroid.x - X0
    one = check(replace(whole, residential_areas=areas)).places
    two = check(replace(whole, residential_areas=in_two(areas, "e0", x))).places
    names = ["residents", "elderly", "elderly_covered", "land_provided_m2"]
    both = two.loc[[("residential_area", "e0-west"), ("residential_area", "e0-east")], names].sum()
    if one.loc[("residential_area", "e0"), "residents"] > 0:
        assert both.to_numpy() == pytest.approx(
            one.loc[("residential_area", "e0"), names].to_numpy(float), rel=1e-4, abs=1e-3
        )


@settings(deadline=None, max_examples=examples(5))
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


# --- from the files to the cells --------------------------------------------------------------------------------------

SOURCES = st.sampled_from(["metric", "EPSG:4326", "ESRI:54009", "points", "areas", "residential"])


def in_crs(rng: np.random.Generator, crs: CRS, metres: float) -> Raster:
    """People on a grid of any CRS that holds the district, and some beyond it."""
    there = Transformer.from_crs(METRIC, crs, always_xy=True)
    west, south, east, north = there.transform_bounds(X0 - 700, Y0 - 600, X0 + 2700, Y0 + 2300)
    unit = metres if crs.is_projected else metres / 1e5
    shape = int((north - south) / unit) + 1, int((east - west) / unit) + 1
    values = rng.integers(0, 2, shape) * rng.uniform(0, 50, shape)
    values[rng.random(shape) < 0.1] = np.nan
    values[shape[0] // 2, shape[1] // 2] = 9.0
    return Raster(Grid(Affine(unit, 0, west, 0, -unit, north), shape, crs), frozen(values))


def people_of(rng: np.random.Generator, kind: str) -> tuple[Raster | PeopleLayer, float]:
    """People given in one of the ways that there are, and how many there are."""
    if kind in ("points", "areas", "residential"):
        places = [shapely.Point(X0 + x, Y0 + y) for x, y in rng.uniform([-900, -900], [2900, 2600], (30, 2))]
        shapes = places if kind == "points" else [place.buffer(rng.uniform(5, 500)) for place in places]
        frame = gpd.GeoDataFrame({"people": rng.uniform(0, 90, 30)}, geometry=shapes, crs=METRIC)
        layer = PeopleLayer(frame, "residential" if kind == "residential" else "area")
        return layer, float(frame["people"].sum())
    crs = METRIC if kind == "metric" else CRS.from_user_input(kind)
    given_raster = in_crs(rng, crs, rng.choice([60.0, 190.0, 250.0]))
    return given_raster, float(np.nansum(given_raster.values))


def demand_of(district_: Inputs, population: Population, **options: Any) -> Demand:
    places = {"residential_area": district_.residential_areas, **district_.units}
    options = {"basis": "resident_current", "elderly_share": None, "context_m": 600.0, **options}
    return make_demand(population, places, METRIC, **options)


def assert_even(found: Demand, who: str, read: float) -> None:
    """Whoever is read, calibrated or grown is inside or outside, and inside is what the cells say."""
    account = {step: found.account[f"{who}_{step}"] for step in ("read", "calibrated", "grown", "inside", "outside")}
    assert account["read"] == pytest.approx(read, rel=EVEN)
    given_ = account["read"] + account["calibrated"] + account["grown"]
    assert account["inside"] + account["outside"] == pytest.approx(given_, rel=EVEN, abs=EVEN * read)
    cells = found.cells
    assert float(cells[who] @ cells["inside"]) == pytest.approx(account["inside"], rel=EVEN)
    parts = found.account[f"{who}_outside_units"] + found.account[f"{who}_outside_window"]
    assert parts == pytest.approx(account["outside"], rel=EVEN, abs=1e-9)


@settings(deadline=None, max_examples=examples(6))
@given(SEEDS, SOURCES, SOURCES, st.booleans())
def test_people_given_in_any_two_ways_are_all_there(seed: int, first: str, second: str, spread: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(seed)
    district_ = district(seed)
    (residents, many), (elderly, old) = people_of(rng, first), people_of(rng, second)
    found = demand_of(district_, Population(residents, elderly, 60, cell_m=110.0), spread=spread)
    assert_even(found, "residents", many)
    assert_even(found, "elderly", old)
    assert (found.cells[["residents", "elderly"]] >= 0).all(axis=None)
    # Another context only shifts who is outside.
    wider = demand_of(district_, Population(residents, elderly, 60, cell_m=110.0), spread=spread, context_m=1e6)
    assert wider.account["residents_inside"] == pytest.approx(found.account["residents_inside"], rel=1e-6, abs=1e-6)
    assert wider.account["residents_outside_window"] == pytest.approx(0.0, abs=1e-6)


@settings(deadline=None, max_examples=examples(6))
@given(SEEDS, st.sampled_from(["metric", "points", "areas"]))
def test_people_inside_are_those_of_intersections_by_brute_force(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    source, _ = people_of(rng, kind)
    found = demand_of(district(seed), Population(source, None, 60, cell_m=80.0))
    inside = box(LEFT, BOTTOM, RIGHT, TOP)
    if isinstance(source, Raster):
        move = source.grid.transform
        row, column = np.nonzero(source.values > 0)
        left, top = move.c + column * move.a, move.f + row * move.e
        shapes, people = shapely.box(left, top + move.e, left + move.a, top), source.values[row, column]
    else:
        shapes, people = source.frame.geometry.to_numpy(), source.frame["people"].to_numpy()
    # Of areas, nobody lives beyond his own.
    if kind == "metric" or (shapely.area(shapes) > 0).all():
        share = shapely.area(shapely.intersection(shapes, inside)) / shapely.area(shapes)
        assert found.account["residents_inside"] == pytest.approx(float(people @ share), rel=1e-6)
        return
    # Whoever is brought to cells is inside as far as the cell is.
    cells = {}
    for shape, count in zip(shapes, people, strict=True):
        west, south, east, north = (np.array(shape.bounds) / 80.0).round(9)
        for x in range(int(np.floor(west)), int(np.floor(east)) + 1):
            for y in range(int(np.floor(south)), int(np.floor(north)) + 1):
                cell = shapely.box(80 * x, 80 * y, 80 * (x + 1), 80 * (y + 1))
                part = 1.0 if shape.area == 0 else shape.intersection(cell).area / shape.area
                cells[x, y] = cells.get((x, y), 0.0) + count * part * cell.intersection(inside).area / 6400
    assert found.account["residents_inside"] == pytest.approx(sum(cells.values()), rel=1e-5)


@settings(deadline=None, max_examples=examples(5))
@given(SEEDS, st.floats(0.1, 0.9))
def test_an_area_of_people_cut_in_two_gives_the_same_cells(seed: int, part: float) -> None:
    rng = np.random.default_rng(seed)
    source, total = people_of(rng, "areas")
    assert isinstance(source, PeopleLayer)
    frame = source.frame
    shape, count = frame.geometry[0], frame["people"][0]
    west, _, east, _ = shape.bounds
    line = west + part * (east - west)
    halves = [
        shape.intersection(shapely.box(west, -1e9, line, 1e9)),
        shape.intersection(shapely.box(line, -1e9, east, 1e9)),
    ]
    people = [count * half.area / shape.area for half in halves]
    two = gpd.GeoDataFrame({"people": people}, geometry=halves, crs=METRIC)
    both = PeopleLayer(gpd.GeoDataFrame(pd.concat([frame.iloc[1:], two]), crs=METRIC))
    whole, cut = (demand_of(district(seed), Population(each, None, 60)) for each in (source, both))
    assert_even(cut, "residents", total)
    assert cut.cells["residents"].to_numpy() == pytest.approx(whole.cells["residents"].to_numpy(), rel=1e-5, abs=1e-4)


@settings(deadline=None, max_examples=examples(6))
@given(SEEDS, SOURCES, st.sampled_from(["community", "street", "district"]))
def test_calibrated_units_have_the_figures_of_their_table(seed: int, kind: str, level: str) -> None:
    rng = np.random.default_rng(seed)
    source, read = people_of(rng, kind)
    district_ = district(seed)
    frame = district_.units[level]
    own = np.where(rng.random(len(frame)) < 0.2, np.nan, rng.uniform(10, 3000, len(frame)))
    own[0] = 700.0
    district_ = with_units(district_, level, frame.assign(own_residents=own))
    before, after = (
        demand_of(district_, Population(source, None, 60, cell_m=90.0, calibrate=to), elderly_share=0.2)
        for to in (None, level)
    )
    was, now = (pd.Series(each.shares[level] @ each.cells["residents"], frame.index) for each in (before, after))
    # A unit that is to keep nobody has part of its neighbours' cells; narrow ones are told apart by no pattern.
    wanted = pd.Series(np.where(np.isnan(own), was, own), frame.index)[~np.isnan(own) | (was.to_numpy() > 0)]
    told = [note.values["ids"] for note in after.notes if note.code == "calibrated_together"]
    for names in (names.split(" + ") for ids in told for names in ids.split(", ")):
        assert now[names].sum() == pytest.approx(wanted[names].sum(), rel=EVEN)
        wanted = wanted.drop(names)
    assert now[wanted.index].to_numpy() == pytest.approx(wanted.to_numpy(), rel=EVEN)
    assert level != "district" or len(wanted)
    assert_even(after, "residents", read)
    elderly = after.shares[level] @ after.cells["elderly"].to_numpy()
    assert elderly == pytest.approx(0.2 * now.to_numpy(), rel=EVEN)
    outside = before.cells.index[before.cells["inside"] == 0]
    assert after.cells["residents"][outside].tolist() == before.cells["residents"][outside].tolist()
    assert (after.cells["residents"] >= 0).all()


@settings(deadline=None, max_examples=examples(8))
@given(SEEDS, SOURCES, st.floats(0.0, 3.0))
def test_one_factor_of_growth_multiplies_every_figure(seed: int, kind: str, factor: float) -> None:
    source, read = people_of(np.random.default_rng(seed), kind)
    growth = Growth(None, pd.DataFrame({"residents": [factor], "elderly": [np.nan]}))
    before, after = (
        demand_of(district(seed), Population(source, None, 60, growth=each), elderly_share=0.3)
        for each in (None, growth)
    )
    for who in ("residents", "elderly"):
        for place in ("inside", "outside"):
            key = f"{who}_{place}"
            assert after.account[key] == pytest.approx(factor * before.account[key], rel=EVEN, abs=1e-9)
    assert_even(after, "residents", read)
    assert after.account["residents_grown"] == pytest.approx((factor - 1) * read, rel=1e-6, abs=1e-6)


@settings(deadline=None, max_examples=examples(5))
@given(SEEDS, SOURCES, SOURCES)
def test_groups_that_make_up_all_the_elderly_add_up_to_them(seed: int, first: str, second: str) -> None:
    """Whatever becomes of them: two groups of one raster, and their coverage, add up to the elderly and theirs."""
    rng = np.random.default_rng(seed)
    district_ = district(seed)
    elderly = in_crs(rng, METRIC if first != "EPSG:4326" else CRS.from_epsg(4326), 200.0)
    frail = elderly.values * rng.uniform(0, 1, elderly.values.shape)
    groups = {
        "frail": Raster(elderly.grid, frozen(frail)),
        "fit": Raster(elderly.grid, frozen(elderly.values - frail)),
        "poor": 0.25,
    }
    street = district_.units["street"]
    figures = rng.uniform(100, 900, len(street))
    growth = Growth("street", pd.DataFrame({"residents": 1.1, "elderly": rng.uniform(0.5, 2, 3)}, index=street.index))
    population = Population(people_of(rng, second)[0], elderly, 60, groups=groups, growth=growth, calibrate="street")
    whole = with_units(district_, "street", street.assign(own_elderly=figures))
    cells = demand_of(whole, population).cells
    both = (cells["group_frail"] + cells["group_fit"]).to_numpy()
    # Of people that a table puts where the grid has nobody, no group is known.
    assume(bool(((both > 0) == (cells["elderly"] > 0).to_numpy()).all()))
    assert both == pytest.approx(cells["elderly"].to_numpy(), rel=EVEN, abs=1e-9)
    totals = check(replace(whole, population=population)).totals
    told = totals["groups"]
    assert list(told) == ["frail", "fit", "poor"]
    for key, total in (("people", "elderly"), ("covered", "elderly_covered")):
        assert told["frail"][key] + told["fit"][key] == pytest.approx(totals[total], rel=EVEN)
        assert told["poor"][key] == pytest.approx(0.25 * totals[total], rel=EVEN)
    assert told["poor"]["covered_share"] == pytest.approx(totals["covered_share"])
    steps = totals["people_account"]["elderly"]
    assert steps["read"] + steps["calibrated"] + steps["grown"] == pytest.approx(steps["inside"] + steps["outside"])
    assert steps["inside"] == pytest.approx(totals["elderly"])


def test_people_carried_to_the_horizon_are_those_whose_heads_count_there() -> None:
    given_inputs = district(3, scenario={"horizon": 2035})
    rates = {"residents": [1.1], "elderly": [1.5]}
    grown = replace(given_inputs.population, growth=Growth(None, pd.DataFrame(rates)))
    today, then = check(given_inputs).totals, check(replace(given_inputs, population=grown)).totals
    assert (today["land_basis"], then["land_basis"]) == ("resident_current", "resident_planned")
    assert "planned_people_missing" in today["warnings"]
    assert "planned_people_missing" not in then["warnings"]
    assert then["residents"] == pytest.approx(1.1 * today["residents"])
    assert then["elderly"] == pytest.approx(1.5 * today["elderly"])
    # The elderly alone are carried there: the residents are today's.
    old = replace(given_inputs.population, growth=Growth(None, pd.DataFrame({**rates, "residents": [np.nan]})))
    assert check(replace(given_inputs, population=old)).totals["land_basis"] == "resident_current"
