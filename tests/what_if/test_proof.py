"""The page proves what the library proves, and refuses what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import siting
from siting.locate.certificate import Certificate, CertificateError, check_certificate, value_of
from siting.locate.problem import MaximalCovering, Model, PMedian, Problem, SetCovering
from siting.pipeline.what_if import what_if
from siting.write.webmap.what_if import _proof
from tests.locate.test_certificates import MODELS, PLAIN, certificate_for, corrupted, made, of_two_kinds
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
        "people": (problem.people if isinstance(model, SetCovering) else problem.value).tolist(),
        "persons": problem.people.tolist(),
        "start": times.indptr.tolist(),
        "point": times.indices.tolist(),
        "seconds": times.data.tolist(),
        "kept": problem.kept.astype(int).tolist(),
        "forced": (none if rules.forced is None else rules.forced).astype(int).tolist(),
        "forbidden": (none if rules.forbidden is None else rules.forbidden).astype(int).tolist(),
        "costs": None if rules.costs is None else rules.costs.tolist(),
        "byCost": by_cost and rules.costs is not None,
        "stations": rules.stations,
        "budget": rules.budget,
        "counted": problem.counted.astype(int).tolist(),
        "capacity": None if rules.capacity is None else [each if each < np.inf else None for each in rules.capacity],
        "occupied": listed(rules.occupied),
        "place": listed(rules.place),
        "unit": listed(rules.unit),
        "mostPerUnit": listed(rules.most_per_unit),
        "apart": listed(rules.apart),
        "sets": [{"sites": sites.tolist(), "most": most} for sites, most in rules.at_most],
        "share": model.share if isinstance(model, SetCovering) else None,
        "beyond": model.beyond_s if isinstance(model, PMedian) else None,
    }


def listed(found: np.ndarray[Any, Any] | None) -> list[int] | None:
    return None if found is None else found.astype(int).ravel().tolist()


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
    for seed in range(30 if name in PLAIN else 20):
        problem, model = made(seed, name)
        found = certificate_for(problem, model)
        if found is None:
            continue
        told, unit = dict[str, Any](found[0].to_json()), 1 if isinstance(model, MaximalCovering) else -1
        stronger = {**told, "bound": told["bound"] - unit * (abs(told["bound"]) // 3 + 1)}
        certificates = [told, stronger, *(corrupted(told, rng) for _ in range(6))]
        cases.append(
            {"problem": plain(problem, model), "certificates": [*map(exact, certificates)], "chosen": found[1].tolist()}
        )
        problems.append((problem, model, certificates, found[1]))
    accepted = refused = 0
    for ours, (problem, model, certificates, chosen) in zip(run_node(PROVE, given=cases), problems, strict=True):
        served = Certificate.from_json(certificates[0]).served
        assert ours["value"] == pytest.approx(value_of(problem, model, chosen, served))
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
    assert accepted > (20 if name in PLAIN else 5)
    assert refused > 10


def test_the_failing_claim_is_named() -> None:
    problem, model = made(3, "mclp")
    found = certificate_for(problem, model)
    assert found is not None
    told = found[0].to_json()
    weak = {**told, "bound": -1}
    (ours,) = run_node(PROVE, given=[{"problem": plain(problem, model), "certificates": [exact(weak)], "chosen": []}])
    assert ours["checked"][0] == {"code": "weak", "claim": 1}


def test_a_site_that_does_not_count_is_bounded_beside_one_of_its_place_that_does() -> None:
    problem, model = of_two_kinds()
    claim = Certificate("mclp", (0, 0), 0, (np.array([4, 5]),), 0, (0,), {"by": 0}).to_json()
    given = {"problem": plain(problem, model), "certificates": [exact(claim)], "chosen": []}
    assert run_node(PROVE, given=[given])[0]["checked"] == [{"code": "weak", "claim": 1}]


@pytest.mark.parametrize(
    "options",
    [
        {"stations": 3, "budget_cny": 9_000_000},
        {"stations": 4, "closable": ["F010", "F020"]},
        {"stations": 6, "capacity": 500, "spacing_m": 500, "most_per_unit": 2},
    ],
)
def test_the_page_proves_a_plan_with_other_rules(options: dict[str, Any], sample: Path) -> None:
    proposal = siting.propose(sample, **options).proposal
    found = what_if(proposal.before, proposal)
    assert found is not None
    assert found.plans.proof is not None
    told = json.loads(json.dumps(_proof(found.plans.proof)))
    (ours,) = run_node(PROVE, given=[{"told": told}])
    stage = proposal.selection.stages[0]
    assert ours["value"] - told["today"] == pytest.approx(stage.objective)
    bound = ours["checked"][0]["bound"] - told["today"]
    # Where the search for the certificate ran out of time the solver's bound is the better one.
    assert bound == pytest.approx(stage.bound, rel=1e-7) if proposal.selection.certified else bound >= stage.bound
