"""The choice of the second stage: its search goes by prices that its bound suggests for who is beyond."""

import numpy as np

from siting.domain.nouns import Floats
from siting.locate.deadline import Deadline
from siting.locate.median.beyond_penalty import BeyondPenalty, middle
from siting.locate.median.branch_and_bound import Incumbent, Relaxation, local_optimum
from siting.locate.median.instance import FREE, INSIDE, MedianInstance, reduced
from siting.locate.median.interchange import chosen, least_saving
from siting.locate.median.median_search import MedianSearch
from siting.locate.median.oscillation import Pricing, oscillate
from siting.locate.tolerances import SUM_TOLERANCE

# Penalties start at so many times the multipliers of the bound.
_ABOVE = 1.5
# Perturbations after the bound, the most without improvement, and those between two checks of the criterion.
_PERTURBATIONS, _WITHOUT_GAIN, _PERTURBATIONS_TURN = 3000, 1000, 100
# The first step of the bound after a better choice was found.
_STEP_AGAIN = 0.3


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
