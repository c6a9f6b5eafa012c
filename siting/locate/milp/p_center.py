"""The p-center with any rules: a bisection over times, each a set covering feasibility problem."""

import math
from dataclasses import replace
from typing import Final

import numpy as np

from siting.domain.nouns import Floats
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.highs import solver_name
from siting.locate.milp.assignment import served_by
from siting.locate.milp.evaluate import AFTER_INTERRUPT_S, Evaluation, evaluate
from siting.locate.milp.formulation import LexicographicMilp
from siting.locate.milp.greedy import greedy_plan
from siting.locate.milp.lexicographic import run_stage
from siting.locate.milp.models import persons_needed, service_variables, share_constraint
from siting.locate.milp.objectives import Objective
from siting.locate.milp.ties import break_ties, without_redundant
from siting.locate.problem import Effort, Ended, PCenter, Problem, Solution, Stage, nothing_found, status_of
from siting.locate.tolerances import SUM_TOLERANCE

# Seconds for the evaluation of the last plan, whatever the limit.
_EVALUATION_S: Final = 10.0


def p_center(problem: Problem, model: PCenter, effort: Effort) -> Solution:
    r"""Smallest worst walking time of a share of the persons that some site reaches.

    .. math::

        \min r \quad \text{such that there are open sites with} \quad
        \sum_{g: \, \exists j \text{ open}, \, t_{gj} \le r} n_g \ge \alpha N

    with :math:`t_{gj}` the seconds from site j to group g, :math:`n_g` its persons, :math:`N` those that some site
    (kept, or open to choice) reaches within the cut-off, and :math:`\alpha` the ``share``; with capacity the persons
    served within r count. The smallest r is one of the times (or 0 if nobody needs service). A bisection asks whether a
    time is feasible; the answer is feasible, and the time before it is infeasible.

    Parameters
    ----------
    problem : Problem
        The people and the rules.
    model : PCenter
        The share.
    effort : Effort
        When to stop.

    Returns
    -------
    Solution
        One stage, ``"worst_s"``.

    References
    ----------
    Minieka, E. (1970). The m-center problem. SIAM Review 12, 138-139. Daskin, M. S. (2013). Network and discrete
    location, 2nd edition, chapter 5. For a share: Daskin, M. S. and Owen, S. H. (1999). Two new location covering
    problems: the partial p-center problem and the partial set covering problem. Geographical Analysis 31, 217-235.
    """
    deadline = Deadline(effort)
    need = persons_needed(problem, model.share * persons_reached(problem))
    times = _times(problem)
    low, high = -1, len(times) - 1
    plan, stopped, nodes = probe(milp_within(problem, float(times[high]), need), deadline.left())
    deadline.spend(nodes)
    if plan is None:
        return nothing_found(stopped, solver_name())
    first = nearest_worst(problem, plan, need, times[high])
    high = int(np.searchsorted(times, first))
    while low + 1 < high and stopped == "proved":
        middle = (low + high) // 2
        with Interruptible() as part:
            found, stopped, nodes = probe(milp_within(problem, float(times[middle]), need), deadline.left())
        if part.interrupted:
            found, stopped, nodes = None, "interrupt", 0
        deadline.spend(nodes)
        if found is not None:
            plan, stopped = found, "proved"
            high = int(np.searchsorted(times, nearest_worst(problem, found, need, times[middle])))
        elif stopped == "proved":
            low = middle
        if effort.report is not None:
            effort.report(float(times[high]), float(times[min(low + 1, high)]))
    milp = milp_within(problem, float(times[high]), need)
    with Interruptible() as part:
        plan = break_ties(milp, without_redundant(milp, plan)) if stopped != "interrupt" else plan
        seconds = AFTER_INTERRUPT_S if stopped == "interrupt" else max(deadline.seconds, _EVALUATION_S)
        high, plan = _tighten(problem, plan, need, times[: high + 1], seconds)
    if part.interrupted:
        stopped = "interrupt"
    return _solution(milp_within(problem, float(times[high]), need), plan, (times, low, high), stopped, first)


def _tighten(problem: Problem, plan: Evaluation, need: float, times: Floats, seconds: float) -> tuple[int, Evaluation]:
    """Return the rank of the least time at which the chosen sites serve enough persons, and their evaluation then.

    Times that cannot be tried within the seconds count as infeasible. With capacity a plan can do better than the time
    for which it was made.
    """
    low, high = -1, len(times) - 1
    if problem.rules.capacity is None:
        high = int(np.searchsorted(times, nearest_worst(problem, plan, need, times[high])))
        return high, evaluate(milp_within(problem, float(times[high]), need), plan.chosen) or plan
    deadline = Deadline(Effort(time_limit_s=seconds))
    while low + 1 < high and not deadline.should_stop():
        # The time just below comes first: if the search has proved its time, that is the only question.
        middle = high - 1 if high == len(times) - 1 else (low + high) // 2
        found = evaluate(milp_within(problem, float(times[middle]), need), plan.chosen, deadline.seconds)
        if found is None:
            low = middle
        else:
            high, plan = middle, found
    return high, plan


def persons_reached(problem: Problem) -> float:
    """Return the persons that some allowed site (kept, or open to choice) reaches."""
    return math.fsum(problem.people[problem.reachable])


def milp_within(problem: Problem, seconds: float, need: float) -> LexicographicMilp:
    """Return the program that asks whether so many persons can be served within so many seconds."""
    near = problem.with_pairs(problem.times.data <= seconds)
    service = service_variables(near, by_unit=False)
    lack = need - service.base_persons
    nothing = Objective("worst_s", "min", np.zeros(near.sites + service.variables), step=1.0)
    return LexicographicMilp(near, service, (share_constraint(near, service, lack),), (nothing,), need=lack)


def probe(milp: LexicographicMilp, effort: Effort) -> tuple[Evaluation | None, Ended, int]:
    """Return a feasible plan or None, why the search ended (``"proved"`` and None: infeasible), and the nodes."""
    plan = greedy_plan(milp)
    if plan is not None:
        return plan, "proved", 0
    found = run_stage(milp, 0, None, (), replace(effort, report=None))
    return found.plan, found.stopped_by, found.nodes


def nearest_worst(problem: Problem, plan: Evaluation, need: float, seconds: float) -> float:
    """Return the smallest time at which a plan still serves so many; with capacity the time it was made for."""
    if problem.rules.capacity is not None:
        return float(seconds)
    nearest = problem.nearest(np.concatenate([np.flatnonzero(problem.kept), plan.chosen]))
    order = np.argsort(nearest, kind="stable")
    order = order[problem.people[order] > 0]
    enough = np.flatnonzero(np.cumsum(problem.people[order]) >= need * (1.0 - SUM_TOLERANCE))
    if need <= 0.0 or not len(enough):
        return 0.0 if need <= 0.0 else float(seconds)
    return float(min(nearest[order[enough[0]]], seconds))


def _times(problem: Problem) -> Floats:
    """Return all times from allowed sites to persons, ascending, and 0."""
    allowed = np.repeat(problem.kept | problem.open_to_choice, np.diff(problem.times.indptr))
    peopled = problem.people[problem.times.indices] > 0
    return np.unique(np.append(problem.times.data[allowed & peopled], 0.0)).astype(np.float64)


def _solution(
    milp: LexicographicMilp, plan: Evaluation, sides: tuple[Floats, int, int], stopped: Ended, first: float
) -> Solution:
    times, low, high = sides
    shares = plan.values[milp.problem.sites : milp.problem.sites + milp.service.variables]
    served = None if milp.problem.rules.capacity is None else served_by(milp.problem, milp.service, shares)
    bound = float(times[low + 1])
    if high <= low:
        # The plan is feasible where the solver proved that none is: its proofs are not trusted.
        stopped, bound = "solver", 0.0
    stages = (Stage("worst_s", "min", float(times[high]), bound),)
    return Solution(plan.chosen, status_of(stages), stages, stopped, solver_name(), served, first)
