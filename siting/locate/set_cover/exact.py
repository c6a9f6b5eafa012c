"""What is left of a set covering programme, solved by HiGHS."""

from dataclasses import replace

import numpy as np
from scipy.sparse import block_array, csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.highs import Milp, Run, minimise
from siting.locate.problem import Effort
from siting.locate.set_cover.core import LITTLE, Core

_HALF = 0.5


def programme_of(core: Core, most: int | None = None) -> Milp:
    r"""Return the programme of set covering, some of which may stay uncovered.

    .. math::

        \min \sum_j c_j x_j \quad \text{subject to} \quad
        \sum_{j \in N(g)} x_j + z_g \ge 1 \;\forall g, \quad \sum_g w_g z_g \le s, \quad \sum_j x_j \le p, \quad
        x_j \in \{0, 1\}, \; 0 \le z_g \le 1

    with :math:`x_j` = 1 if row j is chosen, :math:`z_g` = 1 if group g stays uncovered (there is none for groups that
    must be covered), :math:`w_g` what it weighs, :math:`N(g)` the rows that cover it, :math:`s` the slack and
    :math:`p` the most rows, if asked for.

    Parameters
    ----------
    core : Core
        The programme's numbers.
    most : int, optional
        The most rows.
    """
    free = np.flatnonzero(~core.must)
    heaviest = max(float(core.weight[free].max(initial=0.0)), 1.0)
    spared = csr_array((np.ones(len(free)), (free, np.arange(len(free)))), shape=(core.groups, len(free)))
    rows = [[csr_array(core.matrix.T), spared]]
    low, high = [np.ones(core.groups)], [np.full(core.groups, np.inf)]
    if len(free):
        rows.append([csr_array((1, core.rows)), csr_array(core.weight[free][None, :] / heaviest)])
        low.append(np.array([-np.inf]))
        high.append(np.array([core.slack / heaviest]))
    if most is not None:
        rows.append([csr_array(np.ones((1, core.rows))), csr_array((1, len(free)))])
        low.append(np.array([-np.inf]))
        high.append(np.array([float(most)]))
    columns = core.rows + len(free)
    return Milp(
        cost=np.concatenate([core.cost, np.zeros(len(free))]),
        matrix=csr_array(block_array(rows, format="csr")),
        row_low=np.concatenate(low),
        row_high=np.concatenate(high),
        lower=np.zeros(columns),
        upper=np.ones(columns),
        integer=np.arange(columns) < core.rows,
    )


def solved(core: Core, chosen: Ints, effort: Effort, most: int | None = None) -> tuple[Ints, Run]:
    """Return the best choice that HiGHS finds, and its run.

    HiGHS keeps to rows within a tolerance: a choice that leaves too much uncovered is forbidden, with all its parts,
    and the programme solved again.

    Parameters
    ----------
    core : Core
        The programme.
    chosen : ndarray of int
        A feasible choice, which is returned if nothing better is found.
    effort : Effort
        When to stop.
    most : int, optional
        The most rows; ``chosen`` keeps to it.
    """
    programme = programme_of(core, most)
    gap = 1.0 - LITTLE if core.whole else 0.0
    while True:
        run = minimise(programme, effort, start=_point(core, chosen), abs_gap=gap)
        found = chosen if run.values is None else np.flatnonzero(run.values[: core.rows] > _HALF)
        if core.uncovered(found) <= core.slack:
            better = float(core.cost[found].sum()) < float(core.cost[chosen].sum())
            return (found if better else chosen), run
        if run.stopped_by != "proved":
            return chosen, run
        outside = np.ones(programme.matrix.shape[1])
        outside[core.rows :], outside[found] = 0.0, 0.0
        programme = replace(
            programme,
            matrix=csr_array(block_array([[programme.matrix], [csr_array(outside[None, :])]], format="csr")),
            row_low=np.append(programme.row_low, 1.0),
            row_high=np.append(programme.row_high, np.inf),
        )


def _point(core: Core, chosen: Ints) -> Floats:
    """Return the values of all columns for a choice."""
    opened = np.zeros(core.rows)
    opened[chosen] = 1.0
    return np.concatenate([opened, (~core.covered(chosen))[~core.must].astype(np.float64)])
