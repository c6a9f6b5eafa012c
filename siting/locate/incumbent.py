"""An incumbent that is given from outside: a search that starts from it never ends behind it."""

from dataclasses import replace

from siting.domain.nouns import Ints
from siting.locate.milp.evaluate import better_of, evaluate
from siting.locate.milp.models import milp_of
from siting.locate.problem import Effort, FairCovering, MaximalCovering, Model, PMedian, Problem, SetCovering, Solution

# The models whose searches may start from a choice.
STARTED = (MaximalCovering, SetCovering, PMedian, FairCovering)


def feasible(problem: Problem, model: Model, start: Ints) -> bool:
    """Tell whether a choice of sites satisfies the rules of a problem, and the shares that its model requires.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import MaximalCovering, Problem, Rules
    >>> from siting.locate.incumbent import feasible
    >>> problem = Problem(csr_array(np.array([[60.0, 0.0], [0.0, 60.0]])), np.array([4.0, 3.0]), Rules(stations=1))
    >>> [feasible(problem, MaximalCovering(), np.array(sites)) for sites in ([1], [0, 1])]
    [True, False]
    """
    return isinstance(model, STARTED) and evaluate(milp_of(problem, model), start) is not None


def not_behind(problem: Problem, model: Model, effort: Effort, found: Solution) -> Solution:
    """Return a solution, or the choice from which its search started if that is better; the bounds stay.

    Parameters
    ----------
    problem, model, effort
        As for :func:`siting.locate.solve.solve`.
    found : Solution
        What a search found that knows nothing of ``effort.start``.
    """
    if effort.start is None or found.status in ("optimal", "infeasible") or not isinstance(model, STARTED):
        return found
    milp = milp_of(problem, model)
    start = evaluate(milp, effort.start)
    if start is None or not found.stages:
        return found
    own = evaluate(milp, found.chosen)
    if better_of(milp, own, start) is not start:
        return found
    told = zip(found.stages, start.objective_values, strict=True)
    return replace(found, chosen=start.chosen, stages=tuple(replace(stage, objective=value) for stage, value in told))
