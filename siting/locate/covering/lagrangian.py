"""Lagrangian bounds: of maximal covering by subgradient descent, of set covering by subgradient ascent.

Group g counts ``w_g`` if it is covered (``y_g = 1``) by an open site (``x_r = 1``). The program

    maximise   Σ_g w_g y_g   subject to   y_g ≤ Σ_{r covers g} x_r for each g,   Σ_r x_r ≤ p

relaxes its first constraints, each with a multiplier ``0 ≤ u_g ≤ w_g`` (Fisher 1981; Galvão & ReVelle 1996). The
relaxed problem is solved by inspection: every group counts ``w_g − u_g``, and the p sites with the greatest profits
``Σ_{g covered by r} u_g`` are open. The sum is a bound for any multipliers; the smallest one is that of the linear
relaxation.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from siting.compiled import by_turns, compiled
from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import Cover, CoveringInstance, Numbers
from siting.locate.problem import Bools
from siting.locate.tolerances import BOUND_ROUNDING, NEAR_ZERO

# The share of the new subgradient in each direction (Camerini, Fratta & Maffioli 1975); the rest is the last direction.
_NEW_SHARE: Final = 0.15

# The share of the last direction in each step; the number of steps without gain (relative to the possible gain) after
# which steps become shorter, and the factor: found by experiments with 600 to 10,000 sites.
_MEMORY: Final = 0.8
_PATIENCE: Final = 20
_SLOWER: Final = 0.7
_GAIN: Final = 1e-4


class SubgradientState(NamedTuple):
    """Multipliers of the groups: the present ones, the direction of the last step, and those of the best bound."""

    multipliers: Floats
    direction: Floats
    best: Floats


def subgradient_from(multipliers: Floats) -> SubgradientState:
    """Return the state for given initial multipliers."""
    return SubgradientState(multipliers.copy(), np.zeros_like(multipliers), multipliers.copy())


@compiled
def profits(cover: Cover, multipliers: Floats) -> Floats:
    """Return for each site the sum of the multipliers of its groups."""
    profit = np.empty(len(cover.start) - 1)
    for site in range(len(profit)):
        total = 0.0
        for at in range(cover.start[site], cover.start[site + 1]):
            total += multipliers[cover.group[at]]
        profit[site] = total
    return profit


@compiled
def partition_greatest(profit: Floats, many: int, order: Numbers) -> None:
    """Reorder sites so that the ``many`` greatest profits come first (Hoare 1961)."""
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


def subgradient_descent(
    cover: Cover,
    stations: int,
    target: float,
    steps: tuple[int, float, float],
    subgradient: SubgradientState,
    should_stop: Callable[[], bool] | None = None,
    *,
    budget: float = np.inf,
) -> float:
    """Lower the bound by subgradient steps (Held, Wolfe & Crowder 1974), each scaled by the weights.

    Parameters
    ----------
    cover : Cover
        The problem.
    stations : int
        The largest number of open sites, at most the number of sites.
    target : float
        The weight that some choice covers.
    steps : tuple of int, float, float
        The number of steps, and the first and last length of one (relative to the distance to ``target``); it falls by
        the same factor at each step.
    subgradient : SubgradientState
        The initial state; it is changed.
    should_stop : callable, optional
        Whether to stop before the last step.
    budget : float, default inf
        The most that the open sites may cost together; their number then does not count.

    Returns
    -------
    float
        The least bound of these steps, at the multipliers ``subgradient.best``; infinite without a step.
    """
    order = np.arange(len(cover.start) - 1, dtype=np.int32)
    # The length of a step, the least bound, and the steps taken.
    state = np.array([steps[1], np.inf, 0.0])
    limits = (stations, budget, target, (steps[2] / steps[1]) ** (1.0 / max(steps[0], 1)), steps[0])
    by_turns(lambda work: bool(_descent_steps(cover, limits, subgradient, order, state, work)), should_stop)
    return float(state[1])


@compiled
def _open_best(
    cover: Cover, profit: Floats, limit: tuple[int, float], order: Numbers, times: Floats, bound: float
) -> float:
    """Add the profit of the best sites within the limit to the bound, and how often each group is covered."""
    stations, budget = limit
    if budget == np.inf:
        partition_greatest(profit, stations, order)
        for site in order[:stations]:
            bound += profit[site]
            for at in range(cover.start[site], cover.start[site + 1]):
                times[cover.group[at]] += 1.0
        return bound
    # A continuous knapsack: of one site a part is open.
    closed = np.ones(len(profit))
    room = (np.empty(len(profit), np.int64), np.zeros(len(profit)))
    bound += _leave_out(cover.cost, profit, budget, room, closed)
    for site in range(len(profit)):
        if closed[site] < 1.0:
            for at in range(cover.start[site], cover.start[site + 1]):
                times[cover.group[at]] += 1.0 - closed[site]
    return bound


@compiled
def _descent_steps(
    cover: Cover,
    limits: tuple[int, float, float, float, int],
    subgradient: SubgradientState,
    order: Numbers,
    state: Floats,
    work: int,
) -> bool:
    stations, budget, target, shrink, steps = limits
    groups = len(cover.weight)
    multipliers, direction, total = subgradient.multipliers, subgradient.direction, np.sum(cover.weight)
    times = np.empty(groups)
    length, least, done = state[0], state[1], int(state[2])
    while done < steps and work > 0:
        done += 1
        work -= len(cover.group) + 2 * groups
        times[:] = 0.0
        profit = profits(cover, multipliers)
        bound = _open_best(cover, profit, (stations, budget), order, times, total - np.sum(multipliers))
        if bound < least:
            least = bound
            subgradient.best[:] = multipliers
        norm = 0.0
        for group in range(groups):
            slope = _NEW_SHARE * (1.0 - times[group]) + (1.0 - _NEW_SHARE) * direction[group]
            direction[group] = slope
            weight = cover.weight[group]
            if (slope > 0.0 and multipliers[group] < weight) or (slope < 0.0 and multipliers[group] > 0.0):
                norm += weight * slope * slope
        if norm == 0.0 or bound <= target:
            state[1] = least
            return False
        step = length * (bound - target) / norm
        for group in range(groups):
            weight = cover.weight[group]
            multipliers[group] = min(max(multipliers[group] + step * weight * direction[group], 0.0), weight)
        length *= shrink
    state[0], state[1], state[2] = length, least, done
    return done < steps


def bound_at(cover: Cover, stations: int, multipliers: Floats) -> tuple[float, Floats]:
    """Return the bound at some multipliers, rounded up by the error of its sums, and the profits of the sites.

    Parameters
    ----------
    cover, stations
        The problem; the largest number of open sites.
    multipliers : Floats
        For each group, from 0 to its weight.
    """
    profit = np.asarray(profits(cover, multipliers), dtype=np.float64)
    first = np.sort(profit)[::-1][:stations]
    total = float(cover.weight.sum())
    return float((cover.weight - multipliers).sum() + first.sum()) + BOUND_ROUNDING * total, profit


def bound_within(cover: Cover, budget: float, multipliers: Floats) -> tuple[float, Floats, float]:
    r"""Return the bound on choices within a budget, rounded up, the reduced profits of the sites, and a cost's worth.

    With multipliers :math:`u` of the groups, from 0 to their weights, the worth :math:`\theta` of a unit of cost (the
    dual of the continuous knapsack) and the profits :math:`\pi_j = \sum_{g \in G(j)} u_g`, no choice covers more than

    .. math::

        \sum_g (w_g - u_g) + \theta B + \sum_j \max(0, \pi_j - \theta c_j)

    The reduced profits are :math:`\pi_j - \theta c_j`.
    """
    profit = np.asarray(profits(cover, multipliers), dtype=np.float64)
    paid = cover.cost > 0
    if budget > 0:
        _, worth = slack_value(profit, cover.cost, budget)
    else:
        worth = float(np.max(profit[paid] / cover.cost[paid], initial=0.0))
    reduced = profit - worth * cover.cost
    # Any worth gives a valid bound: that of the knapsack is the best.
    value = worth * budget + float(np.maximum(reduced, 0.0).sum())
    size = float(cover.weight.sum()) + worth * (budget + float(cover.cost.sum()))
    return float((cover.weight - multipliers).sum()) + value + BOUND_ROUNDING * size, reduced, worth


class AscentState(NamedTuple):
    """The state of the ascent: the multipliers of the groups, the best so far, and the direction.

    ``state`` holds the best bound, the step length and the number of steps without gain.
    """

    now: Floats
    best: Floats
    direction: Floats
    state: Floats

    @property
    def bound(self) -> float:
        """The best bound so far, as the steps computed it."""
        return float(self.state[0])

    @property
    def pace(self) -> float:
        """The length of steps, initially 1."""
        return float(self.state[1])


def first_multipliers(instance: CoveringInstance) -> AscentState:
    """Return the initial state: for each group the least share of the cost of a site that covers it."""
    cover = instance.cover
    share = cover.cost / np.maximum(np.diff(cover.start), 1)
    if instance.slack > 0:
        carried = np.zeros(cover.sites)
        np.add.at(carried, np.repeat(np.arange(cover.sites), np.diff(cover.start)), cover.weight[cover.group])
        share = cover.cost / np.maximum(carried, 1.0)
    least = np.minimum.reduceat(share[cover.site], cover.group_start[:-1]) if cover.groups else np.zeros(0)
    if instance.slack > 0:
        least = least * cover.weight
    return AscentState(least, least.copy(), np.zeros(instance.groups), np.array([-np.inf, 1.0, 0.0]))


def subgradient_ascent(
    instance: CoveringInstance,
    found: AscentState,
    upper: float,
    steps: int,
    should_stop: Callable[[], bool] | None = None,
) -> None:
    """Take some steps from the last state, fewer if ``should_stop`` says so."""
    cover, left = instance.cover, steps
    scale = np.ones(cover.groups) if instance.slack <= 0 else cover.weight / cover.weight.mean()

    def climb(work: int) -> bool:
        nonlocal left
        many = min(max(work // max(len(cover.group) + cover.groups, 1), 1), left)
        left -= many
        return bool(_ascent_steps(cover, (scale, instance.must), (instance.slack, upper), found, many)) and left > 0

    by_turns(climb, should_stop)


def proved_bound(instance: CoveringInstance, multipliers: Floats) -> tuple[float, Floats]:
    r"""Return the bound of some multipliers, rounded down by the possible float error, and the reduced costs.

    With multipliers :math:`u \ge 0` of the groups, no choice costs less than

    .. math::

        \sum_j \min(0, c_j - \sum_{g \in G(j)} u_g) + \sum_g u_g
        - \max \{ \sum_g u_g z_g : \sum_g w_g z_g \le s, \; 0 \le z \le 1 \}

    where z are the groups left uncovered (0 for those that must be covered) and s the slack.
    """
    cover = instance.cover
    asked = np.add.reduceat(np.append(multipliers[cover.group], 0.0), cover.start[:-1])
    reduced = cover.cost - np.where(np.diff(cover.start) > 0, asked, 0.0)
    free = ~instance.must
    left, _ = slack_value(multipliers[free], cover.weight[free], instance.slack)
    terms = (np.minimum(reduced, 0.0).sum(), multipliers.sum(), -left)
    # Each reduced cost holds all multipliers of its site.
    size = float(np.abs(cover.cost).sum() + multipliers[cover.group].sum() + multipliers.sum())
    return float(sum(terms)) - NEAR_ZERO * max(min(size, abs(terms[0]) + 2 * terms[1] + 1.0), 1.0), reduced


def slack_value(multiplier: Floats, weight: Floats, slack: float) -> tuple[float, float]:
    """Return the greatest value of uncovered groups within the slack (a continuous knapsack), and its threshold."""
    if slack <= 0 or not len(weight):
        return 0.0, 0.0
    room = (np.empty(len(weight), dtype=np.int64), np.zeros(len(weight)))
    threshold = float(knapsack_threshold(multiplier, weight, slack, *room))
    return float(threshold * slack + np.maximum(multiplier - threshold * weight, 0.0).sum()), threshold


@compiled
def knapsack_threshold(multiplier: Floats, weight: Floats, slack: float, place: Ints, ratio: Floats) -> float:
    """Return the smallest threshold of value by weight above which all groups fit into the slack (quickselect)."""
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
        # Above the pivot: [low, more); equal to it: [more, less).
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
def _relaxed(cover: Cover, now: Floats, missing: Floats) -> float:
    """Return the bound without the slack; ``missing`` is the violation of the constraint of each group."""
    start, group, cost = cover.start, cover.group, cover.cost
    bound = 0.0
    for each in range(len(now)):
        missing[each] = 1.0
        bound += now[each]
    for site in range(len(start) - 1):
        reduced = cost[site]
        for at in range(start[site], start[site + 1]):
            reduced -= now[group[at]]
        if reduced < 0:
            bound += reduced
            for at in range(start[site], start[site + 1]):
                missing[group[at]] -= 1.0
    return bound


@compiled
def _leave_out(weight: Floats, value: Floats, slack: float, room: tuple[Ints, Floats], missing: Floats) -> float:
    """Leave the groups with the most value by weight uncovered, one of them in part; return their value."""
    threshold: float = knapsack_threshold(value, weight, slack, room[0], room[1])
    left: float = slack
    total = 0.0
    for each in range(len(weight)):
        if value[each] > threshold * weight[each]:
            total += value[each]
            missing[each] -= 1.0
            left -= weight[each]
    total += threshold * left
    for each in range(len(weight)):
        if left > 0 and threshold > 0 and value[each] == threshold * weight[each] and weight[each] > 0:
            part = min(1.0, left / weight[each])
            missing[each] -= part
            left -= part * weight[each]
    return total


@compiled
def _step(found: AscentState, missing: Floats, scale: Floats, upper: float, bound: float) -> bool:
    """Take a step; tell whether a direction was left."""
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
    length = state[1] * max(upper - bound, NEAR_ZERO * upper) / norm
    for each in range(len(now)):
        now[each] = max(0.0, now[each] + length * scale[each] * direction[each])
    return True


@compiled
def _ascent_steps(
    cover: Cover, numbers: tuple[Floats, Bools], limits: tuple[float, float], found: AscentState, steps: int
) -> bool:
    """Take some steps; tell whether a direction was left."""
    scale, must = numbers
    slack, upper = limits
    groups = len(scale)
    missing, room = np.empty(groups), (np.empty(groups, np.int64), np.zeros(groups))
    weight = np.where(must, 0.0, cover.weight)
    for _ in range(steps):
        bound = _relaxed(cover, found.now, missing)
        if slack > 0:
            bound -= _leave_out(weight, np.where(must, 0.0, found.now), slack, room, missing)
        if not _step(found, missing, scale, upper, bound):
            return False
    return True
