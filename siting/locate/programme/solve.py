"""The door: every model with every rule."""

from siting.locate.problem import Effort, Model, PCenter, Problem, Solution
from siting.locate.programme.center import p_center
from siting.locate.programme.models import sheet_of
from siting.locate.programme.stages import solve_sheet


def by_programme(problem: Problem, model: Model, effort: Effort) -> Solution:
    """Solve any model with any rules as mixed-integer programmes.

    The programmes stand at :func:`~siting.locate.programme.models.maximal_covering`,
    :func:`~siting.locate.programme.models.set_covering`, :func:`~siting.locate.programme.models.p_median`,
    :func:`~siting.locate.programme.center.p_center` and :func:`~siting.locate.programme.fair.fair`, the rules at
    :func:`~siting.locate.programme.rows.rule_blocks`, capacity at
    :func:`~siting.locate.programme.assignment.flow_part`.

    Parameters
    ----------
    problem : Problem
        The people and the rules.
    model : Model
        What is asked.
    effort : Effort
        When to stop, whom to tell, and whom to ask.

    Returns
    -------
    Solution
        See :func:`~siting.locate.programme.stages.solve_sheet`. ``blocked_by`` is left empty; that is for
        :func:`~siting.locate.blocking.explain_infeasible`.

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
    >>> from siting.locate.programme import by_programme
    >>> reach = csr_array(np.array([[60.0, 60.0, 0.0], [0.0, 60.0, 60.0]]))
    >>> rules = Rules(stations=2, capacity=np.array([50.0, np.inf]))
    >>> found = by_programme(Problem(reach, np.array([40.0, 30.0, 20.0]), rules), MaximalCovering(), Effort())
    >>> found.objective, found.status, found.served.toarray().tolist()
    (90.0, 'optimal', [[40.0, 0.0, 0.0], [0.0, 30.0, 20.0]])
    """
    if isinstance(model, PCenter):
        return p_center(problem, model, effort)
    return solve_sheet(sheet_of(problem, model), effort)
