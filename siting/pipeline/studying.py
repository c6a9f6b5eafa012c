"""What else can be asked of a plan: the curve, the order of building, other good plans, fairness."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

import numpy as np
import pandas as pd

from siting.domain.nouns import Assessment, Ints, Progress, quiet
from siting.domain.walkers import WALKERS
from siting.errors import Faults
from siting.locate.fairness import gini, lorenz
from siting.locate.problem import Problem, Solution
from siting.locate.series import Alternatives, alternatives, build_order, coverage_curve, stability
from siting.pipeline.asking import Question, ask, circle_of
from siting.pipeline.ground import Ground, kept_ways, measure, walk
from siting.pipeline.planning import Planned, effort_of, solver_of

# Between them the literature puts those for whom stations are built.
_WALKERS: Final = ("frail", "elder", "fit")


def curve_of(
    planned: Planned,
    *,
    by: Literal["stations", "budget"] = "stations",
    points: Sequence[float] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return what each number of stations, or each sum of money, can cover at most."""
    question = replace(planned.question, problem=circle_of(planned.question, planned.ground))
    problem = _priced(question) if by == "budget" else question.problem
    table = coverage_curve(problem, effort_of(planned.question.plan), by=by, points=points, progress=progress or quiet)
    return with_ids(planned.question, table)


def order_of(planned: Planned, *, progress: Progress | None = None) -> pd.DataFrame:
    """Return the order in which to build a plan's stations, with what each step loses against the free optimum."""
    problem = circle_of(planned.question, planned.ground)
    table = build_order(problem, planned.solution, effort_of(planned.question.plan), progress=progress or quiet)
    return table.assign(candidate_id=_ids(planned.question, table["row"].to_numpy(dtype=np.int64)))


def alternatives_to(
    planned: Planned, *, count: int = 5, within: float = 0.01, differ: int = 1, progress: Progress | None = None
) -> Alternatives:
    """Return plans nearly as good that differ, and in how many of them each site stays."""
    question = planned.question
    found = alternatives(
        question.problem,
        question.model,
        planned.solution,
        effort_of(planned.question.plan),
        count=count,
        within=within,
        differ=differ,
        solver=solver_of(question, planned.ground, planned.proposal.before, quiet)[0],
        progress=progress or quiet,
    )
    rows = found.sites["row"].to_numpy(dtype=np.int64)
    return replace(
        found, plans=with_ids(question, found.plans), sites=found.sites.assign(candidate_id=_ids(question, rows))
    )


def stability_of(planned: Planned, *, progress: Progress | None = None) -> pd.DataFrame:
    """Tell at which walking speeds (those of ``frail``, ``elder`` and ``fit``) each proposed site is chosen too."""
    ground, question = planned.ground, planned.question
    walker = ground.inputs.scenario.walking.walker
    others = {WALKERS[name].flat: name for name in _WALKERS}
    speeds = sorted(others)

    def at(speed: float) -> Solution:
        if others[speed] == walker:
            return planned.solution
        there = _walked_by(ground, others[speed])
        asked = ask(there, question.plan, progress or quiet)
        before = measure(there, there.facilities, progress or quiet)
        solver, _ = solver_of(asked, there, before, quiet)
        return solver(asked.problem, asked.model, effort_of(question.plan))

    rows = planned.question.rows_of(planned.proposal.selection.chosen)
    table = stability(at, speeds, rows.tolist())
    return table.assign(candidate_id=_ids(question, table["row"].to_numpy(dtype=np.int64)))


def fairness_of(planned: Planned) -> pd.DataFrame:
    """Return the covered share of every unit of the plan's level, before and after it."""
    level = planned.question.level
    before, after = (_shares(each, level) for each in (planned.proposal.before, planned.proposal.after))
    return before.assign(covered_share_after=after["covered_share"]).rename(
        columns={"covered_share": "covered_share_before"}
    )


def gini_of(units: pd.DataFrame) -> tuple[float, float]:
    """Return the Gini coefficients of the covered shares of :func:`fairness_of`, before and after."""
    people = units["elderly"]
    return gini(units["covered_share_before"], people), gini(units["covered_share_after"], people)


def lorenz_of(units: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the Lorenz curves of the covered shares of :func:`fairness_of`, before and after."""
    people = units["elderly"]
    return lorenz(units["covered_share_before"], people), lorenz(units["covered_share_after"], people)


def _shares(assessment: Assessment, level: str) -> pd.DataFrame:
    places = assessment.places
    rows = places[(places["level"] == level).to_numpy() & places["elderly"].notna().to_numpy()]
    table = pd.DataFrame(rows[["id", "name", "elderly", "covered_share"]]).reset_index(drop=True)
    return table.assign(covered_share=table["covered_share"].fillna(0.0))


def _priced(question: Question) -> Problem:
    """Return the problem with the cost of each row, of which none may be missing."""
    costs = question.sites["cost_cny"].to_numpy(dtype=np.float64)
    faults = Faults()
    for key in question.sites["candidate_id"][np.isnan(costs)].unique():
        faults.add("candidate_without_cost", row=str(key))
    faults.stop_if_any()
    return question.problem.under(costs=np.concatenate([np.zeros(question.standing), costs]))


def _walked_by(ground: Ground, walker: str) -> Ground:
    """Return the same ground as another walker walks it."""
    scenario = ground.inputs.scenario
    walking = scenario.walking.model_copy(update={"walker": walker})
    inputs = replace(ground.inputs, scenario=scenario.model_copy(update={"walking": walking}))
    ways = kept_ways(inputs, quiet)
    nobody = np.zeros(len(ground.permitted), dtype=bool)
    reached = walk(inputs, ground.demand, ways, ground.permitted, nobody, quiet)
    return replace(ground, inputs=inputs, ways=ways, reached=reached)


def _ids(question: Question, rows: Ints) -> list[str]:
    return [str(key) for key in question.sites["candidate_id"].iloc[rows - question.standing]]


def with_ids(question: Question, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of plans (``chosen``: rows, a tuple) with ``candidates``, the ids of what they open."""
    named = [_ids(question, np.array(chosen, dtype=np.int64)) for chosen in table["chosen"]]
    table = table.copy()
    table["candidates"] = pd.Series(named, index=table.index, dtype="object")
    return table


def names_of(planned: Planned) -> dict[int, str]:
    """Return what a chart calls each row of the problem: the name of its premises, or their id."""
    question, ground = planned.question, planned.ground
    both = pd.concat([ground.facilities["name"], ground.inputs.candidates["name"]])
    names = both[~both.index.duplicated()].reindex(question.sites["candidate_id"])
    told = names.where(names.notna(), names.index.to_series())
    return {row + question.standing: str(name) for row, name in enumerate(told)}
