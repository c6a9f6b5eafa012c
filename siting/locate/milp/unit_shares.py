"""Fair shares of the units."""

import numpy as np
from scipy.sparse import csr_array, hstack

from siting.domain.nouns import Floats, Ints
from siting.locate.milp.constraints import ROW_TOLERANCE, ConstraintBlock, site_constraints
from siting.locate.milp.coverage import ServiceVariables, is_whole
from siting.locate.milp.formulation import SHARE, LexicographicMilp, Objective, over_service, share_rows
from siting.locate.problem import FairCovering, Problem


def fair(problem: Problem, model: FairCovering, service: ServiceVariables) -> LexicographicMilp:
    r"""Greatest least covered share over the units, then most persons; or most persons with a floor for each unit.

    .. math::

        & \max t && \text{subject to} && \textstyle\sum_g u_{kg} y_g \ge t \, U_k \;\forall k: U_k > 0 \\
        & \max \textstyle\sum_g w_g y_g && \text{subject to} && t \ge t^*

    or, with a ``floor`` :math:`\beta`, the second alone with :math:`\sum_g u_{kg} y_g \ge \beta U_k`;
    :math:`u_{kg}` are the persons of unit k in group g, :math:`U_k` all of them, reached or not, :math:`w_g` the value
    of the group; with capacity :math:`\sum_j a_{gj}` stands for :math:`y_g`. Units without people ask nothing; where
    all are, the least share is 1. What kept rows cover counts in the shares, not among the persons.

    Parameters
    ----------
    problem : Problem
        The people, the units and the rules.
    model : FairCovering
        With or without ``floor``.
    service : ServiceVariables
        Who is covered or served, with units.

    Returns
    -------
    LexicographicMilp
        The aims ``"least_share"`` and ``"covered"``, or ``"covered"`` alone.

    References
    ----------
    Rawls' maximin in location: Marsh, M. T. and Schilling, D. A. (1994). Equity measurement in facility location
    analysis: a review and framework. European Journal of Operational Research 74, 1-17.
    """
    totals, wanted = unit_totals(problem)
    whole = service.whole and is_whole(problem.value) and (problem.rules.capacity is None)
    step = 1.0 if whole else 0.0
    if model.floor is not None:
        covered = Objective("covered", "max", over_service(problem.sites, service.value), step=step)
        return LexicographicMilp(
            problem, service, site_constraints(problem), (floors(problem, service, model.floor),), (covered,)
        )
    rows = share_rows(service, problem.sites, totals)[wanted]
    # t never exceeds 1, though sums of shares may by a hair.
    least = csr_array(hstack([rows, csr_array(np.full((len(wanted), 1), -SHARE))], format="csr"))
    low = -SHARE * (service.base_units[wanted] / totals[wanted])
    block = ConstraintBlock("unit_share", least, low, np.full(len(wanted), np.inf))
    share = np.zeros(problem.sites + service.columns + 1)
    share[-1] = 1.0
    objectives = (
        Objective("least_share", "max", share),
        Objective("covered", "max", over_service(problem.sites, service.value, more=1), step=step),
    )
    return LexicographicMilp(problem, service, site_constraints(problem), (block,), objectives, least_share=True)


def floors(problem: Problem, service: ServiceVariables, share: float) -> ConstraintBlock:
    """Return the rows of a share of the persons of every unit."""
    totals, wanted = unit_totals(problem)
    rows = share_rows(service, problem.sites, totals)[wanted]
    low = SHARE * (share - service.base_units[wanted] / totals[wanted])
    return ConstraintBlock("unit_share", csr_array(rows), low, np.full(len(wanted), np.inf), ROW_TOLERANCE * SHARE)


def least_share(milp: LexicographicMilp, shares: Floats) -> float:
    """Return the least covered share over the units, at most 1, for the values of a part's columns."""
    totals, wanted = unit_totals(milp.problem)
    covered = milp.service.base_units + milp.service.units @ shares
    return float(min(1.0, np.min(covered[wanted] / totals[wanted], initial=1.0)))


def unit_totals(problem: Problem) -> tuple[Floats, Ints]:
    """Return the persons of each unit (1 for none), and the units that have any."""
    if problem.units is None:
        message = "shares of units need units"
        raise ValueError(message)
    totals = np.asarray(problem.units.sum(axis=1)).ravel().astype(np.float64)
    return np.where(totals > 0, totals, 1.0), np.flatnonzero(totals > 0).astype(np.int64)
