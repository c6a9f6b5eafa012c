"""Service circles: whom they hold, that they end where the time does, and that they leap no river."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from siting.domain.nouns import Demand, Inputs
from siting.domain.scenario import Scenario, Walking
from siting.domain.walkers import WALKERS
from siting.places import make_demand
from siting.read import read_inputs, read_scenario
from siting.travel import WalkingNetwork, prepare_network
from siting.travel.circles import sided, walked_circles
from siting.travel.nearest import nearest_lines, segments_of
from siting.travel.network import attach
from siting.travel.walks import Limits, walk_between
from tests.helpers import CORNER, METRIC, X0, Y0, at, network

Points = NDArray[np.float64]
District = tuple[Scenario, Inputs, Demand]

# How long after the cut-off a point of a circle may be reached, and how many may not.
LATE_S, LATE_SHARE = 30.0, 1e-4


def late(
    ways: WalkingNetwork, circles: NDArray[np.object_], places: Points, walking: Walking, count: int = 2000
) -> tuple[int, int]:
    """Return how many random points of the circles are reached too late or not at all, and how many there were."""
    rng, bad, tried = np.random.default_rng(11), 0, 0
    doors = attach(ways, places, np.full(len(places), walking.attach_limit_m))
    for site, circle in enumerate(circles):
        west, south, east, north = circle.bounds
        points = rng.uniform((west, south), (east, north), (3 * count, 2))
        points = points[shapely.contains_xy(circle, points)][:count]
        joined = attach(ways, points, np.full(len(points), walking.attach_limit_m))
        limits = Limits.plain(1, walking.minutes * 60 + LATE_S)
        found = walk_between(ways, doors.take([site]), joined, walking.direction, limits)
        bad, tried = bad + len(points) - len(found.target), tried + len(points)
    return bad, tried


@pytest.fixture(scope="module")
def district(sample: Path) -> District:
    """The sample district, read once."""
    scenario = read_scenario(sample)
    inputs = read_inputs(scenario)
    share = scenario.population.elderly_share
    demand = make_demand(
        inputs.population, inputs.units, inputs.crs, basis="resident_current", elderly_share=share, context_m=1500.0
    )
    return scenario, inputs, demand


def drawn(
    ways: WalkingNetwork, sites: Points, cells: Points, walking: Walking
) -> tuple[NDArray[np.object_], list[NDArray[np.int64]]]:
    """Return the circles of sites, and whom each reaches in time."""
    doors = attach(ways, sites, np.full(len(sites), walking.attach_limit_m))
    people = attach(ways, cells, np.full(len(cells), walking.attach_limit_m + 70.0))
    reach = walk_between(ways, doors, people, walking.direction, Limits.plain(len(sites), walking.minutes * 60))
    covered = reach.rows(np.arange(len(sites)))
    return walked_circles(ways, doors, sites, walking, cells, covered), covered


def wrong_share(circles: NDArray[np.object_], cells: Points, people: Points, covered: Sequence[Any]) -> float:
    """Return the people on the wrong side of the circles over those whom the circles hold by their times."""
    wrong = held = 0.0
    for circle, rows in zip(circles, covered, strict=True):
        wanted = np.isin(np.arange(len(cells)), rows)
        wrong += people[shapely.contains_xy(circle, cells) != wanted].sum()
        held += people[wanted].sum()
    return wrong / held


@pytest.mark.parametrize("walker", ["elder", "frail", "wheelchair"])
def test_circles_of_the_sample_hold_whom_the_times_hold_and_nobody_farther(district: District, walker: str) -> None:
    scenario, inputs, demand = district
    ways = prepare_network(inputs.network, inputs.terrain, WALKERS[walker], inputs.crs)
    cells = demand.cells[["x", "y"]].to_numpy()
    sites = shapely.get_coordinates(inputs.facilities.geometry.to_numpy())
    sites = sites[attach(ways, sites, np.full(len(sites), 200.0)).edge >= 0]
    circles, covered = drawn(ways, sites, cells, scenario.walking)
    assert all(circle.is_valid and circle.contains(shapely.Point(*site)) for circle, site in zip(circles, sites))  # noqa: B905
    assert wrong_share(circles, cells, demand.cells["elderly"].to_numpy(), covered) <= 0.005
    bad, tried = late(ways, circles, sites, scenario.walking)
    assert tried > 50_000
    assert bad <= LATE_SHARE * tried


def test_without_the_points_of_demand_few_people_are_on_the_wrong_side(district: District) -> None:
    # The lattice alone draws nearly the same circles: the points of demand bend their borders and no more.
    scenario, inputs, demand = district
    ways = prepare_network(inputs.network, inputs.terrain, WALKERS["elder"], inputs.crs)
    cells, sites = demand.cells[["x", "y"]].to_numpy(), shapely.get_coordinates(inputs.facilities.geometry.to_numpy())
    sites = sites[attach(ways, sites, np.full(len(sites), 200.0)).edge >= 0][:8]
    circles, covered = drawn(ways, sites, cells, scenario.walking)
    bare, _ = drawn(ways, sites, cells[:0], scenario.walking)
    assert wrong_share(bare, cells, demand.cells["elderly"].to_numpy(), covered) < 0.08
    changed = shapely.area(shapely.symmetric_difference(circles, bare)).sum()
    assert changed < 0.01 * shapely.area(circles).sum()


# Two banks, 300 m apart, and one bridge at the far end.
BANKS = [([(100.0 * i, y), (100.0 * (i + 1), y)], "street") for i in range(20) for y in (0.0, 300.0)]
RIVER = network([*BANKS, ([(600.0, 0.0), (600.0, 300.0)], "bridge")])


@pytest.mark.parametrize("walker", ["elder", "frail", "fit"])
def test_a_circle_crosses_a_river_only_by_the_bridge(walker: str) -> None:
    speed = WALKERS[walker].flat
    ways = prepare_network(RIVER, None, WALKERS[walker], METRIC)
    site = np.array([[400.0, 0.0]]) + CORNER
    for minutes in (10, 15, 20):
        walking = Walking(minutes=minutes, direction="to_facility")
        (circle,), _ = drawn(ways, site, np.zeros((0, 2)), walking)
        left = minutes * 60 * speed - 200 - 300
        far = shapely.LineString([(X0, Y0 + 300), (X0 + 2000, Y0 + 300)]).intersection(circle)
        if left <= 0:
            assert far.is_empty
            # Nor does it come nearer to the far bank than to its own.
            assert circle.bounds[3] <= Y0 + 150 + 7.5
        else:
            west, _, east, _ = far.bounds
            assert west == pytest.approx(X0 + max(600 - left, 0), abs=10)
            assert east == pytest.approx(X0 + 600 + left, abs=10)


def test_a_dead_end_across_a_fence_is_not_in_the_circle() -> None:
    # The lane 40 m north of the site is reached by a way of two kilometres.
    lane = [([(0, 40), (400, 40)], "path"), ([(400, 40), (400, 1000), (1000, 1000), (1000, 0)], "street")]
    ways = prepare_network(network([([(0, 0), (1000, 0)], "street"), *lane]), None, WALKERS["elder"], METRIC)
    site = np.array([[100.0, 0.0]]) + CORNER
    (circle,), _ = drawn(ways, site, np.zeros((0, 2)), Walking())
    assert circle.contains(at(150, 12))
    for place in ((100, 23), (100, 40), (300, 35), (300, 60)):
        assert not circle.contains(at(*place))


def test_points_of_demand_bend_the_border_or_have_ground_of_their_own() -> None:
    ground, site = shapely.box(0, 0, 100, 100), np.array([50.0, 50.0])
    cells = np.array([[105.0, 50.0], [95.0, 20.0], [30.0, 130.0], [50.0, 70.0], [20.0, 20.0]])
    found = sided(ground, site, cells, np.array([0, 2, 4]), 1000.0)
    assert shapely.contains_xy(found, cells).tolist() == [True, False, True, False, True]
    # The one that is 30 m away stands alone, the hole of the one inside too; the two at the border are joined to it.
    parts = shapely.get_parts(found)
    assert sorted(len(part.interiors) for part in parts) == [0, 1]
    assert found.symmetric_difference(ground).area < 250


def test_a_circle_of_nowhere_is_the_site_itself() -> None:
    found = sided(shapely.Polygon(), np.array([5.0, 5.0]), np.zeros((0, 2)), np.zeros(0, dtype=np.int64), 10.0)
    assert found.contains(shapely.Point(5, 5))
    assert found.area < 50


@pytest.mark.parametrize("seed", range(3))
def test_nearest_lines_are_those_of_shapely(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = shapely.linestrings(np.cumsum(rng.uniform(-120, 120, (40, 4, 2)), axis=1) + rng.uniform(0, 900, (40, 1, 2)))
    points, limit = rng.uniform(-400, 1300, (500, 2)), (10.0, 120.0, 5000.0)[seed]
    line, away, along = nearest_lines(segments_of(lines), np.arange(40), points, limit)
    every = shapely.distance(lines[None, :], shapely.points(points)[:, None])
    within = every.min(axis=1) <= limit
    assert (line >= 0).tolist() == within.tolist()
    assert line[within].tolist() == every.argmin(axis=1)[within].tolist()
    assert away[within] == pytest.approx(every.min(axis=1)[within])
    place = shapely.line_locate_point(lines[line[within]], shapely.points(points[within]))
    assert along[within] == pytest.approx(place, abs=1e-6)


def test_of_lines_at_the_same_distance_the_one_of_the_lowest_rank_is_nearest() -> None:
    fan = shapely.linestrings([[[0, 0], [x, 100]] for x in (-50, 0, 50)])
    for rank in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        found, _, _ = nearest_lines(segments_of(fan), np.array(rank), np.array([[3.0, -40.0]]), 100.0)
        assert rank[found[0]] == 0
