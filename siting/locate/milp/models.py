"""Each model as a lexicographic mixed-integer program: its formulation and its source."""

import math
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, hstack

from siting.locate.milp.assignment import ServiceVariables, assignment_variables, coverage_variables, is_whole
from siting.locate.milp.constraints import ConstraintBlock, money_unit
from siting.locate.milp.formulation import DependentVariables, LexicographicMilp, over_all
from siting.locate.milp.objectives import Objective, power_of_two_scale
from siting.locate.milp.unit_shares import SHARE, least_share, unit_floors, unit_share_rows, unit_totals
from siting.locate.problem import FairCovering, MaximalCovering, Model, PMedian, Problem, SetCovering
from siting.locate.tolerances import NEAR_ZERO, ROW_TOLERANCE


def milp_of(problem: Problem, model: Model) -> LexicographicMilp:
    """Return the program of a model; p-center has none, it is a search over set coverings."""
    match model:
        case MaximalCovering():
            return maximal_covering(problem)
        case SetCovering():
            return set_covering(problem, model)
        case PMedian():
            return p_median(problem, model)
        case FairCovering():
            return fair_covering(problem, model)
        case _:
            message = f"no mixed-integer program for {type(model).__name__}"
            raise TypeError(message)


def service_variables(problem: Problem, *, by_unit: bool) -> ServiceVariables:
    """Return who is covered or, with capacity, who is served."""
    if problem.rules.capacity is None:
        return coverage_variables(problem, by_unit=by_unit)
    return assignment_variables(problem, by_unit=by_unit, timed=False)


def maximal_covering(problem: Problem) -> LexicographicMilp:
    r"""Most persons within the cut-off.

    .. math:: \max \sum_g w_g y_g \quad \text{or, with capacity,} \quad \max \sum_{g, j} w_g a_{gj}

    with :math:`w_g` the value of demand group g, :math:`y_g` whether it is covered
    (:func:`~siting.locate.milp.assignment.coverage_variables`), :math:`a_{gj}` the share of it that site j serves
    (:func:`~siting.locate.milp.assignment.assignment_variables`), and the site constraints of
    :func:`~siting.locate.milp.constraints.site_constraints`. The objective counts those newly covered: with capacity
    all that are served less the most that kept sites alone could serve. Points without persons count nothing, whatever
    their value.

    Parameters
    ----------
    problem : Problem
        The people and the rules.

    Returns
    -------
    LexicographicMilp
        One objective, ``"covered"``. What kept sites with limited capacity serve alone is still to be subtracted
        (:func:`~siting.locate.milp.evaluate.served_by_kept`).

    References
    ----------
    Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science
    Association 32, 101-118. With capacity: Current and Storbeck (1988), Pirkul and Schilling (1991).
    """
    service = service_variables(problem, by_unit=False)
    objective = covered_objective(problem, service)
    return LexicographicMilp(problem, service, (), (objective,))


def covered_objective(problem: Problem, service: ServiceVariables, *, more: int = 0) -> Objective:
    """Return the objective of most persons, over the sites, the service variables and ``more`` after them."""
    # Optimal flows of whole persons under whole capacities are whole, unless persons have different values.
    same_value = problem.rules.capacity is None or problem.weights is None
    step = 1.0 if service.whole and same_value else 0.0
    return Objective("covered", "max", over_all(problem.sites, service.value, more=more), step=step)


def set_covering(problem: Problem, model: SetCovering) -> LexicographicMilp:
    r"""Fewest stations or least cost for a share of all persons, in total and in every unit.

    .. math::

        \min \sum_{j \in C} x_j \;\text{or}\; \min \sum_j c_j x_j \quad \text{subject to} \quad
        \sum_g n_g y_g \ge \alpha N, \quad \sum_g u_{kg} y_g \ge \beta U_k \;\forall k: U_k > 0

    with :math:`n_g` the persons of demand group g and :math:`N` those of all points, reached or not, :math:`\alpha` the
    ``share``, :math:`u_{kg}` the persons of unit k in group g, :math:`U_k` all of them, :math:`\beta` the
    ``unit_share``, :math:`C` the counted sites and :math:`c_j` the costs. With capacity :math:`\sum_j a_{gj}` replaces
    :math:`y_g`. What kept sites cover counts in the shares. A share of whole persons is rounded up to a whole number.

    Parameters
    ----------
    problem : Problem
        The people and the rules.
    model : SetCovering
        The shares, and whether cost is minimised.

    Returns
    -------
    LexicographicMilp
        One objective, ``"stations"`` or ``"cost"``.

    Raises
    ------
    ValueError
        Cost is minimised without costs, or shares of units are asked for without units.

    References
    ----------
    Toregas, C., Swain, R., ReVelle, C. and Bergman, L. (1971). The location of emergency service facilities. Operations
    Research 19, 1363-1373. In part: Daskin, M. S. and Owen, S. H. (1999). Two new location covering problems: the
    partial p-center problem and the partial set covering problem. Geographical Analysis 31, 217-235.
    """
    service = service_variables(problem, by_unit=model.unit_share is not None)
    need = persons_needed(problem, model.share * math.fsum(problem.people)) - service.base_persons
    shares = [share_constraint(problem, service, need)]
    if model.unit_share is not None:
        shares.append(unit_floors(problem, service, model.unit_share))
    variables = problem.sites + service.variables
    objective = cost_objective(problem, variables) if model.by_cost else stations_objective(problem, variables)
    return LexicographicMilp(problem, service, tuple(shares), (objective,), need=need)


def stations_objective(problem: Problem, variables: int) -> Objective:
    """Return the objective of fewest stations, over so many variables."""
    counted = np.zeros(variables)
    counted[: problem.sites] = problem.counted & problem.open_to_choice
    return Objective("stations", "min", counted, step=1.0)


def cost_objective(problem: Problem, variables: int) -> Objective:
    """Return the objective of least cost, over so many variables; its step is 0 if costs are not whole."""
    if problem.rules.costs is None:
        message = "the least cost needs costs"
        raise ValueError(message)
    costs = np.zeros(variables)
    costs[: problem.sites] = np.where(problem.open_to_choice, problem.rules.costs, 0.0)
    step = money_unit(costs) if is_whole(costs) and bool(costs.any()) else 0.0
    return Objective("cost", "min", costs, step=step)


def persons_needed(problem: Problem, need: float) -> float:
    """Return how many persons must be served, rounded up where only whole persons can be."""
    if is_whole(problem.people) and problem.rules.capacity is None:
        return float(math.ceil(need - NEAR_ZERO * max(need, 1.0)))
    return need


def share_constraint(problem: Problem, service: ServiceVariables, need: float) -> ConstraintBlock:
    """Return the constraint that asks for so many persons beside those served by every choice of sites."""
    scale = power_of_two_scale(float(service.persons.max(initial=0.0)))
    weights = over_all(problem.sites, service.persons * scale)
    # Whole persons differ by one, so half a person is a safe relaxation; otherwise it must be as small as possible.
    whole = problem.rules.capacity is None and is_whole(problem.people)
    relaxed_by = scale / 2 if whole else ROW_TOLERANCE * float(weights.max(initial=0.0))
    low = np.array([need * scale])
    return ConstraintBlock("share", csr_array(weights[None, :]), low, np.array([np.inf]), relaxed_by)


def p_median(problem: Problem, model: PMedian) -> LexicographicMilp:
    r"""Least walking time.

    .. math::

        \min \; W - \sum_{g, j} w_g a_{gj}, \quad \text{then} \quad \min \sum_{g, j} w_g t_{gj} a_{gj}
        \quad \text{or at once} \quad \min \; b W - \sum_{g, j} w_g (b - t_{gj}) a_{gj}

    with :math:`a_{gj}` the share of demand group g that walks to site j
    (:func:`~siting.locate.milp.assignment.assignment_variables`), :math:`t_{gj}` the seconds, :math:`w_g` the value of
    the group, :math:`W` that of all points, and :math:`b` the seconds (``beyond_s``) of those who reach no site.
    Without :math:`b` the second stage keeps the minimum of the first. Walks above :math:`b` count as :math:`b`.

    Parameters
    ----------
    problem : Problem
        The people and the rules.
    model : PMedian
        With or without ``beyond_s``.

    Returns
    -------
    LexicographicMilp
        The objectives ``"beyond"`` and ``"seconds"``, or ``"seconds"`` alone.

    References
    ----------
    Hakimi, S. L. (1964). Optimum locations of switching centers and the absolute centers and medians of a graph.
    Operations Research 12, 450-459. ReVelle, C. S. and Swain, R. W. (1970). Central facilities location. Geographical
    Analysis 2, 30-42.
    """
    beyond_s = math.inf if model.beyond_s is None else model.beyond_s
    service = assignment_variables(problem, by_unit=False, timed=True, beyond_s=beyond_s)
    total = math.fsum(problem.value)
    whole = service.whole and is_whole(problem.times.data)
    same_value = problem.rules.capacity is None or problem.weights is None
    if model.beyond_s is not None:
        savings = over_all(problem.sites, service.seconds - service.value * beyond_s)
        step = 1.0 if whole and same_value and beyond_s == math.floor(beyond_s) else 0.0
        seconds = Objective("seconds", "min", savings, total * beyond_s, step)
        return LexicographicMilp(problem, service, (), (seconds,))
    beyond = Objective(
        "beyond", "min", over_all(problem.sites, -service.value), total, float(service.whole and same_value)
    )
    seconds = Objective("seconds", "min", over_all(problem.sites, service.seconds), 0.0, float(whole and same_value))
    return LexicographicMilp(problem, service, (), (beyond, seconds), aggregated=fewest_beyond(problem))


def fewest_beyond(problem: Problem) -> LexicographicMilp:
    """Return the first stage of the p-median alone: times do not matter, so more points merge into one group."""
    covered = maximal_covering(problem)
    objective, service = covered.objectives[0], covered.service
    beyond = Objective(
        "beyond", "min", -objective.weights, math.fsum(problem.value) - service.base_value, objective.step
    )
    return replace(covered, objectives=(beyond,), surrogate=_mean_walk(problem, service))


def _mean_walk(problem: Problem, service: ServiceVariables) -> Objective | None:
    """Return the walking time of whole groups to each site, as if nobody preferred the nearer; None without pairs."""
    if not len(service.pair_site):
        return None
    points = np.flatnonzero(service.groups.group_of >= 0)
    place = (problem.value[points], (points, service.groups.group_of[points]))
    gather = csr_array(place, shape=(len(problem.people), service.groups.count))
    seconds = csr_array(problem.times @ gather)[service.pair_site, service.pair_group]
    return Objective("seconds", "min", over_all(problem.sites, np.asarray(seconds, dtype=np.float64)))


def fair_covering(problem: Problem, model: FairCovering) -> LexicographicMilp:
    r"""Greatest least covered share over the units, then most persons; or most persons with a floor for each unit.

    .. math::

        & \max t && \text{subject to} && \textstyle\sum_g u_{kg} y_g \ge t \, U_k \;\forall k: U_k > 0 \\
        & \max \textstyle\sum_g w_g y_g && \text{subject to} && t \ge t^*

    or, with a ``floor`` :math:`\beta`, the second alone with :math:`\sum_g u_{kg} y_g \ge \beta U_k`;
    :math:`u_{kg}` are the persons of unit k in demand group g, :math:`U_k` all of them, reached or not, :math:`w_g` the
    value of the group; with capacity :math:`\sum_j a_{gj}` replaces :math:`y_g`. Empty units have no constraint; if all
    are empty, the least share is 1. What kept sites cover counts in the shares, not in the objective.

    Parameters
    ----------
    problem : Problem
        The people, the units and the rules.
    model : FairCovering
        With or without ``floor``.

    Returns
    -------
    LexicographicMilp
        The objectives ``"least_share"`` and ``"covered"``, or ``"covered"`` alone.

    References
    ----------
    Rawls' maximin in location: Marsh, M. T. and Schilling, D. A. (1994). Equity measurement in facility location
    analysis: a review and framework. European Journal of Operational Research 74, 1-17.
    """
    service = service_variables(problem, by_unit=True)
    totals, populated = unit_totals(problem)
    whole = service.whole and is_whole(problem.value) and (problem.rules.capacity is None)
    step = 1.0 if whole else 0.0
    if model.floor is not None:
        covered = Objective("covered", "max", over_all(problem.sites, service.value), step=step)
        return LexicographicMilp(problem, service, (unit_floors(problem, service, model.floor),), (covered,))
    rows = unit_share_rows(service, problem.sites, totals)[populated]
    # t is a variable of at most 1, although a sum of shares can exceed 1 by rounding.
    matrix = csr_array(hstack([rows, csr_array(np.full((len(populated), 1), -SHARE))], format="csr"))
    low = -SHARE * (service.base_units[populated] / totals[populated])
    block = ConstraintBlock("unit_share", matrix, low, np.full(len(populated), np.inf))
    share = np.zeros(problem.sites + service.variables + 1)
    share[-1] = 1.0
    objectives = (
        Objective("least_share", "max", share),
        Objective("covered", "max", over_all(problem.sites, service.value, more=1), step=step),
    )
    one = np.ones(1)
    least = DependentVariables(
        0 * one, one, 0 * one, lambda _, shares: np.array([least_share(problem, service, shares)])
    )
    return LexicographicMilp(problem, service, (block,), objectives, dependent=least)
