"""Communities that share a facility, by hand."""

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from siting.assess.audit import audit_table
from siting.domain.nouns import Assessment
from siting.read import standard
from siting.text import LANGS, say
from tests.helpers import box, check, facilities, inputs, raster, scenario, straight, units

COVERAGE = "cq-2019-129/2-1-coverage"
CELL = 100.0
# A strip of twelve cells; three communities of four each, two streets. People walk 300 m in straight lines.
COMMUNITIES = {"a": box(0, 0, 400, 100), "b": box(400, 0, 800, 100), "c": box(800, 0, 1200, 100)}
STREETS = {"s1": box(0, 0, 800, 100), "s2": box(800, 0, 1200, 100)}
REACH = straight(minutes=300 / 0.8 / 60)
ELDERLY = [10.0] * 12
# The fifth cell's middle: 300 m from that of the second, so that three quarters of the first community reach it.
IN_B = {"f": ((450.0, 50.0), {})}


def strip(
    ledger: dict[str, Any],
    shared_from: float | None = None,
    *,
    elderly: list[float] | None = ELDERLY,
    kind: str | list[str | None] | None = "社区",
    left: float = 0.0,
    **sections: Any,
) -> Assessment:
    own = {"circle": {"shared_from": shared_from}, **sections}
    frames = {
        "community": units(COMMUNITIES).assign(kind=kind),
        "street": units(STREETS).assign(kind="街道"),
        "district": units({"d": box(0, 0, 1200, 100)}),
    }
    return check(
        inputs(
            settings=scenario(walking=REACH, **own),
            residents=raster([[50.0] * len(elderly or ELDERLY)], CELL, left=left),
            elderly=None if elderly is None else raster([elderly], CELL, left=left),
            places=frames,
            ledger=ledger if isinstance(ledger, gpd.GeoDataFrame) else facilities(ledger),
            standards=(standard("cq-2019-129"),),
        )
    )


def verdicts(found: Assessment, level: str = "community", clause: str = COVERAGE) -> dict[str, tuple[str, str | None]]:
    own = found.checks[(found.checks["level"] == level).to_numpy()]
    rows = own[own["clause_id"] == clause]
    reasons = [each if isinstance(each, str) else None for each in rows["reason"]]
    return dict(zip(rows.index.get_level_values("id"), zip(rows["verdict"], reasons, strict=True), strict=True))


def shares(found: Assessment) -> dict[str, str]:
    named: dict[str, str] = found.places.loc["community", "shared_facility"].dropna().to_dict()
    return named


def shares_of_units(found: Assessment) -> dict[str, float]:
    """The district's shares of streets and of communities that have a facility."""
    rows = found.checks.loc[[("district", "d")]]
    rows = rows[(rows["clause_id"] == COVERAGE).to_numpy()]
    return dict(zip(rows["basis"], rows["provided_low"], strict=True))


MET, GAP = ("met", None), ("gap", "below_requirement")


def test_nobody_shares_unless_the_scenario_says_from_which_share_on() -> None:
    found = strip(IN_B)
    assert verdicts(found) == {"a": GAP, "b": MET, "c": GAP}
    assert shares_of_units(found) == {"streets": 1 / 2, "communities": pytest.approx(1 / 3)}
    assert found.places["shared_facility"].isna().all()
    assert "shared_facilities" not in [*found.totals["warnings"], *(note.code for note in found.notes)]


def test_three_quarters_of_a_community_share_a_facility_next_door() -> None:
    found = strip(IN_B, 0.75)
    assert verdicts(found) == {"a": MET, "b": MET, "c": GAP}
    assert shares_of_units(found) == {"streets": 1 / 2, "communities": pytest.approx(2 / 3)}
    assert shares(found) == {"a": "f"}
    assert verdicts(strip(IN_B, 0.751)) == {"a": GAP, "b": MET, "c": GAP}


def test_every_report_that_rests_on_it_says_so() -> None:
    found = strip(IN_B, 0.75)
    told = {note.code: note.values for note in found.notes}["shared_facilities"]
    assert dict(told) == {"share": "75%", "count": 1, "ids": "a (f)"}
    assert "shared_facilities" in found.totals["warnings"]
    assert {"shared_facilities_none"} == {note.code for note in strip(IN_B, 0.8).notes if "shared" in note.code}
    audit = audit_table(found).set_index(["clause_id", "level"])
    told_there = audit.loc[[(COVERAGE, "community")], "finding_en"].iloc[0]
    assert "75%: a (f)" in told_there
    assert "75%" not in "".join(audit_table(strip(IN_B))["finding_en"])
    for lang in LANGS:
        assert "a (f)" in say("note.shared_facilities", lang, **told)


def test_other_figures_stay_as_they_are() -> None:
    off, on = strip(IN_B), strip(IN_B, 0.75)
    alike = [name for name in off.places if name not in ("shared_facility", "geometry", "verdict", "reason")]
    pd.testing.assert_frame_equal(pd.DataFrame(off.places[alike]), pd.DataFrame(on.places[alike]))
    others = [each.checks[each.checks["kind"] != "unit_coverage"] for each in (off, on)]
    pd.testing.assert_frame_equal(*others)


def test_streets_need_a_facility_of_their_own() -> None:
    found = strip({"f": ((790.0, 50.0), {})}, 0.5)
    assert shares(found) == {"c": "f"}
    assert verdicts(found, "street") == {"s1": MET, "s2": GAP}


def test_one_facility_alone_must_serve_enough() -> None:
    # Each of the two reaches three quarters of the community between them; together they reach all of it.
    both = {"f": ((350.0, 50.0), {}), "g": ((850.0, 50.0), {})}
    assert verdicts(strip(both, 0.8))["b"] == GAP
    assert shares(strip(both, 0.75)) == {"b": "f"}


def test_the_facility_near_most_of_its_elderly_is_named() -> None:
    both = {"f": ((350.0, 50.0), {}), "g": ((850.0, 50.0), {})}
    elderly = [10.0] * 7 + [20.0] + [10.0] * 4
    found = strip(both, 0.5, elderly=elderly)
    assert shares(found) == {"b": "g"}
    assert verdicts(strip(both, 0.8, elderly=elderly))["b"] == MET
    assert verdicts(strip(both, 0.81, elderly=elderly))["b"] == GAP


@pytest.mark.parametrize(
    ("facts", "circle", "verdict"),
    [
        ({"tier": "institution", "serves_community": False}, {}, GAP),
        ({"tier": "institution"}, {}, ("no_data", "records_missing")),
        ({"tier": "institution", "serves_community": True}, {}, MET),
        ({"tier": "centre"}, {}, MET),
        ({"tier": "station"}, {"tiers": ("centre",)}, GAP),
        ({"status": "planned"}, {}, GAP),
    ],
)
def test_only_what_serves_the_community_today_is_shared(
    facts: dict[str, Any], circle: dict[str, Any], verdict: tuple[str, str | None]
) -> None:
    found = strip({"f": ((450.0, 50.0), facts)}, circle={"shared_from": 0.75, **circle})
    assert verdicts(found)["a"] == verdict


def test_the_circle_of_an_institution_is_that_of_the_scenario() -> None:
    ledger = {"f": ((450.0, 50.0), {"tier": "institution", "serves_community": True, "land_m2": 90.0})}
    for minutes in (1.0, 25.0):
        assert shares(strip(ledger, 0.75, land={"institution_minutes": minutes})) == {"a": "f"}
        assert verdicts(strip(ledger, 0.76, land={"institution_minutes": minutes}))["a"] == GAP


def test_a_facility_of_the_surroundings_may_be_shared() -> None:
    around = facilities({"f": ((-50.0, 50.0), {})}).assign(context=True)
    assert shares(strip(around, 0.75)) == {"a": "f"}


def test_villages_are_not_judged_though_they_share() -> None:
    found = strip(IN_B, 0.75, kind="村")
    assert shares(found) == {"a": "f"}
    assert {verdict for verdict, _ in verdicts(found).values()} == {"not_applicable"}


def test_in_an_incomplete_ledger_what_is_not_shared_stays_open() -> None:
    found = strip(IN_B, 0.75, facilities={"complete": False})
    assert verdicts(found) == {"a": MET, "b": MET, "c": ("no_data", "data_absent")}


def test_where_nobody_old_lives_nothing_is_shared() -> None:
    found = strip(IN_B, 0.1, elderly=[0.0] * 4 + [10.0] * 8)
    assert (verdicts(found)["a"], shares(found)) == (GAP, {})


def test_where_nobody_knows_who_lives_there_it_stays_open() -> None:
    # The grid begins with the second community.
    found = strip(IN_B, 0.5, elderly=[10.0] * 8, left=400.0)
    assert verdicts(found) == {"a": ("no_data", "grid_incomplete"), "b": MET, "c": GAP}
    rows = found.checks.loc[[("community", "a")]]
    assert rows.loc[(rows["clause_id"] == COVERAGE).to_numpy(), "missing"].tolist() == [["a"]]
    nobody = strip(IN_B, 0.5, elderly=None)
    assert verdicts(nobody) == {"a": ("no_data", "no_elderly_data"), "b": MET, "c": ("no_data", "no_elderly_data")}
    assert verdicts(strip(IN_B, elderly=None)) == {"a": GAP, "b": MET, "c": GAP}


@pytest.mark.parametrize("coverage", ["by_tier", "any_facility"])
def test_a_station_that_may_be_open_is_shared_perhaps(coverage: str) -> None:
    for day, verdict in (("2029-01-01", MET), ("2031-01-01", GAP), (None, ("no_data", "records_missing"))):
        station = {"tier": "station", "status": "planned", "opens": day}
        told = strip(
            {"f": (IN_B["f"][0], station)},
            0.75,
            standards={"coverage": coverage},
            scenario={"horizon": 2030},
        )
        assert verdicts(told)["a"] == verdict, day
