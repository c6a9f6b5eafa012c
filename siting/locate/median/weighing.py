"""What a person beyond the cut-off weighs, so that the bound of the second stage is best."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siting.domain.nouns import Floats
from siting.locate.median.choose import Watch
from siting.locate.median.core import INSIDE, Core, shrunk
from siting.locate.median.dual import Rounds, ascend
from siting.locate.median.interchange import chosen
from siting.locate.median.tree import Incumbent, Relaxation

# In longest walks, what a person pays at most when the bound begins.
_FIRST = 10.0
# The seconds that a person beyond may weigh are sought, by golden section of their logarithm, from the cut-off to so
# many times it, in so many steps.
_UP_TO, _TRIALS = 1000.0, 6
_HURRIED = 10.0
_GOLDEN = 0.618033988749895
# Rounds of each bound, and how often those who are beyond are bounded on what is left, to fix sites.
_ROUNDS, _PASSES = Rounds(100, 1.5, 20), 2
# Sums of persons may differ by such a share and still be the same.
SAME = 1e-12


@dataclass(frozen=True)
class Weighing:
    """The cores of the second stage: that of who is beyond, and that of seconds when a person beyond weighs so many.

    ``allowed`` are the persons who may be beyond, ``limit`` is above that by more than sums are uncertain. Whoever is
    more than that at one point weighs, in ``seconds``, more than any walk whatever the weight of the others;
    ``anybody`` tells whether there are others.
    """

    beyond: Core
    seconds: Callable[[float], Core]
    allowed: float
    limit: float
    longest_s: float
    anybody: bool

    @property
    def longest(self) -> Floats:
        """What each point pays at most when the bound begins."""
        priced = self.beyond.base > 0.0
        return np.where(priced, self.beyond.base * (_FIRST * self.longest_s), np.inf)


def relaxations(given: Weighing, most: int, incumbent: Incumbent, watch: Watch) -> tuple[Relaxation, ...]:
    r"""Return what bounds the second stage: who is beyond, and the seconds with the best multiplier found.

    For any :math:`\mu \ge 0`, who leaves no more than B persons beyond walks at least
    :math:`\min_x (\text{seconds} + \mu \cdot \text{beyond}) - \mu B`, which is a p-median again; it is concave in
    :math:`\mu`. Where nobody may be beyond, the seconds alone say all.
    """
    if not given.anybody:
        return (Relaxation(given.seconds(given.longest_s)),)
    state = np.zeros(given.beyond.sites, dtype=np.int8)
    left = most
    for _ in range(_PASSES):
        core, free = shrunk(given.beyond, state)
        left = most - int(np.count_nonzero(state == INSIDE))
        if left <= 0 or not len(free):
            break
        multipliers = middle(given.beyond, most, incumbent, given.beyond.base)
        found = ascend(core, left, multipliers, given.limit, _ROUNDS, watch.stops)
        state[free] = found.state

    def bound_at(logarithm: float) -> float:
        weight = float(np.exp(logarithm))
        core, offset = given.seconds(weight), weight * given.allowed
        multipliers = middle(core, most, incumbent, given.longest)
        goal = incumbent.goal + offset
        found = ascend(shrunk(core, state)[0], left, multipliers, goal, _ROUNDS, watch.stops)
        # Of weights that all reach the goal the least is taken, with which sums are least uncertain.
        return min(float(found.bound) - offset, incumbent.goal)

    weight = given.longest_s * _HURRIED
    if watch.ended is None:
        weight = float(np.exp(_highest(bound_at, np.log(given.longest_s), np.log(given.longest_s * _UP_TO))))
    offset = weight * given.allowed * (1.0 + SAME)
    return Relaxation(given.beyond, limit=given.limit), Relaxation(given.seconds(weight), offset=offset)


def middle(core: Core, most: int, incumbent: Incumbent, highest: Floats) -> Floats:
    """Return multipliers between what the nearest and the second nearest of the best choice cost, but no higher."""
    choice = chosen(core, most, incumbent.sites)
    between: Floats = (np.minimum(choice.near_cost, highest) + np.minimum(choice.second_cost, highest)) / 2.0
    return between


def _highest(value: Callable[[float], float], low: float, high: float) -> float:
    """Return where a concave function is highest, by golden section (Kiefer 1953)."""
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
