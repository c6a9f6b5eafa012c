"""The problem of a plan's certificate, for a page that checks it again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.domain.certificates import CertificateValues
from siting.domain.nouns import Progress, Proposal
from siting.domain.scenario import asked
from siting.domain.what_if import ProofProblem
from siting.locate.problem import PMedian, Problem, SetCovering
from siting.pipeline.asking import Question, ask
from siting.pipeline.ground import PreparedScenario
from siting.pipeline.requesting import merge_options
from siting.pipeline.standing import covered_today
from siting.pipeline.starting import sites_named, sites_that_stay


def proof_of(ground: PreparedScenario, proposal: Proposal, progress: Progress) -> ProofProblem | None:
    """Return the certificate of a plan with its problem, as arrays and facts; None if the plan has none.

    Parameters
    ----------
    ground : PreparedScenario
        As it was for the plan.
    proposal : Proposal
        The plan.
    progress : callable
        Called as ``(stage, done, total)``.

    Returns
    -------
    ProofProblem or None
        None without a certificate or a plan.
    """
    selection = proposal.selection
    if selection.certificate is None or not selection.stages:
        return None
    question = ask(ground, merge_options(ground.inputs.scenario.plan, **asked(proposal.request)), progress)
    problem, model = question.problem, question.model
    return {
        "certificate": _exact(selection.certificate),
        "model": question.plan.model,
        "stations": problem.rules.stations,
        "budget": problem.rules.budget,
        "sets": [{"sites": sites.tolist(), "most": most} for sites, most in problem.rules.at_most],
        "share": model.share if isinstance(model, SetCovering) else None,
        "by_cost": isinstance(model, SetCovering) and model.by_cost and problem.rules.costs is not None,
        "beyond_s": model.beyond_s if isinstance(model, PMedian) else None,
        "weights": dict(question.plan.weights),
        "objective": selection.stages[0].objective,
        "today": covered_today(question),
        "chosen": _chosen(question, proposal),
        "sites": [*[None] * question.standing, *_candidates(question)],
        "arrays": _arrays(problem, timed=isinstance(model, PMedian)),
    }


def _exact(certificate: CertificateValues) -> dict[str, object]:
    """Return a certificate whose large whole numbers are texts: a browser reads numbers as floats."""
    return {**certificate, "bound": str(certificate["bound"]), "prices": [str(each) for each in certificate["prices"]]}


def _candidates(question: Question) -> list[str | None]:
    ids, compared = question.sites["candidate_id"].astype(str), question.in_circle & ~question.is_facility
    return [key if compares else None for key, compares in zip(ids, compared, strict=True)]


def _chosen(question: Question, proposal: Proposal) -> list[int]:
    """Return the sites of the problem that the plan opens, or leaves open."""
    stations = proposal.stations
    sites = sites_named(question, stations["candidate_id"], stations["size"].fillna(""))
    stay = sites_that_stay(question, {str(key): row.to_dict() for key, row in proposal.changes.iterrows()})
    chosen: list[int] = np.unique(question.problem_sites(np.concatenate([sites, stay]))).tolist()
    return chosen


def _arrays(problem: Problem, *, timed: bool) -> dict[str, NDArray[Any]]:
    rules, times = problem.rules, problem.times.tocsr()
    times.sort_indices()
    none = np.zeros(problem.sites, dtype=np.bool_)
    given = {
        "persons": problem.people if problem.weights is not None else None,
        "costs": rules.costs,
        "capacity": rules.capacity,
        "place": rules.place,
        "occupied": rules.occupied,
        "unit": rules.unit,
        "most_per_unit": rules.most_per_unit,
        "apart": None if rules.apart is None else rules.apart.ravel(),
    }
    return {
        "people": problem.value,
        "count": np.diff(times.indptr).astype(np.int64),
        "point": times.indices.astype(np.int64),
        "start": times.indptr.astype(np.int64),
        # Covering asks only who is reached.
        "seconds": times.data if timed else np.zeros(len(times.data)),
        "kept": problem.kept,
        "forced": none if rules.forced is None else rules.forced,
        "forbidden": none if rules.forbidden is None else rules.forbidden,
        "counted": problem.counted,
        **{name: values for name, values in given.items() if values is not None},
    }
