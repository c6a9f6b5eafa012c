"""Why a request is infeasible: an irreducible set of rules, remedies, and the smallest numbers that are feasible."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.infeasibility.feasibility import (
    NONE,
    FeasibilityOracle,
    Smallest,
    coverage_targets,
    cutoff_of,
    least_budget,
    least_capacity,
    least_minutes,
    least_stations,
    unserved,
    without_rules,
)
from siting.locate.milp.unit_shares import unit_totals
from siting.locate.problem import Effort, Model, Problem, Rule
from siting.locate.tolerances import NEAR_ZERO

# The order of the deletion filter: later rules are named, because no other number can remedy them.
_RULES: Final[tuple[Rule, ...]] = (
    "stations",
    "budget",
    "per_unit",
    "spacing",
    "capacity",
    "forced",
    "unit_share",
    "share",
)


@dataclass(frozen=True)
class Blocked:
    """Why a request cannot be met.

    Parameters
    ----------
    rules : tuple of str
        An irreducible set: these rules cannot be kept together even if all others are lifted, and without any one of
        them (the others still lifted) they can. Several such sets may exist; one is named. Empty if the request can be
        met, or if no reason was found in time.
    remedies : tuple of str
        Rules of the request that could each be relaxed alone, with all others kept, to make the request feasible.
    proved : bool
        Whether every question was answered before the effort ended; otherwise more rules may be named than needed, and
        ``remedies`` may lack some.
    stations, budget, capacity, minutes : Smallest or None
        The smallest number of stations, budget, persons that each station can serve at most (stations that can serve
        more keep theirs, kept sites too), and whole minutes to walk, with all else as asked. None where the
        request has no such number or no value of it would do (for minutes: up to three times the cut-off).
    unreached : ndarray of int
        Points with persons that no allowed site (kept, or open to choice) reaches.
    unreached_persons : float
        Their persons.
    units : ndarray of int
        Units in which fewer persons are reached than their share asks for.
    stuck : ndarray of int
        Sites that must be open (forced, or of an occupied place) although none may be.
    """

    rules: tuple[Rule, ...]
    remedies: tuple[Rule, ...]
    proved: bool
    stations: Smallest | None
    budget: Smallest | None
    capacity: Smallest | None
    minutes: Smallest | None
    unreached: Ints
    unreached_persons: float
    units: Ints
    stuck: Ints


def explain_infeasible(
    problem: Problem,
    model: Model,
    effort: Effort,
    *,
    at: Callable[[float], Problem] | None = None,
    cutoff_s: float | None = None,
) -> Blocked:
    """Tell which rules block a request, and the smallest numbers with which it could be met.

    The rules are found by a deletion filter (Chinneck and Dravnieks 1991): one rule after the other is relaxed
    permanently if the request remains infeasible. Each number is found by a search and verified: it is feasible, and
    one step below (a station; the greatest common unit of whole costs, otherwise one unit of money; a person; a minute)
    is not.

    A relaxed rule means: no limit of stations, budget, per unit, distance or capacity; nothing forced and no place
    occupied; a share of 0; for ``"reach"``, that persons that no site reaches do not count. That is a reason only if a
    share is above what all sites together reach. Sizes of one place always exclude one another, and kept and forbidden
    sites stay so.

    Parameters
    ----------
    problem : Problem
        The people and the rules.
    model : Model
        What is asked.
    effort : Effort
        When to stop, for all questions together.
    at : callable, optional
        Returns the problem with times to a longer cut-off, in seconds.
    cutoff_s : float, optional
        The cut-off of ``problem``, seconds; needed with ``at`` unless the longest time tells it to the minute.

    Returns
    -------
    Blocked
        The reasons.

    References
    ----------
    Chinneck, J. W. and Dravnieks, E. W. (1991). Locating minimal infeasible constraint sets in linear programs. ORSA
    Journal on Computing 3, 157-168.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.infeasibility.explain import explain_infeasible
    >>> from siting.locate.problem import Effort, Problem, Rules, SetCovering
    >>> apart = Problem(csr_array(np.eye(3)), np.array([10.0, 20.0, 30.0]), Rules(stations=1))
    >>> blocked = explain_infeasible(apart, SetCovering(share=0.8), Effort())
    >>> blocked.rules, blocked.remedies, blocked.stations.value
    (('stations', 'share'), ('stations', 'share'), 2.0)
    """
    oracle = FeasibilityOracle(effort)
    missed = unserved(problem)
    base = oracle.answer(problem, model)
    present = _present(problem, model) if base == "no" else []
    if (
        base == "no"
        and len(missed)
        and oracle.answer(*without_rules(problem, model, {*present} - {"share", "unit_share"})) == "no"
    ):
        present.append("reach")
    rules = _irreducible(oracle, problem, model, present)
    remedies = [rule for rule in present if oracle.answer(*without_rules(problem, model, {rule})) == "yes"]
    blocked = Blocked(
        rules=rules,
        remedies=tuple(remedies),
        proved=oracle.sure,
        stations=None,
        budget=None,
        capacity=None,
        minutes=None,
        unreached=missed,
        unreached_persons=math.fsum(problem.people[missed]),
        units=_poor_units(problem, model),
        stuck=_stuck(problem),
    )
    if base == "yes":
        return blocked
    return replace(
        blocked,
        stations=least_stations(oracle, problem, model),
        budget=least_budget(oracle, problem, model),
        capacity=least_capacity(oracle, problem, model),
        minutes=None if at is None else least_minutes(oracle, model, at, cutoff_s or cutoff_of(problem)),
        # Evaluated last: a figure that was not computed in time is not the same as one that does not exist.
        proved=oracle.sure,
    )


def _present(problem: Problem, model: Model) -> list[Rule]:
    """Return the rules that a request contains."""
    rules, targets = problem.rules, coverage_targets(problem, model)
    has: dict[Rule, bool] = {
        "stations": rules.stations is not None,
        "budget": rules.budget is not None,
        "per_unit": rules.most_per_unit is not None,
        "spacing": rules.apart is not None and len(rules.apart) > 0,
        "capacity": rules.capacity is not None,
        "forced": rules.forced is not None or rules.occupied is not None,
        "unit_share": bool(targets.unit_share),
        "share": targets.share > 0,
    }
    return [rule for rule in _RULES if has[rule]]


def _irreducible(oracle: FeasibilityOracle, problem: Problem, model: Model, present: list[Rule]) -> tuple[Rule, ...]:
    """Return an irreducible infeasible set of rules (deletion filter)."""
    gone: set[Rule] = set()
    for rule in present:
        if oracle.answer(*without_rules(problem, model, gone | {rule})) == "no":
            gone.add(rule)
    return tuple(rule for rule in present if rule not in gone)


def _poor_units(problem: Problem, model: Model) -> Ints:
    """Return the units in which all sites together reach too few persons."""
    share = coverage_targets(problem, model).unit_share
    if not share or problem.units is None:
        return NONE
    totals, _ = unit_totals(problem)
    missed = np.zeros(len(problem.people))
    missed[unserved(problem)] = 1.0
    reached: Floats = 1.0 - (problem.units @ missed) / totals
    return np.flatnonzero(reached < share - NEAR_ZERO).astype(np.int64)


def _stuck(problem: Problem) -> Ints:
    """Return forced sites that may not be open, and sites of occupied places without an allowed site."""
    rules, allowed = problem.rules, problem.kept | problem.open_to_choice
    none = np.zeros(problem.sites, dtype=np.bool_)
    stuck = (none if rules.forced is None else rules.forced) & ~allowed
    if rules.occupied is not None:
        place = np.arange(problem.sites) if rules.place is None else rules.place
        stuck |= rules.occupied & ~np.isin(place, place[allowed])
    return np.flatnonzero(stuck).astype(np.int64)
