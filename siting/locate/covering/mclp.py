"""Most persons within the cut-off from so many stations: search, bound, fixing, and the solver for the rest."""

import math
from typing import Final

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.covering.exact import finish
from siting.locate.covering.fixing import undominated
from siting.locate.covering.local_search import settled
from siting.locate.covering.mclp_search import Race
from siting.locate.covering.reduction import Reduction, reduced
from siting.locate.highs import solver_name
from siting.locate.problem import NOISE, Effort, Problem, Rule, Solution, Stage, status_of

# The first steps towards the bound, and their lengths; later ones are twice as many each time, and begin near.
_STEPS: Final = 250
_LENGTHS: Final = ((0.5, 0.005), (0.2, 0.002), (0.2, 0.0005))
_MOST_STEPS: Final = 4_000
# Steps that close less than this share of the gap are the last ones.
_WORTHWHILE: Final = 0.02
# Rounds of search: exchanges looked at for each station in the first round (twice as many each time, up to so many
# times) but at least so many, and heats when it begins anew and when it goes on from the incumbent.
_PROPOSALS: Final = (500, 10_000)
_DOUBLINGS: Final = 8
_HEATS: Final = ((0.05, 0.01), (0.035, 0.01))
# The heats at which what was found is merged after each round, by as many exchanges: among few rows they are cheap.
_MERGING: Final = (0.03, 0.003)
# A core of at most so many pairs of rows and groups is the solver's once so much work is done, as counted by the race:
# the fewer, the better the solver's chance to better the bound. Seconds are no measure: they differ by machine.
# Of few candidates those that are not proved by then seldom are soon.
_FEW_PAIRS: Final = 150_000
_FEW_WORK: Final = 100_000_000
_HANDED_OVER: Final = ((8_000, 0), (150_000, 2_000_000_000), (500_000, 80_000_000_000), (math.inf, 1_000_000_000_000))


def maximal_covering(problem: Problem, effort: Effort) -> Solution:
    """Choose the rows that cover most, and prove how good the choice is.

    The programme (Church & ReVelle 1974), with ``w_i`` the value of point i, ``N_i`` the rows that reach it,
    ``x_j = 1`` where row j is open and ``y_i = 1`` where point i is covered, is

        maximise   Σ_i w_i y_i   over the points that no kept row reaches
        subject to y_i ≤ Σ_{j ∈ N_i} x_j  for each i,   Σ_j x_j ≤ p over the rows that are not kept,
                   x_j = 1 for forced rows and 0 for forbidden ones,   x_j, y_i ∈ {0, 1}.

    Parameters
    ----------
    problem : Problem
        A plain one (:attr:`~siting.locate.problem.Problem.is_plain`): ``rules.stations`` is p (None: as many as one
        likes), and rows may be kept, forced or forbidden. Other rules are not looked at.
    effort : Effort
        When to stop. ``max_nodes`` counts the solver's nodes; what goes before is a fixed amount of work, so that as
        long as the seconds do not run out the same choice is found everywhere.

    Returns
    -------
    Solution
        One stage, ``"covered"``: the value newly covered, and what no choice can exceed. ``chosen`` holds forced rows
        and those that add something, at most p; single ones are exchanged for equals of lower number.
        ``first_objective`` is what adding the best row again and again reaches. ``"infeasible"`` where a row is both
        forced and forbidden, or more rows are forced than may be open.

    Notes
    -----
    The bound is the smaller of the Lagrangian bound and the solver's. If all values are whole numbers, so is the bound.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.covering import maximal_covering
    >>> from siting.locate.problem import Effort, Problem, Rules
    >>> reach = csr_array(np.array([[60.0, 60, 0, 0], [0, 60, 60, 0], [0, 0, 60, 60]]))
    >>> problem = Problem(reach, np.array([40.0, 50.0, 60.0, 30.0]), Rules(stations=2))
    >>> found = maximal_covering(problem, Effort())
    >>> found.chosen.tolist(), found.objective, found.bound, found.status
    ([0, 2], 180.0, 180.0, 'optimal')
    """
    clash = clash_of(problem)
    if clash:
        return Solution(np.zeros(0, dtype=np.int64), "infeasible", (), "proved", solver_name(), blocked_by=clash)
    reduction = reduced(problem, dominated=False)
    stations = len(reduction.rows)
    if problem.rules.stations is not None:
        stations = min(stations, problem.rules.stations - len(reduction.forced))
    core = undominated(reduction.cover, stations, effort.from_now())
    race = Race(reduction.cover, core, reduction.whole, reduction.base, effort)
    try:
        run(race)
    except KeyboardInterrupt:
        race.ended = "interrupt"
    return solution(problem, reduction, race)


def run(race: Race) -> None:
    """Let incumbent and bound run until they meet, or the effort is spent."""
    race.start()
    if not race.goes_on():
        return
    race.lower(_STEPS, _LENGTHS[0])
    worthwhile = True
    turn = 0
    while race.goes_on() and race.work < handed_over(race.core.pairs, few=race.few):
        proposals = max(_PROPOSALS[0] * race.stations, _PROPOSALS[1]) * 2 ** min(turn, _DOUBLINGS)
        searched = race.search(proposals, _HEATS[turn % 2], anew=turn % 2 == 0)
        if race.goes_on():
            race.search(proposals, _MERGING, anew=False, merging=True)
        if not race.goes_on() or not (searched or worthwhile):
            break
        if worthwhile:
            before = race.bound
            race.lower(min(_STEPS * 2**turn, _MOST_STEPS), _LENGTHS[1 + (turn > 1)])
            worthwhile = turn < 2 or before - race.bound > _WORTHWHILE * (before - race.value)  # noqa: PLR2004
        else:
            race.shrink()
        turn += 1
    if race.goes_on():
        finish(race)


def handed_over(pairs: int, *, few: bool) -> float:
    """Return after how much work a core of so many pairs is the solver's; soon if candidates are few."""
    if few and pairs <= _FEW_PAIRS:
        return _FEW_WORK
    return next(work for most, work in _HANDED_OVER if pairs <= most)


def solution(problem: Problem, reduction: Reduction, race: Race) -> Solution:
    """Return what a race has found, in the words of the problem."""
    chosen, objective = in_words(problem, reduction, settled(race.cover, race.chosen, race.noise, race.stops))
    bound = reduction.base + race.bound
    # What sums of floats may be off by is no gap.
    bound = objective if bound - objective <= NOISE * objective else bound
    stages = (Stage("covered", "max", objective, bound),)
    return Solution(
        chosen=chosen,
        status=status_of(stages),
        stages=stages,
        stopped_by=race.ended or "solver",
        solver=solver_name(),
        first_objective=reduction.base + race.first,
    )


def in_words(problem: Problem, reduction: Reduction, chosen: Ints) -> tuple[Ints, float]:
    """Return rows of a reduced problem, and those forced, by their own numbers, and what they cover newly."""
    rows = np.sort(np.concatenate([reduction.forced, reduction.rows[chosen]]))
    newly = problem.reached_by(rows) & ~problem.reached_by(rows[:0])
    return rows, math.fsum(problem.value[newly])


def clash_of(problem: Problem) -> tuple[Rule, ...]:
    """Return the rules that no choice keeps to."""
    if problem.rules.forced is None:
        return ()
    forced = problem.rules.forced & ~problem.kept
    if np.any(forced & ~problem.open_to_choice):
        return ("forced",)
    if problem.rules.stations is not None and forced.sum() > problem.rules.stations:
        return ("stations", "forced")
    return ()
