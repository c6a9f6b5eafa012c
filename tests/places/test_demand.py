"""People become demand; whose heads count."""

from typing import Any

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from siting.domain.nouns import Demand, Grid, Population, Raster
from siting.domain.scenario import PopulationSection
from siting.places import holding_units, land_basis, make_demand
from siting.places.demand import given_grids
from tests.helpers import METRIC, X0, Y0, box, estates, frozen, raster, units

GRID = {"path": "p.tif", "unit": "persons per cell"}
OLD = {"path": "e.tif", "unit": "persons per cell", "from_age": 65}


def section(**keys: Any) -> PopulationSection:
    return PopulationSection.model_validate(keys)


@pytest.mark.parametrize(
    ("given_people", "planned", "expected"),
    [
        ({"residents": GRID}, False, "resident_current"),
        ({"residents": GRID}, True, "resident_planned"),
        ({"residents": GRID, "elderly": GRID}, False, "resident_current"),
        ({"residents": GRID, "elderly": GRID, "elderly_share": 0.2}, True, "resident_planned"),
        ({"elderly": GRID}, False, "elderly60"),
        ({"elderly": GRID}, True, "elderly60"),
        ({"elderly": {**GRID, "from_age": 60}}, False, "elderly60"),
        ({"elderly": OLD}, False, "elderly65"),
        ({"elderly": OLD, "elderly_share": 0.2}, False, "resident_current"),
        ({"elderly": OLD, "elderly_share": 0.2}, True, "resident_planned"),
        ({"residents": GRID, "land_basis": "registered"}, False, "registered"),
        ({"residents": GRID, "elderly": GRID, "land_basis": "elderly60"}, False, "elderly60"),
        ({"elderly": GRID, "planned_residents": GRID}, True, "resident_planned"),
        ({"elderly": GRID, "planned_residents": GRID}, False, "elderly60"),
    ],
)
def test_whose_heads_count(given_people: dict[str, Any], planned: bool, expected: str) -> None:  # noqa: FBT001
    assert land_basis(section(**given_people), planned=planned) == expected


def demand(residents: Raster | None, elderly: Raster | None, *, share: float | None = None, **keys: Any) -> Demand:
    places = {"district": units({"d": box(0, 0, 1000, 500)})}
    keys = {"basis": "resident_current", "context_m": 300.0, **keys}
    return make_demand(Population(residents, elderly, 60), places, METRIC, elderly_share=share, **keys)


@given(st.integers(0, 1_000_000), st.sampled_from([100.0, 130.0]), st.floats(-400, 400), st.floats(0, 1000))
def test_read_is_inside_and_outside_on_any_grids(seed: int, cell: float, left: float, context: float) -> None:
    rng = np.random.default_rng(seed)
    residents = rng.integers(0, 2, (9, 14)) * rng.uniform(0, 80, (9, 14))
    elderly = rng.integers(0, 2, (7, 13)) * rng.uniform(0, 20, (7, 13))
    elderly[3, 6] = 4.0
    found = demand(raster(residents, 100.0, left, -200), raster(elderly, cell, left / 3, -100), context_m=context)
    for name, values in (("residents", residents), ("elderly", elderly)):
        account = found.account
        assert account[f"{name}_read"] == pytest.approx(values.sum())
        assert account[f"{name}_inside"] + account[f"{name}_outside"] == pytest.approx(values.sum())
        assert found.cells[name] @ found.cells["inside"] == pytest.approx(account[f"{name}_inside"])
    assert found.shares["district"].toarray()[0] == pytest.approx(found.cells["inside"].to_numpy(), abs=1e-6)
    # The geometry of the elderly grid rules.
    assert found.grid.transform.a == cell
    offset = (found.grid.transform.c - X0 - left / 3) / cell
    assert offset == pytest.approx(round(offset), abs=1e-6)


def test_context_is_kept_so_far_and_no_farther() -> None:
    found = demand(raster([[1.0] * 20], 100.0, left=-500.0, bottom=200.0), None)
    assert (found.cells["x"] - X0).tolist() == [-250.0 + 100 * i for i in range(16)]
    assert found.cells["inside"].tolist() == [0.0] * 3 + [1.0] * 10 + [0.0] * 3
    assert found.account["residents_read"] == 20.0


def test_cells_on_the_border_count_the_share_inside() -> None:
    found = demand(raster([[80.0, 40.0]], 400.0, left=800.0, bottom=300.0), None, context_m=500.0)
    assert found.cells["inside"].tolist() == pytest.approx([0.25, 0.0])
    assert found.account["residents_inside"] == pytest.approx(20.0)
    assert found.account["residents_outside"] == pytest.approx(100.0)


def test_elderly_are_residents_times_the_share() -> None:
    found = demand(raster([[100.0, 50.0]], 500.0), None, share=0.2)
    assert found.cells["elderly"].tolist() == [20.0, 10.0]
    assert (found.elderly_derived, found.residents_derived) == (True, False)


def test_residents_are_elderly_divided_by_the_share() -> None:
    found = demand(None, raster([[20.0, 10.0]], 500.0), share=0.2)
    assert found.cells["residents"].tolist() == [100.0, 50.0]
    assert (found.elderly_derived, found.residents_derived) == (False, True)
    assert found.account["residents_read"] == 150.0


def test_a_share_changes_nothing_where_both_are_given() -> None:
    found = demand(raster([[100.0]], 500.0), raster([[30.0]], 500.0), share=0.2)
    assert found.cells[["residents", "elderly"]].to_numpy().tolist() == [[100.0, 30.0]]
    assert (found.elderly_derived, found.residents_derived) == (False, False)


def test_what_is_not_given_stays_unknown() -> None:
    found = demand(raster([[100.0]], 500.0), None)
    assert found.cells["elderly"].isna().all()
    assert np.isnan(found.account["elderly_read"])


@pytest.mark.parametrize(
    ("basis", "column"),
    [
        ("resident_current", "residents"),
        ("resident_planned", "residents"),
        ("registered", "residents"),
        ("elderly60", "elderly"),
        ("elderly65", "elderly"),
    ],
)
def test_the_basis_is_the_people_it_names(basis: str, column: str) -> None:
    found = demand(raster([[100.0]], 500.0), raster([[30.0]], 500.0), basis=basis)
    assert found.cells["basis"].tolist() == found.cells[column].tolist()


def test_cells_without_data_count_nobody_and_are_no_demand() -> None:
    found = demand(raster([[np.nan, 5.0, 0.0, 7.0]], 250.0), raster([[np.nan, 1.0, 0.0, np.nan]], 250.0))
    assert found.cells.index.tolist() == [1, 3]
    assert found.cells["elderly"].tolist() == [1.0, 0.0]


def test_grids_that_drift_apart_are_not_taken_for_one() -> None:
    # Cells of 8.3e-4 and of 8.309e-4 degrees are three cells apart after 3,000 columns.
    def lone(cell: float) -> Raster:
        values = np.zeros((1, 3000))
        values[0, -1] = 50.0
        grid = Grid(Affine(cell, 0, 107.0, 0, -0.001, 29.7), (1, 3000), METRIC.geodetic_crs)
        return Raster(grid, frozen(values))

    places = {"district": units({"d": box(-200_000, -90_000, 400_000, 90_000)})}
    one, other = lone(0.00083), lone(0.0008309)
    found = make_demand(
        Population(other, one, 60), places, METRIC, basis="resident_current", elderly_share=None, context_m=0.0
    )
    here = found.cells[found.cells["residents"] > 0]
    column = here.index.to_numpy() % found.grid.shape[1]
    east = found.grid.transform.c + (column + 0.5) * found.grid.transform.a
    assert np.average(east, weights=here["residents"]) == pytest.approx(107.0 + 2999.5 * 0.0008309, abs=5e-4)


def test_read_only_grids_pass_and_stay_as_they_are() -> None:
    residents, elderly = raster([[100.0, 50.0]], 500.0), raster([[9.0, 8.0, 7.0]], 400.0)
    before = residents.values.copy(), elderly.values.copy()
    demand(residents, elderly)
    assert not residents.values.flags.writeable
    assert (residents.values == before[0]).all()
    assert (elderly.values == before[1]).all()


# --- which unit holds which place -------------------------------------------------------------------------------------


def test_the_unit_that_holds_most_of_a_place_is_named() -> None:
    found = holding_units(
        {
            "district": units({"d": box(0, 0, 1000, 500)}),
            "residential_area": estates(
                {
                    "most": (box(300, 0, 560, 100), {}),
                    "even": (box(400, 0, 600, 100), {}),
                    "out": (box(5000, 0, 5100, 100), {}),
                }
            ),
            "street": units({"b": box(0, 0, 500, 500), "a": box(500, 0, 1000, 500)}),
        }
    )
    assert found["residential_area"].to_dict()["most"] == "b"
    # Of equal halves the first by id.
    assert found["residential_area"].to_dict()["even"] == "a"
    assert found["residential_area"].isna().tolist() == [False, False, True]
    assert found["street"].tolist() == ["d", "d"]
    assert found["district"].isna().all()


def test_a_place_that_only_touches_a_unit_is_not_held_by_it() -> None:
    found = holding_units(
        {
            "residential_area": estates({"beside": (box(1000, 0, 1100, 100), {})}),
            "district": units({"d": box(0, 0, 1000, 500)}),
        }
    )
    assert found["residential_area"].isna().all()


def test_the_lower_left_corner_of_a_raster_is_where_the_cases_think_it_is() -> None:
    move = raster([[1.0], [2.0]], 100.0, left=10.0, bottom=20.0).grid.transform
    assert (move.c, move.f) == (X0 + 10, Y0 + 220)


def test_grids_beyond_which_somebody_may_live_are_not_those_beyond_which_nobody_does() -> None:
    residents, elderly = raster(np.ones((2, 2))), raster(np.ones((3, 3)))
    people = Population(residents, elderly, 60, nobody_outside=frozenset({"residents"}))
    assert list(given_grids(people)) == [elderly.grid]
    assert list(given_grids(people, ())) == [residents.grid, elderly.grid]


def test_nobody_in_the_units_is_spread_over_nothing() -> None:
    homes = estates({"e": (box(0, 0, 100, 100), {"far": 1.0})})
    places = {"street": units({"s": box(0, 0, 200, 100)}), "residential_area": homes}
    nobody = Population(raster([[0.0, 0.0]]), raster([[0.0, 0.0]]), 60)
    found = make_demand(
        nobody, places, METRIC, basis="resident_current", elderly_share=None, spread=True, context_m=0.0
    )
    assert found.cells["elderly"].sum() == 0.0
    assert found.cells["elderly"].notna().all()
