"""A model and its rules as one lexicographic mixed-integer program: variables, constraints, objectives in order."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.highs import Milp
from siting.locate.milp.assignment import ServiceVariables
from siting.locate.milp.constraints import ConstraintBlock, satisfies, site_constraints, stacked
from siting.locate.milp.objectives import Objective
from siting.locate.problem import Bools, Problem
from siting.locate.tolerances import SUM_TOLERANCE


@dataclass(frozen=True)
class DependentVariables:
    """Variables that follow from the sites and from who is served: a least covered share, shortfalls, links.

    Parameters
    ----------
    lower, upper : ndarray
        The range of each in HiGHS.
    tolerance : ndarray
        How far above ``upper`` the exact value of each may be.
    of : callable
        Returns the best values for given site variables and service variables.
    integer : ndarray of bool or None
        Which of them are integer in HiGHS; none if absent.
    """

    lower: Floats
    upper: Floats
    tolerance: Floats
    of: Callable[[Floats, Floats], Floats]
    integer: Bools | None = None


@dataclass(frozen=True)
class LexicographicMilp:
    """A model and its rules as one mixed-integer program with objectives in lexicographic order.

    Parameters
    ----------
    problem : Problem
        The sites, whose variables stand first.
    service : ServiceVariables
        The variables of who is served, which follow.
    share_constraints : tuple of ConstraintBlock
        Constraints of the model on served shares, with the exact right-hand sides. If there are dependent variables,
        they hold by the definition of these.
    objectives : tuple of Objective
        At least one; each is optimised subject to the values of those before it.
    dependent : DependentVariables or None
        The variables that stand last.
    need : float, default 0
        Persons that a share of all persons still needs beside those served by every choice of sites.
    aggregated : LexicographicMilp or None
        A smaller program of the first objective alone, with equal value for every choice of sites.
    surrogate : Objective or None
        Of an aggregated program: an approximation of the second objective, to find a good incumbent for it.
    """

    problem: Problem
    service: ServiceVariables
    share_constraints: tuple[ConstraintBlock, ...]
    objectives: tuple[Objective, ...]
    dependent: DependentVariables | None = None
    need: float = 0.0
    aggregated: "LexicographicMilp | None" = None
    surrogate: Objective | None = None

    @cached_property
    def site_constraints(self) -> tuple[ConstraintBlock, ...]:
        """The constraints on the sites alone."""
        return site_constraints(self.problem)

    @property
    def variables(self) -> int:
        """The number of variables."""
        return self.problem.sites + self.service.variables + self.dependents

    @property
    def dependents(self) -> int:
        """The number of dependent variables."""
        return 0 if self.dependent is None else len(self.dependent.lower)

    @property
    def integer(self) -> Bools:
        """The integer variables: the sites that may be chosen, and some dependent variables."""
        whole = np.zeros(self.variables, dtype=np.bool_)
        whole[: self.problem.sites] = self.problem.open_to_choice
        if self.dependent is not None and self.dependent.integer is not None:
            whole[self.variables - self.dependents :] = self.dependent.integer
        return whole

    def single(
        self,
        objective: Objective,
        more: tuple[ConstraintBlock, ...] = (),
        opened: Floats | None = None,
        *,
        relaxed: bool = False,
    ) -> Milp:
        """Return the program of one objective, with more constraints, and with its sites fixed or open to choice.

        Share constraints are exact where sites are fixed, and relaxed where they are open to choice or ``relaxed``.
        """
        shares = self.share_constraints
        if relaxed or opened is None:
            shares = tuple(_relaxed(block) for block in shares)
        blocks = [*self.site_constraints, *self.service.blocks, *shares, *more]
        matrix, low, high = stacked(blocks, self.variables)
        lower, upper = self._ranges()
        sites = self.problem.sites
        lower[:sites] = self.problem.kept if opened is None else opened
        upper[:sites] = self.problem.kept | self.problem.open_to_choice if opened is None else opened
        integer = self.integer if opened is None else np.zeros(self.variables, dtype=np.bool_)
        return Milp(objective.costs, matrix, low, high, lower, upper, integer)

    def trivial_bound(self, objective: Objective) -> float:
        """Return the bound of an objective without any constraint, from the ranges of the variables."""
        lower, upper = self._ranges()
        one, other = objective.weights * lower, objective.weights * upper
        side = np.maximum(one, other) if objective.sense == "max" else np.minimum(one, other)
        return math.fsum([objective.constant, *side.tolist()])

    def _ranges(self) -> tuple[Floats, Floats]:
        """Return the least and the largest value of each variable, all sites open to choice."""
        lower, upper = np.zeros(self.variables), np.ones(self.variables)
        if self.dependent is not None:
            first = self.variables - self.dependents
            lower[first:], upper[first:] = self.dependent.lower, self.dependent.upper
        return lower, upper

    def point(self, opened: Floats, shares: Floats) -> Floats:
        """Return all variables, from those of the sites and of who is served."""
        last = () if self.dependent is None else (self.dependent.of(opened, shares),)
        return np.concatenate([opened, shares, *last])

    def opened(self, chosen: Ints) -> Floats:
        """Return the site variables of a choice: 1 for sites that are kept or chosen."""
        opened = self.problem.kept.astype(np.float64)
        opened[chosen] = 1.0
        return opened

    def chosen(self, values: Floats) -> Ints:
        """Return the sites that a point opens beside those kept."""
        opened = values[: self.problem.sites] > 0.5  # noqa: PLR2004 - HiGHS returns 0 or 1 within its tolerance
        return np.flatnonzero(opened & self.problem.open_to_choice).astype(np.int64)

    def is_feasible(self, chosen: Ints) -> bool:
        """Tell whether a choice satisfies the site constraints."""
        return satisfies(self.problem, chosen, self.site_constraints)

    def meets_shares(self, values: Floats, tolerance: float = SUM_TOLERANCE) -> bool:
        """Tell whether a point satisfies the share constraints, or has its dependent variables in their ranges."""
        if self.dependent is not None:
            own = values[self.variables - self.dependents :]
            return bool(np.all(own <= self.dependent.upper + self.dependent.tolerance))
        for block in self.share_constraints:
            sides = block.over(self.variables) @ values
            if np.any(sides < block.low - tolerance * np.maximum(np.abs(block.low), 1.0)):
                return False
        return True


def over_all(sites: int, weights: Floats, *, more: int = 0) -> Floats:
    """Return the weights of all variables from those of service: 0 for sites, and for ``more`` at the end."""
    return np.concatenate([np.zeros(sites), weights, np.zeros(more)])


def _relaxed(block: ConstraintBlock) -> ConstraintBlock:
    """Return share constraints relaxed, so that sums in another order do not exclude a feasible choice."""
    return ConstraintBlock(block.rule, block.matrix, block.low - block.relaxed_by, block.high)
