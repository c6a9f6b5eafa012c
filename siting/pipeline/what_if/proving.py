"""The problem of a plan's certificate, for a page that checks it again."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from siting.domain.certificates import CertificateValues
from siting.domain.nouns import Progress, Proposal
from siting.domain.scenario import asked
from siting.locate.problem import PMedian, Problem, SetCovering
from siting.pipeline.asking import Question, ask
from siting.pipeline.ground import PreparedScenario
from siting.pipeline.planning import merge_options

# The certificates that a page checks.
_MODELS: Final = ("mclp", "lscp", "p_median")
_PARTS: Final = frozenset({"model", "bits", "bound", "multipliers", "shift", "prices", "tree"})
# What stands for a certificate that it does not check.
ELSEWHERE: Final[Mapping[str, object]] = {"elsewhere": True}


def proof_of(ground: PreparedScenario, proposal: Proposal, progress: Progress) -> Mapping[str, object] | None:
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
    mapping or None
        ``ELSEWHERE`` for a certificate that only the program checks: of another model, or of a plan with further rules
        (budget, capacity, spacing …). Otherwise ``certificate``; ``model``, ``stations``, ``share``, ``by_cost``,
        ``beyond_s``, ``weights``, ``objective``; ``chosen``, the open sites; ``sites``, the candidate of each site
        (None for facilities that stay); ``arrays``.
    """
    selection = proposal.selection
    if selection.certificate is None or not selection.stages:
        return None
    question = ask(ground, merge_options(ground.inputs.scenario.plan, **asked(proposal.request)), progress)
    problem, model = question.problem, question.model
    known = question.plan.model in _MODELS and set(selection.certificate) <= _PARTS
    if not (known and problem.is_plain) or question.sites["facility"].any():
        return ELSEWHERE
    return {
        "certificate": _exact(selection.certificate),
        "model": question.plan.model,
        "stations": problem.rules.stations,
        "share": model.share if isinstance(model, SetCovering) else None,
        "by_cost": isinstance(model, SetCovering) and model.by_cost and problem.rules.costs is not None,
        "beyond_s": model.beyond_s if isinstance(model, PMedian) else None,
        "weights": dict(question.plan.weights),
        "objective": selection.stages[0].objective,
        "chosen": _chosen(question, proposal),
        "sites": [*[None] * question.standing, *question.sites["candidate_id"].astype(str)],
        "arrays": _arrays(problem, timed=isinstance(model, PMedian)),
    }


def _exact(certificate: CertificateValues) -> dict[str, object]:
    """Return a certificate whose large whole numbers are texts: a browser reads numbers as floats."""
    return {**certificate, "bound": str(certificate["bound"]), "prices": [str(each) for each in certificate["prices"]]}


def _chosen(question: Question, proposal: Proposal) -> list[int]:
    """Return the sites of the problem that the plan opens."""
    ids, sizes = question.sites["candidate_id"], question.sites["size"].fillna("")
    found = []
    for key, size in zip(proposal.stations["candidate_id"], proposal.stations["size"].fillna(""), strict=True):
        rows = np.flatnonzero((ids == key) & (sizes == size))
        found.append(int(rows[0]))
    return sorted(question.problem_sites(np.array(found, dtype=np.int64)).tolist())


def _arrays(problem: Problem, *, timed: bool) -> dict[str, NDArray[Any]]:
    rules, times = problem.rules, problem.times.tocsr()
    times.sort_indices()
    none = np.zeros(problem.sites, dtype=np.bool_)
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
        "costs": np.zeros(problem.sites) if rules.costs is None else rules.costs,
    }
