"""Whether the certificate of a plan proves what the plan says, computed again from the scenario."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import numpy as np

from siting.domain.nouns import Progress, Stage, Verification, quiet
from siting.domain.scenario import Scenario, fingerprint, with_lattice
from siting.domain.withheld import rounded_stage
from siting.errors import Faults
from siting.locate.certificate import Certificate, CertificateError, check_certificate, value_of
from siting.pipeline.asking import ask
from siting.pipeline.certifying import is_proved
from siting.pipeline.ground import prepare
from siting.pipeline.requesting import merge_options
from siting.pipeline.standing import covered_today
from siting.pipeline.starting import refuse_plan, sites_of_file, stay_of_file
from siting.read.plan import PlanFile, read_plan

# Figures in a plan's file are rounded to a millionth.
_ROUNDED: Final = 1e-6
_STAGES: Final[dict[str, tuple[Literal["covered", "stations", "cost", "seconds"], Literal["max", "min"]]]] = {
    "mclp": ("covered", "max"),
    "lscp": ("stations", "min"),
    "p_median": ("seconds", "min"),
}


def verify(scenario: Scenario, path: Path, progress: Progress | None = None) -> Verification:
    """Check the certificate of a plan's file against the scenario.

    People, walking times and candidates are read and measured again; no solver runs.

    Parameters
    ----------
    scenario : Scenario
        The scenario for which the plan was made.
    path : pathlib.Path
        The plan's GeoJSON.
    progress : callable, optional
        Called as ``(stage, done, total)`` during the work.

    Returns
    -------
    Verification
        The objective of the plan's stations and the proved bound, or why the certificate proves nothing.

    Raises
    ------
    siting.errors.InputError
        The file is no plan, has no certificate, or names candidates that the scenario lacks.
    """
    report = progress or quiet
    file = read_plan(path)
    if file.members.get("certificate") is None:
        faults = Faults()
        faults.add("plan_without_certificate", file=str(path), found=str(file.request.get("model")))
        faults.stop_if_any()
    if scenario.candidates is None:
        scenario = with_lattice(scenario)
    plan = merge_options(scenario.plan, **file.request)
    ground = prepare(scenario, report)
    refuse_plan(file, path, ground.inputs.candidates.index, ground.refused)
    question = ask(ground, plan, report)
    sites = np.concatenate([sites_of_file(file, question), stay_of_file(file, question)])
    chosen = np.unique(question.problem_sites(sites))
    try:
        certificate = Certificate.from_json(file.members["certificate"])
        bound = check_certificate(question.problem, question.model, certificate)
        value = value_of(question.problem, question.model, chosen, certificate.served)
        # People that facilities that may change cover today are not newly covered.
        today = covered_today(question) if certificate.model == "mclp" else 0.0
    except CertificateError as error:
        own = file.members.get("scenario", {}).get("sha256") == fingerprint(scenario, ground.inputs.digests)
        return Verification(None, error.code if own else "other_scenario", error.values)
    name, sense = _STAGES[certificate.model]
    least_cost = plan.model == "lscp" and plan.least == "cost"
    stage = Stage("cost" if least_cost else name, sense, value - today, bound - today)
    told = rounded_stage(stage) if scenario.scenario.share else stage
    return _contradiction(file, stage) or Verification(told)


def _contradiction(file: PlanFile, stage: Stage) -> Verification | None:
    """Return what the plan's file states and the certificate refutes; None if they agree."""
    stages: list[dict[str, object]] = file.members.get("stages", [])
    first = stages[0] if stages else {}
    claimed, bound = (_figure(first.get(key)) for key in ("objective", "bound"))
    if not abs(claimed - stage.objective) <= _ROUNDED * max(abs(stage.objective), 1.0):
        return Verification(None, "other_objective", {"claimed": claimed, "found": stage.objective})
    if file.members.get("proof") != "certificate":
        return None
    if not is_proved(stage):
        return Verification(None, "not_optimal", {"found": stage.objective, "proved": stage.bound})
    if not is_proved(replace(stage, bound=bound)) or not abs(bound - stage.bound) <= _ROUNDED * max(abs(bound), 1.0):
        return Verification(None, "claims_more", {"claimed": bound, "proved": stage.bound})
    return None


def _figure(found: object) -> float:
    """Return a figure of a file; NaN if it is none."""
    try:
        return float(found) if isinstance(found, int | float) else math.nan
    except OverflowError:
        return math.nan
