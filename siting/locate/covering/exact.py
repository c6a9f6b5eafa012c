"""The covering models as mixed-integer programs, for what reduction, search and bounds leave open."""

from dataclasses import replace

import numpy as np
from scipy.sparse import block_array, csr_array, eye_array, hstack, vstack

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import CoveringInstance
from siting.locate.covering.reduction import ReducedCovering
from siting.locate.highs import Milp, Run, minimise
from siting.locate.milp.constraints import money_unit
from siting.locate.problem import Effort
from siting.locate.tolerances import INTEGER_TOLERANCE, ROW_TOLERANCE, SUM_TOLERANCE

# Openings are whole except for rounding errors.
_HALF = 0.5


def mclp_milp(core: ReducedCovering, scale: float = 1.0, budget: float = np.inf) -> Milp:
    """Return maximal covering (Church & ReVelle 1974) of a core: sites first, then groups.

    Minimise ``− Σ_g w_g y_g`` (times a scale) subject to ``y_g − Σ_{r covers g} x_r ≤ 0`` for each group g,
    ``Σ_r x_r ≤ p``, or ``Σ_r c_r x_r ≤ B`` with a budget, ``x_r ∈ {0, 1}`` and ``0 ≤ y_g ≤ 1``.
    """
    cover, sites, groups = core.cover, len(core.sites), len(core.cover.weight)
    by_group = csr_array((np.full(len(cover.site), -1.0), cover.site, cover.group_start), shape=(groups, sites))
    counts, most = np.ones(sites), float(core.stations)
    if np.isfinite(budget) and np.any(cover.cost > 0):
        unit = money_unit(cover.cost)
        # Whole costs stay whole; the side for others lets no choice within the budget be lost.
        whole = bool(np.all(cover.cost == np.rint(cover.cost)))
        counts, most = cover.cost / unit, budget / unit
        most = np.floor(most + SUM_TOLERANCE * abs(most)) if whole else most + ROW_TOLERANCE * float(counts.max())
    number = csr_array(np.concatenate([counts, np.zeros(groups)])[None, :])
    return Milp(
        cost=np.concatenate([np.zeros(sites), -cover.weight * scale]),
        matrix=csr_array(vstack([hstack([by_group, eye_array(groups)]), number], format="csr")),
        row_low=np.full(groups + 1, -np.inf),
        row_high=np.append(np.zeros(groups), most),
        lower=np.zeros(sites + groups),
        upper=np.ones(sites + groups),
        integer=np.arange(sites + groups) < sites,
    )


def lscp_milp(instance: CoveringInstance, most: int | None = None) -> Milp:
    r"""Return set covering as a mixed-integer program; a part may stay uncovered.

    .. math::

        \min \sum_j c_j x_j \quad \text{subject to} \quad
        \sum_{j \in N(g)} x_j + z_g \ge 1 \;\forall g, \quad \sum_g w_g z_g \le s, \quad \sum_j x_j \le p, \quad
        x_j \in \{0, 1\}, \; 0 \le z_g \le 1

    with :math:`x_j` = 1 if site j is chosen, :math:`z_g` = 1 if group g stays uncovered (there is none for groups that
    must be covered), :math:`w_g` what it weighs, :math:`N(g)` the sites that cover it, :math:`s` the slack and
    :math:`p` the most sites, if asked for.

    Parameters
    ----------
    instance : CoveringInstance
        The instance.
    most : int, optional
        The largest number of sites.
    """
    cover, free = instance.cover, np.flatnonzero(~instance.must)
    heaviest = max(float(cover.weight[free].max(initial=0.0)), 1.0)
    spared = csr_array((np.ones(len(free)), (free, np.arange(len(free)))), shape=(instance.groups, len(free)))
    blocks = [[csr_array(cover.matrix.T), spared]]
    low, high = [np.ones(instance.groups)], [np.full(instance.groups, np.inf)]
    if len(free):
        blocks.append([csr_array((1, instance.sites)), csr_array(cover.weight[free][None, :] / heaviest)])
        low.append(np.array([-np.inf]))
        high.append(np.array([instance.slack / heaviest]))
    if most is not None:
        blocks.append([csr_array(np.ones((1, instance.sites))), csr_array((1, len(free)))])
        low.append(np.array([-np.inf]))
        high.append(np.array([float(most)]))
    columns = instance.sites + len(free)
    return Milp(
        cost=np.concatenate([cover.cost, np.zeros(len(free))]),
        matrix=csr_array(block_array(blocks, format="csr")),
        row_low=np.concatenate(low),
        row_high=np.concatenate(high),
        lower=np.zeros(columns),
        upper=np.ones(columns),
        integer=np.arange(columns) < instance.sites,
    )


def solve_instance(
    instance: CoveringInstance, chosen: Ints, effort: Effort, most: int | None = None
) -> tuple[Ints, Run]:
    """Return the best choice that HiGHS finds, and its run.

    HiGHS satisfies constraints within a tolerance only. A choice that leaves too much uncovered is excluded, with all
    its subsets, and the program is solved again.

    Parameters
    ----------
    instance : CoveringInstance
        The instance.
    chosen : ndarray of int
        A feasible choice, which is returned if nothing better is found.
    effort : Effort
        When to stop.
    most : int, optional
        The largest number of sites; ``chosen`` satisfies it.
    """
    milp = lscp_milp(instance, most)
    gap = 1.0 - INTEGER_TOLERANCE if instance.whole else 0.0
    while True:
        run = minimise(milp, effort, start=_point(instance, chosen), abs_gap=gap)
        found = chosen if run.values is None else np.flatnonzero(run.values[: instance.sites] > _HALF)
        if instance.uncovered(found) <= instance.slack:
            better = instance.cost_of(found) < instance.cost_of(chosen)
            return (found if better else chosen), run
        if run.stopped_by != "proved":
            return chosen, run
        outside = np.ones(milp.matrix.shape[1])
        outside[instance.sites :], outside[found] = 0.0, 0.0
        milp = replace(
            milp,
            matrix=csr_array(block_array([[milp.matrix], [csr_array(outside[None, :])]], format="csr")),
            row_low=np.append(milp.row_low, 1.0),
            row_high=np.append(milp.row_high, np.inf),
        )


def _point(instance: CoveringInstance, chosen: Ints) -> Floats:
    """Return the values of all columns for a choice."""
    opened = np.zeros(instance.sites)
    opened[chosen] = 1.0
    return np.concatenate([opened, (~instance.cover.covered(chosen))[~instance.must].astype(np.float64)])
