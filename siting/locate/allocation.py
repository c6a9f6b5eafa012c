"""Stations or money shared out among parts: a Lagrangian price over the parts' coverage curves.

Each part has a curve: for some amounts (stations, or money) a choice, what it covers, and a bound. The amount of the
whole couples the parts; its Lagrangian multiplier is the price, of a station or of a yuan. At a price every part
decides by itself, which gives both a bound of the whole and amounts for all parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints

# Halvings of the interval that holds the price.
_STEPS: Final = 200


@dataclass(frozen=True)
class PartCurve:
    """What a part can cover with how many stations, or how much money.

    Parameters
    ----------
    amount : ndarray
        Ascending, the first is the least that the part needs.
    objective : ndarray
        What a known choice of at most this amount covers; ascending.
    bound : ndarray
        What no choice of at most this amount exceeds; ascending. The last holds for any amount that the whole has.
    """

    amount: Floats
    objective: Floats
    bound: Floats


@dataclass(frozen=True)
class Allocation:
    """The amount of each part, what all cover together, and the bound of the whole.

    ``point`` is the row of each part's curve, ``price`` the Lagrangian multiplier: persons for one
    more station or yuan.
    """

    point: Ints
    amount: Floats
    objective: float
    bound: float
    price: float


def share_out(curves: Sequence[PartCurve], total: float, *, whole: bool = True) -> Allocation:
    r"""Share out stations or money so that the parts cover most together, and bound what any sharing covers.

    With f_k(n) what part k covers at most with the amount n, and u_k(n) ≥ f_k(n) its bound,

    .. math::

        \max_{\sum n_k \le p} \sum_k f_k(n_k)
        \le \min_{\lambda \ge 0} \lambda p + \sum_k \max_n (u_k(n) - \lambda n)

    where λ is the price. Amounts between two points of a curve have the bound of the next point.

    Parameters
    ----------
    curves : sequence of PartCurve
        The parts.
    total : float
        The amount of the whole, p.
    whole : bool
        Amounts are whole numbers (stations): one point's bound is then needed from one more than the point before.

    Returns
    -------
    Allocation
        The choice follows the upper concave envelope of each curve, in the order of what the amount adds; what is left
        then goes, one point at a time, to the part where it adds most.

    Raises
    ------
    ValueError
        The parts need more than there is.

    Notes
    -----
    Sources: Everett, H. (1963), Generalized Lagrange multiplier method, Operations Research 11, 399-417; Fox, B.
    (1966), Discrete optimization via marginal analysis, Management Science 13, 210-216.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.locate.allocation import PartCurve, share_out
    >>> town = PartCurve(np.array([0, 1, 2]), np.array([0.0, 60.0, 90.0]), np.array([0.0, 60.0, 90.0]))
    >>> village = PartCurve(np.array([0, 1]), np.array([0.0, 40.0]), np.array([0.0, 40.0]))
    >>> found = share_out([town, village], 2)
    >>> found.amount.tolist(), found.objective, round(found.bound, 6)
    ([1.0, 1.0], 100.0, 100.0)
    """
    least = sum(float(curve.amount[0]) for curve in curves)
    if least > total:
        message = f"the parts need {least:g}, and there are {total:g}"
        raise ValueError(message)
    point = _by_gain(curves, total)
    amount = np.array([float(curve.amount[at]) for curve, at in zip(curves, point, strict=True)])
    objective = float(sum(curve.objective[at] for curve, at in zip(curves, point, strict=True)))
    bound, price = _bound(curves, total, whole=whole)
    return Allocation(np.array(point, dtype=np.int64), amount, objective, max(bound, objective), price)


def _by_gain(curves: Sequence[PartCurve], total: float) -> list[int]:
    """Return the point of each part: the steepest steps first, as long as they fit."""
    point = [0] * len(curves)
    left = total - sum(float(curve.amount[0]) for curve in curves)
    steps = [_steepest(curve, 0, left) for curve in curves]
    while True:
        part = max(range(len(curves)), key=lambda at: (steps[at][0], -at), default=-1)
        if part < 0 or steps[part][0] <= 0.0:
            return point
        target = steps[part][1]
        used = float(curves[part].amount[target] - curves[part].amount[point[part]])
        if used <= left:
            point[part], left = target, left - used
        # What does not fit any more is replaced by the steepest step that does.
        steps[part] = _steepest(curves[part], point[part], left)


def _steepest(curve: PartCurve, point: int, left: float) -> tuple[float, int]:
    """Return the most that a unit adds in one step from a point, and where the step ends; 0 if none fits."""
    more = curve.amount[point + 1 :] - curve.amount[point]
    fits = int(np.searchsorted(more, left, side="right"))
    if not fits:
        return 0.0, point
    slope = (curve.objective[point + 1 : point + 1 + fits] - curve.objective[point]) / more[:fits]
    best = int(np.argmax(slope))
    return float(slope[best]), point + 1 + best


def _bound(curves: Sequence[PartCurve], total: float, *, whole: bool) -> tuple[float, float]:
    """Return the least Lagrangian bound, and its price."""
    # The least amount for which the bound of a point is needed: more than the point before has.
    fewest = [np.concatenate([[0.0], curve.amount[:-1] + (1.0 if whole else 0.0)]) for curve in curves]
    steps = [float(step) for curve in curves for step in np.diff(curve.amount) if step > 0]
    low, high = 0.0, (max((float(curve.bound[-1]) for curve in curves), default=0.0) + 1.0) / min([1.0, *steps])
    best, price = np.inf, 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        value, used = middle * total, 0.0
        for curve, needed in zip(curves, fewest, strict=True):
            worth = curve.bound - middle * needed
            at = int(np.argmax(worth))
            value, used = value + float(worth[at]), used + float(needed[at])
        if value < best:
            best, price = value, middle
        low, high = (middle, high) if used > total else (low, middle)
    free = float(sum(float(curve.bound.max()) for curve in curves))
    return (free, 0.0) if free <= best else (best, price)
