"""Maximal covering: the most people newly covered with so many stations or so much money."""

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints, PlanStatus, Progress, Selection, quiet
from siting.locate import exact
from siting.locate.greedy import greedy, ranked
from siting.locate.instance import CoveringInstance, Reduced, clean, reduce_covering
from siting.locate.ties import settled

# Bound and objective are sums of many floats and a linear programme's; closer than this they are the same
# number.
_NOISE: Final = 1e-9
_STAGES: Final = 3


def propose_covering(  # noqa: PLR0913 - all but two are named
    covers: csr_array,
    weights: Floats,
    *,
    stations: int | None = None,
    budget: float | None = None,
    costs: Floats | None = None,
    order: ArrayLike | None = None,
    max_nodes: int | None = None,
    time_limit_s: float = 600.0,
    seed: int = 0,
    progress: Progress = quiet,
) -> Selection:
    r"""Choose the candidates that newly cover most people, and prove how good the choice is.

    The maximal covering location problem:

    .. math::

        \max \sum_i w_i y_i \quad \text{subject to} \quad
        y_i \le \sum_{j \in N(i)} x_j \;\forall i, \quad \sum_j x_j \le p, \quad \sum_j c_j x_j \le B, \quad
        x_j \in \{0, 1\}, \; 0 \le y_i \le 1

    - :math:`x_j` is 1 if candidate j is opened,
    - :math:`y_i` is 1 if the people at i are covered,
    - :math:`w_i` are the people at i who are not covered yet (``weights``),
    - :math:`N(i)` are the candidates that reach i within the cut-off (``covers``),
    - :math:`p` is the most stations (``stations``),
    - :math:`c_j` is the cost of j (``costs``) and :math:`B` the ``budget``.

    Parameters
    ----------
    covers : csr_array of bool
        Shape (candidates, demand points): true where the candidate reaches the demand point within the
        cut-off.
    weights : Floats
        Persons at each demand point who are not covered yet; 0 where existing facilities cover them.
    stations : int, optional
        The most stations that may be opened.
    budget : float, optional
        The most that they may cost together. At least one of ``stations`` and ``budget`` is given; with
        both, both hold.
    costs : Floats, optional
        Cost of each candidate; needed with a budget. Without a budget it breaks ties only.
    order : array_like, optional
        Rank of each candidate among equals, lower first. With ranks that belong to the candidates (by
        place, say) the same sites are chosen in whatever order the rows come. By row number if absent.
    max_nodes : int, optional
        Branch-and-bound nodes after which the search stops; no limit if absent.
    time_limit_s : float, default 600
        Seconds after which the search stops. A safety stop: where it strikes, the choice depends on the
        machine.
    seed : int, default 0
        Random seed of the solver.
    progress : Progress, optional
        Called as ``progress("solve", done, total)`` when the problem is reduced, when the first choice
        stands and at the end.

    Returns
    -------
    Selection
        The choice, in the order of what each station adds to those before it. A station that would add
        nobody is left out, so that there may be fewer than ``stations``. ``status`` is ``"optimal"`` only
        if that is proved (bound and objective differ by no more than a milliardth), else ``"feasible"``.
        ``stopped_by`` is ``"proved"``, ``"nodes"``, ``"time"``, ``"interrupt"`` (Ctrl-C during the
        solution: the best choice so far is returned) or ``"solver"`` (HiGHS gave up without a proof).
        ``solver`` is ``"greedy"`` where the greedy choice met an upper bound at once.

    Raises
    ------
    ValueError
        Shapes differ, a number is negative or not finite, neither ``stations`` nor ``budget`` is given, or
        a budget comes without costs.

    References
    ----------
    Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science
    Association 32, 101-118.

    Examples
    --------
    Of three candidates the second reaches most people, but the first and the third together reach all.

    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate import propose_covering
    >>> covers = csr_array(np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], dtype=bool))
    >>> plan = propose_covering(covers, np.array([40.0, 50.0, 60.0, 30.0]), stations=2)
    >>> plan.chosen.tolist(), plan.gains.tolist(), plan.objective, plan.status
    ([0, 2], [90.0, 90.0], 180.0, 'optimal')
    """
    given = CoveringInstance(clean(covers), weights, costs, stations, budget)
    progress("solve", 0, _STAGES)
    small = reduce_covering(given, order)
    progress("solve", 1, _STAGES)
    first = greedy(small.instance)
    progress("solve", 2, _STAGES)
    solved, solver = _prove(small.instance, first, exact.Limits(max_nodes, time_limit_s, seed))
    selection = _selection(given, small, first, solved, solver)
    progress("solve", _STAGES, _STAGES)
    return selection


def _prove(instance: CoveringInstance, first: Ints, limits: exact.Limits) -> tuple[exact.Solved, str]:
    """Return the first choice where a simple bound proves it, else what the solver makes of it."""
    bound = _simple_bound(instance)
    if _same(bound, instance.covered_by(first)):
        return exact.Solved(first, bound, "proved"), "greedy"
    solved = exact.solve(instance, first, limits)
    if _same(instance.covered_by(solved.chosen), instance.covered_by(first)):
        solved = exact.Solved(first, solved.bound, solved.ended)
    else:
        solved = exact.Solved(settled(instance, solved.chosen), solved.bound, solved.ended)
    return exact.Solved(solved.chosen, min(bound, solved.bound), solved.ended), exact.solver_name()


def _simple_bound(instance: CoveringInstance) -> float:
    """Return the lesser of all within reach and what the best stations cover, each counted alone."""
    alone = np.sort(instance.covers @ instance.weights)[::-1]
    return min(math.fsum(instance.weights), math.fsum(alone[: instance.most]))


def _same(bound: float, objective: float) -> bool:
    return bound - objective <= _NOISE * abs(objective)


def _selection(given: CoveringInstance, small: Reduced, first: Ints, solved: exact.Solved, solver: str) -> Selection:
    """Return the choice in the caller's rows, measured anew on the caller's demand."""
    chosen, gains = _in_rank_order(given, small, solved.chosen)
    objective = math.fsum(gains)
    proved = _same(solved.bound, objective)
    status: PlanStatus = "optimal" if proved else "feasible"
    # HiGHS may hold for optimal what its bound does not bear out when added up anew.
    unproved = "solver" if solved.ended == "proved" else solved.ended
    return Selection(
        chosen=chosen,
        gains=gains,
        status=status,
        objective=objective,
        bound=objective if proved else max(solved.bound, objective),
        stopped_by="proved" if proved else unproved,
        solver=solver,
        greedy_objective=math.fsum(_in_rank_order(given, small, first)[1]),
    )


def _in_rank_order(given: CoveringInstance, small: Reduced, choice: Ints) -> tuple[Ints, Floats]:
    """Return a choice in the caller's rows, and the persons whom each adds to those before it, rounded once."""
    chosen = small.candidates[ranked(small.instance, choice)]
    left = given.weights.copy()
    gains = np.zeros(chosen.size)
    for step, candidate in enumerate(chosen):
        people = given.people_of(candidate)
        gains[step] = math.fsum(left[people])
        left[people] = 0.0
    return chosen, gains
