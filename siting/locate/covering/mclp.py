"""Maximal covering (MCLP): most persons within the cut-off from so many stations.

Local search, bounds and fixing improve an incumbent and a bound until they meet; HiGHS proves the rest.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from siting.domain.nouns import Floats, Ints
from siting.locate.covering.exact import mclp_milp
from siting.locate.covering.instance import Cover, Numbers
from siting.locate.covering.lagrangian import bound_at, subgradient_descent, subgradient_from
from siting.locate.covering.local_search import anneal, break_ties, fill, interchange
from siting.locate.covering.reduction import (
    ReducedCovering,
    Reduction,
    fix_by_reduced_cost,
    part,
    reduced,
    without_dominated,
)
from siting.locate.covering.state import State, empty, opened, state_of
from siting.locate.deadline import Deadline, Interruptible
from siting.locate.generator import random_state
from siting.locate.highs import Run, minimise, solver_name
from siting.locate.problem import NOISE, Bools, Effort, Ended, Problem, Solution, Stage, nothing_found, status_of
from siting.locate.tolerances import INTEGER_TOLERANCE, SUM_TOLERANCE

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
# The most pairs that one call of a compiled loop reads, so that it returns soon.
_AT_ONCE: Final = 60_000_000
_PROPOSALS_AT_ONCE: Final = 40_000
# Work is counted in pairs that a subgradient step reads (somewhat less than a nanosecond each). A group takes as long
# as so many pairs, and so does each entry that local search reads, because it lies scattered in memory.
_BESIDE: Final = 3
_SCATTERED: Final = 3
# Exchanges are considered among sites whose profit is below that of the last chosen one by at most this share of the
# gap.
_NEAR: Final = 0.3
# Bound and incumbent are equal within this share, slightly less than the tolerance of a proof.
_RELATIVE_GAP: Final = 0.9 * NOISE
# The largest number of candidates that counts as few, with any number of points: points merge into few groups.
_FEW: Final = 150
# The number of choices that are stored for merging.
_REMEMBERED: Final = 8
# The size of the largest weight in the solver, if weights are not whole numbers.
_LARGEST: Final = 1000.0


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
    if effort.start is not None:
        inside = np.flatnonzero(np.isin(reduction.sites, effort.start)).astype(np.int64)
        search.begun = inside if len(inside) <= stations else None
    with Interruptible() as part:
        run(search)
    if part.interrupted:
        search.ended = "interrupt"
    return solution(problem, reduction, search)


def run(search: "CoverSearch") -> None:
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


def solution(problem: Problem, reduction: Reduction, search: "CoverSearch") -> Solution:
    """Return the incumbent and bound of a search as a solution of the problem."""
    chosen, objective = in_words(
        problem, reduction, lowest_equal(search.cover, search.chosen, search.noise, search.should_stop, search.deadline)
    )
    bound = reduction.base + search.bound
    # A difference within the error of float sums is no gap.
    bound = objective if bound - objective <= NOISE * objective else bound
    stages = (Stage("covered", "max", objective, bound),)
    return Solution(
        chosen=chosen,
        status=status_of(stages),
        stages=stages,
        # Ctrl-C while ties were broken counts too.
        stopped_by="interrupt" if search.deadline.ended == "interrupt" else search.ended or "solver",
        solver=solver_name(),
        first_objective=reduction.base + search.first,
    )


def lowest_equal(
    cover: Cover,
    chosen: Ints,
    noise: float,
    should_stop: Callable[[], bool] | None = None,
    deadline: Deadline | None = None,
) -> Ints:
    """Return as many sites or fewer, ascending, that cover no less (sums within ``noise`` are equal); lower ones first.

    After a stop by ``should_stop`` or Ctrl-C, which stops the deadline too, the exchanges made so far are kept.
    """
    uncovered = float(cover.weight[~cover.covered(chosen)].sum())
    return break_ties(cover, chosen, uncovered + noise, should_stop, deadline)


def in_words(problem: Problem, reduction: Reduction, chosen: Ints) -> tuple[Ints, float]:
    """Return sites of a reduced problem, with the forced ones, by their own numbers, and the newly covered value."""
    sites = np.sort(np.concatenate([reduction.forced, reduction.sites[chosen]]))
    newly = problem.reached_by(sites) & ~problem.reached_by(sites[:0])
    return sites, math.fsum(problem.value[newly])


# --- search -----------------------------------------------------------------------------------------------------------


@dataclass
class CoverSearch:
    """The incumbent, the bound and the multipliers of one problem.

    Parameters
    ----------
    cover : Cover
        The whole problem.
    core : ReducedCovering
        The sites that may be opened, and the largest number of them.
    whole : bool
        Whether all weights are whole numbers.
    base : float
        The weight that is covered in addition, by every choice.
    deadline : Deadline
        When to stop, and the callable for progress.
    work : int
        The work done so far, counted: the same on every machine.
    begun : ndarray of int or None
        A choice of sites of the whole, from which the search starts beside the greedy one.
    """

    cover: Cover
    core: ReducedCovering
    whole: bool
    base: float
    deadline: Deadline
    multipliers: Floats = field(init=False)
    chosen: Ints = field(init=False)
    value: float = field(init=False, default=0.0)
    bound: float = field(init=False)
    first: float = field(init=False, default=0.0)
    ended: Ended | None = field(init=False, default=None)
    begun: Ints | None = field(init=False, default=None)
    work: int = field(init=False, default=0)
    found: list[tuple[float, Ints]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Start with an empty choice."""
        self.report = self.deadline.effort.report
        self.stations = self.core.stations
        self.chosen = np.zeros(0, dtype=np.int64)
        self.multipliers = np.zeros_like(self.core.cover.weight)
        self.bound = self.rounded(float(self.cover.weight.sum()))
        self.random = random_state(self.deadline.effort.seed)

    @property
    def few(self) -> bool:
        """Whether there are few candidates: the solver then needs little time, and neither presolve nor heuristics."""
        return len(self.cover.start) - 1 <= _FEW

    @property
    def needed(self) -> float:
        """The weight that a better choice covers at least."""
        return self.value + (0.5 if self.whole else 0.5 * NOISE * (self.base + self.value))

    @property
    def proved(self) -> bool:
        """Whether bound and incumbent are as close as requested."""
        total = self.base + self.value
        return self.bound - self.value <= max(self.deadline.effort.rel_gap, _RELATIVE_GAP) * total

    def rounded(self, bound: float) -> float:
        """Return a bound rounded to whole persons."""
        return math.floor(bound + NOISE) if self.whole and math.isfinite(bound) else bound

    def should_continue(self) -> bool:
        """Tell whether to continue; if not, record why."""
        if self.proved:
            self.ended = "proved"
        return not self.should_stop() and self.ended is None

    def should_stop(self) -> bool:
        """Tell whether to stop without a proof, and record why."""
        if self.ended is None:
            self.ended = self.deadline.check()
        return self.ended in ("interrupt", "time")

    @property
    def remembered(self) -> Ints:
        """Sites of the stored choices."""
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(chosen for _, chosen in self.found)]))

    def remember(self, chosen: Ints) -> None:
        """Store a choice of sites of the whole, ascending, if it is among the best."""
        if not any(np.array_equal(chosen, other) for _, other in self.found):
            self.found.append((self.cover.covered_weight(chosen), chosen))
            self.found = sorted(self.found, key=lambda each: -each[0])[:_REMEMBERED]

    def update_incumbent(self, chosen: Ints) -> None:
        """Make a choice of sites of the whole the incumbent if it covers more."""
        value = self.cover.covered_weight(chosen)
        if value > self.value * (1.0 + SUM_TOLERANCE):
            self.value, self.chosen = value, np.sort(chosen)
            self.bound = max(self.bound, value)
            self._tell()

    def update_bound(self, bound: float) -> None:
        """Accept a bound of the core if it is lower: outside the core nothing covers more than the incumbent."""
        bound = max(self.rounded(bound + self.core.base), self.value)
        if bound < self.bound:
            self.bound = bound
            self._tell()

    def _tell(self) -> None:
        if self.report is not None and len(self.chosen):
            self.report(self.base + self.value, self.base + self.bound)

    def start(self) -> None:
        """Choose greedily, improve by interchange, and set the first multipliers."""
        state = empty(self.cover)
        first = np.sort(state.gain)[::-1][: self.stations]
        try:
            fill(self.cover, state, self.stations, should_stop=self.should_stop)
            self.update_bound(float(first.sum()) * (1.0 + 0.1 * NOISE))
            self.update_incumbent(opened(state))
            self.first = self.value
            interchange(self.cover, state, self.noise, self.should_stop)
        finally:
            # After Ctrl-C too.
            self.update_incumbent(opened(state))
            if self.begun is not None:
                self.update_incumbent(self.begun)
                self.remember(np.sort(self.begun))
        inside = np.searchsorted(self.core.sites, np.intersect1d(self.chosen, self.core.sites))
        times = state_of(self.core.cover, inside).times
        self.multipliers = self.core.cover.weight / np.maximum(times, 1)

    @property
    def noise(self) -> float:
        """The possible error of sums of weights."""
        return 0.5 if self.whole else SUM_TOLERANCE * float(self.cover.weight.sum())

    def lower_bound(self, steps: int, lengths: tuple[float, float]) -> Floats:
        """Lower the bound by so many subgradient steps; fix sites by reduced cost.

        Returns
        -------
        ndarray
            The best multipliers of the groups of the core as it was.
        """
        core, subgradient = self.core, subgradient_from(self.multipliers)
        at_once = max(_AT_ONCE // max(core.pairs, 1), 10)
        fix_sites = (lengths[1] / lengths[0]) ** (1.0 / steps)
        least, best = math.inf, self.multipliers
        for done in range(0, steps, at_once):
            many = min(at_once, steps - done)
            ends = (many, lengths[0] * fix_sites**done, lengths[0] * fix_sites ** (done + many))
            self.work += many * (core.pairs + _BESIDE * len(core.cover.weight))
            target, budget = self.value - core.base, self.left
            found = subgradient_descent(
                core.cover, core.stations, target, ends, subgradient, self.should_stop, budget=budget
            )
            if found < least:
                least, best = found, subgradient.best.copy()
                self.update_bound(self.bound_at(best))
            if not self.should_continue():
                break
        self.multipliers = best
        self.fix_sites()
        return best

    @property
    def left(self) -> float:
        """The most that the sites of the core may cost together; if it is inf, their number counts."""
        return math.inf

    def bound_at(self, multipliers: Floats) -> float:
        """Return the bound of the core at some multipliers."""
        return bound_at(self.core.cover, self.core.stations, multipliers)[0]

    def fix_sites(self) -> None:
        """Close the sites of the core that no better choice opens, and open those that every one opens."""
        if not self.proved:
            self.core, self.multipliers = fix_by_reduced_cost(self.core, self.multipliers, self.needed - self.core.base)

    def improve(
        self, proposals: int, temperatures: tuple[float, float], *, from_greedy: bool, merging: bool = False
    ) -> bool:
        """Anneal exchanges among the sites of the core with similar profits, from the incumbent or a greedy choice.

        Parameters
        ----------
        proposals : int
            The number of exchanges to examine.
        temperatures : tuple of float
            First and last temperature, as a share of the median gain of the open sites.
        from_greedy : bool
            Whether to start from a greedy choice instead of the incumbent.
        merging : bool, default False
            Whether to search only among the sites of the best stored choices: sites in all of them are probably right,
            and where they differ each may be the best somewhere.

        Returns
        -------
        bool
            Whether there is anything to exchange.
        """
        core = self._among(np.isin(self.core.sites, self.remembered)) if merging else self._nearby()
        if not 0 < core.stations < len(core.sites):
            return False
        state = empty(core.cover)
        if not from_greedy:
            inside = np.searchsorted(core.sites, np.intersect1d(self.chosen, core.sites))
            state = state_of(core.cover, inside[: core.stations])
        fill(core.cover, state, core.stations, should_stop=self.should_stop)
        interchange(core.cover, state, self.noise, self.should_stop)
        best = state.chosen[: state.size[0]].copy()
        if 0 < len(best) < len(core.sites):
            scale = float(np.median(state.gain[best]))
            if scale > 0.0:
                self._anneal(core, state, proposals, (temperatures[0] * scale, temperatures[1] * scale), best)
        last = state_of(core.cover, best)
        interchange(core.cover, last, self.noise, self.should_stop)
        self.work += _SCATTERED * int(state.touched[0] + last.touched[0])
        chosen = core.whole(last.chosen[: last.size[0]])
        self.remember(chosen)
        self.update_incumbent(chosen)
        return True

    def _anneal(
        self, core: ReducedCovering, state: State, proposals: int, temperatures: tuple[float, float], best: Numbers
    ) -> None:
        tally = np.zeros(2)
        rounds = max(proposals // _PROPOSALS_AT_ONCE, 1)
        falls = (temperatures[1] / temperatures[0]) ** (1.0 / rounds)
        for each in range(rounds):
            ends = temperatures[0] * falls**each, temperatures[0] * falls ** (each + 1)
            anneal(core.cover, state, self.random, proposals // rounds, ends, best, tally, self.should_stop)
            if not self.should_continue():
                return

    def _nearby(self) -> ReducedCovering:
        core = self.core
        if not 0 < core.stations < len(core.sites):
            return core
        bound, profit = bound_at(core.cover, core.stations, self.multipliers)
        last = np.partition(profit, len(profit) - core.stations)[len(profit) - core.stations]
        near = profit >= last - _NEAR * max(bound + core.base - self.value, 0.0)
        return self._among(near)

    def _among(self, sites: Bools) -> ReducedCovering:
        return part(self.core, sites | np.isin(self.core.sites, self.chosen))[0]


# --- exact ------------------------------------------------------------------------------------------------------------


def solve_exactly(search: CoverSearch) -> int:
    """Solve the reduced problem with HiGHS; return the number of nodes.

    Parameters
    ----------
    search : CoverSearch
        Incumbent and bound, which it improves; it has at least one site and one station left. It accepts choices that
        cover as much as the incumbent.
    """
    core, begin = search.core, search.base + search.core.base
    chosen = np.searchsorted(core.sites, search.chosen[np.isin(search.chosen, core.sites)])
    start = None
    if np.isin(core.opened, search.chosen).all() and len(chosen) + len(core.opened) == len(search.chosen):
        start = np.zeros(len(core.sites) + len(core.cover.weight))
        start[chosen] = 1.0
        start[len(core.sites) :] = core.cover.covered(chosen)
    total, scale = search.base + search.value, _scale(search)

    def report(objective: float, bound: float) -> None:
        if search.report is not None:
            covered, most = begin - objective / scale, min(begin - bound / scale, search.base + search.bound)
            search.report(max(covered, search.base + search.value), max(most, search.base + search.value))

    effort = replace(search.deadline.left(report=report), rel_gap=0.0)
    gap = max(search.deadline.effort.rel_gap * total, 1.0 - INTEGER_TOLERANCE if search.whole else 0.0)
    milp = mclp_milp(core, scale, search.left)
    run = minimise(milp, effort, start=start, abs_gap=gap * scale, prepared=search.few)
    _take(search, run, scale)
    return run.nodes


def _scale(search: CoverSearch) -> float:
    """Return a power of two that makes weights large relative to HiGHS's absolute tolerances."""
    heaviest = float(search.core.cover.weight.max(initial=0.0))
    return 1.0 if search.whole or heaviest <= 0.0 else 2.0 ** math.floor(math.log2(_LARGEST / heaviest))


def _take(search: CoverSearch, run: Run, scale: float) -> None:
    core = search.core
    if run.values is not None:
        chosen = np.flatnonzero(run.values[: len(core.sites)] > 0.5)  # noqa: PLR2004 - whole except for rounding errors
        search.update_incumbent(core.whole(chosen))
    if run.stopped_by == "infeasible":
        search.ended = "solver"
        return
    search.update_bound(-run.bound / scale)
    search.ended = "proved" if search.proved or run.stopped_by == "proved" else run.stopped_by
