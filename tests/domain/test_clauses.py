"""The arithmetic of clauses at its boundaries, in literal numbers."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.assess.report import _over
from siting.domain.clauses import at_least, land_per_person, not_applicable, service_circle, unknown


@pytest.mark.parametrize(
    ("provided", "shortfall", "verdict"),
    [
        (60_000.0, 0.0, "met"),
        (60_000.01, 0.0, "met"),
        (59_999.99, 0.01, "gap"),
        (0.0, 60_000.0, "gap"),
        # Rounding of sums is forgiven, a hundredth of a square metre is not.
        (60_000.0 - 1e-6, 0.0, "met"),
        (60_000.0 - 1e-3, 1e-3, "gap"),
    ],
)
def test_equality_meets_and_less_does_not(provided: float, shortfall: float, verdict: str) -> None:
    finding = at_least(60_000.0, provided)
    assert finding.verdict == verdict
    assert finding.shortfall == pytest.approx(shortfall, abs=1e-9)
    assert (finding.required, finding.provided_low, finding.provided_high) == (60_000.0, provided, provided)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (100.0, 100.0, "met"),
        (100.0, math.inf, "met"),
        (99.0, 100.0, "no_data"),
        (99.0, 99.9, "gap"),
        (0.0, math.inf, "no_data"),
        (0.0, 0.0, "gap"),
        (math.nan, math.nan, "no_data"),
    ],
)
def test_the_worst_end_meets_and_the_best_end_fails(low: float, high: float, verdict: str) -> None:
    assert at_least(100.0, low, high).verdict == verdict


def test_the_shortfall_counts_what_is_known() -> None:
    assert at_least(100.0, 40.0, 90.0).shortfall == 60.0
    assert at_least(100.0, 40.0, math.inf).shortfall == 60.0
    assert at_least(100.0, 100.0, 110.0).shortfall == 0.0


def test_nothing_required_is_met_by_nothing() -> None:
    assert at_least(0.0, 0.0).verdict == "met"


def test_land_is_the_floor_times_people() -> None:
    finding = land_per_person(0.1, 12_345.0, 1_000.0)
    assert finding.required == pytest.approx(1_234.5)
    assert finding.shortfall == pytest.approx(234.5)
    # 0.1 × 3 is not 0.3 to the last bit; land of just 0.3 m² meets it all the same.
    assert land_per_person(0.1, 3, 0.3).verdict == "met"


@pytest.mark.parametrize("people", [0.0, -0.0])
def test_a_place_without_people_has_no_floor(people: float) -> None:
    assert land_per_person(0.2, people, 500.0).verdict == "not_applicable"
    assert service_circle(0.9, people, 0.0).verdict == "not_applicable"


@pytest.mark.parametrize(
    ("covered", "verdict", "shortfall"), [(900.0, "met", 0.0), (899.0, "gap", 0.001), (0.0, "gap", 0.9)]
)
def test_the_pass_share_is_inclusive(covered: float, verdict: str, shortfall: float) -> None:
    finding = service_circle(0.9, 1000.0, covered)
    assert finding.verdict == verdict
    assert finding.shortfall == pytest.approx(shortfall)


def test_a_pass_share_of_one_forgives_rounding_above_all() -> None:
    assert service_circle(1.0, 1000.0, 1000.0000001).provided_low == 1.0
    assert service_circle(1.0, 1000.0, 1000.0).verdict == "met"
    assert service_circle(1.0, 1000.0, 999.0).verdict == "gap"


def test_an_incomplete_ledger_may_cover_everybody() -> None:
    finding = service_circle(0.9, 1000.0, 650.0, complete=False)
    assert (finding.verdict, finding.provided_low, finding.provided_high) == ("no_data", 0.65, 1.0)
    assert service_circle(0.9, 1000.0, 900.0, complete=False).verdict == "met"


def test_what_is_not_asked_or_not_known_has_no_figures() -> None:
    for finding, verdict in ((not_applicable(), "not_applicable"), (unknown(), "no_data")):
        assert finding.verdict == verdict
        assert math.isnan(finding.required)
        assert math.isnan(finding.shortfall)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["met", "gap", "no_data"], "gap"),
        (["met", "no_data", "not_applicable"], "no_data"),
        (["not_applicable", "met"], "met"),
        (["not_applicable"], "not_applicable"),
        ([], "not_applicable"),
    ],
)
def test_the_worst_verdict_stands_for_all(verdicts: list[str], expected: str) -> None:
    places = pd.MultiIndex.from_tuples([("street", "A")])
    checks = pd.DataFrame({"verdict": verdicts}, index=places.repeat(len(verdicts)), dtype="object")
    assert _over(checks, places).tolist() == [expected]


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9))
def test_verdicts_agree_with_both_ends_of_the_interval(required: float, low: float, more: float) -> None:
    finding, high = at_least(required, low, low + more), low + more
    ends = {at_least(required, low).verdict, at_least(required, high).verdict}
    assert finding.verdict == (ends.pop() if len(ends) == 1 else "no_data")
    assert finding.shortfall == (0.0 if finding.verdict == "met" else required - low)
    assert finding.shortfall >= 0.0
