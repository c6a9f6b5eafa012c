"""Gini and Lorenz: against the double sum over persons, and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.locate.fairness import gini, lorenz
from tests.drawing import examples

FEW = settings(deadline=None, max_examples=examples(25))
UNITS = st.lists(
    st.tuples(st.floats(0, 1, allow_subnormal=False), st.floats(0, 1e5, allow_subnormal=False)), min_size=1, max_size=9
)


def by_pairs(shares: list[float], people: list[float]) -> float:
    """Half the relative mean difference, pair by pair."""
    pairs = sum(
        p * q * abs(s - t) for s, p in zip(shares, people, strict=True) for t, q in zip(shares, people, strict=True)
    )
    mean = sum(s * p for s, p in zip(shares, people, strict=True)) / sum(people)
    return pairs / (2 * mean * sum(people) ** 2)


@FEW
@given(UNITS)
def test_gini_is_half_the_relative_mean_difference(units: list[tuple[float, float]]) -> None:
    shares, people = [share for share, _ in units], [persons for _, persons in units]
    if sum(s * p for s, p in units) < 1e-6:
        return
    assert gini(shares, people) == pytest.approx(by_pairs(shares, people), abs=1e-9)


@FEW
@given(UNITS)
def test_gini_is_the_area_between_the_curve_and_the_diagonal(units: list[tuple[float, float]]) -> None:
    shares, people = [share for share, _ in units], [persons for _, persons in units]
    curve = lorenz(shares, people)
    if curve.empty:
        assert math.isnan(gini(shares, people))
        return
    x, y = curve["people_share"].to_numpy(), curve["served_share"].to_numpy()
    assert gini(shares, people) == pytest.approx(1 - 2 * np.trapezoid(y, x), abs=1e-9)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert np.all(np.diff(x) >= 0)
    assert np.all(y <= x + 1e-12)
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = np.diff(y) / np.diff(x)
    steps = slopes[np.diff(x) > 1e-9]
    assert np.all(np.diff(steps) >= -1e-6)


def test_hand_figures() -> None:
    # 300 persons at 0.2 and 100 at 1.0: mean 0.4; 2 · 300 · 100 · 0.8 ÷ (2 · 0.4 · 400²) = 0.375.
    assert gini([1.0, 0.2], [100, 300]) == pytest.approx(0.375)
    curve = lorenz([1.0, 0.2], [100, 300])
    assert curve["unit"].tolist() == [-1, 1, 0]
    assert curve["people_share"].tolist() == [0, 0.75, 1]
    assert curve["served_share"].tolist() == pytest.approx([0, 0.375, 1])
    # A quarter of the people has everything.
    assert gini([0.0, 1.0], [75, 25]) == pytest.approx(0.75)


def test_equal_shares_are_fair_whatever_the_people() -> None:
    assert gini([0.3, 0.3, 0.3], [1, 1000, 7]) == pytest.approx(0, abs=1e-12)
    assert gini([0.9], [5]) == 0


def test_splitting_a_unit_or_scaling_all_changes_nothing() -> None:
    whole = gini([0.2, 0.7, 0.5], [30, 50, 20])
    assert gini([0.2, 0.7, 0.7, 0.5], [30, 20, 30, 20]) == pytest.approx(whole)
    assert gini([0.1, 0.35, 0.25], [60, 100, 40]) == pytest.approx(whole)


def test_units_without_people_do_not_count() -> None:
    assert gini([0.2, math.nan, 0.7], [30, 0, 50]) == gini([0.2, 0.7], [30, 50])
    assert lorenz([0.2, math.nan, 0.7], [30, 0, 50])["unit"].tolist() == [-1, 0, 2]


@pytest.mark.parametrize(("shares", "people"), [([], []), ([0.0, 0.0], [3, 4]), ([0.5], [0])])
def test_nobody_served_has_no_coefficient(shares: list[float], people: list[float]) -> None:
    assert math.isnan(gini(shares, people))
    assert lorenz(shares, people).empty


@pytest.mark.parametrize(
    ("shares", "people"),
    [([0.5], [1, 2]), ([[0.5]], [[1]]), ([-0.1], [1]), ([math.inf], [1]), ([0.5], [math.inf]), ([0.5], [-1])],
)
def test_what_is_no_share_is_refused(shares: list[float], people: list[float]) -> None:
    with pytest.raises(ValueError, match="shares"):
        gini(shares, people)
    with pytest.raises(ValueError, match="shares"):
        lorenz(shares, people)


@pytest.mark.parametrize(("shares", "people"), [([0.2, math.nan], [3, 4]), ([0.2, 0.5], [3, math.nan])])
def test_what_is_not_known_of_a_unit_leaves_the_evenness_unknown(shares: list[float], people: list[float]) -> None:
    assert math.isnan(gini(shares, people))
    assert lorenz(shares, people).empty
