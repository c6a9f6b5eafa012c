"""Uncertain people: the scenario's people drawn again and again, and what stays the same."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Final

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack
from scipy.stats import binom

from siting import places
from siting.domain.called import place_names
from siting.domain.nouns import NOISE, Assessment, Bools, Floats, Ints, Note, Progress, Proposal, Robustness
from siting.domain.scenario import AlternativeGrid, PeopleSource, PlanOptions, Scenario, Uncertainty
from siting.listing import listed
from siting.locate.milp.robust import solve_robust
from siting.locate.problem import Effort, MaximalCovering, Model, Problem, Solution
from siting.locate.solve import solve
from siting.pipeline.asking import Question, ask
from siting.pipeline.ground import PreparedScenario, measure, prepare
from siting.pipeline.method import Method

# Populations in which a finished plan is tried; none of them was used to make it.
_HELD_OUT: Final = 1_000
# The most populations of which the best plan of each is found.
_MOST_OWN_PLANS: Final = 50
_CONFIDENCE: Final = 0.95
_LIKELY: Final = 0.9
_JUDGED: Final = ("met", "gap")
_KEYS: Final = ["clause_id", "extent", "basis"]


@dataclass(frozen=True)
class Populations:
    """The people as given, and by other grids; each population is drawn from one of them in turn."""

    grounds: tuple[PreparedScenario, ...]
    errors: Uncertainty

    def drawn(self, seed: int) -> Iterator[tuple[int, Floats]]:
        """Yield without end the number of the grid, and the factors of its cells."""
        rng = np.random.default_rng([self.errors.seed, seed])
        factors = [places.draw_factors(ground.demand, self.errors, rng) for ground in self.grounds]
        while True:
            for number, each in enumerate(factors):
                yield number, next(each)


def populations(ground: PreparedScenario, errors: Uncertainty, progress: Progress) -> Populations:
    """Return the scenario's people and those of its other grids, each prepared."""
    scenario = ground.inputs.scenario
    others = [prepare(_with_grid(scenario, other), progress) for other in errors.alternatives.values()]
    return Populations((ground, *others), errors)


def _with_grid(scenario: Scenario, other: AlternativeGrid) -> Scenario:
    """Return a scenario with another grid of the elderly."""
    own = scenario.population.elderly
    source = PeopleSource(
        path=other.path,
        unit=other.unit,
        nodata=other.nodata,
        crs=other.crs,
        from_age=None if own is None else own.from_age,
    )
    people = scenario.population.model_copy(update={"elderly": source, "uncertainty": None})
    return scenario.model_copy(update={"population": people})


# The check --------------------------------------------------------------------------------------------------------


def with_certainty(found: Assessment, ground: PreparedScenario, progress: Progress) -> Assessment:
    """Return a gap report with how many of the drawn populations give each verdict; as it is without uncertainty."""
    errors = ground.inputs.scenario.population.stated_errors
    if errors is None:
        return found
    table = _certainty(found, populations(ground, errors, progress), progress)
    counts = table["certainty"].value_counts()
    told = {"draws": errors.draws, **{name: int(counts.get(name, 0)) for name in ("sure", "likely", "open")}}
    doubtful = table[table["certainty"] == "open"]
    frames = {"residential_area": ground.inputs.residential_areas, **ground.inputs.units}
    names = [
        str(name)
        for level, frame in frames.items()
        for name in place_names(frame).reindex(doubtful["id"][doubtful["level"] == level])
    ]
    notes = [Note("verdicts_of_draws", {**told, "of": len(table)})]
    notes += (
        [Note("verdicts_open", {"count": len(doubtful), "ids": listed(list(dict.fromkeys(names)))})] if names else []
    )
    return replace(found, notes=(*notes, *found.notes), certainty=table)


def _certainty(found: Assessment, people: Populations, progress: Progress) -> pd.DataFrame:
    """Return each verdict of ``met`` or ``gap``, and the share of the populations that give the same."""
    keys, own = _verdicts(found)
    same, draws = np.zeros(len(own)), people.errors.draws
    for done, (number, factor) in enumerate(_first(people.drawn(0), draws)):
        progress("draws", done, draws)
        ground = people.grounds[number]
        outside = ground.outside
        left = None if outside is None else replace(outside, demand=places.with_factors(outside.demand, factor))
        there = replace(ground, demand=places.with_factors(ground.demand, factor), outside=left)
        _, theirs = _verdicts(measure(there, there.facilities, progress, circles=False))
        same += theirs.reindex(own.index).to_numpy() == own.to_numpy()
    progress("draws", draws, draws)
    share = same / draws
    words = np.where(share == 1.0, "sure", np.where(share >= _LIKELY, "likely", "open"))
    table = keys.assign(verdict=own.to_numpy(), certainty=words, same_share=share)
    return table[own.isin(_JUDGED).to_numpy()].reset_index(drop=True)


def _verdicts(found: Assessment) -> tuple[pd.DataFrame, pd.Series]:
    """Return the keys of the checks, and their verdicts by these keys."""
    checks = found.checks
    keys = pd.DataFrame(checks.index.to_frame(index=False)).assign(**{key: checks[key].to_numpy() for key in _KEYS})
    keys["basis"] = keys["basis"].fillna("")
    turn = keys.groupby(list(keys)).cumcount()
    index = pd.MultiIndex.from_frame(keys.assign(turn=turn))
    return keys[["level", "id", "clause_id"]], pd.Series(checks["verdict"].to_numpy(), index=index)


def _first(draws: Iterator[tuple[int, Floats]], count: int) -> Iterator[tuple[int, Floats]]:
    return (next(draws) for _ in range(count))


# The plan ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UncertainProblem:
    """The problem of a request over the cells of all grids: the last ones are those of the last grid."""

    people: Populations
    problem: Problem
    cells: tuple[tuple[Ints, Floats], ...]

    def drawn(self, count: int, seed: int) -> Iterator[Floats]:
        """Yield the people of each point in so many populations."""
        start = np.cumsum([0, *(len(value) for _, value in self.cells)])
        for number, factor in _first(self.people.drawn(seed), count):
            points, value = self.cells[number]
            people = np.zeros(int(start[-1]))
            people[start[number] : start[number + 1]] = value * factor[points]
            yield people

    def sample(self, count: int, seed: int) -> Floats:
        """Return the people that :meth:`drawn` yields, shape (populations, points)."""
        return np.array(list(self.drawn(count, seed)))


def is_robust(question: Question, ground: PreparedScenario) -> bool:
    """Tell whether a plan is for uncertain people: it asks for that, and the scenario states how uncertain they are."""
    return question.plan.robust is not None and ground.inputs.scenario.population.stated_errors is not None


def uncertain_problem_of(question: Question, ground: PreparedScenario, progress: Progress) -> UncertainProblem:
    """Return the problem of a request over the people of all grids."""
    people = populations(ground, ground.inputs.scenario.population.uncertainty or Uncertainty(), progress)
    asked = [question, *(ask(other, question.plan, progress) for other in people.grounds[1:])]
    times = csr_array(hstack([each.problem.times for each in asked], format="csr"))
    everybody = np.concatenate([each.problem.people for each in asked])
    problem = replace(question.problem, times=times, people=everybody, weights=None, units=None)
    return UncertainProblem(people, problem, tuple((each.points, each.problem.people) for each in asked))


def _share(plan: PlanOptions) -> float:
    return 1.0 if plan.robust == "worst" else plan.robust_share


def robustness_of(
    question: Question, uncertain: UncertainProblem, solution: Solution, effort: Effort, progress: Progress
) -> Robustness:
    """Return what a plan does in populations that were not used to make it, and what robustness costs."""
    plan, errors = question.plan, uncertain.people.errors
    quiet = replace(effort, report=None)
    given = solve(question.problem, MaximalCovering(), quiet)
    new = [_newly_covered(uncertain.problem, each.chosen) for each in (solution, given)]
    # One population at a time: a thousand of a large district do not fit into memory.
    covered = np.array([[people[each].sum() for each in new] for people in uncertain.drawn(_HELD_OUT, 1)])
    mine, theirs = np.sort(covered, axis=0).T
    share = plan.robust_share
    own = uncertain.sample(min(errors.draws, _MOST_OWN_PLANS), 0)
    return Robustness(
        measure=str(plan.robust),
        share=share,
        draws=errors.draws,
        held_out=_HELD_OUT,
        confidence=_CONFIDENCE,
        promised=solution.stages[0].objective,
        held_share=float(np.mean(mine >= solution.stages[0].objective * (1.0 - NOISE))),
        at_least=float(mine[_order(share)]),
        mean=math.fsum(mine) / _HELD_OUT,
        worst=float(mine[0]),
        given_at_least=float(theirs[_order(share)]),
        given_mean=math.fsum(theirs) / _HELD_OUT,
        own_plans=len(own),
        chosen_in=_chosen_in(question, uncertain.problem, own, quiet, progress),
    )


def _newly_covered(problem: Problem, chosen: Ints) -> Bools:
    """Tell which points chosen sites newly cover."""
    return problem.reached_by(chosen) & ~problem.reached_by(chosen[:0])


def _order(share: float) -> int:
    """Return the position among the sorted held-out values that is, with confidence, below the quantile."""
    outside = 1.0 - share
    count = int(binom.ppf(1.0 - _CONFIDENCE, _HELD_OUT, outside))
    return max(count - 1, 0)


def _chosen_in(
    question: Question, problem: Problem, drawn: Floats, effort: Effort, progress: Progress
) -> dict[str, float]:
    """Return for each candidate in how many of the populations the best plan of that population has it, as a share."""
    ids, counts = question.sites["candidate_id"].astype(str).to_numpy(), dict[str, int]()
    for done, people in enumerate(drawn):
        progress("draws", done, len(drawn))
        found = solve(replace(problem, people=people), MaximalCovering(), effort)
        for key in ids[question.sites_of(found.chosen)]:
            counts[key] = counts.get(key, 0) + 1
    progress("draws", len(drawn), len(drawn))
    return {key: count / len(drawn) for key, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))}


@dataclass(frozen=True)
class RobustMethod(Method):
    """The mean, the worst or a share of drawn populations, instead of the people as given."""

    starts: ClassVar[bool] = False

    @cached_property
    def uncertain(self) -> UncertainProblem:
        """The problem over the people of all grids."""
        return uncertain_problem_of(self.question, self.ground, self.progress)

    def solve(self, problem: Problem, model: Model, effort: Effort) -> Solution:
        """Return the sites that cover most in the drawn populations."""
        plan, uncertain = self.question.plan, self.uncertain
        drawn = uncertain.sample(uncertain.people.errors.draws, 0)
        wide = replace(uncertain.problem, rules=problem.rules)
        if plan.robust == "mean":
            return solve(replace(wide, people=drawn.mean(axis=0)), model, effort)
        return solve_robust(wide, drawn, _share(plan), solve, effort)

    def completed(self, proposal: Proposal, solution: Solution, effort: Effort) -> Proposal:
        """Return a proposal with what the plan does in other populations."""
        if not solution.stages or solution.stopped_by == "interrupt":
            return proposal
        found = robustness_of(self.question, self.uncertain, solution, effort, self.progress)
        return replace(proposal, robustness=found)
