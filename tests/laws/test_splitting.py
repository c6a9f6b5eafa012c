"""What is one or in parts: people of a cell, a point or a raster, and residential areas.

Who lives where stays, and with it people and land. Coverage is read at the centre of a cell (docs/methods.md, 5): where
parts have centres of their own it may differ, by no more than the people of cells whose parts are not all alike.
"""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from siting import pipeline, read_scenario
from siting.domain.nouns import Inputs, PeopleLayer, Population, Raster
from tests.drawing import examples
from tests.helpers import X0, check, frozen
from tests.laws.districts import CELL, COLUMNS, district
from tests.laws.folders import write_district
from tests.laws.test_conservation import CLOSE, SEEDS, WAYS, in_two, people_of
from tests.laws.test_invariance import NUMBERS, WORDS, assert_alike
from tests.read.case import write_raster

PEOPLE = ["residents", "elderly", "land_required_01_m2", "land_required_02_m2"]


def in_parts(people: Raster, parts: int) -> Raster:
    """Cut every cell into so many by so many, its people shared alike."""
    move = people.grid.transform
    grid = replace(
        people.grid,
        transform=Affine(move.a / parts, 0, move.c, 0, move.e / parts, move.f),
        shape=(people.grid.shape[0] * parts, people.grid.shape[1] * parts),
    )
    return Raster(grid, frozen(people.values.repeat(parts, axis=0).repeat(parts, axis=1) / parts**2))


def _judged_within(checks: pd.DataFrame) -> list[str]:
    units = checks.index.get_level_values("level") != "residential_area"
    return checks.loc[units & (checks["kind"] == "land_per_person"), "verdict"].tolist()


@settings(max_examples=examples(4))
@given(SEEDS, WAYS)
def test_cells_in_nine_parts_give_the_same_people_and_each_centre_its_walk(seed: int, walk: str) -> None:
    # The limit of attachment grows with the cell; here nobody is held by it.
    whole = district(seed, walk=walk, walking={"attach_limit_m": 2000.0})
    parts = Population(*(in_parts(each, 3) for each in (whole.population.residents, whole.population.elderly)), 60)
    one, two = check(whole), check(replace(whole, population=parts))
    for key in ("people_read", "people_outside", "residents", "elderly", "land_provided_m2"):
        assert two.totals[key] == pytest.approx(one.totals[key], rel=CLOSE), key
    before, after = (pd.DataFrame(each.places) for each in (one, two))
    assert after[PEOPLE].to_numpy(float) == pytest.approx(
        before[PEOPLE].to_numpy(float), rel=CLOSE, abs=1e-4, nan_ok=True
    )
    # Of residential areas the land within reach is judged, and reach is read at centres.
    lands = [_judged_within(each.checks) for each in (one, two)]
    assert lands[0] == lands[1] != []
    # The middle part of each cell stands where the cell's centre does.
    row, column = np.divmod(one.cells.index.to_numpy(), COLUMNS)
    middle = (3 * row + 1) * 3 * COLUMNS + 3 * column + 1
    held = np.isin(middle, two.cells.index)
    for key in ("covered", "minutes_to_nearest"):
        walked = two.cells[key].reindex(middle[held]).to_numpy(float)
        assert walked == pytest.approx(one.cells[key].to_numpy(float)[held], abs=1e-6, nan_ok=True), key
    # Coverage may differ by the people of cells whose parts are not all alike, and verdicts where there are such cells.
    row, column = np.divmod(two.cells.index.to_numpy(), 3 * COLUMNS)
    covered = two.cells["covered"].groupby((row // 3) * COLUMNS + column // 3).agg(["min", "max"])
    here = covered.reindex(one.demand.cells.index)
    known = one.cells["covered"].reindex(one.demand.cells.index)
    unlike = ((here["min"] != here["max"]) | (here["max"] != known)) & here["max"].notna()
    for level in ("community", "street", "district"):
        most = one.demand.shares[level] @ (one.demand.cells["elderly"] * unlike).to_numpy()
        was, now = (each.loc[[level]].reset_index(drop=True) for each in (before, after))
        assert (abs(now["elderly_covered"] - was["elderly_covered"]).fillna(0) <= most + 1e-4).all()
        alike = (one.demand.shares[level] @ unlike.to_numpy(float)) == 0
        assert now["verdict"][alike].tolist() == was["verdict"][alike].tolist()


def test_people_in_two_rasters_or_at_one_point_twice_give_the_same_figures(tmp_path: Path) -> None:
    found = []
    for name in ("whole", "parts"):
        (folder := tmp_path / name).mkdir()
        scenario = write_district(folder, 5)
        if name == "parts":
            _halve(folder)
        found.append(pipeline.check(read_scenario(scenario)))
    one, other = found
    assert_alike(one, other)
    assert other.totals["elderly_covered"] == pytest.approx(one.totals["elderly_covered"], rel=1e-12)


def _halve(folder: Path) -> None:
    """Give the residents of each cell in two rasters, and each point of elderly as two at one place."""
    with rasterio.open(folder / "residents.tif") as file:
        values, move = file.read(1), file.transform
    for name, part in (("one", values / 4), ("other", values - values / 4)):
        write_raster(folder / f"{name}.tif", part, origin=(move.c, move.f), cell=move.a)
    text = (folder / "scenario.toml").read_text(encoding="utf-8")
    text = text.replace('{ path = "residents.tif"', '{ bands = ["one.tif", "other.tif"]')
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    points = gpd.read_file(folder / "elderly.gpkg")
    parts = [points.assign(people=points["people"] * part) for part in (0.25, 0.75)]
    (folder / "elderly.gpkg").unlink()
    gpd.GeoDataFrame(pd.concat(parts), crs=points.crs).to_file(folder / "elderly.gpkg")


def estate_in_two(given_: Inputs, part: float, **figures: float) -> tuple[Inputs, Inputs]:
    """Return a district with such a first residential area, and one where two share its ground and figures."""
    areas = given_.residential_areas.copy()
    areas.loc["e0", list(figures)] = list(figures.values())
    west, _, east, _ = areas.geometry["e0"].bounds
    halves = in_two(areas, "e0", west - X0 + part * (east - west))
    share = halves.geometry.area / areas.geometry["e0"].area
    for key in ("residents", "elderly", "households", "provided_m2"):
        own = halves.index.str.startswith("e0-")
        halves.loc[own, key] = halves.loc[own, key] * share[own]
    return replace(given_, residential_areas=areas), replace(given_, residential_areas=halves)


@settings(max_examples=examples(4))
@given(SEEDS, WAYS, st.floats(0.1, 0.9), st.booleans())
def test_a_residential_area_in_two_parts_changes_no_other_place(
    seed: int,
    walk: str,
    part: float,
    spread: bool,  # noqa: FBT001
) -> None:
    # People are spread over the ground of residential areas, which is the same.
    base = district(seed, walk=walk, population={"spread": spread})
    whole, parts = estate_in_two(base, part, residents=300.0)
    one, two = check(whole), check(parts)
    for key in ("people_read", "people_outside", "residents", "elderly", "elderly_covered", "land_provided_m2"):
        assert two.totals[key] == pytest.approx(one.totals[key], rel=CLOSE), key
    before, after = (pd.DataFrame(each.places) for each in (one, two))
    others = [key for key in before.index if key != ("residential_area", "e0")]
    assert after.loc[others, NUMBERS].to_numpy(float) == pytest.approx(
        before.loc[others, NUMBERS].to_numpy(float), rel=1e-5, abs=1e-4, nan_ok=True
    )
    assert after.loc[others, WORDS].astype(str).equals(before.loc[others, WORDS].astype(str))
    assert two.cells.drop(columns="nearest").to_numpy(float) == pytest.approx(
        one.cells.drop(columns="nearest").to_numpy(float), rel=1e-5, abs=1e-4, nan_ok=True
    )
    own = [("residential_area", "e0-west"), ("residential_area", "e0-east")]
    assert after.loc[own, "residents"].sum() == pytest.approx(before.loc[("residential_area", "e0"), "residents"])
    names = ["land_required_01_m2", "land_required_02_m2"]
    assert after.loc[own, names].sum().to_numpy(float) == pytest.approx(
        before.loc[("residential_area", "e0"), names].to_numpy(float)
    )


@settings(max_examples=examples(2))
@given(SEEDS, st.floats(0.1, 0.9))
def test_people_handed_out_to_the_parts_of_a_residential_area_stand_where_they_stood(seed: int, part: float) -> None:
    source, _ = people_of(np.random.default_rng(seed), "residential")
    assert isinstance(source, PeopleLayer)
    population = Population(source, None, 60, cell_m=CELL)
    one, two = (check(replace(each, population=population)) for each in estate_in_two(district(seed), part))
    assert two.cells.drop(columns="nearest").to_numpy(float) == pytest.approx(
        one.cells.drop(columns="nearest").to_numpy(float), rel=1e-5, abs=1e-4, nan_ok=True
    )
