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
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import HAIR, CoveringInstance
from siting.locate.covering.reduction import Cover, Numbers
from siting.locate.problem import Bools

# How much of each direction is new (Camerini, Fratta & Maffioli 1975): the rest is what was learnt before.
_NEW: Final = 0.15
# Sums of a million floats are off by less than this share.
_ROUNDING: Final = 1e-10
_Lists = tuple[Ints, Numbers, Floats, Floats]

# How much of the last direction each step keeps; after how many steps without gain (a part of what there is to gain)
# they become shorter, and by how much: found by trials on problems of 600 to 10,000 rows.
_MEMORY: Final = 0.8
_PATIENCE: Final = 20
_SLOWER: Final = 0.7
_GAIN: Final = 1e-4


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


class Multipliers(NamedTuple):
    """Multipliers of the groups, the best so far, and the direction of the ascent.

    ``state`` holds the best bound, the pace and how many steps there were without gain.
    """

    now: Floats
    best: Floats
    direction: Floats
    state: Floats

    @property
    def bound(self) -> float:
        """The best bound met, as the steps added it up."""
        return float(self.state[0])

    @property
    def pace(self) -> float:
        """The length of steps, 1 at first."""
        return float(self.state[1])


def first_multipliers(core: CoveringInstance) -> Multipliers:
    """Return where the ascent begins: each group asks for what its cheapest row takes from each of its groups."""
    share = core.cost / np.maximum(np.diff(core.start), 1)
    if core.slack > 0:
        carried = np.zeros(core.rows)
        np.add.at(carried, np.repeat(np.arange(core.rows), np.diff(core.start)), core.weight[core.group])
        share = core.cost / np.maximum(carried, 1.0)
    least = np.minimum.reduceat(share[core.row], core.row_start[:-1]) if core.groups else np.zeros(0)
    if core.slack > 0:
        least = least * core.weight
    return Multipliers(least, least.copy(), np.zeros(core.groups), np.array([-np.inf, 1.0, 0.0]))


def ascend(
    core: CoveringInstance, found: Multipliers, upper: float, steps: int, stops: Callable[[], bool] | None = None
) -> None:
    """Take some steps from where the last ones ended, fewer where ``stops`` says so."""
    scale = np.ones(core.groups) if core.slack <= 0 else core.weight / core.weight.mean()
    lists = (core.start, core.group, core.weight, core.cost)
    left = steps

    def climb(work: int) -> bool:
        nonlocal left
        many = min(max(work // max(len(core.group) + core.groups, 1), 1), left)
        left -= many
        return bool(_ascend(lists, (scale, core.must), (core.slack, upper), found, many)) and left > 0

    by_turns(climb, stops)


def proved(core: CoveringInstance, multipliers: Floats) -> tuple[float, Floats]:
    r"""Return the bound of some multipliers, rounded down by what floats may be off, and the reduced costs.

    With multipliers :math:`u \ge 0` of the groups, no choice costs less than

    .. math::

        \sum_j \min(0, c_j - \sum_{g \in G(j)} u_g) + \sum_g u_g
        - \max \{ \sum_g u_g z_g : \sum_g w_g z_g \le s, \; 0 \le z \le 1 \}

    where z are the groups left uncovered (0 for those that must be covered) and s the slack.
    """
    asked = np.add.reduceat(np.append(multipliers[core.group], 0.0), core.start[:-1])
    reduced = core.cost - np.where(np.diff(core.start) > 0, asked, 0.0)
    free = ~core.must
    left, _ = spared(multipliers[free], core.weight[free], core.slack)
    terms = (np.minimum(reduced, 0.0).sum(), multipliers.sum(), -left)
    # Each reduced cost holds all multipliers of its row.
    size = float(np.abs(core.cost).sum() + multipliers[core.group].sum() + multipliers.sum())
    return float(sum(terms)) - HAIR * max(min(size, abs(terms[0]) + 2 * terms[1] + 1.0), 1.0), reduced


def spared(multiplier: Floats, weight: Floats, slack: float) -> tuple[float, float]:
    """Return the most that groups left uncovered can be worth within the slack, in parts, and their price by weight."""
    if slack <= 0 or not len(weight):
        return 0.0, 0.0
    room = (np.empty(len(weight), dtype=np.int64), np.zeros(len(weight)))
    price = float(_price(multiplier, weight, slack, *room))
    return float(price * slack + np.maximum(multiplier - price * weight, 0.0).sum()), price


@compiled
def _price(multiplier: Floats, weight: Floats, slack: float, place: Ints, ratio: Floats) -> float:
    """Return the least price at which the groups worth more by weight fit into the slack (quickselect)."""
    count = 0
    for each in range(len(weight)):
        if multiplier[each] > 0 and weight[each] > 0:
            place[count] = each
            ratio[each] = multiplier[each] / weight[each]
            count += 1
    low, high, used = 0, count, 0.0
    while low < high:
        one, two, three = ratio[place[low]], ratio[place[(low + high) // 2]], ratio[place[high - 1]]
        pivot = max(min(one, two), min(max(one, two), three))
        # Worth more than the pivot: [low, more); as much: [more, less).
        more, at, less, heavy, equal = low, low, high, 0.0, 0.0
        while at < less:
            each = place[at]
            if ratio[each] > pivot:
                heavy += weight[each]
                place[at], place[more] = place[more], each
                more += 1
                at += 1
            elif ratio[each] < pivot:
                less -= 1
                place[at], place[less] = place[less], each
            else:
                equal += weight[each]
                at += 1
        if used + heavy > slack:
            high = more
        elif used + heavy + equal > slack:
            return float(pivot)
        else:
            used += heavy + equal
            low = less
    return 0.0


@compiled
def _relaxed(lists: _Lists, now: Floats, missing: Floats) -> float:
    """Return the bound without what may stay uncovered; ``missing`` is by how much each group's row is not kept to."""
    start, group, _, cost = lists
    bound = 0.0
    for each in range(len(now)):
        missing[each] = 1.0
        bound += now[each]
    for row in range(len(start) - 1):
        reduced = cost[row]
        for at in range(start[row], start[row + 1]):
            reduced -= now[group[at]]
        if reduced < 0:
            bound += reduced
            for at in range(start[row], start[row + 1]):
                missing[group[at]] -= 1.0
    return bound


@compiled
def _leave_out(weight: Floats, worth: Floats, slack: float, room: tuple[Ints, Floats], missing: Floats) -> float:
    """Leave the groups out that are worth most by weight, one of them in part; return what they are worth."""
    price: float = _price(worth, weight, slack, room[0], room[1])
    left: float = slack
    total = 0.0
    for each in range(len(weight)):
        if worth[each] > price * weight[each]:
            total += worth[each]
            missing[each] -= 1.0
            left -= weight[each]
    total += price * left
    for each in range(len(weight)):
        if left > 0 and price > 0 and worth[each] == price * weight[each] and weight[each] > 0:
            part = min(1.0, left / weight[each])
            missing[each] -= part
            left -= part * weight[each]
    return total


@compiled
def _step(found: Multipliers, missing: Floats, scale: Floats, upper: float, bound: float) -> bool:
    """Take a step; tell whether there was anywhere to go."""
    now, best, direction, state = found
    state[2] = 0.0 if bound > state[0] + _GAIN * max(upper - state[0], 0.0) else state[2] + 1.0
    if bound > state[0]:
        state[0] = bound
        best[:] = now
    if state[2] >= _PATIENCE:
        state[1] *= _SLOWER
        state[2] = 0.0
    norm = 0.0
    for each in range(len(now)):
        direction[each] = (1.0 - _MEMORY) * missing[each] + _MEMORY * direction[each]
        if direction[each] > 0 or now[each] > 0:
            norm += scale[each] * direction[each] * direction[each]
    if norm <= 0:
        return False
    length = state[1] * max(upper - bound, HAIR * upper) / norm
    for each in range(len(now)):
        now[each] = max(0.0, now[each] + length * scale[each] * direction[each])
    return True


@compiled
def _ascend(
    lists: _Lists, numbers: tuple[Floats, Bools], limits: tuple[float, float], found: Multipliers, steps: int
) -> bool:
    """Take some steps; tell whether there was anywhere to go."""
    scale, must = numbers
    slack, upper = limits
    groups = len(scale)
    missing, room = np.empty(groups), (np.empty(groups, np.int64), np.zeros(groups))
    weight = np.where(must, 0.0, lists[2])
    for _ in range(steps):
        bound = _relaxed(lists, found.now, missing)
        if slack > 0:
            bound -= _leave_out(weight, np.where(must, 0.0, found.now), slack, room, missing)
        if not _step(found, missing, scale, upper, bound):
            return False
    return True
