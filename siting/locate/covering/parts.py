"""Maximal covering in parts: the curve of each part by itself, stations shared out by a price, one choice of all.

Each site belongs to one part; a part counts all points that its sites reach, also beyond its border. What the sites of
several parts cover is counted once for each of them, so the parts' bounds together never are below the optimum of the
whole, and the choice is evaluated on the whole.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Ints
from siting.locate.allocation import Allocation, PartCurve, share_out
from siting.locate.covering.curve import CurvePoint, covering_curve
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


@dataclass(frozen=True)
class PartProblem:
    """The problem of one part, ``sites`` its sites in the whole, and the numbers of stations of its curve."""

    problem: Problem
    sites: Ints
    sizes: tuple[int, ...]


def parts_of_problem(problem: Problem, part: Ints, stations: int) -> dict[int, PartProblem]:
    """Divide a plain problem by the parts of its sites.

    Parameters
    ----------
    problem : Problem
        A plain problem. Kept sites belong to every part.
    part : ndarray of int
        The part of each site.
    stations : int
        The most stations of the whole.

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
        needed = 0 if forced is None else int((forced & ~problem.kept)[sites].sum())
        most = min(stations, int((~own.kept).sum()))
        found[each] = PartProblem(own, sites, curve_sizes(needed, most, stations * worth.get(each, 0.0)))
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


def curve_of_part(part: PartProblem, effort: Effort) -> list[CurvePoint]:
    """Return the curve of a part; run on a worker."""
    return covering_curve(part.problem, part.sizes, effort)


def solution_of_parts(
    problem: Problem, parts: Mapping[int, PartProblem], curves: Mapping[int, Sequence[CurvePoint]]
) -> tuple[Solution, Allocation]:
    """Share out the stations of a problem among its parts, and join the choices.

    Parameters
    ----------
    problem : Problem
        The whole, with a number of stations.
    parts : mapping of int to PartProblem
        What :func:`parts_of_problem` returns.
    curves : mapping of int to sequence of CurvePoint
        The curve of each part.

    Returns
    -------
    solution : Solution
        The joined choice, improved by greedy addition (stations that remain) and exchanges of two sites. Its bound is
        that of the parts.
    allocation : Allocation
        The stations of each part, in the order of ``parts``, before that.
    """
    asked = [
        PartCurve(
            np.array([point.stations for point in curves[part]], dtype=np.int64),
            np.array([point.objective for point in curves[part]]),
            np.array([point.bound for point in curves[part]]),
        )
        for part in parts
    ]
    stations = problem.rules.stations or 0
    allocation = share_out(asked, stations)
    chosen = [
        parts[part].sites[curves[part][at].chosen] for part, at in zip(parts, allocation.point.tolist(), strict=True)
    ]
    joined = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *chosen]))
    first = _value(problem, joined)
    sites = _improved(problem, joined, stations)
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
