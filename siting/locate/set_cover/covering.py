"""Set covering: the fewest stations, or the least money, such that a share of all persons is covered."""

import math
from typing import Final, Literal

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.highs import solver_name
from siting.locate.problem import Effort, Problem, Rule, SetCovering, Solution, Stage, status_of
from siting.locate.set_cover.asked import Asked, asked, priced
from siting.locate.set_cover.core import Core
from siting.locate.set_cover.exact import solved
from siting.locate.set_cover.parts import Least, Watch, least

_NOBODY: Final = np.zeros(0, dtype=np.int64)


def set_covering(problem: Problem, model: SetCovering, effort: Effort) -> Solution:
    r"""Choose the fewest rows, or those of least cost, that cover a share of all persons, and prove how good that is.

    The location set covering problem, in part if the share is below 1:

    .. math::

        \min \sum_j c_j x_j \quad \text{subject to} \quad
        z_i + \sum_{j \in N(i)} x_j \ge 1 \;\forall i, \quad \sum_i w_i z_i \le (1 - \alpha) \sum_i w_i, \quad
        \sum_j x_j \le p, \quad x_j \in \{0, 1\}, \; 0 \le z_i \le 1

    - :math:`x_j` is 1 if row j is opened (1 for kept and forced, 0 for forbidden rows),
    - :math:`z_i` is 1 if the persons at point i stay uncovered,
    - :math:`w_i` are the persons at i (``people``),
    - :math:`N(i)` are the rows that reach i within the cut-off,
    - :math:`c_j` is 1, or with ``by_cost`` the cost of j, and 0 for kept rows,
    - :math:`\alpha` is the ``share``, and p the most ``stations``, if the rules say.

    Exact reduction comes first (groups of points with the same rows; rows and groups that others imply; rows without
    which a group stays uncovered; independent parts); then greedy choices and local search, a Lagrangian bound by
    subgradient steps, rows fixed by their reduced costs, and HiGHS on what is left.

    Parameters
    ----------
    problem : Problem
        A plain one: ``rules`` says no more than kept, forced and forbidden rows, the most stations, and costs.
    model : SetCovering
        The share, and whether costs count. ``unit_share`` is None.
    effort : Effort
        When to stop.

    Returns
    -------
    Solution
        One stage, ``"stations"`` (how many rows are opened, forced ones included) or ``"cost"``. Infeasible, blocked by
        ``"reach"`` where all rows together cover too few, by ``"stations"`` and ``"share"`` where it is proved that so
        many stations cover too few, by ``"stations"`` and ``"forced"`` where more are forced, by ``"forced"`` where a
        forced row is forbidden. Where the search was stopped before it found a plan of so many stations, ``status`` is
        ``"unknown"``, and the stage's objective is infinite.

    Raises
    ------
    ValueError
        The problem is not plain, the model asks for a share in each unit, or for the least cost without costs.

    References
    ----------
    Toregas, C., Swain, R., ReVelle, C. and Bergman, L. (1971). The location of emergency service facilities. Operations
    Research 19(6), 1363-1373. Caprara, A., Fischetti, M. and Toth, P. (1999). A heuristic method for the set covering
    problem. Operations Research 47(5), 730-743. Daskin, M. and Owen, S. (1999). Two new location covering problems: the
    partial p-center problem and the partial set covering problem. Geographical Analysis 31(3), 217-235.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Effort, Ended, Problem, SetCovering
    >>> from siting.locate.set_cover import set_covering
    >>> reach = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    >>> problem = Problem(csr_array(reach * 60.0), np.array([40.0, 50.0, 60.0, 30.0]))
    >>> found = set_covering(problem, SetCovering(), Effort())
    >>> found.chosen.tolist(), found.objective, found.status
    ([0, 2], 2.0, 'optimal')
    >>> set_covering(problem, SetCovering(share=0.6), Effort()).chosen.tolist()
    [1]
    """
    _refuse(problem, model)
    rules = problem.rules
    if rules.forced is not None and bool(np.any(rules.forced & ~problem.kept & ~problem.open_to_choice)):
        return _infeasible("forced")
    watch, wanted = Watch(effort), asked(problem, model.share)
    if not wanted.reachable:
        return _infeasible("reach")
    most = math.inf if rules.stations is None else rules.stations - len(wanted.forced)
    if most < 0:
        return _infeasible("stations", "forced")
    if model.by_cost:
        return _by_cost(problem, wanted, watch, most)
    found = least(wanted.core, watch, most=most)
    return _of_number(wanted, found, watch, most)


def _refuse(problem: Problem, model: SetCovering) -> None:
    if not problem.is_plain or model.unit_share is not None:
        message = "set_covering takes plain problems and no share by unit"
        raise ValueError(message)
    if model.by_cost and problem.rules.costs is None:
        message = "the least cost needs costs"
        raise ValueError(message)


def _infeasible(*blocked_by: Rule) -> Solution:
    return Solution(_NOBODY, "infeasible", (), "proved", solver_name(), blocked_by=blocked_by)


def _nothing_found(found: Least, stage: Literal["stations", "cost"], bound: float) -> Solution:
    stages = (Stage(stage, "min", math.inf, bound),)
    return Solution(_NOBODY, "unknown", stages, found.ended, solver_name())


def _of_number(wanted: Asked, found: Least, watch: Watch, most: float) -> Solution:
    forced = len(wanted.forced)
    if found.bound > most:
        return _infeasible("stations", "share")
    if len(found.chosen) > most:
        return _nothing_found(found, "stations", forced + found.bound)
    chosen = wanted.plan(wanted.core, found.chosen, watch.stops)
    stages = (Stage("stations", "min", float(len(chosen)), forced + found.bound),)
    ended, first = found.ended, forced + found.first
    return Solution(chosen, status_of(stages), stages, ended, solver_name(), first_objective=first)


def _by_cost(problem: Problem, wanted: Asked, watch: Watch, most: float) -> Solution:
    costs = problem.rules.costs
    assert costs is not None  # noqa: S101 - refused before
    core, unit = priced(wanted.core, costs[wanted.free])
    base = math.fsum(costs[wanted.forced])
    found = least(core, watch)
    if len(found.chosen) > most:
        fewest = least(wanted.core, watch, most=most, any_will_do=True)
        if fewest.bound > most:
            return _infeasible("stations", "share")
        if len(fewest.chosen) > most:
            return _nothing_found(fewest, "cost", base + unit * found.bound)
        found = _of_so_many(core, fewest.chosen, found, watch, int(most))
    chosen = wanted.plan(core, found.chosen, watch.stops)
    objective = math.fsum(costs[chosen])
    # The objective adds up other floats than the bound.
    proved = found.bound >= float(core.cost[found.chosen].sum())
    bound = objective if proved else min(base + unit * found.bound, objective)
    stages = (Stage("cost", "min", objective, bound),)
    first = base + unit * found.first
    return Solution(chosen, status_of(stages), stages, found.ended, solver_name(), first_objective=first)


def _of_so_many(core: Core, begin: Ints, free: Least, watch: Watch, most: int) -> Least:
    """Return the least cost of no more than so many rows, from a first choice and the least cost of any number."""
    effort = watch.left(watch.effort.report, watch.effort.interrupted)
    chosen, run = solved(core, begin, effort, most)
    cost, first = float(core.cost[chosen].sum()), float(core.cost[begin].sum())
    if run.stopped_by == "infeasible":
        # There is a choice: HiGHS lost it, and what it says proves nothing.
        return Least(chosen, free.bound, "solver", first)
    bound = cost if run.stopped_by == "proved" else max(free.bound, core.rounded_up(run.bound))
    return Least(chosen, bound, run.stopped_by, first)
