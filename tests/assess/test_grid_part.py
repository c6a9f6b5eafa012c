"""Places that the population grid does not cover whole, by hand."""

import math
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine

from siting.domain.intervals import ENDS, figure_text
from siting.domain.nouns import Assessment, Grid, Inputs, Population, Raster
from siting.places import make_demand
from siting.read import all_standards
from siting.results import GapReport
from siting.text import LANGS, say
from siting.text.numbers import number, percent
from siting.write.shown import gap_rows
from tests.helpers import (
    METRIC,
    X0,
    Y0,
    box,
    candidates,
    check,
    estates,
    facilities,
    frozen,
    inputs,
    propose,
    raster,
    scenario,
    straight,
    units,
)

LAND_01, LAND, CIRCLE = "cq-2017-162/22-land", "cq-2019-129/2-3-land", "cq-2019-129/2-9-circle"
# Streets of 500 m: the grid, 750 m wide, holds the first, half of the second, nothing of the third.
STREETS = {"a": box(0, 0, 500, 500), "b": box(500, 0, 1000, 500), "c": box(1000, 0, 1500, 500)}
RESIDENTS, ELDERLY = raster(np.full((2, 3), 250.0), 250.0), raster(np.full((2, 3), 50.0), 250.0)
UNKNOWN = ("no_data", "grid_incomplete")


def streets(
    areas: dict[str, Any] | None = None, settings: dict[str, Any] | None = None, **own: list[float]
) -> Assessment:
    """Check the three streets, each with a station of 240 m²; ``own`` are columns of their table of people."""
    given: Inputs = inputs(
        settings=scenario(walking=straight(), **(settings or {})),
        residents=RESIDENTS,
        elderly=ELDERLY,
        places={"street": units(STREETS).assign(**own)},
        areas=estates(areas or {}),
        ledger=facilities({key: ((x, 250), {"land_m2": 240.0}) for key, x in (("A", 250), ("B", 750), ("C", 1250))}),
    )
    return check(given)


def found(case: Assessment, level: str, key: str, clause: str) -> tuple[str, str | None]:
    checks = case.checks.loc[[(level, key)]]
    row = checks[checks["clause_id"] == clause].iloc[0]
    return row["verdict"], row["reason"] if isinstance(row["reason"], str) else None


def notes(case: Assessment) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.values) for note in case.notes}


def test_the_share_is_of_area_within_the_rectangles_of_all_grids() -> None:
    places = {"street": units(STREETS)}
    options: dict[str, Any] = {"basis": "resident_current", "elderly_share": None, "context_m": 0.0}
    alone = make_demand(Population(RESIDENTS, None, 60), places, METRIC, **options).grid_share["street"]
    np.testing.assert_allclose(alone, [1.0, 0.5, 0.0], atol=1e-12)
    # The elderly are given to 625 m and from 100 m north on: 500 × 400 and 125 × 400 m² are under both.
    narrower = Raster(Grid(Affine(125, 0, X0, 0, -100, Y0 + 500), (4, 5), METRIC), frozen(np.ones((4, 5))))
    both = make_demand(Population(RESIDENTS, narrower, 60), places, METRIC, **options).grid_share["street"]
    np.testing.assert_allclose(both, [0.8, 0.2, 0.0], atol=1e-12)


def test_the_rectangle_bends_with_its_projection() -> None:
    world = Grid(Affine(1.0, 0, -180, 0, -1.0, 90), (180, 360), METRIC.geodetic_crs)  # type: ignore[arg-type]
    values = np.zeros(world.shape)
    values[60, 288] = 5.0
    options: dict[str, Any] = {"basis": "resident_current", "elderly_share": None, "context_m": 0.0}
    places = {"city": units({"u": box(-200_000, -200_000, 200_000, 200_000)})}
    share = make_demand(Population(Raster(world, frozen(values)), None, 60), places, METRIC, **options).grid_share
    assert share["city"] == pytest.approx([1.0])


def test_people_of_a_place_in_part_are_unknown_and_its_land_stays() -> None:
    case = streets()
    whole, part, none = (case.places.loc[("street", key)] for key in "abc")
    assert (whole["residents"], whole["elderly"], whole["covered_share"]) == (1000.0, 200.0, 1.0)
    for place in (part, none):
        unknown = ("residents", "elderly", "land_required_02_m2", "land_gap_m2", "minutes_to_nearest", "covered_share")
        assert all(math.isnan(place[name]) for name in (*unknown, "elderly_covered", "land_reach_m2_per_person"))
        assert place["land_provided_m2"] == 240.0
        assert (place["verdict"], place["reason"]) == UNKNOWN
    assert found(case, "street", "a", LAND) == ("met", None)
    assert found(case, "street", "a", CIRCLE) == ("met", None)
    assert {found(case, "street", key, clause) for key in "bc" for clause in (LAND_01, LAND, CIRCLE)} == {UNKNOWN}
    assert notes(case)["grid_covers_part"] == {"count": 2, "ids": "b (50.0%), c (100.0%)"}


def test_where_nobody_lives_outside_the_grid_places_have_the_people_of_their_cells() -> None:
    given: Inputs = inputs(
        settings=scenario(walking=straight()),
        residents=RESIDENTS,
        elderly=ELDERLY,
        places={"street": units(STREETS)},
        ledger=facilities({"B": ((750, 250), {"land_m2": 100.0})}),
    )

    def outside(*who: str) -> Assessment:
        return check(replace(given, population=replace(given.population, nobody_outside=frozenset(who))))

    case = outside("residents", "elderly")
    assert case.places["residents"].loc["street"].to_dict() == {"a": 1000.0, "b": 500.0, "c": 0.0}
    assert case.places["elderly"].loc["street"].to_dict() == {"a": 200.0, "b": 100.0, "c": 0.0}
    # 0.2 × 500 m² are there.
    assert found(case, "street", "b", LAND) == ("met", None)
    assert found(case, "street", "c", LAND) == ("not_applicable", "no_people")
    told = notes(case)
    assert told["grid_nobody_outside"] == {"count": 2, "ids": "b (50.0%), c (100.0%)"}
    assert "grid_covers_part" not in told
    assert "grid_part" not in case.totals["warnings"]
    # Said of one grid alone, the other still leaves it open.
    assert found(outside("residents"), "street", "b", LAND) == UNKNOWN


def test_totals_are_those_of_the_cells() -> None:
    totals = streets().totals
    assert (totals["residents"], totals["elderly"], totals["land_provided_m2"]) == (1500.0, 300.0, 720.0)
    assert totals["elderly_covered"] == 300.0


def test_a_table_stands_in_where_the_grid_ends_and_nowhere_else() -> None:
    case = streets(own_residents=[7777.0, 1500.0, 1200.0], own_elderly=[777.0, 330.0, math.nan])
    people = case.places[["residents", "elderly"]].loc["street"]
    assert people.loc["a"].tolist() == [1000.0, 200.0]
    assert people.loc["b"].tolist() == [1500.0, 330.0]
    assert people.loc["c", "residents"] == 1200.0
    # What the table lacks is not derived.
    assert math.isnan(people.loc["c", "elderly"])
    # 0.2 × 1,500 = 300 > 240 = 0.2 × 1,200.
    assert found(case, "street", "b", LAND) == ("gap", "land_short")
    assert found(case, "street", "c", LAND) == ("met", None)
    assert case.places.loc[("street", "b"), "land_gap_02_m2"] == pytest.approx(60.0)
    # A table says how many people there are, not where.
    assert found(case, "street", "b", CIRCLE) == UNKNOWN
    assert notes(case)["people_from_table"] == {"count": 2, "ids": "b, c"}
    assert case.totals["residents"] == 1500.0


def test_elderly_on_a_basis_of_elderly_come_from_the_table_too() -> None:
    settings = {"population": {"land_basis": "elderly60"}}
    case = streets(None, settings, own_residents=[math.nan] * 3, own_elderly=[1.0, 1300.0, math.nan])
    assert case.places.loc["street"]["land_required_02_m2"].iloc[:2].tolist() == pytest.approx([40.0, 260.0])
    assert notes(case)["people_from_table"]["ids"] == "b"


def test_planned_residents_are_not_taken_from_a_table() -> None:
    grid = {"path": "p.tif", "unit": "persons per cell"}
    settings = {"scenario": {"horizon": 2035}, "population": {"planned_residents": grid}}
    case = streets(None, settings, own_residents=[1.0, 2.0, 3.0], own_elderly=[1.0, 2.0, 3.0])
    assert found(case, "street", "b", LAND) == UNKNOWN
    assert "people_from_table" not in notes(case)


def test_an_estate_keeps_its_own_figures() -> None:
    part, beyond = box(700, 0, 800, 100), box(900, 0, 950, 100)
    areas = {
        "own": (part, {"residents": 90.0, "elderly": 30.0}),
        "residents": (part, {"residents": 90.0}),
        "blank": (part, {}),
        "beyond": (beyond, {"residents": 90.0, "elderly": 30.0}),
    }
    case = streets(areas)
    people = case.places[["residents", "elderly"]].loc["residential_area"]
    assert people.loc["own"].tolist() == people.loc["beyond"].tolist() == [90.0, 30.0]
    assert people.loc["residents", "residents"] == 90.0
    assert people.isna().sum().sum() == 3
    # Judged by the cells that there are; where there is none, nothing can be said.
    reached = {key: found(case, "residential_area", key, LAND)[0] for key in areas}
    circle = {key: found(case, "residential_area", key, CIRCLE)[0] for key in areas}
    assert reached == {"own": "met", "residents": "met", "blank": "no_data", "beyond": "no_data"}
    assert circle == {"own": "met", "residents": "no_data", "blank": "no_data", "beyond": "no_data"}
    assert {found(case, "residential_area", key, CIRCLE)[1] for key in ("residents", "blank", "beyond")} == {
        "grid_incomplete"
    }
    assert {found(case, "residential_area", key, LAND)[1] for key in ("blank", "beyond")} == {"grid_incomplete"}


def test_a_border_beside_the_grids_own_makes_nothing_unknown() -> None:
    for width, verdict in ((750.7, "met"), (751.0, "no_data")):
        given = inputs(
            residents=RESIDENTS,
            elderly=ELDERLY,
            places={"street": units({"s": box(0, 0, width, 500)})},
            ledger=facilities({"A": ((250, 250), {"land_m2": 900.0})}),
        )
        assert found(check(given), "street", "s", LAND)[0] == verdict


def test_the_note_names_ten_at_most_and_reads_in_both_languages() -> None:
    shapes = {f"u{i:02}": box(2000, 0, 2100 + i, 100) for i in range(12)}
    given = inputs(residents=RESIDENTS, elderly=ELDERLY, places={"street": units({**STREETS, **shapes})})
    note = next(note for note in check(given).notes if note.code == "grid_covers_part")
    assert note.values["count"] == 14
    assert note.values["ids"].endswith("u07 (100.0%), …")
    assert all("14" in say("note.grid_covers_part", lang, **note.values) for lang in LANGS)


def test_beds_per_1000_elderly_need_people_too() -> None:
    yubei = tuple(each for each in all_standards() if each.id == "yubei-2018-40")
    ledger = facilities({"A": ((250, 250), {"beds": 40}), "B": ((750, 250), {"beds": 40})})
    shapes = {key: STREETS[key] for key in "ab"}
    for own, expected in (({}, UNKNOWN), ({"own_residents": [1.0, 1.0], "own_elderly": [1.0, 1000.0]}, ("met", None))):
        given = inputs(
            standards=yubei,
            residents=RESIDENTS,
            elderly=ELDERLY,
            places={"district": units(shapes).assign(**own)},
            ledger=ledger,
        )
        assert found(check(given), "district", "b", "yubei-2018-40/4-1-beds") == expected


def accepted(share: float, width: int = 19, *, premises: gpd.GeoDataFrame | None = None, **own: list[float]) -> Inputs:
    """Two streets of 500 m by a grid of 50 m cells that ends ``width`` cells east of their border's corner."""
    # The first street has 20 residents a cell; the second 10, and 110 in its ten densest cells.
    people = np.full((10, width), 20.0)
    people[:, 10:] = 10.0
    people[0, 10:15] = people[9, 10:15] = 110.0
    grid, old = raster(people, 50.0), raster(people / 5.0, 50.0)
    given: Inputs = inputs(
        settings=scenario(walking=straight()),
        residents=grid,
        elderly=old,
        places={"street": units({key: STREETS[key] for key in ("a", "b")}).assign(**own)},
        ledger=facilities({"A": ((250, 250), {"land_m2": 400.0}), "B": ((750, 250), {"land_m2": 400.0})}),
        premises=premises,
    )
    return replace(given, population=replace(given.population, outside_at_most=share))


def accepting(share: float, width: int = 19, **own: list[float]) -> Assessment:
    return check(accepted(share, width, **own))


def test_a_share_that_is_accepted_gives_people_between_two_ends() -> None:
    case = accepting(0.1)
    # A tenth of b, 25,000 m², lies outside; 80 cells of 10 and 10 of 110 are known. The densest 10 cells hold 1,100.
    found = case.places.loc[("street", "b")]
    assert (found["residents"], found["residents_high"]) == (1900.0, 3000.0)
    assert (found["elderly"], found["elderly_high"]) == (380.0, 600.0)
    whole = case.places.loc[("street", "a")]
    assert whole["residents"] == whole["residents_high"] == 2000.0
    check_ = case.checks.loc[[("street", "b")]].set_index("clause_id").loc[LAND]
    # 400 m² of land are enough for 1,900 residents at 0.2 (380 m²), not for 3,000 (600 m²): it is not known.
    assert (check_["required"], check_["required_high"]) == pytest.approx((380.0, 600.0))
    assert (check_["verdict"], check_["reason"]) == UNKNOWN
    assert (check_["shortfall_low"], check_["shortfall_high"]) == pytest.approx((0.0, 200.0))
    # At 0.1 at most 300 m² are asked for: met, whoever lives outside.
    assert case.checks.loc[[("street", "b")]].set_index("clause_id").loc[LAND_01, "verdict"] == "met"
    assert (found["land_gap_02_low_m2"], found["land_gap_02_m2"]) == pytest.approx((0.0, 200.0))
    assert (found["land_m2_per_resident"], found["land_high_m2_per_resident"]) == pytest.approx(
        (400 / 3000, 400 / 1900)
    )
    told = notes(case)["grid_part_accepted"]
    assert (told["count"], told["ids"]) == (1, "b (10.0%) 1,900–3,000")
    assert "grid_covers_part" not in notes(case)


@pytest.mark.parametrize(("share", "ids"), [(0.1, ["b (≤ 220)"]), (0.0, [])])
def test_a_plan_says_that_it_counts_known_people_alone(share: float, ids: list[str]) -> None:
    """A tenth of b is not known: 10 cells, at most as many elderly as in its densest 10, 22 in each."""
    plan = propose(accepted(share, premises=candidates({"C1": ((900, 450), {"floor_area_m2": 500.0})})), 1)
    told = [note.values["ids"] for note in plan.notes if note.code == "plan_of_known_people"]
    assert told == ids


def test_whoever_may_live_outside_is_covered_or_not() -> None:
    found = accepting(0.1).places.loc[("street", "b")]
    # All that the grid knows are within 720 m of B; of 600 elderly 220 may be uncovered.
    assert (found["elderly_covered"], found["elderly_covered_high"]) == (380.0, 600.0)
    assert (found["elderly_uncovered_low"], found["elderly_uncovered"]) == (0.0, 220.0)
    assert (found["covered_share"], found["covered_share_high"]) == pytest.approx((380 / 600, 1.0))


@pytest.mark.parametrize("share", [0.0, 0.099])
def test_more_outside_than_is_accepted_is_unknown(share: float) -> None:
    found = accepting(share).places.loc[("street", "b")]
    assert math.isnan(found["residents"])
    assert math.isnan(found["residents_high"])


def whole(share: float) -> Assessment:
    """Check two streets and the district that they make."""
    given = accepted(share)
    both = units({"d": STREETS["a"].union(STREETS["b"])})
    return check(replace(given, units={**given.units, "district": both}))


def test_the_whole_has_both_ends_and_equals_the_one_district() -> None:
    case = whole(0.1)
    found, totals = case.places.loc[("district", "d")], case.totals
    assert (totals["residents"], totals["residents_high"]) == pytest.approx((3900.0, 5000.0))
    assert (totals["elderly_uncovered_low"], totals["elderly_uncovered"]) == pytest.approx((0.0, 220.0))
    assert (totals["covered_share"], totals["covered_share_high"]) == pytest.approx((780 / 1000, 1.0))
    # The warning says so too, and not that the totals end where the grid does.
    assert {"grid_part", "people_part"} & {*totals["warnings"]} == {"people_part"}
    # 800 m² of land are there; at 0.2 m² 780 are asked for, or 1,000.
    assert (totals["land_gap_02_low_m2"], totals["land_gap_02_m2"]) == pytest.approx((0.0, 200.0))
    same = [key for key in ENDS if key in totals and key in found]
    assert len(same) >= 9
    for ends in (ENDS[key] for key in same):
        assert (totals[ends.low], totals[ends.high]) == pytest.approx((found[ends.low], found[ends.high])), ends


def test_a_unit_beyond_the_accepted_share_leaves_the_whole_on_the_grid_alone() -> None:
    """A tenth of b lies outside, and 0.16 % of a: 400 m², with 20 residents on 2,500 m². That of a bounds no total."""
    given = accepted(0.002)
    wide = {"a": STREETS["a"].union(box(0, 500, 500, 500.8)), "b": STREETS["b"]}
    case = check(replace(given, units={"street": units(wide)}))
    assert case.places.loc[("street", "a"), "residents_high"] == pytest.approx(2003.2)
    assert math.isnan(case.places.loc[("street", "b"), "residents"])
    assert {"grid_part", "people_part"} & {*case.totals["warnings"]} == {"grid_part"}
    report = GapReport(case)
    *_, last = gap_rows(report.units, {**report.totals, "verdict": None}, "zh")
    assert last[:2] == ("合计（格网内）", "3,900")


def test_a_street_beyond_the_accepted_share_is_bounded_by_its_district() -> None:
    """A twentieth of the district is a tenth of b: the district's 100 densest cells hold 20 on average, 10 hold 110."""
    totals = whole(0.06).totals
    assert {"grid_part", "people_part"} & {*totals["warnings"]} == {"people_part"}
    assert (totals["residents"], totals["residents_high"]) == pytest.approx((3900.0, 5000.0))


def test_the_streets_alone_tell_the_ends_of_the_whole() -> None:
    totals = accepting(0.1).totals
    assert (totals["residents"], totals["residents_high"]) == pytest.approx((3900.0, 5000.0))


def test_the_whole_counts_the_known_alone_where_the_rest_is_not_accepted() -> None:
    totals = whole(0.0).totals
    assert figure_text("residents", totals, number) == "3,900"
    assert figure_text("covered_share", totals, percent) == "100.0%"
    assert "grid_part" in totals["warnings"]


@pytest.mark.parametrize(("accepted", "label"), [(0.0, "合计（格网内）"), (0.1, "合计")])
def test_the_row_of_the_whole_says_whether_it_is_of_the_grid_alone(accepted: float, label: str) -> None:
    report = GapReport(whole(accepted))
    *_, last = gap_rows(report.units, {**report.totals, "verdict": None}, "zh")
    assert last[0] == label


def test_what_a_table_says_goes_before_the_interval() -> None:
    found = accepting(0.1, own_residents=[math.nan, 2500.0], own_elderly=[math.nan, 500.0]).places.loc[("street", "b")]
    assert found["residents"] == found["residents_high"] == 2500.0
    assert math.isnan(found["covered_share"])
