"""The entry point for all models: plain problems go to specialised solvers, all others to the mixed-integer program."""

from siting.locate.covering import maximal_covering, set_covering
from siting.locate.covering.budget import budget_covering, is_large_budget
from siting.locate.covering.p_center import p_center
from siting.locate.deadline import keeps_first_plan
from siting.locate.incumbent import not_behind
from siting.locate.median import p_median
from siting.locate.milp import solve_milp
from siting.locate.problem import Effort, MaximalCovering, Model, PCenter, PMedian, Problem, SetCovering, Solution


@keeps_first_plan
def solve(problem: Problem, model: Model, effort: Effort) -> Solution:
    """Choose sites by a model, and prove how good the choice is.

    Parameters
    ----------
    problem : Problem
        The walking time from each site to each point, the people of each point, and the rules of a choice. Among
        equally good choices the one with the earlier sites is preferred.
    model : Model
        The model: :class:`~siting.locate.problem.MaximalCovering`, :class:`~siting.locate.problem.SetCovering`,
        :class:`~siting.locate.problem.PMedian`, :class:`~siting.locate.problem.PCenter` or
        :class:`~siting.locate.problem.FairCovering`.
    effort : Effort
        When to stop without a proof, and the callable that receives reports.

    Returns
    -------
    Solution
        ``status`` is ``"optimal"`` only if that is proved, and ``"infeasible"`` if no choice satisfies the rules. After
        Ctrl-C the best choice so far, or the first that the search finds.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Effort, MaximalCovering, Problem, Rules
    >>> from siting.locate.solve import solve
    >>> reach = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    >>> problem = Problem(csr_array(reach * 60.0), np.array([40.0, 50.0, 60.0, 30.0]), Rules(stations=2))
    >>> found = solve(problem, MaximalCovering(), Effort())
    >>> found.chosen.tolist(), found.objective, found.status
    ([0, 2], 180.0, 'optimal')
    """
    match model:
        case MaximalCovering() if is_large_budget(problem):
            found = budget_covering(problem, effort)
        case _ if not problem.is_plain:
            found = solve_milp(problem, model, effort)
        case MaximalCovering():
            found = maximal_covering(problem, effort)
        case SetCovering(unit_share=None):
            found = set_covering(problem, model, effort)
        case PMedian():
            found = p_median(problem, model, effort)
        case PCenter():
            found = p_center(problem, model, effort)
        case _:
            found = solve_milp(problem, model, effort)
    # Maximal covering starts from the choice itself.
    return found if isinstance(model, MaximalCovering) else not_behind(problem, model, effort, found)
