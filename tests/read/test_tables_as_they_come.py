"""Tables as bureaus and their programs hand them out: small districts with a right answer that was worked out by hand.

Two facilities stand in a district of 25,600 residents and 5,120 elderly; together they cover 3,200 of these (0.625),
one alone 1,600, and they have 400 and 1,200 m² of land.
"""

from pathlib import Path

import pytest

import siting
from siting.errors import Fault, InputError
from siting.results import GapReport


def _check(shared: Path, name: str) -> GapReport:
    (file,) = (shared / "cases").glob(f"{name}.toml")
    return siting.check(siting.read_scenario(file))


def _faults(shared: Path, name: str) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as error:
        _check(shared, name)
    return error.value.faults


@pytest.mark.parametrize(("name", "covered"), [("scenario", 3200), ("closes", 1600), ("utc", 1600)])
def test_of_a_moment_the_day_counts_in_chinas_time(shared: Path, name: str, covered: int) -> None:
    totals = _check(shared, f"15-*/{name}").totals
    assert totals["elderly_covered"] == pytest.approx(covered)
    assert totals["covered_share"] == pytest.approx(covered / 5120)


def test_what_nobody_sees_is_no_part_of_a_head(shared: Path) -> None:
    report = _check(shared, "16-*/scenario")
    assert report.totals["land_provided_m2"] == 1600.0
    told = [note.values for note in report.assessment.notes if note.code == "unseen_characters"]
    assert [(each["character"], each["count"]) for each in told] == [
        ("U+200B ZERO WIDTH SPACE", 2),
        ("U+FEFF ZERO WIDTH NO-BREAK SPACE", 1),
    ]


def test_ids_that_differ_in_what_nobody_sees_are_one(shared: Path) -> None:
    (fault,) = _faults(shared, "16-*/twice")
    assert (fault.code, fault.row, fault.found) == ("duplicate_id", "F1", "#1, #2")


def test_codes_that_lost_digits_are_refused_with_their_cause(shared: Path) -> None:
    (fault,) = [each for each in _faults(shared, "17-*/scenario") if each.code == "code_lost_digits"]
    assert (fault.row, fault.field, fault.found) == ("#1, #2, #3, #4", "id", "'5.00199E+11'")
    assert "format the column as text and export it again" in fault.message("en")


@pytest.mark.parametrize(("name", "note"), [("point-zero", "codes_restored"), ("guarded", "guards_removed")])
def test_codes_that_lost_nothing_are_restored_and_told(shared: Path, name: str, note: str) -> None:
    report = _check(shared, f"17-*/{name}")
    assert report.totals["residents"] == pytest.approx(26_000)
    assert note in {each.code for each in report.assessment.notes}


@pytest.mark.parametrize("name", ["scenario", "network"])
def test_curves_in_wkt_are_read(shared: Path, name: str) -> None:
    report = _check(shared, f"12-*/{name}")
    assert report.totals["elderly_covered"] == pytest.approx(3200, rel=0.02)
    assert [note.values["count"] for note in report.assessment.notes if note.code == "curves_made_lines"] == [
        {"scenario": 4, "network": 1}[name]
    ]
