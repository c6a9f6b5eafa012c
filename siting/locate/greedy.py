"""Greedy choices: a good first plan, and the order in which to read any plan."""

import heapq
import math
from collections.abc import Iterable

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.instance import CoveringInstance

_Key = tuple[float, float, float, int]


def greedy(instance: CoveringInstance) -> Ints:
    """Choose candidates one by one, each the best that is left.

    Without a budget the best is the one that covers most persons not yet covered; with stations only, this
    reaches at least 1 − 1/e of the optimum (Nemhauser, Wolsey and Fisher 1978, Mathematical Programming
    14). With a budget a second choice goes by persons per cost, and the one that covers more is returned
    (the first if both cover alike), after Khuller, Moss and Naor (1999), Information Processing Letters 70.

    Among equals the cheaper candidate goes first, then the one of lower row.

    Parameters
    ----------
    instance : CoveringInstance
        The problem.

    Returns
    -------
    Ints
        Rows of the candidates in the order of choice; none that adds nobody.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.greedy import greedy
    >>> from siting.locate.instance import CoveringInstance
    >>> covers = csr_array(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=bool))
    >>> greedy(CoveringInstance(covers, np.array([10.0, 5.0, 7.0]), stations=2)).tolist()
    [0, 1]
    """
    rows = range(instance.covers.shape[0])
    best = _pick(instance, rows, per_cost=False)
    if instance.budget is not None:
        other = _pick(instance, rows, per_cost=True)
        best = max(best, other, key=instance.covered_by)
    return np.array(best, dtype=np.int64)


def ranked(instance: CoveringInstance, chosen: Ints) -> Ints:
    """Return chosen candidates in the order of what each adds to those before it; none that adds nobody."""
    return np.array(_pick(instance, chosen.tolist(), per_cost=False), dtype=np.int64)


def _pick(instance: CoveringInstance, rows: Iterable[int], *, per_cost: bool) -> list[int]:
    """Choose lazily: what a candidate adds can only fall, so that a stale key is the best it can have."""
    left = instance.weights.copy()

    def key(row: int) -> _Key:
        gain = float(left[instance.people_of(row)].sum())
        cost = 0.0 if instance.costs is None else float(instance.costs[row])
        if gain == 0 or not per_cost:
            return (-gain, 0.0, cost, row)
        return (-gain / cost if cost > 0 else -math.inf, -gain, cost, row)

    heap = [key(row) for row in rows]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < instance.most:
        row = heapq.heappop(heap)[-1]
        now = key(row)
        if now[0] >= 0 or not instance.affords([*chosen, row]):
            continue
        if heap and now > heap[0]:
            heapq.heappush(heap, now)
            continue
        chosen.append(row)
        left[instance.people_of(row)] = 0.0
    return chosen
