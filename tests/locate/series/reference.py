"""A solver that looks at every choice, and tiny problems for it."""

import itertools
import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.locate.problem import (
    Effort,
    FairCovering,
    MaximalCovering,
    Model,
    PMedian,
    Problem,
    Rules,
    SetCovering,
    Solution,
    Stage,
)

NONE = Solution(np.zeros(0, dtype=np.int64), "infeasible", (), "proved", "all")


def allowed(problem: Problem, rows: tuple[int, ...]) -> bool:
    rules = problem.rules
    chosen = np.array(rows, dtype=np.int64)
    inside = np.isin(np.arange(problem.sites), chosen)
    if rules.stations is not None and problem.counted[chosen].sum() > rules.stations:
        return False
    if rules.budget is not None and math.fsum(rules.costs[chosen]) > rules.budget * (1 + 1e-12):  # type: ignore[index]
        return False
    if rules.forced is not None and np.any(rules.forced & ~inside & ~problem.kept):
        return False
    # Kept rows are open too; two of them may stand as they do.
    taken = [] if rules.place is None else rules.place[[*rows, *np.flatnonzero(problem.kept)]].tolist()
    if any(taken.count(place) > 1 for place in taken[: len(rows)]):
        return False
    stand = inside | problem.kept
    if rules.apart is not None and any(stand[a] and stand[b] and (inside[a] or inside[b]) for a, b in rules.apart):
        return False
    return all(inside[some].sum() <= most for some, most in rules.at_most)


def choices(problem: Problem) -> list[tuple[int, ...]]:
    """All choices that keep to the rules, those of fewer rows first."""
    rows = np.flatnonzero(problem.open_to_choice).tolist()
    return [
        chosen
        for count in range(len(rows) + 1)
        for chosen in itertools.combinations(rows, count)
        if allowed(problem, chosen)
    ]


def covered(problem: Problem, rows: tuple[int, ...] | list[int]) -> float:
    """Value that rows newly cover, counted point by point."""
    reach = np.zeros(problem.times.shape, dtype=bool)
    reach[np.repeat(np.arange(problem.sites), np.diff(problem.times.indptr)), problem.times.indices] = True
    kept = set(np.flatnonzero(problem.kept).tolist())
    return math.fsum(
        value
        for point, value in enumerate(problem.value.tolist())
        if not any(reach[row, point] for row in kept) and any(reach[row, point] for row in rows)
    )


def persons(problem: Problem, rows: tuple[int, ...] | list[int]) -> float:
    """Persons covered in all, kept rows included."""
    kept = set(np.flatnonzero(problem.kept).tolist())
    reached = {int(point) for row in {*rows, *kept} for point in problem.points_of(row)}
    return math.fsum(problem.people[list(reached)])


def walked(problem: Problem, rows: tuple[int, ...] | list[int], beyond_s: float) -> float:
    kept = np.flatnonzero(problem.kept).tolist()
    nearest = [math.inf] * problem.people.size
    for row in {*rows, *kept}:
        begin, end = problem.times.indptr[row], problem.times.indptr[row + 1]
        for point, seconds in zip(problem.times.indices[begin:end], problem.times.data[begin:end], strict=True):
            nearest[point] = min(nearest[point], float(seconds))
    return math.fsum(
        value * (beyond_s if math.isinf(seconds) else seconds)
        for value, seconds in zip(problem.value.tolist(), nearest, strict=True)
    )


def stages(problem: Problem, model: Model, rows: tuple[int, ...]) -> tuple[Stage, ...] | None:
    match model:
        case MaximalCovering():
            found = covered(problem, rows)
            return (Stage("covered", "max", found, found),)
        case SetCovering():
            if persons(problem, rows) < model.share * problem.people.sum() * (1 - 1e-9):
                return None
            asked = (
                math.fsum(problem.rules.costs[list(rows)])
                if model.by_cost
                else float(problem.counted[list(rows)].sum())
            )  # type: ignore[index]
            return (Stage("cost" if model.by_cost else "stations", "min", asked, asked),)
        case PMedian(beyond_s=None):
            beyond = walked(problem, rows, 1.0) - walked(problem, rows, 0.0)
            # Seconds are at least 2, so that what changes with the seconds beyond is who is beyond.
            total = walked(problem, rows, 0.0)
            return (Stage("beyond", "min", beyond, beyond), Stage("seconds", "min", total, total))
        case PMedian():
            total = walked(problem, rows, float(model.beyond_s))  # type: ignore[arg-type]
            return (Stage("seconds", "min", total, total),)
        case FairCovering() | _:
            raise NotImplementedError


def by_trial(problem: Problem, model: Model, effort: Effort) -> Solution:
    """The best of all choices; of equals the one of fewest rows, then of lowest."""
    del effort
    best: tuple[Any, ...] | None = None
    for rows in choices(problem):
        found = stages(problem, model, rows)
        if found is None:
            continue
        key = tuple(round(-each.objective if each.sense == "max" else each.objective, 7) for each in found)
        if best is None or key < best[0]:
            best = (key, rows, found)
    if best is None:
        return NONE
    return Solution(np.array(best[1], dtype=np.int64), "optimal", best[2], "proved", "all")


@st.composite
def problems(draw: st.DrawFn, *, most: int = 6, rules: bool = True, whole: bool | None = None) -> Problem:
    rows, points = draw(st.integers(1, most)), draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    reach = rng.random((rows, points)) < draw(st.sampled_from([0.2, 0.4, 0.7]))
    seconds = rng.integers(2, 900, (rows, points)) * 1.0
    people = rng.integers(0, 40, points) * 1.0
    if not (draw(st.booleans()) if whole is None else whole):
        people += rng.random(points)
    costs = rng.integers(1, 9, rows) * 50_000.0
    kept = forbidden = place = apart = weights = None
    if rules:
        kept = rng.random(rows) < 0.2 if draw(st.booleans()) else None
        forbidden = rng.random(rows) < 0.2 if draw(st.booleans()) else None
        place = np.sort(rng.integers(0, rows, rows)) if draw(st.booleans()) else None
        apart = rng.integers(0, rows, (2, 2)) if draw(st.booleans()) and rows > 2 else None
        weights = rng.integers(0, 9, points) * 1.0 if draw(st.booleans()) else None
        if apart is not None:
            apart = apart[apart[:, 0] != apart[:, 1]]
    table = csr_array(np.where(reach, seconds, 0.0))
    given = Rules(costs=costs, kept=kept, forbidden=forbidden, place=place, apart=apart)
    return Problem(table, people, given, weights=weights)
