"""A better incumbent for the second stage, from the aggregated program with a surrogate objective."""

from dataclasses import replace
from typing import Final

from siting.locate.highs import minimise
from siting.locate.milp.constraints import ConstraintBlock
from siting.locate.milp.evaluate import Evaluation, better_of, evaluate
from siting.locate.milp.formulation import LexicographicMilp
from siting.locate.problem import Effort

# The surrogate is only an approximation, so it is not solved to optimality.
_GAP: Final = 1e-3
_NODES: Final = 50


def improve_by_surrogate(
    milp: LexicographicMilp, plan: Evaluation | None, fixed: tuple[ConstraintBlock, ...], effort: Effort
) -> Evaluation | None:
    """Return the better of a plan and of the choice that the surrogate objective finds.

    Parameters
    ----------
    milp : LexicographicMilp
        The program; without an aggregated one that has a surrogate the plan is returned.
    plan : Evaluation or None
        The best plan of the first stage.
    fixed : tuple of ConstraintBlock
        Constraints of the aggregated program that every plan satisfies that is as good in the first stage.
    effort : Effort
        When to stop; besides, nodes are limited.

    Returns
    -------
    Evaluation or None
        None only if there was no plan.

    Raises
    ------
    KeyboardInterrupt
        It was interrupted.
    """
    aggregated = milp.aggregated
    if plan is None or aggregated is None or aggregated.surrogate is None:
        return plan
    start = evaluate(aggregated, plan.chosen)
    if start is None:
        return plan
    single = aggregated.single(
        aggregated.surrogate, (aggregated.objectives[0].fixed_at(start.objective_values[0]), *fixed)
    )
    nodes = _NODES if effort.max_nodes is None else min(_NODES, effort.max_nodes)
    run = minimise(single, replace(effort, report=None, rel_gap=_GAP, max_nodes=nodes), start=start.values)
    if run.stopped_by == "interrupt":
        raise KeyboardInterrupt
    return plan if run.values is None else better_of(milp, plan, evaluate(milp, aggregated.chosen(run.values)))
