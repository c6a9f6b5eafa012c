"""Facilities that a plan may close or enlarge: what they cover today, and which of them a plan keeps."""

import math
from dataclasses import replace

import numpy as np

from siting.domain.nouns import Ints
from siting.locate.milp import Compliance, Outcome
from siting.locate.problem import Effort, MaximalCovering, Model, Problem, Rules, Solution, Solver
from siting.locate.solve import solve
from siting.pipeline.asking import Question


def served_today(question: Question, effort: Effort) -> float:
    """Return how many people the facilities that may change serve today, beside those that stay."""
    return covered_by(question.problem, question.changeable, effort)


def covered_today(question: Question) -> float:
    """Return the same without a solver; these facilities have no capacity limit."""
    problem, none = question.problem, np.zeros(0, dtype=np.int64)
    new = problem.reached_by(question.changeable) & ~problem.reached_by(none)
    return math.fsum(problem.value[new])


def covered_by(problem: Problem, sites: Ints, effort: Effort) -> float:
    """Return what the given sites cover (or serve, with capacity) beside the kept ones."""
    return service(problem, sites, effort).objective if len(sites) else 0.0


def service(problem: Problem, sites: Ints, effort: Effort) -> Solution:
    """Return the solution in which the given sites cover (or serve, with capacity) the most, beside the kept ones."""
    others = ~problem.kept
    others[sites] = False
    bare = Rules(kept=problem.rules.kept, forbidden=others, capacity=problem.rules.capacity)
    return solve(replace(problem, rules=bare), MaximalCovering(), replace(effort, report=None))


def staying(question: Question, solver: Solver) -> Solver:
    """Return a solver whose plans keep a facility open if closing it frees no slot for another station.

    The model does not open sites that add nobody. But an existing facility costs nothing, and closing it loses more
    than coverage.
    """
    stands = question.changeable

    def solved(problem: Problem, model: Model, effort: Effort) -> Solution:
        found = solver(problem, model, effort)
        if not found.stages:
            return found
        for site in stands[problem.counted[stands]].tolist():
            if _may_stay(problem, found.chosen, site):
                found = replace(found, chosen=np.union1d(found.chosen, [site]))
        if isinstance(found, Compliance):
            opened = np.isin(np.arange(problem.sites), found.chosen)
            again = (Outcome(each.requirement, each.requirement.finding(opened)) for each in found.outcomes)
            found = replace(found, outcomes=tuple(again))
        return found

    # Only a facility that counts as a station frees a slot when it closes.
    return solved if question.problem.counted[stands].any() else solver


def _may_stay(problem: Problem, chosen: Ints, site: int) -> bool:
    """Tell whether a standing facility can be open beside the chosen sites."""
    rules, places = problem.rules, problem.rules.place
    same = chosen == site if places is None else places[chosen] == places[site]
    full = rules.stations is not None and int(problem.counted[chosen].sum()) >= rules.stations
    opened = np.append(chosen, site)
    near = rules.apart is not None and any(
        site in pair and np.isin(pair, opened).all() for pair in rules.apart.tolist()
    )
    cut = any(int(np.isin(opened, sites).sum()) > most for sites, most in rules.at_most)
    return bool(problem.open_to_choice[site]) and not (same.any() or full or near or cut)
