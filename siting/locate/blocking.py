"""Why a request cannot be met, and the smallest number, money, capacity or minutes with which it could."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Floats, Ints
from siting.locate.problem import Effort, FairCovering, Model, PCenter, Problem, Rule, SetCovering
from siting.locate.programme.center import persons_reached
from siting.locate.programme.center import probe as ask
from siting.locate.programme.covering import is_whole
from siting.locate.programme.fair import unit_totals
from siting.locate.programme.models import sheet_of
from siting.locate.programme.rows import money_unit
from siting.locate.programme.served import unserved
from siting.locate.programme.sheet import Aim
from siting.locate.programme.stages import Clock, solve_sheet
from siting.units import SECONDS_PER_MINUTE

Answer = Literal["yes", "no", "unknown"]

# In the order in which they are tried for being of no matter: what is left last is named, so that of several reasons
# the one is named that no other number would mend.
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
# Longer walks are tried to so many times the cut-off.
_LONGEST: Final = 3
_NOISE: Final = 1e-9
_NONE: Final = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Smallest:
    """The smallest value of one number of a request with which, all else as asked, it can be met.

    ``chosen`` is a choice that shows it. ``proved``: with ``value - step`` it is proved that there is none.
    """

    value: float
    step: float
    chosen: Ints
    proved: bool


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
        Rules of the request each of which need only be lifted alone, all others kept, for the request to be met.
    proved : bool
        Whether every question was answered before the effort ended; else more rules may be named than needed, and
        ``remedies`` may lack some.
    stations, budget, capacity, minutes : Smallest or None
        The smallest number of stations, budget, persons that each station can serve at most (stations that can serve
        more keep what they have, kept rows too), and whole minutes to walk, with all else as asked. None where the
        request has no such number or no value of it would do (for minutes: up to three times the cut-off).
    unreached : ndarray of int
        Points with persons that no row reaches that is kept or may be chosen.
    unreached_persons : float
        Their persons.
    units : ndarray of int
        Units in which fewer persons are reached than their share asks for.
    stuck : ndarray of int
        Rows that must be open (forced, or of an occupied place) where none may be.
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

    The rules are found by a deletion filter (Chinneck and Dravnieks 1991): one rule after the other is lifted for good
    if what is left still cannot be met. Each number is found by a search and asked again: it will do, and one step
    below (a station; the greatest unit in which whole costs can be counted, else one of money; a person; a minute) will
    not.

    Lifting means: no limit of stations, budget, per unit, distance or capacity; nothing forced and no place occupied; a
    share of nothing; for ``"reach"``, that persons whom no row reaches do not count. That is a reason only where a share
    is beyond what all rows together reach. Sizes of one place exclude one another always, and kept and forbidden
    rows stay so.

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
    >>> from siting.locate.blocking import explain_infeasible
    >>> from siting.locate.problem import Effort, Problem, Rules, SetCovering
    >>> apart = Problem(csr_array(np.eye(3)), np.array([10.0, 20.0, 30.0]), Rules(stations=1))
    >>> blocked = explain_infeasible(apart, SetCovering(share=0.8), Effort())
    >>> blocked.rules, blocked.remedies, blocked.stations.value
    (('stations', 'share'), ('stations', 'share'), 2.0)
    """
    asker = _Asker(effort)
    missed = unserved(problem)
    base = asker.answer(problem, model)
    present = _present(problem, model) if base == "no" else []
    if (
        base == "no"
        and len(missed)
        and asker.answer(*lifted(problem, model, {*present} - {"share", "unit_share"})) == "no"
    ):
        present.append("reach")
    rules = _irreducible(asker, problem, model, present)
    remedies = [rule for rule in present if asker.answer(*lifted(problem, model, {rule})) == "yes"]
    blocked = Blocked(
        rules=rules,
        remedies=tuple(remedies),
        proved=asker.sure,
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
        stations=_least_stations(asker, problem, model),
        budget=_least_budget(asker, problem, model),
        capacity=_least_capacity(asker, problem, model),
        minutes=None if at is None else _least_minutes(asker, model, at, cutoff_s or _cutoff(problem)),
    )


def lifted(problem: Problem, model: Model, rules: set[Rule]) -> tuple[Problem, Model]:
    """Return a request without some of its rules (see :func:`explain_infeasible` for what that means)."""
    names: dict[Rule, dict[str, None]] = {
        "stations": {"stations": None},
        "budget": {"budget": None},
        "per_unit": {"unit": None, "most_per_unit": None},
        "spacing": {"apart": None},
        "capacity": {"capacity": None},
        "forced": {"forced": None, "occupied": None},
    }
    gone = {name: None for rule in rules for name in names.get(rule, {})}
    problem = problem.under(**gone)
    if "reach" in rules:
        problem = _without(problem, unserved(problem))
    if "share" in rules and isinstance(model, SetCovering | PCenter):
        model = replace(model, share=0.0)
    if "unit_share" in rules and isinstance(model, SetCovering):
        model = replace(model, unit_share=None)
    if "unit_share" in rules and isinstance(model, FairCovering):
        model = FairCovering(None)
    return problem, model


def _without(problem: Problem, points: Ints) -> Problem:
    """Return the problem with nobody at some points."""
    there = np.ones(len(problem.people))
    there[points] = 0.0
    units = None if problem.units is None else csr_array(problem.units.multiply(there[None, :]))
    return replace(problem, people=problem.people * there, units=units)


def asked_of(problem: Problem, model: Model) -> SetCovering:
    """Return the shares that a model asks for, as those of set covering: what decides whether it can be met."""
    match model:
        case SetCovering():
            return replace(model, by_cost=False)
        case PCenter():
            total = math.fsum(problem.people)
            return SetCovering(share=model.share * persons_reached(problem) / total if total > 0 else 0.0)
        case FairCovering():
            return SetCovering(share=0.0, unit_share=model.floor)
        case _:
            return SetCovering(share=0.0)


def _present(problem: Problem, model: Model) -> list[Rule]:
    """Return the rules that a request has at all."""
    rules, asked = problem.rules, asked_of(problem, model)
    has: dict[Rule, bool] = {
        "stations": rules.stations is not None,
        "budget": rules.budget is not None,
        "per_unit": rules.most_per_unit is not None,
        "spacing": rules.apart is not None and len(rules.apart) > 0,
        "capacity": rules.capacity is not None,
        "forced": rules.forced is not None or rules.occupied is not None,
        "unit_share": bool(asked.unit_share),
        "share": asked.share > 0,
    }
    return [rule for rule in _RULES if has[rule]]


class _Asker:
    """Asks whether requests can be met, within one effort for all."""

    def __init__(self, effort: Effort) -> None:
        self._clock, self.sure = Clock(effort), True
        self.last = _NONE

    def answer(self, problem: Problem, model: Model) -> Answer:
        """Tell whether a request can be met; ``last`` is then a choice that does."""
        sheet = sheet_of(problem, asked_of(problem, model))
        nothing = Aim("stations", "min", np.zeros(sheet.columns), step=1.0)
        plan, stopped, nodes = ask(replace(sheet, aims=(nothing,)), self._clock.left())
        self._clock.spend(nodes)
        if plan is not None:
            self.last = plan.chosen
            return "yes"
        self.sure &= stopped == "proved"
        return "no" if stopped == "proved" else "unknown"

    def least(self, problem: Problem, model: SetCovering) -> tuple[float, Ints] | None:
        """Return the fewest stations or least cost that was found, and a choice."""
        found = solve_sheet(sheet_of(problem, model), self._clock.left())
        return None if found.status == "infeasible" else (found.objective, found.chosen)


def _irreducible(asker: _Asker, problem: Problem, model: Model, present: list[Rule]) -> tuple[Rule, ...]:
    """Return rules that cannot be kept together, all of which are needed for that."""
    gone: set[Rule] = set()
    for rule in present:
        if asker.answer(*lifted(problem, model, gone | {rule})) == "no":
            gone.add(rule)
    return tuple(rule for rule in present if rule not in gone)


def _least_stations(asker: _Asker, problem: Problem, model: Model) -> Smallest | None:
    if problem.rules.stations is None:
        return None
    found = asker.least(problem.under(stations=None), asked_of(problem, model))
    if found is None:
        return None
    below = problem.under(stations=round(found[0]) - 1)
    return Smallest(found[0], 1.0, found[1], asker.answer(below, model) == "no")


def _least_budget(asker: _Asker, problem: Problem, model: Model) -> Smallest | None:
    costs = problem.rules.costs
    if problem.rules.budget is None or costs is None:
        return None
    found = asker.least(problem.under(budget=None), replace(asked_of(problem, model), by_cost=True))
    if found is None:
        return None
    step = money_unit(costs) if is_whole(costs) and bool(costs.any()) else 1.0
    below = problem.under(budget=found[0] - step)
    return Smallest(found[0], step, found[1], found[0] < step or asker.answer(below, model) == "no")


def _least_capacity(asker: _Asker, problem: Problem, model: Model) -> Smallest | None:
    """Search by halves; with whole stations to be found for each capacity, no programme gives it at once."""
    own = problem.rules.capacity
    if own is None:
        return None
    raised = ~problem.kept & np.isfinite(own)
    if not raised.any():
        return None

    def having(persons: int) -> Problem:
        return problem.under(capacity=np.where(raised, np.maximum(own, persons), own))

    # At the least of their own nothing is changed, which cannot be met; beyond all persons none is a limit.
    most = max(math.ceil(math.fsum(problem.people)), math.floor(own[raised].min()) + 1)
    return _by_halves(asker, math.floor(own[raised].min()), most, lambda persons: (having(persons), model))


def _least_minutes(asker: _Asker, model: Model, at: Callable[[float], Problem], cutoff_s: float) -> Smallest | None:
    low, high = math.floor(cutoff_s / SECONDS_PER_MINUTE), math.floor(_LONGEST * cutoff_s / SECONDS_PER_MINUTE)

    def walking(minutes: int) -> tuple[Problem, Model]:
        return at(minutes * float(SECONDS_PER_MINUTE)), model

    if not isinstance(model, PCenter):
        return _by_halves(asker, low, high, walking)
    # With longer walks more persons are reached, of whom a share is asked: what will do need not do from there on.
    for minutes in range(low + 1, high + 1):
        if asker.answer(*walking(minutes)) == "yes":
            chosen = asker.last
            return Smallest(float(minutes), 1.0, chosen, asker.answer(*walking(minutes - 1)) == "no")
    return None


def _by_halves(asker: _Asker, low: int, high: int, request: Callable[[int], tuple[Problem, Model]]) -> Smallest | None:
    """Return the smallest whole number above ``low``, up to ``high``, with which a request can be met."""
    if high <= low or asker.answer(*request(high)) != "yes":
        return None
    chosen = asker.last
    while low + 1 < high:
        middle = (low + high) // 2
        answer = asker.answer(*request(middle))
        if answer == "unknown":
            return Smallest(float(high), 1.0, chosen, proved=False)
        if answer == "yes":
            high, chosen = middle, asker.last
        else:
            low = middle
    return Smallest(float(high), 1.0, chosen, asker.answer(*request(high - 1)) == "no")


def _cutoff(problem: Problem) -> float:
    """Return the longest time, up to the whole minute."""
    longest = float(problem.times.data.max(initial=0.0))
    return math.ceil(longest / SECONDS_PER_MINUTE) * float(SECONDS_PER_MINUTE)


def _poor_units(problem: Problem, model: Model) -> Ints:
    """Return the units of which too few persons are reached by all rows together."""
    share = asked_of(problem, model).unit_share
    if not share or problem.units is None:
        return _NONE
    totals, _ = unit_totals(problem)
    missed = np.zeros(len(problem.people))
    missed[unserved(problem)] = 1.0
    reached: Floats = 1.0 - (problem.units @ missed) / totals
    return np.flatnonzero(reached < share - _NOISE).astype(np.int64)


def _stuck(problem: Problem) -> Ints:
    """Return forced rows that may not be open, and rows of occupied places of which none may be."""
    rules, allowed = problem.rules, problem.kept | problem.open_to_choice
    none = np.zeros(problem.rows, dtype=np.bool_)
    stuck = (none if rules.forced is None else rules.forced) & ~allowed
    if rules.occupied is not None:
        place = np.arange(problem.rows) if rules.place is None else rules.place
        stuck |= rules.occupied & ~np.isin(place, place[allowed])
    return np.flatnonzero(stuck).astype(np.int64)
