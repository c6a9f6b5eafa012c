"""Maximal covering within a budget on large problems: local search, a Lagrangian bound and fixing, then HiGHS."""

import math
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import Cover
from siting.locate.covering.lagrangian import bound_within
from siting.locate.covering.local_search import anneal_within, fill
from siting.locate.covering.mclp import CoverSearch, run, solution
from siting.locate.covering.reduction import ReducedCovering, Reduction, part, reduced, without_dominated
from siting.locate.covering.state import empty, opened, state_of
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.milp.constraints import within_budget
from siting.locate.problem import Effort, Problem, Solution
from siting.locate.tolerances import SUM_TOLERANCE

# From so many pairs of a site and a point on, HiGHS alone is slow.
_LARGE: Final = 500_000
# The work of an entry that local search reads, in pairs that a subgradient step reads.
_SCATTERED: Final = 3


def is_large_budget(problem: Problem) -> bool:
    """Tell whether a budget is the only special rule of a large problem, and its forced sites are within it."""
    rules = problem.rules
    if rules.budget is None or rules.costs is None or rules.stations is not None or problem.times.nnz < _LARGE:
        return False
    forced = np.zeros(0, dtype=np.int64) if rules.forced is None else np.flatnonzero(rules.forced & ~problem.kept)
    free = problem.under(budget=None).is_plain
    return free and not problem.clash and within_budget(problem, forced)


def budget_covering(problem: Problem, effort: Effort) -> Solution:
    r"""Choose the sites within a budget that cover most, and prove how good the choice is.

    The program is that of :func:`~siting.locate.covering.mclp.maximal_covering` with :math:`\sum_j c_j x_j \le B`
    instead of the number of sites (the budgeted maximum coverage problem of Khuller, Moss and Naor 1999). The bound
    relaxes who is covered, with a multiplier for each group; what is left is a continuous knapsack of the sites. Its
    dual, the worth of money, guides the search and fixes sites by reduced cost. HiGHS solves what is left.

    Parameters
    ----------
    problem : Problem
        With a budget as the only special rule (:func:`is_large_budget`, of any size).
    effort : Effort
        When to stop.

    Returns
    -------
    Solution
        As for :func:`~siting.locate.covering.mclp.maximal_covering`.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.covering.budget import budget_covering
    >>> from siting.locate.problem import Effort, Problem, Rules
    >>> reach = csr_array(np.array([[60.0, 60, 0, 0], [0, 60, 60, 0], [0, 0, 60, 60]]))
    >>> rules = Rules(costs=np.array([2.0, 4.0, 3.0]), budget=5.0)
    >>> found = budget_covering(Problem(reach, np.array([40.0, 50.0, 60.0, 30.0]), rules), Effort())
    >>> found.chosen.tolist(), found.objective, found.status
    ([0, 2], 180.0, 'optimal')
    """
    costs, budget = problem.rules.costs, problem.rules.budget
    assert costs is not None  # noqa: S101 - a budget needs costs
    assert budget is not None  # noqa: S101 - that is asked for
    reduction = reduced(problem, dominated=False)
    cover = reduction.cover._replace(cost=costs[reduction.sites])
    left = max(budget * (1.0 + SUM_TOLERANCE) - math.fsum(costs[reduction.forced]), 0.0)
    deadline = Deadline(effort)
    core = without_dominated(cover, cover.sites, deadline.should_stop)
    search = BudgetSearch(cover, core, reduction, deadline, left)
    if effort.start is not None and within_budget(problem, effort.start):
        search.begun = np.flatnonzero(np.isin(reduction.sites, effort.start)).astype(np.int64)
    with Interruptible(deadline):
        run(search)
    return solution(problem, reduction, search)


class BudgetSearch(CoverSearch):
    """The search for the choice within a budget that covers most.

    Parameters
    ----------
    cover, core, deadline
        As for :class:`~siting.locate.covering.mclp.CoverSearch`; any number of sites may be opened.
    reduction : Reduction
        The reduced problem, of which ``cover`` has the costs.
    budget : float
        The most that the open sites may cost together.
    """

    def __init__(
        self, cover: Cover, core: ReducedCovering, reduction: Reduction, deadline: Deadline, budget: float
    ) -> None:
        self._budget = budget
        super().__init__(cover, core, reduction.whole, reduction.base, deadline)

    @property
    def left(self) -> float:
        """The most that the sites of the core may cost together."""
        return max(self._budget - math.fsum(self.cover.cost[self.core.opened]), 0.0)

    def update_incumbent(self, chosen: Ints) -> None:
        """Make a choice of sites of the whole the incumbent if it is within the budget and covers more."""
        if math.fsum(self.cover.cost[chosen]) <= self._budget:
            super().update_incumbent(chosen)

    def start(self) -> None:
        """Choose greedily by gain for cost, and set the first multipliers."""
        state = empty(self.cover)
        try:
            fill(self.cover, state, budget=self._budget)
        finally:
            # After Ctrl-C too.
            self.update_incumbent(opened(state))
            self.first = self.value
            if self.begun is not None:
                self.update_incumbent(self.begun)
        inside = np.searchsorted(self.core.sites, np.intersect1d(self.chosen, self.core.sites))
        self.multipliers = self.core.cover.weight / np.maximum(state_of(self.core.cover, inside).times, 1)

    def bound_at(self, multipliers: Floats) -> float:
        """Return the bound of the core at some multipliers."""
        return bound_within(self.core.cover, self.left, multipliers)[0]

    def fix_sites(self) -> None:
        """Close the sites of the core that no better choice opens, and open those that every one opens."""
        core, multipliers = self.core, self.multipliers
        if self.proved or not len(core.sites):
            return
        bound, profit, _ = bound_within(core.cover, self.left, multipliers)
        needed = self.needed - core.base
        stays = bound + np.minimum(profit, 0.0) >= needed
        opens = stays & (profit > 0) & (bound - profit < needed)
        if stays.all() and not opens.any():
            return
        self.core, label = part(core, stays & ~opens, opens)
        weight = self.core.cover.weight
        carried = np.bincount(label[label >= 0], weights=multipliers[label >= 0], minlength=len(weight))
        self.multipliers = np.minimum(carried, weight)

    def improve(
        self, proposals: int, temperatures: tuple[float, float], *, from_greedy: bool, merging: bool = False
    ) -> bool:
        """Anneal exchanges among the sites of the core, or of the stored choices; see the method that it replaces."""
        core = self._among(np.isin(self.core.sites, self.remembered)) if merging else self.core
        if not len(core.sites) or not len(core.cover.weight):
            return False
        _, _, worth = bound_within(self.core.cover, self.left, self.multipliers)
        begin = np.searchsorted(core.sites, np.intersect1d(self.chosen, core.sites))
        state = state_of(core.cover, begin[:0] if from_greedy else begin)
        fill(core.cover, state, budget=self.left)
        scale = float(np.median(state.gain[opened(state)])) if state.size[0] else 0.0
        if worth <= 0.0 or scale <= 0.0:
            return False
        schedule = (proposals, temperatures[0] * scale, temperatures[1] * scale)
        best = anneal_within(core.cover, state, self.random, (self.left, worth), schedule, self.should_stop)
        last = state_of(core.cover, np.flatnonzero(best))
        fill(core.cover, last, budget=self.left)
        self.work += _SCATTERED * int(state.touched[0] + last.touched[0])
        chosen = core.whole(opened(last))
        self.remember(chosen)
        self.update_incumbent(chosen)
        return True
