"""Maximal covering: against brute force, known optima, and the laws."""

import csv
import itertools
import math
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siting.locate import exact, propose_covering
from siting.locate.greedy import greedy
from siting.locate.instance import CoveringInstance, clean, reduce_covering


@dataclass(frozen=True)
class Case:
    covers: csr_array
    weights: NDArray[np.float64]
    costs: NDArray[np.float64]

    def covered(self, chosen: tuple[int, ...]) -> float:
        return math.fsum(self.weights[self.covers.toarray()[list(chosen)].any(axis=0)])

    def best(self, stations: int | None = None, budget: float = math.inf) -> float:
        rows = range(self.covers.shape[0])
        most = len(rows) if stations is None else min(stations, len(rows))
        return max(
            self.covered(chosen)
            for count in range(most + 1)
            for chosen in itertools.combinations(rows, count)
            if math.fsum(self.costs[list(chosen)]) <= budget * (1 + 1e-12)
        )


PERSONS = st.one_of(
    st.lists(st.integers(0, 40).map(float), min_size=14, max_size=14),
    st.lists(st.floats(0, 300, allow_subnormal=False), min_size=14, max_size=14),
)
MONEY = st.one_of(
    st.lists(st.integers(0, 12).map(lambda c: c * 50_000.0), min_size=7, max_size=7),
    st.lists(st.floats(0, 9e5, allow_subnormal=False), min_size=7, max_size=7),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    candidates, points = draw(st.integers(0, 7)), draw(st.integers(0, 14))
    share = draw(st.sampled_from([0.15, 0.3, 0.6]))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    weights, costs = np.array(draw(PERSONS))[:points], np.array(draw(MONEY))[:candidates]
    covers = csr_array(rng.random((candidates, points)) < share)
    for array in (weights, costs, covers.data, covers.indices, covers.indptr):
        array.flags.writeable = False
    return Case(covers, weights, costs)


def hard(sites: int = 40, points: int = 300, seed: int = 5) -> Case:
    """A case whose linear programme leaves a gap."""
    rng = np.random.default_rng(seed)
    costs = rng.integers(10, 90, sites) * 10_000.0
    return Case(csr_array(rng.random((sites, points)) < 0.06), rng.integers(1, 30, points).astype(float), costs)


@settings(deadline=None, max_examples=150)
@given(cases(), st.integers(0, 8))
def test_stations_as_brute_force(case: Case, stations: int) -> None:
    plan = propose_covering(case.covers, case.weights, stations=stations)
    assert plan.status == "optimal"
    assert plan.stopped_by == "proved"
    assert plan.objective == pytest.approx(case.best(stations), rel=1e-9)
    assert len(plan.chosen) <= stations


@settings(deadline=None, max_examples=150)
@given(cases(), st.integers(0, 40), st.one_of(st.none(), st.integers(0, 5)))
def test_budget_as_brute_force(case: Case, twentieths: int, stations: int | None) -> None:
    budget = twentieths / 20 * float(case.costs.sum())
    plan = propose_covering(case.covers, case.weights, budget=budget, costs=case.costs, stations=stations)
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(case.best(stations, budget), rel=1e-9)
    assert math.fsum(case.costs[plan.chosen]) <= budget * (1 + 1e-12)


@settings(deadline=None, max_examples=60)
@given(cases(), st.integers(0, 5))
def test_gains_add_up_and_fall(case: Case, stations: int) -> None:
    plan = propose_covering(case.covers, case.weights, stations=stations)
    assert np.all(plan.gains > 0)
    assert np.all(np.diff(plan.gains) <= 1e-9 * plan.objective)
    assert math.fsum(plan.gains) == plan.objective
    assert plan.objective == pytest.approx(case.covered(tuple(plan.chosen)), rel=1e-12)
    for step in range(len(plan.chosen)):
        assert case.covered(tuple(plan.chosen[: step + 1])) == pytest.approx(plan.gains[: step + 1].sum())
    assert plan.bound >= plan.objective >= plan.greedy_objective


def test_objectives_of_one_choice_are_one_number() -> None:
    covers = csr_array(np.array([[0, 0, 0, 0, 0], [0, 1, 1, 0, 1], [0, 0, 0, 1, 0]], dtype=bool))
    plan = propose_covering(covers, np.array([0.0, 1.0, 1.999, 0.1, 62.0]), stations=2)
    assert plan.bound == plan.objective == plan.greedy_objective == math.fsum(plan.gains)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_a_station_more_never_lowers(case: Case) -> None:
    covered = [propose_covering(case.covers, case.weights, stations=p).objective for p in range(8)]
    assert all(more >= fewer - 1e-9 * more for fewer, more in itertools.pairwise(covered))


@settings(deadline=None, max_examples=80)
@given(cases(), st.integers(1, 4), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(case: Case, stations: int, money: bool, random: Any) -> None:  # noqa: FBT001
    rows, columns = (list(range(length)) for length in case.covers.shape)
    random.shuffle(rows)
    random.shuffle(columns)
    limits: dict[str, Any] = {"budget": 0.4 * float(case.costs.sum())} if money else {"stations": stations}
    plain = propose_covering(case.covers, case.weights, costs=case.costs, order=np.arange(len(rows)), **limits)
    shuffled = csr_array(case.covers.toarray()[rows][:, columns])
    other = propose_covering(shuffled, case.weights[columns], costs=case.costs[rows], order=np.array(rows), **limits)
    assert np.array(rows, dtype=int)[other.chosen].tolist() == plain.chosen.tolist()
    assert other.gains.tolist() == plain.gains.tolist()
    assert (other.objective, other.bound, other.status) == (plain.objective, plain.bound, plain.status)
    unordered = propose_covering(shuffled, case.weights[columns], costs=case.costs[rows], **limits)
    assert unordered.objective == pytest.approx(plain.objective, rel=1e-9)


def test_the_order_of_rows_changes_nothing_where_branching_is_needed() -> None:
    case = hard()
    rng = np.random.default_rng(1)
    plain = propose_covering(case.covers, case.weights, stations=12, order=np.arange(40))
    rows, columns = rng.permutation(40), rng.permutation(300)
    other = propose_covering(
        csr_array(case.covers.toarray()[rows][:, columns]), case.weights[columns], stations=12, order=rows
    )
    assert rows[other.chosen].tolist() == plain.chosen.tolist()
    assert other.objective == plain.objective > plain.greedy_objective


@settings(deadline=None, max_examples=100)
@given(cases(), st.data())
def test_reduction_changes_no_choice(case: Case, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(case.covers.shape[0])))
    small = reduce_covering(CoveringInstance(case.covers, case.weights, stations=3), order)
    assert small.candidates.tolist() == [row for row in np.argsort(order) if row in small.candidates]
    sets = [tuple(column) for column in small.instance.covers.toarray().T]
    assert len(set(sets)) == len(sets)
    chosen = data.draw(
        st.sets(st.sampled_from(range(small.candidates.size)) if small.candidates.size else st.nothing())
    )
    assert small.instance.covered_by(list(chosen)) == pytest.approx(case.covered(tuple(small.candidates[list(chosen)])))
    dropped = np.setdiff1d(np.arange(case.covers.shape[0]), small.candidates)
    assert case.covered(tuple(dropped)) == 0
    for point in np.flatnonzero(small.groups >= 0):
        column = case.covers.toarray()[small.candidates, point]
        assert tuple(column) == sets[small.groups[point]]


def test_merged_people_are_one_row() -> None:
    covers = csr_array(np.repeat(np.eye(3, dtype=bool), 100, axis=1))
    small = reduce_covering(CoveringInstance(covers, np.ones(300), stations=1))
    assert small.instance.weights.tolist() == [100.0, 100.0, 100.0]


def test_greedy_weighs_cost_where_money_is_short() -> None:
    covers = csr_array(np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]], dtype=bool))
    costs = np.array([100.0, 40.0, 50.0])
    instance = CoveringInstance(covers, np.array([10.0, 10.0, 10.0, 5.0]), costs, budget=100.0)
    assert greedy(instance).tolist() == [1, 2]


def test_a_free_candidate_that_adds_nobody_takes_no_place() -> None:
    covers = csr_array(np.array([[1, 0], [1, 0], [0, 1]], dtype=bool))
    instance = CoveringInstance(covers, np.array([9.0, 1.0]), np.array([0.0, 0.0, 5.0]), stations=2, budget=5.0)
    assert greedy(instance).tolist() == [0, 2]


def test_equals_go_by_cost_then_by_rank() -> None:
    covers, weights = csr_array(np.ones((4, 2), dtype=bool)), np.ones(2)
    costs = np.array([3.0, 2.0, 2.0, 2.0])
    assert propose_covering(covers, weights, stations=1, costs=costs).chosen.tolist() == [1]
    ranks = np.array([0, 3, 1, 2])
    assert propose_covering(covers, weights, stations=1, costs=costs, order=ranks).chosen.tolist() == [2]
    assert propose_covering(covers, weights, stations=1, order=ranks).chosen.tolist() == [0]


@pytest.mark.parametrize(
    ("covers", "limits"),
    [
        (np.ones((3, 2)), {"stations": 0}),
        (np.zeros((0, 2)), {"stations": 2}),
        (np.zeros((3, 2)), {"stations": 2}),
        (np.ones((3, 2)), {"budget": 9.0, "costs": np.full(3, 10.0)}),
        (np.ones((3, 2)), {"budget": 0.0, "costs": np.full(3, 10.0)}),
        (np.zeros((0, 2)), {"budget": 5.0, "costs": np.zeros(0)}),
    ],
    ids=["no stations", "no candidates", "nobody within reach", "all too dear", "no money", "nothing at all"],
)
def test_nothing_to_choose(covers: NDArray[np.float64], limits: dict[str, Any]) -> None:
    plan = propose_covering(csr_array(covers.astype(bool)), np.ones(2), **limits)
    assert (plan.objective, plan.bound, plan.status, plan.stopped_by) == (0.0, 0.0, "optimal", "proved")
    assert plan.chosen.size == plan.gains.size == 0
    assert plan.optimality_gap == 0


def test_nobody_left_to_cover() -> None:
    assert propose_covering(csr_array(np.ones((3, 2), dtype=bool)), np.zeros(2), stations=1).status == "optimal"
    assert propose_covering(csr_array((3, 0), dtype=bool), np.zeros(0), stations=1).objective == 0


def test_more_stations_than_are_of_use() -> None:
    covers = csr_array(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=bool))
    plan = propose_covering(covers, np.ones(3), stations=99)
    assert plan.chosen.tolist() == [0, 2]
    assert plan.gains.tolist() == [2.0, 1.0]
    assert plan.solver == "greedy"


def test_stored_falses_and_doubles_do_not_count() -> None:
    covers = csr_array((np.array([True, True, False, True]), ([0, 0, 0, 1], [0, 0, 1, 1])), shape=(2, 2))
    stored = csr_array((np.array([True, True, False, True]), np.array([0, 0, 1, 1]), np.array([0, 3, 4])), shape=(2, 2))
    for matrix in (covers, stored):
        plan = propose_covering(matrix, np.array([5.0, 7.0]), stations=1)
        assert (plan.chosen.tolist(), plan.objective) == ([1], 7.0)
    assert clean(stored).nnz == 2
    with pytest.raises(ValueError, match="each pair once"):
        CoveringInstance(stored, np.ones(2), stations=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.array([1.0])}, "weights has shape"),
        ({"weights": np.array([1.0, -1.0])}, "weights must be finite"),
        ({"weights": np.array([1.0, np.nan])}, "weights must be finite"),
        ({"costs": np.array([1.0])}, "costs has shape"),
        ({"budget": 5.0, "costs": np.array([1.0, np.nan, 2.0])}, "costs must be finite"),
        ({"budget": 5.0}, "needs costs"),
        ({"budget": -1.0, "costs": np.ones(3)}, "budget is -1.0"),
        ({"stations": -1}, "stations is -1"),
        ({"stations": None}, "give stations"),
        ({"order": np.arange(2)}, "order has shape"),
    ],
)
def test_what_no_problem_can_mean_is_refused(change: dict[str, Any], message: str) -> None:
    arguments = {"weights": np.ones(2), "stations": 1} | change
    with pytest.raises(ValueError, match=message):
        propose_covering(csr_array(np.ones((3, 2), dtype=bool)), **arguments)


def test_a_choice_within_the_solvers_tolerance_but_over_the_budget_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    covers = csr_array(np.eye(3, dtype=bool)[:, [0, 0, 1, 2]])
    weights, costs = np.array([4.0, 4.0, 7.5, 1.0]), np.array([0.5, 0.5 + 4e-10, 0.4])
    plan = propose_covering(covers, weights, budget=1.0, costs=costs)
    assert plan.chosen.tolist() == [0, 2]
    assert (plan.objective, plan.status) == (9.0, "optimal")
    exactly = propose_covering(covers, weights, budget=1.0, costs=np.array([0.5, 0.5, 0.4]))
    assert exactly.objective == 15.5
    monkeypatch.setattr(exact, "_ENDS", {})
    stopped = propose_covering(covers, weights, budget=1.0, costs=costs)
    assert (stopped.objective, stopped.status, stopped.stopped_by) == (9.0, "feasible", "solver")


@pytest.mark.parametrize("nodes", [0, 1])
def test_at_a_limit_of_nodes_nothing_is_called_optimal_unproved(nodes: int) -> None:
    case = hard(sites=60, points=400)
    plan = propose_covering(case.covers, case.weights, stations=12, max_nodes=nodes)
    assert (plan.status, plan.stopped_by) == ("feasible", "nodes")
    assert plan.bound > plan.objective >= plan.greedy_objective
    assert plan.optimality_gap == (plan.bound - plan.objective) / plan.objective
    again = propose_covering(case.covers, case.weights, stations=12, max_nodes=nodes)
    assert (again.chosen.tolist(), again.bound) == (plan.chosen.tolist(), plan.bound)


def test_at_the_safety_stop_the_greedy_choice_stands_with_its_bound() -> None:
    case = hard(sites=60, points=400)
    plan = propose_covering(case.covers, case.weights, stations=12, time_limit_s=0.0)
    assert (plan.status, plan.stopped_by) == ("feasible", "time")
    assert plan.objective == plan.greedy_objective
    assert math.isfinite(plan.bound)
    assert plan.bound > plan.objective


def test_an_interrupted_search_returns_what_it_has() -> None:
    case = hard(sites=200, points=4000)
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    started = threading.Event()

    def start(_stage: str, done: int, _total: int) -> None:
        if done == 2:
            timer.start()
            started.set()

    plan = propose_covering(case.covers, case.weights, stations=60, progress=start)
    assert started.is_set()
    assert (plan.status, plan.stopped_by) == ("feasible", "interrupt")
    assert plan.bound > plan.objective >= plan.greedy_objective


def test_a_scheduler_made_by_others_does_not_matter() -> None:
    other = highspy.Highs()
    for name, value in {"output_flag": False, "threads": 2}.items():
        other.setOptionValue(name, value)
    other.addVar(0.0, 1.0)
    other.run()
    case = hard()
    plan = propose_covering(case.covers, case.weights, stations=12)
    assert (plan.status, plan.solver) == ("optimal", exact.solver_name())


def test_a_solver_that_gives_up_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "_ENDS", {})
    case = hard()
    plan = propose_covering(case.covers, case.weights, stations=12)
    assert (plan.status, plan.stopped_by) == ("feasible", "solver")
    assert plan.bound > plan.objective


def test_progress_tells_the_stages() -> None:
    seen: list[tuple[str, int, int]] = []
    case = hard()
    propose_covering(case.covers, case.weights, stations=3, progress=lambda *step: seen.append(step))
    assert seen == [("solve", done, 3) for done in range(4)]


SAN_FRANCISCO = {
    5000.0: {1: 448_255, 2: 671_938, 3: 791_499, 4: 875_247},
    3000.0: {1: 239_817, 2: 377_803, 3: 481_826, 4: 557_571},
}


@pytest.mark.parametrize(
    ("metres", "stations"), [(metres, p) for metres, optima in SAN_FRANCISCO.items() for p in optima]
)
def test_san_francisco(shared: Path, metres: float, stations: int) -> None:
    folder = shared / "instances" / "spopt_sf"
    with (folder / "SF_demand_205_centroid_uniform_weight.csv").open(encoding="utf-8") as file:
        people = {row["NAME"]: float(row["POP2000"]) for row in csv.DictReader(file)}
    with (folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv").open(encoding="utf-8") as file:
        pairs = [(row["name"], row["DestinationName"], float(row["distance"])) for row in csv.DictReader(file)]
    stores = {name: number for number, name in enumerate(sorted({store for store, _, _ in pairs}))}
    tracts = {name: number for number, name in enumerate(people)}
    near = [(stores[store], tracts[tract]) for store, tract, distance in pairs if distance <= metres]
    rows, columns = zip(*near, strict=True)
    covers = csr_array((np.ones(len(near), dtype=bool), (rows, columns)), shape=(len(stores), len(tracts)))
    plan = propose_covering(covers, np.array(list(people.values())), stations=stations)
    assert (plan.objective, plan.status) == (SAN_FRANCISCO[metres][stations], "optimal")
