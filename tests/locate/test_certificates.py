"""Certificates: what is made proves the plan, and whatever is accepted is true."""

import itertools
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.domain.nouns import Ints
from siting.locate.certificate import (
    Certificate,
    CertificateError,
    check_certificate,
    packed,
    relaxations,
    unpacked,
    value_of,
)
from siting.locate.certificate_search import certificate_of
from siting.locate.problem import Effort, MaximalCovering, Model, PMedian, Problem, Rules, SetCovering
from siting.locate.solve import solve

MODELS = ("mclp", "lscp", "lscp_part", "lscp_cost", "p_median")


def model_of(name: str, share: float) -> Model:
    return {
        "mclp": MaximalCovering(),
        "lscp": SetCovering(),
        "lscp_part": SetCovering(share),
        "lscp_cost": SetCovering(share, by_cost=True),
        "p_median": PMedian(900.0),
    }[name]


def made(seed: int, name: str) -> tuple[Problem, Model]:
    """Return a small problem: up to 14 points and 7 sites, some kept, forced or forbidden."""
    rng = np.random.default_rng(seed)
    points, sites = int(rng.integers(1, 15)), int(rng.integers(1, 8))
    near = rng.random((sites, points)) < rng.choice([0.2, 0.5])
    times = csr_array(near * rng.integers(1, 1000, near.shape))
    people = rng.integers(0, 30, points).astype(float) if rng.random() < 0.5 else rng.random(points) * 30
    kept = rng.random(sites) < 0.2
    forbidden = (rng.random(sites) < 0.2) & ~kept
    forced = (rng.random(sites) < 0.2) & ~kept & ~forbidden
    whole = rng.random() < 0.5
    costs = rng.integers(1, 9, sites) * 1e5 if whole else rng.random(sites) * 100
    covers = name.startswith("lscp")
    least = int(forced.sum())
    rules = Rules(
        stations=None if covers else least + int(rng.integers(0, 4)),
        kept=kept,
        forced=forced,
        forbidden=forbidden,
        costs=costs if name == "lscp_cost" else None,
    )
    return Problem(times, people, rules), model_of(name, float(rng.choice([0.3, 0.6, 0.9])))


def better(one: float, other: float, model: Model) -> bool:
    return one > other if isinstance(model, MaximalCovering) else one < other


def best_of(problem: Problem, model: Model) -> float:
    """Return the best objective of all choices; NaN if none is allowed."""
    found = math.nan
    free = np.flatnonzero(problem.open_to_choice).tolist()
    for many in range(len(free) + 1):
        for choice in itertools.combinations(free, many):
            try:
                value = value_of(problem, model, np.array(choice, dtype=np.int64))
            except CertificateError:
                continue
            found = value if math.isnan(found) or better(value, found, model) else found
    return found


def certificate_for(problem: Problem, model: Model) -> tuple[Certificate, Ints] | None:
    found = solve(problem, model, Effort())
    if not found.stages:
        return None
    certificate = certificate_of(problem, model, found.chosen, Effort())
    assert certificate is not None
    return certificate, found.chosen


@pytest.mark.parametrize("name", MODELS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=60)
def test_a_certificate_proves_the_best_of_all_choices(name: str, seed: int) -> None:
    problem, model = made(seed, name)
    found = certificate_for(problem, model)
    best = best_of(problem, model)
    if found is None:
        assert math.isnan(best)
        return
    certificate, chosen = found
    again = Certificate.from_json(json.loads(json.dumps(certificate.to_json())))
    bound = check_certificate(problem, model, again)
    assert value_of(problem, model, chosen) == pytest.approx(best)
    assert bound == pytest.approx(best, rel=1e-4, abs=1e-4)
    assert not better(best, bound + (1e-9 if isinstance(model, MaximalCovering) else -1e-9) * abs(best), model)


@pytest.mark.parametrize("name", MODELS)
def test_a_claim_that_is_too_strong_is_rejected(name: str) -> None:
    rejected = 0
    for seed in range(450):
        problem, model = made(seed, name)
        found = certificate_for(problem, model)
        if found is None or not (best := best_of(problem, model)):
            continue
        bits = {"mclp": 0, "lscp": 1}.get(found[0].model)
        unit = 2 ** (sum(found[0].bits) if bits is None else found[0].bits[bits])
        for part in (1e-3, 0.3):
            # Beyond the truth, and beyond what rounding may weaken.
            by = math.ceil(part * best * unit) + unit // 100 + 1
            claim = math.ceil(best * unit) + (-by if name == "mclp" else by)
            with pytest.raises(CertificateError):
                check_certificate(problem, model, replace(found[0], bound=claim))
            rejected += 1
    assert rejected > 200


def corrupted(found: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Return a certificate as JSON with one thing changed."""
    other = deepcopy(dict(found))
    nodes = [other["tree"]]
    for node in nodes:
        nodes += [value for value in node.values() if isinstance(value, dict)]
    node = nodes[rng.integers(len(nodes))]
    kind = rng.integers(7)
    if kind == 0:
        sets = [unpacked(each) for each in other["multipliers"]]
        if len(sets[0]):
            sets[0][rng.integers(len(sets[0]))] = rng.integers(-5, 2**30)
        other["multipliers"] = [packed(each) for each in sets]
    elif kind == 1:
        node[str(rng.choice(list(node)))] = rng.choice([0, 1, 2, -1]).item()
    elif kind == 2:
        del node[str(rng.choice(list(node)))]
    elif kind == 3:
        other["prices"] = [int(rng.integers(-1, 2**40)) for _ in other["prices"]]
    elif kind == 4:
        other["bits"] = [int(each) + int(rng.integers(-3, 4)) for each in other["bits"]]
    elif kind == 5:
        other["multipliers"] = [each[:-2] for each in other["multipliers"]]
    else:
        node["shut"] = [*node.get("shut", []), int(rng.integers(0, 8))]
    return other


@pytest.mark.parametrize("name", MODELS)
def test_what_is_accepted_is_true_whatever_was_changed(name: str) -> None:
    rng, refused = np.random.default_rng(7), 0
    for seed in range(60):
        problem, model = made(seed, name)
        found = certificate_for(problem, model)
        if found is None:
            continue
        best = best_of(problem, model)
        for _ in range(8):
            try:
                bound = check_certificate(problem, model, Certificate.from_json(corrupted(found[0].to_json(), rng)))
            except CertificateError:
                refused += 1
                continue
            slack = 1e-9 * max(abs(best), 1.0)
            assert bound >= best - slack if isinstance(model, MaximalCovering) else bound <= best + slack
    assert refused > 40


@pytest.mark.parametrize(
    "broken",
    [
        {"bits": [5000, 0]},
        {"bits": [0]},
        {"bits": "20"},
        {"bound": None},
        {"bound": "1e400"},
        {"multipliers": 3},
        {"multipliers": ["no base64"]},
        {"multipliers": [packed(np.array([-1]))]},
        {"shift": -1},
        {"shift": 2.5},
        {"prices": []},
        {"prices": [-1]},
        {"model": "p_center"},
        {"tree": {}},
        {"tree": []},
        {"tree": {"by": True}},
        {"tree": {"by": 0, "shut": 3, "open": [], "then": {"by": 0}}},
        {"tree": {"by": 0, "shut": [0, 0], "open": [], "then": {"by": 0}}},
        {"tree": {"site": 0, "open": {"by": 0}}},
        {"tree": {"site": 99, "open": {"by": 0}, "closed": {"by": 0}}},
    ],
)
def test_what_is_no_certificate_is_told_as_such(broken: Mapping[str, Any]) -> None:
    reach = csr_array(np.array([[60.0, 60, 0], [0, 60, 60]]))
    problem = Problem(reach, np.array([4.0, 5.0, 3.0]), Rules(stations=1))
    found = certificate_for(problem, MaximalCovering())
    assert found is not None
    with pytest.raises(CertificateError):
        check_certificate(problem, MaximalCovering(), Certificate.from_json({**found[0].to_json(), **broken}))


def test_problems_with_other_rules_have_no_certificate() -> None:
    problem, model = made(3, "mclp")
    limited = problem.under(capacity=np.full(problem.sites, 5.0))
    assert certificate_of(limited, model, np.zeros(0, dtype=np.int64), Effort()) is None
    found = certificate_for(problem, model)
    assert found is not None
    for other, of in ((limited, model), (problem, PMedian(900.0))):
        with pytest.raises(CertificateError, match="other_model"):
            check_certificate(other, of, found[0])


def test_a_choice_that_breaks_the_rules_has_no_value() -> None:
    reach = csr_array(np.array([[60.0, 60, 0], [0, 60, 60]]))
    problem = Problem(reach, np.array([4.0, 5.0, 3.0]), Rules(stations=1))
    for model, chosen in ((MaximalCovering(), [0, 1]), (SetCovering(), [0])):
        with pytest.raises(CertificateError, match=r"breaks_rules|misses_share"):
            value_of(problem, model, np.array(chosen))
    assert value_of(problem, PMedian(100.0), np.array([1])) == 4 * 100 + 5 * 60 + 3 * 60


def test_a_large_certificate_is_small_and_closes_the_gap() -> None:
    rng = np.random.default_rng(5)
    points, sites = rng.random((4000, 2)), rng.random((300, 2))
    near = np.linalg.norm(points[None] - sites[:, None], axis=2)
    problem = Problem(csr_array(np.where(near < 0.1, near, 0.0)), rng.integers(1, 40, 4000) * 1.0, Rules(stations=15))
    found = certificate_for(problem, MaximalCovering())
    assert found is not None
    assert len(json.dumps(found[0].to_json())) < 1_100_000
    assert check_certificate(problem, MaximalCovering(), found[0]) == pytest.approx(
        value_of(problem, MaximalCovering(), found[1]), rel=1e-6
    )


@pytest.mark.parametrize("name", MODELS)
def test_ctrl_c_at_any_moment_leaves_a_certificate_that_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = 0
    for seed in range(40):
        problem, model = made(seed, name)
        found = solve(problem, model, Effort())
        if not found.stages:
            continue
        for calls in range(1, 6):
            left = calls

            def interrupted(*given: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    raise KeyboardInterrupt
                return relaxations(*given)

            monkeypatch.setattr("siting.locate.certificate_search.relaxations", interrupted)
            certificate = None
            with suppress(KeyboardInterrupt):
                # The goal is computed before the search begins.
                certificate = certificate_of(problem, model, found.chosen, Effort())
            monkeypatch.undo()
            if certificate is not None:
                check_certificate(problem, model, certificate)
                held += 1
    assert held > 15
