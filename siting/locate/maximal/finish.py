"""What is left of a problem as a programme with whole numbers, for the solver."""

import math
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from siting.locate.highs import Milp, Run, minimise
from siting.locate.maximal.core import Core
from siting.locate.maximal.race import Race
from siting.locate.maximal.state import covered_by

# The size of the largest weight that is no whole number, as the solver sees it.
_LARGEST: Final = 1000.0


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


def programme(core: Core, scale: float = 1.0) -> Milp:
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
