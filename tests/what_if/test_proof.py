"""The page proves what the library proves, and refuses what it refuses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import siting
from siting.locate.certificate import Certificate, CertificateError, check_certificate, value_of
from siting.locate.problem import Model, PMedian, Problem, SetCovering
from siting.pipeline.what_if import what_if
from siting.pipeline.what_if.proving import ELSEWHERE
from siting.text import say
from siting.write.webmap import map_html
from tests.locate.test_certificates import MODELS, certificate_for, corrupted, made
from tests.what_if.nodes import run_node

PROVE = Path(__file__).with_name("prove.mjs")


def plain(problem: Problem, model: Model) -> dict[str, Any]:
    """Return a problem as the page has it."""
    rules, none = problem.rules, np.zeros(problem.sites, dtype=bool)
    times = problem.times.tocsr()
    by_cost = isinstance(model, SetCovering) and model.by_cost
    names = {"MaximalCovering": "mclp", "SetCovering": "lscp", "PMedian": "p_median"}
    return {
        "model": names[type(model).__name__],
        "people": problem.value.tolist(),
        "start": times.indptr.tolist(),
        "point": times.indices.tolist(),
        "seconds": times.data.tolist(),
        "kept": problem.kept.astype(int).tolist(),
        "forced": (none if rules.forced is None else rules.forced).astype(int).tolist(),
        "forbidden": (none if rules.forbidden is None else rules.forbidden).astype(int).tolist(),
        "costs": rules.costs.tolist() if by_cost and rules.costs is not None else None,
        "stations": rules.stations,
        "share": model.share if isinstance(model, SetCovering) else None,
        "beyond": model.beyond_s if isinstance(model, PMedian) else None,
    }


def exact(found: dict[str, Any]) -> dict[str, Any]:
    """Return a certificate as the page holds it: large whole numbers are texts."""
    return {**found, "bound": str(found.get("bound")), "prices": [str(each) for each in found.get("prices", [])]}


def outcome(problem: Problem, model: Model, certificate: dict[str, Any]) -> float | str:
    """Return the bound that the library finds proved, or why it refuses the certificate."""
    try:
        return check_certificate(problem, model, Certificate.from_json(certificate))
    except CertificateError as error:
        return error.code


@pytest.mark.parametrize("name", MODELS)
def test_page_and_library_prove_the_same(name: str) -> None:
    """Certificates that hold, those whose claim is too strong, and those with one thing changed."""
    rng = np.random.default_rng(29)
    cases, problems = [], []
    for seed in range(30):
        problem, model = made(seed, name)
        found = certificate_for(problem, model)
        if found is None:
            continue
        told, unit = found[0].to_json(), 1 if name == "mclp" else -1
        stronger = {**told, "bound": told["bound"] - unit * (abs(told["bound"]) // 3 + 1)}
        certificates = [told, stronger, *(corrupted(told, rng) for _ in range(6))]
        cases.append(
            {"problem": plain(problem, model), "certificates": [*map(exact, certificates)], "chosen": found[1].tolist()}
        )
        problems.append((problem, model, certificates, found[1]))
    accepted = refused = 0
    for ours, (problem, model, certificates, chosen) in zip(run_node(PROVE, given=cases), problems, strict=True):
        assert ours["value"] == pytest.approx(value_of(problem, model, chosen))
        for one, each in zip(ours["checked"], certificates, strict=True):
            bound = outcome(problem, model, each)
            if isinstance(bound, str):
                # The page's whole numbers have no limit.
                assert "code" in one or bound == "large", (each, bound)
                refused += 1
                continue
            assert "bound" in one, (one, each)
            assert one["bound"] == pytest.approx(bound, rel=1e-12, abs=1e-12)
            assert one["claims"] > 0
            accepted += 1
    assert accepted > 20
    assert refused > 10


def test_the_failing_claim_is_named() -> None:
    problem, model = made(3, "mclp")
    found = certificate_for(problem, model)
    assert found is not None
    told = found[0].to_json()
    weak = {**told, "bound": -1}
    (ours,) = run_node(PROVE, given=[{"problem": plain(problem, model), "certificates": [exact(weak)], "chosen": []}])
    assert ours["checked"][0] == {"code": "weak", "claim": 1}


@pytest.mark.parametrize("strange", ["rule", "part", "facility"])
def test_a_certificate_that_the_page_does_not_know_is_left_to_the_program(
    plan: siting.results.Plan, sample: Path, strange: str
) -> None:
    proposal = plan.proposal
    certificate: Any = proposal.selection.certificate
    assert certificate is not None
    if strange == "rule":
        proposal = siting.propose(sample, stations=3, budget_cny=9_000_000).proposal
    elif strange == "part":
        certificate = {**certificate, "served": []}
    else:
        request = proposal.request.model_copy(update={"closable": ("F036",)})
        proposal = replace(proposal, request=request)
    proposal = replace(proposal, selection=replace(proposal.selection, certificate=certificate))
    found = what_if(proposal.before, proposal)
    assert found is not None
    assert found.proof == ELSEWHERE
    page = map_html(proposal.before, proposal, what_if=found)
    assert '"proof":{"elsewhere":true}' in page
    assert say("map.what_if.verify_elsewhere", "en") in page
