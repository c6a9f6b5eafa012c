"""The best choice of a core, and the proof: interchange, then the root bound, then the tree, in turns."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siting.domain.nouns import Floats
from siting.locate.median.core import FREE, INSIDE, Core, States, shrunk
from siting.locate.median.dual import Rounds, ascend
from siting.locate.median.interchange import chosen, least_saving
from siting.locate.median.search import State, iterate, random_state
from siting.locate.median.tree import (
    WHOLE,
    Bounded,
    Incumbent,
    Relaxation,
    Tree,
    attempt,
    goal_of,
    improved,
)
from siting.locate.problem import Effort, Ended

# Rounds of the bound at the root: at most so many, so many at once, and no more pairs than this between looks at the
# clock.
_ROUNDS, _ROUNDS_LIMIT, _TURN, _PAIRS = 4000, 500, 250, 400_000_000
_STEP, _PATIENCE, _SHORTEST = 1.5, 30, 1e-3
# Kicks of the search before the bound; after it, where few or many sites are left, but no more after so many in vain;
# and then again after some nodes, each time in vain twice as many.
_KICKS_FIRST, _KICKS_FEW, _KICKS_MANY, _IN_VAIN = 30, 100, 1000, 300
_FEW, _NODES_TURN, _NODES_MOST = 200, 20, 640
# So many kicks, and so many pairs, at most between looks at the clock; and by how much a choice may get worse between.
_KICKS_TURN = 100
_SLACK = 3e-4
_WORK_TURN = 200_000_000


@dataclass
class Watch:
    """When to stop, and whom to tell."""

    effort: Effort
    begun: float
    stopped: bool = False
    told: tuple[float, float] = (np.inf, -np.inf)

    @property
    def ended(self) -> Ended | None:
        """Why to stop now, if one must."""
        if self.stopped or (self.effort.interrupted is not None and self.effort.interrupted()):
            return "interrupt"
        return "time" if time.monotonic() - self.begun >= self.effort.time_limit_s else None

    def stops(self) -> bool:
        """Tell whether to stop."""
        return self.ended is not None

    def tell(self, objective: float, bound: float) -> None:
        """Report an objective or a bound that is better than those told before."""
        better = (min(objective, self.told[0]), max(bound, self.told[1]))
        if self.effort.report is not None and better != self.told:
            self.effort.report(*better)
        self.told = better


class Chooser:
    """Looks for the best choice and for the proof that it is one; what it knows can be asked for at any time.

    Choices of at most ``most`` sites are looked for on the core ``search``.
    """

    def __init__(self, search: Core, most: int, incumbent: Incumbent, watch: Watch) -> None:
        self.incumbent, self.bound = incumbent, -np.inf
        self._search, self._most, self._watch = search, most, watch
        self._state: States = np.zeros(search.sites, dtype=np.int8)
        self._random: State = random_state(watch.effort.seed)

    def run(self, relaxations: Callable[[], tuple[Relaxation, ...]]) -> Ended:
        """Search until it is proved or time to stop; what bounds choices is asked for when a first good one stands."""
        try:
            return self._run(relaxations)
        except KeyboardInterrupt:
            return "interrupt"

    def _run(self, bounds: Callable[[], tuple[Relaxation, ...]]) -> Ended:
        self._begin()
        relaxations = bounds()
        multipliers = self._root(relaxations)
        tree = Tree(self._search, relaxations, self._most, self.incumbent, self._watch.stops)
        tree.plant(self.bound, self._state, multipliers)
        most = np.inf if self._watch.effort.max_nodes is None else self._watch.effort.max_nodes
        turn, pause = 0, _NODES_TURN
        while not tree.done:
            if (ended := self._watch.ended) is not None:
                return ended
            if tree.nodes >= most:
                return "nodes"
            tree.grow()
            self._tell(tree.bound)
            if tree.nodes >= turn + pause and not tree.done:
                pause = _NODES_TURN if self._kick(_KICKS_TURN) else min(2 * pause, _NODES_MOST)
                turn = tree.nodes
        self._tell(tree.bound)
        return "solver" if self._lacks else "proved"

    @property
    def _lacks(self) -> bool:
        """Whether something better may be left to find."""
        return self.bound < self.incumbent.goal

    def _begin(self) -> None:
        """Find a first good choice."""
        if self._most >= self._search.sites:
            self.incumbent.offer(np.arange(self._search.sites))
            return
        self.incumbent.offer(improved(self._search, self._most, self.incumbent.sites))
        self._kick(_KICKS_FIRST)

    def _root(self, relaxations: tuple[Relaxation, ...]) -> tuple[Floats, ...]:
        """Bound at the root, and search among the sites that are left; return the multipliers."""
        # The objective first, so that there is a bound at all.
        multipliers = tuple([self._climb(each, self._middle(each)) for each in relaxations[::-1]])[::-1]
        if self._lacks and not self._watch.ended:
            self._kick(_KICKS_FEW if np.count_nonzero(self._state == FREE) <= _FEW else _KICKS_MANY)
        return multipliers

    def _middle(self, relaxation: Relaxation) -> Floats:
        """Return multipliers to begin with: between the nearest and the second nearest of the best choice."""
        choice = chosen(relaxation.core, self._most, self.incumbent.sites)
        middle: Floats = (choice.near_cost + choice.second_cost) / 2.0
        return middle

    def _climb(self, relaxation: Relaxation, multipliers: Floats, step: float = _STEP) -> Floats:
        """Raise the bound of a relaxation at the root, fix sites, and improve what it picks; return the multipliers."""
        turn = max(10, min(_TURN, _PAIRS // max(len(relaxation.core.cost), 1)))
        for _ in range(0, _ROUNDS if relaxation.limit is None else _ROUNDS_LIMIT, turn):
            given = np.flatnonzero(self._state == INSIDE)
            left, goal = self._most - len(given), goal_of(relaxation, self.incumbent)
            core, free = shrunk(relaxation.core, self._state)
            found = ascend(core, left, multipliers, goal, Rounds(turn, step, _PATIENCE), self._watch.stops)
            multipliers, step = found.multipliers, found.step
            if relaxation.limit is None:
                # Fixed sites leave out what costs as much as the goal: beyond it the bound says nothing of the rest.
                self._tell(min(found.bound, goal) - relaxation.offset)
            if left <= 0 or found.bound >= goal or step < _SHORTEST or self._watch.ended:
                break
            self._state[free] = found.state
            if relaxation.limit is None:
                self.incumbent.offer(attempt(self._search, self._most, Bounded(core, free, given, found)))
        return multipliers

    def _kick(self, kicks: int) -> bool:
        """Look for better choices near the best one, among the sites that are not fixed; tell whether one was found."""
        given = np.flatnonzero(self._state == INSIDE)
        core, free = shrunk(self._search, self._state)
        left = self._most - len(given)
        if not 0 < left < len(free):
            return False
        sites = improved(core, left, np.flatnonzero(np.isin(free, self.incumbent.sites))[:left])
        choice = chosen(core, len(sites), sites)
        least, better, last = float(least_saving(core, choice)), False, 0
        for begun in range(0, kicks, _KICKS_TURN):
            turn = min(_KICKS_TURN, kicks - begun)
            try:
                iterate(core, choice, turn, _WORK_TURN, least, _SLACK, self._random, self._watch.stops)
            finally:
                found = self.incumbent.offer(np.concatenate([given, free[choice.opened]]))
            if found:
                better, last = True, begun
                self._tell(self.bound)
            if self._watch.ended or begun >= last + _IN_VAIN:
                break
        return better

    def _tell(self, bound: float) -> None:
        """Take a bound, and report what is better than before."""
        if self.incumbent.whole and np.isfinite(bound):
            bound = float(np.ceil(bound - WHOLE))
        self.bound = max(self.bound, bound)
        self._watch.tell(self.incumbent.value, self.bound)
