"""Search and proof for a p-median instance: interchange, the Lagrangian bound at the root, then branch and bound."""

from collections.abc import Callable

import numpy as np

from siting.domain.nouns import Floats
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.generator import State, random_state
from siting.locate.median.branch_and_bound import (
    BoundedNode,
    Incumbent,
    Relaxation,
    Tree,
    goal_of,
    local_optimum,
    rounded_choice,
)
from siting.locate.median.instance import FREE, INSIDE, MedianInstance, States, reduced
from siting.locate.median.interchange import chosen, least_saving
from siting.locate.median.iterated_search import iterate
from siting.locate.median.lagrangian import Rounds, ascend
from siting.locate.problem import Ended
from siting.locate.tolerances import STEP_TOLERANCE

# Iterations of the bound at the root: the most, those of a constraint's bound, and those (and pairs) between two checks
# of the stopping criterion.
_ROUNDS, _ROUNDS_LIMIT, _TURN, _PAIRS = 4000, 500, 250, 400_000_000
_STEP, _PATIENCE, _SHORTEST = 1.5, 30, 1e-3
# Perturbations before the bound; after it, if few or many sites are free; and the most without improvement. They are
# repeated after some nodes, twice as many each time they find nothing.
_PERTURBATIONS_FIRST, _PERTURBATIONS_FEW, _PERTURBATIONS_MANY, _WITHOUT_GAIN = 30, 100, 1000, 300
_FEW, _NODES_TURN, _NODES_MOST = 200, 20, 640
# Perturbations and pairs between two checks of the stopping criterion, and the share by which a choice may get worse.
_PERTURBATIONS_TURN = 100
_SLACK = 3e-4
_WORK_TURN = 200_000_000


class MedianSearch:
    """Searches for the best choice of at most ``most`` sites of an instance, and for a proof of its optimality.

    Incumbent and bound can be read at any time.
    """

    def __init__(self, search: MedianInstance, most: int, incumbent: Incumbent, deadline: Deadline) -> None:
        self.incumbent, self.bound = incumbent, -np.inf
        self._search, self._most, self._deadline = search, most, deadline
        self._told = (np.inf, -np.inf)
        self._state: States = np.zeros(search.sites, dtype=np.int8)
        self._random: State = random_state(deadline.effort.seed)

    def run(self, relaxations: Callable[[], tuple[Relaxation, ...]]) -> Ended:
        """Search until optimality is proved or the search must stop; relaxations follow the first incumbent."""
        with Interruptible():
            return self._run(relaxations)
        return "interrupt"

    def _run(self, bounds: Callable[[], tuple[Relaxation, ...]]) -> Ended:
        self._begin()
        relaxations = bounds()
        multipliers = self._root(relaxations)
        tree = Tree(self._search, relaxations, self._most, self.incumbent, self._deadline.should_stop)
        tree.push(self.bound, self._state, multipliers)
        most = np.inf if self._deadline.effort.max_nodes is None else self._deadline.effort.max_nodes
        turn, pause = 0, _NODES_TURN
        while not tree.done:
            if (ended := self._deadline.check()) is not None:
                return ended
            if tree.nodes >= most:
                return "nodes"
            tree.expand()
            self._tell(tree.bound)
            if tree.nodes >= turn + pause and not tree.done:
                pause = _NODES_TURN if self._search_near(_PERTURBATIONS_TURN) else min(2 * pause, _NODES_MOST)
                turn = tree.nodes
        self._tell(tree.bound)
        return "solver" if self._is_open else "proved"

    @property
    def _is_open(self) -> bool:
        """Whether a gap is left."""
        return self.bound < self.incumbent.goal

    def _begin(self) -> None:
        """Find a first incumbent."""
        if self._most >= self._search.sites:
            self.incumbent.offer(np.arange(self._search.sites))
            return
        self.incumbent.offer(local_optimum(self._search, self._most, self.incumbent.sites))
        self._search_near(_PERTURBATIONS_FIRST)

    def _root(self, relaxations: tuple[Relaxation, ...]) -> tuple[Floats, ...]:
        """Compute the bound at the root, and search among the free sites; return the multipliers."""
        # The objective comes first, so that there is a bound if time runs out.
        multipliers = tuple([self._ascend(each, self._middle(each)) for each in relaxations[::-1]])[::-1]
        if self._is_open and not self._deadline.should_stop():
            self._search_near(
                _PERTURBATIONS_FEW if np.count_nonzero(self._state == FREE) <= _FEW else _PERTURBATIONS_MANY
            )
        return multipliers

    def _middle(self, relaxation: Relaxation) -> Floats:
        """Return initial multipliers: the mean of the nearest and second nearest cost of the incumbent."""
        choice = chosen(relaxation.instance, self._most, self.incumbent.sites)
        middle: Floats = (choice.near_cost + choice.second_cost) / 2.0
        return middle

    def _ascend(self, relaxation: Relaxation, multipliers: Floats, step: float = _STEP) -> Floats:
        """Raise the bound of a relaxation at the root, fix sites, and round its selection; return the multipliers."""
        turn = max(10, min(_TURN, _PAIRS // max(len(relaxation.instance.cost), 1)))
        for _ in range(0, _ROUNDS if relaxation.limit is None else _ROUNDS_LIMIT, turn):
            given = np.flatnonzero(self._state == INSIDE)
            left, goal = self._most - len(given), goal_of(relaxation, self.incumbent)
            instance, free = reduced(relaxation.instance, self._state)
            found = ascend(instance, left, multipliers, goal, Rounds(turn, step, _PATIENCE), self._deadline.should_stop)
            multipliers, step = found.multipliers, found.step
            if relaxation.limit is None:
                # Fixing excludes choices that cost the goal or more, so the bound is valid up to the goal only.
                self._tell(min(found.bound, goal) - relaxation.offset)
            if left <= 0 or found.bound >= goal or step < _SHORTEST or self._deadline.should_stop():
                break
            self._state[free] = found.state
            if relaxation.limit is None:
                self.incumbent.offer(
                    rounded_choice(self._search, self._most, BoundedNode(instance, free, given, found))
                )
        return multipliers

    def _search_near(self, perturbations: int) -> bool:
        """Run iterated local search from the incumbent over the free sites; tell whether it improved."""
        given = np.flatnonzero(self._state == INSIDE)
        instance, free = reduced(self._search, self._state)
        left = self._most - len(given)
        if not 0 < left < len(free):
            return False
        sites = local_optimum(instance, left, np.flatnonzero(np.isin(free, self.incumbent.sites))[:left])
        choice = chosen(instance, len(sites), sites)
        least, better, last = float(least_saving(instance, choice)), False, 0
        for begun in range(0, perturbations, _PERTURBATIONS_TURN):
            turn = min(_PERTURBATIONS_TURN, perturbations - begun)
            try:
                iterate(instance, choice, turn, _WORK_TURN, least, _SLACK, self._random, self._deadline.should_stop)
            finally:
                found = self.incumbent.offer(np.concatenate([given, free[choice.opened]]))
            if found:
                better, last = True, begun
                self._tell(self.bound)
            if self._deadline.should_stop() or begun >= last + _WITHOUT_GAIN:
                break
        return better

    def _tell(self, bound: float) -> None:
        """Update the bound, and report an objective or a bound that improves."""
        if self.incumbent.whole and np.isfinite(bound):
            bound = float(np.ceil(bound - STEP_TOLERANCE))
        self.bound = max(self.bound, bound)
        told = (min(self.incumbent.value, self._told[0]), max(self.bound, self._told[1]))
        if self._deadline.effort.report is not None and told != self._told:
            self._deadline.effort.report(*told)
        self._told = told
