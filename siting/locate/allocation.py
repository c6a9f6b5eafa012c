"""Stations shared out among parts: a Lagrangian price on stations over the parts' coverage curves.

Each part has a curve: for some numbers of stations a choice, what it covers, and a bound. The number of stations of the
whole couples the parts; its Lagrangian multiplier is the price of a station. At a price every part decides by itself,
which gives both a bound of the whole and numbers for all parts.
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
    """What a part can cover with how many stations.

    Parameters
    ----------
    stations : ndarray of int
        Ascending, the first is the least that the part needs.
    objective : ndarray
        What a known choice of at most so many stations covers; ascending.
    bound : ndarray
        What no choice of at most so many stations exceeds; ascending. The last holds for any number of stations that
        the whole has.
    """

    stations: Ints
    objective: Floats
    bound: Floats


@dataclass(frozen=True)
class Allocation:
    """Stations of each part, what they cover together, and the bound of the whole.

    ``point`` is the row of each part's curve, ``price`` the Lagrangian multiplier: persons for one more station.
    """

    point: Ints
    stations: Ints
    objective: float
    bound: float
    price: float


def share_out(curves: Sequence[PartCurve], stations: int) -> Allocation:
    r"""Share out stations so that the parts cover most together, and bound what any sharing covers.

    With f_k(n) what part k covers at most with n stations, and u_k(n) ≥ f_k(n) its bound,

    .. math::

        \max_{\sum n_k \le p} \sum_k f_k(n_k)
        \le \min_{\lambda \ge 0} \lambda p + \sum_k \max_n (u_k(n) - \lambda n)

    where λ is the price of a station. Numbers between two points of a curve have the bound of the next point.

    Parameters
    ----------
    curves : sequence of PartCurve
        The parts.
    stations : int
        The most stations of the whole, p.

    Returns
    -------
    Allocation
        The choice follows the upper concave envelope of each curve, in the order of what a station adds; the stations
        that are left then go, one point at a time, to the part where each adds most.

    Raises
    ------
    ValueError
        The parts need more stations than there are.

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
    >>> found.stations.tolist(), found.objective, round(found.bound, 6)
    ([1, 1], 100.0, 100.0)
    """
    least = sum(int(curve.stations[0]) for curve in curves)
    if least > stations:
        message = f"the parts need {least} stations, and there are {stations}"
        raise ValueError(message)
    point = _by_gain(curves, stations)
    number = np.array([int(curve.stations[at]) for curve, at in zip(curves, point, strict=True)], dtype=np.int64)
    objective = float(sum(curve.objective[at] for curve, at in zip(curves, point, strict=True)))
    bound, price = _bound(curves, stations)
    return Allocation(np.array(point, dtype=np.int64), number, objective, max(bound, objective), price)


def _by_gain(curves: Sequence[PartCurve], stations: int) -> list[int]:
    """Return the point of each part: the steepest steps first, as long as they fit."""
    point = [0] * len(curves)
    left = stations - sum(int(curve.stations[0]) for curve in curves)
    steps = [_steepest(curve, 0, left) for curve in curves]
    while True:
        part = max(range(len(curves)), key=lambda at: (steps[at][0], -at), default=-1)
        if part < 0 or steps[part][0] <= 0.0:
            return point
        target = steps[part][1]
        used = int(curves[part].stations[target] - curves[part].stations[point[part]])
        if used <= left:
            point[part], left = target, left - used
        # What does not fit any more is replaced by the steepest step that does.
        steps[part] = _steepest(curves[part], point[part], left)


def _steepest(curve: PartCurve, point: int, left: int) -> tuple[float, int]:
    """Return the most that a station adds in one step from a point, and where the step ends; 0 if none fits."""
    more = curve.stations[point + 1 :] - curve.stations[point]
    fits = int(np.searchsorted(more, left, side="right"))
    if not fits:
        return 0.0, point
    slope = (curve.objective[point + 1 : point + 1 + fits] - curve.objective[point]) / more[:fits]
    best = int(np.argmax(slope))
    return float(slope[best]), point + 1 + best


def _bound(curves: Sequence[PartCurve], stations: int) -> tuple[float, float]:
    """Return the least Lagrangian bound, and its price."""
    # The fewest stations for which the bound of a point is needed: one more than the point before has.
    fewest = [np.concatenate([[0], curve.stations[:-1] + 1]) for curve in curves]
    low, high = 0.0, max((float(curve.bound[-1]) for curve in curves), default=0.0) + 1.0
    best, price = np.inf, 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        value, used = middle * stations, 0
        for curve, needed in zip(curves, fewest, strict=True):
            worth = curve.bound - middle * needed
            at = int(np.argmax(worth))
            value, used = value + float(worth[at]), used + int(needed[at])
        if value < best:
            best, price = value, middle
        low, high = (middle, high) if used > stations else (low, middle)
    free = float(sum(float(curve.bound.max()) for curve in curves))
    return (free, 0.0) if free <= best else (best, price)
