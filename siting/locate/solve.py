"""One door to all models: plain problems go to the kernels that were written for them, others to the program."""

from siting.locate.covering import maximal_covering, set_covering
from siting.locate.covering.p_center import p_center
from siting.locate.median import p_median
from siting.locate.milp import solve_milp
from siting.locate.problem import Effort, MaximalCovering, Model, PCenter, PMedian, Problem, SetCovering, Solution


def solve(problem: Problem, model: Model, effort: Effort) -> Solution:
    """Choose rows by a model, and prove how good the choice is.

    Parameters
    ----------
    problem : Problem
        Who walks how long to which row, how many they are, and what a choice must keep to. Among choices that are
        equally good rows that stand first are preferred.
    model : Model
        What is asked: :class:`~siting.locate.problem.MaximalCovering`, :class:`~siting.locate.problem.SetCovering`,
        :class:`~siting.locate.problem.PMedian`, :class:`~siting.locate.problem.PCenter` or
        :class:`~siting.locate.problem.FairCovering`.
    effort : Effort
        When to stop without a proof, and whom to report to.

    Returns
    -------
    Solution
        ``status`` is ``"optimal"`` only where that is proved; ``"infeasible"`` where no choice keeps to the rules.

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
    if not problem.is_plain:
        return solve_milp(problem, model, effort)
    match model:
        case MaximalCovering():
            return maximal_covering(problem, effort)
        case SetCovering(unit_share=None):
            return set_covering(problem, model, effort)
        case PMedian():
            return p_median(problem, model, effort)
        case PCenter():
            return p_center(problem, model, effort)
        case _:
            return solve_milp(problem, model, effort)
