"""A better plan to begin the second stage with, from the smaller programme of the first."""

from dataclasses import replace
from typing import Final

from siting.locate.highs import minimise
from siting.locate.problem import Effort
from siting.locate.programme.rows import Block
from siting.locate.programme.served import Measured, better, measured
from siting.locate.programme.sheet import Sheet

# Where the smaller programme is good enough: its aim is not the same.
_GAP: Final = 1e-3
_NODES: Final = 50


def guided(sheet: Sheet, plan: Measured | None, held: tuple[Block, ...], effort: Effort) -> Measured | None:
    """Return the better of a plan and of what the smaller programme's guide finds.

    Parameters
    ----------
    sheet : Sheet
        The programme; without a smaller one that has a guide the plan stays.
    plan : Measured or None
        The best plan of the first stage.
    held : tuple of Block
        Rows of the smaller programme to which every plan keeps that is as good in the first stage.
    effort : Effort
        When to stop; besides, nodes are limited.

    Returns
    -------
    Measured or None
        None only if there was no plan.

    Raises
    ------
    KeyboardInterrupt
        It was interrupted.
    """
    coarse = sheet.coarse
    if plan is None or coarse is None or coarse.guide is None:
        return plan
    start = measured(coarse, plan.chosen)
    if start is None:
        return plan
    programme = coarse.programme(coarse.guide, (coarse.aims[0].locked(start.objectives[0]), *held))
    nodes = _NODES if effort.max_nodes is None else min(_NODES, effort.max_nodes)
    run = minimise(programme, replace(effort, report=None, rel_gap=_GAP, max_nodes=nodes), start=start.values)
    if run.stopped_by == "interrupt":
        raise KeyboardInterrupt
    return plan if run.values is None else better(sheet, plan, measured(sheet, coarse.chosen(run.values)))
