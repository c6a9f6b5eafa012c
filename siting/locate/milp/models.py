"""Each model as a sheet: its programme, symbol by symbol, and where it comes from."""

import math
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from siting.locate.milp.assignment import assignment_variables
from siting.locate.milp.constraints import ROW_TOLERANCE, ConstraintBlock, money_unit, site_constraints
from siting.locate.milp.coverage import ServiceVariables, coverage_variables, is_whole
from siting.locate.milp.formulation import LexicographicMilp, Objective, over_service, power_to
from siting.locate.milp.unit_shares import fair, floors
from siting.locate.problem import FairCovering, MaximalCovering, Model, PMedian, Problem, SetCovering

# A share of whole persons asks for the next whole number, if it is off one by more than this.
_WHOLE_NOISE = 1e-9


def milp_of(problem: Problem, model: Model) -> LexicographicMilp:
    """Return the programme of a model (p-center is a search over those of set covering)."""
    match model:
        case MaximalCovering():
            return maximal_covering(problem)
        case SetCovering():
            return set_covering(problem, model)
        case PMedian():
            return p_median(problem, model)
        case FairCovering():
            return fair(problem, model, service_variables(problem, by_unit=True))
        case _:
            message = f"no sheet for {type(model).__name__}"
            raise TypeError(message)


def service_variables(problem: Problem, *, by_unit: bool) -> ServiceVariables:
    """Return who is covered, or with capacity who is served."""
    if problem.rules.capacity is None:
        return coverage_variables(problem, by_unit=by_unit)
    return assignment_variables(problem, by_unit=by_unit, timed=False)


def maximal_covering(problem: Problem) -> LexicographicMilp:
    r"""Most persons within the cut-off.

    .. math:: \max \sum_g w_g y_g \quad \text{or, with capacity,} \quad \max \sum_{g, j} w_g a_{gj}

    with :math:`w_g` the value of group g, :math:`y_g` whether it is covered
    (:func:`~siting.locate.milp.coverage.coverage_variables`), :math:`a_{gj}` the share of it that row j serves
    (:func:`~siting.locate.milp.assignment.assignment_variables`); rules as in
    :func:`~siting.locate.milp.constraints.site_constraints`. The objective counts those newly covered: with capacity all that
    are served less the most that kept rows alone could serve, and points without persons count nothing, whatever their
    value.

    Parameters
    ----------
    problem : Problem
        The people and the rules.

    Returns
    -------
    LexicographicMilp
        One aim, ``"covered"``; what kept rows with a limit serve alone is still to be taken off it
        (:func:`~siting.locate.milp.evaluate.served_by_kept`).

    References
    ----------
    Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science
    Association 32, 101-118. With capacity: Current and Storbeck (1988), Pirkul and Schilling (1991).
    """
    service = service_variables(problem, by_unit=False)
    return LexicographicMilp(problem, service, site_constraints(problem), (), (covered_objective(problem, service),))


def covered_objective(problem: Problem, service: ServiceVariables, *, more: int = 0) -> Objective:
    """Return the aim of most persons served, without those who are served whatever is chosen."""
    # Flows of whole persons to whole capacities are whole; those of persons who count more than others need not be.
    alike = problem.rules.capacity is None or problem.weights is None
    weights = over_service(problem.sites, service.value, more=more)
    return Objective("covered", "max", weights, step=1.0 if service.whole and alike else 0.0)


def set_covering(problem: Problem, model: SetCovering) -> LexicographicMilp:
    r"""Fewest stations or least cost for a share of all persons, in total and in every unit.

    .. math::

        \min \sum_{j \in C} x_j \;\text{or}\; \min \sum_j c_j x_j \quad \text{subject to} \quad
        \sum_g n_g y_g \ge \alpha N, \quad \sum_g u_{kg} y_g \ge \beta U_k \;\forall k: U_k > 0

    with :math:`n_g` the persons of group g and :math:`N` those of all points, reached or not, :math:`\alpha` the
    ``share``, :math:`u_{kg}` the persons of unit k in group g, :math:`U_k` all of them, :math:`\beta` the
    ``unit_share``, :math:`C` the counted rows and :math:`c_j` the costs. With capacity :math:`\sum_j a_{gj}` stands for
    :math:`y_g`. What kept rows cover counts in the shares. A share of whole persons asks for the next whole number.

    Parameters
    ----------
    problem : Problem
        The people and the rules.
    model : SetCovering
        The shares, and what is least.

    Returns
    -------
    LexicographicMilp
        One aim, ``"stations"`` or ``"cost"``.

    Raises
    ------
    ValueError
        The least cost is asked for without costs, or shares of units without units.

    References
    ----------
    Toregas, C., Swain, R., ReVelle, C. and Bergman, L. (1971). The location of emergency service facilities. Operations
    Research 19, 1363-1373. In part: Daskin, M. S. and Owen, S. H. (1999). Two new location covering problems: the
    partial p-center problem and the partial set covering problem. Geographical Analysis 31, 217-235.
    """
    service = service_variables(problem, by_unit=model.unit_share is not None)
    need = persons_needed(problem, model.share * math.fsum(problem.people)) - service.base_persons
    share_constraints = [share_block(problem, service, need)]
    if model.unit_share is not None:
        share_constraints.append(floors(problem, service, model.unit_share))
    columns = problem.sites + service.columns
    if not model.by_cost:
        counted = np.zeros(columns)
        counted[: problem.sites] = problem.counted & problem.open_to_choice
        return LexicographicMilp(
            problem,
            service,
            site_constraints(problem),
            tuple(share_constraints),
            (Objective("stations", "min", counted, step=1.0),),
            need=need,
        )
    if problem.rules.costs is None:
        message = "the least cost needs costs"
        raise ValueError(message)
    costs = np.zeros(columns)
    costs[: problem.sites] = np.where(problem.open_to_choice, problem.rules.costs, 0.0)
    step = money_unit(costs) if is_whole(costs) and bool(costs.any()) else 0.0
    return LexicographicMilp(
        problem,
        service,
        site_constraints(problem),
        tuple(share_constraints),
        (Objective("cost", "min", costs, step=step),),
        need=need,
    )


def persons_needed(problem: Problem, need: float) -> float:
    """Return how many persons must be served; the next whole number where only whole persons can be."""
    if is_whole(problem.people) and problem.rules.capacity is None:
        return float(math.ceil(need - _WHOLE_NOISE * max(need, 1.0)))
    return need


def share_block(problem: Problem, service: ServiceVariables, need: float) -> ConstraintBlock:
    """Return the row that asks for so many persons beside those who are served whatever is chosen."""
    scale = power_to(float(service.persons.max(initial=0.0)))
    weights = over_service(problem.sites, service.persons * scale)
    # Half a person is no hair; where persons are not whole, or served in part, all must be told from 1 all the same.
    whole = problem.rules.capacity is None and is_whole(problem.people)
    relaxation_width = scale / 2 if whole else ROW_TOLERANCE * float(weights.max(initial=0.0))
    return ConstraintBlock(
        "share", csr_array(weights[None, :]), np.array([need * scale]), np.array([np.inf]), relaxation_width
    )


def p_median(problem: Problem, model: PMedian) -> LexicographicMilp:
    r"""Least walking time.

    .. math::

        \min \; W - \sum_{g, j} w_g a_{gj}, \quad \text{then} \quad \min \sum_{g, j} w_g t_{gj} a_{gj}
        \quad \text{or at once} \quad \min \; b W - \sum_{g, j} w_g (b - t_{gj}) a_{gj}

    with :math:`a_{gj}` the share of group g that walks to row j
    (:func:`~siting.locate.milp.assignment.assignment_variables`), :math:`t_{gj}` the seconds, :math:`w_g` the value of the
    group, :math:`W` that of all points, and :math:`b` the seconds (``beyond_s``) of those who walk nowhere. Without
    :math:`b` the second stage keeps the fewest beyond of the first. Who could only walk :math:`b` or longer counts as
    :math:`b`.

    Parameters
    ----------
    problem : Problem
        The people and the rules.
    model : PMedian
        With or without ``beyond_s``.

    Returns
    -------
    LexicographicMilp
        The aims ``"beyond"`` and ``"seconds"``, or ``"seconds"`` alone.

    References
    ----------
    Hakimi, S. L. (1964). Optimum locations of switching centers and the absolute centers and medians of a graph.
    Operations Research 12, 450-459. ReVelle, C. S. and Swain, R. W. (1970). Central facilities location. Geographical
    Analysis 2, 30-42.
    """
    beyond_s = math.inf if model.beyond_s is None else model.beyond_s
    service = assignment_variables(problem, by_unit=False, timed=True, beyond_s=beyond_s)
    total = math.fsum(problem.value)
    aggregated = None
    whole = service.whole and is_whole(problem.times.data)
    alike = problem.rules.capacity is None or problem.weights is None
    if model.beyond_s is not None:
        gained = over_service(problem.sites, service.seconds - service.value * beyond_s)
        step = 1.0 if whole and alike and beyond_s == math.floor(beyond_s) else 0.0
        objectives: tuple[Objective, ...] = (Objective("seconds", "min", gained, total * beyond_s, step),)
    else:
        beyond = Objective(
            "beyond", "min", over_service(problem.sites, -service.value), total, float(service.whole and alike)
        )
        aggregated = fewest_beyond(problem)
        objectives = (
            beyond,
            Objective("seconds", "min", over_service(problem.sites, service.seconds), 0.0, float(whole and alike)),
        )
    return LexicographicMilp(problem, service, site_constraints(problem), (), objectives, aggregated=aggregated)


def fewest_beyond(problem: Problem) -> LexicographicMilp:
    """Return the first stage of the p-median alone: who walks how long does not matter, and more points are alike."""
    covered = maximal_covering(problem)
    objective, service = covered.objectives[0], covered.service
    beyond = Objective(
        "beyond", "min", -objective.weights, math.fsum(problem.value) - service.base_value, objective.step
    )
    return replace(covered, objectives=(beyond,), surrogate=_mean_walk(problem, service))


def _mean_walk(problem: Problem, service: ServiceVariables) -> Objective | None:
    """Return the walking time of whole groups to each row, nobody the nearer ones first; None without pairs."""
    if not len(service.pair_row):
        return None
    points = np.flatnonzero(service.groups.group_of >= 0)
    place = (problem.value[points], (points, service.groups.group_of[points]))
    gather = csr_array(place, shape=(len(problem.people), service.groups.count))
    seconds = csr_array(problem.times @ gather)[service.pair_row, service.pair_group]
    return Objective("seconds", "min", over_service(problem.sites, np.asarray(seconds, dtype=np.float64)))
