"""The order of the sites of a plan with the least worst loss of a prefix, from the costs of all subsets of the plan."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import NOISE, MaximalCovering, PMedian, Problem

# Up to this number of sites all 2^n subsets of a plan are examined, which takes 2^n · n steps.
EXACT_UP_TO: Final = 20
_EVALUATIONS: Final = 4_000


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
    nearest = problem.nearest(np.flatnonzero(problem.kept))
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


def best_sequence(costs: SubsetCosts, allowed: Floats, scale: Floats) -> Ints:
    r"""Order sites so that the largest loss of a prefix is least, and then the sum of the losses.

    The loss of a prefix of k sites is :math:`\ell_k = (u(T_k) - a_k) \div s_k`, where u is the cost of the subset
    (:class:`~siting.locate.series.sequence.SubsetCosts`), :math:`a_k` the cost of the best plan with k sites, and
    :math:`s_k` the scale of the loss.

    Up to :data:`EXACT_UP_TO` sites the order is found by dynamic programming over all subsets T of the plan, in two
    passes (Held and Karp 1962, Journal of the SIAM 10, for sequencing):

    .. math::

        M(T) = \max\{\ell(T), \min_{j \in T} M(T \setminus j)\}, \qquad
        S(T) = \ell(T) + \min_{j \in T,\, M \text{ kept}} S(T \setminus j)

    where the second pass uses only subsets whose loss is not above the least largest loss. Beyond that number, the
    better of two greedy orders (from the front, from the back) is improved by moving and exchanging sites until no
    change helps or 4,000 orders were evaluated. The result is only guaranteed to be no worse than either greedy order.

    Parameters
    ----------
    costs : SubsetCosts
        The costs of the subsets of the plan.
    allowed, scale : ndarray
        Shape (sites + 1,): :math:`a_k` and :math:`s_k`; sizes with NaN have no loss.

    Returns
    -------
    ndarray of int
        Indices of the plan's sites, first to be built first; ties to the lower one.
    """
    if costs.sites <= EXACT_UP_TO:
        return _exact(costs, allowed, scale)
    return _bettered(costs, allowed, scale)


def losses_of(left: Floats, sizes: Ints, allowed: Floats, scale: Floats) -> Floats:
    """Return the losses of prefixes (or subsets) of given sizes: relative, not negative, and 0 within the tolerance."""
    above = left - allowed[sizes]
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = np.where(above > NOISE * np.abs(scale[sizes]), above / scale[sizes], 0.0)
    return np.asarray(np.round(np.where(np.isnan(loss), 0.0, loss), 12))


def _exact(costs: SubsetCosts, allowed: Floats, scale: Floats) -> Ints:
    sites = costs.sites
    parts = np.arange(1 << sites)
    sizes = np.bitwise_count(parts).astype(np.int64)
    loss = losses_of(costs.of_all_subsets(), sizes, allowed, scale)
    layers = [np.flatnonzero(sizes == size) for size in range(sites + 1)]
    worst = loss.copy()
    for layer in layers[1:]:
        worst[layer] = np.maximum(loss[layer], _least_before(worst, layer, sites))
    total = np.where(loss <= worst[-1], loss, np.inf)
    for layer in layers[1:]:
        total[layer] += _least_before(total, layer, sites)
    order, part = np.empty(sites, dtype=np.int64), (1 << sites) - 1
    for place in range(sites - 1, -1, -1):
        members = [site for site in range(sites) if part >> site & 1]
        # Of equal sites the higher one is built later.
        order[place] = min(reversed(members), key=lambda site: round(float(total[part ^ (1 << site)]), 9))
        part ^= 1 << int(order[place])
    return order


def _least_before(value: Floats, layer: Ints, sites: int) -> Floats:
    """Return, for each subset of a layer, the least value of the subsets with one site less."""
    least = np.full(layer.size, np.inf)
    for site in range(sites):
        inside = (layer >> site & 1).astype(np.bool_)
        np.minimum(least, np.where(inside, value[layer & ~(1 << site)], np.inf), out=least)
    return least


def _bettered(costs: SubsetCosts, allowed: Floats, scale: Floats) -> Ints:
    sizes = np.arange(costs.sites + 1)

    def key(order: Ints) -> tuple[float, float]:
        loss = losses_of(costs.along(order), sizes, allowed, scale)
        return float(loss.max()), round(float(loss.sum()), 9)

    best = min((_from_the_front(costs), _from_the_back(costs)), key=key)
    reached, tried = key(best), 2
    while tried < _EVALUATIONS:
        before = reached
        for neighbour in _neighbours(best, costs, allowed, scale):
            now, tried = key(neighbour), tried + 1
            if now < reached:
                best, reached = neighbour, now
                break
            if tried >= _EVALUATIONS:
                break
        if reached == before:
            break
    return best


def _neighbours(order: Ints, costs: SubsetCosts, allowed: Floats, scale: Floats) -> Iterator[Ints]:
    """Yield orders that differ by an exchange or by an earlier site; first those that change the worst prefix."""
    worst = int(np.argmax(losses_of(costs.along(order), np.arange(order.size + 1), allowed, scale)))
    for i, j in _pairs(order.size, worst):
        exchanged = order.copy()
        exchanged[[i, j]] = exchanged[[j, i]]
        yield exchanged
        if j > i + 1:
            yield np.concatenate([order[:i], order[j : j + 1], order[i:j], order[j + 1 :]])


def _pairs(count: int, worst: int) -> Iterator[tuple[int, int]]:
    """Yield positions i < j: near ones around the end of the prefix of ``worst`` sites first, then neighbours."""
    for apart in range(1, count):
        for i in range(max(worst - apart, 0), min(worst, count - apart)):
            yield i, i + apart
    for apart in (1, 2):
        for i in range(count - apart):
            if not i < worst <= i + apart:
                yield i, i + apart


def _from_the_front(costs: SubsetCosts) -> Ints:
    """Build next the site that leaves the least cost."""
    table = costs.sets.tocsc()
    left, built = costs.weights.copy(), np.zeros(costs.sites, dtype=np.bool_)
    order = np.empty(costs.sites, dtype=np.int64)
    for place in range(costs.sites):
        gains = np.where(built, -np.inf, table.T @ left)
        order[place] = int(np.argmax(gains))
        built[order[place]] = True
        left[table.indices[table.indptr[order[place]] : table.indptr[order[place] + 1]]] = 0.0
    return order


def _from_the_back(costs: SubsetCosts) -> Ints:
    """Build last the site whose loss costs least."""
    table = costs.sets.tocsc()
    open_sites = np.diff(costs.sets.indptr).astype(np.int64)
    order, built = np.empty(costs.sites, dtype=np.int64), np.ones(costs.sites, dtype=np.bool_)
    for place in range(costs.sites - 1, -1, -1):
        alone = np.where(open_sites == 1, costs.weights, 0.0)
        missed = np.where(built, table.T @ alone, np.inf)
        # Of equal sites the higher one.
        order[place] = int(np.flatnonzero(missed <= missed.min())[-1])
        built[order[place]] = False
        open_sites[table.indices[table.indptr[order[place]] : table.indptr[order[place] + 1]]] -= 1
    return order
