"""Figures known as intervals, held against ratios worked out by hand."""

import math

import pytest

from siting.domain.measures import Span, judge
from siting.domain.standards import Clause


def clause(kind: str, number: float) -> Clause:
    return Clause.model_validate(
        {
            "id": "x/1",
            "kind": kind,
            "article": "一",
            "quote": "…",
            "number": number,
            "comparison": "at_least",
            "force": "target",
        }
    )


def test_beds_per_thousand_elderly_where_both_are_intervals() -> None:
    found = judge(clause("beds_per_1000", 35.0), {"beds": Span(60, 90), "elderly": Span(1500, 2000)})
    # At least 60 beds for 2,000 elderly, at most 90 for 1,500.
    assert (found.required, found.provided_low, found.provided_high) == (35.0, 30.0, 60.0)
    assert (found.verdict, found.shortfall) == ("no_data", 5.0)


@pytest.mark.parametrize(("elderly", "ends"), [(Span(0, 2000), (30.0, math.inf)), (Span(1500, math.inf), (0.0, 60.0))])
def test_beds_per_thousand_of_elderly_who_may_be_none_or_any_number(elderly: Span, ends: tuple[float, float]) -> None:
    found = judge(clause("beds_per_1000", 35.0), {"beds": Span(60, 90), "elderly": elderly})
    assert (found.provided_low, found.provided_high) == ends


def test_nursing_beds_of_an_unknown_number_of_beds() -> None:
    found = judge(clause("nursing_share", 0.5), {"nursing_beds": Span(30, 45), "beds": Span(90, 120)})
    # At worst 30 of 30 + 90 beds are nursing beds, at best 45 of 45 + 45.
    assert (found.provided_low, found.provided_high) == (0.25, 0.5)
