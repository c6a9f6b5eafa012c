"""The p-median in one stage or two, for problems whose only rule is a number of stations."""

import math

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.deadline import Deadline
from siting.locate.median.branch_and_bound import Incumbent, Relaxation
from siting.locate.median.instance import distinct_sites, instance_of, useful_sites, weighted
from siting.locate.median.median_search import MedianSearch
from siting.locate.median.request import MedianRequest, ended_by, minimised, request_of
from siting.locate.median.second_stage import SOLVER, two_stages
from siting.locate.median.ties import break_ties
from siting.locate.problem import NOISE, Effort, PMedian, Problem, Solution, nothing_found, status_of


def p_median(problem: Problem, model: PMedian, effort: Effort) -> Solution:
    r"""Choose the sites that minimise walking time, and bound the optimum.

    With ``beyond_s`` = T the p-median problem, in which nobody counts as more than T seconds away:

    .. math::

        \min \sum_i w_i \Big( \sum_{j \in N(i)} \min(t_{ij}, T) z_{ij} + T u_i \Big) \quad \text{subject to} \quad
        \sum_{j \in N(i)} z_{ij} + u_i = 1 \;\forall i, \quad z_{ij} \le x_j, \quad \sum_j x_j \le p, \quad
        x_j \in \{0, 1\}, \; z_{ij}, u_i \ge 0

    - :math:`x_j` is 1 if site j is open; it is 1 for kept or forced sites and 0 for forbidden sites,
    - :math:`z_{ij}` is 1 if the people at i walk to j, :math:`u_i` is 1 if nobody serves them,
    - :math:`w_i` is what the people at i count (``problem.value``),
    - :math:`t_{ij}` are the seconds from i to j (``problem.times``), :math:`N(i)` the sites that reach i,
    - :math:`p` is the most stations (``problem.rules.stations``; without it as many as there are sites), kept sites not
      counted.

    Without ``beyond_s`` in two stages: first :math:`\min B = \sum_i w_i u_i`, which is maximal covering; then
    :math:`\min \sum_i w_i \sum_j t_{ij} z_{ij}`, the person-seconds of those covered, subject to
    :math:`\sum_i w_i u_i \le B`, where :math:`B` is the value of the first stage, proved or not. The second bound is
    valid for all choices that leave at most B beyond; if the first stage is proved, these are its optimal choices.

    Interchange finds the choice (in the second stage with penalties for persons beyond, which rise and fall around B).
    The bound is Lagrangian, with a multiplier for each point and, in the second stage, one for B; a point with more
    than B persons must be served. Branch and bound with reduced cost fixing closes the gap.

    Parameters
    ----------
    problem : Problem
        Plain (``problem.is_plain``).
    model : PMedian
        In two stages, or with the time that counts for persons beyond the cut-off.
    effort : Effort
        When to stop. ``max_nodes`` limits the tree of each stage. In two stages the first may take half of
        ``time_limit_s``. The choice does not depend on threads; with a time limit it depends on the machine.

    Returns
    -------
    Solution
        ``chosen`` without kept sites and without redundant ones (unless forced); ties go to the lower sites. One stage
        ``"seconds"``, or two, ``"beyond"`` and ``"seconds"``, each with its own bound. Infeasible if more sites are
        forced than may be opened, or a site is both forced and forbidden.

    Raises
    ------
    ValueError
        The problem is not plain, or ``beyond_s`` is negative or not finite.

    References
    ----------
    ReVelle, C. and Swain, R. (1970). Central facilities location. Geographical Analysis 2, 30-42.
    Beasley, J. E. (1985). A note on solving large p-median problems. European Journal of Operational Research 21,
    270-273.

    Examples
    --------
    Of three sites the middle one is nearest to all together; persons it does not reach count as 900 s away.

    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.median import p_median
    >>> from siting.locate.problem import Effort, PMedian, Problem, Rules
    >>> times = csr_array(np.array([[100.0, 0, 0], [300.0, 200.0, 300.0], [0, 0, 100.0]]))
    >>> plan = p_median(Problem(times, np.array([10.0, 20.0, 10.0]), Rules(stations=1)), PMedian(900.0), Effort())
    >>> plan.chosen.tolist(), plan.objective, plan.status
    ([1], 10000.0, 'optimal')
    """
    if not problem.is_plain:
        message = "the problem asks for more than a number of stations"
        raise ValueError(message)
    if model.beyond_s is not None and not 0.0 <= model.beyond_s < math.inf:
        message = f"beyond_s is {model.beyond_s}, expected seconds"
        raise ValueError(message)
    deadline, given = Deadline(effort), request_of(problem)
    if problem.clash:
        return nothing_found("proved", SOLVER, *problem.clash)
    if model.beyond_s is None:
        return two_stages(given, deadline)
    return _one_stage(given, model.beyond_s, deadline)


def _one_stage(given: MedianRequest, beyond_s: float, deadline: Deadline) -> Solution:
    """Return the least person-seconds if longer walks count as so many seconds."""
    value = given.problem.value
    costs = weighted(given.problem, beyond_s)
    problem_sites = np.unique(distinct_sites(costs, useful_sites(costs, given.always_open, given.free)))
    instance = instance_of(costs, given.always_open, problem_sites)

    def value_of(sites: Ints) -> float:
        return math.fsum(value * np.minimum(given.nearest(problem_sites[sites]), beyond_s))

    incumbent = Incumbent(value_of, instance.whole, deadline.effort.rel_gap)
    search = MedianSearch(instance, min(given.most, len(problem_sites)), incumbent, deadline)
    ended = search.run(lambda: (Relaxation(instance),))
    sites = break_ties(instance, incumbent.sites, deadline.should_stop)
    if value_of(sites) > incumbent.value * (1.0 + NOISE / 10.0):
        sites = incumbent.sites
    seconds = minimised("seconds", value_of(sites), search.bound)
    return Solution(
        chosen=given.with_forced(problem_sites[sites]),
        status=status_of((seconds,)),
        stages=(seconds,),
        stopped_by=ended_by(ended, (seconds,), deadline.effort),
        solver=SOLVER,
        first_objective=incumbent.first,
    )
