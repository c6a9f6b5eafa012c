"""Two standards side by side: what each says, which governs, where they conflict."""

import datetime as dt
import itertools

import pytest

from siting.assess.compare import Comparison, Measured, compare
from siting.domain.standards import Standard
from siting.read import all_standards, standard

TODAY = dt.date(2026, 1, 1)


def compared(one: str, other: str, date: dt.date = TODAY) -> Comparison:
    return compare(standard(one), standard(other), date)


def row(found: Comparison, kind: str, level: str, of: str | None = None) -> Measured:
    (only,) = (each for each in found.measures if (each.kind, each.level, each.of) == (kind, level, of))
    return only


def test_the_later_of_one_body_governs() -> None:
    land = row(compared("cq-2017-162", "cq-2019-129"), "land_per_person", "district")
    assert [clause.number for clause in (*land.one, *land.other)] == [0.1, 0.2]
    assert (land.governs, land.laxer) == ("other", False)
    assert row(compared("cq-2019-129", "cq-2017-162"), "land_per_person", "district").governs == "one"


def test_before_the_later_is_in_force_the_earlier_governs() -> None:
    early = compared("cq-2017-162", "cq-2019-129", dt.date(2019, 12, 29))
    assert row(early, "land_per_person", "district").governs == "one"
    assert row(early, "beds_total", "city").governs == "none"
    nothing = compared("cq-2017-162", "cq-2019-129", dt.date(2017, 10, 23))
    assert {each.governs for each in nothing.measures} == {"none"}


def test_a_lower_bodys_laxer_rule_gives_way_and_is_told() -> None:
    land = row(compared("nanan-2018-180", "cq-2019-129"), "land_per_person", "district")
    assert (land.governs, land.laxer) == ("other", True)
    land = row(compared("cq-2019-129", "nanan-2018-180"), "land_per_person", "district")
    assert (land.governs, land.laxer) == ("one", True)


def stricter(found: Standard, kind: str, number: float) -> Standard:
    clauses = [each.model_copy(update={"number": number}) if each.kind == kind else each for each in found.clauses]
    return found.model_copy(update={"clauses": tuple(clauses)})


def test_a_lower_bodys_stricter_rule_governs() -> None:
    nanan = stricter(standard("nanan-2018-180"), "land_per_person", 0.3)
    land = row(compare(nanan, standard("cq-2019-129"), TODAY), "land_per_person", "district")
    assert (land.governs, land.laxer) == ("one", False)


def test_of_limits_the_lower_number_is_the_stricter() -> None:
    yubei = standard("yubei-2018-40")
    city = yubei.model_copy(update={"issuer": "重庆市人民政府办公厅", "jurisdiction": "重庆市"})
    found = compare(stricter(yubei, "government_bed_share", 0.4), city, TODAY)
    assert (row(found, "government_bed_share", "district").governs) == "one"
    found = compare(stricter(yubei, "government_bed_share", 0.6), city, TODAY)
    assert row(found, "government_bed_share", "district").governs == "other"
    assert row(found, "government_bed_share", "district").laxer


def test_equal_rules_apply_together_and_places_apart_have_each_their_own() -> None:
    assert row(compared("cq-2017-162", "nanan-2018-180"), "land_per_person", "district").governs == "all"
    assert row(compared("nanan-2018-180", "yubei-2018-40"), "land_per_person", "district").governs == "both"
    assert row(compared("cq-2017-162", "cq-2019-129"), "remedy", "residential_area", "new").governs == "all"


def test_what_only_one_says_stands_there_too() -> None:
    found = compared("cq-2017-162", "yubei-2018-40")
    beds = row(found, "beds_per_1000", "district")
    assert (beds.one, beds.other[0].number, beds.governs) == ((), 35, "other")


def test_leased_beds_and_thresholds_of_review_are_conflicts() -> None:
    pairs = {(each.one.id, each.other.id) for each in compared("cq-2017-162", "nanan-2018-180").conflicts}
    assert pairs == {
        ("cq-2017-162/24-leased-beds", "nanan-2018-180/22-leased-beds"),
        ("cq-2017-162/7-eia", "nanan-2018-180/6-eia-none"),
    }
    fire = [each for each in compared("cq-2017-162", "cq-2019-129").conflicts if each.other.id.endswith("2-14-fire")]
    assert len(fire) == 2


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(all_standards(), 2)), ids=lambda each: each.id)
def test_sides_may_be_swapped(one: Standard, other: Standard) -> None:
    there, back = compare(one, other, TODAY), compare(other, one, TODAY)
    swapped = {"one": "other", "other": "one"}
    assert {(each.kind, each.of, each.level): swapped.get(each.governs, each.governs) for each in there.measures} == {
        (each.kind, each.of, each.level): each.governs for each in back.measures
    }
    assert {(each.one.id, each.other.id) for each in there.conflicts} == {
        (each.other.id, each.one.id) for each in back.conflicts
    }
    recorded = {
        (clause.id, key) for clause in one.clauses for key in clause.conflicts_with if key.startswith(f"{other.id}/")
    }
    assert {(each.one.id, each.other.id) for each in there.conflicts} == recorded
