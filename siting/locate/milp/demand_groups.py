"""Demand points that every choice treats alike, merged into groups."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Bools, Problem

# Shares that differ by less are the same; they are quotients of sums.
_DIGITS = 12


@dataclass(frozen=True)
class Groups:
    """Groups of demand points that every choice treats alike.

    The sites ``site[start[g]:start[g + 1]]``, ascending, reach group g in ``seconds[...]`` (those of its first point,
    unless points were merged by times). ``group_of`` is the group of each point, -1 for points without one: no allowed
    site reaches them, or they count nothing. ``people``, ``value`` and ``units`` (shape (units, groups)) are sums.
    """

    start: Ints
    site: Ints
    seconds: Floats
    group_of: Ints
    people: Floats
    value: Floats
    units: csr_array

    @property
    def count(self) -> int:
        """The number of groups."""
        return len(self.start) - 1

    @property
    def group(self) -> Ints:
        """The group of each pair of group and site."""
        return np.repeat(np.arange(self.count), np.diff(self.start))


def grouped(problem: Problem, *, timed: bool, split: bool, by_unit: bool) -> Groups:
    """Merge points that the same allowed sites (kept, or open to choice) reach.

    Parameters
    ----------
    problem : Problem
        The points, and who reaches them.
    timed : bool
        Whether to merge only points with equal times to each site (walking time counts).
    split : bool
        Whether persons of one point may be served differently (capacity): then only points with equal value per
        person are merged, and points without persons are left out.
    by_unit : bool
        Whether units count: with ``split`` only points with equal shares of units are merged.

    Returns
    -------
    Groups
        In the order of their first points.
    """
    allowed = problem.kept | problem.open_to_choice
    units = problem.units if by_unit and problem.units is not None else csr_array((0, len(problem.people)))
    counts = problem.people > 0
    if not split:
        counts = counts | (problem.value > 0) | (np.asarray(units.sum(axis=0)).ravel() > 0)
    columns = _allowed_columns(problem, allowed)
    points = np.flatnonzero(counts & (np.diff(columns.indptr) > 0))
    columns = csc_array(columns[:, points])
    keys = _keys(columns.indices.astype(np.int64), columns.indptr)
    if timed:
        keys = _joined(keys, _keys(columns.data.astype(np.float64), columns.indptr))
    if split:
        keys = _joined(keys, _profiles(problem, units, points))
    group, first = _numbered(keys)
    chosen = csc_array(columns[:, first])
    group_of = np.full(len(problem.people), -1, dtype=np.int64)
    group_of[points] = group
    gather = csr_array((np.ones(len(points)), (points, group)), shape=(len(problem.people), len(first)))
    return Groups(
        start=chosen.indptr.astype(np.int64),
        site=chosen.indices.astype(np.int64),
        seconds=chosen.data.astype(np.float64),
        group_of=group_of,
        people=np.asarray(problem.people @ gather, dtype=np.float64),
        value=np.asarray(problem.value @ gather, dtype=np.float64),
        units=csr_array(units @ gather),
    )


def _allowed_columns(problem: Problem, allowed: Bools) -> csc_array:
    """Return the times by point, of allowed sites only; stored zeros stay."""
    times = problem.times
    site = np.repeat(np.arange(problem.sites), np.diff(times.indptr))
    stays = allowed[site]
    count = np.bincount(site[stays], minlength=problem.sites)
    start = np.concatenate([[0], np.cumsum(count)])
    left: csr_array = csr_array((times.data[stays], times.indices[stays], start), shape=times.shape)
    columns = csc_array(left)
    columns.sort_indices()
    return columns


def _profiles(problem: Problem, units: csr_array, points: Ints) -> list[bytes]:
    """Return the value per person of each point, and the shares of units in its persons."""
    people = problem.people[points]
    rate = np.round(problem.value[points] / people, _DIGITS)
    homes = csc_array(csc_array(units)[:, points])
    homes.sort_indices()
    shares = np.round(homes.data / np.repeat(people, np.diff(homes.indptr)), _DIGITS)
    within = _joined(_keys(homes.indices.astype(np.int64), homes.indptr), _keys(shares, homes.indptr))
    return _joined([each.tobytes() for each in rate], within)


def _keys(values: Floats | Ints, start: NDArray[Any]) -> list[bytes]:
    data, width = values.tobytes(), values.itemsize
    return [data[one:other] for one, other in pairwise((start.astype(np.int64) * width).tolist())]


def _joined(ones: list[bytes], others: list[bytes]) -> list[bytes]:
    return [len(one).to_bytes(8, "big") + one + other for one, other in zip(ones, others, strict=True)]


def _numbered(keys: list[bytes]) -> tuple[Ints, Ints]:
    """Return the group of each key, in the order of first appearance, and the first of each group."""
    number: dict[bytes, int] = {}
    group = np.fromiter((number.setdefault(key, len(number)) for key in keys), dtype=np.int64, count=len(keys))
    return group, np.unique(group, return_index=True)[1].astype(np.int64)
