"""What is left of a problem once rows are known to be in no better choice, or in all of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.lagrangian import bound_at
from siting.locate.covering.reduction import Cover, Numbers, dominated_rows, restricted
from siting.locate.covering.state import covered_by
from siting.locate.problem import Bools


@dataclass(frozen=True)
class ReducedCovering:
    """A smaller problem: some rows of a whole are open for sure, some may be opened, the rest stays closed.

    Parameters
    ----------
    cover : Cover
        Rows that may be opened, and the groups that no row open for sure covers.
    stations : int
        The most rows that may be opened here.
    rows : ndarray of int
        The number in the whole of each row.
    opened : ndarray of int
        Rows of the whole that are open for sure.
    base : float
        The weight that they cover.
    """

    cover: Cover
    stations: int
    rows: Ints
    opened: Ints
    base: float

    @property
    def pairs(self) -> int:
        """How many pairs of a row and a group there are."""
        return len(self.cover.group)

    def whole(self, chosen: Numbers) -> Ints:
        """Return rows of the core, and those open for sure, by their numbers in the whole, ascending."""
        return np.sort(np.concatenate([self.rows[chosen], self.opened]))


def undominated(cover: Cover, stations: int, stops: Callable[[], bool] | None = None) -> ReducedCovering:
    """Return the core of a whole problem: rows that no other makes needless, of which so many may be opened."""
    everything = ReducedCovering(cover, stations, np.arange(len(cover.start) - 1), np.zeros(0, dtype=np.int64), 0.0)
    return part(everything, ~dominated_rows(cover, stops))[0]


def part(core: ReducedCovering, stays: Bools, opens: Bools | None = None) -> tuple[ReducedCovering, Numbers]:
    """Return a core with some of its rows only, and the new group of each group (-1: none).

    Parameters
    ----------
    core : ReducedCovering
        What is left so far.
    stays : ndarray of bool
        Rows that may be opened.
    opens : ndarray of bool, optional
        Rows, none of those that may be opened, that are open for sure.
    """
    sure = np.flatnonzero(np.zeros(len(stays), dtype=np.bool_) if opens is None else opens).astype(np.int32)
    done = np.asarray(covered_by(core.cover, sure), dtype=np.bool_)
    rows = np.flatnonzero(stays)
    cover, label = restricted(core.cover, rows, ~done)
    return (
        replace(
            core,
            cover=cover,
            stations=min(core.stations - len(sure), len(rows)),
            rows=core.rows[rows],
            opened=np.concatenate([core.opened, core.rows[sure]]),
            base=core.base + float(core.cover.weight[done].sum()),
        ),
        label,
    )


def fixed(core: ReducedCovering, price: Floats, needed: float) -> tuple[ReducedCovering, Floats]:
    """Return what is left of a core for choices that cover as much as is needed, and the prices of its groups.

    Parameters
    ----------
    core : ReducedCovering
        What is left so far.
    price : ndarray
        Prices of its groups, from 0 to the weight.
    needed : float
        The weight that a choice must cover in the core to be of interest.

    Notes
    -----
    Were a row open that is not among the p most profitable, the bound would fall by what its profit lacks to the p-th;
    were one of those closed, by what it has before the next one (Beasley 1993). Where the bound falls below what is
    needed, the row stays as it is.
    """
    bound, profit = bound_at(core.cover, core.stations, price)
    if core.stations in (0, len(profit)):
        return core, price
    order = np.sort(profit)[::-1]
    last, following = order[core.stations - 1], order[core.stations]
    stays = bound - np.maximum(last - profit, 0.0) >= needed
    opens = stays & (bound - (profit - following) < needed) & (profit > following)
    if stays.all() and not opens.any():
        return core, price
    left, label = part(core, stays & ~opens, opens)
    carried = np.bincount(label[label >= 0], weights=price[label >= 0], minlength=len(left.cover.weight))
    return left, np.minimum(carried, left.cover.weight)
