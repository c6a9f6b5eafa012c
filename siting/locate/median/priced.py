"""The choice of the second stage: its search goes by prices that its bound suggests for who is beyond."""

import numpy as np

from siting.domain.nouns import Floats
from siting.locate.median.choose import Chooser, Watch
from siting.locate.median.core import FREE, INSIDE, Core, shrunk
from siting.locate.median.interchange import chosen, least_saving
from siting.locate.median.oscillation import Pricing, oscillate
from siting.locate.median.tree import Incumbent, Relaxation, improved
from siting.locate.median.weighing import SAME, Weighing, middle

# Prices begin at so many times what the bound pays.
_ABOVE = 1.5
# Kicks after the bound, no more after so many in vain, and so many at once.
_KICKS, _IN_VAIN, _KICKS_TURN = 3000, 1000, 100
# With which step the bound goes on when a better choice was found.
_STEP_AGAIN = 0.3


class PricedChooser(Chooser):
    """Looks for the least seconds among choices that leave no more beyond than may be.

    ``search`` has prices at which one person more is never worth the seconds saved.
    """

    def __init__(self, search: Core, most: int, incumbent: Incumbent, watch: Watch, weighing: Weighing) -> None:
        super().__init__(search, most, incumbent, watch)
        self._weighing = weighing
        # A little more than any walk, so that whoever is beyond is told apart.
        self._least = np.minimum(search.base, weighing.beyond.base * weighing.longest_s * (1.0 + 1e-3))
        self._prices: Floats | None = None

    def _root(self, relaxations: tuple[Relaxation, ...]) -> tuple[Floats, ...]:
        multipliers = [self._climb(each, self._middle(each)) for each in relaxations[::-1]]
        self._prices = np.minimum(relaxations[-1].core.base, _ABOVE * multipliers[0])
        if self._lacks and not self._watch.ended and self._kick(_KICKS):
            multipliers[0] = self._climb(relaxations[-1], multipliers[0], _STEP_AGAIN)
        return tuple(multipliers[::-1])

    def _middle(self, relaxation: Relaxation) -> Floats:
        return middle(relaxation.core, self._most, self.incumbent, self._weighing.longest)

    def _kick(self, kicks: int) -> bool:
        if self._prices is None:
            return super()._kick(kicks)
        given = np.flatnonzero(self._state == INSIDE)
        left = self._most - len(given)
        if not 0 < left < np.count_nonzero(self._state == FREE):
            return False
        people = self._weighing.beyond.base
        prices = np.where(people > 0.0, np.maximum(self._prices, self._least), self._search.base)
        core, free = shrunk(self._search._replace(base=prices), self._state)
        people = np.where(core.base == prices, people, 0.0)
        pricing = Pricing(people, self._least, self._weighing.allowed * (1.0 + SAME))
        sites = improved(core, left, np.flatnonzero(np.isin(free, self.incumbent.sites))[:left])
        choice = chosen(core, len(sites), sites)
        least, better, last = float(least_saving(core, choice)), False, 0
        for begun in range(0, kicks, _KICKS_TURN):
            turn = min(_KICKS_TURN, kicks - begun)
            found = oscillate(core, choice, pricing, turn, least, self._random, self._watch.stops)
            if np.isfinite(found.walked) and self.incumbent.offer(np.concatenate([given, free[found.opened]])):
                better, last = True, begun
                self._tell(self.bound)
            if self._watch.ended or begun >= last + _IN_VAIN:
                break
        self._prices = np.where(people > 0.0, core.base, self._prices)
        return better
