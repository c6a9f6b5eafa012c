"""A greedy first plan: clause by clause the site that lowers shortfalls most for its cost, without redundant sites."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.compliance.system import RequirementSystem
from siting.locate.milp.constraints import ConstraintBlock, satisfies
from siting.locate.problem import Bools, Problem
from siting.locate.tolerances import SUM_TOLERANCE

# Above this number of operations, ties are not broken.
_MOST_WORK: Final = 100_000_000


@dataclass(frozen=True)
class SiteConstraints:
    """The constraints of the rules on the sites, and how much they still allow."""

    problem: Problem
    blocks: tuple[ConstraintBlock, ...]

    def admissible(self, opened: Bools) -> Bools:
        """Return the closed sites that may each be opened alone beside the open ones."""
        may = self.problem.open_to_choice & ~opened
        for block in self.blocks:
            if np.isfinite(block.high).any():
                left = block.high - block.matrix @ opened.astype(np.float64)
                over = block.matrix.data > np.repeat(left, np.diff(block.matrix.indptr)) + SUM_TOLERANCE
                may[block.matrix.indices[over]] = False
        return may

    def satisfied_by(self, opened: Bools) -> bool:
        """Tell whether the open sites satisfy all rules."""
        return satisfies(self.problem, np.flatnonzero(opened & ~self.problem.kept), self.blocks)


def first_plan(
    system: RequirementSystem, constraints: SiteConstraints, costs: Floats, stopped: Callable[[], bool]
) -> Bools | None:
    """Open the required sites, then stage by stage the site with the highest gain for its cost; remove redundant sites.

    Returns
    -------
    ndarray of bool or None
        Kept and chosen sites; None if the required sites violate a rule.
    """
    opened = _must(constraints, costs)
    if not constraints.satisfied_by(opened):
        return None
    # A free site is better than any site that costs something.
    prices = np.maximum(costs, costs.max(initial=0.0) * SUM_TOLERANCE + SUM_TOLERANCE)
    barred = np.zeros_like(opened)
    for stage in range(system.stages):
        wanted = np.flatnonzero(system.stage == stage)
        add, worth = csr_array(system.add[wanted]), csr_array(system.worth[wanted])
        while not stopped():
            lacks = system.shortfalls(opened)[wanted]
            may = constraints.admissible(opened) & ~barred
            gains = np.where(may, _gains(add, worth, system, opened, lacks), 0.0)
            if gains.max(initial=0.0) <= SUM_TOLERANCE:
                break
            best = np.argmax(np.where(gains > SUM_TOLERANCE, gains / prices, 0.0))
            opened[best] = True
            # Only this check adds costs up exactly.
            barred[best] = not constraints.satisfied_by(opened)
            opened[best] = not barred[best]
    return without_redundant(system, constraints, costs, opened)


def without_redundant(system: RequirementSystem, constraints: SiteConstraints, costs: Floats, opened: Bools) -> Bools:
    """Close sites without which no shortfall grows, the most expensive first, the later one of equals."""
    opened = opened.copy()
    before = system.shortfalls(opened)
    chosen = np.flatnonzero(opened & ~constraints.problem.kept)
    for site in chosen[np.lexsort((-chosen, -costs[chosen]))]:
        opened[site] = False
        if np.any(system.shortfalls(opened) > before + SUM_TOLERANCE) or not constraints.satisfied_by(opened):
            opened[site] = True
    return opened


def break_ties(system: RequirementSystem, constraints: SiteConstraints, costs: Floats, opened: Bools) -> Bools:
    """Exchange sites, one for one, for equally good ones that come before them, unless that exceeds a work limit."""
    opened = opened.copy()
    before = system.shortfalls(opened)
    chosen = np.flatnonzero(opened & ~constraints.problem.kept)
    may = constraints.problem.open_to_choice
    trials = [np.flatnonzero(may[:site] & (costs[:site] == costs[site])) for site in chosen]
    size = system.add.nnz + system.reach.nnz + system.worth.nnz + sum(block.matrix.nnz for block in constraints.blocks)
    if sum(len(each) for each in trials) * size > _MOST_WORK:
        return opened
    for site, others in zip(chosen, trials, strict=True):
        for other in others[~opened[others]]:
            opened[[site, other]] = False, True
            if np.all(system.shortfalls(opened) <= before + SUM_TOLERANCE) and constraints.satisfied_by(opened):
                break
            opened[[site, other]] = True, False
    return opened


def _must(constraints: SiteConstraints, costs: Floats) -> Bools:
    """Return the kept and forced sites, and the cheapest site of each occupied place."""
    opened = constraints.problem.kept.copy()
    for block in constraints.blocks:
        if block.rule == "forced":
            for part in range(len(block.low)):
                sites: Ints = block.matrix.indices[slice(*block.matrix.indptr[part : part + 2])].astype(np.int64)
                sites = sites[constraints.problem.open_to_choice[sites]]
                if len(sites) and not opened[sites].any():
                    opened[sites[np.argmin(costs[sites])]] = True
    return opened


def _gains(add: csr_array, worth: csr_array, system: RequirementSystem, opened: Bools, lacks: Floats) -> Floats:
    """Return by how much each site alone lowers the shortfalls of the given requirements."""
    unreached = 1.0 - system.reached(opened)
    more = csr_array(add + worth.multiply(unreached[None, :]).tocsr() @ system.reach)
    capped = np.minimum(more.data, np.repeat(lacks, np.diff(more.indptr)))
    return np.bincount(more.indices, weights=capped, minlength=add.shape[1]).astype(np.float64)
