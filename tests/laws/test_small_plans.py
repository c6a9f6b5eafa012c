"""Plans of small districts, from scenario files, against every choice there is."""

import itertools
import math
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

import siting
from siting.domain.nouns import Assessment, Progress
from siting.domain.scenario import Scenario
from siting.pipeline import answering, planning
from siting.pipeline.ground import PreparedScenario
from siting.results import Plan
from tests.laws.small_districts import (
    MODELS,
    Candidate,
    District,
    Facility,
    Request,
    Size,
    district_of,
    request_of,
    written,
)
from tests.laws.small_optima import AS_IT_IS, Choice, Small, best_of

# Every fourth district has stations of limited capacity.
# SITING_SMALL_DISTRICTS=300 tries more at the desk.
DISTRICTS = range(int(os.environ.get("SITING_SMALL_DISTRICTS", "3")))
REQUESTS = range(3)
Proposer = Callable[[Request], Plan]


def limited(seed: int) -> bool:
    """Whether stations of a district have a capacity."""
    return seed % 4 == 0


@pytest.fixture
def proposer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[District], Proposer]:
    """What answers requests of a district: its layers are read, placed and checked once, for they do not change.

    The first request takes the whole way; of the others it is not asked what blocks them.
    """
    prepare, measure = planning.prepare, planning.measure

    def of(district: District) -> Proposer:
        known: list[Any] = []

        def prepared(scenario: Scenario, *_: Any, **__: Any) -> PreparedScenario:
            ground: PreparedScenario = known[0].ground
            return replace(ground, inputs=replace(ground.inputs, scenario=scenario))

        def measured(ground: PreparedScenario, facilities: gpd.GeoDataFrame, progress: Progress) -> Assessment:
            before: Assessment = known[0].proposal.before
            return before if facilities is ground.facilities else measure(ground, facilities, progress)

        def proposed(request: Request) -> Plan:
            monkeypatch.setattr(planning, "prepare", prepared if known else prepare)
            monkeypatch.setattr(planning, "measure", measured if known else measure)
            if known:
                monkeypatch.setattr(answering, "blocked_of", lambda *_: None)
            plan = siting.propose(siting.read_scenario(written(district, request, tmp_path)))
            known[:] = known or [plan.planned]
            return plan

        return proposed

    return of


def cases(seed: int) -> Iterator[tuple[District, Request]]:
    """Requests of a district, of every model."""
    district = district_of(seed, limited=limited(seed))
    for model in MODELS:
        for number in REQUESTS:
            yield district, request_of(100 * seed + number, district, model, limited=limited(seed))


def choice_of(small: Small, plan: Plan) -> Choice:
    """Return what a plan builds, closes and enlarges."""
    sizes = plan.stations.set_index("candidate_id")["size"]
    built = tuple((key, sizes[key] if isinstance(sizes[key], str) else "") for key in sorted(sizes.index))
    actions, grown = plan.changes["action"], plan.changes["size"]
    stays = [key for key in small.district.facilities if actions.get(key) != "close"]
    return Choice(built, tuple((key, grown[key] if key in actions else AS_IT_IS) for key in stays))


def same(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether objectives are alike."""
    return len(one) == len(other) and all(
        math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6) for a, b in zip(one, other, strict=True)
    )


def objectives(plan: Plan) -> tuple[float, ...]:
    """The objectives of a plan as the enumeration tells them: with the shortfall of clauses, if there is none too."""
    told = tuple(stage.objective for stage in plan.stages)
    met = plan.planned.question.plan.model == "compliance" and plan.status == "optimal"
    return (0.0, *told) if met else told


def faults_of(small: Small, plan: Plan) -> Iterator[str]:
    """Tell what a plan says that the enumeration denies."""
    best = best_of(small)
    if not best.feasible or plan.status == "infeasible":
        if best.feasible or plan.status != "infeasible":
            yield f"{plan.status}, but {len(best.feasible)} choices keep to the request, the best {best.stages}"
        return
    choice = choice_of(small, plan)
    if choice not in set(best.feasible):
        yield f"{choice} breaks a rule"
    elif not same(small.told(small.stages(choice) or ()), best.stages):
        yield f"{choice} is worth {small.stages(choice)}, the best {best.stages}"
    if not same(objectives(plan), best.stages):
        yield f"told are {plan.stages}, the best is {best.stages}"
    if plan.status not in ("optimal", "relaxed") or not all(stage.proved for stage in plan.stages):
        yield f"not proved: {plan.status}, {plan.stages}"
    for key, _ in small.today.stands:
        stays = dict(choice.stands) | {key: AS_IT_IS}
        if len(stays) > len(choice.stands) and small.keeps(Choice(choice.built, tuple(sorted(stays.items())))):
            yield f"{key} is closed for nothing"
    if any(stage.objective < 0 for stage in plan.stages if stage.name != "covered"):
        yield f"less than nothing: {plan.stages}"
    yield from counting_faults(small, plan, choice)


def counting_faults(small: Small, plan: Plan, choice: Choice) -> Iterator[str]:
    """Tell where the check before and after a plan, and what its stations add, do not add up."""
    before, after = (each.totals["elderly_covered"] for each in (plan.before, plan.after))
    if not same((before, after), (small.covered(small.today), small.covered(choice))):
        yield f"before {before} and after {after}, but {small.covered(small.today)} and {small.covered(choice)}"
    stands = small.covered(Choice((), choice.stands))
    if not same((stands + plan.stations["elderly_new"].sum(),), (after,)):
        yield f"stations add {plan.stations['elderly_new'].tolist()} to {stands}, after which {after} are covered"
    if small.request.model == "mclp" and not small.limited and not same((plan.objective,), (after - before,)):
        yield f"newly covered {plan.objective}, but {after} less {before}"


@pytest.mark.parametrize("seed", DISTRICTS)
def test_no_choice_is_better_than_the_plan_and_figures_add_up(seed: int, proposer: Any) -> None:
    answer, found = None, []
    for district, request in cases(seed):
        answer = answer or proposer(district)
        found += [(request, fault) for fault in faults_of(Small(district, request), answer(request))]
    assert found == []


def without_time_faults(small: Small, plan: Plan) -> Iterator[str]:
    """Tell what a plan that had no time says that the enumeration denies; it need not be good."""
    best = best_of(small)
    if plan.status in ("infeasible", "unknown"):
        if plan.status == "infeasible" and best.feasible:
            yield f"infeasible, but {len(best.feasible)} choices keep to the request"
        return
    if choice_of(small, plan) not in set(best.feasible):
        yield f"{choice_of(small, plan)} breaks a rule"
    for stage in plan.stages:
        least, most = sorted((stage.objective, stage.bound))
        if not math.isfinite(stage.objective) or (stage.bound != least and stage.sense == "min"):
            yield f"a bound on the wrong side: {stage}"
        if stage.bound != most and stage.sense == "max":
            yield f"a bound on the wrong side: {stage}"
    if plan.status == "optimal" and not same(objectives(plan), best.stages):
        yield f"called optimal are {plan.stages}, the best is {best.stages}"
    if len(objectives(plan)) == len(best.stages) and small.request.model != "compliance":
        first, true = plan.stages[0], best.stages[0]
        past = first.bound - true if first.sense == "min" else true - first.bound
        if past > 1e-6 * max(1.0, abs(true)):
            yield f"no bound of the best, {true}: {first}"


@pytest.mark.parametrize("model", MODELS)
def test_without_time_nothing_false_is_told(model: str, proposer: Any, tmp_path: Path) -> None:
    seed = 1
    district = district_of(seed, limited=limited(seed))
    request = request_of(100 * seed, district, model, limited=limited(seed))
    plan = proposer(district)(replace(request, time_limit_s=0.001))
    assert list(without_time_faults(Small(district, request), plan)) == []
    file, again = tmp_path / "plan.geojson", tmp_path / "again.geojson"
    plan.to_file(file)
    read = siting.read_plan(siting.read_scenario(tmp_path / "scenario.toml"), file)
    assert (read.status, read.planned.question.plan.time_limit_s) == (plan.status, 0.001)
    read.to_file(again)
    assert again.read_bytes() == file.read_bytes()


def looser(request: Request) -> Iterator[Request]:
    """Return requests that allow whatever another one allows."""
    if request.stations is not None:
        yield replace(request, stations=request.stations + 1)
    if request.budget_cny is not None:
        yield replace(request, budget_cny=request.budget_cny + 2)
    if request.spacing_m is not None:
        yield replace(request, spacing_m=None)
        yield replace(request, spacing_m=request.spacing_m / 2)
    if request.most_per_unit is not None:
        yield replace(request, most_per_unit=None)


@pytest.mark.parametrize("seed", [1, 4])
@pytest.mark.parametrize("model", MODELS)
def test_looser_rules_are_never_worse(seed: int, model: str, proposer: Any) -> None:
    district = district_of(seed, limited=limited(seed))
    request = request_of(seed, district, model, limited=limited(seed))
    closable = tuple(key for key, each in district.facilities.items() if each.serves)
    request = replace(
        request, stations=1 if request.stations is None else request.stations, closable=(), spacing_m=300.0
    )
    answer = proposer(district)
    small, plan = Small(district, request), answer(request)
    for other in (*looser(request), replace(request, closable=closable)):
        more = answer(other)
        if plan.status == "infeasible":
            continue
        assert more.status != "infeasible"
        assert not worse(small, objectives(more), objectives(plan)), (request, other)


def worse(small: Small, one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether objectives that are told are worse than others, in their order."""
    for name, here, there in zip(small.names(len(one)), one, other, strict=True):
        if not same((here,), (there,)):
            return here < there if name in ("covered", "least_share") else here > there
    return False


def coverable(small: Small, stays: set[str], most: float, cost: float = math.inf) -> float:
    """Return the most newly covered or served with so many stations, or for so much money, NaN if it cannot be.

    Facilities that may be closed are those that stay; a curve keeps to all other rules.
    """
    free = Small(small.district, replace(small.request, stations=99))
    choices = [
        each
        for each in free.choices()
        if {key for key, _ in each.stands} == stays and len(each.built) <= most and free.cost(each) <= cost
    ]
    served = [small.served(each, small.cutoff) for each in choices]
    return max(served) - small.served(small.today, small.cutoff) if served else math.nan


def study_faults(small: Small, plan: Plan) -> Iterator[str]:
    """Tell what the studies of a plan say that the enumeration denies."""
    here = choice_of(small, plan)
    stays = {key for key, _ in here.stands} if plan.stages else set(small.district.facilities)
    numbers = [0, 1, 2, 3]
    expected = [coverable(small, stays, number) for number in numbers]
    if any(map(math.isfinite, expected)):
        curve = plan.curve(points=numbers).table
        if not all(
            a == pytest.approx(b, abs=1e-6, nan_ok=True) for a, b in zip(curve["newly_covered"], expected, strict=True)
        ):
            yield f"the curve says {curve['newly_covered'].tolist()}, the enumeration {expected}"
        if not all(a >= b - 1e-6 for a, b in itertools.pairwise(curve["newly_covered"].dropna()[::-1])):
            yield f"the curve falls: {curve['newly_covered'].tolist()}"
    if not len(plan.stations):
        return
    order = plan.build_order().table
    newly = small.served(here, small.cutoff) - small.served(small.today, small.cutoff)
    if order["cumulative"].iloc[-1] != pytest.approx(newly, abs=1e-6):
        yield f"the order ends at {order['cumulative'].tolist()}, the plan covers {newly} more"
    if (order["loss"] < -1e-6).any() or not {*plan.stations["candidate_id"]} <= {*order["candidate_id"]}:
        yield f"an order of other stations, or better than the best: {order.to_dict('list')}"
    yield from alternative_faults(small, plan)


def alternative_faults(small: Small, plan: Plan) -> Iterator[str]:
    """Tell which other plans there are that are not told, or are told for more than they are worth."""
    table = plan.alternatives(3, within=0.2).table
    if small.request.model != "mclp" or plan.objective < 1:
        return
    today = small.served(small.today, small.cutoff)
    values: dict[frozenset[str], float] = {}
    for choice in best_of(small).feasible:
        built = frozenset(key for key, _ in choice.built)
        values[built] = max(values.get(built, -math.inf), small.served(choice, small.cutoff) - today)
    for row in table.itertuples():
        built = frozenset(key for key in row.candidates if key in small.district.candidates)
        if row.objective > values.get(built, -math.inf) + 1e-6:
            yield f"another plan {row.candidates} for {row.objective}, at most {values.get(built)}"
        if row.objective < 0.8 * plan.objective - 1e-6:
            yield f"another plan {row.candidates} is worth {row.objective}, the plan {plan.objective}"


@pytest.mark.parametrize("seed", [0, 1, 2, 5])
def test_curves_orders_and_other_plans_agree_with_all_choices(seed: int, proposer: Any) -> None:
    district, found = district_of(seed, limited=limited(seed)), []
    answer = proposer(district)
    for model in ("mclp", "p_median"):
        request = replace(request_of(seed, district, model, limited=limited(seed)), stations=2)
        small, plan = Small(district, request), answer(request)
        found += [(request, fault) for fault in study_faults(small, plan)]
    assert found == []


def two(candidates: dict[str, Candidate], facilities: dict[str, Facility]) -> District:
    """Return a district with people beside two candidates, on a line."""
    return District(((150.0, 50.0, 10.0), (450.0, 50.0, 5.0)), (), facilities, candidates, 3.0, 10.0, 0.9)


@pytest.mark.parametrize(
    ("spacing_m", "built"), [(300.0, ["C0", "C1"]), (300.0001, ["C0", "C1"]), (300.1, ["C0"]), (299.0, ["C0", "C1"])]
)
def test_at_the_spacing_both_may_be_built(spacing_m: float, built: list[str], proposer: Any) -> None:
    sites = {"C0": Candidate(150, 50, 300, 1, "shop"), "C1": Candidate(450, 50, 300, 1, "shop")}
    district = two(sites, {"F0": Facility(1500, 350)})
    plan = proposer(district)(Request("mclp", stations=2, spacing_m=spacing_m))
    assert (plan.status, sorted(plan.stations["candidate_id"])) == ("optimal", built)


@pytest.mark.parametrize(
    ("asked", "status", "built"),
    [
        # Two at one place, one at the facility's: one of them is built, and none if the facility stays.
        ({}, "optimal", ["C0"]),
        ({"spacing_m": 1.0}, "optimal", ["C0"]),
        ({"spacing_m": 1.0, "forced": ("C0", "C1")}, "infeasible", []),
        ({"spacing_m": 1.0, "forced": ("C2",)}, "optimal", ["C0", "C2"]),
        # Closing makes room beside itself.
        ({"spacing_m": 800.0, "closable": ("F0",)}, "optimal", ["C0"]),
        # A home that serves nobody around it holds nobody off, though it may grow.
        ({"spacing_m": 800.0, "upgradable": ("F0",), "tier": "institution"}, "optimal", ["C0"]),
    ],
)
def test_spacing_of_equal_places(asked: dict[str, Any], status: str, built: list[str], proposer: Any) -> None:
    sites = {f"C{i}": Candidate(x, 50, 300, 1, "shop") for i, x in enumerate((150, 150, 450))}
    tier = asked.pop("tier", "station")
    district = two(sites, {"F0": Facility(450, 50, tier)})
    if "upgradable" in asked:
        district = replace(district, sizes={"grown": Size("existing", 600, 1, None)})
    request = Request("mclp", **{"stations": 2, **asked})
    plan = proposer(district)(request)
    assert (plan.status, sorted(plan.stations["candidate_id"])) == (status, built)
    assert [*faults_of(Small(district, request), plan)] == []


@pytest.mark.parametrize("seed", range(4))
def test_a_plan_that_may_do_nothing_is_never_worse_than_nothing(seed: int, proposer: Any) -> None:
    district = district_of(seed, limited=limited(seed))
    answer = proposer(district)
    for model in ("mclp", "p_median", "p_center", "fair"):
        request = replace(request_of(seed, district, model, limited=limited(seed)), forced=(), unit_share=None)
        small = Small(district, replace(request, stations=request.stations or 0))
        plan, nothing = answer(small.request), small.stages(small.today)
        if nothing is not None:
            assert plan.status == "optimal"
            assert not worse(small, objectives(plan), small.told(nothing)), small.request


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_case_of_spacing_between_facilities_that_may_change(name: str, shared: Path, tmp_path: Path) -> None:
    shutil.copytree(shared / "cases" / "spacing-and-change", tmp_path, dirs_exist_ok=True)
    scenario = siting.read_scenario(tmp_path / f"{name}.toml")
    plan = siting.propose(scenario)
    assert (plan.status, plan.stages[0].objective) == ("optimal", 60.0)
    nothing = siting.propose(scenario, stations=0)
    assert (nothing.status, nothing.stages[0].objective) == ("optimal", 0.0)
    assert plan.stages[0].bound == pytest.approx(60.0)
