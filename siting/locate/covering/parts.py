"""Maximal covering in parts: the curve of each part by itself, stations or money shared out by a price, one choice.

Each site belongs to one part; a part counts all points that its sites reach, also beyond its border. What the sites of
several parts cover is counted once for each of them, so the parts' bounds together never are below the optimum of the
whole, and the choice is evaluated on the whole.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Ints
from siting.locate.allocation import Allocation, PartCurve, share_out
from siting.locate.covering.budget import budget_covering
from siting.locate.covering.curve import covering_curve
from siting.locate.covering.local_search import fill, interchange
from siting.locate.covering.mclp import in_words
from siting.locate.covering.reduction import reduced
from siting.locate.covering.state import opened, state_of
from siting.locate.problem import NOISE, Effort, Problem, Rules, Solution, Stage, status_of
from siting.locate.tolerances import SUM_TOLERANCE

# Numbers of stations up to so many times a part's share of the people are all points of its curve; beyond them each
# point has so many times the stations of the one before.
_DENSE: Final = 2.0
_SPARSE: Final = 1.3
_AT_LEAST: Final = 5
# The amounts of money of a part's curve, as multiples of its share.
_MONEY: Final = (*(step / 16 for step in range(1, 49)), 3.5, 4.0, 5.0, 7.0)


class PartPoint(NamedTuple):
    """A good choice for at most an amount of stations or money, what it newly covers, and the bound of all such."""

    amount: float
    chosen: Ints
    objective: float
    bound: float


@dataclass(frozen=True)
class PartProblem:
    """The problem of one part, ``sites`` its sites in the whole, and the amounts of its curve.

    Amounts are stations, or money if the sites have costs.
    """

    problem: Problem
    sites: Ints
    amounts: tuple[float, ...]


def is_divisible(problem: Problem) -> bool:
    """Tell whether a number of stations or a budget, not both, is all that couples the sites of a problem."""
    rules = problem.rules
    if rules.budget is None:
        return problem.is_plain and rules.stations is not None
    return rules.stations is None and rules.costs is not None and problem.under(budget=None).is_plain


def parts_of_problem(problem: Problem, part: Ints) -> dict[int, PartProblem]:
    """Divide a problem by the parts of its sites.

    Parameters
    ----------
    problem : Problem
        A divisible problem (:func:`is_divisible`). Kept sites belong to every part.
    part : ndarray of int
        The part of each site.

    Returns
    -------
    dict
        By part, for parts with sites that may be opened: its sites, with the kept ones, and the points that they reach.
    """
    free = problem.open_to_choice
    worth = _worth(problem, part)
    found = {}
    for each in np.unique(part[free]).tolist():
        sites = np.flatnonzero((free & (part == each)) | problem.kept)
        points = np.unique(problem.times[sites].indices)
        forced = problem.rules.forced
        rules = Rules(
            kept=problem.kept[sites] if problem.rules.kept is not None else None,
            forced=None if forced is None else forced[sites],
            costs=None if problem.rules.budget is None or problem.rules.costs is None else problem.rules.costs[sites],
        )
        times = csr_array(problem.times[sites][:, points])
        times.sort_indices()
        own = replace(
            problem,
            times=times,
            people=problem.people[points],
            weights=None if problem.weights is None else problem.weights[points],
            units=None,
            rules=rules,
        )
        found[each] = PartProblem(own, sites, amounts_of(own, problem.rules, worth.get(each, 0.0)))
    return found


def _worth(problem: Problem, part: Ints) -> dict[int, float]:
    """Return the share of each part in the people that new sites can reach."""
    newly = np.where(problem.reached_by(np.zeros(0, dtype=np.int64)), 0.0, problem.value)
    free = problem.open_to_choice
    sums = {
        each: float(newly[np.unique(problem.times[np.flatnonzero(free & (part == each))].indices)].sum())
        for each in np.unique(part[free]).tolist()
    }
    whole = math.fsum(sums.values())
    return {each: value / whole if whole > 0 else 0.0 for each, value in sums.items()}


def amounts_of(part: Problem, whole: Rules, share: float) -> tuple[float, ...]:
    """Return the amounts of the curve of a part that has a share of the people."""
    free = ~part.kept
    forced = np.zeros_like(free) if part.rules.forced is None else part.rules.forced & free
    if whole.budget is None or part.rules.costs is None:
        stations = whole.stations or 0
        return curve_sizes(int(forced.sum()), min(stations, int(free.sum())), stations * share)
    least, most = float(part.rules.costs[forced].sum()), min(whole.budget, float(part.rules.costs[free].sum()))
    likely = whole.budget * share
    return tuple(
        sorted({least, max(least, most), *(each for step in _MONEY if least < (each := step * likely) < most)})
    )


def curve_sizes(least: int, most: int, likely: float) -> tuple[int, ...]:
    """Return the numbers of stations of a part's curve: all up to twice the likely one, then ever fewer up to the most.

    Examples
    --------
    >>> from siting.locate.covering.parts import curve_sizes
    >>> curve_sizes(0, 20, 1.0)
    (0, 1, 2, 3, 4, 5, 6, 7, 10, 13, 17, 20)
    """
    sizes = list(range(least, min(most, least + _AT_LEAST + math.ceil(_DENSE * likely)) + 1)) or [least]
    while sizes[-1] < most:
        sizes.append(min(most, max(sizes[-1] + 1, math.ceil(sizes[-1] * _SPARSE))))
    return tuple(sizes)


def curve_of_part(part: PartProblem, effort: Effort) -> list[PartPoint]:
    """Return the curve of a part; run on a worker."""
    if part.problem.rules.costs is None:
        sizes = [int(each) for each in part.amounts]
        return [PartPoint(*point) for point in covering_curve(part.problem, sizes, effort)]
    found: list[PartPoint] = []
    for amount in part.amounts:
        # A little more, so that money for exactly these sites is not lost to rounding.
        solution = budget_covering(part.problem.under(budget=amount * (1.0 + SUM_TOLERANCE)), effort)
        best = max(found, key=lambda point: point.objective, default=None)
        if best is not None and best.objective > solution.objective:
            found.append(PartPoint(amount, best.chosen, best.objective, solution.bound))
        else:
            found.append(PartPoint(amount, solution.chosen, solution.objective, solution.bound))
    bounds = np.minimum.accumulate([point.bound for point in reversed(found)])[::-1]
    return [point._replace(bound=float(bound)) for point, bound in zip(found, bounds, strict=True)]


def solution_of_parts(
    problem: Problem, parts: Mapping[int, PartProblem], curves: Mapping[int, Sequence[PartPoint]]
) -> tuple[Solution, Allocation]:
    """Share out the stations or the money of a problem among its parts, and join the choices.

    Parameters
    ----------
    problem : Problem
        The whole, with a number of stations or a budget.
    parts : mapping of int to PartProblem
        What :func:`parts_of_problem` returns.
    curves : mapping of int to sequence of PartPoint
        The curve of each part.

    Returns
    -------
    solution : Solution
        The joined choice, improved by greedy addition for what is left, and with a number of stations by exchanges of
        two sites. Its bound is that of the parts.
    allocation : Allocation
        The amount of each part, in the order of ``parts``, before that.
    """
    asked = [
        PartCurve(
            np.array([float(point.amount) for point in curves[part]]),
            np.array([point.objective for point in curves[part]]),
            np.array([point.bound for point in curves[part]]),
        )
        for part in parts
    ]
    budget = problem.rules.budget
    total = float(problem.rules.stations or 0) if budget is None else budget
    allocation = share_out(asked, total, whole=budget is None)
    chosen = [
        parts[part].sites[curves[part][at].chosen] for part, at in zip(parts, allocation.point.tolist(), strict=True)
    ]
    joined = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *chosen]))
    first = _value(problem, joined)
    sites = _improved(problem, joined, int(total)) if budget is None else _spent(problem, joined, budget)
    objective = _value(problem, sites)
    bound = max(allocation.bound, objective)
    # A bound that is a sum of floats is equal to the objective within its rounding.
    stage = Stage("covered", "max", objective, objective if bound - objective <= NOISE * objective else bound)
    return Solution(sites, status_of((stage,)), (stage,), "proved" if stage.proved else "solver", "parts",
                    first_objective=first), allocation  # fmt: skip


def _value(problem: Problem, sites: Ints) -> float:
    """Return what sites newly cover."""
    newly = problem.reached_by(sites) & ~problem.reached_by(sites[:0])
    return math.fsum(problem.value[newly])


def _improved(problem: Problem, chosen: Ints, stations: int) -> Ints:
    """Return a choice filled up to the number of stations, after exchanges that gain."""
    reduction = reduced(problem, dominated=False)
    inside = np.flatnonzero(np.isin(reduction.sites, chosen)).astype(np.int64)
    state = state_of(reduction.cover, inside)
    fill(reduction.cover, state, stations - len(reduction.forced))
    interchange(reduction.cover, state, SUM_TOLERANCE * float(reduction.cover.weight.sum()))
    found, _ = in_words(problem, reduction, opened(state))
    return found


def _spent(problem: Problem, chosen: Ints, budget: float) -> Ints:
    """Return a choice to which sites were added for the money that is left: the most people for a yuan first."""
    costs = problem.rules.costs
    assert costs is not None  # noqa: S101 - a budget has costs
    # A stored zero is a real time.
    times = problem.times
    reach = csr_array((np.ones(len(times.data)), times.indices, times.indptr), shape=times.shape)
    while True:
        left = budget - float(costs[chosen].sum())
        gain = reach @ np.where(problem.reached_by(chosen), 0.0, problem.value)
        fits = problem.open_to_choice & (costs <= left) & (gain > 0)
        fits[chosen] = False
        if not fits.any():
            return np.sort(chosen)
        chosen = np.append(chosen, int(np.argmax(np.where(fits, gain / np.maximum(costs, 1.0), -1.0))))
