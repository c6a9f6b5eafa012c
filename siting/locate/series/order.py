"""The order in which to build a plan: nested prefixes, each as good as possible."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from siting.domain.nouns import Ints, Progress, quiet
from siting.locate.problem import Effort, MaximalCovering, PMedian, Problem, Solution, Solver
from siting.locate.series.curve import by_kernels, sizes_up_to
from siting.locate.series.optima import Optimum, free_optima, propagate_bounds, sense_of
from siting.locate.series.sequence import best_sequence, subset_costs
from siting.locate.solve import solve


def build_order(
    problem: Problem,
    plan: Solution | int,
    effort: Effort,
    *,
    model: MaximalCovering | PMedian | None = None,
    curve: pd.DataFrame | None = None,
    solver: Solver = solve,
    progress: Progress = quiet,
) -> pd.DataFrame:
    r"""Order the sites of a plan so that the first stations built already cover as much as possible.

    The plan is unchanged. Among all its orders, the search finds the one whose largest loss of a prefix is least, and
    among these the one with the least sum of losses. A loss is relative to the best plan with as many stations:

    .. math::

        \min_\pi \; \operatorname{lex}\bigl(\max_k \ell_k, \sum_k \ell_k\bigr), \qquad
        \ell_k = \frac{z(k) - f(\pi_1, \dots, \pi_k)}{z(k)}

    - :math:`f` is the objective of the first k sites: value newly covered (for a p-median value × seconds, and the loss
      has the opposite sign),
    - :math:`z(k)` is the objective of the free optimum, or of the best known plan.

    Up to :data:`~siting.locate.series.sequence.EXACT_UP_TO` sites the order is optimal (for these :math:`z(k)`);
    beyond, it is heuristic; see :func:`~siting.locate.series.sequence.best_sequence`.

    Parameters
    ----------
    problem : Problem
        The walking times, the people and the rules; its kept sites stand before the first step. With capacity, the
        order is that of the problem without capacity, but its figures are those of the best service with it.
    plan : Solution or int
        The plan, or the number of stations of a plan that is found first.
    effort : Effort
        When to stop: the nodes and the gap of one free optimum, the seconds of all of them together.
    model : MaximalCovering or PMedian, optional
        The model that evaluates prefixes; a p-median needs seconds for persons beyond the cut-off. Maximal covering if
        absent.
    curve : pandas.DataFrame, optional
        The result of :func:`~siting.locate.series.curve.coverage_curve` by stations, so that it is not solved again.
    solver : callable
        Called as ``solver(problem, model, effort)``.
    progress : Progress
        Called as ``progress("curve", done, total)`` for each free optimum, then, with capacity, as
        ``progress("order", done, total)`` for each prefix.

    Returns
    -------
    pandas.DataFrame
        One row for each station: ``rank`` (from 1; sites that do not count as stations come first, with rank 0),
        ``row`` (the site), ``gain`` (its improvement), ``cumulative`` (f), ``best`` (z), ``bound`` (on any plan with as
        many stations), ``loss`` (z − f, or f − z) and ``loss_share``. Beyond 50 stations the free optimum is computed
        in steps of a tenth; for numbers in between ``best``, ``loss`` and ``loss_share`` are NaN, and those prefixes
        have no loss.

    Raises
    ------
    ValueError
        The model has no single objective, or the plan is infeasible.

    References
    ----------
    Hochbaum, D. S. and Pathria, A. (1998). Analysis of the greedy approach in problems of maximum k-coverage. Naval
    Research Logistics 45, 615-627: greedy addition keeps every prefix within 1 − 1/e of its optimum.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from siting.locate.problem import Effort, Problem
    >>> from siting.locate.series import build_order
    >>> reach = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    >>> problem = Problem(csr_array(reach * 60.0), np.array([40.0, 50.0, 60.0, 30.0]))
    >>> build_order(problem, 2, Effort())[["row", "cumulative", "best", "loss"]].to_numpy().tolist()
    [[0.0, 90.0, 110.0, 20.0], [2.0, 180.0, 180.0, 0.0]]
    """
    model = MaximalCovering() if model is None else model
    sense = sense_of(model)
    found = solver(problem.under(stations=plan), model, replace(effort, report=None)) if isinstance(plan, int) else plan
    if not found.stages:
        message = "a plan that is infeasible has no order"
        raise ValueError(message)
    counted = problem.counted[found.chosen]
    first, sites = found.chosen[~counted], found.chosen[counted]
    judge = _PrefixEvaluator(problem, model, effort, curve, solver, progress)
    free = judge.free_optima(found, int(sites.size))
    standing = problem.under(kept=problem.kept | np.isin(np.arange(problem.sites), first))
    best = np.array([each.objective for each in free])
    allowed = _whole(problem) - best if sense > 0 else best
    order = sites[best_sequence(subset_costs(standing, sites, model), allowed, best)]
    return _table(judge, (first, order), free)


@dataclass(frozen=True)
class _PrefixEvaluator:
    """Evaluates the prefixes of an order, and finds the free optima to compare them with."""

    problem: Problem
    model: MaximalCovering | PMedian
    effort: Effort
    curve: pd.DataFrame | None
    solver: Solver
    progress: Progress

    def free_optima(self, found: Solution, count: int) -> list[Optimum]:
        """Return the free optimum of 0, 1, ... count stations; without a plan for numbers that are skipped."""
        sense = sense_of(self.model)
        limits = [limit for limit in sizes_up_to(count) if limit >= 1]
        if self.curve is not None and isinstance(self.model, MaximalCovering):
            optima = _of_curve(self.curve, count)
        else:
            # If this model found the plan, the plan is the known optimum of its own size.
            own = len(found.stages) == 1 and found.stages[0].name == ("covered" if sense > 0 else "seconds")
            optima = free_optima(
                self.problem,
                limits[:-1] if own else limits,
                model=self.model,
                effort=self.effort,
                solver=self.solver,
                at_once=by_kernels(self.problem, self.solver) if sense > 0 else None,
                progress=self.progress,
            )
            if own and limits:
                objective = self.objective(found.chosen)
                optima.append(Optimum(limits[-1], found.chosen, objective, found.bound, found.stopped_by))
        optima = propagate_bounds(self.problem, optima, sense, "stations")
        known = {int(each.limit): each for each in optima}
        later = next((each.bound for each in optima if each.limit > count), sense * math.inf)
        free = []
        for size in range(count, -1, -1):
            here = known.get(size, Optimum(float(size), None, math.nan, later, "time"))
            later = here.bound
            free.append(here)
        return free[::-1]

    def objective(self, sites: Ints) -> float:
        """Return the objective of the given sites with the kept ones; with capacity, of the best service by them."""
        problem = self.problem
        if problem.rules.capacity is None:
            return objective_of(problem, sites, self.model)
        these = np.isin(np.arange(problem.sites), sites)
        alone = problem.under(stations=None, occupied=None, forced=these, forbidden=~these & ~problem.kept)
        found = self.solver(alone, self.model, replace(self.effort, report=None))
        return found.objective if found.stages else math.nan


def _of_curve(curve: pd.DataFrame, count: int) -> list[Optimum]:
    """Return the points of a curve, up to the first that is not smaller than the plan."""
    optima = []
    for point in curve.sort_values("limit").to_dict("records"):
        known = not math.isnan(point["newly_covered"])
        chosen = np.array(point["chosen"], dtype=np.int64) if known else None
        optima.append(
            Optimum(float(point["limit"]), chosen, point["newly_covered"], point["bound"], point["stopped_by"])
        )
        if point["limit"] >= count:
            break
    return optima


def _whole(problem: Problem) -> float:
    """Return the value that no kept site reaches."""
    return math.fsum(problem.value[~problem.reached_by(np.zeros(0, dtype=np.int64))])


def objective_of(problem: Problem, sites: Ints, model: MaximalCovering | PMedian) -> float:
    """Return the objective of the given sites with the kept ones: value newly covered, or value × seconds."""
    if isinstance(model, MaximalCovering):
        standing = problem.reached_by(np.zeros(0, dtype=np.int64))
        return math.fsum(problem.value[problem.reached_by(sites) & ~standing])
    open_sites = np.union1d(np.flatnonzero(problem.kept), sites)
    nearest = problem.nearest(open_sites)
    return math.fsum(problem.value * np.minimum(nearest, float(model.beyond_s or 0.0)))


def _table(judge: "_PrefixEvaluator", sites: tuple[Ints, Ints], free: list[Optimum]) -> pd.DataFrame:
    sense = sense_of(judge.model)
    first, order = sites
    sequence = np.concatenate([first, order])
    last = judge.objective(sequence[:0])
    records = []
    for place, site in enumerate(sequence.tolist()):
        if judge.problem.rules.capacity is not None:
            judge.progress("order", place, int(sequence.size))
        rank = max(place + 1 - first.size, 0)
        now = judge.objective(sequence[: place + 1])
        # A prefix is itself a plan, and may be better than the one found for its size.
        best = sense * max(sense * free[rank].objective, sense * now) if rank else math.nan
        loss = max(sense * (best - now), 0.0) if not math.isnan(best) else math.nan
        records.append(
            {
                "rank": rank,
                "row": site,
                "gain": sense * (now - last),
                "cumulative": now,
                "best": best,
                "bound": sense * max(sense * free[rank].bound, sense * now) if rank else math.nan,
                "loss": loss,
                "loss_share": loss / best if best else (0.0 if loss == 0.0 else math.inf),
            }
        )
        last = now
    columns = ("rank", "row", "gain", "cumulative", "best", "bound", "loss", "loss_share")
    return pd.DataFrame(records, columns=list(columns))
