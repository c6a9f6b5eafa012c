"""Measure a plan that was written before."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from siting.assess.withholding import withheld_plan
from siting.domain.nouns import Assessment, Ints, Note, Progress, Selection, Stage, quiet
from siting.domain.scenario import Scenario, fingerprint, with_lattice
from siting.locate.milp import Compliance
from siting.locate.milp.network import Network
from siting.locate.problem import Ended, Solution
from siting.locate.stations import ranked_by_gain
from siting.pipeline.answering import method_of
from siting.pipeline.asking import Question, ask
from siting.pipeline.ground import measure, prepare
from siting.pipeline.laying_out import laid_out
from siting.pipeline.phasing import phases_table, years_of
from siting.pipeline.planning import Planned
from siting.pipeline.requesting import effort_of, merge_options
from siting.pipeline.standing import served_today
from siting.pipeline.starting import refuse_plan, sites_of_file, stay_of_file
from siting.read.plan import PlanFile, read_plan


def measure_plan(scenario: Scenario, path: Path, progress: Progress | None = None) -> Planned:
    """Read a plan and measure it in the same way as everything else."""
    report = progress or quiet
    file = read_plan(path).until(scenario.scenario.horizon)
    if scenario.candidates is None and file.of_ledger:
        # Such a plan can only have used a generated lattice.
        scenario = with_lattice(scenario)
    plan = merge_options(scenario.plan, **file.request)
    ground = prepare(scenario, report, placed=file.placed, file=str(path))
    refuse_plan(file, path, ground.inputs.candidates.index, ground.refused)
    before = measure(ground, ground.facilities, report)
    question = ask(ground, plan, report)
    sha256 = file.members.get("scenario", {}).get("sha256")
    own = sha256 == fingerprint(scenario, ground.inputs.digests)
    sites = sites_of_file(file, question)
    standing = stay_of_file(file, question)
    selection = _selection_of(file, question, sites, standing, own=own)
    notes = method_of(question, ground, before, report).notes
    # Found with exact people, of which its objective and bound would tell.
    exact = bool(ground.unshared) and sha256 == ground.unshared
    if not own:
        notes = (*notes, Note("plan_of_exact_people" if exact else "plan_of_other_scenario", {}))
    links = file.links if own else None
    proposal = laid_out(ground, question, before, selection, report, standing=standing, notes=notes, links=links)
    if selection.opens is not None and plan.phases and plan.phases[-1].year == scenario.scenario.horizon:
        table = phases_table(years_of(question, ground, report), proposal.stations)
        proposal = replace(proposal, phases=table, other_plans=_others(file) if own else {})
    if own:
        # The search, not the measurement, found what blocks a request and what falls short.
        proposal = replace(proposal, blocked=file.blocked, shortfalls=file.shortfalls, robustness=file.robustness)
    if scenario.scenario.share:
        proposal = withheld_plan(proposal)
    return Planned(proposal, ground, question, _solution(question, selection, sites, standing))


def check_with(scenario: Scenario, path: Path, progress: Progress | None = None) -> Assessment:
    """Check a scenario with a plan's stations; the first notes say so, and whether the plan is of another scenario."""
    proposal = measure_plan(scenario, path, progress).proposal
    counted = Note("with_plan", {"file": path.name, "count": len(proposal.stations)})
    other = [note for note in proposal.notes if note.code in ("plan_of_other_scenario", "plan_of_exact_people")]
    return replace(proposal.after, notes=(counted, *other, *proposal.after.notes))


def _selection_of(file: PlanFile, question: Question, sites: Ints, standing: Ints, *, own: bool) -> Selection:
    """Return the selection of a plan's file; its proof is dropped if the plan is of another scenario."""
    # A plan that was written by hand says little of how it was found.
    silent: dict[str, Any] = {"status": "feasible", "stages": [], "stopped_by": "interrupt", "solver": ""}
    members = {**silent, "first_objective": None, **file.members}
    new = question.problem_sites(sites)
    opened = np.union1d(new, question.problem_sites(standing))
    gains = ranked_by_gain(question.circle, new, opened, keep_order=True)[1]
    stages = tuple(Stage(**{key: _known(value) for key, value in stage.items()}) for stage in members["stages"])
    return Selection(
        chosen=sites,
        gains=gains,
        status=members["status"] if own else "feasible",
        stages=stages if own else (Stage("covered", "max", float(gains.sum()), float("inf")),),
        stopped_by=members["stopped_by"],
        solver=members["solver"],
        first_objective=_known(members["first_objective"]) if own else float("nan"),
        clauses=tuple(tuple(each) for each in members.get("stage_clauses", ())) if own else (),
        served=np.array(file.served, dtype=np.float64) if own and None not in file.served and file.served else None,
        certificate=members.get("certificate") if own else None,
        certified=own and members.get("proof") == "certificate",
        opens=None if None in file.opens or not file.opens else np.array(file.opens, dtype=np.int64),
    )


def _others(file: PlanFile) -> dict[str, float]:
    return {str(key): _known(value) for key, value in file.members.get("other_plans", {}).items()}


def _solution(question: Question, selection: Selection, sites: Ints, standing: Ints) -> Solution:
    """Return the solution that a plan's file describes, in the sites of the problem."""
    chosen = np.sort(question.problem_sites(np.concatenate([sites, standing])))
    today = served_today(question, effort_of(question.plan))
    stages = tuple(
        replace(stage, objective=stage.objective + today, bound=stage.bound + today)
        if stage.name == "covered"
        else stage
        for stage in selection.stages
    )
    found = {"compliance": Compliance, "network": Network}.get(question.plan.model, Solution)
    if not stages:
        chosen = chosen[:0]
    return found(chosen, selection.status, stages, cast("Ended", selection.stopped_by), selection.solver)


def _known(value: Any) -> Any:  # noqa: ANN401 - numbers and words
    return float("nan") if value is None else value
