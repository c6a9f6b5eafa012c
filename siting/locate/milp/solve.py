"""Any model with any rules as a mixed-integer program."""

from siting.locate.milp.lexicographic import solve_lexicographic
from siting.locate.milp.models import milp_of
from siting.locate.milp.p_center import p_center
from siting.locate.problem import Effort, Model, PCenter, Problem, Solution


def solve_milp(problem: Problem, model: Model, effort: Effort) -> Solution:
    """Solve any model with any rules as mixed-integer programs.

    The programs are :func:`~siting.locate.milp.models.maximal_covering`,
    :func:`~siting.locate.milp.models.set_covering`, :func:`~siting.locate.milp.models.p_median`,
    :func:`~siting.locate.milp.p_center.p_center` and :func:`~siting.locate.milp.models.fair_covering`, the rules at
    :func:`~siting.locate.milp.constraints.site_constraints`, capacity at
    :func:`~siting.locate.milp.assignment.assignment_variables`.

    Parameters
    ----------
    problem : Problem
        The people and the rules.
    model : Model
        The model.
    effort : Effort
        When to stop, and the callable that receives reports.

    Returns
    -------
    Solution
        See :func:`~siting.locate.milp.lexicographic.solve_lexicographic`. ``blocked_by`` is left empty; that is for
        :func:`~siting.locate.infeasibility.explain.explain_infeasible`.

    Raises
    ------
    ValueError
        The model asks for units or costs that the problem does not have.

    Examples
    --------
    Two stations, one of which may serve 50 persons only.

    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Effort, MaximalCovering, Problem, Rules
    >>> from siting.locate.milp import solve_milp
    >>> reach = csr_array(np.array([[60.0, 60.0, 0.0], [0.0, 60.0, 60.0]]))
    >>> rules = Rules(stations=2, capacity=np.array([50.0, np.inf]))
    >>> found = solve_milp(Problem(reach, np.array([40.0, 30.0, 20.0]), rules), MaximalCovering(), Effort())
    >>> found.objective, found.status, found.served.toarray().tolist()
    (90.0, 'optimal', [[40.0, 0.0, 0.0], [0.0, 30.0, 20.0]])
    """
    if isinstance(model, PCenter):
        return p_center(problem, model, effort)
    return solve_lexicographic(milp_of(problem, model), effort)
