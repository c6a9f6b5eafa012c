"""What a person beyond the cut-off weighs, so that the bound of the second stage is best."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siting.domain.nouns import Floats
from siting.locate.median.choose import Watch
from siting.locate.median.core import INSIDE, Core, shrunk
from siting.locate.median.dual import ascend
from siting.locate.median.interchange import chosen
from siting.locate.median.tree import Incumbent, Relaxation

# The seconds that a person beyond may weigh are sought, by golden section of their logarithm, from the cut-off to so
# many times it, in so many steps.
_UP_TO, _TRIALS = 1000.0, 6
_HURRIED = 10.0
_GOLDEN = 0.618033988749895
# Rounds of each bound, and how often those who are beyond are bounded on what is left, to fix sites.
_ROUNDS, _PASSES = 100, 2
_STEP, _PATIENCE = 1.5, 20
# Sums of persons may differ by such a share and still be the same.
SAME = 1e-12


@dataclass(frozen=True)
class Weighing:
    """The cores of the second stage: that of who is beyond, and that of seconds when a person beyond weighs so many.

    ``allowed`` are the persons who may be beyond, ``limit`` is above that by more than sums are uncertain.
    """

    beyond: Core
    seconds: Callable[[float], Core]
    allowed: float
    limit: float
    longest_s: float


def relaxations(given: Weighing, most: int, incumbent: Incumbent, watch: Watch) -> tuple[Relaxation, Relaxation]:
    r"""Return what bounds the second stage: who is beyond, and the seconds with the best multiplier found.

    For any :math:`\mu \ge 0`, who leaves no more than B persons beyond walks at least
    :math:`\min_x (\text{seconds} + \mu \cdot \text{beyond}) - \mu B`, which is a p-median again; it is concave in
    :math:`\mu`.
    """
    state = np.zeros(given.beyond.sites, dtype=np.int8)
    left = most
    for _ in range(_PASSES):
        core, free = shrunk(given.beyond, state)
        left = most - int(np.count_nonzero(state == INSIDE))
        if left <= 0 or not len(free):
            break
        found = ascend(core, left, _middle(given.beyond, most, incumbent), given.limit, _ROUNDS, _STEP, _PATIENCE)
        state[free] = found.state

    def bound_at(logarithm: float) -> float:
        weight = float(np.exp(logarithm))
        core, offset = given.seconds(weight), weight * given.allowed
        multipliers = _middle(core, most, incumbent)
        goal = incumbent.goal + offset
        found = ascend(shrunk(core, state)[0], left, multipliers, goal, _ROUNDS, _STEP, _PATIENCE)
        return float(found.bound) - offset

    weight = given.longest_s * _HURRIED
    if watch.ended is None:
        weight = float(np.exp(_highest(bound_at, np.log(given.longest_s), np.log(given.longest_s * _UP_TO))))
    offset = weight * given.allowed * (1.0 + SAME)
    return Relaxation(given.beyond, limit=given.limit), Relaxation(given.seconds(weight), offset=offset)


def _middle(core: Core, most: int, incumbent: Incumbent) -> Floats:
    """Return multipliers between what the nearest and the second nearest of the best choice cost."""
    choice = chosen(core, most, incumbent.sites)
    middle: Floats = (choice.near_cost + choice.second_cost) / 2.0
    return middle


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
