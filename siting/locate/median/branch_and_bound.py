"""Branch and bound over sites, with Lagrangian bounds and reduced cost fixing at each node."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.median.instance import FREE, INSIDE, OUTSIDE, MedianInstance, States, reduced
from siting.locate.median.interchange import add, chosen, improve, least_saving
from siting.locate.median.lagrangian import Ascent, Rounds, ascend
from siting.locate.problem import NOISE
from siting.locate.tolerances import PROOF_TOLERANCE, STEP_TOLERANCE

# Iterations of a node, the first step, and the iterations without progress after which it is halved.
_ROUNDS = Rounds(80, 0.5, 8)
# A node is bounded again while at least this share of its free sites was fixed.
_WORTHWHILE = 0.1
# Every so many nodes the selection of the bound is rounded to a choice.
_TRY_EVERY = 10


@dataclass(frozen=True)
class Relaxation:
    """An instance to bound. Without ``limit`` its cost minus ``offset`` is the objective.

    With ``limit`` it is a constraint: the cost of a feasible choice is below ``limit``.
    """

    instance: MedianInstance
    offset: float = 0.0
    limit: float | None = None


@dataclass
class Incumbent:
    """The best choice found: its sites, and its objective by ``value_of`` (inf: infeasible).

    ``whole`` tells that objectives are whole numbers; ``rel_gap`` is the relative gap at which the search ends.
    """

    value_of: Callable[[Ints], float]
    whole: bool
    rel_gap: float = 0.0
    sites: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    value: float = np.inf
    first: float = np.inf

    def offer(self, sites: Ints) -> bool:
        """Accept a choice if it is better, and tell whether it is."""
        value = self.value_of(sites)
        better = value < self.value
        if better:
            self.sites, self.value = np.sort(sites), value
            self.first = value if np.isinf(self.first) else self.first
        return better

    @property
    def goal(self) -> float:
        """The bound that proves the incumbent."""
        near = self.value - 1.0 + 2.0 * STEP_TOLERANCE if self.whole else self.value - PROOF_TOLERANCE * abs(self.value)
        # Slightly below the relative gap, so that rounding does not exceed it.
        return min(near, self.value - (1.0 - NOISE) * self.rel_gap * abs(self.value))


@dataclass(frozen=True)
class BoundedNode:
    """The reduced instance of a node, its free sites, its sites fixed open, and its bound."""

    instance: MedianInstance
    free: Ints
    given: Ints
    ascent: Ascent


@dataclass(frozen=True, order=True)
class _Node:
    """An open node, ordered by bound, then by age: states of the sites and multipliers."""

    bound: float
    number: int
    state: States = field(compare=False)
    multipliers: tuple[Floats, ...] = field(compare=False)


@dataclass
class Tree:
    """The search tree over choices of at most ``most`` sites; the last of its relaxations bounds the objective.

    Choices are searched for on the instance ``search``.
    """

    search: MedianInstance
    relaxations: tuple[Relaxation, ...]
    most: int
    incumbent: Incumbent
    stops: Callable[[], bool] | None = None
    nodes: int = 0
    _floor: float = np.inf
    _made: int = 0
    _open: list[_Node] = field(default_factory=list)

    def push(self, bound: float, state: States, multipliers: tuple[Floats, ...]) -> None:
        """Add an open node."""
        heapq.heappush(self._open, _Node(bound, self._made, state, multipliers))
        self._made += 1

    @property
    def bound(self) -> float:
        """The lower bound of all choices."""
        left = self._open[0].bound if self._open else np.inf
        least = float(min(left, self._floor, self.incumbent.goal))
        return float(np.ceil(least - STEP_TOLERANCE)) if self.incumbent.whole and np.isfinite(least) else least

    @property
    def done(self) -> bool:
        """Whether the incumbent is proved."""
        return not self._open or self._open[0].bound >= self.incumbent.goal

    def expand(self) -> None:
        """Search the node of least bound: prune it, or branch on a site."""
        # The node is removed only after its children are added, so that the bound is valid after an interrupt.
        self.nodes += 1
        self._search(self._open[0])
        heapq.heappop(self._open)

    def _search(self, node: _Node) -> None:
        state, multipliers = node.state.copy(), list(node.multipliers)
        bound, before = node.bound, np.inf
        while (left := int(np.count_nonzero(state == FREE))) < before * (1.0 - _WORTHWHILE):
            before = left
            found = self._bound_and_fix(state, multipliers, bound)
            if found is None:
                return
            last = found
            bound = max(bound, last.ascent.bound - self.relaxations[-1].offset)
        if self._close_leaf(state, bound):
            return
        if self.nodes % _TRY_EVERY == 1:
            self.incumbent.offer(rounded_choice(self.search, self.most, last))
        branch = int(last.free[_most_selected(last.ascent)])
        for side in (INSIDE, OUTSIDE):
            child = state.copy()
            child[branch] = side
            self.push(bound, child, tuple(multipliers))

    def _bound_and_fix(self, state: States, multipliers: list[Floats], bound: float) -> BoundedNode | None:
        """Bound a node by each relaxation and fix sites in ``state``; None if it is pruned."""
        last = None
        for number, relaxation in enumerate(self.relaxations):
            if self._close_leaf(state, bound):
                return None
            given, goal = np.flatnonzero(state == INSIDE), goal_of(relaxation, self.incumbent)
            instance, free = reduced(relaxation.instance, state)
            found = ascend(instance, self.most - len(given), multipliers[number], goal, _ROUNDS, self.stops)
            if found.bound >= goal:
                return None
            state[free], multipliers[number] = found.state, found.multipliers
            last = BoundedNode(instance, free, given, found)
        return last

    def _close_leaf(self, state: States, bound: float) -> bool:
        """Close a node without free choices, and tell whether it is one."""
        given, free = np.flatnonzero(state == INSIDE), np.flatnonzero(state == FREE)
        left = self.most - len(given)
        if left < 0:
            return True
        if 0 < left < len(free):
            return False
        sites = np.sort(np.concatenate([given, free])) if left else given
        costs = [float(chosen(each.instance, self.most, sites).near_cost.sum()) for each in self.relaxations]
        limits = [each.limit for each in self.relaxations]
        if any(limit is not None and cost >= limit for cost, limit in zip(costs, limits, strict=True)):
            return True
        self.incumbent.offer(sites)
        # With fewer sites, or an infeasible choice, the bound can be below the incumbent.
        least = max(bound, costs[-1] - self.relaxations[-1].offset)
        if least < self.incumbent.goal:
            self._floor = min(self._floor, least)
        return True


def goal_of(relaxation: Relaxation, incumbent: Incumbent) -> float:
    """Return the bound of a relaxation that prunes a node."""
    return incumbent.goal + relaxation.offset if relaxation.limit is None else relaxation.limit


def rounded_choice(search: MedianInstance, most: int, found: BoundedNode) -> Ints:
    """Return a local optimum that starts from the selection of a bound."""
    left = most - len(found.given)
    selection = found.free[np.argsort(found.ascent.reduced_cost, kind="stable")[:left]]
    return local_optimum(search, most, np.concatenate([found.given, selection]))


def local_optimum(instance: MedianInstance, most: int, sites: Ints) -> Ints:
    """Return a local optimum that starts from some sites: greedy addition, then interchange."""
    choice = chosen(instance, most, sites)
    add(instance, choice)
    improve(instance, choice, 0, float(least_saving(instance, choice)))
    return choice.opened[choice.opened >= 0]


def _most_selected(ascent: Ascent) -> int:
    """Return the free site that the bound selected most often in recent iterations; ties to the lower."""
    return int(np.argmax(np.where(ascent.state == FREE, ascent.selected_often, -1.0)))
