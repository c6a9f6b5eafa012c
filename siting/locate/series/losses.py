"""What every part of a plan leaves undone, as weights of sets of its rows."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import MaximalCovering, PMedian, Problem


@dataclass(frozen=True)
class Undone:
    r"""What a part T of a plan leaves undone: :math:`u(T) = b + \sum_{m: m \cap T = \emptyset} w_m`.

    Covering leaves uncovered every point none of whose rows is open: its weight stands on the set of its rows. Of a
    p-median, a point whose rows are in the order of their times :math:`t_1 \le t_2 \le \dots` walks :math:`t_1`, and
    :math:`t_{k+1} - t_k` more if none of its first k rows is open; the last k + 1 is where it walks without any.

    Parameters
    ----------
    sets : csr_array of bool
        Shape (sets, rows of the plan), no set twice, none empty.
    weights : ndarray
        One a set.
    base : float
        What even the whole plan leaves undone.
    """

    sets: csr_array
    weights: Floats
    base: float

    @property
    def rows(self) -> int:
        """How many rows the plan has."""
        return int(self.sets.shape[1])

    def of_all_parts(self) -> Floats:
        """Return what each part leaves undone, shape (2 ** rows,); bit j of a part's number is row j."""
        left = np.zeros(1 << self.rows)
        numbers = np.asarray(self.sets.astype(np.int64) @ (1 << np.arange(self.rows, dtype=np.int64)))
        np.add.at(left, numbers, self.weights)
        # Sum over all parts of each set; what is disjoint from T are the parts of what T leaves out.
        for row in range(self.rows):
            halves = left.reshape(-1, 2, 1 << row)
            halves[:, 1] += halves[:, 0]
        return left[::-1] + self.base

    def along(self, order: Ints) -> Floats:
        """Return what the first 0, 1, 2, ... rows of an order leave undone."""
        place = np.empty(self.rows, dtype=np.int64)
        place[order] = np.arange(self.rows)
        if not self.weights.size:
            return np.full(self.rows + 1, self.base)
        first = np.minimum.reduceat(place[self.sets.indices], self.sets.indptr[:-1])
        done = np.bincount(first, weights=self.weights, minlength=self.rows)
        # Summed from the end, so that the whole plan leaves the base to the last bit.
        return np.append(np.cumsum(done[::-1])[::-1], 0.0) + self.base


def undone(problem: Problem, chosen: Ints, model: MaximalCovering | PMedian) -> Undone:
    """Return what parts of a plan leave undone: uncovered value, or value × seconds; kept rows stand throughout."""
    table = problem.times[chosen].tocsc()
    points = np.repeat(np.arange(table.shape[1]), np.diff(table.indptr))
    rows, seconds = table.indices.astype(np.int64), table.data.astype(np.float64)
    if isinstance(model, MaximalCovering):
        return _uncovered(problem, points, rows, int(chosen.size))
    return _walked(problem, model, (points, rows, seconds), int(chosen.size))


def _uncovered(problem: Problem, points: Ints, rows: Ints, count: int) -> Undone:
    standing = problem.reached_by(np.zeros(0, dtype=np.int64))
    open_yet = ~standing[points]
    points, rows = points[open_yet], rows[open_yet]
    sets = csr_array((np.ones(rows.size, dtype=np.bool_), (points, rows)), shape=(problem.people.size, count))
    reached = np.diff(sets.indptr) > 0
    left = math.fsum(problem.value[~reached & ~standing])
    return _merged(csr_array(sets[np.flatnonzero(reached)]), problem.value[reached], left)


def _walked(problem: Problem, model: PMedian, pairs: tuple[Ints, Ints, Floats], count: int) -> Undone:
    points, rows, seconds = pairs
    without = _seconds_without(problem, float(model.beyond_s or 0.0))
    useful = seconds < without[points]
    points, rows, seconds = points[useful], rows[useful], seconds[useful]
    order = np.lexsort((rows, seconds, points))
    points, rows, seconds = points[order], rows[order], seconds[order]
    last = np.append(points[1:] != points[:-1], np.ones(min(points.size, 1), dtype=np.bool_))
    after = np.where(last, without[points], np.append(seconds[1:], 0.0))
    first = np.append(np.ones(min(points.size, 1), dtype=np.bool_), last[:-1])
    least = without.copy()
    least[points[first]] = seconds[first]
    # The set of the pair k of a point are the rows of its pairs up to k.
    begin = np.flatnonzero(first)[np.cumsum(first) - 1]
    lengths = np.arange(points.size) - begin + 1
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    inside = np.arange(bounds[-1]) - np.repeat(bounds[:-1], lengths)
    members = rows[np.repeat(begin, lengths) + inside]
    sets = csr_array((np.ones(members.size, dtype=np.bool_), members, bounds), shape=(points.size, count))
    sets.sort_indices()
    return _merged(sets, problem.value[points] * (after - seconds), math.fsum(problem.value * least))


def _seconds_without(problem: Problem, beyond_s: float) -> Floats:
    """Return the seconds that each point walks to the nearest kept row, at most those that stand for beyond it."""
    kept = problem.times[np.flatnonzero(problem.kept)]
    nearest = np.full(problem.people.size, np.inf)
    np.minimum.at(nearest, kept.indices, kept.data.astype(np.float64))
    return np.asarray(np.minimum(nearest, beyond_s))


def _merged(sets: csr_array, weights: Floats, base: float) -> Undone:
    """Return sets of which none stands twice, in the order in which they first stand."""
    names: dict[bytes, int] = {}
    begin, indices = sets.indptr, sets.indices.astype(np.int32)
    which = np.array(
        [names.setdefault(indices[begin[s] : begin[s + 1]].tobytes(), len(names)) for s in range(sets.shape[0])],
        dtype=np.int64,
    )
    first = np.unique(which, return_index=True)[1]
    together = np.bincount(which, weights=weights, minlength=len(names))
    return Undone(csr_array(sets[first]), np.asarray(together, dtype=np.float64), base)
