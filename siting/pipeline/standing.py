"""Facilities that a plan may close or enlarge: whom they serve today, and that none is closed for nothing."""

from dataclasses import replace

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.compliance import Compliance, Outcome
from siting.locate.problem import Effort, MaximalCovering, Model, Problem, Rules, Solution
from siting.locate.series import Solver
from siting.locate.solve import solve
from siting.pipeline.asking import Question


def standing_rows(question: Question) -> Ints:
    """Return the rows of the problem of facilities that may change, as they are today."""
    sites = question.sites
    return question.rows_of(np.flatnonzero(sites["facility"] & sites["standing"]))


def covered_by(problem: Problem, rows: Ints, effort: Effort) -> float:
    """Return what some rows cover (or serve, with capacity) beside those that are kept."""
    return service(problem, rows, effort).objective if len(rows) else 0.0


def service(problem: Problem, rows: Ints, effort: Effort) -> Solution:
    """Return how some rows cover (or serve, with capacity) most, beside those that are kept."""
    others = ~problem.kept
    others[rows] = False
    bare = Rules(kept=problem.rules.kept, forbidden=others, capacity=problem.rules.capacity)
    return solve(replace(problem, rules=bare), MaximalCovering(), replace(effort, report=None))


def staying(question: Question, solver: Solver) -> Solver:
    """Return the same solver, whose plans leave a facility open where closing it makes room for nothing.

    What adds nobody is not opened; but what stands costs nothing, and closing it loses more than coverage.
    """
    stands = standing_rows(question)

    def solved(problem: Problem, model: Model, effort: Effort) -> Solution:
        found = solver(problem, model, effort)
        if not found.stages:
            return found
        for row in stands[problem.counted[stands]].tolist():
            if _may_stay(problem, found.chosen, row):
                found = replace(found, chosen=np.union1d(found.chosen, [row]))
        if isinstance(found, Compliance):
            opened = np.isin(np.arange(problem.sites), found.chosen)
            again = (Outcome(each.requirement, each.requirement.finding(opened)) for each in found.outcomes)
            found = replace(found, outcomes=tuple(again))
        return found

    # Only what counts as a station can be closed to make room for one.
    return solved if question.problem.counted[stands].any() else solver


def _may_stay(problem: Problem, chosen: Ints, row: int) -> bool:
    """Tell whether a row that stands can be open beside the chosen ones."""
    rules, places = problem.rules, problem.rules.place
    same = chosen == row if places is None else places[chosen] == places[row]
    full = rules.stations is not None and int(problem.counted[chosen].sum()) >= rules.stations
    opened = np.append(chosen, row)
    near = rules.apart is not None and any(row in pair and np.isin(pair, opened).all() for pair in rules.apart.tolist())
    cut = any(int(np.isin(opened, rows).sum()) > most for rows, most in rules.at_most)
    return bool(problem.open_to_choice[row]) and not (same.any() or full or near or cut)
