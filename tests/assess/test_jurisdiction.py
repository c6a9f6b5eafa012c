"""Where standards hold: 渝北 without 两江新区, and districts alone of their own documents."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from siting import pipeline
from siting.domain.jurisdiction import holds_in, of_district
from siting.domain.nouns import Assessment, Inputs
from siting.domain.standards import Standard
from siting.domain.tables import UNIT_COLUMNS
from siting.pipeline.paying import promised
from siting.read import standard
from siting.results import GapReport
from tests.helpers import METRIC, box, candidates, check, estates, facilities, inputs, raster, scenario, straight
from tests.helpers import table as table_of
from tests.helpers import units as named_by_id

YUBEI, CITY = "yubei-2018-40", "cq-2019-129"
BEDS, LAND, NURSING = f"{YUBEI}/4-1-beds", f"{YUBEI}/4-1-land", f"{YUBEI}/2-nursing-beds"
# 1,000 m by 500 m in cells of 100 m, ten residents and two elderly in each; the area begins at 650 m, amid a column.
AREA = gpd.GeoDataFrame({"name": ["两江新区"]}, geometry=[box(650, -50, 1100, 600)], crs=METRIC)
HOMES: Mapping[str, Any] = {
    "west": ((100.0, 250.0), {"tier": "institution", "beds": 4, "nursing_beds": 1, "land_m2": 20.0}),
    "border": ((650.0, 250.0), {"tier": "institution", "beds": 2, "nursing_beds": 2, "land_m2": 10.0}),
    "east": ((800.0, 250.0), {"tier": "institution", "beds": 10, "nursing_beds": 10, "land_m2": 30.0}),
}


def saying_so(document: Standard) -> Standard:
    """Return a document of which every clause says that it leaves the area out."""
    clauses = tuple(each.model_copy(update={"without_excluded": True}) for each in document.clauses)
    return document.model_copy(update={"clauses": clauses})


def district(
    *,
    area: gpd.GeoDataFrame | None = None,
    names: Mapping[str, str] | None = None,
    standards: tuple[Standard, ...] | None = None,
    ledger: Mapping[str, Any] = HOMES,
    place: str | None = None,
    **settings: Any,
) -> Inputs:
    """Two communities side by side, in one district or (``names``) in a district each."""
    halves = {"w": box(0, 0, 500, 500), "e": box(500, 0, 1000, 500)}
    districts = {"d": box(0, 0, 1000, 500)} if names is None else dict(zip(names, halves.values(), strict=True))
    called = {"d": "渝北区"} if names is None else names
    given = inputs(
        settings=scenario(
            walking=straight(), standards={"ids": [YUBEI, CITY] if place is None else None, "place": place}, **settings
        ),
        residents=raster(np.full((5, 10), 10.0)),
        elderly=raster(np.full((5, 10), 2.0)),
        places={
            "community": named_by_id(halves),
            "district": table_of(UNIT_COLUMNS, {key: {"name": called[key]} for key in districts}, districts),
        },
        areas=estates({"most": (box(600, 0, 680, 100), {}), "less": (box(640, 200, 760, 300), {})}),
        ledger=facilities(ledger),
        standards=standards or (saying_so(standard(YUBEI)), standard(CITY)),
    )
    return replace(given, exclude_area=area)


def row(found: Assessment, clause: str, place: str = "d", extent: str = "whole") -> pd.Series:
    checks = found.checks[(found.checks["clause_id"] == clause) & (found.checks["extent"] == extent)]
    checks = checks[checks.index.get_level_values("id") == place]
    assert len(checks) == 1
    return checks.iloc[0]


def codes(found: Assessment) -> set[str]:
    return {note.code for note in found.notes}


def test_what_a_document_leaves_out_is_cut_away_and_the_whole_stands_beside_it() -> None:
    found = check(district(area=AREA))
    # 65 of the 100 elderly live outside: 6 columns and a half of 5 cells; the home on the border stands outside.
    for clause, whole, outside in (
        (BEDS, 16 / 100 * 1000, 6 / 65 * 1000),
        (NURSING, 13 / 16, 3 / 6),
        (LAND, 60.0, 30.0),
    ):
        beside, judged = row(found, clause), row(found, clause, extent="without_area")
        assert beside["provided_low"] == pytest.approx(whole)
        assert judged["provided_low"] == pytest.approx(outside)
        assert beside["for_comparison"]
        assert not beside["binding"]
        assert not judged["for_comparison"]
    # 0.1 m² for 500 and for 325 residents.
    land, left = row(found, LAND), row(found, LAND, extent="without_area")
    assert (land["required"], land["verdict"]) == (pytest.approx(50.0), "met")
    assert (left["required"], left["verdict"]) == (pytest.approx(32.5), "gap")
    assert row(found, BEDS, extent="without_area")["binding"]
    note = next(note for note in found.notes if note.code == "area_left_out")
    assert {key: note.values[key] for key in ("residents", "elderly", "count", "places")} == {
        "residents": "175",
        "elderly": "35",
        "count": 1,
        "places": "两江新区",
    }


def test_a_clause_that_does_not_say_so_is_judged_upon_the_whole() -> None:
    """用地 and 床位 of 渝北 do not use the words 本管辖区: what is left stands beside them for comparison."""
    found = check(district(area=AREA, standards=(standard(YUBEI), standard(CITY))))
    for clause in (BEDS, LAND):
        judged, beside = row(found, clause), row(found, clause, extent="without_area")
        assert not judged["for_comparison"]
        assert beside["for_comparison"]
        assert not beside["binding"]
    assert (row(found, LAND)["verdict"], row(found, LAND, extent="without_area")["verdict"]) == ("met", "gap")
    alone = check(district(standards=(standard(YUBEI), standard(CITY))))
    assert row(found, BEDS)["binding"]
    assert found.places["verdict"].equals(alone.places["verdict"])


def test_a_stricter_document_that_leaves_nothing_out_governs_what_is_left_too() -> None:
    """护理型床位 ≥ 30% binds beside the city's 50% for the city, and does not beside 50% for its districts."""
    city = standard(CITY)
    clauses = tuple(
        each.model_copy(update={"levels": ("district",)}) if each.id == f"{CITY}/1-nursing-beds" else each
        for each in city.clauses
    )
    stricter = (saying_so(standard(YUBEI)), city.model_copy(update={"clauses": clauses}))
    assert row(check(district(area=AREA)), NURSING, extent="without_area")["binding"]
    assert not row(check(district(area=AREA, standards=stricter)), NURSING, extent="without_area")["binding"]


def test_other_documents_judge_the_whole() -> None:
    with_area, without = check(district(area=AREA)), check(district())
    own = with_area.checks["standard_id"] == YUBEI
    pd.testing.assert_frame_equal(with_area.checks[~own], without.checks[without.checks["standard_id"] != YUBEI])
    assert with_area.totals == without.totals


def test_places_are_of_the_ground_that_holds_most_of_them() -> None:
    found = check(district(area=AREA))
    left = found.checks[(found.checks["extent"] == "without_area") & (found.checks["clause_id"] == LAND)]
    # Of the estates 5/8 and 1/12 lie outside, of the communities all and 3/10.
    assert set(left.index) == {("residential_area", "most"), ("community", "w"), ("district", "d")}
    people = left["people"].to_dict()
    assert people[("community", "w")] == pytest.approx(250.0)
    assert people[("district", "d")] == pytest.approx(325.0)


def test_what_stands_for_comparison_decides_no_verdict() -> None:
    # 3 of 96 nursing beds in all, 3 of 6 outside the area.
    beds = district(area=AREA, standards=(saying_so(standard(YUBEI)),))
    one = beds.standards[0].model_copy(
        update={"clauses": tuple(each for each in beds.standards[0].clauses if each.id == NURSING)}
    )
    short = {
        **HOMES,
        "east": ((800.0, 250.0), {"tier": "institution", "beds": 90, "nursing_beds": 0, "land_m2": 30.0}),
    }
    found = check(replace(beds, standards=(one,), facilities=facilities(short)))
    assert row(found, NURSING)["verdict"] == "gap"
    assert row(found, NURSING, extent="without_area")["verdict"] == "met"
    assert found.places.loc[("district", "d"), "verdict"] == "met"
    assert not GapReport(found).has_gap()


def test_without_the_area_the_whole_is_judged_and_that_is_told() -> None:
    found = check(district())
    assert row(found, BEDS)["binding"]
    assert not row(found, BEDS)["for_comparison"]
    assert "area_not_given" in codes(found)
    empty = check(district(area=AREA.iloc[:0]))
    assert row(empty, BEDS)["binding"]
    assert "area_empty" in codes(empty)
    other = check(district(area=AREA, standards=(standard(CITY),)))
    assert "area_asked_by_none" in codes(other)
    assert set(other.checks["extent"]) == {"whole"}


def test_an_area_that_holds_all_leaves_nothing_to_judge() -> None:
    everywhere = AREA.set_geometry([box(-10, -10, 1010, 510)], crs=METRIC)
    found = check(district(area=everywhere))
    assert set(found.checks["extent"]) == {"whole"}
    assert found.checks.loc[found.checks["standard_id"] == YUBEI, "for_comparison"].all()


def test_the_audit_prints_both_figures() -> None:
    audit = GapReport(check(district(area=AREA))).audit()
    rows = audit[(audit["clause_id"] == BEDS) & (audit["level"] == "district")]
    assert rows["extent"].tolist() == ["whole", "without_area"]
    assert rows["measured_low"].tolist() == pytest.approx([160.0, 6 / 65 * 1000])
    assert rows["for_comparison"].tolist() == [True, False]


def test_a_plan_is_held_to_what_is_left() -> None:
    """The cheap site in the area brings nothing to 渝北's land; 2.5 m² outside close its gap."""
    sites = {
        "in": ((900.0, 250.0), {"capital_cost_cny": 1.0, "land_m2": 100.0}),
        "out": ((200.0, 250.0), {"capital_cost_cny": 1e6, "land_m2": 2.5}),
    }
    given = district(area=AREA, plan={"model": "compliance", "clauses": [f"{LAND}@district"]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siting.pipeline.ground.read_inputs", lambda *_: replace(given, candidates=candidates(sites)))
        proposal = pipeline.propose(given.scenario).proposal
    assert proposal.stations["candidate_id"].tolist() == ["out"]
    assert row(proposal.after, LAND, extent="without_area")["verdict"] == "met"


def test_a_chain_counts_what_stands_in_the_jurisdiction() -> None:
    """本管辖区 leaves the area out: the home there is no part of the chain; the other awards are certain."""
    day = iter(("2019-01-01", "2019-06-01", "2020-01-01", "2021-01-01"))
    ledger = {
        key: (
            (x, 250.0),
            {"tier": "institution", "operator": "甲", "operator_kind": "private", "opens": next(day), "beds": 50}
            | {"chain_paid_district_cny": 0.0},
        )
        for key, x in (("a", 800.0), ("b", 100.0), ("c", 200.0), ("d", 300.0))
    }

    def chain(area: gpd.GeoDataFrame | None) -> dict[str, str]:
        found = check(district(area=area, ledger=ledger))
        lines = promised(found, found.facilities, "facility")
        lines = lines[lines["clause_id"] == f"{YUBEI}/4-3-chain"]
        return dict(zip(lines["site_id"], lines["status"], strict=True))

    # Of b, c, d the first makes no chain, the second one of two, the third is one more.
    assert chain(AREA) == {"c": "conditional", "d": "eligible"}
    assert chain(AREA.iloc[:0]) == {"b": "conditional", "c": "eligible", "d": "eligible"}
    assert chain(None) == {"b": "conditional", "c": "conditional", "d": "conditional"}


def test_a_document_of_one_of_two_districts_is_not_judged_in_the_other() -> None:
    strict = standard(YUBEI)
    clauses = tuple(
        each.model_copy(update={"number": 0.3, "examples": ()}) if each.id == LAND else each for each in strict.clauses
    )
    both = (strict.model_copy(update={"clauses": clauses}), standard(CITY))
    found = check(district(names={"y": "渝北区", "j": "江北区"}, standards=both))
    own = found.checks[found.checks["standard_id"] == YUBEI]
    theirs = own[own.index.get_level_values("id").isin(["j", "e"])]
    assert set(theirs["verdict"]) == {"not_applicable"}
    assert set(theirs["reason"]) == {"other_jurisdiction"}
    assert not theirs["binding"].any()
    assert row(found, BEDS, "y")["provided_low"] == pytest.approx(4 / 50 * 1000)
    # The stricter floor of the one governs there alone.
    floors = found.places["land_floor"]
    assert floors[("district", "y")] == pytest.approx(0.3)
    assert floors[("district", "j")] == pytest.approx(0.2)
    assert "standard_in_part_of_districts" in codes(found)
    lines = promised(found, found.facilities, "facility")
    assert set(lines.loc[lines["standard_id"] == YUBEI, "site_id"]) <= {"west"}


def test_a_document_of_another_district_is_for_comparison() -> None:
    found = check(district(names={"n": "南岸区", "j": "江北区"}))
    own = found.checks[found.checks["standard_id"] == YUBEI]
    assert own["for_comparison"].all()
    assert not own["binding"].any()
    assert row(found, BEDS, "n")["provided_low"] == pytest.approx(4 / 50 * 1000)
    assert "standard_of_another_district" in codes(found)
    # By place the planner has said which district it is.
    placed = check(district(names={"n": "南岸区", "j": "江北区"}, place="重庆市渝北区"))
    assert "standard_of_another_district" not in codes(placed)


def test_where_nothing_tells_the_document_is_judged_and_that_is_told() -> None:
    found = check(district(names={"a": "North", "b": "South"}))
    assert row(found, BEDS, "a")["binding"]
    assert "standard_of_untold_district" in codes(found)


def by_codes(west: str, east: str, *, level: str = "street", called: str | None = None) -> Inputs:
    """Two streets or communities of which the codes alone tell where they lie; perhaps in one district of no name."""
    given = district()
    shapes = {west: box(0, 0, 500, 500), east: box(500, 0, 1000, 500)}
    places = {level: table_of(UNIT_COLUMNS, {key: {"name": f"{key[-3:]}号"} for key in shapes}, shapes)}
    if called is not None:
        places["district"] = table_of(UNIT_COLUMNS, {"d": {"name": called}}, {"d": box(0, 0, 1000, 500)})
    return replace(given, units=places)


@pytest.mark.parametrize("level", ["street", "community"])
def test_the_district_of_a_street_or_a_community_follows_from_its_code(level: str) -> None:
    """渝北 is 500112, 江北 500105 (GB/T 2260); codes of streets have nine digits, of communities twelve."""
    more = "" if level == "street" else "001"
    own, other = f"500112001{more}", f"500105002{more}"
    found = check(by_codes(own, other, level=level))
    rows = found.checks[found.checks["standard_id"] == YUBEI].droplevel("level")
    assert set(rows.loc[[other], "verdict"]) == {"not_applicable"}
    assert set(rows.loc[[other], "reason"]) == {"other_jurisdiction"}
    assert "not_applicable" not in set(rows.loc[[own], "verdict"])
    note = next(note for note in found.notes if note.code == "standard_in_part_of_districts")
    assert note.values["districts"] == "500105"
    lines = promised(found, found.facilities, "facility")
    assert set(lines.loc[lines["standard_id"] == YUBEI, "site_id"]) <= {"west"}
    # All of another district: for comparison. All of its own: nothing is said.
    assert "standard_of_another_district" in codes(check(by_codes(f"500105001{more}", other, level=level)))
    assert not {code for code in codes(check(by_codes(own, f"500112002{more}", level=level))) if "district" in code}


@pytest.mark.parametrize(
    ("west", "east", "code"),
    [
        ("500112001", "500112002", None),
        ("500105001", "500105002", "standard_of_another_district"),
        # In two districts, in one of them as far as is known, and in none that the numbers tell.
        ("500112001", "500105002", "standard_of_untold_district"),
        ("500105001", "E", "standard_of_another_district"),
        ("990112001", "990112002", "standard_of_untold_district"),
        ("50011200", "50011201", "standard_of_untold_district"),
    ],
)
def test_a_district_of_no_name_is_that_of_its_streets(west: str, east: str, code: str | None) -> None:
    found = {each for each in codes(check(by_codes(west, east, called="研究范围"))) if each.startswith("standard_")}
    assert found == ({code} if code else set())


def test_streets_of_which_the_code_says_nothing_are_judged_beside_others() -> None:
    found = check(by_codes("500105001", "E"))
    rows = found.checks[found.checks["standard_id"] == YUBEI].droplevel("level")
    assert set(rows.loc[["500105001"], "reason"]) == {"other_jurisdiction"}
    assert "other_jurisdiction" not in set(rows.loc[["E"], "reason"])


@pytest.mark.parametrize(
    ("name", "key", "holds"),
    [
        ("渝北区", "d", True),
        ("重庆市渝北区", "d", True),
        ("渝北", "d", True),
        ("江北区", "d", False),
        ("酉阳土家族苗族自治县", "d", False),
        ("某区", "d", None),
        ("江北养老服务设施布局", "d", None),
        ("North", "500112", True),
        ("North", "500112001", True),
        ("North", "500105", False),
        ("North", "5001", None),
        (None, "d", None),
    ],
)
def test_names_and_codes_tell_districts(name: str | None, key: str, *, holds: bool | None) -> None:
    assert holds_in(standard(YUBEI), name, key) is holds
    assert holds_in(standard(CITY), name, key) is True


def test_a_jurisdiction_is_a_district_by_how_it_ends() -> None:
    of = {place: of_district(standard(YUBEI).model_copy(update={"jurisdiction": place})) for place in PLACES}
    assert of == PLACES


PLACES = {
    "重庆市南岸区": "南岸区",
    "重庆市": None,
    "湖北省武汉市江岸区": "江岸区",
    "湖北省武汉市": None,
    "内蒙古自治区": None,
    "中华人民共和国": None,
}
