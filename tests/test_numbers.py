"""Numbers in texts: zeros without a sign, bounds and intervals whose ends are not known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.text.numbers import bounded, interval, number, signless_zero


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12), st.integers(0, 3))
def test_a_number_reads_back_as_what_it_was_rounded_to_and_zero_has_no_sign(value: float, decimals: int) -> None:
    text = number(value, decimals)
    assert float(text.replace(",", "")) == float(f"{value:.{decimals}f}")
    assert not (text.startswith("-") and float(text.replace(",", "")) == 0)


@pytest.mark.parametrize("value", [-0.0, -1e-300, -0.04, 0.04, 0.0])
def test_a_difference_that_rounds_to_nothing_bears_no_sign(value: float) -> None:
    assert signless_zero(f"{value:+.1f}") == "0.0"
    assert signless_zero(f"{value / 100:+.1%}") == "0.0%"


@pytest.mark.parametrize("unknown", [math.nan, math.inf, -math.inf, None])
def test_what_is_unknown_has_no_bound(unknown: float | None) -> None:
    assert bounded("≥ ", number(unknown, 3)) == "–"


@given(st.floats(), st.floats())
def test_no_interval_shows_an_end_that_is_not_known(low: float, high: float) -> None:
    text = interval(low, high)
    assert "nan" not in text
    assert "≥ –" not in text
    assert "–∞" not in text
    assert not text.endswith("––")
