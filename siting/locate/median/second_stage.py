"""The p-median in two stages: fewest persons beyond the cut-off, then least person-seconds of the others."""

import math

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.covering import maximal_covering
from siting.locate.deadline import Deadline
from siting.locate.median.branch_and_bound import Incumbent, Relaxation
from siting.locate.median.instance import Costs, MedianInstance, distinct_sites, instance_of, useful_sites
from siting.locate.median.median_search import MedianSearch
from siting.locate.median.penalty_search import BeyondPenalty, PenaltySearch, relaxations
from siting.locate.median.request import MedianRequest, ended_by, minimised
from siting.locate.median.ties import break_ties
from siting.locate.problem import NOISE, Solution, status_of
from siting.locate.tolerances import STEP_TOLERANCE, SUM_TOLERANCE

SOLVER = "siting"


def two_stages(given: MedianRequest, deadline: Deadline) -> Solution:
    """Return the choice with the fewest persons beyond the cut-off, then the least person-seconds."""
    effort = deadline.effort
    first = maximal_covering(given.problem, deadline.left(0.5, effort.report))
    if first.stopped_by == "interrupt":
        deadline.stop("interrupt")
    opened, fewest = _covering(given, first, deadline)
    if deadline.ended == "interrupt":
        return _first_alone(given, opened, fewest)
    stage = SecondStage(given, opened)
    incumbent = Incumbent(stage.value_of, stage.search(2.0).whole, effort.rel_gap)
    incumbent.offer(stage.start)
    most = min(given.most, len(stage.problem_sites))
    penalty = stage.penalty
    search = PenaltySearch(stage.search(stage.penalty_weight), most, incumbent, deadline, penalty)
    ended = search.run(lambda: relaxations(penalty, most, incumbent, deadline))
    sites = break_ties(stage.search(2.0), incumbent.sites, deadline.should_stop)
    if stage.value_of(sites) > incumbent.value * (1.0 + NOISE / 10.0):
        sites = incumbent.sites
    nearest = given.nearest(stage.problem_sites[sites])
    beyond = given.beyond(nearest)
    stages = (
        minimised("beyond", beyond, min(fewest, beyond)),
        minimised("seconds", given.walked(nearest), search.bound),
    )
    return Solution(
        chosen=given.with_forced(stage.problem_sites[sites]),
        status=status_of(stages),
        stages=stages,
        stopped_by=ended_by(first.stopped_by if ended == "proved" else ended, stages, effort),
        solver=SOLVER,
        first_objective=incumbent.first,
    )


def _first_alone(given: MedianRequest, opened: Ints, fewest: float) -> Solution:
    """Return the choice of the first stage: after Ctrl-C the second stage would take too long to prepare."""
    nearest = given.nearest(opened)
    beyond, seconds = given.beyond(nearest), given.walked(nearest)
    stages = (minimised("beyond", beyond, min(fewest, beyond)), minimised("seconds", seconds, 0.0))
    return Solution(
        chosen=given.with_forced(opened),
        status=status_of(stages),
        stages=stages,
        stopped_by="interrupt",
        solver=SOLVER,
        first_objective=seconds,
    )


def _covering(given: MedianRequest, first: Solution, deadline: Deadline) -> tuple[Ints, float]:
    """Return the sites of the first stage, and the lower bound of persons beyond."""
    problem = given.problem
    if first.stages[-1].proved:
        return first.chosen, given.beyond(given.nearest(first.chosen))
    if first.stopped_by != "solver":
        left = problem.value[np.isinf(problem.nearest(np.flatnonzero(problem.kept)))]
        return first.chosen, math.fsum(left) - first.bound
    # HiGHS's bound is too rough for fractional persons, so covering is solved as a p-median without seconds.
    stage = SecondStage(given, first.chosen)
    beyond = stage.penalty.beyond
    never = stage.beyond(np.arange(len(stage.problem_sites)))
    incumbent = Incumbent(stage.beyond, beyond.whole, deadline.effort.rel_gap)
    incumbent.offer(stage.start)
    most = min(given.most, len(stage.problem_sites))
    search = MedianSearch(beyond, most, incumbent, Deadline(deadline.left(0.5)))
    if search.run(lambda: (Relaxation(beyond, offset=-never),)) == "interrupt":
        deadline.stop("interrupt")
    return stage.problem_sites[incumbent.sites], search.bound


class SecondStage:
    """The second stage: least person-seconds of those covered, with at most as many beyond as for the choice ``first``.

    ``problem_sites`` are the problem's sites of the instance's sites; ``start`` are the instance's sites of ``first``.
    """

    def __init__(self, given: MedianRequest, first: Ints) -> None:
        problem, value = given.problem, given.problem.value
        times = problem.times
        self._given, self._allowed = given, given.beyond(given.nearest(first))
        self._longest = max(float(times.data.max(initial=0.0)), 1.0)
        # Persons that no site reaches do not depend on the choice.
        self._reachable = np.isfinite(problem.nearest(np.flatnonzero(given.always_open | given.free)))
        shape = (times.indices, times.indptr)
        self._walking_cost = csr_array((value[times.indices] * times.data, *shape), shape=times.shape)
        self._reached = csr_array((np.zeros(len(times.data)), *shape), shape=times.shape)
        far = Costs(self._walking_cost, np.where(self._reachable, value * self._longest * 2.0, 0.0))
        useful = useful_sites(far, given.always_open, given.free)
        standing_for = distinct_sites(far, useful)
        self.problem_sites = np.unique(standing_for)
        self.start = np.flatnonzero(np.isin(self.problem_sites, standing_for[np.isin(useful, first)]))

    def value_of(self, sites: Ints) -> float:
        """Return the person-seconds of those covered; inf if too many are beyond."""
        if self.beyond(sites) > self._allowed * (1.0 + SUM_TOLERANCE):
            return math.inf
        return self._given.walked(self._given.nearest(self.problem_sites[sites]))

    def beyond(self, sites: Ints) -> float:
        """Return the persons beyond."""
        return self._given.beyond(self._given.nearest(self.problem_sites[sites]))

    def search(self, weight: float) -> MedianInstance:
        """Return the instance in which a person beyond costs so many times the longest walk."""
        return self._core(self._walking_cost, weight * self._longest)

    @property
    def penalty_weight(self) -> float:
        """The penalty of a person beyond, in longest walks, that no saved seconds can outweigh."""
        return 2.0 + self.value_of(self.start) / self._longest

    @property
    def penalty(self) -> BeyondPenalty:
        """The data of the Lagrangian relaxation of the constraint on persons beyond."""
        beyond = self._core(self._reached, 1.0)
        allowed = max(self._allowed - self._given.beyond(np.where(self._reachable, 0.0, np.inf)), 0.0)
        # If persons are whole, an allowance below one more person allows none.
        more = 10.0 * STEP_TOLERANCE if beyond.whole else NOISE * float(beyond.base.sum())
        # A point with more persons than may be beyond must be served: otherwise it costs more than the incumbent.
        never = beyond.base > allowed + more
        value = self._given.problem.value
        least = np.where(never, value * self._longest * 2.0 + self.value_of(self.start), 0.0)
        return BeyondPenalty(
            beyond=beyond,
            seconds=lambda weight: self._core(self._walking_cost, weight, least),
            allowed=allowed,
            limit=allowed + more,
            longest_s=self._longest,
            anybody=bool(np.any(~never & (beyond.base > 0.0))),
        )

    def _core(self, costs: csr_array, weight: float, least: Floats | float = 0.0) -> MedianInstance:
        """Return the instance in which a person beyond costs so much, and a point at least so much."""
        base = np.where(self._reachable, np.maximum(self._given.problem.value * weight, least), 0.0)
        return instance_of(Costs(costs, base), self._given.always_open, self.problem_sites)
