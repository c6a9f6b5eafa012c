"""Figures that cannot be: beyond what a column may hold, or contradicting another figure of the row."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from siting.domain.scenario import Layer
from siting.domain.tables import CANDIDATE_COLUMNS, FACILITY_COLUMNS, PAID_COLUMNS, RESIDENTIAL_COLUMNS, Column
from siting.errors import Fault, together
from siting.read.log import Log
from siting.read.tables.columns import typed_table

FACILITY = {"id": ["F1"], "tier": ["station"], "status": ["existing"]}
ESTATE = {"id": ["R1"], "name": ["a"]}


def _faults(columns: tuple[Column, ...], raw: dict[str, list[Any]], /, **source: Any) -> list[Fault]:
    log = Log()
    layer = Layer(path=Path("ledger.csv"), **source)
    typed_table(pd.DataFrame(raw), columns, layer, log.layer("ledger", layer.path))
    return log.faults.found


# What no ledger can mean, in words that a planner would use; the least that can be true stands beside it.
@pytest.mark.parametrize(
    ("columns", "row", "key", "wrong", "right"),
    [
        (FACILITY_COLUMNS, FACILITY | {"beds": [100]}, "nursing_beds", 101, 100),
        (FACILITY_COLUMNS, FACILITY | {"beds": [0]}, "nursing_beds", 1, 0),
        (FACILITY_COLUMNS, FACILITY | {"staff": [8]}, "certified_staff", 9, 8),
        (FACILITY_COLUMNS, FACILITY | {"building_floor_area_m2": [500]}, "floor_area_m2", 500.5, 500),
        (FACILITY_COLUMNS, FACILITY | {"closes": ["2026-01-01"]}, "opens", "2026-01-02", "2026-01-01"),
        (FACILITY_COLUMNS, FACILITY, "beds", -1, 0),
        (FACILITY_COLUMNS, FACILITY, "land_m2", -0.1, 0),
        (FACILITY_COLUMNS, FACILITY, "far", 0, 0.1),
        (FACILITY_COLUMNS, FACILITY, "rating", 6, 5),
        (FACILITY_COLUMNS, FACILITY, "award_rating", 6, 5),
        (CANDIDATE_COLUMNS, {"id": ["C1"], "building_floor_area_m2": ["3亩"]}, "floor_area_m2", 2001, 2000),
        (RESIDENTIAL_COLUMNS, ESTATE | {"residents": [40]}, "elderly", 41, 40),
    ],
)
def test_what_cannot_be_is_refused_with_row_and_field(
    columns: tuple[Column, ...], row: dict[str, list[Any]], key: str, wrong: object, right: object
) -> None:
    assert _faults(columns, row | {key: [right]}) == []
    assert _faults(columns, row | {key: [None]}) == []
    (fault,) = _faults(columns, row | {key: [wrong]})
    assert (fault.layer, fault.row, fault.field) == ("ledger", row.get("id", ["#1"])[0], key)
    assert fault.code in ("out_of_range", "more_than_whole", "later_than_end")


def test_a_contradiction_names_both_figures() -> None:
    (fault,) = _faults(FACILITY_COLUMNS, FACILITY | {"床位数": [100], "nursing_beds": [120]})
    assert (fault.found, fault.expected) == ("120", "beds (床位数) = 100")
    assert "120" in fault.message("zh")
    assert "beds (床位数) = 100" in fault.message("en")
    (fault,) = _faults(FACILITY_COLUMNS, FACILITY | {"opens": ["2026-05-01"], "closes": ["2026.4.1"]})
    assert (fault.found, fault.expected) == ("2026-05-01", "closes = 2026-04-01")


def test_units_are_converted_before_figures_are_compared() -> None:
    row = FACILITY | {"building_floor_area_m2": [0.3], "floor_area_m2": [3000]}
    assert _faults(FACILITY_COLUMNS, row, column_units={"building_floor_area_m2": "万平方米"}) == []


def test_the_same_contradiction_in_many_rows_is_one_line() -> None:
    raw = {
        "id": ["a", "b"],
        "tier": ["station"] * 2,
        "status": ["existing"] * 2,
        "beds": [5, 5],
        "nursing_beds": [9, 9],
    }
    assert [fault.row for fault in together(_faults(FACILITY_COLUMNS, raw))] == ["a, b"]


@pytest.mark.parametrize("name", ["subsidy_paid_cny", "该场址已领建设补贴", "award_paid_cny", "已领等级奖励"])
def test_money_that_does_not_say_who_paid_is_refused(name: str) -> None:
    (fault,) = _faults(FACILITY_COLUMNS, FACILITY | {name: [4_000_000]})
    assert (fault.code, fault.field) == ("column_retired", name)
    # The column may hold money for anything, so all present names are stated.
    assert [column for column in PAID_COLUMNS if column not in fault.message("zh")] == []
    # Who knows it says so.
    assert _faults(FACILITY_COLUMNS, FACILITY | {name: [4e6]}, columns={"construction_paid_city_cny": name}) == []
