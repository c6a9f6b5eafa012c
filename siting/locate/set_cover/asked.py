"""What set covering is asked: the groups that may be covered, and how many persons may stay uncovered."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Problem
from siting.locate.reduction import Reduction, reduced
from siting.locate.set_cover.choice import lists_of, settled_choice
from siting.locate.set_cover.core import EXACT, Core

# A share of many persons is a product of floats: what they may be off by, relative to all persons.
_OFF: Final = 1e-12
# The size of the largest cost that is no whole number.
_LARGEST: Final = 1000.0


@dataclass(frozen=True)
class Asked:
    """A request for the persons of a share.

    Parameters
    ----------
    free : ndarray of int
        The rows of ``core``: those that may be opened or not, ascending.
    forced : ndarray of int
        Rows that are opened beside them.
    core : Core
        The groups that neither kept nor forced rows cover; each row costs 1. Its slack is negative where too many
        persons are reached by no row.
    """

    free: Ints
    forced: Ints
    core: Core

    @property
    def reachable(self) -> bool:
        """Whether all rows together would do."""
        return self.core.slack >= 0

    def plan(self, core: Core, chosen: Ints, stops: Callable[[], bool] | None = None) -> Ints:
        """Return the rows that are opened, with lower ones instead of higher ones where that changes nothing else.

        Parameters
        ----------
        core : Core
            :attr:`core` at its costs.
        chosen : ndarray of int
            A feasible choice of its rows.
        stops : callable, optional
            Whether to leave it at the exchanges made so far.
        """
        begin = np.zeros(core.rows, dtype=np.bool_)
        begin[chosen] = True
        lower = np.flatnonzero(settled_choice(lists_of(core), begin, core.slack, stops))
        return np.sort(np.concatenate([self.free[lower], self.forced])).astype(np.int64)


def asked(problem: Problem, share: float) -> Asked:
    """Return what it takes to cover a share of all persons, those whom no row reaches included.

    Persons who are no whole numbers are counted in units so fine that their sums stay exact; a share is reached when it
    is missed by no more than what floats may be off by.
    """
    people = problem.people
    found = reduced(problem, value=people, dominated=False)
    total = math.fsum(people)
    sites = np.concatenate([np.flatnonzero(problem.kept), found.forced, found.rows])
    reached = np.zeros(len(people), dtype=np.bool_)
    for row in sites:
        reached[problem.points_of(int(row))] = True
    lost = math.fsum(people[~reached])
    weight = found.cover.weight
    if share >= 1:
        slack = 0.0 if lost == 0 else -1.0
        weight = weight if found.whole else np.ones(len(weight))
    elif found.whole:
        slack = total - math.ceil(share * total * (1.0 - _OFF)) - lost
    else:
        off = max(_OFF, 2.0 * len(weight) / EXACT) * total
        unit = 2.0 ** (math.floor(math.log2(EXACT / total)) - 1)
        weight = np.maximum(np.rint(weight * unit), 1.0)
        slack = float(math.floor((total * (1.0 - share) + off - lost) * unit))
    return Asked(found.rows, found.forced, _core(found, weight, slack))


def _core(found: Reduction, weight: Floats, slack: float) -> Core:
    cover, ones = found.cover, np.ones(len(found.rows))
    return Core(cover.start, cover.group, cover.row_start, cover.row, weight, ones, slack, whole=True)


def priced(core: Core, costs: Floats) -> tuple[Core, float]:
    """Return a core at the costs of its rows in units, and the unit: the greatest that divides all, if one does."""
    if np.all(costs == np.rint(costs)) and costs.sum() < EXACT:
        unit, whole = float(np.gcd.reduce(costs.astype(np.int64), initial=0)) or 1.0, True
    else:
        unit, whole = 2.0 ** math.floor(math.log2(float(costs.max()) / _LARGEST)), False
    lists = (core.start, core.group, core.row_start, core.row)
    return Core(*lists, core.weight, costs / unit, core.slack, whole), unit
