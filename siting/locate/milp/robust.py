"""Covering when people are uncertain: the most people that a choice covers in a share of drawn populations."""

import math
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack

from siting.domain.nouns import Floats, Ints
from siting.locate.deadline import Deadline, keeps_first_plan
from siting.locate.milp.assignment import coverage_variables
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.evaluate import better_of, evaluate
from siting.locate.milp.formulation import DependentVariables, LexicographicMilp
from siting.locate.milp.lexicographic import solve_from
from siting.locate.milp.models import covered_objective
from siting.locate.milp.objectives import Objective
from siting.locate.milp.ties import without_redundant
from siting.locate.problem import Effort, MaximalCovering, Problem, Solution, Solver
from siting.locate.tolerances import NEAR_ZERO

# The part of the seconds for the first plan, that of the mean.
_FIRST_SHARE: Final = 0.25


@keeps_first_plan
def solve_robust(problem: Problem, draws: Floats, share: float, solver: Solver, effort: Effort) -> Solution:
    r"""Choose the sites with the highest promise: so many people are newly covered in a share of the populations.

    With :math:`w_{dg}` the people of demand group g in population d of D, :math:`y_g` whether the group is covered,
    :math:`t` the promise, :math:`b_d = 1` if it need not hold in d, and :math:`M` the most that any choice covers:

    .. math::

        \max\; t \quad \text{subject to} \quad
        & t \le \sum_g w_{dg} y_g + M b_d, \quad \sum_d b_d \le \lfloor (1 - \alpha) D \rfloor \\
        & y_g \le \sum_{j \in N(g)} x_j, \quad x \in R, \quad b_d \in \{0, 1\}

    with :math:`\alpha` the share and :math:`R` the rules
    (:func:`~siting.locate.milp.constraints.site_constraints`). With :math:`\alpha = 1` it is the worst case. Among
    equal promises the one with the highest mean is chosen.

    Parameters
    ----------
    problem : Problem
        Times and rules, without capacity. Its people are not used.
    draws : ndarray
        Shape (populations, points), persons, not negative.
    share : float
        In which share of the populations the promise holds, above 0, at most 1.
    solver : callable
        Solves the problem with the mean people, for the first plan.
    effort : Effort
        When to stop.

    Returns
    -------
    Solution
        Its stages are ``"promised"`` and ``"covered"``, the mean.

    Notes
    -----
    The worst case is that of robust discrete optimisation with scenarios (Kouvelis and Yu 1997), the share a chance
    constraint over a sample (Luedtke and Ahmed 2008).

    Examples
    --------
    Site 0 covers 60 or 20, site 1 always 35, site 2 10 or 90.

    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.milp.robust import solve_robust
    >>> from siting.locate.problem import Effort, Problem, Rules
    >>> from siting.locate.solve import solve
    >>> draws = np.array([[60.0, 35.0, 10.0], [20.0, 35.0, 90.0]])
    >>> problem = Problem(csr_array(np.eye(3) * 60.0), np.ones(3), Rules(stations=1))
    >>> [solve_robust(problem, draws, share, solve, Effort()).chosen.tolist() for share in (1.0, 0.5)]
    [[1], [2]]
    """
    deadline = Deadline(effort)
    mean = replace(problem, people=draws.mean(axis=0), weights=None, units=None)
    milp = robust_milp(mean, draws, share)
    first = solver(mean, MaximalCovering(), replace(deadline.left(_FIRST_SHARE), report=None))
    plan = evaluate(milp, first.chosen) if first.stages else None
    plan = None if plan is None else better_of(milp, plan, without_redundant(milp, plan))
    return solve_from(milp, plan, deadline.left(report=effort.report))


def robust_milp(problem: Problem, draws: Floats, share: float) -> LexicographicMilp:
    """Return the program of :func:`solve_robust` over the sites, the groups, the promise and the exempted populations.

    The people of the problem are the mean of the draws.
    """
    service = coverage_variables(problem, by_unit=False)
    people = _by_group(draws, service.groups.group_of, service.variables)
    exempt = exempted(len(draws), share)
    most = float(people.sum(axis=1).max(initial=0.0)) or 1.0
    first, count = problem.sites + service.variables, len(draws)
    width = first + 1 + count
    # In shares of the most people: HiGHS calls optima infeasible whose rows with large coefficients are off by 1e-9.
    parts = (
        csr_array((count, problem.sites)),
        csr_array(-people / most),
        csr_array(np.ones((count, 1))),
        -eye_array(count),
    )
    holds = csr_array(hstack(parts, format="csr"))
    spared = np.zeros((1, width))
    spared[0, first + 1 :] = 1.0
    promise = np.zeros(width)
    promise[first] = most
    dependent = DependentVariables(
        lower=np.zeros(1 + count),
        upper=np.ones(1 + count),
        tolerance=np.full(1 + count, NEAR_ZERO),
        of=lambda _, shares: _promise(people @ shares / most, exempt),
        integer=np.arange(1 + count) > 0,
    )
    blocks = (
        ConstraintBlock(None, holds, np.full(count, -np.inf), np.zeros(count)),
        ConstraintBlock(None, csr_array(spared), np.array([-np.inf]), np.array([float(exempt)])),
    )
    objectives = (Objective("promised", "max", promise), covered_objective(problem, service, more=1 + count))
    return LexicographicMilp(problem, service, blocks, objectives, dependent=dependent)


def exempted(draws: int, share: float) -> int:
    """Return in how many populations a promise for a share of them need not hold.

    Examples
    --------
    >>> from siting.locate.milp.robust import exempted
    >>> exempted(50, 0.9), exempted(15, 0.9), exempted(50, 1.0)
    (5, 1, 0)
    """
    return draws - max(math.ceil(share * draws - NEAR_ZERO * draws), 1)


def _promise(covered: Floats, exempt: int) -> Floats:
    """Return the promise, then 1 for each population in which it does not hold."""
    promise = np.sort(covered)[exempt]
    return np.concatenate([[promise], (covered < promise).astype(np.float64)])


def _by_group(draws: Floats, group_of: Ints, groups: int) -> Floats:
    """Return the people of each group in each population, shape (populations, groups)."""
    there = group_of >= 0
    found = [np.bincount(group_of[there], weights=row[there], minlength=groups) for row in draws]
    return np.array(found, dtype=np.float64).reshape(len(draws), groups)
