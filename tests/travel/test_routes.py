"""Routes: the times of walking, leg by leg, by hand and against the kernel on random networks and on the sample."""

import itertools
import math
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from siting import read_scenario
from siting.domain.explained import Route, Spot
from siting.domain.nouns import Network, quiet
from siting.domain.scenario import Walking
from siting.domain.walkers import WALKERS
from siting.pipeline import ground as ground_of
from siting.places import in_circle
from siting.travel import StraightLines, WalkingNetwork, prepare_network
from siting.travel.network import attach
from siting.travel.routes import Heading, route, way_to_nearest
from siting.travel.walks import Limits, walk_between
from tests.drawing import examples
from tests.helpers import CORNER, METRIC, facilities, network, raster

ELDER = WALKERS["elder"]
STREET = network([[(100.0 * i, 0.0), (100.0 * (i + 1), 0.0)] for i in range(20)])


def at(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[x, y]], dtype=float) + CORNER


def prepared(streets: Network, terrain: Any = None) -> WalkingNetwork:
    return prepare_network(streets, terrain, ELDER, METRIC)


def way(ways: Any, place: Any, site: Any, heading: Heading = "to_facility", **walking: Any) -> Route | None:
    return route(ways, (at(*place), at(*site)), 0.0, Walking(**walking), 7200.0, way=heading)


def nearest(ways: Any, place: tuple[float, float], sites: dict[str, tuple[float, float]], **walking: Any) -> Any:
    circle = facilities({key: (xy, {"name": f"{key} name"}) for key, xy in sites.items()})
    spot = Spot(place[0] + CORNER[0], place[1] + CORNER[1], 0.0, None, 0.0)
    return way_to_nearest(ways, spot, circle, Walking(**walking))


def test_a_route_is_walked_leg_by_leg() -> None:
    found = way(prepared(STREET), (520, 60), (20, 120))
    assert found is not None
    legs = found.legs
    assert legs["kind"].tolist() == ["approach", *["street"] * 6, "approach"]
    assert legs["metres"].tolist() == pytest.approx([60, 20, 100, 100, 100, 100, 80, 120])
    assert found.seconds == pytest.approx(680 / 0.8)
    # From the place to the site, each leg beginning where the last one ends.
    line = [shapely.get_coordinates(leg) - CORNER for leg in legs.geometry]
    assert line[0][0].tolist() == pytest.approx([520, 60])
    assert line[-1][-1].tolist() == pytest.approx([20, 120])
    for one, other in itertools.pairwise(line):
        assert one[-1].tolist() == pytest.approx(other[0].tolist(), abs=1e-6)
    assert found.line.length == pytest.approx(680)


def test_the_way_back_begins_at_the_site() -> None:
    found = way(prepared(STREET), (520, 60), (20, 120), "from_facility")
    assert found is not None
    assert (shapely.get_coordinates(found.legs.geometry.iloc[0])[0] - CORNER).tolist() == pytest.approx([20, 120])
    assert (shapely.get_coordinates(found.legs.geometry.iloc[-1])[-1] - CORNER).tolist() == pytest.approx([520, 60])


def test_points_of_one_edge_walk_along_it_or_round_the_block() -> None:
    street = prepared(network([[(0, 0), (2000, 0)]]))
    for place, site in (((600, 0), (1400, 80)), ((1400, 80), (600, 0))):
        found = way(street, place, site)
        assert found is not None
        assert sorted(found.legs["metres"].tolist()) == pytest.approx([80, 800])
    block = prepared(network([[(0, 0), (1000, 0), (1000, 10), (0, 10)], [(0, 0), (0, 10)]]))
    found = way(block, (10, 10), (0, 0))
    assert found is not None
    assert found.legs["metres"].tolist() == pytest.approx([10, 10])


def test_of_parallel_edges_the_quicker_is_told() -> None:
    bow = network([[(0, 0), (250, 800), (500, 0)], [(0, 0), (500, 0)], [(500, 0), (1500, 0)]])
    found = way(prepared(bow), (600, 0), (0, 0))
    assert found is not None
    assert found.legs["edge"].tolist() == [2, 1]


def test_edges_of_no_length_lead_nowhere_in_circles() -> None:
    # Pairs of nodes no tick apart, with parallel arcs of no time between them.
    tiny = 1e-9
    lines = [[(0, 0), (700, 0)], [(700, 0), (700, tiny)], [(700, tiny), (700, 0)], [(700, tiny), (1400, 0)]]
    found = way(prepared(network(lines)), (1300, 0), (100, 0))
    assert found is not None
    assert found.seconds == pytest.approx(1200 / 0.8)


def test_slope_and_stairs_are_told_apart() -> None:
    # 10 % up over 400 m of street, then 100 m of stairs that climb 30 m more.
    lines = [([(-700, 0), (0, 0)], "street"), ([(0, 0), (400, 0)], "street"), ([(400, 0), (500, 0)], "stairs")]
    lines.append(([(500, 0), (1000, 0)], "street"))
    columns = np.arange(-800.0, 1100.0, 10.0) + 5.0
    heights = np.interp(columns, [0.0, 400.0, 500.0], [0.0, 40.0, 70.0])
    terrain = raster(np.tile(heights, (6, 1)), cell=10.0, left=-800.0, bottom=-30.0)
    ways = prepared(network(lines), terrain)
    up, down = way(ways, (0, 0), (500, 0)), way(ways, (0, 0), (500, 0), "from_facility")
    assert up is not None
    assert down is not None
    assert up.legs["flat_seconds"].sum() == pytest.approx(500 / 0.8)
    street = up.legs[up.legs["kind"] == "street"]["seconds"].sum()
    # Tobler: exp(-3.5 × 0.10) of the speed on the flat; the raster rounds the kinks.
    assert street == pytest.approx(400 / 0.8 * math.exp(0.35), rel=0.01)
    assert up.legs["slope_seconds"].sum() == pytest.approx(street + 100 / 0.8)
    stairs = up.legs[up.legs["kind"] == "stairs"].iloc[0]
    assert stairs["seconds"] == pytest.approx(math.hypot(100, 30) / 0.485, rel=0.01)
    assert up.legs["up_m"].sum() == pytest.approx(70, abs=1)
    assert up.legs["down_m"].sum() == pytest.approx(0, abs=0.5)
    assert (down.legs["up_m"].sum(), down.legs["down_m"].sum()) == pytest.approx((0, 70), abs=1)
    assert down.seconds < up.seconds


def test_where_there_is_no_way_there_is_no_route() -> None:
    streets = prepared(network([[(0, 0), (2000, 0)], [(0, 1000), (2000, 1000)]]))
    assert way(streets, (100, 1000), (0, 0)) is None
    assert way(streets, (100, 500), (0, 0)) is None


def test_reasons_and_the_search_beyond_the_longest_time() -> None:
    streets = prepared(network([[(0, 0), (4000, 0)], [(0, 1000), (2000, 1000)]]))
    sites = {"a": (0.0, 0.0)}
    told = {
        place: nearest(streets, place, sites, max_minutes=20) for place in ((100, 0), (900, 0), (2000, 0), (3900, 0))
    }
    assert [each.reason for each in told.values()] == ["covered", "beyond_circle", *["beyond_max_minutes"] * 2]
    # 2,000 m are 41.7 minutes, within three times 20; 3,900 m are not.
    assert told[2000, 0].seconds == pytest.approx(2500)
    assert told[2000, 0].route.seconds == pytest.approx(2500)
    assert (told[3900, 0].nearest, told[3900, 0].route) == (None, None)
    assert told[3900, 0].straight_m == pytest.approx(3900)
    island, field = nearest(streets, (100, 1000), sites), nearest(streets, (100, 500), sites)
    assert (island.reason, island.joining.size, island.joining.linked) == ("cut_off", pytest.approx(2.0), False)
    assert (field.reason, field.joining.metres, field.joining.limit_m) == ("off_network", pytest.approx(500), 200)


def test_without_any_facility_of_the_circle_nothing_is_nearest() -> None:
    found = nearest(prepared(STREET), (100, 0), {})
    assert (found.nearest, found.reason, math.isinf(found.straight_m)) == (None, "cut_off", True)


def test_straight_lines_are_one_leg() -> None:
    found = nearest(
        StraightLines(0.8), (300, 400), {"a": (0.0, 0.0), "b": (900.0, 0.0)}, mode="straight_line", detour=1.2
    )
    assert (found.nearest, found.name, found.reason) == ("a", "a name", "covered")
    assert found.route.legs["kind"].tolist() == ["straight_line"]
    assert found.route.legs["metres"].tolist() == pytest.approx([600.0])
    assert found.seconds == pytest.approx(750.0)


NODES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=4, max_size=9, unique=True)


@st.composite
def towns(draw: st.DrawFn) -> tuple[Network, list[tuple[float, float]]]:
    """A connected network of lines, bent at random, and some points."""
    nodes = draw(NODES)
    pairs = [(i, draw(st.integers(0, i - 1))) for i in range(1, len(nodes))]
    pairs += draw(st.lists(st.tuples(*[st.integers(0, len(nodes) - 1)] * 2).filter(lambda p: p[0] != p[1]), max_size=6))
    lines: list[Any] = []
    for one, other in pairs:
        ends = [tuple(90.0 * v for v in nodes[k]) for k in (one, other)]
        bend = draw(st.tuples(st.integers(0, 1000), st.integers(0, 1000)))
        kind = draw(st.sampled_from(["street", "street", "path", "stairs"]))
        shape = [ends[0], (float(bend[0]), float(bend[1])), ends[1]] if draw(st.booleans()) else ends
        lines.append((shape, kind))
    # A long street keeps the component, and gives people somewhere to join.
    lines.append(([tuple(90.0 * v for v in nodes[0]), (-1200.0, -50.0)], "street"))
    places = draw(st.lists(st.tuples(st.integers(-200, 1100), st.integers(-100, 1100)), min_size=2, max_size=2))
    return network(lines), [(float(x), float(y)) for x, y in places]


@settings(max_examples=examples(30), deadline=None)
@given(towns(), st.integers(0, 5), st.sampled_from(["to_facility", "from_facility"]))
def test_routes_take_as_long_as_the_walk(
    town: tuple[Network, list[tuple[float, float]]], seed: int, heading: Heading
) -> None:
    streets, (place, site) = town
    heights = np.random.default_rng(seed).normal(0.0, 8.0, (40, 70)).cumsum(axis=1) / 4
    ways = prepared(streets, raster(heights, cell=60.0, left=-1500.0, bottom=-600.0))
    near, door = (attach(ways, at(*xy), np.array([2000.0])) for xy in (place, site))
    walked = walk_between(ways, door, near, heading, Limits.plain(1, 7200.0))
    found = route(ways, (at(*place), at(*site)), 0.0, Walking(attach_limit_m=2000), 7200.0, way=heading)
    if not len(walked.seconds):
        assert found is None
        return
    assert found is not None
    assert found.seconds == pytest.approx(walked.seconds[0], abs=2e-3)
    assert len(found.legs) < 2 or found.line.is_valid
    ends = (at(*place)[0], at(*site)[0]) if heading == "to_facility" else (at(*site)[0], at(*place)[0])
    chain = np.concatenate([shapely.get_coordinates(leg) for leg in found.legs.geometry] or [np.zeros((0, 2))])
    if len(chain):
        assert chain[0] == pytest.approx(ends[0], abs=1e-5)
        assert chain[-1] == pytest.approx(ends[1], abs=1e-5)
    assert isinstance(found.legs, gpd.GeoDataFrame)


def test_on_the_sample_routes_take_as_long_as_the_check_says(sample: Path) -> None:
    scenario = read_scenario(sample)
    ground = ground_of.prepare(scenario, quiet)
    counting = in_circle(ground.facilities, scenario)
    access = ground_of.walk(ground.inputs, ground.demand, ground.ways, ground.facilities, counting, quiet)
    circle, walking = ground.facilities[counting], scenario.walking
    reached = np.flatnonzero(np.isfinite(access.cells["seconds"]))
    for row in np.random.default_rng(7).choice(reached, 30, replace=False):
        cell, told = ground.demand.cells.iloc[row], access.cells.iloc[row]
        spot = Spot(cell["x"], cell["y"], cell["half_diagonal_m"], None, 0.0)
        found = way_to_nearest(ground.network, spot, circle, walking)
        assert (found.nearest, found.reason) == (told["nearest"], told["reason"])
        assert found.seconds == pytest.approx(told["seconds"], abs=2e-3)
        # Slower of there and back.
        assert found.route is not None
        assert found.route.seconds == pytest.approx(told["seconds"], abs=2e-3)
        assert found.route.way == ("to_facility" if found.there_s >= found.back_s else "from_facility")
        flat, slope = (found.route.legs[key].sum() for key in ("flat_seconds", "slope_seconds"))
        assert flat - 1e-6 <= slope <= found.route.seconds + 1e-6
        assert flat == pytest.approx(found.route.legs["metres"].sum() / 0.8)
        assert found.route.legs.geometry.length.sum() == pytest.approx(found.route.legs["metres"].sum(), abs=0.05)


def test_the_way_to_a_facility_a_few_steps_away_is_told() -> None:
    # From one edge to the next, 12 m are 15 s: less than any margin of the search.
    found = nearest(prepared(STREET), (494, 0), {"a": (506.0, 0.0)})
    assert found.seconds == pytest.approx(15.0)
    assert (found.there_s, found.back_s) == (pytest.approx(15.0), pytest.approx(15.0))
    assert found.route is not None
