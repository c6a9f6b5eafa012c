"""What no choice can better: Lagrangian relaxation of covering.

Let a group g count ``w_g`` when it is covered (``y_g = 1``) by some open row (``x_r = 1``). The programme

    maximise   Σ_g w_g y_g   subject to   y_g ≤ Σ_{r covers g} x_r for each g,   Σ_r x_r ≤ p

loses its first rows, each at a price ``0 ≤ u_g ≤ w_g`` (Fisher 1981; Galvão & ReVelle 1996), and what is left is
solved by looking at it: every group counts ``w_g − u_g``, and of the rows those p with the greatest profits
``Σ_{g covered by r} u_g`` are open. Their sum is a bound at any prices; the least one is that of the linear relaxation.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats
from siting.locate.merging import Numbers
from siting.locate.reduction import Cover

# How much of each direction is new (Camerini, Fratta & Maffioli 1975): the rest is what was learnt before.
_NEW: Final = 0.15
# Sums of a million floats are off by less than this share.
_ROUNDING: Final = 1e-10


class Way(NamedTuple):
    """Prices of groups: the present ones, the direction in which they went, and those of the least bound."""

    price: Floats
    direction: Floats
    best: Floats


def way_from(price: Floats) -> Way:
    """Return the way that begins at some prices."""
    return Way(price.copy(), np.zeros_like(price), price.copy())


@compiled
def profits(cover: Cover, price: Floats) -> Floats:
    """Return the sum of prices of what each row covers."""
    profit = np.empty(len(cover.start) - 1)
    for row in range(len(profit)):
        total = 0.0
        for at in range(cover.start[row], cover.start[row + 1]):
            total += price[cover.group[at]]
        profit[row] = total
    return profit


@compiled
def put_first(profit: Floats, many: int, order: Numbers) -> None:
    """Reorder rows so that the ``many`` greatest profits stand first (Hoare 1961)."""
    low, high = 0, len(order) - 1
    while low < high:
        one, other, third = profit[order[low]], profit[order[(low + high) >> 1]], profit[order[high]]
        pivot = max(min(one, other), min(max(one, other), third))
        left, right = low, high
        while left <= right:
            while profit[order[left]] > pivot:
                left += 1
            while profit[order[right]] < pivot:
                right -= 1
            if left <= right:
                order[left], order[right] = order[right], order[left]
                left += 1
                right -= 1
        if many - 1 <= right:
            high = right
        elif many - 1 >= left:
            low = left
        else:
            return


def tighten(
    cover: Cover,
    stations: int,
    target: float,
    steps: tuple[int, float, float],
    way: Way,
    stops: Callable[[], bool] | None = None,
) -> float:
    """Lower the bound by subgradient steps (Held, Wolfe & Crowder 1974), each scaled by the weights.

    Parameters
    ----------
    cover : Cover
        The problem.
    stations : int
        The most rows that may be open, not more than there are.
    target : float
        What some choice covers.
    steps : tuple of int, float, float
        How many steps, and the first and last length of one (of the distance to ``target``); it falls by the same
        factor at each step.
    way : Way
        Where to begin; changed.
    stops : callable, optional
        Whether to stop before so many steps.

    Returns
    -------
    float
        The least bound of these steps, at the prices ``way.best``; infinite without a step.
    """
    order = np.arange(len(cover.start) - 1, dtype=np.int32)
    # The length of a step, the least bound, and the steps taken.
    state = np.array([steps[1], np.inf, 0.0])
    limits = (stations, target, (steps[2] / steps[1]) ** (1.0 / max(steps[0], 1)), steps[0])
    by_turns(lambda work: bool(_tightened(cover, limits, way, order, state, work)), stops)
    return float(state[1])


@compiled
def _tightened(
    cover: Cover, limits: tuple[int, float, float, int], way: Way, order: Numbers, state: Floats, work: int
) -> bool:
    stations, target, shrink, steps = limits
    groups = len(cover.weight)
    price, direction, total = way.price, way.direction, np.sum(cover.weight)
    times = np.empty(groups, np.int32)
    length, least, done = state[0], state[1], int(state[2])
    while done < steps and work > 0:
        done += 1
        work -= len(cover.group) + 2 * groups
        profit = profits(cover, price)
        put_first(profit, stations, order)
        bound = total - np.sum(price)
        times[:] = 0
        for row in order[:stations]:
            bound += profit[row]
            for at in range(cover.start[row], cover.start[row + 1]):
                times[cover.group[at]] += 1
        if bound < least:
            least = bound
            way.best[:] = price
        norm = 0.0
        for group in range(groups):
            slope = _NEW * (1 - times[group]) + (1.0 - _NEW) * direction[group]
            direction[group] = slope
            weight = cover.weight[group]
            if (slope > 0.0 and price[group] < weight) or (slope < 0.0 and price[group] > 0.0):
                norm += weight * slope * slope
        if norm == 0.0 or bound <= target:
            state[1] = least
            return False
        step = length * (bound - target) / norm
        for group in range(groups):
            weight = cover.weight[group]
            price[group] = min(max(price[group] + step * weight * direction[group], 0.0), weight)
        length *= shrink
    state[0], state[1], state[2] = length, least, done
    return done < steps


def bound_at(cover: Cover, stations: int, price: Floats) -> tuple[float, Floats]:
    """Return the bound at some prices, rounded up for the noise of its sums, and the profits of the rows.

    Parameters
    ----------
    cover, stations
        The problem; the most rows that may be open.
    price : Floats
        Of each group, from 0 to its weight.
    """
    profit = np.asarray(profits(cover, price), dtype=np.float64)
    first = np.sort(profit)[::-1][:stations]
    total = float(cover.weight.sum())
    return float((cover.weight - price).sum() + first.sum()) + _ROUNDING * total, profit
