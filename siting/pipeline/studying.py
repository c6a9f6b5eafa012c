"""Studies of a plan: the curve, the order of building, alternative plans, stability, fairness."""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd

from siting.assess.withholding import withheld_table
from siting.domain.nouns import Floats, Ints, Progress, quiet
from siting.domain.plan_models import PlanModel
from siting.domain.scenario import asked
from siting.domain.walkers import WALKERS
from siting.domain.withheld import COUNTED
from siting.errors import Fault, Faults, InputError
from siting.locate.problem import Effort, Problem, Solution
from siting.locate.series import Alternatives, Optimum, alternatives, build_order, coverage_curve, stability
from siting.pipeline.answering import method_of
from siting.pipeline.asking import Question, ask
from siting.pipeline.evenness import unit_shares
from siting.pipeline.ground import PreparedScenario, measure, walk, walking_ground
from siting.pipeline.interrupting import watched
from siting.pipeline.planning import Planned
from siting.pipeline.requesting import effort_of
from siting.pipeline.standing import covered_by, served_today, service
from siting.travel.cache import CachedTravel

# In the literature these walkers span the users of stations.
_WALKERS: Final = ("frail", "elder", "fit")


def curve_of(
    planned: Planned,
    *,
    by: Literal["stations", "budget"] = "stations",
    points: Sequence[float] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the most that each number of stations, or each amount of money, can cover.

    ``table.attrs["interrupted"]`` tells whether Ctrl-C ended the search early.

    Raises
    ------
    siting.errors.InputError
        The curve is by money and a candidate has no cost; no point of it satisfies the rules of the request; or
        ``points`` is empty, or holds negative numbers or fractions of stations.
    """
    _refuse_phases(planned, "curve")
    _refuse_points(points, by)
    ready = _as_carried_out(planned)
    question = replace(planned.question, problem=ready.problem)
    costs = _costs(question)
    problem = _priced(question, costs) if by == "budget" else question.problem
    report = progress or quiet
    report("curve", 0, 1)
    with watched() as watch:
        effort = replace(effort_of(planned.question.plan), interrupted=watch.asked)
        known = _known(problem, ready.solution, effort)
        table = coverage_curve(problem, effort, by=by, points=points, known=known, progress=report)
    if len(table) and (table["status"] == "infeasible").all():
        raise InputError([Fault(code="curve_without_points", layer="plan", found=", ".join(_demands(planned)))])
    if problem.rules.costs is None:
        table["cost"] = [float(costs[list(chosen)].sum()) for chosen in table["chosen"]]
        table.loc[table["newly_covered"].isna(), "cost"] = np.nan
    table = with_ids(planned.question, ready.newly(table, "newly_covered", "bound"))
    table = _shown(planned, table, "newly_covered", "covered", "bound")
    table.attrs["interrupted"] = watch.happened
    return table


def order_of(planned: Planned, *, progress: Progress | None = None) -> pd.DataFrame:
    """Return the order in which to build a plan's stations, with the loss of each step against the free optimum.

    ``table.attrs["interrupted"]`` tells whether Ctrl-C ended the search early.

    Raises
    ------
    siting.errors.InputError
        There is no plan, or it has no stations.
    """
    _refuse_without_plan(planned, "order")
    ready = _as_carried_out(planned)
    report = progress or quiet

    def told(_: str, done: int, total: int) -> None:
        # If one sweep finds all optima, there is nothing to count.
        if total:
            report("order", done, total)

    told("order", 0, 1)
    with watched() as watch:
        effort = replace(effort_of(planned.question.plan), interrupted=watch.asked)
        table = build_order(ready.problem, ready.solution, effort, progress=told)
    table = ready.newly(table, "cumulative", "best", "bound")
    # Standing facilities are not built; enlarged ones come first.
    table = table[~table["row"].isin(planned.question.changeable)].reset_index(drop=True)
    table = table.assign(candidate_id=_ids(planned.question, table["row"].to_numpy(dtype=np.int64)))
    table = _shown(planned, table, "gain", "cumulative", "best", "bound", "loss")
    table.attrs["interrupted"] = watch.happened
    return table


def alternatives_to(
    planned: Planned, *, count: int = 5, within: float = 0.01, differ: int = 1, progress: Progress | None = None
) -> Alternatives:
    """Return alternative plans that are nearly as good, and in how many of them each site stays.

    ``plans.attrs["interrupted"]`` tells whether Ctrl-C ended the search early.

    Raises
    ------
    siting.errors.InputError
        There is no plan, or it has no stations.
    """
    _refuse_without_plan(planned, "alternatives")
    _refuse_robust(planned, "alternatives")
    question = planned.question
    solver = method_of(question, planned.ground, planned.proposal.before, quiet).solve
    with watched() as watch:
        found = alternatives(
            question.problem,
            question.model,
            planned.solution,
            replace(effort_of(planned.question.plan), interrupted=watch.asked),
            count=count,
            within=within,
            differ=differ,
            standing=question.changeable,
            solver=solver,
            progress=progress or quiet,
        )
    sites = found.sites["row"].to_numpy(dtype=np.int64)
    plans = with_ids(question, _without_standing(question, found.plans))
    if planned.solution.stages[-1].name == "covered":
        plans[["objective", "bound"]] -= served_today(question, effort_of(question.plan))
    if planned.solution.stages[-1].name in COUNTED:
        plans = _shown(planned, plans, "objective", "bound")
    plans.attrs["interrupted"] = watch.happened
    return replace(found, plans=plans, sites=found.sites.assign(candidate_id=_ids(question, sites)))


def _shown(planned: Planned, table: pd.DataFrame, *persons: str) -> pd.DataFrame:
    """Return a table of a study as it is passed on, if it is."""
    return withheld_table(table, persons) if planned.ground.inputs.scenario.scenario.share else table


def _without_standing(question: Question, plans: pd.DataFrame) -> pd.DataFrame:
    """Return plans without standing facilities, which are not proposed; with ``closed`` if facilities may be closed."""
    if question.plan.closing:
        closed = [sorted({*question.plan.closing} - {*_ids(question, np.array(sites))}) for sites in plans["chosen"]]
        plans = plans.assign(closed=pd.Series(closed, index=plans.index, dtype="object"))
    stands = {*question.changeable.tolist()}
    chosen = [tuple(site for site in sites if site not in stands) for sites in plans["chosen"]]
    return plans.assign(chosen=pd.Series(chosen, index=plans.index, dtype="object"))


def stability_of(planned: Planned, *, progress: Progress | None = None) -> pd.DataFrame:
    """Tell at which walking speeds (those of ``frail``, ``elder`` and ``fit``) each proposed site is chosen too.

    ``table.attrs["interrupted"]`` tells whether Ctrl-C ended the search early: a speed that was not reached has no
    column.

    Raises
    ------
    siting.errors.InputError
        There is no plan, or it has no stations.
    """
    _refuse_without_plan(planned, "stability")
    _refuse_robust(planned, "stability")
    question, report = planned.question, progress or quiet
    walker = planned.ground.inputs.scenario.walking.walker
    others = {WALKERS[name].flat: name for name in _WALKERS}
    effort = effort_of(question.plan)
    effort = replace(effort, time_limit_s=effort.time_limit_s / len(others))
    found: dict[float, Solution] = {}
    with watched() as watch, contextlib.suppress(KeyboardInterrupt):
        for speed, name in sorted(others.items()):
            report("stability", len(found), len(others))
            same = name == walker
            solution = planned.solution if same else _chosen_at(planned, name, replace(effort, interrupted=watch.asked))
            if watch.happened:
                break
            found[speed] = solution
    report("stability", len(others), len(others))
    sites = question.problem_sites(planned.proposal.selection.chosen)
    table = stability(lambda speed: found[speed], list(found), sites.tolist())
    table.insert(0, "candidate_id", _ids(question, table["row"].to_numpy(dtype=np.int64)))
    table.attrs["interrupted"] = watch.happened
    return table


def _chosen_at(planned: Planned, walker: str, effort: Effort) -> Solution:
    """Return the solution of the same request for another walker."""
    there = _walked_by(planned.ground, walker)
    asked = ask(there, planned.question.plan, quiet)
    before = measure(there, there.facilities, quiet)
    return method_of(asked, there, before, quiet).solve(asked.problem, asked.model, effort)


def fairness_of(planned: Planned) -> pd.DataFrame:
    """Return the covered share of every unit of the plan's level, before and after it."""
    return unit_shares(planned.proposal.before, planned.proposal.after, planned.question.level)


def _refuse_points(points: Sequence[float] | None, by: Literal["stations", "budget"]) -> None:
    """Refuse impossible numbers of stations or amounts of money."""
    if points is None:
        return
    wrong = [each for each in points if not (math.isfinite(each) and each >= 0 and (by == "budget" or each % 1 == 0))]
    if wrong or not len(points):
        raise InputError([Fault(code="curve_points", field="points", found=", ".join(map(str, wrong)) or "[]")])


def _refuse_without_plan(planned: Planned, study: str) -> None:
    """Refuse a study that needs a plan with stations."""
    _refuse_phases(planned, study)
    faults = Faults()
    if not planned.solution.stages:
        faults.add("study_without_plan", layer="plan", found=study, expected=", ".join(get_args(PlanModel)))
    elif not len(planned.proposal.stations):
        faults.add("study_without_stations", layer="plan", found=study)
    faults.stop_if_any()


def _refuse_phases(planned: Planned, study: str) -> None:
    """Refuse a study of one year for a plan with phases."""
    if planned.question.plan.model == "phased":
        raise InputError([Fault(code="study_of_phases", layer="plan", field="model", found=study)])


def _refuse_robust(planned: Planned, study: str) -> None:
    """Refuse a study whose other plans would be made for the people as given, not for drawn ones."""
    if planned.question.plan.robust is not None:
        raise InputError([Fault(code="study_of_doubt", layer="plan", field="robust", found=study)])


def _demands(planned: Planned) -> list[str]:
    """Return the keys of the request that a curve respects, whatever it limits."""
    idle = {"model", "max_nodes", "time_limit_s", "seed", "budget_cny", "stations"}
    return [key for key in asked(planned.proposal.request) if key not in idle]


@dataclass(frozen=True)
class _Ready:
    """The problem of the service circle and a plan, with the kept facilities as kept sites and the closed ones removed.

    ``offset`` is the number of people that all changeable facilities cover today, less those that the kept ones cover.
    People counted as newly covered beside the kept ones exceed those that are new today by this number.
    """

    problem: Problem
    solution: Solution
    offset: float

    def newly(self, table: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """Return a table whose columns count people that nobody covers today; relative columns are recomputed."""
        if not self.offset:
            return table
        table = table.assign(**{name: table[name] - self.offset for name in columns})
        if "gap" in table:
            table["gap"] = _part(table["bound"] - table["newly_covered"], table["newly_covered"])
        if "loss_share" in table:
            table["loss_share"] = _part(table["loss"], table["best"])
        return table


def _known(problem: Problem, solution: Solution, effort: Effort) -> Optimum | None:
    """Return the plan as a known point of the curve; None if there is none."""
    if not solution.stages:
        return None
    found = service(problem, solution.chosen, effort)
    return Optimum(0.0, solution.chosen, found.objective, math.inf, "time", found.served)


def _part(of: pd.Series, whole: pd.Series) -> pd.Series:
    """Return parts of wholes; 0 if the part is 0."""
    return (of / whole.abs()).mask(of == 0, 0.0)


def _as_carried_out(planned: Planned) -> _Ready:
    """Return the problem of the service circle and the plan without the facilities that may be closed.

    Facilities that the plan keeps stand before its first station, and those that it closes are removed; without a plan
    all stay.
    """
    question, solution = planned.question, planned.solution
    problem = question.circle
    effort = effort_of(question.plan)
    today = covered_by(problem, question.changeable, effort)
    closable = question.changeable
    closable = closable[problem.counted[closable]]
    if not len(closable):
        return _Ready(problem, solution, today)
    kept = np.intersect1d(closable, solution.chosen) if solution.stages else closable
    stay, gone = (np.isin(np.arange(problem.sites), each) for each in (kept, np.setdiff1d(closable, kept)))
    left = solution.chosen[~stay[solution.chosen]]
    # People that the kept facilities cover are not new.
    served = covered_by(problem, kept, effort)
    stages = tuple(replace(stage, bound=stage.bound - served) for stage in solution.stages)
    forbidden = ~problem.open_to_choice & ~problem.kept
    problem = problem.under(kept=problem.kept | stay, forbidden=forbidden | gone)
    return _Ready(problem, replace(solution, chosen=left, stages=stages), today - served)


def _costs(question: Question) -> Floats:
    """Return the cost of each site of the problem; NaN for a site without one."""
    return np.concatenate([np.zeros(question.standing), question.sites["cost_cny"].to_numpy(dtype=np.float64)])


def _priced(question: Question, costs: Floats) -> Problem:
    """Return the problem with the cost of each site; none may be missing."""
    faults = Faults()
    for key in question.sites["candidate_id"][np.isnan(costs[question.standing :])].unique():
        faults.add("curve_without_cost", row=str(key))
    faults.stop_if_any()
    return question.problem.under(costs=costs, stations=None)


def _walked_by(ground: PreparedScenario, walker: str) -> PreparedScenario:
    """Return the scenario prepared for another walker."""
    scenario = ground.inputs.scenario
    walking = scenario.walking.model_copy(update={"walker": walker})
    inputs = replace(ground.inputs, scenario=scenario.model_copy(update={"walking": walking}))
    ways = CachedTravel(walking_ground(inputs))
    nobody = np.zeros(len(ground.permitted), dtype=bool)
    reached = walk(inputs, ground.demand, ways, ground.permitted, nobody, quiet)
    return replace(ground, inputs=inputs, ways=ways, reached=reached)


def _ids(question: Question, sites: Ints) -> list[str]:
    return [str(key) for key in question.sites["candidate_id"].iloc[sites - question.standing]]


def with_ids(question: Question, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of plans (``chosen``: sites, a tuple) with ``candidates``, the ids of what they open."""
    named = [_ids(question, np.array(chosen, dtype=np.int64)) for chosen in table["chosen"]]
    table = table.copy()
    table["candidates"] = pd.Series(named, index=table.index, dtype="object")
    return table


def names_of(planned: Planned) -> dict[int, str]:
    """Return the chart label of each site of the problem: the name of its premises, or their id."""
    question, ground = planned.question, planned.ground
    both = pd.concat([ground.facilities["name"], ground.inputs.candidates["name"]])
    names = both[~both.index.duplicated()].reindex(question.sites["candidate_id"])
    told = names.where(names.notna(), names.index.to_series())
    return {row + question.standing: str(name) for row, name in enumerate(told)}
