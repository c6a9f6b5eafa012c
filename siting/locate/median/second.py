"""The p-median in two stages: fewest persons beyond the cut-off, then least person-seconds of the others."""

import math
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.median.choose import Chooser, Watch
from siting.locate.median.core import Core, Costs, bare, representatives, useful
from siting.locate.median.given import Given, ended_by, minimised, nearest_of
from siting.locate.median.priced import PricedChooser
from siting.locate.median.ties import settled
from siting.locate.median.tree import WHOLE, Incumbent, Relaxation
from siting.locate.median.weighing import SAME, Weighing, relaxations
from siting.locate.problem import NOISE, Effort, Solution, status_of

SOLVER = "siting"


def two_stages(given: Given, effort: Effort, begun: float) -> Solution:
    """Return the fewest persons beyond the cut-off, and of such choices the one with the least person-seconds."""
    # Not at the top: maximal covering is a room beside this one.
    from siting.locate.covering import maximal_covering  # noqa: PLC0415

    first = maximal_covering(given.problem, replace(effort, time_limit_s=effort.time_limit_s / 2.0))
    watch = Watch(effort, begun, stopped=first.stopped_by == "interrupt")
    opened, fewest = _covering(given, first, watch)
    stage = Second(given, opened)
    incumbent = Incumbent(stage.value_of, stage.search(2.0).whole, effort.rel_gap)
    incumbent.offer(stage.start)
    most = min(given.most, len(stage.rows))
    weighing = stage.weighing
    chooser = PricedChooser(stage.search(stage.penalty), most, incumbent, watch, weighing)
    ended = chooser.run(lambda: relaxations(weighing, most, incumbent, watch))
    sites = settled(stage.search(2.0), incumbent.sites, watch.stops)
    if stage.value_of(sites) > incumbent.value * (1.0 + NOISE / 10.0):
        sites = incumbent.sites
    nearest = given.nearest(stage.rows[sites])
    beyond = given.beyond(nearest)
    stages = (
        minimised("beyond", beyond, min(fewest, beyond)),
        minimised("seconds", given.walked(nearest), chooser.bound),
    )
    return Solution(
        chosen=given.with_forced(stage.rows[sites]),
        status=status_of(stages),
        stages=stages,
        stopped_by=ended_by(first.stopped_by if ended == "proved" else ended, stages, effort),
        solver=SOLVER,
        first_objective=incumbent.first,
    )


def _covering(given: Given, first: Solution, watch: Watch) -> tuple[Ints, float]:
    """Return the rows of the first stage, and how many persons are beyond at least."""
    problem = given.problem
    if first.stages[-1].proved:
        return first.chosen, given.beyond(given.nearest(first.chosen))
    if first.stopped_by != "solver":
        left = problem.value[np.isinf(nearest_of(problem, np.flatnonzero(problem.kept)))]
        return first.chosen, math.fsum(left) - first.bound
    # A solver's bound is too rough for persons who are not whole: covering is a p-median without seconds.
    stage = Second(given, first.chosen)
    beyond = stage.weighing.beyond
    never = stage.beyond(np.arange(len(stage.rows)))
    incumbent = Incumbent(stage.beyond, beyond.whole, watch.effort.rel_gap)
    incumbent.offer(stage.start)
    half = Watch(replace(watch.effort, time_limit_s=watch.effort.time_limit_s / 2.0, report=None), watch.begun)
    most = min(given.most, len(stage.rows))
    chooser = Chooser(beyond, most, incumbent, half)
    watch.stopped |= chooser.run(lambda: (Relaxation(beyond, offset=-never),)) == "interrupt"
    return stage.rows[incumbent.sites], chooser.bound


class Second:
    """The second stage: least person-seconds of those covered, where no more are beyond than with the rows ``first``.

    ``rows`` are what the sites stand for, ``start`` are the sites of ``first``.
    """

    def __init__(self, given: Given, first: Ints) -> None:
        problem, value = given.problem, given.problem.value
        times = problem.times
        self._given, self._allowed = given, given.beyond(given.nearest(first))
        self._longest = max(float(times.data.max(initial=0.0)), 1.0)
        # Whom nobody reaches does not depend on the choice.
        self._reachable = np.isfinite(nearest_of(problem, np.flatnonzero(given.standing | given.free)))
        shape = (times.indices, times.indptr)
        self._walked = csr_array((value[times.indices] * times.data, *shape), shape=times.shape)
        self._reached = csr_array((np.zeros(len(times.data)), *shape), shape=times.shape)
        far = Costs(self._walked, np.where(self._reachable, value * self._longest * 2.0, 0.0))
        rows = useful(far, given.standing, given.free)
        standing_for = representatives(far, rows)
        self.rows = np.unique(standing_for)
        self.start = np.flatnonzero(np.isin(self.rows, standing_for[np.isin(rows, first)]))

    def value_of(self, sites: Ints) -> float:
        """Return the person-seconds of those covered; inf if more are beyond than may be."""
        if self.beyond(sites) > self._allowed * (1.0 + SAME):
            return math.inf
        return self._given.walked(self._given.nearest(self.rows[sites]))

    def beyond(self, sites: Ints) -> float:
        """Return the persons beyond."""
        return self._given.beyond(self._given.nearest(self.rows[sites]))

    def search(self, weight: float) -> Core:
        """Return the core in which a person beyond counts as so many times the longest walk."""
        return self._core(self._walked, weight * self._longest)

    @property
    def penalty(self) -> float:
        """What a person beyond must count, in longest walks, so that one more is never worth the seconds saved."""
        return 2.0 + self.value_of(self.start) / self._longest

    @property
    def weighing(self) -> Weighing:
        """What is needed to weigh persons beyond against seconds."""
        beyond = self._core(self._reached, 1.0)
        allowed = max(self._allowed - self._given.beyond(np.where(self._reachable, 0.0, np.inf)), 0.0)
        # Where persons are whole, whoever allows less than one more allows none.
        more = 10.0 * WHOLE if beyond.whole else NOISE * float(beyond.base.sum())
        # Whoever is alone more than may be beyond never is: that costs more than the choice at hand.
        never = beyond.base > allowed + more
        value = self._given.problem.value
        least = np.where(never, value * self._longest * 2.0 + self.value_of(self.start), 0.0)
        return Weighing(
            beyond=beyond,
            seconds=lambda weight: self._core(self._walked, weight, least),
            allowed=allowed,
            limit=allowed + more,
            longest_s=self._longest,
            anybody=bool(np.any(~never & (beyond.base > 0.0))),
        )

    def _core(self, costs: csr_array, weight: float, least: Floats | float = 0.0) -> Core:
        """Return the core in which a person beyond weighs so much, and a point at least so much."""
        base = np.where(self._reachable, np.maximum(self._given.problem.value * weight, least), 0.0)
        return bare(Costs(costs, base), self._given.standing, self.rows)
