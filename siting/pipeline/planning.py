"""Plans: choose sites, and measure before and after in the same way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from siting import places
from siting.assess.withholding import withheld_plan
from siting.domain.nouns import Assessment, Progress, Proposal, quiet
from siting.domain.scenario import PlanOptions, Scenario
from siting.errors import Faults
from siting.locate.problem import Solution, Solver
from siting.pipeline.answering import answered, method_of
from siting.pipeline.asking import Question, ask
from siting.pipeline.ground import PreparedScenario, WalkerOf, measure, prepare
from siting.pipeline.laying_out import laid_out
from siting.pipeline.requesting import effort_of, request_of
from siting.pipeline.starting import compared_with_start, start_of


@dataclass(frozen=True)
class Planned:
    """A plan, the prepared scenario, the question that it answers, and the solution of its problem."""

    proposal: Proposal
    ground: PreparedScenario
    question: Question
    solution: Solution


def propose(
    scenario: Scenario,
    *,
    forced: Iterable[str] = (),
    forbidden: Iterable[str] = (),
    candidates: Literal["generate"] | None = None,
    start: Path | None = None,
    progress: Progress | None = None,
    walker_of: WalkerOf | None = None,
    divided: Callable[[Question, PreparedScenario], Solver] | None = None,
    **options: object,
) -> Planned:
    """Choose sites by a model, and measure before and after in the same way; ``options`` are keys of ``[plan]``.

    The search starts from the choice of the plan's file ``start``, with which the result is compared. ``walker_of``
    makes what computes the walks, and ``divided`` what solves the problem, if both are done in parts.
    """
    report = progress or quiet
    request = request_of(
        scenario, forced=forced, forbidden=forbidden, candidates=candidates, start=start, options=options
    )
    ground = prepare(request.scenario, report, walker_of=walker_of)
    before = measure(ground, ground.facilities, report)
    _refuse_data(ground, before, request.plan)
    question = ask(ground, request.plan, report)
    share = ground.inputs.scenario.scenario.share
    method = method_of(question, ground, before, report)
    solver = None if divided is None else divided(question, ground)
    begun = start_of(request.start, ground, question, sure=method.starts)
    effort = effort_of(request.plan, report)
    answer = answered(method, effort, begun, solver=solver)
    solution, selection = answer.solution, answer.selection
    proposal = laid_out(
        ground,
        question,
        before,
        selection,
        report,
        standing=question.sites_of(solution.chosen),
        notes=(*method.notes, *compared_with_start(request.start, question, begun, solution, share=share)),
        links=method.links(solution),
    )
    proposal = method.completed(replace(proposal, blocked=answer.blocked), solution, effort)
    return Planned(withheld_plan(proposal) if share else proposal, ground, question, solution)


def _refuse_data(ground: PreparedScenario, before: Assessment, plan: PlanOptions) -> None:
    faults = Faults()
    if np.isnan(before.totals["elderly"]):
        faults.add("plan_without_elderly")
    sites = places.plan_sites(ground.inputs, ground.permitted, plan)
    faults.found += places.plan_faults(ground.inputs, ground.refused, sites, plan)
    faults.stop_if_any()
