"""The gap report of small districts, each figure worked out by hand."""

import datetime as dt
import math
from typing import Any, get_type_hints

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from siting.assess.judge import rules_of
from siting.domain.intervals import figure_text
from siting.domain.nouns import Assessment
from siting.domain.standards import Clause, Standard
from siting.domain.totals import Totals
from siting.text.numbers import number
from siting.write.webmap.popups import Popups
from tests.helpers import (
    CORE_CLAUSES,
    box,
    check,
    core_standards,
    estates,
    facilities,
    inputs,
    raster,
    scenario,
    straight,
    units,
    with_settings,
)

CELL = 500.0
LAND_01, LAND_02, CIRCLE = "cq-2017-162/22-land", "cq-2019-129/2-3-land", "cq-2019-129/2-9-circle"


def row_of(assessment: Assessment, level: str, key: str, clause: str) -> dict[str, Any]:
    """One check as a dictionary."""
    checks = assessment.checks.loc[[(level, key)]]
    found = checks[checks["clause_id"] == clause]
    assert len(found) == 1
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value for name, value in found.iloc[0].items()
    }


# --- land within ------------------------------------------------------------------------------------------------------


def land_case(ledger: dict[str, Any], *, complete: bool = True, most: dict[str, float] | None = None) -> Assessment:
    """One district of 10,000 residents and two streets, who all live in the west one."""
    return check(
        inputs(
            settings=scenario(walking=straight(), facilities={"complete": complete, "land_at_most_m2": most or {}}),
            residents=raster([[10_000.0, 0.0]], CELL),
            elderly=raster([[2_000.0, 0.0]], CELL),
            places={
                "street": units({"east": box(500, 0, 1000, 500), "west": box(0, 0, 500, 500)}),
                "district": units({"d": box(0, 0, 1000, 500)}),
            },
            ledger=facilities({key: ((250, 250), {"site_id": key, **facts}) for key, facts in ledger.items()}),
        )
    )


def interval(assessment: Assessment, clause: str) -> tuple[Any, ...]:
    row = row_of(assessment, "district", "d", clause)
    keys = ("required", "provided_low", "provided_high", "shortfall", "verdict", "reason", "missing")
    return tuple(row[key] for key in keys)


def test_the_totals_are_the_figures_of_their_noun_and_no_others() -> None:
    totals = land_case({"a": {"land_m2": 700.0}}).totals
    assert set(totals) == set(Totals.__annotations__)
    of_kind = {float: (float, int), int: int, bool: bool, list[str]: list}
    for name, kind in get_type_hints(Totals).items():
        assert isinstance(totals[name], of_kind.get(kind, (str, dict))), name  # type: ignore[literal-required]


def test_known_land_is_met_at_the_floor_and_short_below_it() -> None:
    case = land_case({"a": {"land_m2": 700.0}, "b": {"land_m2": 300.0}})
    assert interval(case, LAND_01) == (1000.0, 1000.0, 1000.0, 0.0, "met", None, [])
    assert interval(case, LAND_02) == (2000.0, 1000.0, 1000.0, 1000.0, "gap", "land_short", [])


def test_missing_land_is_at_most_what_the_scenario_gives_for_its_tier() -> None:
    ledger = {"a": {"land_m2": 1000.0}, "b": {"tier": "centre"}, "c": {}}
    fails = land_case(ledger, most={"station": 400.0, "centre": 599.0})
    assert interval(fails, LAND_02) == (2000.0, 1000.0, 1999.0, 1000.0, "gap", "land_short", ["b", "c"])
    may_do = land_case(ledger, most={"station": 400.0, "centre": 600.0})
    assert interval(may_do, LAND_02) == (2000.0, 1000.0, 2000.0, 1000.0, "no_data", "land_missing", ["b", "c"])
    unlimited = land_case(ledger, most={"station": 400.0})
    assert interval(unlimited, LAND_02)[2:5] == (math.inf, 1000.0, "no_data")
    assert interval(unlimited, LAND_01)[4:] == ("met", None, [])


def test_a_doubtful_plot_leaves_the_land_between_nothing_and_all_of_it() -> None:
    doubtful = {"land_m2": 3600.0, "floor_area_m2": 380.0}
    open_end = land_case({"a": {"land_m2": 500.0}, "b": doubtful})
    assert interval(open_end, LAND_02) == (2000.0, 500.0, 4100.0, 1500.0, "no_data", "land_missing", ["b"])
    assert open_end.totals["land_doubtful"] == ["b"]
    assert interval(land_case({"a": {"land_m2": 2000.0}, "b": doubtful}), LAND_02)[4:] == ("met", None, [])
    small = {"land_m2": 1499.0, "floor_area_m2": 200.0}
    assert interval(land_case({"a": {"land_m2": 500.0}, "b": small}), LAND_02)[1:5] == (500.0, 1999.0, 1500.0, "gap")


def test_land_that_counts_whole_for_want_of_a_building_is_told_where_others_have_one() -> None:
    own = {"land_m2": 900.0, "floor_area_m2": 380.0}
    shared = own | {"building_floor_area_m2": 2000.0}
    plot = {"land_m2": 900.0}
    for ledger, named in (
        ({"F1": own}, None),
        ({"F1": own, "F2": shared}, "F1"),
        ({"F1": plot, "F2": shared}, "F1"),
        ({"F2": shared}, None),
    ):
        told = {note.code: note.values for note in land_case(ledger).notes}
        assert told.get("plots_taken_whole", {}).get("ids") == named


def test_both_ends_of_a_figure_stand_in_its_row_and_are_told_alike_everywhere() -> None:
    case = land_case({"a": {"land_m2": 500.0}, "b": {"land_m2": 3600.0, "floor_area_m2": 380.0}})
    place, totals = case.places.loc[("district", "d")], case.totals
    # 10,000 residents need 2,000 m² at 0.2 and 1,000 m² at 0.1; 500 to 4,100 m² are there.
    for found in (place, totals):
        assert (found["land_provided_m2"], found["land_provided_high_m2"]) == (500.0, 4100.0)
        assert (found["land_m2_per_resident"], found["land_high_m2_per_resident"]) == (0.05, 0.41)
        assert (found["land_gap_02_low_m2"], found["land_gap_02_m2"]) == (0.0, 1500.0)
        assert figure_text("land_gap_02_m2", found, number) == "≤ 1,500"
        assert figure_text("land_provided_m2", found, number) == "500–4,100"
    rows = dict(Popups().rows(["land_gap_02_m2", "land_provided_m2", "land_m2_per_resident"], place.to_dict()))
    assert list(rows.values()) == ["≤ 1,500", "500–4,100", "0.050–0.410"]
    check = row_of(case, "district", "d", LAND_02)
    assert (check["shortfall_low"], check["shortfall_high"]) == (0.0, 1500.0)
    told = Popups().check(check)
    assert (told["p"], told["s"]) == ("500–4,100", "≤ 1,500")


def test_what_has_no_limit_is_at_least_what_is_known() -> None:
    case = land_case({"a": {"land_m2": 1500.0}}, complete=False)
    place = case.places.loc[("district", "d")]
    assert (place["land_provided_high_m2"], place["land_gap_02_m2"]) == (math.inf, 500.0)
    assert figure_text("land_provided_m2", place, number) == "≥ 1,500"
    # All 2,000 elderly live at the facility; of 8,000 residents elsewhere nothing is asked.
    assert (place["covered_share"], place["covered_share_high"]) == (1.0, 1.0)
    nobody = land_case({}, complete=False).totals
    assert (nobody["elderly_covered"], nobody["elderly_covered_high"], nobody["elderly_uncovered_low"]) == (0, 2000, 0)
    assert figure_text("elderly_uncovered", nobody, number) == "≤ 2,000"


def test_whom_an_institution_would_cover_that_does_not_say_whom_it_serves_is_the_other_end_of_coverage() -> None:
    case = land_case({"a": {"tier": "institution", "land_m2": 500.0}})
    for found in (case.places.loc[("district", "d")], case.totals):
        assert (found["elderly_covered"], found["elderly_covered_high"]) == (0.0, 2000.0)
        assert (found["covered_share"], found["covered_share_high"]) == (0.0, 1.0)


def test_gaps_that_do_not_add_up_are_told_with_the_reason() -> None:
    # 1,000 residents a street need 200 m² each: 300 m² in the west are 100 too many, 50 m² in the east 150 too few.
    case = check(
        inputs(
            residents=raster([[1000.0, 1000.0]], CELL),
            elderly=raster([[200.0, 200.0]], CELL),
            places={
                "street": units({"east": box(500, 0, 1000, 500), "west": box(0, 0, 500, 500)}),
                "district": units({"d": box(0, 0, 1000, 500)}),
            },
            ledger=facilities({"w": ((250, 250), {"land_m2": 300.0}), "e": ((750, 250), {"land_m2": 50.0})}),
        )
    )
    (note,) = [note for note in case.notes if note.code == "gaps_do_not_add_up"]
    # Each station reaches both cells (500 m in 15 minutes at 0.8 m/s): 0.175 m² a person, 2 × 25 m² short.
    at_02 = {"whole_02": "50", "parts_02": "150", "cells_02": "50"}
    # At 0.1 each street needs 100 m²: the east has 50, and the whole has 350 of 200.
    assert note.values == {"whole_01": "0", "parts_01": "50", "cells_01": "0", **at_02}


def test_a_unit_without_rows_has_zero_in_a_complete_ledger_and_anything_in_an_incomplete_one() -> None:
    assert interval(land_case({}), LAND_02) == (2000.0, 0.0, 0.0, 2000.0, "gap", "land_none", [])
    open_end = land_case({}, complete=False)
    assert interval(open_end, LAND_02) == (2000.0, 0.0, math.inf, 2000.0, "no_data", "facilities_incomplete", [])
    assert open_end.totals["warnings"][-1] == "incomplete"
    met = land_case({"a": {"land_m2": 2000.0}}, complete=False)
    assert interval(met, LAND_02)[4] == "met"


def test_an_incomplete_ledger_leaves_the_circle_open_too() -> None:
    gap, open_end = land_case({}), land_case({}, complete=False)
    assert row_of(gap, "district", "d", CIRCLE)["verdict"] == "gap"
    row = row_of(open_end, "district", "d", CIRCLE)
    assert (row["verdict"], row["reason"], row["provided_high"]) == ("no_data", "facilities_incomplete", 1.0)


def test_a_place_without_people_has_nothing_asked_of_it() -> None:
    case = land_case({"a": {"land_m2": 100.0}})
    place = case.places.loc[("street", "east")]
    assert (place["residents"], place["verdict"], place["verdict_binding"]) == (0.0, "not_applicable", "not_applicable")
    assert {row_of(case, "street", "east", key)["reason"] for key in (LAND_01, LAND_02, CIRCLE)} == {"no_people"}
    assert math.isnan(place["land_m2_per_resident"])


def test_of_nobody_nobody_is_covered_and_nobody_uncovered() -> None:
    place = land_case({"a": {"land_m2": 100.0}}).places.loc[("street", "east")]
    assert (place["elderly"], place["elderly_covered"], place["elderly_uncovered"]) == (0.0, 0.0, 0.0)


def test_both_ratios_and_both_floors_stand_side_by_side() -> None:
    place = land_case({"a": {"land_m2": 1500.0}}).places.loc[("district", "d")]
    assert place["land_m2_per_resident"] == 0.15
    assert place["land_m2_per_elderly"] == 0.75
    assert (place["land_required_01_m2"], place["land_gap_01_m2"]) == (1000.0, 0.0)
    assert (place["land_required_02_m2"], place["land_gap_02_m2"]) == (2000.0, 500.0)
    assert (place["land_floor"], place["land_required_m2"], place["land_gap_m2"]) == (0.2, 2000.0, 500.0)
    assert (place["land_basis"], place["land_method"]) == ("resident_current", "within")


def test_land_counts_in_the_unit_that_a_facility_names() -> None:
    case = land_case({"a": {"land_m2": 100.0, "street_id": "east"}, "b": {"land_m2": 50.0}})
    assert case.places["land_provided_m2"].loc["street"].to_dict() == {"east": 100.0, "west": 50.0}
    assert case.totals["land_provided_m2"] == 150.0


def test_land_outside_every_unit_is_in_no_total() -> None:
    given = inputs(
        residents=raster([[100.0]], CELL),
        elderly=raster([[10.0]], CELL),
        places={"district": units({"d": box(0, 0, 500, 500)})},
        ledger=facilities({"in": ((250, 250), {"land_m2": 5.0}), "out": ((900, 250), {"land_m2": 70.0})}),
    )
    case = check(given)
    assert case.totals["land_provided_m2"] == 5.0
    assert case.places["land_provided_m2"].tolist() == [5.0]


# --- minutes and coverage ---------------------------------------------------------------------------------------------


def row_of_cells(elderly: list[float], **walking: Any) -> pd.Series:
    """The district's figures: cells 500 m apart in a row, a station in the first."""
    case = check(
        inputs(
            settings=scenario(walking=straight(**walking)),
            residents=raster([[10 * count for count in elderly]], CELL),
            elderly=raster([elderly], CELL),
            places={"district": units({"d": box(0, 0, CELL * len(elderly), CELL)})},
            ledger=facilities({"s": ((250, 250), {"land_m2": 1.0})}),
        )
    )
    return case.places.loc[("district", "d")]


def test_minutes_are_the_mean_and_the_90th_percentile_of_the_elderly() -> None:
    # 0, 500 and 1,000 m at 0.8 m/s: 0, 10.4 and 20.8 minutes for 10, 30 and 60 people.
    row = row_of_cells([10, 30, 60])
    assert row["minutes_to_nearest"] == pytest.approx((30 * 500 + 60 * 1000) / 100 / 0.8 / 60)
    assert row["minutes_p90"] == pytest.approx(1000 / 0.8 / 60)
    assert (row["elderly_covered"], row["elderly_uncovered"], row["covered_share"]) == (40.0, 60.0, 0.4)
    assert row["reached_share"] == 1.0


@pytest.mark.parametrize(("elderly", "metres"), [([90, 10, 0], 0), ([89, 11, 0], 500), ([1, 89, 10], 500)])
def test_the_90th_percentile_is_the_first_that_nine_tenths_do_not_exceed(elderly: list[float], metres: float) -> None:
    assert row_of_cells(elderly)["minutes_p90"] == pytest.approx(metres / 0.8 / 60)


def test_minutes_are_null_when_fewer_than_half_are_reached() -> None:
    below, half = row_of_cells([10, 30, 60], max_minutes=20), row_of_cells([10, 40, 50], max_minutes=20)
    assert (below["reached_share"], math.isnan(below["minutes_to_nearest"])) == (0.4, True)
    assert math.isnan(below["minutes_p90"])
    assert half["reached_share"] == 0.5
    assert half["minutes_to_nearest"] == pytest.approx(40 * 500 / 50 / 0.8 / 60)
    assert half["minutes_p90"] == pytest.approx(500 / 0.8 / 60)


def test_the_pass_share_is_met_at_the_number_itself() -> None:
    for elderly, verdict in (([90, 0, 10], "met"), ([899, 0, 101], "gap")):
        case = check(
            inputs(
                residents=raster([[9.0 * count for count in elderly]], CELL),
                elderly=raster([elderly], CELL),
                places={"community": units({"c": box(0, 0, 1500, 500)})},
                ledger=facilities({"s": ((250, 250), {})}),
            )
        )
        row = row_of(case, "community", "c", CIRCLE)
        assert (row["verdict"], row["required"], row["binding"], row["people"]) == (verdict, 0.9, True, sum(elderly))


def test_levels_that_the_circle_does_not_name_have_figures_but_no_check() -> None:
    given = inputs(
        settings=scenario(walking=straight(), circle={"levels": ["street"]}),
        residents=raster([[10.0]], CELL),
        elderly=raster([[2.0]], CELL),
        places={"street": units({"s": box(0, 0, 500, 500)}), "district": units({"d": box(0, 0, 500, 500)})},
    )
    case = check(given)
    judged = case.checks[case.checks["kind"] == "service_circle"]
    assert judged.index.tolist() == [("street", "s")]
    assert case.places.loc[("district", "d")]["covered_share"] == 0.0


def test_which_facilities_count_for_the_circle() -> None:
    def covered(tier: str, *, serves: bool | None, tiers: tuple[str, ...] = ("centre", "station")) -> float:
        given = inputs(
            settings=scenario(walking=straight(), circle={"tiers": tiers}),
            residents=raster([[10.0]], CELL),
            elderly=raster([[2.0]], CELL),
            places={"district": units({"d": box(0, 0, 500, 500)})},
            ledger=facilities({"f": ((250, 250), {"tier": tier, "serves_community": serves})}),
        )
        return float(check(given).totals["elderly_covered"])

    assert covered("station", serves=None) == 2.0
    assert covered("centre", serves=False) == 2.0
    assert covered("institution", serves=None) == 0.0
    assert covered("institution", serves=False) == 0.0
    assert covered("institution", serves=True) == 2.0
    assert covered("centre", serves=None, tiers=("station",)) == 0.0


def test_institutions_that_do_not_say_whom_they_serve_are_told() -> None:
    institution = {"tier": "institution"}
    ledger = {"f": institution, "g": institution | {"serves_community": False}, "s": {"tier": "station"}}
    case = check(
        inputs(
            residents=raster([[10.0]], CELL),
            elderly=raster([[2.0]], CELL),
            places={"district": units({"d": box(0, 0, 500, 500)})},
            ledger=facilities({key: ((250, 250), row) for key, row in ledger.items()}),
        )
    )
    assert [note.values for note in case.notes if note.code == "serving_unsaid"] == [{"count": 1, "ids": "f"}]


def test_uncovered_people_are_counted_by_reason_and_add_up() -> None:
    case = check(
        inputs(
            settings=scenario(walking=straight(max_minutes=20)),
            residents=raster([[100.0, 200.0, 300.0, 400.0]], CELL),
            elderly=raster([[10.0, 20.0, 30.0, 40.0]], CELL),
            places={"district": units({"d": box(0, 0, 2000, 500)})},
            ledger=facilities({"s": ((250, 250), {"land_m2": 0.0})}),
        )
    )
    by_reason = case.totals["uncovered_by_reason"]
    # 1,000 m and 1,500 m are 20.8 and 31.3 minutes.
    assert by_reason == {"beyond_circle": 0.0, "beyond_max_minutes": 70.0, "off_network": 0.0, "cut_off": 0.0}
    assert case.totals["elderly_covered"] + case.totals["elderly_uncovered"] == case.totals["elderly"] == 100.0
    assert case.places.loc[("district", "d")]["reason"] == "land_none;beyond_max_minutes"


# --- residential areas with figures of their own ----------------------------------------------------------------------


def estates_case(**own: Any) -> Assessment:
    """Two estates of one cell each; the station's land is shared by both."""
    return check(
        inputs(
            residents=raster([[100.0, 300.0]], CELL),
            elderly=raster([[20.0, 60.0]], CELL),
            places={"district": units({"d": box(0, 0, 1000, 500)})},
            areas=estates({"a": (box(0, 0, 500, 500), own), "b": (box(500, 0, 1000, 500), {})}),
            ledger=facilities({"s": ((250, 250), {"land_m2": 40.0})}),
        )
    )


def test_own_figures_touch_only_the_estates_own_row() -> None:
    plain, owned = estates_case(), estates_case(residents=1000.0, elderly=500.0)
    others = [key for key in plain.places.index if key != ("residential_area", "a")]
    pd.testing.assert_frame_equal(
        pd.DataFrame(plain.places.loc[others].drop(columns="geometry")),
        pd.DataFrame(owned.places.loc[others].drop(columns="geometry")),
    )
    pd.testing.assert_frame_equal(plain.cells, owned.cells)
    assert plain.totals == owned.totals
    row = owned.places.loc[("residential_area", "a")]
    assert (row["residents"], row["elderly"], row["elderly_covered"]) == (1000.0, 500.0, 500.0)
    assert (row["grid_residents"], row["grid_elderly"]) == (100.0, 20.0)
    # 40 m² for 400 people on the grid: 0.1 m² each, with 1,000 people of the estate's own.
    assert row["land_reach_m2_per_person"] == pytest.approx(0.1)
    assert row["land_provided_m2"] == pytest.approx(100.0)
    assert (row["land_gap_01_m2"], row["land_gap_02_m2"]) == (pytest.approx(0.0), pytest.approx(100.0))
    note = next(note for note in owned.notes if note.code == "own_people_differ")
    assert dict(note.values) == {"count": 1, "residents": "+900", "elderly": "+480"}


def test_one_own_figure_leaves_the_other_to_the_grid() -> None:
    row = estates_case(residents=1000.0).places.loc[("residential_area", "a")]
    assert (row["residents"], row["elderly"]) == (1000.0, 20.0)


def test_own_residents_count_on_a_basis_of_residents_even_where_all_residents_are_elderly() -> None:
    given = inputs(
        settings=scenario(walking=straight()),
        residents=raster([[100.0]], CELL),
        elderly=raster([[100.0]], CELL),
        places={"district": units({"d": box(0, 0, 500, 500)})},
        areas=estates({"a": (box(0, 0, 500, 500), {"residents": 250.0})}),
        ledger=facilities({"s": ((250, 250), {"land_m2": 40.0})}),
    )
    assert check(given).places.loc[("residential_area", "a")]["land_required_02_m2"] == pytest.approx(50.0)


def test_a_new_estate_on_empty_ground_is_judged_by_the_walk_from_there() -> None:
    case = check(
        inputs(
            residents=raster([[100.0, 0.0]], CELL),
            elderly=raster([[20.0, 0.0]], CELL),
            places={"district": units({"d": box(0, 0, 1000, 500)})},
            areas=estates({"new": (box(600, 100, 900, 400), {"status": "new", "residents": 900.0, "elderly": 90.0})}),
            ledger=facilities({"s": ((750, 250), {"land_m2": 40.0})}),
        )
    )
    row = row_of(case, "residential_area", "new", CIRCLE)
    assert row["verdict"] == "met"


# --- verdicts ---------------------------------------------------------------------------------------------------------


def test_a_places_verdicts_are_composed_of_its_checks() -> None:
    case = land_case({"a": {"land_m2": 1500.0}, "b": {"tier": "centre", "street_id": "east"}})
    for key, place in case.places.iterrows():
        checks = case.checks.loc[[key]]
        for column, verdicts in (
            ("verdict", list(checks["verdict"])),
            ("verdict_binding", list(checks["verdict"][checks["binding"]])),
        ):
            expected = next((v for v in ("gap", "no_data", "met") if v in verdicts), "not_applicable")
            assert place[column] == expected, (key, column)


def test_today_land_is_judged_but_does_not_bind() -> None:
    case = land_case({"a": {"land_m2": 0.0}})
    assert not case.checks["binding"][case.checks["kind"] == "land_per_person"].any()
    place = case.places.loc[("district", "d")]
    assert (place["verdict"], place["verdict_binding"]) == ("gap", "not_applicable")
    assert "not_binding_current" in case.totals["warnings"]


def planned_case(horizon: int | str, **population: Any) -> Assessment:
    grid = {"path": "p.tif", "unit": "persons per cell"}
    given = inputs(
        settings=scenario(
            walking=straight(),
            scenario={"horizon": horizon},
            population={key: grid if value is True else value for key, value in population.items()},
        ),
        residents=raster([[10_000.0]], CELL),
        elderly=raster([[2_000.0]], CELL),
        places={"street": units({"s": box(0, 0, 500, 500)}), "district": units({"d": box(0, 0, 500, 500)})},
        ledger=facilities({"f": ((250, 250), {"land_m2": 500.0, "status": "planned"})}),
    )
    return check(given)


def test_at_the_plans_horizon_the_governing_floor_binds_the_district_alone() -> None:
    case = planned_case(2035, planned_residents=True)
    binding = {
        (level, clause): bool(value)
        for level, clause, value in zip(
            case.checks["level"], case.checks["clause_id"], case.checks["binding"], strict=True
        )
        if clause != CIRCLE
    }
    assert binding == {
        ("district", LAND_01): False,
        ("district", LAND_02): True,
        ("street", LAND_01): False,
        ("street", LAND_02): False,
    }
    assert case.places.loc[("district", "d")]["verdict_binding"] == "gap"
    assert case.totals["land_basis"] == "resident_planned"


def test_a_horizon_without_planned_people_does_not_bind() -> None:
    case = planned_case(2035)
    assert (case.totals["land_basis"], case.totals["binding"]) == ("resident_current", False)
    assert "planned_people_missing" in case.totals["warnings"]


def test_planned_elderly_alone_do_not_make_todays_residents_planned() -> None:
    case = planned_case(2035, planned_elderly=True)
    assert (case.totals["land_basis"], case.totals["binding"]) == ("resident_current", False)


def test_a_planned_basis_is_refused_today() -> None:
    with pytest.raises(ValidationError, match="the horizon is current"):
        planned_case("current", land_basis="resident_planned")


def test_elderly_only_never_binds_and_says_so() -> None:
    given = inputs(
        settings=scenario(walking=straight(), population={"residents": None}),
        elderly=raster([[2_000.0]], CELL),
        places={"district": units({"d": box(0, 0, 500, 500)})},
        ledger=facilities({"f": ((250, 250), {"land_m2": 500.0})}),
    )
    case = check(given)
    place = case.places.loc[("district", "d")]
    assert set(case.checks["basis"]) == {"elderly60", "elderly"}
    assert case.totals["binding"] is False
    assert (place["land_required_01_m2"], place["land_required_02_m2"]) == (200.0, 400.0)
    assert (place["land_basis"], place["land_m2_per_elderly"]) == ("elderly60", 0.25)
    assert math.isnan(place["land_m2_per_resident"])
    assert math.isnan(place["residents"])
    assert case.totals["warnings"] == ["elderly_basis", "straight_line"]


def test_residents_only_leave_what_needs_elderly_without_data() -> None:
    given = inputs(
        settings=scenario(walking=straight(), population={"elderly": None}),
        residents=raster([[2_000.0]], CELL),
        places={"district": units({"d": box(0, 0, 500, 500)})},
        ledger=facilities({"f": ((250, 250), {"land_m2": 500.0})}),
    )
    case = check(given)
    row = row_of(case, "district", "d", CIRCLE)
    assert (row["verdict"], row["reason"]) == ("no_data", "no_elderly_data")
    assert row_of(case, "district", "d", LAND_02)["verdict"] == "met"
    place = case.places.loc[("district", "d")]
    assert (place["verdict"], math.isnan(place["elderly_covered"])) == ("no_data", True)
    assert math.isnan(case.totals["elderly_uncovered"])
    assert "elderly_unknown" in case.totals["warnings"]


# --- rules ------------------------------------------------------------------------------------------------------------


def standard(key: str, issuer: str, year: int, number: float, **clause: Any) -> Standard:
    """A made-up standard with one land clause."""
    facts = {"levels": ("district",), "horizon": "planned", "force": "mandatory", **clause}
    return Standard(
        id=key,
        number=key,
        title=key,
        issuer=issuer,
        jurisdiction="重庆市",
        issued=dt.date(year, 1, 1),
        in_force=dt.date(year, 1, 1),
        source=key,
        clauses=(Clause(id=f"{key}/land", kind="land_per_person", article="一", quote="…", number=number, **facts),),
    )


def test_of_one_body_the_later_floor_governs_and_among_bodies_the_stricter() -> None:
    old, new = standard("old", "city", 2017, 0.1), standard("new", "city", 2019, 0.2)
    strict, lax = standard("strict", "district", 2018, 0.3), standard("lax", "district", 2021, 0.15)
    assert rules_of([old, new]).floor("district") == 0.2
    assert rules_of([new, old]).floor("district") == 0.2
    assert rules_of([old, new, strict]).floor("district") == 0.3
    assert rules_of([old, new, lax]).floor("district") == 0.2
    # The district's later rule replaces its stricter earlier one.
    assert rules_of([old, new, strict, lax]).floor("district") == 0.2
    # A body may lower its own floor.
    assert rules_of([new, standard("lower", "city", 2022, 0.05)]).floor("district") == 0.05
    assert math.isnan(rules_of([]).floor("district"))


def judged(standards: tuple[Standard, ...], horizon: int | str = 2035) -> Assessment:
    planned = {"planned_residents": {"path": "p.tif", "unit": "persons per cell"}}
    given = inputs(
        settings=scenario(walking=straight(), scenario={"horizon": horizon}, population=planned),
        standards=standards,
        residents=raster([[10_000.0]], CELL),
        elderly=raster([[2_000.0]], CELL),
        places={"street": units({"s": box(0, 0, 500, 500)}), "district": units({"d": box(0, 0, 500, 500)})},
    )
    return check(given)


def test_of_two_bodies_only_the_stricter_floor_binds() -> None:
    case = judged((standard("city", "city", 2019, 0.2), standard("own", "district", 2018, 0.3)))
    binding = case.checks.loc[[("district", "d")]].set_index("clause_id")["binding"]
    assert binding.to_dict() == {"city/land": False, "own/land": True}
    assert case.places.loc[("district", "d")]["land_required_m2"] == pytest.approx(3000.0)


def test_a_stricter_floor_of_another_level_does_not_unbind_the_districts() -> None:
    town = standard("own", "district", 2018, 0.3, levels=("street",))
    case = judged((standard("city", "city", 2019, 0.2), town))
    checks = case.checks.set_index("clause_id", append=True)["binding"]
    assert checks.loc[("district", "d", "city/land")]
    assert checks.loc[("street", "s", "own/land")]


@pytest.mark.parametrize("force", ["encouraged", "permitted"])
def test_advice_gives_no_verdict(force: str) -> None:
    case = judged((standard("advice", "city", 2019, 0.2, force=force),))
    assert case.places.loc[("district", "d")]["verdict"] == "not_applicable"


def test_a_target_of_a_later_year_does_not_bind_yet() -> None:
    later = standard("t", "city", 2019, 0.2, horizon="current", force="target", target_year=2030)
    due = standard("t", "city", 2019, 0.2, horizon="current", force="target", target_year=2025)
    assert judged((due,), "current").totals["binding"] is True
    assert judged((later,), "current").totals["binding"] is False


# --- remedies, edges --------------------------------------------------------------------------------------------------


def test_remedies_follow_the_status_of_the_estate() -> None:
    case = check(
        inputs(
            residents=raster([[100.0, 100.0, 100.0, 100.0]], CELL),
            elderly=raster([[20.0, 20.0, 20.0, 20.0]], CELL),
            places={"district": units({"d": box(0, 0, 2000, 500)})},
            areas=estates(
                {
                    "old": (box(1500, 0, 2000, 500), {"status": "existing", "old_estate": True}),
                    "existing": (box(1500, 0, 2000, 500), {"status": "existing", "old_estate": False}),
                    "of some age": (box(1500, 0, 2000, 500), {"status": "existing"}),
                    "new": (box(1000, 0, 1500, 500), {"status": "new"}),
                    "unknown": (box(1000, 0, 2000, 500), {}),
                    "served": (box(0, 0, 500, 500), {"status": "existing"}),
                }
            ),
            ledger=facilities({"s": ((250, 250), {"land_m2": 90.0})}),
        )
    )
    remedies = case.places["remedies"].loc["residential_area"].to_dict()
    old = ["purchase", "swap", "lease", "renewal", "reclaim_state_idle"]
    assert sorted(remedies["old"].split(";")) == sorted(old)
    # 国有闲置资产收回 is for 城市老旧小区 (129号 二（三）) alone.
    for key in ("existing", "of some age"):
        assert sorted(remedies[key].split(";")) == sorted(old[:-1])
    assert remedies["new"] == "build_with_estate"
    assert sorted(remedies["unknown"].split(";")) == sorted([*old[:-1], "build_with_estate"])
    assert pd.isna(remedies["served"])
    assert case.places["verdict"].loc["residential_area"].to_dict()["served"] == "met"
    assert case.places["kind"].loc["residential_area"].to_dict()["new"] == "new"


def test_places_within_one_cut_off_of_the_border_carry_the_edge_effect() -> None:
    given = inputs(
        residents=raster(np.full((6, 6), 10.0), CELL),
        elderly=raster(np.full((6, 6), 2.0), CELL),
        places={"district": units({"d": box(0, 0, 3000, 3000)})},
        areas=estates(
            {
                "centre": (box(1400, 1400, 1600, 1600), {}),
                "near": (box(719, 1400, 1600, 1600), {}),
                "clear": (box(721, 1400, 1600, 1600), {}),
                "on": (box(0, 1000, 900, 1100), {}),
            }
        ),
        ledger=facilities({"s": ((250, 250), {})}),
    )
    found = check(given).places["edge_effect"]
    assert found.loc["residential_area"].to_dict() == {"centre": False, "near": True, "clear": False, "on": True}
    assert found.loc[("district", "d")]
    assert not check(with_settings(given, context={"complete": True})).places["edge_effect"].any()


def test_places_name_the_unit_that_holds_most_of_them() -> None:
    given = inputs(
        residents=raster([[10.0, 10.0, 10.0]], CELL),
        elderly=raster([[2.0, 2.0, 2.0]], CELL),
        places={
            "street": units({"a": box(0, 0, 500, 500), "b": box(500, 0, 1000, 500)}),
            "district": units({"d": box(0, 0, 1000, 500)}),
        },
        areas=estates({"e": (box(300, 0, 600, 500), {}), "far": (box(1200, 0, 1400, 500), {})}),
    )
    found = check(given).places["unit_id"]
    assert found.loc[("residential_area", "e")] == "a"
    assert found.loc["street"].tolist() == ["d", "d"]
    assert found.loc[[("residential_area", "far"), ("district", "d")]].isna().all()


def test_the_clauses_that_these_cases_rest_on() -> None:
    assert {clause.id for each in core_standards() for clause in each.clauses} == set(CORE_CLAUSES)


def test_the_land_gap_of_a_border_cell_is_that_of_who_lives_inside() -> None:
    given = inputs(
        residents=raster([[1000.0, 1000.0]], CELL),
        elderly=raster([[200.0, 200.0]], CELL),
        # A quarter of the second cell.
        places={"district": units({"d": box(0, 0, 625, 500)})},
        ledger=facilities({}),
    )
    cells = check(given).cells
    assert cells["residents"].tolist() == [1000.0, 250.0]
    assert cells["land_gap_01_m2"].tolist() == [100.0, 25.0]
    assert cells["land_gap_02_m2"].tolist() == [200.0, 50.0]
