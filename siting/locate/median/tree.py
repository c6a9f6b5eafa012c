"""Branch and bound over sites, with Lagrangian bounds that fix most sites at each node."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.median.core import FREE, INSIDE, OUTSIDE, Core, States, shrunk
from siting.locate.median.dual import Ascent, Rounds, ascend
from siting.locate.median.interchange import add, chosen, improve, least_saving
from siting.locate.problem import NOISE

# Bounds this close below what is to be bettered count as reached; less than what counts as noise.
CLOSE = 4e-10
# Whole numbers are told apart by it.
WHOLE = 1e-3
# A node is bounded in so many rounds, with steps that begin at such a share and are halved after so many idle rounds.
_ROUNDS = Rounds(80, 0.5, 8)
# A node is bounded again on what is left as long as such a share of its sites was fixed.
_WORTHWHILE = 0.1
# Every so many nodes what the bound picks is improved to a choice.
_TRY_EVERY = 10


@dataclass(frozen=True)
class Relaxation:
    """A sum to be bounded: a core, what is taken off its bound, and the sum that no choice may reach, if that is given.

    Without ``limit`` the sum less ``offset`` is the objective, and what is to be bettered is the best choice found.
    """

    core: Core
    offset: float = 0.0
    limit: float | None = None


@dataclass
class Incumbent:
    """The best choice found: its sites, and its objective as ``value_of`` tells it (inf: it may not be chosen).

    ``whole`` tells that objectives are whole numbers, ``rel_gap`` how near to the best is near enough.
    """

    value_of: Callable[[Ints], float]
    whole: bool
    rel_gap: float = 0.0
    sites: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    value: float = np.inf
    first: float = np.inf

    def offer(self, sites: Ints) -> bool:
        """Take a choice if it is better, and tell whether it is."""
        value = self.value_of(sites)
        better = value < self.value
        if better:
            self.sites, self.value = np.sort(sites), value
            self.first = value if np.isinf(self.first) else self.first
        return better

    @property
    def goal(self) -> float:
        """The least bound at which nothing better is left to find."""
        near = self.value - 1.0 + 2.0 * WHOLE if self.whole else self.value - CLOSE * abs(self.value)
        # A little less than the gap allowed, so that rounding does not exceed it.
        return min(near, self.value - (1.0 - NOISE) * self.rel_gap * abs(self.value))


@dataclass(frozen=True)
class Bounded:
    """A core without the sites that are fixed, the sites that its own stand for, those given, and its bound."""

    core: Core
    free: Ints
    given: Ints
    ascent: Ascent


@dataclass(frozen=True, order=True)
class _Node:
    """What is left to search, least bound first, of equals the older: sites' states and multipliers."""

    bound: float
    number: int
    state: States = field(compare=False)
    multipliers: tuple[Floats, ...] = field(compare=False)


@dataclass
class Tree:
    """What is left to search: choices of at most ``most`` sites, looked for on ``search``, bounded by ``relaxations``.

    The last of the relaxations bounds the objective.
    """

    search: Core
    relaxations: tuple[Relaxation, ...]
    most: int
    incumbent: Incumbent
    stops: Callable[[], bool] | None = None
    nodes: int = 0
    _floor: float = np.inf
    _made: int = 0
    _open: list[_Node] = field(default_factory=list)

    def plant(self, bound: float, state: States, multipliers: tuple[Floats, ...]) -> None:
        """Add something to search."""
        heapq.heappush(self._open, _Node(bound, self._made, state, multipliers))
        self._made += 1

    @property
    def bound(self) -> float:
        """What no choice can come below."""
        left = self._open[0].bound if self._open else np.inf
        least = float(min(left, self._floor, self.incumbent.goal))
        return float(np.ceil(least - WHOLE)) if self.incumbent.whole and np.isfinite(least) else least

    @property
    def done(self) -> bool:
        """Whether nothing is left to search."""
        return not self._open or self._open[0].bound >= self.incumbent.goal

    def grow(self) -> None:
        """Search the node of least bound: prove that it holds nothing better, or part it in two."""
        # The node leaves only when its parts stand, so that who interrupts finds the bound as good as before.
        self.nodes += 1
        self._search(self._open[0])
        heapq.heappop(self._open)

    def _search(self, node: _Node) -> None:
        state, multipliers = node.state.copy(), list(node.multipliers)
        bound, before = node.bound, np.inf
        while (left := int(np.count_nonzero(state == FREE))) < before * (1.0 - _WORTHWHILE):
            before = left
            found = self._fixed(state, multipliers, bound)
            if found is None:
                return
            last = found
            bound = max(bound, last.ascent.bound - self.relaxations[-1].offset)
        if self._is_leaf(state, bound):
            return
        if self.nodes % _TRY_EVERY == 1:
            self.incumbent.offer(attempt(self.search, self.most, last))
        branch = int(last.free[_most_picked(last.ascent)])
        for way in (INSIDE, OUTSIDE):
            parted = state.copy()
            parted[branch] = way
            self.plant(bound, parted, tuple(multipliers))

    def _fixed(self, state: States, multipliers: list[Floats], bound: float) -> Bounded | None:
        """Bound a node by each relaxation and fix sites in ``state``; None if nothing better is left in it."""
        last = None
        for number, relaxation in enumerate(self.relaxations):
            if self._is_leaf(state, bound):
                return None
            given, goal = np.flatnonzero(state == INSIDE), goal_of(relaxation, self.incumbent)
            core, free = shrunk(relaxation.core, state)
            found = ascend(core, self.most - len(given), multipliers[number], goal, _ROUNDS, self.stops)
            if found.bound >= goal:
                return None
            state[free], multipliers[number] = found.state, found.multipliers
            last = Bounded(core, free, given, found)
        return last

    def _is_leaf(self, state: States, bound: float) -> bool:
        """Take what a node without alternatives holds, if it has none."""
        given, free = np.flatnonzero(state == INSIDE), np.flatnonzero(state == FREE)
        left = self.most - len(given)
        if left < 0:
            return True
        if 0 < left < len(free):
            return False
        sites = np.sort(np.concatenate([given, free])) if left else given
        costs = [float(chosen(each.core, self.most, sites).near_cost.sum()) for each in self.relaxations]
        limits = [each.limit for each in self.relaxations]
        if any(limit is not None and cost >= limit for cost, limit in zip(costs, limits, strict=True)):
            return True
        self.incumbent.offer(sites)
        # Of a choice that the limits leave out, or of fewer sites, the bound may lie below what was found.
        least = max(bound, costs[-1] - self.relaxations[-1].offset)
        if least < self.incumbent.goal:
            self._floor = min(self._floor, least)
        return True


def goal_of(relaxation: Relaxation, incumbent: Incumbent) -> float:
    """Return the bound of a relaxation at which nothing better is left."""
    return incumbent.goal + relaxation.offset if relaxation.limit is None else relaxation.limit


def attempt(search: Core, most: int, found: Bounded) -> Ints:
    """Return what a bound picks, improved to a choice."""
    left = most - len(found.given)
    picks = found.free[np.argsort(found.ascent.worth, kind="stable")[:left]]
    return improved(search, most, np.concatenate([found.given, picks]))


def improved(core: Core, most: int, sites: Ints) -> Ints:
    """Return a choice filled up and improved until no exchange betters it."""
    choice = chosen(core, most, sites)
    add(core, choice)
    improve(core, choice, 0, float(least_saving(core, choice)))
    return choice.opened[choice.opened >= 0]


def _most_picked(ascent: Ascent) -> int:
    """Return the site left free that the bound picked most often of late, of equals the lower."""
    return int(np.argmax(np.where(ascent.state == FREE, ascent.picked, -1.0)))
