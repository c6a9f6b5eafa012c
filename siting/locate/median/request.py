"""A p-median request: the problem, its forced sites, and the value of a choice."""

import math
from dataclasses import dataclass

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import NOISE, Bools, Effort, Ended, Problem, Stage


@dataclass(frozen=True)
class MedianRequest:
    """A problem, and the sites that are forced beside those kept."""

    problem: Problem
    forced: Bools

    @property
    def always_open(self) -> Bools:
        """Sites that are always open."""
        return self.problem.kept | self.forced

    @property
    def free(self) -> Bools:
        """Sites that may be chosen."""
        return self.problem.open_to_choice & ~self.forced

    @property
    def most(self) -> int:
        """The most sites that may be chosen beside those forced."""
        stations = self.problem.rules.stations
        return int(self.free.sum()) if stations is None else stations - int(self.forced.sum())

    def with_forced(self, sites: Ints) -> Ints:
        """Return sites with those forced, ascending."""
        return np.union1d(np.flatnonzero(self.forced), sites).astype(np.int64)

    def nearest(self, sites: Ints) -> Floats:
        """Return the seconds from each point to the nearest of some sites or of those always open; inf without any."""
        return self.problem.nearest(np.concatenate([np.flatnonzero(self.always_open), sites]))

    def walked(self, nearest: Floats) -> float:
        """Return the person-seconds of those who are reached."""
        reached = np.isfinite(nearest)
        return math.fsum(self.problem.value[reached] * nearest[reached])

    def beyond(self, nearest: Floats) -> float:
        """Return the persons who are not reached."""
        return math.fsum(self.problem.value[np.isinf(nearest)])


def request_of(problem: Problem) -> MedianRequest:
    """Return the request of a problem."""
    forced = problem.rules.forced
    none = np.zeros(problem.sites, dtype=np.bool_)
    return MedianRequest(problem, none if forced is None else forced & ~problem.kept)


def minimised(name: str, objective: float, bound: float) -> Stage:
    """Return a minimised stage; a bound within tolerance of the objective equals it."""
    near = objective - bound <= NOISE * abs(objective)
    return Stage(name, "min", objective, objective if near else max(bound, 0.0))  # type: ignore[arg-type]


def ended_by(ended: Ended, stages: tuple[Stage, ...], effort: Effort) -> Ended:
    """Return why the search ended: proved if, and only if, all stages are."""
    if all(stage.gap <= effort.rel_gap for stage in stages):
        return "proved"
    return "solver" if ended == "proved" else ended
