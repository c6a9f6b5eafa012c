"""Whether the certificate of a plan proves what the plan says, computed again from the scenario."""

from pathlib import Path
from typing import Final, Literal

import numpy as np

from siting.domain.nouns import Progress, Stage, Verification, quiet
from siting.domain.scenario import Scenario, with_lattice
from siting.errors import Faults
from siting.locate.certificate import Certificate, CertificateError, check_certificate, value_of
from siting.pipeline.asking import ask
from siting.pipeline.ground import prepare
from siting.pipeline.planning import merge_options
from siting.pipeline.rereading import refuse_plan, sites_of_file
from siting.read.plan import read_plan

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
    chosen = np.sort(question.problem_sites(sites_of_file(file, question)))
    try:
        certificate = Certificate.from_json(file.members["certificate"])
        bound = check_certificate(question.problem, question.model, certificate)
        value = value_of(question.problem, question.model, chosen)
    except CertificateError as error:
        return Verification(None, error.code, error.values)
    name, sense = _STAGES[certificate.model]
    return Verification(Stage("cost" if plan.model == "lscp" and plan.least == "cost" else name, sense, value, bound))
