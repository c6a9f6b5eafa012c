"""The best plan of a plain problem that does without some sites of given plans, by forbidding sites one by one."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.deadline import Deadline
from siting.locate.problem import NOISE, Effort, Ended, Model, Problem, Solution, Stage, status_of, without_plan
from siting.locate.series.optima import Solver

# No solution of one problem takes more than this part of the seconds left for one plan.
_PART: Final = 0.25


@dataclass
class Excluding:
    """Searches with one solver, which remembers what it has solved.

    A plan that does without d sites of each plan S does without one of those that some other plan T shares with S, if T
    lacks fewer than d of S. So the search branches: where the best plan T that opens no row of B shares too much with
    S, it forbids each shared row beside B in turn. Every problem is plain again, and goes to the kernels for these.

    Lawler, E. L. (1972). A procedure for computing the K best solutions to discrete optimization problems. Management
    Science 18, 401-405 (there without overlap, which here is met by remembering).

    Parameters
    ----------
    problem : Problem
        A plain problem.
    model : Model
        A model of one stage.
    solver : callable
        Called as ``solver(problem, model, effort)``.
    sense : float
        1 where more is better, −1 where less is.
    differ : int
        How many sites of each given plan a plan does without.
    """

    problem: Problem
    model: Model
    solver: Solver
    sense: float
    differ: int
    known: dict[tuple[int, ...], Solution] = field(default_factory=dict)

    def best(self, plans: Sequence[Ints], least: float, effort: Effort) -> Solution:
        """Return the best plan that differs enough from each of some plans, if it is no worse than ``least``.

        Parameters
        ----------
        plans : sequence of ndarray of int
            The rows of plans.
        least : float
            The objective below which (above, where less is better) plans are of no use.
        effort : Effort
            When to stop.

        Returns
        -------
        Solution
            Infeasible and proved, if there is no such plan.
        """
        return _Search(self, [set(plan.tolist()) for plan in plans], self.sense * least, effort).run()

    def solved(self, forbidden: tuple[int, ...], effort: Effort) -> Solution:
        """Return the best plan without some rows."""
        found = self.known.get(forbidden)
        if found is None:
            barred = ~self.problem.open_to_choice & ~self.problem.kept
            barred[list(forbidden)] = True
            found = self.solver(self.problem.under(forbidden=barred), self.model, effort)
            self.known[forbidden] = found
        return found

    def shared(self, plan: Solution, plans: Sequence[set[int]]) -> list[int] | None:
        """Return the rows of which another plan lacks one more, or None where a plan differs enough from all."""
        rows = set(plan.chosen.tolist())
        for other in plans:
            if len(other - rows) < self.differ:
                forced = self.problem.rules.forced
                return sorted(row for row in other & rows if forced is None or not forced[row])
        return None


class _Search:
    """One search for one plan: best bound first, after a dive to a first plan."""

    def __init__(self, tree: Excluding, plans: list[set[int]], least: float, effort: Effort) -> None:
        self.tree, self.plans, self.least = tree, plans, least
        self.deadline = Deadline(effort)
        self.best: Solution | None = None
        self.open_bound = -math.inf

    def run(self) -> Solution:
        self._dive()
        heap: list[tuple[float, int, tuple[int, ...]]] = [(-math.inf, 0, ())]
        seen: set[tuple[int, ...]] = {()}
        while heap:
            above, _, forbidden = heap[0]
            if self._worth() >= -above - NOISE * abs(above) or -above < self.least:
                break
            if self.deadline.should_stop():
                self.open_bound = max(self.open_bound, -above)
                break
            heapq.heappop(heap)
            found = self._node(forbidden)
            bound = min(-above, self._bound_of(found))
            rows = self._taken(found)
            if rows is None:
                if bound > self._worth():
                    self.open_bound = max(self.open_bound, bound)
                continue
            for row in rows:
                child = tuple(sorted((*forbidden, row)))
                if child not in seen and bound >= self.least:
                    seen.add(child)
                    heapq.heappush(heap, (-bound, len(child), child))
        return self._solution()

    def _dive(self) -> None:
        """Forbid the rows that are missed least until a plan differs enough."""
        forbidden: tuple[int, ...] = ()
        while not self.deadline.should_stop():
            found = self._node(forbidden)
            rows = self._taken(found)
            if not rows:
                return
            missed = self._missed(found.chosen)
            forbidden = tuple(sorted((*forbidden, min(rows, key=lambda row: (missed[row], row)))))

    def _missed(self, chosen: Ints) -> dict[int, float]:
        """Return the value that each row of a plan reaches alone."""
        problem = self.tree.problem
        rows = np.concatenate([chosen, np.flatnonzero(problem.kept)])
        times = np.bincount(np.concatenate([problem.points_of(row) for row in rows]), minlength=problem.people.size)
        alone = np.where(times == 1, problem.value, 0.0)
        return {int(row): math.fsum(alone[problem.points_of(row)]) for row in chosen}

    def _node(self, forbidden: tuple[int, ...]) -> Solution:
        found = self.tree.solved(forbidden, self.deadline.left(_PART))
        if found.stopped_by == "interrupt":
            self.deadline.stop("interrupt")
        return found

    def _taken(self, found: Solution) -> list[int] | None:
        """Take a plan that differs enough; return the rows by which others must differ more, None where it does."""
        if not found.stages:
            return None
        rows = self.tree.shared(found, self.plans)
        if rows is None and (worth := self.tree.sense * found.objective) >= self.least and worth > self._worth():
            self.best = found
        return rows

    def _bound_of(self, found: Solution) -> float:
        if not found.stages:
            return -math.inf if found.stopped_by == "proved" else math.inf
        return self.tree.sense * found.bound

    def _worth(self) -> float:
        return -math.inf if self.best is None else self.tree.sense * self.best.objective

    def _solution(self) -> Solution:
        worth = self._worth()
        above = math.isinf(worth) or self.open_bound > worth + NOISE * abs(worth)
        open_still = above and self.open_bound >= self.least
        stopped: Ended = self.deadline.ended or "solver"
        if self.best is None:
            none = np.zeros(0, dtype=np.int64)
            ended: Ended = stopped if open_still else "proved"
            return Solution(none, without_plan(ended), (), ended, "")
        stage = self.best.stages[0]
        bound = self.tree.sense * max(self._worth(), self.open_bound)
        stages = (Stage(stage.name, stage.sense, stage.objective, bound if open_still else stage.objective),)
        return replace(
            self.best, stages=stages, status=status_of(stages), stopped_by=stopped if open_still else "proved"
        )
