"""Networks of tiers against every choice of sites and every way to lead the children."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from siting.domain.requirements import Requirement
from siting.locate.milp.network import Network, ParentLinks, design_network
from siting.locate.problem import Effort, Problem, Rules
from tests.drawing import examples
from tests.locate.milp.test_compliance import allowed, case, land, short

SEEDS = st.integers(0, 10_000_000)
NONE = np.zeros(0, dtype=np.int64)


def network(seed: int) -> tuple[Problem, list[Requirement], ParentLinks]:
    """Draw a request of compliance with people, and links: new and existing children and parents, with room."""
    problem, needs = case(seed)
    rng = np.random.default_rng(seed + 1)
    sites, points = problem.sites, 7
    reach = rng.random((sites, points)) < 0.4
    problem = replace(problem, times=csr_array(reach * 60.0), people=rng.integers(0, 50, points).astype(np.float64))
    tier = rng.integers(0, 3, sites)
    place = np.arange(sites) if problem.rules.place is None else problem.rules.place
    free = np.flatnonzero(~problem.kept)
    children = [free[(place[free] == each) & (tier[free] == 0)] for each in np.unique(place[free])]
    parents = [free[(place[free] == each) & (tier[free] > 0)] for each in np.unique(place[free])]
    children = [each for each in children if len(each)] + [NONE] * int(rng.integers(0, 3))
    parents = [each for each in parents if len(each)] + [NONE] * int(rng.integers(0, 2))
    every = [(c, p) for c in range(len(children)) for p in range(len(parents)) if rng.random() < 0.6]
    links = ParentLinks(
        children=tuple(children),
        parents=tuple(parents),
        room=np.where(rng.random(len(parents)) < 0.6, rng.integers(0, 3, len(parents)).astype(np.float64), np.inf),
        pairs=np.array(every, dtype=np.int64).reshape(-1, 2),
        metres=rng.integers(0, 900, len(every)).astype(np.float64),
    )
    return problem, needs, links


def best_links(links: ParentLinks, opened: set[int]) -> tuple[int, int, float]:
    """Return the fewest new and existing children without a parent, and the least metres, of all assignments."""
    there = [c for c, sites in enumerate(links.children) if not len(sites) or opened & set(sites.tolist())]
    may: list[list[int | None]] = [
        [None]
        + [
            number
            for number, (c, p) in enumerate(links.pairs.tolist())
            if c == child and (not len(links.parents[p]) or opened & set(links.parents[p].tolist()))
        ]
        for child in there
    ]
    found = (math.inf, math.inf, math.inf)
    for chosen in itertools.product(*may):
        taken = [int(links.pairs[each, 1]) for each in chosen if each is not None]
        if all(taken.count(parent) <= links.room[parent] for parent in set(taken)):
            alone = [child for child, each in zip(there, chosen, strict=True) if each is None]
            old = sum(1 for child in alone if not len(links.children[child]))
            found = min(found, (len(alone) - old, old, sum(links.metres[each] for each in chosen if each is not None)))
    return found  # type: ignore[return-value]


def values_of(
    problem: Problem, needs: list[Requirement], links: ParentLinks, chosen: tuple[int, ...]
) -> tuple[float, ...]:
    """Return the objectives of a choice, all to be least: shortfalls by rank, existing children left, people left."""
    opened = set(chosen) | set(np.flatnonzero(problem.kept).tolist())
    ranks = sorted({need.rank for need in needs if short(need, ()) > 1e-9})
    shorts = [round(sum(short(need, chosen) for need in needs if need.rank == rank), 9) for rank in ranks]
    reach = problem.times.toarray() > 0
    covered = sum(
        problem.people[point] for point in range(reach.shape[1]) if any(reach[site, point] for site in opened)
    )
    return (*shorts, float(best_links(links, opened)[1]), -float(covered))


def best_of_all(problem: Problem, needs: list[Requirement], links: ParentLinks) -> tuple[float, ...] | None:
    found = []
    for count in range(problem.sites + 1):
        for chosen in itertools.combinations(range(problem.sites), count):
            if allowed(problem, chosen):
                opened = set(chosen) | set(np.flatnonzero(problem.kept).tolist())
                if best_links(links, opened)[0] == 0:
                    found.append(values_of(problem, needs, links, chosen))
    return min(found, default=None)


@settings(deadline=None, max_examples=examples(84), derandomize=True)
@given(st.lists(SEEDS, min_size=6, max_size=6))
def test_the_network_is_the_best_of_all(seeds: list[int]) -> None:
    for seed in seeds:
        problem, needs, links = network(seed)
        best, found = best_of_all(problem, needs, links), design_network(problem, needs, links, Effort())
        assert found.stopped_by == "proved"
        if best is None:
            assert (found.status, found.stages, len(found.chosen)) == ("infeasible", (), 0)
            continue
        chosen = tuple(found.chosen.tolist())
        assert allowed(problem, chosen)
        assert values_of(problem, needs, links, chosen) == pytest.approx(best, abs=1e-8)
        assert all(stage.proved for stage in found.stages)
        check_links(problem, links, found)


def check_links(problem: Problem, links: ParentLinks, found: Network) -> None:
    """Check the links of a plan by their words, and that they are the shortest."""
    opened = set(found.chosen.tolist()) | set(np.flatnonzero(problem.kept).tolist())
    new, old, metres = best_links(links, opened)
    pairs = [tuple(links.pairs[each].tolist()) for each in found.links]
    led, leads = [c for c, _ in pairs], [p for _, p in pairs]
    assert len(set(led)) == len(led)
    for sets, used in ((links.children, led), (links.parents, leads)):
        assert all(not len(sets[each]) or opened & set(sets[each].tolist()) for each in used)
    assert all(leads.count(parent) <= links.room[parent] for parent in set(leads))
    there = sum(1 for sites in links.children if not len(sites) or opened & set(sites.tolist()))
    assert new == 0
    assert len(pairs) == there - old
    assert math.fsum(links.metres[list(found.links)]) == metres
    if links.existing.any() and found.stages:
        assert next(each.objective for each in found.stages if each.name == "unled") == old


def test_the_cases_link_leave_and_clash() -> None:
    drawn = [network(seed) for seed in range(150)]
    found = [design_network(*each, Effort()) for each in drawn]
    ends = [each.status for each in found]
    assert min(ends.count(each) for each in ("optimal", "relaxed", "infeasible")) >= 5
    assert sum(len(each.links) > 1 for each in found) > 20
    left = [stage.objective for each in found for stage in each.stages if stage.name == "unled"]
    assert min(sum(value == 0 for value in left), sum(value > 0 for value in left)) > 5


def test_a_station_brings_its_centre_or_stays_closed() -> None:
    # Site 0 covers 90, site 1 covers 50, both stations; only site 2, a centre that covers 10, can lead site 0.
    problem = Problem(csr_array(np.eye(3) * 60.0), np.array([90.0, 50.0, 10.0]), Rules(stations=2))
    links = ParentLinks(
        (np.array([0]), np.array([1])),
        (np.array([2]), NONE),
        np.array([np.inf, 1.0]),
        np.array([[0, 0], [1, 0], [1, 1]]),
        np.array([400.0, 100.0, 300.0]),
    )
    found = design_network(problem, [], links, Effort())
    assert (found.chosen.tolist(), found.objective, found.links) == ([0, 2], 100.0, (0,))
    one = design_network(problem.under(stations=1), [], links, Effort())
    # A station alone is led by the existing facility.
    assert (one.chosen.tolist(), one.links) == ([1], (2,))
    no_room = replace(links, room=np.array([np.inf, 0.0]))
    assert design_network(problem.under(stations=1), [], no_room, Effort()).chosen.tolist() == [2]


def test_clauses_go_before_people_and_an_orphan_before_them_too() -> None:
    problem = Problem(csr_array(np.eye(3) * 60.0), np.array([90.0, 20.0, 10.0]), Rules(stations=1))
    links = ParentLinks((NONE,), (np.array([1]),), np.array([2.0]), np.array([[0, 0]]), np.array([50.0]))
    orphan = design_network(problem, [], links, Effort())
    assert (orphan.chosen.tolist(), [each.name for each in orphan.stages]) == ([1], ["unled", "covered"])
    clause = design_network(problem, [land(1.0, [0.0, 0.0, 1.0])], links, Effort())
    assert (clause.chosen.tolist(), clause.status) == ([2], "optimal")
    assert [each.objective for each in clause.stages] == [0.0, 1.0, 10.0]
    assert clause.clauses == (("x/0@district",), (), ())


def test_with_capacity_people_are_served_within_it() -> None:
    rules = Rules(stations=2, capacity=np.array([30.0, 100.0, 5.0]))
    problem = Problem(csr_array(np.eye(3) * 60.0), np.array([90.0, 50.0, 10.0]), rules)
    links = ParentLinks((np.array([0]),), (np.array([2]),), np.array([1.0]), np.array([[0, 0]]), np.array([400.0]))
    found = design_network(problem, [], links, Effort())
    # Sites 0 and 2 together serve 35, site 1 with either of them at least 50: site 0 needs site 2.
    assert (found.chosen.tolist(), found.objective) == ([1, 2], 55.0)
    assert found.served is not None
    assert found.served.sum(axis=1).tolist() == [0.0, 50.0, 5.0]
