"""The order of the sites of a plan with the least worst loss of a prefix."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import NOISE
from siting.locate.series.subset_costs import SubsetCosts

# Up to this number of sites all 2^n subsets of a plan are examined, which takes 2^n · n steps.
EXACT_UP_TO: Final = 20
_EVALUATIONS: Final = 4_000


def best_sequence(costs: SubsetCosts, allowed: Floats, scale: Floats) -> Ints:
    r"""Order sites so that the largest loss of a prefix is least, and then the sum of the losses.

    The loss of a prefix of k sites is :math:`\ell_k = (u(T_k) - a_k) \div s_k`, where u is the cost of the subset
    (:class:`~siting.locate.series.subset_costs.SubsetCosts`), :math:`a_k` the cost of the best plan with k sites, and
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
