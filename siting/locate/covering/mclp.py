"""Most persons within the cut-off from so many stations: search, bounds, fixing, and the solver for the rest."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.covering.choice import break_ties, lists_of
from siting.locate.covering.cover import Cover
from siting.locate.covering.exact import solve_exactly
from siting.locate.covering.mclp_search import CoverSearch
from siting.locate.covering.reduction import Reduction, reduced, without_dominated
from siting.locate.covering.state import covered_by
from siting.locate.deadline import Deadline
from siting.locate.highs import solver_name
from siting.locate.problem import NOISE, Effort, Problem, Solution, Stage, nothing_found, status_of

# The steps of the first bound, and their lengths; later ones double each time, and start from good multipliers.
_STEPS: Final = 250
_LENGTHS: Final = ((0.5, 0.005), (0.2, 0.002), (0.2, 0.0005))
_MOST_STEPS: Final = 4_000
# Steps that close less than this share of the gap are the last ones.
_WORTHWHILE: Final = 0.02
# Rounds of search: exchanges for each station in the first round (doubled each time, up to a maximum factor) but at
# least so many, and temperatures for a restart and for a start from the incumbent.
_PROPOSALS: Final = (500, 10_000)
_DOUBLINGS: Final = 8
_TEMPERATURES: Final = ((0.05, 0.01), (0.035, 0.01))
# The temperatures at which choices are merged after each round, with as many exchanges: this is fast because there are
# few sites.
_MERGING: Final = (0.03, 0.003)
# A core of at most so many pairs of sites and groups goes to the solver after so much work, in units of the search: the
# fewer pairs, the better the solver's chance to improve the bound. Seconds would differ between machines. If few
# candidates are not proved by then, they seldom are soon.
_FEW_PAIRS: Final = 150_000
_FEW_WORK: Final = 25_000_000
_HANDED_OVER: Final = ((8_000, 0), (150_000, 2_000_000_000), (500_000, 80_000_000_000), (math.inf, 1_000_000_000_000))


def maximal_covering(problem: Problem, effort: Effort) -> Solution:
    """Choose the sites that cover most, and prove how good the choice is.

    The program (Church & ReVelle 1974), with ``w_i`` the value of point i, ``N_i`` the sites that reach it,
    ``x_j = 1`` where site j is open and ``y_i = 1`` where point i is covered, is

        maximise   Σ_i w_i y_i   over the points that no kept site reaches
        subject to y_i ≤ Σ_{j ∈ N_i} x_j  for each i,   Σ_j x_j ≤ p over the sites that are not kept,
                   x_j = 1 for forced sites and 0 for forbidden ones,   x_j, y_i ∈ {0, 1}.

    Parameters
    ----------
    problem : Problem
        A plain problem (:attr:`~siting.locate.problem.Problem.is_plain`): ``rules.stations`` is p (None: no limit), and
        sites may be kept, forced or forbidden. Other rules are ignored.
    effort : Effort
        When to stop. ``max_nodes`` counts the solver's nodes; the work before is fixed, so that every machine finds the
        same choice if the time limit is not reached.

    Returns
    -------
    Solution
        One stage, ``"covered"``: the value newly covered, and its bound. ``chosen`` holds forced sites and those that
        add something, at most p; single ones are exchanged for equal ones with lower numbers. ``first_objective`` is
        the result of greedy addition. ``"infeasible"`` if a site is both forced and forbidden, or more sites are forced
        than may be open.

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
    if problem.clash:
        return nothing_found("proved", solver_name(), *problem.clash)
    reduction = reduced(problem, dominated=False)
    stations = len(reduction.sites)
    if problem.rules.stations is not None:
        stations = min(stations, problem.rules.stations - len(reduction.forced))
    deadline = Deadline(effort)
    core = without_dominated(reduction.cover, stations, deadline.should_stop)
    search = CoverSearch(reduction.cover, core, reduction.whole, reduction.base, deadline)
    try:
        run(search)
    except KeyboardInterrupt:
        search.ended = "interrupt"
    return solution(problem, reduction, search)


def run(search: CoverSearch) -> None:
    """Improve incumbent and bound in turn until they meet, or the effort is spent."""
    search.start()
    if not search.should_continue():
        return
    search.lower_bound(_STEPS, _LENGTHS[0])
    worthwhile = True
    turn = 0
    while search.should_continue() and search.work < handed_over(search.core.pairs, few=search.few):
        proposals = max(_PROPOSALS[0] * search.stations, _PROPOSALS[1]) * 2 ** min(turn, _DOUBLINGS)
        searched = search.improve(proposals, _TEMPERATURES[turn % 2], from_greedy=turn % 2 == 0)
        if search.should_continue():
            search.improve(proposals, _MERGING, from_greedy=False, merging=True)
        if not search.should_continue() or not (searched or worthwhile):
            break
        if worthwhile:
            before = search.bound
            search.lower_bound(min(_STEPS * 2**turn, _MOST_STEPS), _LENGTHS[1 + (turn > 1)])
            worthwhile = turn < 2 or before - search.bound > _WORTHWHILE * (before - search.value)  # noqa: PLR2004
        else:
            search.fix_sites()
        turn += 1
    if search.should_continue():
        solve_exactly(search)


def handed_over(pairs: int, *, few: bool) -> float:
    """Return the work after which a core of so many pairs goes to HiGHS; little work if candidates are few."""
    if few and pairs <= _FEW_PAIRS:
        return _FEW_WORK
    return next(work for most, work in _HANDED_OVER if pairs <= most)


def solution(problem: Problem, reduction: Reduction, search: CoverSearch) -> Solution:
    """Return the incumbent and bound of a search as a solution of the problem."""
    chosen, objective = in_words(
        problem, reduction, lowest_equal(search.cover, search.chosen, search.noise, search.should_stop)
    )
    bound = reduction.base + search.bound
    # A difference within the error of float sums is no gap.
    bound = objective if bound - objective <= NOISE * objective else bound
    stages = (Stage("covered", "max", objective, bound),)
    return Solution(
        chosen=chosen,
        status=status_of(stages),
        stages=stages,
        stopped_by=search.ended or "solver",
        solver=solver_name(),
        first_objective=reduction.base + search.first,
    )


def lowest_equal(cover: Cover, chosen: Ints, noise: float, should_stop: Callable[[], bool] | None = None) -> Ints:
    """Return as many sites or fewer, ascending, that cover no less (sums within ``noise`` are equal); lower ones first.

    After a stop by ``should_stop`` or Ctrl-C, the exchanges made so far are kept.
    """
    begin = np.zeros(len(cover.start) - 1, dtype=np.bool_)
    begin[chosen] = True
    uncovered = float(cover.weight[~covered_by(cover, chosen.astype(np.int32))].sum())
    return np.flatnonzero(break_ties(lists_of(cover), begin, uncovered + noise, should_stop)).astype(np.int64)


def in_words(problem: Problem, reduction: Reduction, chosen: Ints) -> tuple[Ints, float]:
    """Return sites of a reduced problem, with the forced ones, by their own numbers, and the newly covered value."""
    sites = np.sort(np.concatenate([reduction.forced, reduction.sites[chosen]]))
    newly = problem.reached_by(sites) & ~problem.reached_by(sites[:0])
    return sites, math.fsum(problem.value[newly])
