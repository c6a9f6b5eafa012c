"""A covering problem, and the same problem made small without loss."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csc_array, csr_array

from siting.domain.nouns import Floats, Ints

# Sums of many float costs; a thousandth of a yuan in a milliard.
_BUDGET_NOISE = 1e-12


@dataclass(frozen=True)
class CoveringInstance:
    """Who could be covered from where, and what may be spent.

    Parameters
    ----------
    covers : csr_array of bool
        Shape (candidates, demand points): true where the candidate reaches the demand point within the
        cut-off.
    weights : Floats
        Persons not yet covered at each demand point; 0 where they are covered already.
    costs : Floats, optional
        Cost of each candidate, finite and not negative; needed with a budget.
    stations : int, optional
        The most stations that may be opened; no limit if absent.
    budget : float, optional
        The most that they may cost together, in the unit of ``costs``; no limit if absent.

    Raises
    ------
    ValueError
        Shapes differ, a number is negative or not finite, or neither ``stations`` nor ``budget`` is given.
    """

    covers: csr_array
    weights: Floats
    costs: Floats | None = None
    stations: int | None = None
    budget: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no problem can mean."""
        if not (self.covers.has_canonical_format and np.all(self.covers.data)):
            message = "covers must hold each pair once, in order, and no stored false"
            raise ValueError(message)
        _check_numbers("weights", self.weights, self.covers.shape[1])
        if self.costs is not None:
            _check_numbers("costs", self.costs, self.covers.shape[0])
        _check_limits(self.stations, self.budget, self.costs)

    @property
    def most(self) -> int:
        """The most stations that may be opened: ``stations``, at most the number of candidates."""
        candidates = int(self.covers.shape[0])
        return candidates if self.stations is None else min(self.stations, candidates)

    def people_of(self, candidate: int) -> NDArray[np.integer[Any]]:
        """Return the demand points that a candidate covers."""
        return self.covers.indices[self.covers.indptr[candidate] : self.covers.indptr[candidate + 1]]

    def within_budget(self, candidates: Ints | list[int]) -> bool:
        """Tell whether candidates together cost at most the budget; the sum is rounded once, in any order."""
        if self.budget is None or self.costs is None:
            return True
        return math.fsum(self.costs[candidates]) <= self.budget * (1.0 + _BUDGET_NOISE)

    def affords(self, candidates: Ints | list[int]) -> bool:
        """Tell whether candidates together keep to the number of stations and to the budget."""
        return len(candidates) <= self.most and self.within_budget(candidates)

    def covered_by(self, candidates: Ints | list[int]) -> float:
        """Return the persons whom candidates cover together, rounded once, whatever their order."""
        reached = np.zeros(self.weights.size, dtype=np.bool_)
        for candidate in candidates:
            reached[self.people_of(candidate)] = True
        return math.fsum(self.weights[reached])


def _check_numbers(name: str, values: Floats, length: int) -> None:
    if values.shape != (length,):
        message = f"{name} has shape {values.shape}, expected ({length},)"
        raise ValueError(message)
    if not np.all(np.isfinite(values) & (values >= 0)):
        message = f"{name} must be finite and not negative"
        raise ValueError(message)


def _check_limits(stations: int | None, budget: float | None, costs: Floats | None) -> None:
    if stations is None and budget is None:
        message = "give stations, a budget or both"
        raise ValueError(message)
    if stations is not None and stations < 0:
        message = f"stations is {stations}, expected 0 or more"
        raise ValueError(message)
    if budget is not None and not (math.isfinite(budget) and budget >= 0):
        message = f"budget is {budget}, expected a finite number, 0 or more"
        raise ValueError(message)
    if budget is not None and costs is None:
        message = "a budget needs costs"
        raise ValueError(message)


@dataclass(frozen=True)
class Reduced:
    """A reduced instance and the way back.

    ``candidates`` has the row in the original of each row of ``instance``; ``groups`` the column in
    ``instance`` of each demand point of the original, -1 where it was left out.
    """

    instance: CoveringInstance
    candidates: Ints
    groups: Ints


def reduce_covering(instance: CoveringInstance, order: ArrayLike | None = None) -> Reduced:
    """Make a covering problem small without loss, in an order of its own.

    Left out are candidates that alone exceed the budget or reach nobody, and demand points without persons
    or without a candidate. Demand points with the same set of candidates become one that has the persons of
    all: in every choice they are covered together or not at all.

    Parameters
    ----------
    instance : CoveringInstance
        The problem.
    order : array_like, optional
        Rank of each candidate among equals, lower first; equal ranks go by row number, as do all if absent.
        Candidates of the result stand in this order and demand in the order of their sets of candidates, so
        that rows in any other order give the same result.

    Returns
    -------
    Reduced
        The small problem, with the same objective for every choice that can be made.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.instance import CoveringInstance, reduce_covering
    >>> covers = csr_array(np.array([[1, 1, 0, 0], [1, 1, 1, 0]], dtype=bool))
    >>> small = reduce_covering(CoveringInstance(covers, np.array([10.0, 5.0, 7.0, 9.0]), stations=1))
    >>> small.instance.weights.tolist(), small.groups.tolist()
    ([15.0, 7.0], [0, 0, 1, -1])
    """
    candidates = _in_order(instance, order)
    by_demand = csc_array(instance.covers[candidates])
    wanted = np.flatnonzero((np.diff(by_demand.indptr) > 0) & (instance.weights > 0))
    by_demand = csc_array(by_demand[:, wanted])
    group, first = _same_sets(by_demand)
    groups = np.full(instance.weights.size, -1, dtype=np.int64)
    groups[wanted] = group
    covers = csr_array(by_demand[:, first])
    covers.sort_indices()
    used = np.flatnonzero(np.diff(covers.indptr) > 0)
    small = CoveringInstance(
        covers=csr_array(covers[used]),
        weights=_sums(instance.weights[wanted], group, first.size),
        costs=None if instance.costs is None else instance.costs[candidates[used]],
        stations=instance.stations,
        budget=instance.budget,
    )
    return Reduced(small, candidates[used], groups)


def clean(covers: csr_array) -> csr_array:
    """Return a copy that holds each pair once, in order, and no stored false."""
    copy: csr_array = csr_array(covers.astype(np.bool_))
    copy.sum_duplicates()
    copy.eliminate_zeros()
    return copy


def _in_order(instance: CoveringInstance, order: ArrayLike | None) -> Ints:
    """Return the candidates that the budget allows one by one, by rank, equal ranks by row."""
    rows = np.arange(instance.covers.shape[0])
    rank = rows if order is None else np.asarray(order)
    if rank.shape != rows.shape:
        message = f"order has shape {rank.shape}, expected {rows.shape}"
        raise ValueError(message)
    allowed = [row for row in np.argsort(rank, kind="stable").tolist() if instance.within_budget([row])]
    return np.array(allowed, dtype=np.int64)


def _same_sets(columns: csc_array) -> tuple[Ints, Ints]:
    """Return the group of each column and one column of each group.

    Columns are of one group if and only if their members are equal (bytes are compared, no mere hash); groups
    are numbered by their members.
    """
    members = columns.indices.astype(">u4")
    data, width = members.tobytes(), members.itemsize
    cuts = (columns.indptr.astype(np.int64) * width).tolist()
    keys = [data[start:end] for start, end in pairwise(cuts)]
    sample = {key: column for column, key in enumerate(keys)}
    ordered = sorted(sample)
    number = {key: group for group, key in enumerate(ordered)}
    group = np.fromiter((number[key] for key in keys), dtype=np.int64, count=len(keys))
    return group, np.fromiter((sample[key] for key in ordered), dtype=np.int64, count=len(ordered))


def _sums(values: Floats, group: Ints, groups: int) -> Floats:
    """Return the sum of each group, from the smallest value up, so that the order of rows changes no bit."""
    if groups == 0:
        return np.zeros(0)
    ascending = np.lexsort((values, group))
    starts = np.searchsorted(group[ascending], np.arange(groups))
    return np.add.reduceat(values[ascending], starts)
