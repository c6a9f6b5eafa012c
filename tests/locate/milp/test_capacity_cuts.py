"""Rows of neighbourhoods: kept by every choice of whole sites, broken by the points that they are made for."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from siting.domain.nouns import Floats
from siting.locate.milp.capacity_cuts import CapacityCut, Flows, flows_of, violated_cuts

SITES, AREAS = 5, 6


def _made(seed: int, sizes: list[float], persons: list[float]) -> tuple[Flows, Floats, Floats]:
    """Random people, and the point of fractions at which most are served."""
    rng = np.random.default_rng(seed)
    group, cut = np.nonzero(rng.random((AREAS, SITES)) < 0.5)
    count, capacity = rng.choice(persons, AREAS), rng.choice(sizes, SITES)
    flows = flows_of(group, cut, count[group], capacity)
    point = _best(flows, group, cut, stations=1.0 + 2.0 * rng.random(), gain=count[group])
    return flows, point[:SITES], point[SITES:]


def _best(flows: Flows, group: Floats, cut: Floats, *, stations: float, gain: Floats) -> Floats:
    """The linear relaxation by another solver: sites first, then the share of each pair."""
    pairs = np.arange(len(group))
    width = SITES + len(group)
    above, side = [np.repeat([1.0, 0.0], [SITES, len(group)])], [stations]
    for area in np.unique(group):
        above.append(np.isin(np.arange(width), SITES + pairs[group == area]).astype(float))
        side.append(1.0)
    for pair in pairs:
        line = np.zeros(width)
        line[SITES + pair], line[cut[pair]] = 1.0, -1.0
        above.append(line)
        side.append(0.0)
    for site in np.flatnonzero(np.isfinite(flows.capacity)):
        line = np.zeros(width)
        line[SITES + pairs[cut == site]], line[site] = gain[cut == site], -flows.capacity[site]
        above.append(line)
        side.append(0.0)
    cost = np.concatenate([np.zeros(SITES), -gain])
    return np.asarray(linprog(cost, np.array(above), np.array(side), bounds=(0, 1)).x)


def _most(flows: Flows, opened: tuple[int, ...], cut: CapacityCut) -> float:
    """The greatest left side of a row with sites given: flows of persons by another solver."""
    pair_site, pair_area = flows.site[flows.pair_of], flows.pair_area[flows.pair_of]
    variables = [each for each in cut.variables.tolist() if opened[pair_site[each]]]
    fixed = -sum(weight * opened[site] for weight, site in zip(cut.weights, cut.sites, strict=True))
    if not variables:
        return fixed
    above = [[float(pair_area[each] == area) for each in variables] for area in range(len(flows.persons))]
    side = flows.persons.tolist()
    for site in np.flatnonzero(np.isfinite(flows.capacity)):
        above.append([float(pair_site[each] == site) for each in variables])
        side.append(flows.capacity[site])
    return fixed - float(linprog(-np.ones(len(variables)), above, side).fun)


@pytest.mark.parametrize("sizes", [[10.0], [7.0, 12.0], [5.0, 16.0, np.inf], [0.0, 4.4, 9.1]])
def test_every_choice_of_whole_sites_keeps_to_the_rows_and_the_point_does_not(sizes: list[float]) -> None:
    found = 0
    for seed in range(12):
        flows, opened, shares = _made(seed, sizes, [1.0, 4.0, 6.0, 9.0, 3.3])
        for cut in violated_cuts(flows, opened, shares):
            found += 1
            left = cut.persons @ shares[cut.variables] - cut.weights @ opened[cut.sites]
            assert left - cut.most == pytest.approx(cut.violation, abs=1e-9)
            assert cut.violation > 0
            for choice in itertools.product((0, 1), repeat=SITES):
                assert _most(flows, choice, cut) <= cut.most + 1e-7
    assert found >= 3


def test_half_a_station_more_serves_half_of_what_is_left_over() -> None:
    # 1,200 persons, stations of 800: one serves 800 and leaves 400, of which half a station more may serve 200.
    flows = flows_of(np.zeros(2, dtype=np.int64), np.arange(2), np.full(2, 1200.0), np.full(2, 800.0))
    (cut,) = violated_cuts(flows, np.array([0.75, 0.75]), np.array([0.5, 0.5]))
    assert cut.violation == pytest.approx(200.0)
    assert cut.weights.tolist() == [400.0, 400.0]
    assert cut.most == 400.0


def test_a_site_that_few_can_reach_counts_for_no_more_than_they_are() -> None:
    # As above, with a third site whose 30 persons are among the 1,200.
    group, cut = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 2])
    flows = flows_of(group, cut, np.array([1170.0, 1170.0, 30.0, 30.0, 30.0]), np.full(3, 800.0))
    shares = np.array([0.5, 0.5, 0.25, 0.25, 0.5])
    found = violated_cuts(flows, np.array([0.74, 0.74, 0.02]), shares)
    weights = [dict(zip(each.sites.tolist(), each.weights.tolist(), strict=True)) for each in found]
    assert {0: 400.0, 1: 400.0, 2: 30.0} in weights


def test_whole_sites_break_nothing() -> None:
    flows = flows_of(np.zeros(2, dtype=np.int64), np.arange(2), np.full(2, 1200.0), np.full(2, 800.0))
    assert violated_cuts(flows, np.array([1.0, 1.0]), np.array([0.5, 0.5])) == []
    assert violated_cuts(flows, np.array([1.0, 0.0]), np.array([2 / 3, 0.0])) == []


def test_without_limits_there_are_no_rows() -> None:
    flows = flows_of(np.zeros(2, dtype=np.int64), np.arange(2), np.full(2, 1200.0), np.full(2, np.inf))
    assert violated_cuts(flows, np.array([0.5, 0.5]), np.array([0.5, 0.5])) == []


def test_groups_with_the_same_sites_are_one_area() -> None:
    group, cut = np.array([7, 3, 3, 7, 5]), np.array([2, 2, 0, 0, 2])
    flows = flows_of(group, cut, np.array([10.0, 4.0, 4.0, 10.0, 1.0]), np.full(3, 5.0))
    assert flows.persons.tolist() == [14.0, 1.0]
    assert flows.start.tolist() == [0, 2, 3]
    assert flows.site.tolist() == [0, 2, 2]
    assert flows.place.tolist() == [0, 1, 1, 3]
    assert flows.area.tolist() == [0, 0, 1]
    assert flows.pair_of.tolist() == [1, 1, 0, 0, 2]
    assert flows.of(np.array([0.5, 0.25, 0.0, 1.0, 1.0])).tolist() == [10.0, 6.0, 1.0]
