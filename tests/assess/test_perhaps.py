"""Facilities of which it is not known whether they count, or in which community: figures are intervals."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from siting.domain.nouns import Assessment
from siting.domain.tables import UNIT_COLUMNS
from siting.pipeline.paying import sites_with_funding
from siting.read import standard
from tests.helpers import box, check, facilities, inputs, raster, scenario, straight, table, units

YUBEI, CITY = "yubei-2018-40", "cq-2019-129"
LAND, BEDS, NURSING = f"{YUBEI}/4-1-land", f"{YUBEI}/4-1-beds", f"{YUBEI}/2-nursing-beds"
COVERAGE, CIRCLE = f"{CITY}/1-community-coverage", f"{CITY}/2-9-circle"


def found(
    ledger: dict[str, Any],
    *,
    horizon: int | str = "current",
    located_by: list[str] | None = None,
    standards: tuple[str, ...] = (YUBEI, CITY),
) -> Assessment:
    """One street of two communities of 250 residents and 50 elderly each."""
    halves = {"w": box(0, 0, 500, 500), "e": box(500, 0, 1000, 500)}
    whole = {"d": box(0, 0, 1000, 500)}
    rows = facilities(ledger)
    return check(
        inputs(
            settings=scenario(walking=straight(minutes=5), scenario={"horizon": horizon}),
            residents=raster(np.full((5, 10), 10.0)),
            elderly=raster(np.full((5, 10), 2.0)),
            places={
                "community": table(UNIT_COLUMNS, {key: {"name": key, "kind": "社区"} for key in halves}, halves),
                "street": table(UNIT_COLUMNS, {"d": {"name": "s", "kind": "街道"}}, whole),
                "district": units(whole),
            },
            ledger=rows if located_by is None else rows.assign(located_by=located_by),
            standards=tuple(standard(key) for key in standards),
        )
    )


def row(checked: Assessment, clause: str, place: str = "d", level: str = "district") -> pd.Series:
    rows = checked.checks.loc[[(level, place)]]
    return rows[rows["clause_id"] == clause].iloc[0]


def coverage_of(checked: Assessment, place: str) -> pd.Series:
    rows = checked.checks.loc[[("community", place)]]
    return rows[rows["kind"] == "unit_coverage"].iloc[0]


STAYS = ((100.0, 250.0), {"tier": "station", "beds": 2, "nursing_beds": 2, "land_m2": 30.0})


FACTS = {"tier": "station", "beds": 3, "nursing_beds": 0, "land_m2": 30.0}


def closing(day: str | None) -> tuple[tuple[float, float], dict[str, Any]]:
    return (900.0, 250.0), {**FACTS, "status": "closing", "closes": day}


def coming(day: str | None, status: str) -> tuple[tuple[float, float], dict[str, Any]]:
    return (900.0, 250.0), {**FACTS, "status": status, "opens": day}


@pytest.mark.parametrize(
    ("clause", "ends", "verdicts"),
    [
        # 0.1 m² for 500 residents are 50 m²; 35 beds for a thousand elderly are 3.5; 30 % are nursing beds.
        (LAND, (30.0, 60.0), {"2029-06-01": "gap", "2031-06-01": "met", None: "no_data"}),
        (BEDS, (20.0, 50.0), {"2029-06-01": "gap", "2031-06-01": "met", None: "no_data"}),
        (NURSING, (2 / 5, 1.0), {"2029-06-01": "met", "2031-06-01": "met", None: "met"}),
    ],
)
def test_a_closing_facility_without_a_day_may_be_open_at_the_horizon(
    clause: str, ends: tuple[float, float], verdicts: dict[str | None, str]
) -> None:
    for day, verdict in verdicts.items():
        told = row(found({"a": STAYS, "b": closing(day)}, horizon=2030), clause)
        assert told["verdict"] == verdict, day
        if day is None:
            assert (told["provided_low"], told["provided_high"]) == pytest.approx(ends)
            assert [each.split(":")[0] for each in told["missing"]] == ([] if verdict == "met" else ["b"])


@pytest.mark.parametrize("status", ["planned", "under_construction"])
def test_a_facility_to_come_without_a_day_may_be_open_at_the_horizon(status: str) -> None:
    for day, verdict in {"2029-06-01": "met", "2031-06-01": "gap", None: "no_data"}.items():
        checked = found({"a": STAYS, "b": coming(day, status)}, horizon=2030)
        assert row(checked, LAND)["verdict"] == verdict, day
        assert ("facilities_undated" in {note.code for note in checked.notes}) == (day is None)
    # Today it is not there.
    assert row(found({"a": STAYS, "b": coming(None, status)}), LAND)["provided_high"] == 30.0


def test_a_community_with_such_a_facility_alone_is_open() -> None:
    verdicts = {}
    for day in ("2029-06-01", "2031-06-01", None):
        checked = found({"a": STAYS, "b": closing(day)}, horizon=2030)
        verdicts[day] = coverage_of(checked, "e")["verdict"], row(checked, CIRCLE, "e", "community")["verdict"]
        assert coverage_of(checked, "w")["verdict"] == "met"
        codes = {note.code for note in checked.notes}
        assert ("facilities_undated" in codes) == (day is None)
    # Within five minutes, 240 m, are all but the corners of its community.
    assert verdicts == {
        "2029-06-01": ("gap", "gap"),
        "2031-06-01": ("met", verdicts["2031-06-01"][1]),
        None: ("no_data", "no_data" if verdicts["2031-06-01"][1] == "met" else "gap"),
    }
    # Today it is open.
    assert coverage_of(found({"a": STAYS, "b": closing(None)}), "e")["verdict"] == "met"


def test_the_totals_know_both_ends() -> None:
    totals = found({"a": STAYS, "b": closing(None)}, horizon=2030).totals
    assert (totals["land_provided_m2"], totals["land_provided_high_m2"]) == (30.0, 60.0)


def test_a_facility_placed_by_its_street_may_stand_in_each_of_its_communities() -> None:
    placed = found({"a": ((250.0, 250.0), {**STAYS[1], "land_m2": 30.0})}, located_by=["street"])
    for community in ("w", "e"):
        told = coverage_of(placed, community)
        assert (told["provided_low"], told["provided_high"]) == (0.0, 1.0)
        assert told["verdict"] == "no_data"
        land = row(placed, LAND, community, "community")
        assert (land["provided_low"], land["provided_high"], land["missing"]) == (0.0, 30.0, ["a"])
    # The street and the district have it for certain.
    assert row(placed, LAND)["provided_low"] == row(placed, LAND)["provided_high"] == 30.0
    known = found({"a": ((250.0, 250.0), STAYS[1])}, located_by=["coordinates"])
    assert [coverage_of(known, each)["verdict"] for each in ("w", "e")] == ["met", "gap"]


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("街道", "gap"), ("镇", "gap"), ("民族乡", "gap"), (None, "gap"), ("工业园区", "not_applicable")],
)
def test_a_clause_on_streets_and_towns_asks_no_other_unit(kind: str | None, verdict: str) -> None:
    """开州四（十九）: 各乡镇（街道）…按照人均用地不少于0.2平方米的标准."""
    whole = {"s": box(0, 0, 1000, 500)}
    checked = check(
        inputs(
            settings=scenario(walking=straight()),
            residents=raster(np.full((5, 10), 10.0)),
            elderly=raster(np.full((5, 10), 2.0)),
            places={"street": table(UNIT_COLUMNS, {"s": {"name": "s", "kind": kind}}, whole)},
            ledger=facilities({"a": STAYS}),
            standards=(standard("kaizhou-2024-16"),),
        )
    )
    land = row(checked, "kaizhou-2024-16/19-land", "s", "street")
    assert land["verdict"] == verdict
    assert (land["reason"] == "other_kind") == (verdict == "not_applicable")
    medical = row(checked, "kaizhou-2024-16/1-3-medical", "s", "street")
    assert medical["verdict"] == ("no_data" if verdict == "gap" else "not_applicable")


@pytest.mark.parametrize("kind", [None, "区", "县"])
def test_kinds_of_streets_do_not_limit_a_district(kind: str | None) -> None:
    """开州一（三）: 区、乡镇（街道）…医养结合率达到100%: the words in brackets name streets and towns."""
    checked = check(
        inputs(
            settings=scenario(walking=straight()),
            residents=raster(np.full((5, 10), 10.0)),
            elderly=raster(np.full((5, 10), 2.0)),
            places={"district": table(UNIT_COLUMNS, {"d": {"name": "d", "kind": kind}}, {"d": box(0, 0, 1000, 500)})},
            ledger=facilities({"a": ((250.0, 250.0), {"med_link": "none"})}),
            standards=(standard("kaizhou-2024-16"),),
        )
    )
    medical = row(checked, "kaizhou-2024-16/1-3-medical", "d", "district")
    assert (medical["verdict"], medical["binding"]) == ("gap", True)


KAIZHOU = "kaizhou-2024-16"


def measured(ledger: dict[str, Any], kind: str) -> tuple[float, float, str, list[str]]:
    """Return what a clause of Kaizhou's document measures at a planned year, its verdict, and what is missing."""
    checks = found(ledger, horizon=2030, standards=(KAIZHOU,)).checks.loc[[("district", "d")]]
    one = checks[checks["kind"] == kind].iloc[0]
    return one["provided_low"], one["provided_high"], one["verdict"], one["missing"]


def test_a_parent_that_may_not_be_open_leads_perhaps() -> None:
    led = ((100.0, 250.0), {"tier": "station", "operator_kind": "private", "parent_id": "c"})
    parents = {"2029-01-01": (1.0, 1.0, "met", []), "2031-01-01": (0.0, 0.0, "gap", [])}
    parents[None] = (0.0, 1.0, "no_data", ["c: opens"])
    for day, told in parents.items():
        centre = ((900.0, 250.0), {"tier": "centre", "status": "planned", "opens": day})
        assert measured({"c": centre, "s": led}, "led_station_share") == told, day


def test_a_share_takes_the_whole_of_a_facility_that_may_count_or_nothing_of_it() -> None:
    homes = {
        "a": ((100.0, 250.0), {"tier": "institution", "beds": 20, "nursing_beds": 10}),
        "b": ((900.0, 250.0), {"tier": "institution", "beds": 10, "nursing_beds": 5, "status": "planned"}),
    }
    checks = found(homes, horizon=2030).checks.loc[[("district", "d")]]
    one = checks[checks["clause_id"] == NURSING].iloc[0]
    assert (one["provided_low"], one["provided_high"], one["verdict"]) == (0.5, 0.5, "met")
    homes["b"][1]["nursing_beds"] = 0
    checks = found(homes, horizon=2030).checks.loc[[("district", "d")]]
    one = checks[checks["clause_id"] == NURSING].iloc[0]
    assert (one["provided_low"], one["provided_high"]) == (pytest.approx(1 / 3), 0.5)


def test_a_facility_that_may_count_has_funding_and_is_in_the_layers() -> None:
    ledger = {"a": STAYS, "b": coming(None, "planned"), "c": closing(None)}
    checked = found(ledger, horizon=2030)
    assert sites_with_funding(checked, "facility").index.tolist() == ["a", "b"]
    assert checked.undated is not None
    assert checked.undated.index.tolist() == ["b", "c"]
    assert checked.undated["home_community"].tolist() == ["e", "e"]
