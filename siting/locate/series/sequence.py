"""The order of the rows of a plan in which the worst prefix loses least."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import NOISE
from siting.locate.series.losses import Undone

# All 2^n parts of a plan are looked at up to so many rows; they take 2^n · n steps.
EXACT_UP_TO: Final = 20
_EVALUATIONS: Final = 4_000


def best_sequence(undone: Undone, allowed: Floats, scale: Floats) -> Ints:
    r"""Order rows such that the largest loss of a prefix is least, and then the sum of the losses.

    The loss of a prefix of k rows is :math:`\ell_k = (u(T_k) - a_k) \div s_k`, where u is what it leaves undone,
    :math:`a_k` what the best plan of k rows leaves undone, and :math:`s_k` the scale on which it is judged.

    Up to :data:`EXACT_UP_TO` rows by dynamic programming over all parts T of the plan, in two passes (Held and Karp
    1962, Journal of the SIAM 10, for sequencing):

    .. math::

        M(T) = \max\{\ell(T), \min_{j \in T} M(T \setminus j)\}, \qquad
        S(T) = \ell(T) + \min_{j \in T,\, M \text{ kept}} S(T \setminus j)

    where the second pass goes only through parts whose loss is no more than the least largest loss. Beyond, the best of
    two greedy orders (from the front, from the back) is bettered by moving and exchanging rows until none helps or
    4,000 orders were looked at; nothing is promised of it but that it is no worse than either.

    Parameters
    ----------
    undone : Undone
        What the parts of the plan leave undone.
    allowed, scale : ndarray
        Shape (rows + 1,): :math:`a_k` and :math:`s_k`; sizes with NaN are not judged.

    Returns
    -------
    ndarray of int
        Places of the plan's rows, first to be built first; among equals the lower stands first.
    """
    if undone.rows <= EXACT_UP_TO:
        return _exact(undone, allowed, scale)
    return _bettered(undone, allowed, scale)


def losses_of(left: Floats, sizes: Ints, allowed: Floats, scale: Floats) -> Floats:
    """Return the losses of prefixes (or parts) of given sizes, relative, rounded to what is no noise, never below 0."""
    above = left - allowed[sizes]
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = np.where(above > NOISE * np.abs(scale[sizes]), above / scale[sizes], 0.0)
    return np.asarray(np.round(np.where(np.isnan(loss), 0.0, loss), 12))


def _exact(undone: Undone, allowed: Floats, scale: Floats) -> Ints:
    rows = undone.rows
    parts = np.arange(1 << rows)
    sizes = np.bitwise_count(parts).astype(np.int64)
    loss = losses_of(undone.of_all_parts(), sizes, allowed, scale)
    layers = [np.flatnonzero(sizes == size) for size in range(rows + 1)]
    worst = loss.copy()
    for layer in layers[1:]:
        worst[layer] = np.maximum(loss[layer], _least_before(worst, layer, rows))
    total = np.where(loss <= worst[-1], loss, np.inf)
    for layer in layers[1:]:
        total[layer] += _least_before(total, layer, rows)
    order, part = np.empty(rows, dtype=np.int64), (1 << rows) - 1
    for place in range(rows - 1, -1, -1):
        members = [row for row in range(rows) if part >> row & 1]
        # Among equals the higher row is built later.
        order[place] = min(reversed(members), key=lambda row: round(float(total[part ^ (1 << row)]), 9))
        part ^= 1 << int(order[place])
    return order


def _least_before(value: Floats, layer: Ints, rows: int) -> Floats:
    """Return the least value of the parts that lack one row of each part of a layer."""
    least = np.full(layer.size, np.inf)
    for row in range(rows):
        inside = (layer >> row & 1).astype(np.bool_)
        np.minimum(least, np.where(inside, value[layer & ~(1 << row)], np.inf), out=least)
    return least


def _bettered(undone: Undone, allowed: Floats, scale: Floats) -> Ints:
    sizes = np.arange(undone.rows + 1)

    def key(order: Ints) -> tuple[float, float]:
        loss = losses_of(undone.along(order), sizes, allowed, scale)
        return float(loss.max()), round(float(loss.sum()), 9)

    best = min((_from_the_front(undone), _from_the_back(undone)), key=key)
    reached, tried = key(best), 2
    while tried < _EVALUATIONS:
        before = reached
        for neighbour in _neighbours(best, undone, allowed, scale):
            now, tried = key(neighbour), tried + 1
            if now < reached:
                best, reached = neighbour, now
                break
            if tried >= _EVALUATIONS:
                break
        if reached == before:
            break
    return best


def _neighbours(order: Ints, undone: Undone, allowed: Floats, scale: Floats) -> Iterator[Ints]:
    """Yield orders that differ by an exchange or by a row built sooner; first those that change the worst prefix."""
    worst = int(np.argmax(losses_of(undone.along(order), np.arange(order.size + 1), allowed, scale)))
    for i, j in _pairs(order.size, worst):
        exchanged = order.copy()
        exchanged[[i, j]] = exchanged[[j, i]]
        yield exchanged
        if j > i + 1:
            yield np.concatenate([order[:i], order[j : j + 1], order[i:j], order[j + 1 :]])


def _pairs(count: int, worst: int) -> Iterator[tuple[int, int]]:
    """Yield places i < j, near ones first: those between which a prefix of ``worst`` rows ends, then neighbours."""
    for apart in range(1, count):
        for i in range(max(worst - apart, 0), min(worst, count - apart)):
            yield i, i + apart
    for apart in (1, 2):
        for i in range(count - apart):
            if not i < worst <= i + apart:
                yield i, i + apart


def _from_the_front(undone: Undone) -> Ints:
    """Build next what leaves least undone."""
    table = undone.sets.tocsc()
    left, built = undone.weights.copy(), np.zeros(undone.rows, dtype=np.bool_)
    order = np.empty(undone.rows, dtype=np.int64)
    for place in range(undone.rows):
        gains = np.where(built, -np.inf, table.T @ left)
        order[place] = int(np.argmax(gains))
        built[order[place]] = True
        left[table.indices[table.indptr[order[place]] : table.indptr[order[place] + 1]]] = 0.0
    return order


def _from_the_back(undone: Undone) -> Ints:
    """Build last what is missed least."""
    table = undone.sets.tocsc()
    open_rows = np.diff(undone.sets.indptr).astype(np.int64)
    order, built = np.empty(undone.rows, dtype=np.int64), np.ones(undone.rows, dtype=np.bool_)
    for place in range(undone.rows - 1, -1, -1):
        alone = np.where(open_rows == 1, undone.weights, 0.0)
        missed = np.where(built, table.T @ alone, np.inf)
        # Of equals the higher row.
        order[place] = int(np.flatnonzero(missed <= missed.min())[-1])
        built[order[place]] = False
        open_rows[table.indices[table.indptr[order[place]] : table.indptr[order[place] + 1]]] -= 1
    return order
