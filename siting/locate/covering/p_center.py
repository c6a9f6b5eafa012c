"""The p-center: the smallest worst walking time, found by search over set covering problems."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.lscp import CoverageTarget, LeastCostSearch, coverage_target, least_cost
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.highs import solver_name
from siting.locate.problem import Effort, Ended, PCenter, Problem, Solution, Stage, nothing_found, status_of
from siting.locate.tolerances import SHARE_TOLERANCE

_NO_SITES: Final = np.zeros(0, dtype=np.int64)


def p_center(problem: Problem, model: PCenter, effort: Effort) -> Solution:
    r"""Choose sites so that the worst walking time of a share of the persons is smallest, and prove it.

    .. math::

        \min T \quad \text{subject to} \quad
        \sum_{i : \min_{j \in S} t_{ij} \le T} w_i \ge \alpha \sum_i w_i, \quad |S \setminus K| \le p, \quad
        K \cup F \subseteq S

    - S are the open sites, :math:`K` those kept, :math:`F` those forced, p the most ``stations``,
    - :math:`t_{ij}` are the seconds from site j to point i (none where it is not reached),
    - :math:`w_i` are the persons at i within reach of a site that is kept or may be opened; others do not count,
    - :math:`\alpha` is the ``share``.

    T is one of the existing times. Whether a time is feasible is a question of (partial) set covering within T (Minieka
    1970; with a share Daskin & Owen 1999): a bisection over the times shows that the best T is feasible and the next
    smaller one is not.

    Parameters
    ----------
    problem : Problem
        A plain problem: ``rules`` has only kept, forced and forbidden sites and the most stations (any number if
        absent).
    model : PCenter
        The share.
    effort : Effort
        When to stop.

    Returns
    -------
    Solution
        One stage, ``"worst_s"``: the worst time of the share, and the smallest time that is not proved too short; 0
        without persons. Infeasible, blocked by ``"stations"`` and ``"reach"``, if it is proved that so many sites do
        not reach the share within any existing time; by ``"forced"`` and ``"stations"`` as in
        :func:`~siting.locate.covering.set_covering`. If the search was stopped before it found any plan, ``status`` is
        ``"unknown"``, and the objective is infinite.

    Raises
    ------
    ValueError
        The problem is not plain.

    References
    ----------
    Minieka, E. (1970). The m-center problem. SIAM Review 12(1), 138-139. For a share: Daskin, M. S. and Owen, S. H.
    (1999). Two new location covering problems: the partial p-center problem and the partial set covering problem.
    Geographical Analysis 31, 217-235.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.covering.p_center import p_center
    >>> from siting.locate.problem import Effort, PCenter, Problem, Rules
    >>> times = csr_array(np.array([[10.0, 50.0, 90.0], [60.0, 20.0, 30.0]]))
    >>> problem = Problem(times, np.array([5.0, 5.0, 5.0]), Rules(stations=1))
    >>> found = p_center(problem, PCenter(), Effort())
    >>> found.chosen.tolist(), found.objective, found.status
    ([1], 60.0, 'optimal')
    """
    if not problem.is_plain:
        message = "p_center takes plain problems"
        raise ValueError(message)
    if problem.clash:
        return nothing_found("proved", solver_name(), *problem.clash)
    within = _Within.of(problem, model.share, Deadline(replace(effort, report=None)))
    if len(within.times):
        return _bisected(within, effort.report)
    forced = np.zeros(problem.sites, dtype=np.bool_) if problem.rules.forced is None else problem.rules.forced
    stages = (Stage("worst_s", "min", 0.0, 0.0),)
    return Solution(np.flatnonzero(forced & ~problem.kept), "optimal", stages, "proved", solver_name())


@dataclass(frozen=True)
class _Within:
    """The problem without sites that cannot be open and without persons that no other site reaches.

    ``times`` are its times, ascending, from the first that is not obviously too short.
    """

    problem: Problem
    share: float
    times: Floats
    deadline: Deadline

    @classmethod
    def of(cls, problem: Problem, share: float, deadline: Deadline) -> "_Within":
        usable = problem.kept | problem.open_to_choice
        site = np.repeat(np.arange(problem.sites), np.diff(problem.times.indptr))
        seconds = np.asarray(problem.times.data, dtype=np.float64)
        counts = usable[site] & (problem.people[problem.times.indices] > 0)
        nearest = np.full(len(problem.people), np.inf)
        np.minimum.at(nearest, problem.times.indices[counts], seconds[counts])
        people = np.where(np.isfinite(nearest), problem.people, 0.0)
        reached = replace(
            problem.with_pairs(counts),
            people=people,
            weights=None,
            units=None,
            rules=replace(problem.rules, costs=None),
        )
        times = np.unique(seconds[counts])
        # No person walks less than to the nearest site.
        order = np.argsort(nearest, kind="stable")
        sums = np.cumsum(people[order])
        enough = int(np.searchsorted(sums, min(share, 1.0) * math.fsum(people) * (1.0 - SHARE_TOLERANCE)))
        least_s = nearest[order[min(enough, len(order) - 1)]] if len(order) else math.inf
        return cls(reached, share, times[times >= least_s] if math.isfinite(least_s) else times, deadline)

    def coverage_target(self, seconds: float) -> tuple[CoverageTarget, float]:
        """Return the set covering within a time, and the most sites beside those forced."""
        near = np.asarray(self.problem.times.data) <= seconds
        wanted = coverage_target(self.problem.with_pairs(near), self.share)
        stations = self.problem.rules.stations
        return wanted, len(wanted.free) if stations is None else stations - len(wanted.forced)

    def greedy(self, seconds: float) -> Ints | None:
        """Return sites that are feasible within a time, if a greedy choice is."""
        with Interruptible(self.deadline):
            wanted, most = self.coverage_target(seconds)
            if not wanted.reachable:
                return None
            chosen = LeastCostSearch(wanted.instance, self.deadline).chosen
            return wanted.plan(wanted.instance, chosen, self.deadline) if len(chosen) <= most else None
        return None

    def decide(self, seconds: float) -> tuple[bool | None, Ints]:
        """Tell whether some sites are feasible within a time, and which (None: unknown)."""
        with Interruptible(self.deadline):
            return self._decided(seconds)
        return None, _NO_SITES

    def _decided(self, seconds: float) -> tuple[bool | None, Ints]:
        wanted, most = self.coverage_target(seconds)
        if not wanted.reachable:
            return False, _NO_SITES
        found = least_cost(wanted.instance, self.deadline, most=most, any_will_do=True)
        if len(found.chosen) <= most:
            return True, wanted.plan(wanted.instance, found.chosen, self.deadline)
        return (False if found.bound > most else None), _NO_SITES


def _first(within: _Within) -> tuple[int, Ints]:
    """Return the rank of a feasible time and its sites, by bisection with greedy choices."""
    low, high, chosen = 0, len(within.times), _NO_SITES
    while low < high and within.deadline.ended != "interrupt":
        middle = (low + high) // 2
        sites = within.greedy(float(within.times[middle]))
        if sites is None:
            low = middle + 1
        else:
            high, chosen = middle, sites
    return high, chosen


def _bisected(within: _Within, report: Callable[[float, float], None] | None) -> Solution:
    """Search between a time that is too short and a feasible one."""
    times = np.append(within.times, np.inf)
    (high, chosen), low = _first(within), 0
    first = float(times[high])
    while low < high and not within.deadline.should_stop():
        if report is not None:
            report(float(times[high]), float(times[low]))
        middle = (low + high) // 2
        answer, sites = within.decide(float(times[middle]))
        if answer is None:
            break
        if answer:
            high, chosen = middle, sites
        else:
            low = middle + 1
    if low == len(within.times):
        return nothing_found("proved", solver_name(), "stations", "reach")
    objective, bound = float(times[high]), float(times[low])
    if report is not None:
        report(objective, bound)
    stages = (Stage("worst_s", "min", objective, bound),)
    ended: Ended = "proved" if low == high else within.deadline.ended or "solver"
    status = status_of(stages) if math.isfinite(objective) else "unknown"
    return Solution(chosen, status, stages, ended, solver_name(), first_objective=first)
