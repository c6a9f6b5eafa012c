"""Whether a request can be met, and requests without some of their rules."""

import math
from dataclasses import replace
from typing import Final, Literal

import numpy as np
from scipy.sparse import csr_array

from siting.domain.nouns import Ints
from siting.locate.deadline import Deadline
from siting.locate.milp.evaluate import unserved
from siting.locate.milp.lexicographic import solve_lexicographic
from siting.locate.milp.models import milp_of
from siting.locate.milp.objectives import Objective
from siting.locate.milp.p_center import persons_reached
from siting.locate.milp.p_center import probe as ask
from siting.locate.problem import Effort, FairCovering, Model, PCenter, Problem, Rule, SetCovering

Answer = Literal["yes", "no", "unknown"]

NONE: Final = np.zeros(0, dtype=np.int64)


def without_rules(problem: Problem, model: Model, rules: set[Rule]) -> tuple[Problem, Model]:
    """Return a request without some of its rules, as :func:`~siting.locate.infeasibility.explain_infeasible` tells."""
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
    """Return the problem without the persons of some points."""
    there = np.ones(len(problem.people))
    there[points] = 0.0
    units = None if problem.units is None else csr_array(problem.units.multiply(there[None, :]))
    return replace(problem, people=problem.people * there, units=units)


def coverage_targets(problem: Problem, model: Model) -> SetCovering:
    """Return the shares that a model asks for, as a set covering: they decide whether the request is feasible."""
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


class FeasibilityOracle:
    """Tells whether requests are feasible, within one effort for all."""

    def __init__(self, effort: Effort) -> None:
        self._deadline, self.sure, self._interrupted = Deadline(effort), True, False
        self.last = NONE

    def answer(self, problem: Problem, model: Model) -> Answer:
        """Tell whether a request is feasible; ``last`` is then a feasible choice. After an interrupt: unknown."""
        try:
            return "unknown" if self._interrupted else self._answer(problem, model)
        except KeyboardInterrupt:
            self.sure, self._interrupted = False, True
            return "unknown"

    def _answer(self, problem: Problem, model: Model) -> Answer:
        milp = milp_of(problem, coverage_targets(problem, model))
        nothing = Objective("stations", "min", np.zeros(milp.variables), step=1.0)
        plan, stopped, nodes = ask(replace(milp, objectives=(nothing,)), self._deadline.left())
        self._deadline.spend(nodes)
        if plan is not None:
            self.last = plan.chosen
            return "yes"
        self.sure &= stopped == "proved"
        self._interrupted |= stopped == "interrupt"
        return "no" if stopped == "proved" else "unknown"

    def least(self, problem: Problem, model: SetCovering) -> tuple[float, Ints] | None:
        """Return the fewest stations or the least cost that was found, and a choice."""
        if self._interrupted:
            return None
        found = solve_lexicographic(milp_of(problem, model), self._deadline.left())
        self._interrupted |= found.stopped_by == "interrupt"
        return (found.objective, found.chosen) if found.stages else None
