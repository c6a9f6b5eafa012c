"""Tiny location problems with any rules, and models, drawn by hypothesis."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.problem import FairCovering, MaximalCovering, Model, PCenter, PMedian, Problem, Rules, SetCovering

RULES = ("costs", "kept", "counted", "forced", "forbidden", "place", "occupied", "apart", "unit", "capacity", "at_most")
SHARES = st.sampled_from([0.0, 0.3, 0.5, 0.7, 0.8, 1.0])


def _flags(draw: st.DrawFn, rows: int, *, often: int) -> Any:
    return np.array(
        draw(st.lists(st.sampled_from([False] * (5 - often) + [True] * often), min_size=rows, max_size=rows))
    )


def _numbers(draw: st.DrawFn, count: int, values: Sequence[float]) -> Any:
    return np.array(draw(st.lists(st.sampled_from(values), min_size=count, max_size=count)), dtype=float)


@st.composite
def times(draw: st.DrawFn, rows: int, points: int) -> csr_array:
    """Seconds within a cut-off of 900; about half of the pairs, zeros among them."""
    kinds = [None, None, None, 0, 100, 250, 250, 600, 900]
    cells = draw(st.lists(st.sampled_from(kinds), min_size=rows * points, max_size=rows * points))
    start, column, data = [0], [], []
    for row in range(rows):
        own = cells[row * points : (row + 1) * points]
        column += [place for place, each in enumerate(own) if each is not None]
        data += [float(each) for each in own if each is not None]
        start.append(len(data))
    return csr_array((np.array(data), np.array(column, dtype=np.int64), np.array(start)), shape=(rows, points))


def _rule(draw: st.DrawFn, name: str, rows: int, made: dict[str, Any]) -> None:
    """One rule; ``made`` holds those drawn before."""
    match name:
        case "costs":
            made["costs"] = _numbers(draw, rows, draw(st.sampled_from([[10, 20, 30, 70], [1.1, 2.2, 3.3, 0.0]])))
            if draw(st.booleans()):
                made["budget"] = float(made["costs"].sum()) * draw(st.sampled_from([0.1, 0.3, 0.5, 0.8]))
        case "kept" | "forced" | "forbidden" | "occupied":
            made[name] = _flags(draw, rows, often=1)
        case "counted":
            made[name] = _flags(draw, rows, often=3)
        case "place":
            made[name] = _numbers(draw, rows, range(max(rows - 1, 1))).astype(np.int64)
        case "apart":
            pair = st.tuples(st.integers(0, rows - 1), st.integers(0, rows - 1))
            made[name] = np.array(draw(st.lists(pair, max_size=6)), dtype=np.int64).reshape(-1, 2)
        case "unit":
            made[name] = _numbers(draw, rows, [-1, 0, 1]).astype(np.int64)
            made["most_per_unit"] = _numbers(draw, 2, [0, 1, 2]).astype(np.int64)
        case "capacity":
            made[name] = _numbers(draw, rows, [0, 5, 8, 12, 30, np.inf])
        case "at_most":
            some = np.flatnonzero(_flags(draw, rows, often=3))
            made[name] = ((some, draw(st.integers(0, 2))),)


@st.composite
def problems(
    draw: st.DrawFn, rules: tuple[str, ...] = RULES, *, most_rows: int = 5, most_points: int = 6, at_once: int = 5
) -> Problem:
    """A problem with a random part of the rules, and units."""
    rows, points = draw(st.integers(1, most_rows)), draw(st.integers(1, most_points))
    some = draw(st.sets(st.sampled_from(rules), max_size=at_once)) if rules else set()
    made: dict[str, Any] = {"stations": draw(st.sampled_from([None, 0, 1, 2, 3]))}
    for name in rules:
        if name in some:
            _rule(draw, name, rows, made)
    people = _numbers(draw, points, draw(st.sampled_from([[0, 1, 4, 7, 20], [0.5, 1.25, 3.3, 7.7]])))
    share = _numbers(draw, points, [0, 0.5, 1])
    units = csr_array(np.array([people * share, people * (1 - share)]))
    weights = _numbers(draw, points, [0, 1, 2, 9]) if draw(st.booleans()) else None
    return Problem(draw(times(rows, points)), people, Rules(**made), weights, units)


def set_coverings(*, by_cost: bool = True) -> st.SearchStrategy[SetCovering]:
    """Shares of all, perhaps of units, fewest or cheapest."""
    unit_share = st.sampled_from([None, None, 0.3, 0.5])
    return st.builds(SetCovering, SHARES, unit_share, st.sampled_from([False, by_cost]))


MODELS: dict[str, st.SearchStrategy[Model]] = {
    "maximal": st.just(MaximalCovering()),
    "set": set_coverings(),
    "median": st.builds(PMedian, st.sampled_from([None, None, 900.0, 1800.0, 300.0])),
    "center": st.builds(PCenter, SHARES),
    "fair": st.builds(FairCovering, st.sampled_from([None, None, 0.25, 0.5])),
}
