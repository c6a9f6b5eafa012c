"""Stations shared out among parts, against every possible sharing."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.locate.allocation import PartCurve, share_out


@st.composite
def curves(draw: st.DrawFn) -> tuple[list[PartCurve], list[list[float]], int]:
    """Parts with curves that are known at some numbers only; beside them what each number really covers at most."""
    total = draw(st.integers(0, 8))
    found, truths = [], []
    for _ in range(draw(st.integers(1, 4))):
        gains = draw(st.lists(st.integers(0, 50), min_size=total, max_size=total))
        truth = np.concatenate([[0.0], np.cumsum(gains)])
        known = sorted({0, total, *draw(st.lists(st.integers(0, total), max_size=4))})
        worse = np.array([draw(st.integers(0, 5)) for _ in known], dtype=float)
        better = np.array([draw(st.integers(0, 5)) for _ in known], dtype=float)
        objective = np.maximum.accumulate(np.maximum(truth[known] - worse, 0.0))
        bound = np.minimum.accumulate((truth[known] + better)[::-1])[::-1]
        found.append(PartCurve(np.array(known, dtype=float), objective, bound))
        truths.append(truth.tolist())
    return found, truths, total


@given(curves())
def test_the_bound_holds_for_every_sharing_and_the_choice_is_one(
    given_: tuple[list[PartCurve], list[list[float]], int],
) -> None:
    parts, truths, total = given_
    found = share_out(parts, total)
    best = max(
        sum(truth[number] for truth, number in zip(truths, numbers, strict=True))
        for numbers in product(range(total + 1), repeat=len(parts))
        if sum(numbers) <= total
    )
    assert found.bound >= best - 1e-6
    assert found.amount.sum() <= total
    assert found.objective == pytest.approx(sum(p.objective[at] for p, at in zip(parts, found.point, strict=True)))
    assert found.objective <= best + 1e-9
    assert found.amount.tolist() == [float(p.amount[at]) for p, at in zip(parts, found.point, strict=True)]


@given(st.lists(st.lists(st.integers(1, 60), min_size=0, max_size=6), min_size=1, max_size=4), st.integers(0, 10))
def test_with_concave_curves_the_choice_is_optimal_and_the_bound_proves_it(gains: list[list[int]], total: int) -> None:
    """Everett 1963: without a gap of the curves there is no duality gap at the breakpoints of concave curves."""
    parts = []
    for each in gains:
        values = np.concatenate([[0.0], np.cumsum(sorted(each, reverse=True))])
        parts.append(PartCurve(np.arange(len(values), dtype=float), values, values))
    found = share_out(parts, total)
    every = sorted((gain for each in gains for gain in each), reverse=True)
    assert found.objective == sum(every[:total])
    assert found.bound == pytest.approx(found.objective, abs=1e-6)
    if 0 < total < len(every):
        assert every[total] - 1e-6 <= found.price <= every[total - 1] + 1e-6


@given(curves(), st.floats(0.1, 3.0))
def test_the_bound_of_money_holds_between_the_points_too(
    given_: tuple[list[PartCurve], list[list[float]], int], unit: float
) -> None:
    """Any amount between two points may reach the bound of the next one: the most that money in steps of 1/4 covers."""
    parts, _, total = given_
    money = [PartCurve(part.amount * unit, part.objective, part.bound) for part in parts]
    found = share_out(money, total * unit, whole=False)
    steps = np.arange(0, 4 * total + 1) * unit / 4.0

    def covers(part: PartCurve, amount: float) -> float:
        return float(part.bound[min(np.searchsorted(part.amount, amount - 1e-12), len(part.bound) - 1)])

    best = max(
        sum(covers(part, amount) for part, amount in zip(money[:2], amounts, strict=True))
        for amounts in product(steps.tolist(), repeat=min(len(parts), 2))
        if sum(amounts) <= total * unit + 1e-12
    )
    rest = sum(covers(part, 0.0) for part in money[2:])
    assert found.bound >= best + rest - 1e-6
    assert found.amount.sum() <= total * unit + 1e-9


def test_more_stations_than_there_are_are_refused() -> None:
    needs = PartCurve(np.array([3.0]), np.array([5.0]), np.array([5.0]))
    with pytest.raises(ValueError, match="need 3, and there are 2"):
        share_out([needs], 2)
