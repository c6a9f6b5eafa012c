"""The covering models as mixed-integer programs, for what reduction, search and bounds leave open."""

import math
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.sparse import block_array, csr_array, eye_array, hstack, vstack

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.instance import CoveringInstance
from siting.locate.covering.mclp_search import CoverSearch
from siting.locate.covering.reduction import ReducedCovering
from siting.locate.covering.state import covered_by
from siting.locate.highs import Milp, Run, minimise
from siting.locate.problem import Effort
from siting.locate.tolerances import INTEGER_TOLERANCE

# The size of the largest weight in the solver, if weights are not whole numbers.
_LARGEST: Final = 1000.0
_HALF = 0.5


def solve_exactly(search: CoverSearch) -> int:
    """Solve the reduced problem with HiGHS; return the number of nodes.

    Parameters
    ----------
    search : CoverSearch
        Incumbent and bound, which it improves; it has at least one site and one station left. It accepts choices that
        cover as much as the incumbent.
    """
    core, begin = search.core, search.base + search.core.base
    chosen = np.searchsorted(core.sites, search.chosen[np.isin(search.chosen, core.sites)]).astype(np.int32)
    start = None
    if np.isin(core.opened, search.chosen).all() and len(chosen) + len(core.opened) == len(search.chosen):
        start = np.zeros(len(core.sites) + len(core.cover.weight))
        start[chosen] = 1.0
        start[len(core.sites) :] = covered_by(core.cover, chosen)
    total, scale = search.base + search.value, _scale(search)

    def report(objective: float, bound: float) -> None:
        if search.report is not None:
            covered, most = begin - objective / scale, min(begin - bound / scale, search.base + search.bound)
            search.report(max(covered, search.base + search.value), max(most, search.base + search.value))

    effort = replace(search.deadline.left(report=report), rel_gap=0.0)
    gap = max(search.deadline.effort.rel_gap * total, 1.0 - 1e-6 if search.whole else 0.0)
    run = minimise(mclp_milp(core, scale), effort, start=start, abs_gap=gap * scale, prepared=search.few)
    _take(search, run, scale)
    return run.nodes


def _scale(search: CoverSearch) -> float:
    """Return a power of two that makes weights large relative to HiGHS's absolute tolerances."""
    heaviest = float(search.core.cover.weight.max(initial=0.0))
    return 1.0 if search.whole or heaviest <= 0.0 else 2.0 ** math.floor(math.log2(_LARGEST / heaviest))


def mclp_milp(core: ReducedCovering, scale: float = 1.0) -> Milp:
    """Return maximal covering (Church & ReVelle 1974) of a core: sites first, then groups.

    Minimise ``− Σ_g w_g y_g`` (times a scale) subject to ``y_g − Σ_{r covers g} x_r ≤ 0`` for each group g,
    ``Σ_r x_r ≤ p``, ``x_r ∈ {0, 1}`` and ``0 ≤ y_g ≤ 1``.
    """
    cover, sites, groups = core.cover, len(core.sites), len(core.cover.weight)
    by_group = csr_array((np.full(len(cover.site), -1.0), cover.site, cover.group_start), shape=(groups, sites))
    number = csr_array(np.concatenate([np.ones(sites), np.zeros(groups)])[None, :])
    return Milp(
        cost=np.concatenate([np.zeros(sites), -cover.weight * scale]),
        matrix=csr_array(vstack([hstack([by_group, eye_array(groups)]), number], format="csr")),
        row_low=np.full(groups + 1, -np.inf),
        row_high=np.append(np.zeros(groups), float(core.stations)),
        lower=np.zeros(sites + groups),
        upper=np.ones(sites + groups),
        integer=np.arange(sites + groups) < sites,
    )


def _take(search: CoverSearch, run: Run, scale: float) -> None:
    core = search.core
    if run.values is not None:
        opened = np.flatnonzero(run.values[: len(core.sites)] > 0.5)  # noqa: PLR2004 - whole except for rounding errors
        search.update_incumbent(core.whole(opened.astype(np.int32)))
    if run.stopped_by == "infeasible":
        search.ended = "solver"
        return
    search.update_bound(-run.bound / scale)
    search.ended = "proved" if search.proved or run.stopped_by == "proved" else run.stopped_by


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
    free = np.flatnonzero(~instance.must)
    heaviest = max(float(instance.weight[free].max(initial=0.0)), 1.0)
    spared = csr_array((np.ones(len(free)), (free, np.arange(len(free)))), shape=(instance.groups, len(free)))
    blocks = [[csr_array(instance.matrix.T), spared]]
    low, high = [np.ones(instance.groups)], [np.full(instance.groups, np.inf)]
    if len(free):
        blocks.append([csr_array((1, instance.sites)), csr_array(instance.weight[free][None, :] / heaviest)])
        low.append(np.array([-np.inf]))
        high.append(np.array([instance.slack / heaviest]))
    if most is not None:
        blocks.append([csr_array(np.ones((1, instance.sites))), csr_array((1, len(free)))])
        low.append(np.array([-np.inf]))
        high.append(np.array([float(most)]))
    columns = instance.sites + len(free)
    return Milp(
        cost=np.concatenate([instance.cost, np.zeros(len(free))]),
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
            better = float(instance.cost[found].sum()) < float(instance.cost[chosen].sum())
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
    return np.concatenate([opened, (~instance.covered(chosen))[~instance.must].astype(np.float64)])
