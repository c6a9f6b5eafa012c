"""The best plan of a plain problem that omits some sites of given plans, found by forbidding sites one by one."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.deadline import Deadline
from siting.locate.problem import (
    NOISE,
    Effort,
    Ended,
    Model,
    Problem,
    Solution,
    Solver,
    Stage,
    nothing_found,
    status_of,
)

# One solution of the problem takes at most this share of the seconds that are left for one plan.
_PART: Final = 0.25


@dataclass
class ExclusionTree:
    """A search tree over forbidden sites, with one solver; it remembers the solved problems.

    If a plan omits d sites of each plan S, and another plan T omits fewer than d sites of S, then the first plan also
    omits one of the sites that T shares with S. So the search branches: if the best plan T without the forbidden sites
    B shares too many sites with S, each shared site is added to B in turn. Every problem stays plain, so the solvers of
    plain problems can solve it.

    Lawler, E. L. (1972). A procedure for computing the K best solutions to discrete optimization problems. Management
    Science 18, 401-405 (his branches do not overlap; here the memory of solved problems deals with overlap).

    Parameters
    ----------
    problem : Problem
        A plain problem.
    model : Model
        A model of one stage.
    solver : callable
        Called as ``solver(problem, model, effort)``.
    sense : float
        1 if more is better, −1 if less is better.
    differ : int
        How many sites of each given plan the new plan omits.
    """

    problem: Problem
    model: Model
    solver: Solver
    sense: float
    differ: int
    known: dict[tuple[int, ...], Solution] = field(default_factory=dict)

    def best(self, plans: Sequence[Ints], least: float, effort: Effort) -> Solution:
        """Return the best plan that differs enough from each given plan, if it is no worse than ``least``.

        Parameters
        ----------
        plans : sequence of ndarray of int
            The sites of each plan.
        least : float
            The worst objective of interest: a minimum, or a maximum if less is better.
        effort : Effort
            When to stop.

        Returns
        -------
        Solution
            Infeasible and proved if there is no such plan.
        """
        return _Search(self, [set(plan.tolist()) for plan in plans], self.sense * least, effort).run()

    def solved(self, forbidden: tuple[int, ...], effort: Effort) -> Solution:
        """Return the best plan without the given sites."""
        found = self.known.get(forbidden)
        if found is None:
            excluded = ~self.problem.open_to_choice & ~self.problem.kept
            excluded[list(forbidden)] = True
            found = self.solver(self.problem.under(forbidden=excluded), self.model, effort)
            self.known[forbidden] = found
        return found

    def shared(self, plan: Solution, plans: Sequence[set[int]]) -> list[int] | None:
        """Return the sites shared with a given plan that differs too little; None if the plan differs from all."""
        sites = set(plan.chosen.tolist())
        for other in plans:
            if len(other - sites) < self.differ:
                forced = self.problem.rules.forced
                return sorted(site for site in other & sites if forced is None or not forced[site])
        return None


class _Search:
    """One search for one plan: best bound first, after a depth-first descent to a first plan."""

    def __init__(self, tree: ExclusionTree, plans: list[set[int]], least: float, effort: Effort) -> None:
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
            sites = self._taken(found)
            if sites is None:
                if bound > self._worth():
                    self.open_bound = max(self.open_bound, bound)
                continue
            for site in sites:
                child = tuple(sorted((*forbidden, site)))
                if child not in seen and bound >= self.least:
                    seen.add(child)
                    heapq.heappush(heap, (-bound, len(child), child))
        return self._solution()

    def _dive(self) -> None:
        """Forbid, one by one, the site whose loss costs least, until a plan differs enough."""
        forbidden: tuple[int, ...] = ()
        while not self.deadline.should_stop():
            found = self._node(forbidden)
            sites = self._taken(found)
            if not sites:
                return
            missed = self._missed(found.chosen)
            forbidden = tuple(sorted((*forbidden, min(sites, key=lambda site: (missed[site], site)))))

    def _missed(self, chosen: Ints) -> dict[int, float]:
        """Return the value that only each site of a plan reaches."""
        problem = self.tree.problem
        sites = np.concatenate([chosen, np.flatnonzero(problem.kept)])
        times = np.bincount(np.concatenate([problem.points_of(site) for site in sites]), minlength=problem.people.size)
        alone = np.where(times == 1, problem.value, 0.0)
        return {int(site): math.fsum(alone[problem.points_of(site)]) for site in chosen}

    def _node(self, forbidden: tuple[int, ...]) -> Solution:
        found = self.tree.solved(forbidden, self.deadline.left(_PART))
        if found.stopped_by == "interrupt":
            self.deadline.stop("interrupt")
        return found

    def _taken(self, found: Solution) -> list[int] | None:
        """Accept a plan that differs enough. Return the sites to branch on; None if it needs no branch."""
        if not found.stages:
            return None
        sites = self.tree.shared(found, self.plans)
        if sites is None and (worth := self.tree.sense * found.objective) >= self.least and worth > self._worth():
            self.best = found
        return sites

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
            return nothing_found(stopped if open_still else "proved", "")
        stage = self.best.stages[0]
        bound = self.tree.sense * max(self._worth(), self.open_bound)
        stages = (Stage(stage.name, stage.sense, stage.objective, bound if open_still else stage.objective),)
        return replace(
            self.best, stages=stages, status=status_of(stages), stopped_by=stopped if open_still else "proved"
        )
