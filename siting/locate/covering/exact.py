"""What is left of a problem as a programme with whole numbers, for the solver."""

import math
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.sparse import block_array, csr_array, eye_array, hstack, vstack

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.fixing import ReducedCovering
from siting.locate.covering.instance import LITTLE, CoveringInstance
from siting.locate.covering.mclp_search import Race
from siting.locate.covering.state import covered_by
from siting.locate.highs import Milp, Run, minimise
from siting.locate.problem import Effort

# The size of the largest weight that is no whole number, as the solver sees it.
_LARGEST: Final = 1000.0
_HALF = 0.5


def finish(race: Race) -> int:
    """Let the solver settle the core; return how many nodes it searched.

    Parameters
    ----------
    race : Race
        Incumbent and bound, which it betters; it has at least one row and one station left. Of choices that cover as
        much as the incumbent it is content with that.
    """
    core, begin = race.core, race.base + race.core.base
    chosen = np.searchsorted(core.rows, race.chosen[np.isin(race.chosen, core.rows)]).astype(np.int32)
    start = None
    if np.isin(core.opened, race.chosen).all() and len(chosen) + len(core.opened) == len(race.chosen):
        start = np.zeros(len(core.rows) + len(core.cover.weight))
        start[chosen] = 1.0
        start[len(core.rows) :] = covered_by(core.cover, chosen)
    total, scale = race.base + race.value, _scale(race)

    def report(objective: float, bound: float) -> None:
        if race.effort.report is not None:
            covered, most = begin - objective / scale, min(begin - bound / scale, race.base + race.bound)
            race.effort.report(max(covered, race.base + race.value), max(most, race.base + race.value))

    effort = replace(race.effort, rel_gap=0.0, time_limit_s=race.left_s, report=report)
    gap = max(race.effort.rel_gap * total, 1.0 - 1e-6 if race.whole else 0.0)
    run = minimise(programme(core, scale), effort, start=start, abs_gap=gap * scale, prepared=race.few)
    _take(race, run, scale)
    return run.nodes


def _scale(race: Race) -> float:
    """Return a power of two that makes weights large beside HiGHS' tolerances, which are absolute."""
    heaviest = float(race.core.cover.weight.max(initial=0.0))
    return 1.0 if race.whole or heaviest <= 0.0 else 2.0 ** math.floor(math.log2(_LARGEST / heaviest))


def programme(core: ReducedCovering, scale: float = 1.0) -> Milp:
    """Return maximal covering (Church & ReVelle 1974) of a core: rows first, then groups.

    Minimise ``− Σ_g w_g y_g`` (times a scale) subject to ``y_g − Σ_{r covers g} x_r ≤ 0`` for each group g,
    ``Σ_r x_r ≤ p``, ``x_r ∈ {0, 1}`` and ``0 ≤ y_g ≤ 1``.
    """
    cover, rows, groups = core.cover, len(core.rows), len(core.cover.weight)
    by_group = csr_array((np.full(len(cover.row), -1.0), cover.row, cover.row_start), shape=(groups, rows))
    number = csr_array(np.concatenate([np.ones(rows), np.zeros(groups)])[None, :])
    return Milp(
        cost=np.concatenate([np.zeros(rows), -cover.weight * scale]),
        matrix=csr_array(vstack([hstack([by_group, eye_array(groups)]), number], format="csr")),
        row_low=np.full(groups + 1, -np.inf),
        row_high=np.append(np.zeros(groups), float(core.stations)),
        lower=np.zeros(rows + groups),
        upper=np.ones(rows + groups),
        integer=np.arange(rows + groups) < rows,
    )


def _take(race: Race, run: Run, scale: float) -> None:
    core = race.core
    if run.values is not None:
        opened = np.flatnonzero(run.values[: len(core.rows)] > 0.5)  # noqa: PLR2004 - whole but for noise
        race.offer(core.whole(opened.astype(np.int32)))
    if run.stopped_by == "infeasible":
        race.ended = "solver"
        return
    race.limit(-run.bound / scale)
    race.ended = "proved" if race.proved or run.stopped_by == "proved" else run.stopped_by


def programme_of(core: CoveringInstance, most: int | None = None) -> Milp:
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
    core : CoveringInstance
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


def solved(core: CoveringInstance, chosen: Ints, effort: Effort, most: int | None = None) -> tuple[Ints, Run]:
    """Return the best choice that HiGHS finds, and its run.

    HiGHS keeps to rows within a tolerance: a choice that leaves too much uncovered is forbidden, with all its parts,
    and the programme solved again.

    Parameters
    ----------
    core : CoveringInstance
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


def _point(core: CoveringInstance, chosen: Ints) -> Floats:
    """Return the values of all columns for a choice."""
    opened = np.zeros(core.rows)
    opened[chosen] = 1.0
    return np.concatenate([opened, (~core.covered(chosen))[~core.must].astype(np.float64)])
