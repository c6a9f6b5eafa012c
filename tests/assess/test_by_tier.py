"""A centre in each street and a station in each community, by hand."""

from typing import Any

import pandas as pd
import pytest

from siting.assess.audit import audit_table
from siting.domain.nouns import Assessment
from siting.text import LANGS, say
from siting.write.geojson import facts
from tests.assess.test_sharing import COVERAGE, GAP, MET, shares, shares_of_units, strip, verdicts

# Three communities: a and b in street s1, c in street s2. A facility in the middle of each.
PLACES = {"a": (200.0, 50.0), "b": (600.0, 50.0), "c": (1000.0, 50.0)}


def of_tiers(*, by_tier: bool = True, shared_from: float | None = None, **tiers: str) -> Assessment:
    ledger = {f"f{place}": (PLACES[place], {"tier": tier, "serves_community": True}) for place, tier in tiers.items()}
    return strip(ledger, shared_from, standards={"coverage": "by_tier" if by_tier else "any_facility"})


def test_any_facility_counts_unless_the_scenario_asks_for_tiers() -> None:
    found = of_tiers(by_tier=False, a="institution", c="station")
    assert verdicts(found) == {"a": MET, "b": GAP, "c": MET}
    assert verdicts(found, "street") == {"s1": MET, "s2": MET}
    assert "facilities_by_tier" not in [*found.totals["warnings"], *(note.code for note in found.notes)]


@pytest.mark.parametrize(
    ("tier", "community", "street"), [("institution", GAP, GAP), ("station", MET, GAP), ("centre", MET, MET)]
)
def test_a_street_needs_a_centre_and_a_community_a_station_or_a_centre(tier: str, community: Any, street: Any) -> None:
    found = of_tiers(c=tier)
    assert verdicts(found) == {"a": GAP, "b": GAP, "c": community}
    assert verdicts(found, "street") == {"s1": GAP, "s2": street}


def test_a_centre_serves_the_whole_street_and_the_community_in_which_it_stands() -> None:
    found = of_tiers(a="station", b="centre")
    assert verdicts(found) == {"a": MET, "b": MET, "c": GAP}
    assert verdicts(found, "street") == {"s1": MET, "s2": GAP}
    assert shares_of_units(found) == {"streets": 1 / 2, "communities": pytest.approx(2 / 3)}


def test_several_stations_make_no_centre() -> None:
    assert verdicts(of_tiers(a="station", b="station", c="station"), "street") == {"s1": GAP, "s2": GAP}


def test_communities_share_stations_and_centres_alone() -> None:
    # Half of a community lives within 300 m of the middle of the next.
    assert shares(of_tiers(shared_from=0.25, b="station")) == {"a": "fb", "c": "fb"}
    assert shares(of_tiers(by_tier=False, shared_from=0.25, b="institution")) == {"a": "fb", "c": "fb"}
    found = of_tiers(shared_from=0.25, b="institution")
    assert shares(found) == {}
    assert verdicts(found) == {"a": GAP, "b": GAP, "c": GAP}
    # One with an institution alone has no facility of its own, and shares.
    found = of_tiers(shared_from=0.25, a="institution", b="centre")
    assert shares(found)["a"] == "fb"
    assert verdicts(found) == {"a": MET, "b": MET, "c": MET}
    assert verdicts(found, "street") == {"s1": MET, "s2": GAP}


def test_every_report_that_rests_on_it_says_so() -> None:
    found = of_tiers(a="station", b="institution", c="centre")
    told = {note.code: note.values for note in found.notes}["facilities_by_tier"]
    assert dict(told) == {"streets": 1, "street_ids": "s1", "communities": 1, "community_ids": "b"}
    assert "facilities_by_tier" in found.totals["warnings"]
    audit = audit_table(found).set_index(["clause_id", "level"])
    assert "s1; b" in audit.loc[[(COVERAGE, "community")], "finding_en"].iloc[0]
    for lang in LANGS:
        assert "s1" in say("note.facilities_by_tier", lang, **told)


def test_other_figures_stay_as_they_are() -> None:
    tiers = {"a": "station", "b": "institution", "c": "centre"}
    off, on = of_tiers(by_tier=False, **tiers), of_tiers(**tiers)
    others = [each.checks[each.checks["kind"] != "unit_coverage"] for each in (off, on)]
    pd.testing.assert_frame_equal(*others)
    off_care, on_care = (each.checks[each.checks["clause_id"].str.contains("disabled")] for each in (off, on))
    pd.testing.assert_frame_equal(off_care, on_care)
    pd.testing.assert_frame_equal(pd.DataFrame(off.cells), pd.DataFrame(on.cells))


def test_in_an_incomplete_ledger_another_tier_leaves_it_open() -> None:
    ledger = {"f": (PLACES["c"], {"tier": "station"})}
    found = strip(ledger, standards={"coverage": "by_tier"}, facilities={"complete": False})
    assert verdicts(found, "street")["s2"] == ("no_data", "data_absent")
    assert verdicts(found)["c"] == MET


FULL = "cq-2019-129/1-facility-coverage"


@pytest.mark.parametrize(
    ("serves", "verdict"),
    [(False, GAP), (True, MET), (None, ("no_data", "records_missing"))],
)
def test_a_lone_institution_gives_community_care_only_where_it_serves_its_community(
    *, serves: bool | None, verdict: tuple[str, str | None]
) -> None:
    # 一: 社区居家养老服务设施; 二（一）: any 养老服务设施.
    ledger = {"f": (PLACES["c"], {"tier": "institution", "serves_community": serves})}
    found = strip(ledger)
    for level, place in (("community", "c"), ("street", "s2")):
        assert verdicts(found, level)[place] == MET
        assert verdicts(found, level, FULL)[place] == verdict
    told = {note.code: note.values for note in found.notes}
    if serves:
        assert "facilities_any_all" in told
    else:
        assert (told["facilities_any"]["street_ids"], told["facilities_any"]["community_ids"]) == ("s2", "c")
    # A station beside it is enough.
    assert verdicts(strip({**ledger, "g": (PLACES["c"], {})}), clause=FULL)["c"] == MET


def test_every_report_says_which_reading_was_used() -> None:
    for by_tier, code in ((True, "facilities_by_tier"), (False, "facilities_any")):
        found = of_tiers(by_tier=by_tier, a="institution")
        assert [note.code.removesuffix("_all") for note in found.notes if note.code.startswith("facilities_")] == [code]
        assert facts(found.inputs)["definitions"]["coverage"] == ("by_tier" if by_tier else "any_facility")
        audit = audit_table(found).set_index("clause_id")
        for clause in (COVERAGE, FULL):
            said = audit.loc[[clause], "finding_en"].iloc[0]
            assert ("Stricter reading (standards.coverage" if by_tier else "any kind of facility counts") in said
