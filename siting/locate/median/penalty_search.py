"""The second stage of the p-median: a penalty for persons beyond the cut-off, in its bound and in its search."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siting.domain.nouns import Floats
from siting.locate.deadline import Deadline
from siting.locate.median.branch_and_bound import Incumbent, Relaxation, local_optimum
from siting.locate.median.instance import FREE, INSIDE, MedianInstance, reduced
from siting.locate.median.interchange import chosen, least_saving
from siting.locate.median.lagrangian import Rounds, ascend
from siting.locate.median.median_search import MedianSearch
from siting.locate.median.oscillation import Pricing, oscillate
from siting.locate.tolerances import SUM_TOLERANCE

# The largest initial multiplier of a person, in longest walks.
_FIRST = 10.0
# The multiplier of persons beyond is found by golden section of its logarithm, from the longest walk to so many times
# it, in so many steps.
_UP_TO, _TRIALS = 1000.0, 6
_HURRIED = 10.0
_GOLDEN = 0.618033988749895
# Iterations of each bound, and passes of fixing by the constraint on persons beyond.
_ROUNDS, _PASSES = Rounds(100, 1.5, 20), 2
# Penalties start at so many times the multipliers of the bound.
_ABOVE = 1.5
# Perturbations after the bound, the most without improvement, and those between two checks of the criterion.
_PERTURBATIONS, _WITHOUT_GAIN, _PERTURBATIONS_TURN = 3000, 1000, 100
# The first step of the bound after a better choice was found.
_STEP_AGAIN = 0.3


@dataclass(frozen=True)
class BeyondPenalty:
    """The instances of the second stage: persons beyond, and seconds with a penalty for each person beyond.

    ``allowed`` persons may be beyond; ``limit`` is above that by more than rounding errors. A point with more persons
    must be served: in ``seconds`` it costs more than any walk, whatever the penalty. ``anybody`` tells whether other
    points exist.
    """

    beyond: MedianInstance
    seconds: Callable[[float], MedianInstance]
    allowed: float
    limit: float
    longest_s: float
    anybody: bool

    @property
    def longest(self) -> Floats:
        """The largest initial multiplier of each point."""
        priced = self.beyond.base > 0.0
        return np.where(priced, self.beyond.base * (_FIRST * self.longest_s), np.inf)


def relaxations(given: BeyondPenalty, most: int, incumbent: Incumbent, deadline: Deadline) -> tuple[Relaxation, ...]:
    r"""Return the relaxations of the second stage: persons beyond, and seconds with the best multiplier found.

    For any :math:`\mu \ge 0`, a choice with at most B persons beyond costs at least
    :math:`\min_x (\text{seconds} + \mu \cdot \text{beyond}) - \mu B`, which is a p-median again; it is concave in
    :math:`\mu`. If nobody may be beyond, the seconds suffice.
    """
    if not given.anybody:
        return (Relaxation(given.seconds(given.longest_s)),)
    state = np.zeros(given.beyond.sites, dtype=np.int8)
    left = most
    for _ in range(_PASSES):
        instance, free = reduced(given.beyond, state)
        left = most - int(np.count_nonzero(state == INSIDE))
        if left <= 0 or not len(free):
            break
        multipliers = middle(given.beyond, most, incumbent, given.beyond.base)
        found = ascend(instance, left, multipliers, given.limit, _ROUNDS, deadline.should_stop)
        state[free] = found.state

    def bound_at(logarithm: float) -> float:
        weight = float(np.exp(logarithm))
        instance, offset = given.seconds(weight), weight * given.allowed
        multipliers = middle(instance, most, incumbent, given.longest)
        goal = incumbent.goal + offset
        found = ascend(reduced(instance, state)[0], left, multipliers, goal, _ROUNDS, deadline.should_stop)
        # Of penalties that reach the goal, the least one has the smallest rounding errors.
        return min(float(found.bound) - offset, incumbent.goal)

    weight = given.longest_s * _HURRIED
    if not deadline.should_stop():
        weight = float(np.exp(_highest(bound_at, np.log(given.longest_s), np.log(given.longest_s * _UP_TO))))
    offset = weight * given.allowed * (1.0 + SUM_TOLERANCE)
    return Relaxation(given.beyond, limit=given.limit), Relaxation(given.seconds(weight), offset=offset)


def middle(instance: MedianInstance, most: int, incumbent: Incumbent, highest: Floats) -> Floats:
    """Return the mean of nearest and second nearest cost of the incumbent, bounded from above, as multipliers."""
    choice = chosen(instance, most, incumbent.sites)
    between: Floats = (np.minimum(choice.near_cost, highest) + np.minimum(choice.second_cost, highest)) / 2.0
    return between


def _highest(value: Callable[[float], float], low: float, high: float) -> float:
    """Return the maximum of a concave function by golden section search (Kiefer 1953)."""
    places = [high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)]
    values = [value(place) for place in places]
    for _ in range(_TRIALS):
        if values[0] >= values[1]:
            high = places[1]
            places = [high - _GOLDEN * (high - low), places[0]]
            values = [value(places[0]), values[0]]
        else:
            low = places[0]
            places = [places[1], low + _GOLDEN * (high - low)]
            values = [values[1], value(places[1])]
    return places[int(np.argmax(values))]


class PenaltySearch(MedianSearch):
    """Searches for the least seconds among choices that leave at most the allowed persons beyond.

    ``search`` has penalties that no saved seconds can outweigh.
    """

    def __init__(
        self, search: MedianInstance, most: int, incumbent: Incumbent, deadline: Deadline, penalty: BeyondPenalty
    ) -> None:
        super().__init__(search, most, incumbent, deadline)
        self._penalty = penalty
        # Slightly more than any walk, so that a point beyond differs from a served one.
        self._least = np.minimum(search.base, penalty.beyond.base * penalty.longest_s * (1.0 + 1e-3))
        self._prices: Floats | None = None

    def _root(self, relaxations: tuple[Relaxation, ...]) -> tuple[Floats, ...]:
        multipliers = [self._ascend(each, self._middle(each)) for each in relaxations[::-1]]
        self._prices = np.minimum(relaxations[-1].instance.base, _ABOVE * multipliers[0])
        if self._is_open and not self._deadline.should_stop() and self._search_near(_PERTURBATIONS):
            multipliers[0] = self._ascend(relaxations[-1], multipliers[0], _STEP_AGAIN)
        return tuple(multipliers[::-1])

    def _middle(self, relaxation: Relaxation) -> Floats:
        return middle(relaxation.instance, self._most, self.incumbent, self._penalty.longest)

    def _search_near(self, perturbations: int) -> bool:
        if self._prices is None:
            return super()._search_near(perturbations)
        given = np.flatnonzero(self._state == INSIDE)
        left = self._most - len(given)
        if not 0 < left < np.count_nonzero(self._state == FREE):
            return False
        people = self._penalty.beyond.base
        prices = np.where(people > 0.0, np.maximum(self._prices, self._least), self._search.base)
        instance, free = reduced(self._search._replace(base=prices), self._state)
        people = np.where(instance.base == prices, people, 0.0)
        pricing = Pricing(people, self._least, self._penalty.allowed * (1.0 + SUM_TOLERANCE))
        sites = local_optimum(instance, left, np.flatnonzero(np.isin(free, self.incumbent.sites))[:left])
        choice = chosen(instance, len(sites), sites)
        least, better, last = float(least_saving(instance, choice)), False, 0
        for begun in range(0, perturbations, _PERTURBATIONS_TURN):
            turn = min(_PERTURBATIONS_TURN, perturbations - begun)
            found = oscillate(instance, choice, pricing, turn, least, self._random, self._deadline.should_stop)
            if np.isfinite(found.walked) and self.incumbent.offer(np.concatenate([given, free[found.opened]])):
                better, last = True, begun
                self._tell(self.bound)
            if self._deadline.should_stop() or begun >= last + _WITHOUT_GAIN:
                break
        self._prices = np.where(people > 0.0, instance.base, self._prices)
        return better
