"""Units of columns: stated or named, converted once, refused where they cannot be."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.domain.scenario import Layer
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS, GROWTH_COLUMNS, PEOPLE_COLUMNS, Column
from siting.errors import Fault
from siting.read.log import Log
from siting.read.tables.columns import typed_table
from siting.read.tables.measures import unit_of_name, units_of

BASE: dict[str, list[Any]] = {"id": ["F1"], "tier": ["station"], "status": ["existing"]}
LAND = next(column for column in FACILITY_COLUMNS if column.key == "land_m2")


def typed(
    raw: dict[str, list[Any]], kind: tuple[Column, ...] = FACILITY_COLUMNS, group: str = "facilities", **source: Any
) -> tuple[pd.DataFrame, list[Fault], Log]:
    log = Log()
    layer = Layer(path=Path("ledger.csv"), **source)
    table, _ = typed_table(pd.DataFrame(raw), kind, layer, log.layer(group, layer.path))
    return table, log.faults.found, log


@pytest.mark.parametrize(
    ("unit", "m2"),
    [
        ("m2", 1), ("㎡", 1), ("M²", 1), ("平方米", 1), ("亩", 666.6666666666666), ("公顷", 10_000), ("ha", 10_000),
        ("hm²", 10_000), ("万平方米", 10_000), ("万㎡", 10_000), ("km2", 1_000_000),
        ("平方公里", 1_000_000), ("㎢", 1_000_000),
    ],
)  # fmt: skip
def test_areas_are_converted_once_and_told(unit: str, m2: float) -> None:
    for raw, source in (
        (BASE | {"land_m2": ["0.25"]}, {"column_units": {"land_m2": unit}}),
        (BASE | {f"用地面积（{unit}）": [0.25]}, {}),
    ):
        table, faults, log = typed(raw, **source)
        assert faults == []
        assert table.loc[0, "land_m2"] == pytest.approx(0.25 * m2, rel=1e-15)
        assert ("column_units" in {note.code for note in log.notes}) == (m2 != 1)


def test_three_mu_are_two_thousand_square_metres() -> None:
    table, _, _ = typed(BASE | {"land_m2": ["3"]}, column_units={"land_m2": "亩"})
    assert table.loc[0, "land_m2"] == 2000.0


@given(st.sampled_from(sorted(units_of(LAND))), st.floats(0, 0.2), st.floats(0, 0.2))
def test_conversion_is_linear(unit: str, one: float, other: float) -> None:
    raw = {
        "id": ["a", "b", "c"],
        "tier": ["station"] * 3,
        "status": ["existing"] * 3,
        "land_m2": [one, other, one + other],
    }
    table, faults, _ = typed(raw, column_units={"land_m2": unit})
    assert faults == []
    first, second, both = table["land_m2"]
    assert first + second == pytest.approx(both, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "unit", "bare"),
    [
        ("YDMJ_ha", "ha", "YDMJ"),
        ("建筑面积(万㎡)", "万m2", "建筑面积"),
        ("用地面积/亩", "亩", "用地面积"),
        ("用地面积 亩", "亩", "用地面积"),
        ("用地面积亩", "亩", "用地面积"),
        ("用地面积，公顷", "公顷", "用地面积"),
        ("land_area", None, "land_area"),
        ("亩", None, "亩"),
    ],
)
def test_a_name_says_its_unit(name: str, unit: str | None, bare: str) -> None:
    found = unit_of_name(name)
    assert (found.unit, found.bare) == (unit, bare)


@pytest.mark.parametrize("name", ["YDMJ_ha", "用地面积亩", "用地面积 （亩）", "land_area_mu"])
def test_a_unit_in_the_name_of_a_column_counts(name: str) -> None:
    table, faults, _ = typed(BASE | {name: [3.0]})
    assert faults == []
    assert table.loc[0, "land_m2"] == (30_000 if name.endswith("ha") else 2000)


def test_our_own_column_is_in_our_unit_unless_the_scenario_says_other() -> None:
    table, _, log = typed(BASE | {"land_m2": [3.0]})
    assert (table.loc[0, "land_m2"], log.notes) == (3.0, [])
    table, _, log = typed(BASE | {"用地面积": [3.0]})
    assert table.loc[0, "land_m2"] == 3.0


def test_a_mapped_column_says_its_unit_too() -> None:
    table, faults, log = typed(BASE | {"地块（公顷）": [3.0]}, columns={"land_m2": "地块（公顷）"})
    assert faults == []
    assert table.loc[0, "land_m2"] == 30_000
    assert [note.values["columns"] for note in log.notes] == ["land_m2 (地块（公顷）): 公顷"]


@pytest.mark.parametrize(
    ("raw", "units", "code", "field", "found"),
    [
        ({"land_m2": [1]}, {"land_m2": "英亩"}, "unknown_column_unit", "column_units.land_m2", "英亩"),
        ({"land_m2": [1]}, {"land_m2": "万人"}, "unknown_column_unit", "column_units.land_m2", "万人"),
        ({"name": ["x"]}, {"name": "亩"}, "unit_for_bare_column", "column_units.name", "亩"),
        ({"far": [1]}, {"far": "亩"}, "unit_for_bare_column", "column_units.far", "亩"),
        ({}, {"lnad_m2": "亩"}, "unknown_column_key", "column_units.lnad_m2", "lnad_m2"),
        ({"用地面积（亩）": [1]}, {"land_m2": "公顷"}, "units_contradict", "land_m2 (用地面积（亩）)", "亩"),
        ({"用地面积（": [1]}, {}, "unit_cut_off", "land_m2 (用地面积（)", "用地面积（"),
        ({"用地面积_": [1]}, {}, "unit_cut_off", "land_m2 (用地面积_)", "用地面积_"),
    ],
)  # fmt: skip
def test_units_that_cannot_be_are_refused(
    raw: dict[str, list[Any]], units: dict[str, str], code: str, field: str, found: str
) -> None:
    _, (fault,), _ = typed(BASE | raw, column_units=units)
    assert (fault.code, fault.field, fault.found) == (code, field, found)
    assert fault.message("zh") != fault.message("en")


def test_an_unknown_unit_in_a_mapped_name_is_refused_until_the_unit_is_stated() -> None:
    raw, columns = BASE | {"面积（市亩）": [3.0]}, {"land_m2": "面积（市亩）"}
    _, (fault,), _ = typed(raw, columns=columns)
    assert (fault.code, fault.found) == ("unknown_unit_in_name", "市亩")
    table, faults, _ = typed(raw, columns=columns, column_units={"land_m2": "亩"})
    assert (faults, table.loc[0, "land_m2"]) == ([], 2000.0)
    # Brackets that speak of something else are no unit.
    assert typed(BASE | {"面积（地上）": [3.0]}, columns={"land_m2": "面积（地上）"})[1] == []


def test_the_same_unit_twice_is_converted_once() -> None:
    table, faults, _ = typed(BASE | {"用地面积（公顷）": [3.0]}, column_units={"land_m2": "ha"})
    assert (faults, table.loc[0, "land_m2"]) == ([], 30_000.0)


def test_a_default_is_in_our_unit() -> None:
    raw = {"id": ["a", "b"], "tier": ["station"] * 2, "status": ["existing"] * 2, "用地面积（亩）": [3.0, None]}
    table, _, _ = typed(raw, defaults={"land_m2": 500})
    assert table["land_m2"].tolist() == [2000.0, 500.0]


def test_a_wrong_cell_is_told_as_it_stands() -> None:
    _, (fault,), _ = typed(BASE | {"用地面积（亩）": [-3.0]})
    assert (fault.code, fault.found) == ("out_of_range", "-3.0")


def test_people_money_and_rates_have_units_of_their_own() -> None:
    people, faults, _ = typed({"name": ["东街"], "常住人口（万人）": ["1.23"]}, PEOPLE_COLUMNS, "units.street.people")
    assert (faults, people.loc[0, "residents"]) == ([], 12_300.0)
    money, faults, _ = typed(
        {"id": ["C1"], "建设投资（万元）": [207], "年租金(元/月)": [100]}, CANDIDATE_COLUMNS, "candidates"
    )
    assert (faults, money.loc[0, "capital_cost_cny"], money.loc[0, "rent_cny_per_year"]) == ([], 2_070_000.0, 1200.0)
    raw = {"常住人口年增长率（%）": [2.0], "elderly_growth": [30]}
    rates, faults, _ = typed(raw, GROWTH_COLUMNS, "population.projection", column_units={"elderly_growth": "‰"})
    assert (faults, rates.loc[0, "residents_growth"], rates.loc[0, "elderly_growth"]) == ([], 0.02, 0.03)


def test_a_key_of_ours_that_a_shapefile_cut_has_lost_no_unit() -> None:
    rates, faults, _ = typed({"name": ["东街"], "residents_": [0.02]}, GROWTH_COLUMNS, "population.projection")
    assert (faults, rates.loc[0, "residents_growth"]) == ([], 0.02)


def test_whole_numbers_stay_whole() -> None:
    table, faults, _ = typed(BASE | {"staff": ["1.23"]}, column_units={"staff": "万人"})
    assert (faults, table.loc[0, "staff"]) == ([], 12_300)
    _, (fault,), _ = typed(BASE | {"staff": ["1.23456"]}, column_units={"staff": "万人"})
    assert (fault.code, fault.found) == ("not_integer", "'1.23456'")
