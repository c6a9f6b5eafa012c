"""People scaled to the numbers of units, carried to the horizon, and the groups among them."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.sparse import csr_array

from siting.domain.nouns import Demand, Growth, Population, Raster
from siting.places import make_demand
from siting.places.calibration import rake
from siting.places.growth import cell_factors
from siting.text import LANGS, say
from tests.drawing import examples
from tests.helpers import METRIC, box, estates, raster, units

SEEDS = st.integers(0, 1_000_000)
NAN = float("nan")
# The border of the two streets runs through the middle of the third column of cells.
STREETS = {"a": box(0, 0, 250, 200), "b": box(250, 0, 500, 200)}
ONES = raster(np.ones((2, 5)))
OLD = raster(np.full((2, 5), 0.2))


def demand(
    residents: Raster | None = ONES,
    elderly: Raster | None = OLD,
    own: dict[str, list[float]] | None = None,
    *,
    growth: Growth | None = None,
    groups: dict[str, Any] | None = None,
    shapes: dict[str, Any] | None = None,
    **keys: Any,
) -> Demand:
    places = {"street": units(shapes or STREETS).assign(**(own or {}))}
    if "homes" in keys:
        places["residential_area"] = keys.pop("homes")
    level = "street" if own else None
    people = Population(residents, elderly, 60, groups=groups or {}, growth=growth, calibrate=level)
    keys = {"basis": "resident_current", "elderly_share": None, "context_m": 300.0, **keys}
    return make_demand(people, places, METRIC, **keys)


def of_streets(found: Demand, who: str = "residents") -> list[float]:
    return (found.shares["street"] @ found.cells[who].to_numpy()).tolist()


def told(found: Demand) -> dict[str, dict[str, Any]]:
    for note in found.notes:
        for lang in LANGS:
            assert "{" not in say(f"note.{note.code}", lang, **note.values)
    return {note.code: dict(note.values) for note in found.notes}


# --- calibration ------------------------------------------------------------------------------------------------------


@given(SEEDS, st.integers(1, 6))
def test_every_unit_has_its_number_and_nobody_is_negative(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    cells = 8 * count
    shares = np.zeros((count, cells))
    for unit in range(count):
        shares[unit, 8 * unit : 8 * unit + 6] = 1.0
        border = slice(8 * unit + 6, 8 * unit + 8)
        part = rng.uniform(0, 1, 2)
        shares[unit, border] = part
        shares[(unit + 1) % count, border] += (1 - part) * rng.integers(0, 2)
    people = rng.uniform(0, 50, cells) * rng.integers(0, 2, cells)
    people[::8] = 3.0
    targets = rng.uniform(1, 900, count)
    found = rake(csr_array(shares), people, targets)
    assert not found.unmet.any()
    assert (found.people >= 0).all()
    sums = shares @ found.people
    for group in found.together:
        sums[list(group)] = targets[list(group)] * sums[list(group)].sum() / targets[list(group)].sum()
    assert sums == pytest.approx(targets, rel=1e-9)


def test_of_all_patterns_with_these_numbers_the_nearest_is_taken() -> None:
    shares = np.array([[1.0, 0.7, 0.2, 0.0], [0.0, 0.3, 0.5, 1.0]])
    people, targets = np.array([10.0, 20.0, 30.0, 5.0]), np.array([60.0, 20.0])
    found = rake(csr_array(shares), people, targets).people

    def entropy(trial: np.ndarray) -> float:
        return float((trial * np.log(trial / people) - trial + people).sum())

    bound = {"type": "eq", "fun": lambda trial: shares @ trial - targets}
    best = minimize(entropy, people, bounds=[(1e-9, None)] * 4, constraints=[bound], method="SLSQP", tol=1e-12)
    assert found == pytest.approx(best.x, rel=1e-4)


def test_units_smaller_than_a_cell_have_their_numbers_together() -> None:
    found = rake(csr_array([[0.5, 0.0], [0.5, 0.0], [0.0, 1.0]]), np.array([8.0, 2.0]), np.array([30.0, 10.0, 6.0]))
    assert found.together == ((0, 1),)
    assert found.people.tolist() == pytest.approx([40.0, 6.0])


def test_streets_have_the_numbers_of_their_table() -> None:
    found = demand(own={"own_residents": [100.0, 7.0], "own_elderly": [10.0, 3.0]})
    assert of_streets(found) == pytest.approx([100.0, 7.0], rel=1e-9)
    assert of_streets(found, "elderly") == pytest.approx([10.0, 3.0], rel=1e-9)
    factors = found.factors.set_index(["who", "unit"])
    assert factors.loc[("residents", "a"), ["before", "after", "factor"]].tolist() == pytest.approx([5.0, 100.0, 20.0])
    assert found.account["residents_calibrated"] == pytest.approx(97.0)
    assert (found.account["residents_read"], found.account["residents_inside"]) == (10.0, pytest.approx(107.0))
    note = told(found)["calibrated_residents"]
    assert (note["count"], note["least"], note["most"]) == (2, "1.400", "20.000")
    assert (note["level"], note["far"]) == ("street", 1)
    assert told(found)["calibrated_far_residents"]["units"] == "a ×20.00"


def test_people_outside_are_counted_as_read_whatever_calibration_does() -> None:
    """Of 16 persons 10 are in the streets; afterwards 102 are, and the cells on their border have changed."""
    wide = raster(np.ones((2, 8)), left=-100.0)
    shifted = {"a": box(0, 0, 250, 200), "b": box(250, 0, 550, 200)}
    for shapes, outside in ((STREETS, 6), (shifted, 5)):
        found = demand(wide, None, own={"own_residents": [90.0, 12.0]}, shapes=shapes)
        note = told(found)["people_outside"]
        share = f"{outside / 16:.1%}"
        assert (note["read"], note["people"], note["share"]) == ("16", str(outside), share)
        assert found.account["residents_inside"] == pytest.approx(102.0)


def test_units_far_from_their_figures_are_told_by_name() -> None:
    found = demand(own={"own_residents": [100.0, 7.0], "name": ["朝阳街道", "江北镇"]})
    assert told(found)["calibrated_far_residents"]["units"] == "朝阳街道 ×20.00"


def test_a_unit_without_a_number_keeps_its_own_and_people_outside_theirs() -> None:
    wide = raster(np.ones((2, 8)), left=-100.0)
    found = demand(wide, None, own={"own_residents": [50.0, NAN]})
    assert of_streets(found) == pytest.approx([50.0, 5.0], rel=1e-9)
    outside = found.cells[found.cells["inside"] == 0]
    assert outside["residents"].tolist() == [1.0] * 6
    assert told(found)["calibrated_without_figure"]["ids"] == "b"


def test_a_unit_without_people_gets_them_evenly() -> None:
    west = np.ones((2, 5))
    west[:, 2:] = 0.0
    found = demand(raster(west), None, own={"own_residents": [9.0, 40.0]})
    assert of_streets(found) == pytest.approx([9.0, 40.0], rel=1e-9)
    assert told(found)["calibrated_empty"]["ids"] == "b"
    # Cells wholly in the street are alike, those on its border a little less or more.
    assert found.cells["residents"].loc[[3, 4, 8, 9]].tolist() == pytest.approx([found.cells["residents"][3]] * 4)


def test_a_unit_that_is_to_have_nobody_is_emptied() -> None:
    found = demand(own={"own_residents": [0.0, 30.0]})
    assert of_streets(found) == pytest.approx([0.0, 30.0], abs=1e-9)


def test_a_unit_not_whole_on_the_grid_is_left_as_it_is() -> None:
    found = demand(raster(np.ones((2, 4))), None, own={"own_residents": [50.0, 500.0]})
    assert of_streets(found) == pytest.approx([50.0, 3.0], rel=1e-9)
    assert told(found)["calibrated_grid_part"]["ids"] == "b"


def test_who_is_derived_follows_unless_the_table_knows_better() -> None:
    found = demand(ONES, None, own={"own_residents": [100.0, 60.0]}, elderly_share=0.3)
    assert of_streets(found, "elderly") == pytest.approx([30.0, 18.0], rel=1e-9)
    both = {"own_residents": [100.0, 60.0], "own_elderly": [25.0, NAN]}
    better = demand(ONES, None, own=both, elderly_share=0.3)
    assert of_streets(better, "elderly") == pytest.approx([25.0, 18.0], rel=1e-9)
    assert better.elderly_derived


# --- growth -----------------------------------------------------------------------------------------------------------


def growth(level: Any, index: list[str], residents: list[float], elderly: list[float]) -> Growth:
    return Growth(level, pd.DataFrame({"residents": residents, "elderly": elderly}, index=index))


def test_one_factor_multiplies_everybody() -> None:
    wide = raster(np.ones((2, 90)), left=-4000.0)
    found = demand(wide, None, growth=growth(None, ["x"], [1.21], [NAN]), elderly_share=0.2)
    assert found.account["residents_grown"] == pytest.approx(0.21 * 180)
    assert found.account["residents_outside_window"] > 0
    # The elderly have no rate of their own and stay a fifth of the residents.
    assert found.cells["elderly"].to_numpy() == pytest.approx(0.2 * found.cells["residents"].to_numpy())
    assert found.cells["residents"].to_numpy() == pytest.approx(1.21)


def test_derived_elderly_with_a_rate_of_their_own_grow_by_it() -> None:
    found = demand(ONES, None, growth=growth(None, ["x"], [1.0], [1.5]), elderly_share=0.2)
    assert found.cells[["residents", "elderly"]].to_numpy() == pytest.approx(np.tile([1.0, 0.3], (10, 1)))


def test_units_grow_by_their_factors_and_shared_cells_by_the_mean() -> None:
    found = demand(growth=growth("street", ["b", "a"], [1.4, 1.2], [1.0, NAN]))
    assert found.cells["residents"].tolist() == pytest.approx([1.2, 1.2, 1.3, 1.4, 1.4] * 2)
    assert found.cells["elderly"].tolist() == pytest.approx([0.2] * 10)
    assert told(found)["growth_blank"]["ids"] == "a"
    assert told(found)["people_grown"] == {
        "residents_before": "10", "residents_after": "13", "elderly_before": "2", "elderly_after": "2",
    }  # fmt: skip


def test_units_that_overlap_share_their_growth() -> None:
    assert cell_factors(csr_array([[1.0], [1.0]]), np.array([1.2, 1.4])).tolist() == pytest.approx([1.3])


# --- groups -----------------------------------------------------------------------------------------------------------


def test_groups_keep_their_share_of_the_elderly_through_it_all() -> None:
    old = np.array([[4.0, 8.0, 2.0, 6.0, 0.0], [1.0, 0.0, 5.0, 3.0, 9.0]])
    frail = old * np.linspace(0, 0.5, 10).reshape(2, 5)
    groups = {"frail": raster(frail), "fit": raster(old - frail), "poor": 0.1}
    found = demand(
        elderly=raster(old),
        own={"own_elderly": [40.0, 60.0]},
        growth=growth("street", ["a", "b"], [1.0, 1.0], [1.5, 2.0]),
        groups=groups,
    )
    cells = found.cells
    assert (cells["group_frail"] + cells["group_fit"]).to_numpy() == pytest.approx(
        cells["elderly"].to_numpy(), rel=1e-9
    )
    assert cells["group_poor"].to_numpy() == pytest.approx(0.1 * cells["elderly"].to_numpy())
    lived_in = cells[cells["elderly"] > 0]
    before = (frail / np.where(old > 0, old, 1)).ravel()[lived_in.index]
    assert (lived_in["group_frail"] / lived_in["elderly"]).to_numpy() == pytest.approx(before)


@settings(deadline=None, max_examples=examples(30))
@given(SEEDS)
def test_groups_spread_with_the_elderly_keep_their_totals(seed: int) -> None:
    rng = np.random.default_rng(seed)
    old = rng.uniform(0, 9, (2, 5))
    frail = old * rng.uniform(0, 1, (2, 5))
    homes = estates({"w": (box(20, 20, 180, 90), {}), "e": (box(310, 110, 470, 190), {})})
    options: dict[str, Any] = {"elderly": raster(old), "groups": {"frail": raster(frail), "fit": raster(old - frail)}}
    before, after = (demand(homes=homes, spread=spread, **options) for spread in (False, True))
    for who in ("elderly", "group_frail", "group_fit"):
        assert of_streets(after, who) == pytest.approx(of_streets(before, who), rel=1e-6)
    both = (after.cells["group_frail"] + after.cells["group_fit"]).to_numpy()
    assert both == pytest.approx(after.cells["elderly"].to_numpy(), rel=1e-13, abs=1e-13)
    assert (after.cells["elderly"] > 1e-9).sum() < 10
    assert after.account["elderly_moved"] > 0


def test_a_group_of_its_own_grid_is_brought_to_that_of_the_elderly() -> None:
    coarse = raster([[1.5, 0.5]], 250.0)
    found = demand(groups={"alone": coarse})
    assert found.cells["group_alone"].sum() == pytest.approx(2.0, rel=1e-12)
    assert isinstance(found.cells, pd.DataFrame)
    assert not isinstance(found.cells, gpd.GeoDataFrame)


def test_units_that_overlap_nearly_whole_have_their_numbers_each() -> None:
    shares = 0.33 * np.array([[1.0, 1, 1, 1, 0], [0, 1, 1, 1, 1], [1, 0, 1, 1, 1]])
    people = np.array([10.0, 20, 30, 40, 50])
    wanted = shares @ (people * np.array([1.5, 0.7, 1.2, 0.9, 2.0]))
    found = rake(csr_array(shares), people, wanted)
    assert shares @ found.people == pytest.approx(wanted, rel=1e-9)
    assert (found.unmet.tolist(), found.together) == ([False] * 3, ())


def test_the_factor_of_a_unit_with_half_a_person_is_told() -> None:
    found = demand(raster([[0.05] * 5] * 2), None, {"own_residents": [2.0, 3.0]})
    factors = found.factors.set_index(["who", "unit"])
    assert factors.loc[("residents", "a"), ["before", "after", "factor"]].tolist() == pytest.approx([0.25, 2.0, 8.0])
