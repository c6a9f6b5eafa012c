"""Every choice tried: what any solver of location problems is held against.

Written without looking at how anything is solved: rules are checked one by one on sets of rows, capacity by
scipy.optimize.linprog on plain flows of persons from points to rows.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from scipy.optimize import linprog

from siting.domain.nouns import Floats
from siting.locate.problem import FairCovering, MaximalCovering, Model, PCenter, PMedian, Problem, SetCovering, Solution

Weight = Callable[[int, int], float]

NOISE = 1e-7


def allowed(problem: Problem, chosen: Iterable[int]) -> bool:
    """Whether chosen rows (a tuple) keep to the rules."""
    rules, kept = problem.rules, problem.kept
    chosen = set(chosen)
    open_rows = chosen | set(np.flatnonzero(kept).tolist())
    counted = {row for row in chosen if rules.counted is None or rules.counted[row]}
    if any(not problem.open_to_choice[row] for row in chosen):
        return False
    if rules.stations is not None and len(counted) > rules.stations:
        return False
    if rules.budget is not None and math.fsum(rules.costs[row] for row in chosen) > rules.budget * (1 + 1e-12):
        return False
    if rules.forced is not None and any(rules.forced[row] and row not in open_rows for row in range(problem.sites)):
        return False
    if any(len(chosen & set(rows.tolist())) > most for rows, most in rules.at_most):
        return False
    return _keeps_places(problem, chosen, open_rows) and _keeps_distance(problem, chosen, open_rows, counted)


def _keeps_places(problem: Problem, chosen: set[int], open_rows: set[int]) -> bool:
    rules = problem.rules
    place = list(range(problem.sites)) if rules.place is None else rules.place.tolist()
    for row in chosen:
        if any(place[row] == place[other] for other in open_rows if other != row):
            return False
    if rules.occupied is not None:
        filled = {place[row] for row in open_rows}
        return all(place[row] in filled for row in np.flatnonzero(rules.occupied))
    return True


def _keeps_distance(problem: Problem, chosen: set[int], open_rows: set[int], counted: set[int]) -> bool:
    rules = problem.rules
    if rules.apart is not None:
        for one, other in rules.apart.tolist():
            if one != other and {one, other} <= open_rows and {one, other} & chosen:
                return False
    if rules.unit is not None and rules.most_per_unit is not None:
        for unit, most in enumerate(rules.most_per_unit.tolist()):
            if sum(rules.unit[row] == unit for row in counted) > most:
                return False
    return True


def choices(problem: Problem) -> Iterator[tuple[int, ...]]:
    """All choices that keep to the rules."""
    free = np.flatnonzero(problem.open_to_choice).tolist()
    for size in range(len(free) + 1):
        yield from (each for each in itertools.combinations(free, size) if allowed(problem, each))


def walk(problem: Problem, chosen: Iterable[int], seconds: float = math.inf) -> tuple[list[int], Floats]:
    """Shape (open rows, points): seconds, inf where not reached."""
    rows = sorted({*chosen, *np.flatnonzero(problem.kept).tolist()})
    times = np.full(problem.times.shape, np.inf)
    for row in range(problem.sites):
        service = slice(problem.times.indptr[row], problem.times.indptr[row + 1])
        times[row, problem.times.indices[service]] = problem.times.data[service]
    times[times > seconds] = np.inf
    return rows, times[rows]


class Served:
    """Who can be served from a choice: persons as flows (capacity) or whole points."""

    def __init__(self, problem: Problem, chosen: Iterable[int], seconds: float = math.inf) -> None:
        self.problem = problem
        self.rows, self.times = walk(problem, chosen, seconds)
        self.capacity = problem.rules.capacity
        people = problem.people
        self.rate = np.divide(problem.value, people, out=np.zeros_like(people), where=people > 0)
        self.pairs = [(j, i) for j, i in itertools.product(*map(range, self.times.shape)) if self.times[j, i] < np.inf]

    @property
    def nearest(self) -> Floats:
        return self.times.min(axis=0, initial=np.inf)

    def most(self, gain: Weight, floors: Iterable[tuple[Weight, float]] = (), least: Any = None) -> Any:
        """Greatest sum of gain(pair) per person served, with rows (per person weights, at least) kept to.

        With ``least`` (weights and constants by unit) the greatest least of these instead. None where there is none.
        """
        people, pairs = self.problem.people, self.pairs
        cost = [-gain(j, i) for j, i in pairs]
        above, high = [], []
        for point in range(len(people)):
            above.append([float(i == point) for _, i in pairs])
            high.append(people[point])
        for place, row in enumerate(self.rows):
            if np.isfinite(self.capacity[row]):
                above.append([float(j == place) for j, _ in pairs])
                high.append(self.capacity[row])
        for weights, need in floors:
            above.append([-weights(j, i) for j, i in pairs])
            high.append(-need)
        bounds = [(0, None)] * len(pairs)
        if least is not None:
            above = [[*row, 0.0] for row in above]
            above += [[*(-weights(j, i) for j, i in pairs), 1.0] for weights in least]
            high += [0.0] * len(least)
            cost, bounds = [*([0.0] * len(pairs)), -1.0], [*bounds, (0, 1)]
        if not cost:
            return 0.0 if all(need <= NOISE for _, need in floors) else None
        found = linprog(cost, A_ub=above, b_ub=high, bounds=bounds)
        return -found.fun if found.status == 0 else None


def unit_rates(problem: Problem) -> list[Floats]:
    """Of each unit with people: what a person of each point adds to its share."""
    rates = []
    for persons in problem.units.toarray():
        if persons.sum() > 0:
            with np.errstate(divide="ignore", invalid="ignore"):
                rates.append(np.where(problem.people > 0, persons / problem.people, 0.0) / persons.sum())
    return rates


def unit_shares(problem: Problem, covered: Any) -> list[float]:
    """Of each unit with people: the covered share, without capacity."""
    return [float(persons @ covered) / persons.sum() for persons in problem.units.toarray() if persons.sum() > 0]


def value_at(problem: Problem, model: Model, chosen: tuple[int, ...]) -> Any:
    """The objectives of a choice stage by stage as (name, sense, number), None where it lacks a share."""
    return (_worth_of_points if problem.rules.capacity is None else _worth_of_flows)(problem, model, chosen)


def _worth_of_points(problem: Problem, model: Model, chosen: tuple[int, ...]) -> Any:
    served = Served(problem, chosen)
    nearest, value = served.nearest, problem.value
    covered = nearest < np.inf
    new = covered & ~(Served(problem, ()).nearest < np.inf)
    newly = ("covered", "max", math.fsum(value[new]))
    match model:
        case MaximalCovering():
            return (newly,)
        case SetCovering():
            enough = math.fsum(problem.people[covered]) >= model.share * math.fsum(problem.people) - NOISE
            if model.unit_share is not None:
                enough &= min(unit_shares(problem, covered), default=1.0) >= model.unit_share - NOISE
            return _counted(problem, model, chosen) if enough else None
        case PMedian():
            return _walked(value, nearest, model.beyond_s)
        case PCenter():
            need = needed(problem, model)
            return _worst(problem, need, lambda r: math.fsum(problem.people[nearest <= r]))
        case FairCovering():
            least = min(unit_shares(problem, covered), default=1.0)
            if model.floor is None:
                return (("least_share", "max", least), newly)
            return (newly,) if least >= model.floor - NOISE else None


def _walked(value: Floats, nearest: Floats, beyond_s: float | None) -> Any:
    if beyond_s is not None:
        return (("seconds", "min", math.fsum(value * np.minimum(nearest, beyond_s))),)
    covered = nearest < np.inf
    seconds = math.fsum((value * np.where(covered, nearest, 0.0)).tolist())
    return (("beyond", "min", math.fsum(value[~covered])), ("seconds", "min", seconds))


def needed(problem: Problem, model: PCenter) -> float:
    """Persons that a p-center must serve: a share of those that some row reaches that is kept or may be chosen."""
    rows = np.flatnonzero(problem.kept | problem.open_to_choice)
    reached = np.zeros(len(problem.people), dtype=bool)
    for row in rows:
        reached[problem.points_of(row)] = True
    return model.share * math.fsum(problem.people[reached])


def _worst(problem: Problem, need: float, persons: Callable[[float], float]) -> Any:
    for seconds in sorted({0.0, *problem.times.data.tolist()}):
        if persons(seconds) >= need - NOISE:
            return (("worst_s", "min", seconds),)
    return None


def _counted(problem: Problem, model: SetCovering, chosen: tuple[int, ...]) -> Any:
    if model.by_cost:
        return (("cost", "min", math.fsum(problem.rules.costs[row] for row in chosen)),)
    counted = problem.rules.counted
    return (("stations", "min", float(sum(counted is None or bool(counted[row]) for row in chosen))),)


def _worth_of_flows(problem: Problem, model: Model, chosen: tuple[int, ...]) -> Any:
    served = Served(problem, chosen)
    rate = served.rate
    total = served.most(lambda _, i: rate[i])
    kept = Served(problem, ()).most(lambda _, i: rate[i])
    match model:
        case MaximalCovering():
            return (("covered", "max", total - kept),)
        case SetCovering():
            floors = [(lambda _j, _i: 1.0, model.share * math.fsum(problem.people) - NOISE)]
            if model.unit_share is not None:
                floors += [(lambda _, i, r=r: r[i], model.unit_share - NOISE) for r in unit_rates(problem)]
            return None if served.most(lambda _j, _i: 0.0, floors) is None else _counted(problem, model, chosen)
        case PMedian():
            return _walked_to(served, model.beyond_s, total)
        case PCenter():
            need = needed(problem, model)
            return _worst(problem, need, lambda r: Served(problem, chosen, r).most(lambda _j, _i: 1.0))
        case FairCovering():
            rates = [(lambda _, i, r=r: r[i]) for r in unit_rates(problem)]
            least = _least_share(served, rates) if model.floor is None else model.floor
            covered = served.most(lambda _, i: rate[i], [(each, least - 1e-9) for each in rates])
            if covered is None:
                return None
            newly = ("covered", "max", covered - kept)
            return (newly,) if model.floor is not None else (("least_share", "max", least), newly)


def _walked_to(served: Served, beyond_s: float | None, total: float) -> Any:
    rate, times, everybody = served.rate, served.times, math.fsum(served.problem.value)
    if beyond_s is not None:
        gained = served.most(lambda j, i: rate[i] * max(beyond_s - times[j, i], 0.0))
        return (("seconds", "min", everybody * beyond_s - gained),)
    seconds = served.most(lambda j, i: -rate[i] * times[j, i], [(lambda _, i: rate[i], total - 1e-9)])
    return (("beyond", "min", everybody - total), ("seconds", "min", -seconds))


def _least_share(served: Served, rates: list[Weight]) -> Any:
    if not rates:
        return 1.0
    return served.most(lambda _j, _i: 0.0, least=rates) if served.pairs else 0.0


def better_of(one: Any, other: Any) -> bool:
    """Whether one choice's objectives are better than another's, by more than noise."""
    for (_, sense, here), (_, _, there) in zip(one, other, strict=True):
        if abs(here - there) > NOISE * max(1.0, abs(here), abs(there)):
            return here > there if sense == "max" else here < there
    return False


def best(problem: Problem, model: Model) -> Any:
    """The objectives of the best choice, None where none will do."""
    found = None
    for chosen in choices(problem):
        own = value_at(problem, model, chosen)
        if own is not None and (found is None or better_of(own, found)):
            found = own
    return found


def can(problem: Problem, model: Model) -> bool:
    """Whether any choice will do."""
    return any(value_at(problem, model, chosen) is not None for chosen in choices(problem))


def check(problem: Problem, model: Model, solution: Solution) -> None:
    """Hold a solution against all choices: status, every stage, the choice, and which site serves which people."""
    wanted = best(problem, model)
    if wanted is None:
        assert solution.status == "infeasible"
        assert solution.stopped_by == "proved"
        assert len(solution.chosen) == 0
        return
    assert solution.status == "optimal"
    assert [(each.name, each.sense) for each in solution.stages] == [each[:2] for each in wanted]
    chosen = tuple(solution.chosen.tolist())
    assert sorted(set(chosen)) == list(chosen)
    assert allowed(problem, chosen)
    own = value_at(problem, model, chosen)
    for stage, best_of, of_choice in zip(solution.stages, wanted, own, strict=True):
        for number in (best_of[2], of_choice[2], stage.bound):
            assert math.isclose(stage.objective, number, rel_tol=1e-6, abs_tol=1e-6), (solution, wanted, own)
    if problem.rules.capacity is not None and solution.served is not None:
        check_served(problem, model, solution)


def check_served(problem: Problem, model: Model, solution: Solution) -> None:
    """Nobody is served twice, beyond the cut-off, by a closed row or beyond a capacity; and as many as is said."""
    served = solution.served.toarray()
    rows, times = walk(problem, solution.chosen.tolist())
    persons = np.zeros_like(served)
    persons[rows] = np.where(times < np.inf, served[rows], 0.0)
    assert np.array_equal(persons, served)
    assert served.min(initial=0.0) >= 0.0
    assert np.all(served.sum(axis=0) <= problem.people * (1 + 1e-9) + 1e-9)
    assert np.all(served.sum(axis=1) <= problem.rules.capacity * (1 + 1e-9) + 1e-6)
    rate = Served(problem, ()).rate
    if isinstance(model, MaximalCovering | FairCovering):
        kept = Served(problem, ()).most(lambda _, i: rate[i])
        assert math.isclose((served @ rate).sum(), solution.objective + kept, rel_tol=1e-6, abs_tol=1e-5)
    if isinstance(model, SetCovering):
        assert served.sum() >= model.share * problem.people.sum() - 1e-5
    if isinstance(model, PMedian) and model.beyond_s is None:
        beyond = problem.value.sum() - (served @ rate).sum()
        assert math.isclose(beyond, solution.stages[0].objective, rel_tol=1e-6, abs_tol=1e-5)


def check_lean(problem: Problem, model: Model, solution: Solution) -> None:
    """Without any one row beside those that must be, the choice breaks a rule or is worse."""
    chosen = tuple(solution.chosen.tolist())
    own = value_at(problem, model, chosen)
    for row in chosen:
        less = tuple(other for other in chosen if other != row)
        if allowed(problem, less):
            without = value_at(problem, model, less)
            assert without is None or better_of(own, without), f"row {row} adds nothing"
