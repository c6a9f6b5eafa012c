"""Alternative plans that are nearly as good, and how often each site stays."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from siting.domain.nouns import Bools, Ints, Progress, quiet
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.milp import Compliance
from siting.locate.problem import NOISE, Effort, Model, Problem, Solution, Solver, Stage
from siting.locate.series.exclusion import ExclusionTree
from siting.locate.solve import solve


@dataclass(frozen=True)
class Alternatives:
    """Plans that are nearly as good as a given one, and that differ from it and from one another.

    Parameters
    ----------
    plans : pandas.DataFrame
        One row for each plan, the given one first, then in the order found: ``plan`` (from 0), ``chosen`` (sites, a
        tuple), ``stations`` (how many count; standing facilities do not), ``objective``, ``bound`` (of the plans that
        differ from all above), ``compared`` (the first stage in which it differs from the given plan, the last if in
        none), ``loss_share`` (how much worse than the first it is in that stage, relative; negative if better),
        ``differs`` (how many sites of the first it does not open) and ``status``.
    sites : pandas.DataFrame
        One row for each open site of the first plan: ``row`` (the site), ``kept_in`` (how many other plans open its
        place, in any size) and ``of`` (how many other plans there are).
    complete : bool
        Whether it is proved that no other plan is as good and different enough.
    """

    plans: pd.DataFrame
    sites: pd.DataFrame
    complete: bool


def alternatives(  # noqa: PLR0913 - all but four are keyword-only
    problem: Problem,
    model: Model,
    solution: Solution,
    effort: Effort,
    *,
    count: int = 5,
    within: float = 0.01,
    differ: int = 1,
    standing: Ints | None = None,
    solver: Solver = solve,
    progress: Progress = quiet,
) -> Alternatives:
    r"""Find plans within a share of the best that each omit some sites of every other plan.

    After each plan S the model is solved again with one more constraint,

    .. math:: \sum_{j \in P(S)} x_j \le |S| - d

    - :math:`P(S)` are all sites (sizes) of the places of S,
    - :math:`d` is the least number of sites in which plans differ (``differ``),

    so that the next plan is the best of those that omit at least d sites of each earlier plan. It is accepted if it is
    within :math:`\varepsilon` (``within``) of the first plan in every stage of the model.

    The solvers of plain problems do not support this constraint. For these problems the plan is found by forbidding
    sites one by one (:class:`~siting.locate.series.exclusion.ExclusionTree`).

    Parameters
    ----------
    problem : Problem
        The problem of the plan.
    model : Model
        The model of the plan.
    solution : Solution
        The plan.
    effort : Effort
        When to stop: the nodes and the gap of one alternative, the seconds of all of them together.
    count : int, default 5
        The number of alternatives.
    within : float, default 0.01
        How much worse an alternative may be, relative to the objective of the plan.
    differ : int, default 1
        How many sites of each other plan an alternative omits, at least 1.
    standing : ndarray of int, optional
        Sites of facilities that stand today. They are not sites of a plan, so plans do not differ only by closing one.
    solver : callable
        Called as ``solver(problem, model, effort)``; it must satisfy ``Rules.at_most``, unless the problem is plain.
    progress : Progress
        Called as ``progress("alternatives", done, total)``.

    Returns
    -------
    Alternatives
        Fewer than ``count`` plans if no more are found; ``complete`` tells whether none exist.

    Raises
    ------
    ValueError
        ``differ`` is less than 1, ``count`` or ``within`` negative, or the plan is infeasible.

    References
    ----------
    Tsai, J.-F., Lin, M.-H. and Hu, Y.-C. (2008). Finding multiple solutions to general integer linear programs.
    European Journal of Operational Research 184, 802-809 (the cut of a plan, with d = 1). For binary choices it is
    older: Balas, E. and Jeroslow, R. (1972). Canonical cuts on the unit hypercube. SIAM Journal on Applied Mathematics
    23, 61-69.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Effort, MaximalCovering, Problem, Rules
    >>> from siting.locate.series import alternatives
    >>> from siting.locate.solve import solve
    >>> reach = np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]])
    >>> problem = Problem(csr_array(reach * 60.0), np.array([40.0, 2.0, 60.0]), Rules(stations=2))
    >>> best = solve(problem, MaximalCovering(), Effort())
    >>> found = alternatives(problem, MaximalCovering(), best, Effort())
    >>> found.plans["chosen"].tolist(), found.sites["kept_in"].tolist(), found.complete
    ([(0, 1), (0, 2)], [1, 0], True)
    """
    if differ < 1 or count < 0 or within < 0 or not solution.stages:
        message = "alternatives differ by at least 1 site, and need a plan, a count and a share that are not negative"
        raise ValueError(message)
    deadline = Deadline(effort)
    places = np.arange(problem.sites) if problem.rules.place is None else problem.rules.place
    new = np.ones(problem.sites, dtype=np.bool_)
    if standing is not None:
        new[standing] = False
    next_best = _next_best(problem, model, solution, (differ, new), _least(solution.stages[0], within), solver)
    found, complete = [solution], False
    with Interruptible():
        while len(found) <= count and not complete:
            progress("alternatives", len(found) - 1, count)
            if min(int(new[each.chosen].sum()) for each in found) < differ:
                # A plan with fewer sites than that cannot omit so many.
                complete = True
                break
            if deadline.should_stop():
                break
            other = next_best(found, deadline.left(1.0 / (count + 1 - len(found))))
            if not _as_good(other, solution, within):
                complete = _none_as_good(other, solution, within)
                break
            found.append(other)
            if other.stopped_by == "interrupt":
                break
    progress("alternatives", count, count)
    return Alternatives(_plans(problem, places, found, new), _sites(places, found, new), complete)


def _next_best(
    problem: Problem, model: Model, solution: Solution, differing: tuple[int, Bools], least: float, solver: Solver
) -> Callable[[Sequence[Solution], Effort], Solution]:
    """Return the function that finds the best plan that differs enough (in new sites) from each given plan."""
    differ, new = differing
    places = np.arange(problem.sites) if problem.rules.place is None else problem.rules.place
    # With clauses, a forbidden site may add a stage, which the search by forbidding does not support.
    if problem.is_plain and len(solution.stages) == 1 and not isinstance(solution, Compliance):
        tree = ExclusionTree(problem, model, solver, _sense(solution.stages[0]), differ)
        return lambda found, effort: tree.best([each.chosen[new[each.chosen]] for each in found], least, effort)

    def by_cuts(found: Sequence[Solution], effort: Effort) -> Solution:
        cuts = tuple(_cut(problem, places, each.chosen[new[each.chosen]], differ) for each in found)
        return solver(problem.under(at_most=problem.rules.at_most + cuts), model, effort)

    return by_cuts


def stability(solve_at: Callable[[float], Solution], speeds: Sequence[float], sites: Iterable[int]) -> pd.DataFrame:
    """Tell at which walking speeds the sites of a plan are chosen too.

    Parameters
    ----------
    solve_at : callable
        Called with a speed (m/s), returns the plan at it; site numbers are the same at every speed.
    speeds : sequence of float
        The speeds, each once.
    sites : iterable of int
        The sites of the plan.

    Returns
    -------
    pandas.DataFrame
        One row for each site of the plan: ``row`` (the site), a column of bool for each speed (named by the number),
        and ``stays_at`` (at how many speeds it stays). If no plan is found at a speed, no site stays at it.

    Examples
    --------
    >>> import numpy as np
    >>> from siting.locate.problem import Solution, Stage
    >>> from siting.locate.series import stability
    >>> def at(speed):
    ...     chosen = np.array([0, 2] if speed < 1 else [1, 2])
    ...     return Solution(chosen, "optimal", (Stage("covered", "max", 9.0, 9.0),), "proved", "")
    >>> stability(at, [0.8, 1.0], [0, 2]).to_numpy().tolist()
    [[0, True, False, 1], [2, True, True, 2]]
    """
    table = pd.DataFrame({"row": np.array(list(sites), dtype=np.int64)})
    for speed in speeds:
        table[speed] = table["row"].isin(solve_at(speed).chosen.tolist())
    table["stays_at"] = table[list(speeds)].sum(axis=1).astype(np.int64)
    return table


def _cut(problem: Problem, places: Ints, chosen: Ints, differ: int) -> tuple[Ints, int]:
    """Return the sites of the places of a plan, without kept ones, and how many of them another plan may open."""
    sites = np.flatnonzero(np.isin(places, places[chosen]) & ~problem.kept)
    return sites.astype(np.int64), int(chosen.size) - differ


def _as_good(other: Solution, first: Solution, within: float) -> bool:
    return _names(other) == _names(first) and all(
        _reaches(stage.objective, ours, within) for stage, ours in zip(other.stages, first.stages, strict=True)
    )


def _none_as_good(other: Solution, first: Solution, within: float) -> bool:
    """Tell whether the last solution proves that no plan is within the share of the first in every stage."""
    if not other.stages:
        return other.status == "infeasible"
    if _names(other) != _names(first):
        # If the first plan meets all clauses, a plan that must leave a shortfall is not comparable.
        return other.status == "relaxed" and any(stage.bound > 0 for stage in other.stages[:-1])
    for stage, ours in zip(other.stages, first.stages, strict=False):
        if not _reaches(stage.bound, ours, within):
            return True
        # The bound of a later stage is valid only for plans that are best in the stages before.
        if stage.sense == "max" or stage.objective != 0 or ours.objective != 0:
            return False
    return False


def _names(solution: Solution) -> list[str]:
    return [stage.name for stage in solution.stages]


def _reaches(value: float, stage: Stage, within: float) -> bool:
    """Tell whether a value is at most a share worse than the objective of a stage."""
    return _sense(stage) * value >= _sense(stage) * _least(stage, within)


def _least(stage: Stage, within: float) -> float:
    """Return the worst value that is at most a share worse than the objective of a stage."""
    return stage.objective - _sense(stage) * (within + NOISE) * abs(stage.objective)


def _sense(stage: Stage) -> float:
    return 1.0 if stage.sense == "max" else -1.0


def _differs(places: Ints, first: Ints, other: Ints) -> int:
    return int((~np.isin(places[first], places[other])).sum())


def _plans(problem: Problem, places: Ints, found: Sequence[Solution], new: Bools) -> pd.DataFrame:
    first = found[0]
    sites = first.chosen[new[first.chosen]]
    records = []
    for number, each in enumerate(found):
        compared, loss = _loss(first, each)
        records.append(
            {
                "plan": number,
                "chosen": tuple(each.chosen.tolist()),
                "stations": int((problem.counted & new)[each.chosen].sum()),
                "objective": each.objective,
                "bound": each.bound,
                "compared": compared,
                "loss_share": loss,
                "differs": _differs(places, sites, each.chosen),
                "status": each.status,
            }
        )
    return pd.DataFrame(records)


def _loss(first: Solution, other: Solution) -> tuple[str, float]:
    """Return the first stage in which two plans differ, and how much worse the other plan is there, relative.

    Later stages are not comparable between plans that differ in an earlier one.
    """
    name, loss = first.stages[-1].name, 0.0
    for ours, theirs in zip(first.stages, other.stages, strict=False):
        worse = _sense(ours) * (ours.objective - theirs.objective)
        if abs(worse) > NOISE * abs(ours.objective):
            name, loss = ours.name, worse / abs(ours.objective) if ours.objective else worse * math.inf
            break
    return name, loss


def _sites(places: Ints, found: Sequence[Solution], new: Bools) -> pd.DataFrame:
    first, others = found[0].chosen[new[found[0].chosen]], found[1:]
    kept = [sum(place in places[other.chosen] for other in others) for place in places[first]]
    sites = {"row": first, "kept_in": np.array(kept, dtype=np.int64), "of": np.full(first.size, len(others))}
    return pd.DataFrame(sites)
