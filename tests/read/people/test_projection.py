"""Growth a year and cohorts, against figures worked out by hand."""

from typing import Any

import numpy as np
import pytest

from siting.read.people.cohorts import cohort_weights
from tests.read.case import Case, write_raster

HORIZON = 'title = "示例"\ndate = 2026-01-01\nhorizon = {}'


def at(case: Case, horizon: int) -> Case:
    case.sections["scenario"] = HORIZON.format(horizon)
    return case


def growth(case: Case, table: str, base_year: int = 2020, **more: Any) -> None:
    (case.folder / "growth.csv").write_text(table, encoding="utf-8")
    extra = "".join(f"\n{key} = {value}" for key, value in more.items())
    case.sections["population.projection"] = f'path = "growth.csv"\nbase_year = {base_year}{extra}'


def notes(case: Case) -> dict[str, Any]:
    return {note.code: dict(note.values) for note in case.read().notes}


def test_a_row_of_a_unit_wins_and_everybodys_fills(case: Case) -> None:
    at(case, 2030)
    growth(case, "id,name,residents_growth,elderly_growth\nS1,,0.02,\n,,-0.01,0.03\n")
    found = case.read().population.growth
    assert found is not None
    assert found.level == "street"
    assert found.factors.index.tolist() == ["S1", "S2"]
    # 1.02 to the tenth, 0.99 to the tenth, 1.03 to the tenth.
    assert found.factors["residents"].tolist() == pytest.approx([1.2189944, 0.9043821], abs=1e-7)
    assert found.factors["elderly"].tolist() == pytest.approx([1.3439164, 1.3439164], abs=1e-7)
    assert "growth_rates_read" in notes(case)
    assert "current_people_at_horizon" not in notes(case)


def test_units_are_found_by_full_name_and_the_others_are_told(case: Case) -> None:
    at(case, 2021)
    growth(case, "name,residents_growth\nS2街道,0.1\n外地街道,0.2\n")
    inputs = case.read()
    found = inputs.population.growth
    assert found is not None
    assert found.factors["residents"].tolist() == pytest.approx([np.nan, 1.1], nan_ok=True)
    told = {note.code: note.values for note in inputs.notes}
    assert told["growth_rows_unmatched"]["names"] == "外地街道"
    assert told["growth_units_unmatched"]["names"] == "S1街道"


def test_one_row_holds_for_everybody(case: Case) -> None:
    at(case, 2025)
    growth(case, "residents_growth\n0.02\n")
    found = case.read().population.growth
    assert found is not None
    assert found.level is None
    assert found.factors["residents"].tolist() == pytest.approx([1.1040808032])
    assert found.factors["elderly"].isna().all()


def test_the_year_of_the_people_itself_is_no_growth(case: Case) -> None:
    at(case, 2030)
    growth(case, "residents_growth\n0.5\n", base_year=2030)
    found = case.read().population.growth
    assert found is not None
    assert found.factors["residents"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("table", "base_year", "code"),
    [
        ("residents_growth\n0.02\n", 2031, "base_year_after_horizon"),
        ("residents_growth\n2\n", 2020, "growth_not_rate"),
        ("residents_growth\n-1.5\n", 2020, "out_of_range"),
        ("id,residents_growth\nS1,0.1\nS1,0.2\n", 2020, "growth_twice"),
        ("id,name,residents_growth\nS1,,0.1\n,S1街道,0.2\n", 2020, "growth_twice"),
        ("id,residents_growth\n,0.1\n,0.2\n", 2020, "growth_twice"),
        ("id,residents_growth\nX9,0.1\n", 2020, "growth_of_nobody"),
        ("id,rate\nS1,0.1\n", 2020, "column_missing"),
    ],
)
def test_a_table_of_growth_at_fault_is_told(case: Case, table: str, base_year: int, code: str) -> None:
    at(case, 2030)
    growth(case, table, base_year)
    assert (case.fault().code, case.fault().layer) == (code, "population.projection")


def test_planned_people_do_not_grow(case: Case) -> None:
    at(case, 2030)
    write_raster(case.folder / "planned.tif", np.full((10, 20), 9.0))
    case.sections["population"] = (
        'planned_residents = { path = "planned.tif", unit = "persons per cell" }\n'
        'residents = { path = "residents.tif", unit = "persons per cell" }\n'
        'elderly = { path = "residents.tif", unit = "persons per cell" }'
    )
    growth(case, "residents_growth,elderly_growth\n0.02,0.03\n")
    inputs = case.read()
    assert inputs.population.growth is not None
    assert inputs.population.growth.factors.to_numpy().tolist() == [[1.0, pytest.approx(1.03**10)]]
    assert inputs.population.residents is not None
    assert inputs.population.residents.values.sum() == 1800.0


@pytest.mark.parametrize("horizon", ["current", "planned"])
def test_a_projection_that_carries_nobody_is_told(case: Case, horizon: str) -> None:
    growth(case, "residents_growth\n0.02\n")
    if horizon == "planned":
        at(case, 2030)
        case.sections["population"] += '\nplanned_residents = { path = "residents.tif", unit = "persons per cell" }'
    inputs = case.read()
    assert inputs.population.growth is None
    assert [note.code for note in inputs.notes] == ["projection_unused"]


# --- cohorts --------------------------------------------------------------------------------------------------------


def test_cohorts_by_hand() -> None:
    ages = [50, 55, 60, 65]
    stays = {50: 0.95, 55: 0.9, 60: 0.8, 65: 0.5}
    # Ten years: 60 is 50 twice survived; 65+ is 55 → 60 → 65, 60 → 65 → 65, 65 → 65 → 65.
    found = cohort_weights(ages, stays, 10)
    assert set(found) == {60, 65}
    assert found[60] == {50: pytest.approx(0.95 * 0.9)}
    assert found[65] == {
        55: pytest.approx(0.9 * 0.8),
        60: pytest.approx(0.8 * 0.5),
        65: pytest.approx(0.25),
    }


def test_years_between_steps_are_interpolated() -> None:
    found = cohort_weights([55, 60, 65], {55: 0.9, 60: 0.8, 65: 0.5}, 2)
    assert found[60] == {55: pytest.approx(0.4 * 0.9), 60: pytest.approx(0.6)}
    assert found[65] == {60: pytest.approx(0.4 * 0.8), 65: pytest.approx(0.6 + 0.4 * 0.5)}


def test_no_years_change_nothing() -> None:
    assert cohort_weights([60, 65], {60: 0.8, 65: 0.5}, 0) == {60: {60: 1.0}, 65: {65: 1.0}}


@pytest.fixture
def banded(case: Case) -> Case:
    """A case at 2030 with bands of 1,000, 800, 600 and 400 persons of 2020, and a table of cohorts."""
    at(case, 2030)
    for age, people in ((50, 5.0), (55, 4.0), (60, 3.0), (65, 2.0)):
        write_raster(case.folder / f"e_{age}.tif", np.full((10, 20), people))
    case.sections["population"] = 'elderly = { pattern = "e_{age}.tif", unit = "persons per cell" }'
    growth(case, "age,stays\n50,0.95\n55,0.9\n60,0.8\n65,0.5\n", method='"cohort"')
    return case


def test_the_elderly_are_those_of_the_horizon(banded: Case) -> None:
    banded.sections["population.groups.oldest"] = "from_age = 65"
    banded.sections["population.groups.younger"] = "from_age = 60\nto_age = 64"
    inputs = banded.read()
    people = inputs.population
    assert people.elderly is not None
    # Of each cell: 60 to 64: 5 × 0.95 × 0.9 = 4.275; from 65 on: 4 × 0.72 + 3 × 0.4 + 2 × 0.25 = 4.58.
    assert people.groups["younger"].values[0, 0] == pytest.approx(4.275)  # type: ignore[union-attr]
    assert people.groups["oldest"].values[0, 0] == pytest.approx(4.58)  # type: ignore[union-attr]
    assert people.elderly.values.sum() == pytest.approx(200 * 8.855)
    assert people.growth is None
    (told,) = [note.values for note in inputs.notes if note.code == "cohorts_projected"]
    assert (told["before"], told["after"]) == (1000, 1771)
    assert "current_people_at_horizon" not in {note.code for note in inputs.notes}
    # The account names the bands that are counted, not those that age into them.
    assert inputs.layers["population.elderly"]["ages"] == [60, 65]


def test_a_group_from_a_raster_is_told_to_stay_as_it_is(banded: Case) -> None:
    banded.sections["population.groups.disabled"] = 'path = "e_65.tif"\nunit = "persons per cell"'
    inputs = banded.read()
    assert [note.values["layer"] for note in inputs.notes if note.code == "current_people_at_horizon"] == [
        "population.groups.disabled"
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("no band", "first_age_band_missing"),
        ("uneven", "cohort_bands_uneven"),
        ("no share", "cohort_age_missing"),
        ("twice", "cohort_age_twice"),
        ("one file", "cohort_without_bands"),
        ("negative", "out_of_range"),
    ],
)
def test_cohorts_that_cannot_be_carried_are_told(banded: Case, change: str, code: str) -> None:
    table = banded.folder / "growth.csv"
    text = table.read_text(encoding="utf-8")
    if change == "no band":
        (banded.folder / "e_50.tif").unlink()
    elif change == "uneven":
        for age in (55, 65):
            (banded.folder / f"e_{age}.tif").unlink()
    elif change == "no share":
        table.write_text(text.replace("65,0.5\n", ""), encoding="utf-8")
    elif change == "twice":
        table.write_text(text + "65,0.4\n", encoding="utf-8")
    elif change == "negative":
        table.write_text(text.replace("0.5", "-0.5"), encoding="utf-8")
    else:
        banded.sections["population"] = 'elderly = { path = "e_60.tif", unit = "persons per cell" }'
    assert banded.fault().code == code
