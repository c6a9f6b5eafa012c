"""Fixing by reduced cost: close sites that no better choice opens, open those that every better choice opens."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.lagrangian import bound_at
from siting.locate.covering.reduction import Cover, Numbers, dominated_sites, restricted
from siting.locate.covering.state import covered_by
from siting.locate.problem import Bools


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
