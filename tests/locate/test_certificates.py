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
from scipy.optimize import linprog
from scipy.sparse import csr_array

from siting.domain.nouns import Ints
from siting.locate.certificate import (
    Certificate,
    CertificateError,
    Served,
    check_certificate,
    packed,
    relaxations,
    unit_bits,
    unpacked,
    value_of,
)
from siting.locate.certificate_search import certificate_of
from siting.locate.milp.constraints import satisfies, site_constraints
from siting.locate.problem import Effort, MaximalCovering, Model, PMedian, Problem, Rules, SetCovering, Solution
from siting.locate.solve import solve

PLAIN = ("mclp", "lscp", "lscp_part", "lscp_cost", "p_median")
# The model, and the rules beside a number of stations and forced, forbidden and kept sites.
RULED = tuple(
    f"{model}+{rule}" for model in ("mclp", "lscp_part", "p_median") for rule in ("budget", "capacity", "sites", "all")
)
MODELS = (*PLAIN, *RULED)


def model_of(name: str, share: float) -> Model:
    name = name.partition("+")[0]
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
    near = rng.random((sites, points)) < rng.choice([0.4, 0.7])
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
    rule = name.partition("+")[2]
    rules = replace(rules, **_more_rules(rng, kept, rule))
    model = model_of(name, float(rng.choice([0.3, 0.6, 0.9])))
    weights = rng.random(points) * people if rule == "all" and isinstance(model, MaximalCovering) else None
    return Problem(times, people, rules, weights), model


def _more_rules(rng: np.random.Generator, kept: Any, rule: str) -> dict[str, Any]:
    sites, found = len(kept), dict[str, Any]()
    if rule in ("budget", "all"):
        found["costs"] = rng.integers(1, 9, sites) * 1e5 if rng.random() < 0.5 else rng.random(sites) * 100
        found["budget"] = float(found["costs"].sum() * rng.choice([0.4, 0.7]))
    if rule in ("capacity", "all"):
        most = rng.random(sites) * 200
        most = np.rint(most) if rng.random() < 0.5 else most
        found["capacity"] = np.where(kept | (rng.random(sites) < 0.2), np.inf, most)
    if rule in ("sites", "all"):
        found["place"] = np.sort(rng.integers(0, sites, sites))
        found["apart"] = rng.integers(0, sites, (2, 2))
        found["unit"] = rng.integers(-1, 2, sites)
        found["most_per_unit"] = np.array([2, 1])
        found["at_most"] = ((np.flatnonzero(~kept & (rng.random(sites) < 0.5)), 2),)
        found["counted"] = ~kept & (rng.random(sites) < 0.8)
    return found


def better(one: float, other: float, model: Model) -> bool:
    return one > other if isinstance(model, MaximalCovering) else one < other


def value_by_flows(problem: Problem, model: Model, chosen: Ints) -> float:
    """Return the objective of a choice with capacity, by a linear program of scipy; NaN if it is not allowed."""
    assert problem.rules.capacity is not None
    pairs = problem.times.tocoo()
    opened = np.flatnonzero(np.isin(pairs.coords[0], chosen) | problem.kept[pairs.coords[0]])
    site, point, seconds = pairs.coords[0][opened], pairs.coords[1][opened], pairs.data[opened]
    weight = problem.people if isinstance(model, SetCovering) else problem.value
    worth = weight[point] / np.where(problem.people[point] > 0, problem.people[point], np.inf)
    beyond = model.beyond_s if isinstance(model, PMedian) else None
    saved = worth if beyond is None else worth * np.maximum(beyond - seconds, 0.0)
    limited = np.flatnonzero(np.isfinite(problem.rules.capacity))
    rows = np.concatenate([np.arange(len(weight))[:, None] == point, limited[:, None] == site]).astype(float)
    most = np.concatenate([problem.people, problem.rules.capacity[limited]])
    total = -linprog(-saved, rows, most).fun if len(opened) else 0.0
    if isinstance(model, SetCovering):
        if total < model.share * problem.people.sum() * (1 - 1e-9) - 1e-9:
            return math.nan
        costs = problem.rules.costs if model.by_cost else None
        return float(problem.counted[chosen].sum()) if costs is None else math.fsum(costs[chosen])
    if beyond is not None:
        return beyond * math.fsum(problem.value) - float(total)
    return float(total) - math.fsum(problem.value[problem.reached_by(np.zeros(0, dtype=np.int64))])


def best_of(problem: Problem, model: Model) -> float:
    """Return the best objective of all choices; NaN if none is allowed."""
    found, rules = math.nan, site_constraints(problem)
    free = np.flatnonzero(problem.open_to_choice).tolist()
    # A plan is bounded by its stations and money; set covering, which minimises one of them, keeps to both too.
    for many in range(len(free) + 1):
        for choice in itertools.combinations(free, many):
            chosen = np.array(choice, dtype=np.int64)
            if not satisfies(problem, chosen, rules):
                continue
            try:
                limited = problem.rules.capacity is not None
                value = (value_by_flows if limited else value_of)(problem, model, chosen)
            except CertificateError:
                # It misses the share.
                continue
            found = value if math.isnan(found) or better(value, found, model) else found
    return found


def certificate_for(problem: Problem, model: Model) -> tuple[Certificate, Ints] | None:
    found = solve(problem, model, Effort())
    if not found.stages:
        return None
    certificate = certificate_of(problem, model, found.chosen, Effort(), served_of(found))
    assert certificate is not None
    return certificate, found.chosen


def served_of(found: Solution) -> Served | None:
    return None if found.served is None else Served.of(found.served)


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
    assert value_of(problem, model, chosen, again.served) == pytest.approx(best, rel=1e-6)
    # Small trees close every gap, up to the rounding of people and times.
    assert bound == pytest.approx(best, rel=1e-4, abs=1e-2 if isinstance(model, PMedian) else 1e-4)
    assert not better(best, bound + (1e-9 if isinstance(model, MaximalCovering) else -1e-9) * abs(best), model)


@pytest.mark.parametrize("name", [*PLAIN, "mclp+all", "lscp_part+capacity", "p_median+budget"])
def test_a_claim_that_is_too_strong_is_rejected(name: str) -> None:
    rejected = 0
    for seed in range(450 if name in PLAIN else 90):
        problem, model = made(seed, name)
        found = certificate_for(problem, model)
        if found is None or not (best := best_of(problem, model)):
            continue
        unit = 2 ** unit_bits(found[0])
        for part in (1e-3, 0.3):
            # Beyond the truth, and beyond what rounding may weaken.
            by = math.ceil(part * best * unit) + unit // 100 + 1
            claim = math.ceil(best * unit) + (-by if isinstance(model, MaximalCovering) else by)
            with pytest.raises(CertificateError):
                check_certificate(problem, model, replace(found[0], bound=claim))
            rejected += 1
    assert rejected > (200 if name in PLAIN else 60)


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


@pytest.mark.parametrize("name", [*PLAIN, "mclp+all", "lscp_part+all", "p_median+all"])
def test_what_is_accepted_is_true_whatever_was_changed(name: str) -> None:
    rng, refused = np.random.default_rng(7), 0
    for seed in range(60 if name in PLAIN else 40):
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
    assert refused > (40 if name in PLAIN else 30)


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
        {"prices": [1.5]},
        {"prices": ["3"]},
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


def test_facilities_that_stay_with_a_capacity_have_no_certificate() -> None:
    problem, model = made(3, "mclp")
    limited = problem.under(capacity=np.full(problem.sites, 5.0), kept=np.arange(problem.sites) == 0)
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


def of_two_kinds() -> tuple[Problem, Model]:
    """Return a place with a site that counts as a station, of which none may be built, and one that does not."""
    reach = csr_array(np.array([[60.0, 60], [60, 0]]))
    rules = Rules(stations=0, counted=np.array([True, False]), place=np.array([0, 0]))
    return Problem(reach, np.array([4.0, 5.0]), rules), MaximalCovering()


def test_a_site_that_does_not_count_is_bounded_beside_one_of_its_place_that_does() -> None:
    problem, model = of_two_kinds()
    assert best_of(problem, model) == 4.0
    claim = Certificate("mclp", (0, 0), 0, (np.array([4, 5]),), 0, (0,), {"by": 0})
    with pytest.raises(CertificateError, match="weak"):
        check_certificate(problem, model, claim)
    assert check_certificate(problem, model, replace(claim, bound=4)) == 4.0


def test_the_time_for_those_beyond_is_not_rounded_to_single_precision() -> None:
    times = csr_array(np.array([[500.1, 700.0, 20.0]], dtype=np.float32))
    rules = Rules(stations=1, capacity=np.array([9.0]))
    problem, model, chosen = Problem(times, np.array([4.0, 5.0, 3.0]), rules), PMedian(500.1), np.array([0])
    served = Served(np.array([0, 0]), np.array([1, 2]), np.array([5.0, 3.0]))
    assert value_of(problem, model, chosen, served) == pytest.approx(500.1 * 9 + 20 * 3, rel=1e-14)
    paid = np.full(3, 600 * 2**40)
    claim = Certificate("p_median", (0, 40), 0, (paid,), 0, (0,), {"by": 0})
    exact = replace(problem, times=csr_array((times.data.astype(np.float64), times.indices, times.indptr)))
    gains = [relaxations(each, model, claim)[0].gain.tolist() for each in (problem, exact)]
    assert gains[0] == gains[1]


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


def test_a_tree_is_never_nested_too_deep_for_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sites of which one may be open, the bound excludes one at a time: a tree as deep as there are sites."""
    sites = 60
    reach = csr_array(np.eye(sites) * 60.0)
    people = np.random.default_rng(1).integers(5, 9, sites).astype(float)
    problem = Problem(reach, people, Rules(stations=2, at_most=((np.arange(sites), 1),)))
    model, chosen = MaximalCovering(), np.array([int(people.argmax())])
    monkeypatch.setattr("siting.locate.certificate_search._DEEPEST", 20)
    found = certificate_of(problem, model, chosen, Effort())
    assert found is not None
    depth, level = 0, [dict[str, Any](found.tree)]
    while level := [each for node in level for each in node.values() if isinstance(each, dict)]:
        depth += 1
    assert 20 <= depth <= 25
    assert check_certificate(problem, model, found) >= people.max()


def test_who_serves_whom_is_checked() -> None:
    reach = csr_array(np.array([[60.0, 60, 0], [0, 60, 60]]))
    rules = Rules(stations=1, capacity=np.array([8.0, np.inf]))
    problem, model, chosen = Problem(reach, np.array([4.0, 5.0, 3.0]), rules), MaximalCovering(), np.array([0])

    def value(site: list[int], point: list[int], persons: list[float]) -> float:
        return value_of(problem, model, chosen, Served(np.array(site), np.array(point), np.array(persons)))

    assert value([0, 0], [0, 1], [4.0, 4.0]) == 8.0
    for wrong in (
        ([0, 0], [0, 1], [4.0, 5.0]),
        ([0], [2], [1.0]),
        ([1], [1], [5.0]),
        ([0], [1], [-1.0]),
        ([0], [0], [5.0]),
        ([0], [1], [math.nan]),
        ([0], [7], [1.0]),
    ):
        with pytest.raises(CertificateError, match="served"):
            value(*wrong)
    with pytest.raises(CertificateError, match="served"):
        value_of(problem, model, chosen)


@pytest.mark.parametrize("name", ["mclp", "lscp_part", "p_median", "mclp+all", "lscp_part+all", "p_median+all"])
def test_ctrl_c_at_any_moment_leaves_a_certificate_that_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = 0
    for seed in range(40 if name in PLAIN else 16):
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
                certificate = certificate_of(problem, model, found.chosen, Effort(), served_of(found))
            monkeypatch.undo()
            if certificate is not None:
                check_certificate(problem, model, certificate)
                held += 1
    assert held > (15 if name in PLAIN else 3)
