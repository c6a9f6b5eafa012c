"""The p-median, in one stage or two, of problems that ask for nothing but a number of stations."""

import math
import time

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.median.choose import Chooser, Watch
from siting.locate.median.core import bare, representatives, useful, weighted
from siting.locate.median.given import Given, blocked_by, ended_by, given_by, minimised
from siting.locate.median.second import SOLVER, two_stages
from siting.locate.median.ties import settled
from siting.locate.median.tree import Incumbent, Relaxation
from siting.locate.problem import NOISE, Effort, PMedian, Problem, Solution, status_of


def p_median(problem: Problem, model: PMedian, effort: Effort) -> Solution:
    r"""Choose the rows from which people walk least, and prove how good the choice is.

    With ``beyond_s`` = T the p-median problem, in which nobody counts as more than T seconds away:

    .. math::

        \min \sum_i w_i \Big( \sum_{j \in N(i)} \min(t_{ij}, T) z_{ij} + T u_i \Big) \quad \text{subject to} \quad
        \sum_{j \in N(i)} z_{ij} + u_i = 1 \;\forall i, \quad z_{ij} \le x_j, \quad \sum_j x_j \le p, \quad
        x_j \in \{0, 1\}, \; z_{ij}, u_i \ge 0

    - :math:`x_j` is 1 if row j is opened; it is 1 for rows kept or forced and 0 for rows forbidden,
    - :math:`z_{ij}` is 1 if the people at i walk to j, :math:`u_i` is 1 if nobody serves them,
    - :math:`w_i` is what the people at i count (``problem.value``),
    - :math:`t_{ij}` are the seconds from i to j (``problem.times``), :math:`N(i)` the rows that reach i,
    - :math:`p` is the most stations (``problem.rules.stations``; without it as many as there are rows), kept rows not
      counted.

    Without ``beyond_s`` in two stages: first :math:`\min B = \sum_i w_i u_i`, which is maximal covering; then
    :math:`\min \sum_i w_i \sum_j t_{ij} z_{ij}`, the person-seconds of those covered, subject to
    :math:`\sum_i w_i u_i \le B`, where :math:`B` is what the first stage reached, proved or not. Where it is, the
    second bound is one for all choices that are best in the first stage. Where it is not, it is one for all choices
    that leave no more than B beyond: for any that a longer first stage would find, too.

    The choice is found by interchange over sparse rows (in the second stage with prices for who is beyond, which rise
    and fall about B), the bound is Lagrangian (with a multiplier for each point and, in the second stage, one for B;
    whoever is more than B at one point pays without limit), and a tree of such bounds, which fix most rows, closes the
    gap.

    Parameters
    ----------
    problem : Problem
        Plain (``problem.is_plain``).
    model : PMedian
        Whether in two stages, or with which time for those beyond the cut-off.
    effort : Effort
        When to stop. ``max_nodes`` limits the tree of each stage. In two stages the first may take half of
        ``time_limit_s``. The choice is the same whatever the threads; where time ends the search it depends on the
        machine.

    Returns
    -------
    Solution
        ``chosen`` without kept rows and without rows that change nothing (unless forced); of equals the lower rows.
        One stage ``"seconds"``, or two, ``"beyond"`` and ``"seconds"``, each with its own bound. Infeasible if more
        rows are forced than may be opened, or a row is both forced and forbidden.

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
    Of three rows the middle one is the nearest to all together; whom it does not reach counts as 900 s away.

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
    given, begun = given_by(problem), time.monotonic()
    blocked = blocked_by(given)
    if blocked:
        return Solution(np.zeros(0, dtype=np.int64), "infeasible", (), "proved", SOLVER, blocked_by=blocked)
    if model.beyond_s is None:
        return two_stages(given, effort, begun)
    return _one_stage(given, model.beyond_s, Watch(effort, begun))


def _one_stage(given: Given, beyond_s: float, watch: Watch) -> Solution:
    """Return the least person-seconds where nobody counts as more than so many seconds away."""
    value = given.problem.value
    costs = weighted(given.problem, beyond_s)
    rows = np.unique(representatives(costs, useful(costs, given.standing, given.free)))
    core = bare(costs, given.standing, rows)

    def value_of(sites: Ints) -> float:
        return math.fsum(value * np.minimum(given.nearest(rows[sites]), beyond_s))

    incumbent = Incumbent(value_of, core.whole, watch.effort.rel_gap)
    chooser = Chooser(core, min(given.most, len(rows)), incumbent, watch)
    ended = chooser.run(lambda: (Relaxation(core),))
    sites = settled(core, incumbent.sites, watch.stops)
    if value_of(sites) > incumbent.value * (1.0 + NOISE / 10.0):
        sites = incumbent.sites
    seconds = minimised("seconds", value_of(sites), chooser.bound)
    return Solution(
        chosen=given.with_forced(rows[sites]),
        status=status_of((seconds,)),
        stages=(seconds,),
        stopped_by=ended_by(ended, (seconds,), watch.effort),
        solver=SOLVER,
        first_objective=incumbent.first,
    )
