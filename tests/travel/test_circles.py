"""Service circles: the people that they hold, that they end where the time does, and that they leap no river."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from siting.domain.nouns import Demand, Inputs
from siting.domain.scenario import Scenario, Walking
from siting.domain.walkers import WALKERS
from siting.errors import InputError
from siting.places import make_demand
from siting.read import read_inputs, read_scenario
from siting.travel import WalkingNetwork, circles, prepare_network
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
    """Return the circles of sites, and the people that each reaches in time."""
    doors = attach(ways, sites, np.full(len(sites), walking.attach_limit_m))
    people = attach(ways, cells, np.full(len(cells), walking.attach_limit_m + 70.0))
    reach = walk_between(ways, doors, people, walking.direction, Limits.plain(len(sites), walking.minutes * 60))
    covered = reach.rows(np.arange(len(sites)))
    return walked_circles(ways, doors, sites, walking, cells, covered), covered


def wrong_share(circles: NDArray[np.object_], cells: Points, people: Points, covered: Sequence[Any]) -> float:
    """Return the people on the wrong side of the circles over those that the circles hold by their times."""
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


# --- large circles are worked out in tiles ----------------------------------------------------------------------------


def holes(ground: shapely.Geometry) -> int:
    return sum(len(part.interiors) for part in shapely.get_parts(ground))


@pytest.mark.parametrize("tile", [37, 64, 200])
def test_tiles_give_the_ground_that_the_whole_lattice_gives(
    tile: int, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, inputs, demand = district
    walking = scenario.walking
    ways = prepare_network(inputs.network, inputs.terrain, WALKERS["elder"], inputs.crs)
    sites = shapely.get_coordinates(inputs.facilities.geometry.to_numpy())[:4]
    cells = demand.cells[["x", "y"]].to_numpy()
    doors = attach(ways, sites, np.full(len(sites), walking.attach_limit_m))
    monkeypatch.setattr(circles, "_TILE", tile)
    span = int(np.ceil((walking.minutes * 60 + 15) * ways.fastest / circles.LATTICE_M))
    corners = np.floor(sites / circles.LATTICE_M).astype(np.int64) - span
    fields = circles._fields(ways, doors, corners, (2 * span + 2, 2 * span + 2), walking)
    for site in range(len(sites)):
        whole = circles._within(corners[site], fields[site], walking.minutes * 60)
        tiled = circles._tiled(ways, doors.take([site]), sites[[site]], walking, span)
        # No seam where tiles meet, and no ground lost or gained.
        assert shapely.is_valid(tiled)
        assert shapely.symmetric_difference(whole, tiled).area < 1e-6
        assert (shapely.get_num_geometries(tiled), holes(tiled)) == (shapely.get_num_geometries(whole), holes(whole))
    plain, covered = drawn(ways, sites, cells, walking)
    monkeypatch.setattr(circles, "_MOST_POINTS", 0)
    pieced, _ = drawn(ways, sites, cells, walking)
    for one, other, rows in zip(plain, pieced, covered, strict=True):
        # Straightened borders may differ by a hair; the people in a circle does not.
        assert shapely.symmetric_difference(one, other).area < 1e-3 * one.area
        assert (shapely.contains_xy(one, cells) == shapely.contains_xy(other, cells)).all()
        assert shapely.contains_xy(other, cells[rows]).mean() > 0.99


def test_fewer_sites_at_a_time_give_the_same_circles(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, inputs, demand = district
    assert inputs.network is not None
    ways = prepare_network(inputs.network, inputs.terrain, WALKERS["elder"], inputs.crs)
    sites = shapely.get_coordinates(inputs.facilities.geometry.to_numpy())[:5]
    whole, _ = drawn(ways, sites, demand.cells[["x", "y"]].to_numpy(), scenario.walking)
    # A lattice of this district has some 60,000 points a site: one site at a time.
    monkeypatch.setattr(circles, "_MOST_POINTS", 100_000)
    alone, _ = drawn(ways, sites, demand.cells[["x", "y"]].to_numpy(), scenario.walking)
    assert [shapely.to_wkb(shape) for shape in whole] == [shapely.to_wkb(shape) for shape in alone]


def test_a_circle_of_a_fast_walker_fits_into_memory_and_ends_with_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    ways = prepare_network(
        network([((0, 0), (800, 0)), ((800, 0), (800, 600))]), None, replace(WALKERS["fit"], flat=15.0), METRIC
    )
    walking = Walking(minutes=1440, max_minutes=1440, attach_limit_m=50)
    sites, cells = CORNER + np.array([[100.0, 10.0]]), CORNER + np.array([[790.0, 590.0], [5000.0, 0.0]])
    sizes = []
    laid = circles._fields

    def spy(*args: Any) -> list[Points]:
        sizes.append(args[3][0] * args[3][1])
        return laid(*args)

    monkeypatch.setattr(circles, "_fields", spy)
    (circle,), covered = drawn(ways, sites, cells, walking)
    # The whole lattice would have had 1.2e11 points; the network with its surroundings has some 12,000.
    assert sum(sizes) < 15_000
    assert covered[0].tolist() == [0]
    assert shapely.contains_xy(circle, *cells[0])
    # Everything within 50 m of the lines is reached, drawn inwards by 3 m.
    around = shapely.buffer(shapely.union_all(ways.geometry), 50.0)
    assert shapely.symmetric_difference(circle, shapely.buffer(around, -3.0)).area < 0.15 * around.area


def test_a_circle_that_no_memory_holds_is_refused_before_it_is_made() -> None:
    ways = prepare_network(
        network([((0, 0), (400_000, 0)), ((0, 0), (0, 400_000))]), None, replace(WALKERS["fit"], flat=15.0), METRIC
    )
    walking = Walking(minutes=1440, max_minutes=1440)
    with pytest.raises(InputError) as refused:
        drawn(ways, CORNER + np.array([[100.0, 10.0]]), CORNER + np.array([[390.0, 290.0]]), walking)
    assert refused.value.faults[0].code == "circles_too_large"


SMALL_MEMORY = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
from dataclasses import replace
import numpy as np
from siting.domain.scenario import Walking
from siting.domain.walkers import WALKERS
from siting.travel import prepare_network
from siting.travel.circles import walked_circles
from siting.travel.network import attach
from tests.helpers import CORNER, METRIC, network

lines = [((0, 0), (3000, 0)), ((3000, 0), (3000, 3000))]
ways = prepare_network(network(lines), None, replace(WALKERS["fit"], flat=15.0), METRIC)
walking = Walking(minutes=1440, max_minutes=1440)
sites = CORNER + np.array([[100.0, 0.0], [2000.0, 0.0]])
doors = attach(ways, sites, np.full(2, 200.0))
circles = walked_circles(ways, doors, sites, walking, sites, [np.array([0, 1]), np.array([0, 1])])
print(round(circles[0].area / 1e4))
"""


def test_circles_that_asked_for_terabytes_are_drawn_in_four_gibibytes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SMALL_MEMORY], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    # Two lines of 3 km, 200 m to each side, drawn inwards by 3 m, with round ends: some 240 ha.
    assert 225 <= int(done.stdout) <= 255
