"""The cost of every subset of a plan's sites, as a weighted sum over sets of sites."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import MaximalCovering, PMedian, Problem


@dataclass(frozen=True)
class SubsetCosts:
    r"""The cost of a subset T of a plan: :math:`u(T) = b + \sum_{m: m \cap T = \emptyset} w_m`.

    For covering, a point is uncovered if none of its sites is open: its weight belongs to the set of its sites. For a
    p-median, the sites of a point in the order of their times :math:`t_1 \le t_2 \le \dots` cost :math:`t_1`, and
    :math:`t_{k+1} - t_k` more if none of the first k sites is open; the last k + 1 stands for the walk without any of
    them.

    Parameters
    ----------
    sets : csr_array of bool
        Shape (sets, sites of the plan), each set once, none empty.
    weights : ndarray
        One a set.
    base : float
        The cost of the whole plan.
    """

    sets: csr_array
    weights: Floats
    base: float

    @property
    def sites(self) -> int:
        """The number of sites of the plan."""
        return int(self.sets.shape[1])

    def of_all_subsets(self) -> Floats:
        """Return the cost of each subset, shape (2 ** sites,); bit j of a subset's number is site j."""
        left = np.zeros(1 << self.sites)
        numbers = np.asarray(self.sets.astype(np.int64) @ (1 << np.arange(self.sites, dtype=np.int64)))
        np.add.at(left, numbers, self.weights)
        # Sum over all subsets of each set; the sets disjoint from T are the subsets of the complement of T.
        for site in range(self.sites):
            halves = left.reshape(-1, 2, 1 << site)
            halves[:, 1] += halves[:, 0]
        return left[::-1] + self.base

    def along(self, order: Ints) -> Floats:
        """Return the costs of the first 0, 1, 2, ... sites of an order."""
        place = np.empty(self.sites, dtype=np.int64)
        place[order] = np.arange(self.sites)
        if not self.weights.size:
            return np.full(self.sites + 1, self.base)
        first = np.minimum.reduceat(place[self.sets.indices], self.sets.indptr[:-1])
        done = np.bincount(first, weights=self.weights, minlength=self.sites)
        # Summed from the end, so that the whole plan costs exactly the base.
        return np.append(np.cumsum(done[::-1])[::-1], 0.0) + self.base


def subset_costs(problem: Problem, chosen: Ints, model: MaximalCovering | PMedian) -> SubsetCosts:
    """Return the costs of the subsets of a plan: uncovered value, or value × seconds; kept sites are always open."""
    table = problem.times[chosen].tocsc()
    points = np.repeat(np.arange(table.shape[1]), np.diff(table.indptr))
    sites, seconds = table.indices.astype(np.int64), table.data.astype(np.float64)
    if isinstance(model, MaximalCovering):
        return _uncovered(problem, points, sites, int(chosen.size))
    return _walked(problem, model, (points, sites, seconds), int(chosen.size))


def _uncovered(problem: Problem, points: Ints, sites: Ints, count: int) -> SubsetCosts:
    standing = problem.reached_by(np.zeros(0, dtype=np.int64))
    open_yet = ~standing[points]
    points, sites = points[open_yet], sites[open_yet]
    sets = csr_array((np.ones(sites.size, dtype=np.bool_), (points, sites)), shape=(problem.people.size, count))
    reached = np.diff(sets.indptr) > 0
    left = math.fsum(problem.value[~reached & ~standing])
    return _merged(csr_array(sets[np.flatnonzero(reached)]), problem.value[reached], left)


def _walked(problem: Problem, model: PMedian, pairs: tuple[Ints, Ints, Floats], count: int) -> SubsetCosts:
    points, sites, seconds = pairs
    without = _seconds_without(problem, float(model.beyond_s or 0.0))
    useful = seconds < without[points]
    points, sites, seconds = points[useful], sites[useful], seconds[useful]
    order = np.lexsort((sites, seconds, points))
    points, sites, seconds = points[order], sites[order], seconds[order]
    last = np.append(points[1:] != points[:-1], np.ones(min(points.size, 1), dtype=np.bool_))
    after = np.where(last, without[points], np.append(seconds[1:], 0.0))
    first = np.append(np.ones(min(points.size, 1), dtype=np.bool_), last[:-1])
    least = without.copy()
    least[points[first]] = seconds[first]
    # The set of the k-th pair of a point holds the sites of its pairs up to k.
    begin = np.flatnonzero(first)[np.cumsum(first) - 1]
    lengths = np.arange(points.size) - begin + 1
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    inside = np.arange(bounds[-1]) - np.repeat(bounds[:-1], lengths)
    members = sites[np.repeat(begin, lengths) + inside]
    sets = csr_array((np.ones(members.size, dtype=np.bool_), members, bounds), shape=(points.size, count))
    sets.sort_indices()
    return _merged(sets, problem.value[points] * (after - seconds), math.fsum(problem.value * least))


def _seconds_without(problem: Problem, beyond_s: float) -> Floats:
    """Return the seconds from each point to the nearest kept site, at most the seconds that count beyond."""
    kept = problem.times[np.flatnonzero(problem.kept)]
    nearest = np.full(problem.people.size, np.inf)
    np.minimum.at(nearest, kept.indices, kept.data.astype(np.float64))
    return np.asarray(np.minimum(nearest, beyond_s))


def _merged(sets: csr_array, weights: Floats, base: float) -> SubsetCosts:
    """Return the distinct sets in the order of first appearance, with summed weights."""
    names: dict[bytes, int] = {}
    begin, indices = sets.indptr, sets.indices.astype(np.int32)
    which = np.array(
        [names.setdefault(indices[begin[s] : begin[s + 1]].tobytes(), len(names)) for s in range(sets.shape[0])],
        dtype=np.int64,
    )
    first = np.unique(which, return_index=True)[1]
    together = np.bincount(which, weights=weights, minlength=len(names))
    return SubsetCosts(csr_array(sets[first]), np.asarray(together, dtype=np.float64), base)
