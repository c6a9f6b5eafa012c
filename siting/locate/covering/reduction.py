"""Reduction of a covering problem: exact, or of what no better choice decides otherwise (reduced cost fixing).

Points that kept or forced sites cover, points without value and points that no free site reaches are removed. Points
with the same sites become one group. Sites that reach no group, and sites that another one dominates, are removed
(Toregas & ReVelle 1973 for the rules, which are older than any of their names).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.cover import (
    EXACT_SUM,
    Cover,
    Numbers,
    alike,
    both_ways,
    dominated,
    hashed,
    picked,
    transposed,
)
from siting.locate.covering.lagrangian import bound_at
from siting.locate.covering.state import covered_by
from siting.locate.problem import Bools, Problem


@dataclass(frozen=True)
class Reduction:
    """A reduced covering problem.

    Parameters
    ----------
    cover : Cover
        Free sites and the groups of points that they alone can cover.
    sites : ndarray of int
        The original number of each site of ``cover``, ascending: ties go to the lower site here too.
    group_of : ndarray of int
        The group of each point; -1 where it is covered already, has no value or is reached by no free site.
    forced : ndarray of int
        Sites that are open beside those kept, and no longer in ``cover``.
    base : float
        Value of the points that forced sites cover and kept sites do not.
    whole : bool
        Whether the values of all points are whole numbers, so that every sum of them is exact.
    """

    cover: Cover
    sites: Ints
    group_of: Numbers
    forced: Ints
    base: float
    whole: bool

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self.cover.weight)

    @property
    def matrix(self) -> csr_array:
        """Shape (sites, groups): 1 where a site covers a group."""
        cover = self.cover
        shape = (len(self.sites), self.groups)
        return csr_array((np.ones(len(cover.group)), cover.group, cover.start), shape=shape)


def reduced(problem: Problem, *, value: Floats | None = None, dominated: bool = True) -> Reduction:
    """Reduce a covering problem exactly.

    Parameters
    ----------
    problem : Problem
        The walking times; which sites are kept, forced and forbidden. Other rules are ignored.
    value : ndarray, optional
        What each point counts; ``problem.value`` if absent.
    dominated : bool, default True
        Whether to drop a site if another one covers all its groups too (ties to the lowest): valid if all sites cost
        the same.

    Returns
    -------
    Reduction
        It depends neither on the order of the points nor, except for ties, on that of the sites. Equality of sets is
        verified; hashes only find the pairs to compare.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Problem
    >>> from siting.locate.covering.reduction import reduced
    >>> reach = csr_array(np.array([[1.0, 1, 0, 0], [0, 0, 1, 0], [1, 1, 1, 0]]))
    >>> found = reduced(Problem(reach, np.array([3.0, 4.0, 9.0, 5.0])))
    >>> found.sites.tolist(), found.cover.weight.tolist(), found.group_of.tolist()
    ([2], [16.0], [0, 0, 0, -1])
    """
    value = problem.value if value is None else value
    kept = problem.kept
    forced = np.zeros(problem.sites, dtype=np.bool_) if problem.rules.forced is None else problem.rules.forced & ~kept
    free = problem.open_to_choice & ~forced
    by_kept = problem.reached_by(np.zeros(0, dtype=np.int64))
    by_forced = problem.reached_by(np.flatnonzero(forced)) & ~by_kept if forced.any() else np.zeros_like(by_kept)
    sites, start, point = _of_sites(problem, free)
    label, lists = _grouped(start, point, (value > 0) & ~by_kept & ~by_forced)
    whole = bool(np.all(value == np.floor(value))) and float(value.sum()) < EXACT_SUM
    cover = _cover(lists, len(sites), _sums(label, value, len(lists[0]) - 1, whole=whole))
    stays = ~dominated_sites(cover) if dominated else np.diff(cover.start) > 0
    if not stays.all():
        # Without some sites, groups that differed may be equal.
        cover, again = restricted(cover, np.flatnonzero(stays))
        label = np.append(again, np.int32(-1))[label]
        sites = sites[stays]
        if not whole:
            cover = cover._replace(weight=_sums(label, value, len(cover.weight), whole=False))
    return Reduction(
        cover=cover,
        sites=sites,
        group_of=label,
        forced=np.flatnonzero(forced).astype(np.int64),
        base=math.fsum(value[by_forced]),
        whole=whole,
    )


def dominated_sites(cover: Cover, should_stop: Callable[[], bool] | None = None) -> Bools:
    """Return the sites all of whose groups one other site covers too; ties keep the lowest.

    If ``should_stop`` says so, only those found so far.
    """
    return dominated(cover.start, cover.group, cover.group_start, cover.site, should_stop=should_stop)


def restricted(cover: Cover, sites: Ints, wanted: Bools | None = None) -> tuple[Cover, Numbers]:
    """Return a cover with some of its sites only, and the new group of each group (-1: none).

    Parameters
    ----------
    cover : Cover
        Sites and groups.
    sites : ndarray of int
        Sites that stay, ascending; the new sites are numbered so.
    wanted : ndarray of bool, optional
        Groups that still count; all if absent.
    """
    start, group = picked(cover.start, cover.group, sites)
    label, lists = _grouped(start, group, np.ones(len(cover.weight), dtype=np.bool_) if wanted is None else wanted)
    weight = np.bincount(label[label >= 0], weights=cover.weight[label >= 0], minlength=len(lists[0]) - 1)
    return _cover(lists, len(sites), weight.astype(np.float64)), label


def _of_sites(problem: Problem, free: Bools) -> tuple[Ints, Ints, Numbers]:
    """Return the free sites, and the points that each reaches as packed lists."""
    start = np.asarray(problem.times.indptr, dtype=np.int64)
    point = np.asarray(problem.times.indices, dtype=np.int32)
    sites = np.flatnonzero(free).astype(np.int64)
    if len(sites) == problem.sites:
        return sites, start, point
    return sites, *picked(start, point, sites)


def _grouped(start: Ints, point: Numbers, wanted: Bools) -> tuple[Numbers, tuple[Ints, Numbers]]:
    """Return the group of each point (-1: none), and the sites of each group as packed lists.

    Groups are in the order of their lowest site, then of their hashes, independent of their points.
    """
    hashes, degree, lowest = hashed(start, point, wanted)
    group_start, site = transposed(start, point, degree)
    label, first = alike(hashes, group_start, site)
    order = np.lexsort((hashes[first, 1], hashes[first, 0], lowest[first]))
    place = np.empty(len(first) + 1, dtype=np.int32)
    place[order], place[-1] = np.arange(len(first), dtype=np.int32), -1
    return place[label], picked(group_start, site, first[order])


def _cover(lists: tuple[Ints, Numbers], sites: int, weight: Floats) -> Cover:
    group_start, site, start, group = both_ways(*lists, sites)
    return Cover(start, group, group_start, site, weight)


def _sums(label: Numbers, value: Floats, groups: int, *, whole: bool) -> Floats:
    """Return the value of each group, identical to the last bit in any order of its points."""
    counted = label >= 0
    label, value = label[counted], value[counted]
    if not whole:
        order = np.lexsort((value, label))
        label, value = label[order], value[order]
    return np.bincount(label, weights=value, minlength=groups).astype(np.float64)


@dataclass(frozen=True)
class ReducedCovering:
    """A smaller problem: some sites of a whole problem are fixed open, some may be opened, the others stay closed.

    Parameters
    ----------
    cover : Cover
        Sites that may be opened, and the groups that no fixed open site covers.
    stations : int
        The largest number of sites that may be opened here.
    sites : ndarray of int
        The number of each site in the whole problem.
    opened : ndarray of int
        Sites of the whole problem that are fixed open.
    base : float
        The weight that they cover.
    """

    cover: Cover
    stations: int
    sites: Ints
    opened: Ints
    base: float

    @property
    def pairs(self) -> int:
        """The number of pairs of a site and a group."""
        return len(self.cover.group)

    def whole(self, chosen: Numbers) -> Ints:
        """Return sites of the core with those fixed open, numbered as in the whole problem, ascending."""
        return np.sort(np.concatenate([self.sites[chosen], self.opened]))


def without_dominated(cover: Cover, stations: int, should_stop: Callable[[], bool] | None = None) -> ReducedCovering:
    """Return the core of a whole problem: its undominated sites, of which so many may be opened."""
    everything = ReducedCovering(cover, stations, np.arange(len(cover.start) - 1), np.zeros(0, dtype=np.int64), 0.0)
    return part(everything, ~dominated_sites(cover, should_stop))[0]


def part(core: ReducedCovering, stays: Bools, opens: Bools | None = None) -> tuple[ReducedCovering, Numbers]:
    """Return a core with some of its sites only, and the new group of each group (-1: none).

    Parameters
    ----------
    core : ReducedCovering
        The present core.
    stays : ndarray of bool
        Sites that may be opened.
    opens : ndarray of bool, optional
        Sites that are fixed open; none of those that may be opened.
    """
    sure = np.flatnonzero(np.zeros(len(stays), dtype=np.bool_) if opens is None else opens).astype(np.int32)
    done = np.asarray(covered_by(core.cover, sure), dtype=np.bool_)
    sites = np.flatnonzero(stays)
    cover, label = restricted(core.cover, sites, ~done)
    return (
        replace(
            core,
            cover=cover,
            stations=min(core.stations - len(sure), len(sites)),
            sites=core.sites[sites],
            opened=np.concatenate([core.opened, core.sites[sure]]),
            base=core.base + float(core.cover.weight[done].sum()),
        ),
        label,
    )


def fix_by_reduced_cost(core: ReducedCovering, multipliers: Floats, needed: float) -> tuple[ReducedCovering, Floats]:
    """Return the core after reduced cost fixing for choices that cover as much as needed, and its multipliers.

    Parameters
    ----------
    core : ReducedCovering
        The present core.
    multipliers : ndarray
        Multipliers of its groups, from 0 to the weight.
    needed : float
        The weight that a choice must cover in the core to be relevant.

    Notes
    -----
    If a site were open that is not among the p most profitable, the bound would fall by the difference between its
    profit and the p-th. If one of those were closed, it would fall by the difference to the next profit (Beasley 1993).
    If the bound falls below the required weight, the site is fixed.
    """
    bound, profit = bound_at(core.cover, core.stations, multipliers)
    if core.stations in (0, len(profit)):
        return core, multipliers
    order = np.sort(profit)[::-1]
    last, following = order[core.stations - 1], order[core.stations]
    stays = bound - np.maximum(last - profit, 0.0) >= needed
    opens = stays & (bound - (profit - following) < needed) & (profit > following)
    if stays.all() and not opens.any():
        return core, multipliers
    left, label = part(core, stays & ~opens, opens)
    carried = np.bincount(label[label >= 0], weights=multipliers[label >= 0], minlength=len(left.cover.weight))
    return left, np.minimum(carried, left.cover.weight)
